/*
 * test_store.c - the store's contract (store.h): steps, refusals, errors, sections, order,
 * group commit, files.
 */
#include "check_main.h"
#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>

static const struct store_step count_users[] = {
	{"SELECT count(*) AS n FROM user", NULL},
	{NULL, NULL},
};
static const struct store_step insert_user[] = {
	{"INSERT INTO user VALUES (:id, :name, 1, 1)", NULL},
	{NULL, NULL},
};

static json_t *user_params(int number)
{
	char id[37];

	snprintf(id, sizeof id, "00000000-0000-4000-8000-%012d", number);
	return json_pack("{s:s, s:s}", "id", id, "name", "Bo");
}

static long long user_count(struct store *store)
{
	struct outcome outcome;

	ck_assert_int_eq(run(store, count_users, NULL, 0, &outcome), STORE_OK);
	const long long n = json_integer_value(json_object_get(outcome.row, "n"));
	outcome_free(&outcome);
	return n;
}

/* --- Steps ---------------------------------------------------------------------------------- */

START_TEST(parameters_of_every_type)
{
	static const struct store_step steps[] = {
		{"SELECT typeof(:s) AS s_type, typeof(:i) AS i_type, typeof(:r) AS r_type, "
		 "typeof(:t) AS t_type,"
		 " typeof(:n) AS n_type, typeof(:missing) AS missing_type, typeof(:a) AS a_type",
		 NULL},
		{"SELECT :s AS s_out, :i AS i_out, :r AS r_out, :t AS t_out, :f AS f_out, :a AS "
		 "a_out,"
		 " :o AS o_json, :n AS n_out",
		 NULL},
		{NULL, NULL},
	};
	struct store *store = fixture_open();
	struct outcome out;
	json_t *params = json_pack("{s:s, s:I, s:f, s:b, s:b, s:n, s:[i,i], s:{s:s}}", "s",
				   "G\xe2\x99\xaf", "i", (json_int_t)INT64_MAX, "r", 0.5, "t", 1,
				   "f", 0, "n", "a", 1, 2, "o", "k", "v");

	ck_assert_int_eq(run(store, steps, params, 0, &out), STORE_OK);
	json_t *expected = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:f, s:i, s:i, s:s, s:{s:s}, s:n}",
		"s_type", "text", "i_type", "integer", "r_type", "real", "t_type", "integer",
		"n_type", "null", "missing_type", "null", "a_type", "text", "s_out",
		"G\xe2\x99\xaf", "i_out", (json_int_t)INT64_MAX, "r_out", 0.5, "t_out", 1, "f_out",
		0, "a_out", "[1,2]", "o_json", "k", "v", "n_out");
	ck_assert(json_equal(out.row, expected));
	json_decref(expected);
	outcome_free(&out);
	store_close(store);
}
END_TEST

START_TEST(columns_feed_the_next_step)
{
	static const struct store_step steps[] = {
		{"SELECT 40 AS a, :b AS b", NULL},
		{"SELECT :a + :b AS sum, :a AS b", NULL}, /* b itself, while it is bound */
		{"SELECT :b AS again", NULL},
		{NULL, NULL},
	};
	struct store *store = fixture_open();
	struct outcome out;

	ck_assert_int_eq(run(store, steps, json_pack("{s:i}", "b", 2), 0, &out), STORE_OK);
	ck_assert_int_eq(json_integer_value(json_object_get(out.row, "sum")), 42);
	ck_assert_int_eq(json_integer_value(json_object_get(out.row, "again")), 40);
	outcome_free(&out);
	store_close(store);
}
END_TEST

START_TEST(returning_feeds_text_that_was_bound)
{
	static const struct store_step steps[] = {
		{"INSERT INTO user VALUES (:id, :name, 1, 1)"
		 " RETURNING 'x' || display_name AS name, id",
		 "none_made"},
		{"UPDATE user SET display_name = :name WHERE id = :id", "none_changed"},
		{"SELECT display_name AS now_called FROM user WHERE id = :id", "none_found"},
		{NULL, NULL},
	};
	struct store *store = fixture_open();
	struct outcome out;

	ck_assert_int_eq(run(store, steps, user_params(1), 0, &out), STORE_OK);
	ck_assert_str_eq(json_string_value(json_object_get(out.row, "now_called")), "xBo");
	outcome_free(&out);
	store_close(store);
}
END_TEST

