/*
 * view_sheets.js - what lies over the stage when asked for: the songs, the
 * band, the sound, this phone's own settings, taking over, closing.
 */
import { release_output, set_click, take_output, test_click } from "../desk/desk.js";
import { keep } from "../box/keep.js";
import { close, enter, leave } from "../box/session.js";
import { is_controller, is_md } from "../box/snapshot.js";
import { change, change_door } from "../state.js";
import { view_band } from "./view_band.js";
import { choice, html, sheet, toggle, value_of } from "./view_parts.js";
import { songs_title, view_songs } from "./view_songs.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 * @typedef {import("../box/keep.js").FlashSetting} FlashSetting
 */

/** @param {State} s @param {Snapshot} snap */
export function view_sheet(s, snap) {
	switch (s.sheet) {
	case "songs": return sheet(s, songs_title(s, snap), view_songs(s, snap));
	case "band": return sheet(s, words.band, view_band(snap));
	case "sound": return sheet(s, words.sound, sound(s, snap));
	case "you": return sheet(s, words.you_title, you(s, snap));
	case "claim": return sheet(s, words.take_over_title, claim(s));
	case "close": return sheet(s, words.close_sure, sure());
	default: return null;
	}
}

/** @param {State} s @param {Snapshot} snap */
function sound(s, snap) {
	const { click } = snap;
	const may = is_controller(snap);
	return html`<div class="settings">
		${!may && html`<p class="hint">${words.only_controller}</p>`}
		<label class="field volume"><span>${words.volume}</span><output>${click.volume}</output>
			<input type="range" min="0" max="100" step="1" value=${click.volume} disabled=${!may}
				onChange=${(/** @type {Event} */ e) => set_click({ volume: Number(value_of(e)) })} /></label>
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

/** @param {State} s */
function wrong(s) {
	return s.door.wrong && html`<p class="wrong" role="alert">${s.door.wrong.text}</p>`;
}

/** @param {State} s @param {Snapshot} snap */
function you(s, snap) {
	const flash = flash_setting(s);
	return html`<div class="settings">
		<div class="field"><span>${words.flashing}</span>
			${choice(words.flashing, Object.entries(words.flash).map(([value, text]) => ({ value, text })), flash,
		(value) => set_flash(/** @type {FlashSetting} */ (value)))}
			<small>${words.flash_hint}</small></div>
		<div class="field"><span>${words.clock}</span>
			${s.quality
		? html`<p>${words.in_sync_long(words.in_sync(s.quality.error_ms))}<br />${words.round_trip(s.quality.rtt_ms)}<br />${words.lost_pings(s.quality.loss_pct)}</p>`
		: html`<p>${words.waiting_for_clock}</p>`}</div>
		<div class="ways-out">
			${!is_md(snap) && html`<button type="button" onClick=${() => open_claim(snap)}>${words.take_over_title}</button>`}
			<button type="button" onClick=${leave}>${words.leave}</button>
			${is_md(snap) && html`<button type="button" class="danger" onClick=${() => change({ sheet: "close" })}>${words.close_session}</button>`}
		</div>
	</div>`;
}

/** What is chosen, or what suits one who asks for less motion. @param {State} s @returns {FlashSetting} */
export function flash_setting(s) {
	return s.settings.flash ?? (s.calm ? "small" : "full");
}

/** @param {FlashSetting} flash */
function set_flash(flash) {
	change((s) => {
		const settings = { ...s.settings, flash };
		keep.set_settings(settings);
		return { settings };
	});
}

/** @param {Snapshot} snap */
function open_claim(snap) {
	change_door({ way: "claim", code: snap.session.code, pin: "", wrong: null });
	change({ sheet: "claim" });
}

/** @param {State} s */
function claim(s) {
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

function sure() {
	return html`<div class="settings"><p>${words.close_sure_hint}</p>
		<div class="ways-out"><button type="button" class="danger" onClick=${close}>${words.close_yes}</button>
			<button type="button" onClick=${() => change({ sheet: "" })}>${words.keep_open}</button></div></div>`;
}
