/*
 * Who is who: coming, going, taking over, handing on; and who guesses is kept out.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import WebSocket from "ws";

import { startBox } from "../lib/box.mjs";
import { Phone } from "../lib/phone.mjs";
import { checkError, checkMerged, hears, look, openEye, refuses } from "../lib/refusal.mjs";

const PIN = "424242";

const box = await startBox({ audio: false, pin: PIN });
after(() => box.stop());

/** @type {Phone[]} */
const phones = [];
after(() => Promise.all(phones.map((phone) => phone.close())));

async function phoneAt(at = box) {
	const phone = await Phone.open(at.url);
	phones.push(phone);
	return phone;
}

async function md(name = "Ann", at = box) {
	const phone = await phoneAt(at);
	phone.code = (await phone.create(name, PIN)).code;
	return phone;
}

async function member(code, name, at = box) {
	const phone = await phoneAt(at);
	await phone.join(code, name);
	return phone;
}

/** MD and two members, and an eye of the MD's. */
async function band(at = box) {
	const ann = await md("Ann", at);
	const [ben, cas] = [await member(ann.code, "Ben", at), await member(ann.code, "Cas", at)];
	const eye = await openEye(at, ann.token);
	phones.push(eye);
	return { ann, ben, cas, eye, code: ann.code };
}

const id = (phone) => phone.state.you.user_id;
const names = (state) => state.participants.map((p) => p.display_name);
const controller = (state) => state.tempoState.controller_user_id;
/** A code that nobody has, made of one that somebody has. */
const unknown = (code) => (code.startsWith("CCC") ? "DDD" : "CCC") + code.slice(3);
const refused = (promise) => promise.then((ok) => assert.fail(`not refused: ${JSON.stringify(ok)}`), (error) => error);

/* ---- coming and going ------------------------------------------------------ */

test("create: MD and controller, alone, 120 in 4/4, standing still", async () => {
	const ann = await phoneAt();
	const ok = await ann.create("Ann", PIN);
	assert.match(ok.code, /^[A-Z0-9]{6}$/);
	assert.match(ok.token, /^[0-9a-f]{32}$/);
	assert.deepEqual(ann.state.you, { user_id: ok.user_id, is_md: true, is_controller: true });
	const { session, tempoState, participants } = ann.state;
	assert.equal(session.id, ok.session_id);
	assert.equal(session.md_user_id, ok.user_id);
	assert.equal(session.active, true);
	assert.deepEqual([tempoState.bpm, tempoState.time_signature, tempoState.running, tempoState.pending], [120, "4/4", false, null]);
	assert.equal(tempoState.anchor_bar_index, 0);
	assert.deepEqual(participants.map((p) => [p.user_id, p.away]), [[ok.user_id, false]]);
});

test("join: shown to all, in order of joining, and nobody's roles change", async () => {
	const { ann, ben, cas, eye } = await band();
	await ann.when((state) => state.participants.length === 3);
	assert.deepEqual(names(ann.state), ["Ann", "Ben", "Cas"]);
	assert.deepEqual([ben.state.you.is_md, ben.state.you.is_controller], [false, false]);
	assert.equal(controller(cas.state), id(ann));
	await checkMerged(eye, [ann, ben, cas]);
});

test("joining twice without a token makes two people, with the token one", async () => {
	const { ann, ben, code } = await band();
	const twin = await member(code, "Ben");
	assert.notEqual(id(twin), id(ben));
	const again = await phoneAt();
	const ok = await again.request("session.join", { code, display_name: "Benny", token: ben.token });
	assert.equal(ok.user_id, id(ben));
	assert.notEqual(ok.token, ben.token);
	await ann.when((state) => names(state).includes("Benny"));
	assert.deepEqual(names(ann.state), ["Ann", "Benny", "Cas", "Ben"]);
	/* Both keys open the same door. */
	for (const token of [ben.token, ok.token]) {
		const phone = await phoneAt();
		assert.equal((await phone.request("session.resume", { token })).user_id, id(ben));
	}
});

test("joining another session with an earlier evening's token: the same person in both", async () => {
	const { ben } = await band();
	const other = await md("Dot");
	const phone = await phoneAt();
	const ok = await phone.request("session.join", { code: other.code, display_name: "Ben", token: ben.token });
	assert.equal(ok.user_id, id(ben));
	assert.equal(phone.state.session.id, other.state.session.id);
	/* The earlier key still opens the earlier session. */
	const back = await phoneAt();
	assert.equal((await back.request("session.resume", { token: ben.token })).session_id, ben.state.session.id);
});

