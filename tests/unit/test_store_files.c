/*
 * test_store_files.c - opening a database: made, found, locked, moved away, brought up to date.
 */
#include "check_main.h"
#include "store_files.h"
#include "store_sql.h"

/* --- Made and found ------------------------------------------------------------------------- */

START_TEST(makes_directory_and_files)
{
	char path[160], wal[170];
	struct store *store;
	char message[512];

	umask(022);
	snprintf(path, sizeof path, "%s/state/tactus.db", fixture_dir);
	snprintf(wal, sizeof wal, "%s-wal", path);
	ck_assert_int_eq(store_open(&store, path, NULL, NULL, message, sizeof message), 0);
	ck_assert_str_eq(message, "");
	ck_assert_uint_eq(mode_of(path), 0640);
	ck_assert_uint_eq(mode_of(wal), 0640);
	*strrchr(path, '/') = '\0';
	ck_assert_uint_eq(mode_of(path), 0750);
	store_close(store);
	ck_assert_int_eq(access(wal, F_OK), -1); /* checkpointed */
	snprintf(path, sizeof path, "%s/no/such/place/tactus.db", fixture_dir);
	refuses(path, ENOENT, "make the directory above it first");
}
END_TEST

START_TEST(works_in_the_present_directory)
{
	struct store *store;
	char message[512];

	ck_assert_int_eq(chdir(fixture_dir), 0);
	ck_assert_int_eq(store_open(&store, "here.db", NULL, NULL, message, sizeof message), 0);
	store_close(store);
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(keeps_what_was_stored)
{
	add_user();
	expect_user();
	ck_assert_int_eq(ask("PRAGMA user_version"), store_migration_count);
	ck_assert_int_eq(ask("SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"),
			 1);
	ck_assert_int_eq(ask("SELECT count(*) FROM pragma_foreign_key_check"), 0);
	ck_assert_int_eq(ask("SELECT checksum FROM views_version"), store_views_checksum);
}
END_TEST

START_TEST(settings_of_the_connection)
{
	static const struct store_step settings[] = {
		{"SELECT (SELECT foreign_keys FROM pragma_foreign_keys) AS foreign_keys,"
		 " (SELECT synchronous FROM pragma_synchronous) AS synchronous,"
		 " (SELECT journal_mode FROM pragma_journal_mode) AS journal_mode",
		 NULL},
		{NULL, NULL},
	};
	static const struct store_step quoted[] = {{"SELECT \"text\" AS x", NULL}, {NULL, NULL}};
	static const struct store_step schema[] = {
		{"PRAGMA writable_schema = ON", NULL},
		{"UPDATE sqlite_schema SET sql = 'x'", NULL},
		{NULL, NULL},
	};
	struct store *store = fixture_open();
	struct outcome out;

	ck_assert_int_eq(run(store, settings, NULL, 0, &out), STORE_OK);
	ck_assert_int_eq(json_integer_value(json_object_get(out.row, "foreign_keys")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(out.row, "synchronous")), 2);
	ck_assert_str_eq(json_string_value(json_object_get(out.row, "journal_mode")), "wal");
	outcome_free(&out);
	ck_assert_int_eq(run(store, quoted, NULL, 0, &out), STORE_FAILED);
	outcome_free(&out);
	ck_assert_int_eq(run(store, schema, NULL, 0, &out), STORE_FAILED);
	outcome_free(&out);
	store_close(store);
}
END_TEST

START_TEST(an_empty_file_is_a_new_database)
{
	close(open(fixture_path, O_CREAT | O_WRONLY, 0640));
	add_user();
	expect_user();
}
END_TEST

/* --- Locked --------------------------------------------------------------------------------- */

START_TEST(refuses_a_second_tactusd)
{
	struct store *first = fixture_open();
	char pid[40];

	snprintf(pid, sizeof pid, "process %ld", (long)getpid());
	refuses(fixture_path, EBUSY, "in use by another tactusd");
	refuses(fixture_path, EBUSY, pid);
	const pid_t child = fork();
	if (child == 0) {
		struct store *store = NULL;
		char message[512];
		_exit(store_open(&store, fixture_path, NULL, NULL, message, sizeof message) ==
				      -EBUSY
			      ? 0
			      : 1);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	store_close(first);
	add_user(); /* it is free again */
}
END_TEST

START_TEST(a_killed_one_leaves_no_lock)
{
	const pid_t child = fork();

	if (child == 0) {
		add_user();
		fixture_open();
		kill(getpid(), SIGKILL);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	expect_user();
}
END_TEST

/* Somebody's sqlite3 in the middle of a change: we say so, and go on when it is done. */
START_TEST(another_program_writes)
{
	struct store *store = fixture_open();
	struct outcome out;
	sqlite3 *other;

	ck_assert_int_eq(sqlite3_open(fixture_path, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(run(store, insert_user, NULL, 0, &out), STORE_FAILED);
	ck_assert_ptr_nonnull(strstr(out.what, "another program keeps"));
	outcome_free(&out);
	ck_assert_int_eq(run(store, count_users, NULL, 0, &out), STORE_OK);
	outcome_free(&out);
	sqlite3_close(other);
	ck_assert_int_eq(run(store, insert_user, NULL, 0, &out), STORE_OK);
	outcome_free(&out);
	store_close(store);
}
END_TEST

/* --- While it runs -------------------------------------------------------------------------- */

START_TEST(a_deleted_file_takes_no_more)
{
	struct store *store = fixture_open();
	struct outcome out;
	char moved[120];

	snprintf(moved, sizeof moved, "%s.moved", fixture_path);
	ck_assert_int_eq(rename(fixture_path, moved), 0);
	ck_assert_int_eq(run(store, insert_user, NULL, 0, &out), STORE_FAILED);
	ck_assert_ptr_nonnull(strstr(out.what, "was moved or deleted"));
	outcome_free(&out);
	ck_assert_int_eq(rename(moved, fixture_path), 0);
	ck_assert_int_eq(run(store, insert_user, NULL, 0, &out), STORE_OK);
	outcome_free(&out);
	store_close(store);
	expect_user();
}
END_TEST

/* A page that cannot be read ends the job with a sentence, never the process. */
START_TEST(damage_while_it_runs)
{
	char noise[4096];
	struct stat found;
	struct outcome out;

	add_user();
	ck_assert_int_eq(stat(fixture_path, &found), 0);
	memset(noise, 0xa5, sizeof noise);
	struct store *store = fixture_open();
	direct("UPDATE user SET last_active_at = 2"); /* so that nothing cached is good */
	for (long page = 1; page < found.st_size / 4096; page++)
		change_bytes(page * 4096, noise, sizeof noise);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(run(store, make_session,
				     session_params(SESSION_1, USER_2, "CDFHJK"), SECTION_ALL,
				     &out),
				 STORE_FAILED);
		ck_assert_ptr_nonnull(strstr(out.what, "is damaged"));
		outcome_free(&out);
	}
	store_close(store);
}
END_TEST

/* --- Upgrades ------------------------------------------------------------------------------- */

START_TEST(views_of_an_older_program_are_replaced)
{
	add_user();
	direct("DROP VIEW views_version; CREATE VIEW views_version AS SELECT 1 AS checksum;"
	       "DROP VIEW section_slots; CREATE VIEW section_slots AS SELECT 'old' AS json");
	expect_user();
	ck_assert_int_eq(ask("SELECT json_array_length(json) FROM section_slots"),
			 ask("SELECT count(*) FROM instrument_slot"));
	direct("DROP VIEW views_version");
	expect_user();
	ck_assert_int_eq(ask("SELECT checksum FROM views_version"), store_views_checksum);
}
END_TEST

/* From each version that ever was, with what it can hold, to the newest. */
START_TEST(upgrades_from_every_version)
{
	sqlite3 *other;
	char stamp[96];

	ck_assert_int_eq(sqlite3_open(fixture_path, &other), SQLITE_OK);
	for (int version = 0; version <= _i; version++)
		ck_assert_int_eq(sqlite3_exec(other, store_migrations[version], NULL, NULL, NULL),
				 SQLITE_OK);
	snprintf(stamp, sizeof stamp,
		 "PRAGMA application_id = 0x54637475; PRAGMA user_version = %d", _i + 1);
	ck_assert_int_eq(sqlite3_exec(other, stamp, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "INSERT INTO user VALUES ('" USER_1 "', 'Ada', 1, 1)",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(other);
	expect_user();
	ck_assert_int_eq(ask("PRAGMA user_version"), store_migration_count);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_files");
	TCase *tcase = tcase_create("files");

	tcase_add_checked_fixture(tcase, fixture_set_up, fixture_tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, makes_directory_and_files);
	tcase_add_test(tcase, works_in_the_present_directory);
	tcase_add_test(tcase, keeps_what_was_stored);
	tcase_add_test(tcase, settings_of_the_connection);
	tcase_add_test(tcase, an_empty_file_is_a_new_database);
	tcase_add_test(tcase, refuses_a_second_tactusd);
	tcase_add_test(tcase, a_killed_one_leaves_no_lock);
	tcase_add_test(tcase, another_program_writes);
	tcase_add_test(tcase, a_deleted_file_takes_no_more);
	tcase_add_test(tcase, damage_while_it_runs);
	tcase_add_test(tcase, views_of_an_older_program_are_replaced);
	tcase_add_loop_test(tcase, upgrades_from_every_version, 0, store_migration_count);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
