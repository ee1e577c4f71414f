/*
 * setlists_fixture.h - a session with songs and setlists, and what stands in them as short texts.
 *
 * Ada (USER_1) is the MD, Bo (USER_2) a member, Cy (USER_3) has left. Songs 1 to 9 are in the library,
 * song 10 is hidden. Setlists: A and B of the session, X of another session.
 *
 * Included by one test program at a time; every function is static.
 */
#ifndef TACTUS_SETLISTS_FIXTURE_H
#define TACTUS_SETLISTS_FIXTURE_H

#include "setlist_sql.h"
#include "store_fixture.h"

#define USER_3 "33333333-3333-4333-8333-333333333333"
#define SONG "50000000-0000-4000-8000-00000000000" /* and a digit */
#define HIDDEN "50000000-0000-4000-8000-000000000010"
#define SETLIST_A "5e700000-0000-4000-8000-00000000000a"
#define SETLIST_B "5e700000-0000-4000-8000-00000000000b"
#define SETLIST_C "5e700000-0000-4000-8000-00000000000c"
#define SETLIST_X "5e700000-0000-4000-8000-0000000000ff"

static const struct store_step fill[] = {
	{"INSERT INTO user VALUES ('" USER_2 "', 'Bo', 1, 1), ('" USER_3 "', 'Cy', 1, 1)", NULL},
	{"INSERT INTO participant (session_id, user_id, join_time, last_heartbeat, left_at) VALUES"
	 " ('" SESSION_1 "', '" USER_2 "', 2, 2, NULL), ('" SESSION_1 "', '" USER_3 "', 3, 3, 4)",
	 NULL},
	{"WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 10)"
	 " INSERT INTO song (id, title, default_key, hidden)"
	 " SELECT printf('50000000-0000-4000-8000-%012d', i), 'Song ' || i, 'C', i = 10 FROM n",
	 NULL},
	{"INSERT INTO session (id, code, md_user_id, created_at)"
	 " VALUES ('" SESSION_2 "', 'CDFHJM', '" USER_2 "', 5)",
	 NULL},
	{"INSERT INTO setlist (id, session_id, title, created_at) VALUES"
	 " ('" SETLIST_A "', '" SESSION_1 "', 'A', 6), ('" SETLIST_B "', '" SESSION_1 "', 'B', 7),"
	 " ('" SETLIST_X "', '" SESSION_2 "', 'X', 8)",
	 NULL},
	{NULL, NULL},
};

static struct store *store;

static void UNUSED set_up(void)
{
	struct outcome out;

	fixture_set_up();
	store = open_with_session();
	ck_assert_int_eq(run(store, fill, NULL, 0, &out), STORE_OK);
	outcome_free(&out);
}

static void UNUSED tear_down(void)
{
	static const struct store_step sound[] = {
		{"SELECT (SELECT group_concat(integrity_check) FROM pragma_integrity_check) AS"
		 " integrity, (SELECT count(*) FROM pragma_foreign_key_check) AS broken",
		 NULL},
		{NULL, NULL},
	};
	struct outcome out;

	ck_assert_int_eq(run(store, sound, NULL, 0, &out), STORE_OK);
	ck_assert_str_eq(json_string_value(json_object_get(out.row, "integrity")), "ok");
	ck_assert_int_eq(json_integer_value(json_object_get(out.row, "broken")), 0);
	outcome_free(&out);
	store_close(store);
	fixture_tear_down();
}

/* Text that may use ' for ". */
static json_t UNUSED *json_from(const char *text)
{
	char *copy = strdup(text);
	json_error_t error;

	for (char *at = copy; (at = strchr(at, '\'')) != NULL;)
		*at = '"';
	json_t *value = json_loads(copy, JSON_DECODE_ANY, &error);
	ck_assert_msg(value != NULL, "%s: %s", copy, error.text);
	free(copy);
	return value;
}

/* A request's fields as the daemon hands them on: with has_... for those that are there. Takes
 * them. */
static enum store_status UNUSED ask_json(const struct store_step *steps, json_t *fields,
					 struct outcome *out)
{
	json_t *params = json_pack("{s:s, s:I}", "session_id", SESSION_1, "now", (json_int_t)9);
	const char *name;
	json_t *value;
	char has[80];

	json_object_foreach(fields, name, value)
	{
		snprintf(has, sizeof has, "has_%s", name);
		json_object_set_new(params, has, json_integer(1));
		json_object_set(params, name, value);
	}
	json_decref(fields);
	return run(store, steps, params, 0, out);
}

static void UNUSED done(const struct store_step *steps, const char *fields)
{
	struct outcome out;

	ck_assert_msg(ask_json(steps, json_from(fields), &out) == STORE_OK, "%s: %s", fields,
		      out.what);
	outcome_free(&out);
}

