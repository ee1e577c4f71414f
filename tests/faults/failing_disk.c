#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "failing_disk.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FILES_MAX 64
#define PATH_BYTES 512

/* By which names a program calls them; the headers may have macros for some. */
ssize_t write(int fd, const void *bytes, size_t size);
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at);
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at);
int ftruncate(int fd, off_t size);
int ftruncate64(int fd, off64_t size);
int fsync(int fd);
int fdatasync(int fd);

static struct {
	pthread_mutex_t mutex;
	bool armed;
	struct failing_plan plan;
	long calls;
	long syncs;
	char unsynced[FILES_MAX][PATH_BYTES]; /* paths written and not synced since; "" is free */
} disk = {.mutex = PTHREAD_MUTEX_INITIALIZER};

enum call { CALL_WRITE, CALL_SYNC, CALL_TRUNCATE };

struct verdict {
	int error; /* 0: go on */
	long delay_ms;
};

static bool path_of(int fd, char path[PATH_BYTES])
{
	char link[40];

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	const ssize_t length = readlink(link, path, PATH_BYTES - 1);
	path[length > 0 ? length : 0] = '\0';
	return length > 0;
}

static bool concerned(const char *path)
{
	const size_t length = disk.plan.directory ? strlen(disk.plan.directory) : 0;

	return disk.armed && length && strncmp(path, disk.plan.directory, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}

static void note(const char *path, bool synced)
{
	int at = -1;

	for (int i = 0; i < FILES_MAX; i++) {
		if (strcmp(disk.unsynced[i], path) == 0) {
			at = i;
			break;
		}
		if (at < 0 && disk.unsynced[i][0] == '\0')
			at = i;
	}
	if (at >= 0)
		snprintf(disk.unsynced[at], PATH_BYTES, "%s", synced ? "" : path);
}

/* Counts a call that concerns us, and says what becomes of it. Holds disk.mutex. */
static struct verdict count(const char *path, enum call call)
{
	const struct failing_plan *plan = &disk.plan;
	const long number = ++disk.calls;
	struct verdict verdict = {0, 0};

	if (plan->first && number >= plan->first && number - plan->first < plan->count) {
		if (plan->cut)
			_exit(FAILING_DISK_CUT);
		verdict.error = plan->error;
	}
	if (call == CALL_SYNC && ++disk.syncs <= plan->slow_syncs)
		verdict.delay_ms = plan->slow_ms;
	if (!verdict.error)
		note(path, call == CALL_SYNC);
	return verdict;
}

static struct verdict judge(int fd, enum call call)
{
	const int errno_before = errno;
	struct verdict verdict = {0, 0};
	char path[PATH_BYTES];

	if (path_of(fd, path)) {
		pthread_mutex_lock(&disk.mutex);
		if (concerned(path))
			verdict = count(path, call);
		pthread_mutex_unlock(&disk.mutex);
	}
	errno = errno_before;
	return verdict;
}

static int refuse_call(int error)
{
	errno = error;
	return -1;
}

/* The next definition of a function: libc's, or a sanitizer's. */
#define REAL(name, type) ((type)(uintptr_t)dlsym(RTLD_NEXT, name))

ssize_t write(int fd, const void *bytes, size_t size)
{
	typedef ssize_t (*real_fn)(int, const void *, size_t);
	const struct verdict verdict = judge(fd, CALL_WRITE);
	const real_fn real = REAL("write", real_fn);

	if (verdict.error) {
		real(fd, bytes, size / 2);
		return refuse_call(verdict.error);
	}
	return real(fd, bytes, size);
}

static ssize_t pwrite_by(const char *name, int fd, const void *bytes, size_t size, off64_t at)
{
	typedef ssize_t (*real_fn)(int, const void *, size_t, off64_t);
	const struct verdict verdict = judge(fd, CALL_WRITE);
	const real_fn real = REAL(name, real_fn);

	if (verdict.error) {
		real(fd, bytes, size / 2, at);
		return refuse_call(verdict.error);
	}
	return real(fd, bytes, size, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
	return pwrite_by("pwrite", fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
	return pwrite_by("pwrite64", fd, bytes, size, at);
}

static int truncate_by(const char *name, int fd, off64_t size)
{
	typedef int (*real_fn)(int, off64_t);
	const struct verdict verdict = judge(fd, CALL_TRUNCATE);

	return verdict.error ? refuse_call(verdict.error) : REAL(name, real_fn)(fd, size);
}

int ftruncate(int fd, off_t size)
{
	return truncate_by("ftruncate", fd, size);
}

int ftruncate64(int fd, off64_t size)
{
	return truncate_by("ftruncate64", fd, size);
}

static int sync_by(const char *name, int fd)
{
	typedef int (*real_fn)(int);
	const struct verdict verdict = judge(fd, CALL_SYNC);

	if (verdict.delay_ms)
		nanosleep(&(struct timespec){verdict.delay_ms / 1000,
					     verdict.delay_ms % 1000 * 1000000},
			  NULL);
	return verdict.error ? refuse_call(verdict.error) : REAL(name, real_fn)(fd);
}

int fsync(int fd)
{
	return sync_by("fsync", fd);
}

int fdatasync(int fd)
{
	return sync_by("fdatasync", fd);
}

void failing_disk_arm(const struct failing_plan *plan)
{
	pthread_mutex_lock(&disk.mutex);
	disk.plan = *plan;
	disk.armed = true;
	disk.calls = 0;
	disk.syncs = 0;
	memset(disk.unsynced, 0, sizeof disk.unsynced);
	pthread_mutex_unlock(&disk.mutex);
}

void failing_disk_disarm(void)
{
	pthread_mutex_lock(&disk.mutex);
	disk.armed = false;
	pthread_mutex_unlock(&disk.mutex);
}

long failing_disk_calls(void)
{
	pthread_mutex_lock(&disk.mutex);
	const long calls = disk.calls;
	pthread_mutex_unlock(&disk.mutex);
	return calls;
}

long failing_disk_syncs(void)
{
	pthread_mutex_lock(&disk.mutex);
	const long syncs = disk.syncs;
	pthread_mutex_unlock(&disk.mutex);
	return syncs;
}

bool failing_disk_unsynced(const char *end_of_name)
{
	const size_t end = strlen(end_of_name);
	bool found = false;

	pthread_mutex_lock(&disk.mutex);
	for (int i = 0; i < FILES_MAX; i++) {
		const size_t length = strlen(disk.unsynced[i]);
		found = found || (length >= end && length > 0 &&
				  strcmp(disk.unsynced[i] + length - end, end_of_name) == 0);
	}
	pthread_mutex_unlock(&disk.mutex);
	return found;
}

/* As a library: the plan from the environment. */
__attribute__((constructor)) static void plan_from_environment(void)
{
	static char directory[PATH_BYTES];
	const char *text = getenv("FAILING_DISK");
	struct failing_plan plan = {.directory = directory};
	int cut = 0;

	if (!text)
		return;
	if (sscanf(text, "%511[^:]:%ld:%ld:%d:%d:%ld:%ld", directory, &plan.first, &plan.count,
		   &plan.error, &cut, &plan.slow_syncs, &plan.slow_ms) != 7) {
		fprintf(stderr, "FAILING_DISK is not as failing_disk.h says: %s\n", text);
		_exit(2);
	}
	plan.cut = cut != 0;
	failing_disk_arm(&plan);
}
