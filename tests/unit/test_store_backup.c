/*
 * test_store_backup.c - copies of the database (store.h): whole, of one moment, and never half of one.
 */
#include "store_asking.h"
#include "store_files.h"
#include "store_sql.h"

#include "check_main.h"
#include "faults/failing_disk.c"

static char copies[80]; /* a directory of their own, so that faults hit the copy alone */
static char copy_path[100];
static char part_path[110];

static void set_up(void)
{
	fixture_set_up();
	snprintf(copies, sizeof copies, "%s/copies", fixture_dir);
	ck_assert_int_eq(mkdir(copies, 0755), 0);
	snprintf(copy_path, sizeof copy_path, "%s/copy.db", copies);
	snprintf(part_path, sizeof part_path, "%s.part", copy_path);
}

static void wait_for_all(struct store *store)
{
	static const struct store_step nothing[] = {{NULL, NULL}};
	const struct store_job last = {.steps = nothing};

	ck_assert_int_eq(store_run(store, &last), 0);
	ck_assert_uint_eq(store_pending(store), 0);
}

static enum store_status back_up(struct store *store, const char *path, struct outcome *out)
{
	memset(out, 0, sizeof *out);
	ck_assert_int_eq(store_backup(store, path, keep_outcome, out), 0);
	wait_for_all(store);
	ck_assert_int_eq(out->called, 1);
	const enum store_status status = out->status;
	json_decref(out->row);
	out->row = NULL;
	return status;
}

static void backs_up(struct store *store)
{
	struct outcome out;

	ck_assert_msg(back_up(store, copy_path, &out) == STORE_OK, "%s", out.what);
	ck_assert_int_eq(access(part_path, F_OK), -1);
	ck_assert_uint_eq(mode_of(copy_path), 0640);
}

/* It must fail with a sentence that names the file and has `says`. */
static void backup_fails(struct store *store, const char *path, const char *says)
{
	struct outcome out;

	ck_assert_int_eq(back_up(store, path, &out), STORE_FAILED);
	ck_assert_msg(strstr(out.what, path) && strstr(out.what, says), "\"%s\"", out.what);
}

static void add(struct store *store, int number)
{
	char id[16];
	struct outcome out;

	snprintf(id, sizeof id, "r%d", number);
	ask_for(store, ASKING(.id = id, .song = number), &out);
	ck_assert_msg(out.status == STORE_OK, "%s", out.what);
	outcome_free(&out);
}

/* --- Whole ---------------------------------------------------------------------------------- */

static long long ask_copy(const char *sql)
{
	char original[sizeof fixture_path];

	memcpy(original, fixture_path, sizeof original);
	snprintf(fixture_path, sizeof fixture_path, "%.95s", copy_path);
	const long long answer = ask(sql);
	memcpy(fixture_path, original, sizeof original);
	return answer;
}

