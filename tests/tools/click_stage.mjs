/*
 * click_stage.mjs - a stage for tests of the click alone: jackd (dummy driver), tactus-click, a
 * feed that plays the daemon's part, and ears.
 *
 *     const stage = await startStage({period: 1024});
 *     await stage.feed.say("start 120 4/4 500");
 *     const ear = stage.listen("--seconds", "5");
 *     await ear.ended; ear.onsets ...
 *     await stage.stop();
 *
 * Server and region names are the stage's own; only children of the test are killed.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { until } from "../lib/box.mjs";
import { Child } from "../lib/child.mjs";

export const BUILD = process.env.BUILD ?? "build";
const ENV = { JACK_NO_AUDIO_RESERVATION: "1", JACK_NO_START_SERVER: "1" };

/** @typedef {{frame: number, peak: number, ns: number}} Onset */

/** An ear at work, or done. */
class Ear {
	/** @param {string[]} args */
	constructor(args) {
		/** @type {Onset[]} */
		this.onsets = [];
		/** @type {string[]} xrun and gap lines */
		this.trouble = [];
		this.first = NaN;
		this.heard = NaN;
		this.process = spawn(join(BUILD, "tests/tools/ear"), args, {
			env: { ...process.env, ...ENV }, stdio: ["ignore", "pipe", "inherit"],
		});
		const lines = createInterface({ input: this.process.stdout });
		lines.on("line", (line) => this.take(line));
		this.listening = once(lines, "line");
		this.ended = once(lines, "close");
	}

	/** @param {string} line */
	take(line) {
		const [what, ...rest] = line.split(" ");
		const [frame, second, ns] = rest.map(Number);
		if (what === "onset")
			this.onsets.push({ frame, peak: second, ns });
		else if (what === "listening")
			this.first = frame;
		else if (what === "heard")
			this.heard = frame;
		else
			this.trouble.push(line);
	}

	async stop() {
		this.process.kill("SIGTERM");
		await this.ended;
	}
}

/** The daemon's part: one line said, one line answered. */
class Feed {
	/** @param {string} region */
	constructor(region) {
		this.process = spawn(join(BUILD, "tests/tools/click_feed"), [region],
			{ stdio: ["pipe", "pipe", "inherit"] });
		this.lines = createInterface({ input: this.process.stdout });
		/** @type {((line: string) => void)[]} */
		this.waiting = [];
		this.lines.on("line", (line) => this.waiting.shift()?.(line));
		this.ended = once(this.lines, "close").then(() => {
			this.waiting.forEach((answer) => answer("closed"));
		});
		/* That it has ended is told by its answers. */
		this.process.stdin.on("error", () => {});
	}

	async end() {
		this.process.stdin.end();
		await this.ended;
	}

	/** @param {string} line @returns {Promise<string>} */
	say(line) {
		const answer = new Promise((resolve) => this.waiting.push(resolve));
		this.process.stdin.write(line + "\n");
		return answer.then((text) => {
			if (text === "closed")
				throw new Error(`the feed ended at: ${line}`);
			return text;
		});
	}

	/** @returns {Promise<Record<string, number>>} the newest status, field by field */
	async status() {
		const words = (await this.say("status")).split(" ").slice(1);
		/** @type {Record<string, number>} */
		const status = {};
		for (let i = 0; i < words.length; i += 2)
			status[words[i]] = Number(words[i + 1]);
		return status;
	}
}

let stages = 0;

/** @param {{period?: number, rate?: number, clickArgs?: string[],
 *   clickEnv?: Record<string, string>}} [options] */
