/*
 * test_import.c - song lists read (import.h): each format, each error with its place, and any bytes
 * at all.
 */
#include "check_main.h"
#include "import.h"
#include "limits.h"

#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* ---- what is good ---------------------------------------------------------------------------- */

/* Each song as "title|key|bpm|metre|notes", one after the other, parted by '/'. */
static char *shown(const json_t *songs)
{
	char *text = NULL;
	size_t size = 0, i;
	json_t *song;
	FILE *out = open_memstream(&text, &size);

	json_array_foreach(songs, i, song)
	{
		fprintf(out, "%s%s|%s|%lld|%s|%s", i ? "/" : "",
			json_string_value(json_object_get(song, "title")),
			json_string_value(json_object_get(song, "default_key")),
			(long long)json_integer_value(json_object_get(song, "default_bpm")),
			json_string_value(json_object_get(song, "time_signature")),
			json_string_value(json_object_get(song, "notes")));
	}
	fclose(out);
	return text;
}

static const struct good {
	const char *format;
	const char *text;
	const char *songs;
} good[] = {
	{"csv", "title\nOne\n", "One||120|4/4|"},
	{"csv", "title\nOne", "One||120|4/4|"},
	{"csv", "title,key,tempo,time,notes\nOne,G,99,6/8,slow\nTwo,F#m,260,12/8,\n",
	 "One|G|99|6/8|slow/Two|F#m|260|12/8|"},
	{"csv", "title,key,tempo,time\r\nOne,G,99,3/4\r\nTwo,,,\r\n",
	 "One|G|99|3/4|/Two||120|4/4|"},
	{"csv", "Notes;TEMPO;Title;Meter;Key\nn;70;T;2/4;A\n", "T|A|70|2/4|n"},
	{"csv", "bpm\tmetre\tdefault_key\ttitle\n70\t2/4\tA\tT\n", "T|A|70|2/4|"},
	{"csv", "default_bpm,time_signature,title\n70,2/4,T\n", "T||70|2/4|"},
	{"csv", "Default BPM,Time Signature,title\n70,2/4,T\n", "T||70|2/4|"},
	{"csv", "artist,title,year,,\nX,T,1999,,\n", "T||120|4/4|"},
	{"csv", "\xef\xbb\xbftitle,key\nH\xc3\xa9 \xe2\x99\xab,B\xe2\x99\xad\n",
	 "H\xc3\xa9 \xe2\x99\xab|B\xe2\x99\xad|120|4/4|"},
	/* quotes: separators, quotes, ends of lines; blanks around them */
	{"csv", "\"title\",\"notes\"\n\"a, b\",\"say \"\"hi\"\"\nline 2\r\nline 3\"\n",
	 "a, b||120|4/4|say \"hi\"\nline 2\r\nline 3"},
	{"csv", "title, key\n \"One\" , \"G\" \n", "One|G|120|4/4|"},
	{"csv", "title;notes\n\"\"\"Q\"\"\";\"\"\n", "\"Q\"||120|4/4|"},
	{"csv", "title,notes\n12\" mix,x\n", "12\" mix||120|4/4|x"},
	{"csv", "\"title; or so\";title\n;One\n", "One||120|4/4|"},
	/* lines without anything in them */
	{"csv", "\n \r\n,,\ntitle,key\n\n,\n  \n\"\",\"\"\n,,,,,\nOne,G\n\n", "One|G|120|4/4|"},
	{"csv", "\t\t\ntitle\tkey\n\t\n\t\t\t\nOne\tG\n", "One|G|120|4/4|"},
	/* blanks around values */
	{"csv", "title,key,tempo,time\n  One  , G\t, 90 , 3/4 \n", "One|G|90|3/4|"},
	/* fractions: the nearest whole one, halves up */
	{"csv", "title,tempo\na,119.4\nb,119.5\nc,119.6\nd,119.49999\ne,29.5\nf,260.4\ng,0120\n",
	 "a||119|4/4|/b||120|4/4|/c||120|4/4|/d||119|4/4|/e||30|4/4|/f||260|4/4|/g||120|4/4|"},
	{"csv", "title;tempo\na;119,6\n", "a||120|4/4|"},

	{"chordpro", "{title: One}\n", "One||120|4/4|"},
	{"chordpro", "{t:One}", "One||120|4/4|"},
	{"chordpro", "{title One}\n{key G}\n", "One|G|120|4/4|"},
	{"chordpro", "  { Title :  One: two  }  \r\n{KEY:G}\r\n{Tempo: 88.5}\r\n{time:6/8}\r\n",
	 "One: two|G|89|6/8|"},
	{"chordpro",
	 "# a list\n\n{title: One}\n{artist: X}\n{key: G}\n[G]Hal-le-[D]lu-jah {sic}\n"
	 "{comment: Chorus}\n{define: G base-fret 1 frets 3 2 0 0 0 3} x\n{new_song}\n"
	 "{t: Two}\n{tempo: 60}\n",
	 "One|G|120|4/4|/Two||60|4/4|"},
	/* {new_song} at either end, and twice */
	{"chordpro",
	 "{ns}\n\n{new_song}\n{t: One}\n{ns}\n# nothing\n{columns: 2}\n{new_song}\n{t: "
	 "Two}\n{ns}\n",
	 "One||120|4/4|/Two||120|4/4|"},
	/* what comes again changes within the song */
	{"chordpro", "{t: One}\n{key: G}\n{tempo: 90}\n{key: A}\n{tempo: 999}\n", "One|G|90|4/4|"},
	{"chordpro", "{t: One}\n{key:}\n{tempo: }\n{time}\n", "One||120|4/4|"},
	{"chordpro", "\xef\xbb\xbf{t: One}\n", "One||120|4/4|"},
	{"chordpro",
	 "{meta: title One: two}\n{meta: artist X}\n{Meta key G}\n{meta:tempo "
	 "90}\n{meta}\n{meta:}\n",
	 "One: two|G|90|4/4|"},
	{"chordpro", "{key: G}\nla la\n{t: One}\n", "One|G|120|4/4|"},

	{"json", "[{\"title\": \"One\"}]", "One||120|4/4|"},
	{"json",
	 "{\"songs\": [{\"title\": \" One \", \"default_key\": \"\", \"default_bpm\": 30, "
	 "\"time_signature\": \"2/4\", \"notes\": \" a\\n\\tb \"}, {\"title\": \"Two\"}]}",
	 "One||30|2/4| a\n\tb /Two||120|4/4|"},
	{"json", "\xef\xbb\xbf[{\"title\": \"\\u266b\"}]", "\xe2\x99\xab||120|4/4|"},
};

