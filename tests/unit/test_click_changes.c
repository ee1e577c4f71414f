/*
 * The click's core under change: announced, withdrawn, promoted early, late and never, stopped
 * here and there, resumed. Random evenings by seed, and each rule by itself.
 */
#include "core.h"
#include "test_click_reference.h"

#include <check.h>
#include <stdlib.h>

#define HZ INT64_C(48000)
#define LINE_NS INT64_C(1000000000000)
#define LATENCY 512
#define CHANGES 300
#define MARGIN 10000 /* frames between an announcement and what it announces */

static int64_t ns_of(int64_t frame)
{
	return LINE_NS + (frame * 1000000000 + HZ / 2) / HZ;
}

/* The time at which a port frame's sound leaves the converter. */
static int64_t anchor_of(int64_t frame)
{
	return ns_of(frame + LATENCY);
}

static struct core_moment moment_at(int64_t frame)
{
	return (struct core_moment){
		.frame = frame,
		.now_ns = ns_of(frame),
		.line = {.frame = 0, .ns = LINE_NS, .ns_per_frame = 1e9 / (double)HZ},
		.line_good = true,
		.latency_frames = LATENCY,
	};
}

static void begin(struct core *core, int64_t frame)
{
	struct core_moment moment = moment_at(frame);
	core_begin(core, &moment);
}

/* ---- random evenings --------------------------------------------------------- */

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

/* ---- each rule by itself ------------------------------------------------------- */

/* 120 bpm in 4/4 from frame 0: a bar is 96000 frames. */
#define BAR INT64_C(96000)

static struct core core;
static struct tempo_record record;

static struct tempo_grid grid(uint64_t id, int bpm, int64_t frame, int64_t bar)
{
	return (struct tempo_grid){
		.id = id,
		.pace = {.bpm = bpm, .metre = METRE_4_4},
		.anchor_ns = anchor_of(frame),
		.anchor_bar = bar,
	};
}

static void set_up(void)
{
	record = (struct tempo_record){
		.run_id = 1,
		.running = true,
		.current = grid(10, 120, 0, 0),
		.click = {.volume = 100, .accent = true},
	};
	core_init(&core, HZ, NULL);
	begin(&core, 0);
	core_take(&core, &record);
}

static void take_at(int64_t frame)
{
	begin(&core, frame);
	core_take(&core, &record);
}

static void pend(enum tempo_pending kind, struct tempo_grid pending)
{
	record.pending_kind = kind;
	record.pending = pending;
}

static void expect_next(int64_t frame, int64_t bar)
{
	struct onset onset;
	ck_assert(core_next(&core, frame + 1, &onset));
	ck_assert_int_eq(onset.frame, frame);
	ck_assert_int_eq(onset.bar, bar);
}

static void expect_silence(int64_t until)
{
	struct onset onset;
	ck_assert(!core_next(&core, until, &onset));
}

static struct status_record told(void)
{
	struct status_record status = {0};
	core_tell(&core, &status);
	return status;
}

START_TEST(carries_a_change_out_alone)
{
	pend(PENDING_AT_BAR, grid(11, 60, 12345, 2));
	take_at(BAR + 100);
	expect_next(BAR + 24000, 1);
	begin(&core, 2 * BAR - 10);
	expect_next(2 * BAR, 2);
	ck_assert_uint_eq(told().grid_id, 11);
	ck_assert_int_eq(told().bar, 2);
	ck_assert_int_eq(told().bar_frame, 2 * BAR);
	expect_next(2 * BAR + 48000, 2);
}
END_TEST

START_TEST(late_announcement_joins_in_phase)
{
	pend(PENDING_AT_BAR, grid(11, 60, 0, 2));
	take_at(2 * BAR + 50000);
	ck_assert_uint_eq(told().grid_id, 11);
	ck_assert_uint_eq(told().late_anchors, 1);
	ck_assert_int_eq(told().anchor_frame, 2 * BAR);
	expect_next(2 * BAR + 96000, 2);
}
END_TEST

START_TEST(withdrawn_change_never_comes)
{
	pend(PENDING_AT_BAR, grid(11, 60, 0, 2));
	take_at(BAR);
	record.pending_kind = PENDING_NONE;
	take_at(2 * BAR - 100);
	expect_next(2 * BAR, 2);
	expect_next(2 * BAR + 24000, 2);
	ck_assert_uint_eq(told().grid_id, 10);
}
END_TEST

