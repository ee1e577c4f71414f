/*
 * The wire, as an attacker and a careless programmer use it: every request that is wrong gets an
 * error with the code, the field and words that help, and changes nothing for anyone.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startBox } from "../lib/box.mjs";
import { Phone } from "../lib/phone.mjs";
import { answerTo, checkError, checkMerged, hears, look, openEye, refuses } from "../lib/refusal.mjs";

const FRAME_MAX = 65536;

const box = await startBox({ audio: false });
after(() => box.stop());

const ann = await Phone.open(box.url);
const { code } = await ann.create("Ann");
const ben = await Phone.open(box.url);
await ben.join(code);
const stranger = await Phone.open(box.url);
const eye = await openEye(box, ann.token);
await ann.sync(20, 5);

const second = { id: "other", user: ben.state.you.user_id };
const boxNow = () => Math.round(ann.now());
const x = (count) => "x".repeat(count);
const ping = (fields) => JSON.stringify({ id: "p", type: "clock.ping", t0: 1, ...fields });

/** Sends it as it stands; the error says so, and nothing has changed. */
async function rawRefused(text, code_wanted, field, re, words, options) {
	const before = await look(eye);
	const answer = await answerTo(ann, text, options);
	checkError(answer, code_wanted, field, words);
	assert.equal(answer.re, re);
	assert.deepEqual(await look(eye), before);
	assert.equal((await ann.ping()).type, "clock.pong");
}

/* ---- the form of a frame ------------------------------------------------- */

const deep = (open, close, count) => open.repeat(count) + close.repeat(count);

const bad_json = {
	"an empty frame": "",
	"blanks only": "   ",
	"half an object": "{",
	"a bare word": "hello",
	"a number": "120",
	"a text": '"tempo.set"',
	"null": "null",
	"something behind the object": '{"id":"1","type":"tempo.stop"} x',
	"two objects": '{"id":"1","type":"tempo.stop"}{"id":"2","type":"tempo.stop"}',
	"a comma too many": '{"id":"1","type":"tempo.stop",}',
	"single quotes": "{'id':'1','type':'tempo.stop'}",
	"a key twice": '{"id":"1","type":"tempo.stop","type":"clock.ping"}',
	"a NUL byte": '{"id":"1","type":"tempo.stop"}\u0000',
	"a NUL byte within a text": '{"id":"1","type":"tempo.\u0000stop"}',
	"an escaped NUL": '{"id":"1","type":"tempo.stop\\u0000"}',
	"half a surrogate pair": '{"id":"1","type":"\\ud800"}',
	"a control character in a text": '{"id":"1","type":"tempo\nstop"}',
	"a number beyond doubles": '{"id":"1","type":"clock.ping","t0":1e400}',
	"a number beyond 64 bits": '{"id":"1","type":"clock.ping","t0":99999999999999999999}',
	"NaN": '{"id":"1","type":"clock.ping","t0":NaN}',
	"64 KiB of opening brackets": "[".repeat(FRAME_MAX),
	"brackets too deep": deep("[", "]", FRAME_MAX / 2),
	"objects too deep": deep('{"a":', "}", 10000).replace('{"a":}', "{}"),
};
for (const [title, text] of Object.entries(bad_json))
	test(`bad_json: ${title}`, () => rawRefused(text, "bad_json", null, null, /not JSON/));

const not_utf8 = {
	"a stray continuation": [0x80],
	"a cut sequence": [0xc3],
	"an overlong slash": [0xc0, 0xaf],
	"a surrogate": [0xed, 0xa0, 0x80],
	"beyond Unicode": [0xf4, 0x90, 0x80, 0x80],
	"0xff": [0xff],
};
for (const [title, bytes] of Object.entries(not_utf8))
	test(`bad_json: invalid UTF-8, ${title}`, () => rawRefused(
		Buffer.concat([Buffer.from('{"id":"1","type":"'), Buffer.from(bytes), Buffer.from('"}')]),
		"bad_json", null, null, /not JSON/, { binary: false }));

