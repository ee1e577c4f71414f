/*
 * test_tables.c - the tables against the data model, and against each other.
 */
#include "check_main.h"
#include "tables_fixture.h"

/* --- The data model, name for name ---------------------------------------------------------- */

static const struct {
	const char *table;
	const char *columns; /* in its order, separated by spaces */
} entities[] = {
	{"user", "id display_name created_at last_active_at"},
	{"session", "id code md_user_id created_at active"},
	{"participant",
	 "session_id user_id join_time last_heartbeat ptt_state network_rtt_ms packet_loss_pct"},
	{"instrument_slot", "id name created_at"},
	{"role_assignment", "session_id user_id slot_id scope_type scope_song_id assigned_at"},
	{"song", "id title default_key default_bpm time_signature notes"},
	{"setlist", "id session_id title created_at"},
	{"setlist_item",
	 "setlist_id position song_id key_override bpm_override song_leader_user_id"},
	{"tempo_state",
	 "session_id bpm time_signature anchor_timestamp anchor_bar_index controller_user_id"},
	{"metrics_sample", "session_id user_id captured_at rtt_ms packet_loss_pct jitter_ms"},
};

START_TEST(every_entity_and_attribute)
{
	char columns[200], sql[300];

	snprintf(columns, sizeof columns, "%s", entities[_i].columns);
	for (char *name = strtok(columns, " "); name; name = strtok(NULL, " ")) {
		snprintf(sql, sizeof sql,
			 "SELECT count(*) FROM pragma_table_info('%s') WHERE name = '%s'",
			 entities[_i].table, name);
		ck_assert_msg(number_of(sql) == 1, "%s.%s", entities[_i].table, name);
	}
}
END_TEST

START_TEST(every_table_is_strict)
{
	json_is("SELECT json_group_array(name) FROM pragma_table_list"
		" WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE "
		"'sqlite_%'",
		"[]");
}
END_TEST

static const struct {
	const char *table;
	const char *columns;
} indices[] = {
	{"participant", "session_id"},
	{"role_assignment", "session_id,scope_type,scope_song_id"},
	{"setlist_item", "setlist_id,position"},
	{"tempo_state", "session_id"},
};

START_TEST(every_listed_index)
{
	char sql[500];

	snprintf(sql, sizeof sql,
		 "SELECT count(*) FROM pragma_index_list('%s') AS list WHERE"
		 " (SELECT group_concat(name) || ',' FROM"
		 "  (SELECT name FROM pragma_index_info(list.name) ORDER BY seqno)) GLOB '%s,*'%s",
		 indices[_i].table, indices[_i].columns,
		 strcmp(indices[_i].table, "tempo_state") == 0 ? " AND list.\"unique\"" : "");
	ck_assert_msg(number_of(sql) > 0, "%s (%s)", indices[_i].table, indices[_i].columns);
}
END_TEST

START_TEST(foreign_keys_are_checked_at_once)
{
	ck_assert_int_eq(number_of("SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%DEFERR%'"),
			 0);
	breaks("INSERT INTO setlist VALUES ('5e700000-0000-4000-8000-000000000002', 'x', 'T', 1)",
	       "FOREIGN KEY constraint failed");
	breaks("DELETE FROM user WHERE id = " BO, "FOREIGN KEY constraint failed");
	breaks("DELETE FROM song WHERE id = " FIRST, "FOREIGN KEY constraint failed");
	breaks("UPDATE tempo_state SET controller_user_id = '33333333-3333-4333-8333-333333333333'",
	       "FOREIGN KEY constraint failed");
	breaks("INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", 'x', 'global', NULL, 1)",
	       "FOREIGN KEY constraint failed");
	breaks("UPDATE session SET active_leader_user_id = 'nobody'",
	       "FOREIGN KEY constraint failed");
}
END_TEST

