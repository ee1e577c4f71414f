/*
 * view_roles.js - who plays what: the line-up, what one plays oneself, and the grid:
 * slots down, people across, a press gives a slot or frees it, for all songs or for one.
 */
import { holder, is_md, name_of, person, slot_name } from "../box/snapshot.js";
import { press_cell, take_slot, to_be_had, undo_press } from "../desk/roles.js";
import { change_roles } from "../state.js";
import { words } from "../words.js";
import { html, kept, value_of } from "./view_parts.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 * @typedef {import("../box/snapshot.js").Part} Part
 * @typedef {import("../box/snapshot.js").Slot} Slot
 * @typedef {import("../box/snapshot.js").Participant} Participant
 */

/** Who plays what, as given: in force anywhere, or in a song. @param {Snapshot} snap @param {Part[]} parts */
export function view_line_up(snap, parts) {
	if (!parts.length)
		return html`<p class="hint">${words.nobody_plays}</p>`;
	return html`<ul class="line-up" aria-label=${words.line_up}>${parts.map(({ slot_id, user_id, scope_type }) => {
		const mine = user_id === snap.you.user_id;
		const who = person(snap, user_id);
		return html`<li key=${slot_id} class=${mine ? "mine" : ""}><span>${slot_name(snap, slot_id)}</span> <b><bdi>${who?.display_name}</bdi></b>
			${mine && html` <em>${words.you}</em>`}${who?.away && html` <em>${words.away}</em>`}${scope_type === "song" && html` <em>${words.this_song}</em>`}</li>`;
	})}</ul>`;
}

/** "What do you play?": one press takes a slot, for all songs. @param {State} _ @param {Snapshot} snap */
export function view_slot_pick(_, snap) {
	return html`<div class="slots" role="group" aria-label=${words.what_play}>${snap.slots.map((slot) => slot_button(snap, slot))}</div>`;
}

/** @param {Snapshot} snap @param {Slot} slot */
function slot_button(snap, { id, name }) {
	const who = person(snap, holder(snap, id, null));
	const mine = who?.user_id === snap.you.user_id;
	return html`<button type="button" key=${id} aria-pressed=${String(mine)} disabled=${!to_be_had(snap, id)} onClick=${() => take_slot(snap, id)}>
		<span>${name}</span> ${who && html`<small><bdi>${mine ? words.you : who.display_name}</bdi>${!mine && who.away && words.away_take}</small>`}</button>`;
}

const kept_grid = kept();

/** @param {State} s @param {Snapshot} snap */
export function view_roles(s, snap) {
	const { slots, participants, roleAssignments } = snap;
	const { song, at } = s.roles;
	const there = slots.some(({ id }) => participants.some(({ user_id }) => at === id + user_id));
	const tab_stop = there ? at : slots[0]?.id + participants[0]?.user_id;
	return html`<div class="roles">
		${scope_choice(s, snap)}
		${said(s, snap)}
		<div class="grid-box">${kept_grid([s.roles, slots, roleAssignments, is_md(snap), participants.map((p) => [p.user_id, p.display_name, p.away]).join()], () => html`<table role="grid" aria-label=${`${words.line_up}: ${song?.title ?? words.all_songs}`} onKeyDown=${step}>
			<thead><tr><th scope="col"><span class="unseen">${words.slot}</span></th>
				${participants.map((p) => html`<th scope="col" key=${p.user_id}><bdi>${p.display_name}</bdi>
					${p.user_id === snap.you.user_id ? html`<em>${words.you}</em>` : p.away && html`<em>${words.away}</em>`}</th>`)}</tr></thead>
			<tbody>${slots.map((slot) => html`<tr key=${slot.id}><th scope="row">${slot.name}</th>
				${participants.map((p) => cell(s, snap, slot, p, tab_stop))}</tr>`)}</tbody>
		</table>`)}</div>
	</div>`;
}

