/*
 * test_store_stall.c - a disk that stalls for two seconds holds nobody up (DESIGN law 8).
 */
#include "store_fixture.h"

#include "check_main.h"
#include "faults/failing_disk.c"

static const struct store_step insert_user[] = {
	{"INSERT INTO user VALUES (:id, 'Bo', 1, 1)", NULL},
	{NULL, NULL},
};

static json_t *user_params(int number)
{
	char id[37];

	snprintf(id, sizeof id, "00000000-0000-4000-8000-%012d", number);
	return json_pack("{s:s}", "id", id);
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

START_TEST(two_seconds_of_sync_hold_nobody_up)
{
	enum { JOBS = 200 };
	static struct outcome out[JOBS];
	double longest = 0;
	int calls = 0;

	fixture_set_up();
	struct store *store = fixture_open();
	const struct failing_plan plan = {
		.directory = fixture_dir, .slow_syncs = 1, .slow_ms = 2000};
	failing_disk_arm(&plan);
	memset(out, 0, sizeof out);
	const double start = now_s();
	while (calls < JOBS || store_pending(store) > 0) {
		const double before = now_s();
		if (calls < JOBS) {
			const struct store_job job = {.steps = insert_user,
						      .params = user_params(calls),
						      .done = keep_outcome,
						      .user = &out[calls]};
			ck_assert_int_eq(store_submit(store, &job), 0);
			calls++;
		}
		store_collect(store);
		const double took = now_s() - before;
		longest = took > longest ? took : longest;
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	}
	ck_assert_double_ge(now_s() - start, 2.0);
	ck_assert_double_lt(longest, 0.2); /* of a machine that others use too */
	for (int i = 0; i < JOBS; i++) {
		ck_assert_int_eq(out[i].status, STORE_OK);
		outcome_free(&out[i]);
	}
	/* What came in during the stall was stored together. */
	ck_assert_uint_le(store_commits(store), 20);
	failing_disk_disarm();
	store_close(store);
	fixture_tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_stall");
	TCase *tcase = tcase_create("stall");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, two_seconds_of_sync_hold_nobody_up);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
