/* SPDX-License-Identifier: MIT */
/*
 * report.c - what hyt-eval prints
 */
#include "report.h"

#include <math.h>
#include <string.h>

#include "hyt/json.h"

static const char *const meaning[HYT_N_METRICS] = {
    [HYT_METRIC_ACCURACY] = "right, of all; no answer is wrong",
    [HYT_METRIC_ANSWERED] = "with an answer that has a confidence",
    [HYT_METRIC_CONFIDENCE] = "mean, of the answered, as all below",
    [HYT_METRIC_OVERCONFIDENCE] = "mean confidence - accuracy",
    [HYT_METRIC_ECE] = "calibration error, bins of equal width",
    [HYT_METRIC_ECE_MASS] = "calibration error, bins of equal mass",
    [HYT_METRIC_L2_DEBIASED] = "  the root of its square, less the bias",
    [HYT_METRIC_SMECE] = "calibration error, smooth, no bins",
    [HYT_METRIC_BRIER] = "= reliability - resolution + uncertainty",
    [HYT_METRIC_RELIABILITY] = "  calibration error, squared",
    [HYT_METRIC_RESOLUTION] = "  how far the bins differ in accuracy",
    [HYT_METRIC_UNCERTAINTY] = "  of right and wrong themselves",
    [HYT_METRIC_WITHIN_BIN] = "  + what the bins hide",
    [HYT_METRIC_NLL] = "log-loss, confidence clipped at 1e-12",
    [HYT_METRIC_AUROC] = "a right answer above a wrong one",
    [HYT_METRIC_AUPRC_ERROR] = "average precision at finding errors",
    [HYT_METRIC_AURC] = "risk over coverage",
    [HYT_METRIC_E_AURC] = "  less that of the best order",
    [HYT_METRIC_SELECTIVE_80] = "accuracy of the surest 80 %",
    [HYT_METRIC_SELECTIVE_90] = "accuracy of the surest 90 %",
    [HYT_METRIC_SELECTIVE_100] = "accuracy of the answered",
    [HYT_METRIC_ECE_HALF] = "ece, the unanswered at confidence 1/2",
    [HYT_METRIC_BRIER_HALF] = "brier, the unanswered at confidence 1/2",
    [HYT_METRIC_ENTROPY] = "of a token, in nats; of all, as below",
    [HYT_METRIC_REPETITION] = "4-grams that stood there before",
    [HYT_METRIC_LENGTH] = "tokens of a completion",
    [HYT_METRIC_TRUNCATED] = "out of tokens before the end",
};

/* --- text ---------------------------------------------------------------- */

/* Four places, without a minus before nothing. */
static double rounded(double x)
{
    return fabs(x) < 5e-5 ? 0 : x;
}

static void put_cell(struct hyt_buf *out, double x)
{
    if (isnan(x))
        hyt_buf_puts(out, "       -");
    else
        hyt_buf_printf(out, " %7.4f", rounded(x));
}

static void put_interval(struct hyt_buf *out, const struct hyt_interval *i)
{
    if (isnan(i->lo))
        hyt_buf_puts(out, "                  -");
    else
        hyt_buf_printf(out, "  %7.4f ..%7.4f", rounded(i->lo), rounded(i->hi));
}

void hyt_report_text(struct hyt_buf *out, const struct hyt_report *r)
{
    hyt_buf_printf(out, "%zu records, %zu queries, confidence: %s, %zu bins\n",
                   r->records, r->queries, r->confidence, r->bins);
    hyt_buf_puts(out, "                   value      95 % interval");
    if (r->base_name != NULL)
        hyt_buf_puts(out, "    base    diff.      95 % interval");
    hyt_buf_putc(out, '\n');
    for (int m = 0; m < HYT_N_METRICS; m++) {
        hyt_buf_printf(out, "%-16s", hyt_metric_name((enum hyt_metric)m));
        put_cell(out, r->value[m]);
        put_interval(out, &r->interval[m]);
        if (r->base_name != NULL) {
            put_cell(out, r->base[m]);
            hyt_buf_putc(out, ' ');
            put_cell(out, r->value[m] - r->base[m]);
            put_interval(out, &r->difference[m]);
        } else {
            hyt_buf_printf(out, "  %s", meaning[m]);
        }
        hyt_buf_putc(out, '\n');
    }
}

/* --- JSON ---------------------------------------------------------------- */

static void put_member(struct hyt_buf *out, const char *name, double x)
{
    hyt_buf_printf(out, ",\"%s\":", name);
    hyt_json_put_f64_or_null(out, x);
}

static void put_metric(struct hyt_buf *out, const struct hyt_report *r, int m)
{
    hyt_buf_printf(out,
                   "\"%s\":{\"value\":", hyt_metric_name((enum hyt_metric)m));
    hyt_json_put_f64_or_null(out, r->value[m]);
    put_member(out, "lo", r->interval[m].lo);
    put_member(out, "hi", r->interval[m].hi);
    if (r->base_name != NULL) {
        put_member(out, "base", r->base[m]);
        put_member(out, "difference", r->value[m] - r->base[m]);
        put_member(out, "difference_lo", r->difference[m].lo);
        put_member(out, "difference_hi", r->difference[m].hi);
    }
    hyt_buf_putc(out, '}');
}

void hyt_report_json(struct hyt_buf *out, const struct hyt_report *r)
{
    hyt_buf_printf(out, "{\"records\":%zu,\"queries\":%zu,\"confidence\":",
                   r->records, r->queries);
    hyt_json_put_str(out, r->confidence, strlen(r->confidence));
    hyt_buf_printf(out, ",\"bins\":%zu,\"bootstrap\":%zu,\"seed\":%lld",
                   r->bins, r->reps, (long long)r->seed);
    put_member(out, "nll_clip", HYT_NLL_CLIP);
    hyt_buf_puts(out, ",\"metrics\":{");
    for (int m = 0; m < HYT_N_METRICS; m++) {
        if (m > 0)
            hyt_buf_putc(out, ',');
        put_metric(out, r, m);
    }
    hyt_buf_puts(out, "},\"diagram\":[");
    for (size_t b = 0; b < r->bins; b++) {
        hyt_buf_printf(out, "%s{\"n\":%.0f", b > 0 ? "," : "", r->bin[b].n);
        put_member(out, "lo", (double)b / (double)r->bins);
        put_member(out, "hi", (double)(b + 1) / (double)r->bins);
        put_member(out, "confidence", r->bin[b].conf);
        put_member(out, "accuracy", r->bin[b].correct);
        hyt_buf_putc(out, '}');
    }
    hyt_buf_puts(out, "]}\n");
}
