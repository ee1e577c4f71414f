/*
 * first_beat.mjs - how long it takes from opening the page in a remembered seat to the beat.
 *
 *     const { placed_ms, marked_ms, requests, frames } = await firstBeat(browser, box, { code, seat, slower: 4 });
 */

/** Notes when the dial says for the first time which beat of the bar it is. */
function watchDial() {
	new MutationObserver((_, watch) => {
		const digit = document.querySelector(".dial .digit");
		if (digit && /^\d+$/.test(digit.textContent ?? "")) {
			/* Drawn here, it is seen with this very frame. */
			requestAnimationFrame(() => /** @type {any} */ (window).placed ??= performance.now());
			watch.disconnect();
		}
	}).observe(document, { subtree: true, childList: true, characterData: true });
}

/**
 * Opens /join/CODE on a phone that has never had the page, in the seat that is remembered.
 * @param {any} browser @param {{port: number}} box
 * @param {{code: string, seat: object, slower?: number}} how slower: so many times, the CPU
 * @returns {Promise<{placed_ms: number, marked_ms: number, requests: string[], named: string[], reload: {placed_ms: number, marked_ms: number, fetched: [string, number][]}}>}
 *   ms from the start of the navigation: placed, the dial shows where in the bar we are; marked, the first beat drawn at its
 *   time. requests: all of the first visit; named: what the page itself names; fetched: by the second visit, with bytes
 */
export async function firstBeat(browser, box, { code, seat, slower = 1 }) {
	const origin = `http://tactus.local:${box.port}`;
	const context = await browser.newContext({ viewport: { width: 360, height: 740 }, storageState: {
		cookies: [], origins: [{ origin, localStorage: [{ name: "tactus.seat", value: JSON.stringify(seat) }] }] } });
	try {
		const page = await context.newPage();
		const cdp = await context.newCDPSession(page);
		await cdp.send("Emulation.setCPUThrottlingRate", { rate: slower });
		await page.addInitScript(watchDial);
		/** @type {string[]} */
		const requests = [];
		page.on("request", (/** @type {any} */ request) => requests.push(new URL(request.url()).pathname));
		const figures = async () => {
			await page.waitForFunction(() => "placed" in window && performance.getEntriesByName("beat").length > 0, null, { polling: 50, timeout: 20000 });
			return page.evaluate(() => ({ placed_ms: /** @type {any} */ (window).placed, marked_ms: performance.getEntriesByName("beat")[0].startTime }));
		};
		await page.goto(`${origin}/join/${code}`, { waitUntil: "commit" });
		const first = await figures();
		const cold = [...requests];
		const named = await page.evaluate(() => Array.from(document.querySelectorAll("link[href], script[src]"), (element) => element.getAttribute("href") ?? element.getAttribute("src")));
		await page.reload({ waitUntil: "commit" });
		const again = await figures();
		const fetched = await page.evaluate(() => /** @type {any[]} */ (performance.getEntriesByType("resource")).map(({ name, transferSize }) => [new URL(name).pathname, transferSize]));
		return { ...first, requests: cold, named, reload: { ...again, fetched } };
	} finally {
		await context.close();
	}
}
