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

#include <string.h>

#include "hyt/record.h"

static struct hyt_rec *rec;
static struct hyt_err err; /* of the last call that failed */

static inline int setup(void **state)
{
    (void)state;
    rec = hyt_rec_new();
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    hyt_rec_free(rec);
    return 0;
}

static inline int load_bytes(struct hyt_rec *to, const char *s, size_t n)
{
    struct hyt_line line = {.s = s, .n = n, .file = "f", .lineno = 3};

    err = (struct hyt_err){0};
    return hyt_rec_load(to, &line, &err);
}

static inline void load(const char *s)
{
    if (load_bytes(rec, s, strlen(s)) < 0)
        fail_msg("%s", err.msg);
}

static inline void assert_prints(const struct hyt_rec *r, const char *want)
{
    struct hyt_buf b = {0};

    hyt_rec_print(r, &b);
    assert_string_equal(b.s, want);
    assert_int_equal(b.n, strlen(want));
    hyt_buf_free(&b);
}

static inline void set(const char *name, const char *json)
{
    hyt_rec_set(rec, name, json, strlen(json));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* `call` fails as one record's fault with this message. */
#define assert_fails(call, message)                                            \
    do {                                                                       \
        err = (struct hyt_err){0};                                             \
        assert_int_equal((call), -1);                                          \
        assert_string_equal(err.msg, message);                                 \
        assert_int_equal(err.bad_record, 1);                                   \
    } while (0)

#endif
