/* The records that travel in the rings: packing, refusing what is out of range, bars of a grid. */
#include "check_main.h"
#include "expect.h"
#include "limits.h"
#include "status_record.h"
#include "tempo_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 20000

/* splitmix64; the same in every run */
static uint64_t seed = 1;

static uint64_t any(void)
{
	uint64_t x = seed += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* low..high; one time in eight an end of the range. */
static int64_t within(int64_t low, int64_t high)
{
	uint64_t dice = any() % 16;
	if (dice < 2)
		return dice ? low : high;
	return low + (int64_t)(any() % (uint64_t)(high - low + 1));
}

/* ---- tempo ----------------------------------------------------------------- */

static struct tempo_grid any_grid(void)
{
	return (struct tempo_grid){
		.id = any(),
		.pace = {.bpm = (int)within(LIMIT_BPM_MIN, LIMIT_BPM_MAX),
			 .metre = (enum metre)within(0, METRE_COUNT - 1)},
		.anchor_ns = within(0, TEMPO_ANCHOR_MAX_NS),
		.anchor_bar = within(0, LIMIT_BAR_MAX),
	};
}

static struct tempo_record any_tempo(void)
{
	struct tempo_record record;
	memset(&record, 0, sizeof record);
	for (int i = 0; i < 16; i++)
		record.session_id[i] = (uint8_t)any();
	record.revision = any();
	record.run_id = any();
	record.running = any() & 1;
	record.next_bar = within(0, LIMIT_BAR_MAX);
	record.start_bar = within(0, LIMIT_BAR_MAX + LIMIT_COUNT_IN_BARS_MAX);
	record.current = any_grid();
	record.pending_kind = (enum tempo_pending)within(PENDING_NONE, PENDING_AT_NS);
	record.pending = any_grid();
	record.click.volume = (int)within(0, LIMIT_VOLUME_MAX);
	record.click.accent = any() & 1;
	record.click.subdivision = any() & 1;
	record.click.sound = (enum click_sound)within(0, SOUND_COUNT - 1);
	record.click.tests_asked = (uint32_t)any();
	return record;
}

static bool same_grid(const struct tempo_grid *a, const struct tempo_grid *b)
{
	return a->id == b->id && a->pace.bpm == b->pace.bpm && a->pace.metre == b->pace.metre &&
	       a->anchor_ns == b->anchor_ns && a->anchor_bar == b->anchor_bar;
}

static bool same_click(const struct click_settings *a, const struct click_settings *b)
{
	return a->volume == b->volume && a->accent == b->accent &&
	       a->subdivision == b->subdivision && a->sound == b->sound &&
	       a->tests_asked == b->tests_asked;
}

static bool same_tempo(const struct tempo_record *a, const struct tempo_record *b)
{
	return memcmp(a->session_id, b->session_id, sizeof a->session_id) == 0 &&
	       a->revision == b->revision && a->run_id == b->run_id && a->running == b->running &&
	       a->start_bar == b->start_bar && a->next_bar == b->next_bar &&
	       same_grid(&a->current, &b->current) && a->pending_kind == b->pending_kind &&
	       (a->pending_kind == PENDING_NONE || same_grid(&a->pending, &b->pending)) &&
	       same_click(&a->click, &b->click);
}

START_TEST(tempo_there_and_back)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct tempo_record record = any_tempo(), back;
		uint64_t words[TEMPO_WORDS], again[TEMPO_WORDS];
		EXPECT(tempo_record_valid(&record));
		tempo_record_pack(&record, words);
		EXPECT_EQ(tempo_record_unpack(words, &back), 0);
		EXPECT(same_tempo(&record, &back));
		tempo_record_pack(&back, again);
		EXPECT(memcmp(words, again, sizeof words) == 0);
	}
}
END_TEST

/* The record is as valid as its parts; what is refused must also be refused as words. */
static void refuse_tempo(const struct tempo_record *record)
{
	uint64_t words[TEMPO_WORDS];
	struct tempo_record back;
	EXPECT(!tempo_record_valid(record));
	tempo_record_pack(record, words);
	EXPECT_EQ(tempo_record_unpack(words, &back), -EINVAL);
}

