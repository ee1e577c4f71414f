/*
 * test_constraints.c - every CHECK of the tables broken by name, every limit of limits.h held
 * against its CHECK, and the lists that stand in C and in SQL.
 */
#include "check_main.h"
#include "limits.h"
#include "metre.h"
#include "tables_fixture.h"
#include "tempo_record.h"
#include "token.h"

/* --- Every named constraint ----------------------------------------------------------------- */

/* A change to come, whole. SQLite takes the last of two values for one column. */
#define PENDING                                                                                    \
	"pending_bpm = 100, pending_time_signature = '3/4', pending_anchor_timestamp = 7,"         \
	" pending_anchor_bar_index = 4"

static const struct named {
	const char *table;
	const char *constraint;
	const char *sql;
} constraints[] = {
	{"user", "id_uuid", "UPDATE user SET id = upper('aaaaaaaa-1111-4111-8111-111111111111')"},
	{"user", "id_uuid", "UPDATE user SET id = '11111111111141118111111111111111'"},
	{"user", "id_uuid", "UPDATE user SET id = ''"},
	{"user", "display_name_length", "UPDATE user SET display_name = ''"},
	{"session", "id_uuid", "UPDATE session SET id = 'g1111111-1111-4111-8111-111111111111'"},
	{"session", "code_format", "UPDATE session SET code = 'cdf347'"},
	{"session", "code_format", "UPDATE session SET code = 'CDF34O'"},
	{"session", "code_format", "UPDATE session SET code = 'CDF34'"},
	{"session", "code_format", "UPDATE session SET code = 'CDF3479'"},
	{"session", "active_flag", "UPDATE session SET active = 2"},
	{"session", "active_position_range", "UPDATE session SET active_position = -1"},
	{"session", "active_start_bar_range", "UPDATE session SET active_start_bar = -1"},
	{"session", "on_air_flag", "UPDATE session SET on_air = 2"},
	{"session", "revision_ceiling_range", "UPDATE session SET revision_ceiling = -1"},
	{"session", "active_position_needs_setlist",
	 "UPDATE session SET active_setlist_id = NULL, active_position = 0"},
	{"session", "active_song_once",
	 "UPDATE session SET active_position = 0, active_song_id = " SECOND},
	{"session", "on_air_needs_active", "UPDATE session SET on_air = 1, active = 0"},
	{"session", "active_key_override_length", "UPDATE session SET active_key_override = ''"},
	{"session", "active_bpm_override_range", "UPDATE session SET active_bpm_override = 29"},
	{"participant", "ready_flag", "UPDATE participant SET ready = 2"},
	{"participant", "ptt_state_known", "UPDATE participant SET ptt_state = 'Talking'"},
	{"participant", "network_rtt_ms_range", "UPDATE participant SET network_rtt_ms = -1"},
	{"participant", "packet_loss_pct_range", "UPDATE participant SET packet_loss_pct = -0.1"},
	{"participant", "packet_loss_pct_range", "UPDATE participant SET packet_loss_pct = 100.1"},
	{"participant", "removed_flag", "UPDATE participant SET left_at = 1, removed = 2"},
	{"participant", "removed_has_left", "UPDATE participant SET removed = 1"},
	{"token", "token_hash_format", "UPDATE token SET token_hash = upper(token_hash)"},
	{"token", "token_hash_format", "UPDATE token SET token_hash = substr(token_hash, 2)"},
	{"token", "revoked_flag", "UPDATE token SET revoked = -1"},
	{"instrument_slot", "id_uuid", "UPDATE instrument_slot SET id = 'drums'"},
	{"instrument_slot", "slot_name_known", "UPDATE instrument_slot SET name = 'kazoo'"},
	{"song", "id_uuid", "UPDATE song SET id = 'x'"},
	{"song", "title_length", "UPDATE song SET title = ''"},
	{"song", "default_key_length", "UPDATE song SET default_key = 'F# minor!'"},
	{"song", "default_bpm_range", "UPDATE song SET default_bpm = 29"},
	{"song", "time_signature_known", "UPDATE song SET time_signature = '5/4'"},
	{"song", "notes_length", "UPDATE song SET notes = hex(zeroblob(10001))"},
	{"song", "hidden_flag", "UPDATE song SET hidden = 2"},
	{"setlist", "id_uuid", "UPDATE setlist SET id = 'x'"},
	{"setlist", "title_length", "UPDATE setlist SET title = ''"},
	{"setlist_item", "position_range",
	 "UPDATE setlist_item SET position = -1 WHERE position = 0"},
	{"setlist_item", "key_override_length", "UPDATE setlist_item SET key_override = ''"},
	{"setlist_item", "bpm_override_range", "UPDATE setlist_item SET bpm_override = 261"},
	{"role_assignment", "scope_type_known",
	 "INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " DRUMS ", 'Song', NULL, 1)"},
	{"role_assignment", "scope_song_matches",
	 "INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " DRUMS ", 'song', NULL, 1)"},
	{"role_assignment", "scope_song_matches",
	 "INSERT INTO role_assignment VALUES (" SESSION ", " ADA ", " DRUMS ", 'global', " FIRST
	 ", 1)"},
	{"tempo_state", "bpm_range", "UPDATE tempo_state SET bpm = 29"},
	{"tempo_state", "time_signature_known", "UPDATE tempo_state SET time_signature = '5/4'"},
	{"tempo_state", "anchor_bar_index_range", "UPDATE tempo_state SET anchor_bar_index = -1"},
	{"tempo_state", "running_flag", "UPDATE tempo_state SET running = 2"},
	{"tempo_state", "anchor_clock_length",
	 "UPDATE tempo_state SET anchor_clock = '0123456789abcdef0'"},
	{"tempo_state", "start_bar_range", "UPDATE tempo_state SET start_bar = -1"},
	{"tempo_state", "next_bar_range", "UPDATE tempo_state SET next_bar = -1"},
	{"tempo_state", "volume_range", "UPDATE tempo_state SET volume = -1"},
	{"tempo_state", "accent_flag", "UPDATE tempo_state SET accent = 2"},
	{"tempo_state", "subdivision_flag", "UPDATE tempo_state SET subdivision = 2"},
	{"tempo_state", "sound_known", "UPDATE tempo_state SET sound = 'kazoo'"},
	{"tempo_state", "pending_bpm_range",
	 "UPDATE tempo_state SET " PENDING ", pending_bpm = 29"},
	{"tempo_state", "pending_time_signature_known",
	 "UPDATE tempo_state SET " PENDING ", pending_time_signature = '5/4'"},
	{"tempo_state", "pending_anchor_bar_index_range",
	 "UPDATE tempo_state SET " PENDING ", pending_anchor_bar_index = -1"},
	{"tempo_state", "pending_whole", "UPDATE tempo_state SET pending_bpm = 100"},
	{"tempo_state", "pending_whole", "UPDATE tempo_state SET pending_anchor_timestamp = 1"},
	{"tempo_state", "pending_whole",
	 "UPDATE tempo_state SET " PENDING ", pending_time_signature = NULL"},
	{"tempo_state", "pending_whole",
	 "UPDATE tempo_state SET " PENDING ", pending_anchor_timestamp = NULL"},
	{"tempo_state", "pending_whole",
	 "UPDATE tempo_state SET " PENDING ", pending_anchor_bar_index = NULL"},
	{"tempo_state", "pending_whole", "UPDATE tempo_state SET " PENDING ", pending_bpm = NULL"},
	{"metrics_sample", "rtt_ms_range", "UPDATE metrics_sample SET rtt_ms = -1"},
	{"metrics_sample", "packet_loss_pct_range",
	 "UPDATE metrics_sample SET packet_loss_pct = 101"},
	{"metrics_sample", "jitter_ms_range", "UPDATE metrics_sample SET jitter_ms = -1"},
	{"request_result", "request_id_length", "UPDATE request_result SET request_id = ''"},
	{"request_result", "body_hash_format", "UPDATE request_result SET body_hash = 'x'"},
	{"request_result", "response_json", "UPDATE request_result SET response = '{'"},
};

