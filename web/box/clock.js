/*
 * clock.js - the box's clock, as this phone can know it.
 *
 * A ping sent at t0 and answered t1, t2 and received at t3 (t0, t3 ours, t1, t2
 * the box's) bounds the offset box − phone from both sides, each way by itself:
 *
 *     offset at t0  <=  t1 − t0        (the way there took no less than nothing)
 *     offset at t3  >=  t2 − t3        (nor did the way back)
 *
 * Two crystals drift, so the offset is a line over time, its slope at most
 * DRIFT_MAX. All lines that keep every bound make up a polygon in (offset,
 * slope); the truth is in it. What we take is its centroid: with delays of an
 * unknown spread that is the best guess, and how far the polygon reaches from
 * there is an error bound, not an opinion. The longer the window, the narrower
 * the slopes that are left. This is the linear programming approach to clock
 * skew (Moon, Skelly, Towsley, INFOCOM 1999), each direction's minimum taken
 * separately and the two tied together.
 *
 * Pure: no transport, no timer; times come in as arguments, in ms.
 */

/**
 * How long to wait before the next ping: forty in 1.3 s at first, the first few
 * in a rush, since nothing is drawn before them; then one a second, and more
 * often for as long as a bad network leaves much in doubt.
 * @param {number} pings so far @param {number} error_ms
 */
export function ping_gap_ms(pings, error_ms) {
	return pings < ENOUGH ? 10 : pings < 40 ? 37.5 : error_ms > 4 ? 250 : 1000;
}

/** @typedef {{at: number, offset: number}} Bound at our time `at`, the offset is no more (no less) than this */
/** @typedef {{offset: number, slope: number, error_ms: number}} Estimate the offset now, ms; its slope; how wrong it can be */

/** How fast two crystals may part: 300 ppm; a phone has some 20, a bad box 200. */
const DRIFT_MAX = 300e-6;
/** performance.now() is rounded to 0.1 ms on plain HTTP, up or down. */
const GRAIN_MS = 0.1;
const WINDOW_MS = 180000;
/** Of the bounds of a second only the tightest are kept. */
const BUCKET_MS = 1000;
/** Pings without which nothing is said. */
const ENOUGH = 3;
/** An error that big is no error of measuring: one of the clocks stood still (sleep). It is jumped, not slewed. */
const JUMP_MS = 1000;

/**
 * The centroid of all lines that keep the bounds; null if none does.
 * @param {Bound[]} uppers @param {Bound[]} lowers @param {number} now @returns {Estimate | null}
 */
export function estimate(uppers, lowers, now) {
	const high = (/** @type {number} */ slope) => {
		let least = Infinity;
		for (const { at, offset } of uppers)
			least = Math.min(least, offset + slope * (now - at));
		return least + GRAIN_MS;
	};
	const low = (/** @type {number} */ slope) => {
		let most = -Infinity;
		for (const { at, offset } of lowers)
			most = Math.max(most, offset + slope * (now - at));
		return most - GRAIN_MS;
	};
	const gap = (/** @type {number} */ slope) => high(slope) - low(slope);

	/* The gap is concave in the slope: find its top, then the two slopes at which it closes. */
	const top = summit(gap, -DRIFT_MAX, DRIFT_MAX);
	if (gap(top) < 0)
		return null;
	const from = edge(gap, top, -DRIFT_MAX);
	const to = edge(gap, top, DRIFT_MAX);

	const STEPS = 24;
	let area = 0, offset = 0, slope = 0, least = Infinity, most = -Infinity;
	for (let i = 0; i <= STEPS; i++) {
		const s = from + (to - from) * i / STEPS;
		const h = high(s), l = low(s);
		/* The ends count half (trapezoids); a hair's breadth keeps a polygon without area in being. */
		const weight = (Math.max(0, h - l) + 1e-9) * (i === 0 || i === STEPS ? 0.5 : 1);
		area += weight;
		offset += weight * (h + l) / 2;
		slope += weight * s;
		least = Math.min(least, l);
		most = Math.max(most, h);
	}
	offset /= area;
	return { offset, slope: slope / area, error_ms: Math.max(most - offset, offset - least) };
}

