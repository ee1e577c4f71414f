#include "recent.h"

#include "beat.h"
#include "limits.h"
#include "log.h"
#include "store.h"
#include "text_of.h"
#include "token.h"

#include <stdlib.h>
#include <string.h>

#define PRUNE_EVERY_MS 60000

struct answer {
	char user_id[UUID_TEXT_SIZE];
	char hash[TOKEN_HASH_SIZE];
	char *request_id; /* NULL: this place is free */
	char *answer;     /* as JSON, a tenth of what it takes unpacked; NULL: nothing but ok */
	int64_t at_ms;
};

enum kept { STORED, UNSTORED, UNDER_WAY };

/* What is searched lies by itself: many more places are looked at than are found. */
struct recent {
	struct answer answers[RECENT_MAX]; /* a ring */
	uint32_t keys[RECENT_MAX];
	unsigned char kept[RECENT_MAX]; /* enum kept */
	size_t next;
	bool unstored;
	bool busy;
	bool pruned;
	int64_t pruned_ms;
};

struct recent *recent_new(void)
{
	return calloc(1, sizeof(struct recent));
}

static void forget(struct answer *answer)
{
	free(answer->request_id);
	free(answer->answer);
	memset(answer, 0, sizeof *answer);
}

void recent_free(struct recent *recent)
{
	if (!recent)
		return;
	for (size_t i = 0; i < RECENT_MAX; i++)
		forget(&recent->answers[i]);
	free(recent);
}

/* FNV-1a. */
static uint32_t key_of(const char *user_id, const char *request_id)
{
	uint32_t key = 2166136261u;
	for (const char *at = user_id; *at; at++)
		key = (key ^ (unsigned char)*at) * 16777619u;
	for (const char *at = request_id; *at; at++)
		key = (key ^ (unsigned char)*at) * 16777619u;
	return key;
}

static const struct answer *find(const struct recent *recent, const char *user_id,
				 const char *request_id)
{
	const uint32_t key = key_of(user_id, request_id);
	for (size_t i = 0; i < RECENT_MAX; i++) {
		const struct answer *answer = &recent->answers[i];
		if (recent->keys[i] == key && answer->request_id &&
		    strcmp(answer->request_id, request_id) == 0 &&
		    strcmp(answer->user_id, user_id) == 0)
			return answer;
	}
	return NULL;
}

enum recent_found recent_find(const struct recent *recent, const char *user_id,
			      const char *request_id, const char *hash, json_t **answer)
{
	const struct answer *found = find(recent, user_id, request_id);
	*answer = NULL;
	if (!found)
		return RECENT_NEW;
	if (strcmp(found->hash, hash) != 0)
		return RECENT_REUSED;
	*answer = found->answer ? json_loads(found->answer, 0, NULL) : NULL;
	return RECENT_REPEATED;
}

void recent_note(struct recent *recent, const char *user_id, const char *request_id,
		 const char *hash, json_t *answer, bool stored, int64_t now_ms)
{
	const size_t next = recent->next;
	struct answer *place = &recent->answers[next];
	char *id = strdup(request_id);
	if (!id)
		return;
	recent->next = (next + 1) % RECENT_MAX;
	forget(place);
	place->request_id = id;
	place->answer = json_object_size(answer) > 0 ? json_dumps(answer, JSON_COMPACT) : NULL;
	place->at_ms = now_ms;
	recent->keys[next] = key_of(user_id, request_id);
	recent->kept[next] = stored ? STORED : UNSTORED;
	strncpy(place->user_id, user_id, sizeof place->user_id - 1);
	strncpy(place->hash, hash, sizeof place->hash - 1);
	recent->unstored = recent->unstored || !stored;
}

/* ---- the table --------------------------------------------------------- */

static const struct store_step load_steps[] = {
	{"SELECT json_group_array(json_object('user_id', user_id, 'request_id', request_id, "
	 "'body_hash', body_hash, 'answer', json(response), 'at', created_at)) AS recent_json "
	 "FROM (SELECT * FROM request_result ORDER BY rowid DESC LIMIT " TEXT_OF_LIMIT(
		 RECENT_MAX) ")",
	 NULL},
	{NULL, NULL},
};

