/*
 * What writer and reader share of a region outside the real-time path: names, sizes, headers,
 * mappings, and who holds the lock.
 */
#include "ring_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLOTS_MAX 65536u
#define REGION_MODE 0660
#define OPEN_TRIES 8

const char *ring_state_text(enum ring_state state)
{
	switch (state) {
	case RING_ATTACHED:
		return "attached";
	case RING_ABSENT:
		return "no such region";
	case RING_DENIED:
		return "a region that may not be opened";
	case RING_SHORT:
		return "a region that is too small";
	case RING_FOREIGN:
		return "a foreign or damaged region";
	case RING_LAYOUT:
		return "a region of another layout";
	}
	return "an unknown state";
}

int ring_name(char out[RING_NAME_MAX], const char *region, const char *part)
{
	if (region[0] == '\0' || part[0] == '\0' || strchr(region, '/') || strchr(part, '/'))
		return -EINVAL;
	int length = snprintf(out, RING_NAME_MAX, "/%s.%s", region, part);
	return length > 0 && length < RING_NAME_MAX ? 0 : -ENAMETOOLONG;
}

bool ring_name_valid(const char *name)
{
	return name[0] == '/' && name[1] != '\0' && !strchr(name + 1, '/') &&
	       strlen(name) < RING_NAME_MAX;
}

bool ring_shape_valid(const struct ring_shape *shape)
{
	return shape->magic != 0 && shape->words >= 1 && shape->words <= RING_WORDS_MAX &&
	       shape->slots >= 2 && shape->slots <= SLOTS_MAX &&
	       (shape->slots & (shape->slots - 1)) == 0 && shape->reserved == 0;
}

static uint32_t stride_words(const struct ring_shape *shape)
{
	uint32_t used = RING_RECORD + shape->words;
	return (used + RING_LINE_WORDS - 1) / RING_LINE_WORDS * RING_LINE_WORDS;
}

size_t ring_size(const struct ring_shape *shape)
{
	size_t words = RING_SLOT_0 + (size_t)shape->slots * stride_words(shape);
	return words * sizeof(uint64_t);
}

static uint64_t halves(uint32_t low, uint32_t high)
{
	return (uint64_t)low | (uint64_t)high << 32;
}

void ring_area_init(struct ring_area *area, const struct ring_shape *shape)
{
	area->seed = ring_mix(shape->magic, halves(shape->layout, shape->words));
	area->seed = ring_mix(area->seed, halves(shape->slots, RING_FORMAT));
	area->words = shape->words;
	area->mask = shape->slots - 1;
	area->stride = stride_words(shape);
}

void ring_header_shape(uint64_t header[RING_HEADER_WORDS], const struct ring_shape *shape)
{
	header[RING_MAGIC] = shape->magic;
	header[RING_LAYOUT_WORDS] = halves(shape->layout, shape->words);
	header[RING_SLOTS_FORMAT] = halves(shape->slots, RING_FORMAT);
	header[RING_SIZE] = ring_size(shape);
}

enum ring_state ring_header_read(int fd, const struct ring_shape *shape,
				 uint64_t header[RING_HEADER_WORDS])
{
	/* Read, not mapped: a file may shrink under a mapping. */
	size_t size = RING_HEADER_WORDS * sizeof header[0];
	uint64_t want[RING_HEADER_WORDS];
	if (pread(fd, header, size, 0) != (ssize_t)size)
		return RING_FOREIGN;
	if (header[RING_SUM] != ring_header_sum(header))
		return RING_FOREIGN;
	if (header[RING_MAGIC] != shape->magic)
		return RING_FOREIGN;
	ring_header_shape(want, shape);
	return memcmp(header, want, RING_GENERATION * sizeof want[0]) == 0 ? RING_ATTACHED
									   : RING_LAYOUT;
}

/*
 * The call itself instead of libc's mmap: to ThreadSanitizer the latter is a write to all the
 * pages, hence a race with a thread that reads them; to the kernel it is one swap of a mapping.
 */
static int map_over(void *base, size_t size, int prot, int flags, int fd)
{
	long at = syscall(SYS_mmap, base, size, prot, flags | MAP_FIXED, fd, 0L);
	return at == -1 ? -errno : 0;
}

int ring_map(void *base, size_t size, int prot, int fd)
{
	/* Populated, so that no real-time thread takes the faults. */
	int result = map_over(base, size, prot, MAP_SHARED | MAP_POPULATE, fd);
	if (result < 0) /* the failed call may have left a hole behind */
		ring_map_zero(base, size, prot);
	return result;
}

int ring_map_zero(void *base, size_t size, int prot)
{
	return map_over(base, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/*
 * An open file description lock: unlike a process's own it is not dropped when some other fd of the same
 * file is closed (ring_writer_pid of our own region does that), and it holds against a
 * second open in the same process. It names no pid: that stands in the header.
 */
static int lock_region(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

bool ring_file_is_named(int fd, const char *name)
{
	struct stat ours, named;
	int other = shm_open(name, O_RDONLY, 0);
	if (other < 0)
		return false;
	bool same = fstat(fd, &ours) == 0 && fstat(other, &named) == 0 &&
		    ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
	close(other);
	return same;
}

/* Made only when it is not there: with O_CREAT the kernel may refuse to open another user's file in a
 * sticky directory, even to root (fs.protected_regular). */
static int open_or_make(const char *name)
{
	int fd = shm_open(name, O_RDWR, 0);
	if (fd < 0 && errno == ENOENT)
		fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, REGION_MODE);
	return fd < 0 ? -errno : fd;
}

int ring_file_open(const char *name)
{
	int fd = -EAGAIN;
	for (int i = 0; i < OPEN_TRIES; i++) {
		fd = open_or_make(name);
		if (fd == -EEXIST || fd == -ENOENT)
			continue; /* made or unlinked by somebody else meanwhile */
		int result = fd < 0 ? fd : lock_region(fd);
		if (result == 0 && ring_file_is_named(fd, name))
			return fd;
		if (fd >= 0)
			close(fd);
		if (result < 0)
			return result;
	}
	return -EAGAIN;
}

int ring_file_grow(int fd, size_t size)
{
	struct stat file;
	if (fstat(fd, &file) < 0)
		return -errno;
	int error = posix_fallocate(fd, 0, (off_t)size);
	if (error != 0)
		return -error;
	return (size_t)file.st_size < size;
}

/* The pid in a header that checks out. */
static pid_t header_pid(int fd)
{
	uint64_t header[RING_HEADER_WORDS];
	if (pread(fd, header, sizeof header, 0) != (ssize_t)sizeof header ||
	    header[RING_SUM] != ring_header_sum(header))
		return -EBADMSG;
	return (pid_t)header[RING_PID];
}

pid_t ring_writer_pid(const char *name)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	pid_t pid = 0;
	if (!ring_name_valid(name))
		return -EINVAL;
	int fd = shm_open(name, O_RDONLY, 0);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
		pid = -errno;
	else if (lock.l_type != F_UNLCK)
		pid = header_pid(fd);
	close(fd);
	return pid;
}
