/*
 * The song library over the wire: made, changed, listed, deleted, imported; each refusal with its code,
 * field and words; one library for all sessions.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { startBox } from "../lib/box.mjs";
import { Phone } from "../lib/phone.mjs";
import { checkMerged, look, openEye, refuses } from "../lib/refusal.mjs";

const box = await startBox({ audio: false });
after(() => box.stop());

/** @type {Phone[]} */
const phones = [];
after(() => Promise.all(phones.map((phone) => phone.close())));

async function phoneAt() {
	const phone = await Phone.open(box.url);
	phones.push(phone);
	return phone;
}

async function band() {
	const ann = await phoneAt();
	const { code } = await ann.create("Ann");
	const ben = await phoneAt();
	await ben.join(code, "Ben");
	const eye = await openEye(box, ann.token);
	phones.push(eye);
	return { ann, ben, eye };
}

/* Titles differ between tests, which share the library: each has a word of its own. */
let tests = 0;
const word = () => `zz${String.fromCharCode(97 + tests++)}zz`;
const find = async (phone, query, fields = {}) => (await phone.request("song.list", { query, ...fields })).songs;
const titles = async (phone, query) => (await find(phone, query)).map((song) => song.title);
const NOBODYS = "00000000-0000-4000-8000-000000000000";
const TEXT = (size) => "x".repeat(size);

test("create: with defaults, with everything; listed to every member, in every session", async () => {
	const [one, two] = [await band(), await band()];
	const mine = word();
	const before = one.ann.state.revision;
	const a = await one.ann.request("song.create", { title: `${mine} A` });
	const b = await two.ann.request("song.create", { title: `${mine} b`, default_key: "F#m",
		default_bpm: 66, time_signature: "12/8", notes: "# hm\n\tand on ♫" });
	const wanted = [
		{ id: a.song_id, title: `${mine} A`, default_key: "", default_bpm: 120, time_signature: "4/4", notes: "" },
		{ id: b.song_id, title: `${mine} b`, default_key: "F#m", default_bpm: 66, time_signature: "12/8", notes: "# hm\n\tand on ♫" },
	];
	for (const phone of [one.ann, one.ben, two.ann, two.ben]) {
		const list = await phone.request("song.list", { query: mine });
		assert.deepEqual(list.songs, wanted);
		assert.equal(list.total, 2);
	}
	/* No section has changed: nobody is told anything. */
	assert.equal(one.ann.state.revision, before);
	assert.equal((await look(one.eye)).revision, before);
});

test("create: each field out of its limits", async () => {
	const { ann, ben, eye } = await band();
	const mine = word();
	const bad = (fields, code, field, words) =>
		refuses(eye, () => ann.request("song.create", { title: mine, ...fields }), code, field, words);
	await refuses(eye, () => ann.request("song.create", {}), "missing_field", "title", /1 to 120/);
	await bad({ title: "" }, "title", "title", /1 to 120 characters/);
	await bad({ title: "  " }, "title", "title", /1 to 120 characters/);
	await bad({ title: TEXT(121) }, "title", "title", /1 to 120 characters/);
	await bad({ title: "a\nb" }, "title", "title");
	await bad({ title: 5 }, "wrong_type", "title", /text/);
	await bad({ title: null }, "wrong_type", "title", /text/);
	await bad({ default_key: TEXT(9) }, "key", "default_key", /at most 8/);
	await bad({ default_key: "  " }, "key", "default_key", /at most 8/);
	await bad({ default_key: 1 }, "wrong_type", "default_key", /text/);
	await bad({ default_bpm: 29 }, "bpm_range", "default_bpm", /30 to 260, not 29/);
	await bad({ default_bpm: 261 }, "bpm_range", "default_bpm", /30 to 260, not 261/);
	await bad({ default_bpm: 99.5 }, "wrong_type", "default_bpm", /whole number/);
	await bad({ default_bpm: "120" }, "wrong_type", "default_bpm", /whole number/);
	await bad({ time_signature: "5/4" }, "time_signature", "time_signature", /2\/4, 3\/4, 4\/4, 6\/8 or 12\/8/);
	await bad({ time_signature: "" }, "time_signature", "time_signature");
	await bad({ notes: TEXT(20001) }, "notes", "notes", /20000 bytes/);
	await bad({ notes: "é".repeat(10001) }, "notes", "notes", /20000 bytes/);
	await bad({ notes: "a\u0007" }, "notes", "notes");
	await bad({ artist: "X" }, "unknown_field", "artist", /leave it out/);
	await refuses(eye, () => ben.request("song.create", { title: mine }), "not_md", null);
	assert.deepEqual(await titles(ann, mine), []);
	/* The limits themselves are within. */
	await ann.request("song.create", { title: `${mine} ${"♫".repeat(114)}`, default_key: "12345678",
		default_bpm: 30, time_signature: "2/4", notes: TEXT(20000) });
	assert.equal((await find(ann, mine))[0].notes.length, 20000);
});

