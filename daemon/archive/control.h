/*
 * control.h - what programs on the box itself ask of the tactusd that runs: the socket STATE/control.
 *
 * One packet a request, one packet an answer, each a small JSON object: {"do": "backup"} ->
 * {"ok": true, ...} or {"error": "a sentence"}. A descriptor may come along with a request. Only root and
 * the daemon's own user get in. A client's next request is read when its last one is answered; what is
 * no request gets an error; who goes away is forgotten; when there are too many, the one silent for
 * longest is put out; while all of them wait for answers, others wait to be let in.
 *
 * Thread: loop. Nothing here blocks.
 */
#ifndef TACTUS_CONTROL_H
#define TACTUS_CONTROL_H

#include "server.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define CONTROL_CLIENTS_MAX 8
#define CONTROL_PACKET_MAX 4096 /* bytes */

struct control;
struct control_request;

struct control_verb {
	const char *name; /* NULL ends a table */
	/* Ends in exactly one control_answer(), now or later. `fd`: what came along, or -1. It and
	 * `body` are borrowed while this runs. `user` is the control's. */
	void (*run)(void *user, struct control_request *request, const json_t *body, int fd);
};

/* Serve the verbs. STATE's database must be ours (store.h): a socket left over there is nobody's and is
 * replaced. `verbs` is static, state_dir is borrowed. 0, or -errno with a sentence. */
int control_open(struct control **out, struct server *server, const char *state_dir,
		 const struct control_verb *verbs, void *user, char *message, size_t message_size);

/* When server_run() has returned; the store's results are not collected any more then. NULL is legal. */
void control_close(struct control *control);

/* The object is borrowed; NULL (no memory) is an error, too. The request is gone then. False: whoever
 * asked has gone away. */
bool control_answer(struct control_request *request, const json_t *answer);

/* Memory that is free()d with the request. Takes `memory`. */
void control_keep(struct control_request *request, void *memory);

/* ---- the one who asks -------------------------------------------------- */

/* A connection to the tactusd that runs on this STATE, or -errno: -ECONNREFUSED if none does, else with
 * a sentence. */
int control_connect(const char *state_dir, char *message, size_t message_size);

/* Ask, and wait for the answer. fd: sent along, or -1. The answer is the caller's. 0, or -errno with a
 * sentence. Blocks. */
int control_ask(int connection, const json_t *request, int fd, json_t **answer, char *message,
		size_t message_size);

#endif
