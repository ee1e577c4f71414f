/*
 * archive_fixture.h - an export in which all there can be is, and its entries changed one by one.
 *
 * Included by one test program at a time; every function is static.
 */
#ifndef TACTUS_ARCHIVE_FIXTURE_H
#define TACTUS_ARCHIVE_FIXTURE_H

#include <check.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADA "11111111-1111-4111-8111-111111111111"
#define BO "22222222-2222-4222-8222-222222222222"
#define CY "33333333-3333-4333-8333-333333333333"
#define NOBODY "99999999-9999-4999-8999-999999999999"
#define EVENING "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
#define LATER "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
#define FIRST "50000000-0000-4000-8000-000000000001"
#define SECOND "50000000-0000-4000-8000-000000000002"
#define TONIGHT "5e700000-0000-4000-8000-000000000001"
#define SPARE "5e700000-0000-4000-8000-000000000002"
#define DRUM_SLOT "7ac70500-0000-4000-8000-000000000001"
#define BASS_SLOT "7ac70500-0000-4000-8000-000000000003"

/* Spelled as --export writes it: in this order, all fields there. */
static const char archive_song_texts[] =
	"[{\"id\": \"" FIRST "\", \"title\": \"Alpha\", \"default_key\": \"G\", "
	"\"default_bpm\": 100, \"time_signature\": \"6/8\", \"notes\": \"a\\nb\", "
	"\"hidden\": false}, "
	"{\"id\": \"" SECOND "\", \"title\": \"Beta \xe2\x99\xaf\", \"default_key\": \"\", "
	"\"default_bpm\": 120, \"time_signature\": \"4/4\", \"notes\": \"\", \"hidden\": true}]";

static const char archive_user_texts[] =
	"[{\"id\": \"" ADA "\", \"display_name\": \"Ada\", \"created_at\": 1, "
	"\"last_active_at\": 2}, "
	"{\"id\": \"" BO "\", \"display_name\": \"Bo\", \"created_at\": 3, "
	"\"last_active_at\": 4}, "
	"{\"id\": \"" CY "\", \"display_name\": \"Cy\", \"created_at\": 5, "
	"\"last_active_at\": 6}]";

static const char archive_evening_text[] =
	"{\"id\": \"" EVENING "\", \"code\": \"CDF347\", \"md_user_id\": \"" ADA "\", "
	"\"created_at\": 10, \"active\": false, \"active_setlist_id\": \"" TONIGHT "\", "
	"\"active_position\": 1, \"active_song_id\": null, \"active_start_bar\": 7, "
	"\"active_key_override\": null, \"active_bpm_override\": null, "
	"\"active_leader_user_id\": null, "
	"\"participants\": ["
	"{\"user_id\": \"" ADA "\", \"join_time\": 10, \"last_heartbeat\": 11, "
	"\"network_rtt_ms\": 12, \"packet_loss_pct\": 0.1, \"left_at\": null, "
	"\"removed\": false}, "
	"{\"user_id\": \"" BO "\", \"join_time\": 13, \"last_heartbeat\": 14, "
	"\"network_rtt_ms\": null, \"packet_loss_pct\": null, \"left_at\": null, "
	"\"removed\": false}, "
	"{\"user_id\": \"" CY "\", \"join_time\": 15, \"last_heartbeat\": 16, "
	"\"network_rtt_ms\": null, \"packet_loss_pct\": null, \"left_at\": 17, "
	"\"removed\": true}], "
	"\"setlists\": [{\"id\": \"" TONIGHT "\", \"title\": \"Tonight\", \"created_at\": 20, "
	"\"items\": ["
	"{\"position\": 0, \"song_id\": \"" FIRST "\", \"key_override\": \"A\", "
	"\"bpm_override\": 101, \"song_leader_user_id\": \"" BO "\"}, "
	"{\"position\": 1, \"song_id\": \"" SECOND "\", \"key_override\": null, "
	"\"bpm_override\": null, \"song_leader_user_id\": null}]}, "
	"{\"id\": \"" SPARE "\", \"title\": \"Spare\", \"created_at\": 21, \"items\": []}], "
	"\"role_assignments\": ["
	"{\"user_id\": \"" ADA "\", \"slot_id\": \"" DRUM_SLOT "\", \"scope_type\": \"global\", "
	"\"scope_song_id\": null, \"assigned_at\": 30}, "
	"{\"user_id\": \"" BO "\", \"slot_id\": \"" DRUM_SLOT "\", \"scope_type\": \"song\", "
	"\"scope_song_id\": \"" FIRST "\", \"assigned_at\": 31}], "
	"\"tempo_state\": {\"bpm\": 90, \"time_signature\": \"3/4\", \"anchor_timestamp\": 40, "
	"\"anchor_bar_index\": 5, \"controller_user_id\": \"" BO "\", \"start_bar\": 2, "
	"\"next_bar\": 6, \"volume\": 33, \"accent\": false, \"subdivision\": true, "
	"\"sound\": \"wood\"}}";

