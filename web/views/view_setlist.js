/*
 * view_setlist.js - tonight's list over the stage: for everyone what is on and
 * what comes, for the MD the way to change it; what is tonight's own about one of
 * its songs; and all setlists of the session.
 */
import { metre } from "../beat/beat.js";
import { bar_number, is_controller, is_md, name_of, next_item, slots_of, song_bar } from "../box/snapshot.js";
import { drag_item, edit_item, go_to, is_changing, leave_item, lift_item, open_item, opened_item, remove_item, save_item, shown_items, step_item, step_open_item, update_item } from "../desk/setlist.js";
import { copy_list, create_list, delete_list, edit_list, open_list, open_setlists, rename_list, use_list } from "../desk/setlists.js";
import { edit_song } from "../desk/song_form.js";
import { open_songs } from "../desk/songs.js";
import { change_lists } from "../state.js";
import { hold } from "./view_hold.js";
import { html, icon, kept, take_focus_if_lost, tempo_mark, value_of } from "./view_parts.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 * @typedef {import("../state.js").ListRow} ListRow
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
			<button type="button" key=${snap.setlist ? "add" : "first"} ref=${take_focus_if_lost} class=${items.length || !snap.setlist ? "" : "primary"} onClick=${open_songs}>${words.add_songs}</button>
			<button type="button" onClick=${open_setlists}>${words.setlists}</button></div>`}
		<p class="unseen" role="status">${s.lists.said}</p>
		${items.length > 0 && list(s, snap, items)}
		${md && snap.activeSong && hold({
		label: words.take_off(snap.activeSong.title), content: words.song_off, at_once: !snap.tempoState.running, act: () => go_to(null),
	})}
	</div>`;
}

const kept_list = kept();

