#include "archive_plan.h"

#include "archive_sql.h"
#include "song_sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION "1"
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
/* JSON of the file's values, its ids repeated in what lies in them. */
#define PLAN_MAX_BYTES ((size_t)ARCHIVE_MAX_BYTES * 2)

static const struct kind {
	const char *head;
	const struct store_step *steps;
} kinds[] = {
	{"tactus_plan " VERSION " archive", archive_sql_import},
	{"tactus_plan " VERSION " songs", song_sql_import},
};

/* ---- writing ----------------------------------------------------------- */

static int write_lines(FILE *file, const char *what, const json_t *plan)
{
	const char *name;
	json_t *rows;
	fprintf(file, "tactus_plan " VERSION " %s\n", what);
	json_object_foreach((json_t *)plan, name, rows)
	{
		fprintf(file, "%s ", name);
		if (json_dumpf(rows, file, JSON_COMPACT) < 0)
			return -ENOMEM;
		fputc('\n', file);
	}
	return fflush(file) == 0 && !ferror(file) ? 0 : -ENOMEM;
}

int archive_plan_write(const char *what, const json_t *plan)
{
	int fd = memfd_create("tactus-plan", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	FILE *file = copy < 0 ? NULL : fdopen(copy, "w");
	int result = file ? write_lines(file, what, plan) : -errno;
	if (file)
		fclose(file);
	else if (copy >= 0)
		close(copy);
	if (result == 0 && fcntl(fd, F_ADD_SEALS, SEALS) != 0)
		result = -errno;
	if (result == 0)
		return fd;
	close(fd);
	return result;
}

/* ---- reading ----------------------------------------------------------- */

/* SQLite takes the text as it is: nothing is parsed here. */
static int take_lines(const char *text, size_t size, json_t *params)
{
	while (size > 0) {
		char name[32];
		const char *end = memchr(text, '\n', size);
		const char *blank = memchr(text, ' ', size < sizeof name ? size : sizeof name);
		if (!end || !blank || blank > end)
			return -EINVAL;
		snprintf(name, sizeof name, "%.*s", (int)(blank - text), text);
		json_t *rows = json_stringn(blank + 1, (size_t)(end - blank) - 1);
		if (json_object_set_new(params, name, rows) != 0)
			return -EINVAL;
		size -= (size_t)(end - text) + 1;
		text = end + 1;
	}
	return 0;
}

static int take(const char *text, size_t size, struct store_job *job)
{
	const char *end = memchr(text, '\n', size);
	if (!end)
		return -ENOTSUP;
	size_t head = (size_t)(end - text);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strlen(kinds[i].head) != head || memcmp(kinds[i].head, text, head) != 0)
			continue;
		job->steps = kinds[i].steps;
		job->params = json_object();
		return job->params ? take_lines(end + 1, size - head - 1, job->params) : -ENOMEM;
	}
	return -ENOTSUP;
}

static int refuse(int error, char *message, size_t size)
{
	if (error == ENOTSUP)
		snprintf(message, size,
			 "the tactusd that runs is of another version: restart it, then try again");
	else
		snprintf(message, size, "this is no checked import: %s", strerror(error));
	return -error;
}

int archive_plan_read(int fd, struct store_job *job, char *message, size_t message_size)
{
	struct stat found;
	int seals = fcntl(fd, F_GET_SEALS);
	job->params = NULL;
	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &found) != 0)
		return refuse(EINVAL, message, message_size);
	size_t size = (size_t)found.st_size;
	if (size == 0 || size > PLAN_MAX_BYTES)
		return refuse(EFBIG, message, message_size);
	const char *text = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return refuse(errno, message, message_size);
	int result = take(text, size, job);
	munmap((void *)text, size);
	if (result == 0)
		return 0;
	json_decref(job->params);
	job->params = NULL;
	return refuse(-result, message, message_size);
}
