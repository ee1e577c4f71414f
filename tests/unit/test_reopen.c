/*
 * test_reopen.c - the box's book of sessions (reopen_sql.h): the list, going on where one ended, codes.
 */
#include "check_main.h"
#include "reopen_sql.h"
#include "session_sql.h"
#include "store_fixture.h"
#include "token.h"

#include <stdbool.h>

static const struct store_step nothing[] = {{NULL, NULL}};

static struct store *store;

static void box_set_up(void)
{
	fixture_set_up();
	store = fixture_open();
}

static void box_tear_down(void)
{
	store_close(store);
	fixture_tear_down();
}

/* Runs one statement of the tests' own; each has a text of its own, which is its name. */
#define MUST(sql) must((const struct store_step[]){{sql, NULL}, {NULL, NULL}})

static void must(const struct store_step *steps)
{
	struct outcome out;

	ck_assert_msg(run(store, steps, NULL, 0, &out) == STORE_OK, "%s: %s", steps->sql, out.what);
	outcome_free(&out);
}

/* The first row of a query; the caller frees. */
#define ROW(sql) row_of((const struct store_step[]){{sql, NULL}, {NULL, NULL}})

static json_t *row_of(const struct store_step *steps)
{
	struct outcome out;

	ck_assert_msg(run(store, steps, NULL, 0, &out) == STORE_OK, "%s: %s", steps->sql, out.what);
	json_t *row = json_incref(out.row);
	outcome_free(&out);
	return row;
}

static void make(const char *session, const char *user, const char *code)
{
	struct outcome out;

	ck_assert_msg(run(store, make_session, session_params(session, user, code), 0, &out) ==
			      STORE_OK,
		      "%s", out.what);
	outcome_free(&out);
}

/* `json` may use ' for ". Takes `found`. */
static void same(json_t *found, const char *json)
{
	char *text = strdup(json);
	json_error_t error;

	for (char *at = text; (at = strchr(at, '\'')) != NULL;)
		*at = '"';
	json_t *expected = json_loads(text, JSON_DECODE_ANY, &error);
	ck_assert_msg(expected != NULL, "%s: %s", text, error.text);
	char *shown = json_dumps(found, JSON_ENCODE_ANY | JSON_COMPACT);
	ck_assert_msg(json_equal(found, expected), "%s, not %s", shown, text);
	free(shown);
	free(text);
	json_decref(expected);
	json_decref(found);
}

/* ---- session.list --------------------------------------------------------------------------- */

static json_t *list(void)
{
	struct outcome out;

	ck_assert_int_eq(run(store, reopen_sql_list, NULL, 0, &out), STORE_OK);
	json_t *sessions = json_incref(json_object_get(out.row, "sessions_json"));
	outcome_free(&out);
	ck_assert(json_is_array(sessions));
	return sessions;
}

START_TEST(an_empty_book)
{
	same(list(), "[]");
}
END_TEST

START_TEST(all_that_the_list_tells)
{
	make(SESSION_1, USER_1, "CDFHJK");
	make(SESSION_2, USER_2, "CDFHJM");
	MUST("UPDATE user SET display_name = 'Bo' WHERE id = '" USER_2 "'");
	MUST("INSERT INTO participant (session_id, user_id, join_time, last_heartbeat) "
	     "VALUES ('" SESSION_1 "', '" USER_2 "', 1, 1700000009000)");
	MUST("UPDATE participant SET left_at = 3 "
	     "WHERE session_id = '" SESSION_1 "' AND user_id = '" USER_2 "'");
	MUST("UPDATE session SET active = 0, created_at = 5 WHERE id = '" SESSION_2 "'");
	MUST("INSERT INTO setlist VALUES ('5e700000-0000-4000-8000-000000000002', '" SESSION_1
	     "', 'Encores', 20), ('" SETLIST_1 "', '" SESSION_1
	     "', 'Tonight', 10), ('5e700000-0000-4000-8000-000000000003', '" SESSION_2
	     "', 'Elsewhere', 1)");
	same(list(), "[{'session_id': '" SESSION_1 "', 'code': 'CDFHJK', "
		     "'created_at': 1700000000000, 'last_heartbeat': 1700000009000, "
		     "'active': true, 'md_display_name': 'Ada', 'people': 1, "
		     "'setlists': ['Tonight', 'Encores']}, "
		     "{'session_id': '" SESSION_2 "', 'code': 'CDFHJM', 'created_at': 5, "
		     "'last_heartbeat': 1700000000000, 'active': false, "
		     "'md_display_name': 'Bo', 'people': 1, 'setlists': ['Elsewhere']}]");
	/* Of those that are open, where somebody was last comes first; the closed ones follow. */
	MUST("UPDATE participant SET last_heartbeat = 1700000010000 "
	     "WHERE session_id = '" SESSION_2 "'");
	json_t *closed = list();
	ck_assert_str_eq(
		json_string_value(json_object_get(json_array_get(closed, 0), "session_id")),
		SESSION_1);
	json_decref(closed);
	MUST("UPDATE session SET active = 1 WHERE id = '" SESSION_2 "'");
	json_t *sessions = list();
	ck_assert_str_eq(
		json_string_value(json_object_get(json_array_get(sessions, 0), "session_id")),
		SESSION_2);
	json_decref(sessions);
}
END_TEST

