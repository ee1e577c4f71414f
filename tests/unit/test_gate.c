/* test_gate.c - which Host and Origin come in. */
#include "check_main.h"
#include "gate.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct gate gate;

static void set_up(void)
{
	ck_assert_int_eq(gate_init(&gate, "Tactus", "stage.example.org, Rehearsal.lan"), 0);
}

static const char *const hosts_in[] = {
	"localhost",
	"localhost:8080",
	"LOCALHOST:80",
	"localhost.",
	"tactus",
	"TACTUS:8080",
	"tactus.local",
	"Tactus.Local:8080",
	"tactus.local.",
	"tactus.local.:8080",
	"stage.example.org",
	"rehearsal.LAN:65535",
	"127.0.0.1",
	"127.0.0.1:8080",
	"10.0.0.1:1",
	"192.168.4.1",
	"255.255.255.255",
	"0.0.0.0",
	"[::1]",
	"[::1]:8080",
	"[fe80::1]:8080",
	"[FE80::ABCD]",
	"[2001:db8::1:2:3]:443",
	"[::ffff:10.0.0.1]:8080",
};

START_TEST(hosts_of_the_box)
{
	ck_assert_msg(gate_host_ok(&gate, hosts_in[_i]), "%s", hosts_in[_i]);
}
END_TEST

static const char *const hosts_out[] = {
	"",
	" ",
	".",
	":",
	":8080",
	"evil.example",
	"evil.example:8080",
	"captive.apple.com",
	"connectivitycheck.gstatic.com",
	"tactus.evil.example",
	"tactus.local.evil.example",
	"evil-tactus",
	"tactus.localx",
	"xtactus.local",
	"tactus..local",
	"tactus.local..",
	".tactus.local",
	"tactuslocal",
	"tactus,local",
	"localhost.evil.example",
	"foo.localhost",
	"localhost:",
	"localhost:0",
	"localhost:65536",
	"localhost:99999",
	"localhost:123456",
	"localhost:+80",
	"localhost:-1",
	"localhost: 80",
	"localhost:80 ",
	"localhost:80a",
	"localhost:80:80",
	"localhost:0x50",
	" localhost",
	"localhost ",
	"local host",
	"localhost\t",
	"localhost\r\nX: y",
	"localhost/",
	"localhost/ws",
	"localhost?x",
	"localhost#x",
	"localhost@evil.example",
	"user@localhost",
	"user:pass@localhost",
	"evil.example#localhost",
	"localhost\\",
	"http://localhost",
	"//localhost",
	"%6cocalhost",
	"localhos\xc5\xa7",
	"\xef\xbd\x8cocalhost",
	"\xff\xfe",
	"127.0.0.1.evil.example",
	"127.0.0.1.",
	"127.0.0",
	"127.1",
	"2130706433",
	"0x7f.0.0.1",
	"0177.0.0.01",
	"256.0.0.1",
	"1.2.3.4.5",
	"127.0.0.1:",
	"127.0.0.1:0",
	"127.0.0.1:8080:8080",
	"::1",
	"::1:8080",
	"fe80::1",
	"[]",
	"[",
	"[]:8080",
	"[::1",
	"[::1]8080",
	"[::1]:",
	"[::1]:0",
	"[::1]]",
	"[[::1]]",
	"[::1]x",
	"[::1].evil.example",
	"[::1%eth0]",
	"[fe80::1%25eth0]:80",
	"[127.0.0.1]",
	"[localhost]",
	"[1:2:3:4:5:6:7:8:9]",
	"[::g]",
	"[evil.example]:8080",
};

START_TEST(hosts_of_others)
{
	ck_assert_msg(!gate_host_ok(&gate, hosts_out[_i]), "%s", hosts_out[_i]);
}
END_TEST

START_TEST(hosts_of_absurd_length)
{
	char text[100000];

	ck_assert(!gate_host_ok(&gate, NULL));
	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = '\0';
	ck_assert(!gate_host_ok(&gate, text));
	text[0] = '[';
	ck_assert(!gate_host_ok(&gate, text));
	text[sizeof text - 2] = ']';
	ck_assert(!gate_host_ok(&gate, text));
	memset(text, '1', sizeof text - 1);
	ck_assert(!gate_host_ok(&gate, text));
	memcpy(text, "localhost:", 10);
	ck_assert(!gate_host_ok(&gate, text));
	memset(text, ':', sizeof text - 1);
	ck_assert(!gate_host_ok(&gate, text));
	memset(text, '.', sizeof text - 1);
	ck_assert(!gate_host_ok(&gate, text));
}
END_TEST

