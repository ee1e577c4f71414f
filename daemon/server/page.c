#include "page.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 3
#define FILE_MAX_BYTES (4 << 20)

struct page {
	struct page_file *files;
	size_t count;
};

static const char *type_of(const char *name)
{
	static const char *const types[][2] = {
		{".html", "text/html; charset=utf-8"},
		{".js", "text/javascript; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},
		{".svg", "image/svg+xml"},
		{".png", "image/png"},
		{".ico", "image/x-icon"},
		{".webmanifest", "application/manifest+json"},
		{".json", "application/json"},
		{".map", "application/json"},
		{".txt", "text/plain; charset=utf-8"},
		{".mp4", "video/mp4"},
		{".webm", "video/webm"},
	};
	const char *dot = strrchr(name, '.');
	for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++)
		if (strcmp(dot, types[i][0]) == 0)
			return types[i][1];
	return NULL;
}

/* FNV-1a, 64 bits (Fowler, Noll, Vo): enough to tell one version of a file from the next. */
static void make_etag(struct page_body *body)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < body->size; i++)
		hash = (hash ^ (unsigned char)body->bytes[i]) * UINT64_C(0x100000001b3);
	snprintf(body->etag, sizeof body->etag, "\"%016llx\"", (unsigned long long)hash);
}

static int read_bytes(int fd, struct page_body *body)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX_BYTES)
		return -EINVAL;
	body->bytes = calloc(1, (size_t)st.st_size + 1);
	if (!body->bytes)
		return -ENOMEM;
	while (body->size < (size_t)st.st_size) {
		ssize_t got = read(fd, body->bytes + body->size, (size_t)st.st_size - body->size);
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		body->size += (size_t)got;
	}
	make_etag(body);
	return 0;
}

static int read_body(int dir, const char *name, struct page_body *body)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int result = read_bytes(fd, body);
	close(fd);
	return result;
}

static void free_file(struct page_file *file)
{
	free(file->url);
	free(file->plain.bytes);
	free(file->packed.bytes);
}

static int read_file(int dir, const char *name, const char *url, struct page_file *file)
{
	char packed[300];
	file->url = strdup(url);
	if (!file->url)
		return -ENOMEM;
	snprintf(packed, sizeof packed, "%s.gz", name);
	int result = read_body(dir, packed, &file->packed);
	return result < 0 && result != -ENOENT ? result : read_body(dir, name, &file->plain);
}

static int add_file(struct page *page, int dir, const char *name, const char *url)
{
	struct page_file file = {.type = type_of(name)};
	if (!file.type)
		return 0; /* not a kind the page is made of */
	struct page_file *grown = realloc(page->files, (page->count + 1) * sizeof page->files[0]);
	if (!grown)
		return -ENOMEM;
	page->files = grown;
	int result = read_file(dir, name, url, &file);
	if (result < 0)
		free_file(&file);
	else
		grown[page->count++] = file;
	return result;
}

static int add_dir(struct page *page, int parent, const char *name, const char *url, int depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	DIR *dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	int result = 0;
	const struct dirent *entry;
	while (result == 0 && (entry = readdir(dir))) {
		char below[512];
		struct stat st;
		if (entry->d_name[0] == '.' || fstatat(fd, entry->d_name, &st, 0) < 0)
			continue;
		snprintf(below, sizeof below, "%s/%s", url, entry->d_name);
		if (S_ISREG(st.st_mode))
			result = add_file(page, fd, entry->d_name, below);
		else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			result = add_dir(page, fd, entry->d_name, below, depth + 1);
	}
	closedir(dir);
	return result;
}

int page_open(struct page **out, const char *dir)
{
	struct page *page = calloc(1, sizeof *page);
	if (!page)
		return -ENOMEM;
	int result = add_dir(page, AT_FDCWD, dir, "", 1);
	if (result == 0 && !page_find(page, "/"))
		result = -ENOENT;
	if (result < 0)
		page_close(page);
	else
		*out = page;
	return result;
}

void page_close(struct page *page)
{
	if (!page)
		return;
	for (size_t i = 0; i < page->count; i++)
		free_file(&page->files[i]);
	free(page->files);
	free(page);
}

const struct page_file *page_find(const struct page *page, const char *url)
{
	if (strcmp(url, "/") == 0 || strncmp(url, "/join/", 6) == 0)
		url = "/index.html";
	for (size_t i = 0; i < page->count; i++)
		if (strcmp(page->files[i].url, url) == 0)
			return &page->files[i];
	return NULL;
}

/* Whether an element of Accept-Encoding has a weight above zero; without one it has. */
static bool weighs(const char *element, size_t size)
{
	char text[64];
	snprintf(text, sizeof text, "%.*s", (int)size, element);
	const char *weight = strcasestr(text, "q=");
	return !weight || strtod(weight + 2, NULL) > 0;
}

static bool takes_gzip(const char *accept_encoding)
{
	bool any = false;
	for (const char *at = accept_encoding; *at;) {
		at += strspn(at, ", \t");
		size_t size = strcspn(at, ",");
		size_t name = strcspn(at, ",; \t");
		if (name == 4 && strncasecmp(at, "gzip", 4) == 0)
			return weighs(at, size);
		if (name == 1 && *at == '*')
			any = weighs(at, size);
		at += size;
	}
	return any;
}

const struct page_body *page_body(const struct page_file *file, const char *accept_encoding)
{
	return file->packed.bytes && takes_gzip(accept_encoding) ? &file->packed : &file->plain;
}
