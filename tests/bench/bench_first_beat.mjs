/*
 * From opening the page in a remembered seat to the beat, the CPU slowed four times, over loopback:
 * when the dial says where in the bar we are, and when the first beat is drawn at its time (at 240 a
 * minute, so that little of it is waiting for one). N phones (10) that never had the page, each then
 * loading it again. The budget is 1000 ms.
 */
import { startBox } from "../lib/box.mjs";
import { quantile, table } from "../lib/bench.mjs";
import { openBrowser } from "../lib/browser.mjs";
import { firstBeat } from "../lib/first_beat.mjs";
import { Phone } from "../lib/phone.mjs";

const N = Number(process.env.N ?? 10);

const box = await startBox();
const browser = await openBrowser();
const md = await Phone.open(box.url);
try {
	const { code } = await md.create("Ann");
	await md.request("tempo.set", { bpm: 240 });
	await md.request("tempo.start");
	const runs = [];
	for (let i = 0; i < N; i++) {
		const ben = await Phone.open(box.url);
		const { token, session_id } = await ben.join(code, `Ben ${i}`);
		await ben.close();
		runs.push(await firstBeat(browser, box, { code, seat: { code, token, session_id }, slower: 4 }));
	}
	const row = (/** @type {string} */ name, /** @type {number[]} */ ms) =>
		[name, ...[quantile(ms, 0.5), quantile(ms, 0.95)].map((value) => value.toFixed(0)), ms.filter((value) => value > 1000).length];
	table(`opening the page, ms from the start of the navigation, CPU four times slower; ${N} phones, ${runs[0].requests.length} requests`, [
		["", "p50", "p95", "over 1000"],
		row("first visit: where in the bar", runs.map((run) => run.placed_ms)),
		row("first visit: the first beat", runs.map((run) => run.marked_ms)),
		row("again: where in the bar", runs.map((run) => run.reload.placed_ms)),
		row("again: the first beat", runs.map((run) => run.reload.marked_ms)),
	]);
} finally {
	await md.close();
	await browser.close();
	await box.stop();
}
process.exit(0);
