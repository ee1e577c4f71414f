/*
 * tactus-click: creates things in order, waits for signals, destroys in reverse.
 *
 *   regions (tempo to read, status to write) -> JACK client -> sounds -> process -> callback
 */
#include "clock.h"
#include "jack_edge.h"
#include "limits.h"
#include "options.h"
#include "process.h"
#include "say.h"
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define LOOKS_A_SECOND 4

struct click {
	struct options options;
	struct ring_reader *tempo;
	struct ring_writer *status;
	struct jack_edge *edge;
	struct sounds *sounds;
	struct process *process;
	enum ring_state tempo_state; /* as told last */
};

/* ---- signals --------------------------------------------------------------- */

/* Blocked before libjack makes its threads, so that only main takes them, in its own time. */
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGUSR1);
	sigprocmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* ---- regions --------------------------------------------------------------- */

static int open_tempo(struct click *click)
{
	char name[RING_NAME_MAX];
	int error = ring_name(name, click->options.region, TEMPO_PART);
	if (error == 0)
		error = ring_reader_open(&click->tempo, name, &tempo_shape);
	if (error < 0)
		say("cannot read region '%s': %s", click->options.region, strerror(-error));
	return error;
}

static int open_status(struct click *click)
{
	char name[RING_NAME_MAX];
	int error = ring_name(name, click->options.region, STATUS_PART);
	if (error == 0)
		error = ring_writer_open(&click->status, name, &status_shape,
					 clock_unix_offset_ns());
	if (error == -EBUSY)
		say("another tactus-click (process %d) plays on region '%s'; end it, or give "
		    "another --region",
		    (int)ring_writer_pid(name), click->options.region);
	else if (error < 0)
		say("cannot write status to region '%s': %s", click->options.region,
		    strerror(-error));
	return error;
}

static void look_at_tempo(struct click *click)
{
	enum ring_state state = ring_reader_refresh(click->tempo);
	if (state == click->tempo_state)
		return;
	if (state == RING_ATTACHED)
		say("tempo region of '%s' attached", click->options.region);
	else
		say("tempo region of '%s': %s; I keep what I have", click->options.region,
		    ring_state_text(state));
	click->tempo_state = state;
}

static void look_at_status(struct click *click)
{
	int mended = ring_writer_mend(click->status);
	if (mended > 0)
		say("status region of '%s' was damaged; mended", click->options.region);
	else if (mended < 0)
		say("status region of '%s' is damaged: %s", click->options.region,
		    strerror(-mended));
}

/* ---- life ------------------------------------------------------------------ */

/* What the click before this one wrote last; false: nothing that can be read. */
static bool read_legacy(struct click *click, struct status_record *out)
{
	uint64_t words[STATUS_WORDS];
	return ring_writer_newest(click->status, words) != 0 &&
	       status_record_unpack(words, out) == 0;
}

static int create_process(struct click *click)
{
	struct status_record legacy;
	uint32_t rate_hz = click->options.nominal_hz;
	if (rate_hz == 0)
		rate_hz = jack_edge_rate_hz(click->edge);
	if (rate_hz < LIMIT_RATE_MIN_HZ || rate_hz > LIMIT_RATE_MAX_HZ) {
		say("the JACK server runs at %u Hz; I play at 8000 to 384000", rate_hz);
		return -ERANGE;
	}
	click->sounds = sounds_create(rate_hz);
	click->process = calloc(1, sizeof *click->process);
	if (click->sounds == NULL || click->process == NULL) {
		say("out of memory");
		return -ENOMEM;
	}
	(void)mlock(click->process, sizeof *click->process);
	process_init(click->process, rate_hz, click->sounds, click->tempo, click->status,
		     read_legacy(click, &legacy) ? &legacy : NULL);
	return 0;
}

static int create(struct click *click)
{
	int error = ring_guard_install();
	if (error < 0) {
		say("cannot guard against damaged regions: %s", strerror(-error));
		return error;
	}
	if ((error = open_tempo(click)) < 0 || (error = open_status(click)) < 0 ||
	    (error = jack_edge_open(&click->edge, &click->options)) < 0 ||
	    (error = create_process(click)) < 0)
		return error;
	click->tempo_state = RING_ATTACHED;
	look_at_tempo(click);
	return jack_edge_activate(click->edge, click->process);
}

/* The callback uses all the rest: JACK goes first. */
static void destroy(struct click *click)
{
	jack_edge_close(click->edge);
	free(click->process);
	sounds_destroy(click->sounds);
	ring_writer_close(click->status);
	ring_reader_close(click->tempo);
}

static void look_after(struct click *click, unsigned look)
{
	look_at_tempo(click);
	jack_edge_look_after(click->edge);
	if (look % LOOKS_A_SECOND == 0)
		look_at_status(click);
}

/* Until a signal ends it. */
static void live(struct click *click, const sigset_t *set)
{
	const struct timespec pause = {.tv_nsec = BEAT_NS_PER_S / LOOKS_A_SECOND};
	for (unsigned look = 1;; look++) {
		int signal_number = sigtimedwait(set, NULL, &pause);
		if (signal_number == SIGUSR1) {
			atomic_fetch_add(&click->process->asked.stops, 1);
			say("stopped on the box; silent until the next start");
		} else if (signal_number > 0) {
			say("ending: %s", strsignal(signal_number));
			return;
		}
		look_after(click, look);
	}
}

static int play(const struct options *options)
{
	struct click click = {.options = *options};
	sigset_t set;
	block_signals(&set);
	int error = create(&click);
	if (error == 0) {
		say("ready on JACK server '%s', region '%s', %u Hz", options->server,
		    options->region, click.process->rate_hz);
		live(&click, &set);
	}
	destroy(&click);
	return error == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct options options;
	if (options_read(&options, argc, argv) < 0)
		return 2;
	if (options.help) {
		options_help(stdout);
		return EXIT_SUCCESS;
	}
	if (options.version) {
		puts("tactus-click " TACTUS_VERSION);
		return EXIT_SUCCESS;
	}
	if (options.stop)
		return stop_click(options.region) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	return play(&options);
}
