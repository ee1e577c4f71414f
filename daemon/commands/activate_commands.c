/*
 * song.activate: which song is on.
 */
#include "durable.h"

#include "song_on.h"

/* :position or :song_id, or null for none. The pace goes to the table, too, where nothing runs: the
 * loop loads it, but may die before it does. */
static const struct store_step steps[] = {
	{"SELECT active_setlist_id AS setlist_id, setlist_id AS item_setlist_id, song_id AS "
	 "item_song_id "
	 "FROM session LEFT JOIN setlist_item ON setlist_id = active_setlist_id "
	 "AND position = :position WHERE session.id = :session_id",
	 NULL},
	{"SELECT 1 AS setlist WHERE :position IS NULL OR :setlist_id IS NOT NULL",
	 "no_setlist position"},
	{"SELECT 1 AS item WHERE :position IS NULL OR :item_song_id IS NOT NULL",
	 "position_range position"},
	{"SELECT 1 AS song WHERE :song_id IS NULL "
	 "OR EXISTS (SELECT 1 FROM song WHERE id = :song_id AND hidden = 0)",
	 "song_unknown"},
	{"UPDATE session SET active_position = :position, active_song_id = :song_id, "
	 "active_key_override = NULL, active_bpm_override = NULL, active_leader_user_id = NULL, "
	 "active_start_bar = NULL WHERE id = :session_id",
	 NULL},
	{"UPDATE tempo_state SET bpm = song.bpm, time_signature = song.time_signature "
	 "FROM active_song AS song WHERE tempo_state.session_id = :session_id "
	 "AND song.session_id = :session_id AND running = 0",
	 NULL},
	{NULL, NULL},
};

/* Exactly one of the two, of which no single row of the table can tell. */
static bool one_is_named(struct hub *hub, struct phone *phone, const struct request *request,
			 json_t *params)
{
	bool position = json_object_get(request->body, "position") != NULL;
	bool song = json_object_get(request->body, "song_id") != NULL;
	(void)params;
	if (position != song)
		return true;
	if (position)
		reply_error(hub, phone, request->id, "bad_request", "song_id",
			    "give position or song_id, not both");
	else
		reply_error(hub, phone, request->id, "missing_field", "position",
			    "song.activate needs position or song_id");
	return false;
}

static unsigned activated(struct hub *hub, struct room *room, const struct store_result *result,
			  json_t *answer)
{
	(void)result;
	json_object_set_new(answer, "at_bar", json_integer(song_on_take_over(hub, room)));
	return SECTION_TEMPO_STATE;
}

static const struct durable activate = {
	.steps = steps,
	.sections = SECTION_SESSION | SECTION_PARTICIPANTS | SECTION_ACTIVE_SONG,
	.prepare = one_is_named,
	.effect = activated,
};

static const struct field fields[] = {
	{FIELD_INT, "position", FIELD_NULLABLE, 0, LIMIT_ITEMS_MAX - 1, "position_range",
	 "the place of an item, from 0", NULL},
	{FIELD_ID, "song_id", FIELD_NULLABLE, 0, 0, "song_unknown", "the id of a song", NULL},
	{.kind = FIELD_END},
};

const struct command activate_commands[] = {
	COMMAND_DURABLE("song.activate", WHO_MD | WHO_CONTROLLER, fields, &activate),
	{.type = NULL},
};
