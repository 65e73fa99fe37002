/* SPDX-License-Identifier: MIT */
/*
 * attention.c - the paged cache, and attention cut into tasks
 */
#include <stdlib.h>
#include <string.h>

#include "kern/ops.h"
#include "kern/pool.h"

/* --- cache ---------------------------------------------------------------- */

struct store {
    float *kpool, *vpool;
    const float *k, *v;
    const struct hyt_attn_row *row;
    size_t G, E;
};

static void store_rows(const void *ctx, size_t begin, size_t end)
{
    const struct store *a = ctx;
    size_t G = a->G, E = a->E;

    for (size_t t = begin; t < end; t++) {
        size_t page = (size_t)a->row[t].page[a->row[t].pos / HYT_PAGE];
        size_t slot = (size_t)a->row[t].pos % HYT_PAGE;

        for (size_t g = 0; g < G; g++) {
            size_t at = (page * G + g) * E * HYT_PAGE;
            const float *k = a->k + (t * G + g) * E;

            for (size_t e = 0; e < E; e++)
                a->kpool[at + e * HYT_PAGE + slot] = k[e];
            memcpy(a->vpool + at + slot * E, a->v + (t * G + g) * E,
                   E * sizeof(float));
        }
    }
}

void hyt_kv_store(float *kpool, float *vpool, const float *k, const float *v,
                  const struct hyt_attn_row *row, size_t T, size_t G, size_t E)
{
    struct store a = {kpool, vpool, k, v, row, G, E};

    hyt_parallel_blocks(T, 32, store_rows, &a);
}

void hyt_kv_copy(float *kpool, float *vpool, int32_t dst, int32_t src, size_t n,
                 size_t G, size_t E)
{
    size_t page = G * E * HYT_PAGE;
    float *kd = kpool + (size_t)dst * page, *vd = vpool + (size_t)dst * page;
    const float *ks = kpool + (size_t)src * page;
    const float *vs = vpool + (size_t)src * page;

    for (size_t i = 0; i < G * E; i++)
        memcpy(kd + i * HYT_PAGE, ks + i * HYT_PAGE, n * sizeof(float));
    for (size_t g = 0; g < G; g++)
        memcpy(vd + g * HYT_PAGE * E, vs + g * HYT_PAGE * E,
               n * E * sizeof(float));
}

/* --- forward -------------------------------------------------------------- */

struct attention {
    float *o, *lse;
    const float *q, *kpool, *vpool;
    const struct hyt_attn_row *row;
    float scale;
    size_t T, H, G, E, rows;
};

/* Some rows, one key/value head. */
static void attend_tile(void *ctx, size_t i)
{
    const struct attention *a = ctx;
    size_t t = i / a->G * a->rows, g = i % a->G;

    hyt_kern()->attention(
        a->o + t * a->H * a->E, a->lse ? a->lse + t * a->H : NULL,
        a->q + t * a->H * a->E, a->kpool, a->vpool, a->row + t, a->scale, g,
        hyt_min_size(a->rows, a->T - t), a->H, a->G, a->E);
}

void hyt_attention(float *o, float *lse, const float *q, const float *kpool,
                   const float *vpool, const struct hyt_attn_row *row,
                   float scale, size_t T, size_t H, size_t G, size_t E)
{
    size_t rows = T * G < 64 ? 1 : 8;
    struct attention a = {o,     lse, q, kpool, vpool, row,
                          scale, T,   H, G,     E,     rows};

    if (E > HYT_HEAD_MAX)
        HYT_BUG("attention heads wider than HYT_HEAD_MAX");
    hyt_parallel_for((T + rows - 1) / rows * G, attend_tile, &a);
}

/* --- backward ------------------------------------------------------------- */

struct attention_bwd {
    struct kern_attn_bwd all;
    const size_t *begin;
};

/* One query head of one sequence. */
static void attend_bwd_head(void *ctx, size_t i)
{
    const struct attention_bwd *b = ctx;
    struct kern_attn_bwd a = b->all;
    size_t seq = i / a.H, first = b->begin[seq];
    size_t HE = a.H * a.E, GE = a.G * a.E;

    a.n = b->begin[seq + 1] - first;
    a.dq += first * HE;
    a.dk += first * HE;
    a.dv += first * HE;
    a.dout += first * HE;
    a.q += first * HE;
    a.k += first * GE;
    a.v += first * GE;
    a.o += first * HE;
    a.lse += first * a.H;
    hyt_kern()->attention_bwd(&a, i % a.H);
}

struct shares {
    float *sum;
    const float *share;
    size_t R, G, E;
};

/* sum_tg += share_th over the group's query heads h, in order. */
static void sum_group(const void *ctx, size_t begin, size_t end)
{
    const struct shares *a = ctx;

    for (size_t i = begin * a->G; i < end * a->G; i++)
        hyt_kern()->sum_rows(a->sum + i * a->E, a->share + i * a->R * a->E,
                             a->E, a->R, a->E);
}

void hyt_attention_bwd(float *dq, float *dk, float *dv, const float *dout,
                       const float *q, const float *k, const float *v,
                       const float *o, const float *lse, const size_t *begin,
                       size_t n_seq, float scale, size_t H, size_t G, size_t E)
{
    /* Each query head has its own share of dk and dv, so that heads of one
     * group can run side by side. */
    size_t T = begin[n_seq];
    float *dk_share = hyt_alloc_aligned(T * H * E, sizeof(float));
    float *dv_share = hyt_alloc_aligned(T * H * E, sizeof(float));
    struct attention_bwd b = {
        {dq, dk_share, dv_share, dout, q, k, v, o, lse, scale, 0, H, G, E},
        begin};

    hyt_parallel_for(n_seq * H, attend_bwd_head, &b);
    hyt_parallel_blocks(T, 64, sum_group,
                        &(struct shares){dk, dk_share, H / G, G, E});
    hyt_parallel_blocks(T, 64, sum_group,
                        &(struct shares){dv, dv_share, H / G, G, E});
    free(dk_share);
    free(dv_share);
}
