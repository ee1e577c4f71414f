/*
 * The click on a phone's own loudspeaker, over an audio clock that drifts,
 * jitters, is suspended and begins anew: each beat is handed over once, in order,
 * and heard when the box has it; what is withdrawn is never heard.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { random } from "../lib/proxy.mjs";
import { LocalClick } from "../../web/beat/local_click.js";

const BOX = 1790000000000;
const LATENCY_MS = 35;
const BLOCK_S = 0.01;
const EARLY_MS = 30;

/** A phone: its time, its audio clock, and what its loudspeaker was given. */
function phone({ drift = 0, jitter_ms = 0, seed = 1 } = {}) {
	const rnd = random(seed);
	let now_ms = 1000, audio_s = 0, running = true;
	/** @type {{kind: string, when_s: number, heard_ms: number, withdrawn: boolean}[]} */
	const played = [];
	/** What second 0 was heard at, exactly. */
	const zero_ms = () => now_ms + LATENCY_MS - audio_s * 1000 / (1 + drift);
	const speaker = {
		going: () => running,
		now_s: () => Math.floor(audio_s / BLOCK_S) * BLOCK_S,
		zero_ms: () => now_ms + LATENCY_MS - audio_s * 1000 + (rnd() - 0.5) * 2 * jitter_ms,
		play: (/** @type {string} */ kind, /** @type {number} */ when_s) => {
			const sound = { kind, when_s, heard_ms: zero_ms() + Math.max(when_s, audio_s) * 1000 / (1 + drift), withdrawn: false };
			played.push(sound);
			return () => {
				assert.ok(when_s > audio_s, "what sounds already cannot be withdrawn");
				sound.withdrawn = true;
			};
		},
	};
	const clock = { ready: true, slip_ms: 0, box: (/** @type {number} */ at) => BOX + at + clock.slip_ms };
	const click = new LocalClick(clock, /** @type {any} */ (speaker));
	return {
		click, clock, played,
		now: () => clock.box(now_ms),
		/** Lets time pass, with a turn now and then. */
		pass(/** @type {number} */ ms, every_ms = 50) {
			for (const end_ms = now_ms + ms; now_ms < end_ms;) {
				const step_ms = Math.min(end_ms - now_ms, every_ms * (0.5 + rnd()));
				now_ms += step_ms;
				audio_s += running ? step_ms / 1000 * (1 + drift) : 0;
				click.turn();
			}
		},
		suspend() {
			running = false;
		},
		resume() {
			running = true;
		},
		/** The beats (and eighths) heard in [from, to), box ms. */
		heard: (from_ms = 0, to_ms = Infinity) => played.filter(({ withdrawn }) => !withdrawn)
			.map(({ kind, heard_ms }) => ({ kind, at_ms: clock.box(heard_ms) })).filter(({ at_ms }) => at_ms >= from_ms - EARLY_MS && at_ms < to_ms - EARLY_MS),
	};
}

const tempo = (/** @type {any} */ fields) => /** @type {any} */ ({
	session_id: "s", controller_user_id: "u", bpm: 120, time_signature: "4/4", anchor_timestamp: BOX + 1300, anchor_bar_index: 0, start_bar_index: 0, running: true, pending: null, ...fields,
});

/** The beats of a grid in [from, to), as they ought to sound. @param {any} t */
function wanted(t, from_ms, to_ms, parts = 1) {
	const [beats, eighths] = { "4/4": [4, 2], "3/4": [3, 2], "6/8": [2, 3] }[t.time_signature];
	const step_ms = 60000 / t.bpm / (parts > 1 ? eighths : 1);
	const found = [];
	/* As `heard` cuts it: a beat that is heard a little early belongs to what comes. */
	from_ms -= EARLY_MS;
	to_ms -= EARLY_MS;
	for (let k = Math.ceil((from_ms - t.anchor_timestamp) / step_ms - 1e-6); t.anchor_timestamp + k * step_ms < to_ms - 1e-6; k++) {
		const per_beat = parts > 1 ? eighths : 1;
		found.push({ kind: k % per_beat ? "part" : k / per_beat % beats ? "beat" : "accent", at_ms: t.anchor_timestamp + k * step_ms });
	}
	return found;
}

/** None missing, doubled or backward, and each where it belongs. */
function same(heard, ought, within_ms) {
	assert.deepEqual(heard.map(({ kind }) => kind), ought.map(({ kind }) => kind));
	const off = heard.map(({ at_ms }, i) => Math.abs(at_ms - ought[i].at_ms)).sort((a, b) => a - b);
	assert.ok(off[off.length - 1] <= within_ms, `${off[off.length - 1]} ms off`);
	return off[off.length >> 1];
}

