#include "import_song.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NOWHERE ((size_t)-1)
#define NAME_MAX_BYTES 16

struct csv {
	struct import *import;
	const char *at;
	const char *end;
	size_t line; /* of `at` */
	char separator;
	size_t width; /* cells of the head line */
	struct {
		size_t cell; /* NOWHERE: there is no such column */
		const char *name;
	} columns[IMPORT_COLUMNS];
	char *cell; /* the one just read, without its quotes */
	size_t cell_size;
};

/* The record being read: a line, but for the ends of lines within quotes. */
struct record {
	struct import_place place;
	size_t cells;
	bool empty;   /* so far nothing but blanks */
	json_t *song; /* NULL: cells are only counted */
};

/* Handed each cell with its number. */
typedef int take_cell(struct csv *csv, struct record *record, size_t number);

/* ---- cells ------------------------------------------------------------- */

static bool at_line_end(const struct csv *csv)
{
	return csv->at == csv->end || *csv->at == '\n' ||
	       (*csv->at == '\r' && csv->at + 1 < csv->end && csv->at[1] == '\n');
}

static bool at_cell_end(const struct csv *csv)
{
	return at_line_end(csv) || *csv->at == csv->separator;
}

static void skip_blanks(struct csv *csv)
{
	while (csv->at < csv->end && *csv->at != csv->separator &&
	       (*csv->at == ' ' || *csv->at == '\t'))
		csv->at++;
}

static void keep_byte(struct csv *csv)
{
	csv->line += *csv->at == '\n';
	csv->cell[csv->cell_size++] = *csv->at++;
}

/* From behind the opening quote. */
static int read_quoted(struct csv *csv, struct import_place place)
{
	for (;;) {
		if (csv->at == csv->end)
			return import_fail(csv->import, place,
					   "a quote is not closed: end the cell with \"");
		if (*csv->at == '"' && (csv->at + 1 == csv->end || csv->at[1] != '"'))
			break;
		csv->at += *csv->at == '"';
		keep_byte(csv);
	}
	csv->at++;
	skip_blanks(csv);
	if (at_cell_end(csv))
		return 0;
	return import_fail(csv->import, place,
			   "something stands behind a closing quote: double the quotes that belong "
			   "to a cell");
}

static int read_plain(struct csv *csv, struct import_place place)
{
	while (!at_cell_end(csv)) {
		if (*csv->at == '\r')
			return import_fail(csv->import, place,
					   "a carriage return stands alone: end lines with LF or "
					   "CRLF");
		keep_byte(csv);
	}
	return 0;
}

static int read_cell(struct csv *csv, struct import_place place)
{
	csv->cell_size = 0;
	skip_blanks(csv);
	if (csv->at == csv->end || *csv->at != '"')
		return read_plain(csv, place);
	csv->at++;
	return read_quoted(csv, place);
}

/* ---- records ----------------------------------------------------------- */

static bool cell_is_empty(const struct csv *csv)
{
	for (size_t i = 0; i < csv->cell_size; i++)
		if (!strchr(" \t\r\n", csv->cell[i]) || csv->cell[i] == '\0')
			return false;
	return true;
}

static void skip_line_end(struct csv *csv)
{
	if (csv->at < csv->end && *csv->at == '\r')
		csv->at++;
	if (csv->at < csv->end) {
		csv->at++;
		csv->line++;
	}
}

static int read_record(struct csv *csv, struct record *record, take_cell *take)
{
	record->place = (struct import_place){"line", csv->line};
	record->cells = 0;
	record->empty = true;
	for (;;) {
		int result = read_cell(csv, record->place);
		if (result == 0)
			result = take(csv, record, record->cells++);
		if (result < 0)
			return result;
		record->empty = record->empty && cell_is_empty(csv);
		if (at_line_end(csv))
			break;
		csv->at++;
	}
	skip_line_end(csv);
	return 0;
}

/* ---- the head line ----------------------------------------------------- */

static enum import_column find_column(const char *name, const char **as)
{
	static const struct {
		const char *name;
		enum import_column column;
	} names[] = {
		{"title", IMPORT_TITLE},     {"key", IMPORT_KEY},
		{"default_key", IMPORT_KEY}, {"tempo", IMPORT_BPM},
		{"bpm", IMPORT_BPM},         {"default_bpm", IMPORT_BPM},
		{"time", IMPORT_METRE},      {"time_signature", IMPORT_METRE},
		{"meter", IMPORT_METRE},     {"metre", IMPORT_METRE},
		{"notes", IMPORT_NOTES},
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(names[i].name, name) != 0)
			continue;
		*as = names[i].name;
		return names[i].column;
	}
	return IMPORT_NO_COLUMN;
}

