/* SPDX-License-Identifier: MIT */
/*
 * test_record.c - what is not set stays as it came; what is read is checked
 *
 * All records come from line 3 of the file "f".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hyt/record.h"

static struct hyt_rec *rec;
static struct hyt_err err;

static int setup(void **state)
{
    (void)state;
    rec = hyt_rec_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hyt_rec_free(rec);
    return 0;
}

static int load_bytes(struct hyt_rec *to, const char *s, size_t n)
{
    struct hyt_line line = {.s = s, .n = n, .file = "f", .lineno = 3};

    err = (struct hyt_err){0};
    return hyt_rec_load(to, &line, &err);
}

static void load(const char *s)
{
    if (load_bytes(rec, s, strlen(s)) < 0)
        fail_msg("%s", err.msg);
}

static void assert_prints(const struct hyt_rec *r, const char *want)
{
    struct hyt_buf b = {0};

    hyt_rec_print(r, &b);
    assert_string_equal(b.s, want);
    assert_int_equal(b.n, strlen(want));
    hyt_buf_free(&b);
}

static void set(const char *name, const char *json)
{
    hyt_rec_set(rec, name, json, strlen(json));
}

/* `call` fails as one record's fault with this message. */
#define assert_fails(call, message)                                            \
    do {                                                                       \
        err = (struct hyt_err){0};                                             \
        assert_int_equal((call), -1);                                          \
        assert_string_equal(err.msg, message);                                 \
        assert_int_equal(err.bad_record, 1);                                   \
    } while (0)

/* --- loading ---------------------------------------------------------------
 */

static void assert_load_fails(const char *s, const char *message)
{
    assert_fails(load_bytes(rec, s, strlen(s)), message);
}

static void test_load(void **state)
{
    const char *s;
    size_t n;

    (void)state;
    load(" {\"a\" : 1} ");
    s = hyt_rec_bytes(rec, &n);
    assert_int_equal(n, 11);
    assert_string_equal(s, " {\"a\" : 1} ");
    assert_string_equal(hyt_rec_file(rec), "f");
    assert_int_equal(hyt_rec_lineno(rec), 3);

    assert_load_fails("[1]", "f:3:1: expected an object");
    assert_load_fails(" \"a\"", "f:3:2: expected an object");
    assert_load_fails("{\"a\":1", "f:3:7: expected \",\" or \"}\"");
    assert_load_fails("{\"a\":01}", "f:3:6: a number with a leading zero");
    assert_load_fails("{} {}", "f:3:4: text after the value");
    /* A failed load leaves nothing of the record before it. */
    load("{\"a\":1}");
    assert_int_equal(load_bytes(rec, "{", 1), -1);
    assert_int_equal(hyt_rec_int(rec, "a", &(int64_t){0}, &err), 0);
}

/* --- untouched bytes -------------------------------------------------------
 */

static const char *const foreign[] = {
    "{}",
    "{ }",
    " {\"a\":1}\t",
    "{\"x\":9007199254740993,\"y\":0.30000000000000004,\"z\":1E400}",
    "{\"x\":1.0,\"y\":1.10,\"z\":1e2,\"w\":-0}",
    "{\"s\":\"ab\\u0000cd\",\"t\":\"\\ud800\",\"u\":\"\\/\\u00e9\"}",
    "{\"s\":\"\xff\xfe\"}",
    "{\"dup\":1,\"dup\":2,\"in\":{\"d\":1,\"d\":2}}",
    "{ \"a\"\t:  [1 ,2 ]  ,\"b\":{ }  }",
    "{\"\":0,\"a.b\":1,\"a\":{\"b\":2}}",
};

static void test_untouched(void **state)
{
    (void)state;
    for (size_t i = 0; i < HYT_LEN(foreign); i++) {
        const struct hyt_json *v;

        load(foreign[i]);
        assert_prints(rec, foreign[i]);
        assert_int_equal(hyt_rec_get(rec, "nothing", &v, &err), 0);
        assert_prints(rec, foreign[i]);
    }
}

/* A new member goes before the closing brace and leaves the rest as it is. */
static void test_untouched_beside(void **state)
{
    (void)state;
    for (size_t i = 0; i < HYT_LEN(foreign); i++) {
        const char *brace = strrchr(foreign[i], '}');
        struct hyt_buf want = {0};
        bool empty = i < 2;

        load(foreign[i]);
        set("mine", "[1,2]");
        hyt_buf_put(&want, foreign[i], (size_t)(brace - foreign[i]));
        hyt_buf_puts(&want, empty ? "" : ",");
        hyt_buf_puts(&want, "\"mine\":[1,2]");
        hyt_buf_puts(&want, brace);
        assert_prints(rec, want.s);
        hyt_rec_unset_all(rec);
        assert_prints(rec, foreign[i]);
        hyt_buf_free(&want);
    }
}

