/*
 * view_desk.js - the desk of the one who leads the tempo: tap, start, stop,
 * tempo, metre.
 */
import { METRES, metre } from "../beat/beat.js";
import { nudge, set_metre, set_typed, start, stop, tap } from "../desk/desk.js";
import { tempo_ahead } from "../box/snapshot.js";
import { change_desk } from "../state.js";
import { taps_to_start } from "../desk/tap.js";
import { choice, html, icon, value_of } from "./view_parts.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 */

/** @param {State} s @param {Snapshot} snap */
export function view_desk(s, snap) {
	const ahead = tempo_ahead(snap);
	const running = snap.tempoState.running;
	return html`<section class="desk" aria-label=${words.tempo}>
		${tap_pad(s, snap)}
		<div class="transport">
			${running ? null : html`<p class="count-in-label" aria-hidden="true">${words.count_in_short}</p>`}
			${running ? null : choice(words.count_in_choice, [0, 1, 2].map((n) => ({ value: String(n), text: html`<span class="unseen">${words.count_in_choice} </span>${n}` })),
				String(s.desk.count_in_bars), (value) => change_desk({ count_in_bars: Number(value) }), "count-in-choice")}
			${running
		? html`<button type="button" class="stop" onClick=${stop}>${icon("stop")}<span>${words.stop}</span></button>`
		: html`<button type="button" class="start" onClick=${start}>${icon("play")}<span>${words.start}</span></button>`}
		</div>
		${bpm_field(s, ahead.bpm, metre(ahead.time_signature).compound)}
		${choice(words.metre, Object.keys(METRES).map((m) => ({ value: m, text: m })), ahead.time_signature, set_metre, "metre-choice")}
		${running && choice(words.changes_come, [0, 2, 4, 8].map((n) => ({ value: String(n), text: n ? words.in_bars(n) : words.at_next_bar })),
			String(s.desk.in_bars), (value) => change_desk({ in_bars: Number(value) }), "when-choice")}
	</section>`;
}

/** @param {State} s @param {Snapshot} snap */
function tap_pad(s, snap) {
	const { taps } = s.desk;
	const running = snap.tempoState.running;
	const needed = taps_to_start(tempo_ahead(snap).time_signature);
	return html`<button type="button" class="tap" onPointerDown=${hit} onClick=${assisted} aria-describedby="tap-hint">
		<span class="tap-word">${words.tap}</span>
		<span class="tap-count" aria-hidden="true">${Array.from({ length: needed }, (_, i) => html`<i key=${i} class=${i < taps.count ? "on" : ""}></i>`)}</span>
		<span class="tap-hint" id="tap-hint">${taps.count > 1 && taps.bpm ? words.bpm(taps.bpm, metre(tempo_ahead(snap).time_signature).compound)
			: running ? words.tap_hint_running : words.tap_hint(needed)}</span>
	</button>`;
}

/** @param {PointerEvent} event */
function hit(event) {
	if (event.pointerType === "mouse" && event.button !== 0)
		return;
	tap(event);
	const pad = /** @type {HTMLElement} */ (event.currentTarget);
	pad.animate([{ filter: "brightness(1.5)", transform: "scale(0.985)" }, { filter: "none", transform: "none" }], { duration: 160 });
}

/** A screen reader presses without a pointer; what follows on a pointer was a tap already. @param {MouseEvent} event */
function assisted(event) {
	if (event.detail === 0)
		tap(event);
}

/** @param {State} s @param {number} bpm @param {boolean} compound */
function bpm_field(s, bpm, compound) {
	const typing = s.desk.bpm_text !== null;
	return html`<form class="bpm" onSubmit=${submit}>
		<button type="button" aria-label=${words.slower} onClick=${() => nudge(-1)}>${icon("minus")}</button>
		<label><span class="unseen">${words.bpm_label}</span><span class="bpm-note" aria-hidden="true">${compound ? "♩." : "♩"}</span>
			<input inputmode="numeric" autocomplete="off" maxlength="3" enterkeyhint="go" value=${s.desk.bpm_text ?? bpm}
				onFocus=${(/** @type {Event} */ e) => /** @type {HTMLInputElement} */ (e.currentTarget).select()}
				onInput=${(/** @type {Event} */ e) => change_desk({ bpm_text: value_of(e) })}
				onKeyDown=${(/** @type {KeyboardEvent} */ e) => key(e)} /></label>
		${typing
		? html`<button type="submit" class="primary">${words.set}</button>`
		: html`<button type="button" aria-label=${words.faster} onClick=${() => nudge(1)}>${icon("plus")}</button>`}
	</form>`;
}

/** @param {KeyboardEvent} event */
function key(event) {
	const field = /** @type {HTMLInputElement} */ (event.currentTarget);
	if (event.key === "ArrowUp" || event.key === "ArrowDown") {
		event.preventDefault();
		nudge(event.key === "ArrowUp" ? 1 : -1);
	} else if (event.key === "Escape") {
		change_desk({ bpm_text: null });
		field.blur();
	}
}

/** @param {SubmitEvent} event */
function submit(event) {
	event.preventDefault();
	set_typed();
	const active = document.activeElement;
	if (active instanceof HTMLElement)
		active.blur();
}
