/*
 * wake.js - keeps the screen on while somebody is in the room: by a wake lock
 * where the browser gives one (not on plain HTTP), elsewhere by a video that plays.
 *
 * What a video must be to count differs: for WebKit it has sound and is neither
 * muted nor marked as a loop, for Gecko it has sound, for Blink it is audible in
 * principle or large. So awake.mp4 and awake.webm are black, have a silent sound
 * track, and go round by being set back. Under five seconds they are no "media"
 * that a phone shows controls for. They were made by
 *
 *     ffmpeg -f lavfi -i color=black:s=16x16:r=1 -f lavfi -i anullsrc=r=8000:cl=mono -t 4 -g 99 \
 *         -c:v libx264 -profile:v baseline -pix_fmt yuv420p -bsf:v filter_units=remove_types=6 -c:a aac -b:a 8k awake.mp4
 *         (-c:v libvpx -b:v 1k -c:a libopus -b:a 6k -frame_duration 60 awake.webm)
 */
import { change, effect, notify, state } from "../state.js";
import { words } from "../words.js";

/** @type {WakeLockSentinel | null} */
let lock = null;
/** @type {HTMLVideoElement | null} */
let video = null;
let asking = false;
let told = false;
/** A video that has neither begun nor failed by then does not. */
const PLAY_MS = 5000;

function wanted() {
	const { place, settings } = state.peek();
	return place === "room" && settings.awake && document.visibilityState === "visible";
}

function show() {
	const awake = lock?.released === false || video?.paused === false;
	if (state.peek().awake !== awake)
		change({ awake });
}

/** Gives it back, or asks for it. @param {Event} [gesture] before the first one no video may play */
async function settle(gesture) {
	if (!wanted()) {
		lock?.release();
		video?.pause();
	} else if (!asking && !state.peek().awake) {
		asking = true;
		/* No turn of the loop lies between a gesture and the video that needs it. */
		if (navigator.wakeLock)
			lock = await navigator.wakeLock.request("screen").catch(() => null);
		lock?.addEventListener("release", show);
		/* Somebody left the room meanwhile. */
		if (!wanted())
			lock?.release();
		if (!lock && (gesture || video) && wanted())
			await play(gesture);
		asking = false;
	}
	show();
}

/** @param {Event} [gesture] */
async function play(gesture) {
	video ??= make();
	try {
		await Promise.race([video.play(), new Promise((_, fail) => setTimeout(fail, PLAY_MS))]);
	} catch {
		/* At the next touch it is tried again. */
		video.remove();
		video = null;
		if (gesture && !told && wanted()) {
			told = true;
			notify(words.may_go_dark_hint);
		}
	}
}

function make() {
	const made = document.createElement("video");
	made.className = "unseen";
	made.playsInline = true;
	made.ariaHidden = "true";
	made.src = made.canPlayType("video/mp4; codecs=\"avc1.42E00A, mp4a.40.2\"") ? "/awake.mp4" : "/awake.webm";
	made.ontimeupdate = () => {
		if (made.currentTime > 3)
			made.currentTime = 0.5;
	};
	made.onplaying = made.onpause = show;
	/* Should it come to its end, nevertheless. */
	made.onended = () => made.play();
	document.body.append(made);
	return made;
}

export function watch_screen() {
	let was = false;
	effect(() => {
		const { place, settings } = state.value;
		const is = place === "room" && settings.awake;
		if (is !== was) {
			was = is;
			settle();
		}
	});
	document.addEventListener("visibilitychange", () => settle());
	for (const type of ["keydown", "click"])
		addEventListener(type, settle, true);
}
