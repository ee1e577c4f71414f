#include "archive_sql.h"

#include "limits.h"

#include <stdio.h>
#include <string.h>

#define TEXT_OF(number) #number
#define NUMBER_TEXT(number) TEXT_OF(number)

#define STEPS_END                                                                                  \
	{                                                                                          \
		NULL, NULL                                                                         \
	}

/* ---- out --------------------------------------------------------------- */

#define SESSION_PARTICIPANTS                                                                       \
	"(SELECT json_group_array(json_object("                                                    \
	"'user_id', user_id, 'join_time', join_time, 'last_heartbeat', last_heartbeat, "           \
	"'network_rtt_ms', network_rtt_ms, 'packet_loss_pct', packet_loss_pct, "                   \
	"'left_at', left_at, 'removed', json(iif(removed, 'true', 'false')))) "                    \
	"FROM (SELECT * FROM participant WHERE participant.session_id = session.id "               \
	"ORDER BY join_time, user_id))"

#define SETLIST_ITEMS                                                                              \
	"(SELECT json_group_array(json_object("                                                    \
	"'position', position, 'song_id', song_id, 'key_override', key_override, "                 \
	"'bpm_override', bpm_override, 'song_leader_user_id', song_leader_user_id)) "              \
	"FROM (SELECT * FROM setlist_item WHERE setlist_item.setlist_id = list.id "                \
	"ORDER BY position))"

#define SESSION_SETLISTS                                                                           \
	"(SELECT json_group_array(json_object("                                                    \
	"'id', id, 'title', title, 'created_at', created_at, 'items', json(items))) "              \
	"FROM (SELECT list.*, " SETLIST_ITEMS " AS items FROM setlist AS list "                    \
	"WHERE list.session_id = session.id ORDER BY list.created_at, list.id))"

#define SESSION_ROLES                                                                              \
	"(SELECT json_group_array(json_object("                                                    \
	"'user_id', user_id, 'slot_id', slot_id, 'scope_type', scope_type, "                       \
	"'scope_song_id', scope_song_id, 'assigned_at', assigned_at)) "                            \
	"FROM (SELECT * FROM role_assignment WHERE role_assignment.session_id = session.id "       \
	"ORDER BY scope_type, scope_song_id, slot_id))"

#define SESSION_TEMPO                                                                              \
	"(SELECT json_object("                                                                     \
	"'bpm', bpm, 'time_signature', time_signature, 'anchor_timestamp', anchor_timestamp, "     \
	"'anchor_bar_index', anchor_bar_index, 'controller_user_id', controller_user_id, "         \
	"'start_bar', start_bar, 'next_bar', next_bar, 'volume', volume, "                         \
	"'accent', json(iif(accent, 'true', 'false')), "                                           \
	"'subdivision', json(iif(subdivision, 'true', 'false')), 'sound', sound) "                 \
	"FROM tempo_state WHERE tempo_state.session_id = session.id)"

const struct store_step archive_sql_export[] = {
	/* Of the deleted ones, those that history holds. */
	{"SELECT json_group_array(json_object("
	 "'id', id, 'title', title, 'default_key', default_key, 'default_bpm', default_bpm, "
	 "'time_signature', time_signature, 'notes', notes, "
	 "'hidden', json(iif(hidden, 'true', 'false')))) AS songs_json "
	 "FROM (SELECT * FROM song WHERE hidden = 0 "
	 "OR id IN (SELECT song_id FROM setlist_item) "
	 "OR id IN (SELECT scope_song_id FROM role_assignment) "
	 "OR id IN (SELECT active_song_id FROM session) ORDER BY title, id)",
	 NULL},
	{"SELECT json_group_array(json_object("
	 "'id', id, 'display_name', display_name, 'created_at', created_at, "
	 "'last_active_at', last_active_at)) AS users_json "
	 "FROM (SELECT * FROM user ORDER BY created_at, id)",
	 NULL},
	{"SELECT json_group_array(json_object("
	 "'id', id, 'code', code, 'md_user_id', md_user_id, 'created_at', created_at, "
	 "'active', json(iif(active, 'true', 'false')), "
	 "'active_setlist_id', active_setlist_id, 'active_position', active_position, "
	 "'active_song_id', active_song_id, 'active_start_bar', active_start_bar, "
	 "'active_key_override', active_key_override, "
	 "'active_bpm_override', active_bpm_override, "
	 "'active_leader_user_id', active_leader_user_id, "
	 "'participants', json(participants), 'setlists', json(setlists), "
	 "'role_assignments', json(roles), 'tempo_state', json(tempo))) AS sessions_json "
	 "FROM (SELECT session.*, " SESSION_PARTICIPANTS " AS participants, " SESSION_SETLISTS
	 " AS setlists, " SESSION_ROLES " AS roles, " SESSION_TEMPO " AS tempo "
	 "FROM session ORDER BY created_at, id)",
	 NULL},
	STEPS_END,
};

