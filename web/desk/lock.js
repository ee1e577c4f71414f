/*
 * lock.js - the desk's lock against stray touches: fingers and mice move nothing
 * but the lock and Stop, which are held; keys and the pedal go on. It is this
 * phone's, and outlives a reload.
 */
import { keep } from "../box/keep.js";
import { change_desk, notify, state } from "../state.js";
import { words } from "../words.js";

export function turn_lock() {
	const locked = !state.peek().desk.locked;
	keep.set_locked(locked);
	change_desk({ locked });
	notify(locked ? words.locked : words.unlocked, "good");
}

/** What a touch on a locked desk falls on is the desk itself (desk.css): says so. @param {Event} event */
export function stray(event) {
	const at = /** @type {HTMLElement} */ (event.currentTarget);
	if (event.target === at && at.classList.contains("locked")) {
		event.preventDefault();
		notify(words.locked_hint);
	}
}
