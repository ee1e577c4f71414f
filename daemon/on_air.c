#include "on_air.h"

#include "clock.h"
#include "log.h"
#include "session_sql.h"
#include "setlist_marks.h"
#include "song_on.h"
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
	record->next_bar = room->tempo.next_bar;
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

void on_air_promote(struct hub *hub, struct room *room, int64_t now_ns)
{
	if (!tempo_promote(&room->tempo, now_ns))
		return;
	song_on_waited(hub, room);
	on_air_changed(hub, room, SECTION_TEMPO_STATE);
}

static void silence(struct hub *hub)
{
	struct tempo silent;
	tempo_init(&silent, air_fresh_id(hub->air, clock_now_ns()));
	air_publish(hub->air, &silent.record);
}

void on_air_set(struct hub *hub, struct room *room)
{
	struct room *before = hub->on_air;
	hub->on_air = room;
	if (before == room)
		return;
	if (before)
		hub_tell(hub, before, SECTION_CLICK);
	if (room)
		on_air_changed(hub, room, SECTION_CLICK);
	else
		silence(hub);
}

bool on_air_is_free(const struct hub *hub, int64_t now_ns)
{
	const struct room *room = hub->on_air;
	return !room || (!room->tempo.record.running && room->phones == 0 &&
			 now_ns - room->empty_since_ns > ROOM_EMPTY_NS);
}

/* ---- after a restart ---------------------------------------------------- */

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

void on_air_adopt(struct hub *hub, struct room *room, const json_t *row)
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
	on_air_publish(hub, room);
}

static void recovered(void *user, const struct store_result *result)
{
	struct hub *hub = user;
	if (result->status == STORE_OK && flag(result->row, "active") &&
	    flag(result->row, "on_air"))
		hub_room_from(hub, result); /* adopts */
	else if (result->status == STORE_OK)
		silence(hub); /* closed, or released, and then we died before saying so */
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

void on_air_recover(struct hub *hub)
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

/* ---- following the click ----------------------------------------------- */

/* Phones are told anew before they are 1 ms wrong. A bar is looked at once it has begun, so this
 * must leave room for what a bar adds: 0.7 ms for eight seconds (30 bpm in 4/4) at 90 ppm. */
#define REANCHOR_NS (CLOCK_NS_PER_MS / 4)
/* A crystal's drift comes by every few seconds; what is more than that was an xrun. */
#define REANCHOR_LOGGED_NS (3 * CLOCK_NS_PER_MS)
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
	if (llabs(error_ns) > REANCHOR_LOGGED_NS)
		log_event(LOG_LEVEL_INFO, "phones re-anchored by %.3f ms at bar %lld",
			  (double)error_ns / 1e6, (long long)status->bar);
	tempo_reanchor(&room->tempo, status->bar, status->bar_ns);
	/* Not stored: it is the same grid, and the table hears of its bars every half minute. */
	publish_as(hub, room, room->revision + 1);
	hub_tell(hub, room, SECTION_TEMPO_STATE);
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
