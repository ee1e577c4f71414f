/*
 * sanitizers: no
 *
 * `make run` as a person types it: our programs, JACK's dummy driver, make's own part in it.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { until } from "../lib/box.mjs";
import { running, supervise } from "../lib/supervised.mjs";

/* The test's own make must not pass its flags on: a -j or -n of theirs is not ours. */
delete process.env.MAKEFLAGS;
delete process.env.MAKELEVEL;
delete process.env.MFLAGS;

const PROGRAMS = /** @type {const} */ (["jackd", "tactusd", "tactus-click"]);

/** @param {Record<string, string>} [env] */
const make_run = (env = {}) => supervise(["make", "run"], env);

/** @typedef {Awaited<ReturnType<typeof supervise>>} Run */

/** @param {Run} run @param {string} path */
const get = (run, path) => fetch(`http://127.0.0.1:${run.place.PORT}${path}`,
	{ signal: AbortSignal.timeout(2000) }).catch(() => null);

/** Its healthz says that audio flows: all three work together. @param {Run} run */
const healthy = (run) => until(async () => (await get(run, "/healthz"))?.ok && clickPlays(run), "health");

/** @param {Run} run */
const clickPlays = (run) => spawnSync("jack_lsp", ["-s", run.place.JACK_SERVER],
	{ env: { ...process.env, JACK_NO_START_SERVER: "1" } }).stdout.includes("tactus:click");

test("one command, and the page is there; the PIN is kept and private", async () => {
	const run = await make_run();
	await healthy(run);
	assert.match(await (await get(run, "/"))?.text() ?? "", /<script/);
	const file = join(run.place.STATE, "pin");
	const pin = readFileSync(file, "utf8").trim();
	assert.match(pin, /^[0-9]{6,}$/);
	assert.equal(statSync(file).mode & 0o777, 0o600);
	assert.ok(run.output.includes(`PIN to open a session:    ${pin}`), run.output);
	/* Ctrl-C: the terminal signals the whole group, make included. */
	run.signal("SIGINT", -run.top);
	await until(() => !run.alive, "the end");

	const again = await make_run({ ...run.place });
	assert.ok(again.output.includes(pin), "the same PIN the next time");
	again.signal("SIGTERM");
	assert.deepEqual(await again.gone(), [], "make alone got SIGTERM");
	assert.deepEqual(await run.gone(), []);
});

test("what dies comes back, and works", async () => {
	const run = await make_run({ PIN: "" });
	await healthy(run);
	for (const name of PROGRAMS) {
		await run.replaced(name);
		await healthy(run);
	}
	run.signal("SIGTERM");
	assert.deepEqual(await run.gone(), []);
});

test("killed with make, it leaves nothing behind", async () => {
	const run = await make_run({ PIN: "" });
	run.signal("SIGKILL");
	assert.deepEqual(await run.gone(), []);
});

test("a second box on the same port or the same shared memory is refused, the first plays on", async () => {
	const run = await make_run({ PIN: "" });
	const { PORT, REGION } = run.place;
	/** @type {[Record<string, string>, RegExp][]} */
	const clashes = [[{ PORT }, new RegExp(`port ${PORT} is in use`)], [{ REGION }, new RegExp(REGION)]];
	for (const [clash, says] of clashes) {
		const other = await make_run({ PIN: "", ...clash });
		await until(() => !other.alive, "its end");
		assert.notEqual(other.code, 0);
		assert.match(other.output, says);
		assert.deepEqual(await other.gone(), []);
	}
	for (const name of PROGRAMS)
		assert.ok(running(run.pid(name)), name);
	await healthy(run);
	run.signal("SIGTERM");
	assert.deepEqual(await run.gone(), []);
});
