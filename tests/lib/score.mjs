/*
 * score.mjs - what the click must have sounded: grids one after the other, worked out from what was
 * announced, held against what an ear heard.
 *
 *     const score = await startScore(phone, ear, { bpm: 133, metre: "4/4" });
 *     score.change(at_bar, 90, "6/8");
 *     const { wanted, lost } = score.judge(ear, period);
 *
 * Cycles that the server did not run, for the click or for the ear, are nobody's fault here; it tells
 * of them a little later.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { barFrame, beatsOf, compare } from "../tools/click_stage.mjs";

export class Score {
	/** @param {{bpm: number, metre: string, bar: number, frame: number}} grid */
	constructor(grid) {
		this.grids = [grid];
		this.from = grid.frame;
		this.end = Infinity;
	}

	/** From that bar on it is another tempo. A second change of the same bar replaces the first. */
	change(bar, bpm, metre) {
		while (this.grids.length > 1 && this.grids.at(-1).bar >= bar)
			this.grids.pop();
		this.grids.push({ bpm, metre, bar, frame: barFrame(this.grids.at(-1), bar) });
	}

	/** The grid by which that bar goes. */
	of(bar) {
		return this.grids.filter((grid) => grid.bar <= bar).pop();
	}

	beats(end) {
		return this.grids.flatMap((grid, i) => beatsOf(grid, Math.min(end, this.grids[i + 1]?.frame ?? end)));
	}

	/** Stops it; all up to then is to be judged. */
	async stop(phone, ear) {
		this.end = ear.frame - ear.rate / 10;
		await phone.request("tempo.stop");
		await ear.reach(this.end + ear.rate);
	}

	/** Not one onset missing, besides or on another frame; how many there were. */
	judge(ear, period, more = "") {
		const wanted = this.beats(this.end);
		const result = compare(ear.onsets.filter((onset) => onset.frame >= this.from && onset.frame < this.end), wanted);
		const not_run = (frame) => ear.trouble.some((lost) => frame > lost.frame - 5 * period && frame < lost.frame + lost.frames + 2 * period);
		let lost = 0;
		for (const what of /** @type {const} */ (["missing", "extra", "accents"])) {
			lost += result[what].filter(not_run).length;
			result[what] = result[what].filter((frame) => !not_run(frame));
		}
		assert.deepEqual({ ...result, wanted: 0 }, { wanted: 0, missing: [], extra: [], accents: [] },
			`displaced: ${JSON.stringify(result)}; score ${JSON.stringify(this.grids)}; the server told of ${JSON.stringify(ear.trouble)}${more}`);
		assert.ok(lost <= wanted.length / 10, `this machine lost ${lost} of ${wanted.length} onsets`);
		return { wanted: wanted.length, lost };
	}
}

/** Starts, and hears the very first click: the anchor of all that is worked out. When the server lost
 * cycles just before, the click may join late (in phase); then once more. */
export async function startScore(phone, ear, { bpm, metre }) {
	for (let tries = 0; tries < 5; tries++) {
		const from = ear.frame;
		const { at_bar } = await phone.request("tempo.start");
		const first = await ear.onset(from);
		const second = await ear.onset(first.frame + 1);
		if (first.peak > 1.1 * second.peak)
			return new Score({ bpm, metre, bar: at_bar, frame: first.frame });
		await phone.request("tempo.stop");
		await sleep(1000);
	}
	throw new Error("the first click was lost in every try");
}
