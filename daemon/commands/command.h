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
#include "reply.h"

enum who {
	WHO_ANYONE = 0,
	WHO_MEMBER = 1,
	WHO_CONTROLLER = 2,
	WHO_MD = 4, /* as bits: WHO_MD | WHO_CONTROLLER is either */
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

/* Take one text frame: parse, look up, check, run. Always ends in exactly one answer. */
void command_take(struct hub *hub, struct phone *phone, const char *text, size_t size);

/* The table as lines "type who field field?", for the test that holds it against the document.
 * Owns: the caller frees. NULL on no memory. */
char *command_list(void);

#endif