test("resume: same user, same roles, whole state; also on the same connection, also twice", async () => {
	const { ann, ben, eye } = await band();
	await ann.request("tempo.handoff", { user_id: id(ben) });
	const before = await look(eye);
	await ben.close();
	await ann.when((state) => state.participants[1].away);
	await ben.resume();
	assert.equal(ben.state.you.is_controller, true);
	await ann.when((state) => !state.participants[1].away);
	const revision = ben.state.revision;
	await ben.request("session.resume", { token: ben.token });
	await ben.request("session.resume", { token: ben.token });
	assert.equal(ben.state.revision, revision);
	assert.deepEqual(ben.state.tempoState, before.tempoState);
	assert.deepEqual(ben.holes, []);
});

test("two devices of one user: both may, both hear, one going makes nobody away", async () => {
	const { ann, ben, eye } = await band();
	const second = eye;
	assert.deepEqual(second.state.you, ann.state.you);
	await second.request("tempo.set", { bpm: 77 });
	await ann.when((state) => state.tempoState.bpm === 77);
	await second.close();
	await ann.request("tempo.set", { bpm: 78 });
	await ben.when((state) => state.tempoState.bpm === 78);
	assert.equal(ben.state.participants[0].away, false);
	await ann.close();
	await ben.when((state) => state.participants[0].away);
});

test("a connection that goes to another session hears the old one no more", async () => {
	const { ann, ben } = await band();
	const other = await md("Dot");
	await ben.join(other.code, "Ben");
	assert.equal(ben.state.session.id, other.state.session.id);
	await ann.when((state) => state.participants[1].away);
	const from = ben.heard.length;
	await ann.request("tempo.set", { bpm: 61 });
	await other.request("tempo.set", { bpm: 62 });
	await ben.when((state) => state.tempoState.bpm === 62);
	assert.deepEqual(ben.heard.slice(from).map((h) => h.message.tempoState.bpm), [62]);
});

test("leave: gone for all, also from one's other device; the token says so; joining again is the way", async () => {
	const { ann, ben, eye, code } = await band();
	const second = await phoneAt();
	await second.request("session.resume", { token: ben.token });
	const gone = hears(second, (m) => m.type === "state" && m.participants && !names(m).includes("Ben"));
	const from = ben.heard.length;
	await ben.request("session.leave");
	/* The one who asked is told too, before the ok. */
	assert.deepEqual(ben.heard.slice(from).map((h) => h.message.type), ["state", "ok"]);
	await gone;
	await ann.when((state) => !names(state).includes("Ben"));
	for (const phone of [ben, second]) {
		await refuses(eye, () => phone.request("session.leave"), "not_joined", null);
		await refuses(eye, () => phone.request("session.resume", { token: ben.token }), "left", "token", /join again/);
	}
	const heard = ben.heard.length;
	await ann.request("tempo.set", { bpm: 88 });
	await ben.ping();
	assert.equal(ben.heard.length, heard);
	const ok = await ben.request("session.join", { code, display_name: "Ben", token: ben.token });
	await checkMerged(eye, [ann, ben]);
	/* The earlier key is good again: the same person is back. */
	await second.request("session.resume", { token: ben.token });
	assert.equal(second.state.you.user_id, ok.user_id);
});

test("when the controller leaves, the MD is controller", async () => {
	const { ann, ben, cas, eye } = await band();
	await ann.request("tempo.handoff", { user_id: id(ben) });
	await refuses(eye, () => ann.request("tempo.set", { bpm: 70 }), "not_controller", null);
	await ben.request("session.leave");
	await cas.when((state) => controller(state) === id(ann));
	await ann.request("tempo.set", { bpm: 70 });
	await checkMerged(eye, [ann, cas]);
});

test("a controller who only goes out of reach stays controller", async () => {
	const { ann, ben } = await band();
	await ann.request("tempo.handoff", { user_id: id(ben) });
	ben.terminate();
	await ann.when((state) => state.participants[1].away);
	assert.equal(controller(ann.state), id(ben));
	await ben.resume();
	await ben.request("tempo.set", { bpm: 71 });
});

