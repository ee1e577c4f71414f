/*
 * view_ways_out.js - what asks before much is changed: taking a session over,
 * closing it for everyone.
 */
import { close, enter } from "../box/session.js";
import { change, change_door } from "../state.js";
import { words } from "../words.js";
import { html, value_of } from "./view_parts.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 */

/** @param {Snapshot} snap */
export function open_claim(snap) {
	change_door({ way: "claim", code: snap.session.code, pin: "", wrong: null });
	change({ sheet: "claim" });
}

/** What is wrong with what was typed. @param {State} s */
export function wrong(s) {
	return s.door.wrong && html`<p class="wrong" role="alert">${s.door.wrong.text}</p>`;
}

/** @param {State} s */
export function view_claim(s) {
	return html`<form class="settings" onSubmit=${submit}>
		<p class="hint">${words.take_over_hint}</p>
		<label class="field"><span>${words.name}</span><input value=${s.door.name} maxlength="40"
			onInput=${(/** @type {Event} */ e) => change_door({ name: value_of(e), wrong: null })} /></label>
		<label class="field"><span>${words.pin}</span><input value=${s.door.pin} inputmode="numeric" autocomplete="off" maxlength="12"
			onInput=${(/** @type {Event} */ e) => change_door({ pin: value_of(e), wrong: null })} /><small>${words.pin_hint}</small></label>
		${wrong(s)}
		<button type="submit" class="primary big">${words.take_over}</button>
	</form>`;
}

/** @param {Event} event */
function submit(event) {
	event.preventDefault();
	enter();
}

export function view_close() {
	return html`<div class="settings"><p>${words.close_sure_hint}</p>
		<div class="ways-out"><button type="button" class="danger" onClick=${close}>${words.close_yes}</button>
			<button type="button" onClick=${() => change({ sheet: "" })}>${words.keep_open}</button></div></div>`;
}
