/* SPDX-License-Identifier: MIT */
/*
 * plottrain.c - what hyt-update says of its steps, as curves
 *
 * One panel a field, since each has its own unit; one line a file.  Lines of
 * the log without any of the fields (commits) are passed over.  A field may be
 * a mean with its interval.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"

#define USUAL "loss,lambda,trust,prg,self_certainty,entropy"
#define STEP  "step"

enum {
    PANEL = 118, /* height */
    MARKED = 40  /* the most rows whose points are marked */
};

/* One field of one file. */
struct curve {
    struct hyt_buf rows, bars; /* step, value; and its interval */
    double last;               /* step of the last row */
    double lo, hi;             /* of the values */
    double from, to;           /* the steps of these */
    size_t n;                  /* rows with a value */
    size_t run, alone;         /* values in a row so far; runs of one */
};

struct log {
    struct hyt_names field, file;
    struct curve *curve; /* [files][fields] */
    size_t cap;
    uint64_t lines; /* of the file at hand */
    bool placed;    /* a line had the field of the horizontal axis */
};

/* --- reading -------------------------------------------------------------- */

/* The curves of the record's file. */
static struct curve *curves_of(struct log *log, const struct hyt_rec *rec)
{
    const char *name = hyt_rec_file(rec);
    size_t i = hyt_names_find(&log->file, name), k = log->field.n;

    if (i == log->file.n) {
        hyt_names_add(&log->file, name, strlen(name));
        log->curve = hyt_grow(log->curve, &log->cap, log->file.n * k,
                              sizeof(*log->curve));
        memset(log->curve + i * k, 0, k * sizeof(*log->curve));
        log->lines = 0;
    }
    log->lines++;
    return log->curve + i * k;
}

/* A line is not drawn through a value that has no neighbour. */
static void end_run(struct curve *c)
{
    c->alone += c->run == 1;
    c->run = 0;
}

/* A run that starts again at an earlier step starts a new line.  x: value, lo,
 * hi. */
static void put(struct curve *c, double step, const double x[3])
{
    bool again = c->rows.n > 0 && step <= c->last;

    if (again)
        hyt_buf_putc(&c->rows, '\n');
    if (again || isnan(x[0]))
        end_run(c);
    hyt_gnuplot_row(&c->rows, (double[]){step, x[0]}, 2);
    c->last = step;
    if (isnan(x[0]))
        return;
    if (!isnan(x[1]) && !isnan(x[2]))
        hyt_gnuplot_row(&c->bars, (double[]){step, x[0], x[1], x[2]}, 4);
    for (int i = 0; i < 3; i++) {
        c->lo = c->n + (size_t)i > 0 ? fmin(c->lo, x[i]) : x[i];
        c->hi = c->n + (size_t)i > 0 ? fmax(c->hi, x[i]) : x[i];
    }
    c->from = c->n > 0 ? fmin(c->from, step) : step;
    c->to = c->n > 0 ? fmax(c->to, step) : step;
    c->n++;
    c->run++;
}

/* 1 where the record has the field: a number, null, or {"mean","lo","hi"}. */
static int read_field(double x[3], struct hyt_rec *rec, const char *field,
                      struct hyt_err *err)
{
    static const char *const names[] = {".mean", ".lo", ".hi"};
    const struct hyt_json *v;
    int got = hyt_rec_get(rec, field, &v, err);

    if (got <= 0)
        return got;
    if (hyt_json_type(v) == HYT_JSON_OBJECT)
        return hyt_read_interval(x, rec, field, names, err) < 0 ? -1 : 1;
    x[0] = x[1] = x[2] = NAN;
    return hyt_rec_num(rec, field, &x[0], err) < 0 ? -1 : 1;
}

static int add(struct log *log, const struct hyt_plot *p, struct hyt_rec *rec,
               struct hyt_err *err)
{
    struct curve *c = curves_of(log, rec);
    double step = (double)log->lines, x[3];
    int there = hyt_rec_num(rec, p->x ? p->x : STEP, &step, err);

    log->placed = log->placed || there > 0;
    if (there <= 0 && (there < 0 || p->x))
        return there;
    for (size_t i = 0; i < log->field.n; i++) {
        int got = read_field(x, rec, log->field.item[i], err);

        if (got > 0 && p->log_x && step <= 0)
            got = hyt_rec_fail(rec, NULL, err, "%g has no logarithm", step);
        if (got < 0)
            return -1;
        if (got > 0)
            put(&c[i], step, x);
    }
    return 0;
}

/* Rows with a value, in all files. */
static size_t values(const struct log *log, size_t field)
{
    size_t n = 0;

    for (size_t i = 0; i < log->file.n; i++)
        n += log->curve[i * log->field.n + field].n;
    return n;
}

/* Fields that were asked for must be there. */
static int check(const struct log *log, const struct hyt_plot *p,
                 struct hyt_err *err)
{
    size_t all = 0;

    if (p->x && !log->placed)
        return hyt_fail(err, "no number \"%s\" in the input", p->x);
    for (size_t i = 0; i < log->field.n; i++) {
        size_t n = values(log, i);

        if (p->fields && n == 0)
            return hyt_fail(err, "no number \"%s\" in the input",
                            log->field.item[i]);
        all += n;
    }
    return all > 0 ? 0 : hyt_fail(err, "no number among " USUAL);
}

/* --- drawing -------------------------------------------------------------- */

