/*
 * One evening, from the first phone to the closing, as a band has it: an MD and eight members, thirty
 * songs, a setlist of fifteen that two devices change at once, roles, hand-overs, songs that change
 * while the click plays, phones that sleep, a member who is shown the door, and a daemon that dies
 * once and is restarted once in the middle of it. Nobody hears that, and nothing is lost.
 *
 * The tests are the evening's hours: each goes on where the one before ended.
 *
 * timeout: 420 s
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { allAgree, checkDatabase, idOf, quiet, slotsOf, sqlite, timeless } from "../lib/band.mjs";
import { startBox, until } from "../lib/box.mjs";
import { Ear } from "../lib/ear.mjs";
import { Phone } from "../lib/phone.mjs";
import { random } from "../lib/proxy.mjs";
import { checkError, openEye } from "../lib/refusal.mjs";
import { startScore } from "../lib/score.mjs";

const PIN = "314159";
const PERIOD = 2048;
const SEED = Number(process.env.SEED ?? 15);
const rnd = random(SEED);
const below = (/** @type {number} */ n) => Math.floor(rnd() * n);

const PLAYERS = { Ben: "bass", Cas: "drums", Dot: "keys 1", Eli: "electric guitar 1", Fay: "lead vocal 1", Gus: "sound desk", Hal: "backing vocal 1", Ivy: "strings" };
const KEYS = ["C", "G", "D", "F#m", "Bb", "Em"];
const METRES = ["4/4", "3/4", "6/8", "2/4", "12/8"];

/** @type {Awaited<ReturnType<typeof startBox>>} */
let box;
/** @type {Ear} */
let ear;
/** @type {Phone} */
let ann, ann_tablet, eye;
/** @type {Record<string, Phone>} */
const players = {};
/** @type {Record<string, string>} */
let slots;
/** By title. @type {Map<string, any>} */
const book = new Map();
let code = "";
let session_id = "";

const everyone = () => [ann, ann_tablet, ...Object.values(players)];

before(async () => {
	box = await startBox({ period: PERIOD, pin: PIN });
	ear = await Ear.start(box.server);
});
after(async () => {
	for (const phone of [...everyone(), eye])
		phone?.terminate();
	await ear?.stop();
	await box?.stop();
});

/** One of the evening's songs as it is on show. */
const shown = (state, title) => state.activeSong?.title === title;

test("they come: an MD with two devices, eight players, each with a slot and ready", async () => {
	ann = await Phone.open(box.url);
	({ code, session_id } = await ann.create("Ann", PIN));
	slots = slotsOf(ann.state);
	ann_tablet = await openEye(box, ann.token);
	eye = await openEye(box, ann.token);
	await Promise.all(Object.entries(PLAYERS).map(async ([name, slot]) => {
		const phone = players[name] = await Phone.open(box.url);
		await phone.join(code, name);
		await phone.request("role.assign", { slot_id: slots[slot] });
		await phone.request("ready.set", { ready: true });
	}));
	await ann.when((state) => state.participants.length === 9 && state.roleAssignments.length === 8 &&
		state.participants.filter((p) => p.ready).length === 8);
	for (const { display_name, slots: mine } of ann.state.participants)
		assert.deepEqual(mine, display_name === "Ann" ? [] : [slots[PLAYERS[display_name]]]);
	await allAgree(eye, everyone());
});

test("thirty songs: ten typed in, twenty from a list", async () => {
	const songs = [...Array(30)].map((_, i) => ({
		title: `Song ${String(i).padStart(2, "0")} ${["of the sea", "von Österreich", "наизусть"][i % 3]}`, default_key: KEYS[i % 6],
		default_bpm: 140 + i * 4, time_signature: METRES[i % 5], notes: i % 2 ? `Verse ${i}\n\n- *quiet*` : "",
	}));
	for (const song of songs.slice(0, 10))
		await ann.request("song.create", song);
	const { created, known } = await ann.request("song.import", { format: "json", text: JSON.stringify(songs) });
	assert.deepEqual([created, known], [20, 10]);
	const { songs: listed, total } = await players.Ben.request("song.list", { limit: 200 });
	assert.equal(total, 30);
	assert.deepEqual(listed.map(({ id, ...song }) => song), songs);
	for (const song of listed)
		book.set(song.title, song);
	assert.deepEqual((await players.Fay.request("song.list", { query: "osterreich 04" })).songs.map((song) => song.title), [songs[4].title]);
});

