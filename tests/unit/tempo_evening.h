/*
 * tempo_evening.h - an evening of random commands to tempo.h, and what is heard of it.
 *
 * Three parties: the daemon (tempo.h, called as the loop does), a player that reads the records
 * as tempo_record.h words them, with a crystal of its own, and a listener who hears onsets only.
 * The player counts from the anchor in rational arithmetic and shares no code with the click; it
 * has rendered up to `lead_ns` ahead when a record reaches it, as much as it may.
 */
#ifndef TEST_TEMPO_EVENING_H
#define TEST_TEMPO_EVENING_H

#include "tempo.h"
#include "test_click_reference.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENING_MS INT64_C(1000000)
#define EVENING_BASE_NS INT64_C(7000000000000)

struct evening_options {
	uint64_t seed;
	int steps;
	int64_t lead_ns;
	int ppm; /* how fast the card's crystal is */
};

/* ---- the player: records -> onsets, in the card's own time ---------------------------- */

struct heard_grid {
	uint64_t id;
	int bpm, metre;
	int64_t anchor; /* the card's time, ns */
	int64_t bar;
};

struct player {
	struct tempo_record record;
	int64_t cursor; /* rendered up to here */
	bool on;
	uint64_t run_id;
	struct heard_grid grid;
	struct heard_grid next; /* id 0: none */
	bool next_at_ns;
	int64_t cut;
};

/* ---- the listener --------------------------------------------------------------------- */

struct listener {
	bool any;
	int64_t time, bar;
	int beat;
	uint64_t run_id;
	struct heard_grid grid; /* by which the last onset came */
};

struct evening {
	struct evening_options options;
	uint64_t random;
	struct tempo tempo;
	struct player player;
	struct listener listener;
	int64_t now; /* raw ns */
	uint64_t last_id;
	int64_t told_bar; /* newest bar that a phone has shown */
	int strays;
	int heard, starts, changes, cuts;
	char wrong[200];
};

#define EVENING_WRONG(e, ...)                                                                      \
	do {                                                                                       \
		if ((e)->wrong[0] == '\0')                                                         \
			snprintf((e)->wrong, sizeof(e)->wrong, __VA_ARGS__);                       \
	} while (0)

static inline int64_t evening_card(const struct evening *e, int64_t raw)
{
	int64_t since = raw - EVENING_BASE_NS;
	return raw + since / 1000 * e->options.ppm / 1000;
}

static inline int64_t evening_raw(const struct evening *e, int64_t card)
{
	int64_t raw = card;
	for (int i = 0; i < 3; i++)
		raw += card - evening_card(e, raw);
	return raw;
}

/* Nearest, halves up; from the anchor. An evening has less than 10^7 beats: 64 bits suffice. */
static inline int64_t evening_beat(const struct heard_grid *grid, int64_t k)
{
	int64_t twice = k * 120 * INT64_C(1000000000) + grid->bpm;
	int64_t den = 2 * (int64_t)grid->bpm;
	return grid->anchor + twice / den - (twice % den < 0);
}

static inline int64_t evening_bar(const struct heard_grid *grid, int64_t bar)
{
	return evening_beat(grid, (bar - grid->bar) * ref_metres[grid->metre].beats);
}

