/*
 * tables_fixture.h - the tables and views in memory, with a session in them.
 *
 * Included by one test program at a time; every function is static.
 */
#ifndef TACTUS_TABLES_FIXTURE_H
#define TACTUS_TABLES_FIXTURE_H

#include "store_sql.h"

#include <check.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNUSED __attribute__((unused))

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

static void UNUSED must(const char *sql)
{
	char *message = NULL;

	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK, "%s: %s", sql,
		      message);
}

/* Runs what must fail, and says with which message. */
static const char UNUSED *broken_by(const char *sql)
{
	const int code = sqlite3_exec(db, sql, NULL, NULL, NULL);

	ck_assert_msg((code & 0xff) == SQLITE_CONSTRAINT, "%s: %s", sql, sqlite3_errmsg(db));
	return sqlite3_errmsg(db);
}

static void UNUSED breaks(const char *sql, const char *message)
{
	const char *found = broken_by(sql);

	ck_assert_msg(strcmp(found, message) == 0, "%s: \"%s\", not \"%s\"", sql, found, message);
}

static json_t UNUSED *json_of(const char *sql)
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

static long long UNUSED number_of(const char *sql)
{
	json_t *value = json_of(sql);
	const long long number = json_integer_value(value);

	ck_assert_msg(json_is_integer(value), "%s", sql);
	json_decref(value);
	return number;
}

/* The query's JSON against text that may use ' for ". */
static void UNUSED json_is(const char *sql, const char *expected)
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

static void UNUSED set_up(void)
{
	ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
	sqlite3_extended_result_codes(db, 1);
	must("PRAGMA foreign_keys = ON");
	for (int i = 0; i < store_migration_count; i++)
		must(store_migrations[i]);
	must(store_views);
	must(base);
}

static void UNUSED tear_down(void)
{
	ck_assert_int_eq(number_of("SELECT count(*) FROM pragma_foreign_key_check"), 0);
	ck_assert_int_eq(number_of("SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
	sqlite3_close(db);
}

#endif
