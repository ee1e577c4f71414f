/*
 * test_archive_store.c - an import in a real store, and what an export finds there then: all of it or
 * nothing, and nothing that was there is changed.
 */
#include "archive_check.h"
#include "archive_fixture.h"
#include "archive_plan.h"
#include "archive_sql.h"
#include "check_main.h"
#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

static const struct store_step row_counts[] = {
	{"SELECT (SELECT count(*) FROM user) || ' ' || (SELECT count(*) FROM song) || ' ' || "
	 "(SELECT count(*) FROM session) || ' ' || (SELECT count(*) FROM participant) || ' ' || "
	 "(SELECT count(*) FROM setlist) || ' ' || (SELECT count(*) FROM setlist_item) || ' ' || "
	 "(SELECT count(*) FROM role_assignment) || ' ' || (SELECT count(*) FROM tempo_state) "
	 "|| ' ' || (SELECT count(*) FROM song_search) AS counts",
	 NULL},
	{NULL, NULL},
};

/* Users, songs, sessions, participants, setlists, items, roles, tempos, and titles to be searched. */
static void expect_rows(struct store *store, const char *counts)
{
	struct outcome out;

	ck_assert_int_eq(run(store, row_counts, NULL, 0, &out), STORE_OK);
	ck_assert_str_eq(json_string_value(json_object_get(out.row, "counts")), counts);
	outcome_free(&out);
}

static void keep_answer(void *user, const struct store_result *result)
{
	json_t **answer = user;

	*answer = archive_sql_answer(result);
}

/* What the plan's file comes to; {"unread": sentence} if it cannot be read. */
static json_t *answer_of_plan(struct store *store, int fd)
{
	json_t *answer = NULL;
	char message[300] = "";
	struct store_job job = {.done = keep_answer, .user = &answer};

	if (archive_plan_read(fd, &job, message, sizeof message) < 0) {
		ck_assert_ptr_null(job.params);
		return json_pack("{s:s}", "unread", message);
	}
	ck_assert_int_eq(store_run(store, &job), 0);
	return answer;
}

/* Takes the archive. */
static json_t *import(struct store *store, json_t *archive)
{
	char message[500];
	json_t *plan;

	ck_assert_msg(archive_check(archive, &plan, message, sizeof message) == 0, "%s", message);
	const int fd = archive_plan_write("archive", plan);
	ck_assert_int_ge(fd, 0);
	json_t *answer = answer_of_plan(store, fd);
	close(fd);
	json_decref(plan);
	json_decref(archive);
	return answer;
}

/* Takes answer; expected is JSON. */
static void expect_answer(json_t *answer, const char *expected)
{
	json_t *wanted = json_of(expected);

	ck_assert_msg(json_equal(answer, wanted), "%s", json_dumps(answer, 0));
	json_decref(wanted);
	json_decref(answer);
}

/* Created and known, kind by kind. */
static void expect_counts(json_t *answer, const char *counts)
{
	static const char *const kinds[] = {"songs",           "users",    "sessions",
					    "participants",    "setlists", "setlist_items",
					    "role_assignments"};
	char found[200] = "";

	ck_assert_msg(json_is_true(json_object_get(answer, "ok")), "%s", json_dumps(answer, 0));
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const json_t *count = json_object_get(json_object_get(answer, "counts"), kinds[i]);
		const size_t size = strlen(found);
		snprintf(found + size, sizeof found - size, "%s%lld %lld", i ? ", " : "",
			 (long long)json_integer_value(json_object_get(count, "created")),
			 (long long)json_integer_value(json_object_get(count, "known")));
	}
	ck_assert_str_eq(found, counts);
	json_decref(answer);
}

#define ALL_CREATED "2 0, 3 0, 2 0, 4 0, 2 0, 2 0, 2 0"
#define ALL_KNOWN "0 2, 0 3, 0 2, 0 4, 0 2, 0 2, 0 2"
#define ALL_ROWS "3 2 2 4 2 2 2 2 2"
#define NO_ROWS "0 0 0 0 0 0 0 0 0"

/* As --export has it. */
static json_t *exported(struct store *store)
{
	struct outcome out;

	ck_assert_int_eq(run(store, archive_sql_export, NULL, 0, &out), STORE_OK);
	json_t *archive = json_pack("{s:i, s:O, s:O, s:O}", "tactus_export", 1, "songs",
				    json_object_get(out.row, "songs_json"), "users",
				    json_object_get(out.row, "users_json"), "sessions",
				    json_object_get(out.row, "sessions_json"));
	ck_assert_ptr_nonnull(archive);
	outcome_free(&out);
	return archive;
}

