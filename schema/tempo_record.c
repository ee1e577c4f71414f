#include "tempo_record.h"

#include "limits.h"

#include <errno.h>
#include <string.h>

/* "TacTempo" */
const struct ring_shape tempo_shape = {
	.magic = UINT64_C(0x54616354656d706f),
	.layout = 1,
	.words = TEMPO_WORDS,
	.slots = TEMPO_SLOTS,
};

static const char *const sound_names[SOUND_COUNT] = {
	[SOUND_BEEP] = "beep", [SOUND_WOOD] = "wood", [SOUND_COWBELL] = "cowbell"};

/* Which word holds what. A grid takes four words: id, pace, anchor_ns, anchor_bar. */
enum {
	WORD_SESSION = 0, /* and 1 */
	WORD_REVISION = 2,
	WORD_RUN = 3,
	WORD_FLAGS = 4, /* bit 0 running, bits 8..15 pending kind */
	WORD_START_BAR = 5,
	WORD_CURRENT = 6,
	WORD_PENDING = 10,
	WORD_CLICK = 14, /* bytes from the lowest: volume, accent, subdivision, sound; then tests */
	WORD_NEXT_BAR = 15,
	WORD_SPARE = 16 /* to TEMPO_WORDS - 1: zero */
};

const char *sound_name(enum click_sound sound)
{
	return sound_names[sound];
}

int sound_from_name(const char *name, enum click_sound *out)
{
	for (int i = 0; i < SOUND_COUNT; i++) {
		if (strcmp(sound_names[i], name) == 0) {
			*out = (enum click_sound)i;
			return 0;
		}
	}
	return -EINVAL;
}

static bool grid_valid(const struct tempo_grid *grid)
{
	return beat_pace_valid(&grid->pace) && grid->anchor_ns >= 0 &&
	       grid->anchor_ns <= TEMPO_ANCHOR_MAX_NS && grid->anchor_bar >= 0 &&
	       grid->anchor_bar <= LIMIT_BAR_MAX;
}

static bool pending_valid(const struct tempo_record *record)
{
	switch (record->pending_kind) {
	case PENDING_NONE:
		return true;
	case PENDING_AT_BAR:
	case PENDING_AT_NS:
		return grid_valid(&record->pending);
	}
	return false;
}

static bool click_valid(const struct click_settings *click)
{
	return click->volume >= 0 && click->volume <= LIMIT_VOLUME_MAX &&
	       (unsigned)click->sound < SOUND_COUNT;
}

bool tempo_record_valid(const struct tempo_record *record)
{
	return grid_valid(&record->current) && pending_valid(record) && record->next_bar >= 0 &&
	       record->next_bar <= LIMIT_BAR_MAX && click_valid(&record->click) &&
	       record->start_bar >= 0 &&
	       record->start_bar <= LIMIT_BAR_MAX + LIMIT_COUNT_IN_BARS_MAX;
}

static void pack_grid(const struct tempo_grid *grid, uint64_t *words)
{
	words[0] = grid->id;
	words[1] = (uint64_t)(uint32_t)grid->pace.bpm | (uint64_t)grid->pace.metre << 32;
	words[2] = (uint64_t)grid->anchor_ns;
	words[3] = (uint64_t)grid->anchor_bar;
}

static void unpack_grid(const uint64_t *words, struct tempo_grid *grid)
{
	grid->id = words[0];
	grid->pace.bpm = (int)(int32_t)(uint32_t)words[1];
	grid->pace.metre = (enum metre)(words[1] >> 32);
	grid->anchor_ns = (int64_t)words[2];
	grid->anchor_bar = (int64_t)words[3];
}

static uint64_t pack_click(const struct click_settings *click)
{
	return (uint64_t)(uint8_t)click->volume | (uint64_t)click->accent << 8 |
	       (uint64_t)click->subdivision << 16 | (uint64_t)(uint8_t)click->sound << 24 |
	       (uint64_t)click->tests_asked << 32;
}

static int unpack_click(uint64_t word, struct click_settings *click)
{
	unsigned accent = (word >> 8) & 0xff;
	unsigned subdivision = (word >> 16) & 0xff;
	if (accent > 1 || subdivision > 1)
		return -EINVAL;
	click->volume = (int)(word & 0xff);
	click->accent = accent != 0;
	click->subdivision = subdivision != 0;
	click->sound = (enum click_sound)((word >> 24) & 0xff);
	click->tests_asked = (uint32_t)(word >> 32);
	return 0;
}

void tempo_record_pack(const struct tempo_record *record, uint64_t words[TEMPO_WORDS])
{
	memset(words, 0, TEMPO_WORDS * sizeof words[0]);
	memcpy(&words[WORD_SESSION], record->session_id, sizeof record->session_id);
	words[WORD_REVISION] = record->revision;
	words[WORD_RUN] = record->run_id;
	words[WORD_FLAGS] = (uint64_t)record->running | (uint64_t)record->pending_kind << 8;
	words[WORD_START_BAR] = (uint64_t)record->start_bar;
	words[WORD_NEXT_BAR] = (uint64_t)record->next_bar;
	pack_grid(&record->current, &words[WORD_CURRENT]);
	if (record->pending_kind != PENDING_NONE)
		pack_grid(&record->pending, &words[WORD_PENDING]);
	words[WORD_CLICK] = pack_click(&record->click);
}

static bool spare_words_zero(const uint64_t words[TEMPO_WORDS], bool pending)
{
	uint64_t any = 0;
	for (int i = WORD_SPARE; i < TEMPO_WORDS; i++)
		any |= words[i];
	for (int i = WORD_PENDING; !pending && i < WORD_CLICK; i++)
		any |= words[i];
	return any == 0;
}

int tempo_record_unpack(const uint64_t words[TEMPO_WORDS], struct tempo_record *out)
{
	uint64_t flags = words[WORD_FLAGS];
	if ((flags & ~UINT64_C(0xff01)) != 0 || (flags >> 8) > PENDING_AT_NS)
		return -EINVAL;
	memset(out, 0, sizeof *out);
	memcpy(out->session_id, &words[WORD_SESSION], sizeof out->session_id);
	out->revision = words[WORD_REVISION];
	out->run_id = words[WORD_RUN];
	out->running = (flags & 1) != 0;
	out->pending_kind = (enum tempo_pending)(flags >> 8);
	out->start_bar = (int64_t)words[WORD_START_BAR];
	out->next_bar = (int64_t)words[WORD_NEXT_BAR];
	unpack_grid(&words[WORD_CURRENT], &out->current);
	unpack_grid(&words[WORD_PENDING], &out->pending);
	if (!spare_words_zero(words, out->pending_kind != PENDING_NONE) ||
	    unpack_click(words[WORD_CLICK], &out->click) < 0 || !tempo_record_valid(out))
		return -EINVAL;
	return 0;
}

int64_t tempo_grid_bar_at(const struct tempo_grid *grid, int64_t now_ns)
{
	return grid->anchor_bar +
	       beat_bars_begun(&grid->pace, BEAT_NS_PER_S, now_ns - grid->anchor_ns);
}

int64_t tempo_grid_bar_ns(const struct tempo_grid *grid, int64_t bar)
{
	return grid->anchor_ns +
	       beat_bar_offset(&grid->pace, BEAT_NS_PER_S, bar - grid->anchor_bar);
}
