#include "status_record.h"

#include "limits.h"

#include <errno.h>
#include <string.h>

/* "TacStats" */
const struct ring_shape status_shape = {
	.magic = UINT64_C(0x5461635374617473),
	.layout = 1,
	.words = STATUS_WORDS,
	.slots = STATUS_SLOTS,
};

enum {
	WORD_CYCLES,
	WORD_CYCLE_NS,
	WORD_FRAME,
	WORD_RATE_PERIOD, /* low half: sample rate; high half: period */
	WORD_MEASURED,
	WORD_LATENCY_XRUNS, /* low half: latency; high half: xruns */
	WORD_LATE_FLAGS,    /* low half: late anchors; bits 32.. running, settled, freewheeling */
	WORD_GRID,
	WORD_RUN,
	WORD_STOPPED,
	WORD_BAR,
	WORD_BAR_FRAME,
	WORD_BAR_NS,
	WORD_ANCHOR_BAR,
	WORD_ANCHOR_FRAME,
	WORD_SEQUENCE,
	WORD_SPARE /* to STATUS_WORDS - 1: zero */
};

static uint64_t pack_halves(uint32_t low, uint32_t high)
{
	return (uint64_t)low | (uint64_t)high << 32;
}

void status_record_pack(const struct status_record *record, uint64_t words[STATUS_WORDS])
{
	uint32_t flags = (uint32_t)record->running | (uint32_t)record->settled << 1 |
			 (uint32_t)record->freewheeling << 2;
	memset(words, 0, STATUS_WORDS * sizeof words[0]);
	words[WORD_CYCLES] = record->cycles;
	words[WORD_CYCLE_NS] = (uint64_t)record->cycle_ns;
	words[WORD_FRAME] = (uint64_t)record->frame;
	words[WORD_RATE_PERIOD] = pack_halves(record->sample_rate_hz, record->period_frames);
	words[WORD_MEASURED] = (uint64_t)record->rate_uhz;
	words[WORD_LATENCY_XRUNS] = pack_halves(record->latency_frames, record->xruns);
	words[WORD_LATE_FLAGS] = pack_halves(record->late_anchors, flags);
	words[WORD_GRID] = record->grid_id;
	words[WORD_RUN] = record->run_id;
	words[WORD_STOPPED] = record->stopped_run_id;
	words[WORD_BAR] = (uint64_t)record->bar;
	words[WORD_BAR_FRAME] = (uint64_t)record->bar_frame;
	words[WORD_BAR_NS] = (uint64_t)record->bar_ns;
	words[WORD_ANCHOR_BAR] = (uint64_t)record->anchor_bar;
	words[WORD_ANCHOR_FRAME] = (uint64_t)record->anchor_frame;
	words[WORD_SEQUENCE] = record->tempo_sequence;
}

static bool status_valid(const struct status_record *record)
{
	return record->sample_rate_hz >= LIMIT_RATE_MIN_HZ &&
	       record->sample_rate_hz <= LIMIT_RATE_MAX_HZ && record->rate_uhz >= 0 &&
	       record->cycle_ns >= 0 && record->bar >= 0 && record->bar <= LIMIT_BAR_MAX &&
	       record->anchor_bar >= 0 && record->anchor_bar <= LIMIT_BAR_MAX;
}

int status_record_unpack(const uint64_t words[STATUS_WORDS], struct status_record *out)
{
	uint32_t flags = (uint32_t)(words[WORD_LATE_FLAGS] >> 32);
	uint64_t spare = 0;
	for (int i = WORD_SPARE; i < STATUS_WORDS; i++)
		spare |= words[i];
	if (flags > 7 || spare != 0)
		return -EINVAL;
	memset(out, 0, sizeof *out);
	out->cycles = words[WORD_CYCLES];
	out->cycle_ns = (int64_t)words[WORD_CYCLE_NS];
	out->frame = (int64_t)words[WORD_FRAME];
	out->sample_rate_hz = (uint32_t)words[WORD_RATE_PERIOD];
	out->period_frames = (uint32_t)(words[WORD_RATE_PERIOD] >> 32);
	out->rate_uhz = (int64_t)words[WORD_MEASURED];
	out->latency_frames = (uint32_t)words[WORD_LATENCY_XRUNS];
	out->xruns = (uint32_t)(words[WORD_LATENCY_XRUNS] >> 32);
	out->late_anchors = (uint32_t)words[WORD_LATE_FLAGS];
	out->running = (flags & 1) != 0;
	out->settled = (flags & 2) != 0;
	out->freewheeling = (flags & 4) != 0;
	out->grid_id = words[WORD_GRID];
	out->run_id = words[WORD_RUN];
	out->stopped_run_id = words[WORD_STOPPED];
	out->bar = (int64_t)words[WORD_BAR];
	out->bar_frame = (int64_t)words[WORD_BAR_FRAME];
	out->bar_ns = (int64_t)words[WORD_BAR_NS];
	out->anchor_bar = (int64_t)words[WORD_ANCHOR_BAR];
	out->anchor_frame = (int64_t)words[WORD_ANCHOR_FRAME];
	out->tempo_sequence = words[WORD_SEQUENCE];
	return status_valid(out) ? 0 : -EINVAL;
}
