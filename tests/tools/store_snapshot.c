/*
 * store_snapshot: how long the stored sections of a welcome take to build, and how big they are.
 *
 *     store_snapshot PEOPLE SONGS ROLES [ROUNDS]
 *
 * Makes a session with so many members, a setlist of so many songs (the one in the middle is on, with
 * 2000 bytes of notes) and so many role assignments, as many of them global as there are slots, the
 * others for songs; and beside it 100 more of the same, that are closed. Prints rows "what p50_ms p99_ms bytes" for tests/bench/bench_snapshot.mjs:
 *
 *   SQLite   the five sections in one read transaction, as text, by SQLite's own C interface
 *   store    a job that reads them, from its submission to its `done`: thread and JSON included
 *
 * and then a row "SECTION p50_ms p99_ms bytes" for each. The database is in TMPDIR.
 */
#include "clock.h"
#include "store.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SESSION "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
#define SETLIST "5e700000-0000-4000-8000-000000000001"

struct bench {
	char directory[128];
	char path[160];
	int rounds;
	int64_t *took_ns;
	sqlite3 *sql;
	sqlite3_stmt *sections[SECTION_COUNT];
	size_t bytes;
};

static const char *const section_queries[SECTION_COUNT] = {
	"SELECT json FROM section_session WHERE session_id = '" SESSION "'",
	"SELECT json FROM section_participants WHERE session_id = '" SESSION "'",
	"SELECT json FROM section_role_assignments WHERE session_id = '" SESSION "'",
	"SELECT json FROM section_setlist WHERE session_id = '" SESSION "'",
	"SELECT json FROM section_active_song WHERE session_id = '" SESSION "'",
};

static const char fill[] =
	"CREATE TEMP TABLE size AS SELECT %d AS people, %d AS songs, %d AS roles;"
	"CREATE TEMP TABLE n AS WITH RECURSIVE n (i) AS"
	"  (VALUES (0) UNION ALL SELECT i + 1 FROM n, size WHERE i < people + songs + roles)"
	"  SELECT i FROM n;"
	/* ids in no order of their own, as UUIDs are */
	"CREATE TEMP TABLE person AS SELECT i,"
	"  printf('%%08x-0000-4000-8000-%%012x', i * 2654435769 %% 4294967296, i) AS id"
	"  FROM n, size WHERE i < people;"
	"BEGIN;"
	"INSERT INTO user SELECT id, 'Member ' || i, 1, 1 FROM person;"
	"INSERT INTO session (id, code, md_user_id, created_at)"
	"  SELECT '" SESSION "', 'CDF347', id, 1 FROM person WHERE i = 0;"
	"INSERT INTO participant (session_id, user_id, join_time, last_heartbeat, network_rtt_ms,"
	"  packet_loss_pct) SELECT '" SESSION
	"', id, 1700000000000 + i, 1700000000000, 12, 0.5 FROM person;"
	"INSERT INTO song"
	"  SELECT printf('%%08x-0000-4000-8000-%%012x', i * 2246822519 %% 4294967296, i),"
	"  'Song number ' || i, 'F#m', 60 + i %% 100, '4/4', hex(zeroblob(1000)), 0"
	"  FROM n, size WHERE i < songs;"
	"INSERT INTO setlist VALUES ('" SETLIST "', '" SESSION "', 'Tonight', 1);"
	"INSERT INTO setlist_item (setlist_id, position, song_id, key_override,"
	"  song_leader_user_id) SELECT '" SETLIST "', n.i, song.id, 'G', person.id"
	"  FROM size, n JOIN song ON song.title = 'Song number ' || n.i"
	"  JOIN person ON person.i = n.i %% people;"
	"UPDATE session SET active_setlist_id = '" SETLIST "',"
	"  active_position = (SELECT songs / 2 FROM size);"
	/* by turns over slots, then songs (that which is on first); the people by turns, too */
	"INSERT INTO role_assignment SELECT '" SESSION "', person.id, slot.id,"
	"  iif(n.i < 23, 'global', 'song'), iif(n.i < 23, NULL, item.song_id), 1700000000000"
	"  FROM size, n JOIN person ON person.i = n.i * 7 %% people"
	"  JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM instrument_slot)"
	"    AS slot ON slot.number = n.i %% 23"
	"  JOIN setlist_item AS item ON item.position = abs(n.i / 23 - 1 + songs / 2) %% songs"
	"  WHERE n.i < roles;"
	/* and a year of evenings that are over, with the same people */
	"CREATE TEMP TABLE evening AS"
	"  SELECT i, printf('bbbbbbbb-bbbb-4bbb-8bbb-%%012x', i) AS id,"
	"  printf('5e700000-0000-4000-9000-%%012x', i) AS setlist_id FROM n WHERE i < 100;"
	"INSERT INTO session (id, code, md_user_id, created_at, active)"
	"  SELECT evening.id, 'CDF347', person.id, 1, 0 FROM evening, person WHERE person.i = 0;"
	"INSERT INTO participant (session_id, user_id, join_time, last_heartbeat)"
	"  SELECT evening.id, person.id, 1, 1 FROM evening, person;"
	"INSERT INTO setlist SELECT setlist_id, id, 'Past', 1 FROM evening;"
	"INSERT INTO setlist_item (setlist_id, position, song_id)"
	"  SELECT evening.setlist_id, position, song_id FROM evening, setlist_item;"
	"UPDATE session SET active_setlist_id = setlist_id, active_position = 0"
	"  FROM evening WHERE evening.id = session.id;"
	"INSERT INTO role_assignment SELECT evening.id, user_id, slot_id, scope_type, "
	"scope_song_id,"
	"  1 FROM evening, role_assignment;"
	"COMMIT";