test("when the MD leaves, the tempo goes on, and a claim is the way", async () => {
	const { ann, ben, code } = await band();
	await ann.request("tempo.start");
	await ann.request("session.leave");
	await ben.when((state) => names(state).join() === "Ben,Cas");
	assert.equal(ben.state.tempoState.running, true);
	const dot = await phoneAt();
	await dot.request("session.claim", { code, display_name: "Dot", pin: PIN });
	await ben.when((state) => state.session.md_user_id === id(dot));
	await dot.request("tempo.stop");
});

test("one of the band who claims stays the same person, with the roles", async () => {
	const { ann, ben, cas, eye, code } = await band();
	const { slots } = ann.state;
	await ben.request("role.assign", { slot_id: slots[2].id });
	const before = id(ben);
	const ok = await ben.request("session.claim", { code, pin: PIN, display_name: "Benjamin" });
	assert.equal(ok.user_id, before);
	assert.equal(ben.state.session.md_user_id, before);
	assert.equal(controller(ben.state), before);
	assert.deepEqual(names(ben.state), ["Ann", "Benjamin", "Cas"]);
	assert.equal(ben.state.roleAssignments[0].user_id, before);
	assert.deepEqual(ben.state.you, { user_id: before, is_md: true, is_controller: true });
	await checkMerged(eye, [ann, ben, cas]);
	/* Who has left is nobody's ghost. */
	await cas.request("session.leave");
	const again = await cas.request("session.claim", { code, pin: PIN, display_name: "Cas" });
	assert.notEqual(again.user_id, id(ann));
	assert.deepEqual(names(cas.state), ["Ann", "Benjamin", "Cas"]);
});

test("close: silent, all detached, code and tokens dead, and nothing of it comes back", async () => {
	const { ann, ben, eye, code } = await band();
	await ann.request("tempo.start");
	const told = hears(ben, (m) => m.type === "state" && m.session?.active === false);
	const from = ann.heard.length;
	await ann.request("session.close");
	assert.equal(ann.heard.slice(from).map((h) => h.message.type).at(-1), "ok");
	assert.ok(ann.heard.slice(from).some((h) => h.message.session?.active === false));
	const last = await told;
	assert.equal(last.tempoState.running, false);
	assert.equal(last.click.on_air, false);
	for (const phone of [ann, ben, eye]) {
		checkError((await refused(phone.request("session.leave"))).answer, "not_joined", null);
		checkError((await refused(phone.request("session.resume", { token: phone.token }))).answer, "session_closed", "token", /closed/);
	}
	const stranger = await phoneAt();
	checkError((await refused(stranger.join(code))).answer, "code_unknown", "code", /music director/);
	checkError((await refused(stranger.request("session.claim", { code, display_name: "Eve", pin: PIN }))).answer, "code_unknown", "code");
	assert.deepEqual(ben.holes, []);
});

/* ---- names, codes ----------------------------------------------------------- */

test("names that people have", async () => {
	const { code } = await md();
	const names = ["x", "x".repeat(40), "Jürgen", "李小龙", "שלום", "محمد", "👩🏽‍🎤 Zoë", "🥁".repeat(40), "O'Brien; DROP TABLE user", "<b>",
		"  Ann  ", "\u202bعلي\u202c"];
	for (const name of names) {
		const phone = await phoneAt();
		await phone.join(code, name);
		const mine = phone.state.participants.find((p) => p.user_id === phone.state.you.user_id);
		assert.equal(mine.display_name, name);
		await phone.request("session.leave");
		await phone.close();
	}
});

test("a code in lower case, with blanks and hyphens, is the same code", async () => {
	const { code } = await md();
	for (const spelled of [code.toLowerCase(), ` ${code.slice(0, 3)} ${code.slice(3)} `, code.split("").join("-")]) {
		const phone = await phoneAt();
		await phone.join(spelled, "Eve");
		assert.equal(phone.state.session.code, code);
		await phone.request("session.leave");
		await phone.close();
	}
});

/* ---- keys ------------------------------------------------------------------- */

