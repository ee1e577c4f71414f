/*
 * test_store_faults.c - the store on a disk that fails, fills up or loses power.
 *
 * What was acknowledged (its `done` said STORE_OK) is there after the next opening, whole; what was
 * not is there whole or not at all; and when the disk is well again, so is the store.
 */
#include "store_fixture.h"

#include "check_main.h"
#include "faults/failing_disk.c"

#include <sys/wait.h>

#define ROUNDS 8 /* jobs of the scenario, one commit each */

/* Two rows a job, to see that none is stored by half; some are more than a page. */
static const struct store_step add_pair[] = {
	{"INSERT INTO song (id, title, notes) VALUES (:a, :n, :notes)", NULL},
	{"INSERT INTO song (id, title, notes) VALUES (:b, :n, '')", NULL},
	{NULL, NULL},
};
static const struct store_step find_pairs[] = {
	{"SELECT ifnull((SELECT json_group_array(count) FROM (SELECT count(song.id) AS count"
	 "  FROM json_each(:numbers) AS number LEFT JOIN song ON song.title = number.value"
	 "  GROUP BY number.key ORDER BY number.key)), '[]') AS counts_json",
	 NULL},
	{"SELECT group_concat(integrity_check) AS integrity FROM pragma_integrity_check", NULL},
	{"SELECT count(*) AS broken FROM pragma_foreign_key_check", NULL},
	{NULL, NULL},
};
static const struct store_step count_songs[] = {
	{"SELECT count(*) AS n FROM song", NULL},
	{NULL, NULL},
};

static json_t *pair_params(int number, size_t notes_bytes)
{
	char a[37], b[37], title[16];
	char *notes = calloc(1, notes_bytes + 1);

	ck_assert_ptr_nonnull(notes);
	memset(notes, 'x', notes_bytes);
	snprintf(title, sizeof title, "%d", number);
	snprintf(a, sizeof a, "00000000-0000-4000-8000-%012d", 2 * number);
	snprintf(b, sizeof b, "00000000-0000-4000-8000-%012d", 2 * number + 1);
	json_t *params =
		json_pack("{s:s, s:s, s:s, s:s}", "a", a, "b", b, "n", title, "notes", notes);
	free(notes);
	return params;
}

static json_t *pair_of_round(int round)
{
	return pair_params(round, round % 3 == 0 ? 9000 : 10);
}

/* What one job came to. */
static bool add_one(struct store *store, int round, struct outcome *outcome)
{
	return run(store, add_pair, pair_of_round(round), 0, outcome) == STORE_OK;
}

static void arm(long first, long count, int error, bool cut)
{
	const struct failing_plan plan = {.directory = fixture_dir,
					  .first = first,
					  .count = count,
					  .error = error,
					  .cut = cut};

	failing_disk_arm(&plan);
}

/* After opening again: acknowledged pairs are there, no half ones, nothing is damaged. Returns how
 * many are there that were not acknowledged. */
static int audit(const bool acknowledged[ROUNDS])
{
	struct store *store = fixture_open();
	struct outcome out;
	json_t *numbers = json_array();
	int extra = 0;

	for (int i = 0; i < ROUNDS; i++) {
		char title[16];
		snprintf(title, sizeof title, "%d", i);
		json_array_append_new(numbers, json_string(title));
	}
	ck_assert_int_eq(run(store, find_pairs, json_pack("{s:o}", "numbers", numbers), 0, &out),
			 STORE_OK);
	const json_t *counts = json_object_get(out.row, "counts_json");
	ck_assert_uint_eq(json_array_size(counts), ROUNDS);
	for (size_t i = 0; i < ROUNDS; i++) {
		const long long count = json_integer_value(json_array_get(counts, i));
		ck_assert_msg(count == 2 || (count == 0 && !acknowledged[i]), "pair %zu has %lld",
			      i, count);
		extra += count == 2 && !acknowledged[i];
	}
	ck_assert_str_eq(json_string_value(json_object_get(out.row, "integrity")), "ok");
	ck_assert_int_eq(json_integer_value(json_object_get(out.row, "broken")), 0);
	outcome_free(&out);
	store_close(store);
	return extra;
}

/* --- The scenarios -------------------------------------------------------------------------- */

/* Either a database is made, which is most of the calls, or one that is there is worked with. */
enum scene { SCENE_MAKE, SCENE_WORK };

static char made[65536 * 8]; /* the file of a new database */
static size_t made_size;

