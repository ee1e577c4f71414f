/*
 * What the page says of its link: the figures of the last fifty pings, in a world
 * whose time the test turns. That no two requests of a user have one id; and which
 * are sent again when the line broke before their answer.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, mock, test } from "node:test";

import { Link } from "../../web/box/link.js";
import { Sync } from "../../web/box/sync.js";

/** A link whose pings come back when the test says so. */
function world() {
	let now = 1000;
	mock.method(performance, "now", () => now);
	/** @type {{resolve: (pong: any) => void, reject: (error: any) => void}[]} */
	const asked = [];
	const link = { status: "open", request: () => new Promise((resolve, reject) => asked.push({ resolve, reject })) };
	const clock = { error_ms: 1, add: () => {} };
	const sync = new Sync(/** @type {any} */ (link), /** @type {any} */ (clock), () => {});
	const settle = () => new Promise((resolve) => setImmediate(resolve));
	return {
		sync,
		pass: (/** @type {number} */ ms) => (now += ms),
		send: () => sync.ping(),
		async answer(/** @type {number} */ which, work_ms = 0) {
			asked[which].resolve({ t1: 50, t2: 50 + work_ms });
			await settle();
		},
		async fail(/** @type {number} */ which, /** @type {string} */ code) {
			asked[which].reject({ code });
			await settle();
		},
		/** One ping with a round trip of so long. @param {number} ms */
		async trip(ms) {
			sync.ping();
			now += ms;
			await this.answer(asked.length - 1);
		},
	};
}

describe("figures of the link", () => {
	test("none before a ping has come back", async () => {
		const w = world();
		assert.equal(w.sync.report(), null);
		w.send();
		assert.equal(w.sync.report(), null);
		w.pass(2500);
		assert.equal(w.sync.report(), null, "all lost: what would be told of the round trip?");
	});

	test("round trip in the middle, jitter from one to the next, whole ms", async () => {
		const w = world();
		for (const ms of [10, 30, 10, 30, 10])
			await w.trip(ms);
		assert.deepEqual(w.sync.report(), { rtt_ms: 10, jitter_ms: 20, packet_loss_pct: 0 });
	});

	test("the time that the box took is not the link's", async () => {
		const w = world();
		w.send();
		w.pass(25);
		await w.answer(0, 5);
		assert.equal(w.sync.report()?.rtt_ms, 20);
	});

	test("lost: without an answer in two seconds; before that nobody knows", async () => {
		const w = world();
		await w.trip(10);
		w.send();
		w.pass(1900);
		assert.equal(w.sync.report()?.packet_loss_pct, 0);
		w.pass(200);
		assert.equal(w.sync.report()?.packet_loss_pct, 50);
		await w.answer(1);
		assert.equal(w.sync.report()?.packet_loss_pct, 50, "late is lost");
		assert.equal(w.sync.report()?.rtt_ms, 10);
	});

	test("what broke with the line is lost once its time is over, what never went out is none", async () => {
		const w = world();
		await w.trip(10);
		w.send();
		await w.fail(1, "no_answer");
		w.send();
		await w.fail(2, "no_connection");
		w.pass(2100);
		assert.equal(w.sync.report()?.packet_loss_pct, 50);
	});

	test("of the last fifty pings, and within the limits of the message", async () => {
		const w = world();
		for (let i = 0; i < 3; i++)
			w.send();
		w.pass(2100);
		for (let i = 0; i < 47; i++)
			await w.trip(4);
		assert.equal(w.sync.report()?.packet_loss_pct, 6);
		await w.trip(4);
		assert.equal(w.sync.report()?.packet_loss_pct, 4, "the first one has fallen out");
		for (let i = 0; i < 10; i++)
			await w.trip(1999);
		const report = /** @type {any} */ (w.sync.report());
		for (const value of [report.rtt_ms, report.jitter_ms])
			assert.ok(Number.isInteger(value) && value >= 0 && value <= 60000);
	});
});

