/*
 * song_on.h - the song that is on, as the tempo knows it.
 *
 * The tables say which song is on and what it asks for; here stand the moments that only the loop
 * knows: with which bar it begins, and how its tempo takes over. The active song's section is the
 * room's, patched with its first bar.
 *
 * Thread: loop.
 */
#ifndef TACTUS_SONG_ON_H
#define TACTUS_SONG_ON_H

#include "hub.h"

/* The tempo of the song that is on, after overrides; 0: none is on. */
int song_on_bpm(const struct room *room);

/* Put start_bar_index into a section activeSong as the store has just read it. In place. */
void song_on_patch(const struct room *room, json_t *active_song);

/* Whatever is on, its bar 1 is that bar. SECTION_ACTIVE_SONG becomes untold if a song is on. */
void song_on_begins(struct room *room, int64_t bar);

/* The room's active song has just become another: its pace takes over, at once where nothing runs,
 * otherwise with the next bar that can be reached. Returns that bar. The tempo is then to be published
 * and told (on_air_changed). */
int64_t song_on_take_over(struct hub *hub, struct room *room);

/* For a room that has just come into memory: a song that was put on while the tempo ran takes over now,
 * if the daemon died before it could. True if one did. */
bool song_on_missed(struct hub *hub, struct room *room);

/* What was beginning has begun: a song that had to wait for that takes over now. True if one did. */
bool song_on_waited(struct hub *hub, struct room *room);

#endif
