/* SPDX-License-Identifier: MIT */
/* lists.c - filters of lists and dicts */
#include "jinja/run.h"

/* v.a.b.0 of "a.b.0"; names undefined: v. */
static struct hyt_val path(struct hyt_vwork *w, struct hyt_val v,
                           struct hyt_val names)
{
    struct hyt_err why;

    if (names.kind != HYT_V_STR)
        return names.kind == HYT_V_UNDEFINED ? v
                                             : hyt_vitem(w, v, names, false);
    for (size_t i = 0, begin = 0; i <= names.n; i++)
        if (i == names.n || names.s[i] == '.') {
            struct hyt_val part =
                hyt_vstr(hyt_vchars(w, hyt_vpart(names, begin, i)));
            int64_t k;

            if (hyt_parse_i64(part.s, &k, &why) == 0)
                part = hyt_vint(k);
            v = hyt_vitem(w, v, part, false);
            begin = i + 1;
        }
    return v;
}

/* A filter or a test whose name is argument i, on v with the others. */
static struct hyt_val apply(struct hyt_vwork *w, struct hyt_vcall *c, size_t i,
                            char where, struct hyt_val v)
{
    struct hyt_vcall sub = {.self = v};
    const struct hyt_builtin *b;
    struct hyt_val name = hyt_vnothing("filter or test");

    if (i >= c->n)
        return v;
    name = hyt_vtyped(w, c, i, NULL, HYT_V_STR, name);
    b = hyt_jfind(hyt_vchars(w, name), where);
    if (b == NULL)
        hyt_vfail(w, "no such filter or test");
    sub.how = b->how;
    for (size_t k = i + 1; k < c->n; k++) {
        sub.key[sub.n] = c->key[k];
        sub.arg[sub.n++] = c->arg[k];
    }
    v = b->call(w, &sub);
    c->used |= sub.used << (i + 1);
    // cppcheck-suppress returnDanglingLifetime ; a value is the arena's
    return v;
}

/* select, reject, map and those by attribute.  how: m, or s or r, in capitals
 * where an attribute decides.  Of what is false, as of none, there are no
 * items. */
static struct hyt_val choose(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val nothing = hyt_vnothing("items");
    const bool map = c->how == 'm', by = c->how == 'S' || c->how == 'R';
    const struct hyt_val all =
        hyt_vitems(w, hyt_vtruth(c->self) ? c->self : nothing);
    const struct hyt_val names = hyt_varg(c, by ? 0 : SIZE_MAX, "attribute"),
                         absent =
                             map ? hyt_varg(c, SIZE_MAX, "default") : nothing;
    struct hyt_val list = {.kind = HYT_V_LIST};

    if (by && names.kind == HYT_V_UNDEFINED)
        hyt_vfail(w, "which attribute?");
    if (all.n == 0)
        c->used = UINT32_MAX;
    for (size_t i = 0; i < all.n; i++) {
        struct hyt_val v = path(w, all.item[i], names);

        hyt_vstep(w, 0);
        if (!map || names.kind == HYT_V_UNDEFINED)
            v = apply(w, c, by, map ? 'f' : 't', v);
        if (v.kind == HYT_V_UNDEFINED && absent.kind != HYT_V_UNDEFINED)
            v = absent;
        if (map)
            hyt_vappend(w, &list, v);
        else if (hyt_vtruth(v) == (c->how == 's' || c->how == 'S'))
            hyt_vappend(w, &list, all.item[i]);
    }
    return list;
}

static struct hyt_val join(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val other = hyt_varg(c, 0, "d"),
                         names = hyt_varg(c, 1, "attribute");
    const struct hyt_val all = hyt_vitems(w, c->self);
    struct hyt_val list = {.kind = HYT_V_LIST};

    for (size_t i = 0; i < all.n; i++)
        hyt_vappend(w, &list, path(w, all.item[i], names));
    return hyt_vjoin(w, list, other);
}

/* What an item is ordered by: itself, or one of its members; letters of both
 * cases alike. */
