/*
 * view_door.js - before one is in a session: join, start one, take one over.
 */
import { show_earlier } from "../desk/again.js";
import { keep } from "../box/keep.js";
import { back_to_seat, enter, tidy_code } from "../box/session.js";
import { change_door } from "../state.js";
import { view_earlier } from "./view_again.js";
import { html, value_of } from "./view_parts.js";
import { submit } from "./view_ways_out.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../state.js").DoorWay} DoorWay
 */

/** @type {Record<DoorWay, {title: string, button: string}>} */
const WAYS = {
	join: { title: words.join_title, button: words.join },
	create: { title: words.create_title, button: words.create_button },
	claim: { title: words.take_over_title, button: words.take_over },
	again: { title: words.again_title, button: words.again_button },
};

/** @param {State} s */
export function view_door(s) {
	const { door } = s;
	const way = WAYS[door.way];
	const busy = s.busy.some((type) => type.startsWith("session."));
	return html`<main class="door">
		<div class="brand">${logo()}<div><h1>${words.product}</h1><p>${words.claim_to_fame}</p></div></div>
		<form class="card" aria-label=${way.title} onSubmit=${(/** @type {SubmitEvent} */ e) => submit(e, door.way === "again" ? show_earlier : enter)} novalidate>
			<div class="tabs" role="tablist">
				${tab("join", words.join, door.way)}${tab("create", words.create, door.way)}
			</div>
			${door.way === "claim" && html`<p class="hint">${words.take_over_hint}</p>`}
			${door.way === "again" && html`<p class="hint">${words.again_hint}</p>`}
			${(door.way === "join" || door.way === "claim") && code_field(s)}
			${name_field(s)}
			${door.way !== "join" && pin_field(s)}
			${door.wrong && html`<p class="wrong" role="alert" id="wrong">${door.wrong.text}</p>`}
			${door.way === "again" && door.earlier && view_earlier(door.earlier, busy)}
			<button type="submit" class="primary big" disabled=${busy || s.link !== "open"}>${way.button}</button>
			${s.link === "lost" && html`<p class="hint" role="status">${words.no_connection_stopped}</p>`}
		</form>
		<div class="door-more">
			${seat_button()}
			<button type="button" class="plain" onClick=${() => go(door.way === "claim" ? "join" : "claim")}>
				${door.way === "claim" ? words.join_title : words.take_over_title}</button>
			${door.way !== "again" && html`<button type="button" class="plain" onClick=${() => go("again")}>${words.again_title}</button>`}
		</div>
	</main>`;
}

/** While the remembered seat is being taken again. @param {State} s */
export function view_arriving(s) {
	return html`<main class="door">
		<div class="brand">${logo()}<div><h1>${words.product}</h1><p>${words.claim_to_fame}</p></div></div>
		<p class="arriving" role="status">${s.link === "lost" ? words.arriving_lost : words.arriving}</p>
	</main>`;
}

/** The bar of beats that is our sign: a diamond, and three rounds. */
export function logo() {
	return html`<svg class="logo" viewBox="0 0 64 64" aria-hidden="true">
		<path class="logo-first" d="M21 9.5 32.5 21 21 32.5 9.5 21Z" /><circle cx="46" cy="21" r="8" /><circle cx="21" cy="46" r="8" /><circle cx="46" cy="46" r="8" />
	</svg>`;
}

/** @param {DoorWay} way @param {string} text @param {DoorWay} chosen */
function tab(way, text, chosen) {
	return html`<button type="button" role="tab" aria-selected=${String(way === chosen)} onClick=${() => go(way)}>${text}</button>`;
}

/** @param {DoorWay} way */
function go(way) {
	change_door({ way, wrong: null, earlier: null });
}

function seat_button() {
	const seat = keep.seat();
	return seat && html`<button type="button" class="plain" onClick=${back_to_seat}>${words.back_to(seat.code)}</button>`;
}

/** What goes with every field: its label, whether it is the wrong one. @param {State} s @param {string} name */
function about(s, name) {
	const wrong = s.door.wrong?.field === name;
	return { id: `door-${name}`, name, "aria-invalid": String(wrong), "aria-describedby": wrong ? "wrong" : undefined };
}

/** @param {State} s */
function code_field(s) {
	return html`<label class="field"><span>${words.code}</span>
		<input ...${about(s, "code")} class="code" value=${s.door.code} autocomplete="off" autocapitalize="characters" spellcheck=${false}
			enterkeyhint="next" maxlength="9" placeholder="••••••" onInput=${(/** @type {Event} */ e) => type_code(e)} />
		<small>${words.code_hint}</small></label>`;
}

/** @param {Event} event */
function type_code(event) {
	const field = /** @type {HTMLInputElement} */ (event.currentTarget);
	field.value = tidy_code(field.value);
	change_door({ code: field.value, wrong: null });
}

/** @param {State} s */
function name_field(s) {
	return html`<label class="field"><span>${words.name}</span>
		<input ...${about(s, "display_name")} value=${s.door.name} autocomplete="nickname" autocapitalize="words" spellcheck=${false}
			enterkeyhint="go" maxlength="40" placeholder=${words.name_hint} onInput=${(/** @type {Event} */ e) => change_door({ name: value_of(e), wrong: null })} /></label>`;
}

/** @param {State} s */
function pin_field(s) {
	return html`<label class="field"><span>${words.pin}</span>
		<input ...${about(s, "pin")} value=${s.door.pin} type="text" inputmode="numeric" autocomplete="off" maxlength="12"
			enterkeyhint="go" onInput=${(/** @type {Event} */ e) => change_door({ pin: value_of(e), wrong: null })} />
		<small>${words.pin_hint}</small></label>`;
}
