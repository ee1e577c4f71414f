/*
 * What becomes of the page when something dies: an answer lost on its way, the daemon
 * killed in mid-song, a phone that is frozen, hidden, out of reach, or holds a socket that
 * leads nowhere. Each time it comes back by itself, shows what a witness has been told, draws
 * every beat once, in order, and sends no tap again. And two phones that lead at once.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startBox, until } from "../lib/box.mjs";
import { create, faults, join, marks, openBrowser, openPage, openSongs } from "../lib/browser.mjs";
import { firstBeat } from "../lib/first_beat.mjs";
import { Phone } from "../lib/phone.mjs";
import { startProxy } from "../lib/proxy.mjs";

/** What the page believes: its whole state. @param {any} page */
const state_of = (page) => page.evaluate(() => /** @type {any} */ (globalThis).tactus());
/** What it believes of the session. @param {any} page */
const believed = async (page) => (await state_of(page)).snapshot;

/** What two of the same session must agree on: all but what is measured anew each moment. @param {any} state */
function common({ session, participants, roleAssignments, setlist, tempoState, activeSong, click }) {
	const people = participants.map(({ last_heartbeat, network_rtt_ms, packet_loss_pct, ...rest }) => rest);
	return { session, people, roleAssignments, setlist, tempoState, activeSong, click };
}

