/*
 * The click's core under change: announced, withdrawn, promoted early, late and never, stopped
 * here and there, resumed after a restart. Each rule by itself.
 */
#include "check_main.h"
#include "core.h"
#include "limits.h"
#include "test_click_moment.h"
#include "test_click_reference.h"

#include <check.h>
#include <stdlib.h>

/* 120 bpm in 4/4 from frame 0: a bar is 96000 frames. */
#define BAR INT64_C(96000)

static struct core core;
static struct tempo_record record;

static struct tempo_grid grid(uint64_t id, int bpm, int64_t frame, int64_t bar)
{
	return (struct tempo_grid){
		.id = id,
		.pace = {.bpm = bpm, .metre = METRE_4_4},
		.anchor_ns = anchor_of(frame),
		.anchor_bar = bar,
	};
}

static void set_up(void)
{
	record = (struct tempo_record){
		.run_id = 1,
		.running = true,
		.current = grid(10, 120, 0, 0),
		.click = {.volume = 100, .accent = true},
	};
	core_init(&core, HZ, NULL);
	begin(&core, 0);
	core_take(&core, &record);
}

static void take_at(int64_t frame)
{
	begin(&core, frame);
	core_take(&core, &record);
}

static void pend(enum tempo_pending kind, struct tempo_grid pending)
{
	record.pending_kind = kind;
	record.pending = pending;
}

static void expect_next(int64_t frame, int64_t bar)
{
	struct onset onset;
	ck_assert(core_next(&core, frame + 1, &onset));
	ck_assert_int_eq(onset.frame, frame);
	ck_assert_int_eq(onset.bar, bar);
}

static void expect_silence(int64_t until)
{
	struct onset onset;
	ck_assert(!core_next(&core, until, &onset));
}

static struct status_record told(void)
{
	struct status_record status = {0};
	core_tell(&core, &status);
	return status;
}

START_TEST(carries_a_change_out_alone)
{
	pend(PENDING_AT_BAR, grid(11, 60, 12345, 2));
	take_at(BAR + 100);
	expect_next(BAR + 24000, 1);
	begin(&core, 2 * BAR - 10);
	expect_next(2 * BAR, 2);
	ck_assert_uint_eq(told().grid_id, 11);
	ck_assert_int_eq(told().bar, 2);
	ck_assert_int_eq(told().bar_frame, 2 * BAR);
	expect_next(2 * BAR + 48000, 2);
}
END_TEST

START_TEST(late_announcement_joins_in_phase)
{
	pend(PENDING_AT_BAR, grid(11, 60, 0, 2));
	take_at(2 * BAR + 50000);
	ck_assert_uint_eq(told().grid_id, 11);
	ck_assert_uint_eq(told().late_anchors, 1);
	ck_assert_int_eq(told().anchor_frame, 2 * BAR);
	expect_next(2 * BAR + 96000, 2);
}
END_TEST

START_TEST(withdrawn_change_never_comes)
{
	pend(PENDING_AT_BAR, grid(11, 60, 0, 2));
	take_at(BAR);
	record.pending_kind = PENDING_NONE;
	take_at(2 * BAR - 100);
	expect_next(2 * BAR, 2);
	expect_next(2 * BAR + 24000, 2);
	ck_assert_uint_eq(told().grid_id, 10);
}
END_TEST

/* The daemon withdraws or changes settings with an old view: what has begun goes on. */
START_TEST(stale_view_changes_no_grid)
{
	pend(PENDING_AT_BAR, grid(11, 60, 0, 1));
	take_at(100);
	begin(&core, BAR);
	expect_next(BAR, 1);
	record.click.volume = 30;
	take_at(BAR + 200);
	ck_assert_uint_eq(told().grid_id, 11);
	record.pending_kind = PENDING_NONE;
	record.pending = (struct tempo_grid){0};
	take_at(BAR + 300);
	ck_assert_uint_eq(told().grid_id, 11);
	expect_next(BAR + 48000, 1);
	ck_assert_int_eq(core.record.click.volume, 30);
}
END_TEST

START_TEST(promoted_early_keeps_our_frame)
{
	pend(PENDING_AT_BAR, grid(11, 60, 0, 1));
	take_at(100);
	record.current = grid(11, 60, BAR - 777, 1);
	record.pending_kind = PENDING_NONE;
	take_at(BAR - 1000);
	ck_assert_uint_eq(told().grid_id, 10);
	expect_next(BAR, 1);
	ck_assert_uint_eq(told().grid_id, 11);
	expect_next(BAR + 48000, 1);
}
END_TEST

