/*
 * Tapped starts over a network with 0 to 80 ms of random delay each way: how far the first click
 * lies off the next 1 of what was tapped, in the phone's true clock, over N seeds (20). Beside it
 * the usual way to set a clock, by the ping with the shortest round trip, from the very same pings.
 */
import { openHand, openRoom, tappedStart } from "../lib/tapping.mjs";
import { quantile, table } from "../lib/bench.mjs";

const N = Number(process.env.N ?? 20);
const TEMPI = [90, 120, 174];

const room = await openRoom();
try {
	const seeds = Array.from({ length: N }, (_, i) => i + 100);
	const hands = await Promise.all(seeds.map((seed) => openHand(room, seed)));
	const starts = [];
	for (const [i, hand] of hands.entries())
		starts.push(await tappedStart(room, hand, { bpm: TEMPI[i % TEMPI.length], time_signature: "4/4" }));
	const good = starts.filter((start) => start.steady);
	const row = (/** @type {string} */ name, /** @type {(s: typeof good[0]) => number} */ error) => {
		const off = good.map((start) => Math.abs(error(start)));
		const mean = off.reduce((a, b) => a + b, 0) / off.length;
		return [name, ...[mean, quantile(off, 0.5), quantile(off, 0.95), Math.max(...off)].map((ms) => ms.toFixed(2)),
			off.filter((ms) => ms > 2).length, off.filter((ms) => ms > 5).length];
	};
	const lost = good.length < N ? ` (in ${N - good.length} more the dummy driver lost time)` : "";
	table(`tapped starts: |error|, ms; ${good.length} seeds${lost}, ` +
		`${TEMPI.join(", ")} bpm, ${hands[0].pings.length} pings, 0-80 ms each way`, [
		["", "mean", "p50", "p95", "worst", "over 2", "over 5"],
		row("first click, as a finger feels it", (s) => s.error_ms),
		row("  of it the phone's clock", (s) => s.sync_ms),
		row("  of it box and click", (s) => s.click_ms),
		row("first click by minimum round trip", (s) => s.click_ms + s.minimum_rtt_sync_ms),
		row("  the clock by minimum round trip", (s) => s.minimum_rtt_sync_ms),
	]);
} finally {
	await room.stop();
}
process.exit(0);
