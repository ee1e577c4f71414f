/*
 * The page as it is served: the source line by line but for comments, and no more
 * than 60 KiB of what a phone has to fetch, libraries and all.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const WEB = fileURLToPath(new URL("../../web/", import.meta.url));
const LIMIT_BYTES = 60 * 1024;

describe("the page as it is served", () => {
	const dir = mkdtempSync(join(tmpdir(), "tactus-page-"));
	const page = join(dir, "web");
	const folders = readdirSync(WEB, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !["lib", "node_modules"].includes(entry.name)).map(({ name }) => name);
	const ours = ["", ...folders].flatMap((folder) => readdirSync(join(WEB, folder)).filter((name) => name.endsWith(".js")).map((name) => join(folder, name)));

	before(() => {
		const made = spawnSync("sh", [join(WEB, "build.sh"), page], { encoding: "utf8" });
		assert.equal(made.status, 0, made.stderr);
	});
	after(() => rmSync(dir, { recursive: true, force: true }));

	test("every line of code is there, in its place; only comments and types are left out", () => {
		assert.ok(ours.length > 20);
		let left_out = 0;
		for (const name of ours) {
			const source = readFileSync(join(WEB, name), "utf8").split("\n");
			const served = readFileSync(join(page, name), "utf8").split("\n");
			assert.equal(served.length, source.length, name);
			let within = false;
			source.forEach((line, i) => {
				/* As we write them: a comment of several lines has a star in front of each. */
				const one = /^\s*\/\*(?:(?!\*\/).)*\*\/$/.test(line);
				within = within ? !line.endsWith("*/") || "last" : !one && /^\s*\/\*(?!.*\*\/)/.test(line);
				const comment = one || within;
				if (within === "last")
					within = false;
				assert.equal(served[i], comment ? "" : line.replace(/\/\*\* @type .*?\*\/ ?/g, ""), `${name}:${i + 1}`);
				left_out += Number(!!comment);
			});
		}
		assert.ok(left_out > 700, "comments are served");
	});

	test("what a phone fetches is 60 KiB at most", (t) => {
		const all = (/** @type {string} */ folder) => readdirSync(join(page, folder)).map((name) => join(folder, name));
		const files = ["", ...folders.filter((name) => name !== "styles" && name !== "pictures"), "lib"].flatMap(all).filter((name) => /\.(js|css|html|svg|webmanifest)$/.test(name));
		const bytes = files.reduce((sum, name) => sum + gzipSync(readFileSync(join(page, name)), { level: 9 }).length, 0);
		t.diagnostic(`${(bytes / 1024).toFixed(1)} KiB in ${files.length} files`);
		assert.ok(bytes <= LIMIT_BYTES, `${bytes} bytes`);
	});
});
