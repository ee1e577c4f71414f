/*
 * view_song.js - the song that is on: on everyone's stage its title, key, bar and
 * what comes next, and what oneself plays; on its page the notes and who plays
 * what. For the one who leads, whose stage is full of the desk, the page is a sheet.
 */
import { metre } from "../beat/beat.js";
import { bar_number, is_controller, is_md, name_of, next_item, parts_in, players, slots_of, song_bar } from "../box/snapshot.js";
import { open_item, open_setlist } from "../desk/setlist.js";
import { edit_song } from "../desk/song_form.js";
import { h } from "preact";
import { change } from "../state.js";
import { view_notes } from "./view_notes.js";
import { view_go } from "./view_go.js";
import { html, icon, tempo_mark } from "./view_parts.js";
import { view_line_up } from "./view_roles.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 * @typedef {import("../box/snapshot.js").ActiveSong} ActiveSong
 */

/** @param {State} s @param {Snapshot} snap */
export function view_song(s, snap) {
	const song = snap.activeSong;
	const next = next_item(snap);
	const title = song && html`<bdi class="song-title" aria-live="polite">${song.title}</bdi>`;
	const role = roles(snap);
	if (!song && !next && !role && !is_controller(snap))
		return null;
	return html`<section class="song" aria-label=${words.song}>
		<div class="song-lines">
			${title && (is_md(snap) || is_controller(snap) ? html`<button type="button" class="plain title-open" onClick=${() => change({ sheet: "song" })}>${title}</button>` : title)}
			<p class="song-about">${song?.key && html`<bdi class="chip">${song.key}</bdi>`}${song_leader(snap)}</p>
			${role && html`<p class="song-role">${role}</p>`}
			${next && html`<p class="song-next">${words.next}: <bdi>${next.title}</bdi>${next.key && html`<bdi class="chip">${next.key}</bdi>`}${tempo_mark(next.bpm, metre(next.time_signature).compound)}</p>`}
			${!song && !next && is_md(snap) && !players(snap).length && html`<button type="button" class="setlist-button invite-button" onClick=${() => change({ sheet: "invite" })}>${icon("people")}${words.invite}</button>`}
		</div>
		${view_go(s, snap)}${is_controller(snap) && setlist_button()}
	</section>`;
}

/** Tonight's list. */
export function setlist_button() {
	return html`<button type="button" class="setlist-button" onClick=${open_setlist}>${icon("song")}<span>${words.setlist}</span></button>`;
}

/** The song's own bar, or where it begins. @param {State} s @param {ActiveSong | null} song */
export function where(s, song) {
	if (!song || !s.at || s.at.count_in || song.start_bar_index === null)
		return "";
	const bar = song_bar(song, s.at.bar);
	return bar === null ? words.song_from(bar_number(song.start_bar_index)) : words.song_bar(bar);
}

/** @param {Snapshot} snap */
function song_leader(snap) {
	const id = snap.activeSong?.song_leader_user_id;
	return id && html`<span class="song-leader">${words.song_led} <bdi>${name_of(snap, id)}</bdi></span>`;
}

/** What we play in this song, and in the next one if that is something else. @param {Snapshot} snap */
function roles(snap) {
	const mine = (/** @type {string | null} */ song_id) => slots_of(snap, snap.you.user_id, song_id).join(", ");
	const next = next_item(snap);
	const now = mine(snap.activeSong?.song_id ?? null);
	const then = next ? mine(next.song_id) : now;
	return now || then ? words.your_part(now, then === now ? null : then) : "";
}

/** What stands on the song's page; null: nothing. @param {Snapshot} snap */
export function view_page(snap) {
	const song = snap.activeSong;
	const parts = parts_in(snap, song?.song_id ?? null);
	return song?.notes || parts.length ? html`${song?.notes && html`<div class="notes">${notes(song.notes)}</div>`}
		${parts.length > 0 && view_line_up(snap, parts)}` : null;
}

/** Long notes are not made anew with every bar. @type {{text: string, view: unknown}} */
let made = { text: "", view: null };

/** @param {string} text */
function notes(text) {
	if (text !== made.text)
		made = { text, view: view_notes(text, /** @type {import("./view_notes.js").Make<any>} */ (h)) };
	return made.view;
}

/** @param {State} _ @param {Snapshot} snap */
export function song_sheet_title(_, snap) {
	return snap.activeSong?.title ?? words.song;
}

/** @param {State} _ @param {Snapshot} snap */
export function view_song_sheet(_, snap) {
	const song = snap.activeSong;
	const { position } = song ?? {};
	return html`<div class="song-page">${song_leader(snap)}${view_page(snap) ?? html`<p class="hint">${words.no_notes}</p>`}
		${song && is_md(snap) && html`<button type="button" onClick=${() => edit_song(song.song_id)}>${words.edit_song}</button>
			${typeof position === "number" && html`<button type="button" onClick=${() => open_item(position)}>${words.song_tonight}</button>`}`}</div>`;
}
