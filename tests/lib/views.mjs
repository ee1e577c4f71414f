/*
 * views.mjs - a walk through every view of the page, on a box where a band rehearses: for pictures of
 * them, and for whatever has to hold on each.
 *
 *     for await (const { name, page } of views()) ...
 *
 * A view stays until the next one is asked for. What a view shows is put there by scripted phones; how
 * one comes to it is pressed on the page itself.
 */
import { startBox } from "./box.mjs";
import { create, join, openBrowser, openPage, openSongs } from "./browser.mjs";
import { Phone } from "./phone.mjs";

const PIN = "123456";
const SONGS = [
	{ title: "Autumn Leaves", default_key: "Gm", default_bpm: 132, notes: "# Autumn Leaves\n\n**Intro** 4 bars, *rubato*\n\n- Head twice\n- Solos: sax, keys, 2 × 32\n- Head out, tag ×3\n\n> watch the MD for the ending" },
	{ title: "Blue Bossa", default_key: "Cm", default_bpm: 144 },
	{ title: "A title that is long, and goes on, and does not end before the line does", default_key: "F#m", default_bpm: 92, time_signature: "6/8" },
	{ title: "Footprints", default_key: "Cm", default_bpm: 66, time_signature: "6/8", notes: "Ritardando *only* at the very end" },
	{ title: "So What", default_key: "Dm", default_bpm: 136 },
];
const BAND = { Ben: "bass", "Clara Zwiebelmöller-Tannhäuser": "keys 1", Dee: "drums" };

/** The band: who plays what, songs with notes, a setlist with an override and a leader. @param {Phone} md */
async function rehearse(md, /** @type {string} */ url, /** @type {string} */ code) {
	/** @type {Record<string, Phone>} */
	const band = {};
	for (const [name, slot] of Object.entries(BAND)) {
		const phone = band[name] = await Phone.open(url);
		await phone.join(code, name);
		const { id } = phone.state.slots.find((/** @type {any} */ s) => s.name === slot);
		await phone.request("role.assign", { slot_id: id });
	}
	const { setlist_id } = await md.request("setlist.create", { title: "Tonight" });
	await md.request("setlist.activate", { setlist_id });
	for (const song of SONGS) {
		const { song_id } = await md.request("song.create", song);
		await md.request("setlist.item.add", { song_id });
	}
	await md.request("setlist.item.update", { position: 1, key_override: "Dm", bpm_override: 150, song_leader_user_id: band.Ben.state.you.user_id });
	return band;
}

/** The page's own clock is set: nothing about it moves any more. @param {any} page */
const settled = (page) => page.locator(".chip", { hasText: "±" }).first().waitFor();

/** Presses one button after the other. @param {any} page @param {(string | RegExp)[]} names */
async function press(page, ...names) {
	for (const name of names)
		await page.getByRole("button", { name, exact: typeof name === "string" }).first().click();
}

/** A beat of that number is on the dial. @param {any} page @param {string} digit */
const beat = (page, digit) => page.waitForFunction((d) => document.querySelector(".digit")?.textContent === d, digit, { polling: "raf" });

/** Before one is in. @param {any} page */
async function* door(page) {
	yield { name: "door-join", page };
	await page.getByRole("tab", { name: "New session" }).click();
	await page.getByLabel("Your name").fill("Ann");
	await page.getByLabel("PIN").fill("000000");
	await page.getByRole("button", { name: "Start the session" }).click();
	await page.locator(".wrong").waitFor();
	yield { name: "door-create-wrong", page };
}

/** Who is here, who plays what, how others come in, how the MD goes. @param {any} md @param {Phone} ben */
async function* bandViews(md, ben) {
	const press = (/** @type {string} */ name) => md.getByRole("dialog").getByRole("button", { name, exact: true }).click();
	await ben.request("metrics.report", { rtt_ms: 240, jitter_ms: 9, packet_loss_pct: 12 });
	await ben.request("ready.set", { ready: true });
	await md.getByRole("button", { name: /^Band/ }).click();
	yield { name: "sheet-band", page: md };
	for (const more of await md.locator("dialog summary").all())
		await more.click();
	yield { name: "sheet-band-open", page: md };
	await press("Who plays what");
	await press("drums: Ben");
	await md.getByText("drums: Ben instead of Dee").waitFor();
	yield { name: "sheet-roles", page: md };
	await press("Undo");
	await md.getByRole("combobox", { name: "For" }).selectOption({ label: "Blue Bossa" });
	await press("keys 1: Ben, for Blue Bossa");
	await md.getByText("keys 1: Ben", { exact: true }).waitFor();
	yield { name: "sheet-roles-song", page: md };
	await press("Undo");
	await press("Back");
	await press("Show the code");
	yield { name: "sheet-invite", page: md };
	await md.keyboard.press("Escape");
	await md.getByRole("button", { name: "This phone" }).click();
	await press("Leave the session");
	yield { name: "sheet-parting", page: md };
	await md.keyboard.press("Escape");
}

