/* SPDX-License-Identifier: MIT */
/* builtin.c - tests, functions, filters of any value; how all are found */
#include <stdlib.h>
#include <string.h>

#include "jinja/run.h"

const struct hyt_jbuiltin *hyt_jfind(const char *name, unsigned where)
{
    static const struct hyt_jbuiltin *const tables[] = {hyt_jtexts, hyt_jlists,
                                                        hyt_jothers};

    for (size_t i = 0; i < HYT_LEN(tables); i++)
        for (const struct hyt_jbuiltin *b = tables[i]; b->name != NULL; b++)
            if ((b->where & where) != 0 && strcmp(b->name, name) == 0)
                return b;
    return NULL;
}

/* --- arguments ------------------------------------------------------------ */

const struct hyt_jval *hyt_jarg(struct hyt_jcall *c, size_t i, const char *name)
{
    for (size_t k = 0; k < c->n; k++)
        if (c->key[k] == NULL ? k == i
                              : name != NULL && strcmp(c->key[k], name) == 0) {
            c->used |= UINT32_C(1) << k;
            return &c->arg[k];
        }
    return NULL;
}

bool hyt_jflag(struct hyt_jcall *c, size_t i, const char *name)
{
    const struct hyt_jval *v = hyt_jarg(c, i, name);

    return v != NULL && hyt_jtruth(*v);
}

const struct hyt_jval *hyt_jtext_arg(struct hyt_jcall *c, size_t i,
                                     const char *name, bool need)
{
    const struct hyt_jval *v = hyt_jarg(c, i, name);

    if (v == NULL || v->kind == J_NONE) {
        if (need)
            hyt_jfail(c->run, "argument %zu is missing", i + 1);
        return NULL;
    }
    if (v->kind != J_STR)
        hyt_jfail(c->run, "argument %zu is %s, not str", i + 1, hyt_jname(*v));
    return v;
}

int64_t hyt_jint_arg(struct hyt_jcall *c, size_t i, const char *name,
                     int64_t absent)
{
    const struct hyt_jval *v = hyt_jarg(c, i, name);

    if (v != NULL && v->kind != J_INT && v->kind != J_BOOL)
        hyt_jfail(c->run, "argument %zu is %s, not int", i + 1, hyt_jname(*v));
    return v ? v->i : absent;
}

/* --- tests ---------------------------------------------------------------- */

/* how: bits of kinds. */
static struct hyt_jval is_kind(struct hyt_jcall *c)
{
    return hyt_jbool((c->how >> c->self.kind & 1) != 0);
}

static struct hyt_jval is_truth(struct hyt_jcall *c)
{
    return hyt_jbool(c->self.kind == J_BOOL && c->self.i == c->how);
}

static struct hyt_jval has_rest(struct hyt_jcall *c)
{
    return hyt_jbool(c->self.kind == J_INT && (c->self.i & 1) == c->how);
}

/* how: the operator. */
static struct hyt_jval compares(struct hyt_jcall *c)
{
    const struct hyt_jval *v = hyt_jarg(c, 0, NULL);

    if (v == NULL)
        hyt_jfail(c->run, "compared with what?");
    return hyt_jbool(hyt_jcompare(c->run, (char)c->how, c->self, *v));
}

/* --- any value ------------------------------------------------------------ */

static struct hyt_jval or_default(struct hyt_jcall *c)
{
    const struct hyt_jval *v = hyt_jarg(c, 0, "default_value");
    const bool any = hyt_jflag(c, 1, "boolean");

    if (c->self.kind != J_UNDEFINED && !(any && !hyt_jtruth(c->self)))
        return c->self;
    return v ? *v : hyt_jstr("");
}

static struct hyt_jval to_text(struct hyt_jcall *c)
{
    return hyt_jto_text(c->run, c->self);
}

