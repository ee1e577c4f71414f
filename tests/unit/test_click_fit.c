/*
 * The line through the callbacks: how well it knows what frame belongs to what time, under
 * jitter, drift, xruns and stalls. All synthetic, by seed.
 */
#include "check_main.h"
#include "fit.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#define START_NS INT64_C(5000000000000)
#define SETTLE_NS INT64_C(500000000)

/* A card with a crystal of its own, and a callback that comes late now and then. */
struct card {
	struct fit fit;
	double hz, true_hz;
	uint32_t period;
	double jitter_ns; /* mean lateness, exponential */
	double spike;     /* share of callbacks that are up to 3 ms later still */
	double true_ns;   /* when the next cycle begins, from START_NS */
	int64_t frame;
	uint64_t seed;
};

static double uniform(struct card *card)
{
	card->seed = card->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return ((double)(card->seed >> 40) + 0.5) / (double)(1 << 24);
}

static struct card card_of(double hz, double ppm, uint32_t period, double jitter_ns)
{
	struct card card = {
		.hz = hz,
		.true_hz = hz * (1 + ppm * 1e-6),
		.period = period,
		.jitter_ns = jitter_ns,
		.spike = 0.05,
		.frame = 1000,
		.seed = (uint64_t)period + (uint64_t)(ppm + 1000),
	};
	fit_init(&card.fit, hz, 0);
	return card;
}

static void cycle(struct card *card)
{
	double late = -card->jitter_ns * log(uniform(card));
	if (uniform(card) < card->spike)
		late += 3e6 * uniform(card);
	fit_feed(&card->fit, card->frame, card->period, START_NS + llrint(card->true_ns + late));
	card->frame += card->period;
	card->true_ns += card->period * 1e9 / card->true_hz;
}

static void run(struct card *card, double seconds)
{
	double until = card->true_ns + seconds * 1e9;
	while (card->true_ns < until)
		cycle(card);
}

/* How far off the line is, for a frame so far ahead; ns, positive: the line is late. */
static double error_ns(const struct card *card, double ahead_s)
{
	int64_t frame = card->frame + llrint(ahead_s * card->true_hz);
	double truth = card->true_ns + (double)(frame - card->frame) * 1e9 / card->true_hz;
	return (double)(line_ns(&card->fit.line, frame) - START_NS) - truth;
}

static double rate_error_ppm(const struct card *card)
{
	return ((double)fit_rate_uhz(&card->fit) * 1e-6 / card->true_hz - 1) * 1e6;
}

static void assert_within(double value, double bound)
{
	if (fabs(value) > bound)
		ck_abort_msg("%f is not within %f", value, bound);
}

static const double ppms[] = {-200, -20, 0, 35, 200};
static const uint32_t periods[] = {16, 64, 128, 256, 1024, 4096};

START_TEST(settles_within_half_a_second)
{
	for (int i = 0; i < 5; i++) {
		for (int p = 0; p < 6; p++) {
			struct card card = card_of(44100, ppms[i], periods[p], 40e3);
			cycle(&card);
			ck_assert(!card.fit.settled);
			run(&card, 0.5);
			ck_assert(card.fit.settled);
			/* The crystal is not known yet; what 200 ppm do in half a second, and
			 * lateness of the least late of few. */
			assert_within(error_ns(&card, 0), p == 5 ? 600e3 : 250e3);
		}
	}
}
END_TEST

START_TEST(knows_time_and_rate_after_ten_seconds)
{
	for (int i = 0; i < 5; i++) {
		for (int p = 0; p < 6; p++) {
			struct card card = card_of(48000, ppms[i], periods[p], 40e3);
			run(&card, 10);
			/* One callback in 85 ms is seldom on time. */
			bool few = periods[p] >= 1024;
			assert_within(error_ns(&card, 0), few ? 80e3 : 20e3);
			assert_within(error_ns(&card, 2), few ? 120e3 : 30e3);
			assert_within(rate_error_ppm(&card), few ? 15 : 4);
		}
	}
}
END_TEST

/* A machine without real-time scheduling: half a millisecond late on average. */
START_TEST(bears_bad_scheduling)
{
	for (int i = 0; i < 5; i++) {
		struct card card = card_of(48000, ppms[i], 256, 500e3);
		card.spike = 0.3;
		run(&card, 12);
		assert_within(error_ns(&card, 0), 150e3);
		assert_within(error_ns(&card, 1), 200e3);
	}
}
END_TEST

