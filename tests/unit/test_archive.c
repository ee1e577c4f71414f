/*
 * test_archive.c - an export that comes back (archive_check.h): every rule that a file can break, and
 * which entry is blamed.
 */
#include "archive_check.h"
#include "archive_fixture.h"
#include "check_main.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#define TEXT_40 "abcdefghijklmnopqrstuvwxyzabcdefghijklmn"
#define TEXT_120 TEXT_40 TEXT_40 TEXT_40

/* Checks a copy, changed so. The message, or "" where nothing is wrong. */
static const char *said(const char *path, const char *value)
{
	static char message[500];
	json_t *archive = archive_whole();
	json_t *plan = NULL;

	if (path)
		change(archive, path, value);
	const int result = archive_check(archive, &plan, message, sizeof message);
	ck_assert_msg(result == 0 || result == -EINVAL, "%s = %s: %d", path, value, result);
	if (result == 0)
		message[0] = '\0';
	else
		ck_assert_ptr_null(plan);
	json_decref(plan);
	json_decref(archive);
	return message;
}

struct wrong {
	const char *path, *value, *says; /* `says` begins the message; NULL: it is right */
};

static void expect(const struct wrong *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *message = said(cases[i].path, cases[i].value);
		const char *says = cases[i].says;
		if (says)
			ck_assert_msg(strncmp(message, says, strlen(says)) == 0,
				      "%s = %s: \"%s\" does not begin with \"%s\"", cases[i].path,
				      cases[i].value ? cases[i].value : "(away)", message, says);
		else
			ck_assert_msg(*message == '\0', "%s = %s: %s", cases[i].path,
				      cases[i].value ? cases[i].value : "(away)", message);
	}
}
#define EXPECT(cases) expect(cases, sizeof(cases) / sizeof *(cases))

START_TEST(a_whole_one_is_right)
{
	ck_assert_str_eq(said(NULL, NULL), "");
}
END_TEST

START_TEST(the_file_itself)
{
	static const struct wrong cases[] = {
		{"tactus_export", "2", "a newer Tactus wrote this (tactus_export 2, this one "},
		{"tactus_export", "0", "this is no export of Tactus"},
		{"tactus_export", "\"1\"", "this is no export of Tactus"},
		{"tactus_export", NULL, "this is no export of Tactus"},
		{"more", "1", "the file has a field \"more\" that means nothing here"},
		{"songs", "{}", "songs must be a list"},
		{"users", "null", "users must be a list"},
		{"sessions", "1", "sessions must be a list"},
		{"songs.0", "7", "songs[0] must be an object"},
		{"sessions.1", "[]", "sessions[1] must be an object"},
		{"sessions", NULL, NULL},
	};

	EXPECT(cases);
}
END_TEST

START_TEST(songs)
{
	static const struct wrong cases[] = {
		{"songs.0.id", NULL, "songs[0] needs the field id: a UUID"},
		{"songs.0.id", "7", "songs[0].id must be text, not 7"},
		{"songs.0.id", "\"x\"", "songs[0].id must be a UUID, not \"x\""},
		{"songs.1.id", "\"" FIRST "\"", "songs[1].id is there twice: " FIRST},
		{"songs.1.title", NULL, "songs[1] needs the field title"},
		{"songs.1.title", "\"\"", "songs[1].title must be a title of 1 to 120"},
		{"songs.1.title", "\" \"", "songs[1].title must be a title of 1 to 120"},
		{"songs.1.title", "\"a\\nb\"", "songs[1].title must be a title of 1 to 120"},
		{"songs.1.title", "\"" TEXT_120 "x\"", "songs[1].title must be a title of 1 to "},
		{"songs.1.title", "\"" TEXT_120 "\"", NULL},
		{"songs.1.default_key", "\"123456789\"", "songs[1].default_key must be a key"},
		{"songs.1.default_key", "null", "songs[1].default_key must be text"},
		{"songs.1.default_key", NULL, NULL},
		{"songs.1.default_bpm", "29", "songs[1].default_bpm must be 30 to 260, not 29"},
		{"songs.1.default_bpm", "261", "songs[1].default_bpm must be 30 to 260, not 261"},
		{"songs.1.default_bpm", "99.5", "songs[1].default_bpm must be a whole number"},
		{"songs.1.default_bpm", "30", NULL},
		{"songs.1.time_signature", "\"5/4\"", "songs[1].time_signature must be 2/4, 3/4"},
		{"songs.1.notes", "\"\\u0007\"", "songs[1].notes must be text of at most 20000"},
		{"songs.1.hidden", "1", "songs[1].hidden must be true or false, not 1"},
		{"songs.1.colour", "1", "songs[1] has a field \"colour\" that means nothing here"},
		{"songs.1.type", "1", "songs[1] has a field \"type\" that means nothing here"},
	};

	EXPECT(cases);
}
END_TEST

