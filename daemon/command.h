/*
 * command.h - what phones may ask: one table, a row a command.
 *
 * To add a message: its row in session_commands.c, tempo_commands.c or another of that
 * kind, with a function or (most) as SQL beside it; its line in schema/messages.md; what
 * it refuses in refusals.c.
 *
 * Thread: loop.
 */
#ifndef TACTUS_COMMAND_H
#define TACTUS_COMMAND_H

#include "fields.h"
#include "hub.h"
#include "limits.h"

enum who {
	WHO_ANYONE = 0,
	WHO_MEMBER = 1,
	WHO_CONTROLLER = 2,
	WHO_MD = 4, /* as bits: WHO_MD | WHO_CONTROLLER is either */
};

struct request {
	char hash[65]; /* command_hash(), where it is to be carried out once */
	char id[LIMIT_REQUEST_ID_MAX * 4 + 1];
	json_t *body;        /* borrowed */
	int64_t received_ns; /* when its frame was in */
};

struct command {
	const char *type;
	unsigned who;
	const struct field *fields;
	/* The fields are checked and the phone may. Answers by reply_*, now or when a job is done. */
	void (*run)(struct hub *hub, struct phone *phone, const struct request *request);
	/* Instead of run: what is SQL and nothing else. See durable.h. */
	const struct durable *durable;
	/* How often it comes it does the same: nothing has to be remembered of it. */
	bool repeatable;
};

#define COMMAND_RUN(type, who, fields, run)                                                        \
	{                                                                                          \
		type, who, fields, run, NULL, false                                                \
	}
#define COMMAND_REPEATABLE(type, who, fields, run)                                                 \
	{                                                                                          \
		type, who, fields, run, NULL, true                                                 \
	}
#define COMMAND_DURABLE(type, who, fields, durable)                                                \
	{                                                                                          \
		type, who, fields, NULL, durable, false                                            \
	}

/* The rows, by part; each ends with a NULL type. */
extern const struct command session_commands[];
extern const struct command parting_commands[];
extern const struct command reopen_commands[];
extern const struct command people_commands[];
extern const struct command role_commands[];
extern const struct command song_commands[];
extern const struct command setlist_commands[];
extern const struct command activate_commands[];
extern const struct command output_commands[];
extern const struct command tempo_commands[];
extern const struct command click_commands[];

/* SHA-256 of what the request asks for: all of it but its id and a PIN. 0 or -ENOMEM. */
int command_hash(const json_t *body, char out[65]);

/* Take one text frame: parse, look up, check, run. Always ends in exactly one answer. */
void command_take(struct hub *hub, struct phone *phone, const char *text, size_t size);

/* The table as lines "type who field field?", for the test that holds it against the document.
 * Owns: the caller frees. NULL on no memory. */
char *command_list(void);

/* ---- answers ----------------------------------------------------------- */

/* {"type":"ok","re":id,"revision":...} and what else `extra` has (stolen; may be NULL). */
void reply_ok(struct hub *hub, struct phone *phone, const char *re, json_t *extra);

/* The same for what was carried out at once (not by the store): it is remembered, so that the request
 * is not carried out again if it comes again. */
void reply_done(struct hub *hub, struct phone *phone, const struct request *request, json_t *extra);

/* {"type":"error",...}. re and field may be NULL. */
void reply_error(struct hub *hub, struct phone *phone, const char *re, const char *code,
		 const char *field, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* The store did not do it: its code in words (refusals.c). A step's `none` may be "code" or
 * "code field". */
void reply_refused(struct hub *hub, struct phone *phone, const char *re,
		   const struct store_result *result);

#endif
