/*
 * What a phone remembers of its settings, whatever stands in its storage.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { OFFSET_MS, OFFSET_STEP_MS, keep, settings_of } from "../../web/box/keep.js";

const FRESH = {
	flash: null, beat_offset_ms: 0, click_volume: 0, click_subdivision: false, show_subdivision: false, left_handed: false, large: false, awake: true,
};

describe("settings", () => {
	test("what a phone finds that never kept any, or garbage", () => {
		for (const stored of [undefined, null, "", "full", 7, true, [], {}, { flash: "loud", click_volume: "60", beat_offset_ms: NaN, large: 1, awake: null, left_handed: "yes" }])
			assert.deepEqual(settings_of(stored), FRESH, JSON.stringify(stored));
	});

	test("those of an older version stay; what that did not have is as on a new phone, what is unknown goes", () => {
		assert.deepEqual(settings_of({ flash: "off", large: true, sparkle: 3 }), { ...FRESH, flash: "off", large: true });
	});

	test("one that is wrong spoils no other, and numbers keep to their limits and steps", () => {
		const read = settings_of({ flash: "small", beat_offset_ms: 1e9, click_volume: -3, click_subdivision: true, awake: false });
		assert.deepEqual(read, { ...FRESH, flash: "small", click_subdivision: true, awake: false });
		for (const beat_offset_ms of [-OFFSET_MS, OFFSET_STEP_MS, OFFSET_MS])
			assert.equal(settings_of({ beat_offset_ms }).beat_offset_ms, beat_offset_ms);
		for (const beat_offset_ms of [-13, OFFSET_MS + OFFSET_STEP_MS, null, "5", []])
			assert.equal(settings_of({ beat_offset_ms }).beat_offset_ms, 0);
		for (const click_volume of [101, 33.4, true, Infinity])
			assert.equal(settings_of({ click_volume }).click_volume, 0);
	});

	test("they are kept, and come back the same", () => {
		const all = settings_of({ flash: "full", beat_offset_ms: -40, click_volume: 70, click_subdivision: true, show_subdivision: true, left_handed: true, large: true, awake: false });
		keep.set_settings(all);
		assert.deepEqual(keep.settings(), all);
	});
});

describe("the seat and the key", () => {
	const shelves = ["localStorage", "sessionStorage"];
	/** Both shelves hold that text under every name. @param {string} text */
	const hold = (text) => shelves.forEach((name) => Object.defineProperty(globalThis, name, { configurable: true, value: { getItem: () => text, setItem: () => {} } }));

	test("what cannot be one is none, whatever stands there", () => {
		try {
			for (const text of ["7", '"x"', "{}", "[]", "null", '{"code":1,"token":2,"name":3}', '{"code":"CCCDDD"}', "{"]) {
				hold(text);
				assert.equal(keep.seat(), null, text);
				assert.equal(keep.key(), null, text);
			}
			hold('{"code":"CCCDDD","token":"t","session_id":"s","name":"Ann"}');
			assert.equal(keep.seat()?.token, "t");
			assert.equal(keep.key()?.name, "Ann");
		} finally {
			shelves.forEach((name) => Reflect.deleteProperty(globalThis, name));
		}
	});
});
