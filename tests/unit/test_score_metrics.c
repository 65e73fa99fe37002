/* SPDX-License-Identifier: MIT */
/*
 * Calibration metrics against scikit-learn and independent versions, their
 * identities, and the bootstrap.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyt/score.h"

#define BINS 15

struct judged_case {
    const char *name;
    size_t n;
    double conf[240], correct[240];
    double want[HYT_N_METRICS];
};

#include "../fixtures/calibration.inc"

/* A row with some facts of its text, by its query. */
static struct hyt_judged judged(double conf, bool correct, size_t query)
{
    struct hyt_judged row = {.conf = conf, .correct = correct, .query = query};

    for (int k = 0; k < HYT_N_TEXT_FACTS; k++)
        row.text[k] = (double)query + k;
    return row;
}

/* Rows in the order given, four to a query. */
static size_t rows_of(struct hyt_judged *row, const struct judged_case *c)
{
    for (size_t i = 0; i < c->n; i++)
        row[i] = judged(c->conf[i], c->correct[i] > 0, i / 4);
    return c->n;
}

static void test_reference(void **state)
{
    struct hyt_judged row[240];
    double got[HYT_N_METRICS];

    (void)state;
    for (size_t i = 0; i < HYT_LEN(judged_cases); i++) {
        const struct judged_case *c = &judged_cases[i];
        size_t n = rows_of(row, c);

        hyt_judged_sort(row, n);
        hyt_metrics(got, row, n, BINS);
        for (int m = 0; m < HYT_METRIC_ENTROPY; m++) {
            double limit = m == HYT_METRIC_SMECE ? 2e-5 : 1e-9;

            if (isnan(got[m]) != isnan(c->want[m]) ||
                fabs(got[m] - c->want[m]) > limit)
                fail_msg("%s of '%s': got %.12g, want %.12g",
                         hyt_metric_name((enum hyt_metric)m), c->name, got[m],
                         c->want[m]);
        }
    }
}

/* The order in which the rows come changes no bit. */
static void test_order(void **state)
{
    struct hyt_judged row[240], other[240];
    double a[HYT_N_METRICS], b[HYT_N_METRICS];
    size_t order[240];

    (void)state;
    for (size_t i = 0; i < HYT_LEN(judged_cases); i++) {
        size_t n = rows_of(row, &judged_cases[i]);

        hyt_rng_shuffle(order, n, i);
        for (size_t j = 0; j < n; j++)
            other[j] = row[order[j]];
        hyt_judged_sort(row, n);
        hyt_judged_sort(other, n);
        hyt_metrics(a, row, n, BINS);
        hyt_metrics(b, other, n, BINS);
        for (int m = 0; m < HYT_N_METRICS; m++)
            assert_true(a[m] == b[m] || (isnan(a[m]) && isnan(b[m])));
    }
}

/* Murphy's decomposition is exact where conf is constant within the bins. */
static void test_murphy(void **state)
{
    struct hyt_judged row[200];
    double m[HYT_N_METRICS];

    (void)state;
    for (size_t i = 0; i < 200; i++)
        row[i] = judged((double)(i % 5) / 4, hyt_rng_unit(1, i) < 0.4, i);
    hyt_judged_sort(row, 200);
    hyt_metrics(m, row, 200, BINS);
    assert_true(fabs(m[HYT_METRIC_WITHIN_BIN]) < 1e-15);
    assert_true(m[HYT_METRIC_RELIABILITY] > 0.01);
}

