/* SPDX-License-Identifier: MIT */
/* print.c - values as text: as str() prints them, and as json.dumps() does */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value/inner.h"

/* As repr() of Python: an exponent of two digits from 1e16 and below 1e-4. */
static void put_number(struct hyt_vtext *t, struct hyt_val v)
{
    char digits[HYT_NUM_MAX], text[HYT_NUM_MAX + 8];
    const double x = v.kind == HYT_V_INT ? 0 : v.f;
    const char *e, *first = digits + strlen("0.0000") + (x < 0);

    if (!isfinite(x))
        hyt_vfail(t->work, "a number that is too large");
    hyt_num_f64(digits, x);
    e = strchr(digits, 'e');
    if (v.kind == HYT_V_INT)
        snprintf(text, sizeof(text), "%" PRId64, v.i);
    else if (e != NULL)
        snprintf(text, sizeof(text), "%.*se%+03ld", (int)(e - digits), digits,
                 strtol(e + 1, NULL, 10));
    else if (x != 0 && fabs(x) < 1e-4) /* 0.0000ddd */
        snprintf(text, sizeof(text), "%s%c%s%se-05", x < 0 ? "-" : "", *first,
                 first[1] ? "." : "", first + 1);
    else
        snprintf(text, sizeof(text), "%s%s", digits,
                 strchr(digits, '.') ? "" : ".0");
    hyt_vputs(t, text);
}

static void put_code(struct hyt_vtext *t, uint32_t cp, bool json)
{
    char text[16];

    if (!json)
        snprintf(text, sizeof(text), "\\x%02x", cp);
    else if (cp < 0x10000)
        snprintf(text, sizeof(text), "\\u%04x", cp);
    else
        snprintf(text, sizeof(text), "\\u%04x\\u%04x",
                 0xd800 + ((cp - 0x10000) >> 10), 0xdc00 + (cp & 0x3ff));
    hyt_vputs(t, text);
}

/* A string in quotes; repr() chooses those that need no escape, if it can. */
static void put_quoted(struct hyt_vtext *t, struct hyt_val v,
                       const struct hyt_vstyle *style)
{
    static const char control[] = "\n\t\r\b\f", letter[] = "ntrbf";
    const bool twice = style->json || (memchr(v.s, '\'', v.n) != NULL &&
                                       memchr(v.s, '"', v.n) == NULL);
    const char *quote = twice ? "\"" : "'";

    hyt_vputs(t, quote);
    for (size_t i = 0, width; i < v.n; i += width) {
        const char *known = memchr(control, v.s[i], style->json ? 5 : 3);
        uint32_t cp;

        width = hyt_utf8_get(v.s + i, v.n - i, &cp);
        if (known != NULL || v.s[i] == *quote || v.s[i] == '\\')
            hyt_vputs(t, "\\");
        if (known != NULL)
            hyt_vput(t, letter + (known - control), NULL, 1);
        else if (cp < ' ' || (cp == 0x7f && !style->json) ||
                 (cp > '~' && style->ascii))
            put_code(t, cp, style->json);
        else
            hyt_vput(t, v.s + i, v.mark ? v.mark + i : NULL, width);
    }
    hyt_vputs(t, quote);
}

static void put_break(struct hyt_vtext *t, int64_t indent, size_t level)
{
    hyt_vputs(t, indent < 0 ? "" : "\n");
    for (size_t i = 0; indent > 0 && i < level * (size_t)indent; i++)
        hyt_vputs(t, " ");
}

static void put_items(struct hyt_vtext *t, struct hyt_val v,
                      const struct hyt_vstyle *style, size_t level)
{
    const bool dict = v.kind == HYT_V_DICT, tuple = v.kind == HYT_V_TUPLE;
    const char *brackets = dict ? "{}" : tuple && !style->json ? "()" : "[]";

    hyt_vput(t, brackets, NULL, 1);
    for (size_t i = 0; i < v.n; i++) {
        if (i > 0)
            hyt_vputv(t, style->item);
        put_break(t, style->indent, level + 1);
        if (dict) {
            struct hyt_val key = v.item[2 * i];

            if (style->json && key.kind != HYT_V_STR) {
                struct hyt_vtext text = {.work = t->work};

                hyt_vput_as(&text, key, style, 0);
                key = hyt_vdone(&text);
            }
            hyt_vput_as(t, key, style, level + 1);
            hyt_vputv(t, style->key);
        }
        hyt_vput_as(t, v.item[dict ? 2 * i + 1 : i], style, level + 1);
    }
    if (v.n > 0)
        put_break(t, style->indent, level);
    if (tuple && v.n == 1 && !style->json)
        hyt_vputs(t, ",");
    hyt_vput(t, brackets + 1, NULL, 1);
}

void hyt_vput_as(struct hyt_vtext *t, struct hyt_val v,
                 const struct hyt_vstyle *style, size_t level)
{
    hyt_vstep(t->work, 0);
    hyt_vdeeper(t->work);
    if (v.kind >= HYT_V_SPACE || (v.kind == HYT_V_UNDEFINED && style->json))
        hyt_vfail(t->work, "a value that is %s cannot be printed",
                  hyt_vname(v));
    if (v.kind == HYT_V_NONE)
        hyt_vputs(t, style->json ? "null" : "None");
    else if (v.kind == HYT_V_BOOL && style->json)
        hyt_vputs(t, v.i ? "true" : "false");
    else if (v.kind == HYT_V_BOOL)
        hyt_vputs(t, v.i ? "True" : "False");
    else if (v.kind == HYT_V_INT || v.kind == HYT_V_FLOAT)
        put_number(t, v);
    else if (v.kind == HYT_V_STR)
        put_quoted(t, v, style);
    else if (v.kind != HYT_V_UNDEFINED)
        put_items(t, v, style, level);
    t->work->used.depth--;
}

void hyt_vputv(struct hyt_vtext *t, struct hyt_val v)
{
    const struct hyt_vstyle python = {
        .item = hyt_vstr(", "), .key = hyt_vstr(": "), .indent = -1};

    hyt_vstep(t->work, 0);
    if (v.kind == HYT_V_STR)
        hyt_vput(t, v.s, v.mark, v.n);
    else
        hyt_vput_as(t, v, &python, 0);
}

struct hyt_val hyt_vtext(struct hyt_vwork *w, struct hyt_val v)
{
    struct hyt_vtext t = {.work = w};

    if (v.kind == HYT_V_STR)
        return v;
    hyt_vputv(&t, v);
    return hyt_vdone(&t);
}
