/*
 * What people say of themselves: profile.set, ready.set, ptt.set, metrics.report.
 */
#include "durable.h"

#include "presence.h"
#include "text_of.h"

#include <string.h>

/* ---- profile.set ------------------------------------------------------- */

static const struct store_step profile_steps[] = {
	{"UPDATE user SET display_name = :display_name WHERE id = :me", "not_joined"},
	{NULL, NULL},
};

static const struct durable profile = {.steps = profile_steps,
				       .sections = SECTION_PARTICIPANTS,
				       .elsewhere = SECTION_PARTICIPANTS};

/* ---- ready.set, ptt.set, metrics.report -------------------------------- */

/* NULL: refused and answered. */
static struct person *myself(struct hub *hub, struct phone *phone, const struct request *request)
{
	struct person *person = presence_person(phone->room, phone->user_id);
	if (!person)
		reply_error(hub, phone, request->id, "not_joined", NULL,
			    "you are not in this session any more: join again with the code");
	return person;
}

static void ready_set(struct hub *hub, struct phone *phone, const struct request *request)
{
	struct person *person = myself(hub, phone, request);
	if (!person)
		return;
	person->ready = json_is_true(json_object_get(request->body, "ready"));
	person->unstored = true;
	presence_update(hub, phone->room);
	hub_tell_untold(hub, phone->room);
	reply_ok(hub, phone, request->id, NULL);
}

static void ptt_set(struct hub *hub, struct phone *phone, const struct request *request)
{
	const char *state = json_string_value(json_object_get(request->body, "state"));
	struct person *person = myself(hub, phone, request);
	if (!person)
		return;
	person->talking = strcmp(state, "talking") == 0;
	person->talker = phone->serial;
	person->unstored = true;
	presence_update(hub, phone->room);
	hub_tell_untold(hub, phone->room);
	reply_ok(hub, phone, request->id, NULL);
}

static void metrics_report(struct hub *hub, struct phone *phone, const struct request *request)
{
	const json_t *body = request->body;
	struct person *person = myself(hub, phone, request);
	if (!person)
		return;
	presence_measured(hub, phone->room, person,
			  (int)json_integer_value(json_object_get(body, "rtt_ms")),
			  (int)json_integer_value(json_object_get(body, "jitter_ms")),
			  json_number_value(json_object_get(body, "packet_loss_pct")));
	presence_update(hub, phone->room);
	hub_tell_untold(hub, phone->room);
	reply_ok(hub, phone, request->id, NULL);
}

/* ---- the table --------------------------------------------------------- */

static bool ptt_ok(const char *text)
{
	return strcmp(text, "idle") == 0 || strcmp(text, "talking") == 0;
}

static const struct field profile_fields[] = {
	{FIELD_TEXT, "display_name", true, 1, LIMIT_DISPLAY_NAME_MAX, "display_name",
	 "a name of 1 to 40 characters", NULL},
	{.kind = FIELD_END},
};
static const struct field ready_fields[] = {
	{FIELD_BOOL, "ready", true, 0, 0, NULL, "true or false", NULL},
	{.kind = FIELD_END},
};
static const struct field ptt_fields[] = {
	{FIELD_TEXT, "state", true, 1, 16, "ptt_state", "idle or talking", ptt_ok},
	{.kind = FIELD_END},
};
static const struct field metrics_fields[] = {
	{FIELD_INT, "rtt_ms", true, 0, LIMIT_MS_MAX, "metrics_range",
	 "0 to " TEXT_OF_LIMIT(LIMIT_MS_MAX), NULL},
	{FIELD_INT, "jitter_ms", true, 0, LIMIT_MS_MAX, "metrics_range",
	 "0 to " TEXT_OF_LIMIT(LIMIT_MS_MAX), NULL},
	{FIELD_NUMBER, "packet_loss_pct", true, 0, 100, "metrics_range", "0 to 100", NULL},
	{.kind = FIELD_END},
};

const struct command people_commands[] = {
	COMMAND_DURABLE("profile.set", WHO_MEMBER, profile_fields, &profile),
	COMMAND_REPEATABLE("ready.set", WHO_MEMBER, ready_fields, ready_set),
	COMMAND_REPEATABLE("ptt.set", WHO_MEMBER, ptt_fields, ptt_set),
	COMMAND_REPEATABLE("metrics.report", WHO_MEMBER, metrics_fields, metrics_report),
	{.type = NULL},
};
