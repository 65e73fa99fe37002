/* SPDX-License-Identifier: MIT */
/*
 * matmul.c - the matrix product and its gradients, cut into tiles
 */
#include <stdlib.h>

#include "kern/ops.h"
#include "kern/pool.h"

void hyt_widen(float *dst, struct hyt_weight w, size_t offset, size_t n)
{
    if (w.t != HYT_F32 && w.t != HYT_BF16)
        HYT_BUG("a weight that is neither f32 nor bf16");
    hyt_kern()->widen(dst, w, offset, n);
}

/* --- forward -------------------------------------------------------------- */

/* A task takes COLS columns, whose weights stay in the second-level cache,
 * over ROWS rows.  For tiny products one task is all. */
enum { COLS = 32, ROWS = 192, TINY = 1 << 15 };

struct product {
    float *y;
    const float *x;
    struct hyt_weight w, b;
    bool add;
    size_t T, N, K, cols, col_tiles;
};

static void product_tile(void *ctx, size_t i)
{
    const struct product *p = ctx;
    size_t n = i % p->col_tiles * p->cols, t = i / p->col_tiles * ROWS;

    hyt_kern()->matmul(p->y + t * p->N + n, p->N, p->x + t * p->K,
                       hyt_weight_at(p->w, n * p->K), hyt_weight_at(p->b, n),
                       p->add, hyt_min_size(ROWS, p->T - t),
                       hyt_min_size(p->cols, p->N - n), p->K);
}

void hyt_matmul(float *y, const float *x, struct hyt_weight w,
                struct hyt_weight b, bool add, size_t T, size_t N, size_t K)
{
    size_t cols = T * N * K <= TINY ? N : COLS;
    size_t col_tiles = (N + cols - 1) / cols;
    struct product p = {y, x, w, b, add, T, N, K, cols, col_tiles};

    hyt_parallel_for(col_tiles * ((T + ROWS - 1) / ROWS), product_tile, &p);
}

/* --- backward ------------------------------------------------------------- */

/* Tiles of the gradients. */
enum { TILE_ROWS = 96, TILE_COLS = 192 };

struct gradient {
    float *out;
    const float *dy, *x;
    struct hyt_weight w;
    size_t T, N, K, k_tiles;
};

/* dx += dy w for rows t … and columns k … */
static void dx_tile(void *ctx, size_t i)
{
    const struct gradient *g = ctx;
    size_t k = i % g->k_tiles * TILE_COLS, t = i / g->k_tiles * TILE_ROWS;

    hyt_kern()->gemm(g->out + t * g->K + k, g->K, g->dy + t * g->N, g->N, false,
                     hyt_weight_at(g->w, k), g->K, false, true,
                     hyt_min_size(TILE_ROWS, g->T - t),
                     hyt_min_size(TILE_COLS, g->K - k), g->N);
}

void hyt_matmul_bwd_x(float *dx, const float *dy, struct hyt_weight w, size_t T,
                      size_t N, size_t K)
{
    size_t k_tiles = (K + TILE_COLS - 1) / TILE_COLS;
    struct gradient g = {dx, dy, NULL, w, T, N, K, k_tiles};

    hyt_parallel_for(k_tiles * ((T + TILE_ROWS - 1) / TILE_ROWS), dx_tile, &g);
}

/* dw += dy^T x for rows n … and columns k … */
static void dw_tile(void *ctx, size_t i)
{
    const struct gradient *g = ctx;
    size_t k = i % g->k_tiles * TILE_COLS, n = i / g->k_tiles * TILE_ROWS;

    hyt_kern()->gemm(g->out + n * g->K + k, g->K, g->dy + n, g->N, true,
                     (struct hyt_weight){g->x + k, HYT_F32}, g->K, false, true,
                     hyt_min_size(TILE_ROWS, g->N - n),
                     hyt_min_size(TILE_COLS, g->K - k), g->T);
}

static void db_columns(const void *ctx, size_t begin, size_t end)
{
    const struct gradient *g = ctx;

    hyt_kern()->sum_rows(g->out + begin, g->dy + begin, g->N, g->T,
                         end - begin);
}

void hyt_matmul_bwd_w(float *dw, float *db, const float *dy, const float *x,
                      size_t T, size_t N, size_t K)
{
    size_t k_tiles = (K + TILE_COLS - 1) / TILE_COLS;
    struct gradient g = {dw, dy, x, {NULL, HYT_F32}, T, N, K, k_tiles};

    hyt_parallel_for(k_tiles * ((N + TILE_ROWS - 1) / TILE_ROWS), dw_tile, &g);
    g.out = db;
    if (db)
        hyt_parallel_blocks(N, 64, db_columns, &g);
}
