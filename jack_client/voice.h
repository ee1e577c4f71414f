/*
 * voice.h - sounding clicks, mixed into a block.
 *
 * A small fixed pool: a click is shorter than the gap to the next, so two voices
 * at once are rare (a test click, a change) and more than VOICE_COUNT don't occur;
 * if they did, the oldest would make room.
 *
 * Thread: the real-time thread. RT-safe: yes, all of it.
 */
#ifndef TACTUS_VOICE_H
#define TACTUS_VOICE_H

#include "sound.h"

#include <stdint.h>

#define VOICE_COUNT 8

struct voice {
	const struct sound *sound; /* NULL: free */
	float gain;                /* 0..1 */
	uint32_t delay_frames;     /* until its first sample, from the next block's start */
	uint32_t played_frames;
};

struct voices {
	struct voice pool[VOICE_COUNT];
	unsigned next; /* the one to take next; the oldest */
};

/* All silent. */
void voices_init(struct voices *voices);

/*
 * Volume in per cent to gain: (volume/100)^2. Half way is a quarter (-12 dB), 70
 * is half (-6 dB), 100 is full level, 0 is silence: even steps to the ear over
 * the range a mixer's channel leaves to us.
 */
float voice_gain(int volume);

/* Let a sound begin delay_frames into the next block. */
void voices_start(struct voices *voices, const struct sound *sound, float gain,
		  uint32_t delay_frames);

/* Write the next block: silence and whatever sounds, clipped to -1..1. */
void voices_mix(struct voices *voices, float *out, uint32_t frames);

#endif