describe("the click on a phone's own loudspeaker", () => {
	test("from the first beat on, with a clock that drifts by 200 ppm and tells its time to some ms", () => {
		for (const drift of [-200e-6, 0, 200e-6])
			for (const bpm of [30, 97, 260]) {
				const it = phone({ drift, jitter_ms: 3, seed: bpm });
				const t = tempo({ bpm });
				it.click.take(t);
				it.pass(60000);
				const median = same(it.heard(0, it.now()), wanted(t, t.anchor_timestamp, it.now()), 3);
				assert.ok(median < 1.5, `${median} ms`);
			}
	});

	test("who comes in the middle hears what comes, and not what was", () => {
		const it = phone();
		it.pass(700);
		const t = tempo({ anchor_timestamp: BOX - 99900 });
		it.click.take(t);
		const from_ms = it.now();
		it.pass(3000);
		same(it.heard(0, it.now()), wanted(t, from_ms + LATENCY_MS, it.now()), 1);
	});

	test("eighths: two to a beat, three in a compound metre", () => {
		for (const time_signature of ["3/4", "6/8"]) {
			const it = phone();
			it.click.sound_parts(true);
			const t = tempo({ time_signature, bpm: 80 });
			it.click.take(t);
			it.pass(20000);
			same(it.heard(0, it.now()), wanted(t, t.anchor_timestamp, it.now(), 2), 1);
		}
	});

	test("stop: nothing is heard of what had not begun", () => {
		const it = phone();
		it.click.sound_parts(true);
		it.click.take(tempo({ bpm: 260 }));
		it.pass(4000);
		const stopped_ms = it.now();
		it.click.take(tempo({ running: false }));
		it.pass(2000);
		const late = it.heard(stopped_ms + LATENCY_MS + 40);
		assert.deepEqual(late, []);
		assert.ok(it.played.some(({ withdrawn }) => withdrawn), "something was ahead, and withdrawn");
	});

	test("a change that is announced comes at its bar; one that cuts a bar short leaves nothing twice", () => {
		const it = phone({ drift: 50e-6, jitter_ms: 2 });
		it.click.sound_parts(true);
		const first = tempo({});
		it.click.take(first);
		it.pass(2500);
		/* Bar 2 begins 4,000 ms after bar 0; the new tempo takes over some 190 ms sooner, in the middle of a beat. */
		const next = { bpm: 150, time_signature: "3/4", anchor_timestamp: first.anchor_timestamp + 3810, anchor_bar_index: 2 };
		it.click.take({ ...first, pending: next });
		it.pass(1650);
		it.click.take(tempo(next));
		it.pass(5000);
		const ought = [...wanted(first, first.anchor_timestamp, next.anchor_timestamp, 2), ...wanted(next, next.anchor_timestamp, it.now(), 2)];
		same(it.heard(0, it.now()), ought, 3);
	});

	test("a change told while its own beat is handed over already is followed, and no beat sounds twice", () => {
		for (let late_ms = 0; late_ms < 500; late_ms += 20) {
			const it = phone({ seed: late_ms + 1 });
			const first = tempo({});
			it.click.take(first);
			it.pass(2000 + late_ms);
			/* The same bars, from now on a hair later, as when the box's crystal is found to drift. */
			const moved = tempo({ anchor_timestamp: first.anchor_timestamp + 2000.8, anchor_bar_index: 1 });
			it.click.take(moved);
			it.pass(3000);
			same(it.heard(0, it.now()), wanted(first, first.anchor_timestamp, it.now()), 2);
		}
	});

	test("what is found out of the clocks later moves what was handed over before", () => {
		const it = phone();
		const t = tempo({});
		it.click.hidden = true;
		it.click.take(t);
		it.pass(3100);
		it.clock.slip_ms = 12;
		const from_ms = it.now();
		it.pass(3000);
		same(it.heard(from_ms + 100, it.now()), wanted(t, from_ms + 100, it.now()), 1);
	});

	test("in the background, where a turn comes once a second, no beat is missing", () => {
		const it = phone({ drift: 200e-6, jitter_ms: 2 });
		const t = tempo({ bpm: 200 });
		it.click.take(t);
		it.pass(3000);
		it.click.hidden = true;
		it.click.turn();
		it.pass(30000, 1000);
		it.click.hidden = false;
		it.pass(3000);
		same(it.heard(0, it.now()), wanted(t, t.anchor_timestamp, it.now()), 4);
	});

	test("suspended and back: silent meanwhile, then on the beat again, whatever the audio clock did", () => {
		for (const away_ms of [300, 1700, 20000]) {
			const it = phone({ jitter_ms: 2 });
			const t = tempo({});
			it.click.take(t);
			it.pass(4200);
			it.suspend();
			const from_ms = it.now();
			it.pass(away_ms);
			it.resume();
			const back_ms = it.now();
			it.pass(4000);
			assert.deepEqual(it.heard(from_ms + LATENCY_MS + 20, back_ms), []);
			same(it.heard(back_ms + 600, it.now()), wanted(t, back_ms + 600, it.now()), 3);
			const count = it.heard(back_ms, it.now()).length, most = wanted(t, back_ms, it.now()).length;
			assert.ok(count >= most - 2 && count <= most, `${count} of ${most}`);
		}
	});

	test("another audio clock begins at 0: no beat is lost with the old one", () => {
		const it = phone();
		const t = tempo({});
		it.click.take(t);
		it.pass(4000);
		const before = it.heard(0).length;
		it.click.forget();
		it.pass(4000);
		assert.ok(before > 4);
		same(it.heard(0, it.now()), wanted(t, t.anchor_timestamp, it.now()), 1);
	});
});
