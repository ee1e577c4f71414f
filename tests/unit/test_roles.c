/*
 * test_roles.c - who plays what (role_sql.h): each rule of giving and freeing a slot.
 */
#include "check_main.h"
#include "roles_fixture.h"

static void asked(const struct store_step *steps, int me, unsigned away, const char *text,
		  const char *expected)
{
	char *json = strdup(text);
	json_error_t error;

	for (char *at = json; (at = strchr(at, '\'')) != NULL;)
		*at = '"';
	json_t *fields = json_loads(json, 0, &error);
	ck_assert_msg(fields != NULL, "%s: %s", text, error.text);
	free(json);
	ck_assert_str_eq(ask(steps, me, away, fields), expected);
}

#define ASSIGNED(me, away, text, expected) asked(role_sql_assign, me, away, text, expected)
#define CLEARED(me, away, text, expected) asked(role_sql_clear, me, away, text, expected)

#define P1 "10000000-0000-4000-8000-000000000001"
#define P2 "10000000-0000-4000-8000-000000000002"
#define P3 "10000000-0000-4000-8000-000000000003"
#define ELSEWHERE "10000000-0000-4000-8000-000000000006"
#define SLOT "'slot_id': '" DRUMS "'"
#define SONG "'scope_type': 'song', 'scope_song_id': '50000000-0000-4000-8000-000000000000'"
#define NO_SONG "50000000-0000-4000-8000-0000000000ff"
#define NO_SLOT "7ac70500-0000-4000-8000-0000000000ff"

/* The section roleAssignments, as "person slot song at" a line; song - for global. */
static const char *assignments(void)
{
	static const struct store_step nothing[] = {{NULL, NULL}};
	static char text[2048];
	struct outcome out;
	size_t i;
	json_t *entry;

	run(store, nothing, json_pack("{s:s}", "session_id", SESSION_1), SECTION_ROLE_ASSIGNMENTS,
	    &out);
	*text = '\0';
	json_array_foreach(out.sections[2], i, entry)
	{
		const char *song = json_string_value(json_object_get(entry, "scope_song_id"));
		const bool own = strcmp(json_string_value(json_object_get(entry, "scope_type")),
					"song") == 0;
		ck_assert_int_eq(own, song != NULL);
		snprintf(text + strlen(text), sizeof text - strlen(text), "%d %d %c %lld\n",
			 index_of(json_string_value(json_object_get(entry, "user_id")), person_id,
				  PEOPLE),
			 index_of(json_string_value(json_object_get(entry, "slot_id")), slot_id,
				  SLOTS),
			 song ? '0' + index_of(song, song_id, SONGS) : '-',
			 (long long)json_integer_value(json_object_get(entry, "assigned_at")));
	}
	outcome_free(&out);
	return text;
}

/* ---- role.assign ---------------------------------------------------------------------------- */

START_TEST(defaults_are_oneself_and_global)
{
	ASSIGNED(1, 0, "{" SLOT "}", "ok");
	ck_assert_str_eq(assignments(), "1 0 - 1001\n");
	ASSIGNED(1, 0, "{" SLOT ", 'scope_type': 'global', 'user_id': '" P1 "'}", "ok");
	/* Null as in an entry of roleAssignments. */
	ASSIGNED(1, 0, "{" SLOT ", 'scope_song_id': null, 'replace': true}", "ok");
	ck_assert_str_eq(assignments(), "1 0 - 1001\n"); /* he has it since then */
}
END_TEST

START_TEST(the_md_gives_any_slot_to_any_member)
{
	ASSIGNED(MD, 0, "{" SLOT ", 'user_id': '" P2 "'}", "ok");
	ASSIGNED(MD, 0, "{" SLOT ", 'user_id': '" P3 "', " SONG "}", "ok");
	ASSIGNED(MD, 0, "{'slot_id': '" BASS "', 'user_id': '" P3 "'}", "ok");
	ck_assert_str_eq(assignments(), "2 0 - 1001\n3 2 - 1003\n3 0 0 1002\n");
	/* It is the scope's holder that counts: who has it globally is in nobody's way. */
	ASSIGNED(MD, 0, "{" SLOT ", " SONG "}", "slot_taken");
	ASSIGNED(MD, 0, "{" SLOT "}", "slot_taken");
	ASSIGNED(MD, 0, "{" SLOT ", 'replace': false}", "slot_taken");
	ASSIGNED(MD, 0, "{" SLOT ", " SONG ", 'replace': true}", "ok");
	ASSIGNED(MD, 0, "{" SLOT ", 'user_id': '" P1 "', 'replace': true}", "ok");
	ck_assert_str_eq(assignments(), "1 0 - 1008\n3 2 - 1003\n0 0 0 1007\n");
}
END_TEST

