#include "session_sql.h"

#include "clock.h"
#include "limits.h"
#include "log.h"
#include "metre.h"
#include "text_of.h"

#include <stdio.h>

#define REVISION_BLOCK TEXT_OF_LIMIT(SESSION_REVISION_BLOCK)

/* ---- pieces that several commands share -------------------------------- */

#define STEP_SESSION_BY_CODE                                                                       \
	{                                                                                          \
		"SELECT id AS session_id FROM session WHERE code = :code AND active = 1",          \
			"code_unknown"                                                             \
	}

/* Whoever is in it already gets in again. */
#define STEP_PLACE                                                                                 \
	{                                                                                          \
		"SELECT 1 AS place WHERE EXISTS (SELECT 1 FROM participant "                       \
		"WHERE session_id = :session_id AND user_id = :user_id AND left_at IS NULL) "      \
		"OR (SELECT count(*) FROM participant "                                            \
		"WHERE session_id = :session_id AND left_at IS NULL) "                             \
		"< " TEXT_OF_LIMIT(LIMIT_MEMBERS_MAX),                                             \
			"session_full"                                                             \
	}

#define STEP_NEW_USER                                                                              \
	{                                                                                          \
		"INSERT INTO user (id, display_name, created_at, last_active_at) "                 \
		"VALUES (:user_id, :display_name, :now, :now)",                                    \
			NULL                                                                       \
	}

#define STEP_PARTICIPANT                                                                           \
	{                                                                                          \
		"INSERT INTO participant (session_id, user_id, join_time, last_heartbeat) "        \
		"VALUES (:session_id, :user_id, :now, :now) "                                      \
		"ON CONFLICT (session_id, user_id) DO UPDATE SET "                                 \
		"left_at = NULL, removed = 0, last_heartbeat = excluded.last_heartbeat",           \
			NULL                                                                       \
	}

#define STEP_TOKEN                                                                                 \
	{                                                                                          \
		"INSERT INTO token (token_hash, session_id, user_id, created_at) "                 \
		"VALUES (:token_hash, :session_id, :user_id, :now)",                               \
			NULL                                                                       \
	}

#define STEP_RAISE_CEILING                                                                         \
	{                                                                                          \
		"UPDATE session SET revision_ceiling = revision_ceiling + " REVISION_BLOCK " "     \
		"WHERE id = :session_id AND :load "                                                \
		"RETURNING revision_ceiling - " REVISION_BLOCK " AS revision, revision_ceiling",   \
			NULL                                                                       \
	}

#define STEP_LOAD                                                                                  \
	{                                                                                          \
		"SELECT session.id AS session_id, active, code, md_user_id, on_air, "              \
		"revision_ceiling AS ceiling, controller_user_id, running, anchor_clock, bpm, "    \
		"time_signature, anchor_timestamp, anchor_bar_index, start_bar, next_bar, "        \
		"volume, accent, subdivision, sound, active_start_bar, pending_bpm, "              \
		"pending_time_signature, pending_anchor_timestamp, pending_anchor_bar_index, "     \
		"setlist_changes "                                                                 \
		"FROM session JOIN tempo_state ON tempo_state.session_id = session.id "            \
		"WHERE session.id = :session_id",                                                  \
			"session_unknown"                                                          \
	}

#define STEP_FREE_AIR                                                                              \
	{                                                                                          \
		"UPDATE session SET on_air = 0 WHERE on_air = 1 AND :on_air", NULL                 \
	}

#define STEPS_END                                                                                  \
	{                                                                                          \
		NULL, NULL                                                                         \
	}

/* ---- commands ---------------------------------------------------------- */

const struct store_step session_sql_load[] = {STEP_RAISE_CEILING, STEP_LOAD, STEPS_END};

const struct store_step session_sql_load_only[] = {STEP_LOAD, STEPS_END};

const struct store_step session_sql_raise_ceiling[] = {STEP_RAISE_CEILING, STEPS_END};

const struct store_step session_sql_create[] = {
	STEP_NEW_USER,
	STEP_FREE_AIR,
	{"INSERT INTO session (id, code, md_user_id, created_at, on_air) "
	 "VALUES (:session_id, :code, :user_id, :now, :on_air)",
	 NULL},
	STEP_PARTICIPANT,
	{"INSERT INTO tempo_state (session_id, anchor_timestamp, controller_user_id) "
	 "VALUES (:session_id, :now, :user_id)",
	 NULL},
	STEP_TOKEN,
	STEP_RAISE_CEILING,
	STEP_LOAD,
	STEPS_END,
};

const struct store_step session_sql_join[] = {
	STEP_SESSION_BY_CODE, STEP_PLACE,         STEP_NEW_USER, STEP_PARTICIPANT,
	STEP_TOKEN,           STEP_RAISE_CEILING, STEP_LOAD,     STEPS_END,
};

const struct store_step session_sql_join_again[] = {
	STEP_SESSION_BY_CODE,
	{"SELECT user_id FROM token WHERE token_hash = :known_hash AND revoked = 0",
	 "token_unknown"},
	STEP_PLACE,
	{"UPDATE user SET display_name = :display_name, last_active_at = :now "
	 "WHERE id = :user_id",
	 "token_unknown"},
	STEP_PARTICIPANT,
	STEP_TOKEN,
	STEP_RAISE_CEILING,
	STEP_LOAD,
	STEPS_END,
};

const struct store_step session_sql_resume[] = {
	{"SELECT session_id, user_id FROM token WHERE token_hash = :token_hash AND revoked = 0",
	 "token_unknown"},
	{"SELECT 1 AS member FROM participant "
	 "WHERE session_id = :session_id AND user_id = :user_id AND left_at IS NULL",
	 "left"},
	{"SELECT 1 AS open FROM session WHERE id = :session_id AND active = 1",
	 "session_closed token"},
	STEPS_END,
};

