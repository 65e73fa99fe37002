/* SPDX-License-Identifier: MIT */
/* Part of test_json.c: the tree and the writer. */
#ifndef JSON_TREE_H
#define JSON_TREE_H

#include "hyt/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- tree ----------------------------------------------------------------- */

static struct hyt_json *parse(const char *s, size_t col0, struct hyt_err *err)
{
    return hyt_json_parse(s, strlen(s), col0, err);
}

static void test_tree(void **state)
{
    struct hyt_err err;
    struct hyt_json *tree =
        parse(" {\"a\":[1,-2.5e3,1E400],\"A\":\"\\u00e9\\n\",\"b\":true,"
              "\"c\":null,\"d\":{},\"e\":false} ",
              0, &err);
    const struct hyt_json *a, *v;

    (void)state;
    assert_non_null(tree);
    assert_int_equal(hyt_json_type(tree), HYT_JSON_OBJECT);
    assert_int_equal(hyt_json_count(tree), 6);
    a = hyt_json_get(tree, "a");
    assert_int_equal(hyt_json_type(a), HYT_JSON_ARRAY);
    assert_string_equal(hyt_json_key(a), "a");
    assert_int_equal(hyt_json_count(a), 3);
    v = hyt_json_child(a);
    assert_true(hyt_json_num(v) == 1);
    v = hyt_json_next(v);
    assert_true(hyt_json_num(v) == -2500);
    v = hyt_json_next(v);
    assert_true(isinf(hyt_json_num(v)));
    assert_null(hyt_json_next(v));
    assert_string_equal(hyt_json_str(hyt_json_get(tree, "A")), "\xC3\xA9\n");
    assert_true(hyt_json_bool(hyt_json_get(tree, "b")));
    assert_false(hyt_json_bool(hyt_json_get(tree, "e")));
    assert_int_equal(hyt_json_type(hyt_json_get(tree, "c")), HYT_JSON_NULL);
    assert_null(hyt_json_child(hyt_json_get(tree, "d")));
    assert_string_equal(hyt_json_type_name(a), "an array");
    assert_string_equal(hyt_json_type_name(hyt_json_get(tree, "A")),
                        "a string");

    assert_null(hyt_json_get(tree, "B"));
    assert_null(hyt_json_get(a, "a"));
    assert_null(hyt_json_get(NULL, "a"));
    assert_null(hyt_json_child(NULL));
    assert_null(hyt_json_next(NULL));
    assert_int_equal(hyt_json_count(NULL), 0);
    hyt_json_free(tree);
    hyt_json_free(NULL);
}

/* What a double does not tell of a number is kept, of the right number. */
static void test_num_text(void **state)
{
    static const struct {
        const char *text, *kept;
    } row[] = {
        {"[\"-1\\\"2\",{\"3.0\":1.0}]", "1.0"},
        {"[true,{\"e1\":[1e2]}]", "1e2"},
        {"[-7,[[-0.0]]]", "-0.0"},
        {"[1.5,[9007199254740993]]", "9007199254740993"},
        {"[1.5,[9007199254740991]]", NULL},
        {"[1.0,{\"a\":0.5}]", NULL},
        {" 2E0 ", "2E0"},
    };
    struct hyt_err err;

    (void)state;
    for (size_t i = 0; i < HYT_LEN(row); i++) {
        struct hyt_json *tree = parse(row[i].text, 0, &err);
        const struct hyt_json *v = tree;
        const char *kept;

        assert_non_null(tree);
        while (hyt_json_child(v))
            for (v = hyt_json_child(v); hyt_json_next(v);)
                v = hyt_json_next(v);
        kept = hyt_json_num_text(v);
        if (row[i].kept)
            assert_string_equal(kept, row[i].kept);
        else
            assert_null(kept);
        hyt_json_free(tree);
    }
}

static void test_tree_errors(void **state)
{
    static const struct {
        const char *text, *message;
    } row[] = {
        {"[1,}", "14: expected a value"},
        {"{\"a\":\"x\\u0000\"}", "18: \\u0000 in a string"},
        {"{\"\\u0000\":1}", "13: \\u0000 in a string"},
        {"[\"\\\\u0000\",\"\xC3\x28\"]", "23: a byte that is not UTF-8"},
        {"[\"\\uD800x\"]", "13: half of a surrogate pair"},
        {"[\"\\uDC00\\uD800\"]", "13: half of a surrogate pair"},
        {"[\"\\uD800\\u0041\"]", "13: half of a surrogate pair"},
    };
    struct hyt_err err;

    (void)state;
    for (size_t i = 0; i < HYT_LEN(row); i++) {
        assert_null(parse(row[i].text, 10, &err));
        assert_string_equal(err.msg, row[i].message);
    }
}

