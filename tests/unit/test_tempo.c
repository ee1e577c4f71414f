/*
 * The rules of a session's tempo: each by itself, and whole evenings by seed in which a listener,
 * who knows only what sounds, must find every bar where it was told to be (tempo_evening.h).
 */
#include "tempo.h"

#include "clock.h"
#include "limits.h"
#include "tempo_evening.h"
#include "test_click_reference.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#define MS CLOCK_NS_PER_MS
#define NOW INT64_C(5000000000000)
#define LEAD (50 * MS)
#define BEAT (500 * MS) /* of 120 bpm */
#define BAR (4 * BEAT)

static struct tempo tempo;
static uint64_t id;

static struct tempo_now at(int64_t now_ns)
{
	return (struct tempo_now){.now_ns = now_ns, .lead_ns = LEAD, .fresh_id = ++id};
}

static void set_up(void)
{
	id = 0;
	tempo_init(&tempo, ++id);
}

/* 120, 4/4, bar 0 at NOW. */
static void set_up_running(void)
{
	set_up();
	struct tempo_now when = at(NOW - 500 * MS);
	ck_assert_int_eq(tempo_start(&tempo, &when, NOW, 0), 0);
}

static int set_at(int64_t now_ns, int bpm, enum metre metre, int in_bars, int64_t anchor_ns,
		  int64_t *at_bar)
{
	struct tempo_now when = at(now_ns);
	struct beat_pace pace = {.bpm = bpm, .metre = metre};
	*at_bar = -1;
	return tempo_set(&tempo, &when, &pace, in_bars, anchor_ns, at_bar);
}

static int stop_at(int64_t now_ns)
{
	struct tempo_now when = at(now_ns);
	return tempo_stop(&tempo, &when);
}

static int cancel_at(int64_t now_ns)
{
	struct tempo_now when = at(now_ns);
	return tempo_cancel(&tempo, &when);
}

/* ---- standing still -------------------------------------------------------------- */

START_TEST(begins_as_documented)
{
	const struct tempo_record *record = &tempo.record;
	ck_assert(tempo_record_valid(record));
	ck_assert(!record->running);
	ck_assert_uint_eq(record->run_id, 0);
	ck_assert_int_eq(record->current.pace.bpm, 120);
	ck_assert_int_eq(record->current.pace.metre, METRE_4_4);
	ck_assert_int_eq(record->pending_kind, PENDING_NONE);
	ck_assert_int_eq(tempo.next_bar, 0);
	ck_assert_int_eq(stop_at(NOW), 0);
	ck_assert_int_eq(cancel_at(NOW), -ENOENT);
	ck_assert_int_eq(tempo_promote(&tempo, NOW), 0);
	ck_assert_int_eq(tempo_bar_after(&tempo, NOW), 0);
}
END_TEST

START_TEST(set_standing_is_at_once)
{
	int64_t at_bar;
	ck_assert_int_eq(set_at(NOW, 97, METRE_6_8, 5, 0, &at_bar), 0);
	ck_assert_int_eq(at_bar, 0);
	ck_assert_int_eq(tempo.record.current.pace.bpm, 97);
	ck_assert_int_eq(tempo.record.current.pace.metre, METRE_6_8);
	ck_assert_int_eq(tempo.record.pending_kind, PENDING_NONE);
	ck_assert(!tempo.record.running);
}
END_TEST

START_TEST(start_places_the_next_bar)
{
	struct tempo_now when = at(NOW);
	ck_assert_int_eq(tempo_start(&tempo, &when, NOW + 300 * MS, 2), 0);
	const struct tempo_record *record = &tempo.record;
	ck_assert(record->running);
	ck_assert_uint_eq(record->run_id, when.fresh_id);
	ck_assert_uint_eq(record->current.id, when.fresh_id);
	ck_assert_int_eq(record->current.anchor_ns, NOW + 300 * MS);
	ck_assert_int_eq(record->current.anchor_bar, 0);
	ck_assert_int_eq(record->start_bar, 2);
	struct tempo before = tempo;
	when = at(NOW + 1);
	ck_assert_int_eq(tempo_start(&tempo, &when, NOW + 400 * MS, 0), -EALREADY);
	ck_assert_mem_eq(&tempo, &before, sizeof tempo);
}
END_TEST

