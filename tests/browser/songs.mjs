/*
 * The box's songs in the browser: lists brought in from files and pasted text, looked through and
 * searched; what is wrong with a list is told and nothing of it is lost; the song that is on stands
 * on everyone's stage; and each phone tells the box how good its link is.
 *
 * timeout: 300 s
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startBox, until } from "../lib/box.mjs";
import { create, join, openBrowser, openPage, openSongs, tabTo } from "../lib/browser.mjs";
import { Phone } from "../lib/phone.mjs";
import { startProxy } from "../lib/proxy.mjs";

const KEYS = ["C", "Gm", "F#m", "", "Bb"];
/** A list of songs as CSV. @param {string[]} titles */
const csv = (titles) => `title,key,tempo,time\n${titles.map((title, i) => `${title},${KEYS[i % 5]},${90 + i % 100},${i % 3 ? "4/4" : "6/8"}\n`).join("")}`;
const titles = (/** @type {string} */ word, /** @type {number} */ count) => Array.from({ length: count }, (_, i) => `${word} ${String(i + 1).padStart(3, "0")}`);
const file = (/** @type {string} */ name, /** @type {string | Buffer} */ text) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(text) });

describe("songs in the browser", () => {
	/** @type {any} */ let box;
	/** @type {any} */ let browser;
	/** @type {any} */ let md;
	/** The MD's second device, scripted. @type {Phone} */ let eye;
	let code = "";
	/** Texts of the imports that the page sent. @type {string[]} */
	const sent = [];

	const dialog = () => md.getByRole("dialog");
	const field = () => dialog().getByLabel("Or paste a list");
	const status = () => dialog().getByRole("status");
	const total = async (/** @type {string} */ query) => (await eye.request("song.list", query ? { query } : {})).total;
	const opener = () => md.getByRole("button", { name: /^(Songs|Setlist)$/ }).first();
	const openForm = async () => {
		await openSongs(md);
		await dialog().getByRole("button", { name: "Import songs" }).click();
		await field().waitFor();
	};
	const press = () => dialog().getByRole("button", { name: "Import", exact: true }).click();
	const shut = () => dialog().getByRole("button", { name: "Done" }).first().click();

	before(async () => {
		box = await startBox();
		browser = await openBrowser();
		md = await openPage(browser, box);
		md.on("websocket", (/** @type {any} */ socket) => socket.on("framesent", ({ payload }) =>
			String(payload).includes('"song.import"') && sent.push(JSON.parse(String(payload)).text)));
		await md.reload();
		code = await create(md, "Ann");
		eye = await Phone.open(box.url);
		eye.token = await md.evaluate(() => JSON.parse(localStorage.getItem("tactus.seat") ?? "").token);
		await eye.request("session.resume", { token: eye.token });
	});
	after(async () => {
		await eye?.close();
		await browser?.close();
		await box?.stop();
	});

	test("a CSV file of 30 songs: brought in, listed, and found by words of their titles", async () => {
		await openSongs(md);
		await status().getByText("The box has no songs yet").waitFor();
		await dialog().getByRole("button", { name: "Import songs" }).click();
		await dialog().getByLabel("From a file").setInputFiles(file("songs.csv", `\ufeff${csv(titles("Alpha", 30)).replaceAll("\n", "\r\n")}`));
		await until(async () => (await field().inputValue()).includes("Alpha 030"), "the file's text");
		await press();
		await status().getByText("30 new, 0 known already.").waitFor();
		await status().getByText("30 songs").waitFor();
		assert.equal(await dialog().getByRole("listitem").count(), 30);
		assert.equal(await total(""), 30);
		assert.match(await dialog().getByRole("listitem").nth(1).innerText(), /Alpha 002[^]*Gm[^]*91[^]*4\/4/);

		await dialog().getByRole("searchbox").fill("al 017");
		await status().getByText("1 song found").waitFor();
		assert.match(await dialog().getByRole("listitem").innerText(), /Alpha 017/);
		await dialog().getByRole("searchbox").fill("017 zz");
		await status().getByText("No song found").waitFor();
		await dialog().getByRole("searchbox").fill("");
		await status().getByText("30 songs").waitFor();
		await shut();
	});

	test("pasted text: its format is guessed, what the box has is left as it is", async () => {
		await openForm();
		assert.equal(await field().evaluate((/** @type {any} */ e) => e.spellcheck), false);
		await field().fill(JSON.stringify([...titles("Beta", 12), "alpha 001", "Alpha 002", "ALPHA 003"].map((title) => ({ title })), null, "\t"));
		assert.equal(await dialog().getByRole("radio", { name: "JSON" }).getAttribute("aria-checked"), "true");
		await press();
		await status().getByText("12 new, 3 known already.").waitFor();
		await dialog().getByRole("button", { name: "Import songs" }).click();
		assert.equal(await field().inputValue(), "", "what was brought in is done with");
		await shut();
	});

	test("a fault names its line, shows it, and nothing is imported or lost; mended, it goes", async () => {
		const wrong = `${csv(titles("Gamma", 40))}Gamma 999,C,900,4/4\n`;
		await openForm();
		await dialog().getByLabel("From a file").setInputFiles(file("gamma.csv", wrong));
		await press();
		await dialog().getByRole("alert").getByText(/Nothing was imported\. gamma\.csv, line 42: .*30 to 260/).waitFor();
		assert.equal(await total("Gamma"), 0);
		assert.equal(await field().inputValue(), wrong);
		const selected = () => field().evaluate((/** @type {HTMLTextAreaElement} */ f) => [document.activeElement === f, f.value.slice(f.selectionStart, f.selectionEnd)]);
		await until(async () => (await selected())[0], "the focus");
		assert.deepEqual(await selected(), [true, "Gamma 999,C,900,4/4"]);
		assert.equal(await field().getAttribute("aria-invalid"), "true");

		/* Also when the sheet is shut meanwhile. */
		await shut();
		await openSongs(md);
		assert.equal(await field().inputValue(), wrong);
		await field().press("End");
		await field().fill(wrong.replace("900", "90"));
		assert.equal(await dialog().getByRole("alert").count(), 0);
		await press();
		await status().getByText("41 new, 0 known already.").waitFor();
		await shut();

		await openForm();
		await field().fill('[{"title": "Delta"}, {"title": "Delta 2", "default_bpm": "fast"}]');
		await press();
		await dialog().getByRole("alert").getByText(/song 2: /).waitFor();
		assert.equal(await total("Delta"), 0);
		await field().fill("");
		await shut();
	});

	test("ChordPro books: several at once, without their lyrics; the file at fault is named", async () => {
		const book = (/** @type {string} */ title, /** @type {string} */ tempo) =>
			`{title: ${title}}\n{key: Am}\n${"[Am]Secret words that [G]nobody sends\n".repeat(1500)}{tempo: ${tempo}}\n`;
		await openForm();
		await dialog().getByLabel("From a file").setInputFiles([file("one.cho", book("Epsilon 1", "99")), file("two.pro", book("Epsilon 2", "never"))]);
		await until(async () => (await field().inputValue()).includes("Epsilon 2"), "the files' text");
		sent.length = 0;
		await press();
		await dialog().getByRole("alert").getByText(/two\.pro, line 1503: /).waitFor();
		assert.equal(await total("Epsilon"), 0);
		await dialog().getByLabel("From a file").setInputFiles([file("one.cho", book("Epsilon 1", "99")), file("two.pro", book("Epsilon 2", "111"))]);
		await dialog().getByRole("alert").waitFor({ state: "detached" });
		await press();
		await status().getByText("2 new, 0 known already.").waitFor();
		assert.deepEqual((await eye.request("song.list", { query: "epsilon" })).songs.map((/** @type {any} */ s) => [s.title, s.default_key, s.default_bpm]),
			[["Epsilon 1", "Am", 99], ["Epsilon 2", "Am", 111]]);
		assert.equal(sent.length, 2);
		assert.ok(sent.every((text) => !text.includes("Secret") && text.length < 200));
		await shut();
	});

	test("too much for one request is told before it is sent, as is what is no text; the line stays", async () => {
		sent.length = 0;
		await openForm();
		const much = csv(titles("Zeta with a rather long title that fills the line up", 1000));
		await field().fill(much);
		await press();
		await dialog().getByRole("alert").getByText(/too much at once: \d+ kB, where the box takes 60 kB.* 2 parts/).waitFor();
		assert.equal(await field().inputValue(), much);
		/* 40,000 bytes are 80,000 in the frame. */
		await field().fill(`title\n"${'""'.repeat(20000)}"`);
		await press();
		await dialog().getByRole("alert").getByText(/too much at once/).waitFor();
		await field().fill("{comment: nothing here}");
		await dialog().getByRole("radio", { name: "ChordPro" }).click();
		await press();
		await dialog().getByRole("alert").getByText(/There is no song in this text/).waitFor();

		await field().fill("title\nKept\n");
		for (const [files, words] of /** @type {[any[], RegExp][]} */ ([
			[[file("latin.csv", Buffer.from([0x74, 0x69, 0xe9, 0x0a]))], /latin\.csv cannot be read as text/],
			[[file("a.csv", "title\nA"), file("b.csv", "title\nB")], /Several files at once only with ChordPro/],
			[[file("film.csv", Buffer.alloc(9000000, 65))], /too big/],
		])) {
			await dialog().getByLabel("From a file").setInputFiles(files);
			await dialog().getByRole("alert").getByText(words).waitFor();
			assert.equal(await field().inputValue(), "title\nKept\n");
		}
		assert.deepEqual(sent, []);
		assert.equal(await md.locator(".chip.bad").count(), 0);
		await field().fill("");
		await shut();
	});

	test("page after page, and whoever goes on by keyboard stays where the new songs are", async () => {
		await openSongs(md);
		const all = await total("");
		assert.equal(all, 85);
		await until(async () => await dialog().getByRole("listitem").count() === 50, "a page");
		const more = dialog().getByRole("button", { name: "More songs" });
		/* Coming near it is enough, and so is pressing it. */
		await dialog().getByRole("button", { name: "Add Gamma 006" }).focus();
		await md.keyboard.press("Tab");
		await until(async () => await dialog().getByRole("listitem").count() === all, "all of them");
		assert.equal(await more.count(), 0);
		const shown = await dialog().getByRole("listitem").allInnerTexts();
		assert.equal(new Set(shown.map((text) => /(Alpha|Beta|Gamma|Epsilon) \d+/.exec(text)?.[0])).size, all);
		await until(() => md.evaluate(() => document.activeElement?.textContent?.includes("Gamma 007")), "the focus on the first new song");
		await shut();
	});

	test("by keyboard alone; the focus goes in and comes back", async () => {
		const focused = (/** @type {any} */ locator) => until(() => locator.evaluate((/** @type {any} */ e) => document.activeElement === e), `focus on ${locator}`);
		await opener().focus();
		await md.keyboard.press("Enter");
		await dialog().waitFor();
		if (await dialog().getByRole("button", { name: "Add songs" }).count()) {
			await tabTo(md, dialog().getByRole("button", { name: "Add songs" }));
			await md.keyboard.press("Enter");
		}
		await dialog().getByRole("searchbox").waitFor();
		await focused(dialog().getByRole("button", { name: "Back", exact: true }));
		await tabTo(md, dialog().getByRole("searchbox"));
		await md.keyboard.type("beta 012");
		await status().getByText("1 song found").waitFor();
		await tabTo(md, dialog().getByRole("button", { name: "Import songs" }));
		await md.keyboard.press("Enter");
		await focused(dialog().getByLabel("From a file"));
		await md.keyboard.press("Tab");
		await md.keyboard.type("title\nTyped by hand\n");
		await tabTo(md, dialog().getByRole("button", { name: "Import", exact: true }));
		await md.keyboard.press("Enter");
		await status().getByText("1 new, 0 known already.").waitFor();
		await focused(dialog().getByRole("button", { name: "Import songs" }));
		await md.keyboard.press("Escape");
		await dialog().waitFor({ state: "detached" });
		await focused(opener());
		await md.keyboard.press("Enter");
		await shut();
		await focused(opener());
	});

	test("a pedal taps, whatever a finger has touched before; who goes by keyboard presses buttons", async () => {
		const taps = () => md.locator(".tap-count .on").count();
		for (const name of [/^(Songs|Setlist)$/, "Sound"]) {
			await md.getByRole("button", { name, exact: true }).first().tap();
			await dialog().getByRole("button", { name: "Done" }).first().tap();
			await dialog().waitFor({ state: "detached" });
			await md.keyboard.press("Space");
			await until(async () => await taps() === 1, `a tap after ${name}`);
			assert.equal(await dialog().count(), 0);
			await until(async () => await taps() === 0, "the end of the series");
		}
		await md.getByRole("button", { name: "One faster" }).tap();
		await eye.when((s) => s.tempoState.bpm === 121);
		/* The browser takes the light of a touch away 150 ms after it, and with it a key's that is just held there. */
		await until(() => md.getByRole("button", { name: "One faster" }).evaluate((/** @type {any} */ e) => !e.matches(":active")), "the end of the touch");
		await md.keyboard.press("Space");
		await until(async () => await taps() === 1, "a tap");
		assert.equal(eye.state?.tempoState.bpm, 121);
		await md.keyboard.press("Tab");
		await md.keyboard.press("Shift+Tab");
		await md.keyboard.press("Space");
		await eye.when((s) => s.tempoState.bpm === 122);
	});

	test("the song that is on: title, key, its own bar and what comes next, on every phone", async () => {
		const ben = await openPage(browser, box, `/join/${code}`);
		await join(ben, "Ben");
		assert.equal(await ben.getByRole("button", { name: "Songs", exact: true }).count(), 0);
		const find = async (/** @type {string} */ query) => (await eye.request("song.list", { query })).songs[0].id;
		const { setlist_id } = await eye.request("setlist.create", { title: "Tonight" });
		for (const query of ["alpha 002", "beta 001", "gamma 001"])
			await eye.request("setlist.item.add", { setlist_id, song_id: await find(query) });
		await eye.request("setlist.activate", { setlist_id });
		const song = (/** @type {any} */ page) => page.getByRole("region", { name: "Song", exact: true });
		await song(ben).getByText("Next: Alpha 002").waitFor();

		await eye.request("song.activate", { position: 0 });
		for (const page of [md, ben]) {
			await song(page).getByText("Alpha 002", { exact: true }).waitFor();
			await song(page).getByText("Gm", { exact: true }).waitFor();
			await song(page).getByText("Next: Beta 001").waitFor();
		}
		await eye.request("tempo.start", {});
		await ben.locator(".fact-bar").getByText("song bar 2").waitFor();
		const { at_bar } = await eye.request("song.activate", { position: 2 });
		await song(ben).getByText("Gamma 001", { exact: true }).waitFor();
		assert.equal(await song(ben).getByText(/^Next/).count(), 0);
		/* What is drawn decides: the page's own bar, less where the song begins, from one. */
		await ben.locator(".fact-bar dd", { hasText: new RegExp(`^${at_bar + 3}$`) }).waitFor();
		await ben.locator(".fact-bar").getByText("song bar 3").waitFor();
		await eye.request("song.activate", { position: null });
		await song(ben).getByText("Gamma 001").waitFor({ state: "detached" });
		await eye.request("tempo.stop", {});
		assert.deepEqual(ben.errors.filter((/** @type {string} */ e) => !/Cross-Origin/.test(e)), []);
		await ben.context().close();
	});

	test("hostile titles neither run nor break the layout", async () => {
		const evil = ["<img src=x onerror=window.pwned=1>", "\u202eesrever \u2067over", "W".repeat(120), `Z${"\u0301\u0489".repeat(50)}`, "\u2028line\u2029", "{title: ${1}}"]
			.map((title) => ({ title: `Omega ${title}`.slice(0, 120), default_key: "<b>" }));
		await openForm();
		await field().fill(JSON.stringify(evil));
		await press();
		await status().getByText(`${evil.length} new`).waitFor();
		const wide = () => md.evaluate(() => document.documentElement.scrollWidth > innerWidth
			|| [...document.querySelectorAll("dialog, .room, .song")].some((e) => e.scrollWidth > e.clientWidth));
		const sizes = [[320, 568], [360, 740], [740, 360], [1024, 768]];
		await dialog().getByRole("searchbox").fill("omega");
		await status().getByText(`${evil.length} songs found`).waitFor();
		for (const [width, height] of sizes) {
			await md.setViewportSize({ width, height });
			assert.ok(!await wide(), `the list is too wide at ${width}`);
		}
		await shut();
		await eye.request("tempo.start", {});
		for (const { id } of (await eye.request("song.list", { query: "omega" })).songs) {
			await eye.request("song.activate", { song_id: id });
			for (const [width, height] of sizes) {
				await md.setViewportSize({ width, height });
				await sleep(50);
				assert.ok(!await wide(), `the stage is too wide at ${width}`);
				const dial = await md.locator(".face").boundingBox();
				assert.ok(dial.width >= 60, `no room for the beat at ${width}: ${dial.width}`);
			}
		}
		await eye.request("tempo.stop", {});
		await eye.request("song.activate", { song_id: null });
		await md.setViewportSize({ width: 360, height: 740 });
		assert.equal(await md.evaluate(() => /** @type {any} */ (window).pwned), undefined);
	});

	test("an import that finds no answer is told, and nothing of the text is lost", async () => {
		const proxy = await startProxy(box.port);
		const page = await openPage(browser, proxy);
		try {
			await create(page, "Zoe");
			await openSongs(page);
			await page.getByRole("button", { name: "Import songs" }).click();
			const text = page.getByLabel("Or paste a list");
			await text.fill("title\nTheta\n");
			proxy.dead();
			await page.getByRole("button", { name: "Import", exact: true }).click();
			await page.getByText("No answer from the box to the import. Nothing is lost").waitFor({ timeout: 15000 });
			assert.equal(await text.inputValue(), "title\nTheta\n");
			proxy.dead(false);
			await page.locator(".chip", { hasText: "Offline" }).waitFor({ state: "detached" });
			await page.getByRole("button", { name: "Import", exact: true }).click();
			/* The network may have brought the first one after all. */
			await page.getByText(/1 new, 0 known already|0 new, 1 known already/).waitFor();
			assert.equal(await total("theta"), 1);
		} finally {
			await page.context().close();
			await proxy.stop();
		}
	});

	test("every phone that is looked at tells the box how good its link is, every ten seconds", async () => {
		const context = await browser.newContext();
		const page = await context.newPage();
		/* Ten seconds are one here; nothing else is. */
		await page.addInitScript(() => {
			const real = setInterval;
			/** @type {any} */ (window).setInterval = (/** @type {any} */ f, /** @type {number} */ ms) => real(f, ms === 10000 ? 1000 : ms);
			Object.defineProperty(document, "visibilityState", { get: () => /** @type {any} */ (window).hide ? "hidden" : "visible" });
		});
		/** @type {any[]} */
		const reports = [];
		page.on("websocket", (/** @type {any} */ socket) => socket.on("framesent", ({ payload }) =>
			String(payload).includes('"metrics.report"') && reports.push(JSON.parse(String(payload)))));
		await page.goto(`http://tactus.local:${box.port}/join/${code}`);
		await sleep(2500);
		assert.equal(reports.length, 0, "nobody to report of at the door");
		await join(page, "Mia");
		await until(() => reports.length >= 3, "reports");
		for (const { id, type, ...fields } of reports) {
			assert.deepEqual(Object.keys(fields).sort(), ["jitter_ms", "packet_loss_pct", "rtt_ms"]);
			assert.ok(Number.isInteger(fields.rtt_ms) && fields.rtt_ms >= 0 && fields.rtt_ms < 2000);
			assert.ok(Number.isInteger(fields.jitter_ms) && fields.packet_loss_pct >= 0 && fields.packet_loss_pct <= 100);
		}
		await eye.when((s) => s.participants.some((/** @type {any} */ p) => p.display_name === "Mia" && p.network_rtt_ms !== null && p.packet_loss_pct !== null));
		await page.evaluate(() => (/** @type {any} */ (window).hide = true));
		const before = reports.length;
		await sleep(2500);
		assert.ok(reports.length <= before + 1, "a phone in the pocket reports");
		await context.close();
	});

	test("nothing went wrong behind the scenes", () => {
		assert.deepEqual(md.errors.filter((/** @type {string} */ e) => !/WebSocket|ERR_CONNECTION|Cross-Origin/.test(e)), []);
		assert.deepEqual(eye.holes, []);
	});
});