static const struct {
	const char *origin;
	const char *host;
	bool ok;
} origins[] = {
	{NULL, "tactus.local:8080", true},
	{NULL, "", true},
	{"http://tactus.local:8080", "tactus.local:8080", true},
	{"https://tactus.local:8080", "tactus.local:8080", true},
	{"HTTP://TACTUS.local:8080", "tactus.LOCAL:8080", true},
	{"http://[::1]:8080", "[::1]:8080", true},
	{"http://192.168.4.1", "192.168.4.1", true},
	{"null", "tactus.local:8080", false},
	{"null", "null", false},
	{"", "tactus.local", false},
	{"", "", false},
	{"http://", "", false},
	{"http://tactus.local:8080", NULL, false},
	{"http://tactus.local", "tactus.local:8080", false},
	{"http://tactus.local:8080", "tactus.local", false},
	{"http://tactus.local:8081", "tactus.local:8080", false},
	{"http://tactus.local:80800", "tactus.local:8080", false},
	{"http://evil.example", "tactus.local", false},
	{"http://tactus.local.evil.example", "tactus.local", false},
	{"http://eviltactus.local", "tactus.local", false},
	{"http://tactus.local/", "tactus.local", false},
	{"http://tactus.local:8080/path", "tactus.local:8080", false},
	{"http://user@tactus.local", "tactus.local", false},
	{"http://tactus.local, http://evil.example", "tactus.local", false},
	{"http://evil.example http://tactus.local", "tactus.local", false},
	{"http:/tactus.local", "tactus.local", false},
	{"http:tactus.local", "tactus.local", false},
	{"//tactus.local", "tactus.local", false},
	{"tactus.local", "tactus.local", false},
	{" http://tactus.local", "tactus.local", false},
	{"http://tactus.local ", "tactus.local", false},
	{"ws://tactus.local", "tactus.local", false},
	{"file://", "", false},
	{"file://tactus.local", "tactus.local", false},
	{"chrome-extension://tactus.local", "tactus.local", false},
	{"httpx://tactus.local", "tactus.local", false},
};

START_TEST(origins_of_the_page)
{
	ck_assert_msg(gate_origin_ok(origins[_i].origin, origins[_i].host) == origins[_i].ok,
		      "%s at %s", origins[_i].origin, origins[_i].host);
}
END_TEST

START_TEST(names_of_the_box)
{
	struct gate other;

	ck_assert_int_eq(gate_init(&other, NULL, NULL), 0);
	ck_assert(gate_host_ok(&other, "localhost"));
	ck_assert(!gate_host_ok(&other, "tactus.local"));
	ck_assert(!gate_host_ok(&other, ""));

	ck_assert_int_eq(gate_init(&other, "box.lan.example", ""), 0);
	ck_assert(gate_host_ok(&other, "box.lan.example"));
	ck_assert(gate_host_ok(&other, "box"));
	ck_assert(gate_host_ok(&other, "box.local"));
	ck_assert(!gate_host_ok(&other, "lan.example"));
	ck_assert(!gate_host_ok(&other, "box.lan"));

	ck_assert_int_eq(gate_init(&other, "localhost", " , a  b.,c-1_2,"), 0);
	ck_assert(gate_host_ok(&other, "a:1"));
	ck_assert(gate_host_ok(&other, "B:1"));
	ck_assert(gate_host_ok(&other, "c-1_2"));
	ck_assert(gate_host_ok(&other, "localhost.local"));
}
END_TEST

START_TEST(names_that_are_none)
{
	static const char *const bad[] = {"a/b",   "a:80",     "a..b", ".a",
					  "[::1]", "\xc3\xa9", "a\nb", "*"};
	struct gate other;
	char many[200] = "", name[300];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_msg(gate_init(&other, bad[i], NULL) == -EINVAL, "%s", bad[i]);
		ck_assert_msg(gate_init(&other, "box", bad[i]) == -EINVAL, "%s", bad[i]);
		ck_assert(gate_host_ok(&other, "box"));
	}
	memset(name, 'a', sizeof name);
	name[sizeof name - 1] = '\0';
	ck_assert_int_eq(gate_init(&other, name, NULL), -EINVAL);
	name[GATE_NAME_SIZE - 1] = '\0'; /* fits, but not with .local */
	ck_assert_int_eq(gate_init(&other, name, NULL), -EINVAL);
	for (int i = 0; i < 40; i++)
		snprintf(many + strlen(many), sizeof many - strlen(many), "n%d ", i);
	ck_assert_int_eq(gate_init(&other, "box", many), -ENOSPC);
	ck_assert(gate_host_ok(&other, "n12"));
	ck_assert(!gate_host_ok(&other, "n13"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gate");
	TCase *tcase = tcase_create("gate");

	tcase_add_unchecked_fixture(tcase, set_up, NULL);
	tcase_add_loop_test(tcase, hosts_of_the_box, 0, sizeof hosts_in / sizeof *hosts_in);
	tcase_add_loop_test(tcase, hosts_of_others, 0, sizeof hosts_out / sizeof *hosts_out);
	tcase_add_test(tcase, hosts_of_absurd_length);
	tcase_add_loop_test(tcase, origins_of_the_page, 0, sizeof origins / sizeof *origins);
	tcase_add_test(tcase, names_of_the_box);
	tcase_add_test(tcase, names_that_are_none);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
