/* SPDX-License-Identifier: MIT */
/*
 * matmul.c - the matrix product, cut into tiles; its gradients are in gemm.c
 */
#include <stdlib.h>

#include "kern/ops.h"
#include "kern/pool.h"

void hyt_widen(float *dst, struct hyt_weight w, size_t offset, size_t n)
{
    if (w.t == HYT_DTYPE_OTHER)
        HYT_BUG("a weight that is neither f32, bf16 nor f16");
    hyt_kern()->widen(dst, w, offset, n);
}

/* --- forward -------------------------------------------------------------- */

/* A task takes COLS columns over as many rows of x as stay in the second-level
 * cache while the columns go by; half the columns where few, long rows make few
 * and long tasks, for all threads wait for the last one.  For tiny products one
 * task is all. */
enum { COLS = 32, ROWS_MIN = 24, ROWS = 192, L2_BYTES = 384 << 10 };
enum { FEW_ROWS = 64, LONG_ROWS = 512 };
enum { TINY = 1 << 15 };

struct products {
    const struct hyt_product *p;
    size_t n;
    const float *x;
    bool add;
    size_t T, K, rows, cols, shares;
};

/* The part of product j whose rows of w are share i. */
static struct hyt_product share_of(const struct products *a, size_t i, size_t j)
{
    struct hyt_product p = a->p[j];
    size_t begin = p.N * i / a->shares, end = p.N * (i + 1) / a->shares;

    p.y += begin;
    p.w = hyt_weight_at(p.w, begin * a->K);
    p.b = hyt_weight_at(p.b, begin);
    p.N = end - begin;
    return p;
}

/* One row: reading the weights is all the work, and memory gives most where
 * each thread reads one range from end to end. */
static void product_share(void *ctx, size_t i)
{
    const struct products *a = ctx;

    for (size_t j = 0; j < a->n; j++) {
        struct hyt_product p = share_of(a, i, j);
        const void *next = j + 1 < a->n ? share_of(a, i, j + 1).w.p : NULL;

        hyt_kern()->matvec(p.y, a->x, p.w, next, p.b, a->add, p.N, a->K);
    }
}

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* The part of a product that task i of its own computes; w.p NULL after the
 * last one. */
static struct hyt_product tile_of(const struct products *a,
                                  const struct hyt_product *p, size_t i,
                                  size_t *row)
{
    size_t cols = ceil_div(p->N, a->cols), n = i % cols * a->cols;

    *row = i / cols * a->rows;
    if (*row >= a->T)
        return (struct hyt_product){0};
    return (struct hyt_product){
        p->y + *row * p->N + n, hyt_weight_at(p->w, n * a->K),
        hyt_weight_at(p->b, n), hyt_min_size(a->cols, p->N - n)};
}

static void product_tile(void *ctx, size_t i)
{
    const struct products *a = ctx;
    const struct hyt_product *p = a->p;
    size_t row_tiles = ceil_div(a->T, a->rows), tiles, row, unused;

    while (i >= (tiles = ceil_div(p->N, a->cols) * row_tiles)) {
        i -= tiles;
        p++;
    }
    struct hyt_product tile = tile_of(a, p, i, &row);
    struct hyt_product next = tile_of(a, p, i + 1, &unused); /* this thread's */

    hyt_kern()->matmul(tile.y, p->N, a->x + row * a->K, tile.w,
                       next.N == tile.N ? next.w.p : NULL, tile.b, a->add,
                       hyt_min_size(a->rows, a->T - row), tile.N, a->K);
}

static void multiply(struct products *a)
{
    size_t N = 0, tiles = 0, fit = L2_BYTES / sizeof(float) / (a->K + 1);

    for (size_t j = 0; j < a->n; j++)
        N += a->p[j].N;
    bool tiny = a->T * N * a->K <= TINY;
    bool few = a->T <= FEW_ROWS && a->K >= LONG_ROWS;
    a->cols = tiny ? N : few ? COLS / 2 : COLS;
    a->shares = tiny ? 1 : (size_t)hyt_threads();
    fit = fit < ROWS_MIN ? ROWS_MIN : hyt_min_size(fit, ROWS);
    a->rows = ceil_div(a->T, ceil_div(a->T, fit));
    for (size_t j = 0; j < a->n; j++)
        tiles += ceil_div(a->p[j].N, a->cols) * ceil_div(a->T, a->rows);
    if (a->T == 1)
        hyt_parallel_for(a->shares, product_share, a);
    else
        hyt_parallel_for(tiles, product_tile, a);
}

/* f16 weights are widened COLS rows at a time, and then are f32. */
static void product_f16(void *ctx, size_t i)
{
    const struct products *a = ctx;
    const struct hyt_product *p = a->p;
    size_t n = i * COLS, cols = hyt_min_size(COLS, p->N - n);
    float *wide = hyt_alloc_aligned(cols * a->K, sizeof(float));

    hyt_kern()->widen(wide, p->w, n * a->K, cols * a->K);
    hyt_kern()->matmul(p->y + n, p->N, a->x, (struct hyt_weight){wide, HYT_F32},
                       NULL, hyt_weight_at(p->b, n), a->add, a->T, cols, a->K);
    free(wide);
}

void hyt_matmul(float *y, const float *x, struct hyt_weight w,
                struct hyt_weight b, bool add, size_t T, size_t N, size_t K)
{
    struct hyt_product p = {y, w, b, N};
    struct products a = {&p, 1, x, add, T, K, 0, 0, 0};

    if (w.t == HYT_F16)
        hyt_parallel_for(ceil_div(N, COLS), product_f16, &a);
    else
        multiply(&a);
}

void hyt_matmul_many(const struct hyt_product *p, size_t n, const float *x,
                     size_t T, size_t K)
{
    bool half = false;

    for (size_t j = 0; j < n; j++)
        half = half || p[j].w.t == HYT_F16;
    if (!half)
        multiply(&(struct products){p, n, x, false, T, K, 0, 0, 0});
    for (size_t j = 0; j < n && half; j++)
        hyt_matmul(p[j].y, x, p[j].w, p[j].b, false, T, p[j].N, K);
}
