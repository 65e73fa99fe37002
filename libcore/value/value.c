/* SPDX-License-Identifier: MIT */
/* value.c - asking values, and making them of JSON */
#include <math.h>
#include <string.h>

#include "value/inner.h"

#define NAME "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

/* --- asking --------------------------------------------------------------- */

const char *hyt_vname(struct hyt_val v)
{
    static const char *const name[] = {
        "undefined", "none", "bool",      "int",  "float", "str",     "list",
        "tuple",     "dict", "namespace", "loop", "macro", "function"};

    return name[v.kind];
}

void hyt_vneed(struct hyt_vwork *w, struct hyt_val v)
{
    if (v.kind == HYT_V_UNDEFINED)
        hyt_vfail(w, "\"%.80s\" is undefined", v.s);
}

bool hyt_vtruth(struct hyt_val v)
{
    if (hyt_vis_number(v))
        return v.kind == HYT_V_FLOAT ? v.f != 0 : v.i != 0;
    return v.kind >= HYT_V_SPACE || (v.kind >= HYT_V_STR && v.n > 0);
}

static int order_bytes(struct hyt_val x, struct hyt_val y)
{
    const int c = memcmp(x.s, y.s, x.n < y.n ? x.n : y.n);

    return c ? c : (x.n > y.n) - (x.n < y.n);
}

static bool equal(struct hyt_vwork *w, struct hyt_val x, struct hyt_val y)
{
    hyt_vstep(w, x.n);
    if (hyt_vis_number(x) && hyt_vis_number(y))
        return x.kind == HYT_V_FLOAT || y.kind == HYT_V_FLOAT
                   ? hyt_vdouble(x) == hyt_vdouble(y)
                   : x.i == y.i;
    if (x.kind != y.kind || x.kind >= HYT_V_SPACE)
        return x.kind == HYT_V_SPACE && y.kind == HYT_V_SPACE &&
               x.scope == y.scope;
    if (x.kind == HYT_V_STR)
        return order_bytes(x, y) == 0;
    for (size_t i = 0; i < x.n && x.n == y.n; i++) {
        const bool dict = x.kind == HYT_V_DICT;
        const struct hyt_val *v =
            dict ? hyt_vmember(w, y, x.item[2 * i]) : &y.item[i];

        if (v == NULL || !equal(w, x.item[dict ? 2 * i + 1 : i], *v))
            return false;
    }
    return x.n == y.n;
}

int hyt_vorder(struct hyt_vwork *w, struct hyt_val x, struct hyt_val y)
{
    hyt_vstep(w, x.n);
    if (x.kind == HYT_V_STR && y.kind == HYT_V_STR)
        return order_bytes(x, y);
    if (hyt_vis_number(x) && hyt_vis_number(y))
        return (hyt_vdouble(x) > hyt_vdouble(y)) -
               (hyt_vdouble(x) < hyt_vdouble(y));
    if (x.kind != y.kind || (x.kind != HYT_V_LIST && x.kind != HYT_V_TUPLE))
        hyt_vfail(w, "%s and %s have no order", hyt_vname(x), hyt_vname(y));
    for (size_t i = 0; i < x.n && i < y.n; i++)
        if (!equal(w, x.item[i], y.item[i]))
            return hyt_vorder(w, x.item[i], y.item[i]);
    return (x.n > y.n) - (x.n < y.n);
}

/* Of two members of one name the last counts, as in Python. */
const struct hyt_val *hyt_vmember(struct hyt_vwork *w, struct hyt_val dict,
                                  struct hyt_val key)
{
    hyt_vstep(w, dict.n);
    for (size_t i = dict.n; i-- > 0;) {
        const struct hyt_val k = dict.item[2 * i];

        if (k.kind == HYT_V_STR
                ? key.kind == HYT_V_STR && order_bytes(k, key) == 0
                : key.kind != HYT_V_STR && equal(w, k, key))
            return dict.item + 2 * i + 1;
    }
    return NULL;
}

struct hyt_val hyt_vitems(struct hyt_vwork *w, struct hyt_val v)
{
    struct hyt_val list = {.kind = HYT_V_LIST};

    if (v.kind == HYT_V_LIST || v.kind == HYT_V_TUPLE)
        return v;
    if (v.kind != HYT_V_DICT && v.kind != HYT_V_STR &&
        v.kind != HYT_V_UNDEFINED)
        hyt_vfail(w, "%s has no items", hyt_vname(v));
    list.item = hyt_valloc(w, v.n + 1, sizeof(v)); /* at once: n may be large */
    for (size_t i = 0; v.kind == HYT_V_DICT && i < v.n; i++)
        list.item[list.n++] = v.item[2 * i];
    for (size_t i = 0, width; v.kind == HYT_V_STR && i < v.n; i += width) {
        uint32_t cp;

        width = hyt_utf8_get(v.s + i, v.n - i, &cp);
        list.item[list.n++] = hyt_vpart(v, i, i + width);
    }
    return list;
}

size_t hyt_vsearch(struct hyt_vwork *w, struct hyt_val v, struct hyt_val what,
                   size_t from)
{
    hyt_vstep(w, v.n - from);
    for (size_t i = from; i <= v.n && v.n - i >= what.n; i++)
        if (what.n == 0 ||
            (v.s[i] == what.s[0] && memcmp(v.s + i, what.s, what.n) == 0))
            return i;
    return SIZE_MAX;
}