/* To the order of the fields. */
static void expect_export(struct store *store, json_t *archive)
{
	json_t *found = exported(store);
	char *was = json_dumps(found, JSON_INDENT(1));
	char *wanted = json_dumps(archive, JSON_INDENT(1));

	ck_assert_str_eq(was, wanted);
	free(was);
	free(wanted);
	json_decref(found);
	json_decref(archive);
}

static void step(struct store *store, const char *sql)
{
	const struct store_step steps[] = {{sql, NULL}, {NULL, NULL}};
	struct outcome out;

	ck_assert_msg(run(store, steps, NULL, 0, &out) == STORE_OK, "%s: %s", sql, out.what);
	outcome_free(&out);
}

/* ---- in, and out again ------------------------------------------------- */

START_TEST(what_goes_in_comes_out)
{
	struct store *store = fixture_open();

	expect_counts(import(store, archive_whole()), ALL_CREATED);
	expect_rows(store, ALL_ROWS);
	expect_export(store, archive_whole());
	store_close(store);
}
END_TEST

START_TEST(a_second_time_changes_nothing)
{
	struct store *store = fixture_open();
	json_t *other = archive_whole();

	expect_counts(import(store, archive_whole()), ALL_CREATED);
	change(other, "songs.0.title", "\"Other\"");
	change(other, "users.0.display_name", "\"Other\"");
	change(other, "sessions.0.code", "\"MMMMMM\"");
	change(other, "sessions.0.setlists.0.title", "\"Other\"");
	change(other, "sessions.0.tempo_state.bpm", "200");
	expect_counts(import(store, other), ALL_KNOWN);
	expect_rows(store, ALL_ROWS);
	expect_export(store, archive_whole());
	store_close(store);
}
END_TEST

/* What has been taken out of a session since stays out. */
START_TEST(a_session_that_is_known_is_known_whole)
{
	struct store *store = fixture_open();

	expect_counts(import(store, archive_whole()), ALL_CREATED);
	step(store, "DELETE FROM setlist WHERE id = '" SPARE "'");
	step(store, "DELETE FROM role_assignment");
	expect_counts(import(store, archive_whole()), ALL_KNOWN);
	expect_rows(store, "3 2 2 4 1 2 0 2 2");
	store_close(store);
}
END_TEST

START_TEST(what_is_missing_is_added)
{
	struct store *store = fixture_open();
	json_t *less = archive_whole();

	change(less, "sessions.1", NULL);
	change(less, "users.2", NULL);
	change(less, "sessions.0.participants.2", NULL);
	json_decref(import(store, less));
	expect_rows(store, "2 2 1 2 2 2 2 1 2");
	expect_counts(import(store, archive_whole()), "0 2, 1 2, 1 1, 1 3, 0 2, 0 2, 0 2");
	expect_rows(store, "3 2 2 3 2 2 2 2 2");
	store_close(store);
}
END_TEST

START_TEST(sessions_come_in_closed)
{
	static const struct store_step steps[] = {
		{"SELECT sum(active) AS active, sum(on_air) AS on_air, (SELECT sum(running) FROM "
		 "tempo_state) AS running FROM session",
		 NULL},
		{NULL, NULL},
	};
	struct store *store = fixture_open();
	struct outcome out;
	json_t *archive = archive_whole();

	change(archive, "sessions.0.active", "true");
	expect_counts(import(store, archive), ALL_CREATED);
	ck_assert_int_eq(run(store, steps, NULL, 0, &out), STORE_OK);
	expect_answer(json_incref(out.row), "{\"active\": 0, \"on_air\": 0, \"running\": 0}");
	outcome_free(&out);
	store_close(store);
}
END_TEST

START_TEST(an_export_has_what_history_needs_and_no_secrets)
{
	struct store *store = fixture_open();

	json_decref(import(store, archive_whole()));
	step(store, "INSERT INTO song (id, title, hidden) VALUES "
		    "('50000000-0000-4000-8000-000000000009', 'Gone', 1)");
	step(store, "INSERT INTO token VALUES ('" HASH_1 "', '" EVENING "', '" ADA "', 1, 0)");
	step(store,
	     "INSERT INTO metrics_sample VALUES (NULL, '" EVENING "', '" ADA "', 1, 2, 3, 4)");
	step(store, "INSERT INTO request_result VALUES ('" ADA "', 'r', '" HASH_1 "', '{}', 1)");
	step(store, "UPDATE participant SET ptt_state = 'talking', ready = 1 "
		    "WHERE user_id = '" ADA "'");
	step(store, "UPDATE session SET revision_ceiling = 1000");
	expect_export(store, archive_whole());
	store_close(store);
}
END_TEST

