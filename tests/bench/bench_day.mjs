/*
 * A simulated day and more of click in freewheel mode, at a tempo that is no whole number of frames:
 * the worst onset error against beats counted here from the anchor.
 *
 *     HOURS=26   (the default) goes across the wrap of the 32-bit frame counter at 24 h 51 m
 */
import { beatOffset, startStage } from "../tools/click_stage.mjs";
import { table } from "../lib/bench.mjs";

const HOURS = Number(process.env.HOURS ?? 26);
const BPM = Number(process.env.BPM ?? 133);
const RATE = 48000;
const PERIOD = 8192;

const stage = await startStage({ period: PERIOD, rate: RATE });
try {
	/* Not waiting for the line to settle: at such a period a busy machine's callbacks never let it, and
	 * where in time the grid begins is all one here. The click is patient for a second, then starts. */
	await stage.feed.say(`start ${BPM} 4/4 300`);
	await stage.feed.say("wait_for running = 1");
	const { anchor_frame } = await stage.feed.status();
	const began = performance.now();
	const ear = stage.listen("--freewheel", "--frames", String(Math.round(HOURS * 3600 * RATE)));
	await ear.ended;
	const took_s = (performance.now() - began) / 1000;

	const number = (/** @type {number} */ frame) => Math.round((frame - anchor_frame) * BPM / (60 * RATE));
	/* The first second may hold what began before the ear was there. */
	const onsets = ear.onsets.filter((onset) => onset.frame > Math.max(ear.first + RATE, anchor_frame));
	let worst = 0;
	let missing = 0;
	let extra = 0;
	let wrong_accents = 0;
	let before = number(onsets[0].frame) - 1;
	const loud = onsets.slice(0, 100).reduce((peak, onset) => Math.max(peak, onset.peak), 0) * 0.9;
	for (const { frame, peak } of onsets) {
		const k = number(frame);
		worst = Math.max(worst, Math.abs(frame - anchor_frame - beatOffset(k, BPM, RATE)));
		missing += Math.max(0, k - before - 1);
		extra += k <= before ? 1 : 0;
		wrong_accents += (peak > loud) !== (k % 4 === 0) ? 1 : 0;
		before = k;
	}
	const last = onsets[onsets.length - 1].frame;
	table(`a day and more of click: ${HOURS} h at ${BPM} bpm, ${RATE} Hz, period ${PERIOD}, freewheel`, [
		["simulated h", "onsets", "worst error, frames", "missing", "extra", "wrong accents", "frames lost by JACK", "counter wrapped", "took s", "x real time"],
		[((last - ear.first) / RATE / 3600).toFixed(2), onsets.length, worst, missing, extra, wrong_accents,
			ear.trouble.length, last >= 2 ** 32 ? "yes" : "no", took_s.toFixed(0), Math.round(HOURS * 3600 / took_s)],
	]);
	process.exitCode = worst === 0 && missing === 0 && extra === 0 && wrong_accents === 0 && onsets.length > HOURS * 3600 ? 0 : 1;
} finally {
	await stage.stop();
}
