/*
 * What a phone needs to put the page on its home screen: every icon that is
 * named is there and has the size it says, and so have the videos that keep a screen on.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const web = (/** @type {string} */ name) => readFileSync(new URL(`../../web/${name}`, import.meta.url));
const manifest = JSON.parse(String(web("manifest.webmanifest")));

/** Width and height, as a PNG's head says. @param {Buffer} png */
function size(png) {
	assert.equal(png.toString("latin1", 1, 4), "PNG");
	return [png.readUInt32BE(16), png.readUInt32BE(20)];
}

test("each icon of the manifest is there, in the size it says", () => {
	for (const { src, sizes, type } of manifest.icons) {
		const file = web(src.slice(1));
		assert.ok(file.length < 8192, `${src}: ${file.length} bytes`);
		if (type === "image/svg+xml")
			assert.match(String(file), /^<svg[^>]* viewBox="0 0 64 64"/);
		else
			assert.equal(size(file).join("x"), sizes, src);
	}
});

test("there is what browsers ask for: a name, a start, colours, 192 and 512 pixels, one that may be cut round", () => {
	assert.equal(manifest.short_name, "Tactus");
	assert.equal(manifest.start_url, "/");
	assert.equal(manifest.display, "standalone");
	const has = (/** @type {string} */ sizes, /** @type {string} */ purpose) =>
		manifest.icons.some((/** @type {any} */ icon) => icon.sizes === sizes && icon.purpose.split(" ").includes(purpose));
	assert.ok(has("192x192", "any") && has("512x512", "any") && has("512x512", "maskable"));
	const ground = /--ground: (#\w+)/.exec(String(web("styles/base.css")))?.[1];
	assert.deepEqual([manifest.background_color, manifest.theme_color], [ground, ground]);
	const page = String(web("index.html"));
	assert.ok(page.includes(`name="theme-color" content="${ground}"`));
	assert.match(page, /rel="manifest" href="\/manifest\.webmanifest"/);
	assert.match(page, /rel="apple-touch-icon" href="\/apple-touch-icon\.png"/);
	assert.deepEqual(size(web("apple-touch-icon.png")), [180, 180]);
});

test("the videos are small, and have sound: without it a phone does not count them", () => {
	for (const [name, video, sound] of [["awake.mp4", "avc1", "mp4a"], ["awake.webm", "V_VP8", "A_OPUS"]]) {
		const file = web(name);
		assert.ok(file.length < 3072, `${name}: ${file.length} bytes`);
		assert.ok(file.includes(video) && file.includes(sound), name);
	}
});
