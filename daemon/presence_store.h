/*
 * presence_store.h - what the hub holds of presence that waits to be stored: see presence.h.
 */
#ifndef TACTUS_PRESENCE_STORE_H
#define TACTUS_PRESENCE_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct presence_store {
	json_t *samples; /* of links, not yet under way; NULL: none */
	bool busy;       /* a job is under way */
	int64_t kept_ns;
};

#endif
