/*
 * server.h - the daemon's edge to the network: HTTP/1.1 and WebSocket.
 *
 * The event loop lives here. Above it, a connection is a `wire`: text comes in
 * whole and below LIMIT_FRAME_MAX_BYTES, messages go out through a queue that is
 * bounded for each. Files of server_*.c alone include libwebsockets.h.
 *
 * Who may come in is decided here by gate.h (Host, Origin); HTTP/2 is refused.
 *
 * Thread: all functions and all handlers run on the loop's thread, but for
 * server_wake().
 */
#ifndef TACTUS_SERVER_H
#define TACTUS_SERVER_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server;
struct wire;
struct gate;

enum wire_fault {
	WIRE_FAULT_SIZE,  /* a frame over the limit; the wire is closed after the handler */
	WIRE_FAULT_BINARY /* a binary frame; dropped, the wire stays */
};

/* What the rules do with what comes in. `user` is server_options.user. */
struct server_handlers {
	/* A WebSocket is open; address is the peer's, textual. The return value is kept as
	 * the wire's `phone`; NULL refuses (too many). */
	void *(*opened)(void *user, struct wire *wire, const char *address);
	/* One whole text frame. text[size] is 0. */
	void (*received)(void *user, void *phone, const char *text, size_t size);
	void (*fault)(void *user, void *phone, enum wire_fault fault);
	/* State messages were dropped because the wire is slow: returns what makes up for them
	 * (a fresh welcome; the server takes the reference), or NULL. */
	struct message *(*caught_up)(void *user, void *phone);
	void (*closed)(void *user, void *phone);
	/* server_wake() was called. */
	void (*woken)(void *user);
	/* Body of GET /healthz and /metrics: malloc'd text (the server frees), NULL on no memory.
	 * *healthy false makes it a 503. */
	char *(*health)(void *user, bool *healthy);
	char *(*metrics)(void *user);
	/* True if that is a join code; it is then spelled in place as the link has it. */
	bool (*code_ok)(void *user, char *code);
};

struct server_options {
	const char *bind;    /* address to listen on; NULL: all */
	int port;            /* 1..65535 */
	const char *web_dir; /* the page's files */
	const struct gate *gate;
	const struct server_handlers *handlers;
	void *user;
};

/* Listen. 0, or -errno with a sentence in `message`: port in use, page not there. */
int server_open(struct server **out, const struct server_options *options, char *message,
		size_t message_size);
void server_close(struct server *server);

/* Run the loop until server_stop(), SIGINT or SIGTERM (which must be blocked in all threads). */
void server_run(struct server *server);
void server_stop(struct server *server);

/* Have `woken` called soon; user is the server. Thread: any. */
void server_wake(void *user);

/* Call fn every `period_ms`, from the loop; at most SERVER_TIMERS_MAX of them. 0 or -ENOSPC. */
#define SERVER_TIMERS_MAX 4
int server_every(struct server *server, int period_ms, void (*fn)(void *), void *user);

/* Call fn, from the loop, as long as there is something to be read from fd; at most
 * SERVER_WATCHES_MAX of them. fd is borrowed: the caller closes it after server_close().
 * 0 or -errno. */
#define SERVER_WATCHES_MAX 4
int server_watch(struct server *server, int fd, void (*fn)(void *), void *user);

/* Queue a message. State may be dropped under pressure (then caught_up is asked); a reply never
 * is, but a wire that lets too many pile up is closed. Takes no reference of the caller's. */
enum wire_kind { WIRE_REPLY, WIRE_STATE };
void wire_send(struct wire *wire, struct message *message, enum wire_kind kind);

/* Close with a WebSocket status once what is queued is out. */
void wire_close(struct wire *wire, int status, const char *reason);

/* Open WebSockets now. */
int server_wires(const struct server *server);

#endif
