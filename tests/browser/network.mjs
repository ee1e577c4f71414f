/*
 * The page on a bad network: 0-80 ms of random delay on each piece, each way by
 * itself; a phone out of reach for ten seconds; a socket that is dead and does
 * not say so; a sound card that runs 200 ppm fast. And the law of three flashes.
 *
 * timeout: 300 s
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startBox, until } from "../lib/box.mjs";
import { faults, join, marks, openBrowser, openPage } from "../lib/browser.mjs";
import { Phone } from "../lib/phone.mjs";
import { startProxy } from "../lib/proxy.mjs";

/** Counts what flashes, as the browser is told to: an animation of the light or of the large shape. */
function countFlashes() {
	const flashes = /** @type {any} */ (window).flashes = { light: [], fill: [] };
	const animate = Element.prototype.animate;
	Element.prototype.animate = function (...how) {
		if (this.className.includes?.("light"))
			flashes.light.push(performance.now());
		else if (this.className === "fill")
			flashes.fill.push(performance.now());
		return animate.apply(this, how);
	};
}

/** The most in any one second. @param {number[]} times */
const most = (times) => Math.max(0, ...times.map((from) => times.filter((t) => t >= from && t < from + 950).length));

/** What is exceeded by one minus that share. @param {number[]} list @param {number} q */
const p = (list, q) => list.slice().sort((a, b) => a - b)[Math.floor(list.length * q)];

/**
 * How wrong the page's clock was at each mark, and how far from its time each beat was drawn, ms.
 * @param {any} page @param {Phone} leader on a good network, at 150 bpm in 4/4 @param {{bar: number, beat: number, at: number, server_time: number}[]} drawn
 */
async function errors(page, leader, drawn) {
	await leader.sync(20, 20);
	const origin = await page.evaluate(() => performance.timeOrigin);
	/** @type {number[]} */
	const clock = [], beat = [];
	for (const mark of drawn) {
		/* Both live on this machine, so its clock says what the page could not know. */
		const at = mark.at + origin - performance.timeOrigin;
		clock.push(Math.abs(mark.server_time - leader.now(at)));
		/* On a busy machine the dummy sound card loses time, and the box moves the grid: then the page is on its way. */
		const told = leader.heard.filter((h) => h.message.tempoState && h.at < at + 100);
		if (at - told[told.length - 1].at < 1500)
			continue;
		const { tempoState } = told[told.length - 1].message;
		const k = (mark.bar - tempoState.anchor_bar_index) * 4 + mark.beat;
		beat.push(Math.abs(leader.now(at) - tempoState.anchor_timestamp - k * 400));
	}
	return { clock, beat };
}

describe("a card 200 ppm fast, 5-80 ms each way", () => {
	test("every beat once and in order from the first on; the clock's error does not grow", async (t) => {
		const box = await startBox({ rate: 48010, clickArgs: ["--nominal-rate", "48000"] });
		const proxy = await startProxy(box.port, { up: [5, 80], down: [5, 80], seed: 23 });
		const browser = await openBrowser();
		const leader = await Phone.open(box.url);
		try {
			await leader.sync(60, 10);
			const { code } = await leader.create("Ann");
			await leader.request("tempo.set", { bpm: 150 });
			await leader.request("tempo.start");
			const page = await openPage(browser, proxy, `/join/${code}`);
			await join(page, "Ben");
			await sleep(24000);
			const drawn = await marks(page);
			assert.deepEqual(faults(drawn), []);
			assert.ok(drawn.length > 45, `${drawn.length}`);
			const third = Math.floor(drawn.length / 3);
			const [first, last] = [await errors(page, leader, drawn.slice(0, third)), await errors(page, leader, drawn.slice(-third))];
			t.diagnostic(`clock error p50 ${p(first.clock, 0.5).toFixed(2)} ms in the first third, ${p(last.clock, 0.5).toFixed(2)} in the last; ` +
				`re-anchored ${leader.heard.filter((h) => h.message.tempoState?.running).length - 1} times`);
			assert.ok(p(last.clock, 0.5) <= p(first.clock, 0.5) + 1.5);
		} finally {
			await leader.close();
			await browser.close();
			await proxy.stop();
			await box.stop();
		}
	});
});

