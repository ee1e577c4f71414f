/*
 * How far the drawn beat is from the sounding one: two pages' marks against the
 * onsets recorded from JACK, and against each other; the pages join a click that
 * runs. Three times:
 *
 *     on a good network                        a minute
 *     with 5 to 80 ms of random delay each way ten minutes
 *     with a card 200 ppm fast, and that delay two minutes
 *
 * SECONDS=60 makes none of them longer than that. The aim: 95 of 100 beats within
 * 10 ms once a page is five seconds old.
 *
 * A mark stands when the display shows its frame. That is a frame's grain of its
 * own: at 60 Hz the nearest frame is up to 8.3 ms off, 7.9 for 95 of 100. All clocks are this
 * machine's, so the pages' error of the clock is known and shown apart. On a busy
 * machine the dummy driver loses time; the box tells the pages within a bar or two.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { head } from "../lib/bench.mjs";
import { faults, join, marks, openBrowser, openPage } from "../lib/browser.mjs";
import { startProxy } from "../lib/proxy.mjs";
import { openRoom } from "../lib/tapping.mjs";

const MOST = Number(process.env.SECONDS ?? Infinity);
const SETTLED_MS = 5000;
/** A beat is no whole number of frames, so that every phase of a frame is met. */
const BPM = 127;

/** p50, p95 and the greatest of what is far, whatever its sign. @param {number[]} list */
function spread(list) {
	const sorted = list.map(Math.abs).sort((a, b) => a - b);
	const at = (/** @type {number} */ q) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN).toFixed(1).padStart(6);
	return `p50 ${at(0.5)}  p95 ${at(0.95)}  max ${at(1)} ms  (${sorted.length})`;
}

/** The drawn beats of a page in this process's time. @param {any} page */
async function drawn(page) {
	const origin = await page.evaluate(() => performance.timeOrigin);
	return (await marks(page)).map((mark) => ({ ...mark, here: mark.at + origin - performance.timeOrigin }));
}

/** What the pages drew, in five figures each. @param {Awaited<ReturnType<typeof openRoom>>} room @param {any[]} all @param {number} truth box minus here, ms @param {number[]} onsets */
function report(room, all, truth, onsets) {
	const told = room.witness.heard.filter((h) => h.message.tempoState?.running);
	console.log(`  ${onsets.length} onsets at ${BPM} bpm, ${told.length - 1} times re-anchored`);
	for (const [i, page] of all.entries()) {
		const sound = [], calm = [], grid = [], clock = [], early = [];
		for (const mark of page) {
			const box = mark.here + truth;
			const onset = nearest(onsets, box);
			/* One that the ear did not hear (a gap on a busy machine) has no partner. */
			const heard = Math.abs(onset - box) < 30000 / BPM;
			if (mark.here < page[0].here + SETTLED_MS) {
				if (heard)
					early.push(box - onset);
				continue;
			}
			clock.push(mark.server_time - box);
			const { tempoState } = told.filter((h) => h.at < mark.here).at(-1)?.message ?? told[0].message;
			const beat = tempoState.anchor_timestamp + ((mark.bar - tempoState.anchor_bar_index) * 4 + mark.beat) * 60000 / BPM;
			grid.push(box - beat);
			if (heard)
				sound.push(box - onset);
			if (heard && Math.abs(onset - beat) < 2)
				calm.push(box - onset);
		}
		console.log(`  page ${i + 1}: mark - onset, after five seconds ${spread(sound)}`);
		console.log(`          while the card kept its time   ${spread(calm)}`);
		console.log(`          in the first five seconds      ${spread(early)}`);
		console.log(`          mark - beat as the box told it ${spread(grid)}`);
		console.log(`          its clock's error              ${spread(clock)}`);
		console.log(`          missing, doubled or backward: ${faults(page).length}`);
	}
	const apart = all[0].flatMap((/** @type {any} */ mark) => {
		const other = all[1].find((/** @type {any} */ m) => m.bar === mark.bar && m.beat === mark.beat);
		return other ? [mark.here - other.here] : [];
	});
	console.log(`  page 1 - page 2                        ${spread(apart)}`);
}

/** Of a sorted list. @param {number[]} list @param {number} at */
function nearest(list, at) {
	let low = 0, high = list.length - 1;
	while (high - low > 1) {
		const middle = (low + high) >> 1;
		if (list[middle] < at)
			low = middle;
		else
			high = middle;
	}
	return Math.abs(list[low] - at) < Math.abs(list[high] - at) ? list[low] : list[high];
}

/** @param {string} name @param {number} seconds @param {[number, number] | null} delay @param {import("../lib/box.mjs").BoxOptions} [options] */
async function run(name, seconds, delay, options = {}) {
	const room = await openRoom({ period: 512, ...options });
	const browsers = await Promise.all([openBrowser(), openBrowser()]);
	const proxies = delay ? await Promise.all([1, 2].map((seed) => startProxy(room.box.port, { up: delay, down: delay, seed }))) : [];
	try {
		await room.witness.request("tempo.set", { bpm: BPM });
		const from = room.ear.frame;
		const before = await room.truth();
		await room.witness.request("tempo.start");
		const pages = await Promise.all(browsers.map((browser, i) => openPage(browser, proxies[i] ?? room.box, `/join/${room.code}`)));
		for (const [i, page] of pages.entries())
			await join(page, `Page ${i + 1}`);
		await sleep(Math.min(seconds, MOST) * 1000);
		const after = await room.truth();
		await room.witness.request("tempo.stop");
		const onsets = room.ear.onsets.filter((onset) => onset.frame >= from).map((onset) => room.unixMs(onset.ns)).sort((a, b) => a - b);
		console.log(`${name}, ${Math.min(seconds, MOST)} s`);
		report(room, await Promise.all(pages.map(drawn)), (before + after) / 2, onsets);
	} finally {
		for (const browser of browsers)
			await browser.close();
		for (const proxy of proxies)
			await proxy.stop();
		await room.stop();
	}
}

head("the drawn beat against the sounding one, two pages");
await run("good network", 60, null);
await run("5-80 ms each way", 600, [5, 80]);
await run("5-80 ms each way, the card 200 ppm fast", 120, [5, 80], { rate: 48010, clickArgs: ["--nominal-rate", "48000"] });
process.exit(0);
