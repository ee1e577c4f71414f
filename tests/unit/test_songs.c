/*
 * test_songs.c - the song library in a real store: its rules and its pages.
 */
#include "check_main.h"
#include "song_fixture.h"

/* The only song, as the list tells it. */
static void check_only(const char *expected)
{
	json_t *page = list(NULL, json_object());
	char *shown = json_dumps(page, JSON_COMPACT | JSON_SORT_KEYS);

	ck_assert_str_eq(shown, expected);
	free(shown);
	json_decref(page);
}

/* ---- create, update, delete -------------------------------------------------------------------- */

START_TEST(create_with_defaults)
{
	create(1, "One");
	check_only("{\"songs\":[{\"default_bpm\":120,\"default_key\":\"\",\"id\":\"" SONG_1 "\","
		   "\"notes\":\"\",\"time_signature\":\"4/4\",\"title\":\"One\"}],\"total\":1}");
}
END_TEST

START_TEST(create_with_everything)
{
	well(song_sql_create, json_pack("{s:o, s:s, s:s, s:i, s:s, s:s}", "song_id", song_id(1),
					"title", "One", "default_key", "F#m", "default_bpm", 66,
					"time_signature", "12/8", "notes", "# hm\n"));
	check_only("{\"songs\":[{\"default_bpm\":66,\"default_key\":\"F#m\",\"id\":\"" SONG_1 "\","
		   "\"notes\":\"# hm\\n\",\"time_signature\":\"12/8\",\"title\":\"One\"}],"
		   "\"total\":1}");
}
END_TEST

/* What is absent stays, what is null goes back to its default, what is given is taken. */
static const struct change {
	const char *field;
	const char *given;
	const char *before;
	const char *after;
} changes[] = {
	{"title", "\"New\"", "\"title\":\"Old\"", "\"title\":\"New\""},
	{"default_key", "\"A\"", "\"default_key\":\"G\"", "\"default_key\":\"A\""},
	{"default_key", "null", "\"default_key\":\"G\"", "\"default_key\":\"\""},
	{"default_key", "\"\"", "\"default_key\":\"G\"", "\"default_key\":\"\""},
	{"default_bpm", "200", "\"default_bpm\":66", "\"default_bpm\":200"},
	{"default_bpm", "null", "\"default_bpm\":66", "\"default_bpm\":120"},
	{"time_signature", "\"3/4\"", "\"time_signature\":\"6/8\"", "\"time_signature\":\"3/4\""},
	{"time_signature", "null", "\"time_signature\":\"6/8\"", "\"time_signature\":\"4/4\""},
	{"notes", "\"m\"", "\"notes\":\"n\"", "\"notes\":\"m\""},
	{"notes", "null", "\"notes\":\"n\"", "\"notes\":\"\""},
};

START_TEST(update_one_field)
{
	const struct change *change = &changes[_i];
	char expected[400] =
		"{\"songs\":[{\"default_bpm\":66,\"default_key\":\"G\",\"id\":\"" SONG_1
		"\",\"notes\":\"n\",\"time_signature\":\"6/8\",\"title\":\"Old\"}],"
		"\"total\":1}";
	char rest[400], has[40];
	json_t *params = json_pack("{s:o}", "song_id", song_id(1));

	well(song_sql_create, json_pack("{s:o, s:s, s:s, s:i, s:s, s:s}", "song_id", song_id(1),
					"title", "Old", "default_key", "G", "default_bpm", 66,
					"time_signature", "6/8", "notes", "n"));
	check_only(expected);
	snprintf(has, sizeof has, "has_%s", change->field);
	json_object_set_new(params, has, json_integer(1));
	json_object_set_new(params, change->field,
			    json_loads(change->given, JSON_DECODE_ANY, NULL));
	well(song_sql_update, params);

	char *at = strstr(expected, change->before);
	ck_assert_ptr_nonnull(at);
	strcpy(rest, at + strlen(change->before));
	strcpy(at, change->after);
	strcat(expected, rest);
	check_only(expected);
}
END_TEST

