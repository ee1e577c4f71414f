/*
 * The rules of tapping, one by one, and over seeded series: every tempo, every slip, a human hand.
 */
#include "check_main.h"
#include "clock.h"
#include "limits.h"
#include "taps.h"
#include "test_click_reference.h"

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define MS CLOCK_NS_PER_MS
/* Raw time after two years of being up: nothing may depend on small numbers. */
#define START_NS INT64_C(63072000123456789)

static int64_t beat_of(int bpm, int64_t k)
{
	return START_NS + (120 * INT64_C(1000000000) * k + bpm) / (2 * bpm);
}

static struct taps_estimate said(const struct taps *taps)
{
	struct taps_estimate estimate;
	taps_estimate(taps, &estimate);
	return estimate;
}

/* Taps at these ms; the estimate. */
static struct taps_estimate tapped(const int64_t *at_ms, int count)
{
	struct taps taps;
	taps_clear(&taps);
	for (int i = 0; i < count; i++)
		ck_assert_int_eq(taps_add(&taps, START_NS + at_ms[i] * MS), 1);
	return said(&taps);
}

#define TAPPED(...)                                                                                \
	tapped((const int64_t[]){__VA_ARGS__},                                                     \
	       (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)))

static void ck_beat_ms(const struct taps_estimate *estimate, int64_t index, int64_t ms)
{
	int64_t off_ns = taps_beat_ns(estimate, index) - (START_NS + ms * MS);
	ck_assert_msg(llabs(off_ns) <= 1, "beat %lld is %lld ns off", (long long)index,
		      (long long)off_ns);
}

/* ---- the rules one by one ------------------------------------------------------ */

START_TEST(one_tap_says_nothing)
{
	struct taps taps;
	taps_clear(&taps);
	struct taps_estimate none = said(&taps);
	ck_assert_int_eq(none.held, 0);
	ck_assert_int_eq(none.bpm, 0);
	ck_assert(none.period_ns == 0);
	ck_assert_int_eq(taps_add(&taps, START_NS), 1);
	struct taps_estimate one = said(&taps);
	ck_assert_int_eq(one.held, 1);
	ck_assert_int_eq(one.regular, 0);
	ck_assert_int_eq(one.bpm, 0);
	ck_assert(one.period_ns == 0);
	ck_assert_int_eq(one.last_index, 0);
}
END_TEST

START_TEST(steady_taps_at_every_tempo)
{
	for (int bpm = LIMIT_BPM_MIN; bpm <= LIMIT_BPM_MAX; bpm++) {
		struct taps taps;
		taps_clear(&taps);
		for (int k = 0; k < 100; k++) {
			ck_assert_int_eq(taps_add(&taps, beat_of(bpm, k)), 1);
			struct taps_estimate now = said(&taps);
			int kept = k < TAPS_MAX ? k + 1 : TAPS_MAX;
			ck_assert_int_eq(now.held, kept);
			ck_assert_int_eq(now.regular, kept - 1);
			ck_assert_int_eq(now.last_index, k);
			if (k == 0)
				continue;
			ck_assert_int_eq(now.bpm, bpm);
			for (int ahead = 0; ahead <= 8; ahead++)
				ck_assert_int_le(llabs(taps_beat_ns(&now, k + ahead) -
						       beat_of(bpm, k + ahead)),
						 1 + 9 * ahead);
		}
	}
}
END_TEST

START_TEST(median_is_the_lower_one)
{
	struct taps_estimate now = TAPPED(0, 500, 1500);
	ck_assert_int_eq(now.bpm, 120);
	ck_assert_int_eq(now.last_index, 3);
	ck_assert_int_eq(now.regular, 1);
	now = TAPPED(0, 1000, 1500);
	ck_assert_int_eq(now.bpm, 120);
	ck_assert_int_eq(now.last_index, 3);
}
END_TEST

