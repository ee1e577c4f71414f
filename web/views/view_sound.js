/*
 * view_sound.js - the click as everyone hears it, and who has the loudspeaker.
 */
import { is_controller, is_md } from "../box/snapshot.js";
import { release_output, set_click, take_output, test_click } from "../desk/desk.js";
import { move_volume } from "../desk/volume.js";
import { change_door } from "../state.js";
import { words } from "../words.js";
import { choice, html, slider, toggle, value_of } from "./view_parts.js";
import { wrong } from "./view_ways_out.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 */

/** @param {State} s @param {Snapshot} snap */
export function view_sound(s, snap) {
	const { click } = snap;
	const may = is_controller(snap);
	const volume = (may ? s.volume : null) ?? click.volume;
	return html`<div class="settings">
		${!may && html`<p class="hint">${words.only_controller}</p>`}
		${slider({ label: words.volume, value: volume, text: String(volume), move: move_volume, disabled: !may })}
		${toggle(words.accent, click.accent, (accent) => set_click({ accent }), !may)}
		${toggle(words.subdivision, click.subdivision, (subdivision) => set_click({ subdivision }), !may)}
		<div class="field"><span>${words.click_sound}</span>
			${choice(words.click_sound, Object.entries(words.sounds).map(([value, text]) => ({ value, text })), click.sound,
		(name) => may && set_click({ sound: name }), may ? "" : "locked")}</div>
		${may && html`<button type="button" onClick=${test_click}>${words.test}</button>`}
		<div class="field output"><span>${words.output}</span>
			<p class="hint">${click.on_air ? words.on_air_long : words.off_air_long}</p>
			${is_md(snap) && output(s, click.on_air)}</div>
	</div>`;
}

/** @param {State} s @param {boolean} on_air */
function output(s, on_air) {
	if (on_air)
		return html`<button type="button" onClick=${release_output}>${words.release_output}</button>`;
	return html`<form class="take-output" onSubmit=${take}>
		<input aria-label=${words.pin} placeholder=${words.pin} inputmode="numeric" autocomplete="off" maxlength="12" value=${s.door.pin}
			onInput=${(/** @type {Event} */ e) => change_door({ pin: value_of(e), wrong: null })} />
		<button type="submit" class="primary">${words.take_output}</button>
		${wrong(s)}</form>`;

	async function take(/** @type {Event} */ event) {
		event.preventDefault();
		const text = await take_output(s.door.pin.trim());
		change_door(text ? { wrong: { field: "pin", text } } : { wrong: null, pin: "" });
	}
}
