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

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* --- rows of x ------------------------------------------------------------ */

struct grouping {
    float *to;
    size_t ld, T, K;
    const float *x;
};

/* Groups begin … end-1 of rows. */
static void group_rows(const void *ctx, size_t begin, size_t end)
{
    const struct grouping *a = ctx;
    const size_t groups = hyt_kern()->groups, row = begin * groups;

    hyt_kern()->group_rows(a->to + row * a->ld, a->ld, a->x + row * a->K,
                           hyt_min_size(end * groups, a->T) - row, a->K);
}

static size_t grouped_width(size_t K)
{
    return ceil_div(K, 8) * 8;
}

size_t hyt_kern_rows_fit(size_t K)
{
    const size_t groups = hyt_kern()->groups;
    size_t fit;

    if (groups == 1)
        return SIZE_MAX;
    fit = HYT_KERN_PACKED / (groups * grouped_width(K)) * groups;
    return fit > 0 ? fit : 1;
}

struct kern_rows hyt_kern_rows(const float *x, size_t T, size_t K)
{
    const size_t groups = hyt_kern()->groups, ld = grouped_width(K);
    struct grouping a = {hyt_kern_packed, ld, T, K, x};

    if (groups == 1 || T == 1)
        return (struct kern_rows){x, K, false};
    hyt_parallel_blocks(ceil_div(T, groups), hyt_rows_of_task(groups * K),
                        group_rows, &a);
    return (struct kern_rows){hyt_kern_packed, ld, true};
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
    struct kern_rows x;
    uint64_t own; /* not 0: the number of these rows, which nobody grouped */
    bool add;
    size_t first, T, K; /* of y: the row that x begins at */
    size_t rows, cols, shares;
};

/* So many floats of x are grouped by each thread for itself: to read what
 * another core has just written takes longer. */
enum { OWN_FLOATS = 1 << 15 };

static bool groups_own(size_t T, size_t K)
{
    const size_t groups = hyt_kern()->groups;

    return groups > 1 && T > 1 &&
           ceil_div(T, groups) * groups * grouped_width(K) <= OWN_FLOATS;
}

static struct kern_rows rows_of(const struct products *a)
{
    static _Thread_local _Alignas(64) float own[OWN_FLOATS];
    static _Thread_local uint64_t number;
    const size_t ld = grouped_width(a->K);

    if (a->own == 0)
        return a->x;
    if (number != a->own)
        hyt_kern()->group_rows(own, ld, a->x.x, a->T, a->K);
    number = a->own;
    return (struct kern_rows){own, ld, true};
}

/* A row that shares no register with others. */
static bool is_vector(const struct products *a)
{
    return a->T == 1 && !a->x.grouped;
}

/* The part of product j whose rows of w are share i. */
static struct hyt_product share_of(const struct products *a, size_t i, size_t j)
{
    struct hyt_product p = a->p[j];
    size_t begin = p.N * i / a->shares, end = p.N * (i + 1) / a->shares;

    p.y += a->first * p.N + begin;
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

        hyt_kern()->matvec(p.y, a->x.x, p.w, next, p.b, a->add, p.N, a->K);
    }
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
        p->y + (a->first + *row) * p->N + n, hyt_weight_at(p->w, n * a->K),
        hyt_weight_at(p->b, n), hyt_min_size(a->cols, p->N - n)};
}

static void product_tile(void *ctx, size_t i)
{
    const struct products *a = ctx;
    const struct hyt_product *p = a->p;
    const struct kern_rows x = rows_of(a);
    size_t row_tiles = ceil_div(a->T, a->rows), tiles, row, unused;

    while (i >= (tiles = ceil_div(p->N, a->cols) * row_tiles)) {
        i -= tiles;
        p++;
    }
    struct hyt_product tile = tile_of(a, p, i, &row);
    struct hyt_product next = tile_of(a, p, i + 1, &unused); /* this thread's */

    hyt_kern()->matmul(tile.y, p->N, x.x + row * x.ld, x.ld, tile.w,
                       next.N == tile.N ? next.w.p : NULL, tile.b, a->add,
                       hyt_min_size(a->rows, a->T - row), tile.N, a->K);
}

static void multiply_tiles(struct products *a)
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
    a->rows = ceil_div(a->rows, hyt_kern()->groups) * hyt_kern()->groups;
    for (size_t j = 0; j < a->n; j++)
        tiles += ceil_div(a->p[j].N, a->cols) * ceil_div(a->T, a->rows);
    if (is_vector(a))
        hyt_parallel_for(a->shares, product_share, a);
    else
        hyt_parallel_for(tiles, product_tile, a);
}

/* f16 weights are widened COLS rows at a time, and then are f32. */
static void product_f16(void *ctx, size_t i)
{
    const struct products *a = ctx;
    const struct hyt_product *p = a->p;
    const size_t n = i * COLS, cols = hyt_min_size(COLS, p->N - n);
    const struct hyt_weight b = hyt_weight_at(p->b, n);
    float *y = p->y + a->first * p->N + n;
    float *wide = hyt_alloc_aligned(cols * a->K, sizeof(float));
    const struct hyt_weight w = {wide, HYT_F32};
    const struct kern_rows x = rows_of(a);

    hyt_kern()->widen(wide, p->w, n * a->K, cols * a->K);
    if (is_vector(a))
        hyt_kern()->matvec(y, x.x, w, NULL, b, a->add, cols, a->K);
    else
        hyt_kern()->matmul(y, p->N, x.x, x.ld, w, NULL, b, a->add, a->T, cols,
                           a->K);
    free(wide);
}

static void multiply(struct products *a)
{
    bool half = false;

    for (size_t j = 0; j < a->n; j++)
        half = half || a->p[j].w.t == HYT_F16;
    if (!half)
        multiply_tiles(a);
    for (size_t j = 0; j < a->n && half; j++) {
        struct products one = *a;

        one.p += j;
        one.n = 1;
        if (one.p->w.t == HYT_F16)
            hyt_parallel_for(ceil_div(one.p->N, COLS), product_f16, &one);
        else
            multiply_tiles(&one);
    }
}

void hyt_kern_product(float *y, struct kern_rows x, struct hyt_weight w,
                      size_t T, size_t N, size_t K)
{
    const struct hyt_product p = {y, w, {NULL, HYT_F32}, N};

    multiply(&(struct products){.p = &p, .n = 1, .x = x, .T = T, .K = K});
}

/* As many rows of x at a time as can be grouped. */
static void multiply_rows(struct products *a, const float *x)
{
    static uint64_t number;
    const size_t T = a->T, K = a->K, fit = hyt_kern_rows_fit(K);

    if (groups_own(T, K)) {
        a->x = (struct kern_rows){x, K, false};
        a->own = ++number;
        multiply(a);
        return;
    }
    for (; a->first < T; a->first += a->T) {
        a->T = hyt_min_size(fit, T - a->first);
        a->x = hyt_kern_rows(x + a->first * K, a->T, K);
        multiply(a);
    }
}

void hyt_matmul(float *y, const float *x, struct hyt_weight w,
                struct hyt_weight b, bool add, size_t T, size_t N, size_t K)
{
    const struct hyt_product p = {y, w, b, N};

    multiply_rows(
        &(struct products){.p = &p, .n = 1, .add = add, .T = T, .K = K}, x);
}

void hyt_matmul_many(const struct hyt_product *p, size_t n, const float *x,
                     size_t T, size_t K)
{
    multiply_rows(&(struct products){.p = p, .n = n, .T = T, .K = K}, x);
}
