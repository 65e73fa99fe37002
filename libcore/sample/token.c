/* SPDX-License-Identifier: MIT */
/*
 * token.c - one draw from a row of logits
 *
 * The vocabulary is never sorted: a cut parts the candidates until it knows
 * which it keeps, each time those of one side only, which together are a few
 * times the vocabulary.  Sums are in double and in a fixed order, so that a
 * draw is a function of the row and u alone.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hyt/sample.h"

struct candidate {
    float p; /* relative to the largest, which is 1 */
    int32_t id;
};

enum { BLOCK = 256, LANES = 8 };

static size_t block_length(size_t v, size_t V)
{
    return V - v < BLOCK ? V - v : BLOCK;
}

/* NaN is passed over.  Lanes side by side: no comparison waits for another. */
static float largest(const float *z, size_t n)
{
    float lane[LANES], top = -INFINITY;
    size_t i;

    for (size_t l = 0; l < LANES; l++)
        lane[l] = -INFINITY;
    for (i = 0; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            lane[l] = z[i + l] > lane[l] ? z[i + l] : lane[l];
    for (; i < n; i++)
        top = z[i] > top ? z[i] : top;
    for (size_t l = 0; l < LANES; l++)
        top = lane[l] > top ? lane[l] : top;
    return top;
}

/* The first of the largest; 0 where there is none. */
static int32_t argmax(const float *z, size_t V)
{
    float top = -INFINITY;
    size_t best = 0;

    for (size_t v = 0; v < V; v += BLOCK) {
        const float t = largest(z + v, block_length(v, V));

        if (t > top) {
            top = t;
            best = v;
        }
    }
    while (best < V && z[best] != top)
        best++;
    return best < V ? (int32_t)best : 0;
}

/* --- cuts ----------------------------------------------------------------- */

/* a is kept rather than b: more probable, or equal and a lower id. */
static bool before(const struct candidate *a, const struct candidate *b)
{
    return (a->p > b->p) | ((a->p == b->p) & (a->id < b->id));
}

static void swap(struct candidate *a, struct candidate *b)
{
    const struct candidate t = *a;

    *a = *b;
    *b = t;
}

/* Moves the best m of n > 0 candidates to the front, the worst of them last;
 * m is whatever the median of three comes to.  All are swapped, whether or not
 * they go to the front: that is a branch nobody could foresee. */
static size_t part(struct candidate *c, size_t n)
{
    struct candidate *last = c + n - 1;
    size_t m = 0;

    if (before(&c[n / 2], &c[0]))
        swap(&c[n / 2], &c[0]);
    if (before(last, &c[0]))
        swap(last, &c[0]);
    if (before(&c[n / 2], last))
        swap(&c[n / 2], last);
    for (size_t i = 0; i + 1 < n; i++) {
        const bool front = before(&c[i], last);

        swap(&c[i], &c[m]);
        m += front;
    }
    swap(&c[m], last);
    return m + 1;
}

static double mass_of(const struct candidate *c, size_t n)
{
    double lane[4] = {0};
    size_t i;

    for (i = 0; i + 4 <= n; i += 4)
        for (size_t l = 0; l < 4; l++)
            lane[l] += (double)c[i + l].p;
    for (; i < n; i++)
        lane[0] += (double)c[i].p;
    return lane[0] + lane[1] + lane[2] + lane[3];
}

/* Moves the fewest of the best to the front that are `want` together, by number
 * or by mass; returns how many. */
static size_t keep(struct candidate *c, size_t n, double want, bool by_mass)
{
    size_t kept = 0, open = n;
    double sum = 0;

    while (open > 0 && sum < want) {
        const size_t m = part(c + kept, open);
        const double most =
            by_mass ? mass_of(c + kept, m - 1) : (double)(m - 1);

        if (sum + most >= want) {
            open = m - 1;
            continue;
        }
        kept += m;
        open -= m;
        sum += most + (by_mass ? (double)c[kept - 1].p : 1);
    }
    return kept;
}

/* A bound below the k most probable: as many blocks have one that reaches it.
 * c has room for V. */
static double below_best(struct candidate *c, const float *p, size_t V,
                         size_t k)
{
    size_t n = 0;

    for (size_t v = 0; v < V; v += BLOCK) {
        c[n].p = largest(p + v, block_length(v, V));
        c[n].id = (int32_t)n;
        n++;
    }
    if (n < k)
        return 0;
    return (double)c[keep(c, n, (double)k, false) - 1].p;
}

/* Every token with a probability above 0, and of at least `floor`; returns how
 * many. */
static size_t collect(struct candidate *c, const float *p, size_t V,
                      double floor)
{
    size_t n = 0;

    for (size_t v = 0; v < V; v++)
        if (p[v] > 0 && (double)p[v] >= floor) {
            c[n].p = p[v];
            c[n++].id = (int32_t)v;
        }
    return n;
}

/*
 * What is not kept becomes 0: top-k bounds the number, then top-p the mass (a
 * share of what top-k left), then min-p each.  Most are seen not to be kept at
 * once: those below min-p, where no mass counts them; below the k best; or so
 * improbable that all such ones together have no more than top-p leaves out.
 */
static void cut(float *p, size_t V, const struct hyt_sampling *s)
{
    struct candidate *c = hyt_realloc(NULL, V, sizeof(*c));
    double floor = s->top_p >= 1 ? s->min_p : 0, total = 0;
    size_t n;

    if (s->top_k > 0)
        floor = fmax(floor, below_best(c, p, V, s->top_k));
    for (size_t v = 0; v < V && s->top_p < 1 && s->top_k == 0; v++)
        total += p[v] > 0 ? (double)p[v] : 0;
    floor = fmax(floor, 0.99 * (1 - s->top_p) * total / (double)V);
    n = collect(c, p, V, floor);
    if (s->top_k > 0) {
        n = keep(c, n, (double)s->top_k, false);
        total = mass_of(c, n);
    }
    if (s->top_p < 1)
        n = keep(c, n, s->top_p * total, true);
    memset(p, 0, V * sizeof(*p));
    for (size_t i = 0; i < n; i++)
        if ((double)c[i].p >= s->min_p)
            p[c[i].id] = c[i].p;
    free(c);
}

/* --- the draw ------------------------------------------------------------- */

/* Four sums side by side, for one alone waits for each addition. */
static double sum_of(const float *p, size_t n)
{
    double lane[4] = {0};
    size_t i;

    for (i = 0; i + 4 <= n; i += 4)
        for (size_t l = 0; l < 4; l++)
            lane[l] += (double)p[i + l];
    for (; i < n; i++)
        lane[0] += (double)p[i];
    return lane[0] + lane[1] + lane[2] + lane[3];
}

/* The sum, and in block[] those of the blocks. */
static double sum_blocks(double *block, const float *p, size_t V)
{
    double sum = 0;

    for (size_t v = 0; v < V; v += BLOCK)
        sum += block[v / BLOCK] = sum_of(p + v, block_length(v, V));
    return sum;
}

/* Inverse of the cumulative sum in order of id: first the block, then in it
 * the token. */
static int32_t draw_any(float *p, double *block, size_t V, int32_t best,
                        double u)
{
    double total = sum_blocks(block, p, V), sum = 0;

    if (isnan(total)) { /* what is NaN has no part */
        for (size_t v = 0; v < V; v++)
            p[v] = p[v] > 0 ? p[v] : 0;
        total = sum_blocks(block, p, V);
    }
    for (size_t v = 0; v < V; v += BLOCK) {
        if (sum + block[v / BLOCK] <= u * total) {
            sum += block[v / BLOCK];
            continue;
        }
        for (size_t i = v; i < v + block_length(v, V); i++)
            if ((sum += (double)p[i]) > u * total)
                return (int32_t)i;
    }
    /* By rounding nothing passed it. */
    while (V > 0 && p[V - 1] <= 0)
        V--;
    return V > 0 ? (int32_t)V - 1 : best;
}

int32_t hyt_sample_token(const float *z, size_t V, const struct hyt_sampling *s,
                         double u)
{
    const float scale = (float)(1.0 / s->temperature);
    int32_t best = argmax(z, V), chosen;
    const float top = z[best];
    double *block;
    float *p;

    if (s->greedy || s->temperature <= 0 || s->top_k == 1)
        return best;
    p = hyt_realloc(NULL, V, sizeof(*p));
    for (size_t v = 0; v < V; v++)
        p[v] = (z[v] - top) * scale;
    hyt_exp_rows(p, p, 0, V);
    if (s->top_k > 0 || s->top_p < 1 || s->min_p > 0)
        cut(p, V, s);
    block = hyt_alloc(V / BLOCK + 1, sizeof(*block));
    chosen = draw_any(p, block, V, best, u);
    free(block);
    free(p);
    return chosen;
}