/* Each column that names a row of another table is one that is held to it. */
START_TEST(every_reference_is_a_foreign_key)
{
	json_is("SELECT json_group_array(name || '.' || column) FROM ("
		" SELECT t.name AS name, c.name AS column FROM pragma_table_list AS t,"
		"  pragma_table_info(t.name) AS c"
		" WHERE t.schema = 'main' AND t.type = 'table' AND c.name LIKE '%\\_id' ESCAPE '\\'"
		"  AND c.name NOT IN (SELECT \"from\" FROM pragma_foreign_key_list(t.name))"
		" ORDER BY 1, 2)",
		"['request_result.request_id']");
}
END_TEST

/* --- Uniqueness ----------------------------------------------------------------------------- */

START_TEST(one_holder_a_slot_and_scope)
{
	static const char taken[] = "UNIQUE constraint failed: index 'role_assignment_one_holder'";

	must("INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " DRUMS
	     ", 'global', NULL, 1)");
	breaks("INSERT INTO role_assignment VALUES (" SESSION ", " BO ", " DRUMS
	       ", 'global', NULL, 2)",
	       taken);
	must("INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " BASS
	     ", 'global', NULL, 1)");
	must("INSERT INTO role_assignment VALUES (" SESSION ", " BO ", " DRUMS ", 'song', " FIRST
	     ", 1)");
	breaks("INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " DRUMS ", 'song', " FIRST
	       ", 1)",
	       taken);
	must("INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " DRUMS ", 'song', " SECOND
	     ", 1)");
	breaks("UPDATE role_assignment SET scope_song_id = " FIRST " WHERE scope_song_id = " SECOND,
	       taken);
}
END_TEST

START_TEST(a_code_is_unique_while_active)
{
	static const char again[] =
		"INSERT INTO session (id, code, md_user_id, created_at) VALUES"
		" ('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb', 'CDF347', " ADA ", 5)";

	breaks(again, "UNIQUE constraint failed: session.code");
	must("UPDATE session SET active = 0");
	must(again);
	breaks("UPDATE session SET active = 1", "UNIQUE constraint failed: session.code");
}
END_TEST

START_TEST(one_session_on_air)
{
	must("INSERT INTO session (id, code, md_user_id, created_at, on_air) VALUES"
	     " ('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb', 'CDF349', " ADA ", 5, 1)");
	breaks("UPDATE session SET on_air = 1 WHERE id = " SESSION,
	       "UNIQUE constraint failed: session.on_air");
}
END_TEST

/* --- Membership ----------------------------------------------------------------------------- */

START_TEST(leaving_frees_roles)
{
	must("INSERT INTO role_assignment VALUES (" SESSION ", " BO ", " DRUMS
	     ", 'global', NULL, 1),"
	     " (" SESSION ", " BO ", " BASS ", 'song', " FIRST ", 1),"
	     " (" SESSION ", " ADA ", " BASS ", 'global', NULL, 1)");
	must("UPDATE participant SET left_at = 99 WHERE user_id = " BO);
	ck_assert_int_eq(number_of("SELECT count(*) FROM role_assignment"), 1);
	ck_assert_int_eq(number_of("SELECT count(*) FROM participant"), 2);
	breaks("INSERT INTO role_assignment VALUES (" SESSION ", " BO ", " DRUMS
	       ", 'global', NULL, 1)",
	       "role_assignment_needs_member");
	must("UPDATE participant SET left_at = NULL WHERE user_id = " BO);
	must("INSERT INTO role_assignment VALUES (" SESSION ", " BO ", " DRUMS
	     ", 'global', NULL, 1)");
}
END_TEST

/* --- Setlists ------------------------------------------------------------------------------- */

START_TEST(only_its_own_setlist_is_active)
{
	must("INSERT INTO session (id, code, md_user_id, created_at) VALUES"
	     " ('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb', 'CDF349', " ADA ", 5)");
	breaks("UPDATE session SET active_setlist_id = " SETLIST
	       " WHERE id = 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb'",
	       "FOREIGN KEY constraint failed");
	breaks("UPDATE session SET active_position = 2 WHERE id = " SESSION,
	       "FOREIGN KEY constraint failed");
	breaks("DELETE FROM setlist_item; DELETE FROM setlist", "FOREIGN KEY constraint failed");
}
END_TEST

