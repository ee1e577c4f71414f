#include "setlist_sql.h"

#include "limits.h"
#include "text_of.h"

/* ---- pieces that several commands share -------------------------------- */

/* An item that moves is lifted by so many, above all others, and then set down: position + 1 alone
 * collides row by row. */
#define LIFT "1000000"

#define STEP_OWN                                                                                   \
	{                                                                                          \
		"SELECT id AS setlist_id FROM setlist "                                            \
		"WHERE id = :setlist_id AND session_id = :session_id",                             \
			"setlist_unknown"                                                          \
	}

/* The setlist that is named, or the active one. */
#define STEP_NAMED                                                                                 \
	{                                                                                          \
		"SELECT ifnull(:setlist_id, active_setlist_id) AS setlist_id FROM session "        \
		"WHERE id = :session_id AND ifnull(:setlist_id, active_setlist_id) IS NOT NULL",   \
			"no_setlist"                                                               \
	}

#define STEP_FRESH                                                                                 \
	{                                                                                          \
		"SELECT 1 AS fresh WHERE ifnull(:seen_setlist_id, :setlist_id) = :setlist_id "     \
		"AND (:seen IS NULL OR :seen >= ifnull("                                           \
		"(SELECT number FROM setlist_change WHERE setlist_id = :setlist_id), 0))",         \
			"stale"                                                                    \
	}

#define STEP_ITEM                                                                                  \
	{                                                                                          \
		"SELECT position FROM setlist_item "                                               \
		"WHERE setlist_id = :setlist_id AND position = :position",                         \
			"position_range"                                                           \
	}

#define STEP_SONG                                                                                  \
	{                                                                                          \
		"SELECT 1 AS song_is WHERE :song_id IS NULL "                                      \
		"OR EXISTS (SELECT 1 FROM song WHERE id = :song_id AND hidden = 0)",               \
			"song_unknown"                                                             \
	}

#define STEP_SONG_LEADER                                                                           \
	{                                                                                          \
		"SELECT 1 AS leader_is WHERE :song_leader_user_id IS NULL "                        \
		"OR EXISTS (SELECT 1 FROM participant WHERE session_id = :session_id "             \
		"AND user_id = :song_leader_user_id AND left_at IS NULL)",                         \
			"no_such_member song_leader_user_id"                                       \
	}

/* session.active_position follows its item up and down (ON UPDATE CASCADE). */
#define STEP_LIFT_FROM(compare)                                                                    \
	{                                                                                          \
		"UPDATE setlist_item SET position = position + " LIFT " "                          \
		"WHERE setlist_id = :setlist_id AND position " compare " :position",               \
			NULL                                                                       \
	}
#define STEP_SET_DOWN(higher_or_lower)                                                             \
	{                                                                                          \
		"UPDATE setlist_item SET position = position - " LIFT " " higher_or_lower " "      \
		"WHERE setlist_id = :setlist_id AND position >= " LIFT,                            \
			NULL                                                                       \
	}

/* The song that is on, if it is an item of which `which` is true, loses its place and stays on. */
#define STEP_STAYS_ON(which)                                                                       \
	{                                                                                          \
		"UPDATE session SET active_position = NULL, active_song_id = item.song_id, "       \
		"active_key_override = item.key_override, "                                        \
		"active_bpm_override = item.bpm_override, "                                        \
		"active_leader_user_id = item.song_leader_user_id "                                \
		"FROM setlist_item AS item WHERE session.id = :session_id "                        \
		"AND item.setlist_id = active_setlist_id AND item.position = active_position "     \
		"AND " which,                                                                      \
			NULL                                                                       \
	}

/* Unless the items are as they were. */
#define STEPS_COUNTED                                                                              \
	{"UPDATE session SET setlist_changes = setlist_changes + 1 "                               \
	 "WHERE id = :session_id AND :altered RETURNING setlist_changes",                          \
	 NULL},                                                                                    \
	{                                                                                          \
		"INSERT INTO setlist_change (setlist_id, number) "                                 \
		"SELECT :setlist_id, :setlist_changes WHERE :altered "                             \
		"ON CONFLICT (setlist_id) DO UPDATE SET number = excluded.number",                 \
			NULL                                                                       \
	}

