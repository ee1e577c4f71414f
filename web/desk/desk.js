/*
 * desk.js - what the leader of the tempo does: tap, start, stop, change, hand over.
 */
import { BPM_MAX, BPM_MIN } from "../beat/beat.js";
import { brings_back } from "../box/before.js";
import { ask, box_time, follower, request, tell } from "../box/box.js";
import { Refused } from "../box/link.js";
import { is_controller, tempo_ahead } from "../box/snapshot.js";
import { change_desk, notify, NOW, state } from "../state.js";
import { NOTHING, PAUSE_MS, Taps } from "./tap.js";
import { error_words } from "../refusals.js";
import { words } from "../words.js";

const taps = new Taps({
	send: async (at) => /** @type {any} */ (await request("tempo.tap", { at })),
	box_time,
	shown: show_taps,
});

let taps_fade = 0;

/** The series on the pad; it goes when it is over. @param {import("./tap.js").Count} count */
function show_taps(count) {
	change_desk({ taps: count, gesture: one_gesture() });
	clearTimeout(taps_fade);
	taps_fade = setTimeout(() => change_desk({ taps: NOTHING }), PAUSE_MS);
}

/** A tap, by finger, key or pedal. @param {Event} event */
export async function tap(event) {
	const snapshot = state.peek().snapshot;
	if (!snapshot || !is_controller(snapshot))
		return;
	try {
		if (await taps.tap(event.timeStamp, performance.now()) === "no_clock")
			notify(words.tap_no_clock);
	} catch (error) {
		if (!(error instanceof Refused))
			throw error;
		notify(error_words(error));
	}
}

export function start() {
	const { count_in_bars } = state.peek().desk;
	return tell("tempo.start", count_in_bars ? { count_in_bars } : {});
}

export function stop() {
	return tell("tempo.stop");
}

/** @param {MouseEvent} event */
export function cancel(event) {
	if (state.peek().desk.locked && event.detail)
		return notify(words.locked_hint);
	return tell("tempo.cancel");
}

/** Presses and taps that follow on one another are one: undo brings back what was before the first. */
function one_gesture() {
	const at = performance.now();
	const { gesture } = state.peek().desk;
	return { number: at - gesture.at > PAUSE_MS ? gesture.number + 1 : gesture.number, at };
}

/** What is neither a press of many nor a tap is a change of its own. */
function end_gesture() {
	change_desk({ gesture: { ...state.peek().desk.gesture, at: -Infinity } });
}

/** Changes the tempo when the desk says, which only a running click can follow. @param {Record<string, unknown>} fields */
function set_tempo(fields) {
	const { desk, snapshot } = state.peek();
	const { in_bars } = desk;
	if (!snapshot?.tempoState.running || !in_bars)
		return tell("tempo.set", fields);
	return in_bars === NOW ? set_now(fields) : tell("tempo.set", { ...fields, in_bars });
}

/** The box must know of a beat so long before, and the way there takes time. */
const LEAD_MS = 150;
/** A bar that begins a hair before the beat cuts that beat off; one a hair behind would be a second beat. Times are told in whole ms. */
const HAIR_MS = 2;

/** The next beat that can be reached is the 1 of a new bar. @param {Record<string, unknown>} fields */
async function set_now(fields) {
	let from = -Infinity;
	for (let tries = 1; ; tries++) {
		const now = box_time(performance.now());
		const beat = now === null ? null : follower.after(Math.max(now + LEAD_MS, from));
		try {
			return await ask("tempo.set", beat ? { ...fields, anchor_timestamp: Math.floor(beat.at_ms) - HAIR_MS } : fields);
		} catch (error) {
			if (!(error instanceof Refused))
				throw error;
			if (!beat || tries === 3 || (error.code !== "too_late" && error.code !== "anchor_range")) {
				notify(error_words(error));
				return null;
			}
			from = beat.at_ms;
		}
	}
}

/**
 * Presses of − and + come faster than answers: each counts on from what was
 * asked for last, and one request at a time says where that has got to.
 * @type {number | null}
 */
let wanted = null;
let asking = false;

/** @param {number} by */
export async function nudge(by) {
	const snapshot = state.peek().snapshot;
	if (!snapshot)
		return;
	const from = wanted ?? tempo_ahead(snapshot).bpm;
	wanted = Math.min(BPM_MAX, Math.max(BPM_MIN, from + by));
	change_desk({ bpm_text: null, gesture: one_gesture() });
	if (asking)
		return;
	asking = true;
	for (let sent = null; wanted !== null && wanted !== sent;) {
		sent = wanted;
		if (!await set_tempo({ bpm: sent }))
			break;
	}
	wanted = null;
	asking = false;
}

/** Sets what was typed. */
export async function set_typed() {
	const text = state.peek().desk.bpm_text;
	if (text === null)
		return;
	const bpm = Number(text);
	if (!/^\d+$/.test(text.trim()) || bpm < BPM_MIN || bpm > BPM_MAX) {
		notify(words.bpm_wrong);
		return;
	}
	end_gesture();
	/* What is typed while the box answers is not this any more. */
	if (await set_tempo({ bpm }) && state.peek().desk.bpm_text === text)
		change_desk({ bpm_text: null });
}

/** @param {string} time_signature */
export function set_metre(time_signature) {
	end_gesture();
	return set_tempo({ time_signature });
}

/** Half or double time: a tempo that many times as fast, or null where there is none. @param {number} bpm @param {number} times */
export function times_tempo(bpm, times) {
	const to = Math.round(bpm * times);
	return to < BPM_MIN || to > BPM_MAX ? null : to;
}

/** @param {number} bpm */
export function set_bpm(bpm) {
	end_gesture();
	return set_tempo({ bpm });
}

/** The tempo before the last change comes again; one that is announced is withdrawn. */
export function undo() {
	const { desk, snapshot } = state.peek();
	const back = snapshot && brings_back(desk.before, snapshot);
	if (!back)
		return null;
	end_gesture();
	const { bpm, time_signature } = back;
	return back.withdraws ? tell("tempo.cancel") : set_tempo({ bpm, time_signature });
}

/** What came of it is told to all whom it concerns (people.js). @param {string} user_id */
export function hand_over(user_id) {
	return tell("tempo.handoff", { user_id });
}

/** @param {Record<string, unknown>} fields */
export function set_click(fields) {
	return tell("click.set", fields);
}

export function test_click() {
	return tell("click.test");
}

/** With the PIN if another session has it. @param {string} pin @returns {Promise<string>} what to do, or "" if it is done */
export async function take_output(pin) {
	try {
		await ask("session.take_output", pin ? { pin } : {});
		return "";
	} catch (error) {
		if (!(error instanceof Refused))
			throw error;
		return error_words(error);
	}
}

export function release_output() {
	return tell("session.release_output");
}
