/*
 * view_stage.js - what everyone in the room sees: the beat, the bar, the tempo,
 * what is announced and what is wrong; below or beside it the desk of the one who
 * leads, or the song's page and what a player presses.
 */
import { metre } from "../beat/beat.js";
import { cancel, hand_over } from "../desk/desk.js";
import { tell } from "../box/box.js";
import { announced, bar_number, is_controller, is_md, me, name_of, players } from "../box/snapshot.js";
import { change } from "../state.js";
import { view_side } from "./view_band.js";
import { view_desk } from "./view_desk.js";
import { logo } from "./view_door.js";
import { html, icon, notice, tempo_mark } from "./view_parts.js";
import { setlist_title, view_setlist } from "./view_setlist.js";
import { setlist_button, view_page, view_song, where } from "./view_song.js";
import { view_sheet } from "./view_sheets.js";
import { classes_of } from "./view_you.js";
import { talk_button, view_talking } from "./view_talk.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 * @typedef {import("../beat/dial.js").Dial} Dial
 */

/** More than this lost, and what is announced may come late. */
const LOSS_BAD_PCT = 10;

/** @param {State} s @param {Snapshot} snap @param {Dial} dial */
export function view_stage(s, snap, dial) {
	const leads = is_controller(snap);
	const page = !leads && view_page(snap);
	return html`<div key="room" class=${`room${leads ? " leads" : page ? snap.activeSong?.notes ? " paged noted" : " paged" : ""}${classes_of(s)}`}>
		${head(s, snap)}
		<div class="news" aria-live="polite">${news(s, snap)}</div>
		<main class="stage" aria-label=${words.tempo}>
			<div class="dial-place" ref=${dial.move_in}></div>
			${view_song(s, snap)}
			${facts(s, snap)}
			<div class="under">${waiting(s, snap)}${leads ? null : leader(snap)}</div>
		</main>
		${page && html`<section class="page" key=${snap.activeSong?.song_id} tabindex="0" aria-labelledby="song-page"><h2 class="unseen" id="song-page">${words.song_page}</h2>${page}</section>`}
		${leads ? view_desk(s, snap) : foot(s, snap)}
		${page && !is_md(snap) ? null : html`<aside class="side">${side(s, snap)}</aside>`}
		${view_sheet(s, snap)}
	</div>`;
}

/** On a tablet the MD has tonight's list at hand; until there is one, the way in and the band. @param {State} s @param {Snapshot} snap */
function side(s, snap) {
	if (!is_md(snap) || !snap.setlist)
		return view_side(s, snap);
	return html`<h2><bdi>${setlist_title(s, snap)}</bdi></h2>${s.sheet ? null : view_setlist(s, snap)}`;
}

/** What a player presses. @param {State} s @param {Snapshot} snap */
function foot(s, snap) {
	const ready = me(snap)?.ready ?? false;
	return html`<div class="foot">
		<button type="button" class="ready" aria-pressed=${String(ready)} onClick=${() => tell("ready.set", { ready: !ready })}>${icon(ready ? "check" : "ring")}<span>${words.i_am_ready}</span></button>
		${setlist_button()}${talk_button(s, snap)}</div>`;
}

/** @param {State} s @param {Snapshot} snap */
function head(s, snap) {
	const here = snap.participants.filter((p) => !p.away).length;
	return html`<header class="head">
		<h1 class="unseen">${words.product} ${snap.session.code}</h1>
		<button type="button" class="code-button" aria-label=${`${words.invite}: ${snap.session.code}`} onClick=${() => change({ sheet: "invite" })}>
			${logo()}<span>${snap.session.code}</span></button>
		<div class="head-state">${air(snap)}${quality(s, snap)}</div>
		<nav class="head-nav" aria-label=${words.product}>
			<button type="button" class="plain" aria-label=${`${words.band}: ${words.people(here)}`} onClick=${() => change({ sheet: "band" })}>${icon("people")}<span class="badge">${here > 99 ? "99+" : here}</span></button>
			<button type="button" class="plain" aria-label=${words.sound} onClick=${() => change({ sheet: "sound" })}>${icon("sound")}</button>
			<button type="button" class="plain" aria-label=${words.you_title} onClick=${() => change({ sheet: "you" })}>${icon("phone")}</button>
		</nav>
		${view_talking(snap)}
	</header>`;
}

/** @param {Snapshot} snap */
function air(snap) {
	return snap.click.on_air ? html`<span class="chip good">${words.on_air}</span>` : html`<span class="chip">${words.off_air}</span>`;
}

