/*
 * ring_fixture.h - what the ring's tests share: a region of their own, records that can be told
 * whole, and a random sequence that is the same in every run.
 *
 * A test record of sequence s has s in its first word; every other word follows from s and its
 * place, by a formula that has nothing to do with the ring's checksum.
 */
#ifndef TACTUS_TESTS_RING_FIXTURE_H
#define TACTUS_TESTS_RING_FIXTURE_H

#include "check_main.h"
#include "ring_layout.h"

#include <check.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIXTURE_MAGIC UINT64_C(0x7465737452696e67)
#define FIXTURE_OFFSET_NS INT64_C(1700000000123456789)

#if defined(__has_feature)
#define FIXTURE_FEATURE(x) __has_feature(x)
#else
#define FIXTURE_FEATURE(x) 0
#endif

#if defined(__SANITIZE_THREAD__) || FIXTURE_FEATURE(thread_sanitizer)
#define FIXTURE_TSAN 1
#else
#define FIXTURE_TSAN 0
#endif

/* Fewer rounds where each takes ten times as long. */
#if FIXTURE_TSAN || defined(__SANITIZE_ADDRESS__) || FIXTURE_FEATURE(address_sanitizer)
#define FIXTURE_SLOWED 1
#else
#define FIXTURE_SLOWED 0
#endif

/* ThreadSanitizer's runtime makes an atomic access itself, holding a lock that it takes again in
 * the signal handler: no page may be missing under it. */
#define FIXTURE_NO_FAULTS FIXTURE_TSAN

/* The one region's name; another process that runs the same test has another. */
static char fixture_name[RING_NAME_MAX];

static inline struct ring_shape fixture_shape(uint32_t words, uint32_t slots)
{
	return (struct ring_shape){
		.magic = FIXTURE_MAGIC, .layout = 1, .words = words, .slots = slots};
}

static inline uint64_t fixture_word(uint64_t sequence, uint32_t place)
{
	uint64_t x = sequence * UINT64_C(6364136223846793005) +
		     (uint64_t)place * UINT64_C(1442695040888963407);
	unsigned turn = 1 + place * 7 % 63;
	return place == 0 ? sequence : x << turn | x >> (64 - turn);
}

static inline void fixture_fill(uint64_t *words, uint32_t count, uint64_t sequence)
{
	for (uint32_t i = 0; i < count; i++)
		words[i] = fixture_word(sequence, i);
}

static inline bool fixture_whole(const uint64_t *words, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
		if (words[i] != fixture_word(words[0], i))
			return false;
	return true;
}

/* Publish the next test record; its sequence. */
static inline uint64_t fixture_publish(struct ring_writer *writer)
{
	uint64_t words[RING_WORDS_MAX];
	fixture_fill(words, writer->region.words, writer->sequence + 1);
	return ring_write(writer, words);
}

static inline struct ring_writer *fixture_writer(const struct ring_shape *shape)
{
	struct ring_writer *writer = NULL;
	ck_assert_int_eq(ring_writer_open(&writer, fixture_name, shape, FIXTURE_OFFSET_NS), 0);
	return writer;
}

/* A reader, attached if there is something to attach to. */
static inline struct ring_reader *fixture_reader(const struct ring_shape *shape)
{
	struct ring_reader *reader = NULL;
	ck_assert_int_eq(ring_reader_open(&reader, fixture_name, shape), 0);
	ring_reader_refresh(reader);
	return reader;
}

/* What a reader that has just come takes for the newest: its sequence, 0 if there is none. */
static inline uint64_t fixture_newest(const struct ring_shape *shape)
{
	uint64_t words[RING_WORDS_MAX];
	uint64_t sequence = 0;
	struct ring_reader *reader = fixture_reader(shape);
	if (ring_read_newest(reader, words, &sequence))
		ck_assert(words[0] == sequence && fixture_whole(words, shape->words));
	ring_reader_close(reader);
	return sequence;
}

/* The region's file, open for a test to do harm to it. */
static inline int fixture_file(int flags)
{
	int fd = shm_open(fixture_name, flags, 0600);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static inline void fixture_resize(size_t size)
{
	int fd = fixture_file(O_RDWR);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	close(fd);
}

/* splitmix64 */
static inline uint64_t fixture_random(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* Each test starts without a region. */
static inline void fixture_clear(void)
{
	shm_unlink(fixture_name);
}

/* main() of a test program: run the case and leave no region behind. */
static inline int fixture_run(const char *title, TCase *tests)
{
	char region[32];
	snprintf(region, sizeof region, "tactus-test-%ld", (long)getpid());
	if (ring_name(fixture_name, region, "ring") < 0)
		return EXIT_FAILURE;
	Suite *suite = suite_create(title);
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, fixture_clear, fixture_clear);
	suite_add_tcase(suite, tests);
	int code = run_suite(suite);
	fixture_clear();
	return code;
}

#endif
