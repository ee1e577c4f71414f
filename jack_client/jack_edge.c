#include "jack_edge.h"

#include "clock.h"
#include "say.h"

#include <errno.h>
#include <jack/jack.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PORT_NAME_BYTES 512 /* more than JACK's own limit of 320 */
/* A client that was killed keeps its name until the server has buried it. */
#define NAME_TRIES 40
#define NAME_PAUSE_NS 50000000

struct jack_edge {
	const struct options *options;
	jack_client_t *client;
	jack_port_t *port;
	struct process *process;
	atomic_bool ports_changed;           /* set in a thread of libjack's, taken by main's */
	bool connected[OPTIONS_CONNECT_MAX]; /* [0] also for the card's own port */
	bool missing_told;
	unsigned xruns_told;
};

/* ---- callbacks: each says which of libjack's threads calls it -------------- */

/* Real-time thread. */
static int on_process(jack_nframes_t frames, void *arg)
{
	struct jack_edge *edge = arg;
	struct process_cycle cycle = {.now_ns = clock_now_ns(), .frames = frames};
	cycle.frame = jack_last_frame_time(edge->client);
	process_run(edge->process, &cycle, jack_port_get_buffer(edge->port, frames));
	return 0;
}

/* Notification thread, or main (from activate). */
static void read_latency(struct jack_edge *edge)
{
	jack_latency_range_t range;
	jack_port_get_latency_range(edge->port, JackPlaybackLatency, &range);
	atomic_store(&edge->process->asked.latency_frames, range.max);
}

/* Notification thread. */
static void on_latency(jack_latency_callback_mode_t mode, void *arg)
{
	if (mode == JackPlaybackLatency)
		read_latency(arg);
}

/* Notification thread. */
static int on_xrun(void *arg)
{
	struct jack_edge *edge = arg;
	atomic_fetch_add(&edge->process->asked.xruns, 1);
	return 0;
}

/* Notification thread; the driver stands still meanwhile. */
static void on_freewheel(int starting, void *arg)
{
	struct jack_edge *edge = arg;
	atomic_store(&edge->process->asked.freewheeling, starting != 0);
	say(starting ? "freewheeling" : "no longer freewheeling");
}

/* Notification thread. */
static void on_port(jack_port_id_t port, int registered, void *arg)
{
	struct jack_edge *edge = arg;
	(void)port;
	(void)registered;
	atomic_store(&edge->ports_changed, true);
}

/* A thread of libjack's; the client is dead already. */
static void on_shutdown(jack_status_t code, const char *reason, void *arg)
{
	(void)code;
	(void)arg;
	say("the JACK server went away (%s); ending, so that I am started again", reason);
	_exit(1);
}

static void on_jack_error(const char *text)
{
	say("libjack: %s", text);
}

static void on_jack_silence(const char *text)
{
	(void)text;
}

/* ---- opening --------------------------------------------------------------- */

static jack_client_t *try_open(const struct options *options, jack_status_t *status)
{
	jack_options_t how = JackNoStartServer | JackUseExactName | JackServerName;
	return jack_client_open(options->name, how, status, options->server);
}

/* A server is there but did not take us: of all reasons only a name in use goes away by itself.
 * (libjack 1.9.21 overwrites JackNameNotUnique with JackServerError on the way out.) */
static bool refused(const jack_client_t *client, jack_status_t status)
{
	return client == NULL && !(status & (JackServerFailed | JackVersionError));
}

static jack_client_t *open_client(const struct options *options)
{
	const struct timespec pause = {.tv_nsec = NAME_PAUSE_NS};
	jack_status_t status = 0;
	jack_client_t *client = try_open(options, &status);
	for (int i = 0; refused(client, status) && i < NAME_TRIES; i++) {
		nanosleep(&pause, NULL);
		client = try_open(options, &status);
	}
	if (refused(client, status))
		say("JACK server '%s' does not take a client '%s' (status 0x%x); most likely it "
		    "has one already: end that one, or give another --name",
		    options->server, options->name, (unsigned)status);
	else if (client == NULL)
		say("no JACK server '%s' to play on (status 0x%x); start it, for example with "
		    "'jackd -n %s -d alsa', or name another with --server",
		    options->server, (unsigned)status, options->server);
	return client;
}

