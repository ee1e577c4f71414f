/*
 * bench.mjs - how a benchmark tells what it found: one table, headed by machine, date and commit,
 * so that a figure can be held against another of its own kind.
 */
import { spawnSync } from "node:child_process";
import { cpus, release } from "node:os";

import { ROOT } from "./box.mjs";

const commit = () => spawnSync("git", ["-C", ROOT, "describe", "--always", "--dirty"], { encoding: "utf8" }).stdout?.trim() || "no commit";

/** @param {string} title */
export function head(title) {
	const all = cpus();
	console.log(`# ${title}\n# ${all.length} x ${all[0]?.model.trim() ?? "?"}, Linux ${release()}, ` +
		`${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC, ${commit()}`);
}

/** The head, then aligned columns; the first row names them. @param {string} title @param {(string | number)[][]} rows */
export function table(title, rows) {
	const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => String(row[i]).length)));
	head(title);
	for (const row of rows)
		console.log(row.map((cell, i) => i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i])).join("  "));
}

/** What is exceeded by one minus that share. @param {number[]} values @param {number} share 0..1 */
export function quantile(values, share) {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
