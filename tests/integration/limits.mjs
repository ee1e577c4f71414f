/*
 * sanitizers: no
 *
 * What no phone can take from the others: memory, time, places.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import WebSocket from "ws";

import { startBox } from "../lib/box.mjs";
import { preload } from "../lib/daemon.mjs";
import { Phone } from "../lib/phone.mjs";
import { exchange, request, upgrade } from "../lib/raw_http.mjs";
import { checkMerged, look, openEye, refuses, shared } from "../lib/refusal.mjs";

const box = await startBox({ audio: false });
after(() => box.stop());

const ann = await Phone.open(box.url);
const { code } = await ann.create("Ann");
const ben = await Phone.open(box.url);
await ben.join(code, "Ben");

/** The daemon's private memory, KiB. */
function privateKib(of = box) {
	const rollup = readFileSync(`/proc/${of.pids.tactusd}/smaps_rollup`, "utf8");
	return [...rollup.matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB/gm)].reduce((sum, [, kib]) => sum + Number(kib), 0);
}

/** That many changes of state, a window of them under way at once. */
async function change(count, window = 100, md = ann) {
	for (let done = 0; done < count; done += window)
		await Promise.all([...Array(window)].map((_, i) => md.request("tempo.set", { bpm: 60 + (done + i) % 100 })));
}

/* A phone keeps all it hears; so much is not needed here. */
const forget = (phone) => (phone.heard.length = 0);

test("a burst of requests: no answer comes ahead of the state that it speaks of", async () => {
	const dee = await Phone.open(box.url);
	await dee.create("Dee");
	const ahead = [];
	dee.on("message", (message) => {
		if (message.type === "ok" && message.revision > dee.state.revision)
			ahead.push(`${message.revision} answered, ${dee.state.revision} told`);
	});
	await Promise.all([...Array(240)].map((_, i) => dee.request("tempo.set", { bpm: 30 + i % 200 })));
	assert.deepEqual(ahead, []);
	assert.equal(dee.state.tempoState.bpm, 30 + 239 % 200);
	await dee.close();
});

test("a phone that never reads: memory stays bounded, the others are served, and it is caught up or closed", async () => {
	const slow = await Phone.open(box.url);
	await slow.join(code, "Slow");
	const gone = new Promise((resolve) => slow.once("close", resolve));
	/* What is kept of so many requests is there already. */
	for (let i = 0; i < 9; i++) {
		await change(1000);
		forget(ann), forget(ben), forget(slow);
	}
	const before = privateKib();
	slow.ws._socket.pause();
	let most = before;
	for (let i = 0; i < 20; i++) {
		await change(1000);
		most = Math.max(most, privateKib());
		forget(ann), forget(ben);
	}
	/* SQLite's cache of pages, which fills with answers, takes 2 MB of it; 20,000 states are 10 MB. */
	assert.ok(most - before < 4096, `the daemon grew by ${most - before} KiB`);
	await ben.when((state) => state.revision === ann.state.revision);
	assert.deepEqual(ben.holes, []);

	/* Reading again, it comes to what all have, by a fresh welcome, or it was closed and resumes. */
	const heard = slow.heard.length;
	slow.ws._socket.resume();
	const caught_up = slow.when((state) => state.revision === ann.state.revision, 8000).then(() => "caught up");
	if (await Promise.race([caught_up.catch(() => "closed"), gone.then(() => "closed")]) === "closed")
		await slow.resume();
	else
		assert.ok(slow.heard.slice(heard).some((h) => h.message.type === "welcome"));
	assert.deepEqual(slow.holes, []);
	assert.deepEqual(shared(slow.state), shared(await look(slow)));
	await slow.request("session.leave");
	await slow.close();
});

