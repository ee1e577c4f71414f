#include "command.h"

#include "durable.h"
#include "setlist_marks.h"
#include "setlist_sql.h"

#include <string.h>

#define SECTIONS_OF_ITEMS (SECTION_SESSION | SECTION_SETLIST | SECTION_ACTIVE_SONG)

/* ---- outdated requests ------------------------------------------------- */

/* As it was told last. */
static const char *active_setlist(const struct room *room)
{
	return json_string_value(
		json_object_get(room->sections[SECTION_SESSION_INDEX], "active_setlist_id"));
}

/* Refused, if so, by the steps: a request that comes again has its answer first. */
static bool ask_marks(struct hub *hub, struct phone *phone, const struct request *request,
		      json_t *params)
{
	struct room *room = phone->room;
	if (setlist_marks_ask(room->setlist_marks, active_setlist(room), params) == 0)
		return true;
	reply_error(hub, phone, request->id, "storage", NULL, "the box is out of memory");
	return false;
}

static const char *row_text(const struct store_result *result, const char *column)
{
	return json_string_value(json_object_get(result->row, column));
}

/* What nobody sees, because another setlist is on show, has a revision of its own all the same: who
 * does not know that revision does not know the change. */
static void note_change(struct hub *hub, struct room *room, const struct store_result *result)
{
	const json_t *number = json_object_get(result->row, "setlist_changes");
	const char *setlist_id = row_text(result, "setlist_id");
	const char *active = active_setlist(room);
	if (!json_is_integer(number) || !setlist_id)
		return;
	if (!active || strcmp(active, setlist_id) != 0)
		hub_tell(hub, room, 0);
	setlist_marks_changed(room->setlist_marks, setlist_id, json_integer_value(number),
			      room->revision);
}

static void note_switch(struct hub *hub, struct room *room, const struct store_result *result)
{
	(void)hub;
	if (json_object_get(result->row, "switched"))
		setlist_marks_switched(room->setlist_marks, room->revision);
}

static void note_delete(struct hub *hub, struct room *room, const struct store_result *result)
{
	note_switch(hub, room, result);
	setlist_marks_drop(room->setlist_marks, row_text(result, "setlist_id"));
}

/* ---- what they do ------------------------------------------------------ */

static const struct durable create = {
	.steps = setlist_sql_create,
	.makes = "setlist_id",
};
static const struct durable rename_it = {
	.steps = setlist_sql_rename,
	.sections = SECTION_SETLIST,
};
static const struct durable delete_it = {
	.steps = setlist_sql_delete,
	.sections = SECTIONS_OF_ITEMS,
	.after = note_delete,
};
static const struct durable activate = {
	.steps = setlist_sql_activate,
	.sections = SECTIONS_OF_ITEMS,
	.after = note_switch,
};
static const struct durable list = {
	.steps = setlist_sql_list,
	.reads = true,
};
static const struct durable item_add = {
	.steps = setlist_sql_item_add,
	.sections = SECTIONS_OF_ITEMS,
	.prepare = ask_marks,
	.after = note_change,
};
/* Another song has other people. */
static const struct durable item_update = {
	.steps = setlist_sql_item_update,
	.sections = SECTION_SETLIST | SECTION_PARTICIPANTS | SECTION_ACTIVE_SONG,
	.prepare = ask_marks,
	.after = note_change,
};
static const struct durable item_move = {
	.steps = setlist_sql_item_move,
	.sections = SECTIONS_OF_ITEMS,
	.prepare = ask_marks,
	.after = note_change,
};
static const struct durable item_remove = {
	.steps = setlist_sql_item_remove,
	.sections = SECTIONS_OF_ITEMS,
	.prepare = ask_marks,
	.after = note_change,
};

/* ---- the table --------------------------------------------------------- */

#define FIELD_SETLIST(name, need)                                                                  \
	{                                                                                          \
		FIELD_ID, name, need, 0, 0, "setlist_unknown",                                     \
			"the id of a setlist of this session", NULL                                \
	}
#define FIELD_TITLE                                                                                \
	{                                                                                          \
		FIELD_TEXT, "title", FIELD_REQUIRED, 1, LIMIT_TITLE_MAX, "title",                  \
			FIELD_TITLE_RULE, NULL                                                     \
	}
#define FIELD_SONG(need)                                                                           \
	{                                                                                          \
		FIELD_ID, "song_id", need, 0, 0, "song_unknown",                                   \
			"the id of a song of the library", NULL                                    \
	}
