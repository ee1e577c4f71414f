#include "song.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool song_key_ok(const char *key)
{
	return *key == '\0' || !field_only_blanks(key);
}

/* ---- queries ----------------------------------------------------------- */

/* Beyond ASCII, the ranges without a letter or digit that people have on their keyboards: marks,
 * dashes, quotes, currencies, arrows, notes, ornaments, emoji. Others that make no word either find
 * nothing when they stand alone; beside a word they do no harm. */
static bool is_sign(unsigned point)
{
	static const unsigned signs[][2] = {
		{0x80, 0xa9},     {0xab, 0xb1},     {0xb4, 0xb4},      {0xb6, 0xb8},
		{0xbb, 0xbb},     {0xbf, 0xbf},     {0xd7, 0xd7},      {0xf7, 0xf7},
		{0x2000, 0x206f}, {0x20a0, 0x20cf}, {0x2190, 0x245f},  {0x2500, 0x2775},
		{0x2794, 0x2bff}, {0x3000, 0x3004}, {0x3008, 0x3020},  {0xfe00, 0xfe0f},
		{0xfeff, 0xfeff}, {0xfffc, 0xfffd}, {0x1f300, 0x1faff}};
	if (point < 0x80)
		return !isalnum((int)point);
	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
		if (point >= signs[i][0] && point <= signs[i][1])
			return true;
	return false;
}

/* The next code point of valid UTF-8, which is all that requests have. */
static unsigned take_point(const char **text, const char *end)
{
	unsigned char lead = (unsigned char)*(*text)++;
	int more = (lead >= 0xc0) + (lead >= 0xe0) + (lead >= 0xf0);
	unsigned point = more ? lead & (0x3fu >> more) : lead;
	while (more-- > 0 && *text < end)
		point = point << 6 | ((unsigned char)*(*text)++ & 0x3f);
	return point;
}

static bool has_word(const char *text, size_t size)
{
	const char *end = text + size;
	while (text < end)
		if (!is_sign(take_point(&text, end)))
			return true;
	return false;
}

/* Quoted, it is nothing but text to the search; the star makes it a beginning. */
static char *put_word(char *out, const char *word, size_t size)
{
	*out++ = '"';
	for (size_t i = 0; i < size; i++) {
		if (word[i] == '"')
			*out++ = '"';
		*out++ = word[i];
	}
	*out++ = '"';
	*out++ = '*';
	*out++ = ' ';
	return out;
}

int song_match(const char *query, char **out)
{
	static const char blanks[] = " \t\r\n";
	/* The worst is a word of one sign: four signs more. */
	char *match = malloc(5 * strlen(query) + 1);
	char *end = match;
	*out = NULL;
	if (!match)
		return -ENOMEM;
	for (query += strspn(query, blanks); *query; query += strspn(query, blanks)) {
		size_t size = strcspn(query, blanks);
		if (has_word(query, size))
			end = put_word(end, query, size);
		query += size;
	}
	*end = '\0';
	if (end == match)
		free(match);
	else
		*out = match;
	return 0;
}
