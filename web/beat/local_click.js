/*
 * local_click.js - the click on this phone's own loudspeaker: which sounds are
 * due on the audio clock, and when.
 *
 * Sounds are given to the audio clock ahead of time, so that a page that is late
 * makes no beat late. The beats come from a follower of its own, which goes on
 * one by one; what was given out and does not sound yet can be withdrawn, and
 * the follower goes back to before it. So after a change, too, no beat sounds
 * twice and none is left out.
 *
 * A beat leaves this phone when it leaves the box's loudspeaker: the offset that
 * its owner has set for the eye (`beat_offset_ms`) is not the ear's.
 *
 * Takes its clocks and its loudspeaker as arguments: no Web Audio here.
 */
import { Follower } from "./follow.js";

/**
 * @typedef {"accent" | "beat" | "part"} Kind
 * @typedef {import("./beat.js").Place} Place
 * @typedef {import("./follow.js").TempoState} TempoState
 *
 * @typedef {object} Speaker
 * @property {() => boolean} going it can be heard
 * @property {() => number} now_s the audio clock: what is handed over now sounds no sooner
 * @property {() => number} zero_ms a reading of when second 0 of the audio clock was (or would have been) heard, of performance.now()
 * @property {(kind: Kind, when_s: number) => () => void} play gives the way to withdraw it
 *
 * @typedef {{at_ms: number, when_s: number, withdraw: () => void}} Sound
 * @typedef {{before: Place | null, sounds: Sound[]}} Given a beat and its eighths; `before`: where the follower stood
 */

/** So far ahead sounds are handed over: longer than a page is ever busy, since what is handed over can be withdrawn. */
const AHEAD_MS = 1000;
/** In the background timers come once a second. Less than the follower's CATCH_UP_MS. */
const AHEAD_HIDDEN_MS = 1900;
/** What begins within this is being made already. */
const IN_HAND_S = 0.01;
/** Later than this a beat is better left out. */
const LATE_S = 0.02;
/** Readings that moved by so much are no noise: the audio clock was held up. */
const JUMP_MS = 8;
/** Clocks that have moved by so much against each other: what was handed over is handed over anew. */
const MOVED_MS = 4;

/** Where the audio clock stands against performance.now(): the middle of the last readings, each of which may be off by some ms. */
export class AudioClock {
	/** @type {number[]} */
	readings = [];

	/** @param {number} zero_ms */
	read(zero_ms) {
		this.readings = [...this.readings, zero_ms].slice(-15);
		const last = this.readings.slice(-5);
		if (Math.abs(middle(last) - middle(this.readings)) > JUMP_MS)
			this.readings = last;
		this.zero_ms = middle(this.readings);
	}

	zero_ms = 0;

	/** @param {number} at_ms of performance.now() */
	when_s(at_ms) {
		return (at_ms - this.zero_ms) / 1000;
	}

	/** When it is heard, of performance.now(). @param {number} when_s */
	heard_ms(when_s) {
		return this.zero_ms + when_s * 1000;
	}
}

/** @param {number[]} list */
function middle(list) {
	return list.slice().sort((a, b) => a - b)[list.length >> 1];
}

export class LocalClick {
	follower = new Follower();
	audio = new AudioClock();
	/** Handed over and not over yet. @type {Given[]} */
	given = [];
	/** The eighths sound, too. */
	parts = false;
	/** Nobody looks at the page, and its timers are slow. */
	hidden = false;

	/** @param {{ready: boolean, box: (at: number) => number}} clock @param {Speaker} speaker */
	constructor(clock, speaker) {
		this.clock = clock;
		this.speaker = speaker;
	}

	/** Another tempo, or none: what does not sound yet is withdrawn. @param {TempoState | null} tempo */
	take(tempo) {
		this.withdraw();
		this.follower.take(tempo);
		/* The eighths of the beat that sounds go on as long as the beat itself does. */
		const end = this.follower.next()?.at_ms ?? -Infinity;
		for (const { sounds } of this.given)
			this.drop(sounds, ({ at_ms }) => at_ms >= end - 1);
		this.turn();
	}

	/** @param {boolean} parts */
	sound_parts(parts) {
		this.withdraw();
		this.parts = parts;
		this.turn();
	}

	/** Withdraws the beats that do not sound yet; they come again with the next turn. */
	withdraw() {
		const i = this.given.findIndex(({ sounds }) => this.ahead(sounds[0]));
		if (i < 0)
			return;
		this.follower.given = this.given[i].before;
		for (const { sounds } of this.given.splice(i))
			this.drop(sounds, () => true);
	}

	/** The audio clock stands still, or ends: what it does next has nothing to do with what it did. */
	forget() {
		this.withdraw();
		this.given = [];
		this.audio = new AudioClock();
	}

	/** @param {Sound} sound */
	ahead({ when_s }) {
		return when_s > this.speaker.now_s() + IN_HAND_S;
	}

	/** @param {Sound[]} sounds @param {(sound: Sound) => boolean} which */
	drop(sounds, which) {
		for (const sound of sounds.filter((one) => which(one) && this.ahead(one))) {
			sound.withdraw();
			sounds.splice(sounds.indexOf(sound), 1);
		}
	}

	/** Hands over what comes due: to be called often. */
	turn() {
		const { audio, clock, follower, speaker } = this;
		if (!speaker.going()) {
			this.forget();
			return;
		}
		audio.read(speaker.zero_ms());
		const now_s = speaker.now_s();
		this.given = this.given.filter(({ sounds }) => sounds.some(({ when_s }) => when_s > now_s - 1));
		if (!clock.ready || !follower.plan)
			return;
		if (this.given.some(({ sounds }) => this.ahead(sounds[0]) && Math.abs(this.when_s(sounds[0].at_ms) - sounds[0].when_s) > MOVED_MS / 1000))
			this.withdraw();
		/* First what the page slept through, then what comes, one by one. */
		const heard_ms = audio.heard_ms(now_s);
		this.hand_over(clock.box(heard_ms));
		const until_ms = clock.box(heard_ms + (this.hidden ? AHEAD_HIDDEN_MS : AHEAD_MS));
		for (let next = follower.next(); next && next.at_ms <= until_ms; next = follower.next())
			this.hand_over(next.at_ms);
	}

	/** @param {number} until_ms box time */
	hand_over(until_ms) {
		let before = this.follower.given;
		for (const beat of this.follower.due(until_ms)) {
			const end_ms = this.follower.next()?.at_ms ?? Infinity;
			/** @type {Sound[]} */
			const sounds = [];
			for (let part = 0; part < (this.parts ? beat.parts : 1); part++) {
				const at_ms = beat.at_ms + part * beat.beat_ms / beat.parts;
				const when_s = this.when_s(at_ms);
				/* A change that comes early cuts the beat short. */
				if (when_s > this.speaker.now_s() - LATE_S && (part === 0 || at_ms < end_ms - 1))
					sounds.push({ at_ms, when_s, withdraw: this.speaker.play(part ? "part" : beat.beat ? "beat" : "accent", when_s) });
			}
			if (sounds.length)
				this.given.push({ before, sounds });
			before = { bar: beat.bar, beat: beat.beat };
		}
	}

	/** The second of the audio clock at which a box time is heard. @param {number} box_ms */
	when_s(box_ms) {
		let at = this.audio.heard_ms(this.speaker.now_s());
		/* The box's clock runs nearly as ours; while it is being put right, off by a quarter at most. */
		for (let i = 0; i < 8; i++)
			at += box_ms - this.clock.box(at);
		return this.audio.when_s(at);
	}
}