static void test_long_line(void **state)
{
    const size_t n = 10 * 1000 * 1000;
    struct hyt_buf b = {0}, out = {0};
    const char *s;
    size_t got;

    (void)state;
    hyt_buf_puts(&b, "{\"text\":\"");
    for (size_t i = 0; i < n; i++)
        hyt_buf_putc(&b, (char)('a' + i % 26));
    hyt_buf_puts(&b, "\",\"x\":1}");
    assert_int_equal(load_bytes(rec, b.s, b.n), 0);
    set("x", "2");
    hyt_rec_print(rec, &out);
    b.s[b.n - 2] = '2';
    assert_int_equal(out.n, b.n);
    assert_memory_equal(out.s, b.s, b.n);
    assert_int_equal(hyt_rec_str(rec, "text", &s, &got, &err), 1);
    assert_int_equal(got, n);
    hyt_buf_free(&b);
    hyt_buf_free(&out);
}

/* --- setting ---------------------------------------------------------------
 */

static void test_set(void **state)
{
    (void)state;
    load("{\"a\": 1 , \"b\":{\"a\":5},\"c\":\"x\"}");
    set("c", "[]");
    set("new", "null");
    set("a", "true");
    hyt_rec_set_str(rec, "k\"\n", "v\"\\\x01\xc3\xa9", 6);
    hyt_rec_set_int(rec, "i", INT64_MIN);
    assert_prints(rec, "{\"a\": true , \"b\":{\"a\":5},\"c\":[],\"new\":null,"
                       "\"k\\\"\\n\":\"v\\\"\\\\\\u0001\xc3\xa9\","
                       "\"i\":-9223372036854775808}");
    /* A second value replaces the first, in the first one's place. */
    set("new", "{\"z\":0}");
    set("a", "1.50");
    assert_prints(rec, "{\"a\": 1.50 , \"b\":{\"a\":5},\"c\":[],"
                       "\"new\":{\"z\":0},"
                       "\"k\\\"\\n\":\"v\\\"\\\\\\u0001\xc3\xa9\","
                       "\"i\":-9223372036854775808}");
    hyt_rec_unset_all(rec);
    assert_prints(rec, "{\"a\": 1 , \"b\":{\"a\":5},\"c\":\"x\"}");

    load("{}");
    set("a", "1");
    set("b", "2");
    assert_prints(rec, "{\"a\":1,\"b\":2}");
    /* The key is the one that it means, however it is spelled. */
    load("{\"\\u0061\":1}");
    set("a", "2");
    assert_prints(rec, "{\"\\u0061\":2}");
    load("{\"A\":1}");
    set("a", "2");
    assert_prints(rec, "{\"A\":1,\"a\":2}");
}

static void test_set_is_seen(void **state)
{
    const struct hyt_json *v;
    const char *s, *again;
    size_t n;
    int64_t x;

    (void)state;
    load("{\"a\":\"old\",\"b\":{\"c\":1}}");
    assert_int_equal(hyt_rec_str(rec, "a", &s, &n, &err), 1);
    hyt_rec_set_str(rec, "a", "new", 3);
    assert_string_equal(s, "old"); /* lives until the next load */
    assert_int_equal(hyt_rec_str(rec, "a", &again, &n, &err), 1);
    assert_string_equal(again, "new");
    hyt_rec_set_str(rec, "a", again, n);
    assert_int_equal(hyt_rec_str(rec, "a", &again, &n, &err), 1);
    assert_string_equal(again, "new");
    set("b", "{\"c\":2}");
    assert_int_equal(hyt_rec_int(rec, "b.c", &x, &err), 1);
    assert_int_equal(x, 2);
    set("b", "{\"c\":3}");
    assert_int_equal(hyt_rec_int(rec, "b.c", &x, &err), 1);
    assert_int_equal(x, 3);
    set("d", "{\"e\":{\"f\":4}}");
    assert_int_equal(hyt_rec_get(rec, "d.e.f", &v, &err), 1);
    assert_true(hyt_json_num(v) == 4);
    hyt_rec_unset_all(rec);
    assert_string_equal(s, "old");
    assert_string_equal(again, "new");
    assert_int_equal(hyt_rec_int(rec, "b.c", &x, &err), 1);
    assert_int_equal(x, 1);
    assert_int_equal(hyt_rec_get(rec, "d", &v, &err), 0);
}

static void test_copy(void **state)
{
    struct hyt_rec *copy = hyt_rec_new();
    int64_t x;

    (void)state;
    assert_int_equal(load_bytes(copy, "{\"z\":1,\"a\":0,\"y\":2}", 19), 0);
    hyt_rec_set_int(copy, "q", 1);
    load("{\"a\":1,\"b\":2}");
    set("b", "3");
    set("c", "4");
    hyt_rec_copy(copy, rec);
    load("{}");
    assert_prints(copy, "{\"a\":1,\"b\":3,\"c\":4}");
    assert_string_equal(hyt_rec_file(copy), "f");
    assert_int_equal(hyt_rec_lineno(copy), 3);
    assert_int_equal(hyt_rec_int(copy, "b", &x, &err), 1);
    assert_int_equal(x, 3);
    hyt_rec_set_int(copy, "a", 9);
    assert_prints(copy, "{\"a\":9,\"b\":3,\"c\":4}");
    hyt_rec_unset_all(copy);
    assert_prints(copy, "{\"a\":1,\"b\":2}");
    hyt_rec_copy(rec, copy);
    hyt_rec_copy(rec, rec);
    assert_prints(rec, "{\"a\":1,\"b\":2}");
    hyt_rec_free(copy);
}

/* --- looking up ------------------------------------------------------------
 */