/* One onset more: it must be the beat after the last one, or a bar line where a change is. */
static inline void evening_hear(struct evening *e, int64_t time, int64_t k, bool cut_before)
{
	struct listener *l = &e->listener;
	const struct heard_grid *grid = &e->player.grid;
	int beats = ref_metres[grid->metre].beats;
	int64_t bar = grid->bar + k / beats;
	int beat = (int)(k % beats);
	int old_beats = ref_metres[l->grid.metre].beats;
	e->heard++;
	if (l->any && time <= l->time)
		EVENING_WRONG(e, "an onset at or before the last one");
	if (l->any && bar < l->bar)
		EVENING_WRONG(e, "bar %lld after bar %lld", (long long)bar, (long long)l->bar);
	if (l->any && l->run_id != e->player.run_id) {
		if (bar == l->bar)
			EVENING_WRONG(e, "bar %lld twice over a stop", (long long)bar);
		if (beat != 0)
			EVENING_WRONG(e, "a run begins on beat %d", beat);
	} else if (l->any && l->grid.id == grid->id) {
		int64_t was = (l->bar - grid->bar) * beats + l->beat;
		if (k != was + 1)
			EVENING_WRONG(e, "beat %lld after beat %lld of a grid", (long long)k,
				      (long long)was);
	} else if (l->any) {
		e->changes++;
		if (bar != l->bar + 1 || beat != 0)
			EVENING_WRONG(e, "a change goes from bar %lld to bar %lld beat %d",
				      (long long)l->bar, (long long)bar, beat);
		if (!cut_before && l->beat != old_beats - 1)
			EVENING_WRONG(e, "a change at a bar line after beat %d of %d", l->beat,
				      old_beats);
		if (!cut_before && time != evening_bar(&l->grid, bar))
			EVENING_WRONG(e, "a change off the old grid's bar line");
	}
	*l = (struct listener){true, time, bar, beat, e->player.run_id, *grid};
}

static inline void evening_play_grid(struct evening *e, int64_t until, bool *cut_before)
{
	struct player *p = &e->player;
	int64_t span = p->cursor - p->grid.anchor;
	int64_t k = span <= 0 ? 0 : span / 1000 * p->grid.bpm / 60000000 - 1;
	for (k = k < 0 ? 0 : k; evening_beat(&p->grid, k) < until; k++) {
		int64_t time = evening_beat(&p->grid, k);
		if (time < p->cursor)
			continue;
		evening_hear(e, time, k, *cut_before);
		*cut_before = false;
	}
}

static inline struct heard_grid evening_grid(const struct evening *e, const struct tempo_grid *g)
{
	return (struct heard_grid){
		.id = g->id,
		.bpm = g->pace.bpm,
		.metre = (int)g->pace.metre,
		.anchor = evening_card(e, g->anchor_ns),
		.bar = g->anchor_bar,
	};
}

static inline void evening_arm(struct evening *e)
{
	struct player *p = &e->player;
	const struct tempo_record *record = &p->record;
	if (p->next.id != 0 && record->current.id == p->next.id)
		return; /* the daemon's clock was a little earlier */
	if (record->pending_kind == PENDING_NONE || record->pending.id <= p->grid.id) {
		p->next.id = 0;
		return;
	}
	if (record->pending.id == p->next.id)
		return;
	p->next = evening_grid(e, &record->pending);
	p->next_at_ns = record->pending_kind == PENDING_AT_NS;
	int64_t own = evening_bar(&p->grid, p->next.bar);
	if (!p->next_at_ns)
		p->next.anchor = own;
	p->cut = p->next.anchor < own ? p->next.anchor : own;
	if (p->cut < p->cursor)
		EVENING_WRONG(e, "a change %.3f ms too late for the click",
			      (double)(p->cursor - p->cut) / 1e6);
}

/* Render up to there. */
static inline void evening_play(struct evening *e, int64_t until)
{
	struct player *p = &e->player;
	bool cut_before = false;
	while (p->on && p->next.id != 0 && p->next.anchor < until) {
		evening_play_grid(e, p->cut, &cut_before);
		p->grid = p->next;
		p->next.id = 0;
		p->cursor = p->grid.anchor;
		cut_before = p->next_at_ns;
		e->cuts += cut_before;
		evening_arm(e);
	}
	if (p->on)
		evening_play_grid(e, p->next.id != 0 && p->cut < until ? p->cut : until,
				  &cut_before);
	if (p->cursor < until)
		p->cursor = until;
}

/* A record reaches the player, who has rendered as far ahead as lead_ns allows (less the margin
 * that air.c keeps for the clocks). */
