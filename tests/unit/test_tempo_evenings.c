/*
 * Whole evenings of random commands, by seed: a listener, who knows only what sounds, must find
 * every bar where it was told to be (tempo_evening.h).
 */
#include "check_main.h"
#include "tempo_evening.h"

#include <check.h>
#include <stdlib.h>

#define MS EVENING_MS

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
	Suite *s = suite_create("tempo_evenings");
	TCase *all = tcase_create("evenings");
	tcase_set_timeout(all, 60);
	tcase_add_loop_test(all, evenings, 0, 200);
	suite_add_tcase(s, all);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
