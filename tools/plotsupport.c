/* SPDX-License-Identifier: MIT */
/*
 * plotsupport.c - support c_0 ... c_K for the answer, step by step
 *
 * A few traces are lines with names.  Of many each is a thin line, and a thick
 * one is their mean: a trace that has ended keeps its last support in it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "plot.h"

enum { FEW = 8, N_VERDICTS = 3 };

static const struct {
    const char *name;
    enum hyt_ink ink;
} kind[N_VERDICTS] = {
    [HYT_WRONG] = {"wrong", HYT_INK_ORANGE},
    [HYT_RIGHT] = {"right", HYT_INK_BLUE},
    [HYT_UNGRADED] = {"not graded", HYT_INK_GREY},
};

struct curve {
    enum hyt_verdict verdict;
    size_t begin, n; /* its values among all */
    char name[56];
};

struct curves {
    struct curve *item;
    size_t n, cap;
    double *c;
    size_t n_c, c_cap;
    size_t longest;
    size_t without; /* records whose prg is null */
    size_t of[N_VERDICTS];
};

/* --- reading -------------------------------------------------------------- */

/* The id, cut to fit a legend: at a character's start; sample; verdict. */
static void set_name(struct curve *k, const char *id, bool sampled,
                     int64_t sample)
{
    char number[16] = "";
    int n = 0;

    if (sampled)
        snprintf(number, sizeof number, " #%lld", (long long)sample % 1000000);
    while (n < 20 && id[n] != '\0')
        n++;
    while (n > 0 && hyt_utf8_goes_on(id[n]))
        n--;
    snprintf(k->name, sizeof k->name, "%.*s%s%s%s", n, id, number,
             k->verdict == HYT_UNGRADED ? "" : ", ",
             k->verdict == HYT_UNGRADED ? "" : kind[k->verdict].name);
}

static int add(struct curves *all, struct hyt_chosen *chosen,
               struct hyt_rec *rec, struct hyt_err *err)
{
    struct curve k = {.begin = all->n_c};
    const double *c;
    const char *id;
    int64_t sample = 0;
    int got = hyt_chosen_has(chosen, rec, &id, err), sampled;

    if (got <= 0)
        return got;
    if ((got = hyt_read_support(&c, &k.n, rec, err)) < 0 ||
        (sampled = hyt_rec_int(rec, "sample", &sample, err)) < 0 ||
        hyt_read_verdict(&k.verdict, rec, err) < 0)
        return -1;
    if (got == 0 || k.n == 0) {
        all->without++;
        return 0;
    }
    set_name(&k, id, sampled > 0, sample);
    all->c = hyt_grow(all->c, &all->c_cap, all->n_c + k.n, sizeof(*all->c));
    for (size_t i = 0; i < k.n; i++)
        all->c[all->n_c++] = c[i];
    if (k.n > all->longest)
        all->longest = k.n;
    all->of[k.verdict]++;
    all->item = hyt_grow(all->item, &all->cap, all->n + 1, sizeof k);
    all->item[all->n++] = k;
    return 0;
}

static int read_all(struct curves *all, const struct hyt_plot *p,
                    struct hyt_err *err)
{
    struct hyt_chosen chosen;
    struct hyt_rec *rec;
    int got;

    hyt_chosen_open(&chosen, p);
    while ((got = hyt_main_next(p->m, &rec)) > 0)
        if ((got = hyt_main_keep(p->m, add(all, &chosen, rec, err))) < 0)
            break;
    got = hyt_chosen_close(&chosen, got, err);
    if (got == 0 && all->n == 0)
        return hyt_fail(err, all->without > 0 ? "no record has support: prg is "
                                                "null in all of them"
                                              : "no records");
    return got;
}

/* --- drawing -------------------------------------------------------------- */

static void put_curve(struct hyt_buf *b, const struct curves *all,
                      const struct curve *k)
{
    for (size_t i = 0; i < k->n; i++)
        hyt_gnuplot_row(b, (double[]){(double)i, all->c[k->begin + i]}, 2);
}

/* Blocks $c0, $c1, ...: a curve each. */
static void put_few(struct hyt_buf *b, const struct curves *all)
{
    for (size_t i = 0; i < all->n; i++) {
        hyt_buf_printf(b, "$c%zu << END\n", i);
        put_curve(b, all, &all->item[i]);
        hyt_buf_puts(b, "END\n");
    }
    hyt_buf_puts(b, "plot ");
    for (size_t i = 0; i < all->n; i++) {
        hyt_buf_printf(b,
                       "%s$c%zu using 1:2 with linespoints lt %d dt %zu "
                       "pt %zu title ",
                       i > 0 ? ", \\\n  " : "", i,
                       (int)kind[all->item[i].verdict].ink, i % 5 + 1,
                       4 + i % 5 * 2 + i / 5);
        hyt_gnuplot_quote(b, all->item[i].name);
    }
    hyt_buf_putc(b, '\n');
}

