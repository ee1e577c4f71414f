/*
 * The callback's whole work over real regions, without JACK: records in, samples and status out.
 *
 * Time is the test's own: each cycle is told when it was called, so every run is the same.
 */
#include "clock.h"
#include "process.h"
#include "test_click_reference.h"

#include <check.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HZ 48000
#define PERIOD 256
#define LATENCY 1024
#define SILENCE (HZ / 50)

static char tempo_name[RING_NAME_MAX];
static char status_name[RING_NAME_MAX];
static struct ring_writer *feed;
static struct ring_reader *tempo;
static struct ring_reader *look;
static struct ring_writer *status_writer;
static struct sounds *sounds;
static struct process process;
static struct tempo_record record;
static struct status_record status;

/* The server: a counter, and the raw time at which its frame 0 was. */
static uint64_t frame;
static int64_t zero_ns;
/* The ear. */
static uint64_t onsets[10000];
static unsigned onset_count;
static unsigned silent;

static int64_t ns_of(uint64_t at)
{
	return zero_ns + (int64_t)(at * 1000000000 / HZ);
}

static void new_server(uint64_t first_frame)
{
	frame = first_frame;
	zero_ns = clock_now_ns() - (int64_t)(first_frame * 1000000000 / HZ);
}

static void new_process(bool with_legacy)
{
	uint64_t words[STATUS_WORDS];
	struct status_record legacy;
	bool usable = with_legacy && ring_writer_newest(status_writer, words) != 0 &&
		      status_record_unpack(words, &legacy) == 0;
	process_init(&process, HZ, sounds, tempo, status_writer, usable ? &legacy : NULL);
	atomic_store(&process.asked.latency_frames, LATENCY);
	ring_reader_close(tempo);
	ck_assert_int_eq(ring_reader_open(&tempo, tempo_name, &tempo_shape), 0);
	ck_assert_int_eq((int)ring_reader_refresh(tempo), RING_ATTACHED);
	process.tempo = tempo;
}

static void set_up(void)
{
	char region[32];
	snprintf(region, sizeof region, "test-click-%d", (int)getpid());
	ck_assert_int_eq(ring_guard_install(), 0);
	ring_name(tempo_name, region, TEMPO_PART);
	ring_name(status_name, region, STATUS_PART);
	ck_assert_int_eq(ring_writer_open(&feed, tempo_name, &tempo_shape, 0), 0);
	ck_assert_int_eq(ring_writer_open(&status_writer, status_name, &status_shape, 0), 0);
	ck_assert_int_eq(ring_reader_open(&look, status_name, &status_shape), 0);
	ring_reader_refresh(look);
	sounds = sounds_create(HZ);
	onset_count = 0;
	silent = SILENCE;
	new_server(1000000);
	tempo = NULL;
	new_process(false);
	record = (struct tempo_record){
		.current = {.pace = {.bpm = 120, .metre = METRE_4_4}},
		.click = {.volume = 100, .accent = true},
	};
}

static void tear_down(void)
{
	ring_reader_close(look);
	ring_reader_close(tempo);
	ring_writer_close(feed);
	ring_writer_close(status_writer);
	shm_unlink(tempo_name);
	shm_unlink(status_name);
	sounds_destroy(sounds);
}

static void publish(void)
{
	uint64_t words[TEMPO_WORDS];
	tempo_record_pack(&record, words);
	ring_write(feed, words);
}

static void start(uint64_t id, int bpm, uint64_t at_frame, int64_t bar)
{
	record.running = true;
	record.run_id = id;
	record.current = (struct tempo_grid){
		.id = id,
		.pace = {.bpm = bpm, .metre = METRE_4_4},
		.anchor_ns = ns_of(at_frame + LATENCY),
		.anchor_bar = bar,
	};
	publish();
}

static void hear(const float *out, unsigned frames)
{
	for (unsigned i = 0; i < frames; i++) {
		if (out[i] == 0.0f) {
			silent++;
			continue;
		}
		if (silent >= SILENCE)
			onsets[onset_count++] = frame + i;
		silent = 0;
	}
}

static void cycle(unsigned frames)
{
	static float out[8192];
	struct process_cycle now = {
		.now_ns = ns_of(frame) + 20000, .frame = (uint32_t)frame, .frames = frames};
	uint64_t words[STATUS_WORDS];
	process_run(&process, &now, out);
	hear(out, frames);
	frame += frames;
	if (ring_read_newest(look, words, NULL) == 1)
		ck_assert_int_eq(status_record_unpack(words, &status), 0);
}

