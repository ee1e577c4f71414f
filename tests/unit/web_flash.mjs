/*
 * The beats as they are drawn, frame by frame: each in the frame nearest to its
 * time, or so much later or earlier as the phone's owner has set.
 */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import { Flash } from "../../web/beat/flash.js";
import { Follower } from "../../web/beat/follow.js";

const BOX = 1790000000000;
const FRAME_MS = 1000 / 60;

describe("an own offset", () => {
	/** @type {any} */ let flash;
	/** Its frames lie ahead of the test's own time, so that none of them is late. */
	let began = 0;
	/** @type {any} */ let settings;
	/** @type {any[]} */ let shown;
	/** @type {number[]} */ let bars;
	const run = (/** @type {number} */ ms) => {
		for (const end = began + ms; began < end; began += FRAME_MS)
			flash.frame(began);
	};
	const marks = () => performance.getEntriesByName("beat").map((/** @type {any} */ m) => m.detail);

	beforeEach(() => {
		const follower = new Follower();
		began = performance.now() + 1e6;
		settings = { flash: "full", beat_offset_ms: 0, show_subdivision: false };
		shown = [];
		bars = [];
		flash = new Flash(/** @type {any} */ ({
			clock: { ready: true, box: (/** @type {number} */ at) => BOX + at - began_first }, follower,
			dial: { beat: (/** @type {any} */ beat, /** @type {any} */ flashes) => shown.push({ beat, flashes }), rest() {} },
			setting: () => settings, bar: (/** @type {any} */ beat) => bars.push(beat.bar),
		}));
		const began_first = began;
		follower.take(/** @type {any} */ ({ session_id: "s", bpm: 120, time_signature: "4/4", anchor_timestamp: BOX + 400, anchor_bar_index: 0, start_bar_index: 0, running: true, pending: null }));
	});
	afterEach(() => performance.clearMarks("beat"));

	for (const beat_offset_ms of [0, 200, 35, -200])
		test(`${beat_offset_ms} ms: each beat once, that much behind, to the frame`, () => {
			settings.beat_offset_ms = beat_offset_ms;
			run(8000);
			const drawn = marks();
			assert.ok(drawn.length >= 14);
			drawn.forEach(({ bar, beat, server_time }, i) => {
				assert.equal(bar * 4 + beat, i);
				const behind_ms = server_time - (BOX + 400 + 500 * i);
				assert.ok(Math.abs(behind_ms - beat_offset_ms) <= FRAME_MS / 2 + 0.2, `${behind_ms}`);
			});
		});

	test("another offset while it runs: no beat is drawn twice or left out", () => {
		for (const beat_offset_ms of [200, -200, 100, -5, 0]) {
			settings.beat_offset_ms = beat_offset_ms;
			run(1700);
		}
		const drawn = marks();
		drawn.forEach(({ bar, beat }, i) => assert.equal(bar * 4 + beat, i));
		assert.ok(drawn.length >= 16);
	});

	test("a page that slept shows in its first frame where we are: the beat, and the bar; nothing flashes for it", () => {
		run(1500);
		began += 20000;
		const before = shown.length;
		/* 21 s after the first beat, and a little. */
		began += 200;
		run(FRAME_MS);
		assert.deepEqual(shown.slice(before).map(({ beat, flashes }) => [beat.bar * 4 + beat.beat, flashes.shape || flashes.screen]), [[Math.floor((21700 - 400) / 500), false]]);
		assert.equal(bars.at(-1), Math.floor((21700 - 400) / 2000));
		run(100);
		assert.equal(shown.length, before + 1, "once");
	});

	test("the eighths are lit only where one wants them", () => {
		run(2000);
		settings.show_subdivision = true;
		run(2000);
		assert.deepEqual(new Set(shown.map(({ flashes }) => flashes.parts)), new Set([false, true]));
	});
});
