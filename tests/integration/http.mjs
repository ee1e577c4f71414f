/*
 * The box's HTTP side: what it serves and to whom, and what it bears from those who mean no good.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gunzipSync } from "node:zlib";

import { startBox } from "../lib/box.mjs";
import { BUILD, preload } from "../lib/daemon.mjs";
import { Phone } from "../lib/phone.mjs";
import { readQr } from "../lib/qr.mjs";
import { bodyOf, exchange, headersOf, request, upgrade } from "../lib/raw_http.mjs";

const box = await startBox({ audio: false, daemonArgs: ["--host-name", "stage.example"] });
after(() => box.stop());
const own = `127.0.0.1:${box.port}`;
const addresses = Object.values(networkInterfaces()).flat();
const lan = addresses.find((at) => at.family === "IPv4" && !at.internal);
const index = readFileSync(join(BUILD, "web/index.html"), "utf8");

const get = (path, headers = {}) => exchange(box, request(`GET ${path} HTTP/1.1`, { Host: own, ...headers }));

/* ---- the page ---------------------------------------------------------------- */

for (const path of ["/", "/index.html", "/join/CCCDDD", "/join/", "/join/cccddd", "/?x=1"])
	test(`GET ${path} is the page`, async () => {
		const answer = await get(path);
		assert.equal(answer.status, 200);
		assert.equal(bodyOf(answer.text).length, Buffer.byteLength(index));
		assert.match(headersOf(answer.text)["content-type"], /^text\/html; charset=utf-8$/);
	});

test("the page's files have their types, and their bytes", async () => {
	const types = { "app.js": "text/javascript", "style.css": "text/css", "icon.svg": "image/svg+xml",
		"app.js.map": "application/json" };
	for (const [name, type] of Object.entries(types)) {
		const answer = await fetch(`${box.url}/${name}`);
		assert.equal(answer.status, 200, name);
		assert.ok(answer.headers.get("content-type").startsWith(type), name);
		assert.deepEqual(Buffer.from(await answer.arrayBuffer()), readFileSync(join(BUILD, "web", name)));
	}
});

test("ETag: 304 without a body for who has it, 200 for who has another", async () => {
	const { etag } = headersOf((await get("/")).text);
	assert.match(etag, /^"[0-9a-f]+"$/);
	const known = await get("/", { "If-None-Match": etag });
	assert.equal(known.status, 304);
	assert.equal(bodyOf(known.text), "");
	for (const other of ['"0000000000000000"', "x", `"${"a".repeat(1000)}"`, ""])
		assert.equal((await get("/", { "If-None-Match": other })).status, 200, other.slice(0, 30));
	assert.notEqual(headersOf((await get("/app.js")).text).etag, etag);
});

test("packed by gzip for who takes it, each form with its own ETag; a reload costs 304s only", async () => {
	for (const path of ["/", "/app.js", "/style.css", "/icon.svg", "/join/CCCDDD"]) {
		const plain = await get(path), packed = await get(path, { "Accept-Encoding": "deflate, gzip;q=0.5" });
		const [head, packed_head] = [plain, packed].map(({ text }) => headersOf(text));
		assert.deepEqual([packed.status, packed_head["content-encoding"], packed_head["content-type"]], [200, "gzip", head["content-type"]], path);
		assert.deepEqual(gunzipSync(Buffer.from(bodyOf(packed.text), "latin1")), Buffer.from(bodyOf(plain.text), "latin1"), path);
		assert.equal(Number(packed_head["content-length"]), bodyOf(packed.text).length);
		assert.ok(!("content-encoding" in head));
		assert.notEqual(head.etag, packed_head.etag);
		for (const { vary, "cache-control": caching } of [head, packed_head])
			assert.deepEqual([vary, caching], ["Accept-Encoding", "no-cache"]);
		const again = await get(path, { "Accept-Encoding": "gzip", "If-None-Match": packed_head.etag });
		assert.deepEqual([again.status, bodyOf(again.text), headersOf(again.text).etag, headersOf(again.text).vary], [304, "", packed_head.etag, "Accept-Encoding"]);
		assert.ok(!("content-encoding" in headersOf(again.text)));
		assert.equal((await get(path, { "Accept-Encoding": "gzip", "If-None-Match": head.etag })).status, 200, "the other form's mark");
		assert.equal((await get(path, { "If-None-Match": packed_head.etag })).status, 200, "the other form's mark");
		const only_head = await exchange(box, request(`HEAD ${path} HTTP/1.1`, { Host: own, "Accept-Encoding": "gzip" }));
		assert.deepEqual([bodyOf(only_head.text), headersOf(only_head.text)["content-length"], headersOf(only_head.text)["content-encoding"]],
			["", packed_head["content-length"], "gzip"]);
	}
});

