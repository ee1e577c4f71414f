/*
 * One evening, on the page alone: everything that people do here is done with fingers on glass. An MD
 * and two players on phones, a third by script; songs, a setlist, other hands on the keys for one song;
 * 1-2-3-4, and the click is recorded from JACK to the frame; a change announced; a phone that sleeps; a
 * daemon that dies; the MD's phone that dies, too; talk; and the same band a week later.
 *
 * The tests are the evening's hours: each goes on where the one before ended.
 *
 * timeout: 400 s
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startBox, until } from "../lib/box.mjs";
import { create, faults, join, marks, openBrowser, openPage, tapPad } from "../lib/browser.mjs";
import { Ear, unixOffsetNs } from "../lib/ear.mjs";
import { Phone } from "../lib/phone.mjs";
import { Score } from "../lib/score.mjs";

const PIN = "271828";
const PERIOD = 1024;
const LIST = `title,key,tempo,time,notes
Autumn Leaves,Gm,132,4/4,
Blue Bossa,Cm,144,4/4,
Footprints,Cm,120,4/4,"**Intro** drums alone
- head twice"
So What,Dm,136,4/4,
`;

/** @type {any} */ let box;
/** @type {Ear} */ let ear;
/** @type {any} */ let browser;
/** Phones in hands. @type {any} */ let ann, ben, cas;
/** The third player, and who looks on. @type {Phone} */ let dee;
let code = "";
/** @type {Score} */ let score;

before(async () => {
	box = await startBox({ pin: PIN, period: PERIOD });
	ear = await Ear.start(box.server);
	browser = await openBrowser();
});
after(async () => {
	dee?.terminate();
	await browser?.close();
	await ear?.stop();
	await box?.stop();
});

let broken = false;
/** An hour of the evening; after one that failed there is no going on. @param {string} name @param {(t: any) => Promise<void>} act */
const hour = (name, act) => test(name, async (t) => {
	if (broken)
		assert.fail("an earlier hour went wrong");
	broken = true;
	await act(t);
	broken = false;
});

/** @param {any} page @param {string | RegExp} name @param {object} [more] */
const button = (page, name, more = { exact: true }) => page.getByRole("button", { name, ...more });
/** Something held, as hold buttons want it. @param {any} target */
const held = (target) => target.click({ delay: 900 });
/** @param {any} page */
const shut = (page) => page.getByRole("dialog").getByRole("button", { name: "Done" }).click();
/** What the page shows of itself, all in one. @param {any} page @param {RegExp} what */
const sees = (page, what) => until(async () => what.test(await page.locator(".room").innerText()), `${what} on a stage`);
const slot = (/** @type {string} */ name) => dee.state?.slots.find((/** @type {any} */ s) => s.name === name).id;
const userId = (/** @type {string} */ name) => dee.state?.participants.find((/** @type {any} */ p) => p.display_name === name).user_id;

hour("the MD opens the page, gives a name and the PIN, and has a session with a code and a QR", async () => {
	ann = await openPage(browser, box);
	code = await create(ann, "Ann", PIN);
	assert.match(code, /^[A-Z0-9]{6}$/);
	await button(ann, "Invite the band").click();
	const image = ann.getByRole("img", { name: /QR code/ });
	await until(() => image.evaluate((/** @type {HTMLImageElement} */ i) => i.complete && i.naturalWidth > 100), "the QR");
	await shut(ann);
});

hour("players open its link, give a name and take a slot: four presses, and they are in", async () => {
	ben = await openPage(browser, box, `/join/${code}`);
	await join(ben, "Ben", "", false);
	await ben.getByRole("dialog", { name: "What do you play?" }).getByRole("button", { name: /^bass/ }).click();
	cas = await openPage(browser, box, `/join/${code}`);
	await join(cas, "Cas", "", false);
	await cas.getByRole("dialog", { name: "What do you play?" }).getByRole("button", { name: /^keys 1/ }).click();
	dee = await Phone.open(box.url);
	await dee.join(code, "Dee");
	await dee.request("role.assign", { slot_id: slot("drums") });
	await button(ben, /ready/i, {}).click();
	await button(ann, "Invite the band").waitFor({ state: "detached" });
	await dee.when((s) => s.roleAssignments.length === 3 && s.participants.some((/** @type {any} */ p) => p.display_name === "Ben" && p.ready));
	assert.deepEqual(dee.state?.participants.find((/** @type {any} */ p) => p.display_name === "Cas").slots, [slot("keys 1")]);
});

