/*
 * The click's core: onsets lie where arithmetic says, however the frames are cut.
 *
 * Every metre, every bpm, three sample rates, buffer sizes 16 to 4096 and odd ones,
 * against the counting reference.
 */
#include "check_main.h"
#include "core.h"
#include "limits.h"
#include "test_click_reference.h"

#include <check.h>
#include <stdlib.h>

#define LINE_NS INT64_C(1000000000000)
#define RATES 3

static const int64_t rates[RATES] = {44100, 48000, 96000};

struct rig {
	struct core core;
	struct core_moment moment;
	struct tempo_record record;
	struct ref_clock reference;
	int64_t hz;
};

static int64_t ns_of(const struct rig *rig, int64_t frame)
{
	return LINE_NS + (int64_t)((long double)frame * 1e9L / (long double)rig->hz + 0.5L);
}

/* A running grid whose bar `bar` begins at frame `anchor`, seen with some playback latency. */
static void set_up(struct rig *rig, int64_t hz, int bpm, int metre, int64_t anchor, int64_t bar)
{
	const uint32_t latency = 256;
	*rig = (struct rig){.hz = hz};
	rig->moment = (struct core_moment){
		.now_ns = LINE_NS,
		.line = {.frame = 0, .ns = LINE_NS, .ns_per_frame = 1e9 / (double)hz},
		.line_good = true,
		.latency_frames = latency,
	};
	rig->record = (struct tempo_record){
		.run_id = 1,
		.running = true,
		.current = {.id = 1,
			    .pace = {.bpm = bpm, .metre = (enum metre)metre},
			    .anchor_ns = ns_of(rig, anchor + latency),
			    .anchor_bar = bar},
		.click = {.volume = 100, .accent = true, .subdivision = true},
	};
	core_init(&rig->core, hz, NULL);
	rig->reference = ref_start(hz, bpm, metre, true, anchor, bar);
}

static void begin(struct rig *rig, int64_t frame)
{
	rig->moment.frame = frame;
	rig->moment.now_ns = ns_of(rig, frame);
	core_begin(&rig->core, &rig->moment);
}

/* check's own asserts leave a mark in a file each time; millions of them take their time. */
#define HOLDS(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			ck_abort_msg("%s", #condition);                                            \
	} while (0)

static void expect(struct rig *rig, const struct onset *onset)
{
	struct ref_onset want = ref_now(&rig->reference);
	HOLDS(onset->frame == want.frame);
	HOLDS(onset->bar == want.bar);
	HOLDS((int)onset->role == want.role);
	ref_step(&rig->reference);
}

/* One block; every onset in it is the next of the reference, and none is missing. */
static void block(struct rig *rig, int64_t from, int64_t frames)
{
	struct onset onset;
	begin(rig, from);
	while (core_next(&rig->core, from + frames, &onset)) {
		HOLDS(onset.frame >= from && onset.frame < from + frames);
		expect(rig, &onset);
	}
	HOLDS(ref_now(&rig->reference).frame >= from + frames);
}

/* size 0: sizes drawn anew each time. */
static void play(struct rig *rig, int64_t from, int64_t to, int size, uint64_t seed)
{
	static const int odd[] = {1, 17, 16, 333, 64, 4096, 1023, 512, 5};
	begin(rig, from);
	core_take(&rig->core, &rig->record);
	while (from < to) {
		int frames = size > 0 ? size : odd[ref_random(&seed) % 9];
		block(rig, from, frames);
		from += frames;
	}
}

START_TEST(every_metre_bpm_and_rate)
{
	/* _i counts metre and rate. */
	int metre = _i % METRE_COUNT;
	int64_t hz = rates[_i / METRE_COUNT];
	struct rig rig;
	for (int bpm = LIMIT_BPM_MIN; bpm <= LIMIT_BPM_MAX; bpm++) {
		set_up(&rig, hz, bpm, metre, 5000 + bpm, bpm % 7);
		play(&rig, 0, 10 * hz, 4096, 0);
		set_up(&rig, hz, bpm, metre, 5000 + bpm, bpm % 7);
		play(&rig, 0, 10 * hz, 0, (uint64_t)bpm);
		ck_assert_uint_eq(rig.core.late_anchors, 0);
	}
}
END_TEST