/* Each field past either end, in one of the record's two grids. */
static void refuse_grid(struct tempo_record *record, struct tempo_grid *grid)
{
	const struct tempo_grid good = *grid;
	static const int bpms[] = {LIMIT_BPM_MIN - 1, LIMIT_BPM_MAX + 1, 0, -120, INT32_MAX};
	for (size_t i = 0; i < sizeof bpms / sizeof bpms[0]; i++) {
		grid->pace.bpm = bpms[i];
		refuse_tempo(record);
		*grid = good;
	}
	grid->pace.metre = METRE_COUNT;
	refuse_tempo(record);
	*grid = good;
	grid->anchor_ns = -1;
	refuse_tempo(record);
	grid->anchor_ns = TEMPO_ANCHOR_MAX_NS + 1;
	refuse_tempo(record);
	*grid = good;
	grid->anchor_bar = -1;
	refuse_tempo(record);
	grid->anchor_bar = LIMIT_BAR_MAX + 1;
	refuse_tempo(record);
	*grid = good;
}

START_TEST(tempo_out_of_range)
{
	for (int i = 0; i < 200; i++) {
		struct tempo_record good = any_tempo(), bad = good;
		refuse_grid(&bad, &bad.current);
		bad.pending_kind = PENDING_AT_BAR + (any() & 1);
		refuse_grid(&bad, &bad.pending);
		bad = good;
		bad.next_bar = -1;
		refuse_tempo(&bad);
		bad.next_bar = LIMIT_BAR_MAX + 1;
		refuse_tempo(&bad);
		bad = good;
		bad.start_bar = -1;
		refuse_tempo(&bad);
		bad.start_bar = LIMIT_BAR_MAX + LIMIT_COUNT_IN_BARS_MAX + 1;
		refuse_tempo(&bad);
		bad = good;
		bad.click.volume = LIMIT_VOLUME_MAX + 1;
		refuse_tempo(&bad);
		bad = good;
		bad.click.sound = SOUND_COUNT;
		refuse_tempo(&bad);
		bad = good;
		bad.pending_kind = (enum tempo_pending)(PENDING_AT_NS + 1);
		refuse_tempo(&bad);
	}
}
END_TEST

/* A grid that is not pending is nobody's business, but leaves no trace in the words. */
START_TEST(tempo_without_pending)
{
	struct tempo_record record = any_tempo(), other;
	uint64_t words[TEMPO_WORDS], bare[TEMPO_WORDS];
	record.pending_kind = PENDING_NONE;
	record.pending.pace.bpm = 9999;
	EXPECT(tempo_record_valid(&record));
	tempo_record_pack(&record, words);
	other = record;
	memset(&other.pending, 0, sizeof other.pending);
	tempo_record_pack(&other, bare);
	EXPECT(memcmp(words, bare, sizeof words) == 0);
}
END_TEST

/* What unpack accepts, pack gives back: each bit is told, or refused. */
static int flip_tempo(uint64_t words[TEMPO_WORDS], int bit)
{
	struct tempo_record record;
	uint64_t again[TEMPO_WORDS];
	words[bit / 64] ^= UINT64_C(1) << bit % 64;
	int refused = tempo_record_unpack(words, &record) != 0;
	if (!refused) {
		EXPECT(tempo_record_valid(&record));
		tempo_record_pack(&record, again);
		EXPECT(memcmp(words, again, sizeof again) == 0);
	}
	words[bit / 64] ^= UINT64_C(1) << bit % 64;
	return refused;
}

START_TEST(tempo_every_bit)
{
	int refused = 0, bits = 64 * TEMPO_WORDS;
	for (int i = 0; i < 300; i++) {
		struct tempo_record record = any_tempo();
		uint64_t words[TEMPO_WORDS];
		tempo_record_pack(&record, words);
		for (int bit = 0; bit < bits; bit++)
			refused += flip_tempo(words, bit);
	}
	EXPECT(refused > 300 * bits / 4 && refused < 300 * bits * 3 / 4);
}
END_TEST

START_TEST(tempo_any_words)
{
	struct tempo_record record;
	uint64_t words[TEMPO_WORDS], again[TEMPO_WORDS];
	for (int i = 0; i < ROUNDS; i++) {
		for (int j = 0; j < TEMPO_WORDS; j++)
			words[j] = any() % 3 ? any() >> any() % 64 : 0;
		if (tempo_record_unpack(words, &record) != 0)
			continue;
		tempo_record_pack(&record, again);
		EXPECT(memcmp(words, again, sizeof words) == 0);
	}
	memset(words, 0, sizeof words);
	EXPECT_EQ(tempo_record_unpack(words, &record), -EINVAL);
	memset(words, 0xff, sizeof words);
	EXPECT_EQ(tempo_record_unpack(words, &record), -EINVAL);
}
END_TEST

