/* SPDX-License-Identifier: MIT */
/* texts.c - methods and filters of strings; they keep every byte's mark */
#include <string.h>

#include "value/inner.h"

/* The width of the white space, as Python's, at a byte; or, where there are
 * `chars`, of a character out of them.  0: it is none. */
static size_t strips(struct hyt_vwork *w, struct hyt_val v, size_t at,
                     struct hyt_val chars)
{
    static const uint32_t spaces[] = {' ',    0x85,   0xa0,   0x1680, 0x2028,
                                      0x2029, 0x202f, 0x205f, 0x3000};
    uint32_t cp = 0;
    const size_t width = hyt_utf8_get(v.s + at, v.n - at, &cp);
    bool found = (cp >= 9 && cp <= 13) || (cp >= 0x1c && cp <= 0x1f) ||
                 (cp >= 0x2000 && cp <= 0x200a);

    for (size_t i = 0; i < HYT_LEN(spaces); i++)
        found = found || cp == spaces[i];
    if (chars.kind == HYT_V_STR)
        found = hyt_vcompare(w, 'i', hyt_vpart(v, at, at + width), chars);
    return found ? width : 0;
}

/* how: l or r, one end alone. */
struct hyt_val hyt_vstrip(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val none = {.kind = HYT_V_NONE}, v = hyt_vtext(w, c->self),
                         chars = hyt_vtyped(w, c, 0, "chars", HYT_V_STR, none);
    size_t begin = 0, end = v.n, width = 1;

    while (c->how != 'r' && begin < end && width > 0) {
        width = strips(w, v, begin, chars);
        begin += width;
    }
    while (c->how != 'l' && end > begin) {
        size_t last = end - 1;

        while (last > begin && hyt_utf8_goes_on(v.s[last]))
            last--;
        if (strips(w, v, last, chars) == 0)
            break;
        end = last;
    }
    return hyt_vpart(v, begin, end);
}

/* how: < whether it starts with a text, or > ends; l, r: what is left without
 * it.  One text, or any of a tuple. */
static struct hyt_val with(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val v = c->self;
    struct hyt_val list = hyt_varg(c, 0, NULL), what = list;
    const bool end = c->how == '>' || c->how == 'r',
               ask = c->how == '<' || c->how == '>';
    size_t n = 0;
    bool found = false;

    if (!ask || list.kind != HYT_V_TUPLE)
        list = (struct hyt_val){.kind = HYT_V_TUPLE, .n = 1, .item = &what};
    for (size_t i = 0; i < list.n && !found; i++) {
        what = list.item[i];
        if (what.kind != HYT_V_STR)
            hyt_vfail(w, "%s is no text to look for", hyt_vname(what));
        n = what.n;
        found = n <= v.n && memcmp(v.s + (end ? v.n - n : 0), what.s, n) == 0;
    }
    if (ask)
        return hyt_vbool(found);
    n = found ? n : 0;
    return end ? hyt_vpart(v, 0, v.n - n) : hyt_vpart(v, n, v.n);
}

/* how: l lower, u upper, c capitalize, t title, of which the method (T) knows
 * letters, the filter words. */
struct hyt_val hyt_vletters(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const int how = c->how;
    struct hyt_vtext t = {.work = w};
    bool inside = false;

    hyt_vputv(&t, c->self);
    for (size_t i = 0; i < t.n; i++) {
        const char a = t.s[i];
        const bool up = how == 'u' || (how != 'l' && !inside);
        const bool letter = (a >= 'a' && a <= 'z') || (a >= 'A' && a <= 'Z');

        if (letter)
            t.s[i] = (char)(up ? a & ~0x20 : a | 0x20);
        inside = how == 'c' || (how == 'T' ? letter || (a & 0x80) != 0
                                           : !strchr("- \t\n\r({[<", a));
    }
    return hyt_vdone(&t);
}

static struct hyt_val isdigit_all(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const size_t n = strspn(hyt_vchars(w, c->self), "0123456789");

    return hyt_vbool(n > 0 && n == c->self.n);
}

