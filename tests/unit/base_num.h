/* SPDX-License-Identifier: MIT */
/* Part of test_base.c: numbers as text, functions, random numbers. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "hyt/base.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- numbers to text ------------------------------------------------------ */

static void check_f64(double x, const char *want)
{
    char text[HYT_NUM_MAX];

    assert_int_equal(hyt_num_f64(text, x), strlen(want));
    assert_string_equal(text, want);
}

static void check_f32(float x, const char *want)
{
    char text[HYT_NUM_MAX];

    assert_int_equal(hyt_num_f32(text, x), strlen(want));
    assert_string_equal(text, want);
}

/* Values whose shortest forms are known. */
static void test_num_known(void **state)
{
    (void)state;
    check_f64(0, "0");
    check_f64(-0.0, "-0");
    check_f64(0.1, "0.1");
    check_f64(0.30000000000000004, "0.30000000000000004");
    check_f64(1e15, "1000000000000000");
    check_f64(9007199254740993.0, "9007199254740992");
    check_f64(1e16, "1e16");
    check_f64(-123456.5, "-123456.5");
    check_f64(1e-5, "0.00001");
    check_f64(1.5e-6, "1.5e-6");
    check_f64(DBL_MAX, "1.7976931348623157e308");
    check_f64(DBL_MIN, "2.2250738585072014e-308");
    check_f64(5e-324, "5e-324");
    check_f64(-2.2250738585072011e-308, "-2.225073858507201e-308");
    check_f32(0.1f, "0.1");
    check_f32(16777216, "16777216");
    check_f32(-3, "-3");
    check_f32(0.333333343f, "0.33333334");
    check_f32(FLT_MAX, "3.4028235e38");
    check_f32(1e-45f, "1e-45");
    check_f32(-0.0f, "-0");
}

/* Any bits read back; one digit less does not (powers of two aside). */
static void test_num_round_trip(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 60000; i++) {
        uint64_t bits = hyt_rng_u64(1, i), back64;
        uint32_t bits32 = (uint32_t)bits, back32;
        char text[HYT_NUM_MAX], fewer[HYT_NUM_MAX];
        double x, y;
        float f, g;
        int n = 0;

        memcpy(&x, &bits, sizeof x);
        memcpy(&f, &bits32, sizeof f);
        if (isfinite(x)) {
            hyt_num_f64(text, x);
            y = strtod(text, NULL);
            memcpy(&back64, &y, sizeof y);
            assert_true(back64 == bits);
        }
        if (!isfinite(f))
            continue;
        hyt_num_f32(text, f);
        g = (float)strtod(text, NULL);
        memcpy(&back32, &g, sizeof g);
        assert_int_equal(back32, bits32);
        for (const char *p = text; *p && *p != 'e'; p++)
            n += *p >= '0' && *p <= '9';
        if (strchr(text, 'e') && n > 1 && bits32 << 9) {
            snprintf(fewer, sizeof fewer, "%.*e", n - 2, (double)f);
            assert_true((float)strtod(fewer, NULL) != f);
        }
    }
}

static void test_parse_u64(void **state)
{
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {
        {"0", 0},
        {"12", 12},
        {"3k", 3000},
        {"64M", 64000000},
        {"2G", 2000000000},
        {"1Ki", 1024},
        {"64Mi", 67108864},
        {"4Gi", 4294967296},
        {"1e6", 1000000},
        {"5E0", 5},
        {"18446744073709551615", UINT64_MAX},
    };
    static const char *const bad[] = {"",
                                      "abc",
                                      " 1",
                                      "1 ",
                                      "+1",
                                      "-1",
                                      "1.5",
                                      "0x10",
                                      "k",
                                      "1K",
                                      "1e",
                                      "1e-3",
                                      "1kk",
                                      "1e1k",
                                      "1ki",
                                      "18446744073709551616",
                                      "2e19",
                                      "18446744073709552k",
                                      "1e99999999999999999999"};
    struct hyt_err err;
    uint64_t u;

    (void)state;
    for (size_t k = 0; k < HYT_LEN(good); k++) {
        assert_int_equal(hyt_parse_u64(good[k].text, &u, &err), 0);
        assert_true(u == good[k].value);
    }
    for (size_t k = 0; k < HYT_LEN(bad); k++)
        assert_int_equal(hyt_parse_u64(bad[k], &u, &err), -1);
    assert_int_equal(hyt_parse_u64("abc", &u, &err), -1);
    assert_string_equal(err.msg, "\"abc\" is not a whole number");
    assert_int_equal(hyt_parse_u64("99999999999999999999", &u, &err), -1);
    assert_string_equal(err.msg, "99999999999999999999 is too large");
}