static double mean_at(const struct curves *all, enum hyt_verdict v, size_t step)
{
    double sum = 0;

    for (size_t i = 0; i < all->n; i++) {
        const struct curve *k = &all->item[i];

        if (k->verdict == v)
            sum += all->c[k->begin + (step < k->n ? step : k->n - 1)];
    }
    return sum / (double)all->of[v];
}

/* A trace without steps has one value, which no line goes through. */
static size_t put_single(struct hyt_buf *b, const struct curves *all, int v)
{
    size_t n = 0;

    hyt_buf_printf(b, "$single%d << END\n", v);
    for (size_t i = 0; i < all->n; i++) {
        if ((int)all->item[i].verdict != v || all->item[i].n > 1)
            continue;
        put_curve(b, all, &all->item[i]);
        n++;
    }
    hyt_buf_puts(b, "END\n");
    return n;
}

/* A block for the curves of each kind, and one for their mean. */
static void put_many(struct hyt_figure *f, const struct curves *all)
{
    struct hyt_buf *b = &f->script;
    const char *comma = "plot ";
    size_t single[N_VERDICTS];

    for (int v = 0; v < N_VERDICTS; v++) {
        single[v] = put_single(b, all, v);
        hyt_buf_printf(b, "$kind%d << END\n", v);
        for (size_t i = 0; i < all->n; i++) {
            if ((int)all->item[i].verdict != v)
                continue;
            put_curve(b, all, &all->item[i]);
            hyt_buf_putc(b, '\n');
        }
        hyt_buf_printf(b, "END\n$mean%d << END\n", v);
        for (size_t k = 0; all->of[v] > 0 && k < all->longest; k++)
            hyt_gnuplot_row(
                b, (double[]){(double)k, mean_at(all, (enum hyt_verdict)v, k)},
                2);
        hyt_buf_puts(b, "END\n");
    }
    for (int v = 0; v < N_VERDICTS; v++) {
        if (all->of[v] == 0)
            continue;
        hyt_buf_printf(b, "%s$kind%d using 1:2 with lines lw 0.8", comma, v);
        hyt_figure_faded(f, kind[v].ink);
        comma = ", \\\n  ";
        if (single[v] == 0)
            continue;
        hyt_buf_printf(b, "%s$single%d using 1:2 with points pt 7 ps 0.5",
                       comma, v);
        hyt_figure_faded(f, kind[v].ink);
    }
    for (int v = 0; v < N_VERDICTS; v++)
        if (all->of[v] > 0)
            hyt_buf_printf(b,
                           "%s$mean%d using 1:2 with %s lt %d lw 5 "
                           "title 'mean of %zu %s'",
                           comma, v, all->longest > 1 ? "lines" : "points pt 7",
                           (int)kind[v].ink, all->of[v], kind[v].name);
    hyt_buf_putc(b, '\n');
}

static int draw(const struct curves *all, const struct hyt_plot *p,
                struct hyt_err *err)
{
    struct hyt_figure f = {0};
    struct hyt_buf *b = &f.script;
    double last = all->longest > 1 ? (double)(all->longest - 1) : 1;

    hyt_figure_begin(&f, p, "Support for the final answer", 720, 460);
    hyt_figure_caption(&f,
                       "%zu traces: %zu right, %zu wrong, %zu not graded; %zu "
                       "records without support.",
                       all->n, all->of[HYT_RIGHT], all->of[HYT_WRONG],
                       all->of[HYT_UNGRADED], all->without);
    hyt_figure_panel(&f, 70, f.width - (all->n <= FEW ? 220 : 24), 56,
                     f.bottom - 58);
    hyt_buf_printf(b,
                   "set xrange [0:%g]\nset yrange [0:1]\n"
                   "set xlabel 'reasoning steps before the answer'\n"
                   "set ylabel 'support c_k'\n",
                   last);
    if (all->n <= FEW)
        hyt_buf_puts(b, "set key at graph 1.03,1 left top Left reverse "
                        "vertical\n");
    if (last <= 20)
        hyt_buf_puts(b, "set xtics 1\n");
    if (all->n <= FEW)
        put_few(b, all);
    else
        put_many(&f, all);
    return hyt_figure_end(&f, err);
}

int hyt_plot_support(const struct hyt_plot *p, struct hyt_err *err)
{
    struct curves all = {0};
    int got = read_all(&all, p, err);

    if (got == 0)
        got = draw(&all, p, err);
    free(all.item);
    free(all.c);
    return got;
}