/* An xrun that jackd tells of: time passes, the frame counter does not. */
START_TEST(recovers_from_an_xrun)
{
	static const double stalls_ms[] = {1, 5, 30, 300, 3000};
	for (int i = 0; i < 5; i++) {
		struct card card = card_of(48000, 120, 256, 40e3);
		run(&card, 10);
		card.true_ns += stalls_ms[i] * 1e6;
		fit_restart(&card.fit);
		ck_assert(!card.fit.settled);
		run(&card, 0.5);
		ck_assert(card.fit.settled);
		assert_within(error_ns(&card, 0), 60e3);
		/* The crystal did not change. */
		assert_within(rate_error_ppm(&card), 10);
	}
}
END_TEST

/* One that nobody told of: seen by itself. */
START_TEST(sees_a_break_by_itself)
{
	static const double stalls_ms[] = {5, 30, 300};
	for (int i = 0; i < 3; i++) {
		struct card card = card_of(48000, 120, 256, 40e3);
		bool unsettled = false;
		run(&card, 10);
		card.true_ns += stalls_ms[i] * 1e6;
		for (int c = 0; c < 150; c++) { /* 0.8 s */
			cycle(&card);
			unsettled = unsettled || !card.fit.settled;
		}
		ck_assert(unsettled);
		ck_assert(card.fit.settled);
		assert_within(error_ns(&card, 0), 60e3);
	}
}
END_TEST

/* A counter that jumps while time does not. */
START_TEST(sees_a_jump_of_the_counter)
{
	struct card card = card_of(48000, 0, 256, 40e3);
	run(&card, 5);
	card.frame += 100000;
	cycle(&card);
	ck_assert(!card.fit.settled);
	run(&card, 0.5);
	ck_assert(card.fit.settled);
	assert_within(error_ns(&card, 0), 60e3);

	/* Frames that were lost together with their time break nothing. */
	card.frame += 480;
	card.true_ns += 480 * 1e9 / card.true_hz;
	cycle(&card);
	ck_assert(card.fit.settled);
}
END_TEST

/* A start in the middle of a stall: the first callbacks are all late. */
START_TEST(late_first_callbacks_are_forgotten)
{
	struct card card = card_of(48000, 50, 128, 40e3);
	for (int c = 0; c < 10; c++) {
		fit_feed(&card.fit, card.frame, card.period,
			 START_NS + llrint(card.true_ns + 25e6 - 2.5e6 * c));
		card.frame += card.period;
		card.true_ns += card.period * 1e9 / card.true_hz;
	}
	run(&card, 0.5);
	ck_assert(card.fit.settled);
	assert_within(error_ns(&card, 0), 60e3);
}
END_TEST

START_TEST(rate_stays_within_bounds)
{
	struct card card = card_of(48000, 5000, 256, 40e3);
	run(&card, 20);
	double ppm = ((double)fit_rate_uhz(&card.fit) * 1e-6 / 48000 - 1) * 1e6;
	ck_assert(ppm <= FIT_RATE_PPM + 1);
}
END_TEST

/* A known rate is leant on from the first; nonsense is not. */
START_TEST(known_rate)
{
	struct fit fit;
	fit_init(&fit, 48000, 48009.6);
	ck_assert_int_eq(fit_rate_uhz(&fit) / 1000, 48009600);
	fit_init(&fit, 48000, 44100);
	ck_assert_int_eq(fit_rate_uhz(&fit) / 1000, 48000000);
	fit_init(&fit, 48000, -1);
	ck_assert_int_eq(fit_rate_uhz(&fit) / 1000, 48000000);
}
END_TEST

START_TEST(frame_and_time_are_inverse)
{
	struct line line = {.frame = 12345, .ns = START_NS, .ns_per_frame = 1e9 / 44103.7};
	for (int64_t frame = -100000000; frame < 100000000; frame += 77777)
		ck_assert_int_eq(line_frame(&line, line_ns(&line, frame)), frame);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("click_fit");
	TCase *tc = tcase_create("fit");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, settles_within_half_a_second);
	tcase_add_test(tc, knows_time_and_rate_after_ten_seconds);
	tcase_add_test(tc, bears_bad_scheduling);
	tcase_add_test(tc, recovers_from_an_xrun);
	tcase_add_test(tc, sees_a_break_by_itself);
	tcase_add_test(tc, sees_a_jump_of_the_counter);
	tcase_add_test(tc, late_first_callbacks_are_forgotten);
	tcase_add_test(tc, rate_stays_within_bounds);
	tcase_add_test(tc, known_rate);
	tcase_add_test(tc, frame_and_time_are_inverse);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