/* A box without a clock has wrong dates, so their number is bounded, too. */
static const struct store_step prune_steps[] = {
	{"DELETE FROM request_result WHERE created_at < :now - " TEXT_OF_LIMIT(LIMIT_RESULT_AGE_MS),
	 NULL},
	{"DELETE FROM request_result WHERE rowid <= "
	 "(SELECT max(rowid) FROM request_result) - " TEXT_OF_LIMIT(LIMIT_RESULTS_MAX),
	 NULL},
	{NULL, NULL},
};

static const struct store_step keep_steps[] = {
	{"INSERT INTO request_result "
	 "(user_id, request_id, body_hash, response, created_at) "
	 "SELECT value ->> 'user_id', value ->> 'request_id', value ->> 'body_hash', "
	 "ifnull(value ->> 'answer', '{}'), value ->> 'at' FROM json_each(:answers) WHERE true "
	 "ON CONFLICT (user_id, request_id) DO UPDATE SET response = excluded.response "
	 "WHERE body_hash = excluded.body_hash",
	 NULL},
	{NULL, NULL},
};

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

static void loaded(void *user, const struct store_result *result)
{
	struct recent *recent = user;
	const json_t *rows = json_object_get(result->row, "recent_json");
	if (result->status != STORE_OK)
		return; /* who opens the store says so */
	for (size_t i = json_array_size(rows); i-- > 0;) {
		const json_t *row = json_array_get(rows, i);
		recent_note(recent, text_of(row, "user_id"), text_of(row, "request_id"),
			    text_of(row, "body_hash"), json_object_get(row, "answer"), true,
			    json_integer_value(json_object_get(row, "at")));
	}
}

int recent_load(struct recent *recent, struct store *store)
{
	const struct store_job job = {.steps = load_steps, .done = loaded, .user = recent};
	return store_run(store, &job);
}

static void kept(void *user, const struct store_result *result)
{
	struct recent *recent = user;
	recent->busy = false;
	/* What failed is tried again with the next that comes, not at once: the disk may be full. */
	for (size_t i = 0; i < RECENT_MAX; i++)
		if (recent->kept[i] == UNDER_WAY)
			recent->kept[i] = result->status == STORE_OK ? STORED : UNSTORED;
	if (result->status != STORE_OK)
		log_event(LOG_LEVEL_ERROR, "answers are given but not stored: %s", result->what);
}

static json_t *take_unstored(struct recent *recent)
{
	json_t *answers = json_array();
	for (size_t i = 0; i < RECENT_MAX; i++) {
		const struct answer *answer = &recent->answers[i];
		if (recent->kept[i] != UNSTORED)
			continue;
		recent->kept[i] = UNDER_WAY;
		json_array_append_new(answers,
				      json_pack("{s:s, s:s, s:s, s:s?, s:I}", "user_id",
						answer->user_id, "request_id", answer->request_id,
						"body_hash", answer->hash, "answer", answer->answer,
						"at", (json_int_t)answer->at_ms));
	}
	recent->unstored = false;
	return answers;
}

static void prune(struct recent *recent, struct store *store, int64_t now_ms)
{
	if (recent->pruned && now_ms - recent->pruned_ms < PRUNE_EVERY_MS)
		return;
	recent->pruned = true;
	recent->pruned_ms = now_ms;
	const struct store_job job = {
		.steps = prune_steps,
		.params = json_pack("{s:I}", "now", (json_int_t)now_ms),
	};
	store_submit(store, &job);
}

void recent_keep(struct recent *recent, struct store *store, int64_t now_ms)
{
	if (recent->busy)
		return;
	if (recent->unstored) {
		const struct store_job job = {
			.steps = keep_steps,
			.params = json_pack("{s:o}", "answers", take_unstored(recent)),
			.done = kept,
			.user = recent,
		};
		recent->busy = store_submit(store, &job) == 0;
	}
	prune(recent, store, now_ms);
}

void recent_keep_rest(struct recent *recent, struct store *store, int64_t now_ms)
{
	recent->busy = false;
	recent_keep(recent, store, now_ms);
}
