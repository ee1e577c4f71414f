/*
 * view_songs.js - the box's song library over the stage: a list to search, and
 * the form that brings songs in.
 */
import { metre } from "../beat/beat.js";
import { is_md } from "../box/snapshot.js";
import { span_of_line } from "../desk/song_file.js";
import { bring_in, choose_files, choose_format, edit_text, look, look_further, open_import, search } from "../desk/songs.js";
import { choice, html, tempo_mark, value_of } from "./view_parts.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../state.js").Song} Song
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 */

/** The form shows, and to whom: a hand-over of the MD may come while it is open. @param {State} s @param {Snapshot} snap */
const importing = (s, snap) => s.songs.importing && is_md(snap);

/** @param {State} s @param {Snapshot} snap */
export function songs_title(s, snap) {
	return importing(s, snap) ? words.import_songs : words.songs;
}

/** @param {State} s @param {Snapshot} snap */
export function view_songs(s, snap) {
	return importing(s, snap)
		? html`<div key="import">${form(s)}</div>`
		: html`<div key="list" class="song-list">${library(s, is_md(snap))}</div>`;
}

/** @param {State} s @param {boolean} may_import */
function library(s, may_import) {
	const { query, list, failed } = s.songs;
	return html`<form class="search" role="search" onSubmit=${find}>
			<input type="search" aria-label=${words.search} placeholder=${words.search} value=${query} maxlength="120" autocomplete="off" enterkeyhint="search"
				onInput=${(/** @type {Event} */ e) => search(value_of(e))} />
			${may_import && html`<button type="button" aria-label=${words.import_songs} ref=${take_focus} onClick=${() => open_import(true)}>${words.import_button}</button>`}
		</form>
		<p class="said" role="status">${s.songs.said && html`<strong>${s.songs.said}</strong> `}${told(s)}</p>
		${failed && html`<button type="button" onClick=${look}>${words.again}</button>`}
		<ul class="songs" aria-label=${words.songs}>${list?.map(song)}</ul>
		${has_more(s) && html`<button type="button" disabled=${s.busy.includes("song.list")} onClick=${further}>${words.more}</button>`}`;
}

/** @param {State} s */
function has_more({ songs }) {
	return songs.list !== null && !songs.ended && songs.seen < songs.total;
}

/** How many there are, or why there are none. @param {State} s */
function told({ songs }) {
	if (!songs.list)
		return songs.failed ? "" : words.looking;
	if (songs.total)
		return songs.query.trim() ? words.found(songs.total) : words.songs_count(songs.total);
	return songs.query.trim() ? words.none_found : words.no_songs;
}

/** @param {Song} one */
function song(one) {
	return html`<li key=${one.id} tabindex="-1"><bdi>${one.title}</bdi>
		<span class="song-facts">${one.default_key && html`<bdi class="chip">${one.default_key}</bdi>`}
			${tempo_mark(one.default_bpm, metre(one.time_signature).compound)}<span>${one.time_signature}</span></span></li>`;
}

/** @param {Event} event */
function find(event) {
	event.preventDefault();
	look();
}

/** The button may go with the last page: who used it goes on at the first new song. @param {Event} event */
async function further(event) {
	const list = /** @type {HTMLElement} */ (event.currentTarget).parentElement?.querySelector("ul");
	const before = list?.children.length ?? 0;
	await look_further();
	/** @type {HTMLElement | undefined} */ (list?.children[before])?.focus();
}

/** Where one goes on after the view has changed under one's finger. @param {HTMLElement | null} element */
function take_focus(element) {
	element?.focus();
}

/** @param {State} s */
function form(s) {
	const { text, format, wrong } = s.songs;
	const busy = s.busy.includes("song.import");
	return html`<form class="settings import" aria-label=${words.import_songs} onSubmit=${submit}>
		<label class="field"><span>${words.from_files}</span>
			<input type="file" multiple disabled=${busy} ref=${take_focus} onChange=${files} /><small>${words.from_files_hint}</small></label>
		${wrong && html`<p class="wrong" role="alert" id="import-wrong">${wrong}</p>`}
		<label class="field"><span>${words.or_paste}</span>
			<textarea rows="8" wrap="off" spellcheck=${false} autocapitalize="off" autocomplete="off" value=${text} readonly=${busy} placeholder=${words.paste_hint[format]}
				aria-invalid=${String(!!wrong)} aria-describedby=${wrong ? "import-wrong" : undefined} onInput=${(/** @type {Event} */ e) => edit_text(value_of(e))}></textarea></label>
		<div class="field"><span>${words.format}</span>
			${choice(words.format, Object.entries(words.formats).map(([value, text]) => ({ value, text })), format,
		(value) => choose_format(/** @type {import("../desk/song_file.js").Format} */ (value)))}
			<small>${words.format_hint[format]}</small></div>
		<button type="submit" class="primary big" disabled=${busy}>${words.import_button}</button>
		<button type="button" onClick=${() => open_import(false)}>${words.back_to_songs}</button>
	</form>`;
}

/** @param {Event} event */
async function files(event) {
	const field = /** @type {HTMLInputElement} */ (event.currentTarget);
	await choose_files([...field.files ?? []]);
	/* So that the same file, mended, can be chosen again. */
	field.value = "";
	show_wrong(field.form);
}

/** @param {Event} event */
async function submit(event) {
	event.preventDefault();
	const form = /** @type {HTMLFormElement} */ (event.currentTarget);
	const field = form.querySelector("textarea");
	const line = await bring_in();
	if (field && line !== null)
		show_line(field, line);
	show_wrong(form);
}

/** @param {HTMLFormElement | null} form */
function show_wrong(form) {
	form?.querySelector(".wrong")?.scrollIntoView({ block: "nearest" });
}

/** The line that the box minds: selected, and in view. @param {HTMLTextAreaElement} field @param {number} line */
function show_line(field, line) {
	const [from, to] = span_of_line(field.value, line);
	field.focus();
	field.setSelectionRange(from, to);
	const lines = field.value.split("\n").length;
	field.scrollTop = field.scrollHeight * (line - 1) / lines - field.clientHeight / 3;
}
