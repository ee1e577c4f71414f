/*
 * What it costs to show a newcomer everything: a session with 50 people, a setlist of 40 songs and 200 role
 * assignments. Its stored sections, built by SQLite in one read transaction (aim: 5 ms) and through the
 * store; and over the loopback, from `session.resume` sent to `welcome` there, whole: one by one, and when
 * all 50 come back at once, as after a restart.
 *
 *     ROUNDS=400   (the default) measurements of each kind
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import WebSocket from "ws";

import { quantile, table } from "../lib/bench.mjs";
import { ROOT, startBox } from "../lib/box.mjs";
import { openBand, idOf } from "../lib/band.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 400);
const PEOPLE = 50;
const SONGS = 40;
const ROLES = 200;

/** The sections alone, by tests/tools/store_snapshot.c. @param {number[]} size */
function bySqlite(...size) {
	const tool = join(process.env.BUILD ?? join(ROOT, "build"), "tests/tools/store_snapshot");
	const run = spawnSync(tool, [...size, size[2] > 1000 ? 20 : ROUNDS].map(String), { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
	if (run.status !== 0)
		throw new Error(`${tool} ended with ${run.status}`);
	return run.stdout.trim().split("\n").map((line) => line.split("\t"));
}

/** A session of that size, made as people would. */
async function fill(box) {
	const band = await openBand(box, {
		members: Array.from({ length: PEOPLE - 1 }, (_, i) => `Member ${i + 2}`),
		songs: Array.from({ length: SONGS }, (_, i) => `Song number ${i}`), setlist: true,
	});
	const songs = Object.values(band.songs);
	const slots = Object.values(band.slots);
	const ids = band.phones.map(idOf);
	const notes = "A line of words. ".repeat(120).slice(0, 2000);
	await band.md.request("song.update", { song_id: songs[SONGS / 2], notes });
	for (let position = 0; position < SONGS; position++)
		await band.md.request("setlist.item.update", { position, key_override: "G", song_leader_user_id: ids[position % PEOPLE] });
	await band.md.request("song.activate", { position: SONGS / 2 });
	for (let i = 0; i < ROLES; i++) {
		const scope = i < slots.length ? { scope_type: "global" } :
			{ scope_type: "song", scope_song_id: songs[(Math.floor(i / slots.length) - 1 + SONGS / 2) % SONGS] };
		await band.md.request("role.assign", { slot_id: slots[i % slots.length], user_id: ids[i * 7 % PEOPLE], ...scope });
	}
	return band;
}

/** A connection that has said nothing yet. @returns {Promise<WebSocket>} */
async function connect(box) {
	const ws = new WebSocket(`${box.url.replace(/^http/, "ws")}/ws`, "tactus.v1", { perMessageDeflate: false, origin: box.url });
	await new Promise((resolve, reject) => ws.once("open", resolve).once("error", reject));
	return ws;
}

/** From `session.resume` sent to `welcome` there. @param {WebSocket} ws @returns {Promise<{ms: number, bytes: number}>} */
function resume(ws, token) {
	return new Promise((resolve, reject) => {
		const sent = performance.now();
		ws.on("message", (/** @type {Buffer} */ data) => {
			const ms = performance.now() - sent;
			if (data.subarray(0, 40).includes("\"welcome\""))
				resolve({ ms, bytes: data.length });
			else if (data.subarray(0, 40).includes("\"error\""))
				reject(new Error(String(data)));
		});
		ws.send(JSON.stringify({ id: "1", type: "session.resume", token }));
	});
}

async function gone(ws) {
	const closed = new Promise((resolve) => ws.once("close", resolve));
	ws.terminate();
	await closed;
}

/** One by one, nobody else there. */
async function oneByOne(box, token) {
	const times = [];
	let bytes = 0;
	for (let i = 0; i < ROUNDS; i++) {
		const ws = await connect(box);
		const { ms, bytes: size } = await resume(ws, token);
		times.push(ms);
		bytes = size;
		await gone(ws);
	}
	return { times, bytes };
}

/** All at once. In `last` the time until the last one had its welcome. */
async function allAtOnce(box, tokens) {
	const times = [];
	const last = [];
	let bytes = 0;
	for (let i = 0; i < Math.ceil(ROUNDS / PEOPLE); i++) {
		const all = await Promise.all(tokens.map(() => connect(box)));
		const came = await Promise.all(all.map((ws, n) => resume(ws, tokens[n])));
		times.push(...came.map((one) => one.ms));
		last.push(Math.max(...came.map((one) => one.ms)));
		bytes = came[0].bytes;
		await Promise.all(all.map(gone));
	}
	return { times, last, bytes };
}

const ms = (/** @type {number} */ value) => value.toFixed(2);
const line = (/** @type {string} */ name, /** @type {number[]} */ times, /** @type {number | string} */ bytes) =>
	[name, ms(quantile(times, 0.5)), ms(quantile(times, 0.99)), bytes];

const rows = bySqlite(PEOPLE, SONGS, ROLES);
const most = bySqlite(200, 200, 4600);
const box = await startBox({ audio: false });
try {
	const band = await fill(box);
	const tokens = band.phones.map((phone) => phone.token);
	await band.close();
	const one = await oneByOne(box, tokens[1]);
	const all = await allAtOnce(box, tokens);
	table(`a snapshot: ${PEOPLE} people, ${SONGS} songs, ${ROLES} role assignments`, [
		["", "p50, ms", "p99, ms", "bytes"],
		["the five sections, by SQLite alone (aim: 5 ms)", ...rows[0].slice(1)],
		["  through the store, as JSON values", ...rows[1].slice(1)],
		...rows.slice(2).map(([name, ...rest]) => [`  by SQLite alone: ${name}`, ...rest]),
		line("resume to welcome, one phone", one.times, one.bytes),
		line("resume to welcome, 50 phones at once", all.times, all.bytes),
		line("  the last of them", all.last, ""),
		["200 people, 200 songs, 4600 roles (all there may be), by SQLite", ...most[0].slice(1)],
	]);
} finally {
	await box.stop();
}
process.exit();
