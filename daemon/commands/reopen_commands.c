#include "command.h"

#include "clock.h"
#include "durable.h"
#include "entrance.h"
#include "log.h"
#include "on_air.h"
#include "pending.h"
#include "presence.h"
#include "reopen_sql.h"
#include "restore.h"
#include "session_sql.h"
#include "token.h"

#include <string.h>

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* So many that one is free, whatever sessions are open. */
static json_t *fresh_codes(void)
{
	json_t *codes = json_array();
	char code[CODE_TEXT_SIZE];
	for (int i = 0; i < REOPEN_CODES; i++)
		if (code_new(code) == 0)
			json_array_append_new(codes, json_string(code));
	return codes;
}

/* ---- their fields ------------------------------------------------------ */

#define FIELD_PIN                                                                                  \
	{                                                                                          \
		FIELD_TEXT, "pin", FIELD_OPTIONAL, 0, 64, "pin_wrong", "the box's PIN", NULL       \
	}

static const struct field list_fields[] = {FIELD_PIN, {.kind = FIELD_END}};
static const struct field reopen_fields[] = {
	{FIELD_ID, "session_id", FIELD_REQUIRED, 0, 0, "session_unknown",
	 "the id of a session, as in session.list", NULL},
	FIELD_PIN,
	{.kind = FIELD_END},
};

/* ---- session.list ------------------------------------------------------ */

static void listed(struct pending *pending, struct phone *phone, const struct store_result *result)
{
	if (!phone)
		return;
	if (result->status != STORE_OK)
		reply_refused(pending->hub, phone, pending->re, result);
	else
		reply_ok(pending->hub, phone, pending->re,
			 json_pack("{s:O}", "sessions",
				   json_object_get(result->row, "sessions_json")));
}

static void session_list(struct hub *hub, struct phone *phone, const struct request *request)
{
	if (!entrance_pin(hub, phone, request))
		return;
	struct pending *pending = pending_new(hub, phone, request, listed);
	if (pending)
		pending_submit(pending, reopen_sql_list, NULL, 0);
}

/* ---- session.reopen ---------------------------------------------------- */

/* Nobody is ready for this evening yet. */
static void forget_evening(struct room *room)
{
	for (struct person *person = room->people; person; person = person->next) {
		person->ready = person->talking = false;
		person->unstored = true;
	}
}

/* It may be in memory still from before it was closed. */
static void open_again(struct hub *hub, const struct store_result *result, bool takes_air)
{
	struct room *room = hub_room(hub, text_of(result->row, "session_id"));
	if (room)
		forget_evening(room);
	room = restore_room(hub, result);
	if (room)
		hub_tell_untold(hub, room);
	if (takes_air)
		on_air_set(hub, room);
	log_event(LOG_LEVEL_INFO, "session %s reopened, code %s%s",
		  text_of(result->row, "session_id"), text_of(result->row, "code"),
		  takes_air ? ", on the air" : "");
}

static void refuse_reopening(struct pending *pending, struct phone *phone,
			     const struct store_result *result)
{
	if (result->status == STORE_REFUSED && strcmp(result->what, "session_unknown") == 0)
		reply_error(pending->hub, phone, pending->re, "session_unknown", "session_id",
			    "the box has no session with this id: session.list tells those it has");
	else
		reply_refused(pending->hub, phone, pending->re, result);
}

static void reopened(struct pending *pending, struct phone *phone,
		     const struct store_result *result)
{
	struct hub *hub = pending->hub;
	bool takes_air = hub->air_taker == pending;
	if (takes_air)
		hub->air_taker = NULL;
	if (result->status == STORE_OK &&
	    !json_integer_value(json_object_get(result->row, "was_active")))
		open_again(hub, result, takes_air);
	if (!phone)
		return;
	if (result->status == STORE_OK)
		reply_ok(hub, phone, pending->re,
			 json_pack("{s:s, s:s}", "session_id", text_of(result->row, "session_id"),
				   "code", text_of(result->row, "code")));
	else
		refuse_reopening(pending, phone, result);
}

static json_t *reopen_params(const struct pending *pending, bool take)
{
	json_t *params =
		json_pack("{s:o, s:b, s:i}", "codes", fresh_codes(), "on_air", take, "load", 1);
	fields_copy(reopen_fields, pending->body, params);
	return params;
}

static void session_reopen(struct hub *hub, struct phone *phone, const struct request *request)
{
	if (!entrance_pin(hub, phone, request))
		return;
	struct pending *pending = pending_new(hub, phone, request, reopened);
	if (!pending)
		return;
	/* Two at once shall not both think that it is free. */
	bool take = !hub->air_taker && on_air_is_free(hub, clock_now_ns());
	pending->guard = reopen_sql_reopen; /* opened and loaded in one savepoint */
	if (pending_submit(pending, session_sql_load, reopen_params(pending, take), SECTION_ALL) &&
	    take)
		hub->air_taker = pending;
}

/* ---- session.renew_code ------------------------------------------------ */

static bool offer_codes(struct hub *hub, struct phone *phone, const struct request *request,
			json_t *params)
{
	(void)hub, (void)phone, (void)request;
	json_object_set_new(params, "codes", fresh_codes());
	return true;
}

static unsigned renewed(struct hub *hub, struct room *room, const struct store_result *result,
			json_t *answer)
{
	(void)hub, (void)answer;
	log_event(LOG_LEVEL_INFO, "session %s has a new code, %s", room->id,
		  text_of(result->row, "code"));
	return 0;
}

static const struct durable renew_code = {
	.steps = reopen_sql_renew_code,
	.sections = SECTION_SESSION,
	.prepare = offer_codes,
	.effect = renewed,
};

/* ---- the table --------------------------------------------------------- */

static const struct field no_fields[] = {{.kind = FIELD_END}};

const struct command reopen_commands[] = {
	COMMAND_REPEATABLE("session.list", WHO_ANYONE, list_fields, session_list),
	COMMAND_REPEATABLE("session.reopen", WHO_ANYONE, reopen_fields, session_reopen),
	COMMAND_DURABLE("session.renew_code", WHO_MD, no_fields, &renew_code),
	{.type = NULL},
};
