/*
 * view_item.js - a song's place in the setlist: what is tonight's own about it.
 */
import { is_md } from "../box/snapshot.js";
import { edit_item, opened_item, remove_item, save_item, step_open_item, update_item } from "../desk/setlist.js";
import { edit_song } from "../desk/song_form.js";
import { html, icon, value_of } from "./view_parts.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 */

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
	return html`<form class="settings" onSubmit=${submit}>
		<div class="pair places">
			<button type="button" aria-disabled=${String(position === 0)} onClick=${() => step_open_item(-1)}>${icon("up")}<span>${words.earlier_place}</span></button>
			<span aria-live="polite">${words.place(position + 1, count)}</span>
			<button type="button" aria-disabled=${String(position === count - 1)} onClick=${() => step_open_item(1)}>${icon("down")}<span>${words.later_place}</span></button></div>
		<p class="hint">${words.tonight_only}</p>
		<div class="pair">${override(words.key, open.key ?? key_override ?? "", own_key ?? words.no_key, { maxlength: 8, autocapitalize: "off" }, (key) => edit_item({ key }),
		key_override === null && !open.key ? null : () => edit_item({ key: null }) ?? update_item({ key_override: null }))}
		${override(words.tempo, open.bpm ?? bpm_override ?? "", own_bpm ?? "", { maxlength: 3, inputmode: "numeric" }, (bpm) => edit_item({ bpm }),
		bpm_override === null && !open.bpm ? null : () => edit_item({ bpm: null }) ?? update_item({ bpm_override: null }))}</div>
		${(open.key ?? open.bpm) !== null && html`<button type="submit" class="primary" disabled=${s.busy.includes("setlist.item.update")}>${words.save}</button>`}
		<label class="field"><span>${words.song_leader}</span>
			<select value=${item.song_leader_user_id ?? ""} onChange=${(/** @type {Event} */ e) => update_item({ song_leader_user_id: value_of(e) || null })}>
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

/** @param {Event} event */
function submit(event) {
	event.preventDefault();
	save_item();
}