static const struct store_step many_sessions[] = {
	{"INSERT INTO user VALUES ('" USER_1 "', 'Ada', 1, 1)", NULL},
	{"WITH n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 149) "
	 "INSERT INTO session (id, code, md_user_id, created_at, active) "
	 "SELECT format('00000000-0000-4000-8000-%012d', n), 'CDFHJK', '" USER_1 "', n, 0 FROM n",
	 NULL},
	/* In another order than they were made. */
	{"INSERT INTO participant (session_id, user_id, join_time, last_heartbeat) "
	 "SELECT id, '" USER_1 "', 1, (created_at * 77) % 150 FROM session",
	 NULL},
	{"WITH n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 29) "
	 "INSERT INTO setlist SELECT format('5e700000-0000-4000-8000-%012d', n), "
	 "(SELECT session_id FROM participant WHERE last_heartbeat = 149), 'L' || n, 100 - n "
	 "FROM n",
	 NULL},
	{NULL, NULL},
};

START_TEST(the_newest_hundred_and_their_newest_twenty_setlists)
{
	must(many_sessions);
	json_t *sessions = list();

	ck_assert_uint_eq(json_array_size(sessions), 100);
	for (size_t i = 0; i < 100; i++)
		ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(sessions, i),
								    "last_heartbeat")),
				 149 - (int)i);
	/* L0 is the newest; they are told in the order of their making. */
	same(json_incref(json_object_get(json_array_get(sessions, 0), "setlists")),
	     "['L19', 'L18', 'L17', 'L16', 'L15', 'L14', 'L13', 'L12', 'L11', 'L10', 'L9', 'L8', "
	     "'L7', 'L6', 'L5', 'L4', 'L3', 'L2', 'L1', 'L0']");
	json_decref(sessions);
}
END_TEST

/* ---- session.reopen ------------------------------------------------------------------------- */

/* As the daemon does it: reopened and loaded in one job. `codes`: as JSON with '. */
static enum store_status reopen(const char *session, const char *codes, bool on_air,
				struct outcome *out)
{
	char text[128];

	snprintf(text, sizeof text, "%s", codes);
	for (char *at = text; (at = strchr(at, '\'')) != NULL;)
		*at = '"';
	memset(out, 0, sizeof *out);
	const struct store_job job = {
		.guard = reopen_sql_reopen,
		.steps = session_sql_load,
		.params = json_pack("{s:s, s:o, s:b, s:i}", "session_id", session, "codes",
				    json_loads(text, 0, NULL), "on_air", on_air, "load", 1),
		.sections = SECTION_ALL,
		.done = keep_outcome,
		.user = out,
	};
	ck_assert_int_eq(store_run(store, &job), 0);
	return out->status;
}

static const char *text_of(const struct outcome *out, const char *name)
{
	return json_string_value(json_object_get(out->row, name));
}

static long long number_of(const struct outcome *out, const char *name)
{
	return json_integer_value(json_object_get(out->row, name));
}

