#include "import_song.h"

#include "import.h"
#include "metre.h"
#include "song.h"
#include "token.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Each a table of one row: a value is checked as it comes, so that its own line can be named. */
static const struct field columns[IMPORT_COLUMNS][2] = {
	{SONG_FIELD_TITLE(FIELD_REQUIRED), {.kind = FIELD_END}},
	{SONG_FIELD_KEY(FIELD_OPTIONAL), {.kind = FIELD_END}},
	{SONG_FIELD_BPM(FIELD_OPTIONAL), {.kind = FIELD_END}},
	{SONG_FIELD_METRE(FIELD_OPTIONAL), {.kind = FIELD_END}},
	{SONG_FIELD_NOTES(FIELD_OPTIONAL), {.kind = FIELD_END}},
};

const char *import_column_name(enum import_column column)
{
	return columns[column][0].name;
}

/* ---- errors ------------------------------------------------------------ */

int import_fail(struct import *import, struct import_place place, const char *format, ...)
{
	char what[IMPORT_MESSAGE_SIZE];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	/* What was quoted may have been cut within a character. */
	for (char *at = what; *at; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
			*at = '?';
	snprintf(import->message, import->message_size, "%s %zu: %s", place.unit, place.number,
		 what);
	return -EINVAL;
}

int import_no_memory(struct import *import)
{
	snprintf(import->message, import->message_size, "no memory for so long a text");
	return -ENOMEM;
}

/* ---- values ------------------------------------------------------------ */

/* Ahead of the rule of lengths, which would not tell what is wrong. */
static int check_control(struct import *import, enum import_column column, const char *name,
			 struct import_place place, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t size = json_string_length(value);
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];
		bool c1 = byte == 0xc2 && (unsigned char)text[i + 1] < 0xa0;
		if (byte >= 0x20 && byte != 0x7f && !c1)
			continue;
		if (column == IMPORT_NOTES && (byte == '\n' || byte == '\r' || byte == '\t'))
			continue;
		return import_fail(import, place, "%s has %s in it: take it out", name,
				   byte == '\n' || byte == '\r' ? "an end of a line"
				   : byte == '\t'               ? "a tab"
								: "a control character");
	}
	return 0;
}

int import_value(struct import *import, json_t *song, enum import_column column, const char *name,
		 struct import_place place, const json_t *value)
{
	const struct field *field = columns[column];
	struct field_error error;
	int result = check_control(import, column, name, place, value);
	if (result < 0)
		return result;
	json_t *alone = json_object();
	if (!alone || json_object_set(alone, field->name, (json_t *)value) < 0 ||
	    json_object_set(song, field->name, (json_t *)value) < 0)
		result = import_no_memory(import);
	else if (fields_check(field, alone, &error) < 0)
		/* What is wrong with a value begins with the field's name: here it has its own. */
		result = import_fail(import, place, "%s%s", name,
				     error.message + strlen(field->name));
	json_decref(alone);
	return result;
}

/* "120", "119.6", "119,6", to the nearest whole number; -1: no number. */
static int read_bpm(const char *text, size_t size)
{
	int whole = 0;
	size_t i = 0;
	for (; i < size && isdigit((unsigned char)text[i]); i++)
		whole = whole < 100000 ? 10 * whole + (text[i] - '0') : whole;
	if (i == 0 || i == size)
		return i == 0 ? -1 : whole;
	if ((text[i] != '.' && text[i] != ',') || i + 1 == size)
		return -1;
	int tenths = text[i + 1] - '0';
	while (++i < size)
		if (!isdigit((unsigned char)text[i]))
			return -1;
	return whole + (tenths >= 5);
}

static json_t *text_value(enum import_column column, const char *text, size_t size)
{
	int bpm = column == IMPORT_BPM ? read_bpm(text, size) : -1;
	return bpm >= 0 ? json_integer(bpm) : json_stringn(text, size);
}

static bool is_blank(char character)
{
	return character == ' ' || character == '\t';
}

void import_trim(const char **text, size_t *size)
{
	while (*size > 0 && is_blank(**text)) {
		(*text)++;
		(*size)--;
	}
	while (*size > 0 && is_blank((*text)[*size - 1]))
		(*size)--;
}

int import_text(struct import *import, json_t *song, enum import_column column, const char *name,
		struct import_place place, const char *text, size_t size)
{
	const char *trimmed = text;
	size_t trimmed_size = size;
	import_trim(&trimmed, &trimmed_size);
	if (trimmed_size == 0)
		return 0;
	json_t *value = column == IMPORT_NOTES ? json_stringn(text, size)
					       : text_value(column, trimmed, trimmed_size);
	if (!value)
		return import_no_memory(import);
	int result = import_value(import, song, column, name, place, value);
	json_decref(value);
	return result;
}

/* ---- songs ------------------------------------------------------------- */

/* 0 or -1. */
static int fill(json_t *song)
{
	char id[UUID_TEXT_SIZE];
	uuid_new(id);
	json_t *defaults = json_pack("{s:s, s:i, s:s, s:s}", "default_key", "", "default_bpm", 120,
				     "time_signature", metre_name(METRE_4_4), "notes", "");
	int failed = json_object_update_missing(song, defaults);
	failed |= json_object_set_new(song, "id", json_string(id));
	json_decref(defaults);
	return failed;
}

int import_add(struct import *import, json_t *song, struct import_place place)
{
	int result = 0;
	if (!json_object_get(song, "title"))
		result = import_fail(import, place, "this song has no title: give it one");
	else if (json_array_size(import->songs) == LIMIT_SONGS_MAX)
		result = import_fail(import, place, "these are more than %d songs: take some out",
				     LIMIT_SONGS_MAX);
	else if (fill(song) < 0 || json_array_append(import->songs, song) < 0)
		result = import_no_memory(import);
	json_decref(song);
	return result;
}
