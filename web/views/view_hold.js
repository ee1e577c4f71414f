/*
 * view_hold.js - a button that must be held: what stops the music, or goes on to
 * the next song while it plays, is not for a stray touch.
 *
 * By finger, mouse, Enter or Space: held for HOLD_MS, with the light running
 * through it. Whoever presses without holding (a screen reader cannot hold) is
 * told so, and presses once more within CONFIRM_MS.
 *
 * What comes in the button's place (Start where Stop was) is another button:
 * it takes the focus, but not the finger, the key or the mouse that still holds.
 */
import { change, notify, state } from "../state.js";
import { words } from "../words.js";
import { html } from "./view_parts.js";

/** Long enough for no stray touch, short enough for a stop that is meant. */
export const HOLD_MS = 500;
const CONFIRM_MS = 5000;
/** A finger that bounces after a hold presses nothing that has come in its place. */
const BOUNCE_MS = 600;

/**
 * @typedef {object} Hold
 * @property {string} label what it does, as one says it: the button's name
 * @property {unknown} content
 * @property {() => void} act
 * @property {boolean} [at_once] nothing is at stake: a press will do
 * @property {string} [class_name]
 * @property {boolean} [disabled]
 * @property {string} [place] where it stands, if one of another label may come there
 */

/** @param {Hold} hold */
export function hold(hold) {
	const { label, content, act, at_once, class_name = "", disabled, place = label } = hold;
	const ref = (/** @type {HTMLElement | null} */ e) => stand(place, e);
	if (at_once)
		return html`<button type="button" key=${`press ${place}`} class=${class_name} aria-label=${label} disabled=${disabled} ref=${ref}
			onKeyDown=${fresh_key} onKeyUp=${own_key} onClick=${() => (held.place !== place || performance.now() - held.done_at > BOUNCE_MS) && act()}>${content}</button>`;
	const up = (/** @type {Event} */ e) => end(element(e));
	return html`<button type="button" key=${`hold ${label}`} class=${`hold ${class_name}`} aria-label=${label} title=${words.hold_hint(label)} disabled=${disabled} ref=${ref}
		onPointerDown=${(/** @type {PointerEvent} */ e) => e.button === 0 && begin(slippery(e), hold)} onPointerUp=${up} onPointerLeave=${up} onPointerCancel=${up} onBlur=${up}
		onContextMenu=${(/** @type {Event} */ e) => e.preventDefault()}
		onKeyDown=${(/** @type {KeyboardEvent} */ e) => is_press(e) && !e.repeat && begin(element(e), hold)}
		onKeyUp=${(/** @type {KeyboardEvent} */ e) => is_press(e) && end(element(e)) && notify(words.hold_hint(label))}
		onClick=${(/** @type {MouseEvent} */ e) => pressed(element(e), e, hold)}>${content}</button>`;
}

/** The one that is held, and the last hold that was long enough. */
const held = { button: /** @type {HTMLElement | null} */ (null), timer: 0, done: /** @type {HTMLElement | null} */ (null), done_at: -Infinity, place: "" };
/** What was pressed and waits for the second press. */
let asked = { label: "", at: -Infinity };

/** @param {HTMLElement} button @param {Hold} hold */
function begin(button, { label, act, place = label }) {
	end(held.button);
	button.dataset.held = "";
	held.button = button;
	held.done = null;
	held.timer = setTimeout(() => {
		end(button);
		/* What was on the button when it was pressed is what is done. */
		if (!button.isConnected || button.matches(":disabled") || button.getAttribute("aria-label") !== label)
			return;
		Object.assign(held, { done: button, done_at: performance.now(), place });
		if (state.peek().notice?.text === words.hold_hint(label))
			change({ notice: null });
		act();
	}, HOLD_MS);
}

/** Whether it was being held. @param {HTMLElement | null} button */
function end(button) {
	if (!button || button !== held.button)
		return false;
	clearTimeout(held.timer);
	delete button.dataset.held;
	held.button = null;
	return true;
}

/** @param {HTMLElement} button @param {MouseEvent} event @param {Hold} hold */
function pressed(button, event, { label, act }) {
	const by_pointer = event.detail > 0;
	/* The click that ends a hold. */
	if (by_pointer && held.done === button) {
		held.done = null;
		return;
	}
	end(button);
	if (!by_pointer && asked.label === label && performance.now() - asked.at < CONFIRM_MS) {
		asked.at = -Infinity;
		act();
		return;
	}
	asked = { label, at: performance.now() };
	notify(by_pointer ? words.hold_hint(label) : words.press_again(label));
}

/** A finger belongs to what it came down on, wherever it goes; this one is let go, so that it can slide off. @param {PointerEvent} event */
function slippery(event) {
	const at = /** @type {Element} */ (event.target);
	if (at.hasPointerCapture(event.pointerId))
		at.releasePointerCapture(event.pointerId);
	return element(event);
}

/** A key that presses a button; its own click is not wanted. @param {KeyboardEvent} event */
function is_press(event) {
	const is = event.key === "Enter" || event.key === " ";
	if (is)
		event.preventDefault();
	return is;
}

/** Where a key came down that may press at once. @type {HTMLElement | null} */
let key_on = null;

/** A key that was held on something else goes on repeating here. @param {KeyboardEvent} event */
function fresh_key(event) {
	if (event.repeat)
		event.preventDefault();
	else
		key_on = element(event);
}

/** And a key that came down elsewhere is let go here. @param {KeyboardEvent} event */
function own_key(event) {
	if (event.key === " " && key_on !== element(event))
		event.preventDefault();
}

/** @type {Map<string, HTMLElement>} */
const standing = new Map();
let lost = "";

/** Where the focus was there it stays when another button comes. @param {string} place @param {HTMLElement | null} button */
function stand(place, button) {
	if (!button) {
		if (standing.get(place) === document.activeElement)
			lost = place;
		standing.delete(place);
		return;
	}
	standing.set(place, button);
	if (lost === place && document.activeElement === document.body)
		button.focus();
	if (lost === place)
		lost = "";
}

/** @param {Event} event */
function element(event) {
	return /** @type {HTMLElement} */ (event.currentTarget);
}
