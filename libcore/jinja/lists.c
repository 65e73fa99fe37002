/* SPDX-License-Identifier: MIT */
/* lists.c - methods and filters of lists and dicts */
#include <string.h>

#include "jinja/run.h"

static struct hyt_jval items(struct hyt_jcall *c)
{
    return hyt_jitems(c->run, c->self);
}

static struct hyt_jval length(struct hyt_jcall *c)
{
    return hyt_jint((int64_t)items(c).n);
}

/* --- of a dict ------------------------------------------------------------ */

static struct hyt_jval pairs(struct hyt_jcall *c)
{
    const struct hyt_jval *from = c->self.item;
    struct hyt_jval list = {.kind = J_LIST};

    if (c->self.kind != J_DICT && c->self.kind != J_UNDEFINED)
        hyt_jfail(c->run, "%s has no pairs", hyt_jname(c->self));
    for (size_t i = 0; i < c->self.n; i++) {
        struct hyt_jval pair = hyt_jlist(c->run, J_TUPLE, 2);

        pair.item[0] = from[2 * i];
        pair.item[1] = from[2 * i + 1];
        hyt_jappend(c->run, &list, pair);
    }
    return list;
}

static struct hyt_jval values(struct hyt_jcall *c)
{
    struct hyt_jval list = {.kind = J_LIST};

    for (size_t i = 0; i < c->self.n; i++)
        hyt_jappend(c->run, &list, c->self.item[2 * i + 1]);
    return list;
}

static struct hyt_jval get(struct hyt_jcall *c)
{
    const struct hyt_jval *key = hyt_jarg(c, 0, NULL), *x = NULL,
                          *other = hyt_jarg(c, 1, NULL);

    if (key != NULL)
        x = hyt_jmember(c->run, c->self, *key);
    return x ? *x : other ? *other : (struct hyt_jval){.kind = J_NONE};
}

/* --- choosing and changing items ------------------------------------------ */

/* Of what is false, as of none, there are no items here, and so no use of
 * arguments. */
static struct hyt_jval items_if(struct hyt_jcall *c)
{
    if (!hyt_jtruth(c->self))
        c->self = hyt_jundefined("items");
    c->self = items(c);
    c->used |= c->self.n == 0 ? UINT32_MAX : 0;
    return c->self;
}

/* v.a.b.0 of "a.b.0"; without names, v. */
static struct hyt_jval path(struct hyt_jrun *r, struct hyt_jval v,
                            const struct hyt_jval *names)
{
    struct hyt_err why;

    if (names == NULL)
        return v;
    if (names->kind != J_STR)
        return hyt_jitem(r, v, *names);
    for (size_t i = 0, begin = 0; i <= names->n; i++)
        if (i == names->n || names->s[i] == '.') {
            struct hyt_jval part = hyt_jpart(*names, begin, i);
            int64_t k;

            if (hyt_parse_i64(hyt_jchars(r, part), &k, &why) == 0)
                part = hyt_jint(k);
            v = hyt_jitem(r, v, part);
            begin = i + 1;
        }
    return v;
}

/* A filter or a test whose name is argument i, on v with the others. */
static struct hyt_jval apply(struct hyt_jcall *c, size_t i,
                             enum hyt_jplace where, struct hyt_jval v)
{
    const struct hyt_jval *name = hyt_jarg(c, i, NULL);
    struct hyt_jcall sub = {.run = c->run, .self = v};
    const struct hyt_jbuiltin *b;

    if (name == NULL)
        return v;
    b = name->kind == J_STR ? hyt_jfind(hyt_jchars(c->run, *name), where)
                            : NULL;
    if (b == NULL)
        hyt_jfail(c->run, "no such filter or test");
    sub.how = b->how;
    for (size_t k = i + 1; k < c->n; k++) {
        sub.key[sub.n] = c->key[k];
        sub.arg[sub.n++] = c->arg[k];
    }
    v = b->call(&sub);
    c->used |= sub.used << (i + 1);
    return v;
}

