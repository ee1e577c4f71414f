/*
 * What the tactusd that runs does for `tactusd --backup` and its likes.
 */
#include "archive.h"
#include "archive_job.h"
#include "log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct work {
	struct archive_job job;
	struct control_request *request;
};

static void answer(void *user, json_t *object)
{
	struct work *work = user;
	const char *error = json_string_value(json_object_get(object, "error"));
	char copy[ARCHIVE_PATH_MAX];
	if (error)
		log_event(LOG_LEVEL_WARNING, "backup or import refused: %s", error);
	strcpy(copy, work->job.path);
	if (!control_answer(work->request, object) && copy[0] != '\0')
		unlink(copy); /* nobody will come for it */
}

/* NULL: it has been answered. */
static struct archive_job *job_of(struct control_request *request)
{
	struct work *work = calloc(1, sizeof *work);
	if (!work) {
		control_answer(request, NULL);
		return NULL;
	}
	work->request = request;
	work->job.answer = answer;
	work->job.user = work;
	control_keep(request, work);
	return &work->job;
}

static void backup(void *user, struct control_request *request, const json_t *body, int fd)
{
	const struct archive_place *place = user;
	struct archive_job *job = job_of(request);
	(void)body;
	(void)fd;
	if (!job)
		return;
	log_event(LOG_LEVEL_INFO, "a copy of the database is asked for");
	archive_job_copy(job, place->store, place->state_dir);
}

static void import(void *user, struct control_request *request, const json_t *body, int fd)
{
	const struct archive_place *place = user;
	struct archive_job *job = job_of(request);
	(void)body;
	if (!job)
		return;
	log_event(LOG_LEVEL_INFO, "an import is asked for");
	archive_job_import(job, place->store, fd);
}

const struct control_verb archive_verbs[] = {
	{"backup", backup},
	{"import", import},
	{NULL, NULL},
};
