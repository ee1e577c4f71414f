#include "import_song.h"

#include "token.h"

#include <string.h>

static enum import_column find_column(const char *name)
{
	enum import_column column = IMPORT_TITLE;
	while (column < IMPORT_COLUMNS && strcmp(import_column_name(column), name) != 0)
		column++;
	return column;
}

/* As the tables have them, in lower case. */
static int set_id(struct import *import, json_t *song, struct import_place place, const json_t *id)
{
	const char *text = json_string_value(id);
	char lower[UUID_TEXT_SIZE];
	uint8_t bytes[16];
	if (!text || uuid_to_bytes(text, bytes) < 0)
		return import_fail(import, place, "id must be a UUID, or left out");
	uuid_to_text(bytes, lower);
	return json_object_set_new(song, "given_id", json_string(lower)) < 0
		       ? import_no_memory(import)
		       : 0;
}

static int set_trimmed(struct import *import, json_t *song, enum import_column column,
		       struct import_place place, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t size = json_string_length(value);
	import_trim(&text, &size);
	json_t *trimmed = json_stringn(text, size);
	int result = trimmed ? import_value(import, song, column, import_column_name(column), place,
					    trimmed)
			     : import_no_memory(import);
	json_decref(trimmed);
	return result;
}

static int set(struct import *import, json_t *song, struct import_place place, const char *name,
	       const json_t *value)
{
	enum import_column column = find_column(name);
	if (strcmp(name, "id") == 0)
		return set_id(import, song, place, value);
	if (column == IMPORT_NO_COLUMN)
		return import_fail(import, place,
				   "a song has no field \"%.40s\": it has title, default_key, "
				   "default_bpm, time_signature, notes",
				   name);
	if (json_is_string(value) && column != IMPORT_NOTES)
		return set_trimmed(import, song, column, place, value);
	return import_value(import, song, column, name, place, value);
}

static int take_song(struct import *import, struct import_place place, json_t *given)
{
	json_t *song = json_object();
	const char *name;
	json_t *value;
	int result = song ? 0 : import_no_memory(import);
	if (!json_is_object(given) && result == 0)
		result = import_fail(import, place, "a song is an object: {\"title\": ..., ...}");
	json_object_foreach(given, name, value)
	{
		if (result == 0)
			result = set(import, song, place, name, value);
	}
	if (result == 0)
		return import_add(import, song, place);
	json_decref(song);
	return result;
}

/* The array of songs, borrowed; NULL: there is none. */
static json_t *find_songs(json_t *whole)
{
	json_t *songs = json_object_get(whole, "songs");
	if (json_is_array(whole))
		return whole;
	return json_is_array(songs) && json_object_size(whole) == 1 ? songs : NULL;
}

static int take_songs(struct import *import, json_t *whole)
{
	json_t *songs = find_songs(whole);
	int result = 0;
	if (!songs)
		return import_fail(import, (struct import_place){"line", 1},
				   "this must be an array of songs, or {\"songs\": [...]} and "
				   "nothing else");
	for (size_t i = 0; i < json_array_size(songs) && result == 0; i++)
		result = take_song(import, (struct import_place){"song", i + 1},
				   json_array_get(songs, i));
	return result;
}

int import_json(struct import *import, const char *text, size_t size)
{
	json_error_t error;
	json_t *whole = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	if (!whole)
		return import_fail(
			import,
			(struct import_place){"line", error.line > 0 ? (size_t)error.line : 1},
			"this is not JSON: %.100s (column %d)", error.text, error.column);
	int result = take_songs(import, whole);
	json_decref(whole);
	return result;
}