const struct store_step session_sql_claim[] = {
	STEP_SESSION_BY_CODE,
	/* One of the band who takes over stays who it is, with its roles. */
	{"SELECT user_id FROM participant "
	 "WHERE session_id = :session_id AND user_id = :me AND left_at IS NULL",
	 NULL},
	{"INSERT INTO user (id, display_name, created_at, last_active_at) "
	 "VALUES (:user_id, :display_name, :now, :now) ON CONFLICT (id) DO UPDATE SET "
	 "display_name = excluded.display_name, last_active_at = excluded.last_active_at",
	 NULL},
	STEP_PARTICIPANT,
	{"UPDATE session SET md_user_id = :user_id WHERE id = :session_id", "code_unknown"},
	{"UPDATE tempo_state SET controller_user_id = :user_id WHERE session_id = :session_id",
	 "code_unknown"},
	STEP_TOKEN,
	STEP_RAISE_CEILING,
	STEP_LOAD,
	STEPS_END,
};

const struct store_step session_sql_slots[] = {
	{"SELECT json AS slots_json FROM section_slots", NULL},
	STEPS_END,
};

/* ---- the tempo behind the click ---------------------------------------- */

static const struct store_step keep_tempo[] = {
	{"UPDATE tempo_state SET bpm = :bpm, time_signature = :time_signature, "
	 "anchor_timestamp = :anchor_timestamp, anchor_bar_index = :anchor_bar_index, "
	 "running = :running, anchor_clock = :anchor_clock, start_bar = :start_bar, "
	 "next_bar = :next_bar, volume = :volume, "
	 "accent = :accent, subdivision = :subdivision, sound = :sound, "
	 "pending_bpm = :pending_bpm, pending_time_signature = :pending_time_signature, "
	 "pending_anchor_timestamp = :pending_anchor_timestamp, "
	 "pending_anchor_bar_index = :pending_anchor_bar_index "
	 "WHERE session_id = :session_id",
	 NULL},
	{"UPDATE session SET active_start_bar = :song_start_bar "
	 "WHERE id = :session_id AND active_start_bar IS NOT :song_start_bar",
	 NULL},
	STEPS_END,
};

static void tempo_kept(void *user, const struct store_result *result)
{
	struct room *room = user;
	struct hub *hub = room->keeping;
	room->keeping = NULL;
	if (result->status != STORE_OK)
		log_event(LOG_LEVEL_ERROR, "the tempo is played but not stored: %s", result->what);
	session_sql_keep_rest(hub, room);
}

void session_sql_keep_rest(struct hub *hub, struct room *room)
{
	if (!room->keep_again)
		return;
	room->keeping = NULL;
	session_sql_keep_tempo(hub, room);
}

static json_t *grid_params(const struct hub *hub, const struct tempo_grid *grid)
{
	return json_pack("{s:i, s:s, s:I, s:I}", "bpm", grid->pace.bpm, "time_signature",
			 metre_name(grid->pace.metre), "anchor_timestamp",
			 (json_int_t)clock_to_unix_ms(grid->anchor_ns, hub->offset_ns),
			 "anchor_bar_index", (json_int_t)grid->anchor_bar);
}

/* Only while it runs is anything pending. */
static void add_pending(const struct hub *hub, const struct tempo_record *record, json_t *params)
{
	char name[48];
	const char *column;
	json_t *value;
	if (!record->running || record->pending_kind == PENDING_NONE)
		return;
	json_t *pending = grid_params(hub, &record->pending);
	json_object_foreach(pending, column, value)
	{
		snprintf(name, sizeof name, "pending_%s", column);
		json_object_set(params, name, value);
	}
	json_decref(pending);
}

static json_t *tempo_params(const struct hub *hub, const struct room *room, int64_t now_ns)
{
	const struct tempo_record *record = &room->tempo.record;
	int64_t next_bar = tempo_bar_after(&room->tempo, now_ns + 2 * SESSION_TEMPO_KEEP_NS);
	json_t *params = grid_params(hub, &record->current);
	json_object_update_new(
		params,
		json_pack("{s:s, s:s, s:b, s:I, s:I, s:i, s:b, s:b, s:s}", "session_id", room->id,
			  "anchor_clock", hub->clock_id, "running", (int)record->running,
			  "start_bar", (json_int_t)record->start_bar, "next_bar",
			  (json_int_t)next_bar, "volume", record->click.volume, "accent",
			  (int)record->click.accent, "subdivision", (int)record->click.subdivision,
			  "sound", sound_name(record->click.sound)));
	add_pending(hub, record, params);
	/* Who reads it back knows by this that the song's tempo has not taken over. */
	if (room->song_start_bar != SONG_NOT_BEGUN && !room->song_waits)
		json_object_set_new(params, "song_start_bar", json_integer(room->song_start_bar));
	return params;
}

void session_sql_keep_tempo(struct hub *hub, struct room *room)
{
	int64_t now_ns = clock_now_ns();
	room->keep_again = room->keeping != NULL;
	if (room->keep_again)
		return; /* a fader that is drawn while the disk stalls shall not pile up jobs */
	room->tempo_stored_ns = now_ns;
	struct store_job job = {
		.steps = keep_tempo,
		.params = tempo_params(hub, room, now_ns),
		.done = tempo_kept,
		.user = room,
	};
	if (store_submit(hub->store, &job) == 0)
		room->keeping = hub;
}
