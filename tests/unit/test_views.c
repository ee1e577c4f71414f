/*
 * test_views.c - what the views make of the tables: sections of the snapshot, who plays what.
 */
#include "check_main.h"
#include "tables_fixture.h"

#include <stdarg.h>

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
	     " ready = 1, join_time = 1 WHERE user_id = " BO);
	must("INSERT INTO role_assignment VALUES (" SESSION ", " BO ", " BASS
	     ", 'global', NULL, 1),"
	     " (" SESSION ", " BO ", " DRUMS ", 'global', NULL, 1)");
	json_is("SELECT json FROM section_participants",
		"[{'session_id': " SESSION ", 'user_id': " BO
		", 'display_name': 'Bo', 'join_time': 1,"
		" 'last_heartbeat': 20, 'ptt_state': 'talking', 'ready': true,"
		" 'network_rtt_ms': 12,"
		" 'packet_loss_pct': 2.5, 'slots': [" DRUMS ", " BASS "]},"
		"{'session_id': " SESSION ", 'user_id': " ADA ", 'display_name': 'Ada',"
		" 'join_time': 11, 'last_heartbeat': 20, 'ptt_state': 'idle',"
		" 'ready': false, 'network_rtt_ms': null, 'packet_loss_pct': null, 'slots': []}]");
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

/* Its place is gone, what the place had changed of it is not. */
START_TEST(a_song_without_a_place_keeps_its_overrides)
{
	static const char song[] =
		"SELECT json_extract(json, '$.position', '$.song_id', '$.title', '$.key', '$.bpm',"
		" '$.time_signature', '$.song_leader_user_id', '$.start_bar_index')"
		" FROM section_active_song";

	must("UPDATE session SET active_song_id = " FIRST ", active_key_override = 'Eb',"
	     " active_bpm_override = 77, active_leader_user_id = " BO ", active_start_bar = 4");
	json_is(song, "[null, " FIRST ", 'First', 'Eb', 77, '6/8', " BO ", 4]");
	must("UPDATE session SET active_bpm_override = NULL, active_leader_user_id = NULL");
	json_is(song, "[null, " FIRST ", 'First', 'Eb', 100, '6/8', null, 4]");
	must("UPDATE session SET active_key_override = NULL, active_bpm_override = 61");
	json_is(song, "[null, " FIRST ", 'First', 'G', 61, '6/8', null, 4]");
	/* one with a place goes by that alone */
	must("UPDATE session SET active_song_id = NULL, active_key_override = 'Eb',"
	     " active_leader_user_id = " ADA ", active_position = 0");
	json_is(song, "[0, " FIRST ", 'First', 'F#m', 128, '6/8', " BO ", 4]");
	must("UPDATE session SET active_position = 1");
	json_is(song, "[1, " SECOND ", 'Second', '', 120, '4/4', null, 4]");
	/* the overrides alone are no song */
	must("UPDATE session SET active_position = NULL");
	json_is("SELECT json FROM section_active_song", "null");
	ck_assert_int_eq(number_of("SELECT count(*) FROM active_song_context"), 0);
}
END_TEST

START_TEST(who_has_left_leads_no_song)
{
	static const char in_setlist[] =
		"SELECT json_extract(json, '$.items[0].song_leader_user_id',"
		" '$.items[1].song_leader_user_id') FROM section_setlist WHERE session_id "
		"= " SESSION;
	static const char of_active[] =
		"SELECT json_array(json_extract(json, '$.song_leader_user_id'))"
		" FROM section_active_song WHERE session_id = " SESSION;

	/* in another session he still is */
	must("INSERT INTO session (id, code, md_user_id, created_at) VALUES"
	     " ('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb', 'CDF349', " ADA ", 5);"
	     "INSERT INTO participant (session_id, user_id, join_time, last_heartbeat) VALUES"
	     " ('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb', " BO ", 1, 1);"
	     "INSERT INTO user VALUES ('33333333-3333-4333-8333-333333333333', 'Cy', 1, 1);"
	     /* was never here */
	     "UPDATE setlist_item SET song_leader_user_id = '33333333-3333-4333-8333-333333333333'"
	     " WHERE position = 1;"
	     "UPDATE session SET active_position = 0 WHERE id = " SESSION);
	json_is(in_setlist, "[" BO ", null]");
	json_is(of_active, "[" BO "]");
	must("UPDATE participant SET left_at = 9 WHERE user_id = " BO " AND session_id = " SESSION);
	json_is(in_setlist, "[null, null]");
	json_is(of_active, "[null]");
	must("UPDATE session SET active_position = NULL, active_song_id = " SECOND
	     ", active_leader_user_id = " BO " WHERE id = " SESSION);
	json_is(of_active, "[null]");
	must("UPDATE participant SET left_at = NULL");
	json_is(in_setlist, "[" BO ", null]");
	json_is(of_active, "[" BO "]");
	/* who leads is not forgotten */
	ck_assert_int_eq(number_of("SELECT count(song_leader_user_id) FROM setlist_item"), 2);
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

/* --- At random, against the rules written out ------------------------------------------------ */

enum { PEOPLE = 6, SLOTS = 5, SONGS = 3, SESSIONS = 3, NOBODY = -1 };

/* What a session was given: holder[s][0] of slot s globally, [1 + song] for that song. */
struct cast {
	int holder[SLOTS][1 + SONGS];
	bool left[PEOPLE];
	int on; /* song, or NOBODY */
};

static unsigned seed;

static int any(int below)
{
	seed = seed * 1103515245u + 12345u;
	return (int)(seed >> 16) % below;
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	char sql[600];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sql, sizeof sql, format, arguments);
	va_end(arguments);
	must(sql);
}