/* The daemon withdraws or changes settings with an old view: what has begun goes on. */
START_TEST(stale_view_changes_no_grid)
{
	pend(PENDING_AT_BAR, grid(11, 60, 0, 1));
	take_at(100);
	begin(&core, BAR);
	expect_next(BAR, 1);
	record.click.volume = 30;
	take_at(BAR + 200);
	ck_assert_uint_eq(told().grid_id, 11);
	record.pending_kind = PENDING_NONE;
	record.pending = (struct tempo_grid){0};
	take_at(BAR + 300);
	ck_assert_uint_eq(told().grid_id, 11);
	expect_next(BAR + 48000, 1);
	ck_assert_int_eq(core.record.click.volume, 30);
}
END_TEST

START_TEST(promoted_early_keeps_our_frame)
{
	pend(PENDING_AT_BAR, grid(11, 60, 0, 1));
	take_at(100);
	record.current = grid(11, 60, BAR - 777, 1);
	record.pending_kind = PENDING_NONE;
	take_at(BAR - 1000);
	ck_assert_uint_eq(told().grid_id, 10);
	expect_next(BAR, 1);
	ck_assert_uint_eq(told().grid_id, 11);
	expect_next(BAR + 48000, 1);
}
END_TEST

/* The running grid is cut at the new one's time, or before its own bar of that number. */
START_TEST(at_a_time_cuts_the_old_grid)
{
	struct onset onset;
	pend(PENDING_AT_NS, grid(11, 60, BAR - 30000, 1));
	take_at(100);
	begin(&core, 48000);
	expect_next(48000, 0);
	expect_next(BAR - 30000, 1);
	ck_assert(!core_next(&core, BAR + 17999, &onset));
	expect_next(BAR + 18000, 1);

	set_up();
	pend(PENDING_AT_NS, grid(11, 60, BAR + 30000, 1));
	take_at(100);
	begin(&core, 72000);
	expect_next(72000, 0);
	expect_silence(BAR + 10000);
	begin(&core, BAR + 10000);
	ck_assert_int_eq(told().bar, 0);
	ck_assert_uint_eq(told().grid_id, 10);
	expect_next(BAR + 30000, 1);
	ck_assert_uint_eq(told().grid_id, 11);
}
END_TEST

START_TEST(stops_from_the_next_frame)
{
	record.running = false;
	take_at(23990);
	expect_silence(10 * BAR);
	ck_assert(!told().running);
	record.running = true;
	record.run_id = 2;
	record.current = grid(12, 60, 11 * BAR, 0);
	take_at(10 * BAR);
	expect_next(11 * BAR, 0);
	ck_assert(told().running);
	ck_assert_uint_eq(told().run_id, 2);
}
END_TEST

START_TEST(stopped_on_the_box_until_another_run)
{
	begin(&core, 10);
	core_stop(&core);
	expect_silence(BAR);
	ck_assert_uint_eq(told().stopped_run_id, 1);
	ck_assert(!told().running);
	record.current = grid(13, 90, BAR, 1);
	take_at(BAR);
	expect_silence(2 * BAR);
	record.run_id = 2;
	record.current = grid(14, 90, 3 * BAR, 0);
	take_at(2 * BAR);
	expect_next(3 * BAR, 0);
}
END_TEST

START_TEST(a_test_click_each_time_it_is_asked)
{
	record.click.tests_asked = 5;
	core_init(&core, HZ, NULL);
	begin(&core, 0);
	core_take(&core, &record);
	ck_assert(!core_test_due(&core)); /* history */
	record.click.tests_asked = 6;
	record.running = false;
	core_take(&core, &record);
	ck_assert(core_test_due(&core));
	ck_assert(!core_test_due(&core));
	core_take(&core, &record);
	ck_assert(!core_test_due(&core));
	record.click.tests_asked = 0; /* another daemon's count */
	core_take(&core, &record);
	ck_assert(!core_test_due(&core));
}
END_TEST

/* ---- after a restart ------------------------------------------------------------- */

/* What a click left that had the grid of `id` in force from that frame. */
static struct core_legacy legacy_of(uint64_t id, int64_t frame, int64_t bar)
{
	return (struct core_legacy){
		.usable = true,
		.same_frames = true,
		.status = {.grid_id = id,
			   .run_id = 1,
			   .anchor_frame = frame,
			   .anchor_bar = bar,
			   .bar = bar + 2,
			   .bar_frame = frame + 2 * BAR,
			   .bar_ns = anchor_of(frame + 2 * BAR),
			   .latency_frames = 99},
	};
}

