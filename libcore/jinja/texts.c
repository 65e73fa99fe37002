/* SPDX-License-Identifier: MIT */
/* texts.c - methods and filters of strings; they keep every byte's mark */
#include <string.h>

#include "jinja/run.h"

/* --- ends ----------------------------------------------------------------- */

/* The width of the white space at a byte, as Python's; 0: there is none. */
static size_t space(struct hyt_jval v, size_t at)
{
    static const uint32_t other[] = {0x85,   0xa0,   0x1680, 0x2028,
                                     0x2029, 0x202f, 0x205f, 0x3000};
    uint32_t cp = 0;
    const size_t width = hyt_utf8_get(v.s + at, v.n - at, &cp);
    bool found = cp == ' ' || (cp >= 9 && cp <= 13) ||
                 (cp >= 0x1c && cp <= 0x1f) || (cp >= 0x2000 && cp <= 0x200a);

    for (size_t i = 0; i < HYT_LEN(other); i++)
        found = found || cp == other[i];
    return found ? width : 0;
}

/* The same of a character out of `chars`; NULL: of white space. */
static size_t strips(struct hyt_jrun *r, struct hyt_jval v, size_t at,
                     const struct hyt_jval *chars)
{
    uint32_t cp;
    size_t width;

    if (chars == NULL)
        return space(v, at);
    width = hyt_utf8_get(v.s + at, v.n - at, &cp);
    v = hyt_jpart(v, at, at + width);
    return hyt_jsearch(r, *chars, v, 0) == SIZE_MAX ? 0 : width;
}

struct hyt_jval hyt_jstrip(struct hyt_jcall *c)
{
    const struct hyt_jval v = hyt_jto_text(c->run, c->self),
                          *chars = hyt_jtext_arg(c, 0, "chars", false);
    size_t begin = 0, end = v.n, width = 1;

    while ((c->how & J_LEFT) != 0 && begin < end && width > 0) {
        width = strips(c->run, v, begin, chars);
        begin += width;
    }
    while ((c->how & J_RIGHT) != 0 && end > begin) {
        size_t last = end - 1;

        while (last > begin && (v.s[last] & 0xc0) == 0x80)
            last--;
        if (strips(c->run, v, last, chars) == 0)
            break;
        end = last;
    }
    return hyt_jpart(v, begin, end);
}

static bool has_at(struct hyt_jval v, struct hyt_jval what, int end)
{
    return what.kind == J_STR && what.n <= v.n &&
           memcmp(v.s + (end == J_RIGHT ? v.n - what.n : 0), what.s, what.n) ==
               0;
}

/* One string, or any of a tuple. */
static struct hyt_jval has_end(struct hyt_jcall *c)
{
    const struct hyt_jval *what = hyt_jarg(c, 0, NULL);
    bool found = false;

    if (what == NULL || what->kind != J_TUPLE)
        return hyt_jbool(
            has_at(c->self, *hyt_jtext_arg(c, 0, NULL, true), c->how));
    for (size_t i = 0; i < what->n; i++)
        found = found || has_at(c->self, what->item[i], c->how);
    return hyt_jbool(found);
}

static struct hyt_jval remove_end(struct hyt_jcall *c)
{
    const struct hyt_jval v = c->self, what = *hyt_jtext_arg(c, 0, NULL, true);
    const size_t n = has_at(v, what, c->how) ? what.n : 0;

    return c->how == J_LEFT ? hyt_jpart(v, n, v.n) : hyt_jpart(v, 0, v.n - n);
}

/* --- letters: ASCII ones -------------------------------------------------- */

/* The filter title knows words, the method of the same name letters. */
enum { LOWER, UPPER, TITLE, TITLE_LETTERS, CAPITALIZE };

struct hyt_jval hyt_jletters(struct hyt_jcall *c)
{
    const int how = c->how;
    struct hyt_jtext t = {.run = c->run};
    bool inside = false;

