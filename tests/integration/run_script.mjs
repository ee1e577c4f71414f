/*
 * sanitizers: no
 *
 * systemd/run.sh by itself: programs that stand in for ours, JACK as it is.
 *
 * What is asked of it: it starts all, keeps it up, uses a JACK server that runs, ends what it
 * started and only that, and says clearly why it cannot start.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { freePort, until } from "../lib/box.mjs";
import { running, supervise } from "../lib/supervised.mjs";

const dir = mkdtempSync(join(tmpdir(), "tactus-fake-"));
after(() => rmSync(dir, { recursive: true, force: true }));

/** @param {string} path @param {string} text */
function program(path, text) {
	writeFileSync(path, text);
	chmodSync(path, 0o755);
}

const build = join(dir, "build");
mkdirSync(join(build, "web"), { recursive: true });
writeFileSync(join(build, "web", "index.html"), "page");
/* Answers /healthz, keeps a PIN, and leaves its arguments in the state folder. */
program(join(build, "tactusd"), `#!/usr/bin/env node
const { existsSync, writeFileSync } = require("node:fs");
const option = (name) => process.argv[process.argv.indexOf(name) + 1];
writeFileSync(option("--state") + "/argv", JSON.stringify(process.argv.slice(2)));
const pin = option("--state") + "/pin";
if (!existsSync(pin))
	writeFileSync(pin, "471100\\n");
require("node:http").createServer((_, answer) => answer.end("ok\\n")).listen(Number(option("--port")));
`);
/* Lives as long as its server, as the click does; also past a SIGTERM when STUBBORN is set. */
program(join(build, "tactus-click"), `#!/bin/bash
[ -z "\${CLICK_EXIT-}" ] || { echo "click: wrong option" >&2; exit "$CLICK_EXIT"; }
[ -z "\${STUBBORN-}" ] || trap '' TERM
while grep -q "/jack_$2_" /proc/net/unix || [ -n "\${DEAF-}" ]; do sleep 0.1; done
`);
/* Keeps what it was asked for; a card of the test's plays as the dummy. */
program(join(build, "jackd"), `#!/bin/bash
echo "$*" >>"$STATE/jackd.argv"
case $* in *hw:BROKEN*) exit 1 ;; esac
exec jackd -n "$2" -r -d dummy -p 1024
`);

const start = (env = {}) => supervise(["systemd/run.sh", build], env);

/** @param {string} server */
const jackAnswers = (server) =>
	spawnSync("jack_lsp", ["-s", server], { env: { ...process.env, JACK_NO_START_SERVER: "1" } }).status === 0;

test("starts all three, tells the address and the PIN that tactusd keeps", async () => {
	const run = await start();
	for (const name of /** @type {const} */ (["jackd", "tactusd", "tactus-click"]))
		assert.ok(running(run.pid(name)), `${name} runs\n${run.output}`);
	assert.ok(run.output.includes("PIN to open a session:    471100"));
	assert.ok(run.output.includes(`http://localhost:${run.place.PORT}/`));
	assert.ok(run.output.includes("█"), "a QR code");
	const argv = JSON.parse(readFileSync(join(run.place.STATE, "argv"), "utf8"));
	assert.ok(!argv.includes("--pin"));
	assert.equal(argv[argv.indexOf("--region") + 1], run.place.REGION);
	run.signal("SIGTERM");
	assert.deepEqual(await run.gone(), []);
});

/** @param {Awaited<ReturnType<typeof start>>} run @returns {string[]} */
const daemonArgs = (run) => JSON.parse(readFileSync(join(run.place.STATE, "argv"), "utf8"));

test("PIN empty asks for none", async () => {
	const run = await start({ PIN: "" });
	const argv = daemonArgs(run);
	assert.equal(argv[argv.indexOf("--pin") + 1], "");
	assert.ok(run.output.includes("No PIN is asked"), run.output);
	run.signal("SIGTERM");
	assert.deepEqual(await run.gone(), []);
});

