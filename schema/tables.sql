-- tables.sql - the entities of the data model, as they stood at user_version 1.
--
-- This is the first migration. Once released it is never edited: a change is a new file
-- migration_002.sql, migration_003.sql, ..., run after this one, each in a transaction of its
-- own; user_version counts the files that have run. The views stand in views.sql and follow
-- the program, not the migrations.
--
-- Names and meaning are those of the data model. Columns beyond it carry a comment.
-- Every CHECK has a name, which is what a broken one is reported by; limits repeat limits.h and
-- a test holds each against it. Ids are UUIDs in lower-case text, times Unix milliseconds of the
-- box's clock, flags 0 or 1. Nothing here asks for the time: times are given.
--
-- Foreign keys are checked at once, never deferred: a deferred one would fail in the commit, and
-- with it the work of everybody else in that commit.

CREATE TABLE user (
	id TEXT NOT NULL PRIMARY KEY
		CONSTRAINT id_uuid CHECK (id GLOB '????????-????-????-????-????????????'
			AND id NOT GLOB '*[^0-9a-f-]*'),
	display_name TEXT NOT NULL
		CONSTRAINT display_name_length CHECK (length(display_name) BETWEEN 1 AND 40),
	created_at INTEGER NOT NULL,
	last_active_at INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
	id TEXT NOT NULL PRIMARY KEY
		CONSTRAINT id_uuid CHECK (id GLOB '????????-????-????-????-????????????'
			AND id NOT GLOB '*[^0-9a-f-]*'),
	-- Upper case, from the alphabet of token.h (no look-alikes); unique while active.
	code TEXT NOT NULL
		CONSTRAINT code_format CHECK (length(code) = 6
			AND code NOT GLOB '*[^CDFHJKMNPQRTVWXY34679]*'),
	md_user_id TEXT NOT NULL REFERENCES user (id),
	created_at INTEGER NOT NULL,
	active INTEGER NOT NULL DEFAULT 1
		CONSTRAINT active_flag CHECK (active IN (0, 1)),

	-- The setlist of tonight, one of this session's own, or none.
	active_setlist_id TEXT,
	-- Where in it we are. Follows its item when that moves (the cascade below). To remove the
	-- item, clear this first.
	active_position INTEGER
		CONSTRAINT active_position_range CHECK (active_position >= 0),
	-- The song that is on, when it is on without a place in the setlist; else null.
	active_song_id TEXT REFERENCES song (id),
	-- The bar at which the active song began; null until it has.
	active_start_bar INTEGER
		CONSTRAINT active_start_bar_range CHECK (active_start_bar BETWEEN 0 AND 100000000),
	-- It drives the click. At most one session does.
	on_air INTEGER NOT NULL DEFAULT 0
		CONSTRAINT on_air_flag CHECK (on_air IN (0, 1)),
	-- The daemon sends no revision above this before it has raised it, in blocks, unless the disk
	-- refuses; after a restart it goes on above this.
	revision_ceiling INTEGER NOT NULL DEFAULT 0
		CONSTRAINT revision_ceiling_range CHECK (revision_ceiling >= 0),

	CONSTRAINT active_position_needs_setlist
		CHECK (active_position IS NULL OR active_setlist_id IS NOT NULL),
	CONSTRAINT active_song_once
		CHECK (active_position IS NULL OR active_song_id IS NULL),
	CONSTRAINT on_air_needs_active CHECK (on_air = 0 OR active = 1),
	FOREIGN KEY (id, active_setlist_id) REFERENCES setlist (session_id, id),
	FOREIGN KEY (active_setlist_id, active_position)
		REFERENCES setlist_item (setlist_id, position) ON UPDATE CASCADE
) STRICT;

CREATE UNIQUE INDEX session_code ON session (code) WHERE active = 1;
CREATE UNIQUE INDEX session_on_air ON session (on_air) WHERE on_air = 1;
CREATE INDEX session_active_item ON session (active_setlist_id, active_position);
CREATE INDEX session_active_song ON session (active_song_id);