    hyt_jput_value(&t, c->self);
    for (size_t i = 0; i < t.n; i++) {
        const char a = t.s[i];
        const bool up = how == UPPER || (how != LOWER && !inside);
        const bool letter = (a >= 'a' && a <= 'z') || (a >= 'A' && a <= 'Z');

        if (letter)
            t.s[i] = (char)(up ? a & ~0x20 : a | 0x20);
        inside = how == CAPITALIZE ||
                 (how == TITLE_LETTERS ? letter || (a & 0x80) != 0
                                       : strchr("- \t\n\r({[<", a) == NULL);
    }
    return hyt_jdone(&t);
}

static struct hyt_jval is_digits(struct hyt_jcall *c)
{
    bool all = c->self.n > 0;

    for (size_t i = 0; i < c->self.n; i++)
        all = all && c->self.s[i] >= '0' && c->self.s[i] <= '9';
    return hyt_jbool(all);
}

/* --- pieces --------------------------------------------------------------- */

static struct hyt_jval words(struct hyt_jrun *r, struct hyt_jval v)
{
    struct hyt_jval list = {.kind = J_LIST};

    for (size_t begin = 0, end, width; begin < v.n; begin = end) {
        width = space(v, begin);
        for (end = begin + width; width == 0 && end < v.n && !space(v, end);)
            end++;
        if (width == 0)
            hyt_jappend(r, &list, hyt_jpart(v, begin, end));
    }
    return list;
}

/* What is between the separators, `most` of them; NULL: between white space. */
static struct hyt_jval pieces(struct hyt_jrun *r, struct hyt_jval v,
                              const struct hyt_jval *sep, int64_t most)
{
    struct hyt_jval list = {.kind = J_LIST};
    size_t begin = 0, end;

    if (sep == NULL)
        return words(r, v);
    if (sep->n == 0)
        hyt_jfail(r, "an empty text is everywhere");
    while (most-- != 0 && (end = hyt_jsearch(r, v, *sep, begin)) != SIZE_MAX) {
        hyt_jappend(r, &list, hyt_jpart(v, begin, end));
        begin = end + sep->n;
    }
    hyt_jappend(r, &list, hyt_jpart(v, begin, v.n));
    return list;
}

/* how: at which end the pieces count; what is beyond them stays one. */
static struct hyt_jval split(struct hyt_jcall *c)
{
    const struct hyt_jval v = c->self, *sep = hyt_jtext_arg(c, 0, "sep", false);
    const int64_t most = hyt_jint_arg(c, 1, "maxsplit", -1);
    struct hyt_jval list = pieces(c->run, v, sep, -1), *rest = list.item;
    size_t more;

    if (most < 0 || list.n <= (size_t)most + 1)
        return list;
    more = list.n - (size_t)most - 1;
    list.n = (size_t)most + 1;
    if (c->how == J_LEFT) {
        rest += most;
        *rest = hyt_jpart(v, (size_t)(rest->s - v.s), v.n);
    } else {
        list.item = rest += more;
        *rest = hyt_jpart(v, 0, (size_t)(rest->s - v.s) + rest->n);
    }
    return list;
}

static struct hyt_jval splitlines(struct hyt_jcall *c)
{
    const struct hyt_jval newline = hyt_jstr("\n");
    struct hyt_jval list = pieces(c->run, c->self, &newline, -1);

    list.n -= list.item[list.n - 1].n == 0;
    return list;
}

static struct hyt_jval replace(struct hyt_jcall *c)
{
    const struct hyt_jval v = hyt_jto_text(c->run, c->self),
                          *from = hyt_jtext_arg(c, 0, "old", true),
                          *to = hyt_jtext_arg(c, 1, "new", true);

    return hyt_jjoin(
        c->run, pieces(c->run, v, from, hyt_jint_arg(c, 2, "count", -1)), to);
}

static struct hyt_jval count(struct hyt_jcall *c)
{
    const struct hyt_jval *what = hyt_jtext_arg(c, 0, NULL, true);

    return hyt_jint((int64_t)pieces(c->run, c->self, what, -1).n - 1);
}

