/*
 * setlists.js - the session's setlists: making, naming, copying them, and which
 * one is tonight's.
 */
import { tell } from "../box/box.js";
import { change, change_lists, effect, state } from "../state.js";
import { words } from "../words.js";

/** @typedef {import("../state.js").ListRow} ListRow */

const TITLE_MAX = 120;

export function open_setlists() {
	change_lists({ open: null });
	change({ sheet: "setlists" });
	return look();
}

async function look() {
	const ok = await tell("setlist.list");
	if (ok)
		change_lists({ all: ok.setlists });
}

/* Of lists that are not active nobody is told; of the active one we are. */
/** @type {unknown} */
let active = null;
effect(() => {
	const { sheet, snapshot } = state.value;
	const before = active;
	active = snapshot?.setlist;
	if (sheet === "setlists" && before !== active)
		look();
});

/** With the name typed. The first one of all is tonight's, and so is one made where none is. @param {boolean} use */
export async function create_list(use) {
	const title = state.peek().lists.title;
	const ok = await tell("setlist.create", { title: title.trim() || words.tonight });
	if (!ok)
		return;
	change_lists((lists) => lists.title === title ? { title: "" } : {});
	await (use || state.peek().lists.all?.length === 0 ? use_list(ok.setlist_id) : look());
}

/** @param {string} setlist_id */
export async function use_list(setlist_id) {
	if (await tell("setlist.activate", { setlist_id }))
		change({ sheet: "setlist" });
}

/** @param {ListRow} list */
export async function copy_list({ id, title }) {
	if (await tell("setlist.create", { title: [...words.copy_of(title)].slice(0, TITLE_MAX).join(""), copy_of: id }))
		await look();
}

/** @param {ListRow} list @param {boolean} [open] */
export function open_list({ id, title }, open = true) {
	change_lists({ open: open ? { id, title, sure: false } : null });
}

/** @param {Partial<{title: string, sure: boolean}>} patch */
export function edit_list(patch) {
	change_lists(({ open }) => open ? { open: { ...open, ...patch } } : {});
}

/** As it is typed; what is typed while the box answers is not this any more. */
export async function rename_list() {
	const open = state.peek().lists.open;
	if (open && await tell("setlist.rename", { setlist_id: open.id, title: open.title })) {
		change_lists((lists) => lists.open === open ? { open: null } : {});
		await look();
	}
}

/** @param {string} setlist_id */
export async function delete_list(setlist_id) {
	if (await tell("setlist.delete", { setlist_id })) {
		change_lists({ open: null });
		await look();
	}
}
