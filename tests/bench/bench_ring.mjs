/*
 * What it costs to publish and to read a tempo record, against a bare memcpy seqlock in the same run.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { ROOT } from "../lib/box.mjs";
import { table } from "../lib/bench.mjs";

const tool = join(process.env.BUILD ?? join(ROOT, "build"), "tests/tools/ring_bench");
const run = spawnSync(tool, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
table("the ring, 18 words a record: ns each, the middle one of 31 batches of 200,000", [
	["", "ring", "seqlock"],
	...run.stdout.trim().split("\n").map((line) => line.split("\t")),
]);
process.exitCode = run.status ?? 1;
