/*
 * view_desk.js - the desk of the one who leads the tempo: tap, start, stop,
 * tempo, metre, when a change comes, and the lock on all of it.
 */
import { METRES, metre } from "../beat/beat.js";
import { brings_back } from "../box/before.js";
import { nudge, set_bpm, set_metre, set_typed, start, stop, tap, times_tempo, undo } from "../desk/desk.js";
import { stray, turn_lock } from "../desk/lock.js";
import { tempo_ahead } from "../box/snapshot.js";
import { change_desk, NOW, state } from "../state.js";
import { taps_to_start } from "../desk/tap.js";
import { hold } from "./view_hold.js";
import { choice, html, icon, value_of } from "./view_parts.js";
import { talk_button } from "./view_talk.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 */

/** @param {State} s @param {Snapshot} snap */
export function view_desk(s, snap) {
	const ahead = tempo_ahead(snap);
	const { locked } = s.desk;
	return html`<section class=${locked ? "desk locked" : "desk"} aria-label=${words.desk} onPointerDown=${stray}>
		<div class="pads">
			${tap_pad(s, snap)}
			<div class="transport">${snap.tempoState.running
		? hold({ place: "transport", label: words.stop, class_name: "stop", act: stop, content: html`${icon("stop")}<span>${words.stop}</span>` })
		: hold({ place: "transport", label: words.start, class_name: "start", act: start, at_once: true, content: html`${icon("play")}<span>${words.start}</span>` })}</div>
			<div class="desk-side">${hold({ place: "lock", label: locked ? words.unlock : words.lock, class_name: "lock", act: turn_lock, at_once: !locked, content: icon(locked ? "lock" : "unlock") })}
				${talk_button(s, snap)}</div>
		</div>
		<div class="rows"><div class="row">
			${bpm_field(s, ahead.bpm, metre(ahead.time_signature).compound)}
			${times(ahead.bpm, 0.5, "½", words.half_time)}${times(ahead.bpm, 2, "×2", words.double_time)}
		</div>
		<div class="row">${choice(words.metre, Object.keys(METRES).map((m) => ({ value: m, text: m })), ahead.time_signature, set_metre)}
		${undo_button(s, snap)}</div>
		${snap.tempoState.running ? when_choice(s) : count_in_choice(s)}</div>
	</section>`;
}

/** @param {State} s */
function count_in_choice(s) {
	return html`<div class="row" key="count-in"><p aria-hidden="true">${words.count_in}</p>
		${choice(words.count_in_choice, [0, 1, 2].map((n) => ({ value: String(n), text: html`<span class="unseen">${words.count_in_choice} </span>${n}` })),
		String(s.desk.count_in_bars), (value) => change_desk({ count_in_bars: Number(value) }))}</div>`;
}

/** @param {State} s */
function when_choice(s) {
	return html`<div class="row" key="when"><p aria-hidden="true">${words.changes_short}</p>
		${choice(words.changes_come, [NOW, 0, 2, 4, 8, 16].map((n) => {
		const [before, shown, after] = words.when(n);
		return { value: String(n), text: html`<span class="unseen">${before}</span>${shown}<span class="unseen">${after}</span>` };
	}), String(s.desk.in_bars), (value) => change_desk({ in_bars: Number(value) }))}</div>`;
}

/** @param {State} s @param {Snapshot} snap */
function undo_button(s, snap) {
	const back = brings_back(s.desk.before, snap);
	const ahead = tempo_ahead(snap);
	const parts = back && [back.bpm !== ahead.bpm && back.bpm, back.time_signature !== ahead.time_signature && back.time_signature].filter(Boolean);
	return html`<button type="button" class="undo" aria-label=${parts ? words.back_to_tempo(parts.join(", ")) : words.nothing_to_undo} disabled=${!parts} onClick=${undo}>
		${icon("undo")}<span>${parts?.[0] ?? ""}</span></button>`;
}

/** @param {number} bpm @param {number} by @param {string} sign @param {string} name */
function times(bpm, by, sign, name) {
	const to = times_tempo(bpm, by);
	return html`<button type="button" aria-label=${words.goes_to(name, to)} disabled=${to === null} onClick=${() => to && set_bpm(to)}>${sign}</button>`;
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

/** The click that follows on a pointer comes later, on some phones 300 ms. */
const CLICK_MS = 1000;
let hit_at = -Infinity;

/** Every finger that comes down is a tap, also while another one is still down. @param {PointerEvent} event */
function hit(event) {
	if (event.pointerType === "mouse" && event.button !== 0)
		return;
	hit_at = event.timeStamp;
	tap(event);
	const pad = /** @type {HTMLElement} */ (event.currentTarget);
	pad.animate([{ filter: "brightness(1.5)", transform: "scale(0.985)" }, { filter: "none", transform: "none" }], { duration: 160 });
}

/** A screen reader presses without a pointer; what follows on a pointer was a tap already. @param {MouseEvent} event */
function assisted(event) {
	if (event.detail === 0 && event.timeStamp - hit_at > CLICK_MS)
		tap(event);
}

/** @param {State} s @param {number} bpm @param {boolean} compound */
function bpm_field(s, bpm, compound) {
	const typing = s.desk.bpm_text !== null;
	return html`<form class="bpm" onSubmit=${submit}>
		<button type="button" aria-label=${words.slower} onClick=${() => nudge(-1)}>${icon("minus")}</button>
		<label><span class="unseen">${words.bpm_label}</span><span class="bpm-note" aria-hidden="true">${compound ? "♩." : "♩"}</span>
			<input inputmode="numeric" autocomplete="off" maxlength="3" enterkeyhint="go" value=${s.desk.bpm_text ?? bpm}
				ref=${(/** @type {HTMLInputElement | null} */ field) => select_anew(field, bpm)}
				onFocus=${(/** @type {Event} */ e) => /** @type {HTMLInputElement} */ (e.currentTarget).select()}
				onInput=${(/** @type {Event} */ e) => change_desk({ bpm_text: value_of(e) })}
				onKeyDown=${(/** @type {KeyboardEvent} */ e) => key(e)} /></label>
		${typing
		? html`<button type="submit" class="primary">${words.set}</button>`
		: html`<button type="button" aria-label=${words.faster} onClick=${() => nudge(1)}>${icon("plus")}</button>`}
	</form>`;
}

let selected_bpm = 0;

/** Who is about to type replaces what stands there, also when that has just become another tempo; the field takes three digits. @param {HTMLInputElement | null} field @param {number} bpm */
function select_anew(field, bpm) {
	if (!field)
		return;
	if (bpm !== selected_bpm && field === document.activeElement && state.peek().desk.bpm_text === null)
		field.select();
	selected_bpm = bpm;
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
