/* The ring in quiet: what each call promises, one process, nothing broken. */
#include "clock.h"
#include "ring_fixture.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static const struct ring_shape small = {
	.magic = FIXTURE_MAGIC, .layout = 1, .words = 5, .slots = 8};

START_TEST(names)
{
	char name[RING_NAME_MAX];
	char longest[RING_NAME_MAX];
	ck_assert_int_eq(ring_name(name, "tactus", "tempo"), 0);
	ck_assert_str_eq(name, "/tactus.tempo");
	ck_assert_int_eq(ring_name(name, "", "tempo"), -EINVAL);
	ck_assert_int_eq(ring_name(name, "tactus", ""), -EINVAL);
	ck_assert_int_eq(ring_name(name, "a/b", "tempo"), -EINVAL);
	ck_assert_int_eq(ring_name(name, "tactus", "a/b"), -EINVAL);
	memset(longest, 'x', sizeof longest);
	longest[RING_NAME_MAX - 3] = '\0'; /* "/", ".", "y" and the end make 65 */
	ck_assert_int_eq(ring_name(name, longest, "y"), -ENAMETOOLONG);
	longest[RING_NAME_MAX - 4] = '\0';
	ck_assert_int_eq(ring_name(name, longest, "y"), 0);
}
END_TEST

START_TEST(states_have_words_of_their_own)
{
	for (int i = RING_ATTACHED; i <= RING_LAYOUT; i++)
		for (int j = RING_ATTACHED; j < i; j++)
			ck_assert_str_ne(ring_state_text((enum ring_state)i),
					 ring_state_text((enum ring_state)j));
}
END_TEST

static void expect_refused(struct ring_shape shape)
{
	struct ring_writer *writer;
	struct ring_reader *reader;
	ck_assert_int_eq(ring_writer_open(&writer, fixture_name, &shape, 0), -EINVAL);
	ck_assert_int_eq(ring_reader_open(&reader, fixture_name, &shape), -EINVAL);
}

START_TEST(shapes_out_of_range)
{
	struct ring_shape shape = small;
	shape.magic = 0;
	expect_refused(shape);
	expect_refused(fixture_shape(0, 8));
	expect_refused(fixture_shape(RING_WORDS_MAX + 1, 8));
	expect_refused(fixture_shape(5, 0));
	expect_refused(fixture_shape(5, 1));
	expect_refused(fixture_shape(5, 12));
	expect_refused(fixture_shape(5, 131072));
	shape = small;
	shape.reserved = 1;
	expect_refused(shape);
	ck_assert_int_eq(shm_unlink(fixture_name), -1); /* and nothing was made */
}
END_TEST

START_TEST(names_out_of_range)
{
	char longest[RING_NAME_MAX + 1] = "/";
	memset(longest + 1, 'x', RING_NAME_MAX - 1);
	const char *const bad[] = {"", "/", "tactus", "/a/b", longest};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct ring_writer *writer;
		struct ring_reader *reader;
		ck_assert_int_eq(ring_writer_open(&writer, bad[i], &small, 0), -EINVAL);
		ck_assert_int_eq(ring_reader_open(&reader, bad[i], &small), -EINVAL);
		ck_assert_int_eq(ring_writer_pid(bad[i]), -EINVAL);
	}
}
END_TEST

/* Nothing to be had, and the words stay as they were. */
static void expect_none(struct ring_reader *reader)
{
	uint64_t words[5] = {1, 2, 3, 4, 5};
	uint64_t sequence = 77, lost = 77;
	ck_assert_int_eq(ring_read_newest(reader, words, &sequence), 0);
	ck_assert_int_eq(ring_read_next(reader, words, &lost), 0);
	ck_assert_uint_eq(sequence, 77);
	ck_assert_uint_eq(lost, 0);
	for (uint64_t i = 0; i < 5; i++)
		ck_assert_uint_eq(words[i], i + 1);
}

static void expect_newest(struct ring_reader *reader, uint64_t want)
{
	uint64_t words[RING_WORDS_MAX];
	uint64_t sequence = 0;
	ck_assert_int_eq(ring_read_newest(reader, words, &sequence), 1);
	ck_assert_uint_eq(sequence, want);
	ck_assert_uint_eq(words[0], want);
	ck_assert(fixture_whole(words, reader->area.words));
}

