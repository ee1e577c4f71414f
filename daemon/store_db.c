#include "store_db.h"

#include "store_file.h"
#include "store_sql.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define APPLICATION_ID 0x54637475 /* "Tctu" */
#define BUSY_TIMEOUT_MS 5000
#define PREPARED_BUCKETS 64

struct prepared {
	const char *sql; /* the key: this very pointer */
	sqlite3_stmt *statement;
	struct prepared *next;
};

struct store_db {
	sqlite3 *sql; /* NULL: closed after an error; the next batch opens it */
	char *path;
	int lock_fd;
	struct prepared *prepared[PREPARED_BUCKETS];
};

static const char begin_read[] = "BEGIN";
static const char begin_write[] = "BEGIN IMMEDIATE";
static const char commit[] = "COMMIT";
static const char savepoint[] = "SAVEPOINT job";
static const char rollback_to[] = "ROLLBACK TO job";
static const char release[] = "RELEASE job";

static const char *const section_sql[SECTION_COUNT] = {
	"SELECT json FROM section_session WHERE session_id = :session_id",
	"SELECT json FROM section_participants WHERE session_id = :session_id",
	"SELECT json FROM section_role_assignments WHERE session_id = :session_id",
	"SELECT json FROM section_setlist WHERE session_id = :session_id",
	"SELECT json FROM section_active_song WHERE session_id = :session_id",
};

/* --- Errors ------------------------------------------------------------------------------- */

/* Errors of the disk or the database, as opposed to those of one statement. */
static bool spoils_batch(int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_READONLY:
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
	case SQLITE_NOMEM:
	case SQLITE_INTERRUPT:
		return true;
	default:
		return false;
	}
}

/* After these, what the connection and the system's cache hold is not trusted. A full disk is
 * none of them: the connection is sound, and opening another one might need space. */
static bool spoils_connection(int code)
{
	switch (code & 0xff) {
	case SQLITE_IOERR:
	case SQLITE_READONLY:
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return true;
	default:
		return false;
	}
}

static const struct failure {
	int code;
	int error;
	const char *before; /* the file's name stands between them */
	const char *after;
} failures[] = {
	{SQLITE_FULL, ENOSPC, "the disk is full, nothing can be stored in ", ": free some space"},
	{SQLITE_IOERR, EIO, "the disk failed at ",
	 ": check the card and the kernel's log; each new change tries again"},
	{SQLITE_READONLY, EROFS, "",
	 " cannot be written: mount its disk writable, or let tactusd's user write it"},
	{SQLITE_CORRUPT, EBADMSG, "",
	 " is damaged: stop tactusd and put a backup in its place, or move it away to begin anew"},
	{SQLITE_NOTADB, EBADMSG, "",
	 " is not a database: put a backup in its place, or move it away to begin anew"},
	{SQLITE_CANTOPEN, EACCES, "",
	 " cannot be opened: see that it is there and that tactusd's user may write its directory"},
	{SQLITE_PERM, EACCES, "", " cannot be opened: let tactusd's user read and write it"},
	{SQLITE_BUSY, EBUSY, "another program keeps ", " locked: close that program"},
	{SQLITE_LOCKED, EBUSY, "another program keeps ", " locked: close that program"},
	{SQLITE_PROTOCOL, EBUSY, "another program keeps ", " locked: close that program"},
	{SQLITE_NOMEM, ENOMEM, "no memory for a change to ", ": end other programs"},
};

/* A person's sentence for a SQLite error, and its errno (negative). */
static int explain(const struct store_db *db, int code, char *message, size_t size)
{
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		if (failures[i].code == (code & 0xff)) {
			snprintf(message, size, "%s%s%s", failures[i].before, db->path,
				 failures[i].after);
			return -failures[i].error;
		}
	}
	snprintf(message, size, "%s: %s (a fault of tactusd; please report it)", db->path,
		 db->sql ? sqlite3_errmsg(db->sql) : sqlite3_errstr(code));
	return -EIO;
}

static void end_task(struct store_task *task, enum store_status status, const char *what)
{
	task->result.status = status;
	if (what != task->what)
		snprintf(task->what, sizeof task->what, "%s", what);
	task->result.what = task->what;
}

