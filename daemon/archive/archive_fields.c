#include "archive_fields.h"

#include "limits.h"
#include "song.h"
#include "tempo_record.h"
#include "token.h"

#include <string.h>

#define END                                                                                        \
	{                                                                                          \
		FIELD_END, NULL, 0, 0, 0, NULL, NULL, NULL                                         \
	}
#define ID(name, need)                                                                             \
	{                                                                                          \
		FIELD_ID, name, need, 0, 0, "id", "a UUID", NULL                                   \
	}
#define TIME(name, need)                                                                           \
	{                                                                                          \
		FIELD_INT, name, need, 0, ARCHIVE_TIME_MAX, "time",                                \
			"Unix milliseconds, 0 to 9000000000000", NULL                              \
	}
#define FLAG(name)                                                                                 \
	{                                                                                          \
		FIELD_BOOL, name, FIELD_OPTIONAL, 0, 0, NULL, NULL, NULL                           \
	}
#define TITLE                                                                                      \
	{                                                                                          \
		FIELD_TEXT, "title", FIELD_REQUIRED, 1, LIMIT_TITLE_MAX, "title",                  \
			FIELD_TITLE_RULE, NULL                                                     \
	}
#define KEY(name, need, shortest)                                                                  \
	{                                                                                          \
		FIELD_TEXT, name, need, shortest, LIMIT_KEY_MAX, "key", FIELD_KEY_RULE,            \
			song_key_ok                                                                \
	}
#define BPM(name, need)                                                                            \
	{                                                                                          \
		FIELD_INT, name, need, LIMIT_BPM_MIN, LIMIT_BPM_MAX, "bpm_range", FIELD_BPM_RULE,  \
			NULL                                                                       \
	}
#define METRE(need)                                                                                \
	{                                                                                          \
		FIELD_TEXT, "time_signature", need, 1, 8, "time_signature", FIELD_METRE_RULE,      \
			field_metre_ok                                                             \
	}
#define BAR(name, need)                                                                            \
	{                                                                                          \
		FIELD_INT, name, need, 0, LIMIT_BAR_MAX, "bar_range", "0 to 100000000", NULL       \
	}
#define LIST(name, need)                                                                           \
	{                                                                                          \
		FIELD_ANY, name, need, 0, 0, NULL, "a list", NULL                                  \
	}

static bool code_ok(const char *text)
{
	return strspn(text, CODE_ALPHABET) == LIMIT_CODE_LENGTH;
}

static bool scope_ok(const char *text)
{
	return strcmp(text, "global") == 0 || strcmp(text, "song") == 0;
}

static bool sound_ok(const char *text)
{
	enum click_sound sound;
	return sound_from_name(text, &sound) == 0;
}

const struct field archive_song_fields[] = {
	ID("id", FIELD_REQUIRED),
	TITLE,
	KEY("default_key", FIELD_OPTIONAL, 0),
	BPM("default_bpm", FIELD_OPTIONAL),
	METRE(FIELD_OPTIONAL),
	{FIELD_LINES, "notes", FIELD_OPTIONAL, 0, LIMIT_NOTES_MAX_BYTES, "notes", FIELD_NOTES_RULE,
	 NULL},
	FLAG("hidden"),
	END,
};

const struct field archive_user_fields[] = {
	ID("id", FIELD_REQUIRED),
	{FIELD_TEXT, "display_name", FIELD_REQUIRED, 1, LIMIT_DISPLAY_NAME_MAX, "display_name",
	 "a name of 1 to 40 characters", NULL},
	TIME("created_at", FIELD_REQUIRED),
	TIME("last_active_at", FIELD_REQUIRED),
	END,
};

const struct field archive_session_fields[] = {
	ID("id", FIELD_REQUIRED),
	{FIELD_TEXT, "code", FIELD_REQUIRED, LIMIT_CODE_LENGTH, LIMIT_CODE_LENGTH, "code_form",
	 "six characters of " CODE_ALPHABET, code_ok},
	ID("md_user_id", FIELD_REQUIRED),
	TIME("created_at", FIELD_REQUIRED),
	FLAG("active"),
	ID("active_setlist_id", FIELD_NULLABLE),
	{FIELD_INT, "active_position", FIELD_NULLABLE, 0, LIMIT_ITEMS_MAX - 1, "position_range",
	 "0 to 199", NULL},
	ID("active_song_id", FIELD_NULLABLE),
	BAR("active_start_bar", FIELD_NULLABLE),
	KEY("active_key_override", FIELD_NULLABLE, 1),
	BPM("active_bpm_override", FIELD_NULLABLE),
	ID("active_leader_user_id", FIELD_NULLABLE),
	LIST("participants", FIELD_REQUIRED),
	LIST("setlists", FIELD_OPTIONAL),
	LIST("role_assignments", FIELD_OPTIONAL),
	{FIELD_ANY, "tempo_state", FIELD_REQUIRED, 0, 0, NULL, "an object", NULL},
	END,
};

const struct field archive_participant_fields[] = {
	ID("user_id", FIELD_REQUIRED),
	TIME("join_time", FIELD_REQUIRED),
	TIME("last_heartbeat", FIELD_REQUIRED),
	{FIELD_INT, "network_rtt_ms", FIELD_NULLABLE, 0, LIMIT_MS_MAX, "metrics_range",
	 "0 to 60000", NULL},
	{FIELD_NUMBER, "packet_loss_pct", FIELD_NULLABLE, 0, 100, "metrics_range", "0 to 100",
	 NULL},
	TIME("left_at", FIELD_NULLABLE),
	FLAG("removed"),
	END,
};

const struct field archive_setlist_fields[] = {
	ID("id", FIELD_REQUIRED),      TITLE, TIME("created_at", FIELD_REQUIRED),
	LIST("items", FIELD_OPTIONAL), END,
};

const struct field archive_item_fields[] = {
	{FIELD_INT, "position", FIELD_OPTIONAL, 0, LIMIT_ITEMS_MAX - 1, "position_range",
	 "0 to 199", NULL},
	ID("song_id", FIELD_REQUIRED),
	KEY("key_override", FIELD_NULLABLE, 1),
	BPM("bpm_override", FIELD_NULLABLE),
	ID("song_leader_user_id", FIELD_NULLABLE),
	END,
};

const struct field archive_role_fields[] = {
	ID("user_id", FIELD_REQUIRED),
	ID("slot_id", FIELD_REQUIRED),
	{FIELD_TEXT, "scope_type", FIELD_REQUIRED, 1, 16, "scope", "global or song", scope_ok},
	ID("scope_song_id", FIELD_NULLABLE),
	TIME("assigned_at", FIELD_REQUIRED),
	END,
};

const struct field archive_tempo_fields[] = {
	BPM("bpm", FIELD_REQUIRED),
	METRE(FIELD_REQUIRED),
	TIME("anchor_timestamp", FIELD_REQUIRED),
	BAR("anchor_bar_index", FIELD_REQUIRED),
	ID("controller_user_id", FIELD_REQUIRED),
	BAR("start_bar", FIELD_OPTIONAL),
	BAR("next_bar", FIELD_OPTIONAL),
	{FIELD_INT, "volume", FIELD_OPTIONAL, 0, LIMIT_VOLUME_MAX, "volume_range", "0 to 100",
	 NULL},
	FLAG("accent"),
	FLAG("subdivision"),
	{FIELD_TEXT, "sound", FIELD_OPTIONAL, 1, 16, "sound", "beep, wood or cowbell", sound_ok},
	END,
};