static void test_parse_signed(void **state)
{
    struct hyt_err err;
    int64_t i;
    double x;

    (void)state;
    assert_int_equal(hyt_parse_i64("-9223372036854775808", &i, &err), 0);
    assert_true(i == INT64_MIN);
    assert_int_equal(hyt_parse_i64("-2k", &i, &err), 0);
    assert_int_equal(i, -2000);
    assert_int_equal(hyt_parse_i64("9223372036854775808", &i, &err), -1);
    assert_int_equal(hyt_parse_i64("-9223372036854775809", &i, &err), -1);
    assert_int_equal(hyt_parse_i64("--1", &i, &err), -1);

    assert_int_equal(hyt_parse_f64("-1.5e-3", &x, &err), 0);
    assert_true(x == -1.5e-3);
    for (const char *const *s =
             (const char *const[]){"", "nan", "inf", "0x1p3", " 1", "1 ", "1e",
                                   "1e999", "1.2.3", "-", NULL};
         *s; s++)
        assert_int_equal(hyt_parse_f64(*s, &x, &err), -1);
}

/* --- functions ------------------------------------------------------------ */

/* |got - want| in units of the last place of want as a double. */
static double ulps(double got, long double want)
{
    const int e = want == 0 ? -1074 : ilogbl(want) - 52;
    const long double ulp = ldexpl(1, e < -1074 ? -1074 : e);

    return (double)(fabsl((long double)got - want) / ulp);
}

/* Keeps the largest error; NaN counts as largest. */
static void raise_to(double *worst, double error)
{
    if (!(error <= *worst))
        *worst = isnan(error) ? (double)INFINITY : error;
}

static void test_exp_log(void **state)
{
    double worst_exp = 0, worst_log = 0;

    (void)state;
    for (uint64_t i = 0; i < 400000; i++) {
        /* All of exp's range, and what softmax sees; log from its zero at 1
         * out to all magnitudes. */
        const double u = hyt_rng_unit(2, i);
        const double x = i % 2 ? -745 + u * 1454 : -20 * u;
        double y = 0.5 + u;

        if (i % 2)
            y = ldexp(y, (int)(i % 2000) - 1000);
        raise_to(&worst_exp, ulps(hyt_exp(x), expl((long double)x)));
        raise_to(&worst_log, ulps(hyt_log(y), logl((long double)y)));
    }
    assert_true(worst_exp <= 1);
    assert_true(worst_log <= 1);

    assert_true(hyt_exp(0) == 1 && hyt_exp(-0.0) == 1 && hyt_log(1) == 0);
    assert_true(hyt_exp(-INFINITY) == 0 && isinf(hyt_exp(INFINITY)));
    assert_true(isinf(hyt_exp(709.79)) && isfinite(hyt_exp(709.78)));
    assert_true(hyt_exp(-746) == 0 && hyt_exp(-745) == 5e-324);
    assert_true(isnan(hyt_exp(NAN)) && isnan(hyt_log(NAN)));
    assert_true(hyt_log(0) == -INFINITY && hyt_log(-0.0) == -INFINITY);
    assert_true(isnan(hyt_log(-1)) && hyt_log(INFINITY) == INFINITY);
    assert_true(ulps(hyt_log(5e-324), logl((long double)5e-324)) <= 1);
    assert_true(ulps(hyt_log(DBL_MAX), logl((long double)DBL_MAX)) <= 1);
}

