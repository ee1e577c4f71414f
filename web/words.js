/*
 * words.js - everything the page says, in one place.
 */

/** @typedef {import("./desk/song_file.js").Format} Format */

/** @param {number} n @param {string} one @param {string} [many] */
const count = (n, one, many = one + "s") => `${n} ${n === 1 ? one : many}`;

export const words = {
	product: "Tactus",
	claim_to_fame: "One tempo for the whole room",

	/* The door */
	join: "Join",
	join_title: "Join the band",
	create: "New session",
	create_title: "Start a session",
	create_button: "Start the session",
	take_over: "Take over",
	take_over_title: "Take over a session",
	take_over_hint: "Is the music director's phone gone? With the code and the box's PIN you lead from this one.",
	again_title: "Earlier sessions",
	again_hint: "Next week's rehearsal goes on where this one ended: people, roles, setlists. You lead it. The box's PIN shows what there is.",
	again_button: "Show them",
	earlier: "Sessions of earlier weeks",
	no_earlier: "This box has had no session yet.",
	day: (/** @type {number} */ unix_ms) => new Date(unix_ms).toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "long", year: "numeric" }),
	earlier_of: (/** @type {string} */ md, /** @type {number} */ people) => `${md} · ${count(people, "person", "people")}`,
	still_open: (/** @type {string} */ code) => `open now, ${code}`,
	name: "Your name",
	name_hint: "as the band calls you",
	code: "Session code",
	code_hint: "six letters and digits",
	pin: "PIN",
	pin_hint: "on the box's screen; leave empty if the box has none",
	back_to: (/** @type {string} */ code) => `Back to ${code}`,
	arriving: "Taking your seat again…",
	arriving_lost: "The box does not answer. Is this phone on the band's Wi-Fi? We keep trying.",
	elsewhere: "To the start page",

	/* The stage */
	bar: "Bar",
	count_in: "Count-in",
	stopped: "Stopped",
	tempo: "Tempo",
	metre: "Metre",
	bpm: (/** @type {number} */ bpm, /** @type {boolean} */ compound) => `${compound ? "♩." : "♩"} = ${bpm}`,
	leads: (/** @type {string} */ name) => `${name} leads the tempo`,
	you_lead: "You lead the tempo",
	nobody_leads: "Nobody leads the tempo",
	away_leads: (/** @type {string} */ name) => `${name} leads the tempo, but is away`,
	take_back: "Take it back",
	change_at: (/** @type {string} */ what, /** @type {number} */ bar) => `${what} at bar ${bar}`,
	bars_left: (/** @type {number} */ bars) => bars <= 1 ? "at the next bar" : `in ${bars} bars`,
	cancel: "Cancel",
	waiting_for_clock: "Setting the clock…",

	/* What is wrong, or may be */
	no_connection: "Offline",
	no_connection_running: "No connection. The beat goes on from what this phone knows.",
	no_connection_stopped: "No connection to the box. Trying again…",
	audio_lost: "Audio lost: the sound card stands still. The phones go on.",
	audio_none: "No click program on the box: the beat is on the phones only.",
	off_air: "Not on the loudspeaker",
	on_air: "On air",
	off_air_long: "Another session has the loudspeaker, or it was released. This beat is on the phones only.",
	on_air_long: "This session's click is on the loudspeaker.",
	in_sync: (/** @type {number} */ ms) => `±${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`,
	in_sync_long: (/** @type {string} */ pm) => `In step with the box, ${pm} at worst`,
	round_trip: (/** @type {number} */ ms) => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms to the box and back`,
	lost_pings: (/** @type {number} */ pct) => `${Math.round(pct)} % of the messages lost or late`,

	/* The desk */
	tap: "Tap",
	tap_hint: (/** @type {number} */ n) => `${n} taps start the click`,
	tap_hint_running: "taps set the tempo",
	start: "Start",
	stop: "Stop",
	count_in_choice: "Count-in bars",
	count_in_short: "Count-in",
	slower: "One slower",
	faster: "One faster",
	bpm_label: "Beats a minute",
	set: "Set",
	changes_come: "Changes come",
	at_next_bar: "next bar",
	in_bars: (/** @type {number} */ bars) => `in ${bars}`,

	/* The band */
	band: "Band",
	invite: "Invite the band",
	invite_hint: "Scan, or open the address and type the code.",
	qr_alt: (/** @type {string} */ code) => `QR code of the link that joins session ${code}`,
	people: (/** @type {number} */ n) => count(n, "player"),
	you: "you",
	md: "MD",
	leader: "tempo",
	away: "away",
	hand_over: "Hand over",
	hand_over_to: (/** @type {string} */ name) => `Hand over to ${name}`,
	copy: "Copy link",
	copied: "Link copied",

	/* The song that is on */
	song: "Song",
	song_bar: (/** @type {number} */ bar) => `song bar ${bar}`,
	song_from: (/** @type {number} */ bar) => `from bar ${bar}`,
	next: "Next",

	/* The library */
	songs: "Songs",
	search: "Search by title",
	looking: "Looking…",
	again: "Try again",
	more: "More songs",
	songs_count: (/** @type {number} */ n) => count(n, "song"),
	found: (/** @type {number} */ n) => `${count(n, "song")} found`,
	none_found: "No song found. A title is found by how its words begin.",
	no_songs: "The box has no songs yet. Import a list, and every session has them.",
	import_songs: "Import songs",
	import_button: "Import",
	back_to_songs: "Back to the songs",
	from_files: "From a file",
	from_files_hint: "CSV, ChordPro or JSON; of ChordPro several at once",
	or_paste: "Or paste a list",
	format: "Format",
	formats: /** @type {Record<Format, string>} */ ({ csv: "CSV", chordpro: "ChordPro", json: "JSON" }),
	format_hint: /** @type {Record<Format, string>} */ ({
		csv: "The first line names the columns: title, key, tempo, time, notes. Then a song a line.",
		chordpro: "Title, key, tempo and time of each song are taken; {new_song} stands between songs.",
		json: "An array of songs: title, default_key, default_bpm, time_signature, notes.",
	}),
	paste_hint: /** @type {Record<Format, string>} */ ({
		csv: "title,key,tempo,time\nAutumn Leaves,Gm,120,4/4",
		chordpro: "{title: Autumn Leaves}\n{key: Gm}\n{tempo: 120}",
		json: '[{"title": "Autumn Leaves", "default_bpm": 120}]',
	}),
	imported: (/** @type {number} */ created, /** @type {number} */ known) => `${created} new, ${known} known already.`,
	import_empty: "Choose a file or paste a list first.",
	no_song: "There is no song in this text: a ChordPro song has a line {title: …}.",
	import_failed: (/** @type {{what: string, line: number | null, file: string, line_in_file: number}} */ { what, line, file, line_in_file }) =>
		`Nothing was imported. ${line === null ? "" : `${file ? `${file}, line` : "Line"} ${line_in_file}: `}${what}`,
	import_no_answer: "No answer from the box to the import. Nothing is lost: import it again; songs that came in already are left as they are.",
	too_much: (/** @type {number} */ bytes, /** @type {number} */ parts, /** @type {Format} */ format) =>
		`That is too much at once: ${Math.ceil(bytes / 1000)} kB, where the box takes 60 kB, and quotes and ends of lines count twice. Import it in ${parts} parts${
			{ csv: ", each with the line of column names on top, or leave long notes out.", chordpro: ".", json: ", each an array of its own, or leave long notes out." }[format]}`,
	files_too_big: "These files are too big for lists of songs. Nothing was read.",
	no_text: (/** @type {string} */ name) => `${name} cannot be read as text. Save it as UTF-8 (in a spreadsheet: “CSV UTF-8”) and choose it again.`,
	one_file: "Several files at once only with ChordPro: choose one CSV or JSON file after another.",

	/* The sound */
	sound: "Sound",
	volume: "Volume",
	accent: "Accent on the first beat",
	subdivision: "Eighths between the beats",
	click_sound: "Click",
	sounds: /** @type {Record<string, string>} */ ({ beep: "Beep", wood: "Wood", cowbell: "Cowbell" }),
	test: "Test click",
	output: "Loudspeaker",
	take_output: "Take the loudspeaker",
	release_output: "Release it",
	only_controller: "Only who leads the tempo can change these.",

	/* You */
	you_title: "This phone",
	flashing: "Flashing",
	flash: { full: "Screen", small: "Beat only", off: "Off" },
	flash_hint: "Never more than three flashes a second: fast tempos flash on the bar only.",
	clock: "Clock",
	lead: "Lead",
	leave: "Leave the session",
	close_session: "Close the session",
	close_sure: "Close the session for everyone?",
	close_sure_hint: "The click stops, and all phones are sent to the start page.",
	close_yes: "Yes, close it",
	keep_open: "Keep it open",
	done: "Done",

	/* What became of it */
	session_closed: "The session was closed.",
	removed: "You are no longer in that session. Join again with its code.",
	handed: (/** @type {string} */ name) => `${name} leads the tempo now`,
	yours: "You lead the tempo now",
	code_form_wrong: "A code has six letters and digits.",
	name_missing: "What does the band call you?",
	bpm_wrong: "A tempo is a whole number from 30 to 260.",
	tap_no_clock: "The clock is not set yet: tap again in a second.",
};

/** What people call the requests. @type {Record<string, string>} */
const REQUESTS = {
	"tempo.set": "the tempo change", "tempo.cancel": "cancelling", "tempo.tap": "the tap", "tempo.start": "the start",
	"tempo.stop": "the stop", "tempo.handoff": "the hand-over", "click.set": "the click setting", "click.test": "the test click",
	"song.list": "the question for songs", "song.import": "the import",
	"session.leave": "leaving", "session.close": "closing", "session.create": "starting a session", "session.join": "joining",
	"session.claim": "taking over", "session.list": "looking for sessions", "session.reopen": "opening the session again", "session.take_output": "taking the loudspeaker", "session.release_output": "releasing the loudspeaker",
};

/** Errors by code; what is not here is said in the box's own words. @type {Record<string, string>} */
const ERRORS = {
	pin_wrong: "That is not the box's PIN. It is on the box's screen.",
	code_unknown: "There is no session with this code. Look again: is it tonight's?",
	code_form: words.code_form_wrong,
	token_unknown: words.removed,
	left: words.removed,
	session_closed: words.session_closed,
	display_name: "A name has 1 to 40 characters.",
	not_controller: "The tempo is not yours to move now.",
	not_md: "Only the music director may do that.",
	not_joined: "This phone is not in the session any more.",
	not_running: "The click stands still.",
	already_running: "It runs already.",
	nothing_pending: "Nothing is announced any more.",
	too_late: "Too late: that bar has begun.",
	no_such_member: "That player has left.",
	off_air: words.off_air_long,
	output_taken: "Another session has the loudspeaker. With the PIN you can take it.",
	bpm_range: words.bpm_wrong,
	no_connection: "Not sent: there is no connection to the box.",
};

/** What went wrong, in plain words. @param {{code: string, message?: string, request?: string, field?: string | null}} error */
export function error_words(error) {
	const what = REQUESTS[error.request ?? ""] ?? "that";
	if (error.code === "no_answer" && error.request === "song.import")
		return words.import_no_answer;
	if (error.code === "no_answer")
		return `No answer from the box to ${what}. Look whether it was done before you repeat it.`;
	if (error.code === "missing_field" && error.field === "pin")
		return "This box asks for its PIN. It is on the box's screen.";
	if (error.code === "locked_out")
		return `Too many wrong tries. ${error.message ?? ""}`;
	return ERRORS[error.code] ?? error.message ?? error.code;
}