test("who has not joined has no library", async () => {
	const phone = await phoneAt();
	for (const type of ["song.create", "song.update", "song.delete", "song.list", "song.import"])
		await assert.rejects(phone.request(type, {}), (e) => e.code === "not_joined" && e.field === null);
});

test("update: absent stays, null clears, the search follows", async () => {
	const { ann, ben, eye } = await band();
	const [mine, other] = [word(), word()];
	const { song_id } = await ann.request("song.create", { title: mine, default_key: "G", default_bpm: 90,
		time_signature: "3/4", notes: "n" });
	await ann.request("song.update", { song_id: song_id.toUpperCase(), default_bpm: 91 });
	assert.deepEqual(await find(ben, mine), [{ id: song_id, title: mine, default_key: "G", default_bpm: 91,
		time_signature: "3/4", notes: "n" }]);
	await ann.request("song.update", { song_id, title: other, default_key: null, default_bpm: null,
		time_signature: null, notes: null });
	assert.deepEqual(await find(ben, mine), []);
	assert.deepEqual(await find(ben, other), [{ id: song_id, title: other, default_key: "", default_bpm: 120,
		time_signature: "4/4", notes: "" }]);

	const bad = (fields, code, field, words) =>
		refuses(eye, () => ann.request("song.update", { song_id, ...fields }), code, field, words);
	await bad({}, "missing_field", null, /changes nothing/);
	await bad({ title: null }, "wrong_type", "title", /text/);
	await bad({ title: "" }, "title", "title");
	await bad({ default_key: TEXT(9) }, "key", "default_key");
	await bad({ default_bpm: 300 }, "bpm_range", "default_bpm");
	await bad({ time_signature: "C" }, "time_signature", "time_signature");
	await bad({ notes: TEXT(20001) }, "notes", "notes");
	await bad({ song_id: NOBODYS, title: "x" }, "song_unknown", "song_id", /library/);
	await bad({ song_id: "x", title: "x" }, "song_unknown", "song_id", /id of a song/);
	await bad({ song_id: 5, title: "x" }, "wrong_type", "song_id");
	await refuses(eye, () => ann.request("song.update", { title: "x" }), "missing_field", "song_id");
	await refuses(eye, () => ben.request("song.update", { song_id, title: "x" }), "not_md", null);
	assert.deepEqual(await titles(ben, other), [other]);
});

/** A setlist with that song in it, active. */
async function activeSetlist(ann, song_id) {
	const { setlist_id } = await ann.request("setlist.create", { title: "Tonight" });
	await ann.request("setlist.activate", { setlist_id });
	await ann.request("setlist.item.add", { song_id });
	return setlist_id;
}

