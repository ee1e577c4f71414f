#include "fields.h"

#include "metre.h"
#include "token.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 40

static int fail(struct field_error *error, const char *code, const char *field)
{
	error->code = code;
	error->field = field;
	return -EINVAL;
}

/* The offending value as the sender wrote it, shortened. */
static void show_value(const json_t *value, char out[SHOWN_MAX + 4])
{
	char text[256];
	size_t size = json_dumpb(value, text, sizeof text, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	if (size == 0 || size > sizeof text)
		strcpy(out, "this");
	else
		snprintf(out, SHOWN_MAX + 4, "%.*s%s", (int)(size < SHOWN_MAX ? size : SHOWN_MAX),
			 text, size > SHOWN_MAX ? "..." : "");
}

static int out_of_limits(const struct field *field, const json_t *value, struct field_error *error)
{
	char shown[SHOWN_MAX + 4];
	show_value(value, shown);
	snprintf(error->message, sizeof error->message, "%s must be %s, not %s", field->name,
		 field->rule, shown);
	return fail(error, field->code, field->name);
}

static int wrong_type(const struct field *field, const char *wanted, const json_t *value,
		      struct field_error *error)
{
	char shown[SHOWN_MAX + 4];
	show_value(value, shown);
	snprintf(error->message, sizeof error->message, "%s must be %s, not %s", field->name,
		 wanted, shown);
	return fail(error, "wrong_type", field->name);
}

static bool bytes_within(const struct field *field, const json_t *value)
{
	int64_t size = (int64_t)json_string_length(value);
	return size >= field->min && size <= field->max;
}

/* Ends of lines and tabs are no harm in text of several lines; what else is below a blank is. */
static bool lines_within(const struct field *field, const json_t *value)
{
	const char *text = json_string_value(value);
	int64_t size = (int64_t)json_string_length(value);
	if (!bytes_within(field, value))
		return false;
	for (int64_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];
		bool c1 = byte == 0xc2 && (unsigned char)text[i + 1] < 0xa0;
		if ((byte < 0x20 && !strchr("\n\r\t", byte)) || byte == 0 || byte == 0x7f || c1)
			return false;
	}
	return true;
}

/* Code points of valid UTF-8 (jansson lets no other in); -1 if there is a control character. */
static int64_t count_points(const char *text, size_t size)
{
	int64_t points = 0;
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];
		bool c1 = byte == 0xc2 && (unsigned char)text[i + 1] < 0xa0;
		if (byte < 0x20 || byte == 0x7f || c1)
			return -1;
		points += (byte & 0xc0) != 0x80;
	}
	return points;
}

/* The next code point of valid UTF-8. */
static unsigned take_point(const char **text)
{
	unsigned char lead = (unsigned char)*(*text)++;
	int more = (lead >= 0xc0) + (lead >= 0xe0) + (lead >= 0xf0);
	unsigned point = more ? lead & (0x3fu >> more) : lead;
	while (more-- > 0)
		point = point << 6 | ((unsigned char)*(*text)++ & 0x3f);
	return point;
}

bool field_only_blanks(const char *text)
{
	static const unsigned blanks[][2] = {{0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680},
					     {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f},
					     {0x3000, 0x3000}, {0xfeff, 0xfeff}};
	while (*text) {
		unsigned point = take_point(&text);
		bool blank = false;
		for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++)
			blank = blank || (point >= blanks[i][0] && point <= blanks[i][1]);
		if (!blank)
			return false;
	}
	return true;
}

static bool text_within(const struct field *field, const json_t *value)
{
	const char *text = json_string_value(value);
	int64_t points = count_points(text, json_string_length(value));
	if (points < field->min || points > field->max)
		return false;
	if (field->min > 0 && field_only_blanks(text))
		return false;
	return !field->ok || field->ok(text);
}

static bool id_ok(const char *text)
{
	uint8_t bytes[16];
	return uuid_to_bytes(text, bytes) == 0;
}

bool field_metre_ok(const char *text)
{
	enum metre metre;
	return metre_from_name(text, &metre) == 0;
}

