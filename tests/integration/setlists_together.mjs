/*
 * Many hands on one setlist: requests made for an older state of it, and all at once.
 *
 * Only the MD may, so the hands are devices of the MD's.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { isDeepStrictEqual } from "node:util";

import { allAgree, changesNothing, checkDatabase, openBand, refusedBy, sqlite } from "../lib/band.mjs";
import { startBox } from "../lib/box.mjs";
import { Phone, Refused } from "../lib/phone.mjs";
import { random } from "../lib/proxy.mjs";
import { checkError, look } from "../lib/refusal.mjs";

const box = await startBox({ audio: false });
after(() => box.stop());

const bands = [];
after(() => Promise.all(bands.map((band) => band.close())));

async function band(options = {}) {
	const made = await openBand(box, { members: ["Ben"], songs: ["One", "Two", "Three", "Four"], setlist: true, ...options });
	bands.push(made);
	return made;
}

/** Further devices of the MD's. */
async function devices(it, count) {
	const made = [];
	for (let i = 0; i < count; i++) {
		const phone = await Phone.open(box.url, { seed: 7919 * it.number + i + 1 });
		phone.token = it.md.token;
		await phone.request("session.resume", { token: phone.token });
		it.people[`device ${i}`] = phone;
		made.push(phone);
	}
	return made;
}

const staleWords = /changed/;
const isStale = async (promise) => checkError((await refusedBy(promise)).answer, "stale", "revision", staleWords);
const item = (phone, type, fields) => phone.request(`setlist.item.${type}`, fields);
/** All four, for the present setlist. */
const four = (it) => [["add", { song_id: it.songs.One }], ["update", { position: 1, key_override: "D" }],
	["move", { position: 0, to: 1 }], ["remove", { position: 0 }]];

/* ---- outdated requests --------------------------------------------------------- */

test("with the revision of now: done; with one from before the last change: stale, and nothing changes", async () => {
	const it = await band();
	const { md, people, eye } = it;
	for (const [type, fields] of four(it)) {
		const { revision } = md.state;
		await item(md, type, { ...fields, revision });
		assert.equal(md.state.revision, revision + 1);
		for (const [other, others] of four(it))
			for (const old of [revision, revision - 1, 0, -1, -(2 ** 62)])
				await changesNothing(eye, () => item(md, other, { ...others, revision: old }), "stale", "revision", staleWords);
		await changesNothing(eye, () => item(md, type, { ...fields, setlist_id: it.setlist_id, revision }), "stale", "revision");
	}
	/* The present one, by number; one that is yet to come is as good. */
	await item(md, "move", { position: 0, to: 1, revision: md.state.revision });
	await item(md, "move", { position: 0, to: 1, revision: md.state.revision + 1000 });
	await allAgree(eye, [md, people.Ben]);
});

test("what else changes does not make it stale", async () => {
	const it = await band();
	const { md, people, eye, songs, setlist_id } = it;
	const { revision } = md.state;
	await people.Ben.request("profile.set", { display_name: "Benny" });
	await md.request("song.update", { song_id: songs.One, title: "Uno" });
	await md.request("setlist.rename", { setlist_id, title: "Tomorrow" });
	await md.request("song.activate", { position: 1 });
	await item(md, "update", { position: 0 });
	await item(md, "move", { position: 2, to: 2 });
	await refusedBy(item(md, "remove", { position: 99 }));
	const other = await md.request("setlist.create", { title: "Other" });
	await item(md, "add", { setlist_id: other.setlist_id, song_id: songs.One });
	await md.when((state) => state.revision >= revision + 5);
	await item(md, "move", { position: 0, to: 3, revision });
	await allAgree(eye, [md, people.Ben]);
});

test("a setlist that is not active: its changes have revisions, too", async () => {
	const { md, people, eye, songs } = await band();
	const { setlist_id } = await md.request("setlist.create", { title: "Other" });
	const { revision } = md.state;
	const first = await item(md, "add", { setlist_id, song_id: songs.One, revision });
	assert.equal(first.revision, revision + 1);
	await changesNothing(eye, () => item(md, "add", { setlist_id, song_id: songs.Two, revision }), "stale", "revision");
	await item(md, "add", { setlist_id, song_id: songs.Two, revision: first.revision });
	/* And what was made for the state before the first still holds for the active one. */
	await item(md, "move", { position: 0, to: 1, revision });
	await allAgree(eye, [md, people.Ben]);
});

