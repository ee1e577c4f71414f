/*
 * view_setlists.js - all setlists of the session.
 */
import { is_md } from "../box/snapshot.js";
import { copy_list, delete_list, edit_list, open_list, rename_list, use_list } from "../desk/setlists.js";
import { hold } from "./view_hold.js";
import { html, icon, value_of } from "./view_parts.js";
import { view_new_list } from "./view_setlist.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../state.js").ListRow} ListRow
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 */

/** @param {State} s @param {Snapshot} snap */
export function view_setlists(s, snap) {
	if (!is_md(snap))
		return html`<p class="hint">${words.only_md}</p>`;
	return html`<div class="settings">
		${view_new_list(s, false)}
		<ul class="setlists" aria-label=${words.setlists}>${s.lists.all?.map((list) => row(s, snap, list))}</ul>
	</div>`;
}

/** @param {State} s @param {Snapshot} snap @param {ListRow} list */
function row(s, snap, list) {
	const open = s.lists.open?.id === list.id;
	return html`<li key=${list.id}>
		<button type="button" class="plain item" aria-expanded=${String(open)} onClick=${() => open_list(list, !open)}>${icon(open ? "up" : "down")}
			<span class="item-lines"><bdi class="item-title">${list.title}</bdi><span class="item-facts">
				${list.active && html`<strong>${words.in_use}</strong>`}<span>${words.songs_count(list.items)}</span></span></span></button>
		${!list.active && html`<button type="button" class="go" aria-label=${words.use_list(list.title)} onClick=${() => use_list(list.id)}>${words.use}</button>`}
		${open && (s.lists.open?.sure ? sure(snap, list) : details(s, list))}
	</li>`;
}

/** @param {State} s @param {ListRow} list */
function details(s, list) {
	return html`<form class="settings more" onSubmit=${(/** @type {Event} */ e) => {
		e.preventDefault();
		rename_list();
	}}><div class="search"><input aria-label=${words.list_name} maxlength="120" autocomplete="off" enterkeyhint="done" value=${s.lists.open?.title}
				onInput=${(/** @type {Event} */ e) => edit_list({ title: value_of(e) })} />
			<button type="submit">${words.rename}</button></div>
		<div class="pair"><button type="button" onClick=${() => copy_list(list)}>${words.copy_list}</button>
			<button type="button" class="danger" onClick=${() => edit_list({ sure: true })}>${words.delete}</button></div></form>`;
}

/** @param {Snapshot} snap @param {ListRow} list */
function sure(snap, list) {
	return html`<div class="settings more" role="group" aria-label=${words.delete_sure(list.title)}><p><bdi>${words.delete_sure(list.title)}</bdi></p>
		<div class="pair"><button type="button" ref=${take_focus} onClick=${() => edit_list({ sure: false })}>${words.keep_it}</button>
			${hold({ label: words.delete_yes, content: words.delete_yes, class_name: "danger", at_once: !snap.tempoState.running, act: () => delete_list(list.id) })}</div></div>`;
}

/** @param {HTMLElement | null} element */
function take_focus(element) {
	element?.focus();
}
