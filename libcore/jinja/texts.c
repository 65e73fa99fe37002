/* SPDX-License-Identifier: MIT */
/* texts.c - methods and filters of strings; they keep every byte's mark */
#include <string.h>

#include "jinja/run.h"

/* The width of the white space, as Python's, at a byte; or, where there are
 * `chars`, of a character out of them.  0: it is none. */
static size_t strips(struct run *r, struct val v, size_t at, struct val chars)
{
    static const uint32_t spaces[] = {' ',    0x85,   0xa0,   0x1680, 0x2028,
                                      0x2029, 0x202f, 0x205f, 0x3000};
    uint32_t cp = 0;
    const size_t width = hyt_utf8_get(v.s + at, v.n - at, &cp);
    bool found = (cp >= 9 && cp <= 13) || (cp >= 0x1c && cp <= 0x1f) ||
                 (cp >= 0x2000 && cp <= 0x200a);

    for (size_t i = 0; i < HYT_LEN(spaces); i++)
        found = found || cp == spaces[i];
    if (chars.kind == J_STR)
        found = hyt_jcompare(r, 'i', hyt_jpart(v, at, at + width), chars);
    return found ? width : 0;
}

/* how: l or r, one end alone. */
struct val hyt_jstrip(struct run *r, struct call *c)
{
    const struct val none = {.kind = J_NONE}, v = hyt_jtext(r, c->self),
                     chars = hyt_jtyped(r, c, 0, "chars", J_STR, none);
    size_t begin = 0, end = v.n, width = 1;

    while (c->how != 'r' && begin < end && width > 0) {
        width = strips(r, v, begin, chars);
        begin += width;
    }
    while (c->how != 'l' && end > begin) {
        size_t last = end - 1;

        while (last > begin && (v.s[last] & 0xc0) == 0x80)
            last--;
        if (strips(r, v, last, chars) == 0)
            break;
        end = last;
    }
    return hyt_jpart(v, begin, end);
}

/* how: < whether it starts with a text, or > ends; l, r: what is left without
 * it.  One text, or any of a tuple. */
static struct val with(struct run *r, struct call *c)
{
    const struct val v = c->self;
    struct val list = hyt_jarg(c, 0, NULL), what = list;
    const bool end = c->how == '>' || c->how == 'r',
               ask = c->how == '<' || c->how == '>';
    size_t n = 0;
    bool found = false;

    if (!ask || list.kind != J_TUPLE)
        list = (struct val){.kind = J_TUPLE, .n = 1, .item = &what};
    for (size_t i = 0; i < list.n && !found; i++) {
        what = list.item[i];
        if (what.kind != J_STR)
            hyt_jfail(r, "%s is no text to look for", hyt_jname(what));
        n = what.n;
        found = n <= v.n && memcmp(v.s + (end ? v.n - n : 0), what.s, n) == 0;
    }
    if (ask)
        return hyt_jbool(found);
    n = found ? n : 0;
    return end ? hyt_jpart(v, 0, v.n - n) : hyt_jpart(v, n, v.n);
}

/* how: l lower, u upper, c capitalize, t title, of which the method (T) knows
 * letters, the filter words. */
struct val hyt_jletters(struct run *r, struct call *c)
{
    const int how = c->how;
    struct text t = {.run = r};
    bool inside = false;

    hyt_jputv(&t, c->self);
    for (size_t i = 0; i < t.n; i++) {
        const char a = t.s[i];
        const bool up = how == 'u' || (how != 'l' && !inside);
        const bool letter = (a >= 'a' && a <= 'z') || (a >= 'A' && a <= 'Z');

        if (letter)
            t.s[i] = (char)(up ? a & ~0x20 : a | 0x20);
        inside = how == 'c' || (how == 'T' ? letter || (a & 0x80) != 0
                                           : !strchr("- \t\n\r({[<", a));
    }
    return hyt_jdone(&t);
}

static struct val isdigit_all(struct run *r, struct call *c)
{
    const size_t n = strspn(hyt_jchars(r, c->self), "0123456789");

    return hyt_jbool(n > 0 && n == c->self.n);
}

/* What is between the separators, `most` of them; none: between white space. */
static struct val pieces(struct run *r, struct val v, struct val sep,
                         int64_t most)
{
    struct val list = {.kind = J_LIST};
    size_t begin = 0, end, width;

    for (end = 0; sep.kind == J_NONE && end <= v.n; end += width ? width : 1) {
        width = end < v.n ? strips(r, v, end, sep) : 1;
        if (width > 0 && end > begin)
            hyt_jappend(r, &list, hyt_jpart(v, begin, end));
        begin = width > 0 ? end + width : begin;
    }
    if (sep.kind == J_NONE)
        return list;
    if (sep.n == 0)
        hyt_jfail(r, "an empty text is everywhere");
    while (most-- != 0 && (end = hyt_jsearch(r, v, sep, begin)) != SIZE_MAX) {
        hyt_jappend(r, &list, hyt_jpart(v, begin, end));
        begin = end + sep.n;
    }
    hyt_jappend(r, &list, hyt_jpart(v, begin, v.n));
    return list;
}

