/*
 * A hundred tempo and metre changes at bar lines in one freewheel recording: no onset missing,
 * none besides, none displaced, bars numbered through. Half of them the daemon never hears of
 * (it does not promote them): the click carries them out alone.
 *
 * timeout: 300 s
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { barFrame, beatsOf, compare, judgeable, startStage } from "../tools/click_stage.mjs";

const RATE = 48000;
const CHANGES = 100;
const BARS_EACH = 16; /* so that the announcement, in real time, comes before the bar, at x500 */
const METRES = /** @type {const} */ (["2/4", "3/4", "4/4", "6/8", "12/8"]);

let seed = 20240816n;
function random(/** @type {number} */ below) {
	seed = (seed * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
	return Number(seed >> 33n) % below;
}

const drawn = Array.from({ length: CHANGES }, (_, i) => ({
	bpm: 30 + random(231),
	metre: METRES[random(METRES.length)],
	bar: BARS_EACH * (i + 1) + random(4),
	promoted: random(2) === 0,
}));

/** One recording. Null if an announcement came late, which is this machine's fault. */
async function record() {
	const stage = await startStage({ period: 512, rate: RATE });
	try {
		await stage.feed.say("wait_for settled = 1");
		await stage.feed.say("start 120 4/4 300");
		await stage.feed.say("wait_for running = 1");
		const { anchor_frame, grid } = await stage.feed.status();
		const ear = stage.listen("--freewheel");
		await ear.listening;
		/* All at once: the feed goes on by itself, as fast as the status tells it to. */
		const said = [];
		for (let i = 0; i < CHANGES; i++) {
			const { bar, bpm, metre, promoted } = drawn[i];
			said.push(stage.feed.say(`pending_at_bar ${bar} ${bpm} ${metre}`));
			said.push(stage.feed.say(`wait_for grid = ${grid + i + 1}`));
			if (promoted)
				said.push(stage.feed.say("promote"));
		}
		const last = drawn[CHANGES - 1];
		said.push(stage.feed.say(`wait_for bar > ${last.bar + 4}`));
		await Promise.all(said);
		await ear.stop();
		const { late } = await stage.feed.status();
		return late > 0 ? null : { ear, anchor_frame };
	} finally {
		await stage.stop();
	}
}

/** The whole evening, by arithmetic. @param {number} anchor @param {number} end */
function reference(anchor, end) {
	let grid = { bpm: 120, metre: /** @type {(typeof METRES)[number]} */ ("4/4"), frame: anchor, bar: 0 };
	const beats = [];
	for (const change of drawn) {
		const frame = barFrame(grid, change.bar, RATE);
		beats.push(...beatsOf(grid, frame, RATE));
		grid = { ...change, frame };
	}
	return [...beats, ...beatsOf(grid, end, RATE)];
}

test("a hundred changes", async (t) => {
	let recording = null;
	for (let attempt = 1; recording === null && attempt <= 3; attempt++) {
		recording = await record();
		if (recording === null)
			t.diagnostic(`attempt ${attempt}: an announcement came after its bar; once more`);
	}
	assert.ok(recording, "the machine could not keep up three times");
	const { ear, anchor_frame } = recording;
	assert.deepEqual(ear.trouble, []);
	const good = judgeable(ear, RATE);
	const to = ear.first + ear.heard;
	const beats = reference(anchor_frame, to).filter(good);
	const result = compare(ear.onsets.filter(good), beats);
	assert.ok(beats.at(-1).bar > drawn[CHANGES - 1].bar, "the last change was heard");
	assert.deepEqual(result, { wanted: beats.length, missing: [], extra: [], accents: [] });
	t.diagnostic(`${CHANGES} changes, ${beats.length} onsets exact, ` +
		`${(ear.heard / RATE / 60).toFixed(0)} simulated minutes`);
});
