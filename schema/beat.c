#include "beat.h"

#include "limits.h"

/* Floor division; C's own truncates towards zero. den > 0. */
static int64_t div_floor(int64_t num, int64_t den)
{
	int64_t q = num / den;
	return (num % den < 0) ? q - 1 : q;
}

bool beat_pace_valid(const struct beat_pace *pace)
{
	return pace->bpm >= LIMIT_BPM_MIN && pace->bpm <= LIMIT_BPM_MAX &&
	       metre_valid((int)pace->metre);
}

int64_t beat_offset(const struct beat_pace *pace, int64_t hz, int parts, int64_t k)
{
	/* k = minutes * den + rest splits off whole minutes, so that no product passes 64 bits. */
	int64_t den = (int64_t)pace->bpm * parts;
	int64_t minutes = div_floor(k, den);
	int64_t rest = k - minutes * den;
	return minutes * 60 * hz + (2 * rest * 60 * hz + den) / (2 * den);
}

int64_t beat_last_until(const struct beat_pace *pace, int64_t hz, int parts, int64_t offset)
{
	/* The estimate is within one of the answer: rounding moves a tick by at most a half. */
	int64_t den = (int64_t)pace->bpm * parts;
	int64_t minutes = div_floor(offset, 60 * hz);
	int64_t rest = offset - minutes * 60 * hz;
	/* rest < 60 * hz <= 6e10 and den <= 260 * 3: the product stays below 5e13. */
	int64_t k = minutes * den + rest * den / (60 * hz) + 1;
	while (beat_offset(pace, hz, parts, k) > offset)
		k--;
	return k;
}

int64_t beat_first_from(const struct beat_pace *pace, int64_t hz, int parts, int64_t offset)
{
	return beat_last_until(pace, hz, parts, offset - 1) + 1;
}

int64_t beat_bar_offset(const struct beat_pace *pace, int64_t hz, int64_t bars)
{
	return beat_offset(pace, hz, 1, bars * metre_beats(pace->metre));
}

int64_t beat_bars_begun(const struct beat_pace *pace, int64_t hz, int64_t offset)
{
	return div_floor(beat_last_until(pace, hz, 1, offset), metre_beats(pace->metre));
}
