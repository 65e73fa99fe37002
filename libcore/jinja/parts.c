/* SPDX-License-Identifier: MIT */
/* parts.c - methods and filters that look for texts in texts, or cut them */
#include <string.h>

#include "jinja/run.h"

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
        while (begin < v->n &&
               hyt_jis_space(v->s + begin, v->n - begin, &width))
            begin += width;
        if (begin == v->n)
            return list;
        for (end = begin;
             end < v->n && !hyt_jis_space(v->s + end, v->n - end, &width);)
            end += width;
        if (most-- == 0)
            end = v->n;
        append(c, &list, hyt_jpart(c->run, v, begin, end));
    }
}

static const struct hyt_jval *split(struct hyt_jcall *c)
{
    const struct hyt_jval *v = c->self, *sep = hyt_jtext_arg(c, 0, "sep");
    int64_t most = hyt_jint_arg(c, 1, "maxsplit", -1);
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
    const struct hyt_jval *v = c->self;
    const int64_t most = hyt_jint_arg(c, 1, "maxsplit", -1);
    struct hyt_jcall all = {
        .run = c->run, .self = v, .arg = c->arg, .key = c->key, .n = 1};
    const struct hyt_jval *parts;
    struct hyt_jval *list;
    size_t n;

    hyt_jneed_text(c, 0, "sep");
    parts = split(&all);
    n = parts->n;
    if (most < 0 || n <= (size_t)most + 1)
        return parts;
    list = hyt_jlist(c->run, J_LIST, (size_t)most + 1);
    for (size_t i = 1; i <= (size_t)most; i++)
        list->item[i] = parts->item[n - (size_t)most + i - 1];
    parts = parts->item[n - (size_t)most - 1];
    list->item[0] =
        hyt_jpart(c->run, v, 0, (size_t)(parts->s - v->s) + parts->n);
    return list;
}

static const struct hyt_jval *replace(struct hyt_jcall *c)
{
    const struct hyt_jval *v = hyt_jself(c),
                          *from = hyt_jneed_text(c, 0, "old"),
                          *to = hyt_jneed_text(c, 1, "new");
    int64_t most = hyt_jint_arg(c, 2, "count", -1);
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
    const size_t at =
        hyt_jsearch(c->run, c->self, hyt_jneed_text(c, 0, NULL), 0);
    int64_t chars = at == SIZE_MAX ? -1 : 0;

    for (size_t i = 0; at != SIZE_MAX && i < at; i++)
        chars += (c->self->s[i] & 0xc0) != 0x80;
    return hyt_jint(c->run, chars);
}

static const struct hyt_jval *count(struct hyt_jcall *c)
{
    const struct hyt_jval *what = hyt_jneed_text(c, 0, NULL);
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
    const struct hyt_jval *v = hyt_jself(c), *width = hyt_jarg(c, 0, "width"),
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

const struct hyt_jbuiltin hyt_jparts[] = {
    {"split", J_OF_STR, split},
    {"rsplit", J_OF_STR, rsplit},
    {"splitlines", J_OF_STR, splitlines},
    {"replace", J_OF_STR | J_FILTER, replace},
    {"find", J_OF_STR, find},
    {"count", J_OF_STR, count},
    {"indent", J_FILTER, indent},
    {"format", J_OF_STR, format},
    {NULL, 0, NULL}};
