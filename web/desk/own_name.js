/*
 * own_name.js - another name for oneself: for the band, and kept for next time.
 */
import { tell } from "../box/box.js";
import { keep } from "../box/keep.js";
import { change, change_door, notify, state } from "../state.js";
import { words } from "../words.js";

/** What was typed becomes the name; it stays in its field until the box has it. @param {Event} event */
export async function rename(event) {
	event.preventDefault();
	const typed = state.peek().typed_name;
	const name = typed?.trim();
	if (!name)
		return typed === null ? undefined : notify(words.name_missing);
	if (!await tell("profile.set", { display_name: name }))
		return;
	keep.set_name(name);
	const key = keep.key();
	if (key)
		keep.set_key({ ...key, name });
	change_door({ name });
	if (state.peek().typed_name === typed)
		change({ typed_name: null });
	notify(words.renamed(name), "good");
}
