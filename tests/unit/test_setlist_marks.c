/*
 * test_setlist_marks.c - which requests of an older state are let through to the tables, and with what.
 */
#include "check_main.h"
#include "setlist_marks.h"

#include <check.h>
#include <stdlib.h>

#define ABSENT (-1000)

static struct setlist_marks *marks;

/* A room loaded at revision 100, when seven changes had been made in all its evenings. */
static void set_up(void)
{
	marks = setlist_marks_new(100, 7);
	ck_assert_ptr_nonnull(marks);
}

static void tear_down(void)
{
	setlist_marks_free(marks);
	setlist_marks_free(NULL);
}

/* What `seen` becomes for a request of that revision that names that setlist (NULL: none), while
 * `active` is the active one. */
static long long seen(json_int_t revision, const char *setlist_id, const char *active)
{
	json_t *params = json_pack("{s:I, s:s*}", "revision", revision, "setlist_id", setlist_id);

	ck_assert_int_eq(setlist_marks_ask(marks, active, params), 0);
	const json_t *found = json_object_get(params, "seen");
	const long long number = found ? json_integer_value(found) : ABSENT;
	const json_t *which = json_object_get(params, "seen_setlist_id");
	if (setlist_id)
		ck_assert_ptr_null(which);
	else
		ck_assert_str_eq(json_string_value(which), active ? active : "");
	json_decref(params);
	return number;
}

START_TEST(without_revision_nothing_is_asked)
{
	json_t *params = json_pack("{s:s}", "setlist_id", "a");

	ck_assert_int_eq(setlist_marks_ask(marks, "a", params), 0);
	ck_assert_uint_eq(json_object_size(params), 1);
	json_decref(params);
}
END_TEST

START_TEST(what_was_before_the_room_was_loaded)
{
	ck_assert_int_eq(seen(99, "a", "a"), -1);
	ck_assert_int_eq(seen(-1, "a", "a"), -1);
	ck_assert_int_eq(seen(INT64_MIN, "a", "a"), -1);
	ck_assert_int_eq(seen(100, "a", "a"), 7);
	ck_assert_int_eq(seen(INT64_MAX, "a", "a"), 7);
	ck_assert_int_eq(seen(100, NULL, "a"), 7);
	ck_assert_int_eq(seen(100, NULL, NULL), 7);
	ck_assert_int_eq(seen(99, NULL, NULL), -1);
}
END_TEST

START_TEST(each_setlist_has_its_own_last_change)
{
	setlist_marks_changed(marks, "a", 8, 110);
	setlist_marks_changed(marks, "b", 9, 120);
	ck_assert_int_eq(seen(109, "a", "a"), -1);
	ck_assert_int_eq(seen(110, "a", "a"), 9);
	ck_assert_int_eq(seen(119, "b", "a"), -1);
	ck_assert_int_eq(seen(120, "b", "a"), 9);
	ck_assert_int_eq(seen(100, "c", "a"), 9);
	ck_assert_int_eq(seen(109, NULL, "a"), -1);
	ck_assert_int_eq(seen(110, NULL, "a"), 9);
	ck_assert_int_eq(seen(110, NULL, "b"), -1);
	setlist_marks_drop(marks, "a");
	setlist_marks_drop(marks, "never was");
	ck_assert_int_eq(seen(120, "b", NULL), 9);
}
END_TEST

/* Who means "the active one" means the one he saw. */
START_TEST(another_became_the_active_one)
{
	setlist_marks_changed(marks, "a", 8, 105);
	setlist_marks_switched(marks, 110);
	ck_assert_int_eq(seen(109, NULL, "a"), -1);
	ck_assert_int_eq(seen(110, NULL, "a"), 8);
	ck_assert_int_eq(seen(109, "a", "a"), 8);
	ck_assert_int_eq(seen(104, "a", "a"), -1);
	ck_assert_int_eq(seen(109, NULL, NULL), -1);
}
END_TEST

/* A number of which nobody knows whether it was given: what came earlier is still refused. */
START_TEST(in_doubt_only_what_was_told_counts)
{
	setlist_marks_changed(marks, "a", 8, 110);
	setlist_marks_doubt(marks);
	ck_assert_int_eq(seen(109, "a", "a"), -1);
	ck_assert_int_eq(seen(110, "a", "a"), ABSENT);
	setlist_marks_changed(marks, "b", 12, 130);
	ck_assert_int_eq(seen(110, "a", "a"), 12);
	ck_assert_int_eq(seen(129, "b", "a"), -1);
}
END_TEST

/* As after a crash, when the region knows of a higher one than the table. */
START_TEST(a_room_goes_on_from_a_higher_revision)
{
	setlist_marks_raise(marks, 150);
	ck_assert_int_eq(seen(149, "a", "a"), -1);
	ck_assert_int_eq(seen(149, NULL, "a"), -1);
	ck_assert_int_eq(seen(150, NULL, "a"), 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("setlist_marks");
	TCase *tcase = tcase_create("marks");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, without_revision_nothing_is_asked);
	tcase_add_test(tcase, what_was_before_the_room_was_loaded);
	tcase_add_test(tcase, each_setlist_has_its_own_last_change);
	tcase_add_test(tcase, another_became_the_active_one);
	tcase_add_test(tcase, in_doubt_only_what_was_told_counts);
	tcase_add_test(tcase, a_room_goes_on_from_a_higher_revision);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
