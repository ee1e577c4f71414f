/*
 * test_click_reference.h - where onsets must lie, worked out apart from the product.
 *
 * A metronome that counts: it steps from part to part with an exact remainder
 * (whole frames and rest/den of a frame), as one would by hand, and uses neither
 * beat.h nor grid.h. A song is a list of stretches, each a grid and the frame from
 * which the next one takes over.
 */
#ifndef TEST_CLICK_REFERENCE_H
#define TEST_CLICK_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

struct ref_metre {
	int beats;
	int parts;
};

static const struct ref_metre ref_metres[5] = {{2, 2}, {3, 2}, {4, 2}, {2, 3}, {4, 3}};

enum { REF_ACCENT, REF_BEAT, REF_SUBDIVISION };

/* Steps through the parts of one grid. */
struct ref_clock {
	int64_t hz, den;     /* frames a minute = 60 hz; den = bpm * parts */
	int64_t whole, rest; /* position of part `part`: whole + rest / den */
	int64_t part;
	int beats, parts;
	int64_t anchor_bar;
};

struct ref_onset {
	int64_t frame;
	int64_t bar;
	int role;
};

static inline struct ref_clock ref_start(int64_t hz, int bpm, int metre, bool subdivided,
					 int64_t anchor_frame, int64_t anchor_bar)
{
	int parts = subdivided ? ref_metres[metre].parts : 1;
	return (struct ref_clock){.hz = hz,
				  .den = (int64_t)bpm * parts,
				  .whole = anchor_frame,
				  .beats = ref_metres[metre].beats,
				  .parts = parts,
				  .anchor_bar = anchor_bar};
}

/* The onset at which the clock stands. */
static inline struct ref_onset ref_now(const struct ref_clock *clock)
{
	int64_t beat = clock->part / clock->parts;
	struct ref_onset onset = {
		.frame = clock->whole + (2 * clock->rest >= clock->den ? 1 : 0),
		.bar = clock->anchor_bar + beat / clock->beats,
		.role = REF_BEAT,
	};
	if (clock->part % clock->parts != 0)
		onset.role = REF_SUBDIVISION;
	else if (beat % clock->beats == 0)
		onset.role = REF_ACCENT;
	return onset;
}

static inline void ref_step(struct ref_clock *clock)
{
	clock->rest += 60 * clock->hz;
	clock->whole += clock->rest / clock->den;
	clock->rest %= clock->den;
	clock->part++;
}

/* The frame of the start of a bar, by counting up to it. */
static inline int64_t ref_bar_frame(struct ref_clock clock, int64_t bar)
{
	while (ref_now(&clock).bar < bar)
		ref_step(&clock);
	return ref_now(&clock).frame;
}

/* A small generator of its own, so that a seed gives the same run everywhere. */
static inline uint32_t ref_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33);
}

static inline int ref_between(uint64_t *seed, int low, int high)
{
	return low + (int)(ref_random(seed) % (uint32_t)(high - low + 1));
}

#endif
