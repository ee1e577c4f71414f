/*
 * A click that is started again: on the same JACK server by frame, on another by time, and what it
 * makes of a status that can't be true.
 */
#include "check_main.h"
#include "test_click_rig.h"

#include <math.h>
#include <stdlib.h>

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

static Suite *suite(void)
{
	Suite *s = suite_create("click_restart");
	TCase *tc = tcase_create("restart");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, restart_on_the_same_server);
	tcase_add_test(tc, restart_beyond_the_wrap);
	tcase_add_test(tc, restart_on_another_server);
	tcase_add_test(tc, implausible_legacy);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
