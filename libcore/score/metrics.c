/* SPDX-License-Identifier: MIT */
/*
 * Confidence faithfulness: all metrics of one set of judged answers.
 */
#include "score/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[HYT_N_METRICS] = {
    [HYT_METRIC_ACCURACY] = "accuracy",
    [HYT_METRIC_ANSWERED] = "answered",
    [HYT_METRIC_CONFIDENCE] = "confidence",
    [HYT_METRIC_OVERCONFIDENCE] = "overconfidence",
    [HYT_METRIC_ECE] = "ece",
    [HYT_METRIC_ECE_MASS] = "ece_mass",
    [HYT_METRIC_L2_DEBIASED] = "l2_debiased",
    [HYT_METRIC_SMECE] = "smece",
    [HYT_METRIC_BRIER] = "brier",
    [HYT_METRIC_RELIABILITY] = "reliability",
    [HYT_METRIC_RESOLUTION] = "resolution",
    [HYT_METRIC_UNCERTAINTY] = "uncertainty",
    [HYT_METRIC_WITHIN_BIN] = "within_bin",
    [HYT_METRIC_NLL] = "nll",
    [HYT_METRIC_AUROC] = "auroc",
    [HYT_METRIC_AUPRC_ERROR] = "auprc_error",
    [HYT_METRIC_AURC] = "aurc",
    [HYT_METRIC_E_AURC] = "e_aurc",
    [HYT_METRIC_SELECTIVE_80] = "selective_80",
    [HYT_METRIC_SELECTIVE_90] = "selective_90",
    [HYT_METRIC_SELECTIVE_100] = "selective_100",
    [HYT_METRIC_ECE_HALF] = "ece_half",
    [HYT_METRIC_BRIER_HALF] = "brier_half",
    [HYT_METRIC_ENTROPY] = "entropy",
    [HYT_METRIC_REPETITION] = "repetition",
    [HYT_METRIC_LENGTH] = "length",
    [HYT_METRIC_TRUNCATED] = "truncated",
};

const char *hyt_metric_name(enum hyt_metric m)
{
    return names[m];
}

int hyt_metric_find(const char *name, size_t n)
{
    for (int m = 0; m < HYT_N_METRICS; m++) {
        if (strlen(names[m]) == n && memcmp(names[m], name, n) == 0)
            return m;
    }
    return -1;
}

/* NaN last. */
static int compare(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

/* The unanswered last; equal confidences in any order, but the same one for
 * the same set of rows, so that sums keep their bits. */
static int by_confidence(const void *x, const void *y)
{
    const struct hyt_judged *a = x, *b = y;
    int order = compare(a->conf, b->conf);

    if (order == 0)
        order = a->correct - b->correct;
    for (int k = 0; k < HYT_N_TEXT_FACTS && order == 0; k++)
        order = compare(a->text[k], b->text[k]);
    return order;
}

void hyt_judged_sort(struct hyt_judged *row, size_t n)
{
    qsort(row, n, sizeof *row, by_confidence);
}

/* Negative log-likelihood of what turned out. */
static double surprise(const struct hyt_judged *row)
{
    double p = row->correct ? row->conf : 1 - row->conf;

    return -hyt_log(fmin(fmax(p, HYT_NLL_CLIP), 1 - HYT_NLL_CLIP));
}

/* The means over answered rows. */
static void means(double out[HYT_N_METRICS], const struct hyt_judged *row,
                  size_t n)
{
    double conf = 0, over = 0, nll = 0;

    for (size_t i = 0; i < n; i++) {
        conf += row[i].conf;
        over += row[i].conf - row[i].correct;
        nll += surprise(&row[i]);
    }
    out[HYT_METRIC_CONFIDENCE] = conf / (double)n;
    out[HYT_METRIC_OVERCONFIDENCE] = over / (double)n;
    out[HYT_METRIC_NLL] = nll / (double)n;
}

/* Mean over the rows in which it is known. */
static double mean_fact(const struct hyt_judged *row, size_t n, int fact)
{
    double sum = 0;
    size_t known = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isnan(row[i].text[fact])) {
            sum += row[i].text[fact];
            known++;
        }
    }
    return known > 0 ? sum / (double)known : (double)NAN;
}

void hyt_metrics(double out[HYT_N_METRICS], const struct hyt_judged *row,
                 size_t n, size_t bins)
{
    size_t answered = 0, right = 0;

    for (int m = 0; m < HYT_N_METRICS; m++)
        out[m] = NAN;
    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++) {
        answered += !isnan(row[i].conf);
        right += row[i].correct;
    }
    out[HYT_METRIC_ACCURACY] = (double)right / (double)n;
    out[HYT_METRIC_ANSWERED] = (double)answered / (double)n;
    for (int k = 0; k < HYT_N_TEXT_FACTS; k++)
        out[HYT_METRIC_ENTROPY + k] = mean_fact(row, n, k);
    hyt_score_half(out, row, n, bins);
    if (answered == 0)
        return;
    means(out, row, answered);
    hyt_score_bins(out, row, answered, bins);
    hyt_score_ranks(out, row, answered);
    out[HYT_METRIC_SMECE] = hyt_score_smece(row, answered);
}
