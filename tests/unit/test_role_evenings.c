/*
 * test_role_evenings.c - random evenings of giving and freeing slots, songs, people who come and go,
 * against a reference that knows neither SQL nor views.
 */
#include "check_main.h"
#include "roles_fixture.h"

/* The reference: who holds what since when, in each scope; 0 is global, 1.. the songs. */
struct evening {
	uint64_t seed;
	int md;
	int holder[1 + SONGS][SLOTS];
	int64_t since_ms[1 + SONGS][SLOTS];
	bool member[PEOPLE];
	bool hidden[SONGS];
	int song_on;
};

struct request {
	int me;
	int user; /* NOBODY: not given */
	int slot;
	int scope; /* 0: global */
	bool replace;
	bool bad_scope; /* a song with global, or none with song */
	unsigned away;
};

static unsigned draw(struct evening *evening, unsigned below)
{
	evening->seed ^= evening->seed << 13;
	evening->seed ^= evening->seed >> 7;
	evening->seed ^= evening->seed << 17;
	return (unsigned)(evening->seed >> 33) % below;
}

static const char *expected_assign(struct evening *evening, const struct request *request)
{
	const int user = request->user == NOBODY ? request->me : request->user;
	int *holder = &evening->holder[request->scope][request->slot];
	const bool ghost = *holder != NOBODY && (request->away & (1u << *holder));

	if (request->bad_scope)
		return "scope";
	if (request->me != evening->md && (user != request->me || request->scope > 0))
		return "not_md";
	if (!evening->member[user])
		return "no_such_member";
	if (request->scope > 0 && evening->hidden[request->scope - 1])
		return "song_unknown scope_song_id";
	if (*holder == user)
		return "ok";
	if (*holder != NOBODY && !(request->replace && (request->me == evening->md || ghost)))
		return "slot_taken";
	*holder = user;
	evening->since_ms[request->scope][request->slot] = now_ms;
	return "ok";
}

static const char *expected_clear(struct evening *evening, const struct request *request)
{
	int *holder = &evening->holder[request->scope][request->slot];
	const int whose = request->user == NOBODY ? *holder : request->user;

	if (request->bad_scope)
		return "scope";
	if (request->me != evening->md &&
	    (request->scope > 0 || (whose != NOBODY && whose != request->me)))
		return "not_md";
	if (request->user == NOBODY || request->user == *holder)
		*holder = NOBODY;
	return "ok";
}

static int draw_member(struct evening *evening)
{
	int person;

	do
		person = (int)draw(evening, PEOPLE);
	while (!evening->member[person]);
	return person;
}

static json_t *draw_request(struct evening *evening, struct request *request)
{
	*request = (struct request){
		.me = draw(evening, 3) == 0 && evening->member[evening->md] ? evening->md
									    : draw_member(evening),
		.user = draw(evening, 2) ? (int)draw(evening, PEOPLE) : NOBODY,
		.slot = (int)draw(evening, SLOTS),
		.scope = draw(evening, 2) ? (int)draw(evening, 1 + SONGS) : 0,
		.replace = draw(evening, 2),
		.bad_scope = draw(evening, 30) == 0,
		.away = draw(evening, 1u << PEOPLE),
	};
	const bool own = (request->scope > 0) != request->bad_scope;
	json_t *fields = json_pack("{s:s, s:b}", "slot_id", slot_id(request->slot), "replace",
				   request->replace);
	if (request->user != NOBODY)
		json_object_set_new(fields, "user_id", json_string(person_id(request->user)));
	if (own || draw(evening, 2))
		json_object_set_new(fields, "scope_type", json_string(own ? "song" : "global"));
	if (request->scope > 0)
		json_object_set_new(fields, "scope_song_id",
				    json_string(song_id(request->scope - 1)));
	return fields;
}

static void random_request(struct evening *evening, bool clear)
{
	struct request request;
	json_t *fields = draw_request(evening, &request);
	if (clear)
		json_object_del(fields, "replace");
	char *shown = json_dumps(fields, JSON_COMPACT);
	const char *said =
		ask(clear ? role_sql_clear : role_sql_assign, request.me, request.away, fields);
	const char *expected =
		clear ? expected_clear(evening, &request) : expected_assign(evening, &request);

	ck_assert_msg(strcmp(said, expected) == 0, "%d asks to %s %s: \"%s\", not \"%s\"",
		      request.me, clear ? "clear" : "assign", shown, said, expected);
	free(shown);
}

