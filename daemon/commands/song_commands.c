#include "durable.h"

#include "import.h"
#include "song.h"
#include "song_sql.h"

#include <errno.h>
#include <stdlib.h>

static bool no_memory(struct hub *hub, struct phone *phone, const struct request *request)
{
	reply_error(hub, phone, request->id, "storage", NULL,
		    "the box has no memory for this: try again");
	return false;
}

/* ---- song.update ------------------------------------------------------- */

static bool changes_something(struct hub *hub, struct phone *phone, const struct request *request,
			      json_t *params)
{
	static const char *const fields[] = {"title", "default_key", "default_bpm",
					     "time_signature", "notes"};
	(void)params;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (json_object_get(request->body, fields[i]))
			return true;
	reply_error(hub, phone, request->id, "missing_field", NULL,
		    "this request changes nothing: give title, default_key, default_bpm, "
		    "time_signature or notes");
	return false;
}

/* ---- song.list --------------------------------------------------------- */

static bool read_query(struct hub *hub, struct phone *phone, const struct request *request,
		       json_t *params)
{
	const char *query = json_string_value(json_object_get(request->body, "query"));
	char *match = NULL;
	int failed = query ? song_match(query, &match) : 0;
	if (match)
		failed |= json_object_set_new(params, "match", json_string(match));
	free(match);
	return failed ? no_memory(hub, phone, request) : true;
}

/* ---- song.import ------------------------------------------------------- */

static bool read_songs(struct hub *hub, struct phone *phone, const struct request *request,
		       json_t *params)
{
	const char *format = json_string_value(json_object_get(request->body, "format"));
	const json_t *text = json_object_get(request->body, "text");
	char message[IMPORT_MESSAGE_SIZE];
	json_t *songs;
	int result = import_songs(format, json_string_value(text), json_string_length(text), &songs,
				  message, sizeof message);
	if (result == -EINVAL)
		reply_error(hub, phone, request->id, "bad_import", "text", "%s", message);
	else if (result < 0 || json_object_set_new(params, "songs", songs) < 0)
		no_memory(hub, phone, request);
	json_object_del(params, "text"); /* the songs are what is bound */
	return result == 0 && json_object_get(params, "songs");
}

/* ---- the table --------------------------------------------------------- */

static const struct durable create = {.steps = song_sql_create, .makes = "song_id"};
static const struct durable update = {
	.steps = song_sql_update,
	.sections = SECTION_SETLIST | SECTION_ACTIVE_SONG,
	.elsewhere = SECTION_SETLIST | SECTION_ACTIVE_SONG,
	.prepare = changes_something,
};
static const struct durable delete = {.steps = song_sql_delete};
static const struct durable list = {.steps = song_sql_list, .reads = true, .prepare = read_query};
static const struct durable import = {.steps = song_sql_import, .prepare = read_songs};

#define FIELD_SONG                                                                                 \
	{                                                                                          \
		FIELD_ID, "song_id", FIELD_REQUIRED, 0, 0, "song_unknown",                         \
			"the id of a song, as song.list gives it", NULL                            \
	}

static const struct field create_fields[] = {
	SONG_FIELD_TITLE(FIELD_REQUIRED), SONG_FIELD_KEY(FIELD_OPTIONAL),
	SONG_FIELD_BPM(FIELD_OPTIONAL),   SONG_FIELD_METRE(FIELD_OPTIONAL),
	SONG_FIELD_NOTES(FIELD_OPTIONAL), {.kind = FIELD_END},
};
static const struct field update_fields[] = {
	FIELD_SONG,
	SONG_FIELD_TITLE(FIELD_OPTIONAL),
	SONG_FIELD_KEY(FIELD_NULLABLE),
	SONG_FIELD_BPM(FIELD_NULLABLE),
	SONG_FIELD_METRE(FIELD_NULLABLE),
	SONG_FIELD_NOTES(FIELD_NULLABLE),
	{.kind = FIELD_END},
};
static const struct field delete_fields[] = {FIELD_SONG, {.kind = FIELD_END}};
static const struct field list_fields[] = {
	{FIELD_TEXT, "query", FIELD_OPTIONAL, 0, LIMIT_QUERY_MAX, "query",
	 "text of at most 120 characters", NULL},
	{FIELD_INT, "limit", FIELD_OPTIONAL, 1, LIMIT_LIST_MAX, "list_range", "1 to 200", NULL},
	{FIELD_INT, "offset", FIELD_OPTIONAL, 0, LIMIT_SONGS_MAX, "list_range", "0 to 5000", NULL},
	{.kind = FIELD_END},
};
static const struct field import_fields[] = {
	{FIELD_TEXT, "format", FIELD_REQUIRED, 1, 16, "import_format", IMPORT_FORMAT_RULE,
	 import_format_ok},
	{FIELD_BYTES, "text", FIELD_REQUIRED, 1, LIMIT_IMPORT_MAX_BYTES, "bad_import",
	 "the list as text of 1 to 60000 bytes", NULL},
	{.kind = FIELD_END},
};

const struct command song_commands[] = {
	COMMAND_DURABLE("song.create", WHO_MD, create_fields, &create),
	COMMAND_DURABLE("song.update", WHO_MD, update_fields, &update),
	COMMAND_DURABLE("song.delete", WHO_MD, delete_fields, &delete),
	COMMAND_DURABLE("song.list", WHO_MEMBER, list_fields, &list),
	COMMAND_DURABLE("song.import", WHO_MD, import_fields, &import),
	{.type = NULL},
};