START_TEST(none_refuses_and_rolls_back)
{
	static const struct store_step no_row[] = {
		{"INSERT INTO user VALUES (:id, :name, 1, 1)", NULL},
		{"SELECT 1 AS found FROM song", "unknown_song"},
		{NULL, NULL},
	};
	static const struct store_step no_change[] = {
		{"INSERT INTO user VALUES (:id, :name, 1, 1)", NULL},
		{"UPDATE song SET title = 'x'", "unknown_song"},
		{NULL, NULL},
	};
	static const struct store_step allowed[] = {
		{"INSERT INTO user VALUES (:id, :name, 1, 1)", "none_made"},
		{"UPDATE song SET title = 'x'", NULL},
		{"SELECT 1 AS found FROM song", NULL},
		{NULL, NULL},
	};
	struct store *store = fixture_open();
	struct outcome out;

	ck_assert_int_eq(run(store, no_row, user_params(1), 0, &out), STORE_REFUSED);
	ck_assert_str_eq(out.what, "unknown_song");
	outcome_free(&out);
	ck_assert_int_eq(run(store, no_change, user_params(1), SECTION_ALL, &out), STORE_REFUSED);
	ck_assert_str_eq(out.what, "unknown_song");
	ck_assert_ptr_null(out.sections[0]);
	outcome_free(&out);
	ck_assert_int_eq(user_count(store), 0);
	ck_assert_int_eq(run(store, allowed, user_params(1), 0, &out), STORE_OK);
	outcome_free(&out);
	ck_assert_int_eq(user_count(store), 1);
	store_close(store);
}
END_TEST

/* --- Errors --------------------------------------------------------------------------------- */

static const struct broken {
	const char *sql;
	const char *what;
} broken[] = {
	{"INSERT INTO user VALUES ('" USER_2 "', '', 1, 1)", "display_name_length"},
	{"UPDATE tempo_state SET bpm = 261", "bpm_range"},
	{"INSERT INTO user VALUES ('" USER_1 "', 'Bo', 1, 1)", "user.id"},
	{"INSERT INTO user VALUES ('" USER_2 "', NULL, 1, 1)", "user.display_name"},
	{"INSERT INTO session (id, code, md_user_id, created_at) VALUES"
	 " ('" SESSION_2 "', 'CDFHJK', '" USER_1 "', 1)",
	 "session.code"},
	{"INSERT INTO session (id, code, md_user_id, created_at) VALUES"
	 " ('" SESSION_2 "', 'CDFHJM', '" USER_2 "', 1)",
	 "foreign_key"},
	{"UPDATE tempo_state SET bpm = 120.5", "tempo_state.bpm"},
	{"INSERT INTO participant (session_id, user_id, join_time, last_heartbeat) VALUES"
	 " ('" SESSION_1 "', '" USER_1 "', 1, 1)",
	 "participant.session_id, participant.user_id"},
	{"INSERT INTO role_assignment VALUES"
	 " ('" SESSION_1 "', '" USER_1 "', '" DRUMS "', 'global', NULL, 1),"
	 " ('" SESSION_1 "', '" USER_1 "', '" DRUMS "', 'global', NULL, 2)",
	 "role_assignment_one_holder"},
	/* one that brings a row before it breaks */
	{"INSERT INTO setlist VALUES ('" SETLIST_1 "', 'nobody', 'T', 1) RETURNING id",
	 "foreign_key"},
	{"UPDATE participant SET left_at = 5 RETURNING"
	 " (SELECT raise_no_such_function()) AS x",
	 NULL}, /* no constraint: a fault of ours */
};

START_TEST(constraints_by_name)
{
	const struct broken *b = &broken[_i];
	const struct store_step steps[] = {
		{"INSERT INTO user VALUES (:id, :name, 1, 1)", NULL}, /* goes with it */
		{b->sql, NULL},
		{NULL, NULL},
	};
	struct store *store = open_with_session();
	struct outcome out;

	ck_assert_int_eq(run(store, steps, user_params(7), SECTION_ALL, &out),
			 b->what ? STORE_INVALID : STORE_FAILED);
	if (b->what)
		ck_assert_str_eq(out.what, b->what);
	else
		ck_assert_ptr_nonnull(strstr(out.what, "no such function"));
	ck_assert_ptr_null(out.sections[0]);
	outcome_free(&out);
	ck_assert_int_eq(user_count(store), 1);
	store_close(store);
}
END_TEST

/* --- Sections ------------------------------------------------------------------------------- */

START_TEST(sections_of_a_job)
{
	struct store *store = fixture_open();
	struct outcome out;

	ck_assert_int_eq(run(store, make_session, session_params(SESSION_1, USER_1, "CDFHJK"),
			     SECTION_SESSION | SECTION_PARTICIPANTS | SECTION_SETLIST, &out),
			 STORE_OK);
	ck_assert_str_eq(json_string_value(json_object_get(out.sections[0], "id")), SESSION_1);
	ck_assert(json_is_true(json_object_get(out.sections[0], "active")));
	ck_assert_uint_eq(json_array_size(out.sections[1]), 1);
	ck_assert_ptr_null(out.sections[2]);
	ck_assert(json_is_null(out.sections[3]));
	ck_assert_ptr_null(out.sections[4]);
	outcome_free(&out);
	ck_assert_str_eq(store_section_name(2), "roleAssignments");
	store_close(store);
}
END_TEST

START_TEST(sections_of_no_session)
{
	static const struct store_step nothing[] = {{NULL, NULL}};
	struct store *store = fixture_open();
	struct outcome out;

	ck_assert_int_eq(run(store, nothing, NULL, SECTION_ALL, &out), STORE_OK);
	for (int i = 0; i < SECTION_COUNT; i++)
		ck_assert(json_is_null(out.sections[i]));
	outcome_free(&out);
	store_close(store);
}
END_TEST

