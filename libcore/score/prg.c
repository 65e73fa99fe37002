/* SPDX-License-Identifier: MIT */
/*
 * Progressive Reasoning Gain: does support for the final answer grow with the
 * steps?  The idea is HyTuning's (arXiv 2604.08454); the formulas are ours and
 * those of the works named beside each one.
 */
#include "hyt/score.h"

#include <math.h>
#include <stdlib.h>

/*
 * Kendall's tau with a dead zone:
 *
 *     tau = 1 / C(n, 2)  sum_{i<k} sgn_eps(c_k - c_i)
 *
 * Counted in integers, so that a support that rises at every step gives
 * exactly 1.
 */
static double kendall(const double *c, size_t n, double epsilon)
{
    int64_t up = 0, down = 0;

    if (n < 2)
        return 0;
    for (size_t k = 1; k < n; k++) {
        for (size_t i = 0; i < k; i++) {
            up += c[k] - c[i] > epsilon;
            down += c[k] - c[i] < -epsilon;
        }
    }
    return (double)(up - down) / ((double)n * (double)(n - 1) / 2);
}

/* Twice the rank of c[k] less its mean: 2 rank_k - (n + 1), an integer also
 * where ties share the mean of their ranks. */
static int64_t centred_rank(const double *c, size_t n, size_t k)
{
    int64_t below = 0, above = 0;

    for (size_t i = 0; i < n; i++) {
        below += c[i] < c[k];
        above += c[i] > c[k];
    }
    return below - above;
}

/* Spearman's rho: Pearson's correlation of ranks.  (2605.24396) */
static double spearman(const double *c, size_t n)
{
    double kr = 0, kk = 0, rr = 0;

    for (size_t k = 0; k < n; k++) {
        double step = 2 * (double)k - (double)(n - 1);
        double rank = (double)centred_rank(c, n, k);

        kr += step * rank;
        kk += step * step;
        rr += rank * rank;
    }
    return rr > 0 ? kr / sqrt(kk * rr) : 0;
}

/* Rises of l above its high-water mark.  (MIG, 2602.01034) */
static double watermark(const double *logp, size_t n)
{
    double high = logp[0], sum = 0;

    for (size_t k = 1; k < n; k++) {
        if (logp[k] > high) {
            sum += logp[k] - high;
            high = logp[k];
        }
    }
    return sum;
}

/* The least-squares direction without its scale.  (2605.24396) */
static double slope(const double *c, size_t n)
{
    double sum = 0;

    for (size_t k = 0; n > 1 && k < n; k++)
        sum += ((double)k / (double)(n - 1) - 0.5) * c[k];
    return sum;
}

void hyt_prg_score(struct hyt_prg *out, const double *logp, size_t n,
                   double epsilon, double gamma)
{
    double *c, path = 0, held = 0;

    if (n == 0)
        HYT_BUG("a trace has at least the support before its first step");
    *out = (struct hyt_prg){0};
    c = hyt_alloc(n, sizeof *c);
    for (size_t k = 0; k < n; k++) {
        c[k] = hyt_exp(logp[k]);
        out->mean += c[k];
    }
    for (size_t k = 1; k < n; k++) {
        double step = c[k] - c[k - 1];

        path += fabs(step);
        held += step >= -epsilon;
        out->discounted = gamma * out->discounted + step; /* PACR 2510.22255 */
    }
    out->mean /= (double)n;
    out->premature = c[0];
    out->support = c[n - 1];
    out->gain = c[n - 1] - c[0];
    out->direct = path > 0 ? out->gain * fabs(out->gain) / path : 0;
    out->monotone = n > 1 ? held / (double)(n - 1) : 0;
    out->tau = kendall(c, n, epsilon);
    out->watermark = watermark(logp, n);
    out->rank = spearman(c, n);
    out->slope = slope(c, n);
    free(c);
}

double hyt_prg_pick(const struct hyt_prg *prg, enum hyt_prg_kind kind)
{
    switch (kind) {
    case HYT_PRG_TAU:
        return prg->tau * prg->support;
    case HYT_PRG_DIRECT:
        return prg->direct;
    case HYT_PRG_RANK:
        return prg->rank;
    case HYT_PRG_WATERMARK:
        return prg->watermark;
    case HYT_PRG_SLOPE:
        return prg->slope;
    case HYT_PRG_DISCOUNTED:
        return prg->discounted;
    case HYT_PRG_MEAN:
        return prg->mean;
    }
    HYT_BUG("unknown kind of PRG");
}