static int check_int(const struct field *field, const json_t *value, struct field_error *error)
{
	if (!json_is_integer(value))
		return wrong_type(field, "a whole number", value, error);
	if (json_integer_value(value) < field->min || json_integer_value(value) > field->max)
		return out_of_limits(field, value, error);
	return 0;
}

static int check_number(const struct field *field, const json_t *value, struct field_error *error)
{
	if (!json_is_number(value))
		return wrong_type(field, "a number", value, error);
	double number = json_number_value(value);
	if (!isfinite(number) || number < (double)field->min || number > (double)field->max)
		return out_of_limits(field, value, error);
	return 0;
}

static int check_value(const struct field *field, const json_t *value, struct field_error *error)
{
	switch (field->kind) {
	case FIELD_INT:
		return check_int(field, value, error);
	case FIELD_NUMBER:
		return check_number(field, value, error);
	case FIELD_BOOL:
		return json_is_boolean(value) ? 0
					      : wrong_type(field, "true or false", value, error);
	case FIELD_TEXT:
		if (!json_is_string(value))
			return wrong_type(field, "text", value, error);
		return text_within(field, value) ? 0 : out_of_limits(field, value, error);
	case FIELD_LINES:
		if (!json_is_string(value))
			return wrong_type(field, "text", value, error);
		return lines_within(field, value) ? 0 : out_of_limits(field, value, error);
	case FIELD_BYTES:
		if (!json_is_string(value))
			return wrong_type(field, "text", value, error);
		return bytes_within(field, value) ? 0 : out_of_limits(field, value, error);
	case FIELD_ID:
		if (!json_is_string(value))
			return wrong_type(field, "text", value, error);
		return id_ok(json_string_value(value)) ? 0 : out_of_limits(field, value, error);
	case FIELD_ANY:
	case FIELD_END:
		break;
	}
	return 0;
}

static int check_field(const struct field *field, const json_t *value, struct field_error *error)
{
	if (json_is_null(value) && (field->need & FIELD_NULLABLE))
		return 0;
	return check_value(field, value, error);
}

static bool known(const struct field *fields, const char *name)
{
	for (; fields->kind != FIELD_END; fields++)
		if (strcmp(fields->name, name) == 0)
			return true;
	return strcmp(name, "id") == 0 || strcmp(name, "type") == 0;
}

int fields_check(const struct field *fields, json_t *request, struct field_error *error)
{
	const char *name;
	json_t *value;
	json_object_foreach(request, name, value)
	{
		if (known(fields, name))
			continue;
		snprintf(error->message, sizeof error->message,
			 "this request has no field \"%.40s\": leave it out", name);
		return fail(error, "unknown_field", name);
	}
	for (; fields->kind != FIELD_END; fields++) {
		value = json_object_get(request, fields->name);
		if (value) {
			if (check_field(fields, value, error) < 0)
				return -EINVAL;
		} else if (fields->need & FIELD_REQUIRED) {
			snprintf(error->message, sizeof error->message,
				 "this request needs the field %s: %s", fields->name,
				 fields->rule ? fields->rule : "any value");
			return fail(error, "missing_field", fields->name);
		}
	}
	return 0;
}

static json_t *lower_case(const json_t *id)
{
	char text[UUID_TEXT_SIZE] = "";
	const char *from = json_string_value(id);
	for (size_t i = 0; i < sizeof text - 1 && from[i]; i++)
		text[i] = (char)tolower((unsigned char)from[i]);
	return json_string(text);
}

int fields_copy(const struct field *fields, const json_t *request, json_t *params)
{
	char has[80];
	int failed = 0;
	for (; fields->kind != FIELD_END; fields++) {
		json_t *value = json_object_get(request, fields->name);
		if (!value)
			continue;
		snprintf(has, sizeof has, "has_%s", fields->name);
		failed |= json_object_set_new(params, has, json_integer(1));
		if (fields->kind == FIELD_ID && json_is_string(value))
			failed |= json_object_set_new(params, fields->name, lower_case(value));
		else
			failed |= json_object_set(params, fields->name, value);
	}
	return failed ? -ENOMEM : 0;
}
