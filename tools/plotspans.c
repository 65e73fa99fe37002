/* SPDX-License-Identifier: MIT */
/*
 * plotspans.c - where the time went: the spans of HYT_TRACE, summed by name
 *
 * A span's own time is what is left without the spans inside it.  A line is
 * written when its span ends, so those inside come before it: what waits in
 * the stack of its process and began no earlier is inside.
 */
#include <stdlib.h>
#include <string.h>

#include "plot.h"

struct span {
    int64_t pid;
    double at, us;
};

struct row {
    char *name;
    size_t calls;
    double us, self;
};

struct profile {
    struct row *row;
    size_t n, cap;
    struct span *stack; /* ended, and not yet inside another */
    size_t depth, stack_cap;
};

static struct row *row_of(struct profile *p, const char *name, size_t n)
{
    for (size_t i = 0; i < p->n; i++)
        if (strlen(p->row[i].name) == n && memcmp(p->row[i].name, name, n) == 0)
            return &p->row[i];
    p->row = hyt_grow(p->row, &p->cap, p->n + 1, sizeof(*p->row));
    p->row[p->n] = (struct row){.name = hyt_strndup(name, n)};
    return &p->row[p->n++];
}

/* Takes what is inside the span off the stack; its time.  Spans of other
 * processes that lie between are kept. */
static double take_inside(struct profile *p, const struct span *s)
{
    size_t from = p->depth, to;
    double us = 0;

    while (from > 0 &&
           (p->stack[from - 1].pid != s->pid || p->stack[from - 1].at >= s->at))
        from--;
    to = from;
    for (size_t i = from; i < p->depth; i++) {
        if (p->stack[i].pid == s->pid)
            us += p->stack[i].us;
        else
            p->stack[to++] = p->stack[i];
    }
    p->depth = to;
    return us;
}

static int add(struct profile *p, struct hyt_rec *rec, struct hyt_err *err)
{
    static const char *const names[] = {"at", "us", "pid"};
    struct span s = {0};
    const char *name;
    size_t n;
    struct row *row;
    double x[3], inside;
    int got = hyt_rec_str(rec, "span", &name, &n, err);

    if (got == 0)
        return hyt_rec_fail(rec, NULL, err, "no \"span\": not of HYT_TRACE");
    for (int i = 0; i < 3 && got > 0; i++) {
        got = hyt_rec_num(rec, names[i], &x[i], err);
        if (got == 0)
            return hyt_rec_fail(rec, NULL, err, "no \"%s\"", names[i]);
    }
    if (got < 0)
        return -1;
    s = (struct span){.at = x[0], .us = x[1], .pid = (int64_t)x[2]};
    inside = take_inside(p, &s);
    row = row_of(p, name, n);
    row->calls++;
    row->us += s.us;
    row->self += s.us > inside ? s.us - inside : 0;
    p->stack =
        hyt_grow(p->stack, &p->stack_cap, p->depth + 1, sizeof(*p->stack));
    p->stack[p->depth++] = s;
    return 0;
}

/* The most own time first. */
static int by_self(const void *x, const void *y)
{
    const struct row *a = x, *b = y;

    if (a->self != b->self)
        return a->self > b->self ? -1 : 1;
    return strcmp(a->name, b->name);
}

static void put_table(struct hyt_buf *b, const struct profile *p)
{
    double self = 0;
    size_t calls = 0;
    int wide = 5;

    for (size_t i = 0; i < p->n; i++) {
        self += p->row[i].self;
        calls += p->row[i].calls;
        if ((int)strlen(p->row[i].name) > wide)
            wide = (int)strlen(p->row[i].name);
    }
    hyt_buf_printf(b, "%-*s %10s %12s %12s %7s\n", wide, "span", "calls",
                   "seconds", "own", "share");
    for (size_t i = 0; i < p->n; i++) {
        const struct row *r = &p->row[i];

        hyt_buf_printf(b, "%-*s %10zu %12.6f %12.6f %6.1f%%\n", wide, r->name,
                       r->calls, r->us * 1e-6, r->self * 1e-6,
                       self > 0 ? 100 * r->self / self : 0);
    }
    hyt_buf_printf(b, "%-*s %10zu %12s %12.6f %6.1f%%\n", wide, "all", calls,
                   "", self * 1e-6, self > 0 ? 100.0 : 0);
}

int hyt_plot_trace(const struct hyt_plot *plot, struct hyt_err *err)
{
    struct profile p = {0};
    struct hyt_buf out = {0};
    struct hyt_rec *rec;
    int got;

    while ((got = hyt_main_next(plot->m, &rec)) > 0)
        if ((got = hyt_main_keep(plot->m, add(&p, rec, err))) < 0)
            break;
    if (got == 0 && p.n == 0)
        got = hyt_fail(err, "no spans");
    if (got == 0) {
        qsort(p.row, p.n, sizeof(*p.row), by_self);
        put_table(&out, &p);
        got = hyt_out_write(plot->m->out, out.s, out.n, err);
    }
    for (size_t i = 0; i < p.n; i++)
        free(p.row[i].name);
    free(p.row);
    free(p.stack);
    hyt_buf_free(&out);
    return got;
}