START_TEST(notes_have_an_end)
{
	char *text = malloc(20010);

	memset(text, 'x', 20010);
	text[0] = text[20001] = '"';
	text[20002] = '\0';
	ck_assert_str_eq(said("songs.0.notes", text), "");
	text[20001] = 'x';
	text[20002] = '"';
	text[20003] = '\0';
	ck_assert_ptr_nonnull(strstr(said("songs.0.notes", text), "songs[0].notes must be text"));
	free(text);
}
END_TEST

START_TEST(users)
{
	static const struct wrong cases[] = {
		{"users.2.id", "\"11111111-1111-4111-8111-111111111111\"",
		 "users[2].id is there twice: " ADA},
		{"users.0.display_name", "\"" TEXT_40 "x\"", "users[0].display_name must be a "},
		{"users.0.display_name", "\"" TEXT_40 "\"", NULL},
		{"users.0.display_name", NULL, "users[0] needs the field display_name"},
		{"users.0.created_at", "-1", "users[0].created_at must be Unix milliseconds"},
		{"users.0.created_at", "9000000000001", "users[0].created_at must be Unix "},
		{"users.0.created_at", "1.5", "users[0].created_at must be a whole number"},
		{"users.0.created_at", "9000000000000", NULL},
		{"users.0.last_active_at", NULL, "users[0] needs the field last_active_at"},
		{"users.0.token", "\"x\"", "users[0] has a field \"token\" that means nothing"},
	};

	EXPECT(cases);
}
END_TEST

START_TEST(sessions)
{
	static const struct wrong cases[] = {
		{"sessions.1.id", "\"" EVENING "\"", "sessions[1].id is there twice: " EVENING},
		{"sessions.0.code", "\"CDF34\"", "sessions[0].code must be six characters of"},
		{"sessions.0.code", "\"CDF3477\"", "sessions[0].code must be six characters of"},
		{"sessions.0.code", "\"CDF340\"", "sessions[0].code must be six characters of"},
		{"sessions.0.code", "\"cdf347\"", "sessions[0].code must be six characters of"},
		{"sessions.0.active", "0", "sessions[0].active must be true or false"},
		{"sessions.0.active", "true", NULL},
		{"sessions.0.md_user_id", "null", "sessions[0].md_user_id must be text"},
		{"sessions.0.active_setlist_id", "\"" NOBODY "\"",
		 "sessions[0].active_setlist_id must be the id of one of the session's setlists"},
		{"sessions.1.active_setlist_id", "\"" TONIGHT "\"",
		 "sessions[1].active_setlist_id must be the id of one of the session's setlists"},
		{"sessions.0.active_position", "2",
		 "sessions[0].active_position must be that of an item, not 2"},
		{"sessions.0.active_position", "-1", "sessions[0].active_position must be 0 to"},
		{"sessions.0.active_setlist_id", "null",
		 "sessions[0].active_position must be null: no setlist is active"},
		{"sessions.0.active_setlist_id", "\"" SPARE "\"",
		 "sessions[0].active_position must be that of an item, not 1"},
		{"sessions.0.active_song_id", "\"" FIRST "\"",
		 "sessions[0].active_song_id must be null: the song that is on is that at"},
		{"sessions.0.active_position", "null", NULL},
		{"sessions.0.active_start_bar", "100000001",
		 "sessions[0].active_start_bar must be 0 to 100000000, not 100000001"},
		{"sessions.0.active_key_override", "\"\"", "sessions[0].active_key_override must"},
		{"sessions.0.active_bpm_override", "300",
		 "sessions[0].active_bpm_override must be 30 to 260, not 300"},
		{"sessions.0.on_air", "true", "sessions[0] has a field \"on_air\" that means"},
		{"sessions.0.participants", NULL, "sessions[0] needs the field participants"},
		{"sessions.0.participants", "{}", "sessions[0].participants must be a list"},
		{"sessions.0.tempo_state", NULL, "sessions[0] needs the field tempo_state"},
		{"sessions.0.tempo_state", "null", "sessions[0].tempo_state must be an object"},
		{"sessions.0.role_assignments", "7", "sessions[0].role_assignments must be a list"},
		{"sessions.0.role_assignments", NULL, NULL},
	};

	EXPECT(cases);
}
END_TEST

