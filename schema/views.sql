-- views.sql - what is derived from the tables: who plays what now, and the snapshot's sections.
--
-- A section_<name>(session_id, json) has one row a session, whose json goes on the wire as it
-- is. What is live and not stored (away) is patched in by the daemon.
--
-- Views are code, not data: when those of a database differ from this file they are replaced
-- as the database is opened. So a change here needs no migration. To take a view away, leave its
-- DROP.

DROP VIEW IF EXISTS section_slots;
DROP VIEW IF EXISTS section_active_song;
DROP VIEW IF EXISTS section_setlist;
DROP VIEW IF EXISTS section_role_assignments;
DROP VIEW IF EXISTS section_participants;
DROP VIEW IF EXISTS section_session;
DROP VIEW IF EXISTS active_song_context;
DROP VIEW IF EXISTS participant_audio_status;
DROP VIEW IF EXISTS effective_role;
DROP VIEW IF EXISTS active_song;
DROP VIEW IF EXISTS song_on;

-- Which song is on in a session and what is changed of it: by its place in the setlist or, without
-- one, as the session keeps it. A row for each session; no song, no song_id.
CREATE VIEW song_on AS
SELECT
	session.id AS session_id,
	item.position AS position,
	ifnull(item.song_id, session.active_song_id) AS song_id,
	iif(item.song_id IS NULL, session.active_key_override, item.key_override) AS key_override,
	iif(item.song_id IS NULL, session.active_bpm_override, item.bpm_override) AS bpm_override,
	iif(item.song_id IS NULL, session.active_leader_user_id, item.song_leader_user_id)
		AS song_leader_user_id,
	session.active_start_bar AS start_bar_index
FROM session
LEFT JOIN setlist_item AS item
	ON item.setlist_id = session.active_setlist_id AND item.position = session.active_position;

-- The song that is on, after the overrides. No row when none is. One who has left leads no more.
CREATE VIEW active_song AS
SELECT
	song_on.session_id AS session_id,
	song_on.position AS position,
	song.id AS song_id,
	song.title AS title,
	ifnull(song_on.key_override, song.default_key) AS key,
	ifnull(song_on.bpm_override, song.default_bpm) AS bpm,
	song.time_signature AS time_signature,
	song.notes AS notes,
	leader.user_id AS song_leader_user_id,
	song_on.start_bar_index AS start_bar_index
FROM song_on
JOIN song ON song.id = song_on.song_id
LEFT JOIN participant AS leader ON leader.session_id = song_on.session_id
	AND leader.user_id = song_on.song_leader_user_id AND leader.left_at IS NULL;

-- Who plays what now: the active song's own assignments, and the global ones that they leave.
CREATE VIEW effective_role AS
SELECT role.session_id, role.slot_id, role.user_id, role.scope_type
FROM role_assignment AS role
JOIN song_on ON song_on.session_id = role.session_id
WHERE role.scope_song_id = song_on.song_id
	OR (role.scope_type = 'global' AND NOT EXISTS (
		SELECT 1 FROM role_assignment AS own
		WHERE own.session_id = role.session_id AND own.slot_id = role.slot_id
			AND own.scope_type = 'song' AND ifnull(own.scope_song_id, '') = song_on.song_id));

-- ParticipantAudioStatus: who talks, and on which slots (an array of slot ids). The + keeps SQLite to
-- the index by user: one's own assignments are few, those of a session many.
CREATE VIEW participant_audio_status AS
SELECT
	participant.session_id AS session_id,
	participant.user_id AS user_id,
	participant.ptt_state AS ptt_state,
	(SELECT json_group_array(slot_id) FROM (
		SELECT slot_id FROM effective_role
		WHERE effective_role.session_id = participant.session_id
			AND effective_role.user_id = participant.user_id
		ORDER BY +slot_id)) AS slots
FROM participant
WHERE participant.left_at IS NULL;

