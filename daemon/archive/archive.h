/*
 * archive.h - tactusd --backup, --export, --import: what is on a box, taken along and brought back.
 *
 * A backup is the whole database, secrets included, as a file to be put in its place. An export is
 * JSON for people and other programs: {"tactus_export": 1, "songs": [...], "users": [...], "sessions":
 * [{..., "participants": [...], "setlists": [{..., "items": [...]}], "role_assignments": [...],
 * "tempo_state": {...}}]}, with the names of the tables, always in the same order. Songs that were
 * deleted are in it, "hidden", as far as history needs them. Not in it: tokens, the PIN, answers to
 * requests, metrics, and what is live (who is ready or talks, whether a tempo runs, what is
 * announced, who is on the air).
 *
 * An import takes such a file, or songs as CSV or ChordPro (by the file's ending; import.h). It adds
 * what is not there: users and songs by their ids (songs of CSV and ChordPro by their titles),
 * sessions as a whole by theirs. What is there stays as it is. Sessions come in closed and not on
 * the air; session.reopen brings them back. It is all done, or nothing of it.
 *
 * Only one connection may be open to the database, so a tactusd that runs is asked (control.h);
 * otherwise the database is opened here.
 */
#ifndef TACTUS_ARCHIVE_H
#define TACTUS_ARCHIVE_H

#include "control.h"
#include "store.h"

enum archive_action { ARCHIVE_NONE = 0, ARCHIVE_BACKUP, ARCHIVE_EXPORT, ARCHIVE_IMPORT };

/* The command line's part. file: "-" is stdout or stdin. Returns the program's exit code; what went wrong
 * has been told on stderr. Nothing that exists is written over. Thread: the program's only one. */
int archive_run(enum archive_action action, const char *file, const char *state_dir);

/* What the tactusd that runs gives to the command line. Owns: whoever opened the control lets it live as
 * long as that. */
struct archive_place {
	struct store *store;
	const char *state_dir;
};

/* "backup", "import"; the control's user is a struct archive_place. */
extern const struct control_verb archive_verbs[];

#endif
