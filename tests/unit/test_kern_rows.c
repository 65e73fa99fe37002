/* SPDX-License-Identifier: MIT */
/*
 * test_kern_rows.c - a row's bits depend on that row alone: not on the batch,
 * not on how its weights or its pages are stored
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kern_ops.h"

static const struct hyt_weight none = {NULL, HYT_F32};

static void test_matmul_rows_alone(void **state)
{
    const size_t Ts[] = {2, 3, 4, 5, 7, 8, 31, 97, 193}, T_max = 193;
    const struct {
        size_t N, K;
    } shapes[] = {{1, 1}, {5, 3}, {33, 17}, {70, 129}, {10, 2049}, {64, 64}};

    (void)state;
    for (size_t s = 0; s < HYT_LEN(shapes); s++)
        for (int bf16 = 0; bf16 < 2; bf16++) {
            size_t N = shapes[s].N, K = shapes[s].K;
            float *x = kern_randoms(T_max * K, 5, 1),
                  *wf = kern_randoms(N * K, 6, 1);
            float *b = kern_randoms(N, 7, 1);
            float *y = hyt_alloc(T_max * N, sizeof(float));
            float *alone = hyt_alloc(T_max * N, sizeof(float));
            uint16_t *wh = kern_to_bf16(wf, N * K);
            struct hyt_weight w = {bf16 ? (void *)wh : (void *)wf,
                                   bf16 ? HYT_BF16 : HYT_F32};

            for (size_t t = 0; t < T_max; t++)
                hyt_matmul(alone + t * N, x + t * K, w, kern_f32(b), false, 1,
                           N, K);
            for (size_t i = 0; i < HYT_LEN(Ts); i++) {
                hyt_matmul(y, x, w, kern_f32(b), false, Ts[i], N, K);
                assert_memory_equal(y, alone, Ts[i] * N * sizeof(float));
            }
            free(x);
            free(wf);
            free(wh);
            free(b);
            free(y);
            free(alone);
        }
}

/* One row goes another way than many, and every thread has a range of w. */
enum { FEW = 8, FEW_N = 133, FEW_K = 1077 };

static void few_rows(const float *x, struct hyt_weight w, struct hyt_weight b,
                     bool add)
{
    float all[FEW * FEW_N], y[FEW * FEW_N];

    for (size_t N = 1; N <= FEW_N; N += 22) {
        for (size_t i = 0; i < FEW * N; i++)
            all[i] = 1;
        hyt_matmul(all, x, w, b, add, FEW, N, FEW_K);
        for (size_t T = 1; T < FEW; T++) {
            for (size_t i = 0; i < T * N; i++)
                y[i] = 1;
            hyt_matmul(y, x, w, b, add, T, N, FEW_K);
            assert_memory_equal(y, all, T * N * sizeof(float));
        }
    }
}

static void test_matmul_few_rows(void **state)
{
    float *x = kern_randoms(FEW * FEW_K, 20, 1);
    float *w = kern_randoms(FEW_N * FEW_K, 21, 1);
    float *b = kern_randoms(FEW_N, 22, 1);
    uint16_t *wh = kern_to_bf16(w, FEW_N * FEW_K);

    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        hyt_threads_set(threads);
        for (int add = 0; add < 2; add++) {
            few_rows(x, kern_f32(w), add ? none : kern_f32(b), add);
            few_rows(x, (struct hyt_weight){wh, HYT_BF16},
                     add ? kern_f32(b) : none, add);
        }
    }
    hyt_threads_set(1);
    free(x);
    free(w);
    free(b);
    free(wh);
}

/* Rows that do not fit the kernels' buffer all at once, or not at all. */
static void test_matmul_long_rows(void **state)
{
    enum { N = 9 };
    const struct {
        size_t T, K;
    } shape[] = {{201, 6001}, {3, 600001}};

    (void)state;
    hyt_threads_set(2);
    for (size_t s = 0; s < HYT_LEN(shape); s++) {
        const size_t T = shape[s].T, K = shape[s].K;
        float *x = kern_randoms(T * K, 26, 1), *w = kern_randoms(N * K, 27, 1);
        float *y = hyt_alloc(T * N, sizeof(*y)), alone[N];
        struct hyt_row_stats *stats = hyt_alloc(T + 1, sizeof(*stats));
        int32_t *target = hyt_alloc(T, sizeof(*target)); /* all 0 */

        hyt_matmul(y, x, kern_f32(w), none, false, T, N, K);
        hyt_matmul_stats(stats, x, kern_f32(w), target, 0, T, N, K);
        for (size_t t = 0; t < T; t++) {
            hyt_matmul(alone, x + t * K, kern_f32(w), none, false, 1, N, K);
            assert_memory_equal(y + t * N, alone, sizeof(alone));
            hyt_vocab_stats(&stats[T], alone, &target[t], 1, N, N);
            assert_memory_equal(&stats[t], &stats[T], sizeof(*stats));
        }
        free(x);
        free(w);
        free(y);
        free(stats);
        free(target);
    }
    hyt_threads_set(1);
}

