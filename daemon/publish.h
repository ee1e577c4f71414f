/*
 * publish.h - from a room's tempo to the click: the record in the ring, and nothing else.
 *
 * Thread: loop.
 */
#ifndef TACTUS_PUBLISH_H
#define TACTUS_PUBLISH_H

#include "hub.h"

/* The moment at which a rule of tempo.h is applied, as far as the click goes. */
struct tempo_now publish_moment(struct hub *hub);

/* Have the click play the room's record, if it is on the air, with its present revision or the one
 * about to be told. Tells nobody. */
void publish_room(struct hub *hub, struct room *room);
void publish_room_as(struct hub *hub, struct room *room, uint64_t revision);

/* Nobody drives the click. */
void publish_silence(struct hub *hub);

#endif