/* ---- all or nothing ---------------------------------------------------- */

START_TEST(what_is_nowhere_is_told)
{
	static const struct {
		const char *path, *value, *says;
	} cases[] = {
		{"sessions.0.md_user_id", "\"" NOBODY "\"",
		 "{\"error\": \"sessions[0].md_user_id: no user has the id " NOBODY
		 ", neither in the file nor in the database\"}"},
		{"sessions.1.participants.+",
		 "{\"user_id\": \"" NOBODY "\", \"join_time\": 1, \"last_heartbeat\": 1}",
		 "{\"error\": \"sessions[1].participants[1].user_id: no user has the id " NOBODY
		 ", neither in the file nor in the database\"}"},
		{"sessions.1.active_song_id", "\"" NOBODY "\"",
		 "{\"error\": \"sessions[1].active_song_id: no song has the id " NOBODY
		 ", neither in the file nor in the database\"}"},
		{"sessions.1.active_leader_user_id", "\"" NOBODY "\"",
		 "{\"error\": \"sessions[1].active_leader_user_id: no user has the id " NOBODY
		 ", neither in the file nor in the database\"}"},
		{"sessions.0.setlists.0.items.1.song_id", "\"" NOBODY "\"",
		 "{\"error\": \"sessions[0].setlists[0].items[1].song_id: no song has the "
		 "id " NOBODY ", neither in the file nor in the database\"}"},
		{"sessions.0.role_assignments.1.slot_id", "\"" NOBODY "\"",
		 "{\"error\": \"sessions[0].role_assignments[1].slot_id: no slot has the id " NOBODY
		 ", neither in the file nor in the database\"}"},
		{"sessions.0.role_assignments.1.scope_song_id", "\"" NOBODY "\"",
		 "{\"error\": \"sessions[0].role_assignments[1].scope_song_id: no song has the "
		 "id " NOBODY ", neither in the file nor in the database\"}"},
	};
	struct store *store = fixture_open();

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *archive = archive_whole();
		change(archive, cases[i].path, cases[i].value);
		expect_answer(import(store, archive), cases[i].says);
		expect_rows(store, NO_ROWS);
	}
	store_close(store);
}
END_TEST

/* What the file does not hold may be in the database. */
START_TEST(what_is_in_the_database_is_found)
{
	struct store *store = fixture_open();
	json_t *people = archive_whole();
	json_t *rest = archive_whole();

	change(people, "sessions", "[]");
	json_decref(import(store, people));
	change(rest, "songs", "[]");
	change(rest, "users", NULL);
	json_decref(import(store, rest));
	expect_rows(store, ALL_ROWS);
	store_close(store);
}
END_TEST

START_TEST(a_setlist_of_another_session)
{
	struct store *store = fixture_open();
	json_t *archive = archive_whole();

	json_decref(import(store, archive_whole()));
	change(archive, "sessions.0.id", "\"cccccccc-cccc-4ccc-8ccc-cccccccccccc\"");
	expect_answer(import(store, archive),
		      "{\"error\": \"sessions[0].setlists[0].id: a setlist of another session has "
		      "this id\"}");
	expect_rows(store, ALL_ROWS);
	store_close(store);
}
END_TEST

START_TEST(the_library_has_an_end)
{
	struct store *store = fixture_open();
	json_t *archive = archive_whole();

	step(store, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 4999) "
		    "INSERT INTO song (id, title) "
		    "SELECT printf('60000000-0000-4000-8000-%012d', i), 't' || i FROM n");
	change(archive, "songs.1.hidden", "false");
	expect_answer(import(store, archive),
		      "{\"error\": \"with these songs the library would have more than 5000, the "
		      "most it takes: delete some, or take some out of the file\"}");
	expect_rows(store, "0 4999 0 0 0 0 0 0 4999");
	/* Hidden ones are not in the library. */
	json_decref(import(store, archive_whole()));
	expect_rows(store, "3 5001 2 4 2 2 2 2 5001");
	store_close(store);
}
END_TEST

/* ---- the plan's file --------------------------------------------------- */

