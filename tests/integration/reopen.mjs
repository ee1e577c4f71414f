/*
 * The box's book of sessions, over the wire: what there was, going on where one ended, another code.
 *
 * timeout: 180 s
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { allAgree, changesNothing, checkDatabase, idOf, NO_UUID, openBand, quiet, refusedBy, sqlite, timeless } from "../lib/band.mjs";
import { startBox } from "../lib/box.mjs";
import { Phone } from "../lib/phone.mjs";
import { checkError, hears } from "../lib/refusal.mjs";

const PIN = "246810";

/** Boxes and phones of this file: none outlives it, whatever fails. */
const boxes = [];
const phones = [];
after(async () => {
	await Promise.all(phones.map((phone) => phone.close()));
	await Promise.all(boxes.map((box) => box.stop()));
});

async function freshBox(options = {}) {
	const box = await startBox({ audio: false, pin: PIN, ...options });
	boxes.push(box);
	return box;
}

async function phoneAt(box) {
	const phone = await Phone.open(box.url);
	phones.push(phone);
	return phone;
}

async function bandAt(box, options = {}) {
	const band = await openBand(box, { pin: PIN, ...options });
	phones.push(band.eye, ...band.phones);
	return band;
}

const box = await freshBox();
const stranger = await phoneAt(box);
const listed = async (phone = stranger) => (await phone.request("session.list", { pin: PIN })).sessions;
const reopen = (session_id, phone = stranger) => phone.request("session.reopen", { session_id, pin: PIN });

/** All are told, and detached. */
async function close(band) {
	await band.md.request("session.close");
	for (const phone of [band.eye, ...band.phones])
		await phone.when((state) => state.session.active === false);
}

async function restart(at) {
	await at.kill("tactusd");
	await at.start("tactusd");
}

/* ---- session.list ------------------------------------------------------------------------ */

test("list: with the PIN, by whom it may be; each session as it is; the latest first", async () => {
	const at = await freshBox();
	const one = await phoneAt(at);
	assert.deepEqual((await one.request("session.list", { pin: PIN })).sessions, []);
	checkError((await refusedBy(one.request("session.list"))).answer, "missing_field", "pin", /PIN/);
	checkError((await refusedBy(one.request("session.list", { pin: "135790" }))).answer, "pin_wrong", "pin", /PIN/);
	checkError((await refusedBy(one.request("session.list", { pin: 1 }))).answer, "wrong_type", "pin");
	checkError((await refusedBy(one.request("session.list", { pin: PIN, limit: 3 }))).answer, "unknown_field", "limit");

	const first = await bandAt(at, { md: "Ann", members: ["Ben", "Cas"] });
	await first.people.Cas.request("session.leave");
	const second = await bandAt(at, { md: "Zoe" });
	await close({ ...first, phones: [first.md, first.people.Ben] });
	const sessions = await listed(one);
	assert.deepEqual(sessions.map(({ session_id, code, active, md_display_name, people, setlists }) => ({ session_id, code, active, md_display_name, people, setlists })), [
		{ session_id: second.session_id, code: second.code, active: true, md_display_name: "Zoe", people: 1, setlists: [] },
		{ session_id: first.session_id, code: first.code, active: false, md_display_name: "Ann", people: 2, setlists: [] },
	]);
	for (const session of sessions) {
		assert.deepEqual(Object.keys(session).sort(), ["active", "code", "created_at", "last_heartbeat", "md_display_name", "people", "session_id", "setlists"]);
		assert.ok(session.last_heartbeat >= session.created_at);
	}
	assert.equal(sessions[1].created_at, first.md.state.session.created_at);
	/* Anybody may ask, also from within a session; it changes nothing there. */
	const before = await quiet(second.eye);
	assert.deepEqual((await listed(second.md)).map((session) => session.session_id), sessions.map((session) => session.session_id));
	assert.deepEqual(await quiet(second.eye), before);
});

