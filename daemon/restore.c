#include "restore.h"

#include "clock.h"
#include "log.h"
#include "metre.h"
#include "on_air.h"
#include "publish.h"
#include "session_sql.h"
#include "setlist_marks.h"
#include "song_on.h"
#include "token.h"

#include <string.h>

/* ---- as the table knows it ---------------------------------------------- */

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

/* ---- as the regions know it ---------------------------------------------- */

static bool is_of(const struct tempo_record *record, const struct room *room)
{
	uint8_t id[16];
	return uuid_to_bytes(room->id, id) == 0 && memcmp(id, record->session_id, sizeof id) == 0;
}

static void take_over(struct room *room, const struct tempo_record *record)
{
	struct tempo *tempo = &room->tempo;
	tempo->record = *record;
	if (record->next_bar > tempo->next_bar)
		tempo->next_bar = record->next_bar;
	if (record->revision > room->revision)
		room->revision = record->revision;
	setlist_marks_raise(room->setlist_marks, room->revision);
	log_event(LOG_LEVEL_INFO, "recovered session %s: %s at %d bpm, revision %llu", room->id,
		  record->running ? "running" : "standing still", record->current.pace.bpm,
		  (unsigned long long)room->revision);
}

/* The region is gone, but the click goes on with what it has: its status and the table's pace. */
static void take_over_status(struct room *room, const struct status_record *status)
{
	struct tempo_record *record = &room->tempo.record;
	record->running = true;
	record->run_id = status->run_id;
	record->current.id = status->grid_id;
	record->current.anchor_ns = status->bar_ns;
	record->current.anchor_bar = status->bar;
	log_event(LOG_LEVEL_WARNING,
		  "the tempo region is new: session %s goes on as the click says", room->id);
}

static json_int_t flag(const json_t *row, const char *name)
{
	return json_integer_value(json_object_get(row, name));
}

static void adopt(struct hub *hub, struct room *room, const json_t *row)
{
	const struct status_record *status = air_status(hub->air);
	struct tempo_record record;
	if (hub->on_air || !flag(row, "on_air"))
		return;
	hub->on_air = room;
	if (air_recovered(hub->air, &record) && is_of(&record, room))
		take_over(room, &record);
	else if (status && status->running && status->settled && flag(row, "running"))
		take_over_status(room, status);
	if (!room->tempo.record.running)
		room->tempo.record.pending_kind = PENDING_NONE;
	publish_room(hub, room);
}

/* ---- a room -------------------------------------------------------------- */

struct room *restore_room(struct hub *hub, const struct store_result *result)
{
	const char *id = json_string_value(json_object_get(result->row, "session_id"));
	struct room *room = id ? hub_room(hub, id) : NULL;
	bool fresh = !room;
	if (fresh) {
		room = room_new(result->row, air_fresh_id(hub->air, clock_now_ns()));
		if (!room)
			return NULL;
		restore_run(hub, room, result->row);
		room->empty_since_ns = clock_now_ns();
		room->next = hub->rooms;
		hub->rooms = room;
		adopt(hub, room, result->row);
	}
	hub_take_sections(hub, room, result);
	if (fresh && song_on_missed(hub, room))
		on_air_changed(hub, room, SECTION_TEMPO_STATE);
	return room;
}

/* ---- after a restart ------------------------------------------------------ */

static void recovered(void *user, const struct store_result *result)
{
	struct hub *hub = user;
	if (result->status == STORE_OK && flag(result->row, "active") &&
	    flag(result->row, "on_air"))
		restore_room(hub, result); /* adopts */
	else if (result->status == STORE_OK)
		publish_silence(hub); /* closed, or released, and then we died before saying so */
	else if (result->status == STORE_REFUSED)
		log_event(LOG_LEVEL_WARNING,
			  "the click plays for a session that is not in the database; it goes on "
			  "until another takes the output, or tactus-click --stop");
	else
		hub->recovering = true;
}

static void load_recovered(struct hub *hub, const struct store_step *steps, const char *id)
{
	struct store_job job = {
		.steps = steps,
		.params = json_pack("{s:s, s:i}", "session_id", id, "load", 1),
		.sections = SECTION_ALL,
		.done = recovered,
		.user = hub,
	};
	hub->recovering = false;
	store_run(hub->store, &job);
}

void restore_on_air(struct hub *hub)
{
	static const uint8_t nobody[16];
	struct tempo_record record;
	char id[UUID_TEXT];
	if (!air_recovered(hub->air, &record) ||
	    memcmp(record.session_id, nobody, sizeof nobody) == 0)
		return;
	uuid_to_text(record.session_id, id);
	load_recovered(hub, session_sql_load, id);
	if (hub->recovering) /* a full disk lets nothing be written, but all be read */
		load_recovered(hub, session_sql_load_only, id);
	if (hub->recovering)
		log_event(LOG_LEVEL_ERROR,
			  "the database cannot be read: the click goes on, and its "
			  "session is taken up when somebody comes back to it");
}
