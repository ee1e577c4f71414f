#include "voice.h"

#include <string.h>

void voices_init(struct voices *voices)
{
	*voices = (struct voices){0};
}

float voice_gain(int volume)
{
	float part = (float)volume / 100.0f;
	return part * part;
}

void voices_start(struct voices *voices, const struct sound *sound, float gain,
		  uint32_t delay_frames)
{
	voices->pool[voices->next] = (struct voice){
		.sound = sound,
		.gain = gain,
		.delay_frames = delay_frames,
	};
	voices->next = (voices->next + 1) % VOICE_COUNT;
}

static void add(struct voice *voice, float *out, uint32_t frames)
{
	uint32_t left = voice->sound->frames - voice->played_frames;
	const float *from = voice->sound->samples + voice->played_frames;
	uint32_t count = left < frames ? left : frames;
	for (uint32_t i = 0; i < count; i++)
		out[i] += voice->gain * from[i];
	voice->played_frames += count;
	if (count == left)
		voice->sound = NULL;
}

static void clip(float *out, uint32_t frames)
{
	for (uint32_t i = 0; i < frames; i++)
		out[i] = out[i] > 1.0f ? 1.0f : out[i] < -1.0f ? -1.0f : out[i];
}

void voices_mix(struct voices *voices, float *out, uint32_t frames)
{
	int sounding = 0;
	memset(out, 0, frames * sizeof out[0]);
	for (int v = 0; v < VOICE_COUNT; v++) {
		struct voice *voice = &voices->pool[v];
		if (voice->sound == NULL)
			continue;
		uint32_t delay = voice->delay_frames < frames ? voice->delay_frames : frames;
		voice->delay_frames -= delay;
		if (delay < frames)
			add(voice, out + delay, frames - delay);
		sounding++;
	}
	if (sounding > 1)
		clip(out, frames);
}
