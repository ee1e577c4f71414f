/*
 * beat.h - beat arithmetic: where on a grid a beat lies, exactly.
 *
 * A grid is an anchor (the tick at which bar `anchor_bar` begins) and a pace.
 * Ticks are what the caller counts in: frames of the sound card (hz = sample
 * rate) in the click, nanoseconds (hz = BEAT_NS_PER_S) in the daemon. One
 * formula serves both:
 *
 *     tick(k) = anchor + round_half_up(k * 60 * hz / (bpm * parts))
 *
 * with k counting parts of beats from the anchor. It is computed from the anchor
 * each time and never accumulated, so a grid does not drift: the error of any
 * tick is at most half a tick, after a week as after a bar.
 *
 * Ranges: bpm 30..260, hz up to 10^9, |k| up to LIMIT_BAR_MAX bars' worth of
 * parts (25 years at 30 bpm). Inside them nothing overflows 64 bits. Negative k
 * lie before the anchor.
 *
 * Pure integer functions. Thread: any. RT-safe: yes, all of it (constant time).
 */
#ifndef TACTUS_BEAT_H
#define TACTUS_BEAT_H

#include "metre.h"

#include <stdint.h>

#define BEAT_NS_PER_S INT64_C(1000000000)

struct beat_pace {
	int bpm; /* beats a minute, LIMIT_BPM_MIN..LIMIT_BPM_MAX */
	enum metre metre;
};

/* True if bpm and metre are in range. */
bool beat_pace_valid(const struct beat_pace *pace);

/* Ticks from the anchor to part k, each beat in `parts` parts (1: beats themselves). */
int64_t beat_offset(const struct beat_pace *pace, int64_t hz, int parts, int64_t k);

/* The smallest k whose beat_offset is >= offset. The inverse of beat_offset. */
int64_t beat_first_from(const struct beat_pace *pace, int64_t hz, int parts, int64_t offset);

/* The largest k whose beat_offset is <= offset. */
int64_t beat_last_until(const struct beat_pace *pace, int64_t hz, int parts, int64_t offset);

/* Ticks from the anchor to the start of the bar `bars` after the anchor's bar. */
int64_t beat_bar_offset(const struct beat_pace *pace, int64_t hz, int64_t bars);

/* Whole bars begun at `offset` ticks from the anchor: 0 at the anchor itself, -1 just before. */
int64_t beat_bars_begun(const struct beat_pace *pace, int64_t hz, int64_t offset);

#endif