test("not packed: for who refuses it, what is packed in itself, what is made on demand; and no .gz is a page", async () => {
	for (const refusal of ["", "identity", "gzip;q=0", "gzip;q=0, *", "br", `${"x".repeat(400)}, gzip`])
		assert.ok(!("content-encoding" in headersOf((await get("/app.js", { "Accept-Encoding": refusal })).text)), refusal.slice(0, 20));
	for (const path of ["/icon-192.png", "/healthz", "/metrics", "/qr.svg?code=CCCDDD", "/none"])
		assert.ok(!("content-encoding" in headersOf((await get(path, { "Accept-Encoding": "gzip" })).text)), path);
	for (const path of ["/app.js.gz", "/index.html.gz", "/style.css.gz"])
		assert.equal((await get(path, { "Accept-Encoding": "gzip" })).status, 404, path);
});

test("HEAD: the same head, no body, also of what is not there", async () => {
	for (const path of ["/", "/app.js", "/healthz", "/metrics", "/qr.svg?code=CCCDDD"]) {
		const head = await exchange(box, request(`HEAD ${path} HTTP/1.1`, { Host: own }));
		assert.equal(head.status, 200, path);
		assert.equal(bodyOf(head.text), "", path);
		assert.ok(Number(headersOf(head.text)["content-length"]) > 0, path);
	}
	const missing = await exchange(box, request("HEAD /none HTTP/1.1", { Host: own }));
	assert.equal(missing.status, 404);
	assert.equal(bodyOf(missing.text), "");
});

