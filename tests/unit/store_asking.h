/*
 * store_asking.h - requests that are carried out once, for the tests of that: each adds a song.
 *
 * Included by one test program at a time; every function is static.
 */
#ifndef TACTUS_STORE_ASKING_H
#define TACTUS_STORE_ASKING_H

#include "store_fixture.h"

#define HASH_2 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define NOW 1700000000123

/* Its answer tells how many songs there were then, so that a second time shows. */
static const struct store_step UNUSED add_song[] = {
	{"INSERT INTO song (id, title) VALUES (:song_id, :title)", NULL},
	{"SELECT json_object('song_id', :song_id, 'nth', (SELECT count(*) FROM song),"
	 " 'title', :title) AS answer_json",
	 NULL},
	{NULL, NULL},
};
static const struct store_step UNUSED add_silently[] = {
	{"INSERT INTO song (id, title) VALUES (:song_id, :title)", NULL},
	{NULL, NULL},
};

struct asking {
	const char *me;
	const char *id;
	const char *hash;
	int song;
	const char *title;
	const struct store_step *guard;
	const struct store_step *steps;
};

#define ASKING(...) (&(struct asking){__VA_ARGS__})

static const char UNUSED *or_else(const char *text, const char *usual)
{
	return text ? text : usual;
}

/* What a test does not name is as in the first request. */
static struct store_job UNUSED job_of(const struct asking *asking, struct outcome *out)
{
	char song[37];

	snprintf(song, sizeof song, "50000000-0000-4000-8000-%012d",
		 asking->song ? asking->song : 1);
	memset(out, 0, sizeof *out);
	return (struct store_job){.guard = asking->guard,
				  .steps = asking->steps ? asking->steps : add_song,
				  .params =
					  json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s}", "me",
						    or_else(asking->me, USER_1), "request_id",
						    or_else(asking->id, "r1"), "body_hash",
						    or_else(asking->hash, HASH_1), "song_id", song,
						    "title", or_else(asking->title, "T"), "now",
						    (json_int_t)NOW, "session_id", SESSION_1),
				  .sections = SECTION_ALL,
				  .once = true,
				  .done = keep_outcome,
				  .user = out};
}

static void UNUSED ask_for(struct store *store, const struct asking *asking, struct outcome *out)
{
	const struct store_job job = job_of(asking, out);

	ck_assert_int_eq(store_run(store, &job), 0);
	ck_assert_int_eq(out->called, 1);
}

static long long UNUSED number_of(struct store *store, const char *sql)
{
	const struct store_step steps[] = {{sql, NULL}, {NULL, NULL}};
	struct outcome out;

	ck_assert_int_eq(run(store, steps, NULL, 0, &out), STORE_OK);
	const long long n = json_integer_value(json_object_get(out.row, "n"));
	outcome_free(&out);
	return n;
}

static long long UNUSED songs(struct store *store)
{
	return number_of(store, "SELECT count(*) AS n FROM song");
}

static long long UNUSED kept(struct store *store)
{
	return number_of(store, "SELECT count(*) AS n FROM request_result");
}

/* Two users, and a session of the first. */
static struct store UNUSED *open_with_people(void)
{
	static const struct store_step second[] = {
		{"INSERT INTO user VALUES ('" USER_2 "', 'Bo', 1, 1)", NULL},
		{NULL, NULL},
	};
	struct store *store = open_with_session();
	struct outcome out;

	ck_assert_int_eq(run(store, second, NULL, 0, &out), STORE_OK);
	outcome_free(&out);
	return store;
}

#endif