/* ---- in ---------------------------------------------------------------- */

/* After the statement that made them. */
#define STEP_COUNT(kind)                                                                           \
	{                                                                                          \
		"SELECT changes() AS " kind "_created, "                                           \
		"ifnull(json_array_length(:" kind "), 0) AS " kind "_given",                       \
			NULL                                                                       \
	}

#define IN_NEW_SESSION "value ->> 'session_id' IN (SELECT value FROM json_each(:new_sessions)) "

/*
 * What is known stays as it is: users and songs by their id, sessions as a whole with all that is in
 * them. What a table refuses undoes all of it.
 */
const struct store_step archive_sql_import[] = {
	{"SELECT json_group_array(value ->> 'id') AS new_sessions FROM json_each(:sessions) "
	 "WHERE value ->> 'id' NOT IN (SELECT id FROM session)",
	 NULL},

	{"INSERT INTO user (id, display_name, created_at, last_active_at) "
	 "SELECT value ->> 'id', value ->> 'display_name', value ->> 'created_at', "
	 "value ->> 'last_active_at' FROM json_each(:users) "
	 "WHERE true ON CONFLICT (id) DO NOTHING",
	 NULL},
	STEP_COUNT("users"),

	{"INSERT INTO song (id, title, default_key, default_bpm, time_signature, notes, hidden) "
	 "SELECT value ->> 'id', value ->> 'title', ifnull(value ->> 'default_key', ''), "
	 "ifnull(value ->> 'default_bpm', 120), ifnull(value ->> 'time_signature', '4/4'), "
	 "ifnull(value ->> 'notes', ''), ifnull(value ->> 'hidden', 0) FROM json_each(:songs) "
	 "WHERE true ON CONFLICT (id) DO NOTHING",
	 NULL},
	STEP_COUNT("songs"),
	{"SELECT 1 AS room WHERE :songs_created = 0 OR "
	 "(SELECT count(*) FROM song WHERE hidden = 0) <= " NUMBER_TEXT(LIMIT_SONGS_MAX),
	 "library_full"},

	/* What the file names and does not hold. */
	{"SELECT value ->> 'path' AS missing_path, value ->> 'kind' AS missing_kind, "
	 "value ->> 'id' AS missing_id FROM json_each(:needs) "
	 "WHERE NOT iif(value ->> 'kind' = 'user', value ->> 'id' IN (SELECT id FROM user), "
	 "iif(value ->> 'kind' = 'song', value ->> 'id' IN (SELECT id FROM song), "
	 "value ->> 'id' IN (SELECT id FROM instrument_slot))) LIMIT 1",
	 NULL},
	{"SELECT 1 AS found WHERE :missing_path IS NULL", "missing"},
	{"SELECT value ->> 'path' AS foreign_path FROM json_each(:setlists) "
	 "WHERE " IN_NEW_SESSION "AND value ->> 'id' IN (SELECT id FROM setlist) LIMIT 1",
	 NULL},
	{"SELECT 1 AS own WHERE :foreign_path IS NULL", "foreign"},

	/* Closed: session.reopen brings it back. What is on comes when the setlists are there. */
	{"INSERT INTO session (id, code, md_user_id, created_at, active) "
	 "SELECT value ->> 'id', value ->> 'code', value ->> 'md_user_id', value ->> 'created_at', "
	 "0 FROM json_each(:sessions) "
	 "WHERE value ->> 'id' IN (SELECT value FROM json_each(:new_sessions))",
	 NULL},
	STEP_COUNT("sessions"),
	{"INSERT INTO participant (session_id, user_id, join_time, last_heartbeat, "
	 "network_rtt_ms, packet_loss_pct, left_at, removed) "
	 "SELECT value ->> 'session_id', value ->> 'user_id', value ->> 'join_time', "
	 "value ->> 'last_heartbeat', value ->> 'network_rtt_ms', value ->> 'packet_loss_pct', "
	 "value ->> 'left_at', ifnull(value ->> 'removed', 0) "
	 "FROM json_each(:participants) WHERE " IN_NEW_SESSION,
	 NULL},
	STEP_COUNT("participants"),
	{"INSERT INTO setlist (id, session_id, title, created_at) "
	 "SELECT value ->> 'id', value ->> 'session_id', value ->> 'title', value ->> 'created_at' "
	 "FROM json_each(:setlists) WHERE " IN_NEW_SESSION,
	 NULL},
	STEP_COUNT("setlists"),
	{"INSERT INTO setlist_item (setlist_id, position, song_id, key_override, bpm_override, "
	 "song_leader_user_id) "
	 "SELECT value ->> 'setlist_id', value ->> 'position', value ->> 'song_id', "
	 "value ->> 'key_override', value ->> 'bpm_override', value ->> 'song_leader_user_id' "
	 "FROM json_each(:items) WHERE " IN_NEW_SESSION,
	 NULL},
	STEP_COUNT("items"),
	{"INSERT INTO role_assignment (session_id, user_id, slot_id, scope_type, scope_song_id, "
	 "assigned_at) "
	 "SELECT value ->> 'session_id', value ->> 'user_id', value ->> 'slot_id', "
	 "value ->> 'scope_type', value ->> 'scope_song_id', value ->> 'assigned_at' "
	 "FROM json_each(:roles) WHERE " IN_NEW_SESSION,
	 NULL},
	STEP_COUNT("roles"),
	{"INSERT INTO tempo_state (session_id, bpm, time_signature, anchor_timestamp, "
	 "anchor_bar_index, controller_user_id, start_bar, next_bar, volume, accent, subdivision, "
	 "sound) "
	 "SELECT value ->> 'session_id', value ->> 'bpm', value ->> 'time_signature', "
	 "value ->> 'anchor_timestamp', value ->> 'anchor_bar_index', "
	 "value ->> 'controller_user_id', ifnull(value ->> 'start_bar', 0), "
	 "ifnull(value ->> 'next_bar', 0), ifnull(value ->> 'volume', 80), "
	 "ifnull(value ->> 'accent', 1), ifnull(value ->> 'subdivision', 0), "
	 "ifnull(value ->> 'sound', 'beep') FROM json_each(:tempos) WHERE " IN_NEW_SESSION,
	 NULL},
	{"UPDATE session SET active_setlist_id = given.value ->> 'active_setlist_id', "
	 "active_position = given.value ->> 'active_position', "
	 "active_song_id = given.value ->> 'active_song_id', "
	 "active_start_bar = given.value ->> 'active_start_bar', "
	 "active_key_override = given.value ->> 'active_key_override', "
	 "active_bpm_override = given.value ->> 'active_bpm_override', "
	 "active_leader_user_id = given.value ->> 'active_leader_user_id' "
	 "FROM json_each(:sessions) AS given WHERE session.id = given.value ->> 'id' "
	 "AND session.id IN (SELECT value FROM json_each(:new_sessions))",
	 NULL},
	STEPS_END,
};

