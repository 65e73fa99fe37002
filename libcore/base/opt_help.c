/* SPDX-License-Identifier: MIT */
/* What an option table says about itself. */
#include "hyt/opt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 80, HELP_AT = 23 };

/* Word i of "a|b|c"; its length in *n. */
static const char *word_at(const char *words, int i, size_t *n)
{
    while (i-- > 0) {
        words += strcspn(words, "|");
        words += *words == '|';
    }
    *n = strcspn(words, "|");
    return words;
}

static void put_num(struct hyt_buf *b, double x)
{
    char num[HYT_NUM_MAX];

    if (x - x == 0)
        hyt_buf_put(b, num, hyt_num_f64(num, x));
    else
        hyt_buf_puts(b, x < 0 ? "-infinity" : "infinity");
}

/* Text with control characters spelled out, as a shell user would type them. */
static void put_text(struct hyt_buf *b, const char *s)
{
    for (; *s; s++) {
        if (*s == '\n')
            hyt_buf_puts(b, "\\n");
        else if (*s == '\t')
            hyt_buf_puts(b, "\\t");
        else
            hyt_buf_putc(b, *s);
    }
}

/* The help with " [default]" behind it, where there is a default. */
static void describe(struct hyt_buf *b, const struct hyt_opt *o)
{
    const double *x = o->value;
    const char *text;
    size_t n;

    hyt_buf_puts(b, o->help);
    switch (o->kind) {
    case HYT_OPT_INT:
        hyt_buf_printf(b, " [%lld]", (long long)*(const int64_t *)o->value);
        break;
    case HYT_OPT_FLOAT:
    case HYT_OPT_PAIR:
        hyt_buf_puts(b, " [");
        put_num(b, x[0]);
        if (o->kind == HYT_OPT_PAIR) {
            hyt_buf_putc(b, ',');
            put_num(b, x[1]);
        }
        hyt_buf_putc(b, ']');
        break;
    case HYT_OPT_ENUM:
        if (*(const int *)o->value < 0)
            break;
        text = word_at(o->words, *(const int *)o->value, &n);
        hyt_buf_printf(b, " [%.*s]", (int)n, text);
        break;
    case HYT_OPT_STR:
        text = *(const char *const *)o->value;
        if (!text)
            break;
        hyt_buf_puts(b, " [");
        put_text(b, text);
        hyt_buf_putc(b, ']');
        break;
    case HYT_OPT_FLAG:
    case HYT_OPT_LIST:
    case HYT_OPT_END:
        break;
    }
}

static void pad(struct hyt_buf *b, size_t n)
{
    while (n-- > 0)
        hyt_buf_putc(b, ' ');
}

/* Appends text, broken at spaces, the lines indented by HELP_AT except the
 * first. */
static void wrap(struct hyt_buf *out, const char *text)
{
    size_t column = HELP_AT;

    while (*text) {
        const size_t n = strcspn(text, " ");

        if (column > HELP_AT && column + 1 + n > COLUMNS - 1) {
            hyt_buf_putc(out, '\n');
            pad(out, HELP_AT);
            column = HELP_AT;
        } else if (column > HELP_AT) {
            hyt_buf_putc(out, ' ');
            column++;
        }
        hyt_buf_put(out, text, n);
        column += n;
        text += n;
        text += strspn(text, " ");
    }
    hyt_buf_putc(out, '\n');
}

static void help_row(struct hyt_buf *out, const struct hyt_opt *o)
{
    const size_t start = out->n;
    struct hyt_buf text = {0};
    size_t width;

    if (o->letter)
        hyt_buf_printf(out, "  -%c, --%s", o->letter, o->name);
    else
        hyt_buf_printf(out, "      --%s", o->name);
    if (o->kind != HYT_OPT_FLAG)
        hyt_buf_printf(out, " %s", o->words);
    width = out->n - start;
    if (width + 2 > HELP_AT) {
        hyt_buf_putc(out, '\n');
        width = 0;
    }
    pad(out, HELP_AT - width);
    describe(&text, o);
    wrap(out, text.s);
    hyt_buf_free(&text);
}

void hyt_opt_help(struct hyt_buf *out, const struct hyt_opt *const *tables)
{
    for (; *tables; tables++)
        for (const struct hyt_opt *o = *tables; o->kind != HYT_OPT_END; o++)
            help_row(out, o);
}

void hyt_opt_list_names(struct hyt_buf *out,
                        const struct hyt_opt *const *tables)
{
    static const char *const kind[] = {
        [HYT_OPT_END] = "",       [HYT_OPT_FLAG] = "flag",
        [HYT_OPT_INT] = "int",    [HYT_OPT_FLOAT] = "float",
        [HYT_OPT_STR] = "string", [HYT_OPT_LIST] = "list",
        [HYT_OPT_ENUM] = "enum",  [HYT_OPT_PAIR] = "pair",
    };

    for (; *tables; tables++) {
        for (const struct hyt_opt *o = *tables; o->kind != HYT_OPT_END; o++) {
            hyt_buf_printf(out, "--%s\t", o->name);
            if (o->letter)
                hyt_buf_printf(out, "-%c", o->letter);
            hyt_buf_printf(out, "\t%s\t%s\t%s\n", kind[o->kind],
                           o->words ? o->words : "", o->help);
        }
    }
}
