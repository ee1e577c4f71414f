/* Readers outside the real-time path: reserve, attach and attach again. */
#include "ring_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A writer that opens the region stores its header while we look: look again. */
#define HEADER_TRIES 3
#define HEADER_PAUSE_NS 200000

static int reserve(struct ring_reader *reader)
{
	void *base = mmap(NULL, reader->size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		return -ENOMEM;
	reader->guard = ring_guard_add(base, reader->size, PROT_READ);
	if (reader->guard < 0) {
		munmap(base, reader->size);
		return -ENOMEM;
	}
	reader->area.base = base;
	return 0;
}

int ring_reader_open(struct ring_reader **out, const char *name, const struct ring_shape *shape)
{
	if (!ring_shape_valid(shape) || !ring_name_valid(name))
		return -EINVAL;
	struct ring_reader *reader = calloc(1, sizeof *reader);
	if (!reader)
		return -ENOMEM;
	ring_area_init(&reader->area, shape);
	reader->shape = *shape;
	reader->size = ring_size(shape);
	strcpy(reader->name, name);
	if (reserve(reader) < 0) {
		free(reader);
		return -ENOMEM;
	}
	*out = reader;
	return 0;
}

void ring_reader_close(struct ring_reader *reader)
{
	if (!reader)
		return;
	ring_guard_remove(reader->guard);
	munmap(reader->area.base, reader->size);
	free(reader);
}

static bool same_file(const struct ring_reader *reader, const struct stat *file)
{
	return reader->mapped && reader->dev == file->st_dev && reader->ino == file->st_ino;
}

static enum ring_state read_header(const struct ring_reader *reader, int fd, bool whole,
				   uint64_t header[RING_HEADER_WORDS])
{
	const struct timespec pause = {.tv_nsec = HEADER_PAUSE_NS};
	enum ring_state state = ring_header_read(fd, &reader->shape, header);
	for (int i = 1; i < HEADER_TRIES && whole && state == RING_FOREIGN; i++) {
		nanosleep(&pause, NULL);
		state = ring_header_read(fd, &reader->shape, header);
	}
	return state;
}

/* A shrunken region goes before somebody touches the pages that are no more. */
static void let_go(struct ring_reader *reader, const struct stat *file)
{
	if (!same_file(reader, file))
		return;
	ring_map_zero(reader->area.base, reader->size, PROT_READ);
	reader->mapped = false;
}

static enum ring_state attach(struct ring_reader *reader, int fd, const struct stat *file)
{
	/* Asked before mapping: should the guard strike once more meanwhile, the next refresh sees it. */
	bool tripped = ring_guard_tripped(reader->guard);
	if (same_file(reader, file) && !tripped)
		return RING_ATTACHED;
	int result = ring_map(reader->area.base, reader->size, PROT_READ, fd);
	errno = -result;
	reader->mapped = result == 0;
	reader->dev = file->st_dev;
	reader->ino = file->st_ino;
	return reader->mapped ? RING_ATTACHED : RING_DENIED;
}

static enum ring_state refresh_from(struct ring_reader *reader, int fd)
{
	uint64_t header[RING_HEADER_WORDS];
	struct stat file;
	if (fstat(fd, &file) < 0)
		return RING_DENIED;
	/* Whatever stands there instead, the mapping we have stays: its slots vouch for themselves. */
	bool whole = (size_t)file.st_size >= reader->size;
	enum ring_state state = read_header(reader, fd, whole, header);
	if (!whole)
		let_go(reader, &file);
	if (!whole && state != RING_LAYOUT)
		return RING_SHORT;
	if (state != RING_ATTACHED)
		return state;
	state = attach(reader, fd, &file);
	if (state == RING_ATTACHED)
		atomic_store_explicit(&reader->offset_ns, (int64_t)header[RING_OFFSET],
				      memory_order_relaxed);
	return state;
}

enum ring_state ring_reader_refresh(struct ring_reader *reader)
{
	int fd = shm_open(reader->name, O_RDONLY, 0);
	if (fd < 0)
		return errno == ENOENT ? RING_ABSENT : RING_DENIED;
	enum ring_state state = refresh_from(reader, fd);
	close(fd);
	return state;
}

int64_t ring_reader_offset_ns(const struct ring_reader *reader)
{
	return atomic_load_explicit(&reader->offset_ns, memory_order_relaxed);
}
