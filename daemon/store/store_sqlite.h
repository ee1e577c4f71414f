/*
 * store_sqlite.h - what the store_*.c files that speak with SQLite share: the connection, its
 * statements, its errors. Through this header, and nowhere else, sqlite3.h is included.
 *
 * Functions return SQLite's extended result codes unless they say otherwise.
 * Thread: that of the connection (store_db.h).
 */
#ifndef TACTUS_STORE_SQLITE_H
#define TACTUS_STORE_SQLITE_H

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#define STORE_BUCKETS 64
#define STORE_LOG_BYTES 4194304 /* what a log is cut to when it begins anew */

struct store_db {
	sqlite3 *sql; /* NULL: closed after an error; the next batch opens it */
	char *path;
	int lock_fd;
	struct store_statement *statements[STORE_BUCKETS];
};

/* ---- store_error.c ----------------------------------------------------- */

/* Is it the disk's or the database's, as opposed to that of one statement? */
bool store_error_spoils_batch(int code);

/* Are the connection and what the system caches for it not to be trusted after this? */
bool store_error_spoils_connection(int code);

/* A sentence for a person who can do something about it. Returns the errno, negative. */
int store_error_explain(const struct store_db *db, int code, char *message, size_t size);

/* What a constraint just broken is called; see STORE_INVALID in store.h. */
void store_error_constraint(const struct store_db *db, int code, char *name, size_t size);

/* ---- store_statement.c ------------------------------------------------- */

/* The statement for that text (the pointer is the key), prepared once. */
int store_statement_get(struct store_db *db, const char *sql, sqlite3_stmt **out);
void store_statement_forget_all(struct store_db *db);

/* Without parameters or rows. */
int store_statement_execute(struct store_db *db, const char *sql);

/* Bind the parameters that the statement names. Borrows from params until store_statement_end. */
int store_statement_bind(sqlite3_stmt *statement, const json_t *params);

/* Run it, a query to its first row. That is *row then (an object, the caller owns),
 * or NULL if there is none. */
int store_statement_run(sqlite3_stmt *statement, json_t **row);
void store_statement_end(sqlite3_stmt *statement);

/* ---- store_connection.c ------------------------------------------------ */

/* Open db->path, see that it is ours and whole (`thoroughly`: every page), bring it up to date.
 * 0, or -errno with a sentence; then db->sql is NULL. */
int store_connection_open(struct store_db *db, bool thoroughly, char *message, size_t size);

/* NULL in db->sql is legal. */
void store_connection_close(struct store_db *db);

#endif
