/*
 * The command line of tactus-click.
 */
#include "check_main.h"
#include "options.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#define READ(...)                                                                                  \
	read_all(sizeof((char *[]){"tactus-click", __VA_ARGS__}) / sizeof(char *),                 \
		 (char *[]){"tactus-click", __VA_ARGS__, NULL})

static struct options options;

static int read_all(size_t argc, char **argv)
{
	return options_read(&options, (int)argc, argv);
}

START_TEST(defaults)
{
	char *argv[] = {"tactus-click", NULL};
	ck_assert_int_eq(options_read(&options, 1, argv), 0);
	ck_assert_str_eq(options.server, "default");
	ck_assert_str_eq(options.region, "tactus");
	ck_assert_str_eq(options.name, "tactus");
	ck_assert_uint_eq(options.nominal_hz, 0);
	ck_assert_uint_eq(options.connects, 0);
	ck_assert(!options.connect_none && !options.stop && !options.help && !options.version);
}
END_TEST

START_TEST(all_of_them)
{
	ck_assert_int_eq(READ("--server", "s", "--region=r", "--name", "n", "--connect", "a:b",
			      "--connect", "c:d", "--nominal-rate", "48000"),
			 0);
	ck_assert_str_eq(options.server, "s");
	ck_assert_str_eq(options.region, "r");
	ck_assert_str_eq(options.name, "n");
	ck_assert_uint_eq(options.connects, 2);
	ck_assert_str_eq(options.connect[1], "c:d");
	ck_assert_uint_eq(options.nominal_hz, 48000);
	ck_assert_int_eq(READ("--connect", "none", "--stop"), 0);
	ck_assert(options.connect_none && options.stop);
}
END_TEST

START_TEST(wrong_ones)
{
	ck_assert_int_eq(READ("--frobnicate"), -EINVAL);
	ck_assert_int_eq(READ("stray"), -EINVAL);
	ck_assert_int_eq(READ("-x"), -EINVAL);
	ck_assert_int_eq(READ("--server"), -EINVAL);
	ck_assert_int_eq(READ("--server", ""), -EINVAL);
	ck_assert_int_eq(READ("--stop=now"), -EINVAL);
	ck_assert_int_eq(READ("--nominal-rate", "7999"), -EINVAL);
	ck_assert_int_eq(READ("--nominal-rate", "384001"), -EINVAL);
	ck_assert_int_eq(READ("--nominal-rate", "48k"), -EINVAL);
	ck_assert_int_eq(READ("--nominal-rate", ""), -EINVAL);
	ck_assert_int_eq(READ("--connect", "none", "--connect", "a:b"), -EINVAL);
}
END_TEST

START_TEST(too_many_ports)
{
	char *argv[2 * (OPTIONS_CONNECT_MAX + 1) + 1] = {"tactus-click"};
	for (int i = 0; i <= OPTIONS_CONNECT_MAX; i++) {
		argv[2 * i + 1] = "--connect";
		argv[2 * i + 2] = "a:b";
	}
	ck_assert_int_eq(options_read(&options, 2 * OPTIONS_CONNECT_MAX + 1, argv), 0);
	ck_assert_int_eq(options_read(&options, 2 * OPTIONS_CONNECT_MAX + 3, argv), -EINVAL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("click_options");
	TCase *tc = tcase_create("options");
	tcase_add_test(tc, defaults);
	tcase_add_test(tc, all_of_them);
	tcase_add_test(tc, wrong_ones);
	tcase_add_test(tc, too_many_ports);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
