/*
 * view_hold.js - a button that must be held: what stops the music, or goes on to
 * the next song while it plays, is not for a stray touch.
 *
 * By finger, mouse, Enter or Space: held for HOLD_MS, with the light running
 * through it. Whoever presses without holding (a screen reader cannot hold) is
 * told so, and presses once more within CONFIRM_MS.
 */
import { notify } from "../state.js";
import { words } from "../words.js";
import { html } from "./view_parts.js";

/** Long enough for no stray touch, short enough for a stop that is meant. */
export const HOLD_MS = 500;
const CONFIRM_MS = 5000;

/**
 * @typedef {object} Hold
 * @property {string} label what it does, as one says it: the button's name
 * @property {unknown} content
 * @property {() => void} act
 * @property {boolean} [at_once] nothing is at stake: a press will do
 * @property {string} [class_name]
 * @property {boolean} [disabled]
 */

/** @param {Hold} hold */
export function hold(hold) {
	/* Of its own in the tree: the finger that lets go must not fall on what comes in its place. */
	if (hold.at_once)
		return html`<button type="button" key="press" class=${hold.class_name} aria-label=${hold.label} disabled=${hold.disabled} onClick=${hold.act}>${hold.content}</button>`;
	const down = (/** @type {Event} */ e) => begin(element(e), hold);
	const up = (/** @type {Event} */ e) => end(element(e));
	return html`<button type="button" key=${`hold ${hold.label}`} class=${`hold ${hold.class_name ?? ""}`} aria-label=${hold.label} title=${words.hold_hint(hold.label)} disabled=${hold.disabled}
		onPointerDown=${(/** @type {PointerEvent} */ e) => e.button === 0 && down(e)} onPointerUp=${up} onPointerLeave=${up} onPointerCancel=${up} onBlur=${up}
		onContextMenu=${(/** @type {Event} */ e) => e.preventDefault()}
		onKeyDown=${(/** @type {KeyboardEvent} */ e) => is_press(e) && !e.repeat && down(e)} onKeyUp=${(/** @type {KeyboardEvent} */ e) => is_press(e) && up(e)}
		onClick=${(/** @type {MouseEvent} */ e) => pressed(element(e), e, hold)}>${hold.content}</button>`;
}

/** The one that is held, or was pressed and waits for the second press. @type {{element: HTMLElement | null, timer: number, done: boolean}} */
const held = { element: null, timer: 0, done: false };
/** @type {{label: string, at: number}} */
let asked = { label: "", at: -Infinity };

/** @param {HTMLElement} button @param {Hold} hold */
function begin(button, { label, act }) {
	end(held.element);
	button.dataset.held = "";
	held.element = button;
	held.done = false;
	held.timer = setTimeout(() => {
		end(button);
		held.done = true;
		/* What was on the button when it was pressed is what is done. */
		if (button.isConnected && button.getAttribute("aria-label") === label)
			act();
	}, HOLD_MS);
}

/** @param {HTMLElement | null} button */
function end(button) {
	if (!button || button !== held.element)
		return;
	clearTimeout(held.timer);
	delete button.dataset.held;
	held.element = null;
}

/** @param {HTMLElement} button @param {MouseEvent} event @param {Hold} hold */
function pressed(button, event, { label, act }) {
	/* The click that ends a hold. */
	if (held.done) {
		held.done = false;
		return;
	}
	end(button);
	if (event.detail === 0 && asked.label === label && performance.now() - asked.at < CONFIRM_MS) {
		asked.at = -Infinity;
		act();
		return;
	}
	asked = { label, at: performance.now() };
	notify(event.detail === 0 ? words.press_again(label) : words.hold_hint(label));
}

/** A key that presses a button; its own click is not wanted. @param {KeyboardEvent} event */
function is_press(event) {
	const is = event.key === "Enter" || event.key === " ";
	if (is)
		event.preventDefault();
	return is;
}

/** @param {Event} event */
function element(event) {
	return /** @type {HTMLElement} */ (event.currentTarget);
}
