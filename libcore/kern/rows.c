/* SPDX-License-Identifier: MIT */
/*
 * rows.c - the operations that work row by row or element by element, cut
 * into blocks: norms, rotary positions, SwiGLU, embedding
 */
#include <stdlib.h>
#include <string.h>

#include "kern/ops.h"
#include "kern/pool.h"

/* --- RMSNorm -------------------------------------------------------------- */

struct norm {
    float *y, *r;
    const float *x;
    struct hyt_weight g;
    float plus, eps;
    size_t D;
};

static void norm_rows(const void *ctx, size_t begin, size_t end)
{
    const struct norm *a = ctx;

    hyt_kern()->rmsnorm(a->y + begin * a->D, a->r ? a->r + begin : NULL,
                        a->x + begin * a->D, a->g, a->plus, a->eps, end - begin,
                        a->D);
}

void hyt_rmsnorm(float *y, float *r, const float *x, struct hyt_weight g,
                 float plus, float eps, size_t T, size_t D)
{
    struct norm a = {y, r, x, g, plus, eps, D};

    hyt_parallel_blocks(T, hyt_rows_of_task(D), norm_rows, &a);
}

/* Rows of a block share one sum for dg; results depend on this. */
enum { NORM_BLOCK = 256 };

struct norm_bwd {
    float *dx, *share; /* share [blocks,D] of dg */
    const float *dy, *x, *r;
    struct hyt_weight g;
    float plus;
    size_t D;
};

static void norm_bwd_rows(const void *ctx, size_t begin, size_t end)
{
    const struct norm_bwd *a = ctx;
    size_t at = begin * a->D;

    hyt_kern()->rmsnorm_bwd(a->dx + at, a->share + begin / NORM_BLOCK * a->D,
                            a->dy + at, a->x + at, a->r + begin, a->g, a->plus,
                            end - begin, a->D);
}

void hyt_rmsnorm_bwd(float *dx, float *dg, const float *dy, const float *x,
                     const float *r, struct hyt_weight g, float plus, size_t T,
                     size_t D)
{
    size_t blocks = (T + NORM_BLOCK - 1) / NORM_BLOCK;
    float *share = hyt_alloc_aligned(blocks * D, sizeof(float));
    struct norm_bwd a = {dx, share, dy, x, r, g, plus, D};

    hyt_parallel_blocks(T, NORM_BLOCK, norm_bwd_rows, &a);
    hyt_kern()->sum_rows(dg, share, D, blocks, D);
    free(share);
}

/* --- rotary positions ----------------------------------------------------- */

void hyt_rope_table(float *cos, float *sin, const float *frequency,
                    double scale, size_t n_pos, size_t E)
{
    for (size_t i = 0; i < E / 2; i++)
        for (size_t p = 0; p < n_pos; p++) {
            float angle = (float)p * frequency[i];
            double s, c;

            hyt_sincos((double)angle, &s, &c);
            cos[p * (E / 2) + i] = (float)(scale * c);
            sin[p * (E / 2) + i] = (float)(scale * s);
        }
}

struct rotation {
    float *x;
    const int32_t *pos;
    const float *cos, *sin;
    float sign;
    size_t H, E;
};

static void rope_rows(const void *ctx, size_t begin, size_t end)
{
    const struct rotation *a = ctx;

    hyt_kern()->rope(a->x + begin * a->H * a->E, a->pos + begin, a->cos, a->sin,
                     a->sign, end - begin, a->H, a->E);
}

void hyt_rope(float *x, const int32_t *pos, const float *cos, const float *sin,
              size_t T, size_t H, size_t E)
{
    struct rotation a = {x, pos, cos, sin, 1, H, E};

    hyt_parallel_blocks(T, hyt_rows_of_task(H * E), rope_rows, &a);
}

void hyt_rope_bwd(float *dx, const int32_t *pos, const float *cos,
                  const float *sin, size_t T, size_t H, size_t E)
{
    struct rotation a = {dx, pos, cos, sin, -1, H, E};

    hyt_parallel_blocks(T, hyt_rows_of_task(H * E), rope_rows, &a);
}

/* --- SwiGLU and GEGLU ----------------------------------------------------- */

struct gate {
    float *h, *dg, *du;
    const float *dh, *g, *u;
};

static void swiglu_part(const void *ctx, size_t begin, size_t end)
{
    const struct gate *a = ctx;

    hyt_kern()->swiglu(a->h + begin, a->g + begin, a->u + begin, end - begin);
}