/** Plays one change of a setlist on a list of names, as the document tells it. */
function onPaper(list, { type, fields, label }) {
	if (type === "setlist.item.add")
		list.splice(fields.position, 0, label);
	else if (type === "setlist.item.move")
		list.splice(fields.to, 0, ...list.splice(fields.position, 1));
	else
		list.splice(fields.position, 1);
}

test("a setlist of fifteen, reordered on one device while the other inserts and takes out", async () => {
	const { setlist_id } = await ann.request("setlist.create", { title: "Tonight" });
	await ann.request("setlist.activate", { setlist_id });
	const titles = [...book.keys()];
	for (let i = 0; i < 15; i++)
		await ann.request("setlist.item.add", { song_id: book.get(titles[i]).id, key_override: i % 3 === 0 ? `k${i}` : undefined, bpm_override: i % 2 ? 141 + i : undefined });
	/* What follows an item about on paper: song, key, bpm. */
	const labels = (state) => state.setlist.items.map((item) => `${item.song_id} ${item.key_override} ${item.bpm_override}`);
	await ann.when((state) => state.setlist.items.length === 15);
	const paper = labels(ann.state);

	/** @type {{type: string, fields: any, label?: string, revision?: number}[]} */
	const done = [];
	const change = async (phone, type, fields, label) => {
		const { revision } = await phone.request(type, fields);
		done.push({ type, fields, label, revision });
	};
	const reorder = async () => {
		for (let i = 0; i < 40; i++) {
			const position = below(14);
			await change(ann, "setlist.item.move", { position, to: (position + 1 + below(13)) % 14 });
		}
	};
	const insert = async () => {
		for (let i = 0; i < 20; i++) {
			const song_id = book.get(titles[15 + i % 15]).id;
			await change(ann_tablet, "setlist.item.add", { song_id, position: below(15), bpm_override: 100 + i }, `${song_id} null ${100 + i}`);
			if (i % 4 === 3)
				await change(ann_tablet, "setlist.item.remove", { position: below(14) });
		}
	};
	await Promise.all([reorder(), insert()]);
	done.sort((a, b) => a.revision - b.revision);
	assert.equal(new Set(done.map((one) => one.revision)).size, done.length, "each change has a revision of its own");
	for (const one of done)
		onPaper(paper, one);
	await ann.when((state) => state.revision >= done.at(-1).revision);
	assert.deepEqual(labels(ann.state), paper);
	while (ann.state.setlist.items.length > 15) {
		const { revision } = await ann.request("setlist.item.remove", { position: ann.state.setlist.items.length - 1, revision: ann.state.revision });
		await ann.when((state) => state.revision >= revision);
	}
	assert.deepEqual(ann.state.setlist.items.map((item) => item.position), [...Array(15).keys()]);
	await allAgree(eye, everyone());
});

test("overrides, a song leader, and other hands on the keys for one song", async () => {
	const song_of = (position) => ann.state.setlist.items[position].song_id;
	await ann.request("setlist.item.update", { position: 2, key_override: "Am", bpm_override: 168, song_leader_user_id: idOf(players.Fay) });
	await ann.request("role.assign", { slot_id: slots["keys 1"], user_id: idOf(players.Eli), scope_type: "song", scope_song_id: song_of(2) });
	await ann.request("role.assign", { slot_id: slots["choir"], user_id: idOf(players.Gus), scope_type: "song", scope_song_id: song_of(2) });
	await ann.request("song.activate", { position: 2 });
	for (const phone of everyone())
		await phone.when((state) => state.activeSong?.position === 2 && state.activeSong.bpm === 168 && state.tempoState.bpm === 168);
	const { activeSong, participants, session } = players.Hal.state;
	assert.deepEqual([activeSong.key, activeSong.song_leader_user_id, session.active_position, activeSong.start_bar_index], ["Am", idOf(players.Fay), 2, null]);
	const role = (slot) => activeSong.roles.find((r) => r.slot_id === slots[slot]);
	assert.deepEqual(role("keys 1"), { slot_id: slots["keys 1"], user_id: idOf(players.Eli), scope_type: "song" });
	assert.deepEqual(role("bass"), { slot_id: slots["bass"], user_id: idOf(players.Ben), scope_type: "global" });
	const slots_of = (name) => participants.find((p) => p.display_name === name).slots;
	assert.deepEqual([slots_of("Dot"), slots_of("Eli").sort()], [[], [slots["electric guitar 1"], slots["keys 1"]].sort()]);
	await allAgree(eye, everyone());
});

