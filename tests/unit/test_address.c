/* test_address.c - which of the box's addresses go into an invitation. */
#include "address.h"
#include "check_main.h"

#include <check.h>
#include <stdlib.h>

static const struct {
	const char *address;
	bool shared;
} cases[] = {
	{"127.0.0.1", false},    {"127.1.2.3", false},  {"::1", false},
	{"fe80::1%eth0", false}, {"192.168.4.1", true}, {"10.127.0.1", true},
	{"169.254.7.7", true}, /* a cable and nothing else: no zone in an IPv4 address */
	{"fd00::1", true},       {"2001:db8::1", true},
};

START_TEST(shared)
{
	ck_assert_int_eq(address_shared(cases[_i].address), cases[_i].shared);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address");
	TCase *tcase = tcase_create("address");

	tcase_add_loop_test(tcase, shared, 0, sizeof cases / sizeof *cases);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
