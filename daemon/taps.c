#include "taps.h"

#include "clock.h"
#include "limits.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define RATIO_MISHIT 0.6
#define RATIO_MISSED 1.6

/* Nearer than 0.6 of the fastest beat there is: no tempo taps like this. */
static const int64_t bounce_ns = (int64_t)(RATIO_MISHIT * 60e9 / LIMIT_BPM_MAX);

/* Taps that hold, each with the beat it fell on. */
struct held {
	int64_t at_ns[TAPS_MAX];
	int64_t index[TAPS_MAX];
	int count;
	int regular;
};

void taps_clear(struct taps *taps)
{
	memset(taps, 0, sizeof *taps);
}

static int compare_ns(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static double median_interval_ns(const struct taps *taps)
{
	int64_t intervals[TAPS_MAX];
	int count = taps->count - 1;
	for (int i = 0; i < count; i++)
		intervals[i] = taps->at_ns[i + 1] - taps->at_ns[i];
	qsort(intervals, (size_t)count, sizeof intervals[0], compare_ns);
	return (double)intervals[(count - 1) / 2];
}

static void hold(struct held *held, int64_t at_ns, int64_t index)
{
	held->at_ns[held->count] = at_ns;
	held->index[held->count] = index;
	held->count++;
}

static void sort_out(const struct taps *taps, struct held *held)
{
	held->count = 0;
	held->regular = 0;
	if (taps->count == 0)
		return;
	hold(held, taps->at_ns[0], taps->beats_dropped);
	double median_ns = taps->count > 1 ? median_interval_ns(taps) : 0;
	for (int i = 1; i < taps->count; i++) {
		int last = held->count - 1;
		double ratio = (double)(taps->at_ns[i] - held->at_ns[last]) / median_ns;
		if (ratio < RATIO_MISHIT)
			continue;
		bool bridged = ratio > RATIO_MISSED;
		hold(held, taps->at_ns[i], held->index[last] + (bridged ? llround(ratio) : 1));
		held->regular += !bridged;
	}
}

/* The oldest tap makes room; the beats between it and its successor stay counted. */
static void drop_oldest(struct taps *taps)
{
	struct held held;
	sort_out(taps, &held);
	if (held.count > 1 && held.at_ns[1] == taps->at_ns[1])
		taps->beats_dropped = held.index[1];
	memmove(&taps->at_ns[0], &taps->at_ns[1], (TAPS_MAX - 1) * sizeof taps->at_ns[0]);
	taps->count--;
}

int taps_add(struct taps *taps, int64_t at_ns)
{
	if (taps->count > 0) {
		int64_t since_ns = at_ns - taps->at_ns[taps->count - 1];
		if (since_ns < bounce_ns)
			return 0;
		if (since_ns >= LIMIT_TAP_PAUSE_MS * CLOCK_NS_PER_MS)
			taps_clear(taps);
	}
	if (taps->count == TAPS_MAX)
		drop_oldest(taps);
	taps->at_ns[taps->count++] = at_ns;
	return 1;
}

/* Least squares of time over beat index, from held tap `from` on; times relative to its own. */
static void fit_line(const struct held *held, int from, struct taps_estimate *out)
{
	double n = held->count - from;
	double sum_x = 0;
	double sum_y = 0;
	double sum_xx = 0;
	double sum_xy = 0;
	for (int i = from; i < held->count; i++) {
		double x = (double)(held->index[i] - held->index[from]);
		double y = (double)(held->at_ns[i] - held->at_ns[from]);
		sum_x += x;
		sum_y += y;
		sum_xx += x * x;
		sum_xy += x * y;
	}
	out->period_ns = (n * sum_xy - sum_x * sum_y) / (n * sum_xx - sum_x * sum_x);
	out->first_offset_ns = (sum_y - out->period_ns * sum_x) / n;
	out->first_index = held->index[from];
	out->origin_ns = held->at_ns[from];
	out->bpm = (int)lround(60e9 / out->period_ns);
}

void taps_estimate(const struct taps *taps, struct taps_estimate *out)
{
	struct held held;
	memset(out, 0, sizeof *out);
	sort_out(taps, &held);
	out->held = held.count;
	out->regular = held.regular;
	if (held.count > 0)
		out->last_index = held.index[held.count - 1];
	if (held.count > 1)
		fit_line(&held, held.count > TAPS_WINDOW + 1 ? held.count - TAPS_WINDOW - 1 : 0,
			 out);
}

int64_t taps_beat_ns(const struct taps_estimate *estimate, int64_t index)
{
	double beats = (double)(index - estimate->first_index);
	return estimate->origin_ns +
	       llround(estimate->first_offset_ns + beats * estimate->period_ns);
}

int64_t taps_beat_near(const struct taps_estimate *estimate, int64_t at_ns)
{
	double since_ns = (double)(at_ns - estimate->origin_ns) - estimate->first_offset_ns;
	return estimate->first_index + llround(since_ns / estimate->period_ns);
}
