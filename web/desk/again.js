/*
 * again.js - sessions of earlier weeks: the box's list of them, and going on with one.
 */
import { ask } from "../box/box.js";
import { keep } from "../box/keep.js";
import { Refused } from "../box/link.js";
import { check_door, field_of, go_on_with } from "../box/session.js";
import { change_door, state } from "../state.js";
import { error_words } from "../refusals.js";

/** Does it, and says at the door what is wrong with it. @param {(door: import("../state.js").Door) => Promise<void>} act */
async function at_the_door(act) {
	const door = state.peek().door;
	const wrong = check_door(door);
	change_door({ wrong });
	if (wrong)
		return;
	keep.set_name(door.name.trim());
	try {
		await act(door);
	} catch (error) {
		if (!(error instanceof Refused))
			throw error;
		change_door({ wrong: { field: error.field ?? field_of(error.code), text: error_words(error) } });
	}
}

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
