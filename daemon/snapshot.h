/*
 * snapshot.h - what phones are shown of a room, as JSON.
 *
 * Stored sections come from the store as they are; the live ones (tempoState,
 * click, who is away) are made here.
 *
 * Thread: loop. Owns: what is returned is the caller's.
 */
#ifndef TACTUS_SNAPSHOT_H
#define TACTUS_SNAPSHOT_H

#include "hub.h"

/* Put these sections into the object, spelled as on the wire. */
void snapshot_sections(const struct hub *hub, const struct room *room, unsigned sections,
		       json_t *into);

/* The whole `welcome` for that user. */
json_t *snapshot_welcome(const struct hub *hub, const struct room *room, const char *user_id);

#endif
