/*
 * stop.h - `tactus-click --stop`: silence the running click from the box itself.
 *
 * Needs neither the daemon nor JACK: finds the click by the lock it holds on its
 * status region, signals it, and waits until its status says that it is silent.
 *
 * Thread: main.
 */
#ifndef TACTUS_STOP_H
#define TACTUS_STOP_H

/* 0: it is silent (or was). -errno after saying what is wrong: -ESRCH no click runs on the
 * region, -ETIMEDOUT it did not confirm within a second. */
int stop_click(const char *region);

#endif
