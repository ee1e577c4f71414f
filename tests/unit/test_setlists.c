/*
 * test_setlists.c - the rules of setlists and their items, against a real store.
 */
#include "setlists_fixture.h"

#include "check_main.h"
#include "limits.h"

#define IN_A "'setlist_id': '" SETLIST_A "'"
#define NOBODY "99999999-9999-4999-8999-999999999999"

/* A holds songs 1 2 3 4, the second in G at 128 and led by Bo; it is the active one. */
static void fill_a(void)
{
	set_up();
	done(setlist_sql_activate, "{" IN_A "}");
	done(setlist_sql_item_add, "{'song_id': '" SONG "1'}");
	done(setlist_sql_item_add, "{'song_id': '" SONG "2', 'key_override': 'G',"
				   " 'bpm_override': 128, 'song_leader_user_id': '" USER_2 "'}");
	done(setlist_sql_item_add, "{'song_id': '" SONG "3'}");
	done(setlist_sql_item_add, "{'song_id': '" SONG "4'}");
	EXPECT_A("0:1 1:2/G/128/Bo 2:3 3:4");
	EXPECT_ON("A@-");
}

static void answers(const struct store_step *steps, const char *fields, const char *answer)
{
	struct outcome out;
	json_t *expected = json_from(answer);

	ck_assert_int_eq(ask_json(steps, json_from(fields), &out), STORE_OK);
	json_t *found = json_object_get(out.row, "answer_json");
	char *shown = json_dumps(found, JSON_ENCODE_ANY);
	ck_assert_msg(json_equal(found, expected), "%s", shown);
	free(shown);
	json_decref(expected);
	outcome_free(&out);
}

/* --- Adding --------------------------------------------------------------------------------- */

START_TEST(add_before_what_is_there)
{
	done(setlist_sql_item_add, "{'song_id': '" SONG "5', 'position': 0}");
	EXPECT_A("0:5 1:1 2:2/G/128/Bo 3:3 4:4");
	done(setlist_sql_item_add, "{'song_id': '" SONG "6', 'position': 2, 'key_override': null}");
	EXPECT_A("0:5 1:1 2:6 3:2/G/128/Bo 4:3 5:4");
	done(setlist_sql_item_add, "{'song_id': '" SONG "1', 'position': 6, 'bpm_override': 30}");
	EXPECT_A("0:5 1:1 2:6 3:2/G/128/Bo 4:3 5:4 6:1/-/30/-");
	EXPECT_B("");
}
END_TEST

START_TEST(add_answers_where)
{
	answers(setlist_sql_item_add, "{'song_id': '" SONG "5'}",
		"{'setlist_id': '" SETLIST_A "', 'position': 4}");
	answers(setlist_sql_item_add, "{'song_id': '" SONG "5', 'position': 1}",
		"{'setlist_id': '" SETLIST_A "', 'position': 1}");
	answers(setlist_sql_item_add, "{'song_id': '" SONG "5', 'setlist_id': '" SETLIST_B "'}",
		"{'setlist_id': '" SETLIST_B "', 'position': 0}");
	EXPECT_B("0:5");
}
END_TEST

START_TEST(the_active_item_follows_its_song)
{
	put_on(1);
	done(setlist_sql_item_add, "{'song_id': '" SONG "5', 'position': 2}");
	EXPECT_ON("A@1");
	done(setlist_sql_item_add, "{'song_id': '" SONG "6', 'position': 1}");
	EXPECT_ON("A@2");
	done(setlist_sql_item_move, "{'position': 0, 'to': 4}");
	EXPECT_ON("A@1");
	done(setlist_sql_item_move, "{'position': 1, 'to': 5}");
	EXPECT_A("0:6 1:5 2:3 3:1 4:4 5:2/G/128/Bo");
	EXPECT_ON("A@5");
	done(setlist_sql_item_remove, "{'position': 0}");
	EXPECT_ON("A@4");
	done(setlist_sql_item_move, "{'position': 4, 'to': 0}");
	EXPECT_A("0:2/G/128/Bo 1:5 2:3 3:1 4:4");
	EXPECT_ON("A@0");
}
END_TEST

