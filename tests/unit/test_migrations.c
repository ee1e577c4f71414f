/*
 * test_migrations.c - databases of every earlier version, with something in every table, become the
 * newest: nothing is lost, and a migration that is interrupted has happened whole or not at all.
 *
 * Whoever adds a migration adds to `content` what its tables can hold; all else here goes by
 * store_migrations.
 */
#include "store_files.h"
#include "store_sql.h"

#include "check_main.h"
#include "faults/failing_disk.c"

#define USER_3 "33333333-3333-4333-8333-333333333333"

/* What the n-th migration's tables can hold. Texts and numbers are all different, so that nothing
 * that goes astray looks right. */
static const char *const content[] = {
	"INSERT INTO user VALUES ('" USER_1 "', 'Ada', 1, 2), ('" USER_2
	"', 'Bo \xf0\x9f\xa5\x81', 3, 4),"
	" ('" USER_3 "', 'Cy', 5, 6);"
	"INSERT INTO session (id, code, md_user_id, created_at, active, on_air, revision_ceiling)"
	" VALUES ('" SESSION_1 "', 'CDF347', '" USER_1 "', 7, 1, 1, 4000),"
	" ('" SESSION_2 "', 'CDF347', '" USER_2 "', 8, 0, 0, 1000);"
	"INSERT INTO participant VALUES"
	" ('" SESSION_1 "', '" USER_1 "', 9, 10, 'idle', NULL, NULL, NULL, 0),"
	" ('" SESSION_1 "', '" USER_2 "', 11, 12, 'talking', 13, 0.5, NULL, 0),"
	" ('" SESSION_1 "', '" USER_3 "', 14, 15, 'idle', 16, 1.5, 17, 1),"
	" ('" SESSION_2 "', '" USER_2 "', 18, 19, 'idle', NULL, NULL, NULL, 0);"
	"INSERT INTO token VALUES ('" HASH_1 "', '" SESSION_1 "', '" USER_2 "', 20, 0);"
	"INSERT INTO song VALUES ('" SONG_1 "', 'Gr\xc3\xa2"
	"ce infinie', 'G', 100, '6/8', '**loud**', 0),"
	" ('" SONG_2 "', 'Second', '', 90, '4/4', '', 1);"
	"INSERT INTO setlist VALUES ('" SETLIST_1 "', '" SESSION_1 "', 'Tonight', 21);"
	"INSERT INTO setlist_item VALUES ('" SETLIST_1 "', 0, '" SONG_1 "', 'F#m', 128, '" USER_2
	"'), ('" SETLIST_1 "', 1, '" SONG_2 "', NULL, NULL, NULL);"
	"UPDATE session SET active_setlist_id = '" SETLIST_1 "', active_position = 0,"
	" active_start_bar = 22 WHERE id = '" SESSION_1 "';"
	"UPDATE session SET active_song_id = '" SONG_2 "' WHERE id = '" SESSION_2 "';"
	"INSERT INTO role_assignment VALUES"
	" ('" SESSION_1 "', '" USER_1 "', '" DRUMS "', 'global', NULL, 23),"
	" ('" SESSION_1 "', '" USER_2 "', '" DRUMS "', 'song', '" SONG_1 "', 24);"
	"INSERT INTO tempo_state VALUES"
	" ('" SESSION_1 "', 97, '12/8', 25, 26, '" USER_2 "', 1, '17d3a5f2c0b1e000', 27, 28, 29,"
	" 0, 1, 'wood'),"
	" ('" SESSION_2 "', 60, '4/4', 30, 31, '" USER_2 "', 0, '', 32, 33, 34, 1, 0, 'beep');"
	"INSERT INTO metrics_sample VALUES (35, '" SESSION_1 "', '" USER_2 "', 36, 37, 0.25, 38);"
	"INSERT INTO request_result VALUES ('" USER_2 "', 'r1', '" HASH_1 "',"
	" '{\"song_id\":\"" SONG_1 "\"}', 39);"
	/* those of a program of that time; a few will do */
	"CREATE VIEW active_song AS SELECT session.id AS session_id, session.active_song_id AS "
	"song_id"
	" FROM session;"
	"CREATE VIEW section_participants AS SELECT participant.*, active_song.*, '[]' AS json"
	" FROM participant JOIN active_song USING (session_id);"
	"CREATE VIEW views_version AS SELECT 1 AS checksum;",

	"UPDATE participant SET ready = 1 WHERE user_id = '" USER_2 "';"
	"UPDATE session SET active_key_override = 'Eb', active_bpm_override = 77,"
	" active_leader_user_id = '" USER_2 "' WHERE id = '" SESSION_2 "';"
	"UPDATE tempo_state SET pending_bpm = 40, pending_time_signature = '3/4',"
	" pending_anchor_timestamp = 41, pending_anchor_bar_index = 42;"
	"UPDATE session SET setlist_changes = 43; INSERT INTO setlist_change VALUES ('" SETLIST_1
	"', 43);",
};

