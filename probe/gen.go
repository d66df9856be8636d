package probe

// The objects are committed, so that building needs no clang. They come out the same, byte for byte, with Debian's clang 14.0.6 and libbpf-dev 1.1.0 wherever
// the folder lies: .ci/run proves it.

//go:generate go tool bpf2go -cc clang-14 -strip llvm-strip-14 -cflags "-O2 -g -Wall -Werror -mcpu=v3 -Wno-unused-function" -target amd64,arm64 -tags linux scry bpf/scry.c -- -I./bpf
