/*
 * store_fixture.h - a store in a directory of its own, for the tests of the database.
 *
 * Included by one test program at a time; every function is static.
 */
#ifndef TACTUS_STORE_FIXTURE_H
#define TACTUS_STORE_FIXTURE_H

#include "store.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

#define USER_1 "11111111-1111-4111-8111-111111111111"
#define USER_2 "22222222-2222-4222-8222-222222222222"
#define SESSION_1 "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
#define SESSION_2 "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
#define SONG_1 "50000000-0000-4000-8000-000000000001"
#define SONG_2 "50000000-0000-4000-8000-000000000002"
#define SETLIST_1 "5e700000-0000-4000-8000-000000000001"
#define DRUMS "7ac70500-0000-4000-8000-000000000001"
#define BASS "7ac70500-0000-4000-8000-000000000003"
#define HASH_1 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* The tests that run without -fork see these left over from the one before: set up resets them. */
static char fixture_dir[64];
static char fixture_path[96];

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void UNUSED fixture_set_up(void)
{
	const char *base = getenv("TMPDIR");

	snprintf(fixture_dir, sizeof fixture_dir, "%s/tactus-store-XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(fixture_dir));
	snprintf(fixture_path, sizeof fixture_path, "%s/tactus.db", fixture_dir);
}

static void UNUSED fixture_tear_down(void)
{
	nftw(fixture_dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static struct store UNUSED *fixture_open(void)
{
	struct store *store = NULL;
	char message[512] = "";

	ck_assert_msg(store_open(&store, fixture_path, NULL, NULL, message, sizeof message) == 0,
		      "%s", message);
	return store;
}

/* What became of a job, kept after its `done`. */
struct outcome {
	int called;
	enum store_status status;
	bool repeated;
	char what[512];
	json_t *row;
	json_t *sections[SECTION_COUNT];
};

static void keep_outcome(void *user, const struct store_result *result)
{
	struct outcome *outcome = user;

	outcome->called++;
	outcome->status = result->status;
	outcome->repeated = result->repeated;
	snprintf(outcome->what, sizeof outcome->what, "%s", result->what ? result->what : "");
	outcome->row = json_incref(result->row);
	for (int i = 0; i < SECTION_COUNT; i++)
		outcome->sections[i] = json_incref(result->sections[i]);
}

static void UNUSED outcome_free(struct outcome *outcome)
{
	json_decref(outcome->row);
	for (int i = 0; i < SECTION_COUNT; i++)
		json_decref(outcome->sections[i]);
	memset(outcome, 0, sizeof *outcome);
}

/* Runs steps now. Takes params. */
static enum store_status UNUSED run(struct store *store, const struct store_step *steps,
				    json_t *params, unsigned sections, struct outcome *outcome)
{
	memset(outcome, 0, sizeof *outcome);
	const struct store_job job = {.steps = steps,
				      .params = params,
				      .sections = sections,
				      .done = keep_outcome,
				      .user = outcome};
	ck_assert_int_eq(store_run(store, &job), 0);
	ck_assert_int_eq(outcome->called, 1);
	return outcome->status;
}

/* A user, a session of hers, her in it, its tempo. */
static const struct store_step UNUSED make_session[] = {
	{"INSERT INTO user VALUES (:user_id, :display_name, :now, :now)", NULL},
	{"INSERT INTO session (id, code, md_user_id, created_at)"
	 " VALUES (:session_id, :code, :user_id, :now)",
	 NULL},
	{"INSERT INTO participant (session_id, user_id, join_time, last_heartbeat)"
	 " VALUES (:session_id, :user_id, :now, :now)",
	 NULL},
	{"INSERT INTO tempo_state (session_id, anchor_timestamp, controller_user_id)"
	 " VALUES (:session_id, :now, :user_id)",
	 NULL},
	{NULL, NULL},
};

static json_t UNUSED *session_params(const char *session, const char *user, const char *code)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:I}", "session_id", session, "user_id", user,
			 "code", code, "display_name", "Ada", "now", (json_int_t)1700000000000);
}

/* A store with Ada's session in it. */
static struct store UNUSED *open_with_session(void)
{
	struct store *store = fixture_open();
	struct outcome out;

	ck_assert_int_eq(
		run(store, make_session, session_params(SESSION_1, USER_1, "CDFHJK"), 0, &out),
		STORE_OK);
	outcome_free(&out);
	return store;
}

#endif
