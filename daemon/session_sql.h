/*
 * session_sql.h - the SQL of sessions and of what is kept of a tempo.
 *
 * Steps for store.h. Parameters are named as on the wire; `now` is Unix ms of the
 * box's clock, `load` 1 to raise the session's revision ceiling by a block (room.h),
 * which whoever may be the one that brings the room into memory does.
 */
#ifndef TACTUS_SESSION_SQL_H
#define TACTUS_SESSION_SQL_H

#include "hub.h"
#include "store.h"

#define SESSION_REVISION_BLOCK 1000

/* A running session's bars are noted so often, and so far ahead: after a power cut the numbers go
 * on above all that have sounded. */
#define SESSION_TEMPO_KEEP_NS (30 * BEAT_NS_PER_S)

/* session_id, load -> the columns that room_new() wants. */
extern const struct store_step session_sql_load[];
/* The same without raising anything: for a disk that is full. */
extern const struct store_step session_sql_load_only[];
extern const struct store_step session_sql_raise_ceiling[];

/* session_id, user_id, code, display_name, token_hash, on_air, now */
extern const struct store_step session_sql_create[];
/* code, user_id, display_name, token_hash, now, load */
extern const struct store_step session_sql_join[];
/* the same, and known_hash: the token of an earlier evening */
extern const struct store_step session_sql_join_again[];
/* token_hash -> session_id, user_id; only reads */
extern const struct store_step session_sql_resume[];
/* as join, and me: who asks, if in that session already -> user_id */
extern const struct store_step session_sql_claim[];
/* the instrument slots: column slots_json */
extern const struct store_step session_sql_slots[];

/* Note the room's tempo and click behind what has been published; nobody waits for it. One job a
 * room is under way; what changes meanwhile is noted when that is done. */
void session_sql_keep_tempo(struct hub *hub, struct room *room);

/* Note what has changed since the job under way, if anything has: before the store is closed. */
void session_sql_keep_rest(struct hub *hub, struct room *room);

#endif
