/*
 * import_song.h - songs of a text as they are read, and what is wrong with it: what the parsers of
 * import.h share.
 *
 * Functions return 0, or -EINVAL or -ENOMEM with the sentence written. The first error is the last.
 * Thread: any.
 */
#ifndef TACTUS_IMPORT_SONG_H
#define TACTUS_IMPORT_SONG_H

#include <jansson.h>
#include <stddef.h>

struct import {
	json_t *songs; /* array */
	char *message;
	size_t message_size;
};

/* Where something stands: {"line", 7}, {"song", 3}. */
struct import_place {
	const char *unit;
	size_t number;
};

enum import_column {
	IMPORT_TITLE = 0,
	IMPORT_KEY,
	IMPORT_BPM,
	IMPORT_METRE,
	IMPORT_NOTES,
	IMPORT_COLUMNS,
	IMPORT_NO_COLUMN = IMPORT_COLUMNS
};

/* "title", "default_key", ... */
const char *import_column_name(enum import_column column);

/* The parsers. */
int import_csv(struct import *import, const char *text, size_t size);
int import_chordpro(struct import *import, const char *text, size_t size);
int import_json(struct import *import, const char *text, size_t size);

/* -EINVAL, and "line 7: ..." written. */
int import_fail(struct import *import, struct import_place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int import_no_memory(struct import *import);

/* Leave out the blanks and tabs at both ends. */
void import_trim(const char **text, size_t *size);

/* Check a value and put it into the song. `name` is what the text calls that column. */
int import_value(struct import *import, json_t *song, enum import_column column, const char *name,
		 struct import_place place, const json_t *value);

/* Check text as it stands in a cell and put it into the song: trimmed, but for notes, and a tempo as
 * a number. Only blanks: the song has none. */
int import_text(struct import *import, json_t *song, enum import_column column, const char *name,
		struct import_place place, const char *text, size_t size);

/* The song is read: it has a title, defaults where it is silent, and a fresh id. Takes song. */
int import_add(struct import *import, json_t *song, struct import_place place);

#endif
