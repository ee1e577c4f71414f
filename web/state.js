/*
 * state.js - the one state of the page, and the one way to change it.
 *
 * Views are functions of it; nothing else remembers anything that is shown, but
 * for the beat itself (dial.js), which is drawn too often to go round by here.
 */
import { keep } from "./box/keep.js";
import { NOTHING } from "./desk/tap.js";

/**
 * @typedef {import("./box/snapshot.js").Snapshot} Snapshot
 * @typedef {import("./box/link.js").LinkStatus} LinkStatus
 * @typedef {import("./box/sync.js").Quality} Quality
 * @typedef {import("./desk/tap.js").Count} Count
 * @typedef {import("./box/keep.js").Settings} Settings
 * @typedef {import("./desk/song_file.js").Format} Format
 * @typedef {import("./desk/song_file.js").Part} Part
 *
 * @typedef {"arriving" | "door" | "room"} Place `arriving`: a seat is remembered and being taken again
 * @typedef {"join" | "create" | "claim" | "again"} DoorWay
 * @typedef {"" | "song" | "slots" | "setlist" | "item" | "setlists" | "songs" | "song_form" | "band" | "roles" | "invite" | "parting" | "sound" | "you" | "claim" | "close"} Sheet what lies over the stage
 *
 * @typedef {object} Door what is typed at the door
 * @property {DoorWay} way
 * @property {string} name
 * @property {string} code
 * @property {string} pin
 * @property {{field: string | null, text: string} | null} wrong
 * @property {Earlier[] | null} earlier the box's sessions; null: not asked for
 *
 * @typedef {{session_id: string, code: string, created_at: number, active: boolean, md_display_name: string, people: number, setlists: string[]}} Earlier
 *
 * @typedef {object} Desk what is set at the desk and not yet the box's business
 * @property {string | null} bpm_text what is being typed; null: the box's own is shown
 * @property {number} count_in_bars
 * @property {number} in_bars a change comes so many bars later; 0: at the next bar; NOW: on the next beat
 * @property {Count} taps
 * @property {boolean} locked against stray touches
 * @property {import("./box/before.js").Before | null} before the tempo before the last change
 * @property {import("./box/before.js").Gesture} gesture presses or taps that make one change
 *
 * @typedef {{id: string, title: string, default_key: string, default_bpm: number, time_signature: string, notes: string}} Song
 *
 * @typedef {object} Songs the library as far as it was asked for, and what is to come into it
 * @property {string} query
 * @property {Song[] | null} list null: nothing has come yet
 * @property {number} total how many there are of what is searched for
 * @property {number} seen how many of them have come
 * @property {boolean} ended none came any more
 * @property {boolean} failed the last question had no answer
 * @property {string} said what became of the last import
 * @property {string} here the song whose row one comes back to
 * @property {{song_id: string, position: number} | null} added what was put into the setlist last
 * @property {boolean} importing the form is open
 * @property {string} text what is to be imported
 * @property {Part[]} parts the files it is made of; none where it was typed
 * @property {Format} format
 * @property {boolean} chosen the format was chosen, not guessed
 * @property {string} wrong
 *
 * @typedef {{position: number, song_id: string, key: string | null, bpm: string | null, own: Song | null}} OpenItem an item that
 *   is open: what is typed, null where the box's own is shown, and its song, where that was asked for
 * @typedef {{id: string, title: string, items: number, active: boolean}} ListRow
 *
 * @typedef {object} Lists what is open, typed and under way about setlists
 * @property {{of: NonNullable<Snapshot["setlist"]>, from: number, to: number} | null} moved the box has not answered yet
 * @property {string} said of a song that is moved by keys
 * @property {OpenItem | null} item
 * @property {ListRow[] | null} all the session's setlists; null: nothing has come yet
 * @property {string} title what the new one is to be called
 * @property {{id: string, title: string, sure: boolean} | null} open the one that is open, its new name, whether to delete it was asked
 *
 * @typedef {object} Roles the grid of slots and people
 * @property {{song_id: string, title: string} | null} song for which it is; null: for all
 * @property {string} at the cell that the Tab key leads to: slot and person
 * @property {{slot_id: string, song_id: string | null, before: string | null, after: string | null} | null} last what was pressed last, and who had the slot before
 *
 * @typedef {{title: string, default_key: string, default_bpm: string, time_signature: string, notes: string}} SongText a song as it is typed
 *
 * @typedef {object} SongForm
 * @property {string} song_id "": a new one
 * @property {Sheet} back the sheet that it was opened from
 * @property {SongText | null} was as the library has it; null: not known yet
 * @property {SongText} typed
 * @property {Partial<SongText>} theirs what others made meanwhile of what was changed here
 * @property {{field: string, text: string} | null} wrong
 * @property {boolean} kept this was typed earlier, and not saved
 * @property {boolean} sure whether to delete it is being asked
 *
 * @typedef {{label: string, act: () => void}} Remedy what one can do about it
 * @typedef {{text: string, kind: "good" | "bad", number: number, remedy?: Remedy}} Notice
 *
 * @typedef {object} State
 * @property {Place} place
 * @property {LinkStatus} link
 * @property {Snapshot | null} snapshot
 * @property {Quality | null} quality null: the clock is not known yet
 * @property {{bar: number, count_in: number} | null} at the bar being drawn, as on the wire; null: nothing runs
 * @property {Door} door
 * @property {Desk} desk
 * @property {Sheet} sheet
 * @property {Songs} songs
 * @property {Lists} lists
 * @property {Roles} roles
 * @property {SongForm | null} song_form
 * @property {import("./box/keep.js").Drafts} drafts songs that were typed and not saved, by id; "": a new one
 * @property {Notice | null} notice
 * @property {boolean} talking the talk button is held here
 * @property {string[]} busy requests under way, by type
 * @property {Settings} settings
 * @property {string | null} typed_name another name for oneself; null: none is being typed
 * @property {number | null} volume as the finger moves it; null: the box's own is shown
 * @property {boolean} click_waits the own click is on, but the browser lets nothing sound before a touch
 * @property {boolean} awake the screen stays on
 * @property {boolean} calm the system asks for less motion
 */

