/*
 * log.h - one line an event, to stderr, where journald reads it.
 *
 * Control characters and bytes that are not UTF-8 are escaped (\n, \x1b), so that a hostile name
 * can neither forge a line nor steer a terminal. A line longer than LOG_LINE_MAX bytes is cut.
 * The journal stamps the time; nothing here asks for it.
 *
 * Nobody is waited for: a line for which there is no room (a terminal held with Ctrl-S) is lost, and
 * the next one that finds room is preceded by how many were.
 *
 * Thread: any; a line goes out in one write.
 */
#ifndef TACTUS_LOG_H
#define TACTUS_LOG_H

#include <stddef.h>
#include <stdint.h>

#define LOG_LINE_MAX 1000
#define LOG_LIMIT_LINES 10 /* a minute */

/* As in syslog. */
enum log_level {
	LOG_LEVEL_ERROR = 3,   /* something does not work */
	LOG_LEVEL_WARNING = 4, /* something might soon not */
	LOG_LEVEL_NOTICE = 5,  /* worth knowing in an ordinary evening */
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

/* Under systemd ($JOURNAL_STREAM is set) the line begins with "<level>", else with "tactusd: ". */
void log_event(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For what strangers can cause as often as they like. All zero at first; kept by the caller, one for
 * each kind of event. */
struct log_limit {
	int64_t since_ns; /* the minute began */
	int lines;        /* in this minute */
	int left_out;     /* in this minute */
};

/* As log_event(), but at most LOG_LIMIT_LINES a minute; the first line after such a minute is
 * preceded by one that says how many were left out. now_ns: any clock that never goes back.
 * Thread: the limit's. */
void log_event_limited(struct log_limit *limit, int64_t now_ns, enum log_level level,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The escaping by itself: text into out, cut to size, always ended. Returns its length. */
size_t log_escape(const char *text, char *out, size_t size);

#endif
