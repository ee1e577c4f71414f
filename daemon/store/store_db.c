#include "store_db.h"

#include "store_file.h"
#include "store_sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Statements are known by their text's address, so each has one. */
static const char begin_read[] = "BEGIN";
static const char begin_write[] = "BEGIN IMMEDIATE";
static const char commit[] = "COMMIT";
static const char savepoint[] = "SAVEPOINT job";
static const char rollback_to[] = "ROLLBACK TO job";
static const char release[] = "RELEASE job";

/* A request that is to be done once: asked before its steps, noted after them. */
static const struct store_step once_ask = {
	"SELECT body_hash = :body_hash AS same, response AS answer_json FROM request_result "
	"WHERE user_id = :me AND request_id = :request_id",
	NULL};
static const struct store_step once_keep = {
	"INSERT INTO request_result (user_id, request_id, body_hash, response, created_at) "
	"VALUES (:me, :request_id, :body_hash, ifnull(:answer_json, '{}'), :now)",
	NULL};

static const struct store_step sections[SECTION_COUNT] = {
	{"SELECT json FROM section_session WHERE session_id = :session_id", NULL},
	{"SELECT json FROM section_participants WHERE session_id = :session_id", NULL},
	{"SELECT json FROM section_role_assignments WHERE session_id = :session_id", NULL},
	{"SELECT json FROM section_setlist WHERE session_id = :session_id", NULL},
	{"SELECT json FROM section_active_song WHERE session_id = :session_id", NULL},
};

/* --- One task ------------------------------------------------------------------------------- */

static void end_task(struct store_task *task, enum store_status status, const char *what)
{
	snprintf(task->what, sizeof task->what, "%s", what);
	task->result.status = status;
	task->result.what = task->what;
}

static void drop_sections(struct store_task *task)
{
	for (int i = 0; i < SECTION_COUNT; i++) {
		json_decref(task->result.sections[i]);
		task->result.sections[i] = NULL;
	}
}

/* As if it had never run: it may have, in a transaction that failed. */
static int reset_task(struct store_task *task)
{
	json_decref(task->bound);
	task->bound = json_copy(task->job.params);
	task->result.status = STORE_OK;
	task->result.what = NULL;
	task->result.repeated = false;
	json_object_clear(task->result.row);
	drop_sections(task);
	return task->bound ? SQLITE_OK : SQLITE_NOMEM;
}

/* An error of a statement ends its task (then SQLITE_OK is returned), or the batch. */
static int take_error(struct store_db *db, struct store_task *task, int code)
{
	char what[STORE_WHAT_MAX];

	if (code == SQLITE_OK || store_error_spoils_batch(code) || sqlite3_get_autocommit(db->sql))
		return code;
	if ((code & 0xff) == SQLITE_CONSTRAINT) {
		store_error_constraint(db, code, what, sizeof what);
		end_task(task, STORE_INVALID, what);
	} else {
		store_error_explain(db, code, what, sizeof what);
		end_task(task, STORE_FAILED, what);
	}
	return SQLITE_OK;
}

/* Runs a step. *row: the row it brought, or NULL; the caller owns it. */
static int run_step(struct store_db *db, struct store_task *task, const struct store_step *step,
		    json_t **row)
{
	sqlite3_stmt *statement;
	int code = store_statement_get(db, step->sql, &statement);

	*row = NULL;
	if (code != SQLITE_OK)
		return take_error(db, task, code);
	code = store_statement_bind(statement, task->bound);
	if (code == SQLITE_OK)
		code = store_statement_run(statement, row);
	const bool returns = sqlite3_column_count(statement) > 0;
	const bool hit = returns ? *row != NULL : sqlite3_changes(db->sql) > 0;
	if (code == SQLITE_OK && step->none && !hit)
		end_task(task, STORE_REFUSED, step->none);
	code = take_error(db, task, code);
	store_statement_end(statement);
	return code;
}

/* Only now, when the statement no longer borrows from them. */
static int take_row(struct store_task *task, json_t *row)
{
	int failed = 0;

	if (row)
		failed = json_object_update(task->bound, row) |
			 json_object_update(task->result.row, row);
	json_decref(row);
	return failed ? SQLITE_NOMEM : SQLITE_OK;
}

static int run_steps(struct store_db *db, struct store_task *task, const struct store_step *steps)
{
	int code = SQLITE_OK;

	for (const struct store_step *step = steps;
	     code == SQLITE_OK && task->result.status == STORE_OK && step->sql; step++) {
		json_t *row;
		code = run_step(db, task, step, &row);
		const int taken = take_row(task, row);
		code = code == SQLITE_OK ? taken : code;
	}
	return code;
}

