/*
 * The tempo at the MD's desk: typed, half, double and undone; at the next bar, bars later or on the next
 * beat; and the desk itself at every size and for either hand. What the box then says is witnessed.
 *
 * timeout: 300 s
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { until } from "../lib/box.mjs";
import { create, marks, openPage } from "../lib/browser.mjs";
import { openDesk } from "../lib/desk.mjs";

describe("the tempo at the MD's desk", () => {
	/** @type {any} */ let desk;
	/** @type {any} */ let box, browser, md, eye, sent, tempo, button, says, wait, run, halt, set;
	const bpm = () => (tempo().pending ?? tempo()).bpm;
	const field = () => md.getByLabel("Beats a minute");

	before(async () => {
		desk = await openDesk();
		({ box, browser, md, eye, sent, tempo, button, says, wait, run, halt, set } = desk);
	});
	after(() => desk?.close());

	test("typed: what is refused stays; what stands there is replaced, also when it has just changed", async () => {
		await set({ bpm: 120 });
		await field().fill("300");
		await field().press("Enter");
		await says("whole number from 30 to 260");
		assert.equal(await field().inputValue(), "300");
		await field().press("Escape");
		await field().focus();
		await set({ bpm: 127 });
		await md.keyboard.insertText("90");
		assert.equal(await field().inputValue(), "90");
		await field().press("Enter");
		await wait((t) => t.bpm === 90);
	});

	test("half and double time, rounded, and not beyond 30 and 260", async () => {
		await set({ bpm: 121 });
		await button("Half time ½: 61").click();
		await wait((t) => t.bpm === 61);
		await button("Double time ×2: 122").click();
		await wait((t) => t.bpm === 122);
		await set({ bpm: 140 });
		assert.ok(await button("Double time ×2: no such tempo").isDisabled());
		await set({ bpm: 50 });
		assert.ok(await button("Half time ½: no such tempo").isDisabled());
	});

	test("undo: the tempo and metre before the last change, whoever made it; many presses are one", async () => {
		await set({ bpm: 118, time_signature: "4/4" });
		await set({ bpm: 128 });
		await button("Back to 118").click();
		await wait((t) => t.bpm === 118);
		await button("Back to 128").waitFor();
		for (let i = 0; i < 4; i++)
			await button("One faster").click();
		await wait((t) => t.bpm === 122);
		await button("Back to 118").click();
		await wait((t) => t.bpm === 118);
		await set({ bpm: 99, time_signature: "3/4" });
		await button("Back to 118, 4/4").click();
		await wait((t) => t.bpm === 118 && t.time_signature === "4/4");
		await md.getByRole("radio", { name: "6/8" }).click();
		await wait((t) => t.time_signature === "6/8");
		await button("Back to 4/4").click();
		await wait((t) => t.time_signature === "4/4");
	});

	test("undo of what is announced withdraws it", async () => {
		await run();
		await eye.request("tempo.set", { bpm: 140, in_bars: 16 });
		await button("Back to 118").click();
		await wait((t) => t.pending === null && t.bpm === 118);
		await halt();
	});

	test("another metre: its first beat is lit among the new marks, and no frame is dark", async () => {
		await eye.request("tempo.set", { time_signature: "4/4", bpm: 120 });
		await run();
		await md.locator(".mark.on").waitFor();
		await md.evaluate(() => {
			const seen = /** @type {any} */ (globalThis).dark = { frames: 0, beats: 0 };
			const look = () => {
				seen.frames += Number(!document.querySelector(".mark.on"));
				if (document.querySelector(".mark") && seen.beats >= 0)
					requestAnimationFrame(look);
			};
			requestAnimationFrame(look);
		});
		await eye.request("tempo.set", { time_signature: "3/4" });
		await until(async () => await md.locator(".mark").count() === 3, "three beats a bar");
		const drawn = (await marks(md)).length;
		await until(async () => (await marks(md)).length > drawn + 1, "two more beats");
		assert.equal(await md.evaluate(() => {
			const seen = /** @type {any} */ (globalThis).dark;
			seen.beats = -1;
			return seen.frames;
		}), 0);
		await halt();
		await eye.request("tempo.set", { time_signature: "4/4" });
	});

	test("at the next bar, or so many bars later", async () => {
		await set({ bpm: 240 });
		await run();
		for (const [name, bars] of /** @type {[string, number][]} */ ([["at the next bar", 0], ["in 2 bars", 2], ["in 4 bars", 4], ["in 8 bars", 8], ["in 16 bars", 16]])) {
			await md.getByRole("radio", { name, exact: true }).click();
			sent.length = 0;
			await button("One slower").click();
			await until(() => sent.some(({ type }) => type === "tempo.set"), "the request");
			assert.equal(sent.find(({ type }) => type === "tempo.set").in_bars, bars || undefined);
			await wait((t) => bpm() < 240 && (!bars || t.pending !== null));
		}
		await eye.request("tempo.cancel", {}).catch(() => {});
		await halt();
	});

	test("now: the next beat that can be reached is the 1 of a new bar; the beat after, where the box says that it is too late", async () => {
		await set({ bpm: 60, time_signature: "12/8" });
		await run();
		await md.locator(".fact-bar dd", { hasText: /\d/ }).waitFor();
		await md.getByRole("radio", { name: "now on the next beat" }).click();
		const { anchor_timestamp, anchor_bar_index } = tempo();
		sent.length = 0;
		await button("One faster").click();
		await wait((t) => (t.pending ?? t).bpm === 61);
		const request = sent.find(({ type }) => type === "tempo.set");
		const beats = (request.anchor_timestamp - anchor_timestamp) / 1000;
		const off_ms = Math.abs(beats - Math.round(beats)) * 1000;
		assert.ok(off_ms < 6, `${off_ms} ms beside a beat`);
		await wait((t) => t.bpm === 61 && !t.pending);
		assert.ok(tempo().anchor_bar_index <= anchor_bar_index + Math.floor(Math.round(beats) / 4) + 1, "bars go on counting by one");
		/* The page draws it so: the 1 comes where a beat was to come, and no beat twice. */
		const begins = tempo().anchor_bar_index;
		await until(async () => (await marks(md)).some(({ bar, beat }) => bar === begins && beat === 1), "the new bar");
		const drawn = (await marks(md)).filter(({ bar }) => bar >= anchor_bar_index);
		for (let i = 1; i < drawn.length; i++)
			assert.ok(drawn[i].server_time - drawn[i - 1].server_time > 500, `${JSON.stringify(drawn[i - 1])} ${JSON.stringify(drawn[i])}`);
		await halt();

		const page = await openPage(browser, box);
		/** @type {any[]} */
		const asked = [];
		await page.routeWebSocket(/\/ws$/, (/** @type {any} */ socket) => {
			const server = socket.connectToServer();
			socket.onMessage((/** @type {any} */ message) => {
				const it = JSON.parse(String(message));
				if (it.anchor_timestamp && asked.push(it) === 1)
					socket.send(JSON.stringify({ type: "error", re: it.id, code: "anchor_range", field: "anchor_timestamp", message: "too soon" }));
				else
					server.send(message);
			});
		});
		await page.reload();
		await create(page, "Zoe");
		await page.getByRole("button", { name: "Start", exact: true }).click();
		await page.locator(".fact-bar dd", { hasText: /\d/ }).waitFor();
		await page.getByRole("radio", { name: "now on the next beat" }).click();
		await page.getByRole("button", { name: "Double time ×2: 240" }).click();
		await page.locator(".fact-tempo", { hasText: "240" }).waitFor();
		assert.equal(asked.length, 2);
		const later = asked[1].anchor_timestamp - asked[0].anchor_timestamp;
		assert.ok(later >= 498 && later % 500 <= 2 || later % 500 >= 498, `${later}`);
		await page.context().close();
	});

	/** What of these is too small for a thumb, or not all in view. @param {string} controls */
	const small = (controls) => md.evaluate((/** @type {string} */ found) => [...document.querySelectorAll(found)].map((e) => [e, e.getBoundingClientRect()])
		.filter(([, r]) => r.width < 43.5 || r.height < 43.5 || r.left < 0 || r.right > innerWidth || r.bottom > innerHeight)
		.map(([e, r]) => `${e.getAttribute("aria-label") ?? e.textContent} ${r.width}×${r.height}`), controls);
	const size = async (/** @type {number} */ width, /** @type {number} */ height) => {
		await md.setViewportSize({ width, height });
		await sleep(100);
	};
	const face = async () => (await md.locator(".face").boundingBox()).width;

	test("every size, for either hand, in large type, with a change announced: nothing sticks out, thumbs find everything, the beat is seen", async () => {
		await set({ bpm: 120, time_signature: "12/8" });
		await eye.request("song.activate", { position: 1 });
		await run();
		await eye.request("tempo.set", { bpm: 148, in_bars: 60 });
		await md.locator(".coming").waitFor();
		/* What a busy machine makes the page say of its Wi-Fi is not part of this. */
		await md.evaluate(() => {
			const sheet = new CSSStyleSheet();
			sheet.replaceSync(".notice { display: none !important; }");
			document.adoptedStyleSheets = [sheet];
		});
		for (const [turned, large] of [[false, false], [true, false], [true, true]]) {
			if (turned) {
				await button("This phone").click();
				await md.getByRole("switch", { name: large ? "Larger type" : "For the left hand" }).click();
				await md.keyboard.press("Escape");
				await md.locator(large ? ".room.left-handed.large" : ".room.left-handed").waitFor();
			}
			for (const [width, height] of [[320, 568], [360, 640], [360, 740], [568, 320], [740, 360], [1024, 768]]) {
				await size(width, height);
				assert.deepEqual(await small(large && width === 320 ? ".pads button, .go button" : ".desk button, .desk input, .go button, .song button"), [], `${width}×${height}`);
				assert.ok(await face() >= 90, `the beat at ${width}×${height}: ${await face()}`);
				const tap = await md.locator(".tap").boundingBox(), stop = await md.locator(".stop").boundingBox();
				assert.equal(tap.x > stop.x, turned, "the pad lies under the thumb");
				const cut = await md.locator(".bpm input").evaluate((/** @type {any} */ e) => e.scrollWidth > e.clientWidth);
				assert.ok(!cut, `the tempo at ${width}×${height}`);
			}
		}
	});

	test("on the shortest screens the desk scrolls, but for the pads", async () => {
		await size(320, 440);
		assert.deepEqual(await small(".pads button"), []);
		assert.ok(await face() >= 70, `${await face()}`);
		await md.getByRole("radio", { name: "in 16 bars" }).click();
		assert.deepEqual(await small(".pads button"), [], "they have stayed where they were");
		await size(360, 740);
		await halt();
	});

	test("nothing went wrong behind the scenes", () => desk.unhurt());
});