/* An evening with a song on, a role, somebody who talks, one who is ready, one who has left. */
static void an_evening(void)
{
	make(SESSION_1, USER_1, "CDFHJK");
	MUST("INSERT INTO user VALUES ('" USER_2 "', 'Bo', 1, 1), "
	     "('33333333-3333-4333-8333-333333333333', 'Cy', 1, 1)");
	MUST("INSERT INTO participant (session_id, user_id, join_time, last_heartbeat, ptt_state, "
	     "ready, left_at) VALUES ('" SESSION_1 "', '" USER_2 "', 2, 2, 'talking', 1, NULL), "
	     "('" SESSION_1 "', '33333333-3333-4333-8333-333333333333', 3, 3, 'idle', 0, 4)");
	MUST("INSERT INTO song (id, title, default_bpm) VALUES ('" SONG_1 "', 'First', 99)");
	MUST("INSERT INTO setlist VALUES ('" SETLIST_1 "', '" SESSION_1 "', 'Tonight', 8)");
	MUST("INSERT INTO setlist_item (setlist_id, position, song_id, key_override) "
	     "VALUES ('" SETLIST_1 "', 0, '" SONG_1 "', 'F#m')");
	MUST("INSERT INTO role_assignment VALUES "
	     "('" SESSION_1 "', '" USER_2 "', '" BASS "', 'global', NULL, 5), "
	     "('" SESSION_1 "', '" USER_1 "', '" BASS "', 'song', '" SONG_1 "', 6)");
	MUST("UPDATE session SET active_setlist_id = '" SETLIST_1 "', active_position = 0, "
	     "active_start_bar = 17, revision_ceiling = 3000");
	MUST("INSERT INTO token VALUES ('" HASH_1 "', '" SESSION_1 "', '" USER_2 "', 7, 0)");
	MUST("UPDATE tempo_state SET bpm = 99, next_bar = 200, running = 1, pending_bpm = 100, "
	     "pending_time_signature = '4/4', pending_anchor_timestamp = 5, "
	     "pending_anchor_bar_index = 40");
	MUST("UPDATE session SET active = 0, on_air = 0");
}

START_TEST(it_goes_on_where_it_ended)
{
	struct outcome before;
	struct outcome out;

	an_evening();
	run(store, nothing, json_pack("{s:s}", "session_id", SESSION_1), SECTION_ALL, &before);
	ck_assert_int_eq(reopen(SESSION_1, "['CDFHJM']", true, &out), STORE_OK);
	ck_assert_int_eq(number_of(&out, "was_active"), 0);
	ck_assert_str_eq(text_of(&out, "session_id"), SESSION_1);
	ck_assert_str_eq(text_of(&out, "code"), "CDFHJK");
	ck_assert_int_eq(number_of(&out, "active"), 1);
	ck_assert_int_eq(number_of(&out, "on_air"), 1);
	ck_assert_int_ge(number_of(&out, "revision"), 3000);
	ck_assert_int_eq(number_of(&out, "bpm"), 99);
	ck_assert_int_eq(number_of(&out, "next_bar"), 200);
	ck_assert_int_eq(number_of(&out, "running"), 0);
	ck_assert_str_eq(text_of(&out, "md_user_id"), USER_1);

	/* Roles, setlist and song as they were; the session but for `active`. */
	for (int i = 2; i < SECTION_COUNT; i++)
		ck_assert(json_equal(out.sections[i], before.sections[i]));
	ck_assert_uint_eq(json_array_size(out.sections[2]), 2);
	json_object_set_new(before.sections[0], "active", json_true());
	ck_assert(json_equal(out.sections[0], before.sections[0]));
	outcome_free(&before);
	outcome_free(&out);
}
END_TEST

START_TEST(nobody_talks_or_is_ready_yet)
{
	struct outcome out;

	an_evening();
	ck_assert_int_eq(reopen(SESSION_1, "['CDFHJM']", false, &out), STORE_OK);
	ck_assert_uint_eq(json_array_size(out.sections[1]), 2); /* who has left stays out */
	outcome_free(&out);
	same(ROW("SELECT sum(ready) AS ready, sum(ptt_state = 'talking') AS talking, "
		 "max(left_at) AS gone, max(last_heartbeat) AS heard FROM participant"),
	     "{'ready': 0, 'talking': 0, 'gone': 4, 'heard': 1700000000000}");
	same(ROW("SELECT running, pending_bpm, pending_time_signature, pending_anchor_timestamp, "
		 "pending_anchor_bar_index FROM tempo_state"),
	     "{'running': 0, 'pending_bpm': null, 'pending_time_signature': null, "
	     "'pending_anchor_timestamp': null, 'pending_anchor_bar_index': null}");
}
END_TEST

START_TEST(keys_open_it_again)
{
	struct outcome out;

	an_evening();
	ck_assert_int_eq(
		run(store, session_sql_resume, json_pack("{s:s}", "token_hash", HASH_1), 0, &out),
		STORE_REFUSED);
	ck_assert(strncmp(out.what, "session_closed", strlen("session_closed")) == 0);
	outcome_free(&out);
	ck_assert_int_eq(reopen(SESSION_1, "['CDFHJM']", false, &out), STORE_OK);
	outcome_free(&out);
	ck_assert_int_eq(
		run(store, session_sql_resume, json_pack("{s:s}", "token_hash", HASH_1), 0, &out),
		STORE_OK);
	ck_assert_str_eq(text_of(&out, "user_id"), USER_2);
	outcome_free(&out);
}
END_TEST

