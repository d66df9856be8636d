// What the kernel side and the Go side agree on: the control block of a CPU, the ring, the prefix of a record. The Go side reads these
// structures from the object's BTF in a test (TestWire), so they cannot drift.
//
// A ring is a row of segments, elements of one mappable array: element cpu * segments + n. Positions count bytes and only grow; position p
// lies in segment p / SEGMENT of the ring, at offset p % SEGMENT. Behind its SEGMENT bytes each element has room for one more record,
// so that a record lies in one piece without the ring having to wrap in its middle:
//
//   element:  | record | record | ... | reco|rd          |
//             0                        SEGMENT            SEGMENT + SLACK
//
// A record that ends at or behind SEGMENT is the last one of its segment: the next one begins the next segment. The producer may write
// while fewer than `segments` segments are between tail and head; the last quarter of them is kept for events that move state.
#pragma once

#define SEGMENT_BITS 20
#define SEGMENT (1u << SEGMENT_BITS)
#define SLACK (128u << 10)

// Prefix of a record; the event, in the format of a scap V2 event block, follows it.
struct prefix {
	u32 size;    // prefix, event and padding: a multiple of 8
	u16 flags;   // PREFIX_*
	u16 cpu;
	u32 lost;    // events lost on this CPU so far, low half: the gap before the record is the difference
	u32 faults;  // bit i: the memory of parameter i could not be read
	u64 enter;   // when the call began, as the event's own time; 0: not known
	u64 cgroup;  // id of the cgroup (v2), in clone, exec and procexit, else 0
};

#define PREFIX_CUT 1     // data was longer than snaplen
#define PREFIX_COMPAT 2  // a call of the 32-bit interface
#define PREFIX_STATE 4   // only moves state: nobody asked for it
#define PREFIX_REUSED 8  // a close whose descriptor another thread had again before it returned

// Reasons of loss.
enum lost {
	LOST_FULL,    // no room for an event
	LOST_STATE,   // not even for one that moves state
	LOST_NESTED,  // it came while another event of this CPU was being written
	LOST_REASONS,
};

// Control block of a CPU, an element of a mappable array. The consumer writes `tail` and `wake` (and the kernel `wake`, once it
// has woken it), the kernel the rest. What a program knows of the record it writes stands here and not on its stack: the verifier does not follow
// values in maps, so it need not look at each operation once for every length of those before it.
struct control {
	u64 head;                  // written last: everything before it is complete
	u64 seen;                  // events that were asked for, the lost ones too, but for nested ones
	u64 lost;                  // of them
	u64 reasons[LOST_REASONS];
	u32 busy;                  // a record is being written
	u32 pad;
	u64 args[6];               // of the call at hand, for the program that writes its record
	s64 ret;
	u64 enter;
	u32 nr;
	u32 compat;                // number of the 32-bit call, 0 for another one
	u64 tail;                  // everything before it may be overwritten
	u64 wake;                  // head from which on the consumer is to be woken, once; all ones: not at all
	u64 unused[6];
	u32 off;                   // the record at hand: offset of the next byte of data from its prefix
	u32 faults;
	u32 flags;
	u32 left;                  // bytes of a vector that are still wanted
	u32 pos;                   // of a path that is built from its end
	u32 unused2[11];
};
