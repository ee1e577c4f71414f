/*
 * A request is carried out once, however often it comes: at once, after a reconnect, after a kill of
 * the daemon; and the same id with another request is refused.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { idOf, openBand, refusedBy, sqlite, timeless } from "../lib/band.mjs";
import { startBox, until } from "../lib/box.mjs";
import { Phone } from "../lib/phone.mjs";
import { checkError, look } from "../lib/refusal.mjs";

const box = await startBox({ audio: false });
after(() => box.stop());

const band = await openBand(box, { members: ["Ben", "Cas", "Gil"], songs: ["One", "Two", "Three"], setlist: true });
const { md, eye, songs, slots, setlist_id } = band;
const { Ben, Cas, Gil } = band.people;
after(() => band.close());

/** State and revision, but for the times at which people were heard. */
const all = async () => {
	const state = await look(eye);
	return { revision: state.revision, ...timeless(state) };
};
/** An answer without what is of the moment at which it comes. */
const lasting = ({ revision, ...answer }) => answer;

/** Fields in another order: the same request. */
const turned = (fields) => Object.fromEntries(Object.entries(fields).reverse());

/** What was carried out so far: it must never be again. @type {{phone: Phone, type: string, fields: any, id: string, answer: any}[]} */
const done = [];

/** It comes again: the first answer, and nothing else. */
async function comesAgain({ phone, type, fields, id, answer }) {
	const before = await all();
	for (const again of [fields, turned(fields)])
		assert.deepEqual(lasting(await phone.request(type, again, id)), lasting(answer), type);
	assert.deepEqual(await all(), before, `${type} once more`);
}

/** @param {Phone} phone @param {string} type @param {any} fields @param {any} other the same id with this is refused */
async function onceOnly(phone, type, fields, other, id = `once-${done.length}`) {
	const before = await all();
	const answer = await phone.request(type, fields, id);
	assert.equal(answer.type, "ok");
	const entry = { phone, type, fields, id, answer };
	done.push(entry);
	const is = await all();
	if (answer.revision !== undefined && is.revision !== before.revision)
		assert.equal(answer.revision, is.revision);
	await comesAgain(entry);
	for (const [type_too, body] of [[type, other], ["profile.set", { display_name: "Somebody" }]])
		if (body !== null && (type_too !== type || body !== fields))
			checkError((await refusedBy(phone.request(type_too, body, id))).answer, "id_reused", "id", /id/);
	assert.deepEqual(await all(), is);
	return answer;
}

const item = (fields) => ({ setlist_id, ...fields });
/** What is stored before its ok. @type {Record<string, () => Promise<[Phone, any, any]> | [Phone, any, any]>} phone, fields, other fields */
const durable = {
	"profile.set": () => [Ben, { display_name: "Benny" }, { display_name: "Bennie" }],
	"role.assign": () => [Ben, { slot_id: slots.bass }, { slot_id: slots.drums }],
	"role.clear": () => [Ben, { slot_id: slots.bass }, { slot_id: slots.drums }],
	"song.create": () => [md, { title: "Once" }, { title: "Twice" }],
	"song.update": () => [md, { song_id: songs.Two, title: "Two more" }, { song_id: songs.Two, title: "Two less" }],
	"song.delete": async () => {
		const { song_id } = await md.request("song.create", { title: "Gone" });
		return [md, { song_id }, { song_id: songs.One }];
	},
	"song.import": () => [md, { format: "csv", text: "title\nAlpha\nBeta\n" }, { format: "csv", text: "title\nGamma\n" }],
	"setlist.create": () => [md, { title: "Copy", copy_of: setlist_id }, { title: "Copy" }],
	"setlist.rename": () => [md, { setlist_id, title: "Tonight!" }, { setlist_id, title: "Tomorrow" }],
	"setlist.activate": () => [md, { setlist_id: null }, { setlist_id }],
	"setlist.item.add": () => [md, item({ song_id: songs.One, position: 1 }), item({ song_id: songs.One })],
	"setlist.item.update": () => [md, item({ position: 0, bpm_override: 77 }), item({ position: 0, bpm_override: 78 })],
	"setlist.item.move": () => [md, item({ position: 0, to: 2 }), item({ position: 0, to: 1 })],
	"setlist.item.remove": () => [md, item({ position: 0 }), item({ position: 1 })],
	"setlist.delete": async () => {
		const made = await md.request("setlist.create", { title: "Short-lived" });
		return [md, { setlist_id: made.setlist_id }, { setlist_id }];
	},
	"song.activate": () => [md, { song_id: songs.Three }, { song_id: songs.One }],
	"session.renew_code": () => [md, {}, null],
	"session.release_output": () => [md, {}, null],
	"session.take_output": () => [md, {}, null],
	"participant.remove": () => [md, { user_id: idOf(Gil) }, { user_id: idOf(Cas) }],
	"tempo.handoff": () => [md, { user_id: idOf(Ben) }, { user_id: idOf(Cas) }],
};

