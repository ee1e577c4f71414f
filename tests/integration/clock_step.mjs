/*
 * sanitizers: no
 *
 * The wall clock jumps by a year while the box runs, as on a Pi's first NTP synchronisation: it is
 * a label, and nothing moves.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startBox } from "../lib/box.mjs";
import { preload, removeRegion } from "../lib/daemon.mjs";
import { Phone } from "../lib/phone.mjs";
import { shared } from "../lib/refusal.mjs";

const YEAR_MS = 365 * 86400000;
/* What a ping may be wrong by on a busy machine; a year is more. */
const SLACK_MS = 500;

const dir = mkdtempSync(join(tmpdir(), "tactus-clock-"));
const step = join(dir, "step");
after(() => rmSync(dir, { recursive: true, force: true }));

const env = { LD_PRELOAD: preload("clock_step"), CLOCK_STEP: step };
const box = await startBox({ audio: false, env });
after(() => box.stop());

const ann = await Phone.open(box.url);
const { code } = await ann.create("Ann");
const ben = await Phone.open(box.url);
await ben.join(code);
await ann.request("tempo.set", { bpm: 97, time_signature: "3/4" });
await ann.request("tempo.start");
await ben.when((state) => state.tempoState.running);

const offset = async (phone) => {
	const { t0, t3, t1, t2 } = await phone.ping();
	return (t1 + t2) / 2 - (t0 + t3) / 2;
};
const before = await offset(ann);
const grid = structuredClone(ann.state.tempoState);
const { clock_id } = ann.state;

/** Pings for a while: the box's clock goes on as it did, and nobody is told anything. */
async function quiet(phone) {
	const heard = [ann.heard.length, ben.heard.length];
	for (let i = 0; i < 40; i++) {
		const now = await offset(phone);
		assert.ok(Math.abs(now - before) < SLACK_MS, `the clock moved by ${now - before} ms`);
		await sleep(25);
	}
	assert.deepEqual([ann.heard.length, ben.heard.length], heard);
	assert.deepEqual(ann.state.tempoState, grid);
}

test("a step ahead by a year: pings go on, no message comes, no anchor moves", async () => {
	writeFileSync(step, "");
	await quiet(ann);
	await quiet(ben);
});

test("what is set after the step lies on the grid from before it", async () => {
	const bar_ms = 3 * 60000 / grid.bpm;
	const { at_bar } = await ann.request("tempo.set", { bpm: 120, in_bars: 64 });
	const pending = ann.state.tempoState.pending;
	const wanted = grid.anchor_timestamp + (at_bar - grid.anchor_bar_index) * bar_ms;
	assert.ok(Math.abs(pending.anchor_timestamp - wanted) <= 1, `${pending.anchor_timestamp - wanted} ms beside`);
	await ann.request("tempo.cancel");
	assert.deepEqual(ann.state.tempoState, grid);
	const eve = await Phone.open(box.url);
	await eve.join(code, "Eve");
	const { join_time } = eve.state.participants.find((p) => p.display_name === "Eve");
	assert.ok(Math.abs(join_time - (performance.now() + before)) < 5000);
	await eve.request("session.leave");
	await eve.close();
});

test("a step back: the same", async () => {
	rmSync(step);
	await quiet(ann);
	writeFileSync(step, "");
	await quiet(ben);
});

test("a restart with the stepped clock: same clock_id, same clock, same grid", async () => {
	await box.kill("tactusd");
	await box.start("tactusd");
	await ann.resume();
	await ben.resume();
	assert.equal(ann.state.clock_id, clock_id);
	assert.ok(Math.abs(await offset(ann) - before) < SLACK_MS);
	assert.deepEqual(ann.state.tempoState, grid);
	await ann.when((state) => state.revision >= ben.state.revision);
	assert.deepEqual(shared(ann.state), shared(ben.state));
});

test("a region made anew takes the wall clock as it is now, and says so by another clock_id", async () => {
	await ann.request("tempo.stop");
	await box.kill("tactusd");
	removeRegion(box.region);
	await box.start("tactusd");
	await ann.resume();
	assert.notEqual(ann.state.clock_id, clock_id);
	const moved = await offset(ann) - before;
	assert.ok(Math.abs(moved - YEAR_MS) < 5000, `the clock moved by ${moved} ms, not by a year`);
	const again = ann.state.clock_id;
	await box.kill("tactusd");
	rmSync(step);
	await box.start("tactusd");
	await ann.resume();
	assert.equal(ann.state.clock_id, again);
	await ann.close();
	await ben.close();
});
