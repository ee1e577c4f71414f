/*
 * tap.js - the taps of a finger, a key or a pedal, on their way to the box.
 *
 * A tap is worth something only at once: it is sent when it falls, stamped with
 * the box's time, and never again. What the pad shows comes from here before the
 * box has answered, so that it feels like a drum and not like a form.
 *
 * Pure but for what it is given: `send` and `box_time`.
 */
import { METRES } from "../beat/beat.js";

/** A longer pause starts a new count, here as in the box. */
export const PAUSE_MS = 3000;
/** One finger makes one tap: a second event within this (pointer and key, a bouncing pedal) is the same one. 260 bpm are 231 ms apart. */
export const BOUNCE_MS = 60;
/** The box refuses taps older than two seconds; we don't send what would come too late. */
const STALE_MS = 1500;

/** @typedef {{count: number, bpm: number | null, at: number}} Count taps in the series, the estimate, our time of the last */
/** @typedef {{taps: number, bpm: number | null, started: boolean}} TapAnswer */

/** No series. @type {Count} */
export const NOTHING = { count: 0, bpm: null, at: -Infinity };

export class Taps {
	/**
	 * @param {object} how
	 * @param {(at_ms: number) => Promise<TapAnswer>} how.send a tap in the box's time
	 * @param {(at: number) => number | null} how.box_time of ours; null while it is not known
	 * @param {(count: Count) => void} how.shown
	 */
	constructor({ send, box_time, shown }) {
		this.send = send;
		this.box_time = box_time;
		this.shown = shown;
		/** @type {Count} */
		this.count = NOTHING;
	}

	/**
	 * Takes a tap. What became of it: the box's answer, or why it was not sent.
	 * @param {number} stamp the event's timeStamp
	 * @param {number} now performance.now()
	 * @returns {Promise<TapAnswer | "bounce" | "stale" | "no_clock">}
	 */
	async tap(stamp, now) {
		const at = event_time(stamp, now);
		const since = at - this.count.at;
		if (since < BOUNCE_MS)
			return "bounce";
		if (now - at > STALE_MS)
			return "stale";
		const box_ms = this.box_time(at);
		if (box_ms === null)
			return "no_clock";
		const going_on = since <= PAUSE_MS;
		this.show({ count: going_on ? this.count.count + 1 : 1, bpm: going_on ? this.count.bpm : null, at });
		const answer = await this.send(box_ms);
		/* An answer to an earlier tap must not overwrite what a later series shows. */
		if (this.count.at - at <= PAUSE_MS)
			this.show({ ...this.count, bpm: answer.bpm ?? this.count.bpm });
		return answer;
	}

	/** @param {Count} count */
	show(count) {
		this.count = count;
		this.shown(count);
	}
}

/**
 * The time of an event on performance.now()'s own scale. Some browsers stamp
 * events from another epoch; then the best there is is now.
 * @param {number} stamp @param {number} now
 */
export function event_time(stamp, now) {
	return stamp > now + 5 || now - stamp > 5000 ? now : stamp;
}

/** Taps that make a start: a bar of them, two where a bar has two beats. @param {string} time_signature */
export function taps_to_start(time_signature) {
	const beats = METRES[time_signature]?.beats ?? 4;
	return beats === 2 ? 4 : beats;
}