/* The cell as a name: lower case, "Time signature" as time_signature. Too long a one is none. */
static void cell_name(const struct csv *csv, char out[NAME_MAX_BYTES])
{
	const char *text = csv->cell;
	size_t size = csv->cell_size;
	*out = '\0';
	import_trim(&text, &size);
	if (size >= NAME_MAX_BYTES)
		return;
	for (size_t i = 0; i < size; i++) {
		char byte = text[i];
		out[i] = byte == ' ' ? '_' : (char)tolower((unsigned char)byte);
	}
	out[size] = '\0';
}

static int take_head(struct csv *csv, struct record *record, size_t number)
{
	char name[NAME_MAX_BYTES];
	const char *as = NULL;
	cell_name(csv, name);
	enum import_column column = find_column(name, &as);
	if (column == IMPORT_NO_COLUMN)
		return 0;
	if (csv->columns[column].cell != NOWHERE)
		return import_fail(csv->import, record->place,
				   "the columns %s and %s mean the same: leave one out",
				   csv->columns[column].name, as);
	csv->columns[column].cell = number;
	csv->columns[column].name = as;
	return 0;
}

/* What the head line has most of; a column's name has none of them. */
static char find_separator(const struct csv *csv)
{
	static const char candidates[] = {',', ';', '\t'};
	char best = ',';
	size_t most = 0;
	for (size_t i = 0; i < sizeof candidates; i++) {
		size_t count = 0;
		bool quoted = false;
		for (const char *at = csv->at; at < csv->end && (quoted || *at != '\n'); at++) {
			quoted = quoted != (*at == '"');
			count += !quoted && *at == candidates[i];
		}
		if (count > most) {
			most = count;
			best = candidates[i];
		}
	}
	return best;
}

static int read_head(struct csv *csv)
{
	struct record head;
	for (size_t i = 0; i < IMPORT_COLUMNS; i++)
		csv->columns[i].cell = NOWHERE;
	do {
		if (csv->at == csv->end)
			return 0;
		csv->separator = find_separator(csv);
		int result = read_record(csv, &head, take_head);
		if (result < 0)
			return result;
	} while (head.empty);
	csv->width = head.cells;
	if (csv->columns[IMPORT_TITLE].cell != NOWHERE)
		return 0;
	return import_fail(csv->import, head.place,
			   "the first line names the columns, and none is called title (others: "
			   "key, tempo, time, notes)");
}

/* ---- songs ------------------------------------------------------------- */

static int count_cell(struct csv *csv, struct record *record, size_t number)
{
	(void)csv, (void)record, (void)number;
	return 0;
}

static int take_value(struct csv *csv, struct record *record, size_t number)
{
	for (size_t i = 0; i < IMPORT_COLUMNS; i++)
		if (csv->columns[i].cell == number)
			return import_text(csv->import, record->song, (enum import_column)i,
					   csv->columns[i].name, record->place, csv->cell,
					   csv->cell_size);
	return 0;
}

/* Read twice: were a separator too many in it, the values would be blamed that moved. */
static int read_song(struct csv *csv)
{
	const struct csv before = *csv;
	struct record record = {.song = NULL};
	int result = read_record(csv, &record, count_cell);
	if (result < 0 || record.empty)
		return result;
	if (record.cells != csv->width)
		return import_fail(csv->import, record.place,
				   "%zu cells, where the head line has %zu: put what has a "
				   "separator in it between quotes",
				   record.cells, csv->width);
	*csv = before;
	record.song = json_object();
	if (!record.song)
		return import_no_memory(csv->import);
	result = read_record(csv, &record, take_value);
	if (result == 0)
		return import_add(csv->import, record.song, record.place);
	json_decref(record.song);
	return result;
}

int import_csv(struct import *import, const char *text, size_t size)
{
	struct csv csv = {.import = import, .at = text, .end = text + size, .line = 1};
	csv.cell = malloc(size + 1);
	if (!csv.cell)
		return import_no_memory(import);
	int result = read_head(&csv);
	while (result == 0 && csv.at < csv.end)
		result = read_song(&csv);
	free(csv.cell);
	return result;
}