#define STEP_ANSWER                                                                                \
	{                                                                                          \
		"SELECT json_object('setlist_id', :setlist_id) AS answer_json", NULL               \
	}

#define STEPS_END                                                                                  \
	{                                                                                          \
		NULL, NULL                                                                         \
	}

/* ---- setlists ---------------------------------------------------------- */

const struct store_step setlist_sql_create[] = {
	{"SELECT 1 AS copied_is WHERE :copy_of IS NULL "
	 "OR EXISTS (SELECT 1 FROM setlist WHERE id = :copy_of AND session_id = :session_id)",
	 "setlist_unknown copy_of"},
	{"SELECT setlists FROM (SELECT count(*) AS setlists FROM setlist "
	 "WHERE session_id = :session_id) WHERE setlists < " TEXT_OF_LIMIT(LIMIT_SETLISTS_MAX),
	 "setlists_full"},
	{"INSERT INTO setlist (id, session_id, title, created_at) "
	 "VALUES (:setlist_id, :session_id, :title, :now)",
	 NULL},
	{"INSERT INTO setlist_item (setlist_id, position, song_id, key_override, bpm_override, "
	 "song_leader_user_id) "
	 "SELECT :setlist_id, position, song_id, key_override, bpm_override, song_leader_user_id "
	 "FROM setlist_item WHERE setlist_id = :copy_of",
	 NULL},
	STEPS_END,
};

const struct store_step setlist_sql_rename[] = {
	STEP_OWN,
	{"UPDATE setlist SET title = :title WHERE id = :setlist_id", NULL},
	STEPS_END,
};

const struct store_step setlist_sql_delete[] = {
	STEP_OWN,
	STEP_STAYS_ON("item.setlist_id = :setlist_id"),
	{"UPDATE session SET active_setlist_id = NULL "
	 "WHERE id = :session_id AND active_setlist_id = :setlist_id RETURNING 1 AS switched",
	 NULL},
	{"DELETE FROM setlist_item WHERE setlist_id = :setlist_id", NULL},
	{"DELETE FROM setlist WHERE id = :setlist_id", NULL},
	STEPS_END,
};

/* The one that is active already stays as it is: a second touch shall not lose the place in it. */
const struct store_step setlist_sql_activate[] = {
	{"SELECT 1 AS setlist_is WHERE :setlist_id IS NULL "
	 "OR EXISTS (SELECT 1 FROM setlist WHERE id = :setlist_id AND session_id = :session_id)",
	 "setlist_unknown"},
	STEP_STAYS_ON("item.setlist_id IS NOT :setlist_id"),
	{"UPDATE session SET active_setlist_id = :setlist_id "
	 "WHERE id = :session_id AND active_setlist_id IS NOT :setlist_id RETURNING 1 AS switched",
	 NULL},
	STEPS_END,
};

const struct store_step setlist_sql_list[] = {
	{"SELECT json_object('setlists', (SELECT json_group_array(json_object("
	 "'id', id, 'session_id', session_id, 'title', title, 'created_at', created_at, "
	 "'items', items, 'active', json(iif(active, 'true', 'false')))) "
	 "FROM (SELECT setlist.*, setlist.id IS session.active_setlist_id AS active, "
	 "(SELECT count(*) FROM setlist_item WHERE setlist_id = setlist.id) AS items "
	 "FROM setlist JOIN session ON session.id = setlist.session_id "
	 "WHERE session.id = :session_id ORDER BY setlist.created_at, setlist.rowid))) "
	 "AS answer_json",
	 NULL},
	STEPS_END,
};

/* ---- items ------------------------------------------------------------- */

