/*
 * sanitizers: no
 *
 * What is wrong around the daemon: its options, its disk, its port, its region. It says what is
 * wrong and what to do, and ends; or, while it runs, goes on with all that needs no disk.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startBox } from "../lib/box.mjs";
import { argvOf, ownOptions, preload, removeRegion, runDaemon, TACTUSD } from "../lib/daemon.mjs";
import { Phone } from "../lib/phone.mjs";
import { exchange, request } from "../lib/raw_http.mjs";
import { checkError } from "../lib/refusal.mjs";

const dir = realpathSync(mkdtempSync(join(tmpdir(), "tactus-faults-")));
chmodSync(dir, 0o755);
const root = process.getuid() === 0;
/** @type {string[]} */
const mounts = [];
after(() => {
	for (const mount of mounts)
		spawnSync("umount", ["-l", mount]);
	rmSync(dir, { recursive: true, force: true });
});

let places = 0;
const freshPlace = () => {
	const place = join(dir, String(++places));
	mkdirSync(place);
	return place;
};

/** Boxes of this file: none outlives it, whatever fails. @type {Awaited<ReturnType<typeof startBox>>[]} */
const boxes = [];
after(() => Promise.all(boxes.map((box) => box.stop())));

async function freshBox(options) {
	const box = await startBox(options);
	boxes.push(box);
	return box;
}

/** @param {Promise<any>} promise */
const refused = (promise) => promise.then((ok) => assert.fail(`not refused: ${JSON.stringify(ok)}`), (error) => error);

/* ---- options ------------------------------------------------------------------ */

const wrong_options = [
	["--port", "0"], ["--port", "65536"], ["--port", "-1"], ["--port", "http"], ["--port", "80x"], ["--port", ""], ["--port", "0x50"],
	["--port", "99999999999999999999"], ["--state", ""], ["--state", "x".repeat(5000)], ["--region", ""], ["--region", "a b"],
	["--region", "a/b"], ["--region", "../x"], ["--region", "ä"], ["--region", "x".repeat(300)], ["--pin", "12345"],
	["--pin", "1234567890123"], ["--pin", "12345a"], ["--pin", " 123456"], ["--pin", "-23456"], ["--web", ""],
	["--web", "x".repeat(5000)], ["--host-name", "a!b"], ["--host-name", "a/b"], ["--host-name", "x".repeat(300)],
	["--bind", "x".repeat(300)], ["--config", ""], ["--config", join(dir, "none")], ["--config", dir],
	["--nonsense"], ["--port"], ["--pin"], ["-x"], ["word"], ["--port", "8080", "word"], ["--help=1"], ["--" + "x".repeat(5000)],
];
for (const argv of wrong_options)
	test(`options: ${argv.join(" ").slice(0, 50)}: code 2 and the usage line`, () => {
		const { status, stderr, stdout } = runDaemon(argv, { cwd: freshPlace() });
		assert.equal(status, 2, stderr);
		assert.match(stderr, /^usage: tactusd \[--port N\].*$/m);
		assert.equal(stdout, "");
		/* It names what is wrong, besides the usage. */
		assert.ok(stderr.split("\n").filter((line) => line && !line.startsWith("usage:")).length >= 1, stderr);
	});

const wrong_files = {
	"port = x": /port/, "nonsense = 1": /line 1/, "port": /line 1/, "= 1": /line 1/, "\n\n# fine\npin = 12\n": /line 4/,
	"config = other": /line 1/, "region = a b": /region/,
};
for (const [text, words] of Object.entries(wrong_files))
	test(`options: a file with ${JSON.stringify(text)}: code 2, the file and the line`, () => {
		const file = join(freshPlace(), "tactus.conf");
		writeFileSync(file, text);
		const { status, stderr } = runDaemon(["--config", file]);
		assert.equal(status, 2);
		assert.match(stderr, words);
		assert.ok(stderr.includes(file));
		assert.match(stderr, /^usage:/m);
	});

test("options: --help, --version, --commands say so and end well", () => {
	for (const [option, words] of [["--help", /--region NAME/], ["--version", /^tactusd \d/], ["--commands", /tempo\.set/]]) {
		const { status, stdout, stderr } = runDaemon([option]);
		assert.deepEqual([status, stderr], [0, ""]);
		assert.match(stdout, words);
	}
});

