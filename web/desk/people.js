/*
 * people.js - who is in and who leads: the MD removes people and makes a new
 * code; everyone whom it concerns hears who leads now.
 */
import { tell } from "../box/box.js";
import { is_md, name_of } from "../box/snapshot.js";
import { effect, notify, state } from "../state.js";
import { words } from "../words.js";

/** @typedef {import("../box/snapshot.js").Snapshot} Snapshot */

/** @param {string} user_id */
export function remove(user_id) {
	return tell("participant.remove", { user_id });
}

export async function renew_code() {
	const ok = await tell("session.renew_code");
	if (ok)
		notify(words.new_code_is(ok.code), "good");
}

/** By whichever phone the lead was given, taken or claimed: that it is here now, or gone, is said. */
export function watch_people() {
	/** @type {Snapshot | null} */
	let before = null;
	effect(() => {
		const now = state.value.snapshot;
		if (now === before)
			return;
		const news = before && now && before.session.id === now.session.id ? lead_news(before, now) : "";
		before = now;
		if (news)
			notify(news, "good");
	});
}

/** Who leads now, if that has changed and concerns us; else "". @param {Snapshot} before @param {Snapshot} now */
export function lead_news(before, now) {
	const me = now.you.user_id;
	const md = now.session.md_user_id;
	const leads = now.tempoState.controller_user_id;
	const led = before.tempoState.controller_user_id;
	return [
		md === before.session.md_user_id ? "" : md === me ? words.you_are_md : words.other_is_md(name_of(now, md)),
		leads === led ? "" : leads === me ? words.yours : led === me || is_md(now) || is_md(before) ? words.handed(name_of(now, leads)) : "",
	].filter(Boolean).join(" ");
}
