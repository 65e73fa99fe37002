/* SPDX-License-Identifier: MIT */
/* builtin.c - tests, functions, filters of any value; how all are found */
#include <stdlib.h>
#include <string.h>

#include "jinja/run.h"

const struct builtin *hyt_jfind(const char *name, char where)
{
    static const struct builtin *const tables[] = {hyt_jtexts, hyt_jlists,
                                                   hyt_jothers};

    for (size_t i = 0; i < HYT_LEN(tables); i++)
        for (const struct builtin *b = tables[i]; b->name != NULL; b++)
            if (*b->name == *name && strcmp(b->name, name) == 0 &&
                strchr(b->where, where) != NULL)
                return b;
    return NULL;
}

struct val hyt_jarg(struct call *c, size_t i, const char *name)
{
    for (size_t k = 0; k < c->n; k++)
        if (c->key[k] ? name && strcmp(c->key[k], name) == 0 : k == i) {
            c->used |= UINT32_C(1) << k;
            return c->arg[k];
        }
    return hyt_jnothing(NULL);
}

struct val hyt_jtyped(struct run *r, struct call *c, size_t i, const char *name,
                      enum kind kind, struct val absent)
{
    const struct val v = hyt_jarg(c, i, name);
    const bool given = v.kind != J_NONE && (v.kind != J_UNDEFINED || v.s);

    if (given && v.kind != kind)
        hyt_jfail(r, "argument %zu is %s", i + 1, hyt_jname(v));
    if (v.kind != kind && absent.kind == J_UNDEFINED)
        hyt_jfail(r, "argument %zu is missing", i + 1);
    return v.kind == kind ? v : absent;
}

/* how: bits of kinds. */
static struct val is_kind(struct run *r, struct call *c)
{
    (void)r;
    return hyt_jbool((c->how >> c->self.kind & 1) != 0);
}

/* how: 1 true, 0 false, o odd, e even, or an operator. */
static struct val is(struct run *r, struct call *c)
{
    const struct val v = c->self;

    if (c->how == '1' || c->how == '0')
        return hyt_jbool(v.kind == J_BOOL && v.i == c->how - '0');
    if (c->how == 'o' || c->how == 'e')
        return hyt_jbool(v.kind == J_INT && (v.i & 1) == (c->how == 'o'));
    if (c->n == 0)
        hyt_jfail(r, "compared with what?");
    return hyt_jbool(hyt_jcompare(r, (char)c->how, v, hyt_jarg(c, 0, NULL)));
}

static struct val or_default(struct run *r, struct call *c)
{
    const struct val v = hyt_jarg(c, 0, "default_value"), self = c->self;
    const bool any = hyt_jtruth(hyt_jarg(c, 1, "boolean"));

    (void)r;
    if (self.kind != J_UNDEFINED && !(any && !hyt_jtruth(self)))
        return self;
    return v.kind == J_UNDEFINED ? hyt_jstr("") : v;
}

static struct val to_text(struct run *r, struct call *c)
{
    return hyt_jtext(r, c->self);
}

/* As int() of Python, and the whole part where the text is no whole number. */
static struct val to_int(struct run *r, struct call *c)
{
    const struct val absent = hyt_jarg(c, 0, "default");
    struct call strip = {.self = c->self};
    struct val v = c->self;
    struct hyt_err why;

    if (v.kind == J_STR) {
        const char *s = hyt_jchars(r, hyt_jstrip(r, &strip));

        s += *s == '+';
        if (s[strspn(s, "-0123456789")] == '\0' &&
            hyt_parse_i64(s, &v.i, &why) == 0)
            return hyt_jint(v.i);
        if (hyt_parse_f64(s, &v.f, &why) == 0)
            v.kind = J_FLOAT;
    }
    if (v.kind == J_FLOAT && v.f > -9e18 && v.f < 9e18)
        return hyt_jint((int64_t)v.f);
    if (v.kind == J_INT || v.kind == J_BOOL)
        return hyt_jint(v.i);
    return absent.kind == J_UNDEFINED ? hyt_jint(0) : absent;
}

static struct val tojson(struct run *r, struct call *c)
{
    const struct val none = {.kind = J_NONE},
                     ascii = hyt_jarg(c, 0, "ensure_ascii"),
                     indent = hyt_jtyped(r, c, 1, "indent", J_INT, none),
                     marks = hyt_jtyped(r, c, 2, "separators", J_TUPLE, none);
    const bool lines = indent.kind == J_INT;
    struct style style = {.item = hyt_jstr(lines ? "," : ", "),
                          .key = hyt_jstr(": "),
                          .indent = lines ? indent.i : -1,
                          .json = true,
                          .ascii = hyt_jtruth(ascii)};
    struct text t = {.run = r};

    if (marks.kind == J_TUPLE && marks.n == 2) {
        style.item = marks.item[0];
        style.key = marks.item[1];
    }
    hyt_jput_as(&t, c->self, &style, 0);
    return hyt_jdone(&t);
}

static struct val raise_exception(struct run *r, struct call *c)
{
    hyt_jfail(r, "%s", hyt_jchars(r, hyt_jtext(r, hyt_jarg(c, 0, NULL))));
}

