/*
 * The loudspeaker: one session drives it; taken, released, freed by closing.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { startBox } from "../lib/box.mjs";
import { Phone } from "../lib/phone.mjs";
import { checkError, checkMerged, look, openEye, refuses } from "../lib/refusal.mjs";

const PIN = "424242";

const box = await startBox({ audio: false, pin: PIN });
const open_box = await startBox({ audio: false });
after(() => Promise.all([box.stop(), open_box.stop()]));

/** @type {Phone[]} */
const phones = [];
after(() => Promise.all(phones.map((phone) => phone.close())));

async function md(name, at = box) {
	const phone = await Phone.open(at.url);
	phones.push(phone);
	await phone.create(name, at === box ? PIN : undefined);
	return phone;
}

const refused = (promise) => promise.then((ok) => assert.fail(`not refused: ${JSON.stringify(ok)}`), (error) => error);

test("a second session is off the air; take and release; two sessions don't hear each other", async () => {
	const holder = await md("Ann", open_box);
	const other = await md("Dot", open_box);
	const [eye, other_eye] = [await openEye(open_box, holder.token), await openEye(open_box, other.token)];
	phones.push(eye, other_eye);
	assert.equal(holder.state.click.on_air, true);
	assert.equal(other.state.click.on_air, false);
	await refuses(other_eye, () => other.request("click.test"), "off_air", null, /output/);
	await other.request("tempo.start");
	await holder.request("tempo.set", { bpm: 55 });
	assert.equal(other.state.tempoState.bpm, 120);
	assert.equal(holder.state.tempoState.running, false);

	/* Where no PIN is asked, anyone's MD may take it. */
	await other.request("session.take_output");
	await holder.when((state) => !state.click.on_air);
	assert.equal(other.state.click.on_air, true);
	await other.request("session.take_output");
	await other.request("session.release_output");
	assert.equal(other.state.click.on_air, false);
	assert.equal(other.state.tempoState.running, true);
	/* Releasing what another holds takes it from nobody. */
	await holder.request("session.take_output");
	await other.request("session.release_output");
	assert.equal((await look(eye)).click.on_air, true);
	await other.request("tempo.stop");

	/* Freed by closing: the next session made has it. */
	await holder.request("session.close");
	const next = await md("Fay", open_box);
	assert.equal(next.state.click.on_air, true);
	await checkMerged(other_eye, [other]);
});

test("taking the output of a session that is closed in the same moment: session_closed, no field", async () => {
	const ann = await md("Ann", open_box);
	const asked = [ann.request("session.close"), refused(ann.request("session.take_output"))];
	checkError((await asked[1]).answer, "session_closed", null, /closed/);
	await asked[0];
});

test("output_taken: the box's PIN takes it from another, a wrong one doesn't", async () => {
	const holder = await md("Ann");
	await holder.request("session.take_output", { pin: PIN });
	const other = await md("Dot");
	const eye = await openEye(box, holder.token);
	phones.push(eye);
	assert.equal(other.state.click.on_air, false);
	await refuses(eye, () => other.request("session.take_output"), "output_taken", "pin", /PIN/);
	await refuses(eye, () => other.request("session.take_output", { pin: "111111" }), "pin_wrong", "pin");
	assert.equal(other.state.click.on_air, false);
	await other.request("session.take_output", { pin: PIN });
	await holder.when((state) => !state.click.on_air);
	await other.request("session.release_output");
	await holder.request("session.take_output");
	await checkMerged(eye, [holder]);
});