test("phones that read late learn that they have left, that the session is closed", async () => {
	const md = await Phone.open(box.url);
	const evening = await md.create("Dot");
	const gone = await Phone.open(box.url);
	await gone.join(evening.code, "Gone");
	const [gone_eye, slow] = [await openEye(box, gone.token), await Phone.open(box.url)];
	await slow.join(evening.code, "Slow");
	for (const phone of [gone_eye, slow])
		phone.ws._socket.pause();
	for (let i = 0; i < 20; i++) {
		await change(1000, 100, md);
		forget(md), forget(gone);
	}
	await gone.request("session.leave");
	await change(1000, 100, md);
	const at_leaving = md.state.revision;
	await md.request("session.close");
	for (const phone of [gone_eye, slow])
		phone.ws._socket.resume();
	await slow.when((state) => state.session.active === false);
	assert.equal(slow.state.tempoState.running, false);
	await gone_eye.when((state) => state.participants.every((one) => one.display_name !== "Gone"));
	/* They were slow enough to miss some, and have heard the end of it all the same. */
	for (const phone of [gone_eye, slow])
		assert.ok(phone.holes.length > 0 && phone.heard.length < 20000);
	assert.ok(gone_eye.state.revision < at_leaving);
	for (const phone of [md, gone, gone_eye, slow])
		await phone.close();
});

test("a phone that asks and never reads the answers is closed", async () => {
	const greedy = await Phone.open(box.url);
	const before = privateKib();
	greedy.ws._socket.pause();
	const text = JSON.stringify({ id: "g", type: "clock.ping", t0: "x".repeat(60000) });
	/* Some 60 MB of answers. */
	for (let i = 0; i < 1000 && greedy.ws.readyState === WebSocket.OPEN; i++) {
		greedy.send_raw(text);
		if (i % 50 === 0)
			await sleep(5);
	}
	await sleep(500);
	assert.ok(privateKib() - before < 8192, `the daemon grew by ${privateKib() - before} KiB`);
	await ann.ping();
	const gone = new Promise((resolve) => greedy.once("close", resolve));
	greedy.ws._socket.resume();
	await Promise.race([gone, sleep(8000).then(() => assert.fail("still open"))]);
});

test("a burst of 200 requests is answered whole, in order", async () => {
	const phone = await Phone.open(box.url);
	phone.ws._socket.cork();
	const asked = [...Array(200)].map(() => phone.ping());
	phone.ws._socket.uncork();
	assert.equal((await Promise.all(asked)).length, 200);
	await phone.close();
});

test("a flood of pings from one keeps no other waiting", async () => {
	const flooder = await Phone.open(box.url);
	let over = false;
	let answered = 0;
	const flood = (async () => {
		while (!over) {
			await Promise.all([...Array(50)].map(() => flooder.ping()));
			answered += 50;
		}
	})();
	const rounds = [];
	for (let i = 0; i < 100; i++)
		rounds.push((await ben.ping()).rtt_ms);
	over = true;
	await flood;
	rounds.sort((a, b) => a - b);
	assert.ok(answered >= 1000, `${answered} pings`);
	/* Fair turns: a round trip is a few of the flooder's batches, not seconds. */
	assert.ok(rounds[95] < 500, `p95 ${rounds[95]} ms`);
	await flooder.close();
});

test("WebSocket pings in a flood, and frames of no bytes: the daemon neither grows nor stops", async () => {
	const before = privateKib();
	const flooder = await Phone.open(box.url);
	flooder.ws.on("error", () => {});
	for (let i = 0; i < 20000 && flooder.ws.readyState === WebSocket.OPEN; i++) {
		flooder.ws.ping("x".repeat(100));
		if (i % 500 === 0)
			await sleep(1);
	}
	for (let i = 0; i < 2000 && flooder.ws.readyState === WebSocket.OPEN; i++)
		flooder.send_raw("", { fin: false });
	await ann.ping();
	assert.ok(privateKib() - before < 4096, `the daemon grew by ${privateKib() - before} KiB`);
	flooder.terminate();
});

test("sessions come and go, phones come and go: nothing piles up that a phone holds", async () => {
	const round = async (count) => {
		for (let i = 0; i < count; i++) {
			const phone = await Phone.open(box.url);
			await phone.request("session.resume", { token: ben.token });
			phone.terminate();
		}
	};
	await round(100);
	const before = privateKib();
	await round(500);
	assert.ok(privateKib() - before < 2048, `500 resumes left ${privateKib() - before} KiB`);
	await ann.ping();
});