START_TEST(bars_go_on_over_a_stop)
{
	ck_assert_int_eq(stop_at(NOW + 5 * BAR + 1), 1);
	ck_assert_int_eq(tempo.next_bar, 6);
	ck_assert(!tempo.record.running);
	ck_assert_int_eq(tempo.record.current.anchor_ns, NOW);
	ck_assert_int_eq(stop_at(NOW + 9 * BAR), 0);
	ck_assert_int_eq(tempo.next_bar, 6);
	struct tempo_now when = at(NOW + 20 * BAR);
	ck_assert_int_eq(tempo_start(&tempo, &when, NOW + 21 * BAR, 1), 0);
	ck_assert_int_eq(tempo.record.current.anchor_bar, 6);
	ck_assert_int_eq(tempo.record.start_bar, 7);
	/* Stopped before its first sound: nothing was heard of bar 6. */
	ck_assert_int_eq(stop_at(NOW + 20 * BAR + LEAD), 1);
	ck_assert_int_eq(tempo.next_bar, 6);
}
END_TEST

START_TEST(stop_forgets_what_was_coming)
{
	int64_t at_bar;
	struct taps_estimate taps;
	struct tempo_now when = at(NOW + BEAT);
	ck_assert_int_eq(set_at(NOW + BEAT, 90, METRE_3_4, 4, 0, &at_bar), 0);
	tempo_tap(&tempo, &when, NOW + BEAT, &taps);
	ck_assert_int_eq(stop_at(NOW + 2 * BEAT), 1);
	ck_assert_int_eq(tempo.record.pending_kind, PENDING_NONE);
	ck_assert_int_eq(tempo.record.current.pace.bpm, 120);
	ck_assert_int_eq(tempo.taps.count, 0);
	ck_assert_int_eq(tempo_promote(&tempo, NOW + 100 * BAR), 0);
}
END_TEST

/* A change that has begun when the stop comes is the pace that stays. */
START_TEST(stop_keeps_what_has_begun)
{
	int64_t at_bar;
	ck_assert_int_eq(set_at(NOW + BEAT, 90, METRE_3_4, 0, 0, &at_bar), 0);
	ck_assert_int_eq(stop_at(NOW + BAR + 100 * MS), 1);
	ck_assert_int_eq(tempo.record.current.pace.bpm, 90);
	ck_assert_int_eq(tempo.next_bar, 2);
}
END_TEST

/* ---- set while running ------------------------------------------------------------- */

START_TEST(default_is_the_next_bar_in_reach)
{
	const struct {
		int64_t now_ns;
		int64_t bar;
	} cases[] = {
		{NOW - 400 * MS, 0},           {NOW - LEAD, 0},
		{NOW - LEAD + 1, 1},           {NOW, 1},
		{NOW + 7 * BAR + BEAT, 8},     {NOW + 8 * BAR - LEAD, 8},
		{NOW + 8 * BAR - LEAD + 1, 9}, {NOW + 8 * BAR, 9},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t at_bar;
		set_up_running();
		ck_assert_int_eq(set_at(cases[i].now_ns, 128, METRE_4_4, 0, 0, &at_bar), 0);
		ck_assert_int_eq(at_bar, cases[i].bar);
		ck_assert_int_eq(tempo.record.pending_kind, PENDING_AT_BAR);
		ck_assert_int_eq(tempo.record.pending.anchor_bar, cases[i].bar);
		ck_assert_int_eq(tempo.record.pending.anchor_ns, NOW + cases[i].bar * BAR);
		ck_assert_int_eq(tempo.record.pending.pace.bpm, 128);
		ck_assert_uint_gt(tempo.record.pending.id, tempo.record.current.id);
	}
}
END_TEST

START_TEST(in_bars_counts_from_the_one_that_plays)
{
	for (int in_bars = 1; in_bars <= LIMIT_IN_BARS_MAX; in_bars++) {
		int64_t at_bar;
		set_up_running();
		set_at(NOW + 3 * BAR, 128, METRE_4_4, in_bars, 0, &at_bar);
		ck_assert_int_eq(at_bar, 3 + in_bars);
		/* The next bar is out of reach: the one after it is meant. */
		set_up_running();
		set_at(NOW + 4 * BAR - LEAD / 2, 128, METRE_4_4, in_bars, 0, &at_bar);
		ck_assert_int_eq(at_bar, in_bars == 1 ? 5 : 3 + in_bars);
		/* Before the first sound nothing plays: 1 is the first bar. */
		set_up_running();
		set_at(NOW - 300 * MS, 128, METRE_4_4, in_bars, 0, &at_bar);
		ck_assert_int_eq(at_bar, in_bars - 1);
	}
}
END_TEST

