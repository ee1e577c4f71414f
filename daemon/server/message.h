/*
 * message.h - an outgoing text, serialised once however many phones get it.
 *
 * Reference counted; not atomic: loop thread only.
 */
#ifndef TACTUS_MESSAGE_H
#define TACTUS_MESSAGE_H

#include <jansson.h>
#include <stddef.h>

/* Room in front of the text for the WebSocket frame's header (LWS_PRE; checked in server_ws.c). */
#define MESSAGE_HEADROOM 32

struct message {
	unsigned references;
	size_t size;          /* of the text, without its end */
	unsigned char *bytes; /* headroom, then text */
};

/* The compact text of a JSON object; reference count 1. NULL on no memory. The object is borrowed. */
struct message *message_from_json(const json_t *object);

struct message *message_ref(struct message *message);

/* NULL is legal. */
void message_unref(struct message *message);

#endif
