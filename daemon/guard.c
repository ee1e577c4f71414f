#include "guard.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NETWORK_WINDOW_NS (1800 * NS_PER_S)
#define ASK_AGAIN_NS NS_PER_S

struct budget_rule {
	int64_t price_ns; /* one try is paid for by so much time */
	int burst;
};

static const struct rule {
	int free;
	int first_wait_s;
	int lock_after;
	int lock_s;
	int network_first; /* first failures an IPv6 network has in NETWORK_WINDOW_NS */
	struct budget_rule failed_before;
	struct budget_rule fresh;
} rules[GUARD_KINDS] = {
	[GUARD_CODE] = {5, 1, 12, 120, 256, {NS_PER_S, 20}, {NS_PER_S, 1000}},
	[GUARD_PIN] = {3, 2, 8, 300, 16, {20 * NS_PER_S, 2}, {30 * NS_PER_S, 300}},
};

/* Tries that passed and have not ended, by the budget that they paid from. */
struct open {
	int fresh;
	int failed_before;
};

/* Of an address: what it failed at. Of a network: `failures` counts first tries since tried_ns. */
struct track {
	int failures;
	struct open open;
	int64_t tried_ns; /* the last one that was let pass */
};

struct entry {
	bool used;
	bool network;
	uint8_t key[16];
	struct track tracks[GUARD_KINDS];
};

struct budget {
	int64_t paid_until_ns; /* tries are paid for up to then, which lies at most burst ahead */
};

struct guard {
	struct entry entries[GUARD_ENTRIES];
	struct budget failed_before[GUARD_KINDS];
	struct budget fresh[GUARD_KINDS];
};

struct guard *guard_new(void)
{
	return calloc(1, sizeof(struct guard));
}

void guard_free(struct guard *guard)
{
	free(guard);
}

/* --- Budgets -------------------------------------------------------------------------------- */

static int64_t budget_wait_ns(const struct budget *budget, const struct budget_rule *rule,
			      int64_t now_ns)
{
	const int64_t owed_ns = budget->paid_until_ns > now_ns ? budget->paid_until_ns - now_ns : 0;
	const int64_t wait_ns = owed_ns + rule->price_ns - rule->burst * rule->price_ns;

	return wait_ns > 0 ? wait_ns : 0;
}

static void budget_pay(struct budget *budget, const struct budget_rule *rule, int64_t now_ns)
{
	if (budget->paid_until_ns < now_ns)
		budget->paid_until_ns = now_ns;
	budget->paid_until_ns += rule->price_ns;
}

static void budget_pay_back(struct budget *budget, const struct budget_rule *rule)
{
	budget->paid_until_ns -= rule->price_ns;
}

/* --- Entries -------------------------------------------------------------------------------- */

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* IPv4 within IPv6 */

/* The network of an IPv6 address is its /64; IPv4 ones are too few to be counted together. */
static void make_key(const char *address, bool network, uint8_t key[16])
{
	char plain[INET6_ADDRSTRLEN] = "";
	const size_t length = strcspn(address, "%"); /* a link-local one may name its interface */

	if (length < sizeof plain)
		memcpy(plain, address, length);
	memset(key, 0, 16);
	if (inet_pton(AF_INET, plain, key + 12) == 1)
		memcpy(key, mapped, sizeof mapped);
	else if (inet_pton(AF_INET6, plain, key) != 1)
		memset(key, 0, 16);
	if (network && memcmp(key, mapped, sizeof mapped) != 0)
		memset(key + 8, 0, 8);
}

static int open_count(const struct track *track)
{
	return track->open.fresh + track->open.failed_before;
}

/* Drop what is too old to count. */
static void age(struct entry *entry, int64_t now_ns)
{
	bool blank = true;

	for (int kind = 0; kind < GUARD_KINDS; kind++) {
		struct track *track = &entry->tracks[kind];
		const int64_t since_ns = now_ns - track->tried_ns;
		if (since_ns > GUARD_OPEN_NS)
			track->open = (struct open){0, 0};
		if (since_ns > (entry->network ? NETWORK_WINDOW_NS : GUARD_FORGET_NS))
			track->failures = 0;
		blank = blank && track->failures == 0 && open_count(track) == 0;
	}
	entry->used = !blank;
}