START_TEST(good_texts)
{
	char message[IMPORT_MESSAGE_SIZE] = "";
	json_t *songs = NULL;

	ck_assert_msg(import_songs(good[_i].format, good[_i].text, strlen(good[_i].text), &songs,
				   message, sizeof message) == 0,
		      "%s", message);
	char *text = shown(songs);
	ck_assert_str_eq(text, good[_i].songs);
	free(text);
	json_decref(songs);
}
END_TEST

START_TEST(ids)
{
	static const char text[] = "[{\"title\": \"a\"},"
				   " {\"id\": \"ABCDEF01-2345-4789-8ABC-DEF012345678\","
				   " \"title\": \"b\"}]";
	char message[IMPORT_MESSAGE_SIZE];
	json_t *songs = NULL;

	ck_assert_int_eq(import_songs("json", text, strlen(text), &songs, message, sizeof message),
			 0);
	json_t *a = json_array_get(songs, 0), *b = json_array_get(songs, 1);
	ck_assert_uint_eq(json_object_size(a), 6);
	ck_assert_uint_eq(strlen(json_string_value(json_object_get(a, "id"))), 36);
	ck_assert_uint_eq(strlen(json_string_value(json_object_get(b, "id"))), 36);
	ck_assert(!json_equal(json_object_get(a, "id"), json_object_get(b, "id")));
	ck_assert_ptr_null(json_object_get(a, "given_id"));
	ck_assert_str_eq(json_string_value(json_object_get(b, "given_id")),
			 "abcdef01-2345-4789-8abc-def012345678");
	json_decref(songs);
}
END_TEST

/* ---- what is not ----------------------------------------------------------------------------- */

#define TEN "1234567890"
#define FORTY TEN TEN TEN TEN
#define LONG_TITLE FORTY FORTY FORTY "1"

