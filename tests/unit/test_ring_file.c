/* The ring over a file that is truncated, unlinked or replaced while mapped; the SIGBUS guard. */
#include "ring_harm.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>

/* ---- truncation ------------------------------------------------------------ */

static void truncate_and_mend(struct ring_writer *writer, struct ring_reader *reader, size_t size)
{
	uint64_t words[HARM_WORDS];
	harm_publish(writer, HARM_SLOTS + 1);
	fixture_resize(size);
	/* Nobody was told; the pages are touched as if nothing had happened. */
	harm_expect_only_truth(reader, 0, writer->sequence);
	harm_publish(writer, 2);
	harm_expect_only_truth(reader, 0, writer->sequence);
	ck_assert_int_eq((int)ring_reader_refresh(reader), RING_SHORT);
	harm_expect_nothing(reader);
	ck_assert_int_eq(ring_writer_mend(writer), 1);
	ck_assert_int_eq(ring_writer_mend(writer), 0);
	harm_expect_all_well(writer);
	ck_assert_int_eq((int)ring_reader_refresh(reader), RING_ATTACHED);
	while (ring_read_next(reader, words, NULL))
		ck_assert(fixture_whole(words, HARM_WORDS));
	ck_assert_uint_eq(reader->cursor, writer->sequence);
	harm_publish(writer, 1);
	harm_expect_newest(reader, writer->sequence);
}

START_TEST(truncated_while_mapped)
{
	ck_assert_int_eq(ring_guard_install(), 0);
	struct ring_writer *writer = fixture_writer(&harm_shape);
	struct ring_reader *reader = fixture_reader(&harm_shape);
	const void *reads = reader->area.base, *writes = writer->region.base;
	size_t full = ring_size(&harm_shape);
	size_t sizes[] = {0, full / 2, (size_t)sysconf(_SC_PAGESIZE), 1, 64, 136, full - 1};
	for (int round = 0; round < 70; round++) {
		size_t size = sizes[round % 7];
		if (size < full)
			truncate_and_mend(writer, reader, size);
	}
	ck_assert_ptr_eq(reader->area.base, reads);
	ck_assert_ptr_eq(writer->region.base, writes);
	ring_writer_close(writer);
	ring_reader_close(reader);
}
END_TEST

/* Truncated and grown again by somebody else, unseen: the writer finds the holes. */
START_TEST(truncated_and_grown_behind_the_back)
{
	ck_assert_int_eq(ring_guard_install(), 0);
	struct ring_writer *writer = fixture_writer(&harm_shape);
	struct ring_reader *reader = fixture_reader(&harm_shape);
	for (int round = 0; round < 50; round++) {
		harm_publish(writer, HARM_SLOTS + 1);
		fixture_resize((size_t)round * 250);
		if (round % 2)
			harm_expect_only_truth(reader, 0, writer->sequence);
		fixture_resize(ring_size(&harm_shape));
		harm_expect_only_truth(reader, 0, writer->sequence);
		ck_assert_int_ge(ring_writer_mend(writer), 0);
		harm_expect_all_well(writer);
		ck_assert_int_eq((int)ring_reader_refresh(reader), RING_ATTACHED);
		harm_publish(writer, 1);
		harm_expect_newest(reader, writer->sequence);
	}
	ring_writer_close(writer);
	ring_reader_close(reader);
}
END_TEST

/* ---- the name -------------------------------------------------------------- */

