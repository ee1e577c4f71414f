#include "log.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT_PERIOD_NS (INT64_C(60) * 1000000000)

/* Bytes of the printable UTF-8 character at `text`; 0: it is none (a control, or not UTF-8). */
static size_t printable(const unsigned char *text)
{
	static const struct {
		unsigned char mask, lead;
		unsigned least; /* a longer form than needed is not UTF-8 */
	} forms[] = {
		{0x80, 0x00, 0x20}, {0xe0, 0xc0, 0xa0}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

	for (size_t length = 1; length <= 4; length++) {
		if ((text[0] & forms[length - 1].mask) != forms[length - 1].lead)
			continue;
		unsigned point = text[0] & (unsigned char)~forms[length - 1].mask;
		for (size_t i = 1; i < length; i++) {
			if ((text[i] & 0xc0) != 0x80)
				return 0;
			point = point << 6 | (text[i] & 0x3f);
		}
		const int breaks_line = point == 0x7f || point == 0x2028 || point == 0x2029;
		const int surrogate = point >= 0xd800 && point < 0xe000;
		return point < forms[length - 1].least || breaks_line || surrogate ||
				       point > 0x10ffff
			       ? 0
			       : length;
	}
	return 0;
}

size_t log_escape(const char *text, char *out, size_t size)
{
	size_t used = 0;

	while (*text) {
		char piece[8];
		size_t length = printable((const unsigned char *)text);
		size_t taken = length ? length : 1;
		if (length && *text != '\\')
			memcpy(piece, text, length);
		else if (*text == '\n')
			length = (size_t)snprintf(piece, sizeof piece, "\\n");
		else if (*text == '\\')
			length = (size_t)snprintf(piece, sizeof piece, "\\\\");
		else
			length = (size_t)snprintf(piece, sizeof piece, "\\x%02x",
						  (unsigned char)*text);
		if (used + length >= size)
			break;
		memcpy(out + used, piece, length);
		used += length;
		text += taken;
	}
	out[used] = '\0';
	return used;
}

/* Lines that found no room; the one thing that outlives a call here. */
static atomic_uint lost;

/* A terminal calls itself writable when it has room for half a line. Opened once more it need not be
 * waited for, and the shell's own way to it stays as it was. -1: stderr is none. */
static int open_terminal(void)
{
	if (!isatty(STDERR_FILENO))
		return -1;
	return open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* A terminal held with Ctrl-S, or a pipe that nobody reads, must not hold the event loop. A pipe or
 * a socket that is writable has room for a whole line. */
static bool write_ready(const char *line, size_t size)
{
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
	if (poll(&out, 1, 0) != 1 || !(out.revents & POLLOUT))
		return false;
	int terminal = open_terminal();
	ssize_t written = write(terminal < 0 ? STDERR_FILENO : terminal, line, size);
	if (terminal >= 0)
		close(terminal);
	return written == (ssize_t)size;
}

static bool write_line(enum log_level level, const char *text)
{
	char line[LOG_LINE_MAX + 16];

	size_t used = getenv("JOURNAL_STREAM")
			      ? (size_t)snprintf(line, sizeof line, "<%d>", (int)level)
			      : (size_t)snprintf(line, sizeof line, "tactusd: ");
	used += log_escape(text, line + used, sizeof line - used - 1);
	line[used++] = '\n';
	return write_ready(line, used);
}

static void put(enum log_level level, const char *text)
{
	const unsigned before = atomic_exchange(&lost, 0);
	char told[80];

	snprintf(told, sizeof told, "%u lines were lost here: nobody read them", before);
	if (before > 0 && !write_line(LOG_LEVEL_WARNING, told))
		atomic_fetch_add(&lost, before + 1);
	else if (!write_line(level, text))
		atomic_fetch_add(&lost, 1);
}

void log_event(enum log_level level, const char *format, ...)
{
	char text[LOG_LINE_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	put(level, text);
}

/* True if one more line may go out now. */
static bool within(struct log_limit *limit, int64_t now_ns, enum log_level level)
{
	if (limit->lines > 0 && now_ns - limit->since_ns >= LIMIT_PERIOD_NS) {
		if (limit->left_out > 0)
			log_event(level, "%d lines like the next one were left out",
				  limit->left_out);
		*limit = (struct log_limit){0};
	}
	if (limit->lines == LOG_LIMIT_LINES) {
		limit->left_out += limit->left_out < INT_MAX;
		return false;
	}
	if (limit->lines++ == 0)
		limit->since_ns = now_ns;
	return true;
}

void log_event_limited(struct log_limit *limit, int64_t now_ns, enum log_level level,
		       const char *format, ...)
{
	char text[LOG_LINE_MAX];
	va_list arguments;

	if (!within(limit, now_ns, level))
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	put(level, text);
}
