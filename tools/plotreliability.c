/* SPDX-License-Identifier: MIT */
/*
 * plotreliability.c - accuracy against confidence, bin by bin
 *
 * The bins are those of hyt-eval's ECE: counted here from graded records, or
 * read from the report that hyt-eval --json made of them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judged.h"
#include "plot.h"

struct diagram {
    struct hyt_bin *bin;
    size_t n, bin_cap;
    double records, accuracy, answered;
    double ece, lo, hi; /* NaN: no interval */
    char confidence[64];
    bool reported; /* read from a report: there can be only one */
};

/* As much of its name as fits, in whole characters. */
static void set_confidence(struct diagram *d, const char *s, size_t n)
{
    if (n >= sizeof d->confidence)
        n = sizeof d->confidence - 1;
    while (n > 0 && hyt_utf8_goes_on(s[n]))
        n--;
    memcpy(d->confidence, s, n);
    d->confidence[n] = '\0';
}

/* --- from a report -------------------------------------------------------- */

static int read_bin(struct diagram *d, const struct hyt_json *v,
                    const struct hyt_rec *rec, struct hyt_err *err)
{
    static const char *const names[] = {"n", "confidence", "accuracy"};
    double x[3];

    for (size_t i = 0; i < HYT_LEN(names); i++) {
        const struct hyt_json *member = hyt_json_get(v, names[i]);

        if (member == NULL || (hyt_json_type(member) != HYT_JSON_NUM &&
                               hyt_json_type(member) != HYT_JSON_NULL))
            return hyt_rec_fail(rec, "diagram", err,
                                "a bin without a number \"%s\"", names[i]);
        x[i] = hyt_json_type(member) == HYT_JSON_NUM ? hyt_json_num(member)
                                                     : (double)NAN;
    }
    d->bin = hyt_grow(d->bin, &d->bin_cap, d->n + 1, sizeof(*d->bin));
    d->bin[d->n++] = (struct hyt_bin){x[0], x[1], x[2]};
    return 0;
}

/* A number that may be null. */
static int read_value(double *x, struct hyt_rec *rec, const char *path,
                      struct hyt_err *err)
{
    *x = NAN;
    return hyt_rec_num(rec, path, x, err) < 0 ? -1 : 0;
}

static int read_report(struct diagram *d, struct hyt_rec *rec,
                       const struct hyt_json *bins, struct hyt_err *err)
{
    const char *s;
    size_t n;
    int got = hyt_rec_str(rec, "confidence", &s, &n, err);

    if (got < 0 || read_value(&d->records, rec, "records", err) < 0 ||
        read_value(&d->accuracy, rec, "metrics.accuracy.value", err) < 0 ||
        read_value(&d->answered, rec, "metrics.answered.value", err) < 0 ||
        read_value(&d->ece, rec, "metrics.ece.value", err) < 0 ||
        read_value(&d->lo, rec, "metrics.ece.lo", err) < 0 ||
        read_value(&d->hi, rec, "metrics.ece.hi", err) < 0)
        return -1;
    set_confidence(d, got > 0 ? s : "", got > 0 ? n : 0);
    for (const struct hyt_json *v = hyt_json_child(bins); v != NULL;
         v = hyt_json_next(v))
        if (read_bin(d, v, rec, err) < 0)
            return -1;
    if (d->n == 0)
        return hyt_rec_fail(rec, "diagram", err, "a diagram without bins");
    d->reported = true;
    return 0;
}

/* --- from records --------------------------------------------------------- */

static void count(struct diagram *d, struct hyt_judgements *all,
                  const struct hyt_plot *p, enum hyt_conf conf)
{
    const char *name = p->confidence ? p->confidence : "support";
    double value[HYT_N_METRICS];
    struct hyt_judged *row;
    size_t queries;

    if (conf == HYT_CONF_VOTE)
        hyt_judgements_vote(all);
    row = hyt_judgements_rows(all, &queries);
    d->n = p->bins > 0 ? (size_t)p->bins : 15;
    d->bin = hyt_alloc(d->n, sizeof(*d->bin));
    hyt_metrics(value, row, all->n, d->n);
    hyt_bins(d->bin, d->n, row, all->n);
    free(row);
    d->records = (double)all->n;
    d->accuracy = value[HYT_METRIC_ACCURACY];
    d->answered = value[HYT_METRIC_ANSWERED];
    d->ece = value[HYT_METRIC_ECE];
    d->lo = d->hi = NAN;
    set_confidence(d, name, strlen(name));
}

/* The confidence that --confidence names. */
struct kind {
    enum hyt_conf conf;
    const char *field;
};

/* One line of the input, a record or a report. */
static int add(struct diagram *d, struct hyt_judgements *all,
               struct hyt_rec *rec, const struct hyt_plot *p,
               const struct kind *kind)
{
    struct hyt_err *err = &p->m->err;
    const struct hyt_json *bins;
    int got = hyt_rec_get(rec, "diagram", &bins, err);

    if (got < 0)
        return -1;
    if (d->reported || (got > 0 && all->n > 0))
        return hyt_rec_fail(rec, NULL, err,
                            "one report, or records: not both, not two");
    if (got > 0 && (p->confidence || p->bins > 0))
        return hyt_rec_fail(rec, NULL, err,
                            "--bins and --confidence are for records: a "
                            "report of hyt-eval has its own");
    if (got > 0)
        return read_report(d, rec, bins, err);
    return hyt_judgements_add(all, rec, kind->conf, kind->field, err);
}

