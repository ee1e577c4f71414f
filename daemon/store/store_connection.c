#include "store_sql.h"
#include "store_sqlite.h"
#include "text_of.h"

#include <errno.h>
#include <stdio.h>

#define APPLICATION_ID 0x54637475 /* "Tctu" */
#define BUSY_TIMEOUT_MS 2000

static int script(struct store_db *db, const char *sql)
{
	return sqlite3_exec(db->sql, sql, NULL, NULL, NULL);
}

/* The first column of a query's first row; left alone if there is none. */
static int query(struct store_db *db, const char *sql, long long *out)
{
	sqlite3_stmt *statement;
	int code = sqlite3_prepare_v2(db->sql, sql, -1, &statement, NULL);

	if (code != SQLITE_OK)
		return code;
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*out = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
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
	return script(db, "PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL;"
			  "PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = " TEXT_OF_LIMIT(
				  STORE_LOG_BYTES) ";");
}

static int refuse_foreign(const struct store_db *db, char *message, size_t size)
{
	snprintf(message, size,
		 "%.200s is a database of another program: move it away, or choose another "
		 "directory "
		 "(STATE)",
		 db->path);
	return -EBADMSG;
}

static int refuse_newer(const struct store_db *db, long long version, char *message, size_t size)
{
	snprintf(
		message, size,
		"%.200s was made by a newer tactusd (layout %lld, this one knows %d): install that "
		"one, or choose another directory (STATE)",
		db->path, version, store_migration_count);
	return -ENOTSUP;
}

/* Is it ours, whole, and of a layout we know? 0 or -errno. Changes nothing. */
static int inspect(struct store_db *db, bool thoroughly, char *message, size_t size)
{
	long long id = 0;
	long long version = 0;
	long long objects = 0;
	long long damaged = 0;
	int code = query(db, "PRAGMA application_id", &id);

	if (code == SQLITE_OK)
		code = query(db, "PRAGMA user_version", &version);
	if (code == SQLITE_OK)
		code = query(db, "SELECT count(*) FROM sqlite_schema", &objects);
	if (code == SQLITE_OK && (id != APPLICATION_ID && (id != 0 || objects != 0)))
		return refuse_foreign(db, message, size);
	if (code == SQLITE_OK && version > store_migration_count)
		return refuse_newer(db, version, message, size);
	if (code == SQLITE_OK && thoroughly)
		code = query(db, "SELECT quick_check <> 'ok' FROM pragma_quick_check(1)", &damaged);
	if (code == SQLITE_OK && damaged)
		code = SQLITE_CORRUPT;
	return code == SQLITE_OK ? 0 : store_error_explain(db, code, message, size);
}

/* One migration, whole or not at all. It may have to make a table anew, so foreign keys are off
 * while it runs and looked through before it is kept. */
static int migrate(struct store_db *db, int version)
{
	char stamp[96];
	long long broken = 0;
	int code = script(db, "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE");

	if (code == SQLITE_OK)
		code = script(db, store_migrations[version]);
	snprintf(stamp, sizeof stamp, "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 APPLICATION_ID, version + 1);
	if (code == SQLITE_OK)
		code = script(db, stamp);
	if (code == SQLITE_OK)
		code = query(db, "SELECT count(*) FROM pragma_foreign_key_check", &broken);
	if (code == SQLITE_OK && broken)
		code = SQLITE_CONSTRAINT_FOREIGNKEY;
	return code == SQLITE_OK ? script(db, "COMMIT") : code;
}

/* views_version tells of which text the database's views are. */
static int views_checksum(struct store_db *db, long long *checksum)
{
	long long known = 0;
	int code = query(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'views_version'",
			 &known);

	*checksum = -1;
	if (code == SQLITE_OK && known)
		code = query(db, "SELECT checksum FROM views_version", checksum);
	return code;
}

static int renew_views(struct store_db *db)
{
	char stamp[96];
	long long checksum;
	int code = views_checksum(db, &checksum);

	if (code != SQLITE_OK || checksum == store_views_checksum)
		return code;
	snprintf(stamp, sizeof stamp, "CREATE VIEW views_version AS SELECT %lld AS checksum",
		 store_views_checksum);
	code = script(db, "BEGIN IMMEDIATE; DROP VIEW IF EXISTS views_version");
	if (code == SQLITE_OK)
		code = script(db, store_views);
	if (code == SQLITE_OK)
		code = script(db, stamp);
	return code == SQLITE_OK ? script(db, "COMMIT") : code;
}

static int upgrade(struct store_db *db)
{
	long long version = 0;
	int code = script(db, "PRAGMA journal_mode = WAL");

	if (code == SQLITE_OK)
		code = query(db, "PRAGMA user_version", &version);
	while (code == SQLITE_OK && version < store_migration_count)
		code = migrate(db, (int)version++);
	if (code == SQLITE_OK)
		code = renew_views(db);
	return code == SQLITE_OK ? script(db, "PRAGMA foreign_keys = ON") : code;
}

/* Never makes the file: after an error it would come back empty. */
int store_connection_open(struct store_db *db, bool thoroughly, char *message, size_t size)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	int code = sqlite3_open_v2(db->path, &db->sql, flags, NULL);

	if (code == SQLITE_OK)
		code = configure(db);
	if (code == SQLITE_OK && sqlite3_db_readonly(db->sql, "main") == 1)
		code = SQLITE_READONLY;
	int result = code == SQLITE_OK ? inspect(db, thoroughly, message, size)
				       : store_error_explain(db, code, message, size);
	if (result == 0) {
		code = upgrade(db);
		result = code == SQLITE_OK ? 0 : store_error_explain(db, code, message, size);
	}
	if (result < 0)
		store_connection_close(db);
	return result;
}

void store_connection_close(struct store_db *db)
{
	store_statement_forget_all(db);
	sqlite3_close(db->sql);
	db->sql = NULL;
}