for (const [type, prepare] of Object.entries(durable))
	test(`${type} comes again: its first answer, nothing changed, no revision; another body is id_reused`, async () => {
		const [phone, fields, other] = await prepare();
		await onceOnly(phone, type, fields, other);
	});

/* Ben has the tempo by now. What is told when the click has it, and stored behind. */
for (const [type, fields, other] of /** @type {[string, any, any][]} */ ([
	["tempo.set", { bpm: 99 }, { bpm: 98 }], ["tempo.start", { count_in_bars: 1 }, {}], ["tempo.set", { bpm: 97, in_bars: 60 }, { bpm: 96 }],
	["tempo.cancel", {}, null], ["tempo.stop", {}, null], ["click.set", { volume: 33, sound: "wood" }, { volume: 34 }],
]))
	test(`${type} ${JSON.stringify(fields)} comes again`, () => onceOnly(Ben, type, fields, other));

test("what was undone meanwhile stays undone when the first request comes again", async () => {
	const start = { phone: Ben, type: "tempo.start", fields: {}, id: "start-1" };
	const stop = { phone: Ben, type: "tempo.stop", fields: {}, id: "stop-1" };
	for (const one of [start, stop])
		done.push({ ...one, answer: await Ben.request(one.type, {}, one.id) });
	await Ben.request("tempo.start", {}, "start-2");
	await Ben.when((state) => state.tempoState.running);
	await comesAgain(done.at(-1));
	assert.equal((await look(eye)).tempoState.running, true);
	await Ben.request("tempo.stop", {}, "stop-2");
	await comesAgain(done.at(-2));
	assert.equal((await look(eye)).tempoState.running, false);
	await comesAgain(done.find((one) => one.type === "role.assign"));
	assert.equal((await look(eye)).roleAssignments.some((r) => r.slot_id === slots.bass), false);
});

test("twice in one piece of the network, and from two devices: carried out once, answered twice", async () => {
	const before = await md.request("song.list", { query: "Twin" });
	md.ws._socket.cork();
	const asked = ["twin", "twin"].map((id) => new Promise((resolve) => {
		md.on("message", (message) => message.re === id && resolve(message));
		md.send_raw(JSON.stringify({ id, type: "song.create", title: "Twin" }));
	}));
	md.ws._socket.uncork();
	const [first, second] = await Promise.all(asked);
	assert.deepEqual(lasting(first), lasting(second));
	const tablet = await Phone.open(box.url);
	await tablet.request("session.resume", { token: md.token });
	assert.deepEqual(lasting(await tablet.request("song.create", { title: "Twin" }, "twin")), lasting(first));
	assert.equal((await md.request("song.list", { query: "Twin" })).total, before.total + 1);
	/* Also where the answer is the loop's and not the table's. */
	const at_once = await Promise.all([md, tablet].map((phone) => phone.request("song.activate", { song_id: songs.One }, "both")));
	assert.ok(Number.isInteger(at_once[0].at_bar));
	assert.deepEqual(lasting(at_once[0]), lasting(at_once[1]));
	await tablet.close();
});

test("ids are a user's own: two users may have the same", async () => {
	const [a, b] = await Promise.all([[Ben, "Ben again"], [Cas, "Cas again"]].map(([phone, display_name]) => phone.request("profile.set", { display_name }, "same")));
	assert.deepEqual([a.type, b.type], ["ok", "ok"]);
	await md.when((state) => ["Ben again", "Cas again"].every((name) => state.participants.some((p) => p.display_name === name)));
	const [c, d] = await Promise.all([[Ben, slots.brass], [Cas, slots.choir]].map(([phone, slot_id]) => phone.request("role.assign", { slot_id }, "same 2")));
	assert.deepEqual([c.type, d.type], ["ok", "ok"]);
	await md.when((state) => state.roleAssignments.length === 2);
});

