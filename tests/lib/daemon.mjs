/*
 * daemon.mjs - tactusd alone: run to its end for what it says, or under a preloaded library.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freePort, ROOT } from "./box.mjs";

export { ROOT };
export const BUILD = process.env.BUILD ?? join(ROOT, "build");
export const TACTUSD = join(BUILD, "tactusd");

/** Runs it until it ends by itself. @param {string[]} argv */
export function runDaemon(argv, options = {}) {
	return spawnSync(TACTUSD, argv, { encoding: "utf8", timeout: 20000, killSignal: "SIGKILL", ...options });
}

/** Options of a daemon that would start, in a place of its own. @param {string} dir */
export async function ownOptions(dir) {
	return {
		port: String(await freePort()), bind: "127.0.0.1", state: join(dir, "state"),
		region: `tactus-d${process.pid}-${Math.floor(Math.random() * 1e9)}`, pin: "", web: join(BUILD, "web"),
	};
}

/** As arguments. @param {Record<string, string>} options */
export const argvOf = (options) => Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);

export function removeRegion(region) {
	for (const part of ["tempo", "status"])
		rmSync(`/dev/shm/${region}.${part}`, { force: true });
}

/** Compiles a library of tests/faults to be preloaded; its path. @param {string} name */
export function preload(name) {
	const out = join(mkdtempSync(join(tmpdir(), "tactus-so-")), `${name}.so`);
	const made = spawnSync("cc", ["-shared", "-fPIC", "-O1", "-pthread", "-o", out, join(ROOT, "tests/faults", `${name}.c`), "-ldl"],
		{ encoding: "utf8" });
	if (made.status !== 0 || !existsSync(out))
		throw new Error(`cannot compile ${name}.c: ${made.stderr}`);
	process.once("exit", () => rmSync(join(out, ".."), { recursive: true, force: true }));
	return out;
}
