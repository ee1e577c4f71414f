/*
 * test_store_once.c - requests that are carried out once, however often they come (store.h), and the
 * guard that is asked before them.
 */
#include "check_main.h"
#include "store_asking.h"

#include <sqlite3.h>

static void is_refused(struct outcome *out, enum store_status status, const char *what)
{
	ck_assert_int_eq(out->status, status);
	ck_assert_msg(strstr(out->what, what), "\"%s\"", out->what);
	ck_assert(!out->repeated);
	ck_assert_ptr_null(out->sections[0]);
	outcome_free(out);
}

/* Its answer, text that may use ' for ". */
static void is_answered(struct outcome *out, bool repeated, const char *answer)
{
	char text[200];

	ck_assert_msg(out->status == STORE_OK, "%d %s", out->status, out->what);
	ck_assert_int_eq(out->repeated, repeated);
	snprintf(text, sizeof text, "%s", answer);
	for (char *at = text; (at = strchr(at, '\'')) != NULL;)
		*at = '"';
	json_t *want = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(want);
	char *have = json_dumps(json_object_get(out->row, "answer_json"), JSON_ENCODE_ANY);
	ck_assert_msg(json_equal(json_object_get(out->row, "answer_json"), want), "%s", have);
	free(have);
	json_decref(want);
	outcome_free(out);
}

#define FIRST_ANSWER "{'song_id': '50000000-0000-4000-8000-000000000001', 'nth': 1, 'title': 'T'}"

/* --- The same again ------------------------------------------------------------------------- */

START_TEST(the_first_answer_comes_again)
{
	struct store *store = open_with_people();
	struct outcome out;

	ask_for(store, ASKING(.song = 1), &out);
	for (int i = 0; i < SECTION_COUNT; i++)
		ck_assert_ptr_nonnull(out.sections[i]);
	is_answered(&out, false, FIRST_ANSWER);
	/* the params are no matter: the hash says that it is the same request */
	for (int i = 2; i < 5; i++) {
		ask_for(store, ASKING(.song = i, .title = "other"), &out);
		ck_assert_uint_eq(json_object_size(out.row), 1);
		for (int section = 0; section < SECTION_COUNT; section++)
			ck_assert_ptr_null(out.sections[section]);
		is_answered(&out, true, FIRST_ANSWER);
	}
	ck_assert_int_eq(songs(store), 1);
	ck_assert_int_eq(kept(store), 1);
	store_close(store);
}
END_TEST

START_TEST(another_request_of_that_id_is_refused)
{
	struct store *store = open_with_people();
	struct outcome out;

	ask_for(store, ASKING(.song = 1), &out);
	outcome_free(&out);
	ask_for(store, ASKING(.hash = HASH_2, .song = 2), &out);
	is_refused(&out, STORE_REFUSED, "id_reused");
	ck_assert_int_eq(songs(store), 1);
	ask_for(store, ASKING(.song = 1), &out);
	is_answered(&out, true, FIRST_ANSWER);
	store_close(store);
}
END_TEST

START_TEST(ids_are_of_their_user)
{
	struct store *store = open_with_people();
	struct outcome out;

	ask_for(store, ASKING(.song = 1), &out);
	outcome_free(&out);
	ask_for(store, ASKING(.me = USER_2, .song = 2, .hash = HASH_2), &out);
	ck_assert(out.status == STORE_OK && !out.repeated);
	outcome_free(&out);
	ask_for(store, ASKING(.id = "R1", .song = 3), &out); /* ids are exact */
	ck_assert(out.status == STORE_OK && !out.repeated);
	outcome_free(&out);
	ck_assert_int_eq(songs(store), 3);
	ask_for(store, ASKING(.me = "33333333-3333-4333-8333-333333333333", .song = 4), &out);
	is_refused(&out, STORE_INVALID, "foreign_key"); /* of nobody it cannot be kept */
	ck_assert_int_eq(songs(store), 3);
	store_close(store);
}
END_TEST

