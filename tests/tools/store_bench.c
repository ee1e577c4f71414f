/*
 * store_bench: durable writes a second through the store, and through bare SQLite.
 *
 *     store_bench [RUNS [RUN_MS]]
 *
 * A write is what a request leaves behind: its song, the song's title in the search index, its answer.
 * Prints for 1, 10 and 50 writers a row "writers store writes_a_commit single grouped", the middle one
 * of RUNS (5) runs of RUN_MS (300) each, the three by turns, each on a database of its own in TMPDIR:
 *
 *   store     each writer submits its next write when the last one is acknowledged
 *   single    bare SQLite, same pragmas, same statements: a commit for each write
 *   grouped   the same, by hand in transactions of as many writes as there are writers: what can be
 *             had by one who knows ahead what will be written
 */
#include "clock.h"
#include "store.h"

#include <errno.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USER "11111111-1111-4111-8111-111111111111"
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NOW 1700000000000
#define RUNS_MAX 99

/* As in song_sql.c, but for the count of the library, which grows here without end. */
#define INSERT_SONG                                                                                \
	"INSERT INTO song (id, title, default_key, default_bpm, time_signature, notes) "           \
	"VALUES (:song_id, :title, 'G', 120, '4/4', 'Verse, chorus, verse.')"
#define ASK_RESULT                                                                                 \
	"SELECT body_hash = :body_hash, response FROM request_result "                             \
	"WHERE user_id = :me AND request_id = :request_id"
#define KEEP_RESULT                                                                                \
	"INSERT INTO request_result (user_id, request_id, body_hash, response, created_at) "       \
	"VALUES (:me, :request_id, :body_hash, :answer_json, :now)"

/* What one write brings with it. */
struct note {
	char song_id[37];
	char title[40];
	char request_id[24];
	char answer[64];
};

static void make_note(struct note *note, unsigned long number)
{
	snprintf(note->song_id, sizeof note->song_id, "%08x-0000-4000-8000-%012lx",
		 (unsigned)(number * 2654435769u), number);
	snprintf(note->title, sizeof note->title, "Song number %lu", number);
	snprintf(note->request_id, sizeof note->request_id, "r%lu", number);
	snprintf(note->answer, sizeof note->answer, "{\"song_id\":\"%s\"}", note->song_id);
}

static double rate(unsigned long writes, int64_t since_ns)
{
	return (double)writes * 1e9 / (double)(clock_now_ns() - since_ns);
}

/* ---- through the store --------------------------------------------------------- */

struct through_store {
	struct store *store;
	sem_t ready;
	unsigned long number;
	unsigned long acknowledged;
	unsigned long failed;
	int64_t until_ns;
};

static const struct store_step add_song[] = {{INSERT_SONG, NULL}, {NULL, NULL}};

static void wake(void *user)
{
	sem_post(user);
}

static void submit_next(struct through_store *bench);

static void acknowledged(void *user, const struct store_result *result)
{
	struct through_store *bench = user;

	bench->acknowledged++;
	bench->failed += result->status != STORE_OK;
	if (clock_now_ns() < bench->until_ns)
		submit_next(bench);
}

static void submit_next(struct through_store *bench)
{
	struct note note = {0};

	make_note(&note, ++bench->number);
	const struct store_job job = {
		.steps = add_song,
		.params = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:{s:s}}", "me", USER,
				    "request_id", note.request_id, "body_hash", HASH, "song_id",
				    note.song_id, "title", note.title, "now", (json_int_t)NOW,
				    "answer_json", "song_id", note.song_id),
		.once = true,
		.done = acknowledged,
		.user = bench};
	bench->failed += store_submit(bench->store, &job) < 0;
}

static double run_store(struct through_store *bench, int writers, int run_ms, double *a_commit)
{
	const unsigned long commits = store_commits(bench->store);
	const int64_t began_ns = clock_now_ns();

	bench->acknowledged = 0;
	bench->until_ns = began_ns + run_ms * (int64_t)1000000;
	for (int i = 0; i < writers; i++)
		submit_next(bench);
	while (store_pending(bench->store) > 0) {
		sem_wait(&bench->ready);
		store_collect(bench->store);
	}
	*a_commit = (double)bench->acknowledged / (double)(store_commits(bench->store) - commits);
	return rate(bench->acknowledged, began_ns);
}

/* ---- bare SQLite --------------------------------------------------------------- */

enum { BARE_BEGIN, BARE_ASK, BARE_SONG, BARE_KEEP, BARE_COMMIT, BARE_COUNT };

struct bare {
	sqlite3 *sql;
	sqlite3_stmt *statements[BARE_COUNT];
	unsigned long number;
	unsigned long failed;
};

static int open_bare(struct bare *bare, const char *path)
{
	static const char *const texts[BARE_COUNT] = {"BEGIN IMMEDIATE", ASK_RESULT, INSERT_SONG,
						      KEEP_RESULT, "COMMIT"};
	int code = sqlite3_open_v2(path, &bare->sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
				   NULL);

	if (code == SQLITE_OK) /* as store_connection.c does */
		code = sqlite3_exec(
			bare->sql,
			"PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL;"
			"PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 4194304;"
			"PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON",
			NULL, NULL, NULL);
	for (int i = 0; i < BARE_COUNT && code == SQLITE_OK; i++)
		code = sqlite3_prepare_v3(bare->sql, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
					  &bare->statements[i], NULL);
	return code == SQLITE_OK ? 0 : -EIO;
}

static void close_bare(struct bare *bare)
{
	for (int i = 0; i < BARE_COUNT; i++)
		sqlite3_finalize(bare->statements[i]);
	sqlite3_close(bare->sql);
}

