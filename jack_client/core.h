/*
 * core.h - from tempo records to onsets: what the click plays, and when.
 *
 * The pure middle of the click. It takes whole tempo records, turns each absolute
 * anchor into a frame once, carries out a pending change by itself, and hands out
 * the onsets of a range of frames in order. It knows no JACK, no clock, no shared
 * memory; the same records at the same frames give the same onsets however the
 * frames are cut into cycles.
 *
 *     core_begin  once a cycle: where it starts, how frames and times belong together
 *     core_take   a new record, if there is one
 *     core_next   the cycle's onsets, one by one, until it says false
 *     core_tell   what the status record says of the grid
 *
 * An anchor in a record is a time (sound leaves the converter); it becomes a port
 * frame: the fit's frame of that time minus the playback latency, which is latched
 * when a run is placed and kept for the run. From then on only frames count.
 *
 * Units: frames of JACK's counter extended to 64 bits; ns of CLOCK_MONOTONIC_RAW.
 * Thread: the real-time thread. RT-safe: yes, all of it: no allocation, no system
 * call; each core_next is constant time and moves on by at least one frame.
 */
#ifndef TACTUS_CORE_H
#define TACTUS_CORE_H

#include "fit.h"
#include "grid.h"
#include "status_record.h"
#include "tempo_record.h"

/* Anchors further than this from now are nonsense (ten years): the record is refused. */
#define CORE_HORIZON_NS INT64_C(315360000000000000)

/* How things stand in this cycle. */
struct core_moment {
	int64_t frame;  /* first frame of the cycle */
	int64_t now_ns; /* raw time of the callback */
	struct line line;
	bool line_good;          /* settled, or frozen while freewheeling */
	uint32_t latency_frames; /* playback latency now; latched when a run is placed */
};

/* What the click that ran before this one left behind. */
struct core_legacy {
	bool usable;
	bool same_frames; /* the same JACK server runs on: its frames are ours */
	struct status_record status;
};

struct core {
	int64_t hz; /* the rate the grid is counted in */
	struct core_moment moment;
	int64_t cursor; /* no onset before this frame any more */

	bool has_record;
	struct tempo_record record; /* the newest good one */
	bool waits_for_line;        /* it has an anchor that is not a frame yet */

	struct grid grid;     /* in force; id 0: none */
	bool promoted;        /* `grid` was `pending` here, whatever the daemon says */
	struct grid pending;  /* armed; id 0: none */
	int64_t cut_frame;    /* while armed: `grid` is silent from here on */
	uint64_t run_id;      /* the run that `grid` belongs to */
	uint64_t latched_run; /* the run for which the latency was latched */
	uint32_t latency_frames;

	uint64_t stopped_run_id; /* stopped on the box; 0: none */
	uint32_t late_anchors;
	bool test_due;
	struct core_legacy legacy;
	int64_t stopped_bar; /* the bar that core_tell told last while running */
	int64_t stopped_bar_frame;
};

/* hz: LIMIT_RATE_MIN_HZ..LIMIT_RATE_MAX_HZ. legacy may be NULL. */
void core_init(struct core *core, int64_t hz, const struct core_legacy *legacy);

/* Begin a cycle. A cycle that begins before the last one's end repeats no onset. */
void core_begin(struct core *core, const struct core_moment *moment);

/* Take a valid record. Ignored as a whole if an anchor lies beyond CORE_HORIZON_NS. */
void core_take(struct core *core, const struct tempo_record *record);

/* Stop on the box: silent until a record of another run comes. */
void core_stop(struct core *core);

/* True: *out is the next onset before `end`. False: there is none; the cycle is done. */
bool core_next(struct core *core, int64_t end, struct onset *out);

/* The rise of tests_asked since the last call, if any: play one click now. */
bool core_test_due(struct core *core);

/* A grid is in force and sounds, or waits for its anchor. */
bool core_running(const struct core *core);

/* The record in force wants a grid that waits for the line to settle. */
bool core_waits(const struct core *core);

/* Fill in the members of *out that speak of grid, run, bar, anchors and latency. */
void core_tell(struct core *core, struct status_record *out);

#endif
