#include "token.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>
#include <uuid/uuid.h>

_Static_assert(sizeof(uuid_t) == 16, "a UUID has 16 bytes");

static int random_bytes(uint8_t *out, size_t size)
{
	size_t got = 0;

	while (got < size) {
		const ssize_t part = getrandom(out + got, size - got, 0);
		if (part < 0 && errno != EINTR)
			return -errno;
		if (part > 0)
			got += (size_t)part;
	}
	return 0;
}

static void to_hex(const uint8_t *bytes, size_t size, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * size] = '\0';
}

int token_new(char out[TOKEN_TEXT_SIZE])
{
	uint8_t bytes[(TOKEN_TEXT_SIZE - 1) / 2];
	const int result = random_bytes(bytes, sizeof bytes);

	if (result == 0)
		to_hex(bytes, sizeof bytes, out);
	return result;
}

int token_hash_bytes(const void *bytes, size_t size, char out[TOKEN_HASH_SIZE])
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL) != 1)
		return -ENOMEM;
	to_hex(digest, (TOKEN_HASH_SIZE - 1) / 2, out);
	return 0;
}

int token_hash(const char *text, char out[TOKEN_HASH_SIZE])
{
	return token_hash_bytes(text, strlen(text), out);
}

bool token_equal(const char *a, const char *b)
{
	return a && b && strlen(a) == strlen(b) && CRYPTO_memcmp(a, b, strlen(a)) == 0;
}

int code_new(char out[CODE_TEXT_SIZE])
{
	const size_t letters = strlen(CODE_ALPHABET);
	size_t used = 0;

	while (used < CODE_TEXT_SIZE - 1) {
		uint8_t byte;
		const int result = random_bytes(&byte, 1);
		if (result < 0)
			return result;
		/* The last incomplete round of 256 would favour the first letters. */
		if (byte < 256 / letters * letters)
			out[used++] = CODE_ALPHABET[byte % letters];
	}
	out[used] = '\0';
	return 0;
}

int code_normalise(const char *text, char out[CODE_TEXT_SIZE])
{
	size_t used = 0;

	for (; *text; text++) {
		if (*text == ' ' || *text == '-')
			continue;
		const char letter =
			*text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;
		if (used == CODE_TEXT_SIZE - 1 || !strchr(CODE_ALPHABET, letter))
			return -EINVAL;
		out[used++] = letter;
	}
	out[used] = '\0';
	return used == CODE_TEXT_SIZE - 1 ? 0 : -EINVAL;
}

bool pin_valid(const char *pin)
{
	const size_t length = strlen(pin);

	return length >= LIMIT_PIN_MIN_DIGITS && length <= LIMIT_PIN_MAX_DIGITS &&
	       strspn(pin, "0123456789") == length;
}

bool pin_equal(const char *given, const char *pin)
{
	char given_hash[TOKEN_HASH_SIZE];
	char pin_hash[TOKEN_HASH_SIZE];

	if (!given || !pin || token_hash(given, given_hash) < 0 || token_hash(pin, pin_hash) < 0)
		return false;
	return token_equal(given_hash, pin_hash);
}

void uuid_new(char out[UUID_TEXT_SIZE])
{
	uuid_t bytes;

	uuid_generate_random(bytes);
	uuid_unparse_lower(bytes, out);
}

int uuid_to_bytes(const char *text, uint8_t out[16])
{
	return uuid_parse(text, out) == 0 ? 0 : -EINVAL;
}

void uuid_to_text(const uint8_t bytes[16], char out[UUID_TEXT_SIZE])
{
	uuid_unparse_lower(bytes, out);
}
