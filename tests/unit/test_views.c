/*
 * test_views.c - what the views make of the tables: sections of the snapshot, who plays what.
 */
#include "tables_fixture.h"

START_TEST(view_of_the_session)
{
	json_is("SELECT json FROM section_session",
		"{'id': " SESSION ", 'code': 'CDF347', 'md_user_id': " ADA ", 'created_at': 5,"
		" 'active': true, 'active_setlist_id': " SETLIST ", 'active_position': null}");
	must("UPDATE session SET active = 0, active_position = 1");
	json_is("SELECT json_array(json_extract(json, '$.active'), json_extract(json,"
		" '$.active_position')) FROM section_session",
		"[0, 1]");
	ck_assert_int_eq(number_of("SELECT count(*) FROM section_session WHERE session_id = 'x'"),
			 0);
}
END_TEST

START_TEST(view_of_the_participants)
{
	must("UPDATE participant SET network_rtt_ms = 12, packet_loss_pct = 2.5, ptt_state = "
	     "'talking',"
	     " join_time = 1 WHERE user_id = " BO);
	must("INSERT INTO role_assignment VALUES (" SESSION ", " BO ", " BASS
	     ", 'global', NULL, 1),"
	     " (" SESSION ", " BO ", " DRUMS ", 'global', NULL, 1)");
	json_is("SELECT json FROM section_participants",
		"[{'session_id': " SESSION ", 'user_id': " BO
		", 'display_name': 'Bo', 'join_time': 1,"
		" 'last_heartbeat': 20, 'ptt_state': 'talking', 'network_rtt_ms': 12,"
		" 'packet_loss_pct': 2.5, 'slots': [" DRUMS ", " BASS "]},"
		"{'session_id': " SESSION ", 'user_id': " ADA ", 'display_name': 'Ada',"
		" 'join_time': 11, 'last_heartbeat': 20, 'ptt_state': 'idle',"
		" 'network_rtt_ms': null, 'packet_loss_pct': null, 'slots': []}]");
	must("UPDATE participant SET left_at = 1, removed = 1 WHERE user_id = " BO);
	ck_assert_int_eq(number_of("SELECT json_array_length(json) FROM section_participants"), 1);
	must("UPDATE participant SET left_at = 1");
	json_is("SELECT json FROM section_participants", "[]");
}
END_TEST

START_TEST(view_of_the_setlist)
{
	json_is("SELECT json FROM section_setlist",
		"{'id': " SETLIST ", 'session_id': " SESSION
		", 'title': 'Tonight', 'created_at': 8,"
		"'items': [{'setlist_id': " SETLIST ", 'position': 0, 'song_id': " FIRST ","
		" 'key_override': 'F#m', 'bpm_override': 128, 'song_leader_user_id': " BO ","
		" 'title': 'First', 'key': 'F#m', 'bpm': 128, 'time_signature': '6/8'},"
		"{'setlist_id': " SETLIST ", 'position': 1, 'song_id': " SECOND ","
		" 'key_override': null, 'bpm_override': null, 'song_leader_user_id': null,"
		" 'title': 'Second', 'key': '', 'bpm': 120, 'time_signature': '4/4'}]}");
	must("UPDATE session SET active_setlist_id = NULL");
	json_is("SELECT json FROM section_setlist", "null");
}
END_TEST

START_TEST(view_of_the_role_assignments)
{
	json_is("SELECT json FROM section_role_assignments", "[]");
	must("INSERT INTO role_assignment VALUES (" SESSION ", " BO ", " DRUMS ", 'song', " FIRST
	     ", 2), (" SESSION ", " ADA ", " BASS ", 'global', NULL, 1)");
	json_is("SELECT json FROM section_role_assignments",
		"[{'session_id': " SESSION ", 'user_id': " ADA ", 'slot_id': " BASS ","
		" 'scope_type': 'global', 'scope_song_id': null, 'assigned_at': 1},"
		"{'session_id': " SESSION ", 'user_id': " BO ", 'slot_id': " DRUMS ","
		" 'scope_type': 'song', 'scope_song_id': " FIRST ", 'assigned_at': 2}]");
}
END_TEST

