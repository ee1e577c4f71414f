/*
 * roles.js - who plays what: slots are taken, given and freed, for all songs or for one.
 */
import { tell } from "../box/box.js";
import { holder, person } from "../box/snapshot.js";

/** @typedef {import("../box/snapshot.js").Snapshot} Snapshot */

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
export function take_slot(snap, slot_id) {
	const me = snap.you.user_id;
	return holder(snap, slot_id, null) === me ? free(slot_id, me, null) : give(snap, slot_id, me, null);
}
