/*
 * presence.h - who is there: what is live of a room's people.
 *
 * Away or not, ready, talking, how good the link is, when last heard of. The room holds it and
 * patches it into the stored `participants` section; the table gets it behind, in batches
 * (presence_keep), as the samples of the links' quality do.
 *
 * The section that a room holds is always what its phones were told last: it is patched only where a
 * `state` with it follows.
 *
 * Thread: loop.
 */
#ifndef TACTUS_PRESENCE_H
#define TACTUS_PRESENCE_H

#include "hub.h"

/* A person of a room; made when the section first shows it, kept until it no longer does. */
struct person {
	struct person *next;
	char user_id[UUID_TEXT];
	bool away; /* no live connection, or one that has been silent for long */
	bool ready;
	bool talking;
	uint64_t talker; /* serial of the phone that holds the button, while talking */
	bool measured;   /* the next two are told */
	int rtt_ms;
	double loss_pct;
	int64_t heard_ms; /* Unix, box's clock: last sign of life */
	int64_t told_ms;  /* the same as last told */
	bool news;        /* rtt or loss was not told yet */
	bool unstored;    /* the table has other values */
	bool here;        /* scratch of presence_patch() */
};

/* A section `participants` as the store has just read it becomes what phones can be shown: live
 * values instead of the table's. In place. */
void presence_patch(struct hub *hub, struct room *room, json_t *participants);

/* Look again who is there. What changed is patched into the room's section and yet to be told. */
void presence_update(struct hub *hub, struct room *room);

/* The section is about to be told: with the newest of everybody. */
void presence_tell(struct room *room);

/* The person of that id, or NULL. Borrowed. */
struct person *presence_person(const struct room *room, const char *user_id);

/* Ids of those who are away now: an array, the caller owns. */
json_t *presence_away(const struct room *room);

/* A report of a link: shown with the next update, and a sample to be stored. */
void presence_measured(struct hub *hub, struct room *room, struct person *person, int rtt_ms,
		       int jitter_ms, double loss_pct);

/* Store what has changed, if it is time and no job is under way. `now`: whether or not. */
void presence_keep(struct hub *hub, bool now);

void presence_free(struct room *room);

#endif