#define CONTENTS ((int)(sizeof content / sizeof *content))

/* --- A database of some version ------------------------------------------------------------- */

/* What stands in the file and in its log. */
static struct image {
	char *bytes;
	size_t size;
} image[2];
static const char *const ends[2] = {"", "-wal"};

/* What it holds: for each table an object with the query that tells, and what it told. */
static json_t *held;

static void exec(sqlite3 *db, const char *sql)
{
	char *message = NULL;

	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK, "%s: %s", message,
		      sql);
}

/* The first column of the first row, as text. Owns: the caller frees. */
static char *text_of(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement;

	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s: %s",
		      sqlite3_errmsg(db), sql);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	const char *text = (const char *)sqlite3_column_text(statement, 0);
	char *copy = strdup(text ? text : "");
	sqlite3_finalize(statement);
	return copy;
}

/* Our own tables; those of a virtual one are its own affair. */
#define TABLES                                                                                     \
	"SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"              \
	" AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"

static json_t *hold_of(sqlite3 *db)
{
	static const char queries[] =
		"SELECT json_group_object(name, 'SELECT json_group_array(json_array(' ||"
		" (SELECT group_concat(name) FROM pragma_table_info(t.name))"
		" || ')) FROM (SELECT * FROM ' || name || ' ORDER BY rowid)') FROM (" TABLES
		") AS t";
	char *text = text_of(db, queries);
	json_t *hold = json_loads(text, 0, NULL);
	const char *table;
	json_t *query;

	free(text);
	json_object_foreach(hold, table, query)
	{
		text = text_of(db, json_string_value(query));
		ck_assert_msg(strcmp(text, "[]") != 0, "`content` has nothing for %s", table);
		json_object_set_new(hold, table,
				    json_pack("{s:O, s:s}", "query", query, "rows", text));
		free(text);
	}
	return hold;
}

static void read_image(const char *path, struct image *into)
{
	FILE *file = fopen(path, "rb");
	struct stat found;

	into->size = 0;
	if (!file)
		return;
	ck_assert_int_eq(fstat(fileno(file), &found), 0);
	into->bytes = realloc(into->bytes, (size_t)found.st_size + 1);
	into->size = fread(into->bytes, 1, (size_t)found.st_size, file);
	fclose(file);
}

/* As a program of that version left it when it was killed, its last changes in the log alone; or, in
 * order, when it ended. */
static void make_old(int version, bool in_order)
{
	char path[120], file[130], stamp[96];
	sqlite3 *db;

	fixture_set_up();
	snprintf(path, sizeof path, "%s/old.db", fixture_dir);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	exec(db, "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON");
	for (int i = 0; i < version; i++) {
		ck_assert_msg(i < CONTENTS, "`content` has nothing for migration %d", i + 1);
		exec(db, store_migrations[i]);
		exec(db, content[i]);
	}
	snprintf(stamp, sizeof stamp,
		 "PRAGMA application_id = 0x54637475; PRAGMA user_version = %d", version);
	exec(db, stamp);
	held = hold_of(db);
	if (in_order)
		sqlite3_close(db);
	for (int i = 0; i < 2; i++) {
		snprintf(file, sizeof file, "%s%s", path, ends[i]);
		read_image(file, &image[i]);
	}
	if (!in_order)
		sqlite3_close(db);
	ck_assert_int_eq(image[1].size > 0, !in_order);
	fixture_tear_down();
}

static void free_old(void)
{
	json_decref(held);
	for (int i = 0; i < 2; i++) {
		free(image[i].bytes);
		image[i] = (struct image){NULL, 0};
	}
}

/* In a directory of its own. */
static void put_old(void)
{
	char file[130];

	fixture_set_up();
	for (int i = 0; i < 2; i++) {
		snprintf(file, sizeof file, "%s%s", fixture_path, ends[i]);
		FILE *out = image[i].size ? fopen(file, "wb") : NULL;
		if (!out)
			continue;
		ck_assert_uint_eq(fwrite(image[i].bytes, 1, image[i].size, out), image[i].size);
		fclose(out);
	}
}

/* --- What must be true of it ---------------------------------------------------------------- */

static void still_holds(sqlite3 *db)
{
	const char *table;
	json_t *hold;

	json_object_foreach(held, table, hold)
	{
		char *rows = text_of(db, json_string_value(json_object_get(hold, "query")));
		ck_assert_str_eq(rows, json_string_value(json_object_get(hold, "rows")));
		free(rows);
	}
}