test("a box without a PIN lists and reopens for everybody", async () => {
	const at = await freshBox({ pin: "" });
	const band = await bandAt(at, { pin: undefined });
	await close(band);
	const one = await phoneAt(at);
	const { sessions } = await one.request("session.list");
	assert.deepEqual(sessions.map((session) => [session.session_id, session.active]), [[band.session_id, false]]);
	assert.deepEqual((await one.request("session.reopen", { session_id: band.session_id })).code, band.code);
	await band.md.resume();
});

/* ---- session.reopen ----------------------------------------------------------------------- */

test("what is refused: no PIN, a wrong one, no session of that id", async () => {
	const band = await bandAt(box);
	await close(band);
	const { session_id } = band;
	const says = async (fields, ...what) => checkError((await refusedBy(stranger.request("session.reopen", fields))).answer, ...what);
	await says({ session_id }, "missing_field", "pin", /PIN/);
	await says({ session_id, pin: "135790" }, "pin_wrong", "pin", /PIN/);
	await says({ pin: PIN }, "missing_field", "session_id", /session/);
	await says({ session_id: "tonight", pin: PIN }, "session_unknown", "session_id", /session_id must be/);
	await says({ session_id: 7, pin: PIN }, "wrong_type", "session_id");
	await says({ session_id: NO_UUID, pin: PIN }, "session_unknown", "session_id", /session\.list/);
	checkError((await refusedBy(band.md.request("session.resume", { token: band.md.token }))).answer, "session_closed", "token", /closed/);
	assert.equal((await listed()).find((one) => one.session_id === session_id).active, false);
});

test("one that is open: ok, its code, and nobody in it notices", async () => {
	const band = await bandAt(box, { members: ["Ben"] });
	const { Ben } = band.people;
	await Ben.request("ready.set", { ready: true });
	await band.md.request("tempo.start");
	const before = await quiet(band.eye);
	const ok = await reopen(band.session_id.toUpperCase());
	assert.deepEqual([ok.session_id, ok.code], [band.session_id, band.code]);
	assert.deepEqual(await quiet(band.eye), before);
	await band.md.request("tempo.stop");
	await allAgree(band.eye, band.phones);
	/* Nor does one that is open but in nobody's memory. */
	await restart(box);
	await stranger.connect();
	assert.equal((await reopen(band.session_id)).code, band.code);
	await band.md.resume();
	assert.equal(band.md.state.tempoState.running, false);
	await close({ ...band, eye: band.md, phones: [] });
});

test("at once: from memory; keys, roles and the song that is on, but nobody ready or talking", async () => {
	const band = await bandAt(box, { members: ["Ben", "Cas", "Dan"], songs: ["One", "Two"] });
	const { md, people: { Ben, Cas, Dan }, eye, slots, songs } = band;
	await Ben.request("role.assign", { slot_id: slots.bass });
	await md.request("role.assign", { slot_id: slots.bass, user_id: idOf(Cas), scope_type: "song", scope_song_id: songs.One });
	await md.request("song.activate", { song_id: songs.One });
	await md.request("tempo.handoff", { user_id: idOf(Ben) });
	await Ben.request("tempo.set", { bpm: 93, time_signature: "3/4" });
	await Ben.request("tempo.start");
	await Dan.request("session.leave");
	await Cas.request("participant.remove", { user_id: idOf(Ben) }).catch((error) => assert.equal(error.code, "not_md"));
	await Ben.request("ready.set", { ready: true });
	await Cas.request("ptt.set", { state: "talking" });
	const was = await allAgree(eye, [md, Ben, Cas]);
	await close({ ...band, phones: [md, Ben, Cas] });

	const ok = await reopen(band.session_id);
	assert.deepEqual([ok.session_id, ok.code], [band.session_id, band.code]);
	/* Whoever asked is not in it. */
	checkError((await refusedBy(stranger.request("role.assign", { slot_id: slots.drums }))).answer, "not_joined", null, /join/);
	for (const phone of [eye, md, Ben])
		await phone.resume();
	const now = await quiet(eye);
	assert.ok(eye.state.revision > was.revision);
	const { session, roleAssignments, activeSong, setlist, tempoState } = timeless(was);
	assert.deepEqual([now.session, now.roleAssignments, now.setlist], [session, roleAssignments, setlist]);
	assert.deepEqual({ ...now.activeSong, start_bar_index: null }, { ...activeSong, start_bar_index: null });
	assert.deepEqual(now.participants.map((one) => [one.display_name, one.ready, one.ptt_state, one.away]),
		[["Ann", false, "idle", false], ["Ben", false, "idle", false], ["Cas", false, "idle", true]]);
	assert.deepEqual([now.tempoState.bpm, now.tempoState.time_signature, now.tempoState.running], [93, "3/4", false]);
	assert.equal(now.tempoState.controller_user_id, tempoState.controller_user_id);
	/* Cas comes by her key of the evening, as the same person; Dan had left, and joins again. */
	const cas = idOf(Cas);
	await Cas.connect();
	await Cas.request("session.join", { code: band.code, display_name: "Cas", token: Cas.token });
	assert.equal(idOf(Cas), cas);
	await Dan.connect();
	checkError((await refusedBy(Dan.request("session.resume", { token: Dan.token }))).answer, "left", "token");
	await Dan.request("session.join", { code: band.code, display_name: "Dan", token: Dan.token });
	await Ben.request("tempo.start");
	await allAgree(eye, [md, Ben, Cas, Dan]);
	await close(band);
});