#define FIELD_POSITION(name, need, max)                                                            \
	{                                                                                          \
		FIELD_INT, name, need, 0, max, "position_range",                                   \
			"a position in the setlist, counted from 0", NULL                          \
	}
/* Any number is a revision: one that never was told is older or younger than all that were. */
#define FIELD_REVISION                                                                             \
	{                                                                                          \
		FIELD_INT, "revision", FIELD_OPTIONAL, INT64_MIN, INT64_MAX, NULL, NULL, NULL      \
	}
#define FIELD_KEY                                                                                  \
	{                                                                                          \
		FIELD_TEXT, "key_override", FIELD_NULLABLE, 1, LIMIT_KEY_MAX, "key",               \
			FIELD_KEY_RULE, NULL                                                       \
	}
#define FIELD_BPM                                                                                  \
	{                                                                                          \
		FIELD_INT, "bpm_override", FIELD_NULLABLE, LIMIT_BPM_MIN, LIMIT_BPM_MAX,           \
			"bpm_range", FIELD_BPM_RULE, NULL                                          \
	}
#define FIELD_SONG_LEADER                                                                          \
	{                                                                                          \
		FIELD_ID, "song_leader_user_id", FIELD_NULLABLE, 0, 0, "no_such_member",           \
			"the user_id of somebody in the session", NULL                             \
	}

static const struct field create_fields[] = {
	FIELD_TITLE, FIELD_SETLIST("copy_of", FIELD_OPTIONAL), {.kind = FIELD_END}};
static const struct field rename_fields[] = {
	FIELD_SETLIST("setlist_id", FIELD_REQUIRED), FIELD_TITLE, {.kind = FIELD_END}};
static const struct field delete_fields[] = {FIELD_SETLIST("setlist_id", FIELD_REQUIRED),
					     {.kind = FIELD_END}};
static const struct field activate_fields[] = {
	FIELD_SETLIST("setlist_id", FIELD_REQUIRED | FIELD_NULLABLE), {.kind = FIELD_END}};
static const struct field no_fields[] = {{.kind = FIELD_END}};

static const struct field add_fields[] = {
	FIELD_SONG(FIELD_REQUIRED),
	FIELD_SETLIST("setlist_id", FIELD_OPTIONAL),
	FIELD_POSITION("position", FIELD_OPTIONAL, LIMIT_ITEMS_MAX),
	FIELD_KEY,
	FIELD_BPM,
	FIELD_SONG_LEADER,
	FIELD_REVISION,
	{.kind = FIELD_END},
};
static const struct field update_fields[] = {
	FIELD_POSITION("position", FIELD_REQUIRED, LIMIT_ITEMS_MAX - 1),
	FIELD_SETLIST("setlist_id", FIELD_OPTIONAL),
	FIELD_SONG(FIELD_OPTIONAL),
	FIELD_KEY,
	FIELD_BPM,
	FIELD_SONG_LEADER,
	FIELD_REVISION,
	{.kind = FIELD_END},
};
static const struct field move_fields[] = {
	FIELD_POSITION("position", FIELD_REQUIRED, LIMIT_ITEMS_MAX - 1),
	FIELD_POSITION("to", FIELD_REQUIRED, LIMIT_ITEMS_MAX - 1),
	FIELD_SETLIST("setlist_id", FIELD_OPTIONAL),
	FIELD_REVISION,
	{.kind = FIELD_END},
};
static const struct field remove_fields[] = {
	FIELD_POSITION("position", FIELD_REQUIRED, LIMIT_ITEMS_MAX - 1),
	FIELD_SETLIST("setlist_id", FIELD_OPTIONAL),
	FIELD_REVISION,
	{.kind = FIELD_END},
};

const struct command setlist_commands[] = {
	COMMAND_DURABLE("setlist.create", WHO_MD, create_fields, &create),
	COMMAND_DURABLE("setlist.rename", WHO_MD, rename_fields, &rename_it),
	COMMAND_DURABLE("setlist.delete", WHO_MD, delete_fields, &delete_it),
	COMMAND_DURABLE("setlist.activate", WHO_MD, activate_fields, &activate),
	COMMAND_DURABLE("setlist.list", WHO_MD, no_fields, &list),
	COMMAND_DURABLE("setlist.item.add", WHO_MD, add_fields, &item_add),
	COMMAND_DURABLE("setlist.item.update", WHO_MD, update_fields, &item_update),
	COMMAND_DURABLE("setlist.item.move", WHO_MD, move_fields, &item_move),
	COMMAND_DURABLE("setlist.item.remove", WHO_MD, remove_fields, &item_remove),
	{.type = NULL},
};
