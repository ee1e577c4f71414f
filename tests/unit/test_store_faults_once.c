/*
 * test_store_faults_once.c - requests that are carried out once, on a disk that fails or loses power,
 * by a phone that sends again whatever it got no answer to.
 *
 * In the end each request is there exactly once, and whoever asks again gets what he was told first.
 */
#include "store_asking.h"

#include "check_main.h"
#include "faults/failing_disk.c"

#include <errno.h>
#include <sys/wait.h>

#define GROUPS 4   /* of requests that are submitted together */
#define TOGETHER 3 /* and the first of them twice */
#define REQUESTS (GROUPS * TOGETHER)

/* The title is the request's number; the song's id is another each time it is sent. Some are more
 * than a page. */
static const struct store_step add_titled[] = {
	{"INSERT INTO song (id, title, notes)"
	 " VALUES (:song_id, :title, iif(:title % 3 = 0, hex(zeroblob(4500)), ''))",
	 NULL},
	{"SELECT json_object('nth', (SELECT count(*) FROM song)) AS answer_json", NULL},
	{NULL, NULL},
};

/* What the phone knows. */
struct phone {
	int sent; /* in all */
	bool answered[REQUESTS];
	json_int_t answer[REQUESTS];
};

static struct store_job request(struct phone *phone, int number, struct outcome *out)
{
	char id[16], title[16];

	snprintf(id, sizeof id, "request %d", number);
	snprintf(title, sizeof title, "%d", number);
	return job_of(ASKING(.id = id, .song = ++phone->sent, .title = title, .steps = add_titled),
		      out);
}

/* An answer came, or the phone was told that the disk failed. */
static void hear(struct phone *phone, int number, struct outcome *out)
{
	ck_assert_int_eq(out->called, 1);
	if (out->status == STORE_OK) {
		const json_int_t answer = json_integer_value(
			json_object_get(json_object_get(out->row, "answer_json"), "nth"));
		ck_assert_int_gt(answer, 0);
		if (phone->answered[number])
			ck_assert_int_eq(answer, phone->answer[number]);
		ck_assert(!phone->answered[number] || out->repeated);
		phone->answered[number] = true;
		phone->answer[number] = answer;
	} else {
		ck_assert_int_eq(out->status, STORE_FAILED);
	}
	outcome_free(out);
}

static void send_group(struct store *store, struct phone *phone, int group)
{
	struct outcome out[TOGETHER + 1];

	for (int i = 0; i <= TOGETHER; i++) {
		const struct store_job job =
			request(phone, group * TOGETHER + i % TOGETHER, &out[i]);
		if (i < TOGETHER)
			ck_assert_int_eq(store_submit(store, &job), 0);
		else
			ck_assert_int_eq(store_run(store, &job), 0);
	}
	bool all = true;
	for (int i = 0; i <= TOGETHER; i++) {
		all = all && out[i].status == STORE_OK;
		hear(phone, group * TOGETHER + i % TOGETHER, &out[i]);
	}
	ck_assert(!all || !failing_disk_unsynced("-wal"));
}

/* What is still open, once more. */
static void send_again(struct store *store, struct phone *phone, int below)
{
	struct outcome out;

	for (int number = 0; number < below; number++) {
		if (phone->answered[number])
			continue;
		const struct store_job job = request(phone, number, &out);
		ck_assert_int_eq(store_run(store, &job), 0);
		hear(phone, number, &out);
	}
}

/* --- In the end ----------------------------------------------------------------------------- */

/* Everything is sent again, also what was answered: the answer may be what the line lost. */
static void expect_each_once(struct phone *phone)
{
	struct store *store = fixture_open();
	struct outcome out;

	send_again(store, phone, REQUESTS);
	for (int number = 0; number < REQUESTS; number++) {
		const struct store_job job = request(phone, number, &out);
		ck_assert_int_eq(store_run(store, &job), 0);
		ck_assert_msg(out.status == STORE_OK && out.repeated, "request %d", number);
		hear(phone, number, &out);
	}
	ck_assert_int_eq(songs(store), REQUESTS);
	ck_assert_int_eq(kept(store), REQUESTS);
	ck_assert_int_eq(number_of(store, "SELECT count(DISTINCT title) AS n FROM song"), REQUESTS);
	ck_assert_int_eq(number_of(store, "SELECT count(DISTINCT response) AS n"
					  " FROM request_result"),
			 REQUESTS);
	ck_assert_int_eq(number_of(store, "SELECT integrity_check = 'ok' AS n"
					  " FROM pragma_integrity_check"),
			 1);
	ck_assert_int_eq(number_of(store, "SELECT count(*) AS n FROM pragma_foreign_key_check"), 0);
	store_close(store);
}

/* --- A database with people, made once ------------------------------------------------------- */

static char made[65536 * 8];
static size_t made_size;

static void make(void)
{
	fixture_set_up();
	store_close(open_with_people());
	FILE *file = fopen(fixture_path, "rb");
	ck_assert_ptr_nonnull(file);
	made_size = fread(made, 1, sizeof made, file);
	fclose(file);
	fixture_tear_down();
	ck_assert_uint_lt(made_size, sizeof made);
}

