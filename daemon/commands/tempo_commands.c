#include "durable.h"

#include "clock.h"
#include "on_air.h"
#include "publish.h"
#include "song_on.h"

#include <errno.h>
#include <stdio.h>

/* The first sound of a start comes so long after it, beyond what the click needs: the state has to
 * reach every phone over a bad Wi-Fi first. */
#define START_NOTICE_NS (200 * CLOCK_NS_PER_MS)
/* The click places a grid once it knows again which frame is when; after an xrun that takes half a
 * second, and a start before it would lose its first 1. */
#define START_NOTICE_UNSETTLED_NS (700 * CLOCK_NS_PER_MS)

/* Further ahead than this nobody plans a bar to the millisecond; it is a mistake in units. */
#define ANCHOR_AHEAD_MAX_MS 600000

static json_t *field_of(const struct request *request, const char *name)
{
	return json_object_get(request->body, name);
}

/* Raw time of the request's anchor_timestamp; 0 if it has none. -ERANGE: too far ahead. */
static int anchor_of(const struct hub *hub, const struct request *request, int64_t *anchor_ns)
{
	const json_t *anchor = field_of(request, "anchor_timestamp");
	*anchor_ns = 0;
	if (!anchor)
		return 0;
	*anchor_ns = clock_from_unix_ms((double)json_integer_value(anchor), hub->offset_ns);
	int64_t ahead_ns = *anchor_ns - request->received_ns;
	return ahead_ns > ANCHOR_AHEAD_MAX_MS * CLOCK_NS_PER_MS ? -ERANGE : 0;
}

static void refuse_anchor(struct hub *hub, struct phone *phone, const struct request *request,
			  const struct tempo_now *when)
{
	long long ahead_ms = when->lead_ns / CLOCK_NS_PER_MS;
	reply_error(hub, phone, request->id, "anchor_range", "anchor_timestamp",
		    "anchor_timestamp must lie %lld ms to ten minutes ahead of the box's clock, "
		    "which says %lld",
		    ahead_ms + 1, (long long)clock_to_unix_ms(when->now_ns, hub->offset_ns));
}

static void refuse_due(struct hub *hub, struct phone *phone, const struct request *request)
{
	reply_error(hub, phone, request->id, "too_late", NULL,
		    "the announced change is beginning just now: ask again in a moment");
}

/* ---- clock.ping -------------------------------------------------------- */

static void clock_ping(struct hub *hub, struct phone *phone, const struct request *request)
{
	json_t *pong = json_pack("{s:s, s:s}", "type", "clock.pong", "re", request->id);
	json_object_set(pong, "t0", field_of(request, "t0"));
	json_object_set_new(
		pong, "t1",
		json_real(clock_to_unix_ms_exact(request->received_ns, hub->offset_ns)));
	json_object_set_new(pong, "t2",
			    json_real(clock_to_unix_ms_exact(clock_now_ns(), hub->offset_ns)));
	hub_send(hub, phone, pong);
}

/* ---- tempo.start, tempo.stop ------------------------------------------- */

static int64_t soon_ns(const struct hub *hub, const struct tempo_now *when)
{
	const struct status_record *status = air_status(hub->air);
	int64_t notice_ns =
		status && !status->settled ? START_NOTICE_UNSETTLED_NS : START_NOTICE_NS;
	int64_t soonest_ns = when->now_ns + when->lead_ns + notice_ns;
	/* On a whole millisecond of the wire, so that phones are told exactly what is played. */
	int64_t ms = clock_to_unix_ms(soonest_ns + CLOCK_NS_PER_MS, hub->offset_ns);
	return clock_from_unix_ms((double)ms, hub->offset_ns);
}

static void tempo_start_command(struct hub *hub, struct phone *phone, const struct request *request)
{
	struct room *room = phone->room;
	struct tempo_now when = publish_moment(hub);
	int64_t anchor_ns;
	int count_in = (int)json_integer_value(field_of(request, "count_in_bars"));
	int result = anchor_of(hub, request, &anchor_ns);
	if (result < 0 || (anchor_ns != 0 && anchor_ns < when.now_ns + when.lead_ns)) {
		refuse_anchor(hub, phone, request, &when);
		return;
	}
	if (anchor_ns == 0)
		anchor_ns = soon_ns(hub, &when);
	if (tempo_start(&room->tempo, &when, anchor_ns, count_in) < 0) {
		reply_error(hub, phone, request->id, "already_running", NULL,
			    "the tempo runs already: stop it first");
		return;
	}
	song_on_begins(room, room->tempo.record.start_bar);
	on_air_changed(hub, room, SECTION_TEMPO_STATE);
	reply_done(hub, phone, request,
		   json_pack("{s:I}", "at_bar", (json_int_t)room->tempo.record.current.anchor_bar));
}

