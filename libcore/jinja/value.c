/* SPDX-License-Identifier: MIT */
/* value.c - making values and asking them; the bounds of a run */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "jinja/run.h"

void hyt_jfail(struct hyt_jrun *r, const char *fmt, ...)
{
    size_t line = 1, begin = 0;
    char what[900];
    va_list args;

    for (size_t i = 0; i < r->at; i++)
        if (r->source[i] == '\n') {
            line++;
            begin = i + 1;
        }
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    hyt_fail(r->err, "%zu:%zu: %s", line, r->at - begin + 1, what);
    longjmp(r->failed, 1);
}

void *hyt_jalloc(struct hyt_jrun *r, size_t n, size_t size)
{
    if (n > HYT_JINJA_MEMORY / size ||
        (r->memory += n * size) > HYT_JINJA_MEMORY)
        hyt_jfail(r, "it makes more than %zu MiB of values",
                  HYT_JINJA_MEMORY >> 20);
    return hyt_arena_alloc(r->arena, n, size);
}

void hyt_jstep(struct hyt_jrun *r, size_t work)
{
    r->steps += 1 + work / 64;
    if (r->steps > HYT_JINJA_STEPS)
        hyt_jfail(r, "it takes more than %d steps", HYT_JINJA_STEPS);
}

void hyt_jdeeper(struct hyt_jrun *r)
{
    if (++r->depth > HYT_JINJA_DEPTH)
        hyt_jfail(r, "it goes deeper than %d levels", HYT_JINJA_DEPTH);
}

void hyt_jput(struct hyt_jrun *r, struct hyt_jtext *t, const char *s,
              const unsigned char *mark, size_t n)
{
    if (n >= t->cap - t->n) {
        const struct hyt_jtext old = *t;

        t->cap = 2 * (old.n + n) + 32;
        t->s = hyt_jalloc(r, t->cap, 1);
        t->mark = hyt_jalloc(r, t->cap, 1);
        if (old.n > 0) {
            memcpy(t->s, old.s, old.n);
            memcpy(t->mark, old.mark, old.n);
        }
    }
    if (n > 0)
        memcpy(t->s + t->n, s, n);
    if (n > 0 && mark != NULL)
        memcpy(t->mark + t->n, mark, n);
    t->n += n;
}

/* --- making --------------------------------------------------------------- */

const struct hyt_jval hyt_jnone = {.kind = J_NONE};
const struct hyt_jval hyt_jtrue = {.kind = J_BOOL, .i = 1};
const struct hyt_jval hyt_jfalse = {.kind = J_BOOL};
const struct hyt_jval hyt_jempty = {.kind = J_STR, .s = ""};

static struct hyt_jval *new (struct hyt_jrun *r, enum hyt_jkind kind)
{
    struct hyt_jval *v = hyt_jalloc(r, 1, sizeof(*v));

    v->kind = kind;
    return v;
}

const struct hyt_jval *hyt_jundefined(struct hyt_jrun *r, const char *name)
{
    struct hyt_jval *v = new (r, J_UNDEFINED);

    v->s = name;
    return v;
}

const struct hyt_jval *hyt_jint(struct hyt_jrun *r, int64_t i)
{
    struct hyt_jval *v = new (r, J_INT);

    v->i = i;
    return v;
}

const struct hyt_jval *hyt_jfloat(struct hyt_jrun *r, double f)
{
    struct hyt_jval *v = new (r, J_FLOAT);

    v->f = f;
    return v;
}

const struct hyt_jval *hyt_jstr(struct hyt_jrun *r, const char *s)
{
    const struct hyt_jval whole = {.kind = J_STR, .n = strlen(s), .s = s};

    return hyt_jpart(r, &whole, 0, whole.n);
}

const struct hyt_jval *hyt_jdone(struct hyt_jrun *r, const struct hyt_jtext *t)
{
    struct hyt_jval *v = new (r, J_STR);

    v->s = t->n > 0 ? t->s : "";
    v->mark = t->mark;
    v->n = t->n;
    return v;
}

char *hyt_jchars(struct hyt_jrun *r, const struct hyt_jval *v)
{
    struct hyt_jtext t = {0};

    hyt_jput(r, &t, v->s, NULL, v->n);
    return t.s;
}

