/*
 * failing_disk.h - a disk that fails, fills up, stalls or loses power, by order.
 *
 * An interposer on the calls by which SQLite writes: write, pwrite, ftruncate, fsync, fdatasync.
 * Linked into a test (#include "faults/failing_disk.c") its functions stand before libc's. As a
 * library it works on a whole program, and takes its plan from the environment:
 *
 *     cc -shared -fPIC -o failing_disk.so tests/faults/failing_disk.c
 *     FAILING_DISK=DIRECTORY:FIRST:COUNT:ERRNO:CUT:SLOW_SYNCS:SLOW_MS \
 *         LD_PRELOAD=./failing_disk.so tactusd
 *
 * Only files below `directory` are touched. Thread: any.
 */
#ifndef TACTUS_FAILING_DISK_H
#define TACTUS_FAILING_DISK_H

#include <stdbool.h>

struct failing_plan {
	const char *directory; /* absolute, no symbolic links */
	long first;            /* the first of the calls that fails, from 1; 0: none does */
	long count;            /* how many do from there on */
	int error;       /* with this errno; a write that fails leaves half of itself behind */
	bool cut;        /* at call `first` the process is gone, with FAILING_DISK_CUT */
	long slow_syncs; /* the first so many syncs take longer, */
	long slow_ms;    /* by so much */
};

#define FAILING_DISK_CUT 77 /* exit status */

/* Count calls anew and follow the plan (copied, but for `directory`: borrowed). */
void failing_disk_arm(const struct failing_plan *plan);
void failing_disk_disarm(void);

/* Calls on files of the directory since it was armed; those of them that were syncs. */
long failing_disk_calls(void);
long failing_disk_syncs(void);

/* Was a file whose name ends so written since it was last synced? */
bool failing_disk_unsynced(const char *end_of_name);

#endif
