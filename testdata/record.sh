#!/usr/bin/env bash
# Records the captures of testdata that come from a real kernel: web.scap, shell.scap, threads.scap, containers.scap. As root, from the top folder:
#
#	testdata/record.sh [NAME...]
#
# Each is a run of one small program (testdata/record) under scry, in an empty environment and an empty directory, and then without the processes of
# the machine that have nothing to do with it (testdata/record/trim); containers.scap is what scry sees of some containers of dockerd and containerd. The golden output of testdata/script is of these very files: after a new
# recording run `go test . -run TestScripts -update`, and look at what has changed.
set -euo pipefail
cd "$(dirname "$0")/.."
top=$PWD
dir=/tmp/scry-record

record() {
	local name=$1 status=0
	shift
	rm -rf "$dir"
	mkdir "$dir" "$dir/work"
	CGO_ENABLED=0 go build -trimpath -o "$dir/scry" .
	gcc -static -O1 -pthread -o "$dir/threads" testdata/record/threads.c
	gcc -static -O1 -o "$dir/web" testdata/record/web.c
	cp testdata/record/shell.sh "$dir"
	echo 'It works.' > "$dir/work/index.html"
	(
		cd "$dir/work"
		for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			((fd <= 2)) || eval "exec $fd>&-"
		done
		exec env -i PATH=/usr/bin:/bin TZ=UTC setsid --wait ../scry --buffer 32M -w ../raw.scap -- "$@" </dev/null >../out 2>../err
	) || status=$?
	if grep -q 'were lost' "$dir/err"; then
		cat "$dir/err"
		return 1
	fi
	go run ./testdata/record/trim "$dir/raw.scap" "$dir/$name.scap"
	install -m 644 "$dir/$name.scap" "$top/testdata/$name.scap"
	echo "$name: $(stat -c %s "testdata/$name.scap") bytes, exit code $status"
	rm -rf "$dir"
}

# containers records what testdata/record/containers.sh starts.
containers() {
	rm -rf "$dir"
	mkdir -p "$dir/work"
	CGO_ENABLED=0 go build -trimpath -o "$dir/scry" .
	CGO_ENABLED=0 go build -trimpath -o "$dir/pod" ./testdata/record/pod
	(cd "$dir/work" && exec "$top/testdata/record/containers.sh") >"$dir/out" 2>&1 || { cat "$dir/out" && return 1; }
	if grep 'were lost' "$dir/work/err"; then
		return 1
	fi
	go run ./testdata/record/trim "$dir/work/raw.scap" "$dir/containers.scap"
	install -m 644 "$dir/containers.scap" testdata/containers.scap
	echo "containers: $(stat -c %s testdata/containers.scap) bytes"
	rm -rf "$dir"
}

(($#)) || set -- web shell threads containers
for name; do
	case $name in
	web) record web ../web ;;
	shell) record shell /bin/sh ../shell.sh ;;
	threads) record threads ../threads ;;
	containers) containers ;;
	*) echo "no capture $name" && exit 2 ;;
	esac
done
