#!/usr/bin/env bash
# Short-lived containers of real engines, docker and containerd, recorded by scry into raw.scap. Run by record.sh in an empty folder, with the programs
# ../scry and ../pod. Nothing of the machine's own engines is touched.
set -euo pipefail
root=$PWD image=registry.local/busybox:1.0
export DOCKER_HOST=unix://$root/docker.sock
pids=()
finish() {
	docker ps -aq | xargs -r docker rm -f >/dev/null 2>&1
	local p
	for p in "${pids[@]}"; do
		kill "$p" 2>/dev/null || continue
		wait "$p" || :
	done
	grep -o " $root/[^ ]*" /proc/self/mounts | sort -r | xargs -r umount -l || :
}
trap finish EXIT
ready() {
	local _
	for _ in {1..150}; do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	echo "timeout: $*" >&2
	return 1
}

# An image with busybox, in the form of docker save.
mkdir -p rootfs/{bin,etc,proc,sys,dev,tmp}
cp "$(command -v busybox)" rootfs/bin/busybox
for applet in sh sleep id true cat touch timeout; do ln -s busybox "rootfs/bin/$applet"; done
printf 'root:x:0:0:root:/root:/bin/sh\nshop:x:1001:1001::/srv:/bin/sh\n' >rootfs/etc/passwd
tar --numeric-owner --owner=0 --group=0 --sort=name --mtime=@0 -C rootfs -cf layer.tar .
printf '{"architecture":"amd64","os":"linux","created":"2024-01-01T00:00:00Z","config":{"Env":["PATH=/bin"],"Cmd":["sleep","600"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
	"$(sha256sum layer.tar | cut -d' ' -f1)" >config.json
printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$image" >manifest.json
tar -cf image.tar manifest.json config.json layer.tar

dockerd --data-root "$root/docker" --exec-root "$root/exec" -p "$root/docker.pid" -H "$DOCKER_HOST" --iptables=false --ip6tables=false --bridge=none >docker.log 2>&1 &
pids+=($!)
cat >containerd.toml <<T
version = 2
root = "$root/containerd"
state = "$root/state"
[grpc]
  address = "$root/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$image"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    conf_dir = "$root/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
T
containerd -c containerd.toml >containerd.log 2>&1 &
pids+=($!)
ctr=(ctr -a "$root/containerd.sock")
ready docker version
ready "${ctr[@]}" version
docker load -q -i image.tar
for space in k8s.io default; do "${ctr[@]}" -n $space images import image.tar; done

docker run -d --name=web --network=none -l app=shop -m 64m -v "$root/cni-none:/data:ro" --user 1001 $image sleep 600
# What runc does until the program runs is much, and the same each time: only its processes are recorded.
env -i PATH=/usr/bin:/bin TZ=UTC ../scry --docker-socket "$root/docker.sock" --cri "$root/containerd.sock" --buffer 32M -w raw.scap \
	"container.id!=host and evt.type!=switch and (not proc.name startswith runc: or evt.category=process) or evt.type=procinfo and proc.name=scry" 2>err &
scry=$!
for _ in {1..200}; do
	[[ $(stat -c %s raw.scap 2>/dev/null || echo 0) -gt 1000 ]] && break
	sleep 0.05
done
docker exec web timeout 2 sh -c 'while :; do :; done' || : # the time is over
docker exec web cat /etc/passwd
docker run --rm --name=job --network=none $image true
../pod "$root/containerd.sock" $image shop cart-7d9f cart id
"${ctr[@]}" run --rm $image ctrjob true
sleep 0.3
kill -INT $scry
wait $scry
cat err
