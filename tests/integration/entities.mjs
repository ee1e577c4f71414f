/*
 * The data model's entities and relationships: each field as phones are told it and as it is stored.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { idOf, openBand, refusedBy, sqlite } from "../lib/band.mjs";
import { startBox, until } from "../lib/box.mjs";
import { Phone } from "../lib/phone.mjs";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const box = await startBox({ audio: false });
after(() => box.stop());
const began = (await (async () => {
	const phone = await Phone.open(box.url);
	const { t2 } = await phone.ping();
	await phone.close();
	return t2;
})());
const band = await openBand(box, { members: ["Ben", "Cas"], songs: ["One", "Two"], setlist: true });
after(() => band.close());
const { md, eye, songs, slots, setlist_id, session_id } = band;
const { Ben, Cas } = band.people;
await md.sync(10, 5);

/** A time of the box, whole milliseconds, between the beginning and now. */
function isTime(ms, what) {
	assert.ok(Number.isSafeInteger(ms) && ms >= began - 1000 && ms <= md.now() + 1000, `${what}: ${ms}`);
}

const only = (rows) => {
	assert.equal(rows.length, 1);
	return rows[0];
};
const row = (sql) => only(sqlite(box, sql));
const fields = (entity, names) => assert.deepEqual(names.filter((name) => !(name in entity)), [], "fields that are missing");

test("User: id, display_name, created_at, last_active_at, which a heartbeat moves on", async () => {
	const user = row(`SELECT * FROM user WHERE id = '${idOf(Ben)}'`);
	assert.match(user.id, UUID);
	assert.equal(user.display_name, "Ben");
	isTime(user.created_at, "created_at");
	isTime(user.last_active_at, "last_active_at");
	await Ben.ping();
	await until(async () => {
		await Ben.ping();
		return row(`SELECT last_active_at FROM user WHERE id = '${idOf(Ben)}'`).last_active_at > user.last_active_at;
	}, "last_active_at", 20000, 200);
	assert.equal(row(`SELECT created_at FROM user WHERE id = '${idOf(Ben)}'`).created_at, user.created_at);
});

test("Session: id, code, md_user_id, created_at, active", async () => {
	const { session } = md.state;
	fields(session, ["id", "code", "md_user_id", "created_at", "active"]);
	assert.match(session.id, UUID);
	assert.match(session.code, /^[A-Z0-9]{6,8}$/);
	assert.equal(session.md_user_id, idOf(md));
	assert.equal(session.active, true);
	isTime(session.created_at, "created_at");
	const stored = row(`SELECT id, code, md_user_id, created_at, active FROM session WHERE id = '${session_id}'`);
	const { active_setlist_id, active_position, ...told } = session;
	assert.deepEqual({ ...stored, active: stored.active === 1 }, told);
	/* Closed softly: the row stays. */
	const other = await openBand(box, { md: "Zoe" });
	await other.md.request("session.close");
	assert.equal(row(`SELECT active FROM session WHERE id = '${other.session_id}'`).active, 0);
	await other.close();
});

test("Participant: session_id, user_id, join_time, last_heartbeat, ptt_state, network_rtt_ms, packet_loss_pct", async () => {
	const fresh = md.state.participants.find((p) => p.user_id === idOf(Cas));
	fields(fresh, ["session_id", "user_id", "join_time", "last_heartbeat", "ptt_state", "network_rtt_ms", "packet_loss_pct"]);
	assert.deepEqual([fresh.session_id, fresh.ptt_state, fresh.network_rtt_ms, fresh.packet_loss_pct], [session_id, "idle", null, null]);
	isTime(fresh.join_time, "join_time");
	isTime(fresh.last_heartbeat, "last_heartbeat");
	await Cas.request("ptt.set", { state: "talking" });
	await Cas.request("metrics.report", { rtt_ms: 21, jitter_ms: 4, packet_loss_pct: 2.5 });
	await md.when((state) => {
		const cas = state.participants.find((p) => p.user_id === idOf(Cas));
		return cas.ptt_state === "talking" && cas.network_rtt_ms === 21 && cas.packet_loss_pct === 2.5;
	});
	const stored = () => row(`SELECT * FROM participant WHERE user_id = '${idOf(Cas)}'`);
	await until(() => stored().network_rtt_ms === 21 && stored().ptt_state === "talking", "what is stored behind", 20000, 200);
	assert.deepEqual([stored().session_id, stored().packet_loss_pct, stored().join_time], [session_id, 2.5, fresh.join_time]);
	/* Each further heartbeat moves the last one on. */
	const { last_heartbeat } = stored();
	await until(async () => {
		await Cas.ping();
		return stored().last_heartbeat > last_heartbeat;
	}, "a later heartbeat", 20000, 200);
	await Cas.request("ptt.set", { state: "idle" });
});