static void run(double seconds)
{
	uint64_t until = frame + (uint64_t)(seconds * HZ);
	while (frame < until)
		cycle(PERIOD);
}

/* What was heard from onset `from` on lies on the grid, none missing. */
static void expect_grid(unsigned from, uint64_t anchor, int bpm)
{
	struct ref_clock clock = ref_start(HZ, bpm, 2, false, (int64_t)anchor, 0);
	ck_assert_uint_gt(onset_count, from + 1);
	while (ref_now(&clock).frame < (int64_t)onsets[from])
		ref_step(&clock);
	for (unsigned i = from; i < onset_count; i++) {
		int64_t off = (int64_t)onsets[i] - ref_now(&clock).frame;
		if (off != 0)
			ck_abort_msg("onset %u is %lld off", i, (long long)off);
		ref_step(&clock);
	}
}

START_TEST(plays_where_the_record_says)
{
	run(0.5);
	ck_assert(status.settled);
	start(1, 120, 1100000, 0);
	run(10);
	/* The fit is 20 us late here, as the callbacks are: one frame. */
	ck_assert_int_le(llabs((long long)onsets[0] - 1100000), 1);
	ck_assert_uint_ge(onset_count, 16);
	expect_grid(0, onsets[0], 120);
	ck_assert(status.running);
	ck_assert_uint_eq(status.grid_id, 1);
	ck_assert_int_eq((int64_t)onsets[0], status.anchor_frame);
	int64_t off = status.bar_ns - ns_of((uint64_t)status.bar_frame + LATENCY);
	ck_assert_int_le(llabs(off), 30000);
}
END_TEST

/* JACK's counter wraps after a day at 48 kHz; the grid doesn't notice. */
START_TEST(plays_over_the_wrap)
{
	uint64_t wrap = UINT64_C(1) << 32;
	new_server(wrap - 5 * HZ);
	run(0.5);
	start(1, 97, wrap - 4 * HZ, 0);
	run(10);
	ck_assert_uint_gt(onsets[onset_count - 1], wrap);
	expect_grid(0, onsets[0], 97);
}
END_TEST

/* The same evening in blocks of any size is the same, sample by sample. */
START_TEST(odd_blocks)
{
	static const unsigned sizes[] = {1, 16, 17, 333, 1024, 4096, 64};
	uint64_t seed = 5;
	run(1);
	start(1, 181, frame + HZ / 2, 0);
	for (int i = 0; i < 2000; i++)
		cycle(sizes[ref_random(&seed) % 7]);
	expect_grid(0, (uint64_t)status.anchor_frame, 181);
}
END_TEST

/* Anything may be written into the region, and it may be cut off: the click holds. */
START_TEST(garbage_in_the_tempo_region)
{
	uint64_t seed = (uint64_t)_i;
	int fd = shm_open(tempo_name, O_RDWR, 0);
	struct stat stat;
	ck_assert_int_eq(fstat(fd, &stat), 0);
	run(1);
	start(1, 133, frame + 1000, 0);
	run(0.5);
	for (int i = 0; i < 3000; i++) {
		uint64_t rubbish[8];
		for (int w = 0; w < 8; w++)
			rubbish[w] = i % 3 == 0 ? 0 : (uint64_t)ref_random(&seed) << 31;
		off_t at = (off_t)(ref_random(&seed) % (uint32_t)stat.st_size);
		if (i < 2000 || i > 2500)
			ck_assert_int_gt(pwrite(fd, rubbish, sizeof rubbish, at), 0);
		if (i == 2000)
			ck_assert_int_eq(ftruncate(fd, 0), 0);
		if (i == 2500)
			ck_assert_int_eq(ftruncate(fd, stat.st_size), 0);
		if (i % 50 == 0)
			ring_reader_refresh(tempo);
		cycle(PERIOD);
	}
	expect_grid(0, (uint64_t)status.anchor_frame, 133);
	close(fd);
}
END_TEST

