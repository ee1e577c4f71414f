/*
 * Setlists and their items over the wire: what is told, what stays on, what is refused.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { allAgree, changesNothing, checkDatabase, idOf, NO_UUID, openBand } from "../lib/band.mjs";
import { startBox } from "../lib/box.mjs";
import { look } from "../lib/refusal.mjs";

const box = await startBox({ audio: false });
after(() => box.stop());

const bands = [];
after(() => Promise.all(bands.map((band) => band.close())));

/** Ann and Ben, songs One to Four in the active setlist. */
async function band(options = {}) {
	const made = await openBand(box, { members: ["Ben"], songs: ["One", "Two", "Three", "Four"], setlist: true, ...options });
	bands.push(made);
	return made;
}

/** The short names of the songs in the setlist, in order. */
const order = (band, state = band.md.state) =>
	state.setlist.items.map((item) => Object.keys(band.songs).find((name) => band.songs[name] === item.song_id)).join(" ");

/** All that a phone hears by the end of what is done: type, and the sections of a `state`. */
async function heardBy(phone, ask) {
	const from = phone.heard.length;
	await ask();
	return phone.heard.slice(from).map(({ message: { type, revision, re, ...rest } }) => (type === "state" ? Object.keys(rest).sort().join() : type));
}

const dense = (setlist) => assert.deepEqual(setlist.items.map((item) => item.position), setlist.items.map((_, i) => i));

/* ---- setlists ---------------------------------------------------------------- */