/* What is between the separators, `most` of them; none: between white space. */
static struct hyt_val pieces(struct hyt_vwork *w, struct hyt_val v,
                             struct hyt_val sep, int64_t most)
{
    struct hyt_val list = {.kind = HYT_V_LIST};
    size_t begin = 0, end, width;

    for (end = 0; sep.kind == HYT_V_NONE && end <= v.n;
         end += width ? width : 1) {
        width = end < v.n ? strips(w, v, end, sep) : 1;
        if (width > 0 && end > begin)
            hyt_vappend(w, &list, hyt_vpart(v, begin, end));
        begin = width > 0 ? end + width : begin;
    }
    if (sep.kind == HYT_V_NONE)
        return list;
    if (sep.n == 0)
        hyt_vfail(w, "an empty text is everywhere");
    while (most-- != 0 && (end = hyt_vsearch(w, v, sep, begin)) != SIZE_MAX) {
        hyt_vappend(w, &list, hyt_vpart(v, begin, end));
        begin = end + sep.n;
    }
    hyt_vappend(w, &list, hyt_vpart(v, begin, v.n));
    return list;
}

/* how: at which end, l or r, pieces count; what is beyond them stays one. */
static struct hyt_val split(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val v = c->self, none = {.kind = HYT_V_NONE},
                         sep = hyt_vtyped(w, c, 0, "sep", HYT_V_STR, none);
    const int64_t most =
        hyt_vtyped(w, c, 1, "maxsplit", HYT_V_INT, hyt_vint(-1)).i;
    struct hyt_val list = pieces(w, v, sep, -1), *rest = list.item;

    if (most < 0 || list.n <= (size_t)most + 1)
        return list;
    rest += c->how == 'l' ? (size_t)most : list.n - (size_t)most - 1;
    *rest = c->how == 'l' ? hyt_vpart(v, (size_t)(rest->s - v.s), v.n)
                          : hyt_vpart(v, 0, (size_t)(rest->s - v.s) + rest->n);
    list.item = c->how == 'l' ? list.item : rest;
    list.n = (size_t)most + 1;
    return list;
}

/* What is between the ends of lines, as Python's splitlines() knows them. */
static struct hyt_val lines_of(struct hyt_vwork *w, struct hyt_val v)
{
    struct hyt_val list = {.kind = HYT_V_LIST};
    size_t begin = 0;

    hyt_vstep(w, v.n);
    for (size_t i = 0, width; i < v.n; i += width) {
        uint32_t cp;

        width = hyt_utf8_get(v.s + i, v.n - i, &cp);
        if (!(cp >= '\n' && cp <= '\r') && !(cp >= 0x1c && cp <= 0x1e) &&
            cp != 0x85 && cp != 0x2028 && cp != 0x2029)
            continue;
        hyt_vappend(w, &list, hyt_vpart(v, begin, i));
        if (cp == '\r' && i + 1 < v.n && v.s[i + 1] == '\n')
            width = 2;
        begin = i + width;
    }
    if (begin < v.n)
        hyt_vappend(w, &list, hyt_vpart(v, begin, v.n));
    return list;
}

static struct hyt_val splitlines(struct hyt_vwork *w, struct hyt_vcall *c)
{
    return lines_of(w, c->self);
}

/* how: r replace, # count, f find, which counts characters; -1: nowhere. */
static struct hyt_val look(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val v = hyt_vtext(w, c->self),
                         nothing = hyt_vnothing("text"),
                         what = hyt_vtyped(w, c, 0, "old", HYT_V_STR, nothing);
    int64_t most = c->how == 'f' ? 1 : -1;
    struct hyt_val by, list;

    if (c->how == 'r') {
        by = hyt_vtyped(w, c, 1, "new", HYT_V_STR, nothing);
        most = hyt_vtyped(w, c, 2, "count", HYT_V_INT, hyt_vint(-1)).i;
    }
    if (c->how == 'f' && what.n == 0)
        return hyt_vint(0);
    list = pieces(w, v, what, most);
    if (c->how == 'r')
        return hyt_vjoin(w, list, by);
    if (c->how == '#')
        return hyt_vint((int64_t)list.n - 1);
    return hyt_vint(list.n > 1 ? (int64_t)hyt_vitems(w, list.item[0]).n : -1);
}

