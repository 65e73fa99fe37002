/* SPDX-License-Identifier: MIT */
/*
 * optim.c - the optimizer's loops over all weights, cut into blocks
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kern/ops.h"
#include "kern/pool.h"

/* Sums of squares depend on this. */
enum { BLOCK = 65536 };

uint16_t hyt_bf16_round(float x)
{
    uint32_t u;

    memcpy(&u, &x, sizeof(u));
    if (isnan(x))
        return (uint16_t)((u >> 16) | 0x40); /* quiet, never infinity */
    return (uint16_t)((u + 0x7fff + ((u >> 16) & 1)) >> 16);
}

uint16_t hyt_f16_round(float x)
{
    const uint32_t infinity = 0x7f800000, one_half = 0x3f000000;
    uint32_t u, sign;

    memcpy(&u, &x, sizeof(u));
    sign = u >> 16 & 0x8000;
    u &= 0x7fffffff;
    if (u > infinity)
        return (uint16_t)(sign | 0x7e00);
    if (u >= 0x477ff000) /* 65520: half way from the largest half to 2^16 */
        return (uint16_t)(sign | 0x7c00);
    if (u >= 0x38800000) { /* 2^-14: the smallest normal half */
        u = ((u + 0xfff + (u >> 13 & 1)) >> 13) - (112 << 10);
    } else {
        /* Below, halves are multiples of 2^-24, as are floats from 0.5 on. */
        float tiny = fabsf(x) + 0.5f;

        memcpy(&u, &tiny, sizeof(u));
        u -= one_half;
    }
    return (uint16_t)(sign | u);
}

static void zero_block(const void *ctx, size_t begin, size_t end)
{
    float *const *x = ctx;

    memset(*x + begin, 0, (end - begin) * sizeof(float));
}

void hyt_zero(float *x, size_t n)
{
    hyt_parallel_blocks(n, BLOCK, zero_block, &x);
}

struct squares {
    double *sum;
    const float *x;
};

static void square_block(const void *ctx, size_t begin, size_t end)
{
    const struct squares *a = ctx;

    a->sum[begin / BLOCK] = hyt_kern()->sum_squares(a->x + begin, end - begin);
}

double hyt_sum_squares(const float *x, size_t n)
{
    size_t blocks = (n + BLOCK - 1) / BLOCK;
    struct squares a = {hyt_alloc(blocks, sizeof(double)), x};
    double sum = 0;

    hyt_parallel_blocks(n, BLOCK, square_block, &a);
    for (size_t i = 0; i < blocks; i++)
        sum += a.sum[i];
    free(a.sum);
    return sum;
}

struct adamw {
    float *w, *m, *v;
    uint16_t *stored;
    const float *g;
    const struct hyt_adamw *a;
};

static void adamw_block(const void *ctx, size_t begin, size_t end)
{
    const struct adamw *s = ctx;

    hyt_kern()->adamw(s->w + begin, s->stored ? s->stored + begin : NULL,
                      s->m + begin, s->v + begin, s->g + begin, s->a,
                      end - begin);
}

void hyt_adamw_step(float *w, uint16_t *stored, float *m, float *v,
                    const float *g, const struct hyt_adamw *a, size_t n)
{
    struct adamw s = {w, m, v, stored, g, a};

    hyt_parallel_blocks(n, BLOCK, adamw_block, &s);
}