static bool contains(struct hyt_vwork *w, struct hyt_val in, struct hyt_val x)
{
    if (in.kind == HYT_V_STR && x.kind == HYT_V_STR)
        return hyt_vsearch(w, in, x, 0) != SIZE_MAX;
    if (in.kind == HYT_V_DICT)
        return hyt_vmember(w, in, x) != NULL;
    if (in.kind == HYT_V_STR)
        hyt_vfail(w, "%s in str", hyt_vname(x));
    in = hyt_vitems(w, in);
    for (size_t i = 0; i < in.n; i++)
        if (equal(w, in.item[i], x))
            return true;
    return false;
}

bool hyt_vcompare(struct hyt_vwork *w, char op, struct hyt_val a,
                  struct hyt_val b)
{
    int order;

    if (op == '=' || op == '!')
        return equal(w, a, b) == (op == '=');
    if (op == 'i' || op == 'n')
        return contains(w, b, a) == (op == 'i');
    order = hyt_vorder(w, a, b);
    return op == '<'   ? order < 0
           : op == '>' ? order > 0
           : op == 'l' ? order <= 0
                       : order >= 0;
}

struct hyt_val hyt_vitem(struct hyt_vwork *w, struct hyt_val v,
                         struct hyt_val key, bool dot)
{
    static const struct hyt_builtin *const methods[] = {hyt_vmethods,
                                                        hyt_vfunctions, NULL};
    const bool named = key.kind == HYT_V_STR;
    const struct hyt_val *member = NULL;
    struct hyt_val x = hyt_vnothing(named ? hyt_vchars(w, key) : "that item");
    int64_t i = key.i;

    hyt_vneed(w, v);
    if (named && v.kind >= HYT_V_STR && v.kind <= HYT_V_DICT &&
        (v.kind != HYT_V_DICT || dot))
        x = hyt_vbound(w, hyt_vfind(methods, x.s, "slld"[v.kind - HYT_V_STR]),
                       x.s, v);
    if (v.kind == HYT_V_DICT && x.kind == HYT_V_UNDEFINED)
        member = hyt_vmember(w, v, key);
    if (v.kind == HYT_V_SPACE && named)
        member = hyt_vget(v.scope, x.s);
    if (key.kind != HYT_V_INT || v.kind < HYT_V_STR || v.kind > HYT_V_TUPLE)
        return member ? *member : x;
    v = hyt_vitems(w, v);
    if (i < 0)
        i += (int64_t)v.n;
    return i >= 0 && i < (int64_t)v.n ? v.item[i] : x;
}

/* --- from JSON ------------------------------------------------------------ */

static struct hyt_val from_string(struct hyt_vwork *w, const char *s,
                                  unsigned char mark)
{
    struct hyt_vtext t = {.work = w};

    if (mark == 0)
        return hyt_vstr(s);
    hyt_vputs(&t, s);
    memset(t.mark, mark, t.n);
    return hyt_vdone(&t);
}

/* 1.0 is no whole number to Python, which prints it so. */
static struct hyt_val from_number(struct hyt_vwork *w, const struct hyt_json *v)
{
    const char *spelled = hyt_json_num_text(v);
    const double x = hyt_json_num(v);
    struct hyt_err why;
    int64_t i = 0;

    if (spelled == NULL && x == floor(x))
        return hyt_vint((int64_t)x);
    if (spelled == NULL || spelled[strcspn(spelled, ".eE")] != '\0')
        return (struct hyt_val){.kind = HYT_V_FLOAT, .f = x};
    if (hyt_parse_i64(spelled, &i, &why) < 0)
        hyt_vfail(w, "an integer of more than 64 bits");
    return hyt_vint(i);
}

/* What templates make special tokens of. */
static bool is_role(const char *key, const struct hyt_json *v)
{
    return key != NULL && strcmp(key, "role") == 0 &&
           hyt_json_type(v) == HYT_JSON_STR &&
           hyt_json_str(v)[strspn(hyt_json_str(v), NAME)] == '\0';
}

struct hyt_val hyt_vfrom_json(struct hyt_vwork *w, const struct hyt_json *v,
                              size_t most, unsigned char mark)
{
    const enum hyt_json_type type = hyt_json_type(v);
    const bool object = type == HYT_JSON_OBJECT;
    struct hyt_val list = {.kind = object ? HYT_V_DICT : HYT_V_LIST};
    size_t count;

    if (type == HYT_JSON_NULL)
        return (struct hyt_val){.kind = HYT_V_NONE};
    if (type == HYT_JSON_BOOL)
        return hyt_vbool(hyt_json_bool(v));
    if (type == HYT_JSON_STR)
        return from_string(w, hyt_json_str(v), mark);
    if (type == HYT_JSON_NUM)
        return from_number(w, v);
    count = hyt_json_count(v);
    if (most > 0 && most < count)
        count = most;
    v = hyt_json_child(v);
    for (size_t i = 0; i < count; i++, v = hyt_json_next(v)) {
        const char *key = object ? hyt_json_key(v) : NULL;

        if (object)
            hyt_vappend(w, &list, from_string(w, key, mark));
        hyt_vappend(w, &list,
                    hyt_vfrom_json(w, v, 0, is_role(key, v) ? 0 : mark));
    }
    list.n = count;
    return list;
}
