/* SPDX-License-Identifier: MIT */
/*
 * model.h - what the static analyser cannot see from one file: a function
 * that reports a failure returns -1, cmocka's skip() and fail() do not return
 */
#ifndef HYT_LINT_MODEL_H
#define HYT_LINT_MODEL_H

#include "hyt/record.h"

#define hyt_fail(...)        (hyt_fail(__VA_ARGS__), -1)
#define hyt_fail_errno(...)  (hyt_fail_errno(__VA_ARGS__), -1)
#define hyt_fail_record(...) (hyt_fail_record(__VA_ARGS__), -1)
#define hyt_fail_prefix(...) (hyt_fail_prefix(__VA_ARGS__), -1)
#define hyt_rec_fail(...)    (hyt_rec_fail(__VA_ARGS__), -1)

void _skip(const char *file, int line) HYT_NORETURN;
void _fail(const char *file, int line) HYT_NORETURN;

#endif
