/*
 * sanitizers: no
 *
 * The disk stalls for two seconds while a whole band writes: what must be durable waits, and nothing
 * else does. The clock is told, the tempo moves, and the click does not notice.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { allAgree, checkDatabase, idOf, openBand, refusedBy } from "../lib/band.mjs";
import { startBox } from "../lib/box.mjs";
import { preload } from "../lib/daemon.mjs";
import { Ear } from "../lib/ear.mjs";
import { checkError } from "../lib/refusal.mjs";
import { startScore } from "../lib/score.mjs";

const PERIOD = 2048;
const STALL_MS = 2000;

const dir = mkdtempSync(join(tmpdir(), "tactus-stall-"));
after(() => rmSync(dir, { recursive: true, force: true }));
const stall = join(dir, "stall");

test("durable requests of every kind wait for the disk; pings, tempo and click don't", async (t) => {
	const box = await startBox({ period: PERIOD, env: { LD_PRELOAD: preload("stalled_sync"), STALLED_SYNC: stall } });
	const ear = await Ear.start(box.server);
	t.after(async () => {
		await ear.stop();
		await box.stop();
	});
	const band = await openBand(box, { members: ["Ben", "Cas", "Gil"], songs: ["One", "Two"], setlist: true });
	t.after(() => band.close());
	const { md, people: { Ben, Cas, Gil }, slots, songs, setlist_id } = band;
	await md.request("tempo.set", { bpm: 160 });
	const score = await startScore(md, ear, { bpm: 160, metre: "4/4" });

	writeFileSync(stall, "");
	const began = performance.now();
	/** @type {[import("../lib/phone.mjs").Phone, string, any][]} */
	const requests = [
		[Ben, "profile.set", { display_name: "Benny" }], [Ben, "role.assign", { slot_id: slots.bass }], [Ben, "role.clear", { slot_id: slots.drums }],
		[md, "role.assign", { slot_id: slots.choir, user_id: idOf(Cas), scope_type: "song", scope_song_id: songs.One }],
		[md, "song.create", { title: "New" }], [md, "song.update", { song_id: songs.Two, default_key: "G" }], [md, "song.import", { format: "csv", text: "title\nA\nB\n" }],
		[md, "setlist.create", { title: "Later", copy_of: setlist_id }], [md, "setlist.rename", { setlist_id, title: "Now" }],
		[md, "setlist.item.add", { song_id: songs.One }], [md, "setlist.item.update", { position: 0, bpm_override: 100 }],
		[md, "setlist.item.move", { position: 0, to: 1 }], [md, "setlist.item.remove", { position: 2 }], [md, "participant.remove", { user_id: idOf(Gil) }],
		[md, "session.renew_code", {}],
	];
	const answers = [];
	const all = Promise.all(requests.map(([phone, type, fields]) => phone.request(type, fields).then((answer) => answers.push({ type, answer }))));
	const slowest = { ping: 0, tempo: 0 };
	const timed = async (what, ask) => {
		const from = performance.now();
		const answer = await ask();
		slowest[what] = Math.max(slowest[what], performance.now() - from);
		return answer;
	};
	for (let bpm = 150; performance.now() - began < STALL_MS; bpm = bpm === 150 ? 170 : 150) {
		const { at_bar } = await timed("tempo", () => md.request("tempo.set", { bpm }));
		score.change(at_bar, bpm, "4/4");
		for (let i = 0; i < 10; i++) {
			await timed("ping", () => Cas.ping());
			await sleep(20);
		}
		await Ben.request("ptt.set", { state: "talking" });
		await Ben.request("ready.set", { ready: true });
		await Ben.request("ptt.set", { state: "idle" });
		await Cas.request("metrics.report", { rtt_ms: 10, jitter_ms: 2, packet_loss_pct: 0 });
		/* What plays next is known before it is disturbed again. */
		await md.when((state) => state.tempoState.pending === null);
		await Cas.when((state) => state.tempoState.bpm === bpm);
	}
	assert.ok(existsSync(stall));
	assert.deepEqual(answers, [], "acknowledged before it can be on disk");
	const stalled_ms = performance.now() - began;
	rmSync(stall);
	await all;
	assert.equal(answers.length, requests.length);

	await score.stop(md, ear);
	const heard = score.judge(ear, PERIOD);
	t.diagnostic(`${(stalled_ms / 1000).toFixed(1)} s of stall: ${JSON.stringify(heard)}; slowest answers in ms: ${JSON.stringify(slowest)}`);
	assert.ok(slowest.ping < STALL_MS / 2 && slowest.tempo < STALL_MS / 2, "they waited for the disk");
	await md.when((state) => state.setlist.title === "Now" && state.participants.length === 3);
	await allAgree(band.eye, [md, Ben, Cas]);
	assert.equal(await box.children.tactusd.stop(), true);
	checkDatabase(box);
});

test("what is neither permitted nor well formed need not wait, and holds no memory", async (t) => {
	const box = await startBox({ audio: false, env: { LD_PRELOAD: preload("stalled_sync"), STALLED_SYNC: stall } });
	t.after(() => box.stop());
	const band = await openBand(box, { members: ["Ben"] });
	t.after(() => band.close());
	const { Ben } = band.people;
	writeFileSync(stall, "");
	const waits = Ben.request("profile.set", { display_name: "Benny" });
	const lists = Array.from({ length: 20000 }, () => []);
	for (let i = 0; i < 64; i++)
		checkError((await refusedBy(Ben.request("song.import", { format: "json", text: lists }))).answer, "not_md", null);
	assert.ok(existsSync(stall));
	rmSync(stall);
	await waits;
});
