#include "archive_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536

static bool is_standard(const char *path)
{
	return strcmp(path, "-") == 0;
}

static const char *shown(const char *path, const char *standard)
{
	return is_standard(path) ? standard : path;
}

static int refuse(int error, const char *what, const char *path, char *message, size_t size)
{
	if (error == EEXIST)
		snprintf(message, size,
			 "%.300s exists already, and nothing is written over: give another name, "
			 "or move it away",
			 path);
	else
		snprintf(message, size, "cannot %s %.300s: %s", what, path, strerror(error));
	return -error;
}

/* ---- writing ----------------------------------------------------------- */

int archive_file_begin(struct archive_file *file, const char *path, unsigned mode, char *message,
		       size_t message_size)
{
	struct stat found;
	*file = (struct archive_file){.path = path};
	if (is_standard(path)) {
		file->stream = stdout;
		return 0;
	}
	if (lstat(path, &found) == 0)
		return refuse(EEXIST, "write", path, message, message_size);
	int size = snprintf(file->fresh, sizeof file->fresh, "%s.new-%ld", path, (long)getpid());
	if (size >= (int)sizeof file->fresh)
		return refuse(ENAMETOOLONG, "write", path, message, message_size);
	int fd = open(file->fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	file->stream = fd < 0 ? NULL : fdopen(fd, "w");
	if (file->stream)
		return 0;
	int error = errno;
	if (fd >= 0) {
		close(fd);
		unlink(file->fresh);
	}
	return refuse(error, "write", path, message, message_size);
}

/* Disks that know no such rename (vfat does) are asked the old way. */
static int give_name(const char *from, const char *to)
{
	struct stat found;
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (lstat(to, &found) == 0)
		return -EEXIST;
	return rename(from, to) == 0 ? 0 : -errno;
}

/* So that a power cut does not take the name away again. */
static void keep_entry(const char *path)
{
	char copy[PATH_MAX];
	snprintf(copy, sizeof copy, "%s", path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static int close_stream(struct archive_file *file)
{
	FILE *stream = file->stream;
	int result = ferror(stream) ? -EIO : 0;
	file->stream = NULL;
	if (fflush(stream) != 0)
		result = -errno;
	if (stream == stdout)
		return result;
	if (result == 0 && fsync(fileno(stream)) != 0)
		result = -errno;
	if (fclose(stream) != 0 && result == 0)
		result = -errno;
	return result;
}

int archive_file_finish(struct archive_file *file, char *message, size_t message_size)
{
	int result = close_stream(file);
	if (result == 0 && !is_standard(file->path)) {
		result = give_name(file->fresh, file->path);
		keep_entry(file->path);
	}
	if (result == 0)
		return 0;
	if (!is_standard(file->path))
		unlink(file->fresh);
	return refuse(-result, "write", shown(file->path, "to stdout"), message, message_size);
}

void archive_file_drop(struct archive_file *file)
{
	if (!file->stream || file->stream == stdout)
		return;
	fclose(file->stream);
	file->stream = NULL;
	unlink(file->fresh);
}

int archive_file_copy(struct archive_file *file, const char *from, char *message,
		      size_t message_size)
{
	char chunk[CHUNK];
	size_t got;
	FILE *source = fopen(from, "re");
	if (!source)
		return refuse(errno, "read", from, message, message_size);
	while ((got = fread(chunk, 1, sizeof chunk, source)) > 0)
		if (fwrite(chunk, 1, got, file->stream) != got)
			break;
	int error = errno;
	bool unread = ferror(source) != 0;
	fclose(source);
	if (unread)
		return refuse(error, "read", from, message, message_size);
	if (ferror(file->stream))
		return refuse(error, "write", shown(file->path, "to stdout"), message,
			      message_size);
	return 0;
}

/* ---- reading ----------------------------------------------------------- */

/* NULL: no memory, or more than `most`. */
static char *read_all(FILE *file, size_t most, size_t *size)
{
	size_t room = CHUNK;
	char *text = malloc(room + 1);
	*size = 0;
	while (text) {
		*size += fread(text + *size, 1, room - *size, file);
		text[*size] = '\0';
		if (*size < room)
			return text;
		if (*size > most)
			break;
		room = room * 2 <= most ? room * 2 : most + 1;
		char *more = realloc(text, room + 1);
		if (!more)
			break;
		text = more;
	}
	free(text);
	return NULL;
}

int archive_file_read(const char *path, size_t most, char **text, size_t *size, char *message,
		      size_t message_size)
{
	const char *name = shown(path, "stdin");
	FILE *file = is_standard(path) ? stdin : fopen(path, "re");
	if (!file)
		return refuse(errno, "read", name, message, message_size);
	errno = 0;
	char *all = read_all(file, most, size);
	int error = ferror(file) ? errno : 0;
	if (file != stdin)
		fclose(file);
	if (all && error == 0) {
		*text = all;
		return 0;
	}
	free(all);
	if (error)
		return refuse(error, "read", name, message, message_size);
	if (*size <= most)
		return refuse(ENOMEM, "read", name, message, message_size);
	snprintf(message, message_size, "%.300s is larger than %zu MiB, the most that is taken",
		 name, most >> 20);
	return -EFBIG;
}
