/*
 * The page's beat arithmetic against a reference in whole numbers (BigInt, in
 * nanoseconds), and its follower over everything that a tempo can do: no beat
 * given out twice, left out or before an earlier one.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { random } from "../lib/proxy.mjs";
import { BPM_MAX, BPM_MIN, METRES, beat_at, beat_time, compare, grid } from "../../web/beat/beat.js";
import { Flash } from "../../web/beat/flash.js";
import { CATCH_UP_MS, Follower } from "../../web/beat/follow.js";

const EPOCH = 1790000000000;
const BEATS = { "2/4": 2, "3/4": 3, "4/4": 4, "6/8": 2, "12/8": 4 };

/** Beat k after the anchor, box ms, by whole numbers: nanoseconds, halves up. */
function reference_ms(anchor_ms, bpm, k) {
	const product = BigInt(k) * 60_000_000_000n * 2n + BigInt(bpm);
	const twice = BigInt(bpm) * 2n;
	const ns = product / twice - (product % twice < 0n ? 1n : 0n);
	return { whole: anchor_ms, ns };
}

describe("beat arithmetic", () => {
	test("every bpm and metre, from the first beat to one after a week: within a microsecond of the reference", () => {
		for (let bpm = BPM_MIN; bpm <= BPM_MAX; bpm++)
			for (const [time_signature, beats] of Object.entries(BEATS)) {
				const g = grid({ bpm, time_signature, anchor_timestamp: EPOCH, anchor_bar_index: 7 });
				assert.equal(g.beats, beats);
				for (const bar of [-3, 0, 7, 8, 1000, 123457, 7 + Math.floor(bpm * 60 * 24 * 7 / beats)])
					for (let beat = 0; beat < beats; beat++) {
						const { whole, ns } = reference_ms(EPOCH, bpm, (bar - 7) * beats + beat);
						const exact = Number(ns) / 1e6;
						assert.ok(Math.abs(beat_time(g, { bar, beat }) - whole - exact) < 0.001, `${bpm} ${time_signature} ${bar}:${beat}`);
					}
			}
	});

	test("beat_at is the inverse: at a beat's own time it is that beat, just before the one before", () => {
		const rnd = random(4);
		for (let i = 0; i < 20000; i++) {
			const time_signature = Object.keys(METRES)[Math.floor(rnd() * 5)];
			const g = grid({ bpm: 30 + Math.floor(rnd() * 231), time_signature, anchor_timestamp: EPOCH + Math.floor(rnd() * 1e6), anchor_bar_index: Math.floor(rnd() * 50) });
			const place = { bar: Math.floor(rnd() * 20000) - 100, beat: Math.floor(rnd() * g.beats) };
			const at = beat_time(g, place);
			assert.deepEqual(beat_at(g, at), place);
			assert.ok(compare(beat_at(g, at - 0.01), place) < 0);
		}
	});
});

/** A tempo as the box tells it. */
const tempo = (fields) => ({
	session_id: "s", controller_user_id: "u", running: true, pending: null, start_bar_index: 0,
	bpm: 120, time_signature: "4/4", anchor_timestamp: EPOCH, anchor_bar_index: 0, ...fields,
});

/** Draws frames of `step` ms from one time to another; all beats given out. */
function frames(follower, from, to, step = 16.7) {
	const given = [];
	for (let at = from; at <= to; at += step)
		given.push(...follower.due(at).map((beat) => ({ ...beat, drawn: at })));
	return given;
}

const names = (beats) => beats.map((b) => `${b.bar}:${b.beat}`).join(" ");