test("Participant: one a session and user, also for one who goes and comes", async () => {
	const { join_time } = md.state.participants.find((p) => p.user_id === idOf(Ben));
	await Ben.request("session.leave");
	await Ben.request("session.join", { code: band.code, display_name: "Ben", token: Ben.token });
	assert.equal(row(`SELECT count(*) AS n FROM participant WHERE session_id = '${session_id}' AND user_id = '${idOf(Ben)}'`).n, 1);
	await md.when((state) => state.participants.filter((p) => p.user_id === idOf(Ben)).length === 1);
	assert.ok(md.state.participants.find((p) => p.user_id === idOf(Ben)).join_time >= join_time);
});

test("InstrumentSlot: id, name of a list, created_at", () => {
	assert.ok(md.state.slots.length >= 20);
	for (const slot of md.state.slots) {
		assert.match(slot.id, UUID);
		const stored = row(`SELECT * FROM instrument_slot WHERE id = '${slot.id}'`);
		assert.equal(stored.name, slot.name);
		assert.ok(Number.isSafeInteger(stored.created_at));
	}
	for (const name of ["drums", "bass", "keys 1"])
		assert.ok(slots[name], name);
});

test("RoleAssignment: session_id, user_id, slot_id, scope_type, scope_song_id, assigned_at", async () => {
	await Ben.request("role.assign", { slot_id: slots.bass });
	await md.request("role.assign", { slot_id: slots.bass, user_id: idOf(Cas), scope_type: "song", scope_song_id: songs.One });
	await md.when((state) => state.roleAssignments.length === 2);
	const told = md.state.roleAssignments;
	for (const role of told)
		isTime(role.assigned_at, "assigned_at");
	assert.deepEqual(told.map(({ assigned_at, ...role }) => role).sort((a, b) => a.scope_type < b.scope_type ? -1 : 1), [
		{ session_id, user_id: idOf(Ben), slot_id: slots.bass, scope_type: "global", scope_song_id: null },
		{ session_id, user_id: idOf(Cas), slot_id: slots.bass, scope_type: "song", scope_song_id: songs.One },
	]);
	assert.deepEqual(sqlite(box, `SELECT session_id, user_id, slot_id, scope_type, scope_song_id, assigned_at FROM role_assignment
		WHERE session_id = '${session_id}' ORDER BY scope_type, scope_song_id, slot_id`), told);
});

test("Song: id, title, default_key, default_bpm, time_signature, notes", async () => {
	const song = { title: "Whole", default_key: "F#m", default_bpm: 72, time_signature: "6/8", notes: "# Intro\n\n- *quiet*" };
	const { song_id } = await md.request("song.create", song);
	assert.match(song_id, UUID);
	const { songs: [listed] } = await Ben.request("song.list", { query: "whole" });
	assert.deepEqual(listed, { id: song_id, ...song });
	const { hidden, ...stored } = row(`SELECT id, title, default_key, default_bpm, time_signature, notes, hidden FROM song WHERE id = '${song_id}'`);
	assert.deepEqual(stored, listed);
});

test("Setlist: id, session_id, title, created_at", async () => {
	const { items, ...setlist } = md.state.setlist;
	assert.deepEqual({ ...setlist, created_at: 0 }, { id: setlist_id, session_id, title: "Tonight", created_at: 0 });
	isTime(setlist.created_at, "created_at");
	assert.deepEqual(row(`SELECT id, session_id, title, created_at FROM setlist WHERE id = '${setlist_id}'`), setlist);
});

test("SetlistItem: setlist_id, position from 0, song_id, key_override, bpm_override, song_leader_user_id", async () => {
	await md.request("setlist.item.update", { position: 1, key_override: "Bb", bpm_override: 66, song_leader_user_id: idOf(Ben) });
	await md.when((state) => state.setlist.items[1].bpm_override === 66);
	const own = ({ setlist_id, position, song_id, key_override, bpm_override, song_leader_user_id }) =>
		({ setlist_id, position, song_id, key_override, bpm_override, song_leader_user_id });
	const told = md.state.setlist.items.map(own);
	assert.deepEqual(told, [
		{ setlist_id, position: 0, song_id: songs.One, key_override: null, bpm_override: null, song_leader_user_id: null },
		{ setlist_id, position: 1, song_id: songs.Two, key_override: "Bb", bpm_override: 66, song_leader_user_id: idOf(Ben) },
	]);
	assert.deepEqual(sqlite(box, `SELECT * FROM setlist_item WHERE setlist_id = '${setlist_id}' ORDER BY position`).map(own), told);
});