/** How well this phone keeps step, or that it has lost the box. @param {State} s @param {Snapshot} snap */
function quality(s, snap) {
	if (s.link !== "open" || me(snap)?.away)
		return html`<span class="chip bad">${s.link === "open" ? words.away : words.no_connection}</span>`;
	return s.quality && html`<span class=${`chip${s.quality.error_ms < 12 ? "" : " warn"}`}>${words.in_sync(s.quality.error_ms)}</span>`;
}

/** @param {State} s @param {Snapshot} snap */
function news(s, snap) {
	const running = snap.tempoState.running;
	return html`
		${s.link === "open" ? alarms(s, snap) : alarm("bad", running ? words.no_connection_running : words.no_connection_stopped)}
		${s.click_waits && alarm("warn", words.click_waits)}
		${change_coming(s, snap)}
		${!s.sheet && notice(s)}`;
}

/** What is known to be wrong; without a line nothing is. @param {State} s @param {Snapshot} snap */
function alarms(s, snap) {
	const loss_pct = s.quality?.loss_pct ?? 0;
	return html`${loss_pct >= LOSS_BAD_PCT && alarm("warn", words.weak_link(loss_pct))}
		${snap.click.audio === "lost" && alarm("bad", words.audio_lost)}
		${snap.click.audio === "none" && alarm("warn", words.audio_none)}`;
}

/** @param {string} kind @param {string} text */
function alarm(kind, text) {
	return html`<p class=${`notice ${kind}`}>${icon("alert")}<span>${text}</span></p>`;
}

/** "128 at bar 17", counting down. @param {State} s @param {Snapshot} snap */
function change_coming(s, snap) {
	const next = announced(snap);
	/* Once its bar is being drawn it is no news any more; the box says so itself a moment later. */
	if (!next || (s.at && s.at.bar >= next.bar_index))
		return null;
	const what = next.bpm === snap.tempoState.bpm && next.metre ? next.metre : `${next.bpm}${next.metre ? ` ${next.metre}` : ""}`;
	return html`<div class="coming">
		<p><strong>${words.change_at(what, next.bar)}</strong>
			<span class="coming-left" aria-live="off">${s.at && words.bars_left(next.bar_index - s.at.bar)}</span></p>
		${is_controller(snap) && html`<button type="button" onClick=${cancel}>${words.cancel}</button>`}
	</div>`;
}

/** Bar, tempo and metre. @param {State} s @param {Snapshot} snap */
function facts(s, snap) {
	const tempo = snap.tempoState;
	/* What is drawn decides, not what the box has confirmed: at the bar line itself they differ by a moment. */
	const now = s.at && tempo.pending && s.at.bar >= tempo.pending.anchor_bar_index ? tempo.pending : tempo;
	const { compound } = metre(now.time_signature);
	const in_song = where(s, snap.activeSong);
	return html`<dl class="facts">
		<div class=${s.at ? "fact-bar" : "fact-bar idle"}><dt>${s.at?.count_in ? words.count_in : words.bar}${in_song && html` · <b>${in_song}</b>`}</dt>
			<dd>${!tempo.running || !s.at ? "–" : s.at.count_in || bar_number(s.at.bar)}</dd></div>
		<div class="fact-tempo"><dt>${words.tempo}</dt><dd>${tempo_mark(now.bpm, compound)}</dd></div>
		<div class="fact-metre"><dt>${words.metre}</dt><dd>${now.time_signature}</dd></div>
	</dl>`;
}

/** @param {State} s @param {Snapshot} snap */
function waiting(s, snap) {
	if (snap.tempoState.running)
		return !s.quality && html`<p>${words.waiting_for_clock}</p>`;
	const others = players(snap);
	return html`<p class="unseen">${words.stopped}</p>
		${is_md(snap) && others.length > 0 && html`<p class="ready-count">${words.how_many_ready(others.filter((p) => p.ready).length, others.length)}</p>`}`;
}

/** Who leads, and for the MD the way to have it back. @param {Snapshot} snap */
function leader(snap) {
	const id = snap.tempoState.controller_user_id;
	const name = name_of(snap, id);
	const away = snap.participants.find((p) => p.user_id === id)?.away;
	return html`<div class=${name && !away && !is_md(snap) ? "leader usual" : "leader"}>
		<p dir="auto">${!name ? words.nobody_leads : away ? words.away_leads(name) : words.leads(name)}</p>
		${is_md(snap) && html`<button type="button" onClick=${() => hand_over(snap.you.user_id)}>${words.take_back}</button>`}
	</div>`;
}