/* As int() of Python, and the whole part where the text is no whole number. */
static struct hyt_jval to_int(struct hyt_jcall *c)
{
    const struct hyt_jval *absent = hyt_jarg(c, 0, "default");
    struct hyt_jval v = c->self;
    struct hyt_err why;

    if (v.kind == J_STR) {
        struct hyt_jcall strip = {
            .run = c->run, .self = v, .how = J_LEFT | J_RIGHT};
        const char *s = hyt_jchars(c->run, hyt_jstrip(&strip));

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
    return absent ? *absent : hyt_jint(0);
}

static struct hyt_jval tojson(struct hyt_jcall *c)
{
    const bool ascii = hyt_jflag(c, 0, "ensure_ascii");
    const struct hyt_jval *indent = hyt_jarg(c, 1, "indent"),
                          *marks = hyt_jarg(c, 2, "separators");
    const bool lines = indent != NULL && indent->kind == J_INT;
    struct hyt_jstyle style = {.item = hyt_jstr(lines ? "," : ", "),
                               .key = hyt_jstr(": "),
                               .indent = lines ? indent->i : -1,
                               .json = true,
                               .ascii = ascii};
    struct hyt_jtext t = {.run = c->run};

    if (marks != NULL && marks->kind == J_TUPLE && marks->n == 2) {
        style.item = marks->item[0];
        style.key = marks->item[1];
    }
    hyt_jput_styled(&t, c->self, &style, 0);
    return hyt_jdone(&t);
}

/* --- functions ------------------------------------------------------------ */

static struct hyt_jval raise_exception(struct hyt_jcall *c)
{
    const struct hyt_jval *v = hyt_jarg(c, 0, NULL);

    hyt_jfail(c->run, "%s",
              v ? hyt_jchars(c->run, hyt_jto_text(c->run, *v))
                : "raise_exception");
}

static struct hyt_jval namespace(struct hyt_jcall *c)
{
    struct hyt_jval v = {.kind = J_SPACE, .scope = hyt_jscope(c->run, NULL)};

    for (size_t i = 0; i < c->n; i++)
        if (c->key[i] != NULL)
            hyt_jset(c->run, v.scope, c->key[i],
                     *hyt_jarg(c, SIZE_MAX, c->key[i]));
    return v;
}

static struct hyt_jval dict(struct hyt_jcall *c)
{
    struct hyt_jval v = {.kind = J_DICT};

    for (size_t i = 0; i < c->n; i++)
        if (c->key[i] != NULL) {
            hyt_jappend(c->run, &v, hyt_jstr(c->key[i]));
            hyt_jappend(c->run, &v, *hyt_jarg(c, SIZE_MAX, c->key[i]));
        }
    v.n /= 2;
    return v;
}

static struct hyt_jval range(struct hyt_jcall *c)
{
    int64_t bound[3] = {0, 0, 1}, size;
    struct hyt_jval list;

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
    for (size_t i = 0; i < list.n; i++)
        list.item[i] = hyt_jint(bound[0] + (int64_t)i * bound[2]);
    return list;
}

/* The day of a date "YYYY-MM-DD" as the directives want it; the time is 0. */
static struct hyt_jval strftime_now(struct hyt_jcall *c)
{
    static const char *const months[] = {
        "January", "February", "March",     "April",   "May",      "June",
        "July",    "August",   "September", "October", "November", "December"};
    static const char *const days[] = {"Sunday",    "Monday",   "Tuesday",
                                       "Wednesday", "Thursday", "Friday",
                                       "Saturday"};
    static const unsigned char shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
    const char *date = c->run->date;
    const size_t month = strtoul(date + 5, NULL, 10) - 1;
    const size_t y = strtoul(date, NULL, 10) - (month < 2);
    /* Sakamoto's day of the week, Sunday 0. */
    const size_t day = (y + y / 4 - y / 100 + y / 400 + shift[month] +
                        strtoul(date + 8, NULL, 10)) %
                       7;
    const struct {
        char letter;
        const char *is;
        size_t most;
    } known[] = {
        {'Y', date, 4},      {'y', date + 2, 2},      {'m', date + 5, 2},
        {'d', date + 8, 2},  {'B', months[month], 9}, {'b', months[month], 3},
        {'A', days[day], 9}, {'a', days[day], 3},     {'H', "00", 2},
        {'M', "00", 2},      {'S', "00", 2},          {'%', "%", 1}};
    struct hyt_jtext t = {.run = c->run};
    const char *s = hyt_jchars(c->run, *hyt_jtext_arg(c, 0, "format", true));