START_TEST(every_split)
{
	static const int sizes[] = {1,   16,  17,  32,   64,   100,  128,
				    256, 333, 512, 1024, 2048, 4096, 0};
	static const int bpms[] = {30, 31, 60, 97, 133, 181, 259, 260};
	struct rig rig;
	for (int i = 0; i < 8; i++) {
		for (int metre = 0; metre < METRE_COUNT; metre++) {
			for (int r = 0; r < RATES; r++) {
				set_up(&rig, rates[r], bpms[i], metre, 777, 0);
				play(&rig, 0, (sizes[_i] == 1 ? 1 : 3) * rates[r], sizes[_i], 99);
			}
		}
	}
}
END_TEST

/* A week later, joined in the middle: not one frame off. */
START_TEST(exact_after_a_week)
{
	static const int bpms[] = {30, 97, 133, 181, 260};
	int64_t hz = rates[_i];
	int64_t week = 7 * 24 * 3600 * hz;
	struct rig rig;
	for (int i = 0; i < 5; i++) {
		set_up(&rig, hz, bpms[i], METRE_12_8, 1000, 0);
		begin(&rig, 0);
		core_take(&rig.core, &rig.record);
		begin(&rig, week);
		while (ref_now(&rig.reference).frame < week)
			ref_step(&rig.reference);
		for (int64_t at = week; at < week + 10 * hz; at += 1024)
			block(&rig, at, 1024);
	}
}
END_TEST

/* An anchor that is past is joined where the grid stands now, and nothing is replayed. */
START_TEST(late_anchor_joins_in_phase)
{
	struct rig rig;
	set_up(&rig, 48000, 133, METRE_6_8, 1000, 3);
	while (ref_now(&rig.reference).frame < 500000)
		ref_step(&rig.reference);
	play(&rig, 500000, 900000, 128, 0);
	ck_assert_uint_eq(rig.core.late_anchors, 1);
}
END_TEST

START_TEST(nothing_before_the_anchor)
{
	struct rig rig;
	struct onset onset;
	set_up(&rig, 48000, 120, METRE_4_4, 96000, 0);
	begin(&rig, 0);
	core_take(&rig.core, &rig.record);
	ck_assert(core_running(&rig.core));
	ck_assert(!core_next(&rig.core, 96000, &onset));
	begin(&rig, 96000);
	ck_assert(core_next(&rig.core, 96001, &onset));
	ck_assert_int_eq(onset.frame, 96000);
	ck_assert_int_eq((int)onset.role, ONSET_ACCENT);
}
END_TEST

/* Without subdivision only the beats, without accent no accent. */
START_TEST(settings_choose_onsets)
{
	struct rig rig;
	struct onset onset;
	set_up(&rig, 48000, 120, METRE_3_4, 0, 0);
	rig.record.click.subdivision = false;
	rig.record.click.accent = false;
	begin(&rig, 0);
	core_take(&rig.core, &rig.record);
	for (int beat = 0; beat < 7; beat++) {
		ck_assert(core_next(&rig.core, 1000000, &onset));
		ck_assert_int_eq(onset.frame, beat * 24000);
		ck_assert_int_eq((int)onset.role, ONSET_BEAT);
	}
	rig.record.click.accent = true;
	core_take(&rig.core, &rig.record);
	ck_assert(core_next(&rig.core, 1000000, &onset));
	ck_assert_int_eq((int)onset.role, ONSET_BEAT);
	ck_assert(core_next(&rig.core, 1000000, &onset));
	ck_assert(core_next(&rig.core, 1000000, &onset));
	ck_assert_int_eq(onset.frame, 9 * 24000);
	ck_assert_int_eq((int)onset.role, ONSET_ACCENT);
}
END_TEST

