/*
 * The page as it is served: every module of the source is in it, a map leads back to each line, beside
 * each text stands the same by gzip, and what a phone has to fetch is 60 KiB at most, libraries and all.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const WEB = fileURLToPath(new URL("../../web/", import.meta.url));
const LIMIT_BYTES = 60 * 1024;

describe("the page as it is served", () => {
	const dir = mkdtempSync(join(tmpdir(), "tactus-page-"));
	const page = join(dir, "web");
	const read = (/** @type {string} */ name) => readFileSync(join(page, name));
	const folders = readdirSync(WEB, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== "node_modules").map(({ name }) => name);
	const ours = (/** @type {string} */ ending) => ["", ...folders].flatMap((folder) =>
		readdirSync(join(WEB, folder)).filter((name) => name.endsWith(ending)).map((name) => join(folder, name)));

	before(() => {
		const made = spawnSync("sh", [join(WEB, "build.sh"), page], { encoding: "utf8" });
		assert.deepEqual([made.status, made.stderr], [0, ""]);
	});
	after(() => rmSync(dir, { recursive: true, force: true }));

	test("every module is in it, word for word in the map; none is written and not used", () => {
		const { sources, sourcesContent } = JSON.parse(String(read("app.js.map")));
		const modules = ours(".js");
		assert.ok(modules.length > 40);
		for (const name of modules) {
			const i = sources.findIndex((/** @type {string} */ source) => source.endsWith(`/web/${name}`));
			assert.notEqual(i, -1, `${name} is in the tree and not in the page`);
			assert.equal(sourcesContent[i], readFileSync(join(WEB, name), "utf8"), name);
		}
		assert.deepEqual(sources.filter((/** @type {string} */ source) => !source.includes("/node_modules/")).length, modules.length);
		assert.match(String(read("app.js")), /\n\/\/# sourceMappingURL=app\.js\.map\n$/);
	});

	test("every style is in it, once", () => {
		const named = [...readFileSync(join(WEB, "style.css"), "utf8").matchAll(/@import "\.\/(.*)";/g)].map(([, name]) => name);
		assert.deepEqual([...named].sort(), ours(".css").filter((name) => name !== "style.css").sort());
		assert.equal(named[0], "styles/base.css");
		assert.equal(named.at(-1), "styles/layout.css");
	});

	test("nothing comes from elsewhere", () => {
		for (const name of ["app.js", "style.css", "index.html"])
			assert.deepEqual([...String(read(name)).matchAll(/https?:\/\/[^"'`)\s]+/g)].map(([url]) => url).filter((url) => !/^http:\/\/www\.w3\.org\//.test(url)), [], name);
	});

	test("beside each text stands the same by gzip, and beside nothing else", () => {
		const files = readdirSync(page);
		for (const name of files.filter((name) => !name.endsWith(".gz")))
			if (/\.(js|css|html|svg|webmanifest|map)$/.test(name))
				assert.deepEqual(gunzipSync(read(`${name}.gz`)), read(name), name);
			else
				assert.ok(!files.includes(`${name}.gz`), name);
	});

	test("what a phone fetches is 60 KiB at most", (t) => {
		/* The map is for a browser's tools, pictures and the video that keeps a screen on are not code. */
		const files = readdirSync(page).filter((name) => name.endsWith(".gz") && !name.endsWith(".map.gz"));
		assert.deepEqual(files.map((name) => basename(name, ".gz")), ["app.js", "icon.svg", "index.html", "manifest.webmanifest", "style.css"]);
		const bytes = files.reduce((sum, name) => sum + read(name).length, 0);
		t.diagnostic(`${(bytes / 1024).toFixed(1)} KiB in ${files.length} files`);
		assert.ok(bytes <= LIMIT_BYTES, `${bytes} bytes`);
	});
});
