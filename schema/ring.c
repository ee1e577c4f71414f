/*
 * The real-time side of the ring: publish and take. No system call, no allocation, no lock;
 * every loop is bounded by the record's words or by the slots. What is set up for it stands in
 * ring_writer.c and ring_reader.c, the layout in ring_layout.h.
 */
#include "ring_layout.h"

/* Tries before a reader falls back on looking through all slots: the writer must lap it each time. */
#define TAKE_TRIES 3

_Atomic uint64_t *ring_slot(const struct ring_area *area, uint64_t sequence)
{
	return area->base + RING_SLOT_0 + (size_t)(sequence & area->mask) * area->stride;
}

uint64_t ring_mix(uint64_t sum, uint64_t word)
{
	/* Invertible in either argument, so that no single changed word goes unseen. */
	sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return sum ^ sum >> 32;
}

uint64_t ring_record_sum(const struct ring_area *area, uint64_t sequence, const uint64_t *words)
{
	uint64_t sum = ring_mix(area->seed, sequence);
	for (uint32_t i = 0; i < area->words; i++)
		sum = ring_mix(sum, words[i]);
	return sum;
}

uint64_t ring_header_sum(const uint64_t header[RING_HEADER_WORDS])
{
	uint64_t sum = RING_FORMAT;
	for (int i = 0; i < RING_SUM; i++)
		sum = ring_mix(sum, header[i]);
	return sum;
}

void ring_slot_put(const struct ring_area *area, uint64_t sequence, uint64_t sum,
		   const uint64_t *words)
{
	_Atomic uint64_t *slot = ring_slot(area, sequence);
	/* Each word is released: whoever sees one of them sees the busy stamp too. */
	atomic_store_explicit(&slot[RING_STAMP], RING_BUSY | sequence, memory_order_relaxed);
	atomic_store_explicit(&slot[RING_CHECK], sum, memory_order_release);
	for (uint32_t i = 0; i < area->words; i++)
		atomic_store_explicit(&slot[RING_RECORD + i], words[i], memory_order_release);
	atomic_store_explicit(&slot[RING_STAMP], sequence, memory_order_release);
}

bool ring_slot_take(const struct ring_area *area, uint64_t sequence, uint64_t *out)
{
	const _Atomic uint64_t *slot = ring_slot(area, sequence);
	if (atomic_load_explicit(&slot[RING_STAMP], memory_order_acquire) != sequence)
		return false;
	uint64_t sum = atomic_load_explicit(&slot[RING_CHECK], memory_order_acquire);
	for (uint32_t i = 0; i < area->words; i++)
		out[i] = atomic_load_explicit(&slot[RING_RECORD + i], memory_order_acquire);
	/* The acquiring loads above keep this one behind them. */
	if (atomic_load_explicit(&slot[RING_STAMP], memory_order_relaxed) != sequence)
		return false;
	return sum == ring_record_sum(area, sequence, out);
}

uint64_t ring_slot_stamp(const struct ring_area *area, uint32_t index)
{
	return atomic_load_explicit(&ring_slot(area, index)[RING_STAMP], memory_order_acquire);
}

uint64_t ring_slot_claim(const struct ring_area *area, uint32_t index)
{
	uint64_t stamp = ring_slot_stamp(area, index);
	return stamp <= RING_SEQUENCE_MAX && (stamp & area->mask) == index ? stamp : 0;
}

bool ring_header_put(const struct ring_area *area, const uint64_t header[RING_HEADER_WORDS])
{
	bool changed = false;
	for (int i = 0; i < RING_HEADER_WORDS; i++) {
		/* Compared first, so that the line stays shared while nothing is wrong. */
		if (atomic_load_explicit(&area->base[i], memory_order_relaxed) == header[i])
			continue;
		atomic_store_explicit(&area->base[i], header[i], memory_order_release);
		changed = true;
	}
	return changed;
}

static void publish(const struct ring_area *area, uint64_t sequence, uint64_t sum,
		    const uint64_t *words)
{
	ring_slot_put(area, sequence, sum, words);
	atomic_store_explicit(&area->base[RING_HEAD], sequence, memory_order_release);
}

uint64_t ring_write(struct ring_writer *writer, const uint64_t *words)
{
	/* Either we see `mending` or ring_writer_mend sees `writing`: both are sequentially
	 * consistent. While it mends we keep to the twin, and it carries the record over. */
	atomic_store(&writer->writing, 1);
	bool mending = atomic_load(&writer->mending) != 0;
	uint64_t sequence = ++writer->sequence;
	uint64_t sum = ring_record_sum(&writer->twin, sequence, words);
	publish(&writer->twin, sequence, sum, words);
	if (mending) {
		atomic_store_explicit(&writer->deferred, 1, memory_order_relaxed);
	} else {
		ring_header_put(&writer->region, writer->header);
		publish(&writer->region, sequence, sum, words);
	}
	atomic_store_explicit(&writer->writing, 0, memory_order_release);
	return sequence;
}

/* What the header's field says, 0 unless the whole header checks out. */
static uint64_t header_field(const struct ring_area *area, enum ring_word field)
{
	uint64_t sum = RING_FORMAT;
	uint64_t value = 0;
	for (int i = 0; i < RING_SUM; i++) {
		uint64_t word = atomic_load_explicit(&area->base[i], memory_order_acquire);
		sum = ring_mix(sum, word);
		if (i == (int)field)
			value = word;
	}
	return atomic_load_explicit(&area->base[RING_SUM], memory_order_acquire) == sum ? value : 0;
}

