/*
 * stalled_sync.c - a disk that stalls for as long as a file exists.
 *
 *     cc -shared -fPIC -o stalled_sync.so tests/faults/stalled_sync.c
 *     STALLED_SYNC=FILE LD_PRELOAD=./stalled_sync.so tactusd
 *
 * fsync and fdatasync wait while FILE is there; its test makes and removes it, and so knows what
 * happened during the stall. Half a minute at most.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STEP_NS 2000000
#define STEPS_MAX 15000

typedef int (*sync_fn)(int);

static void stall(void)
{
	const struct timespec step = {0, STEP_NS};
	const char *file = getenv("STALLED_SYNC");

	for (int i = 0; file && i < STEPS_MAX && access(file, F_OK) == 0; i++)
		nanosleep(&step, NULL);
}

int fsync(int fd)
{
	stall();
	return ((sync_fn)(uintptr_t)dlsym(RTLD_NEXT, "fsync"))(fd);
}

int fdatasync(int fd)
{
	stall();
	return ((sync_fn)(uintptr_t)dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
