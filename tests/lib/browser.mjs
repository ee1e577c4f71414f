/*
 * browser.mjs - Debian's own Chromium, driven by playwright-core, and what the
 * tests do in it again and again.
 *
 * Pages are opened under http://tactus.local:PORT, which the browser maps to
 * this machine: unlike localhost it is no secure context, just as a plain-HTTP
 * box on a LAN is none.
 */
import { chromium } from "playwright-core";

/** One browser with a profile of its own: a phone. */
export async function openBrowser() {
	return chromium.launch({
		executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
		args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
			"--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP tactus.local 127.0.0.1"],
	});
}

/** What went wrong in a page: exceptions, console errors, refusals by its policy. @param {any} page */
export function watchErrors(page) {
	/** @type {string[]} */
	const errors = [];
	page.on("pageerror", (error) => errors.push(String(error.stack ?? error)));
	page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
	return errors;
}

/** Opens the page as a LAN would have it. @param {any} browser @param {{port: number}} box */
export async function openPage(browser, box, path = "/", viewport = { width: 360, height: 740 }, options = {}) {
	const context = await browser.newContext({ viewport, hasTouch: true, deviceScaleFactor: 1, ...options });
	const page = await context.newPage();
	page.setDefaultTimeout(10000);
	page.errors = watchErrors(page);
	await page.goto(`http://tactus.local:${box.port}${path}`);
	return page;
}

/** Starts a session; its code. @param {any} page */
export async function create(page, name = "Ann", pin = "") {
	await page.getByRole("tab", { name: "New session" }).click();
	await page.getByLabel("Your name").fill(name);
	if (pin)
		await page.getByLabel("PIN").fill(pin);
	await page.getByRole("button", { name: "Start the session" }).click();
	await page.locator(".room").waitFor();
	return (await page.locator(".code-button").innerText()).trim();
}

/** Joins, by link (the code stands in the field already) or by typing; whoever plays nothing yet is asked what it will be, and answers later. @param {any} page */
export async function join(page, name, code = "", asked = true) {
	if (code)
		await page.getByLabel("Session code").fill(code);
	await page.getByLabel("Your name").fill(name);
	await page.getByRole("button", { name: "Join", exact: true }).click();
	await page.locator(".room").waitFor();
	if (asked)
		await page.getByRole("button", { name: "Later" }).click();
}

/** The MD's library, from the stage. @param {any} page */
export async function openSongs(page) {
	await page.getByRole("button", { name: /^(Songs|Setlist)$/ }).first().click();
	const add = page.getByRole("dialog").getByRole("button", { name: "Add songs" });
	/* Where a list waits to be brought in, that is shown. */
	const search = page.getByRole("dialog").getByRole("searchbox").or(page.getByLabel("Or paste a list"));
	await add.or(search).waitFor();
	if (await add.count())
		await add.click();
	await search.waitFor();
}

/** By the Tab key (or back, by "Shift+Tab") to that control, which is not far. @param {any} page @param {any} control */
export async function tabTo(page, control, key = "Tab") {
	for (let i = 0; i < 15; i++) {
		if (await control.evaluate((/** @type {any} */ e) => document.activeElement === e))
			return;
		await page.keyboard.press(key);
	}
	throw new Error(`no way by Tab to ${control}`);
}

/** The beats that a page has drawn so far, as it marked them. @param {any} page @returns {Promise<{bar: number, beat: number, server_time: number, at: number}[]>} */
export function marks(page) {
	return page.evaluate(() => performance.getEntriesByName("beat").map((m) => ({ ...m.detail, at: m.startTime })));
}

/**
 * Taps the pad with a finger, evenly.
 * @param {any} page @param {number} taps @param {number} bpm
 */
export async function tapPad(page, taps, bpm) {
	const pad = await page.locator(".tap").boundingBox();
	const began = performance.now();
	for (let i = 0; i < taps; i++) {
		const wait = began + i * 60000 / bpm - performance.now();
		if (wait > 0)
			await new Promise((resolve) => setTimeout(resolve, wait));
		await page.touchscreen.tap(pad.x + pad.width / 2, pad.y + pad.height / 2);
	}
}

/**
 * What is wrong with a run of marks: none missing, doubled or backward. Empty if all is well.
 * @param {{bar: number, beat: number, server_time: number}[]} run @param {(bar: number) => number} [beats_in] a bar's beats
 */
export function faults(run, beats_in = () => 4) {
	const found = [];
	for (let i = 1; i < run.length; i++) {
		const before = run[i - 1], now = run[i];
		const last = before.beat + 1 === beats_in(before.bar);
		const wanted = last ? { bar: before.bar + 1, beat: 0 } : { bar: before.bar, beat: before.beat + 1 };
		if (now.bar !== wanted.bar || now.beat !== wanted.beat)
			found.push(`${before.bar}:${before.beat} is followed by ${now.bar}:${now.beat}`);
		if (now.server_time < before.server_time)
			found.push(`${now.bar}:${now.beat} is drawn ${before.server_time - now.server_time} ms before ${before.bar}:${before.beat}`);
	}
	return found;
}

/** Holds a button with the mouse until it has acted. @param {any} button */
export async function held(button) {
	const page = button.page();
	await button.hover();
	await page.mouse.down();
	await page.locator("[data-held]").waitFor({ state: "detached" });
	await page.mouse.up();
}
