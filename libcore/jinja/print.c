/* SPDX-License-Identifier: MIT */
/* print.c - values as text: as str() prints them, and as json.dumps() does */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jinja/run.h"

static void puts_to(struct hyt_jrun *r, struct hyt_jtext *t, const char *s)
{
    hyt_jput(r, t, s, NULL, strlen(s));
}

/* As repr() of Python: an exponent of two digits from 1e16 and below 1e-4. */
static void put_float(struct hyt_jrun *r, struct hyt_jtext *t, double x)
{
    char text[HYT_NUM_MAX + 8];
    char *e, *digit;
    int power = -5;

    if (!isfinite(x))
        hyt_jfail(r, "a number that is too large");
    hyt_num_f64(text, x);
    e = strchr(text, 'e');
    digit = text + (text[0] == '-');
    if (e != NULL) {
        power = (int)strtol(e + 1, NULL, 10);
        *e = '\0';
    } else if (x != 0 && fabs(x) < 1e-4) { /* 0.0000ddd */
        memmove(digit, digit + 6, strlen(digit + 6) + 1);
        if (digit[1] != '\0')
            memmove(digit + 2, digit + 1, strlen(digit + 1) + 1);
        if (digit[1] != '\0')
            digit[1] = '.';
    } else {
        puts_to(r, t, text);
        puts_to(r, t, text[strcspn(text, ".")] == '\0' ? ".0" : "");
        return;
    }
    e = text + strlen(text);
    snprintf(e, sizeof text - (size_t)(e - text), "e%+03d", power);
    puts_to(r, t, text);
}

static void put_number(struct hyt_jrun *r, struct hyt_jtext *t,
                       const struct hyt_jval *v)
{
    struct hyt_buf b = {0};

    if (v->kind == J_FLOAT) {
        put_float(r, t, v->f);
        return;
    }
    hyt_json_put_int(&b, v->i);
    hyt_jput(r, t, b.s, NULL, b.n);
    hyt_buf_free(&b);
}

/* The escape of a control character or a backslash; NULL: it needs none. */
static const char *escaped(char c)
{
    static const char from[] = "\n\t\r\\\b\f";
    static const char *const to[] = {"\\n", "\\t", "\\r", "\\\\", "\\b", "\\f"};
    const char *at = c ? strchr(from, c) : NULL;

    return at ? to[at - from] : NULL;
}

static const char *hex(char c, char code[8])
{
    snprintf(code, 8, "\\x%02x", (unsigned)c & 0xff);
    return code;
}

/* With the quote that needs no escape, if there is one. */
static void put_repr(struct hyt_jrun *r, struct hyt_jtext *t,
                     const struct hyt_jval *v)
{
    const bool twice =
        memchr(v->s, '\'', v->n) != NULL && memchr(v->s, '"', v->n) == NULL;
    const char quote[] = {twice ? '"' : '\'', '\0'};
    char code[8];

    puts_to(r, t, quote);
    for (size_t i = 0; i < v->n; i++) {
        const char c = v->s[i], *to = escaped(c);
        const bool control = (unsigned char)c < ' ' || c == 0x7f;

        if (c == quote[0])
            puts_to(r, t, "\\");
        if (control && memchr("\n\t\r", c, 3) == NULL)
            to = hex(c, code);
        if (to != NULL)
            puts_to(r, t, to);
        else
            hyt_jput(r, t, &c, v->mark ? v->mark + i : NULL, 1);
    }
    puts_to(r, t, quote);
}

static void put_nested(struct hyt_jrun *r, struct hyt_jtext *t,
                       const struct hyt_jval *v)
{
    hyt_jdeeper(r);
    if (v->kind == J_STR)
        put_repr(r, t, v);
    else
        hyt_jput_value(r, t, v);
    r->depth--;
}

