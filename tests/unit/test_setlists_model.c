/*
 * test_setlists_model.c - evenings of random commands over two setlists, held against arrays.
 *
 * The model is written from schema/messages.md alone: a setlist is an array of items, and what is on is
 * an item (by identity, wherever it moves to) or a song without a place.
 */
#include "setlists_fixture.h"

#include "check_main.h"
#include "limits.h"

#include <stdint.h>

#define COMMANDS 1500

struct item {
	int tag; /* who it is, wherever it stands; 0: nobody */
	int song;
	int key; /* index of keys */
	int bpm; /* 0: none */
	int leader;
};

struct model {
	struct item items[2][LIMIT_ITEMS_MAX];
	int sizes[2];
	int active;        /* setlist 0 or 1; -1: none */
	int on_tag;        /* item that is on, by its tag; or 0 */
	struct item loose; /* what is on without a place; song 0: nothing */
	int next_tag;
};

static const char *const keys[] = {NULL, "G", "F#m", "Bb"};
static const char *const leaders[] = {NULL, USER_1, USER_2};
static const char *const setlists[] = {SETLIST_A, SETLIST_B};

static uint64_t seed;
static int evening;

static int draw(int below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (int)(seed % (uint64_t)below);
}

/* --- The model ------------------------------------------------------------------------------ */

static int find_tag(const struct model *model, int tag)
{
	for (int i = 0; tag && model->active >= 0 && i < model->sizes[model->active]; i++)
		if (model->items[model->active][i].tag == tag)
			return i;
	return -1;
}

static void lose_place(struct model *model)
{
	const int at = find_tag(model, model->on_tag);

	if (at >= 0) {
		model->loose = model->items[model->active][at];
		model->loose.tag = 0;
	}
	model->on_tag = 0;
}

static void take_out(struct model *model, int list, int at)
{
	struct item *items = model->items[list];

	for (int i = at; i + 1 < model->sizes[list]; i++)
		items[i] = items[i + 1];
	model->sizes[list]--;
}

static void put_in(struct model *model, int list, int at, struct item item)
{
	struct item *items = model->items[list];

	for (int i = model->sizes[list]++; i > at; i--)
		items[i] = items[i - 1];
	items[at] = item;
}

/* --- The database, held against it ---------------------------------------------------------- */

static const struct store_step look[] = {
	{"SELECT json_array(active_setlist_id, active_position, active_song_id,"
	 " active_key_override, active_bpm_override, active_leader_user_id) AS on_json"
	 " FROM session WHERE id = :session_id",
	 NULL},
	{"SELECT json_group_array(json_array(position, song_id, key_override, bpm_override,"
	 " song_leader_user_id)) AS a_json FROM (SELECT * FROM setlist_item"
	 " WHERE setlist_id = '" SETLIST_A "' ORDER BY position)",
	 NULL},
	{"SELECT json_group_array(json_array(position, song_id, key_override, bpm_override,"
	 " song_leader_user_id)) AS b_json FROM (SELECT * FROM setlist_item"
	 " WHERE setlist_id = '" SETLIST_B "' ORDER BY position)",
	 NULL},
	{NULL, NULL},
};

static json_t *number_or_null(int number, int nothing)
{
	return number == nothing ? json_null() : json_integer(number);
}

static json_t *song_json(int song)
{
	char id[37];

	snprintf(id, sizeof id, "%s%d", SONG, song);
	return song ? json_string(id) : json_null();
}

static json_t *item_json(const struct item *item, json_t *first, json_t *second)
{
	json_t *array = json_array();

	if (first)
		json_array_append_new(array, first);
	json_array_append_new(array, second);
	json_array_append_new(array, song_json(item->song));
	json_array_append_new(array, keys[item->key] ? json_string(keys[item->key]) : json_null());
	json_array_append_new(array, number_or_null(item->bpm, 0));
	json_array_append_new(array, leaders[item->leader] ? json_string(leaders[item->leader])
							   : json_null());
	return array;
}

