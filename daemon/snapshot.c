#include "snapshot.h"

#include "clock.h"
#include "metre.h"

#include <string.h>

static json_t *grid_json(const struct hub *hub, const struct tempo_grid *grid)
{
	return json_pack("{s:i, s:s, s:I, s:I}", "bpm", grid->pace.bpm, "time_signature",
			 metre_name(grid->pace.metre), "anchor_timestamp",
			 (json_int_t)clock_to_unix_ms(grid->anchor_ns, hub->offset_ns),
			 "anchor_bar_index", (json_int_t)grid->anchor_bar);
}

static json_t *tempo_json(const struct hub *hub, const struct room *room)
{
	const struct tempo_record *record = &room->tempo.record;
	json_t *tempo = grid_json(hub, &record->current);
	json_object_set_new(tempo, "session_id", json_string(room->id));
	json_object_set_new(tempo, "controller_user_id", json_string(room->controller_user_id));
	json_object_set_new(tempo, "running", json_boolean(record->running));
	json_object_set_new(tempo, "start_bar_index", json_integer(record->start_bar));
	json_object_set_new(tempo, "pending",
			    record->pending_kind == PENDING_NONE
				    ? json_null()
				    : grid_json(hub, &record->pending));
	return tempo;
}

static json_t *click_json(const struct hub *hub, const struct room *room)
{
	const struct click_settings *click = &room->tempo.record.click;
	return json_pack("{s:i, s:b, s:b, s:s, s:b, s:s}", "volume", click->volume, "accent",
			 (int)click->accent, "subdivision", (int)click->subdivision, "sound",
			 sound_name(click->sound), "on_air", (int)(room == hub->on_air), "audio",
			 air_audio_name(air_audio(hub->air)));
}

static void set_stored(const struct room *room, int index, json_t *into)
{
	json_t *section = room->sections[index];
	json_object_set(into, store_section_name(index), section ? section : json_null());
}

void snapshot_sections(const struct hub *hub, const struct room *room, unsigned sections,
		       json_t *into)
{
	for (int i = 0; i < SECTION_COUNT; i++)
		if (sections & (1u << i))
			set_stored(room, i, into);
	if (sections & SECTION_TEMPO_STATE)
		json_object_set_new(into, "tempoState", tempo_json(hub, room));
	if (sections & SECTION_CLICK)
		json_object_set_new(into, "click", click_json(hub, room));
}

json_t *snapshot_welcome(const struct hub *hub, const struct room *room, const char *user_id)
{
	json_t *welcome =
		json_pack("{s:s, s:I, s:s, s:{s:s, s:b, s:b}}", "type", "welcome", "revision",
			  (json_int_t)room->revision, "clock_id", hub->clock_id, "you", "user_id",
			  user_id, "is_md", strcmp(user_id, room->md_user_id) == 0, "is_controller",
			  strcmp(user_id, room->controller_user_id) == 0);
	snapshot_sections(hub, room, SECTION_EVERY, welcome);
	json_object_set(welcome, "slots", hub->slots ? hub->slots : json_null());
	return welcome;
}
