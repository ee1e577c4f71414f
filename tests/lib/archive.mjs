/*
 * archive.mjs - tactusd --backup, --export, --import as a test runs them.
 *
 *     const place = archivePlace();            // a directory for what the test writes; gone after the file
 *     const text = exported(box.state);
 *     does(box.state, "import", place.write(".json", { tactus_export: 1, songs: [] }));
 *     fails(box.state, "import", file, /what it says/);
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

import { openBand } from "./band.mjs";
import { startBox } from "./box.mjs";
import { runDaemon, TACTUSD } from "./daemon.mjs";

export function archivePlace() {
	const dir = realpathSync(mkdtempSync(join(tmpdir(), "tactus-archive-")));
	let names = 0;
	const fresh = (ending = "") => join(dir, `${++names}${ending}`);
	chmodSync(dir, 0o755);
	/** @type {any[]} */
	const boxes = [], phones = [];
	after(async () => {
		await Promise.all(phones.map((phone) => phone.close()));
		await Promise.all(boxes.map((box) => box.stop()));
		rmSync(dir, { recursive: true, force: true });
	});
	return {
		dir,
		/** A box without sound, and a band in it: neither outlives the file, whatever fails. */
		async freshBox(options = {}) {
			const box = await startBox({ audio: false, ...options });
			boxes.push(box);
			return box;
		},
		async bandAt(box, options = {}) {
			const band = await openBand(box, options);
			phones.push(band.eye, ...band.phones);
			return band;
		},
		/** Closes that phone at the end, too. */
		closes: (phone) => phones.push(phone),
		/** A name that nothing has. */
		fresh,
		/** A new file of that text, or of an object as JSON. @param {string} ending @param {any} content */
		write(ending, content) {
			const file = fresh(ending);
			writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
			return file;
		},
	};
}

export const argv = (state, action, file) => ["--state", state, `--${action}`, file];

/** What an import says where it found no database. */
export const MADE_NEW = /^tactusd: there was no .*tactus\.db: made a new one\n/;

/** It works, with nothing else on stderr; what it prints. */
export function does(state, action, file, options = {}) {
	const { status, stdout, stderr } = runDaemon(argv(state, action, file), { maxBuffer: 1 << 28, ...options });
	assert.deepEqual([status, stderr.replace(MADE_NEW, "")], [0, ""]);
	return stdout;
}

/** It fails with code 1 and says that in one line, and prints nothing. */
export function fails(state, action, file, words, options = {}) {
	const { status, stdout, stderr } = runDaemon(argv(state, action, file), options);
	assert.equal(status, 1, stderr);
	assert.equal(stdout, "");
	assert.match(stderr, words);
	assert.match(stderr, /^tactusd: .*\n$/);
}

/** The same beside everything else. @returns {Promise<string>} */
export function beside(state, action, file) {
	const child = spawn(TACTUSD, argv(state, action, file), { stdio: ["ignore", "pipe", "pipe"] });
	let stdout = "", stderr = "";
	child.stdout.on("data", (data) => (stdout += data));
	child.stderr.on("data", (data) => (stderr += data));
	return new Promise((resolve, reject) => child.once("close", (code) => (code === 0 && stderr === ""
		? resolve(stdout) : reject(new Error(`code ${code}: ${stderr}`)))));
}

export const exported = (state) => does(state, "export", "-");

/** Copies that nobody has taken away. @param {string} state */
export const leftovers = (state) => readdirSync(state).filter((name) => name.startsWith(".copy-"));

const other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

/** The words before a command that make it another user's; null where that can't be had. */
export const as_nobody = process.getuid() === 0 && spawnSync(other[0], [...other.slice(1), TACTUSD, "--version"]).status === 0 ? other : null;
