/*
 * supervised.mjs - `make run`, or its script, under test.
 *
 *     const run = await supervise(["systemd/run.sh", build], { PIN: "" });
 *     ... run.pid("tactusd"), run.output ...
 *     run.signal("SIGTERM"); await run.gone();
 *
 * Each has a port, JACK server, shared memory and state folder of its own. What it started is
 * read from the process table while it lives, so that a test can ask afterwards what is left.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

import { freePort, ROOT, until } from "./box.mjs";

let runs = 0;

/* What a failed test did not end itself must not keep the file from ending. */
/** @type {Set<{ gone: (wait_ms?: number) => Promise<number[]> }>} */
const open = new Set();
after(async () => {
	for (const run of open)
		await run.gone(0);
});

/** True while that process runs; a zombie does not. @param {number | undefined} pid */
export function running(pid) {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
		return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
	} catch {
		return false;
	}
}

/** All living processes below that one. @param {number} pid @returns {number[]} */
export function descendants(pid) {
	const parents = new Map();
	for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
		try {
			const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
			parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
		} catch { /* it ended meanwhile */ }
	}
	const below = (/** @type {number} */ root) =>
		[...parents].filter(([, parent]) => parent === root).flatMap(([p]) => [p, ...below(p)]);
	return below(pid);
}

/**
 * A jackd that was killed keeps one of JACK's eight places for servers until its name comes and
 * goes again; which it cannot before the dead one is reaped. @param {string} server
 */
async function freePlace(server) {
	const socket = `/dev/shm/jack_${server}_${process.getuid?.()}_0`;
	await until(() => !existsSync(socket) ||
		void spawnSync("timeout", ["0.5", "jackd", "-n", server, "-r", "-d", "dummy"]), "JACK's place", 5000)
		.catch(() => {});
}

/** Variables that one run has for itself. @param {string} dir */
async function ownPlace(dir) {
	const name = `run${process.pid}x${++runs}`;
	return {
		PORT: String(await freePort()), JACK_SERVER: name, REGION: `tactus-${name}`,
		STATE: join(dir, "state"),
	};
}

/**
 * Starts it and waits until it is up, or has ended.
 * @param {string[]} argv from the root of the tree
 * @param {Record<string, string>} [env] over the variables of ownPlace()
 */
export async function supervise(argv, env = {}) {
	const dir = mkdtempSync(join(tmpdir(), "tactus-run-"));
	const place = { ...await ownPlace(dir), ...env };
	const process_env = { ...process.env, ...place };
	if (!("PIN" in env))
		delete process_env.PIN;
	/* As from a terminal: leader of a group, which a Ctrl-C reaches as a whole. */
	const child = spawn(argv[0], argv.slice(1),
		{ cwd: ROOT, env: process_env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
	/** @type {Set<number>} */
	const seen = new Set();
	const run = {
		place, output: "",
		get code() {
			return child.exitCode ?? child.signalCode;
		},
		top: Number(child.pid),
		get alive() {
			return child.exitCode === null && child.signalCode === null;
		},
		/** Notes whom it has started by now. */
		look() {
			for (const pid of descendants(run.top))
				seen.add(pid);
			return [...seen];
		},
		/** @param {"jackd" | "tactusd" | "tactus-click"} name */
		pid(name) {
			try {
				return Number(readFileSync(join(place.STATE, `${name}.pid`), "utf8")) || undefined;
			} catch {
				return undefined;
			}
		},
		/** @param {NodeJS.Signals} signal @param {number} [pid] negative: that group */
		signal(signal, pid = run.top) {
			if (!run.alive)
				throw new Error(`it has ended by itself\n${run.output}`);
			run.look();
			process.kill(pid, signal);
		},
		/** Kills one of its programs and waits until another stands in for it; in ms. */
		async replaced(/** @type {"jackd" | "tactusd" | "tactus-click"} */ name, wait_ms = 5000) {
			const old = run.pid(name);
			const began = performance.now();
			run.signal("SIGKILL", old);
			await until(() => run.pid(name) !== old && running(run.pid(name)),
				`a new ${name}\n${run.output}`, wait_ms, 5);
			run.look();
			return performance.now() - began;
		},
		/** Waits until it and all that it ever started are gone; those left at the end. */
		async gone(wait_ms = 12000) {
			const left = () => [run.top, ...seen].filter(running);
			await until(() => left().length === 0 && !run.alive, "the end", wait_ms).catch(() => {});
			open.delete(run);
			const rest = left();
			for (const pid of rest)
				process.kill(pid, "SIGKILL");
			rmSync(dir, { recursive: true, force: true });
			for (const part of ["tempo", "status"])
				rmSync(`/dev/shm/${place.REGION}.${part}`, { force: true });
			if (!("JACK_SERVER" in env))
				await freePlace(place.JACK_SERVER);
			return rest;
		},
	};
	open.add(run);
	for (const stream of [child.stdout, child.stderr])
		stream.on("data", (text) => (run.output += text));
	await until(() => !run.alive || run.output.includes("Ctrl-C stops everything"),
		"the box", 40000);
	run.look();
	return run;
}
