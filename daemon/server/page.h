/*
 * page.h - the web page's files, held in memory.
 *
 * Read once at start: nothing that a browser asks for ever becomes a path, and a
 * stalled disk does not hold up the loop.
 */
#ifndef TACTUS_PAGE_H
#define TACTUS_PAGE_H

#include <stddef.h>

struct page_body {
	char *bytes; /* NULL: there is none */
	size_t size;
	char etag[20]; /* quoted, of these bytes */
};

struct page_file {
	char *url;        /* "/index.html", "/app.js" */
	const char *type; /* Content-Type; static */
	struct page_body plain;
	struct page_body packed; /* the same by gzip, where FILE.gz stands beside FILE */
};

struct page;

/* Read index.html and all else in `dir` and its folders (two levels deep). 0, or -errno: -ENOENT no
 * index.html there. Owns: the caller closes. Thread: start-up. */
int page_open(struct page **out, const char *dir);
void page_close(struct page *page);

/* The file of that URL path; "/" and "/join/..." are index.html. NULL if there is none. */
const struct page_file *page_find(const struct page *page, const char *url);

/* What to send to one with that Accept-Encoding (RFC 9110, 12.5.3; "" if there was none): packed where it
 * is there and taken. Never NULL. */
const struct page_body *page_body(const struct page_file *file, const char *accept_encoding);

#endif
