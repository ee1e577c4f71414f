#include "server_edge.h"

#include "clock.h"
#include "gate.h"
#include "limits.h"
#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_STATES_MAX 64    /* state messages waiting before they give way to one welcome */
#define QUEUE_REPLIES_MAX 256  /* answers waiting before the wire is given up */
#define QUEUE_REPLIES_PAUSE 64 /* answers waiting before no more requests are read */
/* All that a phone may ask for at once (pending.h) and that is stored comes at once when it is read. */
#define QUEUE_BYTES_MAX (3u << 20)
#define SKIP_MAX_US (2 * LWS_US_PER_SEC)

_Static_assert(MESSAGE_HEADROOM >= LWS_PRE, "lws wants more room in front of a message");

struct queued {
	struct queued *next;
	struct message *message; /* NULL: here a welcome makes up for states that were dropped */
	enum wire_kind kind;
};

/* lws allocates and zeroes one for each WebSocket. */
struct wire {
	struct lws *wsi;
	struct server *server;
	void *phone;
	struct queued *head;
	struct queued **tail;
	int states;
	int replies;
	size_t bytes;
	bool paused; /* nothing is read until answers are out */
	bool behind; /* such a place is in the queue */
	char *frame; /* a text frame that is still coming in pieces */
	size_t frame_size;
	bool skipping;    /* the rest of a frame that was refused; a goodbye waits for its end */
	int close_status; /* 0: stay */
	char close_reason[64];
};

size_t server_ws_wire_size(void)
{
	return sizeof(struct wire);
}

/* ---- outgoing ---------------------------------------------------------- */

static void count(struct wire *wire, const struct queued *entry, int one)
{
	if (entry->kind == WIRE_STATE)
		wire->states += one;
	else
		wire->replies += one;
}

static void put_in(struct wire *wire, struct queued *entry, struct message *message)
{
	entry->message = message_ref(message);
	wire->bytes += message->size;
	count(wire, entry, 1);
}

static void take_out(struct wire *wire, struct queued *entry)
{
	if (!entry->message)
		return;
	wire->bytes -= entry->message->size;
	count(wire, entry, -1);
	message_unref(entry->message);
	entry->message = NULL;
}

static void drop_queued(struct wire *wire, struct queued **at)
{
	struct queued *entry = *at;
	*at = entry->next;
	if (wire->tail == &entry->next)
		wire->tail = at;
	take_out(wire, entry);
	free(entry);
}

/* The first of them keeps its place, empty: what is made up for there comes ahead of the answers that
 * stand behind it, as each `state` does. */
static void drop_states(struct wire *wire)
{
	struct queued **at = &wire->head;
	while (*at) {
		struct queued *entry = *at;
		if (entry->kind != WIRE_STATE) {
			at = &entry->next;
		} else if (wire->behind) {
			drop_queued(wire, at);
		} else {
			take_out(wire, entry);
			wire->behind = true;
			at = &entry->next;
		}
	}
}

/* One that asks faster than its answers go out is read more slowly. */
static void pause_reading(struct wire *wire)
{
	bool pause = wire->replies > (wire->paused ? QUEUE_REPLIES_PAUSE / 2 : QUEUE_REPLIES_PAUSE);
	if (pause == wire->paused)
		return;
	wire->paused = pause;
	lws_rx_flow_control(wire->wsi, !pause);
}

static void append(struct wire *wire, struct message *message, enum wire_kind kind)
{
	struct queued *entry = malloc(sizeof *entry);
	if (!entry) {
		wire_close(wire, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, "out of memory");
		return;
	}
	*entry = (struct queued){.kind = kind};
	put_in(wire, entry, message);
	*wire->tail = entry;
	wire->tail = &entry->next;
}

/* The largest does not count: one big welcome must get out, whatever its size. */
static bool too_many_bytes(const struct wire *wire)
{
	size_t largest = 0;
	if (wire->bytes <= QUEUE_BYTES_MAX)
		return false;
	for (const struct queued *entry = wire->head; entry; entry = entry->next)
		if (entry->message && entry->message->size > largest)
			largest = entry->message->size;
	return wire->bytes - largest > QUEUE_BYTES_MAX;
}

void wire_send(struct wire *wire, struct message *message, enum wire_kind kind)
{
	if (!message || wire->close_status)
		return;
	if (kind == WIRE_STATE && wire->behind)
		return; /* the welcome that makes up for it will hold this too */
	append(wire, message, kind);
	if (wire->states > QUEUE_STATES_MAX || (wire->states > 0 && too_many_bytes(wire)))
		drop_states(wire);
	if (wire->replies > QUEUE_REPLIES_MAX || too_many_bytes(wire))
		wire_close(wire, LWS_CLOSE_STATUS_POLICY_VIOLATION, "too slow");
	pause_reading(wire);
	lws_callback_on_writable(wire->wsi);
}

void wire_close(struct wire *wire, int status, const char *reason)
{
	if (wire->close_status)
		return;
	wire->close_status = status;
	strncpy(wire->close_reason, reason, sizeof wire->close_reason - 1);
	/* One that does not read would keep the goodbye waiting for ever. */
	lws_set_timeout(wire->wsi, PENDING_TIMEOUT_CLOSE_SEND, 3);
	lws_callback_on_writable(wire->wsi);
}

/* The empty place has come to the head: all that has changed by now is in the welcome. */
static void catch_up(struct wire *wire)
{
	const struct server_options *options = &wire->server->options;
	struct message *message = options->handlers->caught_up(options->user, wire->phone);
	wire->behind = false;
	wire->head->kind = WIRE_REPLY;
	if (message)
		put_in(wire, wire->head, message);
	else
		drop_queued(wire, &wire->head);
	message_unref(message);
}

