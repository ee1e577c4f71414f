/*
 * drag.js - the order of a list, and a row of it on its way to another place:
 * under a finger or the mouse, or step by step by keys. The others make room
 * meanwhile; where it is let go is told once, and until then the list itself is
 * as it was.
 *
 * A list may be long and a phone slow: places are measured once, when a row is
 * picked up. From then on only transforms change, those of the row itself and of
 * the rows whose room it enters or leaves.
 */

/* ---- the order: pure functions ---- */

/** The list with one of it at another place. @template T @param {T[]} list @param {number} from @param {number} to @returns {T[]} */
export function reordered(list, from, to) {
	const rest = list.filter((_, i) => i !== from);
	return [...rest.slice(0, to), list[from], ...rest.slice(to)];
}

/**
 * Where a dragged row would land: it changes places with every row whose middle its leading edge has passed.
 * @param {{top: number, height: number}[]} places where the rows stood when it was picked up
 * @param {number} from @param {number} by how far it was dragged down
 */
export function landing(places, from, by) {
	const top = places[from].top + by;
	const bottom = top + places[from].height;
	const middle = (/** @type {number} */ i) => places[i].top + places[i].height / 2;
	let to = from;
	while (to > 0 && top < middle(to - 1))
		to--;
	while (to >= from && to < places.length - 1 && bottom > middle(to + 1))
		to++;
	return to;
}

/** How far down a row is when it has landed. @param {{top: number, height: number}[]} places @param {number} from @param {number} to */
export function way(places, from, to) {
	const { top, height } = places[to];
	return to > from ? top + height - places[from].top - places[from].height : top - places[from].top;
}

/**
 * Where the item at a position has gone; null: it is not there any more. Both lists begin and end
 * alike but for what was changed: one song moved, added or removed at a time.
 * @param {string[]} before the songs in order @param {string[]} now @param {number} position
 */
export function whereabouts(before, now, position) {
	const most = Math.min(before.length, now.length);
	let head = 0, tail = 0;
	while (head < most && before[head] === now[head])
		head++;
	while (tail < most - head && before[before.length - 1 - tail] === now[now.length - 1 - tail])
		tail++;
	if (position < head)
		return position;
	if (position >= before.length - tail)
		return position + now.length - before.length;
	const there = now.slice(head, now.length - tail).indexOf(before[position]);
	return there < 0 ? null : head + there;
}

/* ---- a row on its way ---- */

/** How near to an edge of what scrolls the list scrolls by itself, and how fast it then goes at most. */
const EDGE_PX = 64;
const SCROLL_PX_PER_S = 2400;
/** A finger that only rests on the handle drags nothing yet. */
const STILL_PX = 6;
/** So far beside the sheet a row is let go of outside. */
const OUTSIDE_PX = 24;

/**
 * @typedef {object} Carried the row that is on its way
 * @property {HTMLElement} row
 * @property {HTMLElement[]} rows
 * @property {{top: number, height: number}[]} places
 * @property {number} from
 * @property {number} to
 * @property {(to: number | null) => void} done null: it is put back
 * @property {AbortController} ear
 */

/** @type {Carried | null} */
let carried = null;

/** @param {HTMLElement} row @param {Carried["done"]} done */
function pick_up(row, done) {
	put_down(false);
	const rows = /** @type {HTMLElement[]} */ ([...row.parentElement?.children ?? []]);
	const from = rows.indexOf(row);
	const places = rows.map(({ offsetTop, offsetHeight }) => ({ top: offsetTop, height: offsetHeight }));
	row.dataset.carried = "";
	carried = { row, rows, places, from, to: from, done, ear: new AbortController() };
	return carried;
}

/** The row stands there, the others make room. @param {Carried} c @param {number} by @param {number} to */
function shift(c, by, to) {
	const { row, rows, places, from } = c;
	row.style.transform = `translateY(${by}px)`;
	for (let i = Math.min(c.to, to); i <= Math.max(c.to, to); i++)
		if (i !== from)
			rows[i].style.transform = i > from && i <= to ? `translateY(${-places[from].height}px)`
				: i < from && i >= to ? `translateY(${places[from].height}px)` : "";
	c.to = to;
}