/* how: at which end, l or r, pieces count; what is beyond them stays one. */
static struct val split(struct run *r, struct call *c)
{
    const struct val v = c->self, none = {.kind = J_NONE},
                     sep = hyt_jtyped(r, c, 0, "sep", J_STR, none);
    const int64_t most = hyt_jtyped(r, c, 1, "maxsplit", J_INT, hyt_jint(-1)).i;
    struct val list = pieces(r, v, sep, -1), *rest = list.item;

    if (most < 0 || list.n <= (size_t)most + 1)
        return list;
    rest += c->how == 'l' ? (size_t)most : list.n - (size_t)most - 1;
    *rest = c->how == 'l' ? hyt_jpart(v, (size_t)(rest->s - v.s), v.n)
                          : hyt_jpart(v, 0, (size_t)(rest->s - v.s) + rest->n);
    list.item = c->how == 'l' ? list.item : rest;
    list.n = (size_t)most + 1;
    return list;
}

static struct val splitlines(struct run *r, struct call *c)
{
    struct val list = pieces(r, c->self, hyt_jstr("\n"), -1);

    list.n -= list.item[list.n - 1].n == 0;
    return list;
}

/* how: r replace, # count, f find, which counts characters; -1: nowhere. */
static struct val look(struct run *r, struct call *c)
{
    const struct val v = hyt_jtext(r, c->self), nothing = hyt_jnothing("text"),
                     what = hyt_jtyped(r, c, 0, "old", J_STR, nothing);
    int64_t most = c->how == 'f' ? 1 : -1;
    struct val by, list;

    if (c->how == 'r') {
        by = hyt_jtyped(r, c, 1, "new", J_STR, nothing);
        most = hyt_jtyped(r, c, 2, "count", J_INT, hyt_jint(-1)).i;
    }
    if (c->how == 'f' && what.n == 0)
        return hyt_jint(0);
    list = pieces(r, v, what, most);
    if (c->how == 'r')
        return hyt_jjoin(r, list, by);
    if (c->how == '#')
        return hyt_jint((int64_t)list.n - 1);
    return hyt_jint(list.n > 1 ? (int64_t)hyt_jitems(r, list.item[0]).n : -1);
}

static struct val indent(struct run *r, struct call *c)
{
    const struct val width = hyt_jarg(c, 0, "width"),
                     first = hyt_jarg(c, 1, "first"),
                     blank = hyt_jarg(c, 2, "blank"),
                     lines =
                         pieces(r, hyt_jtext(r, c->self), hyt_jstr("\n"), -1);
    const int64_t n = width.kind == J_UNDEFINED ? 4 : width.i;
    struct text by = {.run = r}, t = by;

    if (width.kind == J_STR)
        hyt_jputv(&by, width);
    for (int64_t i = 0; width.kind != J_STR && i < n; i++)
        hyt_jputs(&by, " ");
    for (size_t i = 0; i < lines.n; i++) {
        if (i > 0)
            hyt_jputs(&t, "\n");
        if (hyt_jtruth(i == 0 ? first : blank) || (i > 0 && lines.item[i].n))
            hyt_jputv(&t, hyt_jdone(&by));
        hyt_jputv(&t, lines.item[i]);
    }
    return hyt_jdone(&t);
}

/* {} and nothing else. */
static struct val format(struct run *r, struct call *c)
{
    const struct val all = pieces(r, c->self, hyt_jstr("{}"), -1);
    struct text t = {.run = r};

    for (size_t i = 0; i < all.n; i++) {
        const struct val v = all.item[i];

        if (i > c->n || memchr(v.s, '{', v.n) || memchr(v.s, '}', v.n))
            hyt_jfail(r, "format knows {} alone, once for each argument");
        if (i > 0)
            hyt_jputv(&t, hyt_jarg(c, i - 1, NULL));
        hyt_jputv(&t, v);
    }
    return hyt_jdone(&t);
}

/* clang-format off */
const struct builtin hyt_jtexts[] = {
    {"trim", "f", hyt_jstrip, 0},         {"strip", "s", hyt_jstrip, 0},
    {"lstrip", "s", hyt_jstrip, 'l'},     {"rstrip", "s", hyt_jstrip, 'r'},
    {"startswith", "s", with, '<'},       {"endswith", "s", with, '>'},
    {"removeprefix", "s", with, 'l'},     {"removesuffix", "s", with, 'r'},
    {"upper", "sf", hyt_jletters, 'u'},   {"lower", "sf", hyt_jletters, 'l'},
    {"title", "f", hyt_jletters, 't'},    {"title", "s", hyt_jletters, 'T'},
    {"capitalize", "sf", hyt_jletters, 'c'},
    {"isdigit", "s", isdigit_all, 0},     {"split", "s", split, 'l'},
    {"rsplit", "s", split, 'r'},          {"splitlines", "s", splitlines, 0},
    {"replace", "sf", look, 'r'},         {"find", "s", look, 'f'},
    {"count", "s", look, '#'},            {"indent", "f", indent, 0},
    {"format", "s", format, 0},
    {NULL, NULL, NULL, 0}
};
/* clang-format on */
