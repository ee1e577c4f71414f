/*
 * tempo.h - the rules of one session's tempo.
 *
 * Turns what the controller asks for into the next TempoState record: when a
 * start begins, which bar a change can still reach, where tapped beats put the
 * next 1, what becomes of what is pending. It knows no clock, socket, ring or
 * database: the caller passes the time, publishes, tells and stores.
 *
 * `lead_ns` is how long before its sound a grid must be known to the click for
 * not one onset of it to be missed (playback latency plus the periods in hand).
 *
 * Results: 0, or -errno as each function says; nothing is changed then.
 * Pure. Thread: one at a time.
 */
#ifndef TACTUS_TEMPO_H
#define TACTUS_TEMPO_H

#include "taps.h"
#include "tempo_record.h"

struct tempo {
	struct tempo_record record; /* what the click and the phones know */
	int64_t next_bar;           /* the bar a start begins with; valid while standing still */
	struct taps taps;
};

/* When a rule is applied: now, how far ahead one must be, and an id for the grid that comes of it
 * (unique and rising, see tempo_record.h). */
struct tempo_now {
	int64_t now_ns;
	int64_t lead_ns;
	uint64_t fresh_id;
};

/* 120, 4/4, standing still, bar 0 next; the click's settings at their defaults. */
void tempo_init(struct tempo *tempo, uint64_t fresh_id);

/* Start with `count_in_bars` before the first counted bar, the first sound at anchor_ns. An anchor
 * that is past already is joined in phase. -EALREADY: it runs. */
int tempo_start(struct tempo *tempo, const struct tempo_now *when, int64_t anchor_ns,
		int count_in_bars);

/* Stand still at once; no bar that may have sounded is begun again. 1 if it ran, 0 if it stood
 * still already. */
int tempo_stop(struct tempo *tempo, const struct tempo_now *when);

/*
 * Change the pace. Standing still: at once. Running: in_bars > 0 bars after the
 * bar that plays (0: the next one), but not before what lead_ns can reach; or
 * with a bar that begins at anchor_ns (not 0). Replaces what is pending; a change to
 * the pace that runs already (without an anchor) withdraws it.
 * *at_bar is the bar with which it begins. -ERANGE: anchor_ns nearer than lead_ns.
 * -EBUSY: what is pending begins, or silences the running grid, within lead_ns and can't be
 * replaced any more.
 */
int tempo_set(struct tempo *tempo, const struct tempo_now *when, const struct beat_pace *pace,
	      int in_bars, int64_t anchor_ns, int64_t *at_bar);

/* Withdraw what is pending. -ENOENT: nothing is. -EBUSY: too late, as above. */
int tempo_cancel(struct tempo *tempo, const struct tempo_now *when);

enum tempo_tapped {
	TAPPED_COUNTED, /* not enough yet, or nothing to change */
	TAPPED_STARTED, /* the record now runs */
	TAPPED_CHANGED  /* the record now has another pending */
};

/* A tap. *out is what the series says. song_bpm: of the song that is on, or 0; a series within
 * TEMPO_SONG_PERCENT of it means the song's tempo, and gives the phase only. -ERANGE: the series is
 * regular but its bpm is out of range; else an enum tempo_tapped. */
#define TEMPO_SONG_PERCENT 4
int tempo_tap(struct tempo *tempo, const struct tempo_now *when, int64_t at_ns, int song_bpm,
	      struct taps_estimate *out);

/* What is pending becomes current once its time has come. 1 if it did: then say so to everyone. Call
 * it every 50 ms and ahead of every other rule, which take `current` for what is in force. */
int tempo_promote(struct tempo *tempo, int64_t now_ns);

/* Tell the grid in force by another anchor: bar `bar` was found to begin at bar_ns. */
void tempo_reanchor(struct tempo *tempo, int64_t bar, int64_t bar_ns);

/* The bar that a start after a power cut may begin with: none that can have sounded until
 * until_ns is below it. */
int64_t tempo_bar_after(const struct tempo *tempo, int64_t until_ns);

#endif