#define ID_OF "'%08x-0000-4000-8000-00000000000%d'"
#define USER_OF(n) 0x10u, (n)
#define SONG_OF(n) 0x20u, (n)
#define SESSION_OF(n) 0x30u, (n)
#define SLOT_OF "'7ac70500-0000-4000-8000-00000000000%d'"

static void cast_role(struct cast *cast, int session, int slot, int scope)
{
	const int user = any(PEOPLE);

	cast->holder[slot][scope] = NOBODY;
	if (any(2) || cast->left[user])
		return;
	cast->holder[slot][scope] = user;
	if (scope == 0)
		say("INSERT INTO role_assignment VALUES (" ID_OF ", " ID_OF ", " SLOT_OF
		    ", 'global', NULL, 1)",
		    SESSION_OF(session), USER_OF(user), slot + 1);
	else
		say("INSERT INTO role_assignment VALUES (" ID_OF ", " ID_OF ", " SLOT_OF
		    ", 'song', " ID_OF ", 1)",
		    SESSION_OF(session), USER_OF(user), slot + 1, SONG_OF(scope - 1));
}

static void cast_session(struct cast *cast, int session)
{
	say("INSERT INTO session (id, code, md_user_id, created_at, active) VALUES (" ID_OF
	    ", 'CDF347', " ID_OF ", 1, 0)",
	    SESSION_OF(session), USER_OF(0));
	for (int user = 0; user < PEOPLE; user++) {
		cast->left[user] = any(4) == 0;
		say("INSERT INTO participant (session_id, user_id, join_time, last_heartbeat,"
		    " left_at) VALUES (" ID_OF ", " ID_OF ", 1, 1, iif(%d, 1, NULL))",
		    SESSION_OF(session), USER_OF(user), cast->left[user]);
	}
	for (int slot = 0; slot < SLOTS; slot++)
		for (int scope = 0; scope < 1 + SONGS; scope++)
			cast_role(cast, session, slot, scope);
	cast->on = any(SONGS + 1) - 1;
	if (cast->on != NOBODY)
		say("UPDATE session SET active_song_id = " ID_OF " WHERE id = " ID_OF,
		    SONG_OF(cast->on), SESSION_OF(session));
}

/* data-model.md, section 8: a song's own assignment shadows the global one, for that song. */
static int plays(const struct cast *cast, int slot, bool *own)
{
	*own = cast->on != NOBODY && cast->holder[slot][1 + cast->on] != NOBODY;
	return cast->holder[slot][*own ? 1 + cast->on : 0];
}

__attribute__((format(printf, 3, 4))) static void add_text(char *text, size_t size,
							   const char *format, ...)
{
	const size_t used = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + used, size - used, format, arguments);
	va_end(arguments);
}

static void expect_roles(const struct cast *cast, int session)
{
	char sql[300], text[2000] = "[";
	bool own;

	for (int slot = 0; slot < SLOTS; slot++)
		if (plays(cast, slot, &own) != NOBODY)
			add_text(text, sizeof text,
				 "%s{'slot_id': " SLOT_OF ", 'user_id': " ID_OF
				 ", 'scope_type': '%s'}",
				 text[1] ? ", " : "", slot + 1, USER_OF(plays(cast, slot, &own)),
				 own ? "song" : "global");
	add_text(text, sizeof text, "]");
	snprintf(sql, sizeof sql,
		 "SELECT json_extract(json, '$.roles') FROM section_active_song"
		 " WHERE session_id = " ID_OF,
		 SESSION_OF(session));
	if (cast->on != NOBODY)
		json_is(sql, text);
	snprintf(sql, sizeof sql,
		 "SELECT json_group_array(json_object('slot_id', slot_id, 'user_id', user_id,"
		 " 'scope_type', scope_type)) FROM (SELECT * FROM effective_role"
		 " WHERE session_id = " ID_OF " ORDER BY slot_id)",
		 SESSION_OF(session));
	json_is(sql, text);
}

