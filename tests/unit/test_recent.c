/*
 * test_recent.c - answers given lately: how long they are known, and what is kept of them.
 */
#include "check_main.h"
#include "limits.h"
#include "recent.h"
#include "store_fixture.h"

#define NOW 1700000000000

static struct store *store;
static struct recent *recent;

static void open_both(void)
{
	store = open_with_session();
	recent = recent_new();
	ck_assert_ptr_nonnull(recent);
}

static void set_up(void)
{
	fixture_set_up();
	open_both();
}

static void tear_down(void)
{
	store_close(store);
	recent_free(recent);
	fixture_tear_down();
}

/* Whatever was submitted is done when another job is. */
static long long rows(void)
{
	static const struct store_step count[] = {
		{"SELECT count(*) AS n FROM request_result", NULL}, {NULL, NULL}};
	struct outcome out;

	ck_assert_int_eq(run(store, count, NULL, 0, &out), STORE_OK);
	const long long n = json_integer_value(json_object_get(out.row, "n"));
	outcome_free(&out);
	return n;
}

static void note(const char *request_id, json_int_t bar)
{
	json_t *answer = json_pack("{s:I}", "at_bar", bar);

	recent_note(recent, USER_1, request_id, HASH_1, answer, false, NOW);
	json_decref(answer);
}

static void ck_known(const char *request_id, json_int_t bar)
{
	json_t *answer;

	ck_assert_int_eq(recent_find(recent, USER_1, request_id, HASH_1, &answer), RECENT_REPEATED);
	ck_assert_int_eq(json_integer_value(json_object_get(answer, "at_bar")), bar);
	json_decref(answer);
	ck_assert_int_eq(recent_find(recent, USER_1, request_id, "another", &answer),
			 RECENT_REUSED);
	ck_assert_int_eq(recent_find(recent, USER_2, request_id, HASH_1, &answer), RECENT_NEW);
}

/* A fader drawn for some minutes while a phone is out of reach: that one's request is still known. */
START_TEST(thousands_of_answers_later)
{
	char id[24];

	note("start", 7);
	for (int i = 0; i < 8000; i++) {
		snprintf(id, sizeof id, "fader-%d", i);
		note(id, i);
	}
	ck_known("start", 7);
	ck_known("fader-0", 0);
	ck_known("fader-7999", 7999);
}
END_TEST

START_TEST(what_was_stored_is_known_after_a_restart)
{
	char id[24];

	for (int i = 0; i < 3000; i++) {
		snprintf(id, sizeof id, "one-%d", i);
		note(id, i);
	}
	recent_keep(recent, store, NOW);
	ck_assert_int_eq(rows(), 3000);
	store_close(store);
	recent_free(recent);
	char message[512];
	ck_assert_int_eq(store_open(&store, fixture_path, NULL, NULL, message, sizeof message), 0);
	recent = recent_new();
	ck_assert_int_eq(recent_load(recent, store), 0);
	ck_known("one-0", 0);
	ck_known("one-2999", 2999);
}
END_TEST

/* The ring turns while what is in it is on its way to the disk. */
START_TEST(more_than_it_holds)
{
	json_t *answer;
	char id[24];

	for (int i = 0; i < RECENT_MAX + 100; i++) {
		snprintf(id, sizeof id, "%d", i);
		note(id, i);
		if (i % 5000 == 0)
			recent_keep(recent, store, NOW);
	}
	ck_assert_int_eq(recent_find(recent, USER_1, "99", HASH_1, &answer), RECENT_NEW);
	ck_known("100", 100);
	snprintf(id, sizeof id, "%d", RECENT_MAX + 99);
	ck_known(id, RECENT_MAX + 99);
}
END_TEST

/* The table is cut back every minute, not when a day's flood has filled the card. */
START_TEST(a_flood_is_cut_back_within_a_minute)
{
	static const struct store_step flood[] = {
		{"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) "
		 "INSERT INTO request_result SELECT '" USER_1 "', 'flood-' || i, '" HASH_1
		 "', '{}', 1700000000000 FROM n",
		 NULL},
		{NULL, NULL},
	};
	struct outcome out;

	recent_keep(recent, store, NOW);
	ck_assert_int_eq(run(store, flood, NULL, 0, &out), STORE_OK);
	outcome_free(&out);
	ck_assert_int_eq(rows(), 25000);
	recent_keep(recent, store, NOW + 61000);
	ck_assert_int_eq(rows(), LIMIT_RESULTS_MAX);
	recent_keep(recent, store, NOW + 122000 + LIMIT_RESULT_AGE_MS);
	ck_assert_int_eq(rows(), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recent");
	TCase *tests = tcase_create("recent");
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, thousands_of_answers_later);
	tcase_add_test(tests, what_was_stored_is_known_after_a_restart);
	tcase_add_test(tests, more_than_it_holds);
	tcase_add_test(tests, a_flood_is_cut_back_within_a_minute);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
