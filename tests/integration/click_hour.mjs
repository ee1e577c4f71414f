/*
 * One simulated hour of click in JACK's freewheel mode at each of four tempi: every onset at its
 * exact frame, none missing, none besides, each bar's first the loud one.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { beatsOf, compare, judgeable, startStage } from "../tools/click_stage.mjs";

const RATE = 48000;
const HOUR = 3600 * RATE;

/** @type {[number, "2/4" | "3/4" | "4/4" | "6/8" | "12/8", number][]} bpm, metre, JACK period */
const HOURS = [[60, "4/4", 1024], [97, "3/4", 4096], [133, "12/8", 4096], [181, "6/8", 4096]];

/** @param {(typeof HOURS)[number]} hour */
async function hour([bpm, metre, period], /** @type {import("node:test").TestContext} */ t) {
	const stage = await startStage({ period, rate: RATE });
	try {
		await stage.feed.say("wait_for settled = 1");
		await stage.feed.say(`start ${bpm} ${metre} 300`);
		await stage.feed.say("wait_for running = 1");
		const { anchor_frame } = await stage.feed.status();
		const began = Date.now();
		const ear = stage.listen("--freewheel", "--frames", String(HOUR));
		await ear.ended;
		const took = (Date.now() - began) / 1000;
		assert.ok(ear.heard >= HOUR, "an hour was heard");
		assert.deepEqual(ear.trouble, []);
		const good = judgeable(ear, RATE);
		const beats = beatsOf({ bpm, metre, frame: anchor_frame, bar: 0 }, ear.first + ear.heard)
			.filter(good);
		const result = compare(ear.onsets.filter(good), beats);
		assert.deepEqual(result, { wanted: beats.length, missing: [], extra: [], accents: [] });
		t.diagnostic(`${bpm} bpm ${metre}, period ${period}: ${beats.length} onsets exact, ` +
			`an hour in ${took.toFixed(1)} s (x${Math.round(3600 / took)})`);
	} finally {
		await stage.stop();
	}
}

for (const one of HOURS)
	test(`an hour at ${one[0]} bpm`, (t) => hour(one, t));
