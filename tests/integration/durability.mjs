/*
 * Ten thousand acknowledged writes and two hundred kills (-9) of the daemon at random moments: of what
 * was acknowledged nothing is lost, and what was asked again, because its answer was lost, is there
 * once. Six connections of two music directors write, many requests under way at a time.
 *
 *     SEED=7 KILLS=20 WRITES=1000 node --test tests/integration/durability.mjs
 *
 * timeout: 600 s
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { checkDatabase, sqlite } from "../lib/band.mjs";
import { startBox } from "../lib/box.mjs";
import { Phone, Refused } from "../lib/phone.mjs";
import { random } from "../lib/proxy.mjs";

const KILLS = Number(process.env.KILLS ?? 200);
const WRITES = Number(process.env.WRITES ?? 10000);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const UNDER_WAY = 20;
const SONGS_MAX = 4900; /* of 5000 */
const ITEMS_EACH = 190; /* of 200 a setlist */

const rnd = random(SEED);
const between = (low, high) => low + (high - low) * rnd();

const box = await startBox({ audio: false });
after(() => box.stop());

/** What was asked for, under which id, and the answer, as soon as there is one.
 * @typedef {{id: string, type: string, fields: any, sent: number, answer?: any}} Write */

/** How many were acknowledged, since the beginning and since the daemon was last started. */
let acknowledged = 0;
let of_this_life = 0;
let numbers = 0;
let songs = 0;
let over = false;
/** @type {Set<() => void>} */
const watching = new Set();

class Writer {
	/** @param {string} name @param {string} token of the MD */
	constructor(name, token, song_id) {
		this.name = name;
		this.phone = new Phone(box.url, { heartbeat_ms: 0 });
		this.phone.token = token;
		this.song_id = song_id;
		/** @type {Write[]} */
		this.writes = [];
		/** Those without an answer. @type {Set<Write>} */
		this.open = new Set();
		/** The setlist that is being filled. @type {Write | null} */
		this.setlist = null;
		this.items = 0;
	}

	/** The next thing to write; nobody wrote it before. Null: its setlist is not there yet. @returns {Write | null} */
	next() {
		const label = `${this.name}-${++numbers}`;
		const of = (type, fields) => ({ id: label, type, fields, sent: 0 });
		if (!this.setlist || this.items === ITEMS_EACH) {
			this.items = 0;
			return (this.setlist = of("setlist.create", { title: label }));
		}
		if (songs < SONGS_MAX && (!this.setlist.answer || rnd() < 0.4)) {
			songs++;
			return of("song.create", { title: label, default_bpm: Math.floor(between(30, 261)) });
		}
		if (!this.setlist.answer)
			return null;
		this.items++;
		/* Eight characters that are this item's own. */
		return of("setlist.item.add", { setlist_id: this.setlist.answer.setlist_id, song_id: this.song_id, key_override: numbers.toString(36).padStart(8, "0") });
	}

	/** Sends it, and takes the answer down. @param {Write} write */
	send(write) {
		this.open.add(write);
		write.sent++;
		this.phone.request(write.type, write.fields, write.id).then((answer) => {
			write.answer = answer;
			this.open.delete(write);
			acknowledged++;
			of_this_life++;
			for (const look of watching)
				look();
			this.fill();
		}, (error) => {
			/* A broken line: asked again when it is back. Nothing may be refused. */
			if (error instanceof Refused)
				this.fault = error;
		});
	}

	fill() {
		while (!over && this.phone.ws.readyState === 1 && this.open.size < UNDER_WAY && !this.fault) {
			const write = this.next();
			if (!write)
				break;
			this.writes.push(write);
			this.send(write);
		}
	}

	/** Comes back and asks again what had no answer, in the same order. */
	async comeBack() {
		for (let tries = 0; ; tries++)
			try {
				await this.phone.resume();
				break;
			} catch (error) {
				/* It was killed again, or is not up yet. */
				if (error instanceof Refused || tries > 2000)
					throw error;
				await sleep(5);
			}
		this.phone.heard.length = 0;
		for (const write of [...this.open])
			this.send(write);
		this.fill();
	}

