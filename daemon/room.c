#include "room.h"

#include "metre.h"
#include "presence.h"
#include "setlist_marks.h"

#include <stdlib.h>
#include <string.h>

static bool copy_text(char *out, size_t size, const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));
	if (!text || strlen(text) >= size)
		return false;
	strcpy(out, text);
	return true;
}

static int64_t number(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

static bool load_tempo(struct tempo *tempo, const json_t *row)
{
	struct tempo_record *record = &tempo->record;
	const char *metre = json_string_value(json_object_get(row, "time_signature"));
	const char *sound = json_string_value(json_object_get(row, "sound"));
	if (!metre || metre_from_name(metre, &record->current.pace.metre) < 0 || !sound ||
	    sound_from_name(sound, &record->click.sound) < 0)
		return false;
	record->current.pace.bpm = (int)number(row, "bpm");
	record->current.anchor_bar = number(row, "anchor_bar_index");
	record->start_bar = number(row, "start_bar");
	record->click.volume = (int)number(row, "volume");
	record->click.accent = number(row, "accent") != 0;
	record->click.subdivision = number(row, "subdivision") != 0;
	tempo->next_bar = number(row, "next_bar");
	return tempo_record_valid(record);
}

struct room *room_new(const json_t *row, uint64_t fresh_id)
{
	struct room *room = calloc(1, sizeof *room);
	if (!room)
		return NULL;
	tempo_init(&room->tempo, fresh_id);
	room->song_start_bar = json_is_integer(json_object_get(row, "active_start_bar"))
				       ? number(row, "active_start_bar")
				       : SONG_NOT_BEGUN;
	if (!copy_text(room->id, sizeof room->id, row, "session_id") ||
	    !copy_text(room->md_user_id, sizeof room->md_user_id, row, "md_user_id") ||
	    !copy_text(room->controller_user_id, sizeof room->controller_user_id, row,
		       "controller_user_id") ||
	    !load_tempo(&room->tempo, row)) {
		room_free(room);
		return NULL;
	}
	/* Without a raised ceiling (a full disk) it goes on from the old one, and raises it when it can. */
	room->revision_ceiling = (uint64_t)number(row, "ceiling");
	room->revision = json_object_get(row, "revision") ? (uint64_t)number(row, "revision")
							  : room->revision_ceiling;
	room->setlist_marks = setlist_marks_new(room->revision, number(row, "setlist_changes"));
	if (room->setlist_marks)
		return room;
	room_free(room);
	return NULL;
}

void room_free(struct room *room)
{
	if (!room)
		return;
	for (int i = 0; i < SECTION_COUNT; i++)
		json_decref(room->sections[i]);
	presence_free(room);
	setlist_marks_free(room->setlist_marks);
	free(room);
}
