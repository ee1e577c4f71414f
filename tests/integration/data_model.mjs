/*
 * tests/data_model.md against the tests: each line of the data model has tests that show it, and each
 * test that is named is there.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { ROOT } from "../lib/daemon.mjs";

const page = readFileSync(join(ROOT, "tests/data_model.md"), "utf8");
const [shown, model] = page.split("## The model\n");

/** A heading's section and what stands under it. @param {string} text @param {RegExp} heading */
function sections(text, heading) {
	/** @type {[string, string[]][]} */
	const all = [];
	for (const line of text.split("\n")) {
		const [, title] = line.match(heading) ?? [];
		if (title)
			all.push([title, []]);
		else
			all.at(-1)?.[1].push(line.trim());
	}
	return new Map(all.filter(([, lines]) => lines.length > 0));
}

/** What is said in the model: all but blank lines, braces and the heads of tables. @param {string} line */
const says = (line) => line !== "" && !/^([{}]|`+|\| Field .*|\|[-|]+)$/.test(line);

test("every line of the model is quoted in its section, once, and none besides", () => {
	const quoted = (/** @type {string[]} */ lines) => lines.flatMap((line) => line.match(/^- `(.*)`$/)?.[1] ?? []).sort();
	const wanted = [...sections(model, /^##+ (.*)/)].map(([title, lines]) => [title, lines.filter(says).sort()]).filter(([, lines]) => lines.length > 0);
	const found = [...sections(shown, /^### (.*)/)].map(([title, lines]) => [title, quoted(lines)]);
	assert.ok(wanted.length >= 16);
	assert.deepEqual(found, wanted);
});

/** The names of a file's tests. @param {string} path @returns {Set<string>} */
function testsOf(path) {
	const text = readFileSync(join(ROOT, path), "utf8");
	const names = path.endsWith(".c") ? text.matchAll(/^START_TEST\((\w+)\)$/gm) : text.matchAll(/^test\("((?:[^"\\]|\\.)*)",/gm);
	/* A test that nobody runs shows nothing. */
	return new Set([...names].map((match) => match[1]).filter((name) => !path.endsWith(".c") || new RegExp(`tcase_add_\\w+\\([^;]*\\b${name}\\b`).test(text)));
}

test("every line has a test, and every test that is named is there", () => {
	/** @type {Map<string, Set<string>>} */
	const files = new Map();
	const missing = [];
	let line = "";
	let proofs = 1;
	for (const text of shown.split("\n")) {
		const [, quote] = text.match(/^- (`.*`)$/) ?? [];
		const [, path, name] = text.match(/^ {2}- (\S+\.(?:c|mjs)): (.*)$/) ?? [];
		if (quote) {
			assert.ok(proofs > 0, `${line} has no test`);
			[line, proofs] = [quote, 0];
		} else if (path) {
			proofs++;
			if (!files.has(path))
				files.set(path, testsOf(path));
			if (!files.get(path).has(name))
				missing.push(`${path}: ${name}`);
		} else
			assert.doesNotMatch(text, /^\s*-/, "a line of this page that says nothing");
	}
	assert.ok(proofs > 0, `${line} has no test`);
	assert.ok(files.size >= 8);
	assert.deepEqual([...new Set(missing)], []);
});
