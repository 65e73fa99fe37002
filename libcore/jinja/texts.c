/* SPDX-License-Identifier: MIT */
/* texts.c - methods and filters of strings; they keep every byte's mark */
#include <string.h>

#include "jinja/run.h"

static const struct hyt_jval *self(struct hyt_jcall *c)
{
    return hyt_jto_text(c->run, c->self);
}

/* An argument that must be a string; NULL where it is absent or none. */
static const struct hyt_jval *text_arg(struct hyt_jcall *c, size_t i,
                                       const char *name)
{
    const struct hyt_jval *v = hyt_jarg(c, i, name);

    if (v == NULL || v->kind == J_NONE)
        return NULL;
    if (v->kind != J_STR)
        hyt_jfail(c->run, "argument %zu is %s, not str", i + 1, hyt_jname(v));
    return v;
}

static const struct hyt_jval *need_text(struct hyt_jcall *c, size_t i,
                                        const char *name)
{
    const struct hyt_jval *v = text_arg(c, i, name);

    if (v == NULL)
        hyt_jfail(c->run, "argument %zu is missing", i + 1);
    return v;
}

static int64_t int_arg(struct hyt_jcall *c, size_t i, const char *name,
                       int64_t absent)
{
    const struct hyt_jval *v = hyt_jarg(c, i, name);

    if (v != NULL && v->kind != J_INT && v->kind != J_BOOL)
        hyt_jfail(c->run, "argument %zu is %s, not int", i + 1, hyt_jname(v));
    return v ? v->i : absent;
}

size_t hyt_jsearch(struct hyt_jrun *r, const struct hyt_jval *v,
                   const struct hyt_jval *what, size_t from)
{
    hyt_jstep(r, v->n - from);
    for (size_t i = from; i <= v->n && v->n - i >= what->n; i++)
        if (what->n == 0 ||
            (v->s[i] == what->s[0] && memcmp(v->s + i, what->s, what->n) == 0))
            return i;
    return SIZE_MAX;
}

/* --- ends ----------------------------------------------------------------- */

static bool goes(struct hyt_jcall *c, const struct hyt_jval *v, size_t at,
                 const struct hyt_jval *chars, size_t *width)
{
    const bool space = hyt_jis_space(v->s + at, v->n - at, width);
    const struct hyt_jval *one;

    if (chars == NULL)
        return space;
    one = hyt_jpart(c->run, v, at, at + *width);
    return hyt_jsearch(c->run, chars, one, 0) != SIZE_MAX;
}

static const struct hyt_jval *strip_ends(struct hyt_jcall *c, bool left,
                                         bool right)
{
    const struct hyt_jval *v = self(c), *chars = text_arg(c, 0, "chars");
    size_t begin = 0, end = v->n, width;

    while (left && begin < end && goes(c, v, begin, chars, &width))
        begin += width;
    while (right && end > begin) {
        size_t last = end - 1;

        while (last > begin && (v->s[last] & 0xc0) == 0x80)
            last--;
        if (!goes(c, v, last, chars, &width))
            break;
        end = last;
    }
    return hyt_jpart(c->run, v, begin, end);
}

static const struct hyt_jval *strip(struct hyt_jcall *c)
{
    return strip_ends(c, true, true);
}

static const struct hyt_jval *lstrip(struct hyt_jcall *c)
{
    return strip_ends(c, true, false);
}

static const struct hyt_jval *rstrip(struct hyt_jcall *c)
{
    return strip_ends(c, false, true);
}

static bool has_at(const struct hyt_jval *v, const struct hyt_jval *what,
                   bool end)
{
    return what->n <= v->n &&
           memcmp(v->s + (end ? v->n - what->n : 0), what->s, what->n) == 0;
}

/* One string, or any of a tuple. */
static const struct hyt_jval *has_end(struct hyt_jcall *c, bool end)
{
    const struct hyt_jval *what = hyt_jarg(c, 0, NULL), *v = c->self;

    if (what == NULL || what->kind != J_TUPLE)
        return has_at(v, need_text(c, 0, NULL), end) ? &hyt_jtrue : &hyt_jfalse;
    for (size_t i = 0; i < what->n; i++)
        if (what->item[i]->kind == J_STR && has_at(v, what->item[i], end))
            return &hyt_jtrue;
    return &hyt_jfalse;
}

static const struct hyt_jval *startswith(struct hyt_jcall *c)
{
    return has_end(c, false);
}

static const struct hyt_jval *endswith(struct hyt_jcall *c)
{
    return has_end(c, true);
}

static const struct hyt_jval *removeprefix(struct hyt_jcall *c)
{
    const struct hyt_jval *v = c->self, *what = need_text(c, 0, NULL);

    return hyt_jpart(c->run, v, has_at(v, what, false) ? what->n : 0, v->n);
}

static const struct hyt_jval *removesuffix(struct hyt_jcall *c)
{
    const struct hyt_jval *v = c->self, *what = need_text(c, 0, NULL);

    return hyt_jpart(c->run, v, 0,
                     v->n - (has_at(v, what, true) ? what->n : 0));
}

/* --- letters: ASCII ones -------------------------------------------------- */

