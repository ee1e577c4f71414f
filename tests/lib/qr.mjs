/*
 * qr.mjs - reads the box's QR code as a phone's camera would, when the picture is clean.
 *
 * ISO/IEC 18004 for versions 1 to 3: one block, so the data stand first and in order; the
 * correction words are not looked at.
 */

/** Dark modules of an SVG that draws each as "Mx yh1v1h-1z"; without the quiet zone. @param {string} svg */
export function modulesOf(svg) {
	const side = Number(svg.match(/viewBox="0 0 (\d+) \1"/)[1]) - 8;
	const dark = [...Array(side)].map(() => Array(side).fill(false));
	for (const [, x, y] of svg.matchAll(/M(\d+) (\d+)h1v1h-1z/g))
		dark[y - 4][x - 4] = true;
	return dark;
}

const masks = [
	(y, x) => (y + x) % 2 === 0, (y) => y % 2 === 0, (y, x) => x % 3 === 0, (y, x) => (y + x) % 3 === 0,
	(y, x) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2 === 0, (y, x) => ((y * x) % 2) + ((y * x) % 3) === 0,
	(y, x) => (((y * x) % 2) + ((y * x) % 3)) % 2 === 0, (y, x) => (((y + x) % 2) + ((y * x) % 3)) % 2 === 0,
];

/** Finders with their formats, timing lines, the alignment mark: no data there. */
function reserved(side, y, x) {
	const mark = side - 7;
	return (y < 9 && (x < 9 || x >= side - 8)) || (y >= side - 8 && x < 9) || y === 6 || x === 6 ||
		(side > 21 && Math.abs(y - mark) <= 2 && Math.abs(x - mark) <= 2);
}

/** Columns in pairs from the right, upwards and downwards by turns. */
function* path(side) {
	let up = true;
	for (let right = side - 1; right > 0; right -= 2) {
		if (right === 6)
			right--;
		for (let i = 0; i < side; i++)
			for (const x of [right, right - 1])
				yield [up ? side - 1 - i : i, x];
		up = !up;
	}
}

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const alphanumeric = (value, count) => count === 2 ? letters[Math.floor(value / 45)] + letters[value % 45] : letters[value];
/* By mode: bits of the count, characters a group, bits of a group of 1, 2, 3, and what it spells. */
const modes = {
	1: { count: 10, group: 3, bits: [4, 7, 10], spell: (value, count) => String(value).padStart(count, "0") },
	2: { count: 9, group: 2, bits: [6, 11], spell: alphanumeric },
	4: { count: 8, group: 1, bits: [8], spell: (value) => String.fromCharCode(value) },
};

/** The text of the data bits. @param {boolean[]} bits */
function segments(bits) {
	let at = 0;
	let text = "";
	const take = (count) => bits.slice(at, at += count).reduce((value, bit) => value * 2 + Number(bit), 0);
	for (let mode = modes[take(4)]; mode; mode = modes[take(4)])
		for (let left = take(mode.count); left > 0; left -= mode.group) {
			const count = Math.min(left, mode.group);
			text += mode.spell(take(mode.bits[count - 1]), count);
		}
	return text;
}

/** @param {string} svg @returns {string} */
export function readQr(svg) {
	const dark = modulesOf(svg);
	const side = dark.length;
	if (side > 29)
		throw new Error(`a code of ${side} modules has several blocks`);
	/* Format bits 12 to 10, behind their own mask 101. */
	const format = [2, 3, 4].reduce((bits, x) => bits * 2 + Number(dark[8][x]), 0) ^ 0b101;
	const bits = [];
	for (const [y, x] of path(side))
		if (!reserved(side, y, x))
			bits.push(dark[y][x] !== masks[format](y, x));
	return segments(bits);
}
