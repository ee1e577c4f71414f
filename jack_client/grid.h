/*
 * grid.h - a grid that lies in frames, and the onsets on it.
 *
 * An onset's frame is anchor_frame + beat_offset(): computed from the anchor each
 * time, so that it does not depend on how the frames are cut into blocks, nor on
 * how long ago the anchor was.
 *
 * Frames: port frames, JACK's counter extended to 64 bits; the sound of a frame
 * leaves the converter one playback latency after the frame's own time.
 *
 * Pure. Thread: any. RT-safe: yes, all of it (constant time).
 */
#ifndef TACTUS_GRID_H
#define TACTUS_GRID_H

#include "beat.h"

#include <stdbool.h>
#include <stdint.h>

/* Which of a set's three sounds; also the order from loud to soft. */
enum onset_role { ONSET_ACCENT = 0, ONSET_BEAT = 1, ONSET_SUBDIVISION = 2, ONSET_ROLES };

struct onset {
	int64_t frame;
	int64_t bar;
	enum onset_role role;
};

struct grid {
	uint64_t id; /* tempo_grid.id; 0: no grid */
	struct beat_pace pace;
	int64_t anchor_frame; /* where bar anchor_bar begins */
	int64_t anchor_bar;
};

/* The frame at which that bar begins; bars before the anchor's lie before it. */
int64_t grid_bar_frame(const struct grid *grid, int64_t hz, int64_t bar);

/* The newest bar that has begun at that frame; anchor_bar if none has. */
int64_t grid_bar_at(const struct grid *grid, int64_t hz, int64_t frame);

/* The first onset at or after `from`, never before the anchor. hz: the rate the grid is counted
 * in; subdivided: the eighths between the beats are onsets too. */
struct onset grid_onset_from(const struct grid *grid, int64_t hz, bool subdivided, int64_t from);

#endif
