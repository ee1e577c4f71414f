#include "process.h"

#include <math.h>

void process_init(struct process *process, uint32_t rate_hz, const struct sounds *sounds,
		  struct ring_reader *tempo, struct ring_writer *status,
		  const struct status_record *legacy)
{
	*process = (struct process){
		.rate_hz = rate_hz,
		.sounds = sounds,
		.tempo = tempo,
		.status = status,
	};
	if (legacy != NULL)
		process->rt.legacy = (struct core_legacy){.usable = true, .status = *legacy};
	voices_init(&process->rt.voices);
}

/* ---- the first cycle ----------------------------------------------------- */

/* Believable as what a click of this boot wrote: nothing in it makes arithmetic overflow. */
static bool legacy_sane(const struct status_record *s, int64_t now_ns)
{
	const int64_t frames_max = CORE_HORIZON_NS / BEAT_NS_PER_S * s->sample_rate_hz;
	double off_ppm = ((double)s->rate_uhz / s->sample_rate_hz - 1e6);
	return fabs(off_ppm) <= FIT_RATE_PPM && s->cycle_ns > 0 && s->cycle_ns <= now_ns &&
	       s->frame >= 0 && s->frame < frames_max && s->anchor_frame > -frames_max &&
	       s->anchor_frame < 2 * frames_max && s->bar_ns > -CORE_HORIZON_NS &&
	       s->bar_ns < now_ns + CORE_HORIZON_NS && now_ns < CORE_HORIZON_NS;
}

/* Where the last status says that its server's counter stands now. */
static int64_t predicted_frame(const struct status_record *s, int64_t now_ns)
{
	double hz = (double)s->rate_uhz * 1e-6;
	return s->frame + llrint((double)(now_ns - s->cycle_ns) * 1e-9 * hz);
}

/* Decide what of the predecessor can be used, and where the 64-bit counter begins. */
static void first_cycle(struct process *process, const struct process_cycle *cycle)
{
	struct core_legacy *legacy = &process->rt.legacy;
	const struct status_record *status = &legacy->status;
	double known_hz = 0;
	process->rt.frame = cycle->frame;
	legacy->usable = legacy->usable && legacy_sane(status, cycle->now_ns);
	if (legacy->usable && status->sample_rate_hz == process->rate_hz) {
		known_hz = (double)status->rate_uhz * 1e-6;
		int64_t predicted = predicted_frame(status, cycle->now_ns);
		int32_t off = (int32_t)(cycle->frame - (uint32_t)predicted);
		double off_ns = fabs(1e9 * off / process->rate_hz);
		legacy->same_frames = off_ns <= (double)PROCESS_SAME_SERVER_NS;
		if (legacy->same_frames)
			process->rt.frame = predicted + off;
	}
	fit_init(&process->rt.fit, process->rate_hz, known_hz);
	core_init(&process->rt.core, process->rate_hz, legacy);
	process->rt.trusted_line_ns = cycle->now_ns;
	process->rt.first_done = true;
}

/* ---- every cycle --------------------------------------------------------- */

static void extend_frame(struct process *process, uint32_t frame)
{
	process->rt.frame += (int32_t)(frame - (uint32_t)process->rt.frame);
}

/* Freewheeling, callbacks come faster than time: the line stays as it was. */
static void feed_fit(struct process *process, const struct process_cycle *cycle)
{
	bool freewheeling = atomic_load(&process->asked.freewheeling);
	unsigned xruns = atomic_load(&process->asked.xruns);
	bool restart =
		xruns != process->rt.xruns_seen || (process->rt.was_freewheeling && !freewheeling);
	process->rt.xruns_seen = xruns;
	process->rt.was_freewheeling = freewheeling;
	if (freewheeling)
		return;
	if (restart)
		fit_restart(&process->rt.fit);
	fit_feed(&process->rt.fit, process->rt.frame, cycle->frames, cycle->now_ns);
}

static bool line_good(struct process *process, int64_t now_ns)
{
	const struct fit *fit = &process->rt.fit;
	if (fit->settled)
		process->rt.trusted_line_ns = now_ns;
	bool impatient = now_ns - process->rt.trusted_line_ns > PROCESS_PATIENCE_NS;
	return fit->settled || (fit->started && impatient);
}

static void begin_core(struct process *process, const struct process_cycle *cycle)
{
	struct core_moment moment = {
		.frame = process->rt.frame,
		.now_ns = cycle->now_ns,
		.line = process->rt.fit.line,
		.line_good = line_good(process, cycle->now_ns),
		.latency_frames = atomic_load(&process->asked.latency_frames),
	};
	core_begin(&process->rt.core, &moment);
}

static void take_record(struct process *process)
{
	uint64_t words[TEMPO_WORDS];
	uint64_t sequence;
	struct tempo_record record;
	if (ring_read_newest(process->tempo, words, &sequence) != 1 ||
	    tempo_record_unpack(words, &record) < 0)
		return;
	process->rt.tempo_sequence = sequence;
	core_take(&process->rt.core, &record);
}

static void take_stops(struct process *process)
{
	unsigned stops = atomic_load(&process->asked.stops);
	if (stops != process->rt.stops_seen)
		core_stop(&process->rt.core);
	process->rt.stops_seen = stops;
}

static void start_voice(struct process *process, enum onset_role role, int64_t delay_frames)
{
	const struct click_settings *click = &process->rt.core.record.click;
	voices_start(&process->rt.voices, &process->sounds->all[click->sound][role],
		     voice_gain(click->volume), (uint32_t)delay_frames);
}

static void play(struct process *process, const struct process_cycle *cycle, float *out)
{
	struct core *core = &process->rt.core;
	int64_t begin = process->rt.frame;
	struct onset onset;
	if (core_test_due(core))
		start_voice(process, ONSET_ACCENT, 0);
	while (core_next(core, begin + cycle->frames, &onset))
		start_voice(process, onset.role, onset.frame - begin);
	voices_mix(&process->rt.voices, out, cycle->frames);
}

/* While a resume by time still waits for the line, the predecessor's record must stay the newest:
 * were this click killed now, the next one needs it. */
static bool must_hold_back(const struct process *process)
{
	const struct core *core = &process->rt.core;
	return core->legacy.usable && core_waits(core) &&
	       core->moment.now_ns - process->rt.trusted_line_ns < PROCESS_PATIENCE_NS;
}

static void publish(struct process *process, const struct process_cycle *cycle)
{
	const struct fit *fit = &process->rt.fit;
	struct status_record status = {
		.cycles = ++process->rt.cycles,
		.cycle_ns = cycle->now_ns,
		.frame = process->rt.frame,
		.sample_rate_hz = process->rate_hz,
		.period_frames = cycle->frames,
		.rate_uhz = fit_rate_uhz(fit),
		.xruns = process->rt.xruns_seen,
		.settled = fit->settled && !process->rt.was_freewheeling,
		.freewheeling = process->rt.was_freewheeling,
		.tempo_sequence = process->rt.tempo_sequence,
	};
	uint64_t words[STATUS_WORDS];
	if (must_hold_back(process))
		return;
	core_tell(&process->rt.core, &status);
	status.bar_ns = line_ns(&fit->line, status.bar_frame + status.latency_frames);
	status_record_pack(&status, words);
	ring_write(process->status, words);
}

void process_run(struct process *process, const struct process_cycle *cycle, float *out)
{
	if (!process->rt.first_done)
		first_cycle(process, cycle);
	else
		extend_frame(process, cycle->frame);
	feed_fit(process, cycle);
	begin_core(process, cycle);
	take_record(process);
	take_stops(process);
	play(process, cycle, out);
	publish(process, cycle);
}
