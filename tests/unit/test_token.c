/* test_token.c - tokens, codes, PINs, UUIDs. */
#include "check_main.h"
#include "token.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool all_of(const char *text, const char *alphabet)
{
	return strspn(text, alphabet) == strlen(text);
}

START_TEST(tokens_are_random_hex)
{
	char tokens[64][TOKEN_TEXT_SIZE];
	int ones = 0;

	for (int i = 0; i < 64; i++) {
		ck_assert_int_eq(token_new(tokens[i]), 0);
		ck_assert_uint_eq(strlen(tokens[i]), 32);
		ck_assert(all_of(tokens[i], "0123456789abcdef"));
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(tokens[i], tokens[j]);
		for (const char *c = tokens[i]; *c; c++)
			ones += __builtin_popcount((unsigned)strtoul((char[]){*c, '\0'}, NULL, 16));
	}
	/* 8192 fair bits: 4096, give or take five standard deviations of 45 */
	ck_assert_int_gt(ones, 4096 - 226);
	ck_assert_int_lt(ones, 4096 + 226);
}
END_TEST

/* FIPS 180-4's own examples. */
START_TEST(hash_is_sha256)
{
	char hash[TOKEN_HASH_SIZE];

	ck_assert_int_eq(token_hash("abc", hash), 0);
	ck_assert_str_eq(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	ck_assert_int_eq(token_hash("", hash), 0);
	ck_assert_str_eq(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	ck_assert_int_eq(token_hash_bytes("abcd", 3, hash), 0);
	ck_assert_str_eq(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

START_TEST(tokens_compare)
{
	ck_assert(token_equal("abc", "abc"));
	ck_assert(token_equal("", ""));
	ck_assert(!token_equal("abc", "abd"));
	ck_assert(!token_equal("abc", "Abc"));
	ck_assert(!token_equal("abc", "ab"));
	ck_assert(!token_equal("ab", "abc"));
	ck_assert(!token_equal("", "a"));
	ck_assert(!token_equal(NULL, "a"));
	ck_assert(!token_equal("a", NULL));
	ck_assert(!token_equal(NULL, NULL));
}
END_TEST

/* Each letter as often as any other: chi squared over 21 letters, 20 degrees of freedom; 60 is
 * passed by chance once in 10^5. Taking bytes modulo 21 would come to about 160. */
START_TEST(codes_are_unbiased)
{
	enum { CODES = 20000 };
	const size_t letters = strlen(CODE_ALPHABET);
	int counts[256] = {0};
	char code[CODE_TEXT_SIZE];
	double chi_squared = 0;

	for (int i = 0; i < CODES; i++) {
		ck_assert_int_eq(code_new(code), 0);
		ck_assert_uint_eq(strlen(code), LIMIT_CODE_LENGTH);
		ck_assert(all_of(code, CODE_ALPHABET));
		for (const char *c = code; *c; c++)
			counts[(unsigned char)*c]++;
	}
	const double expected = (double)CODES * LIMIT_CODE_LENGTH / (double)letters;
	for (size_t i = 0; i < letters; i++) {
		const double off = counts[(unsigned char)CODE_ALPHABET[i]] - expected;
		chi_squared += off * off / expected;
	}
	ck_assert_double_lt(chi_squared, 60);
}
END_TEST

START_TEST(codes_without_look_alikes)
{
	static const char *const pairs[] = {"0O", "1I", "1L", "IL", "2Z", "5S", "8B", "6G", "UV"};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		ck_assert(!strchr(CODE_ALPHABET, pairs[i][0]) ||
			  !strchr(CODE_ALPHABET, pairs[i][1]));
	ck_assert(strpbrk(CODE_ALPHABET, "0O1IL") == NULL);
}
END_TEST

START_TEST(codes_as_typed)
{
	static const struct {
		const char *typed;
		const char *code; /* NULL: refused */
	} cases[] = {
		{"CDF347", "CDF347"},
		{"cdf347", "CDF347"},
		{"cDf 347", "CDF347"},
		{" cdf-347 ", "CDF347"},
		{"c-d-f-3-4-7", "CDF347"},
		{"CDF34", NULL},
		{"CDF3479", NULL},
		{"CDF3470", NULL},
		{"CDF34O", NULL},
		{"", NULL},
		{"------", NULL},
		{"CDF34\n", NULL},
		{"CDF34\xc3\xa9", NULL},
		{"CDF_47", NULL},
		{"CDF'47", NULL},
		{"CDF347CDF347", NULL},
		{"\xff\xff\xff\xff\xff\xff", NULL},
	};
	char code[CODE_TEXT_SIZE];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const int result = code_normalise(cases[i].typed, code);
		ck_assert_msg(result == (cases[i].code ? 0 : -EINVAL), "\"%s\"", cases[i].typed);
		if (cases[i].code)
			ck_assert_str_eq(code, cases[i].code);
	}
}
END_TEST

START_TEST(pins)
{
	ck_assert(pin_valid("123456"));
	ck_assert(pin_valid("000000"));
	ck_assert(pin_valid("123456789012"));
	ck_assert(!pin_valid("12345"));
	ck_assert(!pin_valid("1234567890123"));
	ck_assert(!pin_valid(""));
	ck_assert(!pin_valid("12345a"));
	ck_assert(!pin_valid("-12345"));
	ck_assert(!pin_valid(" 123456"));
	ck_assert(!pin_valid("123456\n"));
	ck_assert(pin_equal("123456", "123456"));
	ck_assert(!pin_equal("123457", "123456"));
	ck_assert(!pin_equal("12345", "123456"));
	ck_assert(!pin_equal("1234567", "123456"));
	ck_assert(!pin_equal("", "123456"));
	ck_assert(!pin_equal(NULL, "123456"));
	ck_assert(!pin_equal("123456", NULL));
}
END_TEST

START_TEST(uuids)
{
	char text[UUID_TEXT_SIZE], again[UUID_TEXT_SIZE];
	uint8_t bytes[16];

	for (int i = 0; i < 100; i++) {
		uuid_new(text);
		ck_assert_uint_eq(strlen(text), 36);
		ck_assert(all_of(text, "0123456789abcdef-"));
		ck_assert_int_eq(text[14], '4'); /* random */
		ck_assert_int_eq(uuid_to_bytes(text, bytes), 0);
		uuid_to_text(bytes, again);
		ck_assert_str_eq(text, again);
	}
	ck_assert_int_eq(uuid_to_bytes("7AC70500-0000-4000-8000-0000000000FF", bytes), 0);
	ck_assert_uint_eq(bytes[0], 0x7a);
	ck_assert_uint_eq(bytes[15], 0xff);
	uuid_to_text(bytes, text);
	ck_assert_str_eq(text, "7ac70500-0000-4000-8000-0000000000ff");
	ck_assert_int_eq(uuid_to_bytes("", bytes), -EINVAL);
	ck_assert_int_eq(uuid_to_bytes("7ac70500-0000-4000-8000-0000000000f", bytes), -EINVAL);
	ck_assert_int_eq(uuid_to_bytes("7ac70500-0000-4000-8000-0000000000ffa", bytes), -EINVAL);
	ck_assert_int_eq(uuid_to_bytes("7ac70500 0000 4000 8000 0000000000ff", bytes), -EINVAL);
	ck_assert_int_eq(uuid_to_bytes("gac70500-0000-4000-8000-0000000000ff", bytes), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("token");
	TCase *tcase = tcase_create("token");

	tcase_add_test(tcase, tokens_are_random_hex);
	tcase_add_test(tcase, hash_is_sha256);
	tcase_add_test(tcase, tokens_compare);
	tcase_add_test(tcase, codes_are_unbiased);
	tcase_add_test(tcase, codes_without_look_alikes);
	tcase_add_test(tcase, codes_as_typed);
	tcase_add_test(tcase, pins);
	tcase_add_test(tcase, uuids);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