/* --- Updating ------------------------------------------------------------------------------- */

START_TEST(update_keeps_what_is_absent_and_clears_what_is_null)
{
	done(setlist_sql_item_update, "{'position': 1, 'key_override': 'Am'}");
	EXPECT_A("0:1 1:2/Am/128/Bo 2:3 3:4");
	done(setlist_sql_item_update, "{'position': 1, 'bpm_override': null}");
	EXPECT_A("0:1 1:2/Am/-/Bo 2:3 3:4");
	done(setlist_sql_item_update, "{'position': 1, 'song_id': '" SONG "7'}");
	EXPECT_A("0:1 1:7/Am/-/Bo 2:3 3:4");
	done(setlist_sql_item_update,
	     "{'position': 1, 'key_override': null, 'song_leader_user_id': null}");
	EXPECT_A("0:1 1:7 2:3 3:4");
	done(setlist_sql_item_update, "{'position': 3, " IN_A ", 'song_id': '" SONG "1',"
				      " 'key_override': 'F#m', 'bpm_override': 260,"
				      " 'song_leader_user_id': '" USER_1 "'}");
	EXPECT_A("0:1 1:7 2:3 3:1/F#m/260/Ada");
	done(setlist_sql_item_update, "{'position': 0}");
	EXPECT_A("0:1 1:7 2:3 3:1/F#m/260/Ada");
}
END_TEST

START_TEST(items_answer_their_setlist)
{
	answers(setlist_sql_item_update, "{'position': 1, 'bpm_override': 90}",
		"{'setlist_id': '" SETLIST_A "'}");
	answers(setlist_sql_item_move, "{'position': 1, 'to': 0}",
		"{'setlist_id': '" SETLIST_A "'}");
	answers(setlist_sql_item_remove, "{'position': 1}", "{'setlist_id': '" SETLIST_A "'}");
}
END_TEST

/* --- Moving, removing ----------------------------------------------------------------------- */

static const struct {
	int position;
	int to;
	const char *order;
} moves[] = {
	{0, 0, "0:1 1:2/G/128/Bo 2:3 3:4"}, {0, 1, "0:2/G/128/Bo 1:1 2:3 3:4"},
	{0, 3, "0:2/G/128/Bo 1:3 2:4 3:1"}, {1, 2, "0:1 1:3 2:2/G/128/Bo 3:4"},
	{2, 1, "0:1 1:3 2:2/G/128/Bo 3:4"}, {3, 0, "0:4 1:1 2:2/G/128/Bo 3:3"},
	{3, 3, "0:1 1:2/G/128/Bo 2:3 3:4"}, {3, 1, "0:1 1:4 2:2/G/128/Bo 3:3"},
};

START_TEST(move_up_and_down)
{
	char fields[64];

	snprintf(fields, sizeof fields, "{'position': %d, 'to': %d}", moves[_i].position,
		 moves[_i].to);
	done(setlist_sql_item_move, fields);
	EXPECT_A(moves[_i].order);
}
END_TEST

START_TEST(remove_closes_the_gap)
{
	done(setlist_sql_item_remove, "{'position': 0}");
	EXPECT_A("0:2/G/128/Bo 1:3 2:4");
	done(setlist_sql_item_remove, "{'position': 2}");
	EXPECT_A("0:2/G/128/Bo 1:3");
	done(setlist_sql_item_remove, "{'position': 0}");
	done(setlist_sql_item_remove, "{'position': 0}");
	EXPECT_A("");
	refused(setlist_sql_item_remove, "{'position': 0}", "position_range");
}
END_TEST

/* --- The song that is on stays on ----------------------------------------------------------- */

