/*
 * report.js - tells the box every ten seconds how good this phone's link is:
 * while it sits in a session and somebody can look at it. A report that finds no
 * answer is not missed: the next one tells more.
 */
import { link_figures, request } from "./box.js";
import { Refused } from "./link.js";
import { state } from "../state.js";

const EVERY_MS = 10000;

async function report() {
	const { place, link } = state.peek();
	const figures = link_figures();
	if (place !== "room" || link !== "open" || document.visibilityState !== "visible" || !figures)
		return;
	try {
		await request("metrics.report", figures);
	} catch (error) {
		if (!(error instanceof Refused))
			throw error;
	}
}

export function watch_link() {
	setInterval(report, EVERY_MS);
}