hour("tonight's setlist from the box's songs; a key, a tempo, a leader; Dee has the keys in one song", async () => {
	await button(ann, "Setlist").click();
	await button(ann, "Create").click();
	await button(ann, "Add songs").click();
	await button(ann, "Import songs").click();
	await ann.getByLabel("Or paste a list").fill(LIST);
	await button(ann, "Import").click();
	await ann.getByText("4 new").waitFor();
	for (const title of ["Autumn Leaves", "Blue Bossa", "Footprints", "So What"])
		await button(ann, `Add ${title}`).click();
	await dee.when((s) => s.setlist?.items.length === 4);
	assert.deepEqual(dee.state?.setlist.items.map((/** @type {any} */ i) => i.title), ["Autumn Leaves", "Blue Bossa", "Footprints", "So What"]);

	await button(ann, "Back").click();
	await ann.getByRole("listitem").filter({ hasText: "Footprints" }).locator("button.item").click();
	const item = ann.getByRole("dialog", { name: "Footprints" });
	await item.getByRole("textbox", { name: "Key" }).fill("Dm");
	await item.getByRole("textbox", { name: "Tempo" }).fill("126");
	await button(ann, "Save").click();
	await ann.getByLabel("Song leader").selectOption({ label: "Ben" });
	await dee.when((s) => s.setlist.items[2].bpm_override === 126 && s.setlist.items[2].song_leader_user_id === userId("Ben"));
	await shut(ann);

	await button(ann, /^Band/, {}).click();
	await button(ann, "Who plays what").click();
	await ann.getByLabel("For").selectOption({ label: "Footprints" });
	await button(ann, /^keys 1: Dee, for Footprints/i, {}).click();
	await dee.when((s) => s.roleAssignments.some((/** @type {any} */ r) => r.scope_type === "song" && r.user_id === userId("Dee")));
	await shut(ann);
});

hour("song 3: every phone shows title, key, tempo, notes, and who plays what", async () => {
	await button(ann, "Setlist").click();
	await button(ann, "Go to Footprints").click();
	await dee.when((s) => s.activeSong?.title === "Footprints" && s.tempoState.bpm === 126);
	await shut(ann);
	for (const page of [ben, cas]) {
		await page.locator(".room", { hasText: "Footprints" }).waitFor();
		for (const what of [/\bDm\b/, /126/, /drums alone/, /head twice/, /keys 1\s+Dee/i, /bass\s+Ben/i, /So What/])
			await sees(page, what);
	}
	await sees(ann, /Footprints/);
});

/** Each page has drawn every beat, once and in order. @param {any[]} pages @param {number} from a bar */
async function drewAll(pages, from) {
	for (const page of pages) {
		const drawn = async () => (await marks(page)).filter((m) => m.bar >= from);
		await until(async () => (await drawn()).length > 4, "beats drawn");
		assert.deepEqual(faults(await drawn()), []);
	}
}

/** So many more beats are heard. @param {number} beats */
const plays = (beats, heard = ear.onsets.length) => until(() => ear.onsets.length >= heard + beats, `${beats} beats`, 30000);

hour("1-2-3-4 on the glass: the click comes in, on its frames, and every phone draws it", async () => {
	await until(async () => /±/.test(await ann.locator(".head").innerText()), "the clock");
	const from = ear.frame;
	await tapPad(ann, 4, 126);
	await dee.when((s) => s.tempoState.running);
	await plays(8);
	const { bpm, start_bar_index, anchor_timestamp, anchor_bar_index } = dee.state?.tempoState;
	assert.equal(bpm, 126, "near the song's tempo it is the song's");
	/* A busy machine may swallow the very first click: the first 1 that was heard is known by its accent, and its bar by its time. */
	const heard = ear.onsets.filter(({ frame }) => frame >= from);
	const one = heard.find(({ peak }) => peak > 1.1 * Math.min(...heard.map((o) => o.peak)));
	assert.ok(one, "a 1 was heard");
	const unix_ms = (one.ns + unixOffsetNs(box.region)) / 1e6;
	score = new Score({ bpm, metre: "4/4", bar: anchor_bar_index + Math.round((unix_ms - anchor_timestamp) * bpm / 240000), frame: one.frame });
	await drewAll([ann, ben, cas], start_bar_index);
	for (const page of [ben, cas])
		await sees(page, /song bar \d/);
});