static int file_of(const char *text, int seals)
{
	const int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	if (seals)
		ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static json_t *answer_of_text(struct store *store, const char *text, int seals)
{
	const int fd = file_of(text, seals);
	json_t *answer = answer_of_plan(store, fd);

	close(fd);
	return answer;
}

#define SEALED (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define HEAD "tactus_plan 1 archive\n"

START_TEST(what_is_no_plan)
{
	static const char *const texts[] = {"x",
					    "\n",
					    "\n\n\n",
					    HEAD "songs",
					    HEAD "songs\n",
					    HEAD "\n",
					    HEAD " \n ",
					    "tactus_plan 1 archive",
					    HEAD
					    "a-name-that-is-longer-than-any-that-there-is []\n",
					    "tactus_plan 2 archive\nsongs []\n",
					    HEAD "songs \xff\xfe\n"};
	struct store *store = fixture_open();

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		json_t *answer = answer_of_text(store, texts[i], SEALED);
		ck_assert_msg(json_object_get(answer, "unread") || i == 6, "%s: %s", texts[i],
			      json_dumps(answer, 0));
		json_decref(answer);
	}
	json_decref(answer_of_text(store, HEAD "songs []\n", SEALED & ~F_SEAL_WRITE));
	expect_rows(store, NO_ROWS);
	store_close(store);
}
END_TEST

/* One that could be cut while it is read, and descriptors that are no memory. */
START_TEST(what_is_not_sealed)
{
	static const char *const paths[] = {"/dev/null", "/dev/zero", "/proc/self/mem", "/"};
	struct store *store = fixture_open();
	json_t *answer = answer_of_text(store, HEAD "songs []\n", F_SEAL_SHRINK | F_SEAL_GROW);

	ck_assert_ptr_nonnull(json_object_get(answer, "unread"));
	json_decref(answer);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		const int fd = open(paths[i], O_RDONLY | O_CLOEXEC);
		answer = answer_of_plan(store, fd);
		ck_assert_ptr_nonnull(json_object_get(answer, "unread"));
		json_decref(answer);
		close(fd);
	}
	answer = answer_of_plan(store, -1);
	ck_assert_ptr_nonnull(json_object_get(answer, "unread"));
	json_decref(answer);
	store_close(store);
}
END_TEST

/* Not made by archive_check(): the tables are the last to look. */
START_TEST(the_tables_refuse_what_was_not_checked)
{
	static const char good_user[] =
		"users [{\"id\": \"" ADA "\", \"display_name\": \"Ada\", \"created_at\": 1, "
		"\"last_active_at\": 2}]\n";
	static const char *const lines[] = {
		"songs [{\"id\": \"" FIRST "\", \"title\": \"x\", \"default_bpm\": 300}]\n",
		"songs [{\"id\": \"" FIRST "\"}]\n",
		"songs [7]\n",
		"songs [\n",
		"songs {\"a\": [}\n",
		"sessions [{\"id\": \"" EVENING "\", \"code\": \"CDF347\"}]\n",
	};
	struct store *store = fixture_open();

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		char text[600];
		snprintf(text, sizeof text, "%s%s%s", HEAD, good_user, lines[i]);
		json_t *answer = answer_of_text(store, text, SEALED);
		ck_assert_msg(json_object_get(answer, "error") != NULL, "%s", lines[i]);
		json_decref(answer);
		expect_rows(store, NO_ROWS);
	}
	store_close(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("archive_store");
	TCase *tcase = tcase_create("import");

	tcase_add_checked_fixture(tcase, fixture_set_up, fixture_tear_down);
	tcase_add_test(tcase, what_goes_in_comes_out);
	tcase_add_test(tcase, a_second_time_changes_nothing);
	tcase_add_test(tcase, a_session_that_is_known_is_known_whole);
	tcase_add_test(tcase, what_is_missing_is_added);
	tcase_add_test(tcase, sessions_come_in_closed);
	tcase_add_test(tcase, an_export_has_what_history_needs_and_no_secrets);
	tcase_add_test(tcase, what_is_nowhere_is_told);
	tcase_add_test(tcase, what_is_in_the_database_is_found);
	tcase_add_test(tcase, a_setlist_of_another_session);
	tcase_add_test(tcase, the_library_has_an_end);
	tcase_add_test(tcase, what_is_no_plan);
	tcase_add_test(tcase, what_is_not_sealed);
	tcase_add_test(tcase, the_tables_refuse_what_was_not_checked);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
