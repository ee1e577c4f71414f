/*
 * box.js - the box, as the page sees it: the link, the clock, the follower of
 * its tempo, and what comes in, turned into state.
 */
import { remember } from "./before.js";
import { Clock } from "./clock.js";
import { Follower } from "../beat/follow.js";
import { Link, Refused } from "./link.js";
import { is_in, merge } from "./snapshot.js";
import { change, change_desk, NO_LISTS, NO_ROLES, NO_SONGS, notify, state } from "../state.js";
import { Sync } from "./sync.js";
import { error_words } from "../refusals.js";

/**
 * @typedef {import("./link.js").Message} Message
 * @typedef {import("./snapshot.js").Snapshot} Snapshot
 */

export const clock = new Clock();
export const follower = new Follower();

/** What box.js asks of session.js, which stands above it. */
export const hooks = {
	/** A connection is there: take the seat again, if there is one. */
	opened: () => {},
	/** A revision is missing, or the box does not count us in: ask for a fresh welcome, or hear why there is none. */
	hole: () => {},
	/** The session is closed, by whomever. */
	closed: () => {},
};

export const link = new Link(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`, {
	open() {
		mending = false;
		welcomed = false;
		sync.begin();
		hooks.opened();
	},
	woken: () => sync.step(),
	status: (status) => change({ link: status }),
	message: hear,
});

const sync = new Sync(link, clock, (quality) => {
	if (clock.ready && worth_showing(quality))
		change({ quality });
});

/** What this phone may say of its link just now; null: too little is known. */
export function link_figures() {
	return sync.report();
}

/** The figures change with every ping; a screen that changes with them says no more. @param {import("./sync.js").Quality} quality */
function worth_showing(quality) {
	const shown = state.peek().quality;
	if (!shown)
		return true;
	return Math.abs(quality.error_ms - shown.error_ms) > 0.05 * shown.error_ms
		|| Math.abs(quality.rtt_ms - shown.rtt_ms) > 0.1 * shown.rtt_ms
		|| Math.round(quality.loss_pct) !== Math.round(shown.loss_pct);
}

/** @param {Message} message */
function hear(message) {
	if (message.type === "welcome")
		welcome(/** @type {any} */ (message));
	else if (message.type === "state")
		update(message);
}

/** @param {Snapshot} snapshot */
function welcome(snapshot) {
	mending = false;
	welcomed = true;
	const was = clock.clock_id;
	clock.identify(snapshot.clock_id);
	if (was && was !== snapshot.clock_id) {
		change({ quality: null });
		sync.begin();
	}
	take(snapshot);
	change({ place: "room" });
	link.repeat();
}

/** A fresh welcome is on its way: asked for once. */
let mending = false;
/** Whether one has come on this connection. Before it the box knows nobody here, and that is no news. */
let welcomed = false;

function mend() {
	if (mending)
		return;
	mending = true;
	hooks.hole();
}

/** @param {Message} message */
function update(message) {
	const snapshot = state.peek().snapshot;
	if (!snapshot)
		return;
	const merged = merge(snapshot, message);
	if (merged) {
		take(merged);
		if (!merged.session.active)
			hooks.closed();
		else if (!is_in(merged) && !state.peek().busy.includes("session.leave"))
			mend();
	} else {
		mend();
	}
}

/** @param {Snapshot} snapshot */
function take(snapshot) {
	follower.take(snapshot.tempoState);
	change((s) => ({
		snapshot,
		at: snapshot.tempoState.running ? s.at : null,
		desk: { ...s.desk, before: remember(s.snapshot, snapshot, s.desk.before, s.desk.gesture, performance.now()) },
	}));
}

/** Out of the session: nothing of it stays on the screen. */
export function forget() {
	link.give_up();
	follower.take(null);
	change({ snapshot: null, at: null, sheet: "", songs: NO_SONGS, lists: NO_LISTS, roles: NO_ROLES, song_form: null, notice: null, typed_name: null, volume: null, place: "door" });
	change_desk({ bpm_text: null, in_bars: 0 });
}

/** The box's time at a time of performance.now(); null while it is not known. @param {number} at */
export function box_time(at) {
	return clock.ready ? clock.box(at) : null;
}

/** Sends a request; notices if the seat is gone, as for a phone that missed the end of its session. Throws Refused. @param {string} type @param {Record<string, unknown>} [fields] */
export async function request(type, fields) {
	const seated = welcomed;
	try {
		return await link.request(type, fields);
	} catch (error) {
		if (seated && error instanceof Refused && error.code === "not_joined")
			mend();
		throw error;
	}
}

/** Asks the box; `busy` shows it meanwhile. Throws Refused. @param {string} type @param {Record<string, unknown>} [fields] */
export async function ask(type, fields) {
	change((s) => ({ busy: [...s.busy, type] }));
	try {
		return await request(type, fields);
	} finally {
		change((s) => ({ busy: without(s.busy, type) }));
	}
}

/** Asks, and says in words what went wrong. Null if it did. @param {string} type @param {Record<string, unknown>} [fields] */
export async function tell(type, fields) {
	try {
		return await ask(type, fields);
	} catch (error) {
		if (!(error instanceof Refused))
			throw error;
		/* Why it is gone was said. */
		if (error.code !== "gone")
			notify(error_words(error));
		return null;
	}
}

/** @param {string[]} list @param {string} one */
function without(list, one) {
	const i = list.indexOf(one);
	return [...list.slice(0, i), ...list.slice(i + 1)];
}
