/*
 * clock.h - the one clock inside Tactus, and its label on the wire.
 *
 * Inside, time is nanoseconds of CLOCK_MONOTONIC_RAW, the clock that jackd2 uses
 * on Linux: no NTP step or slew touches it. On the wire, time is Unix
 * milliseconds. The two differ by one offset, fixed when the `tempo` region is
 * made and kept in its header (ring.h), so that neither a step of the wall clock
 * nor a restart of the daemon moves anything that is told.
 *
 * Thread: any. RT-safe: yes (clock_now_ns reads the vDSO, no system call on Linux
 * x86-64 and arm64); clock_unix_offset_ns is for start-up only.
 */
#ifndef TACTUS_CLOCK_H
#define TACTUS_CLOCK_H

#include <stdint.h>

#define CLOCK_NS_PER_MS INT64_C(1000000)

/* Now, in nanoseconds of CLOCK_MONOTONIC_RAW. */
int64_t clock_now_ns(void);

/* Unix time minus CLOCK_MONOTONIC_RAW, ns, as they stand now. Read once, when a region is made. */
int64_t clock_unix_offset_ns(void);

/* Nearest whole Unix millisecond of a raw time, halves up. */
int64_t clock_to_unix_ms(int64_t raw_ns, int64_t offset_ns);

/* Raw time of a Unix time in ms; fractions are kept to about 0.25 us (the double's own step). */
int64_t clock_from_unix_ms(double unix_ms, int64_t offset_ns);

/* Unix milliseconds with fractions, for t1, t2 and the like. */
double clock_to_unix_ms_exact(int64_t raw_ns, int64_t offset_ns);

#endif
