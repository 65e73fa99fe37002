/* SPDX-License-Identifier: MIT */
/*
 * Calibration by bins: expected calibration error of equal width (Guo et al.
 * 2017) and of equal mass, its debiased l2 form (Kumar et al. 2019), and the
 * Brier score with Murphy's decomposition.
 */
#include "score/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The bin b with b/B < conf <= (b+1)/B; 0 is in the first.  The edges are the
 * doubles nearest to b/B. */
static size_t width_bin(double conf, size_t bins)
{
    double count = (double)bins, b = ceil(conf * count) - 1;

    b = b < 0 ? 0 : b >= count ? count - 1 : b;
    while (b > 0 && conf <= b / count)
        b--;
    while (b < count - 1 && conf > (b + 1) / count)
        b++;
    return (size_t)b;
}

/* Sums so far become means. */
static void finish_bins(struct hyt_bin *bin, size_t bins)
{
    for (size_t b = 0; b < bins; b++) {
        bin[b].conf = bin[b].n > 0 ? bin[b].conf / bin[b].n : NAN;
        bin[b].correct = bin[b].n > 0 ? bin[b].correct / bin[b].n : NAN;
    }
}

static void add_row(struct hyt_bin *bin, double conf, bool correct)
{
    bin->n++;
    bin->conf += conf;
    bin->correct += correct;
}

void hyt_bins(struct hyt_bin *bin, size_t bins, const struct hyt_judged *row,
              size_t n)
{
    memset(bin, 0, bins * sizeof *bin);
    for (size_t i = 0; i < n; i++) {
        if (!isnan(row[i].conf))
            add_row(&bin[width_bin(row[i].conf, bins)], row[i].conf,
                    row[i].correct);
    }
    finish_bins(bin, bins);
}

/* Row i of n goes to bin floor(i B / n); rows that tie all go where the middle
 * one of them goes, so that input order does not matter. */
static void mass_bins(struct hyt_bin *bin, size_t bins,
                      const struct hyt_judged *row, size_t n)
{
    size_t end;

    memset(bin, 0, bins * sizeof *bin);
    for (size_t i = 0; i < n; i = end) {
        size_t b;

        for (end = i + 1; end < n && row[end].conf == row[i].conf;)
            end++;
        b = (i + end - 1) * bins / (2 * n);
        for (size_t j = i; j < end; j++)
            add_row(&bin[b], row[j].conf, row[j].correct);
    }
    finish_bins(bin, bins);
}

/* ECE = sum_b n_b / n |conf_b - correct_b| */
static double calibration_error(const struct hyt_bin *bin, size_t bins,
                                size_t n)
{
    double sum = 0;

    for (size_t b = 0; b < bins; b++) {
        if (bin[b].n > 0)
            sum += bin[b].n * fabs(bin[b].conf - bin[b].correct);
    }
    return sum / (double)n;
}

/*
 * The plug-in l2 error is too large by the variance of each bin's accuracy a,
 * of which a (1 - a) / (n_b - 1) is an unbiased estimate:
 *
 *     l2^2 = sum_b n_b / n [(conf_b - a_b)^2 - a_b (1 - a_b) / (n_b - 1)]
 *
 * or 0 where that is less.  A bin of one row says nothing of its variance and
 * counts nothing.
 */
static double debiased_l2(const struct hyt_bin *bin, size_t bins, size_t n)
{
    double sum = 0;
    bool known = false;

    for (size_t b = 0; b < bins; b++) {
        double a = bin[b].correct, gap = bin[b].conf - a;

        if (bin[b].n < 2)
            continue;
        sum += bin[b].n * (gap * gap - a * (1 - a) / (bin[b].n - 1));
        known = true;
    }
    if (!known)
        return (double)NAN;
    return sum > 0 ? sqrt(sum / (double)n) : 0;
}

static void brier(double out[HYT_N_METRICS], const struct hyt_bin *bin,
                  size_t bins, const struct hyt_judged *row, size_t n)
{
    double score = 0, right = 0, reliability = 0, resolution = 0;

    for (size_t i = 0; i < n; i++) {
        double gap = row[i].conf - row[i].correct;

        score += gap * gap;
        right += row[i].correct;
    }
    score /= (double)n;
    right /= (double)n;
    for (size_t b = 0; b < bins; b++) {
        double gap = bin[b].conf - bin[b].correct;
        double lift = bin[b].correct - right;

        if (bin[b].n > 0) {
            reliability += bin[b].n / (double)n * gap * gap;
            resolution += bin[b].n / (double)n * lift * lift;
        }
    }
    out[HYT_METRIC_BRIER] = score;
    out[HYT_METRIC_RELIABILITY] = reliability;
    out[HYT_METRIC_RESOLUTION] = resolution;
    out[HYT_METRIC_UNCERTAINTY] = right * (1 - right);
    out[HYT_METRIC_WITHIN_BIN] =
        score - (reliability - resolution + right * (1 - right));
}

void hyt_score_bins(double out[HYT_N_METRICS], const struct hyt_judged *row,
                    size_t n, size_t bins)
{
    struct hyt_bin *bin = hyt_alloc(bins, sizeof *bin);

    hyt_bins(bin, bins, row, n);
    out[HYT_METRIC_ECE] = calibration_error(bin, bins, n);
    brier(out, bin, bins, row, n);
    mass_bins(bin, bins, row, n);
    out[HYT_METRIC_ECE_MASS] = calibration_error(bin, bins, n);
    out[HYT_METRIC_L2_DEBIASED] = debiased_l2(bin, bins, n);
    free(bin);
}

void hyt_score_half(double out[HYT_N_METRICS], const struct hyt_judged *row,
                    size_t n, size_t bins)
{
    struct hyt_bin *bin = hyt_alloc(bins, sizeof *bin);
    double score = 0;

    for (size_t i = 0; i < n; i++) {
        double conf = isnan(row[i].conf) ? 0.5 : row[i].conf;
        double gap = conf - row[i].correct;

        add_row(&bin[width_bin(conf, bins)], conf, row[i].correct);
        score += gap * gap;
    }
    finish_bins(bin, bins);
    out[HYT_METRIC_ECE_HALF] = calibration_error(bin, bins, n);
    out[HYT_METRIC_BRIER_HALF] = score / (double)n;
    free(bin);
}