static json_t *model_json(const struct model *model)
{
	json_t *all = json_object();
	json_t *lists[2] = {json_array(), json_array()};
	json_t *active = model->active < 0 ? json_null() : json_string(setlists[model->active]);

	for (int list = 0; list < 2; list++)
		for (int i = 0; i < model->sizes[list]; i++)
			json_array_append_new(lists[list], item_json(&model->items[list][i], NULL,
								     json_integer(i)));
	json_object_set_new(all, "a_json", lists[0]);
	json_object_set_new(all, "b_json", lists[1]);
	json_object_set_new(all, "on_json",
			    item_json(&model->loose, active,
				      number_or_null(find_tag(model, model->on_tag), -1)));
	return all;
}

static void expect_same(const struct model *model, int command)
{
	struct outcome out;
	json_t *expected = model_json(model);

	ck_assert_int_eq(run(store, look, json_pack("{s:s}", "session_id", SESSION_1), 0, &out),
			 STORE_OK);
	if (!json_equal(expected, out.row)) {
		char *want = json_dumps(expected, JSON_SORT_KEYS);
		char *have = json_dumps(out.row, JSON_SORT_KEYS);
		ck_abort_msg("evening %d, command %d:\nwant %s\nhave %s", evening, command, want,
			     have);
	}
	json_decref(expected);
	outcome_free(&out);
}

/* --- Commands ------------------------------------------------------------------------------- */

/* Refused with that code, or done if it is NULL. Takes the fields. */
static void command(const struct store_step *steps, json_t *fields, const char *refusal)
{
	struct outcome out;
	char *shown = json_dumps(fields, 0);
	const enum store_status status = ask_json(steps, fields, &out);

	if (status != (refusal ? STORE_REFUSED : STORE_OK) ||
	    strcmp(out.what, refusal ? refusal : "") != 0)
		ck_abort_msg("evening %d: %s: \"%s\", not \"%s\"", evening, shown, out.what,
			     refusal ? refusal : "done");
	free(shown);
	outcome_free(&out);
}

/* One of the two, and named unless it goes without saying. */
static int draw_list(const struct model *model, json_t *fields)
{
	const int list = draw(2);

	if (list != model->active || draw(2))
		json_object_set_new(fields, "setlist_id", json_string(setlists[list]));
	return list;
}

/* Half of the time a field is absent, and now and then null. */
static void draw_overrides(json_t *fields, struct item *item)
{
	if (draw(2)) {
		item->key = draw(4);
		json_object_set_new(fields, "key_override",
				    keys[item->key] ? json_string(keys[item->key]) : json_null());
	}
	if (draw(2)) {
		item->bpm = draw(3) ? 30 + draw(231) : 0;
		json_object_set_new(fields, "bpm_override", number_or_null(item->bpm, 0));
	}
	if (draw(2)) {
		item->leader = draw(3);
		json_object_set_new(fields, "song_leader_user_id",
				    leaders[item->leader] ? json_string(leaders[item->leader])
							  : json_null());
	}
}

static void add(struct model *model)
{
	json_t *fields = json_object();
	const int list = draw_list(model, fields);
	const int size = model->sizes[list];
	struct item item = {.tag = ++model->next_tag, .song = 1 + draw(9)};
	int at = size;

	json_object_set_new(fields, "song_id", song_json(item.song));
	draw_overrides(fields, &item);
	if (draw(3)) {
		at = draw(size + 2);
		json_object_set_new(fields, "position", json_integer(at));
	}
	command(setlist_sql_item_add, fields, at > size ? "position_range" : NULL);
	if (at <= size)
		put_in(model, list, at, item);
}

static void update(struct model *model)
{
	json_t *fields = json_object();
	const int list = draw_list(model, fields);
	const int at = draw(model->sizes[list] + 1);
	struct item item = model->items[list][at];

	json_object_set_new(fields, "position", json_integer(at));
	draw_overrides(fields, &item);
	if (!draw(4)) {
		item.song = 1 + draw(9);
		json_object_set_new(fields, "song_id", song_json(item.song));
	}
	command(setlist_sql_item_update, fields,
		at == model->sizes[list] ? "position_range" : NULL);
	if (at < model->sizes[list])
		model->items[list][at] = item;
}