test("update is told to every session that shows the song, and to no other", async () => {
	const [one, two, three] = [await band(), await band(), await band()];
	const mine = word();
	const { song_id } = await one.ann.request("song.create", { title: mine, default_bpm: 90 });
	await activeSetlist(one.ann, song_id);
	await activeSetlist(two.ann, song_id);
	await two.ann.request("song.activate", { position: 0 });
	const quiet = (await look(three.eye)).revision;
	const tempo = (await look(two.eye)).tempoState;

	await one.ann.request("song.update", { song_id, title: `${mine} new`, default_bpm: 77, notes: "n" });
	/* The one who asked has it before the ok. */
	assert.equal(one.ann.state.setlist.items[0].title, `${mine} new`);
	assert.equal(one.ann.state.setlist.items[0].bpm, 77);
	for (const phone of [one.ben, two.ann, two.ben])
		await phone.when((state) => state.setlist.items[0].title === `${mine} new` && state.setlist.items[0].bpm === 77);
	await two.ben.when((state) => state.activeSong.title === `${mine} new`);
	assert.deepEqual([two.ben.state.activeSong.bpm, two.ben.state.activeSong.notes], [77, "n"]);
	/* What is on now keeps its tempo. */
	assert.deepEqual((await look(two.eye)).tempoState, tempo);
	await checkMerged(one.eye, [one.ann, one.ben]);
	await checkMerged(two.eye, [two.ann, two.ben]);
	assert.equal((await look(three.eye)).revision, quiet);
	/* An update that changes nothing that anybody sees tells nobody. */
	const before = (await look(one.eye)).revision;
	await one.ann.request("song.update", { song_id, default_bpm: 77 });
	assert.equal((await look(one.eye)).revision, before);
});

test("delete: not while an open session has it; then it is gone for all, and history keeps it", async () => {
	const [one, two] = [await band(), await band()];
	const mine = word();
	const { song_id } = await one.ann.request("song.create", { title: mine });
	const setlist_id = await activeSetlist(two.ann, song_id);
	await refuses(one.eye, () => one.ann.request("song.delete", { song_id }), "song_in_use", "song_id", /take it out/);
	await two.ann.request("song.activate", { position: 0 });
	await two.ann.request("setlist.item.remove", { position: 0 });
	/* Still on, without a place. */
	assert.equal(two.ann.state.activeSong.song_id, song_id);
	await refuses(one.eye, () => one.ann.request("song.delete", { song_id }), "song_in_use", "song_id");
	await two.ann.request("song.activate", { song_id: null });
	await two.ann.request("setlist.item.add", { song_id, setlist_id });
	await two.ann.request("session.close");
	await refuses(one.eye, () => one.ben.request("song.delete", { song_id }), "not_md", null);
	await one.ann.request("song.delete", { song_id });

	assert.deepEqual(await titles(one.ben, mine), []);
	const { setlist_id: empty } = await one.ann.request("setlist.create", { title: "Empty" });
	for (const [type, fields] of Object.entries({ "song.delete": {}, "song.update": { title: "x" },
		"song.activate": {}, "setlist.item.add": { setlist_id: empty } }))
		await refuses(one.eye, () => one.ann.request(type, { song_id, ...fields }), "song_unknown", "song_id");
	await refuses(one.eye, () => one.ann.request("song.delete", {}), "missing_field", "song_id");
	/* The evening that had it still has it. */
	const { session_id } = await two.ann.request("session.reopen", { session_id: two.ann.state.session.id });
	assert.equal(session_id, two.ann.state.session.id);
	await two.ann.request("session.resume", { token: two.ann.token });
	assert.equal(two.ann.state.setlist.items[0].title, mine);
});

test("list: pages, words, and what is no word", async () => {
	const { ann, ben, eye } = await band();
	const mine = word();
	const made = ["Été", "ete two", "B", "a", "ab \"quoted\"", "AC/DC"].map((title) => `${mine} ${title}`);
	for (const title of made)
		await ann.request("song.create", { title });
	const sorted = ["a", "ab \"quoted\"", "AC/DC", "B", "ete two", "Été"].map((title) => `${mine} ${title}`);
	assert.deepEqual(await titles(ben, mine), sorted);
	assert.deepEqual(await titles(ben, `${mine.slice(0, 3).toUpperCase()} ETE`), sorted.slice(4));
	assert.deepEqual(await titles(ben, `${mine} quot`), [sorted[1]]);
	assert.deepEqual(await titles(ben, `"${mine}" * ( ♫ AC/D`), [sorted[2]]);
	assert.deepEqual(await titles(ben, `${mine} OR nothing`), []);
	const page = await ben.request("song.list", { query: mine, limit: 2, offset: 3 });
	assert.deepEqual([page.songs.map((song) => song.title), page.total], [sorted.slice(3, 5), 6]);
	const all = await ben.request("song.list");
	for (const query of ["", "  ", "...", "♫ —"])
		assert.equal((await ben.request("song.list", { query })).total, all.total, query);
	assert.deepEqual((await ben.request("song.list", { offset: 5000 })).songs, []);

	const bad = (fields, code, field, words) =>
		refuses(eye, () => ben.request("song.list", fields), code, field, words);
	await bad({ limit: 0 }, "list_range", "limit", /1 to 200, not 0/);
	await bad({ limit: 201 }, "list_range", "limit");
	await bad({ limit: "5" }, "wrong_type", "limit");
	await bad({ offset: -1 }, "list_range", "offset", /0 to 5000/);
	await bad({ query: TEXT(121) }, "query", "query", /120 characters/);
	await bad({ query: "a\u0001" }, "query", "query");
	await bad({ query: 1 }, "wrong_type", "query");
});

