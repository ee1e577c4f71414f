/*
 * raw_http.mjs - HTTP as bytes, for what no client library would send.
 */
import { connect } from "node:net";

/** One whole answer, of those that have a length; a 101 has none. @param {string} text */
function whole(text) {
	const head = text.indexOf("\r\n\r\n");
	const length = text.match(/\r\ncontent-length: *(\d+)\r\n/i);
	return head > 0 && (/^HTTP\/1.1 101/.test(text) || (!!length && text.length - head - 4 >= Number(length[1])));
}

/**
 * Sends the text and collects what comes: one answer, or with quiet_ms all until the box hangs up
 * or is silent for so long.
 * @param {{port: number}} box @param {string | Buffer} text
 * @param {{quiet_ms?: number, wait_ms?: number}} [how]
 * @returns {Promise<{text: string, closed: boolean, status: number}>} status 0: none
 */
export function exchange(box, text, how = {}) {
	return new Promise((resolve) => {
		const socket = connect(box.port, "127.0.0.1", () => socket.write(text));
		const pieces = [];
		const done = (closed) => {
			clearTimeout(quiet);
			clearTimeout(end);
			socket.destroy();
			const all = Buffer.concat(pieces).toString("latin1");
			resolve({ text: all, closed, status: Number(all.match(/^HTTP\/1\.[01] (\d+)/)?.[1] ?? 0) });
		};
		let quiet = setTimeout(() => done(false), how.wait_ms ?? 3000);
		const end = setTimeout(() => done(false), how.wait_ms ?? 3000);
		socket.on("data", (piece) => {
			pieces.push(piece);
			if (!how.quiet_ms && whole(Buffer.concat(pieces).toString("latin1")))
				return done(false);
			clearTimeout(quiet);
			quiet = setTimeout(() => done(false), how.quiet_ms ?? 250);
		});
		socket.on("error", () => {});
		socket.on("close", () => done(true));
	});
}

/** A request line and headers. @param {Record<string, string>} headers */
export const request = (line, headers = {}) =>
	`${line}\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;

/** The headers that ask for a WebSocket. */
export const upgrade = (box, more = {}) => ({
	Host: `127.0.0.1:${box.port}`, Connection: "Upgrade", Upgrade: "websocket",
	"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	"Sec-WebSocket-Protocol": "tactus.v1", ...more,
});

/** The headers of an answer, names in lower case. @param {string} text */
export function headersOf(text) {
	const lines = text.slice(0, text.indexOf("\r\n\r\n")).split("\r\n").slice(1);
	return Object.fromEntries(lines.map((line) =>
		[line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
}

export const bodyOf = (text) => text.slice(text.indexOf("\r\n\r\n") + 4);
