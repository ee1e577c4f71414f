/*
 * view_band.js - the band: who is here, what they play, how good their links
 * are, who leads; and what the MD does about it.
 */
import { hand_over } from "../desk/desk.js";
import { remove, renew_code } from "../desk/people.js";
import { open_roles } from "../desk/roles.js";
import { is_controller, is_md, slot_name } from "../box/snapshot.js";
import { change } from "../state.js";
import { hold } from "./view_hold.js";
import { invitation } from "./view_invite.js";
import { html, kept } from "./view_parts.js";
import { view_slot_pick } from "./view_roles.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 * @typedef {import("../box/snapshot.js").Participant} Participant
 */

/** Beside the stage. @param {State} s @param {Snapshot} snap */
export function view_side(s, snap) {
	return html`${invitation(snap)}${view_band(s, snap)}`;
}

/** @param {State} s @param {Snapshot} snap */
export function view_band(s, snap) {
	const { participants } = snap;
	const ready = participants.filter((p) => p.ready && !p.away).length;
	return html`<div class="band">
		<div class="band-ways">
			<button type="button" onClick=${open_roles}>${words.line_up}</button>
			<button type="button" onClick=${() => change({ sheet: "invite" })}>${words.show_code}</button></div>
		<details><summary>${words.what_play}</summary>${view_slot_pick(s, snap)}</details>
		<section aria-label=${words.band}><h3>${words.people(participants.length)}${ready ? ` · ${words.ready_count(ready)}` : ""}</h3>
			<ul class="people" tabindex="-1">${people(s, snap)}</ul></section>
		${is_md(snap) && for_md(snap)}
	</div>`;
}

const kept_people = kept();

/** The own link's figures are newer than the box's. @param {State} s @param {Snapshot} snap */
function people(s, snap) {
	const { participants, session, tempoState, you } = snap;
	const drawn = kept_people([participants, session.md_user_id, tempoState.controller_user_id, you.user_id], () => participants.map((p) => person(s, snap, p)));
	return participants.map((p, i) => p.user_id === you.user_id ? person(s, snap, p) : drawn[i]);
}

const kept_for_md = kept();

/** @param {Snapshot} snap */
function for_md(snap) {
	return kept_for_md([snap.participants], () => draw_for_md(snap));
}

/** @param {Snapshot} snap */
function draw_for_md(snap) {
	const others = snap.participants.filter((p) => p.user_id !== snap.you.user_id);
	return html`<details><summary>${words.new_code}</summary>
			<p class="hint">${words.new_code_hint}</p><button type="button" onClick=${renew_code}>${words.new_code_yes}</button></details>
		${others.length > 0 && html`<details><summary>${words.remove_people}</summary>
			<p class="hint">${words.remove_hint}</p>
			${others.map((p) => html`<div key=${p.user_id}>${hold({
		label: words.remove_who(p.display_name), content: html`${words.remove} <bdi>${p.display_name}</bdi>`, class_name: "danger", act: () => then_back(remove(p.user_id)),
	})}</div>`)}</details>`}`;
}

/** @param {State} s @param {Snapshot} snap @param {Participant} p */
function person(s, snap, p) {
	const mine = p.user_id === snap.you.user_id;
	const leads = p.user_id === snap.tempoState.controller_user_id;
	const may_hand = (is_controller(snap) || is_md(snap)) && !leads && !p.away;
	return html`<li key=${p.user_id} class=${p.away ? "away" : ""}>
		<div class="person"><p><bdi>${p.display_name}</bdi> ${[
			mine && html`<em>${words.you}</em> `,
			p.user_id === snap.session.md_user_id && tag("md", words.md),
			leads && tag("lead", words.leader),
			p.away && tag("", words.away),
			p.ready && !p.away && tag("ready", words.ready),
			p.ptt_state === "talking" && tag("talking", words.talking),
		]}</p>
			<p class="plays">${p.slots.map((id) => slot_name(snap, id)).join(", ")}</p>
			${!p.away && link_quality(mine && s.quality ? [s.quality.rtt_ms, s.quality.loss_pct] : [p.network_rtt_ms, p.packet_loss_pct])}
		</div>
		${may_hand && html`<button type="button" aria-label=${mine ? undefined : words.hand_over_to(p.display_name)}
			onClick=${() => then_back(hand_over(p.user_id))}>${mine ? words.take_back : words.hand_over}</button>`}
	</li>`;
}

/** @param {string} kind @param {string} text */
function tag(kind, text) {
	return html`<b class=${`tag ${kind}`}>${text}</b> `;
}

/** In words, and as bars. @param {(number | null)[]} figures round trip, ms; lost, percent */
function link_quality([rtt_ms, loss_pct]) {
	if (rtt_ms === null || loss_pct === null)
		return html`<p class="link-quality">${words.no_link_yet}</p>`;
	const bars = rtt_ms < 60 && loss_pct < 2 ? 3 : rtt_ms < 200 && loss_pct < 8 ? 2 : 1;
	return html`<p class=${`link-quality bars-${bars}`}><svg viewBox="0 0 13 12" aria-hidden="true"><path d="M0 8h3v4H0Z" /><path d="M5 4h3v8H5Z" /><path d="M10 0h3v12h-3Z" /></svg>
		${words.links[bars]} · ${words.link_figures(rtt_ms, loss_pct)}</p>`;
}

/** What had the focus may be gone once the box has answered: then the list has it. @param {Promise<unknown>} asked */
async function then_back(asked) {
	await asked;
	setTimeout(() => document.activeElement === document.body
		&& /** @type {HTMLElement | null} */ (document.querySelector("dialog .people") ?? document.querySelector(".people"))?.focus());
}