/* how: n namespace, d dict.  Their arguments have keys, and are all used. */
static struct val from_keys(struct run *r, struct call *c)
{
    struct val space = {.kind = J_SPACE, .scope = hyt_jscope(r, NULL)},
               dict = {.kind = J_DICT};

    for (size_t i = 0; i < c->n && c->key[i] != NULL; i++) {
        c->used |= UINT32_C(1) << i;
        hyt_jset(r, space.scope, c->key[i], c->arg[i]);
        hyt_jappend(r, &dict, hyt_jstr(c->key[i]));
        hyt_jappend(r, &dict, c->arg[i]);
    }
    dict.n /= 2;
    return c->how == 'n' ? space : dict;
}

static struct val range(struct run *r, struct call *c)
{
    int64_t bound[] = {0, 0, 1}, size;
    struct val list = {.kind = J_LIST};

    for (size_t i = 0; i < 3 && i < c->n; i++) {
        const struct val v = hyt_jarg(c, i, NULL);

        if (v.kind != J_INT || v.i > INT32_MAX || v.i < INT32_MIN)
            hyt_jfail(r, "range of what is no small integer");
        bound[c->n == 1 ? 1 : i] = v.i;
    }
    if (bound[2] == 0)
        hyt_jfail(r, "range with step 0");
    size =
        (bound[1] - bound[0] + bound[2] - (bound[2] > 0 ? 1 : -1)) / bound[2];
    for (int64_t i = 0; i < size; i++)
        hyt_jappend(r, &list, hyt_jint(bound[0] + i * bound[2]));
    return list;
}

/* The day of a date "YYYY-MM-DD" as the directives want it; the time is 0. */
static struct val strftime_now(struct run *r, struct call *c)
{
    static const char *const months[] = {
        "January", "February", "March",     "April",   "May",      "June",
        "July",    "August",   "September", "October", "November", "December"};
    static const char *const days[] = {"Sunday",    "Monday",   "Tuesday",
                                       "Wednesday", "Thursday", "Friday",
                                       "Saturday"};
    static const unsigned char shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
    const char *date = r->date;
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
    const char *s = hyt_jchars(r, hyt_jtext(r, hyt_jarg(c, 0, "format")));
    struct text t = {.run = r};

    for (; *s != '\0'; s++) {
        const char *known = *s == '%' && s[1] ? strchr(letters, s[1]) : NULL;
        const size_t k = known ? (size_t)(known - letters) : 0;

        if (*s == '%' && known == NULL)
            hyt_jfail(r, "strftime_now does not know %%%.1s", s + 1);
        hyt_jput(&t, known ? is[k] : s, NULL,
                 known ? strnlen(is[k], most[k]) : 1);
        s += known != NULL;
    }
    return hyt_jdone(&t);
}

enum {
    UNDEFINED = 1 << J_UNDEFINED,
    NONE = 1 << J_NONE,
    BOOL = 1 << J_BOOL,
    INT = 1 << J_INT,
    FLOAT = 1 << J_FLOAT,
    STR = 1 << J_STR,
    DICT = 1 << J_DICT,
    ITEMS = UNDEFINED | STR | 1 << J_LIST | 1 << J_TUPLE | DICT,
    CALLABLE = 1 << J_MACRO | 1 << J_BUILTIN
};

/* clang-format off */
const struct builtin hyt_jothers[] = {
    {"undefined", "t", is_kind, UNDEFINED}, {"none", "t", is_kind, NONE},
    {"defined", "t", is_kind, ~UNDEFINED},  {"boolean", "t", is_kind, BOOL},
    {"number", "t", is_kind, BOOL | INT | FLOAT},
    {"integer", "t", is_kind, INT},         {"float", "t", is_kind, FLOAT},
    {"string", "t", is_kind, STR},          {"mapping", "t", is_kind, DICT},
    {"sequence", "t", is_kind, ITEMS},      {"iterable", "t", is_kind, ITEMS},
    {"callable", "t", is_kind, CALLABLE},
    {"true", "t", is, '1'},     {"odd", "t", is, 'o'},  {"le", "t", is, 'l'},
    {"false", "t", is, '0'},    {"even", "t", is, 'e'}, {"ge", "t", is, 'g'},
    {"equalto", "t", is, '='},  {"eq", "t", is, '='},   {"==", "t", is, '='},
    {"lessthan", "t", is, '<'}, {"lt", "t", is, '<'},   {"<", "t", is, '<'},
    {"gt", "t", is, '>'},       {">", "t", is, '>'},    {"ne", "t", is, '!'},
    {"greaterthan", "t", is, '>'}, {"!=", "t", is, '!'}, {"in", "t", is, 'i'},
    {"default", "f", or_default, 0},        {"d", "f", or_default, 0},
    {"string", "f", to_text, 0},            {"safe", "f", to_text, 0},
    {"int", "f", to_int, 0},                {"tojson", "f", tojson, 0},
    {"namespace", "g", from_keys, 'n'},     {"dict", "g", from_keys, 'd'},
    {"raise_exception", "g", raise_exception, 0},
    {"strftime_now", "g", strftime_now, 0}, {"range", "g", range, 0},
    {NULL, NULL, NULL, 0}
};
/* clang-format on */
