/*
 * desk.mjs - the MD's desk on a box of its own, with three songs tonight, and what is asked of it again
 * and again. What the box then says is witnessed by the MD's second device, a scripted one.
 *
 *     const { md, eye, button, close } = await openDesk();
 */
import assert from "node:assert/strict";

import { startBox, until } from "./box.mjs";
import { create, openBrowser, openPage } from "./browser.mjs";
import { Phone } from "./phone.mjs";

const SONGS = /** @type {[string, number][]} */ ([["Autumn", 100], ["Bossa", 110], ["Caravan", 120]]);

export async function openDesk() {
	const box = await startBox();
	const browser = await openBrowser();
	const md = await openPage(browser, box);
	/** Requests that the page sent. @type {any[]} */
	const sent = [];
	md.on("websocket", (/** @type {any} */ socket) => socket.on("framesent", (/** @type {any} */ { payload }) => sent.push(JSON.parse(String(payload)))));
	await md.reload();
	const code = await create(md, "Ann");
	const eye = await Phone.open(box.url);
	eye.token = await md.evaluate(() => JSON.parse(localStorage.getItem("tactus.seat") ?? "").token);
	await eye.request("session.resume", { token: eye.token });
	const { setlist_id } = await eye.request("setlist.create", { title: "Tonight" });
	for (const [title, default_bpm] of SONGS) {
		const { song_id } = await eye.request("song.create", { title, default_bpm });
		await eye.request("setlist.item.add", { setlist_id, song_id });
	}
	await eye.request("setlist.activate", { setlist_id });
	/* The page's clock is set. */
	await md.locator(".chip", { hasText: "±" }).waitFor();

	const tempo = () => /** @type {any} */ (eye.state).tempoState;
	const button = (/** @type {string} */ name) => md.getByRole("button", { name, exact: true });
	return {
		box, browser, md, eye, code, sent, tempo, button,
		says: (/** @type {string | RegExp} */ text) => md.locator(".notice", { hasText: text }).waitFor(),
		wait: (/** @type {(tempo: any) => boolean} */ so) => eye.when((/** @type {any} */ s) => so(s.tempoState), 10000),
		async run() {
			if (!tempo().running)
				await eye.request("tempo.start", {});
			await md.getByRole("button", { name: "Stop" }).waitFor();
		},
		async halt() {
			await eye.request("tempo.stop", {});
			await button("Start").waitFor();
		},
		/** Sets a tempo by the other device, and waits until the page shows it. @param {Record<string, unknown>} fields */
		async set(fields) {
			await eye.request("tempo.set", fields);
			if (!tempo().running)
				await until(async () => await md.getByLabel("Beats a minute").inputValue() === String(tempo().bpm), "the tempo");
		},
		/** Nothing went wrong behind the scenes. */
		unhurt() {
			assert.deepEqual(md.errors.filter((/** @type {string} */ e) => !/WebSocket|ERR_CONNECTION|Cross-Origin/.test(e)), []);
			assert.deepEqual(eye.holes, []);
		},
		async close() {
			await eye.close();
			await browser.close();
			await box.stop();
		},
	};
}
