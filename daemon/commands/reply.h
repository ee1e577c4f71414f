/*
 * reply.h - the answer to a request: one, sooner or later, to each.
 *
 * Thread: loop.
 */
#ifndef TACTUS_REPLY_H
#define TACTUS_REPLY_H

#include "hub.h"
#include "request.h"

/* {"type":"ok","re":id,"revision":...} and what else `extra` has (stolen; may be NULL). */
void reply_ok(struct hub *hub, struct phone *phone, const char *re, json_t *extra);

/* The same for what was carried out at once (not by the store): it is remembered, so that the request
 * is not carried out again if it comes again. */
void reply_done(struct hub *hub, struct phone *phone, const struct request *request, json_t *extra);

/* {"type":"error",...}. re and field may be NULL. */
void reply_error(struct hub *hub, struct phone *phone, const char *re, const char *code,
		 const char *field, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* The store did not do it: its code in words (refusals.c). A step's `none` may be "code" or
 * "code field". */
void reply_refused(struct hub *hub, struct phone *phone, const char *re,
		   const struct store_result *result);

#endif
