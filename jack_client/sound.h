/*
 * sound.h - the click's sounds, synthesised once for the server's rate.
 *
 * Three sets (beep, wood, cowbell) of three (accent, beat, subdivision). Each
 * begins with a straight attack of SOUND_ATTACK_FRAMES from 1/8 up, at cosine
 * phase, so that its very first sample is well above silence and an onset can be
 * measured to the frame; it decays, is faded to zero at its end and is at most
 * SOUND_MAX_MS long, so that the shortest gap of all (eighths of 12/8 at 260 bpm,
 * 77 ms) still holds silence. Peaks are capped at -1 dBFS; the accent is loudest.
 */
#ifndef TACTUS_SOUND_H
#define TACTUS_SOUND_H

#include "grid.h"
#include "tempo_record.h"

#include <stddef.h>
#include <stdint.h>

#define SOUND_ATTACK_FRAMES 8
#define SOUND_MAX_MS 50
#define SOUND_PEAK_MAX 0.8912509f /* -1 dBFS */

struct sound {
	const float *samples; /* full scale 1 */
	uint32_t frames;
};

struct sounds {
	struct sound all[SOUND_COUNT][ONSET_ROLES];
	size_t bytes;    /* of this whole struct */
	float samples[]; /* all of them, one behind the other */
};

/* All sounds for that rate. NULL: no memory. Thread: non-RT (reading them is RT-safe).
 * Owns: the caller destroys. */
struct sounds *sounds_create(uint32_t rate_hz);

/* NULL is legal. */
void sounds_destroy(struct sounds *sounds);

#endif
