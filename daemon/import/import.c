#include "import.h"

#include "import_song.h"
#include "limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int (*parse)(struct import *import, const char *text, size_t size);
} formats[] = {
	{"csv", import_csv},
	{"chordpro", import_chordpro},
	{"json", import_json},
};

#define FORMATS (sizeof formats / sizeof formats[0])

static size_t find_format(const char *format)
{
	size_t i = 0;
	while (i < FORMATS && strcmp(formats[i].name, format) != 0)
		i++;
	return i;
}

bool import_format_ok(const char *format)
{
	return find_format(format) < FORMATS;
}

/* ---- UTF-8 ------------------------------------------------------------- */

/* Bytes of the character that begins here, or 0 if none does (RFC 3629; not 0 either). */
static size_t character_size(const unsigned char *at, size_t left)
{
	static const struct {
		unsigned char low, high; /* of the first byte */
		size_t size;
		unsigned char second_low, second_high;
	} forms[] = {{0x01, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf},
		     {0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf},
		     {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
		     {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf},
		     {0xf4, 0xf4, 4, 0x80, 0x8f}};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if (at[0] < forms[i].low || at[0] > forms[i].high)
			continue;
		if (forms[i].size > left)
			return 0;
		if (forms[i].size > 1 &&
		    (at[1] < forms[i].second_low || at[1] > forms[i].second_high))
			return 0;
		for (size_t k = 2; k < forms[i].size; k++)
			if ((at[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].size;
	}
	return 0;
}

static int check_utf8(struct import *import, const char *text, size_t size)
{
	size_t line = 1;
	for (size_t i = 0; i < size;) {
		size_t step = character_size((const unsigned char *)text + i, size - i);
		if (step == 0)
			return import_fail(import, (struct import_place){"line", line},
					   "this is not UTF-8: save the file as UTF-8 text");
		line += text[i] == '\n';
		i += step;
	}
	return 0;
}

/* ------------------------------------------------------------------------ */

static int parse(struct import *import, const char *format, const char *text, size_t size)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t which = find_format(format);
	if (which == FORMATS) {
		snprintf(import->message, import->message_size,
			 "format must be " IMPORT_FORMAT_RULE ", not \"%.40s\"", format);
		return -EINVAL;
	}
	if (size >= strlen(mark) && memcmp(text, mark, strlen(mark)) == 0) {
		text += strlen(mark);
		size -= strlen(mark);
	}
	int result = check_utf8(import, text, size);
	if (result == 0)
		result = formats[which].parse(import, text, size);
	if (result == 0 && json_array_size(import->songs) == 0) {
		snprintf(import->message, import->message_size, "there is no song in this text");
		return -EINVAL;
	}
	return result;
}

int import_songs(const char *format, const char *text, size_t size, json_t **songs, char *message,
		 size_t message_size)
{
	struct import import = {.songs = json_array()};
	import.message = message;
	import.message_size = message_size;
	*songs = NULL;
	if (!import.songs)
		return import_no_memory(&import);
	int result = parse(&import, format, text, size);
	if (result < 0)
		json_decref(import.songs);
	else
		*songs = import.songs;
	return result;
}