-- ActiveSongContext: the active song, the overrides, the roles.
CREATE VIEW active_song_context AS
SELECT
	active_song.*,
	(SELECT json_group_array(json_object(
			'slot_id', slot_id, 'user_id', user_id, 'scope_type', scope_type))
		FROM (SELECT * FROM effective_role
			WHERE effective_role.session_id = active_song.session_id
			ORDER BY slot_id)) AS roles
FROM active_song;

CREATE VIEW section_session AS
SELECT
	id AS session_id,
	json_object(
		'id', id,
		'code', code,
		'md_user_id', md_user_id,
		'created_at', created_at,
		'active', json(iif(active, 'true', 'false')),
		'active_setlist_id', active_setlist_id,
		'active_position', active_position) AS json
FROM session;

CREATE VIEW section_participants AS
SELECT
	session.id AS session_id,
	(SELECT json_group_array(json_object(
			'session_id', session_id,
			'user_id', user_id,
			'display_name', display_name,
			'join_time', join_time,
			'last_heartbeat', last_heartbeat,
			'ptt_state', ptt_state,
			'ready', json(iif(ready, 'true', 'false')),
			'network_rtt_ms', network_rtt_ms,
			'packet_loss_pct', packet_loss_pct,
			'slots', json(slots)))
		FROM (SELECT participant.*, user.display_name, status.slots
			FROM participant
			JOIN user ON user.id = participant.user_id
			JOIN participant_audio_status AS status
				ON status.session_id = participant.session_id
				AND status.user_id = participant.user_id
			WHERE participant.session_id = session.id
			ORDER BY participant.join_time, participant.user_id)) AS json
FROM session;

CREATE VIEW section_role_assignments AS
SELECT
	session.id AS session_id,
	(SELECT json_group_array(json_object(
			'session_id', session_id,
			'user_id', user_id,
			'slot_id', slot_id,
			'scope_type', scope_type,
			'scope_song_id', scope_song_id,
			'assigned_at', assigned_at))
		FROM (SELECT * FROM role_assignment
			WHERE role_assignment.session_id = session.id
			ORDER BY scope_type, scope_song_id, slot_id)) AS json
FROM session;

-- The active setlist with its items, or null.
CREATE VIEW section_setlist AS
SELECT
	session.id AS session_id,
	ifnull((SELECT json_object(
			'id', setlist.id,
			'session_id', setlist.session_id,
			'title', setlist.title,
			'created_at', setlist.created_at,
			'items', (SELECT json_group_array(json_object(
					'setlist_id', setlist_id,
					'position', position,
					'song_id', song_id,
					'key_override', key_override,
					'bpm_override', bpm_override,
					'song_leader_user_id', leader_user_id,
					'title', title,
					'key', ifnull(key_override, default_key),
					'bpm', ifnull(bpm_override, default_bpm),
					'time_signature', time_signature))
				FROM (SELECT item.*, song.title, song.default_key, song.default_bpm,
						song.time_signature, leader.user_id AS leader_user_id
					FROM setlist_item AS item
					JOIN song ON song.id = item.song_id
					LEFT JOIN participant AS leader ON leader.session_id = session.id
						AND leader.user_id = item.song_leader_user_id
						AND leader.left_at IS NULL
					WHERE item.setlist_id = session.active_setlist_id
					ORDER BY item.position)))
		FROM setlist
		WHERE setlist.id = session.active_setlist_id), 'null') AS json
FROM session;

-- The active song with its roles, or null.
CREATE VIEW section_active_song AS
SELECT
	session.id AS session_id,
	ifnull((SELECT json_object(
			'position', position,
			'song_id', song_id,
			'title', title,
			'key', key,
			'bpm', bpm,
			'time_signature', time_signature,
			'notes', notes,
			'song_leader_user_id', song_leader_user_id,
			'roles', json(roles),
			'start_bar_index', start_bar_index)
		FROM active_song_context
		WHERE active_song_context.session_id = session.id), 'null') AS json
FROM session;

-- The box's slots; the same for every session.
CREATE VIEW section_slots AS
SELECT json_group_array(json_object('id', id, 'name', name)) AS json
FROM (SELECT id, name FROM instrument_slot ORDER BY id);