/* Else the halves of an interval that a mis-hit split would pass for the rule. */
START_TEST(median_of_four_is_the_upper_one)
{
	struct taps_estimate now = TAPPED(0, 300, 500, 1000, 1500);
	ck_assert_int_eq(now.bpm, 120);
	ck_assert_int_eq(now.last_index, 3);
	ck_assert_int_eq(now.regular, 3);
	ck_assert(now.steady);
}
END_TEST

START_TEST(unsteady_is_told)
{
	/* A mis-hit that the rule of 0.6 lets pass, as the newest. */
	ck_assert(!TAPPED(0, 500, 1000, 1330).steady);
	ck_assert(TAPPED(0, 500, 1000, 1330, 1500).steady);
	ck_assert(TAPPED(0, 520, 980, 1500).steady);
	ck_assert(TAPPED(0, 500, 1000, 2000, 2500).steady);
	ck_assert(!TAPPED(0).steady);
}
END_TEST

START_TEST(under_six_tenths_is_a_mishit)
{
	struct taps_estimate now = TAPPED(0, 500, 1000, 1299, 1500);
	ck_assert_int_eq(now.held, 4);
	ck_assert_int_eq(now.bpm, 120);
	ck_assert_int_eq(now.last_index, 3);
	ck_beat_ms(&now, 4, 2000);
	/* Just 0.6 of the median is an interval like another. */
	now = TAPPED(0, 500, 1000, 1500, 1800);
	ck_assert_int_eq(now.held, 5);
	ck_assert_int_eq(now.last_index, 4);
}
END_TEST

START_TEST(over_one_and_six_tenths_is_bridged)
{
	struct taps_estimate now = TAPPED(0, 500, 1000, 1801);
	ck_assert_int_eq(now.last_index, 4);
	ck_assert_int_eq(now.regular, 2);
	now = TAPPED(0, 500, 1000, 1800);
	ck_assert_int_eq(now.last_index, 3);
	ck_assert_int_eq(now.regular, 3);
	now = TAPPED(0, 500, 1000, 3500);
	ck_assert_int_eq(now.last_index, 7);
	ck_assert_int_eq(now.bpm, 120);
	ck_beat_ms(&now, 8, 4000);
}
END_TEST

/* Of two taps too near to each other the one that lies on the beat stays. */
START_TEST(the_mishit_goes_not_the_beat)
{
	struct taps_estimate early = TAPPED(0, 500, 800, 1000, 1500);
	ck_assert_int_eq(early.held, 4);
	ck_assert_int_eq(early.regular, 3);
	ck_assert_int_eq(early.last_index, 3);
	ck_beat_ms(&early, 4, 2000);
	struct taps_estimate before_all = TAPPED(0, 200, 700, 1200, 1700);
	ck_assert_int_eq(before_all.held, 4);
	ck_assert_int_eq(before_all.last_index, 3);
	ck_beat_ms(&before_all, 0, 200);
	ck_beat_ms(&before_all, 4, 2200);
	struct taps_estimate behind_first = TAPPED(0, 200, 500, 1000, 1500);
	ck_assert_int_eq(behind_first.last_index, 3);
	ck_beat_ms(&behind_first, 0, 0);
	ck_beat_ms(&behind_first, 4, 2000);
	/* Missed and mis-hit in one: the beat after it still counts right. */
	struct taps_estimate both = TAPPED(0, 500, 1000, 1750, 2000, 2500);
	ck_assert_int_eq(both.last_index, 5);
	ck_beat_ms(&both, 6, 3000);
}
END_TEST

START_TEST(pause_of_three_seconds_starts_afresh)
{
	struct taps taps;
	taps_clear(&taps);
	for (int k = 0; k < 4; k++)
		taps_add(&taps, START_NS + k * 500 * MS);
	int64_t last_ns = START_NS + 1500 * MS;
	struct taps before = taps;
	ck_assert_int_eq(taps_add(&taps, last_ns + 3000 * MS - 1), 1);
	ck_assert_int_eq(said(&taps).held, 5);
	taps = before;
	ck_assert_int_eq(taps_add(&taps, last_ns + 3000 * MS), 1);
	struct taps_estimate now = said(&taps);
	ck_assert_int_eq(now.held, 1);
	ck_assert_int_eq(now.last_index, 0);
	ck_assert_int_eq(now.bpm, 0);
}
END_TEST