/* Was that request carried out before? Then its answer is the result. */
static int ask_once(struct store_db *db, struct store_task *task)
{
	json_t *row;
	int code = run_step(db, task, &once_ask, &row);

	if (row && json_integer_value(json_object_get(row, "same"))) {
		task->result.repeated = true;
		if (json_object_set(task->result.row, "answer_json",
				    json_object_get(row, "answer_json")) != 0)
			code = SQLITE_NOMEM;
	} else if (row) {
		end_task(task, STORE_REFUSED, "id_reused");
	}
	json_decref(row);
	return code;
}

static int keep_once(struct store_db *db, struct store_task *task)
{
	json_t *row;

	return run_step(db, task, &once_keep, &row);
}

static bool goes_on(const struct store_task *task, int code)
{
	return code == SQLITE_OK && task->result.status == STORE_OK && !task->result.repeated;
}

/* Asked, permitted, done, noted. */
static int run_request(struct store_db *db, struct store_task *task)
{
	int code = task->job.once ? ask_once(db, task) : SQLITE_OK;

	if (goes_on(task, code) && task->job.guard)
		code = run_steps(db, task, task->job.guard);
	if (goes_on(task, code))
		code = run_steps(db, task, task->job.steps);
	if (goes_on(task, code) && task->job.once)
		code = keep_once(db, task);
	return code;
}

static int read_sections(struct store_db *db, struct store_task *task)
{
	int code = SQLITE_OK;

	for (int i = 0; i < SECTION_COUNT && code == SQLITE_OK; i++) {
		json_t *row;
		if (!goes_on(task, code) || !(task->job.sections & (1u << i)))
			continue;
		code = run_step(db, task, &sections[i], &row);
		task->result.sections[i] =
			row ? json_incref(json_object_get(row, "json")) : json_null();
		json_decref(row);
	}
	return code;
}

/* In a savepoint of its own. Anything but SQLITE_OK is the end of the batch. */
static int run_task(struct store_db *db, struct store_task *task)
{
	int code = reset_task(task);
	if (code == SQLITE_OK)
		code = store_statement_execute(db, savepoint);
	if (code == SQLITE_OK)
		code = run_request(db, task);
	if (code == SQLITE_OK)
		code = read_sections(db, task);
	if (code == SQLITE_OK && task->result.status != STORE_OK) {
		drop_sections(task);
		code = store_statement_execute(db, rollback_to);
	}
	return code == SQLITE_OK ? store_statement_execute(db, release) : code;
}

/* --- A batch of them ------------------------------------------------------------------------ */

/* A statement that cannot be prepared counts as one that writes; run_step reports it. */
static bool steps_write(struct store_db *db, const struct store_step *steps)
{
	for (const struct store_step *step = steps; step && step->sql; step++) {
		sqlite3_stmt *statement;
		if (store_statement_get(db, step->sql, &statement) != SQLITE_OK ||
		    !sqlite3_stmt_readonly(statement))
			return true;
	}
	return false;
}

static bool task_writes(struct store_db *db, const struct store_task *task)
{
	return task->job.once || steps_write(db, task->job.guard) ||
	       steps_write(db, task->job.steps);
}

static bool batch_writes(struct store_db *db, struct store_task *batch)
{
	bool any = false;

	for (struct store_task *task = batch; task; task = task->next) {
		task->writes = task_writes(db, task);
		any = any || task->writes;
	}
	return any;
}

/* What would be written to a file that was deleted is gone as we end. */
static int still_there(struct store_db *db)
{
	int moved = 0;

	sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	return moved ? SQLITE_READONLY_DBMOVED : SQLITE_OK;
}

/* All tasks in one transaction, or (writing false) those that only read. */
static int run_transaction(struct store_db *db, struct store_task *batch, bool writing)
{
	int code = writing ? still_there(db) : SQLITE_OK;

	if (code == SQLITE_OK)
		code = store_statement_execute(db, writing ? begin_write : begin_read);
	for (struct store_task *task = batch; task && code == SQLITE_OK; task = task->next) {
		if (writing || !task->writes)
			code = run_task(db, task);
	}
	return code == SQLITE_OK ? store_statement_execute(db, commit) : code;
}

static void fail_tasks(struct store_task *batch, bool writing, const char *sentence)
{
	for (struct store_task *task = batch; task; task = task->next) {
		if (writing == task->writes) {
			reset_task(task);
			end_task(task, STORE_FAILED, sentence);
		}
	}
}

