/* SPDX-License-Identifier: MIT */
/*
 * Bootstrap intervals.  Samples of one query hang together, so queries are
 * drawn, not rows.  The rows are sorted once: a replicate repeats each row as
 * often as its query was drawn, and is sorted too.
 */
#include "score/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows of a replicate; times[q]: how often query q was drawn. */
struct replicate {
    struct hyt_judged *row;
    size_t n, cap;
};

static void draw_queries(size_t *times, size_t n_queries, uint64_t key)
{
    memset(times, 0, n_queries * sizeof *times);
    for (size_t i = 0; i < n_queries; i++)
        times[hyt_rng_below(key, i, n_queries)]++;
}

static void repeat_rows(struct replicate *r, const struct hyt_judged_set *set,
                        const size_t *times)
{
    r->n = 0;
    for (size_t i = 0; i < set->n; i++) {
        size_t copies = times[set->row[i].query];

        r->row = hyt_grow(r->row, &r->cap, r->n + copies, sizeof *r->row);
        for (size_t k = 0; k < copies; k++)
            r->row[r->n++] = set->row[i];
    }
}

static int by_value(const void *x, const void *y)
{
    const double *a = x, *b = y;

    return (*a > *b) - (*a < *b);
}

/* The p-th quantile of sorted values, linear between neighbours. */
static double quantile(const double *x, size_t n, double p)
{
    double at = p * (double)(n - 1);
    size_t i = (size_t)at;

    if (i + 1 >= n)
        return x[n - 1];
    return x[i] + (at - (double)i) * (x[i + 1] - x[i]);
}

/* Replicates in which the metric has no value are left out. */
static struct hyt_interval interval(double *x, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isnan(x[i]))
            x[kept++] = x[i];
    }
    if (kept == 0)
        return (struct hyt_interval){NAN, NAN};
    qsort(x, kept, sizeof *x, by_value);
    return (struct hyt_interval){quantile(x, kept, 0.025),
                                 quantile(x, kept, 0.975)};
}

void hyt_bootstrap(struct hyt_interval out[HYT_N_METRICS],
                   const struct hyt_judged_set *a,
                   const struct hyt_judged_set *b, size_t n_queries,
                   size_t bins, size_t reps, uint64_t seed)
{
    size_t *times = hyt_alloc(n_queries, sizeof *times);
    double *value = hyt_alloc(reps, HYT_N_METRICS * sizeof *value);
    struct replicate rows = {0};
    double x[HYT_N_METRICS], y[HYT_N_METRICS];

    for (size_t r = 0; r < reps; r++) {
        draw_queries(times, n_queries, hyt_rng_key(seed, r));
        repeat_rows(&rows, a, times);
        hyt_metrics(x, rows.row, rows.n, bins);
        if (b != NULL) {
            repeat_rows(&rows, b, times);
            hyt_metrics(y, rows.row, rows.n, bins);
        }
        for (size_t m = 0; m < HYT_N_METRICS; m++)
            value[m * reps + r] = b != NULL ? y[m] - x[m] : x[m];
    }
    for (size_t m = 0; m < HYT_N_METRICS; m++)
        out[m] = interval(value + m * reps, reps);
    free(rows.row);
    free(value);
    free(times);
}