test("create, rename, list, delete: as documented, and nothing is told of what is not active", async () => {
	const { md, people, eye } = await band({ setlist: false, songs: ["One"] });
	const told = await heardBy(md, async () => {
		const first = await md.request("setlist.create", { title: "Sunday ☀" });
		assert.match(first.setlist_id, /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
		const second = await md.request("setlist.create", { title: "x".repeat(120) });
		await md.request("setlist.rename", { setlist_id: first.setlist_id, title: "Easter" });
		const { setlists } = await md.request("setlist.list");
		for (const setlist of setlists)
			assert.ok(Number.isInteger(setlist.created_at) && setlist.created_at > 0);
		assert.deepEqual(setlists.map(({ created_at, ...rest }) => rest), [
			{ id: first.setlist_id, session_id: md.state.session.id, title: "Easter", items: 0, active: false },
			{ id: second.setlist_id, session_id: md.state.session.id, title: "x".repeat(120), items: 0, active: false },
		]);
		await md.request("setlist.delete", { setlist_id: first.setlist_id });
		assert.deepEqual((await md.request("setlist.list")).setlists.map((s) => s.id), [second.setlist_id]);
	});
	assert.deepEqual(told, Array(6).fill("ok"));
	assert.equal(md.state.setlist, null);
	await allAgree(eye, [md, people.Ben]);
});

test("activate: session and setlist are told, whole; the same again tells nothing; null: none", async () => {
	const { md, people, eye } = await band({ setlist: false, songs: ["One"] });
	const { setlist_id } = await md.request("setlist.create", { title: "Tonight" });
	assert.deepEqual(await heardBy(md, () => md.request("setlist.activate", { setlist_id })), ["session,setlist", "ok"]);
	assert.equal(md.state.session.active_setlist_id, setlist_id);
	assert.equal(md.state.session.active_position, null);
	const { created_at, ...rest } = md.state.setlist;
	assert.ok(Number.isInteger(created_at));
	assert.deepEqual(rest, { id: setlist_id, session_id: md.state.session.id, title: "Tonight", items: [] });
	assert.deepEqual(await heardBy(md, () => md.request("setlist.activate", { setlist_id })), ["ok"]);
	assert.deepEqual(await heardBy(md, () => md.request("setlist.rename", { setlist_id, title: "Late" })), ["setlist", "ok"]);
	assert.equal(md.state.setlist.title, "Late");
	assert.equal((await md.request("setlist.list")).setlists[0].active, true);
	assert.deepEqual(await heardBy(md, () => md.request("setlist.activate", { setlist_id: null })), ["session,setlist", "ok"]);
	assert.equal(md.state.setlist, null);
	await allAgree(eye, [md, people.Ben]);
});

test("copy_of: the items of another, which then go their own ways", async () => {
	const { md, people, eye, setlist_id } = await band();
	await md.request("setlist.item.update", { position: 1, key_override: "Bb", bpm_override: 77, song_leader_user_id: idOf(people.Ben) });
	const { items } = md.state.setlist;
	const copy = await md.request("setlist.create", { title: "Copy", copy_of: setlist_id });
	await md.request("setlist.item.remove", { position: 0 });
	await md.request("setlist.activate", { setlist_id: copy.setlist_id });
	assert.deepEqual(md.state.setlist.items, items.map((item) => ({ ...item, setlist_id: copy.setlist_id })));
	await allAgree(eye, [md, people.Ben]);
});

/* ---- items ------------------------------------------------------------------- */

test("an item: what it has of its own, and what comes of it", async () => {
	const { md, people, eye } = await band({ setlist: false, songs: [] });
	const { song_id } = await md.request("song.create", { title: "Slow one", default_key: "F#m", default_bpm: 60, time_signature: "6/8" });
	const { setlist_id } = await md.request("setlist.create", { title: "T" });
	await md.request("setlist.activate", { setlist_id });
	const told = await heardBy(md, async () => assert.deepEqual(
		pick(await md.request("setlist.item.add", { song_id: song_id.toUpperCase() })), { setlist_id, position: 0 }));
	assert.deepEqual(told, ["setlist", "ok"]);
	const plain = { setlist_id, position: 0, song_id, key_override: null, bpm_override: null, song_leader_user_id: null,
		title: "Slow one", key: "F#m", bpm: 60, time_signature: "6/8" };
	assert.deepEqual(md.state.setlist.items, [plain]);
	const own = { key_override: "G♯", bpm_override: 260, song_leader_user_id: idOf(people.Ben) };
	assert.deepEqual(pick(await md.request("setlist.item.add", { song_id, position: 0, ...own })), { setlist_id, position: 0 });
	assert.deepEqual(md.state.setlist.items, [{ ...plain, ...own, key: "G♯", bpm: 260 }, { ...plain, position: 1 }]);
	assert.deepEqual(pick(await md.request("setlist.item.update", { position: 0, key_override: null, bpm_override: 30 })), { setlist_id });
	assert.deepEqual(md.state.setlist.items[0], { ...plain, ...own, key_override: null, key: "F#m", bpm_override: 30, bpm: 30 });
	/* A song of the library that changes changes here, too. */
	await md.request("song.update", { song_id, title: "Not so slow", default_key: "A", default_bpm: 90 });
	assert.deepEqual(md.state.setlist.items.map((i) => [i.title, i.key, i.bpm]), [["Not so slow", "A", 30], ["Not so slow", "A", 90]]);
	await people.Ben.request("session.leave");
	await md.when((state) => state.participants.length === 1);
	assert.equal((await look(eye)).setlist.items[0].song_leader_user_id, null);
	await allAgree(eye, [md]);
});

const pick = ({ setlist_id, position }) => (position === undefined ? { setlist_id } : { setlist_id, position });

test("add, move, remove: dense, in the order that was asked for", async () => {
	const it = await band();
	const { md, people, eye, songs } = it;
	const does = async (type, fields, expected) => {
		await md.request(`setlist.item.${type}`, fields);
		dense(md.state.setlist);
		assert.equal(order(it), expected);
	};
	await does("move", { position: 0, to: 3 }, "Two Three Four One");
	await does("move", { position: 3, to: 1 }, "Two One Three Four");
	await does("add", { song_id: songs.One, position: 2 }, "Two One One Three Four");
	await does("add", { song_id: songs.Two, position: 5 }, "Two One One Three Four Two");
	await does("update", { position: 0, song_id: songs.Four }, "Four One One Three Four Two");
	await does("remove", { position: 1 }, "Four One Three Four Two");
	await does("remove", { position: 4 }, "Four One Three Four");
	await allAgree(eye, [md, people.Ben]);
	checkDatabase(box);
});

test("what changes nothing is ok and tells nothing", async () => {
	const { md, songs } = await band();
	await md.request("setlist.item.update", { position: 1, key_override: "D" });
	for (const [type, fields] of [["move", { position: 2, to: 2 }], ["update", { position: 1 }],
		["update", { position: 1, key_override: "D", song_id: songs.Two, bpm_override: null }]])
		assert.deepEqual(await heardBy(md, () => md.request(`setlist.item.${type}`, fields)), ["ok"]);
});

test("a setlist that is not active is changed without its items being told", async () => {
	const { md, people, eye, songs } = await band();
	const { setlist_id } = await md.request("setlist.create", { title: "Next week" });
	for (const [type, fields, sections] of [
		["add", { song_id: songs.One }, ""], ["add", { song_id: songs.Two, position: 0 }, ""],
		["update", { position: 1, bpm_override: 99 }, ""], ["move", { position: 0, to: 1 }, ""], ["remove", { position: 1 }, ""]])
		assert.deepEqual(await heardBy(md, () => md.request(`setlist.item.${type}`, { setlist_id, ...fields })), [sections, "ok"]);
	await allAgree(eye, [md, people.Ben]);
	await md.request("setlist.activate", { setlist_id });
	assert.deepEqual(md.state.setlist.items.map((i) => [i.song_id, i.bpm]), [[songs.One, 99]]);
});

/* ---- the song that is on ------------------------------------------------------- */

test("the active position follows its song through moves, inserts and removals", async () => {
	const it = await band();
	const { md, people, eye, songs } = it;
	await md.request("song.activate", { position: 1 });
	const does = async (type, fields, at, sections) => {
		assert.deepEqual(await heardBy(md, () => md.request(`setlist.item.${type}`, fields)), [sections, "ok"]);
		assert.equal(md.state.session.active_position, at);
		assert.equal(md.state.activeSong.position, at);
		assert.equal(md.state.activeSong.song_id, songs.Two);
		assert.equal(md.state.setlist.items[at].song_id, songs.Two);
	};
	const follows = "activeSong,session,setlist";
	await does("add", { song_id: songs.Four, position: 0 }, 2, follows);
	await does("add", { song_id: songs.Four, position: 3 }, 2, "setlist");
	await does("move", { position: 2, to: 5 }, 5, follows);
	await does("move", { position: 0, to: 5 }, 4, follows);
	await does("remove", { position: 0 }, 3, follows);
	await does("move", { position: 3, to: 0 }, 0, follows);
	await does("remove", { position: 4 }, 0, "setlist");
	await allAgree(eye, [md, people.Ben]);
});

test("updating the item that is on: its song follows, and who plays it", async () => {
	const { md, people, eye, songs, slots } = await band();
	const ben = idOf(people.Ben);
	await md.request("role.assign", { user_id: ben, slot_id: slots.bass, scope_type: "song", scope_song_id: songs.Three });
	await md.request("song.activate", { position: 0 });
	assert.deepEqual(await heardBy(md, () => md.request("setlist.item.update", { position: 0, key_override: "Ab", song_leader_user_id: ben })),
		["activeSong,setlist", "ok"]);
	assert.deepEqual([md.state.activeSong.key, md.state.activeSong.song_leader_user_id], ["Ab", ben]);
	assert.deepEqual(await heardBy(md, () => md.request("setlist.item.update", { position: 0, song_id: songs.Three })),
		["activeSong,participants,setlist", "ok"]);
	assert.deepEqual(md.state.activeSong.roles, [{ slot_id: slots.bass, user_id: ben, scope_type: "song" }]);
	assert.deepEqual(md.state.participants.map((p) => p.slots), [[], [slots.bass]]);
	await allAgree(eye, [md, people.Ben]);
});

for (const [how, ask] of [
	["its item is removed", (md) => md.request("setlist.item.remove", { position: 1 })],
	["its setlist is deleted", (md, it) => md.request("setlist.delete", { setlist_id: it.setlist_id })],
	["no setlist is active any more", (md) => md.request("setlist.activate", { setlist_id: null })],
	["another setlist is activated", async (md) =>
		md.request("setlist.activate", { setlist_id: (await md.request("setlist.create", { title: "Other" })).setlist_id })],
])
	test(`the song that is on stays on, with all that was changed of it, when ${how}`, async () => {
		const it = await band();
		const { md, people, eye } = it;
		await md.request("setlist.item.update", { position: 1, key_override: "Eb", bpm_override: 143, song_leader_user_id: idOf(people.Ben) });
		await md.request("song.activate", { position: 1 });
		const was = md.state.activeSong;
		assert.deepEqual([was.position, was.key, was.bpm], [1, "Eb", 143]);
		await ask(md, it);
		assert.equal(md.state.session.active_position, null);
		assert.deepEqual(md.state.activeSong, { ...was, position: null });
		await allAgree(eye, [md, people.Ben]);
		/* Another song from the setlist, or the library, comes without these. */
		await md.request("song.activate", { song_id: it.songs.Two });
		assert.deepEqual([md.state.activeSong.key, md.state.activeSong.bpm, md.state.activeSong.song_leader_user_id], ["", 120, null]);
	});

/* ---- refusals ------------------------------------------------------------------ */

test("errors: code, field and words, and nothing changes", async () => {
	const { md, people, eye, songs, setlist_id } = await band();
	const other = await band({ members: [] });
	const gone = await openBand(box, { members: [] });
	bands.push(gone);
	const { song_id: deleted } = await md.request("song.create", { title: "Deleted" });
	await md.request("song.delete", { song_id: deleted });
	await md.request("song.activate", { position: 2 });
	const song_id = songs.One;
	for (const [type, fields, code, field, words] of [
		["setlist.create", { title: "" }, "title", "title", /1 to 120/],
		["setlist.create", { title: "x".repeat(121) }, "title", "title"],
		["setlist.create", { title: " " }, "title", "title"],
		["setlist.create", {}, "missing_field", "title"],
		["setlist.create", { title: "x", copy_of: NO_UUID }, "setlist_unknown", "copy_of", /setlist/],
		["setlist.create", { title: "x", copy_of: other.setlist_id }, "setlist_unknown", "copy_of"],
		["setlist.create", { title: "x", copy_of: "x" }, "setlist_unknown", "copy_of"],
		["setlist.create", { title: "x", setlist_id }, "unknown_field", "setlist_id"],
		["setlist.rename", { setlist_id: NO_UUID, title: "x" }, "setlist_unknown", "setlist_id"],
		["setlist.rename", { setlist_id: other.setlist_id, title: "x" }, "setlist_unknown", "setlist_id"],
		["setlist.rename", { setlist_id, title: "\u0007" }, "title", "title"],
		["setlist.delete", { setlist_id: other.setlist_id }, "setlist_unknown", "setlist_id", /session/],
		["setlist.delete", {}, "missing_field", "setlist_id"],
		["setlist.activate", { setlist_id: other.setlist_id }, "setlist_unknown", "setlist_id"],
		["setlist.activate", {}, "missing_field", "setlist_id"],
		["setlist.activate", { setlist_id: 7 }, "wrong_type", "setlist_id"],
		["setlist.list", { setlist_id }, "unknown_field", "setlist_id"],
		["setlist.item.add", {}, "missing_field", "song_id"],
		["setlist.item.add", { song_id: NO_UUID }, "song_unknown", "song_id", /library/],
		["setlist.item.add", { song_id: deleted }, "song_unknown", "song_id"],
		["setlist.item.add", { song_id, setlist_id: other.setlist_id }, "setlist_unknown", "setlist_id"],
		["setlist.item.add", { song_id, position: 5 }, "position_range", "position", /position/],
		["setlist.item.add", { song_id, position: -1 }, "position_range", "position"],
		["setlist.item.add", { song_id, position: 201 }, "position_range", "position"],
		["setlist.item.add", { song_id, position: 2 ** 60 }, "position_range", "position"],
		["setlist.item.add", { song_id, position: 1.5 }, "wrong_type", "position"],
		["setlist.item.add", { song_id, key_override: "" }, "key", "key_override", /8 characters/],
		["setlist.item.add", { song_id, key_override: "x".repeat(9) }, "key", "key_override"],
		["setlist.item.add", { song_id, bpm_override: 29 }, "bpm_range", "bpm_override", /30 to 260/],
		["setlist.item.add", { song_id, bpm_override: 261 }, "bpm_range", "bpm_override"],
		["setlist.item.add", { song_id, bpm_override: "120" }, "wrong_type", "bpm_override"],
		["setlist.item.add", { song_id, song_leader_user_id: NO_UUID }, "no_such_member", "song_leader_user_id", /session/],
		["setlist.item.add", { song_id, song_leader_user_id: idOf(other.md) }, "no_such_member", "song_leader_user_id"],
		["setlist.item.add", { song_id, revision: "1" }, "wrong_type", "revision"],
		["setlist.item.update", { position: 4 }, "position_range", "position", /position/],
		["setlist.item.update", { position: 200 }, "position_range", "position"],
		["setlist.item.update", { key_override: "A" }, "missing_field", "position"],
		["setlist.item.update", { position: 0, song_id: deleted }, "song_unknown", "song_id"],
		["setlist.item.update", { position: 0, song_id: null }, "wrong_type", "song_id"],
		["setlist.item.update", { position: 0, song_leader_user_id: idOf(gone.md) }, "no_such_member", "song_leader_user_id"],
		["setlist.item.update", { position: 0, bpm_override: 300 }, "bpm_range", "bpm_override"],
		["setlist.item.move", { position: 4, to: 0 }, "position_range", "position"],
		["setlist.item.move", { position: 0, to: 4 }, "position_range", "to", /position/],
		["setlist.item.move", { position: 0, to: -1 }, "position_range", "to"],
		["setlist.item.move", { position: 0 }, "missing_field", "to"],
		["setlist.item.remove", { position: 4 }, "position_range", "position"],
		["setlist.item.remove", { setlist_id: NO_UUID, position: 0 }, "setlist_unknown", "setlist_id"],
		["setlist.item.remove", { setlist_id: "'; --", position: 0 }, "setlist_unknown", "setlist_id"],
	])
		await changesNothing(eye, () => md.request(type, fields), code, field, words);
	for (const [type, fields] of [
		["create", { title: "x" }], ["rename", { setlist_id, title: "x" }], ["delete", { setlist_id }], ["activate", { setlist_id: null }],
		["list", {}], ["item.add", { song_id }], ["item.update", { position: 0 }], ["item.move", { position: 0, to: 1 }],
		["item.remove", { position: 0 }]])
		await changesNothing(eye, () => people.Ben.request(`setlist.${type}`, fields), "not_md", null, /music director/);
	await md.request("setlist.activate", { setlist_id: null });
	for (const [type, fields] of [["add", { song_id }], ["update", { position: 0 }], ["move", { position: 0, to: 1 }], ["remove", { position: 0 }]])
		await changesNothing(eye, () => md.request(`setlist.item.${type}`, fields), "no_setlist", "setlist_id", /active/);
	await people.Ben.request("session.leave");
	await changesNothing(eye, () => md.request("setlist.item.add", { setlist_id, song_id, song_leader_user_id: idOf(people.Ben) }),
		"no_such_member", "song_leader_user_id");
	await allAgree(eye, [md]);
});

test("as many as there may be: 200 items, 200 setlists", async () => {
	const { md, eye, songs, setlist_id } = await band({ members: [] });
	const [song_id] = Object.values(songs);
	const many = async (count, ask) => {
		for (let done = 0; done < count; done += 20)
			await Promise.all(Array.from({ length: Math.min(20, count - done) }, ask));
	};
	await many(196, () => md.request("setlist.item.add", { song_id }));
	assert.equal(md.state.setlist.items.length, 200);
	await changesNothing(eye, () => md.request("setlist.item.add", { song_id }), "setlist_full", null, /200/);
	await md.request("setlist.item.move", { position: 199, to: 0 });
	await many(199, () => md.request("setlist.create", { title: "copy", copy_of: setlist_id }));
	await changesNothing(eye, () => md.request("setlist.create", { title: "one more" }), "setlists_full", null, /200/);
	assert.deepEqual((await md.request("setlist.list")).setlists.map((s) => s.items), Array(200).fill(200));
	await md.request("setlist.delete", { setlist_id });
	await md.request("setlist.create", { title: "one more" });
	await allAgree(eye, [md]);
});