static void set_scene(void)
{
	fixture_set_up();
	FILE *file = fopen(fixture_path, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(made, 1, made_size, file), made_size);
	fclose(file);
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

/* --- Every call fails ------------------------------------------------------------------------ */

/* Returns how many requests the phone got no answer to while the disk was as it was. */
static int play(struct phone *phone, long first, long count, int error)
{
	struct store *store = fixture_open();
	int open = 0;

	memset(phone, 0, sizeof *phone);
	arm(first, count, error, false);
	for (int group = 0; group < GROUPS; group++) {
		send_group(store, phone, group);
		for (int number = 0; number < (group + 1) * TOGETHER; number++)
			open += !phone->answered[number];
		send_again(store, phone, (group + 1) * TOGETHER);
	}
	store_close(store);
	return open;
}

START_TEST(every_call_fails)
{
	const int error = _i % 2 ? ENOSPC : EIO;
	const long count = _i / 2 ? 1000000 : 1;
	struct phone phone;
	int open = 0;

	make();
	set_scene();
	ck_assert_int_eq(play(&phone, 0, 0, 0), 0);
	const long calls = failing_disk_calls();
	failing_disk_disarm();
	expect_each_once(&phone);
	fixture_tear_down();
	for (long n = 1; n <= calls; n++) {
		set_scene();
		open += play(&phone, n, count, error);
		failing_disk_disarm();
		expect_each_once(&phone);
		fixture_tear_down();
	}
	ck_assert_int_gt(calls, 4 * GROUPS);
	ck_assert_int_ge(open, 2 * REQUESTS); /* it did hurt */
}
END_TEST

/* --- The power goes at every call ------------------------------------------------------------ */

struct told {
	int number;
	json_int_t answer;
};

static void tell(int pipe_in, const struct phone *phone)
{
	for (int number = 0; number < REQUESTS; number++) {
		const struct told told = {number, phone->answer[number]};
		if (phone->answered[number] &&
		    write(pipe_in, &told, sizeof told) != (ssize_t)sizeof told)
			_exit(1);
	}
}

/* In a process of its own, which goes away at call n. */
static void doomed(long n, int pipe_in)
{
	static struct phone phone;

	arm(n, 1, 0, true);
	struct store *store = fixture_open();
	for (int group = 0; group < GROUPS; group++) {
		send_group(store, &phone, group);
		tell(pipe_in, &phone);
	}
	store_close(store);
	_exit(0);
}

static void listen_to(int pipe_out, struct phone *phone)
{
	struct told told;

	while (read(pipe_out, &told, sizeof told) == (ssize_t)sizeof told) {
		phone->answered[told.number] = true;
		phone->answer[told.number] = told.answer;
	}
}

/* Returns whether it died on the way. */
static bool cut_at(long n, int *open)
{
	struct phone phone = {.sent = 1000};
	int ends[2];
	int status;

	set_scene();
	ck_assert_int_eq(pipe(ends), 0);
	const pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		doomed(n, ends[1]);
	close(ends[1]);
	listen_to(ends[0], &phone);
	close(ends[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_msg(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == FAILING_DISK_CUT, "%d",
		      WEXITSTATUS(status));
	for (int number = 0; number < REQUESTS; number++)
		*open += !phone.answered[number];
	expect_each_once(&phone);
	fixture_tear_down();
	return WEXITSTATUS(status) != 0;
}

START_TEST(power_goes_at_every_call)
{
	int open = 0;
	long n = 1;

	make();
	while (cut_at(n, &open))
		n++;
	ck_assert_int_gt(n, 4 * GROUPS);
	ck_assert_int_ge(open, 2 * REQUESTS);
}
END_TEST

/* --- Those that only read -------------------------------------------------------------------- */

/* They run again after the batch has failed, as if for the first time. */
START_TEST(a_reader_that_runs_again_begins_anew)
{
	static const struct store_step count_on[] = {
		{"SELECT ifnull(:n, 0) + 1 AS n", NULL},
		{"SELECT :n AS seen", NULL},
		{NULL, NULL},
	};
	enum { JOBS = 12 };
	struct outcome out[JOBS];
	struct phone phone = {0};

	fixture_set_up();
	struct store *store = open_with_people();
	arm(1, 1000000, ENOSPC, false);
	for (int i = 0; i < JOBS; i++) {
		struct store_job job = request(&phone, i, &out[i]);
		if (i % 2) {
			job.steps = count_on;
			job.once = false;
		}
		ck_assert_int_eq(i < JOBS - 1 ? store_submit(store, &job) : store_run(store, &job),
				 0);
	}
	failing_disk_disarm();
	for (int i = 0; i < JOBS; i++) {
		ck_assert_int_eq(out[i].status, i % 2 ? STORE_OK : STORE_FAILED);
		if (i % 2)
			ck_assert_int_eq(json_integer_value(json_object_get(out[i].row, "seen")),
					 1);
		outcome_free(&out[i]);
	}
	store_close(store);
	fixture_tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_faults_once");
	TCase *tcase = tcase_create("faults");

	/* The faults are ours: no need to wait for a real disk. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, every_call_fails, 0, 4);
	tcase_add_test(tcase, power_goes_at_every_call);
	tcase_add_test(tcase, a_reader_that_runs_again_begins_anew);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
