/*
 * view_roles.js - who plays what: the line-up, and what one plays oneself.
 */
import { holder, person, slot_name } from "../box/snapshot.js";
import { take_slot, to_be_had } from "../desk/roles.js";
import { words } from "../words.js";
import { html } from "./view_parts.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 * @typedef {import("../box/snapshot.js").Part} Part
 * @typedef {import("../box/snapshot.js").Slot} Slot
 */

/** Who plays what, as given: in force anywhere, or in a song. @param {Snapshot} snap @param {Part[]} parts */
export function view_line_up(snap, parts) {
	if (!parts.length)
		return html`<p class="hint">${words.nobody_plays}</p>`;
	return html`<ul class="line-up" aria-label=${words.line_up}>${parts.map(({ slot_id, user_id, scope_type }) => {
		const mine = user_id === snap.you.user_id;
		const who = person(snap, user_id);
		return html`<li key=${slot_id} class=${mine ? "mine" : ""}><span>${slot_name(snap, slot_id)}</span> <b><bdi>${who?.display_name}</bdi></b>
			${mine && html` <em>${words.you}</em>`}${who?.away && html` <em>${words.away}</em>`}${scope_type === "song" && html` <em>${words.this_song}</em>`}</li>`;
	})}</ul>`;
}

/** "What do you play?": one press takes a slot, for all songs. @param {State} _ @param {Snapshot} snap */
export function view_slot_pick(_, snap) {
	return html`<section class="slot-pick" aria-label=${words.what_play}><h3>${words.what_play}</h3>${view_slots(snap)}</section>`;
}

/** @param {Snapshot} snap */
export function view_slots(snap) {
	return html`<div class="slots">${snap.slots.map((slot) => slot_button(snap, slot))}</div>`;
}

/** @param {Snapshot} snap @param {Slot} slot */
function slot_button(snap, { id, name }) {
	const who = person(snap, holder(snap, id, null));
	const mine = who?.user_id === snap.you.user_id;
	return html`<button type="button" key=${id} aria-pressed=${String(mine)} disabled=${!to_be_had(snap, id)} onClick=${() => take_slot(snap, id)}>
		<span>${name}</span> ${who && html`<small><bdi>${mine ? words.you : who.away ? words.away_take(who.display_name) : who.display_name}</bdi></small>`}</button>`;
}
