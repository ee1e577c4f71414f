#include "on_air.h"

#include "clock.h"
#include "log.h"
#include "session_sql.h"
#include "token.h"

#include <stdlib.h>
#include <string.h>

struct tempo_now on_air_now(struct hub *hub)
{
	int64_t now_ns = clock_now_ns();
	return (struct tempo_now){
		.now_ns = now_ns,
		.lead_ns = air_lead_ns(hub->air),
		.fresh_id = air_fresh_id(hub->air, now_ns),
	};
}

static void publish_as(struct hub *hub, struct room *room, uint64_t revision)
{
	struct tempo_record *record = &room->tempo.record;
	uuid_to_bytes(room->id, record->session_id);
	record->revision = revision;
	if (room == hub->on_air)
		air_publish(hub->air, record);
}

void on_air_publish(struct hub *hub, struct room *room)
{
	publish_as(hub, room, room->revision);
}

void on_air_changed(struct hub *hub, struct room *room, unsigned sections)
{
	/* The revision that hub_tell is about to give: what the ring says shall not lag behind it. */
	publish_as(hub, room, room->revision + 1);
	hub_tell(hub, room, sections);
	session_sql_keep_tempo(hub, room);
}

void on_air_set(struct hub *hub, struct room *room)
{
	struct room *before = hub->on_air;
	hub->on_air = room;
	if (before == room)
		return;
	if (before)
		hub_tell(hub, before, SECTION_CLICK);
	if (room) {
		on_air_changed(hub, room, SECTION_CLICK);
	} else {
		struct tempo silent;
		tempo_init(&silent, air_fresh_id(hub->air, clock_now_ns()));
		air_publish(hub->air, &silent.record);
	}
}

void on_air_adopt(struct hub *hub, struct room *room, const json_t *row)
{
	if (!hub->on_air && json_integer_value(json_object_get(row, "on_air")) != 0)
		hub->on_air = room;
}

bool on_air_is_free(const struct hub *hub, int64_t now_ns)
{
	const struct room *room = hub->on_air;
	return !room || (!room->tempo.record.running && room->phones == 0 &&
			 now_ns - room->empty_since_ns > ROOM_EMPTY_NS);
}

static void recovered(void *user, const struct store_result *result)
{
	struct hub *hub = user;
	struct tempo_record record;
	if (result->status != STORE_OK) {
		log_event(LOG_LEVEL_WARNING,
			  "the click plays for a session that is not in the database; it goes on "
			  "until another takes the output, or tactus-click --stop");
		return;
	}
	struct room *room = hub_room_from(hub, result, true);
	if (!room || !air_recovered(hub->air, &record))
		return;
	room->tempo.record = record;
	if (record.revision > room->revision)
		room->revision = record.revision;
	hub->on_air = room;
	log_event(LOG_LEVEL_INFO, "recovered session %s: %s at %d bpm, revision %llu", room->id,
		  record.running ? "running" : "standing still", record.current.pace.bpm,
		  (unsigned long long)room->revision);
}

void on_air_recover(struct hub *hub)
{
	static const uint8_t nobody[16];
	struct tempo_record record;
	if (!air_recovered(hub->air, &record) ||
	    memcmp(record.session_id, nobody, sizeof nobody) == 0)
		return;
	char id[UUID_TEXT];
	uuid_to_text(record.session_id, id);
	struct store_job job = {
		.steps = session_sql_load,
		.params = json_pack("{s:s, s:i}", "session_id", id, "load", 1),
		.sections = SECTION_ALL,
		.done = recovered,
		.user = hub,
	};
	store_run(hub->store, &job);
}

/* ---- following the click ----------------------------------------------- */

/* Phones are told anew before they are 1 ms wrong. A bar is looked at once it has begun, so this
 * must leave room for what a bar adds: 0.7 ms for eight seconds (30 bpm in 4/4) at 90 ppm. */
#define REANCHOR_NS (CLOCK_NS_PER_MS / 4)
/* So many polls in a row, so that one bad estimate moves nobody. */
#define STRAYS_BELIEVED 3

static void stopped_on_the_box(struct hub *hub, struct room *room)
{
	struct tempo_now when = on_air_now(hub);
	log_event(LOG_LEVEL_INFO, "stopped on the box");
	tempo_stop(&room->tempo, &when);
	on_air_changed(hub, room, SECTION_TEMPO_STATE);
}

/* Where the click's newest bar falls against what phones were told; 0 while that can't be said. */
static int64_t stray_ns(const struct tempo_record *record, const struct status_record *status)
{
	if (!status->settled || status->freewheeling || status->grid_id != record->current.id ||
	    status->bar < record->current.anchor_bar)
		return 0;
	return status->bar_ns - tempo_grid_bar_ns(&record->current, status->bar);
}

static void follow_bars(struct hub *hub, struct room *room, const struct status_record *status)
{
	int64_t error_ns = stray_ns(&room->tempo.record, status);
	hub->strays = llabs(error_ns) < REANCHOR_NS ? 0 : hub->strays + 1;
	if (hub->strays < STRAYS_BELIEVED)
		return;
	hub->strays = 0;
	log_event(LOG_LEVEL_INFO, "phones re-anchored by %.3f ms at bar %lld",
		  (double)error_ns / 1e6, (long long)status->bar);
	tempo_reanchor(&room->tempo, status->bar, status->bar_ns);
	on_air_changed(hub, room, SECTION_TEMPO_STATE);
}

void on_air_follow(struct hub *hub)
{
	const struct status_record *status = air_status(hub->air);
	struct room *room = hub->on_air;
	if (!room || !status || !room->tempo.record.running)
		return;
	if (status->stopped_run_id == room->tempo.record.run_id)
		stopped_on_the_box(hub, room);
	else
		follow_bars(hub, room, status);
}
