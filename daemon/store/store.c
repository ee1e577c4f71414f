#include "store.h"

#include "store_db.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct list {
	struct store_task *first;
	struct store_task **end; /* where the next one is hung */
};

struct store {
	struct store_db *db; /* the store thread's while it runs */
	pthread_t thread;
	size_t pending; /* loop thread */

	struct {
		pthread_mutex_t mutex;
		pthread_cond_t submitted;
		pthread_cond_t finished;
		struct list todo;
		struct list done;
		size_t unfinished; /* submitted, and not in `done` yet */
		unsigned long commits;
		void (*wake)(void *);
		void *wake_user;
		bool stop;
	} shared; /* by mutex, which is never held while the disk works */
};

const char *store_section_name(int index)
{
	static const char *const names[SECTION_COUNT] = {
		"session", "participants", "roleAssignments", "setlist", "activeSong",
	};

	assert(index >= 0 && index < SECTION_COUNT);
	return names[index];
}

/* What can be run as one: jobs up to a backup, or one backup. */
static struct store_task *list_take_batch(struct list *list)
{
	struct store_task *batch = list->first;
	struct store_task *last = batch;

	while (last && !last->backup && last->next && !last->next->backup)
		last = last->next;
	if (!last)
		return NULL;
	list->first = last->next;
	if (!list->first)
		list->end = &list->first;
	last->next = NULL;
	return batch;
}

static void list_init(struct list *list)
{
	list->first = NULL;
	list->end = &list->first;
}

static void list_append(struct list *list, struct store_task *tasks)
{
	*list->end = tasks;
	while (*list->end)
		list->end = &(*list->end)->next;
}

static struct store_task *list_take(struct list *list)
{
	struct store_task *tasks = list->first;

	list_init(list);
	return tasks;
}

static void task_free(struct store_task *task)
{
	for (int i = 0; i < SECTION_COUNT; i++)
		json_decref(task->result.sections[i]);
	json_decref(task->result.row);
	json_decref(task->bound);
	json_decref(task->job.params);
	free(task->backup);
	free(task);
}

static struct store_task *task_new(const struct store_job *job)
{
	struct store_task *task = calloc(1, sizeof *task);

	if (!task) {
		json_decref(job->params);
		return NULL;
	}
	task->job = *job;
	if (!task->job.params)
		task->job.params = json_object();
	task->result.row = json_object();
	if (!task->job.params || !task->result.row) {
		task_free(task);
		return NULL;
	}
	return task;
}

static void tasks_free(struct store_task *tasks)
{
	while (tasks) {
		struct store_task *next = tasks->next;
		task_free(tasks);
		tasks = next;
	}
}

/* Waits for work. NULL: there is none, nor will there be. */
static struct store_task *next_batch(struct store *store)
{
	pthread_mutex_lock(&store->shared.mutex);
	while (!store->shared.todo.first && !store->shared.stop)
		pthread_cond_wait(&store->shared.submitted, &store->shared.mutex);
	struct store_task *batch = list_take_batch(&store->shared.todo);
	pthread_mutex_unlock(&store->shared.mutex);
	return batch;
}

static void hand_back(struct store *store, struct store_task *batch, unsigned commits)
{
	size_t count = 0;

	for (const struct store_task *task = batch; task; task = task->next)
		count++;
	pthread_mutex_lock(&store->shared.mutex);
	list_append(&store->shared.done, batch);
	store->shared.unfinished -= count;
	store->shared.commits += commits;
	pthread_cond_signal(&store->shared.finished);
	if (store->shared.wake)
		store->shared.wake(store->shared.wake_user);
	pthread_mutex_unlock(&store->shared.mutex);
}

static void *store_thread(void *argument)
{
	struct store *store = argument;
	struct store_task *batch;

	while ((batch = next_batch(store)) != NULL) {
		unsigned commits = 0;
		if (batch->backup)
			store_db_backup(store->db, batch);
		else
			commits = store_db_run(store->db, batch);
		hand_back(store, batch, commits);
	}
	return NULL;
}

/* With all signals blocked: they are the loop's. */
static int start_thread(struct store *store)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	const int error = pthread_create(&store->thread, NULL, store_thread, store);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -error;
}