START_TEST(removing_the_active_item_keeps_its_song_on)
{
	put_on(1);
	done(setlist_sql_item_remove, "{'position': 1}");
	EXPECT_A("0:1 1:3 2:4");
	EXPECT_ON("A@- 2/G/128/Bo");
	/* which no other item's going touches */
	done(setlist_sql_item_remove, "{'position': 1}");
	EXPECT_ON("A@- 2/G/128/Bo");
	put_on(0);
	done(setlist_sql_item_remove, "{'position': 1}");
	EXPECT_ON("A@0");
	done(setlist_sql_item_remove, "{'position': 0}");
	EXPECT_ON("A@- 1");
}
END_TEST

START_TEST(another_setlists_item_of_that_position_is_not_the_active_one)
{
	done(setlist_sql_item_add, "{'setlist_id': '" SETLIST_B "', 'song_id': '" SONG "9'}");
	done(setlist_sql_item_add, "{'setlist_id': '" SETLIST_B "', 'song_id': '" SONG "8'}");
	put_on(1);
	done(setlist_sql_item_remove, "{'setlist_id': '" SETLIST_B "', 'position': 1}");
	EXPECT_ON("A@1");
	EXPECT_B("0:9");
	done(setlist_sql_delete, "{'setlist_id': '" SETLIST_B "'}");
	EXPECT_ON("A@1");
}
END_TEST

START_TEST(deleting_the_active_setlist_keeps_its_song_on)
{
	put_on(1);
	done(setlist_sql_delete, "{" IN_A "}");
	EXPECT_ON("-@- 2/G/128/Bo");
	ck_assert_str_eq(text_of("SELECT group_concat(title) AS text FROM setlist"), "B,X");
	ck_assert_str_eq(text_of("SELECT '' || count(*) AS text FROM setlist_item"), "0");
	refused(setlist_sql_delete, "{" IN_A "}", "setlist_unknown");
}
END_TEST

START_TEST(activating_another_keeps_the_song_on)
{
	put_on(1);
	done(setlist_sql_activate, "{" IN_A "}"); /* again: one stays where one is */
	EXPECT_ON("A@1");
	done(setlist_sql_activate, "{'setlist_id': '" SETLIST_B "'}");
	EXPECT_ON("B@- 2/G/128/Bo");
	done(setlist_sql_activate, "{'setlist_id': null}");
	EXPECT_ON("-@- 2/G/128/Bo");
	done(setlist_sql_activate, "{" IN_A "}");
	EXPECT_ON("A@- 2/G/128/Bo");
	put_on(0);
	done(setlist_sql_activate, "{'setlist_id': null}");
	EXPECT_ON("-@- 1");
	EXPECT_A("0:1 1:2/G/128/Bo 2:3 3:4");
}
END_TEST

START_TEST(with_no_song_on_none_comes_on)
{
	done(setlist_sql_activate, "{'setlist_id': '" SETLIST_B "'}");
	EXPECT_ON("B@-");
	done(setlist_sql_delete, "{'setlist_id': '" SETLIST_B "'}");
	EXPECT_ON("-@-");
}
END_TEST

/* --- Setlists ------------------------------------------------------------------------------- */

START_TEST(create_empty_or_as_a_copy)
{
	done(setlist_sql_create, "{'setlist_id': '" SETLIST_C "', 'title': 'C'}");
	EXPECT_C("");
	done(setlist_sql_delete, "{'setlist_id': '" SETLIST_C "'}");
	done(setlist_sql_create,
	     "{'setlist_id': '" SETLIST_C "', 'title': 'C', 'copy_of': '" SETLIST_A "'}");
	EXPECT_C("0:1 1:2/G/128/Bo 2:3 3:4");
	EXPECT_ON("A@-");
	done(setlist_sql_item_remove, "{'position': 0}");
	EXPECT_C("0:1 1:2/G/128/Bo 2:3 3:4");
	refused(setlist_sql_create,
		"{'setlist_id': '" NOBODY "', 'title': 'D', 'copy_of': '" SETLIST_X "'}",
		"setlist_unknown copy_of");
	refused(setlist_sql_create,
		"{'setlist_id': '" NOBODY "', 'title': 'D', 'copy_of': '" NOBODY "'}",
		"setlist_unknown copy_of");
}
END_TEST

