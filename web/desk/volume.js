/*
 * volume.js - the click's volume while a finger moves it: it follows the finger,
 * and the box hears of it some times a second, of the last one always.
 */
import { tell } from "../box/box.js";
import { change, state } from "../state.js";

const GAP_MS = 125;
/** So long after the last move the box's own is shown again. */
const REST_MS = 600;

/** @type {number | null} */
let wanted = null;
let sending = false;
let rest = 0;

/** @param {number} volume */
export async function move_volume(volume) {
	change({ volume });
	wanted = volume;
	clearTimeout(rest);
	if (sending)
		return;
	sending = true;
	while (wanted !== null) {
		const asked = wanted;
		wanted = null;
		const [ok] = await Promise.all([tell("click.set", { volume: asked }), new Promise((done) => setTimeout(done, GAP_MS))]);
		if (!ok)
			wanted = null;
	}
	sending = false;
	rest = setTimeout(() => state.peek().volume !== null && change({ volume: null }), REST_MS);
}