START_TEST(view_of_the_active_song)
{
	json_is("SELECT json FROM section_active_song", "null");
	must("INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " DRUMS
	     ", 'global', NULL, 1)");
	must("UPDATE session SET active_position = 0, active_start_bar = 17");
	json_is("SELECT json FROM section_active_song",
		"{'position': 0, 'song_id': " FIRST ", 'title': 'First', 'key': 'F#m', 'bpm': 128,"
		" 'time_signature': '6/8', 'notes': '**loud**', 'song_leader_user_id': " BO ","
		" 'roles': [{'slot_id': " DRUMS ", 'user_id': " ADA ", 'scope_type': 'global'}],"
		" 'start_bar_index': 17}");
	/* one that is not in the setlist */
	must("UPDATE session SET active_position = NULL, active_song_id = " FIRST
	     ", active_start_bar = NULL");
	json_is("SELECT json FROM section_active_song",
		"{'position': null, 'song_id': " FIRST ", 'title': 'First', 'key': 'G', 'bpm': 100,"
		" 'time_signature': '6/8', 'notes': '**loud**', 'song_leader_user_id': null,"
		" 'roles': [{'slot_id': " DRUMS ", 'user_id': " ADA ", 'scope_type': 'global'}],"
		" 'start_bar_index': null}");
}
END_TEST

START_TEST(a_songs_role_shadows_the_global_one)
{
	static const char who[] = "SELECT json_group_object(slot_id, user_id) FROM effective_role";

	must("INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " DRUMS
	     ", 'global', NULL, 1),"
	     " (" SESSION ", " ADA ", " BASS ", 'global', NULL, 1),"
	     " (" SESSION ", " BO ", " DRUMS ", 'song', " FIRST ", 1)");
	json_is(who, "{" DRUMS ": " ADA ", " BASS ": " ADA "}"); /* no song is on */
	must("UPDATE session SET active_position = 1");
	json_is(who, "{" DRUMS ": " ADA ", " BASS ": " ADA "}");
	must("UPDATE session SET active_position = 0");
	json_is(who, "{" DRUMS ": " BO ", " BASS ": " ADA "}");
	json_is("SELECT json_extract(json, '$[0].slots', '$[1].slots') FROM section_participants",
		"[[" BASS "], [" DRUMS "]]");
	json_is("SELECT json_group_array(json_array(user_id, ptt_state, json(slots)))"
		" FROM (SELECT * FROM participant_audio_status ORDER BY user_id)",
		"[[" ADA ", 'idle', [" BASS "]], [" BO ", 'idle', [" DRUMS "]]]");
	json_is("SELECT roles FROM active_song_context",
		"[{'slot_id': " DRUMS ", 'user_id': " BO ", 'scope_type': 'song'},"
		" {'slot_id': " BASS ", 'user_id': " ADA ", 'scope_type': 'global'}]");
}
END_TEST

START_TEST(view_of_the_slots)
{
	json_is("SELECT json_extract(json, '$[0]', '$[2]') FROM section_slots",
		"[{'id': " DRUMS ", 'name': 'drums'}, {'id': " BASS ", 'name': 'bass'}]");
	/* every name of the list has its row */
	must("INSERT INTO user VALUES ('33333333-3333-4333-8333-333333333333', 'x', 1, 1)");
	ck_assert_int_eq(number_of("SELECT count(*) FROM instrument_slot WHERE length(name) < 3"),
			 0);
	ck_assert_int_eq(number_of("SELECT count(*) FROM instrument_slot"), 23);
	ck_assert_int_eq(number_of("SELECT json_array_length(json) FROM section_slots"), 23);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("views");
	TCase *tcase = tcase_create("views");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, view_of_the_session);
	tcase_add_test(tcase, view_of_the_participants);
	tcase_add_test(tcase, view_of_the_setlist);
	tcase_add_test(tcase, view_of_the_role_assignments);
	tcase_add_test(tcase, view_of_the_active_song);
	tcase_add_test(tcase, a_songs_role_shadows_the_global_one);
	tcase_add_test(tcase, view_of_the_slots);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
