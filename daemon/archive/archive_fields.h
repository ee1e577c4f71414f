/*
 * archive_fields.h - the fields of an export's entries, with the limits that phones have, too.
 *
 * They are the names of the tables (tables.sql). Each table ends with kind FIELD_END.
 */
#ifndef TACTUS_ARCHIVE_FIELDS_H
#define TACTUS_ARCHIVE_FIELDS_H

#include "fields.h"

/* In the year 2255: later moments are no nanoseconds of an int64_t. */
#define ARCHIVE_TIME_MAX 9000000000000

extern const struct field archive_song_fields[];
extern const struct field archive_user_fields[];
extern const struct field archive_session_fields[];
extern const struct field archive_participant_fields[];
extern const struct field archive_setlist_fields[];
extern const struct field archive_item_fields[];
extern const struct field archive_role_fields[];
extern const struct field archive_tempo_fields[];

#endif
