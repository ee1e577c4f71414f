/*
 * view_band.js - the band: how others come in, who is here, who leads.
 */
import { hand_over } from "../desk/desk.js";
import { join_link } from "../box/session.js";
import { is_controller, is_md } from "../box/snapshot.js";
import { notify } from "../state.js";
import { html } from "./view_parts.js";
import { words } from "../words.js";

/**
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 * @typedef {import("../box/snapshot.js").Participant} Participant
 */

/** @param {Snapshot} snap */
export function view_band(snap) {
	return html`<div class="band">${invitation(snap.session.code)}
		<section aria-label=${words.band}><h3>${words.people(snap.participants.length)}</h3>
			<ul class="people">${snap.participants.map((p) => person(snap, p))}</ul></section>
	</div>`;
}

/** @param {string} code */
function invitation(code) {
	const link = join_link(code);
	return html`<section class="invite" aria-label=${words.invite}>
		<img class="qr" src=${`/qr.svg?code=${code}`} alt=${words.qr_alt(code)} width="180" height="180" onError=${hide} onLoad=${show} />
		<div class="invite-words">
			<h3>${words.invite}</h3>
			<p class="big-code">${code}</p>
			<p class="link">${link.replace(/^https?:\/\//, "")}</p>
			${navigator.clipboard && html`<button type="button" onClick=${() => copy(link)}>${words.copy}</button>`}
		</div>
	</section>`;
}

/** A box that draws no QR still has its code and its link. @param {Event} event */
function hide(event) {
	/** @type {HTMLElement} */ (event.currentTarget).hidden = true;
}

/** @param {Event} event */
function show(event) {
	/** @type {HTMLElement} */ (event.currentTarget).hidden = false;
}

/** @param {string} link */
async function copy(link) {
	await navigator.clipboard.writeText(link);
	notify(words.copied, "good");
}

/** @param {Snapshot} snap @param {Participant} p */
function person(snap, p) {
	const mine = p.user_id === snap.you.user_id;
	const leads = p.user_id === snap.tempoState.controller_user_id;
	const may_hand = (is_controller(snap) || is_md(snap)) && !leads && !p.away;
	return html`<li key=${p.user_id} class=${p.away ? "away" : ""}>
		<span class="person"><bdi>${p.display_name}</bdi>
			${mine && html`<em>${words.you}</em>`}</span>
		<span class="tags">
			${p.user_id === snap.session.md_user_id && html`<b class="tag md">${words.md}</b>`}
			${leads && html`<b class="tag lead">${words.leader}</b>`}
			${p.away && html`<b class="tag">${words.away}</b>`}
			${may_hand && html`<button type="button" class="small" aria-label=${words.hand_over_to(p.display_name)}
				onClick=${() => hand_over(p.user_id)}>${mine ? words.take_back : words.hand_over}</button>`}
		</span>
	</li>`;
}