START_TEST(search_follows_a_new_title)
{
	create(1, "Old");
	create(2, "Else");
	well(song_sql_update,
	     json_pack("{s:o, s:s, s:i}", "song_id", song_id(1), "title", "New", "has_title", 1));
	ck_assert_str_eq(titles("new"), "New");
	ck_assert_str_eq(titles("old"), "");
	ck_assert_str_eq(titles("else"), "Else");
}
END_TEST

START_TEST(unknown_songs)
{
	refused(song_sql_update, json_pack("{s:o}", "song_id", song_id(1)), "song_unknown");
	refused(song_sql_delete, json_pack("{s:o}", "song_id", song_id(1)), "song_unknown");
}
END_TEST

START_TEST(deleted_is_hidden_and_unknown)
{
	create(1, "One");
	create(2, "Two");
	well(song_sql_delete, json_pack("{s:o}", "song_id", song_id(1)));
	ck_assert_str_eq(titles(NULL), "Two");
	ck_assert_str_eq(titles("one"), "");
	ck_assert_int_eq(
		number("SELECT count(*) AS n FROM song WHERE hidden = 1 AND title = 'One'"), 1);
	refused(song_sql_update,
		json_pack("{s:o, s:s, s:i}", "song_id", song_id(1), "title", "x", "has_title", 1),
		"song_unknown");
	refused(song_sql_delete, json_pack("{s:o}", "song_id", song_id(1)), "song_unknown");
	ck_assert_int_eq(number("SELECT count(*) AS n FROM song WHERE title = 'One'"), 1);
}
END_TEST

#define ONE_IS_IN_A_SETLIST "INSERT INTO setlist VALUES ('" SETLIST_1 "', '" SESSION_1 "', 'S', 1)"
#define ITEM_OF_ONE                                                                                \
	"INSERT INTO setlist_item (setlist_id, position, song_id) VALUES ('" SETLIST_1             \
	"', 0, '" SONG_1 "')"

START_TEST(in_a_setlist_it_stays)
{
	create(1, "One");
	create(2, "Two");
	sql(ONE_IS_IN_A_SETLIST);
	sql(ITEM_OF_ONE);
	refused(song_sql_delete, json_pack("{s:o}", "song_id", song_id(1)), "song_in_use");
	ck_assert_str_eq(titles(NULL), "One Two");
	/* Another song, and the same where the session is closed. */
	well(song_sql_delete, json_pack("{s:o}", "song_id", song_id(2)));
	sql("UPDATE session SET active = 0");
	well(song_sql_delete, json_pack("{s:o}", "song_id", song_id(1)));
	ck_assert_int_eq(number("SELECT count(*) AS n FROM setlist_item"), 1);
	ck_assert_str_eq(titles(NULL), "");
}
END_TEST

START_TEST(while_it_is_on_it_stays)
{
	create(1, "One");
	sql("UPDATE session SET active_song_id = '" SONG_1 "'");
	refused(song_sql_delete, json_pack("{s:o}", "song_id", song_id(1)), "song_in_use");
	sql("UPDATE session SET active = 0");
	well(song_sql_delete, json_pack("{s:o}", "song_id", song_id(1)));
}
END_TEST

START_TEST(a_full_library)
{
	fill(4999, "");
	create(1, "One");
	refused(song_sql_create, json_pack("{s:o, s:s}", "song_id", song_id(2), "title", "Two"),
		"library_full");
	well(song_sql_update,
	     json_pack("{s:o, s:s, s:i}", "song_id", song_id(1), "title", "Uno", "has_title", 1));
	/* Hidden ones are not in it. */
	well(song_sql_delete, json_pack("{s:o}", "song_id", song_id(1)));
	create(2, "Two");
	refused(song_sql_create, json_pack("{s:o, s:s}", "song_id", song_id(3), "title", "Three"),
		"library_full");
	ck_assert_int_eq(number("SELECT count(*) AS n FROM song WHERE hidden = 0"), 5000);
}
END_TEST

