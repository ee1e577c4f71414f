/*
 * shots.mjs - pictures of every view, in three sizes, to build/shots.
 *
 *     node tests/tools/shots.mjs [DEST]
 */
import { mkdirSync } from "node:fs";
import { join as path } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { ROOT, startBox } from "../lib/box.mjs";
import { Phone } from "../lib/phone.mjs";
import { create, held, openBrowser, openPage, openSongs } from "../lib/browser.mjs";

const DEST = process.argv[2] ?? path(ROOT, "build/shots");
const SIZES = [[360, 740], [740, 360], [1024, 768]];

mkdirSync(DEST, { recursive: true });
const box = await startBox({ pin: "123456" });
const browser = await openBrowser();

/** @param {any} page @param {string} name */
async function shoot(page, name) {
	for (const [width, height] of SIZES) {
		await page.setViewportSize({ width, height });
		await sleep(150);
		await page.screenshot({ path: path(DEST, `${name}-${width}x${height}.png`) });
	}
	await page.setViewportSize({ width: SIZES[0][0], height: SIZES[0][1] });
}

/** Waits until a beat of that number is on the dial. @param {any} page @param {string} digit */
const beat = (page, digit) => page.waitForFunction((d) => document.querySelector(".digit")?.textContent === d, digit, { polling: "raf" });

try {
	const md = await openPage(browser, box);
	await shoot(md, "door-join");
	await md.getByRole("tab", { name: "New session" }).click();
	await md.getByLabel("Your name").fill("Ann");
	await md.getByLabel("PIN").fill("000000");
	await md.getByRole("button", { name: "Start the session" }).click();
	await md.locator(".wrong").waitFor();
	await shoot(md, "door-create-wrong");
	await sleep(2000);
	const code = await create(md, "Ann", "123456");
	await shoot(md, "md-alone");

	for (const name of ["Ben", "Clara Zwiebelmöller-Tannhäuser", "Dee"])
		await (await Phone.open(box.url)).join(code, name);
	const player = await openPage(browser, box, `/join/${code}`);
	await shoot(player, "door-link");
	await player.getByLabel("Your name").fill("Eve");
	await player.getByRole("button", { name: "Join", exact: true }).click();
	await player.locator(".slots").waitFor();
	await shoot(player, "slots");
	await player.locator(".slots").getByRole("button", { name: "keys 1" }).click();
	await player.locator(".sheet").waitFor({ state: "detached" });
	await shoot(player, "player-stopped");

	await md.getByRole("radio", { name: "Count-in bars 2" }).click();
	await md.getByRole("button", { name: "Start", exact: true }).click();
	await beat(md, "2");
	await shoot(md, "md-count-in");
	await sleep(4200);
	await beat(player, "1");
	await shoot(player, "player-running");
	await beat(md, "3");
	await shoot(md, "md-running");

	await md.getByRole("radio", { name: "in 8" }).click();
	await md.getByLabel("Beats a minute").fill("128");
	await shoot(md, "md-typing");
	await md.getByLabel("Beats a minute").press("Enter");
	await md.locator(".coming").waitFor();
	await shoot(md, "md-announced");
	await shoot(player, "player-announced");

	for (const [sheet, name] of [["Band", "band"], ["Sound", "sound"], ["This phone", "you"]]) {
		await md.getByRole("button", { name: sheet }).first().click();
		await sleep(300);
		await shoot(md, `sheet-${name}`);
		await md.keyboard.press("Escape");
	}

	await openSongs(md);
	await md.getByText("The box has no songs yet").waitFor();
	await shoot(md, "sheet-songs-none");
	await md.getByRole("button", { name: "Import songs" }).click();
	const songs = ["Autumn Leaves,Gm,120,4/4", "Blue Bossa,Cm,144,4/4", "\"A title that is long, and goes on, and does not end before the line does\",F#m,92,6/8", "Footprints,Cm,66,6/8"];
	await md.getByLabel("Or paste a list").fill(["title,key,tempo,time", ...songs, "So What,,1360,4/4"].join("\n"));
	await md.getByRole("button", { name: "Import", exact: true }).click();
	await md.locator(".wrong").waitFor();
	await shoot(md, "sheet-import-wrong");
	await md.getByLabel("Or paste a list").fill(["title,key,tempo,time", ...songs].join("\n"));
	await md.getByRole("button", { name: "Import", exact: true }).click();
	await md.getByText("4 new").waitFor();
	await shoot(md, "sheet-songs");
	await md.keyboard.press("Escape");
	/* The MD's other device makes a setlist. */
	const other = await Phone.open(box.url);
	await other.request("session.resume", { token: await md.evaluate(() => JSON.parse(localStorage.getItem("tactus.seat") ?? "").token) });
	const { setlist_id } = await other.request("setlist.create", { title: "Tonight" });
	for (const { id } of (await other.request("song.list")).songs)
		await other.request("setlist.item.add", { setlist_id, song_id: id });
	await other.request("setlist.activate", { setlist_id });
	await other.request("song.activate", { position: 1 });
	await md.locator(".fact-bar", { hasText: "song bar 2" }).waitFor();
	await shoot(md, "md-song");
	await beat(player, "2");
	await shoot(player, "player-song");
	await other.request("song.activate", { position: null });
	await other.close();

	await held(md.getByRole("button", { name: "Stop", exact: true }));
	await md.getByRole("radio", { name: "12/8" }).click();
	await md.getByRole("button", { name: "Start", exact: true }).click();
	await beat(md, "1");
	await shoot(md, "md-compound");
	await box.kill("tactusd");
	await md.getByText("No connection.").first().waitFor();
	await sleep(500);
	await shoot(md, "md-no-connection");
	await shoot(player, "player-no-connection");
	console.log(md.errors.filter((e) => !/ERR_CONNECTION_REFUSED|WebSocket/.test(e)), player.errors.filter((e) => !/ERR_CONNECTION_REFUSED|WebSocket/.test(e)));
} finally {
	await browser.close();
	await box.stop();
}
