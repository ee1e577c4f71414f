/*
 * snapshot.js - what the box has told of the session, and questions about it.
 *
 * The sections stand here as they came; a `state` is merged by assignment.
 * Pure functions.
 */
import { metre } from "../beat/beat.js";

/**
 * @typedef {import("../beat/follow.js").TempoState} TempoState
 *
 * @typedef {object} Participant
 * @property {string} user_id
 * @property {string} display_name
 * @property {boolean} away
 * @property {boolean} ready
 * @property {"idle" | "talking"} ptt_state
 * @property {number | null} network_rtt_ms
 * @property {number | null} packet_loss_pct
 * @property {string[]} slots those in force now, by id
 *
 * @typedef {object} Click
 * @property {number} volume
 * @property {boolean} accent
 * @property {boolean} subdivision
 * @property {string} sound
 * @property {boolean} on_air
 * @property {"ok" | "lost" | "none"} audio
 *
 * @typedef {{slot_id: string, user_id: string, scope_type: "global" | "song"}} Part who plays it
 * @typedef {Part & {scope_song_id: string | null}} RoleAssignment
 * @typedef {{id: string, name: string}} Slot
 *
 * @typedef {object} Item a place in the setlist: its own fields (null: the song's), and what comes of it
 * @property {number} position
 * @property {string} song_id
 * @property {string | null} key_override
 * @property {number | null} bpm_override
 * @property {string | null} song_leader_user_id
 * @property {string} title
 * @property {string | null} key
 * @property {number} bpm
 * @property {string} time_signature
 *
 * @typedef {{id: string, title: string, items: Item[]}} Setlist
 *
 * @typedef {object} ActiveSong the song that is on, overrides applied
 * @property {number | null} position in the setlist; null: it has no place there
 * @property {string} song_id
 * @property {string} title
 * @property {string | null} key
 * @property {number} bpm
 * @property {string} time_signature
 * @property {string | null} notes Markdown
 * @property {string | null} song_leader_user_id
 * @property {Part[]} roles
 * @property {number | null} start_bar_index the bar that is its bar 1; it may lie ahead
 *
 * @typedef {object} Snapshot
 * @property {number} revision
 * @property {string} clock_id
 * @property {{user_id: string, is_md: boolean, is_controller: boolean}} you
 * @property {{id: string, code: string, md_user_id: string, active: boolean, active_setlist_id: string | null, active_position: number | null}} session
 * @property {Participant[]} participants
 * @property {RoleAssignment[]} roleAssignments
 * @property {TempoState} tempoState
 * @property {Click} click
 * @property {ActiveSong | null} activeSong
 * @property {Setlist | null} setlist
 * @property {Slot[]} slots
 */

/**
 * The snapshot after a `state`; null if one before it was missed.
 * @param {Snapshot} snapshot @param {Record<string, any>} message @returns {Snapshot | null}
 */
export function merge(snapshot, message) {
	if (message.revision <= snapshot.revision)
		return snapshot;
	if (message.revision !== snapshot.revision + 1)
		return null;
	return { ...snapshot, ...message };
}

/** Whether we are among those in the session. @param {Snapshot} s */
export function is_in(s) {
	return s.participants.some((p) => p.user_id === s.you.user_id);
}

/** Whether we are the music director. @param {Snapshot} s */
export function is_md(s) {
	return s.session.md_user_id === s.you.user_id;
}

/** Whether the tempo is ours to move. @param {Snapshot} s */
export function is_controller(s) {
	return s.tempoState.controller_user_id === s.you.user_id;
}

/** @param {Snapshot} s @param {string | null} user_id */
export function person(s, user_id) {
	return s.participants.find((p) => p.user_id === user_id);
}

/** Whether we may go from song to song. @param {Snapshot} s */
export function may_go(s) {
	return is_md(s) || is_controller(s);
}

/** @param {Snapshot} s @param {string} user_id */
export function name_of(s, user_id) {
	return person(s, user_id)?.display_name ?? "";
}

/** What will count once everything announced has come: what "one more" is one more than. @param {Snapshot} s */
export function tempo_ahead(s) {
	return s.tempoState.pending ?? s.tempoState;
}

/** How fast beats come, a second. @param {{bpm: number}} tempo */
export function beats_per_s(tempo) {
	return tempo.bpm / 60;
}

/** The number of a bar as people count: from one. @param {number} bar_index */
export function bar_number(bar_index) {
	return bar_index + 1;
}

/** A bar as the song counts, from one; null: the song has not begun there. @param {ActiveSong} song @param {number} bar_index */
export function song_bar(song, bar_index) {
	if (song.start_bar_index === null || bar_index < song.start_bar_index)
		return null;
	return bar_number(bar_index - song.start_bar_index);
}

/** What the setlist goes on with; null: its end, or a song is on that has no place there. @param {Snapshot} s */
export function next_item(s) {
	const now = s.activeSong ? s.activeSong.position : -1;
	return now === null ? null : s.setlist?.items[now + 1] ?? null;
}

/** What stands before the song that is on; null: nothing does. @param {Snapshot} s */
export function previous_item(s) {
	const now = s.activeSong?.position ?? 0;
	return now > 0 ? s.setlist?.items[now - 1] ?? null : null;
}

/** Who plays what in a song: what is given for that song shadows what is given for all. @param {Snapshot} s @param {string | null} song_id null: in no song @returns {Part[]} */
export function parts_in(s, song_id) {
	return s.slots.flatMap(({ id }) => {
		const held = s.roleAssignments.filter(({ slot_id }) => slot_id === id);
		return held.find(({ scope_song_id }) => song_id !== null && scope_song_id === song_id) ?? held.find(({ scope_type }) => scope_type === "global") ?? [];
	});
}

/** What somebody plays in a song, by name. @param {Snapshot} s @param {string} user_id @param {string | null} song_id */
export function slots_of(s, user_id, song_id) {
	return parts_in(s, song_id).filter((part) => part.user_id === user_id).map(({ slot_id }) => slot_name(s, slot_id));
}

/** @param {Snapshot} s @param {string} slot_id */
export function slot_name(s, slot_id) {
	return s.slots.find(({ id }) => id === slot_id)?.name ?? "";
}

/** To whom a slot is given in just that scope. @param {Snapshot} s @param {string} slot_id @param {string | null} song_id null: for all songs */
export function holder(s, slot_id, song_id) {
	return s.roleAssignments.find((role) => role.slot_id === slot_id && role.scope_song_id === song_id)?.user_id ?? null;
}

/** Ourselves among them. @param {Snapshot} s */
export function me(s) {
	return person(s, s.you.user_id);
}

/** Those the leader waits for: present, and not the leader. @param {Snapshot} s */
export function players(s) {
	return s.participants.filter((p) => !p.away && p.user_id !== s.tempoState.controller_user_id);
}

/** Those who hold the talk button. @param {Snapshot} s */
export function talking(s) {
	return s.participants.filter(({ ptt_state }) => ptt_state === "talking");
}

/**
 * What a change announced is about, for the words of it; null if nothing is.
 * @param {Snapshot} s
 */
export function announced(s) {
	const { tempoState: now } = s;
	const next = now.pending;
	if (!next)
		return null;
	return {
		bpm: next.bpm,
		metre: next.time_signature === now.time_signature ? null : next.time_signature,
		compound: metre(next.time_signature).compound,
		bar: bar_number(next.anchor_bar_index),
		bar_index: next.anchor_bar_index,
	};
}
