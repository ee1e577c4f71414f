/*
 * import.h - song lists that people have elsewhere, read: CSV, ChordPro, JSON.
 *
 * csv: a head line of column names, then a song a line. RFC 4180: cells in quotes may hold quotes
 * (doubled), separators and ends of lines; lines end with LF or CRLF. The separator is what the
 * head line has most of: comma, semicolon or tab. Columns, in any order and case: title; key or
 * default_key; tempo, bpm or default_bpm; time, time_signature, meter or metre; notes. Others are
 * left out, as are lines without anything in them. An empty cell is the default.
 *
 * chordpro: the directives {title: X} or {t: X}, {key: X}, {tempo: X}, {time: X}; {new_song} or {ns}
 * between songs. All else is left out. key, tempo and time may come again, where they change
 * within the song: the first ones count. Notes stay empty.
 *
 * json: an array of songs, or {"songs": [...]}, fields as in song.create. An id may be given too.
 *
 * In csv and chordpro a tempo may have a fraction ("119.6", "119,6"): the nearest whole one is
 * taken, halves up. Blanks around a title, a key, a tempo or a metre are left out; nothing else is
 * mended. A leading UTF-8 byte order mark is legal.
 *
 * Pure but for allocation and the fresh ids. Thread: any.
 */
#ifndef TACTUS_IMPORT_H
#define TACTUS_IMPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Enough for any message below. */
#define IMPORT_MESSAGE_SIZE 256

#define IMPORT_FORMAT_RULE "csv, chordpro or json"

/* "csv", "chordpro", "json". */
bool import_format_ok(const char *format);

/*
 * All songs of a text, or an error: 1 to LIMIT_SONGS_MAX objects, each with title, default_key,
 * default_bpm, time_signature, notes (all there, all within limits), a fresh `id`, and a `given_id`
 * (lower case) if the text has one. The array is the parameter `songs` of song_sql_import
 * (song_sql.h). Owns: the caller, on 0.
 *
 * text: any bytes, need not end with a 0. 0; or -EINVAL (unknown format, bad text) or -ENOMEM with a
 * sentence in `message` that says what to do and names the line ("line 7: ...", where the record
 * begins) or, where the JSON as such is good, the song ("song 3: ...").
 */
int import_songs(const char *format, const char *text, size_t size, json_t **songs, char *message,
		 size_t message_size);

#endif
