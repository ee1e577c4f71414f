/*
 * view_sheets.js - what lies over the stage, one at a time: which view it is.
 * A new sheet is a name in state.js and a row here.
 */
import { change } from "../state.js";
import { words } from "../words.js";
import { view_band } from "./view_band.js";
import { view_invite } from "./view_invite.js";
import { html, sheet } from "./view_parts.js";
import { view_roles, view_slot_pick } from "./view_roles.js";
import { item_title, setlist_title, view_item, view_setlist, view_setlists } from "./view_setlist.js";
import { song_form_title, view_song_form } from "./view_song_form.js";
import { song_sheet_title, view_song_sheet } from "./view_song.js";
import { songs_title, view_songs } from "./view_songs.js";
import { view_sound } from "./view_sound.js";
import { view_claim, view_close, view_parting } from "./view_ways_out.js";
import { view_you } from "./view_you.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../state.js").Sheet} Sheet
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 *
 * @typedef {object} SheetView
 * @property {(s: State, snap: Snapshot) => string} title
 * @property {(s: State, snap: Snapshot) => unknown} view
 * @property {Sheet | ((s: State) => Sheet | undefined)} [back] the sheet that this one was opened from
 */

/** @type {Record<Exclude<Sheet, "">, SheetView>} */
const SHEETS = {
	setlist: { title: setlist_title, view: view_setlist },
	item: { title: item_title, view: view_item, back: "setlist" },
	setlists: { title: () => words.setlists, view: view_setlists, back: "setlist" },
	songs: { title: songs_title, view: view_songs, back: "setlist" },
	song_form: { title: song_form_title, view: view_song_form, back: (s) => s.song_form?.back },
	band: { title: () => words.band, view: view_band },
	roles: { title: () => words.line_up, view: view_roles, back: "band" },
	invite: { title: () => words.invite, view: (_, snap) => view_invite(snap), back: "band" },
	parting: { title: () => words.parting_title, view: view_parting, back: "you" },
	song: { title: song_sheet_title, view: view_song_sheet },
	slots: { title: () => words.what_play, view: view_slots },
	sound: { title: () => words.sound, view: view_sound },
	you: { title: () => words.you_title, view: view_you },
	claim: { title: () => words.take_over_title, view: view_claim, back: "you" },
	close: { title: () => words.close_sure, view: view_close, back: "you" },
};

/** What is asked of whoever has joined. @param {State} s @param {Snapshot} snap */
function view_slots(s, snap) {
	return html`<p class="hint">${words.what_play_hint}</p>${view_slot_pick(s, snap)}
		<button type="button" class="big" onClick=${() => change({ sheet: "" })}>${words.later}</button>`;
}

/** @param {State} s @param {Snapshot} snap */
export function view_sheet(s, snap) {
	if (!s.sheet)
		return null;
	const { title, view, back } = SHEETS[s.sheet];
	return sheet(s, title(s, snap), view(s, snap), typeof back === "function" ? back(s) : back);
}