START_TEST(bouncing_and_unordered_taps_are_dropped)
{
	struct taps taps;
	taps_clear(&taps);
	taps_add(&taps, START_NS);
	const int64_t refused_ms[] = {0, 1, 30, 138, -1, -5000};
	for (size_t i = 0; i < sizeof refused_ms / sizeof refused_ms[0]; i++)
		ck_assert_int_eq(taps_add(&taps, START_NS + refused_ms[i] * MS), 0);
	ck_assert_int_eq(said(&taps).held, 1);
	/* Each tap of a phone that fires twice. */
	for (int k = 1; k < 40; k++) {
		ck_assert_int_eq(taps_add(&taps, START_NS + k * 500 * MS), 1);
		ck_assert_int_eq(taps_add(&taps, START_NS + (k * 500 + 40) * MS), 0);
	}
	ck_assert_int_eq(said(&taps).bpm, 120);
	ck_assert_int_eq(said(&taps).last_index, 39);
	/* The fastest tempo is no bouncing, even with a finger that wavers. */
	taps_clear(&taps);
	for (int k = 0; k < 20; k++)
		ck_assert_int_eq(taps_add(&taps, beat_of(260, k) + (k % 2) * 30 * MS), 1);
	ck_assert_int_le(abs(said(&taps).bpm - 260), 8);
}
END_TEST

START_TEST(near_is_the_inverse_of_beat)
{
	struct taps_estimate now = TAPPED(0, 498, 1003, 1500, 2001);
	for (int64_t index = -20; index < 200; index++) {
		int64_t at_ns = taps_beat_ns(&now, index);
		ck_assert_int_eq(taps_beat_near(&now, at_ns), index);
		ck_assert_int_eq(taps_beat_near(&now, at_ns + 249 * MS), index);
		ck_assert_int_eq(taps_beat_near(&now, at_ns - 249 * MS), index);
	}
}
END_TEST

/* ---- slips ---------------------------------------------------------------------- */

/* Taps a series in which beat `missed` (-1: none) is left out and one more tap falls `stray`
 * thousandths of a beat (0: none) behind beat `at`. The estimate after `beats` beats. */
static struct taps_estimate slipped(int bpm, int beats, int missed, int at, int stray)
{
	struct taps taps;
	taps_clear(&taps);
	for (int k = 0; k < beats; k++) {
		if (k != missed)
			taps_add(&taps, beat_of(bpm, k));
		int64_t gap_ns = beat_of(bpm, k + 1) - beat_of(bpm, k);
		if (stray != 0 && k == at)
			taps_add(&taps, beat_of(bpm, k) + gap_ns * stray / 1000);
	}
	return said(&taps);
}

static void ck_unharmed(const struct taps_estimate *now, int bpm, int beats, const char *what)
{
	ck_assert_msg(now->bpm == bpm, "%s: %d instead of %d bpm", what, now->bpm, bpm);
	ck_assert_msg(now->last_index == beats - 1, "%s at %d bpm: beat %lld instead of %d", what,
		      bpm, (long long)now->last_index, beats - 1);
	int64_t off_ns = taps_beat_ns(now, beats) - beat_of(bpm, beats);
	ck_assert_msg(llabs(off_ns) <= 10, "%s at %d bpm: %lld ns off", what, bpm,
		      (long long)off_ns);
}

START_TEST(one_missed_beat_ruins_nothing)
{
	for (int bpm = LIMIT_BPM_MIN; bpm <= LIMIT_BPM_MAX; bpm++) {
		/* Slower, the gap of a missed beat is a pause of three seconds. */
		for (int missed = 1; bpm > 40 && missed < 7; missed++) {
			struct taps_estimate now = slipped(bpm, 8, missed, 0, 0);
			ck_unharmed(&now, bpm, 8, "a missed beat");
			ck_assert_int_eq(now.regular, 5);
		}
	}
}
END_TEST