START_TEST(the_old_code_unless_an_open_session_has_it)
{
	struct outcome out;

	an_evening();
	make(SESSION_2, "44444444-4444-4444-8444-444444444444", "CDFHJK");
	make("cccccccc-cccc-4ccc-8ccc-cccccccccccc", "55555555-5555-4555-8555-555555555555",
	     "CDFHJM");
	ck_assert_int_eq(reopen(SESSION_1, "['CDFHJK', 'CDFHJM', 'CDFHJN', 'CDFHJP']", false, &out),
			 STORE_OK);
	ck_assert_str_eq(text_of(&out, "code"), "CDFHJN");
	ck_assert_str_eq(json_string_value(json_object_get(out.sections[0], "code")), "CDFHJN");
	outcome_free(&out);
	/* Closed and opened once more: N is its own now, and nobody's else. */
	MUST("UPDATE session SET active = 0 WHERE id = '" SESSION_1 "'");
	ck_assert_int_eq(reopen(SESSION_1, "['CDFHJP']", false, &out), STORE_OK);
	ck_assert_str_eq(text_of(&out, "code"), "CDFHJN");
	outcome_free(&out);
}
END_TEST

START_TEST(the_code_of_one_that_is_closed_is_free)
{
	struct outcome out;

	an_evening();
	make(SESSION_2, "44444444-4444-4444-8444-444444444444", "CDFHJM");
	MUST("UPDATE session SET active = 0, code = 'CDFHJK' WHERE id = '" SESSION_2 "'");
	ck_assert_int_eq(reopen(SESSION_1, "['CDFHJN']", false, &out), STORE_OK);
	ck_assert_str_eq(text_of(&out, "code"), "CDFHJK");
	outcome_free(&out);
	ck_assert_int_eq(reopen(SESSION_2, "['CDFHJN']", false, &out), STORE_OK);
	ck_assert_str_eq(text_of(&out, "code"), "CDFHJN");
	outcome_free(&out);
}
END_TEST

START_TEST(no_code_is_free_and_nothing_is_changed)
{
	struct outcome out;

	an_evening();
	make(SESSION_2, "44444444-4444-4444-8444-444444444444", "CDFHJK");
	ck_assert_int_eq(reopen(SESSION_1, "['CDFHJK']", true, &out), STORE_REFUSED);
	ck_assert_str_eq(out.what, "no_free_code");
	outcome_free(&out);
	same(ROW("SELECT active, on_air FROM session WHERE id = '" SESSION_1 "'"),
	     "{'active': 0, 'on_air': 0}");
}
END_TEST

START_TEST(one_that_is_open_stays_as_it_is)
{
	struct outcome out;

	an_evening();
	MUST("UPDATE session SET active = 1");
	make(SESSION_2, "44444444-4444-4444-8444-444444444444", "CDFHJM");
	MUST("UPDATE session SET on_air = 1 WHERE id = '" SESSION_2 "'");
	ck_assert_int_eq(reopen(SESSION_1, "['CDFHJM']", true, &out), STORE_OK);
	ck_assert_int_eq(number_of(&out, "was_active"), 1);
	ck_assert_str_eq(text_of(&out, "code"), "CDFHJK");
	ck_assert_int_eq(number_of(&out, "on_air"), 0);
	ck_assert_int_eq(number_of(&out, "running"), 1);
	outcome_free(&out);
	same(ROW("SELECT sum(ready) AS ready, sum(ptt_state = 'talking') AS talking "
		 "FROM participant"),
	     "{'ready': 1, 'talking': 1}");
	same(ROW("SELECT on_air FROM session WHERE id = '" SESSION_2 "'"), "{'on_air': 1}");
}
END_TEST

