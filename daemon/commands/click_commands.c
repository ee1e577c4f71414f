#include "command.h"

#include "on_air.h"
#include "publish.h"

static bool sound_ok(const char *text)
{
	enum click_sound sound;
	return sound_from_name(text, &sound) == 0;
}

static void click_set(struct hub *hub, struct phone *phone, const struct request *request)
{
	struct click_settings *click = &phone->room->tempo.record.click;
	const json_t *volume = json_object_get(request->body, "volume");
	const json_t *accent = json_object_get(request->body, "accent");
	const json_t *subdivision = json_object_get(request->body, "subdivision");
	const char *sound = json_string_value(json_object_get(request->body, "sound"));
	if (volume)
		click->volume = (int)json_integer_value(volume);
	if (accent)
		click->accent = json_is_true(accent);
	if (subdivision)
		click->subdivision = json_is_true(subdivision);
	if (sound)
		sound_from_name(sound, &click->sound);
	on_air_changed(hub, phone->room, SECTION_CLICK);
	reply_done(hub, phone, request, NULL);
}

static void click_test(struct hub *hub, struct phone *phone, const struct request *request)
{
	struct room *room = phone->room;
	if (room != hub->on_air) {
		reply_error(hub, phone, request->id, "off_air", NULL,
			    "another session drives the click: take the output first");
		return;
	}
	room->tempo.record.click.tests_asked++;
	publish_room(hub, room);
	reply_done(hub, phone, request, NULL);
}

static const struct field set_fields[] = {
	{FIELD_INT, "volume", false, 0, LIMIT_VOLUME_MAX, "volume_range", "0 to 100", NULL},
	{FIELD_BOOL, "accent", false, 0, 0, NULL, NULL, NULL},
	{FIELD_BOOL, "subdivision", false, 0, 0, NULL, NULL, NULL},
	{FIELD_TEXT, "sound", false, 1, 16, "sound", "beep, wood or cowbell", sound_ok},
	{.kind = FIELD_END},
};
static const struct field no_fields[] = {{.kind = FIELD_END}};

const struct command click_commands[] = {
	COMMAND_RUN("click.set", WHO_CONTROLLER, set_fields, click_set),
	COMMAND_RUN("click.test", WHO_CONTROLLER, no_fields, click_test),
	{.type = NULL},
};
