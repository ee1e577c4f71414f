/*
 * order.js - the order of a list: what stands where after a move, where a row
 * that is dragged would land, and where an item is after others have changed
 * the list. Pure functions.
 */

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
