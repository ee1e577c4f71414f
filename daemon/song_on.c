#include "song_on.h"

#include "metre.h"
#include "publish.h"

#include <errno.h>

static json_t *section(const struct room *room)
{
	json_t *song = room->sections[SECTION_ACTIVE_SONG_INDEX];
	return json_is_object(song) ? song : NULL;
}

int song_on_bpm(const struct room *room)
{
	return (int)json_integer_value(json_object_get(section(room), "bpm"));
}

void song_on_patch(const struct room *room, json_t *active_song)
{
	if (!json_is_object(active_song))
		return;
	json_object_set_new(active_song, "start_bar_index",
			    room->song_start_bar == SONG_NOT_BEGUN
				    ? json_null()
				    : json_integer(room->song_start_bar));
}

void song_on_begins(struct room *room, int64_t bar)
{
	room->song_start_bar = section(room) ? bar : SONG_NOT_BEGUN;
	if (!section(room))
		return;
	song_on_patch(room, section(room));
	room->untold |= SECTION_ACTIVE_SONG;
}

/* False: none is on. */
static bool wanted_pace(const struct room *room, struct beat_pace *pace)
{
	const char *metre = json_string_value(json_object_get(section(room), "time_signature"));
	if (!metre || metre_from_name(metre, &pace->metre) < 0)
		return false;
	pace->bpm = song_on_bpm(room);
	return true;
}

int64_t song_on_take_over(struct hub *hub, struct room *room)
{
	struct tempo *tempo = &room->tempo;
	struct tempo_now when = publish_moment(hub);
	struct beat_pace pace;
	int64_t bar = tempo->next_bar;
	room->song_waits = false;
	song_on_begins(room, SONG_NOT_BEGUN);
	if (!wanted_pace(room, &pace))
		return bar;
	if (tempo_set(tempo, &when, &pace, 0, 0, &bar) == -EBUSY) {
		room->song_waits = true;
		bar = tempo->record.pending.anchor_bar + 1;
	}
	if (tempo->record.running)
		song_on_begins(room, bar);
	return bar;
}

bool song_on_waited(struct hub *hub, struct room *room)
{
	if (!room->song_waits)
		return false;
	song_on_take_over(hub, room);
	return true;
}

bool song_on_missed(struct hub *hub, struct room *room)
{
	/* Whatever is on has a first bar as soon as something runs. */
	if (!room->tempo.record.running || !section(room) || room->song_start_bar != SONG_NOT_BEGUN)
		return false;
	song_on_take_over(hub, room);
	return true;
}
