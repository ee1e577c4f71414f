#include "health.h"

#include "hub.h"

#include <stdio.h>
#include <stdlib.h>

static int count_loaded(const struct hub *hub)
{
	int count = 0;
	for (const struct room *room = hub->rooms; room; room = room->next)
		count++;
	return count;
}

static int count_rooms(const struct hub *hub)
{
	int count = 0;
	for (const struct room *room = hub->rooms; room; room = room->next)
		count += room->phones > 0;
	return count;
}

char *health_json(void *user, bool *healthy)
{
	const struct hub *hub = user;
	const struct status_record *status = air_status(hub->air);
	const struct room *room = hub->on_air;
	/* No click program is a box without a loudspeaker, which may be meant; a stalled one is not. */
	*healthy = air_audio(hub->air) != AIR_AUDIO_LOST;
	json_t *health = json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:b}", "status",
				   *healthy ? "ok" : "audio lost", "version", TACTUS_VERSION,
				   "audio", air_audio_name(air_audio(hub->air)), "phones",
				   server_wires(hub->server), "sessions", count_rooms(hub),
				   "store_pending", (int)store_pending(hub->store), "running",
				   (int)(room && room->tempo.record.running));
	if (status)
		json_object_update_new(health, json_pack("{s:{s:b, s:I, s:i, s:i, s:i, s:i, s:b}}",
							 "click", "running", (int)status->running,
							 "cycles", (json_int_t)status->cycles,
							 "sample_rate", (int)status->sample_rate_hz,
							 "period", (int)status->period_frames,
							 "latency", (int)status->latency_frames,
							 "xruns", (int)status->xruns, "settled",
							 (int)status->settled));
	char *text = json_dumps(health, JSON_COMPACT);
	json_decref(health);
	return text;
}

static void gauge(FILE *out, const char *name, const char *help, double value)
{
	fprintf(out, "# HELP tactus_%s %s\n# TYPE tactus_%s gauge\ntactus_%s %.17g\n", name, help,
		name, name, value);
}

static void click_gauges(FILE *out, const struct status_record *status)
{
	gauge(out, "click_cycles", "Process callbacks since the click started.",
	      (double)status->cycles);
	gauge(out, "click_xruns", "Xruns since the click started.", status->xruns);
	gauge(out, "click_latency_frames", "Playback latency in force.", status->latency_frames);
	gauge(out, "click_rate_hertz", "Sample rate measured against the CPU's clock.",
	      (double)status->rate_uhz / 1e6);
	gauge(out, "click_late_anchors", "Anchors that were past when they came.",
	      status->late_anchors);
}

char *health_metrics(void *user)
{
	const struct hub *hub = user;
	const struct status_record *status = air_status(hub->air);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	gauge(out, "phones", "Open WebSockets.", server_wires(hub->server));
	gauge(out, "sessions", "Sessions with a phone in them.", count_rooms(hub));
	gauge(out, "sessions_in_memory", "Sessions not yet forgotten.", count_loaded(hub));
	gauge(out, "store_pending", "Jobs that wait for the disk.",
	      (double)store_pending(hub->store));
	gauge(out, "audio_ok", "1 while the sound card's cycles advance.",
	      air_audio(hub->air) == AIR_AUDIO_OK);
	if (status)
		click_gauges(out, status);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
