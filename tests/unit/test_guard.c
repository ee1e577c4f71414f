/* test_guard.c - guessing is slow from one address, from many, and holds nobody else up. */
#include "check_main.h"
#include "guard.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S INT64_C(1000000000)
#define HOUR (3600 * S)
#define EVENING (8 * HOUR)
#define START (INT64_C(12345) * HOUR)

static struct guard *guard;

static void set_up(void)
{
	guard = guard_new();
	ck_assert_ptr_nonnull(guard);
}

static void tear_down(void)
{
	guard_free(guard);
}

/* A wrong try. Returns the ms to wait, 0 if it was let pass. */
static int64_t wrong(const char *address, enum guard_kind kind, int64_t now)
{
	const int64_t wait = guard_check(guard, address, kind, now);

	if (wait == 0)
		guard_failed(guard, address, kind, now);
	return wait;
}

static bool right(const char *address, enum guard_kind kind, int64_t now)
{
	if (guard_check(guard, address, kind, now) != 0)
		return false;
	guard_succeeded(guard, address, kind, now);
	return true;
}

/* --- One address ---------------------------------------------------------------------------- */

START_TEST(delays_grow_then_lock)
{
	static const struct {
		int free;
		int lock_after;
		int64_t lock_ms;
	} expected[GUARD_KINDS] = {[GUARD_CODE] = {5, 12, 120000}, [GUARD_PIN] = {3, 8, 300000}};
	const enum guard_kind kind = (enum guard_kind)_i;
	int64_t now = START;
	int64_t delay_ms = kind == GUARD_PIN ? 2000 : 1000;

	for (int failures = 0; failures < expected[kind].lock_after; failures++) {
		/* Far enough apart for the budget of all; what is left is this address's own. */
		if (failures >= expected[kind].free) {
			ck_assert_int_eq(wrong("10.0.0.1", kind, now), delay_ms);
			ck_assert_int_eq(wrong("10.0.0.1", kind, now + delay_ms * S / 1000 - 1), 1);
			delay_ms *= 2;
		}
		now += 60 * S;
		if (delay_ms > 60000)
			now += 60 * S;
		ck_assert_int_eq(wrong("10.0.0.1", kind, now), 0);
	}
	for (int locks = 0; locks < 3; locks++) {
		ck_assert_int_eq(wrong("10.0.0.1", kind, now), expected[kind].lock_ms);
		ck_assert_int_eq(guard_check(guard, "10.0.0.1", kind,
					     now + expected[kind].lock_ms * S / 1000 - 1),
				 1);
		now += expected[kind].lock_ms * S / 1000;
		ck_assert_int_eq(wrong("10.0.0.1", kind, now), 0);
	}
	/* asking again and again makes it no longer */
	for (int i = 0; i < 1000; i++)
		ck_assert_int_gt(guard_check(guard, "10.0.0.1", kind, now + i), 0);
	ck_assert_int_eq(wrong("10.0.0.1", kind, now + expected[kind].lock_ms * S / 1000), 0);
}
END_TEST

START_TEST(success_and_time_forgive)
{
	int64_t now = START;

	for (int i = 0; i < 3; i++, now += 20 * S)
		ck_assert_int_eq(wrong("10.0.0.1", GUARD_PIN, now), 0);
	ck_assert(right("10.0.0.1", GUARD_PIN, now));
	for (int i = 0; i < 3; i++, now += 20 * S)
		ck_assert_int_eq(wrong("10.0.0.1", GUARD_PIN, now), 0);
	ck_assert_int_eq(wrong("10.0.0.1", GUARD_PIN, now - 20 * S), 2000);
	now += GUARD_FORGET_NS;
	for (int i = 0; i < 3; i++, now += 20 * S)
		ck_assert_int_eq(wrong("10.0.0.1", GUARD_PIN, now), 0);
}
END_TEST

START_TEST(kinds_are_apart)
{
	for (int i = 0; i < 12; i++)
		wrong("10.0.0.1", GUARD_CODE, START + i * 70 * S);
	const int64_t now = START + 12 * 70 * S;
	ck_assert_int_gt(guard_check(guard, "10.0.0.1", GUARD_CODE, now), 0);
	ck_assert(right("10.0.0.1", GUARD_PIN, now));
	ck_assert_int_gt(guard_check(guard, "10.0.0.1", GUARD_CODE, now), 0);
}
END_TEST

/* All that come in before one is answered. */
static int pass_at_once(const char *address, enum guard_kind kind, int asked, int64_t now)
{
	int passed = 0;

	for (int i = 0; i < asked; i++)
		passed += guard_check(guard, address, kind, now) == 0;
	return passed;
}