/* A cycle that is told twice repeats no onset. */
START_TEST(no_onset_twice)
{
	struct rig rig;
	struct onset onset;
	set_up(&rig, 48000, 120, METRE_4_4, 100, 0);
	begin(&rig, 0);
	core_take(&rig.core, &rig.record);
	ck_assert(core_next(&rig.core, 128, &onset));
	ck_assert(!core_next(&rig.core, 128, &onset));
	begin(&rig, 0);
	ck_assert(!core_next(&rig.core, 128, &onset));
}
END_TEST

/* Until the line is good, nothing is placed; then it is, by the same anchor. */
START_TEST(waits_for_the_line)
{
	struct rig rig;
	struct onset onset;
	set_up(&rig, 48000, 120, METRE_4_4, 50000, 0);
	rig.moment.line_good = false;
	begin(&rig, 0);
	core_take(&rig.core, &rig.record);
	ck_assert(core_waits(&rig.core));
	ck_assert(!core_running(&rig.core));
	ck_assert(!core_next(&rig.core, 20000, &onset));
	rig.moment.line_good = true;
	begin(&rig, 20000);
	ck_assert(core_running(&rig.core));
	ck_assert(core_next(&rig.core, 60000, &onset));
	ck_assert_int_eq(onset.frame, 50000);
}
END_TEST

/* The latency of a run is that of its start, whatever is plugged in later. */
START_TEST(latency_is_latched_for_the_run)
{
	struct rig rig;
	struct status_record told;
	set_up(&rig, 48000, 120, METRE_4_4, 50000, 0);
	begin(&rig, 0);
	core_take(&rig.core, &rig.record);
	rig.moment.latency_frames = 4096;
	begin(&rig, 1000);
	rig.record.current.id = 2;
	core_take(&rig.core, &rig.record);
	core_tell(&rig.core, &told);
	ck_assert_int_eq(told.anchor_frame, 50000);
	ck_assert_uint_eq(told.latency_frames, 256);
	rig.record.current.id = 3;
	rig.record.run_id = 2;
	core_take(&rig.core, &rig.record);
	core_tell(&rig.core, &told);
	ck_assert_int_eq(told.anchor_frame, 50000 + 256 - 4096);
	ck_assert_uint_eq(told.latency_frames, 4096);
}
END_TEST

START_TEST(nonsense_anchors_are_refused)
{
	struct rig rig;
	struct onset onset;
	set_up(&rig, 48000, 120, METRE_4_4, 100, 0);
	begin(&rig, 0);
	core_take(&rig.core, &rig.record);
	rig.record.current.id = 9;
	rig.record.current.anchor_ns = INT64_MAX;
	core_take(&rig.core, &rig.record);
	rig.record.current.anchor_ns = LINE_NS;
	rig.record.pending_kind = PENDING_AT_NS;
	rig.record.pending = rig.record.current;
	rig.record.pending.anchor_ns = INT64_MAX - 5;
	core_take(&rig.core, &rig.record);
	ck_assert_uint_eq(rig.core.grid.id, 1);
	ck_assert(core_next(&rig.core, 128, &onset));
	ck_assert_int_eq(onset.frame, 100);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("click_core");
	TCase *sweep = tcase_create("sweep");
	TCase *rules = tcase_create("rules");
	tcase_set_timeout(sweep, 120);
	tcase_add_loop_test(sweep, every_metre_bpm_and_rate, 0, METRE_COUNT * RATES);
	tcase_add_loop_test(sweep, every_split, 0, 14);
	tcase_add_loop_test(sweep, exact_after_a_week, 0, RATES);
	tcase_add_test(rules, late_anchor_joins_in_phase);
	tcase_add_test(rules, nothing_before_the_anchor);
	tcase_add_test(rules, settings_choose_onsets);
	tcase_add_test(rules, no_onset_twice);
	tcase_add_test(rules, waits_for_the_line);
	tcase_add_test(rules, latency_is_latched_for_the_run);
	tcase_add_test(rules, nonsense_anchors_are_refused);
	suite_add_tcase(s, sweep);
	suite_add_tcase(s, rules);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