test("next week: the box was off in between, and all of it is there", async () => {
	const band = await bandAt(box, { members: ["Ben", "Cas"], songs: ["One", "Two", "Three"], setlist: true });
	const { md, people: { Ben, Cas }, eye, slots, songs } = band;
	await Ben.request("role.assign", { slot_id: slots.bass });
	await Cas.request("role.assign", { slot_id: slots.drums });
	await md.request("role.assign", { slot_id: slots.bass, user_id: idOf(Cas), scope_type: "song", scope_song_id: songs.Two });
	await md.request("setlist.item.update", { position: 1, key_override: "F#m", bpm_override: 87, song_leader_user_id: idOf(Ben) });
	await md.request("song.activate", { position: 1 });
	await md.request("tempo.start");
	await md.request("participant.remove", { user_id: idOf(Ben) });
	const was = await allAgree(eye, [md, Cas]);
	await close({ ...band, phones: [md, Cas] });
	await restart(box);
	await stranger.connect();

	for (const phone of [md, Cas]) {
		await phone.connect();
		checkError((await refusedBy(phone.request("session.resume", { token: phone.token }))).answer, "session_closed", "token");
	}
	checkError((await refusedBy(stranger.join(band.code, "Eve"))).answer, "code_unknown", "code");
	const entry = (await listed()).find((one) => one.session_id === band.session_id);
	assert.deepEqual([entry.active, entry.people, entry.setlists, entry.md_display_name], [false, 2, ["Tonight"], "Ann"]);
	assert.equal((await reopen(band.session_id)).code, band.code);
	assert.equal((await listed()).find((one) => one.session_id === band.session_id).active, true);

	for (const phone of [eye, md, Cas])
		await phone.resume();
	const now = await quiet(eye);
	const before = timeless(was);
	assert.ok(eye.state.revision > was.revision);
	assert.deepEqual([now.session, now.setlist, now.roleAssignments], [before.session, before.setlist, before.roleAssignments]);
	assert.deepEqual({ ...now.activeSong, start_bar_index: null }, { ...before.activeSong, start_bar_index: null });
	assert.deepEqual([now.activeSong.key, now.activeSong.bpm, now.activeSong.position], ["F#m", 87, 1]);
	assert.deepEqual(now.participants.map((one) => [one.display_name, one.slots]), before.participants.map((one) => [one.display_name, one.slots]));
	assert.equal(now.tempoState.running, false);
	assert.ok(now.tempoState.anchor_bar_index >= before.tempoState.anchor_bar_index);
	/* Who was shown the door stays out. */
	await Ben.connect();
	checkError((await refusedBy(Ben.request("session.resume", { token: Ben.token }))).answer, "token_unknown", "token");
	/* And the evening goes on. */
	await md.request("song.activate", { position: 2 });
	await md.request("tempo.start");
	await Cas.when((state) => state.activeSong.position === 2 && state.tempoState.running);
	await md.request("tempo.stop");
	await allAgree(eye, [md, Cas]);
	await close({ ...band, phones: [md, Cas] });
});

