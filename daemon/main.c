/*
 * tactusd - coordinates sessions: creates what it needs in order, runs the loop,
 * takes it down in reverse.
 */
#include "archive.h"
#include "archive_job.h"
#include "clock.h"
#include "command.h"
#include "gate.h"
#include "health.h"
#include "hub.h"
#include "log.h"
#include "options.h"
#include "pin.h"
#include "presence.h"
#include "restore.h"
#include "session_sql.h"
#include "tick.h"
#include "token.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define PHONES_MAX 1000
#define TICK_MS 50

/* ---- what the server hands up ------------------------------------------ */

static void *phone_opened(void *user, struct wire *wire, const char *address)
{
	struct hub *hub = user;
	if (server_wires(hub->server) > PHONES_MAX) {
		log_event(LOG_LEVEL_WARNING, "refused %s: %d phones are connected already", address,
			  PHONES_MAX);
		return NULL;
	}
	return hub_phone_add(hub, wire, address);
}

static void phone_received(void *user, void *phone, const char *text, size_t size)
{
	command_take(user, phone, text, size);
}

static void phone_fault(void *user, void *phone, enum wire_fault fault)
{
	if (fault == WIRE_FAULT_SIZE)
		reply_error(user, phone, NULL, "frame_size", NULL,
			    "a frame may have %d bytes at most: send less at a time",
			    LIMIT_FRAME_MAX_BYTES);
	else
		reply_error(user, phone, NULL, "binary_frame", NULL,
			    "only text frames are understood: send JSON as text");
}

static struct message *phone_caught_up(void *user, void *of)
{
	const struct phone *phone = of;
	if (!phone->room)
		return NULL;
	json_t *welcome = hub_welcome(user, phone);
	struct message *message = message_from_json(welcome);
	json_decref(welcome);
	return message;
}

static void phone_closed(void *user, void *phone)
{
	hub_phone_remove(user, phone);
}

static void store_ready(void *user)
{
	struct hub *hub = user;
	store_collect(hub->store);
}

static bool code_ok(void *user, char *code)
{
	char normal[LIMIT_CODE_LENGTH + 1];
	(void)user;
	if (code_normalise(code, normal) < 0)
		return false;
	strcpy(code, normal); /* never longer than it was */
	return true;
}

static const struct server_handlers handlers = {
	.opened = phone_opened,
	.received = phone_received,
	.fault = phone_fault,
	.caught_up = phone_caught_up,
	.closed = phone_closed,
	.woken = store_ready,
	.health = health_json,
	.metrics = health_metrics,
	.code_ok = code_ok,
};

/* ---- start ------------------------------------------------------------- */

/* systemd's watchdog bites if the loop stands still. */
static void feed_watchdog(void *user)
{
	(void)user;
	sd_notify(0, "WATCHDOG=1");
}

static void block_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void slots_read(void *user, const struct store_result *result)
{
	struct hub *hub = user;
	if (result->status == STORE_OK)
		hub->slots = json_incref(json_object_get(result->row, "slots_json"));
}

static int open_server(struct hub *hub, const struct options *options, const struct gate *gate,
		       char *message, size_t size)
{
	struct server_options server = {
		.bind = options->bind[0] ? options->bind : NULL,
		.port = options->port,
		.web_dir = options->web_dir,
		.gate = gate,
		.handlers = &handlers,
		.user = hub,
	};
	int result = server_open(&hub->server, &server, message, size);
	if (result < 0)
		return result;
	store_wake_by(hub->store, server_wake, hub->server);
	server_wake(hub->server); /* results may wait already */
	return 0;
}

static int open_store(struct hub *hub, const struct options *options, char *message, size_t size)
{
	char path[OPTIONS_PATH_MAX + 16];
	snprintf(path, sizeof path, "%s/tactus.db", options->state_dir);
	int result = store_open(&hub->store, path, NULL, NULL, message, size);
	if (result < 0)
		return result;
	struct store_job job = {
		.steps = session_sql_slots,
		.params = json_object(),
		.done = slots_read,
		.user = hub,
	};
	result = store_run(hub->store, &job);
	return result < 0 ? result : recent_load(hub->recent, hub->store);
}

static void open_clock(struct hub *hub)
{
	hub->offset_ns = air_offset_ns(hub->air);
	snprintf(hub->clock_id, sizeof hub->clock_id, "%016llx",
		 (unsigned long long)hub->offset_ns);
}