    for (; *s != '\0'; s++) {
        size_t i = 0;

        if (*s != '%') {
            hyt_jput(&t, s, NULL, 1);
            continue;
        }
        s++;
        while (i < HYT_LEN(known) && known[i].letter != *s)
            i++;
        if (i == HYT_LEN(known))
            hyt_jfail(c->run, "strftime_now does not know %%%.1s", s);
        hyt_jput(&t, known[i].is, NULL, strnlen(known[i].is, known[i].most));
    }
    return hyt_jdone(&t);
}

enum {
    UNDEFINED = 1 << J_UNDEFINED,
    INTEGER = 1 << J_INT,
    FLOAT = 1 << J_FLOAT,
    SEQUENCE = UNDEFINED | 1 << J_STR | 1 << J_LIST | 1 << J_TUPLE | 1 << J_DICT
};

const struct hyt_jbuiltin hyt_jothers[] = {
    {"defined", J_IS, is_kind, ~UNDEFINED},
    {"undefined", J_IS, is_kind, UNDEFINED},
    {"none", J_IS, is_kind, 1 << J_NONE},
    {"boolean", J_IS, is_kind, 1 << J_BOOL},
    {"integer", J_IS, is_kind, INTEGER},
    {"float", J_IS, is_kind, FLOAT},
    {"number", J_IS, is_kind, 1 << J_BOOL | INTEGER | FLOAT},
    {"string", J_IS, is_kind, 1 << J_STR},
    {"mapping", J_IS, is_kind, 1 << J_DICT},
    {"sequence", J_IS, is_kind, SEQUENCE},
    {"iterable", J_IS, is_kind, SEQUENCE},
    {"callable", J_IS, is_kind, 1 << J_MACRO | 1 << J_BUILTIN},
    {"true", J_IS, is_truth, true},
    {"false", J_IS, is_truth, false},
    {"odd", J_IS, has_rest, 1},
    {"even", J_IS, has_rest, 0},
    {"eq", J_IS, compares, '='},
    {"equalto", J_IS, compares, '='},
    {"==", J_IS, compares, '='},
    {"ne", J_IS, compares, '!'},
    {"!=", J_IS, compares, '!'},
    {"lt", J_IS, compares, '<'},
    {"lessthan", J_IS, compares, '<'},
    {"<", J_IS, compares, '<'},
    {"le", J_IS, compares, 'l'},
    {"gt", J_IS, compares, '>'},
    {"greaterthan", J_IS, compares, '>'},
    {">", J_IS, compares, '>'},
    {"ge", J_IS, compares, 'g'},
    {"in", J_IS, compares, 'i'},
    {"default", J_FILTER, or_default, 0},
    {"d", J_FILTER, or_default, 0},
    {"string", J_FILTER, to_text, 0},
    {"safe", J_FILTER, to_text, 0},
    {"int", J_FILTER, to_int, 0},
    {"tojson", J_FILTER, tojson, 0},
    {"raise_exception", J_GLOBAL, raise_exception, 0},
    {"namespace", J_GLOBAL, namespace, 0},
    {"dict", J_GLOBAL, dict, 0},
    {"range", J_GLOBAL, range, 0},
    {"strftime_now", J_GLOBAL, strftime_now, 0},
    {NULL, 0, NULL, 0}};