static int write_one(struct wire *wire)
{
	if (wire->head && !wire->head->message)
		catch_up(wire);
	if (!wire->head) {
		if (!wire->close_status || wire->skipping)
			return 0;
		lws_close_reason(wire->wsi, (enum lws_close_status)wire->close_status,
				 (unsigned char *)wire->close_reason, strlen(wire->close_reason));
		return -1;
	}
	struct message *message = wire->head->message;
	int sent = lws_write(wire->wsi, message->bytes + MESSAGE_HEADROOM, message->size,
			     LWS_WRITE_TEXT);
	bool failed = sent < (int)message->size;
	drop_queued(wire, &wire->head);
	pause_reading(wire);
	if (wire->head || wire->close_status)
		lws_callback_on_writable(wire->wsi);
	return failed ? -1 : 0;
}

/* ---- incoming ---------------------------------------------------------- */

static void forget_frame(struct wire *wire)
{
	free(wire->frame);
	wire->frame = NULL;
	wire->frame_size = 0;
}

static void refuse_frame(struct wire *wire, enum wire_fault fault)
{
	const struct server_options *options = &wire->server->options;
	forget_frame(wire);
	wire->skipping = true;
	options->handlers->fault(options->user, wire->phone, fault);
	if (fault != WIRE_FAULT_SIZE)
		return;
	wire_close(wire, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE,
		   "a frame may have 65536 bytes at most");
	/* To hang up on a sender resets the connection, and it never reads why: hear it out a while. */
	lws_set_timer_usecs(wire->wsi, SKIP_MAX_US);
}

static void skipped(struct wire *wire)
{
	wire->skipping = false;
	if (wire->close_status)
		lws_callback_on_writable(wire->wsi);
}

static int grow_frame(struct wire *wire, const void *piece, size_t size)
{
	char *grown = realloc(wire->frame, wire->frame_size + size + 1);
	if (!grown)
		return -ENOMEM;
	memcpy(grown + wire->frame_size, piece, size);
	wire->frame = grown;
	wire->frame_size += size;
	grown[wire->frame_size] = '\0';
	return 0;
}

static int receive(struct wire *wire, const void *piece, size_t size)
{
	const struct server_options *options = &wire->server->options;
	bool last =
		lws_is_final_fragment(wire->wsi) && lws_remaining_packet_payload(wire->wsi) == 0;
	if (wire->close_status && !wire->skipping)
		return 0;
	if (!wire->skipping) {
		if (lws_frame_is_binary(wire->wsi))
			refuse_frame(wire, WIRE_FAULT_BINARY);
		else if (wire->frame_size + size > LIMIT_FRAME_MAX_BYTES)
			refuse_frame(wire, WIRE_FAULT_SIZE);
		else if (grow_frame(wire, piece, size) < 0)
			return -1;
	}
	if (!last)
		return 0;
	if (!wire->skipping)
		options->handlers->received(options->user, wire->phone, wire->frame,
					    wire->frame_size);
	skipped(wire);
	forget_frame(wire);
	return 0;
}

/* ---- coming and going -------------------------------------------------- */

/* Only /ws, only from our own page or from a program, and only under our own name. */
static int admit(struct lws *wsi)
{
	struct server *server = server_of(wsi);
	char uri[64] = "";
	char host[300] = "";
	char origin[300] = "";
	lws_hdr_copy(wsi, uri, sizeof uri, WSI_TOKEN_GET_URI);
	if (strcmp(uri, "/ws") != 0 || !server_host(wsi, host, sizeof host) ||
	    !gate_host_ok(server->options.gate, host)) {
		log_event_limited(&server->refusals, clock_now_ns(), LOG_LEVEL_WARNING,
				  "WebSocket refused: host \"%s\", path \"%s\"", host, uri);
		return -1;
	}
	int origin_size = lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN);
	if (origin_size == 0)
		return 0;
	if (lws_hdr_copy(wsi, origin, sizeof origin, WSI_TOKEN_ORIGIN) <= 0 ||
	    !gate_origin_ok(origin, host)) {
		log_event_limited(&server->refusals, clock_now_ns(), LOG_LEVEL_WARNING,
				  "WebSocket refused: origin \"%s\" at host \"%s\"", origin, host);
		return -1;
	}
	return 0;
}

static int established(struct lws *wsi, struct wire *wire)
{
	char address[64] = "";
	memset(wire, 0, sizeof *wire);
	wire->wsi = wsi;
	wire->server = server_of(wsi);
	wire->tail = &wire->head;
	lws_get_peer_simple(wsi, address, sizeof address);
	const struct server_options *options = &wire->server->options;
	wire->server->wires++;
	wire->phone = options->handlers->opened(options->user, wire, address);
	return wire->phone ? 0 : -1;
}

static void closed(struct wire *wire)
{
	if (!wire || !wire->server)
		return; /* refused by admit(): lws closes what was never established, too */
	const struct server_options *options = &wire->server->options;
	wire->server->wires--;
	if (wire->phone)
		options->handlers->closed(options->user, wire->phone);
	while (wire->head)
		drop_queued(wire, &wire->head);
	forget_frame(wire);
}

int server_ws_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
		       size_t size)
{
	struct wire *wire = user;
	switch (reason) {
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
		return admit(wsi);
	case LWS_CALLBACK_ESTABLISHED:
		return established(wsi, wire);
	case LWS_CALLBACK_RECEIVE:
		return receive(wire, in, size);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return write_one(wire);
	case LWS_CALLBACK_TIMER:
		skipped(wire);
		return 0;
	case LWS_CALLBACK_CLOSED:
		closed(wire);
		return 0;
	default:
		return 0;
	}
}
