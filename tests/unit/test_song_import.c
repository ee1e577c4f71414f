/*
 * test_song_import.c - lists of songs taken into the library: what is known stays, all or nothing.
 */
#include "check_main.h"
#include "import.h"
#include "song_fixture.h"

static json_t *import_params(const char *format, const char *text)
{
	char message[IMPORT_MESSAGE_SIZE];
	json_t *songs = NULL;

	ck_assert_msg(import_songs(format, text, strlen(text), &songs, message, sizeof message) ==
			      0,
		      "%s", message);
	return json_pack("{s:o}", "songs", songs);
}

static void import(const char *format, const char *text, int created, int known)
{
	json_t *counts = answer(song_sql_import, import_params(format, text));

	ck_assert_uint_eq(json_object_size(counts), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(counts, "created")), created);
	ck_assert_int_eq(json_integer_value(json_object_get(counts, "known")), known);
	json_decref(counts);
}

START_TEST(import_makes_songs)
{
	import("csv", "title,key,bpm,time,notes\nTwo,F#m,66,12/8,\"a\nb\"\n", 1, 0);
	json_t *page = list("two", json_object());
	json_t *song = json_array_get(json_object_get(page, "songs"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(song, "title")), "Two");
	ck_assert_str_eq(json_string_value(json_object_get(song, "default_key")), "F#m");
	ck_assert_int_eq(json_integer_value(json_object_get(song, "default_bpm")), 66);
	ck_assert_str_eq(json_string_value(json_object_get(song, "time_signature")), "12/8");
	ck_assert_str_eq(json_string_value(json_object_get(song, "notes")), "a\nb");
	json_decref(page);
	import("chordpro", "{t: One}\n{ns}\n{t: Three}\n", 2, 0);
	import("json", "[{\"title\": \"Four\"}]", 1, 0);
	ck_assert_str_eq(titles(NULL), "Four One Three Two");
}
END_TEST

/* Known ones stay as they are, in the library and in the text. */
START_TEST(import_leaves_what_is_known)
{
	well(song_sql_create, json_pack("{s:o, s:s, s:i}", "song_id", song_id(1), "title", " One ",
					"default_bpm", 99));
	import("csv", "title,bpm\nONE,50\nTwo,60\ntwo ,70\n  TWO,80\nThree,90\n", 2, 3);
	ck_assert_int_eq(number("SELECT default_bpm AS n FROM song WHERE title = ' One '"), 99);
	ck_assert_int_eq(number("SELECT default_bpm AS n FROM song WHERE title = 'Two'"), 60);
	ck_assert_int_eq(number("SELECT count(*) AS n FROM song"), 3);
	import("csv", "title,bpm\nONE,50\nTwo,60\nThree,90\n", 0, 3);
	/* Case is folded in ASCII alone. */
	import("csv", "title\n\xc3\x89t\xc3\xa9\n\xc3\xa9t\xc3\xa9\n", 2, 0);
}
END_TEST

START_TEST(import_does_not_know_what_is_hidden)
{
	create(1, "One");
	well(song_sql_delete, json_pack("{s:o}", "song_id", song_id(1)));
	import("csv", "title\nOne\n", 1, 0);
	ck_assert_str_eq(titles(NULL), "One");
	ck_assert_int_eq(number("SELECT count(*) AS n FROM song"), 2);
}
END_TEST

START_TEST(import_with_ids)
{
	create(1, "One");
	create(2, "Hidden");
	well(song_sql_delete, json_pack("{s:o}", "song_id", song_id(2)));
	/* known by id, by title; twice in the text; a hidden one's id is not taken again */
	import("json",
	       "[{\"id\": \"" SONG_1 "\", \"title\": \"Uno\"},"
	       " {\"id\": \"50000000-0000-4000-8000-000000000007\", \"title\": \"one\"},"
	       " {\"id\": \"50000000-0000-4000-8000-000000000008\", \"title\": \"Eight\"},"
	       " {\"id\": \"50000000-0000-4000-8000-000000000008\", \"title\": \"Otto\"},"
	       " {\"id\": \"" SONG_2 "\", \"title\": \"Two\"}]",
	       2, 3);
	ck_assert_str_eq(titles(NULL), "Eight One Two");
	ck_assert_int_eq(number("SELECT count(*) AS n FROM song WHERE title = 'Eight' AND id = "
				"'50000000-0000-4000-8000-000000000008'"),
			 1);
	ck_assert_int_eq(
		number("SELECT count(*) AS n FROM song WHERE title = 'Two' AND id <> '" SONG_2 "'"),
		1);
	ck_assert_int_eq(number("SELECT count(*) AS n FROM song WHERE title = 'Hidden' AND "
				"hidden = 1 AND id = '" SONG_2 "'"),
			 1);
}
END_TEST

/* All or nothing: the last that fits, and the first that does not. */
START_TEST(import_into_a_full_library)
{
	fill(4998, "");
	refused(song_sql_import, import_params("csv", "title\nA\nB\nC\nsong 0007\n"),
		"library_full");
	ck_assert_int_eq(number("SELECT count(*) AS n FROM song"), 4998);
	import("csv", "title\nA\nB\nb\nsong 0007\n", 2, 2);
	import("csv", "title\nA\nSONG 0008\n", 0, 2);
	refused(song_sql_import, import_params("csv", "title\nC\n"), "library_full");
}
END_TEST

/* The largest there is, against a library of the same titles and of none. */
START_TEST(import_of_five_thousand)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	fputs("title\n", out);
	for (int i = 1; i <= 5000; i++)
		fprintf(out, "SONG %04d\n", i);
	fclose(out);
	import("csv", text, 5000, 0);
	import("csv", text, 0, 5000);
	ck_assert_str_eq(titles("4999"), "SONG 4999");
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("song import");
	TCase *tcase = tcase_create("library");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, import_makes_songs);
	tcase_add_test(tcase, import_leaves_what_is_known);
	tcase_add_test(tcase, import_does_not_know_what_is_hidden);
	tcase_add_test(tcase, import_with_ids);
	tcase_add_test(tcase, import_into_a_full_library);
	tcase_add_test(tcase, import_of_five_thousand);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
