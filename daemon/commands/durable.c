#include "durable.h"

#include "clock.h"
#include "on_air.h"
#include "pending.h"
#include "presence.h"
#include "setlist_marks.h"
#include "token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- who may, in the same transaction ---------------------------------- */

/* What the loop knows of who leads and who is in may be outdated by a commit under way. */
#define STEP_OPEN                                                                                  \
	{                                                                                          \
		"SELECT 1 AS open FROM session WHERE id = :session_id AND active = 1",             \
			"session_closed"                                                           \
	}
#define STEP_MEMBER                                                                                \
	{                                                                                          \
		"SELECT 1 AS member FROM participant WHERE session_id = :session_id "              \
		"AND user_id = :me AND left_at IS NULL",                                           \
			"not_joined"                                                               \
	}
#define STEP_MD                                                                                    \
	{                                                                                          \
		"SELECT 1 AS md FROM session WHERE id = :session_id AND md_user_id = :me",         \
			"not_md"                                                                   \
	}
#define STEP_LEADER                                                                                \
	{                                                                                          \
		"SELECT 1 AS leader FROM session JOIN tempo_state ON session_id = session.id "     \
		"WHERE session.id = :session_id AND :me IN (md_user_id, controller_user_id)",      \
			"not_controller"                                                           \
	}
#define STEPS_END                                                                                  \
	{                                                                                          \
		NULL, NULL                                                                         \
	}

static const struct store_step guard_member[] = {STEP_OPEN, STEP_MEMBER, STEPS_END};
static const struct store_step guard_md[] = {STEP_OPEN, STEP_MEMBER, STEP_MD, STEPS_END};
static const struct store_step guard_leader[] = {STEP_OPEN, STEP_MEMBER, STEP_LEADER, STEPS_END};

static const struct store_step *guard_of(const struct command *command)
{
	if (command->who == WHO_MEMBER)
		return guard_member;
	return command->who == WHO_MD ? guard_md : guard_leader;
}

/* ---- done -------------------------------------------------------------- */

/* What a step or the first time said; else the id that was made (which the table has, too). */
static json_t *answer_of(const struct pending *pending, const struct store_result *result)
{
	json_t *answer = json_object_get(result->row, "answer_json");
	if (json_is_object(answer))
		return json_copy(answer);
	return pending->made_json ? json_copy(pending->made_json) : json_object();
}

static void tell(struct hub *hub, struct room *room, unsigned live)
{
	if (live & SECTION_TEMPO_STATE)
		on_air_changed(hub, room, live); /* the click before the phones */
	else if (live | room->untold)
		hub_tell(hub, room, live);
}

static void tell_elsewhere(struct hub *hub, const struct room *here, unsigned sections)
{
	if (!sections)
		return;
	for (struct room *room = hub->rooms; room; room = room->next)
		if (room != here)
			durable_refresh(hub, room, sections);
}

static void carried_out(struct pending *pending, struct room *room,
			const struct store_result *result, json_t *answer)
{
	const struct durable *durable = pending->durable;
	struct hub *hub = pending->hub;
	unsigned live = 0;
	hub_take_sections(hub, room, result);
	if (durable->effect)
		live = durable->effect(hub, room, result, answer);
	tell(hub, room, live);
	if (durable->after)
		durable->after(hub, room, result);
	tell_elsewhere(hub, room, durable->elsewhere);
}

/* An answer that the loop has added to is not yet in the table as it was given: where the same
 * request came twice at once, the second has it from here. */
static void remember(const struct pending *pending, const struct store_result *result,
		     json_t *answer)
{
	struct hub *hub = pending->hub;
	char hash[TOKEN_HASH_SIZE];
	json_t *known;
	if (request_hash(pending->body, hash) < 0)
		return;
	if (recent_find(hub->recent, pending->user_id, pending->re, hash, &known) != RECENT_NEW) {
		json_object_update(answer, known);
		json_decref(known);
		return;
	}
	json_t *kept = json_copy(answer);
	recent_note(hub->recent, pending->user_id, pending->re, hash, kept,
		    result->repeated || !pending->durable->effect,
		    clock_to_unix_ms(clock_now_ns(), hub->offset_ns));
	json_decref(kept);
}

/* After an error of the disk it is open whether the batch was stored: what the room holds is read
 * again. */
static void doubt(struct hub *hub, struct room *room)
{
	setlist_marks_doubt(room->setlist_marks);
	if (!room->doubted)
		durable_refresh(hub, room, SECTION_ALL);
	room->doubted = true;
}

static void finished(struct pending *pending, struct phone *phone,
		     const struct store_result *result)
{
	struct hub *hub = pending->hub;
	struct room *room = hub_room(hub, pending->session_id);
	if (hub->air_taker == pending)
		hub->air_taker = NULL;
	if (result->status == STORE_FAILED && room)
		doubt(hub, room);
	if (result->status != STORE_OK || !room) {
		if (phone)
			reply_refused(hub, phone, pending->re, result);
		return;
	}
	json_t *answer = answer_of(pending, result);
	if (!result->repeated && !pending->durable->reads)
		carried_out(pending, room, result, answer);
	if (pending->once)
		remember(pending, result, answer);
	/* The one who asked may be out of the room by that. */
	json_object_set_new(answer, "revision", json_integer((json_int_t)room->revision));
	if (phone)
		reply_ok(hub, phone, pending->re, answer);
	else
		json_decref(answer);
}

