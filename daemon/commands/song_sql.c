#include "song_sql.h"

#include "limits.h"
#include "text_of.h"

#define SONGS_MAX TEXT_OF_LIMIT(LIMIT_SONGS_MAX)
#define LIST_DEFAULT TEXT_OF_LIMIT(LIMIT_LIST_DEFAULT)
#define LIST_NOTES_BYTES TEXT_OF_LIMIT(LIMIT_LIST_NOTES_BYTES)

#define STEPS_END                                                                                  \
	{                                                                                          \
		NULL, NULL                                                                         \
	}

const struct store_step song_sql_create[] = {
	{"SELECT 1 AS place FROM (SELECT count(*) AS songs FROM song WHERE hidden = 0) "
	 "WHERE songs < " SONGS_MAX,
	 "library_full"},
	{"INSERT INTO song (id, title, default_key, default_bpm, time_signature, notes) "
	 "VALUES (:song_id, :title, ifnull(:default_key, ''), ifnull(:default_bpm, 120), "
	 "ifnull(:time_signature, '4/4'), ifnull(:notes, ''))",
	 NULL},
	STEPS_END,
};

const struct store_step song_sql_update[] = {
	{"UPDATE song SET "
	 "title = iif(:has_title, :title, title), "
	 "default_key = iif(:has_default_key, ifnull(:default_key, ''), default_key), "
	 "default_bpm = iif(:has_default_bpm, ifnull(:default_bpm, 120), default_bpm), "
	 "time_signature = "
	 "iif(:has_time_signature, ifnull(:time_signature, '4/4'), time_signature), "
	 "notes = iif(:has_notes, ifnull(:notes, ''), notes) "
	 "WHERE id = :song_id AND hidden = 0",
	 "song_unknown"},
	STEPS_END,
};

const struct store_step song_sql_delete[] = {
	{"SELECT 1 AS found FROM song WHERE id = :song_id AND hidden = 0", "song_unknown"},
	{"SELECT 1 AS unused WHERE NOT EXISTS ("
	 "SELECT 1 FROM setlist_item "
	 "JOIN setlist ON setlist.id = setlist_item.setlist_id "
	 "JOIN session ON session.id = setlist.session_id "
	 "WHERE setlist_item.song_id = :song_id AND session.active = 1) "
	 "AND NOT EXISTS ("
	 "SELECT 1 FROM session WHERE active_song_id = :song_id AND active = 1)",
	 "song_in_use"},
	{"UPDATE song SET hidden = 1 WHERE id = :song_id", NULL},
	STEPS_END,
};

/* Only ids and titles are sorted; notes are read of one page. MATCH is not handed a null, which it
 * takes for a fault, though its rows are not asked for then. */
const struct store_step song_sql_list[] = {
	{"WITH found AS MATERIALIZED ("
	 "SELECT id, title FROM song WHERE hidden = 0 AND (:match IS NULL OR id IN "
	 "(SELECT song_id FROM song_search WHERE song_search MATCH ifnull(:match, '\"\"')))), "
	 "page AS MATERIALIZED ("
	 "SELECT id, row_number() OVER (ORDER BY title COLLATE NOCASE, id) AS place FROM found "
	 "ORDER BY place LIMIT ifnull(:limit, " LIST_DEFAULT ") OFFSET ifnull(:offset, 0)), "
	 "filled AS ("
	 "SELECT song.*, place, row_number() OVER (ORDER BY place) AS nth, "
	 "sum(length(CAST(notes AS BLOB))) OVER (ORDER BY place) AS notes_bytes "
	 "FROM page JOIN song ON song.id = page.id) "
	 "SELECT json_object("
	 "'songs', (SELECT json_group_array(json_object("
	 "'id', id, 'title', title, 'default_key', default_key, 'default_bpm', default_bpm, "
	 "'time_signature', time_signature, 'notes', notes)) "
	 "FROM (SELECT * FROM filled WHERE nth = 1 OR notes_bytes <= " LIST_NOTES_BYTES " "
	 "ORDER BY place)), "
	 "'total', (SELECT count(*) FROM found)) AS answer_json",
	 NULL},
	STEPS_END,
};

/* A song is known by its title, in any case, or by its id; one that is hidden is not known, and its
 * id stays its own. */
const struct store_step song_sql_import[] = {
	{"SELECT count(*) AS songs_before FROM song WHERE hidden = 0", NULL},
	{"INSERT INTO song (id, title, default_key, default_bpm, time_signature, notes) "
	 "SELECT iif(given_id IS NULL OR given_id IN (SELECT id FROM song), id, given_id), "
	 "title, default_key, default_bpm, time_signature, notes "
	 "FROM (SELECT *, "
	 "row_number() OVER (PARTITION BY lower(trim(title)) ORDER BY nth) AS of_title, "
	 "row_number() OVER (PARTITION BY ifnull(given_id, id) ORDER BY nth) AS of_id "
	 "FROM (SELECT key AS nth, "
	 "json_extract(value, '$.id') AS id, "
	 "json_extract(value, '$.given_id') AS given_id, "
	 "json_extract(value, '$.title') AS title, "
	 "json_extract(value, '$.default_key') AS default_key, "
	 "json_extract(value, '$.default_bpm') AS default_bpm, "
	 "json_extract(value, '$.time_signature') AS time_signature, "
	 "json_extract(value, '$.notes') AS notes "
	 "FROM json_each(:songs))) "
	 "WHERE of_title = 1 AND of_id = 1 "
	 "AND lower(trim(title)) NOT IN "
	 "(SELECT lower(trim(song.title)) FROM song WHERE hidden = 0) "
	 "AND (given_id IS NULL OR given_id NOT IN (SELECT song.id FROM song WHERE hidden = 0)) "
	 "ORDER BY nth",
	 NULL},
	{"SELECT json_object('created', songs - :songs_before, "
	 "'known', json_array_length(:songs) - (songs - :songs_before)) AS answer_json "
	 "FROM (SELECT count(*) AS songs FROM song WHERE hidden = 0) WHERE songs <= " SONGS_MAX,
	 "library_full"},
	STEPS_END,
};
