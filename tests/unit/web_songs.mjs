/*
 * Lists of songs on their way to the box: which format they are in, what of a
 * song book is sent, what fits into one request, where the line is that the box
 * minds; and where in the song, and in the setlist, the band is.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { bytes_of, digest, format_of_name, guess_format, IMPORT_MAX_BYTES, join_files, locate, prepare, requests_for, span_of_line, text_of_bytes,
	tidy_text } from "../../web/desk/song_file.js";
import { next_item, song_bar } from "../../web/box/snapshot.js";
import { words } from "../../web/words.js";

describe("formats", () => {
	test("the extension tells, in any case; what it does not tell is guessed from the text", () => {
		for (const [name, format] of [["a.csv", "csv"], ["A.CSV", "csv"], ["set.list.json", "json"], ["x.cho", "chordpro"], ["x.ChordPro", "chordpro"],
			["x.crd", "chordpro"], ["x.pro", "chordpro"], ["x.txt", null], ["csv", null], ["", null], ["x.constructor", null]])
			assert.equal(format_of_name(/** @type {string} */ (name)), format, String(name));
		for (const [text, format] of [
			["title,key\nA,C", "csv"], ["", "csv"], ["[\n  {\"title\": \"A\"}]", "json"], ["[]", "json"], ["{\"songs\": []}", "json"],
			["{title: A}\n", "chordpro"], ["# by Ann\n\n{t:A}", "chordpro"], ["[C]Hello [G]there\n{title: A}", "chordpro"], ["[C]Hello", "csv"]])
			assert.equal(guess_format(/** @type {string} */ (text)), format, JSON.stringify(text));
	});

	test("bytes that are no UTF-8 text are told, never mended", () => {
		const bytes = (/** @type {number[]} */ list) => /** @type {ArrayBuffer} */ (Uint8Array.from(list).buffer);
		assert.equal(text_of_bytes(bytes([0xef, 0xbb, 0xbf, 0x41, 0x0d, 0x0a])), "A\n");
		assert.equal(text_of_bytes(bytes([0xff, 0xfe, 0x41, 0, 0xe9, 0])), "Aé");
		assert.equal(text_of_bytes(bytes([0x41, 0xe9, 0x42])), null, "Latin-1");
		assert.equal(text_of_bytes(bytes([0x50, 0x4b, 3, 4, 0, 0])), null, "a workbook");
		assert.equal(tidy_text("a\r\nb\rc\ud800"), "a\nb\nc\ufffd");
	});
});

