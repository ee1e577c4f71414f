/*
 * view_you.js - what concerns this phone alone: how it flashes, how well it
 * keeps step, the ways out.
 */
import { keep } from "../box/keep.js";
import { leave } from "../box/session.js";
import { is_md } from "../box/snapshot.js";
import { change } from "../state.js";
import { words } from "../words.js";
import { choice, html } from "./view_parts.js";
import { open_claim } from "./view_ways_out.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 * @typedef {import("../box/keep.js").FlashSetting} FlashSetting
 */

/** @param {State} s @param {Snapshot} snap */
export function view_you(s, snap) {
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
			<button type="button" onClick=${() => is_md(snap) ? change({ sheet: "parting" }) : leave()}>${words.leave}</button>
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
