package probe

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"scry/capture/event"
)

// Operations, as in bpf/ops.h. TestOps compares them with the object.
const (
	opNone = iota
	opU8
	opU16
	opU32
	opU64
	opS32
	opZ32
	opString
	opConst
	opMap
	opFDAt
	opU32At
	opLimitAt
	opTextAt
	opTimeAt
	opSigsetAt
	opOffsetAt
	opMemory
	opFileDev
	opFileIno
	opPipeIno
	opCaps
	opBuffer
	opAddress
	opTuple
	opQueue
	opSockpair
	opSockopt
	opFilePath
	opPtrace
	opPrctl
	opFsconfig
	opKeyctl
	opSem
	opURing
	opFixed

	lastBasic = opString
	lastArgs  = opCaps
)

// Tables that opMap translates by.
const (
	mapOpen = iota
	mapOpenMode
	mapCreated
	mapProt
	mapMmap
	mapFcntl
	mapPtrace
	mapRlimit
	mapChownat
	mapExecveat
	mapResolve
	mapSemget
	mapSemctl
	mapPidfd
	mapDeleteModule
	mapEpoll
	mapURing
	mapMount
	mapSocketFlags
	mapClone
	mapSockoptLevel
	mapSockopt
	mapHowOpen
	mapHowMode
	mapHowResolve
	mapHowCreated
	mapCreat
	mapQuotaCmd
	mapQuotaType
	mapQuotaFmt
	mapPipe
	mapSemval
)

// Programs that carry plans out.
const (
	programGeneric = iota
	programBasic
	programArgs
	programData
	programSocket
	programMisc
	programVector
	programMessage
	programMessages
	programPoll
	programQuota
	programExec
	programClone
	programRW
	programOpened
	numPrograms
)

const (
	maxOps    = 10
	resultArg = 6
	planState = 1
	planFills = 2
	planExec  = 4
	planClose = 8
)

// source says what a word in a row of plans stands for.
type source struct {
	op, table int // table: of opMap, -1 for other operations
	enter     int // table at the enter, when that is another one
}

var sources = map[string]source{
	"u32": {op: opZ32}, "s32": {op: opS32}, "const": {op: opConst}, "fdat": {op: opFDAt}, "u32at": {op: opU32At}, "limit": {op: opLimitAt}, "textat": {op: opTextAt},
	"time": {op: opTimeAt}, "sigset": {op: opSigsetAt}, "offset": {op: opOffsetAt}, "memory": {op: opMemory}, "dev": {op: opFileDev},
	"ino": {op: opFileIno}, "pipeino": {op: opPipeIno}, "caps": {op: opCaps}, "buffer": {op: opBuffer}, "address": {op: opAddress},
	"tuple": {op: opTuple}, "queue": {op: opQueue}, "sockpair": {op: opSockpair}, "sockopt": {op: opSockopt}, "filepath": {op: opFilePath},
	"ptrace": {op: opPtrace}, "prctl": {op: opPrctl}, "fsconfig": {op: opFsconfig}, "keyctl": {op: opKeyctl}, "sem": {op: opSem},
	"uring": {op: opURing}, "fixed": {op: opFixed},

	"opened": {opMap, mapCreated, mapOpen}, "openmode": {opMap, mapOpenMode, mapOpenMode}, "creat": {opMap, mapCreat, mapCreat},
	"howopened": {opMap, mapHowCreated, mapHowOpen}, "howmode": {opMap, mapHowMode, mapHowMode}, "howresolve": {opMap, mapHowResolve, mapHowResolve},
	"prot": {opMap, mapProt, mapProt}, "mmap": {opMap, mapMmap, mapMmap}, "fcntl": {opMap, mapFcntl, mapFcntl}, "ptracereq": {opMap, mapPtrace, mapPtrace},
	"rlimit": {opMap, mapRlimit, mapRlimit}, "chownat": {opMap, mapChownat, mapChownat}, "execveat": {opMap, mapExecveat, mapExecveat},
	"semget": {opMap, mapSemget, mapSemget}, "semctl": {opMap, mapSemctl, mapSemctl}, "pidfd": {opMap, mapPidfd, mapPidfd},
	"delmodule": {opMap, mapDeleteModule, mapDeleteModule}, "epoll": {opMap, mapEpoll, mapEpoll}, "mount": {opMap, mapMount, mapMount},
	"socketflags": {opMap, mapSocketFlags, mapSocketFlags}, "clone": {opMap, mapClone, mapClone}, "optlevel": {opMap, mapSockoptLevel, mapSockoptLevel},
	"optname": {opMap, mapSockopt, mapSockopt}, "pipeflags": {opMap, mapPipe, mapPipe}, "semval": {opMap, mapSemval, mapSemval}, "quotacmd": {opMap, mapQuotaCmd, mapQuotaCmd},
	"quotatype": {opMap, mapQuotaType, mapQuotaType}, "quotafmt": {opMap, mapQuotaFmt, mapQuotaFmt},
}