const bad_request = {
	"an array": ["[]", null, null],
	"an array with a request": ['[{"id":"1","type":"tempo.stop"}]', null, null],
	"an empty object": ["{}", "id", null],
	"no id": ['{"type":"tempo.stop"}', "id", null],
	"an empty id": ['{"id":"","type":"tempo.stop"}', "id", null],
	"a number as id": ['{"id":1,"type":"tempo.stop"}', "id", null],
	"null as id": ['{"id":null,"type":"tempo.stop"}', "id", null],
	"an id of 65 characters": [`{"id":"${x(65)}","type":"tempo.stop"}`, "id", null],
	"no type": ['{"id":"q"}', "type", "q"],
	"a number as type": ['{"id":"q","type":7}', "type", "q"],
	"null as type": ['{"id":"q","type":null}', "type", "q"],
};
for (const [title, [text, field, re]] of Object.entries(bad_request))
	test(`bad_request: ${title}`, () => rawRefused(text, "bad_request", field, re, /request/));

test("an id may have 64 characters, of whatever length in bytes", async () => {
	for (const id of [x(64), "é".repeat(64), "🥁".repeat(64)])
		assert.equal((await answerTo(ann, ping({ id }))).re, id);
	await rawRefused(ping({ id: "🥁".repeat(65) }), "bad_request", "id", null, /64/);
});

test("what is quoted in an answer may be cut, but the answer comes", async () => {
	/* Around the byte where a quotation is cut, a character of two, three and four bytes. */
	for (const letter of ["é", "♩", "🥁"])
		for (let before = 30; before < 45; before++) {
			const odd = x(before) + letter.repeat(12);
			await rawRefused(JSON.stringify({ id: "q", type: odd }), "unknown_type", "type", "q", /xxx/);
			await rawRefused(ping({ [odd]: 1 }), "unknown_field", odd, "p", /xxx/);
			await rawRefused(JSON.stringify({ id: "q", type: "tempo.set", time_signature: odd }),
				"time_signature", "time_signature", "q", /12\/8/);
		}
});

/* ---- frames -------------------------------------------------------------- */

/** A ping that is so many bytes long. */
const longPing = (bytes) => ping({ t0: x(bytes - ping({ t0: "" }).length) });

test("a frame of 65,536 bytes is taken", async () => {
	const text = longPing(FRAME_MAX);
	assert.equal(Buffer.byteLength(text), FRAME_MAX);
	const pong = await answerTo(ann, text);
	assert.equal(pong.type, "clock.pong");
	assert.equal(pong.t0.length, JSON.parse(text).t0.length);
});

for (const [title, send] of Object.entries({
	"a frame of 65,537 bytes": (phone) => phone.send_raw(longPing(FRAME_MAX + 1)),
	"a frame of 8 MiB": (phone) => phone.send_raw(longPing(8 << 20)),
	"pieces that together have 65,537 bytes": (phone) => {
		for (let left = FRAME_MAX + 1; left > 0; left -= 4099)
			phone.send_raw(x(Math.min(left, 4099)), { fin: left <= 4099 });
	},
	"a message that never ends": (phone) => {
		for (let i = 0; i < 400; i++)
			phone.send_raw(x(1000), { fin: false });
	},
}))
	test(`${title}: frame_size, and closed with 1009`, async () => {
		const before = await look(eye);
		const phone = await Phone.open(box.url);
		const gone = new Promise((resolve) => phone.once("close", resolve));
		const answer = hears(phone, (message) => message.type === "error");
		send(phone);
		checkError(await answer, "frame_size", null, /65536/);
		assert.equal(await gone, 1009);
		assert.deepEqual(await look(eye), before);
	});

test("a binary frame: binary_frame, and the connection lives", async () => {
	for (const bytes of [Buffer.from(ping()), Buffer.alloc(0), Buffer.alloc(100000, 1)])
		await rawRefused(bytes, "binary_frame", null, null, /text/, { binary: true });
	await rawRefused(Buffer.from("{"), "bad_json", null, null, /JSON/, { binary: false });
});

test("a binary frame in pieces is refused once", async () => {
	const from = ann.heard.length;
	for (let i = 0; i < 5; i++)
		ann.send_raw(Buffer.alloc(3000), { binary: true, fin: i === 4 });
	await ann.ping();
	assert.deepEqual(ann.heard.slice(from).map((h) => h.message.code), ["binary_frame"]);
});

