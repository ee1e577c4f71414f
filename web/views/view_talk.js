/*
 * view_talk.js - the button to talk, held by finger, mouse or key, and who talks.
 */
import { talking } from "../box/snapshot.js";
import { talk } from "../desk/talk.js";
import { html, icon } from "./view_parts.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 */

const on = () => talk(true);
const off = () => talk(false);

/** @param {State} s @param {Snapshot} _snap */
export function talk_button(s, _snap) {
	return html`<button type="button" class="talk" aria-pressed=${String(s.talking)} aria-label=${words.talk} title=${words.talk_hint} disabled=${s.link !== "open"} ref=${gone}
		onPointerDown=${(/** @type {PointerEvent} */ e) => e.button === 0 && on()} onPointerUp=${off} onPointerCancel=${off} onPointerLeave=${off} onLostPointerCapture=${off}
		onBlur=${off} onContextMenu=${prevent} onMouseDown=${prevent}
		onKeyDown=${(/** @type {KeyboardEvent} */ e) => is_press(e) && on()} onKeyUp=${(/** @type {KeyboardEvent} */ e) => is_press(e) && off()}
		onClick=${(/** @type {MouseEvent} */ e) => e.detail === 0 && talk(!s.talking)}>${icon("mic")}<span>${s.talking ? words.you_talk : words.talk}</span></button>`;
}

/** Who talks, for all to see. @param {Snapshot} snap */
export function view_talking(snap) {
	const [first, ...others] = talking(snap);
	return html`<p class="talkers" aria-live="polite">${first && html`${icon("mic")}<span><bdi>${first.display_name}</bdi> ${words.talks(others.length)}</span>`}</p>`;
}

/** The button has gone from under the finger. @param {Element | null} button */
function gone(button) {
	if (!button)
		off();
}

/** No menu after a long press; and no focus for a finger: the next key is for the desk. @param {Event} event */
function prevent(event) {
	event.preventDefault();
}

/** The key's own click is not wanted: that is a screen reader's, which cannot hold. @param {KeyboardEvent} event */
function is_press(event) {
	const is = event.key === "Enter" || event.key === " ";
	if (is)
		event.preventDefault();
	return is;
}