START_TEST(many_at_once_gain_little)
{
	int64_t now = START;

	ck_assert_int_eq(pass_at_once("10.0.0.1", GUARD_CODE, 1000, now), GUARD_OPEN_MAX);
	ck_assert_int_eq(guard_check(guard, "10.0.0.1", GUARD_CODE, now), 1000);
	for (int i = 0; i < GUARD_OPEN_MAX; i++)
		guard_failed(guard, "10.0.0.1", GUARD_CODE, now);
	ck_assert_int_eq(guard_check(guard, "10.0.0.1", GUARD_CODE, now), 120000);
	now += 120 * S;
	ck_assert_int_eq(pass_at_once("10.0.0.1", GUARD_CODE, 1000, now), 1);
	/* one that failed: what is left of its free failures, then one at a time */
	ck_assert_int_eq(wrong("10.0.0.2", GUARD_CODE, now), 0);
	ck_assert_int_eq(pass_at_once("10.0.0.2", GUARD_CODE, 1000, now), 4);
	for (int i = 0; i < 4; i++)
		guard_failed(guard, "10.0.0.2", GUARD_CODE, now);
	now += S;
	ck_assert_int_eq(pass_at_once("10.0.0.2", GUARD_CODE, 1000, now), 1);
}
END_TEST

START_TEST(a_choir_behind_one_address)
{
	ck_assert_int_eq(pass_at_once("10.0.0.1", GUARD_CODE, 50, START), 50);
	for (int i = 0; i < 50; i++) {
		if (i % 10 == 3)
			guard_failed(guard, "10.0.0.1", GUARD_CODE, START);
		else
			guard_succeeded(guard, "10.0.0.1", GUARD_CODE, START);
	}
	for (int evening = 0; evening < 100; evening++) {
		ck_assert_int_eq(pass_at_once("10.0.0.1", GUARD_CODE, 50, START), 50);
		for (int i = 0; i < 50; i++)
			guard_succeeded(guard, "10.0.0.1", GUARD_CODE, START);
	}
}
END_TEST

/* What is paid back to a budget was paid to that budget: mixing right and wrong ones gains none. */
START_TEST(success_pays_back_what_it_paid)
{
	long passed = 0;

	for (int64_t now = START; now < START + HOUR; now += S / 10) {
		const int open = pass_at_once("10.0.0.1", GUARD_CODE, 8, now);
		for (int i = 0; i < open; i++) {
			if (i % 2)
				guard_succeeded(guard, "10.0.0.1", GUARD_CODE, now);
			else
				guard_failed(guard, "10.0.0.1", GUARD_CODE, now);
			passed += i % 2 == 0;
		}
	}
	ck_assert_int_le(passed, 1000 + 3600 + 20 + 3600);
}
END_TEST

START_TEST(what_is_never_ended_stops_counting)
{
	ck_assert_int_eq(pass_at_once("10.0.0.1", GUARD_CODE, 100, START), GUARD_OPEN_MAX);
	ck_assert_int_eq(pass_at_once("10.0.0.1", GUARD_CODE, 100, START + GUARD_OPEN_NS), 0);
	const int64_t later = START + GUARD_OPEN_NS + 1;
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(wrong("10.0.0.1", GUARD_CODE, later), 0);
	ck_assert_int_eq(wrong("10.0.0.1", GUARD_CODE, later), 1000);
	/* Ends without a beginning do no harm. */
	guard_succeeded(guard, "10.0.0.9", GUARD_CODE, later);
	guard_failed(guard, "10.0.0.9", GUARD_CODE, later);
	guard_succeeded(guard, "10.0.0.9", GUARD_CODE, later);
	ck_assert(right("10.0.0.9", GUARD_CODE, later));
}
END_TEST

/* --- Spelling of addresses ------------------------------------------------------------------ */

START_TEST(one_address_however_spelled)
{
	static const char *const same[][2] = {
		{"10.0.0.1", "::ffff:10.0.0.1"},
		{"fe80::1", "FE80:0:0::1"},
		{"fe80::1%eth0", "fe80::1"},
		{"nonsense", "also nonsense"},
		{"", "10.0.0.1.2"},
	};

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(wrong(same[_i][i % 2], GUARD_PIN, START + i * 20 * S), 0);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(wrong(same[_i][i], GUARD_PIN, START + 41 * S), 1000);
	ck_assert(right("10.9.9.9", GUARD_PIN, START));
}
END_TEST

/* --- Everybody ------------------------------------------------------------------------------ */

/* From where a try comes. An honest phone near the attacker is step -1. */
typedef void (*from_fn)(char address[64], long step);

static void from_one(char address[64], long step)
{
	snprintf(address, 64, "192.168.1.%d", step < 0 ? 77 : 66);
}

static void from_one_network(char address[64], long step)
{
	snprintf(address, 64, "192.168.1.%ld", step < 0 ? 254 : 2 + step % 250);
}

