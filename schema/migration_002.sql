-- migration_002.sql - what a whole evening asks of the tables of tables.sql: user_version 1 to 2.

-- Ready to begin, as the phone last said. Like ptt_state it is live and written behind.
ALTER TABLE participant ADD COLUMN ready INTEGER NOT NULL DEFAULT 0
	CONSTRAINT ready_flag CHECK (ready IN (0, 1));

-- What a setlist item had changed of the song that is on (active_song_id), kept when that item is
-- removed or its setlist put away: the song goes on as it is played.
ALTER TABLE session ADD COLUMN active_key_override TEXT
	CONSTRAINT active_key_override_length CHECK (length(active_key_override) BETWEEN 1 AND 8);
ALTER TABLE session ADD COLUMN active_bpm_override INTEGER
	CONSTRAINT active_bpm_override_range CHECK (active_bpm_override BETWEEN 30 AND 260);
ALTER TABLE session ADD COLUMN active_leader_user_id TEXT REFERENCES user (id);

-- The announced change of a session that is not on the air (one that is has it in shared memory,
-- too). All null: none.
ALTER TABLE tempo_state ADD COLUMN pending_bpm INTEGER
	CONSTRAINT pending_bpm_range CHECK (pending_bpm BETWEEN 30 AND 260);
ALTER TABLE tempo_state ADD COLUMN pending_time_signature TEXT
	CONSTRAINT pending_time_signature_known
		CHECK (pending_time_signature IN ('2/4', '3/4', '4/4', '6/8', '12/8'));
ALTER TABLE tempo_state ADD COLUMN pending_anchor_timestamp INTEGER;
ALTER TABLE tempo_state ADD COLUMN pending_anchor_bar_index INTEGER
	CONSTRAINT pending_anchor_bar_index_range
		CHECK (pending_anchor_bar_index BETWEEN 0 AND 100000000)
	CONSTRAINT pending_whole CHECK (
		(pending_bpm IS NULL) = (pending_time_signature IS NULL)
		AND (pending_bpm IS NULL) = (pending_anchor_timestamp IS NULL)
		AND (pending_bpm IS NULL) = (pending_anchor_bar_index IS NULL));

-- Titles by their words, in any case and without accents. Not tied to song's rowids, which a VACUUM
-- may change.
CREATE VIRTUAL TABLE song_search USING fts5 (
	song_id UNINDEXED, title, tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO song_search (song_id, title) SELECT id, title FROM song;

CREATE TRIGGER song_search_insert AFTER INSERT ON song
BEGIN
	INSERT INTO song_search (song_id, title) VALUES (new.id, new.title);
END;

CREATE TRIGGER song_search_update AFTER UPDATE OF title ON song WHEN new.title <> old.title
BEGIN
	UPDATE song_search SET title = new.title WHERE song_id = new.id;
END;

CREATE INDEX song_title ON song (title COLLATE NOCASE) WHERE hidden = 0;

-- Each change of a setlist's items has a number, counted by session; a setlist knows its last one. A
-- request made for an older state of the setlist is known by it and refused (`stale`).
ALTER TABLE session ADD COLUMN setlist_changes INTEGER NOT NULL DEFAULT 0;

CREATE TABLE setlist_change (
	setlist_id TEXT NOT NULL PRIMARY KEY REFERENCES setlist (id) ON DELETE CASCADE,
	number INTEGER NOT NULL
) STRICT;
