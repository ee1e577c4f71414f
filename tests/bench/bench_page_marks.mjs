/*
 * How far the drawn beat is from the sounding one: two pages' marks against the
 * onsets recorded from JACK, and against each other, on a good network and with
 * 5 to 80 ms of random delay each way. SECONDS each (90).
 *
 * A mark stands when the display shows its frame. That is a frame's grain of its
 * own: at 60 Hz the nearest frame is up to 8.3 ms off. All clocks are this
 * machine's, so the pages' error of the clock is known and shown apart. On a busy
 * machine the dummy driver loses time; the box tells the pages within a bar or two.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { join, marks, openBrowser, openPage } from "../lib/browser.mjs";
import { startProxy } from "../lib/proxy.mjs";
import { openRoom } from "../lib/tapping.mjs";

const SECONDS = Number(process.env.SECONDS ?? 90);
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

/** @param {string} name @param {[number, number] | null} delay */
async function run(name, delay) {
	const room = await openRoom({ period: 512 });
	const browsers = await Promise.all([openBrowser(), openBrowser()]);
	const proxies = delay ? await Promise.all([1, 2].map((seed) => startProxy(room.box.port, { up: delay, down: delay, seed }))) : [];
	try {
		const pages = await Promise.all(browsers.map((browser, i) => openPage(browser, proxies[i] ?? room.box, `/join/${room.code}`)));
		for (const [i, page] of pages.entries())
			await join(page, `Page ${i + 1}`);
		await sleep(5000);
		await room.witness.request("tempo.set", { bpm: BPM });
		const from = room.ear.frame;
		const before = await room.truth();
		await room.witness.request("tempo.start");
		await sleep(SECONDS * 1000);
		const after = await room.truth();
		await room.witness.request("tempo.stop");

		const onsets = room.ear.onsets.filter((onset) => onset.frame >= from).map((onset) => room.unixMs(onset.ns));
		const told = room.witness.heard.filter((h) => h.message.tempoState?.running);
		const all = await Promise.all(pages.map(drawn));
		console.log(`${name}: ${onsets.length} onsets at ${BPM} bpm, ${told.length - 1} times re-anchored`);
		for (const [i, page] of all.entries()) {
			const sound = [], calm = [], grid = [], clock = [];
			for (const mark of page) {
				const box = mark.here + (before + after) / 2;
				clock.push(mark.server_time - box);
				const { tempoState } = told.filter((h) => h.at < mark.here).at(-1)?.message ?? told[0].message;
				const beat = tempoState.anchor_timestamp + ((mark.bar - tempoState.anchor_bar_index) * 4 + mark.beat) * 60000 / BPM;
				grid.push(box - beat);
				const onset = onsets.reduce((a, b) => Math.abs(b - box) < Math.abs(a - box) ? b : a);
				/* One that the ear did not hear (a gap on a busy machine) has no partner. */
				if (Math.abs(onset - box) > 30000 / BPM)
					continue;
				sound.push(box - onset);
				if (Math.abs(onset - beat) < 2)
					calm.push(box - onset);
			}
			console.log(`  page ${i + 1}: mark - onset                   ${spread(sound)}`);
			console.log(`          while the card kept its time   ${spread(calm)}`);
			console.log(`          mark - beat as the box told it ${spread(grid)}`);
			console.log(`          its clock's error              ${spread(clock)}`);
		}
		const [a, b] = all;
		const apart = a.flatMap((mark) => {
			const other = b.find((m) => m.bar === mark.bar && m.beat === mark.beat);
			return other ? [mark.here - other.here] : [];
		});
		console.log(`  page 1 - page 2                        ${spread(apart)}`);
	} finally {
		for (const browser of browsers)
			await browser.close();
		for (const proxy of proxies)
			await proxy.stop();
		await room.stop();
	}
}

await run("good network", null);
await run("5-80 ms each way", [5, 80]);
process.exit(0);
