/*
 * store_sql.h - the SQL of schema/, made part of the program by embed_sql.sh.
 *
 * Constants. Thread: any.
 */
#ifndef TACTUS_STORE_SQL_H
#define TACTUS_STORE_SQL_H

/* The n-th takes a database from user_version n to n + 1; [0] is tables.sql. */
extern const char *const store_migrations[];
extern const int store_migration_count;

/* views.sql: drops all views and makes them anew. */
extern const char *const store_views;

/* Of the text of store_views: tells whether a database's views are these. */
extern const long long store_views_checksum;

#endif