test("list: pages end where notes are long, and all of them together bring every song once", async () => {
	const { ann, ben } = await band();
	const mine = word();
	for (let i = 0; i < 20; i++)
		await ann.request("song.create", { title: `${mine} ${10 + i}`, notes: TEXT(20000) });
	const seen = [];
	for (;;) {
		const page = await ben.request("song.list", { query: mine, limit: 200, offset: seen.length });
		assert.equal(page.total, 20);
		if (page.songs.length === 0)
			break;
		assert.ok(page.songs.reduce((sum, song) => sum + song.notes.length, 0) <= 65536);
		seen.push(...page.songs.map((song) => song.title));
	}
	assert.deepEqual(seen, Array.from({ length: 20 }, (_, i) => `${mine} ${10 + i}`));
	/* As many at once as a phone may ask for. */
	const pages = await Promise.all(Array.from({ length: 32 }, (_, i) => ben.request("song.list", { query: mine, offset: i % 17, limit: 200 })));
	for (const [i, page] of pages.entries())
		assert.deepEqual(page.songs.map((song) => song.title), seen.slice(i % 17, i % 17 + 3));
});

test("import: csv, chordpro, json; what is known stays as it is", async () => {
	const { ann, ben } = await band();
	const mine = word();
	const csv = `Title;Key;Tempo;Time;Notes\r\n${mine} one;G;99,6;6/8;"a ""b""\r\nc"\r\n\r\n${mine} two;;;;\r\n`;
	const ok = await ann.request("song.import", { format: "csv", text: csv });
	assert.deepEqual([ok.created, ok.known], [2, 0]);
	assert.deepEqual((await find(ben, mine)).map(({ id, ...song }) => song), [
		{ title: `${mine} one`, default_key: "G", default_bpm: 100, time_signature: "6/8", notes: "a \"b\"\r\nc" },
		{ title: `${mine} two`, default_key: "", default_bpm: 120, time_signature: "4/4", notes: "" },
	]);
	const chordpro = `{t: ${mine.toUpperCase()} ONE}\n{tempo: 50}\n{ns}\n{title: ${mine} three}\n{key: A}\n[A]La\n`;
	const second = await ann.request("song.import", { format: "chordpro", text: chordpro });
	assert.deepEqual([second.created, second.known], [1, 1]);
	const json = JSON.stringify({ songs: [{ title: `${mine} four`, default_bpm: 30 }, { title: ` ${mine} two ` }] });
	const third = await ann.request("song.import", { format: "json", text: json });
	assert.deepEqual([third.created, third.known], [1, 1]);
	assert.deepEqual((await find(ben, mine)).map((song) => [song.title.slice(mine.length + 1), song.default_bpm]),
		[["four", 30], ["one", 100], ["three", 120], ["two", 120]]);
	/* What song.list tells can be imported. */
	const again = await ann.request("song.import", { format: "json", text: JSON.stringify(await find(ben, mine)) });
	assert.deepEqual([again.created, again.known], [0, 4]);
});