static struct hyt_val sort_key(struct hyt_vwork *w, struct hyt_val v,
                               struct hyt_val names)
{
    struct hyt_vcall c = {.self = path(w, v, names), .how = 'l'};

    return c.self.kind == HYT_V_STR ? hyt_vletters(w, &c) : c.self;
}

/* Each item moves down to its place among those before it. */
static struct hyt_val sorted(struct hyt_vwork *w, struct hyt_val all,
                             struct hyt_val names, bool back)
{
    struct hyt_val list = {.kind = HYT_V_LIST}, keys = list;

    for (size_t i = 0, k; i < all.n; i++) {
        const struct hyt_val key = sort_key(w, all.item[i], names);

        hyt_vappend(w, &list, all.item[i]);
        hyt_vappend(w, &keys, key);
        for (k = i; k > 0; k--) {
            const int order = hyt_vorder(w, key, keys.item[k - 1]);

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
static struct hyt_val sort(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const bool dict = c->how == 'd';
    const struct hyt_val back = hyt_varg(c, dict ? 2 : 0, "reverse"),
                         names = hyt_varg(c, 2, "attribute"),
                         all = dict ? hyt_vpairs(w, c) : hyt_vitems(w, c->self);

    return sorted(w, all, dict ? hyt_vint(0) : names, hyt_vtruth(back));
}

static struct hyt_val reverse(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val all = hyt_vitems(w, c->self);
    struct hyt_val list = {.kind = HYT_V_LIST};

    for (size_t i = all.n; i-- > 0;)
        hyt_vappend(w, &list, all.item[i]);
    return c->self.kind == HYT_V_STR ? hyt_vjoin(w, list, hyt_vstr("")) : list;
}

static struct hyt_val unique(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val all = hyt_vitems(w, c->self), none = hyt_vnothing("");
    struct hyt_val list = {.kind = HYT_V_LIST}, keys = list;

    for (size_t i = 0; i < all.n; i++) {
        const struct hyt_val key = sort_key(w, all.item[i], none);

        if (hyt_vcompare(w, 'i', key, keys))
            continue;
        hyt_vappend(w, &keys, key);
        hyt_vappend(w, &list, all.item[i]);
    }
    return list;
}

/* how: # their number, f first, l last, - least, + greatest, else all. */
static struct hyt_val items(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val none = hyt_vnothing("an item of nothing");
    struct hyt_val all = hyt_vitems(w, c->self);

    if (c->how == '-' || c->how == '+')
        all = sorted(w, all, none, c->how == '+');
    if (c->how == 0)
        return all;
    if (c->how == '#')
        return hyt_vint((int64_t)all.n);
    return all.n == 0 ? none : all.item[c->how == 'l' ? all.n - 1 : 0];
}

/* Of the variable `loop`. */
static struct hyt_val cycle(struct hyt_vwork *w, struct hyt_vcall *c)
{
    if (c->n == 0)
        hyt_vfail(w, "cycle of nothing");
    c->used = UINT32_MAX;
    return c->arg[c->self.turn % c->n];
}

/* clang-format off */
const struct hyt_builtin hyt_jlists[] = {
    {"length", "f", items, '#'},          {"count", "f", items, '#'},
    {"list", "f", items, 0},              {"first", "f", items, 'f'},
    {"last", "f", items, 'l'},            {"min", "f", items, '-'},
    {"max", "f", items, '+'},             {"select", "f", choose, 's'},
    {"reject", "f", choose, 'r'},         {"selectattr", "f", choose, 'S'},
    {"rejectattr", "f", choose, 'R'},     {"map", "f", choose, 'm'},
    {"join", "f", join, 0},               {"reverse", "f", reverse, 0},
    {"sort", "f", sort, 0},               {"dictsort", "f", sort, 'd'},
    {"unique", "f", unique, 0},           {"cycle", "o", cycle, 0},
    {NULL, NULL, NULL, 0}
};
/* clang-format on */