test("who names no setlist means the one that was active then", async () => {
	const { md, people, eye, songs, setlist_id } = await band();
	const other = await md.request("setlist.create", { title: "Other", copy_of: setlist_id });
	const { revision } = md.state;
	await md.request("setlist.activate", { setlist_id: other.setlist_id });
	await changesNothing(eye, () => item(md, "remove", { position: 0, revision }), "stale", "revision");
	await item(md, "remove", { setlist_id, position: 0, revision });
	await item(md, "remove", { position: 0, revision: md.state.revision });
	/* Under way, and not told yet. */
	const asked = [md.request("setlist.activate", { setlist_id }), isStale(item(md, "add", { song_id: songs.One, revision: md.state.revision }))];
	await Promise.all(asked);
	const before = md.state.revision;
	await Promise.all([md.request("setlist.delete", { setlist_id }),
		refusedBy(item(md, "remove", { position: 0, revision: before })).then(({ answer }) => checkError(answer, "no_setlist", "setlist_id"))]);
	await allAgree(eye, [md, people.Ben]);
});

test("two devices, one state: whoever comes first, and nobody twice", async () => {
	const it = await band();
	const { md, people, eye } = it;
	const [left, right] = await devices(it, 2);
	for (let round = 0; round < 40; round++) {
		const { revision } = await allAgree(eye, [left, right]);
		const both = await Promise.allSettled([
			item(left, "move", { position: 0, to: 3, revision }), item(right, "move", { position: 0, to: 3, revision })]);
		assert.deepEqual(both.map((one) => one.status).sort(), ["fulfilled", "rejected"]);
		checkError(both.find((one) => one.status === "rejected").reason.answer, "stale", "revision", staleWords);
		assert.equal(md.state.setlist.items.length, 4);
	}
	/* One's own that is under way counts as well; a request that is refused does not. */
	const { revision } = await allAgree(eye, [left, right]);
	const fate = await Promise.allSettled([
		item(left, "remove", { position: 9, revision }), item(left, "move", { position: 1, to: 1, revision }),
		item(left, "move", { position: 0, to: 1, revision }), item(left, "move", { position: 0, to: 2, revision })]);
	assert.deepEqual(fate.map((one) => one.reason?.code ?? "ok"), ["position_range", "ok", "ok", "stale"]);
	await allAgree(eye, [md, people.Ben, left, right]);
});

test("the same request again is answered again, however old its revision", async () => {
	const it = await band();
	const { md, eye, songs } = it;
	const [device] = await devices(it, 1);
	const { revision } = md.state;
	const request = { song_id: songs.Two, position: 1, revision };
	const both = await Promise.all([md.request("setlist.item.add", request, "again"), device.request("setlist.item.add", request, "again")]);
	const third = await md.request("setlist.item.add", request, "again");
	for (const ok of [...both, third])
		assert.deepEqual([ok.type, ok.setlist_id, ok.position], ["ok", it.setlist_id, 1]);
	assert.equal((await look(eye)).setlist.items.length, 5);
	/* What was refused may be asked anew. */
	await isStale(md.request("setlist.item.remove", { position: 0, revision }, "refused"));
	await isStale(md.request("setlist.item.remove", { position: 0, revision }, "refused"));
});

test("over a restart of the box: what was before is stale, what the new welcome says is not", async () => {
	const it = await band();
	const { md, people, eye } = it;
	for (let round = 0; round < 3; round++) {
		await item(md, "move", { position: 0, to: 3 });
		const { revision } = md.state;
		if (round % 2)
			await box.kill("tactusd");
		else
			await box.children.tactusd.stop();
		await box.start("tactusd");
		for (const phone of it.phones.concat(eye))
			await phone.resume();
		assert.ok(md.state.revision > revision);
		await changesNothing(eye, () => item(md, "move", { position: 0, to: 3, revision }), "stale", "revision");
		await item(md, "move", { position: 0, to: 3, revision: md.state.revision });
		const [device] = await devices(it, 1);
		await Promise.all([item(md, "move", { position: 0, to: 3, revision: md.state.revision }),
			isStale(item(md, "move", { position: 0, to: 3, revision: device.state.revision }))]);
		await device.close();
	}
	await allAgree(eye, [md, people.Ben]);
	checkDatabase(box);
});

/* ---- all at once ----------------------------------------------------------------- */

/** Any change of a setlist of so many items. */
function anyChange(draw, count, songs) {
	const at = (below) => Math.floor(draw() * below);
	const song_id = songs[at(songs.length)];
	const what = at(10);
	if (what < 3 || count === 0)
		return ["add", { song_id, position: at(count + 1) }];
	if (what < 6)
		return ["move", { position: at(count), to: at(count) }];
	if (what < 8)
		return ["remove", { position: at(count) }];
	return ["update", { position: at(count), song_id, bpm_override: 30 + at(231) }];
}