static void test_get(void **state)
{
    const struct hyt_json *v;
    const char *s;
    size_t n;

    (void)state;
    load("{\"a\":{\"b\":{\"c\":\"deep\"},\"n\":null},\"a.b\":\"dotted\","
         "\"s\":\"\\u00e9\\ud83d\\ude00\\n\",\"n\":null,\"e\":\"\"}");
    assert_int_equal(hyt_rec_str(rec, "a.b", &s, &n, &err), 1);
    assert_string_equal(s, "dotted");
    assert_int_equal(hyt_rec_str(rec, "a.b.c", &s, &n, &err), 1);
    assert_string_equal(s, "deep");
    assert_int_equal(n, 4);
    assert_int_equal(hyt_rec_str(rec, "s", &s, &n, &err), 1);
    assert_string_equal(s, "\xc3\xa9\xf0\x9f\x98\x80\n");
    assert_int_equal(n, 7);
    assert_int_equal(hyt_rec_str(rec, "e", &s, &n, &err), 1);
    assert_int_equal(n, 0);

    assert_int_equal(hyt_rec_get(rec, "a", &v, &err), 1);
    assert_int_equal(hyt_json_type(v), HYT_JSON_OBJECT);
    assert_int_equal(hyt_rec_get(rec, "n", &v, &err), 1);
    assert_int_equal(hyt_json_type(v), HYT_JSON_NULL);
    assert_int_equal(hyt_rec_get(rec, "a.x", &v, &err), 0);
    assert_int_equal(hyt_rec_get(rec, "s.x", &v, &err), 0);
    assert_int_equal(hyt_rec_get(rec, "S", &v, &err), 0);
    assert_int_equal(hyt_rec_str(rec, "n", &s, &n, &err), 0);
    assert_int_equal(hyt_rec_str(rec, "a.n", &s, &n, &err), 0);
    assert_int_equal(hyt_rec_str(rec, "a.n.x", &s, &n, &err), 0);
    assert_int_equal(hyt_rec_str(rec, "zz", &s, &n, &err), 0);
    assert_int_equal(hyt_rec_str(rec, "zz.z", &s, &n, &err), 0);
    assert_fails(hyt_rec_str(rec, "a", &s, &n, &err),
                 "f:3:6: \"a\" is an object, expected a string");
}

static void test_get_errors(void **state)
{
    const struct hyt_json *v;
    const char *s;
    size_t n;
    double x;

    (void)state;
    load("{\"a\":1, \"b\":\"x\\u0000\", \"a\":2,\"c\":\"\xff\",\"d\":{\"k\":{"
         "\"e\":1,\"e\":2}},\"h\":\"\\ud800\"}");
    assert_fails(hyt_rec_get(rec, "a", &v, &err), "f:3:24: a second key \"a\"");
    assert_fails(hyt_rec_num(rec, "a", &x, &err), "f:3:24: a second key \"a\"");
    assert_fails(hyt_rec_get(rec, "b", &v, &err),
                 "f:3:15: \\u0000 in a string in \"b\"");
    assert_fails(hyt_rec_str(rec, "c", &s, &n, &err),
                 "f:3:35: a byte that is not UTF-8 in \"c\"");
    assert_fails(hyt_rec_get(rec, "d", &v, &err),
                 "f:3:42: \"d\" has two members named \"e\"");
    assert_fails(hyt_rec_get(rec, "d", &v, &err),
                 "f:3:42: \"d\" has two members named \"e\"");
    assert_fails(hyt_rec_num(rec, "d.k.e", &x, &err),
                 "f:3:54: a second key \"e\"");
    assert_fails(hyt_rec_get(rec, "h", &v, &err),
                 "f:3:67: half of a surrogate pair in \"h\"");
}

static void test_fail(void **state)
{
    (void)state;
    load("{\"a\":1, \"b\": {\"c\":0}, \"d.e\":5}");
    assert_fails(hyt_rec_fail(rec, "b", &err, "no %s", "good"),
                 "f:3:14: no good");
    assert_fails(hyt_rec_fail(rec, "b.c", &err, "x"), "f:3:14: x");
    assert_fails(hyt_rec_fail(rec, "d.e", &err, "x"), "f:3:29: x");
    assert_fails(hyt_rec_fail(rec, "z", &err, "x"), "f:3:1: x");
    assert_fails(hyt_rec_fail(rec, NULL, &err, "x"), "f:3:1: x");
}

static void test_num(void **state)
{
    double x = 0;

    (void)state;
    load("{\"a\":-1.5e3,\"b\":1E400,\"c\":\"1\",\"d\":null,\"e\":[1],"
         "\"f\":4.9e-324,\"g\":-1e309,\"h\":{\"i\":true}}");
    assert_int_equal(hyt_rec_num(rec, "a", &x, &err), 1);
    assert_true(x == -1500);
    assert_int_equal(hyt_rec_num(rec, "f", &x, &err), 1);
    assert_true(x == 4.9e-324);
    assert_int_equal(hyt_rec_num(rec, "d", &x, &err), 0);
    assert_int_equal(hyt_rec_num(rec, "zz", &x, &err), 0);
    assert_fails(hyt_rec_num(rec, "b", &x, &err),
                 "f:3:17: \"b\" is 1E400, too large for a double");
    assert_fails(hyt_rec_num(rec, "g", &x, &err),
                 "f:3:65: \"g\" is -1e309, too large for a double");
    assert_fails(hyt_rec_num(rec, "c", &x, &err),
                 "f:3:27: \"c\" is a string, expected a number");
    assert_fails(hyt_rec_num(rec, "e", &x, &err),
                 "f:3:44: \"e\" is an array, expected a number");
    assert_fails(hyt_rec_num(rec, "h.i", &x, &err),
                 "f:3:81: \"h.i\" is a boolean, expected a number");
}

