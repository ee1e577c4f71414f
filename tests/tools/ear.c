/*
 * ear: records where clicks begin in a JACK port, to the frame.
 *
 *     ear [--server NAME] [--port PORT] [--name NAME] [--seconds S] [--frames N]
 *         [--freewheel] [--times] [--cycles] [--threshold X]
 *
 * An onset is the first sample above the threshold after 20 ms of exact silence.
 * Lines on stdout, as they come:
 *
 *     listening FRAME          the first frame heard
 *     onset FRAME PEAK [NS]    NS with --times: when its sound leaves the converter
 *     cycle FRAME FRAMES NS    with --cycles: each callback
 *     gap FRAME FRAMES         frames that this client did not hear
 *     xrun FRAME               an xrun was told while this frame was heard last
 *     heard FRAMES             at the end
 *
 * Frames are JACK's counter, extended to 64 bits. It uses none of the product's
 * functions: it is there to judge them. With --frames it ends exactly behind the
 * Nth frame's cycle; with --freewheel JACK freewheels meanwhile.
 *
 * NS is this program's own estimate: callbacks come late and never early, and lost
 * time only ever adds, so the frame's time is its nominal time plus the least
 * lateness of the callbacks in the third of a second from it on.
 */
#include <getopt.h>
#include <jack/jack.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX (1u << 22)
#define CYCLES_MAX (1u << 22)
#define SILENCE_S 0.020
#define LOOK_AHEAD_S 0.333
#define LOOK_AHEAD_MARGIN_S 0.2

enum event_kind { EVENT_ONSET, EVENT_GAP, EVENT_XRUN };

struct event {
	enum event_kind kind;
	float peak;
	int64_t frame;
	int64_t frames;
};

struct cycle {
	int64_t frame;
	int64_t ns;
	uint32_t frames;
};

struct ear {
	const char *server, *port_name, *name;
	double seconds;
	int64_t frames_wanted;
	bool freewheel, times, print_cycles;
	float threshold;

	jack_client_t *client;
	jack_port_t *port;
	uint32_t rate;
	uint32_t silence_frames;

	/* The callback's; the counters are how main sees how far it is. */
	bool begun;
	int64_t frame;
	int64_t next_frame;
	uint32_t silent;
	float peak;
	int64_t onset_frame;
	bool in_onset;
	unsigned xruns_seen;
	int64_t heard;
	struct event *events;
	struct cycle *cycles;
	atomic_uint event_count;
	atomic_uint cycle_count;
	atomic_bool listening;
	atomic_bool done;
	atomic_uint xruns;

	unsigned events_printed;
	unsigned cycles_printed;
	bool listening_printed;
};

static int64_t raw_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- the callback --------------------------------------------------------- */

static void add_event(struct ear *ear, enum event_kind kind, int64_t frame, int64_t frames)
{
	unsigned count = atomic_load(&ear->event_count);
	if (count == EVENTS_MAX)
		return;
	ear->events[count] = (struct event){kind, ear->peak, frame, frames};
	atomic_store(&ear->event_count, count + 1);
}

static void end_onset(struct ear *ear)
{
	if (ear->in_onset)
		add_event(ear, EVENT_ONSET, ear->onset_frame, 0);
	ear->in_onset = false;
}

static void listen(struct ear *ear, const float *in, uint32_t frames)
{
	for (uint32_t i = 0; i < frames; i++) {
		float level = fabsf(in[i]);
		if (level == 0.0f) {
			if (++ear->silent == ear->silence_frames)
				end_onset(ear);
			continue;
		}
		if (level > ear->threshold && !ear->in_onset &&
		    ear->silent >= ear->silence_frames) {
			ear->in_onset = true;
			ear->onset_frame = ear->frame + i;
			ear->peak = 0;
		}
		ear->silent = 0;
		ear->peak = level > ear->peak ? level : ear->peak;
	}
}

static void note_cycle(struct ear *ear, uint32_t frames, int64_t now)
{
	unsigned count = atomic_load(&ear->cycle_count);
	if (count == CYCLES_MAX || (ear->freewheel && !ear->print_cycles))
		return;
	ear->cycles[count] = (struct cycle){ear->frame, now, frames};
	atomic_store(&ear->cycle_count, count + 1);
}

