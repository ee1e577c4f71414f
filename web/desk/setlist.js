/*
 * setlist.js - tonight's list: going from song to song, putting them in order,
 * and what is tonight's own about a song.
 */
import { BPM_MAX, BPM_MIN } from "../beat/beat.js";
import { ask, request, tell } from "../box/box.js";
import { Refused } from "../box/link.js";
import { is_md } from "../box/snapshot.js";
import { drag, lift, put_down, reordered, step, whereabouts } from "./drag.js";
import { error_words } from "../refusals.js";
import { change, change_lists, effect, notify, state } from "../state.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 * @typedef {import("../box/snapshot.js").Item} Item
 */

export function open_setlist() {
	change_lists({ item: null });
	change({ sheet: "setlist" });
}

/**
 * Which song is on: that of the list; null takes the song off. The box goes by its place there and checks no revision:
 * so it goes by where that song stands here now, and where the list was changed on the way there, that is said.
 * @param {Pick<Item, "position" | "song_id"> | null} item
 */
export async function go_to(item) {
	const of = state.peek().snapshot?.setlist?.items.filter(({ song_id }) => song_id === item?.song_id) ?? [];
	const there = of.find(({ position }) => position === item?.position) ?? (of.length === 1 ? of[0] : null);
	const ok = (there || !item) && await tell("song.activate", { position: there && there.position });
	/* What it has done was told before the answer. */
	if (item && (!there || (ok && state.peek().snapshot?.activeSong?.song_id !== item.song_id)))
		notify(error_words({ code: "moved" }));
	return ok || null;
}

/** What the box is to check a change against: the list as it stands here. */
function as_seen() {
	const { snapshot } = state.peek();
	return { setlist_id: snapshot?.setlist?.id, revision: snapshot?.revision };
}

/** @type {Promise<any>} */
let turn = Promise.resolve();

/** One after the other, each with the list as the one before has left it: presses come faster than answers. @template T @param {() => Promise<T>} act @returns {Promise<T>} */
function in_turn(act) {
	return turn = turn.then(act, act);
}

/** A change of the list is under way: places are others' until it is done. @param {State} s */
export function is_changing({ busy }) {
	return busy.some((type) => type.startsWith("setlist.item."));
}

/* ---- order ---- */

/** The items as they are shown: a move stands there before the box has answered. @param {State} s @param {Snapshot} snap */
export function shown_items({ lists: { moved } }, snap) {
	const items = snap.setlist?.items ?? [];
	return moved && moved.of === snap.setlist ? reordered(items, moved.from, moved.to) : items;
}

/** @param {number} from @param {number} to */
async function move(from, to) {
	const of = state.peek().snapshot?.setlist;
	if (!of)
		return;
	change_lists({ moved: { of, from, to } });
	await tell("setlist.item.move", { position: from, to, ...as_seen() });
	change_lists(({ moved }) => moved?.of === of ? { moved: null } : {});
}

/** The songs as shown when one was picked up; "": none is. */
let order = "";
/** And on which sheet; on a tablet the list stands beside the stage, too. */
let sheet = "";

/** @param {State} s */
function order_of(s) {
	return s.sheet === sheet && s.snapshot && is_md(s.snapshot) ? shown_items(s, s.snapshot).map(({ song_id }) => song_id).join() : "";
}

/** Whether a row may be picked up. */
function picked_up() {
	const s = state.peek();
	sheet = s.sheet;
	order = is_changing(s) ? "" : order_of(s);
	return order !== "";
}

/** @param {PointerEvent} event @param {Item} item */
export function drag_item(event, { position }) {
	if (!event.button && event.isPrimary && picked_up())
		drag(event, row_of(event), (to) => put(position, to));
}

/** @param {number} from @param {number | null} to null: nowhere */
function put(from, to) {
	order = "";
	return to === null ? null : move(from, to);
}

/** Picked up by a key, or put down. @param {MouseEvent} event @param {Item} item */
export function lift_item(event, { position, title }) {
	/* A click that follows on a finger's or the mouse's press is no key. */
	if (event.detail || !(order || picked_up()))
		return;
	const handle = /** @type {HTMLElement} */ (event.currentTarget);
	const count = state.peek().snapshot?.setlist?.items.length ?? 0;
	/* Behind the drawing: there the handle is at another place, and what moves loses the focus on its way. */
	const refocus = () => document.activeElement === document.body && handle.focus();
	const lifted = lift(row_of(event), (to) => {
		change_lists({ said: to === null ? words.put_back(title) : words.put_down(title, to + 1, count) });
		put(position, to)?.then(refocus);
		queueMicrotask(refocus);
	});
	if (lifted)
		change_lists({ said: words.picked_up(title, position + 1, count) });
}

/** @param {KeyboardEvent} event @param {Item} item */
export function step_item(event, { title }) {
	const to = step(event);
	if (to !== null)
		change_lists({ said: words.stands_at(title, to + 1) });
}

/** Who goes elsewhere has put it back. @param {FocusEvent} event */
export function leave_item(event) {
	put_down(false, row_of(event));
}

/** @param {Event} event */
function row_of(event) {
	return /** @type {HTMLElement} */ (/** @type {HTMLElement} */ (event.currentTarget).closest("li"));
}

/* ---- what changes meanwhile ---- */

/** @type {Snapshot["setlist"]} */
let list = null;

