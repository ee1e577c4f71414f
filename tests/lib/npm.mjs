/*
 * npm.mjs - the packages that tests use, found where the page keeps its own.
 *
 * There is one package.json in the tree, in web/. Tests live elsewhere, and
 * Node looks for packages upwards from the file that asks, so they ask here.
 */
import { createRequire } from "node:module";

const require = createRequire(new URL("../../web/package.json", import.meta.url));

/** @param {string} name */
export const npm = (name) => require(name);
