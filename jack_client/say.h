/*
 * say.h - one line an event to stderr, for the journal.
 *
 * Thread: any but the real-time thread. RT-safe: no.
 */
#ifndef TACTUS_SAY_H
#define TACTUS_SAY_H

/* printf's format, without newline; the line begins with "tactus-click: ". */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

#endif
