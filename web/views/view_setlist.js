/*
 * view_setlist.js - tonight's list over the stage: for everyone what is on and
 * what comes, for the MD the way to change it.
 */
import { metre } from "../beat/beat.js";
import { is_controller, is_md, next_item } from "../box/snapshot.js";
import { go_to } from "../desk/setlist.js";
import { open_songs } from "../desk/songs.js";
import { hold } from "./view_hold.js";
import { html, tempo_mark } from "./view_parts.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 * @typedef {import("../box/snapshot.js").Item} Item
 */

/** @param {State} _ @param {Snapshot} snap */
export function setlist_title(_, snap) {
	return snap.setlist?.title ?? words.setlist;
}

/** @param {State} _ @param {Snapshot} snap */
export function view_setlist(_, snap) {
	return html`<div class="settings">
		${is_md(snap) && html`<button type="button" onClick=${open_songs}>${words.add_songs}</button>`}
		<ol class="setlist" aria-label=${words.setlist}>${snap.setlist?.items.map((item) => row(snap, item))}</ol>
	</div>`;
}

/** @param {Snapshot} snap @param {Item} item */
function row(snap, item) {
	const on = snap.activeSong?.position === item.position;
	return html`<li key=${item.position} aria-current=${on ? "true" : undefined}>
		<bdi>${item.title}</bdi>
		<span class="song-facts">${item.key && html`<bdi class="chip">${item.key}</bdi>`}
			${tempo_mark(item.bpm, metre(item.time_signature).compound)}<span>${item.time_signature}</span>
			${next_item(snap) === item && html`<span class="chip">${words.next}</span>`}</span>
		${(is_md(snap) || is_controller(snap)) && hold({ label: words.go_to(item.title), content: words.go, act: () => go_to(item.position), at_once: !snap.tempoState.running })}
	</li>`;
}
