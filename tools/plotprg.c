/* SPDX-License-Identifier: MIT */
/*
 * plotprg.c - how PRG, or any other number, tells right from wrong
 *
 * A panel a field: histograms of the right and of the wrong records, each as
 * shares of its own kind, and the AUROC of the field as a predictor.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "hyt/score.h"
#include "plot.h"

enum { BINS = 30 };

/* One field: its value in every record that has one. */
struct column {
    struct hyt_judged *row; /* conf is the value */
    size_t n, cap;
    size_t without;
};

struct columns {
    struct hyt_names field;
    struct column *item;
    size_t n_records;
};

/* --- reading -------------------------------------------------------------- */

/* NaN where the field, or the object it is in, is null. */
static int read_value(double *x, struct hyt_rec *rec, const char *field,
                      struct hyt_err *err)
{
    const struct hyt_json *v;
    int got = hyt_rec_num(rec, field, x, err);

    if (got != 0)
        return got < 0 ? -1 : 0;
    *x = NAN;
    got = hyt_rec_get_null(rec, field, &v, err);
    if (got == 0)
        return hyt_rec_fail(rec, NULL, err, "no \"%s\"", field);
    return got < 0 ? -1 : 0;
}

static int add(struct columns *all, struct hyt_rec *rec, struct hyt_err *err)
{
    enum hyt_verdict verdict;
    double *x = HYT_NEW(hyt_rec_arena(rec), double, all->field.n);

    if (hyt_read_verdict(&verdict, rec, err) < 0)
        return -1;
    if (verdict == HYT_UNGRADED)
        return hyt_rec_fail(rec, NULL, err,
                            "no \"grade\": pass the records through hyt-grade");
    for (size_t i = 0; i < all->field.n; i++)
        if (read_value(&x[i], rec, all->field.item[i], err) < 0)
            return -1;
    for (size_t i = 0; i < all->field.n; i++) {
        struct column *c = &all->item[i];

        if (isnan(x[i])) {
            c->without++;
            continue;
        }
        c->row = hyt_grow(c->row, &c->cap, c->n + 1, sizeof(*c->row));
        c->row[c->n++] =
            (struct hyt_judged){.conf = x[i], .correct = verdict == HYT_RIGHT};
    }
    all->n_records++;
    return 0;
}

static int check(const struct columns *all, struct hyt_err *err)
{
    if (all->n_records == 0)
        return hyt_fail(err, "no records");
    for (size_t i = 0; i < all->field.n; i++)
        if (all->item[i].n == 0)
            return hyt_fail(err, "\"%s\" is null in all records",
                            all->field.item[i]);
    return 0;
}

/* --- drawing -------------------------------------------------------------- */

struct histogram {
    double lo, width;
    size_t bins;
    double total[2], *count; /* of wrong and right: [bins][2] */
};

/* Bins of equal width over all values, [lo, hi), the last one closed. */
static void count(struct histogram *h, const struct column *c, size_t bins)
{
    double hi = c->row[c->n - 1].conf;

    *h = (struct histogram){.lo = c->row[0].conf, .bins = bins};
    if (hi <= h->lo) {
        h->lo -= 0.5;
        hi += 0.5;
    }
    h->width = (hi - h->lo) / (double)bins;
    h->count = hyt_alloc(bins * 2, sizeof(*h->count));
    for (size_t i = 0; i < c->n; i++) {
        size_t bin = (size_t)((c->row[i].conf - h->lo) / h->width);

        bin = bin < bins ? bin : bins - 1;
        h->count[bin * 2 + c->row[i].correct]++;
        h->total[c->row[i].correct]++;
    }
}

static void put_data(struct hyt_buf *b, const struct histogram *h, size_t at)
{
    hyt_buf_printf(b, "# from to wrong right, share of each\n$h%zu << END\n",
                   at);
    for (size_t i = 0; i < h->bins; i++) {
        const double *n = h->count + i * 2;

        hyt_gnuplot_row(b,
                        (double[]){h->lo + h->width * (double)i,
                                   h->lo + h->width * (double)(i + 1), n[0],
                                   n[1], n[0] / h->total[0],
                                   n[1] / h->total[1]},
                        6);
    }
    hyt_buf_puts(b, "END\n");
}

