/*
 * setlist.js - tonight's list: going from song to song, and putting them in order.
 */
import { tell } from "../box/box.js";
import { change } from "../state.js";

export function open_setlist() {
	change({ sheet: "setlist" });
}

/** Which song is on: the one at that place of the list; null takes the song off. @param {number | null} position */
export function go_to(position) {
	return tell("song.activate", { position });
}