describe("follower", () => {
	test("a start in the future: nothing before it, then every beat once, count-in told", () => {
		const follower = new Follower();
		follower.take(tempo({ anchor_timestamp: EPOCH + 300, anchor_bar_index: 4, start_bar_index: 5 }));
		assert.deepEqual(frames(follower, EPOCH, EPOCH + 290), []);
		const beats = frames(follower, EPOCH + 290, EPOCH + 300 + 3000);
		assert.equal(names(beats), "4:0 4:1 4:2 4:3 5:0 5:1");
		assert.deepEqual(beats.map((b) => b.count_in), [1, 1, 1, 1, 0, 0]);
		for (const beat of beats)
			assert.ok(beat.drawn - beat.at_ms >= 0 && beat.drawn - beat.at_ms < 17);
	});

	test("arriving in mid-beat: that beat is not given out late, the next one is", () => {
		const follower = new Follower();
		follower.take(tempo({}));
		assert.equal(names(frames(follower, EPOCH + 10250, EPOCH + 11600)), "5:1 5:2 5:3");
	});

	test("late frames give out what they missed, once and in order", () => {
		const follower = new Follower();
		follower.take(tempo({ bpm: 240 }));
		frames(follower, EPOCH - 50, EPOCH + 10);
		assert.equal(names(follower.due(EPOCH + 1010)), "0:1 0:2 0:3 1:0");
		assert.equal(names(follower.due(EPOCH + 1020)), "");
	});

	test("the beat after a time, given out or not; none while nothing runs", () => {
		const f = new Follower();
		assert.equal(f.after(0), null);
		f.take(tempo({ bpm: 120, anchor_timestamp: 10000 }));
		f.due(10600);
		const places = [10600, 10999, 11000, 12100].map((at) => f.after(at)).map((b) => [b?.bar, b?.beat, b?.at_ms]);
		assert.deepEqual(places, [[0, 2, 11000], [0, 2, 11000], [0, 3, 11500], [1, 1, 12500]]);
		assert.equal(f.due(11000).length, 1, "to ask is not to give out");
	});

	test("a long sleep is not made up for", () => {
		const follower = new Follower();
		follower.take(tempo({}));
		frames(follower, EPOCH, EPOCH + 600);
		assert.equal(names(follower.due(EPOCH + 60250)), "");
		assert.equal(names(frames(follower, EPOCH + 60250, EPOCH + 61100)), "30:1 30:2");
		assert.ok(CATCH_UP_MS < 10000);
	});

	test("a pending change is taken over by itself, and its confirmation changes nothing", () => {
		for (const [metre, after] of [["4/4", 4], ["3/4", 3], ["6/8", 2]])
			for (const confirm_at of [3990, 4000, 4010, 4200]) {
				const follower = new Follower();
				const pending = { bpm: 90, time_signature: metre, anchor_timestamp: EPOCH + 4000, anchor_bar_index: 2 };
				follower.take(tempo({ pending }));
				const beats = frames(follower, EPOCH - 100, EPOCH + confirm_at, 5);
				follower.take(tempo(pending));
				beats.push(...frames(follower, EPOCH + confirm_at, EPOCH + 7900, 5));
				const expected = ["0:0", "0:1", "0:2", "0:3", "1:0", "1:1", "1:2", "1:3"];
				for (let k = 0; 4000 + k * 60000 / 90 <= 7900; k++)
					expected.push(`${2 + Math.floor(k / after)}:${k % after}`);
				assert.equal(names(beats), expected.join(" "), `${metre}, confirmed at ${confirm_at}`);
				const change = beats.find((b) => b.bar === 2);
				assert.ok(Math.abs(change.drawn - EPOCH - 4000) <= 10);
			}
	});

	test("confirmed while frames are late: the old bar's last beats keep their own metre", () => {
		const follower = new Follower();
		const pending = { bpm: 120, time_signature: "2/4", anchor_timestamp: EPOCH + 4000, anchor_bar_index: 2 };
		follower.take(tempo({ pending }));
		frames(follower, EPOCH - 10, EPOCH + 2900);
		follower.take(tempo(pending));
		assert.equal(names(follower.due(EPOCH + 4600)), "1:2 1:3 2:0 2:1");
	});

	test("a cancelled change leaves the beat as it was", () => {
		const follower = new Follower();
		follower.take(tempo({ pending: { bpm: 200, time_signature: "2/4", anchor_timestamp: EPOCH + 4000, anchor_bar_index: 2 } }));
		const beats = frames(follower, EPOCH - 10, EPOCH + 3000);
		follower.take(tempo({}));
		beats.push(...frames(follower, EPOCH + 3001, EPOCH + 5400));
		assert.equal(names(beats), "0:0 0:1 0:2 0:3 1:0 1:1 1:2 1:3 2:0 2:1 2:2");
	});

	test("a change that comes early cuts its bar short, one that comes late is waited for", () => {
		for (const [at, expected] of [[3300, "1:0 1:1 1:2 2:0 2:1"], [4300, "1:0 1:1 1:2 1:3 2:0"]]) {
			const follower = new Follower();
			follower.take(tempo({ pending: { bpm: 100, time_signature: "4/4", anchor_timestamp: EPOCH + at, anchor_bar_index: 2 } }));
			const beats = frames(follower, EPOCH + 1900, EPOCH + 4400);
			assert.equal(names(beats), expected);
		}
	});

	test("re-anchored on the same grid: right from the next beat on, never doubled, left out or back", () => {
		for (const moved of [-300, -80, -9, -1, 1, 9, 80, 300])
			for (const at of [3990, 4003, 4250, 4490]) {
				const follower = new Follower();
				follower.take(tempo({}));
				const beats = frames(follower, EPOCH - 10, EPOCH + at, 2);
				follower.take(tempo({ anchor_timestamp: EPOCH + 4000 + moved, anchor_bar_index: 2 }));
				beats.push(...frames(follower, EPOCH + at, EPOCH + 8900, 2));
				const places = beats.map((b) => b.bar * 4 + b.beat);
				assert.deepEqual(places, places.map((_, i) => i), `moved ${moved} at ${at}: ${names(beats)}`);
				for (let i = 1; i < beats.length; i++)
					assert.ok(beats[i].drawn >= beats[i - 1].drawn);
				/* Each beat after it is where the box says, but for one whose time was over when it said so. */
				for (const beat of beats.filter((b) => b.drawn > EPOCH + at + 3))
					assert.ok(beat.drawn - (EPOCH + moved + (beat.bar * 4 + beat.beat) * 500) < 3 && beat.drawn >= beat.at_ms);
			}
	});

	test("stop and start: bars go on, nothing twice; a stop is heard at once", () => {
		const follower = new Follower();
		follower.take(tempo({}));
		const first = frames(follower, EPOCH - 10, EPOCH + 2700);
		follower.take(tempo({ running: false }));
		assert.deepEqual(frames(follower, EPOCH + 2700, EPOCH + 5000), []);
		assert.equal(follower.next(), null);
		follower.take(tempo({ anchor_timestamp: EPOCH + 5200, anchor_bar_index: 2, start_bar_index: 3 }));
		const second = frames(follower, EPOCH + 5000, EPOCH + 7300);
		assert.equal(names([...first, ...second]), "0:0 0:1 0:2 0:3 1:0 1:1 2:0 2:1 2:2 2:3 3:0");
	});

	test("stopped and started while we were out of reach and had run ahead: the new run is drawn", () => {
		const follower = new Follower();
		follower.take(tempo({}));
		frames(follower, EPOCH - 10, EPOCH + 20000);
		follower.take(tempo({ anchor_timestamp: EPOCH + 20300, anchor_bar_index: 3, start_bar_index: 3 }));
		assert.equal(names(frames(follower, EPOCH + 20000, EPOCH + 21400)), "3:0 3:1 3:2");
	});

	test("a reconnection that tells the same run again changes nothing", () => {
		const follower = new Follower();
		follower.take(tempo({}));
		const beats = frames(follower, EPOCH - 10, EPOCH + 2100);
		for (let i = 0; i < 5; i++) {
			follower.take(tempo({ anchor_timestamp: EPOCH + 2000, anchor_bar_index: 1 }));
			beats.push(...frames(follower, EPOCH + 2100 + i * 300, EPOCH + 2400 + i * 300));
		}
		assert.equal(names(beats), "0:0 0:1 0:2 0:3 1:0 1:1 1:2 1:3");
	});

	test("another session begins anew", () => {
		const follower = new Follower();
		follower.take(tempo({}));
		frames(follower, EPOCH, EPOCH + 9000);
		follower.take(tempo({ session_id: "other", anchor_timestamp: EPOCH + 9100 }));
		assert.equal(names(frames(follower, EPOCH + 9000, EPOCH + 9700)), "0:0 0:1");
	});

	test("a long evening of everything at random: in order, once, and none missing", () => {
		for (let seed = 1; seed <= 40; seed++) {
			const rnd = random(seed);
			const pick = (list) => list[Math.floor(rnd() * list.length)];
			const follower = new Follower();
			let at = EPOCH;
			/** The box's own plan: pieces of grid by bar. */
			let now = { bpm: 120, time_signature: "4/4", anchor_timestamp: EPOCH + 200, anchor_bar_index: 0 };
			follower.take(tempo(now));
			const beats_in = [];
			const given = [];
			for (let change = 0; change < 60; change++) {
				const beats = BEATS[now.time_signature];
				const bars = 1 + Math.floor(rnd() * 3);
				const next = { bpm: 30 + Math.floor(rnd() * 231), time_signature: pick(Object.keys(BEATS)),
					anchor_timestamp: Math.round(now.anchor_timestamp + bars * beats * 60000 / now.bpm), anchor_bar_index: now.anchor_bar_index + bars };
				for (let bar = now.anchor_bar_index; bar < next.anchor_bar_index; bar++)
					beats_in[bar] = beats;
				follower.take(tempo({ ...now, pending: next }));
				const confirmed = next.anchor_timestamp + (rnd() - 0.3) * 200;
				for (; at < confirmed; at += 4 + 30 * rnd()) {
					given.push(...follower.due(at));
					/* Now and then the same grid told from a later bar, a little off. */
					if (rnd() < 0.02 && bars > 1 && at > now.anchor_timestamp + beats * 60000 / now.bpm)
						follower.take(tempo({ ...now, anchor_timestamp: Math.round(now.anchor_timestamp + beats * 60000 / now.bpm + rnd() - 0.5),
							anchor_bar_index: now.anchor_bar_index + 1, pending: next }));
				}
				now = next;
				follower.take(tempo(now));
			}
			let bar = 0, beat = 0;
			for (const place of given) {
				assert.deepEqual([place.bar, place.beat], [bar, beat], `seed ${seed}`);
				if (++beat >= (beats_in[bar] ?? BEATS[now.time_signature])) {
					bar++;
					beat = 0;
				}
			}
			assert.ok(given.length > 100);
		}
	});

	test("who arrives in mid-beat is told where that is; before the first beat there is no such place", () => {
		const follower = new Follower();
		assert.equal(follower.present(), null);
		follower.take(tempo({ bpm: 60, anchor_bar_index: 8, start_bar_index: 10 }));
		assert.deepEqual(follower.due(EPOCH + 6400), []);
		const { bar, beat, at_ms, count_in } = /** @type {any} */ (follower.present());
		assert.deepEqual([bar, beat, at_ms, count_in], [9, 2, EPOCH + 6000, 1]);
		assert.equal(names(follower.due(EPOCH + 7000)), "9:3");
		assert.equal(follower.present()?.beat, 3);
		const early = new Follower();
		early.take(tempo({}));
		assert.deepEqual(early.due(EPOCH - 300), []);
		assert.equal(early.present(), null);
	});
});

