/*
 * band.mjs - a session with people, songs and setlists, for tests of the whole data model.
 *
 *     const band = await openBand(box, { members: ["Ben", "Cas"], songs: ["One", "Two"], setlist: true });
 *     band.md, band.people.Ben, band.code, band.songs.One, band.setlist_id, band.slots.drums
 *     await band.close();
 *
 * And what a test asks of the state when times and revisions do not matter.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { Phone, Refused } from "./phone.mjs";
import { checkError, look, openEye } from "./refusal.mjs";

export const NO_UUID = "00000000-0000-4000-8000-000000000000";

export const idOf = (/** @type {Phone} */ phone) => phone.state.you.user_id;

/** Slots by name. @param {Record<string, any>} state @returns {Record<string, string>} */
export const slotsOf = (state) => Object.fromEntries(state.slots.map((slot) => [slot.name, slot.id]));

let bands = 0;

/**
 * @typedef {object} BandOptions
 * @property {string} [md] name of the music director
 * @property {string[]} [members]
 * @property {string[]} [songs] titles; made unique by the band's number, known under their short name
 * @property {boolean} [setlist] an active setlist of all the songs
 * @property {string} [pin]
 * @property {Record<string, object>} [how] options of a person's Phone, by name
 */

/** @param {{url: string}} box @param {BandOptions} [options] */
export async function openBand(box, options = {}) {
	const number = ++bands;
	const people = {};
	const phone = async (name) => (people[name] = await Phone.open(box.url, options.how?.[name]));
	const md = await phone(options.md ?? "Ann");
	const { code, session_id } = await md.create(options.md ?? "Ann", options.pin);
	for (const name of options.members ?? [])
		await (await phone(name)).join(code, name);
	/** @type {Record<string, string>} */
	const songs = {};
	for (const title of options.songs ?? [])
		songs[title] = (await md.request("song.create", { title: `${title} ${number}` })).song_id;
	let setlist_id = null;
	if (options.setlist) {
		({ setlist_id } = await md.request("setlist.create", { title: "Tonight" }));
		for (const song_id of Object.values(songs))
			await md.request("setlist.item.add", { setlist_id, song_id });
		await md.request("setlist.activate", { setlist_id });
	}
	const eye = await openEye(box, md.token);
	return {
		number, md, people: /** @type {Record<string, Phone>} */ (people), eye, code, session_id, songs, setlist_id,
		slots: slotsOf(md.state),
		get phones() {
			return Object.values(people);
		},
		close: () => Promise.all([eye, ...Object.values(people)].map((one) => one.close())),
	};
}

/** What the state says apart from revision, whose welcome it is, and the times at which people were heard. */
export function timeless(state) {
	const { type, you, revision, ...rest } = structuredClone(state);
	for (const participant of rest.participants)
		delete participant.last_heartbeat;
	return rest;
}

/** What a newcomer would be told now, times apart. @param {Phone} eye */
export const quiet = async (eye) => timeless(await look(eye));

/** The error that it ends with. @param {Promise<any>} promise */
export async function refusedBy(promise) {
	const error = await promise.then((ok) => assert.fail(`not refused: ${JSON.stringify(ok)}`), (e) => e);
	assert.ok(error instanceof Refused, String(error));
	return error;
}

/**
 * It is refused just so, and the state is what it was, times apart.
 * @param {Phone} eye @param {() => Promise<any>} ask @param {string | string[]} code
 * @param {string | null} field @param {RegExp} [words]
 */
export async function changesNothing(eye, ask, code, field, words) {
	const before = await quiet(eye);
	const { answer } = await refusedBy(ask());
	const codes = [code].flat();
	checkError(answer, codes.includes(answer.code) ? answer.code : codes[0], field, words);
	assert.deepEqual(await quiet(eye), before);
}

/** Every phone has merged its way, without a hole, to what a newcomer is told: revision and all, but for the
 * times at which people were heard. */
export async function allAgree(eye, phones, wait_ms = 10000) {
	const deadline = Date.now() + wait_ms;
	for (;;) {
		const whole = await look(eye);
		try {
			for (const phone of phones) {
				assert.deepEqual(phone.holes, []);
				await phone.when((state) => state.revision >= whole.revision, 2000);
				assert.deepEqual(timeless(phone.state), timeless(whole));
			}
			return whole;
		} catch (error) {
			/* Something (a metric, somebody away) may have been told in between. */
			if (Date.now() > deadline)
				throw error;
		}
	}
}

/** What the sqlite3 program says of a box's database. @param {{state: string}} box */
export function sqlite(box, sql) {
	const { status, stdout, stderr } = spawnSync("sqlite3", ["-json", join(box.state, "tactus.db"), sql], { encoding: "utf8", maxBuffer: 1 << 28 });
	assert.equal(status, 0, stderr);
	return stdout.trim() ? JSON.parse(stdout) : [];
}

/** The database is whole and no reference hangs. @param {{state: string}} box */
export function checkDatabase(box) {
	assert.deepEqual(sqlite(box, "PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
	assert.deepEqual(sqlite(box, "PRAGMA foreign_key_check"), []);
}
