/*
 * What concerns one phone alone: how it shows the beat (never more than three
 * flashes a second), a click of its own that sounds with the box's beats, a screen
 * that stays on, its owner's name, large type, the left hand; and the sound
 * sheet, whose slider follows the finger.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startBox, until } from "../lib/box.mjs";
import { create, faults, join, marks, openBrowser, openPage } from "../lib/browser.mjs";
import { Phone } from "../lib/phone.mjs";

/** Notes what the page has animated and sounded, and when; in the page, before anything of it runs. */
function spy() {
	const w = /** @type {any} */ (globalThis);
	w.seen = { animated: [], contexts: [], sounds: [], clock: [] };
	/* Where the audio clock stood, time and again: on a busy machine it stumbles. */
	setInterval(() => {
		const { contexts, clock } = w.seen;
		if (contexts.length && contexts[contexts.length - 1].state === "running")
			clock.push({ context: contexts[contexts.length - 1], ...contexts[contexts.length - 1].getOutputTimestamp(), now: performance.now() });
	}, 40);
	const { animate } = Element.prototype;
	Element.prototype.animate = function (...how) {
		w.seen.animated.push({ what: this.className || this.tagName, at: performance.now() });
		return animate.apply(this, how);
	};
	const Context = w.AudioContext;
	w.AudioContext = class extends Context {
		constructor(/** @type {any} */ options) {
			super(options);
			w.seen.contexts.push(this);
		}
	};
	const { start } = AudioBufferSourceNode.prototype;
	AudioBufferSourceNode.prototype.start = function (when = 0) {
		const sound = { when, at: performance.now(), withdrawn_s: null, late_s: this.context.currentTime - when, context: this.context };
		w.seen.sounds.push(sound);
		const { disconnect } = this;
		this.disconnect = () => {
			sound.withdrawn_s = this.context.currentTime;
			disconnect.call(this);
		};
		start.call(this, when);
	};
}

/** What sounds, or will, of the last context: when it is heard, of performance.now(). @param {any} page @returns {Promise<{heard: number, at: number}[]>} */
function sounds(page) {
	return page.evaluate(() => {
		const { contexts, sounds, clock } = /** @type {any} */ (globalThis).seen;
		const context = contexts[contexts.length - 1];
		return sounds.filter((/** @type {any} */ s) => s.context === context && s.withdrawn_s === null).map((/** @type {any} */ s) => {
			const far = (/** @type {any} */ c) => Math.abs(c.contextTime - s.when);
			const { contextTime, performanceTime } = clock.filter((/** @type {any} */ c) => c.context === context).reduce((/** @type {any} */ a, /** @type {any} */ b) => far(b) < far(a) ? b : a);
			return { heard: performanceTime + (s.when - contextTime) * 1000, at: s.at };
		});
	});
}

/** Whether the machine let the page have its turns and the audio clock its pace between two of the page's times. @param {any} page @param {number} from @param {number} to @returns {Promise<boolean>} */
function in_time(page, from, to) {
	return page.evaluate((/** @type {number[]} */ [a, b]) => {
		const turns = /** @type {any} */ (globalThis).seen.clock.filter((/** @type {any} */ c) => c.now >= a - 1000 && c.now <= b + 1000);
		const zeros = turns.map((/** @type {any} */ c) => c.performanceTime - 1000 * c.contextTime);
		return turns.length > 20 && Math.max(...zeros) - Math.min(...zeros) < 15
			&& turns.every((/** @type {any} */ c, /** @type {number} */ i) => !i || c.now - turns[i - 1].now < 700);
	}, [from, to]);
}

/** The most of these times that lie within one second, as they are seen: up to two frames later, each. @param {number[]} times */
function most_a_second(times, second_ms = 960) {
	return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + second_ms).length));
}

/** @param {number[]} list */
const middle = (list) => list.slice().sort((a, b) => a - b)[list.length >> 1];

