/* SPDX-License-Identifier: MIT */
/* lists.c - methods and filters of lists and dicts */
#include <string.h>

#include "jinja/run.h"

static const struct hyt_jval *items(struct hyt_jcall *c)
{
    return hyt_jitems(c->run, c->self);
}

static const struct hyt_jval *length(struct hyt_jcall *c)
{
    return hyt_jint(c->run, (int64_t)items(c)->n);
}

/* --- of a dict ------------------------------------------------------------ */

static const struct hyt_jval *pairs(struct hyt_jcall *c)
{
    struct hyt_jval *list;

    if (c->self->kind != J_DICT && c->self->kind != J_UNDEFINED)
        hyt_jfail(c->run, "%s has no pairs", hyt_jname(c->self));
    list = hyt_jlist(c->run, J_LIST, c->self->n);
    for (size_t i = 0; i < list->n; i++) {
        struct hyt_jval *pair = hyt_jlist(c->run, J_TUPLE, 2);

        pair->item[0] = c->self->item[2 * i];
        pair->item[1] = c->self->item[2 * i + 1];
        list->item[i] = pair;
    }
    return list;
}

static const struct hyt_jval *values(struct hyt_jcall *c)
{
    struct hyt_jval *list = hyt_jlist(c->run, J_LIST, c->self->n);

    for (size_t i = 0; i < list->n; i++)
        list->item[i] = c->self->item[2 * i + 1];
    return list;
}

static const struct hyt_jval *get(struct hyt_jcall *c)
{
    const struct hyt_jval *key = hyt_jarg(c, 0, NULL), *x = NULL,
                          *other = hyt_jarg(c, 1, NULL);

    if (key != NULL && key->kind == J_STR)
        x = hyt_jmember(c->run, c->self, key->s, key->n);
    return x ? x : other ? other : &hyt_jnone;
}

/* --- choosing and changing items ------------------------------------------ */

/* Of what is false, as of none, there are no items here. */
static const struct hyt_jval *items_if(struct hyt_jcall *c)
{
    return hyt_jtruth(c->self) ? items(c) : hyt_jlist(c->run, J_LIST, 0);
}

/* v.a.b.0 of "a.b.0". */
static const struct hyt_jval *path(struct hyt_jrun *r, const struct hyt_jval *v,
                                   const struct hyt_jval *names)
{
    size_t begin = 0;

    if (names->kind != J_STR)
        return hyt_jitem(r, v, names);
    for (size_t i = 0; i <= names->n; i++)
        if (i == names->n || names->s[i] == '.') {
            const struct hyt_jval *part = hyt_jpart(r, names, begin, i);
            struct hyt_err why;
            int64_t k;

            if (hyt_parse_i64(hyt_jchars(r, part), &k, &why) == 0)
                part = hyt_jint(r, k);
            v = hyt_jitem(r, v, part);
            begin = i + 1;
        }
    return v;
}

/* A filter or a test whose name is argument i, on v with the others. */
static const struct hyt_jval *apply(struct hyt_jcall *c, size_t i,
                                    unsigned where, const struct hyt_jval *v)
{
    const struct hyt_jval *name = hyt_jarg(c, i, NULL);
    struct hyt_jcall sub = {.run = c->run, .self = v};
    const struct hyt_jbuiltin *b;

    if (name == NULL)
        return v;
    b = name->kind == J_STR ? hyt_jfind(name->s, where) : NULL;
    if (b == NULL)
        hyt_jfail(c->run, "no such filter or test");
    sub.arg = c->arg + i + 1;
    sub.key = c->key + i + 1;
    sub.n = c->n - i - 1;
    v = b->call(&sub);
    c->used |= sub.used << (i + 1);
    // cppcheck-suppress returnDanglingLifetime ; a value is the arena's
    return v;
}