test("several requests on one connection, one after the other and all at once", async () => {
	const one = request("GET /healthz HTTP/1.1", { Host: own });
	const answer = await exchange(box, one + one + request("GET /none HTTP/1.1", { Host: own }), { quiet_ms: 500 });
	assert.deepEqual(answer.text.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 404"]);
});

test("404 with words, for what is not there", async () => {
	for (const path of ["/none", "/ws/", "/js", "/lib", "/lib/", "/index.htm", "/INDEX.HTML", "/join", "/healthz/x", "/favicon.ico"]) {
		const answer = await get(path);
		assert.equal(answer.status, 404, path);
		assert.match(bodyOf(answer.text), /the page is at \//);
	}
});

test("405 for whoever wants to change something by HTTP; the connection can't be used for a second request in the body", async () => {
	for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
		const hidden = request("GET /metrics HTTP/1.1", { Host: own });
		const answer = await exchange(box, request(`${method} / HTTP/1.1`, { Host: own, "Content-Length": String(hidden.length) }) + hidden,
			{ quiet_ms: 400, wait_ms: 1500 });
		assert.ok(answer.status === 0 || answer.status >= 400, `${method}: ${answer.status}`);
		assert.ok(!answer.text.includes("tactus_phones"), `${method}: its body was taken for a request`);
	}
	assert.equal((await exchange(box, request("POST / HTTP/1.1", { Host: own, "Content-Length": "0" }))).status, 405);
});

/* ---- ways out of the folder ---------------------------------------------------- */

const ways_out = [
	"/../../../../etc/passwd", "/..%2f..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/....//....//etc/passwd",
	"/lib/../../../../etc/passwd", "/lib/..%5c..%5cetc/passwd", "/..\\..\\etc\\passwd", "/%252e%252e/etc/passwd",
	"/.%00./etc/passwd", "/index.html%00.js", "/./../tactusd", "/%c0%ae%c0%ae/etc/passwd", "//etc/passwd", "/../state/pin",
	"/../state/tactus.db", "/lib/../../state/tactus.db", "/%2e%2e%2fstate%2fpin", "/;/../etc/passwd", "/?/../../etc/passwd",
	"/package.json", "/.git/config", "/lib/LICENSE.preact/../../x", "/join/../../../etc/passwd", "/join/..%2f..%2fetc%2fpasswd",
];
for (const path of ways_out)
	test(`no way out: ${path}`, async () => {
		const answer = await get(path);
		assert.ok(!/root:|SQLite|"private"/.test(answer.text));
		if (answer.status === 200)
			assert.equal(bodyOf(answer.text), Buffer.from(index).toString("latin1"), "something else than the page");
		else
			assert.ok([0, 400, 403, 404].includes(answer.status), String(answer.status));
	});

/* ---- the figures, the code -------------------------------------------------------- */

test("/healthz is JSON that says how things stand", async () => {
	const phone = await Phone.open(box.url);
	await phone.create("Ann");
	const answer = await fetch(`${box.url}/healthz`);
	assert.equal(answer.status, 200);
	assert.match(answer.headers.get("content-type"), /^application\/json/);
	const health = await answer.json();
	assert.equal(health.status, "ok");
	assert.equal(health.audio, "none");
	assert.equal(health.phones, 1);
	assert.equal(health.sessions, 1);
	assert.equal(health.running, false);
	assert.equal(typeof health.version, "string");
	await phone.request("tempo.start");
	assert.equal((await (await fetch(`${box.url}/healthz`)).json()).running, true);
	await phone.request("session.close");
	await phone.close();
});

test("/metrics is what Prometheus reads: help, type, and a number for each", async () => {
	const answer = await fetch(`${box.url}/metrics`);
	assert.match(answer.headers.get("content-type"), /^text\/plain; version=0\.0\.4/);
	const text = await answer.text();
	assert.ok(text.endsWith("\n"));
	const typed = new Set();
	const values = {};
	for (const line of text.trim().split("\n")) {
		const [, kind, name] = line.match(/^# (HELP|TYPE) (\w+) \S/) ?? [];
		if (kind === "TYPE") {
			assert.match(line, / (gauge|counter|histogram|summary)$/);
			typed.add(name);
		} else if (!kind) {
			const [, metric, value] = line.match(/^([a-z_][a-z0-9_]*)(?:\{[^}]*\})? (\S+)$/);
			assert.ok(typed.has(metric), line);
			assert.ok(Number.isFinite(Number(value)), line);
			values[metric] = Number(value);
		}
	}
	assert.ok("tactus_phones" in values && "tactus_audio_ok" in values && "tactus_store_pending" in values);
});

test("/qr.svg leads to the join page at an address that works", async () => {
	const answer = await fetch(`${box.url}/qr.svg?code=CCCDDD`);
	assert.match(answer.headers.get("content-type"), /^image\/svg\+xml/);
	const svg = await answer.text();
	assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" [^<>]+>(<path [^<>]+\/>)+<\/svg>\s*$/);
	const link = new URL(readQr(svg));
	assert.equal(link.pathname, "/join/CCCDDD");
	assert.equal(link.protocol, "http:");
	assert.equal(link.port, String(box.port));
	/* Asked over the loopback, which is no other phone's: where the box is on a LAN, its address there. */
	if (lan)
		assert.ok(addresses.some((at) => !at.internal && at.address === link.hostname), link.hostname);
	else
		assert.equal(link.hostname, "127.0.0.1");
});

/* A library cannot be loaded ahead of a sanitizer's. */
test("/qr.svg asked from a network leads to the box's address there, not to that in another", { skip: !lan || !!process.env.SANITIZER }, async () => {
	const two = await startBox({ audio: false, daemonArgs: ["--bind", ""], env: { LD_PRELOAD: preload("other_network") } });
	after(() => two.stop());
	const asked = async (address) => new URL(readQr(await (await fetch(`http://${address}:${two.port}/qr.svg?code=CCCDDD`)).text()));
	assert.equal((await asked("127.0.0.1")).hostname, "10.98.76.54");
	assert.equal((await asked(lan.address)).hostname, lan.address);
});

test("/qr.svg: spelled as people do, the link has the code itself", async () => {
	for (const code of ["cccddd", "CCC-DDD", "ccc%20ddd"])
		assert.equal(new URL(readQr(await (await fetch(`${box.url}/qr.svg?code=${code}`)).text())).pathname, "/join/CCCDDD");
});

test("/qr.svg: no code, a wrong one, a long one, one with markup: 400 with words", async () => {
	for (const query of ["", "?code=", "?code=ABC", "?code=CCCDDDD", `?code=${"C".repeat(3000)}`,
		"?code=%22%3E%3Cscript%3E", "?code=CCC/DD", "?x=CCCDDD"]) {
		const answer = await get(`/qr.svg${query}`);
		assert.equal(answer.status, 400, query.slice(0, 40));
		assert.match(bodyOf(answer.text), /join code/);
	}
});

test("security headers on all that is answered", async () => {
	for (const path of ["/", "/app.js", "/healthz", "/qr.svg?code=CCCDDD", "/none"]) {
		const headers = headersOf((await get(path)).text);
		const csp = headers["content-security-policy"];
		assert.match(csp, /default-src 'none'/, path);
		assert.match(csp, /script-src 'self'(;|$)/, path);
		assert.match(csp, /frame-ancestors 'none'/, path);
		assert.doesNotMatch(csp, /unsafe|\*/, path);
		assert.equal(headers["x-content-type-options"], "nosniff", path);
		assert.equal(headers["referrer-policy"], "no-referrer", path);
		assert.ok(!("access-control-allow-origin" in headers), path);
		assert.ok(headers["cache-control"], path);
	}
});

/** Where scripts of the page may connect to. */
const connects = async (host) =>
	headersOf((await get("/", { Host: host })).text)["content-security-policy"].match(/connect-src ([^;]*);/)[1];

test("the page may talk to the box it came from, by that name, and to nobody else", async () => {
	for (const host of [own, "localhost", "stage.example", `STAGE.example:${box.port}`, "10.1.2.3"])
		assert.equal(await connects(host), `'self' ws://${host}`);
	for (const host of ["[::1]", `[::1]:${box.port}`, "evil.example", "evil.example:80", "x y", "*", "localhost *", "localhost;script-src"])
		assert.equal(await connects(host), "'self'", host);
});

/* ---- by which name ----------------------------------------------------------------- */

const short = hostname().split(".")[0];
const our_names = ["localhost", `localhost:${box.port}`, "LOCALHOST", "127.0.0.1", own, "127.0.0.1:1", "10.1.2.3", "[::1]",
	`[::1]:${box.port}`, "[fe80::1]", `${short}.local`, `${short.toUpperCase()}.LOCAL:80`, short, "stage.example",
	`stage.example:${box.port}`, "stage.example."];
const other_names = ["evil.example", "localhost.evil.example", "evil.localhost", `evil${short}.local`, "127.0.0.1.evil.example",
	"stage.example.evil", "1.2.3", "0x7f.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:x", "[::1", "::1", "localhost:80:80",
	"a b", "localhost/", "localhost@evil.example", "user@localhost", ".", "-", "captive.apple.com", "x".repeat(250)];

for (const name of our_names)
	test(`Host ${name} is ours: the page, and the WebSocket`, async () => {
		assert.equal((await get("/", { Host: name })).status, 200);
		assert.equal((await exchange(box, request("GET /ws HTTP/1.1", upgrade(box, { Host: name })))).status, 101);
	});

for (const name of other_names)
	test(`Host ${name.slice(0, 40)} is not: a redirect to our own address, no WebSocket, no figures`, async () => {
		for (const path of ["/", "/generate_204", "/healthz", "/metrics", "/qr.svg?code=CCCDDD"]) {
			const answer = await get(path, { Host: name });
			/* What is no name at all may also be refused as a request. */
			if (answer.status === 400 || answer.status === 0)
				continue;
			assert.equal(answer.status, 302, path);
			assert.equal(headersOf(answer.text).location, `http://${own}/`);
		}
		const socket = await exchange(box, request("GET /ws HTTP/1.1", upgrade(box, { Host: name })), { wait_ms: 1000 });
		assert.notEqual(socket.status, 101);
	});

test("an invitation under another's name keeps its code; what only looks like one becomes the page", async () => {
	const to = async (path) => headersOf((await get(path, { Host: "captive.apple.com" })).text).location;
	assert.equal(await to("/join/7RKQNR"), `http://${own}/join/7RKQNR`);
	assert.equal(await to("/join/7rk-qnr"), `http://${own}/join/7RKQNR`);
	for (const path of ["/join/", "/join/XX", "/join/7RKQNR/x", "/join/a%0d%0aset-cookie:x", `/join/${"7".repeat(60)}`])
		assert.equal(await to(path), `http://${own}/`, path);
});

test("no Host, two Hosts: neither the page nor a WebSocket by another's name", async () => {
	const none = await exchange(box, "GET / HTTP/1.1\r\n\r\n");
	assert.ok([0, 302, 400].includes(none.status), String(none.status));
	const { Host, ...rest } = upgrade(box);
	assert.notEqual((await exchange(box, request("GET /ws HTTP/1.1", rest), { wait_ms: 1000 })).status, 101);
	for (const [a, b] of [[own, "evil.example"], ["evil.example", own]]) {
		const two = await exchange(box, `GET / HTTP/1.1\r\nHost: ${a}\r\nHost: ${b}\r\n\r\n`, { wait_ms: 1000 });
		assert.notEqual(two.status, 200, `${a}, ${b}`);
	}
});

test("no line break in an address makes another Host of it", async () => {
	for (const line_break of ["%0a", "%0d%0a", "%0d", "%00"])
		for (const space of ["", "%20HTTP/1.1"])
			for (const path of ["/", "/healthz", "/?x=1", "/ws"]) {
				const address = `${path}${space}${line_break}Host:localhost${line_break}${line_break}`;
				for (const headers of [{ Host: "evil.example" }, upgrade(box, { Host: "evil.example" })]) {
					const { status } = await exchange(box, request(`GET ${address} HTTP/1.1`, headers), { wait_ms: 500 });
					assert.ok([0, 302, 400, 403].includes(status), `${status}: ${address}`);
				}
			}
});

/* ---- from which page ------------------------------------------------------------------ */

const socketFrom = async (headers, path = "/ws") =>
	(await exchange(box, request(`GET ${path} HTTP/1.1`, upgrade(box, headers)), { wait_ms: 1500 })).status;

test("Origin: absent or equal to Host, nothing else", async () => {
	assert.equal(await socketFrom({}), 101);
	for (const origin of [`http://${own}`, `HTTP://${own}`, `https://${own}`])
		assert.equal(await socketFrom({ Origin: origin }), 101, origin);
	for (const origin of ["null", "http://evil.example", "http://127.0.0.1", `http://127.0.0.1:${box.port + 1}`, `http://localhost:${box.port}`,
		`http://${own}.evil.example`, `http://${own}@evil.example`, `http://evil.example/${own}`, `ftp://${own}`, own, `http://${own}/`,
		`http://${own} http://evil.example`, "file://", `http://${"x".repeat(1000)}`])
		assert.notEqual(await socketFrom({ Origin: origin }), 101, origin.slice(0, 40));
});

test("refusals don't fill the journal", async () => {
	const noted = () => box.children.tactusd.log_text().match(/WebSocket refused/g)?.length ?? 0;
	const before = noted();
	for (let i = 0; i < 60; i++)
		assert.notEqual(await socketFrom({ Origin: "http://evil.example" }), 101);
	assert.ok(noted() - before <= 20, `${noted() - before} lines`);
});

test("a WebSocket at /ws with our subprotocol only", async () => {
	const { "Sec-WebSocket-Protocol": protocol, ...without } = upgrade(box);
	assert.notEqual((await exchange(box, request("GET /ws HTTP/1.1", without), { wait_ms: 1000 })).status, 101);
	for (const other of ["tactus.v2", "http", "signals", "TACTUS.V1", "tactus"])
		assert.notEqual(await socketFrom({ "Sec-WebSocket-Protocol": other }), 101, other);
	assert.equal(await socketFrom({ "Sec-WebSocket-Protocol": "tactus.v9, tactus.v1" }), 101);
	for (const path of ["/", "/ws/", "/wss", "/WS", "/index.html", "/join/CCCDDD", `/${"w".repeat(300)}`])
		assert.notEqual(await socketFrom({}, path), 101, path.slice(0, 20));
	assert.equal(await socketFrom({}, "/ws?x=1"), 101);
});

test("the word websocket in any case; no compression is agreed to", async () => {
	for (const word of ["WebSocket", "WEBSOCKET"])
		assert.equal(await socketFrom({ Upgrade: word }), 101, word);
	const answer = await exchange(box, request("GET /ws HTTP/1.1", upgrade(box, { "Sec-WebSocket-Extensions": "permessage-deflate" })));
	assert.equal(answer.status, 101);
	assert.ok(!("sec-websocket-extensions" in headersOf(answer.text)));
});

/* ---- HTTP/2, and nonsense ---------------------------------------------------------------- */

test("HTTP/2 in clear is refused, by upgrade and by preface", async () => {
	const by_upgrade = await exchange(box, request("GET / HTTP/1.1",
		{ Host: own, Connection: "Upgrade, HTTP2-Settings", Upgrade: "h2c", "HTTP2-Settings": "AAMAAABkAAQCAAAAAAIAAAAA" }), { wait_ms: 1500 });
	assert.notEqual(by_upgrade.status, 101);
	const by_preface = await exchange(box, Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]),
		{ wait_ms: 1500 });
	/* An HTTP/2 server would answer with its SETTINGS frame. */
	assert.ok(by_preface.text === "" || by_preface.text.startsWith("HTTP/1."), JSON.stringify(by_preface.text.slice(0, 60)));
});