/* ---- what it can't start with --------------------------------------------------- */

/** Starts it with these options changed; it must end with code 1 and say that. */
async function failsToStart(changed, words, options = {}) {
	const place = freshPlace();
	const wanted = { ...await ownOptions(place), ...typeof changed === "function" ? changed(place) : changed };
	const { status, stderr, signal } = (options.run ?? runDaemon)(argvOf(wanted));
	removeRegion(wanted.region);
	assert.equal(signal, null, stderr);
	assert.equal(status, 1, stderr);
	for (const word of [words].flat())
		assert.match(stderr, word);
	/* For people: a line, with the library's own before it. */
	assert.ok(stderr.trim().split("\n").length <= 3, stderr);
}

/** A state directory in which a daemon has lived and ended well. */
async function usedState() {
	const place = freshPlace();
	const state = join(place, "state");
	const box = await freshBox({ audio: false, state });
	const ann = await Phone.open(box.url);
	await ann.create("Ann");
	await ann.close();
	await box.stop();
	return state;
}

function overwrite(file, offset, bytes) {
	const all = readFileSync(file);
	Buffer.from(bytes).copy(all, offset);
	writeFileSync(file, all);
}

test("a port in use", async () => {
	const server = createServer();
	await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
	const port = String(server.address().port);
	await failsToStart({ port }, [new RegExp(`port ${port}`), /--port/]);
	await new Promise((resolve) => server.close(resolve));
});

for (const bind of ["192.0.2.77", "no-such-interface", "2001:db8::77", "1.2.3"])
	test(`an address that is not the box's: ${bind}`, () => failsToStart({ bind }, [new RegExp(bind), /--bind/]));

for (const bind of ["127.0.0.1", "lo", "0.0.0.0", ""])
	test(`an address that it can listen on: ${bind || "none given"}`, async () => {
		const box = await freshBox({ audio: false, daemonArgs: ["--bind", bind] });
		assert.equal((await fetch(`${box.url}/healthz`)).status, 200);
		await box.stop();
	});

test("a hostname that can be no address: it is told, and the other names are good", async () => {
	const box = await freshBox({ audio: false, env: { LD_PRELOAD: preload("odd_hostname") } });
	for (const name of ["tactus.local", "localhost", "127.0.0.1"]) {
		const { status } = await exchange(box, request("GET / HTTP/1.1", { Host: `${name}:${box.port}` }));
		assert.equal(status, 200, name);
	}
	assert.match(box.logs(), /my box!.*--host-name/);
	await box.stop();
});

test("a page that is not there, and a folder without one", async () => {
	await failsToStart({ web: join(dir, "none") }, [/none/, /--web/]);
	await failsToStart({ web: freshPlace() }, [/index\.html/, /--web/]);
	await failsToStart({ web: TACTUSD }, [/tactusd/, /--web/]);
});

test("a region and a state directory that another tactusd has", async () => {
	const box = await freshBox({ audio: false });
	await failsToStart({ region: box.region }, [new RegExp(box.region), /another tactusd/, /--region/]);
	await failsToStart({ state: box.state }, [/another tactusd/, new RegExp(`process ${box.pids.tactusd}`)]);
	const ann = await Phone.open(box.url);
	await ann.create("Ann");
	await ann.close();
	await box.stop();
});

test("a database that is none, of another program, of a newer tactusd, damaged", async () => {
	const text = freshPlace();
	writeFileSync(join(text, "tactus.db"), "Dear diary, ".repeat(1000));
	await failsToStart({ state: text }, [/tactus\.db/, /not a database/, /backup|move it away/]);
	assert.match(readFileSync(join(text, "tactus.db"), "utf8"), /^Dear diary/);

	const foreign = await usedState();
	overwrite(join(foreign, "tactus.db"), 68, [1, 2, 3, 4]);
	await failsToStart({ state: foreign }, /another program/);

	const newer = await usedState();
	overwrite(join(newer, "tactus.db"), 60, [0, 0, 0, 99]);
	await failsToStart({ state: newer }, /newer tactusd/);

	const damaged = await usedState();
	const { size } = statSync(join(damaged, "tactus.db"));
	overwrite(join(damaged, "tactus.db"), 4096, Buffer.alloc(size - 4096, 0xa5));
	await failsToStart({ state: damaged }, [/tactus\.db/, /damaged/, /backup/]);

	const cut = await usedState();
	writeFileSync(join(cut, "tactus.db"), readFileSync(join(cut, "tactus.db")).subarray(0, 8192));
	await failsToStart({ state: cut }, [/tactus\.db/, /damaged/]);
});

