/*
 * trap.c - preloaded into tactus-click by trap.mjs: nothing in the process callback may wait.
 *
 * Wraps the callback that the program gives to JACK. On the way in it arms Syscall User Dispatch
 * (Linux 5.11, x86-64) for this thread, on the way out it disarms it, since libjack itself needs
 * system calls between two callbacks. A system call in between raises SIGSYS, is not carried out,
 * and is counted. Allocation and locks are interposed and counted likewise. What was counted is
 * told on stderr behind the callback, and summed up when the program ends:
 *
 *     trap: malloc in the callback
 *     trap: 12345 callbacks watched, 1 violations
 *
 * TRAP_PLANT=write|malloc|free|lock|sleep plants one such violation, to show that it is caught.
 * Exit code 77 at the first callback if the kernel has no Syscall User Dispatch.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <jack/jack.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#endif
#define ALLOW 0
#define BLOCK 1

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *old);

static __thread volatile char selector;
static __thread bool armed_once;
static __thread bool inside;

static JackProcessCallback real_callback;
static const char *violation; /* the callback's, told behind it */
static long violation_syscall;
static unsigned long violations, callbacks;
static const char *plant;
static bool planted;
static void *planted_block;
static pthread_mutex_t planted_lock = PTHREAD_MUTEX_INITIALIZER;

static void count(const char *what)
{
	violation = what;
	violations++;
}

/* ---- interposed: counted, then done with the trap open, so that each counts once ------- */

static bool enter(const char *what)
{
	bool was_inside = inside;
	if (was_inside) {
		count(what);
		inside = false;
		selector = ALLOW;
	}
	return was_inside;
}

static void leave(bool was_inside)
{
	if (was_inside) {
		inside = true;
		selector = BLOCK;
	}
}

void *malloc(size_t size)
{
	bool was_inside = enter("malloc");
	void *block = __libc_malloc(size);
	leave(was_inside);
	return block;
}

void *calloc(size_t n, size_t size)
{
	bool was_inside = enter("calloc");
	void *block = __libc_calloc(n, size);
	leave(was_inside);
	return block;
}

void *realloc(void *old, size_t size)
{
	bool was_inside = enter("realloc");
	void *block = __libc_realloc(old, size);
	leave(was_inside);
	return block;
}

void free(void *old)
{
	bool was_inside = enter("free");
	__libc_free(old);
	leave(was_inside);
}

/* NOLINTBEGIN(bugprone-macro-parentheses): a name to declare takes none. */
#define INTERPOSE(name, type)                                                                      \
	int name(type *object)                                                                     \
	{                                                                                          \
		static int (*real)(type *);                                                        \
		bool was_inside = enter(#name);                                                    \
		if (real == NULL)                                                                  \
			real = (int (*)(type *))dlsym(RTLD_NEXT, #name);                           \
		int result = real(object);                                                         \
		leave(was_inside);                                                                 \
		return result;                                                                     \
	}

INTERPOSE(pthread_mutex_lock, pthread_mutex_t)
INTERPOSE(pthread_rwlock_rdlock, pthread_rwlock_t)
INTERPOSE(pthread_rwlock_wrlock, pthread_rwlock_t)
INTERPOSE(sem_wait, sem_t)
INTERPOSE(sem_post, sem_t)
/* NOLINTEND(bugprone-macro-parentheses) */

/* ---- the callback ------------------------------------------------------------ */

static void on_sigsys(int number, siginfo_t *info, void *context)
{
	(void)number;
	selector = ALLOW; /* the return from here is a system call too */
	violation_syscall = info->si_syscall;
	count("system call");
#ifdef __x86_64__
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = -ENOSYS;
#else
	(void)context;
#endif
}

static void do_planted(void)
{
	const struct timespec moment = {.tv_nsec = 1};
	planted = true;
	if (strcmp(plant, "write") == 0)
		(void)!write(2, "planted\n", 8);
	else if (strcmp(plant, "sleep") == 0)
		nanosleep(&moment, NULL);
	else if (strcmp(plant, "malloc") == 0)
		planted_block = malloc(100);
	else if (strcmp(plant, "free") == 0)
		free(planted_block);
	else if (strcmp(plant, "lock") == 0)
		pthread_mutex_lock(&planted_lock);
}

static void arm_once(void)
{
	if (armed_once)
		return;
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0L, 0L, &selector) != 0)
		_exit(77);
	armed_once = true;
}

static void tell(void)
{
	char line[80];
	int length = snprintf(line, sizeof line, "trap: %s in the callback\n", violation);
	if (violation_syscall != 0)
		length = snprintf(line, sizeof line, "trap: system call %ld in the callback\n",
				  violation_syscall);
	(void)!write(2, line, (size_t)length);
	violation = NULL;
	violation_syscall = 0;
}

static int trapped(jack_nframes_t frames, void *arg)
{
	arm_once();
	inside = true;
	selector = BLOCK;
	int result = real_callback(frames, arg);
	if (plant != NULL && !planted)
		do_planted();
	selector = ALLOW;
	inside = false;
	callbacks++;
	if (violation != NULL && violations < 10)
		tell();
	return result;
}

int jack_set_process_callback(jack_client_t *client, JackProcessCallback callback, void *arg)
{
	int (*real)(jack_client_t *, JackProcessCallback, void *) =
		(int (*)(jack_client_t *, JackProcessCallback, void *))dlsym(
			RTLD_NEXT, "jack_set_process_callback");
	real_callback = callback;
	return real(client, trapped, arg);
}

__attribute__((constructor)) static void begin(void)
{
	struct sigaction action = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};
	sigaction(SIGSYS, &action, NULL);
	plant = getenv("TRAP_PLANT");
	planted_block = malloc(100);
}

__attribute__((destructor)) static void end(void)
{
	fprintf(stderr, "trap: %lu callbacks watched, %lu violations\n", callbacks, violations);
}