START_TEST(participants)
{
	static const struct wrong cases[] = {
		{"sessions.0.participants.1.user_id", "\"11111111-1111-4111-8111-111111111111\"",
		 "sessions[0].participants[1].user_id is there twice: " ADA},
		{"sessions.0.participants.1.join_time", NULL,
		 "sessions[0].participants[1] needs the field join_time"},
		{"sessions.0.participants.1.network_rtt_ms", "-1",
		 "sessions[0].participants[1].network_rtt_ms must be 0 to 60000, not -1"},
		{"sessions.0.participants.1.packet_loss_pct", "100.5",
		 "sessions[0].participants[1].packet_loss_pct must be 0 to 100, not 100.5"},
		{"sessions.0.participants.1.packet_loss_pct", "100", NULL},
		{"sessions.0.participants.2.left_at", "null",
		 "sessions[0].participants[2].left_at must be a time, since removed is true"},
		{"sessions.0.participants.2.removed", "false", NULL},
		{"sessions.0.participants.1.left_at", "5",
		 "sessions[0].role_assignments[1].user_id must be one of the session's "
		 "participants who has not left"},
	};

	EXPECT(cases);
}
END_TEST

START_TEST(setlists)
{
	static const struct wrong cases[] = {
		{"sessions.0.setlists.1.id", "\"" TONIGHT "\"",
		 "sessions[0].setlists[1].id is there twice: " TONIGHT},
		{"sessions.0.setlists.0.title", "7", "sessions[0].setlists[0].title must be text"},
		{"sessions.0.setlists.0.items", "\"\"",
		 "sessions[0].setlists[0].items must be a list"},
		{"sessions.0.setlists.1.items", NULL, NULL},
		{"sessions.0.setlists.0.items.1.bpm_override", "300",
		 "sessions[0].setlists[0].items[1].bpm_override must be 30 to 260, not 300"},
		{"sessions.0.setlists.0.items.1.key_override", "\"\"",
		 "sessions[0].setlists[0].items[1].key_override must be a key"},
		{"sessions.0.setlists.0.items.1.song_id", NULL,
		 "sessions[0].setlists[0].items[1] needs the field song_id: a UUID"},
		{"sessions.0.setlists.0.items.1.position", "2",
		 "sessions[0].setlists[0].items[1].position must be 1, its place in the list"},
		{"sessions.0.setlists.0.items.1.position", "0",
		 "sessions[0].setlists[0].items[1].position must be 1, its place in the list"},
		{"sessions.0.setlists.0.items.1.position", NULL, NULL},
		{"sessions.0.setlists.0.items.1.song_leader_user_id", "1",
		 "sessions[0].setlists[0].items[1].song_leader_user_id must be text"},
		{"sessions.0.setlists.0.items.1.session_id", "\"" LATER "\"",
		 "sessions[0].setlists[0].items[1] has a field \"session_id\""},
	};

	EXPECT(cases);
}
END_TEST