/* Several products in one loop give what each gives alone. */
static void test_matmul_many(void **state)
{
    enum { N0 = 201, N1 = 64, N2 = 1, N = N0 + N1 + N2, K = 130, T_max = 200 };
    float *x = kern_randoms(T_max * K, 23, 1), *w = kern_randoms(N * K, 24, 1);
    float *b = kern_randoms(N, 25, 1);
    float *y = hyt_alloc(T_max * N, sizeof(float));
    float *alone = hyt_alloc(T_max * N0, sizeof(float));

    (void)state;
    hyt_threads_set(2);
    for (size_t T = 1; T <= T_max; T += 199) {
        const struct hyt_product p[] = {
            {y, kern_f32(w), kern_f32(b), N0},
            {y + T * N0, kern_f32(w + N0 * K), none, N1},
            {y + T * (N0 + N1), kern_f32(w + (N0 + N1) * K),
             kern_f32(b + N0 + N1), N2},
        };

        hyt_matmul_many(p, HYT_LEN(p), x, T, K);
        for (size_t j = 0; j < HYT_LEN(p); j++) {
            hyt_matmul(alone, x, p[j].w, p[j].b, false, T, p[j].N, K);
            assert_memory_equal(p[j].y, alone, T * p[j].N * sizeof(float));
        }
    }
    hyt_threads_set(1);
    free(x);
    free(w);
    free(b);
    free(y);
    free(alone);
}

/* The `add` form adds the finished sum: y + (x . w + b). */
static void test_matmul_add(void **state)
{
    enum { T = 7, N = 37, K = 50 };
    float *x = kern_randoms(T * K, 16, 1), *w = kern_randoms(N * K, 17, 1);
    float *y = kern_randoms(T * N, 18, 1), *b = kern_randoms(N, 19, 1);
    float sum[T * N];

    (void)state;
    hyt_matmul(sum, x, kern_f32(w), kern_f32(b), false, T, N, K);
    for (size_t i = 0; i < T * N; i++)
        sum[i] = y[i] + sum[i];
    hyt_matmul(y, x, kern_f32(w), kern_f32(b), true, T, N, K);
    assert_memory_equal(y, sum, sizeof(sum));
    free(x);
    free(w);
    free(y);
    free(b);
}

/* bf16 weights give what their widened copies give. */
static void test_matmul_widening_is_exact(void **state)
{
    enum { T = 9, N = 21, K = 1100 };
    float *x = kern_randoms(T * K, 8, 1), *w = kern_randoms(N * K, 9, 1);
    float a[T * N], b[T * N];
    uint16_t *h = kern_to_bf16(w, N * K);

    (void)state;
    hyt_widen(w, (struct hyt_weight){h, HYT_BF16}, 0, N * K);
    for (size_t t = 1; t <= T; t += 4) {
        hyt_matmul(a, x, kern_f32(w), none, false, t, N, K);
        hyt_matmul(b, x, (struct hyt_weight){h, HYT_BF16}, none, false, t, N,
                   K);
        assert_memory_equal(a, b, t * N * sizeof(float));
    }
    free(x);
    free(w);
    free(h);
}

/* Nor do bits of f16 weights depend on how they are stored. */
static void test_matmul_f16(void **state)
{
    enum { T = 9, N = 70, K = 53 };
    float *x = kern_randoms(T * K, 21, 1), *w = kern_randoms(N * K, 22, 1);
    float a[T * N], b[T * N], c[T * N], d[T * N];
    uint16_t h[N * K];
    const struct hyt_weight half = {h, HYT_F16};

    (void)state;
    for (size_t i = 0; i < N * K; i++)
        h[i] = hyt_f16_round(w[i]);
    hyt_widen(w, half, 0, N * K);
    for (size_t t = 1; t <= T; t += 4) {
        const struct hyt_product both[] = {{c, kern_f32(w), none, N},
                                           {d, half, none, N}};

        hyt_matmul(a, x, kern_f32(w), none, false, t, N, K);
        hyt_matmul(b, x, half, none, false, t, N, K);
        assert_memory_equal(a, b, t * N * sizeof(float));
        hyt_matmul_many(both, 2, x, t, K);
        assert_memory_equal(a, c, t * N * sizeof(float));
        assert_memory_equal(a, d, t * N * sizeof(float));
        hyt_matmul_bwd_x(c, a, kern_f32(w), false, t, N, K);
        hyt_matmul_bwd_x(d, a, half, false, t, N, K);
        assert_memory_equal(c, d, t * K * sizeof(float));
    }
    free(x);
    free(w);
}

