/*
 * The callback's whole work: records in, samples and status out.
 */
#include "check_main.h"
#include "test_click_rig.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

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
	return run_suite(suite());
}
