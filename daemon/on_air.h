/*
 * on_air.h - from a room's tempo to the click and the phones, and back.
 *
 * Which room drives the click; publishing its record; taking up after a restart
 * what the click plays; following what the click did by itself and where its bars
 * really fall.
 *
 * Thread: loop.
 */
#ifndef TACTUS_ON_AIR_H
#define TACTUS_ON_AIR_H

#include "hub.h"

/* The room's tempo or click has changed: the click plays it (if on the air), everyone is told,
 * and the table gets it behind. In this order, so that a slow phone delays no beat. */
void on_air_changed(struct hub *hub, struct room *room, unsigned sections);

/* Stand still at once; a song that waited for a change has its tempo now. True if it ran. To be
 * published and told. */
bool on_air_stop(struct hub *hub, struct room *room);

/* What is pending becomes current if its time has come, and everyone is told. Every 50 ms, and ahead
 * of every command, which must see what is in force. */
void on_air_promote(struct hub *hub, struct room *room, int64_t now_ns);

/* Who drives the click from now on; NULL: nobody (the click falls silent). Tells the rooms. */
void on_air_set(struct hub *hub, struct room *room);

/* True if a new session may simply take the click: nobody has it, or one that has stood still
 * and been empty for ten minutes. */
bool on_air_is_free(const struct hub *hub, int64_t now_ns);

/* Take over a stop on the box, and tell phones
 * by a new anchor when its bars fall elsewhere than they were told. Every 50 ms. */
void on_air_follow(struct hub *hub);

#endif
