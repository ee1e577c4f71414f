/*
 * What the page says of its link: the figures of the last fifty pings, in a world
 * whose time the test turns. And that no two requests of a user have one id.
 */
import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";

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
			const link = new Link("ws://x", { open() {}, message() {}, status() {} });
			for (let socket = 0; socket < 3; socket++) {
				link.open();
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