const struct hyt_jval *hyt_jpart(struct hyt_jrun *r, const struct hyt_jval *v,
                                 size_t begin, size_t end)
{
    struct hyt_jval *part = new (r, J_STR);

    part->n = end - begin;
    part->s = v->s + begin;
    part->mark = v->mark ? v->mark + begin : NULL;
    return part;
}

struct hyt_jval *hyt_jlist(struct hyt_jrun *r, enum hyt_jkind kind, size_t n)
{
    struct hyt_jval *v = new (r, kind);

    v->n = n;
    v->item = hyt_jalloc(r, n + 1, (kind == J_DICT ? 2 : 1) * sizeof(*v->item));
    return v;
}

static const struct hyt_jval *from_string(struct hyt_jrun *r, const char *s,
                                          bool user)
{
    struct hyt_jtext t = {0};
    unsigned char *mark;

    if (!user)
        return hyt_jstr(r, s);
    mark = hyt_jalloc(r, strlen(s) + 1, 1);
    memset(mark, HYT_JINJA_USER, strlen(s));
    hyt_jput(r, &t, s, mark, strlen(s));
    return hyt_jdone(r, &t);
}

/* 1.0 is no whole number to Python, which prints it so. */
static const struct hyt_jval *from_number(struct hyt_jrun *r,
                                          const struct hyt_json *v)
{
    const char *spelled = hyt_json_num_text(v);
    const double x = hyt_json_num(v);
    struct hyt_err why;
    int64_t i = 0;

    if (spelled == NULL && x == floor(x))
        return hyt_jint(r, (int64_t)x);
    if (spelled == NULL || spelled[strcspn(spelled, ".eE")] != '\0')
        return hyt_jfloat(r, x);
    if (hyt_parse_i64(spelled, &i, &why) < 0)
        hyt_jfail(r, "an integer of more than 64 bits");
    return hyt_jint(r, i);
}

static bool is_role(const struct hyt_json *v)
{
    const char *s = hyt_json_str(v);

    return strcmp(hyt_json_key(v), "role") == 0 &&
           s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                       "0123456789-_")] == '\0';
}

const struct hyt_jval *hyt_jfrom_json(struct hyt_jrun *r,
                                      const struct hyt_json *v, size_t most,
                                      bool user)
{
    const enum hyt_json_type type = hyt_json_type(v);
    const bool object = type == HYT_JSON_OBJECT;
    size_t count, k = 0;
    struct hyt_jval *list;

    if (type == HYT_JSON_NULL)
        return &hyt_jnone;
    if (type == HYT_JSON_BOOL)
        return hyt_json_bool(v) ? &hyt_jtrue : &hyt_jfalse;
    if (type == HYT_JSON_STR)
        return from_string(r, hyt_json_str(v), user);
    if (type == HYT_JSON_NUM)
        return from_number(r, v);
    count = hyt_json_count(v);
    if (most > 0 && most < count)
        count = most;
    list = hyt_jlist(r, object ? J_DICT : J_LIST, count);
    for (v = hyt_json_child(v); count-- > 0; v = hyt_json_next(v)) {
        const bool role =
            object && hyt_json_type(v) == HYT_JSON_STR && is_role(v);

        if (object)
            list->item[k++] = from_string(r, hyt_json_key(v), user);
        list->item[k++] = hyt_jfrom_json(r, v, 0, user && !role);
    }
    return list;
}

/* --- asking --------------------------------------------------------------- */

const char *hyt_jname(const struct hyt_jval *v)
{
    static const char *const name[] = {
        [J_UNDEFINED] = "undefined", [J_NONE] = "none",
        [J_BOOL] = "bool",           [J_INT] = "int",
        [J_FLOAT] = "float",         [J_STR] = "str",
        [J_LIST] = "list",           [J_TUPLE] = "tuple",
        [J_DICT] = "dict",           [J_SPACE] = "namespace",
        [J_MACRO] = "macro",         [J_BUILTIN] = "function",
    };

    return name[v->kind];
}

bool hyt_jtruth(const struct hyt_jval *v)
{
    double x;

    if (hyt_jnumber(v, &x))
        return x != 0;
    if (v->kind >= J_STR && v->kind <= J_DICT)
        return v->n > 0;
    return v->kind >= J_SPACE;
}

bool hyt_jnumber(const struct hyt_jval *v, double *x)
{
    *x = v->kind == J_FLOAT                      ? v->f
         : v->kind == J_INT || v->kind == J_BOOL ? (double)v->i
                                                 : 0;
    return v->kind == J_FLOAT || v->kind == J_INT || v->kind == J_BOOL;
}

