/* SPDX-License-Identifier: MIT */
/*
 * attention.c - the paged cache, and attention cut into tasks
 */
#include <stdlib.h>
#include <string.h>

#include "kern/ops.h"
#include "kern/pool.h"

/* --- cache ---------------------------------------------------------------- */

static void check_format(const struct hyt_kv *kv)
{
    if (kv->t != HYT_F32 && kv->t != HYT_BF16)
        HYT_BUG("a cache that is neither f32 nor bf16");
}

/* One position of one head: k [E] to every HYT_PAGE-th element from `at + slot`
 * of the keys, v [E] to consecutive ones of the values. */
static void put_f32(const struct hyt_kv *kv, size_t at, size_t slot,
                    const float *k, const float *v, size_t E)
{
    float *kp = (float *)kv->k + at + slot;

    for (size_t e = 0; e < E; e++)
        kp[e * HYT_PAGE] = k[e];
    memcpy((float *)kv->v + at + slot * E, v, E * sizeof(float));
}

static uint16_t rounded(float *x)
{
    uint16_t half = hyt_bf16_round(*x);
    uint32_t u = (uint32_t)half << 16;

    memcpy(x, &u, sizeof(u));
    return half;
}

static void put_bf16(const struct hyt_kv *kv, size_t at, size_t slot, float *k,
                     float *v, size_t E)
{
    uint16_t *kp = (uint16_t *)kv->k + at + slot;
    uint16_t *vp = (uint16_t *)kv->v + at + slot * E;

    for (size_t e = 0; e < E; e++) {
        kp[e * HYT_PAGE] = rounded(&k[e]);
        vp[e] = rounded(&v[e]);
    }
}

struct store {
    struct hyt_kv kv;
    float *k, *v;
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
            float *k = a->k + (t * G + g) * E, *v = a->v + (t * G + g) * E;

            if (a->kv.t == HYT_BF16)
                put_bf16(&a->kv, at, slot, k, v, E);
            else
                put_f32(&a->kv, at, slot, k, v, E);
        }
    }
}

void hyt_kv_store(const struct hyt_kv *kv, float *k, float *v,
                  const struct hyt_attn_row *row, size_t T, size_t G, size_t E)
{
    struct store a = {*kv, k, v, row, G, E};

    check_format(kv);
    hyt_parallel_blocks(T, 8, store_rows, &a);
}

void hyt_kv_copy(const struct hyt_kv *kv, int32_t dst, int32_t src, size_t n,
                 size_t G, size_t E)
{
    size_t one = kv->t == HYT_BF16 ? 2 : 4, page = G * E * HYT_PAGE * one;
    char *kd = (char *)kv->k + (size_t)dst * page;
    char *vd = (char *)kv->v + (size_t)dst * page;
    const char *ks = (const char *)kv->k + (size_t)src * page;
    const char *vs = (const char *)kv->v + (size_t)src * page;

    for (size_t i = 0; i < G * E * HYT_PAGE * one; i += HYT_PAGE * one)
        memcpy(kd + i, ks + i, n * one);
    for (size_t i = 0; i < G * E * HYT_PAGE * one; i += HYT_PAGE * E * one)
        memcpy(vd + i, vs + i, n * E * one);
}

/* --- forward -------------------------------------------------------------- */

struct attention {
    float *o, *lse;
    const float *q;
    struct hyt_kv kv;
    const struct hyt_attn_row *row;
    const struct hyt_attn *how;
    size_t T, H, G, E, rows;
};

/* Some rows, one key/value head. */
static void attend_tile(void *ctx, size_t i)
{
    const struct attention *a = ctx;
    size_t t = i / a->G * a->rows, g = i % a->G;

    hyt_kern()->attention(a->o + t * a->H * a->E,
                          a->lse ? a->lse + t * a->H : NULL,
                          a->q + t * a->H * a->E, &a->kv, a->row + t, a->how, g,
                          hyt_min_size(a->rows, a->T - t), a->H, a->G, a->E);
}

void hyt_attention(float *o, float *lse, const float *q,
                   const struct hyt_kv *kv, const struct hyt_attn_row *row,
                   const struct hyt_attn *how, size_t T, size_t H, size_t G,
                   size_t E)
{
    size_t rows = T * G < 64 ? 1 : 8;
    struct attention a = {o, lse, q, *kv, row, how, T, H, G, E, rows};

    if (E > HYT_HEAD_MAX)
        HYT_BUG("attention heads wider than HYT_HEAD_MAX");
    hyt_parallel_for((T + rows - 1) / rows * G, attend_tile, &a);
}

/* --- backward ------------------------------------------------------------- */

struct attention_bwd {
    struct kern_attn_bwd all;
    const struct hyt_attn_seq *seq;
    size_t n_seq;
    /* What the prefixes of sequences get from them: rows of H*E, those of
     * sequence i from at[i] on. */
    float *dk_prefix, *dv_prefix;
    size_t *at;
};

/* Columns c … c+E-1 of all positions of a sequence, of rows of ld. */
static void gather(float *to, const float *from, const struct hyt_attn_seq *s,
                   size_t ld, size_t c, size_t E)
{
    for (size_t i = 0; i < s->n_prefix; i++)
        memcpy(to + i * E, from + (s->prefix + i) * ld + c, E * sizeof(float));
    for (size_t i = 0; i < s->n; i++)
        memcpy(to + (s->n_prefix + i) * E, from + (s->first + i) * ld + c,
               E * sizeof(float));
}

