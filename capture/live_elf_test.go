//go:build linux && (amd64 || arm64)

package capture

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// program is a static ELF program that makes calls one after the other and nothing else: no runtime, no library, no thread that nobody asked for. Its
// data comes first, at fixed addresses, which 32-bit calls reach too.
type program struct {
	data, code []byte
}

const (
	elfBase   = 0x400000
	elfHeader = 64 + 56
	elfData   = 16 << 10
)

// saved stands for the result that save has kept.
const saved = -0x5a5a5a5a

func (p *program) bytes(b []byte) int {
	at := elfBase + elfHeader + len(p.data)
	p.data = append(p.data, b...)
	for len(p.data)%16 != 8 { // behind the header that is a multiple of 16
		p.data = append(p.data, 0)
	}
	return at
}

func (p *program) str(s string) int { return p.bytes(append([]byte(s), 0)) }

func (p *program) words(v ...int) int {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, uint64(x))
	}
	return p.bytes(b)
}

// list is an argv or envp.
func (p *program) list(texts ...string) int {
	var v []int
	for _, s := range texts {
		v = append(v, p.str(s))
	}
	return p.words(append(v, 0)...)
}

func (p *program) emit(b ...byte) { p.code = append(p.code, b...) }
func (p *program) emit32(v ...uint32) {
	for _, x := range v {
		p.code = binary.LittleEndian.AppendUint32(p.code, x)
	}
}

// sys makes a call by its native name.
func (p *program) sys(name string, args ...int) {
	nr, ok := callNumbers[name]
	if !ok {
		panic(name)
	}
	if runtime.GOARCH == "arm64" {
		p.arm(8, nr)
		for i, a := range args {
			p.arm(i, a)
		}
		p.emit32(0xd4000001) // svc #0
		return
	}
	for i, a := range args {
		r := []struct{ imm, mov []byte }{
			{[]byte{0x48, 0xbf}, []byte{0x48, 0x89, 0xdf}}, {[]byte{0x48, 0xbe}, []byte{0x48, 0x89, 0xde}}, {[]byte{0x48, 0xba}, []byte{0x48, 0x89, 0xda}},
			{[]byte{0x49, 0xba}, []byte{0x49, 0x89, 0xda}}, {[]byte{0x49, 0xb8}, []byte{0x49, 0x89, 0xd8}}, {[]byte{0x49, 0xb9}, []byte{0x49, 0x89, 0xd9}},
		}[i] // rdi rsi rdx r10 r8 r9; mov from rbx
		if a == saved {
			p.emit(r.mov...)
			continue
		}
		p.emit(r.imm...)
		p.code = binary.LittleEndian.AppendUint64(p.code, uint64(a))
	}
	p.emit(0x48, 0xb8) // mov rax, nr
	p.code = binary.LittleEndian.AppendUint64(p.code, uint64(nr))
	p.emit(0x0f, 0x05) // syscall
}

// arm puts a value into a register of arm64.
func (p *program) arm(reg, v int) {
	if v == saved {
		p.emit32(0xaa1303e0 | uint32(reg)) // mov reg, x19
		return
	}
	for i := range 4 {
		op := uint32(0xf2800000) // movk
		if i == 0 {
			op = 0xd2800000 // movz
		}
		p.emit32(op | uint32(i)<<21 | uint32(uint64(v)>>(16*i)&0xffff)<<5 | uint32(reg))
	}
}

// save keeps the result of the last call.
func (p *program) save() {
	if runtime.GOARCH == "arm64" {
		p.emit32(0xaa0003f3) // mov x19, x0
		return
	}
	p.emit(0x48, 0x89, 0xc3) // mov rbx, rax
}

// child writes what is done only if the last call returned 0.
func (p *program) child(do func()) {
	at := len(p.code)
	if runtime.GOARCH == "arm64" {
		p.emit32(0)
		do()
		binary.LittleEndian.PutUint32(p.code[at:], 0xb5000000|uint32(len(p.code)-at)/4<<5) // cbnz x0
		return
	}
	p.emit(0x48, 0x85, 0xc0, 0x0f, 0x85, 0, 0, 0, 0) // test rax, rax; jnz
	do()
	binary.LittleEndian.PutUint32(p.code[at+5:], uint32(len(p.code)-at-9))
}

// sys32 makes a call of the 32-bit interface.
func (p *program) sys32(nr int, args ...int) {
	for i, op := range []byte{0xbb, 0xb9, 0xba, 0xbe, 0xbf, 0xbd}[:len(args)] { // ebx ecx edx esi edi ebp
		p.emit(op)
		p.code = binary.LittleEndian.AppendUint32(p.code, uint32(args[i]))
	}
	p.emit(0xb8)
	p.code = binary.LittleEndian.AppendUint32(p.code, uint32(nr))
	p.emit(0xcd, 0x80)
}

// write makes the file.
func (p *program) write(t *testing.T, dir, name string) string {
	t.Helper()
	if len(p.data) > elfData {
		t.Fatal("too much data")
	}
	machine := map[string]uint16{"amd64": 62, "arm64": 183}[runtime.GOARCH]
	size := uint64(elfHeader + elfData + len(p.code))
	b := packed("\x7fELF\x02\x01\x01", make([]byte, 9), uint16(2), machine, uint32(1), uint64(elfBase+elfHeader+elfData), uint64(64), uint64(0), uint32(0),
		uint16(64), uint16(56), uint16(1), uint16(0), uint16(0), uint16(0),
		uint32(1), uint32(7), uint64(0), uint64(elfBase), uint64(elfBase), size, size+1<<16, uint64(4096))
	b = append(append(append(b, p.data...), make([]byte, elfData-len(p.data))...), p.code...)
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, b, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}
