/*
 * Who is there: away and back, ready, talking, how good the links are; told at once, stored behind.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { sqlite } from "../lib/band.mjs";
import { startBox } from "../lib/box.mjs";
import { Phone } from "../lib/phone.mjs";
import { checkMerged, hears, look, openEye, refuses } from "../lib/refusal.mjs";

const box = await startBox({ audio: false });
after(() => box.stop());

const id = (phone) => phone.state.you.user_id;
const entry = (state, user_id) => state.participants.find((p) => p.user_id === user_id);

async function band(at = box) {
	const ann = await Phone.open(at.url);
	const { code } = await ann.create("Ann");
	const ben = await Phone.open(at.url);
	await ben.join(code, "Ben");
	await ann.when((state) => state.participants.length === 2);
	return { ann, ben, code };
}

const close = (...phones) => Promise.all(phones.map((phone) => phone.close()));

test("ready and talking are told to all, with nothing else", async () => {
	const { ann, ben } = await band();
	for (const [type, fields, shown] of [
		["ready.set", { ready: true }, { ready: true }],
		["ptt.set", { state: "talking" }, { ptt_state: "talking" }],
		["ptt.set", { state: "idle" }, { ptt_state: "idle" }],
		["ready.set", { ready: false }, { ready: false }],
	]) {
		const told = hears(ann, (message) => message.type === "state");
		const ok = await ben.request(type, fields);
		const state = await told;
		assert.deepEqual(Object.keys(state).sort(), ["participants", "revision", "type"]);
		assert.equal(state.revision, ok.revision);
		for (const [field, value] of Object.entries(shown))
			assert.equal(entry(state, id(ben))[field], value);
	}
	/* What is so already is no news. */
	const { revision } = await ben.request("ready.set", { ready: false });
	assert.equal((await ben.request("ptt.set", { state: "idle" })).revision, revision);
	await checkMerged(await openEye(box, ann.token), [ann, ben]);
	await close(ann, ben);
});

test("a phone that goes away is shown so, talks no more, and comes back as it was", async () => {
	const { ann, ben } = await band();
	await ben.request("ptt.set", { state: "talking" });
	await ben.request("ready.set", { ready: true });
	const user_id = id(ben);
	ben.terminate();
	const gone = await ann.when((state) => entry(state, user_id).away);
	assert.equal(entry(gone, user_id).ptt_state, "idle");
	assert.equal(entry(gone, user_id).ready, true);
	const heard = entry(gone, user_id).last_heartbeat;
	await sleep(50);
	await ben.resume();
	const back = await ann.when((state) => !entry(state, user_id).away);
	assert.ok(entry(back, user_id).last_heartbeat >= heard + 40);
	assert.equal(entry(back, user_id).join_time, entry(gone, user_id).join_time);
	assert.equal(id(ben), user_id);
	await close(ann, ben);
});

test("of two devices of one user, one that goes takes nobody away", async () => {
	const { ann, ben } = await band();
	const second = await openEye(box, ben.token);
	await ben.request("ptt.set", { state: "talking" });
	const before = ann.state.revision;
	second.terminate();
	await sleep(300);
	assert.equal(ann.state.revision, before);
	assert.equal(entry(ann.state, id(ben)).away, false);
	assert.equal(entry(ann.state, id(ben)).ptt_state, "talking");
	await close(ann, ben);
});

test("of two devices of one user, one that goes takes along the button that was held on it", async () => {
	const { ann, ben } = await band();
	const tablet = await openEye(box, ben.token);
	await tablet.request("ptt.set", { state: "talking" });
	tablet.terminate();
	const state = await ann.when((s) => entry(s, id(ben)).ptt_state === "idle");
	assert.equal(entry(state, id(ben)).away, false);
	/* A line that was cut and a new one: on the new one nothing is held. */
	await ben.request("ptt.set", { state: "talking" });
	const again = await openEye(box, ben.token);
	ben.terminate();
	await ann.when((s) => entry(s, id(ben)).ptt_state === "idle");
	await again.request("ptt.set", { state: "talking" });
	await ann.when((s) => entry(s, id(ben)).ptt_state === "talking");
	await close(ann, again);
});

