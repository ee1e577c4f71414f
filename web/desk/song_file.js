/*
 * song_file.js - song lists as people have them, on their way to song.import:
 * which format they are in, what of a song book is worth sending, whether it fits
 * into one request, and where a line that the box minds stands.
 *
 * Pure. Lines count from 1.
 */

/** @typedef {"csv" | "chordpro" | "json"} Format */
/** @typedef {{name: string, line: number}} Part a file in the text, and its first line there */
/** @typedef {{text: string, lines: number[] | null}} Prepared what is sent; for each of its lines which one of the text it is, null: the same */

export const IMPORT_MAX_BYTES = 60000;
/** A request is a frame, and what stands in quotes grows there: quotes and ends of lines count twice. */
const FRAME_MAX_BYTES = 65536;
/** For all that is not the text. */
const FRAME_REST_BYTES = 256;

/** @type {Readonly<Record<string, Format>>} */
const EXTENSIONS = {
	csv: "csv", tsv: "csv", json: "json",
	cho: "chordpro", crd: "chordpro", chopro: "chordpro", chordpro: "chordpro", chord: "chordpro", pro: "chordpro",
};

/** By the file's extension; null: it tells nothing. @param {string} name @returns {Format | null} */
export function format_of_name(name) {
	const extension = /\.([^.]+)$/.exec(name.toLowerCase())?.[1] ?? "";
	return Object.hasOwn(EXTENSIONS, extension) ? EXTENSIONS[extension] : null;
}

/** By what it looks like. "[C]Hello" is a chord and no array. @param {string} text @returns {Format} */
export function guess_format(text) {
	if (/^\s*(\[\s*[{\]]|\{\s*")/.test(text))
		return "json";
	return /^[ \t]*\{\s*\w+\s*[:}]/m.test(text) ? "chordpro" : "csv";
}

/** As a text field has it: LF alone ends lines, and every character is one. @param {string} text */
export function tidy_text(text) {
	const whole = new TextDecoder().decode(new TextEncoder().encode(text));
	return whole.replace(/\r\n?/g, "\n");
}

/**
 * A file's bytes as text; null if it is none (a picture, a workbook, another encoding).
 * @param {ArrayBuffer} bytes
 */
export function text_of_bytes(bytes) {
	const start = new Uint8Array(bytes.slice(0, 2));
	/* What Excel calls "Unicode text". */
	const encoding = start[0] === 0xff && start[1] === 0xfe ? "utf-16le" : "utf-8";
	try {
		const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
		return text.includes("\0") ? null : tidy_text(text);
	} catch {
		return null;
	}
}

/** Several song books as one. @param {{name: string, text: string}[]} files @returns {{text: string, parts: Part[]}} */
export function join_files(files) {
	let text = "";
	let line = 1;
	const parts = [];
	for (const file of files) {
		const more = (text && !text.endsWith("\n") ? "\n" : "") + (text && "{new_song}\n");
		line += more.split("\n").length - 1;
		parts.push({ name: file.name, line });
		text += more + file.text;
		line += file.text.split("\n").length - 1;
	}
	return { text, parts };
}

const PARTING = new Set(["new_song", "ns"]);
const TITLE = new Set(["title", "t"]);
/** What a song begins with is its own; they may come again where they change within it. */
const FIRST_ONLY = new Set(["key", "tempo", "time"]);

/**
 * A song book without its lyrics: the directives that the box reads. Of a song
 * that has none in front, the first line stays as a dot, so that the box can
 * say which one it misses the title of.
 * @param {string} text @returns {Prepared}
 */
export function digest(text) {
	/** @type {string[]} */
	const kept = [];
	/** @type {number[]} */
	const lines = [];
	/** Directives of the song being read. @type {Set<string>} */
	let had = new Set();
	const keep = (/** @type {string} */ line, /** @type {number} */ i) => {
		kept.push(line);
		lines.push(i + 1);
	};
	text.split("\n").forEach((whole, i) => {
		const line = whole.trim();
		const name = /^\{\s*(?:meta[\s:]+)?([^\s:}]*)/i.exec(line)?.[1].toLowerCase() ?? null;
		if (name !== null && PARTING.has(name)) {
			keep(line, i);
			had = new Set();
		} else if (name !== null && (TITLE.has(name) || (FIRST_ONLY.has(name) && !had.has(name)))) {
			keep(line, i);
			had.add(name);
		} else if (name === null && line && !line.startsWith("#") && !had.size) {
			keep(".", i);
			had.add(".");
		}
	});
	return { text: kept.join("\n"), lines };
}

/** @param {Format} format @param {string} text @returns {Prepared} */
export function prepare(format, text) {
	return format === "chordpro" ? digest(text) : { text, lines: null };
}

/** @param {string} text */
export function bytes_of(text) {
	return new TextEncoder().encode(text).length;
}

/** In so many requests it would go; 1: it fits. @param {string} text as prepared */
export function requests_for(text) {
	const in_frame = bytes_of(JSON.stringify(text)) / (FRAME_MAX_BYTES - FRAME_REST_BYTES);
	return Math.max(1, Math.ceil(Math.max(bytes_of(text) / IMPORT_MAX_BYTES, in_frame)));
}

/**
 * What the box minds ("line 7: ..."), as a place in the text that was prepared;
 * line null: it names none. `what` is the message without its place.
 * @param {string} message @param {Prepared} sent @param {Part[]} parts
 * @returns {{what: string, line: number | null, file: string, line_in_file: number}}
 */
export function locate(message, sent, parts) {
	const found = /^line (\d+): /.exec(message);
	if (!found)
		return { what: message, line: null, file: "", line_in_file: 0 };
	const number = Number(found[1]);
	const line = sent.lines ? sent.lines[number - 1] ?? number : number;
	const part = parts.filter((p) => p.line <= line).pop();
	return { what: message.slice(found[0].length), line, file: part?.name ?? "", line_in_file: line - (part?.line ?? 1) + 1 };
}

/** Where a line begins and ends. @param {string} text @param {number} line @returns {[number, number]} */
export function span_of_line(text, line) {
	const before = text.split("\n").slice(0, line - 1).join("\n");
	const from = line > 1 ? Math.min(text.length, before.length + 1) : 0;
	const end = text.indexOf("\n", from);
	return [from, end < 0 ? text.length : end];
}
