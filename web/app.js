/*
 * app.js - wires the page together.
 *
 * The path of a beat: link.js brings the tempo, follow.js says which beats are
 * due, clock.js when that is, flash.js draws them on dial.js. The path of a tap:
 * view_desk.js, desk.js, tap.js, link.js.
 */
import { metre } from "./beat/beat.js";
import { clock, follower, link } from "./box/box.js";
import { watch_people } from "./desk/people.js";
import { watch_talk } from "./desk/talk.js";
import { Dial } from "./beat/dial.js";
import { Flash } from "./beat/flash.js";
import { watch_keys } from "./desk/keys.js";
import { render } from "preact";
import { watch_link } from "./box/report.js";
import { arrive } from "./box/session.js";
import { change, effect, state } from "./state.js";
import { view_arriving, view_door } from "./views/view_door.js";
import { html, notice } from "./views/view_parts.js";
import { classes_of, shown } from "./views/view_you.js";
import { view_stage } from "./views/view_stage.js";
import { watch_click } from "./beat/speaker.js";
import { watch_screen } from "./beat/wake.js";

const dial = new Dial();
const flash = new Flash({
	clock, follower, dial,
	setting: () => shown(state.peek()),
	bar: ({ bar, count_in }) => change({ at: { bar, count_in } }),
});
const root = /** @type {HTMLElement} */ (document.getElementById("app"));

/** @param {import("./state.js").State} s */
function view(s) {
	if (s.place === "room" && s.snapshot)
		return view_stage(s, s.snapshot, dial);
	/* A key of its own: nothing of the room, the dial least of all, is kept when one leaves it. */
	return html`<div key="outside" class=${`outside${classes_of(s)}`}>
		${notice(s)}
		${s.place === "arriving" ? view_arriving(s) : view_door(s)}</div>`;
}

/* Many changes in one turn make one drawing; one made while a frame is drawn is still in that frame. */
let drawing = false;
effect(() => {
	state.value;
	if (drawing)
		return;
	drawing = true;
	queueMicrotask(() => {
		drawing = false;
		draw(state.peek());
	});
});

/** @param {import("./state.js").State} s */
function draw(s) {
	const tempo = s.snapshot?.tempoState;
	/* Once beats are drawn, it is theirs. */
	if (tempo && !s.at) {
		const { beats, parts } = metre(tempo.time_signature);
		dial.layout(beats, parts);
	}
	render(view(s), root);
}

const less_motion = matchMedia("(prefers-reduced-motion: reduce)");
less_motion.addEventListener("change", () => change({ calm: less_motion.matches }));
change({ calm: less_motion.matches });

addEventListener("pageshow", () => link.wake());
addEventListener("online", () => link.wake(true));
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && link.wake());

/* For the browser's console: what the page believes. */
Object.assign(globalThis, { tactus: () => state.peek() });
document.body.prepend(dial.light);
arrive();
flash.start();
watch_keys();
watch_screen();
watch_click(clock);
watch_link();
watch_people();
watch_talk();
link.start();
