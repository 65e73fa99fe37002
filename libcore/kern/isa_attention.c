/* SPDX-License-Identifier: MIT */
/*
 * isa_attention.c - attention over a paged cache, for one key/value head g
 *
 *     o_th = sum_p a_thp v_pg,   a_thp = exp(s_thp - lse_th)
 *     s_thp = scale q_th . k_pg, and cap tanh(s / cap) where there is a cap
 *
 * o, q [T,H*E]  lse [T,H]; one page of one head: keys [E,PAGE], values
 * [PAGE,E].
 *
 * Softmax runs online, page by page (Milakov & Gimelshein 2018): m the maximum
 * so far, l the sum of exp(s - m), o the weighted sum; a larger maximum scales
 * l and o by exp(m_old - m_new).  A query's chain of operations is the same
 * whatever queries run beside it.  Slots after pos may hold anything: their
 * scores are replaced, their values never read.  So are those before the
 * window; pages that no query sees are skipped.
 *
 * Pages of a bf16 cache are widened, exactly, before they are used: for as many
 * queries as go over them together.
 */
#include <math.h>
#include <string.h>

#include "kern/ops.h"

#ifdef HYT_ISA_ref

static double capped(double s, double cap)
{
    double e = hyt_exp(-2 * fabs(s) / cap), tanh = (1 - e) / (1 + e);

    return s < 0 ? -cap * tanh : cap * tanh;
}

/* Element i of a pool. */
static double element(const void *pool, enum hyt_dtype t, size_t i)
{
    float x;

    HYT_KERN_FN(widen)(&x, (struct hyt_weight){pool, t}, i, 1);
    return (double)x;
}

void HYT_KERN_FN(attention)(float *o, float *lse, const float *q,
                            const struct hyt_kv *kv,
                            const struct hyt_attn_row *row,
                            const struct hyt_attn *how, size_t g, size_t T,
                            size_t H, size_t G, size_t E)
{
    for (size_t t = 0; t < T; t++)
        for (size_t h = g * (H / G); h < (g + 1) * (H / G); h++) {
            const float *qh = q + (t * H + h) * E;
            double sum = 0, max = -INFINITY, out[HYT_HEAD_MAX] = {0};

            for (int32_t p = hyt_attn_first(row[t].pos, how); p <= row[t].pos;
                 p++) {
                size_t page = (size_t)row[t].page[p / HYT_PAGE];
                size_t slot = (size_t)p % HYT_PAGE;
                size_t k = (page * G + g) * E * HYT_PAGE + slot;
                size_t v = ((page * G + g) * HYT_PAGE + slot) * E;
                double s = 0;

                for (size_t e = 0; e < E; e++)
                    s +=
                        (double)qh[e] * element(kv->k, kv->t, k + e * HYT_PAGE);
                s *= (double)how->scale;
                if (how->cap > 0)
                    s = capped(s, (double)how->cap);
                double top = s > max ? s : max;
                double old = hyt_exp(max - top), new = hyt_exp(s - top);
                for (size_t e = 0; e < E; e++)
                    out[e] = out[e] * old + new *element(kv->v, kv->t, v + e);
                sum = sum * old + new;
                max = top;
            }
            for (size_t e = 0; e < E; e++)
                o[(t * H + h) * E + e] = (float)(out[e] / sum);
            if (lse)
                lse[t * H + h] = (float)(max + hyt_log(sum));
        }
}

#else

#    include "kern/vec_page.h"

/* Queries that go over the pages together. */
enum { QUERIES = 24 };

struct state {
    struct query query[QUERIES];
    float m[QUERIES + 8], l[QUERIES + 8];
    v8 o[QUERIES][VECTORS];
};

/* n elements of a pool from `at` on; in `wide`, where they must be widened. */
static const float *page_of(float *wide, const void *pool, enum hyt_dtype t,
                            size_t at, size_t n)
{
    if (t == HYT_F32)
        return (const float *)pool + at;
    HYT_KERN_FN(widen)(wide, (struct hyt_weight){pool, t}, at, n);
    return wide;
}

static struct next_page locate(const struct hyt_kv *kv, size_t at)
{
    size_t size = kv->t == HYT_BF16 ? 2 : 4;

    return (struct next_page){(const char *)kv->k + at * size,
                              (const char *)kv->v + at * size, HYT_PAGE * size};
}

