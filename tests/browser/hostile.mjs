/*
 * Names, titles, keys and notes that mean harm, on the stage of the leader and of
 * a player, on every sheet and at the door: script and images, links that run,
 * text that turns round, emoji of many parts, floods of accents, words without
 * end. Nothing of it runs, is asked for elsewhere, hides the beat or makes the
 * page wider than the screen.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startBox } from "../lib/box.mjs";
import { create, join, openBrowser, openPage } from "../lib/browser.mjs";
import { Phone } from "../lib/phone.mjs";

const SIZES = [[320, 568], [360, 740], [740, 360]];
const FAMILY = "👨‍👩‍👧‍👦";
const EVIL = {
	script: "<script>window.pwned=1</script>",
	image: "<img src=x onerror=window.pwned=1>",
	turned: "\u202eesrever \u2067over\u2066",
	emoji: FAMILY,
	accents: `Z${"\u0301\u0489\u0334".repeat(12)}`,
	wide: "W".repeat(40),
};
const LINKS = "[press](javascript:window.pwned=1) ![x](http://evil.example/x.png) <http://evil.example/> <a href='javascript:window.pwned=1'>a</a> <iframe src='http://evil.example/'></iframe>";
const NOTES = [
	`# <script>window.pwned=1</script>\n${LINKS}\n- <img src=x onerror=window.pwned=1>\n  - ${LINKS}\n> ${LINKS}\n\`<svg onload=window.pwned=1>\``,
	"M".repeat(10000),
	`# ${"\u202e"}${"עברית ".repeat(300)}\n${"*".repeat(4000)}`,
	`${FAMILY.repeat(300)}\n\n${`Z${"\u0301\u0489".repeat(40)} `.repeat(60)}`,
	"- ".repeat(5000),
	`\`\`\`\n${"x".repeat(3000)}\n\`\`\`\n\`${"y".repeat(3000)}\``,
];

/** What is wider than it may be, or runs. @param {any} page */
const harm = (page) => page.evaluate(() => ({
	wide: [...document.querySelectorAll("html, .room, .head, .stage, .song, .page, .foot, .news, .facts, .side, dialog, .sheet-body, .door, .card")]
		.filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0).map((e) => `${e.className || e.localName}: ${e.scrollWidth} in ${e.clientWidth}`),
	ran: /** @type {any} */ (window).pwned,
	made: document.querySelectorAll("#app img:not(.qr), #app script, #app iframe, #app a[href], #app svg[onload]").length,
}));

