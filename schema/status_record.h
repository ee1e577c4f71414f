/*
 * status_record.h - what the click tells: where its bars really fall.
 *
 * Written by the click's real-time thread to the `status` ring once a cycle. The
 * daemon reads the newest: it re-anchors phones from it, sees a stalled card by
 * `cycles` standing still, and takes over what the click did by itself (a pending
 * change carried out, a stop on the box). The click reads its predecessor's last
 * one when it starts, to resume in phase.
 *
 * Pure. Thread: any. RT-safe: yes, all of it.
 */
#ifndef TACTUS_STATUS_RECORD_H
#define TACTUS_STATUS_RECORD_H

#include "ring.h"

#include <stdbool.h>
#include <stdint.h>

#define STATUS_PART "status"
#define STATUS_WORDS 20
#define STATUS_SLOTS 64

struct status_record {
	uint64_t cycles;  /* process callbacks since this click started; stands still: audio lost */
	int64_t cycle_ns; /* raw time of this cycle's callback */
	int64_t frame;    /* first frame of this cycle, JACK's counter extended to 64 bits */
	uint32_t sample_rate_hz; /* as the server says */
	uint32_t period_frames;
	int64_t rate_uhz; /* measured rate against CLOCK_MONOTONIC_RAW, millionths of a hertz */
	uint32_t latency_frames; /* playback latency latched when the grid in force was placed */
	uint32_t xruns;          /* since this click started */
	uint32_t late_anchors; /* anchors that were past when they came, and were joined in phase */
	bool running;          /* a grid sounds (or waits for its anchor) */
	bool settled;          /* the frame-to-time fit is good: bar_ns may be believed */
	bool freewheeling;
	uint64_t grid_id;        /* tempo_grid.id in force; 0: none yet */
	uint64_t run_id;         /* tempo_record.run_id in force */
	uint64_t stopped_run_id; /* the run stopped on the box; 0: none */
	int64_t bar;        /* newest bar of grid_id that has begun, or its anchor's if none has */
	int64_t bar_frame;  /* port frame at which that bar begins */
	int64_t bar_ns;     /* raw time at which its sound leaves the converter */
	int64_t anchor_bar; /* the grid's anchor in frames: bar ... */
	int64_t anchor_frame;    /* ... and the port frame at which it begins */
	uint64_t tempo_sequence; /* sequence in the tempo ring of the record last taken */
};

/* The shape of the `status` region. */
extern const struct ring_shape status_shape;

/* To and from STATUS_WORDS words. unpack: 0, or -EINVAL if a field is out of range. */
void status_record_pack(const struct status_record *record, uint64_t words[STATUS_WORDS]);
int status_record_unpack(const uint64_t words[STATUS_WORDS], struct status_record *out);

#endif