test("token_unknown: random, foreign, cut, from another box", async (t) => {
	const { ann, eye, code } = await band();
	const elsewhere = await startBox({ audio: false, pin: PIN });
	t.after(() => elsewhere.stop());
	const foreign = await Phone.open(elsewhere.url);
	t.after(() => foreign.close());
	await foreign.create("Eve", PIN);
	const stranger = await phoneAt();
	for (const token of ["0".repeat(32), foreign.token, ann.token.slice(1), ann.token.toUpperCase(), `${ann.token} `, "' OR 1=1 --", "%", "_".repeat(32)]) {
		await refuses(eye, () => stranger.request("session.resume", { token }), "token_unknown", "token", /code/);
		await refuses(eye, () => stranger.request("session.join", { code, display_name: "Eve", token }), "token_unknown", "token");
	}
	assert.equal(stranger.state, null);
	await foreign.request("session.close");
});

test("an unknown token is no guess at a code: nobody is locked out for it", async () => {
	const { code, eye } = await band();
	const stranger = await phoneAt();
	for (let i = 0; i < 25; i++)
		checkError((await refused(stranger.request("session.join", { code, display_name: "Eve", token: "0".repeat(32) }))).answer,
			"token_unknown", "token");
	await stranger.join(code, "Eve");
	assert.equal(stranger.state.session.id, eye.state.session.id);
});

test("no token stands in any state", async () => {
	const { ann, ben, cas } = await band();
	const all = JSON.stringify([ann, ben, cas].map((p) => p.heard.filter((h) => h.message.type !== "ok")));
	for (const phone of [ann, ben, cas])
		assert.ok(!all.includes(phone.token));
});

/* ---- claim, hand-over --------------------------------------------------------- */

test("claim: a new user is MD and controller; the former one is not, and is told", async () => {
	const { ann, ben, eye, code } = await band();
	await ann.request("tempo.handoff", { user_id: id(ben) });
	await ben.request("tempo.start");
	const dot = await phoneAt();
	const ok = await dot.request("session.claim", { code: code.toLowerCase(), display_name: "Dot", pin: PIN });
	assert.deepEqual(dot.state.you, { user_id: ok.user_id, is_md: true, is_controller: true });
	await ann.when((state) => state.session.md_user_id === ok.user_id && controller(state) === ok.user_id);
	assert.equal(dot.state.tempoState.running, true);
	await refuses(eye, () => ann.request("session.close"), "not_md", null);
	await refuses(eye, () => ann.request("tempo.stop"), "not_controller", null);
	await refuses(eye, () => ben.request("tempo.set", { bpm: 90 }), "not_controller", null);
	await dot.request("tempo.stop");
	assert.equal((await look(eye)).you.is_md, false);
	await checkMerged(eye, [ann, ben, dot]);
});

test("claim without the PIN, with a wrong one, with an unknown code: nothing changes", async () => {
	const { eye, code } = await band();
	const eve = await phoneAt();
	await refuses(eye, () => eve.request("session.claim", { code, display_name: "Eve" }), "missing_field", "pin", /PIN/);
	await refuses(eye, () => eve.request("session.claim", { code, display_name: "Eve", pin: "000000" }), "pin_wrong", "pin", /PIN/);
	await refuses(eye, () => eve.request("session.claim", { code: unknown(code), display_name: "Eve", pin: PIN }), "code_unknown", "code");
	await refuses(eye, () => eve.request("session.create", { display_name: "Eve" }), "missing_field", "pin");
	assert.equal(eve.state, null);
	/* The right PIN clears what this address failed at. */
	await eve.request("session.claim", { code, display_name: "Eve", pin: PIN });
});

test("hand-over: one controller at a time, the MD takes it back", async () => {
	const { ann, ben, cas, eye } = await band();
	await refuses(eye, () => ben.request("tempo.handoff", { user_id: id(ben) }), "not_controller", null);
	await ann.request("tempo.handoff", { user_id: id(ben) });
	assert.equal(controller(ann.state), id(ben));
	await ben.request("tempo.set", { bpm: 66 });
	for (const type of ["tempo.start", "tempo.stop", "tempo.cancel", "click.test"])
		await refuses(eye, () => ann.request(type), "not_controller", null);
	await ben.request("tempo.handoff", { user_id: id(cas) });
	await refuses(eye, () => ben.request("tempo.set", { bpm: 67 }), "not_controller", null);
	await cas.request("tempo.set", { bpm: 67 });
	await ann.request("tempo.handoff", { user_id: id(ann) });
	await refuses(eye, () => cas.request("tempo.set", { bpm: 68 }), "not_controller", null);
	await ann.request("tempo.set", { bpm: 68 });
	await ann.request("tempo.handoff", { user_id: id(ann) });
	await checkMerged(eye, [ann, ben, cas]);
});

