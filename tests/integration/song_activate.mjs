/*
 * A song that is put on brings its key, tempo, metre and roles; while the click runs it takes over
 * at the next bar, and bars go on counting.
 *
 * timeout: 400 s
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startBox } from "../lib/box.mjs";
import { preload } from "../lib/daemon.mjs";
import { Phone } from "../lib/phone.mjs";
import { checkMerged, hears, openEye, refuses } from "../lib/refusal.mjs";

const box = await startBox({ audio: false });
after(() => box.stop());

const BEATS = { "2/4": 2, "3/4": 3, "4/4": 4, "6/8": 2, "12/8": 4 };
const barMs = ({ bpm, time_signature }) => BEATS[time_signature] * 60000 / bpm;
const id = (phone) => phone.state.you.user_id;

/** An MD, a player, a setlist of three: the second with overrides. */
async function evening(at = box) {
	const ann = await Phone.open(at.url);
	const { code } = await ann.create("Ann");
	const ben = await Phone.open(at.url);
	await ben.join(code, "Ben");
	const songs = [];
	for (const fields of [
		{ title: "Slow", default_key: "G", default_bpm: 60, time_signature: "3/4", notes: "**soft**" },
		{ title: "Fast", default_key: "A", default_bpm: 200 },
		{ title: "Rolling", default_key: "Bb", default_bpm: 90, time_signature: "6/8" },
	])
		songs.push((await ann.request("song.create", fields)).song_id);
	const { setlist_id } = await ann.request("setlist.create", { title: "Tonight" });
	await ann.request("setlist.activate", { setlist_id });
	for (const [i, song_id] of songs.entries())
		await ann.request("setlist.item.add", { song_id, ...i === 1 && { key_override: "C#m", bpm_override: 180, song_leader_user_id: id(ben) } });
	await ann.sync(10, 5);
	return { ann, ben, code, songs, setlist_id };
}

const close = (...phones) => Promise.all(phones.map((phone) => phone.close()));

test("standing still: key, tempo and metre come at once, overrides first", async () => {
	const { ann, ben, songs } = await evening();
	const told = hears(ben, (message) => message.type === "state");
	await ann.request("song.activate", { position: 1 });
	const state = await told;
	assert.deepEqual(Object.keys(state).sort(), ["activeSong", "revision", "session", "tempoState", "type"]);
	assert.deepEqual(state.activeSong, {
		position: 1, song_id: songs[1], title: "Fast", key: "C#m", bpm: 180, time_signature: "4/4", notes: "",
		song_leader_user_id: id(ben), roles: [], start_bar_index: null,
	});
	assert.equal(state.session.active_position, 1);
	assert.deepEqual([state.tempoState.bpm, state.tempoState.time_signature, state.tempoState.running], [180, "4/4", false]);
	await ann.request("song.activate", { position: 0 });
	assert.deepEqual([ann.state.tempoState.bpm, ann.state.tempoState.time_signature, ann.state.activeSong.notes],
		[60, "3/4", "**soft**"]);
	await checkMerged(await openEye(box, ann.token), [ann, ben]);
	await close(ann, ben);
});