static void test_int(void **state)
{
    static const struct {
        const char *text;
        int64_t x;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"42", 42},
        {"1.0", 1},
        {"-1e3", -1000},
        {"1.5e1", 15},
        {"9007199254740993", 9007199254740993},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };
    static const char *const bad[] = {
        "1.5",
        "9223372036854775808",
        "-9223372036854775809",
        "1e19",
        "1e400",
        "1e-1",
        "123456789012345678901234567890123456789012345678901234567890",
    };
    int64_t x;

    (void)state;
    for (size_t i = 0; i < HYT_LEN(good); i++) {
        char s[80];

        snprintf(s, sizeof(s), "{\"a\":%s}", good[i].text);
        load(s);
        assert_int_equal(hyt_rec_int(rec, "a", &x, &err), 1);
        assert_true(x == good[i].x);
    }
    for (size_t i = 0; i < HYT_LEN(bad); i++) {
        char s[80], want[160];

        snprintf(s, sizeof(s), "{\"a\":%s}", bad[i]);
        snprintf(want, sizeof(want),
                 "f:3:6: \"a\" is %.40s, expected a 64-bit integer", bad[i]);
        load(s);
        assert_fails(hyt_rec_int(rec, "a", &x, &err), want);
    }
}

/* --- arrays ----------------------------------------------------------------
 */

static void test_arrays(void **state)
{
    const int32_t *i;
    const float *f;
    const double *d;
    size_t n;

    (void)state;
    load("{\"t\":{\"i\":[ 1 ,-2,2147483647 , -2147483648,3.0],\"e\":[ ],"
         "\"f\":[-0.5,1e-3],\"z\":null},\"d\":[0.1,1e308,-0]}");
    assert_int_equal(hyt_rec_i32s(rec, "t.i", &i, &n, &err), 1);
    assert_int_equal(n, 5);
    assert_int_equal(i[0], 1);
    assert_int_equal(i[1], -2);
    assert_int_equal(i[2], INT32_MAX);
    assert_true(i[3] == INT32_MIN);
    assert_int_equal(i[4], 3);
    assert_int_equal(hyt_rec_f32s(rec, "t.f", &f, &n, &err), 1);
    assert_int_equal(n, 2);
    assert_true(f[0] == -0.5f && f[1] == 1e-3f);
    assert_int_equal(hyt_rec_f64s(rec, "d", &d, &n, &err), 1);
    assert_int_equal(n, 3);
    assert_true(d[0] == 0.1 && d[1] == 1e308 && d[2] == 0 && signbit(d[2]));
    f = NULL;
    assert_int_equal(hyt_rec_f32s(rec, "t.e", &f, &n, &err), 1);
    assert_int_equal(n, 0);
    assert_non_null(f);
    assert_int_equal(hyt_rec_f32s(rec, "t.z", &f, &n, &err), 0);
    assert_int_equal(hyt_rec_f32s(rec, "t.none", &f, &n, &err), 0);
}

static void test_array_errors(void **state)
{
    const int32_t *i;
    const float *f;
    const double *d;
    size_t n;

    (void)state;
    load("{\"a\":[1, 2.5],\"b\":[2147483648],\"c\":[\"x\"],\"d\":{\"e\":[0 ,"
         "1e39 ]},\"g\":[1E400,null],\"h\":{}, \"i\":[1,null]}");
    assert_fails(hyt_rec_i32s(rec, "a", &i, &n, &err),
                 "f:3:10: \"a[1]\" is 2.5, expected a 32-bit integer");
    assert_fails(hyt_rec_i32s(rec, "b", &i, &n, &err),
                 "f:3:20: \"b[0]\" is 2147483648, expected a 32-bit integer");
    assert_fails(hyt_rec_f64s(rec, "c", &d, &n, &err),
                 "f:3:37: \"c[0]\" is a string, expected a finite number");
    assert_fails(hyt_rec_f32s(rec, "d.e", &f, &n, &err),
                 "f:3:55: \"d.e[1]\" is 1e39, expected a finite float");
    assert_fails(hyt_rec_f64s(rec, "g", &d, &n, &err),
                 "f:3:68: \"g[0]\" is 1E400, expected a finite number");
    assert_fails(hyt_rec_f64s(rec, "h", &d, &n, &err),
                 "f:3:84: \"h\" is an object, expected an array of numbers");
    assert_fails(hyt_rec_f64s(rec, "i", &d, &n, &err),
                 "f:3:95: \"i[1]\" is null, expected a finite number");
}

