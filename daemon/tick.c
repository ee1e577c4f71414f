#include "tick.h"

#include "clock.h"
#include "hub.h"
#include "on_air.h"
#include "presence.h"
#include "session_sql.h"

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

void tick(void *user)
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
