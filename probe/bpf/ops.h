// How the record of a call is put together. A plan has, for each parameter of an event, one operation: where the value comes from and how
// wide it is. probe/plans_table.go has the plans, in words; Go packs them into the map `plans`.
#pragma once

#define MAX_OPS 10

// An operation is kind | a << 8 | b << 16 | c << 24.
enum op {
	OP_NONE,      // an empty parameter
	// Known to every program: values from the registers. a: number of the argument, 6 the result.
	OP_U8, OP_U16, OP_U32, OP_U64,
	OP_S32,       // the low half, signed, as s64: descriptors, process ids, counts
	OP_Z32,       // the low half as u64
	OP_STRING,    // the text that argument a points to
	// Small things from memory, a: the argument that points there; and from the kernel.
	OP_CONST,     // value b, a bytes wide
	OP_MAP,       // argument a translated by table b (enum map), c bytes wide
	OP_FD_AT,     // the s32 at offset b, as s64
	OP_U32_AT,    // the u32 at offset b
	OP_LIMIT_AT,  // the word of struct rlimit at b (0 or 1) as s64; c: 1 when the call fills it: -1 if it failed
	OP_TEXT_AT,   // the text that the call has put at a
	OP_TIME_AT,   // a struct timespec, as u64 ns
	OP_SIGSET_AT, // the first 32 signals
	OP_OFFSET_AT, // a loff_t
	OP_MEMORY,    // of the process: a 0 size, 1 resident, 2 swapped, kB
	OP_FILE_DEV, OP_FILE_INO, // of descriptor a
	OP_PIPE_INO,  // of the descriptor at a
	OP_CAPS,      // a 0 inheritable, 1 permitted, 2 effective
	// Programs of their own know these.
	OP_BUFFER,    // bytes at a; b: argument with the length; c: 1 when the call fills it
	OP_ADDRESS,   // a struct sockaddr at a, length b
	OP_TUPLE,     // of the socket a; c: 1 for calls that receive, 2 only when it succeeded; b: 0, or the argument with an address that stands in for the peer's
	OP_QUEUE,     // of the listening socket: a 0 percent, 1 length, 2 maximum
	OP_SOCKPAIR,  // kernel address of: a 0 one end, 1 the other
	OP_SOCKOPT,   // the value of an option; a: 1 when it is read
	OP_FILE_PATH, // of descriptor a, from the root of the mount namespace
	OP_PTRACE,    // a 0 addr, 1 data
	OP_PRCTL,     // a 0 arg2 as text, 1 as number
	OP_FSCONFIG,  // a 0 value as bytes, 1 as text
	OP_KEYCTL,    // argument a
	OP_SEM,       // a 0..5: number, operation and flags of the first and the second sembuf
	OP_URING,     // word a of struct io_uring_params; b: 1 setup flags, 2 features
	OP_FIXED,     // of a call whose program writes all of its record and reads no operations
};

enum map {
	MAP_OPEN, MAP_OPEN_MODE, MAP_CREATED, MAP_PROT, MAP_MMAP, MAP_FCNTL, MAP_PTRACE, MAP_RLIMIT, MAP_CHOWNAT, MAP_EXECVEAT,
	MAP_RESOLVE, MAP_SEMGET, MAP_SEMCTL, MAP_PIDFD, MAP_DELETE_MODULE, MAP_EPOLL, MAP_URING, MAP_MOUNT, MAP_SOCKET_FLAGS,
	MAP_CLONE, MAP_SOCKOPT_LEVEL, MAP_SOCKOPT, MAP_HOW_OPEN, MAP_HOW_MODE, MAP_HOW_RESOLVE, MAP_HOW_CREATED, MAP_CREAT,
	MAP_QUOTA_CMD, MAP_QUOTA_TYPE, MAP_QUOTA_FMT, MAP_PIPE, MAP_SEMVAL,
};

// The program that carries a plan out.
enum program {
	PROGRAM_GENERIC, // no plan: id and number of the call
	PROGRAM_BASIC,   // in the dispatcher
	PROGRAM_ARGS,
	PROGRAM_DATA,
	PROGRAM_SOCKET,
	PROGRAM_MISC,
	PROGRAM_VECTOR,  // from here on the program knows the parameters
	PROGRAM_MESSAGE,
	PROGRAM_MESSAGES,
	PROGRAM_POLL,
	PROGRAM_QUOTA,
	PROGRAM_EXEC,
	PROGRAM_CLONE,
	PROGRAM_RW,      // in the dispatcher
	PROGRAM_OPENED,
	PROGRAMS,
};

#define PLAN_STATE 1 // moves state: may use the room that is kept
#define PLAN_FILLS 2 // the call fills the memory that it is given: it reads or receives

#define PLAN_EXEC 4   // an exec
#define PLAN_CLOSES 8 // close

struct plan {
	u16 type;
	u8 count;
	u8 program;
	u16 id;    // of a generic event; of a clone 1 fork, 2 vfork, 3 clone3; of an open 1 openat, 2 openat2, 3 creat
	u16 flags;
	u32 ops[MAX_OPS];
};
