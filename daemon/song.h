/*
 * song.h - what a song's fields may hold, for requests and files alike; what a query of the library
 * finds.
 *
 * Pure but for allocation. Thread: any.
 */
#ifndef TACTUS_SONG_H
#define TACTUS_SONG_H

#include "fields.h"
#include "limits.h"

#include <stdbool.h>

/* Rows of a field table (fields.h); need: enum field_need. A key may be empty: not known. */
#define SONG_FIELD_TITLE(need)                                                                     \
	{                                                                                          \
		FIELD_TEXT, "title", need, 1, LIMIT_TITLE_MAX, "title", FIELD_TITLE_RULE, NULL     \
	}
#define SONG_FIELD_KEY(need)                                                                       \
	{                                                                                          \
		FIELD_TEXT, "default_key", need, 0, LIMIT_KEY_MAX, "key", FIELD_KEY_RULE,          \
			song_key_ok                                                                \
	}
#define SONG_FIELD_BPM(need)                                                                       \
	{                                                                                          \
		FIELD_INT, "default_bpm", need, LIMIT_BPM_MIN, LIMIT_BPM_MAX, "bpm_range",         \
			FIELD_BPM_RULE, NULL                                                       \
	}
#define SONG_FIELD_METRE(need)                                                                     \
	{                                                                                          \
		FIELD_TEXT, "time_signature", need, 1, 8, "time_signature", FIELD_METRE_RULE,      \
			field_metre_ok                                                             \
	}
#define SONG_FIELD_NOTES(need)                                                                     \
	{                                                                                          \
		FIELD_LINES, "notes", need, 0, LIMIT_NOTES_MAX_BYTES, "notes", FIELD_NOTES_RULE,   \
			NULL                                                                       \
	}

/* Empty, or more than blanks. */
bool song_key_ok(const char *key);

/*
 * The expression for the search table (migration_002.sql) that finds the titles in which every word
 * of the query begins a word. No query is an error: signs that are no letters or digits are no
 * words. *out is NULL if there is no word in it: that finds all. Owns: the caller frees.
 * 0 or -ENOMEM.
 */
int song_match(const char *query, char **out);

#endif