/* Any place in a bar of four and its next 1, any moment between two beats but the bounce after a
 * beat and before one: there the two are one tap. */
START_TEST(one_stray_tap_ruins_nothing)
{
	for (int bpm = LIMIT_BPM_MIN; bpm <= LIMIT_BPM_MAX; bpm++) {
		int bounce = 139 * bpm / 60 + 1; /* thousandths of a beat */
		for (int at = 0; at < 5; at++) {
			for (int stray = bounce; stray <= 1000 - bounce; stray += 7) {
				struct taps_estimate now = slipped(bpm, 6, -1, at, stray);
				ck_unharmed(&now, bpm, 6, "a stray tap");
				ck_assert_int_eq(now.held, 6);
				ck_assert_int_eq(now.regular, 5);
			}
		}
	}
}
END_TEST

START_TEST(stray_before_the_first_tap_is_not_the_1)
{
	for (int bpm = 40; bpm <= 240; bpm += 5) {
		struct taps taps;
		int64_t gap_ns = beat_of(bpm, 1) - beat_of(bpm, 0);
		for (int stray = 139 * bpm / 60 + 1; stray < 600; stray += 7) {
			taps_clear(&taps);
			taps_add(&taps, beat_of(bpm, 0) - gap_ns * stray / 1000);
			for (int k = 0; k < 5; k++)
				taps_add(&taps, beat_of(bpm, k));
			struct taps_estimate now = said(&taps);
			ck_unharmed(&now, bpm, 5, "a stray tap before the first");
		}
	}
}
END_TEST

/* For ever: what is shifted out at the front, mis-hits among it, leaves the count of beats alone. */
START_TEST(long_series_with_slips_keep_count)
{
	for (uint64_t seed = 1; seed <= 40; seed++) {
		uint64_t state = seed;
		int bpm = ref_between(&state, 45, 170);
		int64_t gap_ns = beat_of(bpm, 1) - beat_of(bpm, 0);
		int lowest = 139 * bpm / 60 + 1;
		struct taps taps;
		int since = 0; /* beats since the last slip: one at a time */
		taps_clear(&taps);
		for (int k = 0; k < 2000; k++, since++) {
			bool slip = k > 6 && since > 3 && ref_between(&state, 0, 9) == 0;
			if (slip)
				since = 0;
			if (slip && ref_between(&state, 0, 1) == 0)
				continue;
			taps_add(&taps, beat_of(bpm, k));
			if (slip)
				taps_add(&taps,
					 beat_of(bpm, k) +
						 gap_ns * ref_between(&state, lowest, 595) / 1000);
			if (k < 2)
				continue;
			struct taps_estimate now = said(&taps);
			ck_unharmed(&now, bpm, k + 1, "a long series");
		}
	}
}
END_TEST

/* ---- a human hand ---------------------------------------------------------------- */

/* Of about normal distribution: a sum of twelve. */
static double wobble(uint64_t *state)
{
	double sum = -6;
	for (int i = 0; i < 12; i++)
		sum += ref_between(state, 0, 1000000) / 1e6;
	return sum;
}

/* A hand that wavers by 2.5 % of the beat (1 SD; trained hands do better): the next 1 after a bar
 * and after nine taps is no worse than least squares allows, and never far off. */