/* how: whether those are wanted that pass, and by which of their members. */
enum { PASS = 1, BY_MEMBER = 2 };

static struct hyt_jval choose(struct hyt_jcall *c)
{
    const struct hyt_jval all = items_if(c), *names = NULL;
    const bool by_member = (c->how & BY_MEMBER) != 0;
    struct hyt_jval list = {.kind = J_LIST};

    if (by_member && (names = hyt_jarg(c, 0, NULL)) == NULL)
        hyt_jfail(c->run, "which attribute?");
    for (size_t i = 0; i < all.n; i++) {
        const struct hyt_jval v = path(c->run, all.item[i], names);

        hyt_jstep(c->run, 0);
        if (hyt_jtruth(apply(c, by_member, J_IS, v)) == (c->how & PASS))
            hyt_jappend(c->run, &list, all.item[i]);
    }
    return list;
}

static struct hyt_jval map(struct hyt_jcall *c)
{
    const struct hyt_jval all = items_if(c),
                          *names = hyt_jarg(c, SIZE_MAX, "attribute"),
                          *absent =
                              names ? hyt_jarg(c, SIZE_MAX, "default") : NULL;
    struct hyt_jval list = {.kind = J_LIST};

    for (size_t i = 0; i < all.n; i++) {
        struct hyt_jval v = all.item[i];

        hyt_jstep(c->run, 0);
        v = names ? path(c->run, v, names) : apply(c, 0, J_FILTER, v);
        hyt_jappend(c->run, &list,
                    v.kind == J_UNDEFINED && absent ? *absent : v);
    }
    return list;
}

struct hyt_jval hyt_jjoin(struct hyt_jrun *r, struct hyt_jval all,
                          const struct hyt_jval *sep)
{
    struct hyt_jtext t = {.run = r};

    all = hyt_jitems(r, all);
    for (size_t i = 0; i < all.n; i++) {
        if (i > 0 && sep != NULL)
            hyt_jput_value(&t, *sep);
        hyt_jput_value(&t, all.item[i]);
    }
    return hyt_jdone(&t);
}

static struct hyt_jval join(struct hyt_jcall *c)
{
    const struct hyt_jval *arg = hyt_jarg(c, 0, "d"),
                          *names = hyt_jarg(c, 1, "attribute");
    struct hyt_jval list = {.kind = J_LIST}, all;

    if (c->how == J_STRS)
        return hyt_jjoin(c->run, arg ? *arg : list, &c->self);
    all = items(c);
    for (size_t i = 0; i < all.n; i++)
        hyt_jappend(c->run, &list, path(c->run, all.item[i], names));
    return hyt_jjoin(c->run, list, arg);
}

/* --- order ---------------------------------------------------------------- */

/* how: at which end. */
static struct hyt_jval end_item(struct hyt_jcall *c)
{
    const struct hyt_jval all = items(c);

    if (all.n == 0)
        return hyt_jundefined("an item of nothing");
    return all.item[c->how == J_LEFT ? 0 : all.n - 1];
}

static struct hyt_jval reverse(struct hyt_jcall *c)
{
    const struct hyt_jval all = items(c);
    struct hyt_jval list = {.kind = J_LIST};

    for (size_t i = all.n; i-- > 0;)
        hyt_jappend(c->run, &list, all.item[i]);
    return c->self.kind == J_STR ? hyt_jjoin(c->run, list, NULL) : list;
}

/* What an item is ordered by: itself, or one of its members; letters of both
 * cases alike. */
static struct hyt_jval sort_key(struct hyt_jrun *r, struct hyt_jval v,
                                const struct hyt_jval *names)
{
    struct hyt_jcall c = {.run = r, .self = path(r, v, names)};

    return c.self.kind == J_STR ? hyt_jletters(&c) : c.self;
}

/* Each item goes where the sorted ones before it have a place for it, behind
 * those that are equal. */