/* Records with a right checksum and nonsense in them are refused by their fields. */
START_TEST(nonsense_in_a_whole_record)
{
	uint64_t seed = 77;
	run(1);
	start(1, 133, frame + 1000, 0);
	run(0.5);
	for (int i = 0; i < 2000; i++) {
		uint64_t words[TEMPO_WORDS];
		tempo_record_pack(&record, words);
		words[4 + ref_random(&seed) % 14] =
			(uint64_t)ref_random(&seed) << 33 | UINT64_C(0xff00000000000000);
		struct tempo_record check;
		if (tempo_record_unpack(words, &check) < 0)
			ring_write(feed, words);
		cycle(PERIOD);
	}
	expect_grid(0, (uint64_t)status.anchor_frame, 133);
}
END_TEST

/* Killed and started again on the same server: the same frames, at once. */
START_TEST(restart_on_the_same_server)
{
	run(1);
	start(1, 97, frame + 1000, 3);
	run(5.3);
	int64_t anchor = status.anchor_frame;
	int64_t bar = status.bar;
	unsigned before = onset_count;
	frame += 3 * HZ + 17; /* while it was dead */
	silent = SILENCE;
	new_process(true);
	run(0.1);
	ck_assert(status.running);
	ck_assert(!status.settled);
	ck_assert_int_eq(status.anchor_frame, anchor);
	ck_assert_int_ge(status.bar, bar + 1);
	run(5);
	expect_grid(before, (uint64_t)anchor, 97);
	ck_assert_uint_eq(status.late_anchors, 0);
}
END_TEST

/* Over the wrap too: the 64-bit frame is found again from the status. */
START_TEST(restart_beyond_the_wrap)
{
	new_server((UINT64_C(1) << 33) - HZ);
	process.rt.first_done = false;
	run(0.5);
	start(1, 97, frame + 1000, 0);
	run(2);
	int64_t anchor = status.anchor_frame;
	int64_t at = status.frame;
	frame += HZ;
	new_process(true);
	run(0.1);
	ck_assert_int_gt(status.frame, at);
	ck_assert_int_eq(status.anchor_frame, anchor);
}
END_TEST

/* jackd killed and started again: another counter, the same time. */
START_TEST(restart_on_another_server)
{
	run(8);
	start(1, 97, frame + 1000, 0);
	run(5.3);
	int64_t sound_ns = status.bar_ns;
	int64_t bar = status.bar;
	unsigned before = onset_count;
	int64_t now = ns_of(frame) + 2000000000;
	zero_ns = now - 123456789;
	frame = 5926;
	silent = SILENCE;
	new_process(true);
	run(0.2);
	ck_assert_int_eq(status.bar, bar); /* still the predecessor's word */
	run(5);
	ck_assert(status.running);
	ck_assert_int_gt(status.bar, bar);
	ck_assert_uint_eq(status.late_anchors, 0);
	int64_t anchor = (sound_ns - zero_ns) * HZ / 1000000000 - LATENCY;
	ck_assert_int_le(llabs(status.anchor_frame - anchor), 2);
	/* On from the time at which that bar sounded. */
	double beat = 60.0 * HZ / 97;
	for (unsigned i = before; i < onset_count; i++) {
		double beats = ((double)(int64_t)onsets[i] - (double)anchor) / beat;
		ck_assert_double_le(fabs(beats - round(beats)) * beat, 3);
	}
}
END_TEST

/* A status of another boot, or garbage, is not believed. */
START_TEST(implausible_legacy)
{
	uint64_t words[STATUS_WORDS];
	run(1);
	start(1, 120, frame + 1000, 0);
	run(2);
	status.cycle_ns = ns_of(frame) + INT64_C(86400000000000);
	status.anchor_frame = 5;
	status_record_pack(&status, words);
	ring_write(status_writer, words);
	int64_t anchor = (int64_t)onsets[0];
	new_process(true);
	run(1);
	ck_assert(status.running);
	ck_assert_int_le(llabs(status.anchor_frame - anchor), 1);

	status.cycle_ns = 1;
	status.frame = INT64_MAX;
	status.anchor_frame = INT64_MIN;
	status.bar_ns = INT64_MAX;
	status_record_pack(&status, words);
	ring_write(status_writer, words);
	new_process(true);
	run(1);
	ck_assert_int_le(llabs(status.anchor_frame - anchor), 1);
}
END_TEST

START_TEST(stop_on_the_box)
{
	run(1);
	start(1, 120, frame + 1000, 0);
	run(3);
	atomic_fetch_add(&process.asked.stops, 1);
	cycle(PERIOD);
	ck_assert(!status.running);
	ck_assert_uint_eq(status.stopped_run_id, 1);
	unsigned heard = onset_count;
	run(2);
	new_process(true);
	run(2);
	publish();
	run(2);
	ck_assert_uint_eq(onset_count, heard);
	start(2, 120, frame + 1000, 0);
	run(2);
	ck_assert_uint_ge(onset_count, heard + 3);
}
END_TEST