test("closed in the middle of a bar, the box killed with it: it comes back silent", async () => {
	const band = await bandAt(box);
	await band.md.request("session.take_output", { pin: PIN });
	await band.md.request("tempo.start");
	await band.md.request("session.close");
	await restart(box);
	await stranger.connect();
	await reopen(band.session_id);
	await band.md.resume();
	assert.deepEqual([band.md.state.tempoState.running, band.md.state.click.on_air], [false, true]);
	await band.md.request("tempo.start");
	await band.md.request("session.close");
});

test("an MD who had left: a claim with code and PIN is the way", async () => {
	const band = await bandAt(box, { members: ["Ben"] });
	await band.md.request("session.leave");
	const dot = await phoneAt(box);
	await dot.request("session.claim", { code: band.code, display_name: "Dot", pin: PIN });
	await dot.request("session.close");
	await reopen(band.session_id);
	await stranger.request("session.claim", { code: band.code, display_name: "Eli", pin: PIN });
	assert.equal(stranger.state.you.is_md, true);
	assert.deepEqual(stranger.state.participants.map((one) => one.display_name), ["Ben", "Dot", "Eli"]);
	await stranger.request("session.close");
});

/* ---- codes --------------------------------------------------------------------------------- */

test("its old code is another's by now: it gets a new one, and both doors lead where they should", async () => {
	const at = await freshBox();
	const [old, now] = [await bandAt(at), await bandAt(at)];
	await close(old);
	assert.equal(await at.children.tactusd.stop(), true);
	sqlite(at, `UPDATE session SET code = '${now.code}' WHERE id = '${old.session_id}'`);
	await at.start("tactusd");
	const one = await phoneAt(at);
	const { code } = await reopen(old.session_id, one);
	assert.notEqual(code, now.code);
	assert.match(code, /^[CDFHJKMNPQRTVWXY34679]{6}$/);
	for (const [door, band] of [[code, old], [now.code, now]]) {
		const guest = await phoneAt(at);
		await guest.join(door, "Guest");
		assert.deepEqual([guest.state.session.id, guest.state.session.code], [band.session_id, door]);
	}
	checkDatabase(at);
});

test("renew_code: the old one is dead at once, who is in stays in, the key is the same", async () => {
	const band = await bandAt(box, { members: ["Ben"] });
	const { md, people: { Ben }, eye } = band;
	await changesNothing(eye, () => Ben.request("session.renew_code"), "not_md", null, /music director/);
	await changesNothing(eye, () => md.request("session.renew_code", { code: "CDFHJK" }), "unknown_field", "code");
	const told = hears(Ben, (message) => message.type === "state" && message.session);
	const { code, revision } = await md.request("session.renew_code", {}, "renew");
	assert.notEqual(code, band.code);
	assert.match(code, /^[CDFHJKMNPQRTVWXY34679]{6}$/);
	assert.deepEqual(Object.keys(await told).sort(), ["revision", "session", "type"]);
	assert.deepEqual([Ben.state.session.code, Ben.state.revision], [code, revision]);
	checkError((await refusedBy(stranger.join(band.code, "Eve"))).answer, "code_unknown", "code", /music director/);
	checkError((await refusedBy(stranger.request("session.claim", { code: band.code, display_name: "Eve", pin: PIN }))).answer, "code_unknown", "code");
	await Ben.resume();
	const cas = await phoneAt(box);
	await cas.join(code, "Cas");
	assert.equal(cas.state.participants.length, 3);
	/* The same request again is the same renewal; also over a restart, like the code. */
	assert.equal((await md.request("session.renew_code", {}, "renew")).code, code);
	await restart(box);
	await stranger.connect();
	for (const phone of [eye, md, Ben, cas])
		await phone.resume();
	assert.equal((await md.request("session.renew_code", {}, "renew")).code, code);
	assert.equal(Ben.state.session.code, code);
	await allAgree(eye, [md, Ben, cas]);
	/* Closed and reopened, the new one is the old one. */
	await md.request("session.close");
	checkError((await refusedBy(md.request("session.renew_code"))).answer, "not_joined", null);
	assert.equal((await reopen(band.session_id)).code, code);
});

