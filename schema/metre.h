/*
 * metre.h - the metres Tactus knows, and what each means in beats.
 *
 * A beat is what bpm counts: a quarter in 2/4, 3/4 and 4/4, a dotted quarter in
 * 6/8 and 12/8. A beat is subdivided into eighths: two in a simple metre, three
 * in a compound one.
 *
 * Pure: no clock, no allocation, no I/O. Thread: any. RT-safe: yes, all of it.
 */
#ifndef TACTUS_METRE_H
#define TACTUS_METRE_H

#include <stdbool.h>

/* The values are on record in shared memory: append only. */
enum metre {
	METRE_2_4 = 0,
	METRE_3_4 = 1,
	METRE_4_4 = 2,
	METRE_6_8 = 3,
	METRE_12_8 = 4,
	METRE_COUNT
};

/* True for one of the five values above; what comes from outside is asked first. */
bool metre_valid(int value);

/* "4/4" and so on, as time_signature is spelled on the wire. Never NULL for a valid metre. */
const char *metre_name(enum metre metre);

/* The metre of that spelling. 0, or -EINVAL if no metre is spelled so. */
int metre_from_name(const char *name, enum metre *out);

/* Beats in a bar: 2, 3, 4, 2, 4. */
int metre_beats(enum metre metre);

/* Eighths in a beat: 2 in a simple metre, 3 in a compound one. */
int metre_parts(enum metre metre);

#endif
