#include "pin.h"

#include "token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_pin(char pin[LIMIT_PIN_MAX_DIGITS + 1])
{
	uint32_t value;
	do {
		if (getrandom(&value, sizeof value, 0) != sizeof value)
			return -EIO;
	} while (value >= 4294000000u); /* so that every PIN is as likely as any other */
	snprintf(pin, LIMIT_PIN_MAX_DIGITS + 1, "%06u", value % 1000000u);
	return 0;
}

/* A write that is short without an error is one that found no room. */
static int write_text(int fd, const char *text)
{
	const size_t size = strlen(text);
	const ssize_t written = write(fd, text, size);
	if (written < 0)
		return -errno;
	return (size_t)written == size ? 0 : -ENOSPC;
}

static int sync_folder(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int result = fsync(fd) == 0 ? 0 : -errno;
	close(fd);
	return result;
}

static int write_new(const char *path, const char *pin)
{
	char line[LIMIT_PIN_MAX_DIGITS + 2];
	snprintf(line, sizeof line, "%s\n", pin);
	unlink(path); /* what a power cut has left */
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int result = write_text(fd, line);
	if (result == 0 && fsync(fd) < 0)
		result = -errno;
	close(fd);
	return result;
}

/* It appears whole or not at all: half a PIN would be refused at every start from then on. */
static int write_pin(const char *dir, const char *path, const char *pin)
{
	char path_new[610];
	snprintf(path_new, sizeof path_new, "%s.new", path);
	int result = write_new(path_new, pin);
	if (result == 0 && rename(path_new, path) < 0)
		result = -errno;
	if (result < 0) {
		unlink(path_new);
		return result;
	}
	return sync_folder(dir);
}

/* -ENOENT if there is none, or a file in which nobody can have written one. */
static int read_pin(const char *path, char pin[LIMIT_PIN_MAX_DIGITS + 1])
{
	char line[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t size = read(fd, line, sizeof line - 1);
	close(fd);
	if (size < 0)
		return -EIO;
	if (size == 0)
		return -ENOENT;
	line[strcspn(line, "\r\n")] = '\0';
	if (!pin_valid(line))
		return -EINVAL;
	strcpy(pin, line);
	return 0;
}

int pin_load(const char *state_dir, char pin[LIMIT_PIN_MAX_DIGITS + 1], bool *made, char *message,
	     size_t message_size)
{
	char path[600];
	snprintf(path, sizeof path, "%s/pin", state_dir);
	*made = false;
	int result = read_pin(path, pin);
	if (result == -ENOENT) {
		*made = true;
		mkdir(state_dir, 0750);
		result = make_pin(pin);
		if (result == 0)
			result = write_pin(state_dir, path, pin);
	}
	if (result == -EINVAL)
		snprintf(
			message, message_size,
			"%s holds no PIN: write 6 to 12 digits into it, or delete it for a new one",
			path);
	else if (result < 0)
		snprintf(message, message_size, "cannot use %s: %s; give --pin, or another --state",
			 path, strerror(-result));
	return result;
}
