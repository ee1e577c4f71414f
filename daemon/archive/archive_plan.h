/*
 * archive_plan.h - an import that has been checked, on its way to the process that has the database.
 *
 * A sealed memory file: nobody can change or cut it while it is read, and reading it waits for no
 * disk. Its first line is "tactus_plan VERSION WHAT" (WHAT: "archive", "songs"), then a line a
 * parameter: a name, a blank, a JSON array.
 *
 * Thread: any.
 */
#ifndef TACTUS_ARCHIVE_PLAN_H
#define TACTUS_ARCHIVE_PLAN_H

#include "store.h"

#include <jansson.h>
#include <stddef.h>

/* A whole library with notes of full length is below it. */
#define ARCHIVE_MAX_BYTES (128u << 20)

/* `plan`: of archive_check(), or {"songs": what import_songs() made} with what = "songs". The
 * descriptor (the caller closes), or -errno. */
int archive_plan_write(const char *what, const json_t *plan);

/* The job that carries it out: its steps and params (the caller's, or the store's when submitted)
 * are filled in. Takes well under a second for the largest. 0, or -errno with a sentence. */
int archive_plan_read(int fd, struct store_job *job, char *message, size_t message_size);

#endif