START_TEST(a_member_takes_what_is_free_for_itself)
{
	ASSIGNED(1, 0, "{" SLOT "}", "ok");
	ASSIGNED(1, 0, "{'slot_id': '" BASS "', 'user_id': '" P2 "'}", "not_md");
	ASSIGNED(1, 0, "{" SLOT ", " SONG "}", "not_md");
	ASSIGNED(1, 0, "{" SLOT ", 'user_id': '" P2 "', 'replace': true}", "not_md");
	ASSIGNED(2, 0, "{" SLOT "}", "slot_taken");
	ASSIGNED(2, 0, "{" SLOT ", 'replace': true}", "slot_taken");
	ck_assert_str_eq(assignments(), "1 0 - 1001\n");
}
END_TEST

START_TEST(a_member_replaces_only_a_ghost)
{
	ASSIGNED(1, 0, "{" SLOT "}", "ok");
	ASSIGNED(2, 1u << 1, "{" SLOT "}", "slot_taken");
	ASSIGNED(2, 1u << 3 | 1u << 2, "{" SLOT ", 'replace': true}", "slot_taken");
	ASSIGNED(2, 1u << 3 | 1u << 1, "{" SLOT ", 'replace': true}", "ok");
	ck_assert_str_eq(assignments(), "2 0 - 1004\n");
	/* The ghost is back and finds it taken. */
	ASSIGNED(1, 0, "{" SLOT ", 'replace': true}", "slot_taken");
}
END_TEST

START_TEST(nobody_who_is_not_in_it)
{
	ASSIGNED(MD, 0, "{" SLOT ", 'user_id': '" ELSEWHERE "'}", "no_such_member");
	ASSIGNED(MD, 0, "{" SLOT ", 'user_id': '" NO_SONG "'}", "no_such_member");
	must(leave, person_params(2));
	ASSIGNED(MD, 0, "{" SLOT ", 'user_id': '" P2 "'}", "no_such_member");
	must(come_back, person_params(2));
	ASSIGNED(MD, 0, "{" SLOT ", 'user_id': '" P2 "'}", "ok");
	must(leave, person_params(2));
	ck_assert_str_eq(assignments(), "");
	must(come_back, person_params(2));
	ck_assert_str_eq(assignments(), ""); /* back, but not in the roles */
}
END_TEST

START_TEST(no_slot_no_song_no_such_scope)
{
	ASSIGNED(MD, 0, "{'slot_id': '" NO_SLOT "'}", "slot_unknown");
	ASSIGNED(MD, 0, "{" SLOT ", 'scope_type': 'song'}", "scope");
	ASSIGNED(MD, 0, "{" SLOT ", 'scope_type': 'song', 'scope_song_id': null}", "scope");
	ASSIGNED(MD, 0, "{" SLOT ", 'scope_song_id': '" SONG_1 "'}", "scope");
	ASSIGNED(MD, 0, "{" SLOT ", 'scope_type': 'global', 'scope_song_id': '" SONG_1 "'}",
		 "scope");
	ASSIGNED(MD, 0, "{" SLOT ", 'scope_type': 'song', 'scope_song_id': '" NO_SONG "'}",
		 "song_unknown scope_song_id");
	must(hide_song, json_pack("{s:s, s:i}", "song_id", song_id(0), "hidden", 1));
	ASSIGNED(MD, 0, "{" SLOT ", " SONG "}", "song_unknown scope_song_id");
	ck_assert_str_eq(assignments(), "");
}
END_TEST

/* ---- role.clear ----------------------------------------------------------------------------- */

