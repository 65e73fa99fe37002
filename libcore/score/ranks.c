/* SPDX-License-Identifier: MIT */
/*
 * What the order of the confidences is worth: AUROC, average precision, the
 * risk-coverage curve.  Rows with the same confidence are one threshold: no
 * number depends on the order in which they came.
 */
#include "score/score.h"

#include <math.h>

/* The rows at one threshold, seen from the surest down (row is sorted the
 * other way). */
struct level {
    double right, wrong;
};

/* Takes the level below row[*top]; *top moves down to its first row. */
static struct level next_level(const struct hyt_judged *row, size_t *top)
{
    struct level l = {0};
    double conf = row[*top - 1].conf;

    while (*top > 0 && row[*top - 1].conf == conf) {
        *top -= 1;
        if (row[*top].correct)
            l.right++;
        else
            l.wrong++;
    }
    return l;
}

double hyt_auroc(const struct hyt_judged *row, size_t n)
{
    double above = 0, right = 0, wrong = 0;

    for (size_t top = n; top > 0;) {
        struct level l = next_level(row, &top);

        above += l.wrong * (right + l.right / 2);
        right += l.right;
        wrong += l.wrong;
    }
    return above / (right * wrong); /* NaN where one class is empty */
}

/*
 * Average precision with errors as positives, ranked by 1 - conf:
 *
 *     AP = sum over thresholds (R_k - R_(k-1)) P_k
 */
static double average_precision(const struct hyt_judged *row, size_t n)
{
    double found = 0, seen = 0, sum = 0;
    size_t end;

    for (size_t i = 0; i < n; i = end) {
        double wrong = 0;

        for (end = i; end < n && row[end].conf == row[i].conf; end++)
            wrong += !row[end].correct;
        found += wrong;
        seen += (double)(end - i);
        sum += wrong * found / seen;
    }
    return sum / found; /* NaN where there is no error */
}

/* Area under risk (share wrong among the surest) against coverage, by
 * trapezoids between thresholds; the first risk holds down to coverage 0. */
static double risk_coverage(const struct hyt_judged *row, size_t n)
{
    double seen = 0, wrong = 0, before = NAN, area = 0;

    for (size_t top = n; top > 0;) {
        struct level l = next_level(row, &top);
        double risk, width = (l.right + l.wrong) / (double)n;

        seen += l.right + l.wrong;
        wrong += l.wrong;
        risk = wrong / seen;
        area += width * (isnan(before) ? risk : (before + risk) / 2);
        before = risk;
    }
    return area;
}

/* The best area that a share r of errors allows, for many rows:
 * r + (1 - r) ln(1 - r).  (Geifman et al. 2019) */
static double best_risk_coverage(double r)
{
    return r < 1 ? r + (1 - r) * hyt_log(1 - r) : 1;
}

/* Accuracy of the ceil(share n) surest; of a level that the limit cuts, each
 * row counts in the same part. */
static double selective(const struct hyt_judged *row, size_t n, size_t percent)
{
    size_t rows = (n * percent + 99) / 100;
    double want = (double)rows;
    double taken = 0, right = 0;

    for (size_t top = n; top > 0 && taken < want;) {
        struct level l = next_level(row, &top);
        double size = l.right + l.wrong, use = fmin(size, want - taken);

        right += l.right * use / size;
        taken += use;
    }
    return right / want;
}

void hyt_score_ranks(double out[HYT_N_METRICS], const struct hyt_judged *row,
                     size_t n)
{
    double wrong = 0;

    for (size_t i = 0; i < n; i++)
        wrong += !row[i].correct;
    out[HYT_METRIC_AUROC] = hyt_auroc(row, n);
    out[HYT_METRIC_AUPRC_ERROR] = average_precision(row, n);
    out[HYT_METRIC_AURC] = risk_coverage(row, n);
    out[HYT_METRIC_E_AURC] =
        out[HYT_METRIC_AURC] - best_risk_coverage(wrong / (double)n);
    out[HYT_METRIC_SELECTIVE_80] = selective(row, n, 80);
    out[HYT_METRIC_SELECTIVE_90] = selective(row, n, 90);
    out[HYT_METRIC_SELECTIVE_100] = selective(row, n, 100);
}
