/*
 * test_store_files.c - opening a database: made, found, refused, brought up to date.
 */
#include "store_fixture.h"
#include "store_sql.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/wait.h>

static const struct store_step insert_user[] = {
	{"INSERT INTO user VALUES ('" USER_1 "', 'Ada', 1, 1)", NULL},
	{NULL, NULL},
};
static const struct store_step count_users[] = {
	{"SELECT count(*) AS n, (SELECT group_concat(integrity_check) FROM pragma_integrity_check)"
	 " AS integrity FROM user",
	 NULL},
	{NULL, NULL},
};

/* Opening must fail with that errno, and a sentence that names the file or its directory and holds
 * `says`. */
static void refuses(const char *path, int error, const char *says)
{
	struct store *store = NULL;
	char message[512] = "";

	ck_assert_int_eq(store_open(&store, path, NULL, NULL, message, sizeof message), -error);
	ck_assert_ptr_null(store);
	ck_assert_msg(strstr(message, says), "\"%s\" does not say \"%s\"", message, says);
	ck_assert_msg(strstr(message, fixture_dir), "\"%s\" names no file", message);
}

static void add_user(void)
{
	struct store *store = fixture_open();
	struct outcome out;

	ck_assert_int_eq(run(store, insert_user, NULL, 0, &out), STORE_OK);
	outcome_free(&out);
	store_close(store);
}

static void expect_user(void)
{
	struct store *store = fixture_open();
	struct outcome out;

	ck_assert_int_eq(run(store, count_users, NULL, 0, &out), STORE_OK);
	ck_assert_int_eq(json_integer_value(json_object_get(out.row, "n")), 1);
	ck_assert_str_eq(json_string_value(json_object_get(out.row, "integrity")), "ok");
	outcome_free(&out);
	store_close(store);
}

static void change_bytes(long at, const void *bytes, size_t size)
{
	const int fd = open(fixture_path, O_RDWR);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, size, at), (ssize_t)size);
	close(fd);
}

/* As another program would. */
static void direct(const char *sql)
{
	sqlite3 *other;
	char *message = NULL;

	ck_assert_int_eq(sqlite3_open(fixture_path, &other), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(other, sql, NULL, NULL, &message) == SQLITE_OK, "%s", message);
	sqlite3_close(other);
}