static const struct hyt_jval *choose(struct hyt_jcall *c, bool by_member,
                                     bool wanted)
{
    const struct hyt_jval *all = items_if(c), *names = NULL;
    struct hyt_jval *list = hyt_jlist(c->run, J_LIST, all->n);

    if (by_member && (names = hyt_jarg(c, 0, NULL)) == NULL)
        hyt_jfail(c->run, "which attribute?");
    list->n = 0;
    c->used |= all->n == 0 ? UINT32_MAX : 0;
    for (size_t i = 0; i < all->n; i++) {
        const struct hyt_jval *v = all->item[i];

        hyt_jstep(c->run, 0);
        if (names != NULL)
            v = path(c->run, v, names);
        if (hyt_jtruth(apply(c, by_member, J_IS, v)) == wanted)
            list->item[list->n++] = all->item[i];
    }
    return list;
}

static const struct hyt_jval *select_items(struct hyt_jcall *c)
{
    return choose(c, false, true);
}

static const struct hyt_jval *reject(struct hyt_jcall *c)
{
    return choose(c, false, false);
}

static const struct hyt_jval *selectattr(struct hyt_jcall *c)
{
    return choose(c, true, true);
}

static const struct hyt_jval *rejectattr(struct hyt_jcall *c)
{
    return choose(c, true, false);
}

static const struct hyt_jval *map(struct hyt_jcall *c)
{
    const struct hyt_jval *all = items_if(c),
                          *names = hyt_jarg(c, SIZE_MAX, "attribute"),
                          *absent =
                              names ? hyt_jarg(c, SIZE_MAX, "default") : NULL;
    struct hyt_jval *list = hyt_jlist(c->run, J_LIST, all->n);

    c->used |= all->n == 0 ? UINT32_MAX : 0;
    for (size_t i = 0; i < all->n; i++) {
        const struct hyt_jval *v = all->item[i];

        hyt_jstep(c->run, 0);
        v = names ? path(c->run, v, names) : apply(c, 0, J_FILTER, v);
        list->item[i] = v->kind == J_UNDEFINED && absent ? absent : v;
    }
    return list;
}

static const struct hyt_jval *join(struct hyt_jcall *c)
{
    const bool method =
        c->self->kind == J_STR && c->n == 1 && c->arg[0]->kind != J_STR;
    const struct hyt_jval *first = hyt_jarg(c, 0, "d"),
                          *names = hyt_jarg(c, 1, "attribute"),
                          *sep = method ? c->self : first,
                          *all = hyt_jitems(c->run, method ? first : c->self);
    struct hyt_jtext t = {0};

    for (size_t i = 0; i < all->n; i++) {
        const struct hyt_jval *v = all->item[i];

        if (i > 0 && sep != NULL)
            hyt_jput_value(c->run, &t, sep);
        hyt_jput_value(c->run, &t, names ? path(c->run, v, names) : v);
    }
    return hyt_jdone(c->run, &t);
}

/* --- order ---------------------------------------------------------------- */

static const struct hyt_jval *first(struct hyt_jcall *c)
{
    const struct hyt_jval *all = items(c);

    return all->n > 0 ? all->item[0] : hyt_jundefined(c->run, "first item");
}

static const struct hyt_jval *last(struct hyt_jcall *c)
{
    const struct hyt_jval *all = items(c);

    return all->n > 0 ? all->item[all->n - 1]
                      : hyt_jundefined(c->run, "last item");
}

static const struct hyt_jval *reverse(struct hyt_jcall *c)
{
    const struct hyt_jval *all = items(c);
    struct hyt_jval *list = hyt_jlist(c->run, J_LIST, all->n);
    struct hyt_jtext t = {0};

    for (size_t i = 0; i < all->n; i++)
        list->item[i] = all->item[all->n - 1 - i];
    for (size_t i = 0; i < all->n && c->self->kind == J_STR; i++)
        hyt_jput_value(c->run, &t, list->item[i]);
    return c->self->kind == J_STR ? hyt_jdone(c->run, &t) : list;
}

/* What an item is ordered by: itself, or one of its members; letters of both
 * cases alike. */