START_TEST(the_md_clears_anything)
{
	ASSIGNED(1, 0, "{" SLOT "}", "ok");
	ASSIGNED(MD, 0, "{" SLOT ", 'user_id': '" P2 "', " SONG "}", "ok");
	CLEARED(MD, 0, "{" SLOT ", 'user_id': '" P2 "'}", "ok"); /* who doesn't hold it there */
	CLEARED(MD, 0, "{'slot_id': '" BASS "'}", "ok");         /* free already */
	ck_assert_str_eq(assignments(), "1 0 - 1001\n2 0 0 1002\n");
	CLEARED(MD, 0, "{" SLOT "}", "ok");
	ck_assert_str_eq(assignments(), "2 0 0 1002\n");
	CLEARED(MD, 0, "{" SLOT ", 'user_id': '" P2 "', " SONG "}", "ok");
	ck_assert_str_eq(assignments(), "");
}
END_TEST

START_TEST(a_member_clears_its_own)
{
	ASSIGNED(1, 0, "{" SLOT "}", "ok");
	ASSIGNED(MD, 0, "{" SLOT ", 'user_id': '" P1 "', " SONG "}", "ok");
	CLEARED(2, 0, "{" SLOT "}", "not_md");
	CLEARED(2, 1u << 1, "{" SLOT "}", "not_md"); /* a ghost's is replaced, not cleared */
	CLEARED(2, 0, "{" SLOT ", 'user_id': '" P1 "'}", "not_md");
	CLEARED(2, 0, "{" SLOT ", 'user_id': '" P2 "'}", "ok"); /* holds nothing of it */
	CLEARED(1, 0, "{" SLOT ", " SONG "}", "not_md");
	CLEARED(1, 0, "{'slot_id': '" BASS "'}", "ok");
	ck_assert_str_eq(assignments(), "1 0 - 1001\n1 0 0 1002\n");
	CLEARED(1, 0, "{" SLOT "}", "ok");
	CLEARED(1, 0, "{" SLOT "}", "ok");
	ck_assert_str_eq(assignments(), "1 0 0 1002\n");
}
END_TEST

START_TEST(clearing_what_is_not_there)
{
	CLEARED(MD, 0, "{'slot_id': '" NO_SLOT "'}", "slot_unknown");
	CLEARED(MD, 0, "{" SLOT ", 'user_id': '" ELSEWHERE "'}", "no_such_member");
	must(leave, person_params(2));
	CLEARED(MD, 0, "{" SLOT ", 'user_id': '" P2 "'}", "ok");
	CLEARED(MD, 0, "{" SLOT ", 'scope_type': 'song'}", "scope");
	CLEARED(MD, 0, "{" SLOT ", 'scope_song_id': '" SONG_1 "'}", "scope");
	CLEARED(MD, 0, "{" SLOT ", 'scope_type': 'song', 'scope_song_id': '" NO_SONG "'}",
		"song_unknown scope_song_id");
	/* What was deleted meanwhile can still be tidied up. */
	ASSIGNED(MD, 0, "{" SLOT ", " SONG "}", "ok");
	must(hide_song, json_pack("{s:s, s:i}", "song_id", song_id(0), "hidden", 1));
	CLEARED(MD, 0, "{" SLOT ", " SONG "}", "ok");
	ck_assert_str_eq(assignments(), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("roles");
	TCase *rules = tcase_create("rules");

	tcase_add_checked_fixture(rules, band_set_up, band_tear_down);
	tcase_set_timeout(rules, 30);
	tcase_add_test(rules, defaults_are_oneself_and_global);
	tcase_add_test(rules, the_md_gives_any_slot_to_any_member);
	tcase_add_test(rules, a_member_takes_what_is_free_for_itself);
	tcase_add_test(rules, a_member_replaces_only_a_ghost);
	tcase_add_test(rules, nobody_who_is_not_in_it);
	tcase_add_test(rules, no_slot_no_song_no_such_scope);
	tcase_add_test(rules, the_md_clears_anything);
	tcase_add_test(rules, a_member_clears_its_own);
	tcase_add_test(rules, clearing_what_is_not_there);
	suite_add_tcase(suite, rules);
	return run_suite(suite);
}
