/*
 * Who goes, and what becomes of what they held: leaving with and without a successor, being removed.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { allAgree, changesNothing, idOf, openBand } from "../lib/band.mjs";
import { startBox } from "../lib/box.mjs";
import { Phone } from "../lib/phone.mjs";
import { checkError, hears, openEye } from "../lib/refusal.mjs";

const box = await startBox({ audio: false });
after(() => box.stop());

const names = (state) => state.participants.map((p) => p.display_name);
const refused = (promise) => promise.then((ok) => assert.fail(`not refused: ${JSON.stringify(ok)}`), (error) => error);

test("an MD who goes names who follows, in the same moment", async () => {
	const band = await openBand(box, { members: ["Ben", "Cas"] });
	const { md, people: { Ben, Cas } } = band;
	const told = hears(Cas, (m) => m.type === "state" && m.session);
	await md.request("session.leave", { md_user_id: idOf(Ben) });
	const state = await told;
	assert.equal(state.session.md_user_id, idOf(Ben));
	assert.equal(state.tempoState.controller_user_id, idOf(Ben));
	assert.deepEqual(names(state), ["Ben", "Cas"]);
	await Ben.request("song.create", { title: "His now" });
	await Ben.request("tempo.set", { bpm: 99 });
	checkError((await refused(Cas.request("tempo.set", { bpm: 98 }))).answer, "not_controller", null);
	await band.close();
});

test("a controller who is not the MD goes: the tempo is the MD's; a successor of the MD it cannot name", async () => {
	const band = await openBand(box, { members: ["Ben", "Cas"] });
	const { md, people: { Ben, Cas } } = band;
	await md.request("tempo.handoff", { user_id: idOf(Ben) });
	await Ben.request("session.leave", { md_user_id: idOf(Cas) });
	await md.when((s) => s.tempoState.controller_user_id === idOf(md));
	assert.equal(md.state.session.md_user_id, idOf(md));
	await band.close();
});

test("a successor is somebody else who is there", async () => {
	const band = await openBand(box, { members: ["Ben", "Cas"] });
	const { md, eye, people: { Ben, Cas } } = band;
	const gone = idOf(Cas);
	await Cas.request("session.leave");
	for (const md_user_id of [gone, idOf(md), "00000000-0000-4000-8000-000000000000", "nobody"])
		await changesNothing(eye, () => md.request("session.leave", { md_user_id }), "no_such_member", "md_user_id");
	await md.request("session.leave", { md_user_id: idOf(Ben).toUpperCase() });
	assert.equal((await Ben.when((s) => s.participants.length === 1)).session.md_user_id, idOf(Ben));
	await band.close();
});

test("who is removed is out on every device, holds nothing, and the key is dead", async () => {
	const band = await openBand(box, { members: ["Ben", "Cas"], songs: ["One"], setlist: true });
	const { md, code, slots, songs, people: { Ben, Cas } } = band;
	const ben = idOf(Ben);
	const second = await openEye(box, Ben.token);
	await md.request("role.assign", { user_id: ben, slot_id: slots.bass });
	await md.request("role.assign", { user_id: ben, slot_id: slots.drums, scope_type: "song", scope_song_id: songs.One });
	await md.request("setlist.item.update", { position: 0, song_leader_user_id: ben });
	await md.request("song.activate", { position: 0 });
	await md.request("tempo.handoff", { user_id: ben });
	const told = [Ben, second].map((phone) => hears(phone, (m) => m.type === "state" && m.participants && !names(m).includes("Ben")));
	await md.request("participant.remove", { user_id: ben });
	for (const state of await Promise.all(told)) {
		assert.deepEqual(state.roleAssignments, []);
		assert.equal(state.tempoState.controller_user_id, idOf(md));
		assert.equal(state.setlist.items[0].song_leader_user_id, null);
		assert.deepEqual([state.activeSong.song_leader_user_id, state.activeSong.roles], [null, []]);
	}
	for (const phone of [Ben, second]) {
		checkError((await refused(phone.request("ready.set", { ready: true }))).answer, "not_joined", null);
		checkError((await refused(phone.request("session.resume", { token: Ben.token }))).answer, "token_unknown", "token");
	}
	/* The key of another evening of his is another one: this session only is closed to it. */
	checkError((await refused(Ben.request("session.join", { code, display_name: "Ben", token: Ben.token }))).answer, "token_unknown", "token");
	checkError((await refused(md.request("participant.remove", { user_id: ben }))).answer, "no_such_member", "user_id");
	const heard = Ben.heard.length;
	await Cas.request("ready.set", { ready: true });
	await allAgree(band.eye, [md, Cas]);
	assert.equal(Ben.heard.length, heard, "one who is out hears nothing");
	second.terminate();
	await band.close();
});

test("the MD is not removed, nor goes by removing", async () => {
	const band = await openBand(box, { members: ["Ben"] });
	await changesNothing(band.eye, () => band.md.request("participant.remove", { user_id: idOf(band.md) }), "not_yourself", "user_id");
	await band.close();
});

test("who goes and comes back by the same key is the same person, with empty hands", async () => {
	const band = await openBand(box, { members: ["Ben"] });
	const { md, code, slots, people: { Ben } } = band;
	const ben = idOf(Ben);
	await Ben.request("role.assign", { slot_id: slots.bass });
	await Ben.request("ready.set", { ready: true });
	await Ben.request("session.leave");
	await md.when((s) => s.participants.length === 1 && s.roleAssignments.length === 0);
	const back = await Phone.open(box.url);
	assert.equal((await back.request("session.join", { code, display_name: "Ben", token: Ben.token })).user_id, ben);
	const entry = (await md.when((s) => s.participants.length === 2)).participants[1];
	assert.deepEqual([entry.user_id, entry.ready, entry.slots], [ben, false, []]);
	await back.close();
	await band.close();
});

test("what is under way as the session closes ends in an answer, and nothing of it comes after", async () => {
	const band = await openBand(box, { members: ["Ben"], songs: ["One"], setlist: true });
	const { md, songs, people: { Ben } } = band;
	const asked = [
		md.request("setlist.item.add", { song_id: songs.One }),
		Ben.request("profile.set", { display_name: "Benny" }),
		md.request("session.close"),
		md.request("setlist.item.add", { song_id: songs.One }),
		Ben.request("role.assign", { slot_id: band.slots.bass }),
		md.request("tempo.set", { bpm: 77 }),
	];
	const answers = await Promise.all(asked.map((promise) => promise.catch((error) => error.answer)));
	assert.equal(answers[0].type, "ok");
	assert.equal(answers[2].type, "ok");
	assert.deepEqual([answers[3].type, answers[3].code], ["error", "session_closed"]);
	for (const answer of answers)
		assert.ok(answer.type === "ok" || ["session_closed", "not_joined"].includes(answer.code), answer.code);
	assert.equal(md.state.session.active, false);
	assert.deepEqual(md.holes, []);
	await Promise.all([md.close(), Ben.close(), band.eye.close()]);
});
