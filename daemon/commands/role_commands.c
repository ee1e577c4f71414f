#include "command.h"

#include "durable.h"
#include "role_sql.h"

#include <string.h>

static bool scope_ok(const char *text)
{
	return strcmp(text, "global") == 0 || strcmp(text, "song") == 0;
}

/* What no single row of the table can tell; the steps know the rule, too. */
static bool song_is_named(struct hub *hub, struct phone *phone, const struct request *request,
			  json_t *params)
{
	const char *scope = json_string_value(json_object_get(params, "scope_type"));
	if (!scope || strcmp(scope, "song") != 0 ||
	    json_is_string(json_object_get(params, "scope_song_id")))
		return true;
	reply_error(hub, phone, request->id, "missing_field", "scope_song_id",
		    "scope_type \"song\" needs scope_song_id: the id of a song of the library");
	return false;
}

static const struct durable assign = {
	.steps = role_sql_assign,
	.sections = SECTION_PARTICIPANTS | SECTION_ROLE_ASSIGNMENTS | SECTION_ACTIVE_SONG,
	.prepare = song_is_named,
};

static const struct durable clear = {
	.steps = role_sql_clear,
	.sections = SECTION_PARTICIPANTS | SECTION_ROLE_ASSIGNMENTS | SECTION_ACTIVE_SONG,
	.prepare = song_is_named,
};

#define FIELD_SLOT                                                                                 \
	{                                                                                          \
		FIELD_ID, "slot_id", FIELD_REQUIRED, 0, 0, "slot_unknown",                         \
			"the id of a slot, as in `slots` of welcome", NULL                         \
	}
#define FIELD_USER                                                                                 \
	{                                                                                          \
		FIELD_ID, "user_id", FIELD_OPTIONAL, 0, 0, "no_such_member",                       \
			"the id of somebody in the session", NULL                                  \
	}
#define FIELD_SCOPE                                                                                \
	{                                                                                          \
		FIELD_TEXT, "scope_type", FIELD_OPTIONAL, 1, 16, "scope", "global or song",        \
			scope_ok                                                                   \
	}
/* Null is what a global assignment has. */
#define FIELD_SCOPE_SONG                                                                           \
	{                                                                                          \
		FIELD_ID, "scope_song_id", FIELD_NULLABLE, 0, 0, "song_unknown",                   \
			"the id of a song of the library", NULL                                    \
	}

static const struct field assign_fields[] = {
	FIELD_SLOT,
	FIELD_USER,
	FIELD_SCOPE,
	FIELD_SCOPE_SONG,
	{FIELD_BOOL, "replace", FIELD_OPTIONAL, 0, 0, NULL, NULL, NULL},
	{.kind = FIELD_END},
};
static const struct field clear_fields[] = {
	FIELD_SLOT, FIELD_USER, FIELD_SCOPE, FIELD_SCOPE_SONG, {.kind = FIELD_END}};

const struct command role_commands[] = {
	COMMAND_DURABLE("role.assign", WHO_MEMBER, assign_fields, &assign),
	COMMAND_DURABLE("role.clear", WHO_MEMBER, clear_fields, &clear),
	{.type = NULL},
};