START_TEST(test_click_also_when_stopped)
{
	record.click.tests_asked = 7;
	publish();
	run(1);
	ck_assert_uint_eq(onset_count, 0);
	record.click.tests_asked = 8;
	publish();
	uint64_t asked = frame;
	run(1);
	ck_assert_uint_eq(onset_count, 1);
	ck_assert_uint_eq(onsets[0], asked);
}
END_TEST

START_TEST(volume_zero_is_silence)
{
	run(1);
	record.click.volume = 0;
	start(1, 120, frame + 1000, 0);
	run(3);
	ck_assert_uint_eq(onset_count, 0);
	ck_assert(status.running);
	record.click.volume = 1;
	publish();
	run(2);
	expect_grid(0, (uint64_t)status.anchor_frame, 120);
}
END_TEST

START_TEST(freewheeling_freezes_the_line)
{
	run(2);
	start(1, 133, frame + 1000, 0);
	run(1);
	atomic_store(&process.asked.freewheeling, true);
	int64_t then = zero_ns;
	for (int i = 0; i < 5000; i++) {
		zero_ns -= (int64_t)PERIOD * 1000000000 / HZ * 9 / 10; /* ten times as fast */
		cycle(PERIOD);
	}
	ck_assert(status.freewheeling);
	ck_assert(!status.settled);
	expect_grid(0, (uint64_t)status.anchor_frame, 133);
	atomic_store(&process.asked.freewheeling, false);
	cycle(PERIOD);
	ck_assert(!status.settled && !status.freewheeling);
	run(0.5);
	ck_assert(status.settled);
	ck_assert_int_lt(zero_ns, then);
	int64_t off = status.bar_ns - ns_of((uint64_t)status.bar_frame + LATENCY);
	ck_assert_int_le(llabs(off), 100000);
}
END_TEST

/* The grid is delayed by what an xrun lost; the status says so, and soon truly. */
START_TEST(xrun_is_told)
{
	run(5);
	start(1, 133, frame + 1000, 0);
	run(5);
	zero_ns += 40000000;
	atomic_fetch_add(&process.asked.xruns, 1);
	cycle(PERIOD);
	ck_assert(!status.settled);
	ck_assert_uint_eq(status.xruns, 1);
	run(0.5);
	ck_assert(status.settled);
	int64_t off = status.bar_ns - ns_of((uint64_t)status.bar_frame + LATENCY);
	ck_assert_int_le(llabs(off), 30000);
	expect_grid(0, (uint64_t)status.anchor_frame, 133);
}
END_TEST

/* A server that loses time again and again never settles: a start is placed all the same. */
START_TEST(endless_xruns_do_not_silence_it)
{
	for (int i = 0; i < 4; i++) {
		atomic_fetch_add(&process.asked.xruns, 1);
		run(0.1);
	}
	start(1, 120, frame + HZ / 10, 0);
	for (int i = 0; i < 20; i++) {
		atomic_fetch_add(&process.asked.xruns, 1);
		run(0.1);
	}
	ck_assert(!status.settled);
	ck_assert(status.running);
	ck_assert_uint_ge(onset_count, 2);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("click_process");
	TCase *tc = tcase_create("process");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, plays_where_the_record_says);
	tcase_add_test(tc, plays_over_the_wrap);
	tcase_add_test(tc, odd_blocks);
	tcase_add_loop_test(tc, garbage_in_the_tempo_region, 0, 4);
	tcase_add_test(tc, nonsense_in_a_whole_record);
	tcase_add_test(tc, restart_on_the_same_server);
	tcase_add_test(tc, restart_beyond_the_wrap);
	tcase_add_test(tc, restart_on_another_server);
	tcase_add_test(tc, implausible_legacy);
	tcase_add_test(tc, stop_on_the_box);
	tcase_add_test(tc, test_click_also_when_stopped);
	tcase_add_test(tc, volume_zero_is_silence);
	tcase_add_test(tc, freewheeling_freezes_the_line);
	tcase_add_test(tc, xrun_is_told);
	tcase_add_test(tc, endless_xruns_do_not_silence_it);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	SRunner *runner = srunner_create(suite());
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
