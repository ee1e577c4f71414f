/*
 * The ring one machine instruction at a time. A child is single-stepped through a publication or
 * a read; between any two of its instructions the other side does its part, or the child dies.
 * What a race finds by luck is gone through here one by one. Passes without a word where tracing is
 * not allowed (as under an emulator).
 */
#include "ring_fixture.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define SLOTS 4
#define WORDS 6
#define NOT_ALLOWED 77

/* Where the code is slowed by a sanitizer, it also has ten times the instructions. */
#define STRIDE (FIXTURE_SLOWED ? 23 : 2)

static const struct ring_shape shape = {
	.magic = FIXTURE_MAGIC, .layout = 1, .words = WORDS, .slots = SLOTS};

struct result {
	_Atomic int taken;
	_Atomic uint64_t lost;
	_Atomic uint64_t words[WORDS];
};

/* ---- a child that goes step by step ---------------------------------------- */

/* Starts act(context) in a child that has stopped before it; 0 if tracing is not allowed. */
static pid_t step_start(void (*act)(struct result *result), struct result *result)
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(NOT_ALLOWED);
		act(result);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSTOPPED(status) ? pid : 0;
}

/* One instruction. False once the child has stopped by itself. */
static bool step_once(pid_t pid)
{
	int status = 0;
	if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0)
		return false;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP;
}

static bool step_many(pid_t pid, long count)
{
	while (count > 0 && step_once(pid))
		count--;
	return count == 0;
}

