#include "hub.h"

#include "clock.h"
#include "command.h"
#include "log.h"
#include "metre.h"
#include "on_air.h"
#include "presence.h"
#include "session_sql.h"
#include "snapshot.h"
#include "song_on.h"
#include "token.h"

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

/* What was announced; it becomes current by itself if its time has come meanwhile. */
static void restore_pending(struct hub *hub, struct tempo_record *record, const json_t *row)
{
	const char *metre = json_string_value(json_object_get(row, "pending_time_signature"));
	struct tempo_grid *pending = &record->pending;
	if (!metre || metre_from_name(metre, &pending->pace.metre) < 0)
		return;
	double anchor_ms =
		(double)json_integer_value(json_object_get(row, "pending_anchor_timestamp"));
	pending->id = air_fresh_id(hub->air, clock_now_ns());
	pending->pace.bpm = (int)json_integer_value(json_object_get(row, "pending_bpm"));
	pending->anchor_ns = clock_from_unix_ms(anchor_ms, hub->offset_ns);
	pending->anchor_bar = json_integer_value(json_object_get(row, "pending_anchor_bar_index"));
	record->pending_kind = PENDING_AT_NS;
	if (!tempo_record_valid(record))
		record->pending_kind = PENDING_NONE;
}

/* Where the last run of it stood, as the table knows it. Off the air and by the same clock it still
 * runs; a clock that a reboot has reset makes it history. What is on the air runs if the regions say
 * so, and not otherwise. */
static void restore_run(struct hub *hub, struct room *room, const json_t *row)
{
	struct tempo_record *record = &room->tempo.record;
	double anchor_ms = (double)json_integer_value(json_object_get(row, "anchor_timestamp"));
	int64_t anchor_ns = clock_from_unix_ms(anchor_ms, hub->offset_ns);
	const char *clock_id = json_string_value(json_object_get(row, "anchor_clock"));
	bool same_clock = clock_id && strcmp(clock_id, hub->clock_id) == 0;
	bool on_air = json_integer_value(json_object_get(row, "on_air")) != 0;
	record->current.anchor_ns = anchor_ns > 0 ? anchor_ns : 0;
	record->running =
		same_clock && !on_air && json_integer_value(json_object_get(row, "running")) != 0;
	record->run_id = record->running ? record->current.id : 0;
	if (same_clock && json_integer_value(json_object_get(row, "running")) != 0)
		restore_pending(hub, record, row);
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

struct room *hub_room_from(struct hub *hub, const struct store_result *result)
{
	const char *id = json_string_value(json_object_get(result->row, "session_id"));
	struct room *room = id ? hub_room(hub, id) : NULL;
	if (!room) {
		room = room_new(result->row, air_fresh_id(hub->air, clock_now_ns()));
		if (!room)
			return NULL;
		restore_run(hub, room, result->row);
		room->empty_since_ns = clock_now_ns();
		room->next = hub->rooms;
		hub->rooms = room;
		on_air_adopt(hub, room, result->row);
	}
	hub_take_sections(hub, room, result);
	return room;
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
	struct room *room =
		user; /* not forgotten while a job of it is under way: see forgettable() */
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
		on_air_publish(hub, room);
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

/* ---- housekeeping ------------------------------------------------------ */

static void promote_rooms(struct hub *hub, int64_t now_ns)
{
	for (struct room *room = hub->rooms; room; room = room->next)
		on_air_promote(hub, room, now_ns);
}

static void tell_audio(struct hub *hub)
{
	enum air_audio audio = air_audio(hub->air);
	if (audio == hub->audio_told)
		return;
	hub->audio_told = audio;
	for (struct room *room = hub->rooms; room; room = room->next)
		hub_tell(hub, room, SECTION_CLICK);
}

/* Nobody has been in it for long and it doesn't have the click: the table knows it all. Not while
 * jobs are under way: one may be bringing somebody into it. */
static bool forgettable(const struct hub *hub, const struct room *room, int64_t now_ns)
{
	return room->phones == 0 && room != hub->on_air && store_pending(hub->store) == 0 &&
	       now_ns - room->empty_since_ns > ROOM_EMPTY_NS;
}

static void forget_empty_rooms(struct hub *hub, int64_t now_ns)
{
	struct room **at = &hub->rooms;
	while (*at) {
		struct room *room = *at;
		if (forgettable(hub, room, now_ns)) {
			*at = room->next;
			room_free(room);
		} else {
			at = &room->next;
		}
	}
}

/* Once a second: who has gone silent, what the table should know of bars that have passed. */
static void tick_second(struct hub *hub, int64_t now_ns)
{
	air_mend(hub->air);
	presence_keep(hub, false);
	forget_empty_rooms(hub, now_ns);
	for (struct room *room = hub->rooms; room; room = room->next) {
		presence_update(hub, room);
		hub_tell_untold(hub, room);
		if (room->tempo.record.running &&
		    now_ns - room->tempo_stored_ns > SESSION_TEMPO_KEEP_NS)
			session_sql_keep_tempo(hub, room);
	}
}

void hub_tick(void *user)
{
	struct hub *hub = user;
	int64_t now_ns = clock_now_ns();
	air_poll(hub->air, now_ns);
	promote_rooms(hub, now_ns);
	on_air_follow(hub);
	tell_audio(hub);
	recent_keep(hub->recent, hub->store, clock_to_unix_ms(now_ns, hub->offset_ns));
	if (now_ns - hub->ticked_ns >= BEAT_NS_PER_S) {
		hub->ticked_ns = now_ns;
		tick_second(hub, now_ns);
	}
}
