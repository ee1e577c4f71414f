/*
 * Every rule of what may be asked, field by field: each way to break it is refused with the code, the
 * field and words that help, and changes nothing; each limit itself is within.
 *
 * timeout: 600 s
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, test } from "node:test";

import { changesNothing, checkDatabase, idOf, NO_UUID, openBand, quiet, sqlite } from "../lib/band.mjs";
import { startBox } from "../lib/box.mjs";
import { BUILD } from "../lib/daemon.mjs";
import { checkError } from "../lib/refusal.mjs";

const METRES = ["2/4", "3/4", "4/4", "6/8", "12/8"];
const x = (/** @type {number} */ count) => "x".repeat(count);
const drum = (/** @type {number} */ count) => "🥁".repeat(count);

const box = await startBox({ audio: false });
after(() => box.stop());
const band = await openBand(box, { members: ["Ben", "Cas"], songs: ["One", "Two", "Three"], setlist: true });
const { md, eye, songs, slots, setlist_id } = band;
const { Ben } = band.people;
after(() => band.close());
await md.request("role.assign", { slot_id: slots.drums });
await md.sync(10, 5);

/* ---- kinds of fields: how each can be broken ------------------------------------ */

/** A value, or a function that makes it at its time. @typedef {[value: any, code: string, words: RegExp]} Break */
/** @typedef {{breaks: (name: string) => Break[], nulls?: boolean, need?: boolean}} Kind */

const not = (/** @type {any[]} */ values, /** @type {RegExp} */ words) =>
	/** @type {Break[]} */ (values.map((value) => [value, "wrong_type", words]));

