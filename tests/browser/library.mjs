/*
 * The MD's way with the song library: songs made, changed and deleted in a form that sends only what
 * was changed and loses nothing that was typed, and put into tonight's setlist by one press; by
 * touch, by keyboard alone, and from two phones of the MD's at once.
 *
 * timeout: 300 s
 */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { startBox, until } from "../lib/box.mjs";
import { create, openBrowser, openPage, openSongs, tabTo } from "../lib/browser.mjs";
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

	/* One that fails does not take the others with it. */
	beforeEach(() => md.evaluate(() => document.querySelector("dialog")?.close()));

	test("one press adds a song; the first one makes tonight's setlist and puts it on", async () => {
		await openSongs(md);
		await dialog().getByText("There is no setlist yet").waitFor();
		sent.length = 0;
		await button("Add Cherokee").click();
		await button("Add Blue Bossa").click();
		await row("Cherokee").getByText("In the list: place 1").waitFor();
		await row("Blue Bossa").getByText("Added, place 2").waitFor();
		await dialog().getByText(/Adding to\s*Tonight, /).waitFor();
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
		/* A press too many. */
		await button("Add Equinox").click();
		await row("Equinox").getByText("Added, place 3").waitFor();
		await eye.request("setlist.item.move", { position: 2, to: 0 });
		await button("Undo: Equinox out again").press("Enter");
		await focused(button("Add Equinox"));
		await eye.when((s) => s.setlist?.items.length === 2);
		assert.deepEqual(items(), ["Blue Bossa", "Cherokee"]);
		assert.equal(await row("Equinox").getByText(/list|Added/).count(), 0);
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
		await label("Tempo").fill("286");
		await label("Notes").fill("## Changes\n- B **D7** G");
		sent.length = 0;
		await button("Save").click();
		await dialog().getByRole("alert").getByText("A tempo is a whole number from 30 to 260.").waitFor();
		await focused(label("Tempo"));
		assert.deepEqual(sent, []);
		await label("Tempo").fill("226");
		await label("Tempo").press("Enter");
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
		await label("Tempo").fill(" 099");
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
		await label("Key").fill("F#m sharp");
		await button("Save").click();
		await dialog().getByRole("alert").getByText("A key has at most 8 characters").waitFor();
		await focused(label("Key"));
		await label("Key").fill("F#m");
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

	test("to delete is asked for; what is in tonight's setlist stays; the focus goes on to the next song", async () => {
		await openSongs(md);
		await row("Cherokee").click();
		await button("Delete").click();
		await dialog().getByText(/^Delete .*Cherokee/).waitFor();
		await focused(button("Keep it"));
		await dialog().getByRole("button", { name: /delete it$/i }).click();
		await dialog().getByRole("alert").getByText("It is in tonight's setlist.").waitFor();
		assert.equal((await listed("cherokee")).length, 1);
		await button("Cancel").click();
		await focused(row("Cherokee"));

		await row("Donna Lee").click();
		await button("Delete").click();
		await button("Keep it").click();
		assert.equal((await listed("donna")).length, 1);
		await button("Delete").click();
		await dialog().getByRole("button", { name: /delete it$/i }).click();
		await focused(row("Footprints"));
		assert.equal(await row("Donna Lee").count(), 0);
		assert.equal((await listed("donna")).length, 0);

		/* Deleted by somebody else: it is gone all the same. */
		await row("Footprints").click();
		await label("Notes").waitFor();
		await eye.request("song.delete", { song_id: (await listed("footprints"))[0].id });
		await button("Delete").click();
		await dialog().getByRole("button", { name: /delete it$/i }).click();
		await focused(row("Giant Steps"));
		await shut();
	});

	test("the song that is on: the stage follows, the tempo that plays may become its own", async () => {
		await eye.request("song.activate", { position: 1 });
		await eye.request("tempo.set", { bpm: 133, time_signature: "3/4" });
		await openSongs(md);
		await row("Cherokee").click();
		await button("As it plays now: 133, 3/4").click();
		assert.equal(await label("Tempo").inputValue(), "133");
		await label("Title").fill("Cherokee Waltz");
		await button("Save").click();
		await focused(row("Cherokee Waltz"));
		await shut();
		await md.getByRole("region", { name: "Song", exact: true }).getByText("Cherokee Waltz", { exact: true }).first().waitFor();
		const [song] = await listed("cherokee");
		assert.deepEqual([song.default_bpm, song.time_signature], [133, "3/4"]);
	});

	test("what others change meanwhile is followed, and never overwritten unseen", async () => {
		const other = await openPage(browser, box);
		try {
			await other.evaluate((/** @type {string} */ seat) => {
				localStorage.setItem("tactus.seat", seat);
				sessionStorage.clear();
			}, seat);
			await other.reload();
			await other.locator(".room").waitFor();
			for (const page of [md, other]) {
				await openSongs(page);
				await row("Cherokee Waltz", page).click();
				await label("Notes", page).fill(page === md ? "mine" : "yours");
			}
			await label("Key", other).fill("Am");
			await button("Save", other).click();
			await focused(row("Cherokee Waltz", other));
			/* The key was not touched here; the notes were. */
			await until(async () => await label("Key").inputValue() === "Am", "the other one's key");
			await dialog().getByRole("alert").getByText("Somebody changed this song meanwhile").waitFor();
			await dialog().getByText("yours", { exact: true }).waitFor();
			assert.equal(await label("Notes").inputValue(), "mine");
			assert.equal((await listed("cherokee"))[0].notes, "yours");
			sent.length = 0;
			await button("Save").click();
			await focused(row("Cherokee Waltz"));
			assert.deepEqual(sent.map(({ type, notes, default_key }) => [type, notes, default_key]), [["song.update", "mine", undefined]]);

			/* Of a song that is nowhere on, the box says nothing by itself: it is looked up before it is saved. */
			const [blue] = await listed("giant");
			await eye.request("setlist.item.remove", { position: 2 });
			await row("Giant Steps").click();
			await label("Key").fill("Eb");
			await eye.request("song.update", { song_id: blue.id, default_key: "G", title: "Steps, giant" });
			sent.length = 0;
			await button("Save").click();
			await dialog().getByText("G", { exact: true }).waitFor();
			assert.deepEqual(sent, []);
			assert.equal(await label("Title").inputValue(), "Steps, giant");
			await button("Take that: Key").click();
			assert.equal(await label("Key").inputValue(), "G");
			assert.equal(await button("Discard").count(), 0);
			await label("Notes").fill("gone?");
			await eye.request("song.delete", { song_id: blue.id });
			await button("Save").click();
			await dialog().getByRole("alert").getByText("Somebody deleted this song meanwhile. Save makes it anew.").waitFor();
			await button("Save").click();
			await focused(row("Steps, giant"));
			const [anew] = await listed("giant");
			assert.deepEqual([anew.default_key, anew.notes, anew.default_bpm], ["G", "gone?", 226]);
			await shut();
			assert.deepEqual(other.errors.filter((/** @type {string} */ e) => !/Cross-Origin/.test(e)), []);
		} finally {
			await other.context().close();
		}
	});

	test("what was typed outlives a shut sheet, a lost connection and a reload, and is made once", async () => {
		await openSongs(md);
		await button("New song").click();
		await label("Title").fill("Half typed");
		await shut();
		await openSongs(md);
		await dialog().getByRole("button", { name: "New song: not saved yet" }).click();
		await dialog().getByText("You typed this earlier and did not save it.").waitFor();
		assert.equal(await label("Title").inputValue(), "Half typed");
		await label("Notes").fill("and a **half**");

		proxy.dead();
		await button("Save").click();
		await dialog().getByRole("alert").getByText("The box does not answer. What you typed stays here").waitFor();
		assert.equal(await label("Notes").inputValue(), "and a **half**");
		proxy.dead(false);
		await md.reload();
		await md.locator(".room").waitFor();
		await openSongs(md);
		await dialog().getByRole("button", { name: "New song: not saved yet" }).click();
		assert.deepEqual([await label("Title").inputValue(), await label("Notes").inputValue()], ["Half typed", "and a **half**"]);
		/* The answer is lost on its way: the box has it. */
		await eye.request("song.create", { title: "Half typed", notes: "and a **half**" });
		await button("Save").click();
		await focused(row("Half typed"));
		assert.equal((await listed("half typed")).length, 1);
		await button("New song").waitFor();

		await row("Half typed").click();
		await label("Key").fill("D");
		await dialog().getByRole("button", { name: "Back" }).click();
		await row("Half typed").getByText("Not saved yet").waitFor();
		await row("Half typed").click();
		assert.equal(await label("Key").inputValue(), "D");
		/* No stray touch throws it away. */
		await button("Discard").click();
		assert.equal(await label("Key").inputValue(), "D");
		await button("Discard").click({ delay: 800 });
		await focused(row("Half typed"));
		assert.equal(await row("Half typed").getByText("Not saved yet").count(), 0);
		assert.equal((await listed("half typed"))[0].default_key, "");
		await shut();
	});

	test("by keyboard alone: found, changed, added", async () => {
		const opener = md.getByRole("button", { name: /^(Songs|Setlist)$/ }).first();
		await opener.focus();
		await md.keyboard.press("Enter");
		await dialog().waitFor();
		if (await button("Add songs").count()) {
			await tabTo(md, button("Add songs"));
			await md.keyboard.press("Enter");
		}
		await tabTo(md, dialog().getByRole("searchbox"));
		await md.keyboard.type("autumn");
		await dialog().getByText("1 song found").waitFor();
		await tabTo(md, row("Autumn Leaves"));
		await md.keyboard.press("Enter");
		await tabTo(md, label("Key"));
		await md.keyboard.type("Em");
		await tabTo(md, dialog().getByRole("radio", { name: "4/4" }));
		await md.keyboard.press("ArrowRight");
		await tabTo(md, label("Notes"));
		await md.keyboard.type(" and bare");
		await tabTo(md, button("Save"));
		await md.keyboard.press("Space");
		await focused(row("Autumn Leaves"));
		await md.keyboard.press("Tab");
		await focused(button("Add Autumn Leaves"));
		await md.keyboard.press("Enter");
		await row("Autumn Leaves").getByText(/Added, place \d/).waitFor();
		await focused(button("Add Autumn Leaves"));
		const [song] = await listed("autumn");
		assert.equal(song.time_signature, "6/8");
		assert.match(song.default_key, /Em/);
		assert.match(song.notes, / and bare/);
		assert.ok(items()?.includes("Autumn Leaves"));
		await md.keyboard.press("Escape");
		await focused(opener);
	});

	test("hostile titles and long notes break neither rows nor form", async () => {
		const evil = ["<img src=x onerror=window.pwned=1>", "\u202eesrever \u2067over", "W".repeat(110), `Z${"\u0301\u0489".repeat(50)}`].map((title) =>
			({ title: `Omega ${title}`, default_key: "<b>", notes: `${"W".repeat(3000)}\n${"a ".repeat(3000)}` }));
		await eye.request("song.import", { format: "json", text: JSON.stringify(evil) });
		const wide = () => md.evaluate(() => [document.documentElement, ...document.querySelectorAll("dialog, .song-list, .songs li, .song-open, .song-form, .song-form .field")]
			.filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.outerHTML.slice(0, 100)));
		const low = () => md.evaluate(() => [...document.querySelectorAll(".songs button, .song-form button, .song-form input")].filter((e) => e.getBoundingClientRect().height < 44).map((e) => e.outerHTML.slice(0, 100)));
		await find("omega");
		for (const { title } of evil)
			await dialog().getByRole("button", { name: `Add ${title}`, exact: true }).click();
		await dialog().getByText(/Added, place/).first().waitFor();
		for (const view of ["rows", "form"]) {
			for (const [width, height] of [[320, 568], [360, 740], [740, 360], [1024, 768]]) {
				await md.setViewportSize({ width, height });
				assert.deepEqual(await wide(), [], `${view} at ${width}`);
				assert.deepEqual(await low(), [], `${view} at ${width}`);
			}
			await md.setViewportSize({ width: 360, height: 740 });
			if (view === "rows")
				await dialog().getByRole("button", { name: /Edit Omega W/ }).click();
		}
		assert.equal(await md.evaluate(() => /** @type {any} */ (window).pwned), undefined);
		await shut();
	});

	test("who leads no more can look and not touch; what was typed is not lost with it", async () => {
		await openSongs(md);
		await row("Half typed").click();
		await label("Notes").fill("mine until the end");
		const zoe = await Phone.open(box.url);
		await zoe.request("session.claim", { code: eye.state?.session.code, display_name: "Zoe" });
		await dialog().getByText("Only the music director may do that.").waitFor();
		assert.equal(await button("Save").count(), 0);
		assert.equal(await label("Notes").inputValue(), "mine until the end");
		await dialog().getByRole("button", { name: "Back" }).click();
		await dialog().getByRole("list", { name: "Songs" }).waitFor();
		assert.equal(await dialog().getByRole("button", { name: /^(Add|Edit) / }).count(), 0);
		await eye.request("session.claim", { code: eye.state?.session.code, display_name: "Ann" });
		await row("Half typed").click();
		assert.equal(await label("Notes").inputValue(), "mine until the end");
		await button("Save").click();
		await focused(row("Half typed"));
		await shut();
		await zoe.close();
	});

	test("nothing went wrong behind the scenes", () => {
		assert.deepEqual(md.errors.filter((/** @type {string} */ e) => !/WebSocket|ERR_CONNECTION|Cross-Origin/.test(e)), []);
		assert.deepEqual(eye.holes, []);
	});
});