test("TempoState: session_id, bpm, time_signature, anchor_timestamp of a bar ahead, anchor_bar_index that never falls, controller_user_id", async () => {
	const { tempoState } = md.state;
	fields(tempoState, ["session_id", "bpm", "time_signature", "anchor_timestamp", "anchor_bar_index", "controller_user_id"]);
	assert.deepEqual([tempoState.session_id, tempoState.bpm, tempoState.time_signature, tempoState.controller_user_id], [session_id, 120, "4/4", idOf(md)]);
	let bar = -1;
	for (let run = 0; run < 3; run++) {
		await md.request("tempo.set", { bpm: 200 + run });
		const asked = md.now();
		const { at_bar } = await md.request("tempo.start");
		await md.when((state) => state.tempoState.running);
		const { anchor_timestamp, anchor_bar_index } = md.state.tempoState;
		assert.ok(Number.isSafeInteger(anchor_timestamp) && anchor_timestamp > asked, "the first bar lies ahead");
		assert.equal(anchor_bar_index, at_bar);
		assert.ok(anchor_bar_index > bar, `bar ${anchor_bar_index} after ${bar}`);
		bar = anchor_bar_index;
		/* A bar that has sounded is not counted twice. */
		await until(() => md.now() > anchor_timestamp + 60000 / 200 * 4, "a bar", 5000);
		await md.request("tempo.stop");
		await md.when((state) => !state.tempoState.running);
		assert.ok(md.state.tempoState.anchor_bar_index >= bar);
	}
	const stored = () => row(`SELECT * FROM tempo_state WHERE session_id = '${session_id}'`);
	await until(() => stored().bpm === 202 && stored().running === 0, "what is stored behind", 10000, 50);
	assert.deepEqual([stored().time_signature, stored().controller_user_id], ["4/4", idOf(md)]);
});

test("MetricsSample: session_id, user_id, captured_at, rtt_ms, packet_loss_pct, jitter_ms: a time series of a participant", async () => {
	for (const [i, rtt_ms] of [31, 32, 33].entries()) {
		const { t2 } = await Ben.ping();
		await Ben.request("metrics.report", { rtt_ms, jitter_ms: 3 + i, packet_loss_pct: i / 2 });
		await md.when((state) => state.participants.find((p) => p.user_id === idOf(Ben)).network_rtt_ms === rtt_ms);
		/* One a millisecond. */
		await until(async () => (await Ben.ping()).t2 > t2 + 5, "another millisecond");
	}
	const samples = () => sqlite(box, `SELECT * FROM metrics_sample WHERE user_id = '${idOf(Ben)}' ORDER BY captured_at`);
	await until(() => samples().length === 3, "three samples", 20000, 200);
	for (const sample of samples())
		isTime(sample.captured_at, "captured_at");
	assert.deepEqual(samples().map(({ id, captured_at, ...sample }) => sample), [31, 32, 33].map((rtt_ms, i) =>
		({ session_id, user_id: idOf(Ben), rtt_ms, packet_loss_pct: i / 2, jitter_ms: 3 + i })));
});

/* ---- relationships ---------------------------------------------------------------- */

test("a session has many participants", () =>
	assert.deepEqual(md.state.participants.map((p) => [p.session_id, p.display_name]).sort(), ["Ann", "Ben", "Cas"].map((name) => [session_id, name])));

test("a session has one active setlist, or none", async () => {
	const second = await md.request("setlist.create", { title: "Second" });
	for (const active of [second.setlist_id, null, setlist_id]) {
		await md.request("setlist.activate", { setlist_id: active });
		await Ben.when((state) => state.session.active_setlist_id === active && (state.setlist?.id ?? null) === active);
		const { setlists } = await md.request("setlist.list");
		assert.deepEqual(setlists.filter((one) => one.active).map((one) => one.id), active ? [active] : []);
	}
	/* Not one of another session's. */
	const other = await openBand(box, { md: "Zoe" });
	assert.equal((await refusedBy(other.md.request("setlist.activate", { setlist_id }))).code, "setlist_unknown");
	await other.close();
});

