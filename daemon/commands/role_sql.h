/*
 * role_sql.h - the SQL of who plays what.
 *
 * Steps for store.h. Params are those of durable.h (session_id, me, now, away) and the request's
 * fields as fields_copy() gives them. Who is MD is asked here, so that it is true when it is done.
 * A song's own assignment and the global one of a slot stand side by side; which is in force is said by
 * effective_role of views.sql. Rights, then names, then the rule of one holder: the first that is
 * broken is what is refused.
 */
#ifndef TACTUS_ROLE_SQL_H
#define TACTUS_ROLE_SQL_H

#include "store.h"

/* slot_id, user_id?, scope_type?, scope_song_id?, replace?. To its present holder: nothing changes. */
extern const struct store_step role_sql_assign[];
/* slot_id, user_id?, scope_type?, scope_song_id?. Of a song that was deleted, and of one who has left, too. */
extern const struct store_step role_sql_clear[];

#endif
