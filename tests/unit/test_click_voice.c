/*
 * The click's sounds and their mixing.
 */
#include "check_main.h"
#include "sound.h"
#include "voice.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

static const uint32_t rates[] = {8000, 44100, 48000, 96000, 192000, 384000};
static struct sounds *sounds;
static uint32_t rate;

static void set_up(uint32_t rate_hz)
{
	rate = rate_hz;
	sounds = sounds_create(rate_hz);
	ck_assert_ptr_nonnull(sounds);
}

static double peak_of(const float *samples, uint32_t frames)
{
	double peak = 0;
	for (uint32_t i = 0; i < frames; i++)
		peak = fmax(peak, fabs((double)samples[i]));
	return peak;
}

static void check_sound(const struct sound *sound)
{
	double peak = peak_of(sound->samples, sound->frames);
	ck_assert_double_le(peak, (double)SOUND_PEAK_MAX);
	ck_assert_double_ge(peak, 0.3);
	/* A detector at a twentieth of the peak finds the first frame itself. */
	ck_assert_double_gt(fabs((double)sound->samples[0]), 0.05 * peak);
	ck_assert_uint_le(sound->frames, rate * SOUND_MAX_MS / 1000);
	/* It ends in a fade, not in a step. */
	ck_assert_double_le(fabs((double)sound->samples[sound->frames - 1]), 0.002 * peak);
	double step_max = 0;
	for (uint32_t i = sound->frames - rate / 1000; i < sound->frames; i++)
		step_max = fmax(step_max,
				fabs((double)sound->samples[i] - (double)sound->samples[i - 1]));
	ck_assert_double_le(step_max, 0.05 * peak);
}

START_TEST(every_sound_at_every_rate)
{
	set_up(rates[_i]);
	for (int set = 0; set < SOUND_COUNT; set++) {
		for (int role = 0; role < ONSET_ROLES; role++)
			check_sound(&sounds->all[set][role]);
		ck_assert_double_gt(peak_of(sounds->all[set][ONSET_ACCENT].samples, rate / 50),
				    peak_of(sounds->all[set][ONSET_BEAT].samples, rate / 50));
		ck_assert_double_gt(
			peak_of(sounds->all[set][ONSET_BEAT].samples, rate / 50),
			peak_of(sounds->all[set][ONSET_SUBDIVISION].samples, rate / 50));
	}
	sounds_destroy(sounds);
}
END_TEST

/* Silence before the next eighth, even in 12/8 at 260. */
START_TEST(ends_before_the_next_eighth)
{
	set_up(48000);
	for (int set = 0; set < SOUND_COUNT; set++) {
		for (int role = 0; role < ONSET_ROLES; role++)
			ck_assert_uint_lt(sounds->all[set][role].frames + 48000 / 50,
					  48000 * 60 / (260 * 3));
	}
	sounds_destroy(sounds);
}
END_TEST

START_TEST(volume_curve)
{
	ck_assert(voice_gain(0) == 0.0f);
	ck_assert(voice_gain(100) == 1.0f);
	for (int volume = 1; volume <= 100; volume++)
		ck_assert(voice_gain(volume) > voice_gain(volume - 1));
	ck_assert_double_eq_tol((double)voice_gain(70), 0.49, 1e-6);
}
END_TEST

/* The samples are the same however the block is cut, and start exactly where asked. */
START_TEST(same_samples_for_every_split)
{
	static const uint32_t splits[] = {1, 16, 17, 333, 1024, 4096};
	float whole[8192];
	set_up(48000);
	const struct sound *sound = &sounds->all[SOUND_WOOD][ONSET_ACCENT];
	struct voices voices;
	voices_init(&voices);
	voices_start(&voices, sound, 0.5f, 1234);
	voices_mix(&voices, whole, 8192);
	for (uint32_t i = 0; i < 8192; i++) {
		float want = 0.0f;
		if (i >= 1234 && i < 1234 + sound->frames)
			want = 0.5f * sound->samples[i - 1234];
		if (whole[i] != want)
			ck_abort_msg("sample %u", i);
	}
	for (int s = 0; s < 6; s++) {
		float parts[8192 + 4096];
		voices_init(&voices);
		voices_start(&voices, sound, 0.5f, 1234);
		for (uint32_t at = 0; at < 8192; at += splits[s])
			voices_mix(&voices, parts + at, splits[s]);
		for (uint32_t i = 0; i < 8192; i++) {
			if (parts[i] != whole[i])
				ck_abort_msg("sample %u in blocks of %u", i, splits[s]);
		}
	}
	sounds_destroy(sounds);
}
END_TEST

START_TEST(mix_is_clipped_and_the_pool_bounded)
{
	float out[4096];
	set_up(48000);
	struct voices voices;
	voices_init(&voices);
	for (int i = 0; i < 3 * VOICE_COUNT; i++)
		voices_start(&voices, &sounds->all[SOUND_BEEP][ONSET_ACCENT], 1.0f, 0);
	voices_mix(&voices, out, 4096);
	ck_assert(peak_of(out, 4096) == 1.0);
	/* And silence when all have rung out. */
	voices_mix(&voices, out, 4096);
	ck_assert(peak_of(out, 4096) == 0.0);
	sounds_destroy(sounds);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("click_voice");
	TCase *tc = tcase_create("voice");
	tcase_add_loop_test(tc, every_sound_at_every_rate, 0, 6);
	tcase_add_test(tc, ends_before_the_next_eighth);
	tcase_add_test(tc, volume_curve);
	tcase_add_test(tc, same_samples_for_every_split);
	tcase_add_test(tc, mix_is_clipped_and_the_pool_bounded);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
