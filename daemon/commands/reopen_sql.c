#include "reopen_sql.h"

#include "text_of.h"

#include <stddef.h>

#define STEPS_END                                                                                  \
	{                                                                                          \
		NULL, NULL                                                                         \
	}

#define TITLES TEXT_OF_LIMIT(REOPEN_TITLES)
#define SESSIONS TEXT_OF_LIMIT(REOPEN_LIST)

#define NOBODY_HAS_IT                                                                              \
	"NOT EXISTS (SELECT 1 FROM session WHERE session.code = offer.code AND active = 1)"

const struct store_step reopen_sql_list[] = {
	{"SELECT json_group_array(json_object("
	 "'session_id', id, 'code', code, 'created_at', created_at, 'last_heartbeat', heard, "
	 "'active', json(iif(active, 'true', 'false')), "
	 "'md_display_name', (SELECT display_name FROM user WHERE user.id = md_user_id), "
	 "'people', (SELECT count(*) FROM participant "
	 "WHERE participant.session_id = recent.id AND left_at IS NULL), "
	 "'setlists', (SELECT json_group_array(title) FROM (SELECT title FROM "
	 "(SELECT title, created_at, id FROM setlist WHERE setlist.session_id = recent.id "
	 "ORDER BY created_at DESC, id DESC LIMIT " TITLES ") "
	 "ORDER BY created_at, id)))) AS sessions_json "
	 "FROM (SELECT session.*, ifnull((SELECT max(last_heartbeat) FROM participant "
	 "WHERE participant.session_id = session.id), created_at) AS heard "
	 "FROM session ORDER BY active DESC, heard DESC, created_at DESC, id LIMIT " SESSIONS
	 ") AS recent",
	 NULL},
	STEPS_END,
};

const struct store_step reopen_sql_reopen[] = {
	{"SELECT id AS session_id, active AS was_active, code FROM session WHERE id = :session_id",
	 "session_unknown"},
	{"UPDATE session SET on_air = 0 WHERE on_air = 1 AND :on_air AND NOT :was_active", NULL},
	{"SELECT offer.code FROM (SELECT -1 AS rank, :code AS code "
	 "UNION ALL SELECT key, value FROM json_each(:codes)) AS offer "
	 "WHERE :was_active OR " NOBODY_HAS_IT " ORDER BY rank LIMIT 1",
	 "no_free_code"},
	{"UPDATE session SET active = 1, on_air = ifnull(:on_air, 0), code = :code "
	 "WHERE id = :session_id AND NOT :was_active",
	 NULL},
	/* Whoever held the key to talk, or was ready, was so on that evening. */
	{"UPDATE participant SET ptt_state = 'idle', ready = 0 "
	 "WHERE session_id = :session_id AND NOT :was_active "
	 "AND (ptt_state <> 'idle' OR ready <> 0)",
	 NULL},
	{"UPDATE tempo_state SET running = 0, pending_bpm = NULL, pending_time_signature = NULL, "
	 "pending_anchor_timestamp = NULL, pending_anchor_bar_index = NULL "
	 "WHERE session_id = :session_id AND NOT :was_active",
	 NULL},
	STEPS_END,
};

const struct store_step reopen_sql_renew_code[] = {
	{"SELECT offer.code, json_object('code', offer.code) AS answer_json "
	 "FROM (SELECT key, value AS code FROM json_each(:codes)) AS offer "
	 "WHERE " NOBODY_HAS_IT " ORDER BY key LIMIT 1",
	 "no_free_code"},
	{"UPDATE session SET code = :code WHERE id = :session_id AND active = 1",
	 "session_unknown"},
	STEPS_END,
};