/** So many beats more are heard. @param {number} beats */
const plays = (beats, from = ear.onsets.length) => until(() => ear.onsets.length >= from + beats, `${beats} beats`, 30000);

/** The song at that position comes on while the click plays; the score has it. */
async function goTo(phone, position, score) {
	const { at_bar } = await phone.request("song.activate", { position });
	const { bpm, time_signature, title } = ann.state.setlist.items[position];
	score.change(at_bar, bpm, time_signature);
	await Promise.all(everyone().map((one) => one.when((state) => shown(state, title) && state.activeSong.position === position &&
		state.activeSong.start_bar_index === at_bar)));
	return at_bar;
}

/** The next position whose song has another tempo: a change that can be heard. */
function another(score, position) {
	const { bpm, metre } = score.grids.at(-1);
	const { items } = ann.state.setlist;
	do
		position = (position + 1) % items.length;
	while (items[position].bpm === bpm && items[position].time_signature === metre);
	return position;
}

const inForce = (score) => ann.when((state) => state.tempoState.pending === null && state.tempoState.bpm === score.grids.at(-1).bpm &&
	state.tempoState.time_signature === score.grids.at(-1).metre, 20000);

test("they play: songs change on the bar, talk and links are shown, and the click is on its frames", async (t) => {
	const grid = { bpm: ann.state.tempoState.bpm, metre: ann.state.tempoState.time_signature };
	const score = await startScore(ann, ear, grid);
	await ann.when((state) => state.activeSong.start_bar_index === score.grids[0].bar);
	for (let position = 3, song = 0; song < 4; song++) {
		position = another(score, position);
		await goTo(ann, position, score);
		await Promise.all(Object.values(players).map((phone, i) => phone.request("metrics.report", { rtt_ms: 5 + i, jitter_ms: i, packet_loss_pct: i / 2 })));
		await players.Ben.request("ptt.set", { state: "talking" });
		await ann.when((state) => state.participants.find((p) => p.display_name === "Ben").ptt_state === "talking");
		await inForce(score);
		await plays(4);
		await players.Ben.request("ptt.set", { state: "idle" });
	}
	await ann.when((state) => state.participants.find((p) => p.display_name === "Ivy").network_rtt_ms === 12);
	/* An announced change on top of the song. */
	const { at_bar } = await ann.request("tempo.set", { bpm: 222, in_bars: 2 });
	score.change(at_bar, 222, score.grids.at(-1).metre);
	await inForce(score);
	await score.stop(ann, ear);
	t.diagnostic(JSON.stringify(score.judge(ear, PERIOD)));
	await allAgree(eye, everyone());
});

test("the tempo goes to Ben and comes back", async () => {
	await ann.request("tempo.handoff", { user_id: idOf(players.Ben) });
	await players.Ben.when((state) => state.tempoState.controller_user_id === idOf(players.Ben));
	await players.Ben.request("song.activate", { position: 7 });
	await players.Ben.request("tempo.set", { bpm: 88 });
	checkError((await ann.request("tempo.set", { bpm: 60 }).catch((e) => e)).answer, "not_controller", null);
	await ann.request("tempo.handoff", { user_id: idOf(ann) });
	checkError((await players.Ben.request("tempo.set", { bpm: 61 }).catch((e) => e)).answer, "not_controller", null);
	await ann.when((state) => state.tempoState.bpm === 88 && state.tempoState.controller_user_id === idOf(ann));
	await allAgree(eye, everyone());
});

