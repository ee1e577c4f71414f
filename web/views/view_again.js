/*
 * view_again.js - at the door: the box's sessions of earlier weeks.
 */
import { go_on } from "../desk/again.js";
import { html } from "./view_parts.js";
import { words } from "../words.js";

/** @typedef {import("../state.js").Earlier} Earlier */

/** @param {Earlier[]} earlier @param {boolean} busy */
export function view_earlier(earlier, busy) {
	if (!earlier.length)
		return html`<p class="hint" role="status">${words.no_earlier}</p>`;
	return html`<ul class="earlier" aria-label=${words.earlier}>${earlier.map((session) => html`<li key=${session.session_id}>
		<button type="button" class="plain" disabled=${busy} onClick=${() => go_on(session.session_id)}>
			<b>${words.day(session.created_at)}</b>
			<span>${words.earlier_of(session.md_display_name, session.people)}${session.active && ` · ${words.still_open(session.code)}`}</span>
			${session.setlists.length > 0 && html`<small>${session.setlists.join(" · ")}</small>`}
		</button></li>`)}</ul>`;
}
