/*
 * view_songs.js - the box's song library over the stage: a list to search, and
 * the form that brings songs in.
 */
import { metre } from "../beat/beat.js";
import { is_md } from "../box/snapshot.js";
import { span_of_line } from "../desk/song_file.js";
import { edit_song, new_song } from "../desk/song_form.js";
import { add_song, bring_in, choose_files, choose_format, edit_text, look, look_further, open_import, search, take_out } from "../desk/songs.js";
import { state } from "../state.js";
import { choice, html, icon, kept, take_focus_if_lost, tempo_mark, value_of } from "./view_parts.js";
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
		: html`<div key="list" class="song-list">${library(s, snap)}</div>`;
}

/** @param {State} s @param {Snapshot} snap */
function library(s, snap) {
	const { query, list, failed } = s.songs;
	const md = is_md(snap);
	return html`<form class="search" role="search" onSubmit=${find}>
			<input type="search" aria-label=${words.search} placeholder=${words.search} value=${query} maxlength="120" autocomplete="off" enterkeyhint="search"
				onInput=${(/** @type {Event} */ e) => search(value_of(e))} />
		</form>
		${md && html`<div class="song-pair">
			<button type="button" onClick=${new_song}>${s.drafts[""] ? `${words.new_song}: ${words.not_saved.toLowerCase()}` : words.new_song}</button>
			<button type="button" aria-label=${words.import_songs} ref=${take_focus_if_lost} onClick=${() => open_import(true)}>${words.import_button}</button></div>`}
		<div class="said"><p role="status">${s.songs.said && html`<strong>${s.songs.said}</strong> `}${told(s)}</p>
			${md && !!list?.length && html`<p>${snap.setlist ? html`${words.adds_to} <bdi>${snap.setlist.title}</bdi>` : words.adds_to_new}</p>`}</div>
		<p class="unseen" aria-live="polite">${s.songs.added && added(s)}</p>
		${failed && html`<button type="button" onClick=${look}>${words.again}</button>`}
		${rows(s, snap)}
		${has_more(s) && html`<button type="button" ref=${watch} onClick=${(/** @type {Event} */ e) => further(/** @type {HTMLElement} */ (e.currentTarget))}>${words.more}</button>`}`;
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

const kept_rows = kept();

/** @param {State} s @param {Snapshot} snap */
function rows(s, snap) {
	return kept_rows([s.songs.list, s.songs.added, s.drafts, snap.setlist, is_md(snap)], () => {
		/** @type {Map<string, number[]>} */
		const places = new Map();
		for (const { song_id, position } of snap.setlist?.items ?? [])
			places.set(song_id, [...places.get(song_id) ?? [], position + 1]);
		return html`<ul class="songs" aria-label=${words.songs}>${s.songs.list?.map((one) => song(s, snap, one, places.get(one.id) ?? []))}</ul>`;
	});
}

/** @param {State} s */
function added({ songs: { added } }) {
	return added && words.added(added.position + 1);
}

/** For the MD the row is two buttons: the song's form, and into the setlist. @param {State} s @param {Snapshot} snap @param {Song} one @param {number[]} places */
function song(s, snap, one, places) {
	const now = s.songs.added?.song_id === one.id && places.length ? added(s) : "";
	const about = html`<bdi class="song-name">${one.title}</bdi>
		<span class="song-facts">${one.default_key && html`<bdi class="chip">${one.default_key}</bdi>`}
			${tempo_mark(one.default_bpm, metre(one.time_signature).compound)}<span>${one.time_signature}</span></span>
		${s.drafts[one.id] && html`<span class="chip warn">${words.not_saved}</span>`}
		${now && html`<strong class="song-added">${now}</strong>`}
		${places.length > (now ? 1 : 0) && html`<span class="song-places">${now ? words.times_in_list(places.length) : words.in_list(places)}</span>`}`;
	if (!is_md(snap))
		return html`<li key=${one.id}><div class="song-open" tabindex="-1">${about}</div></li>`;
	return html`<li key=${one.id}>
		<button type="button" class="plain song-open" data-song=${one.id} ref=${come_back} onClick=${() => edit_song(one.id, one)}><span class="unseen">${words.edit} </span>${about}</button>
		${now && html`<button type="button" key="undo" class="song-undo" aria-label=${words.undo_add(one.title)} onClick=${undo}>${words.undo}</button>`}
		<button type="button" key="add" class="song-add" aria-label=${words.add_song(one.title)} onClick=${() => add_song(one.id)}>${icon("plus")}</button></li>`;
}

/** The button goes; what it undid may be done again beside it. @param {Event} event */
async function undo(event) {
	const add = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.currentTarget).nextElementSibling);
	await take_out();
	if (document.activeElement === document.body)
		add?.focus();
}

/** From a song's form to its row. @param {HTMLElement | null} row */
function come_back(row) {
	if (row && row.dataset.song === state.peek().songs.here)
		row.focus();
}

/** @param {Event} event */
function find(event) {
	event.preventDefault();
	look();
}

/** The button may go with the last page: who was at it goes on at the first new song. @param {HTMLElement} button */
async function further(button) {
	if (state.peek().busy.includes("song.list"))
		return;
	const list = button.parentElement?.querySelector("ul");
	const before = list?.children.length ?? 0;
	const at_it = document.activeElement === button;
	await look_further();
	if (at_it || (!button.isConnected && document.activeElement === document.body))
		/** @type {HTMLElement | null | undefined} */ (list?.children[before]?.querySelector(".song-open"))?.focus({ preventScroll: true });
}

/** @type {IntersectionObserver | null} */
let sight = null;

/** Who scrolls down need not press it. @param {HTMLElement | null} button */
function watch(button) {
	sight?.disconnect();
	sight = button && new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && further(button), { root: button.closest("dialog"), rootMargin: "300px" });
	if (button)
		sight?.observe(button);
}

/** What one came for. @param {HTMLElement | null} element */
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
