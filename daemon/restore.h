/*
 * restore.h - rooms come into memory: from the table, and with the tempo that the click still plays.
 *
 * Thread: loop.
 */
#ifndef TACTUS_RESTORE_H
#define TACTUS_RESTORE_H

#include "hub.h"

/*
 * The room of a row that the load step (session_sql.h) brought: the one in memory, or a new one. The
 * sections that came with it are taken over; what changed by that is yet to be told. A new one that
 * the table says is on the air, while nobody else is, takes up what the regions say of it, or
 * publishes what the table says. NULL: no memory.
 */
struct room *restore_room(struct hub *hub, const struct store_result *result);

/* The tempo from before the daemon died goes on: loads its room. Once, at start. */
void restore_on_air(struct hub *hub);

#endif
