#include "hub.h"

#include "clock.h"
#include "presence.h"
#include "publish.h"
#include "session_sql.h"
#include "snapshot.h"
#include "song_on.h"

#include <stdlib.h>
#include <string.h>

/* ---- phones ------------------------------------------------------------ */

struct phone *hub_phone(struct hub *hub, uint64_t serial)
{
	for (struct phone *phone = hub->phones; phone; phone = phone->next)
		if (phone->serial == serial)
			return phone;
	return NULL;
}

struct phone *hub_phone_add(struct hub *hub, struct wire *wire, const char *address)
{
	struct phone *phone = calloc(1, sizeof *phone);
	if (!phone)
		return NULL;
	phone->serial = ++hub->next_serial;
	phone->wire = wire;
	phone->heard_ns = clock_now_ns();
	strncpy(phone->address, address, sizeof phone->address - 1);
	phone->next = hub->phones;
	hub->phones = phone;
	return phone;
}

void hub_phone_remove(struct hub *hub, struct phone *phone)
{
	hub_detach(hub, phone);
	struct phone **at = &hub->phones;
	while (*at != phone)
		at = &(*at)->next;
	*at = phone->next;
	free(phone);
}

void hub_attach(struct hub *hub, struct phone *phone, struct room *room, const char *user_id,
		unsigned live)
{
	if (phone->room != room || strcmp(phone->user_id, user_id) != 0) {
		hub_detach(hub, phone);
		strncpy(phone->user_id, user_id, sizeof phone->user_id - 1);
		phone->room = room;
		room->phones++;
	}
	/* The others first; its own news is all in the welcome, which has the same revision. */
	phone->welcomed = false;
	presence_update(hub, room);
	if (live | room->untold)
		hub_tell(hub, room, live);
	phone->welcomed = true;
	hub_send(hub, phone, hub_welcome(hub, phone));
}

void hub_detach(struct hub *hub, struct phone *phone)
{
	struct room *room = phone->room;
	if (!room)
		return;
	presence_update(hub, room); /* when it was last heard of */
	phone->room = NULL;
	phone->parting = false;
	phone->user_id[0] = '\0';
	if (--room->phones == 0)
		room->empty_since_ns = clock_now_ns();
	presence_update(hub, room);
	hub_tell_untold(hub, room);
}

void hub_part(struct hub *hub, struct room *room, const char *user_id)
{
	for (struct phone *phone = hub->phones; phone; phone = phone->next)
		if (phone->room == room && (!user_id || strcmp(phone->user_id, user_id) == 0))
			phone->parting = true;
}

void hub_detach_user(struct hub *hub, struct room *room, const char *user_id)
{
	for (struct phone *phone = hub->phones; phone; phone = phone->next)
		if (phone->room == room && strcmp(phone->user_id, user_id) == 0)
			hub_detach(hub, phone);
}

/* ---- rooms ------------------------------------------------------------- */

struct room *hub_room(struct hub *hub, const char *session_id)
{
	for (struct room *room = hub->rooms; room; room = room->next)
		if (strcmp(room->id, session_id) == 0)
			return room;
	return NULL;
}

void hub_take_sections(struct hub *hub, struct room *room, const struct store_result *result)
{
	for (int i = 0; i < SECTION_COUNT; i++) {
		json_t *fresh = result->sections[i];
		if (!fresh)
			continue;
		if (i == SECTION_PARTICIPANTS_INDEX)
			presence_patch(hub, room, fresh);
		if (i == SECTION_ACTIVE_SONG_INDEX)
			song_on_patch(room, fresh);
		if (json_equal(fresh, room->sections[i]))
			continue;
		json_decref(room->sections[i]);
		room->sections[i] = json_incref(fresh);
		room->untold |= 1u << i;
	}
}

/* ---- telling ----------------------------------------------------------- */

void hub_send(struct hub *hub, struct phone *phone, json_t *object)
{
	(void)hub;
	struct message *message = message_from_json(object);
	wire_send(phone->wire, message, WIRE_REPLY);
	message_unref(message);
	json_decref(object);
}

static void ceiling_raised(void *user, const struct store_result *result)
{
	struct room *room = user; /* not forgotten while a job of it is under way: see tick.c */
	room->raising = false;
	if (result->status == STORE_OK && json_object_get(result->row, "revision_ceiling"))
		room->revision_ceiling = (uint64_t)json_integer_value(
			json_object_get(result->row, "revision_ceiling"));
}

/* Revisions above the ceiling in the table might be sent twice after a restart: keep ahead of it. */
static void keep_ceiling_ahead(struct hub *hub, struct room *room)
{
	if (room->raising || room->revision + SESSION_REVISION_BLOCK / 2 < room->revision_ceiling)
		return;
	struct store_job job = {
		.steps = session_sql_raise_ceiling,
		.params = json_pack("{s:s, s:i}", "session_id", room->id, "load", 1),
		.done = ceiling_raised,
		.user = room,
	};
	room->raising = store_submit(hub->store, &job) == 0;
}

void hub_tell(struct hub *hub, struct room *room, unsigned sections)
{
	sections |= room->untold;
	room->untold = 0;
	if (sections & SECTION_PARTICIPANTS)
		presence_tell(room);
	room->revision++;
	keep_ceiling_ahead(hub, room);
	/* The disk refuses: the region remembers instead. */
	if (room->revision > room->revision_ceiling && !(sections & SECTION_TEMPO_STATE))
		publish_room(hub, room);
	json_t *state =
		json_pack("{s:s, s:I}", "type", "state", "revision", (json_int_t)room->revision);
	snapshot_sections(hub, room, sections, state);
	struct message *message = message_from_json(state);
	for (struct phone *phone = hub->phones; phone; phone = phone->next)
		if (phone->room == room && phone->welcomed)
			wire_send(phone->wire, message, phone->parting ? WIRE_REPLY : WIRE_STATE);
	message_unref(message);
	json_decref(state);
}

void hub_tell_untold(struct hub *hub, struct room *room)
{
	if (room->untold)
		hub_tell(hub, room, 0);
}

json_t *hub_welcome(struct hub *hub, const struct phone *phone)
{
	return snapshot_welcome(hub, phone->room, phone->user_id);
}
