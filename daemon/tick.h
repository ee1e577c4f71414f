/*
 * tick.h - what the loop does by itself: twenty times a second, and once a second.
 *
 * What is pending comes into force, the click is followed, answers and presence are stored behind, who
 * has fallen silent is away, rooms that have long been empty are forgotten.
 *
 * Thread: loop.
 */
#ifndef TACTUS_TICK_H
#define TACTUS_TICK_H

/* Every 50 ms; user is the hub. */
void tick(void *user);

#endif
