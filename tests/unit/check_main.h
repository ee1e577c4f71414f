/*
 * check_main.h - how a Check program ends: its suite run, and the exit code that says whether all held.
 */
#ifndef TACTUS_CHECK_MAIN_H
#define TACTUS_CHECK_MAIN_H

#include <check.h>
#include <stdlib.h>

/* Runs the suite, as loud as $CK_VERBOSITY says; what main returns. Owns: takes the suite. */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
