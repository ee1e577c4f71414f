/*
 * beat.js - beat arithmetic: where on a grid a beat lies.
 *
 * The same formula as schema/beat.h, in milliseconds of the box's clock:
 *
 *     time(k) = anchor + k * 60000 / bpm
 *
 * computed from the anchor each time and never accumulated. Pure: no clock, no DOM.
 */

/**
 * @typedef {object} Metre
 * @property {number} beats beats in a bar
 * @property {number} parts eighths in a beat
 * @property {boolean} compound bpm counts dotted quarters
 */

/** @type {Readonly<Record<string, Metre>>} */
export const METRES = {
	"2/4": { beats: 2, parts: 2, compound: false },
	"3/4": { beats: 3, parts: 2, compound: false },
	"4/4": { beats: 4, parts: 2, compound: false },
	"6/8": { beats: 2, parts: 3, compound: true },
	"12/8": { beats: 4, parts: 3, compound: true },
};

export const BPM_MIN = 30;
export const BPM_MAX = 260;

/**
 * A grid: the time at which a bar begins, and a pace.
 * @typedef {object} Grid
 * @property {number} anchor_ms box time at which bar `anchor_bar` begins
 * @property {number} anchor_bar
 * @property {number} bpm
 * @property {number} beats beats in a bar
 * @property {number} parts eighths in a beat
 */

/** @typedef {{bar: number, beat: number}} Place a beat by name; both count from 0 */

/**
 * What tempoState and its `pending` have in common.
 * @typedef {object} Pace
 * @property {number} bpm
 * @property {string} time_signature
 * @property {number} anchor_timestamp
 * @property {number} anchor_bar_index
 */

/** @param {string} time_signature */
export function metre(time_signature) {
	return METRES[time_signature] ?? METRES["4/4"];
}

/** @param {Pace} pace @returns {Grid} */
export function grid(pace) {
	const { beats, parts } = metre(pace.time_signature);
	return {
		anchor_ms: pace.anchor_timestamp,
		anchor_bar: pace.anchor_bar_index,
		bpm: pace.bpm,
		beats,
		parts,
	};
}

/** @param {Grid} g */
export function beat_ms(g) {
	return 60000 / g.bpm;
}

/** When a beat sounds, box ms. @param {Grid} g @param {Place} place */
export function beat_time(g, place) {
	const k = (place.bar - g.anchor_bar) * g.beats + place.beat;
	return g.anchor_ms + k * 60000 / g.bpm;
}

/** The last beat that has begun at a time. @param {Grid} g @param {number} at_ms @returns {Place} */
export function beat_at(g, at_ms) {
	let k = Math.floor((at_ms - g.anchor_ms) * g.bpm / 60000);
	/* The product is rounded: a time that is a beat's own to the last bit may come out just below. */
	if (g.anchor_ms + (k + 1) * 60000 / g.bpm <= at_ms)
		k++;
	const bars = Math.floor(k / g.beats);
	return { bar: g.anchor_bar + bars, beat: k - bars * g.beats };
}

/** Negative, zero, positive as a is before, the same as, after b. @param {Place} a @param {Place} b */
export function compare(a, b) {
	return a.bar - b.bar || a.beat - b.beat;
}
