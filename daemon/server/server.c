#include "server_edge.h"

#include "address.h"
#include "limits.h"
#include "log.h"
#include "page.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define PROTOCOL_WS "tactus.v1"

/* A phone that says nothing at all for so long is gone: our own ping first, then hang up. */
static const lws_retry_bo_t idle_policy = {
	.secs_since_valid_ping = 10,
	.secs_since_valid_hangup = 20,
};

/* SIGINT and SIGTERM come through the loop like everything else. */
static void signal_came(void *user)
{
	struct server *server = user;
	struct signalfd_siginfo info;
	if (read(server->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
		log_event(LOG_LEVEL_INFO, "signal %u: stopping", info.ssi_signo);
	server_stop(server);
}

static int watch_signals(struct server *server)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	server->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (server->signal_fd < 0)
		return -errno;
	return server_watch(server, server->signal_fd, signal_came, server);
}

static void lws_line(int level, const char *line)
{
	size_t size = strcspn(line, "\n");
	log_event(level & LLL_ERR ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "lws: %.*s", (int)size,
		  line);
}

static int create_context(struct server *server)
{
	/* lws keeps this table by pointer for as long as the context lives. */
	static struct lws_protocols protocols[] = {
		{.name = "http", .callback = server_http_callback},
		{.name = PROTOCOL_WS, .callback = server_ws_callback},
		{.name = SERVER_PROTOCOL_WATCH, .callback = server_watch_callback},
		{.name = NULL},
	};
	protocols[0].per_session_data_size = server_http_answer_size();
	protocols[1].per_session_data_size = server_ws_wire_size();
	protocols[1].rx_buffer_size = 4096;
	struct lws_context_creation_info info = {
		.port = server->options.port,
		.iface = server->options.bind,
		.protocols = protocols,
		.user = server,
		.gid = -1,
		.uid = -1,
		.alpn = "http/1.1",
		.retry_and_idle_policy = &idle_policy,
		.keepalive_timeout = 30,
		.timeout_secs = 10,
		.server_string = "tactus",
		.pt_serv_buf_size = 16384,
		.fd_limit_per_thread = 1200,
		.options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
			   LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
	};
	lws_set_log_level(LLL_ERR, lws_line);
	server->context = lws_create_context(&info);
	if (!server->context)
		return -ENOMEM;
	server->vhost = lws_create_vhost(server->context, &info);
	return server->vhost ? 0 : -EADDRINUSE;
}

int server_open(struct server **out, const struct server_options *options, char *message,
		size_t message_size)
{
	struct server *server = calloc(1, sizeof *server);
	if (!server)
		return -ENOMEM;
	server->options = *options;
	server->signal_fd = -1;
	int result = page_open(&server->page, options->web_dir);
	if (result < 0) {
		snprintf(message, message_size,
			 "no page in %s: name the folder with index.html by --web",
			 options->web_dir);
		goto fail;
	}
	/* lws would wait for such an interface to come, and say nothing. */
	result = options->bind ? address_check(options->bind) : 0;
	if (result < 0) {
		snprintf(message, message_size,
			 "cannot listen on %s: %s; give an address or an interface of this box to "
			 "--bind, or leave it out",
			 options->bind, strerror(-result));
		goto fail;
	}
	result = create_context(server);
	if (result < 0) {
		snprintf(message, message_size,
			 "cannot listen on %s port %d: is another program there? Choose another "
			 "with --port",
			 options->bind ? options->bind : "any address,", options->port);
		goto fail;
	}
	result = watch_signals(server);
	if (result < 0) {
		snprintf(message, message_size, "cannot watch signals: %s", strerror(-result));
		goto fail;
	}
	*out = server;
	return 0;
fail:
	server_close(server);
	return result;
}

void server_close(struct server *server)
{
	if (!server)
		return;
	if (server->context)
		lws_context_destroy(server->context);
	if (server->signal_fd >= 0)
		close(server->signal_fd);
	page_close(server->page);
	free(server);
}

void server_run(struct server *server)
{
	while (!server->stopping && lws_service(server->context, 0) >= 0)
		;
}

void server_stop(struct server *server)
{
	server->stopping = true;
	lws_cancel_service(server->context);
}

void server_wake(void *user)
{
	struct server *server = user;
	lws_cancel_service(server->context);
}

static void timer_fired(lws_sorted_usec_list_t *sul)
{
	struct server_timer *timer = lws_container_of(sul, struct server_timer, sul);
	timer->fn(timer->user);
	lws_sul_schedule(timer->server->context, 0, &timer->sul, timer_fired,
			 (lws_usec_t)timer->period_ms * LWS_US_PER_MS);
}

int server_every(struct server *server, int period_ms, void (*fn)(void *), void *user)
{
	if (server->timer_count == SERVER_TIMERS_MAX)
		return -ENOSPC;
	struct server_timer *timer = &server->timers[server->timer_count++];
	timer->server = server;
	timer->period_ms = period_ms;
	timer->fn = fn;
	timer->user = user;
	lws_sul_schedule(server->context, 0, &timer->sul, timer_fired,
			 (lws_usec_t)period_ms * LWS_US_PER_MS);
	return 0;
}

int server_wires(const struct server *server)
{
	return server->wires;
}