/* What a constraint's error is reported by; see store.h. */
static void end_invalid(struct store_task *task, sqlite3 *sql, int code)
{
	const char *text = sqlite3_errmsg(sql);
	const char *name = strstr(text, "constraint failed: ");

	if (code == SQLITE_CONSTRAINT_FOREIGNKEY)
		name = "foreign_key";
	else if (code == SQLITE_CONSTRAINT_DATATYPE)
		name = strrchr(text, ' ') + 1; /* "cannot store REAL value in INTEGER column t.c" */
	else if (name)
		name = strchr(name, ':') + 2;
	else
		name = text; /* a trigger's */
	end_task(task, STORE_INVALID, name);
	if (strncmp(name, "index '", 7) == 0) {
		end_task(task, STORE_INVALID, name + 7);
		task->what[strcspn(task->what, "'")] = '\0';
	}
}

/* --- Statements --------------------------------------------------------------------------- */

static struct prepared **bucket(struct store_db *db, const char *sql)
{
	return &db->prepared[((uintptr_t)sql >> 3) % PREPARED_BUCKETS];
}

static int prepare(struct store_db *db, const char *sql, sqlite3_stmt **out)
{
	struct prepared **at = bucket(db, sql);

	for (struct prepared *p = *at; p; p = p->next) {
		if (p->sql == sql) {
			*out = p->statement;
			return SQLITE_OK;
		}
	}
	struct prepared *fresh = calloc(1, sizeof *fresh);
	if (!fresh)
		return SQLITE_NOMEM;
	const int code = sqlite3_prepare_v3(db->sql, sql, -1, SQLITE_PREPARE_PERSISTENT,
					    &fresh->statement, NULL);
	if (code != SQLITE_OK) {
		free(fresh);
		return code;
	}
	fresh->sql = sql;
	fresh->next = *at;
	*at = fresh;
	*out = fresh->statement;
	return SQLITE_OK;
}

static void forget_statements(struct store_db *db)
{
	for (int i = 0; i < PREPARED_BUCKETS; i++) {
		while (db->prepared[i]) {
			struct prepared *p = db->prepared[i];
			db->prepared[i] = p->next;
			sqlite3_finalize(p->statement);
			free(p);
		}
	}
}

/* One statement without parameters or rows. */
static int execute(struct store_db *db, const char *sql)
{
	sqlite3_stmt *statement;
	int code = prepare(db, sql, &statement);

	if (code != SQLITE_OK)
		return code;
	sqlite3_step(statement);
	return sqlite3_reset(statement);
}

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

/* Those that the statement names. */
static int bind_params(sqlite3_stmt *statement, const json_t *params)
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