/* Another MD, or the same one's other phone, may change the list under a row that is carried, and under an open item. */
effect(() => {
	const s = state.value;
	if (order && order_of(s) !== order) {
		put_down(false);
		if (s.sheet === sheet)
			notify(words.list_changed);
	}
	const before = list;
	list = s.snapshot?.setlist ?? null;
	if (before !== list && s.lists.item)
		follow_item(before, s.lists.item.position);
	else if (s.sheet === "item" && !s.lists.item)
		change({ sheet: "setlist" });
});

/** @param {Snapshot["setlist"]} before @param {number} position */
function follow_item(before, position) {
	const ids = (/** @type {Snapshot["setlist"]} */ of) => of?.items.map(({ song_id }) => song_id) ?? [];
	const now = before?.id === list?.id ? whereabouts(ids(before), ids(list), position) : null;
	if (now === null && state.peek().sheet === "item")
		notify(words.item_gone);
	if (now !== position)
		change_lists(({ item }) => ({ item: item && now !== null ? { ...item, position: now } : null }));
}

/* ---- an item ---- */

/** @param {number} position */
export async function open_item(position) {
	const found = state.peek().snapshot?.setlist?.items[position];
	if (!found)
		return;
	const { song_id, title } = found;
	/* What was typed there and is not the box's yet is still there. */
	change_lists(({ item }) => ({ item: item?.song_id === song_id && item.position === position ? item : { position, song_id, key: null, bpm: null, own: null } }));
	change({ sheet: "item" });
	if (found.key_override === null && found.bpm_override === null)
		return;
	/* The song's own are in the library alone; without them the field is empty. */
	const ok = await request("song.list", { query: title, limit: 200 }).catch(() => null);
	const own = ok?.songs.find((/** @type {import("../state.js").Song} */ { id }) => id === song_id);
	change_lists(({ item }) => item?.song_id === song_id ? { item: { ...item, own } } : {});
}

/** The one that is open; null: none is. @param {State} s @param {Snapshot} snap */
export function opened_item({ lists }, snap) {
	return lists.item && snap.setlist?.items[lists.item.position] || null;
}

/** @param {Partial<import("../state.js").OpenItem>} patch */
export function edit_item(patch) {
	change_lists(({ item }) => item ? { item: { ...item, ...patch } } : {});
}

/** @param {Record<string, unknown>} fields */
export function update_item(fields) {
	return in_turn(() => tell("setlist.item.update", { position: state.peek().lists.item?.position, ...as_seen(), ...fields }));
}

/** Key and tempo as typed; an empty field is the song's own again. */
export async function save_item() {
	const item = state.peek().lists.item;
	if (!item)
		return;
	const [key, bpm] = [item.key?.trim(), item.bpm?.trim()];
	if (bpm && (!/^\d+$/.test(bpm) || +bpm < BPM_MIN || +bpm > BPM_MAX)) {
		notify(words.bpm_wrong);
		return;
	}
	const fields = { ...(key === undefined ? {} : { key_override: key || null }), ...(bpm === undefined ? {} : { bpm_override: bpm ? +bpm : null }) };
	/* What is typed while the box answers is not this any more. */
	if (await update_item(fields))
		change_lists(({ item: now }) => now ? { item: { ...now, ...(now.key === item.key ? { key: null } : {}), ...(now.bpm === item.bpm ? { bpm: null } : {}) } } : {});
}

/** @param {number} by */
export function step_open_item(by) {
	return in_turn(async () => {
		const { lists: { item }, snapshot } = state.peek();
		const to = (item?.position ?? 0) + by;
		if (item && to >= 0 && to < (snapshot?.setlist?.items.length ?? 0))
			await move(item.position, to);
	});
}

/** Takes it out of the list; what it was can be brought back. */
export function remove_item() {
	return in_turn(async () => {
		const { snapshot, lists } = state.peek();
		const item = snapshot && opened_item(state.peek(), snapshot);
		if (!item)
			return;
		const { position, title } = item;
		const seen = as_seen();
		change_lists({ item: null });
		change({ sheet: "setlist" });
		if (await tell("setlist.item.remove", { position, ...seen }))
			notify(words.removed_item(title), "good", { label: words.undo, act: () => bring_back({ ...item, ...seen }, snapshot.activeSong?.position === position) });
		else
			change_lists({ item: lists.item });
	});
}

/** @param {Item & {setlist_id?: string}} gone @param {boolean} was_on */
async function bring_back(gone, was_on) {
	const { setlist, participants } = /** @type {Snapshot} */ (state.peek().snapshot);
	const { setlist_id, song_id, key_override, bpm_override } = gone;
	const position = setlist?.id === setlist_id ? Math.min(gone.position, setlist?.items.length ?? 0) : undefined;
	const song_leader_user_id = participants.find(({ user_id }) => user_id === gone.song_leader_user_id)?.user_id ?? null;
	try {
		await ask("setlist.item.add", { setlist_id, song_id, position, key_override, bpm_override, song_leader_user_id });
	} catch (error) {
		if (!(error instanceof Refused))
			throw error;
		notify(error_words(error), "bad", { label: words.undo, act: () => bring_back(gone, was_on) });
		return;
	}
	change({ notice: null });
	/* While the click plays, being on again would begin the song anew. */
	const now = state.peek().snapshot;
	if (was_on && position !== undefined && now?.activeSong?.position === null && now.activeSong.song_id === song_id && !now.tempoState.running)
		go_to({ position, song_id });
}