describe("texts that mean harm", () => {
	/** @type {any} */ let box;
	/** @type {any} */ let browser;
	/** @type {any} */ let md;
	/** @type {any} */ let ben;
	/** The MD's other device. @type {Phone} */ let desk;
	/** @type {Phone[]} */ const crowd = [];
	/** @type {string[]} */ const elsewhere = [];
	/** @type {string[]} */ const dialogs = [];
	let code = "", song_id = "";

	/** @param {any} page */
	function watch(page) {
		page.on("dialog", (/** @type {any} */ d) => {
			dialogs.push(d.message());
			d.dismiss();
		});
		page.on("request", (/** @type {any} */ r) => new URL(r.url()).host !== `tactus.local:${box.port}` && elsewhere.push(r.url()));
	}

	/** All sizes: nothing too wide, and the beat can be seen. @param {any} page @param {string} what @param {boolean} [stage] */
	async function look(page, what, stage = true) {
		for (const [width, height] of SIZES) {
			await page.setViewportSize({ width, height });
			await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
			assert.deepEqual(await harm(page), { wide: [], ran: undefined, made: 0 }, `${what} at ${width}x${height}`);
			if (!stage)
				continue;
			const face = await page.locator(".face").boundingBox();
			assert.ok(face.width >= 60 && face.x >= 0 && face.y >= 0 && face.x + face.width <= width && face.y + face.height <= height,
				`the beat, for ${what} at ${width}x${height}: ${JSON.stringify(face)}`);
		}
	}

	before(async () => {
		box = await startBox({ audio: false });
		browser = await openBrowser();
		md = await openPage(browser, box);
		watch(md);
		code = await create(md, EVIL.image);
		ben = await openPage(browser, box, `/join/${code}`);
		watch(ben);
		await join(ben, EVIL.script);
		for (const name of Object.values(EVIL)) {
			const phone = await Phone.open(box.url);
			await phone.join(code, name.slice(0, 40));
			crowd.push(phone);
		}
		desk = await Phone.open(box.url);
		await desk.request("session.resume", { token: await md.evaluate(() => JSON.parse(sessionStorage.getItem("tactus.seat") ?? "").token) });
		const { setlist_id } = await desk.request("setlist.create", { title: `${EVIL.image} ${EVIL.turned} ${EVIL.wide}` });
		const state = /** @type {any} */ (desk.state);
		for (const [i, evil] of Object.values(EVIL).entries()) {
			const made = await desk.request("song.create", { title: `${evil} ${EVIL.wide} ${evil}`.slice(0, 120), default_key: [..."<b>x</b>", "\u202e", ...EVIL.wide].slice(i, i + 8).join(""), default_bpm: 120 });
			song_id ||= made.song_id;
			await desk.request("setlist.item.add", { setlist_id, song_id: made.song_id, song_leader_user_id: state.participants[i].user_id });
		}
		for (const [i, { id }] of state.slots.entries())
			await desk.request("role.assign", { slot_id: id, user_id: state.participants[i % state.participants.length].user_id });
		await desk.request("setlist.activate", { setlist_id });
		await desk.request("tempo.start");
	});
	after(async () => {
		for (const phone of [desk, ...crowd])
			await phone?.close();
		await browser?.close();
		await box?.stop();
	});

	test("each title, key, name and role, on the stage of the one who leads and of a player", async () => {
		for (let position = 0; position < Object.keys(EVIL).length; position++) {
			await desk.request("song.activate", { position });
			const { title } = /** @type {any} */ (desk.state).activeSong;
			for (const page of [md, ben]) {
				await page.waitForFunction((/** @type {string} */ t) => document.querySelector(".song-title")?.textContent === t, title);
				await look(page, JSON.stringify(title));
			}
		}
	});

	test("all of them talk", async () => {
		for (const phone of crowd) {
			await phone.request("ptt.set", { state: "talking" });
			await ben.locator(".talkers", { hasText: "talk" }).waitFor();
			await look(ben, "who talks");
			await phone.request("ptt.set", { state: "idle" });
		}
	});

	test("each kind of notes, on a player's page and on the sheet of the one who leads", async () => {
		await desk.request("song.activate", { position: 0 });
		await md.locator(".title-open").click();
		for (const notes of NOTES) {
			await desk.request("song.update", { song_id, notes });
			const begin = notes.replace(/[^A-Za-z]/g, "").slice(0, 3);
			for (const page of [md, ben]) {
				await page.waitForFunction((/** @type {string} */ t) => document.querySelector(".notes")?.textContent?.replace(/[^A-Za-z]/g, "").startsWith(t) ?? false, begin);
				await look(page, `the notes ${JSON.stringify(notes.slice(0, 30))}`, page === ben);
			}
		}
		await md.keyboard.press("Escape");
		await desk.request("song.update", { song_id, notes: NOTES[0] });
		await ben.getByText("[press](javascript:window.pwned=1)").first().waitFor();
	});

	test("every sheet", async () => {
		for (const page of [md, ben])
			for (const name of [/^Setlist$/, /^Band: /, /^Invite/, /^Sound$/, /^This phone$/]) {
				await page.getByRole("button", { name }).first().click();
				await page.locator("dialog[open]").waitFor();
				await look(page, `the sheet ${name}`, false);
				await page.keyboard.press("Escape");
				await page.locator("dialog").waitFor({ state: "detached" });
			}
		await md.getByRole("button", { name: /^Band: / }).first().click();
		await md.getByRole("dialog").getByRole("button", { name: "Who plays what" }).click();
		await look(md, "who plays what", false);
		await md.keyboard.press("Escape");
		await md.setViewportSize({ width: 1024, height: 768 });
		await sleep(100);
		assert.deepEqual(await harm(md), { wide: [], ran: undefined, made: 0 }, "on a tablet");
	});

	test("at the door, and as the one who is asked what to play", async () => {
		const page = await openPage(browser, box, `/join/${encodeURIComponent(EVIL.script)}`);
		watch(page);
		await page.getByLabel("Your name").fill(EVIL.image.slice(0, 40));
		await look(page, "the door", false);
		await page.getByLabel("Session code").fill(code);
		await page.getByRole("button", { name: "Join", exact: true }).click();
		await page.getByRole("dialog", { name: "What do you play?" }).waitFor();
		await look(page, "the slots", false);
		await page.getByRole("button", { name: "Later" }).click();
		await page.reload();
		await page.locator(".room").waitFor();
		await look(page, "after a reload");
		assert.deepEqual(page.errors, []);
		await page.context().close();
	});

	test("nothing ran, and nobody else was asked", () => {
		assert.deepEqual([dialogs, elsewhere], [[], []]);
		assert.deepEqual([...md.errors, ...ben.errors], []);
	});
});
