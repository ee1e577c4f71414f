/*
 * Who plays what, over the wire: giving, taking, freeing slots, a song's own roles, ghosts, two devices
 * of one person.
 *
 * timeout: 180 s
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { allAgree, changesNothing, idOf, NO_UUID, openBand } from "../lib/band.mjs";
import { startBox } from "../lib/box.mjs";
import { Phone } from "../lib/phone.mjs";
import { hears } from "../lib/refusal.mjs";

const box = await startBox({ audio: false });
after(() => box.stop());

/** MD Ann, Ben, Cas, Dan; songs One and Two, of which none is on. */
async function openStage(t) {
	const band = await openBand(box, { members: ["Ben", "Cas", "Dan"], songs: ["One", "Two"] });
	t.after(() => band.close());
	return { ...band, ...band.people, all: band.phones, eye: band.eye, slots: band.slots, songs: band.songs };
}

/** Who plays a slot now, as each of three sections says it. They must agree. */
function plays(state, slot_id) {
	const shown = state.participants.filter((one) => one.slots.includes(slot_id)).map((one) => one.user_id);
	const song = state.activeSong?.song_id ?? null;
	const held = (scope) => state.roleAssignments.filter((role) => role.slot_id === slot_id && role.scope_song_id === scope);
	const own = song ? held(song) : [];
	const expected = (own.length ? own : held(null)).map((role) => role.user_id);
	assert.deepEqual(shown, expected);
	if (song)
		assert.deepEqual(state.activeSong.roles.filter((role) => role.slot_id === slot_id).map((role) => role.user_id), expected);
	assert.ok(expected.length <= 1);
	return expected[0] ?? null;
}

const away = (state, phone) => state.participants.find((one) => one.user_id === phone).away;

/* ---- giving and taking ------------------------------------------------------------- */

test("a member takes a free slot: everyone sees it, before the ok, and in the list of assignments", async (t) => {
	const { md, Ben, eye, all, slots } = await openStage(t);
	const from = Ben.heard.length;
	const before = Date.now();
	await Ben.request("role.assign", { slot_id: slots.drums });
	const [told, ok, ...more] = Ben.heard.slice(from).map((one) => one.message);
	assert.deepEqual([told.type, ok.type, more], ["state", "ok", []]);
	assert.deepEqual(Object.keys(told).sort(), ["participants", "revision", "roleAssignments", "type"]);
	assert.equal(ok.revision, told.revision);
	await md.when((state) => plays(state, slots.drums) === idOf(Ben));
	const [role] = md.state.roleAssignments;
	const { assigned_at, ...rest } = role;
	assert.deepEqual(rest, { session_id: md.state.session.id, user_id: idOf(Ben), slot_id: slots.drums, scope_type: "global", scope_song_id: null });
	assert.ok(Number.isInteger(assigned_at) && Math.abs(assigned_at - before) < 60000);
	await allAgree(eye, all);
});

test("the MD gives any slot to anybody; ids in any case; again to its holder changes nothing", async (t) => {
	const { md, Ben, Cas, eye, all, slots } = await openStage(t);
	await md.request("role.assign", { slot_id: slots.bass.toUpperCase(), user_id: idOf(Ben).toUpperCase() });
	assert.equal(plays(md.state, slots.bass), idOf(Ben));
	const { revision } = md.state;
	const same = await md.request("role.assign", { slot_id: slots.bass, user_id: idOf(Ben), replace: true });
	await Ben.request("role.assign", { slot_id: slots.bass, scope_type: "global", scope_song_id: null });
	assert.deepEqual([same.revision, md.state.revision], [revision, revision]);
	/* One person may have several, and a slot goes over in one state. */
	await md.request("role.assign", { slot_id: slots.screen, user_id: idOf(Ben) });
	const told = hears(Cas, (message) => message.type === "state" && message.roleAssignments);
	await md.request("role.assign", { slot_id: slots.bass, user_id: idOf(Cas), replace: true });
	assert.equal((await told).roleAssignments.filter((role) => role.slot_id === slots.bass).length, 1);
	assert.deepEqual([plays(md.state, slots.bass), plays(md.state, slots.screen)], [idOf(Cas), idOf(Ben)]);
	await allAgree(eye, all);
});

