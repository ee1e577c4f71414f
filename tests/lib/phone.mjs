/*
 * phone.mjs - a scripted phone: speaks schema/messages.md over `ws`, keeps its
 * own clock and its own copy of the state, and can be given a bad network.
 *
 *     const phone = await Phone.open(box.url, {delay: [0, 80], seed: 7});
 *     await phone.sync();
 *     await phone.create("Ann", "123456");
 *     await phone.request("tempo.tap", {at: phone.now()});
 *     await phone.when((s) => s.tempoState.running);
 *
 * Written independently of web/: it shares no code with the page, so that the
 * two check each other. A revision with a hole is a failure (`holes`).
 */
import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import WebSocket from "ws";

import { delayed, random } from "./proxy.mjs";

const ANSWER_MS = 10000;

/** What a request's `error` answer throws. */
export class Refused extends Error {
	/** @param {Record<string, any>} answer */
	constructor(answer) {
		super(`${answer.code}: ${answer.message}`);
		this.code = answer.code;
		this.field = answer.field;
		this.answer = answer;
	}
}

export class Phone extends EventEmitter {
	/** @param {string} url of the box @param {{delay?: [number, number], up?: [number, number], down?: [number, number], seed?: number, heartbeat_ms?: number}} [how] heartbeat_ms 0: none */
	constructor(url, how = {}) {
		super();
		this.url = url;
		const rnd = random(how.seed ?? Math.floor(Math.random() * 2 ** 31));
		const draw = ([low, high] = [0, 0]) => () => low + (high - low) * rnd();
		this.draw_up = draw(how.up ?? how.delay);
		this.draw_down = draw(how.down ?? how.delay);
		/** The merged state: welcome, then every `state` over it. @type {Record<string, any> | null} */
		this.state = null;
		this.token = "";
		/** Revisions that did not follow on the one before. @type {string[]} */
		this.holes = [];
		/** Everything that came, but for pongs, with the phone's own time of arrival. @type {{at: number, message: any}[]} */
		this.heard = [];
		this.next_id = 1;
		/* An id is a request's own, so ids differ between phones of one user too. */
		this.id_prefix = `p${process.pid}-${Math.floor(rnd() * 1e9).toString(36)}-`;
		this.heartbeat_ms = how.heartbeat_ms ?? 4000;
		/** @type {Map<string, {resolve: (a: any) => void, reject: (e: Error) => void}>} */
		this.waiting = new Map();
		this.lower = -Infinity;
		this.upper = Infinity;
	}

	static async open(url, how) {
		const phone = new Phone(url, how);
		await phone.connect();
		return phone;
	}

	async connect() {
		const ws = new WebSocket(`${this.url.replace(/^http/, "ws")}/ws`, "tactus.v1",
			{ perMessageDeflate: false, origin: this.url });
		this.ws = ws;
		const take = delayed(this.draw_down, (text) => ws === this.ws && this.receive(text));
		this.put = delayed(this.draw_up, (text) => ws.readyState === WebSocket.OPEN && ws.send(text));
		ws.on("message", (text) => take(String(text)));
		ws.on("close", (code) => ws === this.ws && this.closed(code));
		await new Promise((resolve, reject) => {
			ws.once("open", resolve);
			ws.once("error", reject);
			ws.once("unexpected-response", (_, r) => reject(new Error(`HTTP ${r.statusCode}`)));
		});
		ws.on("error", () => {});
		/* A phone that is silent for long is shown as away. */
		clearInterval(this.heart);
		if (this.heartbeat_ms)
			this.heart = setInterval(() => this.ping().catch(() => {}), this.heartbeat_ms).unref();
	}

	closed(code) {
		clearInterval(this.heart);
		for (const { reject } of this.waiting.values())
			reject(new Error(`connection closed (${code})`));
		this.waiting.clear();
		this.emit("close", code);
	}

