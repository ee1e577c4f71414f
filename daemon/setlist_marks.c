#include "setlist_marks.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define NOTHING_SEEN (-1) /* below the number of every change, and of none */

struct setlist_marks {
	json_t *changed; /* setlist id: the revision since which it is as it is */
	uint64_t others; /* the same for those that are not in there */
	uint64_t active_since;
	int64_t number; /* of the last change that came back */
	bool doubtful;
};

struct setlist_marks *setlist_marks_new(uint64_t revision, int64_t changes)
{
	struct setlist_marks *marks = calloc(1, sizeof *marks);
	if (!marks)
		return NULL;
	marks->others = revision;
	marks->active_since = revision;
	marks->number = changes;
	marks->changed = json_object();
	if (marks->changed)
		return marks;
	free(marks);
	return NULL;
}

void setlist_marks_free(struct setlist_marks *marks)
{
	if (!marks)
		return;
	json_decref(marks->changed);
	free(marks);
}

void setlist_marks_raise(struct setlist_marks *marks, uint64_t revision)
{
	marks->others = revision;
	marks->active_since = revision;
}

void setlist_marks_changed(struct setlist_marks *marks, const char *setlist_id, int64_t number,
			   uint64_t revision)
{
	marks->number = number;
	marks->doubtful = false;
	/* Without memory all count as changed, which refuses too much rather than too little. */
	if (json_object_set_new(marks->changed, setlist_id, json_integer((json_int_t)revision)) <
	    0) {
		json_object_clear(marks->changed);
		marks->others = revision;
	}
}

void setlist_marks_switched(struct setlist_marks *marks, uint64_t revision)
{
	marks->active_since = revision;
}

void setlist_marks_drop(struct setlist_marks *marks, const char *setlist_id)
{
	json_object_del(marks->changed, setlist_id);
}

void setlist_marks_doubt(struct setlist_marks *marks)
{
	marks->doubtful = true;
}

static uint64_t changed_at(const struct setlist_marks *marks, const char *setlist_id)
{
	const json_t *revision = json_object_get(marks->changed, setlist_id);
	return revision ? (uint64_t)json_integer_value(revision) : marks->others;
}

int setlist_marks_ask(const struct setlist_marks *marks, const char *active_setlist_id,
		      json_t *params)
{
	const json_t *revision = json_object_get(params, "revision");
	const char *setlist_id = json_string_value(json_object_get(params, "setlist_id"));
	int failed = 0;
	if (!revision)
		return 0;
	uint64_t since = 0;
	if (!setlist_id) {
		setlist_id = active_setlist_id ? active_setlist_id : "";
		since = marks->active_since;
		failed |= json_object_set_new(params, "seen_setlist_id", json_string(setlist_id));
	}
	if (changed_at(marks, setlist_id) > since)
		since = changed_at(marks, setlist_id);
	json_int_t asked = json_integer_value(revision);
	if (asked < 0 || (uint64_t)asked < since)
		failed |= json_object_set_new(params, "seen", json_integer(NOTHING_SEEN));
	else if (!marks->doubtful)
		failed |= json_object_set_new(params, "seen", json_integer(marks->number));
	return failed ? -ENOMEM : 0;
}