test("silence of fifteen seconds is away; a heartbeat is back without a new join", async () => {
	const { ann, code } = await band();
	const cas = await Phone.open(box.url, { heartbeat_ms: 0 });
	await cas.join(code, "Cas");
	const user_id = id(cas);
	await cas.request("ptt.set", { state: "talking" });
	const began = performance.now();
	const state = await ann.when((s) => entry(s, user_id)?.away, 30000);
	assert.ok(performance.now() - began > 14000);
	assert.equal(entry(state, user_id).ptt_state, "idle");
	await cas.ping();
	await ann.when((s) => !entry(s, user_id).away);
	await close(ann, cas);
});

/* ---- links ---------------------------------------------------------------- */

test("a report of the link is shown to all", async () => {
	const { ann, ben } = await band();
	assert.equal(entry(ann.state, id(ben)).network_rtt_ms, null);
	assert.equal(entry(ann.state, id(ben)).packet_loss_pct, null);
	await ben.request("metrics.report", { rtt_ms: 12, jitter_ms: 3, packet_loss_pct: 1.5 });
	const first = await ann.when((s) => entry(s, id(ben)).network_rtt_ms === 12);
	assert.equal(entry(first, id(ben)).packet_loss_pct, 1.5);
	assert.equal("jitter_ms" in entry(first, id(ben)), false);
	await close(ann, ben);
});

test("many reports are told together", async () => {
	const { ann, ben } = await band();
	await ben.request("metrics.report", { rtt_ms: 1, jitter_ms: 0, packet_loss_pct: 0 });
	await ann.when((s) => entry(s, id(ben)).network_rtt_ms === 1);
	const before = ann.state.revision;
	const began = performance.now();
	for (let i = 2; i <= 100; i++)
		await ben.request("metrics.report", { rtt_ms: i, jitter_ms: 0, packet_loss_pct: 0 });
	await ann.when((s) => entry(s, id(ben)).network_rtt_ms === 100);
	const seconds = (performance.now() - began) / 1000;
	assert.ok(ann.state.revision - before <= seconds + 2, `${ann.state.revision - before} states in ${seconds} s`);
	await close(ann, ben);
});

test("what a report must be", async () => {
	const { ann, ben } = await band();
	const eye = await openEye(box, ann.token);
	const good = { rtt_ms: 0, jitter_ms: 0, packet_loss_pct: 0 };
	for (const [field, value, code, words] of [
		["rtt_ms", -1, "metrics_range", /0 to 60000/], ["rtt_ms", 60001, "metrics_range", /0 to 60000/],
		["rtt_ms", 1.5, "wrong_type", /whole number/], ["jitter_ms", -1, "metrics_range", /0 to 60000/],
		["packet_loss_pct", 100.1, "metrics_range", /0 to 100/], ["packet_loss_pct", -0.1, "metrics_range", /0 to 100/],
		["packet_loss_pct", "1", "wrong_type", /a number/],
	])
		await refuses(eye, () => ben.request("metrics.report", { ...good, [field]: value }), code, field, words);
	await refuses(eye, () => ben.request("ptt.set", { state: "shouting" }), "ptt_state", "state", /idle or talking/);
	await refuses(eye, () => ben.request("ready.set", { ready: 1 }), "wrong_type", "ready", /true or false/);
	await close(ann, ben, eye);
});

/* ---- stored behind ---------------------------------------------------------- */

