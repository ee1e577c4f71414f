#include "command.h"

#include "clock.h"
#include "entrance.h"
#include "log.h"
#include "on_air.h"
#include "pending.h"
#include "restore.h"
#include "session_sql.h"
#include "token.h"

#include <stdio.h>
#include <string.h>

#define CODE_TRIES 5

#define FIELD_NAME                                                                                 \
	{                                                                                          \
		FIELD_TEXT, "display_name", true, 1, LIMIT_DISPLAY_NAME_MAX, "display_name",       \
			"a name of 1 to 40 characters", NULL                                       \
	}
#define FIELD_CODE                                                                                 \
	{                                                                                          \
		FIELD_TEXT, "code", true, 1, 32, "code_form",                                      \
			"a join code: six letters and digits as on the MD's page", code_form_ok    \
	}
#define FIELD_PIN                                                                                  \
	{                                                                                          \
		FIELD_TEXT, "pin", false, 0, 64, "pin_wrong", "the box's PIN", NULL                \
	}
#define FIELD_TOKEN(required)                                                                      \
	{                                                                                          \
		FIELD_TEXT, "token", required, 1, 128, "token_unknown",                            \
			"the token from your first join", NULL                                     \
	}

static bool code_form_ok(const char *text)
{
	char code[LIMIT_CODE_LENGTH + 1];
	return code_normalise(text, code) == 0;
}

static const char *text_of(const json_t *body, const char *field)
{
	return json_string_value(json_object_get(body, field));
}

static json_int_t unix_now(const struct hub *hub)
{
	return (json_int_t)clock_to_unix_ms(clock_now_ns(), hub->offset_ns);
}

/* ---- getting in: what create, join, resume and claim end with ---------- */

static void enter(struct pending *pending, struct phone *phone, const struct store_result *result,
		  unsigned live, bool with_code)
{
	struct hub *hub = pending->hub;
	struct room *room = restore_room(hub, result);
	/* A token says who it is; otherwise it is the person just made. */
	const char *user_id = text_of(result->row, "user_id");
	if (!user_id)
		user_id = pending->user_id;
	if (!phone) {
		if (room && (live | room->untold))
			hub_tell(hub, room, live); /* it came all the same, and went */
		return;
	}
	if (!room) {
		reply_error(hub, phone, pending->re, "storage", NULL, "the box is out of memory");
		return;
	}
	json_t *ok = json_pack("{s:s, s:s}", "session_id", room->id, "user_id", user_id);
	if (pending->token[0])
		json_object_set_new(ok, "token", json_string(pending->token));
	if (with_code)
		json_object_set_new(ok, "code", json_string(pending->code));
	hub_attach(hub, phone, room, user_id, live);
	reply_ok(hub, phone, pending->re, ok);
}

/* A key of its own for each device. */
static void make_token(struct pending *pending, json_t *params)
{
	char hash[TOKEN_HASH_SIZE];
	token_new(pending->token);
	token_hash(pending->token, hash);
	json_object_set_new(params, "token_hash", json_string(hash));
}

/* user_id, display_name, token_hash, now, load: for all that make a person. */
static json_t *person_params(struct pending *pending)
{
	json_t *params =
		json_pack("{s:s, s:I, s:i}", "display_name", text_of(pending->body, "display_name"),
			  "now", unix_now(pending->hub), "load", 1);
	uuid_new(pending->user_id);
	json_object_set_new(params, "user_id", json_string(pending->user_id));
	make_token(pending, params);
	return params;
}

/* ---- session.create ---------------------------------------------------- */

static void submit_create(struct pending *pending);

static void created(struct pending *pending, struct phone *phone, const struct store_result *result)
{
	struct hub *hub = pending->hub;
	bool takes_air = hub->air_taker == pending;
	if (takes_air)
		hub->air_taker = NULL;
	if (result->status == STORE_INVALID && strcmp(result->what, "session.code") == 0 &&
	    pending->tries < CODE_TRIES) {
		submit_create(pending);
		return;
	}
	if (result->status != STORE_OK) {
		if (phone)
			reply_refused(hub, phone, pending->re, result);
		return;
	}
	struct room *room = restore_room(hub, result);
	if (takes_air)
		on_air_set(hub, room);
	log_event(LOG_LEVEL_INFO, "session %s created, code %s%s", pending->session_id,
		  pending->code, takes_air ? ", on the air" : "");
	enter(pending, phone, result, 0, true);
}

static void submit_create(struct pending *pending)
{
	struct hub *hub = pending->hub;
	json_t *params = person_params(pending);
	bool take = !hub->air_taker && on_air_is_free(hub, clock_now_ns());
	code_new(pending->code);
	uuid_new(pending->session_id);
	json_object_set_new(params, "session_id", json_string(pending->session_id));
	json_object_set_new(params, "code", json_string(pending->code));
	json_object_set_new(params, "on_air", json_boolean(take));
	pending->tries++;
	/* Two at once shall not both think that it is free. */
	if (pending_submit(pending, session_sql_create, params, SECTION_ALL) && take)
		hub->air_taker = pending;
}

static void session_create(struct hub *hub, struct phone *phone, const struct request *request)
{
	if (!entrance_pin(hub, phone, request))
		return;
	struct pending *pending = pending_new(hub, phone, request, created);
	if (pending)
		submit_create(pending);
}