test("a request in pieces, down to single bytes, with pings in between", async () => {
	const text = ping({ t0: "ä♩🥁" });
	const bytes = Buffer.from(text);
	for (const size of [1, 2, 7, 40]) {
		const answer = hears(ann, (message) => message.re === "p");
		for (let i = 0; i < bytes.length; i += size) {
			ann.send_raw(bytes.subarray(i, i + size), { binary: false, fin: i + size >= bytes.length });
			ann.ws.ping("between");
		}
		assert.equal((await answer).t0, "ä♩🥁");
	}
});

test("requests in one piece of the network are answered each, in order", async () => {
	const from = ann.heard.length;
	ann.ws._socket.cork();
	for (let i = 0; i < 50; i++)
		ann.send_raw(JSON.stringify({ id: `c${i}`, type: "nothing" }));
	ann.ws._socket.uncork();
	await hears(ann, (message) => message.re === "c49");
	assert.deepEqual(ann.heard.slice(from).map((h) => h.message.re), [...Array(50)].map((_, i) => `c${i}`));
});

test("the box answers a WebSocket ping with its bytes, and bears a pong unasked", async () => {
	const pong = new Promise((resolve) => ann.ws.once("pong", (bytes) => resolve(String(bytes))));
	ann.ws.pong("unasked");
	ann.ws.ping("hello");
	assert.equal(await pong, "hello");
	assert.equal((await ann.ping()).type, "clock.pong");
});

/* ---- types and fields ---------------------------------------------------- */

