#!/usr/bin/env bash
# run.sh [ARCH-SUITE...] boots kernels (all six) and runs the live tests of the packages below on them, two machines at a time. It fails when a test
# failed or did not end. KERNELS says where kernels are kept; with RESULTS=FILE a line for each test is appended there: verdict, kernel and package,
# name, reason of a skip, separated by tabs. TESTS='PACKAGE:REGEXP ...' runs others.
set -euo pipefail
cd "$(dirname "$0")/../.."

kernels=${KERNELS:-${XDG_CACHE_HOME:-$HOME/.cache}/scry-kernels}
suites=(amd64-bullseye arm64-bullseye amd64-bookworm arm64-bookworm amd64-trixie arm64-trixie)
tests=${TESTS:-'probe:^Test(Load|Waker) capture:^TestLive'}
limit=${LIMIT:-420} # seconds for a kernel

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# build ARCH makes the root folder for the kernels of an architecture.
build() {
	local root=$tmp/root-$1 t
	export GOOS=linux GOARCH=$1 CGO_ENABLED=0
	mkdir -p "$root"/{etc,dev,bin}
	go build -trimpath -ldflags '-s -w' -o "$root/init" ./testdata/kernels/init
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	echo 'root:x:0:' >"$root/etc/group"
	for t in $tests; do
		go test -c -trimpath -ldflags '-s -w' -o "$root/${t%%:*}.test" "./${t%%:*}"
		[[ ! -e $root/${t%%:*}.test ]] || echo "/${t%%:*}.test -test.v -test.timeout=6m -test.run=${t#*:}" >>"$root/commands"
	done
}

# try ARCH-SUITE boots a kernel and leaves its verdicts in $tmp/ARCH-SUITE.results.
try() {
	local name=$1 arch=${1%%-*} kernel began status=0
	kernel=$(testdata/kernels/get.sh "$arch" "${name#*-}" "$kernels/$name") || return 1
	began=$SECONDS
	testdata/kernels/boot.sh "$arch" "$kernel" "$tmp/root-$arch" "$limit" >"$tmp/$name.log" || status=$?
	kernel=$arch-$(sed 's/.*vmlinuz-\([0-9]*\.[0-9]*\).*/\1/' <<<"$kernel")
	awk -v kernel="$kernel" '
		/^=== (RUN|CONT|NAME) / { current = $3; next }
		/^ +[a-z0-9_]+\.go:[0-9]+: / { sub(/^ +/, ""); reason[current] = reason[current] ? reason[current] : $0 }
		/^ *--- (PASS|FAIL|SKIP): / { n++; verdict[n] = substr($2, 1, 4); test[n] = $3 }
		/^init: \/.*\.test: / {
			package = substr($2, 2, length($2) - 7)
			for (i = 1; i <= n; i++) print verdict[i] "\t" kernel "/" package "\t" test[i] "\t" reason[test[i]]
			if ($3 != "ok" || n == 0) print "FAIL\t" kernel "/" package "\t(package)\t"
			n = 0
			delete reason
		}
		/^init: end/ { end = 1 }
		END { if (!end) print "FAIL\t" kernel "/machine\t(did not reach its end)\t" }
	' "$tmp/$name.log" >"$tmp/$name.results"
	count() { grep -c "^$1" "$tmp/$name.results" || true; }
	printf '%s: %d passed, %d failed, %d skipped, %d s, of which %s to boot\n' "$kernel" "$(count PASS)" "$(count FAIL)" "$(count SKIP)" $((SECONDS - began)) \
		"$(sed -n 's/^.*init: up after //p' "$tmp/$name.log")"
	grep -o 'missing: .*' "$tmp/$name.log" | sort -u | sed 's/^/  /' || true
	awk -F '\t' '$1 != "PASS" { print "  " $1 " " $2 " " $3 ($4 ? ": " $4 : "") }' "$tmp/$name.results"
	if grep -q ^FAIL "$tmp/$name.results" || ((status != 0)); then
		sed 's/^/  | /' "$tmp/$name.log" | grep -v -- '=== \|--- PASS' | cut -c1-400 | tail -n "${LINES_OF_LOG:-60}"
		return 1
	fi
}

(($# == 0)) || suites=("$@")
for arch in $(printf '%s\n' "${suites[@]%%-*}" | sort -u); do
	build "$arch"
done
failed=0
for ((i = 0; i < ${#suites[@]}; i += 2)); do # pairs: the output of one machine stays together
	pids=()
	for name in "${suites[@]:i:2}"; do
		try "$name" >"$tmp/$name.out" 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || failed=1
	done
	for name in "${suites[@]:i:2}"; do
		cat "$tmp/$name.out"
		[[ -z ${RESULTS:-} ]] || cat "$tmp/$name.results" >>"$RESULTS"
	done
done
exit "$failed"