START_TEST(rename_and_list)
{
	done(setlist_sql_rename, "{'setlist_id': '" SETLIST_B "', 'title': 'Sunday'}");
	answers(setlist_sql_list, "{}",
		"{'setlists': [{'id': '" SETLIST_A "', 'session_id': '" SESSION_1 "',"
		" 'title': 'A', 'created_at': 6, 'items': 4, 'active': true},"
		"{'id': '" SETLIST_B "', 'session_id': '" SESSION_1 "', 'title': 'Sunday',"
		" 'created_at': 7, 'items': 0, 'active': false}]}");
	done(setlist_sql_activate, "{'setlist_id': null}");
	done(setlist_sql_delete, "{" IN_A "}");
	done(setlist_sql_delete, "{'setlist_id': '" SETLIST_B "'}");
	answers(setlist_sql_list, "{}", "{'setlists': []}");
}
END_TEST

/* --- Refusals ------------------------------------------------------------------------------- */

static const struct {
	const struct store_step *steps;
	const char *fields;
	const char *what;
} wrong[] = {
	{setlist_sql_rename, "{'setlist_id': '" NOBODY "', 'title': 'Y'}", "setlist_unknown"},
	{setlist_sql_rename, "{'setlist_id': '" SETLIST_X "', 'title': 'Y'}", "setlist_unknown"},
	{setlist_sql_delete, "{'setlist_id': '" SETLIST_X "'}", "setlist_unknown"},
	{setlist_sql_activate, "{'setlist_id': '" SETLIST_X "'}", "setlist_unknown"},
	{setlist_sql_item_add, "{'setlist_id': '" SETLIST_X "', 'song_id': '" SONG "1'}",
	 "setlist_unknown"},
	{setlist_sql_item_update, "{'setlist_id': '" SETLIST_X "', 'position': 0}",
	 "setlist_unknown"},
	{setlist_sql_item_move, "{'setlist_id': '" SETLIST_X "', 'position': 0, 'to': 0}",
	 "setlist_unknown"},
	{setlist_sql_item_remove, "{'setlist_id': '" NOBODY "', 'position': 0}", "setlist_unknown"},
	{setlist_sql_item_add, "{'song_id': '" HIDDEN "'}", "song_unknown"},
	{setlist_sql_item_add, "{'song_id': '" NOBODY "'}", "song_unknown"},
	{setlist_sql_item_update, "{'position': 0, 'song_id': '" HIDDEN "'}", "song_unknown"},
	{setlist_sql_item_add, "{'song_id': '" SONG "1', 'song_leader_user_id': '" USER_3 "'}",
	 "no_such_member song_leader_user_id"},
	{setlist_sql_item_add, "{'song_id': '" SONG "1', 'song_leader_user_id': '" NOBODY "'}",
	 "no_such_member song_leader_user_id"},
	{setlist_sql_item_update, "{'position': 0, 'song_leader_user_id': '" USER_3 "'}",
	 "no_such_member song_leader_user_id"},
	{setlist_sql_item_add, "{'song_id': '" SONG "1', 'position': 5}", "position_range"},
	{setlist_sql_item_update, "{'position': 4, 'key_override': 'A'}", "position_range"},
	{setlist_sql_item_move, "{'position': 4, 'to': 0}", "position_range"},
	{setlist_sql_item_move, "{'position': 0, 'to': 4}", "position_range to"},
	{setlist_sql_item_remove, "{'position': 4}", "position_range"},
};

START_TEST(refusals_change_nothing)
{
	put_on(1);
	refused(wrong[_i].steps, wrong[_i].fields, wrong[_i].what);
}
END_TEST

START_TEST(without_an_active_setlist_one_must_be_named)
{
	done(setlist_sql_activate, "{'setlist_id': null}");
	refused(setlist_sql_item_add, "{'song_id': '" SONG "1'}", "no_setlist");
	refused(setlist_sql_item_update, "{'position': 0}", "no_setlist");
	refused(setlist_sql_item_move, "{'position': 0, 'to': 1}", "no_setlist");
	refused(setlist_sql_item_remove, "{'position': 0}", "no_setlist");
	done(setlist_sql_item_move, "{" IN_A ", 'position': 0, 'to': 3}");
	EXPECT_A("0:2/G/128/Bo 1:3 2:4 3:1");
}
END_TEST

