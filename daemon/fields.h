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
	FIELD_ANY
};

struct field {
	enum field_kind kind;
	const char *name;
	bool required;
	int64_t min;
	int64_t max;
	const char *code; /* of the error when the value is out of its limits */
	const char *rule; /* "30 to 260": completes "<name> must be ..." */
	bool (*ok)(const char *text);
};

struct field_error {
	const char *code;
	const char *field; /* borrowed from the table or the request */
	char message[200];
};

/* Check the request's fields (all but `id` and `type`) against the table, which ends with kind
 * FIELD_END. 0, or -EINVAL with *error filled. */
int fields_check(const struct field *fields, json_t *request, struct field_error *error);

#endif
