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
 * @property {number | null} network_rtt_ms
 * @property {number | null} packet_loss_pct
 *
 * @typedef {object} Click
 * @property {number} volume
 * @property {boolean} accent
 * @property {boolean} subdivision
 * @property {string} sound
 * @property {boolean} on_air
 * @property {"ok" | "lost" | "none"} audio
 *
 * @typedef {object} ActiveSong the song that is on, overrides applied
 * @property {number | null} position in the setlist; null: it has no place there
 * @property {string} title
 * @property {string} key
 * @property {number | null} start_bar_index the bar that is its bar 1; it may lie ahead
 *
 * @typedef {{title: string, items: {position: number, title: string, key: string}[]}} Setlist
 *
 * @typedef {object} Snapshot
 * @property {number} revision
 * @property {string} clock_id
 * @property {{user_id: string, is_md: boolean, is_controller: boolean}} you
 * @property {{id: string, code: string, md_user_id: string, active: boolean}} session
 * @property {Participant[]} participants
 * @property {TempoState} tempoState
 * @property {Click} click
 * @property {ActiveSong | null} [activeSong]
 * @property {Setlist | null} [setlist]
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

/** @param {Snapshot} s @param {string} user_id */
export function name_of(s, user_id) {
	return s.participants.find((p) => p.user_id === user_id)?.display_name ?? "";
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
