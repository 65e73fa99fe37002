/* SPDX-License-Identifier: MIT */
/*
 * test_kern.c - functions of one variable, the vocabulary, the optimizer, the
 * threads and the choice of implementation
 */
#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "kern_ops.h"

/* --- functions of one variable ------------------------------------------- */

/* Distance in units of the last place of the exact value's float. */
static double ulps(float y, double exact)
{
    int e;

    (void)frexp(exact, &e);
    return fabs((double)y - exact) / ldexp(1, e < -125 ? -149 : e - 24);
}

static void test_exp(void **state)
{
    enum { n = 1 << 16 };
    const float ends[] = {0, -INFINITY, INFINITY, 88.7f, 89, -200, NAN, -0.0f};
    float x[n / 64], y[n / 64], e[8];
    double worst = 0;

    (void)state;
    for (int i = 0; i < n; i += n / 64) {
        for (int j = 0; j < n / 64; j++)
            x[j] = (float)(-105 + (105 + 88.72) * (i + j) / n);
        hyt_exp_rows(y, x, 0, n / 64);
        for (int j = 0; j < n / 64; j++)
            worst = fmax(worst, ulps(y[j], exp((double)x[j])));
    }
    if (worst > 2)
        fail_msg("exp is %g ulp off", worst);
    hyt_exp_rows(e, ends, 0, 8);
    assert_true(e[0] == 1 && e[7] == 1);
    assert_true(e[1] == 0 && e[5] == 0);
    assert_true(isinf(e[2]) && isinf(e[4]) && isfinite(e[3]));
    assert_true(isnan(e[6]));
    hyt_exp_rows(e, ends + 3, 88.7f, 1);
    assert_true(e[0] == 1);
}

/* Where exp overflows or vanishes, the gate saturates and nothing is NaN. */
static void test_swiglu_ends(void **state)
{
    const float g[4] = {-1000, -90, 90, 1000}, u[4] = {2, 2, 2, 2};
    float h[4], dg[4] = {0}, du[4] = {0};

    (void)state;
    hyt_swiglu(h, g, u, 4);
    hyt_swiglu_bwd(dg, du, u, g, u, 4);
    for (int i = 0; i < 4; i++) {
        double high = i < 2 ? 0 : 1;

        assert_true(fabs((double)h[i] - 2 * high * (double)g[i]) < 1e-30);
        assert_true(fabs((double)dg[i] - 4 * high) < 1e-30);
        assert_true(fabs((double)du[i] - 2 * high * (double)g[i]) < 1e-30);
    }
}

static void test_bf16(void **state)
{
    uint16_t h[3];
    float x;

    (void)state;
    for (uint32_t u = 0; u < 0x10000; u++) {
        h[0] = (uint16_t)u;
        hyt_widen(&x, (struct hyt_weight){h, HYT_BF16}, 0, 1);
        if (isnan(x))
            assert_int_equal(hyt_bf16_round(x) & 0x7fc0, 0x7fc0);
        else
            assert_int_equal(hyt_bf16_round(x), u);
    }
    assert_int_equal(hyt_bf16_round(0x1.01p0f), 0x3f80);       /* tie, down */
    assert_int_equal(hyt_bf16_round(0x1.03p0f), 0x3f82);       /* tie, up */
    assert_int_equal(hyt_bf16_round(0x1.010002p0f), 0x3f81);   /* above it */
    assert_int_equal(hyt_bf16_round(0x1.fffffep127f), 0x7f80); /* overflows */
}

/* Every half: what it stands for, and back. */
static void test_f16(void **state)
{
    (void)state;
    for (uint32_t u = 0; u < 0x10000; u++) {
        uint16_t h[1] = {(uint16_t)u};
        int exponent = (int)(u >> 10 & 31), fraction = (int)(u & 1023);
        float x, expected = exponent == 0 ? ldexpf((float)fraction, -24)
                                          : ldexpf((float)(1024 + fraction),
                                                   exponent - 25);

        if (u >= 0x8000)
            expected = -expected;
        hyt_widen(&x, (struct hyt_weight){h, HYT_F16}, 0, 1);
        if (exponent == 31 && fraction > 0) {
            assert_true(isnan(x));
            assert_int_equal(hyt_f16_round(x) & 0x7e00, 0x7e00);
        } else {
            assert_true(exponent == 31 ? isinf(x) && (x < 0) == (u >= 0x8000)
                                       : x == expected);
            assert_int_equal(hyt_f16_round(x), u);
        }
    }
    assert_int_equal(hyt_f16_round(0x1.002p0f), 0x3c00);    /* tie, down */
    assert_int_equal(hyt_f16_round(0x1.006p0f), 0x3c02);    /* tie, up */
    assert_int_equal(hyt_f16_round(0x1.002002p0f), 0x3c01); /* above it */
    assert_int_equal(hyt_f16_round(0x1.ffdfp15f), 0x7bff);  /* largest */
    assert_int_equal(hyt_f16_round(0x1.ffep15f), 0x7c00);   /* overflows */
    assert_int_equal(hyt_f16_round(0x1.8p-25f), 0x0001);
    assert_int_equal(hyt_f16_round(-0x1p-25f), 0x8000);    /* tie, down */
    assert_int_equal(hyt_f16_round(0x1.8p-24f), 0x0002);   /* tie, up */
    assert_int_equal(hyt_f16_round(0x1.ffcp-15f), 0x0400); /* to normal */
}

