/* SPDX-License-Identifier: MIT */
/* function.c - functions, methods of dicts; how all are found and called */
#include <stdlib.h>
#include <string.h>

#include "value/inner.h"

const struct hyt_builtin *hyt_vfind(const struct hyt_builtin *const *tables,
                                    const char *name, char where)
{
    for (; *tables != NULL; tables++)
        for (const struct hyt_builtin *b = *tables; b->name != NULL; b++)
            if (*b->name == *name && strcmp(b->name, name) == 0 &&
                strchr(b->where, where) != NULL)
                return b;
    return NULL;
}

struct hyt_val hyt_vbound(struct hyt_vwork *w, const struct hyt_builtin *b,
                          const char *name, struct hyt_val self)
{
    struct hyt_val *copy;

    if (b == NULL)
        return hyt_vnothing(name);
    copy = hyt_valloc(w, 1, sizeof(*copy));
    *copy = self;
    return (struct hyt_val){.kind = HYT_V_BUILTIN, .builtin = b, .self = copy};
}

struct hyt_val hyt_varg(struct hyt_vcall *c, size_t i, const char *name)
{
    for (size_t k = 0; k < c->n; k++)
        if (c->key[k] ? name && strcmp(c->key[k], name) == 0 : k == i) {
            c->used |= UINT32_C(1) << k;
            return c->arg[k];
        }
    return hyt_vnothing(NULL);
}

struct hyt_val hyt_vtyped(struct hyt_vwork *w, struct hyt_vcall *c, size_t i,
                          const char *name, enum hyt_vkind kind,
                          struct hyt_val absent)
{
    const struct hyt_val v = hyt_varg(c, i, name);
    const bool given =
        v.kind != HYT_V_NONE && (v.kind != HYT_V_UNDEFINED || v.s);

    if (given && v.kind != kind)
        hyt_vfail(w, "argument %zu is %s", i + 1, hyt_vname(v));
    if (v.kind != kind && absent.kind == HYT_V_UNDEFINED)
        hyt_vfail(w, "argument %zu is missing", i + 1);
    return v.kind == kind ? v : absent;
}

struct hyt_val hyt_vpairs(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val dict = c->self;
    struct hyt_val list = {.kind = HYT_V_LIST},
                   pair = {.kind = HYT_V_TUPLE, .n = 2};

    if (dict.kind != HYT_V_DICT && dict.kind != HYT_V_UNDEFINED)
        hyt_vfail(w, "%s has no pairs", hyt_vname(dict));
    for (size_t i = 0; i < dict.n; i++) {
        pair.item = &dict.item[2 * i];
        hyt_vappend(w, &list,
                    c->how == 'k'   ? pair.item[0]
                    : c->how == 'v' ? pair.item[1]
                                    : pair);
    }
    return list;
}

static struct hyt_val get(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val key = hyt_varg(c, 0, NULL),
                         other = hyt_varg(c, 1, NULL),
                         *x = hyt_vmember(w, c->self, key);

    return x ? *x : c->n > 1 ? other : (struct hyt_val){.kind = HYT_V_NONE};
}

/* Of a list.  how: i index, # count. */
static struct hyt_val look(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val what = hyt_varg(c, 0, NULL), all = c->self;
    int64_t count = 0;

    for (size_t i = 0; i < all.n; i++) {
        if (!hyt_vcompare(w, '=', all.item[i], what))
            continue;
        if (c->how == 'i')
            return hyt_vint((int64_t)i);
        count++;
    }
    if (c->how == 'i')
        hyt_vfail(w, "that is not in the list");
    return hyt_vint(count);
}

static struct hyt_val to_text(struct hyt_vwork *w, struct hyt_vcall *c)
{
    return hyt_vtext(w, c->self);
}

/* As int() of Python, and the whole part where the text is no whole number. */
static struct hyt_val to_int(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val absent = hyt_varg(c, 0, "default");
    struct hyt_vcall strip = {.self = c->self};
    struct hyt_val v = c->self;
    struct hyt_err why;

    if (v.kind == HYT_V_STR) {
        const char *s = hyt_vchars(w, hyt_vstrip(w, &strip));

        s += *s == '+';
        if (s[strspn(s, "-0123456789")] == '\0' &&
            hyt_parse_i64(s, &v.i, &why) == 0)
            return hyt_vint(v.i);
        if (hyt_parse_f64(s, &v.f, &why) == 0)
            v.kind = HYT_V_FLOAT;
    }
    if (v.kind == HYT_V_FLOAT && v.f > -9e18 && v.f < 9e18)
        return hyt_vint((int64_t)v.f);
    if (v.kind == HYT_V_INT || v.kind == HYT_V_BOOL)
        return hyt_vint(v.i);
    return absent.kind == HYT_V_UNDEFINED ? hyt_vint(0) : absent;
}