static void tempo_stop_command(struct hub *hub, struct phone *phone, const struct request *request)
{
	/* Said to the click also where we believe that it stands still: a stop must stop. */
	if (on_air_stop(hub, phone->room))
		on_air_changed(hub, phone->room, SECTION_TEMPO_STATE);
	else
		publish_room(hub, phone->room);
	reply_done(hub, phone, request, NULL);
}

/* ---- tempo.set, tempo.cancel ------------------------------------------- */

static void pace_of(const struct request *request, const struct room *room, struct beat_pace *pace)
{
	const json_t *bpm = field_of(request, "bpm");
	const char *metre = json_string_value(field_of(request, "time_signature"));
	/* What is not named stays as it will be: a metre chosen while 128 is announced goes with 128. */
	const struct tempo_record *record = &room->tempo.record;
	*pace = record->pending_kind == PENDING_NONE ? record->current.pace : record->pending.pace;
	if (bpm)
		pace->bpm = (int)json_integer_value(bpm);
	if (metre)
		metre_from_name(metre, &pace->metre);
}

/* Fields that contradict each other, which no single row of the table can say. */
static bool set_makes_sense(struct hub *hub, struct phone *phone, const struct request *request)
{
	bool anchor = field_of(request, "anchor_timestamp") != NULL;
	if (!field_of(request, "bpm") && !field_of(request, "time_signature") && !anchor)
		reply_error(hub, phone, request->id, "missing_field", "bpm",
			    "tempo.set needs bpm, time_signature or both");
	else if (anchor && field_of(request, "in_bars"))
		reply_error(hub, phone, request->id, "bad_request", "in_bars",
			    "give in_bars or anchor_timestamp, not both");
	else if (anchor && !phone->room->tempo.record.running)
		reply_error(hub, phone, request->id, "not_running", "anchor_timestamp",
			    "nothing runs that could change at a time: use tempo.start with "
			    "anchor_timestamp");
	else
		return true;
	return false;
}

static void tempo_set_command(struct hub *hub, struct phone *phone, const struct request *request)
{
	struct room *room = phone->room;
	struct tempo_now when = publish_moment(hub);
	struct beat_pace pace;
	int64_t anchor_ns;
	int64_t at_bar;
	if (!set_makes_sense(hub, phone, request))
		return;
	pace_of(request, room, &pace);
	int result = anchor_of(hub, request, &anchor_ns);
	if (result == 0)
		result = tempo_set(&room->tempo, &when, &pace,
				   (int)json_integer_value(field_of(request, "in_bars")), anchor_ns,
				   &at_bar);
	if (result == -ERANGE) {
		refuse_anchor(hub, phone, request, &when);
	} else if (result == -EBUSY) {
		refuse_due(hub, phone, request);
	} else {
		on_air_changed(hub, room, SECTION_TEMPO_STATE);
		reply_done(hub, phone, request, json_pack("{s:I}", "at_bar", (json_int_t)at_bar));
	}
}

static void tempo_cancel_command(struct hub *hub, struct phone *phone,
				 const struct request *request)
{
	struct tempo_now when = publish_moment(hub);
	int result = tempo_cancel(&phone->room->tempo, &when);
	if (result == -ENOENT) {
		reply_error(hub, phone, request->id, "nothing_pending", NULL,
			    "no change is announced");
	} else if (result == -EBUSY) {
		refuse_due(hub, phone, request);
	} else {
		on_air_changed(hub, phone->room, SECTION_TEMPO_STATE);
		reply_done(hub, phone, request, NULL);
	}
}

/* ---- tempo.tap --------------------------------------------------------- */

static void answer_tap(struct hub *hub, struct phone *phone, const struct request *request,
		       const struct taps_estimate *taps, bool started)
{
	json_t *ok = json_pack("{s:i, s:b}", "taps", taps->held, "started", (int)started);
	json_object_set_new(ok, "bpm", taps->bpm > 0 ? json_integer(taps->bpm) : json_null());
	reply_ok(hub, phone, request->id, ok);
}

