/*
 * setlist_sql.h - the SQL of setlists and their items.
 *
 * Steps for store.h. Parameters are named as on the wire; session_id is always one of them.
 * Positions are dense from 0 before each of them and after. Whatever takes the place away from the
 * song that is on leaves the song on, with what its item had changed of it.
 *
 * The steps of items take two more, both null for a request without `revision`:
 *   seen             number of the session's last setlist change that the one who asks may know of;
 *                    a setlist that was changed later is refused, "stale"
 *   seen_setlist_id  which setlist was the active one to him; another is refused, "stale"
 * and return setlist_id and, if they changed anything, setlist_changes: the number of this change.
 */
#ifndef TACTUS_SETLIST_SQL_H
#define TACTUS_SETLIST_SQL_H

#include "store.h"

/* setlist_id (a new one), title, copy_of, now */
extern const struct store_step setlist_sql_create[];
/* setlist_id, title */
extern const struct store_step setlist_sql_rename[];
/* setlist_id -> setlist_id; switched = 1 if it was the active one */
extern const struct store_step setlist_sql_delete[];
/* setlist_id, or null: none -> switched = 1 if it was not the active one */
extern const struct store_step setlist_sql_activate[];
/* -> answer_json; only reads */
extern const struct store_step setlist_sql_list[];

/* setlist_id (null: the active one) in all of these. */
/* song_id, position (null: at the end), key_override, bpm_override, song_leader_user_id */
extern const struct store_step setlist_sql_item_add[];
/* position; song_id; key_override, bpm_override, song_leader_user_id, each with has_... = 1 if it
 * is to be set (fields_copy) */
extern const struct store_step setlist_sql_item_update[];
/* position, to */
extern const struct store_step setlist_sql_item_move[];
/* position */
extern const struct store_step setlist_sql_item_remove[];

#endif