static int on_process(jack_nframes_t frames, void *arg)
{
	struct ear *ear = arg;
	int64_t now = raw_ns();
	uint32_t frame = jack_last_frame_time(ear->client);
	if (!atomic_load(&ear->listening) || atomic_load(&ear->done))
		return 0;
	if (!ear->begun)
		ear->frame = ear->next_frame = frame;
	ear->begun = true;
	ear->frame += (int32_t)(frame - (uint32_t)ear->frame);
	if (ear->frame != ear->next_frame)
		add_event(ear, EVENT_GAP, ear->next_frame, ear->frame - ear->next_frame);
	ear->next_frame = ear->frame + frames;
	if (ear->xruns_seen != atomic_load(&ear->xruns))
		add_event(ear, EVENT_XRUN, ear->frame, 0);
	ear->xruns_seen = atomic_load(&ear->xruns);
	note_cycle(ear, frames, now);
	listen(ear, jack_port_get_buffer(ear->port, frames), frames);
	ear->heard += frames;
	if (ear->frames_wanted > 0 && ear->heard >= ear->frames_wanted)
		atomic_store(&ear->done, true);
	return 0;
}

static int on_xrun(void *arg)
{
	struct ear *ear = arg;
	atomic_fetch_add(&ear->xruns, 1);
	return 0;
}

/* That a port is not there yet is no event. */
static void on_error(const char *text)
{
	(void)text;
}

static void on_shutdown(void *arg)
{
	(void)arg;
	fputs("ear: the JACK server went away\n", stderr);
	fflush(stdout);
	_exit(1);
}

/* ---- printing --------------------------------------------------------------- */

