#!/usr/bin/env bash
# boot.sh ARCH KERNEL ROOT SECONDS boots a kernel under qemu's software emulation, with the folder ROOT, which has /init, in its initial memory, and
# copies its console to stdout until it powers off. It needs qemu-system-x86, qemu-system-arm and cpio, no rights.
set -euo pipefail
arch=$1 kernel=$2 root=$3 limit=$4
image=$(mktemp)
trap 'rm -f "$image"' EXIT
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$image"
case $arch in
# With -cpu max and two processors 6.12 panics. With a thread for each processor they sometimes loop in the int3 of a jump that the kernel is patching, when a
# program is attached to sys_enter or sys_exit: seen on 5.10 and 6.1, after 11 rounds of attaching one program; never in 60 rounds of all with one thread.
# On arm64 with a thread for each, some threads of a process sometimes meet no sys_exit program although it is attached (2 of 12 rounds on 6.1; none in 36 with one).
# Without no_timer_check 5.10 panics when the emulation is too slow for it to see ten ticks of its timer in time.
amd64) machine=(qemu-system-x86_64 -cpu Nehalem -accel tcg,thread=single) console='ttyS0 no_timer_check' ;;
arm64) machine=(qemu-system-aarch64 -M virt -cpu cortex-a57 -accel tcg,thread=single) console=ttyAMA0 ;;
esac
timeout "$limit" "${machine[@]}" -m 1024 -smp 2 -nographic -no-reboot -kernel "$kernel" -initrd "$image" \
	-append "console=$console panic=-1 quiet" </dev/null | tr -d '\r'