START_TEST(roles)
{
	static const struct wrong cases[] = {
		{"sessions.0.role_assignments.0.scope_type", "\"song\"",
		 "sessions[0].role_assignments[0].scope_song_id must be the id of a song"},
		{"sessions.0.role_assignments.1.scope_type", "\"global\"",
		 "sessions[0].role_assignments[1].scope_song_id must be null"},
		{"sessions.0.role_assignments.1.scope_type", "\"setlist\"",
		 "sessions[0].role_assignments[1].scope_type must be global or song"},
		{"sessions.0.role_assignments.0.user_id", "\"" CY "\"",
		 "sessions[0].role_assignments[0].user_id must be one of the session's"},
		{"sessions.0.role_assignments.0.user_id", "\"" NOBODY "\"",
		 "sessions[0].role_assignments[0].user_id must be one of the session's"},
		{"sessions.0.role_assignments.+",
		 "{\"user_id\": \"" BO "\", \"slot_id\": \"" DRUM_SLOT "\", "
		 "\"scope_type\": \"global\", \"assigned_at\": 1}",
		 "sessions[0].role_assignments[2]: another one holds this slot in this scope"},
		{"sessions.0.role_assignments.+",
		 "{\"user_id\": \"" BO "\", \"slot_id\": \"" BASS_SLOT "\", "
		 "\"scope_type\": \"global\", \"assigned_at\": 1}",
		 NULL},
		{"sessions.0.role_assignments.0.assigned_at", NULL,
		 "sessions[0].role_assignments[0] needs the field assigned_at"},
	};

	EXPECT(cases);
}
END_TEST

START_TEST(tempo)
{
	static const struct wrong cases[] = {
		{"sessions.0.tempo_state.bpm", "0",
		 "sessions[0].tempo_state.bpm must be 30 to 260, not 0"},
		{"sessions.0.tempo_state.time_signature", "\"7/8\"",
		 "sessions[0].tempo_state.time_signature must be 2/4"},
		{"sessions.0.tempo_state.anchor_bar_index", "-1",
		 "sessions[0].tempo_state.anchor_bar_index must be 0 to 100000000, not -1"},
		{"sessions.0.tempo_state.controller_user_id", "\"" NOBODY "\"",
		 "sessions[0].tempo_state.controller_user_id must be one of the session's"},
		{"sessions.0.tempo_state.volume", "101",
		 "sessions[0].tempo_state.volume must be 0 to 100, not 101"},
		{"sessions.0.tempo_state.sound", "\"gong\"",
		 "sessions[0].tempo_state.sound must be beep, wood or cowbell"},
		{"sessions.0.tempo_state.accent", "1",
		 "sessions[0].tempo_state.accent must be true or false"},
		{"sessions.0.tempo_state.running", "true",
		 "sessions[0].tempo_state has a field \"running\" that means nothing here"},
		{"sessions.0.tempo_state.sound", NULL, NULL},
	};

	EXPECT(cases);
}
END_TEST

START_TEST(lists_have_an_end)
{
	char item[120], path[] = "sessions.0.setlists.1.items.+";
	char message[500];
	json_t *archive = archive_whole();
	json_t *again = NULL;
	json_t *plan;

	snprintf(item, sizeof item, "{\"song_id\": \"%s\"}", FIRST);
	for (int i = 0; i < 200; i++)
		change(archive, path, item);
	again = json_deep_copy(archive);
	ck_assert_int_eq(archive_check(again, &plan, message, sizeof message), 0);
	json_decref(plan);
	json_decref(again);
	change(archive, path, item);
	ck_assert_int_eq(archive_check(archive, &plan, message, sizeof message), -EINVAL);
	ck_assert_str_eq(message, "sessions[0].setlists[1].items has 201 entries: at most 200");
	json_decref(archive);
}
END_TEST