void hyt_swiglu(float *h, const float *g, const float *u, size_t n)
{
    struct gate a = {.h = h, .g = g, .u = u};

    hyt_parallel_blocks(n, HYT_GRAIN, swiglu_part, &a);
}

static void swiglu_bwd_part(const void *ctx, size_t begin, size_t end)
{
    const struct gate *a = ctx;

    hyt_kern()->swiglu_bwd(a->dg + begin, a->du + begin, a->dh + begin,
                           a->g + begin, a->u + begin, end - begin);
}

void hyt_swiglu_bwd(float *dg, float *du, const float *dh, const float *g,
                    const float *u, size_t n)
{
    struct gate a = {.dg = dg, .du = du, .dh = dh, .g = g, .u = u};

    hyt_parallel_blocks(n, HYT_GRAIN, swiglu_bwd_part, &a);
}

static void geglu_part(const void *ctx, size_t begin, size_t end)
{
    const struct gate *a = ctx;

    hyt_kern()->geglu(a->h + begin, a->g + begin, a->u + begin, end - begin);
}

void hyt_geglu(float *h, const float *g, const float *u, size_t n)
{
    struct gate a = {.h = h, .g = g, .u = u};

    hyt_parallel_blocks(n, HYT_GRAIN, geglu_part, &a);
}

static void geglu_bwd_part(const void *ctx, size_t begin, size_t end)
{
    const struct gate *a = ctx;

    hyt_kern()->geglu_bwd(a->dg + begin, a->du + begin, a->dh + begin,
                          a->g + begin, a->u + begin, end - begin);
}

void hyt_geglu_bwd(float *dg, float *du, const float *dh, const float *g,
                   const float *u, size_t n)
{
    struct gate a = {.dg = dg, .du = du, .dh = dh, .g = g, .u = u};

    hyt_parallel_blocks(n, HYT_GRAIN, geglu_bwd_part, &a);
}

/* --- element by element --------------------------------------------------- */

struct elements {
    float *y;
    const float *x;
    float factor;
};

static void add_part(const void *ctx, size_t begin, size_t end)
{
    const struct elements *a = ctx;

    for (size_t i = begin; i < end; i++)
        a->y[i] += a->x[i];
}

void hyt_add(float *y, const float *x, size_t n)
{
    struct elements a = {y, x, 1};

    hyt_parallel_blocks(n, HYT_GRAIN, add_part, &a);
}

static void scale_part(const void *ctx, size_t begin, size_t end)
{
    const struct elements *a = ctx;

    for (size_t i = begin; i < end; i++)
        a->y[i] *= a->factor;
}

void hyt_scale(float *x, float factor, size_t n)
{
    struct elements a = {x, NULL, factor};

    hyt_parallel_blocks(n, HYT_GRAIN, scale_part, &a);
}

/* --- embedding ------------------------------------------------------------ */

struct embedding {
    float *x;
    const float *dx;
    struct hyt_weight e;
    const int32_t *id;
    size_t T, D;
};

static void embed_rows(const void *ctx, size_t begin, size_t end)
{
    const struct embedding *a = ctx;

    for (size_t t = begin; t < end; t++)
        hyt_kern()->widen(a->x + t * a->D, a->e, (size_t)a->id[t] * a->D, a->D);
}

void hyt_embed(float *x, struct hyt_weight e, const int32_t *id, size_t T,
               size_t D)
{
    struct embedding a = {.x = x, .e = e, .id = id, .T = T, .D = D};

    hyt_parallel_blocks(T, hyt_rows_of_task(D), embed_rows, &a);
}

/* Cut by columns, so that rows of one id meet in row order. */
static void embed_bwd_columns(const void *ctx, size_t begin, size_t end)
{
    const struct embedding *a = ctx;

    for (size_t t = 0; t < a->T; t++) {
        float *de = a->x + (size_t)a->id[t] * a->D;
        const float *dx = a->dx + t * a->D;

        for (size_t i = begin; i < end; i++)
            de[i] += dx[i];
    }
}

void hyt_embed_bwd(float *de, const float *dx, const int32_t *id, size_t T,
                   size_t D)
{
    struct embedding a = {.x = de, .dx = dx, .id = id, .T = T, .D = D};

    hyt_parallel_blocks(D, 128, embed_bwd_columns, &a);
}
