/*
 * process.h - all that the real-time callback does.
 *
 * process_run is the callback's whole work once jack_edge.c has asked JACK for the
 * cycle's frame and buffer: newest tempo record -> core -> onsets -> samples ->
 * status record. What the real-time thread touches is in struct process and in
 * nothing else; what other threads tell it, they put into `asked`.
 *
 * The call tree of process_run lives in process.c, core.c, grid.c, fit.c, voice.c
 * and schema/'s record, beat, clock and ring files; tests/rt/ holds those objects
 * against a list of allowed symbols.
 */
#ifndef TACTUS_PROCESS_H
#define TACTUS_PROCESS_H

#include "core.h"
#include "fit.h"
#include "ring.h"
#include "sound.h"
#include "voice.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The frame that the last status predicts for now may be off by this, and it is the same server:
 * callbacks come late, and an xrun of a period or two may have happened meanwhile. */
#define PROCESS_SAME_SERVER_NS INT64_C(20000000)
/* If the line will not settle for this long (xruns without end), a start is placed all the same. */
#define PROCESS_PATIENCE_NS INT64_C(1000000000)

struct process_cycle {
	int64_t now_ns; /* raw time at which the callback began */
	uint32_t frame; /* first frame, JACK's 32-bit counter */
	uint32_t frames;
};

/* Written by other threads at any time. */
struct process_asked {
	atomic_uint stops;          /* rises by one with each stop on the box */
	atomic_uint latency_frames; /* playback latency of our port, frames */
	atomic_uint xruns;          /* since the start */
	atomic_bool freewheeling;
};

struct process {
	/* Set before the first cycle, then only read. Borrowed. */
	uint32_t rate_hz;
	const struct sounds *sounds;
	struct ring_reader *tempo;
	struct ring_writer *status;

	struct process_asked asked;

	/* The real-time thread's alone. */
	struct {
		struct core core;
		struct fit fit;
		struct voices voices;
		struct core_legacy legacy;
		bool first_done;
		int64_t frame;           /* of this cycle, extended to 64 bits */
		int64_t trusted_line_ns; /* when the line was last good */
		unsigned stops_seen;
		unsigned xruns_seen;
		bool was_freewheeling;
		uint64_t cycles;
		uint64_t tempo_sequence;
	} rt;
};

/*
 * rate_hz: what the grid is counted in, and told in the status as the server's: with
 * --nominal-rate the card's drift shall look like drift. legacy: the status record that the click
 * before this one left, or NULL. Thread: non-RT, before the first cycle.
 */
void process_init(struct process *process, uint32_t rate_hz, const struct sounds *sounds,
		  struct ring_reader *tempo, struct ring_writer *status,
		  const struct status_record *legacy);

/* One cycle: fills out[0 .. cycle->frames - 1]. Thread: the real-time thread. RT-safe: yes. */
void process_run(struct process *process, const struct process_cycle *cycle, float *out);

#endif