static void put_panel(struct hyt_figure *f, const struct column *c, size_t at,
                      const char *name)
{
    const struct hyt_plot *p = f->plot;
    struct hyt_buf *b = &f->script;
    struct histogram h;

    count(&h, c, p->bins > 0 ? (size_t)p->bins : BINS);
    put_data(b, &h, at);
    hyt_figure_axis(f, 'x', h.lo, h.lo + h.width * (double)h.bins, 6);
    hyt_buf_puts(b, "set xlabel ");
    hyt_gnuplot_quote(b, name);
    hyt_buf_puts(b, "\nplot ");
    for (int right = 1; right >= 0; right--)
        hyt_buf_printf(
            b,
            "%s$h%zu using (($1+$2)/2):%d:($2-$1) with boxes lt %d lw 1.2 fs "
            "transparent solid 0.35 border lt %d title '%.0f %s'",
            right ? "" : ", \\\n  ", at, right ? 6 : 5,
            (int)(right ? HYT_INK_BLUE : HYT_INK_ORANGE),
            (int)(right ? HYT_INK_BLUE : HYT_INK_ORANGE), h.total[right],
            right ? "right" : "wrong");
    hyt_buf_putc(b, '\n');
    free(h.count);
}

static void put_heading(struct hyt_figure *f, const struct column *c,
                        const char *name, double x, double y)
{
    struct hyt_buf text = {0};
    double auroc = hyt_auroc(c->row, c->n);

    hyt_buf_printf(&text, "%s: AUROC ", name);
    if (isnan(auroc))
        hyt_buf_puts(&text, "none");
    else
        hyt_buf_printf(&text, "%.3f", auroc);
    if (c->without > 0)
        hyt_buf_printf(&text, ", %zu without a value", c->without);
    hyt_figure_text(f, x, y, text.s);
    hyt_buf_free(&text);
}

static int draw(const struct columns *all, const struct hyt_plot *p,
                struct hyt_err *err)
{
    struct hyt_figure f = {0};
    size_t across = all->field.n == 1 ? 1 : 2;
    size_t down = (all->field.n + across - 1) / across;
    double width, height, top = 40;

    hyt_figure_begin(&f, p, "Right and wrong records", across == 1 ? 720 : 960,
                     down == 1 ? 440 : 70 + 300 * (double)down);
    hyt_figure_caption(&f,
                       "Shares are of the right and of the wrong records each. "
                       "AUROC: the chance that a right record has the higher "
                       "value.");
    width = (f.width - 24) / (double)across;
    height = (f.bottom - top) / (double)down;
    hyt_buf_puts(&f.script, "set ylabel 'share of records'\n"
                            "set yrange [0:*]\n");
    for (size_t i = 0; i < all->field.n; i++) {
        size_t row = i / across;
        double left = width * (double)(i % across);
        double y = top + height * (double)row;

        hyt_figure_panel(&f, left + 84, left + width - 4, y + 44,
                         y + height - 58);
        hyt_judged_sort(all->item[i].row, all->item[i].n);
        put_heading(&f, &all->item[i], all->field.item[i], left + 84, y + 10);
        put_panel(&f, &all->item[i], i, all->field.item[i]);
    }
    return hyt_figure_end(&f, err);
}

int hyt_plot_prg(const struct hyt_plot *p, struct hyt_err *err)
{
    struct columns all = {0};
    struct hyt_rec *rec;
    int got;

    hyt_names_split(&all.field, p->fields ? p->fields : "prg.score");
    if (all.field.n == 0)
        hyt_main_usage(p->m, "--fields names none");
    all.item = hyt_alloc(all.field.n, sizeof(*all.item));
    while ((got = hyt_main_next(p->m, &rec)) > 0)
        if ((got = hyt_main_keep(p->m, add(&all, rec, err))) < 0)
            break;
    if (got == 0)
        got = check(&all, err);
    if (got == 0)
        got = draw(&all, p, err);
    for (size_t i = 0; i < all.field.n; i++)
        free(all.item[i].row);
    free(all.item);
    hyt_names_free(&all.field);
    return got;
}