static void move(struct model *model)
{
	json_t *fields = json_object();
	const int list = draw_list(model, fields);
	const int size = model->sizes[list];
	const int at = draw(size + 1);
	const int to = draw(size + 1);
	const char *refusal = at == size   ? "position_range"
			      : to == size ? "position_range to"
					   : NULL;

	json_object_set_new(fields, "position", json_integer(at));
	json_object_set_new(fields, "to", json_integer(to));
	command(setlist_sql_item_move, fields, refusal);
	if (refusal)
		return;
	const struct item item = model->items[list][at];
	take_out(model, list, at);
	put_in(model, list, to, item);
}

static void take_away(struct model *model)
{
	json_t *fields = json_object();
	const int list = draw_list(model, fields);
	const int at = draw(model->sizes[list] + 1);

	json_object_set_new(fields, "position", json_integer(at));
	command(setlist_sql_item_remove, fields,
		at == model->sizes[list] ? "position_range" : NULL);
	if (at == model->sizes[list])
		return;
	if (model->items[list][at].tag == model->on_tag)
		lose_place(model);
	take_out(model, list, at);
}

static void activate(struct model *model)
{
	const int list = draw(5) ? draw(2) : -1;

	command(setlist_sql_activate,
		json_pack("{s:s?}", "setlist_id", list < 0 ? NULL : setlists[list]), NULL);
	if (list != model->active)
		lose_place(model);
	model->active = list;
}

static void make_anew(struct model *model)
{
	const int list = draw(2);
	const bool copies = draw(3) > 0;

	command(setlist_sql_delete, json_pack("{s:s}", "setlist_id", setlists[list]), NULL);
	if (list == model->active) {
		lose_place(model);
		model->active = -1;
	}
	command(setlist_sql_create,
		json_pack("{s:s, s:s, s:s*}", "setlist_id", setlists[list], "title", "anew",
			  "copy_of", copies ? setlists[1 - list] : NULL),
		NULL);
	model->sizes[list] = 0;
	for (int i = 0; copies && i < model->sizes[1 - list]; i++) {
		model->items[list][i] = model->items[1 - list][i];
		model->items[list][i].tag = ++model->next_tag;
		model->sizes[list]++;
	}
}

/* What song.activate does is not under test here: an item of the active setlist, a song, or none. */
static void song_on(struct model *model)
{
	static const struct store_step on[] = {
		{"UPDATE session SET active_position = :position, active_song_id = :song_id,"
		 " active_key_override = NULL, active_bpm_override = NULL,"
		 " active_leader_user_id = NULL WHERE id = :session_id",
		 NULL},
		{NULL, NULL},
	};
	const bool item = draw(4) && model->active >= 0 && model->sizes[model->active] > 0;

	memset(&model->loose, 0, sizeof model->loose);
	model->on_tag = 0;
	if (item) {
		const int at = draw(model->sizes[model->active]);
		model->on_tag = model->items[model->active][at].tag;
		command(on, json_pack("{s:i}", "position", at), NULL);
	} else {
		model->loose.song = draw(3);
		command(on, json_pack("{s:o}", "song_id", song_json(model->loose.song)), NULL);
	}
}

/* --- Evenings ------------------------------------------------------------------------------- */

static void one_command(struct model *model)
{
	const int what = draw(100);

	if (what < 30 && model->sizes[0] + model->sizes[1] < 60)
		add(model);
	else if (what < 45)
		update(model);
	else if (what < 70)
		move(model);
	else if (what < 85)
		take_away(model);
	else if (what < 90)
		activate(model);
	else if (what < 98)
		song_on(model);
	else
		make_anew(model);
}

START_TEST(any_evening)
{
	static struct model model;

	memset(&model, 0, sizeof model);
	model.active = -1;
	evening = _i;
	seed = 0x9e3779b97f4a7c15u * (uint64_t)(_i + 1);
	activate(&model);
	for (int i = 0; i < COMMANDS; i++) {
		one_command(&model);
		expect_same(&model, i);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("setlists_model");
	TCase *tcase = tcase_create("evenings");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, any_evening, 0, 4);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
