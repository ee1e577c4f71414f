/*
 * click_feed: plays the daemon's part for tests of the click.
 *
 *     click_feed REGION < script
 *
 * Publishes tempo records and reads the click's status. One command a line:
 *
 *     start BPM METRE IN_MS [BAR]       a new run whose bar BAR (0) begins in IN_MS
 *     retempo BPM METRE IN_MS BAR       a new current grid within the run
 *     pending_at_bar BAR BPM METRE      announce a change at that bar line
 *     pending_in MS BAR BPM METRE       announce a change at a time: now + MS
 *     promote                           pending becomes current, as the daemon does it
 *     cancel                            withdraw what is pending
 *     stop                              not running
 *     set VOLUME ACCENT SUBDIVISION SOUND    100 1 0 beep
 *     test                              one click now
 *     republish                         the same record once more
 *     wait_for NAME OP VALUE            until the status' field is so: = < >, 10 s at most
 *     sleep MS
 *     status                            print the newest status
 *
 * Each command answers with one line on stdout; the first failure ends it with code 1.
 * A region that is there already is taken on: ids go on rising.
 */
#include "clock.h"
#include "status_record.h"
#include "tempo_record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_MS 10000

struct feed {
	struct ring_writer *tempo;
	struct ring_reader *status;
	struct tempo_record record;
	struct status_record seen;
	uint64_t last_id;
};

static void pause_ms(long ms)
{
	const struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	nanosleep(&span, NULL);
}

/* ---- regions ------------------------------------------------------------------ */

static void fresh_record(struct feed *feed)
{
	feed->record = (struct tempo_record){
		.current = {.pace = {.bpm = 120, .metre = METRE_4_4}},
		.click = {.volume = 100, .accent = true},
	};
}

static int open_feed(struct feed *feed, const char *region)
{
	char name[RING_NAME_MAX];
	uint64_t words[TEMPO_WORDS];
	if (ring_guard_install() < 0 || ring_name(name, region, TEMPO_PART) < 0)
		return -EINVAL;
	int error = ring_writer_open(&feed->tempo, name, &tempo_shape, clock_unix_offset_ns());
	if (error < 0)
		return error;
	if (ring_writer_newest(feed->tempo, words) == 0 ||
	    tempo_record_unpack(words, &feed->record) < 0)
		fresh_record(feed);
	feed->last_id = feed->record.current.id;
	if (feed->record.pending_kind != PENDING_NONE)
		feed->last_id = feed->record.pending.id;
	ring_name(name, region, STATUS_PART);
	error = ring_reader_open(&feed->status, name, &status_shape);
	if (error == 0)
		ring_reader_refresh(feed->status);
	return error;
}

static int publish(struct feed *feed)
{
	uint64_t words[TEMPO_WORDS];
	feed->record.revision++;
	tempo_record_pack(&feed->record, words);
	uint64_t sequence = ring_write(feed->tempo, words);
	printf("published %" PRIu64 " current %" PRIu64 " run %" PRIu64 " anchor %" PRId64
	       " pending %" PRIu64 "\n",
	       sequence, feed->record.current.id, feed->record.run_id,
	       feed->record.current.anchor_ns,
	       feed->record.pending_kind == PENDING_NONE ? 0 : feed->record.pending.id);
	return 0;
}

static void look(struct feed *feed)
{
	uint64_t words[STATUS_WORDS];
	struct status_record status;
	if (ring_read_newest(feed->status, words, NULL) == 1) {
		if (status_record_unpack(words, &status) == 0)
			feed->seen = status;
	} else {
		ring_reader_refresh(feed->status);
	}
}

/* ---- commands ----------------------------------------------------------------- */

static int read_grid(struct feed *feed, struct tempo_grid *out, const char *bpm, const char *metre,
		     int64_t anchor_ns, int64_t bar)
{
	*out = (struct tempo_grid){
		.id = ++feed->last_id, .anchor_ns = anchor_ns, .anchor_bar = bar};
	out->pace.bpm = atoi(bpm);
	return metre_from_name(metre, &out->pace.metre);
}

static int64_t in_ms(const char *ms)
{
	return clock_now_ns() + (int64_t)(strtod(ms, NULL) * (double)CLOCK_NS_PER_MS);
}

static void withdraw(struct feed *feed)
{
	feed->record.pending_kind = PENDING_NONE;
	memset(&feed->record.pending, 0, sizeof feed->record.pending);
}

static int set_current(struct feed *feed, int argc, char **argv)
{
	withdraw(feed);
	feed->record.running = true;
	int error = read_grid(feed, &feed->record.current, argv[1], argv[2], in_ms(argv[3]),
			      argc > 4 ? atoll(argv[4]) : 0);
	return error < 0 ? error : publish(feed);
}

static int do_start(struct feed *feed, int argc, char **argv)
{
	feed->record.run_id++;
	return set_current(feed, argc, argv);
}

static int do_pending_at_bar(struct feed *feed, int argc, char **argv)
{
	(void)argc;
	int64_t bar = atoll(argv[1]);
	feed->record.pending_kind = PENDING_AT_BAR;
	int error = read_grid(feed, &feed->record.pending, argv[2], argv[3],
			      tempo_grid_bar_ns(&feed->record.current, bar), bar);
	return error < 0 ? error : publish(feed);
}

static int do_pending_in(struct feed *feed, int argc, char **argv)
{
	(void)argc;
	feed->record.pending_kind = PENDING_AT_NS;
	int error = read_grid(feed, &feed->record.pending, argv[3], argv[4], in_ms(argv[1]),
			      atoll(argv[2]));
	return error < 0 ? error : publish(feed);
}