test("what a member may not: another's slot, another person, a song's role", async (t) => {
	const { md, Ben, Cas, eye, slots, songs } = await openStage(t);
	await Ben.request("role.assign", { slot_id: slots.drums });
	const one = { slot_id: slots.bass, scope_type: "song", scope_song_id: songs.One };
	await md.request("role.assign", { ...one, user_id: idOf(Cas) });
	for (const fields of [{}, { replace: false }, { replace: true }])
		await changesNothing(eye, () => Cas.request("role.assign", { slot_id: slots.drums, ...fields }), "slot_taken", "slot_id", /music director.*away/);
	await changesNothing(eye, () => md.request("role.assign", { slot_id: slots.drums }), "slot_taken", "slot_id", /replace/);
	for (const fields of [{ slot_id: slots.brass, user_id: idOf(Ben) }, one, { ...one, replace: true }, { ...one, scope_song_id: songs.Two }])
		await changesNothing(eye, () => Cas.request("role.assign", fields), "not_md", null, /music director/);
	for (const fields of [{ slot_id: slots.drums }, { slot_id: slots.drums, user_id: idOf(Ben) }, one])
		await changesNothing(eye, () => Cas.request("role.clear", fields), "not_md", null, /music director/);
});

test("what is not there: people, slots, songs; scopes that make no sense", async (t) => {
	const { md, Ben, Cas, eye, slots, songs } = await openStage(t);
	const other = await openBand(box, { md: "Zoe" });
	t.after(() => other.close());
	const gone = idOf(Cas);
	await Cas.request("session.leave");
	for (const type of ["role.assign", "role.clear"]) {
		const says = (fields, ...what) => changesNothing(eye, () => md.request(type, { slot_id: slots.bass, ...fields }), ...what);
		await says({ slot_id: NO_UUID }, "slot_unknown", "slot_id", /slots/);
		await says({ slot_id: "bass" }, "slot_unknown", "slot_id", /slot_id must be/);
		await says({ user_id: NO_UUID }, "no_such_member", "user_id", /session/);
		await says({ user_id: idOf(other.md) }, "no_such_member", "user_id", /session/);
		await says({ user_id: "Ben" }, "no_such_member", "user_id", /user_id must be/);
		await says({ scope_type: "tonight" }, "scope", "scope_type", /global or song/);
		await says({ scope_type: "global", scope_song_id: songs.One }, "scope", "scope_song_id", /scope_type/);
		await says({ scope_song_id: songs.One }, "scope", "scope_song_id", /scope_type/);
		await says({ scope_type: "song", scope_song_id: NO_UUID }, "song_unknown", "scope_song_id", /song/);
		await changesNothing(eye, () => md.request(type, {}), "missing_field", "slot_id", /slot/);
	}
	await changesNothing(eye, () => md.request("role.assign", { slot_id: slots.bass, user_id: gone }), "no_such_member", "user_id");
	await changesNothing(eye, () => md.request("role.assign", { slot_id: slots.bass, scope_type: "song" }), "missing_field", "scope_song_id", /scope_song_id/);
	await changesNothing(eye, () => md.request("role.assign", { slot_id: slots.bass, replace: "yes" }), "wrong_type", "replace", /true or false/);
	await changesNothing(eye, () => md.request("role.clear", { slot_id: slots.bass, replace: true }), "unknown_field", "replace");
	await md.request("role.clear", { slot_id: slots.bass, user_id: gone });
	await md.request("song.delete", { song_id: songs.Two });
	await changesNothing(eye, () => md.request("role.assign", { slot_id: slots.bass, scope_type: "song", scope_song_id: songs.Two }), "song_unknown", "scope_song_id", /song/);
	await Ben.request("role.assign", { slot_id: slots.bass });
});

test("clear: one's own; the MD anybody's; of one that it names only; what is free is ok", async (t) => {
	const { md, Ben, Cas, eye, all, slots } = await openStage(t);
	await Ben.request("role.assign", { slot_id: slots.drums });
	await Cas.request("role.assign", { slot_id: slots.bass });
	const { revision } = md.state;
	await md.request("role.clear", { slot_id: slots.bass, user_id: idOf(Ben) });
	await Ben.request("role.clear", { slot_id: slots.bass, user_id: idOf(Ben) });
	await Ben.request("role.clear", { slot_id: slots.choir });
	assert.equal((await md.request("role.clear", { slot_id: slots.choir })).revision, revision);
	await Ben.request("role.clear", { slot_id: slots.drums });
	await md.when((state) => plays(state, slots.drums) === null && plays(state, slots.bass) === idOf(Cas));
	await md.request("role.clear", { slot_id: slots.bass });
	await Cas.when((state) => state.roleAssignments.length === 0);
	await allAgree(eye, all);
});

/* ---- a song's own ------------------------------------------------------------------- */

