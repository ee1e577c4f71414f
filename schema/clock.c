#include "clock.h"

#include <math.h>
#include <time.h>

static int64_t read_ns(clockid_t id)
{
	struct timespec now;
	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_now_ns(void)
{
	return read_ns(CLOCK_MONOTONIC_RAW);
}

int64_t clock_unix_offset_ns(void)
{
	/* The tightest of a few bracketed readings, so that being preempted does not count. */
	int64_t best_gap = INT64_MAX;
	int64_t offset = 0;
	for (int i = 0; i < 8; i++) {
		int64_t before = clock_now_ns();
		int64_t unix_ns = read_ns(CLOCK_REALTIME);
		int64_t after = clock_now_ns();
		if (after - before < best_gap) {
			best_gap = after - before;
			offset = unix_ns - (before + (after - before) / 2);
		}
	}
	return offset;
}

int64_t clock_to_unix_ms(int64_t raw_ns, int64_t offset_ns)
{
	int64_t unix_ns = raw_ns + offset_ns + CLOCK_NS_PER_MS / 2;
	int64_t ms = unix_ns / CLOCK_NS_PER_MS;
	return unix_ns % CLOCK_NS_PER_MS < 0 ? ms - 1 : ms;
}

int64_t clock_from_unix_ms(double unix_ms, int64_t offset_ns)
{
	/* Whole and fraction apart: a double holds Unix ns only to 256. */
	double whole = floor(unix_ms);
	return (int64_t)whole * CLOCK_NS_PER_MS + (int64_t)llround((unix_ms - whole) * 1e6) -
	       offset_ns;
}

double clock_to_unix_ms_exact(int64_t raw_ns, int64_t offset_ns)
{
	int64_t unix_ns = raw_ns + offset_ns;
	int64_t whole_ms = unix_ns / CLOCK_NS_PER_MS;
	return (double)whole_ms + (double)(unix_ns % CLOCK_NS_PER_MS) / 1e6;
}