test("PIN given is kept in its file, for us alone, and stands in nobody's arguments", async () => {
	/** @type {Record<string, string>} */
	let place = {};
	for (const pin of ["240816", "240816", "135724680000"]) {
		const run = await start({ ...place, PIN: pin });
		place = run.place;
		const file = join(run.place.STATE, "pin");
		assert.equal(readFileSync(file, "utf8"), `${pin}\n`);
		assert.equal(statSync(file).mode & 0o777, 0o600);
		assert.ok(!daemonArgs(run).some((word) => word === "--pin" || word.includes(pin)));
		assert.ok(run.output.includes(`PIN to open a session:    ${pin}`), run.output);
		run.signal("SIGTERM");
		assert.deepEqual(await run.gone(), []);
	}
	const { PIN, ...same } = place;
	const run = await start(same);
	assert.ok(run.output.includes("PIN to open a session:    135724680000"), "and stays the box's");
	run.signal("SIGTERM");
	assert.deepEqual(await run.gone(), []);
});

test("starts again what dies: click and daemon at once, jackd and the click with it", async () => {
	const run = await start();
	assert.ok(await run.replaced("tactus-click") < 1000);
	assert.ok(await run.replaced("tactusd") < 1000);
	const click = run.pid("tactus-click");
	await run.replaced("jackd");
	await until(() => run.pid("tactus-click") !== click && running(run.pid("tactus-click")), "a click");
	assert.ok(jackAnswers(run.place.JACK_SERVER));
	assert.match(run.output, /jackd ended \(killed by signal 9\), starting it again/);
	run.signal("SIGTERM");
	assert.deepEqual(await run.gone(), []);
});

test("what dies again and again is started less and less often, and the rest at once", async () => {
	const run = await start();
	for (let i = 0; i < 4; i++)
		await run.replaced("tactusd");
	assert.ok(await run.replaced("tactusd") > 1000, "the daemon waits");
	assert.ok(await run.replaced("tactus-click") < 1000, "the click does not");
	run.signal("SIGTERM");
	assert.deepEqual(await run.gone(), []);
});

test("a click that hangs on a dead server is replaced", async () => {
	const run = await start({ DEAF: "yes", STUBBORN: "yes" });
	const click = run.pid("tactus-click");
	await run.replaced("jackd");
	await until(() => run.pid("tactus-click") !== click && running(run.pid("tactus-click")), "a click");
	run.signal("SIGTERM");
	assert.deepEqual(await run.gone(), []);
});

test("uses a JACK server that runs, and leaves it alone", async () => {
	const server = `own${process.pid}`;
	const jackd = spawn("jackd", ["-n", server, "-r", "-d", "dummy", "-p", "1024"], { stdio: "ignore" });
	after(() => jackd.kill("SIGTERM")); /* killed, it would keep one of the eight places of JACK servers */
	await until(() => jackAnswers(server), "our jackd");
	const run = await start({ JACK_SERVER: server });
	assert.equal(run.pid("jackd"), undefined);
	assert.match(run.output, /which was running already/);
	run.signal("SIGTERM");
	assert.deepEqual(await run.gone(), []);
	assert.ok(jackAnswers(server), "it still runs");
	jackd.kill("SIGTERM");
	await once(jackd, "exit");
});

test("ends all of it on SIGINT, SIGTERM and SIGHUP, also what does not listen", async () => {
	for (const [signal, env] of /** @type {[NodeJS.Signals, {}][]} */ ([["SIGINT", {}], ["SIGHUP", {}],
		["SIGTERM", { STUBBORN: "yes" }]])) {
		const run = await start(env);
		run.signal(signal, signal === "SIGINT" ? -run.top : run.top);
		assert.deepEqual(await run.gone(), [], `after ${signal}`);
		assert.equal(run.code, 0, `after ${signal}\n${run.output}`);
	}
});

test("killed, it leaves nothing behind", async () => {
	const run = await start();
	run.signal("SIGKILL");
	assert.deepEqual(await run.gone(5000), []);
});

test("two boxes run side by side", async () => {
	const [one, two] = [await start(), await start()];
	one.signal("SIGTERM");
	assert.deepEqual(await one.gone(), []);
	for (const name of /** @type {const} */ (["jackd", "tactusd", "tactus-click"]))
		assert.ok(running(two.pid(name)), `${name}\n${two.output}`);
	assert.ok(jackAnswers(two.place.JACK_SERVER));
	two.signal("SIGTERM");
	assert.deepEqual(await two.gone(), []);
});