test("a song's own role shadows the global one while that song is on", async (t) => {
	const { md, Ben, Cas, Dan, eye, all, slots, songs } = await openStage(t);
	const keys = slots["keys 1"];
	await md.request("role.assign", { slot_id: keys, user_id: idOf(Ben) });
	await md.request("role.assign", { slot_id: keys, user_id: idOf(Cas), scope_type: "song", scope_song_id: songs.One });
	await md.request("role.assign", { slot_id: slots.choir, user_id: idOf(Ben), scope_type: "song", scope_song_id: songs.One });
	assert.deepEqual([plays(md.state, keys), plays(md.state, slots.choir)], [idOf(Ben), null]);
	for (const [song_id, who, choir] of [[songs.One, Cas, idOf(Ben)], [songs.Two, Ben, null], [null, Ben, null], [songs.One, Cas, idOf(Ben)]]) {
		await md.request("song.activate", { song_id });
		await Dan.when((state) => (state.activeSong?.song_id ?? null) === song_id);
		assert.deepEqual([plays(Dan.state, keys), plays(Dan.state, slots.choir)], [idOf(who), choir]);
	}
	/* While it is on: another one for it, then none, and the global one comes through. */
	const told = hears(Dan, (message) => message.type === "state" && message.activeSong);
	await md.request("role.assign", { slot_id: keys, user_id: idOf(Dan), scope_type: "song", scope_song_id: songs.One, replace: true });
	assert.deepEqual(Object.keys(await told).sort(), ["activeSong", "participants", "revision", "roleAssignments", "type"]);
	assert.equal(plays(md.state, keys), idOf(Dan));
	await md.request("role.clear", { slot_id: keys, scope_type: "song", scope_song_id: songs.One });
	assert.equal(plays(md.state, keys), idOf(Ben));
	/* What does not show is told all the same in the assignments, and in nothing else. */
	const from = md.heard.length;
	await md.request("role.assign", { slot_id: keys, user_id: idOf(Dan), scope_type: "song", scope_song_id: songs.Two });
	await allAgree(eye, all);
	const states = md.heard.slice(from).map((one) => one.message).filter((message) => message.roleAssignments);
	assert.deepEqual(states.map((message) => Object.keys(message).sort()), [["revision", "roleAssignments", "type"]]);
});

test("nobody who has left holds a role: global or of a song; coming back doesn't bring it", async (t) => {
	const { md, Ben, Cas, eye, slots, songs, code } = await openStage(t);
	await Ben.request("role.assign", { slot_id: slots.drums });
	await md.request("role.assign", { slot_id: slots.bass, user_id: idOf(Ben), scope_type: "song", scope_song_id: songs.One });
	await md.request("song.activate", { song_id: songs.One });
	const user_id = idOf(Ben);
	const told = hears(md, (message) => message.type === "state" && message.roleAssignments);
	await Ben.request("session.leave");
	const state = await told;
	assert.deepEqual([state.roleAssignments, state.activeSong.roles], [[], []]);
	await Cas.request("role.assign", { slot_id: slots.drums });
	await Ben.request("session.join", { code, display_name: "Ben", token: Ben.token });
	assert.equal(idOf(Ben), user_id);
	assert.deepEqual(Ben.state.roleAssignments.map((role) => role.user_id), [idOf(Cas)]);
	await md.request("role.assign", { slot_id: slots.drums, user_id, replace: true });
	await md.request("participant.remove", { user_id });
	await Cas.when((now) => now.roleAssignments.length === 0);
	await allAgree(eye, [md, Cas]);
});

/* ---- ghosts --------------------------------------------------------------------------- */

test("the singer comes late, her place is held by a phone that has gone: she replaces it", async (t) => {
	const { md, Ben, Cas, Dan, eye, slots, songs } = await openStage(t);
	const lead = slots["lead vocal 1"];
	await Ben.request("role.assign", { slot_id: lead });
	await md.request("role.assign", { slot_id: lead, user_id: idOf(Ben), scope_type: "song", scope_song_id: songs.One });
	const ghost = idOf(Ben);
	await changesNothing(eye, () => Cas.request("role.assign", { slot_id: lead, replace: true }), "slot_taken", "slot_id");
	Ben.terminate();
	await Cas.when((state) => away(state, ghost));
	/* Only with replace, only for oneself, only the global one. */
	await changesNothing(eye, () => Cas.request("role.assign", { slot_id: lead }), "slot_taken", "slot_id", /replace/);
	await changesNothing(eye, () => Cas.request("role.assign", { slot_id: lead, user_id: idOf(Dan), replace: true }), "not_md", null);
	await changesNothing(eye, () => Cas.request("role.clear", { slot_id: lead }), "not_md", null);
	await changesNothing(eye, () => Cas.request("role.assign", { slot_id: lead, scope_type: "song", scope_song_id: songs.One, replace: true }), "not_md", null);
	await Cas.request("role.assign", { slot_id: lead, replace: true });
	await md.when((state) => plays(state, lead) === idOf(Cas));
	/* The ghost comes back, sees it, and can't take it back from one who is there. */
	await Ben.resume();
	assert.equal(plays(Ben.state, lead), idOf(Cas));
	await changesNothing(eye, () => Ben.request("role.assign", { slot_id: lead, replace: true }), "slot_taken", "slot_id");
	await allAgree(eye, [md, Ben, Cas, Dan]);
});

