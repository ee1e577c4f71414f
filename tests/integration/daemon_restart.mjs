/*
 * tactusd dies and comes back: a phone that resumes sees the same tempo on the same grid, and all
 * that was acknowledged. After a reboot (no shared memory any more) it stands still, and no bar
 * comes twice.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startBox } from "../lib/box.mjs";
import { removeRegion } from "../lib/daemon.mjs";
import { Phone } from "../lib/phone.mjs";
import { checkMerged, openEye } from "../lib/refusal.mjs";

/** Boxes of this file: none outlives it, whatever fails. @type {Awaited<ReturnType<typeof startBox>>[]} */
const boxes = [];
after(() => Promise.all(boxes.map((box) => box.stop())));

async function freshBox(options) {
	const box = await startBox(options);
	boxes.push(box);
	return box;
}

const BEATS = { "2/4": 2, "3/4": 3, "4/4": 4, "6/8": 2, "12/8": 4 };
const barMs = (grid) => BEATS[grid.time_signature] * 60000 / grid.bpm;

/** The same bars at the same times, to within 1 ms, however they are told. */
function sameGrid(a, b) {
	assert.deepEqual([a.bpm, a.time_signature], [b.bpm, b.time_signature]);
	const beside = b.anchor_timestamp - a.anchor_timestamp - (b.anchor_bar_index - a.anchor_bar_index) * barMs(a);
	assert.ok(Math.abs(beside) <= 1, `${beside} ms beside the grid`);
}

const barNow = (phone) => {
	const { anchor_timestamp, anchor_bar_index } = phone.state.tempoState;
	return anchor_bar_index + Math.floor((phone.now() - anchor_timestamp) / barMs(phone.state.tempoState));
};

/** Kills it and has it started again, as its supervisor does. */
async function restart(box, { fresh_region = false, politely = false } = {}) {
	await (politely ? box.children.tactusd.stop() : box.kill("tactusd"));
	if (fresh_region)
		removeRegion(box.region);
	await box.start("tactusd");
}

async function band(options = {}) {
	const box = await freshBox({ audio: false, ...options });
	const ann = await Phone.open(box.url);
	const { code } = await ann.create("Ann");
	const ben = await Phone.open(box.url);
	await ben.join(code, "Ben");
	await ann.sync(10, 5);
	return { box, ann, ben, code };
}

test("running: same bpm, same grid, higher revision, within a second of being served", async () => {
	const { box, ann, ben } = await band();
	await ann.request("tempo.set", { bpm: 181, time_signature: "3/4" });
	await ann.request("tempo.start", { count_in_bars: 2 });
	for (let round = 0; round < 6; round++) {
		const before = structuredClone(ann.state);
		await sleep(37 * round);
		await restart(box);
		const began = performance.now();
		await ann.resume();
		assert.ok(performance.now() - began < 1000);
		assert.equal(ann.state.tempoState.running, true);
		assert.equal(ann.state.clock_id, before.clock_id);
		assert.equal(ann.state.tempoState.start_bar_index, before.tempoState.start_bar_index);
		sameGrid(before.tempoState, ann.state.tempoState);
		assert.ok(ann.state.revision > before.revision);
	}
	await ben.resume();
	const eye = await openEye(box, ann.token);
	await ann.request("tempo.set", { bpm: 90 });
	await checkMerged(eye, [ann, ben]);
	await box.stop();
});

test("killed right after an ok: the tempo is that of the ok", async () => {
	const { box, ann } = await band();
	await ann.request("tempo.start");
	for (let round = 0; round < 6; round++) {
		const bpm = 100 + round;
		const anchor_timestamp = Math.round(ann.now()) + 150;
		await ann.request("tempo.set", { bpm, anchor_timestamp });
		const { revision } = ann.state;
		await restart(box);
		await ann.resume();
		await ann.when((state) => !state.tempoState.pending);
		assert.equal(ann.state.tempoState.bpm, bpm);
		assert.ok(ann.state.revision > revision);
		await ann.sync(3, 5);
	}
	await box.stop();
});

test("what is pending stays so, and begins with its bar", async () => {
	const { box, ann } = await band();
	await ann.request("tempo.set", { bpm: 240, time_signature: "2/4" });
	await ann.request("tempo.start");
	await ann.request("tempo.set", { bpm: 60, time_signature: "4/4", in_bars: 64 });
	const { pending } = ann.state.tempoState;
	await restart(box);
	await ann.resume();
	assert.deepEqual(ann.state.tempoState.pending, pending);
	/* And one that begins while nobody is there. */
	await ann.request("tempo.set", { bpm: 75, in_bars: 1 });
	const soon = ann.state.tempoState.pending;
	await box.kill("tactusd");
	await sleep(Math.max(0, soon.anchor_timestamp - ann.now() + 100));
	await box.start("tactusd");
	await ann.resume();
	await ann.when((state) => !state.tempoState.pending);
	sameGrid(soon, ann.state.tempoState);
	await box.stop();
});

