#include "sound.h"

#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PARTIALS_MAX 3
#define FADE_MS 5.0

/* What a sound is made of: partials that sum at cosine phase under one decay. */
struct recipe {
	double hz[PARTIALS_MAX];
	double share[PARTIALS_MAX]; /* relative levels */
	double length_ms;           /* at most SOUND_MAX_MS */
	double decay_ms;            /* to 1/e */
	double peak;
};

static const struct recipe recipes[SOUND_COUNT][ONSET_ROLES] =
	{
		[SOUND_BEEP] =
			{
				[ONSET_ACCENT] = {{1760}, {1}, 50, 25, 0.85},
				[ONSET_BEAT] = {{1175}, {1}, 45, 22, 0.65},
				[ONSET_SUBDIVISION] = {{880}, {1}, 30, 12, 0.35},
			},
		[SOUND_WOOD] =
			{
				[ONSET_ACCENT] = {{1230, 2890, 4310}, {1, 0.5, 0.25}, 40, 8, 0.85},
				[ONSET_BEAT] = {{920, 2160, 3220}, {1, 0.5, 0.25}, 40, 8, 0.7},
				[ONSET_SUBDIVISION] = {{760, 1790}, {1, 0.4}, 30, 6, 0.4},
			},
		[SOUND_COWBELL] =
			{
				[ONSET_ACCENT] = {{845, 1268, 2536}, {1, 0.9, 0.3}, 50, 20, 0.85},
				[ONSET_BEAT] = {{562, 845, 1690}, {1, 0.9, 0.3}, 50, 18, 0.65},
				[ONSET_SUBDIVISION] = {{562, 845}, {1, 0.9}, 30, 9, 0.35},
			},
};

static uint32_t length_frames(const struct recipe *recipe, uint32_t rate_hz)
{
	return (uint32_t)(recipe->length_ms * 1e-3 * rate_hz);
}

static double envelope(const struct recipe *recipe, uint32_t rate_hz, uint32_t i)
{
	double ms = 1e3 * i / rate_hz;
	double level = exp(-ms / recipe->decay_ms);
	if (i < SOUND_ATTACK_FRAMES)
		level *= (i + 1.0) / SOUND_ATTACK_FRAMES;
	double left_ms = recipe->length_ms - ms;
	if (left_ms < FADE_MS)
		level *= 0.5 - 0.5 * cos(M_PI * left_ms / FADE_MS);
	return level;
}

static double partials(const struct recipe *recipe, uint32_t rate_hz, uint32_t i)
{
	double sum = 0;
	for (int p = 0; p < PARTIALS_MAX; p++) {
		if (recipe->hz[p] < rate_hz / 2.0)
			sum += recipe->share[p] * cos(2 * M_PI * recipe->hz[p] * i / rate_hz);
	}
	return sum;
}

static void synthesise(const struct recipe *recipe, uint32_t rate_hz, float *out, uint32_t frames)
{
	double peak = 0;
	for (uint32_t i = 0; i < frames; i++) {
		out[i] = (float)(envelope(recipe, rate_hz, i) * partials(recipe, rate_hz, i));
		peak = fmax(peak, fabs((double)out[i]));
	}
	for (uint32_t i = 0; i < frames; i++)
		out[i] = (float)(out[i] * recipe->peak / peak);
}

static size_t total_frames(uint32_t rate_hz)
{
	size_t total = 0;
	for (int set = 0; set < SOUND_COUNT; set++) {
		for (int role = 0; role < ONSET_ROLES; role++)
			total += length_frames(&recipes[set][role], rate_hz);
	}
	return total;
}

struct sounds *sounds_create(uint32_t rate_hz)
{
	size_t bytes = sizeof(struct sounds) + total_frames(rate_hz) * sizeof(float);
	struct sounds *sounds = malloc(bytes);
	if (sounds == NULL)
		return NULL;
	sounds->bytes = bytes;
	float *next = sounds->samples;
	for (int set = 0; set < SOUND_COUNT; set++) {
		for (int role = 0; role < ONSET_ROLES; role++) {
			const struct recipe *recipe = &recipes[set][role];
			struct sound *sound = &sounds->all[set][role];
			sound->frames = length_frames(recipe, rate_hz);
			sound->samples = next;
			synthesise(recipe, rate_hz, next, sound->frames);
			next += sound->frames;
		}
	}
	/* The callback must not wait for a page. Without the right to lock, it is merely likely. */
	(void)mlock(sounds, bytes);
	return sounds;
}

void sounds_destroy(struct sounds *sounds)
{
	if (sounds != NULL)
		(void)munlock(sounds, sounds->bytes);
	free(sounds);
}
