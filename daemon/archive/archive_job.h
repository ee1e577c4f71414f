/*
 * archive_job.h - a copy and an import, done by whoever has the database open: the tactusd that runs,
 * or, when none does, the command line itself.
 *
 * Thread: that of the store's loop (store.h).
 */
#ifndef TACTUS_ARCHIVE_JOB_H
#define TACTUS_ARCHIVE_JOB_H

#include "store.h"

#include <jansson.h>

#define ARCHIVE_PATH_MAX 600

/* Owns: the caller, until `answer` has been called; that is once, at once or from store_collect(). The
 * answer is an object, borrowed: {"ok": true, ...} or {"error": "a sentence"}. */
struct archive_job {
	void (*answer)(void *user, json_t *answer);
	void *user;
	char path[ARCHIVE_PATH_MAX]; /* of the copy */
};

/* A copy of the database beside it. Answers with its name in `state_dir`: {"ok": true, "copy":
 * ".copy-<uuid>.db"}. Whoever asked removes it. */
void archive_job_copy(struct archive_job *job, struct store *store, const char *state_dir);

/* What the plan (archive_plan.h) says. Answers as archive_sql_answer() does. */
void archive_job_import(struct archive_job *job, struct store *store, int plan_fd);

/* Remove the copies that nobody came for. `state_dir` is ours: the database's lock is. */
void archive_job_sweep(const char *state_dir);

#endif