const struct store_step setlist_sql_item_add[] = {
	STEP_NAMED,
	STEP_OWN,
	STEP_FRESH,
	{"SELECT items FROM (SELECT count(*) AS items FROM setlist_item "
	 "WHERE setlist_id = :setlist_id) WHERE items < " TEXT_OF_LIMIT(LIMIT_ITEMS_MAX),
	 "setlist_full"},
	{"SELECT ifnull(:position, :items) AS position WHERE ifnull(:position, :items) <= :items",
	 "position_range"},
	STEP_SONG,
	STEP_SONG_LEADER,
	STEP_LIFT_FROM(">="),
	STEP_SET_DOWN("+ 1"),
	{"INSERT INTO setlist_item (setlist_id, position, song_id, key_override, bpm_override, "
	 "song_leader_user_id) VALUES (:setlist_id, :position, :song_id, :key_override, "
	 ":bpm_override, :song_leader_user_id) RETURNING 1 AS altered",
	 NULL},
	STEPS_COUNTED,
	{"SELECT json_object('setlist_id', :setlist_id, 'position', :position) AS answer_json",
	 NULL},
	STEPS_END,
};

const struct store_step setlist_sql_item_update[] = {
	STEP_NAMED,
	STEP_OWN,
	STEP_FRESH,
	STEP_ITEM,
	STEP_SONG,
	STEP_SONG_LEADER,
	/* What it shall be; another step, so that it is said once. */
	{"SELECT ifnull(:song_id, song_id) AS song_id, "
	 "iif(:has_key_override, :key_override, key_override) AS key_override, "
	 "iif(:has_bpm_override, :bpm_override, bpm_override) AS bpm_override, "
	 "iif(:has_song_leader_user_id, :song_leader_user_id, song_leader_user_id) "
	 "AS song_leader_user_id "
	 "FROM setlist_item WHERE setlist_id = :setlist_id AND position = :position",
	 NULL},
	{"UPDATE setlist_item SET song_id = :song_id, key_override = :key_override, "
	 "bpm_override = :bpm_override, song_leader_user_id = :song_leader_user_id "
	 "WHERE setlist_id = :setlist_id AND position = :position "
	 "AND (song_id, key_override, bpm_override, song_leader_user_id) "
	 "IS NOT (:song_id, :key_override, :bpm_override, :song_leader_user_id) "
	 "RETURNING 1 AS altered",
	 NULL},
	STEPS_COUNTED,
	STEP_ANSWER,
	STEPS_END,
};

const struct store_step setlist_sql_item_move[] = {
	STEP_NAMED,
	STEP_OWN,
	STEP_FRESH,
	STEP_ITEM,
	{"SELECT position <> :position AS altered FROM setlist_item "
	 "WHERE setlist_id = :setlist_id AND position = :to",
	 "position_range to"},
	{"UPDATE setlist_item SET position = position + " LIFT " WHERE setlist_id = :setlist_id "
	 "AND position BETWEEN min(:position, :to) AND max(:position, :to)",
	 NULL},
	/* Those between make room: down by one if it goes up, up if it goes down. */
	{"UPDATE setlist_item SET position = CASE position - " LIFT " WHEN :position THEN :to "
	 "ELSE position - " LIFT " + iif(:to < :position, 1, -1) END "
	 "WHERE setlist_id = :setlist_id AND position >= " LIFT,
	 NULL},
	STEPS_COUNTED,
	STEP_ANSWER,
	STEPS_END,
};

const struct store_step setlist_sql_item_remove[] = {
	STEP_NAMED,
	STEP_OWN,
	STEP_FRESH,
	STEP_ITEM,
	STEP_STAYS_ON("item.setlist_id = :setlist_id AND item.position = :position"),
	{"DELETE FROM setlist_item WHERE setlist_id = :setlist_id AND position = :position "
	 "RETURNING 1 AS altered",
	 NULL},
	STEP_LIFT_FROM(">"),
	STEP_SET_DOWN("- 1"),
	STEPS_COUNTED,
	STEP_ANSWER,
	STEPS_END,
};
