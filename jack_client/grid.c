#include "grid.h"

int64_t grid_bar_frame(const struct grid *grid, int64_t hz, int64_t bar)
{
	return grid->anchor_frame + beat_bar_offset(&grid->pace, hz, bar - grid->anchor_bar);
}

int64_t grid_bar_at(const struct grid *grid, int64_t hz, int64_t frame)
{
	if (frame <= grid->anchor_frame)
		return grid->anchor_bar;
	return grid->anchor_bar + beat_bars_begun(&grid->pace, hz, frame - grid->anchor_frame);
}

struct onset grid_onset_from(const struct grid *grid, int64_t hz, bool subdivided, int64_t from)
{
	int parts = subdivided ? metre_parts(grid->pace.metre) : 1;
	int parts_a_bar = parts * metre_beats(grid->pace.metre);
	int64_t k = 0;
	if (from > grid->anchor_frame)
		k = beat_first_from(&grid->pace, hz, parts, from - grid->anchor_frame);
	struct onset onset = {
		.frame = grid->anchor_frame + beat_offset(&grid->pace, hz, parts, k),
		.bar = grid->anchor_bar + k / parts_a_bar,
		.role = ONSET_BEAT,
	};
	if (k % parts_a_bar == 0)
		onset.role = ONSET_ACCENT;
	else if (k % parts != 0)
		onset.role = ONSET_SUBDIVISION;
	return onset;
}
