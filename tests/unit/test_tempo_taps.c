/*
 * What a session's tempo makes of taps: where a tapped start begins, and what taps move while it runs.
 */
#include "check_main.h"
#include "limits.h"
#include "tempo_fixture.h"
#include "test_click_reference.h"

#include <errno.h>
#include <stdlib.h>

/* ---- taps -------------------------------------------------------------------------- */

static int64_t nth(int64_t from_ns, int bpm, int k)
{
	return from_ns + (120 * BEAT_NS_PER_S * k + bpm) / (2 * bpm);
}

/* A tap that takes 40 ms to come. */
static int tap(int64_t at_ns, struct taps_estimate *taps)
{
	struct tempo_now when = at(at_ns + 40 * MS);
	return tempo_tap(&tempo, &when, at_ns, 0, taps);
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

/* The last tap comes late, up to the two seconds that a tap may take: the first 1 that the click can
 * still reach, never the middle of a bar. */
START_TEST(a_late_tap_starts_on_a_1_to_come)
{
	struct taps_estimate taps;
	for (int late_ms = 0; late_ms <= 2000; late_ms += 10) {
		set_up();
		for (int k = 0; k < 3; k++)
			tap(nth(NOW, 174, k), &taps);
		struct tempo_now when = at(nth(NOW, 174, 3) + late_ms * MS);
		ck_assert_int_eq(tempo_tap(&tempo, &when, nth(NOW, 174, 3), 0, &taps),
				 TAPPED_STARTED);
		int64_t anchor_ns = tempo.record.current.anchor_ns;
		ck_assert_int_ge(anchor_ns, when.now_ns + when.lead_ns);
		ck_assert_int_lt(anchor_ns, when.now_ns + when.lead_ns + nth(0, 174, 4));
		int64_t bars = (anchor_ns - NOW + nth(0, 174, 2)) / nth(0, 174, 4);
		ck_near(anchor_ns, nth(NOW, 174, (int)(4 * bars)));
	}
}
END_TEST

/* ---- with a song on -------------------------------------------------------------------- */

static int tap_with_song(int64_t at_ns, int song_bpm)
{
	struct taps_estimate taps;
	struct tempo_now when = at(at_ns + 40 * MS);
	return tempo_tap(&tempo, &when, at_ns, song_bpm, &taps);
}

/* The nearest whole bpm within 4 % of the song's is the song's; beyond, what was tapped. The 1 is the
 * finger's in any case. */
START_TEST(a_tap_near_the_song_means_its_tempo)
{
	for (int song = LIMIT_BPM_MIN; song <= LIMIT_BPM_MAX; song++) {
		for (int bpm = song - song / 20 - 2; bpm <= song + song / 20 + 2; bpm++) {
			double off = (double)(bpm - song) / song;
			bool near = off <= 0.04 + 1e-12 && off >= -0.04 - 1e-12;
			if (bpm < LIMIT_BPM_MIN || bpm > LIMIT_BPM_MAX)
				continue;
			set_up();
			for (int k = 0; k < 3; k++)
				ck_assert_int_eq(tap_with_song(nth(NOW, bpm, k), song),
						 TAPPED_COUNTED);
			ck_assert_int_eq(tap_with_song(nth(NOW, bpm, 3), song), TAPPED_STARTED);
			ck_assert_int_eq(tempo.record.current.pace.bpm, near ? song : bpm);
			ck_near(tempo.record.current.anchor_ns, nth(NOW, bpm, 4));
		}
	}
}
END_TEST

/* Out of what can be played, but near a song that can. */
START_TEST(a_song_at_the_limit_can_be_tapped)
{
	struct taps_estimate taps;
	set_up();
	for (int k = 0; k < 3; k++)
		tap_with_song(nth(NOW, 265, k), 260);
	ck_assert_int_eq(tap_with_song(nth(NOW, 265, 3), 260), TAPPED_STARTED);
	ck_assert_int_eq(tempo.record.current.pace.bpm, 260);
	set_up();
	for (int k = 0; k < 3; k++)
		tap(nth(NOW, 265, k), &taps);
	ck_assert_int_eq(tap(nth(NOW, 265, 3), &taps), -ERANGE);
}
END_TEST

/* While it runs at the song's tempo, taps near it move the phase and nothing else. */
START_TEST(taps_give_the_phase_of_a_running_song)
{
	int64_t beat_ns = nth(0, 120, 1);
	int64_t first_ns = NOW + 8 * beat_ns + 60 * MS; /* late by 60 ms */
	for (int k = 0; k < 4; k++)
		tap_with_song(nth(first_ns, 122, k), 120);
	ck_assert_int_eq(tempo.record.pending_kind, PENDING_AT_NS);
	ck_assert_int_eq(tempo.record.pending.pace.bpm, 120);
	ck_near(tempo.record.pending.anchor_ns, nth(first_ns, 122, 4));
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

/* Four beats, and one tap more: `stray` thousandths of a beat behind beat `after`. */
static void tap_with_stray(int bpm, int after, int stray)
{
	struct taps_estimate taps;
	int64_t gap_ns = nth(0, bpm, 1);
	for (int k = 0; k < 4; k++) {
		tap(nth(NOW, bpm, k), &taps);
		if (k == after)
			tap(nth(NOW, bpm, k) + gap_ns * stray / 1000, &taps);
	}
}

/* One tap too many, anywhere in the bar. What starts is right at once, or, where the stray tap
 * itself passed for the fourth, put right by the next tap before a single click has sounded. */
START_TEST(a_stray_tap_starts_nothing_wrong)
{
	int bpm = _i;
	int lowest = 139 * bpm / 60 + 1;
	for (int after = 0; after < 4; after++) {
		for (int stray = lowest; stray <= 1000 - lowest; stray += 10) {
			const struct tempo_record *record = &tempo.record;
			set_up();
			tap_with_stray(bpm, after, stray);
			ck_assert(record->running);
			/* Behind the fourth it comes when the start stands: it may shift nothing
			 * but the bars after the first. */
			bool pending = record->pending_kind != PENDING_NONE && after < 3;
			const struct tempo_grid *heard =
				pending ? &record->pending : &record->current;
			ck_assert_int_eq(heard->pace.bpm, bpm);
			ck_near(heard->anchor_ns, nth(NOW, bpm, 4));
			ck_assert_int_eq(heard->anchor_bar, 0);
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
		int64_t bar = 3;
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

static Suite *suite(void)
{
	Suite *s = suite_create("tempo_taps");
	TCase *taps = tcase_create("standing");
	TCase *running_taps = tcase_create("running");
	tcase_add_checked_fixture(running_taps, set_up_running, NULL);
	tcase_add_loop_test(taps, a_bar_of_taps_starts_on_the_next_1, 0, METRE_COUNT);
	tcase_add_test(taps, a_tap_near_the_song_means_its_tempo);
	tcase_add_test(taps, a_song_at_the_limit_can_be_tapped);
	tcase_add_test(running_taps, taps_give_the_phase_of_a_running_song);
	tcase_add_loop_test(taps, a_stray_tap_starts_nothing_wrong, 60, 170);
	tcase_add_test(taps, a_late_tap_starts_on_a_1_to_come);
	tcase_add_test(taps, a_missed_beat_moves_no_1);
	tcase_add_test(taps, taps_out_of_range_start_nothing);
	tcase_add_test(running_taps, agreeing_taps_change_nothing);
	tcase_add_test(running_taps, taps_while_running_move_the_next_bar);
	tcase_add_test(running_taps, taps_withdraw_what_they_no_longer_want);
	tcase_add_test(running_taps, slow_taps_over_fast_bars_stay_ahead);
	suite_add_tcase(s, taps);
	suite_add_tcase(s, running_taps);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
