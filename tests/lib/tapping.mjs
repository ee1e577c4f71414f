/*
 * tapping.mjs - a finger on a phone with a bad network, and how far off the click is that comes of it.
 *
 *     const room = await openRoom();
 *     const hand = await openHand(room, 7);
 *     const start = await tappedStart(room, hand, {bpm: 120, time_signature: "4/4"});
 *     ... start.error_ms, start.sync_ms, start.click_ms ...
 *     await room.stop();
 *
 * Three clocks: the phone's own (performance.now), the box's as the phone believes it after its
 * pings, and the box's as it is. The last is known from a witness: a second connection without
 * delay, whose many pings leave no room for a doubt of a tenth of a millisecond. The finger is
 * exact, so all that is off is the system's: what the phone mistakes of the clock (sync_ms) and
 * what lies between its taps in the box's time and the sound (click_ms).
 */
import { setTimeout as sleep } from "node:timers/promises";

import { startBox } from "./box.mjs";
import { Ear, unixOffsetNs } from "./ear.mjs";
import { Phone } from "./phone.mjs";

export const BEATS = { "2/4": 2, "3/4": 3, "4/4": 4, "6/8": 2, "12/8": 4 };
const TRIES = 6;
/* Farther apart than the delays, so that no ping waits behind another and each is a draw of its own. */
const CLOCK_PINGS = 90;
const CLOCK_GAP_MS = 60;

/** A box, an ear at its click, a session, and a witness of the box's clock. The dummy driver keeps its
 * time on a busy machine only with long periods. @param {import("./box.mjs").BoxOptions} [options] */
export async function openRoom({ period = 2048, ...more } = {}) {
	const box = await startBox({ period, ...more });
	const ear = await Ear.start(box.server, { rate: more.rate });
	const witness = await Phone.open(box.url);
	const { code } = await witness.create("Witness");
	const offset_ns = unixOffsetNs(box.region);
	return {
		box, ear, witness, code,
		/** Unix ms of the box's clock at a raw time. @param {number} ns */
		unixMs: (ns) => (ns + offset_ns) / 1e6,
		/** Box minus phone, ms, as it is just now. */
		async truth() {
			witness.lower = -Infinity;
			witness.upper = Infinity;
			await witness.sync(60, 3);
			return witness.offset_ms;
		},
		async stop() {
			await ear.stop();
			await witness.close();
			await box.stop();
		},
	};
}

/** A phone of the MD on such a network, its clock set. @param {Awaited<ReturnType<typeof openRoom>>} room */
export async function openHand(room, seed, delay = /** @type {[number, number]} */ ([0, 80])) {
	const phone = new Phone(room.box.url, { delay, seed });
	phone.token = room.witness.token;
	await phone.resume();
	/** @type {ReturnType<Phone["ping"]>[]} */
	const under_way = [];
	for (let i = 0; i < CLOCK_PINGS; i++) {
		under_way.push(phone.ping());
		await sleep(CLOCK_GAP_MS);
	}
	return { phone, pings: await Promise.all(under_way) };
}

/** Taps at these times of the phone's clock, each told in box time as the phone believes it. @returns {Promise<any[]>} the answers */
export async function tapAt({ phone }, times) {
	const answers = [];
	for (const time of times) {
		await sleep(Math.max(0, time - performance.now()));
		answers.push(phone.request("tempo.tap", { at: phone.now(time) }));
	}
	return Promise.all(answers);
}

/** What a series of taps is to be: beats by number, with slips. */
function fingers(first, period, { beats, missed = -1, stray = 0 }) {
	const times = [];
	for (let k = 0; k < beats; k++) {
		if (k !== missed)
			times.push(first + k * period);
		if (stray > 0 && k === Math.floor(stray))
			times.push(first + stray * period);
	}
	return times;
}

/**
 * One tapped start from standing still, once.
 * @param {Awaited<ReturnType<typeof openRoom>>} room
 * @param {Awaited<ReturnType<typeof openHand>>} hand
 * @param {{bpm: number, time_signature: keyof typeof BEATS, missed?: number, stray?: number, beats?: number}} how
 *   missed: this beat is not tapped; stray: one tap more at this (broken) beat
 */
async function startOnce(room, { phone, pings }, how) {
	const { ear } = room;
	await phone.request("tempo.set", { time_signature: how.time_signature });
	const truth = await room.truth();
	const bar = BEATS[how.time_signature];
	const beats = how.beats ?? (bar === 2 ? 4 : bar);
	const period = 60000 / how.bpm;
	const from = ear.frame;
	const first = performance.now() + 100;
	const next_1 = first + Math.ceil(beats / bar) * bar * period;
	const answers = await tapAt({ phone }, fingers(first, period, { ...how, beats }));
	const onset = await ear.onset(from, 3000 + 2 * bar * period);
	const { tempoState } = await phone.when((s) => s.tempoState.running);
	await phone.request("tempo.stop");
	await phone.when((s) => !s.tempoState.running);
	await ear.reach(onset.frame + ear.rate / 2);
	const sync_ms = phone.offset_ms - truth;
	const error_ms = room.unixMs(onset.ns) - truth - next_1;
	const best = pings.reduce((a, b) => a.rtt_ms < b.rtt_ms ? a : b);
	return {
		error_ms, sync_ms, click_ms: error_ms - sync_ms,
		/* What the usual method, the ping with the shortest round trip, would have made of the same pings. */
		minimum_rtt_sync_ms: (best.t1 + best.t2 - best.t0 - best.t3) / 2 - truth,
		bpm: tempoState.bpm, taps: answers.length,
		started: answers.filter((answer) => answer.started).length,
		witness_ms: room.witness.error_ms,
		/* Cycles lost shortly before the click places the start let it join late, in phase. */
		steady: ear.steady(from, onset.frame),
	};
}

/**
 * The same, again while the dummy driver lost time in it.
 * @param {Parameters<typeof startOnce>[1]} hand @param {Parameters<typeof startOnce>[2]} how
 */
export async function tappedStart(room, hand, how) {
	for (let tries = 1; ; tries++) {
		const start = await startOnce(room, hand, how);
		if (start.steady || tries === TRIES)
			return { ...start, tries };
	}
}

/** One line for people. @param {Awaited<ReturnType<typeof tappedStart>>} s */
export const tellStart = (s) => `error ${s.error_ms.toFixed(2)} ms = clock sync ${s.sync_ms.toFixed(2)}` +
	` + click ${s.click_ms.toFixed(2)} (known to ${s.witness_ms.toFixed(2)}); ${s.bpm} bpm, ${s.taps} taps` +
	(s.tries > 1 ? `, ${s.tries} tries` : "") + (s.steady ? "" : ", the driver lost time");