describe("a page that something happens to", () => {
	/** @type {any} */ let box;
	/** @type {any} */ let proxy;
	/** @type {any} */ let browser;
	/** Leads, through the proxy. @type {any} */ let page;
	/** A second device of the MD's own, scripted. @type {Phone} */ let witness;
	/** Types of what went up on the page's sockets. @type {string[]} */ const sent = [];
	const count = (/** @type {string} */ type) => sent.filter((t) => t === type).length;

	before(async () => {
		box = await startBox({ period: 512 });
		proxy = await startProxy(box.port);
		browser = await openBrowser();
		page = await openPage(browser, proxy);
		page.on("websocket", (/** @type {any} */ socket) => socket.on("framesent", ({ payload }) => sent.push(JSON.parse(String(payload)).type)));
		await page.reload();
		await create(page, "Ann");
		witness = await Phone.open(box.url);
		witness.token = await page.evaluate(() => JSON.parse(localStorage.getItem("tactus.seat") ?? "").token);
		await witness.request("session.resume", { token: witness.token });
	});
	after(async () => {
		await witness?.close();
		await browser?.close();
		await proxy?.stop();
		await box?.stop();
	});

	const online = () => page.locator(".chip.bad").waitFor({ state: "detached" });

	/** The page is as the witness is, and the beats are right from then on. @param {any} t @param {number} began when it could have come back @param {boolean} [all] and were so all the time */
	async function right_again(t, began, all = false) {
		const same = async () => {
			const own = await believed(page);
			return own?.revision === witness.state.revision && JSON.stringify(common(own)) === JSON.stringify(common(witness.state));
		};
		try {
			await until(same, "the witness's state", 10000, 5);
		} catch {
			assert.deepEqual(common(await believed(page)), common(witness.state));
		}
		t.diagnostic(`as the witness is ${(performance.now() - began).toFixed(0)} ms after it could be`);
		await online();
		/* The one being drawn may have been another run's. */
		const here = (await marks(page)).length + 1;
		await until(async () => (await marks(page)).length >= here + 4, "three more beats");
		assert.deepEqual(faults((await marks(page)).slice(all ? 0 : here)), []);
		assert.deepEqual(witness.holes, []);
	}

	const openImport = async () => {
		if (!await page.getByRole("dialog").count())
			await openSongs(page);
		if (!await page.getByLabel("Or paste a list").count())
			await page.getByRole("button", { name: "Import songs" }).click();
		await page.getByLabel("Or paste a list").waitFor();
	};
	const press = () => page.getByRole("button", { name: "Import", exact: true }).click();
	const songs = async () => (await witness.request("song.list", {})).songs.map((/** @type {any} */ song) => song.title);

	test("the answer is lost with the line: the song is there once, and the page tells of success", async () => {
		await openImport();
		await page.getByLabel("Or paste a list").fill("title\nOnce\n");
		proxy.deaf();
		await press();
		await until(async () => (await songs()).includes("Once"), "the song");
		proxy.cut();
		proxy.deaf(false);
		/* Done a second time it would be known already. */
		await page.getByText("1 new, 0 known already.").waitFor();
		assert.equal(await page.getByText("No answer").count(), 0);
		assert.deepEqual(await songs(), ["Once"]);
		assert.equal(count("song.import"), 2);
	});

	test("the request is lost with the line: it is done when the line is back", async () => {
		await openImport();
		await page.getByLabel("Or paste a list").fill("title\nTwice\n");
		proxy.forget();
		await press();
		await page.getByText("1 new, 0 known already.").waitFor();
		assert.deepEqual(await songs(), ["Once", "Twice"]);
	});

	test("the box stays away: told once, and what was typed is still in the field", async () => {
		await openImport();
		await page.getByLabel("Or paste a list").fill("title\nNever\n");
		proxy.dead();
		await press();
		await page.getByText("No answer from the box to the import").waitFor({ timeout: 15000 });
		assert.equal(await page.getByText("No answer from the box to the import").count(), 1);
		assert.equal(await page.getByLabel("Or paste a list").inputValue(), "title\nNever\n");
		/* What lay on the way is lost with it. */
		proxy.cut();
		proxy.dead(false);
		await online();
		assert.deepEqual(await songs(), ["Once", "Twice"]);
		await page.keyboard.press("Escape");
	});

	test("the daemon is killed in mid-song: the beat goes on, and is right when it is back", async (t) => {
		await witness.request("tempo.set", { bpm: 140 });
		await witness.request("tempo.start");
		await until(async () => (await marks(page)).length > 2, "the first beats");
		await box.kill("tactusd");
		const before = (await marks(page)).length;
		await page.getByText("No connection.").first().waitFor();
		await until(async () => (await marks(page)).length >= before + 4, "beats without a daemon");
		await box.start("tactusd");
		const began = performance.now();
		await witness.resume();
		await right_again(t, began, true);
	});

	test("taps into a socket that leads nowhere are not sent again", async (t) => {
		await witness.request("tempo.stop");
		await page.locator(".dial.resting").waitFor();
		const { bpm } = witness.state.tempoState;
		const before = count("tempo.tap");
		proxy.forget();
		const began = performance.now();
		for (let i = 0; i < 3; i++) {
			await page.locator(".tap").tap();
			await sleep(400);
		}
		await page.getByText("No answer from the box to the tap").waitFor();
		await online();
		t.diagnostic(`on a socket that is alive ${(performance.now() - began).toFixed(0)} ms after the first tap`);
		await sleep(1000);
		assert.equal(count("tempo.tap"), before + 3);
		assert.deepEqual([witness.state.tempoState.bpm, witness.state.tempoState.running], [bpm, false]);
		await witness.request("tempo.start");
	});

	for (const [what, away] of /** @type {[string, () => Promise<unknown>][]} */ ([
		["frozen and thawed", async () => {
			const cdp = await page.context().newCDPSession(page);
			await cdp.send("Page.setWebLifecycleState", { state: "frozen" });
			await changes();
			await sleep(4000);
			await cdp.send("Page.setWebLifecycleState", { state: "active" });
			await cdp.detach();
		}],
		["out of reach for ten seconds", async () => {
			proxy.dead();
			await changes();
			await sleep(10000);
			proxy.dead(false);
		}],
		["without a network, as the browser knows", async () => {
			await page.context().setOffline(true);
			proxy.forget();
			await page.getByText("No connection.").first().waitFor();
			await changes();
			await page.context().setOffline(false);
		}],
		["on a socket that leads nowhere", async () => {
			proxy.forget();
			await changes();
		}],
		["away for a moment in which its line breaks", async () => {
			await page.evaluate(hide);
			proxy.forget();
			await changes();
			await page.evaluate(() => /** @type {any} */ (window).show());
		}],
		["in a tab that is hidden for five seconds, its line broken", async () => {
			await page.evaluate(hide);
			await changes();
			proxy.forget();
			await sleep(5000);
			await page.evaluate(() => /** @type {any} */ (window).show());
		}],
	]))
		test(`${what}: back by itself, as the others are, the next beats right`, async (t) => {
			const taps = count("tempo.tap");
			await until(async () => (await marks(page)).length > 2, "beats");
			await away();
			const began = performance.now();
			await right_again(t, began);
			const drawn = await marks(page);
			let anew = 0;
			for (let i = 1; i < drawn.length; i++) {
				anew += Number(drawn[i].bar * 9 + drawn[i].beat <= drawn[i - 1].bar * 9 + drawn[i - 1].beat);
				assert.ok(drawn[i].server_time >= drawn[i - 1].server_time, `${drawn[i].bar}:${drawn[i].beat} before ${drawn[i - 1].bar}:${drawn[i - 1].beat}`);
			}
			/* Out of reach it went on with the run that it knew; the next one begins where that one was stopped. */
			assert.ok(anew <= runs, `${anew} beats doubled or backward`);
			assert.equal(count("tempo.tap"), taps);
		});

	let runs = 0;

	/** What the page misses: a tempo, a song, and another run. */
	async function changes() {
		runs++;
		const { bpm } = witness.state.tempoState;
		await witness.request("tempo.stop");
		await witness.request("song.create", { title: `Song ${witness.state.revision}`, default_bpm: 120 }).then(({ song_id }) => witness.request("song.activate", { song_id }));
		await witness.request("tempo.set", { bpm: bpm > 170 ? 131 : bpm + 7 });
		await witness.request("tempo.start");
	}

	/** As a browser does it with a tab in the background: told so, and no frames. */
	function hide() {
		let state = "hidden";
		Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
		const real = requestAnimationFrame;
		/** @type {FrameRequestCallback[]} */
		const held = [];
		window.requestAnimationFrame = (callback) => held.push(callback);
		document.dispatchEvent(new Event("visibilitychange"));
		/** @type {any} */ (window).show = () => {
			state = "visible";
			window.requestAnimationFrame = real;
			held.forEach((callback) => real(callback));
			document.dispatchEvent(new Event("visibilitychange"));
		};
	}

	test("loaded again, and come back to from another page: in its seat, in step", async (t) => {
		for (const again of [() => page.reload(), () => page.goto("about:blank").then(() => page.goBack())]) {
			await again();
			const began = performance.now();
			await page.locator(".tap").waitFor();
			await right_again(t, began, true);
		}
		assert.equal((await believed(page)).participants.length, 1);
	});

	test("opened in a remembered seat: all at once, no file twice; where in the bar it is before the next slow beat; again, nothing is sent again", async (t) => {
		const { code } = witness.state.session;
		const seat = JSON.parse(await page.evaluate(() => localStorage.getItem("tactus.seat")));
		const before = witness.state.tempoState.bpm;
		await witness.request("tempo.set", { bpm: 30 });
		await witness.when((s) => s.tempoState.bpm === 30 && !s.tempoState.pending, 10000);
		const { placed_ms, marked_ms, requests, named, reload } = await firstBeat(browser, box, { code, seat });
		t.diagnostic(`${requests.length} requests; the dial ${placed_ms.toFixed(0)} ms after the start, the first beat at 30 bpm after ${marked_ms.toFixed(0)}; loaded again ${reload.placed_ms.toFixed(0)} ms`);
		assert.ok(placed_ms <= marked_ms + 20, "nothing was shown before the first beat");
		/* What only a script names comes a journey later. */
		assert.deepEqual(requests.filter((path) => path.endsWith(".js") || path.endsWith(".css")).sort(), ["/app.js", "/style.css"]);
		assert.equal(new Set(requests).size, requests.length, "fetched twice");
		const again = reload.fetched.filter(([path]) => named.includes(path));
		assert.ok(again.length > 1);
		assert.deepEqual(again.filter(([, bytes]) => bytes > 1000), [], "a body was sent again");
		await witness.request("tempo.set", { bpm: before });
		await witness.when((s) => s.tempoState.bpm === before && !s.tempoState.pending, 10000);
	});

	test("two phones lead at once: both end with what the box has", async (t) => {
		const other = await openPage(browser, box);
		try {
			await other.evaluate((/** @type {string} */ seat) => localStorage.setItem("tactus.seat", seat), await page.evaluate(() => localStorage.getItem("tactus.seat")));
			await other.reload();
			await other.locator(".tap").waitFor();
			await Promise.all([page, other].map(async (phone, i) => {
				for (let n = 0; n < 8; n++)
					await phone.getByRole("button", { name: i ? "One slower" : "One faster" }).click();
			}));
			await until(async () => !witness.state.tempoState.pending && (await Promise.all([page, other].map(state_of))).every(({ busy }) => busy.length === 0), "quiet");
			await right_again(t, performance.now(), true);
			assert.deepEqual(common(await believed(other)), common(witness.state));
			for (const phone of [page, other])
				assert.match(await phone.locator(".fact-tempo").innerText(), new RegExp(`${witness.state.tempoState.bpm}`));
			assert.deepEqual(faults(await marks(other)), []);
		} finally {
			await other.context().close();
		}
	});

	test("a player who is out of reach when the session is closed hears of it when it is back", async () => {
		const ben = await openPage(browser, proxy, `/join/${witness.state.session.code}`);
		await join(ben, "Ben");
		proxy.dead();
		await witness.request("session.close");
		await ben.getByText("No connection.").first().waitFor();
		proxy.cut();
		proxy.dead(false);
		await ben.getByText("The session was closed.").waitFor();
	});
});
