/*
 * songs.js - the box's song library: looking into it, a page at a time, and
 * bringing songs in. What was pasted stays until the box has it.
 */
import { ask, tell } from "../box/box.js";
import { Refused } from "../box/link.js";
import { bytes_of, format_of_name, guess_format, join_files, locate, prepare, requests_for, text_of_bytes, tidy_text } from "./song_file.js";
import { change, change_songs, notify, state } from "../state.js";
import { error_words } from "../refusals.js";
import { words } from "../words.js";

/** @typedef {import("./song_file.js").Format} Format */

const PAGE = 50;
/** No list of songs is that big; a film is. */
const READ_MAX_BYTES = 8e6;
const TYPING_MS = 200;

/** The newest question; an answer to an earlier one is not shown any more. */
let asked = 0;
let typing = 0;

/** Where a list waits to be brought in, with that. */
export function open_songs() {
	change({ sheet: "songs" });
	change_songs(({ text }) => ({ importing: text !== "", query: "", said: "", here: "", added: null }));
	return look();
}

/** The first page of what is searched for. */
export function look() {
	clearTimeout(typing);
	return fetch_page(0);
}

/** The page behind what is shown. */
export function look_further() {
	return fetch_page(state.peek().songs.seen);
}

/** @param {number} offset */
async function fetch_page(offset) {
	const number = ++asked;
	const query = tidy_text(state.peek().songs.query).trim();
	const ok = await tell("song.list", { ...(query ? { query } : {}), limit: PAGE, offset });
	if (number !== asked)
		return;
	if (!ok) {
		change_songs({ failed: true });
		return;
	}
	const before = offset ? state.peek().songs.list ?? [] : [];
	const known = new Set(before.map(({ id }) => id));
	/* Where others bring songs in meanwhile, a page may begin with what the one before ended with. */
	const list = [...before, .../** @type {import("../state.js").Song[]} */ (ok.songs).filter(({ id }) => !known.has(id))];
	change_songs({ list, total: ok.total, seen: offset + ok.songs.length, ended: ok.songs.length === 0, failed: false });
}

/** @param {string} query */
export function search(query) {
	change_songs({ query, said: "", here: "", added: null });
	clearTimeout(typing);
	typing = setTimeout(look, TYPING_MS);
}

/** One after another: the first may have to make the setlist that the others go to. */
let adding = Promise.resolve();
/** Whose turn has not come; a second press on the same does not count. @type {Set<string>} */
const waiting = new Set();

/** At the end of the setlist, tonight's if there is none. @param {string} song_id */
export function add_song(song_id) {
	if (waiting.has(song_id))
		return;
	waiting.add(song_id);
	adding = adding.then(() => put_in(song_id)).finally(() => waiting.delete(song_id));
}

/** @param {string} song_id */
async function put_in(song_id) {
	if (!state.peek().snapshot?.setlist) {
		const made = await tell("setlist.create", { title: words.tonight_list() });
		if (!made || !await tell("setlist.activate", { setlist_id: made.setlist_id }))
			return;
	}
	const ok = await tell("setlist.item.add", { song_id });
	if (ok)
		change_songs({ added: { song_id, position: ok.position } });
}

/** The song that was added last, out again. */
export async function take_out() {
	const { songs: { added }, snapshot } = state.peek();
	const of = snapshot?.setlist?.items.filter(({ song_id }) => song_id === added?.song_id) ?? [];
	const item = of.find(({ position }) => position === added?.position) ?? of.pop();
	if (!item || await tell("setlist.item.remove", { setlist_id: snapshot?.setlist?.id, position: item.position, revision: snapshot?.revision }))
		change_songs({ added: null });
}

/** @param {boolean} open */
export function open_import(open) {
	change_songs({ importing: open, said: "", wrong: "" });
}

/** What is pasted or typed; its format is guessed until somebody chooses one. @param {string} text */
export function edit_text(text) {
	change_songs((songs) => ({ text, parts: [], wrong: "", format: songs.chosen ? songs.format : guess_format(text), chosen: songs.chosen && text !== "" }));
}

/** @param {Format} format */
export function choose_format(format) {
	change_songs({ format, chosen: true, wrong: "" });
}

/** @param {File[]} files */
export async function choose_files(files) {
	const wrong = await take_files(files);
	change_songs({ wrong });
}

/** Reads them into the text field. @param {File[]} files @returns {Promise<string>} what is wrong, or "" */
async function take_files(files) {
	if (!files.length)
		return "";
	if (files.reduce((sum, { size }) => sum + size, 0) > READ_MAX_BYTES)
		return words.files_too_big;
	const texts = [];
	for (const file of files) {
		const text = await file.arrayBuffer().then(text_of_bytes, () => null);
		if (text === null)
			return words.no_text(file.name);
		texts.push({ name: file.name, text });
	}
	const formats = texts.map(({ name, text }) => format_of_name(name) ?? guess_format(text));
	if (files.length > 1 && formats.some((format) => format !== "chordpro"))
		return words.one_file;
	change_songs({ ...join_files(texts), format: formats[0], chosen: true });
	return too_much(formats[0], prepare(formats[0], state.peek().songs.text).text);
}

/** In words, or "". @param {Format} format @param {string} text as it would be sent */
function too_much(format, text) {
	const requests = requests_for(text);
	return requests > 1 ? words.too_much(bytes_of(text), requests, format) : "";
}

/** Brings it in. The line that is at fault; null: none, or all is well. */
export async function bring_in() {
	const { text, format, parts } = state.peek().songs;
	const sent = prepare(format, tidy_text(text));
	const wrong = !text.trim() ? words.import_empty : !sent.text ? words.no_song : too_much(format, sent.text);
	change_songs({ wrong, said: "" });
	if (wrong)
		return null;
	try {
		const { created, known } = await ask("song.import", { format, text: sent.text });
		brought_in(words.imported(created, known));
		return null;
	} catch (error) {
		if (!(error instanceof Refused))
			throw error;
		const place = locate(error.message, sent, parts);
		change_songs({ wrong: error.code === "bad_import" ? words.import_failed(place) : error_words(error) });
		return error.code === "bad_import" ? place.line : null;
	}
}

/** @param {string} said */
function brought_in(said) {
	change_songs({ said, importing: false, text: "", parts: [], chosen: false, query: "" });
	if (state.peek().sheet === "songs")
		look();
	else
		notify(said, "good");
}
