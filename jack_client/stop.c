#include "stop.h"

#include "say.h"
#include "status_record.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define POLL_NS 10000000
#define POLLS 100

static int find(const char *region, char name[RING_NAME_MAX], pid_t *pid)
{
	int error = ring_name(name, region, STATUS_PART);
	if (error < 0) {
		say("'%s' cannot be the name of a region", region);
		return error;
	}
	*pid = ring_writer_pid(name);
	if (*pid > 0)
		return 0;
	say("no click runs on region '%s'; --region names another", region);
	return -ESRCH;
}

/* Whether a status written after the first look says that it is silent. */
static bool confirmed(struct ring_reader *reader, uint64_t *first)
{
	uint64_t words[STATUS_WORDS];
	uint64_t sequence;
	struct status_record status;
	ring_reader_refresh(reader);
	if (ring_read_newest(reader, words, &sequence) != 1 ||
	    status_record_unpack(words, &status) < 0)
		return false;
	if (*first == 0)
		*first = sequence;
	return sequence > *first && !status.running;
}

static int wait_silent(const char *name)
{
	const struct timespec pause = {.tv_nsec = POLL_NS};
	struct ring_reader *reader;
	uint64_t first = 0;
	int error = ring_reader_open(&reader, name, &status_shape);
	if (error < 0)
		return error;
	error = -ETIMEDOUT;
	for (int i = 0; error != 0 && i < POLLS; i++) {
		if (confirmed(reader, &first))
			error = 0;
		else
			nanosleep(&pause, NULL);
	}
	ring_reader_close(reader);
	return error;
}

int stop_click(const char *region)
{
	char name[RING_NAME_MAX];
	pid_t pid;
	int error = find(region, name, &pid);
	if (error < 0)
		return error;
	if (kill(pid, SIGUSR1) < 0) {
		error = -errno;
		say("process %d may not be signalled: %s", (int)pid, strerror(-error));
		return error;
	}
	error = wait_silent(name);
	if (error < 0)
		say("click %d did not confirm the stop within a second; it may have lost JACK. "
		    "'kill %d' ends it",
		    (int)pid, (int)pid);
	return error;
}
