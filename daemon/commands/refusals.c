/*
 * What the store refuses, in words: the codes that steps give by their `none`.
 */
#include "reply.h"

#include <string.h>

static const struct refusal {
	const char *code;
	const char *field; /* where the step names none */
	const char *message;
} refusals[] = {
	{"code_unknown", "code", "no session has this code now: ask the music director for it"},
	{"token_unknown", "token",
	 "the box does not know this device any more: join again with the code"},
	{"left", "token", "you have left this session: join again with the code"},
	{"session_closed", NULL, "this session is closed: reopen it, with the PIN"},
	{"session_full", NULL,
	 "200 people are in this session: the most it takes; the music director can remove some"},
	{"session_unknown", NULL, "the box has lost this session: make a new one"},
	{"not_joined", NULL, "you are not in this session any more: join again with the code"},
	{"not_controller", NULL,
	 "only the one who holds the tempo may do this: ask for a hand-over"},
	{"not_md", NULL, "only the music director may do this"},
	{"no_such_member", "user_id", "nobody with this user_id is in the session"},
	{"not_yourself", "user_id", "to go yourself, use session.leave"},
	{"slot_unknown", "slot_id", "the box has no slot with this id: see `slots` in welcome"},
	{"scope", "scope_song_id",
	 "scope_song_id goes with scope_type \"song\": give both, or neither"},
	{"slot_taken", "slot_id",
	 "somebody has this slot: the music director may take it with replace, others from one "
	 "who is away"},
	{"song_unknown", "song_id", "the library has no song with this id"},
	{"song_in_use", "song_id",
	 "a setlist of an open session has this song: take it out there first"},
	{"setlist_unknown", "setlist_id", "this session has no setlist with this id"},
	{"no_setlist", "setlist_id",
	 "no setlist is active: name one, or activate one (setlist.activate)"},
	{"position_range", "position", "the setlist has no item at this position"},
	{"stale", "revision",
	 "this setlist has changed since that revision: look at it as it is now, and ask again"},
	{"setlist_full", NULL, "200 songs are in this setlist: the most it takes"},
	{"setlists_full", NULL,
	 "this session has 200 setlists, the most there may be: delete some"},
	{"library_full", NULL, "5000 songs are in the library, the most it takes: delete some"},
	{"id_reused", "id", "another request had this id: give each its own"},
};

static const struct refusal *find(const char *code, size_t size)
{
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
		if (strlen(refusals[i].code) == size && strncmp(refusals[i].code, code, size) == 0)
			return &refusals[i];
	return NULL;
}

void reply_refused(struct hub *hub, struct phone *phone, const char *re,
		   const struct store_result *result)
{
	const char *what = result->what;
	const struct refusal *refusal = NULL;
	if (result->status == STORE_REFUSED)
		refusal = find(what, strcspn(what, " "));
	if (refusal) {
		const char *blank = strchr(what, ' ');
		reply_error(hub, phone, re, refusal->code, blank ? blank + 1 : refusal->field, "%s",
			    refusal->message);
	} else if (result->status == STORE_FAILED) {
		reply_error(hub, phone, re, "storage", NULL, "%s", what);
	} else {
		reply_error(hub, phone, re, "refused", NULL, "the box's rules refuse this: %s",
			    what);
	}
}