START_TEST(unlinked_while_in_use)
{
	struct ring_writer *writer = fixture_writer(&harm_shape);
	struct ring_reader *reader = fixture_reader(&harm_shape);
	harm_publish(writer, HARM_SLOTS);
	for (int round = 0; round < 20; round++) {
		fixture_clear();
		/* The old mapping goes on as long as both have it. */
		harm_expect_newest(reader, fixture_publish(writer));
		ck_assert_int_eq((int)ring_reader_refresh(reader), RING_ABSENT);
		harm_expect_newest(reader, fixture_publish(writer));
		ck_assert_int_eq(ring_writer_mend(writer), 1);
		ck_assert_int_eq(ring_writer_mend(writer), 0);
		harm_expect_all_well(writer);
		ck_assert_int_eq((int)ring_reader_refresh(reader), RING_ATTACHED);
		harm_expect_nothing(reader); /* it has the newest already */
		harm_expect_newest(reader, fixture_publish(writer));
	}
	ring_writer_close(writer);
	ring_reader_close(reader);
}
END_TEST

START_TEST(replaced_by_a_strange_file)
{
	uint64_t seed = 5, junk[64];
	struct ring_writer *writer = fixture_writer(&harm_shape);
	struct ring_reader *reader = fixture_reader(&harm_shape);
	harm_publish(writer, HARM_SLOTS);
	for (int round = 0; round < 40; round++) {
		for (int i = 0; i < 64; i++)
			junk[i] = fixture_random(&seed);
		harm_make_file(junk, sizeof junk, round % 2 ? sizeof junk : ring_size(&harm_shape));
		harm_expect_newest(reader, fixture_publish(writer));
		ck_assert_int_ne((int)ring_reader_refresh(reader), RING_ATTACHED);
		ck_assert_int_eq(ring_writer_mend(writer), 1);
		ck_assert_int_eq((int)ring_reader_refresh(reader), RING_ATTACHED);
		harm_expect_all_well(writer);
		harm_expect_newest(reader, fixture_publish(writer));
	}
	ring_writer_close(writer);
	ring_reader_close(reader);
}
END_TEST

/* Another writer has made the region anew: it has the name, and ours is told so. */
START_TEST(replaced_by_another_writer)
{
	struct ring_writer *old = fixture_writer(&harm_shape), *other;
	struct ring_reader *reader = fixture_reader(&harm_shape);
	harm_publish(old, HARM_SLOTS);
	harm_expect_newest(reader, old->sequence);
	fixture_clear();
	other = fixture_writer(&harm_shape);
	harm_publish(other, HARM_SLOTS);
	ck_assert_int_eq(ring_writer_mend(old), -EBUSY);
	harm_publish(old, 3); /* to nobody, and no harm */
	ck_assert_int_eq((int)ring_reader_refresh(reader), RING_ATTACHED);
	harm_expect_newest(reader, other->sequence);
	harm_expect_all_well(other);
	/* The other leaves: the old one has the name again, though its count is lower. */
	harm_publish(other, HARM_SLOTS);
	harm_expect_newest(reader, other->sequence);
	ring_writer_close(other);
	ck_assert_int_eq(ring_writer_mend(old), 1);
	harm_expect_all_well(old);
	ck_assert_int_eq((int)ring_reader_refresh(reader), RING_ATTACHED);
	harm_expect_newest(reader, old->sequence);
	ring_writer_close(old);
	ring_reader_close(reader);
}
END_TEST

/* What a reader misses of a region that was made anew is no number it could tell. */
START_TEST(new_region_is_a_new_count)
{
	uint64_t words[HARM_WORDS], lost;
	struct ring_writer *writer = fixture_writer(&harm_shape);
	struct ring_reader *reader = fixture_reader(&harm_shape);
	harm_publish(writer, 3);
	harm_expect_newest(reader, writer->sequence);
	ring_writer_close(writer);
	fixture_clear();
	writer = fixture_writer(&harm_shape);
	harm_publish(writer, HARM_SLOTS + 5);
	ck_assert_int_eq((int)ring_reader_refresh(reader), RING_ATTACHED);
	ck_assert_int_eq(ring_read_next(reader, words, &lost), 1);
	ck_assert_uint_eq(words[0], writer->sequence - HARM_SLOTS + 1);
	ck_assert_uint_eq(lost, 5);
	ring_writer_close(writer);
	ring_reader_close(reader);
}
END_TEST

