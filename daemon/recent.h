/*
 * recent.h - the answers given lately, so that a request that comes again is not carried out again.
 *
 * What waits for the disk is held against the table request_result in its own savepoint (store.h,
 * `once`). What doesn't (tempo.*, click.*) is held against this memory of the last RECENT_MAX
 * answers, which is stored behind and read back at the next start.
 *
 * Thread: loop.
 */
#ifndef TACTUS_RECENT_H
#define TACTUS_RECENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* A fader that is drawn takes sixty a second; a line that breaks may take minutes to come back. */
#define RECENT_MAX 8192

struct recent;
struct store;

/* NULL on no memory. Owns: the caller frees. */
struct recent *recent_new(void);
void recent_free(struct recent *recent);

enum recent_found {
	RECENT_NEW,      /* never seen, or too long ago */
	RECENT_REPEATED, /* *answer is what it was answered with; the caller's */
	RECENT_REUSED    /* that id was another request's */
};
enum recent_found recent_find(const struct recent *recent, const char *user_id,
			      const char *request_id, const char *hash, json_t **answer);

/* It was carried out, and answered so (an object, or NULL: nothing but ok; borrowed). `stored`: the
 * table has it. */
void recent_note(struct recent *recent, const char *user_id, const char *request_id,
		 const char *hash, json_t *answer, bool stored, int64_t now_ms);

/* Read back what the table has: before the loop runs. 0 or -ENOMEM. */
int recent_load(struct recent *recent, struct store *store);

/* Store what isn't, unless a job is under way. Prunes the table once a minute, so that a flood of
 * requests leaves no more than a minute's above LIMIT_RESULTS_MAX. */
void recent_keep(struct recent *recent, struct store *store, int64_t now_ms);

/* The same for the last time, also if a job is under way: its end is not told any more. */
void recent_keep_rest(struct recent *recent, struct store *store, int64_t now_ms);

#endif