/* Every number is read as strtod() reads it. */
static void test_array_values(void **state)
{
    static const char *const hard[] = {
        "0.1",
        "9007199254740993",
        "9007199254740992",
        "123456789012345678",
        "1234567890123456789012345",
        "0.000000000000000000000000000001",
        "1e22",
        "1e23",
        "8.5e22",
        "1e-22",
        "1e-23",
        "2.2250738585072011e-308",
        "1.7976931348623157e308",
        "5e-324",
        "1e-400",
        "0e999999999999",
        "0.3e1",
        "0.00123E+5",
        "100000000000000000000e-20",
        "0.99999999999999994448884876874",
        "18446744073709551616",
        "18446744073709551617.5",
        "-3.4028235e38",
        "3.4028235677973362e38",
        "1.17549435e-38",
        "1.4e-45",
    };
    struct hyt_buf b = {0};
    const double *d;
    const float *f;
    size_t n;

    (void)state;
    hyt_buf_puts(&b, "{\"d\":[");
    for (size_t i = 0; i < HYT_LEN(hard); i++)
        hyt_buf_printf(&b, "%s,", hard[i]);
    for (uint64_t i = 0; i < 20000; i++) {
        double x = hyt_rng_normal(1, i) * pow(10, (double)(i % 60) - 30);

        hyt_buf_printf(&b, "%.*g,", (int)(i % 18) + 1, x);
    }
    hyt_buf_puts(&b, "0]}");
    assert_int_equal(load_bytes(rec, b.s, b.n), 0);
    assert_int_equal(hyt_rec_f64s(rec, "d", &d, &n, &err), 1);
    assert_int_equal(n, HYT_LEN(hard) + 20001);
    for (size_t i = 0, at = 6; i < n; i++) {
        char *end;
        double want = strtod(b.s + at, &end);

        assert_memory_equal(&d[i], &want, sizeof(want));
        at = (size_t)(end - b.s) + 1;
    }
    hyt_buf_free(&b);

    load("{\"f\":[3.4028235e38,3.4028235677973362e38,1.4e-45,0.1,"
         "16777217,1.00000017881393421514957253748434595763683319091796875]}");
    assert_int_equal(hyt_rec_f32s(rec, "f", &f, &n, &err), 1);
    assert_true(f[0] == FLT_MAX && f[1] == FLT_MAX);
    assert_true(f[2] == 0x1p-149f && f[3] == 0.1f && f[4] == 16777216);
    assert_fails((load("{\"f\":[3.4028235677973366e38]}"),
                  hyt_rec_f32s(rec, "f", &f, &n, &err)),
                 "f:3:7: \"f[0]\" is 3.4028235677973366e38, expected a finite "
                 "float");
}

/* --- claim, write ----------------------------------------------------------
 */

static int claim(const char *name, enum hyt_json_type type, const char *members,
                 bool overwrite)
{
    return hyt_rec_claim(rec, name, type, members, overwrite, &err);
}

static void test_claim(void **state)
{
    (void)state;
    load("{\"n\":null,\"s\":\"x\",\"o\":{\"a\":1,\"b\":2},\"l\":[],\"d\":1,"
         "\"d\":2}");
    assert_int_equal(claim("z", HYT_JSON_OBJECT, "a", false), 0);
    assert_int_equal(claim("n", HYT_JSON_OBJECT, "a", false), 0);
    assert_int_equal(claim("s", HYT_JSON_STR, NULL, false), 0);
    assert_int_equal(claim("l", HYT_JSON_ARRAY, NULL, false), 0);
    assert_int_equal(claim("o", HYT_JSON_OBJECT, NULL, false), 0);
    assert_int_equal(claim("o", HYT_JSON_OBJECT, "b,a", false), 0);
    assert_fails(claim("s", HYT_JSON_OBJECT, "a", false),
                 "f:3:15: \"s\" is a string, not an object: hyt did not write "
                 "it (--overwrite replaces it)");
    assert_int_equal(claim("s", HYT_JSON_OBJECT, "a", true), 0);
    assert_fails(claim("o", HYT_JSON_OBJECT, "a,c", false),
                 "f:3:23: \"o\" has no \"c\": hyt did not write it "
                 "(--overwrite replaces it)");
    assert_int_equal(claim("o", HYT_JSON_OBJECT, "a,c", true), 0);
    assert_fails(claim("d", HYT_JSON_NUM, NULL, false),
                 "f:3:50: a second key \"d\"");
    assert_fails(claim("d", HYT_JSON_NUM, NULL, true),
                 "f:3:50: a second key \"d\"");
}

static void test_write(void **state)
{
    char dir[] = "/tmp/hyt-record-XXXXXX", path[64];
    struct hyt_buf b = {0};
    struct hyt_out *out;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/out", dir);
    out = hyt_out_open(path, false, &err);
    assert_non_null(out);
    load("{\"a\":1,\"a\":2,\"b\":3} ");
    assert_int_equal(hyt_rec_write(rec, out, &err), 0);
    set("b", "4");
    set("c", "5");
    assert_int_equal(hyt_rec_write(rec, out, &err), 0);
    set("a", "0");
    assert_fails(hyt_rec_write(rec, out, &err), "f:3:8: a second key \"a\"");
    hyt_rec_unset_all(rec);
    assert_int_equal(hyt_rec_write(rec, out, &err), 0);
    assert_int_equal(hyt_out_close(out, &err), 0);
    assert_int_equal(hyt_file_read(path, 1000, &b, &err), 0);
    assert_string_equal(b.s, "{\"a\":1,\"a\":2,\"b\":3} \n"
                             "{\"a\":1,\"a\":2,\"b\":4,\"c\":5} \n"
                             "{\"a\":1,\"a\":2,\"b\":3} \n");
    hyt_buf_free(&b);
    unlink(path);
    rmdir(dir);
}

