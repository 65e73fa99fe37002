/* SPDX-License-Identifier: MIT */
/*
 * vocab.c - rows of logits, cut into blocks of the vocabulary: what the model
 * thinks of the next token, with the logits in memory or without
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kern/ops.h"
#include "kern/pool.h"

/* --- stats ---------------------------------------------------------------- */

static const struct kern_vocab nothing = {-INFINITY, 0, 0, 0};

/* The sums of one more block: those of both move to the larger maximum, exp
 * and z - max alike. */
static void add_block(struct kern_vocab *to, const struct kern_vocab *b)
{
    double top = b->max > to->max ? b->max : to->max;
    double was = hyt_exp(to->max - top), is = hyt_exp(b->max - top);

    if (was > 0)
        to->w = was * (to->w + to->s * (to->max - top));
    to->w += is * (b->w + b->s * (b->max - top));
    to->s = was * to->s + is * b->s;
    to->sum += b->sum;
    to->max = top;
}

/* From the sums over all V logits, one of which is the target's. */
static void finish(struct hyt_row_stats *out, const struct kern_vocab *all,
                   const float *z, size_t V)
{
    double log_s = hyt_log(all->s), entropy = log_s - all->w / all->s;

    out->lse = all->max + log_s;
    out->logp = z ? (float)((double)*z - out->lse) : 0;
    out->certainty =
        (float)(out->lse - all->sum / (double)V - hyt_log((double)V));
    out->entropy = entropy < 0 ? 0 : (float)entropy;
}

struct vocab {
    struct hyt_row_stats *out;
    const struct hyt_row_stats *stats;
    const float *z, *g;
    float *dz, cap;
    const int32_t *target;
    size_t V, stride;
};

static void stats_rows(const void *ctx, size_t begin, size_t end)
{
    const struct vocab *a = ctx;

    for (size_t t = begin; t < end; t++) {
        const float *z = a->z + t * a->stride;
        struct kern_vocab all = nothing, b;

        for (size_t v = 0; v < a->V; v += HYT_VOCAB_BLOCK) {
            hyt_kern()->vocab_block(&b, z + v,
                                    hyt_min_size(HYT_VOCAB_BLOCK, a->V - v));
            add_block(&all, &b);
        }
        finish(&a->out[t], &all, a->target[t] < 0 ? NULL : z + a->target[t],
               a->V);
    }
}

void hyt_vocab_stats(struct hyt_row_stats *out, const float *z,
                     const int32_t *target, size_t T, size_t V, size_t stride)
{
    struct vocab a = {
        .out = out, .z = z, .target = target, .V = V, .stride = stride};

    hyt_parallel_blocks(T, hyt_rows_of_task(V), stats_rows, &a);
}

/* --- stats of a product --------------------------------------------------- */

/* A task has a block of the vocabulary for so many rows: few enough that their
 * logits stay in the second-level cache, or near it.  The tasks of a block
 * follow each other, so the weights come from memory once. */
enum { TILE_ROWS = 96 };

struct product {
    struct hyt_row_stats *out;
    struct kern_vocab *sums; /* [blocks,T] */
    float *hit;              /* [T] logits of the targets */
    struct kern_rows x;
    struct hyt_weight w;
    const int32_t *target;
    float cap;
    size_t T, V, K, rows, tiles; /* rows a tile, tiles a block */
};

static void product_tile(void *ctx, size_t i)
{
    const struct product *a = ctx;
    size_t block = i / a->tiles, v = block * HYT_VOCAB_BLOCK;
    size_t first = i % a->tiles * a->rows;
    size_t T = hyt_min_size(a->rows, a->T - first);
    size_t n = hyt_min_size(HYT_VOCAB_BLOCK, a->V - v);
    float *z = hyt_alloc_aligned(T * n, sizeof(float));
    struct kern_rows x = a->x;

    x.x += first * x.ld;
    hyt_kern_product(z, x, hyt_weight_at(a->w, v * a->K), T, n, a->K);
    for (size_t j = 0; j < T; j++) {
        size_t t = first + j, id = (size_t)a->target[t];

        if (a->cap > 0)
            hyt_kern()->softcap(z + j * n, a->cap, n);
        hyt_kern()->vocab_block(&a->sums[block * a->T + t], z + j * n, n);
        if (a->target[t] >= 0 && id >= v && id < v + n)
            a->hit[t] = z[j * n + id - v];
    }
    free(z);
}

