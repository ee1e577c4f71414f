/*
 * timeout: 240 s
 *
 * tactusd --backup, --export, --import: by itself, and asked of a tactusd that runs while phones write.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chownSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { MADE_NEW, archivePlace, argv, as_nobody, beside, does, exported, fails, leftovers } from "../lib/archive.mjs";
import { allAgree, idOf, sqlite } from "../lib/band.mjs";
import { runDaemon, TACTUSD } from "../lib/daemon.mjs";
import { Phone } from "../lib/phone.mjs";

const place = archivePlace();
const { dir, fresh, freshBox, bandAt } = place;
/** A JSON file. */
const writeJson = (value) => place.write(".json", value);

const counted = (text) => Object.fromEntries(text.trim().split("\n").map((line) => {
	const [, kind, created, known] = /^(\w+): (\d+) created, (\d+) known$/.exec(line) ?? assert.fail(line);
	return [kind, [Number(created), Number(known)]];
}));
const KINDS = ["songs", "users", "sessions", "participants", "setlists", "setlist_items", "role_assignments"];

/** A whole, sound database of Tactus, nobody's but ours. */
function checkCopy(file) {
	const at = { state: fresh() };
	mkdirSync(at.state);
	writeFileSync(join(at.state, "tactus.db"), readFileSync(file));
	assert.deepEqual(sqlite(at, "PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
	assert.deepEqual(sqlite(at, "PRAGMA foreign_key_check"), []);
	return at;
}

/** A state directory after an evening: a band, an override, roles of both scopes, one who left, a hidden song. */
let evening_state;
async function evening() {
	if (evening_state)
		return evening_state;
	const state = fresh();
	const box = await freshBox({ state });
	const { md, people, songs, slots } = await bandAt(box, { members: ["Ben", "Cäsar"], songs: ["One", "Zwei \"♯\"", "Three"], setlist: true });
	await md.request("setlist.item.update", { position: 1, key_override: "F#m", bpm_override: 133, song_leader_user_id: idOf(people.Ben) });
	await md.request("role.assign", { slot_id: slots.drums, user_id: idOf(people.Ben) });
	await md.request("role.assign", { slot_id: slots.drums, user_id: idOf(md), scope_type: "song", scope_song_id: songs.One });
	await md.request("song.create", { title: "Deleted, and nobody needs it" }).then(({ song_id }) => md.request("song.delete", { song_id }));
	await md.request("song.update", { song_id: songs.Three, notes: "Verse\n\tChorus \\ \"x\" 🎵\n" });
	await md.request("song.activate", { position: 1 });
	await md.request("click.set", { volume: 12, sound: "wood" });
	await people["Cäsar"].request("session.leave");
	await bandAt(box, { md: "Dot", songs: ["Four"] });
	await box.stop();
	return (evening_state = state);
}

/* ---- no tactusd runs ----------------------------------------------------------- */

test("an import into nowhere says that it made a database, and the next one doesn't", () => {
	const [state, file] = [fresh(), place.write(".csv", "title\nOne\n")];
	const said = [1, 2].map(() => runDaemon(argv(state, "import", file)));
	assert.match(said[0].stderr, MADE_NEW);
	assert.ok(said[0].stderr.includes(`${state}/tactus.db`));
	assert.deepEqual(said.map((run) => [run.status, run.stderr.replace(MADE_NEW, "")]), [[0, ""], [0, ""]]);
	assert.equal(said[1].stderr, "");
});

test("export: all of an evening by the names of the tables, and no secret; twice the same bytes", async () => {
	const state = await evening();
	const text = exported(state);
	assert.equal(text, exported(state));
	assert.ok(text.endsWith("}\n"));
	assert.ok(text.includes("🎵"), "readable as it is");
	const archive = JSON.parse(text);
	assert.deepEqual(Object.keys(archive), ["tactus_export", "songs", "users", "sessions"]);
	assert.equal(archive.tactus_export, 1);
	assert.deepEqual(archive.songs.map((song) => song.title), ["Four 2", "One 1", "Three 1", "Zwei \"♯\" 1"]);
	assert.deepEqual(Object.keys(archive.songs[0]), ["id", "title", "default_key", "default_bpm", "time_signature", "notes", "hidden"]);
	assert.deepEqual(archive.users.map((user) => user.display_name).sort(), ["Ann", "Ben", "Cäsar", "Dot"]);
	const [session] = archive.sessions;
	assert.deepEqual([session.participants.length, session.participants.filter((p) => p.left_at !== null).length], [3, 1]);
	assert.deepEqual(session.setlists[0].items.map((item) => [item.position, item.key_override, item.bpm_override]),
		[[0, null, null], [1, "F#m", 133], [2, null, null]]);
	assert.deepEqual(session.role_assignments.map((role) => role.scope_type), ["global", "song"]);
	assert.deepEqual([session.tempo_state.volume, session.tempo_state.sound], [12, "wood"]);
	assert.equal(session.active_position, 1);
	for (const { token_hash } of sqlite({ state }, "SELECT token_hash FROM token"))
		assert.ok(!text.includes(token_hash));
	assert.ok(!/token|request_result|revision|jitter/.test(text));
	assert.deepEqual(leftovers(state), []);
});

test("export, import into nothing, export: the same bytes but for `active`; a second import adds nothing", async () => {
	const before = exported(await evening());
	const file = fresh(".json");
	does(await evening(), "export", file);
	assert.equal(readFileSync(file, "utf8"), before);
	const state = fresh();
	const counts = counted(does(state, "import", file));
	assert.deepEqual(Object.keys(counts), KINDS);
	assert.deepEqual(counts, { songs: [4, 0], users: [4, 0], sessions: [2, 0], participants: [4, 0], setlists: [1, 0],
		setlist_items: [3, 0], role_assignments: [2, 0] });
	const after = exported(state);
	assert.match(before, /"active": true/);
	assert.equal(after, before.replaceAll('"active": true', '"active": false'));
	const again = counted(does(state, "import", file));
	for (const kind of KINDS)
		assert.deepEqual(again[kind], [0, counts[kind][0]]);
	assert.equal(exported(state), after);
	/* Through a pipe it is the same. */
	const piped = fresh();
	does(piped, "import", "-", { input: before });
	assert.equal(exported(piped), after);
});

test("backup: a database of its own that opens, whole; and a tactusd starts on it", async () => {
	const state = await evening();
	const file = fresh(".db");
	assert.equal(does(state, "backup", file), "");
	assert.equal(statSync(file).mode & 0o777, 0o600);
	const copy = checkCopy(file);
	assert.equal(exported(copy.state), exported(state));
	assert.deepEqual(sqlite(copy, "SELECT token_hash FROM token ORDER BY 1"), sqlite({ state }, "SELECT token_hash FROM token ORDER BY 1"));
	const box = await freshBox({ state: copy.state });
	await box.stop();
	assert.deepEqual(leftovers(state), []);
	assert.deepEqual(readdirSync(dir).filter((name) => name.includes(".new-")), []);
});

test("nothing that exists is written over, be it a file, a directory or a link to nothing", async () => {
	const state = await evening();
	const file = fresh();
	writeFileSync(file, "mine");
	const link = fresh();
	assert.equal(spawnSync("ln", ["-s", "nowhere", link]).status, 0);
	for (const action of ["backup", "export"]) {
		for (const there of [file, dir, link, "/dev/null"])
			fails(state, action, there, /exists already, and nothing is written over: give another name/);
		fails(state, action, join(dir, "no/such/folder"), /cannot write .*no\/such\/folder: No such file/);
		fails(fresh(), action, fresh(), /there is no .*tactus\.db: name the directory of the database with --state/);
	}
	assert.equal(readFileSync(file, "utf8"), "mine");
});

test("a disk that is full, a reader that goes away: told, and nothing is left", async () => {
	const state = await evening();
	const full = openSync("/dev/full", "w");
	for (const action of ["backup", "export"]) {
		const { status, stderr } = spawnSync(TACTUSD, argv(state, action, "-"), { stdio: ["ignore", full, "pipe"], encoding: "utf8" });
		assert.equal(status, 1);
		assert.match(stderr, /cannot write to stdout: No space left/);
	}
	const { status, stderr } = spawnSync("sh", ["-c", '{ "$@" || echo "code $?" >&2; } | :', "-", TACTUSD, ...argv(state, "backup", "-")], { encoding: "utf8" });
	assert.equal(status, 0);
	assert.match(stderr, /^(tactusd: cannot write to stdout: Broken pipe\ncode 1\n)?$/);
	assert.deepEqual(leftovers(state), []);
});

for (const args of [["--backup"], ["--export", ""], ["--export", "a", "--import", "b"], ["--backup", "a", "--backup", "b"], ["--import", "x".repeat(5000)]])
	test(`usage: ${args.join(" ").slice(0, 40)}: code 2`, () => {
		const { status, stdout, stderr } = runDaemon(["--state", fresh(), ...args]);
		assert.deepEqual([status, stdout], [2, ""]);
		assert.match(stderr, /^usage: .*\[--backup FILE \| --export FILE \| --import FILE\]/m);
	});

test("usage: a file of options cannot ask for them", () => {
	const file = fresh(".conf");
	writeFileSync(file, "export = x\n");
	const { status, stderr } = runDaemon(["--config", file]);
	assert.equal(status, 2);
	assert.match(stderr, /line 1/);
});

/* ---- imports that are refused --------------------------------------------------- */

const song = (more = {}) => ({ id: randomUUID(), title: "A song", ...more });

test("an import that is wrong in one place changes nothing, and names the place", async () => {
	const state = fresh();
	const good = JSON.parse(exported(await evening()));
	does(state, "import", writeJson({ ...good, sessions: [] }));
	const before = exported(state);
	const changed = (change) => {
		const archive = structuredClone(good);
		archive.songs.push(song({ title: "New" }));
		change(archive);
		return writeJson(archive);
	};
	/** @type {[(archive: any) => void, RegExp][]} */
	const cases = [
		[(a) => (a.sessions[0].setlists[0].items[2].bpm_override = 300),
			/json: sessions\[0\]\.setlists\[0\]\.items\[2\]\.bpm_override must be 30 to 260, not 300/],
		[(a) => (a.songs[4].default_bpm = 29), /json: songs\[4\]\.default_bpm must be 30 to 260, not 29/],
		[(a) => (a.tactus_export = 2), /a newer Tactus wrote this \(tactus_export 2, this one knows 1\): install that one/],
		[(a) => delete a.tactus_export, /this is no export of Tactus/],
		[(a) => (a.sessions[1].md_user_id = randomUUID()), /sessions\[1\]\.md_user_id: no user has the id [0-9a-f-]{36}, neither in the file nor/],
		[(a) => a.sessions.push({ ...a.sessions[0], id: randomUUID() }), /sessions\[2\]\.setlists\[0\]\.id is there twice/],
	];
	for (const [change, words] of cases)
		fails(state, "import", changed(change), words);
	const text = readFileSync(changed(() => {}), "utf8").replaceAll("},", "},\n");
	fails(state, "import", writeJson(text.slice(0, -1)), new RegExp(`json: line ${text.split("\n").length}: `));
	fails(state, "import", writeJson(text.replace('"hidden"', '"hidden')), /json: line \d+: /);
	fails(state, "import", writeJson(""), /line 1: /);
	fails(state, "import", writeJson("{}"), /this is no export of Tactus/);
	fails(state, "import", writeJson(`{"tactus_export": 1, "tactus_export": 1}`), /line 1: duplicate/);
	fails(state, "import", "-", /stdin: line 1: /, { input: "\xff\0" });
	fails(state, "import", fresh(".json"), /cannot read .*: No such file/);
	fails(state, "import", dir, /cannot read .*: Is a directory/);
	assert.equal(exported(state), before);
	assert.deepEqual(counted(does(state, "import", changed(() => {}))).songs, [1, 4]);
});

test("a file that is too large, and 20000 brackets", () => {
	const state = fresh();
	const file = writeJson("[");
	truncateSync(file, (128 << 20) + 1);
	fails(state, "import", file, /is larger than 128 MiB, the most that is taken/);
	fails(state, "import", writeJson("[".repeat(20000)), /json: line 1: /);
	assert.equal(existsSync(join(state, "tactus.db")), false);
});

test("songs of CSV, ChordPro and a list: by title; a bad line is named and nothing of it comes in", () => {
	const state = fresh();
	const put = place.write;
	assert.equal(does(state, "import", put(".csv", "title;tempo;key\nAlpha;120;G\nBeta;90;\n")), "songs: 2 created, 0 known\n");
	assert.equal(does(state, "import", put(".CSV", "Title,BPM\nalpha,99\nGamma,99\n")), "songs: 1 created, 1 known\n");
	assert.equal(does(state, "import", put(".tsv", "Title\tBPM\nbeta\t99\n")), "songs: 0 created, 1 known\n");
	for (const [i, ending] of [".cho", ".crd", ".chopro", ".chordpro", ".chord", ".pro"].entries())
		assert.equal(does(state, "import", put(ending, `{title: Chord ${i}}\n{tempo: 77}\n[G]La\n`)), "songs: 1 created, 0 known\n");
	assert.equal(does(state, "import", writeJson([{ title: "List" }, { title: "Beta" }])), "songs: 1 created, 1 known\n");
	const before = exported(state);
	const archive = JSON.parse(before);
	assert.deepEqual(archive.songs.map((s) => [s.title, s.default_bpm, s.default_key]).slice(0, 2), [["Alpha", 120, "G"], ["Beta", 90, ""]]);
	assert.equal(archive.songs.length, 10);
	fails(state, "import", put(".csv", "title,tempo\nDelta,100\nEpsilon,1000\n"), /\.csv: line 3: /);
	fails(state, "import", put(".cho", "{title: Zeta}\n{new_song}\n{title: Eta}\n{tempo: 9}\n"), /\.cho: line \d: /);
	fails(state, "import", writeJson([{ title: "Theta" }, { title: "" }]), /json: song 2: /);
	for (const text of ["title,tempo\nIota,100\n", "{title: Iota}\n".slice(1), " \n"])
		fails(state, "import", put(".txt", text), /\.txt: line 1: no JSON begins here; a list of songs has a name that ends in \.csv, /);
	assert.equal(does(state, "import", put(".json", "\ufeff[{\"title\": \"Alpha\"}]")), "songs: 0 created, 1 known\n");
	assert.equal(exported(state), before);
});

/* ---- a tactusd runs ------------------------------------------------------------- */

test("while phones write: what was acknowledged before is in the copy, nobody waits or misses anything", async () => {
	const box = await freshBox();
	const band = await bandAt(box, { members: ["Ben", "Cas"], setlist: true, songs: ["One"] });
	const acknowledged = [];
	let writing = true;
	const writers = band.phones.map(async (phone, i) => {
		for (let n = 0; writing; n++)
			if (phone === band.md)
				acknowledged.push((await phone.request("song.create", { title: `Song ${i}.${n}` })).song_id);
			else
				await phone.request("profile.set", { display_name: `Name ${i}.${n}` });
	});
	const pings = (async () => {
		while (writing)
			await band.eye.ping();
	})();
	const extra = await evening().then(exported);
	for (let round = 0; round < 5; round++) {
		const known = acknowledged.length;
		const [backup, json] = [fresh(".db"), fresh(".json")];
		const [, , counts] = await Promise.all([beside(box.state, "backup", backup), beside(box.state, "export", json),
			beside(box.state, "import", writeJson(extra))]);
		assert.deepEqual(counted(counts).sessions, round === 0 ? [2, 0] : [0, 2]);
		const copy = checkCopy(backup);
		for (const songs of [sqlite(copy, "SELECT id FROM song"), JSON.parse(readFileSync(json, "utf8")).songs]) {
			const ids = new Set(songs.map(({ id }) => id));
			assert.ok(acknowledged.slice(0, known).every((id) => ids.has(id)));
		}
		/* Each of them is of one moment: it can be brought back. */
		does(fresh(), "import", json);
	}
	writing = false;
	await Promise.all([...writers, pings]);
	assert.ok(acknowledged.length > 10);
	await allAgree(band.eye, band.phones);
	assert.deepEqual(leftovers(box.state), []);
	/* What came in is there for phones; sessions are closed until someone reopens one. */
	const titles = (await band.md.request("song.list", { query: "Zwei" })).songs.map((s) => s.title);
	assert.deepEqual(titles, ['Zwei "♯" 1']);
	await box.stop();
});

test("an imported session is reopened as it was: people, setlist, roles, what is on", async () => {
	const box = await freshBox();
	const archive = JSON.parse(exported(await evening()));
	does(box.state, "import", writeJson(archive));
	const [session] = archive.sessions;
	const phone = await Phone.open(box.url);
	place.closes(phone);
	const listed = (await phone.request("session.list", {})).sessions;
	assert.deepEqual(listed.map((s) => s.active), [false, false]);
	const { code } = await phone.request("session.reopen", { session_id: session.id });
	assert.equal(code, session.code);
	await phone.request("session.claim", { code, display_name: "Eve" });
	const { state } = phone;
	assert.deepEqual(state.participants.map((p) => p.display_name), ["Ann", "Ben", "Eve"]);
	assert.deepEqual(state.setlist.items.map((item) => [item.key, item.bpm]), [["", 120], ["F#m", 133], ["", 120]]);
	assert.equal(state.roleAssignments.length, 2);
	assert.deepEqual([state.activeSong.position, state.activeSong.bpm], [1, 133]);
	assert.deepEqual([state.tempoState.running, state.click.volume, state.click.sound], [false, 12, "wood"]);
	await phone.request("tempo.start");
	await phone.when((s) => s.tempoState.running);
	await phone.close();
	await box.stop();
});

test("what is wrong is told while a tactusd runs, too, and nothing comes in", async () => {
	const box = await freshBox();
	const before = exported(box.state);
	const archive = JSON.parse(exported(await evening()));
	archive.users = [];
	fails(box.state, "import", writeJson(archive), /sessions\[0\]\.md_user_id|sessions\[0\]\.participants\[0\]\.user_id: no user has the id/);
	fails(box.state, "import", writeJson({ tactus_export: 1, songs: Array.from({ length: 5001 }, (_, i) => song({ title: `t${i}` })) }),
		/the library would have more than 5000/);
	assert.equal(exported(box.state), before);
	assert.match(box.logs(), /refused: with these songs the library/);
	await box.stop();
});

test("a large import: a thousand sessions of fifty people, while phones play", async () => {
	const box = await freshBox();
	const band = await bandAt(box);
	const users = Array.from({ length: 50 }, (_, i) => ({ id: randomUUID(), display_name: `P${i}`, created_at: i, last_active_at: i }));
	const songs = Array.from({ length: 1000 }, (_, i) => song({ title: `t${i}`, notes: "la\n".repeat(600) }));
	const sessions = Array.from({ length: 1000 }, (_, i) => ({
		id: randomUUID(), code: "CDF347", md_user_id: users[0].id, created_at: i,
		participants: users.map(({ id }) => ({ user_id: id, join_time: 1, last_heartbeat: 2 })),
		setlists: [{ id: randomUUID(), title: "s", created_at: 1, items: songs.slice(0, 20).map(({ id }) => ({ song_id: id })) }],
		tempo_state: { bpm: 100, time_signature: "4/4", anchor_timestamp: 1, anchor_bar_index: 0, controller_user_id: users[1].id },
	}));
	let done = false;
	const pings = (async () => {
		while (!done)
			await band.eye.ping();
	})();
	const counts = counted(await beside(box.state, "import", writeJson({ tactus_export: 1, songs, users, sessions })));
	done = true;
	await pings;
	assert.deepEqual([counts.participants, counts.setlist_items, counts.songs], [[50000, 0], [20000, 0], [1000, 0]]);
	const file = fresh(".json");
	await beside(box.state, "export", file);
	assert.equal(JSON.parse(readFileSync(file, "utf8")).sessions.length, 1001);
	await box.stop();
});

test("as root for a daemon that is not: what is made belongs to the daemon's user", { skip: !as_nobody && "nobody can't run the program here" }, async () => {
	const state = fresh();
	mkdirSync(state);
	chownSync(state, 65534, 65534);
	does(state, "import", writeJson({ tactus_export: 1, songs: [song()] }));
	for (const name of readdirSync(state))
		assert.equal(statSync(join(state, name)).uid, 65534, name);
	const file = join(mkdtempSync(join(dir, "root-")), "b.db"); /* where that user may not write */
	does(state, "backup", file);
	assert.equal(statSync(file).uid, 0);
	checkCopy(file);
});