/* ---- submitted --------------------------------------------------------- */

static json_t *params_of(struct pending *pending, const struct room *room,
			 const struct request *request, const struct command *command)
{
	const struct durable *durable = command->durable;
	char hash[TOKEN_HASH_SIZE] = "";
	json_t *params = json_object();
	if (request_hash(request->body, hash) < 0 ||
	    fields_copy(command->fields, request->body, params) < 0) {
		json_decref(params);
		return NULL;
	}
	json_object_update_new(
		params,
		json_pack("{s:s, s:s, s:s, s:s, s:I, s:o}", "session_id", room->id, "me",
			  pending->user_id, "request_id", request->id, "body_hash", hash, "now",
			  (json_int_t)clock_to_unix_ms(clock_now_ns(), pending->hub->offset_ns),
			  "away", presence_away(room)));
	if (durable->makes) {
		char made[UUID_TEXT];
		uuid_new(made);
		json_object_set_new(params, durable->makes, json_string(made));
		pending->made_json = json_pack("{s:s}", durable->makes, made);
		json_object_set(params, "answer_json", pending->made_json);
	}
	return params;
}

static void submit(struct hub *hub, struct phone *phone, const struct request *request,
		   const struct command *command, const struct store_step *guard)
{
	const struct durable *durable = command->durable;
	struct pending *pending = pending_new(hub, phone, request, finished);
	if (!pending)
		return;
	json_t *params = params_of(pending, phone->room, request, command);
	pending->durable = durable;
	pending->guard = guard;
	pending->once = !durable->reads;
	if (!params) {
		reply_error(hub, phone, request->id, "storage", NULL, "the box is out of memory");
		pending_drop(pending);
	} else if (guard == guard_of(command) && durable->prepare &&
		   !durable->prepare(hub, phone, request, params)) {
		json_decref(params);
		pending_drop(pending);
	} else if (pending_submit(pending, durable->steps, params, durable->sections) &&
		   durable->takes_air && !hub->air_taker) {
		hub->air_taker = pending;
	}
}

void durable_run(struct hub *hub, struct phone *phone, const struct request *request,
		 const struct command *command)
{
	submit(hub, phone, request, command, guard_of(command));
}

/* Nobody: what was answered before is answered again, everything else is refused. */
static const struct store_step refuse_md[] = {{"SELECT 1 AS md WHERE false", "not_md"}, STEPS_END};
static const struct store_step refuse_controller[] = {
	{"SELECT 1 AS controller WHERE false", "not_controller"}, STEPS_END};

void durable_refuse(struct hub *hub, struct phone *phone, const struct request *request,
		    const struct command *command)
{
	submit(hub, phone, request, command,
	       command->who & WHO_CONTROLLER ? refuse_controller : refuse_md);
}

/* ---- read anew --------------------------------------------------------- */

struct refresh {
	struct hub *hub;
	char session_id[UUID_TEXT];
};

static const struct store_step who_leads[] = {
	{"SELECT md_user_id, controller_user_id FROM session "
	 "JOIN tempo_state ON session_id = session.id WHERE session.id = :session_id",
	 NULL},
	STEPS_END,
};

static bool take_id(char id[UUID_TEXT], const json_t *row, const char *name)
{
	const char *found = json_string_value(json_object_get(row, name));
	if (!found || strcmp(found, id) == 0)
		return false;
	snprintf(id, UUID_TEXT, "%s", found);
	return true;
}

static void refreshed(void *user, const struct store_result *result)
{
	struct refresh *refresh = user;
	struct room *room = hub_room(refresh->hub, refresh->session_id);
	if (room)
		room->doubted = false;
	if (room && result->status == STORE_OK) {
		hub_take_sections(refresh->hub, room, result);
		take_id(room->md_user_id, result->row, "md_user_id");
		if (take_id(room->controller_user_id, result->row, "controller_user_id"))
			room->untold |= SECTION_TEMPO_STATE;
		hub_tell_untold(refresh->hub, room);
	}
	free(refresh);
}

void durable_refresh(struct hub *hub, struct room *room, unsigned sections)
{
	struct refresh *refresh = calloc(1, sizeof *refresh);
	if (!refresh)
		return;
	refresh->hub = hub;
	strcpy(refresh->session_id, room->id);
	const struct store_job job = {
		.steps = who_leads,
		.params = json_pack("{s:s}", "session_id", room->id),
		.sections = sections,
		.done = refreshed,
		.user = refresh,
	};
	if (store_submit(hub->store, &job) < 0)
		free(refresh);
}
