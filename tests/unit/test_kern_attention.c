/* SPDX-License-Identifier: MIT */
/*
 * test_kern_attention.c - what a row attends to depends on that row alone: not
 * on the batch, not on how its pages are stored or who else has them
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kern_ops.h"

static const enum hyt_dtype formats[] = {HYT_F32, HYT_BF16};

static void test_rows_alone(void **state)
{
    const size_t n = 145, HE = 6 * 24;
    float *x = kern_randoms(n * (HE + 2 * 48), 10, 1), *k = x + n * HE;
    float *o = hyt_alloc(n * HE, sizeof(float)), one[6 * 24], one_lse[6];
    float *lse = hyt_alloc(n * 6, sizeof(float));

    (void)state;
    for (size_t f = 0; f < 4; f++) {
        struct kern_cache c =
            kern_cache_make(formats[f % 2], k, k + n * 48, 100, 45, 2, 24);
        const struct hyt_attn how = {0.2f, 0, f < 2 ? 0 : 11};

        hyt_attention(o, lse, x, &c.kv, c.row, &how, n, 6, 2, 24);
        for (size_t t = 0; t < n; t++) {
            hyt_attention(one, one_lse, x + t * HE, &c.kv, c.row + t, &how, 1,
                          6, 2, 24);
            assert_memory_equal(one, o + t * HE, sizeof(one));
            assert_memory_equal(one_lse, lse + t * 6, sizeof(one_lse));
        }
        kern_cache_free(c);
    }
    free(x);
    free(o);
    free(lse);
}

/* A sequence that shares another's pages, with a copy of the page that it
 * goes on in, sees what one with pages of its own sees. */
static void test_shared_pages(void **state)
{
    enum { n = 50, E = 16 };
    float *x = kern_randoms(2 * n * 4 * E, 11, 1), *k = x + 2 * n * 2 * E;
    float *v = k + 2 * n * E, a[2 * E], b[2 * E];

    (void)state;
    /* Both sequences hold the same first 49 rows, then differ. */
    memcpy(k + n * E, k, (n - 1) * E * sizeof(float));
    memcpy(v + n * E, v, (n - 1) * E * sizeof(float));
    for (size_t f = 0; f < HYT_LEN(formats); f++) {
        struct kern_cache c = kern_cache_make(formats[f], k, v, n, n, 1, E);
        const struct hyt_attn_row *own = &c.row[2 * n - 1];
        int32_t shared[2] = {c.row[0].page[0], own->page[2]};
        struct hyt_attn_row row = {shared, n - 1};

        hyt_kv_copy(&c.kv, shared[1], c.row[0].page[1], n - 1 - HYT_PAGE, 1, E);
        hyt_kv_store(&c.kv, c.k + (2 * n - 1) * E, c.v + (2 * n - 1) * E, &row,
                     1, 1, E);
        hyt_attention(a, NULL, x, &c.kv, own, &(struct hyt_attn){.scale = 1}, 1,
                      2, 1, E);
        hyt_attention(b, NULL, x, &c.kv, &row, &(struct hyt_attn){.scale = 1},
                      1, 2, 1, E);
        assert_memory_equal(a, b, sizeof(a));
        kern_cache_free(c);
    }
    free(x);
}

/* Rows of several sequences that have some pages in common and end far apart,
 * so that with a window there are pages that none of them sees. */
static void test_common_pages(void **state)
{
    enum { n = 200, H = 6, G = 2, E = 24, HE = H * E, ROWS = 40 };
    static const int32_t pos[10] = {199, 40, 127, 3, 127, 64, 63, 64, 96, 95};
    float *x = kern_randoms(n * (HE + 2 * 2 * G * E), 13, 1);
    float *k = x + n * HE, *v = k + 2 * n * G * E, o[ROWS * HE], one[HE];

    (void)state;
    for (size_t f = 0; f < 4; f++) {
        struct kern_cache c = kern_cache_make(formats[f % 2], k, v, n, n, G, E);
        const int32_t *p = c.row[0].page, *q = c.row[n].page;
        const int32_t own[] = {p[0], p[1], q[2], q[3], q[4], q[5], q[6]},
                      other[] = {p[0], q[1], q[2], q[0], q[4], q[5], p[6]};
        const int32_t *const table[] = {p, p, own, own, other, other, p, own};
        const struct hyt_attn how = {0.2f, 0, f < 2 ? 0 : 11};
        struct hyt_attn_row row[ROWS];

        for (size_t t = 0; t < ROWS; t++)
            row[t] = (struct hyt_attn_row){table[t % 8], pos[t % 10]};
        hyt_attention(o, NULL, x, &c.kv, row, &how, ROWS, H, G, E);
        for (size_t t = 0; t < ROWS; t++) {
            hyt_attention(one, NULL, x + t * HE, &c.kv, row + t, &how, 1, H, G,
                          E);
            assert_memory_equal(one, o + t * HE, sizeof(one));
        }
        kern_cache_free(c);
    }
    free(x);
}

/* A bf16 cache gives what an f32 cache of the rounded numbers gives, and its
 * rows are those numbers. */
static void test_bf16(void **state)
{
    enum { n = 77, H = 4, G = 2, E = 24, HE = H * E, GE = G * E };
    float *x = kern_randoms(n * (HE + 2 * GE), 12, 1);
    float *k = x + n * HE, *v = k + n * GE;
    uint16_t *half = kern_to_bf16(k, 2 * n * GE);
    struct kern_cache c = kern_cache_make(HYT_BF16, k, v, n, 0, G, E), d;
    float o[2][n * HE];

    (void)state;
    hyt_widen(k, (struct hyt_weight){half, HYT_BF16}, 0, 2 * n * GE);
    assert_memory_equal(c.k, k, n * GE * sizeof(float));
    assert_memory_equal(c.v, v, n * GE * sizeof(float));
    d = kern_cache_make(HYT_F32, k, v, n, 0, G, E);
    hyt_attention(o[0], NULL, x, &c.kv, c.row,
                  &(struct hyt_attn){.scale = 0.2f}, n, H, G, E);
    hyt_attention(o[1], NULL, x, &d.kv, d.row,
                  &(struct hyt_attn){.scale = 0.2f}, n, H, G, E);
    assert_memory_equal(o[0], o[1], sizeof(o[0]));
    kern_cache_free(c);
    kern_cache_free(d);
    free(half);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_alone),
        cmocka_unit_test(test_shared_pages),
        cmocka_unit_test(test_common_pages),
        cmocka_unit_test(test_bf16),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
