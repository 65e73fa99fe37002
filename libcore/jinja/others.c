/* SPDX-License-Identifier: MIT */
/* others.c - tests, functions, filters of any value, and how all are found */
#include <string.h>

#include "jinja/run.h"

const struct hyt_jbuiltin *hyt_jfind(const char *name, unsigned where)
{
    static const struct hyt_jbuiltin *const tables[] = {
        hyt_jtexts, hyt_jparts, hyt_jlists, hyt_jothers};

    for (size_t i = 0; i < HYT_LEN(tables); i++)
        for (const struct hyt_jbuiltin *b = tables[i]; b->name != NULL; b++)
            if ((b->where & where) != 0 && strcmp(b->name, name) == 0)
                return b;
    return NULL;
}

const struct hyt_jval *hyt_jarg(struct hyt_jcall *c, size_t i, const char *name)
{
    for (size_t k = 0; k < c->n; k++)
        if (c->key[k] == NULL ? k == i
                              : name != NULL && strcmp(c->key[k], name) == 0) {
            c->used |= UINT32_C(1) << k;
            return c->arg[k];
        }
    return NULL;
}

/* --- tests ---------------------------------------------------------------- */

static const struct hyt_jval *truth(bool x)
{
    return x ? &hyt_jtrue : &hyt_jfalse;
}

/* One test for each line: its name, and when it holds for v. */
#define KINDS(X)                                                               \
    X(defined, v->kind != J_UNDEFINED)                                         \
    X(undefined, v->kind == J_UNDEFINED)                                       \
    X(none, v->kind == J_NONE)                                                 \
    X(boolean, v->kind == J_BOOL)                                              \
    X(true, v->kind == J_BOOL && v->i)                                         \
    X(false, v->kind == J_BOOL && !v->i)                                       \
    X(integer, v->kind == J_INT)                                               \
    X(float, v->kind == J_FLOAT)                                               \
    X(number, v->kind >= J_BOOL && v->kind <= J_FLOAT)                         \
    X(string, v->kind == J_STR)                                                \
    X(mapping, v->kind == J_DICT)                                              \
    X(sequence,                                                                \
      v->kind == J_UNDEFINED || (v->kind >= J_STR && v->kind <= J_DICT))       \
    X(iterable,                                                                \
      v->kind == J_UNDEFINED || (v->kind >= J_STR && v->kind <= J_DICT))       \
    X(callable, v->kind >= J_MACRO)                                            \
    X(odd, v->kind == J_INT && v->i % 2 != 0)                                  \
    X(even, v->kind == J_INT && v->i % 2 == 0)

#define DEFINE(name, holds)                                                    \
    static const struct hyt_jval *is_##name(struct hyt_jcall *c)               \
    {                                                                          \
        const struct hyt_jval *v = c->self;                                    \
                                                                               \
        return truth(holds);                                                   \
    }
KINDS(DEFINE)

static const struct hyt_jval *other(struct hyt_jcall *c)
{
    const struct hyt_jval *v = hyt_jarg(c, 0, NULL);

    if (v == NULL)
        hyt_jfail(c->run, "compared with what?");
    return v;
}

#define ORDERS(X)                                                              \
    X(eq, hyt_jequal(c->run, c->self, other(c)))                               \
    X(ne, !hyt_jequal(c->run, c->self, other(c)))                              \
    X(lt, hyt_jorder(c->run, c->self, other(c)) < 0)                           \
    X(le, hyt_jorder(c->run, c->self, other(c)) <= 0)                          \
    X(gt, hyt_jorder(c->run, c->self, other(c)) > 0)                           \
    X(ge, hyt_jorder(c->run, c->self, other(c)) >= 0)                          \
    X(in, hyt_jcontains(c->run, other(c), c->self))

#define DEFINE_ORDER(name, holds)                                              \
    static const struct hyt_jval *is_##name(struct hyt_jcall *c)               \
    {                                                                          \
        return truth(holds);                                                   \
    }
ORDERS(DEFINE_ORDER)

/* --- any value ------------------------------------------------------------ */

