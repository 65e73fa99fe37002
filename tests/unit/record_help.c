/* SPDX-License-Identifier: MIT */
/* What the tests of records share. */
#include "record_help.h"

#include <string.h>

struct hyt_rec *rec;
struct hyt_err err;

int setup(void **state)
{
    (void)state;
    rec = hyt_rec_new();
    return 0;
}

int teardown(void **state)
{
    (void)state;
    hyt_rec_free(rec);
    return 0;
}

int load_bytes(struct hyt_rec *to, const char *s, size_t n)
{
    struct hyt_line line = {.s = s, .n = n, .file = "f", .lineno = 3};

    err = (struct hyt_err){0};
    return hyt_rec_load(to, &line, &err);
}

void load(const char *s)
{
    if (load_bytes(rec, s, strlen(s)) < 0)
        fail_msg("%s", err.msg);
}

void assert_prints(const struct hyt_rec *r, const char *want)
{
    struct hyt_buf b = {0};

    hyt_rec_print(r, &b);
    assert_string_equal(b.s, want);
    assert_int_equal(b.n, strlen(want));
    hyt_buf_free(&b);
}

void set(const char *name, const char *json)
{
    hyt_rec_set(rec, name, json, strlen(json));
}
