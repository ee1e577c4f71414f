/*
 * Beat arithmetic against its definition. The nearest tick to an exact rational n/d, halves up,
 * is the one t with -d < 2(td - n) <= d: no division and no rounding in it, in 128 bits.
 */
#include "beat.h"
#include "check_main.h"
#include "expect.h"
#include "limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 wide;

#define DAY_S INT64_C(86400)
#define WEEK_S (7 * DAY_S)
#define YEAR_S (366 * DAY_S)

static const int64_t rates[] = {
	44100, 48000, 96000, BEAT_NS_PER_S, LIMIT_RATE_MIN_HZ, LIMIT_RATE_MAX_HZ};
#define RATES (sizeof rates / sizeof rates[0])

/* True if `offset` is where part k lies, by definition. */
static bool lies_at(int bpm, int64_t hz, int parts, int64_t k, int64_t offset)
{
	wide d = (wide)bpm * parts;
	wide off_by = 2 * ((wide)offset * d - (wide)k * 60 * hz);
	return -d < off_by && off_by <= d;
}

static void expect_offset(const struct beat_pace *pace, int64_t hz, int parts, int64_t k)
{
	int64_t offset = beat_offset(pace, hz, parts, k);
	if (!lies_at(pace->bpm, hz, parts, k, offset))
		ck_abort_msg("part %lld of %d at %d bpm, %lld Hz: %lld", (long long)k, parts,
			     pace->bpm, (long long)hz, (long long)offset);
}

static void expect_inverse(const struct beat_pace *pace, int64_t hz, int parts, int64_t k)
{
	int64_t offset = beat_offset(pace, hz, parts, k);
	EXPECT_EQ(beat_first_from(pace, hz, parts, offset), k);
	EXPECT_EQ(beat_last_until(pace, hz, parts, offset), k);
	EXPECT_EQ(beat_first_from(pace, hz, parts, offset + 1), k + 1);
	EXPECT_EQ(beat_last_until(pace, hz, parts, offset - 1), k - 1);
	EXPECT(beat_offset(pace, hz, parts, k - 1) < offset);
	EXPECT(beat_offset(pace, hz, parts, k + 1) > offset);
}

/* Parts that begin about `seconds` after the anchor. */
static int64_t parts_in(const struct beat_pace *pace, int parts, int64_t seconds)
{
	return seconds * pace->bpm * parts / 60;
}

static void expect_around(const struct beat_pace *pace, int64_t hz, int parts, int64_t k)
{
	for (int64_t i = k - 3; i <= k + 3; i++) {
		expect_offset(pace, hz, parts, i);
		expect_inverse(pace, hz, parts, i);
	}
}

/* Each test below runs once for each rate (_i). */

START_TEST(near_the_anchor)
{
	for (int bpm = LIMIT_BPM_MIN; bpm <= LIMIT_BPM_MAX; bpm++) {
		struct beat_pace pace = {.bpm = bpm, .metre = METRE_4_4};
		for (int parts = 1; parts <= 3; parts++)
			for (int64_t k = -4000; k <= 4000; k++)
				expect_offset(&pace, rates[_i], parts, k);
		EXPECT_EQ(beat_offset(&pace, rates[_i], 1, 0), 0);
	}
}
END_TEST

START_TEST(far_from_the_anchor)
{
	static const int64_t spans[] = {3600, DAY_S, WEEK_S, YEAR_S, -WEEK_S, -YEAR_S, 25 * YEAR_S};
	for (int bpm = LIMIT_BPM_MIN; bpm <= LIMIT_BPM_MAX; bpm++) {
		struct beat_pace pace = {.bpm = bpm, .metre = METRE_3_4};
		for (int parts = 1; parts <= 3; parts++) {
			for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
				if (spans[i] / 60 * bpm <= 4LL * LIMIT_BAR_MAX)
					expect_around(&pace, rates[_i], parts,
						      parts_in(&pace, parts, spans[i]));
			expect_around(&pace, rates[_i], parts, 4LL * LIMIT_BAR_MAX * parts);
			expect_around(&pace, rates[_i], parts, -4LL * LIMIT_BAR_MAX * parts);
		}
	}
}
END_TEST

