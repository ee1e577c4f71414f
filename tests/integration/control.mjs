/*
 * timeout: 180 s
 *
 * STATE/control: how `tactusd --backup` and its likes reach the tactusd that runs, and what becomes of
 * those who say anything else there.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, existsSync, lchownSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { archivePlace, argv, as_nobody, beside, does, exported, fails, leftovers } from "../lib/archive.mjs";
import { until } from "../lib/box.mjs";
import { BUILD, TACTUSD } from "../lib/daemon.mjs";

const place = archivePlace();
const { dir, fresh, freshBox, bandAt } = place;

/** A daemon that says one thing (tests/tools/answers.c) while `then` runs. */
async function answering(state, text, then, prefix = []) {
	const [program, ...args] = [...prefix, join(BUILD, "tests/tools/answers"), state, text];
	const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
	const ended = new Promise((resolve) => child.once("close", resolve));
	assert.equal(String(await Promise.race([ended, new Promise((resolve) => child.stdout.once("data", resolve))])), "ready\n");
	try {
		then();
	} finally {
		child.kill();
	}
	await ended;
}

/* ---- one that is there, one that is not ---------------------------------------- */

test("the state's path is longer than a socket's address", async () => {
	const deep = join(dir, "d".repeat(120), "e".repeat(120));
	mkdirSync(join(deep, ".."), { recursive: true });
	const box = await freshBox({ state: deep });
	await bandAt(box);
	assert.equal(JSON.parse(exported(deep)).users.length, 1);
	assert.ok(statSync(join(deep, "control")).isSocket());
	await box.stop();
	assert.equal(existsSync(join(deep, "control")), false);
	assert.equal(JSON.parse(exported(deep)).users.length, 1);
});

test("killed: what it left, the socket too, is in nobody's way", async () => {
	const box = await freshBox();
	await bandAt(box);
	await box.kill("tactusd");
	assert.ok(existsSync(join(box.state, "control")));
	assert.equal(JSON.parse(exported(box.state)).users.length, 1);
	writeFileSync(join(box.state, ".copy-of-nobody.db"), "x");
	await box.start("tactusd");
	assert.deepEqual(leftovers(box.state), []);
	assert.equal(JSON.parse(exported(box.state)).users.length, 1);
	await box.stop();
});

test("a copy that a restart has taken away: told, and no empty export is made of it", async () => {
	const state = fresh();
	does(state, "import", place.write(".json", [{ title: "One" }]));
	const file = fresh(".json");
	await answering(state, '{"ok":true,"copy":".copy-gone.db"}', () => {
		for (const action of ["export", "backup"])
			fails(state, action, file, /tactusd restarted meanwhile: try again/);
	});
	assert.equal(existsSync(file), false);
	assert.deepEqual(leftovers(state), []);
});

test("a daemon that is not root's leads root to no file outside its directory", { skip: !as_nobody && "nobody can't run the program here" }, async () => {
	const state = fresh();
	mkdirSync(state);
	chownSync(state, 65534, 65534);
	does(state, "import", place.write(".json", [{ title: "One" }]));
	const mine = place.write(".txt", "mine");
	chmodSync(mine, 0o600);
	copyFileSync(join(state, "tactus.db"), join(state, ".copy-x.db"));
	chownSync(join(state, ".copy-x.db"), 65534, 65534);
	symlinkSync(mine, join(state, ".copy-x.db.lock"));
	symlinkSync(mine, join(state, ".copy-y.db"));
	lchownSync(join(state, ".copy-y.db"), 65534, 65534);
	await answering(state, '{"ok":true,"copy":".copy-x.db"}', () => fails(state, "export", fresh(), /Permission denied/), as_nobody);
	await answering(state, '{"ok":true,"copy":".copy-y.db"}', () => fails(state, "backup", fresh(), /Permission denied/), as_nobody);
	assert.equal(readFileSync(mine, "utf8"), "mine");
});

test("asked while it starts and ends, by several at once: there is an answer each time", async () => {
	const box = await freshBox();
	await bandAt(box);
	/* One that has the database open for that moment is in the way of a start; its supervisor starts it again. */
	const start = () => box.start("tactusd").catch(() => {
		assert.match(box.logs(), /is in use by another tactusd/);
		return start();
	});
	for (let round = 0; round < 3; round++) {
		await box.kill("tactusd");
		const [texts] = await Promise.all([Promise.all([1, 2, 3].map(() => beside(box.state, "export", "-"))), start()]);
		for (const text of texts)
			assert.equal(JSON.parse(text).users.length, 1);
	}
	await box.stop();
});