static void expect_slots(const struct cast *cast, int session)
{
	char sql[400], text[2000] = "{";
	bool own;

	for (int user = 0; user < PEOPLE; user++) {
		if (cast->left[user])
			continue;
		add_text(text, sizeof text, "%s" ID_OF ": [", text[1] ? ", " : "", USER_OF(user));
		const char *comma = "";
		for (int slot = 0; slot < SLOTS; slot++) {
			if (plays(cast, slot, &own) != user)
				continue;
			add_text(text, sizeof text, "%s" SLOT_OF, comma, slot + 1);
			comma = ", ";
		}
		add_text(text, sizeof text, "]");
	}
	add_text(text, sizeof text, "}");
	snprintf(sql, sizeof sql,
		 "SELECT json_group_object(json_extract(value, '$.user_id'),"
		 " json_extract(value, '$.slots')) FROM section_participants AS section, "
		 "json_each(section.json)"
		 " WHERE session_id = " ID_OF,
		 SESSION_OF(session));
	json_is(sql, text);
	snprintf(sql, sizeof sql,
		 "SELECT json_group_object(user_id, json(slots)) FROM participant_audio_status"
		 " WHERE session_id = " ID_OF,
		 SESSION_OF(session));
	json_is(sql, text);
}

START_TEST(who_plays_what_by_the_rules)
{
	struct cast casts[SESSIONS];

	for (int user = 0; user < PEOPLE; user++)
		say("INSERT INTO user VALUES (" ID_OF ", 'U', 1, 1)", USER_OF(user));
	for (int song = 0; song < SONGS; song++)
		say("INSERT INTO song (id, title) VALUES (" ID_OF ", 'S')", SONG_OF(song));
	for (unsigned round = 1; round <= 40; round++) {
		seed = round;
		must("SAVEPOINT round");
		for (int session = 0; session < SESSIONS; session++)
			cast_session(&casts[session], session);
		for (int session = 0; session < SESSIONS; session++) {
			expect_roles(&casts[session], session);
			expect_slots(&casts[session], session);
		}
		must("ROLLBACK TO round; RELEASE round");
	}
}
END_TEST

/* Nothing of one session shows in another's sections. */
START_TEST(sections_are_of_their_session)
{
	must("INSERT INTO role_assignment VALUES (" SESSION ", " BO ", " DRUMS
	     ", 'global', NULL, 2);"
	     "UPDATE session SET active_position = 0;"
	     "INSERT INTO session (id, code, md_user_id, created_at) VALUES"
	     " ('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb', 'CDF349', " ADA ", 5)");
	json_is("SELECT json_array((SELECT json(json) FROM section_participants WHERE session_id = "
		"s),"
		" (SELECT json(json) FROM section_role_assignments WHERE session_id = s),"
		" (SELECT json(json) FROM section_setlist WHERE session_id = s),"
		" (SELECT json(json) FROM section_active_song WHERE session_id = s))"
		" FROM (SELECT 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb' AS s)",
		"[[], [], null, null]");
}
END_TEST

/* However many sessions there were, and whatever was assigned in them, only this one's rows are read:
 * SQLite's plan searches where it could scan. */
static const char *const sections[] = {"session", "participants", "role_assignments", "setlist",
				       "active_song"};

START_TEST(a_section_reads_its_own_rows)
{
	char sql[200];
	sqlite3_stmt *plan;
	int searches = 0;
	bool by_user = false;

	snprintf(sql, sizeof sql,
		 "EXPLAIN QUERY PLAN SELECT json FROM section_%s WHERE session_id = ?",
		 sections[_i]);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &plan, NULL), SQLITE_OK);
	while (sqlite3_step(plan) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(plan, 3);
		const bool scans = strncmp(step, "SCAN ", 5) == 0;
		ck_assert_msg(!scans || strstr(step, "subquery"), "%s: %s", sections[_i], step);
		ck_assert_msg(!strstr(step, "AUTOMATIC"), "%s: %s", sections[_i], step);
		searches += strncmp(step, "SEARCH ", 7) == 0;
		by_user = by_user ||
			  strstr(step, "role_assignment_user (session_id=? AND user_id=?)");
	}
	sqlite3_finalize(plan);
	ck_assert_int_gt(searches, 0);
	ck_assert_int_eq(by_user, strcmp(sections[_i], "participants") == 0);
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
	tcase_add_test(tcase, a_song_without_a_place_keeps_its_overrides);
	tcase_add_test(tcase, who_has_left_leads_no_song);
	tcase_add_test(tcase, a_songs_role_shadows_the_global_one);
	tcase_add_test(tcase, who_plays_what_by_the_rules);
	tcase_add_test(tcase, sections_are_of_their_session);
	tcase_add_loop_test(tcase, a_section_reads_its_own_rows, 0,
			    sizeof sections / sizeof *sections);
	tcase_add_test(tcase, view_of_the_slots);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
