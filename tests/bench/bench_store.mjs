/*
 * Durable writes a second, each acknowledged when it is on disk, by 1, 10 and 50 writers that wait for
 * their acknowledgement before the next: through the store against bare SQLite with the same pragmas and
 * statements on the same disk (tests/tools/store_bench.c), and through the whole box: `song.create` over
 * as many WebSockets.
 *
 *     RUNS=5 RUN_MS=200   (the defaults) of the store and of SQLite, by turns; the middle one is shown
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { quantile, table } from "../lib/bench.mjs";
import { ROOT, startBox } from "../lib/box.mjs";
import { Phone } from "../lib/phone.mjs";

const RUNS = process.env.RUNS ?? "5";
const RUN_MS = process.env.RUN_MS ?? "200";
/** How many songs each number of writers makes; a library takes 5000, so each run has a box of its own. */
const SONGS = /** @type {[number, number][]} */ ([[1, 300], [10, 1500], [50, 3000]]);
const BOXES = 3;

/** Rows of numbers: writers, store, writes a commit, single, grouped. */
function byTool() {
	const tool = join(process.env.BUILD ?? join(ROOT, "build"), "tests/tools/store_bench");
	const run = spawnSync(tool, [RUNS, RUN_MS], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
	if (run.status !== 0)
		throw new Error(`${tool} ended with ${run.status}`);
	return run.stdout.trim().split("\n").map((line) => line.split("\t").map(Number));
}

/** That many phones of the music director, each with one request under way. */
async function write(box, token, writers, songs) {
	const phones = await Promise.all(Array.from({ length: writers }, () => Phone.open(box.url, { heartbeat_ms: 0 })));
	for (const phone of phones)
		await phone.request("session.resume", { token });
	const times = [];
	let left = songs;
	const began = performance.now();
	await Promise.all(phones.map(async (phone) => {
		while (left > 0) {
			const title = `Song number ${left--} of ${writers}`;
			const sent = performance.now();
			await phone.request("song.create", { title, default_key: "G", notes: "Verse, chorus, verse." });
			times.push(performance.now() - sent);
		}
	}));
	const rate = songs / (performance.now() - began) * 1000;
	await Promise.all(phones.map((phone) => phone.close()));
	return { writers, rate, times };
}

async function overWebSockets() {
	const box = await startBox({ audio: false });
	try {
		const md = await Phone.open(box.url);
		await md.create();
		const found = [];
		for (const [writers, songs] of SONGS)
			found.push(await write(box, md.token, writers, songs));
		await md.close();
		return found;
	} finally {
		await box.stop();
	}
}

const middle = (/** @type {number[]} */ values) => quantile(values, 0.5);
const times = (/** @type {number} */ ratio) => `${ratio.toFixed(2)} x`;

const bare = byTool();
const runs = [];
for (let i = 0; i < BOXES; i++)
	runs.push(await overWebSockets());
table("acknowledged durable writes a second: a song, its entry in the search index, its answer", [
	["writers", "store", "writes a commit", "SQLite, a commit each", "store / that", "SQLite, grouped by hand", "store / that",
		"WebSockets", "answer p50, ms", "p99, ms"],
	...bare.map(([writers, store, commit, single, grouped], i) => [writers, store, commit.toFixed(1), single, times(store / single),
		grouped, times(store / grouped), middle(runs.map((run) => run[i].rate)).toFixed(0),
		...[0.5, 0.99].map((share) => quantile(runs.flatMap((run) => run[i].times), share).toFixed(2))]),
]);
process.exit();
