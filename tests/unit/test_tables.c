/*
 * test_tables.c - the tables and views against the data model, limits.h, and each other.
 */
#include "limits.h"
#include "metre.h"
#include "store_sql.h"
#include "tempo_record.h"
#include "token.h"

#include <check.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A session with Ada (MD, controller) and Bo, two songs of the library in a setlist. */
static const char base[] =
	"INSERT INTO user VALUES ('11111111-1111-4111-8111-111111111111', 'Ada', 1, 2);"
	"INSERT INTO user VALUES ('22222222-2222-4222-8222-222222222222', 'Bo', 3, 4);"
	"INSERT INTO session (id, code, md_user_id, created_at) VALUES"
	" ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa', 'CDF347', "
	"'11111111-1111-4111-8111-111111111111',"
	"  5);"
	"INSERT INTO participant (session_id, user_id, join_time, last_heartbeat)"
	" SELECT session.id, user.id, 10 + user.created_at, 20 FROM session, user;"
	"INSERT INTO tempo_state (session_id, anchor_timestamp, controller_user_id)"
	" SELECT id, 6, md_user_id FROM session;"
	"INSERT INTO token VALUES ("
	" '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',"
	" 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa', '22222222-2222-4222-8222-222222222222', 7, 0);"
	"INSERT INTO song VALUES ('50000000-0000-4000-8000-000000000001', 'First', 'G', 100, '6/8',"
	" '**loud**', 0);"
	"INSERT INTO song (id, title) VALUES ('50000000-0000-4000-8000-000000000002', 'Second');"
	"INSERT INTO setlist VALUES ('5e700000-0000-4000-8000-000000000001',"
	" 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa', 'Tonight', 8);"
	"INSERT INTO setlist_item VALUES ('5e700000-0000-4000-8000-000000000001', 0,"
	" '50000000-0000-4000-8000-000000000001', 'F#m', 128, "
	"'22222222-2222-4222-8222-222222222222');"
	"INSERT INTO setlist_item (setlist_id, position, song_id) VALUES"
	" ('5e700000-0000-4000-8000-000000000001', 1, '50000000-0000-4000-8000-000000000002');"
	"UPDATE session SET active_setlist_id = '5e700000-0000-4000-8000-000000000001';"
	"INSERT INTO metrics_sample VALUES (NULL, 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',"
	" '22222222-2222-4222-8222-222222222222', 9, 12, 0.5, 3);"
	"INSERT INTO request_result VALUES ('22222222-2222-4222-8222-222222222222', 'r1',"
	" '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', '{}', 10);";

#define ADA "'11111111-1111-4111-8111-111111111111'"
#define BO "'22222222-2222-4222-8222-222222222222'"
#define SESSION "'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa'"
#define FIRST "'50000000-0000-4000-8000-000000000001'"
#define SECOND "'50000000-0000-4000-8000-000000000002'"
#define SETLIST "'5e700000-0000-4000-8000-000000000001'"
#define DRUMS "'7ac70500-0000-4000-8000-000000000001'"
#define BASS "'7ac70500-0000-4000-8000-000000000003'"

static sqlite3 *db;

static void must(const char *sql)
{
	char *message = NULL;

	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK, "%s: %s", sql,
		      message);
}

/* Runs what must fail, and says with which message. */
static const char *broken_by(const char *sql)
{
	const int code = sqlite3_exec(db, sql, NULL, NULL, NULL);

	ck_assert_msg((code & 0xff) == SQLITE_CONSTRAINT, "%s: %s", sql, sqlite3_errmsg(db));
	return sqlite3_errmsg(db);
}

static void breaks(const char *sql, const char *message)
{
	const char *found = broken_by(sql);

	ck_assert_msg(strcmp(found, message) == 0, "%s: \"%s\", not \"%s\"", sql, found, message);
}

static json_t *json_of(const char *sql)
{
	sqlite3_stmt *statement;

	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s",
		      sqlite3_errmsg(db));
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	json_t *value =
		json_loads((const char *)sqlite3_column_text(statement, 0), JSON_DECODE_ANY, NULL);
	ck_assert_ptr_nonnull(value);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_DONE);
	sqlite3_finalize(statement);
	return value;
}

static long long number_of(const char *sql)
{
	json_t *value = json_of(sql);
	const long long number = json_integer_value(value);

	ck_assert_msg(json_is_integer(value), "%s", sql);
	json_decref(value);
	return number;
}

