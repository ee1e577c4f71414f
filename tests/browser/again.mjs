/*
 * Next week: the session that was closed is opened again from the page, and everybody finds back as who
 * they were, with their roles.
 *
 * timeout: 300 s
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startBox } from "../lib/box.mjs";
import { create, join, openBrowser, openPage } from "../lib/browser.mjs";
import { Phone } from "../lib/phone.mjs";

const PIN = "482913";

describe("a session of an earlier week", () => {
	/** @type {any} */ let box;
	/** @type {any} */ let browser;
	/** @type {any} */ let md;
	/** @type {any} */ let ben;
	let code = "";
	let session_id = "";
	/** @type {Record<string, string>} */ const ids = {};

	/** What somebody who leads it from elsewhere sees. */
	async function look() {
		const eye = await Phone.open(box.url);
		const list = (await eye.request("session.list", { pin: PIN })).sessions;
		await eye.close();
		return list;
	}

	before(async () => {
		box = await startBox({ pin: PIN, audio: false });
		browser = await openBrowser();
		md = await openPage(browser, box);
		code = await create(md, "Ann", PIN);
		ben = await openPage(browser, box, `/join/${code}`);
		await join(ben, "Ben");
		const witness = await Phone.open(box.url);
		await witness.join(code, "Witness");
		session_id = witness.state.session.id;
		for (const person of witness.state.participants)
			ids[person.display_name] = person.user_id;
		/* By Ben's own device. */
		const token = await ben.evaluate(() => JSON.parse(sessionStorage.getItem("tactus.seat") ?? "").token);
		await witness.request("session.leave");
		witness.token = token;
		await witness.request("session.resume", { token });
		await witness.request("role.assign", { slot_id: witness.state.slots[2].id });
		await witness.close();
		const closer = await Phone.open(box.url);
		closer.token = await md.evaluate(() => JSON.parse(sessionStorage.getItem("tactus.seat") ?? "").token);
		await closer.request("session.resume", { token: closer.token });
		await closer.request("setlist.create", { title: "Sunday <b>evening</b>" });
		await closer.request("session.close");
		await closer.close();
		await md.getByRole("heading", { name: "Tactus" }).waitFor();
	});
	after(async () => {
		await browser?.close();
		await box?.stop();
	});

	test("without the PIN there is nothing to be seen; with a wrong one, it is said", async () => {
		await md.getByRole("button", { name: "Earlier sessions" }).click();
		await md.getByLabel("PIN").fill("111111");
		await md.getByRole("button", { name: "Show them" }).click();
		await md.locator("#wrong").waitFor();
		assert.equal(await md.locator(".earlier li").count(), 0);
		assert.equal(await md.getByLabel("PIN").getAttribute("aria-invalid"), "true");
	});

	test("the list tells day, MD, people and setlists, as text", async () => {
		await md.getByLabel("PIN").fill(PIN);
		await md.getByRole("button", { name: "Show them" }).click();
		await md.locator(".earlier li").waitFor();
		const said = await md.locator(".earlier li").innerText();
		assert.match(said, /\d{4}/);
		assert.match(said, /Ann · 2 people/);
		assert.match(said, /Sunday <b>evening<\/b>/);
	});

	test("the MD goes on with it and is who she was; the code is the old one", async () => {
		await md.locator(".earlier button").click();
		await md.locator(".tap").waitFor();
		const [session] = await look();
		assert.deepEqual([session.session_id, session.active, session.code, session.people, session.md_display_name], [session_id, true, code, 2, "Ann"]);
		assert.ok(md.url().endsWith(`/join/${code}`));
	});

	test("a player joins with the code and is the same person, with the role", async () => {
		await ben.goto(`http://tactus.local:${box.port}/join/${code}`);
		await join(ben, "Ben", "", false);
		const eye = await Phone.open(box.url);
		await eye.request("session.claim", { code, pin: PIN, display_name: "Eye" });
		const entry = eye.state.participants.find((/** @type {any} */ p) => p.display_name === "Ben");
		assert.equal(entry.user_id, ids.Ben);
		assert.equal(entry.slots.length, 1);
		assert.equal(entry.away, false);
		assert.equal(eye.state.participants.filter((/** @type {any} */ p) => p.display_name === "Ann").length, 1);
		await eye.close();
	});

	test("under another name the same phone is somebody else", async () => {
		const page = await ben.context().newPage();
		await page.goto(`http://tactus.local:${box.port}/`);
		await page.evaluate(() => sessionStorage.setItem("tactus.seat", "null"));
		await page.goto(`http://tactus.local:${box.port}/join/${code}`);
		await join(page, "Cas");
		/* Ann, Ben, the eye, and Cas. */
		assert.equal((await look())[0].people, 4);
		await page.close();
	});

	test("from a phone that never was in it: who gives the PIN leads it", async () => {
		const phone = await openPage(browser, box);
		await phone.getByRole("button", { name: "Earlier sessions" }).click();
		await phone.getByLabel("Your name").fill("Dot");
		await phone.getByLabel("PIN").fill(PIN);
		await phone.getByRole("button", { name: "Show them" }).click();
		await phone.locator(".earlier button").click();
		await phone.locator(".tap").waitFor();
		assert.equal((await look())[0].md_display_name, "Dot");
	});
});
