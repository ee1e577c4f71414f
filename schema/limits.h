/*
 * limits.h - every limit that two parties must agree on, stated once.
 *
 * The command table (daemon/) checks input against these, the tables
 * (tables.sql) repeat them as named CHECKs, and a test holds each of these
 * against its CHECK. Units stand last in a name.
 */
#ifndef TACTUS_LIMITS_H
#define TACTUS_LIMITS_H

/* Tempo, data-model.md section 8. In x/4 bpm counts quarters, in x/8 dotted quarters. */
#define LIMIT_BPM_MIN 30
#define LIMIT_BPM_MAX 260

/* Bars: 100 million bars are 25 years at the slowest tempo. */
#define LIMIT_BAR_MAX 100000000
#define LIMIT_IN_BARS_MAX 64
#define LIMIT_COUNT_IN_BARS_MAX 8

/* Click settings. */
#define LIMIT_VOLUME_MAX 100

/* People and sessions. Lengths are in Unicode code points unless they say bytes. */
#define LIMIT_DISPLAY_NAME_MAX 40
#define LIMIT_CODE_LENGTH 6
#define LIMIT_MEMBERS_MAX 200 /* in a session, not counting those who have left */
#define LIMIT_PIN_MIN_DIGITS 6
#define LIMIT_PIN_MAX_DIGITS 12
#define LIMIT_TITLE_MAX 120
#define LIMIT_KEY_MAX 8
#define LIMIT_NOTES_MAX_BYTES 20000

/* Songs and setlists. */
#define LIMIT_SONGS_MAX 5000
#define LIMIT_SETLISTS_MAX 200 /* a session */
#define LIMIT_ITEMS_MAX 200    /* a setlist */
#define LIMIT_LIST_MAX 200     /* songs a page of song.list */
#define LIMIT_LIST_DEFAULT 50
/* A page ends where its notes come to more: of 32 pages that are asked for at once a wire takes all. */
#define LIMIT_LIST_NOTES_BYTES 65536
#define LIMIT_QUERY_MAX 120
#define LIMIT_IMPORT_MAX_BYTES 60000

/* Links. A sample older than the newest so many is pruned: about 20 MB. */
#define LIMIT_MS_MAX 60000
#define LIMIT_SAMPLES_MAX 100000

/* Answers kept for requests that come again: a day, and no more than so many. */
#define LIMIT_RESULT_AGE_MS 86400000
#define LIMIT_RESULTS_MAX 20000

/* The wire. */
#define LIMIT_FRAME_MAX_BYTES 65536
#define LIMIT_REQUEST_ID_MAX 64

/* Taps: how old a tap may be, how far its clock may run ahead, what starts a count afresh. */
#define LIMIT_TAP_AGE_MAX_MS 2000
#define LIMIT_TAP_AHEAD_MAX_MS 100
#define LIMIT_TAP_PAUSE_MS 3000

/* Sample rates the click is built for, Hz. */
#define LIMIT_RATE_MIN_HZ 8000
#define LIMIT_RATE_MAX_HZ 384000

#endif