/* Published by hand: one bin, 90 % sure, 60 % right. */
static void test_known(void **state)
{
    struct hyt_judged row[10];
    double m[HYT_N_METRICS];

    (void)state;
    for (size_t i = 0; i < 10; i++)
        row[i] = judged(0.9, i < 6, i);
    hyt_judged_sort(row, 10);
    hyt_metrics(m, row, 10, BINS);
    assert_true(fabs(m[HYT_METRIC_ECE] - 0.3) < 1e-12);
    assert_true(fabs(m[HYT_METRIC_ECE_MASS] - 0.3) < 1e-12);
    assert_true(fabs(m[HYT_METRIC_OVERCONFIDENCE] - 0.3) < 1e-12);
    assert_true(fabs(m[HYT_METRIC_BRIER] - (0.6 * 0.01 + 0.4 * 0.81)) < 1e-12);
    assert_true(fabs(m[HYT_METRIC_L2_DEBIASED] - sqrt(0.09 - 0.24 / 9)) <
                1e-12);
    assert_true(m[HYT_METRIC_AUROC] == 0.5);
    assert_true(fabs(m[HYT_METRIC_AUPRC_ERROR] - 0.4) < 1e-12);
    assert_true(fabs(m[HYT_METRIC_AURC] - 0.4) < 1e-12);
    assert_true(fabs(m[HYT_METRIC_SELECTIVE_80] - 0.6) < 1e-12);
    /* A kernel of width s turns a residual of -.3 at .9 into a hump of area
     * .3, whatever s: so the fixed point is .3. */
    assert_true(fabs(m[HYT_METRIC_SMECE] - 0.3) < 1e-5);
}

static void test_extremes(void **state)
{
    struct hyt_judged row[4] = {judged(NAN, false, 0), judged(NAN, false, 1)};
    double m[HYT_N_METRICS];

    (void)state;
    hyt_metrics(m, row, 0, BINS);
    assert_true(isnan(m[HYT_METRIC_ACCURACY]));
    hyt_metrics(m, row, 2, BINS);
    assert_true(m[HYT_METRIC_ACCURACY] == 0 && m[HYT_METRIC_ANSWERED] == 0);
    assert_true(isnan(m[HYT_METRIC_ECE]) && m[HYT_METRIC_ECE_HALF] == 0.5);
    for (size_t i = 0; i < 4; i++)
        row[i] = judged(1, true, i);
    hyt_metrics(m, row, 4, BINS);
    assert_true(m[HYT_METRIC_ECE] == 0 && m[HYT_METRIC_SMECE] == 0);
    assert_true(isnan(m[HYT_METRIC_AUROC]) && m[HYT_METRIC_AURC] == 0);
    assert_true(m[HYT_METRIC_NLL] > 0 && m[HYT_METRIC_NLL] < 1e-11);
}

/* Facts of the texts: means over those that are known, answered or not. */
static void test_text(void **state)
{
    struct hyt_judged row[4] = {judged(NAN, false, 0), judged(0.5, true, 1),
                                judged(0.7, false, 2), judged(NAN, false, 3)};
    double m[HYT_N_METRICS];

    (void)state;
    row[1].text[HYT_TEXT_LENGTH] = NAN;
    for (size_t i = 0; i < 4; i++)
        row[i].text[HYT_TEXT_TRUNCATED] = NAN;
    hyt_judged_sort(row, 4);
    hyt_metrics(m, row, 4, BINS);
    assert_true(m[HYT_METRIC_ENTROPY] == (0 + 1 + 2 + 3) / 4.0);
    assert_true(m[HYT_METRIC_REPETITION] == (1 + 2 + 3 + 4) / 4.0);
    assert_true(fabs(m[HYT_METRIC_LENGTH] - (2 + 4 + 5) / 3.0) < 1e-15);
    assert_true(isnan(m[HYT_METRIC_TRUNCATED]));
}

static void test_repetition(void **state)
{
    const int32_t loop[] = {1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3};
    const int32_t once[] = {5, 4, 3, 2, 1, 0, -1};
    int32_t same[1000] = {0};

    (void)state;
    assert_true(isnan(hyt_repetition(loop, 0)));
    assert_true(isnan(hyt_repetition(loop, 3)));
    assert_true(hyt_repetition(loop, 4) == 0);
    assert_true(hyt_repetition(loop, 12) == 1 - 3 / 9.0);
    assert_true(hyt_repetition(once, 7) == 0);
    assert_true(hyt_repetition(same, 1000) == 1 - 1 / 997.0);
}

