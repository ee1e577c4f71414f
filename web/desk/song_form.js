/*
 * song_form.js - one song of the library, being made or changed. What is typed is kept until the
 * box has it or somebody discards it; what others change meanwhile is taken over where it was not
 * touched here, and shown beside it where it was.
 */
import { BPM_MAX, BPM_MIN } from "../beat/beat.js";
import { ask, tell } from "../box/box.js";
import { keep } from "../box/keep.js";
import { Refused } from "../box/link.js";
import { change, change_songs, effect, notify, state } from "../state.js";
import { error_words } from "../refusals.js";
import { bytes_of, tidy_text } from "./song_file.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").Song} Song
 * @typedef {import("../state.js").SongText} SongText
 * @typedef {import("../state.js").SongForm} SongForm
 * @typedef {keyof SongText} Field
 */

/** As schema/limits.h has them. The box counts, too; but by the title it is looked up, and what is far too long is no request. */
const TITLE_MAX = 120;
export const NOTES_MAX_BYTES = 20000;
const PAGE = 200;

/** @type {SongText} */
const NEW = { title: "", default_key: "", default_bpm: "120", time_signature: "4/4", notes: "" };
const NAMES = /** @type {Field[]} */ (Object.keys(NEW));

/** @param {Song} song @returns {SongText} */
function text_of(song) {
	const { id: _, ...text } = song;
	return { ...text, default_bpm: String(text.default_bpm), notes: tidy_text(text.notes) };
}

/** What was changed here and not saved. @param {SongForm} form */
export function unsaved({ was, typed }) {
	return NAMES.filter((name) => was && typed[name] !== was[name]);
}

const now = () => state.peek().song_form;

/** @param {Partial<SongForm>} patch */
function change_form(patch) {
	change(({ song_form }) => ({ song_form: song_form && { ...song_form, ...patch } }));
}

/** For the day that the sheet is shut, or the page gone, before it is saved. @param {string} song_id @param {SongForm | null} form null: done with */
function keep_draft(song_id, form) {
	const { [song_id]: _, ...drafts } = state.peek().drafts;
	if (form?.was && unsaved(form).length)
		drafts[song_id] = { was: form.was, typed: form.typed };
	keep.set_drafts(drafts);
	change({ drafts });
}

/** @param {string} song_id @param {SongText | null} was */
function open(song_id, was) {
	const draft = state.peek().drafts[song_id];
	change(({ sheet }) => ({
		sheet: "song_form",
		song_form: { song_id, back: sheet, theirs: {}, wrong: null, sure: false, kept: !!draft, ...draft ?? { was, typed: was ?? NEW } },
	}));
	change_songs({ here: song_id });
}

/** The form of a song, from wherever; `song` spares the wait where it is known. @param {string} song_id @param {Song} [song] */
export function edit_song(song_id, song) {
	open(song_id, song ? text_of(song) : null);
	return look_again();
}

/** The form of a new one. What was searched for in vain may be its title. */
export function new_song() {
	open("", { ...NEW, title: state.peek().songs.query.trim() });
}

/** @param {Partial<SongText>} patch */
export function type(patch) {
	const form = now();
	if (!form)
		return;
	change_form({ typed: { ...form.typed, ...patch }, wrong: null, kept: false });
	keep_draft(form.song_id, now());
}

/** @param {boolean} sure whether to ask */
export function ask_delete(sure) {
	change_form({ sure, wrong: null });
}

/** What another phone made of it instead of one's own. @param {Field} name */
export function take_theirs(name) {
	const { [name]: text, ...theirs } = now()?.theirs ?? {};
	change_form({ theirs });
	type({ [name]: text });
}

/** @param {string} title @param {(song: Song) => boolean} is @returns {Promise<Song | null | undefined>} null: there is none; undefined: no answer */
async function find(title, is) {
	const query = tidy_text(title).trim();
	for (let offset = 0, total = 1; offset < total;) {
		const ok = await tell("song.list", { ...(query ? { query } : {}), limit: PAGE, offset });
		if (!ok)
			return undefined;
		const found = ok.songs.find(is);
		if (found)
			return found;
		offset += ok.songs.length;
		total = ok.songs.length && ok.total;
	}
	return null;
}

/** The title by which to look for a song: the newest that is known. @param {SongForm} form */
function title_now({ song_id, was }) {
	const { snapshot } = state.peek();
	return [snapshot?.activeSong, ...snapshot?.setlist?.items ?? []].find((one) => one?.song_id === song_id)?.title ?? was?.title ?? "";
}

/** Brings the form up to what the library has. False: it could not, or there is something new to look at. */
export async function look_again() {
	const asked = now();
	if (!asked?.song_id)
		return true;
	const is = (/** @type {Song} */ { id }) => id === asked.song_id;
	const title = title_now(asked);
	/* Under another title by now: then all are looked through. */
	const song = await find(title, is) ?? (title && await find("", is));
	const form = now();
	if (song === undefined || form?.song_id !== asked.song_id)
		return false;
	if (!song) {
		drop_row(form.song_id);
		change_songs({ here: "" });
		keep_draft(form.song_id, null);
		change_form({ song_id: "", was: NEW, theirs: {}, wrong: { field: "", text: words.song_gone } });
		keep_draft("", now());
		return false;
	}
	return merge(form, text_of(song));
}

