/*
 * The writer outside the real-time path: open, look after, close.
 *
 * The writer keeps a twin of the region in private memory, and mending means: make the region
 * equal to the twin. ring_write may run meanwhile in another thread, so there is a gate. Mending
 * sets `mending`, then waits until `writing` is 0; ring_write sets `writing`, then looks at
 * `mending`. Both being sequentially consistent, at least one sees the other: either the record
 * is in the region before mending begins, or ring_write leaves it in the twin only and says so
 * in `deferred`. Having opened the gate, mending looks there, and carries what was left.
 */
#include "clock.h"
#include "ring_layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PROT_BOTH (PROT_READ | PROT_WRITE)

#define GATE_PAUSE_NS 50000
#define GATE_TRIES 20000 /* a second */
#define CARRY_TRIES 8

/* ---- open and close -------------------------------------------------------- */

static void head_put(const struct ring_area *area, uint64_t sequence)
{
	atomic_store_explicit(&area->base[RING_HEAD], sequence, memory_order_release);
}

static uint64_t head_get(const struct ring_area *area)
{
	return atomic_load_explicit(&area->base[RING_HEAD], memory_order_acquire);
}

static void copy_record(const struct ring_area *to, const uint64_t *words, uint64_t sequence)
{
	ring_slot_put(to, sequence, ring_record_sum(to, sequence, words), words);
}

struct span {
	uint64_t lowest;
	uint64_t highest; /* 0: no whole record */
};

/* What a predecessor left whole goes into the twin. */
static struct span load_twin(struct ring_writer *writer)
{
	struct span held = {0, 0};
	uint64_t words[RING_WORDS_MAX];
	for (uint32_t i = 0; i <= writer->region.mask; i++) {
		uint64_t claim = ring_slot_claim(&writer->region, i);
		if (claim == 0 || !ring_slot_take(&writer->region, claim, words))
			continue;
		copy_record(&writer->twin, words, claim);
		if (held.highest == 0 || claim < held.lowest)
			held.lowest = claim;
		if (claim > held.highest)
			held.highest = claim;
	}
	head_put(&writer->twin, held.highest);
	return held;
}

/* Where the present count began, as far as a damaged header still tells: it only serves to leave
 * numbers that were never used out of what a reader counts as lost. */
static uint64_t salvage_first(uint64_t first, uint64_t lowest)
{
	return first != 0 && first <= lowest ? first : lowest;
}

/*
 * Go on above the highest whole record, as long as head agrees with the slots: it is that record or,
 * if the predecessor died between the two stores, the one before. Otherwise something was lost that a
 * reader may have seen, and the clock is above all that was ever counted.
 */
static void begin_count(struct ring_writer *writer, struct span held)
{
	uint64_t *first = &writer->header[RING_FIRST];
	uint64_t head = head_get(&writer->region);
	uint64_t now = (uint64_t)clock_now_ns();
	if (held.highest != 0 && (head == held.highest || head + 1 == held.highest)) {
		writer->sequence = held.highest;
		*first = salvage_first(*first, held.lowest);
		return;
	}
	writer->sequence = held.highest > now ? held.highest : now;
	*first = writer->sequence + 1;
}

/* The offset is the one thing that must not change: it is kept whenever it can be told at all. */
static void begin_offset(uint64_t *header, uint64_t magic, int64_t fresh_offset_ns)
{
	if (header[RING_OFFSET_SUM] == ring_mix(magic, header[RING_OFFSET]))
		return;
	header[RING_OFFSET] = (uint64_t)fresh_offset_ns;
	header[RING_OFFSET_SUM] = ring_mix(magic, header[RING_OFFSET]);
}

/* A generation is never used twice: readers tell by it that another writer counts. */
static uint64_t begin_generation(uint64_t last, bool intact)
{
	uint64_t now = (uint64_t)clock_now_ns();
	return intact && last + 1 > now ? last + 1 : now;
}

