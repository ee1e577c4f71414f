/*
 * Who may what: every request of the program by everybody there is. The table is the design's, not
 * the program's.
 *
 * timeout: 300 s
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { idOf, NO_UUID, openBand, quiet, timeless } from "../lib/band.mjs";
import { startBox } from "../lib/box.mjs";
import { BUILD } from "../lib/daemon.mjs";
import { Phone } from "../lib/phone.mjs";
import { checkError, look } from "../lib/refusal.mjs";

/* Who is who in each session: Ann is MD, Ben has the tempo, Cas is a member, Dan one whose phone has been
 * silent for so long that he is shown as away, Eve a stranger, and Zoe is MD of another session. */
const ACTORS = /** @type {const} */ (["Eve", "Zoe", "Dan", "Cas", "Ben", "Ann"]);
/** @typedef {typeof ACTORS[number]} Actor */

/** @type {Record<string, {may: Actor[], code?: string}>} those who may; what the others are told, strangers apart */
const WHO = {
	"anyone": { may: [...ACTORS] },
	"member": { may: ["Zoe", "Dan", "Cas", "Ben", "Ann"] },
	"controller": { may: ["Zoe", "Ben"], code: "not_controller" },
	"MD": { may: ["Zoe", "Ann"], code: "not_md" },
	"MD, controller": { may: ["Zoe", "Ben", "Ann"], code: "not_controller" },
};

/** @typedef {Awaited<ReturnType<typeof makeStage>>} Stage */

/** A song of its own, which no setlist has. @param {Stage} stage */
const freshSong = async (stage) => (await stage.md.request("song.create", { title: "Spare" })).song_id;
const freeSlot = (/** @type {Stage} */ stage, actor) =>
	Object.values(stage.slots)[ACTORS.indexOf(actor)];

/**
 * type (and what of it), who may, its fields, and what Zoe gets who names what belongs to Ann's session:
 * code and field. Without that she acts in her own session, if she may anything there.
 * @type {[string, keyof typeof WHO, (stage: Stage, actor: Actor, phone: Phone) => any, [string, string]?][]}
 */
const TABLE = [
	["clock.ping", "anyone", () => ({ t0: 1 })],
	["session.create", "anyone", () => ({ display_name: "Fay" })],
	["session.join", "anyone", ({ code }) => ({ code, display_name: "Fay" })],
	["session.resume", "anyone", ({ md }, _, phone) => ({ token: phone.token || md.token })],
	["session.claim", "anyone", ({ code }) => ({ code, display_name: "Fay" })],
	["session.list", "anyone", () => ({})],
	["session.reopen", "anyone", ({ session_id }) => ({ session_id })],
	["session.leave", "member", () => ({})],
	["session.close", "MD", () => ({})],
	["session.renew_code", "MD", () => ({})],
	["session.take_output", "MD", () => ({})],
	["session.release_output", "MD", () => ({})],
	["participant.remove", "MD", ({ people }) => ({ user_id: idOf(people.Gil) }), ["no_such_member", "user_id"]],
	["metrics.report", "member", () => ({ rtt_ms: 12, jitter_ms: 3, packet_loss_pct: 0.5 })],
	["profile.set", "member", (_, actor) => ({ display_name: `${actor} too` })],
	["ready.set", "member", () => ({ ready: true })],
	["ptt.set", "member", () => ({ state: "talking" })],
	["role.assign", "member", (stage, actor) => ({ slot_id: freeSlot(stage, actor) })],
	["role.assign of another", "MD", ({ people, slots }) => ({ slot_id: slots.brass, user_id: idOf(people.Gil) }), ["no_such_member", "user_id"]],
	["role.assign for a song", "MD", ({ slots, songs }) => ({ slot_id: slots.choir, scope_type: "song", scope_song_id: songs.One })],
	["role.clear", "member", (stage, actor) => ({ slot_id: freeSlot(stage, actor) })],
	["role.clear of another", "MD", ({ people, slots }) => ({ slot_id: slots.screen, user_id: idOf(people.Gil) }), ["no_such_member", "user_id"]],
	["role.clear for a song", "MD", ({ slots, songs }) => ({ slot_id: slots.lights, scope_type: "song", scope_song_id: songs.One })],
	["song.create", "MD", () => ({ title: "New" })],
	["song.update", "MD", async (stage) => ({ song_id: await freshSong(stage), notes: "Intro twice" })],
	["song.delete", "MD", async (stage) => ({ song_id: await freshSong(stage) })],
	["song.list", "member", () => ({})],
	["song.import", "MD", () => ({ format: "csv", text: "title,bpm\nImported,99\n" })],
	["setlist.create", "MD", () => ({ title: "Another" })],
	["setlist.create as a copy", "MD", ({ setlist_id }) => ({ title: "A copy", copy_of: setlist_id }), ["setlist_unknown", "copy_of"]],
	["setlist.rename", "MD", ({ setlist_id }) => ({ setlist_id, title: "Renamed" }), ["setlist_unknown", "setlist_id"]],
	["setlist.delete", "MD", ({ setlist_id }) => ({ setlist_id }), ["setlist_unknown", "setlist_id"]],
	["setlist.activate", "MD", ({ setlist_id }) => ({ setlist_id }), ["setlist_unknown", "setlist_id"]],
	["setlist.list", "MD", () => ({})],
	["setlist.item.add", "MD", ({ setlist_id, songs }) => ({ setlist_id, song_id: songs.Two }), ["setlist_unknown", "setlist_id"]],
	["setlist.item.update", "MD", ({ setlist_id }) => ({ setlist_id, position: 0, bpm_override: 99 }), ["setlist_unknown", "setlist_id"]],
	["setlist.item.move", "MD", ({ setlist_id }) => ({ setlist_id, position: 0, to: 1 }), ["setlist_unknown", "setlist_id"]],
	["setlist.item.remove", "MD", ({ setlist_id }) => ({ setlist_id, position: 0 }), ["setlist_unknown", "setlist_id"]],
	["song.activate", "MD, controller", ({ songs }) => ({ song_id: songs.One })],
	["tempo.set", "controller", () => ({ bpm: 99 })],
	["tempo.cancel", "controller", async (stage, actor, phone) => {
		const controller = actor === "Zoe" ? phone : stage.people.Ben;
		await controller.request("tempo.start").catch(() => {});
		await controller.request("tempo.set", { bpm: 77, in_bars: 32 });
		return {};
	}],
	["tempo.tap", "controller", async (_, __, phone) => ({ at: (await phone.ping()).t2 })],
	["tempo.start", "controller", () => ({})],
	["tempo.stop", "controller", () => ({})],
	["tempo.handoff", "MD, controller", ({ people }) => ({ user_id: idOf(people.Ben) }), ["no_such_member", "user_id"]],
	["click.set", "controller", () => ({ volume: 11 })],
	["click.test", "controller", async (stage, actor, phone) => {
		await (actor === "Zoe" ? phone : stage.md).request("session.take_output");
		return {};
	}],
];

