/*
 * store_files.h - a database's file as others see it, for the tests of its opening.
 *
 * Included by one test program at a time; every function is static.
 */
#ifndef TACTUS_STORE_FILES_H
#define TACTUS_STORE_FILES_H

#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/wait.h>

static const struct store_step UNUSED insert_user[] = {
	{"INSERT INTO user VALUES ('" USER_1 "', 'Ada', 1, 1)", NULL},
	{NULL, NULL},
};
static const struct store_step UNUSED count_users[] = {
	{"SELECT count(*) AS n, (SELECT group_concat(integrity_check) FROM pragma_integrity_check)"
	 " AS integrity FROM user",
	 NULL},
	{NULL, NULL},
};

/* Opening must fail with that errno, and a sentence that names the file or its directory and holds
 * `says`. */
static void UNUSED refuses(const char *path, int error, const char *says)
{
	struct store *store = NULL;
	char message[512] = "";

	ck_assert_int_eq(store_open(&store, path, NULL, NULL, message, sizeof message), -error);
	ck_assert_ptr_null(store);
	ck_assert_msg(strstr(message, says), "\"%s\" does not say \"%s\"", message, says);
	ck_assert_msg(strstr(message, fixture_dir), "\"%s\" names no file", message);
}

static void UNUSED add_user(void)
{
	struct store *store = fixture_open();
	struct outcome out;

	ck_assert_int_eq(run(store, insert_user, NULL, 0, &out), STORE_OK);
	outcome_free(&out);
	store_close(store);
}

static void UNUSED expect_user(void)
{
	struct store *store = fixture_open();
	struct outcome out;

	ck_assert_int_eq(run(store, count_users, NULL, 0, &out), STORE_OK);
	ck_assert_int_eq(json_integer_value(json_object_get(out.row, "n")), 1);
	ck_assert_str_eq(json_string_value(json_object_get(out.row, "integrity")), "ok");
	outcome_free(&out);
	store_close(store);
}

static void UNUSED change_bytes(long at, const void *bytes, size_t size)
{
	const int fd = open(fixture_path, O_RDWR);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, size, at), (ssize_t)size);
	close(fd);
}

/* As another program would. */
static void UNUSED direct(const char *sql)
{
	sqlite3 *other;
	char *message = NULL;

	ck_assert_int_eq(sqlite3_open(fixture_path, &other), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(other, sql, NULL, NULL, &message) == SQLITE_OK, "%s", message);
	sqlite3_close(other);
}

static long long UNUSED ask(const char *sql)
{
	sqlite3 *other;
	sqlite3_stmt *statement;

	ck_assert_int_eq(sqlite3_open(fixture_path, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(other, sql, -1, &statement, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	const long long answer = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(other);
	return answer;
}

static unsigned UNUSED mode_of(const char *path)
{
	struct stat found;

	ck_assert_int_eq(stat(path, &found), 0);
	return found.st_mode & 07777;
}

#endif
