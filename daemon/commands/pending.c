#include "pending.h"

#include <stdlib.h>
#include <string.h>

struct pending *pending_new(struct hub *hub, struct phone *phone, const struct request *request,
			    void (*finish)(struct pending *, struct phone *,
					   const struct store_result *))
{
	if (phone->pendings >= PENDING_PHONE_MAX || store_pending(hub->store) >= PENDING_ALL_MAX) {
		reply_error(hub, phone, request->id, "busy", NULL,
			    "too many requests wait for the disk: wait for their answers");
		return NULL;
	}
	struct pending *pending = calloc(1, sizeof *pending);
	if (!pending) {
		reply_error(hub, phone, request->id, "storage", NULL, "the box is out of memory");
		return NULL;
	}
	pending->hub = hub;
	pending->phone = phone->serial;
	pending->body = json_incref(request->body);
	pending->finish = finish;
	strcpy(pending->re, request->id);
	strcpy(pending->address, phone->address);
	strcpy(pending->user_id, phone->user_id);
	if (phone->room)
		strcpy(pending->session_id, phone->room->id);
	phone->pendings++;
	return pending;
}

void pending_drop(struct pending *pending)
{
	struct phone *phone = hub_phone(pending->hub, pending->phone);
	if (phone)
		phone->pendings--;
	json_decref(pending->body);
	json_decref(pending->made_json);
	free(pending);
}

static void done(void *user, const struct store_result *result)
{
	struct pending *pending = user;
	pending->submitted = false;
	pending->finishing = true;
	pending->finish(pending, hub_phone(pending->hub, pending->phone), result);
	pending->finishing = false;
	if (!pending->submitted)
		pending_drop(pending);
}

bool pending_submit(struct pending *pending, const struct store_step *steps, json_t *params,
		    unsigned sections)
{
	struct store_job job = {
		.guard = pending->guard,
		.steps = steps,
		.once = pending->once,
		.params = params,
		.sections = sections,
		.done = done,
		.user = pending,
	};
	pending->submitted = store_submit(pending->hub->store, &job) == 0;
	if (pending->submitted)
		return true;
	struct phone *phone = hub_phone(pending->hub, pending->phone);
	if (phone)
		reply_error(pending->hub, phone, pending->re, "storage", NULL,
			    "the box is out of memory");
	if (!pending->finishing)
		pending_drop(pending);
	return false;
}