START_TEST(a_setlist_is_full)
{
	char fields[200];

	for (int i = 4; i < LIMIT_ITEMS_MAX; i++)
		done(setlist_sql_item_add, "{'song_id': '" SONG "5', 'position': 0}");
	refused(setlist_sql_item_add, "{'song_id': '" SONG "6'}", "setlist_full");
	refused(setlist_sql_item_add, "{'song_id': '" SONG "6', 'position': 0}", "setlist_full");
	put_on(LIMIT_ITEMS_MAX - 1);
	snprintf(fields, sizeof fields, "{'position': %d, 'to': 0}", LIMIT_ITEMS_MAX - 1);
	done(setlist_sql_item_move, fields);
	EXPECT_ON("A@0");
	done(setlist_sql_create,
	     "{'setlist_id': '" SETLIST_C "', 'title': 'C', 'copy_of': '" SETLIST_A "'}");
	done(setlist_sql_item_remove, "{'position': 0}");
	EXPECT_ON("A@- 4");
	done(setlist_sql_item_add, "{'song_id': '" SONG "6'}");
	snprintf(fields, sizeof fields, "{'position': %d}", LIMIT_ITEMS_MAX - 1);
	done(setlist_sql_item_remove, fields);
	refused(setlist_sql_item_remove, fields, "position_range");
	ck_assert_str_eq(text_of("SELECT group_concat(n || ' ' || top, ', ') AS text FROM (SELECT"
				 " count(*) AS n, max(position) AS top FROM setlist_item"
				 " GROUP BY setlist_id ORDER BY setlist_id)"),
			 "199 198, 200 199");
}
END_TEST

START_TEST(a_session_has_so_many_setlists)
{
	char fields[200];

	for (int i = 2; i < LIMIT_SETLISTS_MAX; i++) {
		snprintf(fields, sizeof fields,
			 "{'setlist_id': '5e700000-0000-4000-9000-%012d', 'title': '%d'}", i, i);
		done(setlist_sql_create, fields);
	}
	refused(setlist_sql_create, "{'setlist_id': '" NOBODY "', 'title': 'one more'}",
		"setlists_full");
	done(setlist_sql_delete, "{'setlist_id': '" SETLIST_B "'}");
	done(setlist_sql_create, "{'setlist_id': '" NOBODY "', 'title': 'one more'}");
}
END_TEST

/* --- Outdated requests ---------------------------------------------------------------------- */

/* The number of the change, or 0 where nothing was changed. */
static long long number_of(const struct store_step *steps, const char *fields)
{
	struct outcome out;

	ck_assert_int_eq(ask_json(steps, json_from(fields), &out), STORE_OK);
	const long long number = json_integer_value(json_object_get(out.row, "setlist_changes"));
	ck_assert_str_eq(json_string_value(json_object_get(out.row, "setlist_id")), SETLIST_A);
	outcome_free(&out);
	return number;
}

START_TEST(changes_are_numbered)
{
	ck_assert_int_eq(number_of(setlist_sql_item_add, "{'song_id': '" SONG "5'}"), 5);
	ck_assert_int_eq(number_of(setlist_sql_item_move, "{'position': 0, 'to': 1}"), 6);
	ck_assert_int_eq(number_of(setlist_sql_item_update, "{'position': 0, 'key_override': 'D'}"),
			 7);
	ck_assert_int_eq(number_of(setlist_sql_item_remove, "{'position': 0, " IN_A "}"), 8);
	/* What leaves all as it is, is no change. */
	ck_assert_int_eq(number_of(setlist_sql_item_move, "{'position': 0, 'to': 0}"), 0);
	ck_assert_int_eq(
		number_of(setlist_sql_item_update, "{'position': 0, 'key_override': null}"), 0);
	ck_assert_int_eq(number_of(setlist_sql_item_add, "{'song_id': '" SONG "5'}"), 9);
}
END_TEST

