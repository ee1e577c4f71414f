#include "archive_check.h"

#include "archive_fields.h"
#include "limits.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define PATH_SIZE 120

struct check {
	json_t *plan;
	json_t *songs; /* those of the file: id -> true */
	json_t *users;
	json_t *sessions;
	json_t *setlists;
	json_t *asked; /* kind and id of the `needs` */
	char *message;
	size_t message_size;
};

/* One session while what lies in it is checked. */
struct within {
	const char *path;
	const char *id;  /* of the session */
	json_t *people;  /* id of a user -> is a member still */
	json_t *lists;   /* id of a setlist -> its number of items */
	json_t *holders; /* slot, scope and song of a role -> true */
};

static int __attribute__((format(printf, 2, 3))) fail(struct check *check, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(check->message, check->message_size, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static int add_row(struct check *check, const char *table, json_t *row)
{
	return json_array_append(json_object_get(check->plan, table), row) == 0 ? 0 : -ENOMEM;
}

static int note(json_t *set, const char *key, json_t *value)
{
	return json_object_set_new(set, key, value) == 0 ? 0 : -ENOMEM;
}

/* ---- one entry --------------------------------------------------------- */

static void lower_case_ids(const struct field *fields, json_t *entry)
{
	for (; fields->kind != FIELD_END; fields++) {
		char id[40];
		const char *text = text_of(entry, fields->name);
		if (fields->kind != FIELD_ID || !text)
			continue;
		size_t size = strnlen(text, sizeof id - 1);
		for (size_t i = 0; i < size; i++)
			id[i] = (char)tolower((unsigned char)text[i]);
		json_object_set_new(entry, fields->name, json_stringn(id, size));
	}
}

/* fields.h speaks of a request. */
static int fail_by(struct check *check, const struct field *fields, const char *path,
		   const struct field_error *error)
{
	if (strcmp(error->code, "unknown_field") == 0)
		return fail(check, "%s has a field \"%.40s\" that means nothing here: take it out",
			    path, error->field);
	if (strcmp(error->code, "missing_field") != 0)
		return fail(check, "%s.%s", path, error->message);
	while (strcmp(fields->name, error->field) != 0)
		fields++;
	return fail(check, "%s needs the field %s: %s", path, error->field,
		    fields->rule ? fields->rule : "true or false");
}

static int check_entry(struct check *check, const struct field *fields, const char *path,
		       json_t *entry)
{
	struct field_error error = {.field = "type", .code = "unknown_field"};
	if (!json_is_object(entry))
		return fail(check, "%s must be an object", path);
	if (json_object_get(entry, "type") || fields_check(fields, entry, &error) < 0)
		return fail_by(check, fields, path, &error);
	lower_case_ids(fields, entry);
	return 0;
}

/* Its id is not another's. */
static int check_own(struct check *check, json_t *ids, const char *path, const json_t *entry)
{
	const char *id = text_of(entry, "id");
	if (json_object_get(ids, id))
		return fail(check, "%s.id is there twice: %s", path, id);
	return note(ids, id, json_true());
}

/* What it names is in the file, or is to be looked for in the database. */
static int check_reference(struct check *check, const char *path, const json_t *entry,
			   const char *name, const char *kind, const json_t *known)
{
	char key[64];
	const char *id = text_of(entry, name);
	if (!id || json_object_get(known, id))
		return 0;
	snprintf(key, sizeof key, "%s %s", kind, id);
	if (json_object_get(check->asked, key))
		return 0;
	json_t *need = json_pack("{s:s, s:s, s:o}", "kind", kind, "id", id, "path",
				 json_sprintf("%s.%s", path, name));
	int result = add_row(check, "needs", need);
	json_decref(need);
	return result == 0 ? note(check->asked, key, json_true()) : result;
}

/* ---- lists ------------------------------------------------------------- */

typedef int entry_fn(struct check *check, struct within *within, const char *path, size_t index,
		     json_t *entry);

/* `list` may be absent. It is taken out of its holder. */
static int check_list(struct check *check, struct within *within, json_t *holder, const char *name,
		      size_t most, entry_fn *fn)
{
	char path[PATH_SIZE];
	char above[PATH_SIZE] = "";
	json_t *list = json_object_get(holder, name);
	json_t *entry;
	size_t index;
	int result = 0;
	if (!list)
		return 0;
	if (within)
		snprintf(above, sizeof above, "%s.", within->path);
	if (!json_is_array(list))
		return fail(check, "%s%s must be a list", above, name);
	if (json_array_size(list) > most)
		return fail(check, "%s%s has %zu entries: at most %zu", above, name,
			    json_array_size(list), most);
	json_array_foreach(list, index, entry)
	{
		snprintf(path, sizeof path, "%s%s[%zu]", above, name, index);
		if ((result = fn(check, within, path, index, entry)) < 0)
			return result;
	}
	return json_object_del(holder, name);
}

static int check_song(struct check *check, struct within *within, const char *path, size_t index,
		      json_t *song)
{
	(void)within;
	(void)index;
	int result = check_entry(check, archive_song_fields, path, song);
	if (result == 0)
		result = check_own(check, check->songs, path, song);
	return result == 0 ? add_row(check, "songs", song) : result;
}

static int check_user(struct check *check, struct within *within, const char *path, size_t index,
		      json_t *user)
{
	(void)within;
	(void)index;
	int result = check_entry(check, archive_user_fields, path, user);
	if (result == 0)
		result = check_own(check, check->users, path, user);
	return result == 0 ? add_row(check, "users", user) : result;
}

static int check_person(struct check *check, struct within *within, const char *path, size_t index,
			json_t *person)
{
	(void)index;
	int result = check_entry(check, archive_participant_fields, path, person);
	if (result < 0)
		return result;
	const char *id = text_of(person, "user_id");
	const json_t *left = json_object_get(person, "left_at");
	bool gone = left && !json_is_null(left);
	if (json_object_get(within->people, id))
		return fail(check, "%s.user_id is there twice: %s", path, id);
	if (json_is_true(json_object_get(person, "removed")) && !gone)
		return fail(check, "%s.left_at must be a time, since removed is true", path);
	result = check_reference(check, path, person, "user_id", "user", check->users);
	if (result == 0)
		result = note(within->people, id, json_boolean(!gone));
	if (result == 0)
		result = note(person, "session_id", json_string(within->id));
	return result == 0 ? add_row(check, "participants", person) : result;
}

static int check_item(struct check *check, struct within *within, const char *path, size_t index,
		      json_t *item)
{
	int result = check_entry(check, archive_item_fields, path, item);
	if (result < 0)
		return result;
	const json_t *position = json_object_get(item, "position");
	if (position && json_integer_value(position) != (json_int_t)index)
		return fail(check, "%s.position must be %zu, its place in the list, not %lld", path,
			    index, (long long)json_integer_value(position));
	result = check_reference(check, path, item, "song_id", "song", check->songs);
	if (result == 0)
		result = check_reference(check, path, item, "song_leader_user_id", "user",
					 check->users);
	if (result == 0)
		result = note(item, "position", json_integer((json_int_t)index));
	if (result == 0)
		result = note(item, "session_id", json_string(within->id));
	return result;
}

/* The items know their setlist by its id, the message by its path. */
static int check_items(struct check *check, const struct within *within, const char *path,
		       json_t *setlist)
{
	struct within here = {.path = path, .id = within->id};
	json_t *items = json_incref(json_object_get(setlist, "items"));
	const char *id = text_of(setlist, "id");
	json_t *item;
	size_t index;
	int result = check_list(check, &here, setlist, "items", LIMIT_ITEMS_MAX, check_item);
	json_array_foreach(items, index, item)
	{
		if (result == 0)
			result = note(item, "setlist_id", json_string(id));
		if (result == 0)
			result = add_row(check, "items", item);
	}
	if (result == 0)
		result = note(within->lists, id, json_integer((json_int_t)json_array_size(items)));
	json_decref(items);
	return result;
}

static int check_setlist(struct check *check, struct within *within, const char *path, size_t index,
			 json_t *setlist)
{
	(void)index;
	int result = check_entry(check, archive_setlist_fields, path, setlist);
	if (result == 0)
		result = check_own(check, check->setlists, path, setlist);
	if (result == 0)
		result = check_items(check, within, path, setlist);
	if (result == 0)
		result = note(setlist, "session_id", json_string(within->id));
	if (result == 0)
		result = note(setlist, "path", json_string(path));
	return result == 0 ? add_row(check, "setlists", setlist) : result;
}

/* One holder a slot in a scope. */
static int check_holder(struct check *check, struct within *within, const char *path,
			const json_t *role)
{
	char key[120];
	const char *song = text_of(role, "scope_song_id");
	snprintf(key, sizeof key, "%s %s", text_of(role, "slot_id"), song ? song : "");
	if (json_object_get(within->holders, key))
		return fail(check, "%s: another one holds this slot in this scope already", path);
	return note(within->holders, key, json_true());
}

static int check_role(struct check *check, struct within *within, const char *path, size_t index,
		      json_t *role)
{
	(void)index;
	int result = check_entry(check, archive_role_fields, path, role);
	if (result < 0)
		return result;
	bool of_song = strcmp(text_of(role, "scope_type"), "song") == 0;
	if (of_song != (text_of(role, "scope_song_id") != NULL))
		return fail(check, "%s.scope_song_id must be %s, since scope_type is \"%s\"", path,
			    of_song ? "the id of a song" : "null", of_song ? "song" : "global");
	if (!json_is_true(json_object_get(within->people, text_of(role, "user_id"))))
		return fail(check,
			    "%s.user_id must be one of the session's participants who has not left",
			    path);
	result = check_holder(check, within, path, role);
	if (result == 0)
		result = check_reference(check, path, role, "slot_id", "slot", NULL);
	if (result == 0)
		result = check_reference(check, path, role, "scope_song_id", "song", check->songs);
	if (result == 0)
		result = note(role, "session_id", json_string(within->id));
	return result == 0 ? add_row(check, "roles", role) : result;
}

/* ---- a session --------------------------------------------------------- */

static int check_tempo(struct check *check, const struct within *within, json_t *session)
{
	char path[PATH_SIZE];
	json_t *tempo = json_object_get(session, "tempo_state");
	snprintf(path, sizeof path, "%s.tempo_state", within->path);
	int result = check_entry(check, archive_tempo_fields, path, tempo);
	if (result < 0)
		return result;
	if (!json_object_get(within->people, text_of(tempo, "controller_user_id")))
		return fail(check,
			    "%s.controller_user_id must be one of the session's participants",
			    path);
	result = note(tempo, "session_id", json_string(within->id));
	if (result == 0)
		result = add_row(check, "tempos", tempo);
	return result == 0 ? json_object_del(session, "tempo_state") : result;
}

/* What is on: in the active setlist or beside it, and either of them there. */
static int check_active(struct check *check, const struct within *within, const json_t *session)
{
	const char *setlist = text_of(session, "active_setlist_id");
	const json_t *position = json_object_get(session, "active_position");
	const json_t *items = setlist ? json_object_get(within->lists, setlist) : NULL;
	bool placed = json_is_integer(position);
	if (setlist && !items)
		return fail(check,
			    "%s.active_setlist_id must be the id of one of the session's setlists",
			    within->path);
	if (placed && !setlist)
		return fail(check, "%s.active_position must be null: no setlist is active",
			    within->path);
	if (placed && json_integer_value(position) >= json_integer_value(items))
		return fail(check, "%s.active_position must be that of an item, not %lld",
			    within->path, (long long)json_integer_value(position));
	if (placed && text_of(session, "active_song_id"))
		return fail(check,
			    "%s.active_song_id must be null: the song that is on is that at "
			    "active_position",
			    within->path);
	return 0;
}

static int check_names(struct check *check, const struct within *within, const json_t *session)
{
	int result =
		check_reference(check, within->path, session, "md_user_id", "user", check->users);
	if (result == 0)
		result = check_reference(check, within->path, session, "active_song_id", "song",
					 check->songs);
	if (result == 0)
		result = check_reference(check, within->path, session, "active_leader_user_id",
					 "user", check->users);
	return result;
}

static int check_within(struct check *check, struct within *within, json_t *session)
{
	int result = check_list(check, within, session, "participants", SIZE_MAX, check_person);
	if (result == 0)
		result = check_list(check, within, session, "setlists", LIMIT_SETLISTS_MAX,
				    check_setlist);
	if (result == 0)
		result = check_list(check, within, session, "role_assignments", SIZE_MAX,
				    check_role);
	if (result == 0)
		result = check_tempo(check, within, session);
	if (result == 0)
		result = check_active(check, within, session);
	return result == 0 ? check_names(check, within, session) : result;
}

static int check_session(struct check *check, struct within *none, const char *path, size_t index,
			 json_t *session)
{
	(void)none;
	(void)index;
	int result = check_entry(check, archive_session_fields, path, session);
	if (result == 0)
		result = check_own(check, check->sessions, path, session);
	if (result < 0)
		return result;
	struct within within = {.path = path,
				.id = text_of(session, "id"),
				.people = json_object(),
				.lists = json_object(),
				.holders = json_object()};
	result = check_within(check, &within, session);
	json_decref(within.people);
	json_decref(within.lists);
	json_decref(within.holders);
	return result == 0 ? add_row(check, "sessions", session) : result;
}

/* ---- the whole --------------------------------------------------------- */

static int check_version(struct check *check, json_t *archive)
{
	const json_t *version = json_object_get(archive, "tactus_export");
	if (!json_is_integer(version) || json_integer_value(version) < 1)
		return fail(check, "this is no export of Tactus: it has no \"tactus_export\": %d",
			    ARCHIVE_VERSION);
	if (json_integer_value(version) > ARCHIVE_VERSION)
		return fail(check,
			    "a newer Tactus wrote this (tactus_export %lld, this one knows %d): "
			    "install that one",
			    (long long)json_integer_value(version), ARCHIVE_VERSION);
	return json_object_del(archive, "tactus_export");
}

static int check_archive(struct check *check, json_t *archive)
{
	const char *name;
	json_t *value;
	if (!json_is_object(archive))
		return fail(check, "this is no export of Tactus: an object is wanted");
	int result = check_version(check, archive);
	if (result == 0)
		result = check_list(check, NULL, archive, "songs", SIZE_MAX, check_song);
	if (result == 0)
		result = check_list(check, NULL, archive, "users", SIZE_MAX, check_user);
	if (result == 0)
		result = check_list(check, NULL, archive, "sessions", SIZE_MAX, check_session);
	if (result < 0)
		return result;
	json_object_foreach(archive, name, value)
	{
		return fail(check,
			    "the file has a field \"%.40s\" that means nothing here: take it out",
			    name);
	}
	return 0;
}

int archive_check(json_t *archive, json_t **plan, char *message, size_t message_size)
{
	struct check check = {
		.plan = json_pack("{s:[], s:[], s:[], s:[], s:[], s:[], s:[], s:[], s:[]}", "users",
				  "songs", "sessions", "participants", "setlists", "items", "roles",
				  "tempos", "needs"),
		.songs = json_object(),
		.users = json_object(),
		.sessions = json_object(),
		.setlists = json_object(),
		.asked = json_object(),
		.message = message,
		.message_size = message_size,
	};
	snprintf(message, message_size, "no memory for so big a file");
	int result = check.plan ? check_archive(&check, archive) : -ENOMEM;
	json_decref(check.songs);
	json_decref(check.users);
	json_decref(check.sessions);
	json_decref(check.setlists);
	json_decref(check.asked);
	if (result < 0)
		json_decref(check.plan);
	else
		*plan = check.plan;
	return result;
}