static void tempo_tap_command(struct hub *hub, struct phone *phone, const struct request *request)
{
	struct room *room = phone->room;
	struct tempo_now when = publish_moment(hub);
	struct taps_estimate taps;
	int64_t at_ns =
		clock_from_unix_ms(json_number_value(field_of(request, "at")), hub->offset_ns);
	int64_t age_ns = request->received_ns - at_ns;
	if (age_ns > LIMIT_TAP_AGE_MAX_MS * CLOCK_NS_PER_MS ||
	    age_ns < -LIMIT_TAP_AHEAD_MAX_MS * CLOCK_NS_PER_MS) {
		reply_error(hub, phone, request->id, "tap_range", "at",
			    "a tap must lie within the last two seconds of the box's clock, which "
			    "says %lld: send clock.ping to know it",
			    (long long)clock_to_unix_ms(request->received_ns, hub->offset_ns));
		return;
	}
	int result = tempo_tap(&room->tempo, &when, at_ns, song_on_bpm(room), &taps);
	if (result == -ERANGE) {
		reply_error(hub, phone, request->id, "bpm_range", "at",
			    "you tap %d bpm; 30 to 260 can be played", taps.bpm);
		return;
	}
	if (result == TAPPED_STARTED)
		song_on_begins(room, room->tempo.record.start_bar);
	if (result != TAPPED_COUNTED)
		on_air_changed(hub, room, SECTION_TEMPO_STATE);
	answer_tap(hub, phone, request, &taps, result == TAPPED_STARTED);
}

/* ---- tempo.handoff ----------------------------------------------------- */

static const struct store_step handoff_steps[] = {
	{"SELECT user_id AS controller_user_id FROM participant "
	 "WHERE session_id = :session_id AND user_id = :user_id AND left_at IS NULL",
	 "no_such_member"},
	{"UPDATE tempo_state SET controller_user_id = :user_id WHERE session_id = :session_id",
	 NULL},
	{NULL, NULL},
};

static unsigned handed_off(struct hub *hub, struct room *room, const struct store_result *result,
			   json_t *answer)
{
	const char *to = json_string_value(json_object_get(result->row, "controller_user_id"));
	(void)hub, (void)answer;
	snprintf(room->controller_user_id, sizeof room->controller_user_id, "%s", to);
	taps_clear(&room->tempo.taps);
	/* Not the live tempoState: nothing of it is the click's business. */
	room->untold |= SECTION_TEMPO_STATE;
	return 0;
}

static const struct durable handoff = {.steps = handoff_steps, .effect = handed_off};

/* ---- the table --------------------------------------------------------- */

/* The year 2248: as nanoseconds it still fits into 64 bits. */
#define TIME_MAX_MS (INT64_C(1) << 43)

#define FIELD_ANCHOR                                                                               \
	{                                                                                          \
		FIELD_INT, "anchor_timestamp", false, 0, TIME_MAX_MS, "anchor_range",              \
			"Unix milliseconds of the box's clock", NULL                               \
	}

static const struct field ping_fields[] = {
	{FIELD_ANY, "t0", true, 0, 0, NULL, "your own time", NULL},
	{.kind = FIELD_END},
};
static const struct field set_fields[] = {
	{FIELD_INT, "bpm", false, LIMIT_BPM_MIN, LIMIT_BPM_MAX, "bpm_range", "30 to 260", NULL},
	{FIELD_TEXT, "time_signature", false, 1, 8, "time_signature", FIELD_METRE_RULE,
	 field_metre_ok},
	{FIELD_INT, "in_bars", false, 1, LIMIT_IN_BARS_MAX, "in_bars_range", "1 to 64", NULL},
	FIELD_ANCHOR,
	{.kind = FIELD_END},
};
static const struct field tap_fields[] = {
	{FIELD_NUMBER, "at", true, 0, TIME_MAX_MS, "tap_range",
	 "Unix milliseconds of the box's clock", NULL},
	{.kind = FIELD_END},
};
static const struct field start_fields[] = {
	{FIELD_INT, "count_in_bars", false, 0, LIMIT_COUNT_IN_BARS_MAX, "count_in_bars_range",
	 "0 to 8", NULL},
	FIELD_ANCHOR,
	{.kind = FIELD_END},
};
static const struct field handoff_fields[] = {
	{FIELD_ID, "user_id", true, 0, 0, "no_such_member", "the id of a participant", NULL},
	{.kind = FIELD_END},
};
static const struct field no_fields[] = {{.kind = FIELD_END}};

const struct command tempo_commands[] = {
	COMMAND_REPEATABLE("clock.ping", WHO_ANYONE, ping_fields, clock_ping),
	COMMAND_RUN("tempo.set", WHO_CONTROLLER, set_fields, tempo_set_command),
	COMMAND_RUN("tempo.cancel", WHO_CONTROLLER, no_fields, tempo_cancel_command),
	COMMAND_REPEATABLE("tempo.tap", WHO_CONTROLLER, tap_fields, tempo_tap_command),
	COMMAND_RUN("tempo.start", WHO_CONTROLLER, start_fields, tempo_start_command),
	COMMAND_RUN("tempo.stop", WHO_CONTROLLER, no_fields, tempo_stop_command),
	COMMAND_DURABLE("tempo.handoff", WHO_MD | WHO_CONTROLLER, handoff_fields, &handoff),
	{.type = NULL},
};