const nonsense = {
	"bytes at random": Buffer.from([...Array(4096)].map((_, i) => (i * 7919 + 13) % 256)),
	"a TLS hello": Buffer.from("16030100c8010000c40303", "hex"),
	"no version": "GET /\r\n\r\n",
	"an unknown method": `BREW / HTTP/1.1\r\nHost: ${own}\r\n\r\n`,
	"an address of 20 KB": `GET /${"a".repeat(20000)} HTTP/1.1\r\nHost: ${own}\r\n\r\n`,
	"a header of 100 KB": `GET / HTTP/1.1\r\nHost: ${own}\r\nX: ${"a".repeat(100000)}\r\n\r\n`,
	"5000 headers": `GET / HTTP/1.1\r\nHost: ${own}\r\n${"A: b\r\n".repeat(5000)}\r\n`,
	"bare line feeds": `GET / HTTP/1.1\nHost: ${own}\n\n`,
	"a NUL in a header": `GET / HTTP/1.1\r\nHost: ${own}\r\nX: a\0b\r\n\r\n`,
	"a negative length": `POST / HTTP/1.1\r\nHost: ${own}\r\nContent-Length: -1\r\n\r\n`,
	"a length of 20 digits": `POST / HTTP/1.1\r\nHost: ${own}\r\nContent-Length: 99999999999999999999\r\n\r\n`,
	"pieces of a chunked body": `POST / HTTP/1.1\r\nHost: ${own}\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx\r\n0\r\n\r\n`,
	"a WebSocket without a key": `GET /ws HTTP/1.1\r\nHost: ${own}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: tactus.v1\r\n\r\n`,
	"a WebSocket by POST": request("POST /ws HTTP/1.1", upgrade(box)),
	"frames without a mask": Buffer.concat([Buffer.from(request("GET /ws HTTP/1.1", upgrade(box))), Buffer.from([0x81, 2, 0x7b, 0x7d])]),
	"a reserved opcode": Buffer.concat([Buffer.from(request("GET /ws HTTP/1.1", upgrade(box))), Buffer.from([0x83, 0x80, 0, 0, 0, 0])]),
	"reserved bits": Buffer.concat([Buffer.from(request("GET /ws HTTP/1.1", upgrade(box))), Buffer.from([0xf1, 0x80, 0, 0, 0, 0])]),
	"a frame of 2^63 bytes": Buffer.concat([Buffer.from(request("GET /ws HTTP/1.1", upgrade(box))), Buffer.from("81ffffffffffffffffff00000000", "hex")]),
	"a continuation of nothing": Buffer.concat([Buffer.from(request("GET /ws HTTP/1.1", upgrade(box))), Buffer.from([0x80, 0x81, 0, 0, 0, 0, 0x41])]),
	"a ping of 126 bytes": Buffer.concat([Buffer.from(request("GET /ws HTTP/1.1", upgrade(box))), Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0]), Buffer.alloc(126)]),
	"a close of one byte": Buffer.concat([Buffer.from(request("GET /ws HTTP/1.1", upgrade(box))), Buffer.from([0x88, 0x81, 0, 0, 0, 0, 3])]),
};
for (const [title, bytes] of Object.entries(nonsense))
	test(`nonsense: ${title}: the box goes on`, async () => {
		const pid = box.pids.tactusd;
		await exchange(box, bytes, { wait_ms: 600 });
		assert.equal((await fetch(`${box.url}/healthz`)).status, 200);
		assert.equal(box.pids.tactusd, pid);
		assert.ok(box.children.tactusd.alive);
	});