/** The end of it: at its new place, or back where it was. @param {boolean} there @param {HTMLElement} [only] if it is this one */
export function put_down(there, only) {
	if (!carried || (only && carried.row !== only))
		return;
	const { row, rows, from, to, done, ear } = carried;
	carried = null;
	ear.abort();
	for (const one of rows)
		if (one.style.transform)
			one.style.transform = "";
	delete row.dataset.carried;
	done(there && to !== from ? to : null);
}

/** By finger, mouse or pen. @param {PointerEvent} event the main one, on the handle @param {HTMLElement} row @param {Carried["done"]} done */
export function drag(event, row, done) {
	const handle = /** @type {HTMLElement} */ (event.currentTarget);
	const sheet = /** @type {HTMLElement} */ (row.closest("dialog, .side"));
	const c = pick_up(row, done);
	const { places, from } = c;
	const list = /** @type {HTMLElement} */ (row.parentElement);
	const start = event.clientY - list.getBoundingClientRect().top;
	const last = places[places.length - 1];
	let { clientX: x, clientY: y } = event;
	let still = true;

	const follow = () => {
		const { left, right, top, bottom } = sheet.getBoundingClientRect();
		const outside = x < left - OUTSIDE_PX || x > right + OUTSIDE_PX || y < top - OUTSIDE_PX || y > bottom + OUTSIDE_PX;
		/* The list itself goes up and down under the finger: by scrolling, or where something above it comes and goes. */
		const by = y - list.getBoundingClientRect().top - start;
		/* Not beyond the list's ends: what is drawn there would make the sheet longer and longer. */
		shift(c, Math.max(places[0].top - places[from].top, Math.min(last.top + last.height - places[from].top - places[from].height, by)),
			outside ? from : landing(places, from, by));
		const near = (/** @type {number} */ gap) => Math.max(0, Math.min(1, 1 - gap / EDGE_PX)) ** 2;
		return outside ? 0 : near(bottom - y) - near(y - top);
	};
	let speed = 0;
	let before = performance.now();
	/** @param {number} now */
	const scroll = (now) => {
		if (carried !== c)
			return;
		if (speed) {
			sheet.scrollTop += Math.round(speed * SCROLL_PX_PER_S * Math.min(50, now - before) / 1000);
			speed = follow();
		}
		before = now;
		requestAnimationFrame(scroll);
	};

	handle.setPointerCapture(event.pointerId);
	const mine = (/** @type {(e: PointerEvent) => void} */ act) => (/** @type {PointerEvent} */ e) => e.pointerId === event.pointerId && act(e);
	const { signal } = c.ear;
	handle.addEventListener("pointermove", mine((e) => {
		({ clientX: x, clientY: y } = e);
		still &&= Math.abs(y - event.clientY) < STILL_PX;
		if (!still)
			speed = follow();
	}), { signal });
	handle.addEventListener("pointerup", mine(() => put_down(true)), { signal });
	for (const gone of /** @type {const} */ (["pointercancel", "lostpointercapture"]))
		handle.addEventListener(gone, mine(() => put_down(false)), { signal });
	/* The sheet would take it for itself, and shut. */
	addEventListener("keydown", (e) => {
		if (e.key === "Escape") {
			e.preventDefault();
			e.stopPropagation();
			put_down(false);
		}
	}, { signal, capture: true });
	requestAnimationFrame(scroll);
}

/** By keys: picked up, or put down there. @param {HTMLElement} row @param {Carried["done"]} done @returns {boolean} whether it is carried now */
export function lift(row, done) {
	const there = carried?.row === row;
	if (there)
		put_down(true);
	else
		pick_up(row, done);
	return !there;
}

/** A key, while one is carried: where it stands now; null: the key is not about that. @param {KeyboardEvent} event */
export function step(event) {
	const c = carried;
	if (!c)
		return null;
	const end = c.places.length - 1;
	const to = { ArrowUp: Math.max(0, c.to - 1), ArrowDown: Math.min(end, c.to + 1), Home: 0, End: end, Escape: c.from }[event.key];
	if (to === undefined)
		return null;
	event.preventDefault();
	if (event.key === "Escape") {
		put_down(false);
		return null;
	}
	shift(c, way(c.places, c.from, to), to);
	c.row.scrollIntoView({ block: "nearest" });
	return to;
}