static const struct hyt_jval *or_default(struct hyt_jcall *c)
{
    const struct hyt_jval *v = hyt_jarg(c, 0, "default_value"),
                          *empty = hyt_jarg(c, 1, "boolean");

    if (c->self->kind == J_UNDEFINED ||
        (empty && hyt_jtruth(empty) && !hyt_jtruth(c->self)))
        return v ? v : &hyt_jempty;
    return c->self;
}

#define SPACE " \t\n\r\f\v"

/* As int() of Python, and the whole part where the text is no whole number. */
static const struct hyt_jval *to_int(struct hyt_jcall *c)
{
    const struct hyt_jval *absent = hyt_jarg(c, 0, "default");
    const struct hyt_jval *v = c->self;
    struct hyt_err why;
    int64_t i = 0;
    double x;

    if (v->kind == J_INT || v->kind == J_BOOL)
        return hyt_jint(c->run, v->i);
    if (v->kind == J_STR) {
        char *s = hyt_jchars(c->run, v), *end;

        s += strspn(s, SPACE);
        for (end = s + strlen(s); end > s && strchr(SPACE, end[-1]); end--)
            end[-1] = '\0';
        s += *s == '+';
        if (s[strspn(s, "-0123456789")] == '\0' &&
            hyt_parse_i64(s, &i, &why) == 0)
            return hyt_jint(c->run, i);
        if (hyt_parse_f64(s, &x, &why) == 0 && x > -9e18 && x < 9e18)
            return hyt_jint(c->run, (int64_t)x);
    }
    if (v->kind == J_FLOAT && v->f > -9e18 && v->f < 9e18)
        return hyt_jint(c->run, (int64_t)v->f);
    return absent ? absent : hyt_jint(c->run, 0);
}

static const struct hyt_jval *tojson(struct hyt_jcall *c)
{
    const struct hyt_jval *ascii = hyt_jarg(c, 0, "ensure_ascii"),
                          *indent = hyt_jarg(c, 1, "indent"),
                          *marks = hyt_jarg(c, 2, "separators");
    const bool lines = indent != NULL && indent->kind == J_INT;
    struct hyt_jjson how = {.item = hyt_jstr(c->run, lines ? "," : ", "),
                            .key = hyt_jstr(c->run, ": "),
                            .indent = lines ? indent->i : -1,
                            .ascii = ascii && hyt_jtruth(ascii)};
    struct hyt_jtext t = {0};

    if (marks != NULL && marks->kind == J_TUPLE && marks->n == 2) {
        how.item = marks->item[0];
        how.key = marks->item[1];
    }
    hyt_jput_json(c->run, &t, c->self, &how, 0);
    return hyt_jdone(c->run, &t);
}

/* --- functions ------------------------------------------------------------ */

static const struct hyt_jval *raise_exception(struct hyt_jcall *c)
{
    const struct hyt_jval *v = hyt_jarg(c, 0, NULL);

    hyt_jfail(c->run, "%s", v ? hyt_jto_text(c->run, v)->s : "raise_exception");
}

static const struct hyt_jval *namespace(struct hyt_jcall *c)
{
    struct hyt_jval *v = hyt_jalloc(c->run, 1, sizeof(*v));

    v->kind = J_SPACE;
    v->scope = hyt_jalloc(c->run, 1, sizeof(*v->scope));
    for (size_t i = 0; i < c->n; i++)
        if (c->key[i] != NULL)
            hyt_jset(c->run, v->scope, c->key[i],
                     hyt_jarg(c, SIZE_MAX, c->key[i]));
    return v;
}

static const struct hyt_jval *dict(struct hyt_jcall *c)
{
    struct hyt_jval *v = hyt_jlist(c->run, J_DICT, c->n);

    v->n = 0;
    for (size_t i = 0; i < c->n; i++)
        if (c->key[i] != NULL) {
            v->item[2 * v->n] = hyt_jstr(c->run, c->key[i]);
            v->item[2 * v->n++ + 1] = hyt_jarg(c, SIZE_MAX, c->key[i]);
        }
    return v;
}

