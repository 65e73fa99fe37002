/* SPDX-License-Identifier: MIT */
/* The scanner here, the tree and the writer in json_tree.h.  JSONTestSuite's
 * files are read from $HYT_SHARED or ../shared where that is there. */
#include "json_tree.h"
#include "shared.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Scans a copy without a NUL behind it, so that AddressSanitizer sees a read
 * past the end.  The column of the error, or 0. */
static size_t scan_bytes(const char *s, size_t n, struct hyt_err *err)
{
    struct hyt_json_scan scan = {0};
    char *copy = malloc(n ? n : 1);
    size_t col = 0;

    memcpy(copy, s, n);
    if (hyt_json_scan(&scan, copy, n, &col, err) == 0)
        assert_int_equal(col, 0);
    else
        assert_true(col >= 1 && col <= n + 1);
    hyt_json_scan_free(&scan);
    free(copy);
    return col;
}

/* --- scanner -------------------------------------------------------------- */

static void test_scan_errors(void **state)
{
    static const struct {
        const char *text;
        size_t col;
        const char *message;
    } row[] = {
        {"", 1, "expected a value"},
        {"  ", 3, "expected a value"},
        {"tru", 1, "expected a value"},
        {"[1,]", 4, "expected a value"},
        {"[1 2]", 4, "expected \",\" or \"]\""},
        {"[1}", 3, "expected \",\" or \"]\""},
        {"[", 2, "expected a value"},
        {"{\"a\":1 \"b\"", 8, "expected \",\" or \"}\""},
        {"{\"a\":1,}", 8, "expected a key in quotes"},
        {"{a:1}", 2, "expected a key in quotes"},
        {"{\"a\" 1}", 6, "expected \":\""},
        {"{\"a\":}", 6, "expected a value"},
        {"1 2", 3, "text after the value"},
        {"{}}", 3, "text after the value"},
        {"nullx", 5, "text after the value"},
        {"01", 1, "a number with a leading zero"},
        {"-", 2, "expected a digit"},
        {"1.", 3, "expected a digit"},
        {"1e+", 4, "expected a digit"},
        {"+1", 1, "expected a value"},
        {"NaN", 1, "expected a value"},
        {"[\"ab", 2, "a string without its closing quote"},
        {"\"a\tb\"", 3, "a control character in a string"},
        {"\"\\x41\"", 2, "a \\ escape that JSON does not have"},
        {"\"\\u12g4\"", 6, "expected four hexadecimal digits after \\u"},
        {"\xEF\xBB\xBF{}", 1, "expected a value"},
    };

    (void)state;
    for (size_t i = 0; i < HYT_LEN(row); i++) {
        struct hyt_err err;

        assert_int_equal(scan_bytes(row[i].text, strlen(row[i].text), &err),
                         row[i].col);
        assert_string_equal(err.msg, row[i].message);
    }
}

static void test_scan_nul(void **state)
{
    struct hyt_err err;

    (void)state;
    assert_int_equal(scan_bytes("[1\0]", 4, &err), 3);
    assert_int_equal(scan_bytes("\"a\0\"", 4, &err), 3);
    assert_int_equal(scan_bytes("1\0", 2, &err), 2);
    assert_int_equal(scan_bytes("\0", 1, &err), 1);
}

/* 1000 levels of either kind pass, 1001 do not. */
static void test_depth(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (size_t depth = HYT_JSON_DEPTH; depth < HYT_JSON_DEPTH + 2;
             depth++) {
            struct hyt_buf b = {0};
            struct hyt_err err;
            struct hyt_json *tree;
            const bool fits = depth <= HYT_JSON_DEPTH;

#define IS_OBJECT(d) (kind == 1 || (kind == 2 && (d) % 3 == 0))
            for (size_t d = 0; d < depth; d++)
                hyt_buf_puts(&b, !IS_OBJECT(d)   ? "["
                                 : d + 1 < depth ? "{\"k\":"
                                                 : "{");
            for (size_t d = depth; d-- > 0;)
                hyt_buf_putc(&b, IS_OBJECT(d) ? '}' : ']');
#undef IS_OBJECT
            assert_int_equal(scan_bytes(b.s, b.n, &err) == 0, fits);
            if (!fits)
                assert_string_equal(err.msg, "deeper than 1000");
            tree = hyt_json_parse(b.s, b.n, 0, &err);
            assert_int_equal(tree != NULL, fits);
            if (tree)
                assert_int_equal(hyt_json_unique(tree, &err), 0);
            hyt_json_free(tree);
            hyt_buf_free(&b);
        }
    }
}

static void check_span(const char *s, size_t from, size_t to, const char *want)
{
    assert_int_equal(to - from, strlen(want));
    assert_memory_equal(s + from, want, to - from);
}