describe("what is drawn", () => {
	/** Flash with a dial that notes; the clock is the box's. */
	function stage(/** @type {Follower} */ follower) {
		/** @type {string[]} */
		const seen = [];
		const dial = { beat: (b, { shape, screen }) => seen.push(`${b.bar}:${b.beat}${shape || screen ? "!" : ""}`), rest: () => seen.push("rest") };
		const flash = new Flash(/** @type {any} */ ({ clock: { ready: true, box: (at) => EPOCH + at }, follower, dial,
			setting: () => ({ flash: "full", beat_offset_ms: 0 }), bar: ({ bar }) => seen.push(`bar ${bar}`) }));
		return { flash, seen };
	}
	const marks = () => performance.getEntriesByName("beat").length;

	test("in the middle of a slow beat: its place at once, without a flash and without a mark; then each at its time", () => {
		const follower = new Follower();
		const { flash, seen } = stage(follower);
		const began = performance.now();
		follower.take(tempo({ bpm: 30, anchor_timestamp: EPOCH + began - 3000 }));
		performance.clearMarks("beat");
		flash.frame(began);
		flash.frame(began + 17);
		assert.deepEqual([seen, marks()], [["0:1", "bar 0"], 0]);
		flash.frame(began + 1000);
		assert.deepEqual([seen.slice(2), marks()], [["0:2!"], 1]);
		follower.take(tempo({ running: false }));
		flash.frame(began + 1017);
		follower.take(tempo({ bpm: 30, anchor_timestamp: EPOCH + began + 1500, anchor_bar_index: 5, start_bar_index: 5 }));
		flash.frame(began + 1034);
		assert.deepEqual(seen.slice(3), ["rest"], "another run: nothing before its first beat");
		performance.clearMarks("beat");
	});
});
