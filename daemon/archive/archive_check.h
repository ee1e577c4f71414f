/*
 * archive_check.h - an export as it comes back: every value of it checked, then laid out by tables.
 *
 * What phones may write is checked by fields.h; the same limits hold here, and beside them what only
 * a whole file can break: an id twice, a position left out, a reference to nothing.
 *
 * Pure but for allocation of JSON. Thread: any.
 */
#ifndef TACTUS_ARCHIVE_CHECK_H
#define TACTUS_ARCHIVE_CHECK_H

#include <jansson.h>
#include <stddef.h>

/* The layout that --export writes, in "tactus_export". It rises when older programs would misread
 * what a newer one wrote. */
#define ARCHIVE_VERSION 1

/*
 * `archive` is the file's object; it is taken apart. *plan: an object of the arrays that
 * archive_sql_import (archive_sql.h) asks for. In each row ids are lower case and the ids of what it
 * lies in stand beside its own; `needs` are the users, songs and slots that the file names but does
 * not hold: {"kind", "id", "path"}. Owns: the caller, on 0.
 *
 * 0; -EINVAL with a sentence in `message` that names the entry,
 * "sessions[2].setlists[0].items[4].bpm_override must be 30 to 260, not 300"; or -ENOMEM.
 */
int archive_check(json_t *archive, json_t **plan, char *message, size_t message_size);

#endif