START_TEST(every_constraint_by_name)
{
	char message[100];

	snprintf(message, sizeof message, "CHECK constraint failed: %s",
		 constraints[_i].constraint);
	breaks(constraints[_i].sql, message);
}
END_TEST

/* So that a constraint that is added is also broken here. */
START_TEST(no_constraint_is_left_out)
{
	json_t *tables = json_of("SELECT json_group_array(json_array(name, sql)) FROM sqlite_schema"
				 " WHERE type = 'table' AND sql IS NOT NULL");
	size_t index;
	json_t *table;
	int found = 0;

	json_array_foreach(tables, index, table)
	{
		const char *name = json_string_value(json_array_get(table, 0));
		const char *at = json_string_value(json_array_get(table, 1));
		while ((at = strstr(at, "CHECK")) != NULL) {
			const char *named = at;
			bool known = false;
			while (named > at - 100 && strncmp(named, "CONSTRAINT ", 11) != 0)
				named--;
			named += strlen("CONSTRAINT ");
			const size_t length = strcspn(named, " \n\t");
			for (size_t i = 0; i < sizeof constraints / sizeof *constraints; i++)
				known = known ||
					(strcmp(constraints[i].table, name) == 0 &&
					 strlen(constraints[i].constraint) == length &&
					 strncmp(constraints[i].constraint, named, length) == 0);
			ck_assert_msg(known, "%s: %.*s", name, (int)length, named);
			found++;
			at += strlen("CHECK");
		}
	}
	ck_assert_int_gt(found, 40);
	json_decref(tables);
}
END_TEST