static void scatter(float *to, const float *from, size_t n, size_t ld, size_t E)
{
    for (size_t i = 0; i < n; i++)
        memcpy(to + i * ld, from + i * E, E * sizeof(float));
}

/* One query head of sequence i with a prefix: whole, in rows of its own.  The
 * output of the prefix has no gradient here: it has its own sequence. */
static void attend_bwd_fork(const struct attention_bwd *b, size_t i, size_t h)
{
    const struct kern_attn_bwd *all = &b->all;
    const struct hyt_attn_seq *s = &b->seq[i];
    size_t E = all->E, HE = all->H * E, GE = all->G * E, P = s->n_prefix;
    size_t n = P + s->n, at = h * E, group = h / (all->H / all->G) * E;
    float *q = hyt_alloc_aligned(n * (8 * E + 1), sizeof(float));
    float *k = q + n * E, *v = k + n * E, *o = v + n * E, *dout = o + n * E;
    float *dq = dout + n * E, *dk = dq + n * E, *dv = dk + n * E;
    float *lse = dv + n * E;
    const struct kern_attn_bwd a = {dq, dk,  dv,       dout, q, k, v,
                                    o,  lse, all->how, n,    1, 1, E};

    gather(q, all->q, s, HE, at, E);
    gather(k, all->k, s, GE, group, E);
    gather(v, all->v, s, GE, group, E);
    gather(o, all->o, s, HE, at, E);
    gather(dout, all->dout, s, HE, at, E);
    gather(lse, all->lse, s, all->H, h, 1);
    memset(dout, 0, P * E * sizeof(float));
    hyt_kern()->attention_bwd(&a, 0);
    scatter(all->dq + s->first * HE + at, dq + P * E, s->n, HE, E);
    scatter(all->dk + s->first * HE + at, dk + P * E, s->n, HE, E);
    scatter(all->dv + s->first * HE + at, dv + P * E, s->n, HE, E);
    scatter(b->dk_prefix + b->at[i] * HE + at, dk, P, HE, E);
    scatter(b->dv_prefix + b->at[i] * HE + at, dv, P, HE, E);
    free(q);
}

/* One query head of one sequence. */
static void attend_bwd_head(void *ctx, size_t i)
{
    const struct attention_bwd *b = ctx;
    struct kern_attn_bwd a = b->all;
    const struct hyt_attn_seq *s = &b->seq[i / a.H];
    size_t first = s->first, HE = a.H * a.E, GE = a.G * a.E;

    if (s->n_prefix > 0) {
        attend_bwd_fork(b, i / a.H, i % a.H);
        return;
    }
    a.n = s->n;
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

/* Of one query head: sequences in order. */
static void add_prefixes(void *ctx, size_t h)
{
    const struct attention_bwd *b = ctx;
    size_t E = b->all.E, HE = b->all.H * E;

    for (size_t i = 0; i < b->n_seq; i++)
        for (size_t j = 0; j < b->seq[i].n_prefix; j++) {
            size_t to = (b->seq[i].prefix + j) * HE + h * E;
            size_t from = (b->at[i] + j) * HE + h * E;

            hyt_kern()->sum_rows(b->all.dk + to, b->dk_prefix + from, HE, 1, E);
            hyt_kern()->sum_rows(b->all.dv + to, b->dv_prefix + from, HE, 1, E);
        }
}

struct shares {
    float *sum;
    const float *share;
    size_t R, G, E;
};

/* sum_tg = share_th over the group's query heads h, in order. */
static void sum_group(const void *ctx, size_t begin, size_t end)
{
    const struct shares *a = ctx;

    memset(a->sum + begin * a->G * a->E, 0,
           (end - begin) * a->G * a->E * sizeof(float));
    for (size_t i = begin * a->G; i < end * a->G; i++)
        hyt_kern()->sum_rows(a->sum + i * a->E, a->share + i * a->R * a->E,
                             a->E, a->R, a->E);
}

void hyt_attention_bwd(float *dq, float *dk, float *dv, const float *dout,
                       const float *q, const float *k, const float *v,
                       const float *o, const float *lse,
                       const struct hyt_attn_seq *seq, size_t n_seq,
                       const struct hyt_attn *how, size_t T, size_t H, size_t G,
                       size_t E)
{
    /* Each query head has its own share of dk and dv, so that heads of one
     * group can run side by side. */
    float *dk_share = hyt_alloc_aligned(T * H * E, sizeof(float));
    float *dv_share = hyt_alloc_aligned(T * H * E, sizeof(float));
    struct attention_bwd b = {.all = {dq, dk_share, dv_share, dout, q, k, v, o,
                                      lse, *how, 0, H, G, E},
                              .seq = seq,
                              .n_seq = n_seq,
                              .at = hyt_alloc(n_seq, sizeof(*b.at))};
    size_t n = 0; /* rows of prefixes */

    for (size_t i = 0; i < n_seq; n += seq[i++].n_prefix)
        b.at[i] = n;
    b.dk_prefix = hyt_alloc_aligned(n * H * E, sizeof(float));
    b.dv_prefix = hyt_alloc_aligned(n * H * E, sizeof(float));
    hyt_parallel_for(n_seq * H, attend_bwd_head, &b);
    if (n > 0)
        hyt_parallel_for(H, add_prefixes, &b);
    hyt_parallel_blocks(T, 64, sum_group,
                        &(struct shares){dk, dk_share, H / G, G, E});
    hyt_parallel_blocks(T, 64, sum_group,
                        &(struct shares){dv, dv_share, H / G, G, E});
    free(dk_share);
    free(dv_share);
    free(b.dk_prefix);
    free(b.dv_prefix);
    free(b.at);
}