static int weight(const struct entry *entry)
{
	int sum = 0;

	for (int kind = 0; kind < GUARD_KINDS; kind++)
		sum += entry->tracks[kind].failures + open_count(&entry->tracks[kind]);
	return sum;
}

static int64_t last_ns(const struct entry *entry)
{
	const int64_t code_ns = entry->tracks[GUARD_CODE].tried_ns;
	const int64_t pin_ns = entry->tracks[GUARD_PIN].tried_ns;

	return code_ns > pin_ns ? code_ns : pin_ns;
}

/* Would a rather be forgotten than b? */
static bool lighter(const struct entry *a, const struct entry *b)
{
	if (!a->used || !b->used)
		return !a->used && b->used;
	if (weight(a) != weight(b))
		return weight(a) < weight(b);
	return last_ns(a) < last_ns(b);
}

static struct entry *find(struct guard *guard, const char *address, bool network, int64_t now_ns)
{
	uint8_t key[16];

	make_key(address, network, key);
	for (int i = 0; i < GUARD_ENTRIES; i++) {
		struct entry *entry = &guard->entries[i];
		if (entry->used && entry->network == network && memcmp(entry->key, key, 16) == 0) {
			age(entry, now_ns);
			return entry->used ? entry : NULL;
		}
	}
	return NULL;
}

/* A blank one, for which another may have to go. `keep` does not. */
static struct entry *make(struct guard *guard, const char *address, bool network,
			  const struct entry *keep, int64_t now_ns)
{
	struct entry *chosen = NULL;

	for (int i = 0; i < GUARD_ENTRIES; i++) {
		struct entry *entry = &guard->entries[i];
		age(entry, now_ns);
		if (entry != keep && (!chosen || lighter(entry, chosen)))
			chosen = entry;
	}
	memset(chosen, 0, sizeof *chosen);
	chosen->used = true;
	chosen->network = network;
	make_key(address, network, chosen->key);
	return chosen;
}

/* --- Tries ---------------------------------------------------------------------------------- */

/* What its failures cost it. */
static int64_t failures_wait_ns(const struct track *track, const struct rule *rule, int64_t now_ns)
{
	int64_t wait_ns = 0;

	if (track->failures >= rule->lock_after)
		wait_ns = rule->lock_s * NS_PER_S;
	else if (track->failures >= rule->free)
		wait_ns = rule->first_wait_s * NS_PER_S << (track->failures - rule->free);
	wait_ns += track->tried_ns - now_ns;
	return wait_ns > 0 ? wait_ns : 0;
}

/* One that has failed has no more tries under way than it has free failures left; one that has
 * not may be a whole choir behind one address. */
static bool too_many_open(const struct track *track, const struct rule *rule)
{
	const int open = open_count(track);

	if (track->failures == 0)
		return open >= GUARD_OPEN_MAX;
	return open > 0 && track->failures + open >= rule->free;
}

static int64_t address_wait_ns(const struct track *track, const struct rule *rule, int64_t now_ns)
{
	const int64_t wait_ns = failures_wait_ns(track, rule, now_ns);

	return wait_ns == 0 && too_many_open(track, rule) ? ASK_AGAIN_NS : wait_ns;
}

static bool network_has_first(struct guard *guard, const char *address, enum guard_kind kind,
			      int64_t now_ns)
{
	const struct entry *network = find(guard, address, true, now_ns);

	return !network || network->tracks[kind].failures < rules[kind].network_first;
}