static int map_writer(struct ring_writer *writer)
{
	void *base = mmap(NULL, writer->size, PROT_BOTH, MAP_SHARED | MAP_POPULATE, writer->fd, 0);
	if (base == MAP_FAILED)
		return -errno;
	writer->guard = ring_guard_add(base, writer->size, PROT_BOTH);
	if (writer->guard < 0) {
		munmap(base, writer->size);
		return writer->guard;
	}
	writer->region.base = base;
	return 0;
}

static int make_twin(struct ring_writer *writer)
{
	size_t line = RING_LINE_WORDS * sizeof(uint64_t);
	writer->twin.base = aligned_alloc(line, writer->size);
	if (!writer->twin.base)
		return -ENOMEM;
	for (size_t i = 0; i < writer->size / sizeof(uint64_t); i++)
		atomic_init(&writer->twin.base[i], 0);
	return 0;
}

static bool restore(struct ring_writer *writer, uint64_t settled);

/* From whatever stands in the region to what shall stand there. */
static void take_over(struct ring_writer *writer, const struct ring_shape *shape,
		      int64_t fresh_offset_ns)
{
	uint64_t *header = writer->header;
	bool intact = ring_header_read(writer->fd, shape, header) == RING_ATTACHED;
	struct span held = load_twin(writer);
	begin_count(writer, held);
	begin_offset(header, shape->magic, fresh_offset_ns);
	header[RING_GENERATION] = begin_generation(header[RING_GENERATION], intact);
	header[RING_PID] = (uint64_t)getpid();
	ring_header_shape(header, shape);
	header[RING_SUM] = ring_header_sum(header);
	writer->fresh = !intact;
	restore(writer, 0);
}

static int open_region(struct ring_writer *writer)
{
	writer->fd = ring_file_open(writer->name);
	if (writer->fd < 0)
		return writer->fd;
	int result = ring_file_grow(writer->fd, writer->size);
	if (result >= 0)
		result = map_writer(writer);
	if (result < 0)
		close(writer->fd);
	return result;
}

int ring_writer_open(struct ring_writer **out, const char *name, const struct ring_shape *shape,
		     int64_t fresh_offset_ns)
{
	if (!ring_shape_valid(shape) || !ring_name_valid(name))
		return -EINVAL;
	struct ring_writer *writer = calloc(1, sizeof *writer);
	if (!writer)
		return -ENOMEM;
	ring_area_init(&writer->region, shape);
	ring_area_init(&writer->twin, shape);
	writer->size = ring_size(shape);
	strcpy(writer->name, name);
	int result = make_twin(writer);
	if (result == 0)
		result = open_region(writer);
	if (result < 0) {
		free(writer->twin.base);
		free(writer);
		return result;
	}
	take_over(writer, shape, fresh_offset_ns);
	*out = writer;
	return 0;
}

void ring_writer_close(struct ring_writer *writer)
{
	if (!writer)
		return;
	ring_guard_remove(writer->guard);
	munmap(writer->region.base, writer->size);
	close(writer->fd);
	free(writer->twin.base);
	free(writer);
}

/* ---- facts ----------------------------------------------------------------- */

uint64_t ring_writer_newest(struct ring_writer *writer, uint64_t *words)
{
	uint64_t head = head_get(&writer->twin);
	return head != 0 && ring_slot_take(&writer->twin, head, words) ? head : 0;
}

int64_t ring_writer_offset_ns(const struct ring_writer *writer)
{
	return (int64_t)writer->header[RING_OFFSET];
}

int ring_writer_is_fresh(const struct ring_writer *writer)
{
	return writer->fresh;
}

/* ---- mending --------------------------------------------------------------- */