static void from_one_prefix(char address[64], long step)
{
	snprintf(address, 64, step < 0 ? "fe80::1" : "fe80::%lx:%lx", step >> 16 & 0xffff,
		 step & 0xffff);
}

static void from_everywhere(char address[64], long step)
{
	snprintf(address, 64, step < 0 ? "192.168.1.77" : "2000:%lx:%lx::1", step >> 16 & 0xffff,
		 step & 0xffff);
}

static const struct attack {
	from_fn from;
	long passed_max[GUARD_KINDS]; /* in eight hours, as guard.h computes */
	bool holds_up_near;           /* phones that have not failed, in the attacker's network */
	bool holds_up_far;            /* and elsewhere */
} attacks[] = {
	{from_one, {[GUARD_CODE] = 12 + 8 * 30, [GUARD_PIN] = 8 + 8 * 12}, false, false},
	{from_one_network, {28820 + 500, 1442 + 500}, false, false},
	{from_one_prefix, {28820 + 16 * 256, 1442 + 16 * 16}, true, false},
	{from_everywhere, {58620, 2702}, true, true},
};

/* An attacker tries five times a second for eight hours. Each minute two who have not failed yet
 * try as well, one in the attacker's network and one in another. */
static void evening(const struct attack *attack, enum guard_kind kind)
{
	long passed = 0, near = 0, far = 0;
	char address[64];

	for (long step = 0; step < EVENING / S * 5; step++) {
		const int64_t now = START + step * (S / 5);
		attack->from(address, step);
		passed += wrong(address, kind, now) == 0;
		if (step % 300)
			continue;
		attack->from(address, -1);
		near += !right(address, kind, now);
		far += !right("172.16.0.9", kind, now);
	}
	ck_assert_msg(passed <= attack->passed_max[kind], "%ld passed", passed);
	ck_assert_msg(near == 0 || attack->holds_up_near, "%ld near held up", near);
	ck_assert_msg(far == 0 || attack->holds_up_far, "%ld far held up", far);
	if (getenv("VERBOSE"))
		fprintf(stderr, "%ld passed, held up: %ld near, %ld far\n", passed, near, far);
}

START_TEST(an_evening_of_guessing)
{
	evening(&attacks[_i % 4], (enum guard_kind)(_i / 4));
}
END_TEST

START_TEST(few_pins_a_minute)
{
	long in_minute = 0;
	char address[64];

	for (long step = 0; step < 600 * 60; step++) {
		const int64_t now = START + step * (S / 10);
		if (step % 600 == 0)
			in_minute = 0;
		from_one_network(address, step);
		in_minute += wrong(address, GUARD_PIN, now) == 0;
		/* the first minute has the first failures of 250 addresses */
		ck_assert_int_le(in_minute, step < 600 ? 250 + 3 + 2 : 3 + 1);
	}
}
END_TEST

/* Fifty singers, each mistyping the code now and then, all on one Wi-Fi. */
START_TEST(a_clumsy_choir_comes_in)
{
	char address[64];
	int64_t now = START;

	for (int singer = 0; singer < 50; singer++, now += 2 * S) {
		snprintf(address, sizeof address, singer % 2 ? "192.168.1.%d" : "fe80::%d",
			 10 + singer);
		for (int slip = 0; slip < singer % 4; slip++)
			ck_assert_int_eq(wrong(address, GUARD_CODE, now), 0);
		ck_assert(right(address, GUARD_CODE, now));
	}
}
END_TEST

/* A locked address stays locked, however many others fail to push it out of memory. */
START_TEST(a_lock_is_not_pushed_out)
{
	char address[64];
	int64_t now = START;

	while (wrong("10.0.0.1", GUARD_CODE, now) < 100000)
		now += S;
	const int64_t locked = now;
	for (long step = 0; now < locked + 100 * S; step++, now += S / 100) {
		from_everywhere(address, step);
		wrong(address, GUARD_CODE, now);
		ck_assert_int_gt(guard_check(guard, "10.0.0.1", GUARD_CODE, now), 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("guard");
	TCase *tcase = tcase_create("guard");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, delays_grow_then_lock, 0, GUARD_KINDS);
	tcase_add_test(tcase, success_and_time_forgive);
	tcase_add_test(tcase, kinds_are_apart);
	tcase_add_test(tcase, many_at_once_gain_little);
	tcase_add_test(tcase, a_choir_behind_one_address);
	tcase_add_test(tcase, success_pays_back_what_it_paid);
	tcase_add_test(tcase, what_is_never_ended_stops_counting);
	tcase_add_loop_test(tcase, one_address_however_spelled, 0, 5);
	tcase_add_loop_test(tcase, an_evening_of_guessing, 0, 2 * 4);
	tcase_add_test(tcase, few_pins_a_minute);
	tcase_add_test(tcase, a_clumsy_choir_comes_in);
	tcase_add_test(tcase, a_lock_is_not_pushed_out);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
