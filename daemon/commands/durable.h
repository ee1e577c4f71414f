/*
 * durable.h - requests that are SQL and nothing else: checked, carried out once, on disk before their
 * `ok`, told to everyone.
 *
 * A row of the command table names one of these. What happens:
 *
 *   1. The job's params: the request's fields (fields_copy), session_id, me (who asks), request_id,
 *      body_hash, now (Unix ms of the box's clock), away (JSON array of the ids of members who are
 *      away just now), and `makes`, a fresh UUID under that name.
 *   2. In one savepoint: the same request of the same user again gets its first answer (store.h,
 *      `once`); may he still, in a session that is still open (guard); the steps; the sections.
 *   3. After the commit, on the loop: `effect`, then the sections that are really others than before
 *      are told to the room, then `ok` with the answer: what a step returned as answer_json, or else
 *      the id that it `makes`.
 *
 * Steps refuse by `none`, "code" or "code field"; what the codes say stands in refusals.c.
 *
 * Thread: loop.
 */
#ifndef TACTUS_DURABLE_H
#define TACTUS_DURABLE_H

#include "command.h"

struct durable {
	const struct store_step *steps;
	unsigned sections; /* that it may change */
	const char *makes; /* "song_id"; or NULL */
	bool reads;        /* changes nothing: not remembered, no revision */
	bool takes_air;    /* while it is under way nobody else finds the click free */
	/* Sections that it may change of other sessions, too (the library is everybody's). */
	unsigned elsewhere;
	/* Before it is submitted: what only the loop knows. False: refused and answered. May be NULL. */
	bool (*prepare)(struct hub *hub, struct phone *phone, const struct request *request,
			json_t *params);
	/* It is done and on disk; the room has its sections, nobody has been told. Returns the live
	 * sections (tempoState, click) that it changed. What it needs to know the steps return in the
	 * row. `answer` may be added to. May be NULL. */
	unsigned (*effect)(struct hub *hub, struct room *room, const struct store_result *result,
			   json_t *answer);
	/* Everyone has been told, the one who asked not yet answered. May be NULL. */
	void (*after)(struct hub *hub, struct room *room, const struct store_result *result);
};

/* Carry out a row that has a `durable`. The fields are checked, the phone is in a room. */
void durable_run(struct hub *hub, struct phone *phone, const struct request *request,
		 const struct command *command);

/* A row that the phone may not use: unless that very request was answered before, when it still
 * might, it is refused (not_md, not_controller). */
void durable_refuse(struct hub *hub, struct phone *phone, const struct request *request,
		    const struct command *command);

/* Read these sections of the room anew, and tell those that changed. */
void durable_refresh(struct hub *hub, struct room *room, unsigned sections);

#endif
