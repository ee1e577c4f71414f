/*
 * entrance.h - PINs and join codes at the door: checked, and guessing slowed down.
 *
 * Thread: loop.
 */
#ifndef TACTUS_ENTRANCE_H
#define TACTUS_ENTRANCE_H

#include "reply.h"

/* The request's pin opens the box (or none is asked). False: refused and answered. */
bool entrance_pin(struct hub *hub, struct phone *phone, const struct request *request);

/* The phone's address may try a join code now; entrance_code_result() must follow. False: refused
 * and answered. */
bool entrance_code(struct hub *hub, struct phone *phone, const struct request *request);

/* What came of it, as the store says. `address` is the phone's. */
void entrance_code_result(struct hub *hub, const char *address, const struct store_result *result);

#endif
