/*
 * token.h - secrets and names: tokens, join codes, PINs, UUIDs.
 *
 * A token says which user a phone is. It is 128 random bits as 32 hexadecimal digits, known to the
 * phone alone: the tables hold its SHA-256. Everything secret is compared in constant time.
 *
 * Thread: any. Nothing here blocks but the very first call after a boot, for the kernel's entropy.
 */
#ifndef TACTUS_TOKEN_H
#define TACTUS_TOKEN_H

#include "limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sizes of texts, their ends included. */
#define TOKEN_TEXT_SIZE 33
#define TOKEN_HASH_SIZE 65
#define CODE_TEXT_SIZE (LIMIT_CODE_LENGTH + 1)
#define UUID_TEXT_SIZE 37

/* One of each pair that looks alike is not in it, or neither (0 O, 1 I L, 2 Z, 5 S, 8 B, 6 G,
 * U V), and no vowels, which make words. 21^6 = 86 million codes. The tables' CHECK code_format
 * repeats it. */
#define CODE_ALPHABET "CDFHJKMNPQRTVWXY34679"

/* A fresh token. 0 or -errno (the kernel gives no random bits). */
int token_new(char out[TOKEN_TEXT_SIZE]);

/* SHA-256 of a text, as 64 lower-case hexadecimal digits. 0 or -ENOMEM. */
int token_hash(const char *text, char out[TOKEN_HASH_SIZE]);
int token_hash_bytes(const void *bytes, size_t size, char out[TOKEN_HASH_SIZE]);

/* Constant time for texts of one length. NULL equals nothing. */
bool token_equal(const char *a, const char *b);

/* A fresh join code: each as likely as any other. 0 or -errno. */
int code_new(char out[CODE_TEXT_SIZE]);

/* A code as people type it (any case; spaces and hyphens anywhere) as it is stored. 0, or -EINVAL
 * for what cannot be a code. */
int code_normalise(const char *text, char out[CODE_TEXT_SIZE]);

/* LIMIT_PIN_MIN_DIGITS to LIMIT_PIN_MAX_DIGITS decimal digits. */
bool pin_valid(const char *pin);

/* Constant time, whatever the lengths. NULL equals nothing. */
bool pin_equal(const char *given, const char *pin);

/* A fresh random UUID, lower case. */
void uuid_new(char out[UUID_TEXT_SIZE]);

/* 0, or -EINVAL for what is no UUID. Any case. */
int uuid_to_bytes(const char *text, uint8_t out[16]);
void uuid_to_text(const uint8_t bytes[16], char out[UUID_TEXT_SIZE]);

#endif
