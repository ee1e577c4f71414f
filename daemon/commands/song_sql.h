/*
 * song_sql.h - the SQL of the library: songs that all sessions of the box share.
 *
 * Steps for store.h. Parameters are named as on the wire; has_<field> is 1 where a request has the
 * field, so that a null (which clears) is known from nothing. A song that is `hidden` is out of the
 * library: history keeps it, and nothing here finds it.
 */
#ifndef TACTUS_SONG_SQL_H
#define TACTUS_SONG_SQL_H

#include "store.h"

/* song_id, title, default_key, default_bpm, time_signature, notes; refuses library_full */
extern const struct store_step song_sql_create[];
/* song_id, and each of the fields with its has_; refuses song_unknown */
extern const struct store_step song_sql_update[];
/* song_id; refuses song_unknown, song_in_use */
extern const struct store_step song_sql_delete[];
/* match (song_match() of the query; absent: all), limit, offset -> answer_json; only reads */
extern const struct store_step song_sql_list[];
/* songs (of import_songs()) -> answer_json: {"created": n, "known": n}; refuses library_full */
extern const struct store_step song_sql_import[];

#endif
