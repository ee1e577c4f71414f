/*
 * What the daemon makes of a past that does not fit together: a region that is gone or older than the
 * table, a table that is older than the region, a session that runs off the air, a change that
 * began while nobody looked. Nothing sounds that cannot be stopped, and phones agree.
 */
import assert from "node:assert/strict";
import { copyFileSync, cpSync, lstatSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startBox, until } from "../lib/box.mjs";
import { Phone } from "../lib/phone.mjs";
import { checkMerged, openEye } from "../lib/refusal.mjs";

const boxes = [];
after(() => Promise.all(boxes.map((box) => box.stop())));

async function band(options = {}) {
	const box = await startBox({ audio: false, ...options });
	boxes.push(box);
	const ann = await Phone.open(box.url);
	const { code, token } = await ann.create("Ann");
	await ann.sync(10, 5);
	return { box, ann, code, token };
}

const health = async (box) => (await fetch(`${box.url}/healthz`)).json();
const region = (box) => `/dev/shm/${box.region}.tempo`;

test("the tempo region is gone, the click goes on: phones see it run, and can stop it", async () => {
	const { box, ann, token } = await band({ audio: true, period: 1024 });
	await ann.request("tempo.set", { bpm: 150, time_signature: "3/4" });
	await ann.request("tempo.start");
	await until(async () => (await health(box)).click?.settled && (await health(box)).click.running, "the click");
	await sleep(1500);
	await box.kill("tactusd");
	rmSync(region(box));
	await sleep(600);
	await box.start("tactusd");
	const back = await Phone.open(box.url);
	await back.request("session.resume", { token });
	const { tempoState, click } = back.state;
	assert.deepEqual([tempoState.running, tempoState.bpm, tempoState.time_signature], [true, 150, "3/4"]);
	assert.ok(tempoState.anchor_bar_index >= 1, `bar ${tempoState.anchor_bar_index}`);
	assert.equal(click.on_air, true);
	await back.request("tempo.stop");
	await until(async () => (await health(box)).click?.running === false, "the click to stop", 3000);
	await box.stop();
});

test("a session that was closed does not come back with the region", async () => {
	const { box, ann } = await band();
	await ann.request("tempo.start");
	await box.kill("tactusd");
	copyFileSync(region(box), `${box.dir}/running`);
	await box.start("tactusd");
	await ann.resume();
	await ann.request("session.close");
	await box.kill("tactusd");
	writeFileSync(region(box), readFileSync(`${box.dir}/running`)); /* as if it had died before saying so */
	await box.start("tactusd");
	assert.equal((await health(box)).running, false);
	const ben = await Phone.open(box.url);
	await ben.create("Ben");
	assert.equal(ben.state.click.on_air, true);
	await box.stop();
});

test("a table older than the region: bars and revisions go on all the same", async () => {
	const { box, ann } = await band();
	await box.kill("tactusd");
	/* A socket is no file to copy, and nothing that lasts. */
	cpSync(box.state, `${box.dir}/old`, { recursive: true, filter: (from) => !lstatSync(from).isSocket() });
	await box.start("tactusd");
	await ann.resume();
	await ann.request("tempo.set", { bpm: 260, time_signature: "2/4" });
	await ann.request("tempo.start");
	await sleep(1500);
	await ann.request("tempo.stop");
	const { revision } = ann.state;
	const { at_bar } = await ann.request("tempo.start");
	assert.ok(at_bar > 1);
	await ann.request("tempo.stop");
	await box.kill("tactusd");
	rmSync(box.state, { recursive: true });
	cpSync(`${box.dir}/old`, box.state, { recursive: true });
	await box.start("tactusd");
	await ann.resume();
	assert.ok(ann.state.revision > revision, `${ann.state.revision} after ${revision}`);
	/* It was stopped before its first bar sounded: that number is free. */
	assert.equal((await ann.request("tempo.start")).at_bar, at_bar);
	await box.stop();
});

test("off the air: what runs on the phones alone goes on after a restart", async () => {
	const { box } = await band();
	const ben = await Phone.open(box.url);
	await ben.create("Ben");
	assert.equal(ben.state.click.on_air, false);
	await ben.request("tempo.set", { bpm: 97 });
	await ben.request("tempo.start");
	const before = ben.state.tempoState;
	await until(async () => (await health(box)).store_pending === 0, "the table");
	await box.kill("tactusd");
	await box.start("tactusd");
	await ben.resume();
	assert.deepEqual(ben.state.tempoState, before);
	assert.equal(ben.state.click.on_air, false);
	await box.stop();
});

test("after a reboot the session keeps the air, also when its first visitor vanished", async () => {
	const { box, ann, code } = await band();
	await box.kill("tactusd");
	rmSync(region(box));
	await box.start("tactusd");
	const visitor = await Phone.open(box.url);
	visitor.ws.send(JSON.stringify({ id: "1", type: "session.join", code, display_name: "Gone" }));
	visitor.ws.close();
	await sleep(300);
	await ann.resume();
	assert.equal(ann.state.click.on_air, true);
	assert.equal(ann.state.tempoState.running, false);
	await box.stop();
});

/** Asks for what is refused, over and over, so that one of them meets the change as it begins. */
async function pester(phone, ms) {
	const until_ms = performance.now() + ms;
	while (performance.now() < until_ms) {
		await assert.rejects(phone.request("tempo.set", { bpm: 99, anchor_timestamp: 1 }),
			({ code }) => code === "anchor_range" || code === "too_late");
		await sleep(1);
	}
}

test("a change that begins while something is refused is told to everyone", async () => {
	const { box, ann, code, token } = await band();
	const ben = await Phone.open(box.url);
	await ben.join(code, "Ben");
	await ann.request("tempo.start");
	const eye = await openEye(box, token);
	for (const bpm of [240, 130, 200, 90]) {
		await ann.request("tempo.set", { bpm, anchor_timestamp: Math.round(ann.now()) + 400 });
		await pester(ann, 600);
		for (const phone of [ann, ben]) {
			await phone.when((state) => state.tempoState.pending === null, 1000);
			assert.equal(phone.state.tempoState.bpm, bpm);
		}
		await checkMerged(eye, [ann, ben]);
	}
	await box.stop();
});

test("what is not named stays as announced: a metre chosen meanwhile goes with the new bpm", async () => {
	const { box, ann } = await band();
	await ann.request("tempo.start");
	await ann.request("tempo.set", { bpm: 128, in_bars: 4 });
	await ann.request("tempo.set", { time_signature: "3/4", in_bars: 4 });
	const { bpm, time_signature } = ann.state.tempoState.pending;
	assert.deepEqual([bpm, time_signature], [128, "3/4"]);
	await box.stop();
});

test("who claims and vanishes is shown whole to the others", async () => {
	const { box, ann, code } = await band();
	for (let i = 0; i < 5; i++) {
		const ghost = await Phone.open(box.url);
		ghost.ws.send(JSON.stringify({ id: "1", type: "session.claim", code, display_name: `Ghost ${i}` }));
		ghost.ws.close();
	}
	await ann.when((state) => state.participants.length === 6);
	await until(() => ann.state.participants.slice(1).every((each) => each.away === true), "all of them away", 3000);
	for (const { message } of ann.heard)
		for (const each of message.participants ?? [])
			assert.deepEqual([typeof each.away, typeof each.ready], ["boolean", "boolean"]);
	assert.deepEqual(ann.holes, []);
	await box.stop();
});
