/*
 * view_song_form.js - one song of the library as a form, over the stage.
 */
import { METRES } from "../beat/beat.js";
import { is_md } from "../box/snapshot.js";
import { bytes_of } from "../desk/song_file.js";
import { ask_delete, discard, look_again, NOTES_MAX_BYTES, remove_song, save, take_theirs, type, unsaved } from "../desk/song_form.js";
import { change, state } from "../state.js";
import { hold } from "./view_hold.js";
import { choice, html, value_of } from "./view_parts.js";
import { error_words } from "../refusals.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../state.js").SongForm} SongForm
 * @typedef {import("../state.js").SongText} SongText
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 * @typedef {keyof SongText} Field
 */

/** From here on it is told how much room is left. */
const NOTES_NEAR_BYTES = 1000;

/** @param {State} s */
export function song_form_title(s) {
	return s.song_form?.song_id ? words.edit_song : words.new_song;
}

/** @param {State} s @param {Snapshot} snap */
export function view_song_form(s, snap) {
	const form = s.song_form;
	if (!form)
		return null;
	if (!form.was)
		return html`<p role="status">${words.looking}</p>${!s.busy.includes("song.list") && html`<button type="button" onClick=${look_again}>${words.again}</button>`}`;
	return html`<form class="settings song-form" aria-label=${song_form_title(s)} onSubmit=${submit} novalidate>
		${form.kept && html`<p class="hint" role="status">${words.kept}</p>`}
		${line(form, "title", html`<input autocomplete="off" enterkeyhint="done" ref=${form.song_id ? null : take_focus} ...${field(form, "title")} />`)}
		<div class="song-pair">
			${line(form, "default_key", html`<input autocomplete="off" autocapitalize="off" spellcheck=${false} enterkeyhint="done" ...${field(form, "default_key")} />`)}
			${line(form, "default_bpm", html`<input autocomplete="off" inputmode="numeric" enterkeyhint="done" ...${field(form, "default_bpm")} />`)}
		</div>
		<div class="field">${choice(words.metre, Object.keys(METRES).map((value) => ({ value, text: value })), form.typed.time_signature, (time_signature) => type({ time_signature }))}
			${trouble(form, "time_signature")}${as_it_plays(form, snap)}</div>
		${line(form, "notes", html`<textarea rows="7" autocomplete="off" ...${field(form, "notes")}></textarea>`, room_left(form.typed.notes))}
		${trouble(form, "")}
		${is_md(snap) ? form.sure ? question(form) : buttons(form) : html`<p class="wrong">${error_words({ code: "not_md" })}</p>`}
	</form>`;
}

const LABELS = { title: words.title, default_key: words.key, default_bpm: words.tempo, time_signature: words.metre, notes: words.notes };

/** What the field of that name has in common with the others. @param {SongForm} form @param {Field} name */
function field({ typed, wrong }, name) {
	const bad = wrong?.field === name;
	return {
		name, value: typed[name], "aria-invalid": String(bad), "aria-describedby": bad ? "song-wrong" : name === "notes" ? "notes-hint" : undefined,
		onInput: (/** @type {Event} */ e) => type({ [name]: value_of(e) }),
	};
}

/** A field, its name, and what is the matter with it. @param {SongForm} form @param {Field} name @param {unknown} input @param {unknown} [hint] */
function line(form, name, input, hint) {
	return html`<div class="field"><label class="field"><span>${LABELS[name]}</span>${input}</label>${hint}${trouble(form, name)}</div>`;
}

/** @param {SongForm} form @param {string} name "": of none of the fields */
function trouble({ wrong, theirs }, name) {
	const text = theirs[/** @type {Field} */ (name)];
	return html`${wrong?.field === name && html`<p class="wrong" role="alert" id="song-wrong">${wrong.text}</p>`}
		${text !== undefined && html`<div class="theirs"><small>${words.theirs}</small><bdi>${text || "–"}</bdi>
			<button type="button" class="small" aria-label=${`${words.take_theirs}: ${LABELS[/** @type {Field} */ (name)]}`} onClick=${() => take_theirs(/** @type {Field} */ (name))}>${words.take_theirs}</button></div>`}`;
}

/** @param {string} notes */
function room_left(notes) {
	const left = NOTES_MAX_BYTES - bytes_of(notes);
	return html`<small id="notes-hint">${words.notes_hint}</small>
		${left < NOTES_NEAR_BYTES && html`<small class=${left < 0 ? "wrong" : ""} role="status">${words.notes_left(left)}</small>`}`;
}

/** What was found by tapping may be what the song has from now on. @param {SongForm} form @param {Snapshot} snap */
function as_it_plays({ typed }, { tempoState: { bpm, time_signature } }) {
	const default_bpm = String(bpm);
	return (typed.default_bpm !== default_bpm || typed.time_signature !== time_signature)
		&& html`<button type="button" class="small" onClick=${() => type({ default_bpm, time_signature })}>${words.as_it_plays(bpm, time_signature)}</button>`;
}

/** @param {SongForm} form */
function buttons(form) {
	const changed = unsaved(form).length > 0;
	return html`<button type="submit" class="primary big">${words.save}</button>
		<div class="song-pair">${hold({ label: changed ? words.discard : words.cancel, content: changed ? words.discard : words.cancel, act: throw_away, at_once: !changed })}
		${form.song_id && html`<button type="button" class="danger" onClick=${() => ask_delete(true)}>${words.delete}</button>`}</div>`;
}

/** @param {SongForm} form */
function question(form) {
	return html`<p id="delete-sure">${words.delete_sure(form.was?.title ?? "")}</p>
		<div class="song-pair"><button type="button" ref=${take_focus} aria-describedby="delete-sure" onClick=${() => ask_delete(false)}>${words.keep_it}</button>
			<button type="button" class="danger" aria-describedby="delete-sure" onClick=${delete_it}>${words.delete_yes}</button></div>`;
}

/** @param {HTMLElement | null} element */
function take_focus(element) {
	element?.focus();
}

/** Where it was opened. To the stage by the dialog itself, which gives the focus back. */
function go_back() {
	const { sheet, song_form } = state.peek();
	if (sheet !== "song_form")
		return;
	if (!song_form?.back)
		document.querySelector("dialog")?.close();
	change({ sheet: song_form?.back ?? "" });
}

function throw_away() {
	discard();
	go_back();
}

/** @param {Event} event */
async function submit(event) {
	event.preventDefault();
	const form = /** @type {HTMLFormElement} */ (event.currentTarget);
	if (await save())
		go_back();
	else
		show_wrong(form);
}

/** @param {Event} event */
async function delete_it(event) {
	const form = /** @type {HTMLElement} */ (event.currentTarget).closest("form");
	if (await remove_song())
		go_back();
	else
		show_wrong(form);
}

/** To the field at fault, or where the fault is told. @param {HTMLFormElement | null} form */
function show_wrong(form) {
	const field = /** @type {HTMLElement | null | undefined} */ (form?.querySelector('[aria-invalid="true"]'));
	(field ?? form?.querySelector('[type="submit"]'))?.focus();
	form?.querySelector(".wrong")?.scrollIntoView({ block: "nearest" });
}