static int set_callbacks(struct jack_edge *edge)
{
	jack_on_info_shutdown(edge->client, on_shutdown, edge);
	int failed = jack_set_process_callback(edge->client, on_process, edge);
	failed |= jack_set_xrun_callback(edge->client, on_xrun, edge);
	failed |= jack_set_freewheel_callback(edge->client, on_freewheel, edge);
	failed |= jack_set_latency_callback(edge->client, on_latency, edge);
	failed |= jack_set_port_registration_callback(edge->client, on_port, edge);
	return failed != 0 ? -EIO : 0;
}

int jack_edge_open(struct jack_edge **out, const struct options *options)
{
	struct jack_edge *edge = calloc(1, sizeof *edge);
	if (edge == NULL)
		return -ENOMEM;
	edge->options = options;
	/* libjack's own lines on a missing server say less than ours. */
	jack_set_error_function(on_jack_silence);
	jack_set_info_function(on_jack_silence);
	edge->client = open_client(options);
	if (edge->client == NULL) {
		free(edge);
		return -ENOENT;
	}
	jack_set_error_function(on_jack_error);
	edge->port = jack_port_register(edge->client, "click", JACK_DEFAULT_AUDIO_TYPE,
					JackPortIsOutput | JackPortIsTerminal, 0);
	if (edge->port == NULL) {
		say("JACK server '%s' has no port left for the click (jackd --port-max)",
		    options->server);
		jack_edge_close(edge);
		return -ENOSPC;
	}
	*out = edge;
	return 0;
}

uint32_t jack_edge_rate_hz(const struct jack_edge *edge)
{
	return jack_get_sample_rate(edge->client);
}

/* ---- connections ----------------------------------------------------------- */

static const char *first_physical(struct jack_edge *edge, char *name, size_t size)
{
	const char **ports = jack_get_ports(edge->client, NULL, JACK_DEFAULT_AUDIO_TYPE,
					    JackPortIsPhysical | JackPortIsInput);
	bool found = ports != NULL && ports[0] != NULL;
	if (found)
		snprintf(name, size, "%s", ports[0]);
	jack_free(ports);
	return found ? name : NULL;
}

static void tell_missing(struct jack_edge *edge, const char *port)
{
	if (!edge->missing_told)
		say("JACK has no port %s yet; I connect when it appears (jack_lsp lists them)",
		    port != NULL ? port : "of a card to play into");
	edge->missing_told = true;
}

static void connect_to(struct jack_edge *edge, const char *port)
{
	const char *own = jack_port_name(edge->port);
	int error = jack_connect(edge->client, own, port);
	if (error == 0)
		say("%s plays into %s", own, port);
	else if (error != EEXIST)
		say("JACK will not connect %s to '%s'; is that an audio input port?", own, port);
}

/* Once for each time that the port appears: what somebody disconnects later stays so. */
static void follow_port(struct jack_edge *edge, unsigned i, const char *port)
{
	bool there = port != NULL && jack_port_by_name(edge->client, port) != NULL;
	if (!there)
		tell_missing(edge, port);
	else if (!edge->connected[i])
		connect_to(edge, port);
	edge->connected[i] = there;
}

static void connect_all(struct jack_edge *edge)
{
	const struct options *options = edge->options;
	char card[PORT_NAME_BYTES];
	if (options->connect_none)
		return;
	if (options->connects == 0)
		follow_port(edge, 0, first_physical(edge, card, sizeof card));
	for (unsigned i = 0; i < options->connects; i++)
		follow_port(edge, i, options->connect[i]);
	jack_recompute_total_latencies(edge->client);
	read_latency(edge);
}

int jack_edge_activate(struct jack_edge *edge, struct process *process)
{
	edge->process = process;
	if (set_callbacks(edge) < 0 || jack_activate(edge->client) != 0) {
		say("JACK server '%s' does not let me run", edge->options->server);
		return -EIO;
	}
	connect_all(edge);
	return 0;
}

void jack_edge_look_after(struct jack_edge *edge)
{
	unsigned xruns = atomic_load(&edge->process->asked.xruns);
	if (atomic_exchange(&edge->ports_changed, false))
		connect_all(edge);
	if (xruns != edge->xruns_told)
		say("xruns: %u, %u since the start", xruns - edge->xruns_told, xruns);
	edge->xruns_told = xruns;
}

void jack_edge_close(struct jack_edge *edge)
{
	if (edge == NULL)
		return;
	if (edge->client != NULL)
		jack_client_close(edge->client);
	free(edge);
}