test("something else is where the socket should be: it is left alone, and the box plays on", async () => {
	const state = fresh();
	mkdirSync(state);
	writeFileSync(join(state, "control"), "mine");
	const box = await freshBox({ state });
	await bandAt(box);
	assert.match(box.logs(), /cannot serve .*control: File exists/);
	await box.stop();
	assert.equal(readFileSync(join(state, "control"), "utf8"), "mine");
});

/* ---- the socket itself ----------------------------------------------------------- */

/** What the socket answers, line by line (tests/tools/packets.c). */
function packets(box, lines, prefix = []) {
	const [program, ...args] = [...prefix, join(BUILD, "tests/tools/packets"), box.state];
	const { status, stdout, stderr } = spawnSync(program, args, { input: `${lines.join("\n")}\n`, encoding: "utf8", timeout: 60000 });
	assert.deepEqual([status, stderr], [0, ""]);
	return stdout.split("\n").slice(0, -1);
}

test("any garbage gets an error, and the next request its answer", async () => {
	const box = await freshBox();
	const band = await bandAt(box);
	const garbage = ["x", "{}", "[]", "null", "7", "\"do\"", "{\"do\":7}", "{\"do\":null}", "{\"do\":\"\"}", "{\"do\":\"nothing\"}", "{\"do\":\"backup\"",
		"{\"do\":\"x\",\"do\":\"y\"}", "\\x00", "\\xff\\xfe", "[".repeat(4000), `{"do":"${"y".repeat(4000)}"}`, "{\"do\":\"import\"}",
		"!big 4096", "!big 4097", "!big 100000",
		"!with /dev/zero {\"do\":\"import\"}", "!with /proc/self/mem {\"do\":\"import\"}", "!with / {\"do\":\"import\"}",
		"!with memory:0 {\"do\":\"import\"}", "!with memory:5000 {\"do\":\"import\"}", "!with memory:300000000 {\"do\":\"import\"}"];
	for (const answer of packets(box, garbage)) {
		const { error, ...rest } = JSON.parse(answer);
		assert.deepEqual(rest, {});
		assert.ok(error.length > 10, answer);
	}
	assert.equal(packets(box, garbage).length, garbage.length);
	assert.deepEqual(packets(box, ["!with /dev/zero x", "{\"do\":\"backup\",\"more\":1}"]).map((a) => "ok" in JSON.parse(a)), [false, true]);
	await band.eye.ping();
	await box.stop();
});

test("floods, idlers, and those who do not wait for the answer", async () => {
	const box = await freshBox();
	const band = await bandAt(box);
	const open = () => readdirSync(`/proc/${box.pids.tactusd}/fd`).length;
	const before = open();
	const answers = packets(box, ["!flood 100000 {\"do\":\"nothing\"}", "!flood 1000 x", ...Array(20).fill("!leave {\"do\":\"backup\"}"), "!idle 200",
		"!new", "{\"do\":\"backup\"}"]);
	assert.equal(answers[0], "200");
	assert.equal(JSON.parse(answers[1]).ok, true);
	await band.eye.ping();
	/* Nothing of it stays: no descriptor, and of the copies only the one that was handed over. */
	await until(() => open() <= before && leftovers(box.state).length <= 1, "the end of it all");
	assert.deepEqual(leftovers(box.state), [JSON.parse(answers[1]).copy]);
	const text = exported(box.state);
	assert.equal(JSON.parse(text).users.length, 1);
	await box.stop();
});

test("only root and the daemon's own user get in", { skip: !as_nobody && "nobody can't run the program here" }, async () => {
	const box = await freshBox();
	chmodSync(box.dir, 0o755);
	chmodSync(box.state, 0o755);
	assert.equal(statSync(join(box.state, "control")).mode & 0o777, 0o600);
	const { status, stderr } = spawnSync(as_nobody[0], [...as_nobody.slice(1), TACTUSD, ...argv(box.state, "export", "-")], { encoding: "utf8" });
	assert.equal(status, 1);
	assert.match(stderr, /only root and the user of .* may do this: try it with sudo/);
	/* Should the mode be opened by mistake, the daemon itself looks who it is. */
	chmodSync(join(box.state, "control"), 0o777);
	assert.deepEqual(packets(box, ['{"do":"backup"}'], as_nobody), ["closed"]);
	await box.stop();
});
