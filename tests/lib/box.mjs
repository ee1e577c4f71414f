/*
 * box.mjs - a whole box for a test: jackd (dummy driver), tactus-click, tactusd.
 *
 *     const box = await startBox({pin: "123456"});
 *     ... box.url ...
 *     await box.kill("tactusd"); await box.start("tactusd");
 *     await box.stop();
 *
 * Each box has its own JACK server, shared memory, state directory and port, so
 * that any number run side by side. The programs are children of the test
 * itself: nothing is found, and nothing is killed, by name.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { Child } from "./child.mjs";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BUILD = process.env.BUILD ?? join(ROOT, "build");
const START_MS = 15000;

/** A port that is free now, chosen at random so that two test files seldom meet. */
export async function freePort() {
	for (;;) {
		const port = 21000 + Math.floor(Math.random() * 9000);
		const free = await new Promise((resolve) => {
			const probe = createServer();
			probe.once("error", () => resolve(false));
			probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
		});
		if (free)
			return port;
	}
}

/** Asks until it says yes. @param {() => Promise<unknown> | unknown} ask */
export async function until(ask, what, wait_ms = START_MS, step_ms = 20) {
	const deadline = Date.now() + wait_ms;
	for (;;) {
		if (await ask())
			return;
		if (Date.now() > deadline)
			throw new Error(`waited ${wait_ms} ms in vain for ${what}`);
		await sleep(step_ms);
	}
}

let boxes = 0;

/**
 * @typedef {object} BoxOptions
 * @property {string} [pin] "" or absent: none is asked
 * @property {number} [period] JACK period, frames
 * @property {number} [rate] sample rate, Hz
 * @property {Record<string, string>} [env] for tactusd and tactus-click
 * @property {string[]} [daemonArgs] further options of tactusd
 * @property {string[]} [clickArgs] further options of tactus-click
 * @property {boolean} [audio] false: no jackd and no click
 * @property {string} [state] a state directory that is to outlive the box
 */

/** @param {BoxOptions} [options] */
export async function startBox(options = {}) {
	const name = `t${process.pid}x${++boxes}`;
	const dir = mkdtempSync(join(tmpdir(), "tactus-box-"));
	const state = options.state ?? join(dir, "state");
	const port = await freePort();
	const region = `tactus-${name}`;
	const server = name;
	mkdirSync(state, { recursive: true });
	const child = (/** @type {string} */ program, /** @type {string[]} */ argv, env = {}) =>
		new Child(program, argv, { env: { ...env, ...options.env }, log: join(dir, `${program}.log`) });

	/** @type {Record<string, Child>} */
	const children = {};
	if (options.audio !== false) {
		children.jackd = child("jackd", ["jackd", "--no-realtime", "-n", server, "-d", "dummy",
			"-r", String(options.rate ?? 48000), "-p", String(options.period ?? 256)],
			{ JACK_NO_AUDIO_RESERVATION: "1" });
		children["tactus-click"] = child("tactus-click", [join(BUILD, "tactus-click"),
			"--server", server, "--region", region, ...options.clickArgs ?? []],
			{ JACK_NO_START_SERVER: "1" });
	}
	children.tactusd = child("tactusd", [join(BUILD, "tactusd"), "--port", String(port),
		"--bind", "127.0.0.1", "--state", state, "--region", region, "--pin", options.pin ?? "",
		"--web", join(BUILD, "web"), "--host-name", "tactus.local", ...options.daemonArgs ?? []]);

	const url = `http://127.0.0.1:${port}`;
	const healthy = async () => {
		try {
			return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1000) })).ok;
		} catch {
			return false;
		}
	};
	const logs = () => Object.values(children).map((c) =>
		`--- ${c.name} (${c.alive ? "alive" : "dead"})\n${c.log_text().slice(-4000)}`).join("\n");

	const ready = {
		jackd: () => until(() => {
			if (!children.jackd.alive)
				throw new Error(`jackd ended\n${logs()}`);
			return spawnSync("jack_wait", ["-s", server, "-c"], { timeout: 2000, encoding: "utf8" }).stdout
				.trim() === "running";
		}, "jackd"),
		/* It has no port of its own to ask; it ends by itself when it cannot play. */
		"tactus-click": () => sleep(300).then(() => {
			if (!children["tactus-click"].alive)
				throw new Error(`tactus-click ended\n${logs()}`);
		}),
		tactusd: () => until(async () => {
			if (!children.tactusd.alive)
				throw new Error(`tactusd ended\n${logs()}`);
			return healthy();
		}, "tactusd"),
	};

	const box = {
		url, port, region, server, state, dir, children, logs,
		get pids() {
			return Object.fromEntries(Object.entries(children).map(([n, c]) => [n, c.pid]));
		},
		/** SIGKILL, and it is gone when this returns. @param {keyof ready} program */
		kill: (program) => children[program].kill(),
		/** Starts it (again) and waits until it serves. @param {keyof ready} program */
		async start(program) {
			children[program].start();
			await ready[program]();
		},
		/** Ends all of it; bounded. True if every program ended when asked. */
		async stop() {
			const ends = [];
			for (const program of ["tactusd", "tactus-click", "jackd"])
				ends.push(await children[program]?.stop() ?? true);
			for (const file of readdirSync("/dev/shm"))
				if (file.startsWith(region))
					rmSync(join("/dev/shm", file), { force: true });
			const faults = children.tactusd.log_text().split("\n").filter((line) => line.includes("please report it"));
			if (!process.env.KEEP_BOX)
				rmSync(dir, { recursive: true, force: true });
			if (faults.length)
				throw new Error(`tactusd found faults of its own:\n${faults.join("\n")}`);
			return ends.every(Boolean);
		},
	};
	try {
		for (const program of /** @type {(keyof ready)[]} */ (["jackd", "tactus-click", "tactusd"]))
			if (children[program])
				await box.start(program);
	} catch (error) {
		await box.stop();
		throw error;
	}
	return box;
}