/* ---- session.join, session.claim --------------------------------------- */

static void joined(struct pending *pending, struct phone *phone, const struct store_result *result)
{
	entrance_code_result(pending->hub, pending->address, result);
	if (result->status == STORE_OK)
		enter(pending, phone, result, 0, false);
	else if (phone)
		reply_refused(pending->hub, phone, pending->re, result);
}

static json_t *coded_params(struct pending *pending)
{
	char code[LIMIT_CODE_LENGTH + 1] = "";
	json_t *params = person_params(pending);
	code_normalise(text_of(pending->body, "code"), code);
	json_object_set_new(params, "code", json_string(code));
	return params;
}

static void session_join(struct hub *hub, struct phone *phone, const struct request *request)
{
	const char *known = text_of(request->body, "token");
	if (!entrance_code(hub, phone, request))
		return;
	struct pending *pending = pending_new(hub, phone, request, joined);
	if (!pending)
		return;
	json_t *params = coded_params(pending);
	if (known) {
		char hash[TOKEN_HASH_SIZE];
		token_hash(known, hash);
		json_object_set_new(params, "known_hash", json_string(hash));
	}
	pending_submit(pending, known ? session_sql_join_again : session_sql_join, params,
		       SECTION_ALL);
}

static void claimed(struct pending *pending, struct phone *phone, const struct store_result *result)
{
	struct hub *hub = pending->hub;
	entrance_code_result(hub, pending->address, result);
	if (result->status != STORE_OK) {
		if (phone)
			reply_refused(hub, phone, pending->re, result);
		return;
	}
	struct room *room = restore_room(hub, result);
	const char *same = text_of(result->row, "user_id");
	if (same)
		snprintf(pending->user_id, sizeof pending->user_id, "%s", same);
	if (room) {
		strcpy(room->md_user_id, pending->user_id);
		strcpy(room->controller_user_id, pending->user_id);
		log_event(LOG_LEVEL_INFO, "session %s claimed by user %s", room->id,
			  pending->user_id);
	}
	enter(pending, phone, result, SECTION_TEMPO_STATE, false);
}

static void session_claim(struct hub *hub, struct phone *phone, const struct request *request)
{
	if (!entrance_pin(hub, phone, request) || !entrance_code(hub, phone, request))
		return;
	struct pending *pending = pending_new(hub, phone, request, claimed);
	if (!pending)
		return;
	json_t *params = coded_params(pending);
	json_object_set_new(params, "me", json_string(phone->user_id));
	pending_submit(pending, session_sql_claim, params, SECTION_ALL);
}

/* ---- session.resume ---------------------------------------------------- */

static void loaded(struct pending *pending, struct phone *phone, const struct store_result *result)
{
	if (result->status == STORE_OK)
		enter(pending, phone, result, 0, false);
	else if (result->status == STORE_FAILED && pending->tries++ == 0)
		pending_submit(pending, session_sql_load_only,
			       json_pack("{s:s}", "session_id", pending->session_id), SECTION_ALL);
	else if (phone)
		reply_refused(pending->hub, phone, pending->re, result);
}

/* Who it is, is known. To load the room raises its ceiling; where it is in memory, or the disk is
 * full, a phone that wakes up finds back without a write. */
static void resumed(struct pending *pending, struct phone *phone, const struct store_result *result)
{
	const char *session_id = text_of(result->row, "session_id");
	if (result->status != STORE_OK || hub_room(pending->hub, session_id)) {
		loaded(pending, phone, result);
		return;
	}
	strcpy(pending->session_id, session_id);
	strcpy(pending->user_id, text_of(result->row, "user_id"));
	pending->finish = loaded;
	pending_submit(pending, session_sql_load,
		       json_pack("{s:s, s:i}", "session_id", session_id, "load", 1), SECTION_ALL);
}

static void session_resume(struct hub *hub, struct phone *phone, const struct request *request)
{
	struct pending *pending = pending_new(hub, phone, request, resumed);
	if (!pending)
		return;
	char hash[TOKEN_HASH_SIZE];
	token_hash(text_of(request->body, "token"), hash);
	pending_submit(pending, session_sql_resume, json_pack("{s:s}", "token_hash", hash), 0);
}

/* ---- the table --------------------------------------------------------- */

static const struct field create_fields[] = {FIELD_NAME, FIELD_PIN, {.kind = FIELD_END}};
static const struct field join_fields[] = {
	FIELD_CODE, FIELD_NAME, FIELD_TOKEN(false), {.kind = FIELD_END}};
static const struct field resume_fields[] = {FIELD_TOKEN(true), {.kind = FIELD_END}};
static const struct field claim_fields[] = {FIELD_CODE, FIELD_NAME, FIELD_PIN, {.kind = FIELD_END}};

const struct command session_commands[] = {
	COMMAND_REPEATABLE("session.create", WHO_ANYONE, create_fields, session_create),
	COMMAND_REPEATABLE("session.join", WHO_ANYONE, join_fields, session_join),
	COMMAND_REPEATABLE("session.resume", WHO_ANYONE, resume_fields, session_resume),
	COMMAND_REPEATABLE("session.claim", WHO_ANYONE, claim_fields, session_claim),
	{.type = NULL},
};
