/* SPDX-License-Identifier: MIT */
/*
 * token.c - one draw from a row of logits
 *
 * The vocabulary is never sorted: the cuts work on a heap of the candidates
 * that are left, from which only as many are taken as the cut keeps.  Sums are
 * in double, in order of id or of rank, so that a draw is a function of the row
 * and u alone.
 */
#include <math.h>
#include <stdlib.h>

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

/* a goes out of the heap before b: more probable, or equal and a lower id. */
static bool before(const struct candidate *a, const struct candidate *b)
{
    return a->p > b->p || (a->p == b->p && a->id < b->id);
}

static void sift(struct candidate *heap, size_t n, size_t i)
{
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        struct candidate t = heap[i];

        if (child + 1 < n && before(&heap[child + 1], &heap[child]))
            child++;
        if (!before(&heap[child], &heap[i]))
            return;
        heap[i] = heap[child];
        heap[child] = t;
    }
}

/* Moves the best candidate to the end of the shrinking heap. */
static struct candidate pop(struct candidate *heap, size_t *n)
{
    struct candidate best = heap[0];

    (*n)--;
    heap[0] = heap[*n];
    heap[*n] = best;
    sift(heap, *n, 0);
    return best;
}

/*
 * The kept candidates, most probable first, at the end of c in reverse;
 * returns how many.  top-k bounds their number, then top-p their mass (a share
 * of what top-k left).
 */
static size_t cut(struct candidate *c, size_t n, const struct hyt_sampling *s)
{
    size_t k = s->top_k > 0 && s->top_k < n ? s->top_k : n;
    size_t heap = n, kept = 0;
    double total = 0, mass = 0;

    for (size_t i = n / 2; i-- > 0;)
        sift(c, n, i);
    if (s->top_p >= 1) {
        while (kept < k) {
            pop(c, &heap);
            kept++;
        }
        return kept;
    }
    if (k == n) {
        for (size_t i = 0; i < n; i++)
            total += (double)c[i].p;
    } else {
        /* The mass of the k best is known only once they are out. */
        while (kept < k) {
            total += (double)pop(c, &heap).p;
            kept++;
        }
        for (kept = 0; kept < k && mass < s->top_p * total; kept++)
            mass += (double)c[n - 1 - kept].p;
        return kept;
    }
    for (; kept < k && mass < s->top_p * total; kept++)
        mass += (double)pop(c, &heap).p;
    return kept;
}

/* Inverse of the cumulative sum of the n best, which end at `last`. */
static int32_t draw_best(const struct candidate *last, size_t n, double u)
{
    double total = 0, sum = 0;

    for (size_t i = 0; i < n; i++)
        total += (double)last[-(ptrdiff_t)i].p;
    for (size_t i = 0; i < n; i++) {
        sum += (double)last[-(ptrdiff_t)i].p;
        if (sum > u * total)
            return last[-(ptrdiff_t)i].id;
    }
    return last[1 - (ptrdiff_t)n].id;
}

/* Every token with a probability above 0, in order of id; returns how many.
 * Where min_p stands alone or after top-k, what is below it plays no part. */
static size_t collect(struct candidate *c, const float *p, size_t V,
                      const struct hyt_sampling *s)
{
    double floor = s->top_p >= 1 ? s->min_p : 0;
    size_t n = 0;

    for (size_t v = 0; v < V; v++)
        if (p[v] > 0 && (double)p[v] >= floor) {
            c[n].p = p[v];
            c[n++].id = (int32_t)v;
        }
    return n;
}

/* `best` where nothing is left: a temperature whose inverse overflows, or
 * logits that are NaN. */
static int32_t draw_kept(const float *p, size_t V, int32_t best,
                         const struct hyt_sampling *s, double u)
{
    struct candidate *c = hyt_realloc(NULL, V, sizeof(*c));
    size_t n = collect(c, p, V, s), kept = n > 0 ? cut(c, n, s) : 0;

    while (kept > 1 && (double)c[n - kept].p < s->min_p)
        kept--;
    if (kept > 0)
        best = draw_best(c + n - 1, kept, u);
    free(c);
    return best;
}

/* --- without a cut -------------------------------------------------------- */

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
    if (s->top_k == 0 && s->top_p >= 1 && s->min_p <= 0) {
        block = hyt_alloc(V / BLOCK + 1, sizeof(*block));
        chosen = draw_any(p, block, V, best, u);
        free(block);
    } else {
        chosen = draw_kept(p, V, best, s, u);
    }
    free(p);
    return chosen;
}
