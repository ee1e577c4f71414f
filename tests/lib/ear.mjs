/*
 * ear.mjs - build/tests/tools/ear at work: what sounded, at which frame, and when.
 *
 *     const ear = await Ear.start(box.server);
 *     ... ear.onsets[0].frame, ear.onsets[0].ns ...
 *     await ear.stop();
 *
 * The dummy driver has no card behind it: on a busy machine it loses time, and all that sounds
 * later is late by that much against the clock, though not by frame. steady() says whether the
 * card kept its time around a frame; a test that measures against the clock does a case again
 * when it did not.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { ROOT } from "./box.mjs";

const BUILD = process.env.BUILD ?? join(ROOT, "build");
/* Callbacks come late by more than this now and then; the least late of a third of a second don't. */
const STEADY_NS = 700000;

/** @typedef {{frame: number, peak: number, ns: number}} Onset */

/** Unix minus raw time, ns, as the region's header tells it (schema/ring_layout.h, RING_OFFSET). */
export function unixOffsetNs(region) {
	return Number(readFileSync(`/dev/shm/${region}.tempo`).readBigInt64LE(6 * 8));
}

export class Ear {
	/** @param {string} server JACK's name @param {{args?: string[], rate?: number}} [how] */
	static async start(server, how = {}) {
		const ear = new Ear();
		ear.rate = how.rate ?? 48000;
		ear.process = spawn(join(BUILD, "tests/tools/ear"),
			["--server", server, ...how.args ?? ["--times", "--cycles"]],
			{ env: { ...process.env, JACK_NO_START_SERVER: "1" }, stdio: ["ignore", "pipe", "inherit"] });
		const lines = createInterface({ input: ear.process.stdout });
		lines.on("line", (line) => ear.take(line));
		ear.ended = once(lines, "close");
		await Promise.race([once(lines, "line"), ear.ended.then(() => {
			throw new Error("the ear ended");
		})]);
		return ear;
	}

	constructor() {
		/** @type {Onset[]} */
		this.onsets = [];
		/** @type {{frame: number, frames: number, ns: number}[]} */
		this.cycles = [];
		/** Gaps (frames not heard) and xruns. @type {{what: string, frame: number, frames: number}[]} */
		this.trouble = [];
	}

	/** @param {string} line */
	take(line) {
		const [what, ...rest] = line.split(" ");
		const [a, b, c] = rest.map(Number);
		if (what === "onset")
			this.onsets.push({ frame: a, peak: b, ns: c });
		else if (what === "cycle")
			this.cycles.push({ frame: a, frames: b, ns: c });
		else if (what === "gap" || what === "xrun")
			this.trouble.push({ what, frame: a, frames: b ?? 0 });
	}

	/** The newest frame heard, as far as told. */
	get frame() {
		const last = this.cycles[this.cycles.length - 1];
		return last ? last.frame + last.frames : NaN;
	}

	/** How late the least late callback of that stretch was against nominal time; NaN: none there. */
	lateness(from, to) {
		const ns_per_frame = 1e9 / this.rate;
		let least = Infinity;
		for (const cycle of this.cycles)
			if (cycle.frame >= from && cycle.frame < to)
				least = Math.min(least, cycle.ns - cycle.frame * ns_per_frame);
		return least < Infinity ? least : NaN;
	}

	/** Raw time at which that frame's cycle position begins, by the callbacks around `near` (a frame). */
	timeOf(frame, near = frame) {
		return frame * 1e9 / this.rate + this.lateness(near - this.rate / 3, near + this.rate / 3);
	}

	/** True if the card kept its time from one frame to another, told by each third of a second. */
	steady(from, to) {
		const third = this.rate / 3;
		const first = this.lateness(from, from + third);
		for (let at = from; at < to; at += third)
			if (!(Math.abs(this.lateness(at, at + third) - first) < STEADY_NS))
				return false;
		return !this.trouble.some((t) => t.frame > from && t.frame < to);
	}

	/** Waits for the first onset at or behind a frame (NaN: nothing heard then yet, so any). @returns {Promise<Onset>} */
	async onset(from = NaN, wait_ms = 5000) {
		const deadline = performance.now() + wait_ms;
		for (;;) {
			const found = this.onsets.find((onset) => !(onset.frame < from));
			if (found)
				return found;
			if (performance.now() > deadline)
				throw new Error(`no onset in ${wait_ms} ms`);
			await sleep(5);
		}
	}

	/** Waits until it has told all up to that frame. */
	async reach(frame, wait_ms = 10000) {
		const deadline = performance.now() + wait_ms;
		while (!(this.frame > frame)) {
			if (performance.now() > deadline)
				throw new Error(`the ear hears nothing any more at frame ${this.frame}`);
			await sleep(10);
		}
	}

	async stop() {
		this.process.kill("SIGTERM");
		await this.ended;
	}
}