static void test_sincos(void **state)
{
    double worst = 0, s, c;

    (void)state;
    for (uint64_t i = 0; i < 400000; i++) {
        const double u = 2 * hyt_rng_unit(3, i) - 1;
        const uint64_t quarter = i / 4;
        double x = u * 0x1p20;

        if (i % 4 == 1)
            x = u * 10;
        if (i % 4 == 2) /* a position of rotary embedding */
            x = (double)quarter;
        if (i % 4 == 3) /* where a reduction cancels most */
            x = (double)quarter * 0x1.921fb54442d18p+0;
        hyt_sincos(x, &s, &c);
        raise_to(&worst, ulps(s, sinl((long double)x)));
        raise_to(&worst, ulps(c, cosl((long double)x)));
    }
    assert_true(worst <= 2);
    hyt_sincos(0, &s, &c);
    assert_true(s == 0 && c == 1);
    hyt_sincos(1e300, &s, &c);
    assert_true(fabs(s * s + c * c - 1) < 1e-12);
    hyt_sincos(INFINITY, &s, &c);
    assert_true(isnan(s) && isnan(c));
}

/* The same bits with every compiler, flag and machine. */
static void test_same_bits(void **state)
{
    uint64_t hash = 0;

    (void)state;
    for (uint64_t i = 0; i < 10000; i++) {
        const double u = hyt_rng_unit(4, i);
        double v[5];

        v[0] = hyt_exp(100 * u - 50);
        v[1] = hyt_log(1000 * u);
        hyt_sincos(100000 * u, &v[2], &v[3]);
        v[4] = hyt_rng_normal(4, i);
        for (size_t j = 0; j < HYT_LEN(v); j++) {
            uint64_t bits;

            memcpy(&bits, &v[j], sizeof bits);
            hash = hyt_rng_key(hash, bits);
        }
    }
    assert_true(hash == 0x47cc31c33eb07dceu);
}

/* --- random numbers ------------------------------------------------------- */

/* kat_vectors of the authors' Random123 library. */
static void test_philox(void **state)
{
    static const uint32_t kat[][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276d, 0x41c83b0e, 0xa20bc7c6,
         0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0,
         0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
    };

    (void)state;
    for (size_t i = 0; i < HYT_LEN(kat); i++) {
        uint32_t out[4];

        hyt_philox(out, kat[i], kat[i] + 4);
        assert_memory_equal(out, kat[i] + 6, sizeof out);
    }
    assert_true(hyt_rng_u64(0, 0) == 0xe169c58d6627e8d5u);
}

/* Moments and counts within five standard errors. */
static void test_rng(void **state)
{
    enum { N = 100000, BINS = 10 };
    double mean = 0, square = 0, fourth = 0, cross = 0;
    size_t count[BINS] = {0};

    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        const double u = hyt_rng_unit(5, i), z = hyt_rng_normal(5, i);

        assert_true(u >= 0 && u < 1);
        mean += z / N;
        square += z * z / N;
        fourth += z * z * z * z / N;
        cross += z * (u - 0.5) / N;
        count[hyt_rng_below(5, i, BINS)]++;
    }
    assert_true(fabs(mean) < 5 / sqrt(N));
    assert_true(fabs(square - 1) < 5 * sqrt(2.0 / N));
    assert_true(fabs(fourth - 3) < 5 * sqrt(96.0 / N));
    assert_true(fabs(cross) < 5 * sqrt(1.0 / 12 / N));
    for (size_t i = 0; i < BINS; i++)
        assert_true(fabs((double)count[i] - (double)N / BINS) <
                    5 * sqrt(0.09 * N));
    for (uint64_t i = 0; i < 1000; i++) {
        assert_true(hyt_rng_below(6, i, 1) == 0);
        assert_true(hyt_rng_below(6, i, i + 1) <= i);
        assert_true(hyt_rng_key(6, i) != hyt_rng_u64(6, i));
        assert_true(hyt_rng_key(6, i) != hyt_rng_key(i, 6) || i == 6);
    }
}

/* Each of the 24 orders of four comes up about equally often. */
static void test_shuffle(void **state)
{
    enum { N = 24000 };
    size_t seen[256] = {0}, order[4], orders = 0;

    (void)state;
    for (uint64_t key = 0; key < N; key++) {
        hyt_rng_shuffle(order, 4, key);
        seen[order[0] | order[1] << 2 | order[2] << 4 | order[3] << 6]++;
    }
    for (size_t i = 0; i < HYT_LEN(seen); i++) {
        if (seen[i] == 0)
            continue;
        orders++;
        assert_true(seen[i] > 840 && seen[i] < 1160); /* 5 sigma */
    }
    assert_int_equal(orders, 24);
    hyt_rng_shuffle(order, 0, 1);
}

#endif