/* On to where the child stops by itself. */
static void step_out(pid_t pid)
{
	int status = 0;
	ck_assert_int_eq((int)ptrace(PTRACE_CONT, pid, NULL, NULL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}

static void step_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

/* Instructions from the first stop of act to its next. */
static long step_count(void (*act)(struct result *result), struct result *result)
{
	long count = 0;
	pid_t pid = step_start(act, result);
	while (pid != 0 && step_once(pid))
		count++;
	if (pid != 0)
		step_kill(pid);
	return count;
}

static struct result *share_result(void)
{
	void *at = mmap(NULL, sizeof(struct result), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(at, MAP_FAILED);
	return at;
}

/* ---- the writer stepped, or dead ------------------------------------------- */

static struct ring_writer *child_writer(void)
{
	struct ring_writer *writer;
	if (ring_writer_open(&writer, fixture_name, &shape, 0) < 0)
		_exit(1);
	return writer;
}

static void act_publish(struct result *result)
{
	struct ring_writer *writer = child_writer();
	(void)result;
	raise(SIGSTOP);
	fixture_publish(writer);
	raise(SIGSTOP);
}

static void act_open_and_publish(struct result *result)
{
	(void)result;
	raise(SIGSTOP);
	fixture_publish(child_writer());
	raise(SIGSTOP);
}

/* What one that comes at this moment sees: a rising run of whole records, only the slot that is
 * being written missing, and the newest of them is the newest. */
static uint64_t expect_consistent(struct ring_reader *reader)
{
	uint64_t words[WORDS], lost, last = 0, sequence = 0;
	int count = 0;
	reader->cursor = 0;
	while (ring_read_next(reader, words, &lost)) {
		ck_assert(fixture_whole(words, WORDS));
		ck_assert(lost == 0 && (last == 0 || words[0] == last + 1));
		last = words[0];
		count++;
	}
	ck_assert_int_ge(count, SLOTS - 1);
	reader->cursor = 0;
	ck_assert_int_eq(ring_read_newest(reader, words, &sequence), 1);
	ck_assert(fixture_whole(words, WORDS));
	ck_assert_uint_ge(sequence + 1, last); /* head comes after the record */
	return sequence;
}

static uint64_t lay_ground(void)
{
	struct ring_writer *writer = fixture_writer(&shape);
	for (int i = 0; i < 2 * SLOTS; i++)
		fixture_publish(writer);
	uint64_t last = writer->sequence;
	ring_writer_close(writer);
	return last;
}

START_TEST(read_at_every_instruction_of_a_write)
{
	struct result *result = share_result();
	uint64_t last = lay_ground(), seen = last;
	pid_t pid = step_start(act_publish, result);
	struct ring_reader *reader = fixture_reader(&shape);
	while (pid != 0 && step_once(pid)) {
		uint64_t sequence = expect_consistent(reader);
		ck_assert(sequence == seen || (seen == last && sequence == last + 1));
		seen = sequence;
	}
	if (pid != 0) {
		ck_assert_uint_eq(seen, last + 1);
		step_kill(pid);
	}
	ring_reader_close(reader);
}
END_TEST

/* The writer dies after `count` instructions, and another takes over. */
static void die_after(void (*act)(struct result *), struct result *result, long count,
		      struct ring_reader *reader)
{
	uint64_t words[WORDS], before = reader->cursor, lost;
	pid_t pid = step_start(act, result);
	step_many(pid, count);
	step_kill(pid);
	while (ring_read_next(reader, words, &lost))
		ck_assert(lost == 0 && fixture_whole(words, WORDS));
	ck_assert_uint_le(reader->cursor, before + 1);
	struct ring_writer *writer = fixture_writer(&shape);
	ck_assert_int_eq(ring_writer_offset_ns(writer), FIXTURE_OFFSET_NS);
	ck_assert(writer->sequence == before || writer->sequence == before + 1);
	ck_assert_uint_ge(writer->sequence, reader->cursor);
	ck_assert_uint_eq(ring_writer_newest(writer, words), writer->sequence);
	fixture_publish(writer);
	while (ring_read_next(reader, words, &lost))
		ck_assert(lost == 0 && fixture_whole(words, WORDS));
	ck_assert_uint_eq(reader->cursor, writer->sequence);
	ck_assert_int_eq((int)ring_reader_refresh(reader), RING_ATTACHED);
	ck_assert_uint_eq(expect_consistent(reader), writer->sequence);
	ring_writer_close(writer);
}

/* At `places` places, spread over however many instructions there are. */
static void die_everywhere(void (*act)(struct result *), long places)
{
	struct result *result = share_result();
	lay_ground();
	long total = step_count(act, result);
	struct ring_writer *writer = fixture_writer(&shape);
	fixture_publish(writer);
	ring_writer_close(writer);
	struct ring_reader *reader = fixture_reader(&shape);
	uint64_t last = expect_consistent(reader);
	ck_assert_uint_eq(reader->cursor, last);
	for (long i = 0; i < places && total > 0; i++)
		die_after(act, result, i * total / places, reader);
	ring_reader_close(reader);
}

START_TEST(die_at_the_instructions_of_a_write)
{
	die_everywhere(act_publish, FIXTURE_SLOWED ? 50 : 400);
}
END_TEST

START_TEST(die_at_the_instructions_of_an_open)
{
	die_everywhere(act_open_and_publish, FIXTURE_SLOWED ? 20 : 40);
}
END_TEST

/* The same by hand, for every word of a slot, where no tracing is to be had. */
START_TEST(half_written_up_to_every_word)
{
	uint64_t words[WORDS];
	uint64_t last = lay_ground();
	for (uint32_t stored = 0; stored < RING_RECORD + WORDS; stored++) {
		struct ring_writer *writer = fixture_writer(&shape);
		ck_assert_uint_eq(writer->sequence, last);
		_Atomic uint64_t *slot = ring_slot(&writer->region, last + 1);
		fixture_fill(words, WORDS, last + 1);
		atomic_store(&slot[RING_STAMP], RING_BUSY | (last + 1));
		for (uint32_t i = RING_CHECK; i <= stored; i++)
			atomic_store(&slot[i], i == RING_CHECK ? 0 : words[i - RING_RECORD]);
		ck_assert_uint_eq(fixture_newest(&shape), last);
		ring_writer_close(writer);
		ck_assert_uint_eq(fixture_newest(&shape), last);
	}
}
END_TEST

/* ---- the reader stepped ---------------------------------------------------- */

static void tell(struct result *result, int taken, const uint64_t *words, uint64_t lost)
{
	for (int i = 0; i < WORDS; i++)
		atomic_store(&result->words[i], words[i]);
	atomic_store(&result->lost, lost);
	atomic_store(&result->taken, taken);
}

static void read_for_ever(struct result *result, bool next)
{
	uint64_t words[WORDS] = {0}, lost = 0;
	struct ring_reader *reader;
	if (ring_reader_open(&reader, fixture_name, &shape) < 0)
		_exit(1);
	ring_reader_refresh(reader);
	for (;;) {
		raise(SIGSTOP);
		int taken = next ? ring_read_next(reader, words, &lost)
				 : ring_read_newest(reader, words, NULL);
		tell(result, taken, words, lost);
	}
}

static void act_read_newest(struct result *result)
{
	read_for_ever(result, false);
}

static void act_read_next(struct result *result)
{
	read_for_ever(result, true);
}

/* The child's read, with a burst of records after its first `count` instructions. False if it was
 * over by then. */
static bool read_across_burst(pid_t pid, struct ring_writer *writer, long count, int burst)
{
	bool within = step_many(pid, count);
	for (int i = 0; i < burst; i++)
		fixture_publish(writer);
	if (within)
		step_out(pid);
	return within;
}

/* What the child took lies above `above`, is whole, and what it says it lost fits. */
static uint64_t expect_taken(struct result *result, uint64_t above, uint64_t last, bool next)
{
	uint64_t words[WORDS];
	ck_assert_int_eq(atomic_load(&result->taken), 1);
	for (int i = 0; i < WORDS; i++)
		words[i] = atomic_load(&result->words[i]);
	ck_assert(fixture_whole(words, WORDS));
	ck_assert_uint_gt(words[0], above);
	ck_assert_uint_le(words[0], last);
	if (next)
		ck_assert_uint_eq(words[0], above + 1 + atomic_load(&result->lost));
	return words[0];
}

/* Read on until nothing is new; the sequence last taken. */
static uint64_t drain(pid_t pid, struct result *result, uint64_t above, uint64_t last, bool next)
{
	for (;;) {
		step_out(pid);
		if (atomic_load(&result->taken) == 0)
			return above;
		above = expect_taken(result, above, last, next);
	}
}

static void write_into_every_read(void (*act)(struct result *), bool next)
{
	static const int bursts[] = {1, SLOTS, SLOTS + 1};
	struct result *result = share_result();
	struct ring_writer *writer = fixture_writer(&shape);
	fixture_publish(writer);
	pid_t pid = step_start(act, result);
	if (pid == 0)
		return;
	uint64_t at = drain(pid, result, 0, writer->sequence, false);
	for (int i = 0; i < 3; i++) {
		bool within = true;
		for (long count = i % STRIDE; within; count += STRIDE) {
			fixture_publish(writer);
			within = read_across_burst(pid, writer, count, bursts[i]);
			at = expect_taken(result, at, writer->sequence, next);
			at = drain(pid, result, at, writer->sequence, next);
			ck_assert_uint_eq(at, writer->sequence);
		}
	}
	step_kill(pid);
	ring_writer_close(writer);
}

START_TEST(write_at_every_instruction_of_read_newest)
{
	write_into_every_read(act_read_newest, false);
}
END_TEST

START_TEST(write_at_every_instruction_of_read_next)
{
	write_into_every_read(act_read_next, true);
}
END_TEST

/* With head spoiled the reader looks through the slots while records appear in them: it must not
 * take the second for the first. */
START_TEST(write_at_every_instruction_of_a_search)
{
	struct result *result = share_result();
	struct ring_writer *writer = fixture_writer(&shape);
	fixture_publish(writer);
	pid_t pid = step_start(act_read_next, result);
	bool within = pid != 0;
	uint64_t at = within ? drain(pid, result, 0, writer->sequence, false) : 0;
	for (long count = 0; within; count += STRIDE) {
		atomic_store(&writer->region.base[RING_HEAD], 1);
		within = read_across_burst(pid, writer, count, SLOTS - 1);
		if (atomic_load(&result->taken) == 1)
			at = expect_taken(result, at, writer->sequence, true);
		ck_assert_uint_eq(atomic_load(&result->lost), 0);
		for (; at < writer->sequence; at++) {
			step_out(pid);
			ck_assert_uint_eq(expect_taken(result, at, at + 1, true), at + 1);
		}
	}
	if (pid != 0)
		step_kill(pid);
	ring_writer_close(writer);
}
END_TEST

/* The header is harmed, the newest records are gone, and the header is mended while the reader looks
 * at it: that is no new count, and what it took once it does not take again. */
START_TEST(mend_at_every_instruction_of_a_read)
{
	struct result *result = share_result();
	struct ring_writer *writer = fixture_writer(&shape);
	for (int i = 0; i < SLOTS; i++)
		fixture_publish(writer);
	pid_t pid = step_start(act_read_newest, result);
	bool within = pid != 0;
	uint64_t last = writer->sequence;
	if (within)
		ck_assert_uint_eq(drain(pid, result, 0, last, false), last);
	for (long count = 0; within; count++) {
		atomic_store(&writer->region.base[RING_GENERATION], 5);
		atomic_store(&writer->region.base[RING_HEAD], 1);
		atomic_store(&ring_slot(&writer->region, last)[RING_STAMP], 0);
		within = step_many(pid, count);
		ring_header_put(&writer->region, writer->header);
		if (within)
			step_out(pid);
		ck_assert_int_eq(atomic_load(&result->taken), 0);
	}
	if (pid != 0)
		step_kill(pid);
	ring_writer_close(writer);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("step");
	tcase_add_test(tests, half_written_up_to_every_word);
	if (!FIXTURE_TSAN) { /* each process has one thread, and a thousand times the steps */
		tcase_add_test(tests, read_at_every_instruction_of_a_write);
		tcase_add_test(tests, die_at_the_instructions_of_a_write);
		tcase_add_test(tests, die_at_the_instructions_of_an_open);
		tcase_add_test(tests, write_at_every_instruction_of_read_newest);
		tcase_add_test(tests, write_at_every_instruction_of_read_next);
		tcase_add_test(tests, write_at_every_instruction_of_a_search);
		tcase_add_test(tests, mend_at_every_instruction_of_a_read);
	}
	return fixture_run("ring step", tests);
}