describe("song books", () => {
	const BOOK = [
		"# my songs", "{comment: old}", "{Title: One}", "{artist: X}", "{key:C}", "{ tempo : 96 }", "[C]Words [G]words", "{key: D}", "more words",
		"{new_song}", "{t: Two}", "{time 6/8}", "{start_of_chorus}", "la la",
	].join("\n");

	test("only the directives that the box reads are kept, in their order, each with its line", () => {
		const { text, lines } = digest(BOOK);
		assert.deepEqual(text.split("\n"), ["{Title: One}", "{key:C}", "{ tempo : 96 }", "{new_song}", "{t: Two}", "{time 6/8}"]);
		assert.deepEqual(lines, [3, 5, 6, 10, 11, 12]);
	});

	test("a song without a title is not passed over: what stands first in it stands for it", () => {
		const { text, lines } = digest("{t: A}\nla\n{ns}\n\n# note\n[G]Nameless\nmore\n{ns}\n{t: B}\n");
		assert.equal(text, "{t: A}\n{ns}\n.\n{ns}\n{t: B}");
		assert.deepEqual(lines, [1, 3, 6, 8, 9]);
	});

	test("{meta: title X} is a title, {meta: artist X} is none", () => {
		assert.equal(digest("{meta: artist X}\n{Meta: title A}\n{meta key G}\nla").text, "{Meta: title A}\n{meta key G}");
	});

	test("a second title in a song is left for the box to mind", () => {
		assert.equal(digest("{t: A}\nla\n{t: B}\nla").text, "{t: A}\n{t: B}");
	});

	test("lyrics weigh nothing: a book of 300 songs fits", () => {
		const song = (/** @type {number} */ i) => `{title: Song ${i}}\n{key: Am}\n{tempo: 120}\n${"[Am]Words that nobody needs [G]here\n".repeat(40)}`;
		const { text } = join_files(Array.from({ length: 300 }, (_, i) => ({ name: `${i}.cho`, text: song(i) })));
		assert.ok(bytes_of(text) > 400000);
		assert.equal(requests_for(prepare("chordpro", text).text), 1);
		assert.equal(digest(text).text.match(/\{title/g)?.length, 300);
		assert.equal(digest(text).text.match(/\{new_song\}/g)?.length, 299);
	});

	test("several files are one book, and a line is told as the file's own", () => {
		const { text, parts } = join_files([{ name: "a.cho", text: "{t: A}\nla" }, { name: "b.cho", text: "" }, { name: "c.cho", text: "la\n{t: C}\n{tempo: x}\n" },
			{ name: "d.cho", text: "{t: D}" }]);
		const all = text.split("\n");
		for (const [name, first] of [["a.cho", "{t: A}"], ["c.cho", "la"], ["d.cho", "{t: D}"]])
			assert.equal(all[/** @type {any} */ (parts.find((p) => p.name === name)).line - 1], first);
		const sent = prepare("chordpro", text);
		const wrong = sent.text.split("\n").indexOf("{tempo: x}") + 1;
		const place = locate(`line ${wrong}: tempo must be a number`, sent, parts);
		assert.deepEqual([place.file, place.line_in_file, place.what], ["c.cho", 3, "tempo must be a number"]);
		assert.equal(text.slice(...span_of_line(text, /** @type {number} */ (place.line))), "{tempo: x}");
		assert.equal(words.import_failed(place), "Nothing was imported. c.cho, line 3: tempo must be a number");
	});
});

describe("what fits", () => {
	test("60,000 bytes, as they are on the wire", () => {
		assert.equal(requests_for("a".repeat(IMPORT_MAX_BYTES)), 1);
		assert.equal(requests_for("a".repeat(IMPORT_MAX_BYTES + 1)), 2);
		assert.equal(requests_for("é".repeat(30001)), 2);
		assert.equal(requests_for("a".repeat(150000)), 3);
	});

	test("what grows in the frame counts as it is there: no frame is over 65,536 bytes", () => {
		for (const text of ['"'.repeat(40000), "a,b\n".repeat(14000), "\\".repeat(50000), "x".repeat(59999)]) {
			const frame = JSON.stringify({ id: "123456789-1234567", type: "song.import", format: "chordpro", text });
			assert.ok(requests_for(text) > 1 || Buffer.byteLength(frame) <= 65536, `${Buffer.byteLength(frame)} bytes were let through`);
		}
		assert.equal(requests_for('"'.repeat(40000)), 2);
		assert.match(words.too_much(61000, 2, "csv"), /61 kB.*2 parts.*column names/);
	});
});

describe("places", () => {
	test("a line of CSV or JSON is the text's own; a song has none", () => {
		const sent = prepare("csv", "title\nA\n");
		assert.deepEqual(locate("line 2: no", sent, []), { what: "no", line: 2, file: "", line_in_file: 2 });
		assert.equal(words.import_failed(locate("line 2: no", sent, [])), "Nothing was imported. Line 2: no");
		assert.equal(words.import_failed(locate("song 3: no", sent, [])), "Nothing was imported. song 3: no");
	});

	test("a line's span, also of the first, the last and one that is not there", () => {
		const text = "one\ntwo\n\nfour";
		assert.deepEqual([1, 2, 3, 4].map((line) => text.slice(...span_of_line(text, line))), ["one", "two", "", "four"]);
		assert.deepEqual(span_of_line(text, 99), [text.length, text.length]);
		assert.deepEqual(span_of_line("", 1), [0, 0]);
	});
});

describe("the song that is on", () => {
	const song = (/** @type {number | null} */ start_bar_index, /** @type {number | null} */ position = 0) => ({ position, title: "A", key: "", start_bar_index });
	const items = ["A", "B", "C"].map((title, position) => ({ position, title, key: "" }));
	const snap = (/** @type {any} */ activeSong, /** @type {any} */ setlist = { title: "Tonight", items }) => /** @type {any} */ ({ activeSong, setlist });

	test("its bars count from 1 where it begins, and not before", () => {
		assert.equal(song_bar(song(4), 4), 1);
		assert.equal(song_bar(song(4), 9), 6);
		assert.equal(song_bar(song(0), 0), 1);
		assert.equal(song_bar(song(4), 3), null);
		assert.equal(song_bar(song(null), 3), null);
	});

	test("what comes next: the first, the one behind, nothing at the end or where nobody knows", () => {
		assert.equal(next_item(snap(null))?.title, "A");
		assert.equal(next_item(snap(song(0, 1)))?.title, "C");
		assert.equal(next_item(snap(song(0, 2))), null);
		assert.equal(next_item(snap(song(0, null))), null);
		assert.equal(next_item(snap(null, null)), null);
		assert.equal(next_item(snap(song(0, 0), null)), null);
		assert.equal(next_item(/** @type {any} */ ({})), null, "a box that tells of no songs");
	});
});