/** All phones come back, as phones do; what had no answer is sent again under its id. */
async function comeBack(unanswered = []) {
	await Promise.all([...everyone(), eye].map((phone) => phone.resume()));
	for (const { phone, type, fields, id } of unanswered)
		await phone.request(type, fields, id);
}

test("the daemon is killed while they play and write: nobody hears it, nothing acknowledged is lost, nothing twice", async (t) => {
	const score = await startScore(ann, ear, { bpm: 88, metre: ann.state.tempoState.time_signature });
	await goTo(ann, another(score, 5), score);
	const before_kill = ann.state.setlist.items.length;
	const unanswered = [];
	const ask = (phone, type, fields) => {
		const id = `evening-${Math.floor(rnd() * 2 ** 31)}`;
		return phone.request(type, fields, id).catch(() => unanswered.push({ phone, type, fields, id }));
	};
	const spare = book.get([...book.keys()][29]).id;
	const answers = [];
	for (let i = 0; i < 12; i++)
		answers.push(ask(i % 2 ? ann : ann_tablet, "setlist.item.add", { song_id: spare, bpm_override: 200 + i }));
	for (const [i, phone] of Object.values(players).entries())
		answers.push(ask(phone, "profile.set", { display_name: `${Object.keys(players)[i]} II` }));
	await answers[0];
	await box.kill("tactusd");
	await Promise.all(answers);
	await plays(6);
	await box.start("tactusd");
	await comeBack(unanswered);
	await ann.when((state) => state.setlist.items.length >= before_kill + 12);
	const added = ann.state.setlist.items.filter((item) => item.song_id === spare && item.bpm_override >= 200).map((item) => item.bpm_override);
	assert.deepEqual(added.sort(), [...Array(12).keys()].map((i) => 200 + i));
	assert.equal(ann.state.setlist.items.length, before_kill + 12);
	assert.ok(Object.keys(PLAYERS).every((name) => ann.state.participants.some((p) => p.display_name === `${name} II`)));
	assert.equal(ann.state.tempoState.running, true);
	await inForce(score);
	await goTo(ann, another(score, 6), score);
	await inForce(score);
	await plays(8);
	await score.stop(ann, ear);
	t.diagnostic(`${unanswered.length} requests were repeated; ${JSON.stringify(score.judge(ear, PERIOD))}`);
	await allAgree(eye, everyone());
});

test("a phone sleeps and wakes; one comes with a bad network", async () => {
	players.Hal.terminate();
	await ann.when((state) => state.participants.find((p) => p.user_id === idOf(players.Hal)).away);
	await ann.request("setlist.item.move", { position: 0, to: 5 });
	await players.Hal.resume();
	assert.deepEqual(players.Hal.state.setlist, ann.state.setlist);
	const slow = new Phone(box.url, { delay: [0, 80], seed: SEED });
	slow.token = players.Hal.token;
	await slow.resume();
	await players.Hal.close();
	players.Hal = slow;
	for (let i = 0; i < 20; i++)
		await ann.request("setlist.item.move", { position: i % 15, to: (i * 7 + 1) % 15 });
	await allAgree(eye, everyone());
});

test("the daemon is restarted in order while it plays", async (t) => {
	const score = await startScore(ann, ear, { bpm: ann.state.tempoState.bpm, metre: ann.state.tempoState.time_signature });
	await Promise.all(Object.values(players).map((phone, i) => phone.request("metrics.report", { rtt_ms: 20 + i, jitter_ms: i, packet_loss_pct: 0 })));
	const was = await quiet(eye);
	assert.equal(await box.children.tactusd.stop(), true, "it ended when asked");
	await box.start("tactusd");
	await comeBack();
	const is = await quiet(eye);
	const still = ({ session, setlist, roleAssignments, activeSong }) => ({ session, setlist, roleAssignments, activeSong });
	assert.deepEqual(still(is), still(was));
	await goTo(ann, another(score, 8), score);
	await inForce(score);
	await plays(8);
	await score.stop(ann, ear);
	t.diagnostic(JSON.stringify(score.judge(ear, PERIOD)));
	await allAgree(eye, everyone());
});