/* ---- pages -------------------------------------------------------------------------------------- */

START_TEST(by_title_in_any_case_then_id)
{
	create(3, "b");
	create(2, "B");
	create(1, "c");
	create(5, "A");
	create(4, "a");
	ck_assert_str_eq(titles(NULL), "a A B b c");
	ck_assert_str_eq(titles(""), "a A B b c");
}
END_TEST

/* The page at offset has songs from..to of those that fill() made. */
static void check_page(const char *query, json_t *params, int from, int to, int total)
{
	json_t *page = list(query, params);
	json_t *songs = json_object_get(page, "songs");

	ck_assert_int_eq(json_integer_value(json_object_get(page, "total")), total);
	ck_assert_int_eq((int)json_array_size(songs), to - from + 1);
	for (int i = from; i <= to; i++) {
		char title[20];
		snprintf(title, sizeof title, "song %04d", i);
		ck_assert_str_eq(json_string_value(json_object_get(
					 json_array_get(songs, (size_t)(i - from)), "title")),
				 title);
	}
	json_decref(page);
}

START_TEST(pages)
{
	fill(120, "");
	check_page(NULL, json_object(), 1, 50, 120);
	check_page(NULL, json_pack("{s:i}", "offset", 100), 101, 120, 120);
	check_page(NULL, json_pack("{s:i, s:i}", "offset", 7, "limit", 3), 8, 10, 120);
	check_page(NULL, json_pack("{s:i}", "limit", 200), 1, 120, 120);
	check_page(NULL, json_pack("{s:i}", "offset", 120), 1, 0, 120);
	check_page(NULL, json_pack("{s:i}", "offset", 5000), 1, 0, 120);
	check_page("001", json_object(), 10, 19, 10);
	check_page("001 song", json_pack("{s:i, s:i}", "offset", 8, "limit", 5), 18, 19, 10);
	check_page("nothing", json_object(), 1, 0, 0);
}
END_TEST

/* 65536 bytes of notes: three songs of 20000, and what the last leaves free. Bytes are counted,
 * not characters. */
START_TEST(a_page_ends_where_notes_come_to_too_much)
{
	char notes[20001];

	for (size_t i = 0; i < 20000; i += 2)
		memcpy(notes + i, "\xc3\xa9", 2);
	notes[20000] = '\0';
	fill(30, notes);
	check_page(NULL, json_object(), 1, 3, 30);
	check_page(NULL, json_pack("{s:i}", "offset", 3), 4, 6, 30);
	check_page(NULL, json_pack("{s:i}", "offset", 28), 29, 30, 30);
	check_page(NULL, json_pack("{s:i}", "limit", 2), 1, 2, 30);
	sql("UPDATE song SET notes = substr(notes, 1, 2768) WHERE title = 'song 0004'");
	check_page(NULL, json_object(), 1, 4, 30);
	sql("UPDATE song SET notes = notes || 'x' WHERE title = 'song 0004'");
	check_page(NULL, json_object(), 1, 3, 30);
	sql("UPDATE song SET notes = ''");
	check_page(NULL, json_object(), 1, 30, 30);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("songs");
	TCase *tcase = tcase_create("library");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, create_with_defaults);
	tcase_add_test(tcase, create_with_everything);
	tcase_add_loop_test(tcase, update_one_field, 0, sizeof changes / sizeof *changes);
	tcase_add_test(tcase, search_follows_a_new_title);
	tcase_add_test(tcase, unknown_songs);
	tcase_add_test(tcase, deleted_is_hidden_and_unknown);
	tcase_add_test(tcase, in_a_setlist_it_stays);
	tcase_add_test(tcase, while_it_is_on_it_stays);
	tcase_add_test(tcase, a_full_library);
	tcase_add_test(tcase, by_title_in_any_case_then_id);
	tcase_add_test(tcase, pages);
	tcase_add_test(tcase, a_page_ends_where_notes_come_to_too_much);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
