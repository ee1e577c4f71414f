/*
 * roles_fixture.h - a session of six people with three songs, for the tests of who plays what.
 *
 * Included by one test program at a time; every function is static.
 */
#ifndef TACTUS_ROLES_FIXTURE_H
#define TACTUS_ROLES_FIXTURE_H

#include "role_sql.h"
#include "store_fixture.h"

#include <stdbool.h>
#include <stdint.h>

#define PEOPLE 6
#define SLOTS 8
#define SONGS 3
#define MD 0
#define NOBODY (-1)
#define SOMEBODY_ELSE PEOPLE /* of no session, or of another */

/* ---- names of things ------------------------------------------------------------------------ */

static const char *person_id(int person)
{
	static char id[8][37];

	snprintf(id[person], sizeof id[person], "10000000-0000-4000-8000-%012d", person);
	return id[person];
}

static const char *slot_id(int slot)
{
	static char id[16][37];

	snprintf(id[slot], sizeof id[slot], "7ac70500-0000-4000-8000-%012d", slot + 1);
	return id[slot];
}

static const char *song_id(int song)
{
	static char id[8][37];

	snprintf(id[song], sizeof id[song], "50000000-0000-4000-8000-%012d", song);
	return id[song];
}

static int UNUSED index_of(const char *id, const char *(*name)(int), int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(name(i), id) == 0)
			return i;
	ck_abort_msg("nobody is called %s", id);
	return NOBODY;
}

/* ---- a band --------------------------------------------------------------------------------- */

static const struct store_step add_person[] = {
	{"INSERT INTO user VALUES (:user_id, 'P', 1, 1) ON CONFLICT DO NOTHING", NULL},
	{"INSERT INTO participant (session_id, user_id, join_time, last_heartbeat) "
	 "VALUES (:session_id, :user_id, 1, 1) ON CONFLICT DO NOTHING",
	 NULL},
	{NULL, NULL},
};
static const struct store_step add_song[] = {
	{"INSERT INTO song (id, title) VALUES (:song_id, 'S')", NULL},
	{NULL, NULL},
};
static const struct store_step add_item[] = {
	{"INSERT INTO setlist VALUES ('" SETLIST_1 "', :session_id, 'T', 1) ON CONFLICT DO NOTHING",
	 NULL},
	{"INSERT INTO setlist_item (setlist_id, position, song_id) "
	 "VALUES ('" SETLIST_1 "', :position, :song_id)",
	 NULL},
	{"UPDATE session SET active_setlist_id = '" SETLIST_1 "' WHERE id = :session_id", NULL},
	{NULL, NULL},
};
/* The other session has everybody, and others' hands on its slots: nothing here touches that. */
static const struct store_step fill_other[] = {
	{"INSERT INTO role_assignment VALUES "
	 "(:session_id, :user_id, :slot_id, 'global', NULL, 7), "
	 "(:session_id, :user_id, :slot_id, 'song', :song_id, 7)",
	 NULL},
	{NULL, NULL},
};

static struct store *store;
static int64_t now_ms; /* rises with every request */

/* Takes params. */
static void UNUSED must(const struct store_step *steps, json_t *params)
{
	struct outcome out;

	ck_assert_msg(run(store, steps, params, 0, &out) == STORE_OK, "%s", out.what);
	outcome_free(&out);
}

static void add_people(const char *session)
{
	for (int i = 0; i < PEOPLE; i++)
		must(add_person,
		     json_pack("{s:s, s:s}", "session_id", session, "user_id", person_id(i)));
}

static void UNUSED band_set_up(void)
{
	fixture_set_up();
	store = fixture_open();
	now_ms = 1000;
	must(make_session, session_params(SESSION_1, person_id(MD), "CDFHJK"));
	must(make_session, session_params(SESSION_2, person_id(SOMEBODY_ELSE), "CDFHJM"));
	add_people(SESSION_1);
	add_people(SESSION_2);
	for (int i = 0; i < SONGS; i++)
		must(add_song, json_pack("{s:s}", "song_id", song_id(i)));
	for (int i = 0; i < SONGS; i++)
		must(add_item, json_pack("{s:s, s:i, s:s}", "session_id", SESSION_1, "position", i,
					 "song_id", song_id(i)));
	for (int i = 0; i < SLOTS; i++)
		must(fill_other, json_pack("{s:s, s:s, s:s, s:s}", "session_id", SESSION_2,
					   "user_id", person_id(i % PEOPLE), "slot_id", slot_id(i),
					   "song_id", song_id(i % SONGS)));
}

static void UNUSED band_tear_down(void)
{
	store_close(store);
	fixture_tear_down();
}

/* ---- asking --------------------------------------------------------------------------------- */

/* As durable.h gives it: `fields` are the request's (taken), `away` a bit a person. What the store says:
 * "ok", or the code with its field. */
static const char UNUSED *ask(const struct store_step *steps, int me, unsigned away, json_t *fields)
{
	static char said[512];
	struct outcome out;
	json_t *gone = json_array();

	for (int i = 0; i < PEOPLE; i++)
		if (away & (1u << i))
			json_array_append_new(gone, json_string(person_id(i)));
	json_object_update_new(fields,
			       json_pack("{s:s, s:s, s:I, s:o}", "session_id", SESSION_1, "me",
					 person_id(me), "now", (json_int_t)++now_ms, "away", gone));
	const enum store_status status = run(store, steps, fields, 0, &out);
	ck_assert_msg(status == STORE_OK || status == STORE_REFUSED, "%s", out.what);
	snprintf(said, sizeof said, "%s", status == STORE_OK ? "ok" : out.what);
	outcome_free(&out);
	return said;
}

static const struct store_step UNUSED leave[] = {
	{"UPDATE participant SET left_at = 5 WHERE session_id = :session_id AND user_id = :user_id",
	 "nobody"},
	{NULL, NULL},
};
static const struct store_step UNUSED come_back[] = {
	{"UPDATE participant SET left_at = NULL "
	 "WHERE session_id = :session_id AND user_id = :user_id",
	 "nobody"},
	{NULL, NULL},
};
static const struct store_step UNUSED hide_song[] = {
	{"UPDATE song SET hidden = :hidden WHERE id = :song_id", "nothing"},
	{NULL, NULL},
};

static json_t UNUSED *person_params(int person)
{
	return json_pack("{s:s, s:s}", "session_id", SESSION_1, "user_id", person_id(person));
}

#endif
