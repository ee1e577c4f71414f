/*
 * tempo_fixture.h - one session's tempo under test, and the ways to ask it at a moment.
 */
#ifndef TEST_TEMPO_FIXTURE_H
#define TEST_TEMPO_FIXTURE_H

#include "clock.h"
#include "tempo.h"

#include <check.h>

#define MS CLOCK_NS_PER_MS
#define NOW INT64_C(5000000000000)
#define LEAD (50 * MS)
#define BEAT (500 * MS) /* of 120 bpm */
#define BAR (4 * BEAT)

static struct tempo tempo;
static uint64_t id;

static inline struct tempo_now at(int64_t now_ns)
{
	return (struct tempo_now){.now_ns = now_ns, .lead_ns = LEAD, .fresh_id = ++id};
}

static inline void set_up(void)
{
	id = 0;
	tempo_init(&tempo, ++id);
}

/* 120, 4/4, bar 0 at NOW. */
static inline void set_up_running(void)
{
	set_up();
	struct tempo_now when = at(NOW - 500 * MS);
	ck_assert_int_eq(tempo_start(&tempo, &when, NOW, 0), 0);
}

static inline int set_at(int64_t now_ns, int bpm, enum metre metre, int in_bars, int64_t anchor_ns,
			 int64_t *at_bar)
{
	struct tempo_now when = at(now_ns);
	struct beat_pace pace = {.bpm = bpm, .metre = metre};
	*at_bar = -1;
	return tempo_set(&tempo, &when, &pace, in_bars, anchor_ns, at_bar);
}

static inline int stop_at(int64_t now_ns)
{
	struct tempo_now when = at(now_ns);
	return tempo_stop(&tempo, &when);
}

static inline int cancel_at(int64_t now_ns)
{
	struct tempo_now when = at(now_ns);
	return tempo_cancel(&tempo, &when);
}

#endif