static long long ask(const char *sql)
{
	sqlite3 *other;
	sqlite3_stmt *statement;

	ck_assert_int_eq(sqlite3_open(fixture_path, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(other, sql, -1, &statement, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	const long long answer = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(other);
	return answer;
}

static unsigned mode_of(const char *path)
{
	struct stat found;

	ck_assert_int_eq(stat(path, &found), 0);
	return found.st_mode & 07777;
}

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

/* --- Refused -------------------------------------------------------------------------------- */

START_TEST(refuses_what_is_no_database)
{
	char text[5000];

	memset(text, 'x', sizeof text);
	close(open(fixture_path, O_CREAT | O_WRONLY, 0640));
	change_bytes(0, text, sizeof text);
	refuses(fixture_path, EBADMSG, "is not a database");
}
END_TEST

/* A page of each kind; whatever is broken, it is said at once and the file is left as it was. */
START_TEST(refuses_a_damaged_database)
{
	char noise[1000];
	struct stat found;

	add_user();
	ck_assert_int_eq(stat(fixture_path, &found), 0);
	memset(noise, 0xa5, sizeof noise);
	change_bytes(_i * 4096 + (_i ? 0 : 100), noise, sizeof noise);
	refuses(fixture_path, EBADMSG, "is damaged");
}
END_TEST

START_TEST(refuses_a_truncated_database)
{
	struct stat found;

	add_user();
	ck_assert_int_eq(stat(fixture_path, &found), 0);
	ck_assert_int_eq(truncate(fixture_path, found.st_size / 4096 / 2 * 4096), 0);
	refuses(fixture_path, EBADMSG, "is damaged");
}
END_TEST

START_TEST(refuses_another_programs_database)
{
	direct("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
	refuses(fixture_path, EBADMSG, "of another program");
	ck_assert_int_eq(ask("SELECT count(*) FROM sqlite_schema"), 1);
	ck_assert_int_eq(ask("SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"),
			 0);
	direct("DROP TABLE theirs; PRAGMA application_id = 12345");
	refuses(fixture_path, EBADMSG, "of another program");
}
END_TEST

START_TEST(refuses_a_newer_layout)
{
	char sql[64];

	add_user();
	snprintf(sql, sizeof sql, "PRAGMA user_version = %d", store_migration_count + 1);
	direct(sql);
	refuses(fixture_path, ENOTSUP, "made by a newer tactusd");
	snprintf(sql, sizeof sql, "PRAGMA user_version = %d", store_migration_count);
	direct(sql);
	expect_user();
}
END_TEST

START_TEST(refuses_a_directory_in_its_place)
{
	char path[100];

	ck_assert_int_eq(mkdir(fixture_path, 0750), 0);
	refuses(fixture_path, EISDIR, "Is a directory");
	snprintf(path, sizeof path, "%s/file/tactus.db", fixture_dir);
	*strrchr(path, '/') = '\0';
	close(open(path, O_CREAT | O_WRONLY, 0640));
	path[strlen(path)] = '/';
	refuses(path, ENOTDIR, "Not a directory");
}
END_TEST

START_TEST(refuses_a_path_too_long)
{
	char path[8000];

	memset(path, 'x', sizeof path);
	memcpy(path, fixture_dir, strlen(fixture_dir));
	path[strlen(fixture_dir)] = '/';
	path[sizeof path - 1] = '\0';
	refuses(path, ENAMETOOLONG, "File name too long");
}
END_TEST

/* Runs a check as a user whom modes bind; root writes everywhere. */
static void as_nobody(void (*check)(void))
{
	ck_assert_int_eq(chmod(fixture_dir, 0777), 0);
	fflush(stdout);
	const pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(2);
		check();
		_exit(0);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "see above");
}

static void may_not_write(const char *what, mode_t mode, const char *says)
{
	struct store *store = NULL;
	char message[512] = "";

	add_user();
	if (chmod(what, mode) != 0 ||
	    store_open(&store, fixture_path, NULL, NULL, message, sizeof message) != -EACCES ||
	    !strstr(message, says)) {
		fprintf(stderr, "expected \"%s\": %s\n", says, message);
		_exit(1);
	}
	chmod(what, mode | 0700);
	expect_user();
}

static void read_only_file(void)
{
	may_not_write(fixture_path, 0440, "let tactusd's user write there");
}

static void unreadable_file(void)
{
	may_not_write(fixture_path, 0, "let tactusd's user write there");
}

/* Its own: the lock's file lies there already, the log of SQLite does not. */
static void read_only_directory(void)
{
	snprintf(fixture_path + strlen(fixture_dir), sizeof fixture_path - strlen(fixture_dir),
		 "/s/tactus.db");
	char directory[96];
	snprintf(directory, sizeof directory, "%s/s", fixture_dir);
	may_not_write(directory, 0550, "let tactusd's user write its directory");
}

static void read_only_directory_anew(void)
{
	struct store *store = NULL;
	char message[512] = "";

	if (store_open(&store, "/usr/tactus.db", NULL, NULL, message, sizeof message) != -EACCES ||
	    !strstr(message, "let tactusd's user write there"))
		_exit(1);
}

START_TEST(refuses_what_it_may_not_write)
{
	static void (*const checks[])(void) = {read_only_file, unreadable_file, read_only_directory,
					       read_only_directory_anew};

	as_nobody(checks[_i]);
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
	tcase_add_test(tcase, refuses_what_is_no_database);
	tcase_add_loop_test(tcase, refuses_a_damaged_database, 0, 4);
	tcase_add_test(tcase, refuses_a_truncated_database);
	tcase_add_test(tcase, refuses_another_programs_database);
	tcase_add_test(tcase, refuses_a_newer_layout);
	tcase_add_test(tcase, refuses_a_directory_in_its_place);
	tcase_add_test(tcase, refuses_a_path_too_long);
	tcase_add_loop_test(tcase, refuses_what_it_may_not_write, 0, 4);
	tcase_add_test(tcase, refuses_a_second_tactusd);
	tcase_add_test(tcase, a_killed_one_leaves_no_lock);
	tcase_add_test(tcase, another_program_writes);
	tcase_add_test(tcase, a_deleted_file_takes_no_more);
	tcase_add_test(tcase, damage_while_it_runs);
	tcase_add_test(tcase, views_of_an_older_program_are_replaced);
	tcase_add_loop_test(tcase, upgrades_from_every_version, 0, store_migration_count);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