static void keep_made(void)
{
	fixture_set_up();
	store_close(fixture_open());
	FILE *file = fopen(fixture_path, "rb");
	ck_assert_ptr_nonnull(file);
	made_size = fread(made, 1, sizeof made, file);
	fclose(file);
	fixture_tear_down();
	ck_assert_uint_lt(made_size, sizeof made);
}

static void set_scene(enum scene scene)
{
	fixture_set_up();
	if (scene == SCENE_MAKE)
		return;
	FILE *file = fopen(fixture_path, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(made, 1, made_size, file), made_size);
	fclose(file);
}

/* Opens, adds pairs, closes, all under the plan. False: it did not even open. */
static bool play(enum scene scene, bool acknowledged[ROUNDS], int *failures)
{
	struct store *store = NULL;
	struct outcome out;
	char message[512] = "";

	if (store_open(&store, fixture_path, NULL, NULL, message, sizeof message) < 0) {
		ck_assert_msg(strstr(message, fixture_dir) && strlen(message) > 30, "\"%s\"",
			      message);
		return false;
	}
	for (int i = 0; i < (scene == SCENE_MAKE ? 1 : ROUNDS); i++) {
		acknowledged[i] = add_one(store, i, &out);
		if (!acknowledged[i]) {
			ck_assert_int_eq(out.status, STORE_FAILED);
			ck_assert_msg(strstr(out.what, fixture_path), "\"%s\"", out.what);
			++*failures;
		} else {
			ck_assert(!failing_disk_unsynced("-wal"));
		}
		outcome_free(&out);
	}
	store_close(store);
	return true;
}

/* --- Every call fails once ------------------------------------------------------------------ */

/* The number of calls when none fails. */
static long calls_in_all(enum scene scene)
{
	bool acknowledged[ROUNDS] = {false};
	int failures = 0;

	set_scene(scene);
	arm(0, 0, 0, false);
	ck_assert(play(scene, acknowledged, &failures));
	const long calls = failing_disk_calls();
	failing_disk_disarm();
	ck_assert_int_eq(failures, 0);
	ck_assert_int_eq(audit(acknowledged), 0);
	fixture_tear_down();
	return calls;
}

static void fail_every_call(enum scene scene, int error)
{
	const long calls = calls_in_all(scene);
	int unacknowledged = 0;
	int refused_to_open = 0;
	int jobs_failed = 0;

	for (long n = 1; n <= calls; n++) {
		bool acknowledged[ROUNDS] = {false};
		int failures = 0;
		set_scene(scene);
		arm(n, 1, error, false);
		refused_to_open += !play(scene, acknowledged, &failures);
		failing_disk_disarm();
		ck_assert_msg(failures <= 1, "call %ld failed once, %d jobs with it", n, failures);
		jobs_failed += failures;
		unacknowledged += audit(acknowledged);
		fixture_tear_down();
	}
	ck_assert_int_gt(refused_to_open, 0);
	ck_assert_int_ge(jobs_failed, scene == SCENE_MAKE ? 1 : 2 * ROUNDS);
	/* A failed sync leaves open what is stored; closing has tidied that up each time. */
	ck_assert_int_eq(unacknowledged, 0);
}

START_TEST(every_call_fails_once)
{
	keep_made();
	fail_every_call((enum scene)(_i / 2), _i % 2 ? ENOSPC : EIO);
}
END_TEST

/* --- The power goes at every call ----------------------------------------------------------- */

static void tell_round(void *user, const struct store_result *result)
{
	const int *pipe_and_round = user;
	const char round = (char)pipe_and_round[1];

	if (result->status == STORE_OK && write(pipe_and_round[0], &round, 1) != 1)
		_exit(1);
}

/* In a process of its own, which goes away at call n. Of three jobs each, all are in one batch. */
static void doomed(enum scene scene, long n, int pipe_in)
{
	int users[ROUNDS][2];
	struct store *store = NULL;
	char message[512];

	arm(n, 1, 0, true);
	if (store_open(&store, fixture_path, NULL, NULL, message, sizeof message) < 0)
		_exit(1);
	for (int i = 0; i < (scene == SCENE_MAKE ? 1 : ROUNDS); i++) {
		users[i][0] = pipe_in;
		users[i][1] = i;
		const struct store_job job = {.steps = add_pair,
					      .params = pair_of_round(i),
					      .done = tell_round,
					      .user = users[i]};
		if (i % 3 == 2 ? store_run(store, &job) : store_submit(store, &job))
			_exit(1);
	}
	while (store_pending(store) > 0)
		store_collect(store);
	store_close(store);
	_exit(0);
}

