/* SPDX-License-Identifier: MIT */
/*
 * hyt-eval - accuracy and confidence faithfulness of graded records
 *
 * Keeps numbers only: a confidence, right or wrong, and digests of query and
 * answer a record.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judged.h"
#include "report.h"
#include "tool.h"

static const char *confidence = "support", *compare;
static int64_t bins = 15, reps = 1000;
static struct hyt_opt_list require;
static bool json;

static const struct hyt_opt opts[] = {
    OPT_STR(0, "confidence", &confidence, "KIND",
            "support|mean|vote|logp|field:NAME"),
    OPT_INT(0, "bins", &bins, 1, 10000, "bins of the calibration errors"),
    OPT_INT(0, "bootstrap", &reps, 0, 1 << 24,
            "replicates for the intervals; 0: none"),
    OPT_STR(0, "compare", &compare, "FILE",
            "differences to these records of the same queries, paired"),
    OPT_LIST(0, "require", &require, "METRIC<X",
             "exit 3 where this does not hold (<, <=, >, >=); repeatable"),
    OPT_FLAG(0, "json", &json, "print one JSON object"),
    OPT_END,
};

static const struct hyt_tool tool = {
    "hyt-eval", "accuracy and confidence faithfulness of graded records",
    "[FILE]...", opts, HYT_TOOL_SEED};

/* --- requirements -------------------------------------------------------- */

struct requirement {
    int metric;
    bool less, equal;
    double limit;
};

/* "ece<0.1": false where it is none. */
static bool parse_requirement(struct requirement *r, const char *text)
{
    size_t n = strcspn(text, "<> ");
    const char *op = text + n + strspn(text + n, " "), *limit;
    struct hyt_err err;

    r->metric = hyt_metric_find(text, n);
    r->less = *op == '<';
    r->equal = *op != '\0' && op[1] == '=';
    if (r->metric < 0 || (*op != '<' && *op != '>'))
        return false;
    limit = op + (r->equal ? 2 : 1);
    limit += strspn(limit, " ");
    return hyt_parse_f64(limit, &r->limit, &err) == 0;
}

static bool holds(const struct requirement *r, double x)
{
    if (r->equal && x == r->limit)
        return true;
    return r->less ? x < r->limit : x > r->limit; /* never for NaN */
}

static void check_requirements(struct hyt_main *m)
{
    struct requirement r;
    struct hyt_buf names = {0};

    for (int i = 0; i < HYT_N_METRICS; i++)
        hyt_buf_printf(&names, " %s", hyt_metric_name((enum hyt_metric)i));
    for (size_t i = 0; i < require.n; i++) {
        if (!parse_requirement(&r, require.item[i]))
            hyt_main_usage(m,
                           "--require: \"%s\" is not METRIC<X; metrics are%s",
                           require.item[i], names.s);
    }
    hyt_buf_free(&names);
}

/* How many are not met; says which. */
static size_t count_unmet(struct hyt_main *m, const struct hyt_report *report)
{
    struct requirement r;
    size_t unmet = 0;

    for (size_t i = 0; i < require.n; i++) {
        if (!parse_requirement(&r, require.item[i]) ||
            holds(&r, report->value[r.metric]))
            continue;
        unmet++;
        if (isnan(report->value[r.metric]))
            hyt_main_warn(m, "not met: %s (it has no value)", require.item[i]);
        else
            hyt_main_warn(m, "not met: %s (it is %.6g)", require.item[i],
                          report->value[r.metric]);
    }
    return unmet;
}

/* --- evaluation ---------------------------------------------------------- */

/* Metrics and intervals, of the differences to `theirs` too where compared. */
static int evaluate(struct hyt_report *r, struct hyt_main *m,
                    struct hyt_judgements *ours, struct hyt_judgements *theirs)
{
    size_t n_base;
    struct hyt_judged *row = hyt_judgements_rows(ours, &r->queries);
    struct hyt_judged *base = hyt_judgements_rows(theirs, &n_base);
    struct hyt_judged_set set = {row, ours->n}, base_set = {base, theirs->n};
    uint64_t seed = (uint64_t)m->seed;
    int status = 0;

    r->records = ours->n;
    hyt_metrics(r->value, row, ours->n, r->bins);
    hyt_bins(r->bin, r->bins, row, ours->n);
    hyt_bootstrap(r->interval, &set, NULL, r->queries, r->bins, r->reps, seed);
    if (compare != NULL)
        status = hyt_judgements_match(ours, theirs, compare, &m->err);
    if (compare != NULL && status == 0) {
        hyt_metrics(r->base, base, theirs->n, r->bins);
        hyt_bootstrap(r->difference, &base_set, &set, r->queries, r->bins,
                      r->reps, seed);
    }
    free(base);
    free(row);
    return status;
}

static int report(struct hyt_main *m, const struct hyt_report *r)
{
    struct hyt_buf out = {0};
    int status;

    if (json)
        hyt_report_json(&out, r);
    else
        hyt_report_text(&out, r);
    status = hyt_out_write(m->out, out.s, out.n, &m->err);
    hyt_buf_free(&out);
    return status;
}

/* The input, and the file to compare with. */
static int read_all(struct hyt_main *m, struct hyt_judgements *ours,
                    struct hyt_judgements *theirs)
{
    enum hyt_conf conf;
    const char *field;
    struct hyt_rec *rec;
    int got;

    if (!hyt_conf_parse(&conf, &field, confidence))
        hyt_main_usage(m,
                       "--confidence: \"%s\" is none of "
                       "support|mean|vote|logp|field:NAME",
                       confidence);
    while ((got = hyt_main_next(m, &rec)) > 0)
        if (hyt_main_keep(
                m, hyt_judgements_add(ours, rec, conf, field, &m->err)) < 0)
            return -1;
    if (got == 0 && ours->n == 0)
        return hyt_fail(&m->err, "no records");
    if (got == 0 && compare != NULL)
        got = hyt_judgements_read(theirs, compare, m, conf, field);
    if (conf == HYT_CONF_VOTE) {
        hyt_judgements_vote(ours);
        hyt_judgements_vote(theirs);
    }
    return got;
}

int main(int argc, char **argv)
{
    struct hyt_judgements ours = {0}, theirs = {0};
    struct hyt_report r = {0};
    struct hyt_main m;
    size_t unmet = 0;
    int got, status;

    hyt_main_open(&m, &tool, argc, argv);
    check_requirements(&m);
    r.confidence = confidence;
    r.base_name = compare;
    r.bins = (size_t)bins;
    r.reps = (size_t)reps;
    r.seed = m.seed;
    r.bin = hyt_alloc(r.bins, sizeof *r.bin);
    got = read_all(&m, &ours, &theirs);
    if (got == 0)
        got = evaluate(&r, &m, &ours, &theirs);
    if (got == 0)
        got = report(&m, &r);
    if (got == 0)
        unmet = count_unmet(&m, &r);
    free(r.bin);
    hyt_judgements_free(&ours);
    hyt_judgements_free(&theirs);
    hyt_opt_list_free(&require);
    status = hyt_main_close(&m, got);
    return status == HYT_EXIT_OK && unmet > 0 ? HYT_EXIT_UNMET : status;
}
