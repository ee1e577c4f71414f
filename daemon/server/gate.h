/*
 * gate.h - which Host and which Origin may speak to this box.
 *
 * A page of another site, open in a phone's browser, can send requests here. Two things give it
 * away: its Origin is not where the request goes, and, if it has its own name resolve to this box
 * (DNS rebinding), the Host is a name that is not the box's. So: Host is localhost, an IP literal,
 * the box's hostname or its .local name, with any port; Origin is absent or equal to Host.
 *
 * Pure. Thread: any (a gate is constant after gate_init).
 */
#ifndef TACTUS_GATE_H
#define TACTUS_GATE_H

#include <stdbool.h>

#define GATE_NAMES_MAX 16
#define GATE_NAME_SIZE 256 /* bytes, end included: a DNS name has at most 253 characters */

struct gate {
	int count;
	char names[GATE_NAMES_MAX][GATE_NAME_SIZE]; /* lower case, no dot at the end */
};

/*
 * The names of a box: localhost, `hostname`, its first label, and that with .local; then each of
 * `extra`, separated by commas or spaces. Both may be NULL. 0, or -EINVAL for a name that can be
 * none (then, and after too many, -ENOSPC, the gate holds the names before it).
 */
int gate_init(struct gate *gate, const char *hostname, const char *extra);

/* May this Host header be answered? NULL (absent) may not. */
bool gate_host_ok(const struct gate *gate, const char *host);

/* Does this Origin header (NULL: absent) come from a page of this very Host? "null" does not. */
bool gate_origin_ok(const char *origin, const char *host);

#endif