START_TEST(what_is_not_in_the_file_is_asked_for_once)
{
	char message[500];
	json_t *archive = archive_whole();
	json_t *plan;

	change(archive, "users", "[]");
	change(archive, "songs", "[]");
	ck_assert_int_eq(archive_check(archive, &plan, message, sizeof message), 0);
	/* Three people, two songs, one slot, each where it is named first. */
	json_t *expected = json_pack(
		"[{s:s, s:s, s:s}, {s:s, s:s, s:s}, {s:s, s:s, s:s}, {s:s, s:s, s:s}, "
		"{s:s, s:s, s:s}, {s:s, s:s, s:s}]",
		"kind", "user", "id", ADA, "path", "sessions[0].participants[0].user_id", "kind",
		"user", "id", BO, "path", "sessions[0].participants[1].user_id", "kind", "user",
		"id", CY, "path", "sessions[0].participants[2].user_id", "kind", "song", "id",
		FIRST, "path", "sessions[0].setlists[0].items[0].song_id", "kind", "song", "id",
		SECOND, "path", "sessions[0].setlists[0].items[1].song_id", "kind", "slot", "id",
		DRUM_SLOT, "path", "sessions[0].role_assignments[0].slot_id");
	ck_assert_msg(json_equal(json_object_get(plan, "needs"), expected), "%s",
		      json_dumps(json_object_get(plan, "needs"), 0));
	json_decref(expected);
	json_decref(plan);
	json_decref(archive);
}
END_TEST

START_TEST(ids_in_any_case_are_one)
{
	ck_assert_str_eq(said("sessions.0.id", "\"BBBBBBBB-BBBB-4BBB-8BBB-BBBBBBBBBBBB\""),
			 "sessions[1].id is there twice: " LATER);
	ck_assert_str_eq(said("sessions.0.id", "\"AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA\""), "");
}
END_TEST

/* Any value in any place: an answer, never a crash. */
static void replace_all(json_t *archive, json_t *holder, const char *value);

static void check_with(json_t *archive)
{
	char message[500];
	json_t *copy = json_deep_copy(archive);
	json_t *plan = NULL;
	const int result = archive_check(copy, &plan, message, sizeof message);

	ck_assert(result == 0 || result == -EINVAL);
	ck_assert(result == 0 || message[0] != '\0');
	json_decref(plan);
	json_decref(copy);
}

static void replace_all(json_t *archive, json_t *holder, const char *value)
{
	const bool list = json_is_array(holder);
	void *at = list ? NULL : json_object_iter(holder);
	const size_t size = list ? json_array_size(holder) : json_object_size(holder);

	for (size_t i = 0; i < size; i++) {
		const char *name = list ? NULL : json_object_iter_key(at);
		json_t *old =
			json_incref(list ? json_array_get(holder, i) : json_object_iter_value(at));
		if (list)
			json_array_set_new(holder, i, json_of(value));
		else
			json_object_set_new(holder, name, json_of(value));
		check_with(archive);
		if (list)
			json_array_set(holder, i, old);
		else
			json_object_set(holder, name, old);
		if (json_is_array(old) || json_is_object(old))
			replace_all(archive, old, value);
		json_decref(old);
		if (!list)
			at = json_object_iter_next(holder, at);
	}
}

START_TEST(any_value_anywhere)
{
	static const char *const values[] = {"null",
					     "true",
					     "-1",
					     "1e300",
					     "\"\"",
					     "[]",
					     "{}",
					     "[[]]",
					     "[{}]",
					     "{\"id\": {}}",
					     "\"11111111-1111-4111-8111-111111111111\"",
					     "9223372036854775807"};
	json_t *archive = archive_whole();

	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		replace_all(archive, archive, values[i]);
		json_t *only = json_of(values[i]);
		check_with(only);
		json_decref(only);
	}
	json_decref(archive);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("archive");
	TCase *tcase = tcase_create("check");

	tcase_add_test(tcase, a_whole_one_is_right);
	tcase_add_test(tcase, the_file_itself);
	tcase_add_test(tcase, songs);
	tcase_add_test(tcase, notes_have_an_end);
	tcase_add_test(tcase, users);
	tcase_add_test(tcase, sessions);
	tcase_add_test(tcase, participants);
	tcase_add_test(tcase, setlists);
	tcase_add_test(tcase, roles);
	tcase_add_test(tcase, tempo);
	tcase_add_test(tcase, lists_have_an_end);
	tcase_add_test(tcase, what_is_not_in_the_file_is_asked_for_once);
	tcase_add_test(tcase, ids_in_any_case_are_one);
	tcase_add_test(tcase, any_value_anywhere);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