static int compare_ns(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a;
	const int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void row(const struct bench *bench, const char *name)
{
	const int n = bench->rounds;
	const int middle = n / 2;
	const int slow = n - 1 - n / 100;

	qsort(bench->took_ns, (size_t)n, sizeof *bench->took_ns, compare_ns);
	printf("%s\t%.3f\t%.3f\t%zu\n", name, (double)bench->took_ns[middle] / 1e6,
	       (double)bench->took_ns[slow] / 1e6, bench->bytes);
}

/* ---- by SQLite's own interface ------------------------------------------------- */

static int fill_database(struct bench *bench, int people, int songs, int roles)
{
	char *sql = sqlite3_mprintf(fill, people, songs, roles);
	char *message = NULL;

	const int code = sqlite3_exec(bench->sql, sql, NULL, NULL, &message);
	if (code != SQLITE_OK)
		fprintf(stderr, "store_snapshot: %s\n", message);
	sqlite3_free(message);
	sqlite3_free(sql);
	return code == SQLITE_OK ? 0 : -EIO;
}

static int read_section(struct bench *bench, int section)
{
	sqlite3_stmt *statement = bench->sections[section];

	if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
		bench->bytes += (size_t)sqlite3_column_bytes(statement, 0);
	return sqlite3_reset(statement) == SQLITE_OK ? 0 : -EIO;
}

static int read_all(struct bench *bench)
{
	int result = sqlite3_exec(bench->sql, "BEGIN", NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;

	for (int i = 0; i < SECTION_COUNT && result == 0; i++)
		result = read_section(bench, i);
	sqlite3_exec(bench->sql, "COMMIT", NULL, NULL, NULL);
	return result;
}

static int read_by_sqlite(struct bench *bench)
{
	for (int i = 0; i < SECTION_COUNT; i++)
		if (sqlite3_prepare_v2(bench->sql, section_queries[i], -1, &bench->sections[i],
				       NULL) != SQLITE_OK)
			return -EIO;
	for (int i = 0; i < bench->rounds; i++) {
		const int64_t began_ns = clock_now_ns();
		bench->bytes = 0;
		if (read_all(bench) < 0)
			return -EIO;
		bench->took_ns[i] = clock_now_ns() - began_ns;
	}
	row(bench, "SQLite");
	return 0;
}

static int read_each_by_sqlite(struct bench *bench)
{
	for (int section = 0; section < SECTION_COUNT; section++) {
		for (int i = 0; i < bench->rounds; i++) {
			const int64_t began_ns = clock_now_ns();
			bench->bytes = 0;
			if (read_section(bench, section) < 0)
				return -EIO;
			bench->took_ns[i] = clock_now_ns() - began_ns;
		}
		row(bench, store_section_name(section));
	}
	return 0;
}

/* ---- by the store -------------------------------------------------------------- */

static void count_bytes(void *user, const struct store_result *result)
{
	struct bench *bench = user;

	bench->bytes = 0;
	for (int i = 0; i < SECTION_COUNT && result->status == STORE_OK; i++) {
		char *text = bench->rounds == 1 ? json_dumps(result->sections[i],
							     JSON_COMPACT | JSON_ENCODE_ANY)
						: NULL;
		bench->bytes += text ? strlen(text) : 0;
		free(text);
	}
}

static int read_by_store(struct bench *bench)
{
	static const struct store_step nothing[] = {{NULL, NULL}};
	struct store *store = NULL;
	char message[512];
	const int rounds = bench->rounds;

	if (store_open(&store, bench->path, NULL, NULL, message, sizeof message) < 0) {
		fprintf(stderr, "store_snapshot: %s\n", message);
		return -EIO;
	}
	for (int i = 0; i <= rounds; i++) {
		const struct store_job job = {.steps = nothing,
					      .params = json_pack("{s:s}", "session_id", SESSION),
					      .sections = SECTION_ALL,
					      .done = count_bytes,
					      .user = bench};
		bench->rounds = i < rounds ? rounds : 1; /* the last is for their size */
		const int64_t began_ns = clock_now_ns();
		store_run(store, &job);
		if (i < rounds)
			bench->took_ns[i] = clock_now_ns() - began_ns;
	}
	bench->rounds = rounds;
	row(bench, "store");
	store_close(store);
	return 0;
}

/* ---- all of it ----------------------------------------------------------------- */

static int make_database(struct bench *bench)
{
	const char *base = getenv("TMPDIR");
	struct store *store = NULL;
	char message[512];

	snprintf(bench->directory, sizeof bench->directory, "%.90s/store-snapshot-XXXXXX",
		 base ? base : "/tmp");
	if (!mkdtemp(bench->directory))
		return -errno;
	snprintf(bench->path, sizeof bench->path, "%s/tactus.db", bench->directory);
	if (store_open(&store, bench->path, NULL, NULL, message, sizeof message) < 0) {
		fprintf(stderr, "store_snapshot: %s\n", message);
		return -EIO;
	}
	store_close(store);
	return sqlite3_open(bench->path, &bench->sql) == SQLITE_OK ? 0 : -EIO;
}

static void tidy(struct bench *bench)
{
	static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
	char name[180];

	for (int i = 0; i < SECTION_COUNT; i++)
		sqlite3_finalize(bench->sections[i]);
	sqlite3_close(bench->sql);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		snprintf(name, sizeof name, "%s%s", bench->path, ends[i]);
		unlink(name);
	}
	rmdir(bench->directory);
	free(bench->took_ns);
}

int main(int argc, char **argv)
{
	struct bench bench = {.rounds = argc > 4 ? atoi(argv[4]) : 400};
	int result = -EINVAL;

	if (argc < 4 || bench.rounds < 2) {
		fputs("usage: store_snapshot PEOPLE SONGS ROLES [ROUNDS]\n", stderr);
		return 2;
	}
	bench.took_ns = calloc((size_t)bench.rounds, sizeof *bench.took_ns);
	if (bench.took_ns)
		result = make_database(&bench);
	if (result == 0)
		result = fill_database(&bench, atoi(argv[1]), atoi(argv[2]), atoi(argv[3]));
	if (result == 0)
		result = read_by_sqlite(&bench);
	if (result == 0)
		result = read_by_store(&bench);
	if (result == 0)
		result = read_each_by_sqlite(&bench);
	tidy(&bench);
	return result == 0 ? 0 : 1;
}
