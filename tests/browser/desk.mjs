/*
 * The MD's desk: taps at 260 bpm by one finger, by two and by keys; the pedal that goes from song to
 * song; the lock against stray touches; buttons that are held; previous and next song. What the box
 * then says is witnessed.
 *
 * timeout: 300 s
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { until } from "../lib/box.mjs";
import { create, held, join, openPage } from "../lib/browser.mjs";
import { openDesk } from "../lib/desk.mjs";
import { Phone } from "../lib/phone.mjs";
import { startProxy } from "../lib/proxy.mjs";

/** 260 bpm, the fastest there is. */
const FAST_MS = 60000 / 260;

describe("the MD's desk", () => {
	/** @type {any} */ let desk;
	/** @type {any} */ let box, browser, md, cdp, eye, sent, tempo, button, says, wait, run, halt, set;
	let code = "";
	const taps = () => sent.filter((/** @type {any} */ { type }) => type === "tempo.tap");
	/** The fingers that are down, by number. @param {"touchStart" | "touchMove" | "touchEnd"} type @param {{x: number, y: number, id: number}[]} touchPoints @param {number} [timestamp] */
	const touch = (type, touchPoints, timestamp) => cdp.send("Input.dispatchTouchEvent", { type, touchPoints, ...timestamp && { timestamp } });
	const middle = async (/** @type {any} */ locator) => {
		const { x, y, width, height } = await locator.boundingBox();
		return { x: x + width / 2, y: y + height / 2 };
	};
	const over = () => until(async () => await md.locator(".tap-count .on").count() === 0, "the end of the series");
	/** Does something at each beat of 260 bpm; on a machine that cannot keep up later, but never two at once, which would be one. A touch is told when it was to come. @param {number} count @param {(i: number, at_s: number) => Promise<unknown>} act */
	const beats = async (count, act) => {
		const began = Date.now();
		for (let i = 0; i < count; i++) {
			const at_ms = began + i * FAST_MS;
			await sleep(Math.max(i && 120, at_ms - Date.now()));
			await act(i, at_ms / 1000);
		}
	};

	before(async () => {
		desk = await openDesk();
		({ box, browser, md, eye, code, sent, tempo, button, says, wait, run, halt, set } = desk);
		cdp = await md.context().newCDPSession(md);
	});
	after(() => desk?.close());

	describe("taps", () => {
		test("one finger at 260 bpm: each touch is a tap, once, and the click comes in with them", async () => {
			const at = await middle(md.locator(".tap"));
			sent.length = 0;
			await beats(9, async (i, at_s) => {
				await touch("touchStart", [{ ...at, id: 0 }], at_s);
				await touch("touchEnd", []);
			});
			await wait((t) => t.running);
			await until(() => taps().length >= 9, "nine taps");
			assert.equal(taps().length, 9);
			const gaps = taps().slice(1).map(({ at: time }, i) => time - taps()[i].at).sort((a, b) => a - b);
			assert.ok(Math.abs(tempo().bpm * gaps[4] / 60000 - 1) < 0.1 || tempo().bpm === 260, `${tempo().bpm} of ${gaps}`);
			await halt();
			await over();
			assert.equal(taps().length, 9, "a click that follows on a touch is no tap");
		});

		test("two fingers in turn, each still down while the other comes: no tap is missed", async () => {
			const { x, y } = await middle(md.locator(".tap"));
			const finger = (/** @type {number} */ i) => ({ x: x + (i % 2 ? 40 : -40), y, id: i % 2 });
			sent.length = 0;
			await beats(9, async (i, at_s) => {
				/* The other finger is down since the beat before, and goes up only now. */
				await touch("touchStart", [finger(i)], at_s);
				if (i)
					await touch("touchEnd", [finger(i - 1)]);
			});
			await touch("touchEnd", []);
			await until(() => taps().length >= 9, "nine taps");
			await halt();
			await over();
			assert.equal(taps().length, 9);
			assert.equal(new Set(taps().map(({ id }) => id)).size, 9);
		});

		test("keys: Space, as a pedal sends it, and Enter on the pad; a key that repeats is one tap", async () => {
			sent.length = 0;
			await beats(5, () => md.keyboard.press("Space"));
			await until(() => taps().length >= 5, "five taps");
			await halt();
			await over();
			await md.locator(".tap").focus();
			await md.keyboard.press("Enter");
			await over();
			await md.keyboard.down("Space");
			for (let i = 0; i < 5; i++)
				await md.keyboard.down("Space");
			await md.keyboard.up("Space");
			await over();
			assert.equal(taps().length, 7);
			await md.locator(".tap").blur();
		});

		test("a tap that falls into a dead line is never sent again", async () => {
			const proxy = await startProxy(box.port);
			try {
				const page = await openPage(browser, proxy);
				/** @type {any[]} */
				const frames = [];
				page.on("websocket", (/** @type {any} */ socket) => socket.on("framesent", (/** @type {any} */ { payload }) => frames.push(JSON.parse(String(payload)))));
				await page.reload();
				await create(page, "Zoe");
				await page.locator(".chip", { hasText: "±" }).waitFor();
				proxy.dead();
				await page.keyboard.press("Space");
				await page.locator(".notice", { hasText: "No answer from the box to the tap" }).waitFor();
				proxy.dead(false);
				await page.locator(".chip", { hasText: "Offline" }).waitFor({ state: "detached" });
				await sleep(500);
				assert.equal(frames.filter(({ type }) => type === "tempo.tap").length, 1);
				await page.context().close();
			} finally {
				await proxy.stop();
			}
		});
	});

	describe("from song to song", () => {
		/** It is on, and the page shows it. @param {string} title */
		const song = async (title) => {
			await eye.when((s) => s.activeSong?.title === title);
			await md.locator(".song-title", { hasText: title }).waitFor();
		};

		test("the pedal while the click stands: on and back at once, and no further than the ends", async () => {
			await md.keyboard.press("PageDown");
			await song("Autumn");
			await md.keyboard.press("ArrowRight");
			await song("Bossa");
			await md.keyboard.press("PageUp");
			await song("Autumn");
			await md.keyboard.press("PageUp");
			await says("No previous song");
			assert.equal(eye.state?.activeSong.title, "Autumn");
			/* Two presses before the box can have answered. */
			await md.evaluate(() => [1, 2].forEach(() => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "PageDown", bubbles: true }))));
			await song("Caravan");
			await eye.request("song.activate", { position: 0 });
			await song("Autumn");
		});

		test("the song that was meant, wherever it stands by then; what the box does to a list that was just changed is said", async () => {
			await run();
			const next = button("Next song: Bossa");
			await next.hover();
			await md.mouse.down();
			await md.locator("[data-held]").waitFor();
			const { song_id } = await eye.request("song.create", { title: "Dolphin" });
			await eye.request("setlist.item.add", { song_id, position: 0 });
			await md.locator("[data-held]").waitFor({ state: "detached" });
			await md.mouse.up();
			await song("Bossa");
			await halt();
			await eye.request("setlist.item.remove", { position: 0 });
			await eye.request("song.activate", { position: 0 });
			await song("Autumn");

			const page = await md.context().newPage();
			/** What the box says, not heard yet. @type {(() => void)[] | null} */
			let late = null;
			await page.routeWebSocket(/\/ws$/, (/** @type {any} */ socket) => {
				const server = socket.connectToServer();
				server.onMessage((/** @type {any} */ message) => late ? late.push(() => socket.send(message)) : socket.send(message));
			});
			await page.goto(md.url());
			await page.locator(".song-title", { hasText: "Autumn" }).waitFor();
			late = [];
			await eye.request("setlist.item.move", { position: 1, to: 2 });
			await page.getByRole("button", { name: "Next song: Bossa" }).click();
			await song("Caravan");
			for (const hear of late)
				hear();
			late = null;
			await page.locator(".notice", { hasText: "Another phone changed the list just now. Look which song is on." }).waitFor();
			await page.close();
			await eye.request("setlist.item.move", { position: 1, to: 2 });
			await eye.request("song.activate", { position: 0 });
			await song("Autumn");
		});

		test("while it plays it takes a second press, of the same key, and a held key is one press", async () => {
			await run();
			await md.keyboard.down("PageDown");
			await md.keyboard.down("PageDown");
			await md.keyboard.up("PageDown");
			await says("Next: Bossa. Press again.");
			await md.keyboard.press("PageUp");
			await says("No previous song");
			assert.equal(eye.state?.activeSong.title, "Autumn");
			await md.keyboard.press("PageDown");
			await song("Bossa");
			await md.keyboard.press("PageUp");
			await says("Back to: Autumn. Press again.");
			assert.equal(eye.state?.activeSong.title, "Bossa");
			await halt();
		});

		test("not where somebody types, and not under a sheet", async () => {
			await md.getByLabel("Beats a minute").focus();
			for (const key of ["PageDown", "ArrowRight", "Space"])
				await md.keyboard.press(key);
			await md.getByLabel("Beats a minute").press("Escape");
			await button("Sound").click();
			await md.getByRole("dialog").waitFor();
			sent.length = 0;
			await md.keyboard.press("PageDown");
			await md.keyboard.press("Escape");
			await md.locator("dialog").waitFor({ state: "detached" });
			/* The one after that is heard: what came before was not. */
			await md.keyboard.press("PageDown");
			await song("Caravan");
			assert.deepEqual(sent.filter(({ type }) => type === "song.activate").map(({ position }) => position), [2]);
		});

		test("by button: at once, held while it plays, and a reason at the end", async () => {
			await md.getByRole("button", { name: "No next song in the setlist" }).waitFor();
			assert.ok(await button("No next song in the setlist").isDisabled());
			await button("Previous song: Bossa").click();
			await song("Bossa");
			await run();
			await button("Next song: Caravan").click();
			await says("Next song: Caravan: hold the button");
			assert.equal(eye.state?.activeSong.title, "Bossa");
			await held(button("Next song: Caravan"));
			await song("Caravan");
			await button("No next song in the setlist").waitFor();
			await halt();
		});

		test("for the MD who has handed the tempo over, and for whoever has it; for nobody else", async () => {
			const ben = await openPage(browser, box, `/join/${code}`);
			await join(ben, "Ben");
			const previous = (/** @type {any} */ page) => page.getByRole("button", { name: "Previous song: Bossa" });
			assert.equal(await previous(ben).count(), 0);
			const ben_id = /** @type {any} */ (eye.state).participants.find((/** @type {any} */ p) => p.display_name === "Ben").user_id;
			await ben.keyboard.press("PageUp");
			await eye.request("tempo.handoff", { user_id: ben_id });
			await ben.locator(".tap").waitFor();
			assert.equal(eye.state?.activeSong.title, "Caravan", "a player's pedal goes nowhere");
			await md.locator(".tap").waitFor({ state: "detached" });
			await previous(md).click();
			await song("Bossa");
			await ben.getByRole("button", { name: "Next song: Caravan" }).click();
			await song("Caravan");
			await eye.request("tempo.handoff", { user_id: /** @type {any} */ (eye.state).you.user_id });
			await md.locator(".tap").waitFor();
			await ben.context().close();
		});
	});

	describe("a button that is held", () => {
		const stop = () => button("Stop");
		/** It runs on; and what was said of it before is past. */
		const runs_on = async () => {
			await sleep(900);
			assert.ok(tempo().running);
			assert.equal(await md.locator("[data-held]").count(), 0);
		};
		/** It stands, and what came in the place of Stop was not pressed. */
		const stays_stopped = async () => {
			await wait((t) => !t.running);
			await button("Start").waitFor();
			await sleep(300);
			assert.ok(!tempo().running, "Stop became Start");
		};

		test("by finger: it stops, and what comes under the finger is not pressed", async () => {
			await run();
			const at = await middle(stop());
			await touch("touchStart", [{ ...at, id: 0 }]);
			await wait((t) => !t.running);
			await button("Start").waitFor();
			await touch("touchEnd", []);
			/* And a finger that bounces. */
			await md.touchscreen.tap(at.x, at.y);
			await stays_stopped();
		});

		test("a short touch, a finger that slides off, and a right button are no hold", async () => {
			await run();
			await stop().tap();
			await says("Stop: hold the button");
			await runs_on();
			const at = await middle(stop());
			await touch("touchStart", [{ ...at, id: 0 }]);
			await touch("touchMove", [{ x: at.x, y: at.y - 150, id: 0 }]);
			await runs_on();
			await touch("touchEnd", []);
			await md.mouse.move(at.x, at.y);
			await md.mouse.down({ button: "right" });
			await runs_on();
			await md.mouse.up({ button: "right" });
		});

		test("by mouse; by Enter and Space, which go on repeating where Start has come, and the focus with them", async () => {
			await run();
			await held(stop());
			await stays_stopped();
			for (const key of ["Enter", "Space"]) {
				await run();
				await md.locator(".tap").focus();
				await md.keyboard.press("Tab");
				await md.keyboard.press(key);
				await says("Stop: hold the button");
				assert.ok(tempo().running);
				await md.keyboard.down(key);
				await wait((t) => !t.running);
				await until(() => button("Start").evaluate((/** @type {any} */ e) => e === document.activeElement), "the focus on Start");
				for (let i = 0; i < 3; i++)
					await md.keyboard.down(key);
				await md.keyboard.up(key);
				await stays_stopped();
				await sleep(400);
				/* A press of its own starts. */
				await md.keyboard.press(key);
				await wait((t) => t.running);
				await until(() => stop().evaluate((/** @type {any} */ e) => e === document.activeElement), "the focus on Stop");
			}
			await halt();
		});

		test("a screen reader's click is asked for twice, after a hold, too", async () => {
			await run();
			const click = () => stop().evaluate((/** @type {HTMLElement} */ e) => e.click());
			await click();
			await says("Stop: press once more to do it");
			assert.ok(tempo().running);
			await click();
			await stays_stopped();
		});

		test("what comes from the box in the middle of it changes nothing; what it was held for being gone, nothing is done", async () => {
			await run();
			const at = await middle(stop());
			await touch("touchStart", [{ ...at, id: 0 }]);
			const other = await Phone.open(box.url);
			const ok = await other.join(code, "Otto");
			await eye.request("tempo.set", { bpm: 130 });
			await wait((t) => !t.running);
			await touch("touchEnd", []);
			await stays_stopped();

			await run();
			await touch("touchStart", [{ ...at, id: 0 }]);
			await eye.request("tempo.handoff", { user_id: ok.user_id });
			await md.locator(".tap").waitFor({ state: "detached" });
			sent.length = 0;
			await sleep(900);
			await touch("touchEnd", []);
			assert.deepEqual(sent.filter(({ type }) => type !== "clock.ping"), []);
			await eye.request("tempo.handoff", { user_id: /** @type {any} */ (eye.state).you.user_id });
			await md.locator(".tap").waitFor();
			await other.close();
			await halt();
		});
	});

	describe("the lock", () => {
		test("touches do nothing but say so; keys, pedal and Stop go on; held, it opens; a reload keeps it", async () => {
			await halt();
			await eye.request("song.activate", { position: 1 });
			await set({ bpm: 100 });
			await button("Lock the desk").tap();
			await button("Unlock the desk").waitFor();
			const before = JSON.stringify(tempo());
			sent.length = 0;
			for (const control of [md.locator(".tap"), button("Start"), button("One faster"), md.getByLabel("Beats a minute"), button("Double time ×2: 200"),
				md.getByRole("radio", { name: "3/4" }), button("Next song: Caravan"), button("Previous song: Autumn")]) {
				const { x, y } = await middle(control);
				await button("Close this message").click();
				await md.locator(".notice").waitFor({ state: "detached" });
				await md.touchscreen.tap(x, y);
				await says("Locked: hold the lock");
			}
			assert.equal(await md.getByLabel("Beats a minute").evaluate((/** @type {any} */ e) => e === document.activeElement), false);
			assert.deepEqual(sent.filter(({ type }) => !/clock|metrics/.test(type)), []);
			assert.equal(JSON.stringify(tempo()), before);

			await md.reload();
			await button("Unlock the desk").waitFor();
			await md.locator(".chip", { hasText: "±" }).waitFor();
			await md.keyboard.press("PageDown");
			await eye.when((s) => s.activeSong?.title === "Caravan");
			await md.keyboard.press("Space");
			await until(() => taps().length === 1, "a tap by pedal");
			await run();
			await held(button("Stop"));
			await wait((t) => !t.running);
			await eye.request("tempo.set", { bpm: 100 });
			const mouth = await middle(button("Hold to talk"));
			await touch("touchStart", [{ ...mouth, id: 0 }]);
			await eye.when((s) => s.participants[0].ptt_state === "talking");
			await touch("touchEnd", []);
			await eye.when((s) => s.participants[0].ptt_state === "idle");

			await button("Unlock the desk").click();
			await says("Unlock the desk: hold the button");
			await held(button("Unlock the desk"));
			await button("Lock the desk").waitFor();
			await button("One faster").click();
			await wait((t) => t.bpm === 101);
		});
	});

	test("nothing went wrong behind the scenes", () => desk.unhurt());
});
