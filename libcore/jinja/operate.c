/* SPDX-License-Identifier: MIT */
/* operate.c - operators on values */
#include <math.h>
#include <string.h>

#include "jinja/run.h"

/* What has no value may be printed and tested, but not looked into. */
void hyt_jneed(struct hyt_jrun *r, const struct hyt_jval *v)
{
    if (v->kind == J_UNDEFINED)
        hyt_jfail(r, "\"%.80s\" is undefined", v->s);
}

static const struct hyt_jval *integers(struct hyt_jrun *r, char op, int64_t x,
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
        hyt_jfail(r, "an integer of more than 64 bits");
    return hyt_jint(r, z);
}

static const struct hyt_jval *numbers(struct hyt_jrun *r, char op,
                                      const struct hyt_jval *a,
                                      const struct hyt_jval *b, double x,
                                      double y)
{
    if (strchr("/F%", op) != NULL && y == 0)
        hyt_jfail(r, "division by zero");
    if (a->kind != J_FLOAT && b->kind != J_FLOAT && op != '/' &&
        (op != 'P' || b->i >= 0))
        return integers(r, op, a->i, b->i);
    return hyt_jfloat(r, op == '+'   ? x + y
                         : op == '-' ? x - y
                         : op == '*' ? x * y
                         : op == '/' ? x / y
                         : op == 'F' ? floor(x / y)
                         : op == '%' ? x - y * floor(x / y)
                                     : pow(x, y));
}

static const struct hyt_jval *times(struct hyt_jrun *r,
                                    const struct hyt_jval *str, int64_t count)
{
    struct hyt_jtext t = {0};

    for (; count > 0 && str->n > 0; count--)
        hyt_jput_value(r, &t, str);
    return hyt_jdone(r, &t);
}

const struct hyt_jval *hyt_jbinary(struct hyt_jrun *r, char op,
                                   const struct hyt_jval *a,
                                   const struct hyt_jval *b)
{
    struct hyt_jval *list;
    struct hyt_jtext t = {0};
    double x, y;

    if (op == '~' || (op == '+' && a->kind == J_STR && b->kind == J_STR)) {
        hyt_jput_value(r, &t, a);
        hyt_jput_value(r, &t, b);
        return hyt_jdone(r, &t);
    }
    hyt_jneed(r, a);
    hyt_jneed(r, b);
    if (hyt_jnumber(a, &x) && hyt_jnumber(b, &y))
        return numbers(r, op, a, b, x, y);
    if (op == '*' && a->kind == J_STR && b->kind == J_INT)
        return times(r, a, b->i);
    if (op != '+' || a->kind != b->kind ||
        (a->kind != J_LIST && a->kind != J_TUPLE))
        hyt_jfail(r, "no %s of %s and %s",
                  op == '+'   ? "sum"
                  : op == '-' ? "difference"
                              : "such operation",
                  hyt_jname(a), hyt_jname(b));
    list = hyt_jlist(r, a->kind, a->n + b->n);
    memcpy(list->item, a->item, a->n * sizeof(*a->item));
    memcpy(list->item + a->n, b->item, b->n * sizeof(*b->item));
    return list;
}

bool hyt_jcontains(struct hyt_jrun *r, const struct hyt_jval *in,
                   const struct hyt_jval *x)
{
    if (in->kind == J_STR && x->kind == J_STR)
        return hyt_jsearch(r, in, x, 0) != SIZE_MAX;
    if (in->kind == J_DICT)
        return x->kind == J_STR && hyt_jmember(r, in, x->s, x->n) != NULL;
    if (in->kind == J_STR)
        hyt_jfail(r, "%s in str", hyt_jname(x));
    in = hyt_jitems(r, in);
    for (size_t i = 0; i < in->n; i++)
        if (hyt_jequal(r, in->item[i], x))
            return true;
    return false;
}

bool hyt_jcompare(struct hyt_jrun *r, char op, const struct hyt_jval *a,
                  const struct hyt_jval *b)
{
    int order;

    if (op == '=' || op == '!')
        return hyt_jequal(r, a, b) == (op == '=');
    if (op == 'i' || op == 'n')
        return hyt_jcontains(r, b, a) == (op == 'i');
    order = hyt_jorder(r, a, b);
    return op == '<'   ? order < 0
           : op == '>' ? order > 0
           : op == 'l' ? order <= 0
                       : order >= 0;
}

const struct hyt_jval *hyt_jnegative(struct hyt_jrun *r,
                                     const struct hyt_jval *v)
{
    double x;

    if (!hyt_jnumber(v, &x))
        hyt_jfail(r, "no negative of %s", hyt_jname(v));
    return v->kind == J_FLOAT ? hyt_jfloat(r, -x) : integers(r, '-', 0, v->i);
}