static void is(sqlite3 *db, const char *sql, const char *expected)
{
	char *text = text_of(db, sql);

	ck_assert_msg(strcmp(text, expected) == 0, "%s: \"%s\"", sql, text);
	free(text);
}

#define SCHEMA                                                                                     \
	"SELECT json_group_array(json_array(type, name, tbl_name, sql)) FROM"                      \
	" (SELECT * FROM sqlite_schema WHERE type <> 'view' ORDER BY type, name)"

/* Its tables are exactly those of its version, and that is at least `version`. Returns it. */
static int is_whole(sqlite3 *db, int version)
{
	sqlite3 *pristine;

	char *text = text_of(db, "PRAGMA user_version");
	const int found = atoi(text);
	free(text);
	ck_assert_int_ge(found, version);
	ck_assert_int_le(found, store_migration_count);
	ck_assert_int_eq(sqlite3_open(":memory:", &pristine), SQLITE_OK);
	for (int i = 0; i < found; i++)
		exec(pristine, store_migrations[i]);
	text = text_of(pristine, SCHEMA);
	is(db, SCHEMA, text);
	free(text);
	sqlite3_close(pristine);
	is(db, "SELECT group_concat(integrity_check) FROM pragma_integrity_check", "ok");
	is(db, "SELECT count(*) FROM pragma_foreign_key_check", "0");
	still_holds(db);
	return found;
}

/* A new column holds what it says it does by itself. */
static void new_columns_hold_their_default(sqlite3 *db)
{
	const char *table;
	json_t *hold;
	char sql[600];

	json_object_foreach(held, table, hold)
	{
		const char *query = json_string_value(json_object_get(hold, "query"));
		snprintf(sql, sizeof sql,
			 "SELECT json_group_array('SELECT count(*) FROM %s WHERE ' || name ||"
			 " ' IS NOT ' || ifnull(dflt_value, 'NULL')) FROM pragma_table_info('%s')"
			 " WHERE ',' || replace(replace('%.*s', '(', ','), ')', ',') || ','"
			 "  NOT GLOB '*,' || name || ',*'",
			 table, table, (int)strcspn(query, "F"), query);
		char *text = text_of(db, sql);
		json_t *queries = json_loads(text, 0, NULL);
		for (size_t i = 0; i < json_array_size(queries); i++)
			is(db, json_string_value(json_array_get(queries, i)), "0");
		json_decref(queries);
		free(text);
	}
}

static void titles_are_found(sqlite3 *db)
{
	is(db, "SELECT count(*) FROM song_search", "2");
	is(db, "SELECT song_id FROM song_search WHERE song_search MATCH 'title : \"grace\" *'",
	   SONG_1);
	is(db, "SELECT song_id FROM song_search WHERE song_search MATCH 'title : \"SEC\" *'",
	   SONG_2);
	exec(db, "INSERT INTO song_search (song_search) VALUES ('integrity-check')");
}

static void views_tell(const struct outcome *out, const char *section, const char *path,
		       const char *expected)
{
	for (int i = 0; i < SECTION_COUNT; i++) {
		if (strcmp(store_section_name(i), section) != 0)
			continue;
		json_t *value = out->sections[i];
		ck_assert_uint_gt(json_is_array(value) ? json_array_size(value) : 1, 0);
		if (json_is_array(value))
			value = json_array_get(value, json_array_size(value) - 1);
		char *text =
			json_dumps(json_object_get(value, path), JSON_ENCODE_ANY | JSON_COMPACT);
		ck_assert_msg(text && strcmp(text, expected) == 0, "%s.%s: %s", section, path,
			      text);
		free(text);
	}
}

/* Opened by the program of now. */
static void expect_newest(bool fresh)
{
	static const struct store_step nothing[] = {{NULL, NULL}};
	struct store *store = fixture_open();
	struct outcome out;
	sqlite3 *db;

	ck_assert_int_eq(
		run(store, nothing, json_pack("{s:s}", "session_id", SESSION_1), SECTION_ALL, &out),
		STORE_OK);
	views_tell(&out, "session", "code", "\"CDF347\"");
	views_tell(&out, "participants", "display_name", "\"Bo \xf0\x9f\xa5\x81\"");
	views_tell(&out, "participants", "ready", fresh ? "true" : "false");
	views_tell(&out, "participants", "slots", "[\"" DRUMS "\"]");
	views_tell(&out, "roleAssignments", "assigned_at", "24");
	views_tell(&out, "setlist", "title", "\"Tonight\"");
	views_tell(&out, "activeSong", "bpm", "128");
	views_tell(&out, "activeSong", "song_leader_user_id", "\"" USER_2 "\"");
	outcome_free(&out);
	store_close(store);
	ck_assert_int_eq(sqlite3_open(fixture_path, &db), SQLITE_OK);
	ck_assert_int_eq(is_whole(db, store_migration_count), store_migration_count);
	new_columns_hold_their_default(db);
	titles_are_found(db);
	is(db, "SELECT count(*) FROM views_version WHERE checksum <> 1", "1");
	sqlite3_close(db);
}

