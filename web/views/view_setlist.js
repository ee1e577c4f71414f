/*
 * view_setlist.js - tonight's list over the stage: for everyone what is on and
 * what comes, for the MD the way to change it.
 */
import { metre } from "../beat/beat.js";
import { bar_number, is_controller, is_md, name_of, next_item, slots_of, song_bar } from "../box/snapshot.js";
import { drag_item, go_to, leave_item, lift_item, open_item, shown_items, step_item } from "../desk/setlist.js";
import { create_list, open_setlists } from "../desk/setlists.js";
import { open_songs } from "../desk/songs.js";
import { change_lists } from "../state.js";
import { hold } from "./view_hold.js";
import { html, icon, tempo_mark, value_of } from "./view_parts.js";
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

/** @param {State} s @param {Snapshot} snap */
export function view_setlist(s, snap) {
	const md = is_md(snap);
	const items = shown_items(s, snap);
	return html`<div class="settings">
		${!snap.setlist ? html`<p class="hint">${md ? words.no_setlist : words.no_setlist_player}</p>${md && view_new_list(s, true)}`
		: !items.length && html`<p class="hint">${md ? words.no_items : words.no_items_player}</p>`}
		${md && html`<div class="pair">
			<button type="button" class=${items.length || !snap.setlist ? "" : "primary"} onClick=${open_songs}>${words.add_songs}</button>
			<button type="button" onClick=${open_setlists}>${words.setlists}</button></div>`}
		<p class="unseen" role="status">${s.lists.said}</p>
		${items.length > 0 && list(s, snap, items)}
		${md && snap.activeSong && hold({
		label: words.take_off(snap.activeSong.title), content: words.song_off, at_once: !snap.tempoState.running, act: () => go_to(null),
	})}
	</div>`;
}

/** The list as it was drawn last, and what it was drawn of: bars and figures of the link come and go, it stays. @type {{of: unknown[], drawn: unknown}} */
let last = { of: [], drawn: null };

/** @param {State} s @param {Snapshot} snap @param {Item[]} items */
function list(s, snap, items) {
	const { tempoState, activeSong, setlist, roleAssignments, participants, session } = snap;
	const busy = s.busy.includes("setlist.item.move");
	const from = takes_over(s, snap);
	const of = [setlist, s.lists.moved, s.lists.item, busy, from, activeSong, tempoState.running, tempoState.controller_user_id, session.md_user_id, roleAssignments, participants];
	if (of.some((one, i) => one !== last.of[i])) {
		const special = new Set(roleAssignments.map(({ scope_song_id }) => scope_song_id));
		const mine = (/** @type {string | null} */ song_id) => slots_of(snap, snap.you.user_id, song_id).join(", ");
		const everywhere = mine(null);
		const seen = new Map();
		last = {
			of, drawn: html`<ol class="setlist" aria-label=${words.setlist} ref=${show_here}>${items.map((item, i) => {
				const { song_id } = item;
				const nth = seen.get(song_id) ?? 0;
				seen.set(song_id, nth + 1);
				return row(snap, item, { key: `${song_id} ${nth}`, number: i + 1, mine: special.has(song_id) ? mine(song_id) : everywhere, busy, from, here: s.lists.item?.position === item.position });
			})}</ol>`,
		};
	}
	return last.drawn;
}

/** @param {Snapshot} snap @param {Item} item @param {{key: string, number: number, mine: string, busy: boolean, from: string, here: boolean}} about */
function row(snap, item, { key, number, mine, busy, from, here }) {
	const on = snap.activeSong?.position === item.position;
	const md = is_md(snap);
	const leader = item.song_leader_user_id && name_of(snap, item.song_leader_user_id);
	const about = html`<span class="number">${number}</span>
		<span class="item-lines"><bdi class="item-title">${item.title}</bdi>
			<span class="item-facts">${on ? html`<strong>${from || words.on_now}</strong>` : next_item(snap) === item && html`<strong>${words.comes_next}</strong>`}
				${item.key && html`<bdi class="chip">${item.key}</bdi>`}${tempo_mark(item.bpm, metre(item.time_signature).compound)}<span>${item.time_signature}</span>
				${leader && html`<span>${icon("people")}<span class="unseen">${words.song_leader}: </span><bdi>${leader}</bdi></span>`}
				${mine && html`<span class="mine"><span class="unseen">${words.you_play} </span>${mine}</span>`}</span></span>`;
	return html`<li key=${key} aria-current=${on ? "true" : undefined} data-here=${here ? "" : undefined}>
		${md && html`<button type="button" class="plain handle" aria-label=${words.move_song(item.title)} aria-disabled=${String(busy)}
			onPointerDown=${(/** @type {PointerEvent} */ e) => drag_item(e, item)} onClick=${(/** @type {MouseEvent} */ e) => lift_item(e, item)}
			onKeyDown=${(/** @type {KeyboardEvent} */ e) => step_item(e, item)} onBlur=${leave_item}
			onContextMenu=${(/** @type {Event} */ e) => e.preventDefault()}>${icon("grip")}</button>`}
		${md ? html`<button type="button" class="plain item" onClick=${() => open_item(item.position)}>${about}</button>` : html`<div class="item">${about}</div>`}
		${(md || is_controller(snap)) && hold({
		label: words.go_to(item.title), content: words.go, class_name: "go", disabled: busy, at_once: !snap.tempoState.running, act: () => go_to(item.position),
	})}
	</li>`;
}

/** Where the song that is on begins, while that lies ahead. @param {State} s @param {Snapshot} snap */
function takes_over({ at }, { activeSong: song }) {
	return song && at && song.start_bar_index !== null && song_bar(song, at.bar) === null ? words.song_from(bar_number(song.start_bar_index)) : "";
}

/** Where one comes from, or the song that is on, is in view. @param {HTMLElement | null} element */
function show_here(element) {
	/* By then the sheet lies there. */
	queueMicrotask(() => (element?.querySelector("[data-here]") ?? element?.querySelector("[aria-current]"))?.scrollIntoView({ block: "center" }));
}

/** @param {State} s @param {boolean} use it is to be tonight's */
export function view_new_list(s, use) {
	return html`<form class="search" onSubmit=${(/** @type {Event} */ e) => {
		e.preventDefault();
		create_list(use);
	}}><input aria-label=${words.new_list} placeholder=${words.tonight} maxlength="120" autocomplete="off" enterkeyhint="done" value=${s.lists.title}
			onInput=${(/** @type {Event} */ e) => change_lists({ title: value_of(e) })} />
		<button type="submit" class="primary" disabled=${s.busy.includes("setlist.create")}>${words.make}</button></form>`;
}
