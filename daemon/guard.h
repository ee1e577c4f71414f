/*
 * guard.h - guessing codes and PINs is slow, and guessing them from everywhere is slow too.
 *
 * Each address: the first failures are free (people mistype), then each next try waits twice as
 * long, then the address is locked for some minutes. An hour without a failure forgets them.
 *
 *            free   then waits of       locked after   for
 *     PIN    3      2 4 8 16 32 s       8 failures     5 min
 *     code   5      1 2 4 8 16 32 64 s  12 failures    2 min
 *
 * All addresses together: an attacker has as many addresses as he likes (IPv6, a spoofed DHCP),
 * so tries also pay from two budgets, which refill steadily and hold at most `burst`:
 *
 *            failed before        not failed before
 *     PIN    4 a minute, burst 2  1 a minute, burst 32
 *     code   60 a minute, burst 20  60 a minute, burst 100
 *
 * One who has not failed pays from the second budget, which the failures of others leave alone: so
 * one attacker, or one clumsy singer, keeps nobody else out. To drain it takes many addresses, but
 * a network (an IPv6 /64, an IPv4 /24) has it for a few first failures in half an hour only (PIN 8,
 * code 64); after that its fresh addresses pay from the first. What succeeds is paid back.
 *
 * So in eight hours, whatever the addresses, at most 480 * 4 + 2 + 480 * 1 + 32 = 2434 PINs are
 * tried: against six digits a chance of 0.24 %. One address alone tries at most 8 + 480 / 5 = 104: 0.01 %.
 * Codes: 57,720 tries against 21^6 codes: 0.07 % for each session that is active.
 *
 * None of this concerns a valid token: don't ask the guard about one.
 *
 * Every try that guard_check() let pass is then ended by guard_failed() or guard_succeeded(). Until
 * then it counts as failed, so that many tries at once gain nothing; one never ended (the
 * disk failed, the phone went) stops counting after GUARD_OPEN_NS, but for its price.
 *
 * Pure: the caller passes now_ns (CLOCK_MONOTONIC_RAW, or any that never goes back).
 * Thread: the loop's alone.
 */
#ifndef TACTUS_GUARD_H
#define TACTUS_GUARD_H

#include <stdint.h>

enum guard_kind { GUARD_CODE, GUARD_PIN, GUARD_KINDS };

/* Addresses and networks remembered. When full, the one with the fewest failures is forgotten, the
 * oldest of those; the budgets, which bound the chance, forget nothing. */
#define GUARD_ENTRIES 256

#define GUARD_FORGET_NS (INT64_C(3600) * 1000000000)
#define GUARD_OPEN_NS (INT64_C(30) * 1000000000)

struct guard;

/* NULL: no memory. Owns: the caller frees. */
struct guard *guard_new(void);
void guard_free(struct guard *guard);

/* May this address try now? 0: yes; else the milliseconds until it may ask again. `address` is
 * textual, IPv4 or IPv6 (mapped IPv4 is IPv4); all that are neither count as one. */
int64_t guard_check(struct guard *guard, const char *address, enum guard_kind kind, int64_t now_ns);

/* What came of the try. */
void guard_failed(struct guard *guard, const char *address, enum guard_kind kind, int64_t now_ns);
void guard_succeeded(struct guard *guard, const char *address, enum guard_kind kind,
		     int64_t now_ns);

#endif