/* The spans of the outermost members, whatever stands around and in them. */
static void test_members(void **state)
{
    static const char s[] = " { \"a\" : 1.50 ,\"b\":{\"a\":[{}]}  , "
                            "\"\" :[ 1,{\"x\":2} ],\"a\":\"}\\\"\" } \r\n";
    static const char *const key[] = {"\"a\"", "\"b\"", "\"\"", "\"a\""};
    static const char *const value[] = {"1.50", "{\"a\":[{}]}",
                                        "[ 1,{\"x\":2} ]", "\"}\\\"\""};
    struct hyt_json_scan scan = {0};
    struct hyt_err err;
    size_t col;

    (void)state;
    for (int again = 0; again < 2; again++) {
        assert_int_equal(hyt_json_scan(&scan, s, strlen(s), &col, &err), 0);
        assert_true(scan.is_object);
        assert_int_equal(scan.n, 4);
        for (size_t i = 0; i < 4; i++) {
            const struct hyt_json_member *m = &scan.member[i];

            check_span(s, m->key, m->key_end, key[i]);
            check_span(s, m->value, m->value_end, value[i]);
        }
        check_span(s, scan.close, scan.end, "}");
        assert_int_equal(hyt_json_scan(&scan, "[{\"a\":1}] ", 10, &col, &err),
                         0);
        assert_false(scan.is_object);
        assert_int_equal(scan.n, 0);
        assert_int_equal(scan.end, 9);
    }
    hyt_json_scan_free(&scan);
}

static void test_key_is(void **state)
{
    static const struct {
        const char *key, *name;
        bool same;
    } row[] = {
        {"\"reward\"", "reward", true},
        {"\"Reward\"", "reward", false},
        {"\"rewar\"", "reward", false},
        {"\"rewards\"", "reward", false},
        {"\"re\\u0077ard\"", "reward", true},
        {"\"rewar\\u0064\"", "reward", true},
        {"\"rewar\\u0064s\"", "reward", false},
        {"\"a\\n\\\"\\/\\\\\"", "a\n\"/\\", true},
        {"\"\\u00E9\"", "\xC3\xA9", true},
        {"\"\\uD83D\\ude00\"", "\xF0\x9F\x98\x80", true},
        {"\"\xF0\x9F\x98\x80\\t\"", "\xF0\x9F\x98\x80\t", true},
        {"\"\\uD83D\"", "\xED\xA0\xBD", false},
        {"\"a\\u0000\"", "a", false},
        {"\"\"", "", true},
        {"\"\\u0061\"", "", false},
    };

    (void)state;
    for (size_t i = 0; i < HYT_LEN(row); i++)
        assert_int_equal(
            hyt_json_key_is(row[i].key, strlen(row[i].key), row[i].name),
            row[i].same);
}

/* --- JSONTestSuite -------------------------------------------------------- */

static char *slurp(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    char *s = hyt_alloc(1 << 20, 1);

    assert_non_null(f);
    *n = fread(s, 1, 1 << 20, f);
    assert_int_equal(fclose(f), 0);
    return s;
}

/* Every y_ file is JSON and parses; no n_ file does; i_ files may do as they
 * like but must not crash. */
static void test_suite(void **state)
{
    size_t yes = 0, no = 0;
    char dir[SHARED_PATH];
    struct dirent *e;
    DIR *d;

    (void)state;
    shared_path(dir, "data/json/test_parsing");
    d = opendir(dir);
    assert_non_null(d);
    while ((e = readdir(d))) {
        char path[1024];
        struct hyt_err err;
        struct hyt_json *tree;
        size_t n;
        char *s;
        bool taken;

        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        s = slurp(path, &n);
        taken = scan_bytes(s, n, &err) == 0;
        tree = hyt_json_parse(s, n, 0, &err);
        if (e->d_name[0] == 'y' && !taken)
            fail_msg("%s: %s", e->d_name, err.msg);
        /* A valid string with \u0000 is what the tree refuses. */
        if (e->d_name[0] == 'y' && !tree && !strstr(err.msg, "\\u0000"))
            fail_msg("%s: %s", e->d_name, err.msg);
        if (e->d_name[0] == 'n' && (taken || tree))
            fail_msg("%s is taken", e->d_name);
        yes += e->d_name[0] == 'y';
        no += e->d_name[0] == 'n';
        hyt_json_free(tree);
        free(s);
    }
    closedir(d);
    assert_true(yes >= 95 && no >= 187);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan_errors), cmocka_unit_test(test_scan_nul),
        cmocka_unit_test(test_depth),       cmocka_unit_test(test_members),
        cmocka_unit_test(test_key_is),      cmocka_unit_test(test_suite),
        cmocka_unit_test(test_tree),        cmocka_unit_test(test_num_text),
        cmocka_unit_test(test_tree_errors), cmocka_unit_test(test_long_number),
        cmocka_unit_test(test_unique),      cmocka_unit_test(test_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
