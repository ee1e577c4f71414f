/*
 * store_db.h - the database connection behind store.h: batches of jobs, one commit each.
 *
 * Private to store.c. Thread: one at a time (opened where the store is, then the store thread's
 * alone). Nothing here knows of queues.
 */
#ifndef TACTUS_STORE_DB_H
#define TACTUS_STORE_DB_H

#include "store.h"

#include <stdbool.h>

#define STORE_WHAT_MAX 512 /* bytes of a sentence, its end included */

struct store_db;

/* A job on its way, and what became of it. */
struct store_task {
	struct store_job job;
	struct store_result result; /* owns row and sections; `what` points into this task */
	char what[STORE_WHAT_MAX];
	json_t *bound; /* scratch of store_db_run: job.params, and what the steps add to them; ours */
	bool writes;   /* scratch of store_db_run */
	char *backup; /* not a job but a copy of the database to this path; ours. NULL: a job */
	struct store_task *next;
};

/* As store_open(). Owns: the caller closes. */
int store_db_open(struct store_db **out, const char *path, char *message, size_t message_size);

/* Checkpoint and close. NULL is legal. */
void store_db_close(struct store_db *db);

/*
 * Run a batch (a list, in order) in one transaction and fill in every result. If the transaction
 * fails, every task that writes ends with STORE_FAILED; those that only read are run again by
 * themselves. After an I/O error the connection is closed, and opened anew by the next batch: what
 * the failed one left in the system's cache is not trusted. Returns the number of commits that
 * went to disk: 0 or 1.
 */
unsigned store_db_run(struct store_db *db, struct store_task *batch);

/* Fill in the result of a task that is a backup. */
void store_db_backup(struct store_db *db, struct store_task *task);

#endif