	/** Keeps coming back until all is over. */
	async work() {
		while (!this.fault && !(over && this.open.size === 0)) {
			await this.comeBack();
			const gone = new Promise((resolve) => this.phone.ws.once("close", resolve));
			if (this.phone.ws.readyState === 1)
				await Promise.race([gone, this.idle()]);
		}
		if (this.fault)
			throw this.fault;
	}

	/** When all is over and answered. */
	async idle() {
		while (!(over && this.open.size === 0) && !this.fault)
			await sleep(20);
	}
}

/** Resolves at so many acknowledgements of this life, or a little later in any case. */
const reached = (count) => new Promise((resolve) => {
	const end = () => {
		watching.delete(look);
		clearTimeout(timer);
		resolve(undefined);
	};
	const look = () => of_this_life >= count && end();
	const timer = setTimeout(end, 15000);
	watching.add(look);
});

/** That many kills: most while answers flow, some while it starts. */
async function killer() {
	for (let kill = 0; !over && (kill < KILLS || acknowledged < WRITES); kill++) {
		/* Enough each time that there are that many in the end. */
		const share = Math.max(50, (WRITES - acknowledged) / Math.max(1, KILLS - kill));
		if (kill % 5 === 4)
			await sleep(between(0, 40));
		else {
			await reached(between(0.1, 2.4) * share);
			await sleep(between(0, 8));
		}
		await box.kill("tactusd");
		of_this_life = 0;
		box.children.tactusd.start();
	}
}

test(`${WRITES} writes, ${KILLS} kills (seed ${SEED}): none lost, none doubled`, { timeout: 580000 }, async (t) => {
	const began = performance.now();
	/** @type {Writer[]} */
	const writers = [];
	for (const session of ["a", "b"]) {
		const md = await Phone.open(box.url);
		await md.create(session);
		const { song_id } = await md.request("song.create", { title: `The song of ${session}` });
		writers.push(...[1, 2, 3].map((i) => new Writer(`${session}${i}`, md.token, song_id)));
		await md.close();
	}
	const at_work = Promise.all(writers.map((writer) => writer.work()));
	/* A writer that fails ends all of it. */
	const killing = killer();
	await Promise.race([killing, at_work]).finally(() => (over = true));
	await Promise.all([killing, at_work]);

	const writes = writers.flatMap((writer) => writer.writes);
	const repeated = writes.filter((write) => write.sent > 1).length;
	t.diagnostic(`${writes.length} acknowledged, ${repeated} of them asked for more than once; ${((performance.now() - began) / 1000).toFixed(0)} s`);
	assert.ok(writes.length >= WRITES);
	assert.ok(writes.every((write) => write.answer?.type === "ok"));
	assert.ok(repeated > KILLS / 10, "hardly any answer was lost: the kills came at odd moments");
	for (const writer of writers)
		assert.deepEqual(writer.phone.holes, []);

	/* Told by the box. */
	const phone = writers[0].phone;
	const listed = [];
	for (let total = 1; listed.length < total;) {
		const page = await phone.request("song.list", { limit: 200, offset: listed.length });
		total = page.total;
		listed.push(...page.songs);
	}
	const asked = (type) => writes.filter((write) => write.type === type);
	const pairs = (rows) => rows.map((row) => row.join(" ")).sort();
	assert.deepEqual(pairs(listed.filter((song) => !song.title.startsWith("The song")).map((song) => [song.id, song.title, song.default_bpm])),
		pairs(asked("song.create").map(({ answer, fields }) => [answer.song_id, fields.title, fields.default_bpm])));

	/* And by the tables. */
	await Promise.all(writers.map((writer) => writer.phone.close()));
	assert.equal(await box.children.tactusd.stop(10000), true);
	assert.deepEqual(pairs(sqlite(box, "SELECT id, title FROM setlist").map((row) => [row.id, row.title])),
		pairs(asked("setlist.create").map(({ answer, fields }) => [answer.setlist_id, fields.title])));
	assert.deepEqual(pairs(sqlite(box, "SELECT setlist_id, key_override FROM setlist_item").map((row) => [row.setlist_id, row.key_override])),
		pairs(asked("setlist.item.add").map(({ answer, fields }) => [answer.setlist_id, fields.key_override])));
	assert.deepEqual(sqlite(box, "SELECT setlist_id FROM setlist_item GROUP BY setlist_id HAVING max(position) <> count(*) - 1"), []);
	checkDatabase(box);
});