test("import: all or nothing, and the line or song at fault is named", async () => {
	const { ann, ben, eye } = await band();
	const mine = word();
	const bad = (format, text, words, code = "bad_import", field = "text") =>
		refuses(eye, () => ann.request("song.import", { format, text }), code, field, words);
	await bad("csv", `title,bpm\n${mine} a,90\n${mine} b,900\n`, /^line 3: bpm must be 30 to 260, not 900$/);
	await bad("csv", `title,key\n${mine} a,"G\n`, /^line 2: a quote is not closed/);
	await bad("csv", `title\n${mine}, a\n`, /^line 2: 2 cells, where the head line has 1/);
	await bad("csv", "title\u000b,key\n", /^line 1: .*title/);
	await bad("csv", `title,key\n${mine},\u0001\n`, /^line 2: key has a control character/);
	await bad("csv", "title\n", /no song/);
	await bad("chordpro", `{t: ${mine}}\n{time: 5/4}\n`, /^line 2: time must be 2\/4, 3\/4, 4\/4, 6\/8 or 12\/8/);
	await bad("chordpro", `{t: ${mine}\n`, /^line 1: a directive is not closed/);
	await bad("json", JSON.stringify([{ title: mine }, { title: mine, artist: "X" }]), /^song 2: .*"artist"/);
	await bad("json", "[\n{]", /^line 2: this is not JSON/);
	await bad("json", "", /1 to 60000 bytes/);
	await bad("csv", TEXT(60001), /1 to 60000 bytes/);
	await bad("csv", "é".repeat(30001), /1 to 60000 bytes/);
	await bad("csv", 5, /text/, "wrong_type");
	await bad("xml", "title\n", /csv, chordpro or json/, "import_format", "format");
	await bad(1, "title\n", /text/, "wrong_type", "format");
	await refuses(eye, () => ann.request("song.import", { format: "csv" }), "missing_field", "text");
	await refuses(eye, () => ann.request("song.import", { text: "x" }), "missing_field", "format");
	await refuses(eye, () => ben.request("song.import", { format: "csv", text: `title\n${mine}\n` }), "not_md", null);
	assert.deepEqual(await titles(ben, mine), []);
	/* As long as it may be. */
	const head = `title,notes\n${mine},`;
	const notes = Array.from({ length: 3 }, (_, i) => `${mine} ${i},${TEXT(19000)}\n`).join("");
	const text = `title,notes\n${notes}`.padEnd(60000, "\n");
	assert.ok(head.length < 60000 && text.length === 60000);
	assert.equal((await ann.request("song.import", { format: "csv", text })).created, 3);
});

test("the same request again is carried out once", async () => {
	const { ann } = await band();
	const mine = word();
	const first = await ann.request("song.create", { title: mine }, "song-1");
	const again = await ann.request("song.create", { title: mine }, "song-1");
	assert.equal(again.song_id, first.song_id);
	assert.equal((await find(ann, mine)).length, 1);
	const text = `title\n${mine} x\n${mine}\n`;
	for (let i = 0; i < 2; i++) {
		const ok = await ann.request("song.import", { format: "csv", text }, "import-1");
		assert.deepEqual([ok.created, ok.known], [1, 1]);
	}
	await assert.rejects(ann.request("song.create", { title: "other" }, "song-1"), (e) => e.code === "id_reused");
});

/* Last: it fills the library that all share. */
test("a full library takes no more, and nothing of an import that is too long", async () => {
	const { ann, eye } = await band();
	const mine = word();
	const { total } = await ann.request("song.list", { limit: 1 });
	const lines = Array.from({ length: 5000 - total - 1 }, (_, i) => `${i}f`).join("\n");
	assert.equal((await ann.request("song.import", { format: "csv", text: `title\n${lines}\n` })).created, 4999 - total);
	await refuses(eye, () => ann.request("song.import", { format: "csv", text: `title\n${mine} 1\n${mine} 2\n` }),
		"library_full", null, /5000/);
	assert.deepEqual(await titles(ann, mine), []);
	const { song_id } = await ann.request("song.create", { title: `${mine} last` });
	await refuses(eye, () => ann.request("song.create", { title: `${mine} more` }), "library_full", null, /delete some/);
	await ann.request("song.delete", { song_id });
	await ann.request("song.create", { title: `${mine} more` });
	assert.equal((await ann.request("song.list", { offset: 4990 })).songs.length, 10);
});
