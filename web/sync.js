/*
 * sync.js - keeps the clock fed: pings over the link, many at first, then about
 * one a second, which are the heartbeat too.
 */
import { ping_gap_ms } from "./clock.js";

/**
 * @typedef {import("./clock.js").Clock} Clock
 * @typedef {import("./link.js").Link} Link
 */

/** @typedef {{error_ms: number, rtt_ms: number, loss_pct: number}} Quality */

/** A ping without an answer after this is lost. */
const LOST_MS = 2000;
/** The last so many make the figures. */
const HISTORY = 50;

export class Sync {
	/** @param {Link} link @param {Clock} clock @param {(quality: Quality) => void} told after each pong */
	constructor(link, clock, told) {
		this.link = link;
		this.clock = clock;
		this.told = told;
		this.timer = 0;
		/** Pings since the connection began: each one begins with a volley. */
		this.sent = 0;
		/** Round trips of the last pings, ms; null: lost. @type {(number | null)[]} */
		this.trips = [];
	}

	/** A new connection. */
	begin() {
		clearTimeout(this.timer);
		this.sent = 0;
		this.step();
	}

	step() {
		clearTimeout(this.timer);
		if (this.link.status !== "open")
			return;
		this.ping();
		this.timer = setTimeout(() => this.step(), ping_gap_ms(++this.sent, this.clock.error_ms));
	}

	async ping() {
		const t0 = performance.now();
		try {
			const pong = await this.link.request("clock.ping", { t0 });
			const t3 = performance.now();
			this.clock.add(t0, pong.t1, pong.t2, t3);
			this.count(t3 - t0 > LOST_MS ? null : t3 - t0 - (pong.t2 - pong.t1));
			this.told(this.quality());
		} catch {
			this.count(null);
		}
	}

	/** @param {number | null} trip_ms */
	count(trip_ms) {
		this.trips.push(trip_ms);
		if (this.trips.length > HISTORY)
			this.trips.shift();
	}

	/** @returns {Quality} */
	quality() {
		const back = this.trips.filter((t) => t !== null).sort((a, b) => a - b);
		return {
			error_ms: this.clock.error_ms,
			rtt_ms: back[Math.floor(back.length / 2)] ?? 0,
			loss_pct: 100 * (1 - back.length / Math.max(1, this.trips.length)),
		};
	}
}