test("a state directory that is a file, one below nothing, a PIN that is none", async () => {
	const file = join(freshPlace(), "state");
	writeFileSync(file, "");
	await failsToStart({ state: file }, /state/);
	await failsToStart({ state: join(dir, "no/where/at/all") }, /no\/where/);
	const state = freshPlace();
	writeFileSync(join(state, "pin"), "hello\n");
	await failsToStart(() => ({ state, pin: undefined }), [/pin/, /6 to 12 digits/], { run: (argv) => runDaemon(argv.filter((a, i) => a !== "--pin" && argv[i - 1] !== "--pin")) });
});

/* root may write anywhere: then somebody else tries. */
const nobody = (argv) => root
	? spawnSync("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", TACTUSD, ...argv], { encoding: "utf8", timeout: 20000 })
	: runDaemon(argv);
const nobody_can = nobody(["--version"]).status === 0;

test("a state directory that may not be written, a database that may not", { skip: !nobody_can && "nobody can't run the program here" }, async () => {
	const closed = freshPlace();
	chmodSync(closed, 0o555);
	await failsToStart({ state: closed }, [/ermission/, /another directory/], { run: nobody });
	const state = await usedState();
	chmodSync(state, 0o777);
	chmodSync(join(state, "tactus.db.lock"), 0o666);
	chmodSync(join(state, "tactus.db"), 0o444);
	await failsToStart({ state }, [/tactus\.db/, /ermission|cannot be written/], { run: nobody });
});

