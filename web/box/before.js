/*
 * before.js - the tempo before the last change, whoever made it: what "undo"
 * brings back. Pure functions.
 */

/**
 * @typedef {import("./snapshot.js").Snapshot} Snapshot
 * @typedef {{bpm: number, time_signature: string}} Tempo
 * @typedef {{number: number, at: number}} Gesture presses or taps that follow on one another, and our time of the last
 * @typedef {Tempo & {gesture: number}} Before and the gesture that changed it
 */

/** A gesture's last change comes with a bar, and a slow bar is eight seconds. */
const GESTURE_MS = 10000;

/** @param {Tempo} a @param {Tempo} b */
const same = (a, b) => a.bpm === b.bpm && a.time_signature === b.time_signature;

/**
 * What is remembered when a snapshot follows on another.
 * @param {Snapshot | null} was @param {Snapshot} now @param {Before | null} before @param {Gesture} gesture @param {number} at our time
 * @returns {Before | null}
 */
export function remember(was, now, before, gesture, at) {
	if (was?.session.id !== now.session.id)
		return null;
	const { bpm, time_signature } = was.tempoState;
	if (same(was.tempoState, now.tempoState))
		return before;
	const number = at - gesture.at < GESTURE_MS ? gesture.number : 0;
	/* Presses that follow on one another are one change. */
	return before && number && before.gesture === number ? before : { bpm, time_signature, gesture: number };
}

/**
 * What undo brings back; where a change is announced, by withdrawing it.
 * @param {Before | null} before @param {Snapshot} snap @returns {(Tempo & {withdraws: boolean}) | null}
 */
export function brings_back(before, { tempoState: now }) {
	if (now.pending && !same(now.pending, now))
		return { bpm: now.bpm, time_signature: now.time_signature, withdraws: true };
	return before && !same(before, now) ? { ...before, withdraws: false } : null;
}