static inline void evening_publish(struct evening *e)
{
	struct player *p = &e->player;
	const struct tempo_record *record = &e->tempo.record;
	int64_t most_us = (e->options.lead_ns - 3 * EVENING_MS) / 1000;
	int64_t ahead = ref_between(&e->random, 0, (int)most_us) * INT64_C(1000);
	if (!tempo_record_valid(record))
		EVENING_WRONG(e, "the record is not valid");
	evening_play(e, evening_card(e, e->now + ahead));
	p->record = *record;
	if (!record->running) {
		p->on = false;
		p->next.id = 0;
		return;
	}
	if (!p->on || p->run_id != record->run_id) {
		p->on = true;
		p->run_id = record->run_id;
		p->next.id = 0;
		p->grid = evening_grid(e, &record->current);
		e->starts++;
		if (p->grid.anchor < p->cursor)
			EVENING_WRONG(e, "a start too late for the click");
	} else if (record->current.id > p->grid.id && record->current.id != p->next.id) {
		EVENING_WRONG(e, "a grid came into force unannounced");
	}
	evening_arm(e);
}

/* ---- the daemon's loop ------------------------------------------------------------------ */

/* What a phone shows at this moment, by the record alone. */
static inline void evening_look(struct evening *e)
{
	const struct tempo_record *record = &e->tempo.record;
	bool coming = record->pending_kind != PENDING_NONE;
	bool come = coming && e->now >= record->pending.anchor_ns;
	const struct tempo_grid *grid = come ? &record->pending : &record->current;
	if (!record->running || e->now < grid->anchor_ns)
		return;
	int64_t bar = tempo_grid_bar_at(grid, e->now);
	if (coming && !come && bar >= record->pending.anchor_bar)
		bar = record->pending.anchor_bar - 1; /* cut: it waits for the change */
	/* Re-anchored by a millisecond, a bar that had just begun may be about to. */
	if (bar < e->told_bar && tempo_grid_bar_at(grid, e->now + 2 * EVENING_MS) < e->told_bar)
		EVENING_WRONG(e, "phones go back from bar %lld to %lld", (long long)e->told_bar,
			      (long long)bar);
	if (bar > e->told_bar)
		e->told_bar = bar;
	/* And against what is heard: within 1 ms, and the drift of the longest bar, in which it
	 * can't be seen. */
	const struct player *p = &e->player;
	if (p->on && p->grid.id == grid->id && p->next.id == 0) {
		int64_t off =
			evening_raw(e, evening_bar(&p->grid, bar)) - tempo_grid_bar_ns(grid, bar);
		int64_t limit =
			e->options.ppm == 0 ? 1000 : EVENING_MS + 8000 * abs(e->options.ppm);
		if (llabs(off) > limit)
			EVENING_WRONG(e, "phones %.3f ms off the click", (double)off / 1e6);
	}
}

static inline void evening_follow(struct evening *e)
{
	struct player *p = &e->player;
	struct tempo_record *record = &e->tempo.record;
	if (!p->on || !record->running)
		return;
	if (p->grid.id != record->current.id || evening_card(e, e->now) < p->grid.anchor)
		return;
	struct heard_grid grid = p->grid;
	int64_t since = evening_card(e, e->now) - grid.anchor;
	int64_t beats = since / 1000 * grid.bpm / 60000000;
	int64_t bar = grid.bar + beats / ref_metres[grid.metre].beats;
	if (record->pending_kind != PENDING_NONE && bar >= record->pending.anchor_bar)
		bar = record->pending.anchor_bar - 1;
	if (bar < record->current.anchor_bar)
		return;
	int64_t bar_ns = evening_raw(e, evening_bar(&grid, bar));
	if (llabs(bar_ns - tempo_grid_bar_ns(&record->current, bar)) < 600000) {
		e->strays = 0;
		return;
	}
	if (++e->strays < 3)
		return;
	e->strays = 0;
	tempo_reanchor(&e->tempo, bar, bar_ns);
	evening_publish(e);
}

