/*
 * The setlist in the browser: everyone sees what is on and what comes; the MD puts it in order by
 * mouse, finger and keys, goes from song to song, sets what is tonight's own about a song, and keeps
 * several lists. Two devices of the MD change it at once; a move that is refused, broken off, or that
 * the line does not bear, leaves the list as the box has it.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startBox, until } from "../lib/box.mjs";
import { create, join, openBrowser, openPage } from "../lib/browser.mjs";
import { Phone } from "../lib/phone.mjs";
import { startProxy } from "../lib/proxy.mjs";

const TITLES = ["Alone", "Blue Bossa", "Caravan", "Dolphin Dance", "Equinox"];
const SIZES = [[320, 568], [360, 740], [740, 360], [1024, 768]];

describe("the setlist in the browser", () => {
	/** @type {any} */ let box;
	/** @type {any} */ let browser;
	/** @type {any} */ let md;
	/** @type {any} */ let ben;
	/** The MD's second device, scripted: what the box has. @type {Phone} */ let eye;
	let code = "";
	/** What happens to a change of the list before it goes out. @type {(() => Promise<unknown>) | null} */ let before_change = null;

	const dialog = (page = md) => page.getByRole("dialog");
	const rows = (page = md) => dialog(page).getByRole("list", { name: "Setlist" }).getByRole("listitem");
	const handle = (/** @type {string} */ title, page = md) => dialog(page).getByRole("button", { name: `Move ${title}`, exact: true });
	const go = (/** @type {string} */ title, page = md) => dialog(page).getByRole("button", { name: `Go to ${title}`, exact: true });
	const shown = async (page = md) => (await rows(page).locator(".item-title").allInnerTexts()).map((/** @type {string} */ t) => t[0]).join("");
	const at_box = () => eye.state?.setlist.items.map((/** @type {any} */ i) => i.title[0]).join("");
	const item = (/** @type {string} */ title) => eye.state?.setlist.items.find((/** @type {any} */ i) => i.title === title);
	const is = (/** @type {string} */ order, page = md) => until(async () => at_box() === order && await shown(page) === order, order, 10000)
		.catch(async (e) => assert.fail(`${e.message}: ${at_box()} at the box, ${await shown(page)} on the page`));
	const openList = async (page = md) => {
		if (!await dialog(page).count())
			await page.getByRole("button", { name: "Setlist", exact: true }).click();
		await dialog(page).waitFor();
	};
	const shut = (page = md) => dialog(page).getByRole("button", { name: "Done" }).last().click();
	const openItem = async (/** @type {string} */ title, page = md) => {
		await openList(page);
		await rows(page).filter({ hasText: title }).locator("button.item").click();
		await dialog(page).getByRole("heading", { name: title }).waitFor();
	};
	const back = (page = md) => dialog(page).getByRole("button", { name: "Back" }).click();
	const reset = async () => {
		for (const [i, title] of TITLES.entries())
			if (item(title).position !== i)
				await eye.request("setlist.item.move", { position: item(title).position, to: i });
		await is("ABCDE");
	};
	const middle = async (/** @type {any} */ locator) => {
		const { x, y, width, height } = await locator.boundingBox();
		return { x: x + width / 2, y: y + height / 2 };
	};
	/** Picks the row up with the mouse and takes it to where another one is. */
	const carry = async (/** @type {string} */ title, /** @type {string} */ to, beyond = 0, page = md) => {
		const from = await middle(handle(title, page)), there = await middle(handle(to, page));
		await page.mouse.move(from.x, from.y);
		await page.mouse.down();
		await page.mouse.move(there.x, there.y + beyond, { steps: 6 });
	};
	/** A finger. @param {any} page */
	const finger = async (page) => {
		const cdp = await page.context().newCDPSession(page);
		const touch = (/** @type {string} */ type, /** @type {{x: number, y: number}[]} */ touchPoints) => cdp.send("Input.dispatchTouchEvent", { type, touchPoints });
		return {
			down: (/** @type {any} */ at) => touch("touchStart", [at]),
			async move(/** @type {any} */ from, /** @type {any} */ to) {
				for (let i = 1; i <= 8; i++)
					await touch("touchMove", [{ x: from.x + (to.x - from.x) * i / 8, y: from.y + (to.y - from.y) * i / 8 }]);
			},
			up: () => touch("touchEnd", []),
			cancel: () => touch("touchCancel", []),
		};
	};
	const focused = (/** @type {any} */ locator) => until(() => locator.evaluate((/** @type {any} */ e) => document.activeElement === e), `focus on ${locator}`, 10000);
	const token = () => md.evaluate(() => localStorage.getItem("tactus.seat"));
	/** The same MD on another phone: a browser that has the same seat. */
	const another = async (port = box.port) => {
		const page = await openPage(browser, { port });
		await page.evaluate((/** @type {string} */ seat) => localStorage.setItem("tactus.seat", seat), await token());
		await page.reload();
		await page.locator(".room").waitFor();
		return page;
	};

	before(async () => {
		box = await startBox();
		browser = await openBrowser();
		md = await openPage(browser, box);
		await md.routeWebSocket(/\/ws$/, (/** @type {any} */ socket) => {
			const server = socket.connectToServer();
			socket.onMessage(async (/** @type {string} */ text) => {
				if (before_change && text.includes('"setlist.item.'))
					await before_change();
				server.send(text);
			});
		});
		await md.reload();
		code = await create(md, "Ann");
		eye = await Phone.open(box.url);
		await eye.request("session.resume", { token: JSON.parse(await token()).token });
		ben = await openPage(browser, box, `/join/${code}`);
		await join(ben, "Ben");
	});
	after(async () => {
		await eye?.close();
		await browser?.close();
		await box?.stop();
	});

	test("where nothing is yet, it says what to do; the first list made is tonight's at once", async () => {
		await openList(ben);
		await dialog(ben).getByText("The music director has no setlist yet").waitFor();
		assert.equal(await dialog(ben).getByRole("button").count(), 1, "a player can only shut it");
		await openList();
		await dialog().getByText("There is no setlist yet").waitFor();
		await dialog().getByLabel("New setlist").fill("At the Vanguard");
		await dialog().getByRole("button", { name: "Create" }).click();
		for (const page of [md, ben])
			await dialog(page).getByRole("heading", { name: "At the Vanguard" }).waitFor();
		await dialog().getByText("Add the first one").waitFor();
		await dialog().getByRole("button", { name: "Add songs" }).click();
		await dialog().getByRole("heading", { name: "Songs" }).waitFor();
		await shut();
		assert.equal(eye.state?.setlist.title, "At the Vanguard");
	});

	test("everyone sees number, title, key, tempo, metre, leader, their own slots, what is on and what comes", async () => {
		for (const [i, title] of TITLES.entries()) {
			const { song_id } = await eye.request("song.create", { title, default_key: ["Gm", "Cm", "F"][i % 3], default_bpm: 100 + i, time_signature: i === 1 ? "6/8" : "4/4" });
			await eye.request("setlist.item.add", { song_id, ...(i === 1 ? { song_leader_user_id: eye.state?.you.user_id } : {}) });
		}
		const benId = eye.state?.participants.find((/** @type {any} */ p) => p.display_name === "Ben").user_id;
		const [drums, bass] = eye.state?.slots;
		await eye.request("role.assign", { slot_id: drums.id, user_id: benId });
		await eye.request("role.assign", { slot_id: bass.id, user_id: benId, scope_type: "song", scope_song_id: item("Caravan").song_id });
		await eye.request("song.activate", { position: 1 });
		await openList();
		await rows(ben).nth(1).getByText("on now").waitFor();
		await rows(ben).nth(2).getByText(bass.name).waitFor();
		assert.match((await rows(ben).nth(1).innerText()).replace(/\s+/g, " "), new RegExp(`2 Blue Bossa on now Cm .*101 6/8 .*Ann .*${drums.name}`));
		assert.match((await rows(ben).nth(2).innerText()).replace(/\s+/g, " "), new RegExp(`3 Caravan next F .*102 4/4 .*${drums.name}, ${bass.name}`));
		assert.doesNotMatch(await rows(ben).nth(0).innerText(), new RegExp(bass.name));
		assert.equal(await rows(ben).nth(1).getAttribute("aria-current"), "true");
		assert.equal(await dialog(ben).getByRole("list").getByRole("button").count(), 0, "a player changes nothing");
		assert.equal(await rows().count(), 5);
		await eye.request("role.clear", { slot_id: drums.id });
		await rows(ben).nth(0).getByText(drums.name).waitFor({ state: "detached" });
	});

	test("by mouse: down, up, over a long way; the list moves at once, before the box has answered", async () => {
		let asked = false, let_go = () => {};
		before_change = () => new Promise((resolve) => {
			asked = true;
			let_go = () => resolve(undefined);
		});
		await carry("Alone", "Caravan", 20);
		assert.equal(await shown(), "ABCDE", "the list is as it was while the row is carried");
		await md.mouse.up();
		await until(() => asked, "the request");
		assert.equal(await shown(), "BCADE");
		assert.equal(at_box(), "ABCDE");
		assert.ok(await go("Dolphin Dance").isDisabled(), "places are not sure until the answer");
		before_change = null;
		let_go();
		await is("BCADE");
		await is("BCADE", ben);
		await carry("Equinox", "Blue Bossa", -20);
		await md.mouse.up();
		await is("EBCAD");
		/* A press on the handle alone, and the way there and back, move nothing. */
		const revision = eye.state?.revision;
		await handle("Caravan").click();
		const { x, y } = await middle(handle("Caravan"));
		await carry("Caravan", "Dolphin Dance", 20);
		await md.mouse.move(x, y, { steps: 4 });
		await md.mouse.up();
		await is("EBCAD");
		assert.equal(eye.state?.setlist.items[1].song_leader_user_id, eye.state?.you.user_id, "what is tonight's goes with it");
		assert.equal(eye.state?.revision, revision);
		assert.equal(await md.locator("[style*=transform]").count(), 0);
		await reset();
	});

	test("let go outside, Escape, and a list that changes meanwhile put it back; the sheet stays", async () => {
		await md.setViewportSize({ width: 1024, height: 768 });
		await carry("Alone", "Dolphin Dance", 20);
		await md.mouse.move(20, 400);
		await md.mouse.up();
		assert.equal(await shown(), "ABCDE");
		await carry("Alone", "Dolphin Dance", 20);
		await md.keyboard.press("Escape");
		assert.equal(await md.locator("[data-carried]").count(), 0);
		await md.mouse.move(20, 400);
		await md.mouse.up();
		assert.equal(await dialog().count(), 1);
		await md.setViewportSize({ width: 360, height: 740 });

		await carry("Alone", "Dolphin Dance", 20);
		await eye.request("setlist.item.move", { position: 4, to: 1 });
		await dialog().getByText("changed on another phone").waitFor();
		await md.mouse.move(100, 300);
		await md.mouse.up();
		await is("AEBCD");
		/* What does not change the order ends nothing. */
		await carry("Alone", "Equinox", 20);
		await eye.request("setlist.item.update", { position: 2, key_override: "Ebm" });
		await rows().nth(2).getByText("Ebm").waitFor();
		await md.mouse.up();
		await is("EABCD");
		await eye.request("setlist.item.update", { position: 2, key_override: null });
		await reset();
	});

	test("by finger: a handle drags, and a touch that the system takes away puts it back", async () => {
		const { down, move, up, cancel } = await finger(md);
		const alone = await middle(handle("Alone")), dolphin = await middle(handle("Dolphin Dance"));
		await down(alone);
		await move(alone, { ...dolphin, y: dolphin.y + 20 });
		await md.locator("[data-carried]").waitFor();
		await up();
		await is("BCDAE");
		const first = await middle(handle("Blue Bossa"));
		await down(first);
		await move(first, dolphin);
		await md.locator("[data-carried]").waitFor();
		await cancel();
		await md.locator("[data-carried]").waitFor({ state: "detached" });
		assert.equal(await shown(), "BCDAE");
		assert.equal(at_box(), "BCDAE");
		await reset();
	});

	test("by keys: picked up, moved, put down or put back, and each is said", async () => {
		const said = (/** @type {RegExp} */ text) => dialog().getByRole("status").filter({ hasText: text }).waitFor({ state: "attached" });
		await handle("Blue Bossa").focus();
		await md.keyboard.press("Space");
		await said(/^Blue Bossa picked up, 2 of 5/);
		await md.keyboard.press("ArrowDown");
		await md.keyboard.press("ArrowDown");
		await said(/^Blue Bossa: 4$/);
		assert.equal(at_box(), "ABCDE");
		await md.keyboard.press("Space");
		await is("ACDBE");
		await said(/^Blue Bossa is 4 of 5 now/);
		await focused(handle("Blue Bossa"));
		await md.keyboard.press("Enter");
		for (let i = 0; i < 9; i++)
			await md.keyboard.press("ArrowUp");
		await said(/^Blue Bossa: 1$/);
		await md.keyboard.press("Escape");
		await said(/^Blue Bossa is back/);
		assert.equal(await shown(), "ACDBE");
		await focused(handle("Blue Bossa"));
		/* Whoever goes elsewhere has put it back. */
		await md.keyboard.press("Space");
		await md.keyboard.press("Home");
		await said(/^Blue Bossa: 1$/);
		await md.keyboard.press("Tab");
		await said(/^Blue Bossa is back/);
		assert.equal(at_box(), "ACDBE");
		await handle("Blue Bossa").press("Space");
		await md.keyboard.press("End");
		await md.keyboard.press("Enter");
		await is("ACDEB");
		assert.equal(await dialog().count(), 1);
		await reset();
	});

	test("a move that the box refuses as stale is said, and the list is as the box has it", async () => {
		before_change = async () => {
			before_change = null;
			await eye.request("setlist.item.move", { position: 4, to: 0 });
		};
		await carry("Alone", "Caravan", 20);
		await md.mouse.up();
		await dialog().getByRole("alert").getByText("Not done: the list was changed").waitFor();
		await is("EABCD");
		/* By keys the focus stays with the song. */
		before_change = async () => {
			before_change = null;
			await eye.request("setlist.item.move", { position: 0, to: 4 });
		};
		await handle("Blue Bossa").press("Space");
		await md.keyboard.press("ArrowDown");
		await md.keyboard.press("Space");
		await is("ABCDE");
		await focused(handle("Blue Bossa"));
	});

	test("go: at once while it stands, held while it plays, and what takes over when is shown", async () => {
		await go("Caravan").click();
		await eye.when((s) => s.activeSong?.title === "Caravan");
		await rows().nth(2).getByText("on now").waitFor();
		await eye.request("tempo.start", {});
		const play = go("Dolphin Dance");
		await until(() => play.evaluate((/** @type {any} */ b) => b.classList.contains("hold")), "a button to be held");
		await play.click();
		await dialog().getByText("hold the button").waitFor();
		assert.equal(eye.state?.activeSong.title, "Caravan");
		/* In three bars of a slow tempo there is time to see what is announced. */
		await eye.request("tempo.set", { bpm: 40 });
		const { x, y } = await middle(play);
		await md.mouse.move(x, y);
		await md.mouse.down();
		await eye.when((s) => s.activeSong.title === "Dolphin Dance");
		await md.mouse.up();
		const from = eye.state?.activeSong.start_bar_index + 1;
		for (const page of [md, ben])
			await rows(page).nth(3).getByText(new RegExp(`from bar ${from}|on now`)).waitFor();
		await eye.request("tempo.stop", {});

		/* Who leads the tempo goes, too, and changes nothing else. */
		const benId = eye.state?.participants.find((/** @type {any} */ p) => p.display_name === "Ben").user_id;
		await eye.request("tempo.handoff", { user_id: benId });
		await go("Equinox", ben).click();
		await eye.when((s) => s.activeSong.title === "Equinox");
		assert.equal(await handle("Equinox", ben).count(), 0);
		assert.equal(await rows(ben).getByRole("button").count(), 5);
		await eye.request("tempo.handoff", { user_id: eye.state?.you.user_id });
		await go("Equinox", ben).waitFor({ state: "detached" });

		await dialog().getByRole("button", { name: "Song off: Equinox" }).click();
		await eye.when((s) => s.activeSong === null);
		await dialog().getByRole("button", { name: "Song off: Equinox" }).waitFor({ state: "detached" });
	});

	test("key, tempo and leader of tonight reach every stage, and are taken back", async () => {
		await go("Alone").click();
		await shut(ben);
		const stage = ben.getByRole("main");
		const song = ben.getByRole("region", { name: "Song", exact: true });
		await song.getByText("Gm", { exact: true }).waitFor();
		await openItem("Alone");
		const key = dialog().getByLabel("Key", { exact: true }), tempo = dialog().getByLabel("Tempo", { exact: true });
		assert.equal(await key.getAttribute("placeholder"), "Gm");
		assert.equal(await tempo.getAttribute("placeholder"), "100");
		await key.fill("Bbm");
		await tempo.fill("300");
		await dialog().getByRole("button", { name: "Save" }).click();
		await dialog().getByRole("alert").getByText("from 30 to 260").waitFor();
		assert.equal(await tempo.inputValue(), "300", "what was typed stays");
		await tempo.fill("144");
		/* The next change does not wait for the answer to this one, and is no less good. */
		const leader = dialog().getByLabel("Song leader");
		before_change = () => sleep(300);
		await tempo.press("Enter");
		await leader.selectOption({ label: "Ben" });
		await eye.when(() => item("Alone").song_leader_user_id !== null);
		before_change = null;
		await song.getByText("Bbm", { exact: true }).waitFor();
		await dialog().getByRole("button", { name: "Save" }).waitFor({ state: "detached" });
		assert.equal(item("Alone").bpm_override, 144);
		/* One that is refused is not shown as done. */
		before_change = async () => {
			before_change = null;
			await eye.request("setlist.item.update", { position: 4, bpm_override: 99 });
		};
		await leader.selectOption({ label: "Ann" });
		await dialog().getByRole("alert").getByText("Not done: the list was changed").waitFor();
		assert.equal(await leader.evaluate((/** @type {HTMLSelectElement} */ e) => e.selectedOptions[0].text), "Ben");
		await key.fill("typing");
		await back();
		await go("Alone").click();
		await stage.getByText("144", { exact: true }).waitFor();
		await openItem("Alone");
		assert.equal(await key.inputValue(), "typing", "what was typed and not saved is still there");
		await dialog().getByRole("button", { name: "Key: as in the song" }).click();
		await song.getByText("Gm", { exact: true }).waitFor();
		assert.equal(await key.inputValue(), "");
		await tempo.fill("");
		await tempo.press("Enter");
		await eye.when(() => item("Alone").bpm_override === null);
		assert.equal(await tempo.getAttribute("placeholder"), "100");
		await leader.selectOption({ label: "Nobody" });
		await eye.when(() => item("Alone").song_leader_user_id === null);
		/* With an override, the song's own comes from the library. */
		await eye.request("setlist.item.update", { position: 1, key_override: "Dm" });
		await back();
		await openItem("Blue Bossa");
		await until(async () => await dialog().getByLabel("Key", { exact: true }).getAttribute("placeholder") === "Cm", "the song's own key");
		assert.equal(await dialog().getByLabel("Key", { exact: true }).inputValue(), "Dm");
		await back();
	});

	test("an item follows its song; one step at a time it moves; when it is gone, that is said", async () => {
		await openItem("Blue Bossa");
		await dialog().getByText("2 of 5").waitFor();
		await dialog().getByLabel("Tempo", { exact: true }).fill("77");
		await eye.request("setlist.item.move", { position: 4, to: 0 });
		await dialog().getByText("3 of 5").waitFor();
		assert.equal(await dialog().getByLabel("Tempo", { exact: true }).inputValue(), "77");
		await dialog().getByRole("button", { name: "Save" }).click();
		await eye.when(() => item("Blue Bossa").bpm_override === 77);
		await dialog().getByRole("button", { name: "Later" }).dblclick();
		await dialog().getByText("5 of 5").waitFor();
		assert.equal(at_box(), "EACDB");
		await dialog().getByRole("button", { name: "Later" }).press("Enter");
		await dialog().getByRole("button", { name: "Earlier" }).click();
		await dialog().getByText("4 of 5").waitFor();
		assert.equal(at_box(), "EACBD");
		await eye.request("setlist.item.remove", { position: 3 });
		await dialog().getByText("taken out of the list on another phone").waitFor();
		await dialog().getByRole("heading", { name: "At the Vanguard" }).waitFor();
		await is("EACD");
		const { songs } = await eye.request("song.list", { query: "blue" });
		await eye.request("setlist.item.add", { song_id: songs[0].id, position: 1, key_override: "Dm", bpm_override: 77, song_leader_user_id: eye.state?.you.user_id });
		await reset();
	});

	test("what was removed comes back with all it had, and is on again while nothing plays", async () => {
		await go("Blue Bossa").click();
		const had = item("Blue Bossa");
		await openItem("Blue Bossa");
		await dialog().getByRole("button", { name: "Remove" }).click();
		await is("ACDE");
		await dialog().getByRole("status").getByText("Out of the list: Blue Bossa").waitFor();
		assert.equal(eye.state?.activeSong.position, null);
		await dialog().getByRole("button", { name: "Undo" }).click();
		await is("ABCDE");
		assert.deepEqual(item("Blue Bossa"), had);
		await eye.when((s) => s.activeSong.position === 1);
		assert.equal(await dialog().getByRole("button", { name: "Undo" }).count(), 0);
	});

	test("lists: made, named, copied, used and deleted; while it plays a deletion must be held", async () => {
		await openList();
		await dialog().getByRole("button", { name: "Setlists" }).click();
		const lists = dialog().getByRole("list", { name: "Setlists" }).getByRole("listitem");
		await lists.filter({ hasText: "At the Vanguard" }).getByText("in use").waitFor();
		assert.match(await lists.first().innerText(), /5 songs/);
		await dialog().getByLabel("New setlist").fill("Second set");
		await dialog().getByRole("button", { name: "Create" }).click();
		await lists.filter({ hasText: "Second set" }).getByText("0 songs").waitFor();
		assert.equal(eye.state?.setlist.title, "At the Vanguard", "the second one is not used at once");
		assert.equal(await dialog().getByLabel("New setlist").inputValue(), "");

		await lists.first().getByRole("button", { name: "Vanguard" }).click();
		await lists.first().getByRole("button", { name: "Copy" }).click();
		await lists.filter({ hasText: "Copy of At the Vanguard" }).getByText("5 songs").waitFor();
		const name = dialog().getByLabel("Name");
		await name.fill(" ");
		await name.press("Enter");
		await dialog().getByRole("alert").waitFor();
		assert.equal(await name.inputValue(), " ");
		await name.fill("First set");
		await name.press("Enter");
		await lists.filter({ hasText: "First set" }).waitFor();
		await eye.when((s) => s.setlist.title === "First set");

		await dialog().getByRole("button", { name: "Use Copy of At the Vanguard" }).click();
		await dialog().getByRole("heading", { name: "Copy of At the Vanguard" }).waitFor();
		await dialog().getByRole("button", { name: "Setlists" }).click();
		await eye.request("tempo.start", {});
		const second = lists.filter({ hasText: "Second set" });
		await second.getByRole("button", { name: "Second set" }).first().click();
		await second.getByRole("button", { name: "Delete", exact: true }).click();
		await focused(second.getByRole("button", { name: "Keep it" }));
		const sure = second.getByRole("button", { name: "Delete it" });
		await sure.click();
		await dialog().getByText("hold the button").waitFor();
		assert.equal((await eye.request("setlist.list")).setlists.length, 3);
		const { x, y } = await middle(sure);
		await md.mouse.move(x, y);
		await md.mouse.down();
		await second.waitFor({ state: "detached" });
		await md.mouse.up();
		await eye.request("tempo.stop", {});
		await dialog().getByRole("button", { name: "Use First set" }).click();
		await dialog().getByRole("heading", { name: "First set" }).waitFor();
		await is("ABCDE");
	});

	test("who is no longer the MD reads on: a row that is carried is put back, and open sheets change nothing any more", async () => {
		const cas = await Phone.open(box.url);
		await cas.join(code, "Cas");
		const claim = (/** @type {Phone} */ phone, /** @type {string} */ name) => phone.request("session.claim", { code, display_name: name });
		await carry("Alone", "Caravan", 20);
		await claim(cas, "Cas");
		await handle("Alone").waitFor({ state: "detached" });
		await md.mouse.up();
		assert.equal(await shown(), "ABCDE");
		assert.equal(at_box(), "ABCDE");
		assert.equal(await rows().getByRole("button").count(), 0);
		assert.equal(await dialog().getByRole("button", { name: "Add songs" }).count(), 0);
		await claim(eye, "Ann");
		await openItem("Alone");
		await dialog().getByLabel("Key", { exact: true }).fill("Abm");
		await claim(cas, "Cas");
		await dialog().getByText("Only the music director").waitFor();
		await claim(eye, "Ann");
		assert.equal(await dialog().getByLabel("Key", { exact: true }).inputValue(), "Abm", "and what was typed is there when it is theirs again");
		await dialog().getByRole("button", { name: "Key: as in the song" }).click();
		await back();
		await cas.request("session.leave");
		await cas.close();
	});

	test("two devices of the MD: both see one order; moves at the same time end in one of two, none is lost", async () => {
		const other = await another();
		await openList(other);
		await is("ABCDE", other);
		await carry("Alone", "Caravan", 20, other);
		await other.mouse.up();
		await is("BCADE");
		for (let round = 0; round < 3; round++) {
			const was = at_box();
			await carry(item("Alone").title, eye.state?.setlist.items.at(-1).title === "Alone" ? "Blue Bossa" : eye.state?.setlist.items.at(-1).title, 20);
			await carry("Equinox", eye.state?.setlist.items[0].title === "Equinox" ? "Dolphin Dance" : eye.state?.setlist.items[0].title, -20, other);
			await Promise.all([md.mouse.up(), other.mouse.up()]);
			await until(async () => at_box() !== was && await shown() === at_box() && await shown(other) === at_box(), "one order on both", 10000);
			assert.deepEqual([...at_box()].sort(), [..."ABCDE"]);
			await sleep(100);
		}
		assert.deepEqual(other.errors.filter((/** @type {string} */ e) => !/Cross-Origin/.test(e)), []);
		await other.context().close();
		await reset();
	});

	test("the line breaks in mid-drag: nothing is moved, it is said, and the list is the box's again", async () => {
		const proxy = await startProxy(box.port);
		const page = await another(proxy.port);
		try {
			await openList(page);
			await is("ABCDE", page);
			await carry("Alone", "Dolphin Dance", 20, page);
			proxy.dead();
			await page.locator(".chip", { hasText: "Offline" }).waitFor();
			assert.equal(await page.locator("[data-carried]").count(), 1, "it is still under the finger");
			await page.mouse.up();
			await dialog(page).getByText("there is no connection to the box").waitFor();
			assert.equal(await shown(page), "ABCDE");
			proxy.dead(false);
			await page.locator(".chip", { hasText: "Offline" }).waitFor({ state: "detached" });
			/* And where it came back before the row was let go, it counts. */
			await carry("Alone", "Blue Bossa", 20, page);
			await page.evaluate(() => import(String("/box/box.js")).then((m) => m.link.lose()));
			await page.locator(".chip", { hasText: "±" }).waitFor();
			await page.waitForFunction(() => !document.querySelector(".chip.bad"));
			await page.mouse.up();
			await is("BACDE", page);
		} finally {
			await page.context().close();
			await proxy.stop();
		}
		await reset();
	});

	test("hostile titles neither run nor break the rows", async () => {
		const { setlist_id } = await eye.request("setlist.create", { title: "\u202e<b>".padEnd(120, "W") });
		await eye.request("setlist.activate", { setlist_id });
		for (const title of ["<img src=x onerror=window.pwned=1>", "\u202eesrever \u2067over", "W".repeat(120), `Z${"\u0301\u0489".repeat(50)}`, "🎷".repeat(60)]) {
			const { song_id } = await eye.request("song.create", { title, default_key: "<script>" });
			await eye.request("setlist.item.add", { song_id });
		}
		await until(async () => await rows().count() === 5, "the list");
		const wide = () => md.evaluate(() => [document.documentElement, ...document.querySelectorAll("dialog, .sheet-body, .setlist li, .setlists li")]
			.filter((e) => e.scrollWidth > e.clientWidth).map((e) => `${e.tagName} ${e.className} ${e.scrollWidth} ${e.clientWidth}`));
		const small = () => dialog().getByRole("button").evaluateAll((/** @type {HTMLElement[]} */ all) => all.filter((b) => b.offsetHeight < 44 || b.offsetWidth < 44).map((b) => `${b.offsetWidth} x ${b.offsetHeight}: ${b.outerHTML}`));
		const fits = async (/** @type {string} */ what) => {
			for (const [width, height] of SIZES) {
				await md.setViewportSize({ width, height });
				assert.deepEqual(await wide(), [], `${what} is too wide at ${width}`);
				assert.deepEqual(await small(), [], `${what} at ${width}`);
			}
			await md.setViewportSize({ width: 360, height: 740 });
		};
		await fits("the list");
		for (let i = 0; i < 5; i++) {
			const { height } = await rows().nth(i).boundingBox();
			assert.ok(height >= 64 && height < 130, `row ${i} is ${height} high`);
		}
		await rows().nth(2).locator("button.item").click();
		await dialog().getByLabel("Song leader").waitFor();
		await fits("the item");
		await dialog().getByRole("button", { name: "Remove" }).click();
		await fits("the notice");
		await dialog().getByRole("button", { name: "Setlists" }).click();
		await dialog().getByText("in use").click();
		await fits("the lists");
		await dialog().getByRole("button", { name: "Delete", exact: true }).click();
		await fits("the question");
		await back();
		assert.equal(await md.evaluate(() => /** @type {any} */ (window).pwned), undefined);
	});

	test("200 songs: it scrolls under a row at its edge, and a move lays out nothing and touches only the rows it passes", async () => {
		const { setlist_id } = await eye.request("setlist.create", { title: "Long night" });
		await md.setViewportSize({ width: 360, height: 740 });
		/* The first stands there once, all others many times. */
		const ids = [];
		for (let i = 0; i < 20; i++)
			ids.push((await eye.request("song.create", { title: `Song ${i}` })).song_id);
		for (let i = 0; i < 200; i++)
			await eye.request("setlist.item.add", { setlist_id, song_id: ids[i && 1 + i % 19] });
		await eye.request("setlist.activate", { setlist_id });
		await until(async () => await rows().count() === 200, "the list");
		await md.evaluate(() => {
			/** @type {any} */ (window).measured = 0;
			/** @type {any} */ (window).touched = [];
			for (const [of, name] of /** @type {[any, string][]} */ ([[HTMLElement.prototype, "offsetTop"], [HTMLElement.prototype, "offsetHeight"]])) {
				const get = /** @type {any} */ (Object.getOwnPropertyDescriptor(of, name)).get;
				Object.defineProperty(of, name, { get() {
					/** @type {any} */ (window).measured += Number(this.matches("li"));
					return get.call(this);
				} });
			}
			const rect = Element.prototype.getBoundingClientRect;
			Element.prototype.getBoundingClientRect = function () {
				/** @type {any} */ (window).measured += Number(this.matches("li"));
				return rect.call(this);
			};
			new MutationObserver((all) => /** @type {any} */ (window).touched.push(new Set(all.map(({ target }) => target)).size))
				.observe(/** @type {any} */ (document.querySelector(".setlist")), { subtree: true, attributes: true, childList: true });
		});
		/* What was said before goes first, and the list stands still. */
		for (const button of await dialog().locator(".notice").getByRole("button", { name: "Done" }).all())
			await button.click();
		const at = await middle(rows().nth(0).locator(".handle"));
		await md.mouse.move(at.x, at.y);
		await md.mouse.down();
		await md.mouse.move(at.x, at.y + 10);
		const measured = await md.evaluate(() => {
			/** @type {any} */ (window).touched.length = 0;
			return /** @type {any} */ (window).measured;
		});
		assert.ok(measured < 450, `measured once, when it is picked up: ${measured}`);
		await md.mouse.move(at.x, at.y + 300, { steps: 60 });
		const moves = await md.evaluate(() => [/** @type {any} */ (window).measured, Math.max(.../** @type {any} */ (window).touched)]);
		assert.equal(moves[0], measured, "nothing is measured while it moves");
		assert.ok(moves[1] <= 4, `a move touches ${moves[1]} rows`);
		/* At the lower edge the list comes by itself. */
		await md.mouse.move(at.x, 735);
		await until(() => md.evaluate(() => {
			const sheet = /** @type {HTMLElement} */ (document.querySelector("dialog"));
			return sheet.scrollTop + sheet.clientHeight >= sheet.scrollHeight - 200;
		}), "the end of the list", 30000);
		await md.mouse.up();
		await until(() => item("Song 0").position > 190, "the first song near the end", 10000);
		assert.equal(eye.state?.setlist.items.length, 200);
		await shut();
	});

	test("nothing went wrong behind the scenes", () => {
		for (const page of [md, ben])
			assert.deepEqual(page.errors.filter((/** @type {string} */ e) => !/WebSocket|ERR_CONNECTION|Cross-Origin/.test(e)), []);
		assert.deepEqual(eye.holes, []);
	});
});
