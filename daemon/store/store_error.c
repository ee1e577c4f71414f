#include "store_sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct failure {
	int code; /* extended ones before their primary one */
	int error;
	bool connection; /* spoils it too */
	const char *before;
	const char *after; /* the file's name stands between the two */
} failures[] = {
	/* The connection is sound, and to open another might need space. */
	{SQLITE_FULL, ENOSPC, false, "the disk is full, nothing can be stored in ",
	 ": free some space"},
	{SQLITE_IOERR, EIO, true, "the disk failed at ",
	 ": check the card and the kernel's log; each new change tries again"},
	/* To close it might delete the log of a file that has been put in its place. */
	{SQLITE_READONLY_DBMOVED, ENOENT, false, "",
	 " was moved or deleted while tactusd ran: put it back and restart tactusd"},
	{SQLITE_READONLY_DIRECTORY, EACCES, true, "",
	 " cannot be written: let tactusd's user write its directory too"},
	{SQLITE_READONLY_CANTINIT, EACCES, true, "",
	 " cannot be written: let tactusd's user write its directory too"},
	{SQLITE_READONLY, EROFS, true, "",
	 " cannot be written: mount its disk writable, or let tactusd's user write it"},
	{SQLITE_CORRUPT, EBADMSG, true, "",
	 " is damaged: stop tactusd and put a backup in its place, or move it away to begin anew"},
	{SQLITE_NOTADB, EBADMSG, true, "",
	 " is not a database: put a backup in its place, or move it away to begin anew"},
	{SQLITE_CANTOPEN, EACCES, true, "",
	 " cannot be opened: see that it is there and that tactusd's user may write its directory"},
	{SQLITE_PERM, EACCES, true, "", " cannot be opened: let tactusd's user read and write it"},
	{SQLITE_BUSY, EBUSY, false, "another program keeps ", " locked: close that program"},
	{SQLITE_LOCKED, EBUSY, false, "another program keeps ", " locked: close that program"},
	{SQLITE_PROTOCOL, EBUSY, false, "another program keeps ", " locked: close that program"},
	{SQLITE_NOMEM, ENOMEM, false, "no memory for a change to ", ": end other programs"},
	{SQLITE_INTERRUPT, EINTR, false, "a change to ", " was interrupted: try again"},
};

static const struct failure *find(int code)
{
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		if (failures[i].code == code || failures[i].code == (code & 0xff))
			return &failures[i];
	}
	return NULL;
}

bool store_error_spoils_batch(int code)
{
	return find(code) != NULL;
}

bool store_error_spoils_connection(int code)
{
	const struct failure *failure = find(code);

	return failure && failure->connection;
}

/* SQLite takes a full disk for one that fails where it makes its shared memory. */
static int tell_full(const struct store_db *db, int code)
{
	const bool full =
		(code & 0xff) == SQLITE_IOERR && db->sql && sqlite3_system_errno(db->sql) == ENOSPC;

	return full ? SQLITE_FULL : code;
}

int store_error_explain(const struct store_db *db, int code, char *message, size_t size)
{
	const struct failure *failure = find(tell_full(db, code));

	if (failure) {
		snprintf(message, size, "%s%.200s%s", failure->before, db->path, failure->after);
		return -failure->error;
	}
	const bool known = db->sql && sqlite3_extended_errcode(db->sql) == code;
	snprintf(message, size, "%.200s: %s (a fault of tactusd; please report it)", db->path,
		 known ? sqlite3_errmsg(db->sql) : sqlite3_errstr(code));
	return -EIO;
}

/*
 * SQLite says: "CHECK constraint failed: bpm_range", "UNIQUE constraint failed: session.code",
 * "UNIQUE constraint failed: index 'one_holder'", "NOT NULL constraint failed: song.title",
 * "FOREIGN KEY constraint failed", "cannot store REAL value in INTEGER column song.bpm", and for
 * a trigger what the trigger says.
 */
void store_error_constraint(const struct store_db *db, int code, char *name, size_t size)
{
	static const char failed[] = "constraint failed: ";
	static const char index[] = "index '";
	const char *text = sqlite3_errmsg(db->sql);
	const char *at = strstr(text, failed);

	if (code == SQLITE_CONSTRAINT_FOREIGNKEY)
		text = "foreign_key";
	else if (code == SQLITE_CONSTRAINT_DATATYPE && strrchr(text, ' '))
		text = strrchr(text, ' ') + 1;
	else if (at)
		text = at + strlen(failed);
	if (strncmp(text, index, strlen(index)) == 0) {
		text += strlen(index);
		snprintf(name, size, "%.*s", (int)strcspn(text, "'"), text);
	} else {
		snprintf(name, size, "%s", text);
	}
}