START_TEST(sounds)
{
	static const char *const names[SOUND_COUNT] = {"beep", "wood", "cowbell"};
	enum click_sound sound = SOUND_COUNT;
	for (int i = 0; i < SOUND_COUNT; i++) {
		ck_assert_str_eq(sound_name((enum click_sound)i), names[i]);
		EXPECT_EQ(sound_from_name(names[i], &sound), 0);
		EXPECT_EQ(sound, i);
	}
	EXPECT_EQ(sound_from_name("Beep", &sound), -EINVAL);
	EXPECT_EQ(sound_from_name("", &sound), -EINVAL);
	EXPECT_EQ(sound, SOUND_COUNT - 1);
}
END_TEST

/* ---- bars of a grid -------------------------------------------------------- */

START_TEST(grid_bars)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct tempo_grid grid = any_grid();
		grid.anchor_ns = within(0, INT64_C(1) << 55); /* a year of uptime */
		int64_t bar = grid.anchor_bar + within(-1000, 10000000);
		int64_t at = tempo_grid_bar_ns(&grid, bar);
		EXPECT_EQ(at - grid.anchor_ns,
			  beat_offset(&grid.pace, BEAT_NS_PER_S, 1,
				      (bar - grid.anchor_bar) * metre_beats(grid.pace.metre)));
		EXPECT_EQ(tempo_grid_bar_at(&grid, at), bar);
		EXPECT_EQ(tempo_grid_bar_at(&grid, at - 1), bar - 1);
		EXPECT_EQ(tempo_grid_bar_at(&grid, tempo_grid_bar_ns(&grid, bar + 1) - 1), bar);
		EXPECT_EQ(tempo_grid_bar_ns(&grid, grid.anchor_bar), grid.anchor_ns);
		EXPECT_EQ(tempo_grid_bar_at(&grid, grid.anchor_ns - 1), grid.anchor_bar - 1);
	}
}
END_TEST

START_TEST(grid_bars_by_hand)
{
	struct tempo_grid grid = {.pace = {.bpm = 120, .metre = METRE_3_4},
				  .anchor_ns = INT64_C(5000000000),
				  .anchor_bar = 17};
	EXPECT_EQ(tempo_grid_bar_ns(&grid, 18), INT64_C(6500000000));
	EXPECT_EQ(tempo_grid_bar_ns(&grid, 15), INT64_C(2000000000));
	EXPECT_EQ(tempo_grid_bar_at(&grid, INT64_C(6499999999)), 17);
	EXPECT_EQ(tempo_grid_bar_at(&grid, INT64_C(6500000000)), 18);
	EXPECT_EQ(tempo_grid_bar_at(&grid, 0), 13);
	grid.pace.metre = METRE_6_8;
	EXPECT_EQ(tempo_grid_bar_ns(&grid, 18), INT64_C(6000000000));
}
END_TEST

/* ---- status ---------------------------------------------------------------- */

static struct status_record any_status(void)
{
	struct status_record record;
	memset(&record, 0, sizeof record);
	record.cycles = any();
	record.cycle_ns = within(0, INT64_MAX - 1);
	record.frame = (int64_t)any();
	record.sample_rate_hz = (uint32_t)within(LIMIT_RATE_MIN_HZ, LIMIT_RATE_MAX_HZ);
	record.period_frames = (uint32_t)any();
	record.rate_uhz = within(0, INT64_MAX - 1);
	record.latency_frames = (uint32_t)any();
	record.xruns = (uint32_t)any();
	record.late_anchors = (uint32_t)any();
	record.running = any() & 1;
	record.settled = any() & 1;
	record.freewheeling = any() & 1;
	record.grid_id = any();
	record.run_id = any();
	record.stopped_run_id = any();
	record.bar = within(0, LIMIT_BAR_MAX);
	record.bar_frame = (int64_t)any();
	record.bar_ns = (int64_t)any();
	record.anchor_bar = within(0, LIMIT_BAR_MAX);
	record.anchor_frame = (int64_t)any();
	record.tempo_sequence = any();
	return record;
}

static bool same_place(const struct status_record *a, const struct status_record *b)
{
	return a->grid_id == b->grid_id && a->run_id == b->run_id &&
	       a->stopped_run_id == b->stopped_run_id && a->bar == b->bar &&
	       a->bar_frame == b->bar_frame && a->bar_ns == b->bar_ns &&
	       a->anchor_bar == b->anchor_bar && a->anchor_frame == b->anchor_frame &&
	       a->tempo_sequence == b->tempo_sequence;
}