static void copy_words(uint64_t *to, const uint64_t *from, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		to[i] = from[i];
}

static int accept(struct ring_reader *reader, uint64_t sequence, uint64_t *words)
{
	copy_words(words, reader->scratch, reader->area.words);
	reader->cursor = sequence;
	return 1;
}

/* Look through all slots for the highest whole record above `above`; *words (may be NULL) gets it. */
static uint64_t scan_highest(struct ring_reader *reader, uint64_t above, uint64_t *words)
{
	uint64_t best = 0;
	for (uint32_t i = 0; i <= reader->area.mask; i++) {
		uint64_t claim = ring_slot_claim(&reader->area, i);
		if (claim <= above || claim <= best ||
		    !ring_slot_take(&reader->area, claim, reader->scratch))
			continue;
		if (words)
			copy_words(words, reader->scratch, reader->area.words);
		best = claim;
	}
	return best;
}

/* The same for the lowest above the cursor: the oldest that was not taken yet. */
static uint64_t scan_oldest(struct ring_reader *reader, uint64_t *words)
{
	uint64_t best = 0;
	for (uint32_t i = 0; i <= reader->area.mask; i++) {
		uint64_t claim = ring_slot_claim(&reader->area, i);
		if (claim <= reader->cursor || (best != 0 && claim > best) ||
		    !ring_slot_take(&reader->area, claim, reader->scratch))
			continue;
		copy_words(words, reader->scratch, reader->area.words);
		best = claim;
	}
	return best;
}

static uint64_t head_of(const struct ring_reader *reader)
{
	return atomic_load_explicit(&reader->area.base[RING_HEAD], memory_order_acquire);
}

/* Head is what was taken last. A first record is looked for even if head is 0. */
static bool is_up_to_date(const struct ring_reader *reader, uint64_t head)
{
	return head == reader->cursor && head != 0;
}

/* Another writer goes on above its predecessor. Should its records be lower all the same (the
 * region was replaced by an old one, say), then the cursor counts in a count that is over. Head and
 * slots must agree on that: either alone may be garbage, or overtaken while we look. */
static void follow_generation(struct ring_reader *reader)
{
	uint64_t head = head_of(reader);
	if (atomic_load_explicit(&reader->area.base[RING_GENERATION], memory_order_acquire) ==
	    reader->generation)
		return;
	uint64_t generation = header_field(&reader->area, RING_GENERATION);
	if (generation == 0 || generation == reader->generation)
		return; /* garbage, or that and mended meanwhile */
	uint64_t highest = scan_highest(reader, 0, NULL);
	if (highest == 0 || (highest < reader->cursor && head >= reader->cursor))
		return; /* nothing to judge by yet */
	if (highest < reader->cursor)
		reader->cursor = 0;
	reader->generation = generation;
}

static int take_newest(struct ring_reader *reader, uint64_t *words)
{
	for (int i = 0; i < TAKE_TRIES; i++) {
		uint64_t head = head_of(reader);
		if (is_up_to_date(reader, head))
			return 0;
		if (head > reader->cursor && head <= RING_SEQUENCE_MAX &&
		    ring_slot_take(&reader->area, head, reader->scratch))
			return accept(reader, head, words);
	}
	uint64_t found = scan_highest(reader, reader->cursor, words);
	if (found != 0)
		reader->cursor = found;
	return found != 0;
}

int ring_read_newest(struct ring_reader *reader, uint64_t *words, uint64_t *sequence)
{
	follow_generation(reader);
	int taken = take_newest(reader, words);
	if (taken && sequence)
		*sequence = reader->cursor;
	return taken;
}

/* Records between the cursor and `found`, leaving out numbers that a new count never used. */
static uint64_t skipped(const struct ring_reader *reader, uint64_t found)
{
	uint64_t before = reader->cursor;
	if (before == 0 || found == before + 1)
		return 0;
	uint64_t first = header_field(&reader->area, RING_FIRST);
	if (first > before && first <= found)
		before = first - 1;
	return found - before - 1;
}

/* The oldest that was not taken yet, behind a gap. */
static uint64_t find_next(struct ring_reader *reader, uint64_t *words)
{
	uint64_t found = scan_oldest(reader, words);
	if (found == 0 || found == reader->cursor + 1)
		return found;
	/* Records appear in order: what comes before the one we saw is there by now or never. */
	uint64_t again = scan_oldest(reader, words);
	return again != 0 ? again : found;
}

int ring_read_next(struct ring_reader *reader, uint64_t *words, uint64_t *lost)
{
	uint64_t found = 0;
	follow_generation(reader);
	if (lost)
		*lost = 0;
	if (reader->cursor != 0 &&
	    ring_slot_take(&reader->area, reader->cursor + 1, reader->scratch))
		return accept(reader, reader->cursor + 1, words);
	for (int i = 0; i < TAKE_TRIES && found == 0 && !is_up_to_date(reader, head_of(reader));
	     i++)
		found = find_next(reader, words);
	if (found == 0)
		return 0;
	if (lost)
		*lost = skipped(reader, found);
	reader->cursor = found;
	return 1;
}
