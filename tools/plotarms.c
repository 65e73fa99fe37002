/* SPDX-License-Identifier: MIT */
/*
 * plotarms.c - several arms of an experiment, metric by metric
 *
 * A row an arm, a panel a metric, a point and its interval where they meet.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"

#define USUAL "accuracy,ece,brier,auroc" /* of a report's metrics */

enum { ROW = 26, ACROSS = 4 };

struct point {
    size_t arm, metric;
    double x[3]; /* mean, lo, hi; NaN: none */
};

struct arms {
    struct hyt_names arm, metric;
    struct point *item;
    size_t n, cap;
    bool chosen; /* the metrics are those of --fields */
};

/* --- reading -------------------------------------------------------------- */

static size_t number(struct hyt_names *names, const char *s, size_t n)
{
    char *name = hyt_strndup(s, n);
    size_t i = hyt_names_find(names, name);

    if (i == names->n)
        hyt_names_add(names, s, n);
    free(name);
    return i;
}

static int add_point(struct arms *all, const struct point *new,
                     const struct hyt_rec *rec, struct hyt_err *err)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->item[i].arm == new->arm && all->item[i].metric == new->metric)
            return hyt_rec_fail(rec, NULL, err, "arm %s has its %s twice",
                                all->arm.item[new->arm],
                                all->metric.item[new->metric]);
    all->item = hyt_grow(all->item, &all->cap, all->n + 1, sizeof(*new));
    all->item[all->n++] = *new;
    return 0;
}

static int neither(const struct hyt_rec *rec, struct hyt_err *err)
{
    return hyt_rec_fail(rec, NULL, err,
                        "neither {\"arm\",\"metric\",\"mean\"} nor a "
                        "report of hyt-eval --json");
}

/* A line {"arm","metric","mean","lo","hi"}. */
static int add_line(struct arms *all, struct hyt_rec *rec, const char *arm,
                    size_t n_arm, struct hyt_err *err)
{
    static const char *const names[] = {"mean", "lo", "hi"};
    struct point p = {0};
    const struct hyt_json *v;
    const char *s;
    size_t n;
    int got = hyt_rec_str(rec, "metric", &s, &n, err);

    if (got > 0)
        got = hyt_rec_get(rec, "mean", &v, err);
    if (got == 0)
        return neither(rec, err);
    if (got < 0 || hyt_read_interval(p.x, rec, "", names, err) < 0)
        return -1;
    p.arm = number(&all->arm, arm, n_arm);
    if (all->chosen) {
        char *name = hyt_strndup(s, n);

        p.metric = hyt_names_find(&all->metric, name);
        free(name);
        if (p.metric == all->metric.n)
            return 0;
    } else {
        p.metric = number(&all->metric, s, n);
    }
    return add_point(all, &p, rec, err);
}

/* A report of hyt-eval --json: the arm is its "arm", or its file. */
static int add_report(struct arms *all, struct hyt_rec *rec, size_t arm,
                      struct hyt_err *err)
{
    static const char *const names[] = {".value", ".lo", ".hi"};
    struct hyt_names usual = {0};
    const struct hyt_names *metric = &all->metric;
    struct hyt_buf path = {0};
    int got = 0;

    hyt_names_split(&usual, USUAL);
    if (!all->chosen)
        metric = &usual;
    for (size_t i = 0; i < metric->n && got >= 0; i++) {
        struct point p = {.arm = arm};
        const struct hyt_json *v;

        hyt_buf_reset(&path);
        hyt_buf_printf(&path, "metrics.%s", metric->item[i]);
        got = hyt_rec_get(rec, path.s, &v, err);
        if (got == 0)
            got = hyt_rec_fail(rec, "metrics", err, "no metric \"%s\"",
                               metric->item[i]);
        if (got > 0)
            got = hyt_read_interval(p.x, rec, path.s, names, err);
        /* A usual metric without a value is not asked for. */
        if (got == 0 && (all->chosen || !isnan(p.x[0]))) {
            p.metric = all->chosen ? i
                                   : number(&all->metric, metric->item[i],
                                            strlen(metric->item[i]));
            got = add_point(all, &p, rec, err);
        }
    }
    hyt_buf_free(&path);
    hyt_names_free(&usual);
    return got < 0 ? -1 : 0;
}

static int add(struct arms *all, struct hyt_rec *rec, struct hyt_err *err)
{
    const struct hyt_json *v;
    const char *arm;
    size_t n;
    int got = hyt_rec_str(rec, "arm", &arm, &n, err);
    int report = got < 0 ? -1 : hyt_rec_get(rec, "metrics", &v, err);

    if (report < 0)
        return -1;
    if (report == 0 && got > 0)
        return add_line(all, rec, arm, n, err);
    if (got == 0) {
        const char *slash, *dot;

        arm = hyt_rec_file(rec);
        slash = strrchr(arm, '/');
        arm = slash ? slash + 1 : arm;
        dot = strrchr(arm, '.');
        n = dot && dot > arm ? (size_t)(dot - arm) : strlen(arm);
    }
    if (report == 0)
        return neither(rec, err);
    return add_report(all, rec, number(&all->arm, arm, n), err);
}

static int check(const struct arms *all, struct hyt_err *err)
{
    for (size_t m = 0; m < all->metric.n; m++) {
        bool has = false;

        for (size_t i = 0; i < all->n; i++)
            has =
                has || (all->item[i].metric == m && !isnan(all->item[i].x[0]));
        if (!has)
            return hyt_fail(err, "no arm has a number \"%s\"",
                            all->metric.item[m]);
    }
    return 0;
}

