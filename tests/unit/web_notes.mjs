/*
 * A song's notes: what of Markdown is shown, that all else stays text, and that
 * no text costs more time than its length.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { view_notes } from "../../web/views/view_notes.js";

/** Elements as text. */
const make = (tag, props, ...children) => `<${tag}${props?.start ? ` start=${props.start}` : ""}>${children.join("")}</${tag}>`;
const shown = (text) => view_notes(text, make).join("");

describe("notes", () => {
	test("headings, bold, italic, chords, both at once", () => {
		assert.equal(shown("# Intro\n### Verse"), "<h3>Intro</h3><h5>Verse</h5>");
		assert.equal(shown("**loud**, *soft*, __loud__, _soft_, ***both***, `Gm7`"),
			"<p><strong>loud</strong>, <em>soft</em>, <strong>loud</strong>, <em>soft</em>, <strong><em>both</em></strong>, <code>Gm7</code></p>");
		assert.equal(shown("**loud and *soft* in it**"), "<p><strong>loud and <em>soft</em> in it</strong></p>");
	});

	test("lists, one in another; quotes, rules, blocks; lines stay lines", () => {
		assert.equal(shown("- a\n- b\n  - c\n  - d\n- e"), "<ul><li>a</li><li>b<ul><li>c</li><li>d</li></ul></li><li>e</li></ul>");
		assert.equal(shown("3. three\n4. four"), "<ol start=3><li>three</li><li>four</li></ol>");
		assert.equal(shown("> so it goes\n> on\n\n---\n\none\ntwo\n\nthree"), "<blockquote>so it goes\non</blockquote><hr></hr><p>one\ntwo</p><p>three</p>");
		assert.equal(shown("```\nAm   **C**\n# la\n```\nend"), "<pre>Am   **C**\n# la</pre><p>end</p>");
	});

	test("a mark without its other half, and all that is no mark, is text", () => {
		for (const text of ["2 * 3 * 4", "**loud", "snake_case_name", "`Gm7", "A* B", "so *****", "[a](javascript:alert(1))", "<b>x</b>", "![](http://x/y.png)", "#7 chord", "-1 semitone", "&amp;"])
			assert.equal(shown(text), `<p>${text}</p>`);
		assert.equal(shown("\\*as typed\\*"), "<p>*as typed*</p>");
	});

	test("only the tags that it knows are made, with no attribute but the direction and a list's first number", () => {
		const made = new Set();
		view_notes("# a\n**b** *c* `d`\n- e\n  1. f\n> g\n***\n```\nh\n```\n<script>x</script> [y](http://z)", (tag, props, ...children) => {
			made.add([tag, ...Object.keys(props ?? {})].join(" "));
			return children.join("");
		});
		assert.deepEqual([...made].sort(), ["blockquote dir", "code", "em", "h3 dir", "hr", "li dir", "ol", "p dir", "pre dir", "strong", "ul"]);
	});

	test("time goes with the length, whatever it is made of", (t) => {
		const many = ["*", "**", "***", "_", "`", "*a", "**a ", "*a **b ", "***a", "`a", "_a ", "[a](", "> ", "- ", "  - ", "- *\n", "#", "# a\n", "\\", "\n", " ", "1. ", "```\n", "**a*b", "--- "];
		/** The shortest of some runs: nothing else makes a run shorter. */
		const cost = (unit, length) => {
			const text = unit.repeat(length / unit.length);
			return Math.min(...Array.from({ length: 9 }, () => {
				const began = performance.now();
				view_notes(text, (tag) => tag);
				return performance.now() - began;
			}));
		};
		for (const unit of many) {
			cost(unit, 20000);
			/* Sixteen times the length: sixteen times the time if it is linear, 256 times if it is squared. */
			const [short, long] = [cost(unit, 1250), cost(unit, 20000)];
			t.diagnostic(`${JSON.stringify(unit)}: ${short.toFixed(2)} ms, ${long.toFixed(2)} ms`);
			assert.ok(long < 100 * Math.max(short, 0.02), `${JSON.stringify(unit)}: ${short} ms, then ${long} ms`);
		}
	});
});