/* The running grid is cut at the new one's time, or before its own bar of that number. */
START_TEST(at_a_time_cuts_the_old_grid)
{
	struct onset onset;
	pend(PENDING_AT_NS, grid(11, 60, BAR - 30000, 1));
	take_at(100);
	begin(&core, 48000);
	expect_next(48000, 0);
	expect_next(BAR - 30000, 1);
	ck_assert(!core_next(&core, BAR + 17999, &onset));
	expect_next(BAR + 18000, 1);

	set_up();
	pend(PENDING_AT_NS, grid(11, 60, BAR + 30000, 1));
	take_at(100);
	begin(&core, 72000);
	expect_next(72000, 0);
	expect_silence(BAR + 10000);
	begin(&core, BAR + 10000);
	ck_assert_int_eq(told().bar, 0);
	ck_assert_uint_eq(told().grid_id, 10);
	expect_next(BAR + 30000, 1);
	ck_assert_uint_eq(told().grid_id, 11);
}
END_TEST

START_TEST(stops_from_the_next_frame)
{
	record.running = false;
	take_at(23990);
	expect_silence(10 * BAR);
	ck_assert(!told().running);
	record.running = true;
	record.run_id = 2;
	record.current = grid(12, 60, 11 * BAR, 0);
	take_at(10 * BAR);
	expect_next(11 * BAR, 0);
	ck_assert(told().running);
	ck_assert_uint_eq(told().run_id, 2);
}
END_TEST

START_TEST(stopped_on_the_box_until_another_run)
{
	begin(&core, 10);
	core_stop(&core);
	expect_silence(BAR);
	ck_assert_uint_eq(told().stopped_run_id, 1);
	ck_assert(!told().running);
	record.current = grid(13, 90, BAR, 1);
	take_at(BAR);
	expect_silence(2 * BAR);
	record.run_id = 2;
	record.current = grid(14, 90, 3 * BAR, 0);
	take_at(2 * BAR);
	expect_next(3 * BAR, 0);
}
END_TEST

START_TEST(a_test_click_each_time_it_is_asked)
{
	record.click.tests_asked = 5;
	core_init(&core, HZ, NULL);
	begin(&core, 0);
	core_take(&core, &record);
	ck_assert(!core_test_due(&core)); /* history */
	record.click.tests_asked = 6;
	record.running = false;
	core_take(&core, &record);
	ck_assert(core_test_due(&core));
	ck_assert(!core_test_due(&core));
	core_take(&core, &record);
	ck_assert(!core_test_due(&core));
	record.click.tests_asked = 0; /* another daemon's count */
	core_take(&core, &record);
	ck_assert(!core_test_due(&core));
	record.session_id[15] ^= 1; /* another session's */
	record.click.tests_asked = 9;
	core_take(&core, &record);
	ck_assert(!core_test_due(&core));
	record.click.tests_asked = 10;
	core_take(&core, &record);
	ck_assert(core_test_due(&core));
}
END_TEST

/* ---- after a restart ------------------------------------------------------------- */

/* What a click left that had the grid of `id` in force from that frame. */
static struct core_legacy legacy_of(uint64_t id, int64_t frame, int64_t bar)
{
	return (struct core_legacy){
		.usable = true,
		.same_frames = true,
		.status = {.grid_id = id,
			   .run_id = 1,
			   .anchor_frame = frame,
			   .anchor_bar = bar,
			   .bar = bar + 2,
			   .bar_frame = frame + 2 * BAR,
			   .bar_ns = anchor_of(frame + 2 * BAR),
			   .latency_frames = 99},
	};
}

static void restart(const struct core_legacy *legacy, int64_t frame, bool line_good)
{
	struct core_moment moment = moment_at(frame);
	moment.line_good = line_good;
	core_init(&core, HZ, legacy);
	core_begin(&core, &moment);
	core_take(&core, &record);
}

/* The same server runs on: at once, by frame, though the line is not good yet. */
START_TEST(resumes_by_frame)
{
	struct core_legacy legacy = legacy_of(10, 4321, 7);
	record.current = grid(10, 120, 4000, 7);
	restart(&legacy, 5 * BAR, false);
	ck_assert(told().running);
	ck_assert_uint_eq(told().latency_frames, 99);
	expect_next(5 * BAR + 4321, 12);
}
END_TEST

/* Another server: by the time of the last bar, when the line is good. */
START_TEST(resumes_by_time)
{
	struct core_legacy legacy = legacy_of(10, 4321, 7);
	legacy.same_frames = false;
	restart(&legacy, 5 * BAR, false);
	ck_assert(core_waits(&core));
	ck_assert(!told().running);
	begin(&core, 5 * BAR + 1000);
	ck_assert(told().running);
	expect_next(5 * BAR + 4321, 12);
	ck_assert_uint_eq(told().latency_frames, LATENCY);
}
END_TEST

/* It had carried the change out; the daemon, dead, could not tell. */
START_TEST(resumes_what_it_had_promoted)
{
	struct core_legacy legacy = legacy_of(11, 4321, 7);
	pend(PENDING_AT_BAR, grid(11, 120, 0, 7));
	restart(&legacy, 5 * BAR, false);
	expect_next(5 * BAR + 4321, 12);
	ck_assert_uint_eq(told().grid_id, 11);
}
END_TEST

