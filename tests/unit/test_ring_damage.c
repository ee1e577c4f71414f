/* The ring over a region that is foreign, of another layout, or damaged. */
#include "ring_harm.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

/* ---- wrong regions --------------------------------------------------------- */

static void expect_state(enum ring_state want)
{
	struct ring_reader *reader = fixture_reader(&harm_shape);
	EXPECT_EQ((int)ring_reader_refresh(reader), (int)want);
	EXPECT_EQ(ring_reader_offset_ns(reader), 0);
	harm_expect_nothing(reader);
	/* A writer takes over in place, and the reader that was there comes along. */
	struct ring_writer *writer = fixture_writer(&harm_shape);
	EXPECT_EQ(ring_writer_is_fresh(writer), 1);
	EXPECT_EQ(ring_writer_newest(writer, (uint64_t[HARM_WORDS]){0}), 0);
	EXPECT_EQ(ring_reader_refresh(reader), RING_ATTACHED);
	harm_expect_nothing(reader);
	harm_expect_newest(reader, fixture_publish(writer));
	harm_publish(writer, HARM_SLOTS);
	harm_expect_all_well(writer);
	ring_writer_close(writer);
	ring_reader_close(reader);
}

START_TEST(empty_short_and_zero_files)
{
	size_t size = ring_size(&harm_shape);
	for (size_t have = 0; have < size; have += 61) {
		harm_make_file("", 0, have);
		expect_state(RING_SHORT);
	}
	harm_make_file("", 0, size - 1);
	expect_state(RING_SHORT);
	harm_make_file("", 0, size);
	expect_state(RING_FOREIGN);
}
END_TEST

START_TEST(files_full_of_anything)
{
	uint64_t seed = 1;
	size_t size = ring_size(&harm_shape);
	uint8_t *bytes = malloc(size);
	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < size; i++)
			bytes[i] = round == 0 ? 0xff : (uint8_t)fixture_random(&seed);
		harm_make_file(bytes, size, size + (size_t)round);
		expect_state(RING_FOREIGN);
	}
	free(bytes);
}
END_TEST

/* Leave a region of another shape, with records in it, then look at it with ours. */
static void expect_other(struct ring_shape other, enum ring_state want)
{
	fixture_clear();
	struct ring_writer *writer = fixture_writer(&other);
	harm_publish(writer, 3 * HARM_SLOTS);
	ring_writer_close(writer);
	expect_state(want);
}

START_TEST(other_shapes)
{
	struct ring_shape other = harm_shape;
	other.magic ^= 1;
	expect_other(other, RING_FOREIGN);
	other = harm_shape;
	other.layout = 6;
	expect_other(other, RING_LAYOUT);
	other.layout = 8;
	expect_other(other, RING_LAYOUT);
	other = harm_shape;
	other.slots = 2; /* smaller than ours: of another layout all the same */
	expect_other(other, RING_LAYOUT);
	other.slots = 1024;
	expect_other(other, RING_LAYOUT);
	other = harm_shape;
	other.words = HARM_WORDS + 1;
	expect_other(other, RING_LAYOUT);
	other.words = 1;
	expect_other(other, RING_LAYOUT);
}
END_TEST

START_TEST(regions_that_may_not_be_opened)
{
	if (getuid() == 0) { /* root may: ask as somebody else */
		pid_t pid = fork();
		int status = 0;
		if (pid == 0) {
			struct ring_writer *writer = fixture_writer(&harm_shape), *mine;
			int bad = fchmod(writer->fd, 0) || setgid(65534) || setuid(65534);
			ring_writer_close(writer);
			bad |= ring_writer_open(&mine, fixture_name, &harm_shape, 0) != -EACCES;
			bad |= ring_writer_pid(fixture_name) != -EACCES;
			struct ring_reader *reader = NULL;
			bad |= ring_reader_open(&reader, fixture_name, &harm_shape) != 0;
			bad |= ring_reader_refresh(reader) != RING_DENIED;
			_exit(bad);
		}
		waitpid(pid, &status, 0);
		EXPECT_EQ(status, 0);
	}
}
END_TEST

/* ---- damage ---------------------------------------------------------------- */

/* Overwrite some of the region with anything: head, header, one word, a slot, a stretch, or all. */
static void hurt(int fd, uint64_t *seed)
{
	size_t words = ring_size(&harm_shape) / sizeof(uint64_t);
	size_t at = fixture_random(seed) % words, count = 1;
	uint64_t kind = fixture_random(seed) % 7;
	if (kind == 0)
		at = RING_HEAD;
	else if (kind == 1)
		at = fixture_random(seed) % RING_HEADER_WORDS;
	else if (kind == 2)
		count = 24;
	else if (kind == 3)
		count = 1 + fixture_random(seed) % words;
	else if (kind == 4)
		at = 0, count = words;
	for (size_t i = at; i < at + count && i < words; i++) {
		uint64_t junk = fixture_random(seed) >> fixture_random(seed) % 64;
		EXPECT_EQ(pwrite(fd, &junk, sizeof junk, (off_t)(i * sizeof junk)), sizeof junk);
	}
}