static void expect_next(struct ring_reader *reader, uint64_t want, uint64_t want_lost)
{
	uint64_t words[RING_WORDS_MAX];
	uint64_t lost = 77;
	ck_assert_int_eq(ring_read_next(reader, words, &lost), 1);
	ck_assert_uint_eq(words[0], want);
	ck_assert_uint_eq(lost, want_lost);
	ck_assert(fixture_whole(words, reader->area.words));
}

START_TEST(reader_comes_before_the_region)
{
	struct ring_reader *reader = fixture_reader(&small);
	ck_assert_int_eq(ring_reader_refresh(reader), RING_ABSENT);
	ck_assert_int_eq(ring_reader_offset_ns(reader), 0);
	expect_none(reader);
	struct ring_writer *writer = fixture_writer(&small);
	ck_assert_int_eq(ring_reader_refresh(reader), RING_ATTACHED);
	ck_assert_int_eq(ring_reader_offset_ns(reader), FIXTURE_OFFSET_NS);
	expect_none(reader);
	expect_newest(reader, fixture_publish(writer));
	ring_writer_close(writer);
	ring_reader_close(reader);
	ring_reader_close(NULL);
	ring_writer_close(NULL);
}
END_TEST

START_TEST(newest_is_taken_once)
{
	struct ring_writer *writer = fixture_writer(&small);
	struct ring_reader *reader = fixture_reader(&small);
	uint64_t words[5];
	for (int i = 1; i <= 3 * (int)small.slots; i++) {
		uint64_t newest = 0;
		for (int j = 0; j < i; j++)
			newest = fixture_publish(writer);
		ck_assert_uint_eq(ring_writer_newest(writer, words), newest);
		ck_assert_uint_eq(words[0], newest);
		expect_newest(reader, newest);
		expect_none(reader);
	}
	fixture_publish(writer);
	ck_assert_int_eq(ring_read_newest(reader, words, NULL), 1);
	ring_writer_close(writer);
	ring_reader_close(reader);
}
END_TEST

START_TEST(next_is_in_order)
{
	struct ring_writer *writer = fixture_writer(&small);
	struct ring_reader *reader = fixture_reader(&small);
	uint64_t want = fixture_publish(writer), last = want, words[5];
	expect_next(reader, want, 0);
	for (int i = 0; i < 1000; i++) {
		for (int j = i % ((int)small.slots + 1); j > 0; j--)
			last = fixture_publish(writer);
		while (want < last)
			expect_next(reader, ++want, 0);
		expect_none(reader);
	}
	fixture_publish(writer);
	ck_assert_int_eq(ring_read_next(reader, words, NULL), 1);
	ring_writer_close(writer);
	ring_reader_close(reader);
}
END_TEST

/* Fall `lag` records behind, then catch up: all are either seen or counted. */
static void fall_behind(struct ring_writer *writer, struct ring_reader *reader, uint64_t lag)
{
	uint64_t slots = (uint64_t)writer->region.mask + 1;
	uint64_t last = fixture_publish(writer);
	expect_newest(reader, last);
	for (uint64_t i = 0; i < lag; i++)
		last = fixture_publish(writer);
	uint64_t lost = lag > slots ? lag - slots : 0;
	for (uint64_t i = lost; i < lag; i++)
		expect_next(reader, last - lag + i + 1, i == lost ? lost : 0);
	ck_assert_int_eq(ring_read_next(reader, (uint64_t[5]){0}, NULL), 0);
}

START_TEST(overrun_is_counted)
{
	static const uint32_t slots[] = {2, 4, 8, 64};
	for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
		struct ring_shape shape = fixture_shape(5, slots[i]);
		fixture_clear();
		struct ring_writer *writer = fixture_writer(&shape);
		struct ring_reader *reader = fixture_reader(&shape);
		for (uint64_t lag = 0; lag <= 3 * slots[i]; lag++)
			fall_behind(writer, reader, lag);
		ring_writer_close(writer);
		ring_reader_close(reader);
	}
}
END_TEST

START_TEST(late_reader_starts_at_the_oldest)
{
	struct ring_writer *writer = fixture_writer(&small);
	for (uint64_t written = 1; written <= 3 * small.slots; written++) {
		uint64_t last = fixture_publish(writer);
		uint64_t held = written < small.slots ? written : small.slots;
		struct ring_reader *reader = fixture_reader(&small);
		for (uint64_t i = held; i > 0; i--)
			expect_next(reader, last - i + 1, 0);
		expect_none(reader);
		ring_reader_close(reader);
		ck_assert_uint_eq(fixture_newest(&small), last);
	}
	ring_writer_close(writer);
}
END_TEST