test("running: with the next bar, bars go on counting, the song's own begin there", async () => {
	const { ann, ben } = await evening();
	await ann.request("song.activate", { position: 1 });
	const { at_bar: first } = await ann.request("tempo.start", { count_in_bars: 2 });
	assert.equal(ann.state.activeSong.start_bar_index, first + 2);
	await sleep(900);
	const before = ann.state.tempoState;
	const { at_bar } = await ann.request("song.activate", { position: 2 });
	const { tempoState, activeSong } = ann.state;
	assert.equal(activeSong.title, "Rolling");
	assert.equal(activeSong.start_bar_index, at_bar);
	assert.deepEqual([tempoState.bpm, tempoState.time_signature], [before.bpm, before.time_signature]);
	assert.equal(tempoState.pending.anchor_bar_index, at_bar);
	assert.deepEqual([tempoState.pending.bpm, tempoState.pending.time_signature], [90, "6/8"]);
	/* The very bar line of the running grid. */
	const line = before.anchor_timestamp + (at_bar - before.anchor_bar_index) * barMs(before);
	assert.ok(Math.abs(tempoState.pending.anchor_timestamp - line) <= 1);
	const playing = before.anchor_bar_index + Math.floor((ann.now() - before.anchor_timestamp) / barMs(before));
	assert.ok(at_bar - playing <= 2, `bar ${at_bar} while ${playing} plays`);
	const after_it = await ben.when((s) => s.tempoState.pending === null && s.tempoState.bpm === 90);
	assert.equal(after_it.tempoState.anchor_bar_index, at_bar);
	assert.equal(after_it.activeSong.start_bar_index, at_bar);
	await checkMerged(await openEye(box, ann.token), [ann, ben]);
	await close(ann, ben);
});

test("a song of the same tempo and metre: nothing is announced, its bars begin with the next", async () => {
	const { ann, ben, songs } = await evening();
	await ann.request("song.update", { song_id: songs[0], default_bpm: 180, time_signature: "4/4" });
	await ann.request("song.activate", { position: 1 });
	const started = await ann.request("tempo.start");
	await sleep(500);
	const { at_bar } = await ann.request("song.activate", { position: 0 });
	assert.equal(ann.state.tempoState.pending, null);
	assert.equal(ann.state.activeSong.start_bar_index, at_bar);
	assert.ok(at_bar > started.at_bar);
	await close(ann, ben);
});

test("another start begins the song's bars anew; a song of the library; none", async () => {
	const { ann, ben, songs } = await evening();
	await ann.request("song.activate", { song_id: songs[1].toUpperCase() });
	assert.equal(ann.state.activeSong.position, null);
	assert.deepEqual([ann.state.activeSong.bpm, ann.state.tempoState.bpm], [200, 200]);
	assert.equal(ann.state.session.active_position, null);
	const first = await ann.request("tempo.start");
	assert.equal(ann.state.activeSong.start_bar_index, first.at_bar);
	await sleep(300);
	await ann.request("tempo.stop");
	const second = await ann.request("tempo.start", { count_in_bars: 1 });
	assert.ok(second.at_bar > first.at_bar);
	assert.equal(ann.state.activeSong.start_bar_index, second.at_bar + 1);
	await ann.request("song.activate", { song_id: null });
	assert.equal(ann.state.activeSong, null);
	assert.equal(ann.state.tempoState.running, true);
	assert.equal(ann.state.tempoState.bpm, 200);
	await close(ann, ben);
});

test("one that comes while another change is beginning waits for it", async () => {
	const { ann, ben } = await evening();
	await ann.request("song.activate", { position: 1 });
	await ann.request("tempo.start");
	await sleep(700);
	for (let round = 0; round < 6; round++) {
		const at = Math.round(ann.now()) + 400;
		await ann.request("tempo.set", { bpm: 100 + round, anchor_timestamp: at });
		await sleep(Math.max(0, at - ann.now() - 12 + 4 * round));
		const position = round % 2 === 0 ? 2 : 1;
		const { at_bar } = await ann.request("song.activate", { position });
		const bpm = position === 2 ? 90 : 180;
		await ann.when((s) => s.tempoState.bpm === bpm && s.tempoState.pending === null, 8000);
		assert.ok(ann.state.activeSong.start_bar_index >= at_bar - 1);
		assert.ok(ann.state.activeSong.start_bar_index <= at_bar + 1);
	}
	await close(ann, ben);
});

/** Runs at 30, and falls silent at its next bar line until 60 begins: puts on the second song in between. */
async function activateInTheGap(ann) {
	await ann.request("tempo.set", { bpm: 30, time_signature: "2/4" });
	await ann.request("tempo.start");
	const line = ann.state.tempoState.anchor_timestamp + 4000;
	await ann.request("tempo.set", { bpm: 60, anchor_timestamp: line + 900 });
	await sleep(line + 100 - ann.now());
	return ann.request("song.activate", { position: 1 });
}

