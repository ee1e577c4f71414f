#include "store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

const char *store_file_advice(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return "let tactusd's user write there, or choose another directory (STATE)";
	case EROFS:
		return "the disk is read-only: mount it writable";
	case ENOSPC:
	case EDQUOT:
		return "free some space on that disk";
	case ENOENT:
	case ENOTDIR:
		return "make the directory above it first, or choose another (STATE)";
	case EEXIST:
		return "move it away, or choose another name";
	case EIO:
		return "the disk fails: check the card and the kernel's log";
	default:
		return "choose another directory (STATE)";
	}
}

static int refuse(int error, const char *what, const char *path, char *message, size_t size)
{
	snprintf(message, size, "%s %.200s: %s; %s", what, path, strerror(error),
		 store_file_advice(error));
	return -error;
}

/* So that a power cut does not take back what was just made. */
static int keep_entry(const char *path)
{
	char copy[PATH_MAX];
	int result = 0;

	snprintf(copy, sizeof copy, "%s", path);
	const int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd) != 0 && errno != EINVAL) /* EINVAL: it knows no such thing */
		result = -errno;
	close(fd);
	return result;
}

static int make_directory(const char *path, char *message, size_t size)
{
	char copy[PATH_MAX];

	if (strlen(path) >= sizeof copy - sizeof ".lock")
		return refuse(ENAMETOOLONG, "cannot use", path, message, size);
	snprintf(copy, sizeof copy, "%s", path);
	const char *directory = dirname(copy);
	if (mkdir(directory, 0750) == 0) {
		keep_entry(directory);
		return 0;
	}
	const int error = errno;
	struct stat found;
	if (stat(directory, &found) == 0 && S_ISDIR(found.st_mode))
		return 0;
	return refuse(error == EEXIST ? ENOTDIR : error, "cannot make directory", directory,
		      message, size);
}

static int refuse_locked(int fd, const char *path, char *message, size_t size)
{
	char pid[24] = "";
	const ssize_t got = pread(fd, pid, sizeof pid - 1, 0);

	pid[got > 0 ? strspn(pid, "0123456789") : 0] = '\0';
	snprintf(message, size,
		 "%.200s is in use by another tactusd%s%s; stop that one, or give this one another "
		 "directory (STATE)",
		 path, *pid ? ", process " : "", pid);
	return -EBUSY;
}

static int lock(const char *path, char *message, size_t size)
{
	char name[PATH_MAX];

	snprintf(name, sizeof name, "%s.lock", path);
	const int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0)
		return refuse(errno, "cannot open", name, message, size);
	int result = 0;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		result = errno == EWOULDBLOCK ? refuse_locked(fd, path, message, size)
					      : refuse(errno, "cannot lock", name, message, size);
	if (result < 0) {
		close(fd);
		return result;
	}
	/* Only for refuse_locked's sentence: on a full disk it stays empty. */
	if (ftruncate(fd, 0) == 0)
		dprintf(fd, "%ld\n", (long)getpid());
	return fd;
}

int store_file_claim(const char *path, char *message, size_t message_size)
{
	const int made = make_directory(path, message, message_size);

	if (made < 0)
		return made;
	const int lock_fd = lock(path, message, message_size);
	if (lock_fd < 0)
		return lock_fd;
	const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0) {
		const int error = errno;
		close(lock_fd);
		return refuse(error, "cannot open", path, message, message_size);
	}
	close(fd);
	return lock_fd;
}

char *store_file_part(const char *path)
{
	char *part;

	return asprintf(&part, "%s.part", path) < 0 ? NULL : part;
}

/* SQLite keeps a journal beside what it writes. */
void store_file_give_up(const char *part)
{
	char *journal;

	unlink(part);
	if (asprintf(&journal, "%s-journal", part) >= 0) {
		unlink(journal);
		free(journal);
	}
}

int store_file_begin(const char *part, const char *path)
{
	if (access(path, F_OK) == 0)
		return -EEXIST;
	store_file_give_up(part);
	const int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int sync_file(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	int result = 0;

	if (fd < 0)
		return -errno;
	if (fsync(fd) != 0)
		result = -errno;
	close(fd);
	return result;
}

/* Some file systems know no renaming that spares what is there. */
static int rename_to_new(const char *part, const char *path)
{
	if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (access(path, F_OK) == 0)
		return -EEXIST;
	return rename(part, path) == 0 ? 0 : -errno;
}

int store_file_finish(const char *part, const char *path)
{
	int result = sync_file(part);

	if (result == 0)
		result = rename_to_new(part, path);
	if (result == 0) {
		result = keep_entry(path);
		if (result < 0)
			unlink(path); /* ours, and perhaps not there tomorrow */
	}
	return result;
}
