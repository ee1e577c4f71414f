/*
 * fields.h - typed fields of a request, and the errors they give.
 *
 * A command's row names its fields with their limits; nothing else checks input.
 * Limits come from limits.h.
 *
 * Pure but for allocation of JSON. Thread: any one.
 */
#ifndef TACTUS_FIELDS_H
#define TACTUS_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum field_kind {
	FIELD_END = 0,
	FIELD_INT,    /* min..max */
	FIELD_NUMBER, /* integer or fraction; min..max */
	FIELD_BOOL,
	FIELD_TEXT, /* min..max code points, no control characters, not only blanks; `ok` asked too */
	FIELD_LINES, /* min..max bytes; of the control characters, ends of lines and tabs may be in it */
	FIELD_BYTES, /* min..max bytes of any text: what may be in it is said by who reads it */
	FIELD_ID,    /* a UUID, any case: see fields_copy(); code says of what */
	FIELD_ANY
};

/* May it be absent, may it be null? A null clears what is stored. true and false do as well. */
enum field_need { FIELD_OPTIONAL = 0, FIELD_REQUIRED = 1, FIELD_NULLABLE = 2 };

struct field {
	enum field_kind kind;
	const char *name;
	int need; /* enum field_need, as bits */
	int64_t min;
	int64_t max;
	const char *code; /* of the error when the value is out of its limits */
	const char *rule; /* "30 to 260": completes "<name> must be ..." */
	bool (*ok)(const char *text);
};

/* Fields that several commands have. */
#define FIELD_BPM_RULE "30 to 260"
#define FIELD_METRE_RULE "2/4, 3/4, 4/4, 6/8 or 12/8"
#define FIELD_KEY_RULE "a key of at most 8 characters, such as F#m"
#define FIELD_TITLE_RULE "a title of 1 to 120 characters"
#define FIELD_NOTES_RULE "text of at most 20000 bytes"

bool field_metre_ok(const char *text);

/* Nothing that could be seen: blanks of all widths, joiners, marks of direction. Of valid UTF-8. */
bool field_only_blanks(const char *text);

struct field_error {
	const char *code;
	const char *field; /* borrowed from the table or the request */
	char message[200];
};

/* Check the request's fields (all but `id` and `type`) against the table, which ends with kind
 * FIELD_END. 0, or -EINVAL with *error filled. */
int fields_check(const struct field *fields, json_t *request, struct field_error *error);

/*
 * Put the fields of a checked request into a job's params: each as it is, ids in lower case, and for
 * each that is present (null included) a has_<name> = 1, so that SQL can tell null from absent.
 * 0 or -ENOMEM.
 */
int fields_copy(const struct field *fields, const json_t *request, json_t *params);

#endif
