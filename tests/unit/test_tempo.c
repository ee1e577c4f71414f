/*
 * The rules of a session's tempo, one by one: start and stop, changes announced, replaced and
 * withdrawn, re-anchoring. Taps are in test_tempo_taps.c, all together in test_tempo_evenings.c.
 */
#include "check_main.h"
#include "limits.h"
#include "tempo_fixture.h"

#include <errno.h>
#include <stdlib.h>

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
	tempo_tap(&tempo, &when, NOW + BEAT, 0, &taps);
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

/* A change that has begun makes room for the next one once it is promoted, which is never done in
 * passing: everyone has to be told of it. */
START_TEST(set_follows_what_was_promoted)
{
	int64_t at_bar;
	set_at(NOW, 60, METRE_3_4, 1, 0, &at_bar);
	ck_assert_int_eq(set_at(NOW + BAR, 90, METRE_4_4, 0, 0, &at_bar), -EBUSY);
	ck_assert_int_eq(tempo.record.current.pace.bpm, 120);
	ck_assert_int_eq(tempo_promote(&tempo, NOW + BAR), 1);
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

static Suite *suite(void)
{
	Suite *s = suite_create("tempo");
	TCase *standing = tcase_create("standing");
	TCase *running = tcase_create("running");
	tcase_add_checked_fixture(standing, set_up, NULL);
	tcase_add_checked_fixture(running, set_up_running, NULL);
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
	tcase_add_test(running, set_follows_what_was_promoted);
	tcase_add_test(running, an_anchor_becomes_a_bar);
	tcase_add_test(running, an_anchor_too_near_is_refused);
	tcase_add_test(running, a_grid_that_is_cut_already_stays_cut);
	tcase_add_test(running, promotes_in_time);
	tcase_add_test(running, reanchor_tells_the_same_grid);
	tcase_add_test(running, bar_after_is_above_all_that_sounded);
	suite_add_tcase(s, standing);
	suite_add_tcase(s, running);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
