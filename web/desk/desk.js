/*
 * desk.js - what the leader of the tempo does: tap, start, stop, change, hand over.
 */
import { BPM_MAX, BPM_MIN } from "../beat/beat.js";
import { ask, box_time, request, tell } from "../box/box.js";
import { Refused } from "../box/link.js";
import { is_controller, tempo_ahead } from "../box/snapshot.js";
import { change_desk, notify, state } from "../state.js";
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
	change_desk({ taps: count });
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

export function cancel() {
	return tell("tempo.cancel");
}

/** When a change comes: as the desk says, which only a running click can follow. */
function when() {
	const { desk, snapshot } = state.peek();
	return snapshot?.tempoState.running && desk.in_bars ? { in_bars: desk.in_bars } : {};
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
	change_desk({ bpm_text: null });
	if (asking)
		return;
	asking = true;
	for (let sent = null; wanted !== null && wanted !== sent;) {
		sent = wanted;
		if (!await tell("tempo.set", { bpm: sent, ...when() }))
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
	/* What is typed while the box answers is not this any more. */
	if (await tell("tempo.set", { bpm, ...when() }) && state.peek().desk.bpm_text === text)
		change_desk({ bpm_text: null });
}

/** @param {string} time_signature */
export function set_metre(time_signature) {
	return tell("tempo.set", { time_signature, ...when() });
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
