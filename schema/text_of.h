/*
 * text_of.h - a limit as text, for SQL and messages: TEXT_OF_LIMIT(LIMIT_BPM_MAX) is "260".
 */
#ifndef TACTUS_TEXT_OF_H
#define TACTUS_TEXT_OF_H

#include "limits.h" /* a name that is not defined would be its own text */

#define TEXT_OF_TOKEN(token) #token
#define TEXT_OF_LIMIT(limit) TEXT_OF_TOKEN(limit)

#endif