static bool same_status(const struct status_record *a, const struct status_record *b)
{
	return same_place(a, b) && a->cycles == b->cycles && a->cycle_ns == b->cycle_ns &&
	       a->frame == b->frame && a->sample_rate_hz == b->sample_rate_hz &&
	       a->period_frames == b->period_frames && a->rate_uhz == b->rate_uhz &&
	       a->latency_frames == b->latency_frames && a->xruns == b->xruns &&
	       a->late_anchors == b->late_anchors && a->running == b->running &&
	       a->settled == b->settled && a->freewheeling == b->freewheeling;
}

START_TEST(status_there_and_back)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct status_record record = any_status(), back;
		uint64_t words[STATUS_WORDS];
		status_record_pack(&record, words);
		EXPECT_EQ(status_record_unpack(words, &back), 0);
		EXPECT(same_status(&record, &back));
	}
}
END_TEST

static void refuse_status(struct status_record *record, const struct status_record *good)
{
	struct status_record back;
	uint64_t words[STATUS_WORDS];
	status_record_pack(record, words);
	EXPECT_EQ(status_record_unpack(words, &back), -EINVAL);
	*record = *good;
}

START_TEST(status_out_of_range)
{
	for (int i = 0; i < 200; i++) {
		struct status_record good = any_status(), bad = good;
		bad.cycle_ns = -1;
		refuse_status(&bad, &good);
		bad.sample_rate_hz = LIMIT_RATE_MIN_HZ - 1;
		refuse_status(&bad, &good);
		bad.sample_rate_hz = LIMIT_RATE_MAX_HZ + 1;
		refuse_status(&bad, &good);
		bad.rate_uhz = -1;
		refuse_status(&bad, &good);
		bad.bar = -1;
		refuse_status(&bad, &good);
		bad.bar = LIMIT_BAR_MAX + 1;
		refuse_status(&bad, &good);
		bad.anchor_bar = -1;
		refuse_status(&bad, &good);
		bad.anchor_bar = LIMIT_BAR_MAX + 1;
		refuse_status(&bad, &good);
	}
}
END_TEST

static int flip_status(uint64_t words[STATUS_WORDS], int bit)
{
	struct status_record record;
	uint64_t again[STATUS_WORDS];
	words[bit / 64] ^= UINT64_C(1) << bit % 64;
	int refused = status_record_unpack(words, &record) != 0;
	if (!refused) {
		status_record_pack(&record, again);
		EXPECT(memcmp(words, again, sizeof again) == 0);
	}
	words[bit / 64] ^= UINT64_C(1) << bit % 64;
	return refused;
}

START_TEST(status_every_bit)
{
	int refused = 0, bits = 64 * STATUS_WORDS;
	for (int i = 0; i < 300; i++) {
		struct status_record record = any_status();
		uint64_t words[STATUS_WORDS];
		status_record_pack(&record, words);
		for (int bit = 0; bit < bits; bit++)
			refused += flip_status(words, bit);
	}
	EXPECT(refused > 300 * bits / 4 && refused < 300 * bits * 3 / 4);
}
END_TEST

/* ---- shapes ---------------------------------------------------------------- */

START_TEST(shapes)
{
	EXPECT(tempo_shape.magic != status_shape.magic);
	EXPECT_EQ(tempo_shape.words, TEMPO_WORDS);
	EXPECT_EQ(tempo_shape.slots, TEMPO_SLOTS);
	EXPECT_EQ(status_shape.words, STATUS_WORDS);
	EXPECT_EQ(status_shape.slots, STATUS_SLOTS);
	EXPECT(TEMPO_WORDS <= RING_WORDS_MAX && STATUS_WORDS <= RING_WORDS_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("records");
	TCase *tests = tcase_create("records");
	tcase_add_test(tests, tempo_there_and_back);
	tcase_add_test(tests, tempo_out_of_range);
	tcase_add_test(tests, tempo_without_pending);
	tcase_add_test(tests, tempo_every_bit);
	tcase_add_test(tests, tempo_any_words);
	tcase_add_test(tests, sounds);
	tcase_add_test(tests, grid_bars);
	tcase_add_test(tests, grid_bars_by_hand);
	tcase_add_test(tests, status_there_and_back);
	tcase_add_test(tests, status_out_of_range);
	tcase_add_test(tests, status_every_bit);
	tcase_add_test(tests, shapes);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
