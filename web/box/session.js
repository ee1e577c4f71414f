/*
 * session.js - into a session and out of it: create, join, claim, take the seat
 * again after a break, leave, close.
 */
import { ask, forget, hooks, link, tell } from "./box.js";
import { keep } from "./keep.js";
import { Refused } from "./link.js";
import { me } from "./snapshot.js";
import { change, change_door, notify, state } from "../state.js";
import { error_words } from "../refusals.js";
import { words } from "../words.js";

/** @typedef {import("../state.js").Door} Door */

/** Refusals after which a remembered seat is no seat any more. */
const SEAT_GONE = new Set(["token_unknown", "left", "session_closed"]);
const CODE = /^[A-Z0-9]{6}$/;

/** A code as people type it: any case, perhaps with spaces or dashes. @param {string} text */
export function tidy_code(text) {
	return text.toUpperCase().replace(/[^A-Z0-9]/g, "").slice(0, 6);
}

/** The code in the page's own address, or "". */
export function code_in_address() {
	const found = /^\/join\/([^/]+)\/?$/.exec(location.pathname);
	try {
		return found ? tidy_code(decodeURIComponent(found[1])) : "";
	} catch {
		return ""; // "%ff" is no text
	}
}

/** The link that joins a session. @param {string} code */
export function join_link(code) {
	return `${location.origin}/join/${code}`;
}

/** Where the page begins: in the remembered seat, or at the door. */
export function arrive() {
	const code = code_in_address();
	const seat = keep.seat();
	change_door({ code });
	/* A link to another session means that one. */
	if (seat && (!code || code === seat.code))
		change({ place: "arriving" });
	hooks.opened = resume;
	hooks.hole = resume;
	hooks.closed = () => gone(words.session_closed);
}

/** Takes the remembered seat again, unless we are at the door. */
async function resume() {
	const seat = keep.seat();
	if (state.peek().place === "door")
		return;
	if (!seat) {
		/* The connection broke between the welcome and the key. */
		gone(words.removed);
		return;
	}
	try {
		await ask("session.resume", { token: seat.token });
	} catch (error) {
		if (!(error instanceof Refused))
			throw error;
		if (SEAT_GONE.has(error.code))
			gone(error_words(error));
		else if (link.status === "open") {
			/* A box whose disk stands still answers pings and nothing else: no new line will ask for us. */
			if (error.code !== "no_answer")
				notify(error_words(error));
			setTimeout(() => link.status === "open" && resume(), 2000);
		}
	}
}

/** Back to the seat that is remembered, from the door. */
export function back_to_seat() {
	change({ place: "arriving" });
	resume();
}

/** The session is over for us. @param {string} why */
function gone(why) {
	if (state.peek().place === "door")
		return;
	change_door({ code: keep.seat()?.code ?? "", wrong: null, way: "join" });
	keep.set_seat(null);
	forget();
	notify(why);
}

/** What is wrong with what was typed, before the box is asked. @param {Door} door @returns {Door["wrong"]} */
function check_door(door) {
	if ((door.way === "join" || door.way === "claim") && !CODE.test(door.code))
		return { field: "code", text: words.code_form_wrong };
	if (!door.name.trim())
		return { field: "display_name", text: words.name_missing };
	return null;
}

/** Goes in, the way that is chosen at the door. */
export function enter() {
	return at_the_door((door) => go_in(door, true));
}

/** Does it, and says at the door what is wrong with it. @param {(door: Door) => Promise<void>} act */
export async function at_the_door(act) {
	const door = state.peek().door;
	const wrong = check_door(door);
	change_door({ wrong });
	if (wrong)
		return;
	keep.set_name(door.name.trim());
	change({ notice: null });
	try {
		await act(door);
	} catch (error) {
		if (!(error instanceof Refused))
			throw error;
		change_door({ wrong: { field: error.field ?? field_of(error.code), text: error_words(error) } });
	}
}

/** @param {string} code */
function field_of(code) {
	return code === "pin_wrong" ? "pin" : code === "code_unknown" || code === "session_closed" ? "code" : null;
}

/** @param {Door} door @param {boolean} as_before with the key of an earlier evening, if there is one */
async function go_in(door, as_before) {
	const display_name = door.name.trim();
	const code = door.code;
	const pin = door.pin.trim();
	const with_pin = pin ? { pin } : {};
	const token = as_before ? known_token(display_name) : undefined;
	let ok;
	if (door.way === "create")
		ok = await ask("session.create", { display_name, ...with_pin });
	else if (door.way === "claim")
		ok = await ask("session.claim", { code, display_name, ...with_pin });
	else
		try {
			ok = await ask("session.join", { code, display_name, ...(token ? { token } : {}) });
		} catch (error) {
			/* The key is no good any more: then we are someone new. */
			if (!(error instanceof Refused && token && error.code === "token_unknown"))
				throw error;
			keep.set_key(null);
			return go_in(door, false);
		}
	sit_down(door.way, ok.code ?? code, ok.token, ok.session_id, display_name);
}

/** By which the box knows who this is: the seat's, or, under the same name, that of the last session. @param {string} name */
function known_token(name) {
	const key = keep.key();
	return keep.seat()?.token ?? (key?.name === name ? key.token : undefined);
}

/**
 * Goes on with a session of earlier: opens it again and leads it. Who was in it stays the same person.
 * @param {string} session_id @param {Door} door
 */
export async function go_on_with(session_id, door) {
	const display_name = door.name.trim();
	const with_pin = door.pin.trim() ? { pin: door.pin.trim() } : {};
	const { code } = await ask("session.reopen", { session_id, ...with_pin });
	const token = known_token(display_name);
	let ok = token && await ask("session.join", { code, display_name, token }).catch(() => null);
	if (!ok || !state.peek().snapshot?.you.is_md)
		ok = await ask("session.claim", { code, display_name, ...with_pin });
	sit_down(door.way, code, ok.token, ok.session_id, display_name);
}

/** Who joins and plays nothing yet is asked what it will be. @param {Door["way"]} way @param {string} code @param {string} token @param {string} session_id @param {string} name */
function sit_down(way, code, token, session_id, name) {
	keep.set_seat({ code, token, session_id });
	keep.set_key({ token, name });
	/* The address is the invitation: what one copies from it is what others need. */
	history.replaceState(null, "", `/join/${code}`);
	change_door({ pin: "", wrong: null });
	const snapshot = state.peek().snapshot;
	const asked = way === "join" && snapshot && !me(snapshot)?.slots.length;
	change({ sheet: asked ? "slots" : "" });
}

/** @param {string} [md_user_id] who is music director from now on, where that is ours to say */
export async function leave(md_user_id) {
	if (!await tell("session.leave", { md_user_id }))
		return;
	/* Whoever left by mistake is one press away. */
	change_door({ code: keep.seat()?.code ?? "", way: "join" });
	keep.set_seat(null);
	history.replaceState(null, "", "/");
	forget();
}

/** For everyone; the box tells all of us, and that is how we go (hooks.closed). */
export function close() {
	return tell("session.close");
}
