/* SPDX-License-Identifier: MIT */
/* value.c - making values and asking them */
#include <math.h>
#include <string.h>

#include "jinja/run.h"

#define NAME "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

/* --- making --------------------------------------------------------------- */

void hyt_jput(struct text *t, const char *s, const unsigned char *mark,
              size_t n)
{
    if (n >= t->cap - t->n) {
        const struct text old = *t;

        t->cap = 2 * (old.n + n) + 32;
        t->s = hyt_jalloc(t->run, t->cap, 1);
        t->mark = hyt_jalloc(t->run, t->cap, 1);
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

void hyt_jputs(struct text *t, const char *s)
{
    hyt_jput(t, s, NULL, strlen(s));
}

struct val hyt_jdone(const struct text *t)
{
    return (struct val){
        .kind = J_STR, .n = t->n, .s = t->n ? t->s : "", .mark = t->mark};
}

struct val hyt_jstr(const char *s)
{
    return (struct val){.kind = J_STR, .n = strlen(s), .s = s};
}

char *hyt_jchars(struct run *r, struct val v)
{
    struct text t = {.run = r};

    hyt_jput(&t, v.s, NULL, v.n);
    return t.s;
}

struct val hyt_jpart(struct val v, size_t begin, size_t end)
{
    v.n = end - begin;
    v.s += begin;
    v.mark = v.mark ? v.mark + begin : NULL;
    return v;
}

/* The room doubles when n is a power of two. */
void hyt_jappend(struct run *r, struct val *list, struct val v)
{
    const size_t n = list->n;
    struct val *old = list->item;

    if ((n & (n - 1)) == 0)
        list->item = hyt_jalloc(r, 2 * n + 1, sizeof(v));
    if ((n & (n - 1)) == 0 && n > 0)
        memcpy(list->item, old, n * sizeof(v));
    list->item[list->n++] = v;
}

static struct val from_string(struct run *r, const char *s, bool user)
{
    struct text t = {.run = r};

    if (!user)
        return hyt_jstr(s);
    hyt_jputs(&t, s);
    memset(t.mark, HYT_JINJA_USER, t.n);
    return hyt_jdone(&t);
}

/* 1.0 is no whole number to Python, which prints it so. */
static struct val from_number(struct run *r, const struct hyt_json *v)
{
    const char *spelled = hyt_json_num_text(v);
    const double x = hyt_json_num(v);
    struct hyt_err why;
    int64_t i = 0;

    if (spelled == NULL && x == floor(x))
        return hyt_jint((int64_t)x);
    if (spelled == NULL || spelled[strcspn(spelled, ".eE")] != '\0')
        return (struct val){.kind = J_FLOAT, .f = x};
    if (hyt_parse_i64(spelled, &i, &why) < 0)
        hyt_jfail(r, "an integer of more than 64 bits");
    return hyt_jint(i);
}

/* What may be part of a special token: see HYT_JINJA_USER. */
static bool is_role(const char *key, const struct hyt_json *v)
{
    return key != NULL && strcmp(key, "role") == 0 &&
           hyt_json_type(v) == HYT_JSON_STR &&
           hyt_json_str(v)[strspn(hyt_json_str(v), NAME)] == '\0';
}

struct val hyt_jfrom_json(struct run *r, const struct hyt_json *v, size_t most,
                          bool user)
{
    const enum hyt_json_type type = hyt_json_type(v);
    const bool object = type == HYT_JSON_OBJECT;
    struct val list = {.kind = object ? J_DICT : J_LIST};
    size_t count;

    if (type == HYT_JSON_NULL)
        return (struct val){.kind = J_NONE};
    if (type == HYT_JSON_BOOL)
        return hyt_jbool(hyt_json_bool(v));
    if (type == HYT_JSON_STR)
        return from_string(r, hyt_json_str(v), user);
    if (type == HYT_JSON_NUM)
        return from_number(r, v);
    count = hyt_json_count(v);
    if (most > 0 && most < count)
        count = most;
    v = hyt_json_child(v);
    for (size_t i = 0; i < count; i++, v = hyt_json_next(v)) {
        const char *key = object ? hyt_json_key(v) : NULL;

        if (object)
            hyt_jappend(r, &list, from_string(r, key, user));
        hyt_jappend(r, &list,
                    hyt_jfrom_json(r, v, 0, user && !is_role(key, v)));
    }
    list.n = count;
    return list;
}

/* --- asking --------------------------------------------------------------- */

const char *hyt_jname(struct val v)
{
    static const char *const name[] = {
        "undefined", "none", "bool",      "int",  "float", "str",     "list",
        "tuple",     "dict", "namespace", "loop", "macro", "function"};

    return name[v.kind];
}

void hyt_jneed(struct run *r, struct val v)
{
    if (v.kind == J_UNDEFINED)
        hyt_jfail(r, "\"%.80s\" is undefined", v.s);
}

static bool is_number(struct val v)
{
    return v.kind >= J_BOOL && v.kind <= J_FLOAT;
}

static double as_double(struct val v)
{
    return v.kind == J_FLOAT ? v.f : (double)v.i;
}

bool hyt_jtruth(struct val v)
{
    if (is_number(v))
        return v.kind == J_FLOAT ? v.f != 0 : v.i != 0;
    return v.kind >= J_SPACE || (v.kind >= J_STR && v.n > 0);
}

static int order_bytes(struct val x, struct val y)
{
    const int c = memcmp(x.s, y.s, x.n < y.n ? x.n : y.n);

    return c ? c : (x.n > y.n) - (x.n < y.n);
}

static bool equal(struct run *r, struct val x, struct val y)
{
    hyt_jstep(r, x.n);
    if (is_number(x) && is_number(y))
        return x.kind == J_FLOAT || y.kind == J_FLOAT
                   ? as_double(x) == as_double(y)
                   : x.i == y.i;
    if (x.kind != y.kind || x.kind >= J_SPACE)
        return x.kind == J_SPACE && y.kind == J_SPACE && x.scope == y.scope;
    if (x.kind == J_STR)
        return order_bytes(x, y) == 0;
    for (size_t i = 0; i < x.n && x.n == y.n; i++) {
        const bool dict = x.kind == J_DICT;
        const struct val *v =
            dict ? hyt_jmember(r, y, x.item[2 * i]) : &y.item[i];

        if (v == NULL || !equal(r, x.item[dict ? 2 * i + 1 : i], *v))
            return false;
    }
    return x.n == y.n;
}

int hyt_jorder(struct run *r, struct val x, struct val y)
{
    hyt_jstep(r, x.n);
    if (x.kind == J_STR && y.kind == J_STR)
        return order_bytes(x, y);
    if (is_number(x) && is_number(y))
        return (as_double(x) > as_double(y)) - (as_double(x) < as_double(y));
    if (x.kind != y.kind || (x.kind != J_LIST && x.kind != J_TUPLE))
        hyt_jfail(r, "%s and %s have no order", hyt_jname(x), hyt_jname(y));
    for (size_t i = 0; i < x.n && i < y.n; i++)
        if (!equal(r, x.item[i], y.item[i]))
            return hyt_jorder(r, x.item[i], y.item[i]);
    return (x.n > y.n) - (x.n < y.n);
}

/* Of two members of one name the last counts, as in Python. */
const struct val *hyt_jmember(struct run *r, struct val dict, struct val key)
{
    hyt_jstep(r, dict.n);
    for (size_t i = dict.n; i-- > 0 && key.kind == J_STR;) {
        const struct val k = dict.item[2 * i];

        if (k.kind == J_STR && k.n == key.n && memcmp(k.s, key.s, k.n) == 0)
            return dict.item + 2 * i + 1;
    }
    return NULL;
}

struct val hyt_jitems(struct run *r, struct val v)
{
    struct val list = {.kind = J_LIST};

    if (v.kind == J_LIST || v.kind == J_TUPLE)
        return v;
    if (v.kind != J_DICT && v.kind != J_STR && v.kind != J_UNDEFINED)
        hyt_jfail(r, "%s has no items", hyt_jname(v));
    list.item = hyt_jalloc(r, v.n + 1, sizeof(v)); /* at once: n may be large */
    for (size_t i = 0; v.kind == J_DICT && i < v.n; i++)
        list.item[list.n++] = v.item[2 * i];
    for (size_t i = 0, width; v.kind == J_STR && i < v.n; i += width) {
        uint32_t cp;

        width = hyt_utf8_get(v.s + i, v.n - i, &cp);
        list.item[list.n++] = hyt_jpart(v, i, i + width);
    }
    return list;
}

size_t hyt_jsearch(struct run *r, struct val v, struct val what, size_t from)
{
    hyt_jstep(r, v.n - from);
    for (size_t i = from; i <= v.n && v.n - i >= what.n; i++)
        if (what.n == 0 ||
            (v.s[i] == what.s[0] && memcmp(v.s + i, what.s, what.n) == 0))
            return i;
    return SIZE_MAX;
}

static bool contains(struct run *r, struct val in, struct val x)
{
    if (in.kind == J_STR && x.kind == J_STR)
        return hyt_jsearch(r, in, x, 0) != SIZE_MAX;
    if (in.kind == J_DICT)
        return hyt_jmember(r, in, x) != NULL;
    if (in.kind == J_STR)
        hyt_jfail(r, "%s in str", hyt_jname(x));
    in = hyt_jitems(r, in);
    for (size_t i = 0; i < in.n; i++)
        if (equal(r, in.item[i], x))
            return true;
    return false;
}

bool hyt_jcompare(struct run *r, char op, struct val a, struct val b)
{
    int order;

    if (op == '=' || op == '!')
        return equal(r, a, b) == (op == '=');
    if (op == 'i' || op == 'n')
        return contains(r, b, a) == (op == 'i');
    order = hyt_jorder(r, a, b);
    return op == '<'   ? order < 0
           : op == '>' ? order > 0
           : op == 'l' ? order <= 0
                       : order >= 0;
}

/* --- arithmetic ----------------------------------------------------------- */

static struct val integers(struct run *r, char op, int64_t x, int64_t y)
{
    int64_t z = 1;
    bool over = false;

    if (op == '+')
        over = __builtin_add_overflow(x, y, &z);
    else if (op == '-')
        over = __builtin_sub_overflow(x, y, &z);
    else if (op == '*')
        over = __builtin_mul_overflow(x, y, &z);
    else if (op == 'P')
        for (; y > 0 && !over && (x > 1 || x < -1 || (y &= 1) != 0); y--)
            over = __builtin_mul_overflow(z, x, &z);
    else if ((over = x == INT64_MIN && y == -1) == false)
        z = op == '%' ? x % y + (x % y != 0 && (x < 0) != (y < 0) ? y : 0)
                      : x / y - (x % y != 0 && (x < 0) != (y < 0));
    if (over)
        hyt_jfail(r, "an integer of more than 64 bits");
    return hyt_jint(z);
}

static struct val numbers(struct run *r, char op, struct val a, struct val b)
{
    const double x = as_double(a), y = as_double(b);

    if (strchr("/F%", op) != NULL && y == 0)
        hyt_jfail(r, "division by zero");
    if (a.kind != J_FLOAT && b.kind != J_FLOAT && op != '/' &&
        (op != 'P' || b.i >= 0))
        return integers(r, op, a.i, b.i);
    return (struct val){.kind = J_FLOAT,
                        .f = op == '+'   ? x + y
                             : op == '-' ? x - y
                             : op == '*' ? x * y
                             : op == '/' ? x / y
                             : op == 'F' ? floor(x / y)
                             : op == '%' ? x - y * floor(x / y)
                                         : pow(x, y)};
}

struct val hyt_jbinary(struct run *r, char op, struct val a, struct val b)
{
    struct val list = {.kind = a.kind};
    struct text t = {.run = r};

    if (op == '~' || (op == '+' && a.kind == J_STR && b.kind == J_STR)) {
        hyt_jputv(&t, a);
        hyt_jputv(&t, b);
        return hyt_jdone(&t);
    }
    hyt_jneed(r, a);
    hyt_jneed(r, b);
    if (is_number(a) && is_number(b))
        return numbers(r, op, a, b);
    if (op == '*' && a.kind == J_STR && b.kind == J_INT) {
        for (int64_t i = 0; i < b.i && a.n > 0; i++)
            hyt_jputv(&t, a);
        return hyt_jdone(&t);
    }
    if (op != '+' || a.kind != b.kind ||
        (a.kind != J_LIST && a.kind != J_TUPLE))
        hyt_jfail(r, "no %s of %s and %s",
                  op == '+'   ? "sum"
                  : op == '-' ? "difference"
                              : "such operation",
                  hyt_jname(a), hyt_jname(b));
    for (size_t i = 0; i < a.n + b.n; i++)
        hyt_jappend(r, &list, i < a.n ? a.item[i] : b.item[i - a.n]);
    return list;
}
