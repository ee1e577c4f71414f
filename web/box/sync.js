/*
 * sync.js - keeps the clock fed: pings over the link, many at first, then about
 * one a second, which are the heartbeat too.
 */
import { ping_gap_ms } from "./clock.js";

/**
 * @typedef {import("./clock.js").Clock} Clock
 * @typedef {import("./link.js").Link} Link
 */

/** @typedef {{error_ms: number, rtt_ms: number, jitter_ms: number, loss_pct: number}} Quality */
/** @typedef {{sent: number, trip: number | null}} Ping when it was sent; its round trip, ms, null: no answer in time so far */

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
		/** The last ones, in the order of sending. @type {Ping[]} */
		this.pings = [];
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
		/** @type {Ping} */
		const ping = { sent: t0, trip: null };
		this.pings = [...this.pings, ping].slice(-HISTORY);
		let pong;
		try {
			pong = await this.link.request("clock.ping", { t0 });
		} catch (error) {
			/* What never went out is not lost on the way. */
			if (/** @type {import("./link.js").Refused} */ (error).code === "no_connection")
				this.pings = this.pings.filter((p) => p !== ping);
			return;
		}
		const t3 = performance.now();
		this.clock.add(t0, pong.t1, pong.t2, t3);
		if (t3 - t0 <= LOST_MS)
			ping.trip = Math.max(0, t3 - t0 - (pong.t2 - pong.t1));
		this.told(this.quality());
	}

	/** Round trips of the last pings, in the order of sending; and of how many the fate is known. */
	known() {
		const now = performance.now();
		const trips = this.pings.flatMap(({ trip }) => trip ?? []);
		const lost = this.pings.filter(({ sent, trip }) => trip === null && now - sent > LOST_MS).length;
		return { trips, pings: trips.length + lost };
	}

	/** @returns {Quality} */
	quality() {
		const { trips, pings } = this.known();
		return {
			error_ms: this.clock.error_ms,
			rtt_ms: trips.slice().sort((a, b) => a - b)[trips.length >> 1] ?? 0,
			jitter_ms: jitter(trips),
			loss_pct: 100 * (1 - trips.length / Math.max(1, pings)),
		};
	}

	/** The fields of metrics.report; null while no ping has come back. */
	report() {
		const { rtt_ms, jitter_ms, loss_pct } = this.quality();
		if (!this.known().trips.length)
			return null;
		return { rtt_ms: Math.round(rtt_ms), jitter_ms: Math.round(jitter_ms), packet_loss_pct: Math.round(10 * loss_pct) / 10 };
	}
}

/** By how much one round trip differs from the one before, on the average (as RFC 3550, 6.4.1, does), ms. @param {number[]} trips */
function jitter(trips) {
	let sum = 0;
	for (let i = 1; i < trips.length; i++)
		sum += Math.abs(trips[i] - trips[i - 1]);
	return sum / Math.max(1, trips.length - 1);
}
