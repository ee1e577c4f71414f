#include "durable.h"

#include "entrance.h"
#include "log.h"
#include "on_air.h"

/* ---- session.take_output, session.release_output ----------------------- */

static bool may_take(struct hub *hub, struct phone *phone, const struct request *request,
		     json_t *params)
{
	bool free = !hub->air_taker && on_air_is_free(hub, request->received_ns);
	bool taken_by_other = hub->on_air != phone->room && !free;
	json_object_del(params, "pin"); /* it is nobody's business from here on */
	if (!taken_by_other || hub->pin[0] == '\0')
		return true;
	if (json_object_get(request->body, "pin"))
		return entrance_pin(hub, phone, request);
	reply_error(hub, phone, request->id, "output_taken", "pin",
		    "another session drives the click: give the box's PIN to take it, or have "
		    "that session release it");
	return false;
}

static unsigned taken(struct hub *hub, struct room *room, const struct store_result *result,
		      json_t *answer)
{
	(void)result, (void)answer;
	log_event(LOG_LEVEL_INFO, "session %s is on the air", room->id);
	on_air_set(hub, room);
	return 0;
}

static unsigned released(struct hub *hub, struct room *room, const struct store_result *result,
			 json_t *answer)
{
	(void)result, (void)answer;
	if (hub->on_air == room)
		on_air_set(hub, NULL);
	return 0;
}

static const struct store_step take_steps[] = {
	{"UPDATE session SET on_air = 0 WHERE on_air = 1 AND id <> :session_id", NULL},
	{"UPDATE session SET on_air = 1 WHERE id = :session_id AND active = 1", "session_closed"},
	{NULL, NULL},
};
static const struct store_step release_steps[] = {
	{"UPDATE session SET on_air = 0 WHERE id = :session_id", NULL},
	{NULL, NULL},
};

static const struct durable take_output = {
	.steps = take_steps, .takes_air = true, .prepare = may_take, .effect = taken};
static const struct durable release_output = {.steps = release_steps, .effect = released};

static const struct field take_fields[] = {
	{FIELD_TEXT, "pin", false, 0, 64, "pin_wrong", "the box's PIN", NULL},
	{.kind = FIELD_END},
};
static const struct field no_fields[] = {{.kind = FIELD_END}};

const struct command output_commands[] = {
	COMMAND_DURABLE("session.take_output", WHO_MD, take_fields, &take_output),
	COMMAND_DURABLE("session.release_output", WHO_MD, no_fields, &release_output),
	{.type = NULL},
};