/* ---- those who take their time --------------------------------------------------------------- */

/** A connection that says so little; resolves with the ms until it was dropped. */
function dawdle(first, next, every_ms, limit_ms) {
	return new Promise((resolve) => {
		const began = performance.now();
		const socket = connect(box.port, "127.0.0.1", () => socket.write(first));
		const more = setInterval(() => socket.write(next), every_ms);
		const end = setTimeout(() => done(Infinity), limit_ms);
		const done = (ms) => {
			clearInterval(more);
			clearTimeout(end);
			socket.destroy();
			resolve(ms);
		};
		socket.on("error", () => {});
		socket.on("close", () => done(performance.now() - began));
		socket.resume();
	});
}

test("a header letter by letter, a body that never comes: dropped, and others are served meanwhile", async () => {
	const slow = [
		dawdle(`GET / HTTP/1.1\r\nHost: ${own}\r\nX: `, "a", 500, 30000),
		dawdle("G", "", 1000, 30000),
		dawdle(`GET / HTTP/1.1\r\nHost: ${own}\r\n`, "A: b\r\n", 700, 30000),
		dawdle(`POST / HTTP/1.1\r\nHost: ${own}\r\nContent-Length: 1000\r\n\r\n`, "x", 500, 30000),
	];
	const phone = await Phone.open(box.url);
	let served = 0;
	const all = Promise.all(slow).then((times) => ({ times }));
	let done = null;
	while (!(done = await Promise.race([all, phone.ping().then(() => null)])) && served < 1e6) {
		served++;
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	assert.ok(served > 20);
	for (const ms of done.times)
		assert.ok(ms < 25000, `a slow one was kept for ${ms} ms`);
	await phone.close();
});

test("300 connections that say nothing, while a phone works", async () => {
	const idle = await Promise.all([...Array(300)].map(() => new Promise((resolve, reject) => {
		const socket = connect(box.port, "127.0.0.1", () => resolve(socket));
		socket.once("error", reject);
	})));
	const phone = await Phone.open(box.url);
	await phone.create("Ann");
	for (let i = 0; i < 50; i++)
		await phone.request("tempo.set", { bpm: 60 + i });
	await phone.ping();
	assert.equal(phone.state.tempoState.bpm, 109);
	assert.equal((await fetch(`${box.url}/healthz`)).status, 200);
	for (const socket of idle)
		socket.on("error", () => {}).destroy();
	await phone.request("session.close");
	await phone.close();
});