static void count_first(struct guard *guard, const char *address, enum guard_kind kind,
			const struct entry *keep, int64_t now_ns)
{
	struct entry *network = find(guard, address, true, now_ns);

	if (!network)
		network = make(guard, address, true, keep, now_ns);
	if (network->tracks[kind].failures++ == 0)
		network->tracks[kind].tried_ns = now_ns;
}

/* A try passes: it is paid for and counts as failed until it is ended. */
static void let_pass(struct guard *guard, const char *address, enum guard_kind kind, bool fresh,
		     int64_t now_ns)
{
	const struct rule *rule = &rules[kind];
	struct entry *entry = find(guard, address, false, now_ns);

	if (!entry)
		entry = make(guard, address, false, NULL, now_ns);
	struct track *track = &entry->tracks[kind];
	track->tried_ns = now_ns;
	if (fresh) {
		track->open.fresh++;
		budget_pay(&guard->fresh[kind], &rule->fresh, now_ns);
		count_first(guard, address, kind, entry, now_ns);
	} else {
		track->open.failed_before++;
		budget_pay(&guard->failed_before[kind], &rule->failed_before, now_ns);
	}
}

int64_t guard_check(struct guard *guard, const char *address, enum guard_kind kind, int64_t now_ns)
{
	static const struct track blank;
	const struct rule *rule = &rules[kind];
	const struct entry *entry = find(guard, address, false, now_ns);
	const struct track *track = entry ? &entry->tracks[kind] : &blank;
	const bool fresh = track->failures == 0 && network_has_first(guard, address, kind, now_ns);

	const struct budget *budget = fresh ? &guard->fresh[kind] : &guard->failed_before[kind];
	const struct budget_rule *price = fresh ? &rule->fresh : &rule->failed_before;

	/* The longer of the two, so that one who waits as long as he is told gets in. */
	const int64_t own_wait_ns = entry ? address_wait_ns(track, rule, now_ns) : 0;
	int64_t wait_ns = budget_wait_ns(budget, price, now_ns);
	if (wait_ns < own_wait_ns)
		wait_ns = own_wait_ns;
	if (wait_ns == 0)
		let_pass(guard, address, kind, fresh, now_ns);
	return (wait_ns + NS_PER_MS - 1) / NS_PER_MS;
}

enum paid { PAID_NONE, PAID_FRESH, PAID_FAILED_BEFORE };

/* One of the open tries ends, fresh ones first. Returns from what it was paid. */
static enum paid end_one(struct track *track)
{
	if (track->open.fresh > 0) {
		track->open.fresh--;
		return PAID_FRESH;
	}
	if (track->open.failed_before > 0) {
		track->open.failed_before--;
		return PAID_FAILED_BEFORE;
	}
	return PAID_NONE;
}

void guard_failed(struct guard *guard, const char *address, enum guard_kind kind, int64_t now_ns)
{
	struct entry *entry = find(guard, address, false, now_ns);

	if (!entry) {
		entry = make(guard, address, false, NULL, now_ns);
		entry->tracks[kind].tried_ns = now_ns;
	}
	end_one(&entry->tracks[kind]);
	entry->tracks[kind].failures++;
}

static void pay_back_fresh(struct guard *guard, const char *address, enum guard_kind kind,
			   int64_t now_ns)
{
	struct entry *network = find(guard, address, true, now_ns);

	budget_pay_back(&guard->fresh[kind], &rules[kind].fresh);
	if (network && network->tracks[kind].failures > 0)
		network->tracks[kind].failures--;
}

void guard_succeeded(struct guard *guard, const char *address, enum guard_kind kind, int64_t now_ns)
{
	struct entry *entry = find(guard, address, false, now_ns);

	if (!entry)
		return;
	const enum paid paid = end_one(&entry->tracks[kind]);
	if (paid == PAID_FRESH)
		pay_back_fresh(guard, address, kind, now_ns);
	else if (paid == PAID_FAILED_BEFORE)
		budget_pay_back(&guard->failed_before[kind], &rules[kind].failed_before);
	entry->tracks[kind].failures = 0;
	age(entry, now_ns);
}