static inline void evening_pass(struct evening *e, int64_t until)
{
	while (e->now < until && e->wrong[0] == '\0') {
		int64_t step = ref_between(&e->random, 1, 50) * EVENING_MS;
		e->now = e->now + step < until ? e->now + step : until;
		evening_play(e, evening_card(e, e->now));
		evening_look(e);
		if (tempo_promote(&e->tempo, e->now))
			evening_publish(e);
		evening_follow(e);
	}
}

/* ---- commands ---------------------------------------------------------------------------- */

static inline struct tempo_now evening_now(struct evening *e)
{
	return (struct tempo_now){
		.now_ns = e->now, .lead_ns = e->options.lead_ns, .fresh_id = ++e->last_id};
}

static inline struct beat_pace evening_pace(struct evening *e)
{
	return (struct beat_pace){.bpm = ref_between(&e->random, 30, 260),
				  .metre = (enum metre)ref_between(&e->random, 0, 4)};
}

static inline void evening_start(struct evening *e)
{
	struct tempo_now when = evening_now(e);
	int count_in = ref_between(&e->random, 0, 8);
	int64_t anchor = e->now + when.lead_ns + ref_between(&e->random, 0, 900) * EVENING_MS;
	bool ran = e->tempo.record.running;
	int64_t next = e->tempo.next_bar;
	int result = tempo_start(&e->tempo, &when, anchor, count_in);
	if (result != (ran ? -EALREADY : 0))
		EVENING_WRONG(e, "start says %d", result);
	if (ran)
		return;
	if (e->tempo.record.start_bar != next + count_in)
		EVENING_WRONG(e, "start_bar %lld", (long long)e->tempo.record.start_bar);
	evening_publish(e);
}

static inline void evening_stop(struct evening *e)
{
	struct tempo_now when = evening_now(e);
	bool ran = e->tempo.record.running;
	if (tempo_stop(&e->tempo, &when) != (ran ? 1 : 0))
		EVENING_WRONG(e, "stop does not know whether it ran");
	if (ran)
		evening_publish(e);
}

/* The daemon knows less of the card's crystal than we do: a bar line this near to the limit may
 * fall on either side of it. */
static inline void evening_check_bar(struct evening *e, int64_t at_bar, int in_bars, int64_t limit,
				     const struct tempo_grid *grid)
{
	struct heard_grid ours = evening_grid(e, grid);
	int64_t slack = 1000;
	ours.anchor = grid->anchor_ns;
	int64_t playing = ours.bar - 1;
	while (evening_bar(&ours, playing + 1) <= e->now)
		playing++;
	int64_t wanted = playing + in_bars;
	int64_t start = evening_bar(&ours, at_bar);
	if (start < limit - slack)
		EVENING_WRONG(e, "at_bar %lld is out of reach", (long long)at_bar);
	if (at_bar < wanted)
		EVENING_WRONG(e, "at_bar %lld, %d bars were asked for", (long long)at_bar, in_bars);
	if (at_bar > wanted && at_bar > ours.bar && evening_bar(&ours, at_bar - 1) >= limit + slack)
		EVENING_WRONG(e, "at_bar %lld, an earlier bar would do", (long long)at_bar);
}

static inline bool evening_same(const struct tempo *a, const struct tempo *b)
{
	uint64_t words[2][TEMPO_WORDS];
	tempo_record_pack(&a->record, words[0]);
	tempo_record_pack(&b->record, words[1]);
	return memcmp(words[0], words[1], sizeof words[0]) == 0 && a->next_bar == b->next_bar &&
	       a->taps.count == b->taps.count;
}