START_TEST(readers_have_cursors_of_their_own)
{
	struct ring_writer *writer = fixture_writer(&small);
	struct ring_reader *one = fixture_reader(&small), *other = fixture_reader(&small);
	uint64_t first = fixture_publish(writer);
	fixture_publish(writer);
	fixture_publish(writer);
	expect_next(one, first, 0);
	expect_newest(other, first + 2);
	expect_next(one, first + 1, 0);
	expect_none(other);
	expect_newest(one, first + 2);
	expect_none(one);
	fixture_publish(writer);
	expect_next(one, first + 3, 0);
	expect_next(other, first + 3, 0);
	ring_writer_close(writer);
	ring_reader_close(one);
	ring_reader_close(other);
}
END_TEST

START_TEST(every_shape)
{
	for (uint32_t words = 1; words <= RING_WORDS_MAX; words++) {
		struct ring_shape shape = fixture_shape(words, 2u << words % 10);
		fixture_clear();
		struct ring_writer *writer = fixture_writer(&shape);
		struct ring_reader *reader = fixture_reader(&shape);
		for (uint64_t i = 0; i < 2 * shape.slots + 1; i++)
			expect_next(reader, fixture_publish(writer), 0);
		fall_behind(writer, reader, shape.slots + 3);
		ck_assert_uint_eq((uintptr_t)ring_slot(&reader->area, 1) % 64, 0);
		ring_writer_close(writer);
		ring_reader_close(reader);
	}
}
END_TEST

START_TEST(largest_shape)
{
	struct ring_shape shape = fixture_shape(RING_WORDS_MAX, 65536);
	struct ring_writer *writer = fixture_writer(&shape);
	struct ring_reader *reader = fixture_reader(&shape);
	fall_behind(writer, reader, 65536 + 7);
	ring_writer_close(writer);
	ring_reader_close(reader);
}
END_TEST

START_TEST(count_begins_at_the_clock)
{
	uint64_t before = (uint64_t)clock_now_ns();
	struct ring_writer *writer = fixture_writer(&small);
	uint64_t first = fixture_publish(writer);
	ck_assert_uint_gt(first, before);
	ck_assert_uint_le(first, (uint64_t)clock_now_ns());
	ring_writer_close(writer);
}
END_TEST

START_TEST(writer_goes_on_where_the_last_one_was)
{
	uint64_t words[5];
	struct ring_reader *reader = fixture_reader(&small);
	struct ring_writer *writer = fixture_writer(&small);
	ck_assert_uint_eq(ring_writer_newest(writer, words), 0);
	ring_reader_refresh(reader);
	uint64_t last = fixture_publish(writer);
	expect_next(reader, last, 0);
	for (int i = 0; i < 40; i++) {
		ring_writer_close(writer);
		writer = fixture_writer(&small);
		ck_assert_uint_eq(ring_writer_newest(writer, words), last);
		ck_assert_uint_eq(words[0], last);
		for (int j = 0; j < i % 13; j++)
			ck_assert_uint_eq(fixture_publish(writer), ++last);
		if (i % 13 > (int)small.slots)
			expect_next(reader, last - small.slots + 1, (unsigned)i % 13 - small.slots);
		while (reader->cursor < last)
			expect_next(reader, reader->cursor + 1, 0);
		expect_none(reader);
	}
	ring_writer_close(writer);
	ring_reader_close(reader);
}
END_TEST

START_TEST(offset_stays_with_the_region)
{
	struct ring_writer *writer = fixture_writer(&small);
	struct ring_reader *reader = fixture_reader(&small);
	ck_assert_int_eq(ring_writer_is_fresh(writer), 1);
	ck_assert_int_eq(ring_writer_offset_ns(writer), FIXTURE_OFFSET_NS);
	ring_writer_close(writer);
	ck_assert_int_eq(ring_writer_open(&writer, fixture_name, &small, 42), 0);
	ck_assert_int_eq(ring_writer_is_fresh(writer), 0);
	ck_assert_int_eq(ring_writer_offset_ns(writer), FIXTURE_OFFSET_NS);
	ck_assert_int_eq(ring_reader_refresh(reader), RING_ATTACHED);
	ck_assert_int_eq(ring_reader_offset_ns(reader), FIXTURE_OFFSET_NS);
	ring_writer_close(writer);
	fixture_clear();
	ck_assert_int_eq(ring_reader_refresh(reader), RING_ABSENT);
	ck_assert_int_eq(ring_reader_offset_ns(reader), FIXTURE_OFFSET_NS);
	ck_assert_int_eq(ring_writer_open(&writer, fixture_name, &small, 42), 0);
	ck_assert_int_eq(ring_writer_is_fresh(writer), 1);
	ck_assert_int_eq(ring_reader_refresh(reader), RING_ATTACHED);
	ck_assert_int_eq(ring_reader_offset_ns(reader), 42);
	ring_writer_close(writer);
	ring_reader_close(reader);
}
END_TEST