/** The value of `in_bars` that does not wait for a bar. */
export const NOW = -1;

/** @type {Songs} */
export const NO_SONGS = {
	query: "", list: null, total: 0, seen: 0, ended: false, failed: false, said: "", here: "", added: null,
	importing: false, text: "", parts: [], format: "csv", chosen: false, wrong: "",
};

/** @type {Lists} */
export const NO_LISTS = { moved: null, said: "", item: null, all: null, title: "", open: null };

/** @type {Roles} */
export const NO_ROLES = { song: null, at: "", last: null };

/** @type {State} */
const first = {
	place: "door",
	link: "connecting",
	snapshot: null,
	quality: null,
	at: null,
	door: { way: "join", name: keep.name(), code: "", pin: "", wrong: null, earlier: null },
	desk: { bpm_text: null, count_in_bars: 0, in_bars: 0, taps: NOTHING, locked: keep.locked(), before: null, gesture: { number: 0, at: -Infinity } },
	sheet: "",
	songs: NO_SONGS,
	lists: NO_LISTS,
	roles: NO_ROLES,
	song_form: null,
	drafts: keep.drafts(),
	notice: null,
	talking: false,
	busy: [],
	settings: keep.settings(),
	typed_name: null,
	volume: null,
	click_waits: false,
	awake: false,
	calm: false,
};

export const state = { value: first, peek: () => state.value };

/** @type {((s: State) => void)[]} */
const watchers = [];
let telling = false, again = false;

/** Runs now and after each change. @param {(s: State) => void} run */
export function effect(run) {
	watchers.push(run);
	run(state.value);
}

/** What a watcher changes, all hear of when the round is over. */
function tell_watchers() {
	again = true;
	if (telling)
		return;
	telling = true;
	try {
		while (again) {
			again = false;
			for (const run of watchers)
				run(state.value);
		}
	} finally {
		telling = false;
	}
}

/** The one way. @param {Partial<State> | ((state: State) => Partial<State>)} patch */
export function change(patch) {
	const now = state.peek();
	state.value = { ...now, ...(typeof patch === "function" ? patch(now) : patch) };
	tell_watchers();
}

/** @param {Partial<Door>} patch */
export function change_door(patch) {
	change((s) => ({ door: { ...s.door, ...patch } }));
}

/** @param {Partial<Desk>} patch */
export function change_desk(patch) {
	change((s) => ({ desk: { ...s.desk, ...patch } }));
}

/** @param {Partial<Songs> | ((songs: Songs) => Partial<Songs>)} patch */
export function change_songs(patch) {
	change(({ songs }) => ({ songs: { ...songs, ...(typeof patch === "function" ? patch(songs) : patch) } }));
}

/** @param {Partial<Lists> | ((lists: Lists) => Partial<Lists>)} patch */
export function change_lists(patch) {
	change(({ lists }) => ({ lists: { ...lists, ...(typeof patch === "function" ? patch(lists) : patch) } }));
}

/** @param {Partial<Roles>} patch */
export function change_roles(patch) {
	change(({ roles }) => ({ roles: { ...roles, ...patch } }));
}

/** Kept for the next visit. @param {Partial<Settings>} patch */
export function change_settings(patch) {
	change(({ settings }) => ({ settings: { ...settings, ...patch } }));
	keep.set_settings(state.peek().settings);
}

let notices = 0;

/** Says something in passing. @param {string} text @param {"good" | "bad"} [kind] @param {Remedy} [remedy] @param {number} [for_ms] */
export function notify(text, kind = "bad", remedy, for_ms = remedy ? 12000 : kind === "bad" ? 8000 : 4000) {
	const number = ++notices;
	change({ notice: { text, kind, number, remedy } });
	setTimeout(() => {
		if (state.peek().notice?.number === number)
			change({ notice: null });
	}, for_ms);
}
