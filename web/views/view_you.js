/*
 * view_you.js - what concerns this phone alone: its owner's name, how it shows
 * the beat and sounds it, how well it keeps step, the ways out.
 */
import { try_click } from "../beat/speaker.js";
import { OFFSET_MS, OFFSET_STEP_MS } from "../box/keep.js";
import { leave } from "../box/session.js";
import { is_md, name_of } from "../box/snapshot.js";
import { rename } from "../desk/own_name.js";
import { change, change_settings } from "../state.js";
import { words } from "../words.js";
import { choice, html, slider, toggle, value_of } from "./view_parts.js";
import { open_claim } from "./view_ways_out.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 * @typedef {import("../box/keep.js").FlashSetting} FlashSetting
 */

/** @param {State} s @param {Snapshot} snap */
export function view_you(s, snap) {
	const { settings } = s;
	return html`<div class="settings">
		${own_name(s, snap)}
		<div class="field"><span>${words.flashing}</span>
			${choice(words.flashing, Object.entries(words.flash).map(([value, text]) => ({ value, text })), shown(s).flash,
		(flash) => change_settings({ flash: /** @type {FlashSetting} */ (flash) }))}
			<small>${words.flash_hint}</small></div>
		${toggle(words.show_subdivision, settings.show_subdivision, (show_subdivision) => change_settings({ show_subdivision }))}
		<div class="field">${slider({
		label: words.offset, value: settings.beat_offset_ms, text: words.offset_by(settings.beat_offset_ms),
		min: -OFFSET_MS, max: OFFSET_MS, step: OFFSET_STEP_MS, move: (beat_offset_ms) => change_settings({ beat_offset_ms }),
	})}<small>${words.offset_hint}</small></div>
		${own_click(s)}
		${toggle(words.large, settings.large, (large) => change_settings({ large }))}
		${toggle(words.left_handed, settings.left_handed, (left_handed) => change_settings({ left_handed }))}
		<div class="field">${toggle(words.keep_awake, settings.awake, (awake) => change_settings({ awake }))}
			<small role="status">${s.awake ? words.stays_on : settings.awake ? words.may_go_dark_hint : words.may_go_dark}</small></div>
		<div class="field"><span>${words.clock}</span>
			${s.quality
		? html`<p>${words.in_sync_long(words.in_sync(s.quality.error_ms))}<br />${words.round_trip(s.quality.rtt_ms)}<br />${words.lost_pings(s.quality.loss_pct)}</p>`
		: html`<p>${words.waiting_for_clock}</p>`}</div>
		<div class="ways-out">
			${!is_md(snap) && html`<button type="button" onClick=${() => open_claim(snap)}>${words.take_over_title}</button>`}
			<button type="button" onClick=${() => is_md(snap) ? change({ sheet: "parting" }) : leave()}>${words.leave}</button>
			${is_md(snap) && html`<button type="button" class="danger" onClick=${() => change({ sheet: "close" })}>${words.close_session}</button>`}
		</div>
	</div>`;
}

/** @param {State} s @param {Snapshot} snap */
function own_name(s, snap) {
	return html`<form class="field own-name" onSubmit=${rename}><label for="own-name">${words.name}</label>
		<input id="own-name" value=${s.typed_name ?? name_of(snap, snap.you.user_id)} autocomplete="nickname" autocapitalize="words" spellcheck=${false}
			enterkeyhint="done" maxlength="40" onInput=${(/** @type {Event} */ e) => change({ typed_name: value_of(e) })} />
		${s.typed_name !== null && html`<button type="submit" class="primary">${words.rename}</button>`}</form>`;
}

/** @param {State} s */
function own_click({ settings, click_waits }) {
	const { click_volume: volume } = settings;
	return html`<div class="field">${slider({
		label: words.own_click, value: volume, text: words.own_click_at(volume),
		move: (click_volume) => change_settings({ click_volume }), rest: try_click,
	})}
		${volume > 0 && html`<small role="status">${click_waits ? words.click_waits : words.own_click_hint}</small>
			${toggle(words.subdivision, settings.click_subdivision, (click_subdivision) => change_settings({ click_subdivision }))}`}</div>`;
}

/** How the beat is shown: as chosen, or as it suits one who asks for less motion. @param {State} s @returns {import("../beat/flash.js").Shown} */
export function shown({ settings, calm }) {
	return { ...settings, flash: settings.flash ?? (calm ? "small" : "full") };
}

/** What the styles must know of the settings. @param {State} s */
export function classes_of({ settings }) {
	return `${settings.large ? " large" : ""}${settings.left_handed ? " left-handed" : ""}`;
}