test("two devices of one person: while one is there he is no ghost", async (t) => {
	const { md, Ben, Cas, eye, slots } = await openStage(t);
	const ben = idOf(Ben);
	const tablet = await Phone.open(box.url);
	t.after(() => tablet.close());
	await tablet.request("session.resume", { token: Ben.token });
	assert.equal(idOf(tablet), ben);
	assert.equal(tablet.state.participants.length, 4);
	await tablet.request("role.assign", { slot_id: slots.drums });
	await Ben.when((state) => plays(state, slots.drums) === ben);
	/* One closes, the other is still there; and the other way round. */
	const sees = Cas.heard.length;
	await tablet.close();
	await changesNothing(eye, () => Cas.request("role.assign", { slot_id: slots.drums, replace: true }), "slot_taken", "slot_id");
	await tablet.connect();
	await tablet.request("session.resume", { token: Ben.token });
	Ben.terminate();
	await tablet.ping();
	await changesNothing(eye, () => Cas.request("role.assign", { slot_id: slots.drums, replace: true }), "slot_taken", "slot_id");
	assert.deepEqual(Cas.heard.slice(sees).flatMap(({ message }) => message.participants ?? []).filter((one) => one.user_id === ben && one.away), []);
	/* Both gone: a ghost. */
	tablet.terminate();
	await Cas.when((state) => away(state, ben));
	await Cas.request("role.assign", { slot_id: slots.drums, replace: true });
	await md.when((state) => plays(state, slots.drums) === idOf(Cas));
	/* He leaves on one device: gone on both. */
	await Ben.resume();
	await tablet.connect();
	await tablet.request("session.resume", { token: Ben.token });
	const last = hears(tablet, (message) => message.type === "state" && message.participants && !message.participants.some((one) => one.user_id === ben));
	await Ben.request("session.leave");
	await last;
	for (const phone of [Ben, tablet])
		await changesNothing(eye, () => phone.request("role.assign", { slot_id: slots.bass }), "not_joined", null, /join/);
});

test("one person's two devices in two sessions: each has its own roles", async (t) => {
	const { md, Ben, slots } = await openStage(t);
	const other = await openBand(box, { md: "Zoe" });
	t.after(() => other.close());
	const tablet = await Phone.open(box.url);
	t.after(() => tablet.close());
	await tablet.request("session.join", { code: other.code, display_name: "Ben", token: Ben.token });
	assert.equal(idOf(tablet), idOf(Ben));
	await tablet.request("role.assign", { slot_id: slots.drums });
	await other.md.when((state) => plays(state, slots.drums) === idOf(Ben));
	assert.deepEqual(md.state.roleAssignments, []);
	await md.request("role.assign", { slot_id: slots.drums });
	await md.request("role.clear", { slot_id: slots.drums });
	assert.equal(plays(other.md.state, slots.drums), idOf(Ben));
});

/* ---- many at once ------------------------------------------------------------------------ */

test("all reach for the same slot at once: one has it, the others are told; then over a restart", async (t) => {
	const { md, eye, all, slots } = await openStage(t);
	const names = ["drums", "bass", "choir", "brass", "strings"];
	for (const name of names) {
		const results = await Promise.allSettled(all.map((phone) => phone.request("role.assign", { slot_id: slots[name] })));
		const winners = results.filter((result) => result.status === "fulfilled");
		assert.equal(winners.length, 1);
		for (const result of results)
			assert.ok(result.status === "fulfilled" || result.reason.code === "slot_taken");
	}
	const before = (await allAgree(eye, all)).roleAssignments;
	assert.equal(before.length, names.length);
	await box.kill("tactusd");
	await box.start("tactusd");
	for (const phone of [eye, ...all])
		await phone.resume();
	assert.deepEqual(md.state.roleAssignments, before);
	for (const role of before)
		assert.equal(plays(md.state, role.slot_id), role.user_id);
});

test("the same request again, with its id: carried out once", async (t) => {
	const { md, Ben, Cas, eye, slots } = await openStage(t);
	const take = { slot_id: slots.drums };
	await Ben.request("role.assign", take, "take-1");
	await md.request("role.assign", { ...take, user_id: idOf(Cas), replace: true });
	const again = await Ben.request("role.assign", take, "take-1");
	assert.equal(again.revision, Ben.state.revision);
	assert.equal(plays(Ben.state, slots.drums), idOf(Cas));
	await changesNothing(eye, () => Ben.request("role.assign", { slot_id: slots.bass }, "take-1"), "id_reused", "id");
	/* What was refused was not carried out: the same id may ask once more. */
	await changesNothing(eye, () => Ben.request("role.assign", take, "take-2"), "slot_taken", "slot_id");
	await md.request("role.clear", take);
	await Ben.request("role.assign", take, "take-2");
	assert.equal(plays(Ben.state, slots.drums), idOf(Ben));
});
