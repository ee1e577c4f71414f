/*
 * proxy.mjs - a bad network: a TCP proxy on 127.0.0.1 that delays each piece at
 * random, each way by itself, in order (as TCP does), and can go dead, deaf, half
 * open, or break.
 */
import { connect, createServer } from "node:net";

/** A small seeded generator (mulberry32), so that a failing run can be had again. */
export function random(seed) {
	let a = seed >>> 0;
	return () => {
		a = (a + 0x6d2b79f5) >>> 0;
		let t = Math.imul(a ^ (a >>> 15), a | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

/**
 * A queue that lets each thing go after a delay of its own, never out of order.
 * @template T
 * @param {() => number} delay_ms
 * @param {(thing: T) => void} release
 */
export function delayed(delay_ms, release) {
	/** @type {{at: number, thing: T}[]} */
	const queue = [];
	const pump = () => {
		while (queue.length && queue[0].at - performance.now() < 0.5)
			release(/** @type {{thing: T}} */ (queue.shift()).thing);
		if (queue.length)
			setTimeout(pump, queue[0].at - performance.now());
	};
	return (/** @type {T} */ thing) => {
		const at = performance.now() + delay_ms();
		queue.push({ at: Math.max(at, queue.at(-1)?.at ?? 0), thing });
		if (queue.length === 1)
			pump();
	};
}

/**
 * @param {number} target port on 127.0.0.1
 * @param {{up?: [number, number], down?: [number, number], seed?: number}} [how] delays, ms
 */
export async function startProxy(target, how = {}) {
	const rnd = random(how.seed ?? 1);
	const between = ([low, high] = [0, 0]) => low + (high - low) * rnd();
	let dead = false;
	let deaf = false;
	/** What was sent meanwhile; TCP repeats it when the network is back. @type {(() => void)[]} */
	const held = [];
	/** @type {Set<import("node:net").Socket>} */
	const sockets = new Set();
	/** Those that nothing comes through any more. @type {Set<import("node:net").Socket>} */
	const forgotten = new Set();
	const server = createServer({ noDelay: true }, (phone) => {
		const box = connect({ port: target, host: "127.0.0.1", noDelay: true });
		const pass = (from, to, range) => {
			const deliver = (piece) => !(deaf && from === box) && !forgotten.has(from) && to.writable && (piece ? to.write(piece) : to.end());
			const put = delayed(() => between(range), (piece) => dead ? held.push(() => deliver(piece)) : deliver(piece));
			from.on("data", put);
			from.on("end", () => put(null));
			from.on("error", () => to.destroy());
			from.on("close", () => sockets.delete(from));
			sockets.add(from);
		};
		pass(phone, box, how.up);
		pass(box, phone, how.down);
	});
	await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
	const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
	return {
		port,
		url: `http://127.0.0.1:${port}`,
		/** Nothing comes through any more, and nobody is told: a phone out of reach. */
		dead(yes = true) {
			dead = yes;
			if (!dead)
				for (const deliver of held.splice(0))
					deliver();
		},
		/** What the box says is lost; what the phone says comes through. */
		deaf(yes = true) {
			deaf = yes;
		},
		/** The connections that are there are forgotten, as by an access point that was restarted: they look open, and lead nowhere. */
		forget() {
			for (const socket of sockets)
				forgotten.add(socket);
		},
		/** All connections break, and both ends hear of it. */
		cut() {
			for (const socket of sockets)
				socket.destroy();
		},
		stop() {
			for (const socket of sockets)
				socket.destroy();
			return new Promise((resolve) => server.close(() => resolve(undefined)));
		},
	};
}
