package probe

//go:generate go tool bpf2go -cc clang -cflags "-O2 -g -Wall -Werror -mcpu=v3 -Wno-unused-function" -target amd64,arm64 -tags linux scry bpf/scry.c -- -I./bpf