const typeOf = (/** @type {string} */ row) => row.split(" ")[0];

/** @type {Awaited<ReturnType<typeof startBox>>} */
let box;
/** A stage a row. @type {Map<string, Stage>} */
const stages = new Map();

async function makeStage() {
	const band = await openBand(box, { members: ["Ben", "Cas", "Dan", "Gil"], songs: ["One", "Two"], setlist: true, how: { Dan: { heartbeat_ms: 0 } } });
	await band.md.request("tempo.handoff", { user_id: idOf(band.people.Ben) });
	await band.md.request("role.assign", { slot_id: band.slots.screen, user_id: idOf(band.people.Gil) });
	/* Hers alone, and of the same size. */
	const other = await openBand(box, { md: "Zoe", songs: ["Three"], setlist: true });
	return {
		...band, phones: undefined, zoe_eye: other.eye,
		actors: { Ann: band.md, Ben: band.people.Ben, Cas: band.people.Cas, Dan: band.people.Dan, Eve: await Phone.open(box.url), Zoe: other.md },
		close: () => Promise.all([band.close(), other.close()]),
	};
}

before(async () => {
	box = await startBox({ audio: false });
	const rows = TABLE.map(([row]) => row);
	for (let i = 0; i < rows.length; i += 6)
		await Promise.all(rows.slice(i, i + 6).map(async (row) => stages.set(row, await makeStage())));
	const away = (state) => state.participants.find((p) => p.display_name === "Dan").away;
	for (const { md } of stages.values())
		await md.when(away, 30000);
});
after(async () => {
	for (const stage of stages.values())
		for (const phone of Object.values(stage.actors))
			phone.terminate();
	await box?.stop();
});

test("no request of the program is missing, and the document says the same of who may", () => {
	const { stdout } = spawnSync(join(BUILD, "tactusd"), ["--commands"], { encoding: "utf8" });
	const program = stdout.trim().split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
	const mine = new Map(TABLE.filter(([row]) => row === typeOf(row)).map(([row, who]) => [row, who]));
	assert.deepEqual(program.map(([type]) => type).sort(), [...mine.keys()].sort());
	for (const [type, who] of program)
		assert.equal(who, mine.get(type), type);
});

/** Whoever is heard again is not away any more, unless the request took him elsewhere. */
async function isBack(stage, type) {
	if (/^session\.(leave|create|join|claim)$/.test(type))
		return;
	await stage.md.when((state) => !state.participants.find((p) => p.user_id === idOf(stage.actors.Dan)).away);
}

/* What is not the actor's business, but comes of his being there again. */
const withoutAway = (state) => ({ ...state, participants: state.participants.map(({ away, ...rest }) => rest) });

