/*
 * store.h - the database, on a thread of its own.
 *
 * The event loop never waits for the disk (DESIGN law 8). It submits jobs; the
 * store thread takes all that are queued, runs each in a savepoint of one
 * transaction, commits once (WAL, synchronous=FULL), and hands the results back:
 * `wake` is called from the store thread, and the loop then calls store_collect(),
 * which runs each job's `done` on the loop's thread, in the order of submission.
 * A job's `done` is therefore called only after its commit is on disk. If the
 * commit fails (full disk, I/O error), none of the batch is acknowledged: every job
 * of it that writes ends with STORE_FAILED; those that only read are run again by
 * themselves, since reading needs no space. After an I/O error the database is closed and
 * opened anew for the next batch. Whether the jobs that failed so reached the disk is then
 * open: hardly ever, but what the loop holds in memory is best read again.
 *
 * A job is data: SQL steps and named parameters. No C struct mirrors a table. Rows
 * and sections come back as JSON, built by SQLite.
 *
 * Inside (store_db.h, store_sqlite.h): store.c is the queue and the thread, store_db.c a
 * batch, store_connection.c the opening, store_statement.c one statement, store_error.c what
 * went wrong, store_file.c the file. No other module includes sqlite3.h.
 */
#ifndef TACTUS_STORE_H
#define TACTUS_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct store;

/* Sections of the snapshot that a job can read back: each is the view section_<name>(session_id,
 * json) of views.sql. The names on the wire stand in store_section_name(). */
enum store_section {
	SECTION_SESSION = 1 << 0,
	SECTION_PARTICIPANTS = 1 << 1,
	SECTION_ROLE_ASSIGNMENTS = 1 << 2,
	SECTION_SETLIST = 1 << 3,
	SECTION_ACTIVE_SONG = 1 << 4,
	SECTION_ALL = (1 << 5) - 1
};
#define SECTION_COUNT 5

/* "session", "participants", "roleAssignments", "setlist", "activeSong"; index 0..4. */
const char *store_section_name(int index);

/*
 * One statement. Parameters are bound by name (":code") from the job's params: string,
 * integer, real, true/false as 1/0, null or missing as NULL; arrays and objects as JSON text.
 * The columns of the first row it returns are added to the params (so that later steps see
 * them) and to the result's `row`; a column named json or *_json is parsed. If `none` is
 * set and the statement returned no row (one with columns) or changed none (one without),
 * the job ends with STORE_REFUSED and that code, and its savepoint is rolled back. A code of two
 * words, "song_unknown copy_of", is a code and the field at fault.
 */
struct store_step {
	const char *sql; /* static text: statements are prepared once and kept by this pointer */
	const char *none;
};

/*
 * A request that is carried out once, however often it comes (table request_result). The job's params
 * then have me (the user's id), request_id, body_hash (SHA-256 of the request, lower-case
 * hexadecimal) and now. If that user's request of that id is known, no step runs: the result is OK,
 * `repeated`, with the answer_json of the first time in its row and no sections; or REFUSED with
 * "id_reused" if the hash is another. Otherwise, if all goes well, answer_json is kept as its answer,
 * in the same savepoint: the steps', else that of the params, else {}. What is refused, invalid or
 * failed changed nothing and is not kept. How long an answer is kept is not the store's affair.
 */

enum store_status {
	STORE_OK = 0,
	STORE_REFUSED, /* a step's `none`; what = its code */
	STORE_INVALID, /* a constraint; what = its name, or "table.column" where SQLite names none
			* ("t.a, t.b" if it spans two), "foreign_key", an index's or a trigger's name */
	STORE_FAILED   /* disk, corruption, ...; what = a sentence that says what to do */
};

struct store_result {
	enum store_status status;
	const char *what; /* see above; NULL when OK. Valid during `done` */
	bool repeated;    /* OK, but long since: nothing was changed now */
	json_t *row;      /* object of the columns returned; never NULL. Borrowed */
	/* Those asked for, when OK and not repeated (JSON null if there is no such session); else
	 * NULL. Borrowed. */
	json_t *sections[SECTION_COUNT];
};

struct store_job {
	/* Run ahead of `steps`, after it is clear that the request is new: who may. May be NULL. */
	const struct store_step *guard;
	const struct store_step *steps; /* ends with {NULL, NULL}; static */
	json_t *params;                 /* object, or NULL: empty; the store takes it */
	unsigned sections;              /* read after the steps, for params.session_id */
	bool once;                      /* see above */
	/* Loop thread. May be NULL (fire and forget). */
	void (*done)(void *user, const struct store_result *result);
	void *user; /* borrowed by the store, handed to done */
};

/*
 * Open (make, migrate) the database and start the thread. 0, or -errno with a sentence
 * in `message` that names the file and says what to do: read-only, corrupt, full disk,
 * made by a newer version, locked by another tactusd. Owns: the caller closes.
 * wake and wake_user: see store_wake_by().
 * The last level of the directory is made (0750); files are made 0640.
 */
int store_open(struct store **out, const char *path, void (*wake)(void *), void *wake_user,
	       char *message, size_t message_size);

/* From now on wake(wake_user) is called from the store thread whenever results are ready; NULL:
 * nobody is. Once this returns the former one is not called any more, and what it wakes may be
 * freed. wake must neither block nor call the store. Thread: loop. */
void store_wake_by(struct store *store, void (*wake)(void *), void *wake_user);

/* Finish what is queued, stop the thread, checkpoint, close. Results not collected are dropped
 * after their done was NOT called. NULL is legal. Thread: loop. */
void store_close(struct store *store);

/* Queue a job. Takes job.params, also when it fails. Never waits for the disk. Thread: loop.
 * 0 or -ENOMEM. */
int store_submit(struct store *store, const struct store_job *job);

/* Run `done` of the jobs that are finished. Thread: loop. */
void store_collect(struct store *store);

/* Jobs submitted and not yet collected. Thread: loop. */
size_t store_pending(const struct store *store);

/* Transactions written to disk since store_open(): how well the jobs share them. Thread: any. */
unsigned long store_commits(struct store *store);

/*
 * Write a copy of the database, whole and of one moment, to a new file while all goes on (VACUUM
 * INTO). `done` is called with STORE_OK when it is on disk, or STORE_FAILED with a sentence; the file
 * must not exist, and doesn't after a failure. While it is written it is called path.part, and if the
 * power goes that is all there is. Jobs submitted before it are in the copy; those after it wait for
 * it. Thread: loop. 0 or -ENOMEM.
 */
int store_backup(struct store *store, const char *path,
		 void (*done)(void *user, const struct store_result *result), void *user);

/* Run one job now and wait for it; for start-up and tests, before the loop runs.
 * `done` is called before this returns. 0 or -ENOMEM. */
int store_run(struct store *store, const struct store_job *job);

#endif
