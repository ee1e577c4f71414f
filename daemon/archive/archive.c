#include "archive.h"

#include "archive_check.h"
#include "archive_file.h"
#include "archive_job.h"
#include "archive_plan.h"
#include "archive_sql.h"
#include "import.h"
#include "log.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 10 /* while a tactusd starts or ends */
#define PAUSE_NS 100000000

/* One run of the command line. */
struct errand {
	const char *file;
	const char *state_dir;
	int connection;      /* to the tactusd that runs, or -1 */
	struct store *store; /* the database, opened here, or NULL */
	bool as_owner;
	json_t *answer;
	char message[800];
};

static int fail(struct errand *errand, int error, const char *sentence)
{
	snprintf(errand->message, sizeof errand->message, "%s", sentence);
	return -error;
}

static void path_in_state(const struct errand *errand, const char *name, char out[ARCHIVE_PATH_MAX])
{
	snprintf(out, ARCHIVE_PATH_MAX, "%.520s/%.60s", errand->state_dir, name);
}

/* ---- the database: that of a tactusd that runs, or opened here --------- */

/* What root makes there shall be the daemon's, and a link that lies there leads root nowhere. */
static void act_as(struct errand *errand, const struct stat *owned)
{
	if (geteuid() != 0 || owned->st_uid == 0)
		return;
	errand->as_owner = setegid(owned->st_gid) == 0 && seteuid(owned->st_uid) == 0;
}

static void act_as_owner(struct errand *errand)
{
	struct stat state;
	if (stat(errand->state_dir, &state) == 0)
		act_as(errand, &state);
}

static void act_as_ourselves(struct errand *errand)
{
	if (errand->as_owner && (seteuid(0) != 0 || setegid(0) != 0))
		log_event(LOG_LEVEL_WARNING, "cannot act as root again: %s", strerror(errno));
	errand->as_owner = false;
}

static void leave(struct errand *errand)
{
	store_close(errand->store);
	errand->store = NULL;
	act_as_ourselves(errand);
	if (errand->connection >= 0)
		close(errand->connection);
	errand->connection = -1;
}

static int open_here(struct errand *errand)
{
	char path[ARCHIVE_PATH_MAX];
	struct stat found;
	path_in_state(errand, "tactus.db", path);
	const bool fresh = stat(path, &found) != 0;
	act_as_owner(errand);
	int result = store_open(&errand->store, path, NULL, NULL, errand->message,
				sizeof errand->message);
	if (result < 0)
		act_as_ourselves(errand);
	else if (fresh) /* where somebody forgot --state, say */
		fprintf(stderr, "tactusd: there was no %s: made a new one\n", path);
	return result;
}

static time_t seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* The one who has the database may be on the way up or down. */
static int reach(struct errand *errand)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	const time_t end = seconds() + PATIENCE_S;
	for (;;) {
		int result =
			control_connect(errand->state_dir, errand->message, sizeof errand->message);
		if (result >= 0)
			errand->connection = result;
		if (result != -ECONNREFUSED)
			return result < 0 ? result : 0;
		result = open_here(errand);
		if (result != -EBUSY || seconds() >= end)
			return result;
		nanosleep(&pause, NULL);
	}
}

/* There must be something to take along. */
static int reach_database(struct errand *errand)
{
	struct stat found;
	char path[ARCHIVE_PATH_MAX];
	path_in_state(errand, "tactus.db", path);
	if (stat(path, &found) == 0)
		return reach(errand);
	if (errno != ENOENT && errno != ENOTDIR)
		snprintf(errand->message, sizeof errand->message, "cannot read %s: %s", path,
			 strerror(errno));
	else
		snprintf(errand->message, sizeof errand->message,
			 "there is no %s: name the directory of the database with --state", path);
	return -ENOENT;
}

/* ---- asking it --------------------------------------------------------- */

static void keep_answer(void *user, json_t *answer)
{
	struct errand *errand = user;
	errand->answer = json_incref(answer);
}

/* Runs what has been submitted, this one last. */
static const struct store_step nothing[] = {{"SELECT 1 AS one", NULL}, {NULL, NULL}};

static int do_here(struct errand *errand, bool import, int plan_fd)
{
	struct archive_job job = {.answer = keep_answer, .user = errand};
	const struct store_job last = {.steps = nothing};
	if (import)
		archive_job_import(&job, errand->store, plan_fd);
	else
		archive_job_copy(&job, errand->store, errand->state_dir);
	return store_run(errand->store, &last);
}

static int ask_for(struct errand *errand, const char *verb, int plan_fd)
{
	json_t *request = json_pack("{s:s}", "do", verb);
	int result = control_ask(errand->connection, request, plan_fd, &errand->answer,
				 errand->message, sizeof errand->message);
	json_decref(request);
	return result;
}