/** Where a concave function is greatest. @param {(x: number) => number} f @param {number} a @param {number} b */
function summit(f, a, b) {
	for (let i = 0; i < 40; i++) {
		const third = (b - a) / 3;
		if (f(a + third) < f(b - third))
			a += third;
		else
			b -= third;
	}
	return (a + b) / 2;
}

/** Between `inside`, where f >= 0, and `end`: the last place where it still is. @param {(x: number) => number} f @param {number} inside @param {number} end */
function edge(f, inside, end) {
	if (f(end) >= 0)
		return end;
	for (let i = 0; i < 24; i++) {
		const middle = (inside + end) / 2;
		if (f(middle) >= 0)
			inside = middle;
		else
			end = middle;
	}
	return inside;
}

export class Clock {
	clock_id = "";
	/** Subtracted from the box's times, so that doubles keep their microseconds. */
	origin = 0;
	/** @type {Bound[]} */
	uppers = [];
	/** @type {Bound[]} */
	lowers = [];
	pings = 0;
	/** The line that we go by. */
	line = { at: 0, offset: 0, slope: 0 };
	/** What is still added to it, so that no correction makes a jump. */
	slew = { from: 0, for_ms: 1, ms: 0 };
	error_ms = Infinity;

	/** Forgets what was learned. */
	reset() {
		this.uppers = [];
		this.lowers = [];
		this.pings = 0;
		this.error_ms = Infinity;
	}

	/** Another clock_id: another clock, and nothing learned is worth anything. @param {string} clock_id */
	identify(clock_id) {
		if (this.clock_id && this.clock_id !== clock_id)
			this.reset();
		this.clock_id = clock_id;
	}

	get ready() {
		return this.pings >= ENOUGH;
	}

	/** What a ping told. @param {number} t0 @param {number} t1 @param {number} t2 @param {number} t3 */
	add(t0, t1, t2, t3) {
		if (!this.pings)
			this.origin = Math.round(t1 - t0);
		this.pings++;
		keep(this.uppers, { at: t0, offset: t1 - this.origin - t0 }, -1);
		keep(this.lowers, { at: t3, offset: t2 - this.origin - t3 }, 1);
		let found = estimate(this.uppers, this.lowers, t3);
		/* No line fits: a clock stood still for a while. What is older than that is worth nothing. */
		while (!found) {
			this.uppers.splice(0, Math.ceil(this.uppers.length / 2));
			this.lowers.splice(0, Math.ceil(this.lowers.length / 2));
			if (!this.uppers.length) {
				this.uppers.push({ at: t0, offset: t1 - this.origin - t0 });
				this.lowers.push({ at: t3, offset: t2 - this.origin - t3 });
			}
			found = estimate(this.uppers, this.lowers, t3);
		}
		this.follow(found, t3);
	}

	/** @param {Estimate} found @param {number} now */
	follow(found, now) {
		const was = this.offset(now);
		const first = this.pings <= ENOUGH;
		this.line = { at: now, offset: found.offset, slope: found.slope };
		this.error_ms = found.error_ms;
		const ms = was - found.offset;
		/* At a quarter of the clock's own pace at most: time goes on slower or faster, never back. */
		if (first || Math.abs(ms) > JUMP_MS)
			this.slew = { from: now, for_ms: 1, ms: 0 };
		else
			this.slew = { from: now, for_ms: Math.max(500, 4 * Math.abs(ms)), ms };
	}

	/** @param {number} at */
	offset(at) {
		const { line, slew } = this;
		const left = Math.max(0, 1 - Math.max(0, at - slew.from) / slew.for_ms);
		return line.offset + line.slope * (at - line.at) + slew.ms * left;
	}

	/** The box's time at a time of performance.now(), ms. @param {number} at */
	box(at) {
		return this.origin + (at + this.offset(at));
	}
}

/**
 * Adds a bound, keeping only the tightest of its second and none older than the window.
 * @param {Bound[]} bounds @param {Bound} bound @param {1 | -1} sign 1: the greatest is the tightest
 */
function keep(bounds, bound, sign) {
	const last = bounds[bounds.length - 1];
	const same = last && Math.floor(last.at / BUCKET_MS) === Math.floor(bound.at / BUCKET_MS);
	if (!same)
		bounds.push(bound);
	else if (sign * (bound.offset - last.offset) > 0)
		bounds[bounds.length - 1] = bound;
	while (bound.at - bounds[0].at > WINDOW_MS)
		bounds.shift();
}
