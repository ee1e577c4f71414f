#include "role_sql.h"

#include <stddef.h>

/* ---- pieces that both share -------------------------------------------- */

#define STEP_SCOPE                                                                                 \
	{                                                                                          \
		"SELECT 1 AS scope_fits "                                                          \
		"WHERE (:scope_type = 'song') = (:scope_song_id IS NOT NULL)",                     \
			"scope"                                                                    \
	}

#define STEP_SLOT                                                                                  \
	{                                                                                          \
		"SELECT 1 AS slot_is FROM instrument_slot WHERE id = :slot_id", "slot_unknown"     \
	}

/* The null of the global scope included. */
#define IN_SCOPE                                                                                   \
	"session_id = :session_id AND slot_id = :slot_id AND scope_type = :scope_type "            \
	"AND scope_song_id IS :scope_song_id"

#define STEPS_END                                                                                  \
	{                                                                                          \
		NULL, NULL                                                                         \
	}

/* ---- commands ---------------------------------------------------------- */

const struct store_step role_sql_assign[] = {
	{"SELECT md_user_id = :me AS is_md, ifnull(:user_id, :me) AS user_id, "
	 "ifnull(:scope_type, 'global') AS scope_type, ifnull(:replace, 0) AS may_replace "
	 "FROM session WHERE id = :session_id",
	 "session_unknown"},
	STEP_SCOPE,
	{"SELECT 1 AS may WHERE :is_md OR (:user_id = :me AND :scope_type = 'global')", "not_md"},
	{"SELECT 1 AS member FROM participant "
	 "WHERE session_id = :session_id AND user_id = :user_id AND left_at IS NULL",
	 "no_such_member"},
	STEP_SLOT,
	{"SELECT 1 AS song_is WHERE :scope_type = 'global' "
	 "OR EXISTS (SELECT 1 FROM song WHERE id = :scope_song_id AND hidden = 0)",
	 "song_unknown scope_song_id"},
	{"SELECT 1 AS to_be_had WHERE NOT EXISTS (SELECT 1 FROM role_assignment "
	 "WHERE " IN_SCOPE " AND user_id <> :user_id AND NOT (:may_replace "
	 "AND (:is_md OR user_id IN (SELECT value FROM json_each(:away)))))",
	 "slot_taken"},
	{"INSERT INTO role_assignment "
	 "(session_id, user_id, slot_id, scope_type, scope_song_id, assigned_at) "
	 "VALUES (:session_id, :user_id, :slot_id, :scope_type, :scope_song_id, :now) "
	 "ON CONFLICT (session_id, slot_id, scope_type, ifnull(scope_song_id, '')) DO UPDATE SET "
	 "user_id = excluded.user_id, assigned_at = excluded.assigned_at "
	 "WHERE user_id <> excluded.user_id",
	 NULL},
	STEPS_END,
};

const struct store_step role_sql_clear[] = {
	{"SELECT md_user_id = :me AS is_md, ifnull(:scope_type, 'global') AS scope_type "
	 "FROM session WHERE id = :session_id",
	 "session_unknown"},
	STEP_SCOPE,
	{"SELECT 1 AS may WHERE :is_md OR (:scope_type = 'global' AND CASE "
	 "WHEN :user_id IS NOT NULL THEN :user_id = :me "
	 "ELSE NOT EXISTS (SELECT 1 FROM role_assignment WHERE " IN_SCOPE " AND user_id <> :me) "
	 "END)",
	 "not_md"},
	/* Who has left meanwhile holds nothing, and that is well. */
	{"SELECT 1 AS known WHERE :user_id IS NULL OR EXISTS (SELECT 1 FROM participant "
	 "WHERE session_id = :session_id AND user_id = :user_id)",
	 "no_such_member"},
	STEP_SLOT,
	{"SELECT 1 AS song_is WHERE :scope_type = 'global' "
	 "OR EXISTS (SELECT 1 FROM song WHERE id = :scope_song_id)",
	 "song_unknown scope_song_id"},
	{"DELETE FROM role_assignment "
	 "WHERE " IN_SCOPE " AND (:user_id IS NULL OR user_id = :user_id)",
	 NULL},
	STEPS_END,
};