START_TEST(over_another_opening)
{
	struct store *store = open_with_people();
	struct outcome out;

	ask_for(store, ASKING(.song = 1), &out);
	outcome_free(&out);
	store_close(store);
	store = fixture_open();
	ask_for(store, ASKING(.song = 2), &out);
	is_answered(&out, true, FIRST_ANSWER);
	ask_for(store, ASKING(.hash = HASH_2), &out);
	is_refused(&out, STORE_REFUSED, "id_reused");
	ck_assert_int_eq(songs(store), 1);
	store_close(store);
}
END_TEST

/* How long an answer is kept others decide: see created_at. */
START_TEST(the_store_forgets_nothing)
{
	static const struct store_step age[] = {{"UPDATE request_result SET created_at = 1", NULL},
						{NULL, NULL}};
	struct store *store = open_with_people();
	struct outcome out;

	ask_for(store, ASKING(.song = 1), &out);
	outcome_free(&out);
	ck_assert_int_eq(number_of(store, "SELECT created_at AS n FROM request_result"), NOW);
	ck_assert_int_eq(run(store, age, NULL, 0, &out), STORE_OK);
	outcome_free(&out);
	store_close(store);
	store = fixture_open();
	ask_for(store, ASKING(.song = 2), &out);
	is_answered(&out, true, FIRST_ANSWER);
	store_close(store);
}
END_TEST

/* --- What changed nothing is not kept ------------------------------------------------------- */

static const struct store_step refused_step[] = {
	{"INSERT INTO song (id, title) VALUES (:song_id, :title)", NULL},
	{"UPDATE setlist SET title = 'x'", "setlist_unknown"},
	{NULL, NULL},
};
static const struct store_step invalid_step[] = {
	{"INSERT INTO song (id, title) VALUES (:song_id, :title)", NULL},
	{"UPDATE song SET default_bpm = 1", NULL},
	{NULL, NULL},
};
static const struct store_step failed_step[] = {
	{"INSERT INTO song (id, title) VALUES (:song_id, :title)", NULL},
	{"SELECT no_such_function()", NULL},
	{NULL, NULL},
};
static const struct store_step nobody_may[] = {
	{"SELECT 1 AS md WHERE false", "not_md"},
	{NULL, NULL},
};

static const struct unkept {
	const struct store_step *guard;
	const struct store_step *steps;
	enum store_status status;
	const char *what;
} unkept[] = {
	{NULL, refused_step, STORE_REFUSED, "setlist_unknown"},
	{NULL, invalid_step, STORE_INVALID, "default_bpm_range"},
	{NULL, failed_step, STORE_FAILED, "no_such_function"},
	{nobody_may, add_song, STORE_REFUSED, "not_md"},
};

START_TEST(what_was_not_done_may_come_again)
{
	const struct unkept *u = &unkept[_i];
	struct store *store = open_with_people();
	struct outcome out;

	for (int i = 0; i < 2; i++) {
		ask_for(store, ASKING(.guard = u->guard, .steps = u->steps), &out);
		is_refused(&out, u->status, u->what);
	}
	ck_assert_int_eq(kept(store), 0);
	ck_assert_int_eq(songs(store), 0);
	/* the id is free, also for another request */
	ask_for(store, ASKING(.hash = HASH_2), &out);
	is_answered(&out, false, FIRST_ANSWER);
	store_close(store);
}
END_TEST

/* --- The guard ------------------------------------------------------------------------------ */

/* Who may no more still learns what became of the request. */
START_TEST(the_guard_is_asked_of_new_requests_only)
{
	struct store *store = open_with_people();
	struct outcome out;

	ask_for(store, ASKING(.song = 1), &out);
	outcome_free(&out);
	ask_for(store, ASKING(.guard = nobody_may, .song = 2), &out);
	is_answered(&out, true, FIRST_ANSWER);
	ask_for(store, ASKING(.guard = nobody_may, .song = 2, .hash = HASH_2), &out);
	is_refused(&out, STORE_REFUSED, "id_reused");
	ask_for(store, ASKING(.guard = nobody_may, .song = 2, .id = "r2"), &out);
	is_refused(&out, STORE_REFUSED, "not_md");
	ck_assert_int_eq(songs(store), 1);
	store_close(store);
}
END_TEST

