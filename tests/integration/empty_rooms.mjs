/*
 * sanitizers: no
 *
 * What ten minutes without anybody mean: the click may be taken by a new session, a session's memory
 * is given back, and nothing that was in it is lost. The minutes pass on the daemon's clock alone.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { startBox, until } from "../lib/box.mjs";
import { preload } from "../lib/daemon.mjs";
import { Phone } from "../lib/phone.mjs";

const dir = mkdtempSync(join(tmpdir(), "tactus-empty-"));
const step = join(dir, "step");
after(() => rmSync(dir, { recursive: true, force: true }));

const env = { LD_PRELOAD: preload("clock_step"), CLOCK_STEP: step, CLOCK_STEP_RAW_S: "660" };
const box = await startBox({ audio: false, env });
after(() => box.stop());

const gauge = async (name) =>
	Number(new RegExp(`^tactus_${name} (.*)$`, "m").exec(await (await fetch(`${box.url}/metrics`)).text())[1]);
const made = async (name) => {
	const phone = await Phone.open(box.url);
	const ok = await phone.create(name);
	return { phone, token: ok.token, on_air: phone.state.click.on_air };
};

const first = await made("Ann");
const second = await made("Ben");
await second.phone.request("tempo.set", { bpm: 97 });
await second.phone.request("tempo.start");
await second.phone.request("tempo.stop");
const { next, revision } = { next: second.phone.state.tempoState.anchor_bar_index, revision: second.phone.state.revision };
await first.phone.close();
await second.phone.close();

test("a session that has just been left keeps the click, and its memory", async () => {
	const third = await made("Cleo");
	assert.deepEqual([first.on_air, second.on_air, third.on_air], [true, false, false]);
	assert.equal(await gauge("sessions_in_memory"), 3);
	await third.phone.close();
});

test("after ten minutes a new session takes the click, and what nobody is in is forgotten", async () => {
	writeFileSync(step, "");
	const fourth = await made("Dee");
	assert.equal(fourth.on_air, true);
	await until(async () => await gauge("sessions_in_memory") === 1, "the empty ones to be forgotten");
	await fourth.phone.close();
});

test("who comes back finds everything, with bars and revisions that go on", async () => {
	const phone = await Phone.open(box.url);
	await phone.request("session.resume", { token: second.token });
	assert.equal(phone.state.tempoState.bpm, 97);
	assert.equal(phone.state.tempoState.running, false);
	assert.equal(phone.state.click.on_air, false);
	assert.ok(phone.state.revision > revision, `${phone.state.revision} after ${revision}`);
	await phone.request("tempo.start");
	assert.ok(phone.state.tempoState.anchor_bar_index >= next);
	assert.deepEqual(phone.holes, []);
	await phone.close();
});