/* So many of n queries from i on see one and the same page at `start`. */
struct run {
    size_t i, n;
    int32_t start;
};

static bool sees(const struct query *a, const struct hyt_attn *how,
                 int32_t start)
{
    return a->pos >= start && hyt_attn_first(a->pos, how) < start + HYT_PAGE;
}

/* The first run at `start` from query i on, or at a later page, up to `last`;
 * its n is 0 where there is none. */
static struct run find_run(const struct query *a, size_t n,
                           const struct hyt_attn *how, size_t i, int32_t start,
                           int32_t last)
{
    struct run r = {i, 0, start};

    for (;; r.i = 0, r.start += HYT_PAGE) {
        while (r.i < n && !sees(&a[r.i], how, r.start))
            r.i++;
        if (r.i < n || r.start + HYT_PAGE > last)
            break;
    }
    while (r.i + r.n < n && sees(&a[r.i + r.n], how, r.start) &&
           a[r.i + r.n].page[r.start / HYT_PAGE] ==
               a[r.i].page[r.start / HYT_PAGE])
        r.n++;
    return r;
}

/* Where the run's page of head g is in a pool, in pages of heads. */
static size_t page_at(const struct state *a, const struct run *r, size_t g,
                      size_t G)
{
    return (size_t)a->query[r->i].page[r->start / HYT_PAGE] * G + g;
}

/* All pages of n queries.  Samples of one prompt share its pages; a run of
 * queries goes over a page together. */
static void attend(struct state *a, size_t n, const struct hyt_kv *kv,
                   const struct hyt_attn *how, size_t g, size_t G, size_t E)
{
    float wide[2][HYT_PAGE * HYT_HEAD_MAX];
    int32_t first = INT32_MAX, last = 0;
    struct run run, next;

    for (size_t i = 0; i < n; i++) {
        int32_t seen = hyt_attn_first(a->query[i].pos, how);

        first = seen < first ? seen : first;
        last = a->query[i].pos > last ? a->query[i].pos : last;
        for (size_t e = 0; e < E; e += WIDE)
            vw_store((float *)a->o[i] + e, (vw){0});
    }
    run = find_run(a->query, n, how, 0, first / HYT_PAGE * HYT_PAGE, last);
    for (; run.n > 0; run = next) {
        size_t size = E * HYT_PAGE, at = page_at(a, &run, g, G) * size;
        const float *k = page_of(wide[0], kv->k, kv->t, at, size);
        const float *v = page_of(wide[1], kv->v, kv->t, at, size);
        struct next_page then = {0};

        next = find_run(a->query, n, how, run.i + run.n, run.start, last);
        if (next.n > 0)
            then = locate(kv, page_at(a, &next, g, G) * size);
        for (size_t i = 0, share; i < run.n; i += share) {
            size_t shares = (run.n - i + SHARE - 1) / SHARE, j = run.i + i;

            share = (run.n - i + shares - 1) / shares;
            meet_page(a->query + j, a->m + j, a->l + j, a->o + j, k, v, &then,
                      how, run.start, E, share);
            then.bytes = 0;
        }
    }
}

void HYT_KERN_FN(attention)(float *o, float *lse, const float *q,
                            const struct hyt_kv *kv,
                            const struct hyt_attn_row *row,
                            const struct hyt_attn *how, size_t g, size_t T,
                            size_t H, size_t G, size_t E)
{
    struct state a;
    size_t R = H / G;

    /* Rows, then their query heads, in portions. */
    for (size_t i = 0, n; i < T * R; i += n) {
        n = hyt_min_size(QUERIES, T * R - i);
        for (size_t j = 0; j < n; j++) {
            size_t t = (i + j) / R, at = t * H + g * R + (i + j) % R;

            a.query[j] = (struct query){q + at * E, row[t].page, row[t].pos};
            a.m[j] = -INFINITY;
            a.l[j] = 0;
        }
        attend(&a, n, kv, how, g, G, E);
        for (size_t j = 0; j < n; j++) {
            size_t at = (i + j) / R * H + g * R + (i + j) % R;
            float m = a.m[j], l = a.l[j];

            for (size_t e = 0; e < E; e += 8)
                v8_store_n(o + at * E + e, a.o[j][e / 8] * (1 / l),
                           hyt_min_size(8, E - e));
            if (lse)
                lse[at] = (float)((double)m + hyt_log((double)l));
        }
    }
}

#endif