/* The answer is in errand->answer then. */
static int do_it(struct errand *errand, const char *verb, int plan_fd)
{
	int result = errand->store ? do_here(errand, strcmp(verb, "import") == 0, plan_fd)
				   : ask_for(errand, verb, plan_fd);
	leave(errand);
	if (result < 0)
		return result;
	const char *error = json_string_value(json_object_get(errand->answer, "error"));
	if (!json_is_true(json_object_get(errand->answer, "ok")))
		return fail(errand, EINVAL, error ? error : "no memory: end other programs");
	return 0;
}

/* ---- out --------------------------------------------------------------- */

static int take_copy(struct errand *errand, char copy[ARCHIVE_PATH_MAX])
{
	int result = reach_database(errand);
	if (result == 0)
		result = do_it(errand, "backup", -1);
	if (result < 0)
		return result;
	const char *name = json_string_value(json_object_get(errand->answer, "copy"));
	if (!name || strchr(name, '/'))
		return fail(errand, EBADMSG, "tactusd made no copy: restart it, then try again");
	path_in_state(errand, name, copy);
	return 0;
}

/* With all that SQLite and the store lay beside it. */
static void remove_copy(const char *copy)
{
	static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
	char path[ARCHIVE_PATH_MAX + 8];
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		snprintf(path, sizeof path, "%s%s", copy, ends[i]);
		unlink(path);
	}
}

static int write_backup(struct errand *errand, struct archive_file *out, const char *copy)
{
	return archive_file_copy(out, copy, errand->message, sizeof errand->message);
}

struct parts {
	json_t *songs, *users, *sessions;
	char failure[512];
};

static void take_parts(void *user, const struct store_result *result)
{
	struct parts *parts = user;
	parts->songs = json_incref(json_object_get(result->row, "songs_json"));
	parts->users = json_incref(json_object_get(result->row, "users_json"));
	parts->sessions = json_incref(json_object_get(result->row, "sessions_json"));
	if (result->status != STORE_OK)
		snprintf(parts->failure, sizeof parts->failure, "%s", result->what);
}

static int read_parts(struct errand *errand, const char *copy, struct parts *parts)
{
	struct store *store;
	const struct store_job job = {
		.steps = archive_sql_export, .done = take_parts, .user = parts};
	int result = store_open(&store, copy, NULL, NULL, errand->message, sizeof errand->message);
	if (result < 0)
		return result;
	result = store_run(store, &job);
	store_close(store);
	if (parts->failure[0] != '\0')
		return fail(errand, EIO, parts->failure);
	return result;
}

