/*
 * Every view of the page is for everyone: axe-core finds nothing to mind, on a phone held upright and
 * lying down; nothing overflows sideways, and what can be pressed is large enough for a thumb.
 *
 * timeout: 420 s
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import { views } from "../lib/views.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SIZES = [[360, 740], [740, 360]];

/** What axe minds, in words. @param {any} page @returns {Promise<string[]>} */
async function minded(page) {
	if (!await page.evaluate(() => "axe" in globalThis))
		await page.evaluate(AXE);
	const violations = await page.evaluate(async () => {
		/* @ts-ignore axe was put there */
		const { violations } = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
		return violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`) }));
	});
	return violations.map(({ id, help, nodes }) => `${id}: ${help}\n    ${nodes.slice(0, 3).join("\n    ")}`);
}

/** Whether anything makes the page wider than the screen. @param {any} page */
const sideways = (page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);

test("every view: nothing that axe minds, nothing sideways", async (t) => {
	let seen = 0;
	/** @type {string[]} */
	const found = [];
	for await (const { name, page } of views()) {
		for (const [width, height] of SIZES) {
			await page.setViewportSize({ width, height });
			for (const one of await minded(page))
				found.push(`${name} ${width}x${height}: ${one}`);
			if (await sideways(page))
				found.push(`${name} ${width}x${height}: wider than the screen`);
			seen++;
		}
		await page.setViewportSize({ width: 360, height: 740 });
	}
	t.diagnostic(`${seen} views looked at`);
	assert.deepEqual(found, []);
});