test("no_such_member: to nobody, to one who has left, to one of another session", async () => {
	const { ann, ben, eye } = await band();
	const other = await md("Dot");
	const was = id(ben);
	await ben.request("session.leave");
	for (const user_id of ["00000000-0000-4000-8000-000000000000", was, id(other)])
		await refuses(eye, () => ann.request("tempo.handoff", { user_id }), "no_such_member", "user_id", /session/);
	assert.equal(controller((await look(eye))), id(ann));
});

test("two hand-overs and a leave at once: one controller, who is there", async () => {
	const { ann, ben, cas, eye } = await band();
	const asked = [
		ann.request("tempo.handoff", { user_id: id(ben) }), ben.request("session.leave"),
		ann.request("tempo.handoff", { user_id: id(cas) }), ann.request("tempo.handoff", { user_id: id(ben) }),
	];
	await Promise.allSettled(asked);
	const state = await look(eye);
	assert.ok([id(ann), id(cas)].includes(controller(state)));
	await checkMerged(eye, [ann, cas]);
});

/* ---- guessing -------------------------------------------------------------------- */

/** A phone that comes from another address of this machine. */
async function phoneFrom(localAddress, at) {
	const phone = new Phone(at.url);
	const ws = new WebSocket(`${at.url.replace("http", "ws")}/ws`, "tactus.v1", { localAddress, perMessageDeflate: false });
	phone.ws = ws;
	phone.put = (text) => ws.send(text);
	ws.on("message", (text) => phone.receive(String(text)));
	ws.on("close", (status) => phone.closed(status));
	await new Promise((resolve, reject) => ws.once("open", resolve).once("error", reject));
	phones.push(phone);
	return phone;
}

/** Tries until locked out; the refusal that says so, and how many tries it took. */
async function guess(ask, wrong) {
	for (let tries = 1; tries < 40; tries++) {
		const error = await refused(ask());
		if (error.code === "locked_out")
			return { answer: error.answer, tries };
		assert.equal(error.code, wrong);
	}
	assert.fail("never locked out");
}

for (const [what, field, wrong, ask] of [
	["PIN", "pin", "pin_wrong", (phone, code) => phone.request("session.claim", { code, display_name: "Eve", pin: "999999" })],
	["code", "code", "code_unknown", (phone, code) => phone.join(unknown(code), "Eve")],
])
	test(`guessing a ${what} locks its address out, and nobody else`, async (t) => {
		const guarded = await startBox({ audio: false, pin: PIN });
		t.after(() => guarded.stop());
		const ann = await phoneAt(guarded);
		const { code } = await ann.create("Ann", PIN);
		const eye = await openEye(guarded, ann.token);
		phones.push(eye);
		const eve = await phoneFrom("127.0.0.3", guarded);
		const { answer, tries } = await guess(() => ask(eve, code), wrong);
		checkError(answer, "locked_out", field, /wait (\d+) seconds/);
		assert.ok(tries <= 6, `${tries} tries`);
		const [, seconds] = answer.message.match(/wait (\d+) seconds/);
		assert.ok(seconds >= 1 && seconds <= 300, seconds);

		/* Also with what is right, and from another connection. */
		const other = await phoneFrom("127.0.0.3", guarded);
		const right = () => what === "PIN" ? other.request("session.claim", { code, display_name: "Eve", pin: PIN }) : other.join(code, "Eve");
		await refuses(eye, right, "locked_out", field);

		/* A key that is valid opens from that address, and the one who is in goes on. */
		const held = await phoneFrom("127.0.0.3", guarded);
		await held.request("session.resume", { token: ann.token });
		await held.request("tempo.set", { bpm: 133 });

		/* An address that has not failed is not locked. */
		const good = await phoneFrom("127.0.0.2", guarded);
		const done = what === "PIN" ? await good.request("session.claim", { code, display_name: "Dot", pin: PIN }) : await good.join(code, "Dot");
		assert.ok(done.token);

		/* The wait is as long as was said; then what is right is let in. */
		if (seconds > 5)
			return;
		await sleep(seconds * 1000 + 200);
		await right();
	});
