/*
 * air.h - the loudspeaker's side: what the daemon tells the click, and hears from it.
 *
 * Holds the two regions: `tempo` (we write) and `status` (the click writes). At
 * most one session is on the air; which one is hub.h's business, here it is only
 * the record that was published last.
 *
 * Thread: loop. air_publish() is wait-free and never touches the disk.
 */
#ifndef TACTUS_AIR_H
#define TACTUS_AIR_H

#include "status_record.h"
#include "tempo_record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct air;

enum air_audio {
	AIR_AUDIO_NONE, /* no click program runs */
	AIR_AUDIO_LOST, /* it runs, but the sound card or its server stands still */
	AIR_AUDIO_OK
};

/* Open both regions of that name. 0, or -errno with a sentence in `message`: another daemon writes
 * there, no permission. Owns: the caller closes. */
int air_open(struct air **out, const char *region, char *message, size_t message_size);
void air_close(struct air *air);

/* Unix time minus CLOCK_MONOTONIC_RAW, ns: the label of every time on the wire. */
int64_t air_offset_ns(const struct air *air);

/* The record that was in force when the daemon last died. 1, or 0 if there is none or no good one. */
int air_recovered(const struct air *air, struct tempo_record *out);

/* Have the click play this record from now on. */
void air_publish(struct air *air, const struct tempo_record *record);

/* Read the click's newest status and judge its liveness. Call every 50 ms. */
void air_poll(struct air *air, int64_t now_ns);

/* Repair the regions if someone damaged them. Call once a second. */
void air_mend(struct air *air);

enum air_audio air_audio(const struct air *air);
const char *air_audio_name(enum air_audio audio); /* "none", "lost", "ok" */

/* The newest status, or NULL if there is none that is alive. */
const struct status_record *air_status(const struct air *air);

/* How long before its sound a grid must be published for the click to miss none of it, ns. */
int64_t air_lead_ns(const struct air *air);

/* An id for a new grid: unique and rising, also over restarts of the daemon within a boot. */
uint64_t air_fresh_id(struct air *air, int64_t now_ns);

#endif
