/* test_pin.c - the PIN's file is whole or absent, and an empty one keeps no box down. */
#include "check_main.h"
#include "pin.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static char path[80];
static char path_new[80];
static char pin[LIMIT_PIN_MAX_DIGITS + 1];
static char message[1000];
static bool made;

static void make_dir(void)
{
	strcpy(dir, "/tmp/tactus-pin-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/pin", dir);
	snprintf(path_new, sizeof path_new, "%s/pin.new", dir);
	message[0] = pin[0] = '\0';
}

static void remove_dir(void)
{
	unlink(path);
	unlink(path_new);
	rmdir(dir);
}

static int load(void)
{
	return pin_load(dir, pin, &made, message, sizeof message);
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static void expect_file(const char *text)
{
	char found[64] = "";
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	found[fread(found, 1, sizeof found - 1, file)] = '\0';
	fclose(file);
	ck_assert_str_eq(found, text);
}

/* A PIN was made, stands in its file, for us alone, and is found again. */
static void expect_made(void)
{
	char line[LIMIT_PIN_MAX_DIGITS + 2], first[LIMIT_PIN_MAX_DIGITS + 1];
	struct stat stat_of;

	ck_assert_int_eq(load(), 0);
	ck_assert(made);
	ck_assert_uint_eq(strspn(pin, "0123456789"), 6);
	snprintf(line, sizeof line, "%s\n", pin);
	expect_file(line);
	ck_assert_int_eq(stat(path, &stat_of), 0);
	ck_assert_uint_eq(stat_of.st_mode & 0777, 0600);
	ck_assert_int_eq(access(path_new, F_OK), -1);
	strcpy(first, pin);
	ck_assert_int_eq(load(), 0);
	ck_assert(!made);
	ck_assert_str_eq(pin, first);
}

START_TEST(makes_one_and_keeps_it)
{
	expect_made();
}
END_TEST

START_TEST(makes_the_folder_too)
{
	rmdir(dir);
	expect_made();
}
END_TEST

START_TEST(takes_what_was_chosen)
{
	put(path, "123456789012\r\nmine\n");
	ck_assert_int_eq(load(), 0);
	ck_assert(!made);
	ck_assert_str_eq(pin, "123456789012");
}
END_TEST

START_TEST(replaces_an_empty_file)
{
	put(path, "");
	expect_made();
}
END_TEST

START_TEST(minds_no_half_written_one)
{
	put(path_new, "12");
	chmod(path_new, 0644);
	expect_made();
}
END_TEST

static const char *const bad[] = {"\n", "12345", "1234567890123", "12345a", "secret\n", " 123456"};

START_TEST(refuses_what_is_no_pin_and_leaves_it)
{
	put(path, bad[_i]);
	ck_assert_int_eq(load(), -EINVAL);
	ck_assert_ptr_nonnull(strstr(message, path));
	expect_file(bad[_i]);
}
END_TEST

/* Files may grow to so many bytes; 0 and 3: no room at all, and room for half of it. */
static void set_room(rlim_t bytes)
{
	struct rlimit limit;
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_full_disk_leaves_no_file)
{
	signal(SIGXFSZ, SIG_IGN);
	set_room(_i == 0 ? 0 : 3);
	const int result = load();
	set_room(RLIM_INFINITY);
	ck_assert_int_lt(result, 0);
	ck_assert_ptr_nonnull(strstr(message, path));
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_int_eq(access(path_new, F_OK), -1);
	expect_made();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pin");
	TCase *tcase = tcase_create("pin");

	tcase_add_checked_fixture(tcase, make_dir, remove_dir);
	tcase_add_test(tcase, makes_one_and_keeps_it);
	tcase_add_test(tcase, makes_the_folder_too);
	tcase_add_test(tcase, takes_what_was_chosen);
	tcase_add_test(tcase, replaces_an_empty_file);
	tcase_add_test(tcase, minds_no_half_written_one);
	tcase_add_loop_test(tcase, refuses_what_is_no_pin_and_leaves_it, 0,
			    sizeof bad / sizeof *bad);
	tcase_add_loop_test(tcase, a_full_disk_leaves_no_file, 0, 2);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