test("a daemon that ends politely has stored it all; one that is killed, all but the last seconds", async () => {
	const own = await startBox({ audio: false });
	try {
		const { ann, ben } = await band(own);
		await ben.request("ready.set", { ready: true });
		await ben.request("metrics.report", { rtt_ms: 33, jitter_ms: 4, packet_loss_pct: 2 });
		await ben.request("ptt.set", { state: "talking" });
		await own.children.tactusd.stop();
		await own.start("tactusd");
		await ann.resume();
		const kept = entry(ann.state, id(ben));
		assert.deepEqual([kept.ready, kept.network_rtt_ms, kept.packet_loss_pct, kept.away, kept.ptt_state],
			[true, 33, 2, true, "idle"]);
		await ben.resume();
		await ben.request("ready.set", { ready: false });
		await sleep(7000);
		await own.kill("tactusd");
		await own.start("tactusd");
		await ann.resume();
		assert.equal(entry(ann.state, id(ben)).ready, false);
		await close(ann, ben);
	} finally {
		await own.stop();
	}
});

test("samples are a time series, pruned by their number: a year of rehearsals does not fill the card", async () => {
	const own = await startBox({ audio: false });
	try {
		const { ann, ben } = await band(own);
		await own.children.tactusd.stop();
		/* As many as there may be, with dates of all kinds: a box without a clock has wrong ones. */
		sqlite(own, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
			INSERT INTO metrics_sample (session_id, user_id, captured_at, rtt_ms, packet_loss_pct, jitter_ms)
			SELECT '${ann.state.session.id}', '${id(ben)}', iif(i % 2, i, 4000000000000 - i), 1, 0.0, 1 FROM n`);
		await own.start("tactusd");
		await ben.resume();
		const began = ben.state.participants[1].last_heartbeat;
		for (let i = 0; i < 50; i++)
			await ben.request("metrics.report", { rtt_ms: 70, jitter_ms: i, packet_loss_pct: 0.5 });
		await own.children.tactusd.stop();
		const [{ rows, oldest, newest }] = sqlite(own, "SELECT count(*) AS rows, min(captured_at) AS oldest, max(id) AS newest FROM metrics_sample");
		assert.equal(rows, 100000);
		assert.ok(newest > 100000);
		assert.ok(oldest > 1, "the first to come is the first to go");
		const last = sqlite(own, "SELECT * FROM metrics_sample WHERE rtt_ms = 70 ORDER BY id");
		assert.equal(last.length, newest - 100000);
		assert.equal(last.at(-1).jitter_ms, 49);
		for (const sample of last) {
			assert.deepEqual([sample.session_id, sample.user_id, sample.packet_loss_pct], [ann.state.session.id, id(ben), 0.5]);
			assert.ok(sample.captured_at >= began);
		}
		await close(ann, ben);
	} finally {
		await own.stop();
	}
});

test("a user's last_active_at moves with the heartbeat", async () => {
	const own = await startBox({ audio: false });
	try {
		const { ann, ben } = await band(own);
		await sleep(100);
		await ben.ping();
		await own.children.tactusd.stop();
		const [{ created_at, last_active_at, last_heartbeat }] = sqlite(own, `SELECT user.*, last_heartbeat FROM user
			JOIN participant ON user_id = user.id WHERE user.id = '${id(ben)}'`);
		assert.ok(last_active_at >= created_at + 100);
		assert.equal(last_heartbeat, last_active_at);
		await close(ann, ben);
	} finally {
		await own.stop();
	}
});

test("a name of one's own, told in every session that one is in", async () => {
	const { ann, ben } = await band();
	const other = await band();
	/* The same person, by the token of the first evening, in another session. */
	const there = await Phone.open(box.url);
	const ok = await there.request("session.join", { code: other.code, display_name: "Ben", token: ben.token });
	assert.equal(ok.user_id, id(ben));
	await ben.request("profile.set", { display_name: "Benjamin" });
	assert.equal(entry(ann.state, id(ben)).display_name, "Benjamin");
	await other.ann.when((s) => entry(s, id(ben)).display_name === "Benjamin");
	const eye = await openEye(box, ann.token);
	await refuses(eye, () => ben.request("profile.set", { display_name: " " }), "display_name", "display_name", /1 to 40/);
	await refuses(eye, () => ben.request("profile.set", {}), "missing_field", "display_name");
	await checkMerged(eye, [ann, ben]);
	await close(ann, ben, other.ann, other.ben, there, eye);
});