/* Logits that are never in memory have the stats of those that are. */
static void same_stats(const float *x, struct hyt_weight w,
                       const int32_t *target, float cap, size_t T, size_t V,
                       size_t K)
{
    float *z = hyt_alloc(T * V, sizeof(*z));
    struct hyt_row_stats *want = hyt_alloc(T, sizeof(*want));
    struct hyt_row_stats *got = hyt_alloc(T, sizeof(*got));

    hyt_matmul(z, x, w, none, false, T, V, K);
    if (cap > 0)
        hyt_softcap(z, cap, T, V, V);
    hyt_vocab_stats(want, z, target, T, V, V);
    for (int threads = 1; threads <= 3; threads++) {
        hyt_threads_set(threads);
        hyt_matmul_stats(got, x, w, target, cap, T, V, K);
        for (size_t t = 0; t < T; t++) {
            assert_true(got[t].lse == want[t].lse);
            assert_true(got[t].logp == want[t].logp);
            assert_true(got[t].certainty == want[t].certainty);
            assert_true(got[t].entropy == want[t].entropy);
        }
    }
    free(z);
    free(want);
    free(got);
}

static void test_matmul_stats(void **state)
{
    enum { K = 37, T_MAX = 131 };
    const size_t Ts[] = {1, 96, 97, T_MAX}, Vs[] = {1, 257, 2048, 4099};
    int32_t target[T_MAX];

    (void)state;
    for (size_t i = 0; i < HYT_LEN(Vs); i++) {
        float *x = kern_randoms(T_MAX * K, 30, 2);
        float *w = kern_randoms(Vs[i] * K, 31, 1);
        uint16_t *half = kern_to_bf16(w, Vs[i] * K);

        for (int32_t t = 0; t < T_MAX; t++)
            target[t] = t % 5 == 4 ? -1 : (t * 997) % (int32_t)Vs[i];
        for (size_t j = 0; j < HYT_LEN(Ts); j++) {
            struct hyt_weight bf16 = {half, HYT_BF16}, f16 = {half, HYT_F16};

            same_stats(x, kern_f32(w), target, 0, Ts[j], Vs[i], K);
            same_stats(x, kern_f32(w), target, 3, Ts[j], Vs[i], K);
            same_stats(x, bf16, target, 0, Ts[j], Vs[i], K);
            same_stats(x, f16, target, 3, Ts[j], Vs[i], K);
        }
        free(x);
        free(w);
        free(half);
    }
    hyt_threads_set(2);
}

/* Logits of -inf are of tokens that cannot come: entropy is that of the others,
 * wherever they stand. */
static void test_vocab_impossible(void **state)
{
    enum { V_MAX = 50 };
    struct hyt_row_stats with, without;

    (void)state;
    for (size_t V = 2; V <= V_MAX; V++)
        for (size_t every = 2; every < 9; every++) {
            float z[V_MAX], left[V_MAX];
            int32_t target = -1;
            size_t n = 0;

            for (size_t v = 0; v < V; v++) {
                z[v] = v % every == 1 ? -INFINITY : 0.1f * (float)(v % 7);
                if (v % every != 1)
                    left[n++] = z[v];
            }
            hyt_vocab_stats(&with, z, &target, 1, V, V);
            hyt_vocab_stats(&without, left, &target, 1, n, n);
            assert_true(fabs(with.lse - without.lse) < 1e-6);
            assert_true(fabs((double)(with.entropy - without.entropy)) < 1e-5);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matmul_stats),
        cmocka_unit_test(test_vocab_impossible),
        cmocka_unit_test(test_matmul_rows_alone),
        cmocka_unit_test(test_matmul_few_rows),
        cmocka_unit_test(test_matmul_long_rows),
        cmocka_unit_test(test_matmul_many),
        cmocka_unit_test(test_matmul_add),
        cmocka_unit_test(test_matmul_widening_is_exact),
        cmocka_unit_test(test_matmul_f16),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
