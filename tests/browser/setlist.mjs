/*
 * The setlist in the browser: everyone sees what is on and what comes; the MD puts it in order by
 * mouse, finger and keys. Two devices of the MD change it at once; a move that is refused, broken off,
 * or that the line does not bear, leaves the list as the box has it.
 */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { until } from "../lib/box.mjs";
import { startProxy } from "../lib/proxy.mjs";
import { openSetlist } from "../lib/setlist.mjs";

const { box, md, ben, eye, gate, dialog, rows, handle, go, shown, at_box, item, is, openList, shut, back, reset, middle, carry, finger, focused, another, fill, close } = await openSetlist();

describe("the setlist in the browser", () => {
	after(close);

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
		await md.waitForFunction(() => document.activeElement?.textContent === "Add songs");
		await dialog().getByRole("button", { name: "Add songs" }).click();
		await dialog().getByRole("heading", { name: "Songs" }).waitFor();
		await shut();
		assert.equal(eye.state?.setlist.title, "At the Vanguard");
	});

	test("everyone sees number, title, key, tempo, metre, leader, their own slots, what is on and what comes", async () => {
		await fill();
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
		gate.change = () => new Promise((resolve) => {
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
		gate.change = null;
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
		gate.change = async () => {
			gate.change = null;
			await eye.request("setlist.item.move", { position: 4, to: 0 });
		};
		await carry("Alone", "Caravan", 20);
		await md.mouse.up();
		await dialog().getByRole("alert").getByText("Not done: the list was changed").waitFor();
		await is("EABCD");
		/* By keys the focus stays with the song. */
		gate.change = async () => {
			gate.change = null;
			await eye.request("setlist.item.move", { position: 0, to: 4 });
		};
		await handle("Blue Bossa").press("Space");
		await md.keyboard.press("ArrowDown");
		await md.keyboard.press("Space");
		await is("ABCDE");
		await focused(handle("Blue Bossa"));
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

	test("on a tablet the list beside the stage is put in order there, by mouse and by keys", async () => {
		const tablet = await another();
		await tablet.setViewportSize({ width: 1024, height: 768 });
		const side = tablet.getByRole("complementary");
		const grip = (/** @type {string} */ title) => side.getByRole("button", { name: `Move ${title}`, exact: true });
		const take = async () => {
			await until(async () => await grip("Alone").getAttribute("aria-disabled") === "false", "no change under way");
			const from = await middle(grip("Alone")), to = await middle(grip("Caravan"));
			await tablet.mouse.move(from.x, from.y);
			await tablet.mouse.down();
			await tablet.mouse.move(to.x, to.y + 20, { steps: 6 });
			await side.locator("[data-carried]").waitFor();
		};
		await take();
		await tablet.mouse.up();
		await openList();
		await is("BCADE");
		await until(async () => await grip("Alone").getAttribute("aria-disabled") === "false", "no change under way");
		await grip("Alone").focus();
		for (const key of ["Enter", "ArrowUp", "ArrowUp", "Enter"])
			await tablet.keyboard.press(key);
		await is("ABCDE");
		/* It changes meanwhile: put back, and said. */
		await take();
		await eye.request("setlist.item.move", { position: 3, to: 4 });
		await tablet.locator(".notice", { hasText: "changed on another phone" }).waitFor();
		await tablet.mouse.up();
		await is("ABCED");
		await tablet.context().close();
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
			proxy.cut();
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
		for (const button of await dialog().locator(".notice").getByRole("button", { name: "Close this message" }).all())
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