/** A box whose disk stalls while the file `stall` is there. */
async function stallable(t) {
	const dir = mkdtempSync(join(tmpdir(), "tactus-stall-"));
	const stall = join(dir, "stall");
	const slow_disk = await startBox({ audio: false, env: { LD_PRELOAD: preload("stalled_sync"), STALLED_SYNC: stall } });
	t.after(async () => {
		rmSync(dir, { recursive: true, force: true });
		await slow_disk.stop();
	});
	return { slow_disk, stall };
}

test("a flood of requests while the disk stalls: few wait, the rest is told so, and others are served", async (t) => {
	const { slow_disk, stall } = await stallable(t);
	const md = await Phone.open(slow_disk.url);
	const { token } = await md.create("Ann");
	const eve = await Phone.open(slow_disk.url);
	const codes = {};
	eve.receive = (text) => {
		const { type, re, code } = JSON.parse(text);
		if (re?.startsWith("flood"))
			codes[code ?? type] = (codes[code ?? type] ?? 0) + 1;
	};
	const before = privateKib(slow_disk);
	writeFileSync(stall, "");
	await md.request("tempo.set", { bpm: 59 }); /* its noting stalls */
	await sleep(50);
	for (let i = 0; i < 50000; i++) {
		eve.send_raw(JSON.stringify({ id: `flood${i}`, type: "session.resume", token }));
		if (i % 5000 === 0) {
			await md.request("tempo.set", { bpm: 60 + i / 5000 });
			assert.ok((await md.ping()).rtt_ms < 1000);
		}
	}
	const deadline = Date.now() + 30000;
	while (codes.busy !== 50000 - 32 && Date.now() < deadline)
		await sleep(20);
	assert.deepEqual(codes, { busy: 50000 - 32 });
	assert.ok(existsSync(stall));
	assert.ok(privateKib(slow_disk) - before < 4096, `the daemon grew by ${privateKib(slow_disk) - before} KiB`);
	rmSync(stall);
	while (codes.ok !== 32 && Date.now() < deadline)
		await sleep(20);
	assert.deepEqual(codes, { busy: 50000 - 32, ok: 32 });
	/* Those that are answered count no more. */
	await eve.close();
	await md.request("session.resume", { token });
	await md.close();
});

test("many phones while the disk stalls: all together hold a few thousand requests", async (t) => {
	const { slow_disk, stall } = await stallable(t);
	const md = await Phone.open(slow_disk.url);
	const { token } = await md.create("Ann");
	writeFileSync(stall, "");
	await md.request("tempo.set", { bpm: 59 }); /* its noting stalls */
	await sleep(50);
	const crowd = await Promise.all([...Array(150)].map(() => Phone.open(slow_disk.url)));
	const asked = crowd.flatMap((phone) => [...Array(32)].map(() => phone.request("session.resume", { token }).then(() => "ok", (error) => error.code)));
	await md.ping();
	await sleep(1000);
	rmSync(stall);
	const answers = await Promise.all(asked);
	const refused = answers.filter((answer) => answer === "busy").length;
	assert.equal(answers.filter((answer) => answer === "ok").length + refused, 4800);
	assert.ok(refused >= 4800 - 4096 && refused < 4800 - 4000, `${refused} refused`);
	for (const phone of [md, ...crowd])
		phone.terminate();
});

test("session_full: 200 people; one who is in it comes in, a claim does, and one who leaves makes a place", async () => {
	const md = await Phone.open(box.url);
	const { code } = await md.create("Dot");
	const [ben_too, eye] = [await Phone.open(box.url), await openEye(box, md.token)];
	await ben_too.join(code, "Ben");
	/* A socket may join many times: each time it is another person. */
	const eve = await Phone.open(box.url);
	await eve.ping();
	const tokens = [];
	for (let i = 3; i <= 200; i++)
		tokens.push((await eve.join(code, `Eve ${i}`)).token);
	assert.equal(eve.state.participants.length, 200);
	await refuses(eye, () => eve.join(code, "Eve 201"), "session_full", null, /200 people/);
	const stranger = await Phone.open(box.url);
	await stranger.create("Gil");
	await refuses(eye, () => stranger.request("session.join", { code, display_name: "Gil", token: stranger.token }), "session_full", null);

	/* Who is in already. */
	const again = await Phone.open(box.url);
	assert.equal((await again.request("session.resume", { token: tokens[7] })).session_id, md.state.session.id);
	await again.request("session.join", { code, display_name: "Ben", token: ben_too.token });
	assert.equal(again.state.you.user_id, ben_too.state.you.user_id);
	const fay = await Phone.open(box.url);
	await fay.request("session.claim", { code, display_name: "Fay" });
	assert.equal(fay.state.participants.length, 201);

	/* One who has left has no place any more. */
	await again.request("session.leave");
	await refuses(eye, () => stranger.join(code, "Gil"), "session_full", null);
	await md.request("session.leave");
	await stranger.join(code, "Gil");
	assert.equal(stranger.state.participants.length, 200);
	for (const phone of [md, ben_too, eye, eve, stranger, again, fay])
		await phone.close();
});

