/*
 * ring_bench: what a record costs in the ring, and in a bare seqlock that copies with memcpy.
 *
 *     ring_bench [ROUNDS]
 *
 * Prints rows "name ring_ns seqlock_ns" for tests/bench/bench_ring.mjs. The seqlock has no
 * checksum, no history, no damage to bear, and its plain copy is a data race by the standard: it is
 * what a ring could cost at the least, not a replacement. `beside` has the other side at work in
 * another thread all the time.
 */
#include "clock.h"
#include "ring.h"
#include "tempo_record.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BATCHES 31

struct seqlock {
	_Alignas(64) atomic_uint sequence;
	_Alignas(64) uint64_t words[TEMPO_WORDS];
};

struct bench {
	struct ring_writer *writer;
	struct ring_reader *reader;
	struct seqlock lock;
	uint64_t words[TEMPO_WORDS];
	uint64_t sum; /* so that no copy is thrown away */
	long rounds;
	atomic_bool beside_done;
};

/* ---- the peer ------------------------------------------------------------------ */

static void seqlock_write(struct seqlock *lock, const uint64_t *words)
{
	unsigned sequence = atomic_load_explicit(&lock->sequence, memory_order_relaxed);
	atomic_store_explicit(&lock->sequence, sequence + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	memcpy(lock->words, words, sizeof lock->words);
	atomic_store_explicit(&lock->sequence, sequence + 2, memory_order_release);
}

static void seqlock_read(struct seqlock *lock, uint64_t *words)
{
	unsigned before;
	unsigned after;
	do {
		before = atomic_load_explicit(&lock->sequence, memory_order_acquire);
		memcpy(words, lock->words, sizeof lock->words);
		atomic_thread_fence(memory_order_acquire);
		after = atomic_load_explicit(&lock->sequence, memory_order_relaxed);
	} while (before != after || (before & 1) != 0);
}

/* ---- what is timed --------------------------------------------------------------- */

static void ring_publish(struct bench *bench)
{
	bench->words[0]++;
	ring_write(bench->writer, bench->words);
}

static void seqlock_publish(struct bench *bench)
{
	bench->words[0]++;
	seqlock_write(&bench->lock, bench->words);
}

static void ring_read(struct bench *bench)
{
	uint64_t words[TEMPO_WORDS] = {0};
	ring_read_newest(bench->reader, words, NULL);
	bench->sum += words[0];
}

static void seqlock_take(struct bench *bench)
{
	uint64_t words[TEMPO_WORDS];
	seqlock_read(&bench->lock, words);
	bench->sum += words[0];
}

static void ring_both(struct bench *bench)
{
	ring_publish(bench);
	ring_read(bench);
}

static void seqlock_both(struct bench *bench)
{
	seqlock_publish(bench);
	seqlock_take(bench);
}

static int compare_ns(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The middle one of some batches: the machine is shared, and what it takes away at times is no
 * cost of ours; the best would be one in which the other thread slept. */
static double middle_ns(struct bench *bench, void (*step)(struct bench *))
{
	double each_ns[BATCHES];
	for (int batch = 0; batch < BATCHES; batch++) {
		int64_t began_ns = clock_now_ns();
		for (long i = 0; i < bench->rounds; i++)
			step(bench);
		each_ns[batch] = (double)(clock_now_ns() - began_ns) / (double)bench->rounds;
	}
	qsort(each_ns, BATCHES, sizeof each_ns[0], compare_ns);
	return each_ns[BATCHES / 2];
}

struct beside {
	struct bench *bench;
	void (*step)(struct bench *);
};

static void *run_beside(void *user)
{
	struct beside *beside = user;
	while (!atomic_load_explicit(&beside->bench->beside_done, memory_order_relaxed))
		beside->step(beside->bench);
	return NULL;
}

static double middle_beside_ns(struct bench *bench, void (*step)(struct bench *),
			       void (*other)(struct bench *))
{
	pthread_t thread;
	struct beside beside = {bench, other};
	atomic_store(&bench->beside_done, false);
	if (pthread_create(&thread, NULL, run_beside, &beside) != 0)
		return 0;
	double each_ns = middle_ns(bench, step);
	atomic_store(&bench->beside_done, true);
	pthread_join(thread, NULL);
	return each_ns;
}

static void row(const char *name, double ring_ns, double seqlock_ns)
{
	printf("%s\t%.1f\t%.1f\n", name, ring_ns, seqlock_ns);
	fflush(stdout);
}

static int open_ring(struct bench *bench, const char *name)
{
	int error = ring_guard_install();
	if (error == 0)
		error = ring_writer_open(&bench->writer, name, &tempo_shape, 0);
	if (error == 0)
		error = ring_reader_open(&bench->reader, name, &tempo_shape);
	if (error == 0 && ring_reader_refresh(bench->reader) != RING_ATTACHED)
		error = -1;
	return error;
}

int main(int argc, char **argv)
{
	static struct bench bench;
	char region[32];
	char name[RING_NAME_MAX];
	bench.rounds = argc > 1 ? atol(argv[1]) : 200000;
	snprintf(region, sizeof region, "ring-bench-%d", (int)getpid());
	if (bench.rounds <= 0 || ring_name(name, region, TEMPO_PART) < 0 ||
	    open_ring(&bench, name) < 0) {
		fputs("ring_bench: cannot open its region\n", stderr);
		return 1;
	}
	row("publish", middle_ns(&bench, ring_publish), middle_ns(&bench, seqlock_publish));
	row("publish and read it", middle_ns(&bench, ring_both), middle_ns(&bench, seqlock_both));
	row("read, nothing new", middle_ns(&bench, ring_read), middle_ns(&bench, seqlock_take));
	row("publish, a reader beside", middle_beside_ns(&bench, ring_publish, ring_read),
	    middle_beside_ns(&bench, seqlock_publish, seqlock_take));
	row("read, a writer beside", middle_beside_ns(&bench, ring_read, ring_publish),
	    middle_beside_ns(&bench, seqlock_take, seqlock_publish));
	ring_reader_close(bench.reader);
	ring_writer_close(bench.writer);
	shm_unlink(name);
	return bench.sum == 0;
}
