/*
 * Who goes: session.leave, session.close, participant.remove.
 */
#include "durable.h"

#include "log.h"
#include "on_air.h"
#include "publish.h"
#include "session_sql.h"

#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));
	return text ? text : "";
}

/* ---- one who goes ------------------------------------------------------ */

/* The controller who goes leaves the tempo to the MD. :gone is who goes. */
#define STEP_TEMPO_TO_MD                                                                           \
	{                                                                                          \
		"UPDATE tempo_state SET controller_user_id = "                                     \
		"(SELECT md_user_id FROM session WHERE id = :session_id) "                         \
		"WHERE session_id = :session_id AND controller_user_id = :gone",                   \
			NULL                                                                       \
	}
#define STEP_WHO_LEADS                                                                             \
	{                                                                                          \
		"SELECT :gone AS gone, md_user_id, controller_user_id "                            \
		"FROM session JOIN tempo_state ON session_id = session.id "                        \
		"WHERE session.id = :session_id",                                                  \
			NULL                                                                       \
	}
#define STEPS_END                                                                                  \
	{                                                                                          \
		NULL, NULL                                                                         \
	}

static const struct store_step leave_steps[] = {
	{"SELECT :me AS gone", NULL},
	{"SELECT 1 AS successor WHERE :has_md_user_id IS NULL OR :me <> "
	 "(SELECT md_user_id FROM session WHERE id = :session_id) "
	 "OR EXISTS (SELECT 1 FROM participant WHERE session_id = :session_id "
	 "AND user_id = :md_user_id AND user_id <> :me AND left_at IS NULL)",
	 "no_such_member md_user_id"},
	{"UPDATE session SET md_user_id = :md_user_id "
	 "WHERE id = :session_id AND md_user_id = :me AND :has_md_user_id",
	 NULL},
	STEP_TEMPO_TO_MD,
	{"UPDATE participant SET left_at = :now, last_heartbeat = :now, ptt_state = 'idle', "
	 "ready = 0 WHERE session_id = :session_id AND user_id = :me",
	 "not_joined"},
	STEP_WHO_LEADS,
	STEPS_END,
};

static const struct store_step remove_steps[] = {
	{"SELECT :user_id AS gone WHERE :user_id <> :me", "not_yourself"},
	STEP_TEMPO_TO_MD,
	{"UPDATE participant SET left_at = :now, removed = 1, ptt_state = 'idle', ready = 0 "
	 "WHERE session_id = :session_id AND user_id = :gone AND left_at IS NULL",
	 "no_such_member"},
	{"UPDATE token SET revoked = 1 WHERE session_id = :session_id AND user_id = :gone", NULL},
	STEP_WHO_LEADS,
	STEPS_END,
};

static unsigned parted(struct hub *hub, struct room *room, const struct store_result *result,
		       json_t *answer)
{
	const char *controller = text_of(result->row, "controller_user_id");
	unsigned live = strcmp(controller, room->controller_user_id) ? SECTION_TEMPO_STATE : 0;
	(void)answer;
	snprintf(room->md_user_id, sizeof room->md_user_id, "%s",
		 text_of(result->row, "md_user_id"));
	snprintf(room->controller_user_id, sizeof room->controller_user_id, "%s", controller);
	if (live)
		taps_clear(&room->tempo.taps);
	/* Those who go are told too: another device of theirs learns it from this. */
	hub_part(hub, room, text_of(result->row, "gone"));
	return live;
}

static void detach_gone(struct hub *hub, struct room *room, const struct store_result *result)
{
	hub_detach_user(hub, room, text_of(result->row, "gone"));
}

#define GONE_SECTIONS                                                                              \
	(SECTION_SESSION | SECTION_PARTICIPANTS | SECTION_ROLE_ASSIGNMENTS | SECTION_SETLIST |     \
	 SECTION_ACTIVE_SONG)

static const struct durable leave = {
	.steps = leave_steps, .sections = GONE_SECTIONS, .effect = parted, .after = detach_gone};
static const struct durable remove_one = {
	.steps = remove_steps, .sections = GONE_SECTIONS, .effect = parted, .after = detach_gone};

/* ---- all of them ------------------------------------------------------- */

static const struct store_step close_steps[] = {
	{"UPDATE session SET active = 0, on_air = 0 WHERE id = :session_id", "session_closed"},
	{"UPDATE participant SET ptt_state = 'idle', ready = 0 WHERE session_id = :session_id",
	 NULL},
	STEPS_END,
};

static unsigned closed(struct hub *hub, struct room *room, const struct store_result *result,
		       json_t *answer)
{
	(void)result, (void)answer;
	log_event(LOG_LEVEL_INFO, "session %s closed", room->id);
	if (on_air_stop(hub, room))
		session_sql_keep_tempo(hub, room);
	/* One state for all of it, their last, however slow they are. */
	hub_part(hub, room, NULL);
	room->untold |= SECTION_TEMPO_STATE | SECTION_CLICK;
	if (hub->on_air == room)
		on_air_set(hub, NULL);
	hub_tell_untold(hub, room);
	return 0;
}

static void detach_all(struct hub *hub, struct room *room, const struct store_result *result)
{
	(void)result;
	/* That was the last state: nobody is told of the others' going. */
	for (struct phone *each = hub->phones; each; each = each->next)
		each->welcomed = each->welcomed && each->room != room;
	for (struct phone *each = hub->phones; each; each = each->next)
		if (each->room == room)
			hub_detach(hub, each);
}

static const struct durable close_session = {
	.steps = close_steps, .sections = SECTION_SESSION, .effect = closed, .after = detach_all};

/* ---- the table --------------------------------------------------------- */

static const struct field leave_fields[] = {
	{FIELD_ID, "md_user_id", false, 0, 0, "no_such_member", "the id of a participant", NULL},
	{.kind = FIELD_END},
};
static const struct field remove_fields[] = {
	{FIELD_ID, "user_id", true, 0, 0, "no_such_member", "the id of a participant", NULL},
	{.kind = FIELD_END},
};
static const struct field no_fields[] = {{.kind = FIELD_END}};

const struct command parting_commands[] = {
	COMMAND_DURABLE("session.leave", WHO_MEMBER, leave_fields, &leave),
	COMMAND_DURABLE("session.close", WHO_MD, no_fields, &close_session),
	COMMAND_DURABLE("participant.remove", WHO_MD, remove_fields, &remove_one),
	{.type = NULL},
};
