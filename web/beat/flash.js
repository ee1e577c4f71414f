/*
 * flash.js - draws the beats on animation frames, and leaves a mark of each.
 *
 * What is drawn in a frame is seen when the display shows it, about one frame
 * after the frame began; a beat is drawn in the frame that is shown nearest to
 * its time. Its mark,
 *
 *     performance.mark("beat", {detail: {bar, beat, server_time}})
 *
 * stands at that moment (startTime is performance.now()'s, server_time the
 * box's), one for each beat, in order, so that anyone can measure the page. Whoever
 * has the beat shown later (`beat_offset_ms`) finds its marks so much behind the beats.
 */

/**
 * @typedef {import("../box/clock.js").Clock} Clock
 * @typedef {import("./follow.js").Follower} Follower
 * @typedef {import("./follow.js").Beat} Beat
 * @typedef {import("./dial.js").Flashes} Flashes
 * @typedef {import("../box/keep.js").FlashSetting} FlashSetting
 * @typedef {{flash: FlashSetting, beat_offset_ms: number, show_subdivision: boolean}} Shown how its owner wants the beat
 */

/** More than three flashes a second can bring on seizures (WCAG 2.3.1): at so many beats a second, with room for a frame that comes late, only bars flash. */
const FLASHES_PER_S = 2.9;
/** Whatever goes wrong, the fourth flash comes no sooner than this after the first. */
const FOUR_FLASHES_MS = 1000;
/** So many marks are kept; then they are cleared. At 120 bpm that is 83 minutes. */
const MARKS_MAX = 10000;
const FRAMES = 20;

/**
 * What may flash: all beats, the first of each bar, or nothing.
 * @param {FlashSetting} setting @param {number} bpm @param {number} beats in a bar
 * @returns {{shape: "beats" | "bars" | "none", screen: "beats" | "bars" | "none"}}
 */
export function allowed(setting, bpm, beats) {
	const often = bpm / 60 < FLASHES_PER_S ? "beats" : bpm / 60 / beats < FLASHES_PER_S ? "bars" : "none";
	return { shape: setting === "off" ? "none" : often, screen: setting === "full" ? often : "none" };
}

/** The last guard: no more than three flashes in a second, come what may. */
export class Limiter {
	/** @type {number[]} */
	last = [];

	/** May it flash at this time, ms? If so, it is counted. @param {number} at */
	take(at) {
		if (this.last.length === 3 && at - this.last[0] < FOUR_FLASHES_MS)
			return false;
		this.last = [...this.last, at].slice(-3);
		return true;
	}
}

/** When frames are shown, from when they begin. */
export class Frames {
	/** @type {number[]} */
	gaps = [];
	before = 0;

	/** When what is drawn now will be seen, ms. @param {number} began the frame's own time stamp @param {number} now */
	shown(began, now) {
		const gap = began - this.before;
		this.before = began;
		if (gap > 3 && gap < 100)
			this.gaps = [...this.gaps, gap].slice(-FRAMES);
		/* Late frames make gaps of several: the display's own is near the shortest. */
		const frame = this.gaps.slice().sort((a, b) => a - b)[Math.floor(this.gaps.length / 4)] ?? 1000 / 60;
		this.frame_ms = frame;
		return began + frame * (1 + Math.floor(Math.max(0, now - began) / frame));
	}

	frame_ms = 1000 / 60;
}

export class Flash {
	/**
	 * @param {object} how
	 * @param {Clock} how.clock
	 * @param {Follower} how.follower
	 * @param {import("./dial.js").Dial} how.dial
	 * @param {() => Shown} how.setting
	 * @param {(beat: Beat) => void} how.bar a new bar is drawn
	 */
	constructor({ clock, follower, dial, setting, bar }) {
		this.clock = clock;
		this.follower = follower;
		this.dial = dial;
		this.setting = setting;
		this.bar = bar;
		this.frames = new Frames();
		this.limiter = new Limiter();
		this.marks = 0;
		this.running = false;
		/** What the dial shows. @type {Beat | null} */
		this.shown = null;
	}

	start() {
		const frame = (/** @type {number} */ began) => {
			this.frame(began);
			requestAnimationFrame(frame);
		};
		requestAnimationFrame(frame);
	}

	/** @param {number} began */
	frame(began) {
		const running = this.follower.plan !== null;
		if (this.running && !running)
			this.dial.rest();
		this.running = running;
		if (!running)
			this.shown = null;
		if (!running || !this.clock.ready)
			return;
		const shown = this.frames.shown(began, performance.now());
		const box_ms = this.clock.box(shown);
		const beats = this.follower.due(box_ms - this.setting().beat_offset_ms + this.frames.frame_ms / 2);
		for (const beat of beats)
			this.mark(beat, shown, box_ms);
		/* Who comes, or wakes, in the middle of a beat sees at once where we are; it doesn't flash, and it is no beat drawn at its time. */
		const beat = beats[beats.length - 1] ?? this.follower.present();
		const before = this.shown;
		if (!beat || (!beats.length && before?.bar === beat.bar && before.beat === beat.beat))
			return;
		this.shown = beat;
		if (beats.length)
			this.draw(beat, shown);
		else
			this.dial.beat(beat, { shape: false, screen: false, parts: false });
		if (before?.bar !== beat.bar || beats.some((b) => b.beat === 0))
			this.bar(beat);
	}

	/** @param {Beat} beat @param {number} shown */
	draw(beat, shown) {
		const { flash: setting, show_subdivision } = this.setting();
		const may = allowed(setting, 60000 / beat.beat_ms, beat.beats);
		const here = (/** @type {"beats" | "bars" | "none"} */ which) => which === "beats" || (which === "bars" && beat.beat === 0);
		const flash = (here(may.shape) || here(may.screen)) && this.limiter.take(shown);
		this.dial.beat(beat, { shape: flash && here(may.shape), screen: flash && here(may.screen), parts: show_subdivision });
	}

	/** @param {Beat} beat @param {number} shown @param {number} server_time */
	mark(beat, shown, server_time) {
		if (++this.marks > MARKS_MAX) {
			performance.clearMarks("beat");
			this.marks = 1;
		}
		performance.mark("beat", { startTime: shown, detail: { bar: beat.bar, beat: beat.beat, server_time } });
	}
}