enum { LOWER, UPPER, TITLE, CAPITALIZE };

static const struct hyt_jval *letters(struct hyt_jcall *c, int how)
{
    const struct hyt_jval *v = self(c);
    struct hyt_jtext t = {0};
    bool inside = false;

    hyt_jput_value(c->run, &t, v);
    for (size_t i = 0; i < t.n; i++) {
        const char a = t.s[i];
        const bool up = how == UPPER || (how != LOWER && !inside);
        const bool letter = (a >= 'a' && a <= 'z') || (a >= 'A' && a <= 'Z');

        if (letter)
            t.s[i] = (char)(up ? a & ~0x20 : a | 0x20);
        inside = how == CAPITALIZE || strchr("- \t\n\r({[<", a) == NULL;
    }
    return hyt_jdone(c->run, &t);
}

static const struct hyt_jval *upper(struct hyt_jcall *c)
{
    return letters(c, UPPER);
}

static const struct hyt_jval *lower(struct hyt_jcall *c)
{
    return letters(c, LOWER);
}

static const struct hyt_jval *title(struct hyt_jcall *c)
{
    return letters(c, TITLE);
}

static const struct hyt_jval *capitalize(struct hyt_jcall *c)
{
    return letters(c, CAPITALIZE);
}

static const struct hyt_jval *isdigit_all(struct hyt_jcall *c)
{
    for (size_t i = 0; i < c->self->n; i++)
        if (c->self->s[i] < '0' || c->self->s[i] > '9')
            return &hyt_jfalse;
    return c->self->n > 0 ? &hyt_jtrue : &hyt_jfalse;
}

/* --- parts ---------------------------------------------------------------- */

static void append(struct hyt_jcall *c, struct hyt_jval **list,
                   const struct hyt_jval *v)
{
    struct hyt_jval *old = *list;

    /* The room doubles when n is a power of two. */
    if ((old->n & (old->n - 1)) == 0) {
        *list = hyt_jlist(c->run, J_LIST, 2 * old->n + 1);
        memcpy((*list)->item, old->item, old->n * sizeof(*old->item));
        (*list)->n = old->n;
    }
    (*list)->item[(*list)->n++] = v;
}

static const struct hyt_jval *words(struct hyt_jcall *c,
                                    const struct hyt_jval *v, int64_t most)
{
    struct hyt_jval *list = hyt_jlist(c->run, J_LIST, 0);
    size_t begin = 0, end, width;

    for (;; begin = end) {
        while (begin < v->n && goes(c, v, begin, NULL, &width))
            begin += width;
        if (begin == v->n)
            return list;
        for (end = begin; end < v->n && !goes(c, v, end, NULL, &width);)
            end += width;
        if (most-- == 0)
            end = v->n;
        append(c, &list, hyt_jpart(c->run, v, begin, end));
    }
}

static const struct hyt_jval *split(struct hyt_jcall *c)
{
    const struct hyt_jval *v = c->self, *sep = text_arg(c, 0, "sep");
    int64_t most = int_arg(c, 1, "maxsplit", -1);
    struct hyt_jval *list = hyt_jlist(c->run, J_LIST, 0);
    size_t begin = 0, end;

    if (sep == NULL)
        return words(c, v, most);
    if (sep->n == 0)
        hyt_jfail(c->run, "split by nothing");
    while (most-- != 0 &&
           (end = hyt_jsearch(c->run, v, sep, begin)) != SIZE_MAX) {
        append(c, &list, hyt_jpart(c->run, v, begin, end));
        begin = end + sep->n;
    }
    append(c, &list, hyt_jpart(c->run, v, begin, v->n));
    return list;
}

static const struct hyt_jval *rsplit(struct hyt_jcall *c)
{
    const struct hyt_jval *v = c->self, *sep = need_text(c, 0, "sep");
    const int64_t most = int_arg(c, 1, "maxsplit", -1);
    struct hyt_jcall all = {
        .run = c->run, .self = v, .arg = c->arg, .key = c->key, .n = 1};
    const struct hyt_jval *parts = split(&all);
    const size_t n = parts->n;
    struct hyt_jval *list;

    if (most < 0 || n <= (size_t)most + 1)
        return parts;
    list = hyt_jlist(c->run, J_LIST, (size_t)most + 1);
    for (size_t i = 1; i <= (size_t)most; i++)
        list->item[i] = parts->item[n - (size_t)most + i - 1];
    parts = parts->item[n - (size_t)most - 1];
    list->item[0] =
        hyt_jpart(c->run, v, 0, (size_t)(parts->s - v->s) + parts->n);
    (void)sep;
    return list;
}

static const struct hyt_jval *replace(struct hyt_jcall *c)
{
    const struct hyt_jval *v = self(c), *from = need_text(c, 0, "old"),
                          *to = need_text(c, 1, "new");
    int64_t most = int_arg(c, 2, "count", -1);
    struct hyt_jtext t = {0};
    size_t begin = 0, end;

    if (from->n == 0)
        hyt_jfail(c->run, "replace of nothing");
    while (most-- != 0 &&
           (end = hyt_jsearch(c->run, v, from, begin)) != SIZE_MAX) {
        hyt_jput_value(c->run, &t, hyt_jpart(c->run, v, begin, end));
        hyt_jput_value(c->run, &t, to);
        begin = end + from->n;
    }
    hyt_jput_value(c->run, &t, hyt_jpart(c->run, v, begin, v->n));
    return hyt_jdone(c->run, &t);
}

