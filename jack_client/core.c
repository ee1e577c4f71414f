#include "core.h"

#include "limits.h"

#include <stddef.h>

void core_init(struct core *core, int64_t hz, const struct core_legacy *legacy)
{
	*core = (struct core){.hz = hz, .cursor = INT64_MIN};
	if (legacy == NULL || !legacy->usable)
		return;
	core->legacy = *legacy;
	core->stopped_run_id = legacy->status.stopped_run_id;
}

/* ---- placing a grid ------------------------------------------------------ */

/* The record wants sound, and nobody stopped this run on the box. */
static bool wanted(const struct core *core)
{
	const struct tempo_record *record = &core->record;
	return core->has_record && record->running && record->current.id != 0 &&
	       !(core->stopped_run_id != 0 && core->stopped_run_id == record->run_id);
}

bool core_running(const struct core *core)
{
	return wanted(core) && core->grid.id != 0 && core->run_id == core->record.run_id;
}

bool core_waits(const struct core *core)
{
	return wanted(core) && core->waits_for_line;
}

static int64_t frame_of(const struct core *core, int64_t anchor_ns)
{
	return line_frame(&core->moment.line, anchor_ns) - (int64_t)core->latency_frames;
}

static void latch_latency(struct core *core)
{
	if (core->latched_run == core->record.run_id)
		return;
	core->latched_run = core->record.run_id;
	core->latency_frames = core->moment.latency_frames;
}

static void put_in_force(struct core *core, const struct grid *grid, bool promoted)
{
	core->grid = *grid;
	core->promoted = promoted;
	core->pending.id = 0;
	core->run_id = core->record.run_id;
}

/* The record's grid that the click before this one had in force; NULL: neither. */
static const struct tempo_grid *inherited(const struct core *core)
{
	const struct tempo_record *record = &core->record;
	const struct status_record *status = &core->legacy.status;
	if (!core->legacy.usable || status->grid_id == 0 || status->run_id != record->run_id)
		return NULL;
	if (status->grid_id == record->current.id)
		return &record->current;
	if (record->pending_kind != PENDING_NONE && status->grid_id == record->pending.id)
		return &record->pending;
	return NULL;
}

/* Go on where the click before this one was: by frame on the same server, else by time. */
static bool resume(struct core *core, const struct tempo_grid *from)
{
	const struct status_record *status = &core->legacy.status;
	struct grid grid = {.id = from->id, .pace = from->pace};
	if (core->legacy.same_frames) {
		core->latched_run = core->record.run_id;
		core->latency_frames = status->latency_frames;
		grid.anchor_frame = status->anchor_frame;
		grid.anchor_bar = status->anchor_bar;
	} else {
		if (!core->moment.line_good)
			return false;
		latch_latency(core);
		grid.anchor_frame = frame_of(core, status->bar_ns);
		grid.anchor_bar = status->bar;
	}
	put_in_force(core, &grid, from == &core->record.pending);
	core->legacy.usable = false;
	return true;
}

/* By the record's own anchor. False: the line is not good yet. */
static bool place(struct core *core)
{
	const struct tempo_grid *from = &core->record.current;
	if (!core->moment.line_good)
		return false;
	latch_latency(core);
	struct grid grid = {
		.id = from->id,
		.pace = from->pace,
		.anchor_frame = frame_of(core, from->anchor_ns),
		.anchor_bar = from->anchor_bar,
	};
	if (grid.anchor_frame < core->cursor)
		core->late_anchors++;
	put_in_force(core, &grid, false);
	core->legacy.usable = false;
	return true;
}

/* ---- the pending change -------------------------------------------------- */

static void promote(struct core *core)
{
	struct grid grid = core->pending;
	put_in_force(core, &grid, true);
}

/* Arm record.pending: find its frame once. False: the line is not good yet. */
static bool arm(struct core *core)
{
	const struct tempo_grid *from = &core->record.pending;
	bool at_ns = core->record.pending_kind == PENDING_AT_NS;
	if (from->id == core->pending.id)
		return true;
	core->pending.id = 0;
	if (at_ns && !core->moment.line_good)
		return false;
	int64_t own_bar = grid_bar_frame(&core->grid, core->hz, from->anchor_bar);
	int64_t anchor = at_ns ? frame_of(core, from->anchor_ns) : own_bar;
	core->pending = (struct grid){
		.id = from->id,
		.pace = from->pace,
		.anchor_frame = anchor,
		.anchor_bar = from->anchor_bar,
	};
	core->cut_frame = anchor < own_bar ? anchor : own_bar;
	if (anchor < core->cursor) {
		/* Its bar began without us: join it in phase. */
		core->late_anchors++;
		promote(core);
	}
	return true;
}

/* Arm, keep or withdraw the pending change, as the record says. */
static bool follow_pending(struct core *core)
{
	const struct tempo_record *record = &core->record;
	/* Ids rise: a pending that is not above the grid in force has been carried out. */
	if (record->pending_kind != PENDING_NONE && record->pending.id > core->grid.id)
		return arm(core);
	core->pending.id = 0;
	return true;
}

/* ---- records ------------------------------------------------------------- */