// The programs whose name stands in rows of plans. Rows with "args" and "data" whose operations are all simple get a simpler one.
var programNames = map[string]uint8{
	"args": programArgs, "data": programData, "socket": programSocket, "misc": programMisc, "vector": programVector, "message": programMessage,
	"messages": programMessages, "poll": programPoll, "quota": programQuota, "exec": programExec, "clone": programClone, "rw": programRW, "opened": programOpened,
}

// plan is struct plan of bpf/ops.h.
type plan struct {
	Type    uint16
	Count   uint8
	Program uint8
	ID      uint16
	Flags   uint16
	Ops     [maxOps]uint32
}

// The calls whose clone flags stand elsewhere than in the first argument: plan.ID tells them apart.
var cloneKinds = map[string]uint16{"fork": 1, "vfork": 2, "clone3": 3, "openat": 1, "openat2": 2, "creat": 3}

// planFor makes the plan of a call at its enter or exit.
func planFor(sc event.Syscall, exit bool) (plan, error) {
	typ := sc.Enter
	if exit {
		typ = sc.Exit
	}
	s := typ.Schema()
	p := plan{Type: uint16(typ), Count: uint8(len(s.Params))}
	if s.Flags&event.ModifiesState != 0 {
		p.Flags = planState
	}
	if typ == event.GenericE || typ == event.GenericX {
		p.ID = sc.Code
		return p, nil
	}
	row, ok := plans[sc.Name]
	if !ok {
		return p, fmt.Errorf("%s: no plan", sc.Name)
	}
	p.Program = programNames[row.program]
	if row.fills {
		p.Flags |= planFills
	}
	if p.Program == programExec {
		p.Flags |= planExec
	}
	if typ == event.CloseX {
		p.Flags |= planClose
	}
	p.ID = cloneKinds[sc.Name]
	words := map[string]string{}
	for _, w := range strings.Fields(row.params) {
		name, from, _ := strings.Cut(w, "=")
		words[name] = from
	}
	last := 0
	for i := range s.Params {
		if i == maxOps {
			break // programs of calls with more parameters read no operations
		}
		q := &s.Params[i]
		op, err := operation(q, words[q.Name], exit, exit && i == 0)
		if err != nil {
			return p, fmt.Errorf("%s: parameter %s: %w", sc.Name, q.Name, err)
		}
		p.Ops[i] = op
		last = max(last, int(op&0xff))
	}
	if p.Program >= programVector && exit || p.Program == programOpened || last > lastArgs {
		return p, nil
	}
	p.Program = programArgs
	if last <= lastBasic {
		p.Program = programBasic
	}
	return p, nil
}

// operation packs a source for parameter q.
func operation(q *event.Param, from string, exit, result bool) (uint32, error) {
	if result {
		return pack(plain(q), resultArg), nil
	}
	if from == "" {
		return 0, errors.New("no source")
	}
	parts := strings.Split(from, ":")
	src, word := sources[parts[0]]
	args := parts
	if word {
		args = parts[1:]
	}
	var n [3]int
	for i, a := range args {
		v, err := strconv.Atoi(a)
		if err != nil || i >= len(n) {
			return 0, fmt.Errorf("bad source %q", from)
		}
		n[i] = v
	}
	switch {
	case !word:
		return pack(plain(q), n[0]), nil
	case src.op == opMap:
		table := src.table
		if !exit {
			table = src.enter
		}
		return pack(opMap, n[0], table, q.Kind.Size()), nil
	case src.op == opConst:
		return pack(opConst, n[0], n[1]), nil
	}
	return pack(src.op, n[0], n[1], n[2]), nil
}

func pack(op int, args ...int) uint32 {
	v := uint32(op)
	for i, a := range args {
		v |= uint32(a&0xff) << (8 * (i + 1))
	}
	return v
}

// plain is the operation that reads an argument as the kind of q suggests.
func plain(q *event.Param) int {
	switch q.Kind {
	case event.KindFD, event.KindPID:
		return opS32
	case event.KindErrno:
		return opU64
	case event.KindCharBuf, event.KindFSPath, event.KindFSRelPath:
		return opString
	}
	switch q.Kind.Size() {
	case 1:
		return opU8
	case 2:
		return opU16
	case 4:
		return opU32
	}
	return opU64
}
