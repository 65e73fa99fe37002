/* SPDX-License-Identifier: MIT */
/* texts.c - methods and filters of strings; they keep every byte's mark */
#include <string.h>

#include "jinja/run.h"

const struct hyt_jval *hyt_jself(struct hyt_jcall *c)
{
    return hyt_jto_text(c->run, c->self);
}

const struct hyt_jval *hyt_jtext_arg(struct hyt_jcall *c, size_t i,
                                     const char *name)
{
    const struct hyt_jval *v = hyt_jarg(c, i, name);

    if (v == NULL || v->kind == J_NONE)
        return NULL;
    if (v->kind != J_STR)
        hyt_jfail(c->run, "argument %zu is %s, not str", i + 1, hyt_jname(v));
    return v;
}

const struct hyt_jval *hyt_jneed_text(struct hyt_jcall *c, size_t i,
                                      const char *name)
{
    const struct hyt_jval *v = hyt_jtext_arg(c, i, name);

    if (v == NULL)
        hyt_jfail(c->run, "argument %zu is missing", i + 1);
    return v;
}

int64_t hyt_jint_arg(struct hyt_jcall *c, size_t i, const char *name,
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
    const struct hyt_jval *v = hyt_jself(c),
                          *chars = hyt_jtext_arg(c, 0, "chars");
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
        return has_at(v, hyt_jneed_text(c, 0, NULL), end) ? &hyt_jtrue
                                                          : &hyt_jfalse;
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
    const struct hyt_jval *v = c->self, *what = hyt_jneed_text(c, 0, NULL);

    return hyt_jpart(c->run, v, has_at(v, what, false) ? what->n : 0, v->n);
}

static const struct hyt_jval *removesuffix(struct hyt_jcall *c)
{
    const struct hyt_jval *v = c->self, *what = hyt_jneed_text(c, 0, NULL);

    return hyt_jpart(c->run, v, 0,
                     v->n - (has_at(v, what, true) ? what->n : 0));
}

/* --- letters: ASCII ones -------------------------------------------------- */

/* The filter title knows words, the method of the same name letters. */
enum { LOWER, UPPER, TITLE, TITLE_LETTERS, CAPITALIZE };

static const struct hyt_jval *letters(struct hyt_jcall *c, int how)
{
    const struct hyt_jval *v = hyt_jself(c);
    struct hyt_jtext t = {0};
    bool inside = false;

    hyt_jput_value(c->run, &t, v);
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

static const struct hyt_jval *title_letters(struct hyt_jcall *c)
{
    return letters(c, TITLE_LETTERS);
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
    {"title", J_OF_STR, title_letters},
    {"capitalize", J_OF_STR | J_FILTER, capitalize},
    {"isdigit", J_OF_STR, isdigit_all},
    {"string", J_FILTER, hyt_jself},
    {"safe", J_FILTER, hyt_jself},
    {NULL, 0, NULL}};
