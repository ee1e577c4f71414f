/*
 * archive_file.h - the files that are read and written for the command line. "-" is stdin or stdout.
 *
 * Thread: any. Blocks.
 */
#ifndef TACTUS_ARCHIVE_FILE_H
#define TACTUS_ARCHIVE_FILE_H

#include <linux/limits.h>
#include <stddef.h>
#include <stdio.h>

/* One that is being written: under another name, so that it is there whole or not at all. */
struct archive_file {
	const char *path; /* borrowed */
	char fresh[PATH_MAX];
	FILE *stream; /* NULL: nothing is open */
};

/* mode: as for open(). 0, or -errno with a sentence; -EEXIST if there is something of that name. */
int archive_file_begin(struct archive_file *file, const char *path, unsigned mode, char *message,
		       size_t message_size);

/* See it onto the disk and give it its name. The same results. */
int archive_file_finish(struct archive_file *file, char *message, size_t message_size);

/* Nothing of it stays. After archive_file_finish() or a failed begin it does nothing. */
void archive_file_drop(struct archive_file *file);

/* All of another file into it. 0 or -errno with a sentence. */
int archive_file_copy(struct archive_file *file, const char *from, char *message,
		      size_t message_size);

/* A whole file. *text is malloc'd (the caller frees), and ends with a 0 that is not counted. 0, or
 * -errno with a sentence; -EFBIG above `most` bytes. */
int archive_file_read(const char *path, size_t most, char **text, size_t *size, char *message,
		      size_t message_size);

#endif