for (const [row, who, fields, foreign] of TABLE)
	for (const actor of ACTORS)
		test(`${row} by ${actor}`, async () => {
			const stage = stages.get(row);
			const type = typeOf(row);
			const phone = stage.actors[actor];
			const asked = await fields(stage, actor, phone);
			const mine = await stage.eye.request("session.resume", { token: stage.md.token }).then(() => true, () => false);
			const was = mine && withoutAway(timeless(stage.eye.state));
			const answer = await phone.request(type, asked).catch((error) => error.answer ?? assert.fail(String(error)));
			if (actor === "Dan")
				await isBack(stage, type);
			if (!WHO[who].may.includes(actor))
				checkError(answer, actor === "Eve" ? "not_joined" : WHO[who].code, null, /[a-z]{4}/);
			else if (actor === "Zoe" && foreign)
				checkError(answer, ...foreign);
			else
				assert.notEqual(answer.type, "error", JSON.stringify(answer));
			/* Nothing of Ann's session has changed by those who may not, nor by Zoe, who is elsewhere. */
			const elsewhere = actor === "Zoe" && who !== "anyone";
			if (mine && (answer.type === "error" || elsewhere))
				assert.deepEqual(withoutAway(await quiet(stage.eye)), was);
		});

test("an id that nobody has is refused to those who may, and told first to those who may not", async () => {
	const stage = stages.get("tempo.set");
	const { Ann, Cas } = stage.actors;
	for (const [type, fields, code, field] of /** @type {const} */ ([
		["participant.remove", { user_id: NO_UUID }, "no_such_member", "user_id"],
		["setlist.rename", { setlist_id: NO_UUID, title: "x" }, "setlist_unknown", "setlist_id"],
		["song.update", { song_id: NO_UUID, title: "x" }, "song_unknown", "song_id"],
		["song.delete", { song_id: NO_UUID }, "song_unknown", "song_id"],
	])) {
		checkError((await Ann.request(type, fields).catch((e) => e)).answer, code, field);
		checkError((await Cas.request(type, fields).catch((e) => e)).answer, "not_md", null);
	}
});

test("a role of somebody who is there is nobody's but the MD's to take; of one who is away, anybody's", async () => {
	const stage = await openBand(box, { members: ["Ben", "Cas"] });
	const { Ben, Cas } = stage.people;
	await Ben.request("role.assign", { slot_id: stage.slots.bass });
	const before = await look(stage.eye);
	for (const fields of [{}, { replace: true }]) {
		const { answer } = await Cas.request("role.assign", { slot_id: stage.slots.bass, ...fields }).catch((e) => e);
		checkError(answer, "slot_taken", "slot_id", /slot/);
	}
	checkError((await Cas.request("role.clear", { slot_id: stage.slots.bass }).catch((e) => e)).answer, "not_md", null);
	assert.deepEqual(timeless(await look(stage.eye)), timeless(before));
	Ben.terminate();
	await stage.md.when((state) => state.participants[1].away);
	await Cas.request("role.assign", { slot_id: stage.slots.bass, replace: true });
	await stage.md.when((state) => state.roleAssignments.length === 1 && state.roleAssignments[0].user_id === idOf(Cas));
	await stage.close();
});

test("the MD may take any slot from anybody, with replace", async () => {
	const stage = await openBand(box, { members: ["Ben", "Cas"] });
	const { Ben, Cas } = stage.people;
	await Ben.request("role.assign", { slot_id: stage.slots.bass });
	checkError((await stage.md.request("role.assign", { slot_id: stage.slots.bass, user_id: idOf(Cas) }).catch((e) => e)).answer, "slot_taken", "slot_id");
	await stage.md.request("role.assign", { slot_id: stage.slots.bass, user_id: idOf(Cas), replace: true });
	await Ben.when((state) => state.roleAssignments.map((r) => r.user_id).join() === idOf(Cas));
	await stage.close();
});

/* ---- the PIN ------------------------------------------------------------------ */

test("what the PIN opens stays shut without it: create, claim, list, reopen", async (t) => {
	const PIN = "246810";
	const locked = await startBox({ audio: false, pin: PIN });
	t.after(() => locked.stop());
	const band = await openBand(locked, { members: ["Ben"], pin: PIN });
	const { code, session_id } = band;
	const stranger = await Phone.open(locked.url);
	for (const [type, fields] of /** @type {const} */ ([
		["session.create", { display_name: "Eve" }], ["session.claim", { code, display_name: "Eve" }],
		["session.list", {}], ["session.reopen", { session_id }],
	])) {
		const was = await quiet(band.eye);
		for (const [pin, wanted] of [[undefined, "missing_field"], ["135790", "pin_wrong"]]) {
			const { answer } = await stranger.request(type, pin ? { ...fields, pin } : fields).catch((e) => e);
			checkError(answer, wanted, "pin", /PIN/);
		}
		/* Not even the MD's own phone may without it. */
		checkError((await band.md.request(type, fields).catch((e) => e)).answer, "missing_field", "pin");
		assert.deepEqual(await quiet(band.eye), was);
		const another = await Phone.open(locked.url);
		assert.equal((await another.request(type, { ...fields, pin: PIN })).type, "ok");
		await another.close();
	}
	await stranger.close();
	await band.close();
});