START_TEST(a_second_set_replaces_the_first)
{
	int64_t at_bar;
	set_at(NOW, 128, METRE_4_4, 8, 0, &at_bar);
	set_at(NOW + 1, 90, METRE_3_4, 2, 0, &at_bar);
	ck_assert_int_eq(at_bar, 2);
	ck_assert_int_eq(tempo.record.pending.pace.bpm, 90);
	ck_assert_int_eq(tempo.record.pending.anchor_ns, NOW + 2 * BAR);
	/* The pace that runs: nothing is to change any more. */
	ck_assert_int_eq(set_at(NOW + 2, 120, METRE_4_4, 0, 0, &at_bar), 0);
	ck_assert_int_eq(tempo.record.pending_kind, PENDING_NONE);
	ck_assert_int_eq(tempo.record.current.anchor_ns, NOW);
}
END_TEST

START_TEST(what_begins_just_now_stays)
{
	int64_t at_bar;
	set_at(NOW, 128, METRE_4_4, 1, 0, &at_bar);
	struct tempo before = tempo;
	ck_assert_int_eq(set_at(NOW + BAR - LEAD + 1, 90, METRE_4_4, 0, 0, &at_bar), -EBUSY);
	ck_assert_int_eq(set_at(NOW + BAR - 1, 90, METRE_4_4, 0, NOW + 9 * BAR, &at_bar), -EBUSY);
	ck_assert_int_eq(cancel_at(NOW + BAR - LEAD + 1), -EBUSY);
	ck_assert_mem_eq(&tempo, &before, sizeof tempo);
	ck_assert_int_eq(cancel_at(NOW + BAR - LEAD), 0);
	ck_assert_int_eq(tempo.record.pending_kind, PENDING_NONE);
	ck_assert_int_eq(cancel_at(NOW + BAR - LEAD), -ENOENT);
}
END_TEST

/* A change that has begun makes room for the next one, also before anyone promoted it. */
START_TEST(set_promotes_what_has_begun)
{
	int64_t at_bar;
	set_at(NOW, 60, METRE_3_4, 1, 0, &at_bar);
	ck_assert_int_eq(set_at(NOW + BAR, 90, METRE_4_4, 0, 0, &at_bar), 0);
	ck_assert_int_eq(tempo.record.current.pace.bpm, 60);
	ck_assert_int_eq(at_bar, 2);
	ck_assert_int_eq(tempo.record.pending.anchor_ns, NOW + BAR + 3000 * MS);
}
END_TEST

START_TEST(an_anchor_becomes_a_bar)
{
	const struct {
		int64_t ns; /* from NOW */
		int64_t bar;
	} cases[] = {
		{LEAD, 1},
		{BAR - 600 * MS, 1},
		{BAR - 1, 1},
		{BAR, 1},
		{BAR + BEAT / 2, 1}, /* a downbeat a little late keeps its number */
		{BAR + BEAT / 2 + 1, 2},
		{2 * BAR - 1, 2},
		{100 * BAR + 3, 100},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t at_bar;
		set_up_running();
		int64_t anchor_ns = NOW + cases[i].ns;
		ck_assert_int_eq(set_at(NOW, 128, METRE_4_4, 0, anchor_ns, &at_bar), 0);
		ck_assert_int_eq(at_bar, cases[i].bar);
		ck_assert_int_eq(tempo.record.pending_kind, PENDING_AT_NS);
		ck_assert_int_eq(tempo.record.pending.anchor_ns, anchor_ns);
	}
}
END_TEST

START_TEST(an_anchor_too_near_is_refused)
{
	int64_t at_bar;
	struct tempo before = tempo;
	ck_assert_int_eq(set_at(NOW, 128, METRE_4_4, 0, NOW + LEAD - 1, &at_bar), -ERANGE);
	ck_assert_int_eq(set_at(NOW, 128, METRE_4_4, 0, NOW - BAR, &at_bar), -ERANGE);
	ck_assert_mem_eq(&tempo, &before, sizeof tempo);
}
END_TEST

