/* The clock and its label: conversions there and back, rounding, no drift. */
#include "check_main.h"
#include "clock.h"
#include "expect.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

/* 2023-11-14 and a bit; what Unix minus raw looks like on a box that is up for a while. */
#define OFFSET_NS INT64_C(1700000000123456789)
#define STEP_MS 0.000244140625 /* between doubles of today's Unix milliseconds: 2^-12 */

static int64_t read_ns(clockid_t id)
{
	struct timespec at;
	clock_gettime(id, &at);
	return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

START_TEST(now_is_the_raw_clock)
{
	for (int i = 0; i < 1000; i++) {
		int64_t before = read_ns(CLOCK_MONOTONIC_RAW);
		int64_t now = clock_now_ns();
		EXPECT(before <= now);
		EXPECT(now <= read_ns(CLOCK_MONOTONIC_RAW));
	}
}
END_TEST

START_TEST(offset_is_unix_minus_raw)
{
	int64_t before = read_ns(CLOCK_REALTIME) - read_ns(CLOCK_MONOTONIC_RAW);
	int64_t offset = clock_unix_offset_ns();
	/* A tenth of a second for a busy machine and a clock being slewed. */
	EXPECT(llabs(offset - before) < 100 * CLOCK_NS_PER_MS);
}
END_TEST

START_TEST(milliseconds_halves_up)
{
	static const struct {
		int64_t ns, ms;
	} want[] = {{0, 0},         {499999, 0},    {500000, 1},    {999999, 1},
		    {1000000, 1},   {1499999, 1},   {1500000, 2},   {-1, 0},
		    {-500000, 0},   {-500001, -1},  {-999999, -1},  {-1000000, -1},
		    {-1499999, -1}, {-1500000, -1}, {-1500001, -2}, {86399999500000, 86400000},
		    {-2000000, -2}};
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		EXPECT_EQ(clock_to_unix_ms(want[i].ns, 0), want[i].ms);
		EXPECT_EQ(clock_to_unix_ms(0, want[i].ns), want[i].ms);
		EXPECT_EQ(clock_to_unix_ms(want[i].ns - OFFSET_NS, OFFSET_NS), want[i].ms);
	}
}
END_TEST

/* Whole milliseconds come back as themselves, before 1970 as after. */
START_TEST(whole_milliseconds_there_and_back)
{
	for (int64_t ms = -5000; ms < 5000; ms++) {
		int64_t raw = clock_from_unix_ms((double)ms, OFFSET_NS);
		EXPECT_EQ(raw, ms * CLOCK_NS_PER_MS - OFFSET_NS);
		EXPECT_EQ(clock_to_unix_ms(raw, OFFSET_NS), ms);
	}
	for (int64_t ms = INT64_C(1700000000000); ms < INT64_C(4000000000000); ms += 999999937) {
		int64_t raw = clock_from_unix_ms((double)ms, OFFSET_NS);
		EXPECT_EQ(raw, ms * CLOCK_NS_PER_MS - OFFSET_NS);
		EXPECT_EQ(clock_to_unix_ms(raw, OFFSET_NS), ms);
		EXPECT(clock_to_unix_ms_exact(raw, OFFSET_NS) == (double)ms);
	}
}
END_TEST

START_TEST(fractions)
{
	EXPECT_EQ(clock_from_unix_ms(1.5, 0), 1500000);
	EXPECT_EQ(clock_from_unix_ms(0.000001, 0), 1);
	EXPECT_EQ(clock_from_unix_ms(-0.25, 0), -250000);
	EXPECT_EQ(clock_from_unix_ms(-1.75, 0), -1750000);
	EXPECT(clock_to_unix_ms_exact(1500000, 0) == 1.5);
	EXPECT(clock_to_unix_ms_exact(-250000, 0) == -0.25);
	/* Exactly a quarter of a millisecond, at a time when a double still has it. */
	EXPECT_EQ(clock_from_unix_ms(1700000000000.25, OFFSET_NS),
		  INT64_C(1700000000000250000) - OFFSET_NS);
}
END_TEST

/* There and back loses no more than the double does, and both ways round the same. */
START_TEST(fractions_there_and_back)
{
	uint64_t seed = 1;
	for (int i = 0; i < 200000; i++) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		int64_t raw = (int64_t)(seed >> 12); /* up to 52 days of ns */
		double ms = clock_to_unix_ms_exact(raw, OFFSET_NS);
		int64_t back = clock_from_unix_ms(ms, OFFSET_NS);
		EXPECT(llabs(back - raw) <= (long long)(STEP_MS * 1e6 / 2) + 1);
		EXPECT(fabs(ms - (double)clock_to_unix_ms(raw, OFFSET_NS)) <= 0.5 + STEP_MS);
		EXPECT(clock_to_unix_ms_exact(clock_from_unix_ms(ms, OFFSET_NS), OFFSET_NS) == ms);
	}
}
END_TEST

/* The label moves as the clock does: ten years later it has not lost a millisecond. */
START_TEST(no_drift)
{
	int64_t start = INT64_C(123456789);
	int64_t first = clock_to_unix_ms(start, OFFSET_NS);
	for (int64_t day = 0; day < 3660; day++) {
		int64_t later = start + day * 86400 * 1000 * CLOCK_NS_PER_MS;
		EXPECT_EQ(clock_to_unix_ms(later, OFFSET_NS), first + day * 86400000);
		EXPECT_EQ(clock_to_unix_ms(later + 1, OFFSET_NS),
			  clock_to_unix_ms(start + 1, OFFSET_NS) + day * 86400000);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clock");
	TCase *tests = tcase_create("clock");
	tcase_add_test(tests, now_is_the_raw_clock);
	tcase_add_test(tests, offset_is_unix_minus_raw);
	tcase_add_test(tests, milliseconds_halves_up);
	tcase_add_test(tests, whole_milliseconds_there_and_back);
	tcase_add_test(tests, fractions);
	tcase_add_test(tests, fractions_there_and_back);
	tcase_add_test(tests, no_drift);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