test("a setlist has many items, in their order", async () => {
	for (let i = 0; i < 3; i++)
		await md.request("setlist.item.add", { song_id: songs.Two, position: 1, bpm_override: 100 + i });
	await md.when((state) => state.setlist.items.length === 5);
	assert.deepEqual(md.state.setlist.items.map((item) => [item.position, item.bpm_override]), [[0, null], [1, 102], [2, 101], [3, 100], [4, 66]]);
});

test("a song stands many times in a setlist, and in different ones", async () => {
	const { setlist_id: copy } = await md.request("setlist.create", { title: "Copy", copy_of: setlist_id });
	const of = (list) => row(`SELECT count(*) AS n FROM setlist_item WHERE song_id = '${songs.Two}' AND setlist_id = '${list}'`).n;
	assert.deepEqual([of(setlist_id), of(copy)], [4, 4]);
});

test("a role links a participant and a slot, for one song or for all", async () => {
	const roles = (state) => state.activeSong.roles.map((role) => [role.slot_id, role.user_id, role.scope_type]);
	await md.request("song.activate", { song_id: songs.One });
	await Ben.when((state) => state.activeSong?.song_id === songs.One);
	assert.deepEqual(roles(Ben.state), [[slots.bass, idOf(Cas), "song"]]);
	await md.request("song.activate", { song_id: songs.Two });
	await Ben.when((state) => state.activeSong?.song_id === songs.Two);
	assert.deepEqual(roles(Ben.state), [[slots.bass, idOf(Ben), "global"]]);
	/* No participant, no role. */
	await Ben.request("session.leave");
	await md.when((state) => !state.roleAssignments.some((role) => role.user_id === idOf(Ben)));
	await Ben.request("session.join", { code: band.code, display_name: "Ben", token: Ben.token });
});

test("a tempo state belongs to a session: one row each", async () => {
	const other = await openBand(box, { md: "Zoe" });
	await other.md.request("tempo.set", { bpm: 55 });
	assert.notEqual(md.state.tempoState.bpm, 55);
	assert.deepEqual(sqlite(box, "SELECT session_id, count(*) AS n FROM tempo_state GROUP BY session_id HAVING n <> 1"), []);
	assert.equal(row("SELECT (SELECT count(*) FROM session) - (SELECT count(*) FROM tempo_state) AS n").n, 0);
	await other.close();
});

/* ---- snapshot and views -------------------------------------------------------------- */

test("a welcome aggregates session, participants, roleAssignments, setlist with items, tempoState", async () => {
	const fay = await Phone.open(box.url);
	await fay.join(band.code, "Fay");
	const { session, participants, roleAssignments, setlist, tempoState } = fay.heard[0].message;
	assert.equal(fay.heard[0].message.type, "welcome");
	assert.equal(session.id, session_id);
	assert.equal(participants.length, 4);
	assert.deepEqual(roleAssignments.map((role) => role.scope_type), ["song"]);
	assert.deepEqual([setlist.id, setlist.items.length], [setlist_id, 5]);
	assert.equal(tempoState.session_id, session_id);
	await fay.request("session.leave");
	await fay.close();
});

test("ActiveSongContext merges the song, the overrides and the song's own roles", async () => {
	await md.request("setlist.item.update", { position: 4, song_id: songs.One });
	await Cas.request("role.assign", { slot_id: slots.drums });
	await md.request("song.activate", { position: 4 });
	await Cas.when((state) => state.activeSong?.position === 4);
	const { activeSong } = Cas.state;
	assert.deepEqual({ ...activeSong, title: "" }, {
		position: 4, song_id: songs.One, title: "", key: "Bb", bpm: 66, time_signature: "4/4", notes: "", song_leader_user_id: activeSong.song_leader_user_id,
		roles: [{ slot_id: slots.drums, user_id: idOf(Cas), scope_type: "global" }, { slot_id: slots.bass, user_id: idOf(Cas), scope_type: "song" }],
		start_bar_index: null,
	});
});

test("ParticipantAudioStatus: who talks, and on which slots now", async () => {
	await Cas.request("ptt.set", { state: "talking" });
	const cas = (state) => state.participants.find((p) => p.user_id === idOf(Cas));
	await md.when((state) => cas(state).ptt_state === "talking" && cas(state).slots.join() === [slots.drums, slots.bass].join());
	await md.request("song.activate", { song_id: songs.Two });
	await md.when((state) => cas(state).slots.join() === slots.drums);
	await Cas.request("ptt.set", { state: "idle" });
	await md.when((state) => cas(state).ptt_state === "idle");
	await eye.close();
});