static void restart(const struct core_legacy *legacy, int64_t frame, bool line_good)
{
	struct core_moment moment = moment_at(frame);
	moment.line_good = line_good;
	core_init(&core, HZ, legacy);
	core_begin(&core, &moment);
	core_take(&core, &record);
}

/* The same server runs on: at once, by frame, though the line is not good yet. */
START_TEST(resumes_by_frame)
{
	struct core_legacy legacy = legacy_of(10, 4321, 7);
	record.current = grid(10, 120, 4000, 7);
	restart(&legacy, 5 * BAR, false);
	ck_assert(told().running);
	ck_assert_uint_eq(told().latency_frames, 99);
	expect_next(5 * BAR + 4321, 12);
}
END_TEST

/* Another server: by the time of the last bar, when the line is good. */
START_TEST(resumes_by_time)
{
	struct core_legacy legacy = legacy_of(10, 4321, 7);
	legacy.same_frames = false;
	restart(&legacy, 5 * BAR, false);
	ck_assert(core_waits(&core));
	ck_assert(!told().running);
	begin(&core, 5 * BAR + 1000);
	ck_assert(told().running);
	expect_next(5 * BAR + 4321, 12);
	ck_assert_uint_eq(told().latency_frames, LATENCY);
}
END_TEST

/* It had carried the change out; the daemon, dead, could not tell. */
START_TEST(resumes_what_it_had_promoted)
{
	struct core_legacy legacy = legacy_of(11, 4321, 7);
	pend(PENDING_AT_BAR, grid(11, 120, 0, 7));
	restart(&legacy, 5 * BAR, false);
	expect_next(5 * BAR + 4321, 12);
	ck_assert_uint_eq(told().grid_id, 11);
}
END_TEST

/* The change came due while no click ran. */
START_TEST(catches_up_with_a_missed_change)
{
	struct core_legacy legacy = legacy_of(10, 0, 0);
	pend(PENDING_AT_BAR, grid(11, 60, 0, 3));
	restart(&legacy, 3 * BAR + 5000, false);
	ck_assert_uint_eq(told().grid_id, 11);
	expect_next(3 * BAR + 48000, 3);
}
END_TEST

START_TEST(no_legacy_places_by_the_record)
{
	struct core_legacy other = legacy_of(77, 4321, 7);
	restart(&other, 5 * BAR + 1, true);
	expect_next(5 * BAR + 24000, 5);
	ck_assert_uint_eq(told().late_anchors, 1);
}
END_TEST

START_TEST(stop_on_the_box_survives_a_restart)
{
	struct core_legacy legacy = legacy_of(10, 0, 0);
	legacy.status.stopped_run_id = 1;
	restart(&legacy, 5 * BAR, true);
	expect_silence(7 * BAR);
	ck_assert_uint_eq(told().stopped_run_id, 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("click_changes");
	TCase *evenings = tcase_create("evenings");
	TCase *rules = tcase_create("rules");
	tcase_set_timeout(evenings, 60);
	tcase_add_loop_test(evenings, random_evenings, 0, 40);
	tcase_add_checked_fixture(rules, set_up, NULL);
	tcase_add_test(rules, carries_a_change_out_alone);
	tcase_add_test(rules, late_announcement_joins_in_phase);
	tcase_add_test(rules, withdrawn_change_never_comes);
	tcase_add_test(rules, stale_view_changes_no_grid);
	tcase_add_test(rules, promoted_early_keeps_our_frame);
	tcase_add_test(rules, at_a_time_cuts_the_old_grid);
	tcase_add_test(rules, stops_from_the_next_frame);
	tcase_add_test(rules, stopped_on_the_box_until_another_run);
	tcase_add_test(rules, a_test_click_each_time_it_is_asked);
	tcase_add_test(rules, resumes_by_frame);
	tcase_add_test(rules, resumes_by_time);
	tcase_add_test(rules, resumes_what_it_had_promoted);
	tcase_add_test(rules, catches_up_with_a_missed_change);
	tcase_add_test(rules, no_legacy_places_by_the_record);
	tcase_add_test(rules, stop_on_the_box_survives_a_restart);
	suite_add_tcase(s, evenings);
	suite_add_tcase(s, rules);
	return s;
}

int main(void)
{
	SRunner *runner = srunner_create(suite());
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
