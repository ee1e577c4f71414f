/*
 * guard.h - guessing codes and PINs is slow, and guessing them from everywhere is slow too.
 *
 * Each address: the first failures are free (people mistype), then each next try waits twice as
 * long, then the address is locked for some minutes. A success forgets its failures, and so do
 * four hours without one.
 *
 *            free   then waits of       locked after   for
 *     PIN    3      2 4 8 16 32 s       8 failures     5 min
 *     code   5      1 2 4 8 16 32 64 s  12 failures    2 min
 *
 * All addresses together: an attacker has as many as he likes (IPv6, a spoofed DHCP), so a try
 * also pays from one of two budgets, which refill steadily and hold at most `burst`:
 *
 *            that has failed before  that has not
 *     PIN    3 a minute, burst 2     2 a minute, burst 300
 *     code   60 a minute, burst 20   60 a minute, burst 1000
 *
 * What succeeds is paid back. An address that has not failed is held up by nobody's failures,
 * since the second budget is more than a whole IPv4 network (/24) can drain. An IPv6 network (/64)
 * has more addresses than any budget: after some first failures of different ones in half an hour
 * (PIN 16, code 256) its fresh addresses pay from the first budget, too.
 *
 * So in eight hours, whatever the addresses, at most 480 * 3 + 2 + 480 * 2 + 300 = 2702 PINs are
 * tried: against six digits a chance of 0.27 %. One address alone tries at most 8 + 480 / 5 = 104
 * (0.01 %), as long as each try is ended before the next is asked for. Codes: at most 28800 + 20 +
 * 28800 + 1000 = 58620 against the 21^6 of token.h: 0.07 % for each active session.
 *
 * What it costs: while somebody guesses from many addresses of an IPv6 network, a phone in that
 * network has to wait among his tries to type a PIN or a code; over IPv4 it has not. While he does
 * so from many networks, everybody who has no token has to wait.
 *
 * None of this concerns a valid token: don't ask the guard about one.
 *
 * Every try that guard_check() let pass is then ended by guard_failed() or guard_succeeded(). An
 * address that has not failed may have GUARD_OPEN_MAX under way (a choir behind one address), one
 * that has no more than its free failures. One never ended (the disk failed, the phone
 * went) stops counting after GUARD_OPEN_NS, but for its price.
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
#define GUARD_ENTRIES 1024

#define GUARD_FORGET_NS (INT64_C(4 * 3600) * 1000000000)
#define GUARD_OPEN_MAX 64
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
