/*
 * reopen_sql.h - the SQL of the box's book of sessions: which there are, how one goes on, its code.
 *
 * Steps for store.h. `codes` is a JSON array of fresh codes: the first that no open session has is
 * taken.
 */
#ifndef TACTUS_REOPEN_SQL_H
#define TACTUS_REOPEN_SQL_H

#include "store.h"

#define REOPEN_CODES 5   /* fresh codes offered */
#define REOPEN_LIST 100  /* sessions listed */
#define REOPEN_TITLES 20 /* setlists named of each, the newest */

/* -> sessions_json. Only reads. */
extern const struct store_step reopen_sql_list[];

/* session_id, codes, on_air -> session_id, was_active, code. With on_air it takes the click from
 * whoever has it in the table. One that is open stays as it is. To be run ahead of session_sql_load. */
extern const struct store_step reopen_sql_reopen[];

/* session_id, codes -> answer_json */
extern const struct store_step reopen_sql_renew_code[];

#endif