static void test_softcap(void **state)
{
    enum { half = 10000, n = 2 * half + 1 };
    static float z[n];

    (void)state;
    for (int i = 0; i < n; i++)
        z[i] = 1e-3f * (float)(i - half);
    hyt_softcap(z, 1, 1, n, n);
    for (int i = 0; i < n; i++) {
        double expected = tanh((double)(1e-3f * (float)(i - half)));

        assert_true(fabs((double)z[i] - expected) <= 2e-7 * fabs(expected));
    }
    z[0] = INFINITY;
    z[1] = -INFINITY;
    z[2] = NAN;
    hyt_softcap(z, 50, 1, 3, 3);
    assert_true(z[0] == 50 && z[1] == -50 && isnan(z[2]));
}

static void test_rope_table(void **state)
{
    enum { n = 40, E = 16 };
    float c[n * E / 2], s[n * E / 2], f[E / 2];

    (void)state;
    for (int i = 0; i < E / 2; i++)
        f[i] = (float)pow(10000, -2.0 * i / E);
    hyt_rope_table(c, s, f, 1.25, n, E);
    for (int p = 0; p < n; p++)
        for (int i = 0; i < E / 2; i++) {
            double angle = p * pow(10000, -2.0 * i / E);

            assert_true(fabs((double)c[p * E / 2 + i] - 1.25 * cos(angle)) <
                        5e-6);
            assert_true(fabs((double)s[p * E / 2 + i] - 1.25 * sin(angle)) <
                        5e-6);
        }
}

/* A nearly certain row: entropy must not drown in the logits. */
static void test_vocab_sharp(void **state)
{
    enum { V = 3000 };
    float z[V];
    struct hyt_row_stats st;
    int32_t target = 2999;
    double s = 0, entropy = 0;

    (void)state;
    for (int v = 0; v < V; v++)
        z[v] = v == 2999 ? 118 : 100 + 0.001f * (float)v;
    for (int v = 0; v < V; v++)
        s += exp((double)z[v] - 118);
    for (int v = 0; v < V; v++) {
        double p = exp((double)z[v] - 118) / s;
        entropy -= p * log(p);
    }
    hyt_vocab_stats(&st, z, &target, 1, V, V);
    assert_true(fabs((double)st.entropy - entropy) < 1e-4 * entropy);
    assert_true(fabs(st.lse - 118 - log(s)) < 1e-7);
    target = -1;
    hyt_vocab_stats(&st, z, &target, 1, V, V);
    assert_true(st.logp == 0);
    /* The uniform distribution: certainty 0, entropy log V. */
    memset(z, 0, sizeof(z));
    hyt_vocab_stats(&st, z, &target, 1, V, V);
    assert_true(fabs((double)st.certainty) < 1e-6);
    assert_true(fabs((double)st.entropy - log(V)) < 1e-5);
}

/* In place and with bf16 weights, the bits are the same. */
static void test_rmsnorm_in_place(void **state)
{
    enum { T = 3, D = 21 };
    float *x = kern_randoms(T * D, 14, 1), *g = kern_randoms(D, 15, 1);
    float y[T * D], r[T];
    uint16_t *h = kern_to_bf16(g, D);

    (void)state;
    hyt_widen(g, (struct hyt_weight){h, HYT_BF16}, 0, D);
    hyt_rmsnorm(y, r, x, kern_f32(g), 0, 0.1f, T, D);
    for (size_t t = 0; t < T; t++) {
        double mean = 0;

        for (size_t i = 0; i < D; i++)
            mean += pow((double)x[t * D + i], 2) / D;
        assert_true(fabs((double)r[t] * sqrt(mean + 0.1) - 1) < 1e-6);
    }
    hyt_rmsnorm(x, NULL, x, (struct hyt_weight){h, HYT_BF16}, 0, 0.1f, T, D);
    assert_memory_equal(x, y, sizeof(y));
    free(x);
    free(g);
    free(h);
}

/* --- optimizer ------------------------------------------------------------ */

static void adamw_run(float *w, uint16_t *stored, const float *g, size_t n)
{
    float *m = hyt_alloc(n, sizeof(float)), *v = hyt_alloc(n, sizeof(float));

    for (int t = 1; t <= 5; t++) {
        struct hyt_adamw a = {.lr = 0.01f,
                              .beta1 = 0.9f,
                              .beta2 = 0.95f,
                              .eps = 1e-8f,
                              .weight_decay = 0.1f,
                              .correct1 = (float)(1 - pow(0.9, t)),
                              .correct2 = (float)(1 - pow(0.95, t)),
                              .gscale = 0.5f};
        hyt_adamw_step(w, stored, m, v, g + (size_t)t, &a, n);
    }
    free(m);
    free(v);
}

