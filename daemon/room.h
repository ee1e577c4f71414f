/*
 * room.h - a session while somebody is in it: what the loop holds of it in memory.
 *
 * The tables are the store's; here stand who leads, the tempo, the revision, and
 * the stored sections of the snapshot as the store last told them, so that a
 * welcome needs no disk.
 *
 * Thread: loop.
 */
#ifndef TACTUS_ROOM_H
#define TACTUS_ROOM_H

#include "message.h"
#include "store.h"
#include "tempo.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define UUID_TEXT 37 /* with its end */

/* Sections of the snapshot that are live; they follow the stored ones of store.h in a mask. */
enum {
	SECTION_TEMPO_STATE = 1 << 8,
	SECTION_CLICK = 1 << 9,
	SECTION_EVERY = SECTION_ALL | SECTION_TEMPO_STATE | SECTION_CLICK
};

#define SECTION_SESSION_INDEX 0
#define SECTION_PARTICIPANTS_INDEX 1
#define SECTION_ACTIVE_SONG_INDEX 4

/* A room in which nobody has been for so long may lose the click to a new session, and its memory. */
#define ROOM_EMPTY_NS (600 * BEAT_NS_PER_S)

#define SONG_NOT_BEGUN (-1)

struct hub;
struct person;
struct setlist_marks;

struct room {
	struct room *next;
	char id[UUID_TEXT];
	char md_user_id[UUID_TEXT];
	char controller_user_id[UUID_TEXT];
	uint64_t revision;         /* the last one sent */
	uint64_t revision_ceiling; /* the table promises that none above was sent */
	bool raising;              /* a job is under way that raises it */
	int phones;                /* connections in it */
	int64_t empty_since_ns;    /* while phones is 0 */
	int64_t tempo_stored_ns;
	struct hub *keeping; /* a job is under way that stores the tempo, for this hub; or NULL */
	bool keep_again;     /* it has changed since */
	struct tempo tempo;
	int64_t song_start_bar; /* bar 1 of the song that is on; SONG_NOT_BEGUN */
	bool song_waits;        /* its tempo comes as soon as what begins just now has begun */
	struct person *people;  /* see presence.h */
	int64_t news_ns;        /* when links were last told */
	struct setlist_marks *setlist_marks;
	bool doubted;                    /* after an error of the disk it is being read anew */
	unsigned untold;                 /* sections that are others than those last told */
	json_t *sections[SECTION_COUNT]; /* NULL until told */
};

/*
 * A room from the columns that the load step of session_sql.h brings. NULL on no
 * memory or a row that makes no sense. Owns: the caller frees.
 */
struct room *room_new(const json_t *row, uint64_t fresh_id);
void room_free(struct room *room);

#endif