START_TEST(the_guard_comes_before_the_steps)
{
	static const struct store_step guard[] = {
		{"SELECT 'guarded' AS title WHERE (SELECT count(*) FROM song) = 0", "not_first"},
		{NULL, NULL},
	};
	struct store *store = open_with_people();
	struct outcome out;

	ask_for(store, ASKING(.guard = guard), &out);
	is_answered(&out, false,
		    "{'song_id': '50000000-0000-4000-8000-000000000001', 'nth': 1,"
		    " 'title': 'guarded'}");
	ask_for(store, ASKING(.guard = guard, .id = "r2", .song = 2), &out);
	is_refused(&out, STORE_REFUSED, "not_first");
	store_close(store);
}
END_TEST

/* Also of a job that is not remembered; and one that writes makes the job one that does. */
START_TEST(a_guard_without_once)
{
	static const struct store_step note[] = {
		{"INSERT INTO user VALUES (:me, 'X', 1, 1)", NULL},
		{NULL, NULL},
	};
	static const struct store_step look[] = {{"SELECT 1 AS one", NULL}, {NULL, NULL}};
	struct store *store = fixture_open();
	struct outcome out = {0};
	struct store_job job = {.guard = note,
				.steps = look,
				.params = json_pack("{s:s}", "me", USER_1),
				.done = keep_outcome,
				.user = &out};

	ck_assert_int_eq(store_run(store, &job), 0);
	ck_assert_int_eq(out.status, STORE_OK);
	outcome_free(&out);
	ck_assert_uint_eq(store_commits(store), 1);
	ck_assert_int_eq(number_of(store, "SELECT count(*) AS n FROM user"), 1);
	job.guard = nobody_may;
	job.steps = note;
	job.params = json_pack("{s:s}", "me", USER_2);
	ck_assert_int_eq(store_run(store, &job), 0);
	is_refused(&out, STORE_REFUSED, "not_md");
	ck_assert_int_eq(number_of(store, "SELECT count(*) AS n FROM user"), 1);
	store_close(store);
}
END_TEST

/* --- Two in one batch ----------------------------------------------------------------------- */

/* While another program has the database nothing is carried out: what is submitted then is carried
 * out together. */
