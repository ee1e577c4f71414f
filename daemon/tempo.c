#include "tempo.h"

#include "clock.h"
#include "limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A running click is left alone by taps that agree with it: 6 ms is what musicians notice. */
#define TAP_AGREES_NS (5 * CLOCK_NS_PER_MS)

void tempo_init(struct tempo *tempo, uint64_t fresh_id)
{
	memset(tempo, 0, sizeof *tempo);
	tempo->record.current.id = fresh_id;
	tempo->record.current.pace = (struct beat_pace){.bpm = 120, .metre = METRE_4_4};
	tempo->record.click = (struct click_settings){.volume = 80, .accent = true};
}

int tempo_start(struct tempo *tempo, const struct tempo_now *when, int64_t anchor_ns,
		int count_in_bars)
{
	struct tempo_record *record = &tempo->record;
	if (record->running)
		return -EALREADY;
	record->running = true;
	record->run_id = when->fresh_id;
	record->start_bar = tempo->next_bar + count_in_bars;
	record->pending_kind = PENDING_NONE;
	record->current.id = when->fresh_id;
	record->current.anchor_bar = tempo->next_bar;
	record->current.anchor_ns = anchor_ns;
	return 0;
}

int64_t tempo_bar_after(const struct tempo *tempo, int64_t until_ns)
{
	const struct tempo_record *record = &tempo->record;
	const struct tempo_grid *grid = &record->current;
	if (!record->running)
		return tempo->next_bar;
	if (record->pending_kind != PENDING_NONE && record->pending.anchor_ns <= until_ns)
		grid = &record->pending;
	int64_t bar = tempo_grid_bar_at(grid, until_ns) + 1;
	return bar > record->current.anchor_bar ? bar : record->current.anchor_bar;
}

int tempo_stop(struct tempo *tempo, const struct tempo_now *when)
{
	if (!tempo->record.running)
		return 0;
	tempo_promote(tempo, when->now_ns);
	/* What the click has rendered ahead is heard all the same. */
	tempo->next_bar = tempo_bar_after(tempo, when->now_ns + when->lead_ns);
	tempo->record.running = false;
	tempo->record.pending_kind = PENDING_NONE;
	taps_clear(&tempo->taps);
	return 1;
}

/* The first bar of the running grid that begins no earlier than from_ns. */
static int64_t first_bar_from(const struct tempo_grid *grid, int64_t from_ns)
{
	int64_t bar = tempo_grid_bar_at(grid, from_ns - 1) + 1;
	return bar > grid->anchor_bar ? bar : grid->anchor_bar;
}

/* Too late to touch what is pending: the click may have rendered its first frames already, or have
 * fallen silent at the running grid's own bar line before it. */
static bool pending_is_due(const struct tempo *tempo, const struct tempo_now *when)
{
	const struct tempo_record *record = &tempo->record;
	if (record->pending_kind == PENDING_NONE)
		return false;
	int64_t own_ns = tempo_grid_bar_ns(&record->current, record->pending.anchor_bar);
	int64_t cut_ns = own_ns < record->pending.anchor_ns ? own_ns : record->pending.anchor_ns;
	return cut_ns < when->now_ns + when->lead_ns;
}

static void set_pending(struct tempo_record *record, enum tempo_pending kind, uint64_t id,
			const struct beat_pace *pace, int64_t anchor_ns, int64_t bar)
{
	record->pending_kind = kind;
	record->pending = (struct tempo_grid){
		.id = id, .pace = *pace, .anchor_ns = anchor_ns, .anchor_bar = bar};
}

static bool same_pace(const struct beat_pace *a, const struct beat_pace *b)
{
	return a->bpm == b->bpm && a->metre == b->metre;
}

static int64_t beat_ns(const struct beat_pace *pace)
{
	return 60 * BEAT_NS_PER_S / pace->bpm;
}

/* The bar that begins at anchor_ns: the first whose own start would lie there or later, give or
 * take half a beat; so a downbeat that is moved a little keeps its number, unless it may have
 * sounded already. */
static int64_t bar_for_anchor(const struct tempo_grid *grid, int64_t anchor_ns, int64_t earliest_ns)
{
	int64_t from_ns = anchor_ns - beat_ns(&grid->pace) / 2;
	return first_bar_from(grid, from_ns > earliest_ns ? from_ns : earliest_ns);
}

static int set_at_anchor(struct tempo *tempo, const struct tempo_now *when,
			 const struct beat_pace *pace, int64_t anchor_ns, int64_t *at_bar)
{
	int64_t earliest_ns = when->now_ns + when->lead_ns;
	if (anchor_ns < earliest_ns)
		return -ERANGE;
	*at_bar = bar_for_anchor(&tempo->record.current, anchor_ns, earliest_ns);
	set_pending(&tempo->record, PENDING_AT_NS, when->fresh_id, pace, anchor_ns, *at_bar);
	return 0;
}

static int set_at_bar(struct tempo *tempo, const struct tempo_now *when,
		      const struct beat_pace *pace, int in_bars, int64_t *at_bar)
{
	const struct tempo_grid *grid = &tempo->record.current;
	int64_t playing = tempo_grid_bar_at(grid, when->now_ns);
	if (playing < grid->anchor_bar - 1)
		playing = grid->anchor_bar - 1;
	*at_bar = first_bar_from(grid, when->now_ns + when->lead_ns);
	if (playing + in_bars > *at_bar)
		*at_bar = playing + in_bars;
	if (same_pace(pace, &grid->pace))
		tempo->record.pending_kind = PENDING_NONE;
	else
		set_pending(&tempo->record, PENDING_AT_BAR, when->fresh_id, pace,
			    tempo_grid_bar_ns(grid, *at_bar), *at_bar);
	return 0;
}