/* Fifteen digits: what is read back is written so again. */
static int write_export(struct errand *errand, struct archive_file *out, const char *copy)
{
	struct parts parts = {0};
	int result = read_parts(errand, copy, &parts);
	json_t *archive =
		json_pack("{s:i, s:o*, s:o*, s:o*}", "tactus_export", ARCHIVE_VERSION, "songs",
			  parts.songs, "users", parts.users, "sessions", parts.sessions);
	if (result == 0 && json_object_size(archive) != 4)
		result = fail(errand, ENOMEM, "no memory for the export: end other programs");
	if (result == 0) {
		json_dumpf(archive, out->stream, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
		fputc('\n', out->stream);
	}
	json_decref(archive);
	return result;
}

/* A tactusd that starts anew takes copies away, and to open what is gone would make it, empty. */
static int write_out(struct errand *errand, struct archive_file *out, const char *copy,
		     int (*write)(struct errand *, struct archive_file *, const char *))
{
	struct stat found;
	if (lstat(copy, &found) != 0)
		return fail(errand, errno, "tactusd restarted meanwhile: try again");
	act_as(errand, &found);
	int result = write(errand, out, copy);
	act_as_ourselves(errand);
	return result;
}

/* mode of the file: a backup holds what opens doors. */
static int take_along(struct errand *errand, unsigned mode,
		      int (*write)(struct errand *, struct archive_file *, const char *))
{
	char copy[ARCHIVE_PATH_MAX] = "";
	struct archive_file out;
	int result = archive_file_begin(&out, errand->file, mode, errand->message,
					sizeof errand->message);
	if (result < 0)
		return result;
	result = take_copy(errand, copy);
	if (result == 0)
		result = write_out(errand, &out, copy, write);
	if (copy[0] != '\0')
		remove_copy(copy);
	if (result == 0)
		result = archive_file_finish(&out, errand->message, sizeof errand->message);
	archive_file_drop(&out);
	return result;
}

/* ---- in ---------------------------------------------------------------- */

/* By the file's ending, as the page does; NULL: JSON. */
static const char *list_format(const char *file)
{
	static const char *const endings[][2] = {
		{".csv", "csv"},        {".tsv", "csv"},         {".cho", "chordpro"},
		{".crd", "chordpro"},   {".chopro", "chordpro"}, {".chordpro", "chordpro"},
		{".chord", "chordpro"}, {".pro", "chordpro"},
	};
	const char *end = strrchr(file, '.');
	for (size_t i = 0; end && i < sizeof endings / sizeof endings[0]; i++)
		if (strcasecmp(end, endings[i][0]) == 0)
			return endings[i][1];
	return NULL;
}

/* What went wrong in the file, with its name before it. */
static int blame_file(struct errand *errand, int result, const char *sentence)
{
	snprintf(errand->message, sizeof errand->message, "%.300s: %s",
		 strcmp(errand->file, "-") == 0 ? "stdin" : errand->file, sentence);
	return result;
}

static int plan_songs(struct errand *errand, const char *format, const char *text, size_t size)
{
	char message[IMPORT_MESSAGE_SIZE];
	json_t *songs;
	int result = import_songs(format, text, size, &songs, message, sizeof message);
	if (result < 0)
		return blame_file(errand, result, message);
	json_t *plan = json_pack("{s:o}", "songs", songs);
	result = archive_plan_write("songs", plan);
	json_decref(plan);
	return result;
}

static int plan_archive(struct errand *errand, json_t *archive)
{
	char message[400];
	json_t *plan;
	int result = archive_check(archive, &plan, message, sizeof message);
	if (result < 0)
		return blame_file(errand, result, message);
	result = archive_plan_write("archive", plan);
	json_decref(plan);
	return result;
}

/* A list of songs, or an object that has nothing else, is what phones may send, too. */
static bool is_song_list(const json_t *root)
{
	return json_is_array(root) ||
	       (json_object_size(root) == 1 && json_object_get(root, "songs"));
}

/* A list that nobody could know for one, or something else altogether. */
static bool begins_as_json(const char *text, size_t size)
{
	size_t blanks = 0;
	while (blanks < size && strchr(" \t\r\n", text[blanks]) && text[blanks] != '\0')
		blanks++;
	return blanks < size && strchr("{[", text[blanks]) && text[blanks] != '\0';
}

static int plan_json(struct errand *errand, const char *text, size_t size)
{
	static const char mark[] = "\xef\xbb\xbf";
	json_error_t error;
	char message[300];
	if (size >= strlen(mark) && memcmp(text, mark, strlen(mark)) == 0) {
		text += strlen(mark);
		size -= strlen(mark);
	}
	if (!begins_as_json(text, size))
		return blame_file(errand, -EINVAL,
				  "line 1: no JSON begins here; a list of songs has a name that "
				  "ends in .csv, .tsv, .cho, .crd, .chopro, .chordpro, .chord or "
				  ".pro");
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	if (!root) {
		snprintf(message, sizeof message, "line %d: %s", error.line, error.text);
		return blame_file(errand, -EINVAL, message);
	}
	int result = is_song_list(root) ? plan_songs(errand, "json", text, size)
					: plan_archive(errand, root);
	json_decref(root);
	return result;
}

/* The plan's descriptor, or -errno. */
static int make_plan(struct errand *errand)
{
	char *text;
	size_t size;
	int result = archive_file_read(errand->file, ARCHIVE_MAX_BYTES, &text, &size,
				       errand->message, sizeof errand->message);
	if (result < 0)
		return result;
	const char *format = list_format(errand->file);
	result = format ? plan_songs(errand, format, text, size) : plan_json(errand, text, size);
	free(text);
	return result;
}

static void print_counts(const json_t *counts)
{
	const char *kind;
	json_t *count;
	json_object_foreach((json_t *)counts, kind, count)
	{
		printf("%s: %lld created, %lld known\n", kind,
		       (long long)json_integer_value(json_object_get(count, "created")),
		       (long long)json_integer_value(json_object_get(count, "known")));
	}
}

static int bring_back(struct errand *errand)
{
	int plan = make_plan(errand);
	if (plan < 0)
		return plan;
	int result = reach(errand);
	if (result == 0)
		result = do_it(errand, "import", plan);
	close(plan);
	if (result == 0)
		print_counts(json_object_get(errand->answer, "counts"));
	return result;
}

/* ---- the whole --------------------------------------------------------- */

static int run(struct errand *errand, enum archive_action action)
{
	switch (action) {
	case ARCHIVE_BACKUP:
		return take_along(errand, 0600, write_backup);
	case ARCHIVE_EXPORT:
		return take_along(errand, 0666, write_export);
	case ARCHIVE_IMPORT:
		return bring_back(errand);
	case ARCHIVE_NONE:
		break;
	}
	return 0;
}

int archive_run(enum archive_action action, const char *file, const char *state_dir)
{
	struct errand errand = {.file = file, .state_dir = state_dir, .connection = -1};
	signal(SIGPIPE, SIG_IGN);
	int result = run(&errand, action);
	leave(&errand);
	if (result < 0)
		log_event(LOG_LEVEL_ERROR, "%s",
			  errand.message[0] ? errand.message : strerror(-result));
	json_decref(errand.answer);
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
