/*
 * What the page makes of what the box tells: merging by revision, who may what,
 * what is announced, what it remembers, and that every error has its words.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { keep } from "../../web/box/keep.js";
import { announced, bar_number, is_controller, is_md, merge, name_of, tempo_ahead } from "../../web/box/snapshot.js";
import { error_words } from "../../web/refusals.js";
import { words } from "../../web/words.js";

const welcome = () => /** @type {any} */ ({
	type: "welcome", revision: 7, clock_id: "c", you: { user_id: "u1", is_md: true, is_controller: true },
	session: { id: "s", code: "ABCDEF", md_user_id: "u1", active: true },
	participants: [{ user_id: "u1", display_name: "Ann" }, { user_id: "u2", display_name: "Ben" }],
	tempoState: { session_id: "s", controller_user_id: "u1", bpm: 120, time_signature: "4/4", anchor_timestamp: 1, anchor_bar_index: 0,
		start_bar_index: 0, running: true, pending: null },
	click: {},
});

describe("snapshot", () => {
	test("a state with the next revision replaces its sections whole and leaves the others", () => {
		const before = welcome();
		const after = /** @type {any} */ (merge(before, { type: "state", revision: 8, click: { volume: 3 }, unheard_of: 1 }));
		assert.deepEqual(after.click, { volume: 3 });
		assert.equal(after.revision, 8);
		assert.equal(after.tempoState, before.tempoState);
		assert.deepEqual(before.click, {}, "the old one is left as it was");
	});

	test("a hole is seen, what is old is passed over", () => {
		const now = welcome();
		assert.equal(merge(now, { type: "state", revision: 9 }), null);
		assert.equal(merge(now, { type: "state", revision: 7, click: 1 }), now);
	});

	test("roles follow the sections, not the welcome", () => {
		const now = welcome();
		assert.ok(is_md(now) && is_controller(now));
		now.tempoState.controller_user_id = "u2";
		now.session.md_user_id = "u2";
		assert.ok(!is_md(now) && !is_controller(now));
		assert.equal(name_of(now, "u2"), "Ben");
		assert.equal(name_of(now, "gone"), "");
	});

	test("what is announced, in people's bars", () => {
		const now = welcome();
		assert.equal(announced(now), null);
		assert.equal(tempo_ahead(now).bpm, 120);
		now.tempoState.pending = { bpm: 128, time_signature: "6/8", anchor_timestamp: 2, anchor_bar_index: 16 };
		assert.deepEqual(announced(now), { bpm: 128, metre: "6/8", compound: true, bar: 17, bar_index: 16 });
		assert.equal(tempo_ahead(now).bpm, 128);
		assert.equal(bar_number(0), 1);
	});
});

describe("words", () => {
	test("every error of the message document is told in words, never as a bare code", () => {
		const page = readFileSync(new URL("../../schema/messages.md", import.meta.url), "utf8");
		const table = page.slice(page.indexOf("## Errors"));
		const codes = [...table.matchAll(/`([a-z_]+)`/g)].map((found) => found[1]).filter((code) => !["field", "id", "type"].includes(code));
		assert.ok(codes.length > 30);
		for (const code of codes) {
			const text = error_words({ code, message: "as the box says it" });
			assert.ok(text && text !== code && !(code.includes("_") && text.includes(code)), code);
		}
		assert.match(error_words({ code: "missing_field", field: "pin" }), /PIN/);
		assert.match(error_words({ code: "no_answer", request: "tempo.stop" }), /the stop/);
	});

	test("numbers read well", () => {
		assert.equal(words.in_sync(0.44), "±0.4 ms");
		assert.equal(words.in_sync(37.2), "±37 ms");
		assert.equal(words.people(1), "1 player");
		assert.equal(words.bpm(60, true), "♩. = 60");
	});
});

describe("keep", () => {
	test("where a browser stores nothing, it is remembered until the page goes", () => {
		assert.equal(keep.name(), "");
		keep.set_name("Ann");
		assert.equal(keep.name(), "Ann");
		keep.set_seat({ code: "ABCDEF", token: "t", session_id: "s" });
		assert.equal(keep.seat()?.code, "ABCDEF");
		keep.set_seat(null);
		assert.equal(keep.seat(), null);
		assert.equal(keep.settings().flash, null);
	});
});