static const struct hyt_jval *sort_key(struct hyt_jrun *r,
                                       const struct hyt_jval *v,
                                       const struct hyt_jval *names)
{
    const struct hyt_jbuiltin *lower = hyt_jfind("lower", J_FILTER);
    struct hyt_jcall c = {.run = r};

    v = names ? path(r, v, names) : v;
    c.self = v;
    return v->kind == J_STR ? lower->call(&c) : v;
}

/* A merge: equal items stay in order. */
static void merge_sort(struct hyt_jrun *r, const struct hyt_jval **item,
                       size_t n, const struct hyt_jval *names, bool back)
{
    const size_t half = n / 2;
    const struct hyt_jval **left;
    size_t i = 0, j = half;

    if (n < 2)
        return;
    merge_sort(r, item, half, names, back);
    merge_sort(r, item + half, n - half, names, back);
    left = hyt_jalloc(r, half, sizeof(*left));
    memcpy(left, item, half * sizeof(*left));
    for (size_t k = 0; i < half; k++) {
        int order = 1;

        if (j < n)
            order = hyt_jorder(r, sort_key(r, item[j], names),
                               sort_key(r, left[i], names)) *
                    (back ? -1 : 1);
        item[k] = order < 0 ? item[j++] : left[i++];
    }
}

static const struct hyt_jval *sorted(struct hyt_jcall *c,
                                     const struct hyt_jval *all,
                                     const struct hyt_jval *names, bool back)
{
    struct hyt_jval *list = hyt_jlist(c->run, J_LIST, all->n);

    if (all->n > 0)
        memcpy(list->item, all->item, all->n * sizeof(*all->item));
    merge_sort(c->run, list->item, list->n, names, back);
    return list;
}

static const struct hyt_jval *sort(struct hyt_jcall *c)
{
    const struct hyt_jval *back = hyt_jarg(c, 0, "reverse"),
                          *names = hyt_jarg(c, 2, "attribute");

    return sorted(c, items(c), names, back && hyt_jtruth(back));
}

static const struct hyt_jval *dictsort(struct hyt_jcall *c)
{
    return sorted(c, pairs(c), hyt_jint(c->run, 0), false);
}

static const struct hyt_jval *min(struct hyt_jcall *c)
{
    c->self = sorted(c, items(c), NULL, false);
    return first(c);
}

static const struct hyt_jval *max(struct hyt_jcall *c)
{
    c->self = sorted(c, items(c), NULL, true);
    return first(c);
}

static const struct hyt_jval *unique(struct hyt_jcall *c)
{
    const struct hyt_jval *all = items(c);
    struct hyt_jval *list = hyt_jlist(c->run, J_LIST, all->n),
                    *keys = hyt_jlist(c->run, J_LIST, all->n);

    keys->n = list->n = 0;
    for (size_t i = 0; i < all->n; i++) {
        const struct hyt_jval *key = sort_key(c->run, all->item[i], NULL);

        if (hyt_jcontains(c->run, keys, key))
            continue;
        keys->item[keys->n++] = key;
        list->item[list->n++] = all->item[i];
    }
    return list;
}

const struct hyt_jbuiltin hyt_jlists[] = {
    {"length", J_FILTER, length},
    {"count", J_FILTER, length},
    {"list", J_FILTER, items},
    {"items", J_FILTER | J_OF_DICT, pairs},
    {"keys", J_OF_DICT, items},
    {"values", J_OF_DICT, values},
    {"get", J_OF_DICT, get},
    {"select", J_FILTER, select_items},
    {"reject", J_FILTER, reject},
    {"selectattr", J_FILTER, selectattr},
    {"rejectattr", J_FILTER, rejectattr},
    {"map", J_FILTER, map},
    {"join", J_FILTER | J_OF_STR, join},
    {"first", J_FILTER, first},
    {"last", J_FILTER, last},
    {"reverse", J_FILTER, reverse},
    {"sort", J_FILTER, sort},
    {"dictsort", J_FILTER, dictsort},
    {"min", J_FILTER, min},
    {"max", J_FILTER, max},
    {"unique", J_FILTER, unique},
    {NULL, 0, NULL}};