/* After a transaction failed: no trace of it, and no connection that cannot be trusted. */
static void clean_up(struct store_db *db, int code)
{
	if (!sqlite3_get_autocommit(db->sql))
		sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	if (store_error_spoils_connection(code))
		store_connection_close(db);
}

/* Runs the batch, or the part of it that only reads, and ends that part if it fails. */
static bool run_part(struct store_db *db, struct store_task *batch, bool writing)
{
	char sentence[STORE_WHAT_MAX];

	if (db->sql || store_connection_open(db, false, sentence, sizeof sentence) == 0) {
		const int code = run_transaction(db, batch, writing);
		if (code == SQLITE_OK)
			return true;
		store_error_explain(db, code, sentence, sizeof sentence);
		clean_up(db, code);
	}
	fail_tasks(batch, writing, sentence);
	return false;
}

/* What was undone has filled the disk and is still in the log: give that back. A log of the common
 * size stays: where others have filled the disk it is what can still be written to. */
static void shorten_log(struct store_db *db)
{
	struct stat log;
	const char *file = db->sql ? sqlite3_db_filename(db->sql, "main") : NULL;

	if (file && stat(sqlite3_filename_wal(file), &log) == 0 && log.st_size > STORE_LOG_BYTES)
		sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

unsigned store_db_run(struct store_db *db, struct store_task *batch)
{
	char sentence[STORE_WHAT_MAX];

	if (!db->sql && store_connection_open(db, false, sentence, sizeof sentence) < 0) {
		for (struct store_task *task = batch; task; task = task->next)
			end_task(task, STORE_FAILED, sentence);
		return 0;
	}
	const bool writing = batch_writes(db, batch);
	if (writing && run_part(db, batch, true))
		return 1;
	/* There is nothing to write, or it failed: to read needs no space on the disk. */
	run_part(db, batch, false);
	if (writing)
		shorten_log(db);
	return 0;
}

/* --- A copy of it all ----------------------------------------------------------------------- */

/* Not every SQLite syncs the copy: that is left to us. */
static int vacuum_into(struct store_db *db, const char *path)
{
	sqlite3_stmt *statement;
	int code = sqlite3_prepare_v2(db->sql, "VACUUM INTO ?", -1, &statement, NULL);

	if (code != SQLITE_OK)
		return code;
	code = sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		sqlite3_step(statement);
	return sqlite3_finalize(statement);
}

/* Of the file that was written, as far as SQLite tells; 0: it is something else. */
static int copy_errno(const struct store_db *db, int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
		return ENOSPC;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return sqlite3_system_errno(db->sql) ? sqlite3_system_errno(db->sql) : EIO;
	default:
		return 0;
	}
}

static void fail_copy(struct store_task *task, int error)
{
	char sentence[STORE_WHAT_MAX];

	snprintf(sentence, sizeof sentence, "cannot write the copy %.200s: %s; %s", task->backup,
		 strerror(error), store_file_advice(error));
	end_task(task, STORE_FAILED, sentence);
}

static void fail_vacuum(struct store_db *db, struct store_task *task, int code)
{
	char sentence[STORE_WHAT_MAX];
	const int error = copy_errno(db, code);

	if (error) {
		fail_copy(task, error);
	} else {
		store_error_explain(db, code, sentence, sizeof sentence);
		end_task(task, STORE_FAILED, sentence);
	}
	clean_up(db, code);
}

static void write_copy(struct store_db *db, struct store_task *task, const char *part)
{
	int result = store_file_begin(part, task->backup);

	if (result < 0) {
		fail_copy(task, -result);
		return;
	}
	const int code = vacuum_into(db, part);
	if (code != SQLITE_OK)
		fail_vacuum(db, task, code);
	else if ((result = store_file_finish(part, task->backup)) < 0)
		fail_copy(task, -result);
	if (task->result.status != STORE_OK)
		store_file_give_up(part);
}

void store_db_backup(struct store_db *db, struct store_task *task)
{
	char sentence[STORE_WHAT_MAX];
	char *part = store_file_part(task->backup);

	if (!part)
		fail_copy(task, ENOMEM);
	else if (!db->sql && store_connection_open(db, false, sentence, sizeof sentence) < 0)
		end_task(task, STORE_FAILED, sentence);
	else
		write_copy(db, task, part);
	free(part);
}

/* --- The connection's life ------------------------------------------------------------------ */

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
	result = store_connection_open(db, true, message, message_size);
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
	store_connection_close(db);
	if (db->lock_fd >= 0)
		close(db->lock_fd);
	free(db->path);
	free(db);
}