/** What schema/messages.md says that it does, to an array. */
function applied(items, type, fields) {
	const rows = items.map(({ song_id, bpm_override }) => ({ song_id, bpm_override }));
	if (type === "add")
		rows.splice(fields.position, 0, { song_id: fields.song_id, bpm_override: null });
	else if (type === "move")
		rows.splice(fields.to, 0, ...rows.splice(fields.position, 1));
	else if (type === "remove")
		rows.splice(fields.position, 1);
	else
		rows[fields.position] = { song_id: fields.song_id, bpm_override: fields.bpm_override };
	return rows;
}

const dense = (setlist) => assert.deepEqual(setlist.items.map((one) => one.position), setlist.items.map((_, i) => i));
const bare = (setlist) => setlist.items.map(({ song_id, bpm_override }) => ({ song_id, bpm_override }));

/** The setlist at each revision, as this phone hears of it. */
function history(phone) {
	const at = new Map([[phone.state.revision, phone.state.setlist]]);
	phone.on("state", (state) => at.set(state.revision, state.setlist));
	return at;
}

test("eight devices at once: dense, the song that is on in its place, and all agree", async () => {
	const it = await band();
	const { md, people, eye, songs } = it;
	const hands = await devices(it, 8);
	const ids = Object.values(songs);
	await md.request("song.activate", { position: 1 });
	const at = history(people.Ben);
	const done = [];
	await Promise.all(hands.map(async (hand, number) => {
		const draw = random(4711 + number);
		for (let i = 0; i < 60; i++) {
			const [type, fields] = anyChange(draw, hand.state.setlist.items.length, ids);
			const answer = await item(hand, type, fields).catch((error) => error);
			if (answer instanceof Refused)
				assert.equal(answer.code, "position_range", answer.message);
			else
				done.push({ type, fields, answer });
		}
	}));
	const whole = await allAgree(eye, [...hands, md, people.Ben]);
	/* Each state follows from the one before by one that was answered with its revision; what else was
	 * answered with that changed nothing. */
	const follows = new Map();
	for (const { type, fields, answer: { revision } } of done) {
		const [before, now] = [at.get(revision - 1), at.get(revision)];
		dense(now);
		if (isDeepStrictEqual(applied(now.items, type, fields), bare(now)))
			continue;
		assert.deepEqual(bare(now), applied(before.items, type, fields));
		assert.ok(!follows.has(revision), `two made revision ${revision}`);
		follows.set(revision, type);
	}
	assert.ok(follows.size > 200, `${follows.size} changes`);
	if (whole.session.active_position !== null)
		assert.equal(whole.setlist.items[whole.session.active_position].song_id, whole.activeSong.song_id);
	assert.deepEqual(sqlite(box, `SELECT count(*) AS n FROM setlist_item WHERE setlist_id = '${it.setlist_id}'`), [{ n: whole.setlist.items.length }]);
	checkDatabase(box);
});

test("eight devices at once, each for the state that it has: what is let through is what was meant", async () => {
	const it = await band();
	const { md, people, eye, songs } = it;
	const hands = await devices(it, 8);
	const ids = Object.values(songs);
	await md.request("song.activate", { position: 1 });
	const at = history(people.Ben);
	let [let_through, stale] = [0, 0];
	await Promise.all(hands.map(async (hand, number) => {
		const draw = random(1147 + number);
		for (let i = 0; i < 80; i++) {
			const { revision, setlist } = hand.state;
			const [type, fields] = anyChange(draw, setlist.items.length, ids);
			const answer = await item(hand, type, { ...fields, revision }).catch((error) => error);
			if (answer instanceof Refused) {
				checkError(answer.answer, "stale", "revision", staleWords);
				stale++;
				continue;
			}
			let_through++;
			await people.Ben.when((state) => state.revision >= answer.revision);
			if (at.get(answer.revision - 1) !== at.get(answer.revision))
				assert.deepEqual(bare(at.get(answer.revision)), applied(setlist.items, type, fields));
			else
				assert.deepEqual(applied(setlist.items, type, fields), bare(setlist), "told nothing, so it changed nothing");
		}
	}));
	assert.ok(let_through >= 80 && stale > 0, `${let_through} let through, ${stale} stale`);
	await allAgree(eye, [...hands, md, people.Ben]);
	checkDatabase(box);
});