/* The query's JSON against text that may use ' for ". */
static void json_is(const char *sql, const char *expected)
{
	char *text = strdup(expected);
	json_error_t error;

	for (char *at = text; (at = strchr(at, '\'')) != NULL;)
		*at = '"';
	json_t *want = json_loads(text, JSON_DECODE_ANY, &error);
	ck_assert_msg(want != NULL, "%s: %s", text, error.text);
	json_t *have = json_of(sql);
	char *shown = json_dumps(have, JSON_INDENT(1) | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	ck_assert_msg(json_equal(want, have), "%s: %s", sql, shown);
	free(shown);
	free(text);
	json_decref(want);
	json_decref(have);
}

static void set_up(void)
{
	ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
	sqlite3_extended_result_codes(db, 1);
	must("PRAGMA foreign_keys = ON");
	for (int i = 0; i < store_migration_count; i++)
		must(store_migrations[i]);
	must(store_views);
	must(base);
}

static void tear_down(void)
{
	ck_assert_int_eq(number_of("SELECT count(*) FROM pragma_foreign_key_check"), 0);
	ck_assert_int_eq(number_of("SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
	sqlite3_close(db);
}

/* --- The data model, name for name ---------------------------------------------------------- */

static const struct {
	const char *table;
	const char *columns; /* in its order, separated by spaces */
} entities[] = {
	{"user", "id display_name created_at last_active_at"},
	{"session", "id code md_user_id created_at active"},
	{"participant",
	 "session_id user_id join_time last_heartbeat ptt_state network_rtt_ms packet_loss_pct"},
	{"instrument_slot", "id name created_at"},
	{"role_assignment", "session_id user_id slot_id scope_type scope_song_id assigned_at"},
	{"song", "id title default_key default_bpm time_signature notes"},
	{"setlist", "id session_id title created_at"},
	{"setlist_item",
	 "setlist_id position song_id key_override bpm_override song_leader_user_id"},
	{"tempo_state",
	 "session_id bpm time_signature anchor_timestamp anchor_bar_index controller_user_id"},
	{"metrics_sample", "session_id user_id captured_at rtt_ms packet_loss_pct jitter_ms"},
};

START_TEST(every_entity_and_attribute)
{
	char columns[200], sql[300];

	snprintf(columns, sizeof columns, "%s", entities[_i].columns);
	for (char *name = strtok(columns, " "); name; name = strtok(NULL, " ")) {
		snprintf(sql, sizeof sql,
			 "SELECT count(*) FROM pragma_table_info('%s') WHERE name = '%s'",
			 entities[_i].table, name);
		ck_assert_msg(number_of(sql) == 1, "%s.%s", entities[_i].table, name);
	}
}
END_TEST

START_TEST(every_table_is_strict)
{
	json_is("SELECT json_group_array(name) FROM pragma_table_list"
		" WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE "
		"'sqlite_%'",
		"[]");
}
END_TEST

static const struct {
	const char *table;
	const char *columns;
} indices[] = {
	{"participant", "session_id"},
	{"role_assignment", "session_id,scope_type,scope_song_id"},
	{"setlist_item", "setlist_id,position"},
	{"tempo_state", "session_id"},
};

START_TEST(every_listed_index)
{
	char sql[500];

	snprintf(sql, sizeof sql,
		 "SELECT count(*) FROM pragma_index_list('%s') AS list WHERE"
		 " (SELECT group_concat(name) || ',' FROM"
		 "  (SELECT name FROM pragma_index_info(list.name) ORDER BY seqno)) GLOB '%s,*'%s",
		 indices[_i].table, indices[_i].columns,
		 strcmp(indices[_i].table, "tempo_state") == 0 ? " AND list.\"unique\"" : "");
	ck_assert_msg(number_of(sql) > 0, "%s (%s)", indices[_i].table, indices[_i].columns);
}
END_TEST

START_TEST(foreign_keys_are_checked_at_once)
{
	ck_assert_int_eq(number_of("SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%DEFERR%'"),
			 0);
	breaks("INSERT INTO setlist VALUES ('5e700000-0000-4000-8000-000000000002', 'x', 'T', 1)",
	       "FOREIGN KEY constraint failed");
	breaks("DELETE FROM user WHERE id = " BO, "FOREIGN KEY constraint failed");
	breaks("DELETE FROM song WHERE id = " FIRST, "FOREIGN KEY constraint failed");
	breaks("UPDATE tempo_state SET controller_user_id = '33333333-3333-4333-8333-333333333333'",
	       "FOREIGN KEY constraint failed");
	breaks("INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", 'x', 'global', NULL, 1)",
	       "FOREIGN KEY constraint failed");
}
END_TEST

/* Each column that names a row of another table is one that is held to it. */
START_TEST(every_reference_is_a_foreign_key)
{
	json_is("SELECT json_group_array(name || '.' || column) FROM ("
		" SELECT t.name AS name, c.name AS column FROM pragma_table_list AS t,"
		"  pragma_table_info(t.name) AS c"
		" WHERE t.schema = 'main' AND t.type = 'table' AND c.name LIKE '%\\_id' ESCAPE '\\'"
		"  AND c.name NOT IN (SELECT \"from\" FROM pragma_foreign_key_list(t.name))"
		" ORDER BY 1, 2)",
		"['request_result.request_id']");
}
END_TEST

/* --- Every named constraint ----------------------------------------------------------------- */

static const struct named {
	const char *table;
	const char *constraint;
	const char *sql;
} constraints[] = {
	{"user", "id_uuid", "UPDATE user SET id = upper('aaaaaaaa-1111-4111-8111-111111111111')"},
	{"user", "id_uuid", "UPDATE user SET id = '11111111111141118111111111111111'"},
	{"user", "id_uuid", "UPDATE user SET id = ''"},
	{"user", "display_name_length", "UPDATE user SET display_name = ''"},
	{"session", "id_uuid", "UPDATE session SET id = 'g1111111-1111-4111-8111-111111111111'"},
	{"session", "code_format", "UPDATE session SET code = 'cdf347'"},
	{"session", "code_format", "UPDATE session SET code = 'CDF34O'"},
	{"session", "code_format", "UPDATE session SET code = 'CDF34'"},
	{"session", "code_format", "UPDATE session SET code = 'CDF3479'"},
	{"session", "active_flag", "UPDATE session SET active = 2"},
	{"session", "active_position_range", "UPDATE session SET active_position = -1"},
	{"session", "active_start_bar_range", "UPDATE session SET active_start_bar = -1"},
	{"session", "on_air_flag", "UPDATE session SET on_air = 2"},
	{"session", "revision_ceiling_range", "UPDATE session SET revision_ceiling = -1"},
	{"session", "active_position_needs_setlist",
	 "UPDATE session SET active_setlist_id = NULL, active_position = 0"},
	{"session", "active_song_once",
	 "UPDATE session SET active_position = 0, active_song_id = " SECOND},
	{"session", "on_air_needs_active", "UPDATE session SET on_air = 1, active = 0"},
	{"participant", "ptt_state_known", "UPDATE participant SET ptt_state = 'Talking'"},
	{"participant", "network_rtt_ms_range", "UPDATE participant SET network_rtt_ms = -1"},
	{"participant", "packet_loss_pct_range", "UPDATE participant SET packet_loss_pct = -0.1"},
	{"participant", "packet_loss_pct_range", "UPDATE participant SET packet_loss_pct = 100.1"},
	{"participant", "removed_flag", "UPDATE participant SET left_at = 1, removed = 2"},
	{"participant", "removed_has_left", "UPDATE participant SET removed = 1"},
	{"token", "token_hash_format", "UPDATE token SET token_hash = upper(token_hash)"},
	{"token", "token_hash_format", "UPDATE token SET token_hash = substr(token_hash, 2)"},
	{"token", "revoked_flag", "UPDATE token SET revoked = -1"},
	{"instrument_slot", "id_uuid", "UPDATE instrument_slot SET id = 'drums'"},
	{"instrument_slot", "slot_name_known", "UPDATE instrument_slot SET name = 'kazoo'"},
	{"song", "id_uuid", "UPDATE song SET id = 'x'"},
	{"song", "title_length", "UPDATE song SET title = ''"},
	{"song", "default_key_length", "UPDATE song SET default_key = 'F# minor!'"},
	{"song", "default_bpm_range", "UPDATE song SET default_bpm = 29"},
	{"song", "time_signature_known", "UPDATE song SET time_signature = '5/4'"},
	{"song", "notes_length", "UPDATE song SET notes = hex(zeroblob(10001))"},
	{"song", "hidden_flag", "UPDATE song SET hidden = 2"},
	{"setlist", "id_uuid", "UPDATE setlist SET id = 'x'"},
	{"setlist", "title_length", "UPDATE setlist SET title = ''"},
	{"setlist_item", "position_range",
	 "UPDATE setlist_item SET position = -1 WHERE position = 0"},
	{"setlist_item", "key_override_length", "UPDATE setlist_item SET key_override = ''"},
	{"setlist_item", "bpm_override_range", "UPDATE setlist_item SET bpm_override = 261"},
	{"role_assignment", "scope_type_known",
	 "INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " DRUMS ", 'Song', NULL, 1)"},
	{"role_assignment", "scope_song_matches",
	 "INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " DRUMS ", 'song', NULL, 1)"},
	{"role_assignment", "scope_song_matches",
	 "INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " DRUMS ", 'global', " FIRST
	 ", 1)"},
	{"tempo_state", "bpm_range", "UPDATE tempo_state SET bpm = 29"},
	{"tempo_state", "time_signature_known", "UPDATE tempo_state SET time_signature = '5/4'"},
	{"tempo_state", "anchor_bar_index_range", "UPDATE tempo_state SET anchor_bar_index = -1"},
	{"tempo_state", "running_flag", "UPDATE tempo_state SET running = 2"},
	{"tempo_state", "start_bar_range", "UPDATE tempo_state SET start_bar = -1"},
	{"tempo_state", "next_bar_range", "UPDATE tempo_state SET next_bar = -1"},
	{"tempo_state", "volume_range", "UPDATE tempo_state SET volume = -1"},
	{"tempo_state", "accent_flag", "UPDATE tempo_state SET accent = 2"},
	{"tempo_state", "subdivision_flag", "UPDATE tempo_state SET subdivision = 2"},
	{"tempo_state", "sound_known", "UPDATE tempo_state SET sound = 'kazoo'"},
	{"metrics_sample", "rtt_ms_range", "UPDATE metrics_sample SET rtt_ms = -1"},
	{"metrics_sample", "packet_loss_pct_range",
	 "UPDATE metrics_sample SET packet_loss_pct = 101"},
	{"metrics_sample", "jitter_ms_range", "UPDATE metrics_sample SET jitter_ms = -1"},
	{"request_result", "request_id_length", "UPDATE request_result SET request_id = ''"},
	{"request_result", "body_hash_format", "UPDATE request_result SET body_hash = 'x'"},
	{"request_result", "response_json", "UPDATE request_result SET response = '{'"},
};

START_TEST(every_constraint_by_name)
{
	char message[100];

	snprintf(message, sizeof message, "CHECK constraint failed: %s",
		 constraints[_i].constraint);
	breaks(constraints[_i].sql, message);
}
END_TEST

/* So that a constraint that is added is also broken here. */
START_TEST(no_constraint_is_left_out)
{
	json_t *tables = json_of("SELECT json_group_array(json_array(name, sql)) FROM sqlite_schema"
				 " WHERE type = 'table' AND sql IS NOT NULL");
	size_t index;
	json_t *table;
	int found = 0;

	json_array_foreach(tables, index, table)
	{
		const char *name = json_string_value(json_array_get(table, 0));
		const char *at = json_string_value(json_array_get(table, 1));
		while ((at = strstr(at, "CHECK")) != NULL) {
			const char *named = at;
			bool known = false;
			while (named > at - 100 && strncmp(named, "CONSTRAINT ", 11) != 0)
				named--;
			named += strlen("CONSTRAINT ");
			const size_t length = strcspn(named, " \n\t");
			for (size_t i = 0; i < sizeof constraints / sizeof *constraints; i++)
				known = known ||
					(strcmp(constraints[i].table, name) == 0 &&
					 strlen(constraints[i].constraint) == length &&
					 strncmp(constraints[i].constraint, named, length) == 0);
			ck_assert_msg(known, "%s: %.*s", name, (int)length, named);
			found++;
			at += strlen("CHECK");
		}
	}
	ck_assert_int_gt(found, 40);
	json_decref(tables);
}
END_TEST

/* --- Limits --------------------------------------------------------------------------------- */

static const struct range {
	const char *table;
	const char *column;
	const char *constraint;
	long long min;
	long long max;
} ranges[] = {
	{"tempo_state", "bpm", "bpm_range", LIMIT_BPM_MIN, LIMIT_BPM_MAX},
	{"song", "default_bpm", "default_bpm_range", LIMIT_BPM_MIN, LIMIT_BPM_MAX},
	{"setlist_item", "bpm_override", "bpm_override_range", LIMIT_BPM_MIN, LIMIT_BPM_MAX},
	{"tempo_state", "anchor_bar_index", "anchor_bar_index_range", 0, LIMIT_BAR_MAX},
	{"tempo_state", "start_bar", "start_bar_range", 0, LIMIT_BAR_MAX},
	{"tempo_state", "next_bar", "next_bar_range", 0, LIMIT_BAR_MAX},
	{"session", "active_start_bar", "active_start_bar_range", 0, LIMIT_BAR_MAX},
	{"tempo_state", "volume", "volume_range", 0, LIMIT_VOLUME_MAX},
};

static void try_number(const struct range *range, long long value, bool fits)
{
	char sql[200], message[100];

	snprintf(sql, sizeof sql, "UPDATE %s SET %s = %lld", range->table, range->column, value);
	snprintf(message, sizeof message, "CHECK constraint failed: %s", range->constraint);
	if (fits)
		must(sql);
	else
		breaks(sql, message);
}

START_TEST(numbers_within_limits)
{
	const struct range *range = &ranges[_i];

	try_number(range, range->min, true);
	try_number(range, range->max, true);
	try_number(range, range->min - 1, false);
	try_number(range, range->max + 1, false);
	try_number(range, INT64_MAX, false);
	try_number(range, -INT64_MAX, false);
}
END_TEST

static const struct length {
	const char *table;
	const char *column;
	const char *constraint;
	long min;
	long max;
	const char *unit; /* one character */
} lengths[] = {
	{"user", "display_name", "display_name_length", 1, LIMIT_DISPLAY_NAME_MAX,
	 "\xf0\x9f\xa5\x81"},
	{"song", "title", "title_length", 1, LIMIT_TITLE_MAX, "\xc3\xa9"},
	{"setlist", "title", "title_length", 1, LIMIT_TITLE_MAX, "\xc3\xa9"},
	{"song", "default_key", "default_key_length", 0, LIMIT_KEY_MAX, "\xe2\x99\xaf"},
	{"setlist_item", "key_override", "key_override_length", 1, LIMIT_KEY_MAX, "\xe2\x99\xaf"},
	{"song", "notes", "notes_length", 0, LIMIT_NOTES_MAX_BYTES, "n"},
	/* bytes, not characters */
	{"song", "notes", "notes_length", 0, LIMIT_NOTES_MAX_BYTES / 2, "\xc3\xa9"},
	{"request_result", "request_id", "request_id_length", 1, LIMIT_REQUEST_ID_MAX, "r"},
	{"session", "code", "code_format", LIMIT_CODE_LENGTH, LIMIT_CODE_LENGTH, "C"},
};

static void try_length(const struct length *length, long count, bool fits)
{
	const size_t size = 200 + (size_t)count * strlen(length->unit);
	char *sql = malloc(size);
	char message[100];
	size_t used =
		(size_t)snprintf(sql, size, "UPDATE %s SET %s = '", length->table, length->column);

	for (long i = 0; i < count; i++)
		used += (size_t)snprintf(sql + used, size - used, "%s", length->unit);
	snprintf(sql + used, size - used, "'");
	snprintf(message, sizeof message, "CHECK constraint failed: %s", length->constraint);
	if (fits)
		must(sql);
	else
		breaks(sql, message);
	free(sql);
}

START_TEST(lengths_within_limits)
{
	const struct length *length = &lengths[_i];

	try_length(length, length->min, true);
	try_length(length, length->max, true);
	if (length->min > 0)
		try_length(length, length->min - 1, false);
	try_length(length, length->max + 1, false);
}
END_TEST

/* The same lists in C and in SQL. */
START_TEST(lists_agree_with_the_code)
{
	char sql[200];

	for (int metre = 0; metre < METRE_COUNT; metre++) {
		snprintf(sql, sizeof sql,
			 "UPDATE tempo_state SET time_signature = '%s';"
			 "UPDATE song SET time_signature = '%s'",
			 metre_name((enum metre)metre), metre_name((enum metre)metre));
		must(sql);
	}
	for (int sound = 0; sound < SOUND_COUNT; sound++) {
		snprintf(sql, sizeof sql, "UPDATE tempo_state SET sound = '%s'",
			 sound_name((enum click_sound)sound));
		must(sql);
	}
	for (int c = '!'; c <= '~'; c++) {
		if (c == '\'')
			continue;
		snprintf(sql, sizeof sql, "UPDATE session SET code = 'CCCCC%c'", c);
		if (strchr(CODE_ALPHABET, c))
			must(sql);
		else
			breaks(sql, "CHECK constraint failed: code_format");
	}
}
END_TEST

START_TEST(numbers_are_numbers)
{
	breaks("UPDATE tempo_state SET bpm = 120.5",
	       "cannot store REAL value in INTEGER column tempo_state.bpm");
	breaks("UPDATE tempo_state SET bpm = 'fast'",
	       "cannot store TEXT value in INTEGER column tempo_state.bpm");
	breaks("UPDATE tempo_state SET bpm = '120x'",
	       "cannot store TEXT value in INTEGER column tempo_state.bpm");
	breaks("UPDATE tempo_state SET bpm = x'78'",
	       "cannot store BLOB value in INTEGER column tempo_state.bpm");
	breaks("UPDATE tempo_state SET bpm = NULL", "NOT NULL constraint failed: tempo_state.bpm");
	/* SQLite takes text that is a whole number for that number, also in a STRICT table; it is
	 * the command that refuses "120". What is stored is a number in any case. */
	must("UPDATE tempo_state SET bpm = '121'");
	ck_assert_int_eq(number_of("SELECT typeof(bpm) = 'integer' AND bpm = 121 FROM tempo_state"),
			 1);
	must("UPDATE tempo_state SET bpm = 122.0");
	ck_assert_int_eq(number_of("SELECT typeof(bpm) = 'integer' FROM tempo_state"), 1);
	breaks("UPDATE user SET display_name = x'4164'",
	       "cannot store BLOB value in TEXT column user.display_name");
}
END_TEST

/* --- Uniqueness ----------------------------------------------------------------------------- */

START_TEST(one_holder_a_slot_and_scope)
{
	static const char taken[] = "UNIQUE constraint failed: index 'role_assignment_one_holder'";

	must("INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " DRUMS
	     ", 'global', NULL, 1)");
	breaks("INSERT INTO role_assignment VALUES (" SESSION ", " BO ", " DRUMS
	       ", 'global', NULL, 2)",
	       taken);
	must("INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " BASS
	     ", 'global', NULL, 1)");
	must("INSERT INTO role_assignment VALUES (" SESSION ", " BO ", " DRUMS ", 'song', " FIRST
	     ", 1)");
	breaks("INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " DRUMS ", 'song', " FIRST
	       ", 1)",
	       taken);
	must("INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " DRUMS ", 'song', " SECOND
	     ", 1)");
	breaks("UPDATE role_assignment SET scope_song_id = " FIRST " WHERE scope_song_id = " SECOND,
	       taken);
}
END_TEST

START_TEST(a_code_is_unique_while_active)
{
	static const char again[] =
		"INSERT INTO session (id, code, md_user_id, created_at) VALUES"
		" ('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb', 'CDF347', " ADA ", 5)";

	breaks(again, "UNIQUE constraint failed: session.code");
	must("UPDATE session SET active = 0");
	must(again);
	breaks("UPDATE session SET active = 1", "UNIQUE constraint failed: session.code");
}
END_TEST

START_TEST(one_session_on_air)
{
	must("INSERT INTO session (id, code, md_user_id, created_at, on_air) VALUES"
	     " ('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb', 'CDF349', " ADA ", 5, 1)");
	breaks("UPDATE session SET on_air = 1 WHERE id = " SESSION,
	       "UNIQUE constraint failed: session.on_air");
}
END_TEST

/* --- Membership ----------------------------------------------------------------------------- */

START_TEST(leaving_frees_roles)
{
	must("INSERT INTO role_assignment VALUES (" SESSION ", " BO ", " DRUMS
	     ", 'global', NULL, 1),"
	     " (" SESSION ", " BO ", " BASS ", 'song', " FIRST ", 1),"
	     " (" SESSION ", " ADA ", " BASS ", 'global', NULL, 1)");
	must("UPDATE participant SET left_at = 99 WHERE user_id = " BO);
	ck_assert_int_eq(number_of("SELECT count(*) FROM role_assignment"), 1);
	ck_assert_int_eq(number_of("SELECT count(*) FROM participant"), 2);
	breaks("INSERT INTO role_assignment VALUES (" SESSION ", " BO ", " DRUMS
	       ", 'global', NULL, 1)",
	       "role_assignment_needs_member");
	must("UPDATE participant SET left_at = NULL WHERE user_id = " BO);
	must("INSERT INTO role_assignment VALUES (" SESSION ", " BO ", " DRUMS
	     ", 'global', NULL, 1)");
}
END_TEST

/* --- Setlists ------------------------------------------------------------------------------- */

START_TEST(only_its_own_setlist_is_active)
{
	must("INSERT INTO session (id, code, md_user_id, created_at) VALUES"
	     " ('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb', 'CDF349', " ADA ", 5)");
	breaks("UPDATE session SET active_setlist_id = " SETLIST
	       " WHERE id = 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb'",
	       "FOREIGN KEY constraint failed");
	breaks("UPDATE session SET active_position = 2 WHERE id = " SESSION,
	       "FOREIGN KEY constraint failed");
	breaks("DELETE FROM setlist_item; DELETE FROM setlist", "FOREIGN KEY constraint failed");
}
END_TEST

/* As tables.sql says: lift what moves, set it down. */
START_TEST(the_active_position_follows_its_item)
{
	must("INSERT INTO setlist_item (setlist_id, position, song_id) VALUES (" SETLIST
	     ", 2, " FIRST "), (" SETLIST ", 3, " SECOND ")");
	must("UPDATE session SET active_position = 1");
	breaks("UPDATE setlist_item SET position = position + 1 WHERE position < 2",
	       "UNIQUE constraint failed: setlist_item.setlist_id, setlist_item.position");
	/* the last one to the front */
	must("UPDATE setlist_item SET position = position + 1000000");
	must("UPDATE setlist_item SET position ="
	     " CASE position WHEN 1000003 THEN 0 ELSE position - 999999 END");
	json_is("SELECT json_group_array(position) FROM (SELECT position FROM setlist_item ORDER "
		"BY 1)",
		"[0, 1, 2, 3]");
	ck_assert_int_eq(number_of("SELECT active_position FROM session"), 2);
	breaks("DELETE FROM setlist_item WHERE position = 2", "FOREIGN KEY constraint failed");
}
END_TEST

/* --- Views ---------------------------------------------------------------------------------- */

START_TEST(view_of_the_session)
{
	json_is("SELECT json FROM section_session",
		"{'id': " SESSION ", 'code': 'CDF347', 'md_user_id': " ADA ", 'created_at': 5,"
		" 'active': true, 'active_setlist_id': " SETLIST ", 'active_position': null}");
	must("UPDATE session SET active = 0, active_position = 1");
	json_is("SELECT json_array(json_extract(json, '$.active'), json_extract(json,"
		" '$.active_position')) FROM section_session",
		"[0, 1]");
	ck_assert_int_eq(number_of("SELECT count(*) FROM section_session WHERE session_id = 'x'"),
			 0);
}
END_TEST

START_TEST(view_of_the_participants)
{
	must("UPDATE participant SET network_rtt_ms = 12, packet_loss_pct = 2.5, ptt_state = "
	     "'talking',"
	     " join_time = 1 WHERE user_id = " BO);
	must("INSERT INTO role_assignment VALUES (" SESSION ", " BO ", " BASS
	     ", 'global', NULL, 1),"
	     " (" SESSION ", " BO ", " DRUMS ", 'global', NULL, 1)");
	json_is("SELECT json FROM section_participants",
		"[{'session_id': " SESSION ", 'user_id': " BO
		", 'display_name': 'Bo', 'join_time': 1,"
		" 'last_heartbeat': 20, 'ptt_state': 'talking', 'network_rtt_ms': 12,"
		" 'packet_loss_pct': 2.5, 'slots': [" DRUMS ", " BASS "]},"
		"{'session_id': " SESSION ", 'user_id': " ADA ", 'display_name': 'Ada',"
		" 'join_time': 11, 'last_heartbeat': 20, 'ptt_state': 'idle',"
		" 'network_rtt_ms': null, 'packet_loss_pct': null, 'slots': []}]");
	must("UPDATE participant SET left_at = 1, removed = 1 WHERE user_id = " BO);
	ck_assert_int_eq(number_of("SELECT json_array_length(json) FROM section_participants"), 1);
	must("UPDATE participant SET left_at = 1");
	json_is("SELECT json FROM section_participants", "[]");
}
END_TEST

START_TEST(view_of_the_setlist)
{
	json_is("SELECT json FROM section_setlist",
		"{'id': " SETLIST ", 'session_id': " SESSION
		", 'title': 'Tonight', 'created_at': 8,"
		"'items': [{'setlist_id': " SETLIST ", 'position': 0, 'song_id': " FIRST ","
		" 'key_override': 'F#m', 'bpm_override': 128, 'song_leader_user_id': " BO ","
		" 'title': 'First', 'key': 'F#m', 'bpm': 128, 'time_signature': '6/8'},"
		"{'setlist_id': " SETLIST ", 'position': 1, 'song_id': " SECOND ","
		" 'key_override': null, 'bpm_override': null, 'song_leader_user_id': null,"
		" 'title': 'Second', 'key': '', 'bpm': 120, 'time_signature': '4/4'}]}");
	must("UPDATE session SET active_setlist_id = NULL");
	json_is("SELECT json FROM section_setlist", "null");
}
END_TEST

START_TEST(view_of_the_role_assignments)
{
	json_is("SELECT json FROM section_role_assignments", "[]");
	must("INSERT INTO role_assignment VALUES (" SESSION ", " BO ", " DRUMS ", 'song', " FIRST
	     ", 2), (" SESSION ", " ADA ", " BASS ", 'global', NULL, 1)");
	json_is("SELECT json FROM section_role_assignments",
		"[{'session_id': " SESSION ", 'user_id': " ADA ", 'slot_id': " BASS ","
		" 'scope_type': 'global', 'scope_song_id': null, 'assigned_at': 1},"
		"{'session_id': " SESSION ", 'user_id': " BO ", 'slot_id': " DRUMS ","
		" 'scope_type': 'song', 'scope_song_id': " FIRST ", 'assigned_at': 2}]");
}
END_TEST

START_TEST(view_of_the_active_song)
{
	json_is("SELECT json FROM section_active_song", "null");
	must("INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " DRUMS
	     ", 'global', NULL, 1)");
	must("UPDATE session SET active_position = 0, active_start_bar = 17");
	json_is("SELECT json FROM section_active_song",
		"{'position': 0, 'song_id': " FIRST ", 'title': 'First', 'key': 'F#m', 'bpm': 128,"
		" 'time_signature': '6/8', 'notes': '**loud**', 'song_leader_user_id': " BO ","
		" 'roles': [{'slot_id': " DRUMS ", 'user_id': " ADA ", 'scope_type': 'global'}],"
		" 'start_bar_index': 17}");
	/* one that is not in the setlist */
	must("UPDATE session SET active_position = NULL, active_song_id = " FIRST
	     ", active_start_bar = NULL");
	json_is("SELECT json FROM section_active_song",
		"{'position': null, 'song_id': " FIRST ", 'title': 'First', 'key': 'G', 'bpm': 100,"
		" 'time_signature': '6/8', 'notes': '**loud**', 'song_leader_user_id': null,"
		" 'roles': [{'slot_id': " DRUMS ", 'user_id': " ADA ", 'scope_type': 'global'}],"
		" 'start_bar_index': null}");
}
END_TEST

START_TEST(a_songs_role_shadows_the_global_one)
{
	static const char who[] = "SELECT json_group_object(slot_id, user_id) FROM effective_role";

	must("INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " DRUMS
	     ", 'global', NULL, 1),"
	     " (" SESSION ", " ADA ", " BASS ", 'global', NULL, 1),"
	     " (" SESSION ", " BO ", " DRUMS ", 'song', " FIRST ", 1)");
	json_is(who, "{" DRUMS ": " ADA ", " BASS ": " ADA "}"); /* no song is on */
	must("UPDATE session SET active_position = 1");
	json_is(who, "{" DRUMS ": " ADA ", " BASS ": " ADA "}");
	must("UPDATE session SET active_position = 0");
	json_is(who, "{" DRUMS ": " BO ", " BASS ": " ADA "}");
	json_is("SELECT json_extract(json, '$[0].slots', '$[1].slots') FROM section_participants",
		"[[" BASS "], [" DRUMS "]]");
	json_is("SELECT json_group_array(json_array(user_id, ptt_state, json(slots)))"
		" FROM (SELECT * FROM participant_audio_status ORDER BY user_id)",
		"[[" ADA ", 'idle', [" BASS "]], [" BO ", 'idle', [" DRUMS "]]]");
	json_is("SELECT roles FROM active_song_context",
		"[{'slot_id': " DRUMS ", 'user_id': " BO ", 'scope_type': 'song'},"
		" {'slot_id': " BASS ", 'user_id': " ADA ", 'scope_type': 'global'}]");
}
END_TEST

START_TEST(view_of_the_slots)
{
	json_is("SELECT json_extract(json, '$[0]', '$[2]') FROM section_slots",
		"[{'id': " DRUMS ", 'name': 'drums'}, {'id': " BASS ", 'name': 'bass'}]");
	/* every name of the list has its row */
	must("INSERT INTO user VALUES ('33333333-3333-4333-8333-333333333333', 'x', 1, 1)");
	ck_assert_int_eq(number_of("SELECT count(*) FROM instrument_slot WHERE length(name) < 3"),
			 0);
	ck_assert_int_eq(number_of("SELECT count(*) FROM instrument_slot"), 23);
	ck_assert_int_eq(number_of("SELECT json_array_length(json) FROM section_slots"), 23);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tables");
	TCase *tcase = tcase_create("tables");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, every_entity_and_attribute, 0,
			    sizeof entities / sizeof *entities);
	tcase_add_test(tcase, every_table_is_strict);
	tcase_add_loop_test(tcase, every_listed_index, 0, sizeof indices / sizeof *indices);
	tcase_add_test(tcase, foreign_keys_are_checked_at_once);
	tcase_add_test(tcase, every_reference_is_a_foreign_key);
	tcase_add_loop_test(tcase, every_constraint_by_name, 0,
			    sizeof constraints / sizeof *constraints);
	tcase_add_test(tcase, no_constraint_is_left_out);
	tcase_add_loop_test(tcase, numbers_within_limits, 0, sizeof ranges / sizeof *ranges);
	tcase_add_loop_test(tcase, lengths_within_limits, 0, sizeof lengths / sizeof *lengths);
	tcase_add_test(tcase, lists_agree_with_the_code);
	tcase_add_test(tcase, numbers_are_numbers);
	tcase_add_test(tcase, one_holder_a_slot_and_scope);
	tcase_add_test(tcase, a_code_is_unique_while_active);
	tcase_add_test(tcase, one_session_on_air);
	tcase_add_test(tcase, leaving_frees_roles);
	tcase_add_test(tcase, only_its_own_setlist_is_active);
	tcase_add_test(tcase, the_active_position_follows_its_item);
	tcase_add_test(tcase, view_of_the_session);
	tcase_add_test(tcase, view_of_the_participants);
	tcase_add_test(tcase, view_of_the_setlist);
	tcase_add_test(tcase, view_of_the_role_assignments);
	tcase_add_test(tcase, view_of_the_active_song);
	tcase_add_test(tcase, a_songs_role_shadows_the_global_one);
	tcase_add_test(tcase, view_of_the_slots);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
