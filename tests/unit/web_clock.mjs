/*
 * The page's clock under the network that FACTS-like phones have: 0-80 ms of
 * random delay each way by itself, crystals up to 200 ppm apart, timers rounded
 * to 0.1 ms. What is checked: the error itself, that the bound told is a bound,
 * that time never goes back, and what a sleeping phone does to it.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { random } from "../lib/proxy.mjs";
import { Clock, ping_gap_ms } from "../../web/box/clock.js";

const EPOCH = 1790000000000;

/** A phone, a box and the air between, all simulated: `true_box(t)` is what the phone tries to know. */
function world({ seed, ppm = 0, delay = () => 0, grain = 0.1 }) {
	const rnd = random(seed);
	const offset = EPOCH + rnd() * 1e6;
	const true_box = (t) => offset + t * (1 + ppm * 1e-6);
	const round = (t) => grain ? Math.floor(t / grain) * grain : t;
	return {
		true_box,
		/** One ping sent at our time t; when its answer is here. */
		ping(clock, t) {
			const up = delay(rnd, "up"), down = delay(rnd, "down"), work = 0.02;
			const t3 = t + up + work + down;
			return { t3, take: () => clock.add(round(t), true_box(t + up), true_box(t + up + work), round(t3)) };
		},
	};
}

/** Pings as the page does; `before` is called ahead of each answer, `after` behind it, in the order of arrival. */
function run(clock, air, seconds, { before = () => {}, after = () => {} } = {}) {
	/** @type {{t3: number, take: () => void}[]} */
	const flying = [];
	for (let t = 0, sent = 0; t < seconds * 1000; t += ping_gap_ms(++sent, clock.error_ms)) {
		for (; flying.length && flying[0].t3 <= t; flying.shift()) {
			before(flying[0].t3);
			flying[0].take();
			after(flying[0].t3);
		}
		flying.push(air.ping(clock, t));
		flying.sort((a, b) => a.t3 - b.t3);
	}
}

const p95 = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length * 0.95)];
const uniform = (rnd) => 80 * rnd();

describe("clock", () => {
	for (const ppm of [-200, -30, 0, 30, 200])
		test(`0-80 ms each way, ${ppm} ppm: within its own bound, p95 small`, (t) => {
			const errors = { burst: [], ten_s: [], minute: [], later: [] };
			for (let seed = 1; seed <= 60; seed++) {
				const air = world({ seed, ppm, delay: uniform });
				const clock = new Clock();
				run(clock, air, 170, { after(now) {
					if (!clock.ready)
						return;
					const exact = clock.line.offset + clock.origin + now;
					assert.ok(Math.abs(exact - air.true_box(now)) <= clock.error_ms + 0.2,
						`seed ${seed} at ${now}: ${exact - air.true_box(now)} over the bound ${clock.error_ms}`);
					const error = Math.abs(clock.box(now) - air.true_box(now));
					const list = now < 1600 ? null : now < 5000 ? errors.burst : now < 15000 ? errors.ten_s :
						now < 60000 ? errors.minute : errors.later;
					list?.push(error);
				} });
			}
			const figures = Object.fromEntries(Object.entries(errors).map(([k, v]) => [k, p95(v).toFixed(2)]));
			t.diagnostic(`p95 of the error, ms: ${JSON.stringify(figures)}`);
			assert.ok(p95(errors.burst) < 6, figures.burst);
			assert.ok(p95(errors.ten_s) < 5, figures.ten_s);
			assert.ok(p95(errors.minute) < 4.5, figures.minute);
			assert.ok(p95(errors.later) < 4, figures.later);
		});

	test("asymmetric and bursty air: the bound holds", () => {
		const delay = (rnd, way) => (way === "up" ? 1 : 6) + (rnd() < 0.3 ? 60 * rnd() : 3 * rnd());
		for (let seed = 1; seed <= 30; seed++) {
			const air = world({ seed, ppm: 45, delay });
			const clock = new Clock();
			run(clock, air, 60, { after(now) {
				if (clock.ready)
					assert.ok(Math.abs(clock.line.offset + clock.origin + now - air.true_box(now)) <= clock.error_ms + 0.2);
			} });
			/* No one can tell a way that is always 5 ms longer; but no more than half of it may stay. */
			assert.ok(Math.abs(clock.box(60000) - air.true_box(60000)) < 3.6);
		}
	});

	test("a good network: within half a millisecond after the burst", () => {
		const air = world({ seed: 3, ppm: 20, delay: (rnd) => 0.4 + 0.5 * rnd() });
		const clock = new Clock();
		run(clock, air, 20, { after(now) {
			if (now > 2500)
				assert.ok(Math.abs(clock.box(now) - air.true_box(now)) < 0.5);
		} });
	});

	test("time never goes back, whatever arrives", () => {
		for (let seed = 1; seed <= 40; seed++) {
			const air = world({ seed, ppm: 200 - 10 * seed, delay: uniform });
			const clock = new Clock();
			let latest = -Infinity, from = null;
			run(clock, air, 40, { before(now) {
				if (!clock.ready)
					return;
				for (let at = from ?? now; at <= now; at += 1) {
					const box = clock.box(at);
					/* The clock heard of `now` rounded down by up to 0.1 ms, and may slow down by a few hundredths. */
					assert.ok(box >= latest - 0.01, `seed ${seed}: ${box - latest} ms at ${at}`);
					latest = box;
				}
				from = now;
			} });
		}
	});

	test("a phone whose clock stood still in its sleep is right again with its next pings", () => {
		const air = world({ seed: 9, ppm: 20, delay: (rnd) => 20 * rnd() });
		const clock = new Clock();
		run(clock, air, 60);
		const slept = 3600e3;
		for (let i = 0; i < 10; i++) {
			const t = 61000 + i * 40;
			clock.add(t, air.true_box(t + 4 + slept), air.true_box(t + 4 + slept), t + 9);
		}
		assert.ok(Math.abs(clock.box(62000) - air.true_box(62000 + slept)) < 10);
	});

	test("another clock_id voids what was known, the same one keeps it", () => {
		const air = world({ seed: 2 });
		const clock = new Clock();
		clock.identify("a");
		run(clock, air, 5);
		clock.identify("a");
		assert.ok(clock.ready);
		clock.identify("b");
		assert.ok(!clock.ready);
		assert.equal(clock.error_ms, Infinity);
		run(clock, world({ seed: 5 }), 5);
		assert.ok(clock.ready);
	});

	test("memory is bounded: no more than the window's seconds are kept", () => {
		const clock = new Clock();
		run(clock, world({ seed: 1 }), 1000);
		assert.ok(clock.uppers.length <= 182 && clock.lowers.length <= 182);
	});
});