/** @param {State} s @param {Snapshot} snap @param {Item[]} items */
function list(s, snap, items) {
	const { tempoState, activeSong, setlist, roleAssignments, participants, session } = snap;
	const busy = is_changing(s);
	const from = takes_over(s, snap);
	return kept_list([setlist, s.lists.moved, s.lists.item, busy, from, activeSong, tempoState.running, tempoState.controller_user_id, session.md_user_id, roleAssignments, participants], () => {
		const special = new Set(roleAssignments.map(({ scope_song_id }) => scope_song_id));
		const mine = (/** @type {string | null} */ song_id) => slots_of(snap, snap.you.user_id, song_id).join(", ");
		const everywhere = mine(null);
		const seen = new Map();
		return html`<ol class="setlist" aria-label=${words.setlist} ref=${show_here}>${items.map((item, i) => {
			const { song_id } = item;
			const nth = seen.get(song_id) ?? 0;
			seen.set(song_id, nth + 1);
			return row(snap, item, { key: `${song_id} ${nth}`, number: i + 1, mine: special.has(song_id) ? mine(song_id) : everywhere, busy, from, here: s.lists.item?.position === item.position });
		})}</ol>`;
	});
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
		label: words.go_to(item.title), content: words.go, class_name: "row-go", disabled: busy, at_once: !snap.tempoState.running, act: () => go_to(item),
	})}
	</li>`;
}

/** Where the song that is on begins, while that lies ahead. @param {State} s @param {Snapshot} snap */
function takes_over({ at }, { activeSong: song }) {
	return song && at && song.start_bar_index !== null && song_bar(song, at.bar) === null ? words.song_from(bar_number(song.start_bar_index)) : "";
}

/** Where one comes from, or the song that is on, is in view; who comes from there has the focus there. @param {HTMLElement | null} element */
function show_here(element) {
	/* By then the sheet lies there. */
	queueMicrotask(() => {
		const here = element?.querySelector("[data-here]");
		(here ?? element?.querySelector("[aria-current]"))?.scrollIntoView({ block: "center" });
		/** @type {HTMLElement | null | undefined} */ (here?.querySelector("dialog .item"))?.focus();
	});
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

/* ---- one of its songs ---- */

/** @param {State} s @param {Snapshot} snap */
export function item_title(s, snap) {
	return opened_item(s, snap)?.title ?? words.song;
}

/** @param {State} s @param {Snapshot} snap */
export function view_item(s, snap) {
	const item = opened_item(s, snap);
	const open = s.lists.item;
	if (!item || !open || !is_md(snap))
		return html`<p class="hint">${words.only_md}</p>`;
	const { position, key_override, bpm_override } = item;
	const count = snap.setlist?.items.length ?? 0;
	const own_key = key_override === null ? item.key : open.own?.default_key;
	const own_bpm = bpm_override === null ? item.bpm : open.own?.default_bpm;
	return html`<form class="settings" onSubmit=${save}>
		<div class="pair places">
			<button type="button" aria-disabled=${String(position === 0)} onClick=${() => step_open_item(-1)}>${icon("up")}<span>${words.earlier_place}</span></button>
			<span aria-live="polite">${words.place(position + 1, count)}</span>
			<button type="button" aria-disabled=${String(position === count - 1)} onClick=${() => step_open_item(1)}>${icon("down")}<span>${words.later}</span></button></div>
		<p class="hint">${words.tonight_only}</p>
		<div class="pair">${override(words.key, open.key ?? key_override ?? "", own_key ?? words.no_key, { maxlength: 8, autocapitalize: "off" }, (key) => edit_item({ key }),
		key_override === null && !open.key ? null : () => edit_item({ key: null }) ?? update_item({ key_override: null }))}
		${override(words.tempo, open.bpm ?? bpm_override ?? "", own_bpm ?? "", { maxlength: 3, inputmode: "numeric" }, (bpm) => edit_item({ bpm }),
		bpm_override === null && !open.bpm ? null : () => edit_item({ bpm: null }) ?? update_item({ bpm_override: null }))}</div>
		${(open.key ?? open.bpm) !== null && html`<button type="submit" class="primary" disabled=${s.busy.includes("setlist.item.update")}>${words.save}</button>`}
		<label class="field"><span>${words.song_leader}</span>
			<select value=${item.song_leader_user_id ?? ""} onChange=${(/** @type {Event} */ e) => choose_leader(e, item)}>
				<option value="">${words.nobody}</option>
				${snap.participants.map(({ user_id, display_name }) => html`<option key=${user_id} value=${user_id}>${display_name}</option>`)}</select></label>
		<div class="pair"><button type="button" onClick=${() => edit_song(item.song_id)}>${words.edit_song}</button>
			<button type="button" class="danger" onClick=${remove_item}>${words.remove}</button></div>
	</form>`;
}

/**
 * A field for what is tonight's; empty, it is the song's own.
 * @param {string} label @param {string | number} value @param {string | number} own @param {Record<string, unknown>} how
 * @param {(text: string) => void} typed @param {(() => void) | null} clear null: there is nothing to clear
 */
function override(label, value, own, how, typed, clear) {
	return html`<label class="field"><span>${label}</span>
		<span class="clearable"><input ...${how} autocomplete="off" spellcheck=${false} enterkeyhint="done" value=${value} placeholder=${own}
			onInput=${(/** @type {Event} */ e) => typed(value_of(e))} />
		${clear && html`<button type="button" class="plain" aria-label=${words.clear(label)} onClick=${clear}>${icon("close")}</button>`}</span></label>`;
}

/** The list of names shows by itself what was chosen, also where the box refused it. @param {Event} event @param {Item} item */
async function choose_leader(event, item) {
	const field = /** @type {HTMLSelectElement} */ (event.currentTarget);
	if (!await update_item({ song_leader_user_id: field.value || null }))
		field.value = item.song_leader_user_id ?? "";
}

/** @param {Event} event */
function save(event) {
	event.preventDefault();
	save_item();
}

/* ---- all setlists ---- */

/** @param {State} s @param {Snapshot} snap */
export function view_setlists(s, snap) {
	if (!is_md(snap))
		return html`<p class="hint">${words.only_md}</p>`;
	return html`<div class="settings">
		${view_new_list(s, false)}
		<ul class="setlists" aria-label=${words.setlists}>${s.lists.all?.map((one) => list_row(s, snap, one))}</ul>
	</div>`;
}

/** @param {State} s @param {Snapshot} snap @param {ListRow} one */
function list_row(s, snap, one) {
	const open = s.lists.open?.id === one.id;
	return html`<li key=${one.id}>
		<button type="button" class="plain item" aria-expanded=${String(open)} onClick=${() => open_list(one, !open)}>${icon(open ? "up" : "down")}
			<span class="item-lines"><bdi class="item-title">${one.title}</bdi><span class="item-facts">
				${one.active && html`<strong>${words.in_use}</strong>`}<span>${words.songs_count(one.items)}</span></span></span></button>
		${!one.active && html`<button type="button" class="row-go" aria-label=${words.use_list(one.title)} onClick=${() => use_list(one.id)}>${words.use}</button>`}
		${open && (s.lists.open?.sure ? sure(snap, one) : details(s, one))}
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
