/* SPDX-License-Identifier: MIT */
/* lists.c - methods and filters of lists and dicts */
#include <string.h>

#include "jinja/run.h"

/* how: k keys, v values, else pairs of both. */
static struct val members(struct run *r, struct call *c)
{
    const struct val dict = c->self;
    struct val list = {.kind = J_LIST}, pair = {.kind = J_TUPLE, .n = 2};

    if (dict.kind != J_DICT && dict.kind != J_UNDEFINED)
        hyt_jfail(r, "%s has no pairs", hyt_jname(dict));
    for (size_t i = 0; i < dict.n; i++) {
        pair.item = &dict.item[2 * i];
        hyt_jappend(r, &list,
                    c->how == 'k'   ? pair.item[0]
                    : c->how == 'v' ? pair.item[1]
                                    : pair);
    }
    return list;
}

static struct val get(struct run *r, struct call *c)
{
    const struct val key = hyt_jarg(c, 0, NULL), other = hyt_jarg(c, 1, NULL),
                     *x = hyt_jmember(r, c->self, key);

    return x ? *x : c->n > 1 ? other : (struct val){.kind = J_NONE};
}

/* v.a.b.0 of "a.b.0"; names undefined: v. */
static struct val path(struct run *r, struct val v, struct val names)
{
    struct hyt_err why;

    if (names.kind != J_STR)
        return names.kind == J_UNDEFINED ? v : hyt_jitem(r, v, names, false);
    for (size_t i = 0, begin = 0; i <= names.n; i++)
        if (i == names.n || names.s[i] == '.') {
            struct val part =
                hyt_jstr(hyt_jchars(r, hyt_jpart(names, begin, i)));
            int64_t k;

            if (hyt_parse_i64(part.s, &k, &why) == 0)
                part = hyt_jint(k);
            v = hyt_jitem(r, v, part, false);
            begin = i + 1;
        }
    return v;
}

/* A filter or a test whose name is argument i, on v with the others. */
static struct val apply(struct run *r, struct call *c, size_t i, char where,
                        struct val v)
{
    struct call sub = {.self = v};
    const struct builtin *b;
    struct val name = hyt_jnothing("filter or test");

    if (i >= c->n)
        return v;
    name = hyt_jtyped(r, c, i, NULL, J_STR, name);
    b = hyt_jfind(hyt_jchars(r, name), where);
    if (b == NULL)
        hyt_jfail(r, "no such filter or test");
    sub.how = b->how;
    for (size_t k = i + 1; k < c->n; k++) {
        sub.key[sub.n] = c->key[k];
        sub.arg[sub.n++] = c->arg[k];
    }
    v = b->call(r, &sub);
    c->used |= sub.used << (i + 1);
    // cppcheck-suppress returnDanglingLifetime ; a value is the arena's
    return v;
}

/* select, reject, map and those by attribute.  how: m, or s or r, in capitals
 * where an attribute decides.  Of what is false, as of none, there are no
 * items. */
static struct val choose(struct run *r, struct call *c)
{
    const struct val nothing = hyt_jnothing("items");
    const bool map = c->how == 'm', by = c->how == 'S' || c->how == 'R';
    const struct val all =
        hyt_jitems(r, hyt_jtruth(c->self) ? c->self : nothing);
    const struct val names = hyt_jarg(c, by ? 0 : SIZE_MAX, "attribute"),
                     absent = map ? hyt_jarg(c, SIZE_MAX, "default") : nothing;
    struct val list = {.kind = J_LIST};

    if (by && names.kind == J_UNDEFINED)
        hyt_jfail(r, "which attribute?");
    if (all.n == 0)
        c->used = UINT32_MAX;
    for (size_t i = 0; i < all.n; i++) {
        struct val v = path(r, all.item[i], names);

        hyt_jstep(r, 0);
        if (!map || names.kind == J_UNDEFINED)
            v = apply(r, c, by, map ? 'f' : 't', v);
        if (v.kind == J_UNDEFINED && absent.kind != J_UNDEFINED)
            v = absent;
        if (map)
            hyt_jappend(r, &list, v);
        else if (hyt_jtruth(v) == (c->how == 's' || c->how == 'S'))
            hyt_jappend(r, &list, all.item[i]);
    }
    return list;
}

struct val hyt_jjoin(struct run *r, struct val all, struct val sep)
{
    struct text t = {.run = r};

    all = hyt_jitems(r, all);
    for (size_t i = 0; i < all.n; i++) {
        if (i > 0)
            hyt_jputv(&t, sep);
        hyt_jputv(&t, all.item[i]);
    }
    return hyt_jdone(&t);
}