/** A small disk of its own, or undefined where that can't be had. */
function smallDisk(options) {
	const place = freshPlace();
	if (!root || spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", place]).status !== 0)
		return undefined;
	mounts.push(place);
	return place;
}
const can_mount = smallDisk("size=1m") !== undefined;
const no_mount = !can_mount && "mounting is not allowed here";

test("a read-only disk, a full one", { skip: no_mount }, async () => {
	const read_only = smallDisk("size=1m,ro");
	await failsToStart({ state: join(read_only, "state") }, [/[Rr]ead-only/, /writable/]);
	const full = smallDisk("size=16k");
	writeFileSync(join(full, "fill"), Buffer.alloc(12288));
	await failsToStart({ state: full }, [/full|No space/, /free some space/]);
});

/* ---- while it runs ----------------------------------------------------------------- */

function fill(place) {
	for (const size of [65536, 4096, 512])
		try {
			for (let i = 0; i < 10000; i++)
				writeFileSync(join(place, `fill-${size}-${i}`), Buffer.alloc(size));
		} catch { /* that was the last of that size */ }
}

const unfill = (place) => spawnSync("sh", ["-c", `rm -f "${place}"/fill-*`]);

test("the disk fills up: storage, with words; the tempo, and who is in, go on; space is all it takes", { skip: no_mount, timeout: 60000 }, async () => {
	const place = smallDisk("size=4m");
	const box = await freshBox({ audio: false, state: join(place, "state") });
	const ann = await Phone.open(box.url);
	const { code } = await ann.create("Ann");
	const ben = await Phone.open(box.url);
	await ben.join(code);
	await ann.when((state) => state.participants.length === 2);
	fill(place);

	const before = structuredClone(ann.state);
	const eve = await Phone.open(box.url);
	/* A little room may be left in files that are there already. */
	let error = null;
	for (let i = 0; i < 3000 && !error; i++)
		error = await eve.create("Eve").then(() => null, (e) => e);
	checkError(error.answer, "storage", null, /full.*free some space/);
	checkError((await refused(ben.request("session.leave"))).answer, "storage", null, /free some space/);
	checkError((await refused(ann.request("tempo.handoff", { user_id: ben.state.you.user_id }))).answer, "storage", null);
	assert.equal(ben.state.participants.length, before.participants.length);
	assert.equal(ann.state.tempoState.controller_user_id, ann.state.you.user_id);

	await ann.request("tempo.set", { bpm: 141 });
	await ann.request("tempo.start");
	await ben.when((state) => state.tempoState.running && state.tempoState.bpm === 141);
	await ben.ping();
	/* A phone that wakes up finds back. */
	await ben.close();
	await ben.resume();
	assert.equal(ben.state.tempoState.bpm, 141);

	unfill(place);
	const fay = await Phone.open(box.url);
	await fay.join(code, "Fay");
	await ann.when((state) => state.participants.some((p) => p.display_name === "Fay"));
	assert.deepEqual(ann.holes, []);
	for (const phone of [ann, ben, eve, fay])
		await phone.close();
	await box.stop();
});

test("the disk stalls: tempo, ping and page are answered meanwhile; what must be durable waits", async () => {
	const stall = join(freshPlace(), "stall");
	const box = await freshBox({ audio: false, env: { LD_PRELOAD: preload("stalled_sync"), STALLED_SYNC: stall } });
	const ann = await Phone.open(box.url);
	const { code } = await ann.create("Ann");
	const ben = await Phone.open(box.url);
	await ben.join(code);
	const eve = await Phone.open(box.url);

	writeFileSync(stall, "");
	let durable = false;
	const created = eve.create("Eve").then(() => (durable = true));
	const handed = ann.request("tempo.handoff", { user_id: ann.state.you.user_id });
	const began = performance.now();
	await ann.request("tempo.set", { bpm: 90 });
	await ann.request("tempo.start");
	await ben.when((state) => state.tempoState.running);
	while (performance.now() - began < 2000) {
		await ben.ping();
		/* Also when the answer is that it begins just now. */
		await ann.request("tempo.set", { bpm: 60 + Math.floor((performance.now() - began) / 20) })
			.catch((error) => assert.equal(error.code, "too_late"));
		await ann.request("click.set", { volume: Math.floor((performance.now() - began) / 20) });
		assert.equal((await fetch(`${box.url}/healthz`)).status, 200);
		await sleep(50);
	}
	await ann.request("tempo.stop");
	/* All of that happened within the stall. */
	assert.equal(durable, false, "acknowledged before it can be on disk");
	assert.ok(existsSync(stall));
	rmSync(stall);
	await Promise.all([created, handed]);
	assert.equal(durable, true);
	for (const phone of [ann, ben, eve])
		await phone.close();
	await box.stop();
});

test("killed during a stall: what was acknowledged is there, tempo and all", async () => {
	const stall = join(freshPlace(), "stall");
	const box = await freshBox({ audio: false, env: { LD_PRELOAD: preload("stalled_sync"), STALLED_SYNC: stall } });
	const acknowledged = [];
	for (let round = 0; round < 4; round++) {
		const phones = await Promise.all([1, 2, 3].map(() => Phone.open(box.url)));
		for (const phone of phones)
			acknowledged.push({ ...await phone.create("Ann"), user: phone });
		writeFileSync(stall, "");
		const late = await Phone.open(box.url);
		let answered = false;
		late.create("Late").then(() => (answered = true), () => {});
		await sleep(30 * round);
		assert.equal(answered, false);
		await box.kill("tactusd");
		rmSync(stall);
		await box.start("tactusd");
		for (const { token, session_id, code } of acknowledged) {
			const phone = await Phone.open(box.url);
			assert.equal((await phone.request("session.resume", { token })).session_id, session_id);
			assert.equal(phone.state.session.code, code);
			await phone.close();
		}
	}
	await box.stop();
});

test("ended during a stall, then a reboot: the last that was acknowledged is in the table, and is not done again", async () => {
	const stall = join(freshPlace(), "stall");
	const box = await freshBox({ audio: false, env: { LD_PRELOAD: preload("stalled_sync"), STALLED_SYNC: stall } });
	const ann = await Phone.open(box.url);
	await ann.create("Ann");
	writeFileSync(stall, "");
	for (const bpm of [70, 71, 72, 73]) {
		await ann.request("tempo.set", { bpm }, `to ${bpm}`);
		await sleep(60);
	}
	await ann.request("click.set", { volume: 12 });
	/* What is there of people is on its way to the disk by now, and what comes waits. */
	await sleep(6000);
	await ann.request("ready.set", { ready: true });
	const ended = box.children.tactusd.stop(10000);
	await sleep(200);
	rmSync(stall);
	assert.equal(await ended, true);
	removeRegion(box.region);
	await box.start("tactusd");
	await ann.resume();
	assert.deepEqual([ann.state.tempoState.bpm, ann.state.click.volume], [73, 12]);
	assert.equal(ann.state.participants[0].ready, true);
	await ann.request("tempo.set", { bpm: 80 });
	for (const bpm of [70, 71, 72, 73])
		await ann.request("tempo.set", { bpm }, `to ${bpm}`);
	assert.equal(ann.state.tempoState.bpm, 80);
	await ann.close();
	await box.stop();
});

test("the disk errs for a while: none of it is acknowledged, then it works again, and all that was is there", async () => {
	const state = join(freshPlace(), "state");
	const box = await freshBox({ audio: false, state, env: { LD_PRELOAD: preload("failing_disk"), FAILING_DISK: `${state}:250:4:5:0:0:0` } });
	const acknowledged = [];
	const errors = [];
	for (let i = 0; i < 120; i++) {
		const phone = await Phone.open(box.url);
		await phone.create("Ann").then((ok) => acknowledged.push(ok), (error) => errors.push(error));
		await phone.close();
	}
	assert.ok(errors.length > 0, "the disk never failed");
	for (const error of errors)
		checkError(error.answer, "storage", null, /disk/);
	assert.ok(acknowledged.length > 20);
	await box.kill("tactusd");
	box.children.tactusd.how.env = {};
	await box.start("tactusd");
	const phone = await Phone.open(box.url);
	for (const { token, session_id } of acknowledged)
		assert.equal((await phone.request("session.resume", { token })).session_id, session_id);
	await phone.close();
	await box.stop();
});

test("after an error of the disk phones see what the table has, whichever that is", { timeout: 120000 }, async () => {
	let failed = 0;
	for (let first = 8; first < 44; first++) {
		const state = join(freshPlace(), "state");
		const box = await startBox({ audio: false, state });
		const again = async (env) => {
			await box.children.tactusd.stop();
			box.children.tactusd.how.env = env;
			await box.start("tactusd");
		};
		try {
			const ann = await Phone.open(box.url);
			await ann.create("Ann");
			/* Where opening fails it does not start, which others test. */
			const began = again({ LD_PRELOAD: preload("failing_disk"), FAILING_DISK: `${state}:${first}:1:5:0:0:0` })
				.then(() => ann.resume());
			if (!await began.then(() => true, () => false))
				continue;
			let error;
			for (let i = 0; i < 12 && !error; i++)
				error = await (i % 2 ? ann.request("profile.set", { display_name: `Ann ${i}` })
					: ann.request("role.assign", { slot_id: ann.state.slots[i].id })).then(() => undefined, (e) => e);
			if (error)
				assert.equal(error.code, "storage");
			failed += error ? 1 : 0;
			const stored = async () => {
				await ann.request("session.resume", { token: ann.token });
				const { participants, roleAssignments } = ann.state;
				return [participants.map((p) => [p.display_name, p.slots]), roleAssignments];
			};
			const seen = await stored();
			await again({});
			await ann.resume();
			assert.deepEqual(seen, await stored(), `the ${first}th call failed`);
			await ann.close();
		} finally {
			await box.stop();
		}
	}
	assert.ok(failed > 5, `${failed} requests met the error`);
});

test("a session that the table has lost is session_unknown", async () => {
	const box = await freshBox({ audio: false });
	const ann = await Phone.open(box.url);
	await ann.create("Ann");
	await box.children.tactusd.stop();
	assert.equal(spawnSync("sqlite3", [join(box.state, "tactus.db"), "DELETE FROM tempo_state"]).status, 0);
	await box.start("tactusd");
	checkError((await refused(ann.resume())).answer, "session_unknown", null);
	await ann.close();
	await box.stop();
});

test("no JACK: the daemon runs, says so, and everything but the sound works", async () => {
	const box = await freshBox({ audio: false });
	const ann = await Phone.open(box.url);
	await ann.create("Ann");
	assert.equal(ann.state.click.audio, "none");
	assert.equal(ann.state.click.on_air, true);
	await ann.request("tempo.start");
	await ann.request("click.test");
	assert.equal((await (await fetch(`${box.url}/healthz`)).json()).audio, "none");
	await ann.close();
	await box.stop();
});