/** What was not touched here follows; of what was, theirs is shown, too. @param {SongForm} form @param {SongText} fresh */
function merge({ was, typed, theirs }, fresh) {
	const news = NAMES.filter((name) => was && typed[name] !== was[name] && fresh[name] !== was[name] && fresh[name] !== typed[name]);
	const own = NAMES.filter((name) => was && typed[name] !== was[name]).map((name) => [name, typed[name]]);
	change_form({
		was: fresh,
		typed: { ...fresh, ...Object.fromEntries(own) },
		theirs: { ...theirs, ...Object.fromEntries(news.map((name) => [name, fresh[name]])) },
		...(news.length ? { wrong: { field: "", text: words.changed_meanwhile } } : {}),
	});
	return news.length === 0;
}

/** What the box tells of the setlist and the song that is on may be about this song. @type {unknown[]} */
let told = [];
effect(({ sheet, snapshot }) => {
	const news = [snapshot?.setlist, snapshot?.activeSong];
	if (news.some((one, i) => one !== told[i]) && sheet === "song_form")
		queueMicrotask(look_again);
	told = news;
});

/** What is wrong with it, before the box is asked. @param {SongText} typed @returns {SongForm["wrong"]} */
function check({ title, default_bpm, notes }) {
	const length = [...title.trim()].length;
	const bpm = Number(/^\s*\d+\s*$/.test(default_bpm) && default_bpm);
	return length < 1 || length > TITLE_MAX ? { field: "title", text: words.title_wrong }
		: bpm < BPM_MIN || bpm > BPM_MAX ? { field: "default_bpm", text: words.bpm_wrong }
			: bytes_of(notes) > NOTES_MAX_BYTES ? { field: "notes", text: words.notes_wrong } : null;
}

/** Null clears; a song has no empty title and no empty tempo. @param {Field} name @param {SongText} text */
function wire(name, text) {
	return name === "default_bpm" ? Number(text[name]) : text[name] || null;
}

let saving = false;

/** Saves what was changed. True: done, and nothing else was typed meanwhile. */
export async function save() {
	const form = now();
	if (!form || saving)
		return false;
	saving = true;
	try {
		return await store(form);
	} catch (error) {
		if (!(error instanceof Refused))
			throw error;
		change_form({ wrong: { field: NAMES.find((name) => name === error.field) ?? "", text: error.code === "no_answer" ? words.not_saved_now : error_words(error) } });
		return false;
	} finally {
		saving = false;
	}
}

/** @param {SongForm} form */
async function store(form) {
	const wrong = check(form.typed);
	change_form({ wrong });
	if (wrong)
		return false;
	if (!await look_again())
		return unsure();
	const { song_id, typed, was } = /** @type {SongForm} */ (now());
	const text = { ...typed, title: typed.title.trim(), default_key: typed.default_key.trim(), default_bpm: String(Number(typed.default_bpm)), notes: tidy_text(typed.notes) };
	/* As it will come back: what the box tells of it is no news then. */
	change_form({ typed: text });
	const since = song_id ? /** @type {SongText} */ (was) : NEW;
	const fields = Object.fromEntries(NAMES.filter((name) => text[name] !== since[name]).map((name) => [name, wire(name, text)]));
	if (song_id && Object.keys(fields).length)
		await ask("song.update", { song_id, ...fields });
	const id = song_id || await create(fields, text);
	return id ? stored(song_id, id, text) : unsure();
}

/** Its id. One that the box has already, though it could not say so, is not made twice. @param {Record<string, unknown>} fields @param {SongText} text */
async function create(fields, text) {
	const made = await find(text.title, (song) => NAMES.every((name) => text_of(song)[name] === text[name]));
	return made === undefined ? "" : made?.id ?? (await ask("song.create", fields)).song_id;
}

function unsure() {
	change_form({ wrong: now()?.wrong ?? { field: "", text: words.not_saved_now } });
	return false;
}

/** @param {string} was_id @param {string} id @param {SongText} text */
function stored(was_id, id, text) {
	notify(words.saved(text.title), "good");
	const song = { ...text, id, default_bpm: Number(text.default_bpm) };
	change_songs(({ list, total, here }) => ({
		here: here === was_id ? id : here,
		total: total + (was_id ? 0 : 1),
		list: list && (was_id ? list.map((one) => one.id === id ? song : one) : [song, ...list.filter((one) => one.id !== id)]),
	}));
	const form = now();
	keep_draft(was_id, null);
	if (form?.song_id !== was_id)
		return false;
	change_form({ song_id: id, was: text, theirs: {} });
	keep_draft(id, now());
	return !unsaved({ ...form, was: text }).length;
}

/** What was typed is not wanted. */
export function discard() {
	const form = now();
	if (form)
		keep_draft(form.song_id, null);
}

/** Takes it out of the library. True: it is out. */
export async function remove_song() {
	const song_id = now()?.song_id ?? "";
	try {
		await ask("song.delete", { song_id });
	} catch (error) {
		if (!(error instanceof Refused))
			throw error;
		if (error.code !== "song_unknown") {
			const tonight = error.code === "song_in_use" && state.peek().snapshot?.setlist?.items.some((item) => item.song_id === song_id);
			change_form({ sure: false, wrong: { field: "", text: tonight ? words.in_tonight : error_words(error) } });
			return false;
		}
	}
	keep_draft(song_id, null);
	drop_row(song_id);
	return now()?.song_id === song_id;
}

/** One goes on at the row behind it. @param {string} song_id */
function drop_row(song_id) {
	change_songs(({ list, total, seen }) => {
		const at = list?.findIndex(({ id }) => id === song_id) ?? -1;
		return list && at >= 0 ? { list: list.filter(({ id }) => id !== song_id), total: total - 1, seen: seen - 1, here: (list[at + 1] ?? list[at - 1])?.id ?? "" } : {};
	});
}
