/*
 * taps.h - from a finger's taps to a tempo and a phase.
 *
 * A series of taps is kept until a pause of LIMIT_TAP_PAUSE_MS starts it afresh.
 * From it, each time anew: the median interval (the lower one of two, so that
 * a missed beat doesn't pass for the rule; the upper one of a larger even number,
 * so that the halves of an interval that a mis-hit split don't). Of two
 * taps nearer to each other than 0.6 of it one is a mis-hit: the one that lies
 * worse to its neighbour is dropped. Intervals over 1.6 of it are bridged as
 * missed beats. A straight line through what is left (ordinary least squares over
 * beat index and time, the last TAPS_WINDOW + 1 taps that hold) gives period and
 * phase, so no single slip and no rounding of bpm moves the phase.
 *
 * Pure: no clock, no allocation. Thread: any one.
 */
#ifndef TACTUS_TAPS_H
#define TACTUS_TAPS_H

#include <stdbool.h>
#include <stdint.h>

#define TAPS_MAX 32
#define TAPS_WINDOW 8

struct taps {
	int64_t at_ns[TAPS_MAX]; /* oldest first */
	int count;
	int64_t beats_dropped; /* index of at_ns[0]: beats that were shifted out at the front */
};

struct taps_estimate {
	int held;           /* taps that hold, in the whole series kept */
	int regular;        /* intervals among them that were not bridged */
	int64_t last_index; /* beat index of the newest tap that holds; the first tap has 0 */
	double period_ns;   /* of one beat; 0 while there are fewer than two taps that hold */
	bool steady; /* no interval on the line is a quarter of a beat off: good to play by */
	int bpm;     /* nearest whole number, not checked against the limits; 0 if no period */
	/* Time of beat index i: first_ns + (i - first_index) * period_ns */
	int64_t first_index;
	double first_offset_ns; /* to origin_ns */
	int64_t origin_ns;
};

/* Forget the series. */
void taps_clear(struct taps *taps);

/*
 * Add a tap; a pause before it clears the series first. A tap not later than the
 * one before, or too soon after it to be any tempo (a bouncing finger), is
 * dropped. 1 if it was kept, 0 if dropped.
 */
int taps_add(struct taps *taps, int64_t at_ns);

/* What the series says now. */
void taps_estimate(const struct taps *taps, struct taps_estimate *out);

/* Raw time of beat index `index` on the estimated line, ns. The estimate must have a period. */
int64_t taps_beat_ns(const struct taps_estimate *estimate, int64_t index);

/* Index of the beat on the estimated line that lies nearest to a time. Same condition. */
int64_t taps_beat_near(const struct taps_estimate *estimate, int64_t at_ns);

#endif