-- One who has left keeps the row, and finds it again on coming back. Whether somebody is away
-- just now, or ready, is live and not stored.
CREATE TABLE participant (
	session_id TEXT NOT NULL REFERENCES session (id),
	user_id TEXT NOT NULL REFERENCES user (id),
	join_time INTEGER NOT NULL,
	last_heartbeat INTEGER NOT NULL,
	ptt_state TEXT NOT NULL DEFAULT 'idle'
		CONSTRAINT ptt_state_known CHECK (ptt_state IN ('idle', 'talking')),
	-- Both null until the first sample.
	network_rtt_ms INTEGER
		CONSTRAINT network_rtt_ms_range CHECK (network_rtt_ms >= 0),
	packet_loss_pct REAL
		CONSTRAINT packet_loss_pct_range CHECK (packet_loss_pct BETWEEN 0 AND 100),
	left_at INTEGER, -- null while a member
	-- By the MD; such a one's tokens are dead.
	removed INTEGER NOT NULL DEFAULT 0
		CONSTRAINT removed_flag CHECK (removed IN (0, 1)),
	PRIMARY KEY (session_id, user_id),
	CONSTRAINT removed_has_left CHECK (removed = 0 OR left_at IS NOT NULL)
) STRICT;

CREATE INDEX participant_session ON participant (session_id, join_time);
CREATE INDEX participant_user ON participant (user_id);

-- Who a phone is. The token itself is known to the phone alone. A user has as many as devices.
CREATE TABLE token (
	-- SHA-256 of the token, lower-case hexadecimal.
	token_hash TEXT NOT NULL PRIMARY KEY
		CONSTRAINT token_hash_format CHECK (length(token_hash) = 64
			AND token_hash NOT GLOB '*[^0-9a-f]*'),
	session_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	revoked INTEGER NOT NULL DEFAULT 0
		CONSTRAINT revoked_flag CHECK (revoked IN (0, 1)),
	FOREIGN KEY (session_id, user_id) REFERENCES participant (session_id, user_id)
) STRICT;

CREATE INDEX token_participant ON token (session_id, user_id);

CREATE TABLE instrument_slot (
	id TEXT NOT NULL PRIMARY KEY
		CONSTRAINT id_uuid CHECK (id GLOB '????????-????-????-????-????????????'
			AND id NOT GLOB '*[^0-9a-f-]*'),
	name TEXT NOT NULL UNIQUE
		CONSTRAINT slot_name_known CHECK (name IN ('drums', 'percussion', 'bass',
			'electric guitar 1', 'electric guitar 2', 'acoustic guitar 1', 'acoustic guitar 2',
			'keys 1', 'keys 2', 'synth', 'tracks',
			'lead vocal 1', 'lead vocal 2', 'backing vocal 1', 'backing vocal 2',
			'backing vocal 3', 'choir', 'brass', 'woodwind', 'strings',
			'sound desk', 'lights', 'screen')),
	created_at INTEGER NOT NULL
) STRICT;

-- Ordered by id, which is the order they are shown in.
INSERT INTO instrument_slot (id, name, created_at) VALUES
	('7ac70500-0000-4000-8000-000000000001', 'drums', 1735689600000),
	('7ac70500-0000-4000-8000-000000000002', 'percussion', 1735689600000),
	('7ac70500-0000-4000-8000-000000000003', 'bass', 1735689600000),
	('7ac70500-0000-4000-8000-000000000004', 'electric guitar 1', 1735689600000),
	('7ac70500-0000-4000-8000-000000000005', 'electric guitar 2', 1735689600000),
	('7ac70500-0000-4000-8000-000000000006', 'acoustic guitar 1', 1735689600000),
	('7ac70500-0000-4000-8000-000000000007', 'acoustic guitar 2', 1735689600000),
	('7ac70500-0000-4000-8000-000000000008', 'keys 1', 1735689600000),
	('7ac70500-0000-4000-8000-000000000009', 'keys 2', 1735689600000),
	('7ac70500-0000-4000-8000-00000000000a', 'synth', 1735689600000),
	('7ac70500-0000-4000-8000-00000000000b', 'tracks', 1735689600000),
	('7ac70500-0000-4000-8000-00000000000c', 'lead vocal 1', 1735689600000),
	('7ac70500-0000-4000-8000-00000000000d', 'lead vocal 2', 1735689600000),
	('7ac70500-0000-4000-8000-00000000000e', 'backing vocal 1', 1735689600000),
	('7ac70500-0000-4000-8000-00000000000f', 'backing vocal 2', 1735689600000),
	('7ac70500-0000-4000-8000-000000000010', 'backing vocal 3', 1735689600000),
	('7ac70500-0000-4000-8000-000000000011', 'choir', 1735689600000),
	('7ac70500-0000-4000-8000-000000000012', 'brass', 1735689600000),
	('7ac70500-0000-4000-8000-000000000013', 'woodwind', 1735689600000),
	('7ac70500-0000-4000-8000-000000000014', 'strings', 1735689600000),
	('7ac70500-0000-4000-8000-000000000015', 'sound desk', 1735689600000),
	('7ac70500-0000-4000-8000-000000000016', 'lights', 1735689600000),
	('7ac70500-0000-4000-8000-000000000017', 'screen', 1735689600000);