static int wait_writing(struct ring_writer *writer)
{
	const struct timespec pause = {.tv_nsec = GATE_PAUSE_NS};
	for (int i = 0; i < GATE_TRIES; i++) {
		if (atomic_load(&writer->writing) == 0)
			return 0;
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

/* Make one slot of the region equal to the twin's, unless ring_write has filled it since `newest`:
 * that is for the next turn. True if a record up to `settled` was amiss. */
static bool restore_slot(struct ring_writer *writer, uint32_t index, uint64_t newest,
			 uint64_t settled)
{
	uint64_t ours[RING_WORDS_MAX], theirs[RING_WORDS_MAX];
	uint64_t sequence = ring_slot_stamp(&writer->twin, index);
	if (sequence == 0) {
		if (ring_slot_claim(&writer->region, index) == 0)
			return false;
		atomic_store_explicit(&ring_slot(&writer->region, index)[RING_STAMP], 0,
				      memory_order_release);
		return true;
	}
	if (sequence > newest || !ring_slot_take(&writer->twin, sequence, ours) ||
	    ring_slot_take(&writer->region, sequence, theirs))
		return false;
	copy_record(&writer->region, ours, sequence);
	return sequence <= settled;
}

/* Make the region equal to the twin, the oldest record first, the header last: whoever sees it
 * may attach. */
static bool restore(struct ring_writer *writer, uint64_t settled)
{
	bool amiss = false;
	uint64_t newest = head_get(&writer->twin);
	uint64_t head = head_get(&writer->region);
	for (uint32_t i = 0; i <= writer->twin.mask; i++) {
		uint32_t index = (uint32_t)(newest + 1 + i) & writer->twin.mask;
		amiss |= restore_slot(writer, index, newest, settled);
	}
	if (head != newest) {
		head_put(&writer->region, newest);
		amiss |= head < settled || head > newest;
	}
	amiss |= ring_header_put(&writer->region, writer->header);
	return amiss;
}

static int map_again(struct ring_writer *writer)
{
	int result = ring_map(writer->region.base, writer->size, PROT_BOTH, writer->fd);
	if (result == 0)
		writer->stale = false;
	return result;
}

/* One turn behind the gate. */
static int restore_gated(struct ring_writer *writer, uint64_t settled)
{
	bool amiss = false;
	atomic_store(&writer->deferred, 0);
	atomic_store(&writer->mending, 1);
	int result = wait_writing(writer);
	if (result == 0 && writer->stale)
		result = map_again(writer);
	if (result == 0)
		amiss = restore(writer, settled);
	atomic_store(&writer->mending, 0);
	/* A ring_write that saw the gate closed has left its record by the end of this. */
	if (result == 0)
		result = wait_writing(writer);
	return result < 0 ? result : amiss;
}

static int restore_all(struct ring_writer *writer)
{
	int amiss = 0;
	/* Read before the gate closes: what stands there was not left to us by ring_write. */
	if (!writer->behind)
		writer->settled = head_get(&writer->twin);
	writer->behind = true;
	for (int i = 0; i < CARRY_TRIES && writer->behind; i++) {
		int result = restore_gated(writer, writer->settled);
		if (result < 0)
			return result;
		amiss |= result;
		writer->behind = atomic_load(&writer->deferred) != 0;
	}
	return amiss;
}

/* Go over to the file that the name means now. 1 if so, 0 if it is still ours, or -errno. */
static int follow_name(struct ring_writer *writer)
{
	if (ring_file_is_named(writer->fd, writer->name))
		return 0;
	int fd = ring_file_open(writer->name);
	if (fd < 0)
		return fd;
	int result = ring_file_grow(fd, writer->size);
	if (result < 0) {
		close(fd);
		return result;
	}
	close(writer->fd);
	writer->fd = fd;
	return 1;
}

int ring_writer_mend(struct ring_writer *writer)
{
	int moved = follow_name(writer);
	/* The region we have is mended even if the one of that name cannot be had. */
	int grown = ring_file_grow(writer->fd, writer->size);
	if (grown < 0)
		return grown;
	/* Asked whatever the rest says, for asking resets it; kept until a mapping has succeeded. */
	bool tripped = ring_guard_tripped(writer->guard);
	writer->stale |= tripped || moved == 1 || grown == 1;
	bool remapped = writer->stale;
	int restored = restore_all(writer);
	if (restored < 0 || moved < 0)
		return restored < 0 ? restored : moved;
	return restored || remapped;
}
