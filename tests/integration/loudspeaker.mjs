/*
 * The loudspeaker: one session drives it; taken, released, freed by closing.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { startBox } from "../lib/box.mjs";
import { preload } from "../lib/daemon.mjs";
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

test("taking the output of a session that is closed in the same moment: session_closed, no field", { skip: !!process.env.SANITIZER }, async (t) => {
	/* The disk stalls: what closes the session is still being written when the other request comes. */
	const dir = mkdtempSync(join(tmpdir(), "tactus-slow-"));
	const stall = join(dir, "stall");
	const slow_box = await startBox({ audio: false, env: { LD_PRELOAD: preload("stalled_sync"), STALLED_SYNC: stall } });
	t.after(async () => {
		await slow_box.stop();
		rmSync(dir, { recursive: true, force: true });
	});
	const ann = await md("Ann", slow_box);
	writeFileSync(stall, "");
	const asked = [ann.request("session.close"), refused(ann.request("session.take_output"))];
	/* Answered in order, and not by the disk: by now both have come. */
	await ann.ping();
	rmSync(stall);
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

test("two that ask for a free loudspeaker at once: one has it, the other is told so", async () => {
	for (let round = 0; round < 5; round++) {
		const [one, two] = [await md("One"), await md("Two")];
		for (const phone of [one, two])
			if (phone.state.click.on_air)
				await phone.request("session.release_output");
			else if (round === 0 && phone === one)
				await phone.request("session.take_output", { pin: PIN }).then(() => phone.request("session.release_output"));
		const answers = await Promise.all([one, two].map((phone) => phone.request("session.take_output").catch((error) => error.answer)));
		const codes = answers.map((answer) => answer.code ?? "ok").sort();
		assert.deepEqual(codes, ["ok", "output_taken"]);
		const eyes = [await openEye(box, one.token), await openEye(box, two.token)];
		phones.push(...eyes);
		assert.equal(eyes.filter((eye) => eye.state.click.on_air).length, 1);
		/* And one that is made in the same moment takes it from nobody. */
		const holder = answers[0].code ? two : one;
		await holder.request("session.release_output");
		const [, made] = await Promise.all([holder.request("session.take_output"), md("Three")]);
		assert.equal(made.state.click.on_air, false);
		await made.request("session.close");
		await holder.request("session.release_output");
	}
});