CREATE TABLE song (
	id TEXT NOT NULL PRIMARY KEY
		CONSTRAINT id_uuid CHECK (id GLOB '????????-????-????-????-????????????'
			AND id NOT GLOB '*[^0-9a-f-]*'),
	title TEXT NOT NULL
		CONSTRAINT title_length CHECK (length(title) BETWEEN 1 AND 120),
	default_key TEXT NOT NULL DEFAULT '' -- '' is not known
		CONSTRAINT default_key_length CHECK (length(default_key) <= 8),
	default_bpm INTEGER NOT NULL DEFAULT 120
		CONSTRAINT default_bpm_range CHECK (default_bpm BETWEEN 30 AND 260),
	time_signature TEXT NOT NULL DEFAULT '4/4'
		CONSTRAINT time_signature_known
			CHECK (time_signature IN ('2/4', '3/4', '4/4', '6/8', '12/8')),
	notes TEXT NOT NULL DEFAULT ''
		CONSTRAINT notes_length CHECK (length(CAST(notes AS BLOB)) <= 20000),
	-- Deleted from the library, but history holds it.
	hidden INTEGER NOT NULL DEFAULT 0
		CONSTRAINT hidden_flag CHECK (hidden IN (0, 1))
) STRICT;

CREATE TABLE setlist (
	id TEXT NOT NULL PRIMARY KEY
		CONSTRAINT id_uuid CHECK (id GLOB '????????-????-????-????-????????????'
			AND id NOT GLOB '*[^0-9a-f-]*'),
	session_id TEXT NOT NULL REFERENCES session (id),
	title TEXT NOT NULL
		CONSTRAINT title_length CHECK (length(title) BETWEEN 1 AND 120),
	created_at INTEGER NOT NULL,
	UNIQUE (session_id, id) -- what session.active_setlist_id refers to
) STRICT;

-- Positions are dense from 0. To move one, lift the span above all others first (position +
-- 1000000, say), then set it down: `position = position + 1` alone collides row by row.
CREATE TABLE setlist_item (
	setlist_id TEXT NOT NULL REFERENCES setlist (id),
	position INTEGER NOT NULL
		CONSTRAINT position_range CHECK (position >= 0),
	song_id TEXT NOT NULL REFERENCES song (id),
	key_override TEXT
		CONSTRAINT key_override_length CHECK (length(key_override) BETWEEN 1 AND 8),
	bpm_override INTEGER
		CONSTRAINT bpm_override_range CHECK (bpm_override BETWEEN 30 AND 260),
	song_leader_user_id TEXT REFERENCES user (id),
	PRIMARY KEY (setlist_id, position)
) STRICT;

CREATE INDEX setlist_item_song ON setlist_item (song_id);

CREATE TABLE role_assignment (
	session_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	slot_id TEXT NOT NULL REFERENCES instrument_slot (id),
	scope_type TEXT NOT NULL
		CONSTRAINT scope_type_known CHECK (scope_type IN ('global', 'song')),
	scope_song_id TEXT REFERENCES song (id),
	assigned_at INTEGER NOT NULL,
	CONSTRAINT scope_song_matches
		CHECK ((scope_type = 'song') = (scope_song_id IS NOT NULL)),
	FOREIGN KEY (session_id, user_id) REFERENCES participant (session_id, user_id)
) STRICT;

-- UNIQUE (session_id, slot_id, scope_type, scope_song_id), the null of the global scope included.
CREATE UNIQUE INDEX role_assignment_one_holder
	ON role_assignment (session_id, slot_id, scope_type, ifnull(scope_song_id, ''));
CREATE INDEX role_assignment_scope ON role_assignment (session_id, scope_type, scope_song_id);
CREATE INDEX role_assignment_user ON role_assignment (session_id, user_id);
CREATE INDEX role_assignment_song ON role_assignment (scope_song_id);

-- No role stays with one who has left, nor goes to one.
CREATE TRIGGER participant_left_frees_roles AFTER UPDATE OF left_at ON participant
WHEN new.left_at IS NOT NULL
BEGIN
	DELETE FROM role_assignment
	WHERE session_id = new.session_id AND user_id = new.user_id;