describe("what concerns one phone alone", () => {
	/** @type {any} */ let box;
	/** @type {any} */ let browser;
	/** @type {any} */ let page;
	/** @type {Phone} the MD, and the witness */ let md;
	let code = "";
	const set_bpm = async (/** @type {number} */ bpm) => {
		await md.when((s) => !s.tempoState.pending);
		await md.request("tempo.set", { bpm });
		await md.when((s) => s.tempoState.bpm === bpm && !s.tempoState.pending);
	};
	const open = async () => {
		if (await page.locator("dialog[open]").count())
			await shut();
		await page.getByRole("button", { name: "This phone" }).click();
		await page.getByRole("dialog", { name: "This phone" }).waitFor();
	};
	const shut = () => page.keyboard.press("Escape");
	const slide = (/** @type {string} */ name, /** @type {number} */ value) => page.getByRole("slider", { name }).fill(String(value));
	const animated = (/** @type {string} */ what) => page.evaluate((/** @type {string} */ name) =>
		/** @type {any} */ (globalThis).seen.animated.filter((/** @type {any} */ a) => a.what.split(" ").includes(name)).map((/** @type {any} */ a) => a.at), what);
	const forget_animated = () => page.evaluate(() => { /** @type {any} */ (globalThis).seen.animated = []; });
	/** Beats as the box has them from the running grid. @param {number} from @param {number} to box ms */
	const beats = (from, to) => {
		const { anchor_timestamp: anchor, bpm } = /** @type {any} */ (md.state).tempoState;
		const step = 60000 / bpm, found = [];
		for (let k = Math.ceil((from - anchor) / step); anchor + k * step < to; k++)
			found.push(anchor + k * step);
		return found;
	};
	/** box − performance.now(), as the page itself has it: each mark tells both. */
	const offset = async () => middle((await marks(page)).slice(-9).map((m) => m.server_time - m.at));

	before(async () => {
		box = await startBox();
		browser = await openBrowser();
		md = await Phone.open(box.url);
		code = (await md.create("Ann")).code;
		const context = await browser.newContext({ viewport: { width: 360, height: 740 }, hasTouch: true });
		await context.addInitScript(spy);
		/* What an older page left, and garbage. */
		await context.addInitScript(() => localStorage.getItem("tactus.settings") ?? localStorage.setItem("tactus.settings", '{"flash":"dazzling","click_volume":"loud","large":7}'));
		page = await context.newPage();
		page.setDefaultTimeout(10000);
		page.errors = [];
		page.on("pageerror", (/** @type {Error} */ error) => page.errors.push(String(error)));
		await page.goto(`http://tactus.local:${box.port}/join/${code}`);
		await join(page, "Ben");
	});
	after(async () => {
		await md?.close();
		await browser?.close();
		await box?.stop();
	});

	test("what was stored wrongly is as on a new phone; nothing that sounds exists while the click is off", async () => {
		await open();
		assert.equal(await page.getByRole("radio", { name: "Screen" }).getAttribute("aria-checked"), "true");
		assert.equal(await page.getByRole("switch", { name: "Larger type" }).getAttribute("aria-checked"), "false");
		assert.equal(await page.getByRole("slider", { name: "Your own click" }).inputValue(), "0");
		await shut();
		await md.request("tempo.start");
		await until(async () => (await marks(page)).length > 3, "beats");
		assert.deepEqual(await page.evaluate(() => [/** @type {any} */ (globalThis).seen.contexts.length, /** @type {any} */ (globalThis).seen.sounds.length]), [0, 0]);
	});

	test("the screen is kept on by a video with sound, not muted, in the room and while it is looked at", async () => {
		const video = () => page.evaluate(() => {
			const v = /** @type {HTMLVideoElement} */ (document.querySelector("video"));
			return { paused: v.paused, muted: v.muted, loop: v.loop, volume: v.volume, inline: v.playsInline, wide: v.videoWidth, at: v.currentTime };
		});
		assert.equal(await page.evaluate(() => "wakeLock" in navigator), false);
		await open();
		await page.getByText("The screen stays on.").waitFor();
		const first = await video();
		assert.deepEqual({ ...first, at: 0 }, { paused: false, muted: false, loop: false, volume: 1, inline: true, wide: 16, at: 0 });
		await sleep(4500);
		const later = await video();
		assert.ok(!later.paused && later.at < 4, "it goes round");
		await page.getByRole("switch", { name: "Keep the screen on" }).click();
		await page.getByText("The screen may go dark.").waitFor();
		assert.equal((await video()).paused, true);
		await page.getByRole("switch", { name: "Keep the screen on" }).click();
		await page.getByText("The screen stays on.").waitFor();
		await shut();
	});

	test("at 260 beats a minute: bars flash, never more than three times a second; in full, small and off", async () => {
		await set_bpm(260);
		for (const [choice, shape, screen] of /** @type {[string, boolean, boolean][]} */ ([["Screen", true, true], ["Beat only", true, false], ["Off", false, false]])) {
			await open();
			await page.getByRole("radio", { name: choice }).click();
			await shut();
			await forget_animated();
			const from = (await marks(page)).length;
			await until(async () => (await marks(page)).length > from + 18, "beats");
			const drawn = (await marks(page)).slice(from);
			assert.deepEqual(faults(drawn), []);
			for (const [what, flashes] of /** @type {[string, boolean][]} */ ([["fill", shape], ["light", screen]])) {
				const times = await animated(what);
				assert.equal(times.length > 1, flashes, `${choice}: ${what} ${times.length}`);
				assert.ok(most_a_second(times) <= 3, `${choice}: ${what} ${times}`);
			}
		}
		/* Tempos that change between slow and fast bring no fourth one in either. */
		await open();
		await page.getByRole("radio", { name: "Screen" }).click();
		await shut();
		await forget_animated();
		for (const bpm of [170, 240, 175, 260, 120]) {
			await set_bpm(bpm);
			await sleep(600);
		}
		assert.ok(most_a_second(await animated("light")) <= 3);
	});

	test("an own offset shows the beats that much later, or earlier; none is lost on the way", async () => {
		await open();
		const behind = async () => {
			const drawn = (await marks(page)).slice(-8);
			return middle(drawn.map((m) => m.server_time - beats(m.server_time - 250, m.server_time + 250)[0]));
		};
		for (const [ms, text] of /** @type {[number, string][]} */ ([[200, "200 ms later"], [-150, "150 ms earlier"], [0, "on time"]])) {
			await slide("Show the beat", ms);
			await page.locator("output", { hasText: text }).waitFor();
			const from = (await marks(page)).length;
			await until(async () => (await marks(page)).length >= from + 9, "beats");
			assert.deepEqual(faults((await marks(page)).slice(-6)), []);
			/* A browser that is short of time draws few frames a second; web_flash.mjs has it to the frame. */
			await until(async () => Math.abs(await behind() - ms) < 60, text);
		}
		await page.getByRole("button", { name: "Show the beat: more" }).click();
		await page.locator("output", { hasText: "5 ms later" }).waitFor();
		await page.getByRole("button", { name: "Show the beat: less" }).click();
		await shut();
	});

	test("the eighths go by under the beat that is on, where one wants them", async () => {
		await forget_animated();
		await sleep(1200);
		assert.equal((await animated("I")).length, 0);
		await open();
		await page.getByRole("switch", { name: "Show the eighths" }).click();
		await shut();
		const from = (await marks(page)).length;
		await forget_animated();
		await until(async () => (await marks(page)).length >= from + 4, "beats");
		assert.ok((await animated("I")).length >= 6);
	});

	test("the own click: each beat once, in order, when the box has it; a new tempo is followed, stop is silence", async () => {
		await open();
		await slide("Your own click", 60);
		await page.getByText("ring switch").waitFor();
		await shut();
		await until(async () => (await page.evaluate(() => /** @type {any} */ (globalThis).seen.sounds.length)) > 3, "sounds");
		const settled = await page.evaluate(() => performance.now());
		/** Over three seconds in which the machine let the page have its turns. */
		const heard_right = async (/** @type {number} */ from, /** @type {(a: number, b: number) => number[]} */ ought) => {
			for (let tries = 0; ; tries++) {
				await until(() => page.evaluate((/** @type {number} */ end) => performance.now() > end, from + 4000), "three seconds");
				if (tries === 8 || await in_time(page, from, from + 3000))
					return check(from, from + 3000, ought);
				from = await page.evaluate(() => performance.now());
			}
		};
		const check = async (/** @type {number} */ from, /** @type {number} */ to, /** @type {(a: number, b: number) => number[]} */ ought) => {
			const shift = await offset();
			const heard = (await sounds(page)).map((s) => s.heard).filter((at) => at >= from && at < to);
			const wanted = ought(from + shift, to + shift);
			assert.ok(Math.abs(heard.length - wanted.length) <= 1, JSON.stringify({ heard: heard.map((at) => Math.round(at - from)), wanted: wanted.map((at) => Math.round(at - shift - from)) }));
			const off = heard.map((at) => {
				const nearest = wanted.reduce((a, b) => Math.abs(b - shift - at) < Math.abs(a - shift - at) ? b : a, Infinity);
				return { nearest, ms: at + shift - nearest };
			});
			const inner = off.slice(1, -1);
			assert.equal(new Set(inner.map((o) => o.nearest)).size, inner.length, "no beat twice");
			for (let i = 1; i < heard.length; i++)
				assert.ok(heard[i] > heard[i - 1]);
			assert.ok(Math.abs(middle(inner.map((o) => o.ms))) < 5, `${off.map((o) => o.ms.toFixed(1))}`);
			assert.ok(inner.every((o) => Math.abs(o.ms) < 25), `${off.map((o) => o.ms.toFixed(1))}`);
		};
		await heard_right(settled + 500, beats);

		await set_bpm(200);
		await open();
		await page.getByRole("switch", { name: "Eighths between the beats" }).click();
		await shut();
		const changed = await page.evaluate(() => performance.now());
		await heard_right(changed + 400, (from, to) => {
			const half = 30000 / 200;
			return [...beats(from - half, to).flatMap((at) => [at, at + half])].filter((at) => at >= from && at < to);
		});

		await md.request("tempo.stop");
		await page.locator(".dial.resting").waitFor();
		const stopped = await page.evaluate(() => performance.now());
		await sleep(700);
		const late = (await sounds(page)).filter((s) => s.heard > stopped + 150);
		assert.deepEqual(late, []);
		assert.ok(await page.evaluate(() => /** @type {any} */ (globalThis).seen.sounds.every((/** @type {any} */ s) => s.withdrawn_s === null || s.withdrawn_s < s.when)), "withdrawn in time");
	});

	test("after a reload it waits for a touch, says so, and goes on; at volume 0 it is gone", async () => {
		if (!(/** @type {any} */ (md.state).tempoState.running))
			await md.request("tempo.start");
		/* What looks into the page from here counts for the browser as a touch, and sometimes comes before the room does. */
		await page.addInitScript(() => Object.defineProperty(navigator, "userActivation", { value: { hasBeenActive: false } }));
		await page.reload();
		await page.locator(".room").waitFor();
		await page.getByText("Tap to hear the click again").waitFor().catch(async () => assert.fail(`not told: ${await page.evaluate(() =>
			JSON.stringify([navigator.userActivation.hasBeenActive, /** @type {any} */ (globalThis).seen.contexts.map((/** @type {any} */ c) => c.state), document.body.innerText]))}`));
		assert.equal(await page.evaluate(() => /** @type {any} */ (globalThis).seen.contexts.length), 0);
		await page.touchscreen.tap(180, 300);
		await page.getByText("Tap to hear the click again").waitFor({ state: "detached" });
		await until(async () => (await sounds(page)).length > 2, "sounds");
		/* The browser takes it back, as for a call. */
		await page.evaluate(() => /** @type {any} */ (globalThis).seen.contexts[0].suspend());
		await page.getByText("Tap to hear the click again").waitFor();
		await page.touchscreen.tap(180, 300);
		await page.getByText("Tap to hear the click again").waitFor({ state: "detached" });
		await open();
		await slide("Your own click", 0);
		await page.locator("output", { hasText: "off" }).waitFor();
		await until(() => page.evaluate(() => /** @type {any} */ (globalThis).seen.contexts.every((/** @type {any} */ c) => c.state === "closed")), "the end of it");
		await shut();
	});

	test("larger type, the left hand: kept over a reload, and nothing stands beyond the screen", async () => {
		await md.request("tempo.handoff", { user_id: /** @type {any} */ (md.state).participants.find((/** @type {any} */ p) => p.display_name === "Ben").user_id });
		await page.locator(".tap").waitFor();
		const left = async () => /** @type {any} */ (await page.locator(".tap").boundingBox()).x;
		const size = () => page.evaluate(() => parseFloat(getComputedStyle(document.documentElement).fontSize));
		const [was_left, was_size] = [await left(), await size()];
		await open();
		await page.getByRole("switch", { name: "Larger type" }).click();
		await page.getByRole("switch", { name: "For the left hand" }).click();
		await shut();
		await page.reload();
		await page.locator(".tap").waitFor();
		assert.ok(await left() > was_left + 50);
		assert.ok(await size() > was_size);
		for (const [width, height] of [[320, 568], [360, 740], [740, 360], [1024, 768]]) {
			await page.setViewportSize({ width, height });
			for (const sheet of ["", "This phone", "Sound"]) {
				if (sheet)
					await page.getByRole("button", { name: sheet }).click();
				const beyond = await page.evaluate(() => [...document.querySelectorAll(".desk button, .sheet button, .sheet input")].filter((e) => {
					const { left, right } = e.getBoundingClientRect();
					return left < -0.5 || right > innerWidth + 0.5;
				}).length + Number(document.documentElement.scrollWidth > innerWidth));
				assert.equal(beyond, 0, `${sheet} at ${width}`);
				if (sheet)
					await shut();
			}
			const tap = /** @type {any} */ (await page.locator(".tap").boundingBox());
			assert.ok(tap.y + tap.height <= height, `the pad at ${width}x${height}`);
		}
		await page.setViewportSize({ width: 360, height: 740 });
		await open();
		await page.getByRole("switch", { name: "Larger type" }).click();
		await page.getByRole("switch", { name: "For the left hand" }).click();
		await shut();
	});

	test("another name: told to the band, kept for next time; one that is refused stays to be mended", async () => {
		await open();
		await page.getByLabel("Your name").fill("  ");
		await page.getByLabel("Your name").press("Enter");
		await page.getByText("What does the band call you?").waitFor();
		await page.getByLabel("Your name").fill("Benedikt 🎸");
		await page.getByLabel("Your name").press("Enter");
		await md.when((s) => s.participants.some((/** @type {any} */ p) => p.display_name === "Benedikt 🎸"));
		await page.getByText("The band sees you as Benedikt 🎸 now").waitFor();
		assert.equal(await page.evaluate(() => JSON.parse(localStorage.getItem("tactus.name") ?? "")), "Benedikt 🎸");
		await shut();
	});

	test("the volume follows the finger: some messages a second, the last one always, and what comes back does not move it", async () => {
		/** @type {{at: number, volume: number}[]} */
		const sent = [];
		page.on("websocket", (/** @type {any} */ socket) => socket.on("framesent", ({ payload }) => {
			const message = JSON.parse(String(payload));
			if (message.type === "click.set")
				sent.push({ at: performance.now(), volume: message.volume });
		}));
		await page.reload();
		await page.getByRole("button", { name: "Sound" }).click();
		const slider = page.getByRole("slider", { name: "Volume" });
		const { x, y, width, height } = /** @type {any} */ (await slider.boundingBox());
		await page.mouse.move(x + width * 0.8, y + height / 2);
		await page.mouse.down();
		let before = 101;
		for (let i = 0; i <= 40; i++) {
			await page.mouse.move(x + width * (0.8 - i * 0.015), y + height / 2);
			const now = Number(await slider.inputValue());
			assert.ok(now <= before, `${now} after ${before}`);
			before = now;
			await sleep(20);
		}
		await page.mouse.up();
		await md.when((s) => s.click.volume === before);
		assert.ok(sent.length >= 3, `${sent.length} messages`);
		assert.ok(most_a_second(sent.map(({ at }) => at), 1000) <= 9);
		await until(() => sent[sent.length - 1].volume === before, "the last one");
		/* What somebody else sets later is shown. */
		await sleep(800);
		await md.request("tempo.handoff", { user_id: /** @type {any} */ (md.state).you.user_id });
		await page.getByText("Only whoever leads the tempo can change these.").waitFor();
		assert.ok(await slider.isDisabled());
		await md.request("click.set", { volume: 77 });
		await page.locator(".slider output", { hasText: "77" }).waitFor();
		await shut();
	});

	test("what lies outside the room keeps nothing on and makes no sound; where no video plays, one is told how to help oneself", async () => {
		await open();
		await page.getByRole("button", { name: "Leave the session" }).click();
		await page.locator(".door").waitFor();
		await until(() => page.evaluate(() => document.querySelector("video")?.paused !== false), "the video's end");
		assert.deepEqual(page.errors, []);

		const other = await openPage(browser, box, `/join/${code}`);
		await other.route(/awake\./, (/** @type {any} */ route) => route.abort());
		await join(other, "Cleo");
		await other.touchscreen.tap(180, 300);
		await other.getByText("set auto-lock to never").waitFor();
		await other.context().close();
	});

	test("in a secure context it is the browser's own wake lock, and no video", async () => {
		const context = await browser.newContext();
		const safe = await context.newPage();
		await safe.goto(`http://localhost:${box.port}/join/${code}`);
		await join(safe, "Dan");
		await safe.getByRole("button", { name: "This phone" }).click();
		await safe.getByText("The screen stays on.").waitFor();
		assert.equal(await safe.locator("video").count(), 0);
		await context.close();
	});

	test("who asks for less motion has no screen light unless it is chosen, and nothing glides", async () => {
		const calm = await openPage(browser, box, `/join/${code}`, undefined, { reducedMotion: "reduce" });
		await join(calm, "Eve");
		await calm.getByRole("button", { name: "This phone" }).click();
		assert.equal(await calm.getByRole("radio", { name: "Beat only" }).getAttribute("aria-checked"), "true");
		const gliding = await calm.evaluate(() => [...document.querySelectorAll("body *")].flatMap((e) => ["", "::before", "::after"].map((part) => {
			const style = getComputedStyle(e, part);
			return `${e.tagName}.${e.className}${part} ${style.transitionProperty} ${style.transitionDuration} ${style.animationName}`;
		})).filter((said) => !/ (all|none) 0s none$/.test(said)));
		assert.deepEqual(gliding, []);
		await calm.context().close();
	});

	test("what a home screen asks for is served, each with its type", async () => {
		const get = (/** @type {string} */ path) => fetch(box.url + path);
		const manifest = await get("/manifest.webmanifest");
		assert.equal(manifest.headers.get("content-type"), "application/manifest+json");
		const { icons } = await manifest.json();
		for (const { src, type } of [...icons, { src: "/apple-touch-icon.png", type: "image/png" }, { src: "/awake.mp4", type: "video/mp4" }, { src: "/awake.webm", type: "video/webm" }]) {
			const file = await get(src);
			assert.equal(file.status, 200, src);
			assert.equal(file.headers.get("content-type"), type, src);
		}
	});
});
