#include "import_song.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct chordpro {
	struct import *import;
	struct import_place place; /* of the line being read */
	json_t *song;              /* the one being read */
	struct import_place begin; /* of its first line; number 0: there is nothing of it yet */
};

/* A piece of the text. */
struct span {
	const char *at;
	size_t size;
};

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\r';
}

static struct span trim(struct span span)
{
	while (span.size > 0 && is_blank(*span.at)) {
		span.at++;
		span.size--;
	}
	while (span.size > 0 && is_blank(span.at[span.size - 1]))
		span.size--;
	return span;
}

static bool is_called(struct span name, const char *word)
{
	return name.size == strlen(word) && strncasecmp(name.at, word, name.size) == 0;
}

/* ---- songs ------------------------------------------------------------- */

/* Where there is something of it; {new_song} at either end of the text makes no song. */
static void begin_song(struct chordpro *chordpro)
{
	if (chordpro->begin.number == 0)
		chordpro->begin = chordpro->place;
}

static int end_song(struct chordpro *chordpro)
{
	if (chordpro->begin.number == 0)
		return 0;
	int result = import_add(chordpro->import, chordpro->song, chordpro->begin);
	chordpro->begin.number = 0;
	chordpro->song = json_object();
	return result == 0 && !chordpro->song ? import_no_memory(chordpro->import) : result;
}

/* ---- directives -------------------------------------------------------- */

/* The name ends with a colon or a blank: {title: X}, {title X}. */
static void split(struct span inner, struct span *name, struct span *value)
{
	size_t size = 0;
	inner = trim(inner);
	while (size < inner.size && inner.at[size] != ':' && !is_blank(inner.at[size]))
		size++;
	*name = (struct span){inner.at, size};
	*value = trim((struct span){inner.at + size, inner.size - size});
	if (value->size > 0 && *value->at == ':')
		*value = trim((struct span){value->at + 1, value->size - 1});
}

/* In a song that changes its key or tempo they come again; what it begins with is its default. A
 * second title is a second song that nobody has parted from the first. */
static int set(struct chordpro *chordpro, enum import_column column, const char *name,
	       struct span value)
{
	if (!json_object_get(chordpro->song, import_column_name(column)))
		return import_text(chordpro->import, chordpro->song, column, name, chordpro->place,
				   value.at, value.size);
	if (column != IMPORT_TITLE)
		return 0;
	return import_fail(chordpro->import, chordpro->place,
			   "a second title in one song: put {new_song} between songs");
}

static enum import_column find_column(struct span name, const char **as)
{
	static const struct {
		const char *name;
		enum import_column column;
	} names[] = {
		{"title", IMPORT_TITLE}, {"t", IMPORT_TITLE},    {"key", IMPORT_KEY},
		{"tempo", IMPORT_BPM},   {"time", IMPORT_METRE},
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!is_called(name, names[i].name))
			continue;
		*as = names[i].column == IMPORT_TITLE ? "title" : names[i].name;
		return names[i].column;
	}
	return IMPORT_NO_COLUMN;
}

/* From the opening brace to the end of the line. */
static int take_directive(struct chordpro *chordpro, struct span line)
{
	const char *close = memchr(line.at, '}', line.size);
	const char *as = NULL;
	struct span name, value;
	if (!close)
		return import_fail(chordpro->import, chordpro->place,
				   "a directive is not closed: end it with }");
	split((struct span){line.at + 1, (size_t)(close - line.at) - 1}, &name, &value);
	if (is_called(name, "meta")) /* {meta: title X} is {title: X} */
		split(value, &name, &value);
	enum import_column column = find_column(name, &as);
	bool parts = is_called(name, "new_song") || is_called(name, "ns");
	if (!parts && column == IMPORT_NO_COLUMN)
		return 0;
	if (!parts)
		begin_song(chordpro);
	if (close + 1 != line.at + line.size)
		return import_fail(
			chordpro->import, chordpro->place,
			"something stands behind a directive: give it a line of its own");
	return parts ? end_song(chordpro) : set(chordpro, column, as, value);
}

/* ---- lines ------------------------------------------------------------- */

static int take_line(struct chordpro *chordpro, struct span line)
{
	line = trim(line);
	if (line.size == 0 || *line.at == '#')
		return 0;
	if (*line.at == '{')
		return take_directive(chordpro, line);
	begin_song(chordpro);
	return 0;
}

static int take_lines(struct chordpro *chordpro, const char *text, size_t size)
{
	const char *end = text + size;
	int result = 0;
	for (chordpro->place.number = 1; result == 0 && text < end; chordpro->place.number++) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));
		if (!line_end)
			line_end = end;
		result = take_line(chordpro, (struct span){text, (size_t)(line_end - text)});
		text = line_end < end ? line_end + 1 : end;
	}
	return result == 0 ? end_song(chordpro) : result;
}

int import_chordpro(struct import *import, const char *text, size_t size)
{
	struct chordpro chordpro = {.import = import,
				    .place = {"line", 1},
				    .song = json_object(),
				    .begin = {"line", 0}};
	int result = chordpro.song ? take_lines(&chordpro, text, size) : import_no_memory(import);
	json_decref(chordpro.song);
	return result;
}