/* Announced at a time behind the bar line, the change silences the old grid from the line on:
 * between the two it can't be taken back without a hole. */
START_TEST(a_grid_that_is_cut_already_stays_cut)
{
	int64_t at_bar;
	ck_assert_int_eq(set_at(NOW, 100, METRE_4_4, 0, NOW + BAR + 200 * MS, &at_bar), 0);
	ck_assert_int_eq(at_bar, 1);
	ck_assert_int_eq(cancel_at(NOW + BAR - LEAD + 1), -EBUSY);
	ck_assert_int_eq(set_at(NOW + BAR + 10 * MS, 90, METRE_4_4, 0, 0, &at_bar), -EBUSY);
	ck_assert_int_eq(cancel_at(NOW + BAR + 10 * MS), -EBUSY);
	ck_assert_int_eq(cancel_at(NOW + BAR - LEAD), 0);
}
END_TEST

START_TEST(promotes_in_time)
{
	int64_t at_bar;
	set_at(NOW, 60, METRE_3_4, 2, 0, &at_bar);
	uint64_t coming = tempo.record.pending.id;
	ck_assert_int_eq(tempo_promote(&tempo, NOW + 2 * BAR - 1), 0);
	ck_assert_int_eq(tempo_promote(&tempo, NOW + 2 * BAR), 1);
	ck_assert_uint_eq(tempo.record.current.id, coming);
	ck_assert_int_eq(tempo.record.current.pace.bpm, 60);
	ck_assert_int_eq(tempo.record.current.anchor_bar, 2);
	ck_assert_int_eq(tempo.record.pending_kind, PENDING_NONE);
	ck_assert_int_eq(tempo_promote(&tempo, NOW + 2 * BAR), 0);
}
END_TEST

/* ---- re-anchoring, power cuts -------------------------------------------------------- */

START_TEST(reanchor_tells_the_same_grid)
{
	int64_t at_bar;
	set_at(NOW, 60, METRE_3_4, 20, 0, &at_bar);
	uint64_t current = tempo.record.current.id;
	uint64_t coming = tempo.record.pending.id;
	tempo_reanchor(&tempo, 7, NOW + 7 * BAR + 700000);
	ck_assert_uint_eq(tempo.record.current.id, current);
	ck_assert_int_eq(tempo.record.current.anchor_bar, 7);
	ck_assert_int_eq(tempo.record.current.anchor_ns, NOW + 7 * BAR + 700000);
	ck_assert_uint_eq(tempo.record.pending.id, coming);
	ck_assert_int_eq(tempo.record.pending.anchor_bar, 20);
	ck_assert_int_eq(tempo.record.pending.anchor_ns, NOW + 20 * BAR + 700000);
	/* What was announced at a time stays at that time. */
	ck_assert_int_eq(cancel_at(NOW + 8 * BAR), 0);
	set_at(NOW + 8 * BAR, 60, METRE_3_4, 0, NOW + 20 * BAR, &at_bar);
	tempo_reanchor(&tempo, 9, NOW + 9 * BAR);
	ck_assert_int_eq(tempo.record.pending.anchor_ns, NOW + 20 * BAR);
	ck_assert_int_eq(tempo.record.start_bar, 0);
}
END_TEST

START_TEST(bar_after_is_above_all_that_sounded)
{
	int64_t at_bar;
	ck_assert_int_eq(tempo_bar_after(&tempo, NOW - 1), 0);
	ck_assert_int_eq(tempo_bar_after(&tempo, NOW), 1);
	ck_assert_int_eq(tempo_bar_after(&tempo, NOW + 30 * BAR - 1), 30);
	ck_assert_int_eq(tempo_bar_after(&tempo, NOW + 30 * BAR), 31);
	/* Twice as fast from bar 10 on. */
	set_at(NOW, 240, METRE_4_4, 10, 0, &at_bar);
	ck_assert_int_eq(tempo_bar_after(&tempo, NOW + 10 * BAR - 1), 10);
	ck_assert_int_eq(tempo_bar_after(&tempo, NOW + 10 * BAR), 11);
	ck_assert_int_eq(tempo_bar_after(&tempo, NOW + 30 * BAR), 51);
}
END_TEST

