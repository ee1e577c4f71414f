/*
 * test_song_search.c - what a query of the library finds, held against a reference.
 */
#include "check_main.h"
#include "song_fixture.h"

#include <stdbool.h>
#include <stdint.h>

#define QUERIES_TITLES 7

static const struct query {
	const char *query;
	const char *titles;
} queries[] = {
	{"hal", "Hallelujah"},
	{"HALLELUJAH", "Hallelujah"},
	{"lujah", ""},
	{"cha rou", "Ch\xc3\xa2teau-rouge"},
	{"rou cha", "Ch\xc3\xa2teau-rouge"},
	{"ch\xc3\x82T", "Ch\xc3\xa2teau-rouge"},
	{"CHATEAU-R", "Ch\xc3\xa2teau-rouge"},
	{"cha hal", ""},
	{"it's", "It's_99!"},
	{"it", "It's_99!"},
	{"99", "It's_99!"},
	{"ac/dc", "AC/DC"},
	{"dc", "AC/DC"},
	{"\xd0\xbc\xd0\xbe", "\xd0\x9c\xd0\xbe\xd1\x81\xd0\xba\xd0\xb2\xd0\xb0"},
	{"stra", "Stra\xc3\x9f"
		 "e"},
	{"stra\xc3\x9f", "Stra\xc3\x9f"
			 "e"},
	/* what the search would read as its own language */
	{"\"", "*"},
	{"hal\"", "Hallelujah"},
	{"\"hal\"", "Hallelujah"},
	{"hal*", "Hallelujah"},
	{"hal OR cha", ""},
	{"NOT", "Not"},
	{"hal AND", ""},
	{"title:hal", ""},
	{"song_id : 5", ""},
	{"{title} : hal", ""},
	{"^hal", "Hallelujah"},
	{"(hal)", "Hallelujah"},
	{"hal)", "Hallelujah"},
	{"NEAR(hal)", ""},
	{"hal +", "Hallelujah"},
	{"- hal", "Hallelujah"},
	{"' hal --", "Hallelujah"},
	/* signs beside words, and alone */
	{"hal ...", "Hallelujah"},
	{"\xe2\x99\xab hal \xe2\x80\xa6", "Hallelujah"},
	{"\xe2\x80\x94 cha ! rou \xe2\x80\x9c", "Ch\xc3\xa2teau-rouge"},
	{"   ", "*"},
	{"...", "*"},
	{" ! ? ", "*"},
	{"\xe2\x99\xab", "*"},
	{"\xe2\x80\xa6 \xe2\x80\x93", "*"},
	{"\xf0\x9f\x8e\xb8", "*"},
	{"\xc2\xbf", "*"},
	{"\xc3\x97", "*"},
	{"\xe2\x82\xac", "*"},
};

/* "*": all of them, which is QUERIES_TITLES songs. */
START_TEST(searches)
{
	create(1, "Hallelujah");
	create(2, "Ch\xc3\xa2teau-rouge");
	create(3, "It's_99!");
	create(4, "AC/DC");
	create(5, "\xd0\x9c\xd0\xbe\xd1\x81\xd0\xba\xd0\xb2\xd0\xb0");
	create(6, "Stra\xc3\x9f"
		  "e");
	create(7, "Not");
	create(8, "gone: hal cha");
	well(song_sql_delete, json_pack("{s:o}", "song_id", song_id(8)));
	if (strcmp(queries[_i].titles, "*") != 0) {
		ck_assert_str_eq(titles(queries[_i].query), queries[_i].titles);
		return;
	}
	json_t *page = list(queries[_i].query, json_object());
	ck_assert_int_eq(json_integer_value(json_object_get(page, "total")), QUERIES_TITLES);
	json_decref(page);
}
END_TEST

static uint64_t draw(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* The reference: every word of the query begins one of the title. ASCII, in words alone. */
static bool begins_a_word(const char *title, const char *word, size_t size)
{
	for (const char *at = title; *at; at++)
		if ((at == title || at[-1] == ' ') && strncasecmp(at, word, size) == 0)
			return true;
	return false;
}

static bool finds(const char *title, const char *query)
{
	while (*query) {
		const size_t size = strcspn(query, " ");
		if (!begins_a_word(title, query, size))
			return false;
		query += size;
		query += strspn(query, " ");
	}
	return true;
}

static void random_words(char *out, uint64_t *seed, size_t words, size_t letters)
{
	for (size_t word = 0; word < words; word++) {
		if (word > 0)
			*out++ = ' ';
		for (size_t i = 1 + draw(seed) % letters; i > 0; i--)
			*out++ = "abAB1"[draw(seed) % 5];
	}
	*out = '\0';
}

START_TEST(search_as_the_reference)
{
	enum { SONGS = 150, QUERIES = 300 };
	static char all[SONGS][64];
	uint64_t seed = 20260214u;

	for (int i = 0; i < SONGS; i++) {
		random_words(all[i], &seed, 1 + draw(&seed) % 4, 5);
		create(i, all[i]);
	}
	for (int round = 0; round < QUERIES; round++) {
		char query[64];
		int expected = 0;
		random_words(query, &seed, 1 + draw(&seed) % 3, 3);
		for (int i = 0; i < SONGS; i++)
			expected += finds(all[i], query);
		json_t *page = list(query, json_pack("{s:i}", "limit", 200));
		json_t *songs = json_object_get(page, "songs"), *song;
		size_t i;
		ck_assert_int_eq(json_integer_value(json_object_get(page, "total")), expected);
		ck_assert_int_eq((int)json_array_size(songs), expected);
		json_array_foreach(songs, i, song)
		{
			ck_assert(finds(json_string_value(json_object_get(song, "title")), query));
		}
		json_decref(page);
	}
}
END_TEST

/* 120 characters of whatever: never an error. */
START_TEST(no_query_is_an_error)
{
	static const char *const pieces[] = {"a",
					     "B",
					     " ",
					     "\"",
					     "*",
					     "(",
					     ")",
					     "AND ",
					     "OR ",
					     "NOT ",
					     "NEAR(",
					     ":",
					     "^",
					     "-",
					     "+",
					     "{",
					     "}",
					     "\\",
					     "'",
					     ",",
					     ".",
					     "\xc3\xa9",
					     "\xe2\x99\xab",
					     "\xcc\x81",
					     "\xf0\x9f\x8e\xb8",
					     "\xe4\xb8\xad",
					     "1"};
	uint64_t seed = 99;

	create(1, "One");
	for (int round = 0; round < 1000; round++) {
		char query[LIMIT_QUERY_MAX * 8] = "";
		for (uint64_t i = draw(&seed) % LIMIT_QUERY_MAX; i > 0; i--)
			strcat(query, pieces[draw(&seed) % (sizeof pieces / sizeof *pieces)]);
		json_decref(list(query, json_object()));
	}
	char worst[2 * 60 + 1] = "";
	for (int i = 0; i < 60; i++)
		strcat(worst, i % 2 ? "a " : "\" ");
	json_decref(list(worst, json_object()));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("song search");
	TCase *tcase = tcase_create("library");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, searches, 0, sizeof queries / sizeof *queries);
	tcase_add_test(tcase, search_as_the_reference);
	tcase_add_test(tcase, no_query_is_an_error);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