/* By SQLite alone. */
static void expect_sound_copy(void)
{
	ck_assert_int_eq(ask_copy("SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
	ck_assert_int_eq(ask_copy("SELECT count(*) FROM pragma_foreign_key_check"), 0);
	ck_assert_int_eq(ask_copy("PRAGMA user_version"), store_migration_count);
	ck_assert_int_eq(ask_copy("PRAGMA application_id"), 0x54637475);
	ck_assert_int_eq(ask_copy("SELECT count(*) FROM song_search"),
			 ask_copy("SELECT count(*) FROM song"));
}

static void same_rows(sqlite3 *both, const char *table)
{
	char sql[400];
	sqlite3_stmt *statement;

	snprintf(sql, sizeof sql,
		 "SELECT (SELECT count(*) FROM (SELECT * FROM main.%s EXCEPT SELECT * FROM "
		 "copy.%s)),"
		 " (SELECT count(*) FROM (SELECT * FROM copy.%s EXCEPT SELECT * FROM main.%s)),"
		 " (SELECT count(*) FROM main.%s) - (SELECT count(*) FROM copy.%s)",
		 table, table, table, table, table, table);
	ck_assert_int_eq(sqlite3_prepare_v2(both, sql, -1, &statement, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	for (int i = 0; i < 3; i++)
		ck_assert_msg(sqlite3_column_int(statement, i) == 0, "%s", table);
	sqlite3_finalize(statement);
}

/* Row for row, while nobody writes. */
static void expect_same(void)
{
	sqlite3 *both;
	sqlite3_stmt *tables;
	char sql[160];
	int count = 0;

	ck_assert_int_eq(sqlite3_open(fixture_path, &both), SQLITE_OK);
	snprintf(sql, sizeof sql, "ATTACH '%s' AS copy", copy_path);
	ck_assert_int_eq(sqlite3_exec(both, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_prepare_v2(both, "SELECT name FROM main.sqlite_schema WHERE type = 'table'", -1,
			   &tables, NULL);
	for (; sqlite3_step(tables) == SQLITE_ROW; count++)
		same_rows(both, (const char *)sqlite3_column_text(tables, 0));
	ck_assert_int_gt(count, 10);
	sqlite3_finalize(tables);
	sqlite3_close(both);
}

START_TEST(a_copy_is_whole)
{
	struct store *store = open_with_people();

	for (int i = 1; i <= 50; i++)
		add(store, i);
	backs_up(store);
	expect_sound_copy();
	expect_same();
	add(store, 51); /* the store goes on */
	ck_assert_int_eq(ask_copy("SELECT count(*) FROM song"), 50);
	store_close(store);
}
END_TEST

/* A copy in the place of the database: what was answered is answered again. */
START_TEST(a_copy_is_a_database)
{
	struct store *store = open_with_people();
	struct outcome out;
	struct stat found;

	ask_for(store, ASKING(.song = 1), &out);
	outcome_free(&out);
	backs_up(store);
	ask_for(store, ASKING(.id = "later", .song = 2), &out);
	outcome_free(&out);
	store_close(store);
	ck_assert_int_eq(rename(copy_path, fixture_path), 0);
	ck_assert_int_eq(stat(fixture_path, &found), 0);
	store = fixture_open();
	ask_for(store, ASKING(.song = 3), &out);
	ck_assert(out.status == STORE_OK && out.repeated);
	outcome_free(&out);
	ask_for(store, ASKING(.id = "later", .song = 2), &out);
	ck_assert(out.status == STORE_OK && !out.repeated);
	outcome_free(&out);
	ck_assert_int_eq(songs(store), 2);
	store_close(store);
}
END_TEST

/* --- Of one moment -------------------------------------------------------------------------- */

static void expect_ok(void *user, const struct store_result *result)
{
	int *count = user;

	ck_assert_msg(result->status == STORE_OK, "%s", result->what);
	++*count;
}

static void submit_song(struct store *store, int number, int *count)
{
	char id[16];
	struct outcome unused;

	snprintf(id, sizeof id, "r%d", number);
	struct store_job job = job_of(ASKING(.id = id, .song = number), &unused);
	job.done = expect_ok;
	job.user = count;
	ck_assert_int_eq(store_submit(store, &job), 0);
}

/* Each copy has what was submitted before it, all of it, and nothing else. */
START_TEST(a_copy_while_all_write)
{
	enum { COPIES = 5, BETWEEN = 40 };
	struct store *store = open_with_people();
	char path[COPIES][120];
	int done = 0;
	int number = 0;

	for (int i = 0; i < COPIES; i++) {
		for (int j = 0; j < BETWEEN; j++)
			submit_song(store, ++number, &done);
		snprintf(path[i], sizeof path[i], "%s/%d.db", copies, i);
		ck_assert_int_eq(store_backup(store, path[i], expect_ok, &done), 0);
	}
	for (int j = 0; j < BETWEEN; j++)
		submit_song(store, ++number, &done);
	wait_for_all(store);
	ck_assert_int_eq(done, number + COPIES);
	for (int i = 0; i < COPIES; i++) {
		snprintf(copy_path, sizeof copy_path, "%.99s", path[i]);
		expect_sound_copy();
		ck_assert_int_eq(ask_copy("SELECT count(*) FROM song"), (i + 1) * BETWEEN);
		ck_assert_int_eq(ask_copy("SELECT max(title) = 'T' AND count(*) = "
					  "(SELECT count(*) FROM request_result) FROM song"),
				 1);
	}
	store_close(store);
}
END_TEST

START_TEST(closing_finishes_the_copy)
{
	struct store *store = open_with_people();
	int done = 0;

	for (int i = 1; i <= 20; i++)
		submit_song(store, i, &done);
	ck_assert_int_eq(store_backup(store, copy_path, NULL, NULL), 0);
	store_close(store);
	expect_sound_copy();
	expect_same();
}
END_TEST

/* --- Where it cannot be ---------------------------------------------------------------------- */

START_TEST(nobodys_file_is_written_over)
{
	struct store *store = open_with_people();
	char content[8] = "";

	FILE *file = fopen(copy_path, "w");
	ck_assert_int_ge(fputs("dear", file), 0);
	fclose(file);
	backup_fails(store, copy_path, "choose another name");
	file = fopen(copy_path, "r");
	ck_assert_ptr_nonnull(fgets(content, sizeof content, file));
	fclose(file);
	ck_assert_str_eq(content, "dear");
	ck_assert_int_eq(unlink(copy_path), 0);
	ck_assert_int_eq(mkdir(copy_path, 0755), 0);
	backup_fails(store, copy_path, "choose another name");
	ck_assert_int_eq(rmdir(copy_path), 0);
	/* a link to nowhere is somebody's, too */
	ck_assert_int_eq(symlink("nowhere.db", copy_path), 0);
	backup_fails(store, copy_path, "choose another name");
	ck_assert_int_eq(unlink(copy_path), 0);
	ck_assert_int_eq(rmdir(copies), 0); /* nothing is left in it */
	store_close(store);
}
END_TEST

START_TEST(what_a_killed_one_left_is_replaced)
{
	struct store *store = open_with_people();

	FILE *file = fopen(part_path, "w");
	ck_assert_int_ge(fputs("SQLite format 3", file), 0);
	fclose(file);
	backs_up(store);
	expect_sound_copy();
	store_close(store);
}
END_TEST

START_TEST(no_such_place)
{
	struct store *store = open_with_people();
	char path[160];

	snprintf(path, sizeof path, "%s/no/such/copy.db", copies);
	backup_fails(store, path, "make the directory above it first");
	snprintf(path, sizeof path, "%s/copy.db", fixture_path); /* a file is no directory */
	backup_fails(store, path, "make the directory above it first");
	add(store, 1);
	backs_up(store);
	store_close(store);
}
END_TEST

START_TEST(a_directory_that_may_not_be_written)
{
	const unsigned nobody = 65534;

	if (geteuid() == 0) {
		ck_assert_int_eq(chown(fixture_dir, nobody, nobody), 0);
		ck_assert_int_eq(chown(copies, nobody, nobody), 0);
		ck_assert_int_eq(seteuid(nobody), 0);
	}
	struct store *store = open_with_people();
	ck_assert_int_eq(chmod(copies, 0500), 0);
	backup_fails(store, copy_path, "let tactusd's user write there");
	ck_assert_int_eq(chmod(copies, 0700), 0);
	backs_up(store);
	store_close(store);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

/* --- Faults --------------------------------------------------------------------------------- */

static void arm(long first, long count, int error, bool cut)
{
	const struct failing_plan plan = {
		.directory = copies, .first = first, .count = count, .error = error, .cut = cut};

	failing_disk_arm(&plan);
}

static struct store *open_for_faults(void)
{
	struct store *store = open_with_people();

	for (int i = 1; i <= 20; i++)
		add(store, i);
	return store;
}

/* Nothing is left of it. Returns false if the copy did not need that call: then it is there, whole. */
static bool fail_at(struct store *store, long first, long count, int error)
{
	const char *advice = error == ENOSPC ? "free some space" : "the disk fails";
	struct outcome out;

	arm(first, count, error, false);
	const enum store_status status = back_up(store, copy_path, &out);
	failing_disk_disarm();
	if (status == STORE_OK) {
		expect_sound_copy();
		expect_same();
		ck_assert_int_eq(unlink(copy_path), 0);
	} else {
		ck_assert_int_eq(status, STORE_FAILED);
		ck_assert_msg(strstr(out.what, copy_path) && strstr(out.what, advice),
			      "call %ld: \"%s\"", first, out.what);
	}
	ck_assert_int_eq(rmdir(copies), 0); /* it is empty */
	ck_assert_int_eq(mkdir(copies, 0755), 0);
	return status == STORE_FAILED;
}

START_TEST(every_call_fails)
{
	const int error = _i ? ENOSPC : EIO;
	struct store *store = open_for_faults();
	int unneeded = 0;

	arm(0, 0, 0, false);
	backs_up(store);
	const long calls = failing_disk_calls();
	ck_assert_int_ge(failing_disk_syncs(), 2); /* the file's and the directory's */
	ck_assert(!failing_disk_unsynced(".part"));
	failing_disk_disarm();
	ck_assert_int_eq(unlink(copy_path), 0);
	ck_assert_int_gt(calls, 10);
	for (long n = 1; n <= calls; n++) {
		ck_assert(fail_at(store, n, 1000000, error));
		unneeded += !fail_at(store, n, 1, error);
		add(store, 20 + (int)n);
	}
	ck_assert_int_le(unneeded, 1); /* SQLite's sync of its journal's name */
	backs_up(store);
	expect_sound_copy();
	expect_same();
	store_close(store);
}
END_TEST

/* The copy's name is there when the copy is. Returns whether it died on the way. */
static bool cut_at(long n)
{
	int status;

	const pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct store *store = fixture_open();
		arm(n, 1, 0, true);
		store_backup(store, copy_path, NULL, NULL);
		wait_for_all(store);
		store_close(store);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	if (access(copy_path, F_OK) == 0) {
		expect_sound_copy();
		expect_same();
		unlink(copy_path);
	} else {
		ck_assert_int_eq(WEXITSTATUS(status), FAILING_DISK_CUT);
	}
	return WEXITSTATUS(status) != 0;
}

START_TEST(power_goes_at_every_call)
{
	struct store *store = open_for_faults();
	long n = 1;

	store_close(store);
	while (cut_at(n))
		n++;
	ck_assert_int_gt(n, 10);
	store = fixture_open();
	backs_up(store); /* over what was left */
	store_close(store);
	expect_same();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_backup");
	TCase *tcase = tcase_create("backup");

	/* The faults are ours: no need to wait for a real disk. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);
	tcase_add_checked_fixture(tcase, set_up, fixture_tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_copy_is_whole);
	tcase_add_test(tcase, a_copy_is_a_database);
	tcase_add_test(tcase, a_copy_while_all_write);
	tcase_add_test(tcase, closing_finishes_the_copy);
	tcase_add_test(tcase, nobodys_file_is_written_over);
	tcase_add_test(tcase, what_a_killed_one_left_is_replaced);
	tcase_add_test(tcase, no_such_place);
	tcase_add_test(tcase, a_directory_that_may_not_be_written);
	tcase_add_loop_test(tcase, every_call_fails, 0, 2);
	tcase_add_test(tcase, power_goes_at_every_call);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
