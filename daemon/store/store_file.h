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

/*
 * A new file that is there whole or not at all, whenever the power goes: it is written as
 * store_file_part(path), and then gets its name. 0 or -errno.
 */

/* The name that it has while it is written. Owns: the caller frees. NULL on no memory. */
char *store_file_part(const char *path);

/* Make `part`, empty (0640), in place of one that was not finished. -EEXIST if `path` is there. */
int store_file_begin(const char *part, const char *path);

/* It could not be written: nothing of it is left. */
void store_file_give_up(const char *part);

/* It is written: see it on disk, as `path`. -EEXIST if that is there by now. */
int store_file_finish(const char *part, const char *path);

/* What one can do about an errno. */
const char *store_file_advice(int error);

#endif
