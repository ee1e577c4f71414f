/*
 * speaker.js - this phone's own loudspeaker: Web Audio, only while its owner
 * wants a click of his own, and only as far as the browser lets it sound.
 *
 * A browser lets a page sound after a touch, and may take that back (a call, the
 * screen locked): then the next touch brings it back, and until then the state
 * says so (`click_waits`). While `click_volume` is 0 nothing of it exists.
 */
import { change, effect, state } from "../state.js";
import { LocalClick } from "./local_click.js";

/** @typedef {import("./local_click.js").Kind} Kind */

const TURN_MS = 50;
/** The audio clock has stood still for so many turns: it waits for a touch. */
const STILL = 10;
/** For so many: it will not go on any more, and a touch makes another. */
const DEAD = 40;
/** As the box's beep: pitch, time to 1/e, level. @type {Record<Kind, [number, number, number]>} */
const SOUNDS = { accent: [1760, 0.025, 0.85], beat: [1175, 0.022, 0.65], part: [880, 0.012, 0.35] };
const LENGTH_S = 0.05;

/** @type {AudioContext | null} */
let context = null;
/** @type {GainNode} */
let gain;
/** @type {Partial<Record<Kind, AudioBuffer>>} */
let sounds = {};

/** A tone that dies away, with a millisecond's rise and fall so that it neither begins nor ends with a crack. @param {Kind} kind */
function sound(kind) {
	const [hz, decay_s, level] = SOUNDS[kind];
	const { sampleRate } = /** @type {AudioContext} */ (context);
	const buffer = new AudioBuffer({ length: LENGTH_S * sampleRate, sampleRate });
	buffer.getChannelData(0).forEach((_, i, all) => {
		const at_s = i / sampleRate;
		all[i] = level * Math.cos(2 * Math.PI * hz * at_s) * Math.exp(-at_s / decay_s) * Math.min(1, 1000 * at_s, 1000 * (LENGTH_S - at_s));
	});
	return buffer;
}

const speaker = {
	going: () => context?.state === "running",
	now_s: () => context?.currentTime ?? 0,
	/** By the browser's own account of what is heard when; where it has none, or none that can be true, by the latency it admits. */
	zero_ms() {
		const { currentTime, outputLatency, baseLatency } = /** @type {AudioContext} */ (context);
		const { contextTime = 0, performanceTime = 0 } = context?.getOutputTimestamp?.() ?? {};
		const guess = performance.now() - 1000 * (currentTime - (outputLatency || baseLatency || 0));
		const told = performanceTime - 1000 * contextTime;
		return contextTime && Math.abs(told - guess) < 500 ? told : guess;
	},
	/** @param {Kind} kind @param {number} when_s */
	play(kind, when_s) {
		const node = new AudioBufferSourceNode(/** @type {AudioContext} */ (context), { buffer: sounds[kind] ??= sound(kind) });
		node.connect(gain);
		node.start(Math.max(0, when_s));
		return () => node.disconnect();
	},
};

/** @type {LocalClick} */
let click;
let timer = 0;
let still = 0;
let before_s = 0;

/** What a loudness of 0 to 100 is to the ear. @param {number} volume */
const level = (volume) => (volume / 100) ** 2;

function open() {
	if (context)
		close();
	/* An iPhone's ring switch mutes a page, unless it says that it plays. */
	const session = /** @type {any} */ (navigator).audioSession;
	if (session)
		session.type = "playback";
	context = new AudioContext({ latencyHint: "interactive" });
	gain = new GainNode(context, { gain: level(state.peek().settings.click_volume) });
	gain.connect(context.destination);
	still = 0;
}

function close() {
	click.forget();
	context?.close();
	context = null;
	sounds = {};
}

function turn() {
	const { settings, click_waits } = state.peek();
	const now_s = speaker.now_s();
	still = speaker.going() && now_s > before_s ? 0 : still + 1;
	before_s = now_s;
	if (click_waits !== still > STILL)
		change({ click_waits: still > STILL });
	if (context)
		gain.gain.value = level(settings.click_volume);
	click.turn();
}

/** Whether a touch is what it waits for. */
function touched() {
	if (!timer)
		return;
	if (!context || still > DEAD)
		open();
	else if (context.state !== "running")
		context.resume();
}

/** One beat to hear how loud it is. */
export function try_click() {
	if (context)
		speaker.play("beat", 0);
}

/** @param {import("../box/clock.js").Clock} clock */
export function watch_click(clock) {
	click = new LocalClick(clock, speaker);
	/** @type {unknown} */
	let tempo;
	effect(() => {
		const { settings, place, snapshot } = state.value;
		const wanted = settings.click_volume > 0 && place === "room";
		if (wanted && !timer) {
			timer = setInterval(turn, TURN_MS);
			if (navigator.userActivation?.hasBeenActive)
				open();
		} else if (!wanted && timer) {
			clearInterval(timer);
			timer = still = 0;
			close();
			change({ click_waits: false });
		}
		const told = wanted ? snapshot?.tempoState ?? null : null;
		if (told !== tempo)
			click.take(tempo = told);
		if (settings.click_subdivision !== click.parts)
			click.sound_parts(settings.click_subdivision);
	});
	document.addEventListener("visibilitychange", () => {
		click.hidden = document.visibilityState !== "visible";
		if (timer)
			turn();
	});
	for (const type of ["pointerdown", "pointerup", "touchend", "click", "keydown"])
		addEventListener(type, touched, true);
}
