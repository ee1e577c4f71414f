/*
 * follow.js - which beats are due: follows the tempo that the box tells.
 *
 * A Follower holds the plan (the current grid, and the pending one that takes
 * over at its anchor) and the last beat given out. What is due is found by
 * going on from that beat, one by one, so whatever the plan turns into, no beat
 * is given out twice, none is left out, and none comes before an earlier one.
 *
 * Takes box times as arguments: no clock, no DOM.
 */
import { beat_at, beat_ms, beat_time, compare, grid } from "./beat.js";

/**
 * @typedef {import("./beat.js").Grid} Grid
 * @typedef {import("./beat.js").Place} Place
 * @typedef {import("./beat.js").Pace} Pace
 */

/**
 * tempoState on the wire (schema/messages.md).
 * @typedef {Pace & {session_id: string, controller_user_id: string, start_bar_index: number,
 *                   running: boolean, pending: Pace | null}} TempoState
 */

/**
 * A beat as it is to be drawn.
 * @typedef {Place & {at_ms: number, beat_ms: number, beats: number, parts: number, count_in: number}} Beat
 * `count_in`: bars of count-in left, this one included; 0 in the music itself.
 */

/**
 * @typedef {object} Plan
 * @property {Grid[]} grids in the order in which they hold: what is left of an earlier one, the current, the pending
 * @property {Place} first the run's first beat as far as we know
 * @property {number} start_bar
 */

/** A page that slept longer than this takes up the present beat, and doesn't make up for those it slept through. */
export const CATCH_UP_MS = 2000;
/** One that arrives in mid-beat still draws that beat if it began no longer ago than this. */
const JUST_NOW_MS = 40;

export class Follower {
	constructor() {
		/** @type {Plan | null} */
		this.plan = null;
		/** The last beat given out. @type {Place | null} */
		this.given = null;
		/** @type {{session_id: string, start_bar: number, running: boolean}} */
		this.run = { session_id: "", start_bar: 0, running: false };
	}

	/**
	 * Takes a tempo over. One that tells the same grid a little moved shows from the
	 * next beat on: the one under way gets that much longer or shorter, none jumps.
	 * @param {TempoState | null} tempo
	 */
	take(tempo) {
		const was = this.plan;
		const run = this.run;
		if (!tempo || tempo.session_id !== run.session_id)
			this.given = null;
		this.run = {
			session_id: tempo?.session_id ?? "",
			start_bar: tempo?.start_bar_index ?? 0,
			running: !!tempo?.running,
		};
		if (!tempo?.running) {
			this.plan = null;
			return;
		}
		const current = grid(tempo);
		const fresh = !was || tempo.session_id !== run.session_id || tempo.start_bar_index !== run.start_bar;
		const first = fresh ? { bar: current.anchor_bar, beat: 0 } : was.first;
		/* A run that starts at a bar we gave out before (the box stopped while we were out of reach): new beats. */
		if (fresh && this.given && compare(first, this.given) <= 0)
			this.given = null;
		const grids = [current];
		if (tempo.pending)
			grids.push(grid(tempo.pending));
		/* The bar that we are in keeps its own grid, should its last beats not have been given out yet. */
		if (!fresh && this.given && this.given.bar < current.anchor_bar)
			grids.unshift(grid_of(was, this.given.bar));
		this.plan = { grids, first, start_bar: tempo.start_bar_index };
	}

	/**
	 * The beats that have come by a time and were not given out before, in order.
	 * @param {number} until_ms
	 * @returns {Beat[]}
	 */
	due(until_ms) {
		/** @type {Beat[]} */
		const beats = [];
		const plan = this.plan;
		if (!plan)
			return beats;
		if (!this.given || until_ms - next(plan, this.given).at_ms > CATCH_UP_MS)
			this.given = before_now(plan, this.given, until_ms);
		for (;;) {
			const beat = next(plan, this.given);
			if (beat.at_ms > until_ms)
				return beats;
			this.given = { bar: beat.bar, beat: beat.beat };
			beats.push(beat);
		}
	}

	/** The beat that was given out last, or that we arrived in and was not; null: the run has none yet. @returns {Beat | null} */
	present() {
		const { plan, given } = this;
		return plan && given && compare(given, plan.first) >= 0 ? beat_of(plan, given, grid_of(plan, given.bar)) : null;
	}

	/** The beat that comes next, or null while nothing runs. @returns {Beat | null} */
	next() {
		return this.plan && next(this.plan, this.given);
	}

	/** The first beat that begins later than a time, or null while nothing runs. @param {number} at_ms @returns {Beat | null} */
	after(at_ms) {
		let beat = this.next();
		while (this.plan && beat && beat.at_ms <= at_ms)
			beat = next(this.plan, beat);
		return beat;
	}
}

/** The beat that follows on a place (null: nothing yet) in a plan. @param {Plan} plan @param {Place | null} given @returns {Beat} */
function next(plan, given) {
	let place = plan.first;
	if (given && compare(given, plan.first) >= 0) {
		const beats = grid_of(plan, given.bar).beats;
		place = given.beat + 1 < beats ? { bar: given.bar, beat: given.beat + 1 } : { bar: given.bar + 1, beat: 0 };
	}
	let g = grid_of(plan, place.bar);
	/* A change that comes early cuts the bar before it short; one that comes late is waited for. */
	const after = plan.grids[plan.grids.indexOf(g) + 1];
	if (after && place.bar < after.anchor_bar && beat_time(g, place) >= after.anchor_ms) {
		place = { bar: after.anchor_bar, beat: 0 };
		g = after;
	}
	return beat_of(plan, place, g);
}

/** @param {Plan} plan @param {Place} place @param {Grid} g its own @returns {Beat} */
function beat_of(plan, place, g) {
	return {
		...place,
		at_ms: beat_time(g, place),
		beat_ms: beat_ms(g),
		beats: g.beats,
		parts: g.parts,
		count_in: Math.max(0, plan.start_bar - place.bar),
	};
}

/** The grid in which a bar lies: the last that begins no later. @param {Plan} plan @param {number} bar */
function grid_of(plan, bar) {
	for (let i = plan.grids.length - 1; i > 0; i--)
		if (bar >= plan.grids[i].anchor_bar)
			return plan.grids[i];
	return plan.grids[0];
}

/**
 * Where to go on from when we arrive in the middle: the beat before the next
 * one to be given out; null if the run has not begun.
 * @param {Plan} plan @param {Place | null} given @param {number} now_ms @returns {Place | null}
 */
function before_now(plan, given, now_ms) {
	let g = plan.grids[0];
	for (const later of plan.grids)
		if (now_ms >= later.anchor_ms)
			g = later;
	const at = beat_at(g, now_ms - JUST_NOW_MS);
	if (compare(at, plan.first) < 0)
		return given;
	return given && compare(at, given) < 0 ? given : at;
}
