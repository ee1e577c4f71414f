/*
 * view_go.js - from song to song beside the song's title: at once while the click
 * stands, held while it plays. For the MD, and for whoever leads the tempo.
 */
import { is_controller, may_go, next_item, previous_item } from "../box/snapshot.js";
import { stray } from "../desk/lock.js";
import { go_to } from "../desk/setlist.js";
import { hold } from "./view_hold.js";
import { html, icon } from "./view_parts.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 */

/** @param {State} s @param {Snapshot} snap */
export function view_go(s, snap) {
	if (!may_go(snap) || !snap.setlist?.items.length)
		return null;
	/* Only where there is a desk there is a lock on it. */
	const locked = s.desk.locked && is_controller(snap);
	return html`<div class=${locked ? "go locked" : "go"} onPointerDown=${stray}>
		${button("previous", previous_item(snap), snap)}
		${button("next", next_item(snap), snap)}</div>`;
}

/** @param {"previous" | "next"} place @param {import("../box/snapshot.js").Item | null} item @param {Snapshot} snap */
function button(place, item, snap) {
	return hold({
		place,
		label: item ? words.go_songs[place](item.title) : words.go_ends[place],
		content: icon(place),
		act: () => item && go_to(item),
		at_once: !snap.tempoState.running,
		disabled: !item,
	});
}
