/*
 * The ring at full speed: two processes, several threads, writers killed at any moment. Whatever the
 * timing, a reader sees whole records in rising order, and those it missed are counted.
 */
#include "ring_fixture.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

static void pause_ns(long ns)
{
	nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

/* ---- two readers, each with its own claim to check ------------------------- */

struct watch {
	struct ring_reader *next, *newest;
	uint64_t last;        /* sequence that `next` took last */
	uint64_t last_newest; /* and `newest` */
	uint64_t seen, lost;
	bool wrong;
};

static void watch_open(struct watch *watch, const struct ring_shape *shape)
{
	memset(watch, 0, sizeof *watch);
	watch->next = fixture_reader(shape);
	watch->newest = fixture_reader(shape);
}

static void watch_refresh(struct watch *watch)
{
	ring_reader_refresh(watch->next);
	ring_reader_refresh(watch->newest);
}

static void watch_close(struct watch *watch)
{
	ring_reader_close(watch->next);
	ring_reader_close(watch->newest);
}

static bool watch_next(struct watch *watch)
{
	uint64_t words[RING_WORDS_MAX], lost;
	if (!ring_read_next(watch->next, words, &lost))
		return false;
	watch->wrong |= !fixture_whole(words, watch->next->area.words);
	watch->wrong |= watch->last != 0 && words[0] != watch->last + lost + 1;
	watch->last = words[0];
	watch->seen++;
	watch->lost += lost;
	return true;
}

static bool watch_newest(struct watch *watch)
{
	uint64_t words[RING_WORDS_MAX], sequence;
	if (!ring_read_newest(watch->newest, words, &sequence))
		return false;
	watch->wrong |= !fixture_whole(words, watch->newest->area.words);
	watch->wrong |= words[0] != sequence || sequence <= watch->last_newest;
	watch->last_newest = sequence;
	return true;
}

static void watch_both(struct watch *watch)
{
	watch_next(watch);
	watch_newest(watch);
}

/* ---- two processes --------------------------------------------------------- */

/* Memory that a test shares with the processes it starts. */
struct shared {
	_Atomic uint64_t first;   /* sequence of the child's first record */
	_Atomic uint64_t started; /* rises as children begin to publish */
	_Atomic uint64_t go;
	_Atomic uint64_t done;
};

static struct shared *share(void)
{
	struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	return shared;
}

/* Publishes `total` records, now flat out, now with a breath so that the reader can follow. */
static void run_writer(const struct ring_shape *shape, struct shared *shared, uint64_t total)
{
	struct ring_writer *writer;
	if (ring_writer_open(&writer, fixture_name, shape, 0) < 0)
		_exit(1);
	atomic_store(&shared->first, fixture_publish(writer));
	while (atomic_load(&shared->go) == 0)
		sched_yield();
	for (uint64_t i = 1; i < total; i++) {
		if ((i >> 17) % 2 == 1 && i % 256 == 0)
			pause_ns(1000);
		fixture_publish(writer);
	}
	_exit(0);
}

static void race_two_processes(uint32_t words, uint32_t slots, uint64_t total)
{
	struct ring_shape shape = fixture_shape(words, slots);
	struct shared *shared = share();
	struct watch watch;
	int status = 1;
	fixture_clear();
	pid_t pid = fork();
	if (pid == 0)
		run_writer(&shape, shared, total);
	while (atomic_load(&shared->first) == 0)
		sched_yield();
	watch_open(&watch, &shape);
	uint64_t end = atomic_load(&shared->first) + total - 1;
	while (watch.last == 0)
		watch_next(&watch);
	atomic_store(&shared->go, 1);
	while (watch.last < end)
		watch_both(&watch);
	watch_both(&watch);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert(!watch.wrong);
	ck_assert_uint_eq(watch.last, end);
	ck_assert_uint_eq(watch.last_newest, end);
	ck_assert_uint_eq(watch.seen + watch.lost, total);
	ck_assert_uint_gt(watch.seen, 100);
	watch_close(&watch);
	munmap(shared, sizeof *shared);
}

START_TEST(two_processes)
{
	static const struct {
		uint32_t words, slots;
	} shapes[] = {{20, 64}, {32, 2}, {18, 64}, {1, 4}, {32, 1024}};
	uint64_t total = FIXTURE_SLOWED ? 200000 : 1500000;
	race_two_processes(shapes[_i].words, shapes[_i].slots, total);
}
END_TEST

/* ---- writers that are killed ----------------------------------------------- */

static void publish_until_killed(const struct ring_shape *shape, struct shared *shared)
{
	struct ring_writer *writer;
	if (ring_writer_open(&writer, fixture_name, shape, 0) < 0)
		_exit(1);
	atomic_store(&shared->first, writer->sequence + 1);
	for (;;) {
		fixture_publish(writer);
		atomic_fetch_add(&shared->started, 1);
	}
}

/* Start one, let it live for a moment, kill it. Some die before they have published anything. */
static void kill_one(const struct ring_shape *shape, struct shared *shared, struct watch *watch,
		     uint64_t *seed)
{
	int status = 0;
	uint64_t chance = fixture_random(seed);
	uint64_t before = atomic_load(&shared->started);
	atomic_store(&shared->first, 0);
	pid_t pid = fork();
	if (pid == 0)
		publish_until_killed(shape, shared);
	if (chance % 8 == 0) {
		pause_ns((long)(chance >> 8) % 300000);
	} else {
		while (atomic_load(&shared->started) == before) {
			watch_both(watch);
			sched_yield(); /* the child may be waiting for this very CPU */
		}
		for (uint64_t i = (chance >> 8) % 64; i > 0; i--)
			watch_both(watch);
	}
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}

START_TEST(killed_writers)
{
	struct ring_shape shape = fixture_shape(20, 16);
	struct shared *shared = share();
	struct watch watch;
	uint64_t seed = 6;
	struct ring_writer *writer = fixture_writer(&shape);
	uint64_t origin = fixture_publish(writer);
	ring_writer_close(writer);
	watch_open(&watch, &shape);
	watch_both(&watch);
	for (int round = 0; round < (FIXTURE_SLOWED ? 300 : 2500); round++) {
		uint64_t top = watch.last > watch.last_newest ? watch.last : watch.last_newest;
		kill_one(&shape, shared, &watch, &seed);
		if (atomic_load(&shared->first) != 0)
			ck_assert_uint_gt(atomic_load(&shared->first), top);
		while (watch_next(&watch) || watch_newest(&watch))
			continue;
		ck_assert(!watch.wrong);
	}
	writer = fixture_writer(&shape); /* brings head up to the last whole record */
	ck_assert_int_eq(ring_writer_offset_ns(writer), FIXTURE_OFFSET_NS);
	while (watch_next(&watch) || watch_newest(&watch))
		continue;
	ck_assert_uint_eq(watch.last, writer->sequence);
	ck_assert_uint_eq(watch.last_newest, writer->sequence);
	ck_assert_uint_eq(watch.seen + watch.lost, writer->sequence - origin + 1);
	ring_writer_close(writer);
	watch_close(&watch);
	munmap(shared, sizeof *shared);
}
END_TEST

/* ---- threads on one mapping ------------------------------------------------ */

struct crowd {
	struct ring_writer *writer;
	struct watch watch;
	_Atomic int stop;
	_Atomic uint64_t mended;
};

static void *crowd_write(void *argument)
{
	struct crowd *crowd = argument;
	for (int i = 0; !atomic_load(&crowd->stop); i++) {
		fixture_publish(crowd->writer);
		if (i % 64 == 0)
			pause_ns(1000);
	}
	return NULL;
}

static void *crowd_read(void *argument)
{
	struct crowd *crowd = argument;
	while (!atomic_load(&crowd->stop))
		watch_both(&crowd->watch);
	return NULL;
}

static void *crowd_refresh(void *argument)
{
	struct crowd *crowd = argument;
	while (!atomic_load(&crowd->stop)) {
		watch_refresh(&crowd->watch);
		pause_ns(200000);
	}
	return NULL;
}

static void *crowd_mend(void *argument)
{
	struct crowd *crowd = argument;
	while (!atomic_load(&crowd->stop)) {
		if (ring_writer_mend(crowd->writer) == 1)
			atomic_fetch_add(&crowd->mended, 1);
		pause_ns(300000);
	}
	return NULL;
}

/* Junk over some stretch, through the kernel: to the threads it comes out of nowhere. */
static void spoil(const struct ring_shape *shape, uint64_t *seed)
{
	uint64_t junk[40];
	int fd = shm_open(fixture_name, O_RDWR, 0);
	if (fd < 0)
		return;
	for (int i = 0; i < 40; i++)
		junk[i] = fixture_random(seed);
	off_t at = (off_t)(fixture_random(seed) % (ring_size(shape) / 8)) * 8;
	size_t size = 8 * (1 + fixture_random(seed) % 40);
	if (at + (off_t)size <= (off_t)ring_size(shape))
		ck_assert_int_eq(pwrite(fd, junk, size, at), (ssize_t)size);
	close(fd);
}

static void harm(const struct ring_shape *shape, uint64_t *seed)
{
	uint64_t kind = fixture_random(seed) % 8;
	int fd = kind == 1 && !FIXTURE_NO_FAULTS ? shm_open(fixture_name, O_RDWR, 0) : -1;
	if (kind == 0)
		shm_unlink(fixture_name);
	else if (kind > 1 || FIXTURE_NO_FAULTS)
		spoil(shape, seed);
	else if (fd >= 0)
		ck_assert_int_eq(ftruncate(fd, (off_t)(fixture_random(seed) % ring_size(shape))),
				 0);
	if (fd >= 0)
		close(fd);
}

static void run_crowd(struct crowd *crowd, const struct ring_shape *shape, int harms)
{
	static void *(*const parts[])(void *) = {crowd_write, crowd_read, crowd_refresh,
						 crowd_mend};
	pthread_t threads[4];
	uint64_t seed = 7;
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, parts[i], crowd), 0);
	for (int i = 0; i < 300; i++) {
		pause_ns(3000000);
		if (i < harms)
			harm(shape, &seed);
	}
	atomic_store(&crowd->stop, 1);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