static int do_promote(struct feed *feed, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (feed->record.pending_kind == PENDING_NONE)
		return -EINVAL;
	feed->record.current = feed->record.pending;
	withdraw(feed);
	return publish(feed);
}

static int do_cancel(struct feed *feed, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	withdraw(feed);
	return publish(feed);
}

static int do_stop(struct feed *feed, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	withdraw(feed);
	feed->record.running = false;
	return publish(feed);
}

static int do_set(struct feed *feed, int argc, char **argv)
{
	(void)argc;
	struct click_settings *click = &feed->record.click;
	click->volume = atoi(argv[1]);
	click->accent = atoi(argv[2]) != 0;
	click->subdivision = atoi(argv[3]) != 0;
	int error = sound_from_name(argv[4], &click->sound);
	return error < 0 ? error : publish(feed);
}

static int do_test(struct feed *feed, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	feed->record.click.tests_asked++;
	return publish(feed);
}

static int do_republish(struct feed *feed, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return publish(feed);
}

static int do_sleep(struct feed *feed, int argc, char **argv)
{
	(void)feed;
	(void)argc;
	pause_ms(atol(argv[1]));
	puts("slept");
	return 0;
}

static int do_status(struct feed *feed, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	look(feed);
	const struct status_record *s = &feed->seen;
	printf("status cycles %" PRIu64 " cycle_ns %" PRId64 " frame %" PRId64
	       " sample_rate %u period %u rate_uhz %" PRId64
	       " latency %u xruns %u late %u running %d settled %d freewheeling %d grid %" PRIu64
	       " run %" PRIu64 " stopped_run %" PRIu64 " bar %" PRId64 " bar_frame %" PRId64
	       " bar_ns %" PRId64 " anchor_bar %" PRId64 " anchor_frame %" PRId64
	       " sequence %" PRIu64 "\n",
	       s->cycles, s->cycle_ns, s->frame, s->sample_rate_hz, s->period_frames, s->rate_uhz,
	       s->latency_frames, s->xruns, s->late_anchors, s->running, s->settled,
	       s->freewheeling, s->grid_id, s->run_id, s->stopped_run_id, s->bar, s->bar_frame,
	       s->bar_ns, s->anchor_bar, s->anchor_frame, s->tempo_sequence);
	return 0;
}

static int64_t field(const struct status_record *s, const char *name)
{
	const struct {
		const char *name;
		int64_t value;
	} all[] = {
		{"running", s->running},
		{"settled", s->settled},
		{"freewheeling", s->freewheeling},
		{"grid", (int64_t)s->grid_id},
		{"run", (int64_t)s->run_id},
		{"stopped_run", (int64_t)s->stopped_run_id},
		{"bar", s->bar},
		{"cycles", (int64_t)s->cycles},
		{"xruns", s->xruns},
		{"late", s->late_anchors},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (strcmp(all[i].name, name) == 0)
			return all[i].value;
	}
	return INT64_MIN;
}

static bool holds(const struct status_record *status, char **argv)
{
	int64_t is = field(status, argv[1]);
	int64_t want = atoll(argv[3]);
	switch (argv[2][0]) {
	case '<':
		return is < want;
	case '>':
		return is > want;
	default:
		return is == want;
	}
}

static int do_wait_for(struct feed *feed, int argc, char **argv)
{
	(void)argc;
	int64_t until = clock_now_ns() + WAIT_MS * CLOCK_NS_PER_MS;
	for (look(feed); !holds(&feed->seen, argv); look(feed)) {
		if (clock_now_ns() > until)
			return -ETIMEDOUT;
		pause_ms(1);
	}
	printf("reached %s %" PRId64 "\n", argv[1], field(&feed->seen, argv[1]));
	return 0;
}

static const struct {
	const char *name;
	int argc_min;
	int (*run)(struct feed *feed, int argc, char **argv);
} commands[] = {
	{"start", 4, do_start},
	{"retempo", 5, set_current},
	{"pending_at_bar", 4, do_pending_at_bar},
	{"pending_in", 5, do_pending_in},
	{"promote", 1, do_promote},
	{"cancel", 1, do_cancel},
	{"stop", 1, do_stop},
	{"set", 5, do_set},
	{"test", 1, do_test},
	{"republish", 1, do_republish},
	{"wait_for", 4, do_wait_for},
	{"sleep", 2, do_sleep},
	{"status", 1, do_status},
};

static int obey(struct feed *feed, char *line)
{
	char *argv[8];
	int argc = 0;
	for (char *word = strtok(line, " \t\n"); word != NULL && argc < 8;
	     word = strtok(NULL, " \t\n"))
		argv[argc++] = word;
	if (argc == 0 || argv[0][0] == '#')
		return 0;
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (strcmp(commands[i].name, argv[0]) == 0 && argc >= commands[i].argc_min)
			return commands[i].run(feed, argc, argv);
	}
	return -EINVAL;
}

int main(int argc, char **argv)
{
	struct feed feed = {0};
	char line[256];
	if (argc != 2) {
		fputs("usage: click_feed REGION < script\n", stderr);
		return 2;
	}
	int error = open_feed(&feed, argv[1]);
	if (error < 0)
		fprintf(stderr, "click_feed: cannot write region %s: %s\n", argv[1],
			strerror(-error));
	while (error == 0 && fgets(line, sizeof line, stdin) != NULL) {
		char copy[sizeof line];
		memcpy(copy, line, sizeof line);
		error = obey(&feed, line);
		if (error < 0)
			fprintf(stderr, "click_feed: %s: %s", strerror(-error), copy);
		fflush(stdout);
	}
	ring_reader_close(feed.status);
	ring_writer_close(feed.tempo);
	return error == 0 ? 0 : 1;
}
