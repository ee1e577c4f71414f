/*
 * ring.h - a lock-free ring of records in POSIX shared memory.
 *
 * One structure, used twice: `tempo` (the daemon writes, the click reads) and
 * `status` (the click writes, the daemon reads). One writer; any number of
 * readers, each of which maps the region read-only and keeps its own cursor, so
 * that no reader can hold up the writer or another reader. The newest record is
 * the snapshot for one that attaches late; the older slots are the history.
 *
 *     header   magic, layout, size, shape, generation, writer's pid, Unix offset,
 *              checksum of those; then head: sequence of the newest record
 *     slot[i]  stamp, checksum, record words
 *
 * A slot holds the record whose sequence s satisfies s % slots == i. The writer
 * marks the stamp busy, stores the words, stores the stamp, then moves head. A
 * reader takes the stamp before and after the words: a torn read shows as two
 * different stamps, an overrun as a stamp from the future, garbage as a wrong
 * checksum. All words are C11 atomics with acquire and release on the words
 * themselves and no fences (H.-J. Boehm, "Can seqlocks get along with programming
 * language memory models?", MSPC 2012), so it is free of data races by the
 * standard, and ThreadSanitizer understands it.
 *
 * A region is made once, attached in place and never unlinked or shrunk. A writer
 * that died mid-write left a busy stamp; the next writer finds the highest whole
 * record and goes on behind it. A reader survives a region that is absent,
 * foreign, of another layout, corrupted or truncated while mapped (SIGBUS
 * included): it then reports nothing new, and its user keeps what it has.
 *
 * Sequences are never reused within a boot: a new region starts at the clock's
 * nanoseconds, so one that is made again starts above all that went before.
 */
#ifndef TACTUS_RING_H
#define TACTUS_RING_H

#include <stdint.h>
#include <sys/types.h>

#define RING_WORDS_MAX 32
#define RING_NAME_MAX 64

/* What both sides must agree on. Two shapes that differ in any field do not read each other. */
struct ring_shape {
	uint64_t magic;    /* which kind of record; never 0 */
	uint32_t layout;   /* version of the record's layout */
	uint32_t words;    /* 64-bit words a record, 1..RING_WORDS_MAX */
	uint32_t slots;    /* records kept; a power of two, 2..65536 */
	uint32_t reserved; /* 0 */
};

enum ring_state {
	RING_ATTACHED = 0, /* mapped and of the right shape */
	RING_ABSENT,       /* no region of that name */
	RING_DENIED,       /* it may not be opened; errno's text is the caller's to print */
	RING_SHORT,        /* smaller than its shape needs (or truncated while mapped) */
	RING_FOREIGN,      /* another magic, or a header whose checksum is wrong */
	RING_LAYOUT        /* our magic, but an older or newer layout */
};

/* A few words for a log line: "no such region", "a region of another layout", ... */
const char *ring_state_text(enum ring_state state);

/* "/<region>.<part>", as shm_open wants it. 0, or -ENAMETOOLONG / -EINVAL (empty, or has a '/'). */
int ring_name(char out[RING_NAME_MAX], const char *region, const char *part);

/* ---- writer ------------------------------------------------------------ */

struct ring_writer;

/*
 * Open the region for writing, making it if it is not there, and lock it against
 * a second writer for as long as this process lives (an open file description lock on the
 * region; a child made by fork without exec shares it).
 * A region of another shape, or garbage, is taken over in place.
 *
 * fresh_offset_ns: the Unix offset (clock.h) to put into the header if the region
 * is new or an earlier one cannot be told from it; otherwise that one stays, see
 * ring_writer_offset_ns().
 *
 * 0, or -errno: -EBUSY another live process writes it, -EACCES, -ENOSPC, -ENOMEM,
 * -EINVAL for a shape out of range. Thread: non-RT. Owns: the caller closes.
 */
int ring_writer_open(struct ring_writer **out, const char *name, const struct ring_shape *shape,
		     int64_t fresh_offset_ns);

/* Unmap and unlock. The region stays. NULL is legal. */
void ring_writer_close(struct ring_writer *writer);

/* Publish one record of shape.words words; returns its sequence. RT-safe, wait-free. */
uint64_t ring_write(struct ring_writer *writer, const uint64_t *words);

/* The newest whole record now in the region (this writer's or its predecessor's): its sequence,
 * or 0 if there is none. For start-up. Thread: the writer's. */
uint64_t ring_writer_newest(struct ring_writer *writer, uint64_t *words);

/* The Unix offset in force, ns. */
int64_t ring_writer_offset_ns(const struct ring_writer *writer);

/* True if this open made the region, or had to write its header anew. */
int ring_writer_is_fresh(const struct ring_writer *writer);

/*
 * Look after the region: a truncated one is grown and mapped again at the same
 * address, a damaged header is written anew, and one whose name was unlinked or replaced
 * is opened again by name (the records of the moment move along). Call about once a second
 * from a thread that may wait; ring_write may run at the same time in another.
 * 0 if nothing was amiss, 1 if something was mended, -errno if it could not be.
 */
int ring_writer_mend(struct ring_writer *writer);

/* ---- reader ------------------------------------------------------------ */

struct ring_reader;

/*
 * Make a reader; the region need not be there yet. Reserves address space of the
 * shape's size that stays put for the reader's life: ring_reader_refresh maps and
 * remaps the region into it, so a real-time thread may go on reading meanwhile.
 * 0, or -ENOMEM, -EINVAL. Thread: non-RT. Owns: the caller closes.
 */
int ring_reader_open(struct ring_reader **out, const char *name, const struct ring_shape *shape);

/* NULL is legal. No thread may be reading. */
void ring_reader_close(struct ring_reader *reader);

/* Attach when the region has appeared, was replaced or grew back; says how things stand. Makes
 * system calls: not for the RT thread. Call at start and then about four times a second. */
enum ring_state ring_reader_refresh(struct ring_reader *reader);

/*
 * Take the newest record if it is newer than the last one taken.
 * 1 and *sequence (may be NULL) if there was one; 0 if nothing is new or nothing
 * valid could be had (then words are untouched: keep what you have).
 * Bounded, wait-free. RT-safe. One thread a reader.
 */
int ring_read_newest(struct ring_reader *reader, uint64_t *words, uint64_t *sequence);

/*
 * Take the next record in order. 1: taken; 0: none yet, or none valid. When the
 * writer has overrun the cursor, goes on at the oldest record still held, and
 * *lost (may be NULL) tells how many were skipped: nothing is lost silently. (What a reader
 * missed of a region that was then made anew is not counted: nobody knows it any more.)
 * The first call starts at the oldest record held. RT-safe. One thread a reader.
 */
int ring_read_next(struct ring_reader *reader, uint64_t *words, uint64_t *lost);

/* Header facts as of the last refresh that said RING_ATTACHED; 0 before the first. */
int64_t ring_reader_offset_ns(const struct ring_reader *reader);

/* The live process that holds the writer's lock on that region: its pid, 0 if none (also when there is
 * no region), -EBADMSG if one holds it but the header is damaged, or another -errno. The pid is the
 * header's, believed while the lock is held. */
pid_t ring_writer_pid(const char *name);

/* ---- SIGBUS ------------------------------------------------------------ */

/*
 * Install the SIGBUS handler that puts zero pages under a truncated region of
 * ours; any other SIGBUS goes to the handler that was there before. Once a
 * process, before the first open. 0 or -errno.
 */
int ring_guard_install(void);

#endif
