/*
 * view_invite.js - how others come in: the QR, the code, the address. Held up
 * to the band, it fills the screen.
 */
import { join_link } from "../box/session.js";
import { notify } from "../state.js";
import { words } from "../words.js";
import { html } from "./view_parts.js";

/** @typedef {import("../box/snapshot.js").Snapshot} Snapshot */

/** @param {Snapshot} snap */
export function view_invite({ session: { code } }) {
	const link = join_link(code);
	return html`<div class="invite">
		<img class="qr" src=${`/qr.svg?code=${code}`} alt=${words.qr_alt(code)} width="180" height="180" onError=${drawn} onLoad=${drawn} />
		<div class="invite-words">
			<p class="big-code">${code}</p>
			<p>${words.invite_hint}</p>
			<p class="link">${link.replace(/^https?:\/\//, "")}</p>
			${navigator.clipboard && html`<button type="button" onClick=${() => copy(link)}>${words.copy}</button>`}
		</div>
	</div>`;
}

/** Beside the stage, where there is room for it. @param {Snapshot} snap */
export function invitation(snap) {
	return html`<section aria-label=${words.invite}>${view_invite(snap)}</section>`;
}

/** A box that draws no QR still has its code and its link. @param {Event} event */
function drawn({ type, currentTarget }) {
	/** @type {HTMLElement} */ (currentTarget).hidden = type === "error";
}

/** @param {string} link */
async function copy(link) {
	await navigator.clipboard.writeText(link);
	notify(words.copied, "good");
}
