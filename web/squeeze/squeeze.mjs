/*
 * squeeze.mjs - makes the page's own files small, in place.
 *
 *     node squeeze.mjs FILE.js... FILE.css...
 *
 * Comments, blanks and long names of what is a module's own go. Each line of code stays on the line it has
 * in the source: the number in an error message is the source's, and no map is needed to read it. So it is
 * one module after the other, none of its statements moved; what terser could save beyond that is a
 * hundredth. The breaks come back by its map, and what comes of it is held against what went in.
 */
import { readFileSync, writeFileSync } from "node:fs";

import { decode } from "@jridgewell/sourcemap-codec";
import { minify } from "terser";

/** Where a line break would end a statement, or not let one go on. */
const NO_BREAK_AFTER = /(^|[^\w$.])(return|throw|break|continue|yield|async)\s*$/;
const NO_BREAK_BEFORE = /^(=>|\+\+|--)/;

/**
 * The code, with each token on its own line again. @param {string} code of one line, or with those of its templates
 * @param {number[][][]} mappings decoded @returns {string}
 */
function lines_back(code, mappings) {
	let out = "", line = 0;
	code.split("\n").forEach((text, n) => {
		if (n) {
			out += "\n";
			line++;
		}
		let done = 0;
		for (const [at, , source_line = 0] of mappings[n] ?? []) {
			out += text.slice(done, at);
			done = at;
			if (source_line > line && !NO_BREAK_AFTER.test(out.slice(-12)) && !NO_BREAK_BEFORE.test(text.slice(at))) {
				out = out.replace(/ $/, "") + "\n".repeat(source_line - line);
				line = source_line;
			}
		}
		out += text.slice(done);
	});
	return out;
}

/** @param {string} code */
const plain = async (code) => (await minify(code, { module: true, compress: false, mangle: false })).code;

/** @param {string} source @param {string} name */
async function squeeze_js(source, name) {
	/* What indents a template is no text: htm drops a line's blanks at both ends. */
	const text = source.replace(/\n\t+/g, "\n");
	/* What comes from other modules has its name there anyway. */
	const reserved = [...text.matchAll(/^import \{([^}]*)\}/gm)].flatMap(([, names]) => names.match(/\w+/g) ?? []);
	const short = await minify({ [name]: text }, { module: true, compress: false, mangle: { reserved }, sourceMap: { asObject: true } });
	const { mappings } = /** @type {any} */ (short.map);
	const out = lines_back(/** @type {string} */ (short.code), typeof mappings === "string" ? decode(mappings) : mappings);
	if (await plain(out) !== await plain(/** @type {string} */ (short.code)))
		throw new Error(`${name}: a line break would change what it says`);
	return out + "\n";
}

/** A rule a line. @param {string} source */
function squeeze_css(source) {
	return source.replace(/("[^"]*")|\/\*[^]*?\*\/|\s+/g, (_, string) => string ?? " ")
		.replace(/("[^"]*")|\s*([{};,>])\s*|(:) /g, (_, string, mark, colon) => string ?? mark ?? colon)
		.replace(/;?}/g, "}\n");
}

for (const name of process.argv.slice(2)) {
	const squeeze = name.endsWith(".css") ? squeeze_css : squeeze_js;
	writeFileSync(name, await squeeze(readFileSync(name, "utf8"), name));
}
