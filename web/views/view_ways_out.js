/*
 * view_ways_out.js - what asks before much is changed: taking a session over,
 * leaving it to another, closing it for everyone.
 */
import { close, enter, leave } from "../box/session.js";
import { is_md } from "../box/snapshot.js";
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
	const busy = s.busy.includes("session.claim");
	return html`<form class="settings" onSubmit=${(/** @type {SubmitEvent} */ e) => submit(e, enter)} novalidate>
		<p class="hint">${words.take_over_here}</p>
		<label class="field"><span>${words.name}</span><input value=${s.door.name} maxlength="40" aria-invalid=${String(s.door.wrong?.field === "display_name")}
			onInput=${(/** @type {Event} */ e) => change_door({ name: value_of(e), wrong: null })} /></label>
		<label class="field"><span>${words.pin}</span><input value=${s.door.pin} inputmode="numeric" autocomplete="off" maxlength="12" ref=${focus_first} aria-invalid=${String(s.door.wrong?.field === "pin")}
			onInput=${(/** @type {Event} */ e) => change_door({ pin: value_of(e), wrong: null })} /><small>${words.pin_hint}</small></label>
		${wrong(s)}
		<button type="submit" class="primary big" disabled=${busy || s.link !== "open"}>${words.take_over}</button>
	</form>`;
}

/** What is to be typed, when its sheet opens. @param {HTMLElement | null} field */
function focus_first(field) {
	if (field)
		setTimeout(() => field.focus());
}

/** Where something is wrong, it is to be typed anew; else the button, which was disabled meanwhile, has the focus again. @param {SubmitEvent} event @param {() => Promise<void>} act */
export async function submit(event, act) {
	event.preventDefault();
	const form = /** @type {HTMLElement} */ (event.currentTarget);
	await act();
	setTimeout(() => /** @type {HTMLElement | null} */ (form.querySelector("[aria-invalid=true]") ?? event.submitter)?.focus());
}

export function view_close() {
	return html`<div class="settings"><p>${words.close_sure_hint}</p>
		<div class="ways-out"><button type="button" class="danger" onClick=${close}>${words.close_yes}</button>
			<button type="button" onClick=${() => change({ sheet: "" })}>${words.keep_open}</button></div></div>`;
}

/** The MD goes, and names who follows; who is not MD any more just goes. @param {State} s @param {Snapshot} snap */
export function view_parting(s, snap) {
	const busy = s.busy.includes("session.leave");
	const others = is_md(snap) ? snap.participants.filter((p) => p.user_id !== snap.you.user_id).sort((a, b) => Number(a.away) - Number(b.away)) : [];
	return html`<div class="settings">
		${others.length > 0 && html`<p class="hint">${words.parting_hint}</p>
		<div class="ways-out">${others.map((p) => html`<button type="button" key=${p.user_id} disabled=${busy} onClick=${() => leave(p.user_id)}>
			${words.parting_to} <bdi>${p.display_name}</bdi>${p.away && ` (${words.away})`}</button>`)}</div>`}
		<div class="ways-out">${is_md(snap) && html`<p class="hint">${words.parting_none_hint}</p>`}
			<button type="button" class="danger" disabled=${busy} onClick=${() => leave()}>${is_md(snap) ? words.parting_none : words.leave}</button></div>
	</div>`;
}