test("stopped while a song waits: it has its tempo, and what begins later is let alone", async () => {
	const { ann, ben } = await evening();
	await activateInTheGap(ann);
	assert.equal(ann.state.tempoState.bpm, 30);
	await ann.request("tempo.stop");
	assert.deepEqual([ann.state.tempoState.bpm, ann.state.tempoState.time_signature, ann.state.activeSong.start_bar_index], [180, "4/4", null]);
	await ann.request("tempo.set", { bpm: 240 });
	await ann.request("tempo.start");
	await ann.request("tempo.set", { bpm: 241 });
	await ann.when((s) => s.tempoState.bpm === 241 && s.tempoState.pending === null);
	await sleep(200);
	assert.equal(ann.state.tempoState.pending, null);
	await checkMerged(await openEye(box, ann.token), [ann, ben]);
	await close(ann, ben);
});

test("a daemon that dies before the song's tempo could take over: the next one sees to it", { skip: !!process.env.SANITIZER }, async (t) => {
	const dir = mkdtempSync(join(tmpdir(), "tactus-stall-"));
	const stall = join(dir, "stall");
	const own = await startBox({ audio: false, env: { LD_PRELOAD: preload("stalled_sync"), STALLED_SYNC: stall } });
	t.after(() => own.stop().finally(() => rmSync(dir, { recursive: true, force: true })));
	const again = async () => {
		await own.kill("tactusd");
		rmSync(stall, { force: true });
		await own.start("tactusd");
	};
	const { ann, ben } = await evening(own);
	const other = await evening(own); /* the first has the loudspeaker */
	for (const phone of [ann, other.ann])
		await phone.request("tempo.start");
	await sleep(300);
	/* In the file, but not acknowledged. */
	writeFileSync(stall, "");
	for (const phone of [ann, other.ann])
		phone.request("song.activate", { position: 1 }, "lost").catch(() => {});
	await sleep(300);
	await again();
	for (const phone of [ann, other.ann]) {
		await phone.resume();
		await phone.request("song.activate", { position: 1 }, "lost");
		const { activeSong } = await phone.when((s) => s.tempoState.bpm === 180 && s.tempoState.pending === null, 8000);
		assert.equal(activeSong.title, "Fast");
		assert.ok(activeSong.start_bar_index > 0);
		await phone.request("tempo.stop");
	}
	/* And one that waits. */
	await ann.request("song.activate", { position: null });
	await activateInTheGap(ann);
	await sleep(100);
	await again();
	await ann.resume();
	await ann.when((s) => s.tempoState.bpm === 180 && s.tempoState.pending === null, 8000);
	await close(ann, ben, other.ann, other.ben);
});

test("the roles of that song are shown: its own first, then the global ones", async () => {
	const { ann, ben, songs } = await evening();
	const [drums, , bass] = ann.state.slots.map((slot) => slot.id);
	await ann.request("role.assign", { user_id: id(ann), slot_id: drums, scope_type: "global" });
	await ann.request("role.assign", { user_id: id(ann), slot_id: bass });
	await ann.request("role.assign", { user_id: id(ben), slot_id: drums, scope_type: "song", scope_song_id: songs[2] });
	await ann.request("song.activate", { position: 2 });
	assert.deepEqual(ann.state.activeSong.roles, [
		{ slot_id: drums, user_id: id(ben), scope_type: "song" }, { slot_id: bass, user_id: id(ann), scope_type: "global" }]);
	const slots = (state, phone) => state.participants.find((p) => p.user_id === id(phone)).slots;
	assert.deepEqual([slots(ann.state, ann), slots(ann.state, ben)], [[bass], [drums]]);
	await ann.request("song.activate", { position: 0 });
	assert.deepEqual([slots(ann.state, ann), slots(ann.state, ben)], [[drums, bass], []]);
	await close(ann, ben);
});