END;

CREATE TRIGGER role_assignment_needs_member BEFORE INSERT ON role_assignment
WHEN EXISTS (SELECT 1 FROM participant
	WHERE session_id = new.session_id AND user_id = new.user_id AND left_at IS NOT NULL)
BEGIN
	SELECT raise(ABORT, 'role_assignment_needs_member');
END;

CREATE TABLE tempo_state (
	session_id TEXT NOT NULL PRIMARY KEY REFERENCES session (id),
	bpm INTEGER NOT NULL DEFAULT 120
		CONSTRAINT bpm_range CHECK (bpm BETWEEN 30 AND 260),
	time_signature TEXT NOT NULL DEFAULT '4/4'
		CONSTRAINT time_signature_known
			CHECK (time_signature IN ('2/4', '3/4', '4/4', '6/8', '12/8')),
	anchor_timestamp INTEGER NOT NULL,
	anchor_bar_index INTEGER NOT NULL DEFAULT 0
		CONSTRAINT anchor_bar_index_range CHECK (anchor_bar_index BETWEEN 0 AND 100000000),
	controller_user_id TEXT NOT NULL,
	running INTEGER NOT NULL DEFAULT 0
		CONSTRAINT running_flag CHECK (running IN (0, 1)),
	-- The clock in which the anchor was told (clock_id of `welcome`): while it is the same, what
	-- ran still runs.
	anchor_clock TEXT NOT NULL DEFAULT ''
		CONSTRAINT anchor_clock_length CHECK (length(anchor_clock) <= 16),
	-- First bar after the count-in of the run.
	start_bar INTEGER NOT NULL DEFAULT 0
		CONSTRAINT start_bar_range CHECK (start_bar BETWEEN 0 AND 100000000),
	-- The bar that the next start begins with.
	next_bar INTEGER NOT NULL DEFAULT 0
		CONSTRAINT next_bar_range CHECK (next_bar BETWEEN 0 AND 100000000),
	-- The click of this session.
	volume INTEGER NOT NULL DEFAULT 80
		CONSTRAINT volume_range CHECK (volume BETWEEN 0 AND 100),
	accent INTEGER NOT NULL DEFAULT 1
		CONSTRAINT accent_flag CHECK (accent IN (0, 1)),
	subdivision INTEGER NOT NULL DEFAULT 0
		CONSTRAINT subdivision_flag CHECK (subdivision IN (0, 1)),
	sound TEXT NOT NULL DEFAULT 'beep'
		CONSTRAINT sound_known CHECK (sound IN ('beep', 'wood', 'cowbell')),
	FOREIGN KEY (session_id, controller_user_id) REFERENCES participant (session_id, user_id)
) STRICT;

CREATE TABLE metrics_sample (
	-- Order of arrival. Pruned by this: a box without a clock has wrong dates.
	id INTEGER PRIMARY KEY,
	session_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	captured_at INTEGER NOT NULL,
	rtt_ms INTEGER NOT NULL
		CONSTRAINT rtt_ms_range CHECK (rtt_ms >= 0),
	packet_loss_pct REAL NOT NULL
		CONSTRAINT packet_loss_pct_range CHECK (packet_loss_pct BETWEEN 0 AND 100),
	jitter_ms INTEGER NOT NULL
		CONSTRAINT jitter_ms_range CHECK (jitter_ms >= 0),
	UNIQUE (session_id, user_id, captured_at),
	FOREIGN KEY (session_id, user_id) REFERENCES participant (session_id, user_id)
) STRICT;

-- What a request was answered with, kept a day: the same id again gets the same answer.
CREATE TABLE request_result (
	user_id TEXT NOT NULL REFERENCES user (id),
	request_id TEXT NOT NULL
		CONSTRAINT request_id_length CHECK (length(request_id) BETWEEN 1 AND 64),
	-- SHA-256 of the request, lower-case hexadecimal: the same id with another body is an error.
	body_hash TEXT NOT NULL
		CONSTRAINT body_hash_format CHECK (length(body_hash) = 64
			AND body_hash NOT GLOB '*[^0-9a-f]*'),
	response TEXT NOT NULL
		CONSTRAINT response_json CHECK (json_valid(response)),
	created_at INTEGER NOT NULL,
	PRIMARY KEY (user_id, request_id)
) STRICT;

CREATE INDEX request_result_age ON request_result (created_at);