/** Tonight's list, one of its songs, all lists. @param {any} md @param {Phone} tablet */
async function* setlistViews(md, tablet) {
	const dialog = md.getByRole("dialog");
	const press = (/** @type {string} */ name) => dialog.getByRole("button", { name, exact: true }).click();
	await tablet.request("song.activate", { position: 1 });
	await md.getByRole("button", { name: "Setlist", exact: true }).click();
	await dialog.getByText("on now").waitFor();
	yield { name: "sheet-setlist", page: md };
	await dialog.getByRole("button", { name: "Move Footprints" }).press("Space");
	await md.keyboard.press("ArrowUp");
	await md.keyboard.press("ArrowUp");
	await dialog.getByText("Footprints: 2", { exact: true }).waitFor({ state: "attached" });
	yield { name: "sheet-setlist-carried", page: md };
	await md.keyboard.press("Escape");
	await dialog.getByRole("button", { name: /^2 Blue Bossa/ }).click();
	await dialog.getByLabel("Key", { exact: true }).fill("Ebm");
	yield { name: "sheet-item", page: md };
	await press("Remove");
	await dialog.getByRole("button", { name: "Undo" }).waitFor();
	yield { name: "sheet-setlist-undo", page: md };
	await press("Undo");
	await dialog.getByRole("button", { name: "Undo" }).waitFor({ state: "detached" });
	await press("Setlists");
	await dialog.getByText("in use").click();
	yield { name: "sheet-setlists", page: md };
	await press("Delete");
	yield { name: "sheet-setlists-delete", page: md };
	await md.keyboard.press("Escape");
	await tablet.request("song.activate", { position: null });
}

/** What else the MD opens, over the stage. @param {any} page @param {Phone} tablet */
async function* sheets_of_md(page, tablet) {
	await openSongs(page);
	await page.locator("dialog.sheet-songs li").first().waitFor();
	yield { name: "md-sheet-songs", page };
	await press(page, "Import songs");
	await page.getByLabel("Or paste a list").fill("title,key,tempo,time\nSo What,,1360,4/4");
	await press(page, "Import");
	await page.locator(".wrong").waitFor();
	yield { name: "md-sheet-import-wrong", page };
	await page.getByLabel("Or paste a list").fill("");
	await press(page, "Back to the songs", /^Edit Autumn Leaves/);
	await page.getByLabel("Notes").waitFor();
	yield { name: "md-sheet-song_form", page };
	await page.keyboard.press("Escape");
	await tablet.request("song.activate", { position: 0 });
	for (const [name, ...way] of /** @type {[string, ...(string | RegExp)[]][]} */ ([["song", /^Autumn Leaves/], ["sound", "Sound"], ["you", "This phone"], ["close", "This phone", "Close the session"]])) {
		await press(page, ...way);
		yield { name: `md-sheet-${name}`, page };
		await page.keyboard.press("Escape");
	}
	await tablet.request("song.activate", { position: null });
}

/** What is told of while it plays. @param {any} md @param {any} player @param {Phone} tablet @param {Record<string, Phone>} band */
async function* playing(md, player, tablet, band) {
	await tablet.request("song.activate", { position: 0 });
	await tablet.request("tempo.start", { count_in_bars: 1 });
	await beat(md, "2");
	yield { name: "md-count-in", page: md };
	await tablet.when((/** @type {any} */ state) => state.tempoState.running);
	await player.locator(".fact-bar:not(.idle)").waitFor();
	await beat(player, "1");
	yield { name: "player-playing", page: player };
	await beat(md, "3");
	yield { name: "md-playing", page: md };
	await tablet.request("tempo.set", { bpm: 148, in_bars: 16 });
	await md.locator(".coming").waitFor();
	yield { name: "md-announced", page: md };
	yield { name: "player-announced", page: player };
	await band.Ben.request("ptt.set", { state: "talking" });
	await player.getByText(/Ben/).first().waitFor();
	yield { name: "player-talk", page: player };
	await band.Ben.request("ptt.set", { state: "idle" });
	await tablet.request("tempo.stop");
	await tablet.request("song.activate", { position: 3 });
	await tablet.request("tempo.start", {});
	await beat(md, "1");
	yield { name: "md-compound", page: md };
}

export async function* views() {
	const box = await startBox({ pin: PIN });
	const browser = await openBrowser();
	/** @type {Phone[]} */
	const phones = [];
	try {
		const md = await openPage(browser, box);
		yield* door(md);
		const code = await create(md, "Ann", PIN);
		await settled(md);
		yield { name: "md-alone", page: md };

		const tablet = await Phone.open(box.url);
		phones.push(tablet);
		await tablet.request("session.resume", { token: await md.evaluate(() => JSON.parse(localStorage.getItem("tactus.seat") ?? "").token) });
		const band = await rehearse(tablet, box.url, code);
		phones.push(...Object.values(band));
		yield { name: "md-stopped", page: md };
		yield* setlistViews(md, tablet);
		yield* bandViews(md, band.Ben);
		yield* sheets_of_md(md, tablet);

		const player = await openPage(browser, box, `/join/${code}`);
		yield { name: "door-link", page: player };
		await join(player, "Eve", "", false);
		await settled(player);
		yield { name: "player-slot-pick", page: player };
		await player.getByRole("button", { name: "Later" }).click();
		await tablet.request("role.assign", { slot_id: tablet.state?.slots.find((/** @type {any} */ s) => s.name === "lead vocal 1").id, user_id: await player.evaluate(() => /** @type {any} */ (globalThis).tactus().snapshot.you.user_id) });
		yield { name: "player-stopped", page: player };
		yield* playing(md, player, tablet, band);
		for (const [name, ...way] of /** @type {[string, ...(string | RegExp)[]][]} */ ([["setlist", "Setlist"], ["band", /^Band/], ["roles", /^Band/, "Who plays what"], ["you", "This phone"], ["claim", "This phone", /^Take over/]])) {
			await press(player, ...way);
			yield { name: `player-sheet-${name}`, page: player };
			await player.keyboard.press("Escape");
		}
		await box.kill("tactus-click");
		await md.getByText(/No click program|Audio lost/).first().waitFor();
		yield { name: "md-no-audio", page: md };
		await box.kill("tactusd");
		await player.getByText("No connection.").first().waitFor();
		yield { name: "player-no-connection", page: player };
		yield { name: "md-no-connection", page: md };
	} finally {
		for (const phone of phones)
			phone.terminate();
		await browser.close();
		await box.stop();
	}
}
