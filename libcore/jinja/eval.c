/* SPDX-License-Identifier: MIT */
/* eval.c - expressions become values */
#include <string.h>

#include "jinja/run.h"

static const struct hyt_jval *truth(bool x)
{
    return x ? &hyt_jtrue : &hyt_jfalse;
}

/* --- names, members, items ------------------------------------------------ */

static const struct hyt_jval *bound(struct hyt_jrun *r, const char *name,
                                    unsigned where, const struct hyt_jval *self)
{
    const struct hyt_jbuiltin *b = hyt_jfind(name, where);
    struct hyt_jval *v;

    if (b == NULL)
        return NULL;
    v = hyt_jalloc(r, 1, sizeof(*v));
    v->kind = J_BUILTIN;
    v->builtin = b;
    v->self = self;
    return v;
}

static const struct hyt_jval *name(struct hyt_jrun *r, const char *s)
{
    const struct hyt_jval *v = hyt_jget(r->scope, s);

    if (v == NULL && (r->date != NULL || strcmp(s, "strftime_now") != 0))
        v = bound(r, s, J_GLOBAL, NULL);
    return v ? v : hyt_jundefined(r, s);
}

/* v.s: a method comes before a member of that name, as in Python. */
static const struct hyt_jval *attribute(struct hyt_jrun *r,
                                        const struct hyt_jval *v, const char *s)
{
    const unsigned where = v->kind == J_STR    ? J_OF_STR
                           : v->kind == J_DICT ? J_OF_DICT
                                               : J_OF_LIST;
    const struct hyt_jval *x = NULL;

    hyt_jneed(r, v);
    if (v->kind >= J_STR && v->kind <= J_DICT)
        x = bound(r, s, where, v);
    if (x == NULL && v->kind == J_DICT)
        x = hyt_jmember(r, v, s, strlen(s));
    if (v->kind == J_SPACE)
        x = hyt_jget(v->scope, s);
    return x ? x : hyt_jundefined(r, s);
}

const struct hyt_jval *hyt_jitem(struct hyt_jrun *r, const struct hyt_jval *v,
                                 const struct hyt_jval *key)
{
    const struct hyt_jval *x = NULL, *list;
    int64_t i = key->i;

    hyt_jneed(r, v);
    if (key->kind == J_STR && v->kind == J_DICT)
        x = hyt_jmember(r, v, key->s, key->n);
    else if (key->kind == J_STR)
        x = attribute(r, v, hyt_jchars(r, key));
    if (x != NULL || key->kind != J_INT || v->kind < J_STR || v->kind > J_TUPLE)
        return x ? x : hyt_jundefined(r, "that item");
    list = hyt_jitems(r, v);
    if (i < 0)
        i += (int64_t)list->n;
    return i >= 0 && i < (int64_t)list->n ? list->item[i]
                                          : hyt_jundefined(r, "that item");
}

/* A bound of a slice; `absent` where it is not given. */
static int64_t bound_of(struct hyt_jrun *r, const struct hyt_jnode *n,
                        int64_t absent, int64_t least, int64_t most,
                        int64_t size)
{
    const struct hyt_jval *v = n ? hyt_jeval(r, n) : &hyt_jnone;

    if (v->kind == J_NONE)
        return absent;
    if (v->kind != J_INT)
        hyt_jfail(r, "%s is no bound of a slice", hyt_jname(v));
    if (v->i < 0)
        return v->i + size < least ? least : v->i + size;
    return v->i > most ? most : v->i;
}

static const struct hyt_jval *slice(struct hyt_jrun *r,
                                    const struct hyt_jnode *n)
{
    const struct hyt_jval *v = hyt_jeval(r, n->a), *from = hyt_jitems(r, v);
    const int64_t size = (int64_t)from->n;
    const int64_t step = bound_of(r, n->d, 1, INT64_MIN / 2, INT64_MAX / 2, 0);
    const bool back = step < 0;
    const int64_t begin = bound_of(r, n->b, back ? size - 1 : 0, back ? -1 : 0,
                                   back ? size - 1 : size, size),
                  end = bound_of(r, n->c, back ? -1 : size, back ? -1 : 0, size,
                                 size);
    struct hyt_jval *list = hyt_jlist(r, from->kind, from->n);
    struct hyt_jtext t = {0};

    hyt_jneed(r, v);
    if (step == 0)
        hyt_jfail(r, "a slice with step 0");
    list->n = 0;
    for (int64_t i = begin; back ? i > end : i < end; i += step) {
        list->item[list->n++] = from->item[i];
        if (v->kind == J_STR)
            hyt_jput_value(r, &t, from->item[i]);
    }
    return v->kind == J_STR ? hyt_jdone(r, &t) : list;
}

/* --- operators ------------------------------------------------------------ */

static bool comparisons(struct hyt_jrun *r, const struct hyt_jnode *n)
{
    const struct hyt_jval *a = hyt_jeval(r, n->a), *b;

    for (const struct hyt_jnode *next = n->b; next; next = next->next, a = b) {
        b = hyt_jeval(r, next->a);
        r->at = next->at;
        if (!hyt_jcompare(r, next->op, a, b))
            return false;
    }
    return true;
}

static const struct hyt_jval *list(struct hyt_jrun *r, enum hyt_jkind kind,
                                   const struct hyt_jnode *first)
{
    struct hyt_jval *v;
    size_t count = 0, i = 0;

    for (const struct hyt_jnode *n = first; n; n = n->next)
        count++;
    v = hyt_jlist(r, kind, kind == J_DICT ? count / 2 : count);
    for (const struct hyt_jnode *n = first; n; n = n->next)
        v->item[i++] = hyt_jeval(r, n);
    return v;
}

