/*
 * The MD's desk: taps at 260 bpm by one finger, by two and by keys; the pedal that goes from song to
 * song; the lock against stray touches; buttons that are held; tempo by one, typed, half, double and
 * undone; changes on the next beat; previous and next song. What the box then says is witnessed.
 *
 * timeout: 300 s
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startBox, until } from "../lib/box.mjs";
import { create, held, join, marks, openBrowser, openPage } from "../lib/browser.mjs";
import { Phone } from "../lib/phone.mjs";
import { startProxy } from "../lib/proxy.mjs";

/** 260 bpm, the fastest there is. */
const FAST_MS = 60000 / 260;

describe("the MD's desk", () => {
	/** @type {any} */ let box;
	/** @type {any} */ let browser;
	/** @type {any} */ let md;
	/** @type {any} */ let cdp;
	/** The MD's second device, scripted. @type {Phone} */ let eye;
	let code = "";
	/** Requests that the page sent. @type {any[]} */
	const sent = [];
	const taps = () => sent.filter(({ type }) => type === "tempo.tap");
	const tempo = () => /** @type {any} */ (eye.state).tempoState;
	const bpm = () => (tempo().pending ?? tempo()).bpm;
	const button = (/** @type {string} */ name) => md.getByRole("button", { name, exact: true });
	const says = (/** @type {string | RegExp} */ text) => md.locator(".notice", { hasText: text }).waitFor();
	const wait = (/** @type {(tempo: any) => boolean} */ so) => eye.when((s) => so(s.tempoState), 10000);
	const run = async () => {
		if (!tempo().running)
			await eye.request("tempo.start", {});
		await md.getByRole("button", { name: "Stop" }).waitFor();
	};
	const halt = async () => {
		await eye.request("tempo.stop", {});
		await button("Start").waitFor();
	};
	/** Sets a tempo by the other device, and waits until the page shows it. @param {Record<string, unknown>} fields */
	const set = async (fields) => {
		await eye.request("tempo.set", fields);
		if (!tempo().running)
			await until(async () => await md.getByLabel("Beats a minute").inputValue() === String(tempo().bpm), "the tempo");
	};
	/** The fingers that are down, by number. @param {"touchStart" | "touchMove" | "touchEnd"} type @param {{x: number, y: number, id: number}[]} touchPoints @param {number} [timestamp] */
	const touch = (type, touchPoints, timestamp) => cdp.send("Input.dispatchTouchEvent", { type, touchPoints, ...timestamp && { timestamp } });
	const middle = async (/** @type {any} */ locator) => {
		const { x, y, width, height } = await locator.boundingBox();
		return { x: x + width / 2, y: y + height / 2 };
	};
	const over = () => until(async () => await md.locator(".tap-count .on").count() === 0, "the end of the series");
	/** Does something at each beat of 260 bpm; on a machine that cannot keep up later, but never two at once, which would be one. @param {number} count @param {(i: number, at_s: number) => Promise<unknown>} act */
	const beats = async (count, act) => {
		const began = Date.now();
		for (let i = 0; i < count; i++) {
			await sleep(Math.max(i && 120, began + i * FAST_MS - Date.now()));
			await act(i, Date.now() / 1000);
		}
	};

	before(async () => {
		box = await startBox();
		browser = await openBrowser();
		md = await openPage(browser, box);
		md.on("websocket", (/** @type {any} */ socket) => socket.on("framesent", (/** @type {any} */ { payload }) => sent.push(JSON.parse(String(payload)))));
		await md.reload();
		cdp = await md.context().newCDPSession(md);
		code = await create(md, "Ann");
		eye = await Phone.open(box.url);
		eye.token = await md.evaluate(() => JSON.parse(localStorage.getItem("tactus.seat") ?? "").token);
		await eye.request("session.resume", { token: eye.token });
		const { setlist_id } = await eye.request("setlist.create", { title: "Tonight" });
		for (const [title, default_bpm] of /** @type {[string, number][]} */ ([["Autumn", 100], ["Bossa", 110], ["Caravan", 120]])) {
			const { song_id } = await eye.request("song.create", { title, default_bpm });
			await eye.request("setlist.item.add", { setlist_id, song_id });
		}
		await eye.request("setlist.activate", { setlist_id });
		/* The page's clock is set. */
		await md.locator(".chip", { hasText: "±" }).waitFor();
	});
	after(async () => {
		await eye?.close();
		await browser?.close();
		await box?.stop();
	});

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

	describe("the tempo", () => {
		const field = () => md.getByLabel("Beats a minute");

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
	});

	test("every size: nothing sticks out, everything is large enough for a thumb, and the beat is seen", async () => {
		await eye.request("song.activate", { position: 1 });
		await run();
		for (const turned of [false, true]) {
			if (turned) {
				await button("This phone").click();
				await md.getByRole("switch", { name: "For the left hand" }).click();
				await md.keyboard.press("Escape");
				await md.locator(".room.left-handed").waitFor();
			}
			for (const [width, height] of [[320, 568], [360, 740], [740, 360], [1024, 768]]) {
				await md.setViewportSize({ width, height });
				await sleep(100);
				const small = await md.evaluate(() => [...document.querySelectorAll(".desk button, .desk input, .go button")].map((e) => [e, e.getBoundingClientRect()])
					.filter(([, r]) => r.width < 43.5 || r.height < 43.5 || r.left < 0 || r.right > innerWidth || r.bottom > innerHeight)
					.map(([e, r]) => `${e.getAttribute("aria-label") ?? e.textContent} ${r.width}×${r.height}`));
				assert.deepEqual(small, [], `${width}×${height}`);
				assert.ok((await md.locator(".face").boundingBox()).width >= 80, `the beat at ${width}×${height}`);
				const tap = await md.locator(".tap").boundingBox(), stop = await md.locator(".stop").boundingBox();
				assert.equal(tap.x > stop.x, turned, "the pad lies under the thumb");
			}
		}
		await md.setViewportSize({ width: 360, height: 740 });
		await halt();
	});

	test("nothing went wrong behind the scenes", () => {
		assert.deepEqual(md.errors.filter((/** @type {string} */ e) => !/WebSocket|ERR_CONNECTION|Cross-Origin/.test(e)), []);
		assert.deepEqual(eye.holes, []);
	});
});