test("a welcome above every bound gets out, and so does what follows it", async (t) => {
	const crowded = await startBox({ audio: false });
	t.after(() => crowded.stop());
	const md = await Phone.open(crowded.url);
	const { code, session_id } = await md.create("Ann");
	await crowded.children.tactusd.stop();
	/* As an older box left it, or many claims. */
	const made = spawnSync("sqlite3", [join(crowded.state, "tactus.db")], { encoding: "utf8", input: `
		CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
			SELECT i, format('00000000-0000-4000-8000-%012d', i) AS id FROM n;
		INSERT INTO user SELECT id, 'a name of some length ' || i, 1, 1 FROM n;
		INSERT INTO participant (session_id, user_id, join_time, last_heartbeat) SELECT '${session_id}', id, 1, 1 FROM n;` });
	assert.equal(made.status, 0, made.stderr);
	await crowded.start("tactusd");
	await md.resume();
	assert.equal(md.state.participants.length, 6001);
	assert.ok(JSON.stringify(md.state).length > 1 << 20);
	const fay = await Phone.open(crowded.url);
	await fay.request("session.claim", { code, display_name: "Fay" });
	await md.when((state) => state.session.md_user_id === fay.state.you.user_id);
	/* Many such states at once are more than a wire takes: a welcome makes up for them. */
	const crowd = await Promise.all([...Array(8)].map(() => Phone.open(crowded.url)));
	await Promise.all(crowd.map((phone) => phone.request("session.claim", { code, display_name: "Gil" })));
	await md.when((state) => state.participants.length === 6010);
	assert.deepEqual(md.holes, []);
	for (const phone of [md, fay, ...crowd])
		await phone.close();
});

/** A WebSocket opened by hand: as light as it can be. */
const openBare = () => new Promise((resolve) => {
	const socket = connect(box.port, "127.0.0.1", () => socket.write(request("GET /ws HTTP/1.1", upgrade(box))));
	socket.once("data", (bytes) => resolve({ socket, ok: String(bytes).startsWith("HTTP/1.1 101") }));
	socket.once("close", () => resolve({ socket, ok: false }));
	socket.on("error", () => {});
});

test("more phones than there are places: those inside go on, and places come free again", async () => {
	const wires = async () => (await (await fetch(`${box.url}/healthz`)).json()).phones;
	const before = await wires();
	const bare = [];
	for (let i = 0; i < 21; i++)
		bare.push(...await Promise.all([...Array(50)].map(openBare)));
	assert.ok(bare.length > 1000);
	await sleep(100);
	assert.ok(await wires() <= 1000);
	assert.ok(bare.filter((one) => one.ok).length >= 900);
	await ann.request("tempo.set", { bpm: 99 });
	await ben.when((state) => state.tempoState.bpm === 99);
	for (const { socket } of bare)
		socket.destroy();
	const deadline = Date.now() + 10000;
	while (await wires() > before && Date.now() < deadline)
		await sleep(50);
	assert.equal(await wires(), before);
	const late = await Phone.open(box.url);
	await late.join(code, "Late");
	await late.close();
});

test("after all that every phone has what a newcomer is told", async () => {
	const eye = await openEye(box, ann.token);
	await checkMerged(eye, [ann, ben]);
	assert.equal((await exchange(box, request("GET /healthz HTTP/1.1", { Host: `127.0.0.1:${box.port}` }))).status, 200);
	for (const phone of [ann, ben, eye])
		await phone.close();
});
