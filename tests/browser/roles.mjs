/*
 * Who plays what, as people say it on their phones: a slot taken with one press, the grid of slots and
 * people by finger and by keys, the exception for one song, what a member may not do, two who want the
 * same slot, and a big band on a small phone.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startBox, until } from "../lib/box.mjs";
import { create, join, openBrowser, openPage } from "../lib/browser.mjs";
import { slotsOf } from "../lib/band.mjs";
import { Phone } from "../lib/phone.mjs";

describe("roles in the browser", () => {
	/** @type {any} */ let box;
	/** @type {any} */ let browser;
	/** @type {any} */ let md;
	/** @type {any} */ let ben;
	/** @type {Phone} */ let cleo;
	/** @type {Record<string, string>} */ let slots;
	/** @type {Phone[]} */ const phones = [];
	let code = "";
	/** The MD's second device. @type {Phone} */ let tablet;

	const id = (/** @type {string} */ name) => cleo.state?.participants.find((/** @type {any} */ p) => p.display_name === name)?.user_id;
	/** Who has it, by name, in all songs or in one. @param {any} s */
	const has = (s, /** @type {string} */ slot, /** @type {string | null} */ song_id = null) => {
		const role = s.roleAssignments.find((/** @type {any} */ r) => r.slot_id === slots[slot] && r.scope_song_id === song_id);
		return role && s.participants.find((/** @type {any} */ p) => p.user_id === role.user_id)?.display_name;
	};
	const open_band = (/** @type {any} */ page) => page.getByRole("button", { name: /^Band/ }).click();
	const open_grid = async (/** @type {any} */ page) => {
		await open_band(page);
		await page.getByRole("dialog").getByRole("button", { name: "Who plays what" }).click();
		await page.getByRole("grid").waitFor();
	};
	const open_slots = async (/** @type {any} */ page) => {
		await open_band(page);
		await page.getByRole("dialog").getByText("What do you play?", { exact: true }).click();
	};
	const cell = (/** @type {any} */ page, /** @type {string} */ name) => page.getByRole("grid").getByRole("button", { name, exact: true });
	const pressed = (/** @type {any} */ locator) => locator.getAttribute("aria-pressed");
	/** @param {any} page @param {string} name @param {string} wanted */
	const shows = (page, name, wanted) => until(async () => await pressed(cell(page, name)) === wanted, `${name} to be ${wanted}`, 10000);
	const shut = (/** @type {any} */ page) => page.keyboard.press("Escape");
	const one_more = async (/** @type {string} */ name) => {
		const phone = await Phone.open(box.url);
		await phone.join(code, name);
		phones.push(phone);
		return phone;
	};

	before(async () => {
		box = await startBox({ audio: false });
		browser = await openBrowser();
		md = await openPage(browser, box);
		code = await create(md, "Ann");
		ben = await openPage(browser, box, `/join/${code}`);
		await join(ben, "Ben");
		cleo = await one_more("Cleo");
		slots = slotsOf(/** @type {any} */ (cleo.state));
		tablet = await Phone.open(box.url);
		phones.push(tablet);
		await tablet.request("session.resume", { token: await md.evaluate(() => JSON.parse(localStorage.getItem("tactus.seat") ?? "").token) });
	});
	after(async () => {
		await Promise.all(phones.map((phone) => phone.close()));
		await browser?.close();
		await box?.stop();
	});

	test("a slot is taken with one press, and given back with another", async () => {
		await cleo.request("role.assign", { slot_id: slots.drums });
		await open_slots(ben);
		const bass = ben.getByRole("dialog").getByRole("button", { name: /^bass/i });
		await bass.click();
		await cleo.when((s) => has(s, "bass") === "Ben", 10000);
		await until(async () => await pressed(bass) === "true" && /you/.test(await bass.innerText()), "bass to be his");
		await ben.getByRole("dialog").getByRole("listitem").filter({ hasText: "Ben" }).getByText("bass").waitFor();
		await open_band(md);
		await md.getByRole("dialog").getByRole("listitem").filter({ hasText: "Ben" }).getByText("bass").waitFor();
		await shut(md);
		await bass.click();
		await cleo.when((s) => !has(s, "bass"), 10000);
		await shut(ben);
	});

	test("what somebody has is not to be had, unless that one is away", async () => {
		const dan = await one_more("Dan");
		await dan.request("role.assign", { slot_id: slots.brass });
		await open_slots(ben);
		const brass = ben.getByRole("dialog").getByRole("button", { name: /^brass Dan/i });
		await brass.waitFor();
		assert.ok(await brass.isDisabled());
		dan.terminate();
		await ben.getByRole("dialog").getByRole("button", { name: "brass Dan (away): take over" }).click();
		await cleo.when((s) => has(s, "brass") === "Ben", 10000);
		await ben.getByRole("dialog").getByRole("button", { name: "brass you" }).click();
		await cleo.when((s) => !has(s, "brass"), 10000);
		await shut(ben);
	});

	test("the MD gives, swaps and frees by a press in the grid, and can undo each", async () => {
		await open_grid(md);
		await cell(md, "keys 1: Ben").click();
		await cleo.when((s) => has(s, "keys 1") === "Ben", 10000);
		await shows(md, "keys 1: Ben", "true");
		await cell(md, "keys 1: Cleo").click();
		await cleo.when((s) => has(s, "keys 1") === "Cleo", 10000);
		await md.getByText("keys 1: Cleo instead of Ben").waitFor();
		await shows(md, "keys 1: Ben", "false");
		await md.getByRole("button", { name: "Undo" }).click();
		await cleo.when((s) => has(s, "keys 1") === "Ben", 10000);
		await md.getByRole("button", { name: "Undo" }).waitFor({ state: "detached" });
		await until(() => md.evaluate(() => document.activeElement?.getAttribute("aria-label") === "keys 1: Cleo"), "the focus on the cell", 10000);
		await cell(md, "keys 1: Ben").click();
		await cleo.when((s) => !has(s, "keys 1"), 10000);
		await md.getByText("keys 1: free").waitFor();
		/* Where somebody else has changed it meanwhile there is nothing to undo. */
		await cleo.request("role.assign", { slot_id: slots["keys 1"] });
		await md.getByRole("button", { name: "Undo" }).waitFor({ state: "detached" });
		await shows(md, "keys 1: Cleo", "true");
		await shut(md);
	});

	test("the grid by keys: one stop for Tab, arrows from cell to cell", async () => {
		await open_grid(md);
		await md.getByRole("combobox", { name: "For" }).focus();
		await md.keyboard.press("Tab");
		const at = () => md.evaluate(() => document.activeElement?.getAttribute("aria-label"));
		/* Where one was before. */
		assert.equal(await at(), "keys 1: Ben");
		await md.keyboard.press("Home");
		assert.equal(await at(), "keys 1: Ann");
		await md.keyboard.press("ArrowUp");
		assert.equal(await at(), "acoustic guitar 2: Ann");
		await md.keyboard.press("ArrowRight");
		await md.keyboard.press("ArrowRight");
		assert.equal(await at(), "acoustic guitar 2: Cleo");
		await md.keyboard.press("Enter");
		await cleo.when((s) => has(s, "acoustic guitar 2") === "Cleo", 10000);
		await shows(md, "acoustic guitar 2: Cleo", "true");
		await md.keyboard.press("ArrowLeft");
		await md.keyboard.press(" ");
		await cleo.when((s) => has(s, "acoustic guitar 2") === "Ben", 10000);
		assert.equal(await at(), "acoustic guitar 2: Ben");
		await md.keyboard.press("End");
		await md.keyboard.press("ArrowRight");
		assert.match(await at(), /^acoustic guitar 2: Dan/);
		for (let i = 0; i < 30; i++)
			await md.keyboard.press("ArrowDown");
		assert.match(await at(), /^screen: Dan/);
		assert.equal(await md.locator(".grid-box [tabindex='0']").count(), 1);
		const hidden = await md.locator(".grid-box button:focus").evaluate((/** @type {HTMLElement} */ one) => {
			const [a, b] = [one, /** @type {Element} */ (one.closest(".grid-box"))].map((e) => e.getBoundingClientRect());
			return [a.bottom > b.bottom && `bottom ${a.bottom} of ${b.bottom}`, a.right > b.right && `right ${a.right} of ${b.right}`].filter(Boolean);
		});
		assert.deepEqual(hidden, [], "what has the focus is in sight");
		await tablet.request("role.clear", { slot_id: slots["acoustic guitar 2"] });
		await shut(md);
	});

	test("for one song: an exception shadows what is so in all songs, on every phone, and ends with a press", async () => {
		const { setlist_id } = await tablet.request("setlist.create", { title: "Tonight" });
		await tablet.request("setlist.activate", { setlist_id });
		/** @type {Record<string, string>} */
		const songs = {};
		for (const title of ["Autumn Leaves", "Blue Bossa"]) {
			songs[title] = (await tablet.request("song.create", { title })).song_id;
			await tablet.request("setlist.item.add", { song_id: songs[title] });
		}
		await tablet.request("song.activate", { position: 1 });
		await open_grid(md);
		await md.getByRole("combobox", { name: "For" }).selectOption({ label: "Blue Bossa (on now)" });
		await shows(md, "keys 1: Cleo, for Blue Bossa, as in all songs", "mixed");
		await cell(md, "keys 1: Ben, for Blue Bossa").click();
		await cleo.when((s) => has(s, "keys 1", songs["Blue Bossa"]) === "Ben" && has(s, "keys 1") === "Cleo", 10000);
		await cell(md, "keys 1: Cleo, for Blue Bossa, in the other songs").waitFor();

		await open_band(ben);
		const row = (/** @type {string} */ name) => ben.getByRole("dialog").getByRole("listitem").filter({ hasText: name });
		await row("Ben").getByText("keys 1").waitFor();
		assert.equal(await row("Cleo").getByText("keys 1").count(), 0);
		await tablet.request("song.activate", { position: 0 });
		await row("Cleo").getByText("keys 1").waitFor();
		await tablet.request("song.activate", { position: 1 });
		await row("Ben").getByText("keys 1").waitFor();
		/* A member sees it, and cannot change it. */
		await ben.getByRole("dialog").getByRole("button", { name: "Who plays what" }).click();
		await ben.getByRole("combobox", { name: "For" }).selectOption({ label: "Blue Bossa (on now)" });
		await shows(ben, "keys 1: Ben, for Blue Bossa", "true");
		await ben.getByText("Only the music director makes exceptions").waitFor();
		assert.equal(await ben.locator(".grid-box td button:not([aria-disabled=true])").count(), 0);
		await shut(ben);

		/* Whoever has it in all songs has it again. */
		await cell(md, "keys 1: Cleo, for Blue Bossa, in the other songs").click();
		await cleo.when((s) => !has(s, "keys 1", songs["Blue Bossa"]) && has(s, "keys 1") === "Cleo", 10000);
		await md.getByText("keys 1: as in all songs").waitFor();
		await md.getByRole("button", { name: "Undo" }).click();
		await cleo.when((s) => has(s, "keys 1", songs["Blue Bossa"]) === "Ben", 10000);
		/* The song that is chosen stays chosen when it is on no list any more. */
		await tablet.request("song.activate", { position: 0 });
		await tablet.request("setlist.item.remove", { position: 1 });
		await cell(md, "keys 1: Ben, for Blue Bossa").click();
		await cleo.when((s) => !has(s, "keys 1", songs["Blue Bossa"]), 10000);
		await shut(md);
	});

	test("a member takes in the grid what is free, and nothing else", async () => {
		await open_grid(ben);
		await cell(ben, "synth: Ben").click();
		await cleo.when((s) => has(s, "synth") === "Ben", 10000);
		for (const name of ["keys 1: Ben", "synth: Cleo", "strings: Cleo"]) {
			assert.equal(await cell(ben, name).getAttribute("aria-disabled"), "true", name);
			await cell(ben, name).click({ force: true });
		}
		await cell(ben, "synth: Ben").click();
		await cleo.when((s) => !has(s, "synth"), 10000);
		assert.deepEqual([has(cleo.state, "keys 1"), has(cleo.state, "strings")], ["Cleo", undefined]);
		assert.equal(await ben.locator(".notice.bad").count(), 0);
		await shut(ben);
	});

	test("two want the same slot: one gets it, the other is told; nobody is replaced who was not seen", async () => {
		/* Their phones hear of it only after they have pressed. */
		/** @type {any[]} */
		const late = [];
		let deaf = false;
		const context = await browser.newContext({ viewport: { width: 360, height: 740 } });
		const page = await context.newPage();
		await page.routeWebSocket(/\/ws$/, (/** @type {any} */ socket) => {
			const server = socket.connectToServer();
			server.onMessage((/** @type {any} */ message) => {
				if (deaf && String(message).includes('"type":"state"'))
					late.push(() => socket.send(message));
				else
					socket.send(message);
			});
		});
		await page.goto(`http://tactus.local:${box.port}/join/${code}`);
		await join(page, "Eve");
		await open_grid(page);
		deaf = true;
		await cleo.request("role.assign", { slot_id: slots.strings });
		await cell(page, "strings: Eve").click();
		await page.getByText("Somebody was faster: that slot is taken.").waitFor();
		deaf = false;
		for (const hear of late)
			hear();
		await shows(page, "strings: Cleo", "true");
		assert.equal(has(cleo.state, "strings"), "Cleo");
		await context.close();
		assert.ok(await cleo.request("role.clear", { slot_id: slots.strings }));

		const [gil, fay] = [await one_more("Gil"), await one_more("Fay")];
		const answers = await Promise.allSettled([gil, fay].map((phone) => phone.request("role.assign", { slot_id: slots.strings })));
		assert.deepEqual(answers.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
		await open_grid(md);
		await shows(md, `strings: ${answers[0].status === "fulfilled" ? "Gil" : "Fay"}`, "true");
		await shut(md);
		await gil.request("session.leave");
		await fay.request("session.leave");
	});

	test("two presses before the box can have answered: the slot goes on from the first to the second, and nobody was faster", async () => {
		await open_grid(md);
		await md.evaluate(() => ["Ann", "Ben"].forEach((name) => /** @type {HTMLElement} */ (document.querySelector(`[aria-label="strings: ${name}"]`)).click()));
		await shows(md, "strings: Ben", "true");
		assert.equal(await md.getByText("Somebody was faster").count(), 0);
		await md.getByRole("button", { name: "Undo" }).click();
		await shows(md, "strings: Ann", "true");
		await cell(md, "strings: Ann").click();
		await shows(md, "strings: Ann", "false");
		await shut(md);
	});

	test("twelve people and all slots on a small phone: the page stays, the grid goes in its box", async () => {
		for (const name of ["<b>Gus</b>", "W".repeat(40), "\u202eesrever\u202c", "🥁".repeat(20), "Jo", "Kim", "Clara Zwiebelmöller-Tannhäuser", "Moe"])
			await one_more(name);
		await open_grid(md);
		for (const width of [320, 360]) {
			await md.setViewportSize({ width, height: 640 });
			const found = await md.evaluate(() => {
				const rect = (/** @type {Element | null} */ one) => /** @type {Element} */ (one).getBoundingClientRect();
				const box = /** @type {Element} */ (document.querySelector(".grid-box"));
				const [head, side] = [box.querySelectorAll("thead th")[1], box.querySelectorAll("tbody th")[0]];
				box.scrollTo(0, 0);
				const before = { top: rect(head).top, left: rect(side).left };
				box.scrollTo(400, 400);
				const dialog = /** @type {Element} */ (document.querySelector("dialog"));
				return {
					columns: box.querySelectorAll("thead th").length, rows: box.querySelectorAll("tbody tr").length, scrolled: [box.scrollLeft, box.scrollTop],
					page: document.documentElement.scrollWidth - innerWidth, dialog: dialog.scrollWidth - dialog.clientWidth,
					moved: [rect(head).top - before.top, rect(side).left - before.left],
					small: [...box.querySelectorAll("td button")].filter((one) => rect(one).width < 44 || rect(one).height < 44).length,
				};
			});
			assert.ok(found.columns >= 13 && found.rows === 23, JSON.stringify(found));
			assert.deepEqual({ ...found, columns: 0, rows: 0 }, { columns: 0, rows: 0, scrolled: [400, 400], page: 0, dialog: 0, moved: [0, 0], small: 0 });
		}
		await md.setViewportSize({ width: 360, height: 740 });
		await shut(md);
		await open_slots(ben);
		assert.ok(await ben.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
		await shut(ben);
		assert.deepEqual([...md.errors, ...ben.errors].filter((e) => !/Cross-Origin/.test(e)), []);
		assert.ok(id("Ben"));
	});
});
