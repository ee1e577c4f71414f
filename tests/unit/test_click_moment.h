/*
 * test_click_moment.h - the line of frames and times on which tests of the core stand.
 */
#ifndef TEST_CLICK_MOMENT_H
#define TEST_CLICK_MOMENT_H

#include "core.h"

#define HZ INT64_C(48000)
#define LINE_NS INT64_C(1000000000000)
#define LATENCY 512

static inline int64_t ns_of(int64_t frame)
{
	return LINE_NS + (frame * 1000000000 + HZ / 2) / HZ;
}

/* The time at which a port frame's sound leaves the converter. */
static inline int64_t anchor_of(int64_t frame)
{
	return ns_of(frame + LATENCY);
}

static inline struct core_moment moment_at(int64_t frame)
{
	return (struct core_moment){
		.frame = frame,
		.now_ns = ns_of(frame),
		.line = {.frame = 0, .ns = LINE_NS, .ns_per_frame = 1e9 / (double)HZ},
		.line_good = true,
		.latency_frames = LATENCY,
	};
}

static inline void begin(struct core *core, int64_t frame)
{
	struct core_moment moment = moment_at(frame);
	core_begin(core, &moment);
}

#endif
