/*
 * expect.h - ck_assert for loops of millions: Check tells its parent of every assertion that holds,
 * which takes longer than what is asserted. These speak only when they fail.
 */
#ifndef TACTUS_TESTS_EXPECT_H
#define TACTUS_TESTS_EXPECT_H

#include <check.h>

#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition))                                                                  \
			ck_abort_msg("%s", #condition);                                            \
	} while (0)

/* Two integers; says what they were. */
#define EXPECT_EQ(left, right)                                                                     \
	do {                                                                                       \
		long long left_ = (long long)(left), right_ = (long long)(right);                  \
		if (left_ != right_)                                                               \
			ck_abort_msg("%s is %lld, %s is %lld", #left, left_, #right, right_);      \
	} while (0)

#endif