/* One whose song is on without a place, and who has nobody but its MD. */
static const char archive_later_text[] =
	"{\"id\": \"" LATER "\", \"code\": \"HJK679\", \"md_user_id\": \"" BO "\", "
	"\"created_at\": 50, \"active\": false, \"active_setlist_id\": null, "
	"\"active_position\": null, \"active_song_id\": \"" SECOND "\", "
	"\"active_start_bar\": null, \"active_key_override\": \"Bb\", "
	"\"active_bpm_override\": 77, \"active_leader_user_id\": \"" ADA "\", "
	"\"participants\": [{\"user_id\": \"" BO "\", \"join_time\": 51, "
	"\"last_heartbeat\": 52, \"network_rtt_ms\": null, \"packet_loss_pct\": null, "
	"\"left_at\": null, \"removed\": false}], "
	"\"setlists\": [], \"role_assignments\": [], "
	"\"tempo_state\": {\"bpm\": 120, \"time_signature\": \"4/4\", \"anchor_timestamp\": 53, "
	"\"anchor_bar_index\": 0, \"controller_user_id\": \"" BO "\", \"start_bar\": 0, "
	"\"next_bar\": 0, \"volume\": 80, \"accent\": true, \"subdivision\": false, "
	"\"sound\": \"beep\"}}";

static json_t __attribute__((unused)) * json_of(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, JSON_DECODE_ANY, &error);

	ck_assert_msg(value != NULL, "%s: %s", text, error.text);
	return value;
}

static json_t __attribute__((unused)) * archive_whole(void)
{
	return json_pack("{s:i, s:o, s:o, s:[o, o]}", "tactus_export", 1, "songs",
			 json_of(archive_song_texts), "users", json_of(archive_user_texts),
			 "sessions", json_of(archive_evening_text), json_of(archive_later_text));
}

/* Path: names and numbers with dots between, "sessions.0.participants". value: JSON; NULL takes it
 * away; in a list "+" adds one. */
static void __attribute__((unused)) change(json_t *root, const char *path, const char *value)
{
	char copy[200];
	char *rest = copy;
	json_t *at = root;

	snprintf(copy, sizeof copy, "%s", path);
	for (char *name = strtok_r(copy, ".", &rest); name; name = strtok_r(NULL, ".", &rest)) {
		const bool last = !rest || *rest == '\0';
		const bool list = json_is_array(at);
		ck_assert_msg(list || json_is_object(at), "no way to %s", path);
		if (!last)
			at = list ? json_array_get(at, (size_t)atoi(name))
				  : json_object_get(at, name);
		else if (list && *name == '+')
			json_array_append_new(at, json_of(value));
		else if (list && value)
			json_array_set_new(at, (size_t)atoi(name), json_of(value));
		else if (list)
			json_array_remove(at, (size_t)atoi(name));
		else if (value)
			json_object_set_new(at, name, json_of(value));
		else
			ck_assert_int_eq(json_object_del(at, name), 0);
	}
}

#endif