int store_open(struct store **out, const char *path, void (*wake)(void *), void *wake_user,
	       char *message, size_t message_size)
{
	struct store *store = calloc(1, sizeof *store);
	int result;

	if (!store) {
		snprintf(message, message_size, "no memory for the store");
		return -ENOMEM;
	}
	result = store_db_open(&store->db, path, message, message_size);
	if (result < 0)
		goto fail_open;
	store->shared.wake = wake;
	store->shared.wake_user = wake_user;
	pthread_mutex_init(&store->shared.mutex, NULL);
	pthread_cond_init(&store->shared.submitted, NULL);
	pthread_cond_init(&store->shared.finished, NULL);
	list_init(&store->shared.todo);
	list_init(&store->shared.done);
	result = start_thread(store);
	if (result < 0) {
		snprintf(message, message_size, "cannot start the store's thread");
		goto fail_thread;
	}
	*out = store;
	return 0;

fail_thread:
	pthread_cond_destroy(&store->shared.finished);
	pthread_cond_destroy(&store->shared.submitted);
	pthread_mutex_destroy(&store->shared.mutex);
	store_db_close(store->db);
fail_open:
	free(store);
	return result;
}

void store_wake_by(struct store *store, void (*wake)(void *), void *wake_user)
{
	pthread_mutex_lock(&store->shared.mutex);
	store->shared.wake = wake;
	store->shared.wake_user = wake_user;
	pthread_mutex_unlock(&store->shared.mutex);
}

void store_close(struct store *store)
{
	if (!store)
		return;
	pthread_mutex_lock(&store->shared.mutex);
	store->shared.stop = true;
	pthread_cond_signal(&store->shared.submitted);
	pthread_mutex_unlock(&store->shared.mutex);
	pthread_join(store->thread, NULL);

	tasks_free(list_take(&store->shared.done));
	pthread_cond_destroy(&store->shared.finished);
	pthread_cond_destroy(&store->shared.submitted);
	pthread_mutex_destroy(&store->shared.mutex);
	store_db_close(store->db);
	free(store);
}

static int submit(struct store *store, struct store_task *task)
{
	if (!task)
		return -ENOMEM;
	store->pending++;
	pthread_mutex_lock(&store->shared.mutex);
	list_append(&store->shared.todo, task);
	store->shared.unfinished++;
	pthread_cond_signal(&store->shared.submitted);
	pthread_mutex_unlock(&store->shared.mutex);
	return 0;
}

int store_submit(struct store *store, const struct store_job *job)
{
	return submit(store, task_new(job));
}

int store_backup(struct store *store, const char *path,
		 void (*done)(void *user, const struct store_result *result), void *user)
{
	const struct store_job job = {.done = done, .user = user};
	struct store_task *task = task_new(&job);

	if (task)
		task->backup = strdup(path);
	if (task && !task->backup) {
		task_free(task);
		task = NULL;
	}
	return submit(store, task);
}

void store_collect(struct store *store)
{
	pthread_mutex_lock(&store->shared.mutex);
	struct store_task *tasks = list_take(&store->shared.done);
	pthread_mutex_unlock(&store->shared.mutex);

	while (tasks) {
		struct store_task *task = tasks;
		tasks = task->next;
		store->pending--;
		if (task->job.done)
			task->job.done(task->job.user, &task->result);
		task_free(task);
	}
}

size_t store_pending(const struct store *store)
{
	return store->pending;
}

unsigned long store_commits(struct store *store)
{
	pthread_mutex_lock(&store->shared.mutex);
	const unsigned long commits = store->shared.commits;
	pthread_mutex_unlock(&store->shared.mutex);
	return commits;
}

int store_run(struct store *store, const struct store_job *job)
{
	const int result = store_submit(store, job);

	if (result < 0)
		return result;
	pthread_mutex_lock(&store->shared.mutex);
	while (store->shared.unfinished > 0)
		pthread_cond_wait(&store->shared.finished, &store->shared.mutex);
	pthread_mutex_unlock(&store->shared.mutex);
	store_collect(store);
	return 0;
}
