/*
 * test_click_rig.h - the callback's whole work over real regions, without JACK.
 *
 * Plays the daemon (publish), the server (a frame counter and the time of its frame 0) and the ear
 * (onsets). Time is the test's own: each cycle is told when it was called, so every run is the same.
 * For one test program each; its state is the program's.
 */
#ifndef TEST_CLICK_RIG_H
#define TEST_CLICK_RIG_H

#include "clock.h"
#include "process.h"
#include "test_click_reference.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HZ 48000
#define PERIOD 256
#define LATENCY 1024
#define SILENCE (HZ / 50)

static char tempo_name[RING_NAME_MAX];
static char status_name[RING_NAME_MAX];
static struct ring_writer *feed;
static struct ring_reader *tempo;
static struct ring_reader *look;
static struct ring_writer *status_writer;
static struct sounds *sounds;
static struct process process;
static struct tempo_record record;
static struct status_record status;

/* The server: a counter, and the raw time at which its frame 0 was. */
static uint64_t frame;
static int64_t zero_ns;
/* The ear. */
static uint64_t onsets[10000];
static unsigned onset_count;
static unsigned silent;

static inline int64_t ns_of(uint64_t at)
{
	return zero_ns + (int64_t)(at * 1000000000 / HZ);
}

static inline void new_server(uint64_t first_frame)
{
	frame = first_frame;
	zero_ns = clock_now_ns() - (int64_t)(first_frame * 1000000000 / HZ);
}

static inline void new_process(bool with_legacy)
{
	uint64_t words[STATUS_WORDS];
	struct status_record legacy;
	bool usable = with_legacy && ring_writer_newest(status_writer, words) != 0 &&
		      status_record_unpack(words, &legacy) == 0;
	process_init(&process, HZ, sounds, tempo, status_writer, usable ? &legacy : NULL);
	atomic_store(&process.asked.latency_frames, LATENCY);
	ring_reader_close(tempo);
	ck_assert_int_eq(ring_reader_open(&tempo, tempo_name, &tempo_shape), 0);
	ck_assert_int_eq((int)ring_reader_refresh(tempo), RING_ATTACHED);
	process.tempo = tempo;
}

static inline void set_up(void)
{
	char region[32];
	snprintf(region, sizeof region, "test-click-%d", (int)getpid());
	ck_assert_int_eq(ring_guard_install(), 0);
	ring_name(tempo_name, region, TEMPO_PART);
	ring_name(status_name, region, STATUS_PART);
	ck_assert_int_eq(ring_writer_open(&feed, tempo_name, &tempo_shape, 0), 0);
	ck_assert_int_eq(ring_writer_open(&status_writer, status_name, &status_shape, 0), 0);
	ck_assert_int_eq(ring_reader_open(&look, status_name, &status_shape), 0);
	ring_reader_refresh(look);
	sounds = sounds_create(HZ);
	onset_count = 0;
	silent = SILENCE;
	new_server(1000000);
	tempo = NULL;
	new_process(false);
	record = (struct tempo_record){
		.current = {.pace = {.bpm = 120, .metre = METRE_4_4}},
		.click = {.volume = 100, .accent = true},
	};
}

static inline void tear_down(void)
{
	ring_reader_close(look);
	ring_reader_close(tempo);
	ring_writer_close(feed);
	ring_writer_close(status_writer);
	shm_unlink(tempo_name);
	shm_unlink(status_name);
	sounds_destroy(sounds);
}

static inline void publish(void)
{
	uint64_t words[TEMPO_WORDS];
	tempo_record_pack(&record, words);
	ring_write(feed, words);
}

static inline void start(uint64_t id, int bpm, uint64_t at_frame, int64_t bar)
{
	record.running = true;
	record.run_id = id;
	record.current = (struct tempo_grid){
		.id = id,
		.pace = {.bpm = bpm, .metre = METRE_4_4},
		.anchor_ns = ns_of(at_frame + LATENCY),
		.anchor_bar = bar,
	};
	publish();
}

static inline void hear(const float *out, unsigned frames)
{
	for (unsigned i = 0; i < frames; i++) {
		if (out[i] == 0.0f) {
			silent++;
			continue;
		}
		if (silent >= SILENCE)
			onsets[onset_count++] = frame + i;
		silent = 0;
	}
}

static inline void cycle(unsigned frames)
{
	static float out[8192];
	struct process_cycle now = {
		.now_ns = ns_of(frame) + 20000, .frame = (uint32_t)frame, .frames = frames};
	uint64_t words[STATUS_WORDS];
	process_run(&process, &now, out);
	hear(out, frames);
	frame += frames;
	if (ring_read_newest(look, words, NULL) == 1)
		ck_assert_int_eq(status_record_unpack(words, &status), 0);
}

static inline void run(double seconds)
{
	uint64_t until = frame + (uint64_t)(seconds * HZ);
	while (frame < until)
		cycle(PERIOD);
}

/* What was heard from onset `from` on lies on the grid, none missing. */
static inline void expect_grid(unsigned from, uint64_t anchor, int bpm)
{
	struct ref_clock clock = ref_start(HZ, bpm, 2, false, (int64_t)anchor, 0);
	ck_assert_uint_gt(onset_count, from + 1);
	while (ref_now(&clock).frame < (int64_t)onsets[from])
		ref_step(&clock);
	for (unsigned i = from; i < onset_count; i++) {
		int64_t off = (int64_t)onsets[i] - ref_now(&clock).frame;
		if (off != 0)
			ck_abort_msg("onset %u is %lld off", i, (long long)off);
		ref_step(&clock);
	}
}

#endif