test("what was refused may come again under its id, and succeeds when the reason is gone", async () => {
	/** @type {[Phone, string, any, string, () => Promise<any>][]} */
	const cases = [
		[Ben, "role.assign", { slot_id: slots.choir }, "slot_taken", () => Cas.request("role.clear", { slot_id: slots.choir })],
		[md, "song.delete", { song_id: songs.Two }, "song_in_use", async () => {
			const { setlists } = await md.request("setlist.list");
			for (const one of setlists)
				await md.request("setlist.delete", { setlist_id: one.id });
		}],
		[md, "setlist.item.add", { song_id: songs.One }, "no_setlist", async () =>
			md.request("setlist.activate", { setlist_id: (await md.request("setlist.create", { title: "Late" })).setlist_id })],
		[Ben, "tempo.cancel", {}, "nothing_pending", async () => {
			await Ben.request("tempo.start");
			await Ben.request("tempo.set", { bpm: 66, in_bars: 60 });
		}],
		[Ben, "tempo.start", {}, "already_running", () => Ben.request("tempo.stop")],
		[Cas, "tempo.set", { bpm: 55 }, "not_controller", () => md.request("tempo.handoff", { user_id: idOf(Cas) })],
		[Ben, "tempo.handoff", { user_id: idOf(Ben) }, "not_controller", () => md.request("tempo.handoff", { user_id: idOf(Ben) })],
	];
	for (const [i, [phone, type, fields, code, change]] of cases.entries()) {
		const id = `refused-${i}`;
		for (let tries = 0; tries < 2; tries++)
			assert.equal((await refusedBy(phone.request(type, fields, id))).code, code, type);
		await change();
		const answer = await phone.request(type, fields, id);
		assert.equal(answer.type, "ok");
		await comesAgain({ phone, type, fields, id, answer });
	}
	await Ben.request("tempo.stop");
});

test("a hand-over that comes again from one who has the tempo no more gets its first answer", async () => {
	const entry = { phone: Ben, type: "tempo.handoff", fields: { user_id: idOf(Cas) }, id: "away-with-it" };
	entry.answer = await Ben.request(entry.type, entry.fields, entry.id);
	done.push(entry);
	assert.equal((await refusedBy(Ben.request("tempo.handoff", { user_id: idOf(Ben) }, "give-it-back"))).code, "not_controller");
	await md.request("tempo.handoff", { user_id: idOf(md) });
	await comesAgain(entry);
	assert.equal((await look(eye)).tempoState.controller_user_id, idOf(md));
});

test("a request of an MD who is none any more gets its first answer, a new one is refused", async (t) => {
	const other = await openBand(box, { md: "Zoe" });
	t.after(() => other.close());
	const answer = await other.md.request("song.create", { title: "While MD" }, "while-md");
	const fay = await Phone.open(box.url);
	await fay.request("session.claim", { code: other.code, display_name: "Fay" });
	assert.deepEqual(lasting(await other.md.request("song.create", { title: "While MD" }, "while-md")), lasting(answer));
	assert.equal((await refusedBy(other.md.request("song.create", { title: "While MD" }, "now"))).code, "not_md");
	await fay.close();
});

test("what is told of oneself just now is told each time", async () => {
	const ben = (state) => state.participants.find((p) => p.user_id === idOf(Ben));
	for (const ready of [true, false, true]) {
		await Ben.request("ready.set", { ready }, "ready");
		await md.when((state) => ben(state).ready === ready);
	}
	for (const state_wanted of ["talking", "idle"]) {
		await Ben.request("ptt.set", { state: state_wanted }, "ptt");
		await md.when((state) => ben(state).ptt_state === state_wanted);
	}
	for (const rtt_ms of [17, 18]) {
		await Ben.request("metrics.report", { rtt_ms, jitter_ms: 1, packet_loss_pct: 1 }, "metrics");
		await md.when((state) => ben(state).network_rtt_ms === rtt_ms);
	}
});