static int order_bytes(const struct hyt_jval *x, const struct hyt_jval *y)
{
    const int c = memcmp(x->s, y->s, x->n < y->n ? x->n : y->n);

    return c ? c : (x->n > y->n) - (x->n < y->n);
}

bool hyt_jequal(struct hyt_jrun *r, const struct hyt_jval *x,
                const struct hyt_jval *y)
{
    double a, b;

    hyt_jstep(r, x->n);
    if (hyt_jnumber(x, &a) && hyt_jnumber(y, &b))
        return x->kind == J_FLOAT || y->kind == J_FLOAT ? a == b : x->i == y->i;
    if (x->kind != y->kind || x->kind >= J_SPACE)
        return x == y;
    if (x->kind == J_STR)
        return order_bytes(x, y) == 0;
    if (x->kind <= J_NONE)
        return true;
    for (size_t i = 0; i < x->n && x->n == y->n; i++) {
        const struct hyt_jval *v = y->item[i], *w = x->item[i];

        if (x->kind == J_DICT) {
            v = hyt_jmember(r, y, x->item[2 * i]->s, x->item[2 * i]->n);
            w = x->item[2 * i + 1];
        }
        if (v == NULL || !hyt_jequal(r, w, v))
            return false;
    }
    return x->n == y->n;
}

int hyt_jorder(struct hyt_jrun *r, const struct hyt_jval *x,
               const struct hyt_jval *y)
{
    double a, b;

    hyt_jstep(r, x->n);
    if (x->kind == J_STR && y->kind == J_STR)
        return order_bytes(x, y);
    if (hyt_jnumber(x, &a) && hyt_jnumber(y, &b))
        return (a > b) - (a < b);
    if (x->kind != y->kind || (x->kind != J_LIST && x->kind != J_TUPLE))
        hyt_jfail(r, "%s and %s have no order", hyt_jname(x), hyt_jname(y));
    for (size_t i = 0; i < x->n && i < y->n; i++)
        if (!hyt_jequal(r, x->item[i], y->item[i]))
            return hyt_jorder(r, x->item[i], y->item[i]);
    return (x->n > y->n) - (x->n < y->n);
}

const struct hyt_jval *hyt_jmember(struct hyt_jrun *r,
                                   const struct hyt_jval *dict, const char *key,
                                   size_t n)
{
    hyt_jstep(r, dict->n);
    /* Of two members of one name the last counts, as in Python. */
    for (size_t i = dict->n; i-- > 0;) {
        const struct hyt_jval *k = dict->item[2 * i];

        if (k->kind == J_STR && k->n == n && memcmp(k->s, key, n) == 0)
            return dict->item[2 * i + 1];
    }
    return NULL;
}

const struct hyt_jval *hyt_jitems(struct hyt_jrun *r, const struct hyt_jval *v)
{
    struct hyt_jval *list;
    size_t count = 0;

    if (v->kind == J_LIST || v->kind == J_TUPLE)
        return v;
    if (v->kind != J_DICT && v->kind != J_STR && v->kind != J_UNDEFINED)
        hyt_jfail(r, "%s has no items", hyt_jname(v));
    list = hyt_jlist(r, J_LIST, v->n);
    if (v->kind == J_DICT)
        for (size_t i = 0; i < v->n; i++)
            list->item[count++] = v->item[2 * i];
    for (size_t i = 0, width; v->kind == J_STR && i < v->n; i += width) {
        uint32_t cp;

        width = hyt_utf8_get(v->s + i, v->n - i, &cp);
        list->item[count++] = hyt_jpart(r, v, i, i + width);
    }
    list->n = count;
    return list;
}

bool hyt_jis_space(const char *s, size_t n, size_t *width)
{
    static const uint32_t other[] = {0x85,   0xa0,   0x1680, 0x2028,
                                     0x2029, 0x202f, 0x205f, 0x3000};
    uint32_t cp = 0;

    *width = hyt_utf8_get(s, n, &cp);
    if (cp == ' ' || (cp >= 9 && cp <= 13) || (cp >= 0x1c && cp <= 0x1f) ||
        (cp >= 0x2000 && cp <= 0x200a))
        return true;
    for (size_t i = 0; i < HYT_LEN(other); i++)
        if (cp == other[i])
            return true;
    return false;
}
