/*
 * refusal.mjs - what a refused request must do: say what is wrong, and change nothing.
 *
 *     const eye = await openEye(box, ann.token);
 *     await refuses(eye, () => ann.request("tempo.set", { bpm: 29 }), "bpm_range", "bpm", /30 to 260/);
 */
import assert from "node:assert/strict";

import { Phone, Refused } from "./phone.mjs";

/** A second device of that user: looks at the whole state without changing it. */
export async function openEye(box, token) {
	const eye = await Phone.open(box.url);
	eye.token = token;
	await look(eye);
	return eye;
}

/** What a newcomer would be told now, revision included. @param {Phone} eye */
export async function look(eye) {
	await eye.request("session.resume", { token: eye.token });
	return structuredClone(eye.state);
}

/** What is common to every phone of a session. @param {Record<string, any>} state */
export function shared(state) {
	const { type, you, ...rest } = state;
	return rest;
}

/** The first message from now on that is so. @param {Phone} phone @param {(message: any) => boolean} so */
export function hears(phone, so, wait_ms = 5000) {
	return new Promise((resolve, reject) => {
		const end = (fn, value) => {
			clearTimeout(timer);
			phone.off("message", take);
			fn(value);
		};
		const take = (message) => so(message) && end(resolve, message);
		const timer = setTimeout(() => end(reject, new Error(`waited ${wait_ms} ms in vain for ${so}`)), wait_ms);
		phone.on("message", take);
	});
}

/** Sends a text (or bytes) as it is; the answer to it. @param {Phone} phone */
export async function answerTo(phone, text, options) {
	const answer = hears(phone, (message) => message.re !== undefined);
	phone.send_raw(text, options);
	return answer;
}

/** The answer is an error of the document's form. */
export function checkError(answer, code, field, words) {
	assert.deepEqual(Object.keys(answer).sort(), ["code", "field", "message", "re", "type"]);
	assert.equal(answer.type, "error");
	assert.equal(answer.code, code, answer.message);
	assert.equal(answer.field, field, answer.message);
	assert.ok(answer.message.length > 0);
	if (words)
		assert.match(answer.message, words);
}

/**
 * It is refused just so, and a newcomer would be told the same as before.
 * @param {Phone} eye @param {() => Promise<unknown>} ask
 * @param {string} code @param {string | null} field @param {RegExp} [words] in the message
 */
export async function refuses(eye, ask, code, field, words) {
	const before = await look(eye);
	const refused = await ask().then(
		(ok) => assert.fail(`not refused: ${JSON.stringify(ok)}`), (error) => error);
	assert.ok(refused instanceof Refused, String(refused));
	checkError(refused.answer, code, field, words);
	assert.deepEqual(await look(eye), before);
}

/** Every phone has merged its way to what a newcomer would be told, without a hole. */
export async function checkMerged(eye, phones) {
	const whole = shared(await look(eye));
	for (const phone of phones) {
		assert.deepEqual(phone.holes, []);
		await phone.when((state) => state.revision === whole.revision);
		assert.deepEqual(shared(phone.state), whole);
	}
}