static void put_data(struct hyt_buf *b, const struct log *log)
{
    for (size_t i = 0; i < log->file.n * log->field.n; i++) {
        if (log->curve[i].n == 0)
            continue;
        hyt_buf_printf(b, "$c%zu << END\n", i);
        hyt_buf_put(b, log->curve[i].rows.s, log->curve[i].rows.n);
        hyt_buf_puts(b, "END\n");
        if (log->curve[i].bars.n == 0)
            continue;
        hyt_buf_printf(b, "$b%zu << END\n", i);
        hyt_buf_put(b, log->curve[i].bars.s, log->curve[i].bars.n);
        hyt_buf_puts(b, "END\n");
    }
}

/* A curve of every file that has the field, and its intervals; the first panel
 * names the files. */
static void put_plot(struct hyt_buf *b, const struct log *log, size_t field,
                     bool named)
{
    const char *comma = "plot ";

    for (size_t i = 0; i < log->file.n; i++) {
        size_t at = i * log->field.n + field;
        const struct curve *c = &log->curve[at];
        size_t colour = i % HYT_INK_LINES + 1;

        if (c->n > 0)
            hyt_buf_printf(b, "%s$c%zu using 1:2 with %s", comma, at,
                           c->n > MARKED && c->alone + (c->run == 1) == 0
                               ? "lines"
                               : "linespoints");
        else if (named)
            hyt_buf_printf(b, "%sNaN with lines", comma);
        else
            continue;
        hyt_buf_printf(b, " lt %zu dt %zu", colour, i / HYT_INK_LINES % 5 + 1);
        if (named) {
            hyt_buf_puts(b, " title ");
            hyt_gnuplot_quote(b, log->file.item[i]);
        }
        comma = ", \\\n  ";
        if (c->bars.n > 0)
            hyt_buf_printf(b,
                           "%s$b%zu using 1:3:(0):($4-$3) with vectors nohead "
                           "lt %zu lw 1",
                           comma, at, colour);
    }
    hyt_buf_putc(b, '\n');
}

/* The range of a field in all files, with some room. */
static void put_range(struct hyt_figure *f, const struct log *log, size_t field)
{
    double lo = INFINITY, hi = -INFINITY, room;

    for (size_t i = 0; i < log->file.n; i++) {
        const struct curve *c = &log->curve[i * log->field.n + field];

        lo = c->n > 0 ? fmin(lo, c->lo) : lo;
        hi = c->n > 0 ? fmax(hi, c->hi) : hi;
    }
    room = 0.08 * (hi - lo);
    hyt_figure_axis(f, 'y', lo - room, hi + room, 3);
}

/* The panels share one axis of steps. */
static void put_steps(struct hyt_figure *f, const struct log *log, bool log_x)
{
    double from = INFINITY, to = -INFINITY, factor = 2;

    for (size_t i = 0; i < log->file.n * log->field.n; i++) {
        const struct curve *c = &log->curve[i];

        from = c->n > 0 ? fmin(from, c->from) : from;
        to = c->n > 0 ? fmax(to, c->to) : to;
    }
    if (!log_x) {
        hyt_figure_axis(f, 'x', from, to, 8);
        return;
    }
    while (from * pow(factor, 6) < to)
        factor *= 2;
    hyt_buf_printf(&f->script,
                   "set logscale x\nunset mxtics\nset xrange [%.17g:%.17g]\n"
                   "set xtics %.17g,%.17g\n",
                   from / 1.2, to * 1.2, from, factor);
}

static int draw(const struct log *log, const struct hyt_plot *p,
                struct hyt_err *err)
{
    struct hyt_figure f = {0};
    struct hyt_buf *b = &f.script;
    bool named = log->file.n > 1;
    double top = named ? 44 + 17 * (double)log->file.n : 36, each;
    size_t panels = 0, done = 0;

    for (size_t i = 0; i < log->field.n; i++)
        panels += values(log, i) > 0;
    hyt_figure_begin(&f, p, "Training", 720, top + 54 + PANEL * (double)panels);
    put_data(b, log);
    each = (f.height - 54 - top) / (double)panels;
    hyt_buf_printf(
        b,
        "set format x ''\nset key at screen %.5f,%.5f left top Left reverse "
        "vertical maxrows %zu\n",
        16 / f.width, 1 - 36 / f.height, log->file.n);
    put_steps(&f, log, p->log_x);
    for (size_t i = 0; i < log->field.n; i++) {
        double y = top + each * (double)done;

        if (values(log, i) == 0)
            continue;
        hyt_figure_panel(&f, 76, f.width - 20, y + 22, y + each - 6);
        hyt_figure_text(&f, 76, y + 13, log->field.item[i]);
        put_range(&f, log, i);
        if (++done == panels) {
            hyt_buf_puts(b, "set format x '%g'\nset xlabel ");
            hyt_gnuplot_quote(b, p->x ? p->x : log->placed ? STEP : "line");
            hyt_buf_putc(b, '\n');
        }
        put_plot(b, log, i, named && done == 1);
    }
    return hyt_figure_end(&f, err);
}

int hyt_plot_train(const struct hyt_plot *p, struct hyt_err *err)
{
    struct log log = {0};
    struct hyt_rec *rec;
    int got;

    hyt_names_split(&log.field, p->fields ? p->fields : USUAL);
    if (log.field.n == 0)
        hyt_main_usage(p->m, "--fields names none");
    while ((got = hyt_main_next(p->m, &rec)) > 0)
        if ((got = hyt_main_keep(p->m, add(&log, p, rec, err))) < 0)
            break;
    if (got == 0)
        got = check(&log, p, err);
    if (got == 0)
        got = draw(&log, p, err);
    for (size_t i = 0; i < log.file.n * log.field.n; i++) {
        hyt_buf_free(&log.curve[i].rows);
        hyt_buf_free(&log.curve[i].bars);
    }
    free(log.curve);
    hyt_names_free(&log.field);
    hyt_names_free(&log.file);
    return got;
}