static void execute(struct bare *bare, int which)
{
	sqlite3_step(bare->statements[which]);
	bare->failed += sqlite3_reset(bare->statements[which]) != SQLITE_OK;
}

static void text(sqlite3_stmt *statement, int index, const char *value)
{
	sqlite3_bind_text(statement, index, value, -1, SQLITE_STATIC);
}

static void write_bare(struct bare *bare)
{
	struct note note = {0};
	sqlite3_stmt *ask = bare->statements[BARE_ASK];
	sqlite3_stmt *song = bare->statements[BARE_SONG];
	sqlite3_stmt *keep = bare->statements[BARE_KEEP];

	make_note(&note, ++bare->number);
	text(ask, 1, HASH);
	text(ask, 2, USER);
	text(ask, 3, note.request_id);
	execute(bare, BARE_ASK);
	text(song, 1, note.song_id);
	text(song, 2, note.title);
	execute(bare, BARE_SONG);
	text(keep, 1, USER);
	text(keep, 2, note.request_id);
	text(keep, 3, HASH);
	text(keep, 4, note.answer);
	sqlite3_bind_int64(keep, 5, NOW);
	execute(bare, BARE_KEEP);
}

static double run_bare(struct bare *bare, int group, int run_ms)
{
	const int64_t began_ns = clock_now_ns();
	const unsigned long before = bare->number;

	while (clock_now_ns() < began_ns + run_ms * (int64_t)1000000) {
		execute(bare, BARE_BEGIN);
		for (int i = 0; i < group; i++)
			write_bare(bare);
		execute(bare, BARE_COMMIT);
	}
	return rate(bare->number - before, began_ns);
}

/* ---- all of it ------------------------------------------------------------------ */

struct bench {
	char directory[128];
	char path[3][160];
	struct through_store store;
	struct bare single;
	struct bare grouped;
	int runs;
	int run_ms;
};

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a;
	const double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double middle(double *values, int count)
{
	qsort(values, (size_t)count, sizeof *values, compare);
	return values[count / 2];
}

static void row(struct bench *bench, int writers)
{
	double store[RUNS_MAX] = {0}, a_commit[RUNS_MAX] = {0};
	double single[RUNS_MAX] = {0}, grouped[RUNS_MAX] = {0};

	for (int i = 0; i < bench->runs; i++) {
		store[i] = run_store(&bench->store, writers, bench->run_ms, &a_commit[i]);
		single[i] = run_bare(&bench->single, 1, bench->run_ms);
		grouped[i] = run_bare(&bench->grouped, writers, bench->run_ms);
	}
	printf("%d\t%.0f\t%.1f\t%.0f\t%.0f\n", writers, middle(store, bench->runs),
	       middle(a_commit, bench->runs), middle(single, bench->runs),
	       middle(grouped, bench->runs));
	fflush(stdout);
}

/* Made by the store, with someone in it who writes. */
static struct store *make_database(const char *path)
{
	static const struct store_step add_user[] = {
		{"INSERT INTO user VALUES ('" USER "', 'Ada', 1, 1)", NULL}, {NULL, NULL}};
	const struct store_job job = {.steps = add_user};
	struct store *store = NULL;
	char message[512];

	if (store_open(&store, path, NULL, NULL, message, sizeof message) < 0)
		fprintf(stderr, "store_bench: %s\n", message);
	else
		store_run(store, &job);
	return store;
}

static int open_all(struct bench *bench)
{
	const char *base = getenv("TMPDIR");
	struct store *stores[3];
	bool made = true;

	snprintf(bench->directory, sizeof bench->directory, "%.90s/store-bench-XXXXXX",
		 base ? base : "/tmp");
	if (!mkdtemp(bench->directory) || sem_init(&bench->store.ready, 0, 0) != 0)
		return -errno;
	for (int i = 0; i < 3; i++) {
		snprintf(bench->path[i], sizeof bench->path[i], "%s/%d.db", bench->directory, i);
		stores[i] = make_database(bench->path[i]);
		made = made && stores[i];
	}
	store_close(stores[1]);
	store_close(stores[2]);
	bench->store.store = stores[0];
	if (!made)
		return -EIO;
	store_wake_by(stores[0], wake, &bench->store.ready);
	const int result = open_bare(&bench->single, bench->path[1]);
	return result < 0 ? result : open_bare(&bench->grouped, bench->path[2]);
}

static void tidy(struct bench *bench)
{
	static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
	char name[180];

	store_close(bench->store.store);
	close_bare(&bench->single);
	close_bare(&bench->grouped);
	for (size_t i = 0; i < 3 * sizeof ends / sizeof *ends; i++) {
		snprintf(name, sizeof name, "%s%s", bench->path[i % 3], ends[i / 3]);
		unlink(name);
	}
	rmdir(bench->directory);
}

int main(int argc, char **argv)
{
	static struct bench bench;

	bench.runs = argc > 1 ? atoi(argv[1]) : 5;
	bench.run_ms = argc > 2 ? atoi(argv[2]) : 300;
	if (bench.runs < 1 || bench.runs > RUNS_MAX || bench.run_ms < 1) {
		fputs("usage: store_bench [RUNS [RUN_MS]]\n", stderr);
		return 2;
	}
	const int result = open_all(&bench);
	if (result == 0) {
		row(&bench, 1);
		row(&bench, 10);
		row(&bench, 50);
	}
	const unsigned long failed =
		bench.store.failed + bench.single.failed + bench.grouped.failed;
	tidy(&bench);
	if (result == 0 && failed == 0)
		return 0;
	fprintf(stderr, "store_bench: %s, %lu writes failed\n", result ? strerror(-result) : "ran",
		failed);
	return 1;
}