static const struct bad {
	const char *format;
	const char *text;
	const char *begins;   /* of the message */
	const char *contains; /* may be NULL */
} bad[] = {
	{"xml", "title\nOne\n", "format must be csv, chordpro or json", NULL},
	{"CSV", "title\nOne\n", "format must be", NULL},

	{"csv", "", "there is no song", NULL},
	{"csv", "\n\n", "there is no song", NULL},
	{"csv", "title,key\n", "there is no song", NULL},
	{"csv", "title,key\n,\n\n", "there is no song", NULL},
	{"csv", "\nname,key\nOne,G\n", "line 2: ", "title"},
	{"csv", "title,bpm,tempo\nOne,1,1\n", "line 1: ", "bpm and tempo"},
	{"csv", "title,title\nOne,1\n", "line 1: ", "title and title"},
	{"csv", "title,key\nOne,G\nTwo\n", "line 3: 1 cells", "has 2"},
	{"csv", "title,key\nOne,G\nTwo,three,F\n", "line 3: 3 cells", "has 2"},
	{"csv", "title\nHello, World\n", "line 2: 2 cells", "has 1"},
	/* the moved value is not blamed */
	{"csv", "title,tempo\nHello, World,120\n", "line 2: 3 cells", NULL},
	/* the line where the record begins */
	{"csv", "title,notes\na,\"1\n2\n3\"\nb,\"x\ny\",c\n", "line 5: 3 cells", NULL},
	{"csv", "title,notes\na,b\nc,\"d\ne\nf\n", "line 3: a quote is not closed", NULL},
	{"csv", "title\n\"", "line 2: a quote is not closed", NULL},
	{"csv", "\"title\n", "line 1: a quote is not closed", NULL},
	{"csv", "title\n\"a\"b\n", "line 2: something stands behind a closing quote", NULL},
	{"csv", "title,key\n\n\"a\"\"b\" c,G\n", "line 3: something stands behind", NULL},
	{"csv", "title\na\rb\n", "line 2: a carriage return", NULL},
	{"csv", "title\rOne\rTwo\r", "line 1: a carriage return", NULL},
	{"csv", "title,key\nOne,G\n,G\n", "line 3: this song has no title", NULL},
	{"csv", "title,key\n   ,G\n", "line 2: this song has no title", NULL},
	{"csv", "key,title\nG,\xc2\xa0\n", "line 2: title must be", "1 to 120"},
	{"csv", "title\n" LONG_TITLE "\n", "line 2: title must be", "1 to 120"},
	{"csv", "title,key\nOne,123456789\n", "line 2: key must be", "at most 8"},
	{"csv", "title,Default_Key\nOne,123456789\n", "line 2: default_key must be", "at most 8"},
	{"csv", "title,tempo\nOne,29\n", "line 2: tempo must be 30 to 260, not 29", NULL},
	{"csv", "title,BPM\nOne,261\n", "line 2: bpm must be 30 to 260, not 261", NULL},
	{"csv", "title,bpm\nOne,260.5\n", "line 2: bpm must be 30 to 260, not 261", NULL},
	{"csv", "title,bpm\nOne,99999999999999999999\n", "line 2: bpm must be 30 to 260", NULL},
	{"csv", "title,bpm\nOne,fast\n", "line 2: bpm must be a whole number, not \"fast\"", NULL},
	{"csv", "title,bpm\nOne,120 bpm\n", "line 2: bpm must be a whole number", NULL},
	{"csv", "title,bpm\nOne,120.\n", "line 2: bpm must be a whole number", NULL},
	{"csv", "title,bpm\nOne,.5\n", "line 2: bpm must be a whole number", NULL},
	{"csv", "title,bpm\nOne,-120\n", "line 2: bpm must be a whole number", NULL},
	{"csv", "title,bpm\nOne,1e2\n", "line 2: bpm must be a whole number", NULL},
	{"csv", "title,bpm\nOne,119.5.5\n", "line 2: bpm must be a whole number", NULL},
	{"csv", "title,time\nOne,C\n", "line 2: time must be 2/4, 3/4, 4/4, 6/8 or 12/8, not \"C\"",
	 NULL},
	{"csv", "title,metre\nOne,5/4\n", "line 2: metre must be 2/4, 3/4, 4/4, 6/8 or 12/8", NULL},
	{"csv", "title,meter\nOne,4 / 4\n", "line 2: meter must be", NULL},
	{"csv", "title\nOne\nT\xffwo\n", "line 3: this is not UTF-8", NULL},
	{"csv", "title\nOne\nT\xed\xa0\x80\n", "line 3: this is not UTF-8", NULL},
	{"csv", "title\nOne\nT\xc0\xaf\n", "line 3: this is not UTF-8", NULL},
	{"csv", "title\nOne\n\n\xe2\x99", "line 4: this is not UTF-8", NULL},
	{"csv", "\xff\xfet", "line 1: this is not UTF-8", "save"},
	{"csv",
	 "title\na\x01"
	 "b\n",
	 "line 2: title has a control character", NULL},
	{"csv", "title\na\tb\n", "line 2: title has a tab", NULL},
	{"csv", "title,key\n\"a\nb\",G\n", "line 2: title has an end of a line", NULL},
	{"csv", "title,key\nx,y\na,\x7f\n", "line 3: key has a control character", NULL},
	{"csv", "title,notes\na,b\x0b\n", "line 2: notes has a control character", NULL},
	{"csv", "title,notes\na,b\xc2\x85\n", "line 2: notes has a control character", NULL},

	{"chordpro", "", "there is no song", NULL},
	{"chordpro", "# nothing\n{new_song}\n{artist: X}\n", "there is no song", NULL},
	{"chordpro", "\n\nla la la\n", "line 3: this song has no title", NULL},
	{"chordpro", "{t: One}\n{ns}\n\n{key: G}\nla\n{ns}\n{t: Three}\n",
	 "line 4: this song has no title", NULL},
	{"chordpro", "{title:}\n{key: G}\n", "line 1: this song has no title", NULL},
	{"chordpro", "{t: One}\n\n{key: G\n", "line 3: a directive is not closed", NULL},
	{"chordpro", "{t: One}\n{comment: hm\n}\n", "line 2: a directive is not closed", NULL},
	{"chordpro", "{t: One} {key: G}\n", "line 1: something stands behind", NULL},
	{"chordpro", "{t: One}\nla\n{t: Two}\n", "line 3: a second title", "{new_song}"},
	{"chordpro", "{t: " LONG_TITLE "}\n", "line 1: title must be", "1 to 120"},
	{"chordpro", "{t: One}\n{key: 123456789}\n", "line 2: key must be", NULL},
	{"chordpro", "{t: One}\n\n{tempo: 261}\n", "line 3: tempo must be 30 to 260, not 261",
	 NULL},
	{"chordpro", "{t: One}\n{tempo: slow}\n", "line 2: tempo must be a whole number", NULL},
	{"chordpro", "{t: One}\n{time: C|}\n",
	 "line 2: time must be 2/4, 3/4, 4/4, 6/8 or 12/8, not \"C|\"", NULL},
	{"chordpro", "{t: One}\n{time: 7/8}\n", "line 2: time must be", NULL},
	{"chordpro", "{t: a\x02}\n", "line 1: title has a control character", NULL},
	{"chordpro", "{t: One}\n\xfe\n", "line 2: this is not UTF-8", NULL},

	{"json", "[]", "there is no song", NULL},
	{"json", "{\"songs\": []}", "there is no song", NULL},
	{"json", "", "line 1: this is not JSON", NULL},
	{"json", "[\n{\"title\": \"One\"},\n{\"title\" \"Two\"}]", "line 3: this is not JSON",
	 NULL},
	{"json", "[{\"title\": \"One\"}] x", "line 1: this is not JSON", NULL},
	{"json", "[{\"title\": \"One\", \"title\": \"Two\"}]", "line 1: this is not JSON", NULL},
	{"json", "[{\"title\": \"a\\u0000b\"}]", "line 1: this is not JSON", NULL},
	{"json", "12", "line 1: this is not JSON", NULL},
	{"json", "{\"title\": \"One\"}", "line 1: this must be an array of songs", NULL},
	{"json", "{\"songs\": [{\"title\": \"One\"}], \"more\": 1}",
	 "line 1: this must be an array of songs", "nothing else"},
	{"json", "{\"songs\": 1}", "line 1: this must be an array", NULL},
	{"json", "[{\"title\": \"One\"}, 2]", "song 2: a song is an object", NULL},
	{"json", "[{\"title\": \"a\"}, {\"title\": \"b\"}, {\"title\": \"c\", \"artist\": \"d\"}]",
	 "song 3: a song has no field \"artist\"", "default_key"},
	{"json", "[{\"title\": \"a\"}, {\"default_bpm\": 90}]", "song 2: this song has no title",
	 NULL},
	{"json", "[{\"title\": 5}]", "song 1: title must be text", NULL},
	{"json", "[{\"title\": null}]", "song 1: title must be text", NULL},
	{"json", "[{\"title\": \"  \"}]", "song 1: title must be", "1 to 120"},
	{"json", "[{\"title\": \"" LONG_TITLE "\"}]", "song 1: title must be", "1 to 120"},
	{"json", "[{\"title\": \"a\\nb\"}]", "song 1: title has an end of a line", NULL},
	{"json", "[{\"title\": \"a\", \"default_bpm\": \"120\"}]",
	 "song 1: default_bpm must be a whole number", NULL},
	{"json", "[{\"title\": \"a\", \"default_bpm\": 119.6}]",
	 "song 1: default_bpm must be a whole number", NULL},
	{"json", "[{\"title\": \"a\", \"default_bpm\": 261}]",
	 "song 1: default_bpm must be 30 to 260, not 261", NULL},
	{"json", "[{\"title\": \"a\", \"default_key\": \"123456789\"}]",
	 "song 1: default_key must be", NULL},
	{"json", "[{\"title\": \"a\", \"time_signature\": \"\"}]",
	 "song 1: time_signature must be 2/4, 3/4, 4/4, 6/8 or 12/8", NULL},
	{"json", "[{\"title\": \"a\", \"notes\": \"\\u0007\"}]",
	 "song 1: notes has a control character", NULL},
	{"json", "[{\"title\": \"a\", \"notes\": 1}]", "song 1: notes must be text", NULL},
	{"json", "[{\"title\": \"a\", \"id\": \"a\"}]", "song 1: id must be a UUID", NULL},
	{"json", "[{\"title\": \"a\", \"id\": 1}]", "song 1: id must be a UUID", NULL},
};

