#include "taps.h"

#include "clock.h"
#include "limits.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define RATIO_MISHIT 0.6
#define RATIO_MISSED 1.6
/* A hand wavers by a few per cent; intervals a quarter off are a slip that the median hid. */
#define STEADY_SHARE 0.25

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
	int64_t intervals[TAPS_MAX] = {0};
	int count = taps->count - 1;
	for (int i = 0; i < count; i++)
		intervals[i] = taps->at_ns[i + 1] - taps->at_ns[i];
	qsort(intervals, (size_t)count, sizeof intervals[0], compare_ns);
	return (double)intervals[count == 2 ? 0 : count / 2];
}

static void hold(struct held *held, int64_t at_ns, int64_t index)
{
	held->at_ns[held->count] = at_ns;
	held->index[held->count] = index;
	held->count++;
}

/* Beats that an interval of `ratio` medians spans. */
static int64_t beats_spanned(double ratio)
{
	return ratio > RATIO_MISSED ? llround(ratio) : 1;
}

static double off_beat(double ratio)
{
	return fabs(ratio - (double)beats_spanned(ratio));
}

/* Of two taps too near to each other, held->at_ns[last] and taps->at_ns[i], the later one is the
 * beat if it fits the better to the one before; or, where there is none, to the one after. */
static bool later_fits_better(const struct taps *taps, const struct held *held, int i,
			      double median_ns)
{
	int last = held->count - 1;
	bool first = last == 0;
	if (first && i + 1 == taps->count)
		return false;
	int64_t neighbour_ns = first ? taps->at_ns[i + 1] : held->at_ns[last - 1];
	double earlier = (double)llabs(neighbour_ns - held->at_ns[last]) / median_ns;
	double later = (double)llabs(neighbour_ns - taps->at_ns[i]) / median_ns;
	return off_beat(later) < off_beat(earlier);
}

static void hold_next(struct held *held, int64_t at_ns, double median_ns)
{
	int last = held->count - 1;
	int64_t beats = beats_spanned((double)(at_ns - held->at_ns[last]) / median_ns);
	hold(held, at_ns, held->index[last] + beats);
	held->regular += beats == 1;
}

/* The newest held tap gives way to another. */
static void replace_last(struct held *held, int64_t at_ns, double median_ns)
{
	int last = held->count - 1;
	if (last == 0) {
		held->at_ns[0] = at_ns;
		return;
	}
	held->regular -= held->index[last] - held->index[last - 1] == 1;
	held->count--;
	hold_next(held, at_ns, median_ns);
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
		int64_t since_ns = taps->at_ns[i] - held->at_ns[held->count - 1];
		if ((double)since_ns / median_ns >= RATIO_MISHIT)
			hold_next(held, taps->at_ns[i], median_ns);
		else if (later_fits_better(taps, held, i, median_ns))
			replace_last(held, taps->at_ns[i], median_ns);
	}
}

/* The oldest tap that holds makes room, with what was dropped behind it: the series must not begin
 * with a mis-hit. The beats up to the next stay counted. */
static void drop_oldest(struct taps *taps)
{
	struct held held;
	int drop = 1;
	sort_out(taps, &held);
	if (held.count > 1) {
		taps->beats_dropped = held.index[1];
		while (taps->at_ns[drop] < held.at_ns[1])
			drop++;
	}
	taps->count -= drop;
	memmove(&taps->at_ns[0], &taps->at_ns[drop], (size_t)taps->count * sizeof taps->at_ns[0]);
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

static bool is_steady(const struct held *held, int from, double period_ns)
{
	for (int i = from + 1; i < held->count; i++) {
		double beats = (double)(held->index[i] - held->index[i - 1]);
		double interval_ns = (double)(held->at_ns[i] - held->at_ns[i - 1]);
		if (fabs(interval_ns / beats - period_ns) > STEADY_SHARE * period_ns)
			return false;
	}
	return true;
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
	if (held.count > 1) {
		int from = held.count > TAPS_WINDOW + 1 ? held.count - TAPS_WINDOW - 1 : 0;
		fit_line(&held, from, out);
		out->steady = is_steady(&held, from, out->period_ns);
	}
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