START_TEST(human_jitter_is_averaged)
{
	const double sd_share = 0.025;
	double sum4 = 0;
	double sum9 = 0;
	int series = 0;
	for (uint64_t seed = 1; seed <= 2000; seed++, series++) {
		uint64_t state = seed * 7919;
		int bpm = ref_between(&state, 60, 200);
		double gap_ns = 60e9 / bpm;
		struct taps taps;
		taps_clear(&taps);
		for (int k = 0; k < 9; k++) {
			double off_ns = wobble(&state) * sd_share * gap_ns;
			taps_add(&taps, beat_of(bpm, k) + (int64_t)off_ns);
			struct taps_estimate now = said(&taps);
			ck_assert_int_eq(now.last_index, k);
			if (k == 3 || k == 8) {
				double off =
					(double)(taps_beat_ns(&now, k + 1) - beat_of(bpm, k + 1)) /
					gap_ns;
				ck_assert_msg(fabs(off) < 0.25, "seed %d: %.3f of a beat",
					      (int)seed, off);
				*(k == 3 ? &sum4 : &sum9) += off * off;
			}
			if (k == 8)
				ck_assert_int_le(abs(now.bpm - bpm), 1 + bpm / 25);
		}
	}
	/* One ahead of n points: SD * sqrt(1/n + (n+1)^2/4 / (n(n^2-1)/12)) = 1.22, 0.73 SD. */
	ck_assert(sqrt(sum4 / series) < 1.35 * sd_share);
	ck_assert(sqrt(sum9 / series) < 0.80 * sd_share);
}
END_TEST

START_TEST(follows_a_tempo_that_creeps)
{
	struct taps taps;
	double at_ns = 0;
	taps_clear(&taps);
	for (int k = 0; k < 200; k++) {
		double bpm = 90 + 0.3 * k;
		taps_add(&taps, START_NS + (int64_t)at_ns);
		struct taps_estimate now = said(&taps);
		if (k > 8) {
			ck_assert_int_eq(now.last_index, k);
			/* The window's middle is four taps back. */
			ck_assert(fabs(now.bpm - bpm) < 2.5);
		}
		at_ns += 60e9 / bpm;
	}
}
END_TEST

/* Any series at all: sane numbers, never a crash. */
START_TEST(any_series_is_borne)
{
	for (uint64_t seed = 1; seed <= 300; seed++) {
		uint64_t state = seed;
		int64_t at_ns = START_NS;
		struct taps taps;
		taps_clear(&taps);
		for (int i = 0; i < 300; i++) {
			at_ns += ref_between(&state, -50, 3200) * MS;
			taps_add(&taps, at_ns);
			struct taps_estimate now = said(&taps);
			ck_assert_int_ge(now.held, 1);
			ck_assert_int_le(now.held, TAPS_MAX);
			ck_assert_int_lt(now.regular, now.held);
			ck_assert_int_ge(now.last_index, 0);
			ck_assert(now.held == 1 || now.period_ns > 80e6);
			ck_assert(isfinite(now.period_ns) && isfinite(now.first_offset_ns));
		}
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("taps");
	TCase *rules = tcase_create("rules");
	TCase *slips = tcase_create("slips");
	TCase *hand = tcase_create("hand");
	tcase_add_test(rules, one_tap_says_nothing);
	tcase_add_test(rules, steady_taps_at_every_tempo);
	tcase_add_test(rules, median_is_the_lower_one);
	tcase_add_test(rules, median_of_four_is_the_upper_one);
	tcase_add_test(rules, unsteady_is_told);
	tcase_add_test(rules, under_six_tenths_is_a_mishit);
	tcase_add_test(rules, over_one_and_six_tenths_is_bridged);
	tcase_add_test(rules, the_mishit_goes_not_the_beat);
	tcase_add_test(rules, pause_of_three_seconds_starts_afresh);
	tcase_add_test(rules, bouncing_and_unordered_taps_are_dropped);
	tcase_add_test(rules, near_is_the_inverse_of_beat);
	tcase_add_test(slips, one_missed_beat_ruins_nothing);
	tcase_add_test(slips, one_stray_tap_ruins_nothing);
	tcase_add_test(slips, stray_before_the_first_tap_is_not_the_1);
	tcase_add_test(slips, long_series_with_slips_keep_count);
	tcase_add_test(hand, human_jitter_is_averaged);
	tcase_add_test(hand, follows_a_tempo_that_creeps);
	tcase_add_test(hand, any_series_is_borne);
	suite_add_tcase(s, rules);
	suite_add_tcase(s, slips);
	suite_add_tcase(s, hand);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