static struct hyt_jval sorted(struct hyt_jrun *r, struct hyt_jval all,
                              const struct hyt_jval *names, bool back)
{
    struct hyt_jval list = hyt_jlist(r, J_LIST, all.n),
                    keys = hyt_jlist(r, J_LIST, all.n);

    for (size_t i = 0; i < all.n; i++) {
        const struct hyt_jval key = sort_key(r, all.item[i], names);
        size_t begin = 0, end = i;

        while (begin < end) {
            const size_t half = (begin + end) / 2;
            const int order = hyt_jorder(r, key, keys.item[half]);

            if (back ? order > 0 : order < 0)
                end = half;
            else
                begin = half + 1;
        }
        hyt_jstep(r, i - begin);
        memmove(keys.item + begin + 1, keys.item + begin,
                (i - begin) * sizeof(key));
        memmove(list.item + begin + 1, list.item + begin,
                (i - begin) * sizeof(key));
        keys.item[begin] = key;
        list.item[begin] = all.item[i];
    }
    return list;
}

static struct hyt_jval sort(struct hyt_jcall *c)
{
    const bool back = hyt_jflag(c, 0, "reverse");

    return sorted(c->run, items(c), hyt_jarg(c, 2, "attribute"), back);
}

static struct hyt_jval dictsort(struct hyt_jcall *c)
{
    const struct hyt_jval key = hyt_jint(0);

    return sorted(c->run, pairs(c), &key, false);
}

/* The least or the greatest, first of those that are equal. */
static struct hyt_jval extreme(struct hyt_jcall *c)
{
    c->self = sorted(c->run, items(c), NULL, c->how == J_RIGHT);
    c->how = J_LEFT;
    return end_item(c);
}

static struct hyt_jval unique(struct hyt_jcall *c)
{
    const struct hyt_jval all = items(c);
    struct hyt_jval list = {.kind = J_LIST}, keys = list;

    for (size_t i = 0; i < all.n; i++) {
        const struct hyt_jval key = sort_key(c->run, all.item[i], NULL);

        if (hyt_jcontains(c->run, keys, key))
            continue;
        hyt_jappend(c->run, &keys, key);
        hyt_jappend(c->run, &list, all.item[i]);
    }
    return list;
}

/* Of the variable `loop`. */
static struct hyt_jval cycle(struct hyt_jcall *c)
{
    if (c->n == 0)
        hyt_jfail(c->run, "cycle of nothing");
    c->used = UINT32_MAX;
    return c->arg[c->self.turn % c->n];
}

const struct hyt_jbuiltin hyt_jlists[] = {
    {"length", J_FILTER, length, 0},
    {"count", J_FILTER, length, 0},
    {"list", J_FILTER, items, 0},
    {"items", J_FILTER | J_DICTS, pairs, 0},
    {"keys", J_DICTS, items, 0},
    {"values", J_DICTS, values, 0},
    {"get", J_DICTS, get, 0},
    {"select", J_FILTER, choose, PASS},
    {"reject", J_FILTER, choose, 0},
    {"selectattr", J_FILTER, choose, PASS | BY_MEMBER},
    {"rejectattr", J_FILTER, choose, BY_MEMBER},
    {"map", J_FILTER, map, 0},
    {"join", J_FILTER, join, J_FILTER},
    {"join", J_STRS, join, J_STRS},
    {"first", J_FILTER, end_item, J_LEFT},
    {"last", J_FILTER, end_item, J_RIGHT},
    {"reverse", J_FILTER, reverse, 0},
    {"sort", J_FILTER, sort, 0},
    {"dictsort", J_FILTER, dictsort, 0},
    {"min", J_FILTER, extreme, J_LEFT},
    {"max", J_FILTER, extreme, J_RIGHT},
    {"unique", J_FILTER, unique, 0},
    {"cycle", J_LOOPS, cycle, 0},
    {NULL, 0, NULL, 0}};
