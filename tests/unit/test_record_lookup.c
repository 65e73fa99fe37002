/* SPDX-License-Identifier: MIT */
/*
 * test_record_lookup.c - values by path, and the columns of errors
 *
 * Numbers are compared with what strtod() reads.
 */
#include "record_help.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- looking up ----------------------------------------------------------- */

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

/* --- arrays --------------------------------------------------------------- */

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

/* At the edges of ranges, of precision and of exact arithmetic. */
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

/* Every number is read as strtod() reads it. */
static void test_array_values(void **state)
{
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_get),          TEST(test_get_errors),   TEST(test_fail),
        TEST(test_num),          TEST(test_int),          TEST(test_arrays),
        TEST(test_array_errors), TEST(test_array_values),
    };

    return cmocka_run_group_tests_name("record_lookup", tests, NULL, NULL);
}