/* --- calls ---------------------------------------------------------------- */

/* Parameters by position or by name, else by default. */
static const struct hyt_jval *call_macro(const struct hyt_jval *macro,
                                         struct hyt_jcall *c)
{
    struct hyt_jrun *r = c->run;
    struct hyt_jscope *outer = r->scope, *own = hyt_jalloc(r, 1, sizeof(*own));
    const struct hyt_jval *v;
    size_t i = 0;

    own->up = macro->scope;
    r->scope = own;
    for (const struct hyt_jnode *n = macro->macro->a; n; n = n->next) {
        v = hyt_jarg(c, i++, n->name);
        if (v == NULL)
            v = n->a ? hyt_jeval(r, n->a) : hyt_jundefined(r, n->name);
        hyt_jset(r, own, n->name, v);
    }
    v = hyt_jcapture(r, macro->macro->b);
    r->scope = outer;
    return v;
}

static const struct hyt_jval *invoke(struct hyt_jrun *r,
                                     const struct hyt_jnode *n,
                                     const struct hyt_jbuiltin *b,
                                     const struct hyt_jval *macro,
                                     const struct hyt_jval *self)
{
    const struct hyt_jval *arg[HYT_JMAX_ARGS], *v;
    const char *key[HYT_JMAX_ARGS];
    struct hyt_jcall c = {.run = r, .self = self, .arg = arg, .key = key};

    for (const struct hyt_jnode *x = n->b; x; x = x->next) {
        if (c.n == HYT_JMAX_ARGS)
            hyt_jfail(r, "more than %d arguments", HYT_JMAX_ARGS);
        arg[c.n] = hyt_jeval(r, x->a);
        key[c.n++] = x->name;
    }
    r->at = n->at;
    if (macro == NULL && b == NULL)
        hyt_jfail(r, "no %s \"%s\"", n->kind == N_TEST ? "test" : "filter",
                  n->name);
    hyt_jstep(r, self ? self->n : 0);
    v = macro ? call_macro(macro, &c) : b->call(&c);
    r->at = n->at;
    for (size_t i = 0; i < c.n; i++)
        if ((c.used >> i & 1) == 0)
            hyt_jfail(r, "an argument too many, or unknown: %zu%s%s", i + 1,
                      key[i] ? ", " : "", key[i] ? key[i] : "");
    return v;
}

static const struct hyt_jval *call(struct hyt_jrun *r,
                                   const struct hyt_jnode *n)
{
    const struct hyt_jval *f = hyt_jeval(r, n->a);

    r->at = n->at;
    hyt_jneed(r, f);
    if (f->kind != J_MACRO && f->kind != J_BUILTIN)
        hyt_jfail(r, "%s is no function", hyt_jname(f));
    return f->kind == J_MACRO ? invoke(r, n, NULL, f, NULL)
                              : invoke(r, n, f->builtin, NULL, f->self);
}

static const struct hyt_jval *eval(struct hyt_jrun *r,
                                   const struct hyt_jnode *n)
{
    const struct hyt_jval *v, *x;

    switch (n->kind) {
    case N_CONST:
        return n->value;
    case N_NAME:
        return name(r, n->name);
    case N_BODY:
        return hyt_jcapture(r, n->a);
    case N_ATTR:
        v = hyt_jeval(r, n->a);
        r->at = n->at;
        return attribute(r, v, n->name);
    case N_ITEM:
        v = hyt_jeval(r, n->a);
        return hyt_jitem(r, v, hyt_jeval(r, n->b));
    case N_SLICE:
        return slice(r, n);
    case N_CALL:
        return call(r, n);
    case N_FILTER:
    case N_TEST:
        v = hyt_jeval(r, n->a);
        return invoke(r, n,
                      hyt_jfind(n->name, n->kind == N_TEST ? J_IS : J_FILTER),
                      NULL, v);
    case N_COND:
        if (hyt_jtruth(hyt_jeval(r, n->a)))
            return hyt_jeval(r, n->b);
        return n->c ? hyt_jeval(r, n->c) : hyt_jundefined(r, "no else");
    case N_AND:
        v = hyt_jeval(r, n->a);
        return hyt_jtruth(v) ? hyt_jeval(r, n->b) : v;
    case N_OR:
        v = hyt_jeval(r, n->a);
        return hyt_jtruth(v) ? v : hyt_jeval(r, n->b);
    case N_NOT:
        return truth(!hyt_jtruth(hyt_jeval(r, n->a)));
    case N_NEG:
        return hyt_jnegative(r, hyt_jeval(r, n->a));
    case N_BINARY:
        v = hyt_jeval(r, n->a);
        x = hyt_jeval(r, n->b);
        r->at = n->at;
        return hyt_jbinary(r, n->op, v, x);
    case N_COMPARE:
        return truth(comparisons(r, n));
    case N_LIST:
        return list(r, J_LIST, n->a);
    case N_TUPLE:
        return list(r, J_TUPLE, n->a);
    case N_DICT:
        return list(r, J_DICT, n->a);
    default:
        HYT_BUG("a statement in an expression");
    }
}

const struct hyt_jval *hyt_jeval(struct hyt_jrun *r, const struct hyt_jnode *n)
{
    const struct hyt_jval *v;

    r->at = n->at;
    hyt_jstep(r, 0);
    hyt_jdeeper(r);
    v = eval(r, n);
    r->depth--;
    return v;
}