/* In characters; -1 where it is nowhere. */
static const struct hyt_jval *find(struct hyt_jcall *c)
{
    const size_t at = hyt_jsearch(c->run, c->self, need_text(c, 0, NULL), 0);
    int64_t chars = at == SIZE_MAX ? -1 : 0;

    for (size_t i = 0; at != SIZE_MAX && i < at; i++)
        chars += (c->self->s[i] & 0xc0) != 0x80;
    return hyt_jint(c->run, chars);
}

static const struct hyt_jval *count(struct hyt_jcall *c)
{
    const struct hyt_jval *what = need_text(c, 0, NULL);
    int64_t n = 0;

    for (size_t at = 0; what->n > 0; at += what->n, n++)
        if ((at = hyt_jsearch(c->run, c->self, what, at)) == SIZE_MAX)
            break;
    return hyt_jint(c->run, n);
}

/* The text between two newlines, the second with it. */
static const struct hyt_jval *line(struct hyt_jcall *c,
                                   const struct hyt_jval *v, size_t *at)
{
    const size_t begin = *at;

    while (*at < v->n && v->s[*at] != '\n')
        ++*at;
    *at += *at < v->n;
    return hyt_jpart(c->run, v, begin, *at);
}

static const struct hyt_jval *splitlines(struct hyt_jcall *c)
{
    struct hyt_jval *list = hyt_jlist(c->run, J_LIST, 0);

    for (size_t at = 0; at < c->self->n;) {
        const struct hyt_jval *one = line(c, c->self, &at);
        const size_t end = one->n - (one->s[one->n - 1] == '\n');

        append(c, &list, hyt_jpart(c->run, one, 0, end));
    }
    return list;
}

static const struct hyt_jval *indent(struct hyt_jcall *c)
{
    const struct hyt_jval *v = self(c), *width = hyt_jarg(c, 0, "width"),
                          *first = hyt_jarg(c, 1, "first"),
                          *blank = hyt_jarg(c, 2, "blank");
    struct hyt_jtext t = {0};

    for (size_t at = 0, i = 0; at < v->n; i++) {
        const struct hyt_jval *one = line(c, v, &at);
        const bool wanted =
            i == 0 ? first && hyt_jtruth(first)
                   : *one->s != '\n' || (blank && hyt_jtruth(blank));

        if (wanted && width != NULL && width->kind == J_STR)
            hyt_jput_value(c->run, &t, width);
        for (int64_t k = width ? width->i : 4;
             wanted && (width == NULL || width->kind == J_INT) && k > 0; k--)
            hyt_jput(c->run, &t, " ", NULL, 1);
        hyt_jput_value(c->run, &t, one);
    }
    return hyt_jdone(c->run, &t);
}

/* {} and nothing else. */
static const struct hyt_jval *format(struct hyt_jcall *c)
{
    const struct hyt_jval *v = c->self, *x;
    struct hyt_jtext t = {0};
    size_t k = 0;

    for (size_t i = 0; i < v->n; i++)
        if (v->s[i] != '{' && v->s[i] != '}') {
            hyt_jput_value(c->run, &t, hyt_jpart(c->run, v, i, i + 1));
        } else if (i + 1 == v->n || v->s[i++] != '{' || v->s[i] != '}' ||
                   (x = hyt_jarg(c, k++, NULL)) == NULL) {
            hyt_jfail(c->run, "format knows {} alone, once for each argument");
        } else {
            hyt_jput_value(c->run, &t, x);
        }
    return hyt_jdone(c->run, &t);
}

const struct hyt_jbuiltin hyt_jtexts[] = {
    {"trim", J_FILTER, strip},
    {"strip", J_OF_STR, strip},
    {"lstrip", J_OF_STR, lstrip},
    {"rstrip", J_OF_STR, rstrip},
    {"startswith", J_OF_STR, startswith},
    {"endswith", J_OF_STR, endswith},
    {"removeprefix", J_OF_STR, removeprefix},
    {"removesuffix", J_OF_STR, removesuffix},
    {"upper", J_OF_STR | J_FILTER, upper},
    {"lower", J_OF_STR | J_FILTER, lower},
    {"title", J_FILTER, title},
    {"capitalize", J_OF_STR | J_FILTER, capitalize},
    {"isdigit", J_OF_STR, isdigit_all},
    {"split", J_OF_STR, split},
    {"rsplit", J_OF_STR, rsplit},
    {"splitlines", J_OF_STR, splitlines},
    {"replace", J_OF_STR | J_FILTER, replace},
    {"find", J_OF_STR, find},
    {"count", J_OF_STR, count},
    {"indent", J_FILTER, indent},
    {"format", J_OF_STR, format},
    {"string", J_FILTER, self},
    {"safe", J_FILTER, self},
    {NULL, 0, NULL}};
