/*
 * again.js - sessions of earlier weeks: the box's list of them, and going on with one.
 */
import { ask } from "../box/box.js";
import { at_the_door, go_on_with } from "../box/session.js";
import { change_door } from "../state.js";

export function show_earlier() {
	return at_the_door(async (door) => {
		const pin = door.pin.trim();
		const { sessions } = await ask("session.list", pin ? { pin } : {});
		change_door({ earlier: sessions });
	});
}

/** @param {string} session_id */
export function go_on(session_id) {
	return at_the_door(async (door) => {
		await go_on_with(session_id, door);
		change_door({ earlier: null, way: "join" });
	});
}