static struct hyt_val indent(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val width = hyt_varg(c, 0, "width"),
                         first = hyt_varg(c, 1, "first"),
                         blank = hyt_varg(c, 2, "blank"),
                         /* the end is a line, too, if it follows one */
        lines = lines_of(w, hyt_vbinary(w, '~', c->self, hyt_vstr("\n")));
    const int64_t n = width.kind == HYT_V_UNDEFINED ? 4 : width.i;
    struct hyt_vtext by = {.work = w}, t = by;

    if (width.kind == HYT_V_STR)
        hyt_vputv(&by, width);
    else if (width.kind != HYT_V_UNDEFINED && width.kind != HYT_V_INT)
        hyt_vfail(w, "%s is no width", hyt_vname(width));
    for (int64_t i = 0; width.kind != HYT_V_STR && i < n; i++)
        hyt_vputs(&by, " ");
    for (size_t i = 0; i < lines.n; i++) {
        if (i > 0)
            hyt_vputs(&t, "\n");
        if (hyt_vtruth(i == 0 ? first : blank) || (i > 0 && lines.item[i].n))
            hyt_vputv(&t, hyt_vdone(&by));
        hyt_vputv(&t, lines.item[i]);
    }
    return hyt_vdone(&t);
}

/* {} and nothing else. */
static struct hyt_val format(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val all = pieces(w, c->self, hyt_vstr("{}"), -1);
    struct hyt_vtext t = {.work = w};

    for (size_t i = 0; i < all.n; i++) {
        const struct hyt_val v = all.item[i];

        if (i > c->n || memchr(v.s, '{', v.n) || memchr(v.s, '}', v.n))
            hyt_vfail(w, "format knows {} alone, once for each argument");
        if (i > 0)
            hyt_vputv(&t, hyt_varg(c, i - 1, NULL));
        hyt_vputv(&t, v);
    }
    return hyt_vdone(&t);
}

static struct hyt_val join(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val all = hyt_vitems(w, hyt_varg(c, 0, NULL));

    for (size_t i = 0; i < all.n; i++)
        if (all.item[i].kind != HYT_V_STR)
            hyt_vfail(w, "%s cannot be joined", hyt_vname(all.item[i]));
    return hyt_vjoin(w, all, c->self);
}

/* clang-format off */
const struct hyt_builtin hyt_vmethods[] = {
    {"trim", "f", hyt_vstrip, 0},         {"strip", "s", hyt_vstrip, 0},
    {"lstrip", "s", hyt_vstrip, 'l'},     {"rstrip", "s", hyt_vstrip, 'r'},
    {"startswith", "s", with, '<'},       {"endswith", "s", with, '>'},
    {"removeprefix", "s", with, 'l'},     {"removesuffix", "s", with, 'r'},
    {"upper", "sf", hyt_vletters, 'u'},   {"lower", "sf", hyt_vletters, 'l'},
    {"title", "f", hyt_vletters, 't'},    {"title", "s", hyt_vletters, 'T'},
    {"capitalize", "sf", hyt_vletters, 'c'},
    {"isdigit", "s", isdigit_all, 0},     {"split", "s", split, 'l'},
    {"rsplit", "s", split, 'r'},          {"splitlines", "s", splitlines, 0},
    {"replace", "sf", look, 'r'},         {"find", "s", look, 'f'},
    {"count", "s", look, '#'},            {"indent", "f", indent, 0},
    {"format", "s", format, 0},           {"join", "s", join, 0},
    {NULL, NULL, NULL, 0}
};
/* clang-format on */
