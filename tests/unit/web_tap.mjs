/*
 * Taps on their way, flashes within limits, and the time at which a frame is seen.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Frames, Limiter, allowed } from "../../web/beat/flash.js";
import { Taps, event_time, taps_to_start } from "../../web/desk/tap.js";

/** A pad whose box answers when told. */
function pad({ clock = (at) => at + 1000 } = {}) {
	const sent = [], answers = [], shown = [];
	const taps = new Taps({
		send: (at) => new Promise((resolve, reject) => (sent.push(at), answers.push({ resolve, reject }))),
		box_time: clock,
		shown: (count) => shown.push(count),
	});
	return { taps, sent, answers, shown };
}

describe("taps", () => {
	test("each is sent at once with its own time, and counted before the box has answered", () => {
		const { taps, sent, shown } = pad();
		for (const at of [100, 600, 1100, 1600])
			taps.tap(at, at + 12);
		assert.deepEqual(sent, [1100, 1600, 2100, 2600]);
		assert.deepEqual(shown.map((s) => s.count), [1, 2, 3, 4]);
	});

	test("260 bpm are all taken, a bounce is not", async () => {
		const { taps, sent } = pad();
		for (let i = 0; i < 40; i++)
			taps.tap(100 + i * 60000 / 260, 110 + i * 60000 / 260);
		assert.equal(sent.length, 40);
		const last = 100 + 39 * 60000 / 260;
		assert.equal(await taps.tap(last + 30, last + 31), "bounce");
		assert.equal(sent.length, 40);
	});

	test("the estimate is shown when it comes, but not over a later series", async () => {
		const { taps, answers, shown } = pad();
		const first = taps.tap(100, 100);
		answers[0].resolve({ taps: 1, bpm: null, started: false });
		await first;
		const second = taps.tap(600, 600);
		answers[1].resolve({ taps: 2, bpm: 120, started: false });
		await second;
		assert.equal(shown.at(-1)?.bpm, 120);
		const late = taps.tap(1100, 1100);
		taps.tap(9000, 9000);
		assert.deepEqual({ ...shown.at(-1), at: 0 }, { count: 1, bpm: null, at: 0 });
		answers[2].resolve({ taps: 3, bpm: 121, started: false });
		await late;
		assert.equal(shown.at(-1)?.bpm, null);
	});

	test("a tap that waited too long, or that no clock can time, is not sent", async () => {
		const { taps, sent } = pad();
		assert.equal(await taps.tap(100, 1800), "stale");
		const blind = pad({ clock: () => null });
		assert.equal(await blind.taps.tap(100, 100), "no_clock");
		assert.equal(sent.length + blind.sent.length, 0);
	});

	test("a tap that got no answer is reported, and the next one is a tap as any other", async () => {
		const { taps, sent, answers } = pad();
		const lost = taps.tap(100, 100);
		answers[0].reject(new Error("no_answer"));
		await assert.rejects(lost);
		taps.tap(600, 600);
		assert.equal(sent.length, 2);
	});

	test("events stamped from another epoch are taken as of now", () => {
		assert.equal(event_time(5000, 5010), 5000);
		assert.equal(event_time(1790000000000, 5010), 5010);
		assert.equal(event_time(1, 50000), 50000);
	});

	test("a bar of taps starts, two where a bar has two beats", () => {
		assert.deepEqual(["2/4", "3/4", "4/4", "6/8", "12/8"].map(taps_to_start), [4, 3, 4, 4, 4]);
	});
});

describe("flashes", () => {
	test("never more than three a second, at any tempo, in any metre, of anything large", () => {
		for (const setting of /** @type {const} */ (["full", "small", "off"]))
			for (let bpm = 30; bpm <= 260; bpm++)
				for (const beats of [2, 3, 4]) {
					const may = allowed(setting, bpm, beats);
					for (const which of [may.shape, may.screen]) {
						const rate = which === "beats" ? bpm / 60 : which === "bars" ? bpm / 60 / beats : 0;
						assert.ok(rate < 3, `${setting} ${bpm} ${beats}`);
					}
				}
		assert.deepEqual(allowed("full", 120, 4), { shape: "beats", screen: "beats" });
		assert.deepEqual(allowed("small", 120, 4), { shape: "beats", screen: "none" });
		assert.deepEqual(allowed("full", 200, 4), { shape: "bars", screen: "bars" });
		assert.deepEqual(allowed("off", 60, 4), { shape: "none", screen: "none" });
	});

	test("the guard lets 173 bpm through and holds back what is faster", () => {
		const slow = new Limiter(), fast = new Limiter();
		for (let i = 0; i < 100; i++)
			assert.ok(slow.take(i * 60000 / 173 + (i % 2 ? 8 : -8)));
		let flashes = 0;
		for (let at = 0; at < 10000; at += 100)
			flashes += Number(fast.take(at));
		assert.ok(flashes <= 30, `${flashes}`);
	});
});

describe("frames", () => {
	test("what is drawn is seen a frame after the frame began, at 60 and at 120 Hz", () => {
		for (const hz of [60, 90, 120]) {
			const frames = new Frames();
			let shown = 0;
			for (let i = 1; i <= 40; i++)
				shown = frames.shown(i * 1000 / hz, i * 1000 / hz + 1) - (i + 1) * 1000 / hz;
			assert.ok(Math.abs(shown) < 0.01, `${hz} Hz: ${shown}`);
		}
	});

	test("a frame whose script runs late is seen with a later one; missed frames don't spoil the estimate", () => {
		const frames = new Frames();
		let at = 0;
		for (let i = 0; i < 60; i++) {
			at += (i % 5 === 0 ? 3 : 1) * 1000 / 60;
			frames.shown(at, at + 2);
		}
		assert.ok(Math.abs(frames.frame_ms - 1000 / 60) < 0.01);
		assert.ok(Math.abs(frames.shown(at + 1000 / 60, at + 40) - (at + 3 * 1000 / 60)) < 0.01);
	});
});