	receive(text) {
		const message = JSON.parse(text);
		if (message.type !== "clock.pong")
			this.heard.push({ at: performance.now(), message });
		if (message.type === "welcome")
			this.state = message;
		else if (message.type === "state")
			this.merge(message);
		else if (message.re !== undefined && message.re !== null)
			this.answer(message);
		this.emit("message", message);
	}

	merge(message) {
		if (!this.state)
			return;
		if (message.revision !== this.state.revision + 1)
			this.holes.push(`${this.state.revision} → ${message.revision}`);
		this.state = { ...this.state, ...message };
		this.emit("state", this.state);
	}

	answer(message) {
		const wait = this.waiting.get(message.re);
		if (!wait)
			return;
		this.waiting.delete(message.re);
		if (message.type === "error")
			wait.reject(new Refused(message));
		else
			wait.resolve(message);
	}

	/** Sends a request; its `ok` or pong, or throws Refused. @param {Record<string, any>} [fields] */
	request(type, fields = {}, id = this.id_prefix + this.next_id++) {
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => {
				this.waiting.delete(id);
				reject(new Error(`no answer to ${type} in ${ANSWER_MS} ms`));
			}, ANSWER_MS);
			const done = (fn) => (value) => {
				clearTimeout(timer);
				fn(value);
			};
			this.waiting.set(id, { resolve: done(resolve), reject: done(reject) });
			this.put(JSON.stringify({ id, type, ...fields }));
		});
	}

	/** Sends any text as it is: for bad input. */
	send_raw(text, options) {
		this.ws.send(text, options);
	}

	/** One ping; narrows what is known of the box's clock. */
	async ping() {
		const t0 = performance.now();
		const pong = await this.request("clock.ping", { t0 });
		const t3 = performance.now();
		this.lower = Math.max(this.lower, pong.t2 - t3);
		this.upper = Math.min(this.upper, pong.t1 - t0);
		return { rtt_ms: t3 - t0 - (pong.t2 - pong.t1), t0, t3, ...pong };
	}

	/** Many pings, many under way at once, so that one slow one holds up none. */
	async sync(count = 60, gap_ms = 25) {
		const pings = [];
		for (let i = 0; i < count; i++) {
			pings.push(this.ping());
			await sleep(gap_ms);
		}
		await Promise.all(pings);
	}

	/** box − phone, ms: the middle of what is possible. */
	get offset_ms() {
		return (this.lower + this.upper) / 2;
	}

	/** Half of what is possible: no true offset lies farther away. */
	get error_ms() {
		return (this.upper - this.lower) / 2;
	}

	/** The box's time at a time of this phone's performance clock. */
	now(at = performance.now()) {
		return at + this.offset_ms;
	}

	async create(display_name = "Ann", pin) {
		const ok = await this.request("session.create", pin === undefined ? { display_name } : { display_name, pin });
		this.token = ok.token;
		return ok;
	}

	async join(code, display_name = "Ben") {
		const ok = await this.request("session.join", { code, display_name });
		this.token = ok.token;
		return ok;
	}

	/** Connects anew and goes on as the same user. */
	async resume() {
		await this.connect();
		return this.request("session.resume", { token: this.token });
	}

	/** Waits until the state is so. @param {(state: Record<string, any>) => boolean} so */
	async when(so, wait_ms = 5000) {
		const deadline = performance.now() + wait_ms;
		while (!(this.state && so(this.state))) {
			if (performance.now() > deadline)
				throw new Error(`waited ${wait_ms} ms in vain for ${so}; state: ${JSON.stringify(this.state)}`);
			await sleep(5);
		}
		return this.state;
	}

	/** Lies down without a word, as a phone does that leaves the room. */
	terminate() {
		this.ws.terminate();
	}

	async close() {
		const ws = this.ws;
		if (ws.readyState === WebSocket.CLOSED)
			return;
		const gone = new Promise((resolve) => ws.once("close", resolve));
		ws.close();
		await Promise.race([gone, sleep(1000).then(() => ws.terminate())]);
	}
}