/* An older view of the daemon's: it doesn't know yet that we carried its change out. */
static bool stale(const struct core *core)
{
	return core->promoted && core->record.current.id < core->grid.id;
}

static bool apply_running(struct core *core)
{
	const struct tempo_record *record = &core->record;
	bool same_run = core->grid.id != 0 && core->run_id == record->run_id;
	if (same_run && core->pending.id != 0 && record->current.id == core->pending.id)
		return true; /* told a little early; the frame of it is ours */
	if (same_run && (record->current.id == core->grid.id || stale(core)))
		return follow_pending(core);
	const struct tempo_grid *heir = inherited(core);
	bool placed = heir != NULL ? resume(core, heir) : place(core);
	return placed && follow_pending(core);
}

/* Bring the grids in line with the record; what needs a good line waits for it. */
static void apply(struct core *core)
{
	if (wanted(core)) {
		core->waits_for_line = !apply_running(core);
	} else {
		core->pending.id = 0;
		core->waits_for_line = false;
	}
}

static bool near(const struct core *core, const struct tempo_grid *grid)
{
	int64_t away = grid->anchor_ns - core->moment.now_ns;
	return grid->anchor_ns >= 0 && away < CORE_HORIZON_NS && away > -CORE_HORIZON_NS;
}

void core_begin(struct core *core, const struct core_moment *moment)
{
	core->moment = *moment;
	/* Back by less than a second is a cycle told twice; back by more, another counter. */
	if (moment->frame > core->cursor || core->cursor - moment->frame > core->hz)
		core->cursor = moment->frame;
	if (core->waits_for_line)
		apply(core);
}

/* Each session counts its own tests. */
static bool same_session(const struct core *core, const struct tempo_record *record)
{
	unsigned different = 0;
	for (unsigned i = 0; i < sizeof record->session_id; i++)
		different |= core->record.session_id[i] ^ record->session_id[i];
	return different == 0;
}

void core_take(struct core *core, const struct tempo_record *record)
{
	if (record->running && !near(core, &record->current))
		return;
	if (record->running && record->pending_kind != PENDING_NONE &&
	    !near(core, &record->pending))
		return;
	uint32_t risen = record->click.tests_asked - core->record.click.tests_asked;
	if (core->has_record && same_session(core, record) && risen != 0 && risen <= INT32_MAX)
		core->test_due = true;
	core->record = *record;
	core->has_record = true;
	apply(core);
}

void core_stop(struct core *core)
{
	if (!core->has_record || core->record.run_id == 0)
		return;
	core->stopped_run_id = core->record.run_id;
	apply(core);
}

bool core_test_due(struct core *core)
{
	bool due = core->test_due;
	core->test_due = false;
	return due;
}

/* ---- onsets -------------------------------------------------------------- */

static bool next_on_grid(struct core *core, int64_t limit, struct onset *out)
{
	*out = grid_onset_from(&core->grid, core->hz, core->record.click.subdivision, core->cursor);
	if (out->frame >= limit)
		return false;
	if (out->role == ONSET_ACCENT && !core->record.click.accent)
		out->role = ONSET_BEAT;
	core->cursor = out->frame + 1;
	return true;
}

bool core_next(struct core *core, int64_t end, struct onset *out)
{
	while (core_running(core)) {
		bool armed = core->pending.id != 0;
		int64_t limit = armed && core->cut_frame < end ? core->cut_frame : end;
		if (next_on_grid(core, limit, out))
			return true;
		if (!armed || core->pending.anchor_frame >= end)
			break;
		if (core->cursor < core->pending.anchor_frame)
			core->cursor = core->pending.anchor_frame;
		promote(core);
		apply(core); /* the record may hold the change after this one */
	}
	if (core->cursor < end)
		core->cursor = end;
	return false;
}

/* ---- telling ------------------------------------------------------------- */

static int64_t bar_now(const struct core *core)
{
	int64_t bar = grid_bar_at(&core->grid, core->hz, core->moment.frame);
	/* Between the cut and the pending grid's anchor no bar of the old grid begins. */
	if (core->pending.id != 0 && bar >= core->pending.anchor_bar)
		bar = core->pending.anchor_bar - 1;
	if (bar < core->grid.anchor_bar)
		bar = core->grid.anchor_bar;
	return bar < LIMIT_BAR_MAX ? bar : LIMIT_BAR_MAX;
}

void core_tell(struct core *core, struct status_record *out)
{
	bool running = core_running(core);
	if (running) {
		core->stopped_bar = bar_now(core);
		core->stopped_bar_frame = grid_bar_frame(&core->grid, core->hz, core->stopped_bar);
	}
	out->running = running;
	out->run_id = core->record.run_id;
	out->stopped_run_id = core->stopped_run_id;
	out->grid_id = core->grid.id;
	out->latency_frames = core->latency_frames;
	out->late_anchors = core->late_anchors;
	out->bar = core->stopped_bar;
	out->bar_frame = core->stopped_bar_frame;
	out->anchor_bar = core->grid.anchor_bar;
	out->anchor_frame = core->grid.anchor_frame;
}