START_TEST(damage_is_mended)
{
	uint64_t seed = 2, words[HARM_WORDS];
	struct ring_writer *writer = fixture_writer(&harm_shape);
	struct ring_reader *reader = fixture_reader(&harm_shape);
	int fd = fixture_file(O_RDWR);
	uint64_t first = fixture_publish(writer);
	harm_publish(writer, HARM_SLOTS);
	for (int round = 0; round < 1500; round++) {
		harm_publish(writer, (int)(fixture_random(&seed) % 3));
		hurt(fd, &seed);
		ring_reader_refresh(reader);
		harm_expect_only_truth(reader, first, writer->sequence);
		EXPECT(ring_writer_mend(writer) >= 0);
		EXPECT_EQ(ring_writer_mend(writer), 0);
		harm_expect_all_well(writer);
		if (reader->cursor < writer->sequence) {
			while (ring_read_next(reader, words, NULL))
				EXPECT(fixture_whole(words, HARM_WORDS));
			EXPECT_EQ(reader->cursor, writer->sequence);
		}
		EXPECT_EQ(ring_reader_refresh(reader), RING_ATTACHED);
	}
	close(fd);
	ring_writer_close(writer);
	ring_reader_close(reader);
}
END_TEST

START_TEST(damage_is_overwritten_by_the_next_record)
{
	uint64_t seed = 3;
	struct ring_writer *writer = fixture_writer(&harm_shape);
	struct ring_reader *reader = fixture_reader(&harm_shape);
	int fd = fixture_file(O_RDWR);
	uint64_t first = fixture_publish(writer);
	for (int round = 0; round < 8000; round++) {
		hurt(fd, &seed);
		if (round % 3 == 0)
			harm_expect_only_truth(reader, first, writer->sequence);
		if (round % 7 == 0)
			ring_reader_refresh(reader);
		harm_expect_newest(reader, fixture_publish(writer));
		EXPECT_EQ(ring_reader_refresh(reader), RING_ATTACHED);
		EXPECT_EQ(ring_writer_pid(fixture_name), getpid());
	}
	close(fd);
	ring_writer_close(writer);
	ring_reader_close(reader);
}
END_TEST

START_TEST(every_header_word_and_the_head)
{
	struct ring_writer *writer = fixture_writer(&harm_shape);
	struct ring_reader *reader = fixture_reader(&harm_shape);
	int fd = fixture_file(O_RDWR);
	harm_publish(writer, HARM_SLOTS);
	for (int bit = 0; bit < 64 * (RING_HEAD + 1); bit++) {
		off_t at = bit / 64 * 8;
		uint64_t word;
		if (bit / 64 >= RING_HEADER_WORDS && bit / 64 != RING_HEAD)
			continue;
		EXPECT_EQ(pread(fd, &word, sizeof word, at), sizeof word);
		word ^= UINT64_C(1) << bit % 64;
		EXPECT_EQ(pwrite(fd, &word, sizeof word, at), sizeof word);
		enum ring_state want = bit / 64 == RING_HEAD ? RING_ATTACHED : RING_FOREIGN;
		EXPECT_EQ((int)ring_reader_refresh(reader), (int)want);
		if (want == RING_FOREIGN)
			EXPECT_EQ(ring_writer_pid(fixture_name), -EBADMSG);
		harm_expect_only_truth(reader, 0, writer->sequence);
		EXPECT_EQ(ring_writer_mend(writer), 1);
		harm_expect_all_well(writer);
	}
	close(fd);
	ring_writer_close(writer);
	ring_reader_close(reader);
}
END_TEST

/* Wherever head points, the slots tell: the newest is found, and the oldest too. */
START_TEST(head_is_only_a_hint)
{
	static const uint64_t heads[] = {0, 1, 99, RING_SEQUENCE_MAX, RING_BUSY | 5, UINT64_MAX};
	struct ring_writer *writer = fixture_writer(&harm_shape);
	for (int i = 0; i < 60; i++) {
		harm_publish(writer, 1 + i % 7 + HARM_SLOTS);
		uint64_t head = i < 54 ? heads[i % 6] : writer->sequence + (uint64_t)(i - 53);
		struct ring_reader *late = fixture_reader(&harm_shape);
		struct ring_reader *reader = fixture_reader(&harm_shape);
		uint64_t words[HARM_WORDS], lost;
		reader->cursor = writer->sequence - (uint64_t)(i % HARM_SLOTS) - 1;
		atomic_store(&writer->region.base[RING_HEAD], head);
		harm_expect_newest(reader, writer->sequence);
		EXPECT_EQ(ring_read_next(late, words, &lost), 1);
		EXPECT_EQ(words[0], writer->sequence - HARM_SLOTS + 1);
		harm_expect_nothing(reader);
		ring_reader_close(reader);
		ring_reader_close(late);
	}
	ring_writer_close(writer);
}
END_TEST