export async function startStage(options = {}) {
	const name = `tc${process.pid}x${++stages}`;
	const dir = mkdtempSync(join(tmpdir(), "tactus-click-"));
	const how = (/** @type {string} */ what) => ({ env: ENV, log: join(dir, `${what}.log`) });
	const jackd = new Child("jackd", ["jackd", "--no-realtime", "-n", name, "-d", "dummy",
		"-r", String(options.rate ?? 48000), "-p", String(options.period ?? 1024)], how("jackd"));
	const click = new Child("tactus-click", [join(BUILD, "tactus-click"), "--server", name,
		"--region", name, ...options.clickArgs ?? []],
		{ ...how("tactus-click"), env: { ...ENV, ...options.clickEnv } });
	/* libjack knows eight servers a machine; when others hold all, jackd ends at once: again. */
	const up = async () => {
		await until(() => {
			if (!jackd.alive)
				jackd.start();
			return spawnSync("jack_wait", ["-s", name, "-c"], { env: { ...process.env, ...ENV },
				encoding: "utf8" }).stdout.trim() === "running";
		}, `jackd ${name}`, 60000, 100);
	};
	/** @type {Ear[]} */
	const ears = [];
	const stage = {
		name, dir, jackd, click, up,
		feed: new Feed(name),
		/** Another feed, as a daemon that is started again. */
		async newFeed() {
			await stage.feed.end();
			stage.feed = new Feed(name);
		},
		/** Starts the click; back when it is on the air. */
		async play() {
			const before = click.log_text().length;
			click.start();
			await until(() => {
				if (!click.alive)
					throw new Error(`tactus-click ended: ${click.log_text()}`);
				return click.log_text().slice(before).includes("ready on");
			}, "tactus-click");
		},
		/** @param {string[]} args of ear */
		listen(...args) {
			const ear = new Ear(["--server", name, ...args]);
			ears.push(ear);
			return ear;
		},
		logs: () => [jackd, click].map((c) => `--- ${c.name}\n${c.log_text().slice(-3000)}`).join("\n"),
		async stop() {
			for (const ear of ears)
				ear.process.kill("SIGKILL");
			await stage.feed.end();
			await click.stop();
			await jackd.stop();
			for (const file of readdirSync("/dev/shm"))
				if (file.startsWith(`${name}.`))
					rmSync(join("/dev/shm", file), { force: true });
			rmSync(dir, { recursive: true, force: true });
		},
	};
	try {
		await up();
		await stage.play();
	} catch (error) {
		const logs = stage.logs();
		await stage.stop();
		throw new Error(`${error}\n${logs}`);
	}
	return stage;
}

/* ---- the reference: exact, and nothing of the product's ------------------------- */

const BEATS = { "2/4": 2, "3/4": 3, "4/4": 4, "6/8": 2, "12/8": 4 };

/** Frames from the anchor to beat k: nearest, halves up. @param {number} k @param {number} bpm */
export function beatOffset(k, bpm, rate = 48000) {
	const den = BigInt(bpm);
	return Number((2n * BigInt(k) * 60n * BigInt(rate) + den) / (2n * den));
}

/**
 * Beats of a grid from its anchor up to a frame, which is not in it.
 * @param {{bpm: number, metre: keyof typeof BEATS, frame: number, bar: number}} grid
 * @param {number} end
 */
export function beatsOf(grid, end, rate = 48000) {
	const beats = [];
	for (let k = 0; ; k++) {
		const frame = grid.frame + beatOffset(k, grid.bpm, rate);
		if (frame >= end)
			return beats;
		beats.push({ frame, bar: grid.bar + Math.floor(k / BEATS[grid.metre]), first: k % BEATS[grid.metre] === 0 });
	}
}

/** The frame at which a bar of a grid begins. @param {{bpm: number, metre: keyof typeof BEATS, frame: number, bar: number}} grid */
export function barFrame(grid, /** @type {number} */ bar, rate = 48000) {
	return grid.frame + beatOffset((bar - grid.bar) * BEATS[grid.metre], grid.bpm, rate);
}

/**
 * Holds what was heard against what had to be: every one, none besides, and accents on bar starts.
 * @param {Onset[]} onsets @param {{frame: number, first: boolean}[]} beats
 */
export function compare(onsets, beats) {
	const heard = new Map(onsets.map((onset) => [onset.frame, onset]));
	const wanted = new Set(beats.map((beat) => beat.frame));
	const accent = Math.max(...onsets.map((onset) => onset.peak));
	return {
		wanted: beats.length,
		missing: beats.filter((beat) => !heard.has(beat.frame)).map((beat) => beat.frame),
		extra: onsets.filter((onset) => !wanted.has(onset.frame)).map((onset) => onset.frame),
		accents: beats.filter((beat) => heard.has(beat.frame) &&
			(heard.get(beat.frame).peak > 0.9 * accent) !== beat.first).map((beat) => beat.frame),
	};
}

/**
 * Which frames of a recording can be judged: those well inside it (the ear wants silence first, and
 * the last click may be cut off), and not within a click's length of frames that the dummy driver,
 * without real-time scheduling, dropped for the ear or for the click.
 * @param {Ear} ear
 * @returns {(at: {frame: number}) => boolean}
 */
export function judgeable(ear, rate = 48000) {
	const from = ear.first + rate / 10;
	const to = ear.first + ear.heard - rate / 10;
	const reach = rate / 10;
	const lost = ear.trouble.map((line) => {
		const [what, frame, frames] = line.split(" ");
		return { from: Number(frame) - reach, to: Number(frame) + (what === "gap" ? Number(frames) : 0) + reach };
	});
	return ({ frame }) => frame >= from && frame < to &&
		!lost.some((hole) => frame >= hole.from && frame < hole.to);
}