static void somebody_comes_or_goes(struct evening *evening)
{
	const int person = (int)draw(evening, PEOPLE);
	int members = 0;

	for (int i = 0; i < PEOPLE; i++)
		members += evening->member[i];
	if (evening->member[person] && members == 1)
		return;
	must(evening->member[person] ? leave : come_back, person_params(person));
	evening->member[person] = !evening->member[person];
	for (int scope = 0; scope <= SONGS; scope++)
		for (int slot = 0; slot < SLOTS; slot++)
			if (evening->holder[scope][slot] == person)
				evening->holder[scope][slot] = NOBODY;
}

/* By its place in the setlist, or as a song of the library; or none. */
static void another_song(struct evening *evening)
{
	static const struct store_step by_place[] = {
		{"UPDATE session SET active_position = :position, active_song_id = :song_id "
		 "WHERE id = :session_id",
		 "nothing"},
		{NULL, NULL},
	};
	json_t *params = json_pack("{s:s}", "session_id", SESSION_1);

	evening->song_on = (int)draw(evening, SONGS + 1) - 1;
	if (evening->song_on != NOBODY && draw(evening, 2))
		json_object_set_new(params, "position", json_integer(evening->song_on));
	else if (evening->song_on != NOBODY)
		json_object_set_new(params, "song_id", json_string(song_id(evening->song_on)));
	must(by_place, params);
}

static void hide_or_show(struct evening *evening)
{
	const int song = (int)draw(evening, SONGS);

	if (song == evening->song_on)
		return;
	evening->hidden[song] = !evening->hidden[song];
	must(hide_song, json_pack("{s:s, s:i}", "song_id", song_id(song), "hidden",
				  (int)evening->hidden[song]));
}

static void another_md(struct evening *evening)
{
	static const struct store_step claim[] = {
		{"UPDATE session SET md_user_id = :user_id WHERE id = :session_id", "nothing"},
		{NULL, NULL},
	};

	evening->md = draw_member(evening);
	must(claim, person_params(evening->md));
}

/* ---- what everyone sees --------------------------------------------------------------------- */

/* Who plays a slot now; *scope 0 if it is the global assignment. */
static int plays(const struct evening *evening, int slot, int *scope)
{
	*scope = evening->song_on + 1;
	if (evening->holder[*scope][slot] == NOBODY)
		*scope = 0;
	return evening->holder[*scope][slot];
}

static json_t *expected_roles(const struct evening *evening)
{
	json_t *roles = json_array();
	int scope;

	for (int slot = 0; slot < SLOTS; slot++)
		if (plays(evening, slot, &scope) != NOBODY)
			json_array_append_new(
				roles, json_pack("{s:s, s:s, s:s}", "slot_id", slot_id(slot),
						 "user_id", person_id(plays(evening, slot, &scope)),
						 "scope_type", scope ? "song" : "global"));
	return roles;
}

static json_t *expected_slots(const struct evening *evening, int person)
{
	json_t *slots = json_array();
	int scope;

	for (int slot = 0; slot < SLOTS; slot++)
		if (plays(evening, slot, &scope) == person)
			json_array_append_new(slots, json_string(slot_id(slot)));
	return slots;
}

static json_t *expected_assignment(const struct evening *evening, int scope, int slot)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:I}", "session_id", SESSION_1, "user_id",
			 person_id(evening->holder[scope][slot]), "slot_id", slot_id(slot),
			 "scope_type", scope ? "song" : "global", "scope_song_id",
			 scope ? song_id(scope - 1) : NULL, "assigned_at",
			 (json_int_t)evening->since_ms[scope][slot]);
}

/* Global ones first, then by song, each by slot. */
static json_t *expected_assignments(const struct evening *evening)
{
	json_t *all = json_array();

	for (int scope = 0; scope <= SONGS; scope++)
		for (int slot = 0; slot < SLOTS; slot++)
			if (evening->holder[scope][slot] != NOBODY)
				json_array_append_new(all,
						      expected_assignment(evening, scope, slot));
	return all;
}