static const struct {
	const struct store_step *steps;
	const char *fields;
} outdated[] = {
	{setlist_sql_item_add, "'song_id': '" SONG "9'"},
	{setlist_sql_item_update, "'position': 0, 'key_override': 'D'"},
	{setlist_sql_item_move, "'position': 0, 'to': 1"},
	{setlist_sql_item_remove, "'position': 0"},
};

/* Four changes of A are on disk. */
START_TEST(what_was_changed_since_is_refused)
{
	char fields[200];
	const struct store_step *steps = outdated[_i].steps;
	const char *what = outdated[_i].fields;

	snprintf(fields, sizeof fields, "{%s, 'seen': 3}", what);
	refused(steps, fields, "stale");
	snprintf(fields, sizeof fields, "{%s, " IN_A ", 'seen': 3}", what);
	refused(steps, fields, "stale");
	snprintf(fields, sizeof fields, "{%s, 'seen': -1}", what);
	refused(steps, fields, "stale");
	snprintf(fields, sizeof fields, "{%s, 'seen': 4, 'seen_setlist_id': '" SETLIST_B "'}",
		 what);
	refused(steps, fields, "stale");
	snprintf(fields, sizeof fields, "{%s, 'seen': 4, 'seen_setlist_id': ''}", what);
	refused(steps, fields, "stale");
	/* Another setlist's change is none of this one's. */
	done(setlist_sql_item_add, "{'setlist_id': '" SETLIST_B "', 'song_id': '" SONG "1'}");
	snprintf(fields, sizeof fields, "{%s, 'seen': 4, 'seen_setlist_id': '" SETLIST_A "'}",
		 what);
	done(steps, fields);
	refused(steps, fields, "stale");
}
END_TEST

/* One that was never changed is only refused to one who is behind all. */
START_TEST(what_never_changed)
{
	refused(setlist_sql_item_add,
		"{'setlist_id': '" SETLIST_B "', 'song_id': '" SONG "1', 'seen': -1}", "stale");
	done(setlist_sql_item_add,
	     "{'setlist_id': '" SETLIST_B "', 'song_id': '" SONG "1', 'seen': 0}");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("setlists");
	TCase *tcase = tcase_create("rules");

	tcase_add_checked_fixture(tcase, fill_a, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, add_before_what_is_there);
	tcase_add_test(tcase, add_answers_where);
	tcase_add_test(tcase, the_active_item_follows_its_song);
	tcase_add_test(tcase, update_keeps_what_is_absent_and_clears_what_is_null);
	tcase_add_test(tcase, items_answer_their_setlist);
	tcase_add_loop_test(tcase, move_up_and_down, 0, sizeof moves / sizeof *moves);
	tcase_add_test(tcase, remove_closes_the_gap);
	tcase_add_test(tcase, removing_the_active_item_keeps_its_song_on);
	tcase_add_test(tcase, another_setlists_item_of_that_position_is_not_the_active_one);
	tcase_add_test(tcase, deleting_the_active_setlist_keeps_its_song_on);
	tcase_add_test(tcase, activating_another_keeps_the_song_on);
	tcase_add_test(tcase, with_no_song_on_none_comes_on);
	tcase_add_test(tcase, create_empty_or_as_a_copy);
	tcase_add_test(tcase, rename_and_list);
	tcase_add_loop_test(tcase, refusals_change_nothing, 0, sizeof wrong / sizeof *wrong);
	tcase_add_test(tcase, without_an_active_setlist_one_must_be_named);
	tcase_add_test(tcase, a_setlist_is_full);
	tcase_add_test(tcase, a_session_has_so_many_setlists);
	tcase_add_test(tcase, changes_are_numbered);
	tcase_add_loop_test(tcase, what_was_changed_since_is_refused, 0,
			    sizeof outdated / sizeof *outdated);
	tcase_add_test(tcase, what_never_changed);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