/* The number is exact, or (by an old cJSON, where it is long) refused; never
 * cut. */
static void check_long(const char *text, bool may_refuse)
{
    struct hyt_err err;
    struct hyt_json *tree = parse(text, 0, &err);
    const struct hyt_json *v = tree;

    if (!tree) {
        assert_true(may_refuse);
        assert_non_null(strstr(err.msg, "a number of more than 63 characters"));
        return;
    }
    if (*text == '[')
        v = hyt_json_child(tree);
    assert_true(hyt_json_num(v) == strtod(text + (*text == '['), NULL));
    hyt_json_free(tree);
}

static void test_long_number(void **state)
{
    static const char zeros[] = "000000000000000000000000000000000000000000000"
                                "0000000000000000000000000000000";
    char s[128];

    (void)state;
    for (int n = 0; n < 70; n++) {
        snprintf(s, sizeof s, "0.%.*s125e40", n, zeros);
        check_long(s, strlen(s) > 63);
        snprintf(s, sizeof s, "[0.%.*s125e40]", n, zeros);
        check_long(s, strlen(s) > 65);
        snprintf(s, sizeof s, "1%.*s", n, zeros);
        check_long(s, strlen(s) > 63);
    }
}

static void test_unique(void **state)
{
    static const struct {
        const char *text;
        bool unique;
    } row[] = {
        {"{}", true},
        {"{\"a\":1,\"A\":1}", true},
        {"[{\"a\":1},{\"a\":1}]", true},
        {"{\"a\":{\"a\":1}}", true},
        {"{\"a\":1,\"b\":2,\"a\":1}", false},
        {"{\"a\":1,\"\\u0061\":1}", false},
        {"[1,{\"x\":[{\"y\":1,\"y\":1}]}]", false},
    };

    (void)state;
    for (size_t i = 0; i < HYT_LEN(row); i++) {
        struct hyt_err err;
        struct hyt_json *tree = parse(row[i].text, 0, &err);

        assert_non_null(tree);
        assert_int_equal(hyt_json_unique(tree, &err) == 0, row[i].unique);
        hyt_json_free(tree);
    }
}

/* --- writing -------------------------------------------------------------- */

/* What is written is JSON that reads back as the same text. */
static void test_write(void **state)
{
    static const char text[] = "q\"b\\s/ \x01\x1f\x7f\b\f\n\r\t \xC3\xA9"
                               "\xF0\x9F\x98\x80";
    struct hyt_buf b = {0};
    struct hyt_json *tree;
    struct hyt_err err;

    (void)state;
    hyt_json_put_str(&b, text, strlen(text));
    assert_string_equal(b.s, "\"q\\\"b\\\\s/ \\u0001\\u001f\x7f\\u0008\\u000c"
                             "\\n\\r\\t \xC3\xA9\xF0\x9F\x98\x80\"");
    tree = hyt_json_parse(b.s, b.n, 0, &err);
    assert_non_null(tree);
    assert_string_equal(hyt_json_str(tree), text);
    hyt_json_free(tree);

    hyt_buf_reset(&b);
    hyt_json_put_str(&b, "", 0);
    hyt_json_put_str(&b, "a\0b", 3);
    hyt_json_put_f32(&b, 0.1f);
    hyt_buf_putc(&b, ' ');
    hyt_json_put_f64(&b, -0.1);
    hyt_buf_putc(&b, ' ');
    hyt_json_put_int(&b, INT64_MIN);
    hyt_buf_putc(&b, ' ');
    hyt_json_put_f64_or_null(&b, (double)NAN);
    hyt_json_put_f64_or_null(&b, -(double)INFINITY);
    hyt_json_put_f64_or_null(&b, 3);
    assert_string_equal(
        b.s, "\"\"\"a\\u0000b\"0.1 -0.1 -9223372036854775808 nullnull3");
    hyt_buf_free(&b);
}

#endif