/* request, fields, then what the error says: code, field, words. */
const stopped = [
	["tempo.reset", {}, "unknown_type", "type", /tempo\.reset/],
	["", {}, "unknown_type", "type", /""/],
	["TEMPO.SET", { bpm: 120 }, "unknown_type", "type", /TEMPO/],
	["tempo.set ", { bpm: 120 }, "unknown_type", "type"],
	["welcome", {}, "unknown_type", "type"],

	["tempo.set", { bpm: 120, tempo: 1 }, "unknown_field", "tempo", /tempo/],
	["tempo.set", { bpm: 120, "": 1 }, "unknown_field", ""],
	["tempo.set", { bpm: 120, BPM: 1 }, "unknown_field", "BPM"],
	["tempo.stop", { bpm: 120 }, "unknown_field", "bpm"],
	["clock.ping", { t0: 1, t1: 2 }, "unknown_field", "t1"],
	["session.create", { display_name: "Eve", user_id: second.user }, "unknown_field", "user_id"],
	["session.join", { code, display_name: "Eve", is_md: true }, "unknown_field", "is_md"],

	["clock.ping", {}, "missing_field", "t0", /t0/],
	["session.create", {}, "missing_field", "display_name", /display_name/],
	["session.join", { display_name: "Eve" }, "missing_field", "code", /code/],
	["session.join", { code }, "missing_field", "display_name", /display_name/],
	["session.resume", {}, "missing_field", "token", /token/],
	["session.claim", { display_name: "Eve" }, "missing_field", "code"],
	["tempo.set", {}, "missing_field", "bpm", /bpm/],
	["tempo.set", { in_bars: 2 }, "missing_field", "bpm", /bpm/],
	["tempo.tap", {}, "missing_field", "at", /at/],
	["tempo.handoff", {}, "missing_field", "user_id", /user_id/],

	["tempo.set", { bpm: 29 }, "bpm_range", "bpm", /bpm must be 30 to 260, not 29/],
	["tempo.set", { bpm: 261 }, "bpm_range", "bpm", /bpm must be 30 to 260, not 261/],
	["tempo.set", { bpm: 0 }, "bpm_range", "bpm"],
	["tempo.set", { bpm: -120 }, "bpm_range", "bpm"],
	["tempo.set", { bpm: Number.MAX_SAFE_INTEGER }, "bpm_range", "bpm"],
	["tempo.set", { bpm: 2 ** 32 + 120 }, "bpm_range", "bpm"],
	["tempo.set", { bpm: 120.5 }, "wrong_type", "bpm", /whole number.*120\.5/],
	["tempo.set", { bpm: 1e308 }, "wrong_type", "bpm", /bpm/],
	["tempo.set", { bpm: "120" }, "wrong_type", "bpm", /whole number.*"120/],
	["tempo.set", { bpm: null }, "wrong_type", "bpm", /null/],
	["tempo.set", { bpm: true }, "wrong_type", "bpm", /true/],
	["tempo.set", { bpm: [120] }, "wrong_type", "bpm"],
	["tempo.set", { bpm: { value: 120 } }, "wrong_type", "bpm"],
	["tempo.set", { bpm: x(60000) }, "wrong_type", "bpm", /^.{0,200}$/],

	["tempo.set", { time_signature: "5/4" }, "time_signature", "time_signature", /12\/8.*5\/4/],
	["tempo.set", { time_signature: "" }, "time_signature", "time_signature"],
	["tempo.set", { time_signature: "4/4 " }, "time_signature", "time_signature"],
	["tempo.set", { time_signature: "4\\4" }, "time_signature", "time_signature"],
	["tempo.set", { time_signature: x(60000) }, "time_signature", "time_signature"],
	["tempo.set", { time_signature: 4 }, "wrong_type", "time_signature", /text/],
	["tempo.set", { time_signature: null }, "wrong_type", "time_signature"],
	["tempo.set", { bpm: 100, time_signature: "5/4" }, "time_signature", "time_signature"],
	["tempo.set", { bpm: 300, time_signature: "3/4" }, "bpm_range", "bpm"],

	["tempo.set", { bpm: 100, in_bars: 0 }, "in_bars_range", "in_bars", /1 to 64.*0/],
	["tempo.set", { bpm: 100, in_bars: 65 }, "in_bars_range", "in_bars", /1 to 64.*65/],
	["tempo.set", { bpm: 100, in_bars: -1 }, "in_bars_range", "in_bars"],
	["tempo.set", { bpm: 100, in_bars: 1.5 }, "wrong_type", "in_bars"],
	["tempo.set", { bpm: 100, in_bars: null }, "wrong_type", "in_bars"],
	["tempo.set", () => ({ bpm: 100, in_bars: 2, anchor_timestamp: boxNow() + 5000 }), "bad_request", "in_bars"],
	["tempo.set", () => ({ bpm: 100, anchor_timestamp: boxNow() + 5000 }), "not_running", "anchor_timestamp", /tempo\.start/],

	["tempo.start", { count_in_bars: 9 }, "count_in_bars_range", "count_in_bars", /0 to 8.*9/],
	["tempo.start", { count_in_bars: -1 }, "count_in_bars_range", "count_in_bars"],
	["tempo.start", { count_in_bars: "1" }, "wrong_type", "count_in_bars"],
	["tempo.start", { anchor_timestamp: 0 }, "anchor_range", "anchor_timestamp"],
	["tempo.start", { anchor_timestamp: -1 }, "anchor_range", "anchor_timestamp"],
	["tempo.start", () => ({ anchor_timestamp: boxNow() - 1 }), "anchor_range", "anchor_timestamp", /ahead/],
	["tempo.start", () => ({ anchor_timestamp: boxNow() - 86400000 }), "anchor_range", "anchor_timestamp"],
	["tempo.start", () => ({ anchor_timestamp: boxNow() + 601000 }), "anchor_range", "anchor_timestamp", /ten minutes/],
	["tempo.start", { anchor_timestamp: 2 ** 50 }, "anchor_range", "anchor_timestamp"],
	["tempo.start", { anchor_timestamp: 2 ** 50 + 1 }, "anchor_range", "anchor_timestamp"],
	["tempo.start", { anchor_timestamp: Number.MAX_SAFE_INTEGER }, "anchor_range", "anchor_timestamp"],
	["tempo.start", () => ({ anchor_timestamp: boxNow() + 1000.5 }), "wrong_type", "anchor_timestamp"],
	["tempo.start", { anchor_timestamp: "now" }, "wrong_type", "anchor_timestamp"],
	/* 2^64 ns further on is now again, if someone computes carelessly. */
	["tempo.start", () => ({ anchor_timestamp: boxNow() + 18446744073709 + 1000 }), "anchor_range", "anchor_timestamp"],
	["tempo.start", () => ({ anchor_timestamp: boxNow() + 60 * 18446744073710 + 1000 }), "anchor_range", "anchor_timestamp"],

	["tempo.cancel", {}, "nothing_pending", null, /announced/],

	["tempo.tap", () => ({ at: boxNow() - 2200 }), "tap_range", "at", /two seconds/],
	["tempo.tap", () => ({ at: boxNow() + 300 }), "tap_range", "at", /clock\.ping/],
	["tempo.tap", { at: -1 }, "tap_range", "at"],
	["tempo.tap", { at: 0 }, "tap_range", "at"],
	["tempo.tap", { at: 1e308 }, "tap_range", "at"],
	["tempo.tap", () => ({ at: boxNow() + 18446744073709.55 }), "tap_range", "at"],
	["tempo.tap", () => ({ at: boxNow() + 60 * 18446744073709.55 }), "tap_range", "at"],
	["tempo.tap", { at: "now" }, "wrong_type", "at"],
	["tempo.tap", { at: null }, "wrong_type", "at"],

	["tempo.handoff", { user_id: "nobody" }, "no_such_member", "user_id", /user_id/],
	["tempo.handoff", { user_id: "00000000-0000-4000-8000-000000000000" }, "no_such_member", "user_id"],
	["tempo.handoff", { user_id: x(36) }, "no_such_member", "user_id"],
	["tempo.handoff", { user_id: "🥁".repeat(36) }, "no_such_member", "user_id"],
	["tempo.handoff", { user_id: "' OR 1=1 --                         " }, "no_such_member", "user_id"],
	["tempo.handoff", { user_id: 1 }, "wrong_type", "user_id"],

	["click.set", { volume: 101 }, "volume_range", "volume", /0 to 100.*101/],
	["click.set", { volume: -1 }, "volume_range", "volume"],
	["click.set", { volume: 50.5 }, "wrong_type", "volume"],
	["click.set", { volume: 10, sound: "x" }, "sound", "sound", /beep, wood or cowbell/],
	["click.set", { sound: "" }, "sound", "sound"],
	["click.set", { sound: "BEEP" }, "sound", "sound"],
	["click.set", { sound: 1 }, "wrong_type", "sound"],
	["click.set", { accent: 1 }, "wrong_type", "accent", /true or false/],
	["click.set", { accent: "true" }, "wrong_type", "accent"],
	["click.set", { subdivision: null }, "wrong_type", "subdivision"],

	["session.create", { display_name: "" }, "display_name", "display_name", /1 to 40/],
	["session.create", { display_name: x(41) }, "display_name", "display_name", /40/],
	["session.create", { display_name: "é".repeat(41) }, "display_name", "display_name"],
	["session.create", { display_name: "   " }, "display_name", "display_name"],
	["session.create", { display_name: "\u00a0\u2003\u3000" }, "display_name", "display_name"],
	["session.create", { display_name: "a\tb" }, "display_name", "display_name"],
	["session.create", { display_name: "a\nb" }, "display_name", "display_name"],
	["session.create", { display_name: "a\u001b[31m" }, "display_name", "display_name"],
	["session.create", { display_name: "a\u007f" }, "display_name", "display_name"],
	["session.create", { display_name: "a\u0085" }, "display_name", "display_name"],
	["session.create", { display_name: 7 }, "wrong_type", "display_name", /text/],
	["session.create", { display_name: "Eve", pin: 123456 }, "wrong_type", "pin", /text/],
	["session.create", { display_name: "Eve", pin: x(65) }, "pin_wrong", "pin"],

	["session.join", { code: "", display_name: "Eve" }, "code_form", "code", /six/],
	["session.join", { code: code.slice(1), display_name: "Eve" }, "code_form", "code"],
	["session.join", { code: `${code}A`, display_name: "Eve" }, "code_form", "code"],
	["session.join", { code: "      ", display_name: "Eve" }, "code_form", "code"],
	["session.join", { code: x(33), display_name: "Eve" }, "code_form", "code"],
	["session.join", { code: "ÄBCDEF", display_name: "Eve" }, "code_form", "code"],
	["session.join", { code: "%00%00%0", display_name: "Eve" }, "code_form", "code"],
	["session.join", { code: 123456, display_name: "Eve" }, "wrong_type", "code"],
	["session.join", { code, display_name: x(41) }, "display_name", "display_name"],
	["session.join", { code, display_name: "Eve", token: "" }, "token_unknown", "token"],
	["session.join", { code, display_name: "Eve", token: null }, "wrong_type", "token"],
	["session.claim", { code: "abc", display_name: "Eve" }, "code_form", "code"],
	["session.resume", { token: "" }, "token_unknown", "token"],
	["session.resume", { token: x(129) }, "token_unknown", "token"],
	["session.resume", { token: {} }, "wrong_type", "token"],
];

function title(type, fields, wanted) {
	const text = typeof fields === "function" ? String(fields).slice(6) : JSON.stringify(fields);
	return `${wanted}: ${type} ${text.slice(0, 70)}`;
}

for (const [type, fields, wanted, field, words] of stopped)
	test(title(type, fields, wanted), () => refuses(eye,
		() => ann.request(type, typeof fields === "function" ? fields() : fields), wanted, field, words));

test("letters and digits that are easily mixed up stand in no code", async () => {
	for (const letter of "01OIL") /* as far as the alphabet lets them out */
		if (!/[01OIL]/.test(code))
			await refuses(eye, () => ann.request("session.join",
				{ code: letter + code.slice(1), display_name: "Eve" }), "code_form", "code");
});

/* ---- who may ------------------------------------------------------------- */

const valid = {
	"tempo.set": { bpm: 99 }, "tempo.cancel": {}, "tempo.tap": () => ({ at: boxNow() }), "tempo.start": {},
	"tempo.stop": {}, "tempo.handoff": { user_id: second.user }, "click.set": { volume: 1 }, "click.test": {},
	"session.leave": {}, "session.close": {}, "session.take_output": {}, "session.release_output": {},
};

for (const [type, fields] of Object.entries(valid))
	test(`not_joined: ${type} by a stranger`, () => refuses(eye,
		() => stranger.request(type, typeof fields === "function" ? fields() : fields),
		"not_joined", null, /session\.join/));

for (const [type, fields] of Object.entries(valid).filter(([type]) => /^(tempo|click)/.test(type)))
	test(`not_controller: ${type} by a member`, () => refuses(eye,
		() => ben.request(type, typeof fields === "function" ? fields() : fields), "not_controller", null, /hand-over/));

for (const type of ["session.close", "session.take_output", "session.release_output"])
	test(`not_md: ${type} by a member`, () => refuses(eye, () => ben.request(type), "not_md", null, /music director/));

test("who may not is told so before the fields are looked at", () =>
	refuses(eye, () => ben.request("tempo.set", { bpm: 1000 }), "not_controller", null));

/* ---- while it runs -------------------------------------------------------- */

const running = [
	["tempo.start", {}, "already_running", null, /stop/],
	["tempo.start", () => ({ anchor_timestamp: boxNow() + 2000 }), "already_running", null],
	["tempo.set", { bpm: 261 }, "bpm_range", "bpm"],
	["tempo.set", () => ({ bpm: 100, anchor_timestamp: boxNow() }), "anchor_range", "anchor_timestamp", /ahead/],
	["tempo.set", () => ({ bpm: 100, anchor_timestamp: boxNow() - 5000 }), "anchor_range", "anchor_timestamp"],
	["tempo.set", () => ({ bpm: 100, anchor_timestamp: boxNow() + 601000 }), "anchor_range", "anchor_timestamp"],
	["tempo.set", () => ({ bpm: 100, anchor_timestamp: boxNow() + 60 * 18446744073710 + 1000 }), "anchor_range", "anchor_timestamp"],
	["tempo.set", { bpm: 100, in_bars: 0 }, "in_bars_range", "in_bars"],
	["tempo.cancel", {}, "nothing_pending", null],
];

test("while it runs", async (t) => {
	await ann.request("tempo.start", { count_in_bars: 1 });
	for (const [type, fields, wanted, field, words] of running)
		await t.test(title(type, fields, wanted), () => refuses(eye,
			() => ann.request(type, typeof fields === "function" ? fields() : fields), wanted, field, words));
	await ann.request("tempo.stop");
});

test("too_late: what begins just now can be neither replaced nor withdrawn", async () => {
	await ann.request("tempo.set", { bpm: 120 });
	await ann.request("tempo.start");
	const seen = new Set();
	/* The moment is short: on a busy machine one may miss it. */
	for (let attempt = 0; attempt < 40 && seen.size < 2; attempt++) {
		const anchor_timestamp = boxNow() + 75;
		const announced = await ann.request("tempo.set", { bpm: 90 + attempt, anchor_timestamp }).catch((e) => e);
		if (announced.code === "anchor_range")
			continue;
		await sleep(anchor_timestamp - ann.now() - 25);
		const before = structuredClone(ann.state.tempoState);
		const ask = attempt % 2 ? ann.request("tempo.cancel") : ann.request("tempo.set", { bpm: 200 });
		const refused = await ask.catch((error) => error);
		if (refused.code !== "too_late")
			continue;
		seen.add(attempt % 2);
		checkError(refused.answer, "too_late", null, /moment/);
		/* It begins as it was announced. */
		await ann.when((state) => !state.tempoState.pending);
		assert.equal(ann.state.tempoState.bpm, before.pending.bpm);
		assert.equal(ann.state.tempoState.anchor_timestamp, anchor_timestamp);
	}
	await ann.request("tempo.stop");
	assert.deepEqual([...seen].sort(), [0, 1]);
});

test("bpm_range: taps that are regular but too slow", async () => {
	await ann.request("tempo.set", { time_signature: "2/4" });
	/* Four taps, 2.4 s apart: 25 bpm. Each is sent when it is at most two seconds old. */
	const from = boxNow() - 1900;
	let refused = null;
	for (let i = 0; i < 4 && !refused; i++) {
		await sleep(Math.max(0, from + i * 2400 - ann.now()));
		refused = await ann.request("tempo.tap", { at: from + i * 2400 }).then(() => null, (error) => error);
	}
	checkError(refused.answer, "bpm_range", "at", /25 bpm/);
	assert.equal((await look(eye)).tempoState.running, false);
	assert.equal(ann.state.tempoState.bpm, (await look(eye)).tempoState.bpm);
	await ann.request("tempo.set", { time_signature: "4/4" });
});

/* ---- order ---------------------------------------------------------------- */

/** Types of what a phone heard since, and the re of answers. */
const kinds = (phone, from) => phone.heard.slice(from).map(({ message }) => message.type);

test("state comes before ok, welcome before ok", async () => {
	for (const [type, fields] of [["tempo.set", { bpm: 101 }], ["tempo.start", {}], ["tempo.set", { bpm: 102 }],
		["tempo.cancel", {}], ["click.set", { volume: 70 }], ["tempo.stop", {}], ["session.release_output", {}],
		["session.take_output", {}]]) {
		const from = ann.heard.length;
		const ok = await ann.request(type, fields);
		assert.deepEqual(kinds(ann, from), ["state", "ok"], type);
		assert.equal(ok.revision, ann.state.revision);
		await ben.when((state) => state.revision === ok.revision);
	}
	for (const ask of [(p) => p.join(code, "Cas"), (p) => p.create("Dot")]) {
		const phone = await Phone.open(box.url);
		const ok = await ask(phone);
		assert.deepEqual(kinds(phone, 0), ["welcome", "ok"]);
		assert.equal(ok.revision, phone.state.revision);
		assert.equal(ok.user_id, phone.state.you.user_id);
		await phone.resume();
		assert.deepEqual(kinds(phone, 0), ["welcome", "ok", "welcome", "ok"]);
		await phone.request("session.leave");
		await phone.close();
	}
});

test("a welcome has all the sections of the document", async () => {
	const state = await look(eye);
	assert.deepEqual(Object.keys(state).sort(), ["activeSong", "click", "clock_id", "participants", "revision",
		"roleAssignments", "session", "setlist", "slots", "tempoState", "type", "you"]);
	assert.deepEqual(Object.keys(state.tempoState).sort(), ["anchor_bar_index", "anchor_timestamp", "bpm",
		"controller_user_id", "pending", "running", "session_id", "start_bar_index", "time_signature"]);
	assert.deepEqual(Object.keys(state.click).sort(), ["accent", "audio", "on_air", "sound", "subdivision", "volume"]);
	assert.deepEqual(Object.keys(state.session).sort(), ["active", "active_position", "active_setlist_id", "code",
		"created_at", "id", "md_user_id"]);
	for (const participant of state.participants)
		assert.deepEqual(Object.keys(participant).sort(), ["away", "display_name", "join_time", "last_heartbeat",
			"network_rtt_ms", "packet_loss_pct", "ptt_state", "ready", "session_id", "slots", "user_id"]);
	assert.match(state.clock_id, /^[0-9a-f]{16}$/);
	assert.ok(state.slots.length > 0 && state.slots.every((slot) => slot.id && slot.name));
	assert.equal(state.click.audio, "none");
});

test("after all that every phone has what a newcomer is told, without a hole", async () => {
	await checkMerged(eye, [ann, ben]);
	assert.ok(ann.state.revision > 10);
	for (const phone of [ann, ben, stranger, eye])
		await phone.close();
});