/* Publish no more: what is newest now must get there by mending alone, all of it in the end. */
static void expect_end(struct crowd *crowd, uint64_t first)
{
	ck_assert_int_ge(ring_writer_mend(crowd->writer), 0);
	watch_refresh(&crowd->watch);
	while (watch_next(&crowd->watch) || watch_newest(&crowd->watch))
		continue;
	ck_assert(!crowd->watch.wrong);
	ck_assert_uint_eq(crowd->watch.last, crowd->writer->sequence);
	ck_assert_uint_eq(crowd->watch.last_newest, crowd->writer->sequence);
	ck_assert_uint_eq(crowd->watch.seen + crowd->watch.lost,
			  crowd->writer->sequence - first + 1);
}

static void crowd_test(int harms)
{
	struct ring_shape shape = fixture_shape(20, 64);
	struct crowd crowd = {.writer = fixture_writer(&shape)};
	uint64_t first = fixture_publish(crowd.writer);
	watch_open(&crowd.watch, &shape);
	watch_next(&crowd.watch);
	run_crowd(&crowd, &shape, harms);
	if (harms == 0)
		ck_assert_uint_eq(atomic_load(&crowd.mended), 0);
	expect_end(&crowd, first);
	watch_close(&crowd.watch);
	ring_writer_close(crowd.writer);
}