test("reads, taps, and what comes before joining are carried out each time", async () => {
	for (const [type, first, second] of /** @type {[string, any, any][]} */ ([
		["song.list", { query: "One" }, { query: "Three" }], ["setlist.list", {}, {}], ["session.list", {}, {}], ["clock.ping", { t0: 1 }, { t0: 2 }],
	])) {
		const answers = [await md.request(type, first, "read"), await md.request(type, second, "read")];
		assert.ok(answers.every((answer) => answer.type !== "error"), type);
		if (type === "song.list")
			assert.notDeepEqual(answers[0].songs, answers[1].songs);
	}
	/* The same tap once more is no new one; one of another moment is. */
	const { t2 } = await md.ping();
	const first = await md.request("tempo.tap", { at: t2 - 600 }, "tap");
	const second = await md.request("tempo.tap", { at: t2 }, "tap");
	assert.deepEqual([first.taps, second.taps], [1, 2]);
	const stranger = await Phone.open(box.url);
	const made = [await stranger.create("Eve"), await stranger.create("Eve")];
	const [one, two] = await Promise.all([1, 2].map(async () => {
		const phone = await Phone.open(box.url);
		const ok = await phone.request("session.create", { display_name: "Eve" }, "new");
		await phone.close();
		return ok;
	}));
	assert.equal(new Set([...made, one, two].map((ok) => ok.session_id)).size, 4);
	await stranger.close();
});

test("leaving and closing that come again: one who is back has not left once more", async (t) => {
	const other = await openBand(box, { md: "Zoe", members: ["Yan"] });
	t.after(() => other.close());
	const { Yan } = other.people;
	await Yan.request("session.leave", {}, "leave");
	checkError((await refusedBy(Yan.request("session.leave", {}, "leave"))).answer, "not_joined", null);
	await Yan.request("session.join", { code: other.code, display_name: "Yan", token: Yan.token });
	assert.equal((await Yan.request("session.leave", {}, "leave")).type, "ok");
	await Yan.request("ready.set", { ready: true });
	await other.md.when((state) => state.participants.length === 2);

	await other.md.request("session.close", {}, "close");
	checkError((await refusedBy(other.md.request("session.close", {}, "close"))).answer, "not_joined", null);
	await other.md.request("session.reopen", { session_id: other.session_id });
	await other.md.request("session.resume", { token: other.md.token });
	assert.equal((await other.md.request("session.close", {}, "close")).type, "ok");
	await other.md.request("setlist.create", { title: "Still open" });
});

test("after a reconnect all of it comes again, and is answered as at first", async () => {
	for (const phone of [md, Ben, Cas]) {
		await phone.close();
		await phone.resume();
	}
	for (const entry of done)
		await comesAgain(entry);
});

test("after a kill of the daemon, too", async () => {
	const stored = () => sqlite(box, "SELECT count(*) AS n FROM request_result")[0].n;
	/* What is not stored before its ok is stored right behind. */
	const missing = () => done.filter(({ phone, id }) =>
		sqlite(box, `SELECT 1 AS there FROM request_result WHERE user_id = '${idOf(phone)}' AND request_id = '${id}'`).length === 0);
	await until(() => missing().length === 0, "all answers in the table", 5000, 100).catch(() => {});
	assert.deepEqual(missing().map(({ type, id }) => `${type} ${id}`), []);
	await box.kill("tactusd");
	await box.start("tactusd");
	for (const phone of [md, Ben, Cas, eye])
		await phone.resume();
	const before = [timeless(await look(eye)), stored()];
	for (const entry of done)
		await comesAgain(entry);
	assert.deepEqual([timeless(await look(eye)), stored()], before);
	for (const { phone, id } of done)
		checkError((await refusedBy(phone.request("profile.set", { display_name: "Nobody" }, id))).answer, "id_reused", "id");
});

test("a hundred requests, the daemon killed while they are under way, all sent again: each once", async () => {
	const asked = [...Array(100)].map((_, i) => ({ id: `flood-${i}`, fields: { title: `Flood ${String(i).padStart(3, "0")}` } }));
	const lost = [];
	const wave = asked.slice(0, 30).map((one) => md.request("song.create", one.fields, one.id).catch(() => lost.push(one)));
	await wave[0];
	await box.kill("tactusd");
	await Promise.all(wave);
	await box.start("tactusd");
	for (const phone of [md, Ben, Cas, eye])
		await phone.resume();
	const ids = new Map();
	for (const one of asked)
		ids.set(one.fields.title, (await md.request("song.create", one.fields, one.id)).song_id);
	const { songs: listed } = await md.request("song.list", { query: "Flood", limit: 200 });
	assert.deepEqual(listed.map((song) => [song.title, song.id]), [...ids]);
});