static void test_adamw(void **state)
{
    enum { n = 70001 };
    float *w = kern_randoms(n, 12, 1), *w2 = kern_randoms(n, 12, 1);
    float *first = kern_randoms(n, 12, 1), *g = kern_randoms(n + 6, 13, 1);
    uint16_t *stored = hyt_alloc(n, sizeof(uint16_t));

    (void)state;
    hyt_threads_set(3);
    adamw_run(w, stored, g, n);
    for (size_t i = 0; i < n; i++) {
        double x = (double)first[i], m = 0, v = 0;

        for (int t = 1; t <= 5; t++) {
            double d = 0.5 * (double)g[i + (size_t)t];
            m = 0.9 * m + 0.1 * d;
            v = 0.95 * v + 0.05 * d * d;
            x -= 0.01 * 0.1 * x;
            x -= 0.01 * (m / (1 - pow(0.9, t))) /
                 (sqrt(v / (1 - pow(0.95, t))) + 1e-8);
        }
        assert_true(fabs((double)w[i] - x) < 1e-6 * (1 + fabs(x)));
        assert_int_equal(stored[i], hyt_bf16_round(w[i]));
    }
    assert_int_equal(hyt_kern_select("base"), 0);
    adamw_run(w2, NULL, g, n);
    assert_memory_equal(w, w2, n * sizeof(float));
    double base = hyt_sum_squares(g, n);
    kern_select_best();
    assert_true(hyt_sum_squares(g, n) == base);
    hyt_threads_set(1);
    assert_true(hyt_sum_squares(g, n) == base);
    assert_int_equal(hyt_kern_select("ref"), 0);
    assert_true(fabs(hyt_sum_squares(g, n) / base - 1) < 1e-12);
    kern_select_best();
    free(w);
    free(w2);
    free(first);
    free(g);
    free(stored);
}

/* --- threads and choice of implementation --------------------------------- */

static void count(void *ctx, size_t i)
{
    atomic_fetch_add((atomic_int *)ctx + i, 1);
}

static void nested(void *ctx, size_t i)
{
    hyt_parallel_for(10, count, (atomic_int *)ctx + 10 * i);
}

static void test_parallel_for(void **state)
{
    static atomic_int seen[1000];

    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        hyt_threads_set(threads);
        assert_int_equal(hyt_threads(), threads);
        for (size_t n = 0; n <= 1000; n += n < 10 ? 1 : 55) {
            memset(seen, 0, sizeof(seen));
            hyt_parallel_for(n, count, seen);
            for (size_t i = 0; i < 1000; i++)
                assert_int_equal(seen[i], i < n);
        }
        memset(seen, 0, sizeof(seen));
        hyt_parallel_for(100, nested, seen);
        for (size_t i = 0; i < 1000; i++)
            assert_int_equal(seen[i], 1);
        hyt_threads_stop();
    }
}

/* Index 0 waits for all others, so that another thread has to take over what
 * is left of the range that it is in. */
static void wait_for_others(void *ctx, size_t i)
{
    atomic_int *seen = ctx;
    time_t begin = time(NULL);

    while (i == 0 && atomic_load(&seen[1]) < 63 && time(NULL) - begin < 60)
        sched_yield();
    assert_true(i > 0 || atomic_load(&seen[1]) == 63);
    atomic_fetch_add(&seen[i > 0], 1);
}

static void test_parallel_uneven(void **state)
{
    atomic_int seen[2] = {0};

    (void)state;
    hyt_threads_set(2);
    for (int i = 1; i <= 20; i++) {
        seen[0] = seen[1] = 0;
        hyt_parallel_for(64, wait_for_others, seen);
        assert_int_equal(seen[0], 1);
        assert_int_equal(seen[1], 63);
    }
    hyt_threads_stop();
}

static void test_select(void **state)
{
    struct hyt_err err = {0};

    (void)state;
    assert_int_equal(hyt_kern_select("fast"), -1);
    assert_int_equal(hyt_kern_select("base"), 0);
    assert_string_equal(hyt_kern_name(), "base");
    assert_int_equal(setenv("HYT_KERN", "ref", 1), 0);
    assert_int_equal(hyt_kern_check(&err), 0);
    assert_int_equal(hyt_kern_select(NULL), 0);
    assert_string_equal(hyt_kern_name(), "ref");
    assert_int_equal(setenv("HYT_KERN", "avx9", 1), 0);
    assert_int_equal(hyt_kern_check(&err), -1);
    assert_non_null(strstr(err.msg, "avx9"));
    assert_int_equal(unsetenv("HYT_KERN"), 0);
    assert_int_equal(hyt_kern_check(&err), 0);
    kern_select_best();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parallel_for),
        cmocka_unit_test(test_parallel_uneven),
        cmocka_unit_test(test_select),
        cmocka_unit_test(test_exp),
        cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_f16),
        cmocka_unit_test(test_softcap),
        cmocka_unit_test(test_rope_table),
        cmocka_unit_test(test_swiglu_ends),
        cmocka_unit_test(test_rmsnorm_in_place),
        cmocka_unit_test(test_vocab_sharp),
        cmocka_unit_test(test_adamw),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
