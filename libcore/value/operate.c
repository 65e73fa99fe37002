/* SPDX-License-Identifier: MIT */
/* operate.c - arithmetic, sums, slices */
#include <math.h>
#include <string.h>

#include "value/inner.h"

/* --- arithmetic ----------------------------------------------------------- */

static struct hyt_val integers(struct hyt_vwork *w, char op, int64_t x,
                               int64_t y)
{
    int64_t z = 1;
    bool over = false;

    if (op == '+')
        over = __builtin_add_overflow(x, y, &z);
    else if (op == '-')
        over = __builtin_sub_overflow(x, y, &z);
    else if (op == '*')
        over = __builtin_mul_overflow(x, y, &z);
    else if (op == 'P')
        for (; y > 0 && !over && (x > 1 || x < -1 || (y &= 1) != 0); y--)
            over = __builtin_mul_overflow(z, x, &z);
    else if ((over = x == INT64_MIN && y == -1) == false)
        z = op == '%' ? x % y + (x % y != 0 && (x < 0) != (y < 0) ? y : 0)
                      : x / y - (x % y != 0 && (x < 0) != (y < 0));
    if (over)
        hyt_vfail(w, "an integer of more than 64 bits");
    return hyt_vint(z);
}

static struct hyt_val numbers(struct hyt_vwork *w, char op, struct hyt_val a,
                              struct hyt_val b)
{
    const double x = hyt_vdouble(a), y = hyt_vdouble(b);

    if (strchr("/F%", op) != NULL && y == 0)
        hyt_vfail(w, "division by zero");
    if (a.kind != HYT_V_FLOAT && b.kind != HYT_V_FLOAT && op != '/' &&
        (op != 'P' || b.i >= 0))
        return integers(w, op, a.i, b.i);
    return (struct hyt_val){.kind = HYT_V_FLOAT,
                            .f = op == '+'   ? x + y
                                 : op == '-' ? x - y
                                 : op == '*' ? x * y
                                 : op == '/' ? x / y
                                 : op == 'F' ? floor(x / y)
                                 : op == '%' ? x - y * floor(x / y)
                                             : pow(x, y)};
}

struct hyt_val hyt_vbinary(struct hyt_vwork *w, char op, struct hyt_val a,
                           struct hyt_val b)
{
    struct hyt_val list = {.kind = a.kind};
    struct hyt_vtext t = {.work = w};

    if (op == '~' ||
        (op == '+' && a.kind == HYT_V_STR && b.kind == HYT_V_STR)) {
        hyt_vputv(&t, a);
        hyt_vputv(&t, b);
        return hyt_vdone(&t);
    }
    hyt_vneed(w, a);
    hyt_vneed(w, b);
    if (hyt_vis_number(a) && hyt_vis_number(b))
        return numbers(w, op, a, b);
    if (op == '*' && a.kind == HYT_V_STR && b.kind == HYT_V_INT) {
        for (int64_t i = 0; i < b.i && a.n > 0; i++)
            hyt_vputv(&t, a);
        return hyt_vdone(&t);
    }
    if (op != '+' || a.kind != b.kind ||
        (a.kind != HYT_V_LIST && a.kind != HYT_V_TUPLE))
        hyt_vfail(w, "no %s of %s and %s",
                  op == '+'   ? "sum"
                  : op == '-' ? "difference"
                              : "such operation",
                  hyt_vname(a), hyt_vname(b));
    for (size_t i = 0; i < a.n + b.n; i++)
        hyt_vappend(w, &list, i < a.n ? a.item[i] : b.item[i - a.n]);
    return list;
}

/* --- parts, and putting together ------------------------------------------ */

/* A bound of a slice; `absent` where it is not given. */
static int64_t slice_bound(struct hyt_vwork *w, struct hyt_val v,
                           int64_t absent, int64_t least, int64_t size)
{
    if (v.kind == HYT_V_NONE)
        return absent;
    if (v.kind != HYT_V_INT)
        hyt_vfail(w, "%s is no bound of a slice", hyt_vname(v));
    if (v.i < 0)
        return v.i + size < least ? least : v.i + size;
    return v.i > least + size ? least + size : v.i;
}

struct hyt_val hyt_vslice(struct hyt_vwork *w, struct hyt_val v,
                          const struct hyt_val part[3])
{
    const struct hyt_val from = hyt_vitems(w, v);
    const int64_t n = (int64_t)from.n,
                  step = part[2].kind == HYT_V_NONE ? 1 : part[2].i;
    const int64_t least = step < 0 ? -1 : 0, most = least + n;
    const int64_t begin = slice_bound(w, part[0], step < 0 ? most : least,
                                      least, n),
                  end = slice_bound(w, part[1], step < 0 ? least : most, least,
                                    n);
    struct hyt_val list = {.kind = from.kind};

    hyt_vneed(w, v);
    if (step == 0 || (part[2].kind != HYT_V_NONE && part[2].kind != HYT_V_INT))
        hyt_vfail(w, "a slice needs a step that is an integer and not 0");
    for (int64_t i = begin; step < 0 ? i > end : i < end; i += step) {
        hyt_vappend(w, &list, from.item[i]);
        if (step > n || step < -n)
            break;
    }
    return v.kind == HYT_V_STR ? hyt_vjoin(w, list, hyt_vstr("")) : list;
}

struct hyt_val hyt_vjoin(struct hyt_vwork *w, struct hyt_val all,
                         struct hyt_val sep)
{
    struct hyt_vtext t = {.work = w};

    all = hyt_vitems(w, all);
    for (size_t i = 0; i < all.n; i++) {
        if (i > 0)
            hyt_vputv(&t, sep);
        hyt_vputv(&t, all.item[i]);
    }
    return hyt_vdone(&t);
}
