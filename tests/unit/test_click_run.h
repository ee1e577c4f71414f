/*
 * test_click_run.h - the end of every test program of the click.
 */
#ifndef TEST_CLICK_RUN_H
#define TEST_CLICK_RUN_H

#include <check.h>
#include <stdlib.h>

/* Runs the suite; what main returns. Takes the suite. */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
