/* test_log.c - no name can forge a line of the log. */
#include "check_main.h"
#include "log.h"

#include <check.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const struct {
	const char *text;
	const char *escaped;
} cases[] = {
	{"", ""},
	{"plain, with spaces", "plain, with spaces"},
	{"Zo\xc3\xab \xf0\x9f\xa5\x81 \xe2\x99\xaf", "Zo\xc3\xab \xf0\x9f\xa5\x81 \xe2\x99\xaf"},
	{"a\nb", "a\\nb"},
	{"a\r\n<0>b", "a\\x0d\\n<0>b"},
	{"\t\x01\x7f", "\\x09\\x01\\x7f"},
	{"\x1b[31mred", "\\x1b[31mred"},
	{"back\\slash", "back\\\\slash"},
	{"\xc2\x9b"
	 "31m",
	 "\\xc2\\x9b"
	 "31m"},                               /* a control of eight bits */
	{"\xe2\x80\xa8x", "\\xe2\\x80\\xa8x"}, /* line separator */
	{"\xff\xfe", "\\xff\\xfe"},
	{"\xc3", "\\xc3"}, /* cut off */
	{"\xe2\x99", "\\xe2\\x99"},
	{"\xc0\x8a", "\\xc0\\x8a"}, /* newline, overlong */
	{"\xe0\x80\x8a", "\\xe0\\x80\\x8a"},
	{"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* surrogate */
	{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* above Unicode */
	{"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
};

START_TEST(escapes)
{
	char out[200];

	ck_assert_uint_eq(log_escape(cases[_i].text, out, sizeof out), strlen(cases[_i].escaped));
	ck_assert_str_eq(out, cases[_i].escaped);
}
END_TEST

/* Never past its end, never half an escape or half a character. */
START_TEST(escapes_into_little_room)
{
	static const char text[] = "a\n\xe2\x99\xaf\x01z";
	static const char whole[] = "a\\n\xe2\x99\xaf\\x01z";
	char out[32];

	for (size_t size = 1; size < sizeof out; size++) {
		memset(out, '#', sizeof out);
		const size_t length = log_escape(text, out, size);
		ck_assert_uint_lt(length, size);
		ck_assert_uint_eq(strlen(out), length);
		ck_assert_int_eq(strncmp(out, whole, length), 0);
		ck_assert_int_eq(out[length + 1], '#');
		ck_assert(length == 0 || length == 1 || length == 3 || length == 6 ||
			  length == 10 || length == 11);
	}
}
END_TEST

/* What goes to stderr from here on, until it is collected. */
static int stderr_kept, stderr_end;

static void capture_begin(void)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	stderr_kept = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	stderr_end = ends[0];
}

static void capture_end(char *out, size_t size)
{
	dup2(stderr_kept, STDERR_FILENO);
	close(stderr_kept);
	const ssize_t got = read(stderr_end, out, size - 1);
	out[got > 0 ? got : 0] = '\0';
	close(stderr_end);
}

static void capture(char *out, size_t size, const char *name)
{
	capture_begin();
	log_event(LOG_LEVEL_WARNING, "%s has joined", name);
	capture_end(out, size);
}

START_TEST(one_line_an_event)
{
	char line[5000], name[4000];

	unsetenv("JOURNAL_STREAM");
	capture(line, sizeof line, "Bo\nroot");
	ck_assert_str_eq(line, "tactusd: Bo\\nroot has joined\n");
	setenv("JOURNAL_STREAM", "8:1234", 1);
	capture(line, sizeof line, "Bo");
	ck_assert_str_eq(line, "<4>Bo has joined\n");
	memset(name, '\n', sizeof name);
	name[sizeof name - 1] = '\0';
	capture(line, sizeof line, name);
	ck_assert_uint_le(strlen(line), LOG_LINE_MAX + 16);
	ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
}
END_TEST

#define MINUTE_NS (INT64_C(60) * 1000000000)

/* So many events at that time; what comes of them. */
static void flood(struct log_limit *limit, int64_t now_ns, int events, char *out, size_t size)
{
	capture_begin();
	for (int i = 0; i < events; i++)
		log_event_limited(limit, now_ns, LOG_LEVEL_WARNING, "refused %d", i);
	capture_end(out, size);
}

static int lines_in(const char *text)
{
	int lines = 0;
	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

START_TEST(a_flood_is_counted)
{
	struct log_limit limit = {0}, other = {0};
	const int64_t start_ns = INT64_C(5000) * 1000000000;
	char out[4000];

	unsetenv("JOURNAL_STREAM");
	flood(&limit, start_ns, LOG_LIMIT_LINES + 500, out, sizeof out);
	ck_assert_int_eq(lines_in(out), LOG_LIMIT_LINES);
	flood(&limit, start_ns + MINUTE_NS - 1, 7, out, sizeof out);
	ck_assert_str_eq(out, "");
	flood(&other, start_ns, 1, out, sizeof out);
	ck_assert_str_eq(out, "tactusd: refused 0\n");
	flood(&limit, start_ns + MINUTE_NS, 2, out, sizeof out);
	ck_assert_str_eq(out, "tactusd: 507 lines like the next one were left out\n"
			      "tactusd: refused 0\ntactusd: refused 1\n");
	/* That minute left none out. */
	flood(&limit, start_ns + 10 * MINUTE_NS, LOG_LIMIT_LINES, out, sizeof out);
	ck_assert_int_eq(lines_in(out), LOG_LIMIT_LINES);
	flood(&limit, start_ns + 11 * MINUTE_NS, 1, out, sizeof out);
	ck_assert_str_eq(out, "tactusd: refused 0\n");
}
END_TEST

/* Were it to wait, Check would end it. */
START_TEST(waits_for_no_reader_of_a_pipe)
{
	static char full[2000000];
	char out[4000], drained[4096];

	unsetenv("JOURNAL_STREAM");
	capture_begin();
	fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK);
	while (write(STDERR_FILENO, full, sizeof full) > 0)
		;
	fcntl(STDERR_FILENO, F_SETFL, 0);
	for (int i = 0; i < 3; i++)
		log_event(LOG_LEVEL_INFO, "unheard");
	fcntl(stderr_end, F_SETFL, O_NONBLOCK);
	while (read(stderr_end, drained, sizeof drained) > 0)
		;
	log_event(LOG_LEVEL_INFO, "heard");
	log_event(LOG_LEVEL_INFO, "heard too");
	capture_end(out, sizeof out);
	ck_assert_str_eq(out, "tactusd: 3 lines were lost here: nobody read them\n"
			      "tactusd: heard\ntactusd: heard too\n");
}
END_TEST

/* A terminal for stderr: its screen's end. */
static int terminal_begin(int *terminal)
{
	int screen;

	unsetenv("JOURNAL_STREAM");
	ck_assert_int_eq(openpty(&screen, terminal, NULL, NULL, NULL), 0);
	stderr_kept = dup(STDERR_FILENO);
	dup2(*terminal, STDERR_FILENO);
	return screen;
}

/* What is on the screen, up to the line that says "heard". */
static void read_screen(int screen, char *out, size_t size)
{
	size_t used = 0;

	dup2(stderr_kept, STDERR_FILENO);
	close(stderr_kept);
	out[0] = '\0';
	while (!strstr(out, "heard\r\n")) {
		const ssize_t got = read(screen, out + used, size - 1 - used);
		ck_assert_int_gt(got, 0);
		used += (size_t)got;
		out[used] = '\0';
	}
	close(screen);
}

START_TEST(waits_for_no_terminal_that_is_held)
{
	int terminal;
	char out[4000];
	const int screen = terminal_begin(&terminal);

	tcflow(terminal, TCOOFF); /* as Ctrl-S does */
	for (int i = 0; i < 1000; i++)
		log_event(LOG_LEVEL_INFO, "missed");
	tcflow(terminal, TCOON);
	log_event(LOG_LEVEL_INFO, "heard");
	read_screen(screen, out, sizeof out);
	close(terminal);
	ck_assert_str_eq(out, "tactusd: 1000 lines were lost here: nobody read them\r\n"
			      "tactusd: heard\r\n");
}
END_TEST

START_TEST(waits_for_no_terminal_that_nobody_reads)
{
	int terminal;
	const int screen = terminal_begin(&terminal);

	for (int i = 0; i < 20000; i++)
		log_event(LOG_LEVEL_INFO, "%0*d", 1 + i % 200, i);
	dup2(stderr_kept, STDERR_FILENO);
	close(stderr_kept);
	ck_assert_int_eq(fcntl(terminal, F_GETFL) & O_NONBLOCK, 0);
	close(screen);
	close(terminal);
}
END_TEST

START_TEST(a_file_takes_every_line)
{
	FILE *file = tmpfile();
	char line[80];
	int lines = 0;

	ck_assert_ptr_nonnull(file);
	const int kept = dup(STDERR_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	for (int i = 0; i < 5000; i++)
		log_event(LOG_LEVEL_INFO, "line %d", i);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(file);
	while (fgets(line, sizeof line, file))
		lines++;
	fclose(file);
	ck_assert_int_eq(lines, 5000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");
	TCase *tcase = tcase_create("log");

	tcase_add_loop_test(tcase, escapes, 0, sizeof cases / sizeof *cases);
	tcase_add_test(tcase, escapes_into_little_room);
	tcase_add_test(tcase, one_line_an_event);
	tcase_add_test(tcase, a_flood_is_counted);
	tcase_add_test(tcase, waits_for_no_reader_of_a_pipe);
	tcase_add_test(tcase, waits_for_no_terminal_that_is_held);
	tcase_add_test(tcase, waits_for_no_terminal_that_nobody_reads);
	tcase_add_test(tcase, a_file_takes_every_line);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