/** @returns {Kind} */
const whole = (code, low, high, rule) => ({
	breaks: (name) => [
		...[low - 1, high + 1, -1e9, 2 ** 32 + low, -(2 ** 32) + low, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
			.map((value) => /** @type {Break} */ ([value, code, rule ?? new RegExp(`${name}.*${low} to ${high}`)])),
		...not([low + 0.5, 1e308, String(low), "", x(10000), true, [low], { value: low }], new RegExp(`${name}.*whole number`)),
	],
});

/** @returns {Kind} */
const number = (code, low, high, words = /./) => ({
	breaks: (name) => [
		...[low - 0.1, high + 0.1, -1e308, 1e308].map((value) => /** @type {Break} */ ([value, code, words])),
		...not([String(low), "NaN", true, [low], {}], new RegExp(`${name}.*number`)),
	],
});

/** @returns {Kind} */
const yes_no = () => ({ breaks: (name) => not([0, 1, "true", [], {}], new RegExp(`${name}.*true or false`)) });

const CONTROLS = ["a\tb", "a\nb", "a\rb", "\u001b[31m", "a\u007f", "a\u0085", "\u0001"];
const BLANKS = ["", " ", "\u00a0\u2003", "\u200b", "\u3000\ufeff"];

/** @returns {Kind} */
const text = (code, most, rule = String(most)) => ({
	breaks: (name) => [
		...[...BLANKS, ...CONTROLS, x(most + 1), drum(most + 1), "é".repeat(most + 1), x(10000), drum(10000)]
			.map((value) => /** @type {Break} */ ([value, code, new RegExp(`${name}.*${rule}`)])),
		...not([7, 1.5, true, ["x"], { x: 1 }], new RegExp(`${name}.*text`)),
	],
});

/** @returns {Kind} */
const lines = (code, most_bytes) => ({
	breaks: (name) => [
		...[x(most_bytes + 1), "é".repeat(most_bytes / 2) + "x", drum(most_bytes / 4) + "x", "\u001b[2J", "a\u007f", "a\u0085", "bell\u0007"]
			.map((value) => /** @type {Break} */ ([value, code, new RegExp(`${name}.*${most_bytes}`)])),
		...not([7, true, ["x"], {}], new RegExp(`${name}.*text`)),
	],
});

/** @returns {Kind} */
const one_of = (code, values, words) => ({
	breaks: (name) => [
		...["", " ", `${values[0]} `, ` ${values[0]}`, `${values[0]}\n`, x(10000), "🥁", values[0].replace(/./, (c) => `${c}\u200b`)]
			.map((value) => /** @type {Break} */ ([value, code, new RegExp(`${name}.*${words ?? values.at(-1)}`)])),
		...not([0, 1, true, [values[0]], {}], new RegExp(`${name}.*text`)),
	],
});

/** @returns {Kind} */
const id = (code, words = /./) => ({
	breaks: (name) => [
		...["", "x", "nobody", x(36), drum(36), x(10000), NO_UUID, NO_UUID.slice(1), `${NO_UUID}0`, NO_UUID.replaceAll("-", ""), `{${NO_UUID}}`,
			` ${NO_UUID}`, `${NO_UUID}\n`, "' OR 1=1 --                         ", "%", "ffffffff-ffff-ffff-ffff-ffffffffffff", "../../../../etc/passwd"]
			.map((value) => /** @type {Break} */ ([value, code, words])),
		...not([0, 1.5, true, [NO_UUID], { id: NO_UUID }], new RegExp(`${name}.*text`)),
	],
});

/** @returns {Kind} */
const token = () => ({
	breaks: () => [...["", "x", "0".repeat(32), x(33), x(10000), drum(32)].map((value) => /** @type {Break} */ ([value, "token_unknown", /./])),
		...not([1, true, [], {}], /text/)],
});
/** @returns {Kind} */
const code_of = () => ({
	breaks: () => [...["", "abc", x(7), x(10000), drum(6), "01OIL0"].map((value) => /** @type {Break} */ ([value, "code_form", /six/])),
		...not([123456, true, [], {}], /text/)],
});

const need = (/** @type {Kind} */ kind) => ({ ...kind, need: true });
const nulls = (/** @type {Kind} */ kind) => ({ ...kind, nulls: true });
/** Null is not told of by the document. */
const open = (/** @type {Kind} */ kind) => ({ ...kind, nulls: undefined });
/** Some of its ways are none here. */
const but = (/** @type {Kind} */ kind, /** @type {any[]} */ allowed) => ({ ...kind, breaks: (field) => kind.breaks(field).filter(([value]) => !allowed.includes(value)) });
const no_nulls = (/** @type {Kind} */ kind) => ({ ...kind, nulls: false });
/* Nothing to be broken; or broken elsewhere: pins in people.mjs. */
const anything = { breaks: () => [] };

const bpm = whole("bpm_range", 30, 260);
const metre = one_of("time_signature", METRES, "2/4, 3/4, 4/4, 6/8 or 12/8");
const title = text("title", 120, "1 to 120");
const name = text("display_name", 40, "1 to 40");
const key = text("key", 8);
/* A song may have none. */
const default_key = but(key, [""]);
const notes = lines("notes", 20000);
const position = whole("position_range", 0, 199, /./);
const the_song = id("song_unknown", /song/);
const the_setlist = id("setlist_unknown", /setlist/);
const the_member = id("no_such_member", /session|participant/);
const the_slot = id("slot_unknown", /slot/);
const revision = { breaks: () => not(["1", true, [1], {}, 1.5], /revision.*whole number/) };

/** What is asked well; fields by their kind. @type {Record<string, [valid: () => any, fields: Record<string, Kind>]>} */
const REQUESTS = {
	"clock.ping": [() => ({ t0: 1 }), { t0: { ...anything, need: true } }],
	"session.create": [() => ({ display_name: "Eve" }), { display_name: need(name), pin: anything }],
	"session.join": [() => ({ code: band.code, display_name: "Eve" }), { code: need(code_of()), display_name: need(name), token: no_nulls(token()) }],
	"session.resume": [() => ({ token: md.token }), { token: need(token()) }],
	"session.claim": [() => ({ code: band.code, display_name: "Eve" }), { code: need(code_of()), display_name: need(name), pin: anything }],
	"session.leave": [() => ({}), { md_user_id: the_member }],
	"session.close": [() => ({}), {}],
	"session.take_output": [() => ({}), { pin: anything }],
	"session.release_output": [() => ({}), {}],
	"session.list": [() => ({}), { pin: anything }],
	"session.reopen": [() => ({ session_id: band.session_id }), { session_id: need(id("session_unknown", /session/)), pin: anything }],
	"session.renew_code": [() => ({}), {}],
	"participant.remove": [() => ({ user_id: idOf(Ben) }), { user_id: need(the_member) }],
	"profile.set": [() => ({ display_name: "Ann" }), { display_name: need(name) }],
	"ready.set": [() => ({ ready: true }), { ready: need(yes_no()) }],
	"ptt.set": [() => ({ state: "talking" }), { state: need(one_of("ptt_state", ["idle", "talking"], "idle or talking")) }],
	"metrics.report": [() => ({ rtt_ms: 1, jitter_ms: 1, packet_loss_pct: 0 }), {
		rtt_ms: need(whole("metrics_range", 0, 60000)), jitter_ms: need(whole("metrics_range", 0, 60000)),
		packet_loss_pct: need(number("metrics_range", 0, 100, /packet_loss_pct.*0 to 100/)),
	}],
	"role.assign": [() => ({ slot_id: slots.bass }), {
		slot_id: need(the_slot), user_id: the_member, scope_type: one_of("scope", ["global", "song"], "global or song"),
		scope_song_id: nulls(anything), replace: no_nulls(yes_no()),
	}],
	"role.clear": [() => ({ slot_id: slots.bass }), {
		slot_id: need(the_slot), user_id: the_member, scope_type: one_of("scope", ["global", "song"], "global or song"), scope_song_id: nulls(anything),
	}],
	"song.create": [() => ({ title: "New" }), { title: need(title), default_key: open(default_key), default_bpm: open(bpm), time_signature: open(metre), notes: open(notes) }],
	"song.update": [() => ({ song_id: songs.One, title: "One" }), {
		song_id: need(the_song), title: no_nulls(title), default_key: nulls(default_key), default_bpm: nulls(bpm), time_signature: nulls(metre), notes: nulls(notes),
	}],
	"song.delete": [() => ({ song_id: songs.One }), { song_id: need(the_song) }],
	"song.list": [() => ({}), { query: open(but(text("query", 120), BLANKS)),
		limit: whole("list_range", 1, 200), offset: whole("list_range", 0, 5000, /offset/) }],
	"song.import": [() => ({ format: "csv", text: "title\nx\n" }), {
		format: need(one_of("import_format", ["csv", "chordpro", "json"], "csv, chordpro or json")),
		text: need({ breaks: () => [[x(60001), "bad_import", /60000/], ...not([7, true, [], {}], /text/)] }),
	}],
	"setlist.create": [() => ({ title: "New" }), { title: need(title), copy_of: open(the_setlist) }],
	"setlist.rename": [() => ({ setlist_id, title: "New" }), { setlist_id: need(the_setlist), title: need(title) }],
	"setlist.delete": [() => ({ setlist_id }), { setlist_id: need(the_setlist) }],
	"setlist.activate": [() => ({ setlist_id }), { setlist_id: nulls({ ...the_setlist, need: true }) }],
	"setlist.list": [() => ({}), {}],
	"setlist.item.add": [() => ({ song_id: songs.One }), {
		song_id: need(the_song), setlist_id: open(the_setlist), position: open(whole("position_range", 0, 3, /position/)), key_override: open(key),
		bpm_override: open(bpm), song_leader_user_id: open(the_member), revision: open(revision),
	}],
	"setlist.item.update": [() => ({ position: 0 }), {
		position: need(whole("position_range", 0, 2, /position/)), setlist_id: open(the_setlist), song_id: no_nulls(the_song), key_override: nulls(key),
		bpm_override: nulls(bpm), song_leader_user_id: nulls(the_member), revision: open(revision),
	}],
	"setlist.item.move": [() => ({ position: 0, to: 1 }), {
		position: need(whole("position_range", 0, 2, /position/)), to: need(whole("position_range", 0, 2, /to|position/)), setlist_id: open(the_setlist), revision: open(revision),
	}],
	"setlist.item.remove": [() => ({ position: 0 }), { position: need(whole("position_range", 0, 2, /position/)), setlist_id: open(the_setlist), revision: open(revision) }],
	"song.activate": [() => ({}), { position: nulls(whole("position_range", 0, 2, /position/)), song_id: nulls(the_song) }],
	"tempo.set": [() => ({ time_signature: "4/4" }), {
		bpm: no_nulls(bpm), time_signature: no_nulls(metre), in_bars: no_nulls(whole("in_bars_range", 1, 64)), anchor_timestamp: anything,
	}],
	"tempo.cancel": [() => ({}), {}],
	"tempo.tap": [() => ({ at: md.now() }), { at: need({ breaks: () => [...[-1, 0, 1e308, () => md.now() - 2500, () => md.now() + 500]
		.map((at) => /** @type {Break} */ ([at, "tap_range", /./])), ...not(["now", true, [], {}], /number/)] }) }],
	"tempo.start": [() => ({}), { count_in_bars: no_nulls(whole("count_in_bars_range", 0, 8)), anchor_timestamp: no_nulls({
		breaks: () => [...[-1, 0, 2 ** 50, Number.MAX_SAFE_INTEGER].map((at) => /** @type {Break} */ ([at, "anchor_range", /./])), ...not(["now", true, [], {}, 1.5], /whole number/)] }) }],
	"tempo.stop": [() => ({}), {}],
	"tempo.handoff": [() => ({ user_id: idOf(Ben) }), { user_id: need(the_member) }],
	"click.set": [() => ({}), { volume: no_nulls(whole("volume_range", 0, 100)), accent: no_nulls(yes_no()), subdivision: no_nulls(yes_no()),
		sound: no_nulls(one_of("sound", ["beep", "wood", "cowbell"], "beep, wood or cowbell")) }],
	"click.test": [() => ({}), {}],
};

/* Beyond what can be told of a single field. */
const NEEDS_MORE = { "tempo.set in_bars": { bpm: 100 } };

test("no request of the program, and no field of one, is missing here", () => {
	const { stdout } = spawnSync(join(BUILD, "tactusd"), ["--commands"], { encoding: "utf8" });
	const rows = stdout.trim().split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
	const said = Object.fromEntries(rows.map(([type, , fields]) => [type, fields.split(", ").filter(Boolean).sort()]));
	const here = Object.fromEntries(Object.entries(REQUESTS).map(([type, [, fields]]) =>
		[type, Object.entries(fields).map(([field, kind]) => field + (kind.need ? "" : "?")).sort()]));
	assert.deepEqual(said, here);
});

/** All of these are refused, each just so; and after all of them the state is what it was.
 * @param {string} type @param {[fields: any, code: string, field: string | null, words: RegExp][]} cases */
async function allRefused(type, cases) {
	const before = await quiet(eye);
	for (const [asked, code, field, words] of cases) {
		const fields = typeof asked === "function" ? asked() : asked;
		const shown = JSON.stringify(fields).slice(0, 120);
		const answer = await md.request(type, fields).then((ok) => assert.fail(`${type} ${shown} was not refused: ${JSON.stringify(ok)}`), (e) => e.answer ?? assert.fail(`${shown}: ${e}`));
		assert.deepEqual([answer.code, answer.field], [code, field], `${type} ${shown}: ${answer.message}`);
		checkError(answer, code, field, words);
		assert.ok(answer.message.length <= 300, answer.message);
	}
	assert.deepEqual(await quiet(eye), before);
}

for (const [type, [valid, fields]] of Object.entries(REQUESTS)) {
	test(`${type}: a field that is unknown, or misspelt`, () => allRefused(type, ["surprise", "", "user", "__proto__ ", "TITLE", "ID", x(60)]
		.map((field) => [{ ...valid(), [field]: 1 }, "unknown_field", field, /no field/])));

	for (const [field, kind] of Object.entries(fields)) {
		const with_field = (value) => () => ({ ...valid(), ...NEEDS_MORE[`${type} ${field}`], [field]: typeof value === "function" ? value() : value });
		/** @type {[any, string, string | null, RegExp][]} */
		const cases = kind.breaks(field).map(([value, code, words]) => [with_field(value), code, field, words]);
		if (kind.need)
			cases.push([{ ...valid(), [field]: undefined }, "missing_field", field, new RegExp(field)]);
		if (kind.nulls === false || (kind.need && !kind.nulls && kind.breaks(field).length > 0))
			cases.push([with_field(null), "wrong_type", field, /null/]);
		if (cases.length > 0)
			test(`${type}: ${field}, broken in ${cases.length} ways`, () => allRefused(type, cases));
	}
}

/* ---- limits themselves are within -------------------------------------------------- */

/** @param {string} title */
const songNamed = async (title) => (await md.request("song.list", { query: title.slice(0, 100), limit: 200 })).songs;

test("songs at the limits: title, key, bpm, the five metres, notes", async () => {
	for (const [field, values] of /** @type {[string, any[]][]} */ ([
		["title", ["x", x(120), drum(120), "é".repeat(120), "O'Brien; DROP TABLE song --", "<b>", " blank at the ends ", "עברית", "%_\\"]],
		["default_key", ["C", "F#m", "B♭", x(8), drum(8)]],
		["default_bpm", [30, 31, 120, 259, 260]],
		["time_signature", METRES],
		["notes", ["x", x(20000), drum(5000), "# Title\n\n- *one*\r\n\ttwo\n", "é".repeat(10000)]],
	]))
		for (const value of values) {
			const wanted = { title: "Edge", [field]: value };
			const { song_id } = await md.request("song.create", wanted);
			const again = { title: "Edge", [field]: field === "title" ? "Edge" : null };
			const of = async () => (await md.request("song.list", { limit: 200 })).songs.find((song) => song.id === song_id);
			assert.equal((await of())[field], value, `${field} ${String(value).slice(0, 20)}`);
			await md.request("song.update", { song_id, ...again });
			await md.request("song.update", { song_id, [field]: value });
			assert.equal((await of())[field], value);
			await md.request("song.delete", { song_id });
			assert.equal(await of(), undefined);
		}
});

test("BPM: 30..260 and the five metres, in every place that has them", async () => {
	await md.request("setlist.item.add", { song_id: songs.One });
	const last = md.state.setlist.items.length - 1;
	for (const bpm of [30, 260]) {
		await md.request("tempo.set", { bpm });
		await md.when((state) => state.tempoState.bpm === bpm);
		await md.request("setlist.item.update", { position: last, bpm_override: bpm });
		await md.when((state) => state.setlist.items[last].bpm_override === bpm && state.setlist.items[last].bpm === bpm);
		await md.request("setlist.item.add", { song_id: songs.Two, bpm_override: bpm });
		await md.request("setlist.item.remove", { position: last + 1 });
		await md.request("song.import", { format: "json", text: JSON.stringify([{ title: `Import ${bpm}`, default_bpm: bpm }]) });
		assert.deepEqual((await songNamed(`Import ${bpm}`)).map((song) => song.default_bpm), [bpm]);
	}
	await md.request("setlist.item.remove", { position: last });
	for (const time_signature of METRES) {
		await md.request("tempo.set", { time_signature });
		await md.when((state) => state.tempoState.time_signature === time_signature);
	}
	for (const text of ['[{"title":"Too slow","default_bpm":29}]', '[{"title":"Too fast","default_bpm":261}]', '[{"title":"Odd","time_signature":"5/4"}]'])
		await changesNothing(eye, () => md.request("song.import", { format: "json", text }), "bad_import", "text", /1|Too|Odd/);
	assert.deepEqual(await songNamed("Too"), []);
	await md.request("tempo.set", { bpm: 120, time_signature: "4/4" });
});

test("names, lists, metrics, clicks at the limits", async () => {
	for (const [type, fields] of /** @type {[string, any][]} */ ([
		["profile.set", { display_name: "x" }], ["profile.set", { display_name: x(40) }], ["profile.set", { display_name: drum(40) }], ["profile.set", { display_name: "Ann" }],
		["song.list", { limit: 1 }], ["song.list", { limit: 200, offset: 0 }], ["song.list", { offset: 4999 }], ["song.list", { query: x(120) }], ["song.list", { query: drum(120) }],
		["song.list", { query: '"; DROP TABLE song; -- * ( ) AND NEAR :' }],
		["metrics.report", { rtt_ms: 0, jitter_ms: 0, packet_loss_pct: 0 }], ["metrics.report", { rtt_ms: 60000, jitter_ms: 60000, packet_loss_pct: 100 }],
		["metrics.report", { rtt_ms: 7, jitter_ms: 1, packet_loss_pct: 33.333333 }],
		["ptt.set", { state: "talking" }], ["ptt.set", { state: "idle" }], ["ready.set", { ready: true }], ["ready.set", { ready: false }],
		["click.set", { volume: 0 }], ["click.set", { volume: 100 }], ["tempo.start", { count_in_bars: 0 }], ["tempo.set", { bpm: 121, in_bars: 1 }],
		["tempo.set", { bpm: 122, in_bars: 64 }], ["tempo.cancel", {}], ["tempo.stop", {}], ["tempo.start", { count_in_bars: 8 }], ["tempo.stop", {}],
		["setlist.rename", { setlist_id, title: drum(120) }], ["setlist.rename", { setlist_id, title: "Tonight" }],
	]))
		assert.equal((await md.request(type, fields)).type, "ok", `${type} ${JSON.stringify(fields).slice(0, 80)}`);
});

test("an id in upper case is the same id", async () => {
	await md.request("setlist.item.update", { setlist_id: setlist_id.toUpperCase(), position: 0, song_id: songs.One.toUpperCase(), song_leader_user_id: idOf(Ben).toUpperCase() });
	await md.when((state) => state.setlist.items[0].song_leader_user_id === idOf(Ben));
	assert.equal(md.state.setlist.items[0].song_id, songs.One);
	await md.request("setlist.item.update", { position: 0, song_leader_user_id: null });
});

test("null clears what it may clear, absence keeps it", async () => {
	const whole_song = { title: "Whole", default_key: "G", default_bpm: 99, time_signature: "6/8", notes: "Intro" };
	const { song_id } = await md.request("song.create", whole_song);
	await md.request("song.update", { song_id, title: "Whole still" });
	const [kept] = await songNamed("Whole");
	assert.deepEqual({ ...kept, id: undefined }, { ...whole_song, title: "Whole still", id: undefined });
	await md.request("song.update", { song_id, default_key: null, default_bpm: null, time_signature: null, notes: null });
	const [cleared] = await songNamed("Whole");
	const [fresh] = await md.request("song.create", { title: "Fresh" }).then(() => songNamed("Fresh"));
	assert.deepEqual({ ...cleared, id: 0, title: "" }, { ...fresh, id: 0, title: "" });
	assert.deepEqual([cleared.default_bpm, cleared.time_signature], [120, "4/4"]);
	/* And of an item. */
	const { position } = await md.request("setlist.item.add", { song_id, key_override: "A", bpm_override: 77, song_leader_user_id: idOf(Ben) });
	await md.request("setlist.item.update", { position, bpm_override: 78 });
	await md.when((state) => state.setlist.items[position].bpm_override === 78);
	const { key_override, song_leader_user_id } = md.state.setlist.items[position];
	assert.deepEqual([key_override, song_leader_user_id], ["A", idOf(Ben)]);
	await md.request("setlist.item.update", { position, key_override: null, bpm_override: null, song_leader_user_id: null });
	await md.when((state) => state.setlist.items[position].key_override === null);
	const item = md.state.setlist.items[position];
	assert.deepEqual([item.bpm_override, item.song_leader_user_id, item.bpm], [null, null, 120]);
	await md.request("setlist.item.remove", { position });
});

/* ---- rules between things ------------------------------------------------------------ */

test("only one global assignment per slot per session", async () => {
	await Ben.request("role.assign", { slot_id: slots.brass });
	for (const ask of [() => md.request("role.assign", { slot_id: slots.brass }), () => md.request("role.assign", { slot_id: slots.brass, scope_type: "global" }),
		() => md.request("role.assign", { slot_id: slots.brass.toUpperCase(), scope_song_id: null })])
		await changesNothing(eye, ask, "slot_taken", "slot_id", /replace/);
	await md.request("role.assign", { slot_id: slots.brass, replace: true });
	await Ben.when((state) => state.roleAssignments.filter((r) => r.slot_id === slots.brass).map((r) => r.user_id).join() === idOf(md));
	assert.deepEqual(sqlite(box, "SELECT count(*) AS n FROM role_assignment GROUP BY session_id, slot_id, scope_type, scope_song_id HAVING count(*) > 1"), []);
	await md.request("role.clear", { slot_id: slots.brass });
});

test("one assignment per slot and song; a song's own shadows the global one for that song, and for no other", async () => {
	const song_scope = { scope_type: "song", scope_song_id: songs.Two };
	await md.request("role.assign", { slot_id: slots.choir });
	await md.request("role.assign", { slot_id: slots.choir, user_id: idOf(Ben), ...song_scope });
	await changesNothing(eye, () => md.request("role.assign", { slot_id: slots.choir, ...song_scope }), "slot_taken", "slot_id");
	const choir = (state) => state.activeSong?.roles.filter((r) => r.slot_id === slots.choir).map((r) => `${r.user_id} ${r.scope_type}`).join() ?? "";
	const holder = (state) => state.participants.filter((p) => p.slots.includes(slots.choir)).map((p) => p.user_id).join();
	for (const [song, who, scope] of [["One", md, "global"], ["Two", Ben, "song"], ["Three", md, "global"]]) {
		await md.request("song.activate", { song_id: songs[song] });
		await Ben.when((state) => choir(state) === `${idOf(who)} ${scope}` && holder(state) === idOf(who));
	}
	await md.request("song.activate", { song_id: songs.Two });
	await md.request("role.clear", { slot_id: slots.choir, ...song_scope });
	await Ben.when((state) => choir(state) === `${idOf(md)} global`);
	await md.request("role.clear", { slot_id: slots.choir });
	await md.request("song.activate", { position: null });
	await md.when((state) => state.activeSong === null);
});

test("scopes that contradict themselves, songs that are none", () => allRefused("role.assign", [
	[{ slot_id: slots.bass, scope_type: "song" }, "missing_field", "scope_song_id", /scope_song_id/],
	[{ slot_id: slots.bass, scope_type: "song", scope_song_id: null }, "missing_field", "scope_song_id", /scope_song_id/],
	[{ slot_id: slots.bass, scope_type: "global", scope_song_id: songs.One }, "scope", "scope_song_id", /./],
	[{ slot_id: slots.bass, scope_song_id: songs.One }, "scope", "scope_song_id", /./],
	...["", x(36), NO_UUID, x(10000)].map((scope_song_id) =>
		/** @type {[any, string, string, RegExp]} */ ([{ slot_id: slots.bass, scope_type: "song", scope_song_id }, "song_unknown", "scope_song_id", /song/])),
	...[1, true, []].map((scope_song_id) =>
		/** @type {[any, string, string, RegExp]} */ ([{ slot_id: slots.bass, scope_type: "song", scope_song_id }, "wrong_type", "scope_song_id", /text/])),
]));

test("positions: where there is an item; one more where one is added", async () => {
	const count = md.state.setlist.items.length;
	await allRefused("setlist.item.add", [[{ song_id: songs.One, position: count + 1 }, "position_range", "position", /./]]);
	for (const [type, fields] of /** @type {[string, any][]} */ ([["setlist.item.update", { bpm_override: 60 }], ["setlist.item.move", { to: 0 }], ["setlist.item.remove", {}], ["song.activate", {}]]))
		await allRefused(type, [[{ ...fields, position: count }, "position_range", "position", /position/]]);
	await allRefused("setlist.item.move", [[{ position: 0, to: count }, "position_range", "to", /./]]);
	const { position } = await md.request("setlist.item.add", { song_id: songs.One, position: count });
	assert.equal(position, count);
	await md.request("setlist.item.move", { position: count, to: 0 });
	await md.request("setlist.item.move", { position: 0, to: count });
	await md.request("setlist.item.remove", { position: count });
	await md.when((state) => state.setlist.items.length === count && state.setlist.items.every((item, i) => item.position === i));
});

test("no_setlist, song_in_use, not_yourself, a deleted song, a foreign setlist, a leader from elsewhere", async () => {
	const other = await openBand(box, { md: "Zoe" });
	await changesNothing(other.eye, () => other.md.request("setlist.item.add", { song_id: songs.One }), "no_setlist", "setlist_id", /activate/);
	await changesNothing(other.eye, () => other.md.request("song.activate", { position: 0 }), ["no_setlist", "position_range"], "position");
	await changesNothing(other.eye, () => other.md.request("song.delete", { song_id: songs.One }), "song_in_use", "song_id", /setlist/);
	for (const [type, fields] of /** @type {[string, any][]} */ ([["setlist.rename", { title: "x" }], ["setlist.delete", {}], ["setlist.activate", {}], ["setlist.item.add", { song_id: songs.One }], ["setlist.item.remove", { position: 0 }]]))
		await changesNothing(eye, () => other.md.request(type, { setlist_id, ...fields }), "setlist_unknown", "setlist_id");
	await changesNothing(eye, () => md.request("participant.remove", { user_id: idOf(md) }), "not_yourself", "user_id", /session\.leave/);
	await changesNothing(eye, () => md.request("setlist.item.add", { song_id: songs.One, song_leader_user_id: idOf(other.md) }), "no_such_member", "song_leader_user_id");
	const { song_id } = await md.request("song.create", { title: "Gone soon" });
	await md.request("song.delete", { song_id });
	for (const [type, fields] of /** @type {[string, any][]} */ ([["song.update", { title: "x" }], ["song.delete", {}], ["setlist.item.add", {}], ["song.activate", {}]]))
		await changesNothing(eye, () => md.request(type, { song_id, ...fields }), "song_unknown", "song_id");
	await other.close();
});

test("song.activate wants a position or a song, not both, not neither", () => allRefused("song.activate", [
	[{ position: 0, song_id: songs.One }, "bad_request", "song_id", /./],
	[{}, "missing_field", "position", /position|song_id/],
]));

test("stale: the setlist has changed since; the same on what has not", async () => {
	const { revision: seen } = await md.request("setlist.item.add", { song_id: songs.Three });
	const last = md.state.setlist.items.length - 1;
	await md.request("setlist.item.update", { position: last, bpm_override: 80 });
	for (const [type, fields] of /** @type {[string, any][]} */ ([["setlist.item.add", { song_id: songs.One }], ["setlist.item.update", { position: 0, bpm_override: 90 }],
		["setlist.item.move", { position: 0, to: 1 }], ["setlist.item.remove", { position: 0 }]]))
		await changesNothing(eye, () => md.request(type, { ...fields, revision: seen }), "stale", "revision", /./);
	/* What has nothing to do with the setlist makes nobody's view of it stale. */
	const { revision: now } = await md.request("setlist.item.update", { position: last, bpm_override: 81 });
	await md.request("tempo.set", { bpm: 119 });
	await md.request("profile.set", { display_name: "Anna" });
	await md.request("setlist.item.remove", { position: last, revision: now });
	await md.when((state) => state.setlist.items.length === last);
});

test("setlist_full, setlists_full: 200 each, and not one more", async () => {
	const small = await openBand(box, { md: "Kim", songs: ["Only"] });
	const made = [];
	for (let i = 0; i < 200; i += 20)
		made.push(...await Promise.all([...Array(20)].map((_, k) => small.md.request("setlist.create", { title: `List ${i + k}` }))));
	await changesNothing(small.eye, () => small.md.request("setlist.create", { title: "One more" }), "setlists_full", null, /200/);
	const list = made[7].setlist_id;
	for (let i = 0; i < 200; i += 20)
		await Promise.all([...Array(20)].map(() => small.md.request("setlist.item.add", { setlist_id: list, song_id: small.songs.Only })));
	await changesNothing(small.eye, () => small.md.request("setlist.item.add", { setlist_id: list, song_id: small.songs.Only }), "setlist_full", null, /200/);
	const { setlists } = await small.md.request("setlist.list");
	assert.deepEqual([setlists.length, setlists.find((one) => one.id === list).items], [200, 200]);
	await small.md.request("setlist.item.remove", { setlist_id: list, position: 199 });
	await small.md.request("setlist.item.add", { setlist_id: list, song_id: small.songs.Only });
	await small.md.request("setlist.delete", { setlist_id: made[0].setlist_id });
	await small.md.request("setlist.create", { title: "One more" });
	await small.close();
});

test("library_full: 5000 songs, and not one more; a deleted one makes a place", async (t) => {
	const big = await startBox({ audio: false });
	t.after(() => big.stop());
	const one = await openBand(big);
	const text = `title\n${[...Array(4999)].map((_, i) => `S${i}`).join("\n")}\n`;
	assert.deepEqual((({ created, known }) => [created, known])(await one.md.request("song.import", { format: "csv", text })), [4999, 0]);
	const { song_id } = await one.md.request("song.create", { title: "The last" });
	await changesNothing(one.eye, () => one.md.request("song.create", { title: "One more" }), "library_full", null, /5000/);
	await changesNothing(one.eye, () => one.md.request("song.import", { format: "csv", text: "title\nOne more\n" }), "library_full", null, /5000/);
	await one.md.request("song.delete", { song_id });
	await one.md.request("song.create", { title: "One more" });
	assert.equal((await one.md.request("song.list", { limit: 1 })).total, 5000);
	await one.close();
});

test("after all that the database is whole", () => checkDatabase(box));
