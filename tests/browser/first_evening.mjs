/*
 * sanitizers: no
 * timeout: 300 s
 *
 * The promise of the first path, to the letter: `make run`, two browsers, a session made on one and
 * joined by code on the other, 1-2-3-4 on the first; the click comes in, recorded from JACK it lies
 * on the grid to the sample, and both pages draw every beat of it.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { until } from "../lib/box.mjs";
import { create, faults, join, marks, openBrowser, tapPad } from "../lib/browser.mjs";
import { Ear } from "../lib/ear.mjs";
import { supervise } from "../lib/supervised.mjs";

/* The test's own make must not pass its flags on. */
delete process.env.MAKEFLAGS;
delete process.env.MAKELEVEL;
delete process.env.MFLAGS;

const RATE = 48000;
const PIN = "482913";
const BEATS_HEARD = 12;

/** @type {any[]} */
const browsers = [];
after(() => Promise.all(browsers.map((browser) => browser.close())));

/** A browser of its own, as another device is. @param {string} url */
async function device(url) {
	const browser = await openBrowser();
	browsers.push(browser);
	const page = await browser.newPage({ viewport: { width: 360, height: 740 }, hasTouch: true });
	page.setDefaultTimeout(15000);
	await page.goto(url);
	return page;
}

/** Frames from the anchor to its k-th beat: to the nearest whole one, halves up. */
const offset = (k, bpm) => Math.floor((2 * k * 60 * RATE + bpm) / (2 * bpm));

/**
 * Every onset lies on the frame of one grid; how many beats there are from the first to the last. The
 * first that was heard may be the run's second or third beat: the dummy card swallows frames.
 */
function checkGrid(onsets, bpm) {
	const first = onsets[0].frame;
	const beats = onsets.map(({ frame }) => Math.round((frame - first) * bpm / (60 * RATE)));
	const beside = [0, 1, 2, 3].map((j) => onsets.filter(({ frame }, i) =>
		frame - first !== offset(beats[i] + j, bpm) - offset(j, bpm)));
	assert.ok(beside.some((onset) => onset.length === 0), `beside the grid: ${JSON.stringify(beside[0])}`);
	return beats[beats.length - 1] + 1;
}

test("make run, two devices, 1-2-3-4: the click is exact, and both pages draw it", async (t) => {
	const run = await supervise(["make", "run"], { PIN });
	const url = `http://127.0.0.1:${run.place.PORT}`;
	await until(async () => (await fetch(`${url}/healthz`).catch(() => null))?.ok, "the box");
	const md = await device(url);
	const code = await create(md, "Ann", PIN);
	const player = await device(`${url}/join/${code}`);
	await join(player, "Ben");
	await until(() => md.evaluate(() => !!document.querySelector(".chip:last-child")?.textContent?.includes("±")), "the clock");

	const ear = await Ear.start(run.place.JACK_SERVER);
	await tapPad(md, 4, 120);
	await until(() => ear.onsets.length >= BEATS_HEARD, "the click", 20000);
	const bpm = Number(await md.getByLabel("Beats a minute").inputValue());
	assert.ok(Math.abs(bpm - 120) <= 3, `${bpm} bpm`);
	const beats = checkGrid(ear.onsets, bpm);
	t.diagnostic(`${ear.onsets.length} of ${beats} beats heard at ${bpm} bpm, each on its frame`);
	assert.ok(ear.onsets.length >= beats - 2, "the dummy card may swallow one or two, no more");

	await sleep(1000);
	for (const page of [md, player]) {
		const drawn = await marks(page);
		assert.ok(drawn.length >= BEATS_HEARD, `${drawn.length} beats drawn`);
		assert.deepEqual(faults(drawn), []);
	}
	await ear.stop?.();
	run.signal("SIGTERM");
	assert.deepEqual(await run.gone(), [], "all that make run started is gone");
});
