/*
 * song_fixture.h - a library of songs in a real store, and how to ask it.
 *
 * Included by one test program at a time; every function is static.
 */
#ifndef TACTUS_SONG_FIXTURE_H
#define TACTUS_SONG_FIXTURE_H

#include "song.h"
#include "song_sql.h"
#include "store_fixture.h"

static struct store *store;

static void UNUSED set_up(void)
{
	fixture_set_up();
	store = open_with_session();
}

static void UNUSED tear_down(void)
{
	store_close(store);
	fixture_tear_down();
}

/* ---- asking ------------------------------------------------------------------------------------ */

/* The song_id of the number-th song. */
static json_t UNUSED *song_id(int number)
{
	char id[37];

	snprintf(id, sizeof id, "50000000-0000-4000-8000-%012d", number);
	return json_string(id);
}

/* It ends so; params are taken. `what` is NULL where it is well. Its row is the caller's. */
static json_t UNUSED *expect(const struct store_step *steps, json_t *params,
			     enum store_status status, const char *what)
{
	struct outcome out;

	ck_assert_msg(run(store, steps, params, 0, &out) == status, "%d %s", (int)out.status,
		      out.what);
	if (what)
		ck_assert_str_eq(out.what, what);
	json_t *row = json_incref(out.row);
	outcome_free(&out);
	return row;
}

static void UNUSED well(const struct store_step *steps, json_t *params)
{
	json_decref(expect(steps, params, STORE_OK, NULL));
}

static void UNUSED refused(const struct store_step *steps, json_t *params, const char *code)
{
	json_decref(expect(steps, params, STORE_REFUSED, code));
}

static void UNUSED sql(const char *text)
{
	const struct store_step steps[] = {{text, NULL}, {NULL, NULL}};

	well(steps, NULL);
}

static long long UNUSED number(const char *text)
{
	const struct store_step steps[] = {{text, NULL}, {NULL, NULL}};
	json_t *row = expect(steps, NULL, STORE_OK, NULL);
	const long long n = json_integer_value(json_object_get(row, "n"));

	json_decref(row);
	return n;
}

static json_t UNUSED *answer(const struct store_step *steps, json_t *params)
{
	json_t *row = expect(steps, params, STORE_OK, NULL);
	json_t *answer_json = json_incref(json_object_get(row, "answer_json"));

	json_decref(row);
	return answer_json;
}

static void UNUSED create(int id, const char *title)
{
	well(song_sql_create, json_pack("{s:o, s:s}", "song_id", song_id(id), "title", title));
}

/* Takes params; query may be NULL, as it may be absent. */
static json_t UNUSED *list(const char *query, json_t *params)
{
	char *match = NULL;

	ck_assert_int_eq(query ? song_match(query, &match) : 0, 0);
	if (match)
		json_object_set_new(params, "match", json_string(match));
	free(match);
	return answer(song_sql_list, params);
}

/* The titles of the first page, with a blank between them. Static. */
static const char UNUSED *titles(const char *query)
{
	static char text[1000];
	json_t *page = list(query, json_object());
	json_t *song;
	size_t i;

	*text = '\0';
	json_array_foreach(json_object_get(page, "songs"), i, song)
	{
		if (i > 0)
			strcat(text, " ");
		strcat(text, json_string_value(json_object_get(song, "title")));
	}
	json_decref(page);
	return text;
}

/* So many songs more, with titles that end in their number. */
static void UNUSED fill(int songs, const char *notes)
{
	static const struct store_step steps[] = {{"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL "
						   "SELECT i + 1 FROM n WHERE i < :songs) "
						   "INSERT INTO song (id, title, notes) "
						   "SELECT format('00000000-0000-4000-8000-%012d', "
						   "i), format('song %04d', i), :notes "
						   "FROM n",
						   NULL},
						  {NULL, NULL}};

	well(steps, json_pack("{s:i, s:s}", "songs", songs, "notes", notes));
}

#endif