/* Index of the cycle that holds the frame. */
static unsigned cycle_of(const struct ear *ear, int64_t frame, unsigned count)
{
	unsigned low = 0;
	unsigned high = count - 1;
	while (low < high) {
		unsigned middle = low + (high - low + 1) / 2;
		if (ear->cycles[middle].frame <= frame)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

static int64_t converter_ns(const struct ear *ear, int64_t frame)
{
	unsigned count = atomic_load(&ear->cycle_count);
	double ns_per_frame = 1e9 / ear->rate;
	double least = INFINITY;
	if (count == 0)
		return 0;
	for (unsigned i = cycle_of(ear, frame, count); i < count; i++) {
		const struct cycle *cycle = &ear->cycles[i];
		if ((double)(cycle->frame - frame) > LOOK_AHEAD_S * ear->rate)
			break;
		double late = (double)(cycle->ns - ear->cycles[0].ns) -
			      (double)(cycle->frame - frame) * ns_per_frame;
		least = fmin(least, late);
	}
	jack_latency_range_t latency;
	jack_port_t *from = jack_port_by_name(ear->client, ear->port_name);
	if (from == NULL)
		return 0;
	jack_port_get_latency_range(from, JackPlaybackLatency, &latency);
	return ear->cycles[0].ns + llrint(least + latency.max * ns_per_frame);
}

/* With --times an onset waits until the callbacks behind it have come. */
static bool ripe(const struct ear *ear, const struct event *event)
{
	unsigned count = atomic_load(&ear->cycle_count);
	if (!ear->times || event->kind != EVENT_ONSET || count == 0)
		return true;
	return (double)(ear->cycles[count - 1].frame - event->frame) >
	       (LOOK_AHEAD_S + LOOK_AHEAD_MARGIN_S) * ear->rate;
}

static void print_event(const struct ear *ear, const struct event *event)
{
	switch (event->kind) {
	case EVENT_ONSET:
		printf("onset %lld %.4f", (long long)event->frame, (double)event->peak);
		if (ear->times)
			printf(" %lld", (long long)converter_ns(ear, event->frame));
		putchar('\n');
		break;
	case EVENT_GAP:
		printf("gap %lld %lld\n", (long long)event->frame, (long long)event->frames);
		break;
	case EVENT_XRUN:
		printf("xrun %lld\n", (long long)event->frame);
		break;
	}
}

static void print_new(struct ear *ear, bool all)
{
	unsigned cycles = atomic_load(&ear->cycle_count);
	unsigned events = atomic_load(&ear->event_count);
	for (; ear->print_cycles && ear->cycles_printed < cycles; ear->cycles_printed++) {
		const struct cycle *cycle = &ear->cycles[ear->cycles_printed];
		printf("cycle %lld %u %lld\n", (long long)cycle->frame, cycle->frames,
		       (long long)cycle->ns);
	}
	for (; ear->events_printed < events; ear->events_printed++) {
		const struct event *event = &ear->events[ear->events_printed];
		if (!all && !ripe(ear, event))
			break;
		print_event(ear, event);
	}
	fflush(stdout);
}

/* ---- life -------------------------------------------------------------------- */

static int usage(void)
{
	fputs("usage: ear [--server NAME] [--port PORT] [--name NAME] [--seconds S] [--frames N]\n"
	      "           [--freewheel] [--times] [--cycles] [--threshold X]\n",
	      stderr);
	return 2;
}

static int read_options(struct ear *ear, int argc, char **argv)
{
	static const struct option table[] = {
		{"server", required_argument, NULL, 's'},
		{"port", required_argument, NULL, 'p'},
		{"name", required_argument, NULL, 'n'},
		{"seconds", required_argument, NULL, 'S'},
		{"frames", required_argument, NULL, 'f'},
		{"freewheel", no_argument, NULL, 'w'},
		{"times", no_argument, NULL, 't'},
		{"cycles", no_argument, NULL, 'c'},
		{"threshold", required_argument, NULL, 'x'},
		{NULL, 0, NULL, 0},
	};
	for (;;) {
		switch (getopt_long(argc, argv, "", table, NULL)) {
		case -1:
			return optind < argc ? usage() : 0;
		case 's':
			ear->server = optarg;
			break;
		case 'p':
			ear->port_name = optarg;
			break;
		case 'n':
			ear->name = optarg;
			break;
		case 'S':
			ear->seconds = strtod(optarg, NULL);
			break;
		case 'f':
			ear->frames_wanted = strtoll(optarg, NULL, 10);
			break;
		case 'w':
			ear->freewheel = true;
			break;
		case 't':
			ear->times = true;
			break;
		case 'c':
			ear->print_cycles = true;
			break;
		case 'x':
			ear->threshold = strtof(optarg, NULL);
			break;
		default:
			return usage();
		}
	}
}

static int open_client(struct ear *ear)
{
	jack_options_t how = JackNoStartServer | JackServerName;
	jack_set_error_function(on_error);
	jack_set_info_function(on_error);
	ear->client = jack_client_open(ear->name, how, NULL, ear->server);
	if (ear->client == NULL) {
		fprintf(stderr, "ear: no JACK server '%s'\n", ear->server);
		return -1;
	}
	ear->rate = jack_get_sample_rate(ear->client);
	ear->silence_frames = (uint32_t)(SILENCE_S * ear->rate);
	ear->port =
		jack_port_register(ear->client, "in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
	jack_set_process_callback(ear->client, on_process, ear);
	jack_set_xrun_callback(ear->client, on_xrun, ear);
	jack_on_shutdown(ear->client, on_shutdown, ear);
	return ear->port != NULL && jack_activate(ear->client) == 0 ? 0 : -1;
}

/* The port may not be there yet, or vanish and come back: try until it is. */
static void keep_connected(struct ear *ear)
{
	const char *own = jack_port_name(ear->port);
	if (jack_port_connected_to(ear->port, ear->port_name) ||
	    jack_port_by_name(ear->client, ear->port_name) == NULL)
		return;
	jack_connect(ear->client, ear->port_name, own);
}

static void begin(struct ear *ear)
{
	if (ear->freewheel)
		jack_set_freewheel(ear->client, 1);
	atomic_store(&ear->listening, true);
}

static void record(struct ear *ear, const sigset_t *ends)
{
	const struct timespec pause = {.tv_nsec = ear->freewheel ? 2000000 : 20000000};
	int64_t until = ear->seconds > 0 ? raw_ns() + (int64_t)(ear->seconds * 1e9) : INT64_MAX;
	begin(ear);
	while (!atomic_load(&ear->done) && raw_ns() < until) {
		if (sigtimedwait(ends, NULL, &pause) > 0)
			break;
		if (!ear->freewheel)
			keep_connected(ear);
		if (!ear->listening_printed && ear->begun) {
			printf("listening %lld\n", (long long)(ear->next_frame - ear->heard));
			ear->listening_printed = true;
		}
		print_new(ear, false);
	}
	atomic_store(&ear->done, true);
	if (ear->freewheel)
		jack_set_freewheel(ear->client, 0);
}

int main(int argc, char **argv)
{
	static struct ear ear = {.server = "default",
				 .port_name = "tactus:click",
				 .name = "ear",
				 .threshold = 1e-4f};
	sigset_t ends;
	int refused = read_options(&ear, argc, argv);
	if (refused != 0)
		return refused;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	ear.events = calloc(EVENTS_MAX, sizeof *ear.events);
	ear.cycles = calloc(CYCLES_MAX, sizeof *ear.cycles);
	if (ear.events == NULL || ear.cycles == NULL || open_client(&ear) < 0)
		return 1;
	keep_connected(&ear);
	record(&ear, &ends);
	jack_deactivate(ear.client);
	if (!ear.listening_printed && ear.begun)
		printf("listening %lld\n", (long long)(ear.next_frame - ear.heard));
	end_onset(&ear);
	print_new(&ear, true);
	printf("heard %lld\n", (long long)ear.heard);
	jack_client_close(ear.client);
	return 0;
}