/* --- ids -------------------------------------------------------------------
 */

static void test_ids_given(void **state)
{
    static const struct {
        const char *line, *id;
    } good[] = {
        {"{\"id\":\"a-1\"}", "a-1"},
        {"{\"id\":\"\"}", ""},
        {"{\"id\":\"\\u00e9\"}", "\xc3\xa9"},
        {"{\"id\":7}", "7"},
        {"{\"id\":-0}", "-0"},
        {"{\"id\":123456789012345678901}", "123456789012345678901"},
    };
    struct hyt_ids *ids = hyt_ids_new();
    const char *id;

    (void)state;
    for (size_t i = 0; i < HYT_LEN(good); i++) {
        load(good[i].line);
        assert_int_equal(hyt_rec_id(rec, ids, &id, &err), 1);
        assert_string_equal(id, good[i].id);
    }
    load("{\"id\": 1.0}");
    assert_fails(hyt_rec_id(rec, ids, &id, &err),
                 "f:3:8: \"id\" is a fraction, expected a string or an "
                 "integer");
    load("{\"id\":{}}");
    assert_fails(hyt_rec_id(rec, ids, &id, &err),
                 "f:3:7: \"id\" is an object, expected a string or an integer");
    load("{\"id\":true}");
    assert_fails(hyt_rec_id(rec, ids, &id, &err),
                 "f:3:7: \"id\" is a boolean, expected a string or an "
                 "integer");
    load("{\"id\":1,\"id\":1}");
    assert_fails(hyt_rec_id(rec, ids, &id, &err), "f:3:9: a second key \"id\"");
    hyt_ids_free(ids);
    hyt_ids_free(NULL);
}

static void test_ids_made(void **state)
{
    struct hyt_ids *ids = hyt_ids_new();
    struct hyt_rec *copy = hyt_rec_new();
    const char *line = "{\"a\":1}", *id;
    char hex[17], want[40];

    (void)state;
    hyt_hex64(hex, hyt_hash64(line, strlen(line), 0));
    load(line);
    assert_int_equal(hyt_rec_id(rec, ids, &id, &err), 0);
    assert_string_equal(id, hex);
    /* Asked again, also after a member was set and of a copy: the same. */
    set("b", "1");
    assert_int_equal(hyt_rec_id(rec, ids, &id, &err), 0);
    assert_string_equal(id, hex);
    hyt_rec_copy(copy, rec);
    assert_int_equal(hyt_rec_id(copy, ids, &id, &err), 0);
    assert_string_equal(id, hex);
    hyt_rec_set_str(copy, "id", "mine", 4);
    assert_int_equal(hyt_rec_id(copy, ids, &id, &err), 1);
    assert_string_equal(id, "mine");

    for (int k = 1; k < 12; k++) {
        load(line);
        assert_int_equal(hyt_rec_id(rec, ids, &id, &err), 0);
        snprintf(want, sizeof(want), "%s-%d", hex, k);
        assert_string_equal(id, want);
    }
    load("{\"a\":1,\"id\":null}");
    assert_int_equal(hyt_rec_id(rec, ids, &id, &err), 0);
    assert_int_equal(strlen(id), 16);
    hyt_rec_free(copy);
    hyt_ids_free(ids);
}

/* Many records: the table grows and still knows them all. */
static void test_ids_many(void **state)
{
    struct hyt_ids *ids = hyt_ids_new();

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 20000; i++) {
            char line[32];
            const char *id;

            snprintf(line, sizeof(line), "{\"i\":%d}", i);
            load(line);
            assert_int_equal(hyt_rec_id(rec, ids, &id, &err), 0);
            assert_int_equal(strlen(id), round == 0 ? 16 : 18);
            assert_string_equal(id + 16, round == 0 ? "" : "-1");
        }
    }
    hyt_ids_free(ids);
}

/* --- the toolkit's own fields ----------------------------------------------
 */

static void test_tokens(void **state)
{
    static const int32_t prompt[] = {1, 2}, completion[] = {0, 151643, 7},
                         ends[] = {3, 3, 10};
    static const float logp[] = {-0.1f, -1e-10f, -16.118095f};
    struct hyt_tokens t = {.prompt = prompt,
                           .completion = completion,
                           .n_prompt = 2,
                           .n_completion = 3,
                           .logp = logp,
                           .ends = ends};
    struct hyt_tokens got;

    (void)state;
    load("{}");
    assert_int_equal(hyt_rec_tokens(rec, &got, &err), 0);
    hyt_rec_set_tokens(rec, &t);
    assert_prints(rec, "{\"tokens\":{\"prompt\":[1,2],"
                       "\"completion\":[0,151643,7],"
                       "\"logp\":[-0.1,-1e-10,-16.118095],"
                       "\"ends\":[3,3,10]}}");
    assert_int_equal(hyt_rec_tokens(rec, &got, &err), 1);
    assert_int_equal(got.n_prompt, 2);
    assert_int_equal(got.n_completion, 3);
    assert_memory_equal(got.prompt, prompt, sizeof(prompt));
    assert_memory_equal(got.completion, completion, sizeof(completion));
    assert_memory_equal(got.logp, logp, sizeof(logp));
    assert_memory_equal(got.ends, ends, sizeof(ends));

    t.logp = NULL;
    t.n_prompt = t.n_completion = 0;
    hyt_rec_set_tokens(rec, &t);
    assert_prints(rec, "{\"tokens\":{\"prompt\":[],\"completion\":[],"
                       "\"ends\":[]}}");
    assert_int_equal(hyt_rec_tokens(rec, &got, &err), 1);
    assert_null(got.logp);
    assert_int_equal(got.n_completion, 0);
    load("{\"tokens\":null}");
    assert_int_equal(hyt_rec_tokens(rec, &got, &err), 0);
}

