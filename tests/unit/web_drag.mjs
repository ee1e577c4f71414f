/*
 * The order of the setlist as the page reckons it: moves, where a dragged row lands, where an item is
 * after others have changed the list.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { landing, reordered, way, whereabouts } from "../../web/desk/drag.js";

describe("reordered", () => {
	test("the one goes to its new place, those between make room, as the box does it", () => {
		assert.deepEqual(reordered([..."abcd"], 0, 2), [..."bcad"]);
		assert.deepEqual(reordered([..."abcd"], 3, 0), [..."dabc"]);
		assert.deepEqual(reordered([..."abcd"], 1, 1), [..."abcd"]);
		assert.deepEqual(reordered([..."abcd"], 0, 3), [..."bcda"]);
	});
});

describe("landing", () => {
	/* Rows of different heights, as titles of one and two lines make them. */
	const heights = [60, 60, 80, 60, 100];
	const places = heights.map((height, i) => ({ height, top: heights.slice(0, i).reduce((sum, h) => sum + h, 0) }));

	test("where it was, until its edge has passed the middle of the next", () => {
		for (const by of [0, 5, -5, 29, -29])
			assert.equal(landing(places, 1, by), 1, String(by));
		assert.equal(landing(places, 1, -31), 0);
		assert.equal(landing(places, 1, 39), 1);
		assert.equal(landing(places, 1, 41), 2);
	});

	test("never outside of the list, however far it is dragged", () => {
		for (let from = 0; from < places.length; from++) {
			assert.equal(landing(places, from, -10000), 0);
			assert.equal(landing(places, from, 10000), places.length - 1);
		}
		assert.equal(landing([{ top: 0, height: 60 }], 0, 500), 0);
	});

	test("the farther it is dragged, the farther it lands; where it has landed it stays", () => {
		for (let from = 0; from < places.length; from++) {
			let last = 0;
			for (let by = -400; by <= 400; by++) {
				const to = landing(places, from, by);
				assert.ok(to >= last, `${from} by ${by}`);
				last = to;
			}
			for (let to = 0; to < places.length; to++)
				assert.equal(landing(places, from, way(places, from, to)), to, `${from} to ${to}`);
		}
	});
});

describe("whereabouts", () => {
	const at = (/** @type {string} */ before, /** @type {string} */ now, /** @type {number} */ position) => whereabouts([...before], [...now], position);

	test("an item follows its song when others are moved, added or removed", () => {
		assert.equal(at("abcd", "abcd", 2), 2);
		assert.equal(at("abcd", "bcda", 0), 3);
		assert.equal(at("abcd", "bcda", 2), 1);
		assert.equal(at("abcd", "xabcd", 2), 3);
		assert.equal(at("abcd", "abd", 3), 2);
		assert.equal(at("abcd", "abcdx", 3), 3);
	});

	test("what was removed or replaced is gone", () => {
		assert.equal(at("abcd", "abd", 2), null);
		assert.equal(at("abcd", "abxd", 2), null);
		assert.equal(at("a", "", 0), null);
	});

	test("a song that stands there twice is not taken for the other one", () => {
		assert.equal(at("abca", "bca", 0), null);
		assert.equal(at("abca", "abc", 0), 0);
		assert.equal(at("abca", "bcaa", 0), 2);
	});

	test("every single move is followed, whichever and wherever", () => {
		const list = [..."abcdefg"];
		for (let from = 0; from < list.length; from++)
			for (let to = 0; to < list.length; to++)
				for (let position = 0; position < list.length; position++)
					assert.equal(whereabouts(list, reordered(list, from, to), position), reordered(list, from, to).indexOf(list[position]));
	});
});