hour("128 is typed: all see it announced, and at its bar it is 128, without a hole", async () => {
	await ann.getByRole("radio", { name: "in 4 bars" }).click();
	await ann.getByLabel("Beats a minute").fill("128");
	await ann.getByLabel("Beats a minute").press("Enter");
	await dee.when((s) => s.tempoState.pending?.bpm === 128);
	const bar = dee.state?.tempoState.pending.anchor_bar_index;
	score.change(bar, 128, "4/4");
	for (const page of [ann, ben, cas])
		await page.getByText(`128 at bar ${bar + 1}`).waitFor();
	await dee.when((s) => s.tempoState.bpm === 128 && !s.tempoState.pending, 20000);
	await plays(6);
	await drewAll([ann, ben, cas], bar - 1);
});

hour("a phone sleeps and wakes, and is right again", async () => {
	const cdp = await ben.context().newCDPSession(ben);
	await cdp.send("Page.setWebLifecycleState", { state: "frozen" });
	await plays(8);
	await cdp.send("Page.setWebLifecycleState", { state: "active" });
	const { bar } = (await marks(cas)).at(-1) ?? { bar: 0 };
	await until(async () => ((await marks(ben)).at(-1)?.bar ?? 0) > bar, "beats on the phone that slept");
	await drewAll([ben, cas], bar + 1);
	await cdp.detach();
});

hour("the daemon is killed: nobody hears anything, the phones go on, and come back", async () => {
	const { bar } = (await marks(cas)).at(-1) ?? { bar: 0 };
	await box.kill("tactusd");
	for (const page of [ann, ben, cas])
		await page.getByText(/No connection\. The beat goes on/).waitFor();
	await plays(6);
	await box.start("tactusd");
	await dee.resume();
	for (const page of [ann, ben, cas])
		await page.getByText(/No connection\./).waitFor({ state: "detached" });
	await plays(4);
	await drewAll([ann, ben, cas], bar);
});

hour("the bass player holds talk, and all see it, until the button is let go", async () => {
	const talk = button(ben, "Hold to talk");
	await talk.hover();
	await ben.mouse.down();
	for (const page of [ann, cas])
		await page.getByText("Ben talks").waitFor();
	await ben.mouse.up();
	for (const page of [ann, cas])
		await page.getByText("Ben talks").waitFor({ state: "hidden" });
});

hour("the MD's phone dies: with the PIN Cas has the session, and the desk, in ten seconds", async (t) => {
	await ann.context().close();
	const began = performance.now();
	await button(cas, "This phone").click();
	await button(cas, "Take over the session").click();
	await cas.getByLabel("PIN").fill(PIN);
	await button(cas, "Take over").click();
	await cas.locator(".tap").waitFor();
	t.diagnostic(`${Math.round(performance.now() - began)} ms`);
	assert.equal(dee.state?.session.md_user_id, userId("Cas"));
});

hour("the next song while it plays, on a bar; stopped by holding; not one onset beside its frame", async (t) => {
	await held(button(cas, "Next song: So What"));
	await dee.when((s) => s.activeSong?.title === "So What");
	const { anchor_bar_index } = dee.state?.tempoState.pending ?? dee.state?.tempoState;
	score.change(anchor_bar_index, 136, "4/4");
	await dee.when((s) => s.tempoState.bpm === 136 && !s.tempoState.pending, 20000);
	await plays(8);
	await button(cas, "Stop").click();
	await plays(2);
	assert.equal(dee.state?.tempoState.running, true, "a touch does not stop it");
	score.end = ear.frame - ear.rate / 10;
	await held(button(cas, "Stop"));
	await dee.when((s) => !s.tempoState.running);
	await ear.reach(score.end + ear.rate);
	t.diagnostic(JSON.stringify(score.judge(ear, PERIOD)));
});

hour("the band goes home; next week the session is opened again, and everything is there", async () => {
	await button(cas, "This phone").click();
	await button(cas, "Close the session").click();
	await button(cas, "Yes, close it").click();
	await ben.getByText("The session was closed.").waitFor();
	await cas.locator(".door").waitFor();

	await button(cas, "Earlier sessions").click();
	await cas.getByLabel("PIN").fill(PIN);
	await button(cas, "Show them").click();
	await cas.getByRole("list", { name: "Sessions of earlier weeks" }).getByRole("button").first().click();
	await cas.locator(".tap").waitFor();
	await sees(cas, /So What/);
	await button(cas, "Setlist").click();
	for (const title of ["Autumn Leaves", "Blue Bossa", "Footprints", "So What"])
		await cas.getByRole("listitem").filter({ hasText: title }).waitFor();
	assert.match(await cas.getByRole("listitem").filter({ hasText: "Footprints" }).innerText(), /Dm[^]*126[^]*Ben/);
	for (const page of [ben, cas])
		assert.deepEqual(page.errors.filter((/** @type {string} */ e) => !/WebSocket|ERR_CONNECTION_REFUSED/.test(e)), []);
});