static void test_tokens_errors(void **state)
{
    static const struct {
        const char *tokens, *message;
    } bad[] = {
        {"[]", "f:3:11: \"tokens\" is an array, expected an object"},
        {"{}", "f:3:11: \"tokens\" has no \"prompt\""},
        {"{\"prompt\":[]}", "f:3:11: \"tokens\" has no \"completion\""},
        {"{\"prompt\":[],\"completion\":null}",
         "f:3:11: \"tokens\" has no \"completion\""},
        {"{\"prompt\":[],\"completion\":[]}",
         "f:3:11: \"tokens\" has no \"ends\""},
        {"{\"prompt\":[1,\"2\"],\"completion\":[],\"ends\":[]}",
         "f:3:24: \"tokens.prompt[1]\" is a string, expected a 32-bit integer"},
        {"{\"prompt\":[5,-1],\"completion\":[],\"ends\":[]}",
         "f:3:11: \"tokens.prompt[1]\" is -1, less than 0"},
        {"{\"prompt\":[],\"completion\":[1],\"ends\":[]}",
         "f:3:11: \"tokens.ends\" has 0 numbers for 1 tokens of the "
         "completion"},
        {"{\"prompt\":[],\"completion\":[1],\"ends\":[0],\"logp\":[0,0]}",
         "f:3:11: \"tokens.logp\" has 2 numbers for 1 tokens of the "
         "completion"},
        {"{\"prompt\":[],\"completion\":[1,2],\"ends\":[4,3]}",
         "f:3:11: \"tokens.ends[1]\" is 3, after 4"},
        {"{\"prompt\":[],\"prompt\":[],\"completion\":[],\"ends\":[]}",
         "f:3:24: a second key \"prompt\""},
    };
    struct hyt_tokens t;

    (void)state;
    for (size_t i = 0; i < HYT_LEN(bad); i++) {
        char line[200];

        snprintf(line, sizeof(line), "{\"tokens\":%s}", bad[i].tokens);
        load(line);
        assert_fails(hyt_rec_tokens(rec, &t, &err), bad[i].message);
    }
}

static void test_steps(void **state)
{
    static const struct hyt_span text[] = {{0, 4}, {4, 4}, {5, 9}},
                                 tokens[] = {{0, 2}, {2, 2}, {2, 3}};
    struct hyt_span a[3], b[3];
    struct hyt_steps s = {a, b, 3}, got;

    (void)state;
    memcpy(a, text, sizeof(a));
    memcpy(b, tokens, sizeof(b));
    load("{}");
    assert_int_equal(hyt_rec_steps(rec, &got, &err), 0);
    hyt_rec_set_steps(rec, &s);
    assert_prints(rec, "{\"steps\":[{\"text\":[0,4],\"tokens\":[0,2]},"
                       "{\"text\":[4,4],\"tokens\":[2,2]},"
                       "{\"text\":[5,9],\"tokens\":[2,3]}]}");
    assert_int_equal(hyt_rec_steps(rec, &got, &err), 1);
    assert_int_equal(got.n, 3);
    assert_memory_equal(got.text, text, sizeof(text));
    assert_memory_equal(got.tokens, tokens, sizeof(tokens));
    s.tokens = NULL;
    s.n = 1;
    hyt_rec_set_steps(rec, &s);
    assert_prints(rec, "{\"steps\":[{\"text\":[0,4]}]}");
    assert_int_equal(hyt_rec_steps(rec, &got, &err), 1);
    assert_null(got.tokens);
    s.n = 0;
    hyt_rec_set_steps(rec, &s);
    assert_prints(rec, "{\"steps\":[]}");
    assert_int_equal(hyt_rec_steps(rec, &got, &err), 1);
    assert_int_equal(got.n, 0);
}