/* --- Limits --------------------------------------------------------------------------------- */

static const struct range {
	const char *table;
	const char *column;
	const char *constraint;
	long long min;
	long long max;
} ranges[] = {
	{"tempo_state", "bpm", "bpm_range", LIMIT_BPM_MIN, LIMIT_BPM_MAX},
	{"song", "default_bpm", "default_bpm_range", LIMIT_BPM_MIN, LIMIT_BPM_MAX},
	{"setlist_item", "bpm_override", "bpm_override_range", LIMIT_BPM_MIN, LIMIT_BPM_MAX},
	{"tempo_state", "anchor_bar_index", "anchor_bar_index_range", 0, LIMIT_BAR_MAX},
	{"tempo_state", "start_bar", "start_bar_range", 0, LIMIT_BAR_MAX},
	{"tempo_state", "next_bar", "next_bar_range", 0, LIMIT_BAR_MAX},
	{"session", "active_start_bar", "active_start_bar_range", 0, LIMIT_BAR_MAX},
	{"tempo_state", "volume", "volume_range", 0, LIMIT_VOLUME_MAX},
	{"session", "active_bpm_override", "active_bpm_override_range", LIMIT_BPM_MIN,
	 LIMIT_BPM_MAX},
	{"tempo_state", "pending_bpm", "pending_bpm_range", LIMIT_BPM_MIN, LIMIT_BPM_MAX},
	{"tempo_state", "pending_anchor_bar_index", "pending_anchor_bar_index_range", 0,
	 LIMIT_BAR_MAX},
};

static void try_number(const struct range *range, long long value, bool fits)
{
	char sql[200], message[100];

	snprintf(sql, sizeof sql, "UPDATE %s SET %s = %lld", range->table, range->column, value);
	snprintf(message, sizeof message, "CHECK constraint failed: %s", range->constraint);
	if (fits)
		must(sql);
	else
		breaks(sql, message);
}

START_TEST(numbers_within_limits)
{
	const struct range *range = &ranges[_i];

	must("UPDATE tempo_state SET " PENDING);
	try_number(range, range->min, true);
	try_number(range, range->max, true);
	try_number(range, range->min - 1, false);
	try_number(range, range->max + 1, false);
	try_number(range, INT64_MAX, false);
	try_number(range, -INT64_MAX, false);
}
END_TEST

static const struct length {
	const char *table;
	const char *column;
	const char *constraint;
	long min;
	long max;
	const char *unit; /* one character */
} lengths[] = {
	{"user", "display_name", "display_name_length", 1, LIMIT_DISPLAY_NAME_MAX,
	 "\xf0\x9f\xa5\x81"},
	{"song", "title", "title_length", 1, LIMIT_TITLE_MAX, "\xc3\xa9"},
	{"setlist", "title", "title_length", 1, LIMIT_TITLE_MAX, "\xc3\xa9"},
	{"song", "default_key", "default_key_length", 0, LIMIT_KEY_MAX, "\xe2\x99\xaf"},
	{"setlist_item", "key_override", "key_override_length", 1, LIMIT_KEY_MAX, "\xe2\x99\xaf"},
	{"session", "active_key_override", "active_key_override_length", 1, LIMIT_KEY_MAX,
	 "\xe2\x99\xaf"},
	{"song", "notes", "notes_length", 0, LIMIT_NOTES_MAX_BYTES, "n"},
	/* bytes, not characters */
	{"song", "notes", "notes_length", 0, LIMIT_NOTES_MAX_BYTES / 2, "\xc3\xa9"},
	{"request_result", "request_id", "request_id_length", 1, LIMIT_REQUEST_ID_MAX, "r"},
	{"session", "code", "code_format", LIMIT_CODE_LENGTH, LIMIT_CODE_LENGTH, "C"},
};