static void product_rows(const void *ctx, size_t begin, size_t end)
{
    const struct product *a = ctx;

    for (size_t t = begin; t < end; t++) {
        struct kern_vocab all = nothing;

        for (size_t v = 0; v < a->V; v += HYT_VOCAB_BLOCK)
            add_block(&all, &a->sums[v / HYT_VOCAB_BLOCK * a->T + t]);
        finish(&a->out[t], &all, a->target[t] < 0 ? NULL : &a->hit[t], a->V);
    }
}

static void stats_of_product(struct product *a)
{
    const size_t blocks = (a->V + HYT_VOCAB_BLOCK - 1) / HYT_VOCAB_BLOCK;
    const size_t groups = hyt_kern()->groups;

    a->tiles = (a->T + TILE_ROWS - 1) / TILE_ROWS;
    a->rows = (a->T + a->tiles - 1) / a->tiles;
    a->rows = (a->rows + groups - 1) / groups * groups;
    a->sums = hyt_alloc(blocks * a->T, sizeof(*a->sums));
    a->hit = hyt_alloc(a->T, sizeof(*a->hit));
    hyt_parallel_for(blocks * a->tiles, product_tile, a);
    hyt_parallel_blocks(a->T, hyt_rows_of_task(blocks), product_rows, a);
    free(a->sums);
    free(a->hit);
}

/* As many rows of x at a time as can be grouped. */
void hyt_matmul_stats(struct hyt_row_stats *out, const float *x,
                      struct hyt_weight w, const int32_t *target, float cap,
                      size_t T, size_t V, size_t K)
{
    const size_t fit = hyt_kern_rows_fit(K);

    for (size_t t = 0, n; t < T; t += n) {
        n = hyt_min_size(fit, T - t);
        stats_of_product(&(struct product){.out = out + t,
                                           .x = hyt_kern_rows(x + t * K, n, K),
                                           .w = w,
                                           .target = target + t,
                                           .cap = cap,
                                           .T = n,
                                           .V = V,
                                           .K = K});
    }
}

/* --- soft cap, gradient, exponentials ------------------------------------- */

static void softcap_rows(const void *ctx, size_t begin, size_t end)
{
    const struct vocab *a = ctx;

    for (size_t t = begin; t < end; t++)
        hyt_kern()->softcap(a->dz + t * a->stride, a->cap, a->V);
}

void hyt_softcap(float *z, float cap, size_t T, size_t V, size_t stride)
{
    struct vocab a = {.dz = z, .cap = cap, .V = V, .stride = stride};

    hyt_parallel_blocks(T, hyt_rows_of_task(V), softcap_rows, &a);
}

static void vocab_bwd_rows(const void *ctx, size_t begin, size_t end)
{
    const struct vocab *a = ctx;

    for (size_t t = begin; t < end; t++) {
        float *dz = a->dz + t * a->stride;

        hyt_kern()->vocab_bwd(dz, &a->stats[t], a->target[t], a->g[t], a->cap,
                              a->V);
        memset(dz + a->V, 0, (a->stride - a->V) * sizeof(float));
    }
}

void hyt_vocab_bwd(float *z, const struct hyt_row_stats *stats,
                   const int32_t *target, const float *g, float cap, size_t T,
                   size_t V, size_t stride)
{
    struct vocab a = {.dz = z,
                      .stats = stats,
                      .target = target,
                      .g = g,
                      .cap = cap,
                      .V = V,
                      .stride = stride};

    hyt_parallel_blocks(T, hyt_rows_of_task(V), vocab_bwd_rows, &a);
}

void hyt_exp_rows(float *y, const float *x, float shift, size_t n)
{
    hyt_kern()->exp_rows(y, x, shift, n);
}