static const struct hyt_jval *range(struct hyt_jcall *c)
{
    int64_t bound[3] = {0, 0, 1}, size;
    struct hyt_jval *list;

    for (size_t i = 0; i < 3 && i < c->n; i++) {
        const struct hyt_jval *v = hyt_jarg(c, i, NULL);

        if (v == NULL || v->kind != J_INT || v->i > INT32_MAX ||
            v->i < INT32_MIN)
            hyt_jfail(c->run, "range of what is no small integer");
        bound[c->n == 1 ? 1 : i] = v->i;
    }
    if (bound[2] == 0)
        hyt_jfail(c->run, "range with step 0");
    size =
        (bound[1] - bound[0] + bound[2] - (bound[2] > 0 ? 1 : -1)) / bound[2];
    list = hyt_jlist(c->run, J_LIST, size > 0 ? (size_t)size : 0);
    for (size_t i = 0; i < list->n; i++)
        list->item[i] = hyt_jint(c->run, bound[0] + (int64_t)i * bound[2]);
    return list;
}

/* The day of a date "YYYY-MM-DD" as the directives want it; the time is 0. */
static const struct hyt_jval *strftime_now(struct hyt_jcall *c)
{
    static const char months[] = "January   February  March     April     "
                                 "May       June      July      August    "
                                 "September October   November  December  ",
                      days[] = "Sunday    Monday    Tuesday   Wednesday "
                               "Thursday  Friday    Saturday  ";
    const struct hyt_jval *v = hyt_jarg(c, 0, NULL);
    const char *d = c->run->date, *s = v ? hyt_jto_text(c->run, v)->s : "";
    const size_t month = (size_t)(d[5] - '0') * 10 + (size_t)(d[6] - '1');
    const size_t day = (size_t)(d[8] - '0') * 10 + (size_t)(d[9] - '0');
    const size_t y = (size_t)(d[0] - '0') * 1000 + (size_t)(d[1] - '0') * 100 +
                     (size_t)(d[2] - '0') * 10 + (size_t)(d[3] - '0') -
                     (month < 2);
    static const char shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
    /* Sakamoto's day of the week, Sunday 0. */
    const size_t weekday =
        (y + y / 4 - y / 100 + y / 400 + (size_t)shift[month] + day) % 7;
    struct hyt_jtext t = {0};

    for (; *s != '\0'; s++) {
        const char *from = s;
        size_t n = 1;

        if (*s == '%' && strchr("YmdBbAaHMSy%", s[1]) != NULL && s[1] != '\0') {
            s++;
            from = *s == 'Y'                  ? d
                   : *s == 'y'                ? d + 2
                   : *s == 'm'                ? d + 5
                   : *s == 'd'                ? d + 8
                   : strchr("Bb", *s) != NULL ? months + 10 * month
                   : strchr("Aa", *s) != NULL ? days + 10 * weekday
                   : *s == '%'                ? s
                                              : "00";
            n = *s == 'Y'                  ? 4
                : strchr("BA", *s) != NULL ? strcspn(from, " ")
                : strchr("ba", *s) != NULL ? 3
                : *s == '%'                ? 1
                                           : 2;
        } else if (*s == '%') {
            hyt_jfail(c->run, "strftime_now does not know %%%.1s", s + 1);
        }
        hyt_jput(c->run, &t, from, NULL, n);
    }
    return hyt_jdone(c->run, &t);
}

#define ENTRY(name, holds) {#name, J_IS, is_##name},

const struct hyt_jbuiltin hyt_jothers[] = {
    KINDS(ENTRY) ORDERS(ENTRY){"equalto", J_IS, is_eq},
    {"==", J_IS, is_eq},
    {"!=", J_IS, is_ne},
    {"<", J_IS, is_lt},
    {">", J_IS, is_gt},
    {"lessthan", J_IS, is_lt},
    {"greaterthan", J_IS, is_gt},
    {"default", J_FILTER, or_default},
    {"d", J_FILTER, or_default},
    {"int", J_FILTER, to_int},
    {"tojson", J_FILTER, tojson},
    {"raise_exception", J_GLOBAL, raise_exception},
    {"namespace", J_GLOBAL, namespace},
    {"dict", J_GLOBAL, dict},
    {"range", J_GLOBAL, range},
    {"strftime_now", J_GLOBAL, strftime_now},
    {NULL, 0, NULL}};
