#include "archive_job.h"

#include "archive_plan.h"
#include "archive_sql.h"
#include "token.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COPY_BEGIN ".copy-"

static void answer(const struct archive_job *job, json_t *object)
{
	job->answer(job->user, object);
	json_decref(object);
}

static void answer_error(const struct archive_job *job, const char *sentence)
{
	answer(job, json_pack("{s:s}", "error", sentence));
}

/* ---- a copy ------------------------------------------------------------ */

static void copied(void *user, const struct store_result *result)
{
	const struct archive_job *job = user;
	if (result->status == STORE_OK)
		answer(job, json_pack("{s:b, s:s}", "ok", 1, "copy", strrchr(job->path, '/') + 1));
	else
		answer_error(job, result->what);
}

void archive_job_copy(struct archive_job *job, struct store *store, const char *state_dir)
{
	char id[UUID_TEXT_SIZE];
	uuid_new(id);
	snprintf(job->path, sizeof job->path, "%.520s/" COPY_BEGIN "%s.db", state_dir, id);
	if (store_backup(store, job->path, copied, job) < 0)
		answer_error(job, "no memory for a copy: try again");
}

void archive_job_sweep(const char *state_dir)
{
	DIR *directory = opendir(state_dir);
	const struct dirent *entry;
	if (!directory)
		return;
	while ((entry = readdir(directory)))
		if (strncmp(entry->d_name, COPY_BEGIN, strlen(COPY_BEGIN)) == 0)
			unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
}

/* ---- an import --------------------------------------------------------- */

static void imported(void *user, const struct store_result *result)
{
	answer(user, archive_sql_answer(result));
}

void archive_job_import(struct archive_job *job, struct store *store, int plan_fd)
{
	char message[200];
	struct store_job work = {.done = imported, .user = job};
	if (archive_plan_read(plan_fd, &work, message, sizeof message) < 0)
		answer_error(job, message);
	else if (store_submit(store, &work) < 0)
		answer_error(job, "no memory for so big an import: end other programs");
}
