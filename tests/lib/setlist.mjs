/*
 * setlist.mjs - a box with an MD's page, a player's page, and a scripted phone of the MD's as witness of
 * what the box has; and what tests do with the setlist on them again and again.
 */
import assert from "node:assert/strict";

import { startBox, until } from "./box.mjs";
import { create, join, openBrowser, openPage } from "./browser.mjs";
import { Phone } from "./phone.mjs";

const TITLES = ["Alone", "Blue Bossa", "Caravan", "Dolphin Dance", "Equinox"];
export const SIZES = [[320, 568], [360, 740], [740, 360], [1024, 768]];

export async function openSetlist() {
	/** What happens to a change of the list before it goes out. @type {{change: (() => Promise<unknown>) | null}} */
	const gate = { change: null };
	const box = await startBox();
	const browser = await openBrowser();
	const md = await openPage(browser, box);
	await md.routeWebSocket(/\/ws$/, (/** @type {any} */ socket) => {
		const server = socket.connectToServer();
		socket.onMessage(async (/** @type {string} */ text) => {
			if (gate.change && text.includes('"setlist.item.'))
				await gate.change();
			server.send(text);
		});
	});
	await md.reload();
	const code = await create(md, "Ann");
	const eye = await Phone.open(box.url);
	await eye.request("session.resume", { token: JSON.parse(await md.evaluate(() => localStorage.getItem("tactus.seat"))).token });
	const ben = await openPage(browser, box, `/join/${code}`);
	await join(ben, "Ben");

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
	/** Five songs. */
	const fill = async () => {
		for (const [i, title] of TITLES.entries()) {
			const { song_id } = await eye.request("song.create", { title, default_key: ["Gm", "Cm", "F"][i % 3], default_bpm: 100 + i, time_signature: i === 1 ? "6/8" : "4/4" });
			await eye.request("setlist.item.add", { song_id, ...(i === 1 ? { song_leader_user_id: eye.state?.you.user_id } : {}) });
		}
	};
	const close = async () => {
		await eye.close();
		await browser.close();
		await box.stop();
	};
	return { box, browser, md, ben, eye, code, gate, dialog, rows, handle, go, shown, at_box, item, is, openList, shut, openItem, back, reset, middle, carry, finger, focused, token, another, fill, close };
}