static struct hyt_val tojson(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val none = {.kind = HYT_V_NONE},
                         ascii = hyt_varg(c, 0, "ensure_ascii"),
                         indent =
                             hyt_vtyped(w, c, 1, "indent", HYT_V_INT, none),
                         marks = hyt_vtyped(w, c, 2, "separators", HYT_V_TUPLE,
                                            none);
    const bool lines = indent.kind == HYT_V_INT;
    struct hyt_vstyle style = {.item = hyt_vstr(lines ? "," : ", "),
                               .key = hyt_vstr(": "),
                               .indent = lines ? indent.i : -1,
                               .json = true,
                               .ascii = hyt_vtruth(ascii)};
    struct hyt_vtext t = {.work = w};

    if (marks.kind == HYT_V_TUPLE && marks.n == 2) {
        style.item = marks.item[0];
        style.key = marks.item[1];
    }
    hyt_vput_as(&t, c->self, &style, 0);
    return hyt_vdone(&t);
}

static struct hyt_val range(struct hyt_vwork *w, struct hyt_vcall *c)
{
    int64_t bound[] = {0, 0, 1}, size;
    struct hyt_val list = {.kind = HYT_V_LIST};

    for (size_t i = 0; i < 3 && i < c->n; i++) {
        const struct hyt_val v = hyt_varg(c, i, NULL);

        if (v.kind != HYT_V_INT || v.i > INT32_MAX || v.i < INT32_MIN)
            hyt_vfail(w, "range of what is no small integer");
        bound[c->n == 1 ? 1 : i] = v.i;
    }
    if (bound[2] == 0)
        hyt_vfail(w, "range with step 0");
    size =
        (bound[1] - bound[0] + bound[2] - (bound[2] > 0 ? 1 : -1)) / bound[2];
    for (int64_t i = 0; i < size; i++)
        hyt_vappend(w, &list, hyt_vint(bound[0] + i * bound[2]));
    return list;
}

/* The day that it is bound to, "YYYY-MM-DD", as the directives want it; the
 * time is 0. */
static struct hyt_val strftime_now(struct hyt_vwork *w, struct hyt_vcall *c)
{
    static const char *const months[] = {
        "January", "February", "March",     "April",   "May",      "June",
        "July",    "August",   "September", "October", "November", "December"};
    static const char *const days[] = {"Sunday",    "Monday",   "Tuesday",
                                       "Wednesday", "Thursday", "Friday",
                                       "Saturday"};
    static const unsigned char shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
    const char *date = c->self.s;
    const size_t month = strtoul(date + 5, NULL, 10) - 1;
    const size_t y = strtoul(date, NULL, 10) - (month < 2);
    /* Sakamoto's day of the week, Sunday 0. */
    const size_t day = (y + y / 4 - y / 100 + y / 400 + shift[month] +
                        strtoul(date + 8, NULL, 10)) %
                       7;
    static const char letters[] = "YymdBbAaHMS%";
    static const size_t most[] = {4, 2, 2, 2, 9, 3, 9, 3, 2, 2, 2, 1};
    const char *const is[] = {
        date,      date + 2,  date + 5, date + 8, months[month], months[month],
        days[day], days[day], "00",     "00",     "00",          "%"};
    const char *s = hyt_vchars(w, hyt_vtext(w, hyt_varg(c, 0, "format")));
    struct hyt_vtext t = {.work = w};

    for (; *s != '\0'; s++) {
        const char *known = *s == '%' && s[1] ? strchr(letters, s[1]) : NULL;
        const size_t k = known ? (size_t)(known - letters) : 0;

        if (*s == '%' && known == NULL)
            hyt_vfail(w, "strftime_now does not know %%%.1s", s + 1);
        hyt_vput(&t, known ? is[k] : s, NULL,
                 known ? strnlen(is[k], most[k]) : 1);
        s += known != NULL;
    }
    return hyt_vdone(&t);
}

/* clang-format off */
const struct hyt_builtin hyt_vfunctions[] = {
    {"string", "f", to_text, 0},       {"safe", "f", to_text, 0},
    {"int", "f", to_int, 0},           {"tojson", "f", tojson, 0},
    {"items", "fd", hyt_vpairs, 'i'},  {"keys", "d", hyt_vpairs, 'k'},
    {"values", "d", hyt_vpairs, 'v'},  {"get", "d", get, 0},
    {"index", "l", look, 'i'},         {"count", "l", look, '#'},
    {"range", "g", range, 0},          {"strftime_now", "n", strftime_now, 0},
    {NULL, NULL, NULL, 0}
};
/* clang-format on */