/* --- Undisturbed ---------------------------------------------------------------------------- */

/* From each version, the newest too. */
START_TEST(nothing_is_lost)
{
	const int version = 1 + _i / 2;

	make_old(version, _i % 2);
	put_old();
	expect_newest(version > 1);
	fixture_tear_down();
	free_old();
}
END_TEST

/* --- Interrupted ---------------------------------------------------------------------------- */

static void arm(long first, long count, int error, bool cut)
{
	const struct failing_plan plan = {.directory = fixture_dir,
					  .first = first,
					  .count = count,
					  .error = error,
					  .cut = cut};

	failing_disk_arm(&plan);
}

/* What was left, looked at in a copy, so that the next opening finds it as it is. */
static int look_at_what_is_left(int version)
{
	char from[130], to[130], path[120];
	struct image left = {NULL, 0};
	sqlite3 *db;

	snprintf(path, sizeof path, "%s/look.db", fixture_dir);
	for (int i = 0; i < 2; i++) {
		snprintf(from, sizeof from, "%s%s", fixture_path, ends[i]);
		snprintf(to, sizeof to, "%s%s", path, ends[i]);
		read_image(from, &left);
		FILE *file = fopen(to, "wb");
		ck_assert_uint_eq(fwrite(left.bytes, 1, left.size, file), left.size);
		fclose(file);
	}
	free(left.bytes);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	const int found = is_whole(db, version);
	sqlite3_close(db);
	return found;
}

static bool opens(void)
{
	struct store *store = NULL;
	char message[512] = "";
	const int result = store_open(&store, fixture_path, NULL, NULL, message, sizeof message);

	if (result < 0)
		ck_assert_msg(strstr(message, fixture_dir) && strlen(message) > 30, "\"%s\"",
			      message);
	store_close(store);
	return result == 0;
}

/* The call fails, once or from there on. Returns whether it had an effect. */
static void fail_at(int version, long n, long count, int error, int at[])
{
	put_old();
	arm(n, count, error, false);
	const bool opened = opens();
	failing_disk_disarm();
	const int found = look_at_what_is_left(version);
	ck_assert(!opened || found == store_migration_count);
	at[found]++;
	expect_newest(version > 1);
	fixture_tear_down();
}

static long calls_in_all(void)
{
	put_old();
	arm(0, 0, 0, false);
	ck_assert(opens());
	const long calls = failing_disk_calls();
	failing_disk_disarm();
	fixture_tear_down();
	return calls;
}

/* Both are met: it had not begun, or not ended, and it had ended. */
START_TEST(the_disk_fails_at_every_call)
{
	const int version = 1 + _i / 2;
	const int error = _i % 2 ? ENOSPC : EIO;
	int at[64] = {0};

	make_old(version, false);
	const long calls = calls_in_all();
	for (long n = 1; n <= calls; n++) {
		fail_at(version, n, 1, error, at);
		fail_at(version, n, 1000000, error, at);
	}
	ck_assert_int_gt(calls, 10);
	ck_assert_int_gt(at[version], 0);
	ck_assert_int_gt(at[store_migration_count], 0);
	free_old();
}
END_TEST

/* Killed at call n; returns whether it was. */
static bool cut_at(int version, long n, int at[])
{
	int status;

	put_old();
	const pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		arm(n, 1, 0, true);
		_exit(opens() ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) != 1);
	at[look_at_what_is_left(version)]++;
	expect_newest(version > 1);
	fixture_tear_down();
	return WEXITSTATUS(status) != 0;
}

START_TEST(power_goes_at_every_call)
{
	const int version = 1 + _i;
	int at[64] = {0};
	long n = 1;

	make_old(version, false);
	while (cut_at(version, n, at))
		n++;
	ck_assert_int_gt(at[version], 5);
	ck_assert_int_gt(at[store_migration_count], 5);
	free_old();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("migrations");
	TCase *tcase = tcase_create("migrations");
	const int earlier = store_migration_count - 1;

	/* The faults are ours: no need to wait for a real disk. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, nothing_is_lost, 0, 2 * store_migration_count);
	tcase_add_loop_test(tcase, the_disk_fails_at_every_call, 0, 2 * earlier);
	tcase_add_loop_test(tcase, power_goes_at_every_call, 0, earlier);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