static sqlite3 *hold_back(void)
{
	sqlite3 *other;

	ck_assert_int_eq(sqlite3_open(fixture_path, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	return other;
}

static void ask_together(struct store *store, const struct asking *const asking[], int count,
			 struct outcome out[])
{
	static const struct store_step nothing[] = {{NULL, NULL}};
	const struct store_job last = {.steps = nothing};
	const unsigned long before = store_commits(store);
	sqlite3 *other = hold_back();

	for (int i = 0; i < count; i++) {
		const struct store_job job = job_of(asking[i], &out[i]);
		ck_assert_int_eq(store_submit(store, &job), 0);
	}
	sqlite3_close(other);
	ck_assert_int_eq(store_run(store, &last), 0);
	/* perhaps the first one was under way already */
	ck_assert_uint_le(store_commits(store), before + 2);
}

START_TEST(the_same_twice_in_a_batch)
{
	struct store *store = open_with_people();
	struct outcome out[5];

	ask_together(store,
		     (const struct asking *[]){ASKING(.id = "r0", .song = 9), ASKING(.song = 1),
					       ASKING(.song = 2), ASKING(.hash = HASH_2, .song = 3),
					       ASKING(.me = USER_2, .song = 4)},
		     5, out);
	outcome_free(&out[0]);
	is_answered(&out[1], false,
		    "{'song_id': '50000000-0000-4000-8000-000000000001', 'nth': 2, 'title': 'T'}");
	is_answered(&out[2], true,
		    "{'song_id': '50000000-0000-4000-8000-000000000001', 'nth': 2, 'title': 'T'}");
	is_refused(&out[3], STORE_REFUSED, "id_reused");
	is_answered(&out[4], false,
		    "{'song_id': '50000000-0000-4000-8000-000000000004', 'nth': 3, 'title': 'T'}");
	ck_assert_int_eq(songs(store), 3);
	store_close(store);
}
END_TEST

START_TEST(a_refused_one_does_not_count_in_a_batch)
{
	struct store *store = open_with_people();
	struct outcome out[4];

	ask_together(store,
		     (const struct asking *[]){ASKING(.id = "r0", .song = 9),
					       ASKING(.steps = refused_step), ASKING(.song = 1),
					       ASKING(.steps = refused_step)},
		     4, out);
	outcome_free(&out[0]);
	is_refused(&out[1], STORE_REFUSED, "setlist_unknown");
	ck_assert(out[2].status == STORE_OK && !out[2].repeated);
	ck_assert(out[3].status == STORE_OK && out[3].repeated);
	outcome_free(&out[2]);
	outcome_free(&out[3]);
	ck_assert_int_eq(songs(store), 2);
	store_close(store);
}
END_TEST

/* --- Answers -------------------------------------------------------------------------------- */

static const struct store_step null_answer[] = {{"SELECT NULL AS answer_json", NULL}, {NULL, NULL}};
static const struct store_step deep_answer[] = {
	{"SELECT json_object('a', json_array(1, 2.5, NULL, json('true'), 'Gr' || char(226) || "
	 "'ce'),"
	 " 'o', json_object('quote', char(39), 'line', char(10))) AS answer_json",
	 NULL},
	{NULL, NULL},
};

static const struct answer {
	const struct store_step *steps;
	const char *given; /* answer_json of the params */
	const char *kept;
} answers[] = {
	{add_silently, NULL, "{}"},
	{add_silently, "{\"song_id\":\"x\"}", "{\"song_id\":\"x\"}"},
	{null_answer, NULL, "{}"},
	{deep_answer, "{\"song_id\":\"x\"}",
	 "{\"a\":[1,2.5,null,true,\"Gr\xc3\xa2"
	 "ce\"],\"o\":{\"quote\":\"'\",\"line\":\"\\n\"}}"},
};

START_TEST(an_answer_is_kept_as_an_object)
{
	const struct answer *answer = &answers[_i];
	struct store *store = open_with_people();
	struct outcome out;

	for (int i = 0; i < 2; i++) {
		const struct store_job job = job_of(ASKING(.steps = answer->steps), &out);
		if (answer->given)
			json_object_set_new(job.params, "answer_json",
					    json_loads(answer->given, 0, NULL));
		ck_assert_int_eq(store_run(store, &job), 0);
		ck_assert_int_eq(out.status, STORE_OK);
		ck_assert_int_eq(out.repeated, i == 1);
		if (i == 0)
			outcome_free(&out);
	}
	json_t *want = json_loads(answer->kept, 0, NULL);
	ck_assert_ptr_nonnull(want);
	ck_assert(json_equal(json_object_get(out.row, "answer_json"), want));
	json_decref(want);
	outcome_free(&out);
	store_close(store);
}
END_TEST

/* The one who submits may keep the params, as long as he leaves them alone. */
START_TEST(params_stay_as_they_were)
{
	struct store *store = open_with_people();
	struct outcome out;
	const struct store_job job = job_of(ASKING(.song = 1), &out);
	json_t *params = json_incref(job.params);
	json_t *before = json_deep_copy(params);

	ck_assert_int_eq(store_run(store, &job), 0);
	ck_assert(json_equal(params, before));
	json_decref(params);
	json_decref(before);
	outcome_free(&out);
	store_close(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_once");
	TCase *tcase = tcase_create("once");

	tcase_add_checked_fixture(tcase, fixture_set_up, fixture_tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, the_first_answer_comes_again);
	tcase_add_test(tcase, another_request_of_that_id_is_refused);
	tcase_add_test(tcase, ids_are_of_their_user);
	tcase_add_test(tcase, over_another_opening);
	tcase_add_test(tcase, the_store_forgets_nothing);
	tcase_add_loop_test(tcase, what_was_not_done_may_come_again, 0,
			    sizeof unkept / sizeof *unkept);
	tcase_add_test(tcase, the_guard_is_asked_of_new_requests_only);
	tcase_add_test(tcase, the_guard_comes_before_the_steps);
	tcase_add_test(tcase, a_guard_without_once);
	tcase_add_test(tcase, the_same_twice_in_a_batch);
	tcase_add_test(tcase, a_refused_one_does_not_count_in_a_batch);
	tcase_add_loop_test(tcase, an_answer_is_kept_as_an_object, 0,
			    sizeof answers / sizeof *answers);
	tcase_add_test(tcase, params_stay_as_they_were);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