test("the one who has the tempo has it still; who has left has left", async () => {
	const { box, ann, ben, code } = await band();
	const cas = await Phone.open(box.url);
	await cas.join(code, "Cas");
	await ann.request("tempo.handoff", { user_id: ben.state.you.user_id });
	await cas.request("session.leave");
	await restart(box);
	await ben.resume();
	assert.equal(ben.state.you.is_controller, true);
	assert.deepEqual(ben.state.participants.map((p) => [p.display_name, p.away]), [["Ann", true], ["Ben", false]]);
	await ben.request("tempo.set", { bpm: 66 });
	await ann.resume();
	assert.equal(ann.state.you.is_controller, false);
	assert.equal(ann.state.you.is_md, true);
	await assert.rejects(cas.resume(), { code: "left" });
	await box.stop();
});

test("stopped is stopped, and the next start goes on above all bars that sounded", async () => {
	const { box, ann } = await band();
	await ann.request("tempo.set", { bpm: 260, time_signature: "2/4" });
	await ann.request("tempo.start");
	await sleep(1500);
	const sounded = barNow(ann);
	await ann.request("tempo.stop");
	await ann.request("click.set", { volume: 33, sound: "wood", accent: false, subdivision: true });
	const { tempoState, click } = ann.state;
	await restart(box);
	await ann.resume();
	assert.equal(ann.state.tempoState.running, false);
	assert.deepEqual(ann.state.tempoState, tempoState);
	assert.deepEqual(ann.state.click, click);
	const { at_bar } = await ann.request("tempo.start");
	assert.ok(at_bar >= sounded, `bar ${at_bar} after bar ${sounded}`);
	await box.stop();
});

test("a reboot: stopped, the tempo from the table, bars above all that sounded", async () => {
	const { box, ann, ben } = await band();
	await ann.request("tempo.set", { bpm: 250, time_signature: "2/4" });
	await ann.request("tempo.start");
	await sleep(2500);
	const sounded = barNow(ann);
	const { revision } = ann.state;
	assert.ok(sounded >= 3);
	await restart(box, { fresh_region: true });
	await ann.resume();
	await ann.sync(3, 5);
	assert.deepEqual([ann.state.tempoState.running, ann.state.tempoState.pending], [false, null]);
	assert.deepEqual([ann.state.tempoState.bpm, ann.state.tempoState.time_signature], [250, "2/4"]);
	assert.equal(ann.state.click.on_air, true);
	assert.ok(ann.state.revision > revision);
	const { at_bar } = await ann.request("tempo.start");
	assert.ok(at_bar > sounded, `bar ${at_bar} after bar ${sounded}`);
	await ben.resume();
	assert.equal(ben.state.tempoState.running, true);
	await box.stop();
});

test("ended politely after a fader was drawn, then a reboot: the last of it is in the table", async () => {
	const { box, ann } = await band();
	const asked = [...Array(120)].map((_, i) => ann.request(i % 2 ? "click.set" : "tempo.set", i % 2 ? { volume: i % 101 } : { bpm: 60 + i }));
	await Promise.all(asked);
	const { tempoState, click } = ann.state;
	await restart(box, { politely: true, fresh_region: true });
	await ann.resume();
	assert.equal(ann.state.tempoState.bpm, tempoState.bpm);
	assert.deepEqual(ann.state.click, click);
	await box.stop();
});

test("a session off the air comes back too, and repeats no bar", async () => {
	const { box } = await band();
	const dot = await Phone.open(box.url);
	await dot.create("Dot");
	await dot.sync(5, 5);
	assert.equal(dot.state.click.on_air, false);
	await dot.request("tempo.set", { bpm: 222, time_signature: "2/4" });
	await dot.request("tempo.start");
	await sleep(1200);
	const sounded = barNow(dot);
	const { revision } = dot.state;
	await restart(box);
	await dot.resume();
	assert.equal(dot.state.tempoState.bpm, 222);
	assert.equal(dot.state.click.on_air, false);
	assert.ok(dot.state.revision > revision);
	await dot.request("tempo.stop");
	const { at_bar } = await dot.request("tempo.start");
	assert.ok(at_bar >= sounded, `bar ${at_bar} after bar ${sounded}`);
	await box.stop();
});

test("revisions go on rising over many restarts, and no two states share one", async () => {
	const { box, ann } = await band();
	const seen = new Map();
	for (let round = 0; round < 5; round++) {
		for (let i = 0; i < 5; i++) {
			await ann.request("click.set", { volume: round * 10 + i });
			assert.ok(!seen.has(ann.state.revision), `revision ${ann.state.revision} twice`);
			seen.set(ann.state.revision, true);
		}
		await restart(box);
		await ann.resume();
		assert.equal(ann.state.click.volume, round * 10 + 4);
		assert.deepEqual(ann.holes, []);
	}
	assert.ok(ann.state.revision > Math.max(...seen.keys()));
	await box.stop();
});