/* As tables.sql says: lift what moves, set it down. */
START_TEST(the_active_position_follows_its_item)
{
	must("INSERT INTO setlist_item (setlist_id, position, song_id) VALUES (" SETLIST
	     ", 2, " FIRST "), (" SETLIST ", 3, " SECOND ")");
	must("UPDATE session SET active_position = 1");
	breaks("UPDATE setlist_item SET position = position + 1 WHERE position < 2",
	       "UNIQUE constraint failed: setlist_item.setlist_id, setlist_item.position");
	/* the last one to the front */
	must("UPDATE setlist_item SET position = position + 1000000");
	must("UPDATE setlist_item SET position ="
	     " CASE position WHEN 1000003 THEN 0 ELSE position - 999999 END");
	json_is("SELECT json_group_array(position) FROM (SELECT position FROM setlist_item ORDER "
		"BY 1)",
		"[0, 1, 2, 3]");
	ck_assert_int_eq(number_of("SELECT active_position FROM session"), 2);
	breaks("DELETE FROM setlist_item WHERE position = 2", "FOREIGN KEY constraint failed");
}
END_TEST

/* --- Titles by their words ------------------------------------------------------------------- */

static void finds(const char *words, const char *ids)
{
	char sql[300];

	snprintf(sql, sizeof sql,
		 "SELECT json_group_array(song_id) FROM (SELECT song_id FROM song_search"
		 " WHERE song_search MATCH '%s' ORDER BY song_id)",
		 words);
	json_is(sql, ids);
}

START_TEST(titles_are_found_by_their_words)
{
	must("UPDATE song SET title = 'Gr\xc3\xa2"
	     "ce \xc3\xa0 l''AUBE' WHERE id = " FIRST);
	finds("title : grace*", "[" FIRST "]");
	finds("title : \"gra\" * \"aub\" *", "[" FIRST "]");
	finds("title : A*", "[" FIRST "]");
	finds("title : first*", "[]"); /* as it was called before */
	finds("title : second*", "[" SECOND "]");
	must("UPDATE song SET title = 'Second grace', notes = 'x' WHERE id = " SECOND);
	finds("title : grace*", "[" FIRST ", " SECOND "]");
	must("UPDATE song SET notes = 'second', default_bpm = 100; UPDATE song SET title = title");
	finds("title : grace*", "[" FIRST ", " SECOND "]");
	must("INSERT INTO song (id, title) VALUES ('50000000-0000-4000-8000-000000000003', "
	     "'Third')");
	finds("title : thi*", "['50000000-0000-4000-8000-000000000003']");
	/* no id is a title */
	finds("title : 50000000*", "[]");
	ck_assert_int_eq(number_of("SELECT count(*) FROM song_search"), 3);
	must("INSERT INTO song_search (song_search) VALUES ('integrity-check')");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tables");
	TCase *tcase = tcase_create("tables");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, every_entity_and_attribute, 0,
			    sizeof entities / sizeof *entities);
	tcase_add_test(tcase, every_table_is_strict);
	tcase_add_loop_test(tcase, every_listed_index, 0, sizeof indices / sizeof *indices);
	tcase_add_test(tcase, foreign_keys_are_checked_at_once);
	tcase_add_test(tcase, every_reference_is_a_foreign_key);
	tcase_add_test(tcase, one_holder_a_slot_and_scope);
	tcase_add_test(tcase, a_code_is_unique_while_active);
	tcase_add_test(tcase, one_session_on_air);
	tcase_add_test(tcase, leaving_frees_roles);
	tcase_add_test(tcase, only_its_own_setlist_is_active);
	tcase_add_test(tcase, the_active_position_follows_its_item);
	tcase_add_test(tcase, titles_are_found_by_their_words);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
