#include "air.h"

#include "clock.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STALL_NS BEAT_NS_PER_S
#define REFRESH_NS (BEAT_NS_PER_S / 4)
/* With no click to ask: two periods of 1024 at 44.1 kHz, roughly. */
#define LEAD_DEFAULT_NS (50 * CLOCK_NS_PER_MS)
#define LEAD_MARGIN_NS (3 * CLOCK_NS_PER_MS)

struct air {
	struct ring_writer *tempo;
	struct ring_reader *status;
	char status_name[RING_NAME_MAX];
	struct status_record heard;
	bool heard_any;
	int64_t advanced_ns; /* when its cycle counter was last seen to move */
	int64_t refreshed_ns;
	enum air_audio audio;
	uint64_t last_id;
};

static int open_regions(struct air *air, const char *region)
{
	char name[RING_NAME_MAX];
	int result = ring_name(name, region, TEMPO_PART);
	if (result == 0)
		result = ring_name(air->status_name, region, STATUS_PART);
	if (result == 0)
		result = ring_writer_open(&air->tempo, name, &tempo_shape, clock_unix_offset_ns());
	if (result == 0)
		result = ring_reader_open(&air->status, air->status_name, &status_shape);
	return result;
}

static void explain(int result, const char *region, char *message, size_t size)
{
	if (result == -EBUSY)
		snprintf(message, size,
			 "another tactusd writes the region \"%s\": stop it, or choose another "
			 "name with --region",
			 region);
	else
		snprintf(message, size,
			 "cannot open the shared memory region \"%s\": %s; a name of letters, "
			 "digits and dashes is wanted, and /dev/shm writable",
			 region, strerror(-result));
}

int air_open(struct air **out, const char *region, char *message, size_t message_size)
{
	struct air *air = calloc(1, sizeof *air);
	int result = air ? open_regions(air, region) : -ENOMEM;
	if (result < 0) {
		explain(result, region, message, message_size);
		air_close(air);
		return result;
	}
	struct tempo_record last;
	if (air_recovered(air, &last)) {
		air->last_id = last.current.id;
		if (last.pending_kind != PENDING_NONE && last.pending.id > air->last_id)
			air->last_id = last.pending.id;
	}
	int64_t now_ns = clock_now_ns();
	air->advanced_ns = now_ns - STALL_NS;
	air_poll(air, now_ns); /* a phone that comes at once shall hear of a click that runs */
	*out = air;
	return 0;
}

void air_close(struct air *air)
{
	if (!air)
		return;
	ring_writer_close(air->tempo);
	ring_reader_close(air->status);
	free(air);
}

int64_t air_offset_ns(const struct air *air)
{
	return ring_writer_offset_ns(air->tempo);
}

int air_recovered(const struct air *air, struct tempo_record *out)
{
	uint64_t words[TEMPO_WORDS];
	return ring_writer_newest(air->tempo, words) != 0 && tempo_record_unpack(words, out) == 0;
}

void air_publish(struct air *air, const struct tempo_record *record)
{
	uint64_t words[TEMPO_WORDS];
	tempo_record_pack(record, words);
	ring_write(air->tempo, words);
}

static void judge(struct air *air, int64_t now_ns)
{
	enum air_audio before = air->audio;
	if (now_ns - air->advanced_ns < STALL_NS)
		air->audio = AIR_AUDIO_OK;
	else
		air->audio =
			ring_writer_pid(air->status_name) > 0 ? AIR_AUDIO_LOST : AIR_AUDIO_NONE;
	if (air->audio != before)
		log_event(air->audio == AIR_AUDIO_OK ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
			  "audio %s", air_audio_name(air->audio));
}

void air_poll(struct air *air, int64_t now_ns)
{
	uint64_t words[STATUS_WORDS];
	struct status_record heard;
	if (now_ns - air->refreshed_ns >= REFRESH_NS) {
		air->refreshed_ns = now_ns;
		ring_reader_refresh(air->status);
	}
	if (ring_read_newest(air->status, words, NULL) == 1 &&
	    status_record_unpack(words, &heard) == 0) {
		/* A region that outlived its click holds an old record: not a sign of life. */
		if (now_ns - heard.cycle_ns < STALL_NS && heard.cycles != air->heard.cycles)
			air->advanced_ns = now_ns;
		air->heard = heard;
		air->heard_any = true;
	}
	/* Asking who holds the region costs system calls: only while nothing moves. */
	if (now_ns - air->advanced_ns < STALL_NS || air->refreshed_ns == now_ns)
		judge(air, now_ns);
}

void air_mend(struct air *air)
{
	int result = ring_writer_mend(air->tempo);
	if (result > 0)
		log_event(LOG_LEVEL_WARNING, "the tempo region was damaged; it is whole again");
	else if (result < 0)
		log_event(LOG_LEVEL_ERROR, "the tempo region cannot be mended: %s",
			  strerror(-result));
}

enum air_audio air_audio(const struct air *air)
{
	return air->audio;
}

const char *air_audio_name(enum air_audio audio)
{
	static const char *const names[] = {"none", "lost", "ok"};
	return names[audio];
}

const struct status_record *air_status(const struct air *air)
{
	return air->heard_any && air->audio == AIR_AUDIO_OK ? &air->heard : NULL;
}

int64_t air_lead_ns(const struct air *air)
{
	const struct status_record *status = air_status(air);
	if (!status)
		return LEAD_DEFAULT_NS;
	int64_t frames = (int64_t)status->latency_frames + 2 * (int64_t)status->period_frames;
	return frames * BEAT_NS_PER_S / status->sample_rate_hz + LEAD_MARGIN_NS;
}

uint64_t air_fresh_id(struct air *air, int64_t now_ns)
{
	uint64_t id = (uint64_t)now_ns;
	if (id <= air->last_id)
		id = air->last_id + 1;
	air->last_id = id;
	return id;
}