START_TEST(the_loudspeaker_goes_over_or_not)
{
	struct outcome out;

	an_evening();
	make(SESSION_2, "44444444-4444-4444-8444-444444444444", "CDFHJM");
	MUST("UPDATE session SET on_air = 1 WHERE id = '" SESSION_2 "'");
	ck_assert_int_eq(reopen(SESSION_1, "['CDFHJN']", false, &out), STORE_OK);
	outcome_free(&out);
	same(ROW("SELECT (SELECT on_air FROM session WHERE id = '" SESSION_1 "') AS mine, "
		 "(SELECT on_air FROM session WHERE id = '" SESSION_2 "') AS theirs"),
	     "{'mine': 0, 'theirs': 1}");
	MUST("UPDATE session SET active = 0 WHERE id = '" SESSION_1 "'");
	ck_assert_int_eq(reopen(SESSION_1, "['CDFHJN']", true, &out), STORE_OK);
	outcome_free(&out);
	same(ROW("SELECT (SELECT on_air FROM session WHERE id = '" SESSION_1 "') AS mine, "
		 "(SELECT on_air FROM session WHERE id = '" SESSION_2 "') AS theirs, 2 AS twice"),
	     "{'mine': 1, 'theirs': 0, 'twice': 2}");
}
END_TEST

START_TEST(one_that_there_is_not)
{
	struct outcome out;

	an_evening();
	ck_assert_int_eq(reopen(SESSION_2, "['CDFHJN']", true, &out), STORE_REFUSED);
	ck_assert_str_eq(out.what, "session_unknown");
	outcome_free(&out);
}
END_TEST

/* ---- session.renew_code --------------------------------------------------------------------- */

static enum store_status renew(json_t *codes, struct outcome *out)
{
	return run(store, reopen_sql_renew_code,
		   json_pack("{s:s, s:o}", "session_id", SESSION_1, "codes", codes),
		   SECTION_SESSION, out);
}

START_TEST(a_new_code_that_nobody_has)
{
	struct outcome out;

	make(SESSION_1, USER_1, "CDFHJK");
	make(SESSION_2, USER_2, "CDFHJM");
	/* Its own is no new one, another's is taken. */
	ck_assert_int_eq(
		renew(json_pack("[s, s, s, s]", "CDFHJK", "CDFHJM", "CDFHJN", "CDFHJP"), &out),
		STORE_OK);
	same(json_incref(json_object_get(out.row, "answer_json")), "{'code': 'CDFHJN'}");
	ck_assert_str_eq(text_of(&out, "code"), "CDFHJN");
	ck_assert_str_eq(json_string_value(json_object_get(out.sections[0], "code")), "CDFHJN");
	outcome_free(&out);
	/* A closed session's may be given again. */
	MUST("UPDATE session SET active = 0 WHERE id = '" SESSION_2 "'");
	ck_assert_int_eq(renew(json_pack("[s]", "CDFHJM"), &out), STORE_OK);
	ck_assert_str_eq(text_of(&out, "code"), "CDFHJM");
	outcome_free(&out);
	same(ROW("SELECT group_concat(code) AS codes FROM session"), "{'codes': 'CDFHJM,CDFHJM'}");
}
END_TEST

START_TEST(no_new_code)
{
	struct outcome out;

	make(SESSION_1, USER_1, "CDFHJK");
	ck_assert_int_eq(renew(json_pack("[s]", "CDFHJK"), &out), STORE_REFUSED);
	outcome_free(&out);
	ck_assert_int_eq(renew(json_array(), &out), STORE_REFUSED);
	ck_assert_str_eq(out.what, "no_free_code");
	outcome_free(&out);
	MUST("UPDATE session SET active = 0");
	ck_assert_int_eq(renew(json_pack("[s]", "CDFHJN"), &out), STORE_REFUSED);
	outcome_free(&out);
	same(ROW("SELECT code FROM session"), "{'code': 'CDFHJK'}");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reopen");
	TCase *tcase = tcase_create("book of sessions");

	tcase_add_checked_fixture(tcase, box_set_up, box_tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, an_empty_book);
	tcase_add_test(tcase, all_that_the_list_tells);
	tcase_add_test(tcase, the_newest_hundred_and_their_newest_twenty_setlists);
	tcase_add_test(tcase, it_goes_on_where_it_ended);
	tcase_add_test(tcase, nobody_talks_or_is_ready_yet);
	tcase_add_test(tcase, keys_open_it_again);
	tcase_add_test(tcase, the_old_code_unless_an_open_session_has_it);
	tcase_add_test(tcase, the_code_of_one_that_is_closed_is_free);
	tcase_add_test(tcase, no_code_is_free_and_nothing_is_changed);
	tcase_add_test(tcase, one_that_is_open_stays_as_it_is);
	tcase_add_test(tcase, the_loudspeaker_goes_over_or_not);
	tcase_add_test(tcase, one_that_there_is_not);
	tcase_add_test(tcase, a_new_code_that_nobody_has);
	tcase_add_test(tcase, no_new_code);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
