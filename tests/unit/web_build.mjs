/*
 * The page as it is served: the source line by line, squeezed; beside each text the
 * same by gzip; and no more than 60 KiB of what a phone has to fetch, libraries and all.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const WEB = fileURLToPath(new URL("../../web/", import.meta.url));
/* What the page is put together with, it is taken apart with. */
const { decode } = createRequire(join(WEB, "squeeze/"))("@jridgewell/sourcemap-codec");
const LIMIT_BYTES = 60 * 1024;

describe("the page as it is served", () => {
	const dir = mkdtempSync(join(tmpdir(), "tactus-page-"));
	const page = join(dir, "web");
	const folders = readdirSync(WEB, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !["lib", "node_modules", "squeeze"].includes(entry.name)).map(({ name }) => name);
	const ours = ["", ...folders].flatMap((folder) => readdirSync(join(WEB, folder)).filter((name) => name.endsWith(".js")).map((name) => join(folder, name)));

	before(() => {
		const made = spawnSync("sh", [join(WEB, "build.sh"), page], { encoding: "utf8" });
		assert.equal(made.status, 0, made.stderr);
	});
	after(() => rmSync(dir, { recursive: true, force: true }));

	/** What is spelled alike in both: names after a dot. @param {string} line */
	const spelled = (line) => line.match(/(?<!\.)\.[a-z_]\w+/g) ?? [];

	test("every line of code stands in its place; comments, types and blanks are left out", () => {
		assert.ok(ours.length > 20);
		let seen = 0, source_bytes = 0, served_bytes = 0;
		for (const name of ours) {
			const source = readFileSync(join(WEB, name), "utf8"), served = readFileSync(join(page, name), "utf8");
			const lines = source.split("\n");
			served.split("\n").forEach((line, i) => {
				for (const what of spelled(line)) {
					assert.ok(lines[i]?.includes(what), `${name}:${i + 1} has ${what}, the source has not: ${lines[i]}`);
					seen++;
				}
			});
			assert.doesNotMatch(served, /^ ?\/?\*|@param|\n\t/, name);
			source_bytes += source.length;
			served_bytes += served.length;
		}
		assert.ok(seen > 1000, `${seen}`);
		assert.ok(served_bytes < 0.65 * source_bytes, `${served_bytes} of ${source_bytes} bytes`);
	});

	test("beside each text stands the same by gzip, and beside nothing else", () => {
		const files = readdirSync(page, { withFileTypes: true }).flatMap((entry) => entry.isDirectory() ?
			readdirSync(join(page, entry.name)).map((name) => join(entry.name, name)) : [entry.name]);
		for (const name of files.filter((name) => !name.endsWith(".gz")))
			if (/\.(js|css|html|svg|webmanifest)$/.test(name))
				assert.deepEqual(gunzipSync(readFileSync(join(page, `${name}.gz`))), readFileSync(join(page, name)), name);
			else
				assert.ok(!files.includes(`${name}.gz`), name);
	});

	/** All that is sent by gzip. @param {string} page */
	function fetched(page) {
		const files = readdirSync(page, { withFileTypes: true }).flatMap((entry) => entry.isDirectory() ?
			readdirSync(join(page, entry.name)).map((name) => join(entry.name, name)) : [entry.name]).filter((name) => name.endsWith(".gz"));
		return { files, bytes: files.reduce((sum, name) => sum + statSync(join(page, name)).size, 0) };
	}

	test("joined: one module instead of many, and a map that leads back to each line", (t) => {
		const one = join(dir, "joined");
		const made = spawnSync("sh", [join(WEB, "build.sh"), one], { encoding: "utf8", env: { ...process.env, JOIN: "1" } });
		assert.equal(made.status, 0, made.stderr);
		assert.deepEqual(readdirSync(one).filter((name) => name.endsWith(".js")), ["app.js"]);
		const { bytes, files } = fetched(one);
		t.diagnostic(`${(bytes / 1024).toFixed(1)} KiB in ${files.length} files`);
		const code = readFileSync(join(one, "app.js"), "utf8");
		const { sources, mappings } = JSON.parse(readFileSync(join(one, "app.js.map"), "utf8"));
		const marks = /** @type {[number, number, number][]} */ (decode(mappings)[code.slice(0, code.indexOf('"session.resume"')).split("\n").length - 1]);
		const column = code.split("\n").find((line) => line.includes('"session.resume"'))?.indexOf('"session.resume"');
		const [, source, line] = /** @type {[number, number, number]} */ (marks.find(([at]) => at === column));
		assert.equal(sources[source], "box/session.js");
		assert.match(readFileSync(join(WEB, sources[source]), "utf8").split("\n")[line], /"session\.resume"/);
	});

	test("what a phone fetches is 60 KiB at most", (t) => {
		const { bytes, files } = fetched(page);
		t.diagnostic(`${(bytes / 1024).toFixed(1)} KiB in ${files.length} files`);
		assert.ok(bytes <= LIMIT_BYTES, `${bytes} bytes`);
	});
});
