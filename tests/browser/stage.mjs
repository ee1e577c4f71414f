/*
 * What a player sees and presses: at the door and on joining, the song with its
 * notes and who plays what, one's own part in it and in the next, what is
 * announced, who talks, who is ready. A scripted phone leads the session and is
 * the witness of what the box was told.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startBox, until } from "../lib/box.mjs";
import { join, openBrowser, openPage } from "../lib/browser.mjs";
import { Phone } from "../lib/phone.mjs";
import { startProxy } from "../lib/proxy.mjs";

const PIN = "482913";

describe("a player's stage", () => {
	/** @type {any} */ let box;
	/** @type {any} */ let browser;
	/** @type {any} */ let ben;
	/** @type {Phone} */ let md;
	/** @type {Record<string, string>} */ let slots = {};
	/** @type {string[]} */ const songs = [];
	let code = "";
	const person = (/** @type {string} */ name) => /** @type {any} */ (md.state).participants.find((/** @type {any} */ p) => p.display_name === name);
	const song = () => ben.getByRole("region", { name: "Song", exact: true });
	const page = () => ben.getByRole("region", { name: "Notes and line-up" });
	const talk = () => ben.getByRole("button", { name: /^(Hold to talk|All see you talk)$/ });
	const says = (/** @type {string} */ name, /** @type {string} */ state) => md.when((s) => s.participants.some((/** @type {any} */ p) => p.display_name === name && p.ptt_state === state), 10000);

	before(async () => {
		box = await startBox({ pin: PIN, audio: false });
		browser = await openBrowser();
		md = await Phone.open(box.url);
		code = (await md.create("Ann", PIN)).code;
		slots = Object.fromEntries(/** @type {any} */ (md.state).slots.map((/** @type {any} */ s) => [s.name, s.id]));
		const { setlist_id } = await md.request("setlist.create", { title: "Tonight" });
		for (const fields of [
			{ title: "Autumn Leaves", default_key: "Gm", default_bpm: 120, notes: "# Intro\n**Loud**, then `Cm7`\n- drums *only*" },
			{ title: "Blue Bossa", default_key: "Cm", default_bpm: 144 },
			{ title: "Footprints", default_key: "Fm", default_bpm: 66, time_signature: "6/8" },
		]) {
			const { song_id } = await md.request("song.create", fields);
			songs.push(song_id);
			await md.request("setlist.item.add", { setlist_id, song_id });
		}
		await md.request("setlist.activate", { setlist_id });
	});
	after(async () => {
		await md?.close();
		await browser?.close();
		await box?.stop();
	});

	test("at the door what is wrong is said in plain words, and what was typed stays", async () => {
		const door = await openPage(browser, box, "/join/0O0O0O");
		const press = () => door.getByRole("button", { name: "Join", exact: true }).click();
		await press();
		await door.getByText("What does the band call you?").waitFor();
		await door.getByLabel("Your name").fill("Cas");
		await press();
		await door.getByText("There is no session with this code.").waitFor();
		assert.equal(await door.getByLabel("Your name").inputValue(), "Cas");
		const other = await Phone.open(box.url);
		const { code: dead } = await other.create("Zoe", PIN);
		await other.request("session.close");
		await other.close();
		await door.getByLabel("Session code").fill(dead);
		await press();
		await door.locator(".wrong").waitFor();
		for (let i = 0; i < 20 && !/Too many wrong tries\. .*\d/.test(await door.locator(".wrong").innerText()); i++) {
			await door.getByLabel("Session code").fill(`YYYYY${i % 10}`);
			await press();
			await until(async () => await door.locator(".wrong").count() && await door.getByRole("button", { name: "Join", exact: true }).isEnabled(), "an answer");
		}
		assert.match(await door.locator(".wrong").innerText(), /Too many wrong tries\. .*\d/);
		await box.kill("tactusd");
		await door.getByText("No connection to the box").waitFor();
		assert.ok(await door.getByRole("button", { name: "Join", exact: true }).isDisabled());
		await box.start("tactusd");
		await md.resume();
		await door.context().close();
	});

	test("from the link to the slot: a name and two presses; all see the part", async () => {
		ben = await openPage(browser, box, `/join/${code}`);
		await ben.getByLabel("Your name").fill("Ben");
		await ben.getByRole("button", { name: "Join", exact: true }).click();
		const asked = ben.getByRole("dialog", { name: "What do you play?" });
		await asked.getByRole("button", { name: "bass", exact: true }).click();
		await asked.waitFor({ state: "detached" });
		await md.when((s) => s.roleAssignments.some((/** @type {any} */ r) => r.slot_id === slots.bass && r.user_id === person("Ben").user_id));
		await song().getByText("You: bass").waitFor();
		await ben.reload();
		await song().getByText("You: bass").waitFor();
		assert.equal(await asked.count(), 0);
	});

	test("who answers later finds it in the band, where it is not asked again", async () => {
		const cas = await openPage(browser, box, `/join/${code}`);
		await join(cas, "Cas");
		await cas.getByRole("button", { name: /^Band: / }).first().click();
		await cas.getByRole("dialog").getByText("What do you play?").first().click();
		await cas.getByRole("dialog").getByRole("button", { name: "drums" }).first().click();
		await md.when((s) => s.roleAssignments.some((/** @type {any} */ r) => r.slot_id === slots.drums));
		await cas.context().close();
	});

	test("the song: title, key, leader, the next one with key and tempo, one's part now and then", async () => {
		await md.request("role.assign", { slot_id: slots["keys 1"], user_id: person("Ben").user_id, scope_type: "song", scope_song_id: songs[1] });
		await md.request("setlist.item.update", { position: 0, song_leader_user_id: person("Cas").user_id });
		await md.request("song.activate", { position: 0 });
		for (const text of ["Autumn Leaves", "Gm", "led by Cas", "Next: Blue Bossa", "You: bass · next: bass, keys 1"])
			await song().getByText(text, { exact: false }).first().waitFor();
		assert.match(await song().locator(".song-next").innerText(), /Cm[\s\S]*144/);
		await md.request("song.activate", { position: 1 });
		await song().getByText("You: bass, keys 1 · next: bass").waitFor();
		await song().getByText("♩. = 66").waitFor({ state: "attached" });
		await md.request("song.activate", { position: 0 });
	});

	test("its page: notes as they are meant, and who plays what; the beat stays in sight", async () => {
		await page().getByRole("heading", { name: "Intro" }).waitFor();
		assert.deepEqual(await page().locator(".notes").locator("strong, code, li em").allInnerTexts(), ["Loud", "Cm7", "only"]);
		assert.match((await page().locator(".line-up").innerText()).replace(/\s+/g, " "), /drums Cas.*bass .*Ben/);
		await md.request("song.update", { song_id: songs[0], notes: `# Intro\n${"line\n".repeat(200)}` });
		await page().getByText("line").first().waitFor();
		await page().evaluate((/** @type {Element} */ e) => e.scrollTop = e.scrollHeight);
		for (const [width, height] of [[320, 568], [568, 320], [360, 740], [740, 360], [768, 1024], [1024, 768]]) {
			await ben.setViewportSize({ width, height });
			const [face, bar] = [await ben.locator(".face").boundingBox(), await ben.locator(".fact-bar").boundingBox()];
			assert.ok(face.y >= 0 && face.y + face.height < height && face.width >= 80 && bar.y + bar.height < height, `${width}x${height}: ${JSON.stringify([face, bar])}`);
			assert.ok(await page().evaluate((/** @type {Element} */ e) => e.clientHeight >= 48 && e.getBoundingClientRect().bottom <= innerHeight), `the page at ${width}x${height}`);
		}
		await ben.setViewportSize({ width: 360, height: 740 });
	});

	test("the bar of the session and of the song; a change counts down in bars", async () => {
		await md.request("tempo.start", { count_in_bars: 1 });
		const bar = ben.locator(".fact-bar");
		await bar.locator("dt", { hasText: "Count-in" }).waitFor();
		await bar.locator("dt", { hasText: /song bar 1/ }).waitFor();
		await bar.locator("dd", { hasText: /^2$/ }).waitFor();
		await md.request("tempo.set", { bpm: 240, in_bars: 3 });
		await ben.getByText(/240 at bar \d+/).waitFor();
		for (const left of ["in 2 bars", "at the next bar"])
			await ben.getByText(left).waitFor();
		await ben.locator(".fact-tempo", { hasText: "♩ = 240" }).waitFor();
		assert.equal(await ben.locator(".coming").count(), 0);
		await md.request("tempo.stop");
		await ben.locator(".dial.resting").waitFor();
	});

	test("ready: told by a press, counted for the MD", async () => {
		await ben.getByRole("button", { name: "I’m ready" }).click();
		await md.when((s) => s.participants.find((/** @type {any} */ p) => p.display_name === "Ben").ready);
		await ben.locator(".ready[aria-pressed=true]").waitFor();
		const desk = await openPage(browser, box, `/join/${code}`);
		await desk.evaluate((/** @type {any} */ seat) => sessionStorage.setItem("tactus.seat", JSON.stringify(seat)), { code, token: md.token, session_id: md.state?.session.id });
		await desk.reload();
		await desk.getByText("1 of 1 ready").waitFor();
		await desk.getByRole("button", { name: "Autumn Leaves" }).click();
		await desk.getByRole("dialog", { name: "Autumn Leaves" }).getByRole("heading", { name: "Intro" }).waitFor();
		await desk.getByRole("dialog").getByRole("button", { name: "Edit the song" }).waitFor();
		await desk.context().close();
		await ben.getByRole("button", { name: "I’m ready" }).click();
		await md.when((s) => !s.participants.find((/** @type {any} */ p) => p.display_name === "Ben").ready);
	});

	test("talk: as long as it is held, by mouse or key; any end of it is an end", async () => {
		await talk().hover();
		await ben.mouse.down();
		await says("Ben", "talking");
		await ben.getByText("Ben talks").waitFor();
		await ben.mouse.up();
		await says("Ben", "idle");
		await ben.getByText("Ben talks").waitFor({ state: "detached" });

		for (const end of [
			() => ben.mouse.move(5, 5),
			() => ben.evaluate(() => window.dispatchEvent(new Event("blur"))),
			() => ben.evaluate(() => window.dispatchEvent(new Event("pagehide"))),
			() => talk().dispatchEvent("pointercancel"),
			() => ben.evaluate(() => {
				Object.defineProperty(document, "hidden", { value: true, configurable: true });
				document.dispatchEvent(new Event("visibilitychange"));
				delete (/** @type {any} */ (document).hidden);
			}),
			() => md.request("tempo.handoff", { user_id: person("Ben").user_id }),
		]) {
			await talk().hover();
			await ben.mouse.down();
			await says("Ben", "talking");
			await end();
			await says("Ben", "idle");
			await ben.mouse.up();
		}
		await md.request("tempo.handoff", { user_id: person("Ann").user_id });
		await ben.locator(".foot").waitFor();

		await ben.keyboard.down("t");
		await says("Ben", "talking");
		await ben.keyboard.up("t");
		await says("Ben", "idle");
		await talk().focus();
		await ben.keyboard.down(" ");
		await says("Ben", "talking");
		await ben.keyboard.up(" ");
		await says("Ben", "idle");
	});

	test("a press that is over before the box has answered ends as idle", async () => {
		const before = md.heard.length;
		for (let i = 0; i < 5; i++) {
			await talk().dispatchEvent("pointerdown", { button: 0 });
			await talk().dispatchEvent("pointerup");
		}
		await says("Ben", "idle");
		const told = () => md.heard.slice(before).flatMap(({ message }) => message.participants?.find((/** @type {any} */ p) => p.display_name === "Ben")?.ptt_state ?? []);
		await until(() => told().filter((state) => state === "idle").length >= 5, "five times idle", 10000);
		assert.equal(told().at(-1), "idle");
	});

	test("the line breaks while one talks: all see the end, and it stays an end when the line is back", async () => {
		const proxy = await startProxy(box.port);
		const dee = await openPage(browser, proxy, `/join/${code}`);
		try {
			await join(dee, "Dee");
			const button = dee.getByRole("button", { name: /^(Hold to talk|All see you talk)$/ });
			await button.hover();
			await dee.mouse.down();
			await says("Dee", "talking");
			proxy.dead();
			await dee.getByText("Offline").waitFor();
			assert.equal(await button.getAttribute("aria-pressed"), "false");
			proxy.dead(false);
			await dee.getByText("Offline").waitFor({ state: "detached" });
			await says("Dee", "idle");
			await dee.mouse.up();
		} finally {
			await dee.context().close();
			await proxy.stop();
		}
		assert.deepEqual(ben.errors.filter((/** @type {string} */ e) => !/Cross-Origin|WebSocket|ERR_/.test(e)), []);
	});
});