START_TEST(threads_in_peace)
{
	crowd_test(0);
}
END_TEST

START_TEST(threads_while_harm_is_done)
{
	ck_assert_int_eq(ring_guard_install(), 0);
	crowd_test(290);
}
END_TEST

/* ---- one record, in the midst of mending ----------------------------------- */

struct meeting {
	struct ring_writer *writer;
	pthread_barrier_t begin, end;
	int rounds;
};

static void *meet_and_mend(void *argument)
{
	struct meeting *meeting = argument;
	for (int i = 0; i < meeting->rounds; i++) {
		pthread_barrier_wait(&meeting->begin);
		ring_writer_mend(meeting->writer);
		pthread_barrier_wait(&meeting->end);
	}
	return NULL;
}

static void spin(uint64_t turns)
{
	for (volatile uint64_t i = 0; i < turns; i++)
		continue;
}

/* Records are rare and mending goes on: once both are done, each record is in the region. */
START_TEST(record_in_the_midst_of_mending)
{
	struct ring_shape shape = fixture_shape(20, 1024);
	struct meeting meeting = {.writer = fixture_writer(&shape),
				  .rounds = FIXTURE_SLOWED ? 2000 : 20000};
	struct watch watch;
	uint64_t seed = 8;
	pthread_t thread;
	fixture_publish(meeting.writer);
	watch_open(&watch, &shape);
	watch_both(&watch);
	pthread_barrier_init(&meeting.begin, NULL, 2);
	pthread_barrier_init(&meeting.end, NULL, 2);
	ck_assert_int_eq(pthread_create(&thread, NULL, meet_and_mend, &meeting), 0);
	for (int i = 0; i < meeting.rounds; i++) {
		pthread_barrier_wait(&meeting.begin);
		spin(fixture_random(&seed) % 40000);
		fixture_publish(meeting.writer);
		if (i % 2)
			fixture_publish(meeting.writer);
		pthread_barrier_wait(&meeting.end);
		while (watch_next(&watch) || watch_newest(&watch))
			continue;
		ck_assert_uint_eq(watch.last, meeting.writer->sequence);
		ck_assert_uint_eq(watch.last_newest, meeting.writer->sequence);
	}
	pthread_join(thread, NULL);
	ck_assert(!watch.wrong && watch.lost == 0);
	watch_close(&watch);
	ring_writer_close(meeting.writer);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("race");
	tcase_add_loop_test(tests, two_processes, 0, 5);
	tcase_add_test(tests, killed_writers);
	tcase_add_test(tests, record_in_the_midst_of_mending);
	tcase_add_test(tests, threads_in_peace);
	tcase_add_test(tests, threads_while_harm_is_done);
	return fixture_run("ring race", tests);
}
