/*
 * hub.h - all that the event loop owns: who is connected, in which room, what is on
 * the air, and the ways to the store, the click and the phones.
 *
 * Commands (command.h) are functions over this. Nothing here blocks.
 *
 * Thread: loop, all of it.
 */
#ifndef TACTUS_HUB_H
#define TACTUS_HUB_H

#include "air.h"
#include "guard.h"
#include "log.h"
#include "presence_store.h"
#include "recent.h"
#include "room.h"
#include "server.h"
#include "store.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct pending;

/* One WebSocket as the rules see it. */
struct phone {
	struct phone *next;
	uint64_t serial; /* never reused: a job that comes back asks whether it is still there */
	struct wire *wire;
	char address[64];
	struct room *room; /* NULL until it has joined */
	bool welcomed;     /* has its snapshot: state messages make sense to it */
	bool parting;      /* the next state is its last one: see hub_part() */
	char user_id[UUID_TEXT];
	int64_t heard_ns;
	int pendings; /* of its requests, those that wait for the store: see pending.h */
};

struct hub {
	struct server *server;
	struct store *store;
	struct air *air;
	struct guard *guard;
	struct log_limit guesses; /* of codes and PINs, as the journal has them */
	const char *pin;          /* "" where none is asked */
	int64_t offset_ns;
	char clock_id[17];
	json_t *slots; /* the instrument slots, as in `welcome` */
	uint64_t next_serial;
	struct phone *phones;
	struct room *rooms;
	struct room *on_air; /* the room that drives the click, or NULL */
	bool recovering;     /* the running session could not be read yet */
	enum air_audio audio_told;
	int64_t ticked_ns;
	struct recent *recent; /* answers given lately */
	struct presence_store presence;
	struct pending *air_taker; /* a request under way that takes the free click, or NULL */
	int strays; /* polls in a row in which the click lay off what phones are told */
};

/* ---- phones ------------------------------------------------------------ */

struct phone *hub_phone(struct hub *hub, uint64_t serial); /* NULL: gone */
struct phone *hub_phone_add(struct hub *hub, struct wire *wire, const char *address);
void hub_phone_remove(struct hub *hub, struct phone *phone);

/* Put the phone into the room as that user (leaving the one it was in), tell the others what its
 * coming has changed (`live`: of the live sections), and send it its welcome. */
void hub_attach(struct hub *hub, struct phone *phone, struct room *room, const char *user_id,
		unsigned live);
void hub_detach(struct hub *hub, struct phone *phone);

/* The state told next is the last for the phones of that user in the room (NULL: for all in it),
 * which are detached then: it reaches them however slow they are. */
void hub_part(struct hub *hub, struct room *room, const char *user_id);

/* Detach every phone of that user in the room. */
void hub_detach_user(struct hub *hub, struct room *room, const char *user_id);

/* ---- rooms ------------------------------------------------------------- */

struct room *hub_room(struct hub *hub, const char *session_id); /* NULL: not loaded */

/* Take over the sections that the store read: those that are others than before become
 * room->untold. */
void hub_take_sections(struct hub *hub, struct room *room, const struct store_result *result);

/* ---- telling ----------------------------------------------------------- */

/* A reply to one. The object is stolen. */
void hub_send(struct hub *hub, struct phone *phone, json_t *object);

/* Everyone in the room gets a `state` of these sections and those untold, with the next revision. */
void hub_tell(struct hub *hub, struct room *room, unsigned sections);

/* The same, if there is anything untold. */
void hub_tell_untold(struct hub *hub, struct room *room);

/* The snapshot for that phone: the caller owns. */
json_t *hub_welcome(struct hub *hub, const struct phone *phone);

#endif
