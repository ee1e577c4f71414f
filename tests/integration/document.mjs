/*
 * schema/messages.md against the program: its table of requests is the daemon's own, row by row,
 * and its error codes are those that the sources give, each of them reached by some test.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { BUILD, ROOT } from "../lib/daemon.mjs";

const page = readFileSync(join(ROOT, "schema/messages.md"), "utf8");

const cells = (/** @type {string} */ line) => line.split("|").map((cell) => cell.trim());

/** The rows of the document's table: type → [who, fields]. */
function documented() {
	const [, table] = page.match(/<!-- commands -->\n([^]*?)<!-- \/commands -->/);
	const rows = table.trim().split("\n").slice(2).map((line) => cells(line.slice(1)));
	return new Map(rows.map(([type, who, fields]) => [type, [who, fields]]));
}

/** The same of the program. */
function programmed() {
	const { status, stdout } = spawnSync(join(BUILD, "tactusd"), ["--commands"], { encoding: "utf8" });
	assert.equal(status, 0);
	return new Map(stdout.trim().split("\n").map(cells).map(([type, who, fields]) => [type, [who, fields]]));
}

test("the table of requests is the program's, row by row", () => {
	const [said, done] = [documented(), programmed()];
	assert.ok(done.size >= 17);
	for (const [type, row] of done)
		assert.deepEqual(said.get(type), row, type);
	assert.deepEqual([...said.keys()].sort(), [...done.keys()].sort());
});

test("every request but the ping, which has a chapter, is told in words", () => {
	const told = [...page.matchAll(/^- \*\*([\w.]+)\*\*:/gm)].map((match) => match[1]);
	assert.deepEqual(told, [...documented().keys()].filter((type) => type !== "clock.ping"));
});

/* ---- error codes ---------------------------------------------------------- */

/** Codes in the document's last table. */
function documentedCodes() {
	const table = page.slice(page.indexOf("## Errors"));
	const rows = table.split("\n").filter((line) => line.startsWith("| `")).map((line) => cells(line)[1]);
	return new Set(rows.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map((match) => match[1])));
}

/* Where the sources name a code: an error sent, a field's row, a form error, what the store refuses. */
const givers = [
	/reply_error\(\s*[^";]*?"(\w+)"/g,
	/FIELD_(?:INT|NUMBER|TEXT|LINES|BYTES|ID|BOOL|ANY),\s*"?\w+"?,\s*[\w |]+,\s*[^,{}]+,\s*[^,{}]+,\s*"(\w+)"/g,
	/\bfail\(error,\s*"(\w+)"/g,
	/^\s*\{"(\w+)",\s*(?:"\w+"|NULL),\s*"/gm,
	/\brefuse\w*\([^";]*,\s*"(\w+)",/g,
];

function programmedCodes() {
	const codes = new Set();
	const files = ["main.c", "fields.c", "song.h", ...readdirSync(join(ROOT, "daemon/commands")).map((name) => `commands/${name}`)];
	assert.ok(files.length >= 8);
	for (const file of files) {
		const text = readFileSync(join(ROOT, "daemon", file), "utf8").replace(/\\\n/g, " ");
		for (const giver of givers)
			for (const match of text.matchAll(giver))
				codes.add(match[1]);
	}
	return codes;
}

test("every code in the sources stands in the document, and the other way round", () => {
	assert.deepEqual([...programmedCodes()].sort(), [...documentedCodes()].sort());
});

/* They can't be had from outside: a rule of the tables that the command table should have kept. */
const unreachable = new Set(["refused"]);

test("every code in the document is asked for by a test of the wire", () => {
	const here = join(ROOT, "tests/integration");
	const tests = readdirSync(here).filter((name) => name.endsWith(".mjs") && name !== "document.mjs")
		.map((name) => readFileSync(join(here, name), "utf8")).join("\n");
	const missing = [...documentedCodes()].filter((code) => !unreachable.has(code) && !tests.includes(`"${code}"`));
	assert.deepEqual(missing, []);
});