START_TEST(every_bit_of_a_record)
{
	struct ring_writer *writer = fixture_writer(&harm_shape);
	int fd = fixture_file(O_RDWR);
	uint64_t last = fixture_publish(writer);
	off_t slot = (RING_SLOT_0 + (off_t)(last % HARM_SLOTS) * writer->region.stride) * 8;
	for (int bit = 0; bit < 64 * (RING_RECORD + HARM_WORDS); bit++) {
		off_t at = slot + bit / 64 * 8;
		uint64_t word;
		EXPECT_EQ(pread(fd, &word, sizeof word, at), sizeof word);
		uint64_t wrong = word ^ UINT64_C(1) << bit % 64;
		EXPECT_EQ(pwrite(fd, &wrong, sizeof wrong, at), sizeof wrong);
		EXPECT_EQ(fixture_newest(&harm_shape), 0);
		EXPECT_EQ(pwrite(fd, &word, sizeof word, at), sizeof word);
		EXPECT_EQ(fixture_newest(&harm_shape), last);
	}
	close(fd);
	ring_writer_close(writer);
}
END_TEST

/* A record copied whole into another slot, or under another stamp, is none. */
START_TEST(records_out_of_place)
{
	struct ring_writer *writer = fixture_writer(&harm_shape);
	uint64_t last = fixture_publish(writer), words[RING_RECORD + HARM_WORDS];
	int fd = fixture_file(O_RDWR);
	off_t stride = (off_t)writer->region.stride * 8;
	off_t slot = RING_SLOT_0 * 8 + (off_t)(last % HARM_SLOTS) * stride;
	off_t after = RING_SLOT_0 * 8 + (off_t)((last + 1) % HARM_SLOTS) * stride;
	EXPECT_EQ(pread(fd, words, sizeof words, slot), sizeof words);
	EXPECT_EQ(pwrite(fd, words, sizeof words, after), sizeof words);
	EXPECT_EQ(fixture_newest(&harm_shape), last);
	words[RING_STAMP] = last + 1;
	EXPECT_EQ(pwrite(fd, words, sizeof words, after), sizeof words);
	EXPECT_EQ(fixture_newest(&harm_shape), last);
	words[RING_STAMP] = last + HARM_SLOTS;
	EXPECT_EQ(pwrite(fd, words, sizeof words, slot), sizeof words);
	EXPECT_EQ(fixture_newest(&harm_shape), 0);
	close(fd);
	ring_writer_close(writer);
}
END_TEST

/* Damage while nobody writes: the next writer goes on above all that a reader may have taken. */
START_TEST(writer_comes_back_to_a_damaged_region)
{
	uint64_t seed = 4;
	struct ring_reader *reader = fixture_reader(&harm_shape);
	uint64_t top = 0, words[HARM_WORDS];
	for (int round = 0; round < 3000; round++) {
		struct ring_writer *writer = fixture_writer(&harm_shape);
		uint64_t left = ring_writer_newest(writer, words);
		EXPECT(left == 0 || (left <= top && fixture_whole(words, HARM_WORDS)));
		EXPECT_EQ(ring_reader_refresh(reader), RING_ATTACHED);
		for (int i = 0; i < round % 20 + 1; i++) {
			uint64_t next = fixture_publish(writer);
			EXPECT(next > top);
			top = next;
		}
		harm_expect_newest(reader, top);
		EXPECT_EQ(ring_writer_mend(writer), 0);
		ring_writer_close(writer);
		int fd = fixture_file(O_RDWR);
		for (uint64_t i = fixture_random(&seed) % 3; i > 0; i--)
			hurt(fd, &seed);
		close(fd);
	}
	ring_reader_close(reader);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("damage");
	tcase_add_test(tests, empty_short_and_zero_files);
	tcase_add_test(tests, files_full_of_anything);
	tcase_add_test(tests, other_shapes);
	tcase_add_test(tests, regions_that_may_not_be_opened);
	tcase_add_test(tests, damage_is_mended);
	tcase_add_test(tests, damage_is_overwritten_by_the_next_record);
	tcase_add_test(tests, every_header_word_and_the_head);
	tcase_add_test(tests, head_is_only_a_hint);
	tcase_add_test(tests, every_bit_of_a_record);
	tcase_add_test(tests, records_out_of_place);
	tcase_add_test(tests, writer_comes_back_to_a_damaged_region);
	return fixture_run("ring damage", tests);
}