int tempo_set(struct tempo *tempo, const struct tempo_now *when, const struct beat_pace *pace,
	      int in_bars, int64_t anchor_ns, int64_t *at_bar)
{
	struct tempo_record *record = &tempo->record;
	if (!record->running) {
		record->current.pace = *pace;
		record->current.id = when->fresh_id;
		*at_bar = tempo->next_bar;
		return 0;
	}
	if (pending_is_due(tempo, when))
		return -EBUSY;
	if (anchor_ns != 0)
		return set_at_anchor(tempo, when, pace, anchor_ns, at_bar);
	return set_at_bar(tempo, when, pace, in_bars, at_bar);
}

int tempo_cancel(struct tempo *tempo, const struct tempo_now *when)
{
	if (tempo->record.pending_kind == PENDING_NONE)
		return -ENOENT;
	if (pending_is_due(tempo, when))
		return -EBUSY;
	tempo->record.pending_kind = PENDING_NONE;
	return 0;
}

/* Taps in a bar's worth: two bars where a bar has two beats. */
static int taps_wanted(enum metre metre)
{
	int beats = metre_beats(metre);
	return beats == 2 ? 4 : beats;
}

/* The next 1: the first tap of the series was one, and they come every `beats`. */
static int tap_start(struct tempo *tempo, const struct tempo_now *when, int bpm,
		     const struct taps_estimate *taps)
{
	struct tempo_record *record = &tempo->record;
	int64_t beats = metre_beats(record->current.pace.metre);
	int64_t next_one = (taps->last_index / beats + 1) * beats;
	/* A tap may be two seconds on its way: then it is the first 1 that can still be heard. */
	while (taps_beat_ns(taps, next_one) < when->now_ns + when->lead_ns)
		next_one += beats;
	record->current.pace.bpm = bpm;
	tempo_start(tempo, when, taps_beat_ns(taps, next_one), 0);
	return TAPPED_STARTED;
}

static int tap_change(struct tempo *tempo, const struct tempo_now *when, int bpm,
		      const struct taps_estimate *taps)
{
	struct tempo_record *record = &tempo->record;
	const struct tempo_grid *grid = &record->current;
	if (pending_is_due(tempo, when))
		return TAPPED_COUNTED;
	struct beat_pace pace = {.bpm = bpm, .metre = grid->pace.metre};
	int64_t earliest_ns = when->now_ns + when->lead_ns;
	int64_t bar = first_bar_from(grid, earliest_ns);
	int64_t bar_ns = tempo_grid_bar_ns(grid, bar);
	int64_t anchor_ns = taps_beat_ns(taps, taps_beat_near(taps, bar_ns));
	if (same_pace(&pace, &grid->pace) && llabs(anchor_ns - bar_ns) <= TAP_AGREES_NS) {
		if (record->pending_kind == PENDING_NONE)
			return TAPPED_COUNTED;
		record->pending_kind = PENDING_NONE;
		return TAPPED_CHANGED;
	}
	while (anchor_ns < earliest_ns) {
		bar_ns = tempo_grid_bar_ns(grid, ++bar);
		anchor_ns = taps_beat_ns(taps, taps_beat_near(taps, bar_ns));
	}
	set_pending(record, PENDING_AT_NS, when->fresh_id, &pace, anchor_ns, bar);
	return TAPPED_CHANGED;
}

/* A finger is not so exact as the one who chose the song's tempo. */
static int meant_bpm(int tapped_bpm, int song_bpm)
{
	bool near = abs(tapped_bpm - song_bpm) * 100 <= TEMPO_SONG_PERCENT * song_bpm;
	return song_bpm > 0 && near ? song_bpm : tapped_bpm;
}

int tempo_tap(struct tempo *tempo, const struct tempo_now *when, int64_t at_ns, int song_bpm,
	      struct taps_estimate *out)
{
	int kept = taps_add(&tempo->taps, at_ns);
	taps_estimate(&tempo->taps, out);
	if (!kept || !out->steady ||
	    out->regular < taps_wanted(tempo->record.current.pace.metre) - 1)
		return TAPPED_COUNTED;
	int bpm = meant_bpm(out->bpm, song_bpm);
	if (bpm < LIMIT_BPM_MIN || bpm > LIMIT_BPM_MAX)
		return -ERANGE;
	return tempo->record.running ? tap_change(tempo, when, bpm, out)
				     : tap_start(tempo, when, bpm, out);
}

int tempo_promote(struct tempo *tempo, int64_t now_ns)
{
	struct tempo_record *record = &tempo->record;
	if (!record->running || record->pending_kind == PENDING_NONE ||
	    record->pending.anchor_ns > now_ns)
		return 0;
	record->current = record->pending;
	record->pending_kind = PENDING_NONE;
	return 1;
}

void tempo_reanchor(struct tempo *tempo, int64_t bar, int64_t bar_ns)
{
	struct tempo_record *record = &tempo->record;
	record->current.anchor_bar = bar;
	record->current.anchor_ns = bar_ns;
	if (record->pending_kind == PENDING_AT_BAR)
		record->pending.anchor_ns =
			tempo_grid_bar_ns(&record->current, record->pending.anchor_bar);
}