static bool ends_with(const char *text, const char *end)
{
	const size_t length = strlen(text);
	const size_t end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* New reference, or NULL: no memory, or text that is not what it should be. */
static json_t *column_value(sqlite3_stmt *statement, int index, bool parse)
{
	switch (sqlite3_column_type(statement, index)) {
	case SQLITE_INTEGER:
		return json_integer(sqlite3_column_int64(statement, index));
	case SQLITE_FLOAT:
		return json_real(sqlite3_column_double(statement, index));
	case SQLITE_TEXT:
		break;
	default:
		return json_null();
	}
	const char *text = (const char *)sqlite3_column_text(statement, index);
	const size_t length = (size_t)sqlite3_column_bytes(statement, index);
	if (!text)
		return NULL;
	return parse ? json_loadb(text, length, JSON_DECODE_ANY, NULL) : json_stringn(text, length);
}

/* The columns of the present row, as an object. */
static json_t *read_row(sqlite3_stmt *statement)
{
	json_t *row = json_object();
	const int count = sqlite3_column_count(statement);

	for (int i = 0; row && i < count; i++) {
		const char *name = sqlite3_column_name(statement, i);
		json_t *value = column_value(statement, i, ends_with(name, "_json"));
		if (!value || json_object_set_new(row, name, value) != 0) {
			json_decref(row);
			return NULL;
		}
	}
	return row;
}

/* Runs a bound statement. *row is its first row, or NULL; the caller owns it. */
static int run_statement(sqlite3_stmt *statement, json_t **row)
{
	int code = sqlite3_step(statement);

	*row = NULL;
	if (code == SQLITE_ROW) {
		*row = read_row(statement);
		if (!*row)
			return SQLITE_NOMEM;
		/* One that writes goes on to its end: only there are its foreign keys checked. */
		while (code == SQLITE_ROW && !sqlite3_stmt_readonly(statement))
			code = sqlite3_step(statement);
	}
	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

/* --- Tasks -------------------------------------------------------------------------------- */

/* A statement's failure becomes the task's, or is the batch's (returned). */
static int take_failure(struct store_db *db, struct store_task *task, int code)
{
	if (code == SQLITE_OK)
		return code;
	if (spoils_batch(code) || sqlite3_get_autocommit(db->sql))
		return code;
	if ((code & 0xff) == SQLITE_CONSTRAINT) {
		end_invalid(task, db->sql, code);
	} else {
		explain(db, code, task->what, sizeof task->what);
		end_task(task, STORE_FAILED, task->what);
	}
	return SQLITE_OK;
}

static int run_step(struct store_db *db, struct store_task *task, const struct store_step *step)
{
	sqlite3_stmt *statement;
	json_t *row = NULL;
	int code = prepare(db, step->sql, &statement);

	if (code != SQLITE_OK)
		return take_failure(db, task, code);
	code = bind_params(statement, task->job.params);
	if (code == SQLITE_OK)
		code = run_statement(statement, &row);
	const bool hit =
		sqlite3_column_count(statement) ? row != NULL : sqlite3_changes(db->sql) > 0;
	const int result = take_failure(db, task, code);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement); /* they borrow from params, which now change */
	if (row && (json_object_update(task->job.params, row) != 0 ||
		    json_object_update(task->result.row, row) != 0)) {
		json_decref(row);
		return SQLITE_NOMEM;
	}
	json_decref(row);
	if (code == SQLITE_OK && step->none && !hit)
		end_task(task, STORE_REFUSED, step->none);
	return result;
}

static int read_section(struct store_db *db, struct store_task *task, int index)
{
	sqlite3_stmt *statement;
	int code = prepare(db, section_sql[index], &statement);

	if (code != SQLITE_OK)
		return take_failure(db, task, code);
	code = bind_params(statement, task->job.params);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	json_t *section = NULL;
	if (code == SQLITE_ROW)
		section = column_value(statement, 0, true);
	else if (code == SQLITE_DONE)
		section = json_null(); /* no such session */
	json_decref(task->result.sections[index]);
	task->result.sections[index] = section;
	if (code == SQLITE_ROW || code == SQLITE_DONE)
		code = section ? SQLITE_OK : SQLITE_NOMEM;
	const int result = take_failure(db, task, code);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return result;
}

/* The steps and sections of one task, within its savepoint. */
static int run_body(struct store_db *db, struct store_task *task)
{
	int code = SQLITE_OK;

	for (const struct store_step *step = task->job.steps; step->sql; step++) {
		code = run_step(db, task, step);
		if (code != SQLITE_OK || task->result.status != STORE_OK)
			return code;
	}
	for (int i = 0; i < SECTION_COUNT && task->result.status == STORE_OK; i++) {
		if (task->job.sections & (1u << i))
			code = read_section(db, task, i);
		if (code != SQLITE_OK)
			return code;
	}
	return code;
}

static void drop_sections(struct store_task *task)
{
	for (int i = 0; i < SECTION_COUNT; i++) {
		json_decref(task->result.sections[i]);
		task->result.sections[i] = NULL;
	}
}

static void reset_result(struct store_task *task)
{
	task->result.status = STORE_OK;
	task->result.what = NULL;
	json_object_clear(task->result.row);
	drop_sections(task);
}

/* Anything but SQLITE_OK is the end of the batch. */
static int run_task(struct store_db *db, struct store_task *task)
{
	reset_result(task);
	int code = execute(db, savepoint);
	if (code == SQLITE_OK)
		code = run_body(db, task);
	if (code == SQLITE_OK && task->result.status != STORE_OK) {
		drop_sections(task);
		code = execute(db, rollback_to);
	}
	return code == SQLITE_OK ? execute(db, release) : code;
}

/* --- Batches ------------------------------------------------------------------------------ */

/* A statement that cannot be prepared counts as one that writes; run_step reports it. */
static bool task_writes(struct store_db *db, const struct store_task *task)
{
	for (const struct store_step *step = task->job.steps; step->sql; step++) {
		sqlite3_stmt *statement;
		if (prepare(db, step->sql, &statement) != SQLITE_OK ||
		    !sqlite3_stmt_readonly(statement))
			return true;
	}
	return false;
}

static void close_sql(struct store_db *db)
{
	forget_statements(db);
	sqlite3_close_v2(db->sql);
	db->sql = NULL;
}

/* Runs those of the batch that write, or those that don't, or all (both set). */
static int run_transaction(struct store_db *db, struct store_task *batch, bool writing,
			   bool reading)
{
	int code = execute(db, writing ? begin_write : begin_read);

	for (struct store_task *task = batch; task && code == SQLITE_OK; task = task->next) {
		if (task->writes ? writing : reading)
			code = run_task(db, task);
	}
	return code == SQLITE_OK ? execute(db, commit) : code;
}

/* Ends all tasks of one kind with the failure, and leaves no transaction open. */
static void fail_tasks(struct store_db *db, struct store_task *batch, int code, bool writing)
{
	char sentence[STORE_WHAT_MAX];

	explain(db, code, sentence, sizeof sentence);
	if (db->sql && !sqlite3_get_autocommit(db->sql))
		sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	if (db->sql && spoils_connection(code))
		close_sql(db);
	for (struct store_task *task = batch; task; task = task->next) {
		if (task->writes == writing) {
			reset_result(task);
			end_task(task, STORE_FAILED, sentence);
		}
	}
}

/* --- Opening ------------------------------------------------------------------------------ */

/* The first column of a query's first row; `otherwise` if there is none. */
static int query_number(struct store_db *db, const char *sql, long long otherwise, long long *out)
{
	sqlite3_stmt *statement;
	int code = sqlite3_prepare_v2(db->sql, sql, -1, &statement, NULL);

	*out = otherwise;
	if (code != SQLITE_OK)
		return code;
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*out = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int script(struct store_db *db, const char *sql)
{
	return sqlite3_exec(db->sql, sql, NULL, NULL, NULL);
}

/* Settings that touch no file. Not trusted_schema = OFF: SQLite 3.40 counts its own JSON functions
 * as unsafe in a view. There are no functions of ours in here that a forged schema could call. */
static int configure(struct store_db *db)
{
	sqlite3_extended_result_codes(db->sql, 1);
	sqlite3_busy_timeout(db->sql, BUSY_TIMEOUT_MS);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	return script(db, "PRAGMA cell_size_check = ON;"
			  "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
			  "PRAGMA journal_size_limit = 4194304;");
}

/* Is it ours, whole, and of a version we know? */
static int inspect(struct store_db *db, bool thoroughly, char *message, size_t size)
{
	long long id = 0;
	long long tables = 0;
	long long version = 0;
	long long damaged = 0;
	int code = query_number(db, "PRAGMA application_id", 0, &id);

	if (code == SQLITE_OK)
		code = query_number(db, "PRAGMA user_version", 0, &version);
	if (code == SQLITE_OK)
		code = query_number(db, "SELECT count(*) FROM sqlite_schema", 0, &tables);
	if (code == SQLITE_OK && thoroughly)
		code = query_number(
			db, "SELECT count(*) FROM pragma_quick_check(1) WHERE quick_check <> 'ok'",
			0, &damaged);
	if (code == SQLITE_OK && damaged)
		code = SQLITE_CORRUPT;
	if (code != SQLITE_OK)
		return explain(db, code, message, size);
	if (id != APPLICATION_ID && (id != 0 || tables != 0)) {
		snprintf(message, size,
			 "%s is a database of another program: move it away, or choose another "
			 "directory (STATE)",
			 db->path);
		return -EBADMSG;
	}
	if (version > store_migration_count) {
		snprintf(message, size,
			 "%s was made by a newer tactusd (layout %lld, this one knows %d): install "
			 "that "
			 "version, or choose another directory (STATE)",
			 db->path, version, store_migration_count);
		return -ENOTSUP;
	}
	return 0;
}

/* One migration, whole or not at all. A migration may make a table anew, so foreign keys are
 * off while it runs and looked through before it is kept. */
static int migrate_one(struct store_db *db, int version)
{
	char stamp[96];
	long long broken = 0;
	int code = script(db, "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE;");

	if (code == SQLITE_OK)
		code = script(db, store_migrations[version]);
	snprintf(stamp, sizeof stamp, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
		 APPLICATION_ID, version + 1);
	if (code == SQLITE_OK)
		code = script(db, stamp);
	if (code == SQLITE_OK)
		code = query_number(db, "SELECT count(*) FROM pragma_foreign_key_check", 0,
				    &broken);
	if (code == SQLITE_OK && broken)
		code = SQLITE_CONSTRAINT_FOREIGNKEY;
	return code == SQLITE_OK ? script(db, "COMMIT") : code;
}

/* The views of this program, if those there are others. */
static int renew_views(struct store_db *db)
{
	char stamp[96];
	long long known = 0;
	long long checksum = -1;
	int code = query_number(
		db, "SELECT count(*) FROM sqlite_schema WHERE name = 'views_version'", 0, &known);

	if (code == SQLITE_OK && known)
		code = query_number(db, "SELECT checksum FROM views_version", -1, &checksum);
	if (code != SQLITE_OK || checksum == store_views_checksum)
		return code;
	snprintf(stamp, sizeof stamp, "CREATE VIEW views_version AS SELECT %lld AS checksum",
		 store_views_checksum);
	code = script(db, "BEGIN IMMEDIATE; DROP VIEW IF EXISTS views_version;");
	if (code == SQLITE_OK)
		code = script(db, store_views);
	if (code == SQLITE_OK)
		code = script(db, stamp);
	return code == SQLITE_OK ? script(db, "COMMIT") : code;
}

static int upgrade(struct store_db *db)
{
	long long version = 0;
	int code = query_number(db, "PRAGMA user_version", 0, &version);

	while (code == SQLITE_OK && version < store_migration_count)
		code = migrate_one(db, (int)version++);
	if (code == SQLITE_OK)
		code = renew_views(db);
	if (code == SQLITE_OK)
		code = script(db, "PRAGMA foreign_keys = ON");
	return code;
}

static int open_sql(struct store_db *db, bool thoroughly, char *message, size_t size)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	int code = sqlite3_open_v2(db->path, &db->sql, flags, NULL);
	int result;

	if (code == SQLITE_OK)
		code = configure(db);
	if (code == SQLITE_OK && sqlite3_db_readonly(db->sql, "main") == 1)
		code = SQLITE_READONLY;
	result = code == SQLITE_OK ? inspect(db, thoroughly, message, size)
				   : explain(db, code, message, size);
	if (result == 0) {
		code = script(db, "PRAGMA journal_mode = WAL");
		if (code == SQLITE_OK)
			code = upgrade(db);
		if (code != SQLITE_OK)
			result = explain(db, code, message, size);
	}
	if (result < 0)
		close_sql(db);
	return result;
}

int store_db_open(struct store_db **out, const char *path, char *message, size_t message_size)
{
	struct store_db *db = calloc(1, sizeof *db);
	int result = -ENOMEM;

	snprintf(message, message_size, "no memory for the store");
	if (!db)
		return result;
	db->lock_fd = -1;
	db->path = strdup(path);
	if (!db->path)
		goto fail;
	result = db->lock_fd = store_file_claim(path, message, message_size);
	if (result < 0)
		goto fail;
	result = open_sql(db, true, message, message_size);
	if (result < 0)
		goto fail;
	*message = '\0';
	*out = db;
	return 0;

fail:
	store_db_close(db);
	return result;
}

void store_db_close(struct store_db *db)
{
	if (!db)
		return;
	close_sql(db);
	if (db->lock_fd >= 0)
		close(db->lock_fd);
	free(db->path);
	free(db);
}

/* --- The store thread's entry ------------------------------------------------------------- */

static bool batch_writes(struct store_db *db, struct store_task *batch)
{
	bool any = false;

	for (struct store_task *task = batch; task; task = task->next) {
		task->writes = task_writes(db, task);
		any = any || task->writes;
	}
	return any;
}

static bool reopen(struct store_db *db, struct store_task *batch)
{
	char sentence[STORE_WHAT_MAX];

	if (db->sql || open_sql(db, false, sentence, sizeof sentence) == 0)
		return true;
	for (struct store_task *task = batch; task; task = task->next)
		end_task(task, STORE_FAILED, sentence);
	return false;
}

unsigned store_db_run(struct store_db *db, struct store_task *batch)
{
	if (!reopen(db, batch))
		return 0;
	const bool writing = batch_writes(db, batch);
	int code = run_transaction(db, batch, writing, true);
	if (code == SQLITE_OK)
		return writing ? 1 : 0;
	if (writing) {
		fail_tasks(db, batch, code, true);
		/* Reading needs no disk space. */
		code = db->sql || reopen(db, NULL) ? run_transaction(db, batch, false, true)
						   : SQLITE_IOERR;
	}
	if (code != SQLITE_OK)
		fail_tasks(db, batch, code, false);
	return 0;
}
