/*
 * keep.js - what this phone remembers between visits: its owner's name, the
 * seat in a session (with the token that is its key), the settings.
 *
 * A browser may refuse to store anything (private windows, full disks): then it
 * is remembered until the page is closed.
 */

/** @typedef {{code: string, token: string, session_id: string}} Seat */
/** @typedef {"full" | "small" | "off"} FlashSetting */
/** @typedef {{flash: FlashSetting | null}} Settings null: not chosen */

/** @type {Map<string, string>} */
const fallback = new Map();

/** @param {string} key @returns {any} */
function read(key) {
	try {
		const text = fallback.get(key) ?? localStorage.getItem(`tactus.${key}`);
		return text === null ? null : JSON.parse(text);
	} catch {
		return null;
	}
}

/** @param {string} key @param {unknown} value */
function write(key, value) {
	const text = JSON.stringify(value);
	try {
		localStorage.setItem(`tactus.${key}`, text);
		fallback.delete(key);
	} catch {
		fallback.set(key, text);
	}
}

export const keep = {
	/** @returns {string} */
	name: () => read("name") ?? "",
	/** @param {string} name */
	set_name: (name) => write("name", name),
	/** @returns {Seat | null} */
	seat: () => read("seat"),
	/** @param {Seat | null} seat */
	set_seat: (seat) => write("seat", seat),
	/** @returns {Settings} */
	settings: () => ({ flash: null, ...read("settings") }),
	/** @param {Settings} settings */
	set_settings: (settings) => write("settings", settings),
};