/** All songs, or one: of the setlist, the one that is on, the one that was chosen. @param {State} s @param {Snapshot} snap */
function scope_choice(s, { activeSong, setlist }) {
	const chosen = s.roles.song;
	/** @type {Map<string, string>} */
	const titles = new Map();
	for (const song of [...setlist?.items ?? [], activeSong, chosen])
		if (song && !titles.has(song.song_id))
			titles.set(song.song_id, song.title);
	const choose = (/** @type {string} */ song_id) => change_roles({ song: song_id ? { song_id, title: titles.get(song_id) ?? "" } : null });
	return html`<label class="roles-for"><span>${words.roles_for}</span>
		<select value=${chosen?.song_id ?? ""} onChange=${(/** @type {Event} */ e) => choose(value_of(e))}>
			<option value="">${words.all_songs}</option>
			${[...titles].map(([id, title]) => html`<option key=${id} value=${id}>${title}${id === activeSong?.song_id && ` (${words.on_now})`}</option>`)}
		</select></label>`;
}

/** What was done last, to be undone while it is so; else how it goes. @param {State} s @param {Snapshot} snap */
function said(s, snap) {
	const { song, last } = s.roles;
	const song_id = song?.song_id ?? null;
	const md = is_md(snap);
	const before = last?.before ?? null;
	if (!last || last.song_id !== song_id || holder(snap, last.slot_id, song_id) !== last.after)
		return html`<div class="roles-said"><p class="hint">${md ? song ? words.roles_hint_song : words.roles_hint : song ? words.roles_hint_md : words.roles_hint_member}</p></div>`;
	const name = (/** @type {string | null} */ id) => id ? name_of(snap, id) : "";
	const slot = slot_name(snap, last.slot_id);
	const may = before === null || before === snap.you.user_id || (md && person(snap, before));
	return html`<div class="roles-said"><p role="status"><bdi>${song && !last.after ? words.role_as_ever(slot) : words.role_now(slot, name(last.after), name(before))}</bdi></p>
		${may && html`<button type="button" onClick=${() => undo(snap)}>${words.undo}</button>`}</div>`;
}

/** The button goes with what it undid: then the cell has the focus. @param {Snapshot} snap */
async function undo(snap) {
	await undo_press(snap);
	/** @type {HTMLElement | null} */ (document.querySelector(".grid-box [tabindex='0']"))?.focus();
}

/** @param {State} s @param {Snapshot} snap @param {Slot} slot @param {Participant} p @param {string} tab_stop */
function cell(s, snap, slot, p, tab_stop) {
	const { song } = s.roles;
	const at = slot.id + p.user_id;
	const here = holder(snap, slot.id, song?.song_id ?? null);
	const ever = song && holder(snap, slot.id, null) === p.user_id;
	const kind = here === p.user_id ? "on" : !ever ? "" : here ? "shadowed" : "inherited";
	const may = is_md(snap) || (!song && p.user_id === snap.you.user_id && to_be_had(snap, slot.id));
	return html`<td key=${p.user_id}><button type="button" class=${kind} aria-label=${words.cell(slot.name, p.display_name, song?.title, kind)}
		aria-pressed=${kind === "on" ? "true" : kind === "inherited" ? "mixed" : "false"} aria-disabled=${may ? undefined : "true"} tabindex=${at === tab_stop ? 0 : -1}
		onFocus=${() => at !== s.roles.at && change_roles({ at })} onClick=${() => may && press_cell(snap, slot.id, p.user_id, song?.song_id ?? null)}></button></td>`;
}

/** Arrow keys go from cell to cell, Home and End along the row. @param {KeyboardEvent} event */
function step(event) {
	const td = /** @type {HTMLTableCellElement | null} */ (/** @type {Element} */ (event.target).closest("td"));
	const row = /** @type {HTMLTableRowElement | undefined} */ (td?.parentElement);
	const [down, across] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -1e3], End: [0, 1e3] }[event.key] ?? [0, 0];
	if (!td || !row || !(down || across))
		return;
	event.preventDefault();
	const { rows } = /** @type {HTMLTableElement} */ (event.currentTarget);
	const to = rows[Math.max(1, Math.min(rows.length - 1, row.rowIndex + down))];
	const next = to.cells[Math.max(1, Math.min(to.cells.length - 1, td.cellIndex + across))];
	next.querySelector("button")?.focus();
	next.scrollIntoView({ block: "nearest", inline: "nearest" });
}