describe("ids", () => {
	test("another load of the page, or another device, has other ids", () => {
		const loads = Array.from({ length: 2000 }, () => new Link("ws://x", /** @type {any} */ ({})).prefix);
		assert.equal(new Set(loads).size, loads.length);
		for (const prefix of loads)
			assert.match(prefix, /^[a-z0-9]{9}-$/);
	});

	test("one link counts on, over all its sockets, and sends nothing twice", () => {
		/** @type {string[]} */
		const sent = [];
		class Socket {
			static OPEN = 1;
			readyState = 1;
			send(/** @type {string} */ text) {
				sent.push(text);
			}
			close() {}
		}
		const real = globalThis.WebSocket;
		globalThis.WebSocket = /** @type {any} */ (Socket);
		try {
			const link = new Link("ws://x", { open() {}, message() {}, status() {}, woken() {} });
			for (let socket = 0; socket < 3; socket++) {
				link.open();
				link.repeat();
				for (let i = 0; i < 4; i++)
					link.request("tempo.tap", { at: i }).catch(() => {});
			}
			link.drop();
		} finally {
			globalThis.WebSocket = real;
		}
		const ids = sent.map((text) => JSON.parse(text).id);
		assert.equal(ids.length, 12);
		assert.equal(new Set(ids).size, 12);
		assert.ok(ids.every((id) => id.length <= 64));
	});
});

/** A link over sockets that do as the test says; all that was sent, by socket. */
function line() {
	/** @type {{sent: any[], onopen: any, onmessage: any, onclose: any, readyState: number}[]} */
	const sockets = [];
	class Socket {
		static OPEN = 1;
		readyState = 1;
		/** @type {any[]} */
		sent = [];
		onopen = () => {};
		onmessage = (/** @type {any} */ _) => {};
		onclose = () => {};
		constructor() {
			sockets.push(this);
		}
		send(/** @type {string} */ text) {
			this.sent.push(JSON.parse(text));
		}
		close() {}
	}
	globalThis.WebSocket = /** @type {any} */ (Socket);
	const link = new Link("ws://x", { open() {}, message() {}, status() {}, woken: () => void link.request("clock.ping").catch(() => {}) });
	/** @type {string[]} */
	const ends = [];
	link.open();
	link.repeat();
	return {
		link, sockets, ends,
		ask: (/** @type {string} */ type) => void link.request(type).then(() => ends.push(`${type} ok`), (error) => ends.push(`${type} ${error.code}`)),
		/** The line breaks, and there is another one. */
		break() {
			sockets.at(-1)?.onclose();
			link.open();
			sockets.at(-1)?.onopen();
		},
		answer: (/** @type {any} */ message) => sockets.at(-1)?.onmessage({ data: JSON.stringify(message) }),
	};
}