/* One text from the database. */
static const char UNUSED *text_of(const char *sql)
{
	static char text[20000];
	const struct store_step steps[] = {{sql, NULL}, {NULL, NULL}};
	struct outcome out;

	ck_assert_msg(run(store, steps, NULL, 0, &out) == STORE_OK, "%s: %s", sql, out.what);
	const char *found = json_string_value(json_object_get(out.row, "text"));
	snprintf(text, sizeof text, "%s", found ? found : "");
	outcome_free(&out);
	return text;
}

/* "0:3 1:4/G/128/Bo": position, song and, unless nothing is overridden, key, bpm and leader. */
#define ITEM_TEXT(key, bpm, leader)                                                                \
	"iif(" key " IS NULL AND " bpm " IS NULL AND " leader " IS NULL, '', "                     \
	"printf('/%s/%s/%s', ifnull(" key ", '-'), ifnull(" bpm ", '-'), "                         \
	"ifnull((SELECT display_name FROM user WHERE id = " leader "), '-')))"
#define ITEMS_TEXT(setlist)                                                                        \
	"SELECT group_concat(item, ' ') AS text FROM (SELECT position || ':' || "                  \
	"CAST(substr(song_id, -2) AS INTEGER) || " ITEM_TEXT(                                      \
		"key_override", "bpm_override",                                                    \
		"song_leader_user_id") " AS item FROM setlist_item WHERE setlist_id = '" setlist   \
				       "' ORDER BY position)"

/* "A@1": item 1 of setlist A is on; "A@-": none of it; "-@-"; with " 3/G" song 3 is on without a
 * place. */
#define ON_TEXT                                                                                    \
	"SELECT ifnull(title, '-') || '@' || ifnull(active_position, '-') || ifnull(' ' || "       \
	"CAST(substr(active_song_id, -2) AS INTEGER), '') || " ITEM_TEXT(                          \
		"active_key_override", "active_bpm_override",                                      \
		"active_leader_user_id") " AS text FROM session LEFT JOIN setlist "                \
					 "ON setlist.id = active_setlist_id "                      \
					 "WHERE session.id = '" SESSION_1 "'"

#define EXPECT_A(text) ck_assert_str_eq(text_of(ITEMS_TEXT(SETLIST_A)), text)
#define EXPECT_B(text) ck_assert_str_eq(text_of(ITEMS_TEXT(SETLIST_B)), text)
#define EXPECT_C(text) ck_assert_str_eq(text_of(ITEMS_TEXT(SETLIST_C)), text)
#define EXPECT_ON(text) ck_assert_str_eq(text_of(ON_TEXT), text)

/* All that setlists are, as one text. */
static const char UNUSED *everything(void)
{
	return text_of("SELECT (SELECT json_group_array(json_array(id, session_id, title))"
		       "  FROM (SELECT * FROM setlist ORDER BY id))"
		       " || (SELECT json_group_array(json_array(setlist_id, position, song_id,"
		       "  key_override, bpm_override, song_leader_user_id))"
		       "  FROM (SELECT * FROM setlist_item ORDER BY setlist_id, position))"
		       " || (SELECT json_group_array(json_array(setlist_id, number))"
		       "  FROM (SELECT * FROM setlist_change ORDER BY setlist_id))"
		       " || (SELECT json_group_array(json_array(id, setlist_changes,"
		       "  active_setlist_id, active_position, active_song_id, active_key_override,"
		       "  active_bpm_override, active_leader_user_id))"
		       "  FROM (SELECT * FROM session ORDER BY id)) AS text");
}

/* Refused just so, and nothing is changed. */
static void UNUSED refused(const struct store_step *steps, const char *fields, const char *what)
{
	struct outcome out;
	char *before = strdup(everything());

	ck_assert_msg(ask_json(steps, json_from(fields), &out) == STORE_REFUSED, "%s: %s", fields,
		      out.what);
	ck_assert_str_eq(out.what, what);
	outcome_free(&out);
	ck_assert_str_eq(everything(), before);
	free(before);
}

/* The song of that item is on, as song.activate does it. */
static void UNUSED put_on(int position)
{
	static const struct store_step on[] = {
		{"UPDATE session SET active_position = :position, active_song_id = NULL,"
		 " active_key_override = NULL, active_bpm_override = NULL,"
		 " active_leader_user_id = NULL WHERE id = '" SESSION_1 "'",
		 NULL},
		{NULL, NULL},
	};
	struct outcome out;

	ck_assert_int_eq(run(store, on, json_pack("{s:i}", "position", position), 0, &out),
			 STORE_OK);
	outcome_free(&out);
}

#endif
