/*
 * fit.h - which frame belongs to which time: a line through the callbacks.
 *
 * Once a cycle the callback tells the cycle's first frame and the raw time at
 * which it was called. The cycle began at or before that time, never after: a
 * callback can only be late. So the line is a lower envelope. Each bucket of
 * FIT_BUCKET_NS keeps the one callback that was least late, and a weighted least
 * squares through the last FIT_BUCKETS of those, in which points above the line
 * count less and less, gives rate and offset. The rate is held within
 * FIT_RATE_PPM of nominal; while the points are few it leans on the rate known
 * before (nominal, or what was measured before the last xrun).
 *
 * jackd's own filter (jack_get_cycle_times) is a quarter of a second wrong after
 * a long xrun and needs eleven seconds to recover; this one starts anew and is
 * settled again within half a second.
 *
 * A line starts anew when the caller says so (xrun, end of freewheeling) and when
 * it sees by itself that it broke: a whole bucket more than FIT_BREAK_NS late, or
 * a callback that much too early.
 *
 * Times: ns of CLOCK_MONOTONIC_RAW. Frames: JACK's counter, extended to 64 bits.
 * Thread: the real-time thread. RT-safe: yes, all of it (a bounded sum over
 * FIT_BUCKETS points once a bucket).
 */
#ifndef TACTUS_FIT_H
#define TACTUS_FIT_H

#include <stdbool.h>
#include <stdint.h>

#define FIT_BUCKETS 64
#define FIT_BUCKET_NS INT64_C(150000000)
#define FIT_SETTLE_BUCKETS 2
#define FIT_BREAK_NS INT64_C(3000000)
#define FIT_RATE_PPM 2000.0

/* ns(frame) = ns + (frame - this.frame) * ns_per_frame */
struct line {
	int64_t frame;
	int64_t ns;
	double ns_per_frame;
};

/* Raw time at which that frame's cycle position begins. |frame - line->frame| < 2^52. */
int64_t line_ns(const struct line *line, int64_t frame);

/* The frame nearest to that raw time. |ns - line->ns| < 10^18. */
int64_t line_frame(const struct line *line, int64_t ns);

struct fit_point {
	int64_t frame;
	int64_t ns;
};

struct fit {
	struct line line;
	bool started; /* line goes through at least one point */
	bool settled; /* line may be believed */
	double nominal_ns_per_frame;
	double known_ns_per_frame; /* the rate to lean on while the points are few */
	int64_t next_frame;        /* where the next cycle starts if none is lost */
	unsigned count;            /* points in use, up to FIT_BUCKETS */
	unsigned newest;           /* index of the newest */
	struct fit_point points[FIT_BUCKETS];
	bool bucket_open;
	int64_t bucket_start_ns;
	int64_t least_late_ns; /* against the line */
	struct fit_point least_late;
};

/* A fit without points. known_hz: a rate measured earlier, 0 if there is none; one that is out
 * of bounds counts as none. */
void fit_init(struct fit *fit, double nominal_hz, double known_hz);

/* Start anew with the next callback; the rate measured so far stays as what is known. */
void fit_restart(struct fit *fit);

/* One callback: the cycle of `frames` frames from `frame` on was called at now_ns. */
void fit_feed(struct fit *fit, int64_t frame, uint32_t frames, int64_t now_ns);

/* Measured rate, millionths of a hertz. */
int64_t fit_rate_uhz(const struct fit *fit);

#endif