void hyt_jput_value(struct hyt_jrun *r, struct hyt_jtext *t,
                    const struct hyt_jval *v)
{
    const bool dict = v->kind == J_DICT;
    const char *brackets = dict ? "{}" : v->kind == J_LIST ? "[]" : "()";

    hyt_jstep(r, 0);
    if (v->kind == J_STR)
        hyt_jput(r, t, v->s, v->mark, v->n);
    else if (v->kind == J_NONE)
        puts_to(r, t, "None");
    else if (v->kind == J_BOOL)
        puts_to(r, t, v->i ? "True" : "False");
    else if (v->kind == J_INT || v->kind == J_FLOAT)
        put_number(r, t, v);
    else if (v->kind >= J_SPACE)
        hyt_jfail(r, "a %s cannot be printed", hyt_jname(v));
    if (v->kind < J_LIST)
        return;
    hyt_jput(r, t, brackets, NULL, 1);
    for (size_t i = 0; i < v->n; i++) {
        if (i > 0)
            puts_to(r, t, ", ");
        put_nested(r, t, v->item[dict ? 2 * i : i]);
        if (dict) {
            puts_to(r, t, ": ");
            put_nested(r, t, v->item[2 * i + 1]);
        }
    }
    if (v->kind == J_TUPLE && v->n == 1)
        puts_to(r, t, ",");
    hyt_jput(r, t, brackets + 1, NULL, 1);
}

const struct hyt_jval *hyt_jto_text(struct hyt_jrun *r,
                                    const struct hyt_jval *v)
{
    struct hyt_jtext t = {0};

    if (v->kind == J_STR)
        return v;
    hyt_jput_value(r, &t, v);
    return hyt_jdone(r, &t);
}

/* --- JSON ----------------------------------------------------------------- */

static void put_u(struct hyt_jrun *r, struct hyt_jtext *t, uint32_t unit)
{
    char text[] = "\\u0000";

    for (size_t i = 0; i < 4; i++)
        text[5 - i] = "0123456789abcdef"[(unit >> (4 * i)) & 15];
    puts_to(r, t, text);
}

static void put_string(struct hyt_jrun *r, struct hyt_jtext *t,
                       const struct hyt_jval *v, bool ascii)
{
    puts_to(r, t, "\"");
    for (size_t i = 0, width; i < v->n; i += width) {
        const char *to = escaped(v->s[i]);
        uint32_t cp;

        width = hyt_utf8_get(v->s + i, v->n - i, &cp);
        if (to != NULL || cp == '"') {
            puts_to(r, t, to ? to : "\\\"");
        } else if (cp < 32 || (ascii && cp > 126 && cp < 0x10000)) {
            put_u(r, t, cp);
        } else if (ascii && cp >= 0x10000) {
            put_u(r, t, 0xd800 + ((cp - 0x10000) >> 10));
            put_u(r, t, 0xdc00 + (cp & 0x3ff));
        } else {
            hyt_jput(r, t, v->s + i, v->mark ? v->mark + i : NULL, width);
        }
    }
    puts_to(r, t, "\"");
}

static void put_break(struct hyt_jrun *r, struct hyt_jtext *t,
                      const struct hyt_jjson *how, size_t level)
{
    if (how->indent < 0)
        return;
    puts_to(r, t, "\n");
    for (size_t i = 0; i < level * (size_t)how->indent; i++)
        puts_to(r, t, " ");
}

static void put_many(struct hyt_jrun *r, struct hyt_jtext *t,
                     const struct hyt_jval *v, const struct hyt_jjson *how,
                     size_t level)
{
    const bool dict = v->kind == J_DICT;

    puts_to(r, t, dict ? "{" : "[");
    for (size_t i = 0; i < v->n; i++) {
        if (i > 0)
            hyt_jput_value(r, t, how->item);
        put_break(r, t, how, level + 1);
        if (dict) {
            put_string(r, t, hyt_jto_text(r, v->item[2 * i]), how->ascii);
            hyt_jput_value(r, t, how->key);
        }
        hyt_jput_json(r, t, v->item[dict ? 2 * i + 1 : i], how, level + 1);
    }
    if (v->n > 0)
        put_break(r, t, how, level);
    puts_to(r, t, dict ? "}" : "]");
}

void hyt_jput_json(struct hyt_jrun *r, struct hyt_jtext *t,
                   const struct hyt_jval *v, const struct hyt_jjson *how,
                   size_t level)
{
    hyt_jstep(r, 0);
    hyt_jdeeper(r);
    if (v->kind == J_NONE)
        puts_to(r, t, "null");
    else if (v->kind == J_BOOL)
        puts_to(r, t, v->i ? "true" : "false");
    else if (v->kind == J_INT || v->kind == J_FLOAT)
        put_number(r, t, v);
    else if (v->kind == J_STR)
        put_string(r, t, v, how->ascii);
    else if (v->kind >= J_LIST && v->kind <= J_DICT)
        put_many(r, t, v, how, level);
    else
        hyt_jfail(r, "%s is no JSON", hyt_jname(v));
    r->depth--;
}
