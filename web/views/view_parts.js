/*
 * view_parts.js - the small parts that views are made of.
 */
import htm from "htm";
import { h } from "preact";
import { change } from "../state.js";
import { words } from "../words.js";

/** @typedef {import("preact").VNode<any>} View */

export const html = /** @type {(strings: TemplateStringsArray, ...values: any[]) => View} */ (htm.bind(h));

/**
 * Keeps what was drawn last for as long as what it is drawn of is the same: bars and figures of the link come and go,
 * and a big band is much to draw. @returns {(of: unknown[], draw: () => any) => any}
 */
export function kept() {
	/** @type {unknown[]} */
	let before = [];
	/** @type {any} */
	let drawn;
	return (of, draw) => {
		if (!before.length || of.some((one, i) => one !== before[i]))
			[before, drawn] = [of, draw()];
		return drawn;
	};
}

/** Line drawings, 24 by 24, of our own. @type {Record<string, string>} */
const ICONS = {
	people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M16 4.6a3.5 3.5 0 0 1 0 6M18 14.6c2.2.8 3.5 2.8 3.5 5.4",
	sound: "M4 9.500v5h3.500L12 18.500v-13L7.5 9.500ZM15.5 9a4.2 4.2 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11",
	phone: "M7 2.500h10a1.5 1.5 0 0 1 1.5 1.500v16a1.5 1.5 0 0 1-1.5 1.500H7A1.5 1.5 0 0 1 5.5 20V4A1.5 1.5 0 0 1 7 2.500ZM10.5 18.500h3",
	close: "M6 6l12 12M18 6 6 18",
	back: "M15 5l-7 7 7 7",
	minus: "M5 12h14",
	plus: "M5 12h14M12 5v14",
	play: "M7 4.500v15l12.5-7.500Z",
	stop: "M6 6h12v12H6Z",
	next: "M6 5l9 7-9 7ZM18 5v14",
	previous: "M18 5l-9 7 9 7ZM6 5v14",
	undo: "M8 5 4 9l4 4M4 9h10a5.500 5.500 0 0 1 0 11H8",
	lock: "M5 11h14v9.500H5ZM8 11V7.500a4 4 0 0 1 8 0V11",
	unlock: "M5 11h14v9.500H5ZM8 11V7a4 4 0 0 1 7.500-2",
	song: "M9 18V5.500l10.500-2v12.500M9 18a3 2.500 0 1 1-6 0 3 2.500 0 0 1 6 0ZM19.5 16a3 2.500 0 1 1-6 0 3 2.500 0 0 1 6 0Z",
	grip: "M9 6v.01M9 12v.01M9 18v.01M15 6v.01M15 12v.01M15 18v.01",
	up: "M5 15l7-7 7 7",
	down: "M5 9l7 7 7-7",
	mic: "M12 3.500a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3ZM5.5 11.500a6.500 6.500 0 0 0 13 0M12 18v3",
	ring: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Z",
	check: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM8 12.500l3 3 5-6.500",
	alert: "M12 4 2.5 20.500h19ZM12 10v5M12 17.800v.2",
};

