/* SPDX-License-Identifier: MIT */
/*
 * record_help.h - a record for each test, from line 3 of the file "f"
 */
#ifndef RECORD_HELP_H
#define RECORD_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hyt/record.h"

extern struct hyt_rec *rec;
extern struct hyt_err err; /* of the last call that failed */

int setup(void **state);
int teardown(void **state);

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int load_bytes(struct hyt_rec *to, const char *s, size_t n);
void load(const char *s); /* into rec; must not fail */
void assert_prints(const struct hyt_rec *r, const char *want);
void set(const char *name, const char *json);

/* `call` fails as one record's fault with this message. */
#define assert_fails(call, message)                                            \
    do {                                                                       \
        err = (struct hyt_err){0};                                             \
        assert_int_equal((call), -1);                                          \
        assert_string_equal(err.msg, message);                                 \
        assert_int_equal(err.bad_record, 1);                                   \
    } while (0)

#endif
