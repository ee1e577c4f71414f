/*
 * clock_step.c - a clock jumps as soon as a file exists.
 *
 *     cc -shared -fPIC -o clock_step.so tests/faults/clock_step.c
 *     CLOCK_STEP=FILE LD_PRELOAD=./clock_step.so tactusd
 *
 * The wall clock by a year, as the first NTP synchronisation does to a Pi, which has no clock
 * battery; every monotonic clock goes on as it was. Or, with CLOCK_STEP_RAW_S=660 in the environment,
 * CLOCK_MONOTONIC_RAW by so many seconds and no other: to the box, so much time has passed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define STEP_S (365 * 86400)

int clock_gettime(clockid_t id, struct timespec *now);
int gettimeofday(struct timeval *restrict now, void *restrict zone);
time_t time(time_t *now);

static time_t step(void)
{
	const char *file = getenv("CLOCK_STEP");

	return file && access(file, F_OK) == 0 ? STEP_S : 0;
}

static time_t raw_step(void)
{
	const char *seconds = getenv("CLOCK_STEP_RAW_S");

	return seconds && step() ? atoi(seconds) : 0;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	typedef int (*real_fn)(clockid_t, struct timespec *);
	const int result = ((real_fn)(uintptr_t)dlsym(RTLD_NEXT, "clock_gettime"))(id, now);

	if (result == 0 && id == CLOCK_MONOTONIC_RAW)
		now->tv_sec += raw_step();
	if (result == 0 && !getenv("CLOCK_STEP_RAW_S") &&
	    (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE || id == CLOCK_TAI))
		now->tv_sec += step();
	return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	typedef int (*real_fn)(struct timeval *, void *);
	const int result = ((real_fn)(uintptr_t)dlsym(RTLD_NEXT, "gettimeofday"))(now, zone);

	if (result == 0)
		now->tv_sec += step();
	return result;
}

time_t time(time_t *now)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	if (now)
		*now = wall.tv_sec;
	return wall.tv_sec;
}