/* ---- the loudspeaker -------------------------------------------------------------------------- */

test("it takes the loudspeaker if that is free, and from nobody who has it", async () => {
	const at = await freshBox();
	const one = await phoneAt(at);
	const holder = await bandAt(at);
	assert.equal(holder.md.state.click.on_air, true);
	const other = await bandAt(at, { md: "Zoe" });
	await close(other);
	await reopen(other.session_id, one);
	await other.md.resume();
	assert.equal(other.md.state.click.on_air, false);
	await holder.md.request("click.test");
	await close({ ...other, phones: [], eye: other.md });
	/* Free: after the holder is closed. From memory, and after a restart. */
	await close(holder);
	await reopen(other.session_id, one);
	await other.md.resume();
	assert.equal(other.md.state.click.on_air, true);
	await other.md.request("click.test");
	await reopen(holder.session_id, one);
	await holder.md.resume();
	assert.deepEqual([holder.md.state.click.on_air, other.md.state.click.on_air], [false, true]);
	for (const band of [holder, other])
		await band.md.request("session.close");
	await restart(at);
	await one.connect();
	await reopen(holder.session_id, one);
	await holder.md.resume();
	assert.equal(holder.md.state.click.on_air, true);
	await holder.md.request("tempo.start");
	await restart(at);
	await holder.md.resume();
	assert.deepEqual([holder.md.state.click.on_air, holder.md.state.tempoState.running], [true, true]);
});

test("several reopened and one made at once: one of them has the loudspeaker", async () => {
	const at = await freshBox();
	const bands = [];
	for (const md of ["Ann", "Ben", "Cas", "Dan"])
		bands.push(await bandAt(at, { md }));
	for (let round = 0; round < 5; round++) {
		for (const band of bands)
			await band.md.request("session.close");
		const maker = await phoneAt(at);
		const askers = await Promise.all(bands.map(() => phoneAt(at)));
		/* Each of them by two, who both get the same answer. */
		const asked = bands.flatMap((band, i) => [reopen(band.session_id, askers[i]), reopen(band.session_id, askers[(i + 1) % 4])]);
		const made = maker.create("New", PIN);
		const codes = (await Promise.all(asked)).map((ok) => ok.code);
		await made;
		assert.deepEqual(codes, bands.flatMap((band) => [band.code, band.code]));
		for (const band of bands)
			await band.md.resume();
		const on_air = [maker, ...bands.map((band) => band.md)].filter((phone) => phone.state.click.on_air);
		assert.equal(on_air.length, 1);
		await on_air[0].request("click.test");
		assert.deepEqual(sqlite(at, "SELECT id FROM session WHERE on_air = 1"), [{ id: on_air[0].state.session.id }]);
		await maker.request("session.close");
	}
	checkDatabase(at);
});

test("closed and reopened at once, by many, again and again: it is one or the other, whole", async () => {
	const band = await bandAt(box, { members: ["Ben"] });
	const asker = await phoneAt(box);
	for (let round = 0; round < 10; round++) {
		const asked = [band.md.request("session.close"), reopen(band.session_id, asker), band.people.Ben.request("session.leave").catch(() => {}), reopen(band.session_id)];
		assert.equal((await Promise.all(asked)).at(-1).code, band.code);
		await reopen(band.session_id, asker);
		await band.md.resume();
		assert.equal(band.md.state.session.active, true);
		await band.people.Ben.connect();
		await band.people.Ben.request("session.join", { code: band.code, display_name: "Ben", token: band.people.Ben.token });
	}
	await band.eye.resume();
	await allAgree(band.eye, band.phones);
	checkDatabase(box);
});