/* Returns whether it died on the way. */
static bool cut_at(enum scene scene, long n)
{
	bool acknowledged[ROUNDS] = {false};
	int ends[2];
	int status;
	char round;

	set_scene(scene);
	ck_assert_int_eq(pipe(ends), 0);
	const pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		doomed(scene, n, ends[1]);
	close(ends[1]);
	while (read(ends[0], &round, 1) == 1)
		acknowledged[(int)round] = true;
	close(ends[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_msg(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == FAILING_DISK_CUT, "%d",
		      WEXITSTATUS(status));
	audit(acknowledged);
	fixture_tear_down();
	return WEXITSTATUS(status) != 0;
}

START_TEST(power_goes_at_every_call)
{
	long n = 1;

	keep_made();
	while (cut_at((enum scene)_i, n))
		n++;
	ck_assert_int_gt(n, 20);
}
END_TEST

/* --- A disk that stays bad, and gets well --------------------------------------------------- */

static void bad_then_well(int error, const char *says)
{
	struct store *store = fixture_open();
	struct outcome out;

	ck_assert(add_one(store, 0, &out));
	outcome_free(&out);
	arm(1, 1000000, error, false);
	for (int i = 1; i <= 3; i++) {
		ck_assert(!add_one(store, i, &out));
		ck_assert_int_eq(out.status, STORE_FAILED);
		ck_assert_msg(strstr(out.what, says), "\"%s\"", out.what);
		outcome_free(&out);
	}
	failing_disk_disarm();
	ck_assert_msg(add_one(store, 4, &out), "\"%s\"", out.what);
	outcome_free(&out);
	store_close(store);
	ck_assert_int_eq(audit((bool[ROUNDS]){[0] = true, [4] = true}), 0);
}

START_TEST(stays_full_then_well)
{
	fixture_set_up();
	bad_then_well(ENOSPC, "disk is full");
	fixture_tear_down();
}
END_TEST

START_TEST(stays_broken_then_well)
{
	fixture_set_up();
	bad_then_well(EIO, "disk failed");
	fixture_tear_down();
}
END_TEST

/* Neither made nor opened; and opened as soon as there is space. */
START_TEST(full_disk_at_the_start)
{
	struct store *store = NULL;
	char message[512];

	keep_made();
	set_scene((enum scene)_i);
	arm(1, 1000000, ENOSPC, false);
	ck_assert_int_eq(store_open(&store, fixture_path, NULL, NULL, message, sizeof message),
			 -ENOSPC);
	ck_assert_msg(strstr(message, "disk is full"), "\"%s\"", message);
	failing_disk_disarm();
	ck_assert_int_eq(audit((bool[ROUNDS]){false}), 0);
	fixture_tear_down();
}
END_TEST

/* What belongs to the connection is gone when that was closed. */
START_TEST(only_a_failed_disk_takes_the_connection)
{
	static const struct store_step mark[] = {{"CREATE TEMP TABLE mark (x)", NULL},
						 {NULL, NULL}};
	static const struct store_step look[] = {{"SELECT count(*) AS n FROM mark", NULL},
						 {NULL, NULL}};
	const int error = _i ? EIO : ENOSPC;
	struct outcome out;

	fixture_set_up();
	struct store *store = fixture_open();
	ck_assert_int_eq(run(store, mark, NULL, 0, &out), STORE_OK);
	outcome_free(&out);
	arm(1, 1, error, false);
	ck_assert(!add_one(store, 0, &out));
	outcome_free(&out);
	failing_disk_disarm();
	ck_assert_int_eq(run(store, look, NULL, 0, &out), error == EIO ? STORE_FAILED : STORE_OK);
	outcome_free(&out);
	store_close(store);
	fixture_tear_down();
}
END_TEST

/* SQLite may end a statement by a full disk, and leave the transaction to us. */
START_TEST(full_within_a_statement)
{
	static const struct store_step no_more[] = {{"PRAGMA max_page_count = 1", NULL},
						    {NULL, NULL}};
	static const struct store_step more[] = {{"PRAGMA max_page_count = 100000", NULL},
						 {NULL, NULL}};
	static const struct store_step many[] = {
		{"WITH RECURSIVE n (i) AS (VALUES (100) UNION ALL SELECT i + 1 FROM n WHERE i < "
		 "200)"
		 " INSERT INTO song (id, title, notes) SELECT"
		 " '00000000-0000-4000-8000-000000000' || i, 'T', hex(zeroblob(9000)) FROM n",
		 NULL},
		{NULL, NULL},
	};
	struct outcome out;

	fixture_set_up();
	struct store *store = fixture_open();
	ck_assert_int_eq(run(store, no_more, NULL, 0, &out), STORE_OK);
	outcome_free(&out);
	ck_assert_int_eq(run(store, many, NULL, 0, &out), STORE_FAILED);
	ck_assert_ptr_nonnull(strstr(out.what, "disk is full"));
	outcome_free(&out);
	ck_assert_int_eq(run(store, more, NULL, 0, &out), STORE_OK);
	outcome_free(&out);
	ck_assert_int_eq(run(store, many, NULL, 0, &out), STORE_OK);
	outcome_free(&out);
	store_close(store);
	fixture_tear_down();
}
END_TEST

/* A change so big that it alone fills the disk is undone, and the disk is as free as before. */
START_TEST(what_was_undone_fills_no_disk)
{
	enum { CALLS = 4000 }; /* 8 MB of a log, at two writes a page of 4 KiB */
	static const struct store_step many[] = {
		{"WITH RECURSIVE n (i) AS (VALUES (1000) UNION ALL SELECT i + 1 FROM n WHERE i < "
		 "3000)"
		 " INSERT INTO song (id, title, notes) SELECT"
		 " '00000000-0000-4000-8000-00000000' || i, 'T', hex(zeroblob(9000)) FROM n",
		 NULL},
		{NULL, NULL},
	};
	struct outcome out;
	struct stat log;
	char name[400];

	fixture_set_up();
	struct store *store = fixture_open();
	snprintf(name, sizeof name, "%s-wal", fixture_path);
	arm(CALLS, 1, ENOSPC, false);
	ck_assert_int_eq(run(store, many, NULL, 0, &out), STORE_FAILED);
	outcome_free(&out);
	ck_assert_int_ge(failing_disk_calls(), CALLS);
	failing_disk_disarm();
	ck_assert_int_eq(stat(name, &log), 0);
	ck_assert_int_le(log.st_size, 4194304);
	ck_assert(add_one(store, 0, &out));
	outcome_free(&out);
	store_close(store);
	fixture_tear_down();
}
END_TEST

/* Readers and writers in one batch, on a full disk: the readers are served, and see nothing of what
 * was not stored. */
START_TEST(full_disk_lets_read)
{
	enum { JOBS = 12 };
	static struct outcome out[JOBS];
	struct outcome last;

	fixture_set_up();
	struct store *store = fixture_open();
	ck_assert(add_one(store, 0, &last));
	outcome_free(&last);
	arm(1, 1000000, ENOSPC, false);
	memset(out, 0, sizeof out);
	for (int i = 0; i < JOBS; i++) {
		const bool writes = i % 3 == 0;
		const struct store_job job = {.steps = writes ? add_pair : count_songs,
					      .params = writes ? pair_of_round(i + 1) : NULL,
					      .done = keep_outcome,
					      .user = &out[i]};
		ck_assert_int_eq(store_submit(store, &job), 0);
	}
	ck_assert_int_eq(run(store, count_songs, NULL, 0, &last), STORE_OK);
	outcome_free(&last);
	ck_assert_uint_eq(store_pending(store), 0);
	for (int i = 0; i < JOBS; i++) {
		ck_assert_int_eq(out[i].called, 1);
		ck_assert_int_eq(out[i].status, i % 3 == 0 ? STORE_FAILED : STORE_OK);
		if (i % 3)
			ck_assert_int_eq(json_integer_value(json_object_get(out[i].row, "n")), 2);
		outcome_free(&out[i]);
	}
	failing_disk_disarm();
	store_close(store);
	fixture_tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_faults");
	TCase *tcase = tcase_create("faults");

	/* The faults are ours: no need to wait for a real disk seven hundred times. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, every_call_fails_once, 0, 4);
	tcase_add_loop_test(tcase, power_goes_at_every_call, 0, 2);
	tcase_add_test(tcase, stays_full_then_well);
	tcase_add_test(tcase, stays_broken_then_well);
	tcase_add_loop_test(tcase, full_disk_at_the_start, 0, 2);
	tcase_add_loop_test(tcase, only_a_failed_disk_takes_the_connection, 0, 2);
	tcase_add_test(tcase, full_within_a_statement);
	tcase_add_test(tcase, what_was_undone_fills_no_disk);
	tcase_add_test(tcase, full_disk_lets_read);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