/* --- drawing -------------------------------------------------------------- */

/* A block of the arms that have an interval of the metric, or of those that
 * have none, for which gnuplot would draw its ends at the axis; widens the
 * range.  Returns the number of its rows. */
static size_t put_block(struct hyt_buf *b, const struct arms *all,
                        size_t metric, bool interval, double range[2])
{
    size_t rows = 0;

    hyt_buf_printf(b, "# mean lo hi arm\n$%c%zu << END\n", interval ? 'i' : 'm',
                   metric);
    for (size_t i = 0; i < all->n; i++) {
        const struct point *p = &all->item[i];

        if (p->metric != metric ||
            interval != !(isnan(p->x[1]) || isnan(p->x[2])))
            continue;
        hyt_gnuplot_row(
            b, (double[]){p->x[0], p->x[1], p->x[2], (double)p->arm}, 4);
        for (int k = 0; k < 3; k++) {
            range[0] = fmin(range[0], p->x[k]);
            range[1] = fmax(range[1], p->x[k]);
        }
        rows++;
    }
    hyt_buf_puts(b, "END\n");
    return rows;
}

static void put_metric(struct hyt_figure *f, const struct arms *all, size_t i)
{
    struct hyt_buf *b = &f->script, plot = {0};
    double range[2] = {INFINITY, -INFINITY}, margin;

    hyt_buf_puts(&plot, "plot NaN");
    if (put_block(b, all, i, false, range) > 0)
        hyt_buf_printf(&plot, ", $m%zu using 1:4 with points lt %d ps 0.9", i,
                       (int)HYT_INK_BLUE);
    if (put_block(b, all, i, true, range) > 0)
        hyt_buf_printf(&plot,
                       ", $i%zu using 2:4:($3-$2):(0) with vectors nohead lt %d"
                       ", '' using 1:4 with points lt %d ps 0.9",
                       i, (int)HYT_INK_BLUE, (int)HYT_INK_BLUE);
    margin = 0.06 * (range[1] - range[0]);
    hyt_figure_axis(f, 'x', range[0] - margin, range[1] + margin, 3);
    hyt_buf_put(b, plot.s, plot.n);
    hyt_buf_putc(b, '\n');
    hyt_buf_free(&plot);
}

/* A tic for each arm, with its name where the panel is the row's first. */
static void put_names(struct hyt_buf *b, const struct arms *all, bool named)
{
    hyt_buf_puts(b, "set ytics (");
    for (size_t i = 0; i < all->arm.n; i++) {
        if (i > 0)
            hyt_buf_puts(b, ", ");
        hyt_gnuplot_quote(b, named ? all->arm.item[i] : "");
        hyt_buf_printf(b, " %zu", i);
    }
    hyt_buf_puts(b, ")\n");
}

/* Pixels that the longest name takes. */
static double name_width(const struct arms *all)
{
    size_t longest = 4;

    for (size_t i = 0; i < all->arm.n; i++)
        if (strlen(all->arm.item[i]) > longest)
            longest = strlen(all->arm.item[i]);
    return 30 + 7 * (double)(longest < 32 ? longest : 32);
}

static int draw(const struct arms *all, const struct hyt_plot *p,
                struct hyt_err *err)
{
    struct hyt_figure f = {0};
    struct hyt_buf *b = &f.script;
    size_t across = all->metric.n < ACROSS ? all->metric.n : ACROSS;
    size_t down = (all->metric.n + across - 1) / across;
    double left = name_width(all), top = 40, width, height;

    hyt_figure_begin(&f, p, "Arms", left + 20 + 210 * (double)across,
                     top + 6 + (64 + ROW * (double)all->arm.n) * (double)down);
    width = (f.width - left - 20) / (double)across;
    height = (f.bottom - top) / (double)down;
    hyt_buf_printf(b, "set yrange [%g:-0.5]\n", (double)all->arm.n - 0.5);
    for (size_t i = 0; i < all->metric.n; i++) {
        size_t row = i / across;
        double x = left + width * (double)(i % across);
        double y = top + height * (double)row;

        hyt_figure_panel(&f, x, x + width - 24, y + 24, y + height - 34);
        hyt_figure_text(&f, x, y + 13, all->metric.item[i]);
        put_names(b, all, i % across == 0);
        put_metric(&f, all, i);
    }
    return hyt_figure_end(&f, err);
}

int hyt_plot_arms(const struct hyt_plot *p, struct hyt_err *err)
{
    struct arms all = {.chosen = p->fields != NULL};
    struct hyt_rec *rec;
    int got;

    if (p->fields)
        hyt_names_split(&all.metric, p->fields);
    if (p->fields && all.metric.n == 0)
        hyt_main_usage(p->m, "--fields names none");
    while ((got = hyt_main_next(p->m, &rec)) > 0)
        if ((got = hyt_main_keep(p->m, add(&all, rec, err))) < 0)
            break;
    if (got == 0 && all.metric.n == 0)
        got = hyt_fail(err, "no arms");
    if (got == 0)
        got = check(&all, err);
    if (got == 0)
        got = draw(&all, p, err);
    free(all.item);
    hyt_names_free(&all.arm);
    hyt_names_free(&all.metric);
    return got;
}
