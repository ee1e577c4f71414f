/*
 * join.mjs - one module of many, for fewer bytes: what two modules have in common is packed once.
 *
 *     node join.mjs FROM/app.js TO/app.js
 *
 * The modules that app.js needs stand one behind the other, each in a scope of its own, those that are
 * needed before those that need them; their imports are then simply in sight. A map beside it
 * (app.js.map, asked for by a browser's tools alone) says which line of which source a fault is in.
 * It asks of the sources what they keep anyway: no circles, and names that one module alone exports.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

import { minify } from "terser";

const [from, to] = process.argv.slice(2);
const root = dirname(from);
/** @type {Map<string, string>} by path from the root: the source with its scope around it; null while its needs are looked at */
const joined = new Map();
/** Modules from elsewhere, loaded as they are. @type {Set<string>} */
const libraries = new Set();
/** @type {Map<string, string>} */
const exported = new Map();

/** @param {string} path */
function take(path) {
	const name = relative(root, path);
	if (joined.has(name)) {
		if (!joined.get(name))
			throw new Error(`${name} needs itself`);
		return;
	}
	joined.set(name, "");
	let source = readFileSync(path, "utf8").replace(/\n\t+/g, "\n");
	source = source.replace(/^import [^;]*? from "([^"]+)";/gm, (statement, needed) => {
		if (needed.includes("lib/"))
			libraries.add(statement.replace(/"[./]*lib/, '"/lib'));
		else
			take(join(dirname(path), needed));
		return statement.replace(/[^\n]/g, "");
	});
	/** @type {string[]} */
	const names = [];
	source = source.replace(/^export ((?:async )?(?:function|const|class) (\w+))/gm, (_, declaration, what) => {
		if (exported.has(what))
			throw new Error(`${what} is exported by ${exported.get(what)} and by ${name}`);
		exported.set(what, name);
		names.push(what);
		return declaration;
	});
	joined.delete(name);
	joined.set(name, `const [${names}] = (() => {${source}return [${names}];})();\n`);
}

take(from);
const { code, map } = await minify({ "": `${[...libraries].join("\n")}\n`, ...Object.fromEntries(joined) },
	{ module: true, compress: { passes: 2 }, mangle: true, sourceMap: { filename: basename(to), url: `${basename(to)}.map` } });
writeFileSync(to, `${code}\n`);
writeFileSync(`${to}.map`, /** @type {string} */ (map));
