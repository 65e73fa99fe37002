/* SPDX-License-Identifier: MIT */
/*
 * vec_page.h - queries meet one page of keys and values: see isa_attention.c
 */
#ifndef HYT_KERN_VEC_PAGE_H
#define HYT_KERN_VEC_PAGE_H

#include "kern/ops.h"
#include "kern/vec_wide.h"

/* How many queries share the loads of keys and values. */
enum {
    SHARE = WIDE == 16 ? 6 : 3,
    LANES = HYT_PAGE / 8,
    VECTORS = HYT_HEAD_MAX / 8,
    AT_ONCE = 32 /* elements of the head, or positions */
};

struct query {
    const float *q;
    const int32_t *page;
    int32_t pos;
};

/* The next page is not next in memory, the CPU does not foresee it: a share of
 * its keys and values, so many bytes of each, is asked for with each element of
 * the head.  bytes 0: there is none. */
struct next_page {
    const char *k, *v;
    size_t bytes;
};

VEC_INLINE void fetch_share(const struct next_page *next, size_t e)
{
    for (size_t i = 0; i < next->bytes; i += 64) {
        __builtin_prefetch(next->k + e * next->bytes + i);
        __builtin_prefetch(next->v + e * next->bytes + i);
    }
}

/* s_i = q_i . k for the page's 32 positions; e runs in order. */
VEC_INLINE void scores_n(v8 s[][LANES], const struct query *a, const float *k,
                         const struct next_page *next, size_t E, int n)
{
    vw sum[SHARE][AT_ONCE / WIDE];

    for (int i = 0; i < n; i++)
        for (int j = 0; j < AT_ONCE / WIDE; j++)
            sum[i][j] = (vw){0};
    for (size_t e = 0; e < E; e++, k += HYT_PAGE) {
        vw ke[AT_ONCE / WIDE];

        fetch_share(next, e);
        for (int j = 0; j < AT_ONCE / WIDE; j++)
            ke[j] = vw_load(k + WIDE * j);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < AT_ONCE / WIDE; j++)
                sum[i][j] = vw_fma_one(a[i].q[e], ke[j], sum[i][j]);
    }
    memcpy(s, sum, (size_t)n * sizeof(sum[0]));
}

static void scores(v8 s[][LANES], const struct query *a, const float *k,
                   const struct next_page *next, size_t E, size_t n)
{
    if (n == 1)
        scores_n(s, a, k, next, E, 1);
    else if (n == 2)
        scores_n(s, a, k, next, E, 2);
    else if (n == 3)
        scores_n(s, a, k, next, E, 3);
    else if (n == 4 && SHARE > 3)
        scores_n(s, a, k, next, E, 4);
    else if (n == 5 && SHARE > 3)
        scores_n(s, a, k, next, E, 5);
    else if (SHARE > 3)
        scores_n(s, a, k, next, E, 6);
}

/* The scores of slots from … to-1, scaled; the others see nothing. */
VEC_INLINE void scale(v8 s[LANES], const struct hyt_attn *how, int32_t from,
                      int32_t to)
{
    const v8i lane = {0, 1, 2, 3, 4, 5, 6, 7};
    float *p = (float *)s;

    for (int j = 0; j < HYT_PAGE; j += WIDE)
        vw_store(p + j, vw_load(p + j) * how->scale);
    for (int j = 0; j < LANES && how->cap > 0; j++)
        s[j] = how->cap * v8_tanh(s[j] / how->cap);
    for (int j = 0; j < LANES && to - from < HYT_PAGE; j++) {
        v8i seen = (lane < to - 8 * j) & (lane >= from - 8 * j);

        s[j] = (v8)((seen & (v8i)s[j]) | (~seen & (v8i)v8_set(-INFINITY)));
    }
}

/* The first n lanes of a, the others of b. */
VEC_INLINE v8 first_lanes(v8 a, v8 b, size_t n)
{
    const v8i lane = {0, 1, 2, 3, 4, 5, 6, 7};
    const v8i mine = lane < (int32_t)n;

    return (v8)((mine & (v8i)a) | (~mine & (v8i)b));
}

/* Turns the scores of n queries into weights relative to their new maxima m,
 * and moves the sums l and the outputs there.  Where a maximum is what it was,
 * they are multiplied by 1: whether it is cannot be foreseen. */
static void weigh(v8 s[][LANES], float *m, float *l, v8 (*o)[VECTORS],
                  const struct hyt_attn *how, const int32_t *from,
                  const int32_t *to, size_t E, size_t n)
{
    const v8 was = v8_load(m), sum = v8_load(l);
    v8 part[8] = {{0}}, top, shrink;

    for (size_t i = 0; i < n; i++) {
        scale(s[i], how, from[i], to[i]);
        part[i] = v8_max(v8_max(s[i][0], s[i][1]), v8_max(s[i][2], s[i][3]));
    }
    top = v8_join(v8_max4(part[0], part[1], part[2], part[3]),
                  v8_max4(part[4], part[5], part[6], part[7]));
    top = first_lanes(v8_max(top, was), was, n);
    shrink = v8_exp(was - top);
    v8_store(m, top);
    for (size_t i = 0; i < n; i++) {
        float *si = (float *)s[i], *oi = (float *)o[i];

        for (size_t p = 0; p < HYT_PAGE; p += WIDE)
            vw_store(si + p, vw_exp_weight(vw_load(si + p) - m[i]));
        part[i] = (s[i][0] + s[i][1]) + (s[i][2] + s[i][3]);
        for (size_t e = 0; e < E; e += WIDE)
            vw_store(oi + e, vw_load(oi + e) * shrink[i]);
    }
    v8_store(
        l, first_lanes(sum * shrink +
                           v8_join(v8_sum4(part[0], part[1], part[2], part[3]),
                                   v8_sum4(part[4], part[5], part[6], part[7])),
                       sum, n));
}

