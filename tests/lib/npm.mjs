/*
 * npm.mjs - the packages that tests use: those of tests/package.json.
 *
 * They are apart from the page's own (web/package.json), so that what a box installs to run
 * holds no browser driver. Asked for by a function, since ws and playwright-core are CommonJS.
 */
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** @param {string} name */
export const npm = (name) => require(name);
