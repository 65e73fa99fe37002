/* SPDX-License-Identifier: MIT */
/*
 * The anchor: how progressively supervised traces reason, as an empirical
 * distribution of their scores.  Trust in a rollout is its place in it.
 */
#include "hyt/score.h"

#include <math.h>
#include <stdlib.h>

void hyt_anchor_add(struct hyt_anchor *a, double prg)
{
    if (isnan(prg))
        return;
    a->prg = hyt_grow(a->prg, &a->cap, a->n + 1, sizeof *a->prg);
    a->prg[a->n++] = prg;
    a->sorted = false;
}

void hyt_anchor_free(struct hyt_anchor *a)
{
    free(a->prg);
    *a = (struct hyt_anchor){0};
}

static int by_value(const void *x, const void *y)
{
    const double *a = x, *b = y;

    return (*a > *b) - (*a < *b);
}

/* How many are below x or, with `ties`, at most x. */
static size_t count_below(const struct hyt_anchor *a, double x, bool ties)
{
    size_t lo = 0, hi = a->n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (a->prg[mid] < x || (ties && a->prg[mid] <= x))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

double hyt_anchor_trust(struct hyt_anchor *a, double prg)
{
    size_t below, at_most;

    if (a->n == 0 || isnan(prg))
        return NAN;
    if (!a->sorted)
        qsort(a->prg, a->n, sizeof *a->prg, by_value);
    a->sorted = true;
    below = count_below(a, prg, false);
    at_most = count_below(a, prg, true);
    return (double)(below + at_most) / 2 / (double)a->n;
}
