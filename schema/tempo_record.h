/*
 * tempo_record.h - TempoState in memory: the one record that makes the click.
 *
 * It is whole: whoever has the newest one needs no other. The daemon writes it to
 * the `tempo` ring on every change; the click turns it into frames once.
 *
 * Identity. Each grid has an id, unique and rising within a boot. `pending`'s id
 * becomes `current`'s when it comes into force; the click carries that out by
 * itself, and when the daemon later publishes the promoted record, the click
 * recognises the id and keeps the frames it has. Each start from standing still
 * has a run id: a stop on the box (`tactus-click --stop`) holds until a record
 * with another run id comes.
 *
 * Pure. Thread: any. RT-safe: yes, all of it.
 */
#ifndef TACTUS_TEMPO_RECORD_H
#define TACTUS_TEMPO_RECORD_H

#include "beat.h"
#include "ring.h"

#include <stdbool.h>
#include <stdint.h>

#define TEMPO_PART "tempo" /* ring_name()'s part */
#define TEMPO_WORDS 18
#define TEMPO_SLOTS 64

/* Latest anchor, ns: 146 years of a clock that starts at boot. Adding LIMIT_BAR_MAX bars to it stays
 * within 64 bits. */
#define TEMPO_ANCHOR_MAX_NS (INT64_C(1) << 62)

/* The values are on record: append only. */
enum click_sound { SOUND_BEEP = 0, SOUND_WOOD = 1, SOUND_COWBELL = 2, SOUND_COUNT };

struct click_settings {
	int volume;       /* 0..LIMIT_VOLUME_MAX, per cent of full level */
	bool accent;      /* the bar's first beat sounds different */
	bool subdivision; /* the eighths between the beats sound too */
	enum click_sound sound;
	uint32_t tests_asked; /* rises by one with each click.test; each rise plays one click */
};

/* A grid: bar `anchor_bar` begins (its first sound leaves the converter) at anchor_ns. */
struct tempo_grid {
	uint64_t id; /* 0: none */
	struct beat_pace pace;
	int64_t anchor_ns;  /* CLOCK_MONOTONIC_RAW, 0..TEMPO_ANCHOR_MAX_NS */
	int64_t anchor_bar; /* 0..LIMIT_BAR_MAX */
};

enum tempo_pending {
	PENDING_NONE = 0,
	/* Starts at the frame at which the running grid begins bar anchor_bar; its anchor_ns is the
	 * daemon's estimate of that, for phones and for a click that was not there. */
	PENDING_AT_BAR = 1,
	/* Starts at anchor_ns with bar anchor_bar; the running grid is cut there, and before its
	 * own bar anchor_bar, whichever is first. */
	PENDING_AT_NS = 2
};

struct tempo_record {
	uint8_t session_id[16]; /* UUID bytes; all zero: no session drives the click */
	uint64_t revision;      /* the session's revision when this was published */
	uint64_t run_id;        /* 0: never started */
	bool running;
	int64_t next_bar;          /* standing still: the bar that the next start begins with */
	int64_t start_bar;         /* first bar after the count-in of this run */
	struct tempo_grid current; /* when not running: the last one (its anchor is history) */
	enum tempo_pending pending_kind;
	struct tempo_grid pending; /* ignored when PENDING_NONE */
	struct click_settings click;
};

/* The shape of the `tempo` region. */
extern const struct ring_shape tempo_shape;

/* "beep", "wood", "cowbell". */
const char *sound_name(enum click_sound sound);
int sound_from_name(const char *name, enum click_sound *out); /* 0 or -EINVAL */

/* True if every field is in range. What comes out of shared memory is asked before use. */
bool tempo_record_valid(const struct tempo_record *record);

/* To and from TEMPO_WORDS words. unpack: 0, or -EINVAL if a field is out of range (*out is then
 * unspecified). pack(unpack(w)) == w for all words that unpack accepts. */
void tempo_record_pack(const struct tempo_record *record, uint64_t words[TEMPO_WORDS]);
int tempo_record_unpack(const uint64_t words[TEMPO_WORDS], struct tempo_record *out);

/* The bar that has begun at now_ns, by this grid: anchor_bar - 1 or less before its anchor. */
int64_t tempo_grid_bar_at(const struct tempo_grid *grid, int64_t now_ns);

/* Raw time at which that bar begins. */
int64_t tempo_grid_bar_ns(const struct tempo_grid *grid, int64_t bar);

#endif
