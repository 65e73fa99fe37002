/* SPDX-License-Identifier: MIT */
/*
 * fuzz_json.c - the strict scanner and the tree
 *
 * What the tree takes the scanner takes; each member that the scanner finds is
 * JSON itself; strings are written so that they read back.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "hyt/json.h"

static void check_members(const struct hyt_json_scan *scan, const char *s,
                          size_t n)
{
    struct hyt_json_scan inner = {0};
    struct hyt_err err;
    size_t col, at = 0;

    CHECK(scan->end <= n && (scan->is_object || scan->n == 0));
    for (size_t i = 0; i < scan->n; i++) {
        const struct hyt_json_member *m = &scan->member[i];

        CHECK(at < m->key && m->key < m->key_end && m->key_end < m->value &&
              m->value < m->value_end && m->value_end <= scan->close);
        at = m->value_end;
        CHECK(hyt_json_scan(&inner, s + m->key, m->key_end - m->key, &col,
                            &err) == 0);
        CHECK(hyt_json_scan(&inner, s + m->value, m->value_end - m->value, &col,
                            &err) == 0);
    }
    hyt_json_scan_free(&inner);
}

/* Walks the tree as its users do. */
static size_t walk(const struct hyt_json *v)
{
    size_t strings = 0;

    if (hyt_json_type(v) == HYT_JSON_STR) {
        struct hyt_buf b = {0};
        struct hyt_json *again;
        struct hyt_err err;
        const char *s = hyt_json_str(v);

        hyt_json_put_str(&b, s, strlen(s));
        again = hyt_json_parse(b.s, b.n, 0, &err);
        CHECK(again && strcmp(hyt_json_str(again), s) == 0);
        hyt_json_free(again);
        hyt_buf_free(&b);
        return 1;
    }
    for (const struct hyt_json *c = hyt_json_child(v); c;
         c = hyt_json_next(c)) {
        if (hyt_json_type(v) == HYT_JSON_OBJECT)
            CHECK(hyt_json_get(v, hyt_json_key(c)) != NULL);
        strings += walk(c);
    }
    return strings;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *s = hyt_strndup((const char *)data, n);
    struct hyt_json_scan scan = {0};
    struct hyt_json *tree;
    struct hyt_err err = {.msg = ""};
    size_t col = 0;
    const int status = hyt_json_scan(&scan, s, n, &col, &err);

    if (status < 0) {
        fuzz_check_failure(&err);
        CHECK(col >= 1 && col <= n + 1);
    } else {
        check_members(&scan, s, n);
    }
    tree = hyt_json_parse(s, n, 0, &err);
    CHECK(!tree || status == 0);
    if (tree) {
        walk(tree);
        (void)!hyt_json_unique(tree, &err);
    } else {
        fuzz_check_failure(&err);
    }
    hyt_json_free(tree);
    hyt_json_scan_free(&scan);
    free(s);
    return 0;
}