/* Offsets that are no beat: the beats on either side, and nothing between. */
START_TEST(between_the_beats)
{
	uint64_t seed = 1;
	for (int i = 0; i < 200000; i++) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		struct beat_pace pace = {.bpm = LIMIT_BPM_MIN + (int)((seed >> 33) % 231),
					 .metre = METRE_4_4};
		int parts = 1 + (int)((seed >> 41) % 3);
		int64_t span = YEAR_S * rates[_i];
		int64_t offset = (int64_t)((seed ^ seed << 17) % (2 * (uint64_t)span)) - span;
		int64_t last = beat_last_until(&pace, rates[_i], parts, offset);
		int64_t first = beat_first_from(&pace, rates[_i], parts, offset);
		EXPECT(beat_offset(&pace, rates[_i], parts, last) <= offset);
		EXPECT(beat_offset(&pace, rates[_i], parts, last + 1) > offset);
		EXPECT(beat_offset(&pace, rates[_i], parts, first) >= offset);
		EXPECT(beat_offset(&pace, rates[_i], parts, first - 1) < offset);
	}
}
END_TEST

/* Two beats are never further apart, nor closer, than a tick more or less than the exact time. */
START_TEST(steps_are_even)
{
	for (int bpm = LIMIT_BPM_MIN; bpm <= LIMIT_BPM_MAX; bpm++) {
		struct beat_pace pace = {.bpm = bpm, .metre = METRE_2_4};
		int64_t step = 60 * rates[_i] / bpm;
		int64_t before = beat_offset(&pace, rates[_i], 1, -1000);
		for (int64_t k = -999; k < 2000; k++) {
			int64_t now = beat_offset(&pace, rates[_i], 1, k);
			EXPECT(now - before == step || now - before == step + 1);
			before = now;
		}
	}
}
END_TEST

/* A minute has bpm beats and exactly 60 * hz ticks, whichever minute of the year it is. */
START_TEST(minutes_are_whole)
{
	for (int bpm = LIMIT_BPM_MIN; bpm <= LIMIT_BPM_MAX; bpm++) {
		struct beat_pace pace = {.bpm = bpm, .metre = METRE_2_4};
		for (int64_t minute = -YEAR_S / 60; minute <= YEAR_S / 60; minute += 997) {
			int64_t start = beat_offset(&pace, rates[_i], 1, minute * bpm);
			EXPECT_EQ(start, minute * 60 * rates[_i]);
		}
	}
}
END_TEST

static void expect_bar(const struct beat_pace *pace, int64_t hz, int64_t bar, int beats)
{
	int64_t offset = beat_bar_offset(pace, hz, bar);
	EXPECT(lies_at(pace->bpm, hz, 1, bar * beats, offset));
	EXPECT_EQ(beat_bars_begun(pace, hz, offset), bar);
	EXPECT_EQ(beat_bars_begun(pace, hz, offset - 1), bar - 1);
	EXPECT_EQ(beat_bars_begun(pace, hz, beat_bar_offset(pace, hz, bar + 1) - 1), bar);
}

START_TEST(bars)
{
	static const int64_t at[] = {-1000000, -7, -1, 0, 1, 2, 31, 1000000, LIMIT_BAR_MAX};
	static const int beats[METRE_COUNT] = {2, 3, 4, 2, 4};
	for (int metre = 0; metre < METRE_COUNT; metre++)
		for (int bpm = LIMIT_BPM_MIN; bpm <= LIMIT_BPM_MAX; bpm++) {
			struct beat_pace pace = {.bpm = bpm, .metre = (enum metre)metre};
			for (size_t i = 0; i < sizeof at / sizeof at[0]; i++)
				expect_bar(&pace, rates[_i], at[i], beats[metre]);
		}
}
END_TEST

