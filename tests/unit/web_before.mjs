/*
 * The tempo before the last change, as the page remembers it: whoever made the change, presses that
 * follow on one another as one, and what is announced.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { brings_back, remember } from "../../web/box/before.js";

const NONE = { number: 0, at: -Infinity };

/** @param {number} bpm @param {string} [time_signature] @param {any} [pending] @param {string} [id] */
const snap = (bpm, time_signature = "4/4", pending = null, id = "s") => /** @type {any} */ ({ session: { id }, tempoState: { bpm, time_signature, pending } });

describe("the tempo before", () => {
	test("a change of the tempo or of the metre is remembered, anything else is not", () => {
		const first = remember(snap(118), snap(128), null, NONE, 0);
		assert.deepEqual(first, { bpm: 118, time_signature: "4/4", gesture: 0 });
		assert.equal(remember(snap(128), snap(128), first, NONE, 0), first);
		assert.deepEqual(remember(snap(128), snap(128, "3/4"), first, NONE, 0), { bpm: 128, time_signature: "4/4", gesture: 0 });
	});

	test("another session, or the first snapshot, begins anew", () => {
		const before = { bpm: 118, time_signature: "4/4", gesture: 0 };
		assert.equal(remember(null, snap(128), before, NONE, 0), null);
		assert.equal(remember(snap(118), snap(128, "4/4", null, "t"), before, NONE, 0), null);
	});

	test("presses that follow on one another are one change; the next series, and what others do later, are not", () => {
		const one = remember(snap(118), snap(119), null, { number: 1, at: 0 }, 50);
		const two = remember(snap(119), snap(121), one, { number: 1, at: 900 }, 3000);
		assert.equal(two?.bpm, 118);
		assert.equal(remember(snap(121), snap(122), two, { number: 2, at: 9000 }, 9100)?.bpm, 121);
		assert.equal(remember(snap(121), snap(90), two, { number: 1, at: 900 }, 60000)?.bpm, 121);
	});

	test("what is announced is brought back by withdrawing it; a change to the same is none", () => {
		const before = { bpm: 100, time_signature: "4/4", gesture: 0 };
		assert.deepEqual(brings_back(before, snap(118, "4/4", { bpm: 128, time_signature: "4/4" })), { bpm: 118, time_signature: "4/4", withdraws: true });
		assert.equal(brings_back(before, snap(118, "4/4", { bpm: 118, time_signature: "4/4" }))?.bpm, 100);
		assert.equal(brings_back(null, snap(118)), null);
	});
});
