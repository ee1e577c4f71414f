/*
 * wake.js - keeps the screen on where the browser lets a page do so (not on
 * plain HTTP). A lock ends when the page is hidden, so it is asked for anew.
 */

/** @param {() => boolean} wanted */
export function watch_screen(wanted) {
	/** @type {WakeLockSentinel | null} */
	let lock = null;
	const ask = async () => {
		if (!navigator.wakeLock || document.visibilityState !== "visible" || !wanted() || (lock && !lock.released))
			return;
		try {
			lock = await navigator.wakeLock.request("screen");
		} catch {
			/* Low battery, or forbidden: the screen dims, as it always did. */
		}
	};
	document.addEventListener("visibilitychange", ask);
	/* Some browsers grant it after a touch only. */
	addEventListener("pointerdown", ask);
	ask();
}
