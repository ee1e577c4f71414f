/*
 * view_song.js - the song that is on, on everyone's stage: title, key, its own
 * bar, and what comes next. For the MD the way to the library, too.
 */
import { bar_number, is_md, next_item, song_bar } from "../box/snapshot.js";
import { open_songs } from "../desk/songs.js";
import { view_go } from "./view_go.js";
import { html, icon } from "./view_parts.js";
import { words } from "../words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../box/snapshot.js").Snapshot} Snapshot
 * @typedef {import("../box/snapshot.js").ActiveSong} ActiveSong
 */

/** @param {State} s @param {Snapshot} snap */
export function view_song(s, snap) {
	const song = snap.activeSong;
	const next = next_item(snap);
	const bar = song && where(s, song);
	const md = is_md(snap);
	if (!song && !next && !md)
		return null;
	return html`<section class="song" aria-label=${words.song}>
		<div class="song-lines">
			${song && html`<bdi class="song-title" aria-live="polite">${song.title}</bdi>`}
			<p class="song-about">${song?.key && html`<bdi class="chip">${song.key}</bdi>`}
				${bar && html`<span>${bar}</span>`}
				${next && html`<span class="song-next">${words.next}: <bdi>${next.title}</bdi></span>`}</p>
		</div>
		${view_go(s, snap)}
		${md && html`<button type="button" class="songs-button" aria-label=${words.songs} onClick=${open_songs}>${icon("song")}<span class="song-word">${words.songs}</span></button>`}
	</section>`;
}

/** The song's own bar, or where it begins. @param {State} s @param {ActiveSong} song */
function where(s, song) {
	if (!s.at || s.at.count_in || song.start_bar_index === null)
		return "";
	const bar = song_bar(song, s.at.bar);
	return bar === null ? words.song_from(bar_number(song.start_bar_index)) : words.song_bar(bar);
}
