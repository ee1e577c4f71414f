/*
 * The MD's way with the song library: songs made, changed and deleted in a form that sends only what
 * was changed and loses nothing that was typed, and put into tonight's setlist by one press; by
 * touch, by keyboard alone, and from two phones of the MD's at once.
 *
 * timeout: 300 s
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startBox, until } from "../lib/box.mjs";
import { create, openBrowser, openPage, openSongs } from "../lib/browser.mjs";
import { Phone } from "../lib/phone.mjs";
import { startProxy } from "../lib/proxy.mjs";

describe("the song library", () => {
	/** @type {any} */ let box;
	/** @type {any} */ let proxy;
	/** @type {any} */ let browser;
	/** @type {any} */ let md;
	/** The MD's other device, scripted. @type {Phone} */ let eye;
	/** The MD's key. */ let seat = "";
	/** What the page asked of songs and setlists, without ids. @type {any[]} */
	const sent = [];

	const dialog = (page = md) => page.getByRole("dialog");
	const button = (/** @type {string} */ name, page = md) => dialog(page).getByRole("button", { name, exact: true });
	const row = (/** @type {string} */ title, page = md) => dialog(page).getByRole("button", { name: `Edit ${title}` });
	const label = (/** @type {string} */ name, page = md) => dialog(page).getByLabel(name, { exact: true });
	const focused = (/** @type {any} */ locator) => until(() => locator.evaluate((/** @type {any} */ e) => document.activeElement === e), `focus on ${locator}`);
	const shut = (page = md) => button("Done", page).first().click();
	const listed = async (/** @type {string} */ query) => (await eye.request("song.list", { query })).songs;
	const items = () => eye.state?.setlist?.items.map((/** @type {any} */ { title }) => title);
	const find = async (/** @type {string} */ query, page = md) => {
		await openSongs(page);
		await dialog(page).getByRole("searchbox").fill(query);
		await dialog(page).getByText(/\d+ songs? found|No song found/).waitFor();
	};

	before(async () => {
		box = await startBox({ audio: false });
		proxy = await startProxy(box.port);
		browser = await openBrowser();
		md = await openPage(browser, proxy);
		md.on("websocket", (/** @type {any} */ socket) => socket.on("framesent", ({ payload }) => {
			const { id: _, ...request } = JSON.parse(String(payload));
			if (/^(song|setlist)\.(?!list)/.test(request.type))
				sent.push(request);
		}));
		await md.reload();
		await create(md, "Ann");
		seat = await md.evaluate(() => localStorage.getItem("tactus.seat"));
		eye = await Phone.open(box.url);
		eye.token = JSON.parse(seat).token;
		await eye.request("session.resume", { token: eye.token });
		const songs = ["Autumn Leaves", "Blue Bossa", "Cherokee", "Donna Lee", "Equinox", "Footprints"].map((title, i) =>
			({ title, default_key: "Gm", default_bpm: 100 + i, notes: `# ${title}\nslowly` }));
		await eye.request("song.import", { format: "json", text: JSON.stringify(songs) });
	});
	after(async () => {
		await eye?.close();
		await browser?.close();
		await proxy?.stop();
		await box?.stop();
	});

	test("one press adds a song; the first one makes tonight's setlist and puts it on", async () => {
		await openSongs(md);
		await dialog().getByText("There is no setlist yet").waitFor();
		sent.length = 0;
		await button("Add Cherokee").click();
		await button("Add Blue Bossa").click();
		await row("Cherokee").getByText("In the list: place 1").waitFor();
		await row("Blue Bossa").getByText("Added, place 2").waitFor();
		await dialog().getByText(/Songs are added to\s*Tonight, /).waitFor();
		await eye.when((s) => s.setlist?.items.length === 2);
		assert.deepEqual(items(), ["Cherokee", "Blue Bossa"]);
		assert.deepEqual(sent.map(({ type }) => type), ["setlist.create", "setlist.activate", "setlist.item.add", "setlist.item.add"]);
		await focused(button("Add Blue Bossa"));

		await button("Add Cherokee").click();
		await row("Cherokee").getByText("Added, place 3").waitFor();
		await row("Cherokee").getByText("2 times in the list").waitFor();
		/* Another phone may do so, too. */
		await eye.request("setlist.item.remove", { position: 0 });
		await row("Blue Bossa").getByText("In the list: place 1").waitFor();
		assert.deepEqual(items(), ["Blue Bossa", "Cherokee"]);
		await shut();
	});

	test("a new song: what was searched for is its title; it is there to be added", async () => {
		await find("Giant St");
		await dialog().getByText("No song found").waitFor();
		await button("New song").click();
		await focused(label("Title"));
		assert.equal(await label("Title").inputValue(), "Giant St");
		await label("Title").fill("  Giant Steps ");
		await label("Key").fill("B");
		await label("Beats a minute").fill("286");
		await label("Notes").fill("## Changes\n- B **D7** G");
		sent.length = 0;
		await button("Save").click();
		await dialog().getByRole("alert").getByText("A tempo is a whole number from 30 to 260.").waitFor();
		await focused(label("Beats a minute"));
		assert.deepEqual(sent, []);
		await label("Beats a minute").fill("226");
		await label("Beats a minute").press("Enter");
		await dialog().getByText("“Giant Steps” is saved").waitFor();
		await focused(row("Giant Steps"));
		assert.deepEqual(sent, [{ type: "song.create", title: "Giant Steps", default_key: "B", default_bpm: 226, notes: "## Changes\n- B **D7** G" }]);
		await button("Add Giant Steps").click();
		await row("Giant Steps").getByText("Added, place 3").waitFor();
		assert.deepEqual(items(), ["Blue Bossa", "Cherokee", "Giant Steps"]);
		await shut();
	});

	test("of a song that is changed only what was changed goes to the box; what is empty is cleared", async () => {
		await find("blue");
		await row("Blue Bossa").click();
		assert.equal(await label("Key").inputValue(), "Gm");
		assert.equal(await label("Notes").inputValue(), "# Blue Bossa\nslowly");
		await dialog().getByRole("radio", { name: "6/8" }).click();
		await label("Key").fill("");
		sent.length = 0;
		await button("Save").click();
		await focused(row("Blue Bossa"));
		assert.match(await row("Blue Bossa").innerText(), /101\s*6\/8/);
		const [song] = await listed("blue");
		assert.deepEqual(sent, [{ type: "song.update", song_id: song.id, default_key: null, time_signature: "6/8" }]);
		assert.equal(eye.state?.setlist.items[0].time_signature, "6/8");

		await row("Blue Bossa").click();
		await label("Notes").fill("");
		await label("Beats a minute").fill(" 099");
		await label("Title").fill("Blue Bossa 2");
		sent.length = 0;
		await button("Save").click();
		await row("Blue Bossa 2").waitFor();
		assert.deepEqual(sent, [{ type: "song.update", song_id: song.id, title: "Blue Bossa 2", default_bpm: 99, notes: null }]);

		/* Nothing changed, nothing sent. */
		await row("Blue Bossa 2").click();
		sent.length = 0;
		await button("Save").click();
		await focused(row("Blue Bossa 2"));
		assert.deepEqual(sent, []);
		await shut();
	});

	test("the box's own refusals are said at their field, and nothing typed is lost", async () => {
		await find("equinox");
		await row("Equinox").click();
		const notes = "é".repeat(9900);
		await label("Notes").fill(notes);
		await dialog().getByText("Room for about 200 characters").waitFor();
		await label("Notes").fill(`${notes}${"x".repeat(201)}`);
		await dialog().getByText("Too long by about 1 character").waitFor();
		await button("Save").click();
		await dialog().getByRole("alert").getByText("The notes are too long").waitFor();
		await label("Notes").fill(`${notes}\n`);
		await label("Title").fill("Equi\u0085nox");
		await button("Save").click();
		await dialog().getByRole("alert").getByText("A title has 1 to 120 characters.").waitFor();
		await focused(label("Title"));
		assert.equal(await label("Notes").inputValue(), `${notes}\n`);
		await label("Title").fill("\u{1f3b9}".repeat(120));
		await button("Save").click();
		await dialog().getByText(/\u{1f3b9}” is saved/u).waitFor();
		assert.equal((await eye.request("song.list", {})).songs.find((/** @type {any} */ s) => s.title.startsWith("\u{1f3b9}")).notes, `${notes}\n`);
		await shut();
	});
});
