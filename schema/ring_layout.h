/*
 * ring_layout.h - how a ring lies in memory. Private to schema/ring*.c and their tests.
 *
 * A ring is one array of 64-bit atomics, in shared memory or (the writer's twin) in private:
 *
 *     [0..9]    header, see enum ring_word; written at open, compared at every publish
 *     [16]      head: sequence of the newest record; a hint, never believed
 *     [24 + i * stride]  slot i: stamp, checksum, the record's words; padded to cache lines
 *
 * A stamp is the sequence of a whole record, RING_BUSY | sequence of one being written, or 0.
 * The checksum runs over shape, sequence and words, so a slot vouches for itself: a reader
 * needs neither header nor head to know a record for what it is.
 *
 * Functions of ring.c are RT-safe, those of the other files are not unless they say so.
 */
#ifndef TACTUS_RING_LAYOUT_H
#define TACTUS_RING_LAYOUT_H

#include "ring.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "the ring needs lock-free 64-bit atomics");

#define RING_FORMAT 1 /* version of this file's layout, under the record's own */
#define RING_LINE_WORDS 8
#define RING_BUSY (UINT64_C(1) << 63)
#define RING_SEQUENCE_MAX ((UINT64_C(1) << 62) - 1)

enum ring_word {
	RING_MAGIC,
	RING_LAYOUT_WORDS, /* low half: layout of the record; high half: its words */
	RING_SLOTS_FORMAT, /* low half: slots; high half: RING_FORMAT */
	RING_SIZE,         /* bytes */
	RING_GENERATION,   /* another one for each writer that opened the region */
	RING_PID,
	RING_OFFSET,     /* Unix minus raw time, ns */
	RING_OFFSET_SUM, /* its own checksum: it outlives a header that is only half written */
	RING_FIRST,      /* the sequence at which the present count began */
	RING_SUM,        /* of the words above */
	RING_HEADER_WORDS,
	RING_HEAD = 2 * RING_LINE_WORDS,
	RING_SLOT_0 = 3 * RING_LINE_WORDS
};

enum ring_slot_word { RING_STAMP, RING_CHECK, RING_RECORD };

struct ring_area {
	_Atomic uint64_t *base;
	uint64_t seed; /* of the checksums: every field of the shape */
	uint32_t words;
	uint32_t mask;   /* slots - 1 */
	uint32_t stride; /* words from slot to slot */
};

struct ring_writer {
	struct ring_area region;
	struct ring_area twin; /* private copy of all that should stand in the region */
	uint64_t header[RING_HEADER_WORDS]; /* as it should stand; fixed once open */
	uint64_t sequence;                  /* newest; the writing thread's */
	/* The gate between ring_write and ring_writer_mend, see ring_writer.c. */
	_Atomic uint32_t writing;
	_Atomic uint32_t mending;
	_Atomic uint32_t deferred;

	/* The rest belongs to the thread that opens, mends and closes. */
	char name[RING_NAME_MAX];
	size_t size;
	int fd; /* holds the lock */
	int guard;
	bool fresh;
	bool behind;      /* records that ring_write left to mending are still to be carried */
	uint64_t settled; /* no record up to this one is among those */
	bool stale;       /* the mapping is not, or not all, of the file */
};

struct ring_reader {
	struct ring_area area;
	/* The reading thread's. */
	uint64_t cursor;     /* sequence last taken, 0: none */
	uint64_t generation; /* of the writer whose count the cursor is in */
	uint64_t scratch[RING_WORDS_MAX];

	/* The refreshing thread's; anyone may read the offset. */
	_Atomic int64_t offset_ns;
	char name[RING_NAME_MAX];
	struct ring_shape shape;
	size_t size;
	dev_t dev;
	ino_t ino;
	bool mapped;
	int guard;
};

/* ---- ring.c: RT-safe ----------------------------------------------------- */

/* The slot where a record of that sequence has its place. */
_Atomic uint64_t *ring_slot(const struct ring_area *area, uint64_t sequence);

/* One step of the checksum: each word read changes the sum for good. */
uint64_t ring_mix(uint64_t sum, uint64_t word);

/* Checksum of a record, and of a header's words before RING_SUM. */
uint64_t ring_record_sum(const struct ring_area *area, uint64_t sequence, const uint64_t *words);
uint64_t ring_header_sum(const uint64_t header[RING_HEADER_WORDS]);

/* Store a record in its slot. The caller is the area's only writer at that moment. */
void ring_slot_put(const struct ring_area *area, uint64_t sequence, uint64_t sum,
		   const uint64_t *words);

/* Copy the record of that sequence. False, and *out undefined, if it is not there whole. */
bool ring_slot_take(const struct ring_area *area, uint64_t sequence, uint64_t *out);

uint64_t ring_slot_stamp(const struct ring_area *area, uint32_t index);

/* The sequence that slot `index` claims to hold whole, 0 if none that could belong there. */
uint64_t ring_slot_claim(const struct ring_area *area, uint32_t index);

/* Store those header words that differ; true if any did. */
bool ring_header_put(const struct ring_area *area, const uint64_t header[RING_HEADER_WORDS]);

/* ---- ring_region.c ------------------------------------------------------- */

bool ring_shape_valid(const struct ring_shape *shape);
bool ring_name_valid(const char *name);

/* Bytes of a region; also what its file must have. */
size_t ring_size(const struct ring_shape *shape);

/* The four words that say what shape a region has. */
void ring_header_shape(uint64_t header[RING_HEADER_WORDS], const struct ring_shape *shape);

/* All but base. */
void ring_area_init(struct ring_area *area, const struct ring_shape *shape);

/* Read and judge a region's header: RING_ATTACHED, RING_FOREIGN or RING_LAYOUT. */
enum ring_state ring_header_read(int fd, const struct ring_shape *shape,
				 uint64_t header[RING_HEADER_WORDS]);

/* Map fd's pages, or zero pages, over `size` bytes at base. 0 or -errno. The latter is
 * async-signal-safe. */
int ring_map(void *base, size_t size, int prot, int fd);
int ring_map_zero(void *base, size_t size, int prot);

/* The named region, made if need be, locked. An fd or -errno: -EBUSY somebody else writes it. */
int ring_file_open(const char *name);

/* True if the name still (or again) means this file. */
bool ring_file_is_named(int fd, const char *name);

/* See that the file has all its pages, now and not when they are touched: 1 if it was too small,
 * 0 if not, or -errno. */
int ring_file_grow(int fd, size_t size);

/* ---- ring_guard.c -------------------------------------------------------- */

/* Put a mapping under the SIGBUS guard. Its number, or -ENOMEM when all are taken. */
int ring_guard_add(void *base, size_t size, int prot);
void ring_guard_remove(int guard);

/* True if the guard has put zero pages there since it was last asked. */
bool ring_guard_tripped(int guard);

#endif