/* ---- taps -------------------------------------------------------------------------- */

static int64_t nth(int64_t from_ns, int bpm, int k)
{
	return from_ns + (120 * BEAT_NS_PER_S * k + bpm) / (2 * bpm);
}

/* A tap that takes 40 ms to come. */
static int tap(int64_t at_ns, struct taps_estimate *taps)
{
	struct tempo_now when = at(at_ns + 40 * MS);
	return tempo_tap(&tempo, &when, at_ns, taps);
}

static void ck_near(int64_t is_ns, int64_t wanted_ns)
{
	ck_assert_msg(llabs(is_ns - wanted_ns) <= 1000, "%lld ns off",
		      (long long)(is_ns - wanted_ns));
}

START_TEST(a_bar_of_taps_starts_on_the_next_1)
{
	enum metre metre = (enum metre)_i;
	int beats = ref_metres[metre].beats;
	int wanted = beats == 2 ? 4 : beats;
	for (int bpm = LIMIT_BPM_MIN; bpm <= LIMIT_BPM_MAX; bpm++) {
		struct taps_estimate taps;
		int64_t at_bar;
		set_up();
		set_at(NOW, 77, metre, 0, 0, &at_bar);
		tempo.next_bar = 23;
		for (int k = 0; k < wanted - 1; k++) {
			ck_assert_int_eq(tap(nth(NOW, bpm, k), &taps), TAPPED_COUNTED);
			ck_assert(!tempo.record.running);
		}
		ck_assert_int_eq(tap(nth(NOW, bpm, wanted - 1), &taps), TAPPED_STARTED);
		ck_assert_int_eq(taps.held, wanted);
		const struct tempo_record *record = &tempo.record;
		ck_assert(record->running);
		ck_assert_int_eq(record->current.pace.bpm, bpm);
		ck_assert_int_eq(record->current.pace.metre, metre);
		ck_near(record->current.anchor_ns, nth(NOW, bpm, wanted));
		ck_assert_int_eq(record->current.anchor_bar, 23);
		ck_assert_int_eq(record->start_bar, 23);
		ck_assert(tempo_record_valid(record));
	}
}
END_TEST

/* A beat is missed: the 1 stays where the first tap was. */
START_TEST(a_missed_beat_moves_no_1)
{
	for (int bpm = 50; bpm <= 240; bpm += 19) {
		for (int missed = 1; missed < 4; missed++) {
			struct taps_estimate taps;
			int result = TAPPED_COUNTED;
			int k = 0;
			set_up();
			for (; result == TAPPED_COUNTED && k < 12; k++)
				if (k != missed)
					result = tap(nth(NOW, bpm, k), &taps);
			ck_assert_int_eq(result, TAPPED_STARTED);
			ck_assert_int_eq(tempo.record.current.pace.bpm, bpm);
			ck_near(tempo.record.current.anchor_ns, nth(NOW, bpm, (k + 3) / 4 * 4));
		}
	}
}
END_TEST

/* One tap too many, anywhere in the bar. What starts is right at once, or, where the stray tap
 * itself passed for the fourth, put right by the next tap before a single click has sounded. */
START_TEST(a_stray_tap_starts_nothing_wrong)
{
	for (int bpm = 60; bpm <= 170; bpm += 11) {
		int64_t gap_ns = nth(0, bpm, 1);
		int lowest = 139 * bpm / 60 + 1;
		for (int at_beat = 0; at_beat < 4; at_beat++) {
			for (int stray = lowest; stray <= 1000 - lowest; stray += 10) {
				struct taps_estimate taps;
				set_up();
				for (int k = 0; k < 4; k++) {
					tap(nth(NOW, bpm, k), &taps);
					if (k == at_beat)
						tap(nth(NOW, bpm, k) + gap_ns * stray / 1000,
						    &taps);
				}
				const struct tempo_record *record = &tempo.record;
				ck_assert(record->running);
				const struct tempo_grid *heard =
					record->pending_kind == PENDING_NONE ? &record->current
									     : &record->pending;
				/* A tap behind the fourth comes when the start stands: it may
				 * shift nothing but the bars after the first. */
				if (at_beat == 3)
					heard = &record->current;
				ck_assert_int_eq(heard->pace.bpm, bpm);
				ck_near(heard->anchor_ns, nth(NOW, bpm, 4));
				ck_assert_int_eq(heard->anchor_bar, 0);
			}
		}
	}
}
END_TEST