/* ---- what became of it ------------------------------------------------- */

/* Kinds as the counts name them, in their order, and as the steps do. */
static const struct kind {
	const char *name;
	const char *step;
} kinds[] = {
	{"songs", "songs"},
	{"users", "users"},
	{"sessions", "sessions"},
	{"participants", "participants"},
	{"setlists", "setlists"},
	{"setlist_items", "items"},
	{"role_assignments", "roles"},
};

static json_int_t number_of(const json_t *row, const char *step, const char *end)
{
	char name[40];
	snprintf(name, sizeof name, "%s_%s", step, end);
	return json_integer_value(json_object_get(row, name));
}

static json_t *archive_counts(const json_t *row)
{
	json_t *counts = json_object();
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		json_int_t created = number_of(row, kinds[i].step, "created");
		json_int_t given = number_of(row, kinds[i].step, "given");
		json_object_set_new(
			counts, kinds[i].name,
			json_pack("{s:I, s:I}", "created", created, "known", given - created));
	}
	return counts;
}

/* song_sql_import counts for itself. */
static json_t *counts_of(const json_t *row)
{
	json_t *songs = json_object_get(row, "answer_json");
	return songs ? json_pack("{s:O}", "songs", songs) : archive_counts(row);
}

static const char *text_of(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));
	return text ? text : "?";
}

static json_t *refused(const struct store_result *result)
{
	const json_t *row = result->row;
	if (strcmp(result->what, "missing") == 0)
		return json_sprintf("%s: no %s has the id %s, neither in the file nor in the "
				    "database",
				    text_of(row, "missing_path"), text_of(row, "missing_kind"),
				    text_of(row, "missing_id"));
	if (strcmp(result->what, "foreign") == 0)
		return json_sprintf("%s.id: a setlist of another session has this id",
				    text_of(row, "foreign_path"));
	if (strcmp(result->what, "library_full") == 0)
		return json_sprintf("with these songs the library would have more than %d, the "
				    "most it takes: delete some, or take some out of the file",
				    LIMIT_SONGS_MAX);
	return json_sprintf("refused: %s", result->what);
}

json_t *archive_sql_answer(const struct store_result *result)
{
	switch (result->status) {
	case STORE_OK:
		return json_pack("{s:b, s:o}", "ok", 1, "counts", counts_of(result->row));
	case STORE_REFUSED:
		return json_pack("{s:o}", "error", refused(result));
	case STORE_INVALID:
		return json_pack("{s:o}", "error",
				 json_sprintf("the tables refuse it: %s", result->what));
	case STORE_FAILED:
		break;
	}
	return json_pack("{s:s}", "error", result->what);
}
