/*
 * test_store_refusals.c - databases that cannot be opened: each says what is wrong and what to do.
 */
#include "check_main.h"
#include "store_files.h"
#include "store_sql.h"

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

int main(void)
{
	Suite *suite = suite_create("store_refusals");
	TCase *tcase = tcase_create("refusals");

	tcase_add_checked_fixture(tcase, fixture_set_up, fixture_tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, refuses_what_is_no_database);
	tcase_add_loop_test(tcase, refuses_a_damaged_database, 0, 4);
	tcase_add_test(tcase, refuses_a_truncated_database);
	tcase_add_test(tcase, refuses_another_programs_database);
	tcase_add_test(tcase, refuses_a_newer_layout);
	tcase_add_test(tcase, refuses_a_directory_in_its_place);
	tcase_add_test(tcase, refuses_a_path_too_long);
	tcase_add_loop_test(tcase, refuses_what_it_may_not_write, 0, 4);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
