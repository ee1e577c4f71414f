/*
 * The click's callback makes no system call, allocates nothing and takes no lock, whatever it is
 * told: trap.c is preloaded and watches. Then each violation is planted, to show that it is caught.
 *
 * sanitizers: no
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { before, test } from "node:test";

import { until } from "../lib/box.mjs";
import { BUILD, startStage } from "../tools/click_stage.mjs";

const TRAP = resolve(join(BUILD, "tests/rt/trap.so"));

before(() => {
	mkdirSync(join(BUILD, "tests/rt"), { recursive: true });
	execFileSync(process.env.CC ?? "cc", ["-O1", "-g", "-std=c11", "-Wall", "-Wextra", "-fPIC", "-shared",
		"-ftls-model=initial-exec", "-o", TRAP, new URL("trap.c", import.meta.url).pathname, "-ldl"]);
});

/** @param {Awaited<ReturnType<typeof startStage>>} stage */
async function watched(stage) {
	await stage.click.stop();
	assert.notEqual(stage.click.process.exitCode, 77, "no Syscall User Dispatch here");
	const sum = stage.click.log_text().match(/trap: (\d+) callbacks watched, (\d+) violations/);
	assert.ok(sum, stage.logs());
	return { callbacks: Number(sum[1]), violations: Number(sum[2]) };
}

/** All that a click can be told. @param {Awaited<ReturnType<typeof startStage>>} stage */
async function evening(stage) {
	for (const line of ["wait_for settled = 1", "start 240 4/4 50", "wait_for bar = 1",
		"set 100 1 1 wood", "pending_at_bar 3 200 12/8", "wait_for bar = 3", "promote",
		"pending_at_bar 20 60 3/4", "cancel", "pending_in 300 5 260 6/8", "wait_for bar = 5",
		"promote", "pending_at_bar 0 97 4/4", "sleep 100", "set 0 0 0 cowbell", "test", "retempo 97 4/4 -500 9",
		"sleep 300", "stop", "test", "start 120 4/4 20", "wait_for running = 1"])
		await stage.feed.say(line);
	stage.click.process.kill("SIGUSR1");
	await stage.feed.say("wait_for running = 0");
	await stage.feed.say("start 120 4/4 20");
	await stage.feed.say("wait_for running = 1");
	const ear = stage.listen("--freewheel", "--frames", "48000000");
	await ear.ended;
	await stage.feed.say("wait_for settled = 1");
}

test("nothing in the callback waits", async (t) => {
	const stage = await startStage({ period: 256, clickEnv: { LD_PRELOAD: TRAP } });
	try {
		await evening(stage);
		const result = await watched(stage);
		t.diagnostic(`${result.callbacks} callbacks watched`);
		assert.equal(result.violations, 0, stage.logs());
		assert.ok(result.callbacks > 10000);
	} finally {
		await stage.stop();
	}
});

for (const [plant, told] of [["write", "system call"], ["sleep", "system call"], ["malloc", "malloc"],
	["free", "free"], ["lock", "pthread_mutex_lock"]]) {
	test(`a planted ${plant} is caught`, async () => {
		const stage = await startStage({ period: 256, clickEnv: { LD_PRELOAD: TRAP, TRAP_PLANT: plant } });
		try {
			await until(() => stage.click.log_text().includes("in the callback"), "the trap");
			assert.match(stage.click.log_text(), new RegExp(`trap: ${told}[ 0-9]* in the callback`));
			assert.equal((await watched(stage)).violations, 1);
		} finally {
			await stage.stop();
		}
	});
}