START_TEST(taps_out_of_range_start_nothing)
{
	const int bpms[] = {25, 29, 262, 300};
	for (size_t i = 0; i < sizeof bpms / sizeof bpms[0]; i++) {
		struct taps_estimate taps;
		int result = 0;
		set_up();
		struct tempo_record before = tempo.record;
		for (int k = 0; k < 4; k++)
			result = tap(nth(NOW, bpms[i], k), &taps);
		ck_assert_int_eq(result, -ERANGE);
		ck_assert_int_eq(taps.bpm, bpms[i]);
		ck_assert_mem_eq(&tempo.record, &before, sizeof before);
	}
}
END_TEST

/* Taps that agree leave a running click alone, however often they come. */
START_TEST(agreeing_taps_change_nothing)
{
	struct tempo_record before = tempo.record;
	for (int off_ms = -4; off_ms <= 4; off_ms++) {
		struct taps_estimate taps;
		taps_clear(&tempo.taps);
		for (int k = 0; k < 20; k++)
			ck_assert_int_eq(tap(NOW + k * BEAT + off_ms * MS, &taps), TAPPED_COUNTED);
	}
	ck_assert_mem_eq(&tempo.record, &before, sizeof before);
}
END_TEST

/* Tapping goes on where the tapped beats lie nearest to the next bar line; the number is its. */
START_TEST(taps_while_running_move_the_next_bar)
{
	for (int off_ms = -240; off_ms <= 240; off_ms += 16) {
		struct taps_estimate taps;
		int64_t first_ns = NOW + 2 * BAR + off_ms * MS;
		set_up_running();
		for (int k = 0; k < 3; k++)
			ck_assert_int_eq(tap(first_ns + k * BEAT, &taps), TAPPED_COUNTED);
		int64_t last_ns = first_ns + 3 * BEAT;
		ck_assert_int_eq(tap(last_ns, &taps),
				 abs(off_ms) <= 5 ? TAPPED_COUNTED : TAPPED_CHANGED);
		if (abs(off_ms) <= 5)
			continue;
		/* Bar 3 if both its line and its new place can still be reached. */
		int64_t bar = off_ms > 0 ? 3 : 3;
		int64_t earliest_ns = last_ns + 40 * MS + LEAD;
		if (NOW + 3 * BAR < earliest_ns || first_ns + 4 * BEAT < earliest_ns)
			bar = 4;
		ck_assert_int_eq(tempo.record.pending_kind, PENDING_AT_NS);
		ck_assert_int_eq(tempo.record.pending.pace.bpm, 120);
		ck_assert_int_eq(tempo.record.pending.anchor_bar, bar);
		ck_near(tempo.record.pending.anchor_ns, first_ns + (bar - 2) * BAR);
	}
}
END_TEST

START_TEST(taps_withdraw_what_they_no_longer_want)
{
	struct taps_estimate taps;
	for (int k = 0; k < 4; k++)
		tap(NOW + 2 * BAR + 100 * MS + k * BEAT, &taps);
	ck_assert_int_eq(tempo.record.pending_kind, PENDING_AT_NS);
	taps_clear(&tempo.taps);
	for (int k = 0; k < 4; k++)
		tap(NOW + 2 * BAR + 5 * BEAT / 2 + k * BEAT / 8, &taps);
	taps_clear(&tempo.taps);
	/* Whatever those said: taps on the grid that runs by then end with no change ahead. */
	tempo_promote(&tempo, NOW + 8 * BAR);
	int64_t bar_ns = tempo.record.current.anchor_ns;
	int64_t beat_ns = 60 * BEAT_NS_PER_S / tempo.record.current.pace.bpm;
	while (bar_ns < NOW + 8 * BAR)
		bar_ns += beat_ns;
	for (int k = 0; k < 8; k++)
		tap(bar_ns + k * beat_ns, &taps);
	ck_assert_int_eq(tempo.record.pending_kind, PENDING_NONE);
}
END_TEST

