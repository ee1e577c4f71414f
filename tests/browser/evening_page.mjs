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
import { Ear } from "../lib/ear.mjs";
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

test("the MD opens the page, gives a name and the PIN, and has a session with a code and a QR", async () => {
	ann = await openPage(browser, box);
	code = await create(ann, "Ann", PIN);
	assert.match(code, /^[A-Z0-9]{6}$/);
	await ann.locator(".code-button").click();
	const image = ann.getByRole("img", { name: /QR code/ });
	await until(() => image.evaluate((/** @type {HTMLImageElement} */ i) => i.complete && i.naturalWidth > 100), "the QR");
	await shut(ann);
});

test("players open its link, give a name and take a slot: four presses, and they are in", async () => {
	ben = await openPage(browser, box, `/join/${code}`);
	await join(ben, "Ben");
	await ben.getByRole("region", { name: "What do you play?" }).getByRole("button", { name: /^bass/ }).click();
	cas = await openPage(browser, box, `/join/${code}`);
	await join(cas, "Cas");
	await cas.getByRole("region", { name: "What do you play?" }).getByRole("button", { name: /^keys 1/ }).click();
	dee = await Phone.open(box.url);
	await dee.join(code, "Dee");
	await dee.request("role.assign", { slot_id: slot("drums") });
	await button(ben, /ready/i, {}).click();
	await dee.when((s) => s.roleAssignments.length === 3 && s.participants.some((/** @type {any} */ p) => p.display_name === "Ben" && p.ready));
	assert.deepEqual(dee.state?.participants.find((/** @type {any} */ p) => p.display_name === "Cas").slots, [slot("keys 1")]);
});

test("tonight's setlist from the box's songs; a key, a tempo, a leader; Dee has the keys in one song", async () => {
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
	await ann.getByLabel("Key").fill("Dm");
	await ann.getByLabel("Tempo").fill("126");
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

test("song 3: every phone shows title, key, tempo, notes, and who plays what", async () => {
	await button(ann, "Setlist").click();
	await ann.getByRole("listitem").filter({ hasText: "Footprints" }).locator("button.go").click();
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
		const drawn = (await marks(page)).filter((m) => m.bar >= from);
		assert.ok(drawn.length > 4, `${drawn.length} beats drawn`);
		assert.deepEqual(faults(drawn), []);
	}
}

/** So many more beats are heard. @param {number} beats */
const plays = (beats, heard = ear.onsets.length) => until(() => ear.onsets.length >= heard + beats, `${beats} beats`, 30000);

test("1-2-3-4 on the glass: the click comes in, on its frames, and every phone draws it", async () => {
	await until(async () => /±/.test(await ann.locator(".head").innerText()), "the clock");
	const from = ear.frame;
	await tapPad(ann, 4, 126);
	await dee.when((s) => s.tempoState.running);
	const first = await ear.onset(from);
	await plays(8);
	const { bpm, start_bar_index } = dee.state?.tempoState;
	assert.equal(bpm, 126, "near the song's tempo it is the song's");
	const [one, two] = ear.onsets.filter(({ frame }) => frame >= first.frame);
	assert.ok(one.peak > 1.1 * two.peak, "the first click heard is a 1");
	score = new Score({ bpm, metre: "4/4", bar: start_bar_index, frame: one.frame });
	await drewAll([ann, ben, cas], start_bar_index);
	for (const page of [ben, cas])
		await sees(page, /song bar \d/);
});

test("128 is typed: all see it announced, and at its bar it is 128, without a hole", async () => {
	await ann.getByRole("radio", { name: /^(in )?4( bars)?$/ }).click();
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

test("a phone sleeps and wakes, and is right again", async () => {
	const cdp = await ben.context().newCDPSession(ben);
	await cdp.send("Page.setWebLifecycleState", { state: "frozen" });
	await plays(8);
	await cdp.send("Page.setWebLifecycleState", { state: "active" });
	const { bar } = (await marks(cas)).at(-1) ?? { bar: 0 };
	await until(async () => ((await marks(ben)).at(-1)?.bar ?? 0) > bar, "beats on the phone that slept");
	await drewAll([ben, cas], bar + 1);
	await cdp.detach();
});

test("the daemon is killed: nobody hears anything, the phones go on, and come back", async () => {
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

test("the bass player holds talk, and all see it, until the button is let go", async () => {
	const talk = button(ben, "Hold to talk");
	await talk.hover();
	await ben.mouse.down();
	for (const page of [ann, cas])
		await page.locator(".talking", { hasText: "Ben" }).waitFor();
	await ben.mouse.up();
	for (const page of [ann, cas])
		await page.locator(".talking", { hasText: "Ben" }).waitFor({ state: "hidden" });
});

test("the MD's phone dies: with the PIN Cas has the session, and the desk, in ten seconds", async (t) => {
	await ann.context().close();
	const began = performance.now();
	await button(cas, "This phone").click();
	await button(cas, "Take over a session").click();
	await cas.getByLabel("PIN").fill(PIN);
	await button(cas, "Take over").click();
	await cas.locator(".tap").waitFor();
	t.diagnostic(`${Math.round(performance.now() - began)} ms`);
	assert.equal(dee.state?.session.md_user_id, userId("Cas"));
});

test("the next song while it plays, on a bar; stopped by holding; not one onset beside its frame", async (t) => {
	await held(button(cas, /^Next song/, {}));
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

test("the band goes home; next week the session is opened again, and everything is there", async () => {
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
