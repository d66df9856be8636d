#!/usr/bin/env bash
# boot.sh ARCH KERNEL ROOT SECONDS boots a kernel under qemu's software emulation, with the folder ROOT, which has /init, in its initial memory, and
# copies its console to stdout until it powers off. It needs qemu-system-x86, qemu-system-arm and cpio, no rights.
set -euo pipefail
arch=$1 kernel=$2 root=$3 limit=$4
image=$(mktemp)
trap 'rm -f "$image"' EXIT
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$image"
case $arch in
amd64) machine=(qemu-system-x86_64 -cpu Nehalem) console=ttyS0 ;; # with -cpu max and two processors 6.12 panics
arm64) machine=(qemu-system-aarch64 -M virt -cpu cortex-a57) console=ttyAMA0 ;;
esac
timeout "$limit" "${machine[@]}" -accel tcg -m 1024 -smp 2 -nographic -no-reboot -kernel "$kernel" -initrd "$image" \
	-append "console=$console panic=-1 quiet" </dev/null | tr -d '\r'
