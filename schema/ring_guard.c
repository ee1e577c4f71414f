/*
 * The SIGBUS guard: a file that is truncated while mapped must not kill whoever reads it. The
 * handler and its table are the one piece of global state in Tactus, because a signal handler
 * is one for the process and is handed nothing but an address.
 */
#include "ring_layout.h"

#include <errno.h>
#include <signal.h>

#define GUARDS 64

enum guard_use { GUARD_FREE, GUARD_FILLING, GUARD_LIVE };

static struct guard {
	_Atomic int use;
	_Atomic uintptr_t base;
	_Atomic size_t size;
	_Atomic int prot;
	_Atomic int tripped;
} guards[GUARDS];

static struct sigaction previous;

int ring_guard_add(void *base, size_t size, int prot)
{
	for (int i = 0; i < GUARDS; i++) {
		int expected = GUARD_FREE;
		if (!atomic_compare_exchange_strong(&guards[i].use, &expected, GUARD_FILLING))
			continue;
		atomic_store(&guards[i].base, (uintptr_t)base);
		atomic_store(&guards[i].size, size);
		atomic_store(&guards[i].prot, prot);
		atomic_store(&guards[i].tripped, 0);
		atomic_store(&guards[i].use, GUARD_LIVE);
		return i;
	}
	return -ENOMEM;
}

void ring_guard_remove(int guard)
{
	atomic_store(&guards[guard].use, GUARD_FREE);
}

bool ring_guard_tripped(int guard)
{
	return atomic_exchange(&guards[guard].tripped, 0) != 0;
}

/* Only for an address in a live region, which stays registered while anyone may touch it. */
static bool put_zero_pages(struct guard *guard, uintptr_t address)
{
	if (atomic_load(&guard->use) != GUARD_LIVE)
		return false;
	uintptr_t base = atomic_load(&guard->base);
	size_t size = atomic_load(&guard->size);
	if (address < base || address - base >= size)
		return false;
	/* The number of a constant place: the mapping itself, not an object of C. */
	if (ring_map_zero((void *)base, size, atomic_load(&guard->prot)) < 0)
		return false;
	/* Afterwards: who clears the flag before mapping anew cannot miss the zero pages. */
	atomic_store(&guard->tripped, 1);
	return true;
}

static void pass_on(int number, siginfo_t *info, void *context)
{
	if (previous.sa_flags & SA_SIGINFO) {
		previous.sa_sigaction(number, info, context);
	} else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
		previous.sa_handler(number);
	} else if (info->si_code > 0 || previous.sa_handler == SIG_DFL) {
		/* A fault comes again as soon as we return, and is now deadly; a sent one is not. */
		signal(number, SIG_DFL);
		if (info->si_code <= 0)
			raise(number);
	}
}

static void on_sigbus(int number, siginfo_t *info, void *context)
{
	int saved = errno;
	bool mended = false;
	if (info->si_code > 0) /* the kernel's: it has an address */
		for (int i = 0; i < GUARDS && !mended; i++)
			mended = put_zero_pages(&guards[i], (uintptr_t)info->si_addr);
	if (!mended)
		pass_on(number, info, context);
	errno = saved;
}

int ring_guard_install(void)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	struct sigaction now;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGBUS, NULL, &now) < 0)
		return -errno;
	if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_sigbus)
		return 0; /* once a process; a second time would chain it to itself */
	previous = now;
	return sigaction(SIGBUS, &action, NULL) < 0 ? -errno : 0;
}
