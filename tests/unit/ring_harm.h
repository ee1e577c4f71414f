/*
 * ring_harm.h - for the tests that do harm to a region: one shape, and what must hold afterwards.
 */
#ifndef TACTUS_TESTS_RING_HARM_H
#define TACTUS_TESTS_RING_HARM_H

#include "expect.h"
#include "ring_fixture.h"

#define HARM_SLOTS 64 /* several pages */
#define HARM_WORDS 20

static const struct ring_shape harm_shape = {
	.magic = FIXTURE_MAGIC, .layout = 7, .words = HARM_WORDS, .slots = HARM_SLOTS};

static inline void harm_publish(struct ring_writer *writer, int count)
{
	for (int i = 0; i < count; i++)
		fixture_publish(writer);
}

/* All that the writer has is there for whoever comes now: every slot, the newest, the header. */
static inline void harm_expect_all_well(struct ring_writer *writer)
{
	uint64_t words[HARM_WORDS], lost;
	uint64_t last = writer->sequence;
	struct ring_reader *reader = fixture_reader(&harm_shape);
	EXPECT_EQ(ring_reader_refresh(reader), RING_ATTACHED);
	EXPECT_EQ(ring_reader_offset_ns(reader), FIXTURE_OFFSET_NS);
	for (uint64_t want = last - HARM_SLOTS + 1; want <= last; want++) {
		EXPECT_EQ(ring_read_next(reader, words, &lost), 1);
		EXPECT_EQ(words[0], want);
		EXPECT_EQ(lost, 0);
		EXPECT(fixture_whole(words, HARM_WORDS));
	}
	ring_reader_close(reader);
	EXPECT_EQ(fixture_newest(&harm_shape), last);
	EXPECT_EQ(ring_writer_pid(fixture_name), getpid());
}

static inline void harm_expect_nothing(struct ring_reader *reader)
{
	uint64_t words[HARM_WORDS] = {5};
	EXPECT_EQ(ring_read_newest(reader, words, NULL), 0);
	EXPECT_EQ(ring_read_next(reader, words, NULL), 0);
	EXPECT_EQ(words[0], 5);
}

static inline void harm_expect_newest(struct ring_reader *reader, uint64_t want)
{
	uint64_t words[HARM_WORDS], sequence = 0;
	EXPECT_EQ(ring_read_newest(reader, words, &sequence), 1);
	EXPECT_EQ(sequence, want);
	EXPECT_EQ(words[0], want);
	EXPECT(fixture_whole(words, HARM_WORDS));
}

static inline void harm_make_file(const void *bytes, size_t used, size_t size)
{
	fixture_clear();
	int fd = fixture_file(O_RDWR | O_CREAT | O_EXCL);
	EXPECT_EQ(ftruncate(fd, (off_t)size), 0);
	EXPECT_EQ(pwrite(fd, bytes, used, 0), (ssize_t)used);
	close(fd);
}

/* Whatever a reader takes now was once written, whole, and lies above what it took before. */
static inline void harm_expect_only_truth(struct ring_reader *reader, uint64_t first, uint64_t last)
{
	uint64_t words[HARM_WORDS], lost;
	for (int i = 0; i < HARM_SLOTS + 2; i++) {
		uint64_t before = reader->cursor;
		int taken = i % 5 ? ring_read_next(reader, words, &lost)
				  : ring_read_newest(reader, words, NULL);
		if (!taken)
			continue;
		EXPECT(words[0] > before);
		EXPECT(words[0] >= first);
		EXPECT(words[0] <= last);
		EXPECT(fixture_whole(words, HARM_WORDS));
	}
}

#endif
