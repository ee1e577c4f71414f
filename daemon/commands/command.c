#include "command.h"

#include "clock.h"
#include "durable.h"
#include "log.h"
#include "on_air.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command *const parts[] = {
	session_commands, parting_commands, output_commands,   people_commands,
	role_commands,    reopen_commands,  activate_commands, tempo_commands,
	click_commands,   song_commands,    setlist_commands,
};

static const struct command *find(const char *type)
{
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		for (const struct command *row = parts[i]; row->type; row++)
			if (strcmp(row->type, type) == 0)
				return row;
	return NULL;
}

/* ---- requests ---------------------------------------------------------- */

static bool permitted(const struct command *command, const struct phone *phone)
{
	const struct room *room = phone->room;
	if (command->who == WHO_ANYONE)
		return true;
	if (!room)
		return false;
	return command->who == WHO_MEMBER ||
	       ((command->who & WHO_CONTROLLER) &&
		strcmp(room->controller_user_id, phone->user_id) == 0) ||
	       ((command->who & WHO_MD) && strcmp(room->md_user_id, phone->user_id) == 0);
}

static void refuse_permission(struct hub *hub, struct phone *phone, const char *re,
			      const struct command *command)
{
	if (!phone->room)
		reply_error(hub, phone, re, "not_joined", NULL,
			    "join a session first: session.join, session.resume or session.create");
	else if (command->who & WHO_CONTROLLER)
		reply_error(hub, phone, re, "not_controller", NULL,
			    "only the one who holds the tempo may do this: ask for a hand-over");
	else
		reply_error(hub, phone, re, "not_md", NULL, "only the music director may do this");
}

/* A request that comes again is answered again, and no more than that. */
static bool answered_before(struct hub *hub, struct phone *phone, struct request *request,
			    const struct command *command)
{
	json_t *answer;
	if (!phone->room || command->repeatable || (command->durable && command->durable->reads) ||
	    request_hash(request->body, request->hash) < 0)
		return false;
	switch (recent_find(hub->recent, phone->user_id, request->id, request->hash, &answer)) {
	case RECENT_NEW:
		return false;
	case RECENT_REPEATED:
		reply_ok(hub, phone, request->id, answer);
		return true;
	case RECENT_REUSED:
		reply_error(hub, phone, request->id, "id_reused", "id",
			    "another request had this id: give each its own");
		return true;
	}
	return false;
}

static void carry_out(struct hub *hub, struct phone *phone, const struct request *request,
		      const struct command *command)
{
	if (phone->room)
		on_air_promote(hub, phone->room, request->received_ns);
	if (command->durable)
		durable_run(hub, phone, request, command);
	else
		command->run(hub, phone, request);
}

/* What is not well formed was never carried out: it need not wait, with all that is in it, for the
 * disk to say so. */
static void refuse(struct hub *hub, struct phone *phone, const struct request *request,
		   const struct command *command)
{
	struct field_error error;
	if (command->durable && phone->room &&
	    fields_check(command->fields, request->body, &error) == 0)
		durable_refuse(hub, phone, request, command);
	else
		refuse_permission(hub, phone, request->id, command);
}

static void run(struct hub *hub, struct phone *phone, struct request *request)
{
	const char *type = json_string_value(json_object_get(request->body, "type"));
	const struct command *command = find(type);
	struct field_error error;
	if (!command)
		reply_error(hub, phone, request->id, "unknown_type", "type",
			    "this box knows no request \"%.40s\"", type);
	else if (answered_before(hub, phone, request, command))
		return;
	else if (!permitted(command, phone))
		refuse(hub, phone, request, command);
	else if (fields_check(command->fields, request->body, &error) < 0)
		reply_error(hub, phone, request->id, error.code, error.field, "%s", error.message);
	else
		carry_out(hub, phone, request, command);
}

/* Of valid UTF-8, which is all that jansson lets in. */
static size_t count_characters(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

/* The id as far as it can be had: an answer that names its request is worth more. */
static bool read_id(struct hub *hub, struct phone *phone, struct request *request)
{
	const json_t *id = json_object_get(request->body, "id");
	const char *text = json_string_value(id);
	if (!text || *text == '\0' || count_characters(text) > LIMIT_REQUEST_ID_MAX) {
		reply_error(hub, phone, NULL, "bad_request", "id",
			    "a request needs an id: text of 1 to %d characters",
			    LIMIT_REQUEST_ID_MAX);
		return false;
	}
	strcpy(request->id, text);
	if (json_is_string(json_object_get(request->body, "type")))
		return true;
	reply_error(hub, phone, request->id, "bad_request", "type",
		    "a request needs a type: text such as \"clock.ping\"");
	return false;
}

void command_take(struct hub *hub, struct phone *phone, const char *text, size_t size)
{
	struct request request = {.received_ns = clock_now_ns()};
	json_error_t error;
	phone->heard_ns = request.received_ns;
	json_t *body = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	if (!body) {
		reply_error(hub, phone, NULL, "bad_json", NULL,
			    "this is not JSON: %.100s (line %d, column %d)", error.text, error.line,
			    error.column);
		return;
	}
	request.body = body;
	if (!json_is_object(body))
		reply_error(hub, phone, NULL, "bad_request", NULL,
			    "a request is an object: {\"id\": ..., \"type\": ...}");
	else if (read_id(hub, phone, &request))
		run(hub, phone, &request);
	json_decref(body);
}

/* ---- the table, told --------------------------------------------------- */

static const char *who_name(unsigned who)
{
	switch (who) {
	case WHO_ANYONE:
		return "anyone";
	case WHO_MEMBER:
		return "member";
	case WHO_CONTROLLER:
		return "controller";
	case WHO_MD:
		return "MD";
	default:
		return "MD, controller";
	}
}

static void list_row(FILE *out, const struct command *row)
{
	fprintf(out, "%s | %s |", row->type, who_name(row->who));
	for (const struct field *field = row->fields; field->kind != FIELD_END; field++)
		fprintf(out, "%s %s%s", field == row->fields ? "" : ",", field->name,
			field->need & FIELD_REQUIRED ? "" : "?");
	fputc('\n', out);
}

char *command_list(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		for (const struct command *row = parts[i]; row->type; row++)
			list_row(out, row);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
