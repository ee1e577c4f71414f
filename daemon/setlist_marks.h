/*
 * setlist_marks.h - since when each setlist of a room is as it is: what a request's `revision` is held
 * against.
 *
 * A request for a setlist carries the revision of the state that it was made for. It is outdated if
 * the setlist's items were changed by what was told later (that is known here), or by what is under
 * way and not told yet: that is known in the same transaction only. Every change of a session's
 * setlists has a number, which rises by one; here stands the last that came back from the store, and
 * the steps (setlist_sql.h) refuse a setlist that was changed by a later one.
 *
 * Pure but for allocation of JSON. Thread: loop.
 */
#ifndef TACTUS_SETLIST_MARKS_H
#define TACTUS_SETLIST_MARKS_H

#include <jansson.h>
#include <stdint.h>

struct setlist_marks;

/* For a room that was just loaded, at this revision, with this number of changes
 * (session.setlist_changes): what was before counts as changed now. NULL on no memory. Owns: the
 * caller frees. */
struct setlist_marks *setlist_marks_new(uint64_t revision, int64_t changes);
void setlist_marks_free(struct setlist_marks *marks); /* NULL is legal */

/* The room goes on from a higher revision than that. */
void setlist_marks_raise(struct setlist_marks *marks, uint64_t revision);

/* The items of that setlist were changed, by the change of that number, and everyone knows since that
 * revision. */
void setlist_marks_changed(struct setlist_marks *marks, const char *setlist_id, int64_t number,
			   uint64_t revision);

/* Another setlist is the active one since that revision, or none is. */
void setlist_marks_switched(struct setlist_marks *marks, uint64_t revision);

/* That setlist is no more. */
void setlist_marks_drop(struct setlist_marks *marks, const char *setlist_id);

/* The disk failed, and whether a change reached it is open: until the next change comes back, what is
 * under way is not looked at. */
void setlist_marks_doubt(struct setlist_marks *marks);

/*
 * For the params of a request: if it has `revision`, put what its steps ask for, `seen` and, unless it
 * names its setlist, `seen_setlist_id`: the active one as it was told last (NULL: none). 0 or -ENOMEM.
 */
int setlist_marks_ask(const struct setlist_marks *marks, const char *active_setlist_id,
		      json_t *params);

#endif