static void try_length(const struct length *length, long count, bool fits)
{
	const size_t size = 200 + (size_t)count * strlen(length->unit);
	char *sql = malloc(size);
	char message[100];
	size_t used =
		(size_t)snprintf(sql, size, "UPDATE %s SET %s = '", length->table, length->column);

	for (long i = 0; i < count; i++)
		used += (size_t)snprintf(sql + used, size - used, "%s", length->unit);
	snprintf(sql + used, size - used, "'");
	snprintf(message, sizeof message, "CHECK constraint failed: %s", length->constraint);
	if (fits)
		must(sql);
	else
		breaks(sql, message);
	free(sql);
}

START_TEST(lengths_within_limits)
{
	const struct length *length = &lengths[_i];

	try_length(length, length->min, true);
	try_length(length, length->max, true);
	if (length->min > 0)
		try_length(length, length->min - 1, false);
	try_length(length, length->max + 1, false);
}
END_TEST

/* The same lists in C and in SQL. */
START_TEST(lists_agree_with_the_code)
{
	char sql[400];

	for (int metre = 0; metre < METRE_COUNT; metre++) {
		snprintf(sql, sizeof sql,
			 "UPDATE tempo_state SET time_signature = '%s';"
			 "UPDATE song SET time_signature = '%s';"
			 "UPDATE tempo_state SET " PENDING ", pending_time_signature = '%s'",
			 metre_name((enum metre)metre), metre_name((enum metre)metre),
			 metre_name((enum metre)metre));
		must(sql);
	}
	for (int sound = 0; sound < SOUND_COUNT; sound++) {
		snprintf(sql, sizeof sql, "UPDATE tempo_state SET sound = '%s'",
			 sound_name((enum click_sound)sound));
		must(sql);
	}
	for (int c = '!'; c <= '~'; c++) {
		if (c == '\'')
			continue;
		snprintf(sql, sizeof sql, "UPDATE session SET code = 'CCCCC%c'", c);
		if (strchr(CODE_ALPHABET, c))
			must(sql);
		else
			breaks(sql, "CHECK constraint failed: code_format");
	}
}
END_TEST

START_TEST(numbers_are_numbers)
{
	breaks("UPDATE tempo_state SET bpm = 120.5",
	       "cannot store REAL value in INTEGER column tempo_state.bpm");
	breaks("UPDATE tempo_state SET bpm = 'fast'",
	       "cannot store TEXT value in INTEGER column tempo_state.bpm");
	breaks("UPDATE tempo_state SET bpm = '120x'",
	       "cannot store TEXT value in INTEGER column tempo_state.bpm");
	breaks("UPDATE tempo_state SET bpm = x'78'",
	       "cannot store BLOB value in INTEGER column tempo_state.bpm");
	breaks("UPDATE tempo_state SET bpm = NULL", "NOT NULL constraint failed: tempo_state.bpm");
	/* SQLite takes text that is a whole number for that number, also in a STRICT table; it is
	 * the command that refuses "120". What is stored is a number in any case. */
	must("UPDATE tempo_state SET bpm = '121'");
	ck_assert_int_eq(number_of("SELECT typeof(bpm) = 'integer' AND bpm = 121 FROM tempo_state"),
			 1);
	must("UPDATE tempo_state SET bpm = 122.0");
	ck_assert_int_eq(number_of("SELECT typeof(bpm) = 'integer' FROM tempo_state"), 1);
	breaks("UPDATE user SET display_name = x'4164'",
	       "cannot store BLOB value in TEXT column user.display_name");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("constraints");
	TCase *tcase = tcase_create("constraints");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, every_constraint_by_name, 0,
			    sizeof constraints / sizeof *constraints);
	tcase_add_test(tcase, no_constraint_is_left_out);
	tcase_add_loop_test(tcase, numbers_within_limits, 0, sizeof ranges / sizeof *ranges);
	tcase_add_loop_test(tcase, lengths_within_limits, 0, sizeof lengths / sizeof *lengths);
	tcase_add_test(tcase, lists_agree_with_the_code);
	tcase_add_test(tcase, numbers_are_numbers);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