/* A hostname that browsers cannot send shall not take the names that were given with it. */
static void open_gate(struct gate *gate, const struct options *options)
{
	char host[256] = "localhost";
	gethostname(host, sizeof host - 1);
	if (gate_init(gate, host, options->host_name) == 0)
		return;
	log_event(
		LOG_LEVEL_WARNING,
		"the box's name \"%s\" cannot be used as an address, or there are too many names: "
		"browsers know the box as localhost, by its IP address and by --host-name",
		host);
	gate_init(gate, NULL, options->host_name);
}

/* Without it the box plays on; only --backup and its likes find nobody then. */
static struct control *open_control(struct hub *hub, const struct archive_place *place)
{
	char message[400];
	struct control *control = NULL;
	archive_job_sweep(place->state_dir);
	if (control_open(&control, hub->server, place->state_dir, archive_verbs, (void *)place,
			 message, sizeof message) < 0)
		log_event(LOG_LEVEL_WARNING, "%s", message);
	return control;
}

static int run(struct hub *hub, const struct options *options, char *message, size_t size)
{
	struct gate gate;
	open_gate(&gate, options);
	int result = ring_guard_install();
	if (result < 0) {
		snprintf(message, size, "cannot guard shared memory: %s", strerror(-result));
		return result;
	}
	if ((result = open_store(hub, options, message, size)) < 0 ||
	    (result = air_open(&hub->air, options->region, message, size)) < 0)
		return result;
	open_clock(hub);
	restore_on_air(hub);
	if ((result = open_server(hub, options, &gate, message, size)) < 0)
		return result;
	const struct archive_place place = {hub->store, options->state_dir};
	struct control *control = open_control(hub, &place);
	server_every(hub->server, TICK_MS, tick, hub);
	server_every(hub->server, 1000, feed_watchdog, hub);
	log_event(LOG_LEVEL_INFO, "listening on port %d, region %s, state %s%s", options->port,
		  options->region, options->state_dir, hub->pin[0] ? "" : ", no PIN asked");
	sd_notify(0, "READY=1");
	server_run(hub->server);
	control_close(control);
	sd_notify(0, "STOPPING=1");
	return 0;
}

static void close_all(struct hub *hub)
{
	struct server *server = hub->server;
	if (hub->store)
		store_wake_by(hub->store, NULL, NULL);
	server_close(server);
	hub->server = NULL;
	for (struct room *room = hub->rooms; room; room = room->next)
		session_sql_keep_rest(hub, room);
	if (hub->store) {
		presence_keep(hub, true);
		recent_keep_rest(hub->recent, hub->store,
				 clock_to_unix_ms(clock_now_ns(), hub->offset_ns));
	}
	store_close(hub->store);
	recent_free(hub->recent);
	json_decref(hub->presence.samples);
	air_close(hub->air);
	guard_free(hub->guard);
	while (hub->rooms) {
		struct room *room = hub->rooms;
		hub->rooms = room->next;
		room_free(room);
	}
	json_decref(hub->slots);
}

static int load_pin(struct options *options)
{
	char message[700];
	bool made;
	if (options->pin_given)
		return 0;
	int result = pin_load(options->state_dir, options->pin, &made, message, sizeof message);
	if (result < 0)
		log_event(LOG_LEVEL_ERROR, "%s", message);
	else if (made)
		log_event(LOG_LEVEL_INFO, "made a PIN: it is in %s/pin", options->state_dir);
	return result;
}

int main(int argc, char **argv)
{
	struct options options;
	struct hub hub = {0};
	char message[700] = "";
	enum options_result read = options_read(&options, argc, argv);
	if (read != OPTIONS_RUN)
		return read == OPTIONS_DONE ? EXIT_SUCCESS : 2;
	if (options.archive != ARCHIVE_NONE)
		return archive_run(options.archive, options.archive_file, options.state_dir);
	block_signals();
	if (load_pin(&options) < 0)
		return EXIT_FAILURE;
	hub.pin = options.pin;
	hub.guard = guard_new();
	hub.recent = recent_new();
	int result = hub.guard && hub.recent ? run(&hub, &options, message, sizeof message) : -1;
	if (result < 0)
		log_event(LOG_LEVEL_ERROR, "%s", message[0] ? message : "out of memory");
	close_all(&hub);
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
