/*
 * dial.js - the beat on the screen: one large shape with the beat's number, and
 * a row of marks, one for each beat of the bar.
 *
 * Which beat it is shows in the number, in the position of the mark that is lit,
 * in shape (the first beat is a diamond, the others are round) and only then in
 * colour. It draws into its own elements, not through the views: a beat must be
 * on the very next frame, also on an old phone.
 */
import { words } from "../words.js";

/**
 * How a beat may flash (flash.js decides): the shape, the whole screen, and its eighths one after another.
 * @typedef {{shape: boolean, screen: boolean, parts: boolean}} Flashes
 */

export class Dial {
	constructor() {
		this.root = element("div", "dial");
		this.root.setAttribute("aria-hidden", "true");
		this.face = element("div", "face", this.root);
		this.fill = element("div", "fill", this.face);
		this.digit = element("div", "digit", this.face);
		this.row = element("div", "marks", this.root);
		/** The light over the whole screen; stands in the body, behind everything. */
		this.light = element("div", "light");
		/** @type {HTMLElement[]} */
		this.marks = [];
		this.rest();
	}

	/** Goes where the view has a place for it. @param {HTMLElement | null} place */
	move_in = (place) => {
		place?.append(this.root);
	};

	/** A row of that many marks, each with that many parts. @param {number} beats @param {number} parts */
	layout(beats, parts) {
		const shape = `${beats}/${parts}`;
		if (this.row.dataset.shape === shape)
			return;
		this.row.dataset.shape = shape;
		this.row.replaceChildren();
		this.marks = Array.from({ length: beats }, (_, i) => {
			const mark = element("div", i === 0 ? "mark first" : "mark", this.row);
			element("div", "dot", mark);
			const ticks = element("div", "ticks", mark);
			for (let p = 0; p < parts; p++)
				element("i", "", ticks);
			return mark;
		});
	}

	/** Nothing runs. */
	rest() {
		this.root.className = "dial resting";
		this.digit.textContent = words.stopped;
		for (const old of this.row.getAnimations({ subtree: true }))
			old.cancel();
		for (const mark of this.marks)
			mark.className = mark.className.replace(/ (on|past)/g, "");
	}

	/**
	 * Shows a beat. @param {import("./follow.js").Beat} beat @param {Flashes} flashes
	 */
	beat(beat, flashes) {
		const first = beat.beat === 0;
		this.layout(beat.beats, beat.parts);
		this.root.className = `dial${first ? " first" : ""}${beat.count_in ? " counting" : ""}`;
		this.digit.textContent = String(beat.beat + 1);
		this.root.classList.toggle("parted", flashes.parts);
		this.marks.forEach((mark, i) => {
			mark.classList.toggle("on", i === beat.beat);
			mark.classList.toggle("past", i < beat.beat);
		});
		if (flashes.parts)
			[...this.marks[beat.beat]?.querySelectorAll("i") ?? []].forEach((part, i, all) => {
				const duration = beat.beat_ms / all.length;
				part.animate({ opacity: [1, 1], transform: ["scale(1.8)", "scale(1.8)"] }, { delay: i * duration, duration });
			});
		if (flashes.shape)
			fade(this.fill, 1, 0.16, beat.beat_ms);
		if (flashes.screen) {
			this.light.classList.toggle("first", first);
			fade(this.light, first ? 0.75 : 0.4, 0, beat.beat_ms);
		}
	}
}

/** Lights up now and fades within the beat. @param {HTMLElement} what @param {number} from @param {number} to @param {number} beat_ms */
function fade(what, from, to, beat_ms) {
	for (const old of what.getAnimations())
		old.cancel();
	what.animate([{ opacity: from }, { opacity: from, offset: 0.15 }, { opacity: to }],
		{ duration: Math.min(450, 0.8 * beat_ms), easing: "ease-out" });
}

/** @param {string} name @param {string} class_name @param {HTMLElement} [parent] */
function element(name, class_name, parent) {
	const made = document.createElement(name);
	made.className = class_name;
	parent?.append(made);
	return made;
}
