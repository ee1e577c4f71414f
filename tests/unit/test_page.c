/* test_page.c - the page's files in memory: which there are, and who is sent the packed ones. */
#include "check_main.h"
#include "page.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/tactus-test-page-XXXXXX";
static const char *const names[] = {"index.html", "app.js", "app.js.gz", "alone.js.gz", "notes"};

static void path_of(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", dir, name);
}

static void make_files(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[128];
		path_of(path, names[i]);
		FILE *file = fopen(path, "w");
		ck_assert_ptr_nonnull(file);
		fputs(names[i], file);
		fclose(file);
	}
}

static void remove_files(void)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[128];
		path_of(path, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

static struct page *page;

static void open_page(void)
{
	ck_assert_int_eq(page_open(&page, dir), 0);
}

static void close_page(void)
{
	page_close(page);
}

START_TEST(no_packed_file_is_a_page)
{
	ck_assert_ptr_nonnull(page_find(page, "/app.js"));
	ck_assert_ptr_null(page_find(page, "/app.js.gz"));
	ck_assert_ptr_null(page_find(page, "/alone.js.gz"));
	ck_assert_ptr_null(page_find(page, "/alone.js"));
	ck_assert_ptr_null(page_find(page, "/notes"));
}
END_TEST

START_TEST(each_body_has_a_mark_of_its_own)
{
	const struct page_file *file = page_find(page, "/app.js");
	ck_assert_int_eq(memcmp(file->plain.bytes, "app.js", file->plain.size), 0);
	ck_assert_int_eq(memcmp(file->packed.bytes, "app.js.gz", file->packed.size), 0);
	ck_assert_str_ne(file->plain.etag, file->packed.etag);
	ck_assert_str_eq(file->type, "text/javascript; charset=utf-8");
}
END_TEST

START_TEST(what_is_not_packed_is_sent_plain)
{
	const struct page_file *file = page_find(page, "/");
	ck_assert_ptr_eq(page_body(file, "gzip"), &file->plain);
}
END_TEST

static const struct {
	const char *accept_encoding;
	bool packed;
} cases[] = {
	{"gzip", true},
	{"gzip, deflate", true},
	{"deflate,gzip", true},
	{"br;q=1.0, GZIP;q=0.8, *;q=0.1", true},
	{"gzip;q=1", true},
	{"gzip ; q=0.001", true},
	{"*", true},
	{"identity, *;q=0.5", true},
	{"", false},
	{"identity", false},
	{"br, deflate", false},
	{"gzip;q=0", false},
	{"gzip;q=0.000", false},
	{"gzip; Q=0, *", false},
	{"*, gzip;q=0", false},
	{"*;q=0", false},
	{"gzipped", false},
	{"x-gzip-not, not gzip", false},
	{",,;=;q,;q=", false},
	{"gzip;q=1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	 true},
};

START_TEST(who_takes_gzip)
{
	const struct page_file *file = page_find(page, "/app.js");
	const struct page_body *body = page_body(file, cases[_i].accept_encoding);
	ck_assert_msg((body == &file->packed) == cases[_i].packed, "%s", cases[_i].accept_encoding);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("page");
	TCase *tcase = tcase_create("page");

	tcase_add_unchecked_fixture(tcase, make_files, remove_files);
	tcase_add_checked_fixture(tcase, open_page, close_page);
	tcase_add_test(tcase, no_packed_file_is_a_page);
	tcase_add_test(tcase, each_body_has_a_mark_of_its_own);
	tcase_add_test(tcase, what_is_not_packed_is_sent_plain);
	tcase_add_loop_test(tcase, who_takes_gzip, 0, sizeof cases / sizeof *cases);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