/* The change came due while no click ran. */
START_TEST(catches_up_with_a_missed_change)
{
	struct core_legacy legacy = legacy_of(10, 0, 0);
	pend(PENDING_AT_BAR, grid(11, 60, 0, 3));
	restart(&legacy, 3 * BAR + 5000, false);
	ck_assert_uint_eq(told().grid_id, 11);
	expect_next(3 * BAR + 48000, 3);
}
END_TEST

START_TEST(no_legacy_places_by_the_record)
{
	struct core_legacy other = legacy_of(77, 4321, 7);
	restart(&other, 5 * BAR + 1, true);
	expect_next(5 * BAR + 24000, 5);
	ck_assert_uint_eq(told().late_anchors, 1);
}
END_TEST

START_TEST(stop_on_the_box_survives_a_restart)
{
	struct core_legacy legacy = legacy_of(10, 0, 0);
	legacy.status.stopped_run_id = 1;
	restart(&legacy, 5 * BAR, true);
	expect_silence(7 * BAR);
	ck_assert_uint_eq(told().stopped_run_id, 1);
}
END_TEST

/* ---- whatever is valid ------------------------------------------------------------ */

static uint64_t seed;

static int64_t any_of(const int64_t *values, int count)
{
	return values[ref_between(&seed, 0, count - 1)];
}

/* Corners of the ranges that tempo_record_valid lets pass, and some within. */
static struct tempo_grid any_grid(void)
{
	const int64_t anchors[] = {0,
				   1,
				   LINE_NS,
				   LINE_NS + ref_between(&seed, 0, 2000000000),
				   LINE_NS + CORE_HORIZON_NS - 1,
				   LINE_NS + CORE_HORIZON_NS + 1,
				   TEMPO_ANCHOR_MAX_NS};
	const int64_t bars[] = {0, 1, ref_between(&seed, 0, 100), LIMIT_BAR_MAX};
	return (struct tempo_grid){
		.id = (uint64_t)ref_between(&seed, 0, 6),
		.pace = {.bpm = ref_between(&seed, 30, 260),
			 .metre = (enum metre)ref_between(&seed, 0, 4)},
		.anchor_ns = any_of(anchors, 7),
		.anchor_bar = any_of(bars, 4),
	};
}

static struct tempo_record any_record(void)
{
	struct tempo_record any = {
		.run_id = (uint64_t)ref_between(&seed, 0, 3),
		.running = ref_between(&seed, 0, 4) > 0,
		.current = any_grid(),
		.pending_kind = (enum tempo_pending)ref_between(&seed, 0, 2),
		.pending = any_grid(),
		.click = {.volume = 100, .accent = true, .subdivision = ref_between(&seed, 0, 1)},
	};
	ck_assert(tempo_record_valid(&any));
	return any;
}

/* No order of valid records makes it loop, crash, leave its range or forget how to play. */
START_TEST(bears_any_valid_records)
{
	struct onset onset;
	int64_t at = 0;
	seed = (uint64_t)_i;
	for (int i = 0; i < 5000; i++, at += 1024) {
		struct tempo_record any = any_record();
		struct core_moment moment = moment_at(at);
		moment.line_good = ref_between(&seed, 0, 3) > 0;
		core_begin(&core, &moment);
		core_take(&core, &any);
		if (ref_between(&seed, 0, 50) == 0)
			core_stop(&core);
		int64_t last = at - 1;
		while (core_next(&core, at + 1024, &onset)) {
			if (onset.frame <= last || onset.frame >= at + 1024)
				ck_abort_msg("onset at %lld", (long long)onset.frame);
			last = onset.frame;
		}
		if (told().bar < 0 || told().bar > LIMIT_BAR_MAX)
			ck_abort_msg("bar %lld", (long long)told().bar);
	}
	record.run_id = 99;
	record.current = grid(99, 120, at + 5000, 0);
	take_at(at);
	expect_next(at + 5000, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("click_changes");
	TCase *rules = tcase_create("rules");
	tcase_add_checked_fixture(rules, set_up, NULL);
	tcase_add_test(rules, carries_a_change_out_alone);
	tcase_add_test(rules, late_announcement_joins_in_phase);
	tcase_add_test(rules, withdrawn_change_never_comes);
	tcase_add_test(rules, stale_view_changes_no_grid);
	tcase_add_test(rules, promoted_early_keeps_our_frame);
	tcase_add_test(rules, at_a_time_cuts_the_old_grid);
	tcase_add_test(rules, stops_from_the_next_frame);
	tcase_add_test(rules, stopped_on_the_box_until_another_run);
	tcase_add_test(rules, a_test_click_each_time_it_is_asked);
	tcase_add_test(rules, resumes_by_frame);
	tcase_add_test(rules, resumes_by_time);
	tcase_add_test(rules, resumes_what_it_had_promoted);
	tcase_add_test(rules, catches_up_with_a_missed_change);
	tcase_add_test(rules, no_legacy_places_by_the_record);
	tcase_add_test(rules, stop_on_the_box_survives_a_restart);
	tcase_add_loop_test(rules, bears_any_valid_records, 0, 20);
	suite_add_tcase(s, rules);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
