/*
 * server_edge.h - private to server*.c: what the edge's files share.
 */
#ifndef TACTUS_SERVER_EDGE_H
#define TACTUS_SERVER_EDGE_H

#include "log.h"
#include "server.h"

#include <libwebsockets.h>

struct server_timer {
	lws_sorted_usec_list_t sul; /* first: the callback gets its address */
	struct server *server;
	int period_ms;
	void (*fn)(void *);
	void *user;
};

struct server_watched {
	int fd; /* lws's */
	void (*fn)(void *);
	void *user;
};

struct server {
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct server_options options;
	struct server_timer timers[SERVER_TIMERS_MAX];
	int timer_count;
	struct server_watched watches[SERVER_WATCHES_MAX];
	int watch_count;
	struct page *page;
	int signal_fd;
	int wires;
	bool stopping;
	struct log_limit refusals; /* of WebSockets */
};

/* The lws protocols: plain HTTP (and everything before an upgrade), tactus.v1, and what is no
 * connection. */
#define SERVER_PROTOCOL_WATCH "watch"
int server_http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
			 size_t size);
int server_ws_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
		       size_t size);
int server_watch_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
			  size_t size);

/* Bytes lws keeps for each connection of either protocol. */
size_t server_http_answer_size(void);
size_t server_ws_wire_size(void);

static inline struct server *server_of(struct lws *wsi)
{
	return lws_context_user(lws_get_context(wsi));
}

/* The Host header into `host`; false if there is none, or it doesn't fit. */
static inline bool server_host(struct lws *wsi, char *host, int size)
{
	return lws_hdr_copy(wsi, host, size, WSI_TOKEN_HOST) > 0;
}

#endif
