#include "publish.h"

#include "clock.h"
#include "token.h"

struct tempo_now publish_moment(struct hub *hub)
{
	int64_t now_ns = clock_now_ns();
	return (struct tempo_now){
		.now_ns = now_ns,
		.lead_ns = air_lead_ns(hub->air),
		.fresh_id = air_fresh_id(hub->air, now_ns),
	};
}

void publish_room_as(struct hub *hub, struct room *room, uint64_t revision)
{
	struct tempo_record *record = &room->tempo.record;
	uuid_to_bytes(room->id, record->session_id);
	record->revision = revision;
	record->next_bar = room->tempo.next_bar;
	if (room == hub->on_air)
		air_publish(hub->air, record);
}

void publish_room(struct hub *hub, struct room *room)
{
	publish_room_as(hub, room, room->revision);
}

void publish_silence(struct hub *hub)
{
	struct tempo silent;
	tempo_init(&silent, air_fresh_id(hub->air, clock_now_ns()));
	air_publish(hub->air, &silent.record);
}
