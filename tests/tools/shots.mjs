/*
 * shots.mjs - pictures of every view, in three sizes, to build/shots; and what went wrong in the pages.
 *
 *     [ONLY=regex] node tests/tools/shots.mjs [DEST]
 */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join as path } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { ROOT } from "../lib/box.mjs";
import { views } from "../lib/views.mjs";

const DEST = process.argv[2] ?? path(ROOT, "build/shots");
const ONLY = new RegExp(process.env.ONLY ?? "");
const SIZES = [[360, 740], [740, 360], [1024, 768]];

mkdirSync(DEST, { recursive: true });
/* A view that there is no more leaves no picture. */
for (const file of readdirSync(DEST))
	if (file.endsWith(".png") && ONLY.test(file))
		rmSync(path(DEST, file));
const pages = new Set();
for await (const { name, page } of views()) {
	pages.add(page);
	if (!ONLY.test(name))
		continue;
	for (const [width, height] of SIZES) {
		await page.setViewportSize({ width, height });
		await sleep(150);
		await page.screenshot({ path: path(DEST, `${name}-${width}x${height}.png`) });
	}
	await page.setViewportSize({ width: SIZES[0][0], height: SIZES[0][1] });
}
const errors = [...pages].flatMap((page) => page.errors).filter((error) => !/ERR_CONNECTION_REFUSED|WebSocket/.test(error));
console.log(errors.length ? errors.join("\n") : `pictures in ${DEST}`);
