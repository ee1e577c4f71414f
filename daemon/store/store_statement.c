#include "store_sqlite.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct store_statement {
	const char *sql; /* the key: this very pointer */
	sqlite3_stmt *statement;
	struct store_statement *next;
};

static struct store_statement **bucket(struct store_db *db, const char *sql)
{
	return &db->statements[((uintptr_t)sql >> 3) % STORE_BUCKETS];
}

static int prepare(struct store_db *db, const char *sql, struct store_statement **out)
{
	struct store_statement *fresh = calloc(1, sizeof *fresh);

	if (!fresh)
		return SQLITE_NOMEM;
	const int code = sqlite3_prepare_v3(db->sql, sql, -1, SQLITE_PREPARE_PERSISTENT,
					    &fresh->statement, NULL);
	if (code != SQLITE_OK) {
		free(fresh);
		return code;
	}
	fresh->sql = sql;
	*out = fresh;
	return SQLITE_OK;
}

int store_statement_get(struct store_db *db, const char *sql, sqlite3_stmt **out)
{
	struct store_statement **first = bucket(db, sql);
	struct store_statement *at = *first;

	while (at && at->sql != sql)
		at = at->next;
	if (!at) {
		const int code = prepare(db, sql, &at);
		if (code != SQLITE_OK)
			return code;
		at->next = *first;
		*first = at;
	}
	*out = at->statement;
	return SQLITE_OK;
}

void store_statement_forget_all(struct store_db *db)
{
	for (int i = 0; i < STORE_BUCKETS; i++) {
		while (db->statements[i]) {
			struct store_statement *at = db->statements[i];
			db->statements[i] = at->next;
			sqlite3_finalize(at->statement);
			free(at);
		}
	}
}

int store_statement_execute(struct store_db *db, const char *sql)
{
	sqlite3_stmt *statement;
	const int code = store_statement_get(db, sql, &statement);

	if (code != SQLITE_OK)
		return code;
	sqlite3_step(statement);
	return sqlite3_reset(statement);
}

/* --- Parameters ----------------------------------------------------------------------------- */

static int bind_json_text(sqlite3_stmt *statement, int index, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);

	if (!text)
		return SQLITE_NOMEM;
	return sqlite3_bind_text(statement, index, text, -1, free);
}

static int bind_value(sqlite3_stmt *statement, int index, const json_t *value)
{
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING:
		return sqlite3_bind_text64(statement, index, json_string_value(value),
					   json_string_length(value), SQLITE_STATIC, SQLITE_UTF8);
	case JSON_INTEGER:
		return sqlite3_bind_int64(statement, index, json_integer_value(value));
	case JSON_REAL:
		return sqlite3_bind_double(statement, index, json_real_value(value));
	case JSON_TRUE:
		return sqlite3_bind_int(statement, index, 1);
	case JSON_FALSE:
		return sqlite3_bind_int(statement, index, 0);
	case JSON_ARRAY:
	case JSON_OBJECT:
		return bind_json_text(statement, index, value);
	case JSON_NULL:
		break;
	}
	return sqlite3_bind_null(statement, index);
}

int store_statement_bind(sqlite3_stmt *statement, const json_t *params)
{
	const int count = sqlite3_bind_parameter_count(statement);

	for (int i = 1; i <= count; i++) {
		const char *name = sqlite3_bind_parameter_name(statement, i);
		const json_t *value = name ? json_object_get(params, name + 1) : NULL;
		const int code = bind_value(statement, i, value);
		if (code != SQLITE_OK)
			return code;
	}
	return SQLITE_OK;
}

/* --- Rows ----------------------------------------------------------------------------------- */

static bool is_json_column(const char *name)
{
	static const char end[] = "_json";
	const size_t length = strlen(name);

	return strcmp(name, "json") == 0 ||
	       (length >= strlen(end) && strcmp(name + length - strlen(end), end) == 0);
}

/* New reference, or NULL with *code set: no memory, or text that is not UTF-8 or not JSON. */
static json_t *column_value(sqlite3_stmt *statement, int index, int *code)
{
	const int type = sqlite3_column_type(statement, index);

	*code = SQLITE_NOMEM;
	if (type == SQLITE_INTEGER)
		return json_integer(sqlite3_column_int64(statement, index));
	if (type == SQLITE_FLOAT)
		return json_real(sqlite3_column_double(statement, index));
	if (type != SQLITE_TEXT)
		return json_null();
	const char *text = (const char *)sqlite3_column_text(statement, index);
	const size_t length = (size_t)sqlite3_column_bytes(statement, index);
	if (!text)
		return NULL;
	*code = SQLITE_MISMATCH;
	if (is_json_column(sqlite3_column_name(statement, index)))
		return json_loadb(text, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	return json_stringn(text, length);
}

static int read_row(sqlite3_stmt *statement, json_t **out)
{
	json_t *row = json_object();
	const int count = sqlite3_column_count(statement);
	int code = SQLITE_NOMEM;

	for (int i = 0; row && i < count; i++) {
		json_t *value = column_value(statement, i, &code);
		if (!value ||
		    json_object_set_new(row, sqlite3_column_name(statement, i), value) != 0) {
			json_decref(row);
			row = NULL;
		}
	}
	*out = row;
	return row ? SQLITE_OK : code;
}

/* With RETURNING, all is changed and checked before the first row comes. */
int store_statement_run(sqlite3_stmt *statement, json_t **row)
{
	const int code = sqlite3_step(statement);

	*row = NULL;
	if (code == SQLITE_ROW)
		return read_row(statement, row);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

void store_statement_end(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}