static int read_all(struct diagram *d, const struct hyt_plot *p,
                    struct hyt_err *err)
{
    const char *spec = p->confidence ? p->confidence : "support";
    struct hyt_judgements all = {0};
    struct kind kind;
    struct hyt_rec *rec;
    int got;

    if (!hyt_conf_parse(&kind.conf, &kind.field, spec))
        hyt_main_usage(p->m,
                       "--confidence: \"%s\" is none of "
                       "support|mean|vote|logp|field:NAME",
                       spec);
    while ((got = hyt_main_next(p->m, &rec)) > 0)
        if ((got = hyt_main_keep(p->m, add(d, &all, rec, p, &kind))) < 0)
            break;
    if (got == 0 && !d->reported && all.n == 0)
        got = hyt_fail(err, "no records");
    if (got == 0 && !d->reported)
        count(d, &all, p, kind.conf);
    hyt_judgements_free(&all);
    return got;
}

/* --- drawing -------------------------------------------------------------- */

/* Wilson's interval of a share, 95 %. */
static void wilson(double *lo, double *hi, double share, double n)
{
    const double z = 1.959963984540054, zz = z * z / n;
    double half = z * sqrt(share * (1 - share) / n + zz / (4 * n));

    *lo = fmax(0, (share + zz / 2 - half) / (1 + zz));
    *hi = fmin(1, (share + zz / 2 + half) / (1 + zz));
}

static void put_bins(struct hyt_buf *b, const struct diagram *d)
{
    hyt_buf_puts(b, "# from to n confidence accuracy lo hi\n$bins << END\n");
    for (size_t i = 0; i < d->n; i++) {
        const struct hyt_bin *bin = &d->bin[i];
        double x[] = {(double)i / (double)d->n,
                      (double)(i + 1) / (double)d->n,
                      bin->n,
                      bin->conf,
                      bin->correct,
                      NAN,
                      NAN};

        if (bin->n > 0)
            wilson(&x[5], &x[6], bin->correct, bin->n);
        hyt_gnuplot_row(b, x, HYT_LEN(x));
    }
    hyt_buf_puts(b, "END\n");
}

static void caption(struct hyt_figure *f, const struct diagram *d)
{
    char ece[32] = "–", interval[64] = "";

    if (!isnan(d->ece)) /* of no record with a confidence there is none */
        snprintf(ece, sizeof ece, "%.3f", d->ece);
    if (!isnan(d->lo) && !isnan(d->hi))
        snprintf(interval, sizeof interval, " (95 %%: %.3f to %.3f)", d->lo,
                 d->hi);
    hyt_figure_caption(f,
                       "ECE %s%s in %zu bins; accuracy %.3f of %.0f records, "
                       "%.1f %% with a confidence. Bars: 95 %% intervals "
                       "(Wilson).",
                       ece, interval, d->n, d->accuracy, d->records,
                       100 * d->answered);
}

static int draw(const struct diagram *d, const struct hyt_plot *p,
                struct hyt_err *err)
{
    struct hyt_figure f = {0};
    struct hyt_buf *b = &f.script;
    double most = 0, split;
    char label[96];

    for (size_t i = 0; i < d->n; i++)
        most = fmax(most, d->bin[i].n);
    hyt_figure_begin(&f, p, "Reliability", 560, 620);
    caption(&f, d);
    put_bins(b, d);
    split = 64 + (f.bottom - 64 - 58) * 0.74;
    hyt_figure_panel(&f, 70, f.width - 24, 64, split - 24);
    hyt_buf_puts(b, "set xrange [0:1]\nset yrange [0:1]\n"
                    "set format x ''\nset ylabel 'accuracy'\n"
                    "plot $bins using 4:4:(0):($5-$4) with vectors nohead");
    hyt_figure_faded(&f, HYT_INK_ORANGE);
    hyt_buf_printf(b,
                   " lw 9 title 'gap', \\\n"
                   "  x lt %d lw 1.5 dt 2 title 'calibrated', \\\n"
                   "  $bins using 4:6:(0):($7-$6) with vectors nohead lt %d "
                   "lw 1.5 notitle, \\\n"
                   "  $bins using 4:5 with points lt %d ps 0.8 "
                   "title 'accuracy'\n",
                   (int)HYT_INK_GREY, (int)HYT_INK_BLUE, (int)HYT_INK_BLUE);
    hyt_figure_panel(&f, 70, f.width - 24, split, f.bottom - 58);
    snprintf(label, sizeof label, "confidence (%s)", d->confidence);
    hyt_buf_puts(b, "set format x '%g'\nset ylabel 'answers'\nset xlabel ");
    hyt_gnuplot_quote(b, label);
    hyt_buf_putc(b, '\n');
    hyt_figure_axis(&f, 'y', 0, most > 0 ? most * 1.25 : 1, 3);
    hyt_buf_printf(b,
                   "plot $bins using (($1+$2)/2):3:($2-$1) with boxes lt %d "
                   "lw 1 fs solid 0.4%s\n",
                   (int)HYT_INK_BLUE,
                   d->n > 20 ? ""
                             : ", $bins using (($1+$2)/2):"
                               "($3 > 0 ? $3 : NaN):(sprintf('%d', $3)) "
                               "with labels offset 0,0.6 font ',11'");
    return hyt_figure_end(&f, err);
}

int hyt_plot_reliability(const struct hyt_plot *p, struct hyt_err *err)
{
    struct diagram d = {0};
    int got = read_all(&d, p, err);

    if (got == 0)
        got = draw(&d, p, err);
    free(d.bin);
    return got;
}