/* An old image of the region comes back under its name, and a writer opens it. */
START_TEST(older_count_is_accepted)
{
	uint8_t *image = malloc(ring_size(&harm_shape));
	struct ring_writer *writer = fixture_writer(&harm_shape);
	struct ring_reader *reader = fixture_reader(&harm_shape);
	int fd = fixture_file(O_RDONLY);
	uint64_t old = fixture_publish(writer);
	ck_assert_int_eq(pread(fd, image, ring_size(&harm_shape), 0),
			 (ssize_t)ring_size(&harm_shape));
	close(fd);
	harm_publish(writer, 1000);
	harm_expect_newest(reader, writer->sequence);
	ring_writer_close(writer);
	harm_make_file(image, ring_size(&harm_shape), ring_size(&harm_shape));
	ring_reader_refresh(reader);
	harm_expect_nothing(reader); /* same generation: it has all that */
	writer = fixture_writer(&harm_shape);
	ck_assert_uint_eq(writer->sequence, old);
	ck_assert_int_eq((int)ring_reader_refresh(reader), RING_ATTACHED);
	harm_expect_newest(reader, old);
	harm_expect_newest(reader, fixture_publish(writer));
	ring_writer_close(writer);
	ring_reader_close(reader);
	free(image);
}
END_TEST

/* ---- the guard ------------------------------------------------------------- */

static sigjmp_buf way_out;

static void jump_out(int number)
{
	siglongjmp(way_out, number);
}

/* Touch a truncated file that is none of ours. */
static int touch_foreign(void)
{
	int fd = fixture_file(O_RDWR | O_CREAT);
	volatile char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return page[0];
}

START_TEST(guard_passes_on_what_is_not_ours)
{
	struct sigaction action = {.sa_handler = jump_out};
	ck_assert_int_eq(sigaction(SIGBUS, &action, NULL), 0);
	ck_assert_int_eq(ring_guard_install(), 0);
	ck_assert_int_eq(ring_guard_install(), 0); /* not chained to itself */
	if (sigsetjmp(way_out, 1) == 0) {
		touch_foreign();
		ck_abort_msg("no SIGBUS");
	}
}
END_TEST

static int death_of(void (*act)(void))
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		signal(SIGBUS, SIG_DFL);
		ring_guard_install();
		act();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void act_touch(void)
{
	touch_foreign();
}

static void act_send(void)
{
	raise(SIGBUS);
}

START_TEST(guard_leaves_the_default_deadly)
{
	ck_assert_int_eq(death_of(act_touch), SIGBUS);
	ck_assert_int_eq(death_of(act_send), SIGBUS);
}
END_TEST

START_TEST(guard_has_places_for_many_and_frees_them)
{
	struct ring_reader *readers[200];
	for (int round = 0; round < 3; round++) {
		int made = 0, result = 0;
		while (made < 200 && result == 0) {
			result = ring_reader_open(&readers[made], fixture_name, &harm_shape);
			made += result == 0;
		}
		ck_assert_int_ge(made, 32);
		ck_assert(result == 0 || result == -ENOMEM);
		while (made > 0)
			ring_reader_close(readers[--made]);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("file");
	if (!FIXTURE_NO_FAULTS) {
		tcase_add_test(tests, truncated_while_mapped);
		tcase_add_test(tests, truncated_and_grown_behind_the_back);
	}
	tcase_add_test(tests, unlinked_while_in_use);
	tcase_add_test(tests, replaced_by_a_strange_file);
	tcase_add_test(tests, replaced_by_another_writer);
	tcase_add_test(tests, new_region_is_a_new_count);
	tcase_add_test(tests, older_count_is_accepted);
	tcase_add_test(tests, guard_passes_on_what_is_not_ours);
	tcase_add_test(tests, guard_leaves_the_default_deadly);
	tcase_add_test(tests, guard_has_places_for_many_and_frees_them);
	return fixture_run("ring file", tests);
}