/* Figures worked out by hand. */
START_TEST(by_hand)
{
	struct beat_pace pace = {.bpm = 120, .metre = METRE_4_4};
	EXPECT_EQ(beat_offset(&pace, 48000, 1, 7), 168000);
	EXPECT_EQ(beat_offset(&pace, 48000, 3, 1), 8000);
	EXPECT_EQ(beat_bar_offset(&pace, 48000, 1), 96000);
	pace.bpm = 130; /* 22153.846... */
	EXPECT_EQ(beat_offset(&pace, 48000, 1, 1), 22154);
	EXPECT_EQ(beat_offset(&pace, 48000, 1, 13), 288000);
	EXPECT_EQ(beat_offset(&pace, 48000, 1, -1), -22154);
	pace.bpm = 128; /* 22500, and 20671.875 at 44.1 kHz */
	EXPECT_EQ(beat_offset(&pace, 48000, 1, 1), 22500);
	EXPECT_EQ(beat_offset(&pace, 44100, 1, 4), 82688); /* 82687.5: halves up */
	EXPECT_EQ(beat_offset(&pace, 44100, 1, -4), -82687);
	pace.bpm = 97; /* a day of it: 139680 beats, to the frame */
	EXPECT_EQ(beat_offset(&pace, 48000, 1, 139680), INT64_C(4147200000));
	pace = (struct beat_pace){.bpm = 60, .metre = METRE_6_8}; /* two dotted quarters a bar */
	EXPECT_EQ(beat_bar_offset(&pace, 48000, 1), 96000);
	EXPECT_EQ(beat_offset(&pace, 48000, metre_parts(METRE_6_8), 1), 16000);
}
END_TEST

START_TEST(paces)
{
	struct beat_pace pace = {.bpm = LIMIT_BPM_MIN, .metre = METRE_2_4};
	EXPECT(beat_pace_valid(&pace));
	pace.bpm--;
	EXPECT(!beat_pace_valid(&pace));
	pace.bpm = LIMIT_BPM_MAX;
	EXPECT(beat_pace_valid(&pace));
	pace.bpm++;
	EXPECT(!beat_pace_valid(&pace));
	pace.bpm = 120;
	pace.metre = METRE_COUNT;
	EXPECT(!beat_pace_valid(&pace));
	pace.metre = (enum metre) - 1;
	EXPECT(!beat_pace_valid(&pace));
	pace.metre = METRE_12_8;
	EXPECT(beat_pace_valid(&pace));
}
END_TEST

START_TEST(metres)
{
	static const struct {
		const char *name;
		int beats, parts;
	} want[METRE_COUNT] = {
		{"2/4", 2, 2}, {"3/4", 3, 2}, {"4/4", 4, 2}, {"6/8", 2, 3}, {"12/8", 4, 3}};
	static const char *const wrong[] = {"", "4", "4/4 ", "5/4", "4/8", "06/8", "12/88", "//"};
	for (int i = 0; i < METRE_COUNT; i++) {
		enum metre metre = METRE_COUNT;
		EXPECT(metre_valid(i));
		ck_assert_str_eq(metre_name((enum metre)i), want[i].name);
		EXPECT_EQ(metre_from_name(want[i].name, &metre), 0);
		EXPECT_EQ((int)metre, i);
		EXPECT_EQ(metre_beats(metre), want[i].beats);
		EXPECT_EQ(metre_parts(metre), want[i].parts);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		enum metre metre = METRE_3_4;
		EXPECT_EQ(metre_from_name(wrong[i], &metre), -EINVAL);
		EXPECT_EQ((int)metre, METRE_3_4);
	}
	EXPECT(!metre_valid(-1) && !metre_valid(METRE_COUNT));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("beat");
	TCase *tests = tcase_create("beat");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, near_the_anchor, 0, RATES);
	tcase_add_loop_test(tests, far_from_the_anchor, 0, RATES);
	tcase_add_loop_test(tests, between_the_beats, 0, RATES);
	tcase_add_loop_test(tests, steps_are_even, 0, RATES);
	tcase_add_loop_test(tests, minutes_are_whole, 0, RATES);
	tcase_add_loop_test(tests, bars, 0, RATES);
	tcase_add_test(tests, by_hand);
	tcase_add_test(tests, paces);
	tcase_add_test(tests, metres);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
