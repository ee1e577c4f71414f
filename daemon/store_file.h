/*
 * store_file.h - the database's file before SQLite sees it: its directory, its mode, its lock.
 *
 * Private to store_db.c. Thread: any.
 */
#ifndef TACTUS_STORE_FILE_H
#define TACTUS_STORE_FILE_H

#include <stddef.h>

/*
 * Make the directory of `path` (its last level, 0750) and the file (0640) if they are not there,
 * after locking `path`.lock against any other tactusd. Returns a descriptor that holds the lock
 * until it is closed, or -errno with a sentence in `message`. Owns: the caller closes.
 *
 * The lock is on a file of its own: closing any descriptor of the database itself would drop
 * SQLite's locks.
 */
int store_file_claim(const char *path, char *message, size_t message_size);

/* Make a file that must not exist yet (0640) / see that it and its entry are on disk. 0 or -errno. */
int store_file_make(const char *path);
int store_file_sync(const char *path);

#endif
