/* SPDX-License-Identifier: MIT */
/* print.c - values as text: as str() prints them, and as json.dumps() does */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jinja/run.h"

/* As repr() of Python: an exponent of two digits from 1e16 and below 1e-4. */
static void put_number(struct text *t, struct val v)
{
    char digits[HYT_NUM_MAX], text[HYT_NUM_MAX + 8];
    const double x = v.kind == J_INT ? 0 : v.f;
    const char *e, *first = digits + strlen("0.0000") + (x < 0);

    if (!isfinite(x))
        hyt_jfail(t->run, "a number that is too large");
    hyt_num_f64(digits, x);
    e = strchr(digits, 'e');
    if (v.kind == J_INT)
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
    hyt_jputs(t, text);
}

static void put_code(struct text *t, uint32_t cp, bool json)
{
    char text[16];

    if (!json)
        snprintf(text, sizeof(text), "\\x%02x", cp);
    else if (cp < 0x10000)
        snprintf(text, sizeof(text), "\\u%04x", cp);
    else
        snprintf(text, sizeof(text), "\\u%04x\\u%04x",
                 0xd800 + ((cp - 0x10000) >> 10), 0xdc00 + (cp & 0x3ff));
    hyt_jputs(t, text);
}

/* A string in quotes; repr() chooses those that need no escape, if it can. */
static void put_quoted(struct text *t, struct val v, const struct style *style)
{
    static const char control[] = "\n\t\r\b\f", letter[] = "ntrbf";
    const bool twice = style->json || (memchr(v.s, '\'', v.n) != NULL &&
                                       memchr(v.s, '"', v.n) == NULL);
    const char *quote = twice ? "\"" : "'";

    hyt_jputs(t, quote);
    for (size_t i = 0, width; i < v.n; i += width) {
        const char *known = memchr(control, v.s[i], style->json ? 5 : 3);
        uint32_t cp;

        width = hyt_utf8_get(v.s + i, v.n - i, &cp);
        if (known != NULL || v.s[i] == *quote || v.s[i] == '\\')
            hyt_jputs(t, "\\");
        if (known != NULL)
            hyt_jput(t, letter + (known - control), NULL, 1);
        else if (cp < ' ' || (cp == 0x7f && !style->json) ||
                 (cp > '~' && style->ascii))
            put_code(t, cp, style->json);
        else
            hyt_jput(t, v.s + i, v.mark ? v.mark + i : NULL, width);
    }
    hyt_jputs(t, quote);
}

static void put_break(struct text *t, int64_t indent, size_t level)
{
    hyt_jputs(t, indent < 0 ? "" : "\n");
    for (size_t i = 0; indent > 0 && i < level * (size_t)indent; i++)
        hyt_jputs(t, " ");
}

static void put_items(struct text *t, struct val v, const struct style *style,
                      size_t level)
{
    const bool dict = v.kind == J_DICT, tuple = v.kind == J_TUPLE;
    const char *brackets = dict ? "{}" : tuple && !style->json ? "()" : "[]";

    hyt_jput(t, brackets, NULL, 1);
    for (size_t i = 0; i < v.n; i++) {
        if (i > 0)
            hyt_jputv(t, style->item);
        put_break(t, style->indent, level + 1);
        if (dict) {
            struct val key = v.item[2 * i];

            if (style->json)
                key = hyt_jtext(t->run, key);
            hyt_jput_as(t, key, style, level + 1);
            hyt_jputv(t, style->key);
        }
        hyt_jput_as(t, v.item[dict ? 2 * i + 1 : i], style, level + 1);
    }
    if (v.n > 0)
        put_break(t, style->indent, level);
    if (tuple && v.n == 1 && !style->json)
        hyt_jputs(t, ",");
    hyt_jput(t, brackets + 1, NULL, 1);
}

void hyt_jput_as(struct text *t, struct val v, const struct style *style,
                 size_t level)
{
    hyt_jstep(t->run, 0);
    hyt_jdeeper(t->run);
    if (v.kind >= J_SPACE || (v.kind == J_UNDEFINED && style->json))
        hyt_jfail(t->run, "a value that is %s cannot be printed", hyt_jname(v));
    if (v.kind == J_NONE)
        hyt_jputs(t, style->json ? "null" : "None");
    else if (v.kind == J_BOOL && style->json)
        hyt_jputs(t, v.i ? "true" : "false");
    else if (v.kind == J_BOOL)
        hyt_jputs(t, v.i ? "True" : "False");
    else if (v.kind == J_INT || v.kind == J_FLOAT)
        put_number(t, v);
    else if (v.kind == J_STR)
        put_quoted(t, v, style);
    else if (v.kind != J_UNDEFINED)
        put_items(t, v, style, level);
    t->run->depth--;
}

void hyt_jputv(struct text *t, struct val v)
{
    const struct style python = {
        .item = hyt_jstr(", "), .key = hyt_jstr(": "), .indent = -1};

    hyt_jstep(t->run, 0);
    if (v.kind == J_STR)
        hyt_jput(t, v.s, v.mark, v.n);
    else
        hyt_jput_as(t, v, &python, 0);
}

struct val hyt_jtext(struct run *r, struct val v)
{
    struct text t = {.run = r};

    if (v.kind == J_STR)
        return v;
    hyt_jputv(&t, v);
    return hyt_jdone(&t);
}