START_TEST(region_respects_the_umask)
{
	struct stat file;
	mode_t before = umask(027);
	struct ring_writer *writer = fixture_writer(&small);
	umask(before);
	int fd = fixture_file(O_RDONLY);
	ck_assert_int_eq(fstat(fd, &file), 0);
	ck_assert_int_eq(file.st_mode & 0777, 0640);
	ck_assert_int_ne(fcntl(writer->fd, F_GETFD) & FD_CLOEXEC, 0);
	close(fd);
	ring_writer_close(writer);
}
END_TEST

START_TEST(second_writer_in_this_process)
{
	struct ring_writer *writer = fixture_writer(&small), *second = NULL;
	ck_assert_int_eq(ring_writer_open(&second, fixture_name, &small, 0), -EBUSY);
	ck_assert_int_eq(ring_writer_pid(fixture_name), getpid());
	/* Neither the refusal nor the question has dropped the lock, as with a process's own. */
	ck_assert_int_eq(ring_writer_open(&second, fixture_name, &small, 0), -EBUSY);
	uint64_t last = fixture_publish(writer);
	ring_writer_close(writer);
	ck_assert_int_eq(ring_writer_pid(fixture_name), 0);
	writer = fixture_writer(&small);
	ck_assert_uint_eq(fixture_publish(writer), last + 1);
	ring_writer_close(writer);
}
END_TEST

/* A process that holds the region until it is killed. */
static pid_t start_holder(void)
{
	int ready[2];
	char byte;
	ck_assert_int_eq(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct ring_writer *writer;
		if (ring_writer_open(&writer, fixture_name, &small, 1) == 0 &&
		    write(ready[1], "r", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

START_TEST(second_writer_in_another_process)
{
	struct ring_writer *writer = NULL;
	ck_assert_int_eq(ring_writer_pid(fixture_name), 0); /* no region yet */
	pid_t pid = start_holder();
	ck_assert_int_eq(ring_writer_open(&writer, fixture_name, &small, 0), -EBUSY);
	ck_assert_int_eq(ring_writer_pid(fixture_name), pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* The dead one's pid still stands in the header: nobody believes it. */
	ck_assert_int_eq(ring_writer_pid(fixture_name), 0);
	ck_assert_int_eq(ring_writer_open(&writer, fixture_name, &small, 0), 0);
	ck_assert_int_eq(ring_writer_pid(fixture_name), getpid());
	ring_writer_close(writer);
}
END_TEST

START_TEST(nothing_to_mend)
{
	struct ring_writer *writer = fixture_writer(&small);
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(ring_writer_mend(writer), 0);
		fixture_publish(writer);
	}
	ck_assert_int_eq(ring_writer_mend(writer), 0);
	ring_writer_close(writer);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("quiet");
	tcase_add_test(tests, names);
	tcase_add_test(tests, states_have_words_of_their_own);
	tcase_add_test(tests, shapes_out_of_range);
	tcase_add_test(tests, names_out_of_range);
	tcase_add_test(tests, reader_comes_before_the_region);
	tcase_add_test(tests, newest_is_taken_once);
	tcase_add_test(tests, next_is_in_order);
	tcase_add_test(tests, overrun_is_counted);
	tcase_add_test(tests, late_reader_starts_at_the_oldest);
	tcase_add_test(tests, readers_have_cursors_of_their_own);
	tcase_add_test(tests, every_shape);
	tcase_add_test(tests, largest_shape);
	tcase_add_test(tests, count_begins_at_the_clock);
	tcase_add_test(tests, writer_goes_on_where_the_last_one_was);
	tcase_add_test(tests, offset_stays_with_the_region);
	tcase_add_test(tests, region_respects_the_umask);
	tcase_add_test(tests, second_writer_in_this_process);
	tcase_add_test(tests, second_writer_in_another_process);
	tcase_add_test(tests, nothing_to_mend);
	return fixture_run("ring", tests);
}
