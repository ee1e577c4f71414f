/*
 * archive_sql.h - the SQL of export and import.
 *
 * Steps for store.h. What an export holds, and what of it an import takes back, stands in archive.h.
 */
#ifndef TACTUS_ARCHIVE_SQL_H
#define TACTUS_ARCHIVE_SQL_H

#include "store.h"

#include <stddef.h>

/* -> songs_json, users_json, sessions_json: the parts of an export, in its order. Only reads. */
extern const struct store_step archive_sql_export[];

/* users, songs, sessions, participants, setlists, items, roles, tempos, needs: JSON arrays, made by
 * archive_check.h -> for each kind <kind>_created and <kind>_given. */
extern const struct store_step archive_sql_import[];

/* What became of an import, in an object: {"ok": true, "counts": {"songs": {"created": n,
 * "known": n}, ...}}, the kinds in order, or {"error": "a sentence"}. `result` is that of
 * archive_sql_import, or of song_sql_import. Owns: the caller. NULL on no memory. */
json_t *archive_sql_answer(const struct store_result *result);

#endif
