/*
 * roles.js - who plays what: slots are taken, given and freed, for all songs or for one.
 */
import { tell } from "../box/box.js";
import { holder, person } from "../box/snapshot.js";
import { change, change_roles, state } from "../state.js";

/** @typedef {import("../box/snapshot.js").Snapshot} Snapshot */

/** The grid: for all songs first, whatever it was for the last time. */
export function open_roles() {
	change_roles({ song: null, last: null });
	change({ sheet: "roles" });
}

/** @param {string | null} song_id */
function scope(song_id) {
	return song_id === null ? {} : { scope_type: "song", scope_song_id: song_id };
}

/** Whoever is seen to have it is replaced; who came in between is not: the box refuses. @param {Snapshot} snap @param {string} slot_id @param {string} user_id @param {string | null} song_id */
export function give(snap, slot_id, user_id, song_id) {
	const had = holder(snap, slot_id, song_id);
	return tell("role.assign", { slot_id, user_id, ...scope(song_id), ...(had && had !== user_id ? { replace: true } : {}) });
}

/** Nothing is taken from whoever has it meanwhile. @param {string} slot_id @param {string} user_id @param {string | null} song_id */
export function free(slot_id, user_id, song_id) {
	return tell("role.clear", { slot_id, user_id, ...scope(song_id) });
}

/** Whether anyone may take the slot, for all songs: it is free, one's own, or its holder is away. @param {Snapshot} snap @param {string} slot_id */
export function to_be_had(snap, slot_id) {
	const had = holder(snap, slot_id, null);
	return !had || had === snap.you.user_id || !!person(snap, had)?.away;
}

/** Takes it, or gives it back. @param {Snapshot} snap @param {string} slot_id */
export async function take_slot(snap, slot_id) {
	const me = snap.you.user_id;
	const done = await (holder(snap, slot_id, null) === me ? free(slot_id, me, null) : give(snap, slot_id, me, null));
	/* Who was asked at joining has answered. */
	if (done && state.peek().sheet === "slots")
		change({ sheet: "" });
}

/** @type {Promise<unknown>} */
let turn = Promise.resolve();

/**
 * A cell of the grid: gives the slot, or frees it. In a song, whoever has it in all songs has it again when the exception ends.
 * Presses come faster than answers: what one does is as it was seen, from whom it takes is as the press before has left it.
 * @param {Snapshot} seen @param {string} slot_id @param {string} user_id @param {string | null} song_id
 */
export function press_cell(seen, slot_id, user_id, song_id) {
	const had = holder(seen, slot_id, song_id);
	const ends = had !== null && (had === user_id || (song_id !== null && holder(seen, slot_id, null) === user_id));
	turn = turn.then(async () => {
		const snap = state.peek().snapshot ?? seen;
		const before = ends ? had : holder(snap, slot_id, song_id);
		if (await (ends ? free(slot_id, had, song_id) : give(snap, slot_id, user_id, song_id)))
			change_roles({ last: { slot_id, song_id, before, after: ends ? null : user_id } });
	});
}

/** What was pressed last in the grid is as before. @param {Snapshot} snap */
export async function undo_press(snap) {
	const { last } = state.peek().roles;
	if (!last)
		return;
	const { slot_id, song_id, before, after } = last;
	if (await (before ? give(snap, slot_id, before, song_id) : after && free(slot_id, after, song_id)))
		change_roles({ last: null });
}
