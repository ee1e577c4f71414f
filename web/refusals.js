/*
 * refusals.js - what went wrong with a request, in plain words.
 */
import { words } from "./words.js";

/** What people call the requests. @type {Record<string, string>} */
const REQUESTS = {
	"tempo.set": "the tempo change", "tempo.cancel": "cancelling", "tempo.tap": "the tap", "tempo.start": "the start",
	"tempo.stop": "the stop", "tempo.handoff": "the hand-over", "click.set": "the click setting", "click.test": "the test click",
	"song.activate": "going to the song", "setlist.item.add": "adding the song", "setlist.item.update": "the change", "setlist.item.move": "moving the song", "setlist.item.remove": "removing the song",
	"setlist.list": "the question for setlists", "setlist.create": "making the setlist", "setlist.rename": "renaming", "setlist.delete": "deleting the setlist", "setlist.activate": "the change of setlist",
	"session.renew_code": "the new code", "participant.remove": "the removal", "role.assign": "giving the slot", "role.clear": "freeing the slot",
	"profile.set": "the new name", "song.list": "the question for songs", "song.import": "the import",
	"song.create": "saving the song", "song.update": "saving the song", "song.delete": "deleting the song",
	"ready.set": "your “ready”", "ptt.set": "talking",
	"session.leave": "leaving", "session.close": "closing", "session.create": "starting a session", "session.join": "joining",
	"session.claim": "taking over", "session.list": "looking for sessions", "session.reopen": "opening the session again", "session.take_output": "taking the loudspeaker", "session.release_output": "releasing the loudspeaker",
};

const NO_SUCH_CODE = "There is no session with this code. Look again: is it tonight's?";

/** Errors by code; what is not here is said in the box's own words. @type {Record<string, string>} */
const ERRORS = {
	pin_wrong: "That is not the box's PIN. It is on the box's screen.",
	code_unknown: NO_SUCH_CODE,
	/* It has its six, but letters among them that no code has. */
	code_form: NO_SUCH_CODE,
	token_unknown: words.removed,
	left: words.removed,
	session_closed: words.session_closed,
	display_name: "A name has 1 to 40 characters.",
	not_controller: "The tempo is not yours to move now.",
	not_md: "Only the music director may do that.",
	not_joined: "This phone is not in the session any more.",
	not_running: "The click is not running.",
	already_running: "The click is running already.",
	nothing_pending: "Nothing is announced any more.",
	too_late: "Too late: that bar has begun.",
	no_such_member: "That player has left.",
	slot_taken: "Somebody was faster: that slot is taken.",
	off_air: words.off_air_long,
	output_taken: "Another session has the loudspeaker. With the PIN you can take it.",
	bpm_range: words.bpm_wrong,
	stale: "Not done: the list was changed on another phone just now. This is how it stands.",
	moved: "Another phone changed the list just now. Look which song is on.",
	no_setlist: "There is no setlist: make one first.",
	setlist_unknown: "That setlist is gone.",
	song_unknown: "That song is not in the library any more.",
	position_range: "The list has no such place any more.",
	setlist_full: "This setlist has 200 songs: the most it takes.",
	setlists_full: "There are 200 setlists, the most there may be: delete some.",
	title: words.title_wrong,
	key: words.key_wrong,
	notes: words.notes_wrong,
	song_in_use: "A setlist of an open session has this song, or it is on. Take it out there first.",
	library_full: "5000 songs are in the library, the most it takes: delete some.",
	gone: words.removed,
	session_full: "The session is full: 200 people are in it.",
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