/* Slow taps over fast bars: the nearest tapped beat may lie bars away, but never behind. */
START_TEST(slow_taps_over_fast_bars_stay_ahead)
{
	for (int running = 200; running <= 260; running += 20) {
		for (int tapped = 30; tapped < 60; tapped += 3) {
			for (int off_ms = 0; off_ms < 2000; off_ms += 130) {
				struct taps_estimate taps;
				int64_t at_bar;
				set_up();
				set_at(NOW, running, METRE_2_4, 0, 0, &at_bar);
				struct tempo_now when = at(NOW);
				tempo_start(&tempo, &when, NOW + LEAD, 0);
				int64_t last_ns = 0;
				for (int k = 0; k < 4; k++)
					tap(last_ns = nth(NOW + off_ms * MS, tapped, k), &taps);
				ck_assert_int_eq(tempo.record.pending_kind, PENDING_AT_NS);
				ck_assert_int_ge(tempo.record.pending.anchor_ns,
						 last_ns + 40 * MS + LEAD);
			}
		}
	}
}
END_TEST

/* ---- whole evenings ------------------------------------------------------------------ */

START_TEST(evenings)
{
	struct evening_options options = {
		.seed = (uint64_t)_i + 1,
		.steps = 1500,
		.lead_ns = (_i % 3 == 0   ? 13
			    : _i % 3 == 1 ? 50
					  : 95) *
			   MS,
		.ppm = _i % 2 == 0 ? 0 : (_i % 4 == 1 ? 60 : -90),
	};
	const char *wrong = evening_run(&options);
	ck_assert_msg(wrong == NULL, "seed %d: %s", _i + 1, wrong);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("tempo");
	TCase *standing = tcase_create("standing");
	TCase *running = tcase_create("running");
	TCase *taps = tcase_create("taps");
	TCase *running_taps = tcase_create("running taps");
	TCase *all = tcase_create("evenings");
	tcase_add_checked_fixture(standing, set_up, NULL);
	tcase_add_checked_fixture(running, set_up_running, NULL);
	tcase_add_checked_fixture(running_taps, set_up_running, NULL);
	tcase_set_timeout(all, 60);
	tcase_add_test(standing, begins_as_documented);
	tcase_add_test(standing, set_standing_is_at_once);
	tcase_add_test(standing, start_places_the_next_bar);
	tcase_add_test(running, bars_go_on_over_a_stop);
	tcase_add_test(running, stop_forgets_what_was_coming);
	tcase_add_test(running, stop_keeps_what_has_begun);
	tcase_add_test(running, default_is_the_next_bar_in_reach);
	tcase_add_test(running, in_bars_counts_from_the_one_that_plays);
	tcase_add_test(running, a_second_set_replaces_the_first);
	tcase_add_test(running, what_begins_just_now_stays);
	tcase_add_test(running, set_promotes_what_has_begun);
	tcase_add_test(running, an_anchor_becomes_a_bar);
	tcase_add_test(running, an_anchor_too_near_is_refused);
	tcase_add_test(running, a_grid_that_is_cut_already_stays_cut);
	tcase_add_test(running, promotes_in_time);
	tcase_add_test(running, reanchor_tells_the_same_grid);
	tcase_add_test(running, bar_after_is_above_all_that_sounded);
	tcase_add_loop_test(taps, a_bar_of_taps_starts_on_the_next_1, 0, METRE_COUNT);
	tcase_add_test(taps, a_missed_beat_moves_no_1);
	tcase_add_test(taps, a_stray_tap_starts_nothing_wrong);
	tcase_add_test(taps, taps_out_of_range_start_nothing);
	tcase_add_test(running_taps, agreeing_taps_change_nothing);
	tcase_add_test(running_taps, taps_while_running_move_the_next_bar);
	tcase_add_test(running_taps, taps_withdraw_what_they_no_longer_want);
	tcase_add_test(running_taps, slow_taps_over_fast_bars_stay_ahead);
	tcase_add_loop_test(all, evenings, 0, 200);
	suite_add_tcase(s, standing);
	suite_add_tcase(s, running);
	suite_add_tcase(s, taps);
	suite_add_tcase(s, running_taps);
	suite_add_tcase(s, all);
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