test("Ivy is shown the door, the code is renewed, Jon comes", async () => {
	const { Ivy } = players;
	const token = Ivy.token;
	delete players.Ivy;
	await ann.request("participant.remove", { user_id: idOf(Ivy) });
	await ann.when((state) => state.participants.length === 8 && !state.roleAssignments.some((r) => r.user_id === idOf(Ivy)));
	checkError((await Ivy.request("ready.set", { ready: true }).catch((e) => e)).answer, "not_joined", null);
	const stranger = await Phone.open(box.url);
	checkError((await stranger.request("session.resume", { token }).catch((e) => e)).answer, "token_unknown", "token");
	const renewed = (await ann.request("session.renew_code")).code;
	assert.notEqual(renewed, code);
	checkError((await stranger.join(code, "Ivy").catch((e) => e)).answer, "code_unknown", "code");
	code = renewed;
	await stranger.join(code, "Jon");
	players.Jon = stranger;
	await players.Jon.request("role.assign", { slot_id: slots.strings });
	await Ivy.close();
	await allAgree(eye, everyone());
});

/** @type {any} */
let at_closing;

test("the end: every phone shows what a newcomer would be told; all is closed", async () => {
	at_closing = timeless(await allAgree(eye, everyone()));
	for (const phone of everyone())
		assert.deepEqual(phone.holes, []);
	await ann.request("session.close");
	for (const phone of everyone())
		await phone.when((state) => state.session.active === false);
	await Promise.all(everyone().map((phone) => phone.close()));
});

test("the database is whole, and has what the evening was", async () => {
	assert.equal(await box.children.tactusd.stop(), true);
	checkDatabase(box);
	const [counted] = sqlite(box, `SELECT (SELECT count(*) FROM song) AS songs, (SELECT count(*) FROM setlist) AS setlists,
		(SELECT count(*) FROM setlist_item) AS items, (SELECT count(*) FROM participant) AS people,
		(SELECT count(*) FROM metrics_sample) AS samples, (SELECT sum(active) FROM session) AS open`);
	/* A kill may cost the samples of the last seconds; an orderly end costs none. */
	assert.ok(counted.samples >= 8 && counted.samples <= 40, `${counted.samples} samples`);
	assert.deepEqual({ ...counted, samples: 0 }, { songs: 30, setlists: 1, items: at_closing.setlist.items.length, people: 10, samples: 0, open: 0 });
});

test("next week: reopened, all of it is there", async () => {
	await box.start("tactusd");
	const dot = await Phone.open(box.url);
	const { sessions } = await dot.request("session.list", { pin: PIN });
	assert.deepEqual(sessions.map((one) => [one.session_id, one.active, one.md_display_name, one.people, one.setlists]), [[session_id, false, "Ann", 9, ["Tonight"]]]);
	const reopened = await dot.request("session.reopen", { session_id, pin: PIN });
	assert.deepEqual([reopened.session_id, reopened.code], [session_id, code]);
	await dot.close();
	await ann.resume();
	await eye.resume();
	const now = await quiet(eye);
	/* Who was away, ready or talking is of the evening; the loudspeaker is the session's again. */
	const lasting = ({ session, setlist, roleAssignments, activeSong, participants }) => ({ session, setlist, roleAssignments, activeSong,
		participants: participants.map(({ away, ready, ptt_state, ...rest }) => rest) });
	assert.deepEqual(lasting(now), lasting(at_closing));
	assert.equal(now.session.active, true);
	assert.equal(ann.state.you.is_md, true);
	assert.equal(now.tempoState.bpm, at_closing.tempoState.bpm);
	assert.ok(now.tempoState.anchor_bar_index >= at_closing.tempoState.anchor_bar_index);
	await players.Cas.resume();
	await ann.request("song.activate", { position: 1 });
	await players.Cas.when((state) => state.activeSong?.position === 1);
	assert.equal((await players.Cas.request("song.list")).total, 30);
	await ann.request("tempo.start");
	await players.Cas.when((state) => state.tempoState.running);
	await ann.request("tempo.stop");
});