static inline void evening_set(struct evening *e)
{
	struct tempo_now when = evening_now(e);
	struct beat_pace pace = evening_pace(e);
	int in_bars = ref_between(&e->random, 0, 2) ? 0 : ref_between(&e->random, 1, 6);
	int64_t anchor = 0;
	int64_t at_bar = -1;
	if (ref_between(&e->random, 0, 2) == 0)
		anchor = e->now + ref_between(&e->random, -100, 5000) * EVENING_MS;
	if (!e->tempo.record.running)
		anchor = 0;
	if (anchor != 0)
		in_bars = 0;
	if (ref_between(&e->random, 0, 5) == 0)
		pace = e->tempo.record.current.pace;
	struct tempo before = e->tempo;
	tempo_promote(&before, e->now);
	int result = tempo_set(&e->tempo, &when, &pace, in_bars, anchor, &at_bar);
	if (result != 0 && !evening_same(&before, &e->tempo))
		EVENING_WRONG(e, "a refused set changed something");
	if (result == -EBUSY && before.record.pending_kind == PENDING_NONE)
		EVENING_WRONG(e, "busy with nothing");
	if (result == -ERANGE && anchor >= e->now + when.lead_ns)
		EVENING_WRONG(e, "a good anchor was refused");
	if (result == 0 && before.record.running && anchor == 0)
		evening_check_bar(e, at_bar, in_bars, e->now + when.lead_ns,
				  &e->tempo.record.current);
	evening_publish(e);
}

static inline void evening_cancel(struct evening *e)
{
	struct tempo_now when = evening_now(e);
	bool coming = e->tempo.record.pending_kind != PENDING_NONE;
	int result = tempo_cancel(&e->tempo, &when);
	if ((result == -ENOENT) == coming)
		EVENING_WRONG(e, "cancel says %d", result);
	if (result == 0)
		evening_publish(e);
}

/* A hand taps for a while: its own tempo, a wobble, a slip now and then, the network between. */
static inline void evening_taps(struct evening *e)
{
	int count = ref_between(&e->random, 1, 12);
	int bpm = ref_between(&e->random, 40, 230);
	int wobble_ms = ref_between(&e->random, 0, 12);
	int64_t gap = INT64_C(60000000000) / bpm;
	int64_t first = e->now + 90 * EVENING_MS;
	for (int k = 0; k < count && e->wrong[0] == '\0'; k++) {
		struct taps_estimate taps;
		int64_t at = first + k * gap +
			     ref_between(&e->random, -wobble_ms, wobble_ms) * EVENING_MS;
		if (ref_between(&e->random, 0, 9) == 0)
			at += ref_between(&e->random, -40, 40) * gap / 100;
		evening_pass(e, at + ref_between(&e->random, 0, 40) * EVENING_MS);
		struct tempo_now when = evening_now(e);
		bool ran = e->tempo.record.running;
		int result = tempo_tap(&e->tempo, &when, at, 0, &taps);
		if (result == TAPPED_STARTED && ran)
			EVENING_WRONG(e, "taps started what ran");
		if (result == TAPPED_CHANGED && !ran)
			EVENING_WRONG(e, "taps changed what stood still");
		if (result > TAPPED_COUNTED)
			evening_publish(e);
	}
}

/* NULL, or what went wrong. */
static inline const char *evening_run(const struct evening_options *options)
{
	static void (*const commands[])(struct evening *) = {
		evening_start, evening_start, evening_stop,   evening_set,
		evening_set,   evening_set,   evening_set,    evening_set,
		evening_taps,  evening_taps,  evening_cancel,
	};
	static struct evening evening;
	evening = (struct evening){
		.options = *options,
		.random = options->seed,
		.now = EVENING_BASE_NS,
	};
	struct evening *e = &evening;
	tempo_init(&e->tempo, ++e->last_id);
	for (int i = 0; i < options->steps && e->wrong[0] == '\0'; i++) {
		int64_t wait_ms = ref_between(&e->random, 0, 3) == 0
					  ? ref_between(&e->random, 0, 9000)
					  : ref_between(&e->random, 0, 700);
		evening_pass(e, e->now + wait_ms * EVENING_MS);
		commands[ref_between(&e->random, 0, 10)](e);
	}
	if (e->wrong[0] == '\0' && (e->changes == 0 || e->cuts == 0 || e->starts == 0))
		EVENING_WRONG(e, "too quiet an evening: %d onsets, %d starts, %d changes, %d cuts",
			      e->heard, e->starts, e->changes, e->cuts);
	return e->wrong[0] == '\0' ? NULL : e->wrong;
}

#endif