test("says why it cannot start, and leaves nothing behind", async () => {
	const port = await freePort();
	const holder = createServer().listen(port);
	after(() => holder.close());
	const bare = join(dir, "bare");
	mkdirSync(bare, { recursive: true });
	/** @type {[Record<string, string>, RegExp][]} */
	const faults = [
		[{ PORT: String(port) }, new RegExp(`port ${port} is in use.*PORT=${port + 1}`)],
		[{ PORT: "80800" }, /PORT must be a number from 1 to 65535, not '80800'/],
		[{ PORT: "http" }, /PORT must be a number/],
		[{ JACK_SERVER: "a b" }, /JACK_SERVER must be/],
		[{ PIN: "12345" }, /PIN must be 6 to 12 digits/],
		[{ PIN: "12345a" }, /PIN must be 6 to 12 digits/],
		[{ STATE: "/proc/nowhere" }, /cannot write to \/proc\/nowhere.*STATE=/],
		[{ JACKD: "false" }, /JACK cannot start/],
		[{ TACTUSD: "false" }, /tactusd could not start/],
		[{ TACTUSD: "/nowhere/tactusd" }, /no \/nowhere\/tactusd: run make first/],
		[{ CLICK_EXIT: "2" }, /tactus-click could not start/],
	];
	for (const [env, says] of faults) {
		const run = await start(env);
		await until(() => !run.alive, "its end");
		assert.equal(run.code, 1, run.output);
		assert.match(run.output, says);
		assert.deepEqual(await run.gone(), [], run.output);
	}
	const run = await supervise(["systemd/run.sh", bare], {
		TACTUSD: join(build, "tactusd"), TACTUS_CLICK: join(build, "tactus-click"),
	});
	assert.match(run.output, /no page in .*bare\/web: run make first/);
	await run.gone();
});

test("takes the best card that plays, by name; another one when it is broken; else the dummy", async () => {
	const asound = join(dir, "asound");
	const hdmi = " 0 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0\n                      vc4-hdmi-0\n";
	const phones = " 1 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones\n                      bcm2835\n";
	const mic = " 2 [Mic            ]: USB-Audio - a microphone\n                      at usb-1.3\n";
	const box = " 3 [sndrpihifiberry]: HifiberryDacp - snd_rpi_hifiberry_dacplus\n                      a HAT\n";
	const broken = " 4 [BROKEN         ]: USB-Audio - unplugged\n                      at usb-1.2\n";
	for (const card of ["vc4hdmi0", "Headphones", "sndrpihifiberry", "BROKEN"])
		mkdirSync(join(asound, card, "pcm0p"), { recursive: true });
	mkdirSync(join(asound, "Mic", "pcm0c"), { recursive: true });
	/** @type {[string, RegExp][]} */
	const machines = [
		[hdmi + phones + mic + box, /^.*alsa -P hw:sndrpihifiberry -r 48000 -p 256 -n 3\n$/],
		[hdmi + phones + mic, /^.*alsa -P hw:Headphones .*\n$/],
		[hdmi, /^.*alsa -P hw:vc4hdmi0 .*\n$/],
		[phones + broken, /^.*hw:BROKEN .*\n.*hw:Headphones .*\n$/],
		[broken + mic, /^.*hw:BROKEN .*\n.*-d dummy -r 48000 -p 256\n$/],
		["--- no soundcards ---\n", /^.*-d dummy -r 48000 -p 256\n$/],
	];
	for (const [cards, asked] of machines) {
		writeFileSync(join(asound, "cards"), cards);
		const run = await start({ ASOUND: asound, JACKD: join(build, "jackd") });
		const argv = readFileSync(join(run.place.STATE, "jackd.argv"), "utf8");
		assert.match(argv, asked);
		assert.doesNotMatch(argv, / -S| --sync/, "never synchronous");
		run.signal("SIGTERM");
		assert.deepEqual(await run.gone(), []);
	}
});
