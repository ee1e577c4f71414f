/*
 * keys.js - keys and pedals. Space taps. PageDown goes on to the next song and
 * PageUp back, as page-turner pedals send them; so do the arrows right and left,
 * which other pedals send. While the music plays it takes a second press.
 *
 * Not where somebody types, not under a sheet, and not for a control that was
 * reached by keyboard, which then keeps its own keys.
 */
import { may_go, next_item, previous_item } from "../box/snapshot.js";
import { notify, state } from "../state.js";
import { tap } from "./desk.js";
import { go_to } from "./setlist.js";
import { words } from "../words.js";

/** So long the second press is waited for. */
export const AGAIN_MS = 5000;

/** Which way a key goes. @type {Record<string, number>} */
const WAYS = { PageDown: 1, ArrowRight: 1, PageUp: -1, ArrowLeft: -1 };

/**
 * The control that somebody went to by keyboard. :focus-visible does not tell: any key, a pedal's
 * too, makes it true of a button that a finger has touched.
 * @type {EventTarget | null}
 */
let gone_to = null;
let by_key = false;

export function watch_keys() {
	addEventListener("keydown", () => by_key = true, true);
	addEventListener("pointerdown", () => by_key = false, true);
	addEventListener("focusin", ({ target }) => gone_to = by_key ? target : null);
	/* Before the button that a finger has touched hears of it. */
	addEventListener("keydown", key, true);
	addEventListener("keyup", key, true);
}

/** @param {KeyboardEvent} event */
function key(event) {
	const { place, sheet, snapshot } = state.peek();
	const at = event.target instanceof Element ? event.target : null;
	const taps = event.key === " " || (event.key === "Enter" && at?.matches(".tap"));
	const way = WAYS[event.key];
	if (!(taps || (way && snapshot && may_go(snapshot))) || place !== "room" || sheet || event.ctrlKey || event.metaKey || event.altKey)
		return;
	if (at && keeps(at, event.key))
		return;
	event.preventDefault();
	event.stopPropagation();
	if (event.type === "keyup" || event.repeat)
		return;
	if (taps)
		tap(event);
	else
		go_on(way);
}

/** Whether a control has a use of its own for a key. @param {Element} at @param {string} key */
function keeps(at, key) {
	const arrow = key.startsWith("Arrow");
	if (at.matches(arrow ? "input, textarea, select, [role=radio], [role=tab]" : "input, textarea, select"))
		return true;
	/* A part that scrolls turns its own pages. */
	return at === gone_to && at.matches(key === " " ? "button:not(.tap)" : arrow ? "*" : ":not(button)");
}

/** The song that a first press has named. */
let asked = { position: -1, title: "", at: -Infinity };

/** Presses whose turn has not come. @type {number[]} */
let ways = [];

/** Presses come faster than answers: each goes on from where the one before has led, and falls with it where that failed. @param {number} way */
async function go_on(way) {
	if (ways.push(way) > 1)
		return;
	while (ways.length)
		ways = await go(ways[0]) === null ? [] : ways.slice(1);
}

/** Null: it was asked, and not done. @param {number} way */
function go(way) {
	const { snapshot } = state.peek();
	if (!snapshot)
		return null;
	const place = way > 0 ? "next" : "previous";
	const item = way > 0 ? next_item(snapshot) : previous_item(snapshot);
	if (!item) {
		notify(words.go_ends[place]);
		return undefined;
	}
	const { position, title } = item;
	const again = asked.position === position && asked.title === title && performance.now() - asked.at < AGAIN_MS;
	asked = { position, title, at: again ? -Infinity : performance.now() };
	if (again || !snapshot.tempoState.running)
		return go_to(item);
	return notify(words.go_again[place](title), "good", undefined, AGAIN_MS);
}