/* Takes `expected`. */
static void same(const char *what, const json_t *found, json_t *expected)
{
	char *shown = json_dumps(found, JSON_ENCODE_ANY | JSON_COMPACT);
	char *wanted = json_dumps(expected, JSON_ENCODE_ANY | JSON_COMPACT);

	ck_assert_msg(json_equal(found, expected), "%s: %s, not %s", what, shown, wanted);
	free(shown);
	free(wanted);
	json_decref(expected);
}

static void same_people(const struct evening *evening, const json_t *section)
{
	size_t members = 0;
	size_t i;
	json_t *entry;

	json_array_foreach(section, i, entry)
	{
		const char *id = json_string_value(json_object_get(entry, "user_id"));
		const int person = index_of(id, person_id, PEOPLE);
		ck_assert(evening->member[person]);
		same("slots", json_object_get(entry, "slots"), expected_slots(evening, person));
	}
	for (int person = 0; person < PEOPLE; person++)
		members += evening->member[person];
	ck_assert_uint_eq(json_array_size(section), members);
}

static void everyone_sees_it(const struct evening *evening)
{
	static const struct store_step views[] = {
		{"SELECT json_group_array(json_object('slot_id', slot_id, 'user_id', user_id, "
		 "'scope_type', scope_type)) AS now_json "
		 "FROM (SELECT * FROM effective_role WHERE session_id = :session_id ORDER BY "
		 "slot_id)",
		 NULL},
		{"SELECT song_id, roles AS roles_json FROM active_song_context "
		 "WHERE session_id = :session_id",
		 NULL},
		{NULL, NULL},
	};
	struct outcome out;
	const char *song = evening->song_on == NOBODY ? NULL : song_id(evening->song_on);

	ck_assert_int_eq(
		run(store, views, json_pack("{s:s}", "session_id", SESSION_1), SECTION_ALL, &out),
		STORE_OK);
	same("effective_role", json_object_get(out.row, "now_json"), expected_roles(evening));
	same_people(evening, out.sections[1]);
	same("roleAssignments", out.sections[2], expected_assignments(evening));
	if (song) {
		ck_assert_str_eq(json_string_value(json_object_get(out.row, "song_id")), song);
		same("active_song_context", json_object_get(out.row, "roles_json"),
		     expected_roles(evening));
		same("activeSong", json_object_get(out.sections[4], "roles"),
		     expected_roles(evening));
	} else {
		ck_assert_ptr_null(json_object_get(out.row, "song_id"));
		ck_assert(json_is_null(out.sections[4]));
	}
	outcome_free(&out);
}

static void other_session_is_untouched(void)
{
	static const struct store_step count[] = {
		{"SELECT count(*) AS n FROM role_assignment "
		 "WHERE session_id = '" SESSION_2 "' AND assigned_at = 7",
		 NULL},
		{NULL, NULL},
	};
	struct outcome out;

	run(store, count, NULL, 0, &out);
	ck_assert_int_eq(json_integer_value(json_object_get(out.row, "n")), 2 * SLOTS);
	outcome_free(&out);
}

static void one_moment(struct evening *evening)
{
	const unsigned what = draw(evening, 100);

	if (what < 66)
		random_request(evening, false);
	else if (what < 84)
		random_request(evening, true);
	else if (what < 90)
		another_song(evening);
	else if (what < 94)
		somebody_comes_or_goes(evening);
	else if (what < 97)
		hide_or_show(evening);
	else
		another_md(evening);
}

START_TEST(a_random_evening)
{
	struct evening evening = {
		.seed = 0x9e3779b97f4a7c15u * (uint64_t)(_i + 1), .md = MD, .song_on = NOBODY};

	memset(evening.holder, 0xff, sizeof evening.holder); /* NOBODY */
	for (int i = 0; i < PEOPLE; i++)
		evening.member[i] = true;
	for (int moment = 0; moment < 700; moment++) {
		one_moment(&evening);
		everyone_sees_it(&evening);
	}
	other_session_is_untouched();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("role evenings");
	TCase *evenings = tcase_create("evenings");

	tcase_add_checked_fixture(evenings, band_set_up, band_tear_down);
	tcase_set_timeout(evenings, 120);
	tcase_add_loop_test(evenings, a_random_evening, 0, 4);
	suite_add_tcase(suite, evenings);
	return run_suite(suite);
}
