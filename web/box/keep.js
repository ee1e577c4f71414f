/*
 * keep.js - what this phone remembers between visits: its owner's name, the
 * seat in a session (with the token that is its key), who one was last, the settings.
 *
 * The seat is a tab's own, so that two tabs can sit in two sessions; a new tab
 * begins in the seat that was taken last on this phone.
 *
 * A browser may refuse to store anything (private windows, full disks): then it
 * is remembered until the page is closed.
 */

/** @typedef {{code: string, token: string, session_id: string}} Seat */
/** @typedef {{token: string, name: string}} Key who one was, under that name, in the last session */
/** @typedef {"full" | "small" | "off"} FlashSetting */
/**
 * @typedef {object} Settings what its owner set, for this phone alone
 * @property {FlashSetting | null} flash null: not chosen
 * @property {number} beat_offset_ms the beat is shown so much later; negative: sooner. Only what is seen: the own click goes by the box's time
 * @property {number} click_volume of the click on this phone's own loudspeaker, 0 to 100; 0: none
 * @property {boolean} click_subdivision that click has the eighths, too
 * @property {boolean} show_subdivision the dial shows the eighths going by
 * @property {boolean} left_handed
 * @property {boolean} large larger type
 * @property {boolean} awake the screen is kept on
 */

export const OFFSET_MS = 200;
export const OFFSET_STEP_MS = 5;

/** @type {Settings} */
const FRESH = {
	flash: null, beat_offset_ms: 0, click_volume: 0, click_subdivision: false, show_subdivision: false, left_handed: false, large: false, awake: true,
};

/** @param {keyof Settings} name @param {any} value */
function fits(name, value) {
	if (name === "flash")
		return ["full", "small", "off"].includes(value);
	const [least, most, step] = name === "beat_offset_ms" ? [-OFFSET_MS, OFFSET_MS, OFFSET_STEP_MS] : [0, 100, 1];
	return typeof value === typeof FRESH[name] && value >= least && value <= most && value % step === 0;
}

/** What was stored may be of another version, or garbage: each setting is looked at by itself. @param {any} stored @returns {Settings} */
export function settings_of(stored) {
	const known = Object.entries(FRESH).map(([name, fresh]) => [name, fits(/** @type {keyof Settings} */ (name), stored?.[name]) ? stored[name] : fresh]);
	return Object.fromEntries(known);
}

/** @typedef {Record<string, {was: import("../state.js").SongText, typed: import("../state.js").SongText}>} Drafts */

class Shelf {
	/** @param {() => Storage} storage to ask for it may throw, too */
	constructor(storage) {
		this.storage = storage;
		/** @type {Map<string, string>} */
		this.fallback = new Map();
	}

	/** Undefined: nothing was written. @param {string} key @returns {any} */
	read(key) {
		try {
			const text = this.fallback.get(key) ?? this.storage().getItem(`tactus.${key}`);
			return text === null ? undefined : JSON.parse(text);
		} catch {
			return undefined;
		}
	}

	/** @param {string} key @param {unknown} value */
	write(key, value) {
		const text = JSON.stringify(value);
		try {
			this.storage().setItem(`tactus.${key}`, text);
			this.fallback.delete(key);
		} catch {
			this.fallback.set(key, text);
		}
	}
}

/** What was read, if it has those texts; else null: nothing that could be used was kept. @param {any} read @param {string[]} names */
const with_texts = (read, ...names) => names.every((name) => typeof read?.[name] === "string") ? read : null;

const phone = new Shelf(() => localStorage);
const tab = new Shelf(() => sessionStorage);

export const keep = {
	/** @returns {string} */
	name: () => String(phone.read("name") ?? ""),
	/** @param {string} name */
	set_name: (name) => phone.write("name", name),
	/** @returns {Seat | null} */
	seat() {
		const own = tab.read("seat");
		if (own !== undefined)
			return with_texts(own, "code", "token");
		const last = with_texts(phone.read("seat"), "code", "token");
		/* From now on it is this tab's, whatever another one does. */
		if (last)
			tab.write("seat", last);
		return last;
	},
	/** @param {Seat | null} seat */
	set_seat(seat) {
		const left = keep.seat();
		tab.write("seat", seat);
		if (seat || phone.read("seat")?.token === left?.token)
			phone.write("seat", seat);
	},
	/** The key outlives the seat: next week its owner is the same person, with the same roles. @returns {Key | null} */
	key: () => with_texts(phone.read("key"), "token", "name"),
	/** @param {Key | null} key */
	set_key: (key) => phone.write("key", key),
	/** Of this tab: two of them may be at two songs. @returns {Drafts} */
	drafts: () => tab.read("drafts") ?? {},
	/** @param {Drafts} drafts */
	set_drafts: (drafts) => tab.write("drafts", drafts),
	/** @returns {boolean} */
	locked: () => tab.read("locked") ?? false,
	/** @param {boolean} locked */
	set_locked: (locked) => tab.write("locked", locked),
	/** @returns {Settings} */
	settings: () => settings_of(phone.read("settings")),
	/** @param {Settings} settings */
	set_settings: (settings) => phone.write("settings", settings),
};