/* Values on an edge belong to the bin below it, 0 to the first. */
static void test_bins(void **state)
{
    struct hyt_judged row[17];
    struct hyt_bin bin[BINS];

    (void)state;
    for (size_t b = 0; b <= BINS; b++)
        row[b] = judged((double)b / BINS, true, b);
    row[16] = judged(NAN, false, 16);
    hyt_bins(bin, BINS, row, 17);
    assert_true(bin[0].n == 2);
    for (size_t b = 1; b < BINS; b++)
        assert_true(bin[b].n == 1 && bin[b].conf == (double)(b + 1) / BINS);
}

static void test_bootstrap(void **state)
{
    struct hyt_judged row[240];
    struct hyt_interval a[HYT_N_METRICS], b[HYT_N_METRICS];
    struct hyt_judged_set set = {row, rows_of(row, &judged_cases[0])};
    double m[HYT_N_METRICS], spread;

    (void)state;
    hyt_judged_sort(row, set.n);
    hyt_metrics(m, row, set.n, BINS);
    hyt_bootstrap(a, &set, NULL, set.n / 4, BINS, 200, 7);
    hyt_bootstrap(b, &set, NULL, set.n / 4, BINS, 200, 7);
    assert_memory_equal(a, b, sizeof a);
    hyt_bootstrap(b, &set, NULL, set.n / 4, BINS, 200, 8);
    assert_true(a[HYT_METRIC_ACCURACY].lo != b[HYT_METRIC_ACCURACY].lo ||
                a[HYT_METRIC_BRIER].lo != b[HYT_METRIC_BRIER].lo);
    assert_true(a[HYT_METRIC_ACCURACY].lo < m[HYT_METRIC_ACCURACY] &&
                a[HYT_METRIC_ACCURACY].hi > m[HYT_METRIC_ACCURACY]);
    /* 60 queries of 4 independent rows: 2 * 1.96 sqrt(p (1 - p) / 240), give
     * or take a third. */
    spread = 3.92 *
             sqrt(m[HYT_METRIC_ACCURACY] * (1 - m[HYT_METRIC_ACCURACY]) / 240);
    assert_true(
        a[HYT_METRIC_ACCURACY].hi - a[HYT_METRIC_ACCURACY].lo < 1.34 * spread &&
        a[HYT_METRIC_ACCURACY].hi - a[HYT_METRIC_ACCURACY].lo > 0.66 * spread);
    /* A set does not differ from itself, on any draw. */
    hyt_bootstrap(b, &set, &set, set.n / 4, BINS, 50, 7);
    for (int k = 0; k < HYT_N_METRICS; k++)
        assert_true(b[k].lo == 0 && b[k].hi == 0);
}

/* Rows of a query that agree are one observation: queries are drawn. */
static void test_bootstrap_clusters(void **state)
{
    struct hyt_judged row[200];
    struct hyt_judged_set set = {row, 200};
    struct hyt_interval alone[HYT_N_METRICS], tied[HYT_N_METRICS];
    double a, b;

    (void)state;
    for (size_t i = 0; i < 200; i++)
        row[i] = judged(0.5, (i / 10) % 2, i);
    hyt_bootstrap(alone, &set, NULL, 200, BINS, 200, 0);
    for (size_t i = 0; i < 200; i++)
        row[i].query = i / 10;
    hyt_bootstrap(tied, &set, NULL, 20, BINS, 200, 0);
    a = alone[HYT_METRIC_ACCURACY].hi - alone[HYT_METRIC_ACCURACY].lo;
    b = tied[HYT_METRIC_ACCURACY].hi - tied[HYT_METRIC_ACCURACY].lo;
    assert_true(b > 2 * a && b < 5 * a); /* sqrt(10) = 3.2 */
}

static void test_names(void **state)
{
    (void)state;
    for (int m = 0; m < HYT_N_METRICS; m++) {
        const char *name = hyt_metric_name((enum hyt_metric)m);

        assert_int_equal(hyt_metric_find(name, strlen(name)), m);
    }
    assert_int_equal(hyt_metric_find("ece<", 4), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_murphy),
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_repetition),
        cmocka_unit_test(test_bins),
        cmocka_unit_test(test_bootstrap),
        cmocka_unit_test(test_bootstrap_clusters),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