static void test_steps_errors(void **state)
{
    static const struct {
        const char *steps, *message;
    } bad[] = {
        {"{}", "f:3:10: \"steps\" is an object, expected an array"},
        {"[1]", "f:3:10: \"steps[0]\" has no \"text\""},
        {"[{\"text\":[0,1]},{}]", "f:3:10: \"steps[1]\" has no \"text\""},
        {"[{\"text\":[0]}]",
         "f:3:10: \"steps[0].text\" is no span [begin, end]"},
        {"[{\"text\":[1,0]}]",
         "f:3:10: \"steps[0].text\" is no span [begin, end]"},
        {"[{\"text\":[-1,0]}]",
         "f:3:10: \"steps[0].text\" is no span [begin, end]"},
        {"[{\"text\":[0,1.5]}]",
         "f:3:10: \"steps[0].text\" is no span [begin, end]"},
        {"[{\"text\":[0,1e400]}]",
         "f:3:10: \"steps[0].text\" is no span [begin, end]"},
        {"[{\"text\":[0,1],\"tokens\":[0,\"1\"]}]",
         "f:3:10: \"steps[0].tokens\" is no span [begin, end]"},
        {"[{\"text\":[0,1],\"tokens\":[0,1]},{\"text\":[1,2]}]",
         "f:3:10: some of \"steps\" have \"tokens\", others not"},
        {"[{\"text\":[0,1]},{\"text\":[1,2],\"tokens\":[0,1]}]",
         "f:3:10: some of \"steps\" have \"tokens\", others not"},
        {"[{\"text\":[0,5]},{\"text\":[1,4]}]",
         "f:3:10: \"steps[1]\" ends before the step in front of it"},
        {"[{\"text\":[0,5],\"tokens\":[0,2]},{\"text\":[5,6],"
         "\"tokens\":[0,1]}]",
         "f:3:10: \"steps[1]\" ends before the step in front of it"},
        {"[{\"text\":[0,1],\"text\":[0,1]}]",
         "f:3:10: \"steps\" has two members named \"text\""},
    };
    struct hyt_steps s;

    (void)state;
    for (size_t i = 0; i < HYT_LEN(bad); i++) {
        char line[200];

        snprintf(line, sizeof(line), "{\"steps\":%s}", bad[i].steps);
        load(line);
        assert_fails(hyt_rec_steps(rec, &s, &err), bad[i].message);
    }
}

static void test_final(void **state)
{
    const struct hyt_final f = {
        .text = "4\"2", .n = 3, .bytes = {10, 13}, .tokens = {5, 6}};
    struct hyt_final full = f, got;
    const struct hyt_json *v;

    (void)state;
    load("{}");
    assert_int_equal(hyt_rec_final(rec, &got, &err), 0);
    assert_int_equal(hyt_rec_get(rec, "final", &v, &err), 0);
    hyt_rec_set_final(rec, NULL);
    assert_prints(rec, "{\"final\":null}");
    assert_int_equal(hyt_rec_final(rec, &got, &err), 0);
    assert_int_equal(hyt_rec_get(rec, "final", &v, &err), 1);
    hyt_rec_set_final(rec, &f);
    assert_prints(rec, "{\"final\":{\"text\":\"4\\\"2\",\"bytes\":[10,13]}}");
    assert_int_equal(hyt_rec_final(rec, &got, &err), 1);
    assert_false(got.has_tokens);
    full.has_tokens = true;
    hyt_rec_set_final(rec, &full);
    assert_prints(rec, "{\"final\":{\"text\":\"4\\\"2\",\"bytes\":[10,13],"
                       "\"tokens\":[5,6]}}");
    assert_int_equal(hyt_rec_final(rec, &got, &err), 1);
    assert_string_equal(got.text, "4\"2");
    assert_int_equal(got.n, 3);
    assert_int_equal(got.bytes.begin, 10);
    assert_int_equal(got.bytes.end, 13);
    assert_true(got.has_tokens);
    assert_int_equal(got.tokens.begin, 5);
    assert_int_equal(got.tokens.end, 6);
}

static void test_final_errors(void **state)
{
    static const struct {
        const char *final, *message;
    } bad[] = {
        {"\"42\"", "f:3:10: \"final\" is a string, expected an object"},
        {"{}", "f:3:10: \"final\" has no \"text\""},
        {"{\"text\":42}",
         "f:3:10: \"final.text\" is a number, expected a string"},
        {"{\"text\":\"42\"}", "f:3:10: \"final\" has no \"bytes\""},
        {"{\"text\":\"42\",\"bytes\":[2,1]}",
         "f:3:10: \"final.bytes\" is no span [begin, end]"},
        {"{\"text\":\"42\",\"bytes\":[0,1],\"tokens\":null}",
         "f:3:10: \"final.tokens\" is no span [begin, end]"},
    };
    struct hyt_final f;

    (void)state;
    for (size_t i = 0; i < HYT_LEN(bad); i++) {
        char line[200];

        snprintf(line, sizeof(line), "{\"final\":%s}", bad[i].final);
        load(line);
        assert_fails(hyt_rec_final(rec, &f, &err), bad[i].message);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_load),
        TEST(test_untouched),
        TEST(test_untouched_beside),
        TEST(test_long_line),
        TEST(test_set),
        TEST(test_set_is_seen),
        TEST(test_copy),
        TEST(test_get),
        TEST(test_get_errors),
        TEST(test_fail),
        TEST(test_num),
        TEST(test_int),
        TEST(test_arrays),
        TEST(test_array_errors),
        TEST(test_array_values),
        TEST(test_claim),
        TEST(test_write),
        TEST(test_ids_given),
        TEST(test_ids_made),
        TEST(test_ids_many),
        TEST(test_tokens),
        TEST(test_tokens_errors),
        TEST(test_steps),
        TEST(test_steps_errors),
        TEST(test_final),
        TEST(test_final_errors),
    };

    hyt_rec_free(NULL);
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
