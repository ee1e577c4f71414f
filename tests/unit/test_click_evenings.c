/*
 * Random evenings of three hundred changes each, by seed: at bar lines and at times, withdrawn and
 * replaced, promoted early, late and never. Every onset is held against the counting reference.
 */
#include "check_main.h"
#include "core.h"
#include "test_click_moment.h"
#include "test_click_reference.h"

#include <check.h>
#include <stdlib.h>

#define HZ INT64_C(48000)
#define LINE_NS INT64_C(1000000000000)
#define LATENCY 512
#define CHANGES 300
#define MARGIN 10000 /* frames between an announcement and what it announces */

struct stretch {
	int bpm, metre;
	int64_t anchor_frame, anchor_bar;
	int64_t end_frame;
};

struct event {
	int64_t frame;
	struct tempo_record record;
};

struct evening {
	uint64_t seed;
	struct stretch stretches[CHANGES + 1];
	int stretch_count;
	struct event events[8 * CHANGES];
	int event_count;
	struct tempo_record record; /* as the daemon holds it */
	int64_t now;
	uint64_t last_id;
};

static struct ref_clock clock_of(const struct stretch *s)
{
	return ref_start(HZ, s->bpm, s->metre, true, s->anchor_frame, s->anchor_bar);
}

static int64_t bar_at(const struct stretch *s, int64_t frame)
{
	struct ref_clock clock = clock_of(s);
	int64_t bar = s->anchor_bar;
	for (; ref_now(&clock).frame <= frame; ref_step(&clock))
		bar = ref_now(&clock).bar;
	return bar;
}

static void publish(struct evening *e, int64_t frame)
{
	ck_assert_int_lt(e->event_count, 8 * CHANGES);
	e->events[e->event_count++] = (struct event){frame, e->record};
	e->now = frame;
}

static struct tempo_grid grid_of(struct evening *e, const struct stretch *s)
{
	return (struct tempo_grid){
		.id = ++e->last_id,
		.pace = {.bpm = s->bpm, .metre = (enum metre)s->metre},
		.anchor_ns = anchor_of(s->anchor_frame),
		.anchor_bar = s->anchor_bar,
	};
}

/* A change that follows the last stretch, announced at `announce`. */
static struct stretch draw_change(struct evening *e, struct stretch *last, int64_t announce,
				  bool at_ns)
{
	struct ref_clock clock = clock_of(last);
	int64_t from = announce > last->anchor_frame ? announce : last->anchor_frame;
	int64_t bar = bar_at(last, from) + ref_between(&e->seed, 1, 4);
	while (ref_bar_frame(clock, bar) < from + MARGIN)
		bar++;
	int64_t own = ref_bar_frame(clock, bar);
	int64_t anchor = at_ns ? from + MARGIN + ref_between(&e->seed, 0, 150000) : own;
	last->end_frame = anchor < own ? anchor : own;
	return (struct stretch){
		.bpm = ref_between(&e->seed, 30, 260),
		.metre = ref_between(&e->seed, 0, 4),
		.anchor_frame = anchor,
		.anchor_bar = bar,
		.end_frame = INT64_MAX,
	};
}

/* The daemon's guess at when an announced bar begins, and its re-anchoring, are for phones: a
 * click that took them would be wrong here by milliseconds. */
static void smear(struct evening *e, struct tempo_grid *grid)
{
	grid->anchor_ns += ref_between(&e->seed, -5000000, 5000000);
}

static void announce(struct evening *e, const struct stretch *next, bool at_ns, int64_t frame)
{
	e->record.pending = grid_of(e, next);
	e->record.pending_kind = at_ns ? PENDING_AT_NS : PENDING_AT_BAR;
	if (!at_ns)
		smear(e, &e->record.pending);
	publish(e, frame);
}

static void promote(struct evening *e, int64_t frame)
{
	e->record.current = e->record.pending;
	e->record.pending_kind = PENDING_NONE;
	smear(e, &e->record.current);
	publish(e, frame);
}

/* Announced, then withdrawn or replaced before it comes. */
static void decoy(struct evening *e, struct stretch *last, int64_t frame)
{
	bool at_ns = ref_between(&e->seed, 0, 1);
	struct stretch never = draw_change(e, last, frame, at_ns);
	announce(e, &never, at_ns, frame);
	if (ref_between(&e->seed, 0, 1)) {
		e->record.pending_kind = PENDING_NONE;
		publish(e, frame + ref_between(&e->seed, 1, MARGIN / 2));
	}
}