/* how: s, of a string, else of a list. */
static struct val join(struct run *r, struct call *c)
{
    const struct val other = hyt_jarg(c, 0, "d"),
                     names = hyt_jarg(c, 1, "attribute");
    struct val list = {.kind = J_LIST}, all;

    if (c->how == 's')
        return hyt_jjoin(r, other, c->self);
    all = hyt_jitems(r, c->self);
    for (size_t i = 0; i < all.n; i++)
        hyt_jappend(r, &list, path(r, all.item[i], names));
    return hyt_jjoin(r, list, other);
}

/* What an item is ordered by: itself, or one of its members; letters of both
 * cases alike. */
static struct val sort_key(struct run *r, struct val v, struct val names)
{
    struct call c = {.self = path(r, v, names), .how = 'l'};

    return c.self.kind == J_STR ? hyt_jletters(r, &c) : c.self;
}

/* Each item moves down to its place among those before it. */
static struct val sorted(struct run *r, struct val all, struct val names,
                         bool back)
{
    struct val list = {.kind = J_LIST}, keys = list;

    for (size_t i = 0, k; i < all.n; i++) {
        const struct val key = sort_key(r, all.item[i], names);

        hyt_jappend(r, &list, all.item[i]);
        hyt_jappend(r, &keys, key);
        for (k = i; k > 0; k--) {
            const int order = hyt_jorder(r, key, keys.item[k - 1]);

            if (back ? order <= 0 : order >= 0)
                break;
            list.item[k] = list.item[k - 1];
            keys.item[k] = keys.item[k - 1];
        }
        list.item[k] = all.item[i];
        keys.item[k] = key;
    }
    return list;
}

/* how: d, the pairs of a dict. */
static struct val sort(struct run *r, struct call *c)
{
    const bool dict = c->how == 'd';
    const struct val back = hyt_jarg(c, 0, "reverse"),
                     names = hyt_jarg(c, 2, "attribute"),
                     all = dict ? members(r, c) : hyt_jitems(r, c->self);

    return sorted(r, all, dict ? hyt_jint(0) : names, hyt_jtruth(back));
}

static struct val reverse(struct run *r, struct call *c)
{
    const struct val all = hyt_jitems(r, c->self);
    struct val list = {.kind = J_LIST};

    for (size_t i = all.n; i-- > 0;)
        hyt_jappend(r, &list, all.item[i]);
    return c->self.kind == J_STR ? hyt_jjoin(r, list, hyt_jstr("")) : list;
}

static struct val unique(struct run *r, struct call *c)
{
    const struct val all = hyt_jitems(r, c->self), none = hyt_jnothing("");
    struct val list = {.kind = J_LIST}, keys = list;

    for (size_t i = 0; i < all.n; i++) {
        const struct val key = sort_key(r, all.item[i], none);

        if (hyt_jcompare(r, 'i', key, keys))
            continue;
        hyt_jappend(r, &keys, key);
        hyt_jappend(r, &list, all.item[i]);
    }
    return list;
}

/* how: # their number, f first, l last, - least, + greatest, else all. */
static struct val items(struct run *r, struct call *c)
{
    const struct val none = hyt_jnothing("an item of nothing");
    struct val all = hyt_jitems(r, c->self);

    if (c->how == '-' || c->how == '+')
        all = sorted(r, all, none, c->how == '+');
    if (c->how == 0)
        return all;
    if (c->how == '#')
        return hyt_jint((int64_t)all.n);
    return all.n == 0 ? none : all.item[c->how == 'l' ? all.n - 1 : 0];
}

/* Of the variable `loop`. */
static struct val cycle(struct run *r, struct call *c)
{
    if (c->n == 0)
        hyt_jfail(r, "cycle of nothing");
    c->used = UINT32_MAX;
    return c->arg[c->self.turn % c->n];
}

/* clang-format off */
const struct builtin hyt_jlists[] = {
    {"length", "f", items, '#'},          {"count", "f", items, '#'},
    {"list", "f", items, 0},              {"first", "f", items, 'f'},
    {"last", "f", items, 'l'},            {"min", "f", items, '-'},
    {"max", "f", items, '+'},             {"items", "fd", members, 'i'},
    {"keys", "d", members, 'k'},          {"values", "d", members, 'v'},
    {"get", "d", get, 0},                 {"select", "f", choose, 's'},
    {"reject", "f", choose, 'r'},         {"selectattr", "f", choose, 'S'},
    {"rejectattr", "f", choose, 'R'},     {"map", "f", choose, 'm'},
    {"join", "f", join, 'f'},             {"join", "s", join, 's'},
    {"reverse", "f", reverse, 0},         {"sort", "f", sort, 0},
    {"dictsort", "f", sort, 'd'},         {"unique", "f", unique, 0},
    {"cycle", "l", cycle, 0},
    {NULL, NULL, NULL, 0}
};
/* clang-format on */
