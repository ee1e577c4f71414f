/*
 * What the box costs while it plays: 120 bpm, ten phones that ping once a second. Both programs
 * together stay under 2 % of one core, and under 16 MiB of memory that is their own.
 *
 * The period is 256 frames at 48 kHz, what run.sh asks of a card: 187.5 callbacks a second. CPU is
 * what the kernel has counted for them, not wall time, so a busy machine does not change it much.
 * Private memory leaves out what is shared with others, so libjack's mapping of the engine's too.
 *
 * sanitizers: no (they weigh more than the programs)
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startBox } from "../lib/box.mjs";
import { Phone } from "../lib/phone.mjs";

const PHONES = 10;
const PERIOD = 256;
const WATCH_S = 20;
const CPU_LIMIT = 0.02;
const MEMORY_LIMIT = 16 * 1024 * 1024;
const PROGRAMS = /** @type {const} */ (["tactusd", "tactus-click"]);
const TICK_S = 1 / Number(spawnSync("getconf", ["CLK_TCK"], { encoding: "utf8" }).stdout);

/** Seconds of CPU that a process has had, all threads, in user and kernel. @param {number} pid */
function cpuSeconds(pid) {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return (Number(fields[11]) + Number(fields[12])) * TICK_S;
}

/** Bytes that no other process shares with it. @param {number} pid */
function privateBytes(pid) {
	const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
	const kib = (/** @type {string} */ name) => Number(rollup.match(new RegExp(`^${name}:\\s+(\\d+) kB`, "m"))[1]);
	return (kib("Private_Clean") + kib("Private_Dirty")) * 1024;
}

/** @type {Awaited<ReturnType<typeof startBox>>} */
let box;
/** @type {Phone[]} */
let phones;
/** @type {NodeJS.Timeout[]} */
const pings = [];
before(async () => {
	box = await startBox({ period: PERIOD });
	const md = await Phone.open(box.url);
	const { code } = await md.create("Ann");
	phones = [md];
	for (let i = 1; i < PHONES; i++) {
		const phone = await Phone.open(box.url);
		await phone.join(code, `Player ${i}`);
		phones.push(phone);
	}
	await md.request("tempo.start");
	for (const phone of phones) {
		await sleep(1000 / PHONES);
		pings.push(setInterval(() => phone.ping(), 1000));
	}
	await sleep(1000);
});
after(async () => {
	pings.forEach(clearInterval);
	await Promise.all((phones ?? []).map((phone) => phone.close()));
	await box?.stop();
});

test("idle at 120 bpm with ten phones: CPU and memory", async (t) => {
	const pids = PROGRAMS.map((name) => Number(box.pids[name]));
	const before = pids.map(cpuSeconds);
	const began = performance.now();
	await sleep(WATCH_S * 1000);
	const seconds = (performance.now() - began) / 1000;
	const shares = pids.map((pid, i) => (cpuSeconds(pid) - before[i]) / seconds);
	const bytes = pids.map(privateBytes);
	PROGRAMS.forEach((name, i) => t.diagnostic(`${name}: ${(100 * shares[i]).toFixed(2)} % of a core, ` +
		`${(bytes[i] / 1048576).toFixed(2)} MiB private (period ${PERIOD}, ${PHONES} phones, ${seconds.toFixed(0)} s)`));
	const sum = (/** @type {number[]} */ all) => all.reduce((a, b) => a + b);
	t.diagnostic(`together: ${(100 * sum(shares)).toFixed(2)} % of a core, ${(sum(bytes) / 1048576).toFixed(2)} MiB`);
	assert.ok(phones.every((phone) => phone.state?.tempoState.running && phone.holes.length === 0));
	assert.ok(sum(bytes) < MEMORY_LIMIT, `${sum(bytes)} bytes`);
	assert.ok(sum(shares) < CPU_LIMIT, `${(100 * sum(shares)).toFixed(2)} % of a core`);
});