/** @param {keyof ICONS & string} name */
export function icon(name) {
	return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${ICONS[name]} /></svg>`;
}

/** A note, and a dot behind it where bpm counts dotted quarters. @param {boolean} dotted */
function note(dotted) {
	return html`<svg class=${dotted ? "note dotted" : "note"} viewBox=${dotted ? "0 0 19 24" : "0 0 13 24"} aria-hidden="true">
		<path d="M10.2 1.500h1.600v17.200h-1.600Z" /><ellipse cx="6.3" cy="19" rx="5.6" ry="3.9" transform="rotate(-22 6.3 19)" />
		${dotted && html`<circle cx="16.2" cy="19.5" r="1.9" />`}
	</svg>`;
}

/** "♩ = 120". The note is drawn: not every phone's font has it. @param {number} bpm @param {boolean} compound */
export function tempo_mark(bpm, compound) {
	return html`<span class="tempo"><span class="unseen">${words.bpm(bpm, compound)}</span>
		<span aria-hidden="true" class="tempo-drawn">${note(compound)}<span class="equals">=</span><span class="number">${bpm}</span></span></span>`;
}

/**
 * One of a few. @param {string} label @param {{value: string, text: unknown}[]} options @param {string} chosen
 * @param {(value: string) => void} choose @param {string} [class_name]
 */
export function choice(label, options, chosen, choose, class_name = "") {
	return html`<div class=${`choice ${class_name}`} role="radiogroup" aria-label=${label}>
		${options.map(({ value, text }) => html`<button type="button" role="radio" key=${value} aria-checked=${String(value === chosen)}
			tabindex=${value === chosen ? 0 : -1} onClick=${() => choose(value)}
			onKeyDown=${(/** @type {KeyboardEvent} */ e) => step(e)}>${text}</button>`)}
	</div>`;
}

/** Arrow keys go from one to the next, as in any group of radio buttons. @param {KeyboardEvent} event */
function step(event) {
	const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
	const here = /** @type {HTMLElement} */ (event.currentTarget);
	const all = /** @type {HTMLElement[]} */ ([...here.parentElement?.children ?? []]);
	if (!by)
		return;
	event.preventDefault();
	const next = all[(all.indexOf(here) + by + all.length) % all.length];
	next.focus();
	next.click();
}

/** On or off. @param {string} label @param {boolean} on @param {(on: boolean) => void} turn @param {boolean} [disabled] */
export function toggle(label, on, turn, disabled = false) {
	return html`<button type="button" class="toggle" role="switch" aria-checked=${String(on)} disabled=${disabled} onClick=${() => turn(!on)}>
		<span>${label}</span><span class="knob" aria-hidden="true"></span></button>`;
}

/**
 * @typedef {object} Slider
 * @property {string} label
 * @property {number} value
 * @property {string} text the value in words
 * @property {(value: number) => void} move while the finger moves
 * @property {() => void} [rest] it has let go
 * @property {number} [min]
 * @property {number} [max]
 * @property {number} [step]
 * @property {boolean} [disabled]
 */

/** A value that one slides, and a step to either side for fingers that need it exact. @param {Slider} slider */
export function slider({ label, value, text, move, rest, min = 0, max = 100, step = 1, disabled = false }) {
	const by = (/** @type {number} */ steps, /** @type {string} */ name, /** @type {"minus" | "plus"} */ sign) => html`
		<button type="button" class="plain" aria-label=${name} disabled=${disabled || (steps < 0 ? value <= min : value >= max)}
			onClick=${() => (move(Math.min(max, Math.max(min, value + steps * step))), rest?.())}>${icon(sign)}</button>`;
	const pace = step > 1 ? 1 : 5;
	return html`<div class="field slider"><span aria-hidden="true">${label}</span><output aria-hidden="true">${text}</output>
		${by(-pace, words.less(label), "minus")}
		<input type="range" aria-label=${label} aria-valuetext=${text} min=${min} max=${max} step=${step} value=${value} disabled=${disabled}
			onInput=${(/** @type {Event} */ e) => move(Number(value_of(e)))} onChange=${rest} />
		${by(pace, words.more_of(label), "plus")}</div>`;
}

/** What is said in passing. @param {import("../state.js").State} s */
export function notice(s) {
	return s.notice && html`<p class=${`notice ${s.notice.kind}`} key=${s.notice.number} role=${s.notice.kind === "bad" ? "alert" : "status"}>
		<span>${s.notice.text}</span>
		${s.notice.remedy && html`<button type="button" onClick=${s.notice.remedy.act}>${s.notice.remedy.label}</button>`}
		<button type="button" class="plain" aria-label=${words.dismiss} onClick=${() => change({ notice: null })}>${icon("close")}</button></p>`;
}

/**
 * What lies over the stage. The focus goes to its head when one sheet follows on another.
 * @param {import("../state.js").State} s @param {string} title @param {unknown} content
 * @param {import("../state.js").Sheet} [back] where the arrow leads
 */
export function sheet(s, title, content, back) {
	return html`<dialog class=${`sheet sheet-${s.sheet}`} aria-label=${title} ref=${show_modal} onClose=${closed}
		onClick=${(/** @type {MouseEvent} */ e) => e.target === e.currentTarget && shut(e)}>
		<div class="sheet-body" key=${s.sheet}>
			<div class="sheet-head">
				${back && html`<button type="button" class="plain" aria-label=${words.back} ref=${take_focus_if_lost} onClick=${() => change({ sheet: back })}>${icon("back")}</button>`}
				<h2>${title}</h2>
				<button type="button" class="plain" aria-label=${words.done} ref=${take_focus_if_lost} onClick=${shut}>${icon("close")}</button></div>
			${notice(s)}
			${content}
		</div>
	</dialog>`;
}

/** What had the focus is gone. @param {HTMLElement | null} element */
export function take_focus_if_lost(element) {
	if (element && element.closest("dialog")?.open && (!document.activeElement || document.activeElement === document.body))
		element.focus();
}

/** By the dialog itself, which gives the focus back to where it came from. @param {Event} event */
function shut(event) {
	/** @type {HTMLElement} */ (event.currentTarget).closest("dialog")?.close();
	change({ sheet: "" });
}

/** By the Escape key or a gesture; of one that was shut above the news comes when it is gone. @param {Event} event */
function closed(event) {
	if (/** @type {HTMLElement} */ (event.currentTarget).isConnected)
		change({ sheet: "" });
}

/** @param {HTMLDialogElement | null} dialog */
function show_modal(dialog) {
	if (dialog && !dialog.open)
		dialog.showModal();
}

/** The value of the field an event is about. @param {Event} event */
export function value_of(event) {
	return /** @type {HTMLInputElement} */ (event.currentTarget).value;
}