/* --- Order, batches, threads ---------------------------------------------------------------- */

struct in_order {
	int next;
	int failed;
};

struct numbered {
	struct in_order *order;
	int number;
};

static void in_order(void *user, const struct store_result *result)
{
	struct numbered *numbered = user;

	ck_assert_int_eq(numbered->number, numbered->order->next++);
	if (result->status != STORE_OK)
		numbered->order->failed++;
}

static void count_wakes(void *user)
{
	atomic_fetch_add((atomic_int *)user, 1);
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Every third of them breaks a constraint, which is its own affair. */
START_TEST(a_thousand_jobs_share_commits)
{
	enum { JOBS = 1000 };
	static struct numbered numbered[JOBS];
	struct in_order order = {0, 0};
	atomic_int wakes = 0;
	struct store *store;
	char message[512];

	ck_assert_int_eq(
		store_open(&store, fixture_path, count_wakes, &wakes, message, sizeof message), 0);
	for (int i = 0; i < JOBS; i++) {
		numbered[i] = (struct numbered){&order, i};
		const struct store_job job = {.steps = insert_user,
					      .params = user_params(i % 3 ? i : 0),
					      .done = in_order,
					      .user = &numbered[i]};
		ck_assert_int_eq(store_submit(store, &job), 0);
	}
	while (store_pending(store) > 0) {
		store_collect(store);
		sleep_ms(1);
	}
	ck_assert_int_eq(order.next, JOBS);
	ck_assert_int_eq(order.failed, JOBS / 3);
	ck_assert_int_gt(atomic_load(&wakes), 0);
	ck_assert_uint_lt(store_commits(store), JOBS / 10);
	ck_assert_int_eq(user_count(store), JOBS - JOBS / 3);
	store_close(store);
}
END_TEST

struct sleeper {
	atomic_bool gone;
	atomic_int late;
	atomic_int wakes;
};

/* Slow enough to be under way when it is taken away. */
static void wake_sleeper(void *user)
{
	struct sleeper *sleeper = user;

	sleep_ms(1);
	atomic_fetch_add(&sleeper->wakes, 1);
	if (atomic_load(&sleeper->gone))
		atomic_fetch_add(&sleeper->late, 1);
}

START_TEST(nobody_is_woken_who_was_taken_away)
{
	struct store *store = fixture_open();
	struct sleeper sleeper = {0};
	int number = 0;

	for (int round = 0; round < 100; round++) {
		atomic_store(&sleeper.gone, false);
		store_wake_by(store, wake_sleeper, &sleeper);
		for (int i = 0; i < 20; i++) {
			const struct store_job job = {.steps = insert_user,
						      .params = user_params(++number)};
			ck_assert_int_eq(store_submit(store, &job), 0);
			if (i == round % 20)
				sleep_ms(1);
		}
		store_wake_by(store, NULL, NULL);
		atomic_store(&sleeper.gone, true);
	}
	while (store_pending(store) > 0) {
		store_collect(store);
		sleep_ms(1);
	}
	ck_assert_int_gt(atomic_load(&sleeper.wakes), 0);
	ck_assert_int_eq(atomic_load(&sleeper.late), 0);
	store_close(store);
}
END_TEST

START_TEST(close_finishes_the_queue)
{
	struct store *store = fixture_open();
	struct in_order order = {0, 0};
	struct numbered numbered = {&order, 0};

	for (int i = 0; i < 200; i++) {
		const struct store_job job = {.steps = insert_user,
					      .params = user_params(i),
					      .done = in_order,
					      .user = &numbered};
		ck_assert_int_eq(store_submit(store, &job), 0);
	}
	store_close(store);
	ck_assert_int_eq(order.next, 0); /* nobody collected */
	store = fixture_open();
	ck_assert_int_eq(user_count(store), 200);
	store_close(store);
	store_close(NULL);
}
END_TEST

START_TEST(done_may_be_null_and_may_submit)
{
	struct store *store = fixture_open();
	const struct store_job job = {.steps = insert_user, .params = user_params(1)};

	ck_assert_int_eq(store_run(store, &job), 0);
	ck_assert_int_eq(user_count(store), 1);
	ck_assert_uint_eq(store_pending(store), 0);
	store_close(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *tcase = tcase_create("contract");

	tcase_add_checked_fixture(tcase, fixture_set_up, fixture_tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, parameters_of_every_type);
	tcase_add_test(tcase, columns_feed_the_next_step);
	tcase_add_test(tcase, returning_feeds_text_that_was_bound);
	tcase_add_test(tcase, none_refuses_and_rolls_back);
	tcase_add_loop_test(tcase, constraints_by_name, 0, sizeof broken / sizeof *broken);
	tcase_add_test(tcase, sections_of_a_job);
	tcase_add_test(tcase, sections_of_no_session);
	tcase_add_test(tcase, a_thousand_jobs_share_commits);
	tcase_add_test(tcase, nobody_is_woken_who_was_taken_away);
	tcase_add_test(tcase, close_finishes_the_queue);
	tcase_add_test(tcase, done_may_be_null_and_may_submit);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