/* o_i += w_ip v_p, slots p = from … to-1 in order, of at most 8 elements. */
VEC_INLINE void gather_rest(v8 (*o)[VECTORS], const v8 (*w)[LANES],
                            const float *v, int32_t from, int32_t to, size_t e,
                            size_t E, int queries)
{
    size_t n = hyt_min_size(8, E - e);
    v8 sum[SHARE];

    for (int i = 0; i < queries; i++)
        sum[i] = o[i][e / 8];
    for (int32_t p = from; p < to; p++) {
        v8 ve = v8_load_n(v + (size_t)p * E + e, n);

        for (int i = 0; i < queries; i++)
            sum[i] = v8_fma(v8_set(((const float *)w[i])[p]), ve, sum[i]);
    }
    for (int i = 0; i < queries; i++)
        o[i][e / 8] = sum[i];
}

/* The same of `width` vectors; 0: of what is left and fills none. */
VEC_INLINE void gather_n(v8 (*o)[VECTORS], const v8 (*w)[LANES], const float *v,
                         int32_t from, int32_t to, size_t e, size_t E,
                         int queries, int width)
{
    vw sum[SHARE][AT_ONCE / WIDE];

    if (width == 0)
        gather_rest(o, w, v, from, to, e, E, queries);
    for (int i = 0; i < queries; i++)
        memcpy(sum[i], &o[i][e / 8], (size_t)width * sizeof(vw));
    for (int32_t p = from; p < to; p++) {
        const float *vp = v + (size_t)p * E + e;
        vw ve[AT_ONCE / WIDE];

        for (int j = 0; j < width; j++)
            ve[j] = vw_load(vp + WIDE * j);
        for (int i = 0; i < queries; i++)
            for (int j = 0; j < width; j++)
                sum[i][j] =
                    vw_fma_one(((const float *)w[i])[p], ve[j], sum[i][j]);
    }
    for (int i = 0; i < queries; i++)
        memcpy(&o[i][e / 8], sum[i], (size_t)width * sizeof(vw));
}

/* Each number of queries known to the compiler. */
VEC_INLINE void gather_width(v8 (*o)[VECTORS], const v8 (*w)[LANES],
                             const float *v, int32_t from, int32_t to, size_t e,
                             size_t E, size_t queries, int width)
{
    if (queries == 1)
        gather_n(o, w, v, from, to, e, E, 1, width);
    else if (queries == 2)
        gather_n(o, w, v, from, to, e, E, 2, width);
    else if (queries == 3)
        gather_n(o, w, v, from, to, e, E, 3, width);
    else if (queries == 4 && SHARE > 3)
        gather_n(o, w, v, from, to, e, E, 4, width);
    else if (queries == 5 && SHARE > 3)
        gather_n(o, w, v, from, to, e, E, 5, width);
    else if (SHARE > 3)
        gather_n(o, w, v, from, to, e, E, 6, width);
}

static void gather(v8 (*o)[VECTORS], const v8 (*w)[LANES], const float *v,
                   int32_t from, int32_t to, size_t E, size_t queries)
{
    size_t e = 0;

    for (; E - e >= AT_ONCE; e += AT_ONCE)
        gather_width(o, w, v, from, to, e, E, queries, AT_ONCE / WIDE);
    for (; E - e >= 16; e += 16)
        gather_width(o, w, v, from, to, e, E, queries, 16 / WIDE);
    for (; e < E; e += 8)
        gather_width(o, w, v, from, to, e, E, queries, 0);
}

static int32_t in_page(int32_t slot)
{
    return slot > HYT_PAGE ? HYT_PAGE : slot < 0 ? 0 : slot;
}

/* n <= SHARE queries meet one page, whose first position is `start`. */
static inline void meet_page(const struct query *a, float *m, float *l,
                             v8 (*o)[VECTORS], const float *k, const float *v,
                             const struct next_page *next,
                             const struct hyt_attn *how, int32_t start,
                             size_t E, size_t n)
{
    v8 s[SHARE][LANES];
    int32_t from[SHARE], to[SHARE], begin = 0, end = HYT_PAGE;

    for (size_t i = 0; i < n; i++) {
        from[i] = in_page(hyt_attn_first(a[i].pos, how) - start);
        to[i] = in_page(a[i].pos - start + 1);
        begin = from[i] > begin ? from[i] : begin;
        end = to[i] < end ? to[i] : end;
    }
    if (begin >= end) /* no slot that all of them see */
        begin = end = 0;
    scores(s, a, k, next, E, n);
    weigh(s, m, l, o, how, from, to, E, n);
    for (size_t i = 0; i < n; i++)
        if (from[i] < begin)
            gather(o + i, (const v8(*)[LANES])s + i, v, from[i], begin, E, 1);
    gather(o, (const v8(*)[LANES])s, v, begin, end, E, n);
    for (size_t i = 0; i < n; i++)
        if (to[i] > end)
            gather(o + i, (const v8(*)[LANES])s + i, v,
                   from[i] > end ? from[i] : end, to[i], E, 1);
}

#endif
