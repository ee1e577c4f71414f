/*
 * What the MD does with the setlist's songs in the browser: goes from one to the next, sets what is
 * tonight's own about one, takes one out and back, and keeps several lists; and what is seen of it by
 * everyone, and by one who is no longer the MD.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { until } from "../lib/box.mjs";
import { Phone } from "../lib/phone.mjs";
import { openSetlist, SIZES } from "../lib/setlist.mjs";

const { box, md, ben, eye, code, gate, dialog, rows, handle, go, shown, at_box, item, is, openList, shut, openItem, back, reset, middle, carry, focused, another, fill, close } = await openSetlist();

describe("the setlist's songs in the browser", () => {
	before(async () => {
		const { setlist_id } = await eye.request("setlist.create", { title: "At the Vanguard" });
		await eye.request("setlist.activate", { setlist_id });
		await fill();
		await openList();
		await openList(ben);
	});
	after(close);

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

		await dialog().getByRole("button", { name: "Put the song away: Equinox" }).click();
		await eye.when((s) => s.activeSong === null);
		await dialog().getByRole("button", { name: "Put the song away: Equinox" }).waitFor({ state: "detached" });
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
		gate.change = () => sleep(300);
		await tempo.press("Enter");
		await leader.selectOption({ label: "Ben" });
		await eye.when(() => item("Alone").song_leader_user_id !== null);
		gate.change = null;
		await song.getByText("Bbm", { exact: true }).waitFor();
		await dialog().getByRole("button", { name: "Save" }).waitFor({ state: "detached" });
		assert.equal(item("Alone").bpm_override, 144);
		/* One that is refused is not shown as done. */
		gate.change = async () => {
			gate.change = null;
			await eye.request("setlist.item.update", { position: 4, bpm_override: 99 });
		};
		await leader.selectOption({ label: "Ann" });
		await dialog().getByRole("alert").getByText("Not done: the list was changed").waitFor();
		assert.equal(await leader.evaluate((/** @type {HTMLSelectElement} */ e) => e.selectedOptions[0].text), "Ben");
		await key.fill("typing");
		await back();
		await md.waitForFunction(() => document.activeElement?.matches(".item") && document.activeElement.textContent?.includes("Alone"));
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
		const small = () => dialog().getByRole("button").evaluateAll((/** @type {HTMLElement[]} */ all) => all.filter((b) => b.isConnected && Math.min(b.offsetHeight, b.offsetWidth) < 44).map((b) => `${b.offsetWidth} x ${b.offsetHeight}: ${b.outerHTML}`));
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
		await dialog().getByRole("button", { name: "Undo" }).waitFor();
		await fits("the notice");
		await dialog().getByRole("button", { name: "Setlists" }).click();
		await dialog().getByText("in use").click();
		await fits("the lists");
		await dialog().getByRole("button", { name: "Delete", exact: true }).click();
		await fits("the question");
		await back();
		assert.equal(await md.evaluate(() => /** @type {any} */ (window).pwned), undefined);
	});

	test("nothing went wrong behind the scenes", () => {
		for (const page of [md, ben])
			assert.deepEqual(page.errors.filter((/** @type {string} */ e) => !/WebSocket|ERR_CONNECTION|Cross-Origin/.test(e)), []);
		assert.deepEqual(eye.holes, []);
	});
});