test("the MD and the controller may, with one of the two fields, in range", async () => {
	const { ann, ben, songs } = await evening();
	const eye = await openEye(box, ann.token);
	await refuses(eye, () => ben.request("song.activate", { position: 0 }), "not_controller", null);
	await refuses(eye, () => ann.request("song.activate", {}), "missing_field", "position");
	await refuses(eye, () => ann.request("song.activate", { position: 0, song_id: songs[0] }), "bad_request", "song_id", /not both/);
	await refuses(eye, () => ann.request("song.activate", { position: 3 }), "position_range", "position", /no item/);
	await refuses(eye, () => ann.request("song.activate", { position: -1 }), "position_range", "position");
	await refuses(eye, () => ann.request("song.activate", { song_id: id(ann) }), "song_unknown", "song_id", /no song/);
	await refuses(eye, () => ann.request("song.activate", { song_id: "x" }), "song_unknown", "song_id");
	await ann.request("tempo.handoff", { user_id: id(ben) });
	await ben.request("song.activate", { position: 0 });
	await ann.request("song.activate", { position: 1 });
	assert.equal(ann.state.tempoState.bpm, 180);
	await close(ann, ben, eye);
});

test("taps near the song's tempo start it at the song's", async () => {
	const { ann, ben } = await evening();
	await ann.request("song.activate", { position: 1 });
	await ann.sync(30, 5);
	const beat = 60000 / 185; /* 2.8 % beside 180 */
	const from = ann.now() - 3 * beat;
	let last;
	for (let k = 0; k < 4; k++)
		last = await ann.request("tempo.tap", { at: from + k * beat });
	assert.equal(last.started, true);
	assert.equal(ann.state.tempoState.bpm, 180);
	await ann.request("tempo.stop");
	await sleep(3100);
	const slow = 60000 / 165; /* 8 % */
	const again = ann.now() - 3 * slow;
	for (let k = 0; k < 4; k++)
		last = await ann.request("tempo.tap", { at: again + k * slow });
	assert.equal(last.started, true);
	assert.equal(ann.state.tempoState.bpm, 165);
	await close(ann, ben);
});

test("song and first bar outlive the daemon; so does what is announced, on the air and off it", async () => {
	const own = await startBox({ audio: false });
	try {
		const { ann, ben } = await evening(own);
		const other = await evening(own); /* the first has the loudspeaker */
		for (const phone of [ann, other.ann]) {
			await phone.request("song.activate", { position: 1 });
			await phone.request("tempo.start");
			await sleep(400);
			await phone.request("song.activate", { position: 2 });
			await phone.when((s) => s.tempoState.bpm === 90);
			await phone.request("tempo.set", { bpm: 77, in_bars: 20 });
		}
		await sleep(300);
		const before = [ann, other.ann].map((phone) => structuredClone(phone.state));
		await own.kill("tactusd");
		await own.start("tactusd");
		for (const [i, phone] of [ann, other.ann].entries()) {
			await phone.resume();
			const { tempoState, activeSong, session, click } = phone.state;
			assert.equal(click.on_air, i === 0);
			assert.deepEqual(activeSong, before[i].activeSong);
			assert.equal(session.active_position, 2);
			assert.equal(tempoState.running, true);
			assert.equal(tempoState.pending.bpm, 77);
			assert.equal(tempoState.pending.anchor_bar_index, before[i].tempoState.pending.anchor_bar_index);
			assert.ok(Math.abs(tempoState.pending.anchor_timestamp - before[i].tempoState.pending.anchor_timestamp) <= 1);
			await phone.request("tempo.cancel");
			assert.equal(phone.state.tempoState.pending, null);
		}
		await close(ann, ben, other.ann, other.ben);
	} finally {
		await own.stop();
	}
});