/* In characters; -1 where it is nowhere. */
static struct hyt_jval find(struct hyt_jcall *c)
{
    const struct hyt_jval *what = hyt_jtext_arg(c, 0, NULL, true);
    const size_t at = hyt_jsearch(c->run, c->self, *what, 0);

    if (at == SIZE_MAX)
        return hyt_jint(-1);
    return hyt_jint((int64_t)hyt_jitems(c->run, hyt_jpart(c->self, 0, at)).n);
}

static struct hyt_jval indent(struct hyt_jcall *c)
{
    const struct hyt_jval v = hyt_jto_text(c->run, c->self),
                          newline = hyt_jstr("\n"),
                          *width = hyt_jarg(c, 0, "width");
    const bool first = hyt_jflag(c, 1, "first"),
               blank = hyt_jflag(c, 2, "blank");
    const struct hyt_jval lines = pieces(c->run, v, &newline, -1);
    struct hyt_jtext by = {.run = c->run}, t = {.run = c->run};

    if (width != NULL && width->kind == J_STR)
        hyt_jput_value(&by, *width);
    else
        for (int64_t n = hyt_jint_arg(c, 0, "width", 4); n > 0; n--)
            hyt_jputs(&by, " ");
    for (size_t i = 0; i < lines.n; i++) {
        if (i > 0)
            hyt_jputs(&t, "\n");
        if (i == 0 ? first : blank || lines.item[i].n > 0)
            hyt_jput_value(&t, hyt_jdone(&by));
        hyt_jput_value(&t, lines.item[i]);
    }
    return hyt_jdone(&t);
}

/* {} and nothing else. */
static struct hyt_jval format(struct hyt_jcall *c)
{
    const struct hyt_jval hole = hyt_jstr("{}");
    const struct hyt_jval all = pieces(c->run, c->self, &hole, -1);
    struct hyt_jtext t = {.run = c->run};

    for (size_t i = 0; i < all.n; i++) {
        const struct hyt_jval v = all.item[i],
                              *x = i > 0 ? hyt_jarg(c, i - 1, NULL) : &hole;

        if (x == NULL || memchr(v.s, '{', v.n) || memchr(v.s, '}', v.n))
            hyt_jfail(c->run, "format knows {} alone, once for each argument");
        if (i > 0)
            hyt_jput_value(&t, *x);
        hyt_jput_value(&t, v);
    }
    return hyt_jdone(&t);
}

const struct hyt_jbuiltin hyt_jtexts[] = {
    {"trim", J_FILTER, hyt_jstrip, J_LEFT | J_RIGHT},
    {"strip", J_STRS, hyt_jstrip, J_LEFT | J_RIGHT},
    {"lstrip", J_STRS, hyt_jstrip, J_LEFT},
    {"rstrip", J_STRS, hyt_jstrip, J_RIGHT},
    {"startswith", J_STRS, has_end, J_LEFT},
    {"endswith", J_STRS, has_end, J_RIGHT},
    {"removeprefix", J_STRS, remove_end, J_LEFT},
    {"removesuffix", J_STRS, remove_end, J_RIGHT},
    {"upper", J_STRS | J_FILTER, hyt_jletters, UPPER},
    {"lower", J_STRS | J_FILTER, hyt_jletters, LOWER},
    {"title", J_FILTER, hyt_jletters, TITLE},
    {"title", J_STRS, hyt_jletters, TITLE_LETTERS},
    {"capitalize", J_STRS | J_FILTER, hyt_jletters, CAPITALIZE},
    {"isdigit", J_STRS, is_digits, 0},
    {"split", J_STRS, split, J_LEFT},
    {"rsplit", J_STRS, split, J_RIGHT},
    {"splitlines", J_STRS, splitlines, 0},
    {"replace", J_STRS | J_FILTER, replace, 0},
    {"find", J_STRS, find, 0},
    {"count", J_STRS, count, 0},
    {"indent", J_FILTER, indent, 0},
    {"format", J_STRS, format, 0},
    {NULL, 0, NULL, 0}};
