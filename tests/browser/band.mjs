/*
 * Who is here and who leads, as people do it on their phones: how everybody's link is, ready and away;
 * hand-over and take-back, each told on both phones; the code shown, renewed, and what a box without a
 * QR still shows; somebody removed; the MD goes and names who follows, or nobody; a claim from another phone.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startBox, until } from "../lib/box.mjs";
import { create, join, openBrowser, openPage } from "../lib/browser.mjs";
import { modulesOf } from "../lib/qr.mjs";
import { Phone, Refused } from "../lib/phone.mjs";

const PIN = "482913";

describe("the band in the browser", () => {
	/** @type {any} */ let box;
	/** @type {any} */ let browser;
	/** @type {any} */ let md;
	/** @type {any} */ let ben;
	/** @type {Phone} */ let cleo;
	let code = "";

	const state = () => /** @type {any} */ (cleo.state);
	const id = (/** @type {string} */ name) => state().participants.find((/** @type {any} */ p) => p.display_name === name)?.user_id;
	const dialog = (/** @type {any} */ page) => page.getByRole("dialog");
	const row = (/** @type {any} */ page, /** @type {string} */ name) => dialog(page).getByRole("listitem").filter({ hasText: name });
	const open_band = (/** @type {any} */ page) => page.getByRole("button", { name: /^Band/ }).click();
	const open_you = (/** @type {any} */ page) => page.getByRole("button", { name: "This phone" }).click();
	const shut = (/** @type {any} */ page) => page.keyboard.press("Escape");
	/** What is said in passing comes while it is done. @param {any} page @param {string} text @param {() => Promise<unknown>} act */
	const told = (page, text, act) => Promise.all([page.locator(".notice", { hasText: text }).waitFor(), act()]);
	const seat = (/** @type {any} */ page) => page.evaluate(() => JSON.parse(localStorage.getItem("tactus.seat") ?? "null"));

	before(async () => {
		box = await startBox({ pin: PIN, audio: false });
		browser = await openBrowser();
		md = await openPage(browser, box);
		code = await create(md, "Ann", PIN);
		ben = await openPage(browser, box, `/join/${code}`);
		await join(ben, "Ben");
		cleo = await Phone.open(box.url);
		await cleo.join(code, "Cleo");
	});
	after(async () => {
		await cleo?.close();
		await browser?.close();
		await box?.stop();
	});

	test("everyone's link in words, who is ready, talks, is away, plays what", async () => {
		await open_band(md);
		await row(md, "Cleo").getByText("link not known yet").waitFor();
		await cleo.request("metrics.report", { rtt_ms: 12, jitter_ms: 2, packet_loss_pct: 0 });
		await row(md, "Cleo").getByText("good link · 12 ms, 0 % lost").waitFor();
		await cleo.request("metrics.report", { rtt_ms: 90, jitter_ms: 2, packet_loss_pct: 1 });
		await row(md, "Cleo").getByText("fair link · 90 ms, 1 % lost").waitFor();
		await cleo.request("metrics.report", { rtt_ms: 40, jitter_ms: 2, packet_loss_pct: 22.4 });
		await row(md, "Cleo").getByText("poor link · 40 ms, 22 % lost").waitFor();
		/* One's own as this phone knows it, before it has told anybody. */
		await row(md, "Ann").getByText(/(good|fair|poor) link · \d+ ms/).waitFor();
		await row(md, "Ann").getByText("you", { exact: true }).waitFor();
		assert.equal(await row(md, "Ann").getByText("MD", { exact: true }).count(), 1);
		assert.equal(await row(md, "Ann").getByText("tempo", { exact: true }).count(), 1);

		await cleo.request("ready.set", { ready: true });
		await row(md, "Cleo").getByText("ready").waitFor();
		await dialog(md).getByText("3 players · 1 ready").waitFor();
		await cleo.request("ptt.set", { state: "talking" });
		await row(md, "Cleo").getByText("talking").waitFor();
		await cleo.request("role.assign", { slot_id: state().slots.find((/** @type {any} */ s) => s.name === "keys 1").id });
		await row(md, "Cleo").getByText("keys 1").waitFor();
		cleo.terminate();
		await row(md, "Cleo").getByText("away").waitFor();
		await row(md, "Cleo").getByText("talking").waitFor({ state: "detached" });
		assert.equal(await row(md, "Cleo").getByText(/link|ready/).count(), 0);
		await dialog(md).getByText("3 players", { exact: true }).waitFor();
		assert.equal(await row(md, "Cleo").getByRole("button", { name: "Hand over" }).count(), 0);
		await cleo.resume();
		await row(md, "Cleo").getByText("away").waitFor({ state: "detached" });
		await shut(md);
	});

	test("hand-over and take-back: the desk goes from phone to phone, and both are told", async () => {
		await open_band(md);
		await told(ben, "You lead the tempo now.", () => told(md, "Ben leads the tempo now.", () => dialog(md).getByRole("button", { name: "Hand over to Ben" }).click()));
		await ben.locator(".tap").waitFor();
		await md.locator(".tap").waitFor({ state: "detached" });
		assert.equal(state().tempoState.controller_user_id, id("Ben"));
		/* The button is gone; the keyboard is not sent away. */
		await until(() => md.evaluate(() => !!document.activeElement?.closest("dialog")), "the focus in the sheet");
		await row(md, "Ben").getByText("tempo", { exact: true }).waitFor();
		/* One who leads hands on; the MD is told, too. */
		await shut(md);
		await open_band(ben);
		await told(md, "Cleo leads the tempo now.", () => told(ben, "Cleo leads the tempo now.", () => dialog(ben).getByRole("button", { name: "Hand over to Cleo" }).click()));
		await ben.locator(".tap").waitFor({ state: "detached" });
		assert.equal(await dialog(ben).getByRole("button", { name: "Hand over" }).count(), 0);
		await open_band(md);
		await told(md, "You lead the tempo now.", () => row(md, "Ann").getByRole("button", { name: "Take it back" }).click());
		await md.locator(".tap").waitFor();
		await cleo.when((s) => s.tempoState.controller_user_id === id("Ann"), 10000);
		await shut(md);
		await shut(ben);
	});

	test("whoever leads and leaves gives the tempo back to the MD", async () => {
		const dan = await openPage(browser, box, `/join/${code}`);
		await join(dan, "Dan");
		await open_band(md);
		await dialog(md).getByRole("button", { name: "Hand over to Dan" }).click();
		await dan.locator(".tap").waitFor();
		await shut(md);
		await open_you(dan);
		await told(md, "You lead the tempo now.", () => dan.getByRole("button", { name: "Leave the session" }).click());
		await dan.locator(".door").waitFor();
		await md.locator(".tap").waitFor();
		await dan.context().close();
	});

	test("the invitation: one press away, all white, as large as the screen; no button that cannot work", async () => {
		await ben.locator(".code-button").click();
		const sheet = dialog(ben);
		const qr = sheet.getByRole("img", { name: `QR code of the link that joins session ${code}` });
		await qr.waitFor();
		for (const [width, height] of [[320, 568], [360, 740], [740, 360], [1024, 768]]) {
			await ben.setViewportSize({ width, height });
			const seen = await ben.evaluate(() => {
				const rect = (/** @type {string} */ css) => /** @type {Element} */ (document.querySelector(css)).getBoundingClientRect();
				const [all, qr, code] = ["dialog", "dialog .qr", "dialog .big-code"].map(rect);
				const one = /** @type {Element} */ (document.querySelector("dialog"));
				return {
					all: [all.width, all.height], colour: getComputedStyle(one).backgroundColor, qr: Math.min(qr.width / innerWidth, 1) > 0.25 && qr.width > 200,
					outside: [qr, code].filter((one) => one.left < 0 || one.top < 0 || one.right > innerWidth || one.bottom > innerHeight).map((one) => one.toJSON()), code: code.height > 40, wide: one.scrollWidth > one.clientWidth,
				};
			});
			assert.deepEqual(seen, { all: [width, height], colour: "rgb(255, 255, 255)", qr: true, outside: [], code: true, wide: false }, `${width} x ${height}`);
		}
		await ben.setViewportSize({ width: 360, height: 740 });
		await sheet.getByText(code, { exact: true }).waitFor();
		await sheet.getByText(`tactus.local:${box.port}/join/${code}`).waitFor();
		/* There is no clipboard where the page comes by plain HTTP. */
		assert.equal(await sheet.getByRole("button", { name: "Copy link" }).count(), 0);
		const drawn = await fetch(`${box.url}${await qr.getAttribute("src")}`);
		assert.ok(modulesOf(await drawn.text()).length >= 21);
	});

	test("a new code: asked for twice, told at once wherever the old one is shown, and the old one is dead", async () => {
		const old = code;
		await open_band(md);
		const yes = dialog(md).getByRole("button", { name: "Make a new code" });
		assert.ok(!await yes.isVisible());
		await dialog(md).getByText("New code", { exact: true }).click();
		await dialog(md).getByText("The old code and its QR stop working").waitFor();
		await yes.click();
		await until(() => cleo.state?.session.code !== old, "a new code");
		code = state().session.code;
		await md.getByText(`The code is ${code} now`).waitFor();
		/* Ben holds it up meanwhile. */
		await dialog(ben).getByText(code, { exact: true }).waitFor();
		const qr = dialog(ben).getByRole("img");
		assert.equal(await qr.getAttribute("src"), `/qr.svg?code=${code}`);
		await until(() => qr.evaluate((/** @type {HTMLImageElement} */ img) => img.complete && img.naturalWidth > 0), "the new QR");
		await shut(ben);
		await shut(md);
		assert.equal((await md.locator(".code-button").innerText()).trim(), code);

		const stranger = await openPage(browser, box, `/join/${old}`);
		await stranger.getByLabel("Your name").fill("Eve");
		await stranger.getByRole("button", { name: "Join", exact: true }).click();
		await stranger.getByText("There is no session with this code").waitFor();
		await stranger.getByLabel("Session code").fill(code);
		await stranger.getByRole("button", { name: "Join", exact: true }).click();
		await stranger.locator(".room").waitFor();
		await stranger.context().close();
		/* Whoever was in comes back after a reload, too. */
		await ben.reload();
		await ben.locator(".room").waitFor();
		assert.equal((await ben.locator(".code-button").innerText()).trim(), code);
	});

	test("a box that draws no QR: the code and the address are there", async () => {
		const page = await openPage(browser, box, `/join/${code}`);
		await page.route("**/qr.svg*", (/** @type {any} */ route) => route.abort());
		await join(page, "Fay");
		await page.locator(".code-button").click();
		await dialog(page).getByText(code, { exact: true }).waitFor();
		await dialog(page).locator(".qr").waitFor({ state: "hidden" });
		await dialog(page).getByText(`/join/${code}`).waitFor();
		await page.context().close();
	});

	test("removed: the button is held, the phone is at the door and told why, its key is dead", async () => {
		const gus = await openPage(browser, box, `/join/${code}`);
		await join(gus, "Gus");
		const { token } = await seat(gus);
		await open_band(ben);
		assert.equal(await dialog(ben).getByText("Remove someone").count(), 0, "only the MD removes");
		await shut(ben);
		await open_band(md);
		await dialog(md).getByText("Remove someone").click();
		const remove = dialog(md).getByRole("button", { name: "Remove Gus" });
		await remove.click();
		await md.getByText("Remove Gus: hold the button").waitFor();
		assert.ok(id("Gus"));
		await remove.focus();
		await md.keyboard.down("Enter");
		await gus.locator(".door").waitFor();
		await md.keyboard.up("Enter");
		await gus.getByText("You are no longer in that session. Join again with its code.").waitFor();
		await cleo.when(() => !id("Gus"), 10000);
		await until(() => md.evaluate(() => !!document.activeElement?.closest("dialog")), "the focus in the sheet");
		const again = await Phone.open(box.url);
		await assert.rejects(again.request("session.resume", { token }), (/** @type {Refused} */ e) => e.code === "token_unknown");
		await again.close();
		await gus.reload();
		await gus.locator(".door").waitFor();
		await gus.context().close();
		await shut(md);
	});

	test("a claim from another phone: what is wrong is said, then it leads, and the MD's phone is told", async () => {
		await open_you(ben);
		await ben.getByRole("button", { name: "Take over the session" }).click();
		const pin = dialog(ben).getByLabel("PIN");
		await until(() => pin.evaluate((/** @type {Element} */ one) => one === document.activeElement), "the focus on the PIN");
		await ben.keyboard.type("1");
		await ben.keyboard.press("Enter");
		await dialog(ben).getByRole("alert").filter({ hasText: "That is not the box's PIN." }).waitFor();
		await until(() => pin.evaluate((/** @type {Element} */ one) => one === document.activeElement && one.getAttribute("aria-invalid") === "true"), "the focus on what is wrong");
		await pin.fill(PIN);
		/* A wrong one makes the box slow for a moment. */
		await told(md, "Ben is the music director now. Ben leads the tempo now.", async () => {
			for (let i = 0; i < 10 && !await ben.locator(".tap").count(); i++) {
				await ben.keyboard.press("Enter");
				await ben.locator(".tap").waitFor({ timeout: 1500 }).catch(() => {});
			}
		});
		await md.locator(".tap").waitFor({ state: "detached" });
		await ben.locator(".tap").waitFor();
		assert.equal(state().session.md_user_id, id("Ben"));
		assert.ok(id("Ann"), "whoever led stays in");
		await open_band(md);
		assert.equal(await dialog(md).getByText("New code", { exact: true }).count(), 0);
		await shut(md);
	});

	test("the MD goes and names who follows; one who is not there can be named, too", async () => {
		cleo.terminate();
		await open_band(ben);
		await row(ben, "Cleo").getByText("away").waitFor();
		await shut(ben);
		await open_you(ben);
		await ben.getByRole("button", { name: "Leave the session" }).click();
		await dialog(ben).getByRole("button", { name: "Leave it to Cleo (away)" }).waitFor();
		await told(md, "You are the music director now. You lead the tempo now.", () => dialog(ben).getByRole("button", { name: "Leave it to Ann" }).click());
		await ben.locator(".door").waitFor();
		await md.locator(".tap").waitFor();
		await cleo.resume();
		assert.equal(state().session.md_user_id, id("Ann"));
		assert.equal(id("Ben"), undefined);
	});

	test("the MD goes without naming anyone: nobody leads until somebody takes over", async () => {
		await join(ben, "Ben", code);
		await open_you(md);
		await md.getByRole("button", { name: "Leave the session" }).click();
		await md.getByText("Then nobody leads until someone takes over").waitFor();
		assert.ok(id("Ann"), "nothing is done yet");
		await md.getByRole("button", { name: "Leave without naming anyone" }).click();
		await md.locator(".door").waitFor();
		await ben.getByText("Nobody leads the tempo").waitFor();
		await open_you(ben);
		await ben.getByRole("button", { name: "Take over the session" }).click();
		await dialog(ben).getByLabel("PIN").fill(PIN);
		await dialog(ben).getByRole("button", { name: "Take over" }).click();
		await ben.locator(".tap").waitFor();
		assert.deepEqual([...md.errors, ...ben.errors].filter((e) => !/Cross-Origin/.test(e)), []);
	});
});
