/*
 * Into a session and out of it, as people do: reload, hand-over and back, taking
 * over with the PIN, leaving, closing, a link to another session, names that
 * mean harm, a request without an answer, a small phone.
 *
 * timeout: 300 s
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startBox, until } from "../lib/box.mjs";
import { create, faults, join, marks, openBrowser, openPage } from "../lib/browser.mjs";
import { Phone } from "../lib/phone.mjs";
import { startProxy } from "../lib/proxy.mjs";

const PIN = "482913";

describe("a session in the browser", () => {
	/** @type {any} */ let box;
	/** @type {any} */ let browser;
	/** @type {any} */ let md;
	/** @type {any} */ let ben;
	/** @type {Phone} */ let witness;
	let code = "";
	const state = () => /** @type {any} */ (witness.state);
	const user = (/** @type {string} */ name) => state().participants.find((/** @type {any} */ p) => p.display_name === name)?.user_id;

	before(async () => {
		box = await startBox({ pin: PIN });
		browser = await openBrowser();
		md = await openPage(browser, box);
		code = await create(md, "Ann", PIN);
		ben = await openPage(browser, box, `/join/${code}`);
		await join(ben, "Ben");
		witness = await Phone.open(box.url);
		await witness.join(code, "Witness");
	});
	after(async () => {
		await witness?.close();
		await browser?.close();
		await box?.stop();
	});

	test("a reload takes the same seat again, and the beat with it; the name is remembered", async () => {
		await md.getByRole("button", { name: "Start", exact: true }).click();
		await witness.when((s) => s.tempoState.running);
		await md.reload();
		await md.locator(".tap").waitFor();
		await ben.reload();
		await ben.getByText("Ann leads the tempo").waitFor();
		await sleep(2500);
		for (const page of [md, ben]) {
			const drawn = await marks(page);
			assert.ok(drawn.length >= 3);
			assert.deepEqual(faults(drawn), []);
		}
		assert.equal(state().participants.length, 3);
		assert.equal(await ben.evaluate(() => JSON.parse(localStorage.getItem("tactus.name") ?? "")), "Ben");
		const token = await ben.evaluate(() => JSON.parse(localStorage.getItem("tactus.seat") ?? "").token);
		assert.ok(token && !ben.url().includes(token));
	});

	test("hand-over: the desk goes to the other phone, and the MD takes it back", async () => {
		await md.getByRole("button", { name: /^Band/ }).click();
		await md.getByRole("dialog").getByRole("button", { name: "Hand over to Ben" }).click();
		await ben.locator(".tap").waitFor();
		await md.keyboard.press("Escape");
		await md.getByText("Ben leads the tempo", { exact: true }).waitFor();
		assert.equal(await md.locator(".tap").count(), 0);
		await ben.getByRole("button", { name: "One faster" }).click();
		await witness.when((s) => (s.tempoState.pending ?? s.tempoState).bpm === 121);
		await md.getByRole("button", { name: "Take it back" }).click();
		await md.locator(".tap").waitFor();
		await ben.locator(".tap").waitFor({ state: "detached" });
	});

	test("many presses of + are one tempo, counted from what was wanted", async () => {
		await witness.when((s) => !s.tempoState.pending, 5000);
		const from = state().tempoState.bpm;
		for (let i = 0; i < 7; i++)
			await md.getByRole("button", { name: "One faster" }).click({ delay: 5 });
		await witness.when((s) => (s.tempoState.pending ?? s.tempoState).bpm === from + 7, 4000);
	});

	test("a change announced can be withdrawn", async () => {
		await witness.when((s) => !s.tempoState.pending, 5000);
		await md.getByRole("radio", { name: "in 8" }).click();
		await md.getByLabel("Beats a minute").fill("90");
		await md.getByLabel("Beats a minute").press("Enter");
		await ben.getByText(/90 at bar \d+/).waitFor();
		await md.getByRole("button", { name: "Cancel" }).click();
		await ben.getByText(/90 at bar \d+/).waitFor({ state: "detached" });
		await md.getByLabel("Beats a minute").fill("300");
		await md.getByLabel("Beats a minute").press("Enter");
		await md.getByText("whole number from 30 to 260").waitFor();
		assert.equal(await md.getByLabel("Beats a minute").inputValue(), "300");
		await md.getByLabel("Beats a minute").press("Escape");
	});

	test("the sound: each setting reaches the box, only the leader may", async () => {
		await md.getByRole("button", { name: "Sound" }).click();
		await md.getByRole("radio", { name: "Cowbell" }).click();
		await witness.when((s) => s.click.sound === "cowbell");
		await md.getByRole("switch", { name: "Accent" }).click();
		await witness.when((s) => s.click.accent === false);
		await md.getByRole("switch", { name: "Eighths" }).click();
		await witness.when((s) => s.click.subdivision === true);
		await md.getByRole("slider").fill("35");
		await witness.when((s) => s.click.volume === 35);
		await md.getByRole("button", { name: "Test click" }).click();
		await md.getByRole("button", { name: "Release it" }).click();
		await witness.when((s) => s.click.on_air === false);
		await md.getByRole("button", { name: "Take the loudspeaker" }).click();
		await witness.when((s) => s.click.on_air === true);
		await md.keyboard.press("Escape");
		await ben.getByRole("button", { name: "Sound" }).click();
		assert.ok(await ben.getByRole("switch", { name: "Accent" }).isDisabled());
		await ben.keyboard.press("Escape");
	});

	test("hostile names neither run nor break the layout", async () => {
		for (const name of ["<img src=x onerror=window.pwned=1>", "\u202eesrever\u202c", "🥁".repeat(20), "W".repeat(40)]) {
			const phone = await Phone.open(box.url);
			await phone.join(code, name);
			await phone.request("clock.ping", { t0: 0 });
			await phone.close();
		}
		for (const width of [320, 360, 740, 1024]) {
			await md.setViewportSize({ width, height: width === 740 ? 360 : 740 });
			await md.getByRole("button", { name: /^Band/ }).first().click();
			await sleep(100);
			const wide = await md.evaluate(() => document.documentElement.scrollWidth > innerWidth
				|| [...document.querySelectorAll("dialog")].some((d) => d.scrollWidth > d.clientWidth));
			assert.ok(!wide, `too wide at ${width}`);
			await md.keyboard.press("Escape");
		}
		await md.setViewportSize({ width: 360, height: 740 });
		assert.equal(await md.evaluate(() => /** @type {any} */ (window).pwned), undefined);
	});

	test("a missed revision is noticed, and the state fetched anew, once", async () => {
		const context = await browser.newContext();
		const page = await context.newPage();
		let lose = 0, resumes = 0;
		await page.routeWebSocket(/\/ws$/, (socket) => {
			const server = socket.connectToServer();
			socket.onMessage((message) => {
				resumes += Number(String(message).includes("session.resume"));
				server.send(message);
			});
			server.onMessage((message) => {
				if (lose && String(message).includes('"type":"state"'))
					lose--;
				else
					socket.send(message);
			});
		});
		await page.goto(`http://tactus.local:${box.port}/join/${code}`);
		await join(page, "Hole");
		lose = 1;
		await md.getByRole("button", { name: "One faster" }).click();
		await until(() => lose === 0, "the loss");
		await md.getByRole("button", { name: "One slower" }).click();
		await until(() => resumes === 1, "the resume");
		await witness.when((s) => !s.tempoState.pending, 5000);
		await page.locator(".fact-tempo", { hasText: `♩ = ${state().tempoState.bpm}` }).waitFor();
		await sleep(500);
		assert.equal(resumes, 1);
		await context.close();
	});

	test("a box that answers pings and not who comes back is asked again, on the same line", async () => {
		const context = await browser.newContext();
		const page = await context.newPage();
		let resumes = 0, lines = 0;
		await page.routeWebSocket(/\/ws$/, (socket) => {
			lines++;
			const server = socket.connectToServer();
			socket.onMessage((message) => {
				if (!String(message).includes("session.resume") || resumes++)
					server.send(message);
			});
			server.onMessage((message) => socket.send(message));
		});
		await page.goto(`http://tactus.local:${box.port}/join/${code}`);
		await join(page, "Late");
		lines = 0;
		await page.reload();
		await page.locator(".room").waitFor({ timeout: 20000 });
		assert.deepEqual([resumes, lines], [2, 1]);
		await context.close();
	});

	test("a request that finds no answer is told as such, and not repeated", async () => {
		const proxy = await startProxy(box.port);
		try {
			const page = await openPage(browser, proxy);
			const other = await create(page, "Zoe", PIN);
			const watcher = await Phone.open(box.url);
			await watcher.join(other, "Watcher");
			await sleep(1000);
			proxy.dead();
			await page.getByRole("button", { name: "Test click" }).count();
			await page.getByRole("radio", { name: "3/4" }).click();
			await page.getByText("No answer from the box to the tempo change").waitFor({ timeout: 6000 });
			await page.context().close();
			await watcher.close();
		} finally {
			await proxy.stop();
		}
	});

	test("a link to another session goes there; the way back is offered", async () => {
		const cleo = await Phone.open(box.url);
		const other = await cleo.create("Cleo", PIN);
		await ben.goto(`http://tactus.local:${box.port}/join/${other.code}`);
		await ben.getByRole("button", { name: `Back to ${code}` }).waitFor();
		assert.equal(await ben.getByLabel("Session code").inputValue(), other.code);
		assert.equal(await ben.getByLabel("Your name").inputValue(), "Ben");
		await ben.getByRole("button", { name: `Back to ${code}` }).click();
		await ben.locator(".room").waitFor();
		await cleo.close();
	});

	test("two tabs sit in two sessions, and each comes back to its own", async () => {
		const cleo = await Phone.open(box.url);
		const other = (await cleo.create("Cleo", PIN)).code;
		const proxy = await startProxy(box.port);
		const first = await openPage(browser, proxy, `/join/${code}`);
		await join(first, "Fay");
		const second = await first.context().newPage();
		const shown = (/** @type {any} */ page) => page.locator(".code-button").innerText();
		try {
			await second.goto(`http://tactus.local:${proxy.port}/join/${other}`);
			await join(second, "Fay");
			/* The Wi-Fi is away for a moment. */
			proxy.dead();
			await first.locator(".chip", { hasText: "Offline" }).waitFor();
			proxy.dead(false);
			await first.locator(".chip", { hasText: "Offline" }).waitFor({ state: "detached" });
			await sleep(500);
			assert.equal(await shown(first), code);
			await first.goto(`http://tactus.local:${proxy.port}/`);
			await first.locator(".room").waitFor();
			assert.equal(await shown(first), code);

			/* A new tab goes where this phone went last. Who leaves there does not take the other one's seat. */
			const third = await first.context().newPage();
			await third.goto(`http://tactus.local:${proxy.port}/`);
			await third.locator(".room").waitFor();
			assert.equal(await shown(third), other);
			await first.getByRole("button", { name: "This phone" }).click();
			await first.getByRole("button", { name: "Leave the session" }).click();
			await first.locator(".door").waitFor();
			await first.reload();
			await first.locator(".door").waitFor();
			await second.goto(`http://tactus.local:${proxy.port}/`);
			await second.locator(".room").waitFor();
			assert.equal(await shown(second), other);
		} finally {
			await first.context().close();
			await cleo.close();
			await proxy.stop();
		}
	});

	test("left on one device: the other is led to the door, and told why", async () => {
		const one = await openPage(browser, box, `/join/${code}`);
		await join(one, "Gus");
		const two = await one.context().newPage();
		await two.goto(`http://tactus.local:${box.port}/`);
		await two.locator(".room").waitFor();
		await one.getByRole("button", { name: "This phone" }).click();
		await one.getByRole("button", { name: "Leave the session" }).click();
		for (const page of [one, two])
			await page.locator(".door").waitFor();
		await two.getByText("You are no longer in that session").waitFor();
		assert.equal(await one.getByText("You are no longer").count(), 0);
		await two.getByRole("button", { name: "Join", exact: true }).click();
		await two.locator(".room").waitFor();
		await one.context().close();
	});

	test("a phone that missed the end of its session finds out by what it asks", async () => {
		const cleo = await Phone.open(box.url);
		const other = (await cleo.create("Cleo", PIN)).code;
		const context = await browser.newContext();
		const page = await context.newPage();
		let deaf = false;
		await page.routeWebSocket(/\/ws$/, (socket) => {
			const server = socket.connectToServer();
			server.onMessage((message) => {
				if (!deaf || !String(message).includes('"type":"state"'))
					socket.send(message);
			});
		});
		await page.goto(`http://tactus.local:${box.port}/join/${other}`);
		await join(page, "Hal");
		await cleo.request("tempo.handoff", { user_id: cleo.state?.participants[1].user_id });
		await page.locator(".tap").waitFor();
		deaf = true;
		await cleo.request("session.close");
		await sleep(300);
		assert.equal(await page.locator(".room").count(), 1);
		await page.getByRole("button", { name: "One faster" }).click();
		await page.locator(".door").waitFor();
		await page.getByText("The session was closed.").waitFor();
		await context.close();
		await cleo.close();
	});

	test("an address that is no text leads to the door", async () => {
		const page = await openPage(browser, box, "/join/%ff");
		await page.locator(".door").waitFor();
		assert.equal(await page.getByLabel("Session code").inputValue(), "");
		assert.deepEqual(page.errors.filter((/** @type {string} */ e) => !/Cross-Origin/.test(e)), []);
		await page.context().close();
	});

	test("the MD's phone dies: another takes over with code and PIN", async () => {
		await md.context().close();
		await ben.getByRole("button", { name: "This phone" }).click();
		await ben.getByRole("button", { name: "Take over the session" }).click();
		await ben.getByRole("dialog").getByLabel("PIN").fill(PIN);
		await ben.getByRole("dialog").getByRole("button", { name: "Take over" }).click();
		await ben.locator(".tap").waitFor();
		await ben.locator(".notice", { hasText: "You are the music director now" }).waitFor();
		assert.equal(await ben.locator(".tag.md").count() > 0, true);
		await ben.reload();
		await ben.locator(".tap").waitFor();
	});

	test("leaving leads to the door and forgets the seat; joining again works", async () => {
		const dan = await openPage(browser, box, `/join/${code}`);
		await join(dan, "Dan");
		await dan.getByRole("button", { name: "This phone" }).click();
		await dan.getByRole("button", { name: "Leave the session" }).click();
		await dan.locator(".door").waitFor();
		assert.equal(await dan.locator(".digit").count(), 0, "the dial stays in the room");
		assert.equal(await dan.getByLabel("Session code").inputValue(), code, "one press leads back");
		await witness.when(() => !user("Dan"));
		await dan.reload();
		await join(dan, "Dan", code);
		await dan.context().close();
	});

	test("closing asks first, and sends everyone to the door", async () => {
		const eve = await openPage(browser, box, `/join/${code}`);
		await join(eve, "Eve");
		await ben.getByRole("button", { name: "This phone" }).click();
		await ben.getByRole("button", { name: "Close the session" }).click();
		await ben.getByRole("button", { name: "Keep it open" }).click();
		assert.equal(await ben.locator(".room").count(), 1);
		await ben.getByRole("button", { name: "This phone" }).click();
		await ben.getByRole("button", { name: "Close the session" }).click();
		await ben.getByRole("button", { name: "Yes, close it" }).click();
		for (const page of [ben, eve]) {
			await page.getByText("The session was closed.").waitFor();
			await page.locator(".door").waitFor();
		}
		await eve.getByRole("button", { name: "Join", exact: true }).click();
		await eve.locator(".wrong").waitFor();
		await eve.waitForFunction(() => document.activeElement?.getAttribute("aria-invalid") === "true");
		assert.deepEqual([...ben.errors, ...eve.errors].filter((e) => !/WebSocket|ERR_CONNECTION|Cross-Origin/.test(e)), []);
	});
});
