/*
 * pending.h - a request whose answer waits for the store.
 *
 * Remembers whom to answer; the phone may be gone by then, the request's effect
 * is not.
 *
 * Thread: loop.
 */
#ifndef TACTUS_PENDING_H
#define TACTUS_PENDING_H

#include "reply.h"

/* So many may wait for a disk that stalls, of one phone and of all; what is more is refused. */
#define PENDING_PHONE_MAX 32
#define PENDING_ALL_MAX 4096

struct pending {
	struct hub *hub;
	uint64_t phone; /* serial */
	char re[sizeof((struct request *)0)->id];
	char address[sizeof((struct phone *)0)->address];
	char session_id[UUID_TEXT];
	char user_id[UUID_TEXT];
	char token[33];
	char code[LIMIT_CODE_LENGTH + 1];
	const struct durable *durable;  /* what it is, if it came by durable_run() */
	json_t *made_json;              /* the id of what that makes, as answered; ours */
	const struct store_step *guard; /* of its job, as in store.h */
	bool once;
	json_t *body; /* the request, for another try; ours */
	int tries;
	/* Called once with the result. phone is NULL if it has gone. It answers. */
	void (*finish)(struct pending *pending, struct phone *phone,
		       const struct store_result *result);
	bool submitted; /* a job of it is under way; finish may submit another */
	bool finishing;
};

/* NULL if too many wait already or on no memory (answered). Owns: pending_submit takes it. */
struct pending *pending_new(struct hub *hub, struct phone *phone, const struct request *request,
			    void (*finish)(struct pending *, struct phone *,
					   const struct store_result *));

/* Let go of one that was not submitted; it must be answered. */
void pending_drop(struct pending *pending);

/* Submit its job, from the command or once more from `finish`. Takes `params`, and the pending
 * lives until a finish that submits nothing. False: it could not be, and is
 * answered (`storage`). */
bool pending_submit(struct pending *pending, const struct store_step *steps, json_t *params,
		    unsigned sections);

#endif
