#include "on_air.h"

#include "clock.h"
#include "log.h"
#include "publish.h"
#include "session_sql.h"
#include "song_on.h"

#include <stdlib.h>

void on_air_changed(struct hub *hub, struct room *room, unsigned sections)
{
	/* The revision that hub_tell is about to give: what the ring says shall not lag behind it. */
	publish_room_as(hub, room, room->revision + 1);
	hub_tell(hub, room, sections);
	session_sql_keep_tempo(hub, room);
}

bool on_air_stop(struct hub *hub, struct room *room)
{
	struct tempo_now when = publish_moment(hub);
	bool ran = tempo_stop(&room->tempo, &when) != 0;
	song_on_waited(hub, room);
	return ran;
}

void on_air_promote(struct hub *hub, struct room *room, int64_t now_ns)
{
	if (!tempo_promote(&room->tempo, now_ns))
		return;
	song_on_waited(hub, room);
	on_air_changed(hub, room, SECTION_TEMPO_STATE);
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
		publish_silence(hub);
}

bool on_air_is_free(const struct hub *hub, int64_t now_ns)
{
	const struct room *room = hub->on_air;
	return !room || (!room->tempo.record.running && room->phones == 0 &&
			 now_ns - room->empty_since_ns > ROOM_EMPTY_NS);
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
	log_event(LOG_LEVEL_INFO, "stopped on the box");
	on_air_stop(hub, room);
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
	publish_room_as(hub, room, room->revision + 1);
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