describe("an answer that was lost with the line", () => {
	const real = globalThis.WebSocket;
	beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
	afterEach(() => {
		mock.timers.reset();
		globalThis.WebSocket = real;
	});
	const settle = () => new Promise((resolve) => setImmediate(resolve));

	test("what the box writes down is sent once more, the same under the same id, when the box knows us again", async () => {
		const { link, sockets, ends, ask, answer, ...w } = line();
		ask("song.create");
		w.break();
		await settle();
		assert.deepEqual([sockets[1].sent, ends], [[], []], "not before the welcome, and no bad news yet");
		link.repeat();
		assert.deepEqual(sockets[1].sent, sockets[0].sent);
		link.repeat();
		assert.equal(sockets[1].sent.length, 1, "once for each line");
		answer({ type: "ok", re: sockets[0].sent[0].id });
		await settle();
		assert.deepEqual(ends, ["song.create ok"]);
		w.break();
		link.repeat();
		assert.deepEqual(sockets[2].sent, []);
	});

	test("between the line and the welcome: what the box writes down waits for it, what is worth something at once is said to be not sent", async () => {
		const { link, sockets, ends, ask, ...w } = line();
		w.break();
		["setlist.item.move", "tempo.stop", "session.resume", "clock.ping"].forEach(ask);
		await settle();
		assert.deepEqual([sockets[1].sent.map(({ type }) => type), ends], [["session.resume", "clock.ping"], ["tempo.stop no_connection"]]);
		link.repeat();
		assert.deepEqual(sockets[1].sent.slice(2).map(({ type }) => type), ["setlist.item.move"]);
		link.drop();
		link.give_up();
	});

	test("over several lines that break; in vain for twelve seconds, then told once", async () => {
		const { link, sockets, ends, ask, ...w } = line();
		ask("setlist.item.move");
		for (let i = 0; i < 3; i++) {
			mock.timers.tick(3000);
			w.break();
			link.repeat();
		}
		await settle();
		assert.deepEqual([sockets.map(({ sent }) => sent.length), ends], [[1, 1, 1, 1], []]);
		mock.timers.tick(3001);
		w.break();
		link.repeat();
		await settle();
		assert.deepEqual([sockets[4].sent, ends], [[], ["setlist.item.move no_answer"]]);
	});

	test("taps, starts, stops, the next song, questions and the ways in are told at once and never come again", async () => {
		const fleeting = ["tempo.tap", "tempo.start", "tempo.stop", "tempo.set", "tempo.handoff", "click.set", "click.test", "song.activate", "clock.ping", "ptt.set", "ready.set",
			"metrics.report", "session.create", "session.join", "session.resume", "session.claim", "session.list", "session.reopen", "song.list", "setlist.list"];
		const { link, sockets, ends, ask, ...w } = line();
		fleeting.forEach(ask);
		w.break();
		link.repeat();
		await settle();
		assert.deepEqual(ends, fleeting.map((type) => `${type} no_answer`));
		assert.deepEqual(sockets[1].sent, []);
	});

	test("all else of the protocol is", () => {
		const page = readFileSync(new URL("../../schema/messages.md", import.meta.url), "utf8");
		const table = page.slice(page.indexOf("<!-- commands -->"), page.indexOf("<!-- /commands -->"));
		const types = [...table.matchAll(/^\| ([a-z._]+\.[a-z_]+) \|/gm)].map(([, type]) => type);
		const { link, sockets, ask, ...w } = line();
		types.forEach(ask);
		w.break();
		link.repeat();
		assert.deepEqual(sockets[1].sent.map(({ type }) => type).sort(), types.filter((type) =>
			/^(session.(leave|close|take_output|release_output|renew_code)|participant|profile|role|song|setlist)/.test(type) && !/\.list$|^song\.activate$/.test(type)).sort());
		link.drop();
		link.give_up();
	});

	test("where the session is gone, they go with it", async () => {
		const { link, ends, ask, ...w } = line();
		ask("session.leave");
		w.break();
		link.give_up();
		await settle();
		assert.deepEqual(ends, ["session.leave gone"]);
	});
});

describe("a page that is woken", () => {
	const real = globalThis.WebSocket;
	let now = 0;
	beforeEach(() => {
		now = 5000;
		mock.timers.enable({ apis: ["setTimeout", "Date"] });
		mock.method(performance, "now", () => now);
	});
	afterEach(() => {
		mock.timers.reset();
		mock.restoreAll();
		globalThis.WebSocket = real;
	});
	/** Time passes, and the link looks at its socket twice a second. */
	const pass = (/** @type {Link} */ link, /** @type {number} */ ms) => {
		for (let i = 0; i < ms; i += 500) {
			now += 500;
			mock.timers.tick(500);
			link.check();
		}
	};

	test("after three seconds and more it takes another socket at once, and when a network comes", () => {
		const { link, sockets } = line();
		sockets[0].onopen();
		now += 3500;
		mock.timers.tick(3500);
		link.wake();
		assert.equal(sockets.length, 2);
		sockets[1].onopen();
		link.wake(true);
		assert.equal(sockets.length, 3);
	});

	test("one that is being opened has its three seconds: a page is shown when it has come, too", () => {
		const { link, sockets } = line();
		now += 100;
		link.wake();
		pass(link, 2500);
		mock.timers.tick(1);
		assert.equal(sockets.length, 1);
		pass(link, 1000);
		mock.timers.tick(1);
		assert.equal(sockets.length, 2);
	});

	test("after less it asks at once, and gives the answer a second", () => {
		const { link, sockets, answer } = line();
		sockets[0].onopen();
		link.wake();
		assert.deepEqual(sockets[0].sent.map(({ type }) => type), ["clock.ping"]);
		answer({ type: "clock.pong", re: sockets[0].sent[0].id });
		pass(link, 2500);
		assert.equal(sockets.length, 1, "it lives");
		link.wake();
		pass(link, 1000);
		assert.equal(sockets.length, 1, "not yet");
		pass(link, 500);
		mock.timers.tick(1);
		assert.equal(sockets.length, 2);
	});
});
