/* SPDX-License-Identifier: MIT */
/*
 * gemm.c - the gradients of the matrix product, cut into tasks
 *
 * Both are c += a b.  All threads pack b together, then each takes rows of c;
 * a is packed by whoever reads it.  Where c has few rows, a thread takes some
 * columns and packs what it needs of b for itself.
 */
#include <string.h>
#include <unistd.h>

#include "kern/ops.h"
#include "kern/pool.h"

/* The packed part of b: so many columns, times a depth that fits. */
enum { WIDTH = 4 * HYT_GEMM_PANEL };
_Alignas(64) float hyt_kern_packed[HYT_KERN_PACKED];

struct gemm {
    float *c;
    const float *a;
    struct hyt_weight b;
    bool ta, add; /* ta: a is stored [k,m], else [m,k] */
    size_t m, n, k;
    size_t j, cols;  /* columns in the buffer, */
    size_t l, depth; /* rows of b in it */
    size_t rows;     /* of c a task */
};

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* Where block l of the buffer is: whole panels, l rows deep. */
static float *block_at(const struct gemm *g, size_t l)
{
    return hyt_kern_packed +
           l * ceil_div(g->cols, HYT_GEMM_PANEL) * HYT_GEMM_PANEL;
}

/* One panel of b. */
static void pack_panel(void *ctx, size_t i)
{
    const struct gemm *g = ctx;
    size_t panels = ceil_div(g->cols, HYT_GEMM_PANEL);
    size_t j = i % panels * HYT_GEMM_PANEL, l = i / panels * HYT_GEMM_DEPTH;
    size_t depth = hyt_min_size(HYT_GEMM_DEPTH, g->depth - l);

    hyt_kern()->gemm_pack(block_at(g, l) + j * depth,
                          hyt_weight_at(g->b, (g->l + l) * g->n + g->j + j),
                          g->n, hyt_min_size(HYT_GEMM_PANEL, g->cols - j),
                          depth);
}

/* Some rows of c. */
static void multiply_rows(void *ctx, size_t i)
{
    const struct gemm *g = ctx;
    size_t row = i * g->rows;

    for (size_t l = 0; l < g->depth; l += HYT_GEMM_DEPTH) {
        size_t at = g->l + l;

        hyt_kern()->gemm_rows(
            g->c + row * g->n + g->j, g->n,
            g->a + (g->ta ? at * g->m + row : row * g->k + at),
            g->ta ? g->m : g->k, g->ta, block_at(g, l), g->add || at > 0,
            hyt_min_size(g->rows, g->m - row), g->cols,
            hyt_min_size(HYT_GEMM_DEPTH, g->depth - l));
    }
}

/* As many tasks for each thread, of whole register tiles (eight rows).  Several
 * for each: threads are not equally fast, and all wait for the last one. */
enum { TASKS = 4, ROWS_MIN = 48 };

static size_t rows_of_task(size_t m)
{
    size_t threads = (size_t)hyt_threads();
    size_t rows = hyt_min_size(HYT_GEMM_ROWS, ceil_div(m, threads * TASKS));
    size_t rounds = ceil_div(m, threads * (rows < ROWS_MIN ? ROWS_MIN : rows));

    return ceil_div(ceil_div(m, threads * rounds), 8) * 8;
}

/* What stays in a core's second-level cache while c passes through it. */
static size_t cache_floats(void)
{
    long bytes = 0;

#ifdef _SC_LEVEL2_CACHE_SIZE
    bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
#endif
    return bytes > 0 ? (size_t)bytes / sizeof(float) / 4 * 3 : 0;
}

/* How many rows of b are packed at once: as many as stay in the second-level
 * cache, which every task reads them from; if that has no room for a block, in
 * the third. */
static size_t depth_of_chunk(size_t cols)
{
    const size_t width = ceil_div(cols, HYT_GEMM_PANEL) * HYT_GEMM_PANEL;
    const size_t fits = cache_floats() / width;

    return hyt_min_size(fits < HYT_GEMM_DEPTH ? SIZE_MAX : fits,
                        HYT_KERN_PACKED / width) /
           HYT_GEMM_DEPTH * HYT_GEMM_DEPTH;
}

/* Columns of c a task, where its rows are few and its columns are enough for
 * all threads. */
enum { COLS = HYT_GEMM_PANEL / 2, FEW_ROWS = 48 };

static void multiply_columns(void *ctx, size_t i)
{
    const struct gemm *g = ctx;
    const size_t j = i * COLS, cols = hyt_min_size(COLS, g->n - j);
    _Alignas(64) float pack[HYT_GEMM_PANEL * HYT_GEMM_DEPTH];

    for (size_t l = 0; l < g->k; l += HYT_GEMM_DEPTH) {
        const size_t depth = hyt_min_size(HYT_GEMM_DEPTH, g->k - l);

        hyt_kern()->gemm_pack(pack, hyt_weight_at(g->b, l * g->n + j), g->n,
                              cols, depth);
        hyt_kern()->gemm_rows(g->c + j, g->n, g->a + l * (g->ta ? g->m : 1),
                              g->ta ? g->m : g->k, g->ta, pack, g->add || l > 0,
                              g->m, cols, depth);
    }
}

static void multiply(struct gemm *g)
{
    if (g->m <= FEW_ROWS && g->n >= (size_t)hyt_threads() * COLS) {
        hyt_parallel_for(ceil_div(g->n, COLS), multiply_columns, g);
        return;
    }
    g->rows = rows_of_task(g->m);
    for (g->j = 0; g->j < g->n; g->j += WIDTH) {
        size_t panels, fits;

        g->cols = hyt_min_size(WIDTH, g->n - g->j);
        panels = ceil_div(g->cols, HYT_GEMM_PANEL);
        fits = depth_of_chunk(g->cols);
        for (g->l = 0; g->l < g->k; g->l += fits) {
            g->depth = hyt_min_size(fits, g->k - g->l);
            hyt_parallel_for(panels * ceil_div(g->depth, HYT_GEMM_DEPTH),
                             pack_panel, g);
            hyt_parallel_for(ceil_div(g->m, g->rows), multiply_rows, g);
        }
    }
}

void hyt_matmul_bwd_x(float *dx, const float *dy, struct hyt_weight w, bool add,
                      size_t T, size_t N, size_t K)
{
    multiply(&(struct gemm){
        .c = dx, .a = dy, .b = w, .add = add, .m = T, .n = K, .k = N});
}

struct bias {
    float *db;
    const float *dy;
    bool add;
    size_t T, N;
};

static void bias_columns(const void *ctx, size_t begin, size_t end)
{
    const struct bias *b = ctx;

    if (!b->add)
        memset(b->db + begin, 0, (end - begin) * sizeof(float));
    hyt_kern()->sum_rows(b->db + begin, b->dy + begin, b->N, b->T, end - begin);
}

void hyt_matmul_bwd_w(float *dw, float *db, const float *dy, const float *x,
                      bool add, size_t T, size_t N, size_t K)
{
    multiply(&(struct gemm){.c = dw,
                            .a = dy,
                            .b = {x, HYT_F32},
                            .ta = true,
                            .add = add,
                            .m = N,
                            .n = K,
                            .k = T});
    if (db)
        hyt_parallel_blocks(N, 64, bias_columns,
                            &(struct bias){db, dy, add, T, N});
}