START_TEST(bad_texts)
{
	char message[IMPORT_MESSAGE_SIZE] = "";
	json_t *songs = NULL;

	ck_assert_int_eq(import_songs(bad[_i].format, bad[_i].text, strlen(bad[_i].text), &songs,
				      message, sizeof message),
			 -EINVAL);
	ck_assert_ptr_null(songs);
	ck_assert_msg(strncmp(message, bad[_i].begins, strlen(bad[_i].begins)) == 0, "%s", message);
	if (bad[_i].contains)
		ck_assert_msg(strstr(message, bad[_i].contains) != NULL, "%s", message);
}
END_TEST

START_TEST(a_zero_is_no_text)
{
	char message[IMPORT_MESSAGE_SIZE] = "";
	json_t *songs;

	ck_assert_int_eq(import_songs("csv", "title\na\0b\n", 10, &songs, message, sizeof message),
			 -EINVAL);
	ck_assert_str_eq(message, "line 2: this is not UTF-8: save the file as UTF-8 text");
}
END_TEST

/* The last that goes and the first that does not. */
START_TEST(limits)
{
	const struct {
		size_t notes, songs;
		int result;
		const char *begins;
	} cases[] = {
		{LIMIT_NOTES_MAX_BYTES, 1, 0, ""},
		{LIMIT_NOTES_MAX_BYTES + 1, 1, -EINVAL, "line 2: notes must be"},
		{0, LIMIT_SONGS_MAX, 0, ""},
		{0, LIMIT_SONGS_MAX + 1, -EINVAL, "line 5002: these are more than 5000 songs"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char message[IMPORT_MESSAGE_SIZE] = "";
		char *text = NULL;
		size_t size = 0;
		json_t *songs = NULL;
		FILE *out = open_memstream(&text, &size);

		fputs("title,notes\n", out);
		for (size_t song = 0; song < cases[i].songs; song++) {
			fprintf(out, "s%zu,", song);
			for (size_t byte = 0; byte < cases[i].notes; byte++)
				fputc('n', out);
			fputc('\n', out);
		}
		fclose(out);
		ck_assert_int_eq(import_songs("csv", text, size, &songs, message, sizeof message),
				 cases[i].result);
		ck_assert_msg(strncmp(message, cases[i].begins, strlen(cases[i].begins)) == 0, "%s",
			      message);
		ck_assert_uint_eq(json_array_size(songs), cases[i].result ? 0 : cases[i].songs);
		json_decref(songs);
		free(text);
	}
}
END_TEST

/* ---- anything at all ------------------------------------------------------------------------- */

static uint64_t draw(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Characters of valid UTF-8; control characters of C0, but for those in `may`, spoil it: -1. */
static long characters(const json_t *value, const char *may)
{
	const unsigned char *text = (const unsigned char *)json_string_value(value);
	long count = 0;

	for (; *text; text++) {
		if (*text < 0x20 && !strchr(may, *text))
			return -1;
		count += *text < 0x80 || *text >= 0xc0;
	}
	return count;
}

static void check_song(const json_t *song)
{
	const json_t *notes = json_object_get(song, "notes");
	const char *metre = json_string_value(json_object_get(song, "time_signature"));
	const long long bpm = json_integer_value(json_object_get(song, "default_bpm"));
	const long title = characters(json_object_get(song, "title"), "");
	const long key = characters(json_object_get(song, "default_key"), "");

	ck_assert(title >= 1 && title <= 120);
	ck_assert(key >= 0 && key <= 8);
	ck_assert(bpm >= 30 && bpm <= 260);
	ck_assert_ptr_nonnull(metre);
	ck_assert_ptr_nonnull(strstr(" 2/4 3/4 4/4 6/8 12/8 ", metre));
	ck_assert_uint_ge(strlen(metre), 3);
	ck_assert(characters(notes, "\n\r\t") >= 0);
	ck_assert_uint_le(strlen(json_string_value(notes)), 20000);
}

/* In memory of just that size, so that a look beyond its end is found. */
static void try_text(const char *format, const char *text, size_t size)
{
	char message[IMPORT_MESSAGE_SIZE] = "";
	char *copy = malloc(size ? size : 1);
	json_t *songs = NULL, *song;
	size_t i;

	memcpy(copy, text, size);
	const int result = import_songs(format, copy, size, &songs, message, sizeof message);
	free(copy);
	if (result == 0) {
		ck_assert_uint_ge(json_array_size(songs), 1);
		json_array_foreach(songs, i, song)
		{
			check_song(song);
		}
	} else {
		ck_assert_int_eq(result, -EINVAL);
		ck_assert_ptr_null(songs);
		ck_assert_uint_gt(strlen(message), 0);
		ck_assert_uint_lt(strlen(message), sizeof message);
	}
	json_decref(songs);
}

static const char *const formats[] = {"csv", "chordpro", "json"};

/* Of the bytes that mean something, so that it comes far. */
START_TEST(random_bytes)
{
	static const char alphabet[] = "title,key;\t\"\"\n\r\n{}::[]ns123/4.# \xc3\xa9\xff\x01\\";
	uint64_t seed = 0x7ac7a5u + (uint64_t)_i;

	for (int round = 0; round < 3000; round++) {
		char text[200] = "title,notes\n";
		size_t size = draw(&seed) % 2 ? strlen(text) : 0;
		const size_t end = size + draw(&seed) % 150;
		while (size < end)
			text[size++] = draw(&seed) % 16 ? alphabet[draw(&seed) % sizeof alphabet]
							: (char)draw(&seed);
		try_text(formats[_i], text, size);
	}
}
END_TEST

static size_t mutate(char *text, size_t size, uint64_t *seed)
{
	const size_t at = draw(seed) % (size + 1);
	const size_t span = draw(seed) % 8;

	switch (draw(seed) % 4) {
	case 0: /* another byte */
		if (at < size)
			text[at] = (char)draw(seed);
		return size;
	case 1: /* some are lost */
		if (at + span > size)
			return at;
		memmove(text + at, text + at + span, size - at - span);
		return size - span;
	case 2: /* some come twice */
		if (at + span > size)
			return size;
		memmove(text + at + span, text + at, size - at);
		return size + span;
	default: /* one that means something */
		if (at < size)
			text[at] = "\",;\t\n\r{}:[] "[draw(seed) % 12];
		return size;
	}
}

START_TEST(mutated_texts)
{
	uint64_t seed = 4711u + (uint64_t)_i;

	for (int round = 0; round < 300; round++) {
		char text[2000];
		size_t size = strlen(good[_i].text);
		ck_assert_uint_lt(size, 1000);
		memcpy(text, good[_i].text, size);
		for (uint64_t times = 1 + draw(&seed) % 6; times > 0; times--)
			size = mutate(text, size, &seed);
		try_text(good[_i].format, text, size);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("import");
	TCase *tcase = tcase_create("texts");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, good_texts, 0, COUNT(good));
	tcase_add_test(tcase, ids);
	tcase_add_loop_test(tcase, bad_texts, 0, COUNT(bad));
	tcase_add_test(tcase, a_zero_is_no_text);
	tcase_add_test(tcase, limits);
	tcase_add_loop_test(tcase, random_bytes, 0, COUNT(formats));
	tcase_add_loop_test(tcase, mutated_texts, 0, COUNT(good));
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
