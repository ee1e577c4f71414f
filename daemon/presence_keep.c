/*
 * presence_keep.c - presence and the links' samples go to the table, in batches.
 */
#include "clock.h"
#include "presence.h"
#include "text_of.h"

#include <string.h>

/* A power cut may cost so much of what was heard of people. */
#define KEEP_NS (5 * BEAT_NS_PER_S)

/* `people` and `samples` are arrays. One who has left meanwhile does not talk. */
static const struct store_step keep_steps[] = {
	{"UPDATE participant SET last_heartbeat = told.value ->> 'heard', "
	 "ptt_state = iif(left_at IS NULL, told.value ->> 'ptt_state', 'idle'), "
	 "ready = iif(left_at IS NULL, told.value ->> 'ready', 0), "
	 "network_rtt_ms = told.value ->> 'rtt_ms', packet_loss_pct = told.value ->> 'loss_pct' "
	 "FROM json_each(:people) AS told "
	 "WHERE session_id = told.value ->> 'session_id' AND user_id = told.value ->> 'user_id'",
	 NULL},
	{"UPDATE user SET last_active_at = told.value ->> 'heard' "
	 "FROM json_each(:people) AS told WHERE user.id = told.value ->> 'user_id'",
	 NULL},
	{"INSERT INTO metrics_sample "
	 "(session_id, user_id, captured_at, rtt_ms, packet_loss_pct, jitter_ms) "
	 "SELECT value ->> 'session_id', value ->> 'user_id', value ->> 'captured_at', "
	 "value ->> 'rtt_ms', value ->> 'packet_loss_pct', value ->> 'jitter_ms' "
	 "FROM json_each(:samples) WHERE true "
	 "ON CONFLICT (session_id, user_id, captured_at) DO UPDATE SET "
	 "rtt_ms = excluded.rtt_ms, packet_loss_pct = excluded.packet_loss_pct, "
	 "jitter_ms = excluded.jitter_ms",
	 NULL},
	{"DELETE FROM metrics_sample WHERE id <= "
	 "(SELECT max(id) FROM metrics_sample) - " TEXT_OF_LIMIT(LIMIT_SAMPLES_MAX),
	 NULL},
	{NULL, NULL},
};

/* What is not on disk is not stored: the next batch has it again. Samples are let go. */
static void keep_failed(struct hub *hub, const struct store_result *result)
{
	log_event(LOG_LEVEL_ERROR, "who is there is told but not stored: %s", result->what);
	for (struct room *room = hub->rooms; room; room = room->next)
		for (struct person *person = room->people; person; person = person->next)
			person->unstored = true;
}

static void kept(void *user, const struct store_result *result)
{
	struct hub *hub = user;
	hub->presence.busy = false;
	if (result->status != STORE_OK)
		keep_failed(hub, result);
}

static json_t *person_json(const struct room *room, const struct person *person)
{
	json_t *told =
		json_pack("{s:s, s:s, s:I, s:s, s:i}", "session_id", room->id, "user_id",
			  person->user_id, "heard", (json_int_t)person->heard_ms, "ptt_state",
			  person->talking ? "talking" : "idle", "ready", (int)person->ready);
	if (person->measured) {
		json_object_set_new(told, "rtt_ms", json_integer(person->rtt_ms));
		json_object_set_new(told, "loss_pct", json_real(person->loss_pct));
	}
	return told;
}

static json_t *take_unstored(struct hub *hub)
{
	json_t *people = json_array();
	for (struct room *room = hub->rooms; room; room = room->next) {
		for (struct person *person = room->people; person; person = person->next) {
			if (!person->unstored)
				continue;
			person->unstored = false;
			json_array_append_new(people, person_json(room, person));
		}
	}
	return people;
}

void presence_keep(struct hub *hub, bool now)
{
	int64_t now_ns = clock_now_ns();
	if (!now && (hub->presence.busy || now_ns - hub->presence.kept_ns < KEEP_NS))
		return;
	json_t *people = take_unstored(hub);
	json_t *samples = hub->presence.samples ? hub->presence.samples : json_array();
	hub->presence.samples = NULL;
	hub->presence.kept_ns = now_ns;
	if (json_array_size(people) == 0 && json_array_size(samples) == 0) {
		json_decref(people);
		json_decref(samples);
		return;
	}
	struct store_job job = {
		.steps = keep_steps,
		.params = json_pack("{s:o, s:o}", "people", people, "samples", samples),
		.done = kept,
		.user = hub,
	};
	hub->presence.busy = store_submit(hub->store, &job) == 0;
}
