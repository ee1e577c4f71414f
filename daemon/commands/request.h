/*
 * request.h - what a phone asks, once it is clear that it is a request.
 *
 * Pure but for allocation of JSON. Thread: any one.
 */
#ifndef TACTUS_REQUEST_H
#define TACTUS_REQUEST_H

#include "limits.h"

#include <jansson.h>
#include <stdint.h>

#define REQUEST_HASH_SIZE 65

struct request {
	char hash[REQUEST_HASH_SIZE]; /* request_hash(), where it is to be carried out once */
	char id[LIMIT_REQUEST_ID_MAX * 4 + 1];
	json_t *body;        /* borrowed */
	int64_t received_ns; /* when its frame was in */
};

/* SHA-256 of what a request asks for: all of it but its id, and but a PIN, whose few digits a hash
 * would tell. 0 or -ENOMEM. */
int request_hash(const json_t *body, char out[REQUEST_HASH_SIZE]);

#endif