static void add_change(struct evening *e)
{
	struct stretch *last = &e->stretches[e->stretch_count - 1];
	int64_t frame = e->now + ref_between(&e->seed, 1, 60000);
	bool at_ns = ref_between(&e->seed, 0, 3) == 0;
	if (ref_between(&e->seed, 0, 3) == 0) {
		decoy(e, last, frame);
		frame = e->now + 1;
	}
	struct stretch next = draw_change(e, last, frame, at_ns);
	announce(e, &next, at_ns, frame);
	e->stretches[e->stretch_count++] = next;
	switch (ref_between(&e->seed, 0, 3)) {
	case 0: /* early: the next may be announced before this one sounds */
		promote(e, next.anchor_frame - ref_between(&e->seed, 1, MARGIN / 2));
		break;
	case 1: /* late */
		promote(e, next.anchor_frame + ref_between(&e->seed, 4096, 40000));
		break;
	case 2: /* the daemon is dead for a while, and comes back with its old view */
		e->now = next.anchor_frame + ref_between(&e->seed, 4096, 90000);
		break;
	default: /* settings meanwhile */
		e->record.click.volume = ref_between(&e->seed, 0, 100);
		publish(e, frame + ref_between(&e->seed, 1, MARGIN / 2));
		promote(e, next.anchor_frame + 4096);
	}
}

static struct evening *draw_evening(uint64_t seed)
{
	struct evening *e = calloc(1, sizeof *e);
	*e = (struct evening){.seed = seed, .stretch_count = 1};
	e->stretches[0] = (struct stretch){
		.bpm = 120, .metre = 2, .anchor_frame = 20000, .end_frame = INT64_MAX};
	e->record = (struct tempo_record){
		.run_id = 1,
		.running = true,
		.current = grid_of(e, &e->stretches[0]),
		.click = {.volume = 100, .accent = true, .subdivision = true},
	};
	publish(e, 0);
	while (e->stretch_count <= CHANGES)
		add_change(e);
	return e;
}

/* Walks the stretches: the next onset of all. */
struct walk {
	const struct evening *evening;
	int stretch;
	struct ref_clock clock;
};

static struct ref_onset walk_now(struct walk *w)
{
	const struct stretch *s = &w->evening->stretches[w->stretch];
	while (ref_now(&w->clock).frame >= s->end_frame) {
		w->clock = clock_of(++s);
		w->stretch++;
	}
	return ref_now(&w->clock);
}

static void expect(struct walk *w, const struct onset *onset)
{
	struct ref_onset want = walk_now(w);
	if (onset->frame != want.frame || onset->bar != want.bar || (int)onset->role != want.role)
		ck_abort_msg("onset %lld bar %lld role %d, not %lld %lld %d, in stretch %d",
			     (long long)onset->frame, (long long)onset->bar, (int)onset->role,
			     (long long)want.frame, (long long)want.bar, want.role, w->stretch);
	ref_step(&w->clock);
}

static void listen(const struct evening *e, uint64_t split_seed, int size)
{
	struct walk walk = {.evening = e, .clock = clock_of(&e->stretches[0])};
	const int64_t end = e->stretches[CHANGES].anchor_frame + 10 * HZ;
	struct core core;
	struct onset onset;
	int next = 0;
	core_init(&core, HZ, NULL);
	for (int64_t at = 0; at < end;) {
		int64_t frames = size > 0 ? size : ref_between(&split_seed, 1, 4096);
		begin(&core, at);
		/* Only the newest counts, as with the ring. */
		int before = next;
		while (next < e->event_count && e->events[next].frame <= at)
			next++;
		if (next > before)
			core_take(&core, &e->events[next - 1].record);
		while (core_next(&core, at + frames, &onset))
			expect(&walk, &onset);
		at += frames;
		if (walk_now(&walk).frame < at)
			ck_abort_msg("no onset at %lld", (long long)walk_now(&walk).frame);
	}
	ck_assert_int_eq(walk.stretch, CHANGES);
	ck_assert_uint_eq(core.late_anchors, 0);
}

START_TEST(random_evenings)
{
	static const int sizes[] = {0, 128, 1024, 4096};
	struct evening *e = draw_evening((uint64_t)_i + 1);
	for (int i = 0; i < 4; i++)
		listen(e, (uint64_t)_i, sizes[i]);
	free(e);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("click_evenings");
	TCase *tc = tcase_create("evenings");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, random_evenings, 0, 40);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
