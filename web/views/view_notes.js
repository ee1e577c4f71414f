/*
 * view_notes.js - a song's notes: a safe part of Markdown, made into nodes.
 *
 * Headings, **bold**, *italic*, `chords`, lists (nested once), > quotes, rules,
 * ``` blocks; a line stays a line, and all else is the text that it is: no HTML,
 * no links. Pure, and one pass: notes of any kind cost time by their length.
 */

/**
 * Makes an element, as preact's h does.
 * @template T
 * @typedef {(tag: string, props: Record<string, unknown> | null, ...children: (T | string)[]) => T} Make
 */

const LIST = /^(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const MARK = /\\[\\`*_#>.-]|`+|\*+|_+/g;
const WORD = /[\p{L}\p{N}]/u;

/** @template T @param {string} text @param {Make<T>} make @returns {T[]} */
export function view_notes(text, make) {
	/** @type {T[]} */
	const blocks = [];
	/** What the lines gathered so far make up. @type {{tag: string, lines: string[]} | null} */
	let open = null;
	const close = () => {
		if (open)
			blocks.push(block(open.tag, open.lines, make));
		open = null;
	};
	for (const line of text.split(/\r\n?|\n/)) {
		if (open?.tag === "pre" || line.startsWith("```")) {
			const fence = line.startsWith("```");
			if (open?.tag !== "pre") {
				close();
				open = { tag: "pre", lines: [] };
			} else if (fence) {
				close();
			} else {
				open.lines.push(line);
			}
			continue;
		}
		const [tag, rest] = kind(line, open?.tag);
		if (tag !== open?.tag || /^h/.test(tag)) {
			close();
			open = tag ? { tag, lines: [] } : null;
		}
		open?.lines.push(rest);
	}
	close();
	return blocks;
}

/** What a line is, and what it says. @param {string} line @param {string} [before] what the one before was @returns {[string, string]} */
function kind(line, before) {
	const said = line.trim();
	const level = /^#{1,6}(?=\s)/.exec(said)?.[0].length;
	const [, , number] = LIST.exec(line) ?? [null];
	if (!said)
		return ["", ""];
	if (level)
		return [`h${Math.min(level + 2, 5)}`, said.slice(level).trim()];
	if (/^([-*_])\1{2,}$/.test(said.replace(/\s/g, "")))
		return ["hr", ""];
	if (said[0] === ">")
		return ["blockquote", said.replace(/^[>\s]+/, "")];
	if (number !== undefined || LIST.test(line))
		return [/^[uo]l$/.test(before ?? "") && /^\s{2}/.test(line) ? before ?? "" : number ? "ol" : "ul", line];
	return ["p", line.trimEnd()];
}

/** @template T @param {string} tag @param {string[]} lines @param {Make<T>} make @returns {T} */
function block(tag, lines, make) {
	if (tag === "ul" || tag === "ol")
		return list(tag, lines, make);
	if (tag === "hr")
		return make("hr", null);
	return make(tag, { dir: "auto" }, ...tag === "pre" ? [lines.join("\n")] : marked(lines.join("\n"), make));
}

/** What is set in by two goes into the item above it. @template T @param {string} tag @param {string[]} lines @param {Make<T>} make @returns {T} */
function list(tag, lines, make) {
	/** @type {{said: string, tag: string, under: string[]}[]} */
	const items = [];
	const start = LIST.exec(lines[0])?.[2];
	for (const line of lines) {
		const [, indent, number, said] = /** @type {RegExpExecArray} */ (LIST.exec(line));
		const above = items[items.length - 1];
		if (above && indent.length > 1) {
			above.tag ||= number ? "ol" : "ul";
			above.under.push(said);
		} else {
			items.push({ said, tag: "", under: [] });
		}
	}
	return make(tag, start ? { start } : null, ...items.map(({ said, tag, under }) => make("li", { dir: "auto" }, ...marked(said, make),
		...under.length ? [make(tag, null, ...under.map((said) => make("li", { dir: "auto" }, ...marked(said, make))))] : [])));
}

/** Bold, italic, chords. A mark without its other half is text. @template T @param {string} text @param {Make<T>} make @returns {(T | string)[]} */
function marked(text, make) {
	/** @type {(T | string)[]} */
	const out = [];
	/** Where in `out` a mark stands that waits for its other half. @type {Map<string, number>} */
	const open = new Map();
	let done = 0;
	MARK.lastIndex = 0;
	for (let found; (found = MARK.exec(text));) {
		const [mark] = found;
		const end = MARK.lastIndex;
		out.push(text.slice(done, found.index));
		done = end;
		if (mark[0] === "\\")
			out.push(mark[1]);
		else if (mark[0] === "`")
			done = MARK.lastIndex = code(text, mark, end, out, make);
		else if (mark.length > 3)
			out.push(mark);
		else
			for (const half of halves(mark, open))
				pair(half, text[found.index - 1] ?? "", text[end] ?? "", out, open, make);
	}
	out.push(text.slice(done));
	return out.filter((part) => part !== "");
}

/** Where it goes on behind `code`. @template T @param {string} text @param {string} mark @param {number} from @param {(T | string)[]} out @param {Make<T>} make */
function code(text, mark, from, out, make) {
	const end = mark.length === 1 ? text.indexOf("`", from) : -1;
	out.push(end < 0 ? mark : make("code", null, text.slice(from, end)));
	return end < 0 ? from : end + 1;
}

/** `***` is both: what was opened last ends first. @param {string} mark @param {Map<string, number>} open */
function halves(mark, open) {
	const one = mark[0], two = one + one;
	return mark.length < 3 ? [mark] : open.has(two) && !((open.get(one) ?? -1) < (open.get(two) ?? 0)) ? [one, two] : open.has(one) ? [one, two] : [two, one];
}

/**
 * The first half of a pair, or the second.
 * @template T @param {string} mark @param {string} before @param {string} after @param {(T | string)[]} out @param {Map<string, number>} open @param {Make<T>} make
 */
function pair(mark, before, after, out, open, make) {
	const at = open.get(mark);
	const inside = mark[0] === "_";
	if (at !== undefined && at < out.length - 1 && /\S/.test(before) && !(inside && WORD.test(after))) {
		const within = out.splice(at).slice(1);
		out.push(make(mark.length > 1 ? "strong" : "em", null, ...within.filter((part) => part !== "")));
		for (const [other, place] of open)
			if (place >= at)
				open.delete(other);
		return;
	}
	if (at === undefined && /\S/.test(after) && !(inside && WORD.test(before)))
		open.set(mark, out.length);
	out.push(mark);
}