describe("a bad network", () => {
	/** @type {any} */ let box;
	/** @type {any} */ let proxy;
	/** @type {any} */ let browser;
	/** @type {any} */ let page;
	/** The controller, with a good network. @type {Phone} */ let leader;

	before(async () => {
		box = await startBox();
		proxy = await startProxy(box.port, { up: [0, 80], down: [0, 80], seed: 11 });
		browser = await openBrowser();
		leader = await Phone.open(box.url);
		await leader.sync(60, 10);
		const { code } = await leader.create("Ann");
		page = await openPage(browser, proxy, `/join/${code}`);
		await page.evaluate(countFlashes);
		await join(page, "Ben");
	});
	after(async () => {
		await leader?.close();
		await browser?.close();
		await proxy?.stop();
		await box?.stop();
	});

	test("0-80 ms each way: every beat once, its time right", async (t) => {
		await leader.request("tempo.set", { bpm: 150 });
		await leader.request("tempo.start");
		await sleep(20000);
		const drawn = await marks(page);
		assert.deepEqual(faults(drawn), []);
		assert.ok(drawn.length > 40, `${drawn.length}`);
		const { clock, beat } = await errors(page, leader, drawn.slice(10));
		t.diagnostic(`clock error p50 ${p(clock, 0.5).toFixed(2)}, p95 ${p(clock, 0.95).toFixed(2)} ms; drawn beat against its time p50 ${p(beat, 0.5).toFixed(1)}, p95 ${p(beat, 0.95).toFixed(1)} ms`);
		assert.ok(p(clock, 0.95) < 8, `clock ${p(clock, 0.95)} ms`);
		assert.ok(p(beat, 0.5) < 15, `beat ${p(beat, 0.5)} ms`);
	});

	test("out of reach for ten seconds: told within four, the beat goes on, back by itself, no beat wrong", async () => {
		const before = (await marks(page)).length;
		proxy.dead();
		await page.getByText("No connection.").first().waitFor({ timeout: 4500 });
		await sleep(8000);
		assert.ok((await marks(page)).length > before + 15, "the beat stood still");
		proxy.dead(false);
		await page.locator(".chip.bad").waitFor({ state: "detached", timeout: 5000 });
		await sleep(1500);
		assert.deepEqual(faults(await marks(page)), []);
	});

	test("frozen for five seconds and thawed: back at once, nothing twice and nothing backward", async () => {
		const cdp = await page.context().newCDPSession(page);
		await cdp.send("Page.setWebLifecycleState", { state: "frozen" });
		await sleep(5000);
		await cdp.send("Page.setWebLifecycleState", { state: "active" });
		const thawed = (await marks(page)).length;
		await until(async () => (await marks(page)).length >= thawed + 4, "beats after the thaw");
		const drawn = await marks(page);
		for (let i = 1; i < drawn.length; i++)
			assert.ok(drawn[i].bar * 4 + drawn[i].beat > drawn[i - 1].bar * 4 + drawn[i - 1].beat);
		assert.deepEqual(faults(drawn.slice(thawed + 1)), []);
		await page.locator(".chip.bad").waitFor({ state: "detached" });
	});

	test("changes made meanwhile are there at once; a stop is a stop", async () => {
		proxy.dead();
		await page.getByText("No connection.").first().waitFor();
		await leader.request("tempo.stop");
		proxy.dead(false);
		await page.locator(".dial.resting").waitFor({ timeout: 5000 });
	});

	test("taps without a connection are told as not sent, and never come later", async () => {
		await leader.request("tempo.handoff", { user_id: /** @type {any} */ (leader.state).participants.find((/** @type {any} */ p) => p.display_name === "Ben").user_id });
		const pad = page.locator(".tap");
		await pad.waitFor();
		proxy.dead();
		await page.getByText("No connection").first().waitFor();
		for (let i = 0; i < 4; i++) {
			await pad.tap();
			await sleep(300);
		}
		await page.getByText("Not sent").waitFor();
		proxy.dead(false);
		await page.locator(".chip.bad").waitFor({ state: "detached", timeout: 5000 });
		await sleep(1500);
		assert.equal(/** @type {any} */ (leader.state).tempoState.running, false);
	});

	test("Space taps, also after a button was pressed; a held key taps once", async () => {
		for (let i = 0; i < 4; i++) {
			await page.keyboard.down("Space");
			await page.keyboard.down("Space");
			await page.keyboard.up("Space");
			if (i < 3)
				await sleep(500);
		}
		await leader.when((s) => s.tempoState.running, 4000);
		const { bpm } = /** @type {any} */ (leader.state).tempoState;
		assert.ok(Math.abs(bpm - 119) < 12, `${bpm}`);
	});

	test("no more than three flashes a second, at any tempo", async () => {
		for (const bpm of [120, 176, 184, 260]) {
			await page.getByLabel("Beats a minute").fill(String(bpm));
			await page.getByLabel("Beats a minute").press("Enter");
			await leader.when((s) => s.tempoState.bpm === bpm && !s.tempoState.pending, 8000);
			await page.evaluate(() => {
				/** @type {any} */ (window).flashes.light.length = /** @type {any} */ (window).flashes.fill.length = 0;
			});
			await sleep(3000);
			const { light, fill } = await page.evaluate(() => /** @type {any} */ (window).flashes);
			assert.ok(fill.length > 0 && light.length > 0, `${bpm}: no flash at all`);
			assert.ok(most(fill) <= 3 && most(light) <= 3, `${bpm}: ${most(fill)} of the shape, ${most(light)} of the screen`);
		}
		await page.getByRole("button", { name: "This phone" }).click();
		await page.getByRole("radio", { name: "Off" }).click();
		await page.keyboard.press("Escape");
		await page.evaluate(() => {
			/** @type {any} */ (window).flashes.light.length = /** @type {any} */ (window).flashes.fill.length = 0;
		});
		await sleep(1500);
		assert.deepEqual(await page.evaluate(() => /** @type {any} */ (window).flashes), { light: [], fill: [] });
		await page.reload();
		await page.locator(".room").waitFor();
		await page.getByRole("button", { name: "This phone" }).click();
		assert.equal(await page.getByRole("radio", { name: "Off" }).getAttribute("aria-checked"), "true");
		await page.keyboard.press("Escape");
	});
});
