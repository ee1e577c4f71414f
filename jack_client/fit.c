#include "fit.h"

#include <math.h>

/* How far above the line a point may lie before it counts half. Callbacks of a healthy real-time
 * system scatter by tens of microseconds. */
#define FIT_TOLERANCE_NS 40e3
/* Weight of the known rate, s^2: as much as points spread over two seconds. Below that, jitter
 * would tilt the line by more than a crystal can be off. */
#define FIT_KNOWN_WEIGHT 4.0
#define FIT_PASSES 5

int64_t line_ns(const struct line *line, int64_t frame)
{
	return line->ns + llrint((double)(frame - line->frame) * line->ns_per_frame);
}

int64_t line_frame(const struct line *line, int64_t ns)
{
	return line->frame + llrint((double)(ns - line->ns) / line->ns_per_frame);
}

static bool rate_plausible(double ns_per_frame, double nominal)
{
	return fabs(ns_per_frame / nominal - 1.0) <= FIT_RATE_PPM * 1e-6;
}

void fit_init(struct fit *fit, double nominal_hz, double known_hz)
{
	*fit = (struct fit){.nominal_ns_per_frame = 1e9 / nominal_hz};
	fit->known_ns_per_frame = fit->nominal_ns_per_frame;
	if (known_hz > 0 && rate_plausible(1e9 / known_hz, fit->nominal_ns_per_frame))
		fit->known_ns_per_frame = 1e9 / known_hz;
	fit->line.ns_per_frame = fit->known_ns_per_frame;
}

void fit_restart(struct fit *fit)
{
	fit->known_ns_per_frame = fit->line.ns_per_frame;
	fit->started = false;
	fit->settled = false;
	fit->count = 0;
	fit->bucket_open = false;
}

int64_t fit_rate_uhz(const struct fit *fit)
{
	return llrint(1e15 / fit->line.ns_per_frame);
}

static void start_at(struct fit *fit, struct fit_point point)
{
	fit_restart(fit);
	fit->line.frame = point.frame;
	fit->line.ns = point.ns;
	fit->started = true;
}

static void open_bucket(struct fit *fit, struct fit_point point, int64_t late_ns)
{
	fit->bucket_open = true;
	fit->bucket_start_ns = point.ns;
	fit->least_late = point;
	fit->least_late_ns = late_ns;
}

/* Sums of a weighted least squares; x in seconds before the newest point, y in ns above a line of
 * the known rate through it: small numbers both, so doubles lose nothing. */
struct sums {
	double w, x, y, xx, xy;
};

static void point_xy(const struct fit *fit, unsigned i, double *x, double *y)
{
	const struct fit_point *origin = &fit->points[fit->newest];
	double frames = (double)(fit->points[i].frame - origin->frame);
	double ns = (double)(fit->points[i].ns - origin->ns);
	*x = frames * fit->known_ns_per_frame * 1e-9;
	*y = ns - frames * fit->known_ns_per_frame;
}

/* One-sided: what lies under the line counts fully, what lies above it was called late. */
static double weight(double above_ns)
{
	double r = above_ns / FIT_TOLERANCE_NS;
	return above_ns <= 0 ? 1.0 : 1.0 / (1.0 + r * r);
}

static struct sums weigh(const struct fit *fit, double offset, double slope)
{
	struct sums s = {0};
	for (unsigned i = 0; i < fit->count; i++) {
		double x, y;
		point_xy(fit, i, &x, &y);
		double w = weight(y - offset - slope * x);
		s.w += w;
		s.x += w * x;
		s.y += w * y;
		s.xx += w * x * x;
		s.xy += w * x * y;
	}
	return s;
}

static void least_squares(const struct sums *s, double *offset, double *slope)
{
	double mean_x = s->x / s->w;
	double mean_y = s->y / s->w;
	*slope = (s->xy - s->w * mean_x * mean_y) /
		 (s->xx - s->w * mean_x * mean_x + FIT_KNOWN_WEIGHT);
	*offset = mean_y - *slope * mean_x;
}

/* A line of that slope under all points. */
static double lowest_offset(const struct fit *fit, double slope)
{
	double lowest = INFINITY;
	for (unsigned i = 0; i < fit->count; i++) {
		double x, y;
		point_xy(fit, i, &x, &y);
		lowest = fmin(lowest, y - slope * x);
	}
	return lowest;
}

static double bounded(double ns_per_frame, double nominal)
{
	double reach = nominal * FIT_RATE_PPM * 1e-6;
	return fmin(fmax(ns_per_frame, nominal - reach), nominal + reach);
}

/* Iteratively reweighted: at first all points count alike, then each pass weighs them by the line
 * of the pass before, beginning under all of them. */
static void solve(struct fit *fit)
{
	double offset = INFINITY;
	double slope = 0; /* ns a second */
	for (int pass = 0; pass < FIT_PASSES; pass++) {
		struct sums s = weigh(fit, offset, slope);
		least_squares(&s, &offset, &slope);
		if (pass == 0)
			offset = lowest_offset(fit, slope);
	}
	fit->line.frame = fit->points[fit->newest].frame;
	fit->line.ns = fit->points[fit->newest].ns + llrint(offset);
	fit->line.ns_per_frame =
		bounded(fit->known_ns_per_frame * (1.0 + slope * 1e-9), fit->nominal_ns_per_frame);
}

static void close_bucket(struct fit *fit)
{
	fit->bucket_open = false;
	if (fit->least_late_ns > FIT_BREAK_NS) {
		/* Not one of them on the line: time was lost that nobody told of. */
		start_at(fit, fit->least_late);
		return;
	}
	fit->newest = fit->count == 0 ? 0 : (fit->newest + 1) % FIT_BUCKETS;
	fit->points[fit->newest] = fit->least_late;
	if (fit->count < FIT_BUCKETS)
		fit->count++;
	solve(fit);
	fit->settled = fit->settled || fit->count >= FIT_SETTLE_BUCKETS;
}

static bool broken(const struct fit *fit, int64_t frame, int64_t late_ns)
{
	if (late_ns < -FIT_BREAK_NS)
		return true;
	return frame != fit->next_frame && late_ns > FIT_BREAK_NS;
}

void fit_feed(struct fit *fit, int64_t frame, uint32_t frames, int64_t now_ns)
{
	struct fit_point point = {.frame = frame, .ns = now_ns};
	int64_t late_ns = fit->started ? now_ns - line_ns(&fit->line, frame) : 0;
	if (!fit->started || broken(fit, frame, late_ns)) {
		start_at(fit, point);
		late_ns = 0;
	}
	fit->next_frame = frame + frames;
	if (late_ns < 0 && !fit->settled) {
		/* The first points were late themselves: follow at once. */
		fit->line.ns += late_ns;
		fit->least_late_ns -= late_ns;
		late_ns = 0;
	}
	if (!fit->bucket_open)
		open_bucket(fit, point, late_ns);
	if (late_ns < fit->least_late_ns) {
		fit->least_late = point;
		fit->least_late_ns = late_ns;
	}
	if (now_ns - fit->bucket_start_ns >= FIT_BUCKET_NS)
		close_bucket(fit);
}
