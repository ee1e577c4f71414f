#include "command.h"

#include "entrance.h"
#include "log.h"
#include "on_air.h"
#include "pending.h"
#include "session_sql.h"

/* ---- session.take_output, session.release_output ----------------------- */

static void taken(struct pending *pending, struct phone *phone, const struct store_result *result)
{
	struct hub *hub = pending->hub;
	struct room *room = hub_room(hub, pending->session_id);
	if (result->status == STORE_OK && room) {
		log_event(LOG_LEVEL_INFO, "session %s is on the air", room->id);
		on_air_set(hub, room);
		if (phone)
			reply_ok(hub, phone, pending->re, NULL);
	} else if (phone && result->status == STORE_REFUSED) {
		/* Closed meanwhile: the only rule there is, and no field is at fault. */
		reply_error(hub, phone, pending->re, "session_closed", NULL,
			    "this session is closed");
	} else if (phone) {
		reply_refused(hub, phone, pending->re, result);
	}
}

static void session_take_output(struct hub *hub, struct phone *phone, const struct request *request)
{
	bool taken_by_other =
		hub->on_air != phone->room && !on_air_is_free(hub, request->received_ns);
	if (taken_by_other && hub->pin[0] != '\0' && !json_object_get(request->body, "pin")) {
		reply_error(hub, phone, request->id, "output_taken", "pin",
			    "another session drives the click: give the box's PIN to take it, or "
			    "have that session release it");
		return;
	}
	if (taken_by_other && !entrance_pin(hub, phone, request))
		return;
	struct pending *pending = pending_new(hub, phone, request, taken);
	if (pending)
		pending_submit(pending, session_sql_take_output,
			       json_pack("{s:s}", "session_id", phone->room->id), 0);
}

static void released(struct pending *pending, struct phone *phone,
		     const struct store_result *result)
{
	struct hub *hub = pending->hub;
	struct room *room = hub_room(hub, pending->session_id);
	if (result->status == STORE_OK && room) {
		if (hub->on_air == room)
			on_air_set(hub, NULL);
		if (phone)
			reply_ok(hub, phone, pending->re, NULL);
	} else if (phone) {
		reply_refused(hub, phone, pending->re, result);
	}
}

static void session_release_output(struct hub *hub, struct phone *phone,
				   const struct request *request)
{
	struct pending *pending = pending_new(hub, phone, request, released);
	if (pending)
		pending_submit(pending, session_sql_release_output,
			       json_pack("{s:s}", "session_id", phone->room->id), 0);
}

static const struct field take_fields[] = {
	{FIELD_TEXT, "pin", false, 0, 64, "pin_wrong", "the box's PIN", NULL},
	{.kind = FIELD_END},
};
static const struct field no_fields[] = {{.kind = FIELD_END}};

const struct command output_commands[] = {
	COMMAND_RUN("session.take_output", WHO_MD, take_fields, session_take_output),
	COMMAND_RUN("session.release_output", WHO_MD, no_fields, session_release_output),
	{.type = NULL},
};
