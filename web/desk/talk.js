/*
 * talk.js - hold to talk: all see who talks for as long as the button is held.
 *
 * A hand that lets go must be believed, however it lets go. So whatever ends a
 * hold says "idle" at once, behind the "talking" on the same line and in that
 * order; and until the box has taken it, each new connection says it again.
 */
import { request } from "../box/box.js";
import { Refused } from "../box/link.js";
import { change, effect, notify, state } from "../state.js";
import { error_words } from "../refusals.js";

/** The box may believe that we talk. */
let believed = false;

/** @param {boolean} talking */
export function talk(talking) {
	const s = state.peek();
	if (talking === s.talking || (talking && (s.link !== "open" || s.place !== "room")))
		return;
	change({ talking });
	say();
}

/** Says what is so now. */
async function say() {
	const { talking } = state.peek();
	believed ||= talking;
	try {
		await request("ptt.set", { state: talking ? "talking" : "idle" });
		if (!talking && !state.peek().talking)
			believed = false;
	} catch (error) {
		if (!(error instanceof Refused))
			throw error;
		if (talking && state.peek().talking) {
			talk(false);
			notify(error_words(error));
		}
	}
}

/** T talks, unless someone types or a sheet lies over the stage. @param {KeyboardEvent} event */
function key(event) {
	const at = document.activeElement;
	if (event.code !== "KeyT" || event.ctrlKey || event.metaKey || event.altKey || event.repeat || state.peek().sheet
		|| at?.matches("input, textarea, select"))
		return;
	talk(true);
}

export function watch_talk() {
	const quiet = () => talk(false);
	addEventListener("keydown", key);
	addEventListener("keyup", (event) => event.code === "KeyT" && quiet());
	addEventListener("blur", quiet);
	addEventListener("pagehide", quiet);
	document.addEventListener("visibilitychange", () => document.hidden && quiet());
	/** The snapshot from before the line broke; undefined: it did not. @type {import("../state.js").State["snapshot"] | undefined} */
	let old;
	effect(({ link, snapshot }) => {
		if (link !== "open") {
			old ??= snapshot;
			quiet();
		} else if (old !== undefined && snapshot !== old) {
			old = undefined;
			if (believed)
				say();
		}
	});
}
