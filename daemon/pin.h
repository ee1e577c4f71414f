/*
 * pin.h - the box's PIN in its state directory.
 */
#ifndef TACTUS_PIN_H
#define TACTUS_PIN_H

#include "limits.h"

#include <stdbool.h>
#include <stddef.h>

/* The PIN in DIR/pin; one of six digits is made there (mode 0600) if there is none or the file is
 * empty. *made says so. One that cannot be written leaves no file. 0, or -errno with a sentence in `message`. Thread: start-up. */
int pin_load(const char *state_dir, char pin[LIMIT_PIN_MAX_DIGITS + 1], bool *made, char *message,
	     size_t message_size);

#endif
